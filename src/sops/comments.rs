//! Where a comment belongs in the tree that SOPS sees.
//!
//! SOPS encrypts a comment under the path of the mapping or list that holds it. Which one that is, is
//! decided by Go's YAML from lines and columns; these are its rules as observed:
//!
//! ```text
//! a: 1 # with a value: beside it           a: # before a block: beside the key
//! b: [1] # behind brackets: inside them
//! # above an entry: beside it
//! c:
//!   d: 1
//!     # in another column than the next entry: at the end of the innermost block that ends
//!   # in the column of a mapping that ends: at its end
//! # in the column of the next entry: above it
//! e: 2
//! ```

mod flat;

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::document::{Document, Kind, Layout, NodeId, Syntax};

/// The comments, by index into [`Document::comments`], of each collection before one of its children: a key,
/// an item, or `None` for the end.
pub(super) type Placement = HashMap<(NodeId, Option<NodeId>), Vec<usize>>;

/// The key of each value of a mapping.
type Keys = HashMap<NodeId, NodeId>;

/// Places all comments, as if each root ended with a `sops` key: that is where SOPS reads them.
pub(super) fn place(document: &Document) -> Placement {
    if matches!(document.syntax(), Syntax::Dotenv | Syntax::Ini) {
        return flat::place(document);
    }
    let mut placement = Placement::new();
    let comments = document.comments();
    let keys = keys(document);
    let mut done = 0;
    while done < comments.len() {
        if comments[done].inline {
            if let Some((container, before)) = beside(document, &keys, comments[done].span.start) {
                placement.entry((container, before)).or_default().push(done);
            }
            done += 1;
            continue;
        }
        let node = following(document, comments[done].span.start);
        let run = comments[done..]
            .iter()
            .take_while(|comment| {
                !comment.inline && following(document, comment.span.start) == node
            })
            .count()
            .max(1);
        for (container, before, index) in place_run(document, &keys, done..done + run, node) {
            placement.entry((container, before)).or_default().push(index);
        }
        done += run;
    }
    placement
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

/// A run of comment lines with nothing but blank lines between them.
fn place_run(
    document: &Document,
    keys: &Keys,
    run: std::ops::Range<usize>,
    next: Option<NodeId>,
) -> Vec<(NodeId, Option<NodeId>, usize)> {
    let start = document.comments()[run.start].span.start;
    let Some((holder, before)) = landing(document, keys, start, next) else { return Vec::new() };
    let column = |index: usize| {
        let at = document.comments()[index].span.start;
        at - document.source()[..at].rfind('\n').map_or(0, |line| line + 1)
    };
    let closing = closing(document, start, holder);
    let first_block = same_column(run.start, run.end, &column);
    // Alone at the column of a mapping further out, the first lines are that mapping's.
    let claimed = first_block == run.end
        && closing.iter().skip(1).any(|end| end.collects && end.column == column(run.start));
    let unlike_next = column(run.start) != document.column_of(holder)
        || first_block < run.end
            && closing.first().is_some_and(|end| column(first_block) < end.column);
    let mut placed = Vec::new();
    let mut from = run.start;
    for (depth, end) in closing.iter().enumerate() {
        let exact = (from..run.end).find(|index| {
            column(*index) == end.column && (end.collects || depth == 0 && !end.flat)
        });
        let until = match exact {
            Some(first) => same_column(first, run.end, &column),
            None if depth == 0 && unlike_next && !claimed => first_block,
            None => from,
        };
        placed.extend((from..until).map(|index| (end.block, None, index)));
        from = until;
    }
    placed.extend((from..run.end).map(|index| (holder, before, index)));
    placed
}

/// A block that ends before a comment.
struct End {
    block: NodeId,
    /// Of its keys or dashes, from 0.
    column: usize,
    /// A list that is indented no further than the mapping around it.
    flat: bool,
    /// Whether comments at its column are its own wherever it stands: those of mappings are.
    collects: bool,
}

/// One past the last comment line of the block of equally indented lines that begins with `first`.
fn same_column(first: usize, end: usize, column: &dyn Fn(usize) -> usize) -> usize {
    (first..end)
        .take_while(|index| column(*index) == column(first))
        .last()
        .map_or(first, |last| last + 1)
}

/// The collection that holds the entry after a comment line, and that entry.
fn landing(
    document: &Document,
    keys: &Keys,
    at: usize,
    next: Option<NodeId>,
) -> Option<(NodeId, Option<NodeId>)> {
    if let Some(flow) = flow_around(document, at) {
        let before = document.subtree(flow).find(|node| {
            document.node(*node).parent == Some(flow) && document.node(*node).span.start > at
        });
        return Some((flow, before));
    }
    let Some(next) = next else { return last_end(document, at) };
    let node = document.node(next);
    let parent = node.parent.filter(|parent| {
        // Above a nested block: inside of it. Above an item, though, the list holds the comment.
        !is_block(document, next) || matches!(document.node(*parent).kind, Kind::Sequence(_))
    });
    match parent {
        Some(parent) => Some((parent, Some(entry_of(keys, next)))),
        None if is_collection(document, next) => Some((next, document.subtree(next).nth(1))),
        None => last_end(document, at),
    }
}

/// The end of the last mapping before a byte that is a root. A document without content cannot hold comments.
fn last_end(document: &Document, at: usize) -> Option<(NodeId, Option<NodeId>)> {
    let before = document.roots().iter().rev().filter(|root| root.span.start <= at);
    before
        .map(|root| root.node)
        .find(|node| is_collection(document, *node))
        .map(|node| (node, None))
}

/// The key of an entry of which this is key or value; an item itself.
fn entry_of(keys: &Keys, node: NodeId) -> NodeId {
    keys.get(&node).copied().unwrap_or(node)
}

/// All keys by their values: looking through a mapping for each of its comments would take the square of
/// its length.
fn keys(document: &Document) -> Keys {
    let nodes = document.roots().iter().flat_map(|root| document.subtree(root.node));
    nodes.flat_map(|node| document.entries(node)).map(|(key, value)| (value, key)).collect()
}

/// The blocks that end between the node before the comment and `holder`, innermost first.
fn closing(document: &Document, at: usize, holder: NodeId) -> Vec<End> {
    let mut found = Vec::new();
    // Blocks of the document before have ended with it, and those before a dash at the dash.
    let root = document.root_of(holder);
    let mut inner = preceding(document, at).filter(|node| {
        document.root_of(*node) == root && !has_dash(document, document.node(*node).span.end, at)
    });
    while let Some(block) = inner.filter(|node| !document.contains(*node, holder)) {
        if is_block(document, block) {
            let column = document.column_of(block);
            let collects = matches!(document.node(block).kind, Kind::Mapping(_));
            let flat = !collects
                && document.node(block).parent.is_some_and(|parent| {
                    is_block(document, parent) && document.column_of(parent) == column
                });
            found.push(End { block, column, flat, collects });
        }
        inner = document.node(block).parent;
    }
    found
}

/// Whether the dash of an item stands in a part of the source that is otherwise blank or comments.
pub(super) fn has_dash(document: &Document, from: usize, until: usize) -> bool {
    let part = document.source().get(from..until).unwrap_or_default();
    part.lines().filter_map(|line| line.split('#').next()).any(|code| code.contains('-'))
}

/// The collection beside or in which an inline comment stands.
fn beside(document: &Document, keys: &Keys, at: usize) -> Option<(NodeId, Option<NodeId>)> {
    let line = document.source()[..at].rfind('\n').map_or(0, |line| line + 1);
    if document.source()[line..at].chars().all(|c| c == '-' || c == ' ') {
        // `- # comment`, with the item below; without one, the comment belongs to what comes next.
        let next = following(document, at).and_then(|next| {
            let root = document.roots()[document.root_of(next)].node;
            let behind = NodeId(next.0 + u32::from(document.node(next).is_absent()));
            document.contains(root, behind).then_some(behind)
        });
        return landing(document, keys, at, next);
    }
    let mut node = preceding(document, at)?;
    let closed = |node: NodeId| is_flow(document, node) && document.node(node).span.end <= at;
    while let Some(parent) = document.node(node).parent.filter(|parent| closed(*parent)) {
        node = parent;
    }
    if is_flow(document, node) {
        return Some((node, document.subtree(node).nth(1).filter(|_| closed(node))));
    }
    let parent = document.node(node).parent?;
    Some((parent, Some(entry_of(keys, node))))
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

fn flow_around(document: &Document, at: usize) -> Option<NodeId> {
    std::iter::successors(preceding(document, at), |node| document.node(*node).parent)
        .find(|node| is_flow(document, *node) && document.node(*node).span.end > at)
}

fn is_flow(document: &Document, node: NodeId) -> bool {
    matches!(document.node(node).kind, Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow))
}

fn is_block(document: &Document, node: NodeId) -> bool {
    matches!(document.node(node).kind, Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block))
}

