//! Whether Flux decrypts what it applies, and whether it replaces variables in it.

use std::path::{Path, PathBuf};

use super::{App, Fact, Layout, Located};
use crate::document::{Document, NodeId};
use crate::kube::flux::FluxKustomization;
use crate::kube::kustomization::is_kustomization;

/// The name of the decryption Secret where nothing shows another one, as in Flux' own guides.
const DEFAULT_NAME: &str = "sops-age";

impl<'s> Layout<'s> {
    /// Whether Flux decrypts the files of an app: its Kustomization says so, or a patch for Kustomizations, wherever in
    /// the repository it stands. An app without a Kustomization of its own is decrypted by the one above it.
    pub(crate) fn is_decrypted(&self, app: &App<'s>) -> bool {
        let flux = app.flux.or_else(|| self.applied_by(&app.directory).map(|found| found.view));
        flux.is_none_or(|flux| self.decrypts(&flux))
    }

    /// Whether a Flux Kustomization decrypts what it applies, by itself or because a patch makes it.
    pub(crate) fn decrypts(&self, flux: &FluxKustomization<'s>) -> bool {
        flux.decryption().is_some()
            || *self.patches_decryption.get_or_init(|| self.finds_decrypting_patch())
    }

    /// The Flux Kustomizations that apply a file, or would if the kustomize file above it listed it: those of
    /// the nearest path.
    pub(crate) fn appliers(&self, file: &Path) -> Vec<Located<'s, FluxKustomization<'s>>> {
        let mut directories = self.listing.directories_above(file);
        let own = self.kustomize_file_above(file).and_then(Path::parent);
        directories.extend(own.map(Path::to_owned));
        for index in 0..directories.len() {
            // Above what no kustomize file lists, Flux takes whole directories.
            directories.extend(self.listing.directories_above(&directories[index]));
        }
        let applying = |directory: &PathBuf| {
            let all = self.flux.iter();
            let found: Vec<_> =
                all.filter(|flux| flux.view.directory().as_ref() == Some(directory)).collect();
            (!found.is_empty()).then_some(found)
        };
        directories.iter().find_map(applying).into_iter().flatten().copied().collect()
    }

    /// Whether Flux replaces variables in a file when it applies it.
    pub(crate) fn is_substituted(&self, file: &Path) -> bool {
        self.applied_by(file).is_some_and(|flux| flux.view.substitutes())
    }

    /// Whether a patch lets Kustomizations replace variables.
    pub(crate) fn patches_substitution(&self) -> bool {
        self.patches_flux(|text| text.contains("postBuild:") || text.contains("/spec/postBuild"))
    }

    /// The decryption Secret that most Kustomizations name.
    pub(crate) fn decryption_secret(&self) -> Fact<String> {
        let named =
            || self.flux.iter().filter_map(|found| Some((found.view.decryption()?, found.file)));
        let count = |name: &str| named().filter(|(other, _)| *other == name).count();
        match named().filter(|(name, _)| !name.is_empty()).max_by_key(|(name, _)| count(name)) {
            Some((name, _)) => {
                let files = named().filter(|(other, _)| *other == name).map(|(_, file)| file);
                Fact::seen_in(name.to_owned(), files)
            }
            None => Fact::convention(DEFAULT_NAME.to_owned()),
        }
    }

    /// Whether anything in the repository says how Kustomizations are decrypted.
    pub(crate) fn declares_decryption(&self) -> bool {
        self.flux.iter().any(|found| self.decrypts(&found.view))
    }

    /// Whether a Flux Kustomization is ready only when what it applies is healthy, by itself or because a patch makes it.
    pub(crate) fn checks_health(&self, flux: &FluxKustomization<'s>) -> bool {
        flux.checks_health()
            || self.patches_flux(|text| text.contains("wait: true") || text.contains("/spec/wait"))
    }

    /// Whether there is a patch that gives Kustomizations their decryption.
    fn finds_decrypting_patch(&self) -> bool {
        self.patches_flux(|text| text.contains("decryption:") || text.contains("/spec/decryption"))
    }

    /// Whether a kustomize file or a Flux Kustomization has a patch of Kustomizations, inline, with such a text.
    fn patches_flux(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        let files = self.snapshot.manifests().filter(|file| is_kustomization(file));
        let documents = files.filter_map(|file| self.snapshot.document(file).ok());
        let flux = self.flux.iter().map(|found| found.view.0.document);
        documents.chain(flux).any(|document| {
            let mut nodes = document.roots().iter().flat_map(|root| document.subtree(root.node));
            nodes.any(|node| patch_of_flux(document, node).is_some_and(&is_meant))
        })
    }
}

/// The text of a patch that stands in a mapping, if it is one of Kustomizations or a list of operations.
fn patch_of_flux(document: &Document, mapping: NodeId) -> Option<&str> {
    let (_, patch) = document.entry(mapping, "patch")?;
    let text = document.text(patch)?;
    (text.contains("kind: Kustomization") || text.contains("/spec/")).then_some(text)
}
