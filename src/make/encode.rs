//! Bytes as text: one buffer of the right size each, so that none is left behind by growth.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Base64 with padding (RFC 4648, 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 of the alphabet for URLs and file names, with padding (RFC 4648, 5).
pub(super) fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_are_met() {
        assert_eq!([b"".as_slice(), b"f", b"foob"].map(base64), ["", "Zg==", "Zm9vYg=="]);
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8=");
        assert_eq!(hex(b"foobar\xff"), "666f6f626172ff");
    }
}
