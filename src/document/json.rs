//! JSON.

use std::ops::Range;

use zeroize::Zeroizing;

use super::syntax::Piece;
use super::{Document, Fragment, Node, NodeId, ParseError, Position, Value};

const MISSING: &str = "JSON is not read yet";

pub(super) fn parse(_: Zeroizing<String>) -> Result<Document, ParseError> {
    Err(ParseError { position: Position { line: 1, column: 1 }, reason: MISSING.to_owned() })
}

pub(super) fn value(_: &Node, _: &str) -> Result<Value, String> {
    Err(MISSING.to_owned())
}

pub(super) fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

pub(super) fn spell_typed(_: &Value) -> Zeroizing<String> {
    Zeroizing::default()
}

pub(super) fn insertion(document: &Document, _: NodeId, _: Option<NodeId>, _: &Fragment) -> Piece {
    (document.source.len()..document.source.len(), Zeroizing::default())
}

pub(super) fn replacement(document: &Document, _: NodeId, _: &Fragment) -> Piece {
    (document.source.len()..document.source.len(), Zeroizing::default())
}

pub(super) fn removal(_: &Document, _: NodeId, _: NodeId) -> Range<usize> {
    0..0
}
