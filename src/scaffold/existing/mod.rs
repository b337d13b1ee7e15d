//! Secrets that are there: found by a name, read, changed, copied and renamed.
//!
//! ```text
//! grafana GF_SECURITY_ADMIN_PASSWORD   a key of the app's Secrets, or of the Secret of this name
//! apps/grafana                         the Secret `grafana` of the namespace `apps`
//! ```
//!
//! A file is decrypted in memory and encrypted again under its own data key, so that what did not change keeps its
//! bytes. What is refused: names that lead to nothing or to several, files that are not encrypted, changes of an
//! immutable Secret, of a key that its type requires, or of a value that stands in two places, and values that Flux
//! would replace. Nothing here asks, prints or writes.

mod anew;
mod copy;
mod entry;
mod find;
mod inventory;
mod opened;
mod quote;
mod reference;
mod rename;
mod set;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::document::{EditError, Position};
use crate::keys::{self, Identities};
use crate::layout::{self, Restart};
use crate::repo;
use crate::secret::RandomSource;
use crate::sops;
use crate::txn::{self, Plan};

pub(super) use copy::fragment;
pub(crate) use copy::{Destination, copy};
pub(crate) use find::{Candidate, Target, find, find_key, find_keys, named};
pub(crate) use inventory::{Key, KeyState, Listed, inventory};
pub(crate) use quote::quote;
pub(crate) use rename::rename;
pub(crate) use set::{check, get, is_encrypted, plain_values, set, unset, values, with_values};

/// Why something cannot be done with a Secret. Never holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Neither an app nor a Secret has the name.
    #[error("there is no app and no Secret `{name}`")]
    NameUnknown {
        /// The name.
        name: String,
        /// The one that is nearest, if one is near.
        nearest: Option<String>,
    },
    /// The app has no Secret in this repository.
    #[error("{}: the app `{app}` has no Secret", directory.display())]
    NoSecret {
        /// Its name.
        app: String,
        /// Its directory.
        directory: PathBuf,
    },
    /// The Secret is made from an external store, by a generator, or is sealed by other means.
    #[error("the Secret of `{name}` is not in this repository: it is made by {by}")]
    Elsewhere {
        /// The name by which it was looked for.
        name: String,
        /// What makes it.
        by: String,
    },
    /// None of the Secrets that the name leads to has the key.
    #[error("{secrets} no key `{key}`{}", instead(found))]
    KeyUnknown {
        /// Their names with a verb: ``Secret `a` has``.
        secrets: String,
        /// The key.
        key: String,
        /// The keys that there are.
        found: Vec<String>,
        /// The one that is nearest, if one is near.
        nearest: Option<String>,
    },
    /// The Secret that was chosen is none of those that the name leads to.
    #[error("`{name}` has no Secret `{secret}`{}", instead(found))]
    SecretUnknown {
        /// The name.
        name: String,
        /// The choice.
        secret: String,
        /// What there is.
        found: Vec<String>,
    },
    /// The name leads to several Secrets.
    #[error("{} Secrets can be meant by `{name}`: {}", candidates.len(), listed(candidates))]
    Ambiguous {
        /// The name.
        name: String,
        /// All of them.
        candidates: Vec<Candidate>,
    },
    /// The Secret is in plain text.
    #[error("{}: Secret `{name}` is not encrypted", path.display())]
    NotEncrypted {
        /// Its file.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// The API server takes no change of its values.
    #[error("{}: Secret `{name}` is immutable: the cluster takes no change of it", path.display())]
    Immutable {
        /// Its file.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// The API server refuses a Secret of this type without the key.
    #[error("{}: a Secret of type `{kind}` needs the key `{key}`", path.display())]
    Required {
        /// Its file.
        path: PathBuf,
        /// Its type.
        kind: String,
        /// The key.
        key: String,
    },
    /// The value would be another one in the cluster.
    #[error(
        "{}: the value of `{key}` contains `${{` or `$$`, which Flux replaces here (`postBuild`)",
        path.display()
    )]
    Substituted {
        /// The file of the Secret.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// The value stands in several places, or in a mapping that is merged.
    #[error("{}:{position}: `{key}` is shared by an anchor, an alias or a merge key", path.display())]
    Shared {
        /// The file.
        path: PathBuf,
        /// Where.
        position: Position,
        /// The key.
        key: String,
    },
    /// Under `data`, and no base64.
    #[error("{}:{position}: the value of `{key}` is not base64", path.display())]
    Base64 {
        /// The file.
        path: PathBuf,
        /// Where.
        position: Position,
        /// The key.
        key: String,
    },
    /// The file's own selection would leave a value in plain text.
    #[error("{}: the selection of this file does not encrypt `{route}`", path.display())]
    NotSelected {
        /// The file.
        path: PathBuf,
        /// The section and the key.
        route: String,
    },
    /// No identity opens the file, and it holds something that would be lost if it were made anew.
    #[error(
        "{}: no identity decrypts it, and without its data key nothing in it can be replaced alone: the MAC covers all \
         values",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// Keys of the Secret whose values would be lost.
        keys: Vec<String>,
        /// Other encrypted places of the file.
        others: Vec<String>,
        /// Why it is not decrypted.
        source: Box<sops::file::Error>,
    },
    /// Copied to where it is, or where its namespace would not be the one that was asked for.
    #[error("{}: what is applied from here gets the namespace `{namespace}`", path.display())]
    OtherNamespace {
        /// The file that gives it.
        path: PathBuf,
        /// The namespace.
        namespace: String,
    },
    /// A file cannot be decrypted or encrypted.
    #[error("{}: {source}", path.display())]
    Sops {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: sops::file::Error,
    },
    /// A file cannot be edited.
    #[error("{}:{source}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: EditError,
    },
    /// There is no place for a new Secret, or its content is refused.
    #[error(transparent)]
    New(#[from] super::Error),
    /// There is no such app, or a `.sops.yaml` cannot be used.
    #[error(transparent)]
    Layout(#[from] layout::Error),
    /// A file cannot be read.
    #[error(transparent)]
    Repository(#[from] repo::Error),
    /// The changes make no plan.
    #[error(transparent)]
    Plan(#[from] txn::Error),
}

impl Error {
    /// Whether nobody here can open the file, which is not damaged.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self, Error::Sops { source, .. } if is_locked(source))
    }

    fn sops(path: &Path) -> impl Fn(sops::file::Error) -> Error + '_ {
        |source| Error::Sops { path: path.to_owned(), source }
    }

    fn edit(path: &Path) -> impl Fn(EditError) -> Error + '_ {
        |source| Error::Edit { path: path.to_owned(), source }
    }
}

