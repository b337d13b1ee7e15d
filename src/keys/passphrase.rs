//! Identity files behind a passphrase: age files, armored or binary, as `age -p` makes them.
//!
//! Opened when nothing else helps, and once: the passphrase is asked for at most once for each file. Inside are
//! lines of native identities.

use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, scrypt};
use zeroize::Zeroizing;

use super::ask::{self, Ask};
use super::error::{MAX_WORK_FACTOR, Problem, ProblemCause};
use super::pool::{Inside, Pool, Reluctant};
use super::{Reason, envelope};
use crate::secret::Secret;

/// One protected identity file.
pub(super) struct File {
    content: Vec<u8>,
    /// Where it comes from, and the line on which it begins.
    origin: (String, usize),
    ask: Arc<dyn Ask>,
    opened: OnceLock<Result<Pool, ProblemCause>>,
}

impl File {
    /// A file that is not opened yet; whether it can be shows later.
    pub(super) fn new(content: &[u8], origin: (String, usize), ask: &Arc<dyn Ask>) -> Self {
        File { content: content.to_vec(), origin, ask: ask.clone(), opened: OnceLock::new() }
    }

    /// Whether it is a copy of the other one.
    pub(super) fn is_same(&self, other: &File) -> bool {
        self.content == other.content
    }

    /// What is inside, if it could be opened.
    pub(super) fn inside(&self) -> Option<&Pool> {
        self.opened.get()?.as_ref().ok()
    }

    fn open_file(&self) -> Result<Pool, ProblemCause> {
        let damaged = |_| ProblemCause::DamagedFile;
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(self.content.as_slice()))
            .map_err(damaged)?;
        if !decryptor.is_scrypt() {
            return Err(ProblemCause::NotPassphrase);
        }
        let passphrase =
            ask::passphrase(&*self.ask, &self.origin.0).ok_or(ProblemCause::NoPassphrase)?;
        let mut reader = decryptor
            .decrypt(std::iter::once(&identity(passphrase) as &dyn age::Identity))
            .map_err(cause)?;
        // What is decrypted is shorter than the file. A vector that grows leaves copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(self.content.len()));
        reader.read_to_end(&mut text).map_err(|_| ProblemCause::DamagedFile)?;
        let mut pool = Pool::new(self.ask.clone());
        pool.add_inside(&text, &self.origin.0, Inside::Passphrase);
        Ok(pool)
    }
}

/// The passphrase with a fixed limit. The crate measures the machine here, with some milliseconds of work, for
/// a limit that is then replaced.
fn identity(passphrase: SecretString) -> scrypt::Identity {
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    identity
}

fn cause(error: DecryptError) -> ProblemCause {
    match error {
        DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys => {
            ProblemCause::WrongPassphrase
        }
        DecryptError::ExcessiveWork { required, .. } => ProblemCause::TooMuchWork(required),
        _ => ProblemCause::DamagedFile,
    }
}

impl Reluctant for File {
    /// What is inside is not known before.
    fn answers_to(&self, _: &str) -> bool {
        false
    }

    fn open(&self, armored: &str) -> Result<Secret, Reason> {
        match self.opened.get_or_init(|| self.open_file()) {
            Ok(pool) => envelope::open(armored, pool.ready()),
            Err(cause) => {
                let (origin, line) = self.origin.clone();
                let problem = Problem { origin, line: Some(line), cause: cause.clone() };
                Err(Reason::Unopened(problem))
            }
        }
    }
}

#[cfg(test)]
mod tests;
