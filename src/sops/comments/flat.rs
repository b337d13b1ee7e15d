//! Comments of dotenv and INI.
//!
//! In dotenv a comment stands before the entry below it. In INI, SOPS joins all comments above and beside a key into
//! one, which comes *behind* the key; those of a section come first in it:
//!
//! ```text
//! # first                  [section]                  "first\n; second" of `section`
//!
//! ; second                 x = 1  # beside            "beside" behind `x`
//! [section]                y = 1
//! ```
//!
//! Here they stay apart, each in its place. When they are encrypted, the first one's token holds all of them as
//! SOPS would have joined them, so that SOPS, which reads the first token alone, loses none. Comments at the end of
//! an INI file, which SOPS does drop, count as the last of the section above them; the section `sops` is not there.
//! One beside a header is encrypted in the way of spellings, without brackets: SOPS reads it if there is another one above.

use std::ops::Range;

use zeroize::Zeroizing;

use super::Placement;
use crate::document::{Document, Kind, NodeId, Syntax};

/// Places all comments of a document in lines.
pub(super) fn place(document: &Document) -> Placement {
    let mut placement = Placement::new();
    // Neighbours share their place: searching it for each would take the square of their number.
    let mut last = None;
    for index in 0..document.comments().len() {
        let owner = owner(document, index);
        let spot = match last {
            Some((known, spot)) if known == owner => spot,
            _ => spot(document, owner),
        };
        last = Some((owner, spot));
        placement.entry(spot).or_default().push(index);
    }
    placement
}

/// The further comments that SOPS joins with this one; none if it is itself joined with one before.
pub(super) fn joined(document: &Document, index: usize) -> Range<usize> {
    if document.syntax() != Syntax::Ini || is_joined(document, index) {
        return index + 1..index + 1;
    }
    let end = (index + 1..document.comments().len()).find(|next| !is_joined(document, *next));
    index + 1..end.unwrap_or(document.comments().len())
}

/// Whether SOPS joins this comment with the one before it.
pub(super) fn is_joined(document: &Document, index: usize) -> bool {
    document.syntax() == Syntax::Ini
        && index > 0
        && owner(document, index - 1) == owner(document, index)
}

/// Whether a comment stands beside a header, where it cannot hold a `]`: the library takes the last one of the line
/// for that of the header.
pub(super) fn is_beside_header(document: &Document, index: usize) -> bool {
    document.syntax() == Syntax::Ini
        && document.comments()[index].inline
        && owner(document, index)
            .is_some_and(|key| document.node(key).parent == Some(document.roots()[0].node))
}

/// What SOPS appends to a comment: the further ones with their markers, and the line breaks between them. `text`
/// gives the text of each.
pub(super) fn tail(
    document: &Document,
    index: usize,
    text: &dyn Fn(usize) -> Zeroizing<String>,
) -> Zeroizing<String> {
    let source = document.source();
    let mut tail = Zeroizing::new(String::new());
    let mut end = document.comments()[index].span.end;
    for next in joined(document, index) {
        let comment = &document.comments()[next];
        let line = source[end..].find('\n').map_or(source.len(), |length| end + length + 1);
        tail.push_str(&source[end..line]);
        tail.push_str(&source[comment.span.start..comment.text.start]);
        tail.push_str(&text(next));
        end = comment.span.end;
    }
    tail
}

/// The key that a comment belongs to: on its line, else below it.
fn owner(document: &Document, index: usize) -> Option<NodeId> {
    let comment = &document.comments()[index];
    let before = document.nodes_before(comment.span.start);
    let root = document.roots()[0].node;
    let is_mapping = |node: NodeId| matches!(document.node(node).kind, Kind::Mapping(_));
    if !comment.inline {
        let nodes = (before as u32..).map(NodeId).take_while(|node| document.contains(root, *node));
        // The key of DEFAULT is written nowhere.
        return nodes.into_iter().find(|node| !is_mapping(*node) && !is_unwritten(document, *node));
    }
    let node = NodeId(before.checked_sub(1)? as u32);
    let parent = document.node(node).parent?;
    // Keys and values of a section alternate, and none of them has children.
    let is_value = document.node(parent).parent.is_some() && (node.0 - parent.0).is_multiple_of(2);
    Some(if is_value { NodeId(node.0 - 1) } else { node })
}

/// Whether this is the key of INI's first section.
fn is_unwritten(document: &Document, node: NodeId) -> bool {
    document.syntax() == Syntax::Ini && node == NodeId(1)
}

/// Collection and child before which the comments of a key come.
fn spot(document: &Document, owner: Option<NodeId>) -> (NodeId, Option<NodeId>) {
    let root = document.roots()[0].node;
    if document.syntax() == Syntax::Dotenv {
        return (root, owner);
    }
    let parent = owner.and_then(|key| document.node(key).parent);
    match (owner, parent) {
        (Some(key), Some(section)) if section != root => {
            let next = NodeId(key.0 + 2);
            (section, Some(next).filter(|next| document.contains(section, *next)))
        }
        (Some(key), _) if document.text(key) != Some("sops") => {
            let (section, first) = (NodeId(key.0 + 1), NodeId(key.0 + 2));
            (section, Some(first).filter(|first| document.contains(section, *first)))
        }
        _ => {
            let above =
                document.entries(root).take_while(|(key, _)| owner.is_none_or(|o| *key < o));
            let sections = above.filter(|(key, _)| document.text(*key) != Some("sops"));
            (sections.last().map_or(root, |(_, section)| section), None)
        }
    }
}
