//! Derivations: values that a function makes from one other value.
//!
//! ```text
//! bcrypt(PASSWORD, cost=12, prefix=2b)      $2b$12$…             argon2id(PASSWORD, m=65536, t=3, p=4)   PHC
//! scrypt(PASSWORD, ln=17, r=8, p=1)         PHC                  scram-sha-256(PASSWORD)    for PostgreSQL
//! sha512-crypt(PASSWORD, rounds=5000)       $6$…                 sha256-crypt(PASSWORD)     $5$…
//! htpasswd("admin", PASSWORD, cost=11)      admin:$2y$11$…       htpasswd(USER, PASSWORD)   USER is a key
//! base64(KEY)  hex(KEY)  url(KEY)           another spelling
//! public(KEY)                               the public key of a private one
//! recipient(KEY)                            the recipient of an age identity
//! ```
//!
//! What is refused: values that a function would cut off (bcrypt after 72 bytes, every `crypt` at a zero byte), and
//! costs that would take minutes. Errors name functions and limits, and never what stands in the parentheses: people
//! take that for the place of the password.

mod holds;
mod parse;
mod password_hash;
#[cfg(test)]
mod tests;

use std::fmt;

use super::private_key;
use super::{encode, percent_encode, scram};
use crate::secret::{RandomSource, Secret};

/// The derivations as an error lists them.
const NAMES: &str = "`bcrypt(KEY)`, `argon2id(KEY)`, `scrypt(KEY)`, `scram-sha-256(KEY)`, `htpasswd(USER, KEY)`, \
                     `sha256-crypt(KEY)`, `sha512-crypt(KEY)`, `base64(KEY)`, `hex(KEY)`, `url(KEY)`, \
                     `public(KEY)` and `recipient(KEY)`";

/// Why a text is no derivation, or why nothing can be derived from a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// No derivation of this name, or no parentheses.
    #[error("unknown derivation; known are {NAMES}")]
    Unknown,
    /// Something else than what it is derived from.
    #[error("derivation `{name}` is written `{usage}`")]
    Arguments {
        /// Its name.
        name: &'static str,
        /// How it is written.
        usage: &'static str,
    },
    /// A cost that is too low, too high or no number.
    #[error("derivation `{name}`: `{option}=` takes a number from {least} to {most}")]
    Number {
        /// Its name.
        name: &'static str,
        /// Which cost.
        option: &'static str,
        /// From here on.
        least: u32,
        /// Up to here.
        most: u32,
    },
    /// Costs that are too high together.
    #[error("derivation `{name}`: these costs take too much memory or time together")]
    Cost {
        /// Its name.
        name: &'static str,
    },
    /// Not one of the prefixes of bcrypt.
    #[error("derivation `bcrypt`: `prefix=` takes `2a`, `2b` or `2y`")]
    Prefix,
    /// A user name that a line of htpasswd cannot hold.
    #[error("derivation `htpasswd`: a user name has 1 to 255 characters, no `:` and no line break")]
    User,
    /// A value that is needed is not there.
    #[error("a key that it is made from is not there")]
    Missing,
    /// The value would be cut off.
    #[error("`{name}` takes {most} bytes at most, the value has {found}")]
    TooLong {
        /// The derivation.
        name: &'static str,
        /// Its limit in bytes.
        most: usize,
        /// What the value has.
        found: usize,
    },
    /// The value would be cut off there.
    #[error("`{name}` ends at a zero byte, and the value has one")]
    Zero {
        /// The derivation.
        name: &'static str,
    },
    /// The value is binary, or has other characters where these are normalized in more than one way.
    #[error("`{name}` takes printable ASCII, and the value has something else")]
    NotAscii {
        /// The derivation.
        name: &'static str,
    },
    /// The value is no private key.
    #[error(
        "`public` takes a private key in PKCS 8 (Ed25519, P-256{}), of OpenSSH or of WireGuard, and the value is none",
        if cfg!(feature = "ssh") { ", RSA" } else { "" }
    )]
    NotPrivateKey,
    /// The value is no identity.
    #[error("`recipient` takes an age identity without a passphrase, and the value is none")]
    NotIdentity,
}

/// The values that there are, by their keys.
pub(crate) type Sources<'s> = dyn Fn(&str) -> Option<&'s Secret> + 's;

/// How a value is made from another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Derivation {
    method: Method,
    /// The key of the value.
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Method {
    Bcrypt { cost: u32, prefix: Prefix },
    Argon2id { memory: u32, passes: u32, lanes: u32 },
    Scrypt { log_n: u32, block: u32, parallel: u32 },
    ScramSha256,
    Htpasswd { user: User, cost: u32 },
    ShaCrypt { variant: Variant, rounds: u32 },
    Base64,
    Hex,
    Url,
    Public,
    Recipient,
}

/// What a bcrypt hash begins with. They mean the same: programs differ in which they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    A,
    B,
    Y,
}

/// Whose line it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum User {
    /// The value of a key.
    Key(String),
    /// This one.
    Literal(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Sha256,
    Sha512,
}

/// Rounds of 2^11: what NATS' own tool takes, one more than the least that OWASP asks for. A check takes a tenth of a
/// second, which servers that check every request (htpasswd) can bear; for a generated password, more adds nothing.
const BCRYPT_COST: u32 = 11;

/// The second recommended option of RFC 9106, 4: 64 MiB, 3 passes, 4 lanes.
const ARGON2ID: [u32; 3] = [65_536, 3, 4];

/// OWASP's first choice: 2^17 blocks of 1 KiB, so 128 MiB.
const SCRYPT: [u32; 3] = [17, 8, 1];