fn instead(found: &[String]) -> String {
    match found.is_empty() {
        true => String::new(),
        false => format!("; found: {}", found.join(", ")),
    }
}

fn listed(candidates: &[Candidate]) -> String {
    candidates.iter().map(Candidate::to_string).collect::<Vec<_>>().join(", ")
}

/// What a change is made with.
pub(crate) struct Means<'m> {
    /// Who decrypts.
    pub(crate) identities: &'m Identities,
    /// Vectors and data keys.
    pub(crate) random: &'m mut dyn RandomSource,
    /// RFC 3339 in UTC with seconds.
    pub(crate) now: &'m str,
}

/// What a change makes.
#[derive(Default)]
pub(crate) struct Changed {
    /// The files.
    pub(crate) plan: Plan,
    /// What to know about it.
    pub(crate) notes: Vec<Note>,
    /// Workloads that keep the old value until somebody restarts them.
    pub(crate) restarts: Vec<Restart>,
}

/// Something to know about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// Nobody could open the file; it has a new data key.
    MadeAnew {
        /// The file.
        path: PathBuf,
        /// The creation rule's file.
        config: PathBuf,
        /// How many encrypted comments went with the old data key.
        comments: usize,
    },
    /// The file keeps its name because no creation rule covers the other one.
    KeepsFile {
        /// The file.
        path: PathBuf,
        /// Its other name.
        uncovered: PathBuf,
    },
    /// A reference was changed.
    Renamed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        position: Position,
        /// What it is, as the route to it.
        route: String,
    },
    /// It looks like a reference, and was left alone.
    Unclear {
        /// The file.
        path: PathBuf,
        /// Where in it.
        position: Position,
        /// What it is, as the route to it.
        route: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::MadeAnew { path, config, comments } => {
                let (path, config) = (path.display(), config.display());
                write!(
                    formatter,
                    "{path}: no identity decrypts it; it is made anew, with a new data key for the recipients of {config}"
                )?;
                match comments {
                    0 => Ok(()),
                    1 => write!(formatter, "; an encrypted comment is lost"),
                    count => write!(formatter, "; {count} encrypted comments are lost"),
                }
            }
            Note::KeepsFile { path, uncovered } => {
                let (path, uncovered) = (path.display(), uncovered.display());
                write!(formatter, "{path} keeps its name: no creation rule matches `{uncovered}`")
            }
            Note::Renamed { path, position, route } => {
                write!(formatter, "{}:{position}: {route} refers to the new name", path.display())
            }
            Note::Unclear { path, position, route } => {
                let path = path.display();
                write!(formatter, "{path}:{position}: {route} may refer to it and is left as it is")
            }
        }
    }
}

/// Whether a file is closed because nobody here can open it, not because it is damaged.
fn is_locked(error: &sops::file::Error) -> bool {
    use sops::file::Error;
    matches!(
        error,
        Error::Keys(keys::Error::NoIdentity | keys::Error::NotUnwrapped(_))
            | Error::Parts { .. }
            | Error::ForeignAlone(_)
    )
}
