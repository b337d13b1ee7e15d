//! What is wrong with a policy, and what is wrong with a value. Neither repeats what was given: it may be a secret
//! that was typed where a policy belongs.

use super::{LEAST_BITS, NAMES};

/// Why a text is no policy, or why a value cannot be made by one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// No policy of this name.
    #[error("unknown policy; known are {NAMES}")]
    Unknown,
    /// The length is no number, or more than a Secret can hold.
    #[error("policy `{policy}`: the length has to be a number up to {most}")]
    Length {
        /// Its name.
        policy: &'static str,
        /// The most of its units.
        most: usize,
    },
    /// Something stands behind the colon of a policy that has no length.
    #[error("policy `{policy}` takes no length")]
    NoLength {
        /// Its name.
        policy: &'static str,
    },
    /// The values would be too easy to guess.
    #[error(
        "policy `{policy}:{length}`: {bits:.0} bits of entropy, at least {LEAST_BITS} are needed; take `{policy}:{least}` or more"
    )]
    Weak {
        /// Its name.
        policy: &'static str,
        /// The length that was asked for.
        length: usize,
        /// The entropy of its values.
        bits: f64,
        /// The shortest length that would do.
        least: usize,
    },
    /// There is no such option, it is given twice, or it is missing.
    #[error("policy `{policy}`: options are {known}, each once{}", if *.several { ", `san=` often" } else { "" })]
    Option {
        /// Its name.
        policy: &'static str,
        /// Its options.
        known: &'static str,
        /// Whether one of them may be repeated.
        several: bool,
    },
    /// A key with something in front of it is no key.
    #[error("policy `{policy}` makes a key, so it takes no options")]
    NoOptions {
        /// Its name.
        policy: &'static str,
    },
    /// What is to be excluded is not in the alphabet, or nothing is left of it.
    #[error(
        "policy `{policy}`: `exclude=` takes characters of its alphabet, each once, and has to leave two"
    )]
    Exclude {
        /// Its name.
        policy: &'static str,
    },
    /// A prefix that a Secret, a shell or a URL would not carry.
    #[error("policy `{policy}`: `prefix=` takes 1 to 64 printable ASCII characters")]
    Prefix {
        /// Its name.
        policy: &'static str,
    },
    /// RSA keys of other sizes are unsafe or slow.
    #[error("policy `rsa`: the size has to be 2048, 3072 or 4096 bits")]
    RsaSize,
    /// This program was built without RSA.
    #[error("policy `rsa`: this program was built without the feature `ssh`, which has RSA")]
    NoRsa,
    /// The name of a certificate.
    #[error(
        "policy `self-signed`: `cn=` and `san=` take a host name or an IP address, `cn=` at most 64 characters"
    )]
    Name,
    /// The time until a certificate ends.
    #[error("policy `self-signed`: `days=` takes a number from 1 to {most}")]
    Days {
        /// The most days.
        most: u32,
    },
    /// A certificate has a private key, which needs a key of its own.
    #[error(
        "policy `self-signed` makes two values, `NAME.crt` and `NAME.key`: give it a key that ends in `.crt`"
    )]
    CertificateKey,
    /// The clock's text.
    #[error("the present time is not in RFC 3339, or no certificate can hold it")]
    Time,
}

/// Why a value is none that a policy makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Mismatch {
    /// It is binary.
    #[error("is not text")]
    NotText,
    /// Its beginning is another one.
    #[error("does not begin with the prefix")]
    Prefix,
    /// It is too short, or of another length where that counts.
    #[error("has {found} {unit}, not {wanted}")]
    Length {
        /// What it has.
        found: usize,
        /// What the policy asks for.
        wanted: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// It has a character that the policy would not draw.
    #[error("has a character that is not in the alphabet")]
    Character,
    /// It is something else altogether.
    #[error("is not {0}")]
    Form(&'static str),
}
