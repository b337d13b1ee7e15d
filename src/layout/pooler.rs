//! `Pooler`: a Service that leads to a Cluster, by another name than the Cluster's own.

use super::Layout;
use crate::kube::cluster::GROUP;
use crate::kube::{Object, objects};

/// A `Pooler`: its Service has its name.
pub(crate) struct Pooler<'s> {
    /// Its name.
    pub(crate) name: &'s str,
    /// The Cluster that it leads to.
    pub(crate) cluster: Option<&'s str>,
}

impl<'s> Layout<'s> {
    /// The `Pooler`s of the repository.
    pub(crate) fn poolers(&self) -> Vec<Pooler<'s>> {
        let files = self.snapshot.manifests_with(&["kind: Pooler"]);
        let documents = files.filter_map(|file| self.snapshot.document(file).ok());
        let poolers = documents.flat_map(objects).filter(|object| object.is(GROUP, "Pooler"));
        let pooler = |object: Object<'s>| {
            let cluster = object.text(&["spec", "cluster", "name"]);
            Some(Pooler { name: object.name()?, cluster })
        };
        poolers.filter_map(pooler).collect()
    }
}
