//! All Secrets of a repository with their keys, as far as they can be seen without a key.

mod generated;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::document::{Document, NodeId};
use crate::kube::kustomization::{Kustomization, is_kustomization};
use crate::kube::secret::SecretObject;
use crate::kube::{Object, objects};
use crate::layout::{App, Layout};
use crate::sops::file::EncryptedFile;
use crate::sops::token::Token;

use generated::generated;

/// What is shown as the kind of a Secret that kustomize makes.
const GENERATOR: &str = "secretGenerator";

/// Objects that a Secret is made from, by API group and kind, with the mapping or list that names its keys.
const REFERENCES: [(&str, &str, &[&str]); 6] = [
    ("external-secrets.io", "ExternalSecret", &["spec", "data"]),
    ("onepassword.com", "OnePasswordItem", &[]),
    ("bitnami.com", "SealedSecret", &["spec", "encryptedData"]),
    ("secrets.hashicorp.com", "VaultStaticSecret", &[]),
    ("secrets.hashicorp.com", "VaultDynamicSecret", &[]),
    ("secrets.hashicorp.com", "VaultPKISecret", &[]),
];

/// A Secret, or what one is made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The app that is built with it.
    pub(crate) app: Option<String>,
    /// Its namespace, where that is known.
    pub(crate) namespace: Option<String>,
    /// `metadata.name`, of the Secret that is made where this is a reference.
    pub(crate) name: String,
    /// `Secret`, the kind of the reference, or `secretGenerator`.
    pub(crate) kind: String,
    /// Its file, relative to the root.
    pub(crate) path: PathBuf,
    /// `type` of a Secret.
    pub(crate) secret_type: Option<String>,
    /// Whether its file is encrypted by SOPS.
    pub(crate) encrypted: bool,
    /// Its keys in the order of the file.
    pub(crate) keys: Vec<Key>,
}

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: String,
    /// What is there.
    pub(crate) state: KeyState,
    /// The file that it stands in, relative to the root: that of its Secret, or one that a generator reads.
    pub(crate) path: PathBuf,
    /// The lines of the entry, from 0; more than there are for a whole file.
    pub(crate) lines: Range<usize>,
}

/// What is there of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// A token.
    Encrypted,
    /// Nothing; SOPS leaves it as it is.
    Empty,
    /// Something that can be read.
    Plain,
    /// A reference to a store, something that is sealed by other means, or a file that is not in the repository.
    Elsewhere,
}

/// The Secrets and references of a repository by namespace, app and name; those of an app or of a name if one is given.
pub(crate) fn inventory(layout: &Layout<'_>, wanted: Option<&str>) -> Vec<Listed> {
    let owners = owners(layout);
    let snapshot = layout.snapshot();
    let mut found = Vec::new();
    for file in layout.manifests() {
        if is_kustomization(file) {
            found.extend(of_generators(layout, &owners, file));
            continue;
        }
        // Most files are parsed for nothing else.
        let names_one = |bytes: &[u8]| {
            let kinds = REFERENCES.iter().map(|(_, kind, _)| *kind).chain(["Secret"]);
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            { kinds }.any(|kind| text.contains(kind))
        };
        if !snapshot.bytes(file).is_ok_and(names_one) {
            continue;
        }
        let Ok(document) = snapshot.document(file) else { continue };
        let encrypted = EncryptedFile::open(document).is_ok_and(|file| file.is_some());
        let lines = Lines::of(document.source());
        for object in objects(document) {
            let Some((secret_type, keys)) = content(&object, file, &lines) else { continue };
            let target = object.text(&["spec", "target", "name"]);
            let is_made = !object.is("", "Secret");
            found.push(Listed {
                app: app_name(layout, &owners, file),
                namespace: layout.namespace(object, file).map(|fact| fact.value.to_owned()),
                name: target.filter(|_| is_made).or(object.name()).unwrap_or_default().to_owned(),
                kind: object.kind().unwrap_or_default().to_owned(),
                path: file.to_owned(),
                secret_type,
                encrypted,
                keys,
            });
        }
    }
    if let Some(wanted) = wanted {
        found.retain(|one| {
            let qualified = wanted.split_once('/').is_some_and(|(namespace, name)| {
                one.name == name && one.namespace.as_deref() == Some(namespace)
            });
            let is_its_app = match owner(&owners, &one.path) {
                Some(app) => app.answers_to(wanted),
                None => one.app.as_deref() == Some(wanted),
            };
            qualified || one.name == wanted || is_its_app
        });
    }
    found.sort_by(|one, other| {
        let key = |one: &Listed| (one.namespace.clone(), one.app.clone(), one.name.clone());
        (key(one), &one.path).cmp(&(key(other), &other.path))
    });
    found
}

