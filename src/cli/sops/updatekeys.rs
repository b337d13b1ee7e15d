//! `sops updatekeys`: file by file, with sops' words.

use std::io::{BufRead as _, Write as _};

use super::carry_out::input;
use super::codes::Code;
use super::invocation::{Globals, Input, Naming, UpdateKeys};
use crate::cli::updatekeys::update;
use crate::cli::{Context, Failure, Status, commit, discover, job};
use crate::keys::Identities;

/// Runs the command. A file that cannot be changed does not keep the others from it.
pub(super) fn run(
    call: UpdateKeys,
    globals: &Globals,
    context: &mut Context,
) -> Result<Status, Failure> {
    let identities = discover::identities(context)?;
    let mut failed = 0;
    for name in call.files {
        let naming = Naming { input: call.input, ..Naming::default() };
        let file = input(Input::File(name), &naming, Code::Generic, context);
        let outcome = file.and_then(|file| {
            let path = file.path.display().to_string();
            log(context, &format!("Syncing keys for file {path}"));
            let jobs = job::jobs(vec![file], globals.config.as_deref(), false, context)?;
            jobs.into_iter().try_for_each(|job| one(job, &path, call.yes, &identities, context))
        });
        if let Err(failure) = outcome {
            failure.tell();
            failed += 1;
        }
    }
    match failed {
        0 => Ok(Status::Done),
        _ => Err(Failure::new(format!("failed updating {failed} key(s)"))),
    }
}

fn one(
    job: job::Job,
    path: &str,
    yes: bool,
    identities: &Identities,
    context: &mut Context,
) -> Result<(), Failure> {
    if job.config.is_none() {
        return Err(Failure::new("config file not found"));
    }
    let Some(update) = update(job, identities, &mut context.random)? else {
        log(context, &format!("File {path} already up to date"));
        return Ok(());
    };
    context.say("The following changes will be made to the file's groups:");
    let _ = write!(context.out, "{}", update.difference);
    if !yes && !agreed(context)? {
        log(context, &format!("File {path} left unchanged"));
        return Ok(());
    }
    commit::in_place(vec![update.change], context)?;
    log(context, &format!("File {path} synced with new keys"));
    Ok(())
}

/// Asks until the answer is `y` or `n`, as sops does; on standard input, which may be a pipe.
fn agreed(context: &mut Context) -> Result<bool, Failure> {
    context.claim.release();
    loop {
        let _ = write!(context.out, "Is this okay? (y/n):");
        context.flush();
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        match (read.ok(), answer.trim()) {
            (_, "y") => return Ok(true),
            (_, "n") => return Ok(false),
            (None | Some(0), _) => {
                return Err(Failure::new("no answer on standard input").hint("pass `--yes`"));
            }
            _ => {}
        }
    }
}

/// A line of progress, in the form of Go's log package.
fn log(context: &mut Context, line: &str) {
    let now = context.now();
    let (date, time) = now.trim_end_matches('Z').split_once('T').unwrap_or_default();
    context.note(format!("{} {time} {line}", date.replace('-', "/")));
}
