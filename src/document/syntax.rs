//! The notations that a document may be written in, and where they part.
//!
//! Everything else in this room – tree, edits, proof – is the same for all of them. A syntax is one module
//! that answers: what tree do these bytes have, what does a scalar mean, how is one spelled, and which
//! bytes does an entry take.

use std::ops::Range;

use zeroize::Zeroizing;

use super::edit::EditError;
use super::{
    Document, Fragment, Indentation, Kind, Node, NodeId, ParseError, Style, Value, dotenv, ini,
    json, yaml,
};

/// A notation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// YAML 1.1 as Go's library reads it; streams of several documents.
    Yaml,
    /// JSON (RFC 8259); a key may stand twice.
    Json,
    /// `KEY=value` lines as SOPS reads them: nothing is quoted or trimmed.
    Dotenv,
    /// Sections of `key = value` lines, as the library that SOPS uses reads them.
    Ini,
}

/// What is written instead of which bytes.
pub(super) type Piece = (Range<usize>, Zeroizing<String>);

impl Syntax {
    pub(super) fn parse(self, source: Zeroizing<String>) -> Result<Document, ParseError> {
        match self {
            Syntax::Yaml => yaml::parse(source),
            Syntax::Json => json::parse(source),
            Syntax::Dotenv => dotenv::parse(source),
            Syntax::Ini => ini::parse(source),
        }
    }

    /// The typed value of a scalar, or why it has none.
    pub(super) fn value(self, node: &Node, text: &str, tag: Option<&str>) -> Result<Value, String> {
        match self {
            Syntax::Yaml => yaml::value(node, text, tag),
            Syntax::Json => json::value(node, text),
            Syntax::Dotenv | Syntax::Ini => Ok(Value::text(text.to_owned())),
        }
    }

    /// Whether `read` is what a value comes back as once it is written: a type that the syntax lacks
    /// becomes text.
    pub(super) fn returns(self, written: &Value, read: &Value) -> bool {
        match (self, written, read) {
            (Syntax::Json, Value::Time(written), Value::Text(read)) => *written == **read,
            // JSON has one kind of number.
            (Syntax::Json, Value::Float(written), Value::Int(read)) => *written == *read as f64,
            _ => written == read,
        }
    }

    /// Whether a key may stand twice in a mapping: SOPS keeps both then.
    pub(super) fn repeats_keys(self) -> bool {
        self != Syntax::Yaml
    }
}

impl Document {
    /// How a text is written in the place of this node: in `style` if that can hold it, else in the
    /// shortest style that does.
    pub(crate) fn spelled(
        &self,
        id: NodeId,
        text: &str,
        style: Style,
    ) -> (Style, Zeroizing<String>) {
        match self.syntax {
            Syntax::Yaml => self.spelled_yaml(id, text, style),
            Syntax::Json => (Style::DoubleQuoted, json::quoted(text)),
            Syntax::Dotenv => (Style::Plain, dotenv::spelled(text)),
            Syntax::Ini => ini::spelled(text, style),
        }
    }

    /// How a value of any type is written in the place of this node; see [`Document::spelled`].
    pub(crate) fn spelled_value(
        &self,
        id: NodeId,
        value: &Value,
        style: Style,
    ) -> Zeroizing<String> {
        match (value, self.syntax) {
            (Value::Text(text), _) => self.spelled(id, text, style).1,
            (_, Syntax::Yaml) => yaml::spell_typed(value),
            (_, Syntax::Json) => json::spell_typed(value),
            // Neither knows types: what SOPS would print.
            _ => self.spelled(id, &yaml::spell_typed(value), style).1,
        }
    }

    /// The bytes that a new value of this node replaces: its content, and in YAML its tag where that
    /// fixes another type.
    pub(crate) fn source_range(&self, id: NodeId, value: &Value) -> Range<usize> {
        match self.syntax {
            Syntax::Yaml => self.source_range_yaml(id, value),
            _ => self.node(id).span.clone(),
        }
    }

    /// The one child of `fragment` as a further child of a collection that has children: behind `after`, or
    /// as the first.
    pub(super) fn insertion(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
        indentation: Indentation,
    ) -> Result<Piece, EditError> {
        match self.syntax {
            Syntax::Yaml => Ok(self.insertion_yaml(collection, after, fragment, indentation)),
            Syntax::Json => Ok(json::insertion(self, collection, after, fragment)),
            Syntax::Dotenv => dotenv::insertion(self, collection, after, fragment),
            Syntax::Ini => ini::insertion(self, collection, after, fragment),
        }
    }

    /// `fragment` in the place of a node, whatever that is.
    pub(super) fn replacement(
        &self,
        id: NodeId,
        fragment: &Fragment,
        indentation: Indentation,
    ) -> Result<Piece, EditError> {
        match self.syntax {
            Syntax::Yaml => Ok(self.replacement_yaml(id, fragment, indentation)),
            Syntax::Json => Ok(json::replacement(self, id, fragment)),
            Syntax::Dotenv => dotenv::replacement(self, id, fragment),
            Syntax::Ini => ini::replacement(self, id, fragment),
        }
    }

