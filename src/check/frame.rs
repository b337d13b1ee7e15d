//! The lines that a finding points at, with every value and comment masked.
//!
//! ```text
//! stringData: {user: •••, token: •••}  #•••
//! ```
//!
//! Keys and structure stay readable; nothing else of a file reaches a report. The mask has the same length
//! whatever it hides.

use std::collections::HashSet;
use std::ops::Range;

use crate::document::{Document, Kind, NodeId};

/// What stands in the place of a value.
const MASK: &str = "•••";

/// Most lines of one frame; what is marked further down is left to the message.
const MOST_LINES: usize = 24;

/// A masked piece of a file.
pub(crate) struct Frame {
    /// Number of its first line, from 1.
    pub(crate) line: usize,
    /// Whole lines, without the last line break.
    pub(crate) text: String,
    /// What to point at: byte ranges in `text`, in order.
    pub(crate) marks: Vec<Range<usize>>,
}

impl Frame {
    /// One line of a text: its blanks, the name that is given a value, and a mask. `before` is what stands there before the
    /// place that is meant.
    pub(crate) fn masked(line: usize, before: &str) -> Frame {
        let text = format!("{}{MASK}", assigned(before).unwrap_or_default());
        let mark = text.len() - MASK.len()..text.len();
        Frame { line, text, marks: vec![mark] }
    }

    /// The lines from the first of some nodes to the last one near it. The nodes are keys or scalars, in order.
    pub(crate) fn around(document: &Document, nodes: &[NodeId]) -> Frame {
        let Some(first) = nodes.first() else {
            return Frame { line: 1, text: String::new(), marks: Vec::new() };
        };
        let line = document.position_of(*first).line;
        let near: HashSet<NodeId> = nodes
            .iter()
            .filter(|node| *node >= first)
            .take_while(|node| document.position_of(**node).line < line + MOST_LINES)
            .copied()
            .collect();
        let window = lines_of(document, near.iter().copied());
        let mut frame = Frame { line, text: String::new(), marks: Vec::new() };
        let mut at = window.start;
        for piece in pieces(document, &near) {
            let span = piece.span.start.max(at)..piece.span.end.min(window.end);
            if span.is_empty() {
                continue;
            }
            frame.text.push_str(&document.source()[at..span.start]);
            let start = frame.text.len();
            let source = &document.source()[span.clone()];
            if piece.is_hidden {
                frame.text.push_str(MASK);
            } else {
                frame.text.push_str(source);
            }
            if piece.is_marked {
                frame.marks.push(start..frame.text.len());
            }
            if piece.is_hidden {
                // The lines after a value of several lines keep their numbers.
                frame.text.extend(source.matches('\n'));
            }
            at = span.end;
        }
        frame.text.push_str(&document.source()[at..window.end]);
        frame
    }
}

/// The beginning of a line up to the sign behind a name that is given a value: `export TOKEN=`. Of a command line nothing:
/// what stands before a name there may be a value, too.
pub(super) fn assigned(line: &str) -> Option<&str> {
    let is_name = |c: char| c.is_alphanumeric() || "_-. \t\"'".contains(c);
    let name = line.find(['=', ':']).map(|at| &line[..=at]);
    name.filter(|name| {
        let mut words = name[..name.len() - 1].split_whitespace();
        let last = words.next_back();
        last.is_some_and(|last| !last.starts_with("--"))
            && words.all(|word| matches!(word, "export" | "-"))
            && name[..name.len() - 1].chars().all(is_name)
    })
}

/// A part of the source that is hidden, pointed at, or both.
struct Piece {
    span: Range<usize>,
    is_hidden: bool,
    is_marked: bool,
}

