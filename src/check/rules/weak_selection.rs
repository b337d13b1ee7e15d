//! `weak-selection`: a selection that takes what Flux and kustomize have to read, or leaves a Secret in plain text.
//!
//! ```text
//! encrypted_regex: (data|stringData)       also picks `metadata`: its name is encrypted
//! encrypted_regex: ^password$              picks nothing of a Secret with the key `token`
//! ```
//!
//! Of a rule, a selection counts that is made for manifests: one that picks `data` or `stringData`, but not
//! everything, or that leaves some of the three plain by name. Files for other programs are encrypted whole, and are
//! only found if their first lines are those of an object, as a warning: they may be decrypted by hand.
//!
//! A Secret of which at least one value is encrypted is left to `partially-encrypted`.

use super::super::finding::{Confidence, Finding, Hint, Severity};
use super::super::input::Input;
use super::super::plain;
use super::super::repository::Repository;
use super::{Rule, first, listed};
use crate::document::{Document, NodeId};
use crate::kube::secret::SecretObject;
use crate::sops::selection::Selection;

/// What must be readable in an object.
const READ: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];

/// What to have instead.
const BETTER: &str = "use `encrypted_regex: ^(data|stringData)$` in the creation rule";

/// A key that no selection for manifests picks by name.
const ANY_KEY: &str = "keywright";

/// The rule.
pub(super) struct WeakSelection;

impl Rule for WeakSelection {
    fn id(&self) -> &'static str {
        "weak-selection"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/weak-selection.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let Some(own) = input.own.as_deref() else { return };
        for root in input.document.roots() {
            findings.extend(self.unreadable(input, root.node));
        }
        for found in
            input.plain_secrets.iter().filter(|found| is_left_out(input, found.secret, own))
        {
            let keys = listed(found.entries.iter().map(|entry| entry.key));
            let labels: Vec<_> = found.entries.iter().map(|entry| entry.key_node).collect();
            let message = format!("the selection picks nothing of {}: {keys}", found.title());
            findings.push(input.finding(self, &labels, message, hint()));
        }
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        for configuration in repository.configurations() {
            let document = configuration.document;
            for (node, rule) in configuration.rules.iter().zip(configuration.config.rules()) {
                let Ok(rule) = rule else { continue };
                let picked = picked_for_manifests(&rule.selection);
                let key =
                    rule.selection.setting().and_then(|(name, _)| document.entry(*node, name));
                let Some((key, _)) = key.filter(|_| !picked.is_empty()) else { continue };
                let message = format!("picks {}, which Flux and kustomize read", listed(picked));
                let what = Hint { first: Some(BETTER.to_owned()), command: None };
                let place = (configuration.path, document);
                let finding = repository.finding(self, place, &[key], message, what);
                let (severity, confidence) = (Severity::Warning, Confidence::Medium);
                findings.push(Finding { severity, confidence, ..finding });
            }
        }
    }
}

impl WeakSelection {
    /// About an object whose kind or name is encrypted.
    fn unreadable(&self, input: &Input<'_>, root: NodeId) -> Option<Finding> {
        let document = input.document;
        let read: Vec<NodeId> =
            READ.iter().map(|keys| document.descend(root, keys)).collect::<Option<_>>()?;
        let is_token = |node: &NodeId| document.text(*node).is_some_and(plain::is_token);
        let encrypted: Vec<NodeId> = read.iter().copied().filter(is_token).collect();
        if encrypted.is_empty() {
            return None;
        }
        let names: Vec<_> =
            encrypted.iter().map(|node| document.route(*node).to_string()).collect();
        let names = listed(names.iter().map(String::as_str));
        let message = format!("Flux and kustomize cannot read this object: {names} encrypted");
        let labels: Vec<_> = encrypted.iter().map(|node| input.label(*node)).collect();
        let finding = input.finding(self, &labels, message, hint());
        // Somebody who encrypts all of a file may decrypt it by hand.
        Some(match encrypted.len() == READ.len() {
            true => {
                Finding { severity: Severity::Warning, confidence: Confidence::Medium, ..finding }
            }
            false => finding,
        })
    }
}

/// What to do about a file with a selection that is wrong.
fn hint() -> Hint {
    let what = format!("{BETTER}, decrypt the file with `keywright decrypt -i`");
    first(what, "keywright encrypt -i")
}

/// Whether no value of a Secret is encrypted, and none is meant to be by the selection of the file.
pub(super) fn is_left_out(input: &Input<'_>, secret: SecretObject<'_>, own: &Selection) -> bool {
    let document: &Document = input.document;
    let picked = input.plain_leaves(own);
    secret.entries().iter().all(|entry| {
        let value = document.target(entry.value);
        document.subtree(value).all(|node| {
            !document.text(node).is_some_and(plain::is_token)
                && picked.binary_search(&node).is_err()
        })
    })
}

