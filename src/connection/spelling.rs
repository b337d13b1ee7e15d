//! How a password is spelled inside of other texts, and how such a spelling is recognised and read.
//!
//! ```text
//! raw        a/b'c      as it is
//! percent    a%2Fb'c    in a URL; any sign may be encoded, in digits of either case, as Go or libpq would
//! form       x+y        the same with `+` for a blank, as in the query of a JDBC URL
//! escaped    a/b\'c     with `\` before signs or `\u0026` for them: pgpass, libpq's key/value strings, JSON
//! doubled    a/b''c     with `''` for `'`: YAML and SQL
//! ```
//!
//! A text has one spelling or another, never a mixture: each is decoded by itself, sign by sign.

use zeroize::Zeroizing;

use crate::secret::Secret;

/// A way to write a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spelling {
    /// As it is.
    Raw,
    /// Signs as `%XX`.
    Percent,
    /// Signs as `%XX`, blanks as `+`.
    Form,
    /// Signs behind a backslash.
    Escaped,
    /// Two single quotes for one.
    Doubled,
}

/// All of them. The raw one comes first: where nothing is encoded, all are the same.
pub(crate) const SPELLINGS: [Spelling; 5] =
    [Spelling::Raw, Spelling::Percent, Spelling::Form, Spelling::Escaped, Spelling::Doubled];

impl Spelling {
    /// The length of the text at the beginning of `text` that says `wanted` in this spelling.
    pub(crate) fn length_of(self, wanted: &[u8], text: &[u8]) -> Option<usize> {
        let mut at = 0;
        for byte in wanted {
            let (decoded, length) = self.sign(&text[at..])?;
            if decoded != *byte {
                return None;
            }
            at += length;
        }
        Some(at)
    }

    /// What a text in this spelling says; `None` where it is not in it.
    pub(crate) fn decode(self, text: &[u8]) -> Option<Secret> {
        let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut at = 0;
        while at < text.len() {
            let (byte, length) = self.sign(&text[at..])?;
            decoded.push(byte);
            at += length;
        }
        Some(Secret::new(std::mem::take(&mut *decoded)))
    }

    /// What the first sign of a text means, and its length.
    fn sign(self, text: &[u8]) -> Option<(u8, usize)> {
        let first = *text.first()?;
        match (self, first) {
            (Spelling::Percent | Spelling::Form, b'%') => Some((hex(text.get(1..3)?)?, 3)),
            (Spelling::Form, b'+') => Some((b' ', 1)),
            (Spelling::Escaped, b'\\') => match text.get(1)? {
                b'u' => {
                    let [high, low] = [text.get(2..4)?, text.get(4..6)?];
                    Some((hex(low).filter(|_| high == b"00")?, 6))
                }
                sign if sign.is_ascii_punctuation() || *sign == b' ' => Some((*sign, 2)),
                _ => None,
            },
            (Spelling::Doubled, b'\'') => (text.get(1)? == &b'\'').then_some((b'\'', 2)),
            _ => Some((first, 1)),
        }
    }
}

/// Where the fields of a pgpass line end, `host:port:database:user:password`: the colons without a backslash.
pub(crate) fn colons(line: &[u8]) -> Vec<usize> {
    let escaped = |at: usize| line[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
    (0..line.len()).filter(|at| line[*at] == b':' && !escaped(*at)).collect()
}

/// A byte from two hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(*high)? * 16 + digit(*low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(spelling: Spelling, wanted: &str, text: &str) -> Option<usize> {
        spelling.length_of(wanted.as_bytes(), text.as_bytes())
    }

    #[test]
    fn every_spelling_is_recognised_with_its_length() {
        let cases = [
            (Spelling::Raw, "a+/=", "a+/=x", 4),
            (Spelling::Percent, "a+/=", "a%2B%2F%3D@", 10),
            (Spelling::Percent, "a+/=", "a%2b%2f%3d@", 10),
            // Go leaves `+` and `=` of a password as they are.
            (Spelling::Percent, "a+/=", "a+%2F=@", 6),
            (Spelling::Percent, "a%41", "a%2541", 6),
            (Spelling::Form, "a b+", "a+b%2B&", 6),
            (Spelling::Escaped, r"a:\'", r"a\:\\\'", 7),
            (Spelling::Escaped, r#"a"&"#, r#"a\"\u0026""#, 9),
            (Spelling::Doubled, "a'b", "a''b", 4),
        ];
        for (spelling, wanted, text, length) in cases {
            assert_eq!(found(spelling, wanted, text), Some(length), "{spelling:?} {text}");
        }
    }

    #[test]
    fn what_is_spelled_is_read() {
        let cases = [
            (Spelling::Raw, "a%41+", Some("a%41+")),
            (Spelling::Percent, "a%41+", Some("aA+")),
            (Spelling::Form, "a%41+", Some("aA ")),
            (Spelling::Escaped, r"a\:\\", Some(r"a:\")),
            (Spelling::Doubled, "a''b", Some("a'b")),
            (Spelling::Percent, "a%4", None),
            (Spelling::Escaped, r"a\", None),
        ];
        for (spelling, text, wanted) in cases {
            let read = spelling.decode(text.as_bytes());
            assert_eq!(read.as_ref().and_then(Secret::expose_text), wanted, "{spelling:?} {text}");
        }
    }

    #[test]
    fn the_colons_of_a_pgpass_line_are_those_without_a_backslash() {
        assert_eq!(colons(br"a:b\:c:d\\:e"), [1, 6, 10]);
    }

    #[test]
    fn another_text_or_half_a_sign_is_not_recognised() {
        let cases = [
            (Spelling::Raw, "ab", "aB"),
            (Spelling::Raw, "ab", "a"),
            (Spelling::Percent, "a%41", "a%41"),
            (Spelling::Percent, "a/", "a%2"),
            (Spelling::Percent, "a/", "a%zz"),
            (Spelling::Percent, "a b", "a+b"),
            (Spelling::Escaped, r"a\b", r"a\b"),
            (Spelling::Escaped, "a&", r"a\u1026"),
            (Spelling::Doubled, "a'b", "a'b"),
        ];
        for (spelling, wanted, text) in cases {
            assert_eq!(found(spelling, wanted, text), None, "{spelling:?} {text}");
        }
    }
}
