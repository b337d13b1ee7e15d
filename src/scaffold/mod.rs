//! `secret …`: from answers to a plan.
//!
//! ```text
//! secret new paperless --name paperless-smtp --generate SMTP_PASSWORD
//!   + apps/paperless/app/paperless-smtp-secret.yaml   the Secret, encrypted by the nearest creation rule
//!   ~ apps/paperless/app/kustomization.yaml           - ./paperless-smtp-secret.yaml
//!   ~ apps/paperless/app/helmrelease.yaml             envFrom, a variable or a volume, when asked
//! ```
//!
//! Everything is learned from the repository: which app, what its Secrets' files are called, whether they
//! write a namespace, how the lists are kept. What is refused: a name that is taken, a file that no
//! creation rule covers, a rule that would leave a value plain or hide what the cluster must read, keys and
//! sizes that the API server refuses. Nothing here asks, prints or writes.

pub(crate) mod ensure;
pub(crate) mod existing;
pub(crate) mod init;
mod listing;
pub(crate) mod making;
mod manifest;
mod place;
pub(crate) mod recipe;
#[cfg(test)]
mod tests;
pub(crate) mod uses;

use std::path::{Path, PathBuf};

use crate::document::{Document, EditError, Position};
use crate::layout::{self, App, Choice, Layout};
use crate::make::is_key;
use crate::repo::{self, Snapshot};
use crate::secret::{RandomSource, Secret};
use crate::sops;
use crate::txn::{self, Plan};

use place::{Where, check_free, place_in, refused, renamed_file};
pub(crate) use place::{check_name, place};
use recipe::{Ingredient, Recipe, record};
use uses::Used;
pub(crate) use uses::{Use, containers};

/// The most bytes that the values of a Secret may have together: `MaxSecretSize` of the API server.
const MOST_BYTES: usize = 1 << 20;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Not an RFC 1123 subdomain, which the name of a Secret has to be.
    #[error(
        "`{name}` is not a name for a Secret: lower-case letters, digits, `-` and `.` between them, at most 253"
    )]
    SecretName {
        /// The name as given.
        name: String,
    },
    /// A Secret of this name exists.
    #[error("{}: Secret `{name}` exists already", path.display())]
    SecretExists {
        /// The file that it is in.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// Every name that the file could have is taken.
    #[error("{}: exists already", path.display())]
    FileExists {
        /// The name that would be the best.
        path: PathBuf,
    },
    /// A recipe of this name exists.
    #[error("{}:{position}: there is a recipe for `{name}` already", path.display())]
    RecipeExists {
        /// The file of recipes.
        path: PathBuf,
        /// Where in it.
        position: Position,
        /// The name of the Secret.
        name: String,
    },
    /// A Secret without values.
    #[error("a Secret needs at least one key")]
    NoKeys,
    /// The API server would not take this key.
    #[error("`{key}` is not a key for a Secret: letters, digits, `-`, `_` and `.`, at most 253")]
    Key {
        /// The key as given.
        key: String,
    },
    /// Two values for one key.
    #[error("key `{key}` is given twice")]
    KeyTwice {
        /// The key.
        key: String,
    },
    /// The API server would not take so much.
    #[error("the values have {bytes} bytes together, a Secret holds at most {MOST_BYTES}")]
    Size {
        /// What they have.
        bytes: usize,
    },
    /// There is no `.sops.yaml` beside the file or above it.
    #[error("{}: no `.sops.yaml` here or above, so nobody knows who is to read a Secret", directory.display())]
    NoConfig {
        /// The directory of the file.
        directory: PathBuf,
    },
    /// No rule matches any of the names that the file could have.
    #[error("{}: no creation rule matches `{}`", config.display(), file.display())]
    Uncovered {
        /// The configuration nearest to the file.
        config: PathBuf,
        /// The name that would be the best.
        file: PathBuf,
    },
    /// The rule that matches would leave a value in plain text.
    #[error(
        "{}: the creation rule for `{}` does not encrypt `{route}`",
        config.display(), file.display()
    )]
    LeftPlain {
        /// The configuration.
        config: PathBuf,
        /// The new file.
        file: PathBuf,
        /// The key below `stringData` or `data`.
        route: String,
    },
    /// The rule that matches would encrypt what kustomize and Flux must read.
    #[error(
        "{}: the creation rule for `{}` would encrypt `{route}`, which Flux has to read",
        config.display(), file.display()
    )]
    Hidden {
        /// The configuration.
        config: PathBuf,
        /// The new file.
        file: PathBuf,
        /// The field.
        route: &'static str,
    },
    /// The file cannot be encrypted.
    #[error("{}: {source}", path.display())]
    Encrypt {
        /// The new file.
        path: PathBuf,
        /// Why not.
        source: sops::file::Error,
    },
    /// No container gets it.
    #[error(transparent)]
    Uses(#[from] uses::Error),
    /// A file cannot be edited.
    #[error("{}:{source}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: EditError,
    },
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

