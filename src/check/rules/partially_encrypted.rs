//! `partially-encrypted`: an encrypted file in which a value is plain.
//!
//! What counts is the selection in the file's own metadata. A plain value that it picks was added by hand: it can be
//! read by everybody, and the file no longer decrypts – whatever the value says, `${VAR}` too. One finding per
//! document of the file.
//!
//! A value of a Secret that the selection leaves out is a warning where the selection lists what to encrypt
//! (`encrypted_regex` and its like): a key that nobody thought of stays plain unnoticed. A selection that
//! lists what stays plain (`unencrypted_…`) says so on purpose, and is believed. Where it leaves all of a Secret plain,
//! `weak-selection` says so.

use super::super::finding::{Finding, Severity};
use super::super::input::{Input, PlainSecret};
use super::weak_selection::is_left_out;
use super::{ENCRYPT, MOST_NAMED, Rule, first, listed, listed_routes, run};
use crate::document::NodeId;
use crate::kube::secret::Entry;
use crate::sops::selection::Selection;

/// The rule.
pub(super) struct PartiallyEncrypted;

impl Rule for PartiallyEncrypted {
    fn id(&self) -> &'static str {
        "partially-encrypted"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/partially-encrypted.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let Some(selection) = &input.own else { return };
        let leaves = input.plain_leaves(selection);
        let root = |leaf: &NodeId| input.document.root_of(*leaf);
        for leaves in leaves.chunk_by(|a, b| root(a) == root(b)) {
            findings.push(self.selected(input, leaves));
        }
        if let Some(setting) = list_of_encrypted(selection) {
            let some = |found: &&PlainSecret<'_>| !is_left_out(input, found.secret, selection);
            for found in input.plain_secrets.iter().filter(some) {
                findings.extend(self.left_out(input, found, &leaves, setting));
            }
        }
    }
}

impl PartiallyEncrypted {
    /// About the values that the selection picks.
    fn selected(&self, input: &Input<'_>, leaves: &[NodeId]) -> Finding {
        let routes = listed_routes(input.document, leaves);
        let message = format!("in plain text in an encrypted file: {routes}");
        let labels: Vec<_> =
            leaves.iter().take(MOST_NAMED).map(|leaf| input.label(*leaf)).collect();
        input.finding(self, &labels, message, run(ENCRYPT))
    }

    /// About the other values of a Secret, if it has any.
    fn left_out(
        &self,
        input: &Input<'_>,
        found: &PlainSecret<'_>,
        picked: &[NodeId],
        setting: &str,
    ) -> Option<Finding> {
        let document = input.document;
        let is_picked = |entry: &&Entry<'_>| {
            document.subtree(document.target(entry.value)).any(|leaf| picked.contains(&leaf))
        };
        let entries: Vec<_> = found.entries.iter().filter(|entry| !is_picked(entry)).collect();
        let labels: Vec<_> = entries.iter().map(|entry| entry.key_node).collect();
        let keys = listed(entries.iter().map(|entry| entry.key));
        let message = format!("{} has values that `{setting}` leaves plain: {keys}", found.title());
        let what =
            format!("to encrypt them, widen `{setting}` in the creation rule, decrypt the file");
        let finding = input.finding(self, &labels, message, first(what, ENCRYPT));
        (!entries.is_empty()).then_some(Finding { severity: Severity::Warning, ..finding })
    }
}

/// Name of the setting, if it lists what is encrypted rather than what is not.
fn list_of_encrypted(selection: &Selection) -> Option<&'static str> {
    let (name, _) = selection.setting()?;
    name.starts_with("encrypted_").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// The metadata of an encrypted file with a selection, as far as the check reads it.
    fn sops(selection: &str) -> String {
        format!(
            "sops:\n  lastmodified: '2031-01-02T03:04:05Z'\n  mac: ENC[AES256_GCM,data:a]\n  {selection}\n"
        )
    }

    /// A token.
    const TOKEN: &str = "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:h0cBYz4qcExJJc+t3xp9xg==,type:str]";

    /// What the rule finds in a Secret with these fields and this selection.
    fn one(fields: &str, selection: &str) -> Vec<String> {
        let fields = fields.replace("TOKEN", TOKEN);
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{fields}{}",
            sops(selection)
        );
        found("partially-encrypted", &[("a.yaml", &text)])
    }

    /// The usual selection.
    const USUAL: &str = "encrypted_regex: ^(data|stringData)$";

    #[test]
    fn a_plain_value_that_the_files_own_selection_picks_is_found() {
        let expected =
            "in plain text in an encrypted file: `stringData.b` | keywright encrypt -i a.yaml";
        assert_eq!(
            one("stringData:\n  a: TOKEN\n  b: canary\n", USUAL),
            [format!("error a.yaml:6:3 stringData.b: {expected}")]
        );
    }

    #[test]
    fn a_reference_that_the_selection_picks_is_found_because_the_file_does_not_decrypt() {
        assert_eq!(one("stringData: {a: '${VAR}'}\n", USUAL).len(), 1);
    }

    #[test]
    fn tokens_whole_or_damaged_empty_values_and_comments_are_not_found() {
        let fields = "stringData:\n  # canary\n  a: TOKEN\n  b: ''\n  c: null\n  d: 'ENC[AES256_GCM,data:a'\n";
        assert_eq!(one(fields, USUAL), [""; 0]);
        assert_eq!(one("stringData: {a: 'TOKEN~QUJD'}\n", USUAL), [""; 0]);
    }

    #[test]
    fn a_secret_value_that_a_list_of_encrypted_keys_leaves_out_is_a_warning() {
        assert_eq!(
            one("stringData:\n  api: canary\n  password: TOKEN\n", "encrypted_regex: ^password$"),
            [
                "warning a.yaml:5:3 stringData.api: Secret `s` has values that `encrypted_regex` leaves plain: `api` \
              | to encrypt them, widen `encrypted_regex` in the creation rule, decrypt the file, then run \
              `keywright encrypt -i a.yaml`"
            ]
        );
    }

    #[test]
    fn a_value_that_is_listed_as_plain_is_not_found() {
        assert_eq!(one("stringData: {a_unencrypted: canary}\n", "x: y").len(), 1);
    }

    #[test]
    fn each_document_of_a_stream_has_its_own_finding() {
        let text = format!("a: canary\n{}---\nb: {TOKEN}\n---\nc: canary\n", sops("x: y"));
        assert_eq!(found("partially-encrypted", &[("a.yaml", &text)]).len(), 2);
    }

    #[test]
    fn a_file_that_is_not_encrypted_is_left_to_other_rules() {
        let text = format!("sops: {{enabled: true}}\na: {TOKEN}\nb: canary\n");
        assert_eq!(found("partially-encrypted", &[("a.yaml", &text)]), [""; 0]);
    }
}
