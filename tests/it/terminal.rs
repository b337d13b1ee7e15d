//! A command on a pseudo-terminal, driven as a person would: read a question, type an answer.
//!
//! The terminal echoes what is typed, as a real one does, unless the command switches that off; so the
//! transcript shows whether a password was typed in the clear.

use std::io::{ErrorKind, Write};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use expectrl::process::Termios;
use expectrl::process::unix::WaitStatus;
use expectrl::session::{OsSession, Session};

use crate::sandbox::{Run, Sandbox};

/// How long an expected text, or the end of the command, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the shell prints before it becomes the command; not a part of the transcript.
const READY: &str = "terminal-is-set";

/// A running command and what it has shown so far.
pub(crate) struct Terminal<'a> {
    session: OsSession,
    sandbox: &'a Sandbox,
    command: String,
    transcript: Vec<u8>,
    /// How much of the transcript earlier calls of [`Terminal::expect`] have passed.
    passed: usize,
    /// The command has closed the terminal.
    closed: bool,
}

impl<'a> Terminal<'a> {
    /// Starts a command on a terminal of a certain size.
    #[track_caller]
    pub(crate) fn spawn(run: &Run<'a>, columns: u16, rows: u16) -> Self {
        // The library sets a size of its own after the start, and leaves the echo off. So a shell waits until
        // the size is ours, switches the echo on, and becomes the command: the command finds all of it set.
        let script =
            format!("printf {READY}; read go; stty echo && printf {READY} && exec \"$0\" \"$@\"");
        let plain = run.command();
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(script).arg(plain.get_program()).args(plain.get_args());
        shell.env_clear().env("TERM", "xterm-256color");
        shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(plain.get_current_dir().expect("commands have a directory"));
        let mut terminal = Terminal {
            session: Session::spawn(shell).unwrap(),
            sandbox: run.sandbox(),
            command: run.describe(),
            transcript: Vec::new(),
            passed: 0,
            closed: false,
        };
        terminal.expect(READY);
        terminal.session.get_process_mut().set_window_size(columns, rows).unwrap();
        terminal.send_line("");
        terminal.expect(READY);
        terminal.transcript.drain(..terminal.passed);
        terminal.passed = 0;
        terminal
    }

    /// Waits until a text is shown after what was expected before.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            self.read();
            let unseen = &self.transcript[self.passed..];
            let found = unseen.windows(text.len()).position(|part| part == text.as_bytes());
            if let Some(position) = found {
                self.passed += position + text.len();
                return;
            }
            let given_up = self.closed || start.elapsed() > PATIENCE;
            assert!(!given_up, "expected `{text}` on the terminal\n{}", self.describe());
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a text is shown and the echo is off, so that what is typed next is hidden: a program asks
    /// first and switches the echo off then, in less time than a person needs to begin.
    #[track_caller]
    pub(crate) fn expect_hidden(&mut self, text: &str) {
        self.expect(text);
        let start = Instant::now();
        while self.session.get_process().is_echo().unwrap() {
            assert!(start.elapsed() < PATIENCE, "the echo stays on\n{}", self.describe());
            sleep(Duration::from_millis(1));
        }
    }

    /// Types a line and presses return.
    pub(crate) fn send_line(&mut self, line: &str) {
        self.send(&format!("{line}\r"));
    }

    /// Types keys: text, or control characters such as `\x03` for Ctrl-C.
    pub(crate) fn send(&mut self, keys: &str) {
        self.session.write_all(keys.as_bytes()).unwrap();
        self.session.flush().unwrap();
    }

    /// The number of the process, which the shell has become.
    pub(crate) fn process(&self) -> i32 {
        self.session.get_process().pid().as_raw()
    }

