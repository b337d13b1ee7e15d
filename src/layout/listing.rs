//! Which kustomize file lists which file or directory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use crate::kube::kustomization::{Kustomization, is_kustomization, joined};
use crate::repo::{self, Snapshot, is_json};

/// The entries of all kustomize files.
#[derive(Default)]
pub(super) struct Listing<'s> {
    /// The kustomize file of each directory that has one.
    of_directory: BTreeMap<&'s Path, (&'s Path, Kustomization<'s>)>,
    /// Listed file or directory → the kustomize files that list it.
    listed: BTreeMap<PathBuf, Vec<&'s Path>>,
    /// Files that hold patches.
    patches: BTreeSet<PathBuf>,
    /// All files of the repository: an entry that is none of them is a directory.
    files: BTreeSet<&'s Path>,
}

impl<'s> Listing<'s> {
    /// Reads all kustomize files; those that are not documents are reported.
    pub(super) fn read(snapshot: &'s Snapshot, unreadable: &mut Vec<repo::Error>) -> Self {
        let mut listing = Listing { files: snapshot.paths().collect(), ..Listing::default() };
        for file in snapshot.manifests().filter(|file| is_kustomization(file)) {
            match snapshot.document(file) {
                Ok(document) => listing.add(file, Kustomization::of(document)),
                Err(error) => unreadable.push(error),
            }
        }
        listing
    }

    /// The kustomize file of a directory.
    pub(super) fn file_of(&self, directory: &Path) -> Option<&'s Path> {
        self.of_directory.get(directory).map(|(file, _)| *file)
    }

    /// Directories and their kustomize files.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'s Path, &'s Path)> {
        self.of_directory.iter().map(|(directory, (file, _))| (*directory, *file))
    }

    /// The content of a kustomize file.
    pub(super) fn view(&self, file: &Path) -> Option<Kustomization<'s>> {
        self.of_directory.get(file.parent()?).map(|(_, view)| *view)
    }

    /// The JSON files among the resources.
    pub(super) fn json(&self) -> impl Iterator<Item = &'s Path> {
        let json = self.listed.keys().filter(|path| is_json(path));
        json.filter_map(|path| self.files.get(path.as_path()).copied())
    }

    /// The kustomize file that lists a file: the one beside it before others.
    pub(super) fn listed_in(&self, file: &Path) -> Option<&'s Path> {
        let candidates = self.listed.get(file)?;
        let beside = candidates.iter().find(|candidate| candidate.parent() == file.parent());
        beside.or(candidates.first()).copied()
    }

    /// The kustomize files that list a file or directory, those for which it is a patch included.
    pub(super) fn listers(&self, path: &Path) -> Vec<&'s Path> {
        let mut listers = self.listed.get(path).cloned().unwrap_or_default();
        let patched = self.of_directory.iter().filter(|(directory, (_, view))| {
            view.patch_files().iter().any(|entry| joined(directory, entry).as_deref() == Some(path))
        });
        listers.extend(patched.map(|(_, (file, _))| *file));
        listers
    }

    /// Whether a file is a patch.
    pub(super) fn is_patch(&self, file: &Path) -> bool {
        self.patches.contains(file)
    }

    /// The files that are built from a directory: what its kustomize file lists, and so on.
    pub(super) fn members(&self, directory: &Path) -> Vec<&'s Path> {
        self.built(directory.to_owned(), false)
    }

    /// The same, if wanted with what components add.
    pub(super) fn built(&self, directory: PathBuf, with_components: bool) -> Vec<&'s Path> {
        let mut open = VecDeque::from([directory]);
        let mut seen = BTreeSet::new();
        let mut members = Vec::new();
        while let Some(directory) = open.pop_front() {
            let Some((file, view)) = self.of_directory.get(directory.as_path()) else { continue };
            if !seen.insert(*file) {
                continue;
            }
            let resources = view.resources().into_iter().map(|(_, entry)| entry);
            let components = view.components().into_iter().filter(|_| with_components);
            for entry in resources.chain(components) {
                let Some(path) = joined(&directory, entry) else { continue };
                match self.files.get(path.as_path()) {
                    Some(file) => members.push(*file),
                    None => open.push_back(path),
                }
            }
        }
        members
    }

    /// Whether there is such a file, or a directory with one.
    pub(super) fn exists(&self, path: &Path) -> bool {
        let mut from = self.files.range(path..);
        path.as_os_str().is_empty() || from.next().is_some_and(|file| file.starts_with(path))
    }

    /// Whether there is such a file.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        self.files.contains(path)
    }

    /// Directory and kustomize file of each component.
    pub(super) fn components(&self) -> Vec<(&'s Path, &'s Path)> {
        let all = self.of_directory.iter().filter(|(_, (_, view))| view.is_component());
        all.map(|(directory, (file, _))| (*directory, *file)).collect()
    }

    /// The directories from which a file is built, nearest first. Without kustomize files Flux takes
    /// whatever is below its path.
    pub(super) fn directories_above(&self, file: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = VecDeque::from([file.to_owned()]);
        while let Some(path) = open.pop_front() {
            for lister in self.listed.get(&path).into_iter().flatten() {
                let directory = lister.parent().unwrap_or(Path::new("")).to_owned();
                if !found.contains(&directory) {
                    found.push(directory.clone());
                    open.push_back(directory);
                }
            }
        }
        if found.is_empty() {
            let plain = file.ancestors().skip(1);
            let plain = plain.take_while(|directory| !self.of_directory.contains_key(directory));
            found.extend(plain.map(Path::to_owned));
        }
        found
    }

    fn add(&mut self, file: &'s Path, view: Kustomization<'s>) {
        let directory = file.parent().unwrap_or(Path::new(""));
        self.of_directory.insert(directory, (file, view));
        for (_, entry) in view.resources() {
            if let Some(path) = joined(directory, entry) {
                self.listed.entry(path).or_default().push(file);
            }
        }
        self.patches.extend(view.patch_files().iter().filter_map(|entry| joined(directory, entry)));
    }
}