/// What a hash without `rounds=` has (Drepper, "Unix crypt using SHA-256 and SHA-512"), and so what everybody reads.
const SHA_CRYPT_ROUNDS: u32 = 5000;

impl Method {
    fn name(&self) -> &'static str {
        match self {
            Method::Bcrypt { .. } => "bcrypt",
            Method::Argon2id { .. } => "argon2id",
            Method::Scrypt { .. } => "scrypt",
            Method::ScramSha256 => "scram-sha-256",
            Method::Htpasswd { .. } => "htpasswd",
            Method::ShaCrypt { variant: Variant::Sha256, .. } => "sha256-crypt",
            Method::ShaCrypt { variant: Variant::Sha512, .. } => "sha512-crypt",
            Method::Base64 => "base64",
            Method::Hex => "hex",
            Method::Url => "url",
            Method::Public => "public",
            Method::Recipient => "recipient",
        }
    }
}

impl Derivation {
    /// The keys of the values that it is made from.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let user = match &self.method {
            Method::Htpasswd { user: User::Key(key), .. } => Some(key.as_str()),
            _ => None,
        };
        user.into_iter().chain([self.source.as_str()])
    }

    /// The derived value; a hash has a salt of its own each time.
    pub(crate) fn derive(
        &self,
        sources: &Sources<'_>,
        random: &mut dyn RandomSource,
    ) -> Result<Secret, Error> {
        let value = sources(&self.source).ok_or(Error::Missing)?;
        let hash = match &self.method {
            Method::Bcrypt { cost, prefix } => {
                password_hash::bcrypt("bcrypt", value, *cost, *prefix, random)?
            }
            Method::Htpasswd { user, cost } => {
                let user = user.name(sources)?;
                let hash = password_hash::bcrypt("htpasswd", value, *cost, Prefix::Y, random)?;
                format!("{user}:{hash}")
            }
            Method::Argon2id { memory, passes, lanes } => {
                password_hash::argon2id(value, [*memory, *passes, *lanes], random)
            }
            Method::Scrypt { log_n, block, parallel } => {
                password_hash::scrypt(value, [*log_n, *block, *parallel], random)
            }
            Method::ShaCrypt { variant, rounds } => {
                password_hash::sha_crypt(self.method.name(), *variant, value, *rounds, random)?
            }
            Method::ScramSha256 => {
                let printable = |byte: &u8| (b' '..=b'~').contains(byte);
                if !value.expose().iter().all(printable) {
                    return Err(Error::NotAscii { name: self.method.name() });
                }
                scram::verifier(value, random)
            }
            _ => return self.respell(value),
        };
        Ok(Secret::from(hash))
    }

    /// The value of a derivation without randomness.
    fn respell(&self, value: &Secret) -> Result<Secret, Error> {
        let bytes = value.expose();
        let key = value.expose_text();
        let text = match self.method {
            Method::Base64 => encode::base64(bytes),
            Method::Hex => encode::hex(bytes),
            Method::Url => {
                let mut text = String::with_capacity(3 * bytes.len());
                percent_encode(bytes, &mut text);
                text
            }
            Method::Public => key.and_then(private_key::public).ok_or(Error::NotPrivateKey)?,
            Method::Recipient => {
                key.and_then(private_key::recipients).ok_or(Error::NotIdentity)?.join("\n")
            }
            _ => unreachable!("hashes are made elsewhere"),
        };
        Ok(Secret::from(text))
    }
}

impl User {
    fn name<'n, 'u: 'n, 's: 'n>(&'u self, sources: &Sources<'s>) -> Result<&'n str, Error> {
        let name = match self {
            User::Literal(name) => name,
            User::Key(key) => {
                sources(key).ok_or(Error::Missing)?.expose_text().ok_or(Error::User)?
            }
        };
        if is_user(name) { Ok(name) } else { Err(Error::User) }
    }
}

/// Whether a line of htpasswd can begin with it.
fn is_user(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.contains([':', '\n', '\r', '\0'])
}

impl fmt::Display for Derivation {
    /// As it is read; what is the default is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.method.name())?;
        match &self.method {
            Method::Htpasswd { user: User::Key(key), .. } => write!(f, "{key}, ")?,
            Method::Htpasswd { user: User::Literal(name), .. } => write!(f, "\"{name}\", ")?,
            _ => {}
        }
        f.write_str(&self.source)?;
        let mut option = |name: &str, value: u32, default: u32| match value == default {
            true => Ok(()),
            false => write!(f, ", {name}={value}"),
        };
        match &self.method {
            Method::Bcrypt { cost, prefix } => {
                option("cost", *cost, BCRYPT_COST)?;
                if *prefix != Prefix::A {
                    write!(f, ", prefix={}", prefix.text())?;
                }
            }
            Method::Htpasswd { cost, .. } => option("cost", *cost, BCRYPT_COST)?,
            Method::Argon2id { memory, passes, lanes } => {
                option("m", *memory, ARGON2ID[0])?;
                option("t", *passes, ARGON2ID[1])?;
                option("p", *lanes, ARGON2ID[2])?;
            }
            Method::Scrypt { log_n, block, parallel } => {
                option("ln", *log_n, SCRYPT[0])?;
                option("r", *block, SCRYPT[1])?;
                option("p", *parallel, SCRYPT[2])?;
            }
            Method::ShaCrypt { rounds, .. } => option("rounds", *rounds, SHA_CRYPT_ROUNDS)?,
            _ => {}
        }
        f.write_str(")")
    }
}

impl Prefix {
    fn text(self) -> &'static str {
        match self {
            Prefix::A => "2a",
            Prefix::B => "2b",
            Prefix::Y => "2y",
        }
    }
}
