//! An encrypted file: open, decrypt, set, close.

use super::metadata::Metadata;
use super::selection::Selection;
use crate::document::{Document, NodeId};
use crate::keys::{Identities, Recipient};
use crate::secret::RandomSource;

/// Why a file cannot be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Placeholder until the room is built.
    #[error("not a SOPS file")]
    NotEncrypted,
}

/// How a file is to be encrypted.
pub struct Encryption<'e> {
    /// Who can read the file.
    pub recipients: &'e [Recipient],
    /// Which values are encrypted.
    pub selection: &'e Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Columns per level of the metadata block.
    pub indent: usize,
    /// The time, RFC 3339 in UTC with seconds: `2031-01-02T03:04:05Z`.
    pub now: &'e str,
}

/// Encrypts a plain document.
pub fn encrypt(
    _document: &Document,
    _how: &Encryption<'_>,
    _random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    unimplemented!()
}

/// The plain, non-empty values that a selection picks, in order; in a SOPS file those that should have been
/// encrypted.
pub fn plain_leaves(_document: &Document, _selection: &Selection) -> Vec<NodeId> {
    unimplemented!()
}

/// A file with metadata.
pub struct EncryptedFile<'d> {
    document: &'d Document,
    metadata: Metadata,
}

impl<'d> EncryptedFile<'d> {
    /// Reads the metadata; `None` for a plain document.
    pub fn open(_document: &'d Document) -> Result<Option<Self>, Error> {
        unimplemented!()
    }

    /// Recipients, selection, time and version.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Unwraps the data key.
    pub fn unlock(self, _identities: &Identities) -> Result<Unlocked<'d>, Error> {
        let _ = self.document;
        unimplemented!()
    }
}

/// An encrypted file with its data key.
pub struct Unlocked<'d> {
    file: EncryptedFile<'d>,
}

impl Unlocked<'_> {
    /// The plain document; refused if a value or the MAC does not verify.
    pub fn decrypt(&self) -> Result<Document, Error> {
        let _ = &self.file;
        unimplemented!()
    }

    /// Adds or replaces strings in the first document, each by the keys that lead to it
    /// (`["stringData", "DATABASE_URL"]`); missing mappings on the way are made. The value is encrypted where
    /// the file's selection says so. Everything else keeps its bytes, but MAC and time.
    pub fn set(
        &self,
        _values: &[(&[&str], &str)],
        _now: &str,
        _random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        unimplemented!()
    }
}
