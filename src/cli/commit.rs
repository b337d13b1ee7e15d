//! From a plan to changed files: lock, commit, say what was done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::{self, File, Naming};
use super::{Context, Failure, Status, show};
use crate::repo;
use crate::txn::{Change, Content, Holder, Plan, Recovered, Store, Wait};

/// How long a command waits for another one that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the store of a repository and finishes or undoes what an interrupted command left there.
pub(crate) fn recover(root: &Path, command: &str, context: &mut Context) -> Result<Store, Failure> {
    let store = Store::open(root)?;
    let holder = Holder::this_process(command, &context.now());
    if let Some(recovered) = store.recover(&holder, Wait::UpTo(PATIENCE))? {
        tell(&recovered, context);
    }
    Ok(store)
}

/// Shows a plan, asks at a terminal, and commits it.
pub(crate) fn carry_out(
    store: &Store,
    plan: &Plan,
    command: &str,
    mode: Mode,
    context: &mut Context,
) -> Result<Status, Failure> {
    if plan.is_empty() {
        context.say("nothing to do");
        return Ok(Status::Done);
    }
    let asks = context.interactive && !mode.yes && !mode.dry_run;
    if mode.dry_run || mode.show || asks {
        show::plan(plan, store.root(), context);
    }
    if mode.dry_run {
        context.say(format!("dry run: {} would change", files(plan.len())));
        return Ok(Status::Done);
    }
    if asks && !show::confirm(context, "Write these changes?")? {
        return Err(Failure::interrupted());
    }
    let committed = write(store, plan, command, context)?;
    context.say(format!("changed {}", files(committed)));
    for change in plan {
        let path = change.path.strip_prefix(store.root()).unwrap_or(&change.path);
        context.say(format!("  {}", path.display()));
    }
    Ok(Status::Done)
}

/// Commits a plan; returns the number of files.
pub(crate) fn write(
    store: &Store,
    plan: &Plan,
    command: &str,
    context: &mut Context,
) -> Result<usize, Failure> {
    let holder = Holder::this_process(command, &context.now());
    let mut lock = store.lock(&holder, Wait::UpTo(PATIENCE))?;
    if let Some(recovered) = lock.recovered() {
        tell(&recovered, context);
    }
    Ok(lock.commit(plan, || false)?.files)
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

impl Target {
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
        command: &str,
        changes: Vec<Change>,
        context: &mut Context,
    ) -> Result<Status, Failure> {
        if self.in_place && self.recursive && changes.is_empty() {
            context.note("nothing to do");
        }
        if self.in_place {
            return match self.dry_run {
                true => rehearse(changes, context),
                false => in_place(command, changes, context),
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
        let old = match std::fs::read(&path) {
            Ok(bytes) => Some(Content::new(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::io(output, &error)),
        };
        in_place(command, vec![Change { path, old, new: Some(new), plain: true }], context)
    }
}

/// Shows what [`in_place`] would change.
pub(crate) fn rehearse(changes: Vec<Change>, context: &mut Context) -> Result<Status, Failure> {
    let root = root(changes.iter().map(|change| change.path.as_path()));
    let plan = planned(changes)?;
    show::plan(&plan, &root, context);
    context.say(format!("dry run: {} would change", files(plan.len())));
    Ok(Status::Done)
}

/// Commits changes as one transaction, without a question.
pub(crate) fn in_place(
    command: &str,
    changes: Vec<Change>,
    context: &mut Context,
) -> Result<Status, Failure> {
    if changes.is_empty() {
        return Ok(Status::Done);
    }
    let store = Store::open(&root(changes.iter().map(|change| change.path.as_path())))?;
    write(&store, &planned(changes)?, command, context)?;
    Ok(Status::Done)
}

fn planned(changes: Vec<Change>) -> Result<Plan, Failure> {
    let mut plan = Plan::new();
    for change in changes {
        plan.push(change)?;
    }
    Ok(plan)
}

/// The repository of some files; without Git, the directory that holds them all.
pub(crate) fn root<'p>(files: impl IntoIterator<Item = &'p Path>) -> PathBuf {
    let mut directories = files.into_iter().map(|file| file.parent().unwrap_or(file));
    let first = directories.next().unwrap_or(Path::new("/"));
    let repository = repo::root_of(first);
    if repository.join(".git").exists() {
        return repository.to_owned();
    }
    let shared = |one: &Path, other: &Path| -> PathBuf {
        one.components().zip(other.components()).map_while(|(a, b)| (a == b).then_some(a)).collect()
    };
    directories.fold(first.to_owned(), |root, directory| shared(&root, directory))
}

fn tell(recovered: &Recovered, context: &mut Context) {
    let what = match recovered.outcome {
        crate::txn::Outcome::RolledForward => "finished",
        crate::txn::Outcome::RolledBack => "undid",
    };
    context.note(format!("note: {what} an interrupted change of {}", files(recovered.files)));
}

pub(crate) fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
