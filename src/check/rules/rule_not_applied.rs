//! `rule-not-applied`: a file that a creation rule is meant for, and that was not encrypted.
//!
//! Counts for rules with a `path_regex` that says which files are meant; one that also matches the
//! `kustomization.yaml` beside a manifest only says where Secrets may be. Secrets are left to `plaintext-secret`, and
//! objects that only refer to secrets have nothing to encrypt.

use super::super::creation::Creation;
use super::super::finding::{Confidence, Finding};
use super::super::input::Input;
use super::super::plain;
use super::{ENCRYPT, MOST_NAMED, Rule, listed_routes, run};
use crate::document::NodeId;
use crate::kube::secret::{SecretObject, is_reference};
use crate::kube::{Object, objects};
use crate::sops::selection::Selection;

/// Files that tools must be able to read, and that therefore are never encrypted.
const ALWAYS_PLAIN: [&str; 3] = [".sops.yaml", "kustomization.yaml", "kustomization.yml"];

/// The rule.
pub(super) struct RuleNotApplied;

impl Rule for RuleNotApplied {
    fn id(&self) -> &'static str {
        "rule-not-applied"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/rule-not-applied.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let Creation::Rule(config, rule) = input.creation else { return };
        let leaves = missed(input);
        if leaves.is_empty() {
            return;
        }
        let place = format!("{}:{}", config.display(), rule.position.line);
        let routes = listed_routes(input.document, &leaves);
        let message =
            format!("not encrypted, though the creation rule at `{place}` selects {routes}");
        let labels: Vec<_> =
            leaves.iter().take(MOST_NAMED).map(|leaf| input.label(*leaf)).collect();
        let mut finding = input.finding(self, &labels, message, run(ENCRYPT));
        // The pattern may be wider than its author thought.
        finding.confidence = Confidence::Medium;
        findings.push(finding);
    }
}

/// The plain values of a file that is not encrypted and that its creation rule is meant for, if the rule picks them.
pub(super) fn missed(input: &Input<'_>) -> Vec<NodeId> {
    match input.creation {
        Creation::Rule(_, rule) if is_meant(input) => plain_values(input, &rule.selection),
        _ => Vec::new(),
    }
}

/// The plain values that a selection picks in a file that is not encrypted and has no Secret in plain text, but for
/// those of objects that have nothing to encrypt.
pub(super) fn plain_values(input: &Input<'_>, selection: &Selection) -> Vec<NodeId> {
    if input.own.is_some() || !input.plain_secrets.is_empty() {
        return Vec::new();
    }
    let mut leaves = input.plain_leaves(selection);
    leaves.retain(|leaf| plain::is_plain(input.document, *leaf, false));
    for object in objects(input.document).iter().filter(|object| is_exempt(object)) {
        let last = input.document.subtree(object.node).last().unwrap_or(object.node);
        leaves.retain(|leaf| *leaf < object.node || *leaf > last);
    }
    leaves
}

/// Whether the creation rule is meant for this very file.
fn is_meant(input: &Input<'_>) -> bool {
    let name = input.path.file_name().unwrap_or_default();
    if ALWAYS_PLAIN.iter().any(|plain| name == *plain) {
        return false;
    }
    if objects(input.document).is_empty() {
        input.creation.is_specific()
    } else {
        input.creation.is_specific_among_manifests(input.path)
    }
}

/// Whether an object has nothing to encrypt: Secrets are judged by their values, by another rule.
fn is_exempt(object: &Object<'_>) -> bool {
    SecretObject::of(*object).is_some() || is_reference(object)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// A rule that means the files named so.
    const MEANT: &str = r"[{path_regex: '\.sops\.yaml$', encrypted_regex: ^data$, age: AGE}]";

    /// What the rule finds in one file, given the creation rules.
    fn one(rules: &str, path: &str, text: &str) -> Vec<String> {
        found("rule-not-applied", &[(".sops.yaml", rules), (path, text)])
    }

    /// An object that is no Secret.
    const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: canary\n  b: ''\n";

    #[test]
    fn a_file_that_the_pattern_means_is_found_with_its_plain_values() {
        assert_eq!(
            one(MEANT, "apps/x.sops.yaml", CONFIG_MAP),
            [
                "error apps/x.sops.yaml:4:3 data.a: not encrypted, though the creation rule at `.sops.yaml:1` \
              selects `data.a` | keywright encrypt -i apps/x.sops.yaml"
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_object_and_falls_into_a_folder_is_found() {
        let rules = "[{path_regex: ^private/, age: AGE}]";
        assert_eq!(one(rules, "private/values.yaml", "a: canary\n").len(), 1);
        assert_eq!(one(rules, "public/values.yaml", "a: canary\n").len(), 0);
    }

    #[test]
    fn a_rule_without_pattern_or_with_one_for_everything_does_not_count() {
        for rules in [
            "[{age: AGE}]",
            "[{path_regex: '.*\\.yaml', age: AGE}]",
            "[{path_regex: ^apps/, age: AGE}]",
        ] {
            assert_eq!(one(rules, "apps/x.yaml", CONFIG_MAP), [""; 0], "{rules}");
        }
    }

    #[test]
    fn what_the_selection_leaves_plain_is_not_found() {
        assert_eq!(one(MEANT, "x.sops.yaml", "other: canary\n"), [""; 0]);
    }

    #[test]
    fn references_and_tokens_are_not_found() {
        for value in ["${VAR}", "op://a/b/c", "''", "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]"] {
            assert_eq!(
                one(MEANT, "x.sops.yaml", &format!("data: {{a: {value}}}\n")),
                [""; 0],
                "{value}"
            );
        }
        let external =
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\ndata: {a: canary}\n";
        assert_eq!(one(MEANT, "x.sops.yaml", external), [""; 0]);
    }

    #[test]
    fn a_secret_is_left_to_its_own_rule() {
        let plain = "apiVersion: v1\nkind: Secret\ndata: {a: Y2FuYXJ5}\n---\ndata: {b: canary}\n";
        assert_eq!(one(MEANT, "x.sops.yaml", plain), [""; 0]);
        let generated = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n\
                         data: {a: Y2FuYXJ5}\n";
        assert_eq!(one(MEANT, "x.sops.yaml", generated), [""; 0]);
    }

    #[test]
    fn files_that_tools_must_read_are_not_found() {
        let rules = "[{path_regex: '^private/|sops', age: AGE}]";
        assert_eq!(one(rules, "private/kustomization.yaml", "resources: [a]\n"), [""; 0]);
        assert_eq!(one(rules, "private/.sops.yaml", "creation_rules: []\n"), [""; 0]);
    }
}
