//! `reload-label`: the Secret of a managed role without the label by which the operator sees that it changes.
//!
//! Only the presence of the label counts. One that a kustomize file or a Flux Kustomization adds is seen by its name in
//! these files.

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};
use crate::kube::cluster::RELOAD_LABEL;

/// The rule.
pub(super) struct ReloadLabel;

impl Rule for ReloadLabel {
    fn id(&self) -> &'static str {
        "reload-label"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/reload-label.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        for one in repository.credentials() {
            for site in &one.secrets {
                let has_label = site.object.at(&["metadata", "labels", RELOAD_LABEL]).is_some();
                if has_label || repository.layout.is_added_above(site.file, RELOAD_LABEL) {
                    continue;
                }
                let (name, role) = (quoted(one.name), quoted(one.role.role.name()));
                let message = format!(
                    "the Secret {name} of the role {role} has no label `{RELOAD_LABEL}`: a new password is applied late"
                );
                let label = key(&site.object, &["metadata", "name"]);
                let place = (site.file, site.object.document);
                let hint = by_hand("keywright db doctor --fix");
                findings.push(repository.finding(self, place, &[label], message, hint));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in a role's Secret with this metadata, with one more file.
    fn one(metadata: &str, more: (&str, &str)) -> Vec<String> {
        let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\n\
                       spec: {managed: {roles: [{name: shop, passwordSecret: {name: s}}]}}\n";
        let secret = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s{metadata}}}\n");
        found("reload-label", &[("cluster.yaml", cluster), ("a/s.yaml", &secret), more])
    }

    /// A file that says nothing.
    const NOTHING: (&str, &str) = ("x.yaml", "a: 1\n");

    #[test]
    fn a_secret_without_the_label_is_found() {
        assert_eq!(
            one("", NOTHING),
            [
                "warning a/s.yaml:3:12 metadata.name: the Secret `s` of the role `shop` has no label `cnpg.io/reload`: \
              a new password is applied late | keywright db doctor --fix"
            ]
        );
    }

    #[test]
    fn a_label_of_any_value_counts_and_one_that_is_added_above() {
        assert_eq!(one(", labels: {cnpg.io/reload: ''}", NOTHING), [""; 0]);
        let labels = "resources: [s.yaml]\nlabels: [{pairs: {cnpg.io/reload: 'true'}}]\n";
        assert_eq!(one("", ("a/kustomization.yaml", labels)), [""; 0]);
    }

    #[test]
    fn other_secrets_are_not_found() {
        let other = "apiVersion: v1\nkind: Secret\nmetadata: {name: t}\n";
        assert_eq!(one(", labels: {cnpg.io/reload: ''}", ("t.yaml", other)), [""; 0]);
    }
}
