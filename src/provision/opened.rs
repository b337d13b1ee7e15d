//! Secrets with their values: decrypted in memory, nowhere else.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Error, Means};
use crate::document::{Document, EditError, Edits};
use crate::keys::Identities;
use crate::kube::objects;
use crate::repo::Snapshot;
use crate::secret::Secret;
use crate::sops::file::{EncryptedFile, Unlocked};

/// A decrypted file.
pub(super) struct Opened<'s> {
    /// The file with its data key.
    pub(super) unlocked: Unlocked<'s>,
    /// Its content.
    plain: Document,
}

/// Decrypts a file. One that is not encrypted is refused: what is in it is known to more people than it
/// should be, and nothing may be added to it.
pub(super) fn open<'s>(
    snapshot: &'s Snapshot,
    file: &Path,
    identities: &Identities,
) -> Result<Opened<'s>, Error> {
    open_document(snapshot.document(file)?, file, identities)
}

/// The same for a file whose content is no longer that of the repository.
pub(super) fn open_document<'d>(
    document: &'d Document,
    file: &Path,
    identities: &Identities,
) -> Result<Opened<'d>, Error> {
    let encrypted = EncryptedFile::open(document).map_err(Error::sops(file))?;
    let encrypted = encrypted.ok_or_else(|| Error::NotEncrypted { path: file.to_owned() })?;
    let unlocked = encrypted.unlock(identities).map_err(Error::sops(file))?;
    let plain = unlocked.decrypt().map_err(Error::sops(file))?;
    Ok(Opened { unlocked, plain })
}

impl Opened<'_> {
    /// The file without some keys, each of a Secret by its name, and without what would be empty then.
    pub(super) fn without(
        &self,
        keys: &[(&str, String)],
        file: &Path,
        means: &mut Means<'_>,
    ) -> Result<Document, Error> {
        let mut edited: Option<Document> = None;
        for (secret, key) in keys {
            let document = edited.as_ref().unwrap_or(&self.plain);
            let mut edits = Edits::new(document);
            let found = objects(document);
            let found = found.iter().find(|o| o.is("", "Secret") && o.name() == Some(*secret));
            for block in ["data", "stringData"] {
                if let Some(value) = found.and_then(|object| object.at(&[block, key])) {
                    edits.remove_whole(value).map_err(Error::edit(file))?;
                }
            }
            edited = Some(edits.apply().map_err(Error::edit(file))?);
        }
        let edited = edited.as_ref().unwrap_or(&self.plain);
        let sealed = self.unlocked.encrypt_again(edited, means.now, means.random);
        sealed.map_err(Error::sops(file))
    }

    /// The file with its plain content edited; what did not change keeps its bytes.
    pub(super) fn edited(
        &self,
        file: &Path,
        edit: impl FnOnce(&Document, &mut Edits<'_>) -> Result<(), EditError>,
        means: &mut Means<'_>,
    ) -> Result<Document, Error> {
        let mut edits = Edits::new(&self.plain);
        edit(&self.plain, &mut edits).map_err(Error::edit(file))?;
        let plain = edits.apply().map_err(Error::edit(file))?;
        let changed = self.unlocked.encrypt_again(&plain, means.now, means.random);
        changed.map_err(Error::sops(file))
    }

    /// Keys and values of a Secret in the order of the file; under `data` without their base64.
    pub(super) fn values(&self, secret: &str) -> Vec<(String, Secret)> {
        let mut values = Vec::new();
        let found = objects(&self.plain);
        let found = found.iter().find(|o| o.is("", "Secret") && o.name() == Some(secret));
        for (block, encoded) in [("data", true), ("stringData", false)] {
            let Some(mapping) = found.and_then(|object| object.at(&[block])) else { continue };
            for (key, value) in self.plain.entries(self.plain.target(mapping)) {
                let (Some(key), Some(text)) = (self.plain.text(key), self.plain.text(value)) else {
                    continue;
                };
                let value = if encoded {
                    let packed: Zeroizing<String> =
                        Zeroizing::new(text.split_ascii_whitespace().collect());
                    match STANDARD.decode(packed.as_bytes()) {
                        Ok(bytes) => Secret::new(bytes),
                        Err(_) => continue,
                    }
                } else {
                    Secret::from(text.to_owned())
                };
                values.push((key.to_owned(), value));
            }
        }
        values
    }
}
