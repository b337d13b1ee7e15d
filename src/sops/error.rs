//! Why files cannot be encrypted or decrypted.

use super::group::Foreign;
use super::walk::Obstacle;
use super::{cipher, metadata, plaintext, shamir, token};
use crate::document::{Document, EditError, Position, Route, ValueError};
use crate::keys;

/// Why a file cannot be encrypted, decrypted or changed. Nothing here quotes a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document has a `sops` key already.
    #[error("{0}: already encrypted: there is a `sops` key")]
    AlreadyEncrypted(Position),
    /// An alias stands where the values behind it would have to be encrypted anew, or outside of the
    /// selection for a value inside of it.
    #[error("{0}: an alias connects encrypted and plain values; write the value out")]
    Alias(Position),
    /// The edit is not possible.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// There is nothing to encrypt in.
    #[error("the file is empty: there is no document to encrypt")]
    Empty,
    /// A key that is not a string; SOPS refuses it.
    #[error("{0}: the key is not a string; quote it")]
    Key(Position),
    /// The data key cannot be wrapped or unwrapped.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// What was unwrapped is no data key.
    #[error(transparent)]
    DataKey(cipher::Error),
    /// The data key would have to be wrapped for a master key of another kind than age.
    #[error("the data key cannot be wrapped for the `{}` master key `{}`: only age is supported", .0.kind, .0.name)]
    Foreign(Foreign),
    /// Only master keys of other kinds can unwrap the data key.
    #[error("the data key is wrapped for the `{}` master key `{}`, not for age", .0.kind, .0.name)]
    ForeignAlone(Foreign),
    /// The MAC cannot be read with the data key.
    #[error("the MAC cannot be decrypted: {0}")]
    MacUnreadable(String),
    /// The values are not those that the MAC was made for.
    #[error("MAC does not match: a value was added, removed or changed by hand")]
    MacMismatch,
    /// There is no MAC.
    #[error("there is no MAC: `sops.mac` is missing or empty")]
    MacMissing,
    /// The `sops` mapping cannot be used.
    #[error(transparent)]
    Metadata(#[from] metadata::Error),
    /// Nobody could read the file.
    #[error("no recipients: nobody could decrypt the file")]
    NoRecipients,
    /// The file is not one that holds bytes.
    #[error("not a binary file: there is no text `data` at the top")]
    NotBinary,
    /// Too few of the key groups could be opened.
    #[error(
        "only {recovered} of the {needed} key groups that are needed could be opened: {}",
        listed(missing)
    )]
    Parts {
        /// How many could.
        recovered: usize,
        /// How many there are.
        all: usize,
        /// How many are needed.
        needed: usize,
        /// The groups that could not, by index, and why.
        missing: Vec<(usize, NotOpened)>,
    },
    /// A plain value where the selection wants an encrypted one.
    #[error("{position}: `{route}` is not encrypted, though the file's selection picks it")]
    Plain {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
    },
    /// A root that is a sequence or a scalar.
    #[error("{0}: the document is not a mapping")]
    Root(Position),
    /// Aliases that stand for too many values.
    #[error("{0}: aliases multiply to more than a million values")]
    TooManyAliases(Position),
    /// The data key cannot be split or combined.
    #[error(transparent)]
    Shamir(#[from] shamir::Error),
    /// A value token in a file without `sops` mapping.
    #[error("{position}: `{route}` holds a value token of another file")]
    StrayToken {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
    },
    /// A token that does not decrypt.
    #[error("{position}: `{route}`: {source}")]
    Token {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
        /// Why.
        source: TokenError,
    },
    /// A scalar that has no value, such as `!!int x`.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// Why a token does not decrypt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its ciphertext does not authenticate, or its fields have wrong lengths.
    #[error(transparent)]
    Cipher(#[from] cipher::Error),
    /// Its bytes are not of its type.
    #[error(transparent)]
    Plaintext(#[from] plaintext::Error),
    /// It is damaged.
    #[error(transparent)]
    Text(#[from] token::Error),
}

/// Why a key group could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// It has no age recipient.
    #[error("only `{}` master keys", .0.kind)]
    Foreign(Foreign),
    /// No identity unwraps its share.
    #[error(transparent)]
    Keys(#[from] keys::Error),
}

/// `group 1: …; group 3: …`, counted from 1.
fn listed(missing: &[(usize, NotOpened)]) -> String {
    let group = |(index, why): &(usize, NotOpened)| format!("group {}: {why}", index + 1);
    missing.iter().map(group).collect::<Vec<_>>().join("; ")
}

/// What stops a walk: an obstacle has no place yet.
pub(super) enum Fault {
    Obstacle(Obstacle),
    Error(Error),
}

impl Fault {
    pub(super) fn at(self, document: &Document) -> Error {
        match self {
            Fault::Obstacle(Obstacle::Key(id)) => Error::Key(document.position_of(id)),
            Fault::Obstacle(Obstacle::Root(id)) => Error::Root(document.position_of(id)),
            Fault::Obstacle(Obstacle::Aliases(id)) => {
                Error::TooManyAliases(document.position_of(id))
            }
            Fault::Error(error) => error,
        }
    }
}

impl From<Obstacle> for Fault {
    fn from(obstacle: Obstacle) -> Self {
        Fault::Obstacle(obstacle)
    }
}

impl<E: Into<Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Error(error.into())
    }
}