/// The answers for a new Secret.
pub(crate) struct NewSecret<'s> {
    /// Beside what it is written.
    pub(crate) app: App<'s>,
    /// `metadata.name`
    pub(crate) name: String,
    /// `type`
    pub(crate) kind: String,
    /// Keys and values in the order in which they are written.
    pub(crate) entries: Vec<(String, Secret)>,
    /// How a container gets it.
    pub(crate) uses: Vec<Use>,
    /// That container, as [`containers`] shows it; `None` where the app has only one.
    pub(crate) container: Option<String>,
    /// How the values were made, if that is to be written down.
    pub(crate) recipe: Option<Vec<Ingredient>>,
}

/// The app of this name. Several Flux Kustomizations that apply one directory are one place for a Secret.
pub(crate) fn app<'s>(layout: &Layout<'s>, name: &str) -> Result<App<'s>, Error> {
    let choice = match layout.app_named(name) {
        Choice::Several(mut apps) if apps.iter().all(|app| app.directory == apps[0].directory) => {
            Choice::One(apps.swap_remove(0))
        }
        choice => choice,
    };
    Ok(layout.only_app(name, choice, |_| true)?)
}

/// The changes that make the Secret: the new file, its entry in the kustomization, the references to it, its recipe.
/// `now` is the time for the metadata, RFC 3339 in UTC with seconds.
pub(crate) fn new_secret<'s>(
    request: &NewSecret<'s>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Plan, Error> {
    check_entries(&request.entries)?;
    let keys: Vec<&str> = request.entries.iter().map(|(key, _)| key.as_str()).collect();
    uses::check(&request.uses, &keys)?;
    let place = place(snapshot, layout, &request.app, &request.name)?;
    let plain = manifest::write(request, place.namespace.as_deref())
        .map_err(|source| Error::Edit { path: place.file.clone(), source })?;
    let encrypted = manifest::encrypt(&plain, (&place.file, &place.rules), now, random)?;

    let mut plan = Plan::new();
    plan.push(snapshot.change(&place.file, Some(&encrypted))?)?;
    if let Some(path) = request.app.kustomization {
        let listed = listing::add(snapshot, path, &place.file)?;
        push_edited(&mut plan, snapshot, path, listed)?;
    }
    if !request.uses.is_empty() {
        let secret = Used { name: &request.name, namespace: place.namespace.as_deref() };
        let chosen = (request.container.as_deref(), &request.uses[..]);
        let (path, edited) = uses::add(layout, &request.app, secret, chosen)?;
        push_edited(&mut plan, snapshot, path, edited)?;
    }
    if let Some(keys) = &request.recipe {
        let recipe = Recipe {
            name: request.name.clone(),
            app: Some(record::address(&request.app, layout)),
            kind: request.kind.clone(),
            keys: keys.clone(),
        };
        plan.push(record::record(&recipe, snapshot)?)?;
    }
    Ok(plan)
}

/// What must hold for the keys and values of a Secret.
fn check_entries(entries: &[(String, Secret)]) -> Result<(), Error> {
    if entries.is_empty() {
        return Err(Error::NoKeys);
    }
    for (position, (key, _)) in entries.iter().enumerate() {
        if !is_key(key) {
            return Err(Error::Key { key: key.clone() });
        }
        if entries[..position].iter().any(|(earlier, _)| earlier == key) {
            return Err(Error::KeyTwice { key: key.clone() });
        }
    }
    let bytes = entries.iter().map(|(_, value)| value.len()).sum();
    if bytes > MOST_BYTES {
        return Err(Error::Size { bytes });
    }
    Ok(())
}

/// Adds the change of a file that was edited; nothing where it was not.
fn push_edited(
    plan: &mut Plan,
    snapshot: &Snapshot,
    path: &Path,
    edited: Option<Document>,
) -> Result<(), Error> {
    if let Some(edited) = edited {
        plan.push(snapshot.change(path, Some(&edited))?)?;
    }
    Ok(())
}
