//! Databases that Flux Operator's `ResourceSet` makes of a list of inputs.
//!
//! ```yaml
//! kind: ResourceSet
//! spec:
//!   inputs: [{name: gatus}, {name: jellystat, db: jfstat}]
//!   resources:
//!     - {apiVersion: postgresql.cnpg.io/v1, kind: Database, spec: {cluster: {name: pg}, name: << inputs.name >>, …}}
//! ```
//!
//! What comes of the templates is the operator's to say: only which Cluster they are for, and which names the inputs have.

use super::{ClusterSite, Layout, Located};
use crate::document::NodeId;
use crate::kube::Object;
use crate::kube::database::Database;

/// The API group of Flux Operator.
const GROUP: &str = "fluxcd.controlplane.io";

/// A ResourceSet that makes Databases of a Cluster.
#[derive(Clone, Copy)]
pub(crate) struct DatabaseSet<'s> {
    /// The object and its file.
    pub(crate) set: Located<'s, Object<'s>>,
}

impl<'s> Layout<'s> {
    /// The ResourceSet that makes the Databases of a Cluster.
    pub(crate) fn database_set(&self, site: &ClusterSite<'s>) -> Option<DatabaseSet<'s>> {
        let cluster = site.cluster.name();
        self.sets.iter().map(|set| DatabaseSet { set: *set }).find(|set| {
            let mut databases = set.items("resources").into_iter().filter_map(Database::of);
            databases.any(|database| database.cluster() == Some(cluster))
        })
    }
}

impl<'s> DatabaseSet<'s> {
    /// The object, if it is a ResourceSet.
    pub(super) fn is_one(object: &Object<'_>) -> bool {
        object.is(GROUP, "ResourceSet")
    }

    /// Whether one of the inputs has a value like one of these.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        self.items("inputs").iter().any(|input| {
            let mut nodes = input.document.subtree(input.node);
            nodes.any(|node| input.document.text(node).is_some_and(|text| names.contains(&text)))
        })
    }

    /// An input for this app, by the first key of the last one.
    pub(crate) fn input(&self, app: &str) -> String {
        let last = self.items("inputs").pop();
        let key = last.and_then(|input| {
            let (key, _) = input.document.entries(input.node).next()?;
            input.document.text(key)
        });
        format!("- {}: {app}", key.unwrap_or("name"))
    }

    fn items(&self, key: &str) -> Vec<Object<'s>> {
        let document = self.set.view.document;
        let list = self.set.view.at(&["spec", key]).map(|list| document.target(list));
        let items: Vec<NodeId> = list.map_or_else(Vec::new, |list| document.items(list).collect());
        items.into_iter().map(|item| Object { document, node: document.target(item) }).collect()
    }
}
