//! `keywright db deprovision`

use std::path::Path;

use super::question::{Wanted, asked};
use crate::cli::commit::{self, Mode};
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::provision::{self, Deprovisioned, Means, Options, Removal, Step};
use crate::repo::{self, Snapshot};

/// Take an app's database and role out of PostgreSQL and out of the repository, in three runs
///
/// The first run drops the databases, the second one the role, the third one removes what is left in the repository.
/// Each has to be committed and applied before the next; it ends with how to see that, and the files tell which one it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db deprovision grafana --dry-run
  keywright db deprovision grafana
  keywright db deprovision grafana --keep-data")]
pub(crate) struct DeprovisionArgs {
    /// The app: the name of its Flux Kustomization, or of its directory, or more of that one's path
    #[arg(value_name = "APP")]
    app: String,
    /// Remove everything from the repository in one run, and nothing from PostgreSQL
    #[arg(long)]
    keep_data: bool,
    /// Name of the role, instead of the app's with underscores
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// The Cluster, where there are several
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    cluster: Option<String>,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(crate) fn run(args: &DeprovisionArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "db deprovision";
    let identities = discover::identities(context)?;
    context.begin(COMMAND, args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let (role, cluster) = (args.role.clone(), args.cluster.clone());
    let options = Options { role, cluster, ..Options::default() };
    let mut wanted = Wanted { app: args.app.clone(), options };
    let now = context.now();
    let mut outcome = asked(&mut wanted, context, |wanted, context| {
        let (app, options) = (&wanted.app, &wanted.options);
        let request = Removal { app, options, keeps_data: args.keep_data };
        let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
        provision::deprovision(&request, &snapshot, &layout, &mut means)
    })?;
    for note in &outcome.notes {
        context.note(format!("note: {note}"));
    }
    if outcome.step == Step::Nothing {
        context.say(format!("nothing left of a database of `{}`", wanted.app));
        return Ok(Status::Done);
    }
    if let Some(loss) = loss(&outcome) {
        refuse_unasked(&loss, outcome.step, args.mode, context)?;
        context.note(format!("note: {loss}"));
    }
    warn_uncommitted(&outcome, &root, &snapshot, context);
    let plan = std::mem::take(&mut outcome.plan);
    let status = commit::carry_out(&store, plan, &root, args.mode, context)?;
    if !args.mode.dry_run {
        tell(&outcome, &again(&wanted), context);
    }
    Ok(status)
}

/// What is lost once this run is applied.
fn loss(outcome: &Deprovisioned) -> Option<String> {
    let databases = listed(&outcome.databases);
    match outcome.step {
        Step::Databases if !outcome.databases.is_empty() => {
            Some(format!("{databases} will be dropped with all data"))
        }
        Step::Role => Some(format!("the role `{}` will be dropped", outcome.role)),
        _ => None,
    }
}

/// What cannot be undone needs a yes, from somebody at the terminal or by a flag.
fn refuse_unasked(loss: &str, step: Step, mode: Mode, context: &Context) -> Result<(), Failure> {
    if mode.yes || mode.dry_run || context.interactive {
        return Ok(());
    }
    let failure = Failure::new(format!("{loss}, and nobody can be asked here"));
    let failure = failure.hint("say `--yes` if that is meant");
    Err(match step {
        Step::Databases => failure.hint("or keep all of it in PostgreSQL with `--keep-data`"),
        _ => failure,
    })
}

/// What is not committed cannot have been applied.
fn warn_uncommitted(
    outcome: &Deprovisioned,
    root: &Path,
    snapshot: &Snapshot,
    context: &mut Context,
) {
    let paths: Vec<&Path> = outcome.before.iter().map(AsRef::as_ref).collect();
    let committed = repo::committed(root, &paths);
    for (path, committed) in paths.iter().zip(committed) {
        let is_old = committed
            .is_some_and(|old| snapshot.bytes(path).is_ok_and(|present| present != old.as_slice()));
        if is_old {
            let path = path.display();
            context.note(format!(
                "note: {path}: is not committed, so the cluster cannot have done the step before"
            ));
        }
    }
}

/// Which run it was, and what comes next.
fn tell(outcome: &Deprovisioned, again: &str, context: &mut Context) {
    let (databases, role) = (listed(&outcome.databases), &outcome.role);
    let did = match outcome.step {
        Step::Databases if outcome.databases.is_empty() => {
            "step 1 of 3: the app no longer has the credentials".to_owned()
        }
        Step::Databases => format!("step 1 of 3: {databases} will be dropped"),
        Step::Role => format!("step 2 of 3: the role `{role}` will be dropped"),
        Step::Files => "step 3 of 3: nothing is left in the repository".to_owned(),
        Step::Forget => format!(
            "nothing is left in the repository; PostgreSQL keeps the role `{role}`{}",
            if outcome.databases.is_empty() { String::new() } else { format!(" and {databases}") }
        ),
        Step::Component => {
            "the component no longer makes credentials; PostgreSQL keeps role and database"
                .to_owned()
        }
        Step::Nothing => return,
    };
    context.say(did);
    if !outcome.stays.is_empty() {
        context.say("outside of the repository there still is:");
        outcome.stays.iter().for_each(|line| context.say(format!("  {line}")));
    }
    if !matches!(outcome.step, Step::Databases | Step::Role) {
        context.say("next: commit and push");
        return;
    }
    match outcome.checks.is_empty() {
        true => context.say("next: commit and push; once it is applied, run"),
        false => context.say("next: commit and push; when it is applied, that is, when"),
    }
    for (index, check) in outcome.checks.iter().enumerate() {
        let then = if index + 1 == outcome.checks.len() { "run" } else { "and" };
        context.say(format!("  {}\nshows {}, {then}", check.command, check.shows));
    }
    context.say(format!("  keywright db deprovision {again}\nagain"));
}

/// The arguments of the next run.
fn again(wanted: &Wanted) -> String {
    let flag = |name: &str, value: &Option<String>| {
        value.as_ref().map_or(String::new(), |value| format!(" --{name} {value}"))
    };
    let (role, cluster) = (&wanted.options.role, &wanted.options.cluster);
    format!("{}{}{}", wanted.app, flag("role", role), flag("cluster", cluster))
}

/// ``the database `a` `` or ``the databases `a`, `b` ``.
fn listed(databases: &[String]) -> String {
    let names: Vec<String> = databases.iter().map(|name| format!("`{name}`")).collect();
    let noun = if names.len() == 1 { "database" } else { "databases" };
    format!("the {noun} {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DeprovisionArgs,
    }

    #[test]
    fn every_flag_of_deprovision_is_read() {
        let parse = |args: &str| {
            let args = ["deprovision"].into_iter().chain(args.split(' '));
            Line::try_parse_from(args).unwrap().args
        };
        let none = parse("grafana");
        assert_eq!((none.app.as_str(), none.role, none.cluster), ("grafana", None, None));
        assert!(!none.keep_data && !none.mode.yes && !none.mode.dry_run);
        let all = parse("a --keep-data --role r --cluster db/pg --dry-run --yes");
        assert_eq!((all.role.as_deref(), all.cluster.as_deref()), (Some("r"), Some("db/pg")));
        assert!(all.keep_data && all.mode.yes && all.mode.dry_run);
        assert!(Line::try_parse_from(["deprovision"]).is_err());
    }

    #[test]
    fn databases_are_listed_with_their_noun() {
        let names = ["a", "b"].map(str::to_owned);
        assert_eq!(listed(&names[..1]), "the database `a`");
        assert_eq!(listed(&names), "the databases `a`, `b`");
    }
}
