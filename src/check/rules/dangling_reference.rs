//! `dangling-reference`: a kustomize file names a file that is not there, or a role a Secret that nothing makes.
//!
//! Kustomize files count that Flux reads, and all of them where it reads none: what was put aside is not judged.
//! URLs and entries with a variable lead elsewhere. Other references to Secrets are not judged: charts make Secrets, too,
//! and people do by hand.

use super::super::finding::{Finding, Severity};
use super::super::repository::{Credentials, Repository, key};
use super::{Rule, by_hand, quoted};
use crate::layout::{Absent, Entry, may_become};

/// The rule.
pub(super) struct DanglingReference;

impl Rule for DanglingReference {
    fn id(&self) -> &'static str {
        "dangling-reference"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/dangling-reference.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let mut entries = repository.layout.entries();
        entries.retain(|entry| entry.absent.is_some());
        if !entries.is_empty() {
            let built = repository.layout.built_by_flux();
            entries.retain(|entry| built.contains(entry.file));
        }
        findings.extend(entries.iter().filter_map(|entry| self.file(repository, entry)));
        let without = repository.credentials().filter(|one| !is_made(repository, one));
        findings.extend(without.map(|one| self.secret(repository, &one)));
    }
}

impl DanglingReference {
    /// About an entry, if what it leads to is missing.
    fn file(&self, repository: &Repository<'_>, entry: &Entry<'_>) -> Option<Finding> {
        let (path, list) = (quoted(&entry.path.to_string_lossy()), entry.list);
        let (message, hint) = match entry.absent? {
            Absent::All => (
                format!("`{list}` names {path}, which is not in the repository"),
                "add the file, or take the entry off the list",
            ),
            Absent::KustomizeFile => (
                format!("`{list}` names {path}, which has no kustomize file"),
                "add a `kustomization.yaml` there, or list its files one by one",
            ),
        };
        let place = (entry.file, entry.document);
        Some(repository.finding(self, place, &[entry.node], message, by_hand(hint)))
    }

    /// About a role whose Secret nothing makes.
    fn secret(&self, repository: &Repository<'_>, one: &Credentials<'_, '_>) -> Finding {
        let role = one.role.role;
        let (name, secret) = (quoted(role.name()), quoted(one.name));
        let message = format!("nothing makes the Secret {secret} with the password of {name}");
        let hint = format!("declare it, with `keywright db provision` for the app of {name}");
        let place = (one.role.file, role.entry.document);
        let label = key(&role.entry, &["passwordSecret", "name"]);
        repository.finding(self, place, &[label], message, by_hand(hint))
    }
}

/// Whether something makes the Secret of a role, or may do so: what is copied from another namespace, named with a
/// variable, or in a file that cannot be read.
fn is_made(repository: &Repository<'_>, one: &Credentials<'_, '_>) -> bool {
    let may_be_meant = || {
        repository.secrets.iter().any(|secret| {
            let name = secret.object.name().unwrap_or_default();
            let is_source = secret.object.at(&["metadata", "annotations"]).is_some();
            may_become(name, one.name) || name == one.name && is_source
        })
    };
    !one.secrets.is_empty()
        || one.name.contains("${")
        || may_be_meant()
        || repository.layout.is_made_elsewhere(one.name)
        || repository.layout.is_in_broken(one.name)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds.
    fn check(files: &[(&str, &str)]) -> Vec<String> {
        found("dangling-reference", files)
    }

    /// A Cluster with one role.
    const CLUSTER: &str = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg, namespace: db}\n\
                           spec: {managed: {roles: [{name: shop, passwordSecret: {name: shop-db}}]}}\n";

    #[test]
    fn an_entry_without_its_file_is_found_in_every_list() {
        let lists = "resources:\n- gone.yaml\n- here.yaml\n- ../b\n- bare\ncomponents: [../none]\n\
                     patches: [{path: p.yaml}]\nsecretGenerator: [{name: s, files: [k=gone.json]}]\n";
        let lines = check(&[
            ("a/kustomization.yaml", lists),
            ("a/here.yaml", "a: 1\n"),
            ("a/bare/x.yaml", "a: 1\n"),
            ("b/kustomization.yaml", "resources: []\n"),
        ]);
        assert_eq!(
            lines,
            [
                "warning a/kustomization.yaml:2:3 resources[0]: `resources` names `a/gone.yaml`, which is not in the \
                 repository | add the file, or take the entry off the list",
                "warning a/kustomization.yaml:5:3 resources[3]: `resources` names `a/bare`, which has no kustomize \
                 file | add a `kustomization.yaml` there, or list its files one by one",
                "warning a/kustomization.yaml:6:14 components[0]: `components` names `none`, which is not in the \
                 repository | add the file, or take the entry off the list",
                "warning a/kustomization.yaml:7:18 patches[0].path: `patches` names `a/p.yaml`, which is not in the \
                 repository | add the file, or take the entry off the list",
                "warning a/kustomization.yaml:8:37 secretGenerator[0].files[0]: `secretGenerator` names `a/gone.json`, \
                 which is not in the repository | add the file, or take the entry off the list",
            ]
        );
    }

    #[test]
    fn what_leads_elsewhere_is_not_found() {
        let text = "resources:\n- https://x.test/a.yaml\n- github.com/o/r//d?ref=v1\n- ${DIR}/a.yaml\n\
                    - ../../../outside.yaml\n- git@x.test:o/r.git\npatches: [{patch: 'a: b'}]\n";
        assert_eq!(check(&[("a/kustomization.yaml", text)]), [""; 0]);
    }

    #[test]
    fn a_role_whose_secret_nothing_makes_is_found() {
        assert_eq!(
            check(&[("db/cluster.yaml", CLUSTER)]),
            [
                "warning db/cluster.yaml:4:56 spec.managed.roles[0].passwordSecret.name: nothing makes the Secret \
              `shop-db` with the password of `shop` | declare it, with `keywright db provision` for the app of `shop`"
            ]
        );
        let elsewhere =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-db, namespace: other}\n";
        assert_eq!(check(&[("cluster.yaml", CLUSTER), ("s.yaml", elsewhere)]).len(), 1);
    }

    #[test]
    fn a_secret_a_reference_and_a_generator_make_it() {
        let external = |name: &str, target: &str| {
            format!(
                "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: {name}}}\n\
                 spec: {{target: {{name: {target}}}}}\n"
            )
        };
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-db}\n".to_owned();
        let copied = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-db, namespace: x, annotations: {a: b}}\n";
        for (path, text) in [
            ("s.yaml", secret),
            ("s.yaml", copied.to_owned()),
            ("e.yaml", external("x", "shop-db")),
            ("e.yaml", external("'${APP}-db'", "x")),
            ("kustomization.yaml", "secretGenerator: [{name: shop-db, literals: []}]\n".to_owned()),
        ] {
            assert_eq!(check(&[("cluster.yaml", CLUSTER), (path, &text)]), [""; 0], "{text}");
        }
    }
}
