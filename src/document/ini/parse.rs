//! The span tree of an INI file.

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use super::lines::{self, MARKERS, line_from, trimmed};
use crate::document::{
    Comment, Document, Kind, Layout, Node, NodeId, ParseError, Root, Style, Syntax, position_in,
};

/// The section of the keys before the first header.
const DEFAULT: &str = "DEFAULT";

pub(in crate::document) fn parse(source: Zeroizing<String>) -> Result<Document, ParseError> {
    let mut parser = Parser::new(&source);
    let start = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    parser.section(start..start, start);
    parser.nodes[1].decoded = Some(Zeroizing::new(DEFAULT.to_owned()));
    parser.lines(start)?;
    let Parser { mut nodes, comments, .. } = parser;
    Node::close(&mut nodes);
    let roots = vec![Root { node: NodeId(0), span: 0..source.len(), explicit: false }];
    Ok(Document { syntax: Syntax::Ini, source, nodes, roots, comments })
}

/// A parse under way.
struct Parser<'s> {
    source: &'s str,
    nodes: Vec<Node>,
    comments: Vec<Comment>,
    /// Behind a comment of its own line: where the next line begins, and where the text of the comment does. One more
    /// comment there belongs to it.
    run: Option<(usize, usize)>,
    /// The mapping of the present section.
    section: NodeId,
    /// Its keys.
    keys: HashSet<String>,
    /// How many `-` keys it has.
    counted: usize,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        let root = Node::new(Kind::Mapping(Layout::Block), 0..source.len(), None);
        Parser {
            source,
            nodes: vec![root],
            comments: Vec::new(),
            run: None,
            section: NodeId(0),
            keys: HashSet::new(),
            counted: 0,
        }
    }

    fn lines(&mut self, start: usize) -> Result<(), ParseError> {
        let mut at = start;
        while at < self.source.len() {
            let line = line_from(self.source, at);
            let text = self.source[line.clone()].trim_start();
            let content = line.end - text.len()..line.end;
            let failed = |reason| self.failed(content.start, reason);
            at = line.end;
            match text.as_bytes().first() {
                None => {}
                Some(b'#' | b';') => self.comment_line(line.start, content),
                Some(b'[') => {
                    // The last bracket of the line, even one of a comment.
                    let length = text.rfind(']').ok_or_else(|| failed("`[` without `]`"))?;
                    let close = content.start + length;
                    if length == 1 {
                        return Err(failed("a section without a name"));
                    }
                    let comment = self.source[close..line.end].find(MARKERS);
                    self.section(content.start + 1..close, line.end);
                    if let Some(length) = comment {
                        self.beside(trimmed(self.source, close + length..line.end));
                    }
                }
                Some(_) => at = self.entry(content)?,
            }
        }
        Ok(())
    }

    /// A comment of its own line; together with the lines right before it where SOPS joins both as they stand.
    fn comment_line(&mut self, line: usize, content: Range<usize>) {
        let span = trimmed(self.source, content.clone());
        match (self.run, self.comments.last_mut()) {
            (Some((end, text)), Some(last)) if end == line && line == content.start => {
                self.run = Some((content.end, text));
                last.span.end = span.end;
                last.text = text..span.end;
            }
            _ => {
                let text = text_start(&self.source[content.clone()]) + content.start;
                self.run = Some((content.end, text));
                let text = text.min(span.end)..span.end;
                self.comments.push(Comment { span, text, inline: false });
            }
        }
    }

    /// A comment beside a header or a value.
    fn beside(&mut self, span: Range<usize>) {
        let text = span.start + text_start(&self.source[span.clone()])..span.end;
        self.comments.push(Comment { span, text, inline: true });
    }

    /// A section with its header; `end` is where its first entry would go.
    fn section(&mut self, name: Range<usize>, end: usize) {
        let parent = Some((NodeId(0), &self.nodes[0]));
        let key = Node::new(Kind::Scalar(Style::Plain), name, parent);
        let mapping = Node::new(Kind::Mapping(Layout::Block), end..end, parent);
        self.nodes.extend([key, mapping]);
        self.section = NodeId(self.nodes.len() as u32 - 1);
        self.keys.clear();
        self.counted = 0;
    }

    /// An entry; gives the start of the line behind it.
    fn entry(&mut self, line: Range<usize>) -> Result<usize, ParseError> {
        let start = line.start;
        let key = lines::key(self.source, line).map_err(|reason| self.failed(start, reason))?;
        let value =
            lines::value(self.source, key.end).map_err(|reason| self.failed(start, reason))?;
        let mut name = self.source[key.name.clone()].to_owned();
        if name == "-" {
            self.counted += 1;
            name = format!("#{}", self.counted);
        }
        if !self.keys.insert(name.clone()) {
            return Err(self.failed(start, &format!("key `{name}` stands twice in its section")));
        }
        let section = &mut self.nodes[self.section.index()];
        if section.span.is_empty() {
            section.span.start = key.span.start;
        }
        section.span.end = value.span.end;
        let parent = Some((self.section, &self.nodes[self.section.index()]));
        let mut key_node = Node::new(Kind::Scalar(Style::Plain), key.span, parent);
        if self.source[key_node.span.clone()] != name {
            key_node.decoded = Some(Zeroizing::new(name));
        }
        let mut value_node = Node::new(Kind::Scalar(value.style), value.span, parent);
        value_node.decoded = value.decoded;
        self.nodes.extend([key_node, value_node]);
        if let Some(comment) = value.comment {
            self.beside(comment);
        }
        Ok(value.next)
    }

    fn failed(&self, at: usize, reason: &str) -> ParseError {
        ParseError { position: position_in(self.source, at), reason: reason.to_owned() }
    }
}

/// Where the text of a comment begins, as SOPS takes it: behind its marker, more of the same ones, and spaces.
fn text_start(comment: &str) -> usize {
    let marker = comment.chars().next().unwrap_or('#');
    comment.len() - comment.trim_start_matches([marker, ' ']).len()
}
