//! From a plan to changed files: show, ask, commit, say what was done.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::claim::{self, Access};
use super::failure::visible;
use super::file::{self, File, Naming};
use super::sops::Code;
use super::{Context, Failure, Status, show, signals};
use crate::layout::Restart;
use crate::txn::{Change, Content, Plan, Store};

/// Shows a plan, asks at a terminal, and commits it. Paths are shown from `root` on.
pub(crate) fn carry_out(
    store: &Store,
    plan: Plan,
    root: &Path,
    mode: Mode,
    context: &mut Context,
) -> Result<Status, Failure> {
    if plan.is_empty() {
        context.say("nothing to do");
        return Ok(Status::Done);
    }
    let plan = plan.below(root);
    let asks = context.interactive && !mode.yes && !mode.dry_run;
    if mode.dry_run || mode.show || asks {
        show::plan(&plan, root, context);
    }
    if mode.dry_run {
        context.say(format!("dry run: {} would change", files(plan.len())));
        return Ok(Status::Done);
    }
    if asks && !show::confirm(context, "Write these changes?")? {
        return Err(Failure::interrupted());
    }
    let committed = write(store, &plan, context)?;
    context.say(format!("changed {}", files(committed)));
    for change in &plan {
        let path = change.path.strip_prefix(root).unwrap_or(&change.path);
        context.say(format!("  {}", path.display()));
    }
    Ok(Status::Done)
}

/// The same for a command whose report has standard output for itself: whoever is asked sees the names of the files.
pub(crate) fn carry_out_untold(
    store: &Store,
    plan: Plan,
    root: &Path,
    mode: Mode,
    context: &mut Context,
) -> Result<(), Failure> {
    if mode.dry_run {
        return Ok(());
    }
    if context.interactive && !mode.yes {
        for change in &plan {
            context.note(visible(&change.path.display().to_string()));
        }
        if !show::confirm(context, "Write these files?")? {
            return Err(Failure::interrupted());
        }
    }
    write(store, &plan.below(root), context).map(drop)
}

/// Commits a plan; returns the number of files. A signal that would end the program undoes the commit as long as
/// that is possible, and comes too late after that.
fn write(store: &Store, plan: &Plan, context: &mut Context) -> Result<usize, Failure> {
    let mut lock = claim::lock(store, context)?;
    let held = signals::Held::new(&signals::ENDS);
    Ok(lock.commit(plan, || held.arrived())?.files)
}

/// How a plan is carried out.
#[derive(Clone, Copy, Default, clap::Args)]
pub(crate) struct Mode {
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation at a terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Whether the plan is shown though nobody is asked.
    #[arg(skip)]
    pub(crate) show: bool,
}

/// Where `encrypt` and `decrypt` read and write
#[derive(clap::Args, Default)]
pub(crate) struct Target {
    /// Change the files themselves, all or none
    #[arg(short, long, conflicts_with_all = ["output", "filename_override"])]
    pub(crate) in_place: bool,
    /// Take the files below directories, too
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Show which files would change and how, and change nothing
    #[arg(long, requires = "in_place")]
    pub(crate) dry_run: bool,
    /// Write the result to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl Mode {
    /// What the command is going to do with the files of the repository.
    pub(crate) fn access(self) -> Access {
        if self.dry_run { Access::Read } else { Access::Write }
    }
}

impl Target {
    /// What the command is going to do with the files that it is given.
    pub(crate) fn access(&self) -> Access {
        if self.in_place && !self.dry_run { Access::Write } else { Access::Read }
    }

    /// Reads the files, those of directories included, or standard input.
    pub(crate) fn files(
        &self,
        names: &[PathBuf],
        naming: &Naming,
        context: &mut Context,
    ) -> Result<Vec<File>, Failure> {
        if names.is_empty() || names == [PathBuf::from("-")] {
            if self.in_place {
                return Err(Failure::new("standard input cannot be changed in place"));
            }
            return naming.standard_input(context).map(|file| vec![file]);
        }
        let found = file::find(names, self.recursive, context)?;
        if found.iter().filter(|file| file.named).count() > 1 && !self.in_place {
            return Err(Failure::new("several files need `--in-place`"));
        }
        if self.recursive && !self.in_place {
            return Err(Failure::new("`--recursive` needs `--in-place`"));
        }
        file::read_all(found, naming, context)
    }

    /// Writes the results: in place as one transaction, to a file, or to standard output.
    pub(crate) fn finish(
        &self,
        changes: Vec<Change>,
        context: &mut Context,
    ) -> Result<Status, Failure> {
        if self.in_place && self.recursive && changes.is_empty() {
            context.note("nothing to do");
        }
        if self.in_place {
            return match self.dry_run {
                true => rehearse(changes, context),
                false => in_place(changes, context),
            };
        }
        let Some(Change { new: Some(new), .. }) = changes.into_iter().next() else {
            return Ok(Status::Done);
        };
        let Some(output) = &self.output else {
            context.emit(&new)?;
            return Ok(Status::Done);
        };
        let path = context.directory.join(output);
        let unwritable = |error: Error| Failure::io(output, &error).code(Code::CouldNotWriteOutput);
        match path.metadata() {
            Ok(found) if !found.is_file() => {
                let name = output.display();
                return Err(Failure::new(format!("{name}: is not a regular file"))
                    .hint("leave `--output` out, and redirect standard output")
                    .code(Code::CouldNotWriteOutput));
            }
            // To make its directory would be to guess: the name may be a slip of the keyboard.
            Err(_) => {
                path.parent().unwrap_or(&path).metadata().map_err(unwritable)?;
            }
            Ok(_) => {}
        }
        context.task.access = Access::Write;
        claim::open_for(std::slice::from_ref(&path), context)?;
        let old = match std::fs::read(&path) {
            Ok(bytes) => Some(Content::new(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(error)),
        };
        in_place(vec![Change { path, old, new: Some(new), plain: true }], context)
    }
}

/// Shows what [`in_place`] would change.
pub(crate) fn rehearse(changes: Vec<Change>, context: &mut Context) -> Result<Status, Failure> {
    if changes.is_empty() {
        context.say("dry run: 0 files would change");
        return Ok(Status::Done);
    }
    let store = store_of(&changes, context)?;
    let plan = planned(changes)?;
    show::plan(&plan, store.root(), context);
    context.say(format!("dry run: {} would change", files(plan.len())));
    Ok(Status::Done)
}

/// Commits changes as one transaction, without a question.
pub(crate) fn in_place(changes: Vec<Change>, context: &mut Context) -> Result<Status, Failure> {
    if changes.is_empty() {
        return Ok(Status::Done);
    }
    let store = store_of(&changes, context)?;
    write(&store, &planned(changes)?, context)?;
    Ok(Status::Done)
}

fn store_of(changes: &[Change], context: &Context) -> Result<Store, Failure> {
    let paths: Vec<PathBuf> = changes.iter().map(|change| change.path.clone()).collect();
    claim::store_of(&paths, context)
}

fn planned(changes: Vec<Change>) -> Result<Plan, Failure> {
    let mut plan = Plan::new();
    for change in changes {
        plan.push(change)?;
    }
    Ok(plan)
}

pub(crate) fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
/// Names the workloads that keep old values until somebody restarts them.
pub(crate) fn tell_restarts(restarts: &[Restart], context: &mut Context) {
    if !restarts.is_empty() {
        context.say("to be restarted once this is applied, as they read it when they start:");
        restarts.iter().for_each(|command| context.say(format!("  {command}")));
    }
}