/// The scalars that are no keys and the comments, to be hidden, and the marked nodes; in order.
fn pieces(document: &Document, marked: &HashSet<NodeId>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for root in document.roots() {
        let mut keys = HashSet::new();
        for id in document.subtree(root.node) {
            let node = document.node(id);
            match node.kind {
                Kind::Mapping(_) => keys.extend(document.entries(id).map(|(key, _)| key)),
                Kind::Scalar(_) | Kind::Alias(_) => {
                    let is_hidden = !keys.contains(&id) && matches!(node.kind, Kind::Scalar(_));
                    let is_marked = marked.contains(&id);
                    if is_hidden || is_marked {
                        pieces.push(Piece { span: node.span.clone(), is_hidden, is_marked });
                    }
                }
                Kind::Sequence(_) => {}
            }
        }
    }
    pieces.extend(document.comments().iter().map(|comment| Piece {
        span: comment.span.start + 1..comment.span.end,
        is_hidden: true,
        is_marked: false,
    }));
    pieces.sort_by_key(|piece| piece.span.start);
    pieces
}

/// The bytes of the lines on which some nodes begin, and of those between; without the last line break.
fn lines_of(document: &Document, nodes: impl Iterator<Item = NodeId>) -> Range<usize> {
    let source = document.source();
    let starts: Vec<usize> = nodes.map(|node| document.node(node).span.start).collect();
    let first = starts.iter().min().copied().unwrap_or_default();
    let last = starts.iter().max().copied().unwrap_or_default();
    let start = source[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = source[last..].find('\n').map_or(source.len(), |at| last + at);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame around these keys, found by their text anywhere in the document.
    fn frame(text: &str, keys: &[&str]) -> Frame {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let all: Vec<NodeId> =
            document.roots().iter().flat_map(|root| document.subtree(root.node)).collect();
        let is_asked_for =
            |id: &NodeId| document.text(*id).is_some_and(|text| keys.contains(&text));
        Frame::around(&document, &all.into_iter().filter(is_asked_for).collect::<Vec<_>>())
    }

    /// What the marks of a frame point at.
    fn pointed_at(frame: &Frame) -> Vec<&str> {
        frame.marks.iter().map(|mark| &frame.text[mark.clone()]).collect()
    }

    #[test]
    fn values_and_comments_of_all_styles_are_masked() {
        let text = "a: canary # canary\n'b': 'canary'\n\"c\": \"canary\"\nd: [canary, {e: canary}]\n\
                    f: &x canary\ng: *x\nh:\n- canary\nz: 1\n";
        let frame = frame(text, &["a", "z"]);
        assert_eq!(
            frame.text,
            "a: ••• #•••\n'b': •••\n\"c\": •••\nd: [•••, {e: •••}]\nf: &x •••\ng: *x\nh:\n- •••\nz: •••"
        );
        assert_eq!(pointed_at(&frame), ["a", "z"]);
    }

    #[test]
    fn a_value_of_several_lines_keeps_the_line_numbers_behind_it() {
        let frame =
            frame("x: 0\na: |\n  canary\n\n  canary\nb: canary\n  canary\nz: 1\n", &["a", "z"]);
        assert_eq!((frame.line, frame.text.as_str()), (2, "a: •••\n\n\n\nb: •••\n\nz: •••"));
    }

    #[test]
    fn a_value_that_begins_before_the_frame_or_ends_behind_it_is_masked() {
        let before = frame("{a: 'canary\n canary', b: canary}\n", &["b"]);
        assert_eq!((before.line, before.text.as_str()), (2, "•••, b: •••}"));
        assert_eq!(frame("a: 'canary\n canary'\n", &["a"]).text, "a: •••");
    }

    #[test]
    fn marks_far_from_the_first_are_left_out() {
        let text = format!("a: 1\n{}z: 1\n", "# canary\n".repeat(40));
        let frame = frame(&text, &["a", "z"]);
        assert_eq!((frame.text.as_str(), frame.marks.len()), ("a: •••", 1));
    }

    #[test]
    fn an_item_is_pointed_at_by_its_mask() {
        let frame = frame("a:\n- canary\n", &["canary"]);
        assert_eq!((frame.text.as_str(), pointed_at(&frame)), ("- •••", vec!["•••"]));
    }

    #[test]
    fn carriage_returns_and_a_missing_last_line_break_do_no_harm() {
        assert_eq!(frame("a: 'canary\r\n  x'\r\nz: 1", &["a", "z"]).text, "a: •••\n\r\nz: •••");
    }
}
