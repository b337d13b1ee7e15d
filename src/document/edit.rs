//! Edits: replacements of ranges, each with a statement of what it does to the tree.
//!
//! [`Edits::apply`] writes the new text, parses it, and walks the old and the new tree side by side.
//! Every node and every comment must be equal in kind, style, properties, depth and text, but for those
//! that an edit announced, and these must have the announced value. An edit that would swallow a
//! comment, change a neighbour or come back as something else is refused; no text comes out.

use std::ops::Range;

use zeroize::Zeroizing;

use super::place::{Expected, Shape, expected, write_block, write_flow};
use super::{Document, Fragment, Kind, Layout, NodeId, Position, Style, Value};

/// Why an edit is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Two edits touch the same bytes.
    #[error("{0}: two edits at the same place")]
    Overlap(Position),
    /// The node is not of the kind that the edit needs.
    #[error("{position}: expected a {expected}")]
    WrongKind {
        /// Where the node stands.
        position: Position,
        /// What the edit needs there.
        expected: &'static str,
    },
    /// The edited text reads back as something else than was intended.
    #[error("{position}: cannot be edited without changing something else")]
    Unfaithful {
        /// Where the old text and the new one come apart.
        position: Position,
    },
    /// A value of the edited text cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// Where a new item or entry goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Placement {
    /// Before the first.
    First,
    /// Behind this item, or behind the entry with this value.
    After(NodeId),
    /// Behind the last.
    Last,
}

/// A set of edits to one document.
pub struct Edits<'d> {
    pub(super) document: &'d Document,
    pub(super) splices: Vec<Splice>,
}

/// One replacement and what it does to the tree.
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    text: Zeroizing<String>,
    /// The first old node that is replaced, or before which new nodes come.
    pub(super) node: u32,
    /// How many old nodes go.
    pub(super) removed: u32,
    pub(super) inserted: Vec<Expected>,
    /// The old comments that go, by index, and the texts of those that come in their place.
    pub(super) comments: Option<(Range<usize>, Vec<Zeroizing<String>>)>,
}

