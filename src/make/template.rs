//! Templates: values composed from others.
//!
//! ```text
//! {KEY}          the value of KEY
//! {KEY|url}      … percent-encoded: all but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986, 2.1 and 2.3)
//! {KEY|base64}   … in base64 with padding
//! {KEY|hex}      … in hexadecimal digits
//! {{ and }}      a brace
//! ```
//!
//! Unknown filters are refused, and values that are not text, unless base64 or hexadecimal digits make text of them.
//! Errors name a key, a filter and a column, never a value. The text of a template is not secret: it stands on the
//! command line.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::derivation::Sources;
use super::{encode, percent_encode};
use crate::secret::Secret;

/// Why a template cannot be read or filled. Columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A `{` without its `}`.
    #[error("column {column}: `{{` is not closed; a brace itself is written `{{{{`")]
    Unclosed {
        /// Where the brace stands.
        column: usize,
    },
    /// A `}` that closes nothing.
    #[error("column {column}: `}}` closes nothing; a brace itself is written `}}}}`")]
    Stray {
        /// Where the brace stands.
        column: usize,
    },
    /// What stands in the braces is no key.
    #[error("column {column}: `{key}` is not a key")]
    NotAKey {
        /// Where the brace before it stands.
        column: usize,
        /// What stands there.
        key: String,
    },
    /// There is no such filter.
    #[error("column {column}: unknown filter `{filter}`; known are `url`, `base64` and `hex`")]
    UnknownFilter {
        /// Where the brace before it stands.
        column: usize,
        /// Its name.
        filter: String,
    },
    /// The value is binary.
    #[error("column {column}: the value of `{key}` is not text")]
    NotText {
        /// Where the brace before it stands.
        column: usize,
        /// The key of the value.
        key: String,
    },
    /// A value is not there.
    #[error("column {column}: there is no key `{key}`")]
    UnknownKey {
        /// Where the brace before it stands.
        column: usize,
        /// The key.
        key: String,
    },
}

/// A text with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value {
        key: String,
        filter: Filter,
        /// Of its brace.
        column: usize,
    },
}

/// How a value is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Plain,
    Url,
    Base64,
    Hex,
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().zip(1..).peekable();
        while let Some((character, column)) = characters.next() {
            match character {
                '{' | '}' if characters.next_if(|(next, _)| *next == character).is_some() => {
                    literal.push(character);
                }
                '}' => return Err(Error::Stray { column }),
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match characters.next() {
                            Some(('}', _)) => break,
                            Some((character, _)) => inside.push(character),
                            None => return Err(Error::Unclosed { column }),
                        }
                    }
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                    parts.push(value(&inside, column)?);
                }
                _ => literal.push(character),
            }
        }
        parts.push(Part::Text(literal));
        Ok(Template(parts))
    }
}

impl fmt::Display for Template {
    /// As it is read, which is the only way to write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Value { key, filter, .. } => match filter.name() {
                Some(name) => write!(f, "{{{key}|{name}}}"),
                None => write!(f, "{{{key}}}"),
            },
        })
    }
}

impl Template {
    /// The keys that it names.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.places().map(|(key, _)| key)
    }

    /// The keys that it names, each with the column of its brace.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().filter_map(|part| match part {
            Part::Value { key, column, .. } => Some((key.as_str(), *column)),
            Part::Text(_) => None,
        })
    }

    /// The text with its values.
    pub(crate) fn fill(&self, sources: &Sources<'_>) -> Result<Secret, Error> {
        let mut filled = Zeroizing::new(String::new());
        for part in &self.0 {
            match part {
                Part::Text(text) => append(&mut filled, text),
                Part::Value { key, filter, column } => {
                    let (key, column) = (key.clone(), *column);
                    let Some(value) = sources(&key) else {
                        return Err(Error::UnknownKey { column, key });
                    };
                    match filter.spell(value) {
                        Some(text) => append(&mut filled, &text),
                        None => return Err(Error::NotText { column, key }),
                    }
                }
            }
        }
        Ok(Secret::new(std::mem::take(&mut *filled).into_bytes()))
    }

    /// Whether a value that is there already is this text with these values; `None` where one of them is missing or is
    /// not text.
    pub(crate) fn holds(&self, composed: &Secret, sources: &Sources<'_>) -> Option<bool> {
        self.fill(sources).ok().map(|made| made == *composed)
    }
}

impl Filter {
    /// All of them.
    const ALL: [Filter; 4] = [Filter::Plain, Filter::Url, Filter::Base64, Filter::Hex];

    /// As it is written behind a key; `None` where nothing is.
    fn name(self) -> Option<&'static str> {
        match self {
            Filter::Plain => None,
            Filter::Url => Some("url"),
            Filter::Base64 => Some("base64"),
            Filter::Hex => Some("hex"),
        }
    }

    /// `None` for a binary value that stays binary.
    fn spell(self, value: &Secret) -> Option<Zeroizing<String>> {
        let bytes = value.expose();
        Some(Zeroizing::new(match self {
            Filter::Plain => value.expose_text()?.to_owned(),
            Filter::Url => {
                let text = value.expose_text()?;
                let mut encoded = String::with_capacity(3 * text.len());
                percent_encode(text.as_bytes(), &mut encoded);
                encoded
            }
            Filter::Base64 => encode::base64(bytes),
            Filter::Hex => encode::hex(bytes),
        }))
    }
}

