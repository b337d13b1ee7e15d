//! `keywright secret rotate`

use std::path::Path;
use std::str::FromStr;

use super::ensure::{chosen, refusal, tell};
use super::list::{dated, tell_shallow};
use crate::cli::commit::{self, Mode};
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::repo::Changed;
use crate::scaffold::ensure;
use crate::scaffold::existing::{Listed, Means, inventory};
use crate::scaffold::making::keeper;
use crate::scaffold::recipe::{How, Recipe};
use crate::txn::Plan;

/// Make new values for a Secret by its recipe, and again what is made from them
///
/// A hash changes with its password and never by itself; values that somebody gave stay. It ends with the workloads that
/// read the Secret when they start.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret rotate nats-credentials --dry-run
  keywright secret rotate nats-credentials --key NATS_ADMIN_PASSWORD
  keywright secret rotate --all --older-than 90d")]
pub(crate) struct RotateArgs {
    /// The Secrets
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// Every Secret that has a recipe
    #[arg(long, conflicts_with = "names", requires = "older_than")]
    all: bool,
    /// Only this key, and what is made from it; may be repeated
    #[arg(long = "key", value_name = "KEY", conflicts_with_all = ["all", "older_than"])]
    keys: Vec<String>,
    /// A key whose change loses data; may be repeated
    #[arg(long = "force-key", value_name = "KEY")]
    forced: Vec<String>,
    /// Only values that no commit has changed for so long: `90d`, `12w` or `1y`
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,
    #[command(flatten)]
    mode: Mode,
}

/// A time span as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Age {
    text: String,
    /// Its length.
    seconds: i64,
}

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Age, Self::Err> {
        const DAY: i64 = 24 * 60 * 60;
        const WANTED: &str = "a number of days, weeks or years: `90d`, `12w`, `1y`";
        let unit = text.chars().next_back().ok_or(WANTED)?;
        let days = match unit {
            'd' => 1,
            'w' => 7,
            'y' => 365,
            _ => return Err(WANTED),
        };
        let count: u16 = text[..text.len() - 1].parse().map_err(|_| WANTED)?;
        Ok(Age { text: text.to_owned(), seconds: i64::from(count) * days * DAY })
    }
}

/// Runs the command.
pub(super) fn run(args: &RotateArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret rotate", args.mode.access());
    let (root, store, mut snapshot) = claim::repository(context)?;
    let recipes = chosen(&snapshot, &args.names)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let (mut plan, mut restarts) = (Plan::new(), Vec::new());
    if args.older_than.is_some() {
        tell_shallow(&root, context);
    }
    for recipe in &recipes {
        let layout = Layout::read(&snapshot)?;
        let keys = match &args.older_than {
            Some(age) => old(recipe, age, &args.forced, (&root, &layout), context)?,
            None => args.keys.clone(),
        };
        if keys.is_empty() && args.older_than.is_some() {
            continue;
        }
        let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
        let keys = (&keys[..], &args.forced[..]);
        let mut done = ensure::rotate(recipe, keys, &layout, &mut means).map_err(refusal)?;
        restarts.append(&mut done.restarts);
        let next = tell(recipe, done, context);
        // Several Secrets may stand in one file.
        snapshot = snapshot.after(&next);
        plan.then(next)?;
    }
    let status = commit::carry_out(&store, plan, &root, args.mode, context)?;
    commit::tell_restarts(&restarts, context);
    Ok(status)
}

/// The keys of a recipe that are drawn and were not changed for so long. Those that are to be kept are left out.
fn old(
    recipe: &Recipe,
    age: &Age,
    forced: &[String],
    (root, layout): (&Path, &Layout<'_>),
    context: &mut Context,
) -> Result<Vec<String>, Failure> {
    let target = ensure::target(recipe, layout).map_err(refusal)?;
    let is_it = |one: &Listed| {
        let is_secret = one.name == recipe.name && one.secret_type.is_some();
        is_secret && target.is_some_and(|target| target.file() == one.path)
    };
    let mut listed = inventory(layout, Some(&recipe.name));
    listed.retain(is_it);
    let latest = context.seconds() - age.seconds;
    let (mut found, mut is_old) = (Vec::new(), false);
    for (key, changed) in dated(root, &listed).into_iter().flat_map(|(_, keys)| keys) {
        let one = recipe.ingredient(&key.name).filter(|one| matches!(one.how, How::Generate(_)));
        let is_before = matches!(changed, Some(Changed::Committed(then)) if then < latest);
        let Some(one) = one.filter(|_| is_before) else { continue };
        is_old = true;
        match keeper(one).filter(|_| !forced.contains(&one.key)) {
            Some(reason) => {
                context.note(format!("note: {}: `{}` stays: {reason}", recipe.name, one.key))
            }
            None => found.push(one.key.clone()),
        }
    }
    if !is_old {
        context.say(format!("{}: no generated value is older than {}", recipe.name, age.text));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RotateArgs,
    }

    fn parse(line: &str) -> Result<RotateArgs, clap::Error> {
        let line = ["rotate"].into_iter().chain(line.split(' '));
        Line::try_parse_from(line).map(|line| line.args)
    }

    #[test]
    fn every_flag_of_rotate_is_read() {
        let one = parse("nats --key A --key B --force-key C --dry-run").unwrap();
        assert_eq!(
            (one.names, one.keys, one.forced),
            (vec!["nats".to_owned()], vec!["A".to_owned(), "B".to_owned()], vec!["C".to_owned()])
        );
        assert!(one.mode.dry_run && !one.all && one.older_than.is_none());
        let all = parse("--all --older-than 2w").unwrap();
        assert!(all.all && all.older_than.unwrap().seconds == 14 * 86_400);
        for wrong in [
            "--all",
            "nats --older-than 5",
            "nats --older-than d",
            "nats --key A --older-than 1y",
            "nats --older-than 1\u{e9}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
