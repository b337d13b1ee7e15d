//! The Cluster in its place.

use std::path::Path;

use super::{Fact, Layout, Located};
use crate::kube::cluster::Cluster;
use crate::kube::flux::FluxKustomization;

/// A Cluster, and what is around it.
pub(crate) struct ClusterSite<'s> {
    /// The object.
    pub(crate) cluster: Cluster<'s>,
    /// Its file, relative to the root.
    pub(crate) file: &'s Path,
    /// The kustomize file that lists it.
    pub(crate) listed_in: Option<&'s Path>,
    /// The Flux Kustomization that applies it.
    pub(crate) applied_by: Option<Located<'s, FluxKustomization<'s>>>,
    /// Its namespace: roles, Databases and their Secrets must be in the same one.
    pub(crate) namespace: Option<Fact<&'s str>>,
}

impl<'s> ClusterSite<'s> {
    /// Whether that is its namespace, as far as both are known.
    pub(super) fn namespace_is(&self, other: Option<&Fact<&'s str>>) -> bool {
        self.shares_namespace(other.cloned())
    }

    /// Whether something in that namespace can belong to the Cluster; what is unknown can.
    pub(super) fn shares_namespace(&self, other: Option<Fact<&'s str>>) -> bool {
        match (&self.namespace, other) {
            (Some(own), Some(other)) => own.value == other.value,
            _ => true,
        }
    }
}

impl<'s> Layout<'s> {
    /// A Cluster with what is around it.
    pub(super) fn cluster_site(&self, found: Located<'s, Cluster<'s>>) -> ClusterSite<'s> {
        ClusterSite {
            cluster: found.view,
            file: found.file,
            listed_in: self.listing.listed_in(found.file),
            applied_by: self.applied_by(found.file),
            namespace: self.namespace(found.view.0, found.file),
        }
    }
}
