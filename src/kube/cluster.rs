//! The CloudNativePG `Cluster` and the roles it manages.
//!
//! ```yaml
//! kind: Cluster
//! spec:
//!   bootstrap: {initdb: {database: app, owner: app}}
//!   managed:
//!     roles:
//!       - name: miniflux
//!         passwordSecret: {name: postgres-miniflux-user}
//! ```

use super::Object;
use crate::document::NodeId;

/// The API group of CloudNativePG.
pub(crate) const GROUP: &str = "postgresql.cnpg.io";

/// With this label on a role's Secret the operator applies a new password at once; its presence counts, not its value.
pub(crate) const RELOAD_LABEL: &str = "cnpg.io/reload";

/// The type of a role's Secret that CloudNativePG documents; it does not check it.
pub(crate) const CREDENTIALS_TYPE: &str = "kubernetes.io/basic-auth";

/// Attributes of a role that nobody needs who has a Database document.
const EXCESS: [&str; 3] = ["createdb", "createrole", "superuser"];

/// Database and owner of a Cluster whose bootstrap names none (`cluster_defaults.go`).
const DEFAULT_OWNER: &str = "app";

/// A `postgresql.cnpg.io` Cluster.
#[derive(Clone, Copy)]
pub(crate) struct Cluster<'d>(pub(crate) Object<'d>);

/// What a role is to be: an entry of `spec.managed.roles`, or the `spec` of a `DatabaseRole`, which has the same
/// fields.
#[derive(Clone, Copy)]
pub(crate) struct Role<'d> {
    /// The mapping, read like an object.
    pub(crate) entry: Object<'d>,
}

impl<'d> Cluster<'d> {
    /// The object as a Cluster, if it is one with a name.
    pub(crate) fn of(object: Object<'d>) -> Option<Self> {
        (object.is(GROUP, "Cluster") && object.name().is_some()).then_some(Cluster(object))
    }

    /// `metadata.name`
    pub(crate) fn name(&self) -> &'d str {
        self.0.name().expect("made only of objects with a name")
    }

    /// The list of managed roles, where there is one.
    pub(crate) fn role_list(&self) -> Option<NodeId> {
        let list = self.0.at(&["spec", "managed", "roles"])?;
        Some(self.0.document.target(list))
    }

    /// The managed roles in order.
    pub(crate) fn roles(&self) -> impl Iterator<Item = Role<'d>> + use<'d> {
        let document = self.0.document;
        let items: Vec<NodeId> =
            self.role_list().map_or_else(Vec::new, |list| document.items(list).collect());
        items
            .into_iter()
            .map(move |item| Role { entry: Object { document, node: document.target(item) } })
    }

    /// The role that the operator makes by itself for the application database of the Cluster.
    pub(crate) fn bootstrap_owner(&self) -> &'d str {
        self.bootstrap("owner").unwrap_or_else(|| self.bootstrap_database())
    }

    /// The application database that the operator makes by itself.
    pub(crate) fn bootstrap_database(&self) -> &'d str {
        self.bootstrap("database").unwrap_or(DEFAULT_OWNER)
    }

    /// Whether it begins with the roles and databases of another server.
    pub(crate) fn is_recovered(&self) -> bool {
        let from = |method: &str| self.0.at(&["spec", "bootstrap", method]).is_some();
        from("recovery") || from("pg_basebackup")
    }

    fn bootstrap(&self, key: &str) -> Option<&'d str> {
        ["initdb", "recovery", "pg_basebackup"]
            .into_iter()
            .find_map(|method| self.0.text(&["spec", "bootstrap", method, key]))
    }
}

impl<'d> Role<'d> {
    /// The role of a `DatabaseRole`; `None`: it has no `spec`.
    pub(crate) fn of_object(object: Object<'d>) -> Option<Self> {
        let spec = object.at(&["spec"])?;
        let document = object.document;
        Some(Role { entry: Object { document, node: document.target(spec) } })
    }

    /// The name in PostgreSQL; empty where the entry has none.
    pub(crate) fn name(&self) -> &'d str {
        self.entry.text(&["name"]).unwrap_or_default()
    }

    /// The Secret that holds the password, in the namespace of the Cluster.
    pub(crate) fn password_secret(&self) -> Option<&'d str> {
        self.entry.text(&["passwordSecret", "name"])
    }

    /// Whether the role is being dropped: `ensure: absent`.
    pub(crate) fn is_absent(&self) -> bool {
        self.entry.text(&["ensure"]) == Some("absent")
    }

    /// The attributes that it has and that a Database document makes needless.
    pub(crate) fn excess(&self) -> impl Iterator<Item = &'static str> + use<'d> {
        let entry = self.entry;
        EXCESS.into_iter().filter(move |attribute| entry.text(&[attribute]) == Some("true"))
    }

    /// Whether the role may log in; the operator's default is that it may not.
    pub(crate) fn may_log_in(&self) -> bool {
        self.entry.text(&["login"]) == Some("true")
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects;
    use super::*;
    use crate::document::Document;

    fn with_cluster(spec: &str, assert: impl FnOnce(Cluster<'_>)) {
        let text = format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: pg}}\nspec: {spec}\n"
        );
        let document = Document::parse(text.into_bytes()).unwrap();
        assert(Cluster::of(objects(&document)[0]).unwrap());
    }

    #[test]
    fn the_bootstrap_owner_is_that_of_the_operator() {
        with_cluster("{instances: 1}", |cluster| assert_eq!(cluster.bootstrap_owner(), "app"));
        with_cluster("{bootstrap: {initdb: {database: shop}}}", |cluster| {
            assert_eq!(cluster.bootstrap_owner(), "shop");
        });
        with_cluster("{bootstrap: {recovery: {database: shop, owner: clerk}}}", |cluster| {
            assert_eq!(
                (cluster.bootstrap_database(), cluster.bootstrap_owner()),
                ("shop", "clerk")
            );
        });
    }

    #[test]
    fn roles_are_seen_through_aliases() {
        let spec = "\n  a: &role {name: x, login: true, passwordSecret: {name: s}}\n  \
                    managed: {roles: [*role, {name: y, ensure: absent}]}";
        with_cluster(spec, |cluster| {
            let roles: Vec<_> = cluster.roles().collect();
            assert_eq!((roles[0].name(), roles[0].password_secret()), ("x", Some("s")));
            assert!(roles[0].may_log_in() && !roles[0].is_absent());
            assert!(roles[1].is_absent() && roles[1].password_secret().is_none());
        });
    }
}
