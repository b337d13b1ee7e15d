//! Indices of values as SOPS writes them: `["key"][0]`.
//!
//! Keys stand in single or double quotes and know no escapes: a key ends at its quote before `]`, so it may hold
//! brackets and quotes itself. List items are counted from 0.

use crate::document::{Component, Route};

/// Why a text is no index. The text itself is not repeated: somebody may have mistaken the value for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing.
    #[error("the index is empty")]
    Empty,
    /// Something stands outside of brackets.
    #[error("component {0} does not begin with `[`")]
    NoBracket(usize),
    /// No quote and bracket follow.
    #[error("component {0} does not end with its quote and `]`")]
    Unclosed(usize),
    /// Neither a quoted key nor a number.
    #[error("component {0} is neither a quoted key nor a number from 0")]
    NoNumber(usize),
}

/// Reads an index.
pub fn parse(text: &str) -> Result<Route, Error> {
    let mut route = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let place = route.len() + 1;
        let inside = rest.strip_prefix('[').ok_or(Error::NoBracket(place))?;
        let (component, after) = match inside.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = [quote, ']'].iter().collect::<String>();
                let (key, after) = inside[1..].split_once(&end).ok_or(Error::Unclosed(place))?;
                (Component::Key(key.to_owned()), after)
            }
            _ => {
                let (digits, after) = inside.split_once(']').ok_or(Error::Unclosed(place))?;
                let number = digits.parse().map_err(|_| Error::NoNumber(place))?;
                (Component::Index(number), after)
            }
        };
        route.push(component);
        rest = after;
    }
    if route.is_empty() { Err(Error::Empty) } else { Ok(Route(route)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Component {
        Component::Key(text.to_owned())
    }

    #[test]
    fn keys_and_numbers_are_read() {
        let read = |text| parse(text).unwrap().0;
        assert_eq!(read(r#"["a"]"#), [key("a")]);
        assert_eq!(
            read(r#"["a"]['b'][0][12]"#),
            [key("a"), key("b"), Component::Index(0), Component::Index(12)]
        );
        assert_eq!(read(r#"["it's"]['say "hi"']"#), [key("it's"), key("say \"hi\"")]);
        assert_eq!(read(r#"[""]"#), [key("")]);
        assert_eq!(read("[+1]"), [Component::Index(1)]);
    }

    #[test]
    fn a_key_may_hold_brackets_and_quotes() {
        assert_eq!(parse(r#"["a[0]"]["b"c"]"#).unwrap().0, [key("a[0]"), key("b\"c")]);
        assert_eq!(parse(r#"["a\"]"#).unwrap().0, [key("a\\")]);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for (text, error) in [
            ("", Error::Empty),
            ("a", Error::NoBracket(1)),
            (r#"["a"]b"#, Error::NoBracket(2)),
            (r#"["a"] ["b"]"#, Error::NoBracket(2)),
            (r#"["a""#, Error::Unclosed(1)),
            (r#"["a]"#, Error::Unclosed(1)),
            (r#"["a']"#, Error::Unclosed(1)),
            ("[0][1", Error::Unclosed(2)),
            ("[a]", Error::NoNumber(1)),
            ("[]", Error::NoNumber(1)),
            ("[-1]", Error::NoNumber(1)),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
