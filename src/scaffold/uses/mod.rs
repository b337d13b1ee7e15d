//! How a container of the app gets a new Secret.
//!
//! ```text
//!           app-template                                  Kubernetes
//! EnvFrom   envFrom: [{secretRef: {name: SECRET}}]        the same
//! Env       env: {VARIABLE: {valueFrom: …}}, or a list    env: [{name: VARIABLE, valueFrom: …}]
//! Mount     persistence: {SECRET: {type: secret, …}}      volumes, volumeMounts
//! ```
//!
//! What is there stays: a reference that is there already is no change, and nothing but new lines is written. Refused are
//! containers that cannot read the Secret – in another namespace, or under another name –, files that belong to another
//! app, too, and fields that stand in two places. What other charts than app-template do with their values is not known:
//! their releases are named and left. A patch, and values from elsewhere (`valuesFrom`), are not edited.

mod env;
mod env_from;
mod mount;
mod site;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::document::{Document, EditError, Edits, NodeId, Placement, Position};
use crate::kube::container::{self, Container};
use crate::layout::{App, Layout};
use crate::repo;

pub(crate) use env::is_variable;
pub(crate) use mount::is_path;
pub(crate) use site::containers;

/// Why a container does not get the Secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The app has no container that could get it.
    #[error("{}: no container here to give the Secret to", directory.display())]
    NoContainer {
        /// The app's directory.
        directory: PathBuf,
    },
    /// Only a release of another chart, or one whose values are elsewhere.
    #[error(
        "{}: HelmRelease `{release}` has no `values.controllers.*.containers`: where the name of a Secret goes is up to its chart",
        path.display()
    )]
    OtherChart {
        /// The file.
        path: PathBuf,
        /// The name of the release.
        release: String,
    },
    /// There are several, and none was chosen.
    #[error("several containers can get the Secret: {}", candidates.join(", "))]
    SeveralContainers {
        /// All of them.
        candidates: Vec<String>,
    },
    /// The chosen one is not there.
    #[error("there is no container `{name}`; there is {}", candidates.join(", "))]
    UnknownContainer {
        /// The choice.
        name: String,
        /// What there is.
        candidates: Vec<String>,
    },
    /// Another app is built from the file, too.
    #[error(
        "{}: `{container}` is in a file that {} builds, too: to edit it would change both", path.display(), other.display()
    )]
    OtherApp {
        /// The file.
        path: PathBuf,
        /// The container.
        container: String,
        /// The kustomize file, or that of the Flux Kustomization, of the other one.
        other: PathBuf,
    },
    /// A workload reads only Secrets of its own namespace.
    #[error(
        "{}: `{container}` is in the namespace `{namespace}`, the Secret in `{secret}`: it cannot be read there",
        path.display()
    )]
    OtherNamespace {
        /// The file.
        path: PathBuf,
        /// The container.
        container: String,
        /// Its namespace.
        namespace: String,
        /// That of the Secret.
        secret: String,
    },
    /// Kustomize gives the Secret another name, and writes that into its own fields of Kubernetes only.
    #[error(
        "{}: `namePrefix` or `nameSuffix` changes the name of the Secret, but not in the values of a HelmRelease",
        path.display()
    )]
    OtherName {
        /// The file that says so.
        path: PathBuf,
    },
    /// What kubelet would not take as a variable.
    #[error("`{variable}` is not a variable: letters, digits, `-`, `_` and `.`, no digit first")]
    Variable {
        /// As given.
        variable: String,
    },
    /// The Secret has no such key.
    #[error("the new Secret has no key `{key}` for the variable `{variable}`; it has {}", keys.join(", "))]
    KeyUnknown {
        /// The key.
        key: String,
        /// The variable.
        variable: String,
        /// The keys that it has.
        keys: Vec<String>,
    },
    /// The container has the variable, with another value.
    #[error("{}:{position}: `{container}` has a variable `{variable}` already", path.display())]
    VariableTaken {
        /// The file.
        path: PathBuf,
        /// Where it stands.
        position: Position,
        /// The container.
        container: String,
        /// The variable.
        variable: String,
        /// The key of the Secret that it was to be.
        key: String,
    },
    /// Not a place to mount something.
    #[error(
        "`{mount}` is not a path to mount at: it begins with `/`, is not `/` itself, and has no `..` and no `:`"
    )]
    Path {
        /// As given.
        mount: String,
    },
    /// Something else is mounted there or below.
    #[error("{}:{position}: `{container}` has something mounted at `{mount}` already", path.display())]
    PathTaken {
        /// The file.
        path: PathBuf,
        /// Where that is said.
        position: Position,
        /// The container.
        container: String,
        /// Where it is mounted.
        mount: String,
    },
    /// The field stands in two places.
    #[error("{}:{position}: `{field}` is shared by an anchor, an alias or a merge key", path.display())]
    Shared {
        /// The file.
        path: PathBuf,
        /// Where.
        position: Position,
        /// The field of the container or around it.
        field: &'static str,
    },
    /// An own field of the container would replace that of the controller.
    #[error(
        "{}:{position}: `{container}` has the `{field}` of `defaultContainerOptions`, which one of its own would replace",
        path.display()
    )]
    Defaulted {
        /// The file.
        path: PathBuf,
        /// Where it stands.
        position: Position,
        /// The container.
        container: String,
        /// The field.
        field: &'static str,
    },
    /// A file cannot be edited.
    #[error("{}:{source}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: EditError,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Repository(#[from] repo::Error),
}

