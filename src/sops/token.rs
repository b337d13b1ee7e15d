//! The text form of one encrypted value.
//!
//! ```text
//! ENC[AES256_GCM,data:ZPKSOuh7,iv:ICEi…Pj8=,tag:h0cBYz4qcExJJc+t3xp9xg==,type:str]
//! ```
//!
//! The fields have a fixed order; the three binary ones are standard base64 with padding. This module splits
//! and joins that text. It neither decrypts nor knows what a key is.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::display::Base64Display;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// How every token begins; AES-256-GCM is the only cipher that SOPS has.
const PREFIX: &str = "ENC[AES256_GCM,data:";

/// Standard base64 as Go reads it: padding is required, unused bits of the last digit are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Bytes of a GCM authentication tag.
pub(super) const TAG_BYTES: usize = 16;

/// One encrypted value: cipher text and what is needed, besides key and AAD, to open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The cipher text, as long as the plain text.
    pub(super) data: Vec<u8>,
    /// The initialization vector: 32 bytes in what SOPS writes.
    pub(super) iv: Vec<u8>,
    /// The authentication tag over `data` and the AAD.
    pub(super) tag: [u8; TAG_BYTES],
    /// The type of the plain text. It is not authenticated.
    pub(super) kind: Kind,
}

impl Token {
    /// Reads the token at the start of `text`; returns it and what follows its closing `]`.
    ///
    /// SOPS ignores what follows, which therefore is neither encrypted nor authenticated: the caller
    /// decides whether that is to be ignored or refused. As in the regular expression of SOPS every field
    /// extends as far as it can, so the closing `]` is the last one of the line. A token cannot span lines.
    pub fn parse(text: &str) -> Result<(Token, &str), Error> {
        let (fields, rest) = split(text).ok_or(Error::Malformed)?;
        let tag = decode(fields.tag, "tag")?;
        let token = Token {
            data: decode(fields.data, "data")?,
            iv: decode(fields.iv, "iv")?,
            tag: tag.try_into().map_err(|tag: Vec<u8>| Error::TagLength(tag.len()))?,
            kind: Kind::parse(fields.kind)?,
        };
        Ok((token, rest))
    }

    /// All of the token but its type in one base64 text; holds no bracket, so that it can follow a token.
    pub(super) fn compact(&self) -> String {
        encode(&[&self.iv[..], &self.tag[..], &self.data[..]].concat()).to_string()
    }

    /// Reads what [`Token::compact`] wrote, as text under a vector of 32 bytes.
    pub(super) fn from_compact(text: &str) -> Result<Token, Error> {
        let bytes = decode(text, "data")?;
        let (iv, rest) = bytes.split_at_checked(32).ok_or(Error::Malformed)?;
        let (tag, data) = rest.split_first_chunk::<16>().ok_or(Error::Malformed)?;
        Ok(Token { data: data.to_vec(), iv: iv.to_vec(), tag: *tag, kind: Kind::Str })
    }

    /// The initialization vector, to be used again when the value has not changed.
    pub fn iv(&self) -> &[u8] {
        &self.iv
    }

    /// The type that the token claims for its plain text.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (data, iv, tag) = (encode(&self.data), encode(&self.iv), encode(&self.tag));
        write!(f, "{PREFIX}{data},iv:{iv},tag:{tag},type:{}]", self.kind.name())
    }
}

/// The type that a token names for its plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// A 64-bit integer with sign.
    Int,
    /// A 64-bit floating-point number.
    Float,
    /// A boolean.
    Bool,
    /// A point in time; written by SOPS since 3.10.
    Time,
    /// The text of a comment, without its `#`.
    Comment,
    /// Text by another name: read, never written.
    Bytes,
}

impl Kind {
    /// The word in a token.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "str",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::Time => "time",
            Kind::Comment => "comment",
            Kind::Bytes => "bytes",
        }
    }

    /// The kind with that name.
    fn parse(name: &str) -> Result<Self, Error> {
        [Kind::Str, Kind::Int, Kind::Float, Kind::Bool, Kind::Time, Kind::Comment, Kind::Bytes]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(Error::UnknownKind)
    }
}

/// Why a text is not a value token. No variant quotes the text: it may be a secret that is not encrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text has not the shape of a token.
    #[error("not of the form `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`")]
    Malformed,
    /// A field is not standard, padded base64.
    #[error("the `{field}` field of the token is not base64")]
    Base64 {
        /// `data`, `iv` or `tag`.
        field: &'static str,
    },
    /// The tag has this many bytes instead of 16; a shorter one would be easier to forge.
    #[error("the tag of the token has {0} bytes instead of {TAG_BYTES}")]
    TagLength(usize),
    /// The type is none of those in [`Kind`].
    #[error("the token has an unknown type")]
    UnknownKind,
}

/// The fields of a token as text.
struct Fields<'t> {
    data: &'t str,
    iv: &'t str,
    tag: &'t str,
    kind: &'t str,
}

/// Splits as `^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]` does.
///
/// A greedy match puts each separator as far right as the ones after it allow, which is the same as to
/// search them one after the other from the right.
fn split(text: &str) -> Option<(Fields<'_>, &str)> {
    let line = text.split('\n').next()?.strip_prefix(PREFIX)?;
    let (fields, _) = line.rsplit_once(']')?;
    let rest = &text[PREFIX.len() + fields.len() + 1..];
    let (fields, kind) = split_last(fields, ",type:")?;
    let (fields, tag) = split_last(fields, ",tag:")?;
    let (data, iv) = split_last(fields, ",iv:")?;
    (!data.is_empty()).then_some((Fields { data, iv, tag, kind }, rest))
}

