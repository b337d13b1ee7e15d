//! Running a command in a sandbox, and asserting on how it ended.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Sandbox;

/// How long a command may take. Far above what any does; a command that waits for input it will never get
/// must fail its test instead of stopping the run.
const LIMIT: Duration = Duration::from_secs(60);

/// A command that is being put together; [`Run::go`] runs it.
pub(crate) struct Run<'a> {
    sandbox: &'a Sandbox,
    program: OsString,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: PathBuf,
    input: Vec<u8>,
    remembered: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(sandbox: &'a Sandbox, program: &OsStr) -> Self {
        Run {
            sandbox,
            program: program.to_owned(),
            args: Vec::new(),
            environment: sandbox.environment().to_vec(),
            directory: sandbox.work(),
            input: Vec::new(),
            remembered: false,
        }
    }

    /// What the command prints counts for the canary check.
    pub(super) fn remembered(mut self) -> Self {
        self.remembered = true;
        self
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable on top of the scrubbed environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Starts in a folder of the repository instead of its root.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.directory = self.sandbox.path(folder);
        self
    }

    /// Standard input; without it, the command finds its input at the end.
    pub(crate) fn stdin(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_owned();
        self
    }

    /// The same as a command of the standard library, for what this type does not offer.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.directory);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Program, arguments and environment as a shell would be given them, for the print of a failure.
    pub(crate) fn describe(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| {
            format!("{}={} ", name.to_string_lossy(), value.to_string_lossy())
        });
        let words = std::iter::once(&self.program).chain(&self.args);
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        format!("{}{}", variables.collect::<String>(), words.join(" "))
    }

    /// The sandbox the command runs in.
    pub(crate) fn sandbox(&self) -> &'a Sandbox {
        self.sandbox
    }

    /// Runs the command to its end.
    #[track_caller]
    pub(crate) fn go(self) -> Outcome<'a> {
        // Anonymous files take any amount of output without a reader, and leave no trace in the sandbox.
        let mut stdout = tempfile::tempfile().unwrap();
        let mut stderr = tempfile::tempfile().unwrap();
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(stdout.try_clone().unwrap());
        command.stderr(stderr.try_clone().unwrap());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("{} does not start: {error}", self.describe()),
        };
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = self.input.clone();
        // A program that ends without reading its input closes the pipe; that is its business.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let status = wait(&mut child);
        writer.join().expect("the writer does not panic");

        let outcome = Outcome {
            status,
            stdout_bytes: content(&mut stdout),
            stderr_bytes: content(&mut stderr),
            command: self.describe(),
            directory: self.directory,
            sandbox: self.sandbox,
        };
        if self.remembered {
            let printed = [&outcome.stdout_bytes[..], &outcome.stderr_bytes].concat();
            self.sandbox.remember(outcome.command.clone(), printed);
        }
        outcome
    }
}

/// Waits for the end, and kills what takes longer than [`LIMIT`]; the status then shows the signal.
fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return status,
            None if start.elapsed() > LIMIT => child.kill().unwrap(),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn content(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// How a command ended, and what it printed.
pub(crate) struct Outcome<'a> {
    pub(crate) status: ExitStatus,
    pub(crate) stdout_bytes: Vec<u8>,
    pub(crate) stderr_bytes: Vec<u8>,
    command: String,
    directory: PathBuf,
    sandbox: &'a Sandbox,
}

impl Outcome<'_> {
    /// Demands exit code 0.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.code(0)
    }

    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert!(self.status.code() == Some(code), "expected exit code {code}\n{}", self.describe());
        self
    }

    /// Demands a text in standard output.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout().contains(text), "expected `{text}` in stdout\n{}", self.describe());
        self
    }

    /// Demands a text in standard error.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "expected `{text}` in stderr\n{}", self.describe());
        self
    }

    /// Standard output as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout_bytes).into_owned()
    }

    /// Standard error as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr_bytes).into_owned()
    }

    /// Everything about the run, for the message of an assertion.
    pub(crate) fn describe(&self) -> String {
        format!(
            "command: {}\nin: {}\nended with: {}\n--- stdout\n{}\n--- stderr\n{}\n--- sandbox\n{}",
            self.command,
            self.directory.display(),
            self.status,
            self.stdout(),
            self.stderr(),
            self.sandbox.listing()
        )
    }
}
