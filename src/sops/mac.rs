//! The MAC of a SOPS file: SHA-512 over its values, in the order of the file.
//!
//! The bytes of all values are hashed one after the other without separators; keys, comments and the ends
//! of lists are not part of it. The result is upper-case hexadecimal text, which the file stores encrypted
//! under its data key: that, not the hash, is what makes it a MAC. Which values belong to it, and in which
//! order, is decided by the caller.

use sha2::{Digest, Sha512};

use super::plaintext::Plaintext;
use crate::secret::Secret;

/// Hashed first where only encrypted values are covered, so that such a MAC never equals one over all
/// values: the SHA-256 of the word `sops`, as in SOPS' `MACOnlyEncryptedInitialization`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe,
    0x0b, //
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A MAC in the making.
pub struct Mac(Sha512);

impl Mac {
    /// Nothing hashed yet, over what `mac_only_encrypted` says.
    pub(super) fn over(only_encrypted: bool) -> Self {
        if only_encrypted { Mac::over_encrypted() } else { Mac::over_all() }
    }

    /// The MAC over all values, encrypted or not.
    pub fn over_all() -> Self {
        Mac(Sha512::new())
    }

    /// The MAC of files with `mac_only_encrypted: true`.
    pub fn over_encrypted() -> Self {
        Mac(Sha512::new_with_prefix(ONLY_ENCRYPTED))
    }

    /// Adds the next value.
    pub fn add(&mut self, plaintext: &Plaintext<'_>) {
        self.0.update(plaintext.as_bytes());
    }

    /// 128 upper-case hexadecimal digits. They are a secret: a short password could be guessed from them.
    pub fn finish(self) -> Secret {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |value: u8| DIGITS[usize::from(value)];
        Secret::new(
            self.0
                .finalize()
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
                .collect(),
        )
    }

    /// Whether this is the MAC that the file holds; takes the same time wherever they differ.
    pub fn matches(&self, stored: &Secret) -> bool {
        Mac(self.0.clone()).finish() == *stored
    }
}

#[cfg(test)]
mod tests {
    use sha2::Sha256;

    use super::*;
    use crate::document::Value;

    /// The worked example that the reference implementation accepts, of which `plain` is not encrypted.
    fn values() -> Vec<Value> {
        vec![
            Value::text("s3cret".into()),
            Value::Int(42),
            Value::Bool(true),
            Value::Float(1.5),
            Value::Time("2031-05-06T07:08:09Z".into()),
            Value::Null,
            Value::text(String::new()),
            Value::text("alpha".into()),
            Value::Int(7),
            Value::text("plain".into()),
        ]
    }

    fn hash(mut mac: Mac, values: &[Value]) -> Mac {
        values.iter().filter_map(Plaintext::of).for_each(|plaintext| mac.add(&plaintext));
        mac
    }

    #[test]
    fn all_values_are_hashed_in_order() {
        let mac = hash(Mac::over_all(), &values()).finish();
        let expected = "6283F25E3AE3467196D46C7E234EF51A6ACF171018D4C1F1A13A8CDEC3E813F0\
                        9D2ADF60937E38254FCF2C8834EA00D4DBB895D60EB4FB661747575B67855AF9";
        assert_eq!(mac.expose_text(), Some(expected));
    }

    #[test]
    fn a_mac_over_encrypted_values_begins_with_its_prefix() {
        assert_eq!(Sha256::digest("sops").as_slice(), ONLY_ENCRYPTED);
        let values = values();
        let mac = hash(Mac::over_encrypted(), &values[..values.len() - 1]).finish();
        let expected = "8E9531BAE7F9DB2B132A59F537A8229DFD705B3D55E5E85BCDFF9223BAE3BA4B\
                        D77762E43254B1DD2313FF4BE83E5067FC885FDB8B44A00F6DBC1251A085D096";
        assert_eq!(mac.expose_text(), Some(expected));
    }

    #[test]
    fn a_mac_matches_itself_and_no_other() {
        let values = values();
        let stored = hash(Mac::over_all(), &values).finish();
        assert!(hash(Mac::over_all(), &values).matches(&stored));
        assert!(!hash(Mac::over_all(), &values[1..]).matches(&stored));
        assert!(!Mac::over_all().matches(&Secret::new(Vec::new())));
    }
}
