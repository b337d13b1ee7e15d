//! From parser events to the span tree.
//!
//! The parser's spans are exact for scalars, comments, anchors and tags, with these exceptions, which
//! are put right here: a block scalar is reported from its content on, not from its `|`; its end may
//! run into the next line's indentation; an unwritten null is reported as `~`; collections in block
//! style have no end; properties and header comments come after their node.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use zeroize::Zeroizing;

use crate::document::{
    Comment, Document, Kind, Layout, Node, NodeId, ParseError, Root, Style, Syntax, position_in,
};

/// Largest file that is read, in bytes: node indices and Go's tools end far below.
const MAX_BYTES: usize = 1 << 30;

/// Parses a stream.
pub(in crate::document) fn parse(source: Zeroizing<String>) -> Result<Document, ParseError> {
    if source.len() > MAX_BYTES {
        return Err(error_at(&source, 0, "larger than 1 GiB"));
    }
    if let Some(at) = lone_carriage_return(&source) {
        return Err(error_at(&source, at, "carriage return without line feed"));
    }
    let options = granit_parser::options! {
        emit_anchor_events: true,
        // The default of 96 refuses a longer block of comments between a key and its value.
        max_buffered_comment_events: usize::MAX,
    };
    let mut tree = Tree::new(&source);
    for event in Parser::new_from_str_with_options(&source, options) {
        let (event, span) = event.map_err(|error| syntax_error(&source, &error))?;
        tree.take(event, span)?;
    }
    let Tree { nodes, mut roots, mut comments, .. } = tree;
    close_roots(&mut roots, source.len());
    comments.sort_unstable_by_key(|comment: &Comment| comment.span.start);
    mark_inline(&mut comments, &source);
    refuse_foreign_line_breaks(&source, &nodes)?;
    Ok(Document { syntax: Syntax::Yaml, source, nodes, roots, comments })
}

/// The tree while it grows.
struct Tree<'s> {
    source: &'s str,
    nodes: Vec<Node>,
    roots: Vec<Root>,
    comments: Vec<Comment>,
    /// Collections that are still open, outermost first.
    open: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
    /// Where the last token ended: a block scalar's header is searched from here.
    cursor: usize,
    /// Whether the next node is the top of a document.
    awaits_root: bool,
}

impl<'s> Tree<'s> {
    fn new(source: &'s str) -> Self {
        Tree {
            source,
            nodes: Vec::new(),
            roots: Vec::new(),
            comments: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            cursor: 0,
            awaits_root: false,
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), ParseError> {
        let range = span.byte_range().expect("string input has byte offsets");
        match event {
            Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(explicit, version) => {
                // Go's YAML takes 1.1 only, so that SOPS and Flux would refuse the file.
                if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    return Err(error_at(
                        self.source,
                        range.start,
                        "only `%YAML 1.1` is understood",
                    ));
                }
                self.start_root(explicit, &range);
            }
            Event::DocumentEnd => self.end_root(&range),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied().ok_or_else(|| {
                    error_at(self.source, range.start, "alias of an anchor that is not defined")
                })?;
                if self.open.contains(&target) {
                    return Err(error_at(
                        self.source,
                        range.start,
                        "alias inside of its own anchor",
                    ));
                }
                self.cursor = range.end;
                self.push(Kind::Alias(target), range, None, &span);
            }
            Event::UnresolvedAlias(_) => {
                return Err(error_at(self.source, range.start, "alias without an anchor"));
            }
            Event::Anchor(id, _) => self.anchor_last(id, range),
            Event::Comment(..) => {
                let text = range.start + 1..range.end;
                self.comments.push(Comment { span: range, text, inline: false });
            }
            Event::Scalar(text, style, ..) => self.scalar(&text, style, range, &span),
            Event::SequenceStart(layout, ..) => {
                self.open_collection(Kind::Sequence(layout_of(layout)), range, &span);
            }
            Event::MappingStart(layout, ..) => {
                self.open_collection(Kind::Mapping(layout_of(layout)), range, &span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close_collection(&range),
            _ => {
                return Err(error_at(self.source, range.start, "construct that is not understood"));
            }
        }
        Ok(())
    }

    fn start_root(&mut self, explicit: bool, range: &Range<usize>) {
        if let Some(previous) = self.roots.last_mut().filter(|root| root.span.end == usize::MAX) {
            previous.span.end = range.start;
        }
        let start = if explicit { range.end } else { self.root_start() };
        self.cursor = self.cursor.max(start);
        let node = NodeId(self.nodes.len() as u32);
        self.roots.push(Root { node, span: start..usize::MAX, explicit });
        self.awaits_root = true;
    }

    /// An implicit document starts where the one before ended, or behind a byte order mark.
    fn root_start(&self) -> usize {
        match self.roots.last() {
            Some(root) => root.span.end,
            None if self.source.starts_with('\u{feff}') => '\u{feff}'.len_utf8(),
            None => 0,
        }
    }

    fn end_root(&mut self, range: &Range<usize>) {
        self.anchors.clear();
        if !range.is_empty() {
            let root = self.roots.last_mut().expect("a document ends after its start");
            root.span.end = range.start;
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, range: Range<usize>, span: &Span) {
        let style = style_of(style);
        let (range, text) = if style.is_block() {
            let range = block_span(self.source, self.cursor, range);
            (range.clone(), block_text(self.source, &range, text))
        } else if range.is_empty() {
            // The parser reports an unwritten null as `~`.
            (range, "")
        } else {
            (range, text)
        };
        self.cursor = range.end;
        let decoded =
            (self.source[range.clone()] != *text).then(|| Zeroizing::new(text.to_owned()));
        self.push(Kind::Scalar(style), range, decoded, span);
    }

    fn push(
        &mut self,
        kind: Kind,
        range: Range<usize>,
        decoded: Option<Zeroizing<String>>,
        span: &Span,
    ) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.awaits_root = false;
        let parent = self.open.last().map(|parent| (*parent, &self.nodes[parent.index()]));
        let mut node = Node::new(kind, range, parent);
        node.end = NodeId(id.0 + 1);
        node.decoded = decoded;
        if let Some(tag) = span.tag_span().and_then(|tag| tag.byte_range()) {
            node.set_tag(tag);
        }
        self.nodes.push(node);
        id
    }

    fn anchor_last(&mut self, anchor: usize, range: Range<usize>) {
        let id = NodeId(self.nodes.len() as u32 - 1);
        self.cursor = self.cursor.max(range.end);
        self.nodes[id.index()].set_anchor(range);
        self.anchors.insert(anchor, id);
    }

    fn open_collection(&mut self, kind: Kind, range: Range<usize>, span: &Span) {
        self.cursor = self.cursor.max(range.end);
        let id = self.push(kind, range, None, span);
        self.open.push(id);
    }

    fn close_collection(&mut self, range: &Range<usize>) {
        let id = self.open.pop().expect("every collection that ends was opened");
        let end = NodeId(self.nodes.len() as u32);
        let node = &mut self.nodes[id.index()];
        node.end = end;
        let flow = matches!(node.kind, Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow));
        // A single pair in brackets, `[a: b]`, is a flow mapping without braces of its own.
        if flow && !range.is_empty() {
            self.cursor = range.end;
        }
        node.span.end = self.cursor.max(node.span.start);
    }
}

