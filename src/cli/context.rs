//! What a command gets from the outside: directory, environment, streams, clock, randomness.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::claim::{Access, Claim, Task};
use super::discover::AtTerminal;
use super::failure::Failure;
use super::prompt::Prompt;
use crate::keys::Ask;
use crate::secret::RandomSource;

/// The outside of one run.
pub(crate) struct Context {
    /// The working directory, absolute.
    pub(crate) directory: PathBuf,
    /// Standard output, colours stripped where nobody sees them.
    pub(crate) out: anstream::AutoStream<std::io::Stdout>,
    /// Standard error, likewise.
    pub(crate) err: anstream::AutoStream<std::io::Stderr>,
    /// Whether somebody sits at a terminal who can be asked: standard input and standard error are one.
    pub(crate) interactive: bool,
    /// Whether standard error is a terminal, so that somebody sees how far a command is.
    pub(crate) watched: bool,
    /// Random bytes of the operating system.
    pub(crate) random: OsRandom,
    /// What the command is, and what it is going to do.
    pub(crate) task: Task,
    /// The lock under which it is going to write.
    pub(crate) claim: Claim,
    environment: Environment,
    /// What was noted that is to be noted once.
    noted: HashSet<String>,
    /// Standard input, read before it was asked for.
    fetched: Option<Zeroizing<Vec<u8>>>,
}

/// Where environment variables come from.
enum Environment {
    /// The process.
    Process,
    /// These and no others.
    Fixed(Vec<(&'static str, OsString)>),
}

impl Context {
    /// The outside as it is. Fails if the directory cannot be entered.
    pub(crate) fn new(directory: Option<PathBuf>) -> Result<Context, Failure> {
        let current = std::env::current_dir()
            .map_err(|error| Failure::new(format!("the working directory: {error}")))?;
        let wanted = directory.as_deref().unwrap_or(Path::new("."));
        let directory =
            current.join(wanted).canonicalize().map_err(|error| Failure::io(wanted, &error))?;
        Ok(Context {
            directory,
            out: anstream::AutoStream::auto(std::io::stdout()),
            err: anstream::AutoStream::auto(std::io::stderr()),
            interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            watched: std::io::stderr().is_terminal(),
            random: OsRandom::default(),
            task: Task::default(),
            claim: Claim::default(),
            environment: Environment::Process,
            noted: HashSet::new(),
            fetched: None,
        })
    }

    /// A context in another directory that knows these environment variables alone, and asks nothing.
    pub(crate) fn apart(directory: PathBuf, environment: Vec<(&'static str, OsString)>) -> Context {
        Context {
            directory,
            out: anstream::AutoStream::auto(std::io::stdout()),
            err: anstream::AutoStream::auto(std::io::stderr()),
            interactive: false,
            watched: false,
            random: OsRandom::default(),
            task: Task::default(),
            claim: Claim::default(),
            environment: Environment::Fixed(environment),
            noted: HashSet::new(),
            fetched: None,
        }
    }

    /// An environment variable; an empty one counts as not set.
    pub(crate) fn env(&self, name: &str) -> Option<OsString> {
        let value = match &self.environment {
            Environment::Process => std::env::var_os(name),
            Environment::Fixed(known) => {
                known.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
            }
        };
        value.filter(|value| !value.is_empty())
    }

    /// The time, RFC 3339 in UTC with seconds.
    pub(crate) fn now(&self) -> String {
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The time, in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        jiff::Timestamp::now().as_second()
    }

    /// Says what the command is and what it is going to do with files, before it opens one.
    pub(crate) fn begin(&mut self, command: &'static str, access: Access) {
        self.task = Task { command, access, ..self.task };
    }

    /// Whom keys and their plugins ask.
    pub(crate) fn ask(&self) -> Arc<dyn Ask> {
        Arc::new(AtTerminal::new(&self.claim))
    }

    /// Whoever sits at the terminal.
    pub(crate) fn prompt(&self) -> Prompt {
        Prompt::new(&self.claim)
    }

    /// Reads standard input before the lock is taken: whoever writes to it may take their time.
    pub(crate) fn fetch_stdin(&mut self) -> Result<(), Failure> {
        self.fetched = Some(self.read_stdin()?);
        Ok(())
    }

    /// All of standard input.
    pub(crate) fn read_stdin(&mut self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(fetched) = self.fetched.take() {
            return Ok(fetched);
        }
        self.claim.release();
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 16));
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(format!("standard input: {error}")))?;
        Ok(bytes)
    }

    /// How many columns standard output has; `None` where it is no terminal.
    pub(crate) fn columns(&self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        // A terminal that does not know its size says 0.
        (size.ws_col > 0).then_some(size.ws_col.into())
    }

    /// A line on standard output.
    pub(crate) fn say(&mut self, line: impl AsRef<str>) {
        // Nobody reads: nothing to say.
        let _ = writeln!(self.out, "{}", line.as_ref());
    }

    /// A line on standard error: what is not the result.
    pub(crate) fn note(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.err, "{}", line.as_ref());
    }

    /// A line on standard error that concerns many files, but is read once.
    pub(crate) fn note_once(&mut self, line: String) {
        if !self.noted.contains(&line) {
            self.note(&line);
            self.noted.insert(line);
        }
    }

    /// Bytes on standard output, as they are.
    pub(crate) fn emit(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self.out.as_inner().lock().write_all(bytes) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Sends what is buffered.
    pub(crate) fn flush(&mut self) {
        let _ = self.out.flush();
    }
}

/// The operating system's random bytes, fetched a page at a time: a value takes 32.
#[derive(Default)]
pub(crate) struct OsRandom {
    buffer: Zeroizing<Vec<u8>>,
}

impl RandomSource for OsRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        const PAGE: usize = 4096;
        for byte in bytes {
            if self.buffer.is_empty() {
                self.buffer.resize(PAGE, 0);
                getrandom::fill(&mut self.buffer).expect("the operating system has random bytes");
            }
            *byte = self.buffer.pop().expect("filled above");
        }
    }
}

/// Keeps decrypted values out of core dumps, and other processes of the same user from reading them by
/// `ptrace`. What fails here leaves the program as safe as any other.
pub(crate) fn protect_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // The commands of `exec-env` inherit the limit, and may raise it again.
    let core = getrlimit(Resource::Core);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..core });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
