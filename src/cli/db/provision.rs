//! `keywright db provision`

use clap::builder::NonEmptyStringValueParser;

use super::question::{Wanted, asked};
use crate::cli::commit::{self, Mode};
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::make::{Policy, is_key};
use crate::provision::{self, Means, Options, Outcome, Password, Reclaim, Request, StrategyKind};

/// Give an app a database: role, password, Database, URL in the app's secret – in one change
///
/// Names, places and style are taken from what the repository has already. What is there is left alone, what
/// is missing is added; run again, it finds nothing to do.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db provision grafana --dry-run
  keywright db provision grafana
  keywright db provision n8n --extension pgcrypto --schema app --connection-limit 20
  printf '%s' \"$PASSWORD\" | keywright db provision grafana --password-stdin")]
pub(crate) struct ProvisionArgs {
    /// The app: the name of its Flux Kustomization, or of its directory, or more of that one's path
    #[arg(value_name = "APP")]
    app: String,
    /// Read the password from standard input instead of generating one
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    choices: Choices,
    /// Show what was inferred, and from which files
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    mode: Mode,
}

/// What is to be otherwise than the repository shows
#[derive(clap::Args, Default)]
struct Choices {
    /// Name of the role, instead of the app's with underscores
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    role: Option<String>,
    /// Name of the database, instead of the role's
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    database: Option<String>,
    /// Role that owns the database, instead of the app's
    #[arg(long, value_name = "ROLE", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Extension that the database is to have; may be repeated
    #[arg(long = "extension", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    extensions: Vec<String>,
    /// Schema that the database is to have, for the owner; may be repeated
    #[arg(long = "schema", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    schemas: Vec<String>,
    /// How many sessions the role may have
    // PostgreSQL keeps it in an `int4`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i32::MAX as i64))]
    connection_limit: Option<u32>,
    /// Role that this one is to be a member of; may be repeated
    #[arg(long = "in-role", value_name = "ROLE", value_parser = NonEmptyStringValueParser::new())]
    in_roles: Vec<String>,
    /// Give the database's side a SCRAM verifier; only the app's secret holds the password
    #[arg(long)]
    scram: bool,
    /// How the role is declared, instead of as others are
    #[arg(long = "as", value_enum, value_name = "STRATEGY")]
    strategy: Option<As>,
    /// What becomes of the data when the Database is removed from the cluster; by default it stays
    #[arg(long, value_enum, value_name = "POLICY")]
    reclaim: Option<ReclaimArg>,
    /// Key of the URL in the app's secret, instead of the one that siblings have
    #[arg(long, value_name = "KEY", value_parser = key)]
    url_key: Option<String>,
    /// The Cluster, where there are several
    #[arg(long, value_name = "[NAMESPACE/]NAME", value_parser = NonEmptyStringValueParser::new())]
    cluster: Option<String>,
    /// The app's secret for the URL, where it has several
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    secret: Option<String>,
    /// Add `decryption` to the app's Flux Kustomization where it is missing
    #[arg(long)]
    fix_decryption: bool,
}

/// Reads a key of a Secret.
fn key(text: &str) -> Result<String, &'static str> {
    match is_key(text) {
        true => Ok(text.to_owned()),
        false => Err("a key has letters, digits, `-`, `_` and `.`"),
    }
}

/// How a role can be declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum As {
    /// An entry of the Cluster's managed roles
    ManagedRole,
    /// A `DatabaseRole` object, for CloudNativePG 1.30 or newer
    DatabaseRole,
    /// A kustomize component that makes the credentials
    Component,
}

/// A reclaim policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum ReclaimArg {
    /// It stays
    Retain,
    /// It goes
    Delete,
}

