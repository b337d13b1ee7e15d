//! Refusals: why nothing was planned.

use std::path::{Path, PathBuf};

use super::password::PasswordError;
use crate::document::{EditError, ParseError};
use crate::layout::{self, Stored, quoted};
use crate::{repo, sops, txn};

/// Why a database is not provisioned. Nothing was changed, and no secret is in here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The app connects as another role already.
    #[error("{}: `{key}` connects to the Cluster as another role than `{role}`", path.display())]
    AnotherRole {
        /// The app's secret.
        path: PathBuf,
        /// The key of the URL.
        key: String,
        /// The role that was expected.
        role: String,
    },
    /// The operator makes a role and a database of that name for the Cluster itself.
    #[error("{}: `{identifier}` is the Cluster's own application database or its owner", path.display())]
    Bootstrap {
        /// The file of the Cluster.
        path: PathBuf,
        /// The identifier.
        identifier: String,
    },
    /// Several Clusters.
    #[error("there are {} `postgresql.cnpg.io` Clusters: {}", paths.len(), quoted(paths))]
    ClusterAmbiguous {
        /// Files of the Clusters.
        paths: Vec<PathBuf>,
        /// By what each can be chosen, in the same order.
        names: Vec<String>,
    },
    /// No Cluster.
    #[error("no `postgresql.cnpg.io/v1` Cluster in this repository{}", instead(found))]
    ClusterMissing {
        /// What runs PostgreSQL instead: kind, name and file.
        found: Vec<(String, String, PathBuf)>,
    },
    /// No Cluster of the name that was given.
    #[error("there is no Cluster `{name}`; found: {}", found.join(", "))]
    ClusterUnknown {
        /// As it was given.
        name: String,
        /// The Clusters that there are.
        found: Vec<String>,
    },
    /// Databases come by a component, which takes its password from elsewhere.
    #[error("apps of this repository get their databases by a component")]
    ByComponent,
    /// The component makes a Go template of the app's name.
    #[error(
        "`{app}` has a hyphen, which the database component cannot take: it is a part of a template"
    )]
    ComponentHyphen {
        /// The app.
        app: String,
    },
    /// Something belongs where no edit reaches.
    #[error("{}: {reason}", path.display())]
    ByHand {
        /// The file that somebody has to change.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What is to be added; no secrets.
        additions: Vec<Addition>,
    },
    /// A chart makes the Cluster.
    #[error(
        "{}: the Cluster is made by the chart of the HelmRelease `{release}`, whose values are not edited",
        path.display()
    )]
    ClusterFromChart {
        /// The file of the HelmRelease.
        path: PathBuf,
        /// Its name.
        release: String,
        /// What is to be added, where the app is known.
        additions: Vec<Addition>,
    },
    /// A component was chosen, but there is none.
    #[error(
        "no kustomize component of this repository makes a database's credentials from `${{APP}}`"
    )]
    ComponentMissing,
    /// A database of that name belongs to somebody else, or is being dropped.
    #[error("{}: the database `{database}` is declared for something else: {reason}", path.display())]
    DatabaseTaken {
        /// The file of the Database.
        path: PathBuf,
        /// The database.
        database: String,
        /// What does not fit.
        reason: &'static str,
    },
    /// A file cannot be changed without changing something else in it.
    #[error("{}:{source}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: EditError,
    },
    /// The password stands in a longer value, where the signs of the new one could mean something.
    #[error(
        "{}{}: the password is a part of a longer value, in which only letters, digits and `-._~` are safe",
        path.display(), behind(route)
    )]
    Embedded {
        /// The file.
        path: PathBuf,
        /// The value; empty where the file has only one.
        route: String,
    },
    /// A file of several documents that SOPS does not read.
    #[error("{}: a later document is encrypted, the first one is not", path.display())]
    EncryptedInPart {
        /// The file.
        path: PathBuf,
    },
    /// A file that would be made is there already.
    #[error("{}: exists, but does not hold what belongs there", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// The name cannot be a Kubernetes name.
    #[error("`{app}` is not an RFC 1123 name: lower-case letters, digits and `-`")]
    InvalidName {
        /// The name.
        app: String,
    },
    /// The key for the URL has another value already.
    #[error("{}: `{key}` is there and is not a URL to the Cluster", path.display())]
    KeyTaken {
        /// The app's secret.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// The repository's layout cannot be read.
    #[error(transparent)]
    Layout(#[from] layout::Error),
    /// The app has a URL of another database, so the key of the next one cannot be concluded.
    #[error("{}: `{key}` is the URL of another database of the app", path.display())]
    KeyNeeded {
        /// The app's secret.
        path: PathBuf,
        /// The key of that URL.
        key: String,
    },
    /// Neither the Cluster nor anything around it names a namespace.
    #[error("{}: the namespace of the Cluster is not known", path.display())]
    NamespaceUnknown {
        /// The file of the Cluster.
        path: PathBuf,
    },
    /// No creation rule says for whom to encrypt.
    #[error("{}: no creation rule covers this path", path.display())]
    NoRule {
        /// The file that was to be made.
        path: PathBuf,
    },
    /// The app has no Flux Kustomization that could include a component.
    #[error("the app `{app}` has no Flux Kustomization of its own to include the component")]
    NoFlux {
        /// The app.
        app: String,
    },
    /// A Secret with a password that is not encrypted.
    #[error("{}: is not encrypted", path.display())]
    NotEncrypted {
        /// The file.
        path: PathBuf,
    },
    /// An entry of the managed roles cannot become an object without losing something.
    #[error("{}: the entry of the role `{role}` cannot be carried over: {reason}", path.display())]
    NotCarried {
        /// The file of the entry.
        path: PathBuf,
        /// The role.
        role: String,
        /// What would be lost.
        reason: &'static str,
    },
    /// The selection of the file or of the rule leaves the new value in the clear.
    #[error("{}: `{route}` would not be encrypted", path.display())]
    NotSelected {
        /// The file.
        path: PathBuf,
        /// The value.
        route: String,
    },
    /// The new password would be kept nowhere but in a verifier.
    #[error("{}: holds a verifier alone, so nobody would know the new password", path.display())]
    NobodyKnows {
        /// The file of the role's Secret.
        path: PathBuf,
    },
    /// Only a hash of the password is known.
    #[error(
        "{}: holds a hash, and no secret of the repository has the password of `{role}`",
        path.display()
    )]
    OldPasswordUnknown {
        /// The file of the role's Secret.
        path: PathBuf,
        /// The role.
        role: String,
    },
    /// What was given as the old password is another one.
    #[error("{}: has another password than the one that was given as the old one", path.display())]
    OldPasswordWrong {
        /// The file of the role's Secret.
        path: PathBuf,
    },
    /// A file does not read as a document.
    #[error("{}:{source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: ParseError,
    },
    /// The given password cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The operator does not know the objects that were chosen.
    #[error("{}: {version} of the operator does not know `DatabaseRole`, which came with 1.30", path.display())]
    OperatorTooOld {
        /// The file that shows the version.
        path: PathBuf,
        /// The version.
        version: String,
    },
    /// A password was given, but the role has another one already.
    #[error("{}: there is a password already, and it is another one", path.display())]
    PasswordExists {
        /// Where it is.
        path: PathBuf,
    },
    /// Two changes of one file.
    #[error(transparent)]
    Plan(#[from] txn::Error),
    /// A file cannot be read.
    #[error(transparent)]
    Repository(#[from] repo::Error),
    /// A file that goes would have to be changed as well.
    #[error("{}: is to be removed and changed at once", path.display())]
    Removed {
        /// The file.
        path: PathBuf,
    },
    /// PostgreSQL or the operator keeps the name.
    #[error("`{app}` becomes the {what} `{identifier}`, which is reserved")]
    Reserved {
        /// The app.
        app: String,
        /// Its identifier in PostgreSQL.
        identifier: String,
        /// Of what it is a reserved name.
        what: &'static str,
    },
    /// Some roles have hyphens, others underscores, and the app's name has one of them.
    #[error(
        "the role of `{app}` may be `{}`: there are roles with `-` and with `_` in {}",
        candidates.join("` or `"), quoted(paths)
    )]
    RoleAmbiguous {
        /// The app.
        app: String,
        /// What the role may be called.
        candidates: Vec<String>,
        /// Files of the roles that show it.
        paths: Vec<PathBuf>,
    },
    /// The role exists and is not the app's.
    #[error("{}: the role `{role}` is there for something else: {reason}", path.display())]
    RoleTaken {
        /// The file of the role.
        path: PathBuf,
        /// The role.
        role: String,
        /// What does not fit.
        reason: &'static str,
    },
    /// A role that was named is not declared for the Cluster.
    #[error("{}: there is no role `{role}` in the Cluster{}", path.display(), among(found))]
    RoleUnknown {
        /// The file of the Cluster.
        path: PathBuf,
        /// The role.
        role: String,
        /// The roles that there are.
        found: Vec<String>,
    },
    /// There is no such role.
    #[error("{}: the Cluster has no role `{role}`", path.display())]
    RoleMissing {
        /// The file of the Cluster.
        path: PathBuf,
        /// The role.
        role: String,
    },
    /// The Secret of the role is not in the repository.
    #[error("the Secret `{name}` of the role `{role}` is not in this repository")]
    RoleSecretMissing {
        /// The Secret.
        name: String,
        /// The role.
        role: String,
    },
    /// The Secret of the role lacks a key or is that of another role.
    #[error("{}: {reason}", path.display())]
    RoleSecret {
        /// Its file.
        path: PathBuf,
        /// What does not fit.
        reason: &'static str,
    },
    /// The app has several Secrets, and none is the obvious one.
    #[error("the app `{app}` has {} Secrets: {}", paths.len(), quoted(paths))]
    SecretAmbiguous {
        /// The app.
        app: String,
        /// Their files.
        paths: Vec<PathBuf>,
        /// Their names, in the same order.
        names: Vec<String>,
    },
    /// The app has no Secret for the URL.
    #[error("{}: the app `{app}` has no Secret for the URL", path.display())]
    SecretMissing {
        /// The app.
        app: String,
        /// Its directory.
        path: PathBuf,
    },
    /// The app has no Secret of the name that was given.
    #[error("the app `{app}` has no Secret `{name}`{}", among(found))]
    SecretUnknown {
        /// The app.
        app: String,
        /// The name.
        name: String,
        /// The names that there are.
        found: Vec<String>,
    },
    /// The Secret is not the first document of its file, or an item of a list.
    #[error("{}: the Secret is not the first document of the file", path.display())]
    SecretNotFirst {
        /// The file.
        path: PathBuf,
    },
    /// An encrypted file has more in it than what is to go.
    #[error("{}: has other documents besides the one that is to be removed", path.display())]
    SharedFile {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be decrypted or encrypted.
    #[error("{}: {source}", path.display())]
    Sops {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sops::file::Error,
    },
    /// The password is in an external store.
    #[error("the password of `{app}` is not in this repository, but in {}", listed(places))]
    Stored {
        /// The app.
        app: String,
        /// Where it is.
        places: Vec<Stored>,
    },
    /// Encrypted files that may hold the password cannot be read.
    #[error("{} of the encrypted files, which may hold the password, cannot be read: {}", errors.len(), listed(errors))]
    Unread {
        /// Why, one by one.
        errors: Vec<Error>,
    },
    /// Somebody else connects as the role.
    #[error("{}: `{key}` connects as the role `{role}`, too", path.display())]
    StillUsed {
        /// The file of a Secret that is not the app's.
        path: PathBuf,
        /// The key.
        key: String,
        /// The role.
        role: String,
    },
    /// What is to stay would be dropped.
    #[error("{}: `{key}` of `{name}` drops what is to be kept", path.display())]
    WouldDrop {
        /// The file.
        path: PathBuf,
        /// The database or role.
        name: String,
        /// The field that makes the operator drop it.
        key: &'static str,
    },
    /// A creation rule cannot be used.
    #[error("{}:{source}", path.display())]
    Rule {
        /// The configuration.
        path: PathBuf,
        /// Where and why.
        source: sops::rules::Error,
    },
    /// A name that PostgreSQL does not take.
    #[error("`{name}` is no name for a {what} in PostgreSQL")]
    Unusable {
        /// The name.
        name: String,
        /// Of what.
        what: &'static str,
    },
    /// The identifier is longer than PostgreSQL keeps.
    #[error("`{app}` becomes an identifier of {length} bytes; PostgreSQL keeps 63")]
    TooLong {
        /// The app.
        app: String,
        /// Length of the identifier in bytes.
        length: usize,
    },
}

