//! The entry of the new file in `resources` of a kustomize file, near other Secrets and what makes them.

use std::path::{Path, PathBuf};

use super::Error;
use crate::document::{Document, Edits};
use crate::kube::kustomization::Kustomization;
use crate::kube::objects;
use crate::kube::secret::is_reference;
use crate::layout::{App, Layout};
use crate::repo::Snapshot;

/// Which kustomize file lists a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListIn {
    /// That of the app, if it has one.
    App,
    /// This one, relative to the root.
    File(PathBuf),
    /// None: whoever made it lists it, or nothing does.
    Nowhere,
}

impl ListIn {
    /// The kustomize file. Refused is one that is not there, and one that is not above the app: kustomize takes files
    /// from its own directory and from below it only (`LoadRestrictionsRootOnly`, its default).
    pub(super) fn of<'s>(
        &self,
        layout: &Layout<'s>,
        app: &App<'s>,
    ) -> Result<Option<&'s Path>, Error> {
        match self {
            ListIn::App => Ok(app.kustomization),
            ListIn::Nowhere => Ok(None),
            ListIn::File(wanted) => {
                let all = lists(layout, app);
                let found = all.iter().find(|path| *path == wanted).copied();
                let candidates = || all.iter().map(|path| path.to_path_buf()).collect();
                let unknown =
                    || Error::UnknownList { path: wanted.clone(), candidates: candidates() };
                found.ok_or_else(unknown).map(Some)
            }
        }
    }
}

/// The kustomize files that can list a file of an app: that of its directory, then those above it.
pub(crate) fn lists<'s>(layout: &Layout<'s>, app: &App<'s>) -> Vec<&'s Path> {
    let files =
        app.directory.ancestors().filter_map(|directory| layout.kustomize_file_of(directory));
    files.collect()
}

/// The kustomize file with the entry; `None` where it has it already.
pub(crate) fn add(
    snapshot: &Snapshot,
    kustomization: &Path,
    file: &Path,
) -> Result<Option<Document>, Error> {
    let directory = kustomization.parent().unwrap_or(Path::new(""));
    let name = file.strip_prefix(directory).unwrap_or(file).to_string_lossy();
    let is_secret = |entry: &str| {
        let document = snapshot.document(&directory.join(entry));
        let holds_one = |document| {
            objects(document).iter().any(|object| object.is("", "Secret") || is_reference(object))
        };
        document.is_ok_and(holds_one)
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
