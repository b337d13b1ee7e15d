//! Failures as they are told: what happened, then what to do.
//!
//! The library says what is wrong; only here the commands and flags are known that mend it.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{ExitCode, Termination};

use super::sops::Code;
use crate::{keys, layout, repo, settings, sops, txn};

/// How a run ended; the exit codes of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    /// 0: done, or nothing to do.
    Done,
    /// 1: `check` or `db doctor` found something.
    Found,
    /// 2: refused or failed; nothing has changed.
    Refused,
    /// 3: a file changed under the command, or another command holds the lock; nothing has changed.
    Drift,
    /// 130: interrupted; nothing has changed.
    Interrupted,
    /// What a command that was run for the user ended with.
    Child(u8),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::Found => 1,
            Status::Refused => 2,
            Status::Drift => 3,
            Status::Interrupted => 130,
            Status::Child(code) => code,
        })
    }
}

impl Termination for Status {
    fn report(self) -> ExitCode {
        self.into()
    }
}

/// What to know where no app is found.
pub(crate) const NO_APPS: &str =
    "no Flux Kustomization of this repository leads to a kustomize file";

/// What to do about a file that somebody or something has damaged.
const RESTORE: &str = "see what changed with `git diff` or `git log -p` on this file, and restore it with `git checkout`";

/// Why a command did not do its work. Never holds a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    /// The exit code in the grammar of sops.
    pub(crate) code: Code,
    /// The whole message in the words of sops, where programs look for these.
    pub(crate) in_words_of_sops: Option<String>,
}

impl Failure {
    /// A refusal.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure {
            status: Status::Refused,
            message: message.into(),
            hints: Vec::new(),
            code: Code::Generic,
            in_words_of_sops: None,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// Gives it an exit code of sops.
    pub(crate) fn code(mut self, code: Code) -> Failure {
        self.code = code;
        self
    }

    /// With this to do about it where nobody would be left in a file, instead of what its encryption would need.
    pub(crate) fn if_nobody_is_left(self, error: &sops::file::Error, hint: &str) -> Failure {
        match error {
            sops::file::Error::NoRecipients => Failure { hints: vec![hint.to_owned()], ..self },
            _ => self,
        }
    }

    /// The user stopped the command.
    pub(crate) fn interrupted() -> Failure {
        Failure { status: Status::Interrupted, ..Failure::new("interrupted, nothing changed") }
    }

    /// Prints itself to standard error.
    pub(crate) fn report(&self) -> ExitCode {
        let bold = anstyle::Style::new().bold();
        let red = bold.fg_color(Some(anstyle::AnsiColor::Red.into()));
        let mut err = anstream::AutoStream::auto(std::io::stderr());
        // Nobody may be reading.
        let _ = writeln!(err, "{red}error:{red:#} {}", visible(&self.message));
        for hint in &self.hints {
            let _ = writeln!(err, "{bold}hint:{bold:#} {}", visible(hint));
        }
        self.status.into()
    }

    /// Prints itself to standard error in the manner of sops, with the words that programs look for.
    pub(crate) fn tell(&self) {
        let mut err = anstream::AutoStream::auto(std::io::stderr());
        // Nobody may be reading.
        if let Some(words) = &self.in_words_of_sops {
            let _ = writeln!(err, "{}", visible(words));
            return;
        }
        let begin = if self.code == Code::MacMismatch { "MAC mismatch. " } else { "" };
        let _ = writeln!(err, "{begin}{}", visible(&self.message));
        for hint in &self.hints {
            let _ = writeln!(err, "hint: {}", visible(hint));
        }
    }

    /// A file or directory that cannot be read or written.
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Failure {
        Failure::new(format!("{}: {}", path.display(), reason(error)))
    }

    /// A failure of the file format, at a file.
    pub(crate) fn at(path: &Path, error: &sops::file::Error) -> Failure {
        let mut failure = Failure::new(located(path, error)).code(code_of(error));
        failure.in_words_of_sops = words_of_sops(error);
        match error {
            sops::file::Error::Keys(error) => failure.with_key_hints(error),
            sops::file::Error::NoRecipients => failure
                .hint("add `age: age1…` to the creation rule in `.sops.yaml`, or pass `--age`"),
            sops::file::Error::MacMismatch
            | sops::file::Error::MacMissing
            | sops::file::Error::MacUnreadable(_)
            | sops::file::Error::Token { .. } => failure.hint(RESTORE),
            sops::file::Error::Plain { .. } => failure.hint(format!(
                "`keywright encrypt -i {}` encrypts what was added by hand",
                path.display()
            )),
            sops::file::Error::Parts { .. } => {
                failure.hint("put identities of enough groups into your identity file")
            }
            _ => failure,
        }
    }

