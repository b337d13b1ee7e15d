//! `mac-mismatch`: a SOPS file that its data key does not vouch for.
//!
//! The MAC is not that of the values, it cannot be decrypted itself, or a value cannot. `hand-edited` finds some of these
//! without a key, from the version before; this one finds all, and needs no version before.

use super::super::finding::{Finding, Hint};
use super::super::opened::Opened;
use super::{Rule, by_hand, first, quoted};
use crate::document::{Document, NodeId, Position};
use crate::sops::file::Error;

/// The rule.
pub(super) struct MacMismatch;

impl Rule for MacMismatch {
    fn id(&self) -> &'static str {
        "mac-mismatch"
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/mac-mismatch.md")
    }

    fn opened(&self, opened: &Opened<'_>, findings: &mut Vec<Finding>) {
        let Err(error) = &opened.values else { return };
        let (label, message, hint) = told(opened.document, error);
        let labels: Vec<NodeId> = label.into_iter().collect();
        findings.push(opened.finding(self, &labels, message, hint));
    }
}

/// The place, what is wrong there, and what to do.
fn told(document: &Document, error: &Error) -> (Option<NodeId>, String, Hint) {
    let wanted = "see what changed with `git diff`; if it is wanted".to_owned();
    let rotate = first(wanted, "keywright rotate -i --ignore-mac");
    let back = "restore the file with `git checkout`, then change it with `keywright set` or `keywright edit`";
    match error {
        Error::Token { position, route, source } => {
            let message = format!("{} cannot be decrypted: {source}", quoted(&route.to_string()));
            (label(document, *position), message, by_hand(back))
        }
        Error::Plain { position, route } => {
            let message =
                format!("{} is plain in the place of a token", quoted(&route.to_string()));
            (label(document, *position), message, by_hand(back))
        }
        error => (seal(document), error.to_string(), rotate),
    }
}

/// The key of the value at a place.
fn label(document: &Document, position: Position) -> Option<NodeId> {
    let mut nodes = document.roots().iter().flat_map(|root| document.subtree(root.node));
    let value = nodes
        .find(|node| document.position_of(*node) == position && document.text(*node).is_some())?;
    Some(super::super::input::label(document, value))
}

/// The key of the MAC.
fn seal(document: &Document) -> Option<NodeId> {
    let root = document.roots().first()?.node;
    let flat = document.entry(root, "sops_mac");
    let nested = || document.entry(document.target(document.lookup(root, "sops")?), "mac");
    flat.or_else(nested).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{lines, secret, verified, verified_after};

    /// What the rule finds in a file after somebody changed it.
    fn one(path: &str, text: &str, tamper: impl Fn(&str) -> String) -> Vec<String> {
        lines("mac-mismatch", &verified_after(&[(path, text)], tamper))
    }

    /// A Secret.
    fn plain() -> String {
        secret("stringData:\n  a: canary\n  b: another\n")
    }

    #[test]
    fn what_nobody_touched_is_in_order() {
        assert_eq!(verified("mac-mismatch", &[("a.enc.yaml", &plain())]), [""; 0]);
        assert_eq!(
            verified("mac-mismatch", &[("a.enc.json", "{\"A\": \"x\", \"n\": 1.50}")]),
            [""; 0]
        );
        assert_eq!(verified("mac-mismatch", &[("a.enc.env", "A=x\nB=y\n")]), [""; 0]);
        assert_eq!(verified("mac-mismatch", &[("a.enc.ini", "[s]\nA = x\n")]), [""; 0]);
    }

    #[test]
    fn a_plain_value_that_was_changed_is_found_at_the_mac() {
        let found = one("a.enc.yaml", &plain(), |text| text.replace("name: s", "name: t"));
        let [found] = &found[..] else { panic!("{found:?}") };
        let (place, told) = found.split_once(": ").unwrap();
        assert!(place.starts_with("error a.enc.yaml:") && place.ends_with(" sops.mac"), "{place}");
        assert_eq!(
            told,
            "MAC does not match: a value was added, removed or changed by hand | see what changed with `git diff`; if \
             it is wanted, then run `keywright rotate -i --ignore-mac a.enc.yaml`"
        );
    }

    #[test]
    fn values_that_are_gone_moved_or_damaged_are_found() {
        let change = |from: &'static str, to: &'static str| {
            one("a.enc.yaml", &plain(), move |text| text.replacen(from, to, 1))
        };
        assert_eq!(change("  b: ENC", "  # ENC").len(), 1);
        for (from, to) in [
            ("  a: ENC", "  b2: ENC"),
            ("  a: ENC[AES256_GCM,data:", "  a: ENC[AES256_GCM,data:AAAA"),
        ] {
            let found = change(from, to);
            let [found] = &found[..] else { panic!("{found:?}") };
            assert!(
                found.contains(" a.enc.yaml:5:3 ") && found.contains("` cannot be decrypted"),
                "{found}"
            );
            assert!(found.ends_with("`keywright set` or `keywright edit`"), "{found}");
        }
        let time = one("a.enc.yaml", &plain(), |text| text.replace("2031-01-02T", "2031-01-03T"));
        assert!(time[0].contains("the MAC cannot be decrypted"), "{time:?}");
    }

    #[test]
    fn flat_files_are_looked_at() {
        let found = one("a.enc.env", "A=canary\nb=1\n", |text| text.replace("b=1", "b=2"));
        assert!(
            found.len() == 1 && found[0].contains(" sops_mac: MAC does not match"),
            "{found:?}"
        );
        let found = one("a.enc.ini", "[s]\nA = x\nb = 1\n", |text| text.replace("b = 1", "b = 2"));
        assert!(
            found.len() == 1 && found[0].contains(" sops.mac: MAC does not match"),
            "{found:?}"
        );
        let text = "{\"A\": \"x\", \"b\": 1}";
        let found = one("a.enc.json", text, |text| text.replace("\"b\": 1", "\"b\": 2"));
        assert!(
            found.len() == 1 && found[0].contains(" sops.mac: MAC does not match"),
            "{found:?}"
        );
    }

    #[test]
    fn of_manifests_without_a_mac_or_with_plain_values_other_rules_speak() {
        let without = |text: &str| {
            let start = text.find("    mac: ").unwrap();
            let end = start + text[start..].find('\n').unwrap() + 1;
            format!("{}{}", &text[..start], &text[end..])
        };
        assert_eq!(one("a.enc.yaml", &plain(), without), [""; 0]);
        let found = one("a.enc.env", "A=x\nb=1\n", |text| {
            let lines = text.lines().filter(|line| !line.starts_with("sops_mac="));
            lines.map(|line| format!("{line}\n")).collect()
        });
        assert!(found.len() == 1 && found[0].contains("there is no MAC"), "{found:?}");
        let plain_value = |text: &str| text.replace("stringData:\n", "stringData:\n  c: canary\n");
        assert_eq!(one("a.enc.yaml", &plain(), plain_value), [""; 0]);
        let found = one("a.enc.env", "A=x\nb=1\n", |text| format!("B=canary\n{text}"));
        let told = "error a.enc.env:1:1 B: `B` is plain in the place of a token |";
        assert!(found.len() == 1 && found[0].starts_with(told), "{found:?}");
    }
}
