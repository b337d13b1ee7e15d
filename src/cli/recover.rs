//! `keywright recover`

use super::claim::{self, Access};
use super::{Context, Failure, Status, commit};
use crate::txn::Outcome;

/// Finish or undo what an interrupted command left
///
/// Every command does so by itself before it reads a file; this one does nothing else. It is what a Git hook
/// or a script calls before other programs read the files.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright recover
  keywright recover --dry-run

A change of several files is finished if it was decided, and undone if it was not: all files are new, or all are old. \
Where a file was edited after the interruption, neither is possible without losing the edit. Then give the file the \
content back that it had, or give the change up with `--discard`.")]
pub(crate) struct RecoverArgs {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Give the interrupted change up: every file stays as it is now, be it old or new
    #[arg(long, conflicts_with = "dry_run")]
    discard: bool,
}

/// Runs the command.
pub(crate) fn run(args: RecoverArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("recover", Access::Write);
    let store = claim::store_around(&context.directory.clone(), context)?;
    if args.discard {
        let files = claim::patiently(context, |holder, wait| store.discard(holder, wait))?;
        context.say(match files {
            0 => "nothing to discard".to_owned(),
            _ => format!("discarded the new content of {}", commit::files(files)),
        });
        return Ok(Status::Done);
    }
    let recovered = match args.dry_run {
        true => store.interrupted()?,
        false if store.is_at_rest()? => None,
        false => claim::patiently(context, |holder, wait| store.lock(holder, wait))?.recovered(),
    };
    context.say(match recovered {
        None => "nothing to recover".to_owned(),
        Some(recovered) if args.dry_run => {
            let verb = match recovered.outcome {
                Outcome::RolledForward => "finish",
                Outcome::RolledBack => "undo",
            };
            format!("dry run: would {verb} a change of {}", commit::files(recovered.files))
        }
        Some(recovered) => claim::said(&recovered),
    });
    Ok(Status::Done)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RecoverArgs,
    }

    #[test]
    fn every_flag_is_read() {
        let parse = |args: &[&str]| Line::try_parse_from([&["recover"], args].concat());
        let none = parse(&[]).unwrap().args;
        assert!(!none.dry_run && !none.discard);
        assert!(parse(&["--dry-run"]).unwrap().args.dry_run);
        assert!(parse(&["--discard"]).unwrap().args.discard);
        assert!(parse(&["--discard", "--dry-run"]).is_err());
    }
}