fn is_collection(document: &Document, node: NodeId) -> bool {
    is_flow(document, node) || is_block(document, node)
}

#[cfg(test)]
mod tests {
    use super::super::selection::Selection;
    use super::super::walk::{Leaf, Obstacle, Was, walk};
    use super::*;

    /// Each comment with the path of its container, in the order of the walk.
    fn placed(text: &str) -> String {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let mut found = Vec::new();
        let walked: Result<(), Obstacle> = walk(&document, &Selection::default(), &mut |visit| {
            if let Leaf::Comment(index) = visit.leaf {
                let comment = document.comment_text(&document.comments()[index]);
                found.push(format!("{} {}", comment.trim(), visit.aad));
            }
            Ok(Was::Value)
        });
        assert_eq!(walked, Ok(()));
        found.join(", ")
    }

    #[test]
    fn comments_below_a_block_go_by_their_column() {
        for (text, wanted) in [
            ("a:\n  b:\n    c: 1\n    # 4\n  # 2\n# 0\nd: 2\n", "4 a:b:, 2 a:, 0 :"),
            ("a:\n  b:\n    c: 1\n      # 6\n   # 3\n # 1\nd: 2\n", "6 a:b:, 3 :, 1 :"),
            ("a:\n  b:\n    c: 1\n# 0\n    # 4\n  # 2\nd: 2\n", "0 a:b:, 4 a:b:, 2 a:"),
            ("a:\n  - 1\n  # 2\n# 0\nb: 1\n", "2 a:, 0 :"),
            ("a:\n- 1\n# 0\nb: 1\n", "0 :"),
            (
                "a:\n  - x: 1\n    # 4\n  # 2\n  - y: 2\n    # 4b\n  # 2b\n# 0\nb: 1\n",
                "4 a:, 2 a:, 4b a:, 2b :, 0 :",
            ),
            ("a:\n  b:\n    - x\n  # between\n# 0\nc: 1\n", "between a:b:, 0 :"),
            ("a:\n  - b:\n      c: 1\n  -\n      # x\n      d: 1\n", "x a:"),
            ("a:\n  b: 1\n---\n  # c\nx: 1\n", "c :"),
        ] {
            assert_eq!(placed(text), wanted, "{text}");
        }
    }

