//! SSH keys: `ssh-ed25519 …` and `ssh-rsa …`, as they stand in `authorized_keys`, and private key files.
//!
//! Private keys come in OpenSSH's form, also behind a passphrase, or as RSA keys in PKCS 1 (`BEGIN RSA PRIVATE
//! KEY`). Stanzas for them carry a tag of the key, so nobody is asked for the passphrase of a key that is not
//! meant. Points of low order are refused, as are RSA keys of less than 2048 and more than 4096 bits.
//!
//! Decrypting with RSA is not constant in time, see `SECURITY.md`.

use std::sync::{Arc, OnceLock};

use age::DecryptError;
use age::ssh::{self, ParseRecipientKeyError, UnsupportedKey};
use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::ask::{self, Ask};
use super::error::{Problem, ProblemCause};
use super::pool::Reluctant;
use super::{Kind, Reason, envelope};
use crate::secret::Secret;

pub(super) use ssh::{Identity, Recipient};

/// Algorithm and key, without the comment: what makes two texts the same recipient.
pub(super) fn without_comment(text: &str) -> String {
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// Why a text is not a recipient.
pub(super) enum Refusal {
    /// It is cut off, mistyped or of low order.
    Invalid,
    /// It is too weak or too large.
    Size,
    /// It is of another algorithm.
    Unsupported,
}

/// The recipient of an `authorized_keys` line.
pub(super) fn recipient(text: &str) -> Result<Recipient, Refusal> {
    let text = without_comment(text);
    if !["ssh-ed25519 ", "ssh-rsa "].iter().any(|known| text.starts_with(known)) {
        return Err(Refusal::Unsupported);
    }
    let recipient: Recipient = text.parse().map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooLarge | ParseRecipientKeyError::RsaModulusTooSmall => {
            Refusal::Size
        }
        _ => Refusal::Invalid,
    })?;
    // Written anew it has to be the same: the crate does not look at what follows the key.
    let sound = recipient.to_string() == text && !is_low_order(&blob(&text));
    sound.then_some(recipient).ok_or(Refusal::Invalid)
}

/// The binary key of a text that has one.
fn blob(text: &str) -> Vec<u8> {
    let encoded = text.split_whitespace().nth(1).unwrap_or_default();
    STANDARD.decode(encoded).unwrap_or_default()
}

/// Whether it is an Ed25519 point of low order. RSA keys are longer.
fn is_low_order(blob: &[u8]) -> bool {
    let Some(point) = blob.last_chunk::<32>().filter(|_| blob.len() == ED25519_BLOB) else {
        return false;
    };
    let mut point = *point;
    point[31] &= 0x7f;
    LOW_ORDER.contains(&point)
}

/// The bytes with another first and last one.
const fn ending(mut bytes: [u8; 32], first: u8, last: u8) -> [u8; 32] {
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// Bytes of an Ed25519 key in SSH's encoding: the lengths and texts of `ssh-ed25519` and of the point.
const ED25519_BLOB: usize = 4 + 11 + 4 + 32;

/// The seven encodings of y for Ed25519 points of low order, without the sign of x: 0, 1, two of order 8, and
/// p - 1, p, p + 1 (<https://eprint.iacr.org/2020/1244>, table 1).
const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    ending([0; 32], 1, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    ending([0xff; 32], 0xec, 0x7f),
    ending([0xff; 32], 0xed, 0x7f),
    ending([0xff; 32], 0xee, 0x7f),
];

/// A private key that can be used, or one that needs its passphrase first.
pub(super) enum Private {
    /// Ready.
    Open(Identity),
    /// Behind a passphrase.
    Protected(Protected),
}

/// Reads a private key file, with its recipient.
pub(super) fn identity(
    pem: &[u8],
    origin: (&str, usize),
    ask: &Arc<dyn Ask>,
) -> Result<(Private, String), ProblemCause> {
    let identity = Identity::from_buffer(pem, None).map_err(|_| ProblemCause::InvalidSsh)?;
    if let Identity::Unsupported(key) = identity {
        return Err(match key {
            UnsupportedKey::EncryptedPem | UnsupportedKey::EncryptedSsh(_) => {
                ProblemCause::SshProtection
            }
            UnsupportedKey::Hardware(algorithm) | UnsupportedKey::Type(algorithm) => {
                ProblemCause::Unsupported(Kind::Ssh(algorithm))
            }
        });
    }
    let recipient = Recipient::try_from(identity.clone()).map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooLarge => ProblemCause::RsaSize,
        ParseRecipientKeyError::Unsupported(algorithm) => {
            ProblemCause::Unsupported(Kind::Ssh(algorithm))
        }
        _ => ProblemCause::InvalidSsh,
    })?;
    let recipient = recipient.to_string();
    let private = match identity {
        Identity::Encrypted(key) => Private::Protected(Protected {
            key,
            recipient: recipient.clone(),
            origin: (origin.0.to_owned(), origin.1),
            ask: ask.clone(),
            opened: OnceLock::new(),
        }),
        open => Private::Open(open),
    };
    Ok((private, recipient))
}

/// A private key behind a passphrase, which is asked for at most once.
pub(super) struct Protected {
    key: ssh::EncryptedKey,
    recipient: String,
    /// Where it comes from, and the line on which it begins.
    origin: (String, usize),
    ask: Arc<dyn Ask>,
    opened: OnceLock<Result<Identity, ProblemCause>>,
}

impl Protected {
    fn open_key(&self) -> Result<Identity, ProblemCause> {
        let passphrase =
            ask::passphrase(&*self.ask, &self.origin.0).ok_or(ProblemCause::NoPassphrase)?;
        let key = self.key.decrypt(passphrase).map_err(|_| ProblemCause::WrongPassphrase)?;
        Ok(key.into())
    }

    /// What stanzas for this key have as their first argument.
    fn tag(&self) -> String {
        STANDARD_NO_PAD.encode(&Sha256::digest(blob(&self.recipient))[..4])
    }
}

impl age::Identity for Protected {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let algorithm = self.recipient.split(' ').next();
        if algorithm != Some(stanza.tag.as_str()) || stanza.args.first() != Some(&self.tag()) {
            return None;
        }
        self.opened.get_or_init(|| self.open_key()).as_ref().ok()?.unwrap_stanza(stanza)
    }
}

impl Reluctant for Protected {
    fn answers_to(&self, recipient: &str) -> bool {
        without_comment(recipient) == self.recipient
    }

    fn open(&self, armored: &str) -> Result<Secret, Reason> {
        let opened = envelope::open(armored, std::iter::once(self as &dyn age::Identity));
        match self.opened.get() {
            Some(Err(cause)) if opened == Err(Reason::NoMatch) => {
                let (origin, line) = self.origin.clone();
                let problem = Problem { origin, line: Some(line), cause: cause.clone() };
                Err(Reason::Unopened(problem))
            }
            _ => opened,
        }
    }
}

#[cfg(test)]
mod tests;
