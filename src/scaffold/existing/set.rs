//! One value of a Secret, or several, read, replaced and removed.

use std::collections::BTreeMap;

use super::opened::{Opened, open, secret_at};
use super::{Changed, Error, Means, Note, Target, anew, entry, is_locked};
use crate::document::{Document, Edits};
use crate::kube::flux;
use crate::layout::Layout;
use crate::scaffold::{check_entries, kind};
use crate::secret::Secret;
use crate::sops::file::EncryptedFile;
use crate::txn::Plan;

/// The value of a key, byte for byte.
pub(crate) fn get(target: &Target<'_>, key: &str, means: &Means<'_>) -> Result<Secret, Error> {
    let opened = open(target, means.identities)?;
    let found = entry::entry(&opened.plain, target.position, key);
    let found = found.expect("the target was chosen by its key");
    entry::value(&opened.plain, &found, target.file())
}

/// All keys with their values, as the cluster gets them.
pub(crate) fn values(
    target: &Target<'_>,
    means: &Means<'_>,
) -> Result<Vec<(String, Secret)>, Error> {
    values_in(&open(target, means.identities)?.plain, target)
}

/// The same of a Secret in plain text.
pub(crate) fn plain_values(target: &Target<'_>) -> Result<Vec<(String, Secret)>, Error> {
    values_in(target.site.object.document, target)
}

fn values_in(plain: &Document, target: &Target<'_>) -> Result<Vec<(String, Secret)>, Error> {
    let value = |key: &str| {
        let found = entry::entry(plain, target.position, key).expect("it is one of the keys");
        Ok((key.to_owned(), entry::value(plain, &found, target.file())?))
    };
    target.keys().into_iter().map(value).collect()
}

/// A Secret in plain text with these values; others stay as they are.
pub(crate) fn with_values(
    target: &Target<'_>,
    values: &[(String, Secret)],
    layout: &Layout<'_>,
) -> Result<Document, Error> {
    refuse_immutable(target)?;
    refuse_substituted(target, values, layout)?;
    let (path, document) = (target.file(), target.site.object.document);
    let mut plain = Edits::new(document).apply().map_err(Error::edit(path))?;
    for (key, value) in values {
        plain = entry::set(&plain, target.position, (key, value), path)?;
    }
    refuse_size(&plain, target.position)?;
    Ok(plain)
}

/// Whether the file of a Secret is encrypted.
pub(crate) fn is_encrypted(target: &Target<'_>) -> Result<bool, Error> {
    let file = EncryptedFile::open(target.site.object.document);
    Ok(file.map_err(Error::sops(target.file()))?.is_some())
}

/// Refuses a Secret whose values cannot be changed.
pub(crate) fn check(target: &Target<'_>) -> Result<(), Error> {
    if !is_encrypted(target)? {
        let (path, name) = (target.file().to_owned(), target.name().to_owned());
        return Err(Error::NotEncrypted { path, name });
    }
    refuse_immutable(target)
}

/// Gives keys these values. Without an identity the whole file is made anew, if nothing is lost by that.
pub(crate) fn set<'s>(
    target: &Target<'s>,
    values: &[(String, Secret)],
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Changed, Error> {
    check_entries(values)?;
    refuse_immutable(target)?;
    refuse_substituted(target, values, layout)?;
    let mut notes = Vec::new();
    let new = match open(target, means.identities) {
        Ok(opened) => replaced(target, &opened, values, means)?,
        Err(Error::Sops { source, .. }) if is_locked(&source) => {
            let (new, note) = anew::make(target, values, layout.snapshot(), means, source)?;
            notes.push(note);
            new
        }
        Err(error) => return Err(error),
    };
    changed(target, &new, notes, layout)
}

