//! Content that is not part of a document yet: what an edit inserts, in the terms of every syntax.

use zeroize::Zeroizing;

use super::Value;

/// Content to insert. Holds plain text and so has no `Debug`.
pub enum Fragment {
    /// A string; quoted where a reader would otherwise take it for something else.
    Text(Zeroizing<String>),
    /// A string between double quotes, where the syntax has them.
    Quoted(String),
    /// A string of lines as a `|` block, where the syntax has one.
    Literal(String),
    /// A value of any type, written so that it is read back as this one.
    Value(Value),
    /// A scalar in the words of another place of the document, such as `0755`; must be plain YAML.
    Verbatim(String),
    /// Content as it stands behind a key of another document of this syntax, blanks and all.
    Copied {
        /// From behind the key's separator to the end of the content.
        source: String,
        /// The texts of the comments in it.
        comments: Vec<String>,
        /// What that says.
        content: Box<Fragment>,
    },
    /// Entries in order.
    Mapping(Vec<(String, Fragment)>),
    /// Items in order.
    Sequence(Vec<Fragment>),
}

impl Fragment {
    /// The text of a string, however it is to be quoted.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Fragment::Text(text) | Fragment::Value(Value::Text(text)) => Some(text),
            Fragment::Quoted(text) | Fragment::Literal(text) => Some(text),
            _ => None,
        }
    }

    /// A string, quoted where needed.
    pub fn text(text: impl Into<String>) -> Fragment {
        Fragment::Text(Zeroizing::new(text.into()))
    }

    /// A mapping from literal keys.
    pub fn mapping<const N: usize>(entries: [(&str, Fragment); N]) -> Fragment {
        Fragment::Mapping(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

/// A node that an edit promises to find after the file is parsed again.
pub(super) struct Expected {
    pub(super) depth: u16,
    pub(super) shape: Shape,
}

/// What such a node is.
pub(super) enum Shape {
    Mapping,
    Sequence,
    Scalar(Value),
}

/// The comments that come with a fragment, in order.
pub(super) fn comments(fragment: &Fragment) -> Vec<Zeroizing<String>> {
    match fragment {
        Fragment::Copied { comments, .. } => comments.iter().cloned().map(Zeroizing::new).collect(),
        Fragment::Mapping(entries) => {
            entries.iter().flat_map(|(_, value)| comments(value)).collect()
        }
        Fragment::Sequence(items) => items.iter().flat_map(comments).collect(),
        _ => Vec::new(),
    }
}

/// The nodes that a fragment becomes, in order, below `depth` collections.
pub(super) fn expected(fragment: &Fragment, depth: u16, into: &mut Vec<Expected>) {
    let scalar = |text: &str| Shape::Scalar(Value::Text(Zeroizing::new(text.to_owned())));
    match fragment {
        Fragment::Text(text) => into.push(Expected { depth, shape: scalar(text) }),
        Fragment::Quoted(text) | Fragment::Literal(text) => {
            into.push(Expected { depth, shape: scalar(text) });
        }
        Fragment::Verbatim(source) => {
            let value = super::yaml::plain_value(source);
            into.push(Expected { depth, shape: Shape::Scalar(value) });
        }
        Fragment::Value(value) => into.push(Expected { depth, shape: Shape::Scalar(value.copy()) }),
        Fragment::Copied { content, .. } => expected(content, depth, into),
        Fragment::Mapping(entries) => {
            into.push(Expected { depth, shape: Shape::Mapping });
            for (key, value) in entries {
                into.push(Expected { depth: depth + 1, shape: scalar(key) });
                expected(value, depth + 1, into);
            }
        }
        Fragment::Sequence(items) => {
            into.push(Expected { depth, shape: Shape::Sequence });
            for item in items {
                expected(item, depth + 1, into);
            }
        }
    }
}