    #[test]
    fn comments_above_and_beside_go_with_their_entry() {
        for (text, wanted) in [
            ("#h1\n---\n#h3\na: 1\n", "h1 :, h3 :"),
            ("a:\n  # only\nb: 1\n", "only :"),
            ("a: # key\n  # in\n  b: 1\n", "key :, in a:"),
            ("a: 1 # i\n     # more\nb: 2\n", "i :, more :"),
            ("a: {\n  # f\n  x: 1, # i\n  # e\n}\n", "f a:, i a:, e a:"),
            ("a: [1] # behind\n", "behind a:"),
            ("a: | # header\n  x\nb: 1\n", "header :"),
            ("a:\n  - # dash\n    x: 1\n", "dash a:"),
            ("a:\n  - # none\nb: 1\n", "none :"),
            ("a: 1\n---\n# head\nb: 1\n", "head :"),
            ("a: 1\n--- # mark\n# head\nb: 1\n", "mark :, head :"),
            ("a: 1\n---\n# empty\n", "empty :"),
            ("a: 1\n--- # empty\n---\nb: 1\n", "empty :"),
            ("a:\n  - # none\n  - x\n", "none a:"),
            ("a:\n  - # none\n", "none :"),
        ] {
            assert_eq!(placed(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_comment_at_the_head_of_a_later_document_is_about_its_first_key() {
        let document = Document::parse(b"a: 1\n---\n# hide\nb: 1\n".to_vec()).unwrap();
        let root = document.roots()[1].node;
        let first = document.entries(root).next().map(|(key, _)| key);
        assert_eq!(place(&document).get(&(root, first)), Some(&vec![0]));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None, ..proptest::prelude::ProptestConfig::default()
        })]

        #[test]
        fn every_comment_of_any_document_is_visited_once(text in "[-ab:{}\\[\\]|#\n ]{0,60}") {
            let Ok(document) = Document::parse(text.clone().into_bytes()) else { return Ok(()) };
            let mut seen = Vec::new();
            let walked: Result<(), Obstacle> =
                walk(&document, &Selection::default(), &mut |visit| {
                    seen.extend(match visit.leaf {
                        Leaf::Comment(index) => Some(index),
                        _ => None,
                    });
                    Ok(Was::Value)
                });
            if walked.is_ok() {
                seen.sort_unstable();
                let mapped = document.roots().iter().all(|root| is_collection(&document, root.node));
                let all: Vec<usize> = (0..document.comments().len()).collect();
                proptest::prop_assert!(!mapped || document.roots().is_empty() || seen == all, "{:?} of {text:?}", seen);
            }
        }
    }
}
