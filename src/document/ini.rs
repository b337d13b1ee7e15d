//! INI.

use std::ops::Range;

use zeroize::Zeroizing;

use super::edit::EditError;
use super::syntax::Piece;
use super::{Document, Fragment, NodeId, ParseError, Position, Style};

const MISSING: &str = "INI is not read yet";

pub(super) fn parse(_: Zeroizing<String>) -> Result<Document, ParseError> {
    Err(ParseError { position: Position { line: 1, column: 1 }, reason: MISSING.to_owned() })
}

pub(super) fn spelled(text: &str, style: Style) -> (Style, Zeroizing<String>) {
    (style, Zeroizing::new(text.to_owned()))
}

pub(super) fn insertion(
    _: &Document,
    _: NodeId,
    _: Option<NodeId>,
    _: &Fragment,
) -> Result<Piece, EditError> {
    Err(EditError::Unreadable(MISSING.to_owned()))
}

pub(super) fn replacement(_: &Document, _: NodeId, _: &Fragment) -> Result<Piece, EditError> {
    Err(EditError::Unreadable(MISSING.to_owned()))
}

pub(super) fn removal(_: &Document, _: NodeId, _: NodeId) -> Range<usize> {
    0..0
}