/// What stands between braces.
fn value(inside: &str, column: usize) -> Result<Part, Error> {
    let (key, filter) = match inside.split_once('|') {
        Some((key, filter)) => (key, Some(filter)),
        None => (inside, None),
    };
    if !is_key(key) {
        return Err(Error::NotAKey { column, key: key.to_owned() });
    }
    match Filter::ALL.into_iter().find(|known| known.name() == filter) {
        Some(filter) => Ok(Part::Value { key: key.to_owned(), filter, column }),
        None => {
            let filter = filter.unwrap_or_default().to_owned();
            Err(Error::UnknownFilter { column, filter })
        }
    }
}

/// Whether a text can be a key of a Secret or ConfigMap: as `IsConfigMapKey` of the API server decides, that is
/// `[-._a-zA-Z0-9]+`, at most 253 characters, not `.`, and not beginning with `..`.
pub(crate) fn is_key(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=253).contains(&text.len())
        && text.bytes().all(allowed)
        && text != "."
        && !text.starts_with("..")
}

/// Appends by way of a new buffer where the old one is too small, so that the old one is wiped.
fn append(to: &mut Zeroizing<String>, text: &str) {
    if to.capacity() - to.len() < text.len() {
        let mut larger = Zeroizing::new(String::with_capacity(2 * (to.len() + text.len())));
        larger.push_str(to);
        *to = larger;
    }
    to.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, values: &[(&str, &[u8])]) -> Result<String, String> {
        let values: Vec<_> =
            values.iter().map(|(key, value)| (*key, Secret::new(value.to_vec()))).collect();
        let find =
            |key: &str| values.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
        let template: Template = text.parse().unwrap();
        let filled = template.fill(&find).map_err(|error| error.to_string())?;
        assert_eq!(template.holds(&filled, &find), Some(true));
        assert_eq!(template.holds(&Secret::from("else".to_owned()), &find), Some(false));
        assert_eq!(template.holds(&filled, &|_| None), (!text.contains("{A")).then_some(true));
        Ok(filled.expose_text().unwrap().to_owned())
    }

    #[test]
    fn values_are_filled_in_and_encoded() {
        let password = "p@ss/w:ö %~-._+";
        assert_eq!(
            filled("smtp://me:{A|url}@mail.test:587", &[("A", password.as_bytes())]).unwrap(),
            "smtp://me:p%40ss%2Fw%3A%C3%B6%20%25~-._%2B@mail.test:587"
        );
        assert_eq!(filled("{A}", &[("A", password.as_bytes())]).unwrap(), password);
        assert_eq!(filled("{A|base64} {A|hex}", &[("A", b"f\xff")]).unwrap(), "Zv8= 66ff");
    }

    #[test]
    fn doubled_braces_are_braces() {
        let json = r#"{{"key": "{A}", "b": {{}}}}"#;
        assert_eq!(filled(json, &[("A", b"1")]).unwrap(), r#"{"key": "1", "b": {}}"#);
        assert_eq!(filled("{{}}", &[]).unwrap(), "{}");
    }

    #[test]
    fn a_value_with_braces_is_not_read_again() {
        assert_eq!(filled("{A}", &[("A", b"{B}")]).unwrap(), "{B}");
    }

    #[test]
    fn a_missing_and_a_binary_value_are_refused() {
        assert_eq!(filled("ä{A}", &[]).unwrap_err(), "column 2: there is no key `A`");
        for text in ["{A}", "{A|url}"] {
            assert_eq!(
                filled(text, &[("A", &[0xff])]).unwrap_err(),
                "column 1: the value of `A` is not text"
            );
        }
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_column() {
        let cases = [
            ("ab{KEY", "column 3: `{` is not closed; a brace itself is written `{{`"),
            ("{", "column 1: `{` is not closed; a brace itself is written `{{`"),
            ("a}b", "column 2: `}` closes nothing; a brace itself is written `}}`"),
            ("ö{}", "column 2: `` is not a key"),
            ("{A B}", "column 1: `A B` is not a key"),
            ("{A|rot13}", "column 1: unknown filter `rot13`; known are `url`, `base64` and `hex`"),
            (
                "{A|url|url}",
                "column 1: unknown filter `url|url`; known are `url`, `base64` and `hex`",
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(text.parse::<Template>().unwrap_err().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn keys_follow_the_syntax_of_the_api_server() {
        for key in ["a", "A_b-c.d", ".dockerconfigjson", "0", &"k".repeat(253)] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", ".", "..", "..data", "a b", "a/b", "ä", "a=b", &"k".repeat(254)] {
            assert!(!is_key(key), "{key}");
        }
    }
}
