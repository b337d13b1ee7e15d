//! Keys one by one, each with where its value comes from.

use std::path::Path;

use super::walk::Halt;
use crate::cli::failure::visible;
use crate::cli::prompt::{END, Prompt};
use crate::cli::secret::answers::{Answer, Origin};
use crate::cli::secret::input;
use crate::cli::{Context, Failure};
use crate::make::{Derivation, Entry, Policy, Template, is_key};
use crate::secret::Secret;

/// Fewer characters than this a password must not have: NIST SP 800-63B, 3.1.1.2.
const LEAST_CHARACTERS: usize = 8;

/// Where a value can come from.
#[derive(Clone, Copy)]
enum Way {
    Generate,
    Hidden,
    Shown,
    Paste,
    File,
    Template,
    Derive,
}

/// What is offered for every key.
const WAYS: &[(Way, &str)] = &[
    (Way::Generate, "generate it"),
    (Way::Hidden, "type it, hidden"),
    (Way::Shown, "type it, shown (a user, a host)"),
    (Way::Paste, "paste several lines, hidden"),
    (Way::File, "read a file"),
];

/// What is offered besides where there are other keys.
const WAYS_FROM_OTHERS: &[(Way, &str)] = &[
    (Way::Template, "compose it from the others"),
    (Way::Derive, "derive it from another: a hash, a public key"),
];

/// What somebody types where a key is asked for.
enum Typed {
    Key(String),
    EnvironmentFile(String),
    Nothing,
}

