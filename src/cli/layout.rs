//! `keywright layout`

use serde_json::{Value, json};

use super::claim::{self, Access};
use super::commit::{self, Mode};
use super::failure::visible;
use super::{Context, Failure, Status, discover};
use crate::layout::{Fact, Layout};
use crate::provision::{self, Survey, Surveyed};
use crate::settings::FILE_NAME;
use crate::txn::Plan;

/// Show what is inferred about the repository, and from which files
///
/// Prints the apps, the Clusters and how the next app would get its database, and the `keywright.yaml` that says the
/// same. Each line is named as the setting that overrules it; a flag of `db provision` overrules both. The keys and the
/// form of URLs are seen in decrypted secrets of apps, of which nothing else is shown.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright layout
  keywright layout --write
  keywright layout --cluster databases/postgres --format json | jq '.clusters[0].settings'")]
pub(crate) struct LayoutArgs {
    /// Write `keywright.yaml`; what it has already stays as it is
    #[arg(long)]
    write: bool,
    /// The Cluster, where there are several
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    cluster: Option<String>,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    mode: Mode,
}

/// A format of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one object, version 1
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &LayoutArgs, context: &mut Context) -> Result<Status, Failure> {
    let identities = discover::identities(context)?;
    let access = if args.write { args.mode.access() } else { Access::Read };
    context.begin("layout", access);
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let cluster = args.cluster.as_deref();
    let survey = provision::survey(&snapshot, &layout, &identities, cluster)?;
    for error in layout.unreadable() {
        context.note(format!("left out: {error}"));
    }
    let plan = provision::settings(&snapshot, &layout, &survey).map_err(Failure::from);
    match args.format {
        Format::Text => {
            text(&survey, context);
            if !args.write {
                settings(plan.as_ref(), context);
            }
        }
        Format::Json => {
            let text = json(&survey, plan.as_ref().ok());
            context.say(format!("{text:#}"));
        }
    }
    match args.write {
        true => commit::carry_out(&store, plan?, &root, args.mode, context),
        false => Ok(Status::Done),
    }
}

fn text(survey: &Survey, context: &mut Context) {
    let mut say = |line: String| context.say(visible(&line));
    let count: usize = survey.apps.iter().map(|group| group.apps.len()).sum();
    say(format!("apps: {count}"));
    for group in &survey.apps {
        let directory = group.directory.display().to_string();
        let directory = if directory.is_empty() { "." } else { &directory };
        say(format!("  {directory}: {}", group.apps.join(", ")));
    }
    for cluster in &survey.clusters {
        say(String::new());
        say(format!("Cluster in {}", cluster.file.display()));
        for setting in &cluster.settings {
            let (name, fact) = (setting.route.join("."), &setting.fact);
            say(format!("  {name}: {} ({})", fact.value, from(fact)));
        }
        cluster.open.iter().for_each(|line| say(format!("  {line}")));
    }
    say(String::new());
}

/// What `--write` would write.
fn settings(plan: Result<&Plan, &Failure>, context: &mut Context) {
    let mut say = |line: String| context.say(visible(&line));
    match plan {
        Err(failure) => {
            say(format!("no {FILE_NAME}: {}", failure.message));
            failure.hints.iter().for_each(|hint| say(format!("hint: {hint}")));
        }
        Ok(plan) => match content(plan) {
            None => say(format!("{FILE_NAME} says all of it")),
            Some(content) => {
                say(format!("{FILE_NAME} with all of it:"));
                content.lines().for_each(|line| say(format!("  {line}")));
            }
        },
    }
}

/// The files that show a fact.
fn from(fact: &Fact<String>) -> String {
    match fact.evidence.as_slice() {
        [] => "by convention".to_owned(),
        files => {
            let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            format!("from {}", files.join(", "))
        }
    }
}

/// The new content of the file with the settings; `None` where it has all of them.
fn content(plan: &Plan) -> Option<String> {
    let change = plan.changes().first()?;
    change.new.as_ref().map(|new| String::from_utf8_lossy(new).into_owned())
}

fn json(survey: &Survey, plan: Option<&Plan>) -> Value {
    let apps = survey
        .apps
        .iter()
        .map(|group| json!({ "directory": group.directory.to_string_lossy(), "apps": group.apps }));
    json!({
        "version": 1,
        "apps": apps.collect::<Vec<_>>(),
        "clusters": survey.clusters.iter().map(cluster).collect::<Vec<_>>(),
        "content": plan.and_then(content),
    })
}

fn cluster(cluster: &Surveyed) -> Value {
    let settings = cluster.settings.iter().map(|setting| {
        let files: Vec<_> =
            setting.fact.evidence.iter().map(|file| file.to_string_lossy()).collect();
        (setting.route.join("."), json!({ "value": setting.fact.value, "evidence": files }))
    });
    json!({
        "file": cluster.file.to_string_lossy(),
        "settings": settings.collect::<serde_json::Map<_, _>>(),
        "open": cluster.open,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: LayoutArgs,
    }

    fn parse(args: &[&str]) -> LayoutArgs {
        Line::try_parse_from([&["layout"], args].concat()).unwrap().args
    }

    #[test]
    fn every_flag_of_layout_is_read() {
        let none = parse(&[]);
        assert!(!none.write && none.cluster.is_none() && none.format == Format::Text);
        assert!(!none.mode.dry_run && !none.mode.yes);
        assert!(parse(&["--write"]).write);
        assert_eq!(parse(&["--cluster", "a/b"]).cluster.as_deref(), Some("a/b"));
        assert_eq!(parse(&["--format", "json"]).format, Format::Json);
        assert!(parse(&["--dry-run"]).mode.dry_run && parse(&["--yes"]).mode.yes);
    }
}
