//! A plain file as SOPS sees it: ordered values and comments, without spelling or layout.
//!
//! ```text
//! # above                 Comment " above"
//! user: shinji # beside   Comment " beside" (inline), Entry user: Scalar
//! units: [0, 1]           Entry units: List of two elements
//! ```
//!
//! The files that Keywright edits are never made from a tree. It is what remains of a file on the way into
//! another format ([`super::emit`]) and what an index walks through ([`super::extract`]): there, the same
//! comment counts as an item of its list as it does for SOPS.
//!
//! Aliases are copied with the comments inside of what they stand for; a merge key is an ordinary key `<<`.
//! Refused: keys that are not strings, documents that are neither mappings nor empty, aliases that multiply.
//! All of it may be plain text of secrets: wiped when dropped, neither `Debug` nor `Clone`.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::comments::{self, Placement};
use super::error::Error;
use super::selection::Selection;
use super::walk::{Leaf, Obstacle, Was, walk};
use crate::document::{Document, Kind, Layout, NodeId, Root, Value};

/// Most nodes that aliases may stand for, in all: a bound for documents that multiply by aliases.
const MOST_ALIASED: usize = 1_000_000;

/// Most levels that aliases may build; without them a document has at most 255. Trees are walked by recursion,
/// for which the stack has to do.
const MOST_LEVELS: usize = 300;

/// The documents of a file, in order; none in an empty file.
pub struct Tree {
    /// One for each document.
    pub branches: Vec<Branch>,
}

/// A mapping.
pub struct Branch {
    /// Entries and comments in file order; a key may stand twice where the format allows it.
    pub items: Vec<Item>,
}

/// One thing in a mapping.
pub enum Item {
    /// A key and its value.
    Entry(String, Node),
    /// A comment between entries.
    Comment(Comment),
}

/// A value.
pub enum Node {
    /// A leaf.
    Scalar(Value),
    /// A mapping.
    Branch(Branch),
    /// A list.
    List(Vec<Element>),
}

/// One thing in a list.
pub enum Element {
    /// A value.
    Value(Node),
    /// A comment between values.
    Comment(Comment),
}

/// A comment.
pub struct Comment {
    /// What stands behind its marker, blanks included.
    pub text: Zeroizing<String>,
    /// Whether it stands behind the value that follows in the tree, on the same line.
    pub inline: bool,
}

impl Item {
    /// The comment that this is.
    pub(super) fn as_comment(&self) -> Option<&Comment> {
        match self {
            Item::Comment(comment) => Some(comment),
            Item::Entry(..) => None,
        }
    }
}

impl Node {
    /// Puts comments before everything else in a mapping or list.
    fn prepend(&mut self, comments: impl Iterator<Item = Comment>) {
        match self {
            Node::Scalar(_) => {}
            Node::Branch(branch) => drop(branch.items.splice(..0, comments.map(Item::Comment))),
            Node::List(list) => drop(list.splice(..0, comments.map(Element::Comment))),
        }
    }
}

impl Element {
    /// The comment that this is.
    pub(super) fn as_comment(&self) -> Option<&Comment> {
        match self {
            Element::Comment(comment) => Some(comment),
            Element::Value(_) => None,
        }
    }
}

impl Tree {
    /// The tree of a binary file that holds text: SOPS keeps it under the key `data`.
    pub fn of_text(text: &str) -> Tree {
        let node = Node::Scalar(Value::text(text.to_owned()));
        Tree { branches: vec![Branch { items: vec![Item::Entry("data".to_owned(), node)] }] }
    }

    /// The tree of a plain document.
    pub fn of(document: &Document) -> Result<Tree, Error> {
        Builder::new(document, HashSet::new()).tree()
    }

