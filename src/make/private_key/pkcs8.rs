//! PKCS 8 (RFC 5958, RFC 8410): Ed25519, ECDSA P-256 and RSA.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::KeypairBytes;
use p256::pkcs8::{
    EncodePrivateKey, EncodePublicKey, LineEnding, ObjectIdentifier, PrivateKeyInfo, SecretDocument,
};
use zeroize::Zeroizing;

use super::Algorithm;
#[cfg(feature = "ssh")]
use super::Rng;
use crate::secret::{RandomSource, Secret};

/// `id-Ed25519` (RFC 8410, 3).
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// `id-ecPublicKey` (RFC 5480, 2.1.1).
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A new Ed25519 key. Without its public key, which older programs do not expect.
pub(super) fn ed25519(random: &mut dyn RandomSource) -> Secret {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(seed.as_mut());
    let key = KeypairBytes { secret_key: *seed, public_key: None };
    secret(key.to_pkcs8_pem(LineEnding::LF).expect("32 bytes are a key"))
}

/// A new RSA key with the exponent 65537.
#[cfg(feature = "ssh")]
pub(super) fn rsa(bits: usize, random: &mut dyn RandomSource) -> Secret {
    let key =
        rsa::RsaPrivateKey::new(&mut Rng(random), bits).expect("there are primes of this size");
    secret(key.to_pkcs8_pem(LineEnding::LF).expect("a key of this size can be written"))
}

#[cfg(not(feature = "ssh"))]
pub(super) fn rsa(_: usize, _: &mut dyn RandomSource) -> Secret {
    unreachable!("a policy that asks for RSA cannot be read without it")
}

/// PEM as a secret.
pub(super) fn secret(mut pem: Zeroizing<String>) -> Secret {
    Secret::from(std::mem::take(&mut *pem))
}

/// Which of the algorithms of policies a key is for.
pub(super) fn algorithm(pem: &str) -> Option<Algorithm> {
    match read(pem)? {
        Key::Ed25519(_) => Some(Algorithm::Ed25519),
        Key::P256(_) => None,
        #[cfg(feature = "ssh")]
        Key::Rsa(key) => {
            use rsa::traits::PublicKeyParts;
            Some(Algorithm::Rsa(key.n().bits()))
        }
    }
}

/// The public key of a private one.
pub(super) fn public(pem: &str) -> Option<String> {
    let pem = match read(pem)? {
        Key::Ed25519(key) => key.verifying_key().to_public_key_pem(LineEnding::LF),
        Key::P256(key) => key.public_key().to_public_key_pem(LineEnding::LF),
        #[cfg(feature = "ssh")]
        Key::Rsa(key) => key.to_public_key().to_public_key_pem(LineEnding::LF),
    };
    pem.ok()
}

enum Key {
    Ed25519(SigningKey),
    P256(p256::SecretKey),
    #[cfg(feature = "ssh")]
    Rsa(Box<rsa::RsaPrivateKey>),
}

fn read(pem: &str) -> Option<Key> {
    let (label, document) = SecretDocument::from_pem(pem.trim()).ok()?;
    if label != "PRIVATE KEY" {
        return None;
    }
    let key = document.decode_msg::<PrivateKeyInfo<'_>>().ok()?;
    match key.algorithm.oid {
        ED25519 => key.try_into().ok().map(Key::Ed25519),
        EC => key.try_into().ok().map(Key::P256),
        #[cfg(feature = "ssh")]
        rsa::pkcs1::ALGORITHM_OID => key.try_into().ok().map(|key| Key::Rsa(Box::new(key))),
        _ => None,
    }
}
