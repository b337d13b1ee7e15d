//! The native kind of age keys: `age1…` and `AGE-SECRET-KEY-1…`.

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};

use super::bech32;
use crate::secret::Secret;

/// The recipient, or `None` if the text is not a valid one.
///
/// Points of low order are refused as well: with them every identity agrees on the same, known secret, and
/// the `age` crate panics when it meets one.
pub(super) fn recipient(text: &str) -> Option<Recipient> {
    let point: [u8; 32] = bech32::decode("age", text)?.as_slice().try_into().ok()?;
    text.parse().ok().filter(|_| !is_low_order(&point))
}

/// The identity and the text of its recipient, or `None` if the text is not a valid one.
pub(super) fn identity(text: &str) -> Option<(Identity, String)> {
    let identity: Identity = text.parse().ok()?;
    let recipient = identity.to_public().to_string();
    Some((identity, recipient))
}

/// A new key pair as texts: the identity and its recipient.
pub(super) fn generate() -> (Secret, String) {
    let identity = Identity::generate();
    let text = identity.to_string().expose_secret().as_bytes().to_vec();
    (Secret::new(text), identity.to_public().to_string())
}

/// Whether a point of Curve25519 is of low order, so that it agrees with everybody on the secret zero. The
/// top bit does not count.
pub(super) fn is_low_order(point: &[u8; 32]) -> bool {
    let mut point = *point;
    point[31] &= 0x7f;
    LOW_ORDER.contains(&point)
}

/// The seven encodings of points of low order (<https://cr.yp.to/ecdh.html#validate>): 0, 1, two of order 8,
/// and p - 1, p, p + 1.
const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    ending([0; 32], 1, 0),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    ending([0xff; 32], 0xec, 0x7f),
    ending([0xff; 32], 0xed, 0x7f),
    ending([0xff; 32], 0xee, 0x7f),
];

/// The bytes with another first and last one.
const fn ending(mut bytes: [u8; 32], first: u8, last: u8) -> [u8; 32] {
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn points_of_low_order_are_refused() {
        for (mut point, top) in LOW_ORDER.into_iter().flat_map(|point| [(point, 0), (point, 0x80)])
        {
            point[31] |= top;
            let text = bech32::encode("age19l388n", &point);
            let low: Recipient = text.parse().unwrap();
            let wrapped = panic::catch_unwind(|| age::encrypt(&low, b"data key"));
            assert!(wrapped.is_err(), "{text} is a point like any other");
            assert!(recipient(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_new_identity_has_the_recipient_it_was_announced_with() {
        let (text, public) = generate();
        let text = text.expose_text().unwrap();
        assert!(text.starts_with("AGE-SECRET-KEY-1"));
        assert_eq!(identity(text).unwrap().1, public);
        assert!(recipient(&public).is_some());
    }
}
