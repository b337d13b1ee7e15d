//! The answers for a new Secret, from flags and from a dialogue, and what is drafted of them.

use std::path::PathBuf;

use super::keys::{Given, Source, Typed};
use super::new::{NOWHERE, NewArgs};
use super::{failure, input, report};
use crate::cli::commit::Mode;
use crate::cli::failure::{NO_APPS, visible};
use crate::cli::prompt::{self, Prompt};
use crate::cli::{Context, Failure, claim};
use crate::layout::{App, Layout};
use crate::make::{Entry, evaluate};
use crate::scaffold::recipe::{Ingredient, OPAQUE, record};
use crate::scaffold::{self, Drafted, ListIn, NewSecret, kind, marks};
use crate::secret::Secret;
use crate::txn::Plan;

/// A key with its value, and where that came from.
pub(super) struct Answer {
    /// The key.
    pub(super) key: String,
    /// Its value, or what makes it.
    pub(super) entry: Entry,
    /// Where it came from.
    pub(super) origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is made.
    Made,
    /// From the keyboard or from standard input.
    Typed,
    /// From the keyboard, on several lines.
    Pasted,
    /// From the command line.
    Exposed,
    /// From a file.
    File(PathBuf),
    /// From an environment file, with other keys.
    EnvironmentFile(PathBuf),
    /// From the credentials for a registry.
    Registry,
}

/// What is going to be written.
pub(super) struct Draft {
    /// The changes.
    pub(super) plan: Plan,
    /// What is reported of them.
    report: report::Report,
}

impl Draft {
    /// The report in JSON.
    pub(super) fn report(&self, mode: Mode) -> serde_json::Value {
        self.report.json(&self.plan, mode)
    }
}

/// Keys and values as flags say it; a hidden prompt takes the place of standard input at a terminal.
pub(super) fn given(
    args: &mut NewArgs,
    prompt: Option<&Prompt>,
    context: &mut Context,
) -> Result<Vec<Answer>, Failure> {
    if let Some(registry) = args.registry.check(Some(&kind(args)?))? {
        return Ok(vec![registry.answer(prompt, context)?]);
    }
    let keys = std::mem::take(&mut args.keys).0;
    if keys.is_empty() {
        return Err(Failure::new("no keys given").hint(
            "add `--generate KEY`, `--set-stdin KEY`, `--from-file KEY=PATH` or `--template KEY=TEXT`",
        ));
    }
    let asked = keys.iter().filter_map(|given| match given {
        Given::Key(key, Source::Stdin) => Some(key.as_str()),
        _ => None,
    });
    let mut lines = input::values(&asked.collect::<Vec<_>>(), prompt, context)?.into_iter();
    let mut answers = Vec::new();
    for given in keys {
        match given {
            Given::Key(key, source) => {
                let origin = Origin::of(&source);
                let entry = entry(source, &mut lines, context)?;
                answers.push(Answer { key, entry, origin });
            }
            Given::EnvFile(path) => {
                let read = input::env_file(&path, context)?.into_iter();
                let origin = Origin::EnvironmentFile(path);
                answers.extend(read.map(|(key, value)| Answer {
                    key,
                    entry: Entry::Value(value),
                    origin: origin.clone(),
                }));
            }
        }
    }
    Ok(answers)
}

impl Answer {
    /// The keys that it gives: the private key of a certificate comes with it.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let companion = match &self.entry {
            Entry::Generate(policy) => policy.companion(&self.key).ok().flatten(),
            _ => None,
        };
        [self.key.clone()].into_iter().chain(companion)
    }

    /// Whether one of them is this one.
    pub(super) fn brings(&self, key: &str) -> bool {
        self.keys().any(|known| known == key)
    }
}

impl Origin {
    /// Of a value that a flag gives.
    fn of(source: &Source) -> Origin {
        match source {
            Source::Generate(_) | Source::Template(_) | Source::Derive(_) => Origin::Made,
            Source::Stdin => Origin::Typed,
            Source::File(path) => Origin::File(path.clone()),
            Source::Typed(_) => Origin::Exposed,
        }
    }
}

/// The value that a flag asks for.
pub(super) fn entry(
    source: Source,
    lines: &mut impl Iterator<Item = Secret>,
    context: &mut Context,
) -> Result<Entry, Failure> {
    Ok(match source {
        Source::Generate(policy) => Entry::Generate(policy),
        Source::Stdin => Entry::Value(lines.next().expect("each of these keys has a line")),
        Source::File(path) => Entry::Value(input::file(&path, context)?),
        Source::Typed(Typed(value)) => Entry::Value(value),
        Source::Template(template) => Entry::Template(template),
        Source::Derive(derivation) => Entry::Derive(derivation),
    })
}