    /// A file that should be encrypted and has no metadata.
    pub(crate) fn not_encrypted(path: &Path) -> Failure {
        let name = path.display();
        Failure::new(format!("{name}: not a SOPS file: there is no `sops` key"))
            .hint(format!("`keywright encrypt -i {name}` encrypts it"))
    }

    /// Adds what to do where a name leads to no app, or to several.
    pub(crate) fn with_layout_hints(self, error: &layout::Error) -> Failure {
        match error {
            layout::Error::AppUnknown { nearest: Some(nearest), .. } => {
                self.hint(format!("did you mean `{nearest}`?"))
            }
            layout::Error::AppUnknown { found, .. } if found.is_empty() => self.hint(NO_APPS),
            layout::Error::AppUnknown { .. } => {
                self.hint("name one of these, or the directory of an app")
            }
            layout::Error::Repository(repo::Error::Parse { .. }) => {
                self.hint("mend it first; `git diff` shows what changed")
            }
            layout::Error::Repository(repo::Error::Read { .. }) => {
                self.hint("make it readable first")
            }
            layout::Error::Setting {
                source: settings::Error::Unknown { nearest: Some(nearest), .. },
                ..
            } => self.hint(format!("did you mean `{nearest}`?")),
            layout::Error::AppAmbiguous { directories, .. } => {
                let first = directories.first().map(|path| path.display().to_string());
                self.hint(format!("name more of the path, as in `{}`", first.unwrap_or_default()))
            }
            _ => self,
        }
    }

    fn with_key_hints(self, error: &keys::Error) -> Failure {
        match error {
            keys::Error::NoIdentity => self.hint(
                "point SOPS_AGE_KEY_FILE at your identity file, or put it at the default place, \
                 `~/.config/sops/age/keys.txt`",
            ),
            keys::Error::NotUnwrapped(attempts) => self.with_attempt_hints(attempts),
            keys::Error::PluginMissing { program, .. } => {
                self.hint(format!("install `{program}`, or put its directory on PATH"))
            }
            _ => self,
        }
    }

    fn with_attempt_hints(self, attempts: &[keys::Attempt]) -> Failure {
        let reasons = || attempts.iter().map(|attempt| &attempt.reason);
        // It is the copy of the data key that is at fault, not the identities.
        let is_damage = |reason: &keys::Reason| {
            use keys::Reason::{Damaged, TooLong, Unauthentic};
            matches!(reason, Damaged | Unauthentic | TooLong(_))
        };
        let unanswered = |reason: &keys::Reason| matches!(reason, keys::Reason::Unopened(problem) if problem.cause == keys::ProblemCause::NoPassphrase);
        let missing = reasons().find_map(|reason| match reason {
            keys::Reason::PluginMissing(program) => Some(program),
            _ => None,
        });
        if reasons().any(unanswered) {
            self.hint("run it at a terminal to be asked for the passphrase")
        } else if let Some(program) = missing {
            self.hint(format!("install `{program}`, or put its directory on PATH"))
        } else if reasons().any(is_damage) {
            self.hint(RESTORE)
        } else {
            self.hint(
                "use the identity of one of these recipients, or ask somebody who has one to add yours",
            )
        }
    }
}

/// What sops calls it.
fn code_of(error: &sops::file::Error) -> Code {
    use sops::file::Error;
    match error {
        Error::AlreadyEncrypted(_) => Code::AlreadyEncrypted,
        Error::Empty => Code::NoDocument,
        Error::Keys(keys::Error::NoIdentity | keys::Error::NotUnwrapped(_))
        | Error::Parts { .. }
        | Error::ForeignAlone(_) => Code::CouldNotRetrieveKey,
        Error::MacMismatch | Error::MacMissing | Error::MacUnreadable(_) => Code::MacMismatch,
        Error::Token { .. } | Error::Plain { .. } => Code::DecryptingTree,
        Error::Alias(_)
        | Error::Key(_)
        | Error::StrayToken { .. }
        | Error::TooManyAliases(_)
        | Error::Value(_) => Code::EncryptingTree,
        Error::Root(_) => Code::CouldNotReadInput,
        Error::Edit(_) | Error::NotBinary => Code::CouldNotPrint,
        _ => Code::Generic,
    }
}

/// What the operating system says, without the number and in the case of other messages.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let message = error.to_string();
    let message = message.split(" (os error").next().unwrap_or_default();
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}

