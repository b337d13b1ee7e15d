//! YAML: block style throughout, quotes where Go's library puts them.
//!
//! ```yaml
//! # head
//! units:
//!     - 1
//!     - 2 # beside
//!     # foot
//!
//! # an empty line parts a foot from what follows in its column
//! pilots:
//!     - name: |-
//!         a
//!         b
//! ```
//!
//! The library is fed with events – a scalar, the start or end of a collection – and remembers the comments
//! of an event until the next place where a comment of their sort can be written, which may be far below.
//! [`Pending`] is this memory. It can lose a comment (an outer one, when an inner one of its sort comes before
//! it was written) and move one; both are reproduced.

mod pen;
mod scalar;

use zeroize::Zeroizing;

use self::pen::Pen;
use self::scalar::Scalar;
use crate::document::Value;
use crate::sops::tree::{Branch, Comment, Element, Item, Node};

/// Columns per level where nothing else is asked for.
const INDENT: usize = 4;

/// Longest key in bytes that is written as `key:`; a longer one is written as `? key`.
const LONGEST_SIMPLE_KEY: usize = 128;

/// Writes a stream of documents.
pub(super) fn emit(branches: &[Branch], indent: Option<usize>) -> Zeroizing<String> {
    let mut writer = Writer::new(indent.unwrap_or(INDENT));
    for (index, branch) in branches.iter().enumerate() {
        if index > 0 {
            writer.pen.indent_to(0);
            writer.pen.word("---");
            writer.pen.indent_to(0);
        }
        writer.root(Content::Branch(branch));
    }
    writer.pen.finish()
}

/// Writes a single value as a document of its own.
pub(super) fn emit_value(node: &Node) -> Zeroizing<String> {
    let mut writer = Writer::new(INDENT);
    writer.root(Content::of(node));
    writer.pen.finish()
}

/// What a node is, whether it has a [`Node`] of its own or is a whole document.
#[derive(Clone, Copy)]
enum Content<'t> {
    Scalar(&'t Value),
    Branch(&'t Branch),
    List(&'t [Element]),
}

impl<'t> Content<'t> {
    fn of(node: &'t Node) -> Self {
        match node {
            Node::Scalar(value) => Content::Scalar(value),
            Node::Branch(branch) => Content::Branch(branch),
            Node::List(list) => Content::List(list),
        }
    }

    /// The comments before its first entry or item, but for inline ones; of an empty one, all.
    fn head(self) -> Vec<&'t str> {
        let comments: Vec<Option<&Comment>> = match self {
            Content::Scalar(_) => return Vec::new(),
            Content::Branch(branch) => branch.items.iter().map(Item::as_comment).collect(),
            Content::List(list) => list.iter().map(Element::as_comment).collect(),
        };
        let first = comments.iter().position(Option::is_none);
        let mut head = Waiting::default();
        comments[..first.unwrap_or(comments.len())]
            .iter()
            .flatten()
            .for_each(|comment| head.add(comment));
        if first.is_none() { head.all() } else { head.above }
    }

    fn is_scalar(self) -> bool {
        matches!(self, Content::Scalar(_))
    }
}

/// Comments that wait for the entry or item that they belong to.
#[derive(Default)]
struct Waiting<'t> {
    above: Vec<&'t str>,
    beside: Vec<&'t str>,
}

impl<'t> Waiting<'t> {
    fn add(&mut self, comment: &'t Comment) {
        let kind = if comment.inline { &mut self.beside } else { &mut self.above };
        kind.push(&comment.text);
    }

    fn all(mut self) -> Vec<&'t str> {
        self.above.append(&mut self.beside);
        self.above
    }
}

/// Comments of events that have not been written yet, one list of lines for each sort.
#[derive(Default)]
struct Pending<'t> {
    head: Vec<&'t str>,
    line: Vec<&'t str>,
    foot: Vec<&'t str>,
    /// The foot of an entry of a mapping whose value has just ended.
    tail: Vec<&'t str>,
    /// Lines that came up at a key, for which they were not meant.
    key_line: Vec<&'t str>,
}

