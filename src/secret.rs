//! Secret bytes: wiped when dropped, compared in constant time, never printed.
//!
//! [`Secret`] has neither `Debug`, `Display`, `Clone` nor serialization, so that a value cannot reach
//! a message, a snapshot or a second copy by accident. Reading it takes an explicit [`Secret::expose`],
//! which is easy to find in a review. What this module does not do: lock memory against swapping, or
//! wipe copies that the reader of `expose` makes.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that must not leak: a password, a decrypted value, a data key.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over `bytes`; the vector's buffer is wiped when the secret is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    /// The bytes. Every call site is a place where the secret may leave this type.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, or `None` where they are not UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret::new(text.into_bytes())
    }
}

impl PartialEq for Secret {
    /// Constant-time over the common length; only the lengths can be learned from timing.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

/// A source of random bytes, handed down from the program so that tests can fix it.
///
/// The program's own source is the operating system's; nothing else in the library draws randomness,
/// except the `age` crate, which asks the operating system by itself.
pub trait RandomSource {
    /// Fills `bytes` with uniformly distributed random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_compare_by_content() {
        assert!(Secret::new(vec![1, 2]) == Secret::new(vec![1, 2]));
        assert!(Secret::new(vec![1, 2]) != Secret::new(vec![1, 3]));
        assert!(Secret::new(vec![1, 2]) != Secret::new(vec![1]));
    }

    #[test]
    fn text_is_offered_only_for_utf8() {
        assert_eq!(Secret::from("pä".to_owned()).expose_text(), Some("pä"));
        assert_eq!(Secret::new(vec![0xff]).expose_text(), None);
    }
}