/// What a selection picks that must be readable, if it is made for manifests.
fn picked_for_manifests(selection: &Selection) -> Vec<&'static str> {
    let picks = |keys: &[&'static str]| selection.selects(keys.iter().copied());
    let picked: Vec<&[&str]> = READ.into_iter().filter(|keys| picks(keys)).collect();
    let is_for_manifests = match selection {
        Selection::EncryptedSuffix(_) | Selection::EncryptedRegex(_) => {
            (picks(&["data"]) || picks(&["stringData"])) && !picks(&[ANY_KEY])
        }
        Selection::UnencryptedRegex(_) => picked.len() < READ.len(),
        _ => false,
    };
    let names = picked.iter().filter_map(|keys| keys.first().copied());
    if is_for_manifests { names.collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// What the rule finds in an encrypted file.
    fn one(text: &str, selection: &str) -> Vec<String> {
        let sops = format!("sops:\n  lastmodified: x\n  {selection}\n");
        found(
            "weak-selection",
            &[("a.yaml", &(text.replace("TOKEN", "'ENC[AES256_GCM,'") + &sops))],
        )
    }

    /// What the rule finds in a creation rule with this selection.
    fn of_rule(selection: &str) -> Vec<String> {
        found("weak-selection", &[(".sops.yaml", &format!("[{{age: AGE, {selection}}}]"))])
    }

    #[test]
    fn an_object_whose_name_or_kind_is_encrypted_is_found() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: TOKEN}\ndata: {a: TOKEN}\n";
        assert_eq!(
            one(text, "encrypted_regex: data"),
            [
                "error a.yaml:3:12 metadata.name: Flux and kustomize cannot read this object: `metadata.name` encrypted \
                 | use `encrypted_regex: ^(data|stringData)$` in the creation rule, decrypt the file with `keywright \
                 decrypt -i`, then run `keywright encrypt -i a.yaml`"
            ]
        );
        let whole = "apiVersion: TOKEN\nkind: TOKEN\nmetadata: {name: TOKEN}\n";
        assert!(one(whole, "x: y")[0].starts_with("warning a.yaml:1:1 apiVersion: "));
        assert_eq!(one("kind: TOKEN\na: TOKEN\n", "x: y"), [""; 0]);
    }

    #[test]
    fn a_secret_of_which_nothing_is_picked_is_found_by_this_rule_alone() {
        let text = secret("stringData: {token: canary}\n");
        let found = one(&text, "encrypted_regex: ^password$");
        assert!(found[0].starts_with("error a.yaml:4:14 stringData.token: the selection picks nothing of Secret `s`: `token`"), "{found:?}");
        let text = text + "sops: {lastmodified: x, encrypted_regex: ^password$}\n";
        let others = super::super::super::tests::found("partially-encrypted", &[("a.yaml", &text)]);
        assert_eq!(others, [""; 0]);
    }

    #[test]
    fn a_secret_with_one_encrypted_or_picked_value_is_left_to_another_rule() {
        let usual = "encrypted_regex: ^(data|stringData)$";
        assert_eq!(one(&secret("stringData: {a: canary}\n"), usual), [""; 0]);
        let some = secret("stringData: {a: canary, password: TOKEN}\n");
        assert_eq!(one(&some, "encrypted_regex: ^password$"), [""; 0]);
    }

    #[test]
    fn a_rule_for_manifests_that_picks_their_metadata_is_found() {
        assert_eq!(
            of_rule("encrypted_regex: (data|stringData)"),
            [
                "warning .sops.yaml:1:88 creation_rules[0].encrypted_regex: picks `metadata`, which Flux and kustomize \
                 read | use `encrypted_regex: ^(data|stringData)$` in the creation rule"
            ]
        );
        assert!(of_rule("unencrypted_regex: ^(kind|apiVersion)$")[0].contains("picks `metadata`,"));
    }

    #[test]
    fn rules_for_manifests_and_rules_for_other_files_are_not_found() {
        for selection in [
            "encrypted_regex: ^(data|stringData)$",
            "unencrypted_regex: ^(apiVersion|metadata|kind|type)$",
            "encrypted_regex: .*",
            "encrypted_regex: ^(token|name)$",
            "encrypted_suffix: _secret",
            "unencrypted_regex: ^plain",
            "unencrypted_suffix: _unencrypted",
        ] {
            assert_eq!(of_rule(selection), [""; 0], "{selection}");
        }
    }
}
