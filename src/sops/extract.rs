//! One value out of a file, by an [index](super::index) such as `["pilots"][0]["name"]`.
//!
//! Numbers count the elements of a list, comments among them, as SOPS does. An index looks into the first
//! document.

use zeroize::Zeroizing;

use super::Format;
use super::emit::{EmitError, emit, emit_value};
use super::tree::{Element, Item, Node, Tree};
use crate::document::{Component, Route, Value};

/// Why there is nothing to extract. Names components, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The file has no document.
    #[error("the file is empty: there is nothing to extract")]
    Empty,
    /// The mapping has no such key, or the list fewer items.
    #[error("component {0} not found")]
    NotFound(Component),
    /// A key, where there is no mapping.
    #[error("component {0} is a key, but what is there is not a mapping")]
    NotAMapping(Component),
    /// A number, where there is no list.
    #[error("component {0} is a number, but what is there is not a list")]
    NotAList(Component),
    /// The number of a comment.
    #[error("component {0} is a comment")]
    Comment(Component),
    /// What was found has no form in the format that is wanted.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

/// What `sops decrypt --extract` prints: text as it is, without a line break; a mapping as a file of its own,
/// behind it the further documents; other values in the notation of the format. `indent` is as in [`emit`].
pub fn extract(
    mut tree: Tree,
    index: &Route,
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

fn follow(node: Node, step: &Component) -> Result<Node, ExtractError> {
    let found = match (node, step) {
        (Node::Branch(branch), Component::Key(wanted)) => {
            branch.items.into_iter().find_map(|item| match item {
                Item::Entry(key, value) if key == *wanted => Some(value),
                _ => None,
            })
        }
        (Node::List(list), Component::Index(wanted)) => match list.into_iter().nth(*wanted) {
            Some(Element::Comment(_)) => return Err(ExtractError::Comment(step.clone())),
            Some(Element::Value(value)) => Some(value),
            None => None,
        },
        (_, Component::Key(_)) => return Err(ExtractError::NotAMapping(step.clone())),
        (_, Component::Index(_)) => return Err(ExtractError::NotAList(step.clone())),
    };
    found.ok_or_else(|| ExtractError::NotFound(step.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::sops::index;

    const PLAIN: &str =
        "a:\n  # c\n  - x\n  - [1, 2.0]\nm: {k: v, l: [t, {u: w}]}\nn: ~\n---\nother: 1\n";

    fn extracted(index: &str, format: Format) -> Result<String, String> {
        let tree = Tree::of(&Document::parse(PLAIN.as_bytes().to_vec()).unwrap()).unwrap();
        let index = index::parse(index).map_err(|error| error.to_string())?;
        extract(tree, &index, format, None)
            .map(|text| text.to_string())
            .map_err(|error| error.to_string())
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
