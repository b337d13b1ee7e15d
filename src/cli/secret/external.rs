//! `keywright secret new --external`: a reference to an item of an external store, and what has to be there.

use clap::builder::NonEmptyStringValueParser;

use super::new::NewArgs;
use super::{answers, dialogue};
use crate::cli::commit;
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, claim};
use crate::layout::{Fact, Layout};
use crate::make::is_key;
use crate::scaffold::external::{self, Error, Outcome, Request};

/// A reference instead of values
#[derive(clap::Args)]
pub(super) struct ExternalArgs {
    /// Write an `ExternalSecret` or `OnePasswordItem` as other apps have it, and no values; what must exist in the
    /// store is told
    #[arg(long)]
    pub(super) external: bool,

    /// A key that the app reads; may be repeated
    #[arg(long = "field", value_name = "KEY", requires = "external", value_parser = key)]
    fields: Vec<String>,

    /// The item in the store, instead of one named as those of other apps
    #[arg(long, value_name = "NAME", requires = "external", value_parser = NonEmptyStringValueParser::new())]
    item: Option<String>,

    /// The store or vault, instead of the one that most other apps use
    #[arg(long, value_name = "NAME", requires = "external", value_parser = NonEmptyStringValueParser::new())]
    store: Option<String>,

    /// Show what was inferred, and from which files
    #[arg(short, long, requires = "external")]
    verbose: bool,
}

/// Reads a key of a Secret.
fn key(text: &str) -> Result<String, &'static str> {
    match is_key(text) {
        true => Ok(text.to_owned()),
        false => Err("a key has letters, digits, `-`, `_` and `.`, at most 253"),
    }
}

/// Runs the command.
pub(super) fn run(mut args: NewArgs, context: &mut Context) -> Result<Status, Failure> {
    check(&args)?;
    let (mode, verbose) = (args.mode, args.external.verbose);
    context.begin("secret new", mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    if args.app.is_none() && context.interactive {
        let mut names = dialogue::apps(&layout)?;
        args.app = Some(names.swap_remove(context.prompt().search("App", &names)?));
    }
    let app = answers::app(&args, &layout)?;
    let ExternalArgs { fields, item, store: chosen, .. } = args.external;
    let reader = args.uses.reader();
    let mut request = Request { app, name: args.name, store: chosen, item, fields, reader };
    let outcome =
        asked(&mut request, context, |request| external::reference(request, &snapshot, &layout))?;
    tell(&outcome, verbose, context);
    let status = commit::carry_out(&store, outcome.plan, &root, mode, context)?;
    context.say("outside of the repository there must be:");
    outcome.wanted.iter().for_each(|line| context.say(visible(&format!("  {line}"))));
    context.say(visible(&format!("the app can use the Secret `{}` then", outcome.secret)));
    Ok(status)
}

/// Refuses what belongs to a Secret with values.
fn check(args: &NewArgs) -> Result<(), Failure> {
    if !args.keys.0.is_empty() || args.registry.registry.is_some() {
        return Err(Failure::new("`--external` writes no values: they are in the store")
            .hint("name the keys that the app reads with `--field KEY`"));
    }
    const ALLOWED: [&str; 5] = ["name", "env-from", "env", "mount", "container"];
    if let Some((flag, _)) = args.flags().iter().find(|(flag, _)| !ALLOWED.contains(flag)) {
        return Err(Failure::new(format!("`--{flag}` cannot be used with `--external`"))
            .hint("leave it out: it is for Secrets that are written here"));
    }
    let fields = &args.external.fields;
    let twice = fields.iter().enumerate().find(|(at, key)| fields[..*at].contains(key));
    match twice {
        Some((_, key)) => Err(Failure::new(format!("key `{key}` is given twice"))),
        None => Ok(()),
    }
}

/// Tries until nothing is left open: at a terminal, a refusal that an answer would undo is a question.
fn asked<'s>(
    request: &mut Request<'s>,
    context: &mut Context,
    attempt: impl Fn(&Request<'s>) -> Result<Outcome, Error>,
) -> Result<Outcome, Failure> {
    loop {
        match attempt(request) {
            Ok(outcome) => return Ok(outcome),
            Err(Error::StoreAmbiguous { found, mut names }) if context.interactive => {
                let chosen = context.prompt().choose("Which store?", &found)?;
                request.store = Some(names.swap_remove(chosen));
            }
            Err(Error::NoFields { .. }) if context.interactive => {
                request.fields = ask_for_keys(context)?;
            }
            Err(error) => return Err(failure(error)),
        }
    }
}

/// Keys one by one, until an empty one.
fn ask_for_keys(context: &Context) -> Result<Vec<String>, Failure> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let (question, default) = match keys.is_empty() {
            true => ("Key that the app reads", None),
            false => ("Another key (empty: no more)", Some(String::new())),
        };
        let given = context.prompt().line(question, default, |text| match text.as_str() {
            "" if !keys.is_empty() => Ok(()),
            text if keys.iter().any(|known| known == text) => {
                Err(format!("`{text}` is there already"))
            }
            text => key(text).map(drop).map_err(str::to_owned),
        })?;
        match given.is_empty() {
            true => return Ok(keys),
            false => keys.push(given),
        }
    }
}