/// Takes keys away.
pub(crate) fn unset<'s>(
    target: &Target<'s>,
    key: &str,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Changed, Error> {
    refuse_immutable(target)?;
    let of_type = target.site.object.text(&["type"]).unwrap_or_default();
    if kind::demands(of_type, key) {
        let path = target.file().to_owned();
        return Err(Error::Required { path, kind: of_type.to_owned(), key: key.to_owned() });
    }
    let opened = open(target, means.identities).map_err(|error| match error {
        Error::Sops { path, source } if is_locked(&source) => {
            let (keys, others) = (Vec::new(), Vec::new());
            Error::Locked { path, keys, others, source: Box::new(source) }
        }
        error => error,
    })?;
    let plain = entry::unset(&opened.plain, target.position, key, target.file())?;
    let new = opened.sealed(&plain, target.file(), means)?;
    changed(target, &new, Vec::new(), layout)
}

fn changed<'s>(
    target: &Target<'s>,
    new: &Document,
    notes: Vec<Note>,
    layout: &Layout<'s>,
) -> Result<Changed, Error> {
    let mut plan = Plan::new();
    plan.push(layout.snapshot().change(target.file(), Some(new))?)?;
    Ok(Changed { plan, notes, restarts: layout.restarts(&[target.site]) })
}

/// The file with other values, under its own data key.
fn replaced(
    target: &Target<'_>,
    opened: &Opened<'_>,
    values: &[(String, Secret)],
    means: &mut Means<'_>,
) -> Result<Document, Error> {
    let (position, path) = (target.position, target.file());
    let mut plain: Option<Document> = None;
    for (key, value) in values {
        let before = plain.as_ref().unwrap_or(&opened.plain);
        // A value that is there already keeps its spelling, too.
        let present = entry::entry(before, position, key)
            .and_then(|found| entry::value(before, &found, path).ok());
        if present.as_ref() != Some(value) {
            plain = Some(entry::set(before, position, (key, value), path)?);
        }
    }
    let plain = plain.as_ref().unwrap_or(&opened.plain);
    refuse_size(plain, position)?;
    let sealed = opened.sealed(plain, path, means)?;
    for (key, value) in values {
        let found = entry::entry(&sealed, position, key).expect("it was set");
        let text = sealed.text(found.value).unwrap_or_default();
        if !value.is_empty() && !text.starts_with("ENC[") {
            let route = sealed.route(found.value).to_string();
            return Err(Error::NotSelected { path: path.to_owned(), route });
        }
    }
    Ok(sealed)
}

fn refuse_immutable(target: &Target<'_>) -> Result<(), Error> {
    if target.site.object.text(&["immutable"]) != Some("true") {
        return Ok(());
    }
    let (path, name) = (target.file().to_owned(), target.name().to_owned());
    Err(Error::Immutable { path, name })
}

/// In `data` the value is base64, which Flux leaves alone; so it does with what asks for that.
fn refuse_substituted(
    target: &Target<'_>,
    values: &[(String, Secret)],
    layout: &Layout<'_>,
) -> Result<(), Error> {
    let object = &target.site.object;
    if !layout.is_substituted(target.file()) || flux::is_left_alone(object) {
        return Ok(());
    }
    let is_encoded = |key: &str| {
        let found = entry::entry(object.document, target.position, key);
        found.is_some_and(|found| found.encoded)
    };
    let replaced = |(key, value): &&(String, Secret)| {
        value.expose_text().is_some() && flux::replaces(value.expose()) && !is_encoded(key)
    };
    match values.iter().find(replaced) {
        Some((key, _)) => {
            Err(Error::Substituted { path: target.file().to_owned(), key: key.clone() })
        }
        None => Ok(()),
    }
}

/// The values of a Secret together may not be more than the API server takes.
fn refuse_size(plain: &Document, position: usize) -> Result<(), Error> {
    let mut sizes = BTreeMap::new();
    for found in secret_at(plain, position).entries() {
        let text = plain.text(found.value).unwrap_or_default();
        let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        let packed = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
        let size =
            if found.encoded { (packed / 4 * 3).saturating_sub(padding) } else { text.len() };
        // `stringData` comes last and counts.
        sizes.insert(found.key, size);
    }
    let bytes = sizes.values().sum();
    match bytes > crate::scaffold::MOST_BYTES {
        true => Err(crate::scaffold::Error::Size { bytes }.into()),
        false => Ok(()),
    }
}
