//! What can go wrong with keys. Nothing here quotes an identity, nor a text that might be one.

use std::fmt;

use super::Kind;

/// Most work that a passphrase-protected file may demand, as a power of two: that of age, some 15 seconds and 4 GiB.
pub(super) const MAX_WORK_FACTOR: u8 = 22;

/// Why a recipient cannot be used, or a data key not be wrapped or unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recipient of a kind that this program cannot wrap for.
    #[error("{0} recipients are not supported")]
    UnsupportedRecipient(Kind),
    /// The text begins like a recipient, but is cut off, mistyped, or a point that shares no secret.
    #[error("`{0}` is not a valid age recipient")]
    InvalidRecipient(String),
    /// Somebody took the secret half of a key pair for its public one.
    #[error("an age identity, which is secret, stands in the place of a recipient")]
    IdentityAsRecipient,
    /// The text is nothing that is known. It is not quoted, it might be a secret in the wrong place.
    #[error("not a recipient; those begin with `age1` or `ssh-`")]
    UnknownRecipient,
    /// An RSA key that is too weak, or so large that encrypting takes too long.
    #[error("`{0}`: RSA recipients have 2048 to 4096 bits")]
    RsaSize(String),
    /// A recipient needs a program that is not installed.
    #[error("`{recipient}` needs the program `{program}`, which is not on PATH")]
    PluginMissing {
        /// The text of the recipient.
        recipient: String,
        /// The name of the program.
        program: String,
    },
    /// The recipient refused the data key.
    #[error("the data key cannot be wrapped for `{recipient}`")]
    Wrap {
        /// The text of the recipient.
        recipient: String,
    },
    /// There is no identity to unwrap with.
    #[error("there is no age identity to unwrap the data key with")]
    NoIdentity,
    /// No identity unwraps any of the copies of the data key; one attempt for each of them.
    #[error("no identity unwraps the data key: {}", listed(.0))]
    NotUnwrapped(Vec<Attempt>),
}

/// One wrapped copy of a data key that could not be unwrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The recipient that the copy was made for, according to its file.
    pub recipient: String,
    /// Why no identity opens it.
    pub reason: Reason,
}

/// Why an age file could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// None of the identities is among its recipients.
    #[error("no identity matches")]
    NoMatch,
    /// None of the identities that are ready is, and this one could not be tried.
    #[error("no identity matches, and {0}")]
    Unopened(Problem),
    /// An identity needs a program that is not installed.
    #[error("no identity matches, and the program `{0}` is not on PATH")]
    PluginMissing(String),
    /// The program was asked and failed. What it said is not repeated here.
    #[error("no identity matches, and `{0}` failed")]
    PluginFailed(String),
    /// It is for a recipient whose kind of identity cannot be used.
    #[error("{0} recipients are not supported")]
    Unsupported(Kind),
    /// It is not an armored age file of version 1, or damaged.
    #[error("not an intact, armored age file")]
    Damaged,
    /// An identity matches, but what it opens was changed afterwards.
    #[error("the age file does not authenticate")]
    Unauthentic,
    /// It contains more bytes than this; data keys and shares of them are shorter.
    #[error("the content is longer than {0} bytes and not a data key")]
    TooLong(usize),
}

/// An identity, or a place for identities, that could not be read; what else is there can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the text comes from: a path or the name of a variable.
    pub origin: String,
    /// The line of the text, the first being 1; `None` if all of it is meant.
    pub line: Option<usize>,
    /// What is wrong there.
    pub cause: ProblemCause,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { origin, line, cause } = self;
        match line {
            Some(line) => write!(f, "{origin}:{line}: {cause}"),
            None => write!(f, "{origin}: {cause}"),
        }
    }
}

/// Why something is not an identity that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemCause {
    /// An identity, or the beginning of one, of a kind that cannot be used.
    #[error("{0} identities are not supported")]
    Unsupported(Kind),
    /// An identity of its kind that is cut off or mistyped.
    #[error("the age identity is not valid")]
    Invalid,
    /// Somebody took the public half of a key pair for its secret one.
    #[error("a recipient stands in the place of an identity")]
    RecipientAsIdentity,
    /// Anything else.
    #[error("not an age identity")]
    Unknown,
    /// The place cannot be read; this is what the operating system says.
    #[error("{0}")]
    Unreadable(String),
    /// Nobody could be asked for the passphrase, or nobody gave one.
    #[error("protected by a passphrase, and none was given")]
    NoPassphrase,
    /// The passphrase that was given is not the one of this file.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// To try a passphrase takes longer than this program is willing to.
    #[error("the work factor of its passphrase is 2^{0}, the most is 2^{MAX_WORK_FACTOR}")]
    TooMuchWork(u8),
    /// An age file, but for recipients.
    #[error("an age file that is not protected by a passphrase")]
    NotPassphrase,
    /// An age file in the place of an identity that is none, or damaged.
    #[error("not an intact age file")]
    DamagedFile,
    /// Inside of a passphrase-protected file are native identities alone.
    #[error("{0} identities do not work inside of a passphrase-protected file")]
    Inside(Kind),
    /// A private SSH key that cannot be read: cut off, of another algorithm than its name says, or in a PEM form
    /// other than OpenSSH's and PKCS 1.
    #[error("not an SSH key that can be read")]
    InvalidSsh,
    /// An SSH key behind a passphrase, in the old PEM form or under a cipher that is not known.
    #[error("an SSH key that is protected in an old or unknown way")]
    SshProtection,
    /// An RSA key that is too weak, or so large that using it takes too long.
    #[error("RSA keys have 2048 to 4096 bits")]
    RsaSize,
}

/// `age1…: no identity matches; age1…: …`
fn listed(attempts: &[Attempt]) -> String {
    let list: Vec<_> =
        attempts.iter().map(|a| format!("{}: {}", shortened(&a.recipient), a.reason)).collect();
    list.join("; ")
}

/// The first and last characters of a long recipient: post-quantum ones have 1,959, and SSH ones of an
/// algorithm all begin alike.
fn shortened(recipient: &str) -> String {
    let characters: Vec<char> = recipient.chars().collect();
    if characters.len() <= 100 {
        return recipient.to_owned();
    }
    let (head, tail) = (&characters[..20], &characters[characters.len() - 20..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_recipients_are_listed_by_their_ends() {
        let recipient = format!("age1pq1{}the-very-last-letters", "q".repeat(1_931));
        let error = Error::NotUnwrapped(vec![Attempt { recipient, reason: Reason::NoMatch }]);
        let expected = "no identity unwraps the data key: \
                        age1pq1qqqqqqqqqqqqq…he-very-last-letters: no identity matches";
        assert_eq!(error.to_string(), expected);
    }
}