impl<'d> Edits<'d> {
    /// No edits yet.
    pub fn new(document: &'d Document) -> Self {
        Edits { document, splices: Vec::new() }
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// Gives a scalar another text, in its own style where that can hold it, else in the shortest one
    /// that does. The scalar becomes a string.
    pub fn set_text(&mut self, id: NodeId, text: &str) -> Result<(), EditError> {
        let Kind::Scalar(style) = self.document.node(id).kind else {
            return Err(self.wrong_kind(id, "scalar"));
        };
        let (_, spelled) = self.document.spelled(id, text, style);
        self.set_source(id, spelled, Value::Text(Zeroizing::new(text.to_owned())))
    }

    /// Replaces the bytes of a scalar or of an alias; they must read back as `value`. Anchor and tag stay,
    /// except for a tag that fixes another type (`!!int`): that is replaced with the bytes.
    pub fn set_source(
        &mut self,
        id: NodeId,
        source: Zeroizing<String>,
        value: Value,
    ) -> Result<(), EditError> {
        let node = self.document.node(id);
        if !matches!(node.kind, Kind::Scalar(_) | Kind::Alias(_)) {
            return Err(self.wrong_kind(id, "scalar"));
        }
        let mut range = self.document.source_range(id, &value);
        if node.anchor.as_ref().is_some_and(|anchor| anchor.start > range.start) {
            return Err(self.wrong_kind(id, "anchor before the tag"));
        }
        let mut source = source.as_str();
        // The header of a block scalar may hold a comment, which has edits of its own.
        if let Some(header) = self.document.spelling_at(id).header
            && let Some(body) = source.strip_prefix(header)
            && range.start == node.span.start
        {
            range.start += header.len();
            source = body;
        }
        let blank = if range.is_empty() && !source.starts_with(['\n', '\r']) { " " } else { "" };
        let text = Zeroizing::new(format!("{blank}{source}"));
        let inserted = vec![Expected { depth: node.depth, shape: Shape::Scalar(value) }];
        self.push(range, text, id.0, 1, inserted);
        Ok(())
    }

    /// Replaces the text of a comment behind its `#`; `text` is one line.
    pub fn set_comment(&mut self, index: usize, text: &str) {
        let span = self.document.comments[index].span.clone();
        let node = self.document.nodes_before(span.start) as u32;
        self.push(span.start + 1..span.end, Zeroizing::new(text.to_owned()), node, 0, Vec::new());
        self.announce_comments(index..index + 1, vec![Zeroizing::new(text.to_owned())]);
    }

    /// Turns an item of a block sequence into a comment on its line.
    pub fn item_to_comment(&mut self, item: NodeId, text: &str) -> Result<(), EditError> {
        let node = self.document.node(item);
        if !matches!(node.kind, Kind::Scalar(_)) {
            return Err(self.wrong_kind(item, "scalar"));
        }
        let start = self.document.dash_of(item);
        let replacement = Zeroizing::new(format!("#{text}"));
        let index = self.document.comments.partition_point(|c| c.span.start < start);
        self.push(start..node.span.end, replacement, item.0, 1, Vec::new());
        self.announce_comments(index..index, vec![Zeroizing::new(text.to_owned())]);
        Ok(())
    }

    /// Adds an entry to a mapping. A mapping that is empty or not written yet (`key:`, `key: {}`) is
    /// written in block style.
    pub fn insert_entry(
        &mut self,
        mapping: NodeId,
        placement: Placement,
        key: &str,
        value: Fragment,
    ) -> Result<(), EditError> {
        let entry = Fragment::Mapping(vec![(key.to_owned(), value)]);
        if self.is_vacant(mapping) {
            return self.fill(mapping, entry);
        }
        if !matches!(self.document.node(mapping).kind, Kind::Mapping(_)) {
            return Err(self.wrong_kind(mapping, "mapping"));
        }
        self.insert(mapping, placement, &entry)
    }

    /// Adds an item to a sequence. A sequence that is empty or not written yet is written in block
    /// style.
    pub fn insert_item(
        &mut self,
        sequence: NodeId,
        placement: Placement,
        item: Fragment,
    ) -> Result<(), EditError> {
        let items = Fragment::Sequence(vec![item]);
        if self.is_vacant(sequence) {
            return self.fill(sequence, items);
        }
        if !matches!(self.document.node(sequence).kind, Kind::Sequence(_)) {
            return Err(self.wrong_kind(sequence, "sequence"));
        }
        self.insert(sequence, placement, &items)
    }

    /// Removes the entry with this value from a block mapping, its lines and the comments on them
    /// included. Where the entry ends a file without a final line break, the break before it goes, too.
    pub fn remove_entry(&mut self, value: NodeId) -> Result<(), EditError> {
        let document = self.document;
        let node = document.node(value);
        let Some(parent) = node.parent else { return Err(self.wrong_kind(value, "entry")) };
        let key = NodeId(
            document
                .entries(parent)
                .find(|(_, candidate)| *candidate == value)
                .map_or(value.0, |(key, _)| key.0),
        );
        let range = if document.is_flow(parent) {
            self.flow_entry_range(parent, key, node.span.end)
        } else {
            self.lines_range(document.key_start(key), node.span.end)
        };
        let comments = &document.comments;
        let first = comments.partition_point(|comment| comment.span.start < range.start);
        let past = comments.partition_point(|comment| comment.span.start < range.end);
        self.push(range, Zeroizing::default(), key.0, node.end.0 - key.0, Vec::new());
        self.announce_comments(first..past, Vec::new());
        Ok(())
    }

    /// Adds a document at the end of the stream, behind a `---`.
    pub fn append_root(&mut self, content: &Fragment) -> Result<(), EditError> {
        let document = self.document;
        let line_break = document.line_break();
        let end = document.source.len();
        let bare = !document.source.is_empty() && !document.source.ends_with('\n');
        let text = write_block(content, 0, document.indentation(), line_break);
        let before = if bare { line_break } else { "" };
        let after = if bare { "" } else { line_break };
        let text = Zeroizing::new(format!("{before}---{line_break}{}{after}", text.as_str()));
        let mut inserted = Vec::new();
        expected(content, 0, &mut inserted);
        self.push(end..end, text, document.nodes.len() as u32, 0, inserted);
        Ok(())
    }

    /// Adds an entry behind everything else of a root mapping, its trailing comments included: right
    /// before the next `---`. `indentation` applies to the entry alone.
    pub fn append_to_root(
        &mut self,
        root: usize,
        key: &str,
        value: Fragment,
        indentation: super::Indentation,
    ) -> Result<(), EditError> {
        let document = self.document;
        let top = &document.roots[root];
        let entry = Fragment::Mapping(vec![(key.to_owned(), value)]);
        if document.node(top.node).kind != Kind::Mapping(Layout::Block) {
            return match document.node(top.node).kind {
                Kind::Mapping(_) => self.insert(top.node, Placement::Last, &entry),
                _ => Err(self.wrong_kind(top.node, "mapping")),
            };
        }
        let column = document.column_of(top.node);
        let line_break = document.line_break();
        let written = write_block(&entry, column, indentation, line_break);
        let pad = " ".repeat(column);
        let at = top.span.end;
        let bare = !document.source[..at].ends_with('\n');
        let text = if bare {
            format!("{line_break}{pad}{}", written.as_str())
        } else {
            format!("{pad}{}{line_break}", written.as_str())
        };
        let mut inserted = Vec::new();
        expected(&entry, 0, &mut inserted);
        inserted.remove(0);
        let node = document.node(top.node).end.0;
        self.push(at..at, Zeroizing::new(text), node, 0, inserted);
        Ok(())
    }

    /// The edited document. The old one stays as it is.
    pub fn apply(mut self) -> Result<Document, EditError> {
        self.splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let source = &self.document.source;
        let grown: usize = self.splices.iter().map(|splice| splice.text.len()).sum();
        let mut text = Zeroizing::new(String::with_capacity(source.len() + grown));
        let mut done = 0;
        for splice in &self.splices {
            if splice.range.start < done {
                return Err(EditError::Overlap(self.document.position(splice.range.start)));
            }
            text.push_str(&source[done..splice.range.start]);
            text.push_str(&splice.text);
            done = splice.range.end;
        }
        text.push_str(&source[done..]);
        let edited = Document::parse(std::mem::take(&mut *text).into_bytes())
            .map_err(|error| EditError::Unreadable(format!("after the edit, {error}")))?;
        self.compare(&edited)?;
        Ok(edited)
    }

    /// Adds the one child of `fragment` to a collection that has children.
    fn insert(
        &mut self,
        collection: NodeId,
        placement: Placement,
        fragment: &Fragment,
    ) -> Result<(), EditError> {
        let document = self.document;
        let depth = document.node(collection).depth;
        let mut inserted = Vec::new();
        expected(fragment, depth, &mut inserted);
        inserted.remove(0);
        let after = match placement {
            Placement::First => None,
            Placement::After(node) => Some(node),
            Placement::Last => document.children(collection).last(),
        };
        let node = after.map_or(collection.0 + 1, |after| document.node(after).end.0);
        let (range, text) = if document.is_flow(collection) {
            self.flow_insertion(collection, after, fragment)
        } else {
            self.block_insertion(collection, after, fragment)
        };
        self.push(range, text, node, 0, inserted);
        Ok(())
    }

    fn block_insertion(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
    ) -> (Range<usize>, Zeroizing<String>) {
        let document = self.document;
        let column = document.column_of(collection);
        let line_break = document.line_break();
        let written = write_block(fragment, column, document.indentation(), line_break);
        let pad = " ".repeat(column);
        match after {
            Some(after) => {
                let at = document.line_end(document.node(after).span.end);
                (at..at, Zeroizing::new(format!("{line_break}{pad}{}", written.as_str())))
            }
            None => {
                let first = document.line_start(document.node(collection).span.start) + column;
                (first..first, Zeroizing::new(format!("{}{line_break}{pad}", written.as_str())))
            }
        }
    }

    fn flow_insertion(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
    ) -> (Range<usize>, Zeroizing<String>) {
        let written = write_flow(fragment);
        let content = &written[1..written.len() - 1];
        match after {
            Some(after) => {
                let at = self.document.node(after).span.end;
                (at..at, Zeroizing::new(format!(", {content}")))
            }
            None => {
                let at = self.document.node(collection).span.start + 1;
                (at..at, Zeroizing::new(format!("{content}, ")))
            }
        }
    }

    /// Whether a node is a place where a collection may be written: absent, null, `{}` or `[]`.
    fn is_vacant(&self, id: NodeId) -> bool {
        let node = self.document.node(id);
        match node.kind {
            Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow) => node.end.0 == id.0 + 1,
            Kind::Scalar(Style::Plain) => {
                matches!(self.document.value(id), Some(Ok(Value::Null)))
            }
            _ => false,
        }
    }

