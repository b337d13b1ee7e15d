//! What one place for identities has, sorted by what it takes to use it.
//!
//! An identity file has one identity on each line:
//!
//! ```text
//! # created: 2031-05-06T07:08:09Z
//! # public key: age1…
//! AGE-SECRET-KEY-1…
//! ```
//!
//! A whole file may also be a private SSH key or an age file behind a passphrase; here both may stand between
//! other lines.

use std::sync::Arc;

use super::ask::Ask;
use super::error::{Problem, ProblemCause};
#[cfg(feature = "ssh")]
use super::ssh;
use super::{Kind, Reason, envelope, hybrid, passphrase, plugin, x25519};
use crate::secret::Secret;

/// The identities of one place.
pub struct Pool {
    ask: Arc<dyn Ask>,
    native: Vec<Ready>,
    ssh: Vec<Ready>,
    protected: Vec<Box<dyn Reluctant>>,
    plugins: Vec<plugin::Identities>,
    files: Vec<passphrase::File>,
    problems: Vec<Problem>,
    absent: Vec<String>,
}

/// An identity that can be used without anybody noticing, and the text of its recipient.
struct Ready {
    recipient: String,
    key: Box<dyn age::Identity + Send + Sync>,
}

/// An identity that has to ask somebody, or to start a program, before it can be used.
pub(super) trait Reluctant: Send + Sync {
    /// Whether copies for that recipient are its own, or likely are.
    fn answers_to(&self, recipient: &str) -> bool;

    /// Unwraps a data key from an armored age file.
    fn open(&self, armored: &str) -> Result<Secret, Reason>;
}

/// What identities stand in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Inside {
    /// A place where they are readable.
    Plain,
    /// A passphrase-protected file, where only native ones are understood.
    Passphrase,
}

impl Pool {
    /// An empty place.
    pub(super) fn new(ask: Arc<dyn Ask>) -> Self {
        Pool {
            ask,
            native: Vec::new(),
            ssh: Vec::new(),
            protected: Vec::new(),
            plugins: Vec::new(),
            files: Vec::new(),
            problems: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// Adds the identities in `content`: that of a file or of a variable, which `origin` names.
    ///
    /// Empty lines and comments, from `#` on, are skipped. Lines may end in CRLF and hold several identities
    /// separated by blanks. What cannot be used becomes a [`Problem`]; the rest is used all the same.
    pub fn add(&mut self, content: &[u8], origin: &str) {
        self.add_inside(content, origin, Inside::Plain);
    }

    /// Notes that a place is there but cannot be read; `reason` is what the operating system says.
    pub fn unreadable(&mut self, origin: &str, reason: impl Into<String>) {
        let cause = ProblemCause::Unreadable(reason.into());
        self.problems.push(Problem { origin: origin.to_owned(), line: None, cause });
    }

    /// Notes that there is nothing at a place.
    pub fn absent(&mut self, origin: &str) {
        self.absent.push(origin.to_owned());
    }

    /// As [`Pool::add`], for either kind of content.
    pub(super) fn add_inside(&mut self, content: &[u8], origin: &str, inside: Inside) {
        let mut rest = content;
        let mut line = 0;
        while !rest.is_empty() {
            line += 1;
            let text = std::str::from_utf8(first_line(rest)).unwrap_or("\u{fffd}").trim();
            if text.starts_with("-----BEGIN ") || text.starts_with("age-encryption.org/") {
                let length = block(rest, text);
                let (block, behind) = rest.split_at(length);
                if let Err(cause) = self.add_block(block, text, (origin, line), inside) {
                    self.report(origin, line, cause);
                }
                line += newlines(block).max(1) - 1;
                rest = behind;
                continue;
            }
            for word in text.split_whitespace().take_while(|word| !word.starts_with('#')) {
                if let Err(cause) = self.add_word(word, inside) {
                    self.report(origin, line, cause);
                }
            }
            rest = &rest[first_line(rest).len()..];
        }
    }

    /// Adds an identity of one word.
    fn add_word(&mut self, word: &str, inside: Inside) -> Result<(), ProblemCause> {
        let invalid = ProblemCause::Invalid;
        match Kind::of_identity(word) {
            Some(Kind::X25519) => {
                let (key, recipient) = x25519::identity(word).ok_or(invalid)?;
                insert(&mut self.native, recipient, key);
            }
            Some(Kind::Hybrid) => {
                let (key, recipient) = hybrid::identity(word).ok_or(invalid)?;
                insert(&mut self.native, recipient, key);
            }
            Some(kind) if inside == Inside::Passphrase => return Err(ProblemCause::Inside(kind)),
            Some(Kind::Plugin(_)) => {
                let new = plugin::identity(word, &self.ask).ok_or(invalid)?;
                let left = self.plugins.iter_mut().try_fold(new, |new, known| known.join(new));
                self.plugins.extend(left);
            }
            Some(kind) => return Err(ProblemCause::Unsupported(kind)),
            None if Kind::of_recipient(word).is_some() => {
                return Err(ProblemCause::RecipientAsIdentity);
            }
            None => return Err(ProblemCause::Unknown),
        }
        Ok(())
    }

    /// Adds what has several lines, the first of which is `first`.
    fn add_block(
        &mut self,
        block: &[u8],
        first: &str,
        origin: (&str, usize),
        inside: Inside,
    ) -> Result<(), ProblemCause> {
        match Kind::of_identity(first) {
            Some(kind) if inside == Inside::Passphrase => Err(ProblemCause::Inside(kind)),
            Some(Kind::Passphrase) => {
                let origin = (origin.0.to_owned(), origin.1);
                let file = passphrase::File::new(block, origin, &self.ask);
                if !self.files.iter().any(|known| known.is_same(&file)) {
                    self.files.push(file);
                }
                Ok(())
            }
            Some(Kind::Ssh(_)) => self.add_ssh(block, origin),
            Some(kind) => Err(ProblemCause::Unsupported(kind)),
            None => Err(ProblemCause::Unknown),
        }
    }

    #[cfg(feature = "ssh")]
    fn add_ssh(&mut self, pem: &[u8], origin: (&str, usize)) -> Result<(), ProblemCause> {
        match ssh::identity(pem, origin, &self.ask)? {
            (ssh::Private::Open(key), recipient) => insert(&mut self.ssh, recipient, key),
            (ssh::Private::Protected(key), recipient) => {
                if !self.protected.iter().any(|known| known.answers_to(&recipient)) {
                    self.protected.push(Box::new(key));
                }
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "ssh"))]
    fn add_ssh(&mut self, _: &[u8], _: (&str, usize)) -> Result<(), ProblemCause> {
        Err(ProblemCause::Unsupported(Kind::Ssh("ssh".to_owned())))
    }

    /// Adds a problem, unless it is the last one again: a line of prose is one problem, not one for each word.
    fn report(&mut self, origin: &str, line: usize, cause: ProblemCause) {
        let problem = Problem { origin: origin.to_owned(), line: Some(line), cause };
        if self.problems.last() != Some(&problem) {
            self.problems.push(problem);
        }
    }

    /// What could not be read, also in files that were opened.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        let inside = self.files.iter().filter_map(passphrase::File::inside);
        self.problems.iter().chain(inside.flat_map(|pool| &pool.problems))
    }

    /// The places without anything.
    pub(super) fn absences(&self) -> &[String] {
        &self.absent
    }

    /// The recipients of the identities that are ready, also of those in files that were opened.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.all_ready().map(|ready| ready.recipient.as_str())
    }

