//! Questions at a terminal, and the manners that go with them.
//!
//! Questions stand on standard error, so that standard output stays what it is for. A secret is read
//! without echo, as a line of any length: canonical mode of the terminal, and with it most readers, cuts
//! a line at 4,095 bytes. Ctrl-C cancels; the terminal then has its echo and its cursor back.
//!
//! In a dialogue somebody can go back one question: by Escape in a menu, by `<` as a whole answer elsewhere, where
//! programs that read lines make nothing of Escape. At a question that stands alone, Escape cancels.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::console::Term;
use dialoguer::{Confirm, FuzzySelect, Input, Select};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use zeroize::Zeroizing;

use super::claim::Claim;
use super::signals::Held;
use crate::secret::Secret;

/// What leads back where a whole line is the answer.
pub(crate) const BACK: &str = "<";

/// What ends a text of several lines.
pub(crate) const END: &str = ".";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The person wants to answer the question before once more.
    #[error("cancelled")]
    Back,
    /// The person does not want to go on.
    #[error("cancelled")]
    Cancelled,
    /// The terminal does not work.
    #[error("the terminal cannot be used: {0}")]
    Terminal(io::Error),
}

/// Somebody to ask.
pub(crate) struct Prompt {
    term: Term,
    /// What nobody has to wait for while a question is open.
    claim: Claim,
    /// Whether a question follows another one, so that [`BACK`] is no answer.
    goes_back: bool,
}

/// Whether Ctrl-C was pressed at the present question. What a signal reaches has to be static.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether it is known to the signal.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// One question. From before it is shown until it is answered, the terminal neither echoes nor acts on
/// Ctrl-C: the crates that read keys switch that off only when they read, and what is typed in between
/// would be seen, or end the program with the terminal in disorder. At Ctrl-C they send the signal
/// themselves; a handler makes an answer of it.
struct Asking {
    terminal: OwnedFd,
    usual: Termios,
    /// Ctrl-C does not end the program.
    _held: Held,
}

impl Asking {
    fn begin() -> Result<Asking, Error> {
        // First, as its handler ends the program and has to know whether it may.
        let held = Held::new(&[SIGINT]);
        if !REGISTERED.swap(true, Ordering::SeqCst) {
            flag::register(SIGINT, &INTERRUPTED).map_err(Error::Terminal)?;
        }
        let terminal = terminal().map_err(Error::Terminal)?;
        let usual = tcgetattr(&terminal).map_err(|errno| Error::Terminal(errno.into()))?;
        let mut quiet = usual.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        INTERRUPTED.store(false, Ordering::SeqCst);
        let asking = Asking { terminal, usual, _held: held };
        tcsetattr(&asking.terminal, OptionalActions::Now, &quiet)
            .map_err(|errno| Error::Terminal(errno.into()))?;
        Ok(asking)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        // A terminal that went away needs no order.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.usual);
    }
}

/// Where answers are typed: standard input, or the terminal of the process if that is something else.
fn terminal() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        Ok(File::open("/dev/tty")?.into())
    }
}

impl Prompt {
    /// Whoever sits at the terminal. Where there is none, no question is answered.
    pub(crate) fn new(claim: &Claim) -> Prompt {
        Prompt { term: Term::stderr(), claim: claim.clone(), goes_back: false }
    }

    /// The same person in a dialogue of several questions.
    pub(crate) fn in_dialogue(self) -> Prompt {
        Prompt { goes_back: true, ..self }
    }

    /// One of some choices, by its number.
    pub(crate) fn choose(&self, question: &str, choices: &[impl Display]) -> Result<usize, Error> {
        let select = Select::new().with_prompt(question).items(choices).default(0);
        self.answer(|| select.interact_on_opt(&self.term).transpose())
    }

    /// One of many choices, all of them different, by its number: what is typed narrows them down.
    pub(crate) fn search(&self, question: &str, choices: &[String]) -> Result<usize, Error> {
        let select = FuzzySelect::new().with_prompt(question).items(choices).default(0);
        self.answer(|| select.interact_on_opt(&self.term).transpose())
    }

    /// A line of text that `check` accepts; an empty one means `default`, where there is one.
    pub(crate) fn line(
        &self,
        question: &str,
        default: Option<String>,
        mut check: impl FnMut(&String) -> Result<(), String>,
    ) -> Result<String, Error> {
        let leads_back = |text: &str| self.goes_back && text == BACK;
        let check = |text: &String| if leads_back(text) { Ok(()) } else { check(text) };
        let mut input = Input::<String>::new().with_prompt(question).validate_with(check);
        input = match default {
            // What is left out is no default to show.
            Some(default) if default.is_empty() => input.allow_empty(true),
            Some(default) => input.default(default),
            None => input,
        };
        match self.answer(|| Some(input.interact_text_on(&self.term)))? {
            text if leads_back(&text) => Err(Error::Back),
            text => Ok(text),
        }
    }

