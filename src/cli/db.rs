//! `keywright db`

use super::claim;
use super::commit::{self, Mode};
use super::{Context, Failure, Status, discover};
use crate::layout::Layout;
use crate::make::Policy;
use crate::provision::{self, Error, Means, Outcome, Password, Request};
use crate::repo::{self, Snapshot};
use crate::secret::Secret;

/// Databases of CloudNativePG and the credentials for them
#[derive(clap::Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

/// What to do with a database.
#[derive(clap::Subcommand)]
enum DbCommand {
    Provision(ProvisionArgs),
}

/// Give an app a database: role, password, Database, URL in the app's secret – in one change
///
/// Names, places and style are taken from what the repository has already. What is there is left alone, what
/// is missing is added; run again, it finds nothing to do.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db provision grafana --dry-run
  keywright db provision grafana
  printf '%s' \"$PASSWORD\" | keywright db provision grafana --password-stdin")]
pub(crate) struct ProvisionArgs {
    /// The app: the name of its Flux Kustomization, or of its directory
    #[arg(value_name = "APP")]
    app: String,
    /// Read the password from standard input instead of generating one
    #[arg(long)]
    password_stdin: bool,
    /// Show what was inferred, and from which files
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    mode: Mode,
}

impl DbArgs {
    /// As if `db provision APP` had been typed.
    pub(crate) fn provision(app: &str, mode: Mode) -> DbArgs {
        let provision =
            ProvisionArgs { app: app.to_owned(), password_stdin: false, verbose: false, mode };
        DbArgs { command: DbCommand::Provision(provision) }
    }
}

/// Runs the command.
pub(crate) fn run(args: DbArgs, context: &mut Context) -> Result<Status, Failure> {
    match args.command {
        DbCommand::Provision(args) => provision(&args, context),
    }
}

fn provision(args: &ProvisionArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "db provision";
    let root = repo::root_of(&context.directory).to_owned();
    let password = password(args, context)?;
    let identities = discover::identities(context)?;
    context.begin(COMMAND, args.mode.access());
    let store = claim::open(&root, context)?;
    let snapshot = claim::steadily(&store, context, |_| Ok(Snapshot::read(&root)?))?;
    let layout = Layout::infer(&snapshot);
    let request = Request { app: &args.app, password };
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let outcome = provision::provision(&request, &snapshot, &layout, &mut means);
    if args.verbose {
        for error in layout.unreadable() {
            context.note(format!("left out: {error}"));
        }
    }
    let outcome = outcome?;
    if args.verbose {
        explain(&outcome, context);
    }
    for note in &outcome.notes {
        context.note(format!("note: {note}"));
    }
    commit::carry_out(&store, outcome.plan, &root, args.mode, context)
}

/// A new password, or the one on standard input without its line break.
fn password(args: &ProvisionArgs, context: &mut Context) -> Result<Password, Failure> {
    if !args.password_stdin {
        return Ok(Password::Generated(Policy::default().generate(&mut context.random)));
    }
    let input = context.read_stdin()?;
    let line = input.strip_suffix(b"\n").unwrap_or(&input);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Password::Given(Secret::new(line.to_vec())))
}

fn explain(outcome: &Outcome, context: &mut Context) {
    for fact in &outcome.facts {
        let from = match fact.evidence.is_empty() {
            true => "by convention".to_owned(),
            false => {
                let files: Vec<_> =
                    fact.evidence.iter().map(|file| file.display().to_string()).collect();
                format!("from {}", files.join(", "))
            }
        };
        context.note(format!("{}: {} ({from})", fact.what, fact.value));
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::new(error.to_string());
        match &error {
            Error::Layout(error) => failure.with_layout_hints(error),
            Error::Sops { path, source } => Failure::at(path, source),
            Error::NotEncrypted { path } => {
                failure.hint(format!("encrypt it with `keywright encrypt -i {}`", path.display()))
            }
            Error::SecretMissing { app, .. } => {
                failure.hint(format!("make one with `keywright secret new {app}`"))
            }
            Error::NoRule { .. } => failure.hint("add a creation rule for it to `.sops.yaml`"),
            Error::NotSelected { .. } => failure.hint(
                "let the creation rule select it, for example by `encrypted_regex: ^(data|stringData)$`",
            ),
            Error::PasswordExists { .. } => {
                failure.hint("leave `--password-stdin` out to use the password that is there")
            }
            Error::KeyTaken { path, key } => failure.hint(format!(
                "see what it is with `keywright decrypt {}`, and remove `{key}` if it is not needed",
                path.display()
            )),
            Error::Password(_) => {
                failure.hint("leave `--password-stdin` out to have a password generated")
            }
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        db: DbArgs,
    }

    fn parse(args: &[&str]) -> ProvisionArgs {
        let line = Line::try_parse_from([&["keywright", "provision"], args].concat()).unwrap();
        let DbCommand::Provision(args) = line.db.command;
        args
    }

    #[test]
    fn every_flag_of_provision_is_read() {
        let none = parse(&["grafana"]);
        assert_eq!(none.app, "grafana");
        assert!(!none.password_stdin && !none.verbose && !none.mode.dry_run && !none.mode.yes);
        assert!(parse(&["a", "--password-stdin"]).password_stdin);
        assert!(parse(&["a", "--verbose"]).verbose && parse(&["a", "-v"]).verbose);
        assert!(parse(&["a", "--dry-run"]).mode.dry_run);
        assert!(parse(&["a", "--yes"]).mode.yes);
        assert!(Line::try_parse_from(["keywright", "provision"]).is_err());
    }

    #[test]
    fn refusals_that_can_be_mended_come_with_a_hint() {
        let path = || PathBuf::from("a/secret.yaml");
        let cases = [
            (Error::NotEncrypted { path: path() }, "`keywright encrypt -i a/secret.yaml`"),
            (Error::SecretMissing { app: "a".into(), path: path() }, "`keywright secret new a`"),
            (Error::NoRule { path: path() }, "`.sops.yaml`"),
            (Error::PasswordExists { path: path() }, "leave `--password-stdin` out"),
            (Error::KeyTaken { path: path(), key: "K".into() }, "remove `K`"),
            (Error::NotSelected { path: path(), route: "r".into() }, "encrypted_regex"),
        ];
        for (error, hint) in cases {
            let failure = Failure::from(error);
            assert_eq!(failure.status, Status::Refused);
            assert!(failure.hints[0].contains(hint), "{}", failure.hints[0]);
        }
    }
}
