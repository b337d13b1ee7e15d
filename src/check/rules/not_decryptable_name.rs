//! `not-decryptable-name`: a file with `.sops.` in its name that is not encrypted.
//!
//! The name says that SOPS reads it: `sops decrypt` fails, and so do helm-secrets and Flux' own decryption of the files
//! of a generator. Where a creation rule means the file, `rule-not-applied` has said so, and of a Secret
//! `plaintext-secret`. A warning: what is plain there may be no secret.

use super::super::finding::{Confidence, Finding, Severity};
use super::super::input::Input;
use super::{ENCRYPT, Rule, first, rule_not_applied};
use crate::sops::selection::Selection;

/// What the names of encrypted files have in them, after something else; `.sops.yaml` alone is the configuration.
pub(in crate::check) const MARK: &str = ".sops.";

/// The rule.
pub(super) struct NotDecryptableName;

impl Rule for NotDecryptableName {
    fn id(&self) -> &'static str {
        "not-decryptable-name"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/not-decryptable-name.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let name = input.path.file_name().unwrap_or_default().to_string_lossy();
        if name.find(MARK).is_none_or(|at| at == 0) || !rule_not_applied::missed(input).is_empty() {
            return;
        }
        let values = rule_not_applied::plain_values(input, &Selection::Everything);
        let Some(value) = values.first() else { return };
        let message = format!("`{MARK}` in the name, but the file is not encrypted");
        let what =
            "give it another name if it holds no secret; if it does, let a creation rule select it";
        let hint = first(what.to_owned(), ENCRYPT);
        let finding = input.finding(self, &[input.label(*value)], message, hint);
        findings.push(Finding { confidence: Confidence::Medium, ..finding });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// What the rule finds in one file.
    fn one(path: &str, text: &str) -> Vec<String> {
        let rules = "[{path_regex: meant, age: AGE}]";
        found("not-decryptable-name", &[(".sops.yaml", rules), (path, text)])
    }

    #[test]
    fn a_plain_file_with_the_name_of_an_encrypted_one_is_found() {
        assert_eq!(
            one("a/values.sops.yaml", "smtp: {password: canary}\n"),
            [
                "warning a/values.sops.yaml:1:8 smtp.password: `.sops.` in the name, but the file is not encrypted | \
                 give it another name if it holds no secret; if it does, let a creation rule select it, then run \
                 `keywright encrypt -i a/values.sops.yaml`"
            ]
        );
    }

    #[test]
    fn what_is_encrypted_found_otherwise_or_has_nothing_to_encrypt_is_not_found() {
        assert_eq!(one("x.sops.yaml", "a: ENC[AES256_GCM,\nsops: {lastmodified: x}\n"), [""; 0]);
        assert_eq!(one("x.sops.yaml", &secret("stringData: {a: canary}\n")), [""; 0]);
        assert_eq!(one("meant.sops.yaml", "a: canary\n"), [""; 0]);
        assert_eq!(one("x.sops.yaml", "a: '${A}'\nb: ''\n"), [""; 0]);
        assert_eq!(one("x.yaml", "a: canary\n"), [""; 0]);
        assert_eq!(one("sub/.sops.yaml", "[{age: AGE}]"), [""; 0]);
    }
}
