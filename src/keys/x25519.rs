//! The native kind of age keys: `age1…` and `AGE-SECRET-KEY-1…`.

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};

use crate::secret::Secret;

/// The recipient, or `None` if the text is not a valid one.
///
/// Points of low order are refused as well: with them every identity agrees on the same, known secret, and
/// the `age` crate panics when it meets one.
pub(super) fn recipient(text: &str) -> Option<Recipient> {
    let recipient: Recipient = text.parse().ok()?;
    (!LOW_ORDER.contains(&recipient.to_string().as_str())).then_some(recipient)
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

/// The seven points of low order on Curve25519 (<https://cr.yp.to/ecdh.html#validate>), each also with the
/// ignored top bit set, as recipients.
const LOW_ORDER: [&str; 14] = [
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz9ts6wm9s8",
    "age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllalsn46ayy",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv",
    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m",
    "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqk67yly",
    "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhzqqxqejhu",
    "age1t7wft09r2zxzfvwsk92eeql0tvzyghxytqwgapkcyf8dm5ylz8ts72fzt7",
    "age1anllllllllllllllllllllllllllllllllllllllllllllllllls3hcv9z",
    "age1ahlllllllllllllllllllllllllllllllllllllllllllllllllsh3g6la",
    "age1amlllllllllllllllllllllllllllllllllllllllllllllllllsam3fc4",
];

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn points_of_low_order_are_refused() {
        for text in LOW_ORDER {
            let low: Recipient = text.parse().unwrap();
            assert_eq!(low.to_string(), text);
            let wrapped = panic::catch_unwind(|| age::encrypt(&low, b"data key"));
            assert!(wrapped.is_err(), "{text} is a point like any other");
            assert!(recipient(text).is_none());
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
