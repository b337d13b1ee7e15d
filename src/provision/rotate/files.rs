//! Every encrypted file of the repository, whatever it is called and in whatever format, and the new password in it.
//!
//! An old password that stays somewhere is an app that fails later. So all files are opened, and one that cannot be
//! is a refusal. What is encrypted is looked into, value by value; what is in the clear is only reported.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::replace::Replacement;
use crate::document::{Component, Document, Edits, NodeId, Syntax};
use crate::kube::objects;
use crate::kube::secret::{Entry, SecretObject};
use crate::provision::{Error, Means};
use crate::repo::Snapshot;
use crate::secret::Secret;
use crate::sops::Format;
use crate::sops::file::{EncryptedFile, Unlocked, plain_leaves};

/// What every encrypted file has, at least in its MAC.
const TOKEN: &[u8] = b"ENC[AES256_GCM,";

/// The keys of a Secret that name a user.
const USERS: [&str; 2] = ["username", "user"];

/// An encrypted file.
pub(super) struct Sealed {
    /// Relative to the root.
    pub(super) path: PathBuf,
    document: Document,
}

/// The Secret of the role, whose password is kept in a form of its own.
pub(super) struct RoleEntry<'r> {
    /// Its file.
    pub(super) file: &'r Path,
    /// Its name.
    pub(super) name: &'r str,
    /// What is to stand there: the password or its verifier.
    pub(super) stored: &'r Secret,
}

/// What became of a file.
#[derive(Default)]
pub(super) struct Turned {
    /// The file with the new password; `None` where the old one is not in it.
    pub(super) document: Option<Document>,
    /// The addresses of the values that changed.
    pub(super) routes: Vec<String>,
    /// The names of the Secrets among which these are.
    pub(super) secrets: Vec<String>,
}

/// The encrypted files, and why some cannot be read.
pub(super) fn sealed(snapshot: &Snapshot, skipped: &[PathBuf]) -> (Vec<Sealed>, Vec<Error>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for path in snapshot.paths().filter(|path| !skipped.iter().any(|skip| skip == path)) {
        match read(snapshot, path) {
            Ok(Some(document)) => found.push(Sealed { path: path.to_owned(), document }),
            Ok(None) => {}
            Err(error) => unread.push(error),
        }
    }
    (found, unread)
}

/// A file as an encrypted document; `None` if it is none.
fn read(snapshot: &Snapshot, path: &Path) -> Result<Option<Document>, Error> {
    let bytes = snapshot.bytes(path)?;
    let mentions = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    if !mentions(TOKEN) || !mentions(b"sops") {
        return Ok(None);
    }
    let format = Format::of_path(path);
    let parse = |syntax| {
        Document::parse_as(syntax, bytes.to_vec())
            .map_err(|source| Error::Parse { path: path.to_owned(), source })
    };
    if format != Format::Binary {
        let document = parse(format.syntax())?;
        let is_open = EncryptedFile::open(&document).map_err(Error::sops(path))?.is_none();
        let in_part = |root| document.entry(root, "sops").is_some();
        if is_open && document.roots().iter().any(|root| in_part(root.node)) {
            return Err(Error::EncryptedInPart { path: path.to_owned() });
        }
        return Ok((!is_open).then_some(document));
    }
    // Its name says nothing, and it may well be a page about SOPS.
    let syntaxes = [Syntax::Json, Syntax::Yaml, Syntax::Dotenv, Syntax::Ini];
    Ok(syntaxes.into_iter().find_map(|syntax| {
        let document = parse(syntax).ok()?;
        let is_sealed = matches!(EncryptedFile::open(&document), Ok(Some(_)));
        is_sealed.then_some(document)
    }))
}

impl Sealed {
    /// Puts the new password in the place of the old one.
    pub(super) fn turn(
        &self,
        replacement: &Replacement<'_>,
        role: &RoleEntry<'_>,
        means: &mut Means<'_>,
    ) -> Result<Turned, Error> {
        let unlocked = self.unlock(means)?;
        let failed = Error::sops(&self.path);
        if self.is_binary() {
            let plain = unlocked.decrypt_binary().map_err(failed)?;
            return self.turn_binary(&unlocked, &plain, replacement, means);
        }
        let plain = unlocked.decrypt().map_err(failed)?;
        let view = View::of(&plain, replacement.others, role.name);
        let is_role_file = self.path == role.file;
        let mut turned = Turned::default();
        let mut edits = Edits::new(&plain);
        let mut seen = HashSet::new();
        for leaf in plain_leaves(&plain, &unlocked.metadata().selection) {
            if view.foreign.contains(&leaf) || !seen.insert(leaf) {
                continue;
            }
            let value = view.value(leaf);
            let Some(value) = value else { continue };
            let new = match is_role_file && view.passwords.contains(&leaf) {
                true => Some(in_place(&value, role.stored)),
                false => self.replaced(&plain, leaf, &value, replacement)?,
            };
            let Some(new) = new else { continue };
            let text = match view.is_encoded(leaf) {
                true => Zeroizing::new(STANDARD.encode(&*new)),
                // Only signs of ASCII were replaced, so what was text still is.
                false => Zeroizing::new(String::from_utf8_lossy(&new).into_owned()),
            };
            edits.set_text(leaf, &text).map_err(Error::edit(&self.path))?;
            turned.routes.push(plain.route(leaf).to_string());
            turned.secrets.extend(view.secret_of(leaf).map(str::to_owned));
        }
        if !edits.is_empty() {
            let edited = edits.apply().map_err(Error::edit(&self.path))?;
            let sealed = unlocked.encrypt_again(&edited, means.now, means.random);
            turned.document = Some(sealed.map_err(Error::sops(&self.path))?);
        }
        Ok(turned)
    }

