//! Tokens, in the order and with the lookahead of Go's YAML.
//!
//! Which comments a node gets depends on how far the scanner was when the parser asked for a token, so that is
//! followed to the letter: two tokens ahead, and further while the next one may turn out to be a key.

mod blocks;
mod keys;

use std::collections::HashMap;

use super::skeleton::{Piece, Skeleton};
use crate::document::Style;
use keys::SimpleKey;

/// A place in the text.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    /// The byte.
    pub(super) at: usize,
    /// From 0.
    pub(super) line: usize,
    /// In characters, from 0.
    pub(super) column: usize,
}

/// Kinds of tokens, as far as comments care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    /// The first dash of a list that is indented further than what holds it.
    SequenceStart,
    MappingStart,
    /// The end of such a list or of a mapping.
    BlockEnd,
    FlowStart,
    FlowEnd,
    /// `,`
    Comma,
    /// `-`
    Dash,
    Key,
    /// `:`
    Colon,
    Property,
    /// A scalar or an alias.
    Leaf,
}

/// One token.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The byte where it begins.
    pub(super) start: usize,
}

/// Comments that wait for the parser to come to a token.
#[derive(Default)]
pub(super) struct Waiting {
    /// Where the search began that found them.
    pub(super) scanned: usize,
    /// The byte of the token that they belong to: they are taken with the first one that begins there or later.
    pub(super) token: usize,
    /// Where they begin. The column counts from 1.
    pub(super) start: Mark,
    /// Where the search stood when they were complete.
    pub(super) end: usize,
    /// Above a token.
    pub(super) head: Vec<Line>,
    /// Beside a token.
    pub(super) beside: Vec<Line>,
    /// Below a token.
    pub(super) foot: Vec<Line>,
}

/// A comment by index, or `None` for blank lines behind one.
pub(super) type Line = Option<usize>;

