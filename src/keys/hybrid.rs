//! The post-quantum kind of age keys: `age1pq1…` and `AGE-SECRET-KEY-PQ-1…`.
//!
//! A stanza is one message of HPKE (RFC 9180): KEM MLKEM768-X25519, KDF HKDF-SHA256, AEAD ChaCha20Poly1305,
//! no additional data (<https://c2sp.org/age#the-mlkem768x25519-recipient-type>).
//!
//! ```text
//! -> mlkem768x25519 BASE64(ML-KEM-768 ciphertext || X25519 share)
//! BASE64(encrypted file key)
//! ```
//!
//! The KEM is X-Wing (<https://datatracker.ietf.org/doc/draft-connolly-cfrg-xwing-kem/>). It keeps what it
//! wraps secret as long as one of ML-KEM and X25519 does. Points of low order are refused on both sides.

mod hpke;

use std::collections::HashSet;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::OsRng;
use ml_kem::kem::{Decapsulate as _, Encapsulate as _};
use ml_kem::{Ciphertext, EncodedSizeUser as _, KemCore, MlKem768};
use sha3::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use sha3::{Digest as _, Sha3_256, Shake256};
use x25519_dalek::{EphemeralSecret, PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::{bech32, x25519};

/// Prefix of recipients, and the recipient without data.
const RECIPIENT: (&str, &str) = ("age1pq", "age1pq1kvzza2");

/// Prefix of identities.
const IDENTITY: &str = "AGE-SECRET-KEY-PQ-";

/// The tag of its stanzas.
const TAG: &str = "mlkem768x25519";

/// What its recipients have in common, and no classical recipient may be mixed with.
const LABEL: &str = "postquantum";

/// Bytes of an ML-KEM-768 encapsulation key (FIPS 203, table 3); the X25519 point follows.
const ML_KEM_KEY: usize = 1184;

/// Bytes of an ML-KEM-768 ciphertext (FIPS 203, table 3); the X25519 share follows.
const ML_KEM_CIPHERTEXT: usize = 1088;

/// Bytes of a ChaCha20-Poly1305 tag.
const AEAD_TAG: usize = 16;

type EncapsulationKey = <MlKem768 as KemCore>::EncapsulationKey;
type DecapsulationKey = <MlKem768 as KemCore>::DecapsulationKey;

/// Whom a file key is wrapped for.
pub(super) struct Recipient {
    ml_kem: EncapsulationKey,
    x25519: PublicKey,
}

/// Who unwraps it.
pub(super) struct Identity {
    ml_kem: DecapsulationKey,
    x25519: StaticSecret,
}

/// The recipient, or `None` if the text is not a valid one.
pub(super) fn recipient(text: &str) -> Option<Recipient> {
    let bytes = bech32::decode(RECIPIENT.0, text)?;
    let (key, point) = bytes.split_at_checked(ML_KEM_KEY)?;
    let ml_kem = EncapsulationKey::from_bytes(key.try_into().ok()?);
    // Coefficients are taken modulo q; others than those below q are to be refused (FIPS 203, 7.2).
    let canonical = ml_kem.as_bytes().as_slice() == key;
    let point: [u8; 32] = point.try_into().ok()?;
    let usable = canonical && !x25519::is_low_order(&point);
    usable.then(|| Recipient { ml_kem, x25519: point.into() })
}

/// The identity and the text of its recipient, or `None` if the text is not a valid one.
pub(super) fn identity(text: &str) -> Option<(Identity, String)> {
    let seed = bech32::decode(IDENTITY, text)?;
    (seed.len() == 32).then(|| expand(&seed))
}

/// Derives both secrets from the seed.
fn expand(seed: &[u8]) -> (Identity, String) {
    let mut expanded = Shake256::default().chain(seed).finalize_xof();
    let mut next = || {
        let mut part = Zeroizing::new([0; 32]);
        expanded.read(part.as_mut());
        part
    };
    let (d, z, x) = (next(), next(), next());
    let (ml_kem, public) = MlKem768::generate_deterministic(&(*d).into(), &(*z).into());
    let x25519 = StaticSecret::from(*x);
    let recipient = [public.as_bytes().as_slice(), PublicKey::from(&x25519).as_bytes()].concat();
    (Identity { ml_kem, x25519 }, bech32::encode(RECIPIENT.1, &recipient))
}

impl age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (ciphertext, inner) =
            self.ml_kem.encapsulate(&mut OsRng).expect("encapsulating never fails");
        let ephemeral = EphemeralSecret::random_from_rng(OsRng);
        let share = PublicKey::from(&ephemeral);
        let outer = ephemeral.diffie_hellman(&self.x25519);
        let inner = Zeroizing::new(inner.into());
        let shared = combine(&inner, &outer, &share, &self.x25519);
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![STANDARD_NO_PAD.encode([ciphertext.as_slice(), share.as_bytes()].concat())],
            body: hpke::seal(&shared, file_key.expose_secret()),
        };
        Ok((vec![stanza], HashSet::from([LABEL.to_owned()])))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        let Some((ciphertext, share)) = parse(stanza) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        let inner = Zeroizing::new(self.ml_kem.decapsulate(&ciphertext).ok()?.into());
        let outer = self.x25519.diffie_hellman(&share);
        let shared = combine(&inner, &outer, &share, &PublicKey::from(&self.x25519));
        // Of a stanza for somebody else, the secret comes out as another one: then this does not open.
        let file_key = Zeroizing::new(hpke::open(&shared, &stanza.body)?);
        let fill = |bytes: &mut [u8; FILE_KEY_BYTES]| bytes.copy_from_slice(&file_key);
        Some(Ok(FileKey::init_with_mut(fill)))
    }
}

/// The two halves of a well-formed stanza.
fn parse(stanza: &Stanza) -> Option<(Ciphertext<MlKem768>, PublicKey)> {
    let [argument] = stanza.args.as_slice() else { return None };
    let encapsulated = STANDARD_NO_PAD.decode(argument).ok()?;
    let (ciphertext, share) = encapsulated.split_at_checked(ML_KEM_CIPHERTEXT)?;
    let share: [u8; 32] = share.try_into().ok()?;
    // Files of one key are all of one length; a longer one could be made to open under several.
    let sound = stanza.body.len() == FILE_KEY_BYTES + AEAD_TAG && !x25519::is_low_order(&share);
    Some((ciphertext.try_into().ok()?, share.into())).filter(|_| sound)
}

/// X-Wing's combiner: the secrets of both halves, bound to the X25519 share and its recipient.
fn combine(
    inner: &[u8; 32],
    outer: &SharedSecret,
    share: &PublicKey,
    recipient: &PublicKey,
) -> Zeroizing<[u8; 32]> {
    let hash = Sha3_256::new()
        .chain_update(inner)
        .chain_update(outer)
        .chain_update(share)
        .chain_update(recipient)
        .chain_update(br"\.//^\");
    Zeroizing::new(hash.finalize().into())
}

#[cfg(test)]
mod tests;
