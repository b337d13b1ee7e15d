//! The hook that checks what is about to be committed.
//!
//! It is written where Git looks for it, once, and never over another one: somebody's hook gets no line from us, but its
//! owner is told which. A directory of hooks outside of the repository serves other repositories, too, and is left alone.
//!
//! ```text
//! .git/hooks/pre-commit          written; the same again: nothing to do
//! .git/hooks/pre-commit          of somebody else: refused, with the lines to add
//! ~/.githooks (core.hooksPath)   refused, with the lines to add
//! ```

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::{Context, Failure, Status};
use crate::repo;

/// Its name, as Git has it.
const NAME: &str = "pre-commit";

/// What it does. What recovery has done is told by the check, and that nothing was to do by nobody.
const LINES: &str = "keywright recover >/dev/null || exit\nkeywright check --staged || exit\n";

/// Every permission; the system takes away what its user does not give to new files.
const EXECUTABLE: u32 = 0o777;

/// What is at the place of the hook.
enum Present {
    /// Nothing.
    Nothing,
    /// A hook that does all of it.
    Ours,
    /// The same, but Git passes over it because it cannot be run.
    Asleep(Permissions),
    /// Another one.
    Foreign,
}

/// Writes the hook, or says what stands against it.
pub(super) fn install(dry_run: bool, context: &mut Context) -> Result<Status, Failure> {
    let root = repo::root_of(&context.directory);
    if !root.join(".git").exists() {
        let directory = context.directory.display();
        return Err(Failure::new(format!("{directory}: is in no Git repository"))
            .hint("make one with `git init`"));
    }
    let hooks = repo::hooks(root)?;
    let path = hooks.directory.join(NAME);
    let shown = path.strip_prefix(&context.directory).unwrap_or(&path).display().to_string();
    let present = look(&path)?;
    match (&present, hooks.is_own) {
        (Present::Ours, _) => {
            context.say(format!("nothing to do: `{shown}` is there"));
            return Ok(Status::Done);
        }
        (Present::Foreign, _) => {
            let message = format!("{shown}: is a hook of somebody else, and stays as it is");
            return Err(Failure::new(message).hint(to_add()));
        }
        (_, false) => {
            let message = format!("{shown}: is for other repositories, too, and stays as it is");
            return Err(Failure::new(message).hint(to_add()));
        }
        (Present::Nothing | Present::Asleep(_), true) => {}
    }
    if dry_run {
        context.say(format!("dry run: would write `{shown}`:\n\n{}", script().trim_end()));
        return Ok(Status::Done);
    }
    match present {
        Present::Asleep(permissions) => wake(&path, permissions)?,
        _ => write(&path)?,
    }
    context.say(format!("wrote `{shown}`: `keywright check --staged` runs before each commit"));
    Ok(Status::Done)
}

/// The whole hook.
fn script() -> String {
    format!("#!/bin/sh\n# Written by `keywright git install --hook`.\n{LINES}")
}

/// What the owner of another hook is told.
fn to_add() -> String {
    let lines: Vec<String> = LINES.lines().map(|line| format!("`{line}`")).collect();
    format!("add these lines to it: {}", lines.join(" and "))
}

/// Looks at the place of the hook. Whatever it is, a hook with our lines does what ours would.
fn look(path: &Path) -> Result<Present, Failure> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(_) => fs::metadata(path),
        Err(error) => Err(error),
    };
    let content = match metadata {
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
            return Ok(Present::Nothing);
        }
        // A link to nothing is somebody's, too.
        Err(_) => return Ok(Present::Foreign),
        Ok(metadata) => (fs::read(path).map_err(|error| Failure::io(path, &error))?, metadata),
    };
    let (content, metadata) = content;
    let has_lines = LINES.lines().all(|line| {
        content.split(|byte| *byte == b'\n').any(|found| found.trim_ascii() == line.as_bytes())
    });
    let is_executable = metadata.permissions().mode() & 0o100 != 0;
    Ok(match (has_lines, is_executable) {
        (false, _) => Present::Foreign,
        (true, true) => Present::Ours,
        (true, false) => Present::Asleep(metadata.permissions()),
    })
}

/// Lets a hook be run by whoever can read it.
fn wake(path: &Path, permissions: Permissions) -> Result<(), Failure> {
    let mode = permissions.mode() | (permissions.mode() & 0o444) >> 2;
    let awake = fs::set_permissions(path, Permissions::from_mode(mode));
    awake.map_err(|error| Failure::io(path, &error))
}

/// Writes the hook whole, or not at all: it gets its name once it is complete.
fn write(path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::io(path, &error);
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).create(directory).map_err(failed)?;
    let unfinished: PathBuf = directory.join(format!(".keywright-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(EXECUTABLE)
        .open(&unfinished)
        .and_then(|mut file| file.write_all(script().as_bytes()).and_then(|()| file.sync_all()))
        // Unlike a rename, a link does not replace what somebody else has put there meanwhile.
        .and_then(|()| fs::hard_link(&unfinished, path));
    let _ = fs::remove_file(&unfinished);
    written.map_err(failed)
}
