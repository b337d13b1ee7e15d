//! Text that can be edited without being written anew.
//!
//! A [`Document`] is the bytes of a file plus a tree of spans into them. The law of this room: *no edit,
//! no changed byte; one edit, one changed range*. An [`Edits`] collects replacements, and
//! [`Edits::apply`] parses the result again and compares: what was not edited must be equal, or the
//! edit is refused. There is no emitter: a comment, a quote or a blank line cannot be lost, because
//! nothing that was not edited is ever written.
//!
//! ```
//! use keywright::document::{Document, Edits};
//!
//! let document = Document::parse(b"name: 'x'   # kept\n".to_vec())?;
//! let name = document.lookup(document.roots()[0].node, "name").unwrap();
//! let mut edits = Edits::new(&document);
//! edits.set_text(name, "y")?;
//! assert_eq!(edits.apply()?.source(), "name: 'y'   # kept\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it refuses: invalid UTF-8, duplicate keys, NUL and other control characters, tabs as
//! indentation, more than 255 levels – each with line and column.

mod compare;
mod dotenv;
mod edit;
mod fragment;
mod ini;
mod json;
mod syntax;
mod tree;
mod value;
mod yaml;

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

pub use edit::{EditError, Edits, Placement};
pub use fragment::Fragment;
pub use syntax::Syntax;
pub use tree::{Comment, Component, Kind, Layout, Node, NodeId, Position, Root, Route, Style};
pub use value::Value;
pub use yaml::{Indentation, plain_is_safe};
pub(crate) use yaml::{plain_is_text, without_header_comment};

/// Why bytes are not a document. Names a place, never the content found there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct ParseError {
    /// Where.
    pub position: Position,
    /// What is wrong there.
    pub reason: String,
}

/// Why a scalar has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct ValueError {
    /// Where the scalar begins.
    pub position: Position,
    /// What is wrong with it, without its text.
    pub reason: String,
}

/// The bytes of a file and the tree of spans into them. Wiped when dropped; has no `Debug`.
pub struct Document {
    syntax: Syntax,
    source: Zeroizing<String>,
    nodes: Vec<Node>,
    roots: Vec<Root>,
    comments: Vec<Comment>,
}

impl Document {
    /// Parses a YAML stream (JSON is one, too). The bytes are kept as they are.
    pub fn parse(bytes: Vec<u8>) -> Result<Document, ParseError> {
        Document::parse_as(Syntax::Yaml, bytes)
    }

