//! All files below a folder at one moment, to show afterwards what a command touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is remembered of one file. A symbolic link's content is its target.
#[derive(PartialEq)]
struct Entry {
    content: Vec<u8>,
    /// Type and permissions, as in `st_mode`.
    mode: u32,
    /// Time of the last change in seconds and nanoseconds: writing the same content is a change as well.
    modified: (i64, i64),
}

/// The files below a folder, without Git's own.
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

impl Snapshot {
    /// Reads everything below `root`.
    pub(crate) fn of(root: &Path) -> Self {
        let files = files_below(root).into_iter().filter(|path| !path.starts_with(".git"));
        Snapshot(files.map(|path| (path.clone(), entry(&root.join(path)))).collect())
    }

    /// The paths that were added, removed or touched between the two moments, in order.
    pub(crate) fn changed(&self, after: &Snapshot) -> Vec<String> {
        let paths: BTreeSet<_> = self.0.keys().chain(after.0.keys()).collect();
        let changed = paths.into_iter().filter(|path| self.0.get(*path) != after.0.get(*path));
        changed.map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// Asserts that no file was added, removed or touched, not even written with its own content.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, after: &Snapshot) {
        assert_eq!(self.changed(after), Vec::<String>::new(), "files were touched");
    }
}

fn entry(path: &Path) -> Entry {
    let metadata = fs::symlink_metadata(path).unwrap();
    let content = if metadata.is_symlink() {
        fs::read_link(path).unwrap().into_os_string().into_encoded_bytes()
    } else {
        fs::read(path).unwrap()
    };
    Entry {
        content,
        mode: metadata.permissions().mode(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

/// Every file and symbolic link below `root`, relative to it, sorted. Links are not followed.
pub(crate) fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(root).expect("it is below").to_owned());
            }
        }
    }
    found.sort();
    found
}