/// The Secrets that a kustomize file makes.
fn of_generators<'s>(layout: &Layout<'s>, owners: &Owners<'s>, file: &Path) -> Vec<Listed> {
    let snapshot = layout.snapshot();
    let app = owner(owners, file);
    let given = app.and_then(|app| layout.namespace_given(app)).map(|fact| fact.value);
    let document = snapshot.document(file);
    let of_file = document.ok().and_then(|document| Kustomization::of(document).namespace());
    let listed = generated(snapshot, file).into_iter().map(|one| Listed {
        app: app_name(layout, owners, file),
        namespace: given.or(of_file).or(one.namespace).map(str::to_owned),
        name: one.name.to_owned(),
        kind: GENERATOR.to_owned(),
        path: file.to_owned(),
        secret_type: Some(one.kind.to_owned()),
        encrypted: false,
        keys: one.keys,
    });
    listed.collect()
}

/// Type and keys of a Secret, or the keys of a reference as far as it names them; `None` for other objects.
fn content(object: &Object<'_>, file: &Path, lines: &Lines) -> Option<(Option<String>, Vec<Key>)> {
    let document = object.document;
    let path = file.to_owned();
    if let Some(secret) = SecretObject::of(*object) {
        let mut keys: Vec<Key> = Vec::new();
        for entry in secret.entries() {
            let key = Key {
                name: entry.key.to_owned(),
                state: state(document.text(entry.value).unwrap_or_default()),
                path: path.clone(),
                lines: lines.of_entry(document, entry.key_node, entry.value),
            };
            match keys.iter_mut().find(|known| known.name == key.name) {
                Some(known) => *known = key,
                None => keys.push(key),
            }
        }
        return Some((Some(secret.kind().to_owned()), keys));
    }
    let (_, _, route) = REFERENCES.iter().find(|(group, kind, _)| object.is(group, kind))?;
    let listed = object.at(route).filter(|_| !route.is_empty()).map(|node| document.target(node));
    let of_mapping = listed.into_iter().flat_map(|node| document.entries(node));
    let of_list = listed.into_iter().flat_map(|node| document.items(node)).filter_map(|item| {
        let name = document.lookup(item, "secretKey")?;
        Some((name, name))
    });
    let keys = of_mapping.chain(of_list).filter_map(|(key, value)| {
        let lines = lines.of_entry(document, key, value);
        let name = document.text(key)?.to_owned();
        Some(Key { name, state: KeyState::Elsewhere, path: path.clone(), lines })
    });
    Some((None, keys.collect()))
}

fn state(text: &str) -> KeyState {
    match Token::parse(text) {
        Ok(_) => KeyState::Encrypted,
        Err(_) if text.is_empty() => KeyState::Empty,
        Err(_) => KeyState::Plain,
    }
}

/// Files and the apps that they are built into.
type Owners<'s> = BTreeMap<&'s Path, Vec<App<'s>>>;

fn owners<'s>(layout: &Layout<'s>) -> Owners<'s> {
    let mut owners = Owners::new();
    for app in layout.apps() {
        for file in layout.files_of(&app).into_iter().chain(app.kustomization) {
            owners.entry(file).or_default().push(app.clone());
        }
    }
    owners
}

/// The app of a file; without a Flux Kustomization the directory of the list is one.
fn app_name(layout: &Layout<'_>, owners: &Owners<'_>, file: &Path) -> Option<String> {
    let directory = || layout.kustomize_file_above(file)?.parent()?.file_name()?.to_str();
    owner(owners, file).map(App::name).or_else(directory).map(str::to_owned)
}

/// The app whose directory is nearest to the file.
fn owner<'o, 's>(owners: &'o Owners<'s>, file: &Path) -> Option<&'o App<'s>> {
    let depth = |app: &&App<'_>| match file.starts_with(&app.directory) {
        true => app.directory.components().count() + 1,
        false => 0,
    };
    owners.get(file)?.iter().rev().max_by_key(depth)
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect())
    }

    fn of_entry(&self, document: &Document, key: NodeId, value: NodeId) -> Range<usize> {
        let line = |offset: usize| self.0.partition_point(|start| *start <= offset) - 1;
        let (first, last) = (document.node(key).span.start, document.node(value).span.end);
        let first = line(first);
        first..line(last.saturating_sub(1)).max(first) + 1
    }
}