/// Splits at the last `separator` that has at least one character behind it.
fn split_last<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let last = text.chars().next_back()?;
    let at = text[..text.len() - last.len_utf8()].rfind(separator)?;
    Some((&text[..at], &text[at + separator.len()..]))
}

/// The bytes of one field.
fn decode(text: &str, field: &'static str) -> Result<Vec<u8>, Error> {
    BASE64.decode(text).map_err(|_| Error::Base64 { field })
}

/// The text of one field.
fn encode(bytes: &[u8]) -> Base64Display<'_, 'static, GeneralPurpose> {
    Base64Display::new(bytes, &BASE64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STR: &str = "ENC[AES256_GCM,data:ZPKSOuh7,iv:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=,\
                       tag:h0cBYz4qcExJJc+t3xp9xg==,type:str]";

    /// The raw fields of `text`, in order.
    fn fields(text: &str) -> Option<[&str; 4]> {
        split(text).map(|(fields, _)| [fields.data, fields.iv, fields.tag, fields.kind])
    }

    #[test]
    fn a_token_prints_as_it_was_read() {
        let (token, rest) = Token::parse(STR).unwrap();
        assert_eq!(token.to_string(), STR);
        assert_eq!(
            (token.iv().len(), token.data.len(), token.kind(), rest),
            (32, 6, Kind::Str, "")
        );
    }

    #[test]
    fn every_type_is_read_and_written_by_its_name() {
        for name in ["str", "int", "float", "bool", "time", "comment", "bytes"] {
            let text = STR.replace("type:str", &format!("type:{name}"));
            let (token, _) = Token::parse(&text).unwrap();
            assert_eq!(token.kind().name(), name);
            assert_eq!(token.to_string(), text);
        }
    }

    #[test]
    fn text_after_the_last_bracket_is_handed_back() {
        let text = format!("{STR} # note\nsecond line]");
        let (token, rest) = Token::parse(&text).unwrap();
        assert_eq!(token.to_string(), STR);
        assert_eq!(rest, " # note\nsecond line]");
    }

    #[test]
    fn fields_extend_as_far_as_they_can() {
        let prefixed = |text: &str| format!("{PREFIX}{text}");
        let cases = [
            ("a,iv:b,tag:c,type:d]", Some(["a", "b", "c", "d"])),
            ("a,iv:b,tag:c,type:d]e]", Some(["a", "b", "c", "d]e"])),
            (
                "a,iv:x,iv:b,tag:y,tag:c,type:z,type:d]",
                Some(["a,iv:x", "b,tag:y", "c,type:z", "d"]),
            ),
            // The last separator leaves nothing for its field, so the one before it counts.
            ("a,iv:b,tag:c,type:,type:]", Some(["a", "b", "c", ",type:"])),
            ("a,iv:b,tag:,tag:,type:d]", Some(["a", "b", ",tag:", "d"])),
            ("a,iv:b,tag:c,type:ä]", Some(["a", "b", "c", "ä"])),
            (",iv:b,tag:c,type:d]", None),
            ("a,iv:,tag:c,type:d]", None),
            ("a,iv:b,tag:c,type:]", None),
            ("a,iv:b,tag:c,type:d", None),
            ("a,tag:c,iv:b,type:d]", None),
            ("a,iv:b,tag:c,\ntype:d]", None),
        ];
        for (text, expected) in cases {
            assert_eq!(fields(&prefixed(text)), expected, "{text}");
        }
        assert_eq!(fields(&format!(" {STR}")), None, "anchored at the start");
    }

    #[test]
    fn the_hand_written_split_agrees_with_the_expression() {
        let pattern = r"^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]";
        let expression = regex::Regex::new(pattern).unwrap();
        let pieces = [",iv:", ",tag:", ",type:", "]", "x", "ä", "\n"];
        let mut state = 1_u64;
        let mut matches = 0;
        for _ in 0..20_000 {
            let mut text = format!("{PREFIX}x,iv:");
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text += pieces[(state >> 33) as usize % pieces.len()];
            }
            let expected = expression
                .captures(&text)
                .map(|found| [1, 2, 3, 4].map(|n| found.get(n).unwrap().as_str()));
            matches += usize::from(expected.is_some());
            assert_eq!(fields(&text), expected, "{text}");
        }
        assert!(matches > 100, "only {matches} texts were tokens");
    }

    #[test]
    fn damaged_fields_are_named() {
        for field in ["data", "iv", "tag"] {
            let text = STR.replace(&format!("{field}:"), &format!("{field}:?"));
            assert_eq!(Token::parse(&text), Err(Error::Base64 { field }));
        }
        assert_eq!(
            Token::parse(&STR.replace("h0cBYz4qcExJJc+t3xp9xg==", "h0cB")),
            Err(Error::TagLength(3))
        );
        assert_eq!(Token::parse(&STR.replace("type:str", "type:text")), Err(Error::UnknownKind));
        assert_eq!(Token::parse("s3cret"), Err(Error::Malformed));
    }

    #[test]
    fn no_error_quotes_the_text() {
        let canary = "hunter2";
        for text in
            [canary.to_owned(), STR.replace("ZPKS", canary), STR.replace("type:str", canary)]
        {
            let error = Token::parse(&text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(canary));
        }
    }
}
