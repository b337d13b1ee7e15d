//! Values set and removed by an index, in a plain document.
//!
//! What has to be there on the way is made: mappings for keys, lists for numbers; a number behind the end of a
//! list appends. Everything else keeps its bytes. What is refused: a key into a list, a number into a mapping,
//! the number of a comment, and a way through an alias, where the change would show in two places.

use super::comments::{self, Placement as Comments};
use crate::document::{
    Component, Document, EditError, Edits, Fragment, Kind, NodeId, ParseError, Placement, Route,
    Syntax, Value, ValueError,
};

/// Why a value cannot be set or removed. Names components, never values.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The index has no components, so that it means the file as a whole.
    #[error("the index is empty: it must name a value")]
    Empty,
    /// There is nothing to remove.
    #[error("component {0} not found")]
    NotFound(Component),
    /// A number, where there is a mapping.
    #[error("component {0} is a number, but what is there is a mapping")]
    NotAList(Component),
    /// A key, where there is a list.
    #[error("component {0} is a key, but what is there is a list")]
    NotAMapping(Component),
    /// The number of a comment.
    #[error("component {0} is a comment")]
    Comment(Component),
    /// An alias on the way.
    #[error("component {0} is an alias of another value; change that one, or write the alias out")]
    Alias(Component),
    /// The document cannot be edited in this way.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Why a text is not a value to set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// It is not JSON.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It holds a number that is none.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// Reads a value from JSON. Keys keep their order and integers stay integers.
pub fn json(text: &[u8]) -> Result<Fragment, JsonError> {
    let document = Document::parse_as(Syntax::Json, text.to_vec())?;
    let root = document.roots().first().expect("JSON has one root");
    fragment(&document, root.node)
}

/// The document with a value in its place.
pub fn set(document: &Document, index: &Route, value: Fragment) -> Result<Document, Error> {
    let (node, rest) = locate(document, index)?;
    let mut edits = Edits::new(document);
    match (rest, document.node(node).kind) {
        // A text keeps the style of the one that was there.
        ([], Kind::Scalar(_)) if matches!(value, Fragment::Text(_)) => {
            let Fragment::Text(text) = value else { unreachable!("matched above") };
            edits.set_text(node, &text)?;
        }
        ([], _) => edits.replace(node, &value)?,
        ([Component::Key(key), rest @ ..], Kind::Mapping(_)) => {
            edits.insert_entry(node, Placement::Last, key, made(rest, value))?;
        }
        ([Component::Index(_), rest @ ..], Kind::Sequence(_)) => {
            edits.insert_item(node, Placement::Last, made(rest, value))?;
        }
        // A scalar on the way gives way to what the index wants.
        (rest, _) => edits.replace(node, &made(rest, value))?,
    }
    Ok(edits.apply()?)
}

/// The document without a value. Its mapping or list stays, if need be empty.
pub fn unset(document: &Document, index: &Route) -> Result<Document, Error> {
    let (node, rest) = locate(document, index)?;
    if let Some(step) = rest.first() {
        return Err(Error::NotFound(step.clone()));
    }
    let parent = document.node(node).parent.ok_or(Error::Empty)?;
    let mut edits = Edits::new(document);
    match document.node(parent).kind {
        Kind::Mapping(_) if document.entries(parent).count() == 1 && is_nested(document) => {
            edits.replace(parent, &Fragment::Mapping(Vec::new()))?;
        }
        Kind::Mapping(_) => edits.remove_entry(node)?,
        _ if document.items(parent).count() == 1 => {
            edits.replace(parent, &Fragment::Sequence(Vec::new()))?;
        }
        _ => edits.remove_item(node)?,
    }
    Ok(edits.apply()?)
}

/// Whether there is this very value in its place: the same types, the same keys in the same order.
pub fn is_set(document: &Document, index: &Route, value: &Fragment) -> bool {
    locate(document, index).is_ok_and(|(node, rest)| rest.is_empty() && same(document, node, value))
}

