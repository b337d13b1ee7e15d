//! YAML: the only place that knows the parser crate, how a scalar is spelled and what it means.
//!
//! The parser (`granit-parser`) reports events with byte spans. Where its reading differs from Go's
//! YAML – which SOPS, Flux and kubectl use – this module follows Go's; each such place says so.

mod heading;
mod item;
mod parse;
mod place;
mod removal;
mod resolve;
mod scalar;
mod write;

pub(super) use parse::parse;
pub(crate) use place::without_header_comment;
pub(super) use place::{emptied_list, further_root};
pub use resolve::plain_is_safe;
pub(crate) use resolve::plain_is_text;
pub(super) use scalar::spell_typed;
pub use write::Indentation;

use zeroize::Zeroizing;

use super::{Kind, Node, Style, Value};

/// The typed value of a scalar node, or the reason why its tag and its text do not go together.
pub(super) fn value(node: &Node, text: &str, tag: Option<&str>) -> Result<Value, String> {
    let read = match (tag, node.kind) {
        (_, Kind::Scalar(Style::Plain)) => resolve::resolve(text, tag),
        (Some(tag), _) => resolve::resolve_tagged(text, tag),
        (None, _) => return Ok(Value::Text(Zeroizing::new(text.to_owned()))),
    };
    read.map_err(|error| error.to_string())
}

/// The value of a plain scalar without a tag; text where it has none.
pub(super) fn plain_value(source: &str) -> Value {
    resolve::resolve(source, None).unwrap_or_else(|_| Value::text(source.to_owned()))
}
