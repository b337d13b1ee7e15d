//! The credentials Secret of the role, beside the Cluster.
//!
//! ```yaml
//! metadata:
//!   name: postgres-grafana-user
//!   labels:
//!     cnpg.io/reload: "true"          # a changed password is applied at once
//! type: kubernetes.io/basic-auth
//! stringData: {username: grafana, password: …}
//! ```
//!
//! An existing one is never changed: its type is immutable, and its password may be in use. What would be
//! made differently today becomes a [`Note`].

use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::sealed::{self, NewSecret};
use super::{Error, Means, Note, Target, listed, opened};
use crate::connection;
use crate::document::Fragment;
use crate::kube::cluster::{CREDENTIALS_TYPE, RELOAD_LABEL};
use crate::layout::Layout;
use crate::make::scram;
use crate::repo::Snapshot;
use crate::secret::Secret;

/// A role's Secret that is there already.
pub(super) struct RoleSecret<'s> {
    /// Its file.
    pub(super) file: &'s Path,
    /// The password as the operator reads it: without blanks at both ends.
    pub(super) password: Secret,
}

/// Finds and decrypts the Secret of the role; it must be that of this role.
pub(super) fn existing<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
    means: &Means<'_>,
    notes: &mut Vec<Note>,
) -> Result<Option<RoleSecret<'s>>, Error> {
    let found = layout.secrets_named(&[&target.secret_name], &target.site);
    let Some(secret) = found.first() else { return Ok(None) };
    let opened = opened::open(snapshot, secret.file, means.identities)?;
    let refuse = |reason| Error::RoleSecret { path: secret.file.to_owned(), reason };
    let values = opened.values(&target.secret_name);
    let value = |key: &str| {
        let value = values.iter().rev().find(|(known, _)| known == key)?;
        value.1.expose_text().map(str::trim)
    };
    let username = value("username").ok_or_else(|| refuse("the Secret has no `username`"))?;
    if username != target.role_name.value {
        return Err(refuse("the Secret's `username` is not the role"));
    }
    let password = value("password").filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| refuse("the Secret has no `password`"))?;
    if secret.object.at(&["metadata", "labels", RELOAD_LABEL]).is_none() {
        notes.push(Note::NoReloadLabel { path: secret.file.to_owned() });
    }
    if secret.object.text(&["type"]) != Some(CREDENTIALS_TYPE) {
        notes.push(Note::OtherType { path: secret.file.to_owned() });
    }
    Ok(Some(RoleSecret { file: secret.file, password: Secret::from(password.to_owned()) }))
}

impl<'s> RoleSecret<'s> {
    /// A Secret with this password; `None` if that is empty.
    pub(super) fn new(file: &'s Path, password: &str) -> Option<RoleSecret<'s>> {
        let password = Secret::from(password.to_owned());
        (!password.is_empty()).then_some(RoleSecret { file, password })
    }

    /// Whether this is the password; `None` where a hash of MD5 does not tell.
    pub(super) fn agrees(&self, password: &Secret) -> Option<bool> {
        connection::agrees(&self.password, password)
    }

    /// The password, unless it is a hash.
    pub(super) fn clear(&self) -> Option<&Secret> {
        (!connection::is_hash(self.password.expose())).then_some(&self.password)
    }

    /// Whether this is the password, as far as that can be told: a hash of MD5 fits any.
    pub(super) fn fits(&self, password: &Secret) -> bool {
        self.agrees(password).unwrap_or(true)
    }

    /// Refuses a password that is not that of a hash: a URL with it would lead nowhere.
    pub(super) fn check(&self, password: &Secret) -> Result<(), Error> {
        let reason = "the Secret holds a hash; the password for the URL is not known";
        match self.agrees(password) {
            Some(true) => Ok(()),
            _ => Err(Error::RoleSecret { path: self.file.to_owned(), reason }),
        }
    }

    /// Whether the Secret holds a verifier, and that is one of this password.
    pub(super) fn is_verified_by(&self, password: &Secret) -> bool {
        self.is_verifier() && self.fits(password)
    }

    fn is_verifier(&self) -> bool {
        self.password.expose_text().is_some_and(scram::is_verifier)
    }
}

/// Makes the Secret, encrypted by the creation rule for its path; its file and that of the rules.
pub(super) fn create(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    password: &Secret,
    means: &mut Means<'_>,
) -> Result<(PathBuf, PathBuf), Error> {
    let verifier = match target.options.scram {
        true => Some(Secret::from(scram::verifier(password, means.random))),
        false => None,
    };
    let names = target.place.files.iter().map(|template| template.value.fill(target.name));
    let new = NewSecret {
        paths: names.map(|name| target.place.directory.join(name)).collect(),
        content: content(target, verifier.as_ref().unwrap_or(password)),
        like: target.site.cluster.0.document,
        with_marker: target.place.with_marker,
    };
    sealed::create(draft, &new, means)
}

/// Lists the file of a Secret behind those of its sort.
pub(super) fn list(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    kustomize_file: &Path,
    file: &Path,
) -> Result<(), Error> {
    let like = |known: &str| {
        target.place.files.iter().any(|template| template.value.app_in(known).is_some())
    };
    listed::list(draft, kustomize_file, file, &like)
}

fn content(target: &Target<'_, '_>, password: &Secret) -> Fragment {
    let text = |text: &str| Fragment::text(text);
    let mut metadata = vec![("name".to_owned(), text(&target.secret_name))];
    if let Some(namespace) = target.namespace().filter(|_| target.place.with_namespace.value) {
        metadata.push(("namespace".to_owned(), text(namespace)));
    }
    let label = Fragment::mapping([(RELOAD_LABEL, Fragment::Quoted("true".to_owned()))]);
    metadata.push(("labels".to_owned(), label));
    Fragment::mapping([
        ("apiVersion", text("v1")),
        ("kind", text("Secret")),
        ("metadata", Fragment::Mapping(metadata)),
        ("type", text(CREDENTIALS_TYPE)),
        (
            "stringData",
            Fragment::mapping([
                ("username", text(&target.role_name.value)),
                ("password", text(password.expose_text().unwrap_or_default())),
            ]),
        ),
    ])
}
