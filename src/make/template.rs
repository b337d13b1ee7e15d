//! Templates: values composed from others.
//!
//! ```text
//! {KEY}       the value of KEY
//! {KEY|url}   … percent-encoded: all but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986, 2.1 and 2.3)
//! {{ and }}   a brace
//! ```
//!
//! A template may name keys whose values are templates; a circle is refused, as are unknown keys and
//! filters, and values that are not text. Errors name a key, a filter and a column, never a value. The
//! text of a template is not secret: it stands on the command line.

use std::str::FromStr;

use zeroize::Zeroizing;

use super::percent_encode;
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
    #[error("column {column}: unknown filter `{filter}`; known is `url`")]
    UnknownFilter {
        /// Where the brace before it stands.
        column: usize,
        /// Its name.
        filter: String,
    },
    /// No value has this key.
    #[error("template of `{of}`, column {column}: there is no key `{key}`")]
    UnknownKey {
        /// The key whose template it is.
        of: String,
        /// Where the brace before it stands.
        column: usize,
        /// The unknown key.
        key: String,
    },
    /// The value is binary.
    #[error("template of `{of}`, column {column}: the value of `{key}` is not text")]
    NotText {
        /// The key whose template it is.
        of: String,
        /// Where the brace before it stands.
        column: usize,
        /// The key of the value.
        key: String,
    },
    /// Templates that need each other.
    #[error("template of `{of}`, column {column}: `{key}` is made from itself")]
    Circle {
        /// The key whose template closes the circle.
        of: String,
        /// Where the brace before it stands.
        column: usize,
        /// The key that the circle leads back to.
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
        /// Whether it is percent-encoded.
        url: bool,
        /// Of its brace.
        column: usize,
    },
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