/// What was learned, on demand, and what somebody should know.
fn tell(outcome: &Outcome, verbose: bool, context: &mut Context) {
    for (what, Fact { value, evidence }) in outcome.facts.iter().filter(|_| verbose) {
        let files: Vec<_> = evidence.iter().map(|file| file.display().to_string()).collect();
        let from = match files.is_empty() {
            true => "by convention or as given".to_owned(),
            false => format!("from {}", files.join(", ")),
        };
        context.note(visible(&format!("{what}: {value} ({from})")));
    }
    for note in &outcome.notes {
        context.note(visible(&format!("note: {note}")));
    }
}

/// What went wrong, and what to do about it.
fn failure(error: Error) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        Error::NoStore => {
            failure.hint("make an encrypted Secret instead: `keywright secret new APP`")
        }
        Error::StoreUnknown { .. } => failure.hint("name one of these with `--store`"),
        Error::StoreAmbiguous { names, .. } => {
            failure.hint(format!("choose one: --store `{}`", names.join("` or `")))
        }
        Error::NoFields { .. } => failure.hint("name what the app reads with `--field KEY`"),
        Error::Made { .. } | Error::Taken { .. } => {
            failure.hint("choose another name with `--name`")
        }
        Error::New(error) => super::failure(error),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: NewArgs,
    }

    fn parse(args: &[&str]) -> Result<ExternalArgs, clap::Error> {
        Ok(Line::try_parse_from([&["new", "a"], args].concat())?.args.external)
    }

    #[test]
    fn every_flag_of_a_reference_is_read() {
        let none = parse(&[]).unwrap();
        assert!(!none.external && !none.verbose && none.fields.is_empty());
        assert!(none.item.is_none() && none.store.is_none());
        let all = "--external --field A --field b.c --item /x/y --store s -v";
        let all = parse(&all.split(' ').collect::<Vec<_>>()).unwrap();
        assert!(all.external && all.verbose);
        assert_eq!(all.fields, ["A", "b.c"]);
        assert_eq!((all.item.as_deref(), all.store.as_deref()), (Some("/x/y"), Some("s")));
        for alone in [&["--field", "A"][..], &["--item", "x"], &["--store", "x"], &["-v"]] {
            assert!(parse(alone).is_err(), "{alone:?}");
        }
        for wrong in [["--field", "a b"], ["--item", ""], ["--store", ""]] {
            assert!(parse(&[&["--external"], &wrong[..]].concat()).is_err(), "{wrong:?}");
        }
    }
}
