//! One entry of a plain Secret: its value read, given and taken away.
//!
//! ```text
//! data: {KEY: dmFsdWU=}      keeps what is there as base64
//! stringData: {KEY: value}   wins in the cluster; text only, so bytes that are none move to `data`
//! ```

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Error;
use super::opened::{is_aliased, secret_at};
use crate::document::{Document, Edits, Fragment, Kind, NodeId, Placement};
use crate::kube::secret::Entry;
use crate::scaffold::manifest::{BLOCK, is_block};
use crate::secret::Secret;

/// The entry that counts in the cluster.
pub(super) fn entry<'d>(document: &'d Document, position: usize, key: &str) -> Option<Entry<'d>> {
    let entries = secret_at(document, position).entries();
    // Those of `stringData` come last.
    entries.into_iter().rfind(|entry| entry.key == key)
}

/// The value of an entry.
pub(super) fn value(document: &Document, entry: &Entry<'_>, path: &Path) -> Result<Secret, Error> {
    let text = document.text(entry.value).unwrap_or_default();
    if !entry.encoded {
        return Ok(Secret::new(text.as_bytes().to_vec()));
    }
    let packed = Zeroizing::new(text.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(packed.as_bytes()).map(Secret::new).map_err(|_| Error::Base64 {
        path: path.to_owned(),
        position: document.position_of(entry.value),
        key: entry.key.to_owned(),
    })
}

/// A document with the value of an entry, which is made where it is missing.
pub(super) fn set(
    document: &Document,
    position: usize,
    (key, value): (&str, &Secret),
    path: &Path,
) -> Result<Document, Error> {
    let found = entry(document, position, key);
    match found {
        // What is no text has no place in `stringData`.
        Some(found) if !found.encoded && value.expose_text().is_none() => {
            let without = unset(document, position, key, path)?;
            put(&without, position, ("data", key), value, path)
        }
        Some(found) => {
            let section = if found.encoded { "data" } else { "stringData" };
            put(document, position, (section, key), value, path)
        }
        None => {
            let has = |section| secret_at(document, position).object.at(&[section]).is_some();
            let is_text = value.expose_text().is_some();
            let section =
                if is_text && (has("stringData") || !has("data")) { "stringData" } else { "data" };
            put(document, position, (section, key), value, path)
        }
    }
}

/// A document without an entry, in whichever section it stands, and without what would be empty then.
pub(super) fn unset(
    document: &Document,
    position: usize,
    key: &str,
    path: &Path,
) -> Result<Document, Error> {
    let entries = secret_at(document, position).entries();
    let Some(entry) = entries.iter().find(|entry| entry.key == key) else {
        let same = Edits::new(document).apply();
        return same.map_err(Error::edit(path));
    };
    let section = if entry.encoded { "data" } else { "stringData" };
    own(document, position, section, entry, path)?;
    let mut edits = Edits::new(document);
    edits.remove_whole(entry.value).map_err(Error::edit(path))?;
    let without = edits.apply().map_err(Error::edit(path))?;
    unset(&without, position, key, path)
}

/// Writes an entry of a section: in two steps, as only an edit of text is wiped.
fn put(
    document: &Document,
    position: usize,
    (section, key): (&str, &str),
    value: &Secret,
    path: &Path,
) -> Result<Document, Error> {
    let text = match (section, value.expose_text()) {
        ("stringData", Some(text)) => Zeroizing::new(text.to_owned()),
        _ => Zeroizing::new(STANDARD.encode(value.expose())),
    };
    let mut edits = Edits::new(document);
    prepare(&mut edits, document, position, (section, key), &text, path)?;
    let prepared = edits.apply().map_err(Error::edit(path))?;
    let object = secret_at(&prepared, position).object;
    let node = object.at(&[section, key]).expect("it was prepared");
    let mut edits = Edits::new(&prepared);
    edits.set_text(node, &text).map_err(Error::edit(path))?;
    edits.apply().map_err(Error::edit(path))
}

/// Sees to it that there is a scalar for the value, which belongs to nothing else.
fn prepare(
    edits: &mut Edits<'_>,
    document: &Document,
    position: usize,
    (section, key): (&str, &str),
    text: &str,
    path: &Path,
) -> Result<(), Error> {
    let secret = secret_at(document, position);
    // A new text of several lines begins as a block of that many.
    let blank = || match is_block(text) {
        true => Fragment::Literal(BLOCK.to_owned()),
        // Plain, so that the text is quoted only where it has to be.
        false => Fragment::text("x"),
    };
    let encoded = section == "data";
    let entries = secret.entries();
    let found = entries.iter().find(|entry| entry.key == key && entry.encoded == encoded);
    if let Some(entry) = found {
        let is_own = own(document, position, section, entry, path);
        return match (is_own, document.node(entry.value).kind) {
            (Ok(()), Kind::Scalar(_)) => Ok(()),
            (Ok(()), _) => edits.replace(entry.value, &blank()).map_err(Error::edit(path)),
            (Err(error), _) => Err(error),
        };
    }
    let at = |key: &str| document.entry(secret.object.node, key).map(|(_, node)| node);
    let inserted = match at(section) {
        Some(mapping)
            if matches!(document.node(mapping).kind, Kind::Alias(_))
                || is_aliased(document, mapping) =>
        {
            return Err(shared(document, mapping, key, path));
        }
        Some(mapping) => edits.insert_entry(mapping, Placement::Last, key, blank()),
        None => {
            let neighbours = ["stringData", "data", "type", "metadata"];
            let neighbour = neighbours.iter().find_map(|key| at(key));
            let placement = neighbour.map_or(Placement::Last, Placement::After);
            let mapping = Fragment::Mapping(vec![(key.to_owned(), blank())]);
            edits.insert_entry(secret.object.node, placement, section, mapping)
        }
    };
    inserted.map_err(Error::edit(path))
}

/// Refuses an entry that is not written in its own section alone.
fn own(
    document: &Document,
    position: usize,
    section: &str,
    entry: &Entry<'_>,
    path: &Path,
) -> Result<(), Error> {
    let object = secret_at(document, position).object;
    let mapping = document.entry(object.node, section).map(|(_, node)| node);
    let is_own = document.node(entry.value).parent == mapping
        && mapping.is_some_and(|mapping| !is_aliased(document, mapping))
        && !is_aliased(document, entry.value);
    if is_own { Ok(()) } else { Err(shared(document, entry.value, entry.key, path)) }
}

fn shared(document: &Document, node: NodeId, key: &str, path: &Path) -> Error {
    let position = document.position_of(node);
    Error::Shared { path: path.to_owned(), position, key: key.to_owned() }
}
