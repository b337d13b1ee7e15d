//! What can go wrong with keys. Nothing here quotes an identity, nor a text that might be one.

use super::Kind;

/// Why a recipient cannot be used, or a data key not be wrapped or unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recipient of a kind that this program cannot wrap for.
    #[error("{0} recipients are not supported")]
    UnsupportedRecipient(Kind),
    /// The text begins like an X25519 recipient, but is cut off, mistyped, or a point that shares no secret.
    #[error("`{0}` is not a valid age recipient")]
    InvalidRecipient(String),
    /// Somebody took the secret half of a key pair for its public one.
    #[error("an age identity, which is secret, stands in the place of a recipient")]
    IdentityAsRecipient,
    /// The text is nothing that is known. It is not quoted, it might be a secret in the wrong place.
    #[error("not a recipient; those begin with `age1`")]
    UnknownRecipient,
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

/// One identity that could not be read; the others of its source can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}: {cause}")]
pub struct Problem {
    /// Where the text comes from: a path or the name of a variable.
    pub origin: String,
    /// The line of the text, the first being 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: ProblemCause,
}

/// Why a line is not an identity that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemCause {
    /// An identity, or the beginning of one, of a kind that cannot be used.
    #[error("{0} identities are not supported")]
    Unsupported(Kind),
    /// An `AGE-SECRET-KEY-1…` that is cut off or mistyped.
    #[error("the age identity is not valid")]
    Invalid,
    /// Somebody took the public half of a key pair for its secret one.
    #[error("a recipient stands in the place of an identity")]
    RecipientAsIdentity,
    /// Anything else.
    #[error("not an age identity")]
    Unknown,
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
