//! One value out of a file, by an index such as `["pilots"][0]["name"]`.
//!
//! Strings stand between double or single quotes and have no escapes: a `[` inside of a key cannot be written.
//! Numbers count the elements of a list from 0, comments among them, as SOPS does. An index looks into the
//! first document.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::Format;
use super::emit::{EmitError, emit, emit_value};
use super::tree::{Element, Item, Node, Tree};
use crate::document::Value;

/// A way into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index(pub Vec<Step>);

/// One step of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping, by key; the first one, should it stand twice.
    Key(String),
    /// Into a list, from 0, comments counted.
    Item(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => write!(formatter, "['{key}']"),
            Step::Item(item) => write!(formatter, "[{item}]"),
        }
    }
}

/// Why a text is not an index. Indexes are part of a command line and no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Text before, between or behind brackets, or a bracket that is not closed.
    #[error("component `{0}` does not end with `]`")]
    NotClosed(String),
    /// Brackets around something that is neither quoted nor a number from 0.
    #[error("component `{0}` is neither a quoted key nor the number of an item")]
    Component(String),
}

impl FromStr for Index {
    type Err = IndexError;

    fn from_str(text: &str) -> Result<Self, IndexError> {
        let components = text.split('[').filter(|component| !component.is_empty());
        components.map(step).collect::<Result<_, _>>().map(Index)
    }
}

fn step(component: &str) -> Result<Step, IndexError> {
    let inner =
        component.strip_suffix(']').ok_or_else(|| IndexError::NotClosed(component.to_owned()))?;
    let quoted =
        ['"', '\''].iter().find_map(|quote| inner.strip_prefix(*quote)?.strip_suffix(*quote));
    match quoted {
        Some(key) => Ok(Step::Key(key.to_owned())),
        None => inner.parse().map(Step::Item).map_err(|_| IndexError::Component(inner.to_owned())),
    }
}

/// Why there is nothing to extract. Names steps, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The file has no document.
    #[error("the file is empty: there is nothing to extract")]
    Empty,
    /// The mapping has no such key, or the list fewer items.
    #[error("component {0} not found")]
    NotFound(Step),
    /// A key, where there is no mapping.
    #[error("component {0} is a key, but what is there is not a mapping")]
    NotAMapping(Step),
    /// A number, where there is no list.
    #[error("component {0} is a number, but what is there is not a list")]
    NotAList(Step),
    /// The number of a comment.
    #[error("component {0} is a comment")]
    Comment(Step),
    /// What was found has no form in the format that is wanted.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

/// What `sops decrypt --extract` prints: text as it is, without a line break; a mapping as a file of its own,
/// behind it the further documents; other values in the notation of the format. `indent` is as in [`emit`].
pub fn extract(
    mut tree: Tree,
    index: &Index,
    format: Format,
    indent: Option<usize>,
) -> Result<Zeroizing<String>, ExtractError> {
    if tree.branches.is_empty() {
        return Err(ExtractError::Empty);
    }
    let first = Node::Branch(tree.branches.remove(0));
    match index.0.iter().try_fold(first, follow)? {
        Node::Branch(branch) => {
            tree.branches.insert(0, branch);
            Ok(emit(&tree, format, indent)?)
        }
        Node::Scalar(Value::Text(text)) => Ok(text),
        other => Ok(emit_value(&other, format, indent)?),
    }
}

