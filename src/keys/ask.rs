//! Who is asked for passphrases: this module only knows the questions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::secrecy::SecretString;

use super::Problem;
use crate::secret::Secret;

/// Somebody who can be asked, such as a person at a terminal.
///
/// An answer of `None` means that there is none: nobody is there, or does not want to answer. Texts may come from
/// a plugin or a file name, so they may hold control characters. Only one question is asked at a time,
/// but the calls come from any thread, and plugins tell what they have to say in between.
pub trait Ask: Send + Sync {
    /// Shows what a plugin says, for example that a key waits to be touched.
    fn tell(&self, message: &str);

    /// Shows a problem with an identity source; only called where nothing could be unwrapped in the end.
    fn warn(&self, problem: &Problem);

    /// Lets somebody choose between two answers, `no` having a usual name where it has none of its own.
    fn confirm(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool>;

    /// Asks for a line of text that may be seen.
    fn line(&self, question: &str) -> Option<String>;

    /// Asks for a passphrase or another secret.
    fn passphrase(&self, question: &str) -> Option<Secret>;
}

/// Nobody to ask: whatever needs an answer fails.
pub struct Nobody;

impl Ask for Nobody {
    fn tell(&self, _: &str) {}

    fn warn(&self, _: &Problem) {}

    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }

    fn line(&self, _: &str) -> Option<String> {
        None
    }

    fn passphrase(&self, _: &str) -> Option<Secret> {
        None
    }
}

/// One conversation of this process: a question, or all that a plugin has to ask. There is one terminal, and
/// mostly one hardware key.
static CONVERSATION: Mutex<()> = Mutex::new(());

/// Waits for the turn to begin a conversation.
pub(super) fn turn() -> MutexGuard<'static, ()> {
    // There is no state that a panic could have left half-way.
    CONVERSATION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for the passphrase of a file, in its turn. `None` if there is none, or none that is text.
pub(super) fn passphrase(ask: &dyn Ask, origin: &str) -> Option<SecretString> {
    let _turn = turn();
    text(ask.passphrase(&format!("Passphrase of {origin}")))
}

/// As the `age` crate wants it.
fn text(secret: Option<Secret>) -> Option<SecretString> {
    Some(secret?.expose_text()?.to_owned().into())
}

/// The questions of a plugin, each beginning with the name of its program.
#[derive(Clone)]
pub(super) struct Callbacks {
    pub(super) ask: Arc<dyn Ask>,
    pub(super) program: String,
}

impl Callbacks {
    /// A message with the name of the program. The `age` crate sets names and messages between marks for text
    /// that runs from right to left (U+2068, U+2069), which a terminal shows as rubbish.
    fn named(&self, message: &str) -> String {
        format!("{}: {}", self.program, message.replace(['\u{2068}', '\u{2069}'], ""))
    }
}

impl age::Callbacks for Callbacks {
    fn display_message(&self, message: &str) {
        self.ask.tell(&self.named(message));
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        self.ask.confirm(&self.named(message), yes, no)
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.ask.line(&self.named(description))
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        text(self.ask.passphrase(&self.named(description)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Somebody who always gives the same passphrase, and remembers the questions.
    pub(in crate::keys) struct Answers {
        passphrase: Option<&'static str>,
        asked: Mutex<Vec<String>>,
        warned: Mutex<Vec<String>>,
    }

    impl Answers {
        pub(in crate::keys) fn passphrase(text: &'static str) -> Self {
            Answers { passphrase: Some(text), ..Answers::none() }
        }

        pub(in crate::keys) fn none() -> Self {
            Answers { passphrase: None, asked: Mutex::default(), warned: Mutex::default() }
        }

        pub(in crate::keys) fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }

        pub(in crate::keys) fn warned(&self) -> Vec<String> {
            self.warned.lock().unwrap().clone()
        }
    }

    impl Ask for Answers {
        fn tell(&self, _: &str) {}

        fn warn(&self, problem: &Problem) {
            self.warned.lock().unwrap().push(problem.to_string());
        }

        fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
            None
        }

        fn line(&self, _: &str) -> Option<String> {
            None
        }

        fn passphrase(&self, question: &str) -> Option<Secret> {
            self.asked.lock().unwrap().push(question.to_owned());
            self.passphrase.map(|text| Secret::from(text.to_owned()))
        }
    }
}
