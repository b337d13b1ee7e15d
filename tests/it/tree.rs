//! Value trees, to compare what two programs made of a document.
//!
//! JSON is read by serde_json, so without any code under test, and duplicate members stay. YAML is read by
//! our own parser; that it agrees with the one of sops is what `differential` shows.
//!
//! Numbers are compared as sops prints them: `1.0` comes out of its decryption as `1`, hence a float without
//! a fraction is the integer. The types are compared elsewhere, by the `type:` of the value tokens.

use std::fmt;

use keywright::document::{Document, NodeId, Value};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Up to here every integer has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A document's values; keys keep their order and may repeat.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    /// The bits, so that NaN is equal to itself.
    Float(u64),
    Time(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads one JSON document.
    #[track_caller]
    pub(crate) fn of_json(text: &str) -> Tree {
        match serde_json::from_str(text) {
            Ok(tree) => tree,
            Err(error) => panic!("not JSON: {error}\n{text}"),
        }
    }

    /// Reads a YAML stream; one tree per document.
    pub(crate) fn of_yaml(text: &str) -> Result<Vec<Tree>, String> {
        let document = Document::parse(text.as_bytes().to_vec()).map_err(|e| e.to_string())?;
        document.roots().iter().map(|root| yaml_node(&document, root.node)).collect()
    }

    /// The value below some keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Tree> {
        keys.iter().try_fold(self, |tree, key| match tree {
            Tree::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, value)| value),
            _ => None,
        })
    }

    /// Whether this is a value token.
    pub(crate) fn is_token(&self) -> bool {
        matches!(self, Tree::Text(text) if text.starts_with("ENC[AES256_GCM,data:"))
    }

    /// A float, or the integer it is printed as.
    fn float(number: f64) -> Tree {
        if number.fract() == 0.0 && number.abs() < EXACT {
            #[allow(clippy::cast_possible_truncation)]
            // no fraction, and within the range of both
            return Tree::Int(number as i64);
        }
        Tree::Float(number.to_bits())
    }
}

/// The comments of a YAML stream in order, without `#` and outer blanks.
pub(crate) fn yaml_comments(text: &str) -> Vec<String> {
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    let comments = document.comments().iter();
    comments.map(|comment| document.comment_text(comment).trim().to_owned()).collect()
}

fn yaml_node(document: &Document, id: NodeId) -> Result<Tree, String> {
    let id = document.target(id);
    if let Some(value) = document.value(id) {
        return Ok(match value.map_err(|error| error.to_string())? {
            Value::Null => Tree::Null,
            Value::Bool(value) => Tree::Bool(value),
            Value::Int(value) => Tree::Int(value),
            Value::Float(value) => Tree::float(value),
            Value::Time(value) => Tree::Time(value),
            Value::Text(value) => Tree::Text(value.to_string()),
        });
    }
    let key = |id| document.text(id).unwrap_or("?").to_owned();
    let entries = document.entries(id).map(|(k, v)| Ok((key(k), yaml_node(document, v)?)));
    let entries = entries.collect::<Result<Vec<_>, String>>()?;
    let items = document.items(id).map(|item| yaml_node(document, item));
    let items = items.collect::<Result<Vec<_>, String>>()?;
    let mapping = matches!(document.node(id).kind, keywright::document::Kind::Mapping(_));
    Ok(if mapping { Tree::Map(entries) } else { Tree::List(items) })
}

/// Reads with order and duplicates, which `serde_json::Value` does not keep.
struct Reader;

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        // What does not fit is a float to sops.
        #[allow(clippy::cast_precision_loss)]
        Ok(i64::try_from(value).map_or_else(|_| Tree::float(value as f64), Tree::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_of_the_same_values_are_equal_and_duplicates_stay() {
        let json = Tree::of_json(r#"{"a": 1.0, "b": [null, true, "x"], "c": 1.5, "a": {}}"#);
        assert_ne!(json, Tree::of_json(r#"{"a": {}, "b": [null, true, "x"], "c": 1.5}"#));
        assert_eq!(json.at(&["a"]), Some(&Tree::Int(1)));
        let yaml = Tree::of_yaml("a: {b: 1.0, c: [~, TRUE, 'x']}\n---\n- 1.50\n").unwrap();
        let json = Tree::of_json(r#"[{"a": {"b": 1, "c": [null, true, "x"]}}, [1.5]]"#);
        assert_eq!(Tree::List(yaml), json);
    }

    #[test]
    fn a_number_is_not_its_text_and_comments_are_found() {
        assert_ne!(Tree::of_yaml("a: 1").unwrap(), Tree::of_yaml("a: '1'").unwrap());
        assert_eq!(yaml_comments("# one\na: '# no' # two\n"), ["one", "two"]);
    }
}