    /// Writes a collection or scalar in the place of an alias.
    pub fn replace_alias(&mut self, alias: NodeId, content: Fragment) -> Result<(), EditError> {
        match (self.document.node(alias).kind, &content) {
            (Kind::Alias(_), Fragment::Mapping(_) | Fragment::Sequence(_)) => {
                self.fill(alias, content)
            }
            (Kind::Alias(_), _) => {
                let mut inserted = Vec::new();
                expected(&content, self.document.node(alias).depth, &mut inserted);
                let text = write_flow(&content);
                self.push(self.document.node(alias).span.clone(), text, alias.0, 1, inserted);
                Ok(())
            }
            _ => Err(self.wrong_kind(alias, "alias")),
        }
    }

    fn fill(&mut self, id: NodeId, content: Fragment) -> Result<(), EditError> {
        let document = self.document;
        let node = document.node(id);
        let mut inserted = Vec::new();
        expected(&content, node.depth, &mut inserted);
        let Some(parent) = node.parent.filter(|parent| !document.is_flow(*parent)) else {
            let text = Zeroizing::new(format!(" {}", write_flow(&content).as_str()));
            self.push(node.span.clone(), text, id.0, 1, inserted);
            return Ok(());
        };
        let indentation = document.indentation();
        let inner = match (&content, document.node(parent).kind) {
            (Fragment::Sequence(_), Kind::Mapping(_)) => indentation.dash,
            _ => indentation.step,
        };
        let column = document.column_of(parent) + inner;
        let line_break = document.line_break();
        let written = write_block(&content, column, indentation, line_break);
        // A comment behind `key:` stays there: the content starts on the next line.
        let line_end = document.line_end(node.span.end);
        let before = document.source[..node.span.start].trim_end_matches(' ').len();
        let rest = document.source[node.span.end..line_end].to_owned();
        let rest = if rest.trim().is_empty() { "" } else { &rest };
        let text = format!("{rest}{line_break}{}{}", " ".repeat(column), written.as_str());
        let start =
            if node.anchor.is_some() || node.tag.is_some() { node.span.start } else { before };
        self.push(start..line_end, Zeroizing::new(text), id.0, 1, inserted);
        Ok(())
    }

