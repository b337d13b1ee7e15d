//! Where a comment belongs in the tree that SOPS sees.
//!
//! SOPS encrypts a comment under the path of the mapping or list that holds it, and comments select what stands below
//! them. Which ones hold it is decided by the libraries that SOPS reads files with, Go's YAML by lines and columns
//! ([`yaml`]), the others by lines ([`flat`]).

mod flat;
mod yaml;

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::document::{Document, Kind, NodeId, Syntax};

/// The comments, by index into [`Document::comments`], of each collection before one of its children: a key,
/// an item, or `None` for the end.
pub(super) type Placement = HashMap<(NodeId, Option<NodeId>), Vec<usize>>;

/// Places all comments, as if each root ended with a `sops` key: that is where SOPS reads them.
pub(super) fn place(document: &Document) -> Placement {
    if matches!(document.syntax(), Syntax::Dotenv | Syntax::Ini) {
        return flat::place(document);
    }
    yaml::place(document)
}

/// Whether SOPS takes a comment and the one before it for one: then that one stands for both.
pub(super) fn is_joined(document: &Document, comment: usize) -> bool {
    flat::is_joined(document, comment)
}

/// Whether a comment stands where it cannot be a token, because that ends with a `]`.
pub(super) fn is_beside_header(document: &Document, comment: usize) -> bool {
    flat::is_beside_header(document, comment)
}

/// The text of a comment as SOPS sees it, with those joined to it.
pub(super) fn whole(document: &Document, comment: usize) -> Zeroizing<String> {
    let text = |index: usize| {
        Zeroizing::new(document.comment_text(&document.comments()[index]).to_owned())
    };
    let tail = flat::tail(document, comment, &text);
    Zeroizing::new(format!("{}{}", text(comment).as_str(), tail.as_str()))
}

/// The part of such a text that stands in the place of the comment; `text` gives those of the joined ones.
pub(super) fn own<'w>(
    document: &Document,
    comment: usize,
    whole: &'w str,
    text: &dyn Fn(usize) -> Zeroizing<String>,
) -> &'w str {
    whole.strip_suffix(flat::tail(document, comment, text).as_str()).unwrap_or(whole)
}

/// All collections in which a reader might see the comment: those that end before it or hold it.
pub(super) fn candidates(document: &Document, comment: usize) -> Vec<NodeId> {
    let at = document.comments()[comment].span.start;
    let around = |node: Option<NodeId>| {
        std::iter::successors(node, |node| document.node(*node).parent)
            .filter(|node| !matches!(document.node(*node).kind, Kind::Scalar(_) | Kind::Alias(_)))
    };
    around(preceding(document, at)).chain(around(following(document, at))).collect()
}

/// The last node that begins before a byte.
fn preceding(document: &Document, at: usize) -> Option<NodeId> {
    document.nodes_before(at).checked_sub(1).map(|index| NodeId(index as u32))
}

/// The first node that begins behind a byte, in the same root.
fn following(document: &Document, at: usize) -> Option<NodeId> {
    let root = document
        .roots()
        .iter()
        .rev()
        .find(|root| root.span.start <= at)
        .or(document.roots().first())?;
    let next = NodeId(document.nodes_before(at).max(root.node.index()) as u32);
    document.contains(root.node, next).then_some(next)
}
