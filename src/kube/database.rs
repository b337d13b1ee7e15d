//! The CloudNativePG `Database`: a database inside of a Cluster, and the role that owns it.

use super::Object;
use super::cluster::GROUP;

/// A `postgresql.cnpg.io` Database.
#[derive(Clone, Copy)]
pub(crate) struct Database<'d>(pub(crate) Object<'d>);

impl<'d> Database<'d> {
    /// The object as a Database, if it is one.
    pub(crate) fn of(object: Object<'d>) -> Option<Self> {
        object.is(GROUP, "Database").then_some(Database(object))
    }

    /// `spec.cluster.name`: a Cluster in the same namespace.
    pub(crate) fn cluster(&self) -> Option<&'d str> {
        self.0.text(&["spec", "cluster", "name"])
    }

    /// The name in PostgreSQL; the object may have another one.
    pub(crate) fn database(&self) -> Option<&'d str> {
        self.0.text(&["spec", "name"])
    }

    /// The role that owns it.
    pub(crate) fn owner(&self) -> Option<&'d str> {
        self.0.text(&["spec", "owner"])
    }

    /// The names of the items of a list in `spec`, such as `extensions`.
    pub(crate) fn names(&self, list: &str) -> impl Iterator<Item = &'d str> + use<'d> {
        let document = self.0.document;
        let list = self.0.at(&["spec", list]).map(|list| document.target(list));
        let items: Vec<_> = list.map_or_else(Vec::new, |list| document.items(list).collect());
        items.into_iter().filter_map(move |item| document.text(document.lookup(item, "name")?))
    }

    /// Whether the database is being dropped: `ensure: absent`.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.text(&["spec", "ensure"]) == Some("absent")
    }
}
