//! The text as SOPS will read it, and where its tokens are.
//!
//! A file is encrypted with a `sops` mapping at the end of each document, and a comment above that one may belong
//! to it. So a plain document gets a key here that stands for the mapping:
//!
//! ```text
//! a: 1        a: 1
//! # end       # end
//!             sops: 0
//! ```

use zeroize::Zeroizing;

use crate::document::{Document, Kind, Layout, NodeId, Style};

/// What the span tree knows about a piece of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// A scalar.
    Scalar(Style),
    /// `*name`
    Alias,
    /// `&name` or `!tag`
    Property,
}

/// A text with its scalars, aliases and properties in order, as byte ranges.
pub(super) struct Skeleton {
    pub(super) text: Zeroizing<String>,
    pub(super) pieces: Vec<(usize, usize, Piece)>,
    /// Where the comments of the document begin, in order.
    pub(super) comments: Vec<usize>,
    /// The roots that got a key, in order.
    pub(super) extended: Vec<NodeId>,
}

/// Text that is not in the document, and the bytes of it that are the key.
struct Insertion {
    at: usize,
    text: String,
    key: usize,
}

const KEY: &str = "sops";

impl Skeleton {
    pub(super) fn of(document: &Document) -> Skeleton {
        let mut pieces = pieces(document);
        let mut comments: Vec<usize> =
            document.comments().iter().map(|comment| comment.span.start).collect();
        let (extended, insertions): (Vec<_>, Vec<_>) = (0..document.roots().len())
            .filter_map(|root| Some((document.roots()[root].node, insertion(document, root)?)))
            .unzip();
        let mut text = Zeroizing::new(String::with_capacity(
            document.source().len() + insertions.iter().map(|i| i.text.len()).sum::<usize>(),
        ));
        let mut done = 0;
        // From the last on: an insertion moves what stands behind it.
        for insertion in insertions.iter().rev() {
            let length = insertion.text.len();
            let behind = |start: usize| start >= insertion.at;
            pieces
                .iter_mut()
                .rev()
                .take_while(|piece| behind(piece.0))
                .for_each(|piece| (piece.0, piece.1) = (piece.0 + length, piece.1 + length));
            comments
                .iter_mut()
                .rev()
                .take_while(|comment| behind(**comment))
                .for_each(|comment| *comment += length);
        }
        for insertion in &insertions {
            text.push_str(&document.source()[done..insertion.at]);
            let key = text.len() + insertion.key;
            text.push_str(&insertion.text);
            done = insertion.at;
            let value = key + KEY.len() + 2;
            pieces.push((key, key + KEY.len(), Piece::Scalar(Style::Plain)));
            pieces.push((value, value + 1, Piece::Scalar(Style::Plain)));
        }
        text.push_str(&document.source()[done..]);
        pieces.sort_unstable_by_key(|piece| piece.0);
        Skeleton { text, pieces, comments, extended }
    }
}

fn pieces(document: &Document) -> Vec<(usize, usize, Piece)> {
    let mut pieces = Vec::new();
    let nodes = document.roots().iter().flat_map(|root| document.subtree(root.node));
    for node in nodes.map(|id| document.node(id)) {
        for property in node.properties() {
            pieces.push((property.start, property.end, Piece::Property));
        }
        let piece = match node.kind {
            Kind::Scalar(style) if !node.is_absent() => Piece::Scalar(style),
            Kind::Alias(_) => Piece::Alias,
            _ => continue,
        };
        pieces.push((node.span.start, node.span.end, piece));
    }
    pieces.sort_unstable_by_key(|piece| piece.0);
    pieces
}

/// The key that a root still lacks.
fn insertion(document: &Document, root: usize) -> Option<Insertion> {
    let root = &document.roots()[root];
    let Kind::Mapping(layout) = document.node(root.node).kind else { return None };
    if document.entry(root.node, KEY).is_some() {
        return None;
    }
    if layout == Layout::Flow {
        let last = document.entries(root.node).last();
        return Some(match last {
            Some((_, value)) => {
                Insertion { at: document.node(value).span.end, text: format!(", {KEY}: 0"), key: 2 }
            }
            None => Insertion {
                at: document.node(root.node).span.start + 1,
                text: format!("{KEY}: 0, "),
                key: 0,
            },
        });
    }
    let (at, pad) = (root.span.end, " ".repeat(document.column_of(root.node)));
    let line_break = document.line_break();
    Some(if document.source()[..at].ends_with('\n') {
        Insertion { at, text: format!("{pad}{KEY}: 0{line_break}"), key: pad.len() }
    } else {
        let key = line_break.len() + pad.len();
        Insertion { at, text: format!("{line_break}{pad}{KEY}: 0"), key }
    })
}
