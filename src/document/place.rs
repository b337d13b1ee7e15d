//! Where a new entry goes, how far it is indented, and how it is written.
//!
//! New content imitates its neighbours: a new item stands below its sibling's dash, a new mapping is
//! indented as most mappings of the file are.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::yaml::{Spelling, indentation_of_block, spell};
use super::{Document, Kind, Layout, NodeId, Style, Value};

/// Content to insert. Holds plain text and so has no `Debug`.
pub enum Fragment {
    /// A string; quoted where a reader would otherwise take it for something else.
    Text(Zeroizing<String>),
    /// A string between double quotes.
    Quoted(String),
    /// A string of lines as a `|` block.
    Literal(String),
    /// `true` or `false`
    Bool(bool),
    /// A scalar in the words of another place of the document, such as `0755`; must be plain.
    Verbatim(String),
    /// Entries in order.
    Mapping(Vec<(String, Fragment)>),
    /// Items in order.
    Sequence(Vec<Fragment>),
}

impl Fragment {
    /// A string, quoted where needed.
    pub fn text(text: impl Into<String>) -> Fragment {
        Fragment::Text(Zeroizing::new(text.into()))
    }

    /// A mapping from literal keys.
    pub fn mapping<const N: usize>(entries: [(&str, Fragment); N]) -> Fragment {
        Fragment::Mapping(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

/// How a file indents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Indentation {
    /// Columns from a mapping to a mapping inside of it.
    pub step: usize,
    /// Columns from a mapping to the dashes of a sequence inside of it.
    pub dash: usize,
}

impl Default for Indentation {
    fn default() -> Self {
        Indentation { step: 2, dash: 2 }
    }
}

/// A node that an edit promises to find after the file is parsed again.
pub(super) struct Expected {
    pub(super) depth: u16,
    pub(super) shape: Shape,
}

/// What such a node is.
pub(super) enum Shape {
    Mapping,
    Sequence,
    Scalar(Value),
}

/// Writes a fragment in block style with its first line at `column`, the later lines indented for it.
/// The result has no final line break.
pub(super) fn write_block(
    fragment: &Fragment,
    column: usize,
    indentation: Indentation,
    line_break: &str,
) -> Zeroizing<String> {
    let mut writer =
        Writer { out: Zeroizing::new(String::with_capacity(4096)), indentation, line_break };
    writer.block(fragment, column);
    writer.out
}

/// Writes a fragment in flow style, on one line.
pub(super) fn write_flow(fragment: &Fragment) -> Zeroizing<String> {
    let indentation = Indentation::default();
    let mut writer =
        Writer { out: Zeroizing::new(String::with_capacity(4096)), indentation, line_break: "\n" };
    writer.flow(fragment);
    writer.out
}

/// The nodes that a fragment becomes, in order, below `depth` collections.
pub(super) fn expected(fragment: &Fragment, depth: u16, into: &mut Vec<Expected>) {
    let scalar = |text: &str| Shape::Scalar(Value::Text(Zeroizing::new(text.to_owned())));
    match fragment {
        Fragment::Text(text) => into.push(Expected { depth, shape: scalar(text) }),
        Fragment::Quoted(text) | Fragment::Literal(text) => {
            into.push(Expected { depth, shape: scalar(text) });
        }
        Fragment::Verbatim(source) => {
            let value = super::yaml::plain_value(source);
            into.push(Expected { depth, shape: Shape::Scalar(value) });
        }
        Fragment::Bool(value) => {
            into.push(Expected { depth, shape: Shape::Scalar(Value::Bool(*value)) });
        }
        Fragment::Mapping(entries) => {
            into.push(Expected { depth, shape: Shape::Mapping });
            for (key, value) in entries {
                into.push(Expected { depth: depth + 1, shape: scalar(key) });
                expected(value, depth + 1, into);
            }
        }
        Fragment::Sequence(items) => {
            into.push(Expected { depth, shape: Shape::Sequence });
            for item in items {
                expected(item, depth + 1, into);
            }
        }
    }
}

/// A text in the shortest style that holds it.
pub(super) fn shortest(text: &str, context: Spelling<'_>) -> (Style, Zeroizing<String>) {
    let several_lines = text.trim_end_matches('\n').contains('\n');
    // Double quotes where nothing has to be escaped in them, as in `"true"` and `"5432"`.
    let calm = !text.contains(|c: char| c == '"' || c == '\\' || c.is_control());
    let order: &[Style] = match (several_lines, calm) {
        (true, _) => &[Style::Literal, Style::DoubleQuoted],
        (false, true) => &[Style::Plain, Style::DoubleQuoted],
        (false, false) => &[Style::Plain, Style::SingleQuoted, Style::DoubleQuoted],
    };
    order
        .iter()
        .find_map(|style| Some((*style, spell(text, *style, context)?)))
        .expect("double quotes hold every text")
}

struct Writer<'w> {
    out: Zeroizing<String>,
    indentation: Indentation,
    line_break: &'w str,
}

impl Writer<'_> {
    fn block(&mut self, fragment: &Fragment, column: usize) {
        match fragment {
            Fragment::Mapping(entries) if !entries.is_empty() => {
                for (position, (key, value)) in entries.iter().enumerate() {
                    if position > 0 {
                        self.line(column);
                    }
                    self.scalar(key, false);
                    self.out.push(':');
                    self.value(value, column);
                }
            }
            Fragment::Sequence(items) if !items.is_empty() => {
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.line(column);
                    }
                    self.out.push_str("- ");
                    self.block(item, column + 2);
                }
            }
            Fragment::Literal(text) => self.literal(text, column),
            Fragment::Text(text) => self.scalar(text, false),
            _ => self.flow(fragment),
        }
    }

    /// What follows `key:`.
    fn value(&mut self, value: &Fragment, column: usize) {
        let inner = match value {
            Fragment::Mapping(entries) if !entries.is_empty() => column + self.indentation.step,
            Fragment::Sequence(items) if !items.is_empty() => column + self.indentation.dash,
            _ => {
                self.out.push(' ');
                return self.block(value, column);
            }
        };
        self.line(inner);
        self.block(value, inner);
    }

    fn flow(&mut self, fragment: &Fragment) {
        match fragment {
            Fragment::Text(text) => self.scalar(text, true),
            Fragment::Quoted(text) | Fragment::Literal(text) => {
                let quoted = spell(text, Style::DoubleQuoted, flow_context());
                self.out.push_str(&quoted.expect("double quotes hold every text"));
            }
            Fragment::Verbatim(source) => self.out.push_str(source),
            Fragment::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Fragment::Mapping(entries) => {
                self.out.push('{');
                for (position, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if position > 0 { ", " } else { "" });
                    self.scalar(key, true);
                    self.out.push_str(": ");
                    self.flow(value);
                }
                self.out.push('}');
            }
            Fragment::Sequence(items) => {
                self.out.push('[');
                for (position, item) in items.iter().enumerate() {
                    self.out.push_str(if position > 0 { ", " } else { "" });
                    self.flow(item);
                }
                self.out.push(']');
            }
        }
    }

    fn scalar(&mut self, text: &str, in_flow: bool) {
        let (_, spelled) = shortest(text, Spelling { in_flow, ..flow_context() });
        self.out.push_str(&spelled);
    }

    /// SOPS puts the lines of a literal at the next multiple of its step.
    fn literal(&mut self, text: &str, column: usize) {
        let step = self.indentation.step;
        let context = Spelling {
            in_flow: false,
            indent: (column / step + 1) * step,
            line_break: self.line_break,
            ..flow_context()
        };
        let spelled = spell(text, Style::Literal, context);
        self.out.push_str(&spelled.unwrap_or_else(|| shortest(text, flow_context()).1));
    }

    fn line(&mut self, column: usize) {
        self.out.push_str(self.line_break);
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

/// A place where only one-line spellings are possible.
fn flow_context() -> Spelling<'static> {
    Spelling { in_flow: true, followed: false, header: None, indent: 0, line_break: "\n" }
}

