//! Encryption of single values under the data key of a file: AES-256-GCM with 32-byte initialization vectors.
//!
//! The AAD binds a value to its place in the document: a token that is moved to another key does not open.
//! GCM is usually used with 12 bytes; SOPS uses 32, from which GCM derives its first counter block by hashing
//! (NIST SP 800-38D, 7.1). This is the only module that calls the cipher. It does not decide what is encrypted.

use aes::Aes256;
use aes_gcm::aead::consts::{U12, U32};
use aes_gcm::aead::generic_array::{ArrayLength, GenericArray};
use aes_gcm::{AeadInPlace, AesGcm, KeyInit};
use zeroize::Zeroizing;

use super::plaintext::Plaintext;
use super::token::{TAG_BYTES, Token};
use crate::secret::{RandomSource, Secret};

/// Bytes of a data key.
const KEY_BYTES: usize = 32;

/// Bytes of the initialization vectors that SOPS writes.
pub const IV_BYTES: usize = 32;

/// The key that encrypts all values of one file; wiped when dropped.
pub struct DataKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    /// The key schedule of `bytes`: expanding it takes longer than encrypting a short value.
    cipher: AesGcm<Aes256, U32>,
}

impl DataKey {
    /// A new key.
    pub fn generate(random: &mut dyn RandomSource) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random.fill(bytes.as_mut());
        DataKey::expand(bytes)
    }

    /// The key with these bytes, as they come out of an age file; an error if they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != key.len() {
            return Err(Error::KeyLength(bytes.len()));
        }
        key.copy_from_slice(bytes);
        Ok(DataKey::expand(key))
    }

    fn expand(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let cipher = AesGcm::new(GenericArray::from_slice(bytes.as_ref()));
        DataKey { bytes, cipher }
    }

    /// The key itself, to be wrapped for recipients.
    pub fn expose(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// Encrypts under a new initialization vector.
    pub fn encrypt(
        &self,
        plaintext: &Plaintext<'_>,
        aad: &str,
        random: &mut dyn RandomSource,
    ) -> Token {
        let mut iv = [0; IV_BYTES];
        random.fill(&mut iv);
        self.encrypt_with_iv(plaintext, aad, iv)
    }

    /// Encrypts under a given initialization vector.
    ///
    /// Only for a value whose plain text and AAD are those that were encrypted under this vector before, to
    /// get the same token again: two different values under one vector reveal each other.
    pub fn encrypt_with_iv(
        &self,
        plaintext: &Plaintext<'_>,
        aad: &str,
        iv: [u8; IV_BYTES],
    ) -> Token {
        let mut data = plaintext.as_bytes().to_vec();
        let tag = self
            .cipher
            .encrypt_in_place_detached(GenericArray::from_slice(&iv), aad.as_bytes(), &mut data)
            .expect("GCM refuses nothing below 64 GiB");
        Token { data, iv: iv.to_vec(), tag: tag.into(), kind: plaintext.kind() }
    }

    /// Decrypts a token; an error if anything but its type was changed, or if it belongs to another place or key.
    ///
    /// SOPS writes vectors of 32 bytes; tokens of other programs may have the usual 12.
    pub fn decrypt(&self, token: &Token, aad: &str) -> Result<Secret, Error> {
        match token.iv.len() {
            IV_BYTES => open(&self.cipher, token, aad),
            12 => {
                let key = GenericArray::from_slice(self.bytes.as_ref());
                open(&AesGcm::<Aes256, U12>::new(key), token, aad)
            }
            length => Err(Error::IvLength(length)),
        }
    }
}

/// Why a value could not be decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data key has this many bytes.
    #[error("the data key has {0} bytes instead of {KEY_BYTES}")]
    KeyLength(usize),
    /// The initialization vector of the token has this many bytes.
    #[error("the `iv` field of the token has {0} bytes instead of {IV_BYTES} or 12")]
    IvLength(usize),
    /// Key, AAD, vector, cipher text and tag do not belong together. Which of them is wrong cannot be told.
    #[error(
        "the value does not authenticate: it was changed, moved, or encrypted under another data key"
    )]
    Unauthentic,
}