fn follow(node: Node, step: &Step) -> Result<Node, ExtractError> {
    let found = match (node, step) {
        (Node::Branch(branch), Step::Key(wanted)) => {
            branch.items.into_iter().find_map(|item| match item {
                Item::Entry(key, value) if key == *wanted => Some(value),
                _ => None,
            })
        }
        (Node::List(list), Step::Item(wanted)) => match list.into_iter().nth(*wanted) {
            Some(Element::Comment(_)) => return Err(ExtractError::Comment(step.clone())),
            Some(Element::Value(value)) => Some(value),
            None => None,
        },
        (_, Step::Key(_)) => return Err(ExtractError::NotAMapping(step.clone())),
        (_, Step::Item(_)) => return Err(ExtractError::NotAList(step.clone())),
    };
    found.ok_or_else(|| ExtractError::NotFound(step.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    const PLAIN: &str =
        "a:\n  # c\n  - x\n  - [1, 2.0]\nm: {k: v, l: [t, {u: w}]}\nn: ~\n---\nother: 1\n";

    fn extracted(index: &str, format: Format) -> Result<String, String> {
        let tree = Tree::of(&Document::parse(PLAIN.as_bytes().to_vec()).unwrap()).unwrap();
        let index: Index = index.parse().map_err(|error: IndexError| error.to_string())?;
        extract(tree, &index, format, None)
            .map(|text| text.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_index_has_quoted_keys_and_numbers() {
        let steps = vec![
            Step::Key("a'b".into()),
            Step::Item(12),
            Step::Key("\"".into()),
            Step::Key(String::new()),
        ];
        assert_eq!("[\"a'b\"][12]['\"']['']".parse(), Ok(Index(steps)));
        assert_eq!("".parse(), Ok(Index(Vec::new())));
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for (text, wanted) in [
            ("a", "component `a` does not end with `]`"),
            ("[\"a\"]x", "component `\"a\"]x` does not end with `]`"),
            ("[\"a\"] [0]", "component `\"a\"] ` does not end with `]`"),
            ("[\"a[0]\"]", "component `\"a` does not end with `]`"),
            ("[]", "component `` is neither a quoted key nor the number of an item"),
            ("[-1]", "component `-1` is neither a quoted key nor the number of an item"),
            ("[a]", "component `a` is neither a quoted key nor the number of an item"),
            ("[\"]", "component `\"` is neither a quoted key nor the number of an item"),
            ("[\"a']", "component `\"a'` is neither a quoted key nor the number of an item"),
        ] {
            assert_eq!(
                text.parse::<Index>().map_err(|error| error.to_string()),
                Err(wanted.to_owned())
            );
        }
    }

    #[test]
    fn text_is_written_as_it_is() {
        for format in [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Binary] {
            assert_eq!(extracted("['m']['k']", format).as_deref(), Ok("v"));
        }
    }

    #[test]
    fn a_mapping_is_followed_by_the_further_documents() {
        let wanted = "k: v\nl:\n    - t\n    - u: w\n---\nother: 1\n";
        assert_eq!(extracted("['m']", Format::Yaml).as_deref(), Ok(wanted));
        assert_eq!(extracted("['m']['l'][1]", Format::Dotenv).as_deref(), Ok("u=w\n"));
    }

    #[test]
    fn other_values_are_written_in_the_notation_of_the_format() {
        for (format, list, null) in [
            (Format::Yaml, "- 1\n- 2\n", "null\n"),
            (Format::Json, "[\n\t1,\n\t2\n]", "null"),
            (Format::Ini, "[1,2]", "null"),
        ] {
            assert_eq!(extracted("['a'][2]", format).as_deref(), Ok(list));
            assert_eq!(extracted("['n']", format).as_deref(), Ok(null));
        }
        let dotenv = "dotenv files cannot express a single value that is not a string";
        assert_eq!(extracted("['n']", Format::Dotenv), Err(dotenv.into()));
        let binary = "binary files cannot express a single value that is not a string";
        assert_eq!(extracted("['a']", Format::Binary), Err(binary.into()));
    }

    #[test]
    fn comments_count_as_items() {
        assert_eq!(extracted("['a'][1]", Format::Yaml).as_deref(), Ok("x"));
        assert_eq!(extracted("['a'][0]", Format::Yaml), Err("component [0] is a comment".into()));
    }

    #[test]
    fn a_step_that_leads_nowhere_is_named() {
        for (index, wanted) in [
            ("['x']", "component ['x'] not found"),
            ("['a'][3]", "component [3] not found"),
            ("['m']['k']['z']", "component ['z'] is a key, but what is there is not a mapping"),
            ("['a']['z']", "component ['z'] is a key, but what is there is not a mapping"),
            ("['n']['z']", "component ['z'] is a key, but what is there is not a mapping"),
            ("['m'][0]", "component [0] is a number, but what is there is not a list"),
            ("['m']['k'][0]", "component [0] is a number, but what is there is not a list"),
        ] {
            assert_eq!(extracted(index, Format::Yaml), Err(wanted.into()), "{index}");
        }
    }
}
