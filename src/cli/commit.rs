//! From a plan to changed files: lock, commit, say what was done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::located;
use super::{Context, Failure, Status, show};
use crate::document::Document;
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
    Ok(lock.commit(plan)?.files)
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
#[derive(clap::Args)]
pub(crate) struct Target {
    /// Change the files themselves, all or none
    #[arg(short, long, conflicts_with_all = ["output", "filename_override"])]
    in_place: bool,
    /// Write the result to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name by which rules and format are chosen, for standard input
    #[arg(long, value_name = "PATH")]
    filename_override: Option<PathBuf>,
}

/// One file as it was read.
pub(crate) struct Input {
    /// As the user named it.
    pub(crate) name: PathBuf,
    /// Absolute.
    pub(crate) path: PathBuf,
    /// `None` for standard input.
    pub(crate) bytes: Option<Content>,
    content: Content,
}

impl Input {
    /// The parsed content.
    pub(crate) fn document(&self) -> Result<Document, Failure> {
        Document::parse(self.content.to_vec())
            .map_err(|error| Failure::new(located(&self.name, &error)))
    }
}

impl Target {
    /// Reads the files, or standard input.
    pub(crate) fn inputs(
        &self,
        files: &[PathBuf],
        context: &mut Context,
    ) -> Result<Vec<Input>, Failure> {
        let stdin = files.is_empty() || files == [PathBuf::from("-")];
        if stdin {
            return self.standard_input(context).map(|input| vec![input]);
        }
        if files.len() > 1 && !self.in_place {
            return Err(Failure::new("several files need `--in-place`"));
        }
        let paths: Vec<PathBuf> = files.iter().map(|file| context.directory.join(file)).collect();
        recover(&root(paths.iter().map(PathBuf::as_path)), "read", context)?;
        files.iter().map(|name| self.read(name, context)).collect()
    }

    /// Writes the results: in place as one transaction, to a file, or to standard output.
    pub(crate) fn finish(
        &self,
        command: &str,
        changes: Vec<Change>,
        context: &mut Context,
    ) -> Result<Status, Failure> {
        if self.in_place {
            return in_place(command, changes, context);
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
            Err(error) => return Err(Failure::new(format!("{}: {error}", output.display()))),
        };
        in_place(command, vec![Change { path, old, new: Some(new), plain: true }], context)
    }

    fn standard_input(&self, context: &mut Context) -> Result<Input, Failure> {
        let Some(name) = self.filename_override.clone().filter(|_| !self.in_place) else {
            return Err(Failure::new("no file given")
                .hint("name a file, or pass `--filename-override PATH` to read standard input"));
        };
        refuse_other_formats(&name)?;
        let path = context.directory.join(&name);
        let content = context.read_stdin()?;
        Ok(Input { name, path, bytes: None, content })
    }

    fn read(&self, name: &Path, context: &Context) -> Result<Input, Failure> {
        let path = context.directory.join(name);
        let content = std::fs::read(&path)
            .map_err(|error| Failure::new(format!("{}: {error}", name.display())))?;
        let content = Content::new(content);
        let named = self.filename_override.as_deref().unwrap_or(name);
        refuse_other_formats(named)?;
        let path =
            self.filename_override.as_ref().map_or(path, |name| context.directory.join(name));
        Ok(Input { name: name.to_owned(), path, bytes: Some(content.clone()), content })
    }
}

fn in_place(command: &str, changes: Vec<Change>, context: &mut Context) -> Result<Status, Failure> {
    if changes.is_empty() {
        return Ok(Status::Done);
    }
    let store = Store::open(&root(changes.iter().map(|change| change.path.as_path())))?;
    let mut plan = Plan::new();
    for change in changes {
        plan.push(change)?;
    }
    write(&store, &plan, command, context)?;
    Ok(Status::Done)
}

/// The repository of some files; without Git, the directory that holds them all.
fn root<'p>(files: impl IntoIterator<Item = &'p Path>) -> PathBuf {
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

fn refuse_other_formats(name: &Path) -> Result<(), Failure> {
    let yaml = name.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    yaml.then_some(()).ok_or_else(|| {
        Failure::new(format!("{}: only YAML files (`.yaml`, `.yml`) are supported", name.display()))
            .hint("`--filename-override NAME.yaml` reads a YAML file of another name")
    })
}

fn tell(recovered: &Recovered, context: &mut Context) {
    let what = match recovered.outcome {
        crate::txn::Outcome::RolledForward => "finished",
        crate::txn::Outcome::RolledBack => "undid",
    };
    context.note(format!("note: {what} an interrupted change of {}", files(recovered.files)));
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