/// What flags and answers say of a Secret but for its values.
pub(super) fn request<'s>(
    args: &NewArgs,
    layout: &Layout<'s>,
    context: &Context,
) -> Result<NewSecret<'s>, Failure> {
    let wrong = |flag: &'static str| move |error| Failure::new(format!("`--{flag}`: {error}"));
    let app = app(args, layout)?;
    // In a script that of the app, if it is free.
    let name = args.name.clone().unwrap_or_else(|| app.name().to_owned());
    if args.recipe {
        record::check_free(&name, layout.snapshot()).map_err(failure)?;
    }
    let list_in = match &args.list_in {
        None => ListIn::App,
        Some(path) if path.as_os_str() == NOWHERE => ListIn::Nowhere,
        Some(path) => ListIn::File(claim::below(layout.snapshot().root(), path, context)?),
    };
    Ok(NewSecret {
        app,
        name,
        kind: kind(args)?,
        entries: Vec::new(),
        reader: args.uses.reader(),
        list_in,
        labels: marks::labels(&args.labels).map_err(wrong("label"))?,
        annotations: marks::annotations(&args.annotations).map_err(wrong("annotation"))?,
        immutable: args.immutable,
        recipe: None,
    })
}

/// The app that was named.
pub(super) fn app<'s>(args: &NewArgs, layout: &Layout<'s>) -> Result<App<'s>, Failure> {
    if let Some(name) = &args.app {
        return scaffold::app(layout, name).map_err(failure);
    }
    let found = scaffold::addresses(layout);
    let found = match found.is_empty() {
        true => NO_APPS.to_owned(),
        false => format!("there is {}", found.join(", ")),
    };
    Err(Failure::new("no app given").hint(format!("name it: `keywright secret new APP`; {found}")))
}

/// The type: a registry implies one.
pub(super) fn kind(args: &NewArgs) -> Result<String, Failure> {
    let named = args.kind.as_deref().map(kind::named).transpose();
    let named = named.map_err(|error| failure(error.into()))?;
    let registry = args.registry.check(named.as_deref())?;
    let implied = if registry.is_some() { kind::DOCKER_CONFIG } else { OPAQUE };
    Ok(named.unwrap_or_else(|| implied.to_owned()))
}

/// The changes that make the Secret. What there is to know about its values is said, before any of them is made.
pub(super) fn draft(
    args: &NewArgs,
    answers: &[Answer],
    layout: &Layout<'_>,
    context: &mut Context,
) -> Result<Draft, Failure> {
    let mut request = request(args, layout, context)?;
    let mut warnings = Vec::new();
    for Answer { key, entry, origin } in answers {
        warnings.extend(tell(key, entry, context));
        if *origin == Origin::Exposed {
            let warning = format!(
                "{key}: its value is in the history of the shell and was in the list of processes; change it if that matters"
            );
            context.note(format!("warning: {warning}"));
            warnings.push(warning);
        }
    }
    let entries: Vec<(String, Entry)> =
        answers.iter().map(|answer| (answer.key.clone(), answer.entry.copy())).collect();
    request.recipe = args.recipe.then(|| Ingredient::all(&entries));
    let now = context.now();
    request.entries = evaluate(entries, &mut context.random, &now)
        .map_err(|error| Failure::new(error.to_string()))?;
    let snapshot = layout.snapshot();
    let drafted = scaffold::new_secret(&request, snapshot, layout, &now, &mut context.random);
    let Drafted { plan, file, namespace, warnings: remarks } = drafted.map_err(failure)?;
    for remark in remarks.iter().map(ToString::to_string) {
        context.note(visible(&format!("warning: {remark}")));
        warnings.push(remark);
    }
    for flux in scaffold::undecrypted(layout, &file) {
        let (path, name) = (flux.file.display(), flux.view.name());
        let warning = format!(
            "{path}: the Flux Kustomization `{name}` has no `decryption`, so encrypted values would reach the cluster as \
             they are; `keywright init --fix-decryption` adds it"
        );
        context.note(visible(&format!("warning: {warning}")));
        warnings.push(warning);
    }
    let keys = request.entries.iter().map(|(key, _)| key.clone()).collect();
    let NewSecret { name, kind, .. } = request;
    let report = report::Report { name, namespace, kind, file, keys, warnings };
    Ok(Draft { plan, report })
}

/// Says what there is to know about how a value is made, before it is, and returns what is to warn of.
pub(super) fn tell(key: &str, entry: &Entry, context: &mut Context) -> Option<String> {
    let Entry::Generate(policy) = entry else { return None };
    if let Some(remark) = policy.remark() {
        context.note(format!("note: {key}: {remark}"));
    }
    let warning = policy.warning().map(|warning| format!("{key}: {warning}"));
    warning.inspect(|warning| context.note(format!("warning: {warning}")))
}

impl From<prompt::Error> for Failure {
    fn from(error: prompt::Error) -> Failure {
        match error {
            prompt::Error::Back | prompt::Error::Cancelled => Failure::interrupted(),
            _ => Failure::new(error.to_string()),
        }
    }
}