    /// Whether there is nothing at all to unwrap with.
    pub(super) fn is_empty(&self) -> bool {
        self.ready().next().is_none() && self.reluctant().next().is_none()
    }

    /// The identities that are ready, native ones first.
    pub(super) fn ready(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.all_ready().map(|ready| ready.key.as_ref() as &dyn age::Identity)
    }

    /// The others, in the order in which they are tried: those that know before they ask whether they are meant,
    /// those that ask and then know, and those that start a program.
    pub(super) fn reluctant(&self) -> impl Iterator<Item = &dyn Reluctant> {
        let protected = self.protected.iter().map(Box::as_ref);
        let files = self.files.iter().map(|file| file as &dyn Reluctant);
        protected.chain(files).chain(self.plugins.iter().map(|plugin| plugin as &dyn Reluctant))
    }

    /// Unwraps a data key from the copies that name the recipient of an identity here, with that one alone.
    pub(super) fn open_own(&self, copies: &[(&str, &str)]) -> Option<Secret> {
        copies.iter().find_map(|(recipient, armored)| {
            let recipient = comparable(recipient);
            let own = self.all_ready().find(|ready| ready.recipient == recipient)?;
            let key: &dyn age::Identity = own.key.as_ref();
            envelope::open(armored, std::iter::once(key)).ok()
        })
    }

    fn all_ready(&self) -> impl Iterator<Item = &Ready> {
        let inside = self.files.iter().filter_map(passphrase::File::inside);
        self.native.iter().chain(inside.flat_map(|pool| &pool.native)).chain(&self.ssh)
    }
}

/// Adds an identity, unless it is there already.
fn insert(
    list: &mut Vec<Ready>,
    recipient: String,
    key: impl age::Identity + Send + Sync + 'static,
) {
    if list.iter().all(|known| known.recipient != recipient) {
        list.push(Ready { recipient, key: Box::new(key) });
    }
}

/// A recipient as identities know theirs.
fn comparable(recipient: &str) -> String {
    #[cfg(feature = "ssh")]
    if recipient.trim_start().starts_with("ssh-") {
        return ssh::without_comment(recipient);
    }
    recipient.trim().to_owned()
}

/// The first line with its end.
fn first_line(content: &[u8]) -> &[u8] {
    content.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default()
}

fn newlines(content: &[u8]) -> usize {
    content.iter().filter(|byte| **byte == b'\n').count()
}

/// The length of what begins with the line `first`: up to the end of the armor; an age file without armor is
/// binary and has none.
fn block(content: &[u8], first: &str) -> usize {
    let mut length = 0;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if first.starts_with("-----") && line.trim_ascii_start().starts_with(b"-----END ") {
            break;
        }
    }
    length
}
