//! Inference with evidence: what a repository shows about itself.
//!
//! A [`Layout`] knows the Flux Kustomizations, the CloudNativePG objects, and which file is listed and
//! applied by which. From these, names and places for something new are inferred as [`Fact`]s, which
//! carry the files they were taken from. What cannot be decided is a value, too: a [`Choice`] with its
//! candidates. `keywright.yaml`, if there is one, overrules ([`Settings`]). Nothing here decrypts, asks or writes; a file that is not a document is left out and remembered.
//!
//! ```text
//! nerv/main/cluster/apps/grafana/ks.yaml     Flux Kustomization `grafana`, path …/grafana/app
//! nerv/main/cluster/apps/grafana/app/        what it applies: the app
//! ```

mod app;
mod decryption;
mod fact;
mod foreign;
mod form;
mod instance;
mod listing;
mod namespaces;
pub(crate) mod naming;
mod object_place;
mod pooler;
mod resource_set;
mod role;
mod rule;
mod secret;
mod server;
mod settings;
mod stored;
#[cfg(test)]
mod tests;
mod wiring;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::kube::cluster::{self, Cluster};
use crate::kube::database::Database;
use crate::kube::flux::{self, FluxKustomization};
use crate::kube::kustomization::is_kustomization;
use crate::kube::{Object, objects};
use crate::repo::{self, Snapshot};

pub(crate) use app::{App, nearest};
pub(crate) use fact::{Choice, Fact};
pub(crate) use foreign::PatchedRoles;
pub(crate) use form::{Form, Host};
pub(crate) use instance::ClusterSite;
pub(crate) use naming::Template;
pub(crate) use object_place::{ObjectPlace, object_names};
pub(crate) use pooler::Pooler;
pub(crate) use resource_set::DatabaseSet;
pub(crate) use role::{RoleSite, Strategy, role_in};
pub(crate) use rule::{Configured, configuration};
pub(crate) use secret::{RoleSecretPlace, SecretSite, encrypted, may_become};
pub(crate) use settings::{Identifiers, Settings, StrategyKind, namespaces, stated};
pub(crate) use stored::Stored;
pub(crate) use wiring::{Absent, Entry};
pub(crate) use workload::Restart;

use listing::Listing;

/// Why a layout cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A file cannot be read.
    #[error(transparent)]
    Repository(#[from] repo::Error),
    /// Several Flux Kustomizations or directories have the name.
    #[error("there are {} apps `{app}`: {}", paths.len(), quoted(paths))]
    AppAmbiguous {
        /// The name.
        app: String,
        /// Files of the Flux Kustomizations, or kustomize files.
        paths: Vec<PathBuf>,
        /// Where they lead to.
        directories: Vec<PathBuf>,
    },
    /// No such app.
    #[error("there is no app `{app}`{}", instead(found))]
    AppUnknown {
        /// The name.
        app: String,
        /// The apps that there are.
        found: Vec<String>,
        /// The one with the nearest name, if it is near.
        nearest: Option<String>,
    },
    /// A `.sops.yaml` cannot be used.
    #[error("{}:{source}", path.display())]
    Rules {
        /// The configuration, relative to the root.
        path: PathBuf,
        /// Where and why.
        source: crate::sops::rules::Error,
    },
    /// A setting cannot be used.
    #[error("{}:{source}", path.display())]
    Setting {
        /// The file with the settings, relative to the root.
        path: PathBuf,
        /// Where and why.
        source: crate::settings::Error,
    },
}

/// Paths in a message: `` `a`, `b` ``, the first ones of many.
pub(crate) fn quoted(paths: &[PathBuf]) -> String {
    const MOST: usize = 8;
    let first = paths.iter().take(MOST).map(|path| format!("`{}`", path.display()));
    let first = first.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn instead(found: &[String]) -> String {
    match found.is_empty() {
        true => String::new(),
        false => format!("; found: {}", found.join(", ")),
    }
}

/// An object and the file that it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Located<'s, T> {
    /// The object.
    pub(crate) view: T,
    /// The file, relative to the root.
    pub(crate) file: &'s Path,
}

/// What a repository shows.
pub(crate) struct Layout<'s> {
    snapshot: &'s Snapshot,
    listing: Listing<'s>,
    flux: Vec<Located<'s, FluxKustomization<'s>>>,
    clusters: Vec<Located<'s, Cluster<'s>>>,
    databases: Vec<Located<'s, Database<'s>>>,
    database_roles: Vec<Located<'s, Object<'s>>>,
    role_patches: Vec<Located<'s, Cluster<'s>>>,
    sets: Vec<Located<'s, Object<'s>>>,
    unreadable: Vec<repo::Error>,
    settings: Settings,
    /// Whether a patch gives Kustomizations their decryption, once somebody asked.
    patches_decryption: OnceLock<bool>,
}

