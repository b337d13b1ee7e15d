//! `hand-edited`: an encrypted file that was changed without its key.
//!
//! Told from a version before that has the same MAC over other values, or a token below other keys; no key is needed. With
//! several parents, in a merge, it is enough that one of them has the same under the same MAC. What is plain and should not
//! be is left to `partially-encrypted`.
//!
//! Files of every format are looked at; one that has no version before costs nothing.

use super::super::finding::{Confidence, Finding, Hint};
use super::super::input::label;
use super::super::plain::TOKEN;
use super::super::text::Text;
use super::{MOST_NAMED, Rule, first, listed_routes};
use crate::document::{Document, NodeId};
use crate::sops::Format;
use crate::sops::covered::{Covered, Edited};

/// The rule.
pub(super) struct HandEdited;

impl Rule for HandEdited {
    fn id(&self) -> &'static str {
        "hand-edited"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/hand-edited.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        if !text.text.contains(TOKEN) {
            return;
        }
        let before = (text.before)(text.path);
        if before.is_empty() {
            return;
        }
        let syntax = Format::of_path(text.path).syntax();
        let parse = |bytes: Vec<u8>| Document::parse_as(syntax, bytes).ok();
        let Some(document) = parse(text.text.as_bytes().to_vec()) else { return };
        let Some(now) = Covered::of(&document).filter(|now| !now.is_partial()) else { return };
        let before = before.into_iter().filter_map(parse);
        if let Some(edited) = edited(&now, before) {
            let (values, message, hint) = told(&document, &edited);
            let labels: Vec<NodeId> =
                values.iter().take(MOST_NAMED).map(|value| label(&document, *value)).collect();
            let place = (text.path, &document);
            findings.push(Finding::at(self, place, &labels, Confidence::High, message, hint));
        }
    }
}

/// What was edited since all versions before.
fn edited(now: &Covered, before: impl Iterator<Item = Document>) -> Option<Edited> {
    let mut found = None;
    for before in before.filter_map(|document| Covered::of(&document)) {
        match now.edited_since(&before) {
            None if now.has_mac_of(&before) => return None,
            None => {}
            Some(edited) => found = found.or(Some(edited)),
        }
    }
    found
}

/// The values concerned, what is wrong, and what to do.
fn told(document: &Document, edited: &Edited) -> (Vec<NodeId>, String, Hint) {
    let wanted = "see the edit with `git diff`; if it is wanted".to_owned();
    let rotate = first(wanted, "keywright rotate -i --ignore-mac");
    let what = match edited {
        Edited::Moved(values) => {
            let routes = listed_routes(document, values);
            let message = format!("moved by hand, so that it does not decrypt any more: {routes}");
            let back = "restore the file with `git checkout`, then change it with `keywright set` or \
                        `keywright edit`";
            return (values.clone(), message, Hint { first: Some(back.to_owned()), command: None });
        }
        Edited::Values(values) => {
            let message = format!("{}: {}", EDITED, listed_routes(document, values));
            return (values.clone(), message, rotate);
        }
        Edited::Sequence => "values are gone or in another order",
        Edited::Time => "`lastmodified` belongs to it",
    };
    (seal(document).into_iter().collect(), format!("{EDITED}: {what}"), rotate)
}

/// How the message begins.
const EDITED: &str = "edited by hand, so that the MAC is wrong";

/// The value of the MAC, where the metadata are a mapping.
fn seal(document: &Document) -> Option<NodeId> {
    document.descend(document.roots().first()?.node, &["sops", "mac"])
}
