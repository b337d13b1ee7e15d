//! Values as bytes: what SOPS encrypts, and what its MAC is computed over.
//!
//! | value | kind | bytes |
//! |---|---|---|
//! | text | `str` | the text |
//! | integer | `int` | decimal |
//! | float | `float` | the shortest digits that read back the same, never an exponent; `+Inf`, `-Inf`, `NaN` |
//! | boolean | `bool` | `True` or `False` |
//! | time | `time` | RFC 3339 |
//! | null | – | none: never encrypted, not part of the MAC |
//!
//! The way back accepts what Go's `strconv` and `time` accept, except for floats written with `_` or in
//! hexadecimal, which no SOPS ever wrote.

use std::fmt::Write as _;

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::token::Kind;
use crate::document::Value;
use crate::secret::Secret;

/// Longest float in bytes: sign, `0.` and 324 decimals. Reserving it beforehand means that no copy stays
/// behind in memory when the text grows.
const LONGEST_FLOAT: usize = 327;

/// The plain bytes of one value, and their kind.
pub struct Plaintext<'v> {
    kind: Kind,
    bytes: Bytes<'v>,
}

/// Bytes of the value itself where it is text, else made from it.
enum Bytes<'v> {
    Borrowed(&'v [u8]),
    Formatted(Zeroizing<String>),
}

impl<'v> Plaintext<'v> {
    /// The bytes of `value`; `None` for null.
    pub fn of(value: &'v Value) -> Option<Self> {
        let (kind, bytes) = match value {
            Value::Null => return None,
            Value::Bool(true) => (Kind::Bool, Bytes::Borrowed(b"True")),
            Value::Bool(false) => (Kind::Bool, Bytes::Borrowed(b"False")),
            Value::Int(int) => (Kind::Int, Bytes::Formatted(Zeroizing::new(int.to_string()))),
            Value::Float(float) => (Kind::Float, Bytes::Formatted(format_float(*float))),
            Value::Time(time) => (Kind::Time, Bytes::Borrowed(time.as_bytes())),
            Value::Text(text) => (Kind::Str, Bytes::Borrowed(text.as_bytes())),
        };
        Some(Plaintext { kind, bytes })
    }

    /// Text that is not a value of the document, such as the MAC.
    pub fn text(text: &'v str) -> Self {
        Plaintext { kind: Kind::Str, bytes: Bytes::Borrowed(text.as_bytes()) }
    }

    /// Bytes of a kind, as a token held them.
    pub fn bytes(kind: Kind, bytes: &'v [u8]) -> Self {
        Plaintext { kind, bytes: Bytes::Borrowed(bytes) }
    }

    /// A comment: what stands behind its `#`, leading blanks included.
    pub fn comment(text: &'v str) -> Self {
        Plaintext { kind: Kind::Comment, bytes: Bytes::Borrowed(text.as_bytes()) }
    }

    /// The type to write into the token.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bytes to encrypt or to hash. Empty ones must not be encrypted: SOPS leaves them as they are,
    /// and a token without data cannot be read.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Formatted(text) => text.as_bytes(),
        }
    }
}

/// The value that decrypted bytes of that kind stand for. Comments and `bytes` become text.
pub fn parse(kind: Kind, bytes: &Secret) -> Result<Value, Error> {
    let text = bytes.expose_text().ok_or(Error::NotUtf8)?;
    let value = match kind {
        Kind::Str | Kind::Comment | Kind::Bytes => Some(Value::text(text.to_owned())),
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Float => parse_float(text).map(Value::Float),
        Kind::Bool => parse_bool(text).map(Value::Bool),
        Kind::Time => parse_time(text).map(Value::Time),
    };
    value.ok_or(Error::NotOfKind(kind))
}

/// Why decrypted bytes are not a value. The bytes themselves are not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SOPS can encrypt any bytes as text, but a YAML document can only hold Unicode.
    #[error("the decrypted value is not UTF-8 and cannot be written as YAML")]
    NotUtf8,
    /// The bytes are not of the type that the token claims, which is not authenticated.
    #[error("the decrypted value is not of type `{}`, as its token says", .0.name())]
    NotOfKind(Kind),
}

