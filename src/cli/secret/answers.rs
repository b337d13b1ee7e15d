//! The answers for a new Secret: from flags, and at a terminal from questions for what they leave open.

use super::failure;
use super::keys::Source;
use super::new::NewArgs;
use crate::cli::failure::NO_APPS;
use crate::cli::prompt::{self, Prompt};
use crate::cli::{Context, Failure};
use crate::layout::{App, Layout};
use crate::make::{Entry, Policy, Template, evaluate, is_key};
use crate::repo::Snapshot;
use crate::scaffold::recipe::{Ingredient, OPAQUE, record};
use crate::scaffold::{self, NewSecret, Use};
use crate::secret::Secret;

/// The request that flags and answers make. Without a terminal, the first missing answer is refused with
/// the flag that gives it.
pub(super) fn collect<'s>(
    args: NewArgs,
    snapshot: &Snapshot,
    layout: &Layout<'s>,
    context: &mut Context,
) -> Result<NewSecret<'s>, Failure> {
    let prompt = context.interactive.then(|| context.prompt());
    let prompt = prompt.as_ref();

    let app = app(args.app, layout, prompt)?;
    let name = name(args.name, &app, layout, prompt)?;
    // What cannot be written is refused before anybody types a password.
    scaffold::place(snapshot, layout, &app, &name).map_err(failure)?;
    if args.recipe {
        record::check_free(&name, snapshot).map_err(failure)?;
    }
    let asks = args.keys.0.is_empty();
    let mut uses = args.uses.ways();
    let mut container = args.uses.container;
    if !uses.is_empty() {
        container = chosen_container(container, &app, layout, prompt)?;
    }
    let entries = match prompt {
        Some(prompt) if asks => ask_for_keys(prompt, context)?,
        None if asks => {
            return Err(Failure::new("no keys given").hint(
                "add `--generate KEY`, `--set-stdin KEY`, `--from-file KEY=PATH` or `--template KEY=TEXT`",
            ));
        }
        _ => {
            let sources = args.keys.0.into_iter();
            let entries = sources.map(|(key, source)| {
                let entry = entry(&key, source, prompt, context)?;
                Ok((key, entry))
            });
            entries.collect::<Result<_, Failure>>()?
        }
    };
    let recipe = args.recipe.then(|| Ingredient::all(&entries));
    let now = context.now();
    let entries = evaluate(entries, &mut context.random, &now)
        .map_err(|error| Failure::new(error.to_string()))?;
    if let Some(prompt) = prompt.filter(|_| asks && uses.is_empty()) {
        container = ask_for_env_from(&app, layout, prompt)?;
        uses.extend(container.as_ref().map(|_| Use::EnvFrom));
    }
    let kind = OPAQUE.to_owned();
    Ok(NewSecret { app, name, kind, entries, uses, container, recipe })
}

fn app<'s>(
    given: Option<String>,
    layout: &Layout<'s>,
    prompt: Option<&Prompt>,
) -> Result<App<'s>, Failure> {
    if let Some(name) = given {
        return scaffold::app(layout, &name).map_err(failure);
    }
    let mut apps = layout.apps();
    apps.sort_by(|one, other| (one.name(), &one.directory).cmp(&(other.name(), &other.directory)));
    apps.dedup_by(|one, other| one.name() == other.name() && one.directory == other.directory);
    let names: Vec<String> = apps.iter().map(|app| app.name().to_owned()).collect();
    match prompt {
        Some(_) if apps.is_empty() => Err(Failure::new("there are no apps").hint(NO_APPS)),
        Some(prompt) => Ok(apps.swap_remove(prompt.choose("App", &names)?)),
        None => {
            let found = match names.is_empty() {
                true => NO_APPS.to_owned(),
                false => format!("there is {}", names.join(", ")),
            };
            let hint = format!("name it: `keywright secret new APP`; {found}");
            Err(Failure::new("no app given").hint(hint))
        }
    }
}

fn name(
    given: Option<String>,
    app: &App<'_>,
    layout: &Layout<'_>,
    prompt: Option<&Prompt>,
) -> Result<String, Failure> {
    let check = |name: &str| scaffold::check_name(layout, app, name);
    match (given, prompt) {
        (Some(name), _) => Ok(name),
        (None, Some(prompt)) => {
            let default = Some(app.name().to_owned()).filter(|name| check(name).is_ok());
            let told = |name: &String| check(name).map_err(|error| error.to_string());
            Ok(prompt.line("Name of the Secret", default, told)?)
        }
        (None, None) => Err(Failure::new("no name given").hint("add `--name NAME`")),
    }
}

/// The value that a flag asks for.
pub(super) fn entry(
    key: &str,
    source: Source,
    prompt: Option<&Prompt>,
    context: &mut Context,
) -> Result<Entry, Failure> {
    Ok(match source {
        Source::Generate(policy) => generated(key, policy, context),
        Source::Stdin => Entry::Value(match prompt {
            // Standard input is a terminal: what is typed there must not be shown.
            Some(prompt) => prompt.hidden(key)?,
            None => without_line_break(&context.read_stdin()?),
        }),
        Source::File(path) => match std::fs::read(context.directory.join(&path)) {
            Ok(bytes) => Entry::Value(Secret::new(bytes)),
            Err(error) => return Err(Failure::new(format!("{}: {error}", path.display()))),
        },
        Source::Template(template) => Entry::Template(template),
        Source::Derive(derivation) => Entry::Derive(derivation),
    })
}