/// Takes over the comments of an event; without any, what is there keeps waiting.
fn remember<'t>(slot: &mut Vec<&'t str>, comments: Vec<&'t str>) {
    if !comments.is_empty() {
        *slot = comments;
    }
}

struct Writer<'t> {
    pen: Pen,
    pending: Pending<'t>,
    /// Columns per level.
    step: usize,
    /// The column of the innermost collection; `None` outside of all.
    column: Option<usize>,
}

impl<'t> Writer<'t> {
    fn new(indent: usize) -> Self {
        let step = match indent {
            0 => INDENT,
            2..=9 => indent,
            _ => 2,
        };
        Writer { pen: Pen::new(), pending: Pending::default(), step, column: None }
    }

    fn root(&mut self, content: Content<'t>) {
        remember(&mut self.pending.head, content.head());
        self.write_head();
        self.content(content, false, Vec::new(), Vec::new());
        // What waits still is parted from the document by an empty line.
        self.pen.end_of_foot = Some(0);
        self.write_foot();
        self.pen.end_of_foot = None;
        self.pen.indent_to(0);
    }

    /// A value whose place is reached: behind `key:`, behind a dash, or at the top.
    fn content(
        &mut self,
        content: Content<'t>,
        item: bool,
        line: Vec<&'t str>,
        foot: Vec<&'t str>,
    ) {
        if let Content::Scalar(value) = content {
            remember(&mut self.pending.line, line);
            remember(&mut self.pending.foot, foot);
            self.scalar(&Scalar::of(value), item);
            self.write_line();
            self.write_foot();
            return;
        }
        // Whatever waited since an earlier event is written at the start of the collection already.
        self.write_line();
        self.write_foot();
        let outer = self.column;
        match content {
            Content::Branch(branch)
                if branch.items.iter().all(|item| item.as_comment().is_some()) =>
            {
                self.empty(["{", "}"], item, line, foot);
            }
            Content::List(list) if list.iter().all(|element| element.as_comment().is_some()) => {
                self.empty(["[", "]"], item, line, foot);
            }
            Content::Branch(branch) => {
                self.column = Some(self.deeper(item));
                let tail = self.entries(branch);
                remember(&mut self.pending.tail, tail);
                remember(&mut self.pending.line, line);
                remember(&mut self.pending.foot, foot);
                self.write_head();
            }
            Content::List(list) => {
                self.column = Some(self.deeper(item));
                self.items(list);
                remember(&mut self.pending.line, line);
                remember(&mut self.pending.foot, foot);
            }
            Content::Scalar(_) => unreachable!("scalars are written above"),
        }
        self.column = outer;
    }