impl Template {
    /// The keys that it names.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Value { key, .. } => Some(key.as_str()),
            Part::Text(_) => None,
        })
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
    match filter {
        None => Ok(Part::Value { key: key.to_owned(), url: false, column }),
        Some("url") => Ok(Part::Value { key: key.to_owned(), url: true, column }),
        Some(filter) => Err(Error::UnknownFilter { column, filter: filter.to_owned() }),
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

/// What a value is made from.
pub(crate) enum Entry {
    /// It is there already.
    Value(Secret),
    /// Other values of the same set.
    Template(Template),
}

/// Fills the templates of a set of entries, in whatever order they need each other, and gives all values
/// in the order of the entries.
pub(crate) fn compose(entries: Vec<(String, Entry)>) -> Result<Vec<(String, Secret)>, Error> {
    let mut states: Vec<State> = entries
        .iter()
        .map(|(_, entry)| match entry {
            Entry::Value(_) => State::Done(None),
            Entry::Template(_) => State::Waiting,
        })
        .collect();
    for index in 0..entries.len() {
        fill(index, &entries, &mut states)?;
    }
    let values =
        entries.into_iter().zip(states).map(|((key, entry), state)| match (entry, state) {
            (_, State::Done(Some(value))) => (key, value),
            (Entry::Value(value), _) => (key, value),
            (Entry::Template(_), _) => unreachable!("every template was filled above"),
        });
    Ok(values.collect())
}

/// How far an entry is.
enum State {
    /// A template that nobody has asked for yet.
    Waiting,
    /// A template that waits for another one: to come back to it is a circle.
    Open,
    /// There is a value: that of the filled template, or the entry's own.
    Done(Option<Secret>),
}

fn fill(index: usize, entries: &[(String, Entry)], states: &mut [State]) -> Result<(), Error> {
    let (of, Entry::Template(template)) = &entries[index] else { return Ok(()) };
    if !matches!(states[index], State::Waiting) {
        return Ok(());
    }
    states[index] = State::Open;
    let mut filled = Zeroizing::new(String::new());
    for part in &template.0 {
        match part {
            Part::Text(text) => append(&mut filled, text),
            Part::Value { key, url, column } => {
                let (of, column, key) = (of.clone(), *column, key.clone());
                let Some(needed) = entries.iter().position(|(candidate, _)| *candidate == key)
                else {
                    return Err(Error::UnknownKey { of, column, key });
                };
                if matches!(states[needed], State::Open) {
                    return Err(Error::Circle { of, column, key });
                }
                fill(needed, entries, states)?;
                let value = match (&states[needed], &entries[needed].1) {
                    (State::Done(Some(value)), _) | (_, Entry::Value(value)) => value,
                    _ => unreachable!("it was filled right before"),
                };
                let Some(text) = value.expose_text() else {
                    return Err(Error::NotText { of, column, key });
                };
                if *url {
                    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
                    percent_encode(text.as_bytes(), &mut encoded);
                    append(&mut filled, &encoded);
                } else {
                    append(&mut filled, text);
                }
            }
        }
    }
    states[index] = State::Done(Some(Secret::new(std::mem::take(&mut *filled).into_bytes())));
    Ok(())
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

    fn given(key: &str, value: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Value(Secret::from(value.to_owned())))
    }

    fn template(key: &str, text: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Template(text.parse().unwrap()))
    }

    fn texts(entries: Vec<(String, Entry)>) -> Vec<String> {
        let values = compose(entries).unwrap();
        values.iter().map(|(_, value)| value.expose_text().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn refusal(entries: Vec<(String, Entry)>) -> String {
        compose(entries).err().expect("refused").to_string()
    }

    #[test]
    fn values_are_filled_in_and_encoded() {
        let password = "p@ss/w:ö %~-._+";
        let entries = vec![
            template("URL", "smtp://me:{PASSWORD|url}@mail.test:587"),
            given("PASSWORD", password),
            template("PLAIN", "{PASSWORD}"),
        ];
        assert_eq!(
            texts(entries),
            ["smtp://me:p%40ss%2Fw%3A%C3%B6%20%25~-._%2B@mail.test:587", password, password]
        );
    }

    #[test]
    fn doubled_braces_are_braces() {
        let entries = vec![template("JSON", r#"{{"key": "{A}", "b": {{}}}}"#), given("A", "1")];
        assert_eq!(texts(entries)[0], r#"{"key": "1", "b": {}}"#);
    }

    #[test]
    fn a_value_with_braces_is_not_read_again() {
        assert_eq!(texts(vec![template("A", "{B}"), given("B", "{A}")]), ["{A}", "{A}"]);
    }

    #[test]
    fn templates_may_need_each_other_in_any_order() {
        let entries = vec![
            template("C", "{B}{B}"),
            template("B", "<{A}>"),
            template("A", "a"),
            template("D", "{C}"),
        ];
        assert_eq!(texts(entries), ["<a><a>", "<a>", "a", "<a><a>"]);
    }

    #[test]
    fn a_circle_is_refused() {
        assert_eq!(
            refusal(vec![template("A", "x{B}"), template("B", "{A|url}")]),
            "template of `B`, column 1: `A` is made from itself"
        );
        assert_eq!(
            refusal(vec![template("A", "ä{A}")]),
            "template of `A`, column 2: `A` is made from itself"
        );
    }

    #[test]
    fn an_unknown_key_and_a_binary_value_are_refused() {
        assert_eq!(
            refusal(vec![template("URL", "://{PASSWROD}")]),
            "template of `URL`, column 4: there is no key `PASSWROD`"
        );
        let binary = ("B".to_owned(), Entry::Value(Secret::new(vec![0xff])));
        assert_eq!(
            refusal(vec![template("T", "{B|url}"), binary]),
            "template of `T`, column 1: the value of `B` is not text"
        );
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_column() {
        let cases = [
            ("ab{KEY", "column 3: `{` is not closed; a brace itself is written `{{`"),
            ("{", "column 1: `{` is not closed; a brace itself is written `{{`"),
            ("a}b", "column 2: `}` closes nothing; a brace itself is written `}}`"),
            ("ö{}", "column 2: `` is not a key"),
            ("{A B}", "column 1: `A B` is not a key"),
            ("{A|base64}", "column 1: unknown filter `base64`; known is `url`"),
            ("{A|url|url}", "column 1: unknown filter `url|url`; known is `url`"),
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