    /// Whole lines; where they end a file without a final line break, the break before them goes.
    fn lines_range(&self, start: usize, end: usize) -> Range<usize> {
        let source = self.document.source.as_str();
        let start = self.document.line_start(start);
        let end = self.document.line_end(end);
        match &source[end..] {
            "" => {
                source[..start]
                    .strip_suffix('\n')
                    .map_or(start, |before| before.strip_suffix('\r').unwrap_or(before).len())
                    ..end
            }
            rest => start..end + if rest.starts_with('\r') { 2 } else { 1 },
        }
    }

    /// An entry in braces with the comma that goes with it.
    fn flow_entry_range(&self, parent: NodeId, key: NodeId, end: usize) -> Range<usize> {
        let source = self.document.source.as_str();
        let start = self.document.node(key).start();
        let before = source[..start].trim_end();
        if before.ends_with(',') {
            return before.len() - 1..end;
        }
        let rest = &source[end..self.document.node(parent).span.end];
        let comma = rest.find(',').map_or(0, |at| at + 1);
        let blanks = rest[comma..].len() - rest[comma..].trim_start_matches(' ').len();
        start..end + comma + if comma > 0 { blanks } else { 0 }
    }

    fn push(
        &mut self,
        range: Range<usize>,
        text: Zeroizing<String>,
        node: u32,
        removed: u32,
        inserted: Vec<Expected>,
    ) {
        self.splices.push(Splice { range, text, node, removed, inserted, comments: None });
    }

    fn announce_comments(&mut self, gone: Range<usize>, new: Vec<Zeroizing<String>>) {
        let last = self.splices.last_mut().expect("announced right after its splice");
        last.comments = Some((gone, new));
    }

    fn wrong_kind(&self, id: NodeId, expected: &'static str) -> EditError {
        EditError::WrongKind { position: self.document.position_of(id), expected }
    }

    pub(super) fn unfaithful(&self, offset: usize) -> EditError {
        EditError::Unfaithful { position: self.document.position(offset) }
    }
}