/// Asks until there are no more keys. Who goes back from a key gives the last value anew.
pub(super) fn ask(
    given: &mut Vec<Answer>,
    required: &[&str],
    prompt: &Prompt,
    context: &mut Context,
) -> Result<(), Halt> {
    loop {
        let key = match ask_for_key(given, required, prompt) {
            Ok(Typed::Nothing) => return Ok(()),
            Ok(Typed::Key(key)) => key,
            Ok(Typed::EnvironmentFile(path)) => {
                match environment_file(path, given, context) {
                    Ok(read) => given.extend(read),
                    Err(failure) => prompt.say(&visible(&failure.message))?,
                }
                continue;
            }
            Err(Halt::Back) => match given.pop() {
                Some(last) => last.key,
                None => return Err(Halt::Back),
            },
            Err(halt) => return Err(halt),
        };
        match ask_for_value(&key, given, prompt, context) {
            Ok(value) => given.push(value),
            Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn ask_for_key(given: &[Answer], required: &[&str], prompt: &Prompt) -> Result<Typed, Halt> {
    let has = |key: &str| given.iter().any(|known| known.brings(key));
    let missing = required.iter().find(|key| !has(key));
    let (question, default) = match missing {
        Some(key) => ("Key", Some((*key).to_owned())),
        None if given.is_empty() => ("Key (./FILE: all keys of an environment file)", None),
        None => ("Another key (empty: no more)", Some(String::new())),
    };
    let check = |text: &String| match text.as_str() {
        "" if !given.is_empty() => Ok(()),
        path if path.contains('/') => Ok(()),
        key if !is_key(key) => Err("letters, digits, `-`, `_` and `.`, at most 253".to_owned()),
        key if has(key) => Err(format!("`{key}` is there already")),
        _ => Ok(()),
    };
    let text = prompt.line(question, default, check)?;
    Ok(match text.as_str() {
        "" => Typed::Nothing,
        path if path.contains('/') => Typed::EnvironmentFile(text),
        _ => Typed::Key(text),
    })
}

fn ask_for_value(
    key: &str,
    given: &[Answer],
    prompt: &Prompt,
    context: &mut Context,
) -> Result<Answer, Halt> {
    let mut ways = WAYS.to_vec();
    if !given.is_empty() {
        ways.extend(WAYS_FROM_OTHERS);
    }
    let labels: Vec<&str> = ways.iter().map(|(_, label)| *label).collect();
    loop {
        let (way, _) = ways[prompt.choose(&format!("Value of {key}"), &labels)?];
        match value(way, key, given, prompt, context) {
            Ok((origin, entry)) => return Ok(Answer { key: key.to_owned(), entry, origin }),
            Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn value(
    way: Way,
    key: &str,
    given: &[Answer],
    prompt: &Prompt,
    context: &mut Context,
) -> Result<(Origin, Entry), Halt> {
    let known = || given.iter().map(|known| known.key.as_str()).collect::<Vec<_>>().join(", ");
    Ok(match way {
        Way::Generate => {
            let check = |policy: &Policy| match policy.companion(key) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            let default = Policy::default().to_string();
            (Origin::Made, Entry::Generate(prompt.parsed("Policy", Some(default), check)?))
        }
        Way::Hidden => (Origin::Typed, Entry::Value(hidden(key, prompt)?)),
        Way::Shown => {
            let text = prompt.line(key, None, |_| Ok(()))?;
            (Origin::Typed, Entry::Value(Secret::from(text)))
        }
        Way::Paste => {
            let question = format!("{key}, hidden, until a line that is only `{END}`:");
            let text = prompt.hidden_lines(&question)?;
            prompt.say(&format!("{} bytes", text.len()))?;
            (Origin::Pasted, Entry::Value(text))
        }
        Way::File => {
            let (path, content) = file(prompt, context)?;
            (Origin::File(path.into()), Entry::Value(content))
        }
        Way::Template => {
            let question = format!("Template, of {{KEY}} or {{KEY|url}} ({})", known());
            let check = |template: &Template| all_known(template.keys(), given);
            (Origin::Made, Entry::Template(prompt.parsed(&question, None, check)?))
        }
        Way::Derive => {
            let question = format!("Derivation, such as bcrypt(KEY) ({})", known());
            let check = |derivation: &Derivation| all_known(derivation.keys(), given);
            (Origin::Made, Entry::Derive(prompt.parsed(&question, None, check)?))
        }
    })
}

/// A file that can be read, and its content.
fn file(prompt: &Prompt, context: &mut Context) -> Result<(String, Secret), Halt> {
    let mut content = None;
    let check = |path: &String| {
        let read = input::file(Path::new(path), context).map_err(|failure| failure.message)?;
        content = Some(read);
        Ok(())
    };
    let path = prompt.line("File", None, check)?;
    Ok((path, content.expect("the answer was accepted because the file was read")))
}

/// The entries of an environment file. Refused is one with a key that is there.
fn environment_file(
    path: String,
    given: &[Answer],
    context: &mut Context,
) -> Result<Vec<Answer>, Failure> {
    let read = input::env_file(Path::new(&path), context)?;
    if let Some((key, _)) = read.iter().find(|(key, _)| given.iter().any(|known| known.brings(key)))
    {
        return Err(Failure::new(format!("{path}: `{key}` is there already")));
    }
    let answer = |(key, value)| Answer {
        key,
        entry: Entry::Value(value),
        origin: Origin::EnvironmentFile(path.clone().into()),
    };
    Ok(read.into_iter().map(answer).collect())
}

/// A value that is typed twice; a short one only on purpose.
fn hidden(key: &str, prompt: &Prompt) -> Result<Secret, Halt> {
    loop {
        let typed = prompt.hidden(key)?;
        let characters = typed.expose_text().map_or(typed.len(), |text| text.chars().count());
        if characters >= LEAST_CHARACTERS {
            return Ok(typed);
        }
        let question = format!("{characters} characters are soon guessed. Take it all the same?");
        if prompt.confirm(&question, false)? {
            return Ok(typed);
        }
    }
}

/// Refuses what is made from a key that is not there.
fn all_known<'k>(mut keys: impl Iterator<Item = &'k str>, given: &[Answer]) -> Result<(), String> {
    match keys.find(|key| !given.iter().any(|known| known.brings(key))) {
        Some(unknown) => Err(format!("there is no key `{unknown}` yet")),
        None => Ok(()),
    }
}
