//! From bytes to the span tree.
//!
//! Own code, because no reader of JSON tells where things stand and keeps a key that stands twice. It does not
//! recurse: open collections are a list.

use zeroize::Zeroizing;

use crate::document::{
    Document, Kind, Layout, Node, NodeId, ParseError, Root, Style, Syntax, position_in,
};

/// Most collections around a value: as many as the parser of YAML allows.
const MAX_DEPTH: usize = 255;

/// Parses one value with nothing but blanks around it.
pub(in crate::document) fn parse(source: Zeroizing<String>) -> Result<Document, ParseError> {
    let mut parser = Parser { source: &source, at: 0, nodes: Vec::new(), open: Vec::new() };
    match parser.document() {
        Ok(()) => {
            let nodes = parser.nodes;
            let roots = vec![Root { node: NodeId(0), span: 0..source.len(), explicit: false }];
            Ok(Document { syntax: Syntax::Json, source, nodes, roots, comments: Vec::new() })
        }
        Err(reason) => {
            let position = position_in(&source, parser.at);
            Err(ParseError { position, reason: reason.to_owned() })
        }
    }
}

/// What may come next.
enum Next {
    Value,
    /// A value or `]`.
    FirstItem,
    Key,
    /// A key or `}`.
    FirstKey,
    /// `,`, a closing bracket, or the end.
    Separator,
}

/// What is wrong at the parser's present place.
type Reason = &'static str;