    /// Waits for the end of the command: its exit code (128 + signal if one ended it, as in a shell) and all it
    /// has shown, which counts for the canary check of the sandbox.
    #[track_caller]
    pub(crate) fn finish(mut self) -> (i32, String) {
        let start = Instant::now();
        let code = loop {
            self.read();
            match self.session.get_process().status().unwrap() {
                WaitStatus::Exited(_, code) => break code,
                WaitStatus::Signaled(_, signal, _) => break 128 + signal as i32,
                _ => sleep(Duration::from_millis(5)),
            }
            assert!(start.elapsed() < PATIENCE, "the command does not end\n{}", self.describe());
        };
        // What it wrote last may still be on its way.
        while !self.closed && start.elapsed() < PATIENCE {
            self.read();
        }
        self.sandbox.remember(self.command.clone(), self.transcript.clone());
        (code, String::from_utf8_lossy(&self.transcript).into_owned())
    }

    /// Takes what is there, without waiting.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        while !self.closed {
            match self.session.try_read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(length) => self.transcript.extend(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Linux reports the end of a terminal as an input/output error.
                Err(_) => self.closed = true,
            }
        }
    }

    fn describe(&self) -> String {
        let shown = String::from_utf8_lossy(&self.transcript);
        format!("command: {}\n--- terminal\n{shown}", self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(sandbox: &'a Sandbox, script: &str) -> Run<'a> {
        sandbox.run("sh").args(["-c", script])
    }

    #[test]
    fn a_command_sees_a_terminal_of_the_given_size() {
        let sandbox = Sandbox::new();
        let script = "test -t 0 && test -t 1 && test -t 2 && stty size && env && pwd";
        let (code, shown) = Terminal::spawn(&shell(&sandbox, script), 100, 30).finish();
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("30 100"), "{shown}");
        assert!(shown.contains("TERM=xterm-256color"), "{shown}");
        assert!(shown.contains("/work\r\n"), "{shown}");
    }

    #[test]
    fn questions_are_answered_in_turn() {
        let sandbox = Sandbox::new();
        let script =
            "printf 'app? '; read app; printf 'key? '; read key; echo \"$app/$key\"; exit 7";
        let mut terminal = Terminal::spawn(&shell(&sandbox, script), 80, 24);
        terminal.expect("app? ");
        terminal.send_line("grafana");
        terminal.expect("key? ");
        terminal.send_line("TOKEN");
        terminal.expect("grafana/TOKEN");
        let (code, shown) = terminal.finish();
        assert_eq!(code, 7);
        assert_eq!(shown, "app? grafana\r\nkey? TOKEN\r\ngrafana/TOKEN\r\n");
    }

    #[test]
    #[should_panic(expected = "the canary was printed by")]
    fn what_is_typed_in_the_clear_is_in_the_transcript() {
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::spawn(&shell(&sandbox, "printf '? '; read password"), 80, 24);
        terminal.expect("? ");
        terminal.send_line("TESTonlyTyped");
        terminal.finish();
        sandbox.assert_no_trace_of("TESTonlyTyped", &[]);
    }

    #[test]
    fn what_is_typed_hidden_is_not_in_the_transcript() {
        let sandbox = Sandbox::new();
        let script = "stty -echo; printf '? '; read password; echo ${#password}";
        let mut terminal = Terminal::spawn(&shell(&sandbox, script), 80, 24);
        terminal.expect("? ");
        terminal.send_line("TESTonlyTyped");
        let (_, shown) = terminal.finish();
        assert_eq!(shown, "? 13\r\n");
        sandbox.assert_no_trace_of("TESTonlyTyped", &[]);
    }

    #[test]
    fn an_interrupt_key_ends_the_command() {
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::spawn(&sandbox.run("cat"), 80, 24);
        terminal.send_line("echoed");
        terminal.expect("echoed\r\nechoed");
        terminal.send("\x03");
        assert_eq!(terminal.finish().0, 130);
    }

    #[test]
    #[should_panic(expected = "expected `never` on the terminal")]
    fn a_text_that_does_not_come_fails_at_the_end_of_the_command() {
        let sandbox = Sandbox::new();
        Terminal::spawn(&shell(&sandbox, "echo other"), 80, 24).expect("never");
    }
}
