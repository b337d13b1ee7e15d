//! The Secrets of roles: the reload label, and the `username` without which the operator refuses a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Remark;
use crate::document::{EditError, Edits, Fragment, Placement};
use crate::kube::Object;
use crate::provision::draft::Draft;
use crate::provision::inventory::{Entry, Inventory};
use crate::provision::{Error, Means, reload_label};

/// Adds what the Secrets of roles lack.
pub(super) fn complete(
    draft: &mut Draft<'_>,
    inventory: &Inventory<'_>,
    means: &mut Means<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<(), Error> {
    for entry in inventory.clusters.iter().flat_map(|stock| &stock.entries) {
        let is_read = of_entry(draft, entry, means)?;
        let site = entry.secret.as_ref().and_then(|secret| secret.site);
        if let (false, Some(site)) = (is_read, site) {
            remarks.push(Remark::Unread { path: site.file.to_owned() });
        }
    }
    Ok(())
}

/// Whether the Secret of the role is complete now.
fn of_entry(
    draft: &mut Draft<'_>,
    entry: &Entry<'_>,
    means: &mut Means<'_>,
) -> Result<bool, Error> {
    let (Some(role), Some(secret)) = (&entry.role, &entry.secret) else { return Ok(true) };
    let Some(site) = secret.site.filter(|_| !role.role.is_absent()) else { return Ok(true) };
    let name = role.role.name();
    let add = |secret: &Object<'_>, edits: &mut Edits<'_>| add_username(secret, edits, name);
    if !secret.has("username") && !reload_label::edit(draft, &site, means, add)? {
        return Ok(false);
    }
    Ok(secret.is_watched() || reload_label::add(draft, &site, means)?)
}

/// Adds the user where the password is.
fn add_username(secret: &Object<'_>, edits: &mut Edits<'_>, name: &str) -> Result<(), EditError> {
    let document = secret.document;
    let block = ["stringData", "data"].into_iter().find_map(|field| {
        let mapping = secret.at(&[field])?;
        secret.at(&[field, "password"]).map(|_| (field, document.target(mapping)))
    });
    match block {
        Some(("data", mapping)) => {
            let name = Fragment::text(STANDARD.encode(name));
            edits.insert_entry(mapping, Placement::First, "username", name)
        }
        Some((_, mapping)) => {
            edits.insert_entry(mapping, Placement::First, "username", Fragment::text(name))
        }
        // Without a password it is no Secret of a role yet.
        None => Ok(()),
    }
}