    /// The bytes of a child with all that belongs to it: separator, lines, the comments on them. `first` is
    /// its key, or the item itself; `leads` if all children before it go, too.
    pub(super) fn removal(&self, first: NodeId, value: NodeId, leads: bool) -> Range<usize> {
        match self.syntax {
            Syntax::Yaml => self.removal_yaml(first, value),
            Syntax::Json => json::removal(self, first, value, leads),
            Syntax::Dotenv => dotenv::removal(self, first, value),
            Syntax::Ini => ini::removal(self, first, value),
        }
    }

    /// The one entry of `fragment` behind everything else of a root.
    pub(super) fn root_insertion(
        &self,
        root: usize,
        fragment: &Fragment,
        indentation: Indentation,
    ) -> Result<Piece, EditError> {
        let top = self.roots[root].node;
        match self.syntax {
            Syntax::Yaml => self.root_insertion_yaml(root, fragment, indentation),
            Syntax::Dotenv => dotenv::root_insertion(self, fragment),
            Syntax::Ini => ini::root_insertion(self, fragment),
            Syntax::Json if self.has_children(top) => {
                self.insertion(top, self.children(top).last(), fragment, indentation)
            }
            Syntax::Json => self.replacement(top, fragment, indentation),
        }
    }

    /// Refuses a spelling of a text that would be read back as another one, where the reason can be told.
    /// Everything else is found when the edited text is compared.
    pub(super) fn check_spelling(
        &self,
        id: NodeId,
        source: &str,
        value: &Value,
    ) -> Result<(), EditError> {
        let Value::Text(text) = value else { return Ok(()) };
        let reason = match self.syntax {
            Syntax::Dotenv if *dotenv::decoded(source) != **text => dotenv::NO_BREAK,
            Syntax::Ini if !ini::reads_back(source, text) => ini::NO_SPELLING,
            _ => return Ok(()),
        };
        Err(EditError::Unspellable { position: self.position_of(id), reason })
    }

    /// The value that this spelling of a value has: the same one, but dotenv and INI know texts alone, and
    /// dotenv not even all of those.
    pub(crate) fn value_spelled(&self, source: &str, value: Value) -> Value {
        match (self.syntax, value) {
            (Syntax::Dotenv, _) => Value::Text(dotenv::decoded(source)),
            (Syntax::Ini, value) if !matches!(value, Value::Text(_)) => {
                Value::text(source.to_owned())
            }
            (_, value) => value,
        }
    }

    /// A text in the form in which it can be that of a comment, or `None` if it cannot.
    pub(crate) fn comment_spelled(&self, index: usize, text: &str) -> Option<Zeroizing<String>> {
        let unfit: &[char] = match self.syntax {
            Syntax::Ini => return ini::comment_spelled(self, index, text),
            Syntax::Dotenv => &['\n'],
            Syntax::Yaml | Syntax::Json => &['\n', '\r'],
        };
        (!text.contains(unfit)).then(|| Zeroizing::new(text.to_owned()))
    }

    /// Whether a last line stands without a line break at its end.
    pub(super) fn is_bare(&self) -> bool {
        !self.source.is_empty() && !self.source.ends_with('\n')
    }

    /// Whole lines from one byte to another, for removal in a syntax of lines; in a file without a final line break
    /// with the break before them, else with the one behind them.
    pub(super) fn flat_lines(&self, start: usize, end: usize) -> Range<usize> {
        let source = self.source.as_str();
        // In dotenv a carriage return is part of the value before it.
        let line_end = |at: usize| {
            let dropped = self.syntax != Syntax::Dotenv && source[..at].ends_with('\r');
            if dropped { at - 1 } else { at }
        };
        let start = self.line_start(start);
        let behind = source[end..].find('\n').map(|at| end + at);
        match source[..start].strip_suffix('\n') {
            Some(before) if self.is_bare() => {
                line_end(before.len())..behind.map_or(source.len(), line_end)
            }
            _ => start..behind.map_or(source.len(), |at| at + 1),
        }
    }

    /// Whether a node is a place where a collection may be written: absent, null, or an empty one.
    pub(super) fn is_vacant(&self, id: NodeId) -> bool {
        match self.node(id).kind {
            Kind::Mapping(_) | Kind::Sequence(_) => !self.has_children(id),
            Kind::Scalar(Style::Plain) => matches!(self.value(id), Some(Ok(Value::Null))),
            _ => false,
        }
    }

    pub(super) fn has_children(&self, id: NodeId) -> bool {
        self.node(id).end.0 > id.0 + 1
    }
}
