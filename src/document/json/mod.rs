//! JSON: one value of RFC 8259, read as Go's `encoding/json` reads it for SOPS.
//!
//! ```text
//! {                          a mapping; a key may stand twice, then both entries stay
//!     "port": 5432,          an integer: digits alone, within 64 bits
//!     "ratio": 1.50,         a float: every other number
//!     "name": "caf\u00e9"    a text
//! }
//! ```
//!
//! What Go reads and loses is refused: half of a surrogate pair (it becomes U+FFFD), and whatever stands
//! behind the value or is missing at its end (SOPS drops both in silence). As in YAML, so is a nesting of more
//! than 255 levels. There are no comments, and no point in time: that is a text here.

mod parse;
mod place;
mod write;

pub(super) use parse::parse;
pub(super) use place::{insertion, removal, replacement};
pub(super) use write::{quoted, spell_typed};

use super::{Kind, Node, Style, Value};

/// The typed value of a scalar, or why it has none: a number may be beyond every type.
pub(super) fn value(node: &Node, text: &str) -> Result<Value, String> {
    if node.kind != Kind::Scalar(Style::Plain) {
        return Ok(Value::text(text.to_owned()));
    }
    match text {
        "null" => return Ok(Value::Null),
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if let Ok(int) = text.parse() {
        return Ok(Value::Int(int));
    }
    match text.parse() {
        Ok(float) if f64::is_finite(float) => Ok(Value::Float(float)),
        _ => Err("number out of range".to_owned()),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
