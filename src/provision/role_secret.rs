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

use super::draft::{Draft, written_like};
use super::{Error, Means, Note, Target, opened, password};
use crate::document::{Document, Fragment};
use crate::kube::kustomization::Kustomization;
use crate::layout::{Configured, Layout, configuration};
use crate::repo::Snapshot;
use crate::secret::Secret;
use crate::sops::file::{Encryption, encrypt};

/// With this label the operator watches the Secret; its presence counts, not its value.
const RELOAD_LABEL: &str = "cnpg.io/reload";

/// The type that CloudNativePG documents; it does not check it.
const TYPE: &str = "kubernetes.io/basic-auth";

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
    if username != target.identifier.value {
        return Err(refuse("the Secret's `username` is not the role"));
    }
    let password = value("password").filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| refuse("the Secret has no `password`"))?;
    if secret.object.at(&["metadata", "labels", RELOAD_LABEL]).is_none() {
        notes.push(Note::NoReloadLabel { path: secret.file.to_owned() });
    }
    if secret.object.text(&["type"]) != Some(TYPE) {
        notes.push(Note::OtherType { path: secret.file.to_owned() });
    }
    Ok(Some(RoleSecret { file: secret.file, password: Secret::from(password.to_owned()) }))
}

impl RoleSecret<'_> {
    /// Refuses a hash: no URL can be made from it.
    pub(super) fn check_usable(&self) -> Result<(), Error> {
        let reason = "the Secret holds a hash; the password for the URL is not known";
        match password::is_hash(self.password.expose()) {
            true => Err(Error::RoleSecret { path: self.file.to_owned(), reason }),
            false => Ok(()),
        }
    }
}

/// Makes the Secret, encrypted by the creation rule for its path.
pub(super) fn create(
    draft: &mut Draft<'_>,
    snapshot: &Snapshot,
    target: &Target<'_, '_>,
    password: &Secret,
    means: &mut Means<'_>,
) -> Result<(PathBuf, PathBuf), Error> {
    let (path, configured) = place(snapshot, target)?;
    let content = content(target, password);
    let plain =
        written_like(target.site.cluster.0.document, &content, target.place.with_marker, &path)?;
    let rule =
        configured.config.rule_for(&path).map_err(|source| rule_error(&configured, source))?;
    let rule = rule.ok_or_else(|| Error::NoRule { path: path.clone() })?;
    let how = Encryption {
        groups: &rule.groups,
        threshold: rule.threshold,
        selection: &rule.selection,
        mac_only_encrypted: rule.mac_only_encrypted,
        indent: configured.config.indent(),
        now: means.now,
    };
    let encrypted = encrypt(&plain, &how, means.random).map_err(Error::sops(&path))?;
    check_encrypted(&encrypted, &["stringData", "password"], &path)?;
    draft.create(&path, encrypted)?;
    Ok((path, configured.file))
}

/// Lists the file of the Secret where those of the other roles are.
pub(super) fn list(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    file: &Path,
) -> Result<(), Error> {
    let Some(kustomize_file) = target.place.listed_in else { return Ok(()) };
    let directory = kustomize_file.parent().unwrap_or(Path::new(""));
    let Some(entry) = file.strip_prefix(directory).ok().and_then(Path::to_str) else {
        return Ok(());
    };
    let like = |known: &str| {
        target.place.files.iter().any(|template| template.value.app_in(known).is_some())
    };
    draft.edit(kustomize_file, |document, edits| {
        Kustomization::of(document).list(entry, &like, edits)
    })
}

/// Refuses a document in which a value that must be secret is in the clear, whatever the rule selects.
pub(super) fn check_encrypted(
    document: &Document,
    keys: &[&str],
    path: &Path,
) -> Result<(), Error> {
    let root = document.roots().first();
    let value = root.and_then(|root| document.descend(root.node, keys));
    let text = value.and_then(|value| document.text(value)).unwrap_or_default();
    match text.starts_with("ENC[") {
        true => Ok(()),
        false => Err(Error::NotSelected { path: path.to_owned(), route: keys.join(".") }),
    }
}

/// The first file name that a creation rule covers.
fn place(snapshot: &Snapshot, target: &Target<'_, '_>) -> Result<(PathBuf, Configured), Error> {
    let names = target.place.files.iter().map(|template| template.value.fill(target.name));
    let paths: Vec<PathBuf> = names.map(|name| target.place.directory.join(name)).collect();
    for path in &paths {
        let Some(configured) = configuration(snapshot, path)? else { continue };
        let rule = configured.config.rule_for(path);
        if rule.map_err(|source| rule_error(&configured, source))?.is_some() {
            return Ok((path.clone(), configured));
        }
    }
    Err(Error::NoRule { path: paths.into_iter().next().unwrap_or_default() })
}

fn rule_error(configured: &Configured, source: crate::sops::rules::Error) -> Error {
    Error::Rule { path: configured.file.clone(), source }
}

fn content(target: &Target<'_, '_>, password: &Secret) -> Fragment {
    let text = |text: &str| Fragment::text(text);
    let mut metadata = vec![("name".to_owned(), text(&target.secret_name))];
    if let Some(namespace) = target.namespace().filter(|_| target.place.with_namespace) {
        metadata.push(("namespace".to_owned(), text(namespace)));
    }
    let label = Fragment::mapping([(RELOAD_LABEL, Fragment::Quoted("true".to_owned()))]);
    metadata.push(("labels".to_owned(), label));
    Fragment::mapping([
        ("apiVersion", text("v1")),
        ("kind", text("Secret")),
        ("metadata", Fragment::Mapping(metadata)),
        ("type", text(TYPE)),
        (
            "stringData",
            Fragment::mapping([
                ("username", text(&target.identifier.value)),
                ("password", text(password.expose_text().unwrap_or_default())),
            ]),
        ),
    ])
}
