//! Password hashes with salts: bcrypt, argon2id, scrypt and SHA-crypt, made and verified.
//!
//! A hash that is verified may come from anybody who can write to the repository, so its costs have the same limits as
//! those that are asked for.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha_crypt::{Sha256Params, Sha512Params};
use zeroize::Zeroizing;

use super::{Error, Prefix, SHA_CRYPT_ROUNDS, Variant};
use crate::secret::{RandomSource, Secret};

/// The most of bcrypt's cost, as `htpasswd` has it: some ten seconds.
pub(super) const MOST_COST: u32 = 17;

/// The bytes of a password that bcrypt looks at.
const BCRYPT_BYTES: usize = 72;

/// The least rounds of SHA-crypt, as specified.
pub(super) const LEAST_ROUNDS: u32 = 1000;

/// The most rounds: some seconds.
pub(super) const MOST_ROUNDS: u32 = 5_000_000;

/// The most bytes of a password for SHA-crypt, whose time grows with their square.
const SHA_CRYPT_BYTES: usize = 1024;

/// Characters of a salt of SHA-crypt, and of its base64.
const SHA_CRYPT_ALPHABET: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Length of a salt of SHA-crypt.
const SHA_CRYPT_SALT: usize = 16;

/// Length of salts and hashes in the PHC format, in bytes (RFC 9106, 3.1 and 4).
const SALT: usize = 16;
const HASH: usize = 32;

fn salt(random: &mut dyn RandomSource) -> [u8; SALT] {
    let mut salt = [0; SALT];
    random.fill(&mut salt);
    salt
}

/// Whether two texts are the same, in a time that tells nothing but their lengths.
fn same(one: String, other: &str) -> bool {
    Secret::from(one) == Secret::from(other.to_owned())
}

// --- bcrypt

/// `$2a$11$`, 22 characters of salt, 31 of hash.
pub(super) fn bcrypt(
    name: &'static str,
    password: &Secret,
    cost: u32,
    prefix: Prefix,
    random: &mut dyn RandomSource,
) -> Result<String, Error> {
    let found = password.len();
    if found > BCRYPT_BYTES {
        return Err(Error::TooLong { name, most: BCRYPT_BYTES, found });
    }
    whole(name, password)?;
    let parts = ::bcrypt::hash_with_salt(password.expose(), cost, salt(random));
    Ok(parts.expect("the cost is within its limits").format_for_version(match prefix {
        Prefix::A => ::bcrypt::Version::TwoA,
        Prefix::B => ::bcrypt::Version::TwoB,
        Prefix::Y => ::bcrypt::Version::TwoY,
    }))
}

/// Whether a hash is that of a password; `None` where it would take too long.
pub(super) fn is_bcrypt(hash: &str, password: &Secret) -> Option<bool> {
    // `$2x$` is the one that hashes something else.
    let Ok(parts) = hash.parse::<::bcrypt::HashParts>() else { return Some(false) };
    if hash.starts_with("$2x$") || password.len() > BCRYPT_BYTES {
        return Some(false);
    }
    if whole("bcrypt", password).is_err() {
        return Some(false);
    }
    if !(4..=MOST_COST).contains(&parts.get_cost()) {
        return None;
    }
    ::bcrypt::verify(password.expose(), hash).ok()
}

/// Refuses what ends before its end.
fn whole(name: &'static str, password: &Secret) -> Result<(), Error> {
    if password.expose().contains(&0) { Err(Error::Zero { name }) } else { Ok(()) }
}

// --- the PHC format

/// Whether costs (KiB, passes, lanes) stay below 2 GiB and some ten seconds, and are such that argon2 takes them.
pub(super) fn is_bearable_argon2([memory, passes, lanes]: [u32; 3]) -> bool {
    memory <= 1 << 21
        && u64::from(memory) * u64::from(passes) <= 1 << 23
        && (1..=255).contains(&lanes)
        && passes >= 1
        && memory / 8 >= lanes
}

/// Whether costs (logarithm of N, block size, parallelism) stay below 1 GiB and some ten seconds.
pub(super) fn is_bearable_scrypt([log_n, block, parallel]: [u32; 3]) -> bool {
    let memory = |log_n| (128 * u64::from(block)).checked_shl(log_n);
    (1..=24).contains(&log_n)
        && (1..=64).contains(&block)
        && (1..=64).contains(&parallel)
        && memory(log_n)
            .is_some_and(|bytes| bytes <= 1 << 30 && bytes * u64::from(parallel) <= 1 << 32)
}

/// `$argon2id$v=19$m=65536,t=3,p=4$SALT$HASH`
pub(super) fn argon2id(
    password: &Secret,
    costs: [u32; 3],
    random: &mut dyn RandomSource,
) -> String {
    argon2id_of(password, costs, &salt(random), HASH)
}

