//! Running the user's command: by the shell, with more variables, perhaps as somebody else.
//!
//! Standard streams and terminal are the command's. Signals are passed on to it while we wait, and its end is
//! ours: its exit code, or 128 and the number of the signal that ended it, as a shell has it.
//!
//! What cannot be wiped: the variables are copied into the environment of the command, where it and who may
//! look at its memory can read them. That is what was asked for.

mod user;

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

pub(crate) use user::User;

use super::Status;
use super::signals::{Role, Watch};
use crate::secret::Secret;

/// A command to be run.
pub(crate) struct Launch<'l> {
    /// A line for `/bin/sh -c`.
    pub(crate) command: &'l str,
    /// Variables on top of the environment; they win over what is there.
    pub(crate) variables: &'l [(String, Secret)],
    /// Without the environment of the program.
    pub(crate) pristine: bool,
    /// Somebody else to run it as, with `HOME`, `USER` and `LOGNAME` set for them.
    pub(crate) user: Option<&'l User>,
    /// Where it starts.
    pub(crate) directory: &'l Path,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with its exit code.
    Code(u8),
    /// By this signal.
    Signal(u8),
}

impl Launch<'_> {
    /// Runs it to its end.
    pub(crate) fn run(&self, watch: &Watch) -> io::Result<Ended> {
        let mut command = self.shell();
        let status = watch.run(Role::Command, || {
            user::acting_as(self.user, &mut command, |command| command.spawn())
        })?;
        Ok(Ended::from(status))
    }

    /// Starts it without terminal and streams, and does not wait.
    pub(crate) fn leave(&self) -> io::Result<()> {
        let mut command = self.shell();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        user::acting_as(self.user, &mut command, |command| command.spawn()).map(drop)
    }

    /// Becomes the command. Returns only if that fails.
    pub(crate) fn replace(&self) -> io::Error {
        let mut command = self.shell();
        let never = user::acting_as(self.user, &mut command, |command| -> io::Result<()> {
            Err(command.exec())
        });
        never.err().unwrap_or_else(|| io::Error::other("the command was not started"))
    }

    fn shell(&self) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(self.command).current_dir(self.directory);
        if self.pristine {
            command.env_clear();
        }
        if let Some(user) = self.user {
            command.env("HOME", &user.home).env("USER", &user.name).env("LOGNAME", &user.name);
        }
        for (name, value) in self.variables {
            command.env(
                name,
                <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(value.expose()),
            );
        }
        command
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Ended {
        // Codes have eight bits and signals seven.
        match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Code(code as u8),
            (None, signal) => Ended::Signal(signal.unwrap_or_default() as u8),
        }
    }
}

impl Ended {
    /// The end of the command as that of the program.
    pub(crate) fn status(self) -> Status {
        match self {
            Ended::Code(code) => Status::Child(code),
            Ended::Signal(signal) => Status::Child(128 + signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str, variables: &[(String, Secret)]) -> Ended {
        let watch = Watch::new(|| {}).unwrap();
        let directory = std::env::temp_dir();
        let launch =
            Launch { command, variables, pristine: true, user: None, directory: &directory };
        launch.run(&watch).unwrap()
    }

    #[test]
    fn the_end_of_the_command_is_told() {
        assert_eq!(run("exit 0", &[]).status(), Status::Child(0));
        assert_eq!(run("exit 7", &[]), Ended::Code(7));
        assert_eq!(run("kill -TERM $$", &[]), Ended::Signal(15));
        assert_eq!(Ended::Signal(15).status(), Status::Child(143));
    }

    #[test]
    fn values_arrive_byte_for_byte() {
        let value = |bytes: &[u8]| Secret::new(bytes.to_vec());
        let variables = [
            ("A".to_owned(), value(b"one\n'two' $x  ")),
            ("B".to_owned(), value(b"\xff")),
            ("HOME".to_owned(), value(b"mine")),
        ];
        let test = r#"test "$A" = "one
'two' \$x  " && test "$B" = "$(printf '\377')" && test "$HOME" = mine && test -z "$CARGO""#;
        assert_eq!(run(test, &variables), Ended::Code(0));
    }
}
