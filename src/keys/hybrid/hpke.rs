//! HPKE (RFC 9180) as far as it is needed: base mode, one message, no additional data.

use age_core::primitives::hkdf;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What the message is for: HPKE's `info`.
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";

/// `HPKE`, then KEM MLKEM768-X25519, KDF HKDF-SHA256 and AEAD ChaCha20Poly1305 by their registered numbers
/// (<https://www.iana.org/assignments/hpke>).
const SUITE: [u8; 10] = [b'H', b'P', b'K', b'E', 0x64, 0x7a, 0x00, 0x01, 0x00, 0x03];

/// Bytes of the AEAD's key.
const KEY: u16 = 32;

/// Bytes of the AEAD's nonce.
const NONCE: u16 = 12;

/// Encrypts the only message that is ever sent under a shared secret.
pub(super) fn seal(shared: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = schedule(shared);
    cipher.encrypt(&nonce, message).expect("it is far below the length limit of the cipher")
}

/// Decrypts it; `None` where it does not authenticate.
pub(super) fn open(shared: &[u8; 32], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let (cipher, nonce) = schedule(shared);
    cipher.decrypt(&nonce, ciphertext).ok()
}

/// `KeySchedule` of RFC 9180, 5.1, for mode 0 and no pre-shared key; the first nonce is the base nonce.
fn schedule(shared: &[u8; 32]) -> (ChaCha20Poly1305, Nonce) {
    let unused = extract(&labelled(b"psk_id_hash", &[]));
    let info = extract(&labelled(b"info_hash", INFO));
    let context = [&[0][..], &unused, &info].concat();
    let secret = labelled(b"secret", &[]);
    let derive = |label: &[u8], length: u16| {
        let label = labelled(label, &context);
        // `age-core` extracts and expands in one step, always to 32 bytes, of which shorter ones are the first.
        Zeroizing::new(hkdf(shared, &[&length.to_be_bytes()[..], &label].concat(), &secret))
    };
    let cipher = ChaCha20Poly1305::new((&*derive(b"key", KEY)).into());
    let nonce = *Nonce::from_slice(&derive(b"base_nonce", NONCE)[..NONCE.into()]);
    (cipher, nonce)
}

/// What `LabeledExtract` and `LabeledExpand` put before and behind the label.
fn labelled(label: &[u8], data: &[u8]) -> Vec<u8> {
    [b"HPKE-v1", &SUITE[..], label, data].concat()
}

/// HKDF-Extract without a salt (RFC 5869, 2.2): HMAC-SHA256 under a key of zeros. Nothing secret enters.
fn extract(data: &[u8]) -> [u8; 32] {
    let inner = Sha256::new().chain_update([0x36; 64]).chain_update(data).finalize();
    Sha256::new().chain_update([0x5c; 64]).chain_update(inner).finalize().into()
}
