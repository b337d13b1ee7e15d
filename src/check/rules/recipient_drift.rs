//! `recipient-drift`: an encrypted file that other people can read than its creation rule says.
//!
//! Silent if the file agrees with its rule in any `.sops.yaml` above it: SOPS takes the one nearest to the working
//! directory, so that each of them may be the one that was meant. Silent, too, where a rule names keys of other kinds
//! than age, which we could not bring to agree.

use super::super::finding::Finding;
use super::super::input::Input;
use super::{Rule, listed, run};
use crate::sops::KeyGroup;
use crate::sops::metadata::{Readers, WrappedGroup};

/// Most characters of a recipient that are shown whole: fingerprints are, keys of age are not.
const MOST_SHOWN: usize = 40;

/// How many characters are shown of both ends of a longer one; those of one kind begin alike.
const SHOWN: (usize, usize) = (12, 6);

/// The rule.
pub(super) struct RecipientDrift;

impl Rule for RecipientDrift {
    fn id(&self) -> &'static str {
        "recipient-drift"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/recipient-drift.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        if input.own.is_none() {
            return;
        }
        // What is wrong with metadata that cannot be read is another rule's.
        let Ok(Some(readers)) = Readers::read(input.document) else { return };
        let agrees = |rule: &crate::sops::rules::Rule| {
            readers.are(&rule.groups, rule.threshold_after(readers.threshold))
        };
        let Some((place, rule)) = input.disagreement(agrees) else { return };
        let difference = difference(&readers.groups, &rule.groups);
        let message = format!("encrypted for others than the rule at `{place}` says: {difference}");
        let hint = run("keywright updatekeys -y");
        findings.push(input.finding(self, input.metadata_key().as_slice(), message, hint));
    }
}

/// Who is missing in the groups of a file and who is too much, wherever in the groups that is.
fn difference(file: &[WrappedGroup], rule: &[KeyGroup]) -> String {
    let in_file: Vec<&str> = file.iter().flat_map(WrappedGroup::names).collect();
    let in_rule: Vec<&str> = rule.iter().flat_map(KeyGroup::names).collect();
    let without = |names: &[&str], others: &[&str]| {
        let names = names.iter().filter(|name| !others.contains(name));
        let shown: Vec<String> = names.map(|name| shortened(name)).collect();
        listed(shown.iter().map(String::as_str))
    };
    let (missing, extra) = (without(&in_rule, &in_file), without(&in_file, &in_rule));
    match (missing.is_empty(), extra.is_empty()) {
        (true, true) => "the same recipients in other key groups".to_owned(),
        (false, true) => format!("{missing} missing"),
        (true, false) => format!("{extra} too many"),
        (false, false) => format!("{missing} missing, {extra} too many"),
    }
}

/// The ends of a recipient.
fn shortened(recipient: &str) -> String {
    let characters: Vec<char> = recipient.chars().collect();
    if characters.len() <= MOST_SHOWN {
        return recipient.to_owned();
    }
    let (head, tail) = (&characters[..SHOWN.0], &characters[characters.len() - SHOWN.1..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// The recipient of the rules.
    const AGE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    /// Somebody else.
    const OTHER: &str = "age1qa5p7sqy3qch3zyksdu8qy7xtfnmr74nvc2u2gre8jhhndmsxqvq030u66";

    /// An encrypted file for these recipients, as far as the check reads it.
    fn file(recipients: &[&str]) -> String {
        let entries = recipients.iter().map(|name| format!("{{recipient: {name}, enc: x}}"));
        let age = entries.collect::<Vec<_>>().join(", ");
        format!(
            "a: ENC[AES256_GCM,\nsops:\n  age: [{age}]\n  lastmodified: '2031-01-02T03:04:05Z'\n"
        )
    }

    /// What the rule finds in `a/x.yaml` below these configurations.
    fn one(recipients: &[&str], configs: &[(&str, &str)]) -> Vec<String> {
        let text = file(recipients);
        let mut files = vec![("a/x.yaml", text.as_str())];
        files.extend(configs);
        found("recipient-drift", &files)
    }

    #[test]
    fn a_file_for_others_than_its_rule_says_is_found_with_the_difference() {
        let rules = [(".sops.yaml", "[{age: AGE}]")];
        assert_eq!(
            one(&[OTHER], &rules),
            [
                "error a/x.yaml:2:1 sops: encrypted for others than the rule at `.sops.yaml:1` says: \
                 `age16c4r758q…q37jpf` missing, `age1qa5p7sqy…030u66` too many | keywright updatekeys -y a/x.yaml"
            ]
        );
        assert!(one(&[AGE, OTHER], &rules)[0].contains("says: `age1qa5p7sqy…030u66` too many |"));
        let both = format!("[{{age: 'AGE,{OTHER}'}}]");
        let missing = one(&[AGE], &[(".sops.yaml", &both)]);
        assert!(missing[0].contains("says: `age1qa5p7sqy…030u66` missing |"), "{missing:?}");
        let groups = format!("[{{key_groups: [{{age: [AGE]}}, {{age: [{OTHER}]}}]}}]");
        let groups = one(&[AGE, OTHER], &[(".sops.yaml", &groups)]);
        assert!(groups[0].contains("the same recipients in other key groups"), "{groups:?}");
    }

    #[test]
    fn agreement_in_any_order_with_any_configuration_above_is_enough() {
        let other = format!("[{{age: {OTHER}}}]");
        assert_eq!(one(&[AGE], &[(".sops.yaml", "[{age: AGE}]")]), [""; 0]);
        let both = format!("[{{age: '{OTHER},AGE'}}]");
        assert_eq!(one(&[AGE, OTHER], &[(".sops.yaml", &both)]), [""; 0]);
        let nested = [("a/.sops.yaml", other.as_str()), (".sops.yaml", "[{age: AGE}]")];
        assert_eq!(one(&[AGE], &nested), [""; 0]);
        assert_eq!(one(&[AGE, OTHER], &nested).len(), 1);
    }

    #[test]
    fn nothing_is_said_without_a_rule_of_our_kind() {
        for rules in ["[{path_regex: ^b, age: AGE}]", "[{pgp: AB}]", "[{path_regex: '('}]"] {
            assert_eq!(one(&[OTHER], &[(".sops.yaml", rules)]), [""; 0], "{rules}");
        }
        assert_eq!(one(&[OTHER], &[]), [""; 0]);
    }
}