    /// The tree of a document that was encrypted under a selection.
    ///
    /// SOPS forgets of an encrypted comment that it was inline. So comments that the selection picks stand
    /// above their entry here, whatever the document shows.
    pub fn decrypted(document: &Document, selection: &Selection) -> Result<Tree, Error> {
        let mut encrypted = HashSet::new();
        let walked: Result<(), Obstacle> = walk(document, selection, &mut |visit| {
            if let (Leaf::Comment(index), true) = (visit.leaf, visit.selected) {
                // An empty one cannot be encrypted.
                let text = document.comment_text(&document.comments()[index]);
                encrypted.extend((!text.is_empty()).then_some(index));
            }
            Ok(Was::Value)
        });
        // What stops this walk stops the building below, which says where.
        let _ = walked;
        Builder::new(document, encrypted).tree()
    }
}

struct Builder<'d> {
    document: &'d Document,
    placement: Placement,
    /// Comments, by index, that are not inline whatever the document shows.
    detached: HashSet<usize>,
    /// Nodes seen through aliases so far.
    aliased: usize,
    /// Collections around the present node.
    level: usize,
}

impl<'d> Builder<'d> {
    fn new(document: &'d Document, detached: HashSet<usize>) -> Self {
        let placement = comments::place(document);
        Builder { document, placement, detached, aliased: 0, level: 0 }
    }

    fn tree(mut self) -> Result<Tree, Error> {
        let roots = self.document.roots().iter();
        let branches = roots.map(|root| self.root(root)).collect::<Result<_, _>>()?;
        Ok(Tree { branches })
    }

    fn root(&mut self, root: &Root) -> Result<Branch, Error> {
        let node = self.document.node(root.node);
        match node.kind {
            Kind::Mapping(_) => self.branch(root.node),
            Kind::Scalar(_) if matches!(self.document.value(root.node), Some(Ok(Value::Null))) => {
                let comments = self.document.comments().iter().enumerate();
                let here = comments.filter(|(_, comment)| {
                    root.span.start <= comment.span.start && comment.span.end <= root.span.end
                });
                let items = here.map(|(index, _)| Item::Comment(self.comment(index, false)));
                Ok(Branch { items: items.collect() })
            }
            _ => Err(Error::Root(self.document.position_of(root.node))),
        }
    }

    fn branch(&mut self, mapping: NodeId) -> Result<Branch, Error> {
        let mut items = Vec::new();
        for (key, value) in self.document.entries(mapping) {
            for index in self.placed(mapping, Some(key)) {
                items.push(Item::Comment(
                    self.comment(index, self.is_beside(index, mapping, value)),
                ));
            }
            let text = match self.document.value(key) {
                Some(Ok(Value::Text(_))) => self.document.text(key).unwrap_or_default(),
                _ => return Err(Error::Key(self.document.position_of(key))),
            };
            items.push(Item::Entry(text.to_owned(), self.node(value)?));
        }
        let end = self.placed(mapping, None).map(|index| Item::Comment(self.comment(index, false)));
        items.extend(end);
        Ok(Branch { items })
    }

    fn list(&mut self, sequence: NodeId) -> Result<Vec<Element>, Error> {
        let mut elements = Vec::new();
        let mut from = self.document.node(sequence).span.start;
        for item in self.document.items(sequence) {
            let (inside, above): (Vec<_>, Vec<_>) = self
                .placed(sequence, Some(item))
                .partition(|index| self.is_below_dash(*index, from, item));
            for index in above {
                let beside = self.is_beside(index, sequence, item);
                elements.push(Element::Comment(self.comment(index, beside)));
            }
            for index in self.behind_brackets(item) {
                elements.push(Element::Comment(self.comment(index, true)));
            }
            let mut node = self.node(item)?;
            node.prepend(inside.into_iter().map(|index| self.comment(index, false)));
            elements.push(Element::Value(node));
            from = self.document.node(item).span.end;
        }
        let end =
            self.placed(sequence, None).map(|index| Element::Comment(self.comment(index, false)));
        elements.extend(end);
        Ok(elements)
    }

