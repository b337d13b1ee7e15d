//! `db rotate`: a new password for a role, wherever the repository has the old one.
//!
//! ```text
//! postgres-miniflux-user   stringData.password       the password, or a new verifier of it
//! miniflux                 stringData.DATABASE_URL   percent-encoded, the rest of the URL stays
//! ```
//!
//! All encrypted files of the repository are opened and looked into; nothing else of them changes. What keeps the
//! old password in its environment and is not restarted by itself is told.
//!
//! Refused: a password that is kept in an external store, an encrypted file that cannot be read, a Secret with the
//! password that is not encrypted, a role of which only a hash is known.

mod files;
pub(in crate::provision) mod replace;

use std::fmt;
use std::path::{Path, PathBuf};

use files::{RoleEntry, Turned};
use replace::Replacement;

use super::draft::Draft;
use super::role_secret::{self, RoleSecret};
use super::target::{self, Target};
use super::{Error, Means, Note, Options, component, opened, password};
use crate::connection::Connection;
use crate::kube::secret::SecretObject;
use crate::layout::{Layout, Restart, SecretSite, Stored, Strategy};
use crate::make::scram;
use crate::repo::Snapshot;
use crate::secret::Secret;
use crate::txn::Plan;

/// A request.
pub(crate) struct Rotation<'r> {
    /// The app.
    pub(crate) app: &'r str,
    /// The new password.
    pub(crate) new: &'r Secret,
    /// The present password, where the user knows it.
    pub(crate) old: Option<&'r Secret>,
    /// Role and Cluster, where they are not to be inferred.
    pub(crate) options: &'r Options,
    /// Encrypted files that do not hold the password, as the user says: they are not opened.
    pub(crate) skipped: &'r [PathBuf],
}

/// What is to be done.
#[derive(Default)]
pub(crate) struct Rotated {
    /// The role.
    pub(crate) role: String,
    /// The changes; empty where the new password is the old one.
    pub(crate) plan: Plan,
    /// Where the password is.
    pub(crate) places: Vec<Place>,
    /// What is not in order.
    pub(crate) notes: Vec<Note>,
    /// What has to be restarted by hand.
    pub(crate) restarts: Vec<Restart>,
    /// Where the password is outside of the repository.
    pub(crate) stored: Vec<Stored>,
}

/// A value with the password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) path: PathBuf,
    /// The address of the value; empty where the file holds only one.
    pub(crate) route: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.route.is_empty() {
            true => write!(formatter, "{}", self.path.display()),
            false => write!(formatter, "{}: {}", self.path.display(), self.route),
        }
    }
}

/// Plans a new password.
pub(crate) fn rotate<'s>(
    request: &Rotation<'_>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Rotated, Error> {
    password::check(request.new)?;
    let target = target::find(request.app, request.options, layout)?;
    let role = &target.role_name.value;
    let mut notes = Vec::new();
    let role_secret = role_secret(snapshot, layout, &target, means, &mut notes)?;
    notes.retain(|note| !matches!(note, Note::OtherType { .. }));
    let known = known(request, snapshot, layout, &target, &role_secret, means)?;
    let old = known.as_ref().or(role_secret.clear()).expect("a hash was refused without it");

    let roles = layout.roles(&target.site);
    let mut others: Vec<&str> = roles.iter().map(|found| found.role.name()).collect();
    others.retain(|name| name != role);
    let replacement = Replacement { old, new: request.new, role, others: &others };
    let verifier = match role_secret.clear() {
        Some(_) => None,
        None => Some(Secret::from(scram::verifier(request.new, means.random))),
    };
    let stored = verifier.as_ref().unwrap_or(request.new);
    let entry = RoleEntry { file: role_secret.file, name: &target.secret_name, stored };

    let mut rotated = Rotated { role: role.clone(), notes, ..Rotated::default() };
    if old == request.new {
        return Ok(rotated);
    }
    refuse_plain(layout, &replacement)?;
    let turned = turn_all(request.skipped, snapshot, &replacement, &entry, means)?;
    note_plain(snapshot, &replacement, &mut rotated.notes);
    rotated.take(turned, snapshot, layout)?;
    if rotated.places.iter().all(|place| place.path == role_secret.file) {
        if verifier.is_some() {
            return Err(Error::NobodyKnows { path: role_secret.file.to_owned() });
        }
        rotated.stored = layout.stored(&target.secret_name, target.name);
    }
    Ok(rotated)
}

impl Rotated {
    /// Takes what became of the files.
    fn take<'s>(
        &mut self,
        turned: Vec<(PathBuf, Turned)>,
        snapshot: &'s Snapshot,
        layout: &Layout<'s>,
    ) -> Result<(), Error> {
        let mut draft = Draft::new(snapshot);
        let mut changed: Vec<SecretSite<'s>> = Vec::new();
        for (path, turned) in turned {
            let Some(document) = turned.document else { continue };
            let is_changed = |secret: &SecretSite<'s>| {
                let name = secret.object.name().unwrap_or_default();
                secret.file == path && turned.secrets.iter().any(|known| known == name)
            };
            changed.extend(layout.secrets().into_iter().filter(is_changed));
            let place = |route: String| Place { path: path.clone(), route };
            self.places.extend(turned.routes.into_iter().map(place));
            draft.replace(&path, document);
        }
        self.restarts = layout.restarts(&changed);
        self.plan = draft.into_plan()?;
        Ok(())
    }
}

