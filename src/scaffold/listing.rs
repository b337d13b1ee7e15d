//! The entry of the new file in `resources` of the app's kustomize file, near other Secrets.

use std::path::Path;

use super::Error;
use crate::document::{Document, Edits};
use crate::kube::kustomization::Kustomization;
use crate::kube::objects;
use crate::repo::Snapshot;

/// The kustomize file with the entry; `None` where it has it already.
pub(super) fn add(
    snapshot: &Snapshot,
    kustomization: &Path,
    file: &Path,
) -> Result<Option<Document>, Error> {
    let directory = kustomization.parent().unwrap_or(Path::new(""));
    let name = file.strip_prefix(directory).unwrap_or(file).to_string_lossy();
    let is_secret = |entry: &str| {
        let document = snapshot.document(&directory.join(entry));
        document.is_ok_and(|document| objects(document).iter().any(|o| o.is("", "Secret")))
    };
    let document = snapshot.document(kustomization)?;
    let mut edits = Edits::new(document);
    let listed = Kustomization::of(document).list(&name, &is_secret, &mut edits);
    let edited = listed.and_then(|()| match edits.is_empty() {
        true => Ok(None),
        false => edits.apply().map(Some),
    });
    edited.map_err(|source| Error::Edit { path: kustomization.to_owned(), source })
}
