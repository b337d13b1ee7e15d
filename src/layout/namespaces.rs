//! The namespaces that something in the repository creates. Flux creates none by itself.
//!
//! ```text
//! kind: Namespace                                               by its name
//! namespace: a, with a Namespace among what is built there      kustomize gives it this name
//! targetNamespace: a, with a Namespace among what is applied    likewise
//! HelmRelease, install.createNamespace: true                    where it installs
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use super::Layout;
use crate::kube::flux::FluxKustomization;
use crate::kube::kustomization::joined;
use crate::kube::{Object, objects};

impl<'s> Layout<'s> {
    /// The names of namespaces that something creates.
    pub(crate) fn created_namespaces(&self) -> BTreeSet<&'s str> {
        let mut names = BTreeSet::new();
        let mut holders = BTreeSet::new();
        for file in self.snapshot.manifests_with(&["Namespace"]) {
            for object in self.snapshot.document(file).map(objects).unwrap_or_default() {
                if object.is("", "Namespace") {
                    names.extend(object.name());
                    holders.insert(file);
                } else if creates_namespace(&object) {
                    names.extend(object.text(&["spec", "targetNamespace"]));
                    names.extend(self.namespace(object, file).map(|fact| fact.value));
                }
            }
        }
        let holds = |files: Vec<&'s Path>| files.iter().any(|file| holders.contains(file));
        for (directory, file) in self.listing.files() {
            let given = self.listing.view(file).and_then(|view| view.namespace());
            let creates = || holds(self.listing.built(directory.to_owned(), true));
            names.extend(given.filter(|name| !names.contains(name) && creates()));
        }
        for found in &self.flux {
            let given = found.view.target_namespace();
            let creates = || self.flux_built(&found.view).into_iter().any(&holds);
            names.extend(given.filter(|name| !names.contains(name) && creates()));
        }
        names
    }

    /// What a Flux Kustomization is built from: its directory, and the components that it adds.
    fn flux_built(&self, flux: &FluxKustomization<'s>) -> Vec<Vec<&'s Path>> {
        let Some(directory) = flux.directory() else { return Vec::new() };
        let components = flux.components().into_iter();
        let components = components.filter_map(|entry| joined(&directory, entry));
        let mut built: Vec<_> =
            components.map(|component| self.listing.built(component, true)).collect();
        built.push(match self.listing.file_of(&directory) {
            Some(_) => self.listing.built(directory, true),
            None => self.snapshot.manifests().filter(|file| file.starts_with(&directory)).collect(),
        });
        built
    }
}

/// Whether a HelmRelease lets Helm create the namespace.
fn creates_namespace(object: &Object<'_>) -> bool {
    object.kind() == Some("HelmRelease")
        && object.text(&["spec", "install", "createNamespace"]) == Some("true")
}
