//! Policies: how a value is generated.
//!
//! ```text
//! alnum:40                     characters of A-Z a-z 0-9; the default
//! ascii:32,exclude='"\`        printable ASCII without the blank, and without some characters
//! pin:8                        digits
//! hex:32  base64:32            random bytes, as `openssl rand` counts them
//! base64url:32                 … with padding, as Fernet wants it
//! uuid                         version 4
//! words:6                      of the EFF's large list, with `-` between them
//! age  wireguard               a private key of one line
//! ed25519  rsa:4096            a private key in PKCS 8, PEM
//! ssh-ed25519                  a private key of OpenSSH's form
//! self-signed:cn=db.test,days=365,san=10.0.0.1    a certificate for `NAME.crt`, its key for `NAME.key`
//! ```
//!
//! Options follow after commas; a comma in one of them is written `,,`. Whatever is drawn takes `prefix=sk-`.
//! Nothing but `ascii` makes a character that Flux (`$`), a URL, a shell or YAML gives a meaning. What is refused:
//! fewer than 64 bits of entropy, but for `pin`, and more than a Secret can hold.

mod accept;
mod draw;
mod error;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use super::encode;
use super::private_key::{self, Algorithm, certificate};
use crate::secret::{RandomSource, Secret};

pub(crate) use error::{Error, Mismatch};

/// The policies as an error lists them.
const NAMES: &str = "`alnum:LENGTH`, `ascii:LENGTH`, `pin:LENGTH`, `hex:BYTES`, `base64:BYTES`, \
                     `base64url:BYTES`, `uuid`, `words:COUNT`, `age`, `ed25519`, `ssh-ed25519`, `rsa:BITS`, \
                     `wireguard` and `self-signed:cn=NAME,days=DAYS`";

/// The characters of `alnum`.
const ALNUM: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The characters of `pin`.
const DIGITS: &[u8; 10] = b"0123456789";

/// The least entropy of a generated value in bits: out of reach of guessing online, and of most guessing
/// offline against a fast hash.
const LEAST_BITS: f64 = 64.0;

/// How a value is generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    kind: Kind,
    /// Stands before what is drawn.
    prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Characters {
        set: Set,
        /// Those of the set that are not drawn.
        exclude: String,
        length: usize,
    },
    Bytes {
        encoding: Encoding,
        count: usize,
    },
    Uuid,
    Words(usize),
    Key(Algorithm),
    Certificate(certificate::Request),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Alnum,
    Ascii,
    Pin,
}

impl Set {
    fn name(self) -> &'static str {
        match self {
            Set::Alnum => "alnum",
            Set::Ascii => "ascii",
            Set::Pin => "pin",
        }
    }

    /// Its characters without some of them.
    fn without(self, exclude: &str) -> Vec<u8> {
        let all = match self {
            Set::Alnum => ALNUM.to_vec(),
            Set::Ascii => (b'!'..=b'~').collect(),
            Set::Pin => DIGITS.to_vec(),
        };
        all.into_iter().filter(|byte| !exclude.as_bytes().contains(byte)).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Hex => "hex",
            Encoding::Base64 => "base64",
            Encoding::Base64Url => "base64url",
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => encode::hex(bytes),
            Encoding::Base64 => encode::base64(bytes),
            Encoding::Base64Url => encode::base64_url(bytes),
        }
    }
}

/// What a policy made.
pub(crate) struct Generated {
    /// The value.
    pub(crate) value: Secret,
    /// The private key of a certificate, for [`Policy::companion`].
    pub(crate) companion: Option<Secret>,
}

impl Default for Policy {
    /// `alnum:40`: 238 bits.
    fn default() -> Self {
        Policy::drawn(Kind::Characters { set: Set::Alnum, exclude: String::new(), length: 40 })
    }
}

impl Policy {
    fn drawn(kind: Kind) -> Self {
        Policy { kind, prefix: String::new() }
    }

    /// A password by the default policy.
    pub(crate) fn password(random: &mut dyn RandomSource) -> Secret {
        let mut value = Vec::with_capacity(40);
        draw::characters(ALNUM, 40, random, &mut value);
        Secret::new(value)
    }

    /// The entropy of its values in bits; `None` for key pairs, which are attacked by other means than guessing.
    pub(crate) fn entropy(&self) -> Option<f64> {
        Some(match &self.kind {
            Kind::Characters { set, exclude, length } => {
                *length as f64 * (set.without(exclude).len() as f64).log2()
            }
            Kind::Bytes { count, .. } => 8.0 * *count as f64,
            // Of 128 bits, 4 say the version and 2 the variant (RFC 9562, 5.4).
            Kind::Uuid => 122.0,
            Kind::Words(count) => *count as f64 * (draw::WORDS as f64).log2(),
            Kind::Key(_) | Kind::Certificate(_) => return None,
        })
    }

