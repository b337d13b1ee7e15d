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
//! creation rule covers, a rule that would leave a value plain or hide what the cluster must read, keys,
//! sizes and types that the API server refuses. Nothing here asks, prints or writes.

pub(crate) mod ensure;
pub(crate) mod existing;
pub(crate) mod external;
pub(crate) mod init;
pub(crate) mod kind;
mod listing;
pub(crate) mod making;
mod manifest;
pub(crate) mod marks;
mod place;
pub(crate) mod recipe;
#[cfg(test)]
mod tests;
pub(crate) mod uses;

use std::path::{Path, PathBuf};

use crate::document::{Document, EditError, Position};
use crate::kube::flux::FluxKustomization;
use crate::layout::{self, App, Choice, Layout, Located};
use crate::make::is_key;
use crate::repo::{self, Snapshot};
use crate::secret::{RandomSource, Secret};
use crate::sops;
use crate::txn::{self, Plan};

pub(crate) use listing::{ListIn, add as list, lists};
use marks::Marks;
use place::{Where, check_free, place_in, refused, renamed_file};
pub(crate) use place::{check_name, place};
use recipe::{Ingredient, Recipe, record};
use uses::Used;
pub(crate) use uses::{Reader, Use, containers};

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
    /// The keys and values do not make a Secret of its type.
    #[error(transparent)]
    Kind(#[from] kind::Error),
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
    /// The kustomize file that is to list the Secret is not there, or not above it.
    #[error("{}: is no kustomize file of the app or above it; there is {}", path.display(), layout::quoted(candidates))]
    UnknownList {
        /// The choice.
        path: PathBuf,
        /// What there is.
        candidates: Vec<PathBuf>,
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
    /// Who gets it.
    pub(crate) reader: Reader,
    /// How the values were made, if that is to be written down.
    pub(crate) recipe: Option<Vec<Ingredient>>,
    /// What lists it.
    pub(crate) list_in: ListIn,
    /// `metadata.labels`
    pub(crate) labels: Marks,
    /// `metadata.annotations`
    pub(crate) annotations: Marks,
    /// Whether the cluster takes no change of its values.
    pub(crate) immutable: bool,
}

/// What makes a new Secret.
pub(crate) struct Drafted {
    /// The changes, that of the new file first.
    pub(crate) plan: Plan,
    /// The new file.
    pub(crate) file: PathBuf,
    /// `metadata.namespace`, where it is written.
    pub(crate) namespace: Option<String>,
    /// What somebody should know about the values.
    pub(crate) warnings: Vec<kind::Warning>,
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

/// What names an app: its name, or its directory where the name leads to others, too.
pub(crate) fn address(app: &App<'_>, layout: &Layout<'_>) -> String {
    let named = self::app(layout, app.name());
    match named.is_ok_and(|found| found.directory == app.directory) {
        true => app.name().to_owned(),
        false => app.directory.display().to_string(),
    }
}

/// What names each app that can be offered, in order.
pub(crate) fn addresses(layout: &Layout<'_>) -> Vec<String> {
    let apps = layout.apps().into_iter().chain(layout.listed_apps());
    let mut names: Vec<String> = apps.map(|app| address(&app, layout)).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether there can be such a Secret, whatever its values are: its name is free and its file covered, what is to list it
/// and to read it is there.
pub(crate) fn check<'s>(request: &NewSecret<'s>, layout: &Layout<'s>) -> Result<(), Error> {
    let place = place(layout.snapshot(), layout, &request.app, &request.name)?;
    request.list_in.of(layout, &request.app)?;
    let secret = Used { name: &request.name, namespace: place.namespace.as_deref() };
    push_uses(&mut Plan::new(), secret, &request.reader, (&request.app, layout))
}

/// The changes that make the Secret: the new file, its entry in the kustomization, the references to it, its recipe.
/// `now` is the time for metadata and certificates, RFC 3339 in UTC with seconds.
pub(crate) fn new_secret<'s>(
    request: &NewSecret<'s>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Drafted, Error> {
    check_entries(&request.entries)?;
    let keys: Vec<&str> = request.entries.iter().map(|(key, _)| key.as_str()).collect();
    uses::check(&request.reader.uses, &keys)?;
    let warnings = kind::check(&request.kind, &request.entries, now)?;
    let place = place(snapshot, layout, &request.app, &request.name)?;
    let plain = manifest::write(request, place.namespace.as_deref())
        .map_err(|source| Error::Edit { path: place.file.clone(), source })?;
    let encrypted = manifest::encrypt(&plain, (&place.file, &place.rules), now, random)?;

    let mut plan = Plan::new();
    plan.push(snapshot.change(&place.file, Some(&encrypted))?)?;
    if let Some(path) = request.list_in.of(layout, &request.app)? {
        let listed = listing::add(snapshot, path, &place.file)?;
        push_edited(&mut plan, snapshot, path, listed)?;
    }
    let secret = Used { name: &request.name, namespace: place.namespace.as_deref() };
    push_uses(&mut plan, secret, &request.reader, (&request.app, layout))?;
    if let Some(keys) = &request.recipe {
        let recipe = Recipe {
            name: request.name.clone(),
            app: Some(address(&request.app, layout)),
            kind: request.kind.clone(),
            keys: keys.clone(),
        };
        plan.push(record::record(&recipe, snapshot)?)?;
    }
    Ok(Drafted { plan, file: place.file, namespace: place.namespace, warnings })
}

/// The Flux Kustomizations that apply a file, or would if it were listed, without decrypting it.
pub(crate) fn undecrypted<'s>(
    layout: &Layout<'s>,
    file: &Path,
) -> Vec<Located<'s, FluxKustomization<'s>>> {
    let mut appliers = layout.appliers(file);
    appliers.retain(|flux| !layout.decrypts(&flux.view));
    appliers
}

/// Adds the change of the file whose container gets a Secret.
fn push_uses<'s>(
    plan: &mut Plan,
    secret: Used<'_>,
    reader: &Reader,
    (app, layout): (&App<'s>, &Layout<'s>),
) -> Result<(), Error> {
    if reader.uses.is_empty() {
        return Ok(());
    }
    let (path, edited) = uses::add(layout, app, secret, reader)?;
    push_edited(plan, layout.snapshot(), path, edited)
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