fn argon2id_of(password: &Secret, costs: [u32; 3], salt: &[u8], length: usize) -> String {
    let [memory, passes, lanes] = costs;
    let params = Params::new(memory, passes, lanes, Some(length)).expect("costs were checked");
    let mut hash = Zeroizing::new(vec![0; length]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.expose(), salt, &mut hash)
        .expect("salt and length are within their limits");
    let [salt, hash] = [salt, &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}

/// Whether a hash is that of a password; `None` where it would take too long.
pub(super) fn is_argon2id(hash: &str, password: &Secret) -> Option<bool> {
    let Some(rest) = hash.strip_prefix("$argon2id$v=19$") else { return Some(false) };
    let Some(phc) = Phc::read(rest, ["m=", "t=", "p="]) else { return Some(false) };
    // Shorter salts are not taken, longer ones nobody makes.
    if !is_bearable_argon2(phc.costs) || !(8..=64).contains(&phc.salt.len()) {
        return None;
    }
    Some(same(argon2id_of(password, phc.costs, &phc.salt, phc.length), hash))
}

/// `$scrypt$ln=17,r=8,p=1$SALT$HASH`
pub(super) fn scrypt(password: &Secret, costs: [u32; 3], random: &mut dyn RandomSource) -> String {
    scrypt_of(password, costs, &salt(random), HASH)
}

fn scrypt_of(password: &Secret, costs: [u32; 3], salt: &[u8], length: usize) -> String {
    let [log_n, block, parallel] = costs;
    let hash = scrypt_bytes(password.expose(), costs, salt, length);
    let [salt, hash] = [salt, &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$scrypt$ln={log_n},r={block},p={parallel}${salt}${hash}")
}

fn scrypt_bytes(
    password: &[u8],
    [log_n, block, parallel]: [u32; 3],
    salt: &[u8],
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let log_n = u8::try_from(log_n).expect("costs were checked");
    let params = ::scrypt::Params::new(log_n, block, parallel, ::scrypt::Params::RECOMMENDED_LEN);
    let mut hash = Zeroizing::new(vec![0; length]);
    ::scrypt::scrypt(password, salt, &params.expect("costs were checked"), &mut hash)
        .expect("the length is within its limits");
    hash
}

/// Whether a hash is that of a password; `None` where it would take too long.
pub(super) fn is_scrypt(hash: &str, password: &Secret) -> Option<bool> {
    let Some(rest) = hash.strip_prefix("$scrypt$") else { return Some(false) };
    let Some(phc) = Phc::read(rest, ["ln=", "r=", "p="]) else { return Some(false) };
    if !is_bearable_scrypt(phc.costs) {
        return None;
    }
    Some(same(scrypt_of(password, phc.costs, &phc.salt, phc.length), hash))
}

/// What stands behind the name and the version: costs, salt and hash.
struct Phc {
    costs: [u32; 3],
    salt: Vec<u8>,
    /// Of the hash.
    length: usize,
}

impl Phc {
    fn read(text: &str, names: [&str; 3]) -> Option<Self> {
        let [costs, salt, hash] = text.split('$').collect::<Vec<_>>().try_into().ok()?;
        let mut given = costs.split(',');
        let mut read = [0; 3];
        for (cost, name) in read.iter_mut().zip(names) {
            *cost = given.next()?.strip_prefix(name)?.parse().ok()?;
        }
        let salt = STANDARD_NO_PAD.decode(salt).ok()?;
        let length = STANDARD_NO_PAD.decode(hash).ok()?.len();
        // 10 bytes are the least of the PHC format.
        let sound = given.next().is_none() && (10..=64).contains(&length);
        sound.then_some(Phc { costs: read, salt, length })
    }
}

// --- SHA-crypt

/// `$6$`, `rounds=5000$` unless it is that, 16 characters of salt, `$`, 86 of hash; `$5$` and 43 with SHA-256.
pub(super) fn sha_crypt(
    name: &'static str,
    variant: Variant,
    password: &Secret,
    rounds: u32,
    random: &mut dyn RandomSource,
) -> Result<String, Error> {
    let found = password.len();
    if found > SHA_CRYPT_BYTES {
        return Err(Error::TooLong { name, most: SHA_CRYPT_BYTES, found });
    }
    whole(name, password)?;
    let mut salt = [0; SHA_CRYPT_SALT];
    random.fill(&mut salt);
    let salt = salt.map(|byte| char::from(SHA_CRYPT_ALPHABET[usize::from(byte) % 64]));
    Ok(sha_crypt_of(variant, password, rounds, &salt.iter().collect::<String>()))
}

fn sha_crypt_of(variant: Variant, password: &Secret, rounds: u32, salt: &str) -> String {
    let sound = "the rounds are within their limits";
    let (password, count, bytes) = (password.expose(), rounds as usize, salt.as_bytes());
    let (id, hash) = match variant {
        Variant::Sha256 => {
            let params = Sha256Params::new(count).expect(sound);
            ("$5$", sha_crypt::sha256_crypt_b64(password, bytes, &params))
        }
        Variant::Sha512 => {
            let params = Sha512Params::new(count).expect(sound);
            ("$6$", sha_crypt::sha512_crypt_b64(password, bytes, &params))
        }
    };
    let hash = hash.expect(sound);
    match rounds {
        SHA_CRYPT_ROUNDS => format!("{id}{salt}${hash}"),
        rounds => format!("{id}rounds={rounds}${salt}${hash}"),
    }
}

/// Whether a hash is that of a password; `None` where it would take too long.
pub(super) fn is_sha_crypt(variant: Variant, hash: &str, password: &Secret) -> Option<bool> {
    let id = match variant {
        Variant::Sha256 => "$5$",
        Variant::Sha512 => "$6$",
    };
    let Some(rest) = hash.strip_prefix(id) else { return Some(false) };
    let (rounds, rest) = match rest.strip_prefix("rounds=").and_then(|rest| rest.split_once('$')) {
        Some((rounds, rest)) => (rounds.parse().ok()?, rest),
        None => (SHA_CRYPT_ROUNDS, rest),
    };
    let Some((salt, found)) = rest.split_once('$') else { return Some(false) };
    if whole("sha-crypt", password).is_err() || salt.len() > SHA_CRYPT_SALT {
        return Some(false);
    }
    let bearable =
        (LEAST_ROUNDS..=MOST_ROUNDS).contains(&rounds) && password.len() <= SHA_CRYPT_BYTES;
    let made = bearable.then(|| sha_crypt_of(variant, password, rounds, salt))?;
    let made = made.rsplit('$').next().expect("a text has a last part").to_owned();
    Some(same(made, found))
}

#[cfg(test)]
mod tests;