impl From<&Choices> for Options {
    fn from(given: &Choices) -> Options {
        Options {
            role: given.role.clone(),
            database: given.database.clone(),
            owner: given.owner.clone(),
            extensions: given.extensions.clone(),
            schemas: given.schemas.clone(),
            connection_limit: given.connection_limit,
            in_roles: given.in_roles.clone(),
            scram: given.scram,
            strategy: given.strategy.map(|strategy| match strategy {
                As::ManagedRole => StrategyKind::ManagedRole,
                As::DatabaseRole => StrategyKind::DatabaseRole,
                As::Component => StrategyKind::Component,
            }),
            reclaim: given.reclaim.map(|policy| match policy {
                ReclaimArg::Retain => Reclaim::Retain,
                ReclaimArg::Delete => Reclaim::Delete,
            }),
            url_key: given.url_key.clone(),
            cluster: given.cluster.clone(),
            secret: given.secret.clone(),
            fix_decryption: given.fix_decryption,
        }
    }
}

impl ProvisionArgs {
    /// As if `APP` alone had been typed.
    pub(crate) fn of(app: &str, mode: Mode) -> ProvisionArgs {
        ProvisionArgs {
            app: app.to_owned(),
            password_stdin: false,
            choices: Choices::default(),
            verbose: false,
            mode,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &ProvisionArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "db provision";
    let password = password(args, context)?;
    let identities = discover::identities(context)?;
    context.begin(COMMAND, args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let mut wanted = Wanted { app: args.app.clone(), options: (&args.choices).into() };
    let now = context.now();
    if args.verbose {
        for error in layout.unreadable() {
            context.note(format!("left out: {error}"));
        }
    }
    let outcome = asked(&mut wanted, context, |wanted, context| {
        let request = Request { app: &wanted.app, password: &password, options: &wanted.options };
        let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
        provision::provision(&request, &snapshot, &layout, &mut means)
    })?;
    if args.verbose {
        explain(&outcome, context);
    }
    for note in &outcome.notes {
        context.note(format!("note: {note}"));
    }
    let status = commit::carry_out(&store, outcome.plan, &root, args.mode, context)?;
    if !outcome.wanted.is_empty() {
        context.say("outside of the repository there must be:");
        outcome.wanted.iter().for_each(|line| context.say(format!("  {line}")));
    }
    Ok(status)
}

/// A new password, or the one on standard input.
fn password(args: &ProvisionArgs, context: &mut Context) -> Result<Password, Failure> {
    if !args.password_stdin {
        return Ok(Password::Generated(Policy::password(&mut context.random)));
    }
    super::password(context).map(Password::Given)
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ProvisionArgs,
    }

    fn parse(args: &[&str]) -> ProvisionArgs {
        Line::try_parse_from([&["provision"], args].concat()).unwrap().args
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
        assert_eq!(Options::from(&none.choices), Options::default());
        for wrong in [["--role", ""], ["--url-key", "a b"], ["--extension", ""], ["--as", "x"]] {
            let line = [&["provision", "a"], &wrong[..]].concat();
            assert!(Line::try_parse_from(line).is_err(), "{wrong:?}");
        }
        let all = "a --role r --database d --owner o --extension e --extension f --schema s \
                   --connection-limit 5 --in-role i --scram --as database-role --reclaim delete \
                   --url-key K --cluster db/pg --secret t --fix-decryption";
        let all = parse(&all.split(' ').collect::<Vec<_>>());
        let wanted = Options {
            role: Some("r".to_owned()),
            database: Some("d".to_owned()),
            owner: Some("o".to_owned()),
            extensions: vec!["e".to_owned(), "f".to_owned()],
            schemas: vec!["s".to_owned()],
            connection_limit: Some(5),
            in_roles: vec!["i".to_owned()],
            scram: true,
            strategy: Some(StrategyKind::DatabaseRole),
            reclaim: Some(Reclaim::Delete),
            url_key: Some("K".to_owned()),
            cluster: Some("db/pg".to_owned()),
            secret: Some("t".to_owned()),
            fix_decryption: true,
        };
        assert_eq!(Options::from(&all.choices), wanted);
        assert!(Line::try_parse_from(["provision"]).is_err());
    }
}