    fn node(&mut self, id: NodeId) -> Result<Node, Error> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Err(Error::TooManyAliases(self.document.position_of(id)));
        }
        let node = match self.document.node(id).kind {
            Kind::Mapping(_) => Node::Branch(self.branch(id)?),
            Kind::Sequence(_) => Node::List(self.list(id)?),
            Kind::Alias(target) => self.alias(id, target)?,
            Kind::Scalar(_) => {
                let value = self.document.value(id).expect("a scalar has a value or an error");
                Node::Scalar(value?)
            }
        };
        self.level -= 1;
        Ok(node)
    }

    fn alias(&mut self, id: NodeId, target: NodeId) -> Result<Node, Error> {
        self.aliased += self.document.subtree(target).count();
        if self.aliased > MOST_ALIASED {
            return Err(Error::TooManyAliases(self.document.position_of(id)));
        }
        self.node(target)
    }

    /// The comments, by index, of a collection before one of its children, or at its end.
    fn placed(&self, collection: NodeId, before: Option<NodeId>) -> impl Iterator<Item = usize> {
        let here = self.placement.get(&(collection, before)).into_iter().flatten().copied();
        // The comments of a document without content are placed in the one before.
        let end = self.document.roots()[self.document.root_of(collection)].span.end;
        let of_root = move |index: &usize| self.document.comments()[*index].span.start < end;
        here.filter(of_root)
            .filter(move |index| !(self.is_item(collection) && self.is_behind(*index, collection)))
    }

    /// The comments behind the closing bracket of an item of a list. Their path is that of the collection in
    /// brackets, but SOPS holds them for neighbours of the item.
    fn behind_brackets(&self, item: NodeId) -> impl Iterator<Item = usize> {
        let first = self.document.subtree(item).nth(1);
        let here = self.placement.get(&(item, first)).into_iter().flatten().copied();
        here.filter(move |index| self.is_behind(*index, item))
    }

    /// Whether a comment stands behind the closing bracket of a collection.
    fn is_behind(&self, index: usize, collection: NodeId) -> bool {
        let node = self.document.node(collection);
        matches!(node.kind, Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow))
            && node.span.end <= self.document.comments()[index].span.start
    }

    fn is_item(&self, node: NodeId) -> bool {
        let parent = self.document.node(node).parent.map(|parent| self.document.node(parent).kind);
        matches!(parent, Some(Kind::Sequence(_)))
    }

    /// Whether a comment stands between the dash of an item and the block that the item is: SOPS holds it for
    /// the head of the block. `from` is where the item before ends.
    fn is_below_dash(&self, index: usize, from: usize, item: NodeId) -> bool {
        let until = self.document.comments()[index].span.start;
        let block = matches!(
            self.document.node(item).kind,
            Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block)
        );
        block && comments::has_dash(self.document, from, until)
    }

    /// Whether SOPS takes a comment for one on the line of this value in a collection.
    fn is_beside(&self, index: usize, collection: NodeId, value: NodeId) -> bool {
        let comment = &self.document.comments()[index];
        let value = self.document.node(value);
        comment.inline
            && matches!(value.kind, Kind::Scalar(_) | Kind::Alias(_))
            && value.span.start <= comment.span.start
            && !self.is_behind(index, collection)
    }

    fn comment(&self, index: usize, inline: bool) -> Comment {
        let text = self.document.comment_text(&self.document.comments()[index]);
        let inline = inline && !self.detached.contains(&index);
        Comment { text: Zeroizing::new(text.to_owned()), inline }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes().to_vec()).unwrap()
    }

    /// The tree in one line: `{key=value}`, `[item]`, `#text`, `#i text` for inline comments.
    fn shown(tree: &Tree) -> String {
        tree.branches.iter().map(show_branch).collect::<Vec<_>>().join(" ")
    }

    fn show_branch(branch: &Branch) -> String {
        let items = branch.items.iter().map(|item| match item {
            Item::Entry(key, value) => format!("{key}={}", show(value)),
            Item::Comment(comment) => show_comment(comment),
        });
        format!("{{{}}}", items.collect::<Vec<_>>().join(" "))
    }

    fn show(node: &Node) -> String {
        match node {
            Node::Scalar(Value::Text(text)) => text.to_string(),
            Node::Scalar(Value::Int(int)) => int.to_string(),
            Node::Scalar(_) => "~".to_owned(),
            Node::Branch(branch) => show_branch(branch),
            Node::List(list) => {
                let elements = list.iter().map(|element| match element {
                    Element::Value(value) => show(value),
                    Element::Comment(comment) => show_comment(comment),
                });
                format!("[{}]", elements.collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn show_comment(comment: &Comment) -> String {
        format!("#{}{}", if comment.inline { "i " } else { "" }, comment.text.trim())
    }

    #[track_caller]
    fn assert_tree(text: &str, wanted: &str) {
        assert_eq!(shown(&Tree::of(&document(text)).unwrap()), wanted, "{text}");
    }

    #[test]
    fn comments_stand_between_entries_and_items() {
        assert_tree("# h\na: 1 # i\nb: # k\n  c: 2\n  # f\n", "{#h #i i a=1 #k b={c=2 #f}}");
        assert_tree("a:\n  # h\n  - 1 # i\n  # f\n", "{a=[#h #i i 1 #f]}");
        assert_tree("a: | # i\n  x\n", "{#i i a=x\n}");
    }

    #[test]
    fn comments_behind_brackets_are_inside_of_a_value_and_beside_an_item() {
        assert_tree("a: [1] # x\n", "{a=[#x 1]}");
        assert_tree("a: {b: 1} # x\n", "{a={#x b=1}}");
        assert_tree("a:\n  - [1] # x\n  - {} # y\n", "{a=[#i x [1] #i y {}]}");
    }

    #[test]
    fn comments_below_a_dash_are_inside_of_the_item() {
        assert_tree("a:\n  - # x\n    b: 1\n", "{a=[{#x b=1}]}");
        assert_tree("a:\n  -\n    # x\n    - 1\n", "{a=[[#x 1]]}");
        assert_tree("a:\n  - - 1\n  -\n    # x\n    - 2\n", "{a=[[1] [#x 2]]}");
        assert_tree("a:\n  # x\n  - b: 1\n", "{a=[#x {b=1}]}");
        assert_tree("a:\n  - # x\n    1\n", "{a=[#x 1]}");
    }

    #[test]
    fn aliases_are_copied_and_merge_keys_are_keys() {
        assert_tree(
            "a: &x\n  # in\n  b: 1\nc: *x\n<<: *x\nd: [*x] # i\n",
            "{a={#in b=1} c={#in b=1} <<={#in b=1} d=[#i {#in b=1}]}",
        );
    }

    #[test]
    fn documents_without_content_are_empty_mappings() {
        assert_tree("a: 1\n---\n---\nb: 1\n", "{a=1} {} {b=1}");
        assert_tree("a: 1\n---\n# x\n...\n", "{a=1} {#x}");
        assert_tree("", "");
    }

    #[test]
    fn encrypted_comments_are_not_inline() {
        let document =
            document("a: 1 # x\nb_unencrypted: 1 # y\nc:\n  d_unencrypted: [\n    1 # z\n  ]\n");
        let tree = Tree::decrypted(&document, &Selection::default()).unwrap();
        assert_eq!(shown(&tree), "{#x a=1 #y b_unencrypted=1 c={d_unencrypted=[#i z 1]}}");
    }

    #[test]
    fn what_sops_cannot_hold_is_refused() {
        for (text, wanted) in [
            ("1: a\n", "1:1: the key is not a string; quote it"),
            ("- a\n", "1:1: the document is not a mapping"),
            ("a: !!int x\n", "1:10: value does not fit its tag `!!int`"),
        ] {
            let error = Tree::of(&document(text)).err().unwrap();
            assert_eq!(error.to_string(), wanted);
        }
    }

    #[test]
    fn aliases_that_multiply_or_nest_without_end_are_refused() {
        let multiply = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        let nest = (1..60)
            .map(|n| format!("a{n}: &a{n} {}*a{}{}\n", "[".repeat(50), n - 1, "]".repeat(50)));
        for lines in [multiply.collect::<String>(), nest.collect::<String>()] {
            let error = Tree::of(&document(&format!("a0: &a0 x\n{lines}"))).err().unwrap();
            assert!(matches!(error, Error::TooManyAliases(_)), "{error}");
        }
    }
}
