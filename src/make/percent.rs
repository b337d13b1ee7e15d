//! Percent-encoding for any part of a URL (RFC 3986, 2.1).
//!
//! Everything but the unreserved characters (2.3) `A-Z a-z 0-9 - . _ ~` is encoded: more than the RFC asks
//! for, because clients split at commas and other signs before they decode.

/// Appends some bytes, encoded: up to three times as many. A secret needs that much room beforehand: a
/// reallocation would leave a copy behind.
pub(crate) fn percent_encode(bytes: &[u8], into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            into.push(char::from(*byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_unreserved_characters_is_encoded() {
        let mut text = String::from("x://");
        percent_encode("aZ09-._~ /@:%,+\n\u{f6}\u{0}".as_bytes(), &mut text);
        assert_eq!(text, "x://aZ09-._~%20%2F%40%3A%25%2C%2B%0A%C3%B6%00");
    }
}
