//! Other ways to have a database: servers that are no CloudNativePG Cluster, and components.

use std::path::Path;

use super::{Layout, Located};
use crate::document::{Document, NodeId};
use crate::kube::{Object, objects};

/// Kinds that run images.
const WORKLOADS: [&str; 4] = ["StatefulSet", "Deployment", "DaemonSet", "HelmRelease"];

/// Kinds by which a component gives an app credentials, or a database.
const GIFTS: [&str; 6] =
    ["Database", "DatabaseRole", "ExternalSecret", "OnePasswordItem", "SealedSecret", "Secret"];

impl<'s> Layout<'s> {
    /// Workloads with an image of PostgreSQL.
    pub(crate) fn other_servers(&self) -> Vec<Located<'s, Object<'s>>> {
        let files = self.snapshot.manifests_with(&["postgres"]);
        files.flat_map(|file| self.servers_in(file)).collect()
    }

    /// The kustomize file of a component that gives an app its database by the name in `${APP}`: one that makes its
    /// credentials, or the database itself. What only watches a server of that name does neither.
    pub(crate) fn database_component(&self) -> Option<&'s Path> {
        let gives = |object: &Object<'s>| object.kind().is_some_and(|kind| GIFTS.contains(&kind));
        let speaks = |file: &&'s Path| {
            self.snapshot.mentions(file, &["${APP}"])
                && self.snapshot.mentions(file, &["postgres"])
                && self.snapshot.document(file).is_ok_and(|it| objects(it).iter().any(gives))
        };
        let components = self.listing.components();
        components
            .into_iter()
            .find(|(directory, _)| self.listing.members(directory).iter().any(&speaks))
            .map(|(_, file)| file)
    }

    /// The documents that a component is made of.
    pub(crate) fn component_members(&self, directory: &Path) -> Vec<&'s Document> {
        let members = self.listing.members(directory).into_iter();
        members.filter_map(|file| self.snapshot.document(file).ok()).collect()
    }

    fn servers_in(&self, file: &'s Path) -> Vec<Located<'s, Object<'s>>> {
        let found = self.snapshot.document(file).map(objects).unwrap_or_default();
        let runs = |object: &Object<'s>| {
            object.kind().is_some_and(|kind| WORKLOADS.contains(&kind))
                && object.document.subtree(object.node).any(|id| is_image(object.document, id))
        };
        found.into_iter().filter(runs).map(|view| Located { view, file }).collect()
    }
}

/// Whether a mapping names an image whose last part begins with `postgres`: not `postgres-exporter`'s
/// registry folder, but `postgres:16` and `bitnami/postgresql`.
fn is_image(document: &Document, mapping: NodeId) -> bool {
    let keys = ["image", "repository"];
    keys.iter().filter_map(|key| document.text(document.entry(mapping, key)?.1)).any(|image| {
        let last = image.rsplit('/').next().unwrap_or(image);
        let name = last.split([':', '@']).next().unwrap_or(last);
        name == "postgres" || name == "postgresql"
    })
}
