//! Edits: replacements of ranges, each with a statement of what it does to the tree.
//!
//! [`Edits::apply`] writes the new text, parses it, and walks the old and the new tree side by side.
//! Every node and every comment must be equal in kind, style, properties, depth and text, but for those
//! that an edit announced, and these must have the announced value. An edit that would swallow a
//! comment, change a neighbour or come back as something else is refused; no text comes out.

use std::cell::OnceCell;
use std::ops::Range;

use zeroize::Zeroizing;

use super::fragment::{Expected, Shape, comments, expected};
use super::{Document, Fragment, Indentation, Kind, NodeId, Position, Syntax, Value, yaml};

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
    /// The syntax has no spelling for the new content.
    #[error("{position}: {reason}")]
    Unspellable {
        /// Where it was to go.
        position: Position,
        /// What is in the way.
        reason: &'static str,
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
    /// How new YAML is indented; found out when it is first needed.
    indentation: OnceCell<Indentation>,
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
        Edits { document, splices: Vec::new(), indentation: OnceCell::new() }
    }

    /// New YAML is indented like this from here on, not as most of the file is.
    pub fn indent_by(&mut self, indentation: Indentation) {
        self.indentation = OnceCell::from(indentation);
    }

    fn indentation(&self) -> Indentation {
        *self.indentation.get_or_init(|| self.document.indentation())
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
        let (range, text) = match self.document.syntax {
            Syntax::Yaml => self
                .document
                .scalar_yaml(id, source, &value)
                .ok_or_else(|| self.wrong_kind(id, "anchor before the tag"))?,
            _ => (node.span.clone(), source),
        };
        self.document.check_spelling(id, &text, &value)?;
        let inserted = vec![Expected { depth: node.depth, shape: Shape::Scalar(value) }];
        self.push(range, text, id.0, 1, inserted);
        Ok(())
    }

    /// Replaces the text of a comment behind its marker; outside of INI `text` is one line.
    pub fn set_comment(&mut self, index: usize, text: &str) {
        let range = self.document.comments[index].text.clone();
        let node = self.document.nodes_before(range.start) as u32;
        self.push(range, Zeroizing::new(text.to_owned()), node, 0, Vec::new());
        self.announce_comments(index..index + 1, vec![Zeroizing::new(text.to_owned())]);
    }

    /// Turns an item of a sequence into a comment on its line; where the syntax has no comments the item
    /// goes.
    pub fn item_to_comment(&mut self, item: NodeId, text: &str) -> Result<(), EditError> {
        let node = self.document.node(item);
        if self.document.syntax != Syntax::Yaml {
            return self.remove(item, item);
        }
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

    /// Turns all items of a block sequence into comments: an empty list remains, with them below it.
    pub fn items_to_comments(&mut self, list: NodeId, texts: &[&str]) -> Result<(), EditError> {
        let node = self.document.node(list);
        let (range, text) = yaml::emptied_list(self.document, list, texts);
        let inserted = vec![Expected { depth: node.depth, shape: Shape::Sequence }];
        let gone = self.document.comments_in(&range);
        self.push(range, text, list.0, node.end.0 - list.0, inserted);
        let come = texts.iter().map(|text| Zeroizing::new((*text).to_owned())).collect();
        self.announce_comments(gone, come);
        Ok(())
    }

    /// Turns a comment on a line of its own among the items of a YAML list into an item: what
    /// [`Edits::item_to_comment`] undoes.
    pub fn comment_to_item(&mut self, index: usize, text: &str) -> Result<(), EditError> {
        let span = self.document.comments[index].span.clone();
        let node = self.document.nodes_before(span.start);
        let list = self.document.sequence_at(&span);
        let Some(list) = list.filter(|_| !self.document.comments[index].inline) else {
            self.set_comment(index, text);
            return Ok(());
        };
        // A comment above the first item stands before the list itself.
        let node = node.max(list.index() + 1);
        let depth = self.document.node(list).depth + 1;
        let shape = Shape::Scalar(Value::text(text.to_owned()));
        let item = Zeroizing::new(format!("- {text}"));
        self.push(span, item, node as u32, 0, vec![Expected { depth, shape }]);
        self.announce_comments(index..index + 1, Vec::new());
        Ok(())
    }

    /// Adds an entry to a mapping. In YAML a mapping that is empty or not written yet (`key:`, `key: {}`)
    /// is written in block style.
    pub fn insert_entry(
        &mut self,
        mapping: NodeId,
        placement: Placement,
        key: &str,
        value: Fragment,
    ) -> Result<(), EditError> {
        let entry = Fragment::Mapping(vec![(key.to_owned(), value)]);
        if self.document.is_vacant(mapping) {
            return self.replace(mapping, &entry);
        }
        if !matches!(self.document.node(mapping).kind, Kind::Mapping(_)) {
            return Err(self.wrong_kind(mapping, "mapping"));
        }
        self.insert(mapping, placement, &entry)
    }

    /// Adds an item to a sequence. In YAML a sequence that is empty or not written yet is written in
    /// block style.
    pub fn insert_item(
        &mut self,
        sequence: NodeId,
        placement: Placement,
        item: Fragment,
    ) -> Result<(), EditError> {
        let items = Fragment::Sequence(vec![item]);
        if self.document.is_vacant(sequence) {
            return self.replace(sequence, &items);
        }
        if !matches!(self.document.node(sequence).kind, Kind::Sequence(_)) {
            return Err(self.wrong_kind(sequence, "sequence"));
        }
        self.insert(sequence, placement, &items)
    }

    /// Puts a scalar or a collection in the place of any node but a root. Comments inside of the old node
    /// go with it.
    pub fn replace(&mut self, id: NodeId, content: &Fragment) -> Result<(), EditError> {
        let node = self.document.node(id);
        let mut inserted = Vec::new();
        expected(content, node.depth, &mut inserted);
        let (range, text) = self.document.replacement(id, content, self.indentation())?;
        // A comment behind the old node is written again behind the new one.
        let gone = self.document.comments_in(&(range.start..node.span.end));
        self.push(range, text, id.0, node.end.0 - id.0, inserted);
        self.announce_comments(gone, Vec::new());
        Ok(())
    }

    /// Removes the entry with this value, its lines and the comments on them included. Where the entry
    /// ends a file without a final line break, the break before it goes, too.
    pub fn remove_entry(&mut self, value: NodeId) -> Result<(), EditError> {
        let document = self.document;
        let parent = document.node(value).parent;
        let entry = parent.and_then(|parent| document.entries(parent).find(|(_, v)| *v == value));
        let Some((key, _)) = entry else { return Err(self.wrong_kind(value, "entry")) };
        self.remove(key, value)
    }

    /// Removes an item of a sequence, like [`Edits::remove_entry`]. Neighbours that all go are to be removed in order.
    pub fn remove_item(&mut self, item: NodeId) -> Result<(), EditError> {
        self.remove(item, item)
    }

    /// Removes an item like [`Edits::remove_item`], and the comments on the lines right above it. Of two blank lines that
    /// would meet then, one goes, too.
    pub(crate) fn remove_item_with_heading(&mut self, item: NodeId) -> Result<(), EditError> {
        self.remove(item, item)?;
        let document = self.document;
        let splice = self.splices.last_mut().expect("just removed");
        if let Some(first) = document.heading_of(item).first() {
            let own = document.line_start(document.dash_of(item));
            let start = document.line_start(first.span.start);
            let before = &document.source[..start];
            let bare = before.strip_suffix('\n').unwrap_or(before);
            let bare = bare.strip_suffix('\r').unwrap_or(bare);
            // Where the item ends a file without a final line break, the break before it goes.
            splice.range.start = if splice.range.start < own { bare.len() } else { start };
        }
        let line_break = document.line_break();
        let blank = format!("{line_break}{line_break}");
        if document.source[..splice.range.start].ends_with(&blank)
            && document.source[splice.range.end..].starts_with(line_break)
        {
            splice.range.end += line_break.len();
        }
        let gone = document.comments_in(&splice.range);
        self.announce_comments(gone, Vec::new());
        Ok(())
    }

    fn remove(&mut self, first: NodeId, value: NodeId) -> Result<(), EditError> {
        // Neighbours that both go share a comma.
        let start = self.document.node(first).span.start;
        let leads =
            self.splices.last().is_some_and(|last| last.text.is_empty() && last.range.end == start);
        let range = self.document.removal(first, value, leads);
        let gone = self.document.comments_in(&range);
        let removed = self.document.node(value).end.0 - first.0;
        self.push(range, Zeroizing::default(), first.0, removed, Vec::new());
        self.announce_comments(gone, Vec::new());
        Ok(())
    }

    /// Adds a document at the end of a YAML stream, behind a `---`.
    pub fn append_root(&mut self, content: &Fragment) -> Result<(), EditError> {
        let document = self.document;
        let mut inserted = Vec::new();
        expected(content, 0, &mut inserted);
        let (range, text) = yaml::further_root(document, content, self.indentation());
        self.push(range, text, document.nodes.len() as u32, 0, inserted);
        let at = document.comments.len();
        self.announce_comments(at..at, comments(content));
        Ok(())
    }

    /// Removes a document of a YAML stream with its `---` and all that stands behind that, comments included: what
    /// [`Edits::append_root`] added. The only document of a stream cannot go.
    pub fn remove_root(&mut self, root: usize) -> Result<(), EditError> {
        let document = self.document;
        let node = document.roots[root].node;
        if document.syntax != Syntax::Yaml || document.roots.len() == 1 {
            return Err(self.wrong_kind(node, "document of several"));
        }
        let range = document.root_removal(root);
        let gone = document.comments_in(&range);
        self.push(
            range,
            Zeroizing::default(),
            node.0,
            document.node(node).end.0 - node.0,
            Vec::new(),
        );
        self.announce_comments(gone, Vec::new());
        Ok(())
    }

    /// Removes an entry or an item, given by its value, and with it every collection around it, but for roots, that
    /// would be empty without it.
    pub fn remove_whole(&mut self, value: NodeId) -> Result<(), EditError> {
        let document = self.document;
        let parent_of = |node: NodeId| document.node(node).parent;
        let mut node = value;
        while let Some(parent) = parent_of(node).filter(|parent| parent_of(*parent).is_some())
            && document.entries(parent).count() + document.items(parent).count() == 1
        {
            node = parent;
        }
        match parent_of(node).map(|parent| document.node(parent).kind) {
            Some(Kind::Sequence(_)) => self.remove_item(node),
            _ => self.remove_entry(node),
        }
    }

    /// Adds entries behind everything else of a root mapping, in YAML its trailing comments included: right
    /// before the next `---`. `indentation` applies to the entries alone; JSON is indented as the file is.
    pub fn append_to_root(
        &mut self,
        root: usize,
        entries: Vec<(String, Fragment)>,
        indentation: Indentation,
    ) -> Result<(), EditError> {
        let top = self.document.roots[root].node;
        if !matches!(self.document.node(top).kind, Kind::Mapping(_)) {
            return Err(self.wrong_kind(top, "mapping"));
        }
        let entries = Fragment::Mapping(entries);
        let mut inserted = Vec::new();
        expected(&entries, 0, &mut inserted);
        let (range, text) = self.document.root_insertion(root, &entries, indentation)?;
        // An empty mapping may be written anew as a whole.
        let whole = range.contains(&self.document.node(top).span.start);
        let (node, removed) = if whole { (top.0, 1) } else { (self.document.node(top).end.0, 0) };
        if !whole {
            inserted.remove(0);
        }
        let (come, at) = (comments(&entries), self.document.comments_in(&range).start);
        self.push(range, text, node, removed, inserted);
        self.announce_comments(at..at, come);
        Ok(())
    }

    /// The edited document. The old one stays as it is.
    pub fn apply(mut self) -> Result<Document, EditError> {
        self.splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        let source = &self.document.source;
        let grown: usize = self.splices.iter().map(|splice| splice.text.len()).sum();
        let mut text = Zeroizing::new(String::with_capacity(source.len() + grown));
        let (mut done, mut removed) = (0, false);
        for splice in &self.splices {
            let mut start = splice.range.start;
            if start < done {
                // Neighbours that both go may both take the line break between them along.
                let removal = splice.text.is_empty() && removed;
                if !removal {
                    return Err(EditError::Overlap(self.document.position(start)));
                }
                start = done;
            }
            text.push_str(&source[done..start]);
            text.push_str(&splice.text);
            done = splice.range.end.max(done);
            removed = splice.text.is_empty();
        }
        text.push_str(&source[done..]);
        let bytes = std::mem::take(&mut *text).into_bytes();
        let edited = Document::parse_as(self.document.syntax, bytes)
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
        let (range, text) = document.insertion(collection, after, fragment, self.indentation())?;
        self.push(range, text, node, 0, inserted);
        Ok(())
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

    pub(super) fn wrong_kind(&self, id: NodeId, expected: &'static str) -> EditError {
        EditError::WrongKind { position: self.document.position_of(id), expected }
    }

    pub(super) fn unfaithful(&self, offset: usize) -> EditError {
        EditError::Unfaithful { position: self.document.position(offset) }
    }
}