    /// Parses a file in a given syntax. The bytes are kept as they are.
    pub fn parse_as(syntax: Syntax, bytes: Vec<u8>) -> Result<Document, ParseError> {
        let source = match String::from_utf8(bytes) {
            Ok(source) => Zeroizing::new(source),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = Zeroizing::new(error.into_bytes());
                let before = String::from_utf8_lossy(&bytes[..valid]);
                let position = position_in(&before, valid);
                return Err(ParseError { position, reason: "not valid UTF-8".to_owned() });
            }
        };
        let mut document = syntax.parse(source)?;
        // A repository may be held as a whole.
        document.nodes.shrink_to_fit();
        if !syntax.repeats_keys() {
            document.refuse_duplicate_keys()?;
        }
        Ok(document)
    }

    /// The notation that the document is written in.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// The text, byte for byte.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The documents of the stream, in order; none in an empty file.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// All comments, in order.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The text of a comment behind its marker, blanks included.
    pub fn comment_text(&self, comment: &Comment) -> &str {
        &self.source[comment.text.clone()]
    }

    /// The comments that begin in a range of bytes, by index.
    fn comments_in(&self, range: &Range<usize>) -> Range<usize> {
        let before = |offset| self.comments.partition_point(|comment| comment.span.start < offset);
        before(range.start)..before(range.end)
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The nodes of a subtree in source order, its top included.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0..self.node(id).end.0).map(NodeId)
    }

    /// Whether a node is in the subtree of another.
    pub(crate) fn contains(&self, top: NodeId, id: NodeId) -> bool {
        top <= id && id < self.node(top).end
    }

    /// How many nodes begin before a byte: the index of the first that does not.
    pub(crate) fn nodes_before(&self, offset: usize) -> usize {
        self.nodes.partition_point(|node| node.span.start < offset)
    }

    /// Key and value of each entry of a mapping; nothing for other nodes. Aliases and merge keys are
    /// given as they are written.
    pub fn entries(&self, mapping: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let mut children = match self.node(mapping).kind {
            Kind::Mapping(_) => self.children(mapping),
            _ => Children { document: self, next: mapping, end: mapping },
        };
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The items of a sequence; nothing for other nodes.
    pub fn items(&self, sequence: NodeId) -> impl Iterator<Item = NodeId> {
        match self.node(sequence).kind {
            Kind::Sequence(_) => self.children(sequence),
            _ => Children { document: self, next: sequence, end: sequence },
        }
    }

    /// The node that an alias stands for; any other node itself.
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            // An alias cannot name another alias: `&a *b` is not YAML.
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    /// The value of a key, as a reader of the document sees it: through aliases and merge keys, an
    /// entry of the mapping itself before a merged one.
    pub fn lookup(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        let mapping = self.target(mapping);
        let written = |mapping| self.entry(mapping, key).map(|(_, value)| value);
        written(mapping).or_else(|| self.merged(mapping).into_iter().find_map(written))
    }

    /// The mappings that a mapping merges, and those that these merge, in the order in which they count.
    /// Each is there once, however often merges multiply it.
    fn merged(&self, mapping: NodeId) -> Vec<NodeId> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut open = vec![mapping];
        while let Some(next) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            found.push(next);
            let Some((_, merge)) = self.entry(next, "<<") else { continue };
            let merge = self.target(merge);
            let items: Vec<NodeId> = match self.node(merge).kind {
                Kind::Mapping(_) => vec![merge],
                _ => self.items(merge).map(|item| self.target(item)).collect(),
            };
            open.extend(items.into_iter().rev());
        }
        found
    }

    /// The entry that is written in this mapping under this key.
    pub fn entry(&self, mapping: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        self.entries(mapping).find(|(candidate, _)| self.text(*candidate) == Some(key))
    }

    /// Follows keys down from a node; see [`Document::lookup`].
    pub fn descend(&self, from: NodeId, keys: &[&str]) -> Option<NodeId> {
        keys.iter().try_fold(from, |node, key| self.lookup(node, key))
    }

    /// The decoded text of a scalar, through an alias; `None` for collections.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        let node = self.node(self.target(id));
        match node.kind {
            Kind::Scalar(_) => Some(self.scalar_text(node)),
            _ => None,
        }
    }

    /// The typed value of a scalar, through an alias, as SOPS and Flux read it; `None` for collections.
    pub fn value(&self, id: NodeId) -> Option<Result<Value, ValueError>> {
        let target = self.target(id);
        let text = self.text(target)?;
        let value = self.syntax.value(self.node(target), text, self.tag(target));
        Some(value.map_err(|reason| ValueError {
            position: self.position(self.node(target).span.start),
            reason,
        }))
    }

    /// The tag as written, such as `!!str`.
    pub fn tag(&self, id: NodeId) -> Option<&str> {
        self.node(id).tag().map(|span| &self.source[span.clone()])
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        position_in(&self.source, offset)
    }

    /// Line and column of a node's content.
    pub fn position_of(&self, id: NodeId) -> Position {
        self.position(self.node(id).span.start)
    }

    /// The address of a node below its root.
    pub fn route(&self, id: NodeId) -> Route {
        let mut components = Vec::new();
        let mut node = id;
        while let Some(parent) = self.node(node).parent {
            let component = match self.node(parent).kind {
                Kind::Mapping(_) => self
                    .entries(parent)
                    .find(|(key, value)| *key == node || *value == node)
                    .and_then(|(key, _)| self.text(key))
                    .map(|key| Component::Key(key.to_owned())),
                _ => self.items(parent).position(|item| item == node).map(Component::Index),
            };
            components.extend(component);
            node = parent;
        }
        components.reverse();
        Route(components)
    }

    /// The index of the root that a node belongs to.
    pub fn root_of(&self, id: NodeId) -> usize {
        self.roots.partition_point(|root| root.node <= id) - 1
    }

    /// What stands behind the key of an entry, from its separator's end to the end of the value; `None` for
    /// a root or an item.
    pub(crate) fn behind_key(&self, value: NodeId) -> Option<Range<usize>> {
        let parent = self.node(value).parent?;
        let (key, _) = self.entries(parent).find(|(_, candidate)| *candidate == value)?;
        let (start, end) = (self.node(key).span.end, self.node(value).span.end);
        let separator = if self.syntax == Syntax::Ini { ']' } else { ':' };
        Some(start + self.source[start..end].find(separator)? + 1..end)
    }

    /// Whether the first entries of both documents stand in the same column: what is copied from one to the
    /// other then is indented right.
    pub(crate) fn starts_at_column_of(&self, other: &Document) -> bool {
        let column =
            |document: &Document| document.roots.first().map(|root| document.column_of(root.node));
        column(self) == column(other)
    }

    /// The line break that the file uses: that of its first line.
    pub fn line_break(&self) -> &'static str {
        match self.source.find('\n') {
            Some(at) if self.source[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    fn scalar_text<'d>(&'d self, node: &'d Node) -> &'d str {
        node.decoded.as_ref().map_or(&self.source[node.span.clone()], |decoded| decoded.as_str())
    }

    fn children(&self, id: NodeId) -> Children<'_> {
        Children { document: self, next: NodeId(id.0 + 1), end: self.node(id).end }
    }

    /// Go's YAML, and so SOPS and Flux, refuse a key that stands twice; two texts are compared, not
    /// two values.
    fn refuse_duplicate_keys(&self) -> Result<(), ParseError> {
        let mut seen = HashSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if !matches!(node.kind, Kind::Mapping(_)) {
                continue;
            }
            seen.clear();
            for (key, _) in self.entries(NodeId(index as u32)) {
                if self.text(key).is_some_and(|text| !seen.insert(text)) {
                    let position = self.position_of(key);
                    let reason = format!("key `{}` stands twice", self.route(key));
                    return Err(ParseError { position, reason });
                }
            }
        }
        Ok(())
    }
}

/// The direct children of a collection.
struct Children<'d> {
    document: &'d Document,
    next: NodeId,
    end: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let child = self.next;
        self.next = self.document.node(child).end;
        Some(child)
    }
}

fn position_in(source: &str, offset: usize) -> Position {
    let before = &source[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let bom = if line_start == 0 && before.starts_with('\u{feff}') { 1 } else { 0 };
    Position {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1 - bom,
    }
}

#[cfg(test)]
mod flat_properties;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