impl<'s> Layout<'s> {
    /// What a repository shows, overruled by its settings. Refused where these cannot be used.
    pub(crate) fn read(snapshot: &'s Snapshot) -> Result<Layout<'s>, Error> {
        let settings = Settings::of(snapshot)?;
        Ok(Layout { settings, ..Layout::infer(snapshot) })
    }

    /// What it shows by itself. Reads what matters for the layout: kustomize files, and files that name one of the API groups.
    pub(crate) fn infer(snapshot: &'s Snapshot) -> Layout<'s> {
        let mut layout = Layout {
            snapshot,
            listing: Listing::default(),
            flux: Vec::new(),
            clusters: Vec::new(),
            databases: Vec::new(),
            database_roles: Vec::new(),
            role_patches: Vec::new(),
            sets: Vec::new(),
            unreadable: Vec::new(),
            settings: Settings::default(),
            patches_decryption: OnceLock::new(),
        };
        // Parsing everything would take longer than all the rest of a command.
        let declaring: Vec<_> = snapshot.manifests_with(&[flux::GROUP, cluster::GROUP]).collect();
        let kustomize = snapshot.manifests().filter(|file| is_kustomization(file));
        snapshot.parse(&declaring.iter().copied().chain(kustomize).collect::<Vec<_>>());
        layout.listing = Listing::read(snapshot, &mut layout.unreadable);
        declaring.into_iter().for_each(|file| layout.add(file));
        layout
    }

    /// What was chosen for the repository.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Files that could not be read as documents; a fact may be missing because of them.
    pub(crate) fn unreadable(&self) -> &[repo::Error] {
        &self.unreadable
    }

    /// What is missing may be in a file that could not be read: then that is what is wrong.
    pub(crate) fn refuse_unread(&self, suspect: impl Fn(&Path) -> bool) -> Result<(), Error> {
        for error in &self.unreadable {
            if let repo::Error::Parse { path, source } = error
                && suspect(path)
            {
                let (path, source) = (path.clone(), source.clone());
                return Err(repo::Error::Parse { path, source }.into());
            }
        }
        Ok(())
    }

    /// Manifests that cannot be read, and those that should declare something about databases or Secrets and are no
    /// documents, and why. A template of a chart (`{{`) is not meant to be one.
    pub(crate) fn broken(&self) -> Vec<(&'s Path, repo::Error)> {
        let speaks = [cluster::GROUP, flux::GROUP, "kind: Secret"];
        let is_concerned = |file: &'s Path| {
            let matters = is_kustomization(file) || self.snapshot.mentions(file, &speaks);
            matters && !self.snapshot.mentions(file, &["{{"])
        };
        let broken = self.snapshot.manifests().filter_map(|file| match self.snapshot.bytes(file) {
            Err(error) => Some((file, error)),
            Ok(_) if is_concerned(file) => Some((file, self.snapshot.document(file).err()?)),
            Ok(_) => None,
        });
        broken.collect()
    }

    /// Refuses to judge what is declared where a file cannot be read that may declare it.
    pub(crate) fn refuse_broken(&self) -> Result<(), Error> {
        match self.broken().into_iter().next() {
            Some((_, error)) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Whether a broken file speaks of something.
    pub(crate) fn is_in_broken(&self, text: &str) -> bool {
        self.broken_with(text).is_some()
    }

    /// Why a file is broken that speaks of something.
    pub(crate) fn broken_with(&self, text: &str) -> Option<repo::Error> {
        let mut broken = self.broken().into_iter();
        Some(broken.find(|(file, _)| self.snapshot.mentions(file, &[text]))?.1)
    }

    /// The repository that this was read from.
    pub(crate) fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// The files that a Secret can stand in: YAML, and what is listed of JSON. Where nothing is listed, Flux takes YAML
    /// alone; so no other JSON file has to be read to find out what it is.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &'s Path> {
        self.snapshot.manifests().chain(self.listing.json())
    }

    /// The objects in the YAML files right in a directory. Refused where one of them is not YAML.
    pub(crate) fn objects_in(
        &self,
        directory: &Path,
    ) -> Result<Vec<Located<'s, Object<'s>>>, Error> {
        let mut found = Vec::new();
        for file in self.snapshot.manifests().filter(|file| file.parent() == Some(directory)) {
            let objects = objects(self.snapshot.document(file)?).into_iter();
            found.extend(objects.map(|view| Located { view, file }));
        }
        Ok(found)
    }

    /// The Clusters of the repository. A patch of a Cluster is not one, nor is a variant that nothing applies of one that
    /// Flux does apply.
    pub(crate) fn clusters(&self) -> Vec<ClusterSite<'s>> {
        let all = || self.clusters.iter().map(|found| self.cluster_site(*found));
        let applied: Vec<_> = all().filter(|site| site.applied_by.is_some()).collect();
        let is_variant = |site: &ClusterSite<'s>| {
            site.applied_by.is_none()
                && applied.iter().any(|other| {
                    other.cluster.name() == site.cluster.name()
                        && other.namespace_is(site.namespace.as_ref())
                })
        };
        all().filter(|site| !is_variant(site)).collect()
    }

