//! The user's editor on a private copy of a plain file, until the result is good.
//!
//! ```text
//! copy → editor → unchanged? ─ yes → nothing to do
//!          ↑          │ no
//!          │       accepted? ─ yes → done
//!          │          │ no
//!          └── the reason, as a comment on top    (only at a terminal; a script gets the error at once)
//! ```
//!
//! The comment is taken out again before anybody reads the file. In formats without comments the reason is
//! told on standard error, and Enter leads back to the editor. Saving a refused file once more as it is gives
//! up: the command ends with the reason, and the work is gone with the copy. Restoring what was there at
//! first changes nothing and is no error.
//!
//! While the editor runs, Ctrl-C is its own. A signal sent to this program is passed on to the editor, the
//! copy is removed, and the program ends by the signal. Editors that keep text elsewhere are asked not to
//! where that is known (see [`discreet`]); others are the user's business.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use zeroize::Zeroizing;

use super::private::Private;
use super::signals::Role;
use super::sops::Code;
use super::{Context, Failure};
use crate::txn::Content;

/// Where an editor is named; the first that is set and not empty.
const VARIABLES: [&str; 2] = ["SOPS_EDITOR", "EDITOR"];

/// What is tried without them.
const USUAL: [&str; 3] = ["vim", "nano", "vi"];

/// Behind the comment marker of every line that tells why a file was refused. Such lines are never kept.
const BANNER: &str = " [keywright] ";

/// Why there is no edited file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The private copy cannot be made or read.
    #[error("the copy to edit: {0}")]
    Copy(io::Error),
    /// The editor ended with an error.
    #[error("the editor `{program}` failed: {status}")]
    Failed {
        /// Its first word.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The editor was stopped from the terminal.
    #[error("interrupted, nothing changed")]
    Interrupted,
    /// Nothing names an editor, and none of the usual ones is there.
    #[error(
        "no editor: SOPS_EDITOR and EDITOR are not set, and vim, nano and vi are not installed"
    )]
    None,
    /// The editor cannot be started.
    #[error("the editor `{program}` cannot be started: {source}")]
    NotStarted {
        /// Its first word.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The words of a variable cannot be told apart.
    #[error("{variable}: is no command line")]
    Unreadable {
        /// Which.
        variable: &'static str,
    },
}

/// What became of a file in the editor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edited<T> {
    /// It is as it was.
    Unchanged,
    /// What was made of the changed file.
    Accepted(T),
}

/// A file to be edited.
pub(crate) struct Draft<'d> {
    /// Its base name, which the copy has too: editors choose colours and indentation by it.
    pub(crate) name: &'d OsStr,
    /// The text that makes a line a comment, in formats that have comments.
    pub(crate) comment: Option<&'d str>,
    /// What it holds at first.
    pub(crate) content: &'d [u8],
}

/// Lets the user edit a file until `accept` takes it or the user gives up.
///
/// `accept` gets the file without our comments; its failure is shown to the user, and holds no secret.
pub(crate) fn edit<T>(
    draft: &Draft<'_>,
    context: &mut Context,
    mut accept: impl FnMut(&[u8], &mut Context) -> Result<T, Failure>,
) -> Result<Edited<T>, Failure> {
    let editor = Editor::choose(context)?;
    let private = Private::new(context, None).map_err(Error::Copy)?;
    private.write(draft.name, draft.content).map_err(Error::Copy)?;
    let mut refused: Option<(Content, Failure)> = None;
    loop {
        context.flush();
        context.claim.release();
        editor.open(&private, draft.name)?;
        let saved = private.read(draft.name).map_err(Error::Copy)?;
        let content = without_banner(&saved, draft.comment);
        if *content == draft.content {
            return Ok(Edited::Unchanged);
        }
        if let Some((_, failure)) = refused.take_if(|(before, _)| *before == content) {
            return Err(failure);
        }
        let failure = match accept(&content, context) {
            Ok(accepted) => return Ok(Edited::Accepted(accepted)),
            Err(failure) if !context.interactive => return Err(failure),
            Err(failure) => failure,
        };
        match draft.comment {
            Some(marker) => {
                let shown = with_banner(&content, marker, &failure);
                private.write(draft.name, &shown).map_err(Error::Copy)?;
            }
            None if !wait_for_enter(&failure, context) => return Err(failure),
            None => {}
        }
        refused = Some((content, failure));
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::new(error.to_string()).code(match error {
            Error::Copy(_) => Code::CouldNotWriteOutput,
            _ => Code::NoEditor,
        });
        match error {
            Error::Interrupted => Failure::interrupted(),
            Error::None | Error::NotStarted { .. } => {
                failure.hint("name your editor: `EDITOR=nano keywright edit FILE`")
            }
            _ => failure,
        }
    }
}