/// From the header of a block scalar to the end of its last line, without that line's break.
///
/// `cursor` is the end of the token before. Between it and the header stand only blanks, indicators,
/// comments, an anchor and a tag.
fn block_span(source: &str, cursor: usize, content: Range<usize>) -> Range<usize> {
    let bytes = source.as_bytes();
    let mut start = cursor;
    while let Some(byte) = bytes.get(start).filter(|byte| !matches!(byte, b'|' | b'>')) {
        start += match byte {
            b'#' => line_length(&source[start..]),
            b'&' | b'!' => source[start..].find([' ', '\t', '\r', '\n']).unwrap_or(1),
            _ => 1,
        };
    }
    let header_end = start + line_length(&source[start..]);
    if content.is_empty() {
        return start..header_end;
    }
    let mut end = content.end;
    // The reported end may include the indentation of the line that follows.
    if source[..end].ends_with([' ', '\t']) && end < source.len() {
        end = source[..end].rfind('\n').map_or(end, |at| at + 1);
    }
    let header = &source[start..header_end];
    let keep = header.split('#').next().is_some_and(|indicators| indicators.contains('+'));
    let body = &source[..end];
    let trimmed = if keep { body } else { body.trim_end_matches([' ', '\t', '\r', '\n']) };
    let trimmed = trimmed.strip_suffix('\n').unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    let last_line = trimmed.rfind('\n').map_or(0, |at| at + 1);
    // Blanks at the end of the last content line belong to the value.
    let end = last_line + line_length(&source[last_line..]);
    start..end.max(header_end)
}

/// Go's YAML gives a block scalar at the end of a file the final line break only if the file has it.
fn block_text<'t>(source: &str, range: &Range<usize>, text: &'t str) -> &'t str {
    if range.end == source.len() { text.strip_suffix('\n').unwrap_or(text) } else { text }
}

fn line_length(text: &str) -> usize {
    let line = text.split('\n').next().unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line).len()
}

fn close_roots(roots: &mut [Root], end: usize) {
    for root in roots.iter_mut().filter(|root| root.span.end == usize::MAX) {
        root.span.end = end;
    }
}

fn mark_inline(comments: &mut [Comment], source: &str) {
    for comment in comments {
        let line = source[..comment.span.start].rfind('\n').map_or(0, |at| at + 1);
        comment.inline =
            source[line..comment.span.start].chars().any(|c| !matches!(c, ' ' | '\t' | '\u{feff}'));
    }
}

/// A carriage return alone ends a line in YAML, but not for the editors and tools around it.
fn lone_carriage_return(source: &str) -> Option<usize> {
    source.match_indices('\r').map(|(at, _)| at).find(|at| !source[at + 1..].starts_with('\n'))
}

/// U+0085, U+2028 and U+2029 end a line for Go's YAML (1.1) but not for this parser (1.2). Inside
/// double quotes both agree on the value; anywhere else the two would see different documents.
fn refuse_foreign_line_breaks(source: &str, nodes: &[Node]) -> Result<(), ParseError> {
    const FOREIGN: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
    let quoted = |at: usize| {
        let next = nodes.partition_point(|node| node.span.start <= at);
        nodes[..next].last().is_some_and(|node| {
            node.kind == Kind::Scalar(Style::DoubleQuoted) && node.span.contains(&at)
        })
    };
    match source.match_indices(FOREIGN).find(|(at, _)| !quoted(*at)) {
        Some((at, _)) => {
            Err(error_at(source, at, "line break of YAML 1.1; escape it in double quotes"))
        }
        None => Ok(()),
    }
}

fn layout_of(style: StructureStyle) -> Layout {
    match style {
        StructureStyle::Flow => Layout::Flow,
        StructureStyle::Block => Layout::Block,
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn syntax_error(source: &str, error: &ScanError) -> ParseError {
    let offset = error.marker().byte_offset().unwrap_or(0).min(source.len());
    error_at(source, offset, &error.info().to_string())
}

fn error_at(source: &str, offset: usize, reason: &str) -> ParseError {
    let mut offset = offset;
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    ParseError { position: position_in(source, offset), reason: reason.to_owned() }
}