/// The last node on the way that is there, and the steps that lead on from it.
fn locate<'i>(document: &Document, index: &'i Route) -> Result<(NodeId, &'i [Component]), Error> {
    let mut node =
        document.roots().first().ok_or(EditError::Unreadable("no document".into()))?.node;
    let comments = comments::place(document);
    let mut rest = index.0.as_slice();
    if rest.is_empty() {
        return Err(Error::Empty);
    }
    while let [step, behind @ ..] = rest {
        let next = match (document.node(node).kind, step) {
            (Kind::Alias(_), _) => return Err(Error::Alias(step.clone())),
            (Kind::Mapping(_), Component::Key(key)) => {
                document.entry(node, key).map(|(_, value)| value)
            }
            (Kind::Sequence(_), Component::Index(item)) => {
                match elements(document, &comments, node).get(*item) {
                    Some(None) => return Err(Error::Comment(step.clone())),
                    Some(Some(item)) => Some(*item),
                    None => None,
                }
            }
            (Kind::Mapping(_), Component::Index(_)) => return Err(Error::NotAList(step.clone())),
            (Kind::Sequence(_), Component::Key(_)) => return Err(Error::NotAMapping(step.clone())),
            (Kind::Scalar(_), _) => None,
        };
        let Some(next) = next else { break };
        (node, rest) = (next, behind);
    }
    Ok((node, rest))
}

/// What SOPS counts in a list: its items, and a `None` for each comment.
fn elements(document: &Document, comments: &Comments, list: NodeId) -> Vec<Option<NodeId>> {
    let before = |place| comments.get(&(list, place)).map_or(0, Vec::len);
    let mut elements = Vec::new();
    for item in document.items(list) {
        elements.extend(std::iter::repeat_n(None, before(Some(item))));
        elements.push(Some(item));
    }
    elements.extend(std::iter::repeat_n(None, before(None)));
    elements
}

/// A value with what has to be made around it.
fn made(steps: &[Component], value: Fragment) -> Fragment {
    steps.iter().rev().fold(value, |inner, step| match step {
        Component::Key(key) => Fragment::Mapping(vec![(key.clone(), inner)]),
        Component::Index(_) => Fragment::Sequence(vec![inner]),
    })
}

fn same(document: &Document, node: NodeId, value: &Fragment) -> bool {
    match (document.node(document.target(node)).kind, value) {
        (Kind::Mapping(_), Fragment::Mapping(wanted)) => {
            let present: Vec<_> = document.entries(document.target(node)).collect();
            present.len() == wanted.len()
                && present.iter().zip(wanted).all(|((key, node), (name, value))| {
                    document.text(*key) == Some(name) && same(document, *node, value)
                })
        }
        (Kind::Sequence(_), Fragment::Sequence(wanted)) => {
            let present: Vec<_> = document.items(document.target(node)).collect();
            present.len() == wanted.len()
                && present.iter().zip(wanted).all(|(node, value)| same(document, *node, value))
        }
        (Kind::Scalar(_), Fragment::Text(text)) => {
            matches!(document.value(node), Some(Ok(Value::Text(present))) if present == *text)
        }
        (Kind::Scalar(_), Fragment::Value(value)) => {
            matches!(document.value(node), Some(Ok(present)) if present == *value)
        }
        _ => false,
    }
}

/// Whether the syntax has a notation for an empty mapping.
fn is_nested(document: &Document) -> bool {
    matches!(document.syntax(), Syntax::Yaml | Syntax::Json)
}

fn fragment(document: &Document, node: NodeId) -> Result<Fragment, JsonError> {
    match document.node(node).kind {
        Kind::Mapping(_) => {
            let entries = document.entries(node).map(|(key, value)| {
                let key = document.text(key).unwrap_or_default().to_owned();
                Ok((key, fragment(document, value)?))
            });
            Ok(Fragment::Mapping(entries.collect::<Result<_, JsonError>>()?))
        }
        Kind::Sequence(_) => {
            let items = document.items(node).map(|item| fragment(document, item));
            Ok(Fragment::Sequence(items.collect::<Result<_, _>>()?))
        }
        _ => match document.value(node).expect("what is no collection is a scalar")? {
            Value::Text(text) => Ok(Fragment::Text(text)),
            value => Ok(Fragment::Value(value)),
        },
    }
}

#[cfg(test)]
mod tests;
