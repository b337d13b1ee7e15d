//! dotenv: one `key=value` a line, nothing quoted; a line break in a value becomes the two characters `\n`.

use super::{Branch, EmitError, Node, Output, Zeroizing, as_text};
use crate::document::Value;
use crate::sops::tree::Item;

pub(super) fn emit(branch: &Branch) -> Result<Zeroizing<String>, EmitError> {
    let mut out = Output::new();
    for item in &branch.items {
        match item {
            Item::Comment(comment) => {
                out.push('#');
                out.push_str(&comment.text);
            }
            Item::Entry(key, Node::Scalar(value)) => {
                out.push_str(key);
                out.push('=');
                match value {
                    Value::Text(text) => {
                        for (index, line) in text.split('\n').enumerate() {
                            out.push_str(if index > 0 { "\\n" } else { "" });
                            out.push_str(line);
                        }
                    }
                    other => out.push_str(&as_text(other)),
                }
            }
            Item::Entry(key, _) => return Err(EmitError::Collection(key.clone())),
        }
        out.push('\n');
    }
    Ok(out.0)
}