    /// What whoever asks for such a value should know.
    pub(crate) fn warning(&self) -> Option<String> {
        match (&self.kind, self.entropy()) {
            (Kind::Characters { set: Set::Pin, .. }, Some(bits)) if bits < LEAST_BITS => {
                Some(format!(
                    "`{self}` has {bits:.0} bits of entropy: it can be guessed unless attempts are limited"
                ))
            }
            _ => None,
        }
    }

    /// What else is good to know: the entropy of a phrase, which people choose by it, and what takes its time.
    pub(crate) fn remark(&self) -> Option<String> {
        match (&self.kind, self.entropy()) {
            (Kind::Words(_), Some(bits)) => Some(format!("`{self}` has {bits:.0} bits of entropy")),
            (Kind::Key(Algorithm::Rsa(3072..)), _) => {
                Some(format!("`{self}` can take half a minute to make"))
            }
            _ => None,
        }
    }

    /// The second key that this policy fills when it fills this one: for a certificate `NAME.crt` that is `NAME.key`. Fails
    /// for a certificate with another name.
    pub(crate) fn companion(&self, key: &str) -> Result<Option<String>, Error> {
        if !matches!(self.kind, Kind::Certificate(_)) {
            return Ok(None);
        }
        let name = key.strip_suffix(".crt").filter(|name| !name.is_empty());
        name.map(|name| Some(format!("{name}.key"))).ok_or(Error::CertificateKey)
    }

    /// A new value. `now` is the time from which a certificate is valid, RFC 3339 in UTC; other policies do not look
    /// at it.
    pub(crate) fn generate(
        &self,
        random: &mut dyn RandomSource,
        now: &str,
    ) -> Result<Generated, Error> {
        let value = match &self.kind {
            Kind::Certificate(request) => {
                let (certificate, key) = request.issue(random, now)?;
                return Ok(Generated { value: certificate, companion: Some(key) });
            }
            Kind::Key(algorithm) => private_key::generate(*algorithm, random),
            _ => self.draw(random),
        };
        Ok(Generated { value, companion: None })
    }

    /// A value that is drawn, behind its prefix.
    fn draw(&self, random: &mut dyn RandomSource) -> Secret {
        use zeroize::Zeroizing;
        let random_bytes = |count: usize, random: &mut dyn RandomSource| {
            let mut bytes = Zeroizing::new(vec![0; count]);
            random.fill(&mut bytes);
            bytes
        };
        let drawn = Zeroizing::new(match &self.kind {
            Kind::Characters { set, exclude, length } => {
                let mut value = Vec::with_capacity(*length);
                draw::characters(&set.without(exclude), *length, random, &mut value);
                value
            }
            Kind::Bytes { encoding, count } => {
                encoding.encode(&random_bytes(*count, random)).into_bytes()
            }
            Kind::Uuid => uuid(random).into_bytes(),
            Kind::Words(count) => {
                let mut value = Vec::with_capacity(count * (draw::LONGEST_WORD + 1));
                draw::words(*count, random, &mut value);
                value
            }
            Kind::Key(_) | Kind::Certificate(_) => unreachable!("keys are not drawn"),
        });
        let mut value = Vec::with_capacity(self.prefix.len() + drawn.len());
        value.extend_from_slice(self.prefix.as_bytes());
        value.extend_from_slice(&drawn);
        Secret::new(value)
    }
}

/// A UUID of version 4 (RFC 9562, 5.4).
fn uuid(random: &mut dyn RandomSource) -> String {
    let mut bytes = zeroize::Zeroizing::new([0; 16]);
    random.fill(bytes.as_mut());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = zeroize::Zeroizing::new(encode::hex(bytes.as_ref()));
    let mut text = String::with_capacity(36);
    for part in [0..8, 8..12, 12..16, 16..20, 20..32] {
        if part.start > 0 {
            text.push('-');
        }
        text.push_str(&digits[part]);
    }
    text
}

impl fmt::Display for Policy {
    /// As it is read, in one spelling of many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Characters { set, exclude, length } => {
                write!(f, "{}:{length}", set.name())?;
                if !exclude.is_empty() {
                    write!(f, ",exclude={}", exclude.replace(',', ",,"))?;
                }
            }
            Kind::Bytes { encoding, count } => write!(f, "{}:{count}", encoding.name())?,
            Kind::Uuid => f.write_str("uuid")?,
            Kind::Words(count) => write!(f, "words:{count}")?,
            Kind::Key(algorithm) => write!(f, "{algorithm}")?,
            Kind::Certificate(request) => write!(f, "self-signed:{request}")?,
        }
        match self.prefix.as_str() {
            "" => Ok(()),
            prefix => write!(f, ",prefix={}", prefix.replace(',', ",,")),
        }
    }
}