/// Something to add by hand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Addition {
    /// To what: `spec.values.databases`.
    pub(crate) to: String,
    /// What, in lines.
    pub(crate) text: String,
}

impl Error {
    /// The file that cannot be read.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Error::EncryptedInPart { path }
            | Error::Parse { path, .. }
            | Error::Sops { path, .. } => Some(path),
            Error::Repository(repo::Error::Read { path, .. } | repo::Error::Parse { path, .. }) => {
                Some(path)
            }
            _ => None,
        }
    }

    /// For `map_err`: a refused edit of that file.
    pub(super) fn edit(path: &Path) -> impl FnOnce(EditError) -> Error + '_ {
        |source| Error::Edit { path: path.to_owned(), source }
    }

    /// For `map_err`: a file that cannot be decrypted or encrypted.
    pub(super) fn sops(path: &Path) -> impl FnOnce(sops::file::Error) -> Error + '_ {
        |source| Error::Sops { path: path.to_owned(), source }
    }
}

fn among(found: &[String]) -> String {
    match found.is_empty() {
        true => String::new(),
        false => format!("; found: {}", found.join(", ")),
    }
}

/// `: route`, where there is one.
fn behind(route: &str) -> String {
    if route.is_empty() { String::new() } else { format!(": `{route}`") }
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("; ")
}

fn instead(found: &[(String, String, PathBuf)]) -> String {
    let names: Vec<_> = found
        .iter()
        .map(|(kind, name, path)| format!("the {kind} `{name}` in `{}`", path.display()))
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("; found instead: {}", names.join(", ")),
    }
}
