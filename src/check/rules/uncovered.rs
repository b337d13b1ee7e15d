//! `uncovered`: an encrypted file that no creation rule matches, though there are rules.
//!
//! A warning: the file can be read as before. But nobody says any more who may read it, and `updatekeys` passes it by.

use super::super::finding::{Finding, Hint, Severity};
use super::super::input::Input;
use super::Rule;

/// The rule.
pub(super) struct Uncovered;

impl Rule for Uncovered {
    fn id(&self) -> &'static str {
        "uncovered"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/uncovered.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let Some(config) = input.uncovered_by().filter(|_| input.own.is_some()) else { return };
        let config = config.display();
        let message = format!("encrypted, but no creation rule of `{config}` matches it");
        let what = format!("add a creation rule for it to `{config}`");
        let hint = Hint { first: Some(what), command: None };
        findings.push(input.finding(self, input.metadata_key().as_slice(), message, hint));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in `a/x.yaml` below these configurations.
    fn one(configs: &[(&str, &str)]) -> Vec<String> {
        let mut files = vec![("a/x.yaml", "a: ENC[AES256_GCM,\nsops: {lastmodified: x}\n")];
        files.extend(configs);
        found("uncovered", &files)
    }

    #[test]
    fn an_encrypted_file_that_no_rule_matches_is_found() {
        assert_eq!(
            one(&[(".sops.yaml", "[{path_regex: ^b/, age: AGE}]")]),
            [
                "warning a/x.yaml:2:1 sops: encrypted, but no creation rule of `.sops.yaml` matches it | add a creation \
                 rule for it to `.sops.yaml`"
            ]
        );
    }

    #[test]
    fn a_rule_further_up_or_no_rules_at_all_are_fine() {
        assert_eq!(one(&[]), [""; 0]);
        assert_eq!(one(&[("a/.sops.yaml", "[]"), (".sops.yaml", "[{age: AGE}]")]), [""; 0]);
        assert_eq!(one(&[(".sops.yaml", "[{path_regex: '('}]")]), [""; 0]);
        let files = [(".sops.yaml", "[]"), ("a/x.yaml", "kind: Secret\n")];
        assert_eq!(found("uncovered", &files), [""; 0]);
    }
}
