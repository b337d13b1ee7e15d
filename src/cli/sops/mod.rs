//! sops' own command line: `sops VERB …` and `sops -d FILE`, with its grammar and its exit codes.
//!
//! The program answers in this grammar where it is called `sops` (a link of that name is enough), and behind
//! `keywright sops`. [`parse`] is pure: words and environment in, a typed [`Call`] or a refusal out, no file looked
//! at. Not offered are `publish`, `keyservice` and keys other than age's; each is refused by name.
//!
//! ```text
//! words → flags and words (grammar) → verb (parse, verbs) → what it asks for (meaning, legacy) → carry_out
//! ```
//!
//! Where this differs from sops on purpose is listed in `docs/sops-compatibility.md`.

mod carry_out;
mod codes;
mod complete;
mod error;
mod flags;
mod grammar;
mod help;
mod invocation;
mod legacy;
mod meaning;
mod parse;
#[cfg(test)]
mod tests;
mod updatekeys;
mod verbs;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use codes::Code;
use error::UsageError;
use invocation::Invocation;

use super::Context;
use super::failure::visible;

/// The version of sops that this one stands in for.
const SOPS_VERSION: &str = "3.13.3";

/// The words of a command line in sops' grammar, or `None` for one in the native grammar.
pub(crate) fn words(arguments: &[OsString]) -> Option<&[OsString]> {
    let [program, words @ ..] = arguments else { return None };
    if Path::new(program).file_name().is_some_and(|name| name == "sops") {
        return Some(words);
    }
    words.split_first().filter(|(first, _)| *first == "sops").map(|(_, words)| words)
}

/// Runs a command line in sops' grammar.
pub(crate) fn run(words: &[OsString], context: &mut Context) -> ExitCode {
    let call = match parse::parse(words, &|name| context.env(name)) {
        Ok(call) => call,
        Err(error) => return refuse(&error, context),
    };
    for warning in &call.warnings {
        context.note(format!("warning: {}", visible(warning)));
    }
    match call.invocation {
        Invocation::Help(text) => say(&text, context),
        Invocation::Version { bare: true } => say(&format!("sops {SOPS_VERSION}\n"), context),
        Invocation::Version { bare: false } => {
            let own = env!("CARGO_PKG_VERSION");
            say(&format!("sops {SOPS_VERSION} (keywright {own})\n"), context)
        }
        Invocation::Completion(shell) => say(complete::script(shell), context),
        Invocation::Candidates(lines) => {
            let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
            say(&lines, context)
        }
        Invocation::Refused(verb) => {
            context.note(format!("Error: `{verb}` is not offered; use sops itself for it"));
            Code::Generic.into()
        }
        _ => match carry_out::carry_out(call, context) {
            Ok(status) => status.into(),
            Err(failure) => {
                failure.tell();
                failure.code.into()
            }
        },
    }
}

/// Text on standard output, as it is.
fn say(text: &str, context: &mut Context) -> ExitCode {
    // Nobody reads: nothing to say.
    let _ = context.out.write_all(text.as_bytes());
    Code::Done.into()
}

/// What is wrong, as sops tells it: a wrong flag with the help on standard output.
fn refuse(error: &UsageError, context: &mut Context) -> ExitCode {
    let message = visible(&error.to_string());
    if let UsageError::Words { help, .. } = error {
        say(&format!("Incorrect Usage: {message}\n\n{help}"), context);
    }
    context.note(format!("Error: {message}"));
    error.code().into()
}
