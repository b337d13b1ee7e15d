//! What kustomize files name, and whether it is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Layout;
use crate::document::{Document, NodeId};
use crate::kube::kustomization::joined;

/// A file or directory that a kustomize file names.
pub(crate) struct Entry<'s> {
    /// The kustomize file, relative to the root.
    pub(crate) file: &'s Path,
    /// Its content.
    pub(crate) document: &'s Document,
    /// The list that it stands in, such as `resources`.
    pub(crate) list: &'static str,
    /// The scalar.
    pub(crate) node: NodeId,
    /// What it names, relative to the root.
    pub(crate) path: PathBuf,
    /// What is missing there.
    pub(crate) absent: Option<Absent>,
}

/// What is missing where an entry leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Absent {
    /// Everything.
    All,
    /// The directory is there, but has no kustomize file.
    KustomizeFile,
}

impl<'s> Layout<'s> {
    /// What the kustomize files of the repository name in it, in the order of the directories.
    pub(crate) fn entries(&self) -> Vec<Entry<'s>> {
        let mut found = Vec::new();
        for (directory, file) in self.listing.files() {
            let Some(view) = self.listing.view(file) else { continue };
            let Ok(document) = self.snapshot.document(file) else { continue };
            found.extend(view.named().into_iter().filter_map(|named| {
                let path = joined(directory, named.path)?;
                let absent = self.absent(&path, named.may_be_directory());
                Some(Entry { file, document, list: named.list, node: named.node, path, absent })
            }));
        }
        found
    }

    /// What is missing at a path.
    fn absent(&self, path: &Path, may_be_directory: bool) -> Option<Absent> {
        if self.listing.is_file(path) {
            return None;
        }
        match (may_be_directory, self.listing.file_of(path)) {
            (true, Some(_)) => None,
            (true, None) if self.listing.exists(path) => Some(Absent::KustomizeFile),
            _ => Some(Absent::All),
        }
    }

    /// The kustomize files that Flux reads, as far as the repository shows: those that its Kustomizations lead to. All of
    /// them where there is no Kustomization. What is only used by hand, or put aside, is not among them.
    pub(crate) fn built_by_flux(&self) -> BTreeSet<&'s Path> {
        let all = || self.listing.files();
        if self.flux.is_empty() {
            return all().map(|(_, file)| file).collect();
        }
        let mut open: Vec<PathBuf> = Vec::new();
        for found in &self.flux {
            let Some(directory) = found.view.directory() else { continue };
            let components = found.view.components().into_iter();
            open.extend(components.filter_map(|entry| joined(&directory, entry)));
            if self.listing.exists(&directory) {
                // Without a kustomize file, Flux takes those of all directories below.
                let is_plain = self.is_plain(&directory);
                let below = all().filter(|(path, _)| is_plain && path.starts_with(&directory));
                open.extend(below.map(|(path, _)| path.to_owned()));
            } else {
                // The source is a part of the repository, and the path begins there.
                let ends = all().filter(|(path, _)| path.ends_with(&directory));
                open.extend(ends.map(|(path, _)| path.to_owned()));
            }
            open.push(directory);
            // Who applies the Kustomizations themselves may be declared elsewhere.
            open.extend(found.file.parent().map(Path::to_owned));
        }
        let mut found = BTreeSet::new();
        while let Some(directory) = open.pop() {
            let Some(file) = self.listing.file_of(&directory) else { continue };
            if !found.insert(file) {
                continue;
            }
            let named = self.listing.view(file).map_or_else(Vec::new, |view| view.named());
            let named = named.iter().filter(|named| named.may_be_directory());
            open.extend(named.filter_map(|named| joined(&directory, named.path)));
        }
        found
    }

    /// Whether Flux applies a file, as far as kustomize files say: one lists it, or none is there to decide.
    pub(crate) fn is_applied(&self, file: &Path) -> bool {
        self.is_listed(file) || self.is_taken_whole(file)
    }

    /// Whether a kustomize file or a Flux Kustomization above a file speaks of something that it could add, such as a label.
    pub(crate) fn is_added_above(&self, file: &Path, text: &str) -> bool {
        let directories = self.listing.directories_above(file);
        let kustomize = directories.iter().filter_map(|directory| self.listing.file_of(directory));
        let flux = self.appliers(file).into_iter().map(|flux| flux.file);
        kustomize.chain(flux).any(|above| self.snapshot.mentions(above, &[text]))
    }

    /// Whether Flux takes whatever is in the directory of a file, because there is no kustomize file from there up to
    /// the path that it applies.
    pub(crate) fn is_taken_whole(&self, file: &Path) -> bool {
        let mut plain = file.ancestors().skip(1).take_while(|directory| self.is_plain(directory));
        plain.any(|directory| {
            self.flux.iter().any(|flux| flux.view.directory().as_deref() == Some(directory))
        })
    }

    /// Whether a directory has no kustomize file, so that Flux takes what is in it. Not the root: Flux would take `.sops.yaml`
    /// there for a manifest and fail, so that a path to the root is that of another source.
    fn is_plain(&self, directory: &Path) -> bool {
        self.listing.file_of(directory).is_none() && !directory.as_os_str().is_empty()
    }
}
