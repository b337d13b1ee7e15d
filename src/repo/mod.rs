//! What a repository is to us: the files below a root, read once.
//!
//! A [`Snapshot`] lists the files when it is taken and reads and parses each on first use, so that every
//! part of a command sees the same content and a plan can state what it was made from. It writes
//! nothing. Ignored files (`.gitignore` and its like) and `.git` are left out.

mod blame;
mod head;
mod hooks;
mod objects;
mod parts;
mod versions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, mpsc};

use ignore::WalkState;
use zeroize::Zeroizing;

use crate::document::{Document, ParseError, Syntax};
use crate::txn::{Change, Content, Plan};

pub(crate) use blame::{Changed, changes, is_shallow};
pub(crate) use head::committed;
pub(crate) use hooks::hooks;
pub(crate) use objects::Objects;
pub(crate) use parts::parts;
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
    is_link: bool,
    bytes: OnceLock<Result<Zeroizing<Vec<u8>>, String>>,
    document: OnceLock<Result<Document, ParseError>>,
}

impl File {
    /// Its content, or why it cannot be read.
    fn bytes(&self, root: &Path, path: &Path) -> Result<&[u8], &str> {
        let read = || match std::fs::read(root.join(path)) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(error) => Err(error.to_string()),
        };
        self.bytes.get_or_init(read).as_ref().map(|bytes| bytes.as_slice()).map_err(String::as_str)
    }

    /// Whether one of these texts stands in it.
    fn mentions(&self, root: &Path, path: &Path, texts: &[&str]) -> bool {
        let content = self.bytes(root, path).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
        content.is_some_and(|content| texts.iter().any(|text| content.contains(text)))
    }

    /// Its content as a document: as JSON if it is called so, else as YAML.
    fn parsed(&self, path: &Path, bytes: &[u8]) -> Result<&Document, &ParseError> {
        let syntax = if is_json(path) { Syntax::Json } else { Syntax::Yaml };
        self.document.get_or_init(|| Document::parse_as(syntax, bytes.to_vec())).as_ref()
    }
}

impl Snapshot {
    /// Lists the files below `root`: regular files and links to them.
    pub(crate) fn take(root: &Path) -> Result<Snapshot, Error> {
        let files = files_below(root, true)?;
        let file =
            |listed: Listed| (listed.path, File { is_link: listed.is_link, ..File::default() });
        let files = files.into_iter().map(file).collect();
        Ok(Snapshot { root: root.to_owned(), files })
    }

    /// The same with all manifests read at once: what changes later is not seen.
    pub(crate) fn read(root: &Path) -> Result<Snapshot, Error> {
        let snapshot = Snapshot::take(root)?;
        let manifests: Vec<&Path> = snapshot.manifests().collect();
        // What cannot be read is told when it is needed.
        parts(&manifests, |path, _: &mut ()| drop(snapshot.bytes(path)));
        Ok(snapshot)
    }

    /// Parses files that are going to be asked for, on all processors.
    pub(crate) fn parse(&self, paths: &[&Path]) {
        // What is no document is told when it is needed.
        parts(paths, |path, _: &mut ()| drop(self.document(path)));
    }

    /// A snapshot of one file alone; of none, if it is not there.
    pub(crate) fn of_file(root: &Path, path: &Path) -> Snapshot {
        let is_there = root.join(path).is_file();
        let files = is_there.then(|| (path.to_owned(), File::default())).into_iter().collect();
        Snapshot { root: root.to_owned(), files }
    }

    /// The same after a plan: what it changes is seen as it will be.
    pub(crate) fn after(mut self, plan: &Plan) -> Snapshot {
        self.apply(plan);
        self
    }

    /// Shows what a plan changes as it will be.
    pub(crate) fn apply(&mut self, plan: &Plan) {
        for change in plan.changes() {
            match &change.new {
                Some(new) => {
                    let file = File { bytes: OnceLock::from(Ok(new.clone())), ..File::default() };
                    self.files.insert(change.path.clone(), file);
                }
                None => drop(self.files.remove(&change.path)),
            }
        }
    }

    /// The root directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// All files in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Those that are no links, in order.
    pub(crate) fn regular(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.iter().filter(|(_, file)| !file.is_link);
        files.map(|(path, _)| path.as_path())
    }

    /// Whether there is such a file.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The bytes of a file, read on first use.
    pub(crate) fn bytes(&self, path: &Path) -> Result<&[u8], Error> {
        let found = match self.files.get(path) {
            Some(file) => file.bytes(&self.root, path),
            None => Err("no such file"),
        };
        found.map_err(|reason| Error::Read { path: path.to_owned(), reason: reason.to_owned() })
    }

    /// The bytes of a file, if somebody asked for them before.
    pub(crate) fn held(&self, path: &Path) -> Option<&[u8]> {
        self.files.get(path)?.bytes.get()?.as_deref().ok().map(Vec::as_slice)
    }

    /// A file as a document, parsed on first use.
    pub(crate) fn document(&self, path: &Path) -> Result<&Document, Error> {
        let bytes = self.bytes(path)?;
        let parsed = self.files[path].parsed(path, bytes);
        parsed.map_err(|source| Error::Parse { path: path.to_owned(), source: source.clone() })
    }

    /// The same, if somebody asked for the bytes before.
    pub(crate) fn parsed(&self, path: &Path) -> Option<Result<&Document, &ParseError>> {
        Some(self.files.get(path)?.parsed(path, self.held(path)?))
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
        self.paths().filter(|path| is_yaml(path))
    }

    /// Those of them in which one of these texts stands.
    pub(crate) fn manifests_with(&self, texts: &[&str]) -> impl Iterator<Item = &Path> {
        let manifests = self.files.iter().filter(|(path, _)| is_yaml(path));
        let found = manifests.filter(|(path, file)| file.mentions(&self.root, path, texts));
        found.map(|(path, _)| path.as_path())
    }

    /// Whether one of these texts stands in a file.
    pub(crate) fn mentions(&self, path: &Path, texts: &[&str]) -> bool {
        self.files.get(path).is_some_and(|file| file.mentions(&self.root, path, texts))
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        || path.file_name().is_some_and(|name| name == "Kustomization")
}

/// The regular files below `root` and the links to such, in no order, without `.git` and, if `gitignore` is heeded, without
/// ignored ones.
pub(crate) fn files_below(root: &Path, gitignore: bool) -> Result<Vec<Listed>, Error> {
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
        .build_parallel();
    let (sender, listed) = mpsc::channel();
    walk.run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let listed = entry.map(|entry| Listed::of(root, &entry));
            // Nobody has stopped listening yet.
            let _ = sender.send(listed);
            WalkState::Continue
        })
    });
    drop(sender);
    let failure =
        |error: ignore::Error| Error::Read { path: PathBuf::from("."), reason: error.to_string() };
    listed.into_iter().filter_map(|one| one.map_err(failure).transpose()).collect()
}

/// A file of a directory tree.
pub(crate) struct Listed {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    /// Whether it is a link.
    pub(crate) is_link: bool,
}

impl Listed {
    /// What was met, if it is a file or leads to one.
    fn of(root: &Path, entry: &ignore::DirEntry) -> Option<Listed> {
        let kind = entry.file_type()?;
        let linked = || entry.path().metadata().is_ok_and(|target| target.is_file());
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned();
        let is_file = kind.is_file() || kind.is_symlink() && linked();
        is_file.then_some(Listed { path, is_link: kind.is_symlink() })
    }
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