/// The Secret of the role. Without one, where its password is instead.
fn role_secret<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
    means: &Means<'_>,
    notes: &mut Vec<Note>,
) -> Result<RoleSecret<'s>, Error> {
    if let Some(found) = role_secret::existing(snapshot, layout, target, means, notes)? {
        return Ok(found);
    }
    let (app, role) = (target.name.to_owned(), target.role_name.value.clone());
    let includes = |file: &Path| {
        let directory = file.parent().unwrap_or(Path::new(""));
        target.app.flux.is_some_and(|flux| component::includes(&flux, directory))
    };
    let places = match (target.role, &target.strategy.value) {
        (Some(_), _) => layout.stored(&target.secret_name, target.name),
        // A component names its Secrets as it likes.
        (None, Strategy::Component(file)) if includes(file) => layout.stored_by(file, target.name),
        (None, _) => return Err(Error::RoleMissing { path: target.site.file.to_owned(), role }),
    };
    match places.is_empty() {
        false => Err(Error::Stored { app, places }),
        true => Err(Error::RoleSecretMissing { name: target.secret_name.clone(), role }),
    }
}

/// The present password, where the role's Secret has only a hash of it or the user gave it.
fn known(
    request: &Rotation<'_>,
    snapshot: &Snapshot,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    role_secret: &RoleSecret<'_>,
    means: &Means<'_>,
) -> Result<Option<Secret>, Error> {
    let path = role_secret.file.to_owned();
    if let Some(given) = request.old {
        return match role_secret.fits(given) {
            true => Ok(Some(Secret::new(given.expose().to_vec()))),
            false => Err(Error::OldPasswordWrong { path }),
        };
    }
    if role_secret.clear().is_some() {
        return Ok(None);
    }
    let role = target.role_name.value.clone();
    let poolers = layout.poolers();
    let apps: Vec<&Path> = layout.secrets_of(&target.app).iter().map(|found| found.file).collect();
    for site in layout.secrets() {
        // One that cannot be opened is told later, with all others.
        let Ok(opened) = opened::open(snapshot, site.file, means.identities) else { continue };
        for (_, value) in opened.values(site.object.name().unwrap_or_default()) {
            let found = value.expose_text().map_or_else(Vec::new, Connection::all);
            let is_own = |found: &Connection| {
                found.user() == Some(role.as_str())
                    && found.leads_to(target.cluster(), target.namespace(), &poolers)
            };
            let passwords = { found }.into_iter().filter(is_own).filter_map(|own| own.password);
            if let Some(password) = { passwords }.find(|password| role_secret.fits(password)) {
                return Ok(Some(password));
            }
            // To try a verifier on every value of the repository would take minutes.
            if apps.contains(&site.file) && role_secret.is_verified_by(&value) {
                return Ok(Some(value));
            }
        }
    }
    Err(Error::OldPasswordUnknown { path, role })
}

/// Turns every encrypted file, or names all that cannot be.
fn turn_all(
    skipped: &[PathBuf],
    snapshot: &Snapshot,
    replacement: &Replacement<'_>,
    entry: &RoleEntry<'_>,
    means: &mut Means<'_>,
) -> Result<Vec<(PathBuf, Turned)>, Error> {
    let (sealed, mut unread) = files::sealed(snapshot, skipped);
    let mut all = Vec::with_capacity(sealed.len());
    for file in sealed {
        match file.turn(replacement, entry, means) {
            Ok(turned) => all.push((file.path, turned)),
            Err(error @ Error::Sops { .. }) => unread.push(error),
            Err(error) => return Err(error),
        }
    }
    match unread.is_empty() {
        true => Ok(all),
        false => Err(Error::Unread { errors: unread }),
    }
}

/// Refuses a Secret that has the password and is not encrypted: the new one would be in the clear as well.
fn refuse_plain(layout: &Layout<'_>, replacement: &Replacement<'_>) -> Result<(), Error> {
    for site in layout.secrets() {
        let document = site.object.document;
        let Some(secret) = SecretObject::of(site.object) else { continue };
        for entry in secret.entries() {
            let value = files::bytes_of(document, entry.value, entry.encoded).unwrap_or_default();
            let holds = !matches!(replacement.apply(entry.key, &value), Ok(None));
            if !value.is_empty() && holds && !value.starts_with(b"ENC[") {
                return Err(Error::NotEncrypted { path: site.file.to_owned() });
            }
        }
    }
    Ok(())
}

/// Names the files that have the old password in the clear. It opens nothing from now on.
fn note_plain(snapshot: &Snapshot, replacement: &Replacement<'_>, notes: &mut Vec<Note>) {
    if replacement.is_ordinary() {
        return;
    }
    for path in snapshot.paths() {
        let Ok(bytes) = snapshot.bytes(path) else { continue };
        if !matches!(replacement.apply("", bytes), Ok(None)) {
            notes.push(Note::OldPassword { path: path.to_owned() });
        }
    }
}
