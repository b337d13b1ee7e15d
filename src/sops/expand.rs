//! What has to be written otherwise before a file can be encrypted.
//!
//! Aliases in encrypted parts: the AAD of a value is its path, so that one token cannot stand for two places. SOPS writes out every
//! alias; here only those are written out that connect encrypted values with each other or with plain
//! ones. The rest stay as they are.
//!
//! A plain block at the end of a file without a final line break: the metadata follow it, and with them comes
//! the line break, which must not become part of the value.

use std::collections::{BTreeSet, HashSet};

use super::selection::Selection;
use super::walk::{Leaf, Obstacle, Was, walk};
use crate::document::{Document, EditError, Edits, Fragment, Kind, NodeId, Value};

/// The document with these written otherwise; `None` if there are none.
pub(super) fn expand(
    document: &Document,
    selection: &Selection,
) -> Result<Option<Document>, EditError> {
    let mut connecting = BTreeSet::new();
    let mut sealed = HashSet::new();
    let walked: Result<(), Obstacle> = walk(document, selection, &mut |visit| {
        match visit.leaf {
            Leaf::Value(id) if visit.selected => {
                sealed.insert(id);
            }
            Leaf::Aliased(id, alias) if visit.selected || sealed.contains(&id) => {
                connecting.insert(alias);
            }
            _ => {}
        }
        Ok(Was::Value)
    });
    // An obstacle, such as aliases that multiply, is told by the walk that encrypts.
    let open = document.open_block().filter(|(id, _)| !sealed.contains(id));
    if walked.is_err() || connecting.is_empty() && open.is_none() {
        return Ok(None);
    }
    let mut edits = Edits::new(document);
    if let Some((id, source)) = open {
        let text = document.text(id).unwrap_or_default().to_owned();
        edits.set_source(id, source, Value::text(text))?;
    }
    for alias in connecting {
        edits.replace(alias, &copy(document, document.target(alias)))?;
    }
    edits.apply().map(Some)
}

/// A subtree without anchors, aliases written out.
fn copy(document: &Document, id: NodeId) -> Fragment {
    let id = document.target(id);
    match document.node(id).kind {
        Kind::Mapping(_) => Fragment::Mapping(
            document
                .entries(id)
                .map(|(key, value)| {
                    (document.text(key).unwrap_or_default().to_owned(), copy(document, value))
                })
                .collect(),
        ),
        Kind::Sequence(_) => {
            Fragment::Sequence(document.items(id).map(|item| copy(document, item)).collect())
        }
        _ => match document.value(id) {
            Some(Ok(Value::Text(text))) => Fragment::Text(text),
            Some(Ok(Value::Null)) | None => Fragment::Verbatim("null".to_owned()),
            _ => Fragment::Verbatim(document.text(id).unwrap_or_default().to_owned()),
        },
    }
}