/// The messages of sops that programs, and its own tests, read.
fn words_of_sops(error: &sops::file::Error) -> Option<String> {
    use sops::file::Error;
    let groups = match error {
        Error::NoRecipients => {
            return Some("Could not generate data key: [empty key group provided]".to_owned());
        }
        Error::Keys(error @ (keys::Error::NoIdentity | keys::Error::NotUnwrapped(_))) => {
            group_failed(0, error)
        }
        Error::ForeignAlone(key) => format!("Group 0: FAILED\n  {}: FAILED\n", key.name),
        Error::Parts { all, missing, .. } => {
            let group = |index: usize| match missing.iter().find(|(missing, _)| *missing == index) {
                None => format!("Group {index}: SUCCESS\n"),
                Some((_, sops::file::NotOpened::Keys(error))) => group_failed(index, error),
                Some((_, reason)) => format!("Group {index}: FAILED\n  {reason}\n"),
            };
            (0..*all).map(group).collect::<Vec<_>>().join("\n")
        }
        _ => return None,
    };
    let recovered = match error {
        Error::Parts { recovered, needed, .. } => format!(
            "Recovery failed because not enough parts of the key could be recovered: {needed} are \
             needed, {recovered} could be."
        ),
        _ => "Recovery failed because no master key was able to decrypt the file.".to_owned(),
    };
    Some(format!(
        "Failed to get the data key required to decrypt the SOPS file.\n\n{groups}\n{recovered}"
    ))
}

fn group_failed(index: usize, error: &keys::Error) -> String {
    let mut text = format!("Group {index}: FAILED\n");
    match error {
        keys::Error::NotUnwrapped(attempts) => {
            for attempt in attempts {
                let (recipient, reason) = (&attempt.recipient, &attempt.reason);
                text.push_str(&format!("  {recipient}: FAILED\n    - | {reason}\n"));
            }
        }
        other => text.push_str(&format!("    - | {other}\n")),
    }
    text
}

/// `path: message` with the position of the message, if it begins with one, tied to the path.
pub(crate) fn located(path: &Path, error: &dyn std::fmt::Display) -> String {
    let message = error.to_string();
    let separator = if message.starts_with(|c: char| c.is_ascii_digit()) { ":" } else { ": " };
    format!("{}{separator}{message}", path.display())
}

/// Control characters of names and messages as escapes: a file name must not drive the terminal.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

impl From<layout::Error> for Failure {
    fn from(error: layout::Error) -> Failure {
        Failure::new(error.to_string()).with_layout_hints(&error)
    }
}

impl From<repo::GitError> for Failure {
    fn from(error: repo::GitError) -> Failure {
        Failure::new(error.to_string())
    }
}

impl From<repo::Error> for Failure {
    fn from(error: repo::Error) -> Failure {
        Failure::new(error.to_string())
    }
}

/// A failure of a transaction with its cause.
fn told(error: &txn::Error) -> String {
    match error {
        txn::Error::Io { path, source } => format!("{}: {}", path.display(), reason(source)),
        txn::Error::Pending { source, .. } | txn::Error::Unfinished { source } => {
            format!("{error}: {}", told(source))
        }
        _ => error.to_string(),
    }
}

impl From<txn::Error> for Failure {
    fn from(error: txn::Error) -> Failure {
        let failure = Failure::new(told(&error)).code(Code::CouldNotWriteOutput);
        match error {
            txn::Error::Io { path, source } => match source.kind() {
                ErrorKind::PermissionDenied => {
                    failure.hint(format!("make it writable, with `chmod u+w {}`", path.display()))
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    failure.hint("nothing was changed; make room, then run the command again")
                }
                _ => failure,
            },
            txn::Error::FileChanged { .. } => Failure { status: Status::Drift, ..failure }
                .hint("nothing was changed; run the command again"),
            txn::Error::Stopped => Failure::interrupted(),
            txn::Error::Locked { .. } => Failure { status: Status::Drift, ..failure }
                .hint("wait until that command has ended, then run this one again"),
            txn::Error::Pending { .. } => {
                failure.hint("run `keywright recover` as somebody who may write there")
            }
            txn::Error::Edited { path, .. } => failure
                .hint(format!(
                    "give `{}` the content back that it had, then run `keywright recover`",
                    path.display()
                ))
                .hint("or keep all files as they are now, with `keywright recover --discard`"),
            txn::Error::Damaged { .. } => failure
                .hint("see the files with `git status`, then keep them as they are now with `keywright recover --discard`"),
            txn::Error::Unfinished { .. } => {
                failure.hint("mend what is in the way, then run `keywright recover`")
            }
            txn::Error::HardLinked { .. } => failure
                .hint("give the file a content of its own: copy it, and rename the copy over it"),
            _ => failure,
        }
    }
}
