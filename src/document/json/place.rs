//! Where things stand in JSON: commas, lines, and what an edit of an entry has to replace.
//!
//! New content imitates its neighbours: it gets a line of its own where the last of them has one, and else the
//! bytes that stand between the last two. What went into a collection can be taken out again without a trace, and
//! nothing has to be remembered for that:
//!
//! ```text
//! {"a": 1}   becomes   {"a": 1, "new": 2}        a child goes with all up to the one before it;
//! { }        becomes   { "new": 2 }              an only child leaves the blanks before it, but the last line
//! {}         becomes   {⏎   "new": 2⏎}           break and what follows that
//! {⏎}        becomes   {⏎⏎   "new": 2⏎}
//! ```

use std::ops::Range;

use zeroize::Zeroizing;

use super::write::Writer;
use crate::document::syntax::Piece;
use crate::document::{Document, Fragment, Kind, NodeId};

/// What SOPS indents by.
const USUAL_STEP: &str = "\t";

/// The children of `fragment` in a collection that has children: behind `after`, or first.
pub(in crate::document) fn insertion(
    document: &Document,
    collection: NodeId,
    after: Option<NodeId>,
    fragment: &Fragment,
) -> Piece {
    let children = children(document, collection);
    let (first, last) = (&children[0], &children[children.len() - 1]);
    let line = line_of(document, last.start);
    let mut writer = writer(document, collection);
    let between = match (&line, children.iter().rev().nth(1)) {
        (Some(line), _) => format!(",{line}"),
        (None, Some(before)) => document.source[before.end..last.start].to_owned(),
        (None, None) => writer.comma.to_owned(),
    };
    match after {
        Some(after) => {
            let at = document.node(after).span.end;
            writer.out.push_str(&between);
            writer.children(fragment, line.as_deref());
            (at..at, writer.out)
        }
        None => {
            writer.children(fragment, line.as_deref());
            writer.out.push_str(&between);
            (first.start..first.start, writer.out)
        }
    }
}

/// `fragment` in the place of a node. An empty collection that gets children keeps the blanks between its
/// brackets.
pub(in crate::document) fn replacement(
    document: &Document,
    id: NodeId,
    fragment: &Fragment,
) -> Piece {
    let node = document.node(id);
    let line = match node.parent {
        None => Some(document.line_break().to_owned()),
        Some(parent) => {
            // A key is one node, right before its value.
            let key = matches!(document.node(parent).kind, Kind::Mapping(_));
            let first = NodeId(id.0 - u32::from(key));
            line_of(document, document.node(first).span.start)
        }
    };
    let mut writer = writer(document, id);
    if !grows(document, id, fragment) {
        writer.value(fragment, line.as_deref());
        return (node.span.clone(), writer.out);
    }
    let inner = inner(document, id);
    let blanks = &document.source[inner.clone()];
    // Blanks with a line break in them can only be told from new ones that have one, too.
    let line = line.or_else(|| blanks.contains('\n').then(|| line_around(document, inner.start)));
    writer.out.push_str(blanks);
    match line {
        Some(line) => {
            let deeper = format!("{line}{}", writer.step);
            writer.out.push_str(&deeper);
            writer.children(fragment, Some(&deeper));
            writer.out.push_str(&line);
        }
        None => {
            writer.children(fragment, None);
            writer.out.push_str(blanks);
        }
    }
    (inner, writer.out)
}

/// The bytes of a child with one comma: that before it, or that behind it if it is the first of those that stay.
pub(in crate::document) fn removal(
    document: &Document,
    first: NodeId,
    value: NodeId,
    leads: bool,
) -> Range<usize> {
    let child = document.node(first).span.start..document.node(value).span.end;
    let Some(parent) = document.node(value).parent else { return child };
    let children = children(document, parent);
    let position = children.partition_point(|sibling| sibling.start < child.start);
    if position > 0 && !leads {
        return children[position - 1].end..child.end;
    }
    if let Some(next) = children.get(position + 1) {
        return child.start..next.start;
    }
    if leads {
        return child;
    }
    let inner = inner(document, parent);
    let before = &document.source[inner.start..child.start];
    let kept = before.rfind('\n').map_or(before, |at| {
        before[..=at].strip_suffix(document.line_break()).unwrap_or(&before[..at])
    });
    inner.start + kept.len()..inner.end
}

/// The bytes of each item, or of each entry from its key on.
fn children(document: &Document, collection: NodeId) -> Vec<Range<usize>> {
    let span = |id| document.node(id).span.clone();
    match document.node(collection).kind {
        Kind::Mapping(_) => {
            let entries = document.entries(collection);
            entries.map(|(key, value)| span(key).start..span(value).end).collect()
        }
        _ => document.items(collection).map(span).collect(),
    }
}

/// Between the brackets.
fn inner(document: &Document, collection: NodeId) -> Range<usize> {
    let span = &document.node(collection).span;
    span.start + 1..span.end - 1
}

/// Whether a node is an empty collection, and the fragment one of the same kind with children.
fn grows(document: &Document, id: NodeId, fragment: &Fragment) -> bool {
    !document.has_children(id)
        && match (document.node(id).kind, fragment) {
            (Kind::Mapping(_), Fragment::Mapping(entries)) => !entries.is_empty(),
            (Kind::Sequence(_), Fragment::Sequence(items)) => !items.is_empty(),
            _ => false,
        }
}

/// A writer in the manner of the collection, else of the file, else of SOPS.
fn writer(document: &Document, collection: NodeId) -> Writer<'_> {
    let any = || {
        let mappings = (0..document.nodes.len() as u32).map(NodeId);
        mappings.flat_map(|id| document.entries(id)).next()
    };
    let entry = document.entries(collection).next().or_else(any);
    let colon = entry
        .map(|(key, value)| {
            &document.source[document.node(key).span.end..document.node(value).span.start]
        })
        .filter(|colon| !colon.contains('\n'))
        .unwrap_or(": ");
    let comma = if colon.ends_with(':') { "," } else { ", " };
    Writer { out: Zeroizing::new(String::with_capacity(4096)), step: step(document), colon, comma }
}

/// What the first indented collection of the file adds to the indentation of the line it begins on.
fn step(document: &Document) -> &str {
    let mut steps = document.nodes.iter().enumerate().filter_map(|(index, node)| {
        let parent = document.node(node.parent?);
        // First children only: the others are indented like them.
        (node.parent?.index() + 1 == index).then_some(())?;
        let inner = indentation(document, node.span.start)?;
        inner.strip_prefix(leading_blanks(document, parent.span.start))
    });
    steps.find(|step| !step.is_empty()).unwrap_or(USUAL_STEP)
}

/// The line break and the indentation before what begins at `offset`, if that is the first on its line.
fn line_of(document: &Document, offset: usize) -> Option<String> {
    let indentation = indentation(document, offset)?;
    Some(format!("{}{indentation}", document.line_break()))
}

/// The blanks before what begins at `offset`, if that is the first on its line.
fn indentation(document: &Document, offset: usize) -> Option<&str> {
    let before = &document.source[..offset];
    let line = before.trim_end_matches([' ', '\t']);
    line.ends_with('\n').then_some(&before[line.len()..])
}

/// A line break and the indentation of the line that `offset` is in.
fn line_around(document: &Document, offset: usize) -> String {
    format!("{}{}", document.line_break(), leading_blanks(document, offset))
}

/// The blanks at the start of the line that `offset` is in.
fn leading_blanks(document: &Document, offset: usize) -> &str {
    let line = &document.source[document.line_start(offset)..offset];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}