/// As Go's `FormatFloat(float, 'f', -1, 64)`; Rust's `Display` differs in the names of the infinities and in ties.
fn format_float(float: f64) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_FLOAT));
    if float.is_infinite() {
        text.push_str(if float > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        write!(text, "{float}").expect("writing to a string cannot fail");
        // Where two texts of the shortest length are equally near, Rust takes the greater one and Go the even
        // one, as rounding to that length does. The MAC depends on it.
        if let Some((_, decimals)) = text.split_once('.') {
            let mut even = Zeroizing::new(String::with_capacity(LONGEST_FLOAT));
            write!(even, "{float:.*}", decimals.len()).expect("writing to a string cannot fail");
            if even.parse() == Ok(float) {
                return even;
            }
        }
    }
    text
}

/// As Go's `ParseFloat`: a number too large is an error rather than infinite, NaN has no sign.
fn parse_float(text: &str) -> Option<f64> {
    let float: f64 = text.parse().ok()?;
    let is_number = text.ends_with(|last: char| last.is_ascii_digit() || last == '.');
    if float.is_infinite() && is_number || float.is_nan() && text.starts_with(['+', '-']) {
        return None;
    }
    Some(float)
}

/// As Go's `ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Checks an RFC 3339 time and brings it into the form in which Go prints it: the fraction without trailing
/// zeros and cut to nanoseconds, `Z` instead of `+00:00`.
fn parse_time(text: &str) -> Option<String> {
    let (date_time, rest) = text.split_at_checked("2006-01-02T15:04:05".len())?;
    let digits = |from: usize, to: usize| number(&date_time[from..to]);
    let in_place = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    if !date_time.bytes().enumerate().all(in_place) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    if digits(11, 13)? > 23 || digits(14, 16)? > 59 || digits(17, 19)? > 59 {
        return None;
    }
    let (fraction, zone) = split_fraction(rest)?;
    Some(format!("{date_time}{fraction}{}", parse_zone(zone)?))
}

/// Splits `.250Z` into `.25` and `Z`.
fn split_fraction(text: &str) -> Option<(String, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some((String::new(), text)) };
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let nanoseconds = text[..end.min(9)].trim_end_matches('0');
    let fraction = if nanoseconds.is_empty() { String::new() } else { format!(".{nanoseconds}") };
    (end > 0).then_some((fraction, &text[end..]))
}

/// Checks `Z` or `+05:30`.
fn parse_zone(zone: &str) -> Option<&str> {
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return (zone == "Z").then_some(zone) };
    let (hours, minutes) = offset.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 || number(hours)? > 23 || number(minutes)? > 59 {
        return None;
    }
    Some(if offset == "00:00" { "Z" } else { zone })
}