/// An editor with its arguments.
struct Editor {
    words: Vec<OsString>,
    /// Where the run begins.
    directory: PathBuf,
}

impl Editor {
    /// The user's editor.
    fn choose(context: &Context) -> Result<Editor, Error> {
        let path = context.env("PATH").unwrap_or_default();
        let named = VARIABLES.iter().find_map(|name| Some((*name, context.env(name)?)));
        let words = match named {
            Some((variable, line)) => {
                let unreadable = || Error::Unreadable { variable };
                let words = line.to_str().and_then(|line| shell_words::split(line).ok());
                let words = words.filter(|words| !words.is_empty()).ok_or_else(unreadable)?;
                words.into_iter().map(OsString::from).collect()
            }
            None => {
                let installed = |name: &&&str| find(OsStr::new(name), &path).is_some();
                vec![OsString::from(USUAL.iter().find(installed).ok_or(Error::None)?)]
            }
        };
        let words = discreet(words, &path);
        Ok(Editor { words, directory: context.directory.clone() })
    }

    /// Opens a file and waits for the end.
    fn open(&self, private: &Private, name: &OsStr) -> Result<(), Error> {
        let program = || self.words[0].to_string_lossy().into_owned();
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).arg(private.path(name)).current_dir(&self.directory);
        let status = private.watch().run(Role::Editor, || command.spawn());
        let status = status.map_err(|source| Error::NotStarted { program: program(), source })?;
        if status.signal() == Some(signal_hook::consts::SIGINT) {
            return Err(Error::Interrupted);
        }
        if !status.success() {
            return Err(Error::Failed { program: program(), status });
        }
        Ok(())
    }
}

/// Vim, also by the name `vi`, and Neovim write what was deleted or copied to a history in the home directory
/// (`viminfo`, `shada`), and swap, backup and undo files where the user's configuration says; so they are told
/// not to.
fn discreet(mut words: Vec<OsString>, path: &OsStr) -> Vec<OsString> {
    const QUIET: [&str; 5] = ["-n", "-i", "NONE", "-c", "set nobackup nowritebackup noundofile"];
    let real = find(&words[0], path).and_then(|found| found.canonicalize().ok());
    let is_vim = |name: &OsStr| {
        let name = name.to_string_lossy();
        name == "nvim" || name == "vim" || name.starts_with("vim.")
    };
    if real.as_deref().and_then(Path::file_name).is_some_and(is_vim) {
        words.splice(1..1, QUIET.map(OsString::from));
    }
    words
}

/// A program by its name, as a shell would find it.
fn find(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let executable = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if program.to_string_lossy().contains('/') {
        return Some(PathBuf::from(program)).filter(executable);
    }
    std::env::split_paths(path).map(|directory| directory.join(program)).find(executable)
}

/// A refused file with the reason on top, in the line endings of the file.
fn with_banner(content: &[u8], marker: &str, failure: &Failure) -> Content {
    let ending = if content.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
    let reasons = failure.message.lines().chain(failure.hints.iter().flat_map(|hint| hint.lines()));
    let advice =
        "Correct it, or save it as it is to give up. Line 1 is the one below this comment.";
    let lines: Vec<&str> = reasons.chain([advice]).collect();
    let banner: String = lines
        .iter()
        .map(|line| format!("{marker}{BANNER}{}{ending}", super::failure::visible(line)))
        .collect();
    let mut shown = Zeroizing::new(Vec::with_capacity(banner.len() + content.len()));
    shown.extend_from_slice(banner.as_bytes());
    shown.extend_from_slice(content);
    shown
}

/// What the user has saved, without any line of ours.
fn without_banner(saved: &[u8], comment: Option<&str>) -> Content {
    let ours = comment.map(|marker| format!("{marker}{BANNER}"));
    let is_ours = |line: &[u8]| {
        ours.as_ref().is_some_and(|ours| line.trim_ascii_start().starts_with(ours.as_bytes()))
    };
    let mut content = Zeroizing::new(Vec::with_capacity(saved.len()));
    for line in saved.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_ours(line)) {
        content.extend_from_slice(line);
    }
    content
}

/// Tells a reason and waits; `false` if nobody presses Enter any more.
fn wait_for_enter(failure: &Failure, context: &mut Context) -> bool {
    context.note(format!("error: {}", super::failure::visible(&failure.message)));
    context.note("Press Enter to return to the editor, or Ctrl-C to give up.");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).is_ok_and(|length| length > 0)
}

#[cfg(test)]
mod tests;
