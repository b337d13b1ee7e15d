//! Private keys: generated, and the public keys that belong to them.
//!
//! ```text
//! age          AGE-SECRET-KEY-1…                          its recipient: age1…
//! ed25519      -----BEGIN PRIVATE KEY-----  (PKCS 8)      -----BEGIN PUBLIC KEY-----  (SPKI)
//! rsa:4096     the same
//! ssh-ed25519  -----BEGIN OPENSSH PRIVATE KEY-----        ssh-ed25519 AAAA…
//! wireguard    32 bytes, base64                           32 bytes, base64
//! ```
//!
//! What is refused: PKCS 8 keys of other algorithms than Ed25519, ECDSA P-256 and RSA, and keys behind a passphrase.

pub(super) mod certificate;
pub(super) mod ending;
mod openssh;
pub(super) mod pair;
mod pem;
mod pkcs8;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::elliptic_curve::rand_core::{CryptoRng, Error, RngCore};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::encode;
use crate::keys::Identities;
use crate::secret::{RandomSource, Secret};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// An identity of age, X25519.
    Age,
    /// Signatures, in PKCS 8.
    Ed25519,
    /// Signatures, in OpenSSH's form.
    SshEd25519,
    /// A modulus of so many bits, in PKCS 8.
    Rsa(usize),
    /// A peer of WireGuard.
    Wireguard,
}

impl Algorithm {
    /// As policies call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Algorithm::Age => "age",
            Algorithm::Ed25519 => "ed25519",
            Algorithm::SshEd25519 => "ssh-ed25519",
            Algorithm::Rsa(_) => "rsa",
            Algorithm::Wireguard => "wireguard",
        }
    }

    /// What a key of it is.
    pub(super) fn description(self) -> &'static str {
        match self {
            Algorithm::Age => "an age identity",
            Algorithm::Ed25519 => "an Ed25519 key in PKCS 8, PEM",
            Algorithm::SshEd25519 => "an Ed25519 key of OpenSSH's form without a passphrase",
            Algorithm::Rsa(_) => "an RSA key of this size in PKCS 8, PEM",
            Algorithm::Wireguard => "a private key of WireGuard",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Algorithm::Rsa(bits) => write!(f, "rsa:{bits}"),
            algorithm => f.write_str(algorithm.name()),
        }
    }
}

/// One of the two keys of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// The one that is kept.
    Private,
    /// The one that is given away.
    Public,
}

/// A new key. Files of several lines end with a line break, as their programs write them.
pub(super) fn generate(algorithm: Algorithm, random: &mut dyn RandomSource) -> Secret {
    match algorithm {
        Algorithm::Age => Identities::generate().text,
        Algorithm::Ed25519 => pkcs8::ed25519(random),
        Algorithm::SshEd25519 => openssh::ed25519(random),
        Algorithm::Rsa(bits) => pkcs8::rsa(bits, random),
        Algorithm::Wireguard => wireguard(random),
    }
}

/// Whether a text is a key of an algorithm.
pub(super) fn is_key(algorithm: Algorithm, text: &str) -> bool {
    match algorithm {
        Algorithm::Age => {
            text.starts_with("AGE-SECRET-KEY-1")
                && recipients(text).is_some_and(|all| all.len() == 1)
        }
        Algorithm::Ed25519 | Algorithm::Rsa(_) => pkcs8::algorithm(text) == Some(algorithm),
        Algorithm::SshEd25519 => openssh::is_open_ed25519(text),
        Algorithm::Wireguard => x25519(text).is_some(),
    }
}

/// The public key of a private one, in the form that goes with it; `None` if it is none that is known.
pub(super) fn public(text: &str) -> Option<String> {
    match text.trim_start() {
        pem if pem.starts_with(openssh::BEGIN) => openssh::public(pem),
        pem if pem.starts_with("-----BEGIN ") => pkcs8::public(pem),
        _ => Some(encode::base64(PublicKey::from(&x25519(text)?).as_bytes())),
    }
}

/// Which half of a pair of keys for SSH a text is; `None` if it is neither. A private one may be behind a passphrase.
pub(crate) fn ssh_half(text: &str) -> Option<Half> {
    let is_sound = |block: &pem::Block<'_>| match block.label {
        "OPENSSH PRIVATE KEY" => openssh::public(text).is_some(),
        _ => block.is_private_key() && (block.is_protected() || block.bytes().is_some()),
    };
    // As `authorized_keys` has them (sshd(8)), in the form of RFC 4716, or in PEM.
    const PUBLIC: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];
    let is_public = || {
        PUBLIC.iter().any(|name| text.trim_start().starts_with(name))
            || text.contains(" PUBLIC KEY-----")
            || text.contains("BEGIN SSH2 PUBLIC KEY")
    };
    match pem::blocks(text).any(|block| is_sound(&block)) {
        true => Some(Half::Private),
        false => is_public().then_some(Half::Public),
    }
}

/// The recipients of all identities in a text, one at least; `None` where there is anything else in it.
pub(super) fn recipients(text: &str) -> Option<Vec<String>> {
    let mut identities = Identities::new();
    identities.add(text.as_bytes(), "a value");
    let recipients = identities.recipients();
    (identities.problems().is_empty() && !recipients.is_empty()).then_some(recipients)
}

/// 32 random bytes with the bits set that X25519 sets anyway (RFC 7748, 5), as `wg genkey` does.
fn wireguard(random: &mut dyn RandomSource) -> Secret {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(bytes.as_mut());
    bytes[0] &= 0xf8;
    bytes[31] = bytes[31] & 0x7f | 0x40;
    Secret::from(encode::base64(bytes.as_ref()))
}

/// The key of WireGuard that a text is, blanks around it left out.
fn x25519(text: &str) -> Option<StaticSecret> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
    Some(StaticSecret::from(*bytes))
}

/// A random source as the crates of the curves want it.
struct Rng<'r>(&'r mut dyn RandomSource);

impl RngCore for Rng<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for Rng<'_> {}
