//! `keywright secret ensure`

use super::failure_of;
use crate::cli::commit::{self, Mode};
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::{self, Layout};
use crate::repo::Snapshot;
use crate::scaffold::ensure::{self, Ensured, Error};
use crate::scaffold::existing::{self, Means};
use crate::scaffold::making::{self, Remark};
use crate::scaffold::recipe::Recipe;
use crate::settings;
use crate::txn::Plan;

/// Make what a Secret lacks of its recipe in `keywright.yaml`
///
/// What is there stays. A Secret in plain text is encrypted and listed; of its values those stay that the recipe could
/// have made.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret ensure nats-credentials
  keywright secret ensure --all --dry-run
  keywright secret ensure --check            # exit 1 if something is missing; needs no key")]
pub(crate) struct EnsureArgs {
    /// The Secrets
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "check"])]
    names: Vec<String>,
    /// Every Secret that has a recipe
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Only say what is missing, without an identity; exit 1 if something is
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(super) fn run(args: &EnsureArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret ensure", args.mode.access());
    let (root, store, mut snapshot) = claim::repository(context)?;
    let recipes = chosen(&snapshot, &args.names)?;
    if args.check {
        return check(&recipes, &Layout::read(&snapshot)?, context);
    }
    let identities = discover::identities(context)?;
    let now = context.now();
    let mut plan = Plan::new();
    for recipe in &recipes {
        let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
        let layout = Layout::read(&snapshot)?;
        let done = ensure::ensure(recipe, &layout, &mut means).map_err(refusal)?;
        let next = tell(recipe, done, context);
        // Several Secrets may be listed in one file.
        snapshot = snapshot.after(&next);
        plan.then(next)?;
    }
    commit::carry_out(&store, plan, &root, args.mode, context)
}

/// What is missing.
fn check(
    recipes: &[Recipe],
    layout: &Layout<'_>,
    context: &mut Context,
) -> Result<Status, Failure> {
    let mut count = 0;
    for recipe in recipes {
        for lack in ensure::lacks(recipe, layout).map_err(refusal)? {
            let place = match &lack.path {
                Some(path) => path.display().to_string(),
                None => settings::FILE_NAME.to_owned(),
            };
            context.say(visible(&format!("{place}: {}", lack.problem)));
            count += 1;
        }
    }
    match count {
        0 => {
            context.say("every Secret has what its recipe says");
            Ok(Status::Done)
        }
        _ => {
            context.note("hint: `keywright secret ensure --all` makes what is missing");
            Ok(Status::Found)
        }
    }
}

/// The recipes of these names; all of them where none is named.
pub(super) fn chosen(snapshot: &Snapshot, names: &[String]) -> Result<Vec<Recipe>, Failure> {
    let document = settings::file(snapshot).map_err(Failure::from)?;
    let all = document.map_or(Ok(Vec::new()), Recipe::all).map_err(layout::Error::from)?;
    if all.is_empty() {
        return Err(Failure::new(format!("{}: there are no recipes", settings::FILE_NAME))
            .hint("docs/recipes.md shows how one is written"));
    }
    if names.is_empty() {
        return Ok(all);
    }
    let one = |name: &String| match all.iter().find(|recipe| recipe.name == *name) {
        Some(recipe) => Ok(recipe.clone()),
        None => {
            let known: Vec<String> = all.iter().map(|recipe| recipe.name.clone()).collect();
            let message = format!("{}: there is no recipe for `{name}`", settings::FILE_NAME);
            Err(match layout::nearest(name, &known) {
                Some(near) => Failure::new(message).hint(format!("did you mean `{near}`?")),
                None => Failure::new(message).hint(format!("there is {}", known.join(", "))),
            })
        }
    };
    names.iter().map(one).collect()
}

/// Says what is made and what to know about it, and gives the plan.
pub(super) fn tell(recipe: &Recipe, done: Ensured, context: &mut Context) -> Plan {
    let name = &recipe.name;
    if !done.made.is_empty() {
        context.say(visible(&format!("{name}: {}", done.made.join(", "))));
    }
    for remark in &done.remarks {
        let text = match remark {
            Remark::Extra { key } => {
                format!("note: {name}: the recipe has no key `{key}`; it stays")
            }
            Remark::Stale { key, sources } => format!(
                "note: {name}: `{key}` is not made from the present `{}`: `keywright secret rotate {name} --key {}`",
                sources.join("`, `"),
                sources.first().map_or("", String::as_str),
            ),
            Remark::Replaced { key, reason } => {
                format!("note: {name}: the value of `{key}` {reason}; it is made anew")
            }
        };
        context.note(visible(&text));
    }
    for warning in &done.warnings {
        context.note(visible(&format!("warning: {name}: {warning}")));
    }
    if let Some(path) = &done.exposed {
        let path = path.display();
        context.note(visible(&format!(
            "warning: {path} was in plain text, and may be so in the history of Git: make new values with `keywright \
             secret rotate {name}`"
        )));
    }
    done.plan
}

/// What went wrong, and what to do about it.
pub(super) fn refusal(error: Error) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        Error::NoApp { secret } => failure.hint(format!(
            "add `app: NAME` to the recipe of `{secret}` in {}, or make it with `keywright secret new`",
            settings::FILE_NAME
        )),
        Error::Type { .. } => failure.hint("the type of a Secret cannot change: mend the recipe"),
        Error::NotThere { secret } => {
            failure.hint(format!("make it with `keywright secret ensure {secret}`"))
        }
        Error::Making(making::Error::Given { secret, key }) => {
            failure.hint(format!("give it with `keywright secret set {secret} {key}`"))
        }
        Error::Making(making::Error::Dependent { sources, .. }) => failure.hint(format!(
            "name what it is made from: `--key {}`",
            sources.first().map_or("", String::as_str).trim_matches('`')
        )),
        Error::Making(making::Error::Keeper { key, .. }) => failure
            .hint(format!("if that is meant: `--force-key {key}`"))
            .hint("or choose the others with `--key`"),
        Error::Making(making::Error::NotDrawn { key }) => {
            failure.hint(format!("give another one with `keywright secret set SECRET {key}`"))
        }
        Error::Existing(existing::Error::Ambiguous { name, .. }) => failure.hint(format!(
            "say in the recipe of `{name}` beside which app it is: `app: DIRECTORY` in {}",
            settings::FILE_NAME
        )),
        Error::Existing(error) => failure_of(error),
        // What mends it for `secret new` are flags.
        Error::New(crate::scaffold::Error::Kind(_)) => {
            failure.hint("give the recipe the keys that its type needs, or another type")
        }
        Error::New(error) => super::failure(error),
        Error::Layout(error) => failure.with_layout_hints(&error),
        Error::Plan(error) => Failure::from(error),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EnsureArgs,
    }

    #[test]
    fn every_flag_of_ensure_is_read() {
        let parse = |line: &[&str]| {
            Line::try_parse_from([&["ensure"], line].concat()).map(|line| line.args)
        };
        assert_eq!(parse(&["a", "b"]).unwrap().names, ["a", "b"]);
        assert!(parse(&["--all", "--dry-run"]).unwrap().mode.dry_run);
        assert!(parse(&["--check"]).unwrap().check);
        assert!(parse(&[]).is_err() && parse(&["a", "--all"]).is_err());
    }
}
