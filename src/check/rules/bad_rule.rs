//! `bad-rule`: a creation rule that never decides about a file, or that cannot be used.
//!
//! The first rule that matches decides. A rule never does that stands behind one without `path_regex`, or with the
//! same one: what else patterns have in common cannot be proved cheaply, and is not guessed. An error, unless the rule
//! only repeats all that the earlier one says.
//!
//! A configuration that cannot be used at all is no finding, and neither is a broken rule that some file has met: both
//! end the check with 2. Here are the broken rules that no file has met so far.

use super::super::finding::{Finding, Hint, Severity};
use super::super::repository::{Configuration, Repository};
use super::{Rule, quoted};
use crate::document::NodeId;
use crate::keys;
use crate::sops::rules::Error;

/// Patterns that match every path.
const ALL: [&str; 7] = ["", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$"];

/// The rule.
pub(super) struct BadRule;

impl Rule for BadRule {
    fn id(&self) -> &'static str {
        "bad-rule"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/bad-rule.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        for configuration in repository.configurations() {
            for (index, outcome) in configuration.config.rules().enumerate() {
                if let Some(earlier) = hiding(&configuration, index) {
                    findings.push(self.hidden(repository, &configuration, index, earlier));
                } else if let Err(error) = outcome {
                    findings.extend(self.broken(repository, &configuration, index, error));
                }
            }
        }
    }
}

impl BadRule {
    /// About a rule that an earlier one takes all files from.
    fn hidden(
        &self,
        repository: &Repository<'_>,
        configuration: &Configuration<'_>,
        index: usize,
        earlier: usize,
    ) -> Finding {
        let document = configuration.document;
        let line = document.position_of(configuration.rules[earlier]).line;
        let why = match pattern(configuration, earlier) {
            Some(pattern) if !ALL.contains(&pattern) => "has the same `path_regex`".to_owned(),
            Some(pattern) if !pattern.is_empty() => {
                format!("matches all files: {}", quoted(pattern))
            }
            _ => "matches all files: it has no `path_regex`".to_owned(),
        };
        let message = format!("this rule never decides, because the one on line {line} {why}");
        let text = |rule: usize| {
            let node = document.node(configuration.rules[rule]);
            document.source()[node.span.clone()].trim()
        };
        let (severity, what) = match text(index) == text(earlier) {
            true => (Severity::Warning, "take out one of the two"),
            false => (Severity::Error, "move it before the other one, or take it out"),
        };
        let hint = Hint { first: Some(what.to_owned()), command: None };
        let place = (configuration.path, document);
        let finding = repository.finding(self, place, &label(configuration, index), message, hint);
        Finding { severity, ..finding }
    }

    /// About a rule that cannot be used, unless that has been told, or it is for keys that we do not know.
    fn broken(
        &self,
        repository: &Repository<'_>,
        configuration: &Configuration<'_>,
        index: usize,
        error: &Error,
    ) -> Option<Finding> {
        let reason = error.to_string();
        let is_told = repository
            .unchecked
            .iter()
            .any(|told| told.path == configuration.path && told.reason == reason);
        let is_foreign =
            matches!(error, Error::Recipient { source: keys::Error::UnsupportedRecipient(_), .. });
        if is_told || is_foreign {
            return None;
        }
        let reason = reason.split_once(": ").map_or(reason.as_str(), |(_, reason)| reason);
        let message = format!("this rule cannot be used: {reason}");
        let hint = Hint { first: Some("repair it, or take it out".to_owned()), command: None };
        let place = (configuration.path, configuration.document);
        Some(repository.finding(self, place, &label(configuration, index), message, hint))
    }
}

/// The first rule in front of this one that takes all of its files.
fn hiding(configuration: &Configuration<'_>, index: usize) -> Option<usize> {
    let own = pattern(configuration, index);
    (0..index).find(|earlier| {
        let pattern = pattern(configuration, *earlier);
        pattern.is_none_or(|pattern| ALL.contains(&pattern)) || pattern == own
    })
}

/// The pattern of a rule as it stands there.
fn pattern<'c>(configuration: &Configuration<'c>, index: usize) -> Option<&'c str> {
    let document = configuration.document;
    document.text(document.lookup(configuration.rules[index], "path_regex")?)
}

/// The first key of a rule.
fn label(configuration: &Configuration<'_>, index: usize) -> Vec<NodeId> {
    let rule = configuration.rules[index];
    configuration.document.entries(rule).take(1).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, report};

    /// What the rule finds in these rules.
    fn one(rules: &str) -> Vec<String> {
        found("bad-rule", &[(".sops.yaml", rules)])
    }

    #[test]
    fn a_rule_behind_one_for_all_files_is_found() {
        assert_eq!(
            one("\n- {age: AGE}\n- {path_regex: a, age: AGE}\n"),
            [
                "error .sops.yaml:3:4 creation_rules[1].path_regex: this rule never decides, because the one on line 2 \
                 matches all files: it has no `path_regex` | move it before the other one, or take it out"
            ]
        );
        assert!(one("[{path_regex: .*, age: AGE}, {age: AGE}]")[0].contains("all files: `.*`"));
    }

    #[test]
    fn a_pattern_that_stands_twice_is_found_and_a_repetition_is_a_warning() {
        let found = one("\n- {path_regex: a, age: AGE}\n- {age: AGE, path_regex: a}\n");
        assert!(found[0].starts_with("error .sops.yaml:3:4 "), "{found:?}");
        assert!(found[0].contains("line 2 has the same `path_regex` |"), "{found:?}");
        let found = one("\n- {path_regex: a, age: AGE}\n- {path_regex: a, age: AGE}\n");
        assert!(found[0].starts_with("warning ") && found[0].ends_with("take out one of the two"));
    }

    #[test]
    fn a_broken_rule_that_no_file_meets_is_found() {
        for (fields, wanted) in [
            ("age: nobody", "not a recipient"),
            ("encrypted_regex: '(?!x)'", "`encrypted_regex` has an unusable pattern"),
            ("encrypted_regex: x, encrypted_suffix: y", "exclude each other"),
        ] {
            let found = one(&format!("\n- {{path_regex: ^never/, {fields}}}\n"));
            assert!(found.len() == 1, "{found:?}");
            assert!(found[0].contains("this rule cannot be used: "), "{found:?}");
            assert!(found[0].contains(wanted), "{found:?}");
        }
    }

    #[test]
    fn a_broken_rule_that_a_file_meets_ends_the_check_and_is_not_told_twice() {
        let files = [(".sops.yaml", "[{path_regex: '('}]"), ("a.yaml", "kind: Secret\n")];
        assert_eq!(found("bad-rule", &files), [""; 0]);
        assert_eq!(report(&files).unchecked.len(), 1);
    }

    #[test]
    fn rules_that_decide_are_not_found() {
        assert_eq!(
            one("[{path_regex: a, age: AGE}, {path_regex: b, age: AGE}, {age: AGE}]"),
            [""; 0]
        );
        assert_eq!(one("[{path_regex: a, pgp: AB}, {path_regex: '', age: AGE}]"), [""; 0]);
    }
}
