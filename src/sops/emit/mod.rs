//! Trees written anew, byte for byte as `sops` prints them.
//!
//! Only a file that changes its format comes here, and what is extracted from one; a file that keeps its
//! format is edited and keeps its layout. What is written is sops' own choice of quotes, indentation and
//! order, so that nobody's diff tells which program converted a file. Two places differ, where sops' output
//! does not read back as what it was: the float `-0` is written `-0.0`, and the indentation indicator of a
//! block scalar inside of a list is the one that its lines have.
//!
//! | format | cannot hold |
//! |---|---|
//! | YAML | – |
//! | JSON | comments (left out), documents behind the first (left out), infinities and NaN |
//! | dotenv | mappings and lists; all values become text; documents behind the first (left out) |
//! | INI | other than sections of scalars; all values become text |
//! | binary | other than the text under the key `data` |

mod binary;
mod dotenv;
mod ini;
mod json;
mod number;
mod yaml;

use std::fmt;

use zeroize::Zeroizing;

use super::Format;
use super::tree::{Branch, Node, Tree};
use crate::document::{Route, Value};

/// What a format cannot hold. Names keys and kinds, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// A file without any document, for a format that has exactly one.
    #[error("the file is empty: there is no document to write")]
    Empty,
    /// A mapping or list in dotenv.
    #[error("`{0}` is a mapping or a list, which dotenv cannot hold")]
    Collection(String),
    /// An infinity or NaN in JSON.
    #[error("`{0}` is infinite or not a number, which JSON cannot hold")]
    NotFinite(Route),
    /// A top-level value that is no mapping, in INI.
    #[error("`{0}` is not a mapping: INI holds sections of keys only")]
    NotASection(String),
    /// A mapping or list inside of a section, in INI. (sops prints a dump that nothing reads back.)
    #[error("`{key}` in `{section}` is a mapping or a list, which INI cannot hold")]
    Nested {
        /// The section's name.
        section: String,
        /// The key in it.
        key: String,
    },
    /// A section or key whose name is the empty string, in INI.
    #[error("an empty name, which INI cannot hold")]
    EmptyName,
    /// Several documents as binary.
    #[error("several documents, of which a binary file cannot be made")]
    SeveralDocuments,
    /// No `data` key as binary.
    #[error("no key `data`, which holds the content of a binary file")]
    NoData,
    /// `data` is something else than text, as binary.
    #[error("`data` is not a string, which the content of a binary file is")]
    DataIsNotText,
    /// A single value that the format has no notation for: dotenv has text only, binary has no values.
    #[error("{0} files cannot express a single value that is not a string")]
    Value(&'static str),
}

/// Writes a file in a format.
///
/// `indent` is the columns per level of YAML and JSON; `None` is 4 in YAML and a tab in JSON. YAML takes 4
/// for 0, and 2 for 1 and for more than 9, as its library does.
pub fn emit(
    tree: &Tree,
    format: Format,
    indent: Option<usize>,
) -> Result<Zeroizing<String>, EmitError> {
    let first = || tree.branches.first().ok_or(EmitError::Empty);
    match format {
        Format::Yaml => Ok(yaml::emit(&tree.branches, indent)),
        Format::Json => json::emit(first()?, indent),
        Format::Dotenv => dotenv::emit(first()?),
        Format::Ini => ini::emit(&tree.branches),
        Format::Binary => binary::emit(first()?, tree.branches.len()),
    }
}

/// Writes a single list or scalar, as `sops decrypt --extract` does: in YAML with a line break at the end and
/// always with 4 columns per level, in INI as compact JSON, in dotenv and binary not at all.
pub(super) fn emit_value(
    node: &Node,
    format: Format,
    indent: Option<usize>,
) -> Result<Zeroizing<String>, EmitError> {
    match format {
        Format::Yaml => Ok(yaml::emit_value(node)),
        Format::Json => json::emit_value(node, indent),
        Format::Ini => json::emit_compact(node),
        Format::Dotenv => Err(EmitError::Value("dotenv")),
        Format::Binary => Err(EmitError::Value("binary")),
    }
}

/// A value as text, for formats that have nothing else, and for environment variables.
pub(crate) fn as_text(value: &Value) -> Zeroizing<String> {
    Zeroizing::new(match value {
        Value::Text(text) => text.to_string(),
        // Go's print of a nil.
        Value::Null => "<nil>".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => number::text(*float),
        Value::Time(time) => without_fraction(time),
    })
}

/// `2031-05-06T07:08:09.25Z` without `.25`.
fn without_fraction(time: &str) -> String {
    let Some((seconds, rest)) = time.split_once('.') else { return time.to_owned() };
    let zone = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{seconds}{zone}")
}

/// The text being written. It grows by moving, and wipes what it leaves behind; a `String` would not.
struct Output(Zeroizing<String>);

impl Output {
    fn new() -> Self {
        Output(Zeroizing::new(String::with_capacity(4096)))
    }

    fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    fn push_str(&mut self, text: &str) {
        if self.0.capacity() - self.0.len() < text.len() {
            let mut larger = Zeroizing::new(String::with_capacity(2 * (self.0.len() + text.len())));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        self.0.push_str(text);
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
