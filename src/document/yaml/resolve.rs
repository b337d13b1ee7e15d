//! What a YAML scalar stands for: the type and value that SOPS sees behind a spelling.
//!
//! SOPS encrypts values, not spellings: `0755` is the number 493, `2001-1-1` is a time, `yes` is text. A value
//! read in another way than SOPS reads it would get the wrong type in its token and break the MAC, so this module
//! follows SOPS' parser, go-yaml v3.0.4, in every accident – it is neither the YAML 1.1 nor the 1.2 schema:
//!
//! ```text
//! true Null .inf ~       words, in these exact spellings (`yes`, `on`, `nULL` are text)
//! 2001-1-1T1:2:3,5Z      times; the zone is kept, never converted
//! 0755 0o7 0x1F 1_000    whole numbers, `_` ignored, leading zero means octal
//! 08 1e3 5. .5           floats (`08` is no octal number, and therefore 8.0)
//! 1:30 0x 1e400          text
//! ```
//!
//! It also answers the opposite question, whether a text may stand in a file without quotes
//! ([`plain_is_safe`]), more strictly: for every parser in use, not for go-yaml alone.
//!
//! What this module does not do: undo quoting or folding – it is given the scalar's decoded text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::document::value::Value;

/// Why a scalar has no value that SOPS could work with. No variant carries the text: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ResolveError {
    /// A whole number above `i64::MAX` that fits an unsigned one. SOPS parses it and then fails to encrypt it.
    #[error("integer too large: more than 9223372036854775807")]
    IntegerTooLarge,
    /// A time whose zone is a day or more off UTC. SOPS parses it and then fails to write it.
    #[error("time zone offset of 24 hours or more")]
    ZoneTooLarge,
    /// The text is not what the explicit tag says, as in `!!int abc`.
    #[error("value does not fit its tag `{tag}`")]
    TagMismatch {
        /// The tag in its short form, for example `!!int`.
        tag: &'static str,
    },
    /// The text under `!!binary` is not padded standard base64.
    #[error("value tagged `!!binary` is not base64")]
    NotBase64,
    /// The bytes under `!!binary` are not UTF-8, so they cannot be a text value.
    #[error("value tagged `!!binary` is not UTF-8 text")]
    BinaryNotText,
}

/// The value of a plain (unquoted) scalar with the given tag, if any; the tag `!` counts as none.
///
/// Fails as [`resolve_tagged`] does, and for numbers and times beyond what SOPS can write.
pub(super) fn resolve(text: &str, tag: Option<&str>) -> Result<Value, ResolveError> {
    match tag {
        None | Some("" | "!") => implicit(text, true),
        Some(tag) => resolve_tagged(text, tag),
    }
}

/// The value of a scalar in any style that carries an explicit tag, short (`!!int`) or long
/// (`tag:yaml.org,2002:int`). Tags other than YAML's own leave the text as it is, as SOPS does.
///
/// Fails when the text does not fit the tag. (SOPS refuses such a file if it happens in the first document,
/// and silently reads null in later ones.)
pub(super) fn resolve_tagged(text: &str, tag: &str) -> Result<Value, ResolveError> {
    let name = tag.strip_prefix("tag:yaml.org,2002:").or_else(|| tag.strip_prefix("!!"));
    let (tag, value) = match name {
        Some("binary") => return binary(text),
        Some("int") => ("!!int", implicit(text, false)?),
        Some("float") => ("!!float", implicit(text, false)?),
        Some("bool") => ("!!bool", implicit(text, false)?),
        Some("null") => ("!!null", implicit(text, false)?),
        Some("timestamp") => ("!!timestamp", implicit(text, true)?),
        _ => return Ok(as_text(text)),
    };
    match (tag, value) {
        // Go's conversion and Rust's both round to the nearest double.
        ("!!float", Value::Int(number)) => Ok(Value::Float(number as f64)),
        ("!!int", value @ Value::Int(_))
        | ("!!float", value @ Value::Float(_))
        | ("!!bool", value @ Value::Bool(_))
        | ("!!null", value @ Value::Null)
        | ("!!timestamp", value @ Value::Time(_)) => Ok(value),
        _ => Err(ResolveError::TagMismatch { tag }),
    }
}

/// Whether `text`, written without quotes on one line, reads back as this very text everywhere: in YAML 1.1 parsers
/// (base 60, `yes`, `1_000`), in 1.2 parsers (`0o7`), inside a flow collection (`in_flow`) or outside.
///
/// A `false` costs two quotes, a `true` that is wrong costs a secret: in doubt, the answer is `false`.
pub fn plain_is_safe(text: &str, in_flow: bool) -> bool {
    is_plain_syntax(text, in_flow)
        && matches!(implicit(text, true), Ok(Value::Text(_)))
        && !is_word_elsewhere(text)
        && !is_number_elsewhere(text)
        && !starts_like_a_date(text)
}