    /// Writes the entries of a mapping; the comments behind the last one remain.
    fn entries(&mut self, branch: &'t Branch) -> Vec<&'t str> {
        let mut waiting = Waiting::default();
        let mut first = true;
        for item in &branch.items {
            match item {
                Item::Comment(comment) => waiting.add(comment),
                Item::Entry(key, value) => {
                    let above = std::mem::take(&mut waiting.above);
                    // Those before the first entry are the head of the mapping itself.
                    if !std::mem::take(&mut first) {
                        remember(&mut self.pending.head, above);
                    }
                    self.entry(key, Content::of(value), std::mem::take(&mut waiting.beside));
                }
            }
        }
        waiting.all()
    }

    fn entry(&mut self, key: &'t str, value: Content<'t>, line: Vec<&'t str>) {
        self.write_head();
        self.indent();
        if !self.pending.line.is_empty() {
            self.pending.key_line = std::mem::take(&mut self.pending.line);
        }
        let key = Scalar::of_text(key);
        if !key.has_breaks() && key.len() <= LONGEST_SIMPLE_KEY {
            self.scalar(&key, false);
            self.pen.mark(":");
        } else {
            self.pen.dash("?");
            self.scalar(&key, false);
            self.indent();
            self.pen.dash(":");
        }
        remember(&mut self.pending.head, value.head());
        if !value.is_scalar() {
            write_comments(&mut self.pen, &mut self.pending.key_line, self.column);
        } else if line.is_empty() {
            self.pending.line = std::mem::take(&mut self.pending.key_line);
        }
        self.content(value, false, line, Vec::new());
    }

    fn items(&mut self, list: &'t [Element]) {
        let last = list.iter().rposition(|element| element.as_comment().is_none());
        let mut waiting = Waiting::default();
        let mut first = true;
        for (index, element) in list.iter().enumerate() {
            let value = match element {
                Element::Comment(comment) => {
                    waiting.add(comment);
                    continue;
                }
                Element::Value(value) => Content::of(value),
            };
            let mut head = std::mem::take(&mut waiting.above);
            if std::mem::take(&mut first) {
                head.clear();
            }
            head.extend(value.head());
            remember(&mut self.pending.head, head);
            let mut foot = Waiting::default();
            if last == Some(index) {
                list[index + 1..]
                    .iter()
                    .filter_map(Element::as_comment)
                    .for_each(|comment| foot.add(comment));
            }
            self.write_head();
            self.indent();
            self.pen.dash("-");
            self.content(value, true, std::mem::take(&mut waiting.beside), foot.all());
        }
    }

    /// `{}` or `[]`, with the comments of the collection where the library puts them.
    fn empty(
        &mut self,
        [open, close]: [&str; 2],
        item: bool,
        line: Vec<&'t str>,
        foot: Vec<&'t str>,
    ) {
        remember(&mut self.pending.line, line);
        remember(&mut self.pending.foot, foot);
        self.pen.bracket(open);
        let outer = self.column.replace(self.scalar_column(item));
        if open == "{" {
            self.write_head();
        }
        self.column = outer;
        self.pen.mark(close);
        self.write_line();
        self.write_foot();
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, item: bool) {
        let outer = self.column.unwrap_or(0);
        let column = self.scalar_column(item);
        scalar.write(&mut self.pen, outer, column, &mut self.pending.line);
    }

    /// The column of the entries of a collection that begins here.
    fn deeper(&self, item: bool) -> usize {
        match self.column {
            None => 0,
            Some(column) if item => column + 2,
            Some(column) => self.step * ((column + self.step) / self.step),
        }
    }

    /// The column of the further lines of a scalar that begins here.
    fn scalar_column(&self, item: bool) -> usize {
        self.column.map_or(self.step, |_| self.deeper(item))
    }

    fn indent(&mut self) {
        self.pen.indent_to(self.column.unwrap_or(0));
    }

    fn write_head(&mut self) {
        let tail = std::mem::take(&mut self.pending.tail);
        self.write_below(tail);
        if !self.pending.head.is_empty() {
            self.indent();
            write_comments(&mut self.pen, &mut self.pending.head, self.column);
        }
    }

    fn write_line(&mut self) {
        write_comments(&mut self.pen, &mut self.pending.line, self.column);
    }

    fn write_foot(&mut self) {
        let foot = std::mem::take(&mut self.pending.foot);
        self.write_below(foot);
    }

    /// Writes comments below what they belong to.
    fn write_below(&mut self, mut comments: Vec<&'t str>) {
        if !comments.is_empty() {
            self.indent();
            write_comments(&mut self.pen, &mut comments, self.column);
            self.pen.end_of_foot = Some(self.column.unwrap_or(0));
        }
    }
}

/// Writes comments that waited, if there are any.
fn write_comments(pen: &mut Pen, comments: &mut Vec<&str>, column: Option<usize>) {
    let comments = std::mem::take(comments);
    if !comments.is_empty() {
        pen.comment(&comments, column.unwrap_or(0));
    }
}