    fn unlock(&self, means: &Means<'_>) -> Result<Unlocked<'_>, Error> {
        let file = EncryptedFile::open(&self.document).map_err(Error::sops(&self.path))?;
        let file = file.ok_or_else(|| Error::NotEncrypted { path: self.path.clone() })?;
        file.unlock(means.identities).map_err(Error::sops(&self.path))
    }

    /// Whether it holds bytes, not values.
    fn is_binary(&self) -> bool {
        self.document.syntax() == Syntax::Json && Format::of_path(&self.path) == Format::Binary
    }

    fn turn_binary(
        &self,
        unlocked: &Unlocked<'_>,
        plain: &Secret,
        replacement: &Replacement<'_>,
        means: &mut Means<'_>,
    ) -> Result<Turned, Error> {
        let embedded = |_| Error::Embedded { path: self.path.clone(), route: String::new() };
        let Some(new) = replacement.apply("", plain.expose()).map_err(embedded)? else {
            return Ok(Turned::default());
        };
        let sealed = unlocked.encrypt_binary_again(&new, means.now, means.random);
        let document = Some(sealed.map_err(Error::sops(&self.path))?);
        Ok(Turned { document, routes: vec![String::new()], secrets: Vec::new() })
    }

    /// The value of a leaf with the new password, if the old one is in it.
    fn replaced(
        &self,
        plain: &Document,
        leaf: NodeId,
        value: &[u8],
        replacement: &Replacement<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let route = plain.route(leaf);
        let key = route.0.iter().rev().find_map(|component| match component {
            Component::Key(key) => Some(key.as_str()),
            Component::Index(_) => None,
        });
        replacement
            .apply(key.unwrap_or_default(), value)
            .map_err(|_| Error::Embedded { path: self.path.clone(), route: route.to_string() })
    }
}

/// The Kubernetes Secrets of a plain document.
struct View<'d> {
    plain: &'d Document,
    /// The values of Secrets: name of the Secret, value, whether it is base64.
    values: Vec<(&'d str, NodeId, bool)>,
    /// The passwords of the Secret of the role.
    passwords: HashSet<NodeId>,
    /// Values of Secrets that belong to another role.
    foreign: HashSet<NodeId>,
}

impl<'d> View<'d> {
    fn of(plain: &'d Document, others: &[&str], own: &str) -> View<'d> {
        let (passwords, foreign) = (HashSet::new(), HashSet::new());
        let mut view = View { plain, values: Vec::new(), passwords, foreign };
        for secret in objects(plain).into_iter().filter_map(SecretObject::of) {
            let name = secret.object.name().unwrap_or_default();
            let entries = secret.entries();
            let is_other = |entry: &Entry<'_>| {
                let user = bytes_of(plain, entry.value, entry.encoded).unwrap_or_default();
                USERS.contains(&entry.key)
                    && others.iter().any(|other| other.as_bytes() == user.trim_ascii())
            };
            let is_foreign = name != own && entries.iter().any(is_other);
            for entry in entries {
                let value = plain.target(entry.value);
                view.values.push((name, value, entry.encoded));
                if name == own && entry.key == "password" {
                    view.passwords.insert(value);
                }
                if is_foreign {
                    view.foreign.insert(value);
                }
            }
        }
        view
    }

    /// The value of a leaf without its base64; `None` where that is none.
    fn value(&self, leaf: NodeId) -> Option<Zeroizing<Vec<u8>>> {
        bytes_of(self.plain, leaf, self.is_encoded(leaf))
    }

    fn is_encoded(&self, leaf: NodeId) -> bool {
        self.values.iter().any(|(_, value, encoded)| *value == leaf && *encoded)
    }

    fn secret_of(&self, leaf: NodeId) -> Option<&'d str> {
        self.values.iter().find(|(_, value, _)| *value == leaf).map(|(name, ..)| *name)
    }
}

/// A value, without its base64 where it has one; `None` where it is not base64 then.
pub(super) fn bytes_of(
    document: &Document,
    value: NodeId,
    encoded: bool,
) -> Option<Zeroizing<Vec<u8>>> {
    let text = document.text(value)?;
    if !encoded {
        return Some(Zeroizing::new(text.as_bytes().to_vec()));
    }
    let packed: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    STANDARD.decode(packed.as_bytes()).ok().map(Zeroizing::new)
}

/// A password with the blanks that were around the old one, which the operator trims.
fn in_place(old: &[u8], new: &Secret) -> Zeroizing<Vec<u8>> {
    let start = old.len() - old.trim_ascii_start().len();
    let end = start + old.trim_ascii().len();
    Zeroizing::new([&old[..start], new.expose(), &old[end..]].concat())
}