/// Decrypts in place; the tag is checked before anything is decrypted.
fn open<N: ArrayLength<u8>>(
    cipher: &AesGcm<Aes256, N>,
    token: &Token,
    aad: &str,
) -> Result<Secret, Error> {
    let iv = GenericArray::from_slice(&token.iv);
    let tag: &[u8; TAG_BYTES] = &token.tag;
    let mut data = token.data.clone();
    cipher
        .decrypt_in_place_detached(iv, aad.as_bytes(), &mut data, tag.into())
        .map_err(|_| Error::Unauthentic)?;
    Ok(Secret::new(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Value;
    use crate::sops::plaintext;

    /// Counts up from its start: with 0 the key, with 32 the vector of the vectors below.
    struct Counter(u8);

    impl RandomSource for Counter {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 += 1;
            }
        }
    }

    /// The vector 20…3f (hexadecimal) as text.
    const IV: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    fn key() -> DataKey {
        DataKey::generate(&mut Counter(0))
    }

    fn token(data: &str, tag: &str, kind: &str) -> String {
        format!("ENC[AES256_GCM,data:{data},iv:{IV},tag:{tag},type:{kind}]")
    }

    /// Tokens that the reference implementation made of these values under this key and vector.
    fn vectors() -> Vec<(Value, &'static str, String)> {
        vec![
            (
                Value::text("s3cret".into()),
                "db:password:",
                token("ZPKSOuh7", "h0cBYz4qcExJJc+t3xp9xg==", "str"),
            ),
            (Value::Int(42), "db:port:", token("I/M=", "TiwicX4thohW2VVsYOZKow==", "int")),
            (Value::Bool(true), "db:tls:", token("Q7OELQ==", "rvl92u/hxQ8R3Qmt5vOURw==", "bool")),
            (Value::Float(1.5), "db:ratio:", token("Ju/E", "yRqYrdZb+912a2IomX0rlQ==", "float")),
            (
                Value::Time("2031-05-06T07:08:09Z".into()),
                "db:until:",
                token("JfHCeaA/4w72ZzJH0bpRx72hjv4=", "FHTunEhncftuG3umRfuMzw==", "time"),
            ),
        ]
    }

    #[test]
    fn values_encrypt_to_what_sops_makes_of_them() {
        for (value, aad, expected) in vectors() {
            let plaintext = Plaintext::of(&value).unwrap();
            assert_eq!(key().encrypt(&plaintext, aad, &mut Counter(32)).to_string(), expected);
        }
        let comment =
            key().encrypt(&Plaintext::comment(" rotate monthly"), "db:", &mut Counter(32));
        assert_eq!(
            comment.to_string(),
            token("N7OePOx7swOrPggDjuwY", "9cBS+HGC9QQAtia9fSMZeQ==", "comment")
        );
    }

    #[test]
    fn what_sops_made_decrypts_to_the_values() {
        for (value, aad, text) in vectors() {
            let (token, _) = Token::parse(&text).unwrap();
            let bytes = key().decrypt(&token, aad).ok().unwrap();
            assert!(plaintext::parse(token.kind(), &bytes).ok().unwrap() == value, "{text}");
        }
    }

    #[test]
    fn the_same_vector_gives_the_same_token_again() {
        let (token, _) = Token::parse(&vectors()[0].2).unwrap();
        let iv = token.iv().try_into().unwrap();
        assert_eq!(key().encrypt_with_iv(&Plaintext::text("s3cret"), "db:password:", iv), token);
    }

    #[test]
    fn a_changed_or_moved_token_is_refused() {
        let (token, _) = Token::parse(&vectors()[0].2).unwrap();
        let refused =
            |token: &Token, aad: &str| key().decrypt(token, aad).err() == Some(Error::Unauthentic);
        assert!(!refused(&token, "db:password:"));
        assert!(refused(&token, "db:user:"));
        let changes: [fn(&mut Token); 3] =
            [|token| token.data[0] ^= 1, |token| token.iv[0] ^= 1, |token| token.tag[15] ^= 1];
        for change in changes {
            let mut token = token.clone();
            change(&mut token);
            assert!(refused(&token, "db:password:"));
        }
        let other = DataKey::generate(&mut Counter(1));
        assert!(other.decrypt(&token, "db:password:").is_err());
    }

    #[test]
    fn twelve_byte_vectors_decrypt_too() {
        let cipher = AesGcm::<Aes256, U12>::new(GenericArray::from_slice(key().expose()));
        let mut token = key().encrypt(&Plaintext::text("s3cret"), "a:", &mut Counter(32));
        token.iv.truncate(12);
        token.data = b"s3cret".to_vec();
        token.tag = cipher
            .encrypt_in_place_detached(GenericArray::from_slice(&token.iv), b"a:", &mut token.data)
            .unwrap()
            .into();
        assert_eq!(key().decrypt(&token, "a:").ok().unwrap().expose(), b"s3cret");
    }

    #[test]
    fn other_vectors_and_keys_are_refused_by_length() {
        let mut token = key().encrypt(&Plaintext::text("s3cret"), "a:", &mut Counter(32));
        token.iv.truncate(16);
        assert_eq!(key().decrypt(&token, "a:").err(), Some(Error::IvLength(16)));
        assert_eq!(DataKey::from_bytes(&[0; 33]).err(), Some(Error::KeyLength(33)));
        assert!(DataKey::from_bytes(key().expose()).is_ok());
    }
}
