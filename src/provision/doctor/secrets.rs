//! The Secrets of roles: there, of the right role, complete, watched by the operator, and used.

use super::{ADOPT, Entry, Examination, Place, Repair, Stock, provision};
use crate::kube::cluster::{CREDENTIALS_TYPE, RELOAD_LABEL};
use crate::kube::secret::SecretObject;
use crate::layout::SecretSite;
use crate::provision::inventory::Content;

/// The Secret that a role names.
pub(super) fn own<'s>(exam: &mut Examination<'_, 's>, entry: &Entry<'s>) {
    let (Some(role), Some(secret)) = (&entry.role, &entry.secret) else { return };
    if role.role.is_absent() {
        return;
    }
    let Some(site) = secret.site else {
        let is_unread = || exam.layout.is_in_broken(secret.name);
        if !exam.layout.is_made_elsewhere(secret.name) && !is_unread() {
            let place = Place::of(role.role.entry, &["passwordSecret", "name"], role.file);
            let message = format!("the Secret `{}` is not in the repository", secret.name);
            exam.error("secret-missing", place, message, provision(entry));
        }
        return;
    };
    for key in ["username", "password"] {
        if !secret.has(key) {
            let message = format!("the Secret `{}` has no `{key}`", secret.name);
            match key {
                "username" => exam.error("secret-keys", named(&site), message, ADOPT.to_owned()),
                _ => exam.editable("secret-keys", named(&site), message, ""),
            }
        }
    }
    if secret.is_of_role == Some(false) {
        let role = role.role.name();
        let message = format!("the `username` in the Secret `{}` is not `{role}`", secret.name);
        exam.editable("username-mismatch", at_key(&site, "username"), message, "");
    }
    if !secret.is_watched() {
        let message = format!(
            "the Secret `{}` has no label `cnpg.io/reload`: a new password is applied late",
            secret.name
        );
        exam.repairable("reload-label", named(&site), message, Repair::Watch(site));
    }
    if let Some(kind) = secret.kind().filter(|kind| *kind != CREDENTIALS_TYPE) {
        let name = secret.name;
        let message =
            format!("the Secret `{name}` is of the type `{kind}`, not `{CREDENTIALS_TYPE}`");
        let hint = "leave it: it works, and a Secret's type is immutable".to_owned();
        let place = Place::of(site.object, &["type"], site.file);
        exam.note("secret-type", place, message, hint);
    }
}

/// Secrets beside those of the roles that look like one of them, and that no role names.
pub(super) fn unused(exam: &mut Examination<'_, '_>, stock: &Stock<'_>) {
    let roles = exam.layout.roles(&stock.site);
    let names: Vec<&str> = roles.iter().filter_map(|found| found.role.password_secret()).collect();
    let place = exam.layout.role_secrets(&stock.site);
    let of_roles = exam.layout.secrets_named(&names, &stock.site);
    let is_watched =
        |site: &SecretSite<'_>| site.object.at(&["metadata", "labels", RELOAD_LABEL]).is_some();
    // The Cluster itself names Secrets: of the superuser, of the bootstrap, of backups.
    let cluster = stock.site.cluster.0;
    let by_cluster = |name: &str| {
        cluster.document.subtree(cluster.node).any(|id| cluster.document.text(id) == Some(name))
    };
    let inventory = exam.inventory;
    for Content { site, .. } in &inventory.vault.contents {
        let Some(name) = site.object.name() else { continue };
        let is_beside = of_roles.iter().any(|other| other.file.parent() == site.file.parent());
        let by_name = !place.name.evidence.is_empty() && place.name.value.app_in(name).is_some();
        let is_like = has_credentials(site) && (by_name || is_watched(site));
        if is_beside && is_like && !names.contains(&name) && !by_cluster(name) {
            let message = format!("no role names the Secret `{name}`");
            let hint = "remove it, or declare its role".to_owned();
            exam.warning("secret-unused", named(site), message, hint);
        }
    }
}

/// Whether a Secret has a user and a password.
fn has_credentials(site: &SecretSite<'_>) -> bool {
    let entries = SecretObject::of(site.object).map_or_else(Vec::new, |secret| secret.entries());
    ["username", "password"].iter().all(|key| entries.iter().any(|entry| entry.key == *key))
}

fn named<'p>(site: &SecretSite<'p>) -> Place<'p> {
    Place::of(site.object, &["metadata", "name"], site.file)
}

/// A key of a Secret.
pub(super) fn at_key<'p>(site: &SecretSite<'p>, key: &str) -> Place<'p> {
    let entries = SecretObject::of(site.object).map_or_else(Vec::new, |secret| secret.entries());
    let node = entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_node);
    let node = node.unwrap_or(site.object.node);
    Place { file: site.file, document: site.object.document, node }
}
