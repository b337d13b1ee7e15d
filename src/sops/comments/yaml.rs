//! Comments of YAML, where SOPS sees them.
//!
//! Go's YAML hands each comment to a token by lines and columns ([`gather`], [`scan`]), its parser hands what came
//! with a token to a node, as comments above, beside or below it, and SOPS puts those between the entries. This
//! follows all three:
//!
//! ```text
//! a: 1 # with a value: beside it           a: # before a block: beside the key
//! b: [1] # behind brackets: inside them
//! # above an entry: beside it
//! c:
//!   d: 1
//!     # in another column than the next entry: below the last one
//!   # in the column of a mapping that ends: at its end
//! # in the column of the next entry: above it
//! e: 2
//! ```
//!
//! Go's YAML loses some: beside or below an opening bracket; above an item that is not written; below an entry when
//! there are two groups of them. These stay in the file, as the last of the collection around them, where they select
//! nothing else. So do those of a document without content, at the end of the last one that has a mapping.

mod gather;
mod scan;
mod skeleton;

use super::Placement;
use crate::document::{Document, Kind, Layout, NodeId};
use scan::{Kind as Token, Line, Scanner};
use skeleton::Skeleton;

/// Places all comments, as if each root ended with a `sops` key.
pub(super) fn place(document: &Document) -> Placement {
    let (mut placement, lost) = attach(document);
    for (collection, index) in lost {
        placement.entry((collection, None)).or_default().push(index);
    }
    placement
}

/// The comments in their places, and those that SOPS does not see, each with the collection around it.
fn attach(document: &Document) -> (Placement, Vec<(NodeId, usize)>) {
    if document.comments().is_empty() {
        return (Placement::new(), Vec::new());
    }
    let skeleton = Skeleton::of(document);
    let mut parser = Parser {
        document,
        scanner: Scanner::new(&skeleton),
        pending: Notes::default(),
        stem: Vec::new(),
        around: None,
        placement: Placement::new(),
        lost: Vec::new(),
    };
    parser.stream();
    parser.finish()
}

/// Comments of a node or of the next one.
#[derive(Default)]
struct Notes {
    head: Vec<Line>,
    beside: Vec<Line>,
    foot: Vec<Line>,
}

struct Parser<'d> {
    document: &'d Document,
    scanner: Scanner<'d>,
    /// Comments that came with tokens and go to the next node that takes any.
    pending: Notes,
    /// Those above the dash of an item that is a block: they go to the block and not to its first entry.
    stem: Vec<Line>,
    /// The innermost collection.
    around: Option<NodeId>,
    placement: Placement,
    lost: Vec<(NodeId, usize)>,
}

