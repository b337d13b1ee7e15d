//! What a repository is to us: the files below a root, read once.
//!
//! A [`Snapshot`] lists the files when it is taken and reads and parses each on first use, so that every
//! part of a command sees the same content and a plan can state what it was made from. It writes
//! nothing. Ignored files (`.gitignore` and its like) and `.git` are left out.

mod blame;
mod head;
mod hooks;
mod objects;
mod versions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::document::{Document, ParseError, Syntax};
use crate::txn::{Change, Content, Plan};

pub(crate) use blame::{Changed, changes, is_shallow};
pub(crate) use head::committed;
pub(crate) use hooks::hooks;
pub(crate) use objects::Objects;
pub(crate) use versions::{
    Blob, Difference, GitError, Kind, every_blob, in_range, in_working_tree, range, staged,
};

/// Why a repository cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A file or directory cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Read {
        /// Relative to the root.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file is not a document.
    #[error("{}:{source}", path.display())]
    Parse {
        /// Relative to the root.
        path: PathBuf,
        /// Where and why.
        source: ParseError,
    },
}

/// The files below a root. Paths are relative to it.
pub(crate) struct Snapshot {
    root: PathBuf,
    files: BTreeMap<PathBuf, File>,
}

/// A file's content, once somebody asked for it.
#[derive(Default)]
struct File {
    bytes: OnceLock<Result<Zeroizing<Vec<u8>>, String>>,
    document: OnceLock<Result<Document, ParseError>>,
}

impl Snapshot {
    /// Lists the files below `root`: regular files and links to them.
    pub(crate) fn take(root: &Path) -> Result<Snapshot, Error> {
        let files = files_below(root, true)?;
        let files = files.into_iter().map(|path| (path, File::default())).collect();
        Ok(Snapshot { root: root.to_owned(), files })
    }

    /// The same with all manifests read at once: what changes later is not seen.
    pub(crate) fn read(root: &Path) -> Result<Snapshot, Error> {
        let snapshot = Snapshot::take(root)?;
        // What cannot be read is told when it is needed.
        snapshot.manifests().for_each(|path| drop(snapshot.bytes(path)));
        Ok(snapshot)
    }

    /// A snapshot of one file alone; of none, if it is not there.
    pub(crate) fn of_file(root: &Path, path: &Path) -> Snapshot {
        let is_there = root.join(path).is_file();
        let files = is_there.then(|| (path.to_owned(), File::default())).into_iter().collect();
        Snapshot { root: root.to_owned(), files }
    }

    /// The same after a plan: what it changes is seen as it will be.
    pub(crate) fn after(mut self, plan: &Plan) -> Snapshot {
        for change in plan.changes() {
            match &change.new {
                Some(new) => {
                    let file = File { bytes: OnceLock::from(Ok(new.clone())), ..File::default() };
                    self.files.insert(change.path.clone(), file);
                }
                None => drop(self.files.remove(&change.path)),
            }
        }
        self
    }

    /// The root directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// All files in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Whether there is such a file.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The bytes of a file, read on first use.
    pub(crate) fn bytes(&self, path: &Path) -> Result<&[u8], Error> {
        let missing = || Error::Read { path: path.to_owned(), reason: "no such file".to_owned() };
        let file = self.files.get(path).ok_or_else(missing)?;
        let read = || match std::fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(error) => Err(error.to_string()),
        };
        match file.bytes.get_or_init(read) {
            Ok(bytes) => Ok(bytes),
            Err(reason) => Err(Error::Read { path: path.to_owned(), reason: reason.clone() }),
        }
    }

    /// The bytes of a file, if somebody asked for them before.
    pub(crate) fn held(&self, path: &Path) -> Option<&[u8]> {
        self.files.get(path)?.bytes.get()?.as_deref().ok().map(Vec::as_slice)
    }

    /// A file as a document, parsed on first use: as JSON if it is called so, else as YAML.
    pub(crate) fn document(&self, path: &Path) -> Result<&Document, Error> {
        let bytes = self.bytes(path)?;
        let file = &self.files[path];
        let syntax = if is_json(path) { Syntax::Json } else { Syntax::Yaml };
        match file.document.get_or_init(|| Document::parse_as(syntax, bytes.to_vec())) {
            Ok(document) => Ok(document),
            Err(source) => Err(Error::Parse { path: path.to_owned(), source: source.clone() }),
        }
    }

    /// The change of a file from what it is here, if it is there, to a document; `None`: it goes. Neither side may hold
    /// a secret in plain text.
    pub(crate) fn change(&self, path: &Path, new: Option<&Document>) -> Result<Change, Error> {
        let is_there = self.contains(path);
        let old = is_there.then(|| self.bytes(path)).transpose()?;
        let content = |bytes: &[u8]| Content::new(bytes.to_vec());
        let new = new.map(|document| content(document.source().as_bytes()));
        Ok(Change { path: path.to_owned(), old: old.map(content), new, plain: false })
    }

    /// The YAML files: `.yaml`, `.yml` and kustomize's `Kustomization`.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Path> {
        self.paths().filter(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
                || path.file_name().is_some_and(|name| name == "Kustomization")
        })
    }
}

/// The regular files below `root` and the links to such, without `.git` and, if `gitignore` is heeded, without ignored ones.
pub(crate) fn files_below(root: &Path, gitignore: bool) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        // Git's rules of this repository, with or without a `.git`; nothing from outside of it.
        .require_git(false)
        .parents(false)
        .ignore(false)
        .git_ignore(gitignore)
        .git_global(gitignore)
        .git_exclude(gitignore)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry
            .map_err(|error| Error::Read { path: PathBuf::from("."), reason: error.to_string() })?;
        let kind = entry.file_type();
        let linked = || entry.path().metadata().is_ok_and(|target| target.is_file());
        if kind.is_some_and(|kind| kind.is_file() || kind.is_symlink() && linked()) {
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            files.push(path.to_owned());
        }
    }
    Ok(files)
}

/// Whether a file is JSON by its name.
pub(crate) fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// The root of the repository around a directory: the nearest one upwards with a `.git`, else the
/// directory itself.
pub(crate) fn root_of(directory: &Path) -> &Path {
    directory.ancestors().find(|ancestor| ancestor.join(".git").exists()).unwrap_or(directory)
}
