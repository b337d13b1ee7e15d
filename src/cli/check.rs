//! `keywright check`

mod fix;
mod history;
mod hold;
mod inputs;
mod tree;
mod versions;

use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::claim;
use super::commit::Mode;
use super::failure::{located, visible};
use super::{Context, Failure, Status};
use crate::check::{RULES, Report, Rule, Sealed, Severity, report};
use crate::keys;
use crate::repo;
use crate::sops::file::Error;
use hold::HoldArgs;
use inputs::{Chosen, Inputs};

/// Find secrets in plain text and encrypted files that would fail; needs no key but with --verify
///
/// Looks at the files of the repository that Git does not ignore, or at other versions of them. Findings go to standard
/// output; a file that cannot be looked at is named on standard error. What a link or a submodule leads to is checked where
/// it stands.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright check
  keywright check clusters/main apps/grafana/secret.yaml
  keywright check --staged
  keywright check --range origin/main..HEAD
  keywright check --history
  kustomize build apps | keywright check --stdin-filename build.yaml
  keywright check --format json | jq '.findings[].path'
  keywright check --format sarif > keywright.sarif
  keywright check --strict
  keywright check --update-baseline          # what is found now does not count from now on
  keywright check --verify
  keywright check --fix --dry-run
  keywright check --fix
  keywright check --explain plaintext-secret

`--fix` encrypts what a creation rule picks and what was added to encrypted files by hand, gives files the recipients of \
their rules and Secrets the label `cnpg.io/reload`, puts their numbers and booleans in quotes, lists them in the \
`kustomization.yaml` beside them, and lets Flux decrypt what it applies: nothing else.

Exit codes: 0 nothing found, or warnings only; 1 errors found, or with `--fix` left, with `--strict` warnings, too; 2 a \
`.sops.yaml` or a named file could not be checked, with `--verify` a SOPS file not be opened, or nothing could be changed; \
3 a file changed meanwhile; 130 interrupted.")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    inputs: Inputs,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, conflicts_with = "fix")]
    format: Format,
    /// Let warnings fail the check as errors do
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    hold: HoldArgs,
    /// Mend what is safe, as one change, and report what is left; what is encrypted already needs an identity
    #[arg(long, conflicts_with_all = ["state", "no_ignore", "verify", "update_baseline"])]
    fix: bool,
    #[command(flatten)]
    mode: Mode,
    /// Print the page of a rule instead: what it finds, why that matters, how to mend it
    #[arg(long, value_name = "RULE", exclusive = true, hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(RULES.iter().map(|rule| rule.id())).map(rule))]
    explain: Option<&'static dyn Rule>,
}

impl CheckArgs {
    /// As if `check` had been typed.
    pub(crate) fn everything() -> CheckArgs {
        CheckArgs {
            inputs: Inputs::default(),
            format: Format::Text,
            strict: false,
            hold: HoldArgs::default(),
            fix: false,
            mode: Mode::default(),
            explain: None,
        }
    }
}

/// The rule with an id, which the parser has found among those of the registry.
fn rule(id: String) -> &'static dyn Rule {
    *RULES
        .iter()
        .find(|rule| rule.id() == id)
        .expect("the possible values are the ids of all rules")
}

/// Most columns of a page: longer lines are hard to read.
const WIDEST: usize = 100;

/// A format of the report.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For people: a code frame for each finding, values masked
    Text,
    /// For programs: one object, version 1
    Json,
    /// For GitHub's code scanning and editors: SARIF 2.1.0
    Sarif,
    /// Annotations in a log of GitHub Actions
    Github,
    /// GitLab's Code Quality
    Gitlab,
    /// A test report that most CI systems show
    Junit,
}

/// Runs the command.
pub(crate) fn run(args: CheckArgs, context: &mut Context) -> Result<Status, Failure> {
    if let Some(rule) = args.explain {
        let columns = context.columns().unwrap_or(WIDEST).min(WIDEST);
        context.say(report::explain(rule, columns).trim_end_matches('\n'));
        return Ok(Status::Done);
    }
    if args.mode.dry_run && !args.fix {
        let failure = Failure::new("`--dry-run` needs `--fix`: without it nothing is changed");
        return Err(failure.hint("keywright check --fix --dry-run"));
    }
    let directory = context.directory.clone();
    let root = repo::root_of(&directory);
    let (chosen, found) = if args.fix {
        let left = fix::fix(&args.inputs, &args.hold, args.mode, context)?;
        context.say("");
        left
    } else {
        context.begin("check", args.hold.access());
        let store = claim::open(root, context)?;
        let (chosen, mut found) = args.inputs.check(&store, context)?;
        args.hold.apply(root, &mut found, args.inputs.are_whole(), context)?;
        (chosen, found)
    };
    let base = directory.strip_prefix(root).unwrap_or(Path::new(""));
    let shown = match args.format {
        Format::Text => report::text(&found, base),
        Format::Json => report::json(&found, base),
        Format::Sarif => report::sarif(&found),
        Format::Github => report::github(&found),
        Format::Gitlab => report::gitlab(&found),
        Format::Junit => report::junit(&found, args.strict),
    };
    context.say(shown.trim_end_matches('\n'));
    context.flush();
    Ok(conclude(&found, &chosen, args.strict, context))
}

/// Names what could not be checked, and decides how the run ended.
fn conclude(found: &Report, chosen: &Chosen, strict: bool, context: &mut Context) -> Status {
    let warnings = if strict { found.count(Severity::Warning) } else { 0 };
    let mut status = match found.count(Severity::Error) + warnings {
        0 => Status::Done,
        _ => Status::Found,
    };
    for unchecked in &found.unchecked {
        let is_fatal = unchecked.is_configuration
            || unchecked.is_unverified
            || chosen.named.contains(&unchecked.path);
        let (word, what) = match (is_fatal, unchecked.is_configuration) {
            (_, true) => ("error", "cannot be used"),
            (true, false) => ("error", "could not be checked"),
            (false, false) => ("warning", "could not be checked"),
        };
        let place = located(&unchecked.path, &unchecked.reason);
        context.note(visible(&format!("{word}: {place} ({what})")));
        if is_fatal {
            status = Status::Refused;
        }
    }
    if !found.sealed.is_empty() {
        tell_sealed(&found.sealed, context);
        status = Status::Refused;
    }
    status
}

/// Names the files that nobody could open: once for each reason, which many of them share.
fn tell_sealed(sealed: &[Sealed], context: &mut Context) {
    let mut groups: Vec<(String, Vec<&Sealed>)> = Vec::new();
    for one in sealed {
        let mut reason = one.error.to_string();
        // Other reasons name them.
        if matches!(one.error, Error::Keys(keys::Error::NoIdentity)) {
            reason += &format!(": it is for {}", one.recipients.join(", "));
        }
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, files)) => files.push(one),
            None => groups.push((reason, vec![one])),
        }
    }
    for (reason, files) in groups {
        let others = match files.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let place = located(&files[0].path, &reason);
        context.note(visible(&format!("error: {place} (could not be verified{others})")));
        for hint in Failure::at(&files[0].path, &files[0].error).hints {
            context.note_once(visible(&format!("hint: {hint}")));
        }
    }
}