    /// The Flux Kustomizations.
    pub(crate) fn flux(&self) -> &[Located<'s, FluxKustomization<'s>>] {
        &self.flux
    }

    /// The kustomize files that list a file or directory.
    pub(crate) fn listers(&self, path: &Path) -> Vec<&'s Path> {
        self.listing.listers(path)
    }

    /// The kustomize file of a directory.
    pub(crate) fn kustomize_file_of(&self, directory: &Path) -> Option<&'s Path> {
        self.listing.file_of(directory)
    }

    /// The kustomize file that should list a file: that of its directory, else that of the nearest one above.
    pub(crate) fn kustomize_file_above(&self, file: &Path) -> Option<&'s Path> {
        file.ancestors().skip(1).find_map(|directory| self.listing.file_of(directory))
    }

    /// Whether a kustomize file lists this file.
    pub(crate) fn is_listed(&self, file: &Path) -> bool {
        self.listing.listed_in(file).is_some()
    }

    /// Whether a kustomize file takes this file for a patch: what it holds are parts of objects.
    pub(crate) fn is_patch(&self, file: &Path) -> bool {
        self.listing.is_patch(file)
    }

    fn add(&mut self, file: &'s Path) {
        let document = match self.snapshot.document(file) {
            Ok(document) => document,
            Err(error) => return self.unreadable.push(error),
        };
        for object in objects(document) {
            let is_patch = self.listing.is_patch(file);
            if let Some(view) = FluxKustomization::of(object).filter(|_| !is_patch) {
                self.flux.push(Located { view, file });
            } else if let Some(view) = Cluster::of(object) {
                let found = Located { view, file };
                match is_patch {
                    true if view.role_list().is_some() => self.role_patches.push(found),
                    true => {}
                    false => self.clusters.push(found),
                }
            } else if let Some(view) = Database::of(object).filter(|_| !is_patch) {
                self.databases.push(Located { view, file });
            } else if object.is(cluster::GROUP, "DatabaseRole") && !is_patch {
                self.database_roles.push(Located { view: object, file });
            } else if DatabaseSet::is_one(&object) && !is_patch {
                self.sets.push(Located { view: object, file });
            }
        }
    }

    /// The namespace of an object: its own, else that of the kustomize files above it, else that of
    /// the Flux Kustomization that applies it.
    pub(crate) fn namespace(&self, object: Object<'s>, file: &'s Path) -> Option<Fact<&'s str>> {
        if let Some(own) = object.namespace() {
            return Some(Fact::new(own, file));
        }
        let kustomize = self.kustomize_namespace(file);
        kustomize.or_else(|| {
            let flux = self.applied_by(file)?;
            Some(Fact::new(flux.view.target_namespace()?, flux.file))
        })
    }

    /// The namespace that the kustomize files above a file give it; that of the nearest which names one.
    fn kustomize_namespace(&self, file: &Path) -> Option<Fact<&'s str>> {
        self.listing.directories_above(file).iter().find_map(|directory| {
            let above = self.listing.file_of(directory)?;
            Some(Fact::new(self.listing.view(above)?.namespace()?, above))
        })
    }

    /// The namespace of what is in a file and names none itself.
    pub(crate) fn namespace_at(&self, file: &Path) -> Option<String> {
        let kustomize = self.kustomize_namespace(file).map(|fact| fact.value);
        let flux = || self.applied_by(file)?.view.target_namespace();
        kustomize.or_else(flux).map(str::to_owned)
    }

    /// The namespace of a Flux Kustomization: its own, or that of the kustomize file that lists it.
    pub(crate) fn namespace_of_flux(
        &self,
        flux: &Located<'s, FluxKustomization<'s>>,
    ) -> Option<&'s str> {
        flux.view
            .0
            .namespace()
            .or_else(|| self.listing.view(self.listing.listed_in(flux.file)?)?.namespace())
    }

    /// The Flux Kustomization that applies a file.
    pub(crate) fn applied_by(&self, file: &Path) -> Option<Located<'s, FluxKustomization<'s>>> {
        self.listing.directories_above(file).into_iter().find_map(|directory| {
            let applies = |flux: &&Located<'s, FluxKustomization<'s>>| {
                flux.view.directory().as_deref() == Some(&directory)
            };
            self.flux.iter().find(applies).copied()
        })
    }
}