    /// A line of text that is a `T` which `check` accepts.
    pub(crate) fn parsed<T>(
        &self,
        question: &str,
        default: Option<String>,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<T, Error>
    where
        T: FromStr<Err: ToString>,
    {
        let mut parsed = None;
        self.line(question, default, |text| {
            let value = text.parse().map_err(|error: T::Err| error.to_string())?;
            check(&value)?;
            parsed = Some(value);
            Ok(())
        })?;
        Ok(parsed.expect("the answer was accepted because it was parsed"))
    }

    /// A secret, typed twice without echo.
    pub(crate) fn hidden(&self, name: &str) -> Result<Secret, Error> {
        loop {
            let first = self.hidden_line(&format!("{name} (hidden): "))?;
            if self.goes_back && first.expose() == BACK.as_bytes() {
                return Err(Error::Back);
            }
            if first.is_empty() {
                self.say("an empty value is no secret; once more")?;
                continue;
            }
            if first == self.hidden_line(&format!("{name} once more: "))? {
                return Ok(first);
            }
            self.say("the two differ; once more from the beginning")?;
        }
    }

    /// A text of several lines, pasted without echo, until a line that is [`END`]. Each line ends with a break.
    pub(crate) fn hidden_lines(&self, question: &str) -> Result<Secret, Error> {
        self.say(question)?;
        let mut text = Zeroizing::new(Vec::with_capacity(1 << 16));
        self.answer(|| self.paste(&mut text).transpose().map(|read| Ok(read?)))?;
        Ok(Secret::new(std::mem::take(&mut *text)))
    }

    /// A secret that exists already, typed once without echo.
    pub(crate) fn passphrase(&self, question: &str) -> Result<Secret, Error> {
        self.hidden_line(&format!("{question} (hidden): "))
    }

    /// Waits for Enter; whatever else is typed is neither shown nor kept.
    pub(crate) fn pause(&self, question: &str) -> Result<(), Error> {
        self.hidden_line(question).map(drop)
    }

    /// Yes or no.
    pub(crate) fn confirm(&self, question: &str, default: bool) -> Result<bool, Error> {
        let confirm = Confirm::new().with_prompt(question).default(default);
        self.answer(|| confirm.interact_on_opt(&self.term).transpose())
    }

    /// A remark between the questions.
    pub(crate) fn say(&self, remark: &str) -> Result<(), Error> {
        self.term.write_line(remark).map_err(Error::Terminal)
    }

    /// Reads lines until [`END`] as the terminal gives them: what reads passwords elsewhere leaves tabs out. `None` leads
    /// back.
    fn paste(&self, text: &mut Vec<u8>) -> io::Result<Option<()>> {
        const CTRL_C: u8 = 3;
        const CTRL_D: u8 = 4;
        const BACKSPACE: u8 = 127;
        let mut terminal = File::from(terminal()?);
        let mut start = 0;
        loop {
            let mut byte = [0];
            // A byte at a time, so that nothing of the next answer is lost.
            terminal.read_exact(&mut byte)?;
            match byte[0] {
                CTRL_C => return Err(io::ErrorKind::Interrupted.into()),
                CTRL_D if text.len() == start => return Err(io::ErrorKind::UnexpectedEof.into()),
                BACKSPACE => text.truncate(text.len().saturating_sub(1).max(start)),
                b'\n' | b'\r' => {
                    let line = &text[start..];
                    if line == END.as_bytes() {
                        text.truncate(start);
                        return Ok(Some(()));
                    }
                    if self.goes_back && start == 0 && line == BACK.as_bytes() {
                        return Ok(None);
                    }
                    text.push(b'\n');
                    start = text.len();
                }
                other => text.push(other),
            }
        }
    }

    fn hidden_line(&self, question: &str) -> Result<Secret, Error> {
        // Asks and reads at the terminal itself, whatever standard input and output are.
        self.answer(|| {
            let typed = rpassword::prompt_password(question).map(Secret::from);
            Some(typed.map_err(dialoguer::Error::IO))
        })
    }

    /// The answer to a question; `None` leads back, Ctrl-C and the end of the input (Ctrl-D) mean that there is none.
    fn answer<T>(
        &self,
        question: impl FnOnce() -> Option<dialoguer::Result<T>>,
    ) -> Result<T, Error> {
        self.claim.release();
        let _asking = Asking::begin()?;
        let given = question();
        let cancelled =
            |kind| [io::ErrorKind::Interrupted, io::ErrorKind::UnexpectedEof].contains(&kind);
        let problem = match given {
            _ if INTERRUPTED.load(Ordering::SeqCst) => Error::Cancelled,
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(dialoguer::Error::IO(error))) if !cancelled(error.kind()) => {
                Error::Terminal(error)
            }
            Some(Err(_)) => Error::Cancelled,
            None => Error::Back,
        };
        // A menu hides the cursor, and the question has no line break yet. If this fails as well, the
        // first reason is the better one to tell.
        let _ = self.term.show_cursor().and_then(|()| self.term.write_line(""));
        Err(problem)
    }
}
