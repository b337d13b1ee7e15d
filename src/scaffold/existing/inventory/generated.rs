//! Secrets that kustomize makes: their keys as a kustomize file and the files that it names tell them.
//!
//! ```yaml
//! secretGenerator:
//!   - name: grafana-env
//!     literals: [USER=admin]           # the key `USER`
//!     files: [ca.crt, key=tls.pem]     # `ca.crt` and `key`
//!     envs: [.env]                     # a key for each line
//! ```
//!
//! What a file holds shows only if it is in the repository. Keys of an environment file that is not are unknown.

use std::path::{Path, PathBuf};

use super::{Key, KeyState, Lines, state};
use crate::document::{Document, NodeId};
use crate::kube::kustomization::{Kustomization, joined};
use crate::repo::Snapshot;
use crate::scaffold::recipe::OPAQUE;
use crate::sops::Format;
use crate::sops::file::EncryptedFile;

/// A Secret of a `secretGenerator`.
pub(super) struct Generated<'s> {
    /// Its name, without the hash that kustomize appends.
    pub(super) name: &'s str,
    /// Its own namespace; that of the kustomize file wins.
    pub(super) namespace: Option<&'s str>,
    /// `type`
    pub(super) kind: &'s str,
    /// Its keys: of literals, of files, of environment files.
    pub(super) keys: Vec<Key>,
}

/// The Secrets that a kustomize file makes.
pub(super) fn generated<'s>(snapshot: &'s Snapshot, file: &Path) -> Vec<Generated<'s>> {
    let Ok(document) = snapshot.document(file) else { return Vec::new() };
    let generators = Kustomization::of(document).secret_generators();
    let lines = Lines::of(document.source());
    let one = |item: NodeId| {
        let text = |key: &str| document.text(document.lookup(item, key)?);
        Generated {
            name: text("name").unwrap_or_default(),
            namespace: text("namespace"),
            kind: text("type").unwrap_or(OPAQUE),
            keys: Sources { snapshot, file, document, item }.keys(&lines),
        }
    };
    generators.into_iter().map(one).collect()
}

/// Where the values of a generator come from.
struct Sources<'s, 'f> {
    snapshot: &'s Snapshot,
    /// The kustomize file.
    file: &'f Path,
    document: &'s Document,
    /// The generator.
    item: NodeId,
}

impl<'s> Sources<'s, '_> {
    fn keys(&self, lines: &Lines) -> Vec<Key> {
        let literal = |(node, text): (NodeId, &str)| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            let lines = lines.of_entry(self.document, node, node);
            Key { name: name.to_owned(), state: state(value), path: self.file.to_owned(), lines }
        };
        let literals = self.texts("literals").into_iter().map(literal);
        let files = self.texts("files").into_iter().filter_map(|(_, text)| self.of_file(text));
        let envs = self.texts("envs").into_iter().chain(self.texts("env"));
        literals.chain(files).chain(envs.flat_map(|(_, path)| self.of_lines(path))).collect()
    }

    /// `[KEY=]PATH`: the key of a whole file.
    fn of_file(&self, text: &str) -> Option<Key> {
        let base = text.rsplit('/').next().unwrap_or(text);
        let (name, entry) = text.split_once('=').unwrap_or((base, text));
        let path = self.path(entry)?;
        let state = match self.snapshot.bytes(&path) {
            Err(_) => KeyState::Elsewhere,
            Ok([]) => KeyState::Empty,
            Ok(bytes) if is_encrypted(&path, bytes) => KeyState::Encrypted,
            Ok(_) => KeyState::Plain,
        };
        Some(Key { name: name.to_owned(), state, path, lines: 0..usize::MAX })
    }

    /// The keys of an environment file, as kustomize reads it; SOPS' own lines are gone once Flux has decrypted it.
    fn of_lines(&self, entry: &str) -> Vec<Key> {
        let path = self.path(entry);
        let bytes = path.as_ref().and_then(|path| self.snapshot.bytes(path).ok());
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let lines = text.lines().map(str::trim_start).enumerate();
        let keys = lines.filter_map(|(at, line)| {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let is_key = !name.is_empty() && !name.starts_with('#') && !name.starts_with("sops_");
            let path = path.clone().filter(|_| is_key)?;
            Some(Key { name: name.to_owned(), state: state(value), path, lines: at..at + 1 })
        });
        keys.collect()
    }

    fn path(&self, entry: &str) -> Option<PathBuf> {
        joined(self.file.parent()?, entry)
    }

    /// The texts of a list, or the one that stands in its place.
    fn texts(&self, list: &str) -> Vec<(NodeId, &'s str)> {
        let document = self.document;
        let Some(node) = document.lookup(self.item, list) else { return Vec::new() };
        let items = document.items(document.target(node)).chain([node]);
        items.filter_map(|item| Some((item, document.text(item)?))).collect()
    }
}

fn is_encrypted(path: &Path, bytes: &[u8]) -> bool {
    let document = Document::parse_as(Format::of_path(path).syntax(), bytes.to_vec());
    document.is_ok_and(|document| EncryptedFile::open(&document).is_ok_and(|file| file.is_some()))
}