/// The scanner, and the queue between it and the parser.
pub(super) struct Scanner<'s> {
    pub(super) skeleton: &'s Skeleton,
    pub(super) mark: Mark,
    /// Line breaks since the last character that was not blank.
    pub(super) newlines: usize,
    /// Column of the innermost block, or -1.
    pub(super) indent: isize,
    pub(super) flow_level: usize,
    pub(super) tokens: Vec<Token>,
    /// How many tokens the parser has taken.
    pub(super) taken: usize,
    pub(super) waiting: Vec<Waiting>,
    /// How many of the waiting were taken.
    pub(super) delivered: usize,
    outer_indents: Vec<isize>,
    simple_key_allowed: bool,
    /// One for each level of brackets.
    simple_keys: Vec<Option<SimpleKey>>,
    /// The level of the key that may begin at a token.
    levels: HashMap<usize, usize>,
    next_piece: usize,
    is_ready: bool,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(skeleton: &'s Skeleton) -> Self {
        let bom = if skeleton.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Scanner {
            skeleton,
            mark: Mark { at: bom, ..Mark::default() },
            newlines: 0,
            indent: -1,
            flow_level: 0,
            tokens: vec![Token { kind: Kind::StreamStart, start: bom }],
            taken: 0,
            waiting: Vec::new(),
            delivered: 0,
            outer_indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![None],
            levels: HashMap::new(),
            next_piece: 0,
            is_ready: false,
        }
    }

    /// The next token for the parser.
    pub(super) fn head(&mut self) -> Token {
        while !self.is_ready {
            self.is_ready = self.tokens.len() > self.taken + 2 && !self.may_be_key(self.taken);
            if !self.is_ready {
                self.fetch();
            }
        }
        self.tokens[self.taken]
    }

    /// Goes on to the token behind the next one.
    pub(super) fn skip(&mut self) {
        self.taken += 1;
        self.is_ready = false;
    }

    /// The byte so many bytes ahead; 0 behind the end.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.skeleton.text.as_bytes().get(self.mark.at + ahead).copied().unwrap_or(0)
    }

    /// Takes a character or a line break.
    pub(super) fn step(&mut self) {
        let byte = self.peek(0);
        let length = if byte == b'\r' && self.peek(1) == b'\n' { 2 } else { 1 };
        self.mark.at += length;
        if is_break(byte) {
            self.mark.line += 1;
            self.mark.column = 0;
            self.newlines += 1;
            return;
        }
        if !is_blank(byte) {
            self.newlines = 0;
        }
        // Bytes that continue a character have no column.
        self.mark.column += usize::from(byte & 0xc0 != 0x80);
    }

    fn step_to(&mut self, end: usize) {
        while self.mark.at < end {
            self.step();
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, start });
    }

    /// One token character of its own.
    fn indicator(&mut self, kind: Kind) {
        self.push(kind, self.mark.at);
        self.step();
    }

    fn fetch(&mut self) {
        let scan_mark = self.mark;
        self.pass_gap();
        self.unroll(self.mark.column as isize, scan_mark.at);
        let (byte, at) = (self.peek(0), self.mark.at);
        let rest = &self.skeleton.text.as_bytes()[at..];
        let is_marker = rest.get(3).is_none_or(|byte| is_blank(*byte) || is_break(*byte));
        match rest {
            [] => return self.stream_end(),
            [b'%', ..] if self.mark.column == 0 => return self.between(Kind::Directive),
            [b'-', b'-', b'-', ..] if self.mark.column == 0 && is_marker => {
                return self.between(Kind::DocumentStart);
            }
            [b'.', b'.', b'.', ..] if self.mark.column == 0 && is_marker => {
                return self.between(Kind::DocumentEnd);
            }
            _ => {}
        }
        let continues = if self.flow_level == 0 { byte == b':' } else { byte == b',' };
        let owner = self.tokens.last().filter(|_| continues).map_or(at, |token| token.start);
        self.content(byte);
        // What stands beside a dash is above what follows.
        if self.tokens.last().is_none_or(|token| token.kind != Kind::Dash) {
            self.gather_beside(owner);
        }
    }

    /// A token that is part of a document.
    fn content(&mut self, byte: u8) {
        if let Some((end, piece)) = self.piece() {
            return self.written(end, piece);
        }
        let in_block = self.flow_level == 0;
        match byte {
            b'[' | b'{' => {
                self.save_simple_key();
                self.simple_keys.push(None);
                self.flow_level += 1;
                self.simple_key_allowed = true;
                self.indicator(Kind::FlowStart);
            }
            b']' | b'}' => {
                self.remove_simple_key();
                if !in_block {
                    self.flow_level -= 1;
                    self.simple_keys.pop();
                }
                self.simple_key_allowed = false;
                self.indicator(Kind::FlowEnd);
            }
            b',' => {
                self.remove_simple_key();
                self.simple_key_allowed = true;
                self.indicator(Kind::Comma);
            }
            b'-' | b'?' => {
                let (kind, start) = match byte {
                    b'-' => (Kind::Dash, Kind::SequenceStart),
                    _ => (Kind::Key, Kind::MappingStart),
                };
                self.roll(self.mark, self.tokens.len(), start);
                self.remove_simple_key();
                self.simple_key_allowed = in_block || byte == b'-';
                self.indicator(kind);
            }
            b':' => self.colon(),
            // Nothing else begins a token in a document that was parsed.
            _ => self.indicator(Kind::Property),
        }
    }

    /// The piece of the tree that begins here, and where it ends.
    fn piece(&mut self) -> Option<(usize, Piece)> {
        let pieces = &self.skeleton.pieces[self.next_piece..];
        self.next_piece += pieces.iter().take_while(|piece| piece.0 < self.mark.at).count();
        let (start, end, piece) = *self.skeleton.pieces.get(self.next_piece)?;
        (start == self.mark.at).then_some((end, piece))
    }

    fn written(&mut self, end: usize, piece: Piece) {
        let kind = if piece == Piece::Property { Kind::Property } else { Kind::Leaf };
        let start = self.mark.at;
        if let Piece::Scalar(style) = piece
            && style.is_block()
        {
            self.remove_simple_key();
            self.simple_key_allowed = true;
            while matches!(self.peek(0), b'|' | b'>' | b'+' | b'-' | b'0'..=b'9' | b' ' | b'\t') {
                self.step();
            }
            self.gather_beside(start);
            self.step_to(end);
            self.blanks();
            return self.push(kind, start);
        }
        self.save_simple_key();
        self.simple_key_allowed = false;
        self.step_to(end);
        if piece == Piece::Scalar(Style::Plain) && self.blanks() {
            self.simple_key_allowed = true;
        }
        self.push(kind, start);
    }

    /// Takes blanks and line breaks: a plain or block scalar goes on to the next character that could be its own.
    /// Whether there was a line break.
    fn blanks(&mut self) -> bool {
        let line = self.mark.line;
        while is_blank(self.peek(0)) || is_break(self.peek(0)) {
            self.step();
        }
        self.mark.line > line
    }

    /// Takes blanks and comments.
    fn pass_gap(&mut self) {
        let scan_mark = self.mark;
        loop {
            while is_blank(self.peek(0)) {
                self.step();
            }
            self.raise_beside();
            if self.peek(0) == b'#' {
                self.gather(scan_mark);
            }
            if !is_break(self.peek(0)) {
                return;
            }
            self.step();
            self.simple_key_allowed |= self.flow_level == 0;
        }
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Whether a byte ends a line, be it the last one.
pub(super) fn is_end(byte: u8) -> bool {
    is_break(byte) || byte == 0
}
