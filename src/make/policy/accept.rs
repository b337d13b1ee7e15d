//! Whether a value that is there already is one that a policy makes.
//!
//! For `alnum`, `ascii` and `words`, longer is as good. Byte counts, PINs, and the sizes of keys have to be met: ciphers
//! and keypads ask for them. A certificate has to be for the same names; until when, nobody looks.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::{Encoding, Kind, Mismatch, Policy, Set, draw};
use crate::make::private_key;
use crate::secret::Secret;

impl Policy {
    /// Whether a value is one that this policy could have made, but for its length where longer does no harm. The reason
    /// names no part of the value.
    pub(crate) fn accepts(&self, value: &Secret) -> Result<(), Mismatch> {
        let text = value.expose_text().ok_or(Mismatch::NotText)?;
        let drawn = text.strip_prefix(self.prefix.as_str()).ok_or(Mismatch::Prefix)?;
        match &self.kind {
            Kind::Characters { set, exclude, length } => {
                characters(*set, &set.without(exclude), *length, drawn)
            }
            Kind::Bytes { encoding, count } => bytes(*encoding, *count, drawn),
            Kind::Uuid => require(is_uuid(drawn), "a UUID of version 4"),
            Kind::Words(count) => {
                let form = Mismatch::Form("made of words of the list");
                let found = draw::count_words(drawn).ok_or(form)?;
                at_least(found, *count, "words")
            }
            Kind::Key(algorithm) => {
                require(private_key::is_key(*algorithm, drawn), algorithm.description())
            }
            Kind::Certificate(request) => {
                require(request.is_met_by(drawn), "a certificate for the same names")
            }
        }
    }
}

fn require(holds: bool, form: &'static str) -> Result<(), Mismatch> {
    if holds { Ok(()) } else { Err(Mismatch::Form(form)) }
}

fn at_least(found: usize, wanted: usize, unit: &'static str) -> Result<(), Mismatch> {
    if found >= wanted { Ok(()) } else { Err(Mismatch::Length { found, wanted, unit }) }
}

fn characters(set: Set, alphabet: &[u8], wanted: usize, text: &str) -> Result<(), Mismatch> {
    if !text.bytes().all(|byte| alphabet.contains(&byte)) {
        return Err(Mismatch::Character);
    }
    let (found, unit) = (text.len(), "characters");
    if set == Set::Pin && found > wanted {
        return Err(Mismatch::Length { found, wanted, unit });
    }
    at_least(found, wanted, unit)
}

fn bytes(encoding: Encoding, wanted: usize, text: &str) -> Result<(), Mismatch> {
    let found = match encoding {
        Encoding::Hex => {
            let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            (digits && text.len().is_multiple_of(2)).then_some(text.len() / 2)
        }
        Encoding::Base64 => STANDARD.decode(text).ok().map(|bytes| Zeroizing::new(bytes).len()),
        Encoding::Base64Url => URL_SAFE.decode(text).ok().map(|bytes| Zeroizing::new(bytes).len()),
    };
    let found = found.ok_or(Mismatch::Form(match encoding {
        Encoding::Hex => "bytes in hexadecimal digits",
        Encoding::Base64 => "bytes in base64 with padding",
        Encoding::Base64Url => "bytes in base64url with padding",
    }))?;
    if found == wanted { Ok(()) } else { Err(Mismatch::Length { found, wanted, unit: "bytes" }) }
}

/// In lower or upper case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => b"89abAB".contains(&byte),
            _ => byte.is_ascii_hexdigit(),
        })
}
