//! Questions of keys, at the terminal.

use std::io::{self, Write as _};
use std::sync::Arc;

use crate::cli::claim::Claim;
use crate::cli::failure::visible;
use crate::cli::prompt::Prompt;
use crate::keys::{Ask, Problem};
use crate::secret::Secret;
use crate::sops::KeyGroup;

/// Lets the plugins of recipients ask; to be called before a data key is wrapped for them.
pub(crate) fn answer(groups: &[KeyGroup], ask: &Arc<dyn Ask>) {
    let recipients = groups.iter().flat_map(|group| &group.recipients);
    recipients.for_each(|recipient| recipient.ask(ask.clone()));
}

/// Whoever sits at the terminal of this process, even if standard input is a pipe. Without a terminal there is no
/// answer. What plugins say goes to standard error, their control characters as escapes.
pub(crate) struct AtTerminal {
    /// A message of a plugin may be a question as well: that a key is to be touched.
    claim: Claim,
}

impl AtTerminal {
    /// Gives `claim` back before anything is shown.
    pub(crate) fn new(claim: &Claim) -> AtTerminal {
        AtTerminal { claim: claim.clone() }
    }
}

impl Ask for AtTerminal {
    fn tell(&self, message: &str) {
        self.claim.release();
        // Nobody may be reading.
        let _ = writeln!(io::stderr(), "{}", visible(message.trim_end()));
    }

    fn warn(&self, problem: &Problem) {
        self.tell(&format!("warning: {problem}"));
    }

    fn confirm(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let answers = [yes, no.unwrap_or("cancel")].map(visible);
        Prompt::new(&self.claim).choose(&visible(question), &answers).ok().map(|chosen| chosen == 0)
    }

    fn line(&self, question: &str) -> Option<String> {
        Prompt::new(&self.claim).line(&visible(question), None, |_| Ok(())).ok()
    }

    fn passphrase(&self, question: &str) -> Option<Secret> {
        Prompt::new(&self.claim).passphrase(&visible(question)).ok()
    }
}