struct Parser<'s> {
    source: &'s str,
    /// The next byte to read; always the start of a character.
    at: usize,
    nodes: Vec<Node>,
    /// Collections that are not closed yet, outermost first.
    open: Vec<NodeId>,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<(), Reason> {
        if self.source.starts_with('\u{feff}') {
            return Err("byte order mark, which JSON does not allow");
        }
        let mut next = Next::Value;
        loop {
            self.skip_blanks();
            next = match (next, self.peek()) {
                (Next::Separator, None) if self.open.is_empty() => return Ok(()),
                (_, None) if self.nodes.is_empty() => return Err("empty, but JSON is one value"),
                (_, None) => return Err("ends in the middle of a value"),
                (Next::Separator, Some(byte)) => self.separator(byte)?,
                (Next::FirstKey, Some(b'}')) | (Next::FirstItem, Some(b']')) => self.close(),
                (Next::FirstKey | Next::Key, Some(_)) => self.key()?,
                (Next::FirstItem | Next::Value, Some(byte)) => self.value(byte)?,
            };
        }
    }

    fn separator(&mut self, byte: u8) -> Result<Next, Reason> {
        let Some(open) = self.open.last() else { return Err("something behind the value") };
        match (self.nodes[open.index()].kind, byte) {
            (Kind::Mapping(_), b'}') | (Kind::Sequence(_), b']') => return Ok(self.close()),
            (_, b',') => self.at += 1,
            (Kind::Mapping(_), _) => return Err("expected `,` or `}`"),
            _ => return Err("expected `,` or `]`"),
        }
        let in_mapping = matches!(self.nodes[open.index()].kind, Kind::Mapping(_));
        Ok(if in_mapping { Next::Key } else { Next::Value })
    }

    fn key(&mut self) -> Result<Next, Reason> {
        if self.peek() != Some(b'"') {
            return Err("expected a key in double quotes");
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err("expected `:`");
        }
        self.at += 1;
        Ok(Next::Value)
    }

    fn value(&mut self, byte: u8) -> Result<Next, Reason> {
        match byte {
            b'{' => self.open(Kind::Mapping(Layout::Flow), Next::FirstKey),
            b'[' => self.open(Kind::Sequence(Layout::Flow), Next::FirstItem),
            b'"' => self.string().map(|()| Next::Separator),
            _ => self.plain().map(|()| Next::Separator),
        }
    }

    fn open(&mut self, kind: Kind, next: Next) -> Result<Next, Reason> {
        if self.open.len() == MAX_DEPTH {
            return Err("more than 255 levels");
        }
        let id = NodeId(self.nodes.len() as u32);
        self.push(kind, self.at + 1, None);
        self.open.push(id);
        Ok(next)
    }

    fn close(&mut self) -> Next {
        self.at += 1;
        let id = self.open.pop().expect("a bracket closes only what is open");
        let end = NodeId(self.nodes.len() as u32);
        let node = &mut self.nodes[id.index()];
        (node.span.end, node.end) = (self.at, end);
        Next::Separator
    }

    /// A number or a word; what follows is the separator's matter.
    fn plain(&mut self) -> Result<(), Reason> {
        let rest = &self.source[self.at..];
        let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word));
        let length = match word {
            Some(word) => word.len(),
            None => number(rest.as_bytes()).ok_or("expected a value")?,
        };
        self.push(Kind::Scalar(Style::Plain), self.at + length, None);
        Ok(())
    }

    /// A string, from its opening quote on.
    fn string(&mut self) -> Result<(), Reason> {
        let start = self.at;
        self.at += 1;
        let length = self.source[self.at..].find('"').unwrap_or_default();
        // Reserved up front: no escape is shorter than what it stands for, and most strings have none.
        let mut text = Zeroizing::new(String::with_capacity(length));
        loop {
            let rest = &self.source[self.at..];
            let calm = rest.find(|c: char| c == '"' || c == '\\' || c < ' ');
            let calm = calm.unwrap_or(rest.len());
            push(&mut text, &rest[..calm]);
            self.at += calm;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let decoded = self.escape()?;
                    push(&mut text, decoded.encode_utf8(&mut [0; 4]));
                }
                Some(_) => return Err("control character in a string; escape it"),
                None => return Err("ends in the middle of a string"),
            }
        }
        let end = self.at + 1;
        self.at = start;
        self.push(Kind::Scalar(Style::DoubleQuoted), end, Some(text));
        Ok(())
    }

    /// The character that an escape stands for.
    fn escape(&mut self) -> Result<char, Reason> {
        let decoded = match self.source.as_bytes().get(self.at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err("no escape of JSON"),
        };
        self.at += 2;
        Ok(decoded)
    }

    /// `\u00e9`, or a pair of them for a character beyond U+FFFF.
    fn unicode_escape(&mut self) -> Result<char, Reason> {
        let unit = |at: usize| {
            let digits = self.source.get(at..at + 6)?.strip_prefix("\\u")?;
            let digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let first = unit(self.at).ok_or("`\\u` without four hexadecimal digits")?;
        let pair = [first, unit(self.at + 6).unwrap_or_default()];
        let units = if is_surrogate(first) { &pair[..] } else { &pair[..1] };
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(decoded)) => {
                self.at += 6 * units.len();
                Ok(decoded)
            }
            _ => Err("half of a surrogate pair"),
        }
    }

    /// Adds a node that begins here and goes on behind it.
    fn push(&mut self, kind: Kind, end: usize, decoded: Option<Zeroizing<String>>) {
        let id = NodeId(self.nodes.len() as u32);
        let parent = self.open.last().map(|parent| (*parent, &self.nodes[parent.index()]));
        let mut node = Node::new(kind, self.at..end, parent);
        node.end = NodeId(id.0 + 1);
        node.decoded = decoded;
        self.nodes.push(node);
        self.at = end;
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.source.as_bytes()[self.at..];
        let blanks = rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
        self.at += blanks;
    }
}

fn is_surrogate(unit: u16) -> bool {
    (0xd800..0xe000).contains(&unit)
}

/// Appends without leaving a copy of a secret behind where the text has to grow.
fn push(text: &mut Zeroizing<String>, more: &str) {
    if text.capacity() - text.len() < more.len() {
        let mut larger = Zeroizing::new(String::with_capacity(2 * (text.len() + more.len())));
        larger.push_str(text);
        *text = larger;
    }
    text.push_str(more);
}

/// The length of the number at the start; `None` if there is none. RFC 8259, section 6.
fn number(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    // A zero stands alone before the point.
    let mut end = if bytes.get(start) == Some(&b'0') { start + 1 } else { digits(start)? };
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Some(end)
}