/// A way in which a container gets a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Use {
    /// Every key is a variable.
    EnvFrom,
    /// One key is a variable.
    Env {
        /// The name of the variable.
        variable: String,
        /// The key of the Secret.
        key: String,
    },
    /// Every key is a file, read-only.
    Mount {
        /// The directory in the container.
        path: String,
    },
}

/// A container that gets a Secret, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reader {
    /// In the order in which they are written; without any, nobody gets it.
    pub(crate) uses: Vec<Use>,
    /// As [`containers`] shows it; `None` where the app has only one.
    pub(crate) container: Option<String>,
}

/// The Secret that is used.
#[derive(Clone, Copy)]
pub(super) struct Used<'u> {
    /// Its name.
    pub(super) name: &'u str,
    /// The namespace that is written in it.
    pub(super) namespace: Option<&'u str>,
}

/// Refuses what Kubernetes would refuse, and variables of keys that the Secret does not have.
pub(super) fn check(uses: &[Use], keys: &[&str]) -> Result<(), Error> {
    for one in uses {
        match one {
            Use::Env { variable, .. } if !env::is_variable(variable) => {
                return Err(Error::Variable { variable: variable.clone() });
            }
            Use::Env { variable, key } if !keys.contains(&key.as_str()) => {
                let keys = keys.iter().map(|&key| key.to_owned()).collect();
                let (key, variable) = (key.clone(), variable.clone());
                return Err(Error::KeyUnknown { key, variable, keys });
            }
            Use::Mount { path } if !mount::is_path(path) => {
                return Err(Error::Path { mount: path.clone() });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file of the container, and it with the references; `None` where they are there already.
pub(super) fn add<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
    secret: Used<'_>,
    reader: &Reader,
) -> Result<(&'s Path, Option<Document>), Error> {
    let site = site::choose(layout, app, reader.container.as_deref())?;
    site.refuse(layout, app, secret)?;
    let mut edited: Option<Document> = None;
    for one in &reader.uses {
        // Each way sees what the one before it wrote; the containers stay in their order.
        let document = edited.as_ref().unwrap_or(site.container.object.document);
        let container = container::containers(document).swap_remove(site.index);
        let target = Target { file: site.file, container, secret: secret.name };
        let next = match one {
            Use::EnvFrom => env_from::add(&target),
            Use::Env { variable, key } => env::add(&target, variable, key),
            Use::Mount { path } => mount::add(&target, path),
        }?;
        if next.is_some() {
            edited = next;
        }
    }
    Ok((site.file, edited))
}

/// A container that gets a Secret.
struct Target<'t> {
    /// Its file.
    file: &'t Path,
    container: Container<'t>,
    /// The name of the Secret.
    secret: &'t str,
}

impl<'t> Target<'t> {
    fn document(&self) -> &'t Document {
        self.container.view.document
    }

    /// The value of a field that can be added to, if it is there. Refused where the field, or what it would be written
    /// into, stands in two places.
    fn field(&self, mapping: NodeId, field: &'static str) -> Result<Option<NodeId>, Error> {
        let document = self.document();
        let written = document.entry(mapping, field).map(|(_, value)| value);
        let seen = document.lookup(mapping, field);
        if written != seen || is_shared(document, written.unwrap_or(mapping)) {
            let position = document.position_of(seen.unwrap_or(mapping));
            return Err(Error::Shared { path: self.file.to_owned(), position, field });
        }
        Ok(written)
    }

    /// A field of the container itself.
    fn own_field(&self, field: &'static str) -> Result<Option<NodeId>, Error> {
        let found = self.field(self.container.view.node, field)?;
        let (path, container) = (self.file.to_owned(), self.container.to_string());
        let default = [
            &["spec", "values", "controllers", self.container.owner, "defaultContainerOptions"][..],
            &[field],
        ];
        match self.container.object.at(&default.concat()).filter(|_| found.is_none()) {
            Some(default) => {
                let position = self.document().position_of(default);
                Err(Error::Defaulted { path, position, container, field })
            }
            None => Ok(found),
        }
    }

    /// Behind the first of these fields that the container has.
    fn behind(&self, fields: &[&str]) -> Placement {
        let node = self.container.view.node;
        let mut found = fields.iter().filter_map(|field| self.document().entry(node, field));
        found.next().map_or(Placement::Last, |(_, value)| Placement::After(value))
    }

    /// The document with some edits.
    fn edited(
        &self,
        edit: impl FnOnce(&mut Edits<'_>) -> Result<(), EditError>,
    ) -> Result<Option<Document>, Error> {
        let mut edits = Edits::new(self.document());
        let edited = edit(&mut edits).and_then(|()| edits.apply());
        edited.map(Some).map_err(|source| Error::Edit { path: self.file.to_owned(), source })
    }
}

/// Whether a node is an alias, or a part of what one stands for.
fn is_shared(document: &Document, node: NodeId) -> bool {
    let mut all = document.roots().iter().flat_map(|root| document.subtree(root.node));
    all.any(|other| {
        let target = document.target(other);
        target != other && (other == node || document.contains(target, node))
    })
}
