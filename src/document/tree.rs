//! The span tree of a document: nodes that know their bytes and their style.
//!
//! Nodes stand in one vector in source order, a parent before its children ("preorder"): the subtree
//! of a node is a contiguous range, a depth and an order are enough to compare two trees, and a file
//! of a hundred thousand values costs two allocations. Spans are byte offsets into the source.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

/// Index of a node in its document; comparing two of them compares their places in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`, line breaks kept
    Literal,
    /// `>`, line breaks folded
    Folded,
}

impl Style {
    /// Whether the scalar is a header line and an indented block below it.
    pub fn is_block(self) -> bool {
        matches!(self, Style::Literal | Style::Folded)
    }
}

/// How a collection is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// One entry or item a line, by indentation.
    Block,
    /// `{…}` or `[…]`
    Flow,
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A leaf.
    Scalar(Style),
    /// Items in order; its children are the items.
    Sequence(Layout),
    /// Entries in order; its children alternate between key and value.
    Mapping(Layout),
    /// `*name`: stands for the named, earlier node.
    Alias(NodeId),
}

/// What YAML calls the properties of a node.
#[derive(Default)]
struct Properties {
    /// The anchor, `&` included.
    anchor: Option<Range<usize>>,
    /// The tag, `!` included.
    tag: Option<Range<usize>>,
}

/// One node.
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its content: quotes, block header and brackets included, anchor and tag excluded. A block
    /// scalar ends with its last content line, without that line's break; a block collection ends
    /// with its last descendant. Empty for a null that is not written.
    pub span: Range<usize>,
    /// Its anchor and its tag. A repository is held as nodes, and few have any.
    properties: Option<Box<Properties>>,
    /// Number of collections around it; 0 for a root.
    pub depth: u16,
    /// The collection that it stands in.
    pub parent: Option<NodeId>,
    /// One past the last node of its subtree.
    pub(crate) end: NodeId,
    /// The decoded text where it differs from the bytes of the span.
    pub(crate) decoded: Option<Zeroizing<String>>,
}

impl Node {
    /// A node without anchor and tag, below this parent or as a root. Its subtree is itself until
    /// [`Node::close`].
    pub(super) fn new(kind: Kind, span: Range<usize>, parent: Option<(NodeId, &Node)>) -> Node {
        Node {
            kind,
            span,
            properties: None,
            depth: parent.map_or(0, |(_, parent)| parent.depth + 1),
            parent: parent.map(|(id, _)| id),
            end: NodeId(0),
            decoded: None,
        }
    }

    /// Sets the ends of all subtrees of a finished tree.
    pub(super) fn close(nodes: &mut [Node]) {
        for index in (0..nodes.len()).rev() {
            // Children come behind their parents: when a node's turn comes, its last child has been seen.
            let end = nodes[index].end.max(NodeId(index as u32 + 1));
            nodes[index].end = end;
            if let Some(parent) = nodes[index].parent {
                let parent = &mut nodes[parent.index()];
                parent.end = parent.end.max(end);
            }
        }
    }

    /// The anchor, `&` included.
    pub fn anchor(&self) -> Option<&Range<usize>> {
        self.properties.as_ref()?.anchor.as_ref()
    }

    /// The tag, `!` included.
    pub fn tag(&self) -> Option<&Range<usize>> {
        self.properties.as_ref()?.tag.as_ref()
    }

    /// Anchor and tag, as far as there are any.
    pub(crate) fn properties(&self) -> impl Iterator<Item = &Range<usize>> {
        [self.anchor(), self.tag()].into_iter().flatten()
    }

    /// Gives it an anchor.
    pub(super) fn set_anchor(&mut self, anchor: Range<usize>) {
        self.properties.get_or_insert_default().anchor = Some(anchor);
    }

    /// Gives it a tag.
    pub(super) fn set_tag(&mut self, tag: Range<usize>) {
        self.properties.get_or_insert_default().tag = Some(tag);
    }

    /// Where the node begins, its anchor and tag included.
    pub fn start(&self) -> usize {
        self.properties().map(|property| property.start).fold(self.span.start, usize::min)
    }

    /// Whether this is a scalar that is not written at all: `key:` with nothing behind it.
    pub fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Style::Plain)) && self.span.is_empty()
    }
}

/// One comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// The bytes, marker (`#` or `;`) included, line break excluded. In INI neighbouring lines are one comment.
    pub span: Range<usize>,
    /// The part of these bytes that is the text.
    pub text: Range<usize>,
    /// Whether something other than blanks stands before it on its line.
    pub inline: bool,
}

/// One document of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// Its top node; a document without content has an absent scalar.
    pub node: NodeId,
    /// From behind its `---` (or the start of the stream) to the next `---`, `...` or the end.
    pub span: Range<usize>,
    /// Whether it begins with `---`.
    pub explicit: bool,
}

/// A place in a file as people count: from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// One step of a route.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Component {
    /// Into a mapping, by key.
    Key(String),
    /// Into a sequence, from 0.
    Index(usize),
}

impl fmt::Display for Component {
    /// As SOPS writes a step of an index: `['key']`, `[0]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Component::Key(key) => write!(formatter, "['{key}']"),
            Component::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}

/// The address of a node below its root, as in `spec.managed.roles[0].name`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Route(pub Vec<Component>);

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.0.iter().enumerate() {
            match component {
                Component::Index(index) => write!(formatter, "[{index}]")?,
                Component::Key(key) if is_bare(key) => {
                    if position > 0 {
                        formatter.write_str(".")?;
                    }
                    formatter.write_str(key)?;
                }
                Component::Key(key) => write!(formatter, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_reads_like_a_path_expression() {
        let route = Route(vec![
            Component::Key("spec".into()),
            Component::Key("roles".into()),
            Component::Index(2),
            Component::Key("a.b".into()),
        ]);
        assert_eq!(route.to_string(), r#"spec.roles[2]["a.b"]"#);
    }
}