impl Parser<'_> {
    fn stream(&mut self) {
        self.peek();
        self.scanner.skip();
        for (index, home) in homes(self.document).into_iter().enumerate() {
            let root = self.document.roots()[index].node;
            self.around = home;
            let head = self.document_start(index == 0);
            let notes = self.node(root);
            while matches!(self.peek(), Token::Property | Token::Leaf) {
                // Not reached in a document that Go's YAML accepts.
                self.scanner.skip();
            }
            if self.peek() == Token::DocumentEnd {
                self.scanner.skip();
            }
            let end = self.take();
            let (foot, lost) =
                if end.foot.is_empty() { (end.head, Vec::new()) } else { (end.foot, end.head) };
            self.lose([lost, end.beside]);
            if !is_collection(self.document, root) {
                self.lose([head, notes.head, notes.beside, notes.foot, foot]);
                continue;
            }
            self.open(root, [head, notes.head, notes.beside]);
            self.put(root, None, [notes.foot, foot]);
        }
    }

    /// Goes to the content of a document. The comments at the head of a stream that begins without `---` are those
    /// of the document, down to their last blank line.
    fn document_start(&mut self, is_first: bool) -> Vec<Line> {
        let begins = |token| matches!(token, Token::Directive | Token::DocumentStart);
        if is_first && !begins(self.peek()) {
            let blank = self.pending.head.iter().rposition(|line| line.is_none());
            return blank.map_or(Vec::new(), |blank| self.pending.head.drain(..=blank).collect());
        }
        while matches!(self.peek(), Token::DocumentEnd | Token::Directive) {
            self.scanner.skip();
        }
        self.skip_if(Token::DocumentStart);
        self.peek();
        Vec::new()
    }

    /// A node; the comments that are its own.
    fn node(&mut self, id: NodeId) -> Notes {
        let node = self.document.node(id);
        for _ in node.properties() {
            self.skip_if(Token::Property);
        }
        let outer = self.around;
        let notes = match node.kind {
            Kind::Scalar(_) | Kind::Alias(_) if node.is_absent() => Notes::default(),
            Kind::Scalar(_) | Kind::Alias(_) => self.leaf(),
            Kind::Mapping(layout) => {
                self.around = Some(id);
                self.mapping(id, layout)
            }
            Kind::Sequence(layout) => {
                self.around = Some(id);
                self.sequence(id, layout)
            }
        };
        self.around = outer;
        notes
    }

    fn leaf(&mut self) -> Notes {
        if self.peek() != Token::Leaf {
            return Notes::default();
        }
        let notes = self.take();
        self.scanner.skip();
        notes
    }

    /// The beginning of a collection: whether it has one, and what stands above it. A list at the column of its key
    /// has neither beginning nor end, and a single pair in a flow sequence has none.
    fn start(&mut self) -> (bool, Vec<Line>) {
        match self.peek() {
            Token::FlowStart => {
                let notes = self.take();
                self.lose([notes.beside, notes.foot]);
                self.scanner.skip();
                (true, notes.head)
            }
            Token::MappingStart | Token::SequenceStart => {
                self.scanner.skip();
                (true, std::mem::take(&mut self.stem))
            }
            _ => (false, Vec::new()),
        }
    }

    fn mapping(&mut self, id: NodeId, layout: Layout) -> Notes {
        let (is_marked, head) = self.start();
        let mut entries: Vec<_> = self.document.entries(id).map(Some).collect();
        if self.scanner.skeleton.extended.binary_search(&id).is_ok() {
            entries.push(None);
        }
        // Below the entry before: its value, its key.
        let mut below: [Vec<Line>; 2] = Default::default();
        for (number, entry) in entries.iter().enumerate() {
            self.skip_if(Token::Comma);
            self.skip_if(Token::Key);
            let mut key = entry.map_or_else(Notes::default, |(key, _)| self.node(key));
            if entry.is_none() {
                key = self.leaf();
            }
            self.skip_if(Token::Colon);
            let mut value = match entry {
                Some((_, value)) => self.node(*value),
                None => self.leaf(),
            };
            if layout == Layout::Block && !key.foot.is_empty() && number > 0 {
                let replaced = std::mem::replace(&mut below[1], std::mem::take(&mut key.foot));
                self.lose([replaced]);
            }
            if key.foot.is_empty() {
                key.foot = std::mem::take(&mut value.foot);
            }
            let before = entry.map(|(key, _)| key);
            let [below_value, below_key] = below;
            self.put(id, before, [below_value, below_key, key.head, key.beside]);
            below = [Vec::new(), key.foot];
            match entry {
                // What is read in the metadata is read by nobody.
                Some((key, _)) if layout == Layout::Flow && self.is_metadata(*key) => {
                    self.lose([value.head, value.beside, value.foot]);
                }
                Some((_, inner)) if is_collection(self.document, *inner) => {
                    self.open(*inner, [value.head, value.beside]);
                    self.put(*inner, None, [value.foot]);
                }
                _ => {
                    self.put(id, before, [value.head, value.beside]);
                    below[0] = value.foot;
                }
            }
        }
        let mut notes = if is_marked { self.end(layout, head) } else { Notes::default() };
        if layout == Layout::Block && !notes.foot.is_empty() && !entries.is_empty() {
            let replaced = std::mem::replace(&mut below[1], std::mem::take(&mut notes.foot));
            self.lose([replaced]);
        }
        self.put(id, None, below);
        notes
    }

    fn sequence(&mut self, id: NodeId, layout: Layout) -> Notes {
        let (is_marked, head) = self.start();
        let mut below = Vec::new();
        for item in self.document.items(id).collect::<Vec<_>>() {
            self.skip_if(Token::Comma);
            self.dash();
            self.skip_if(Token::Key);
            let notes = self.node(item);
            self.put(id, Some(item), [below, notes.head, notes.beside]);
            below = notes.foot;
        }
        self.put(id, None, [below]);
        match layout {
            Layout::Flow => return self.end(layout, head),
            Layout::Block if is_marked => self.skip_if(Token::BlockEnd),
            Layout::Block => {}
        }
        Notes { head, ..Notes::default() }
    }

    /// Takes the dash of an item.
    fn dash(&mut self) {
        if self.peek() != Token::Dash {
            return;
        }
        let above = self.pending.head.len();
        self.scanner.skip();
        if above > 0 && matches!(self.peek(), Token::SequenceStart | Token::MappingStart) {
            let stem = self.pending.head.drain(..above).collect();
            let replaced = std::mem::replace(&mut self.stem, stem);
            self.lose([replaced]);
        }
    }

    /// The end of a collection that begins below `head`.
    fn end(&mut self, layout: Layout, head: Vec<Line>) -> Notes {
        self.skip_if(Token::Comma);
        let end = if layout == Layout::Flow { Token::FlowEnd } else { Token::BlockEnd };
        if self.peek() != end {
            return Notes { head, ..Notes::default() };
        }
        let notes = self.take();
        self.scanner.skip();
        self.lose([notes.head]);
        Notes { head, ..notes }
    }

    /// The next token. What waits for it, or for one before it, is pending now.
    fn peek(&mut self) -> Token {
        let token = self.scanner.head();
        while let Some(next) = self.scanner.waiting.get_mut(self.scanner.delivered) {
            // Nothing stands above an end.
            if next.token > token.start || token.kind == Token::BlockEnd && !next.head.is_empty() {
                break;
            }
            self.pending.head.append(&mut next.head);
            self.pending.beside.append(&mut next.beside);
            self.pending.foot.append(&mut next.foot);
            self.scanner.delivered += 1;
        }
        token.kind
    }

    fn skip_if(&mut self, kind: Token) {
        if self.peek() == kind {
            self.scanner.skip();
        }
    }

    /// All that is pending.
    fn take(&mut self) -> Notes {
        let stem = std::mem::take(&mut self.stem);
        self.lose([stem]);
        std::mem::take(&mut self.pending)
    }

    /// Adds comments to a collection before one of its children.
    fn put<const N: usize>(
        &mut self,
        collection: NodeId,
        before: Option<NodeId>,
        groups: [Vec<Line>; N],
    ) {
        let mut comments = groups.into_iter().flatten().flatten().peekable();
        if comments.peek().is_some() {
            self.placement.entry((collection, before)).or_default().extend(comments);
        }
    }

    /// Adds comments to a collection before all else that is in it.
    fn open<const N: usize>(&mut self, collection: NodeId, groups: [Vec<Line>; N]) {
        let mut comments = groups.into_iter().flatten().flatten().peekable();
        if comments.peek().is_some() {
            let first = self.document.subtree(collection).nth(1);
            let there = self.placement.entry((collection, first)).or_default();
            there.splice(0..0, comments);
        }
    }

    fn lose<const N: usize>(&mut self, groups: [Vec<Line>; N]) {
        let Some(around) = self.around else { return };
        self.lost.extend(groups.into_iter().flatten().flatten().map(|index| (around, index)));
    }

    fn is_metadata(&self, key: NodeId) -> bool {
        self.document.node(key).depth == 1 && self.document.text(key) == Some("sops")
    }

    /// The comments that are left are lost as well.
    fn finish(mut self) -> (Placement, Vec<(NodeId, usize)>) {
        let mut is_placed = vec![false; self.document.comments().len()];
        let placed = self.placement.values().flatten().copied();
        for index in placed.chain(self.lost.iter().map(|(_, index)| *index)) {
            is_placed[index] = true;
        }
        let homes = homes(self.document);
        for (index, comment) in self.document.comments().iter().enumerate() {
            if !is_placed[index] {
                let roots = self.document.roots();
                let behind = roots.partition_point(|root| root.span.start <= comment.span.start);
                let home = homes.get(behind.saturating_sub(1)).copied().flatten();
                self.lost.extend(home.map(|home| (home, index)));
            }
        }
        (self.placement, self.lost)
    }
}

/// For each root the one that keeps its comments, itself if it can hold any.
fn homes(document: &Document) -> Vec<Option<NodeId>> {
    let roots = || document.roots().iter().map(|root| root.node);
    let mut home = roots().find(|root| is_collection(document, *root));
    roots()
        .map(|root| {
            home = Some(root).filter(|root| is_collection(document, *root)).or(home);
            home
        })
        .collect()
}

fn is_collection(document: &Document, id: NodeId) -> bool {
    matches!(document.node(id).kind, Kind::Mapping(_) | Kind::Sequence(_))
}

#[cfg(test)]
mod tests;
