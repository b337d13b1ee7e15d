//! A file of a Secret, decrypted in memory.

use std::path::Path;

use super::{Error, Means, Target};
use crate::document::{Document, EditError, Edits, NodeId};
use crate::keys::Identities;
use crate::kube::objects;
use crate::kube::secret::SecretObject;
use crate::repo::Snapshot;
use crate::sops::file::{EncryptedFile, Unlocked};

/// A file with its data key.
pub(super) struct Opened<'s> {
    /// The file.
    unlocked: Unlocked<'s>,
    /// Its content.
    pub(super) plain: Document,
}

/// Decrypts the file of a Secret; one in plain text is refused.
pub(super) fn open<'s>(target: &Target<'s>, identities: &Identities) -> Result<Opened<'s>, Error> {
    let path = target.file();
    let document = target.site.object.document;
    match open_document(document, path, identities)? {
        Some(opened) => Ok(opened),
        None => {
            let name = target.name().to_owned();
            Err(Error::NotEncrypted { path: path.to_owned(), name })
        }
    }
}

/// Decrypts a file; `None` where it is not encrypted.
pub(super) fn open_document<'s>(
    document: &'s Document,
    path: &Path,
    identities: &Identities,
) -> Result<Option<Opened<'s>>, Error> {
    let Some(file) = EncryptedFile::open(document).map_err(Error::sops(path))? else {
        return Ok(None);
    };
    let unlocked = file.unlock(identities).map_err(Error::sops(path))?;
    let plain = unlocked.decrypt().map_err(Error::sops(path))?;
    Ok(Some(Opened { unlocked, plain }))
}

impl Opened<'_> {
    /// The file with another plain content; what did not change keeps its bytes.
    pub(super) fn sealed(
        &self,
        plain: &Document,
        path: &Path,
        means: &mut Means<'_>,
    ) -> Result<Document, Error> {
        let sealed = self.unlocked.encrypt_again(plain, means.now, means.random);
        sealed.map_err(Error::sops(path))
    }
}

/// The Secret of this number among the objects of a document, which may be that of a target once it is decrypted.
pub(super) fn secret_at(document: &Document, position: usize) -> SecretObject<'_> {
    let object = objects(document).into_iter().nth(position);
    SecretObject { object: object.expect("no edit adds or removes objects") }
}

/// A file with edits; encrypted again where it is encrypted.
pub(super) fn edited(
    snapshot: &Snapshot,
    path: &Path,
    means: &mut Means<'_>,
    edit: impl Fn(&Document, &mut Edits<'_>) -> Result<(), EditError>,
) -> Result<Document, Error> {
    let document = snapshot.document(path)?;
    let apply = |document: &Document| {
        let mut edits = Edits::new(document);
        edit(document, &mut edits)?;
        edits.apply()
    };
    match open_document(document, path, means.identities)? {
        Some(opened) => {
            let plain = apply(&opened.plain).map_err(Error::edit(path))?;
            opened.sealed(&plain, path, means)
        }
        None => apply(document).map_err(Error::edit(path)),
    }
}

/// Whether a node is what an alias somewhere in the document stands for.
pub(super) fn is_aliased(document: &Document, node: NodeId) -> bool {
    let mut all = document.roots().iter().flat_map(|root| document.subtree(root.node));
    all.any(|other| other != node && document.target(other) == node)
}
