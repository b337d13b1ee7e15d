//! `selection-drift`: an encrypted file with another selection, or another scope of its MAC, than its creation rule.
//!
//! A warning: the file is as safe and as readable as it was. Silent where `recipient-drift` is, and for binary files,
//! which have no selection.

use super::super::finding::{Finding, Severity};
use super::super::input::Input;
use super::{Rule, first, quoted};
use crate::document::{Document, NodeId};
use crate::sops::selection::Selection;

/// The rule.
pub(super) struct SelectionDrift;

impl Rule for SelectionDrift {
    fn id(&self) -> &'static str {
        "selection-drift"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/selection-drift.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let Some(own) = input.own.as_deref().filter(|_| !is_binary(input.document)) else { return };
        let only = is_mac_only_encrypted(input.document);
        let agrees = |rule: &crate::sops::rules::Rule| {
            *own == rule.selection && only == rule.mac_only_encrypted
        };
        let Some((place, rule)) = input.disagreement(agrees) else { return };
        let message = format!(
            "encrypted with {}, but the rule at `{place}` has {}",
            described(own, only),
            described(&rule.selection, rule.mac_only_encrypted)
        );
        let what = "decrypt it with `keywright decrypt -i`; `updatekeys` leaves this as it is";
        let hint = first(what.to_owned(), "keywright encrypt -i");
        findings.push(input.finding(self, input.metadata_key().as_slice(), message, hint));
    }
}

/// A selection as it stands in a file.
fn described(selection: &Selection, mac_only_encrypted: bool) -> String {
    let setting = selection.setting().map(|(name, text)| quoted(&format!("{name}: {text}")));
    let only = if mac_only_encrypted { " and `mac_only_encrypted`" } else { "" };
    setting.unwrap_or_default() + only
}

/// Whether the MAC covers encrypted values only.
fn is_mac_only_encrypted(document: &Document) -> bool {
    let root = document.roots().first().map(|root| root.node);
    let node = root.and_then(|root| document.descend(root, &["sops", "mac_only_encrypted"]));
    node.and_then(|node| document.text(node)) == Some("true")
}

/// Whether this is a binary file: SOPS stores one as its data and the metadata.
fn is_binary(document: &Document) -> bool {
    let Some(root) = document.roots().first() else { return false };
    let key = |(key, _): (NodeId, NodeId)| document.text(key).unwrap_or_default();
    let mut keys: Vec<&str> = document.entries(root.node).map(key).collect();
    keys.sort_unstable();
    keys == ["data", "sops"]
        && document.lookup(root.node, "data").is_some_and(|data| document.text(data).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in a file with these settings, below these rules.
    fn one(settings: &str, rules: &str) -> Vec<String> {
        let text = format!(
            "a: ENC[AES256_GCM,\nsops:\n  lastmodified: '2031-01-02T03:04:05Z'\n  {settings}\n"
        );
        found("selection-drift", &[(".sops.yaml", rules), ("x.yaml", &text)])
    }

    #[test]
    fn another_selection_than_that_of_the_rule_is_found() {
        assert_eq!(
            one("encrypted_regex: ^data$", "[{age: AGE, encrypted_regex: ^(data|stringData)$}]"),
            [
                "warning x.yaml:2:1 sops: encrypted with `encrypted_regex: ^data$`, but the rule at `.sops.yaml:1` has \
                 `encrypted_regex: ^(data|stringData)$` | decrypt it with `keywright decrypt -i`; `updatekeys` leaves \
                 this as it is, then run `keywright encrypt -i x.yaml`"
            ]
        );
        let only = one("mac_only_encrypted: true", "[{age: AGE}]");
        assert!(only[0].contains("_unencrypted` and `mac_only_encrypted`, but"), "{only:?}");
    }

    #[test]
    fn the_same_selection_is_not_found_nor_are_binary_files() {
        assert_eq!(
            one("encrypted_regex: ^data$", "[{age: AGE, encrypted_regex: ^data$}]"),
            [""; 0]
        );
        assert_eq!(one("unencrypted_suffix: _unencrypted", "[{age: AGE}]"), [""; 0]);
        let rules = "[{age: AGE, mac_only_encrypted: true}]";
        assert_eq!(one("mac_only_encrypted: true", rules), [""; 0]);
        let binary = "{\"data\": \"ENC[AES256_GCM,\", \"sops\": {\"lastmodified\": \"x\"}}";
        let files = [(".sops.yaml", "[{age: AGE, encrypted_regex: x}]"), ("x.json", binary)];
        assert_eq!(found("selection-drift", &files), [""; 0]);
    }
}
