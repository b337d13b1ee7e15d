//! `weak-dependency`: somebody waits for the Flux Kustomization of a database that is ready before the database is.
//!
//! Without `wait: true` and health checks a Kustomization is ready when its objects are applied. Only Kustomizations with
//! a CloudNativePG Cluster are judged: apps fail without their database, while most other things are only wanted in order.

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};
use crate::kube::flux::FluxKustomization;
use crate::layout::Located;

/// The rule.
pub(super) struct WeakDependency;

impl Rule for WeakDependency {
    fn id(&self) -> &'static str {
        "weak-dependency"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/weak-dependency.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let layout = repository.layout;
        let mut seen = Vec::new();
        for (cluster, _) in &repository.clusters {
            let Some(flux) = cluster.applied_by else { continue };
            if seen.contains(&(flux.file, flux.view.0.node)) {
                continue;
            }
            seen.push((flux.file, flux.view.0.node));
            let waiting =
                layout.flux().iter().filter(|other| waits(repository, other, &flux)).count();
            if waiting == 0 || layout.checks_health(&flux.view) {
                continue;
            }
            let name = quoted(flux.view.name());
            let (count, cluster) = (counted(waiting), quoted(cluster.cluster.name()));
            let message =
                format!("{name} is ready before its database {cluster}, and {count} on it");
            let object = flux.view.0;
            let is_set = object.at(&["spec", "wait"]).is_some();
            let label =
                key(&object, if is_set { &["spec", "wait"] } else { &["metadata", "name"] });
            let hint = by_hand(format!("set `wait: true` in the spec of {name}"));
            let place = (flux.file, object.document);
            findings.push(repository.finding(self, place, &[label], message, hint));
        }
    }
}

/// Whether a Flux Kustomization waits for another one, and for no more than that it is ready.
fn waits(
    repository: &Repository<'_>,
    waiting: &Located<'_, FluxKustomization<'_>>,
    other: &Located<'_, FluxKustomization<'_>>,
) -> bool {
    let own = repository.layout.namespace_of_flux(waiting);
    let wanted = repository.layout.namespace_of_flux(other);
    waiting.view.waits_for(other.view.name()).is_some_and(|namespace| {
        let meant = namespace.or(own);
        meant.is_none() || wanted.is_none() || meant == wanted
    })
}

/// How many wait, as the subject of a sentence.
fn counted(waiting: usize) -> String {
    match waiting {
        1 => "one other depends".to_owned(),
        many => format!("{many} others depend"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// A Flux Kustomization for a directory of its own.
    fn flux(name: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
             metadata: {{name: {name}, namespace: flux-system}}\nspec:\n  path: ./{name}\n{more}"
        )
    }

    /// What the rule finds in a Kustomization of a Cluster, for which another one waits.
    fn one(own: &str, other: &str) -> Vec<String> {
        let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\n";
        let files = [
            ("db.yaml", &*flux("db", own)),
            ("app.yaml", &*flux("app", other)),
            ("db/c.yaml", cluster),
        ];
        found("weak-dependency", &files)
    }

    /// How the other one waits.
    const DEPENDS: &str = "  dependsOn: [{name: db}]\n";

    #[test]
    fn a_database_for_which_somebody_waits_in_vain_is_found() {
        let message = "`db` is ready before its database `pg`, and one other depends on it | set `wait: true` in the spec \
                       of `db`";
        assert_eq!(
            one("  wait: false\n", DEPENDS),
            [format!("warning db.yaml:6:3 spec.wait: {message}")]
        );
        assert_eq!(one("", DEPENDS), [format!("warning db.yaml:3:12 metadata.name: {message}")]);
    }

    #[test]
    fn health_checks_count_and_so_does_who_waits() {
        assert_eq!(one("  wait: true\n", DEPENDS), [""; 0]);
        assert_eq!(one("  healthChecks: [{kind: Cluster}]\n", DEPENDS), [""; 0]);
        assert_eq!(one("", ""), [""; 0]);
        assert_eq!(one("", "  dependsOn: [{name: db, readyExpr: 'true'}]\n"), [""; 0]);
        assert_eq!(one("", "  dependsOn: [{name: db, namespace: other}]\n"), [""; 0]);
    }
}
