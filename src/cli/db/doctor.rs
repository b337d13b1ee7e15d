//! `keywright db doctor`
//!
//! ```json
//! {
//!   "version": 1,
//!   "findings": [{
//!     "rule": "reload-label", "severity": "warning",
//!     "path": "db/user-secret.yaml", "line": 4, "column": 9,
//!     "message": "the Secret `user` has no label `cnpg.io/reload`: …", "hint": "keywright db doctor --fix"
//!   }],
//!   "summary": {"errors": 0, "warnings": 1, "notes": 0, "unread": 0}
//! }
//! ```
//!
//! `path` is relative to the root, `hint` to the working directory; line and column count from 1; `unread` counts files that could not be decrypted, whose
//! passwords were not compared. `severity` is `error`, `warning`, or `note` where there is nothing to do. Fields may be added within a version, but not changed.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::Format;
use super::status::tell_unopened;
use crate::check::shell_word;
use crate::cli::claim::{self, Access};
use crate::cli::commit::{self, Mode};
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, discover};
use crate::layout::Layout;
use crate::provision::{self, Finding, Inventory, Means, Severity};

/// Find what is wrong with the databases of the repository, and mend what is safe
///
/// Names that disagree, roles without their Database and the reverse, Secrets without a role, passwords that differ,
/// forgotten wiring. Passwords are compared if an identity can decrypt them; everything else needs no key.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db doctor
  keywright db doctor --format json | jq '.findings[].rule'
  keywright db doctor --fix --dry-run
  keywright db doctor --fix

`--fix` adds the label `cnpg.io/reload`, a missing `dependsOn`, and files to `kustomization.yaml`: nothing else.

Exit codes: 0 done, or nothing to do, or warnings and notes only; 1 `db doctor` found an error (never with `--fix`);
2 refused or failed; 3 a file changed meanwhile, or another command holds the lock; 130 interrupted.")]
pub(crate) struct DoctorArgs {
    /// Mend what is safe, as one change, and say what is left
    #[arg(long)]
    fix: bool,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, conflicts_with = "fix")]
    format: Format,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(crate) fn run(args: &DoctorArgs, context: &mut Context) -> Result<Status, Failure> {
    if args.mode.dry_run && !args.fix {
        let failure = Failure::new("`--dry-run` needs `--fix`: without it nothing is changed");
        return Err(failure.hint("keywright db doctor --fix --dry-run"));
    }
    let access = if args.fix { args.mode.access() } else { Access::Read };
    context.begin("db doctor", access);
    let identities = discover::identities(context)?;
    let (root, store, snapshot) = claim::repository(context)?;
    let base = context.directory.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
    let layout = Layout::read(&snapshot)?;
    let inventory = Inventory::take(&snapshot, &layout, Some(&identities));
    let findings = provision::examine(&layout, &inventory);
    tell_unopened(&inventory, context);
    if !args.fix {
        match args.format {
            Format::Json => context.say(format!("{:#}", json(&findings, &inventory, &base))),
            Format::Text => {
                show(&findings, &base, context);
                context.say(summary(&findings));
            }
        }
        return Ok(match count(&findings, Severity::Error) {
            0 => Status::Done,
            _ => Status::Found,
        });
    }
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let fixed = provision::fix(findings, &snapshot, &layout, &inventory, &mut means)?;
    let status = commit::carry_out(&store, fixed.plan, &root, args.mode, context)?;
    if !fixed.left.is_empty() {
        context.say("\nleft for you:\n");
        show(&fixed.left, &base, context);
        context.say(summary(&fixed.left));
    }
    Ok(status)
}

fn show(findings: &[Finding<'_>], base: &Path, context: &mut Context) {
    const PLACE: Style =
        Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::BrightBlue)));
    for finding in findings {
        let color = match finding.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Note => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        let (name, rule) = (finding.severity.name(), finding.rule);
        context.say(format!("{style}{name}[{rule}]{style:#}: {}", visible(&finding.message)));
        let path = visible(&finding.path.display().to_string());
        context.say(format!(" {PLACE}-->{PLACE:#} {path}:{}", finding.position));
        context.say(format!("  {PLACE}={PLACE:#} hint: {}\n", visible(&hint(finding, base))));
    }
}

fn count(findings: &[Finding<'_>], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

fn summary(findings: &[Finding<'_>]) -> String {
    let counted = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| counted(count(findings, severity), severity.name()));
    match count(findings, Severity::Note) {
        0 => format!("{errors}, {warnings}"),
        _ => format!("{errors}, {warnings}, {notes}"),
    }
}

/// What to do, for somebody in the directory `base`, relative to the root.
fn hint(finding: &Finding<'_>, base: &Path) -> String {
    match &finding.file {
        Some(file) => format!("{} {}", finding.hint, shell_word(file, base)),
        None => finding.hint.clone(),
    }
}

fn json(findings: &[Finding<'_>], inventory: &Inventory<'_>, base: &Path) -> Value {
    let all = findings.iter().map(|finding| {
        json!({
            "rule": finding.rule,
            "severity": finding.severity.name(),
            "path": finding.path.to_string_lossy(),
            "line": finding.position.line,
            "column": finding.position.column,
            "message": finding.message,
            "hint": hint(finding, base),
        })
    });
    json!({
        "version": 1,
        "findings": all.collect::<Vec<_>>(),
        "summary": {
            "errors": count(findings, Severity::Error),
            "warnings": count(findings, Severity::Warning),
            "notes": count(findings, Severity::Note),
            "unread": inventory.unopened().len(),
        },
    })
}
