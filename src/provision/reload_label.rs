//! The label by which the operator watches a Secret.

use super::draft::Draft;
use super::opened::{self, Opened};
use super::{Error, Means};
use crate::document::{Document, EditError, Edits, Fragment, Placement};
use crate::kube::cluster::RELOAD_LABEL;
use crate::kube::{Object, objects};
use crate::layout::SecretSite;

/// Gives a Secret the label; `false` where it cannot be decrypted, and so cannot get a new MAC.
pub(super) fn add(
    draft: &mut Draft<'_>,
    site: &SecretSite<'_>,
    means: &mut Means<'_>,
) -> Result<bool, Error> {
    edit(draft, site, means, label)
}

/// Edits the plain content of a Secret; `false` where it cannot be decrypted, or is not encrypted at all.
pub(super) fn edit(
    draft: &mut Draft<'_>,
    site: &SecretSite<'_>,
    means: &mut Means<'_>,
    edit: impl FnOnce(&Object<'_>, &mut Edits<'_>) -> Result<(), EditError>,
) -> Result<bool, Error> {
    let name = site.object.name().unwrap_or_default();
    let opened =
        match opened::open_document(draft.document(site.file)?, site.file, means.identities) {
            Ok(opened) => opened,
            Err(Error::Sops { .. } | Error::NotEncrypted { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
    let changed = edited(&opened, site, name, means, edit)?;
    draft.replace(site.file, changed);
    Ok(true)
}

fn edited(
    opened: &Opened<'_>,
    site: &SecretSite<'_>,
    name: &str,
    means: &mut Means<'_>,
    edit: impl FnOnce(&Object<'_>, &mut Edits<'_>) -> Result<(), EditError>,
) -> Result<Document, Error> {
    let of_secret = |plain: &Document, edits: &mut Edits<'_>| {
        let mut secrets = objects(plain).into_iter().filter(|object| object.is("", "Secret"));
        match secrets.find(|object| object.name() == Some(name)) {
            Some(secret) => edit(&secret, edits),
            None => Ok(()),
        }
    };
    opened.edited(site.file, of_secret, means)
}

fn label(secret: &Object<'_>, edits: &mut Edits<'_>) -> Result<(), EditError> {
    let document = secret.document;
    let value = Fragment::Quoted("true".to_owned());
    if let Some(labels) = secret.at(&["metadata", "labels"]) {
        return edits.insert_entry(document.target(labels), Placement::Last, RELOAD_LABEL, value);
    }
    let Some(metadata) = secret.at(&["metadata"]) else { return Ok(()) };
    let labels = Fragment::mapping([(RELOAD_LABEL, value)]);
    edits.insert_entry(document.target(metadata), Placement::Last, "labels", labels)
}