/// Says what there is to know about a policy that somebody chose.
fn generated(key: &str, policy: Policy, context: &mut Context) -> Entry {
    if let Some(warning) = policy.warning() {
        context.note(format!("warning: {key}: {warning}"));
    }
    if let Some(remark) = policy.remark() {
        context.note(format!("note: {key}: {remark}"));
    }
    Entry::Generate(policy)
}

/// `echo` and most programs end a line that is no part of the value. In a text of several lines, such as a
/// private key, the last break belongs to it.
pub(super) fn without_line_break(bytes: &[u8]) -> Secret {
    let line = bytes.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let single = line.filter(|line| !line.contains(&b'\n'));
    Secret::new(single.unwrap_or(bytes).to_vec())
}

/// Keys one by one, each with its value, until an empty one.
fn ask_for_keys(prompt: &Prompt, context: &mut Context) -> Result<Vec<(String, Entry)>, Failure> {
    let mut entries: Vec<(String, Entry)> = Vec::new();
    loop {
        let (question, default) = match entries.is_empty() {
            true => ("Key", None),
            false => ("Another key (empty: no more)", Some(String::new())),
        };
        let check = |key: &String| match key.as_str() {
            "" if !entries.is_empty() => Ok(()),
            key if !is_key(key) => Err("letters, digits, `-`, `_` and `.`, at most 253".to_owned()),
            key if entries.iter().any(|(known, _)| known == key) => {
                Err(format!("`{key}` is there already"))
            }
            _ => Ok(()),
        };
        let key = prompt.line(question, default, check)?;
        if key.is_empty() {
            return Ok(entries);
        }
        let value = ask_for_value(&key, &entries, prompt, context)?;
        entries.push((key, value));
    }
}

/// Where a value can come from, as the dialogue offers it.
const WAYS: [&str; 4] =
    ["generate it", "type it, hidden", "read a file", "compose it from the others"];

fn ask_for_value(
    key: &str,
    entries: &[(String, Entry)],
    prompt: &Prompt,
    context: &mut Context,
) -> Result<Entry, Failure> {
    // A template needs something to refer to.
    let ways = if entries.is_empty() { &WAYS[..3] } else { &WAYS };
    let ways: Vec<String> = ways.iter().map(|&way| way.to_owned()).collect();
    Ok(match prompt.choose(&format!("Value of {key}"), &ways)? {
        0 => {
            let policy: Policy = prompt.parsed("Policy", Some("alnum:40".to_owned()))?;
            generated(key, policy, context)
        }
        1 => Entry::Value(prompt.hidden(key)?),
        2 => {
            let mut read = None;
            let directory = context.directory.clone();
            prompt.line("File", None, |path| {
                read =
                    Some(std::fs::read(directory.join(path)).map_err(|error| error.to_string())?);
                Ok(())
            })?;
            Entry::Value(Secret::new(read.expect("the answer was accepted because it was read")))
        }
        _ => {
            let known: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
            let question = format!("Template, of {{KEY}} or {{KEY|url}} ({})", known.join(", "));
            let check = |text: &String| {
                let template: Template = text.parse().map_err(|error| format!("{error}"))?;
                match template.keys().find(|key| !known.contains(key)) {
                    Some(unknown) => Err(format!("there is no key `{unknown}` yet")),
                    None => Ok(()),
                }
            };
            let text = prompt.line(&question, None, check)?;
            Entry::Template(text.parse().expect("the answer was accepted because it is a template"))
        }
    })
}

/// The flag, else the answer where the app has several containers.
fn chosen_container<'s>(
    flag: Option<String>,
    app: &App<'s>,
    layout: &Layout<'s>,
    prompt: Option<&Prompt>,
) -> Result<Option<String>, Failure> {
    let (None, Some(prompt)) = (&flag, prompt) else { return Ok(flag) };
    let mut containers = scaffold::containers(layout, app).map_err(failure)?;
    if containers.len() < 2 {
        return Ok(None);
    }
    let chosen = prompt.choose("Which container gets the Secret", &containers)?;
    Ok(Some(containers.swap_remove(chosen)))
}

/// The container that gets `envFrom`.
fn ask_for_env_from<'s>(
    app: &App<'s>,
    layout: &Layout<'s>,
    prompt: &Prompt,
) -> Result<Option<String>, Failure> {
    Ok(match &scaffold::containers(layout, app).map_err(failure)?[..] {
        [] => None,
        [only] => {
            let question = format!("Add the Secret to envFrom of {only}?");
            prompt.confirm(&question, false)?.then(|| only.clone())
        }
        several => {
            let mut choices = [&["no container".to_owned()], several].concat();
            match prompt.choose("Add the Secret to envFrom of", &choices)? {
                0 => None,
                chosen => Some(choices.swap_remove(chosen)),
            }
        }
    })
}

impl From<prompt::Error> for Failure {
    fn from(error: prompt::Error) -> Failure {
        match error {
            prompt::Error::Cancelled => Failure::interrupted(),
            _ => Failure::new(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_its_break_and_several_lines_keep_it() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"s3cr3t", b"s3cr3t"),
            (b"s3cr3t\n", b"s3cr3t"),
            (b"s3cr3t\r\n", b"s3cr3t"),
            (b"a\nb\n", b"a\nb\n"),
            (b"\n\n", b"\n\n"),
            (b"", b""),
        ];
        for (given, kept) in cases {
            assert_eq!(without_line_break(given).expose(), kept);
        }
    }
}
