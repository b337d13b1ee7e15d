//! From the words of a command line to a [`Call`]: flags of the program, then a verb with its own, or none.
//!
//! ```text
//! sops [flags of the program] VERB [flags and words in any order]
//! sops [flags of the program] FILE [words that are ignored]
//! ```

use std::ffi::OsString;

use super::complete;
use super::error::UsageError;
use super::flags::{self, Flag};
use super::grammar::{self, Environment, Fault, Given, Order};
use super::help;
use super::invocation::{Call, Globals, Invocation};
use super::legacy;
use super::meaning::Asked;
use super::verbs::{self, Kind, Verb};

/// Understands a command line, without the name of the program. The first word that is the name of a verb is the
/// verb: a file of that name is `./edit`.
pub(crate) fn parse(words: &[OsString], environment: Environment) -> Result<Call, UsageError> {
    let plain =
        |invocation| Ok(Call { globals: Globals::default(), invocation, warnings: Vec::new() });
    if let Some((hook, before)) = words.split_last()
        && hook == complete::HOOK
    {
        return plain(Invocation::Candidates(complete::candidates(before, environment)));
    }
    let fault = |fault| match fault {
        Fault::Variable { .. } => UsageError::Variable(fault),
        _ => UsageError::Words { fault, help: help::program() },
    };
    let known = program_flags();
    let (given, rest) = grammar::read(words, &known, Order::First, environment).map_err(fault)?;
    if given.on(&flags::HELP) {
        return plain(Invocation::Help(help::program()));
    }
    if given.on(&flags::VERSION) {
        let bare = given.on(&flags::NO_VERSION_CHECK) && !given.on(&flags::CHECK_FOR_UPDATES);
        return plain(Invocation::Version { bare });
    }
    let globals = globals(&given);
    let mut warnings = Vec::new();
    let first = rest.first().and_then(|word| word.to_str());
    let invocation = match (first, first.and_then(|name| verbs::member(None, name))) {
        (Some("help" | "h"), _) => topic(None, &rest[1..])?,
        (_, Some(verb)) => {
            warn_of_lost_flags(&given, &mut warnings);
            invocation(verb, &rest[1..], environment, &mut warnings)?
        }
        _ => {
            legacy::invocation(Asked { given, words: rest, warnings: &mut warnings, legacy: true })?
        }
    };
    Ok(Call { globals, invocation, warnings })
}

/// All the flags that may stand before a verb.
pub(super) fn program_flags() -> Vec<&'static [Flag]> {
    [&[verbs::ANSWERS, verbs::GLOBAL], verbs::LEGACY].concat()
}

fn globals(given: &Given) -> Globals {
    Globals {
        config: given.path(&flags::CONFIG),
        indent: given.number(&flags::INDENT),
        mac_only_encrypted: given.on(&flags::MAC_ONLY_ENCRYPTED),
        verbose: given.on(&flags::VERBOSE),
    }
}

/// Most flags before a verb do not reach it. sops says nothing, and scripts rely on the exit code.
fn warn_of_lost_flags(given: &Given, warnings: &mut Vec<String>) {
    let kept =
        |name: &str| verbs::GLOBAL.iter().chain(verbs::ANSWERS).any(|flag| flag.name == name);
    for name in given.names().filter(|name| !kept(name)) {
        warnings.push(format!("`--{name}` stands before the verb and has no effect there"));
    }
}

/// The words behind a verb.
fn invocation(
    verb: &'static Verb,
    words: &[OsString],
    environment: Environment,
    warnings: &mut Vec<String>,
) -> Result<Invocation, UsageError> {
    let fault = |fault: Fault| UsageError::Words { fault, help: help::verb(verb) };
    let help = &[flags::HELP][..];
    match verb.kind {
        Kind::Refused if words.iter().any(|word| word == "--help" || word == "-h") => {
            Ok(Invocation::Help(help::verb(verb)))
        }
        Kind::Refused => Ok(Invocation::Refused(verb.name)),
        Kind::Family => {
            let read = grammar::read(words, &[help], Order::First, environment);
            let (given, rest) = read.map_err(fault)?;
            let [name, words @ ..] = &rest[..] else {
                return Ok(Invocation::Help(help::verb(verb)));
            };
            match (name.to_str(), name.to_str().and_then(|name| verbs::member(Some(verb), name))) {
                _ if given.on(&flags::HELP) => Ok(Invocation::Help(help::verb(verb))),
                (Some("help" | "h"), _) => topic(Some(verb), words),
                (_, Some(verb)) => invocation(verb, words, environment, warnings),
                _ => Err(UsageError::NoTopic(name.to_string_lossy().into_owned())),
            }
        }
        Kind::Plain(meaning) => {
            let known = [verb.flags, &[help]].concat();
            let read = grammar::read(words, &known, Order::Anywhere, environment);
            let (given, words) = read.map_err(fault)?;
            if given.on(&flags::HELP) {
                return Ok(Invocation::Help(help::verb(verb)));
            }
            meaning(Asked { given, words, warnings, legacy: false })
        }
    }
}

/// `help`, `help VERB`, and the same within a family.
fn topic(family: Option<&Verb>, words: &[OsString]) -> Result<Invocation, UsageError> {
    let whole = || family.map_or_else(help::program, help::verb);
    let read = grammar::read(words, &[&[flags::HELP]], Order::Anywhere, &|_| None);
    let (given, words) = read.map_err(|fault| UsageError::Words { fault, help: whole() })?;
    let name = match words.first() {
        Some(name) if !given.on(&flags::HELP) => name.to_string_lossy(),
        _ => return Ok(Invocation::Help(whole())),
    };
    match verbs::member(family, &name) {
        Some(verb) => Ok(Invocation::Help(help::verb(verb))),
        None if name == "help" || name == "h" => Ok(Invocation::Help(whole())),
        None => Err(UsageError::NoTopic(name.into_owned())),
    }
}
