//! Where identities are: the places where SOPS looks.
//!
//! | place | read |
//! |---|---|
//! | `SOPS_AGE_KEY` | first |
//! | `SOPS_AGE_KEY_FILE`, then `<configuration directory>/sops/age/keys.txt` | next |
//! | `SOPS_AGE_SSH_PRIVATE_KEY_FILE`, `~/.ssh/id_ed25519`, `~/.ssh/id_rsa` | next |
//! | `SOPS_AGE_KEY_CMD`, then `SOPS_AGE_SSH_PRIVATE_KEY_CMD` | last |
//!
//! SOPS reads all of them for every recipient of every file. Here a place is read once, and only if those before
//! it have no identity for the file. A command is run for one recipient after the other, as long as what it
//! prints depends on the recipient: the second time it prints the same it is not run any more.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::cli::claim::Claim;
use crate::cli::failure::reason;
use crate::cli::{Context, Failure};
use crate::keys::{Identities, Pool};
use crate::secret::Secret;

/// What tells a command for which recipient the identity is wanted.
const RECIPIENT: &str = "SOPS_AGE_RECIPIENT";

/// All identities of the places where SOPS looks. Nothing is read or run before something is to be unwrapped; what
/// cannot be read is only told if nothing unwraps it in the end.
pub(crate) fn identities(context: &mut Context) -> Result<Identities, Failure> {
    let mut identities = Identities::asking(context.ask());
    add_variable(&mut identities, context, "SOPS_AGE_KEY");
    add_named_file(&mut identities, context, "SOPS_AGE_KEY_FILE");
    let home = context.env("HOME").map(PathBuf::from);
    if let Some(path) = keys_file(context) {
        add_file(&mut identities, path);
    }
    add_named_file(&mut identities, context, "SOPS_AGE_SSH_PRIVATE_KEY_FILE");
    if let Some(home) = home {
        add_file(&mut identities, home.join(".ssh/id_ed25519"));
        add_file(&mut identities, home.join(".ssh/id_rsa"));
    }
    add_command(&mut identities, context, "SOPS_AGE_KEY_CMD");
    add_command(&mut identities, context, "SOPS_AGE_SSH_PRIVATE_KEY_CMD");
    Ok(identities)
}

/// The file where identities usually are; `None` where nothing says which directory is the user's.
pub(crate) fn keys_file(context: &Context) -> Option<PathBuf> {
    let home = context.env("HOME").map(PathBuf::from);
    configuration(context, home.as_deref()).map(|directory| directory.join("sops/age/keys.txt"))
}

/// What the command in a variable prints if it is asked for no recipient in particular, or why it does not; `None`
/// where the variable names none.
pub(crate) fn printed_identities(
    context: &Context,
    name: &'static str,
) -> Option<Result<Zeroizing<Vec<u8>>, String>> {
    let program = Program::named(context, name)?;
    let printed = program.words.as_ref().map_err(Clone::clone);
    Some(printed.and_then(|words| program.start(words, "")).and_then(|ended| ended))
}

/// The directory of configurations, as SOPS has it.
fn configuration(context: &Context, home: Option<&Path>) -> Option<PathBuf> {
    let usual = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
    match context.env("XDG_CONFIG_HOME") {
        Some(directory) => Some(directory.into()),
        None => home.map(|home| home.join(usual)),
    }
}

/// Identities that stand in a variable.
fn add_variable(identities: &mut Identities, context: &Context, name: &'static str) {
    match context.env(name).map(|text| Secret::new(text.into_encoded_bytes())) {
        Some(text) => identities.add_place(move |pool| pool.add(text.expose(), name)),
        None => add_absent(identities, name),
    }
}

/// A file that a variable names, which has to exist.
fn add_named_file(identities: &mut Identities, context: &Context, name: &'static str) {
    let Some(path) = context.env(name) else { return add_absent(identities, name) };
    let path = context.directory.join(path);
    identities.add_place(move |pool| match read(&path) {
        Ok(content) => pool.add(&content, &path.to_string_lossy()),
        Err(error) => pool.unreadable(name, format!("{}: {}", path.display(), reason(&error))),
    });
}

/// A file at a usual place, which may be missing.
fn add_file(identities: &mut Identities, path: PathBuf) {
    identities.add_place(move |pool| {
        let name = path.to_string_lossy();
        match read(&path) {
            Ok(content) => pool.add(&content, &name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => pool.absent(&name),
            Err(error) => pool.unreadable(&name, error.to_string()),
        }
    });
}

fn add_absent(identities: &mut Identities, name: &'static str) {
    identities.add_place(move |pool| pool.absent(name));
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    std::fs::read(path).map(Zeroizing::new)
}

/// A command that prints identities.
fn add_command(identities: &mut Identities, context: &Context, name: &'static str) {
    let Some(program) = Program::named(context, name) else { return add_absent(identities, name) };
    identities.add_lookup(move |recipient, pool| program.look_up(recipient, pool));
}

/// A command and what it printed.
struct Program {
    /// The variable that names it.
    name: &'static str,
    /// Program and arguments, split as a shell would, or why that fails.
    words: Result<Vec<String>, String>,
    directory: PathBuf,
    printed: Mutex<Printed>,
    /// It may ask somebody, as `pass` does.
    claim: Claim,
}

/// What a command printed the last time.
enum Printed {
    /// It did not run yet, or failed.
    Nothing,
    /// This.
    Text(Zeroizing<Vec<u8>>),
    /// The same for two recipients, or it cannot be started at all: there is nothing to learn from another run.
    Settled,
}

impl Program {
    /// The command in a variable.
    fn named(context: &Context, name: &'static str) -> Option<Program> {
        let line = context.env(name)?;
        let words = shell_words::split(&line.to_string_lossy()).map_err(|error| error.to_string());
        let (directory, printed) = (context.directory.clone(), Mutex::new(Printed::Nothing));
        Some(Program { name, words, directory, printed, claim: context.claim.clone() })
    }

    fn look_up(&self, recipient: &str, pool: &mut Pool) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*printed, Printed::Settled) {
            return;
        }
        let ended = self
            .words
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|words| self.start(words, recipient));
        *printed = match ended {
            Err(reason) => {
                pool.unreadable(self.name, reason);
                Printed::Settled
            }
            Ok(Err(reason)) => {
                pool.unreadable(self.name, reason);
                Printed::Nothing
            }
            Ok(Ok(text)) => match &*printed {
                Printed::Text(before) if *before == text => Printed::Settled,
                _ => {
                    pool.add(&text, self.name);
                    Printed::Text(text)
                }
            },
        };
    }

    /// Runs it without a shell; its standard error is shown. The outer error is that it cannot be started.
    fn start(
        &self,
        words: &[String],
        recipient: &str,
    ) -> Result<Result<Zeroizing<Vec<u8>>, String>, String> {
        self.claim.release();
        let (program, arguments) = words.split_first().ok_or("names no program")?;
        let output = Command::new(program)
            .args(arguments)
            .env(RECIPIENT, OsString::from(recipient))
            .current_dir(&self.directory)
            // Standard input may be the document that is to be decrypted.
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("`{program}`: {error}"))?;
        let text = Zeroizing::new(output.stdout);
        Ok(output.status.success().then_some(text).ok_or(format!("`{program}`: {}", output.status)))
    }
}
