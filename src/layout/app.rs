//! Apps: a Flux Kustomization whose path leads to a directory with a kustomize file.

use std::path::{Path, PathBuf};

use super::secret::SecretSite;
use super::{Choice, Fact, Layout, Located};
use crate::kube::flux::FluxKustomization;

/// An app.
pub(crate) struct App<'s> {
    /// The Flux Kustomization that applies it.
    pub(crate) flux: FluxKustomization<'s>,
    /// The file of that Kustomization.
    pub(crate) file: &'s Path,
    /// The directory that is applied.
    pub(crate) directory: PathBuf,
}

impl App<'_> {
    /// The names of the directory, from the inside: in `apps/grafana/app` both `app` and `grafana`.
    fn directory_names(&self) -> impl Iterator<Item = &str> {
        self.directory.iter().rev().take(2).filter_map(|name| name.to_str())
    }
}

impl<'s> Layout<'s> {
    /// All apps in the order of their files.
    pub(crate) fn apps(&self) -> Vec<App<'s>> {
        self.flux.iter().filter_map(|found| self.app(found)).collect()
    }

    /// The app of this name: that of its Flux Kustomization, else that of its directory.
    pub(crate) fn app_named(&self, name: &str) -> Choice<App<'s>> {
        let (mut by_name, mut by_directory) = (Vec::new(), Vec::new());
        for app in self.apps() {
            if app.flux.name() == name {
                by_name.push(app);
            } else if app.directory_names().any(|directory| directory == name) {
                by_directory.push(app);
            }
        }
        Choice::among(if by_name.is_empty() { by_directory } else { by_name })
    }

    /// The namespace of an app: the one that Flux gives it, else that of its kustomize file, else that
    /// of its Secrets.
    pub(crate) fn namespace_of(&self, app: &App<'s>) -> Option<Fact<&'s str>> {
        if let Some(target) = app.flux.target_namespace() {
            return Some(Fact::new(target, app.file));
        }
        let listed_in = self.listing.file_of(&app.directory)?;
        if let Some(namespace) = self.listing.view(listed_in)?.namespace() {
            return Some(Fact::new(namespace, listed_in));
        }
        let secrets = self.secrets_of(app);
        secrets.iter().find_map(|found| Some(Fact::new(found.object.namespace()?, found.file)))
    }

    /// The Secrets that an app is built from.
    pub(crate) fn secrets_of(&self, app: &App<'s>) -> Vec<SecretSite<'s>> {
        let members = self.listing.members(&app.directory);
        members.into_iter().flat_map(|file| self.secrets_in(file, &["Secret"])).collect()
    }

    /// Whether two places are applied by the same Flux Kustomization.
    pub(crate) fn is_applied_with(
        &self,
        app: &App<'s>,
        flux: &Located<'s, FluxKustomization<'s>>,
    ) -> bool {
        app.file == flux.file && app.flux.0.node == flux.view.0.node
    }

    fn app(&self, found: &Located<'s, FluxKustomization<'s>>) -> Option<App<'s>> {
        let directory = found.view.directory()?;
        self.listing.file_of(&directory)?;
        Some(App { flux: found.view, file: found.file, directory })
    }
}