/// A number of decimal digits only.
fn number(digits: &str) -> Option<i16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain text of `value`.
    fn bytes(value: &Value) -> String {
        String::from_utf8(Plaintext::of(value).unwrap().as_bytes().to_vec()).unwrap()
    }

    /// The value that `text` stands for, as `kind:text`, or the error.
    fn read(kind: Kind, text: &str) -> Result<String, Error> {
        let value = parse(kind, &Secret::from(text.to_owned()))?;
        Ok(format!("{}:{}", Plaintext::of(&value).unwrap().kind().name(), bytes(&value)))
    }

    #[test]
    fn values_become_the_bytes_that_sops_hashes() {
        assert!(Plaintext::of(&Value::Null).is_none());
        assert_eq!(bytes(&Value::Bool(true)), "True");
        assert_eq!(bytes(&Value::Bool(false)), "False");
        assert_eq!(bytes(&Value::Int(i64::MIN)), "-9223372036854775808");
        assert_eq!(bytes(&Value::Time("2031-05-06T07:08:09Z".into())), "2031-05-06T07:08:09Z");
        assert_eq!(bytes(&Value::text("pä ss".into())), "pä ss");
        assert_eq!(bytes(&Value::text(String::new())), "");
    }

    #[test]
    fn floats_have_the_shortest_digits_and_no_exponent() {
        let cases = [
            (1.0, "1"),
            (1.5, "1.5"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (123_456_789.123_456_79, "123456789.12345679"),
            (6_120_895_005_193_042.0 / 8.0, "765111875649130.2"),
            (6_120_895_005_193_046.0 / 8.0, "765111875649130.8"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ];
        for (float, text) in cases {
            assert_eq!(bytes(&Value::Float(float)), text);
        }
    }

    #[test]
    fn the_longest_floats_fill_their_reservation() {
        for float in [-f64::from_bits(1), -2.225_073_858_507_201_4e-308] {
            assert_eq!(format_float(float).len(), LONGEST_FLOAT);
        }
    }

    #[test]
    fn integers_are_read_as_go_reads_them() {
        assert_eq!(read(Kind::Int, "-7"), Ok("int:-7".into()));
        assert_eq!(read(Kind::Int, "+007"), Ok("int:7".into()));
        for text in ["", "-", "1_000", "0x10", "1.0", " 1", "9223372036854775808"] {
            assert_eq!(read(Kind::Int, text), Err(Error::NotOfKind(Kind::Int)), "{text}");
        }
    }

    #[test]
    fn floats_are_read_as_go_reads_them() {
        let cases = [
            ("1", "1"),
            ("1e3", "1000"),
            (".5", "0.5"),
            ("5.", "5"),
            ("Inf", "+Inf"),
            ("-infinity", "-Inf"),
            ("nan", "NaN"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(Kind::Float, text), Ok(format!("float:{expected}")), "{text}");
        }
        for text in ["", ".", "1e", "1e999", "-1e999", "+nan", "-nan", "1.5 ", "one"] {
            assert_eq!(read(Kind::Float, text), Err(Error::NotOfKind(Kind::Float)), "{text}");
        }
    }

    #[test]
    fn booleans_are_read_as_go_reads_them() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(read(Kind::Bool, text), Ok("bool:True".into()));
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(read(Kind::Bool, text), Ok("bool:False".into()));
        }
        for text in ["", "yes", "tRUE", "2"] {
            assert_eq!(read(Kind::Bool, text), Err(Error::NotOfKind(Kind::Bool)));
        }
    }

    #[test]
    fn times_are_checked_and_trimmed() {
        let cases = [
            ("2031-05-06T07:08:09Z", "2031-05-06T07:08:09Z"),
            ("2031-05-06T07:08:09.250Z", "2031-05-06T07:08:09.25Z"),
            ("2031-05-06T07:08:09.000+05:30", "2031-05-06T07:08:09+05:30"),
            ("2031-05-06T07:08:09.1234567891-11:00", "2031-05-06T07:08:09.123456789-11:00"),
            ("2028-02-29T00:00:00+00:00", "2028-02-29T00:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(Kind::Time, text), Ok(format!("time:{expected}")), "{text}");
        }
    }

    #[test]
    fn impossible_times_are_refused() {
        let cases = [
            "",
            "2031-05-06",
            "2031-05-06T07:08:09",
            "2031-05-06 07:08:09Z",
            "2031-05-06t07:08:09Z",
            "2031-13-06T07:08:09Z",
            "2031-02-29T07:08:09Z",
            "2031-05-06T24:08:09Z",
            "2031-05-06T07:60:09Z",
            "2031-05-06T07:08:60Z",
            "2031-05-06T07:08:09.Z",
            "2031-05-06T07:08:09z",
            "2031-05-06T07:08:09+0530",
            "2031-05-06T07:08:09+24:00",
            "2031-05-06T07:08:09+05:30x",
            "2031-05-06T07:08:ä",
            "+031-05-06T07:08:09Z",
        ];
        for text in cases {
            assert_eq!(read(Kind::Time, text), Err(Error::NotOfKind(Kind::Time)), "{text}");
        }
    }

    #[test]
    fn comments_and_bytes_are_text() {
        assert_eq!(read(Kind::Comment, " rotate"), Ok("str: rotate".into()));
        assert_eq!(read(Kind::Bytes, "7"), Ok("str:7".into()));
        assert_eq!(Plaintext::comment(" rotate").kind(), Kind::Comment);
        assert_eq!(Plaintext::text("F00").kind(), Kind::Str);
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_by_name() {
        let error = parse(Kind::Str, &Secret::new(vec![0xff, b'a'])).err().unwrap();
        assert_eq!(error, Error::NotUtf8);
        assert_eq!(
            error.to_string(),
            "the decrypted value is not UTF-8 and cannot be written as YAML"
        );
    }
}
