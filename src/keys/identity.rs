//! Identities: the secret side, which can only unwrap.
//!
//! An identity file has one identity on each line:
//!
//! ```text
//! # created: 2031-05-06T07:08:09Z
//! # public key: age1…
//! AGE-SECRET-KEY-1…
//! ```

use super::error::{Attempt, Problem, ProblemCause};
use super::{Error, Kind, Reason, Recipient, envelope, x25519};
use crate::secret::Secret;

/// The identities at hand, from any number of sources, each parsed once.
#[derive(Default)]
pub struct Identities {
    identities: Vec<Identity>,
    problems: Vec<Problem>,
}

/// One identity and the text of the recipient that belongs to it.
struct Identity {
    recipient: String,
    key: Box<dyn age::Identity + Send + Sync>,
}

/// An identity that was just made and is stored nowhere yet.
pub struct NewIdentity {
    /// Its public side.
    pub recipient: Recipient,
    /// Its secret side, `AGE-SECRET-KEY-1…`, without a line feed.
    pub text: Secret,
}

impl Identities {
    /// An empty pool.
    pub fn new() -> Self {
        Identities::default()
    }

    /// Makes an X25519 identity. It does not become part of a pool.
    pub fn generate() -> NewIdentity {
        let (text, recipient) = x25519::generate();
        let recipient = Recipient::parse(&recipient).expect("an identity has a valid recipient");
        NewIdentity { recipient, text }
    }

    /// Adds the identities in `content`: that of a file or of a variable, which `origin` names.
    ///
    /// Empty lines and comments, from `#` on, are skipped. Lines may end in CRLF and hold several identities
    /// separated by blanks. What cannot be used becomes one of the [`problems`](Self::problems); the
    /// rest is used all the same.
    pub fn add(&mut self, content: &[u8], origin: &str) {
        let mut lines = (1..).zip(content.split(|byte| *byte == b'\n'));
        while let Some((line, bytes)) = lines.next() {
            let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim();
            if text.starts_with("-----BEGIN ") || text.starts_with("age-encryption.org/") {
                self.report(origin, line, refusal(text));
                // Up to the end of the armor; an age file without armor is binary and has none.
                lines.by_ref().find(|(_, line)| line.starts_with(b"-----END "));
                continue;
            }
            for word in text.split_whitespace().take_while(|word| !word.starts_with('#')) {
                match parse(word) {
                    Ok(identity) => self.insert(identity),
                    Err(cause) => self.report(origin, line, cause),
                }
            }
        }
    }

    /// What could not be read from the sources, in the order in which they were added.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The recipients of all identities, in the order in which they were added, each once.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.identities.iter().map(|identity| identity.recipient.as_str())
    }

    /// Unwraps a data key from its copies, given as recipient and armored age file.
    ///
    /// The copies that name the recipient of one of the identities are opened first, with that identity
    /// alone: two curve operations, however many copies and identities there are. But what a file names is
    /// not authenticated, so if that fails every identity is tried on every copy.
    pub fn unwrap(&self, copies: &[(&str, &str)]) -> Result<Secret, Error> {
        if self.identities.is_empty() {
            return Err(Error::NoIdentity);
        }
        let own = |(recipient, armored): &(&str, &str)| {
            let identity = self.find(recipient.trim())?;
            envelope::open(armored, std::iter::once(identity.as_age())).ok()
        };
        if let Some(data_key) = copies.iter().find_map(own) {
            return Ok(data_key);
        }
        let mut attempts = Vec::new();
        for (recipient, armored) in copies {
            match envelope::open(armored, self.identities.iter().map(Identity::as_age)) {
                Ok(data_key) => return Ok(data_key),
                Err(reason) => attempts.push(attempt(recipient, reason)),
            }
        }
        Err(Error::NotUnwrapped(attempts))
    }

    /// Adds an identity, unless it is there already.
    fn insert(&mut self, identity: Identity) {
        if self.find(&identity.recipient).is_none() {
            self.identities.push(identity);
        }
    }

    /// Adds a problem, unless it is the last one again: a line of prose is one problem, not one for each word.
    fn report(&mut self, origin: &str, line: usize, cause: ProblemCause) {
        let problem = Problem { origin: origin.to_owned(), line, cause };
        if self.problems.last() != Some(&problem) {
            self.problems.push(problem);
        }
    }

    /// The identity to which that recipient belongs.
    fn find(&self, recipient: &str) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.recipient == recipient)
    }
}

impl Identity {
    /// As the `age` crate wants it.
    fn as_age(&self) -> &dyn age::Identity {
        self.key.as_ref()
    }
}

/// Reads one identity.
fn parse(text: &str) -> Result<Identity, ProblemCause> {
    if Kind::of_identity(text) != Some(Kind::X25519) {
        return Err(refusal(text));
    }
    let (key, recipient) = x25519::identity(text).ok_or(ProblemCause::Invalid)?;
    Ok(Identity { recipient, key: Box::new(key) })
}

/// Why a text is not an identity of a kind that can be used.
fn refusal(text: &str) -> ProblemCause {
    match Kind::of_identity(text) {
        Some(kind) => ProblemCause::Unsupported(kind),
        None if Kind::of_recipient(text).is_some() => ProblemCause::RecipientAsIdentity,
        None => ProblemCause::Unknown,
    }
}

/// Where nothing matches, the kind of the recipient may tell why.
fn attempt(recipient: &str, reason: Reason) -> Attempt {
    let reason = match (reason, Kind::of_recipient(recipient.trim())) {
        (Reason::NoMatch, Some(kind)) if kind != Kind::X25519 => Reason::Unsupported(kind),
        (reason, _) => reason,
    };
    Attempt { recipient: recipient.to_owned(), reason }
}

#[cfg(test)]
mod tests;
