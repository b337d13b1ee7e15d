//! `excess-privilege`: a role that may create databases or roles, or may do everything, although its database is declared.
//!
//! A `comment` of the role that names the attribute says that it is meant.

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, listed, quoted};
use crate::kube::cluster::Role;

/// The rule.
pub(super) struct ExcessPrivilege;

impl Rule for ExcessPrivilege {
    fn id(&self) -> &'static str {
        "excess-privilege"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/excess-privilege.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        for (cluster, roles) in &repository.clusters {
            let databases = repository.layout.databases(cluster);
            let has_database = |role: &Role<'_>| {
                let mut databases = databases.iter().filter(|found| !found.view.is_absent());
                databases.any(|found| found.view.owner() == Some(role.name()))
            };
            for found in roles.iter().filter(|found| has_database(&found.role)) {
                let excess = excess(&found.role);
                if excess.is_empty() {
                    continue;
                }
                let document = found.role.entry.document;
                let labels: Vec<_> =
                    excess.iter().map(|attribute| key(&found.role.entry, &[attribute])).collect();
                let (name, what) = (quoted(found.role.name()), listed(excess));
                let message = format!("the role {name} has {what} beside a Database document");
                let hint = by_hand(format!("remove {what} if the app does not need it"));
                let place = (found.file, document);
                findings.push(repository.finding(self, place, &labels, message, hint));
            }
        }
    }
}

/// The attributes that are needless, and not said to be meant.
fn excess(role: &Role<'_>) -> Vec<&'static str> {
    let comment = role.entry.text(&["comment"]).unwrap_or_default();
    role.excess().filter(|attribute| !comment.contains(attribute)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in a Cluster with one role and, if wanted, its Database.
    fn one(role: &str, with_database: bool) -> Vec<String> {
        let cluster = format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: pg}}\n\
             spec: {{managed: {{roles: [{{name: shop, {role}}}]}}}}\n"
        );
        let database = "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: shop}\n\
                        spec: {cluster: {name: pg}, name: shop, owner: shop}\n";
        let mut files = vec![("cluster.yaml", cluster.as_str())];
        files.extend(with_database.then_some(("database.yaml", database)));
        found("excess-privilege", &files)
    }

    #[test]
    fn rights_beside_a_database_are_found_once_for_each_role() {
        assert_eq!(
            one("createdb: true, superuser: true", true),
            [
                "warning cluster.yaml:4:39 spec.managed.roles[0].createdb: the role `shop` has `createdb`, `superuser` \
              beside a Database document | remove `createdb`, `superuser` if the app does not need it"
            ]
        );
    }

    #[test]
    fn rights_that_are_needed_denied_or_explained_are_not_found() {
        assert_eq!(one("createdb: true", false), [""; 0]);
        assert_eq!(one("createdb: false, login: true", true), [""; 0]);
        assert_eq!(one("createdb: true, ensure: absent", true), [""; 0]);
        assert_eq!(one("createdb: true, comment: needs createdb for its tests", true), [""; 0]);
    }
}
