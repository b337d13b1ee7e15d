//! Checksums in tokens: what can be told without asking the provider.
//!
//! ```text
//! ghp_ …30 letters and digits…  CRC-32 of these, in base 62, 6 digits
//! glpat-….01.1a …              CRC-32 of all before, in base 36, 7 digits
//! glsa_…_                      CRC-32 of all before the last `_`, little-endian, in hex
//! eyJ….eyJ….…                  JSON with an algorithm, in base64
//! ```

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The digits of base 62, and the first 36 of them in lower case.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What can be told offline about the tokens of a format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// Nothing.
    None,
    /// The last 6 characters are the CRC-32 of what stands between the prefix and them, in base 62.
    Base62,
    /// The last 7 characters are the CRC-32 of all before them, in base 36.
    Base36,
    /// What follows the last `_` is the CRC-32 of all before it, little-endian, in hex.
    Grafana,
    /// What stands before the first dot is an account number in base64. That is no checksum, but next to nothing
    /// else has it.
    DiscordId,
    /// What stands before the first dot is the header of a JSON Web Token, and what follows no claims of documentation.
    /// No checksum either: the signature cannot be verified.
    Jwt,
}

impl Check {
    /// The check by its name in the table.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "-" => Check::None,
            "base62-crc" => Check::Base62,
            "base36-crc" => Check::Base36,
            "grafana-crc" => Check::Grafana,
            "discord-id" => Check::DiscordId,
            "jwt" => Check::Jwt,
            _ => return None,
        })
    }

    /// Whether a token, whose prefix ends at `rest`, passes.
    pub(super) fn holds(self, token: &str, rest: usize) -> bool {
        let split = |length: usize| token.split_at_checked(token.len().saturating_sub(length));
        match self {
            Check::None => true,
            Check::Base62 => split(6).is_some_and(|(body, end)| {
                body.get(rest..).is_some_and(|body| base62(crc32(body)) == end)
            }),
            Check::Base36 => split(7).is_some_and(|(body, end)| base36(crc32(body)) == end),
            Check::Grafana => token.rsplit_once('_').is_some_and(|(body, end)| {
                u32::from_str_radix(end, 16) == Ok(crc32(body).swap_bytes())
            }),
            Check::DiscordId => token.split('.').next().is_some_and(is_account_number),
            Check::Jwt => is_signed(token),
        }
    }

    /// Whether passing is as good as a proof.
    pub(super) fn is_checksum(self) -> bool {
        !matches!(self, Check::None | Check::DiscordId | Check::Jwt)
    }
}

/// Base64 as it stands in tokens, which is not always written to the end.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text).ok()
}

/// Whether the header of a JSON Web Token names an algorithm, and its claims are not those that documentation has.
fn is_signed(token: &str) -> bool {
    const EXAMPLES: [&str; 2] = ["John Doe", "supabase-demo"];
    let part = |number: usize| {
        let bytes = token.split('.').nth(number).and_then(decoded).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (header, claims) = (part(0), part(1));
    header.contains("\"alg\"") && !EXAMPLES.iter().any(|example| claims.contains(example))
}

/// Whether this is a number of 17 to 20 digits (<https://docs.discord.com/developers/reference#snowflakes>) in base64.
fn is_account_number(text: &str) -> bool {
    decoded(text).is_some_and(|number| {
        (17..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
    })
}

/// CRC-32 as in zip files. Tokens are short, so that it needs no table.
fn crc32(text: &str) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
    !text.bytes().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

/// Six digits in base 62.
fn base62(number: u32) -> String {
    digits(number, 62, 6)
}

/// Seven digits in base 36, in lower case.
fn base36(number: u32) -> String {
    digits(number, 36, 7).to_ascii_lowercase()
}

/// A number with leading zeros.
fn digits(mut number: u32, base: u32, length: usize) -> String {
    let mut digits = vec!['0'; length];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(DIGITS[(number % base) as usize]);
        number /= base;
    }
    digits.into_iter().collect()
}

/// What makes a token pass: the token with its checksum put right.
#[cfg(test)]
pub(super) fn completed(check: Check, token: &str, rest: usize) -> String {
    let body = |length: usize| &token[..token.len() - length];
    match check {
        Check::None => token.to_owned(),
        Check::Base62 => format!("{}{}", body(6), base62(crc32(&body(6)[rest..]))),
        Check::Base36 => format!("{}{}", body(7), base36(crc32(body(7)))),
        Check::Grafana => format!("{}{:08x}", body(8), crc32(body(9)).swap_bytes()),
        Check::DiscordId => {
            let number =
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode("112233445566778899");
            format!("{number}{}", &token[token.find('.').unwrap_or_default()..])
        }
        Check::Jwt => {
            let header =
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}");
            format!("{header}{}", &token[token.find('.').unwrap_or_default()..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_its_published_check_value() {
        assert_eq!(crc32("123456789"), 0xcbf4_3926);
    }

    #[test]
    fn published_examples_pass() {
        // https://github.com/secretlint/secretlint/issues/200, called a dummy there
        let npm = ["npm_", "qkJaB6MffYVzZXWqmcoF49yrUxP3wf", "0LsakP"].concat();
        assert!(Check::Base62.holds(&npm, 4));
        // the tests of the program that the table names
        let grafana = ["glsa_", "yscW25imSKJIuav8zF37RZmnbiDvB05G", "_fcaaf58a"].concat();
        assert!(Check::Grafana.holds(&grafana, 5));
    }

    #[test]
    fn what_is_too_short_or_no_text_of_one_byte_characters_does_not_pass() {
        for check in [Check::Base62, Check::Base36, Check::Grafana, Check::DiscordId, Check::Jwt] {
            for token in ["", "ab", "ghp_x", "ééééé", "_zz", "."] {
                assert!(!check.holds(token, 4), "{check:?} {token}");
            }
        }
    }
}
