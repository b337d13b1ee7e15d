//! OpenSSH's own form of private keys (`PROTOCOL.key` in its sources).
//!
//! ```text
//! "openssh-key-v1\0"
//! string "none"  string "none"  string ""   cipher, KDF and its options: no passphrase
//! uint32 1                                  number of keys
//! string                                    the public key: string "ssh-ed25519", string point
//! string                                    uint32 check, twice; string "ssh-ed25519", string point,
//!                                           string seed and point, string comment; 1, 2, 3 … up to 8·n bytes
//! ```

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::{encode, pem};
use crate::secret::{RandomSource, Secret};

/// The first line.
pub(super) const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// The last line.
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// How the binary form begins.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The name of the algorithm.
const ED25519: &[u8] = b"ssh-ed25519";

/// Base64 characters per line, as `ssh-keygen` writes them.
const COLUMNS: usize = 70;

/// A new Ed25519 key without passphrase and comment.
pub(super) fn ed25519(random: &mut dyn RandomSource) -> Secret {
    let (mut seed, mut check) = (Zeroizing::new([0; 32]), [0; 4]);
    random.fill(seed.as_mut());
    random.fill(&mut check);
    let point = SigningKey::from_bytes(&seed).verifying_key().to_bytes();

    let mut public = Vec::new();
    put(&mut public, ED25519);
    put(&mut public, &point);

    // Room for all of it: growth would leave the seed behind.
    let mut private = Zeroizing::new(Vec::with_capacity(256));
    private.extend_from_slice(&check);
    private.extend_from_slice(&check);
    private.extend_from_slice(&public);
    let pair = Zeroizing::new([seed.as_slice(), &point].concat());
    put(&mut private, &pair);
    put(&mut private, b"");
    for padding in 1.. {
        if private.len().is_multiple_of(8) {
            break;
        }
        private.push(padding);
    }

    let mut binary = Zeroizing::new(Vec::with_capacity(512));
    binary.extend_from_slice(MAGIC);
    for text in [b"none".as_slice(), b"none", b""] {
        put(&mut binary, text);
    }
    binary.extend_from_slice(&1u32.to_be_bytes());
    put(&mut binary, &public);
    put(&mut binary, &private);
    armored(&binary)
}

fn armored(binary: &[u8]) -> Secret {
    let encoded = Zeroizing::new(encode::base64(binary));
    let mut text = String::with_capacity(BEGIN.len() + END.len() + 2 * encoded.len());
    text.push_str(BEGIN);
    for line in encoded.as_bytes().chunks(COLUMNS) {
        text.push('\n');
        text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
    }
    text.extend(["\n", END, "\n"]);
    Secret::from(text)
}

/// Appends a `string`: its length, then its bytes.
fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("all parts are short");
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

/// The public key, as it stands in `authorized_keys`; of any algorithm, and even behind a passphrase.
pub(super) fn public(text: &str) -> Option<String> {
    let binary = decoded(text)?;
    let (_, public) = parts(&binary)?;
    let algorithm = std::str::from_utf8(take(&mut &*public)?).ok()?;
    let sound = algorithm.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then(|| format!("{algorithm} {}", encode::base64(public)))
}

/// Whether it is an Ed25519 key that needs no passphrase, in which public and private half belong together.
pub(super) fn is_open_ed25519(text: &str) -> bool {
    let seed = || {
        let binary = decoded(text)?;
        let (cipher, public) = parts(&binary)?;
        let mut rest = after_public(&binary)?;
        let mut private = take(&mut rest)?.get(8..)?;
        let algorithm = take(&mut private)?;
        let point = take(&mut private)?.to_vec();
        let pair = take(&mut private)?;
        let seed = Zeroizing::new(<[u8; 32]>::try_from(pair.get(..32)?).ok()?);
        let made = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let known = cipher == b"none" && algorithm == ED25519;
        (known && point == made && public.ends_with(&made)).then_some(())
    };
    seed().is_some()
}

fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    pem::decoded(text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?)
}

/// The cipher and the public key.
fn parts(binary: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = binary.strip_prefix(MAGIC)?;
    let cipher = take(&mut rest)?;
    let (_kdf, _options) = (take(&mut rest)?, take(&mut rest)?);
    let mut rest = rest.strip_prefix(&1u32.to_be_bytes())?;
    Some((cipher, take(&mut rest)?))
}

/// What stands behind the public key.
fn after_public(binary: &[u8]) -> Option<&[u8]> {
    let mut rest = binary.strip_prefix(MAGIC)?;
    (0..3).try_for_each(|_| take(&mut rest).map(drop))?;
    let mut rest = rest.get(4..)?;
    take(&mut rest)?;
    Some(rest)
}

/// Takes a `string` from the beginning.
fn take<'b>(from: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    let taken = rest.get(..length)?;
    *from = &rest[length..];
    Some(taken)
}