/// Whether go-yaml reads `text`, written plain, as text: a weaker promise than [`plain_is_safe`], and blind for
/// characters that a plain scalar cannot hold.
pub(crate) fn plain_is_text(text: &str) -> bool {
    matches!(implicit(text, true), Ok(Value::Text(_)))
}

/// Takes the text as it is.
fn as_text(text: &str) -> Value {
    Value::Text(Zeroizing::new(text.to_owned()))
}

/// Go's `base64.StdEncoding`: padding required, line breaks skipped, left-over bits of the last character ignored.
fn binary(text: &str) -> Result<Value, ResolveError> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let joined = Zeroizing::new(text.replace(['\r', '\n'], ""));
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(joined.as_bytes())
        .map_err(|_| ResolveError::NotBase64)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::Text(Zeroizing::new(text))),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(ResolveError::BinaryNotText)
        }
    }
}

/// The untagged rules of go-yaml's `resolve.go`, in its order. `times` is off under tags other than `!!timestamp`.
fn implicit(text: &str, times: bool) -> Result<Value, ResolveError> {
    match text {
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        ".nan" | ".NaN" | ".NAN" => return Ok(Value::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Ok(Value::Float(f64::INFINITY));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Ok(Value::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => Ok(dotted_float(text).map_or_else(|| as_text(text), Value::Float)),
        b'0'..=b'9' | b'+' | b'-' => {
            if times && let Some(time) = timestamp(text) {
                return time.map(Value::Time);
            }
            number(text)
        }
        _ => Ok(as_text(text)),
    }
}

/// A whole number, a float or, failing both, text. The underscores go first, wherever they are.
fn number(text: &str) -> Result<Value, ResolveError> {
    let digits = Zeroizing::new(text.replace('_', ""));
    if let Some(integer) = integer(&digits) {
        return integer.map(Value::Int);
    }
    if let Some(float) = float(&digits) {
        return Ok(Value::Float(float));
    }
    // `0b-1`: no base prefix for Go, whose second try cuts the prefix off and takes what is left with its sign.
    let signed = match digits.split_at_checked(2) {
        Some(("0b", rest)) => i64::from_str_radix(rest, 2).ok(),
        Some(("0o", rest)) => i64::from_str_radix(rest, 8).ok(),
        _ => None,
    };
    Ok(signed.map_or_else(|| as_text(text), Value::Int))
}

/// Go's `ParseInt` with base 0 and, for unsigned text, `ParseUint` after it: sign, then `0x`, `0o`, `0b` in either case, or
/// a leading zero for octal. `None` where neither takes it, and also when it does not fit: then it may be a float.
fn integer(text: &str) -> Option<Result<i64, ResolveError>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // `from_str_radix` would take a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let value = if text.starts_with('-') {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    };
    match value {
        Some(value) => Some(Ok(value)),
        None if unsigned.len() == text.len() => Some(Err(ResolveError::IntegerTooLarge)),
        None => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, unless it is beyond the largest double.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // The standard parser takes this very grammar, and a few words besides.
    if !unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// A float that begins with a dot. Here go-yaml hands the text to Go as it is, and Go takes an `_` only between two digits.
fn dotted_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    // The first byte is the dot, so that there is one before each `_`.
    if text.match_indices('_').all(|(at, _)| between_digits(at)) {
        float(&Zeroizing::new(text.replace('_', "")))
    } else {
        None
    }
}

/// A time in one of go-yaml's four layouts, as RFC 3339 in its own zone; `None` where it is none of them.
///
/// Go's lenient fields apply: month to second may have one digit, the fraction may follow a comma and is cut after
/// nine digits, and `-24:60` passes for a zone.
fn timestamp(text: &str) -> Option<Result<String, ResolveError>> {
    let (year, mut rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let month = take(&mut rest, "-").and_then(|()| field(&mut rest))?;
    let day = take(&mut rest, "-").and_then(|()| field(&mut rest))?;
    if !(1..=12).contains(&month) || !(1..=days_in(year.parse().ok()?, month)).contains(&day) {
        return None;
    }
    let (clock, zone) = match rest.as_bytes().first() {
        None => ("00:00:00".to_owned(), 0),
        Some(b'T' | b't') => {
            rest = &rest[1..];
            (clock(&mut rest)?, zone(&mut rest)?)
        }
        Some(b' ') => {
            rest = rest.trim_start_matches(' ');
            (clock(&mut rest)?, 0)
        }
        Some(_) => return None,
    };
    if !rest.is_empty() {
        return None;
    }
    let zone = match zone.unsigned_abs() {
        0 => "Z".to_owned(),
        1440.. => return Some(Err(ResolveError::ZoneTooLarge)),
        minutes => {
            format!("{}{:02}:{:02}", if zone < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
        }
    };
    Some(Ok(format!("{year}-{month:02}-{day:02}T{clock}{zone}")))
}

/// Takes `hour:minute:second` with an optional fraction, and writes it in full.
fn clock(rest: &mut &str) -> Option<String> {
    let hour = field(rest)?;
    let minute = take(rest, ":").and_then(|()| field(rest))?;
    let second = take(rest, ":").and_then(|()| field(rest))?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            let nanoseconds = after[..digits.min(9)].trim_end_matches('0');
            if !nanoseconds.is_empty() {
                clock.push('.');
                clock.push_str(nanoseconds);
            }
            *rest = &after[digits..];
        }
    }
    Some(clock)
}

/// Takes `Z` or `±hh:mm`; the offset in minutes.
fn zone(rest: &mut &str) -> Option<i32> {
    if take(rest, "Z").is_some() {
        return Some(0);
    }
    let [
        sign @ (b'+' | b'-'),
        h1 @ b'0'..=b'9',
        h2 @ b'0'..=b'9',
        b':',
        m1 @ b'0'..=b'9',
        m2 @ b'0'..=b'9',
        ..,
    ] = *rest.as_bytes()
    else {
        return None;
    };
    *rest = &rest[6..];
    let two = |tens: u8, ones: u8| i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
    let (hours, minutes) = (two(h1, h2), two(m1, m2));
    // Go tolerates 24 and 60 here.
    if hours > 24 || minutes > 60 {
        return None;
    }
    Some((hours * 60 + minutes) * if sign == b'-' { -1 } else { 1 })
}

/// Takes a fixed piece.
fn take(rest: &mut &str, piece: &str) -> Option<()> {
    *rest = rest.strip_prefix(piece)?;
    Some(())
}

/// Takes a number of one or two digits.
fn field(rest: &mut &str) -> Option<u32> {
    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok()
}

/// The number of days in a month (1 to 12) of the proleptic Gregorian calendar.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether the scanner of any YAML version takes the text as one plain scalar, unchanged.
fn is_plain_syntax(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicator = "#,[]{}&*!|>'\"%@`".contains(first)
        // Also refused with a flow indicator behind it, where `-` and its like are a syntax error in some parsers.
        || ("-?:".contains(first) && text[1..].chars().next().is_none_or(|next| " ,[]{}".contains(next)));
    !indicator
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
        // `:` and `?` inside a flow collection stop older scanners even without a blank behind them.
        && !(in_flow && text.contains([',', '[', ']', '{', '}', '?', ':']))
        && text.chars().all(is_printable)
}

/// Printable in YAML 1.1 and no line break there: neither tab nor NEL, the line and paragraph separator or the byte order mark.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Words that some parser takes for a bool, null, merge key or the 1.1 default value, in any mixture of cases.
fn is_word_elsewhere(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".nan", ".inf", "+.inf",
        "-.inf", "<<", "=",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether some parser takes the text for a number: YAML 1.1 knows base 60, and there `,` has been a separator like `_`.
fn is_number_elsewhere(text: &str) -> bool {
    let mut digits = Zeroizing::new(text.replace(['_', ','], ""));
    digits.make_ascii_lowercase();
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    let base_60 = || {
        let whole = unsigned.split_once('.').map_or(unsigned, |(whole, fraction)| {
            if fraction.bytes().all(|digit| digit.is_ascii_digit()) { whole } else { "" }
        });
        whole
            .split(':')
            .all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()))
    };
    // Some read a missing mantissa as zero: `.` and `e5`.
    float(&Zeroizing::new(format!("0{unsigned}"))).is_some()
        || unsigned.parse::<f64>().is_ok_and(f64::is_infinite)
        || unsigned
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|digit| digit.is_ascii_hexdigit()))
        || unsigned
            .strip_prefix("0o")
            .or(unsigned.strip_prefix("0b"))
            .is_some_and(|rest| rest.bytes().all(|digit| digit.is_ascii_digit()))
        || base_60()
}

/// `1999-12-31` with short fields, and then its end or a time of day in whatever spelling.
fn starts_like_a_date(text: &str) -> bool {
    let Some((year, mut rest)) = text.split_at_checked(4) else { return false };
    let mut part = || take(&mut rest, "-").and_then(|()| field(&mut rest));
    year.bytes().all(|digit| digit.is_ascii_digit())
        && part().and_then(|_| part()).is_some()
        && rest.chars().next().is_none_or(|next| "Tt ".contains(next))
}

#[cfg(test)]
mod tests;