impl Document {
    /// How most of this file is indented.
    pub fn indentation(&self) -> Indentation {
        let mut steps = BTreeMap::new();
        let mut dashes = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let id = NodeId(index as u32);
            let Some(parent) = node.parent.filter(|parent| self.is_block_mapping(*parent)) else {
                continue;
            };
            let outer = self.column_of(parent);
            match node.kind {
                Kind::Mapping(Layout::Block) => {
                    *steps.entry(self.column_of(id).saturating_sub(outer)).or_insert(0) += 1;
                }
                Kind::Sequence(Layout::Block) => {
                    *dashes.entry(self.column_of(id).saturating_sub(outer)).or_insert(0) += 1;
                }
                _ => {}
            }
        }
        let most = |counts: &BTreeMap<usize, usize>| {
            counts.iter().max_by_key(|(_, count)| **count).map(|(columns, _)| *columns)
        };
        let step = most(&steps).filter(|step| *step > 0);
        let usual = Indentation::default();
        Indentation {
            step: step.unwrap_or(usual.step),
            dash: most(&dashes).or(step).unwrap_or(usual.dash),
        }
    }

    /// The column, from 0, where the keys of a block mapping or the dashes of a block sequence stand.
    pub(crate) fn column_of(&self, collection: NodeId) -> usize {
        let offset = match self.node(collection).kind {
            Kind::Sequence(Layout::Block) => {
                self.items(collection).next().map_or(0, |item| self.dash_of(item))
            }
            _ => self
                .children(collection)
                .next()
                .map_or(self.node(collection).span.start, |key| self.key_start(key)),
        };
        offset - self.line_start(offset)
    }

    /// The byte of the `-` in front of an item of a block sequence.
    pub(super) fn dash_of(&self, item: NodeId) -> usize {
        let mut at = self.node(item).start();
        loop {
            at = self.source[..at].trim_end_matches([' ', '\t', '\r', '\n']).len();
            // A comment may stand between the dash and the item.
            let before = self.comments.partition_point(|comment| comment.span.start < at);
            match self.comments[..before].last().filter(|comment| comment.span.end >= at) {
                Some(comment) => at = comment.span.start,
                None => return at - 1,
            }
        }
    }

    /// The start of a key, a `?` in front of it included.
    pub(super) fn key_start(&self, key: NodeId) -> usize {
        let start = self.node(key).start();
        let line = &self.source[self.line_start(start)..start];
        match line.trim_end().strip_suffix('?') {
            Some(before) if before.trim_start_matches([' ', '-']).is_empty() => {
                self.line_start(start) + before.len()
            }
            _ => start,
        }
    }

    /// Where the line of this byte begins; a byte order mark is not part of it.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        match self.source[..offset].rfind('\n') {
            Some(at) => at + 1,
            None if self.source.starts_with('\u{feff}') => '\u{feff}'.len_utf8().min(offset),
            None => 0,
        }
    }

    /// Where the line of this byte ends, its break excluded.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let end = self.source[offset..].find('\n').map_or(self.source.len(), |at| offset + at);
        if end > offset && self.source[..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The context for spelling a scalar that takes the place of this one.
    pub(super) fn spelling_at(&self, id: NodeId) -> Spelling<'_> {
        let node = self.node(id);
        let raw = &self.source[node.span.clone()];
        let block = matches!(node.kind, Kind::Scalar(style) if style.is_block());
        let existing =
            block.then(|| indentation_of_block(raw, self.text(id).unwrap_or_default())).flatten();
        Spelling {
            // A block collection cannot stand inside of a flow collection: the parent decides.
            in_flow: node.parent.is_some_and(|parent| self.is_flow(parent)),
            followed: !block && {
                let end = node.span.end;
                !self.source[end..self.line_end(end)].trim().is_empty()
            },
            header: block.then(|| raw.lines().next().unwrap_or(raw)),
            indent: existing
                .unwrap_or_else(|| node.parent.map_or(2, |parent| self.column_of(parent) + 2)),
            line_break: self.line_break(),
        }
    }

    /// How a text is written in the place of this node: in `style` if that can hold it, else in the
    /// shortest style that does.
    pub(crate) fn spelled(
        &self,
        id: NodeId,
        text: &str,
        style: Style,
    ) -> (Style, Zeroizing<String>) {
        let context = self.spelling_at(id);
        match spell(text, style, context) {
            Some(spelled) => (style, spelled),
            None => shortest(text, context),
        }
    }

    /// The bytes that a new value of this node replaces: its content, and its tag where that fixes
    /// another type. `!!int` would be a lie about a token.
    pub(crate) fn source_range(&self, id: NodeId, value: &Value) -> Range<usize> {
        let node = self.node(id);
        let fixes_type = |tag: &Range<usize>| {
            let tag = &self.source[tag.clone()];
            tag.starts_with("!!") && !(tag == "!!str" && matches!(value, Value::Text(_)))
        };
        let tag = node.tag.clone().filter(fixes_type);
        tag.map_or(node.span.start, |tag| tag.start)..node.span.end
    }

    /// Whether the header of a block scalar strips the final line break (`|-`).
    pub(crate) fn is_stripped(&self, id: NodeId) -> bool {
        let header = self.spelling_at(id).header.unwrap_or_default();
        header.split(['#', ' ', '\t']).next().is_some_and(|indicators| indicators.contains('-'))
    }

    pub(super) fn is_flow(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow))
    }

    fn is_block_mapping(&self, id: NodeId) -> bool {
        self.node(id).kind == Kind::Mapping(Layout::Block)
    }
}
