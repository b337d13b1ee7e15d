//! The store of a command: recovered before its files are read, locked while they are going to be changed.
//!
//! | a command | does |
//! |---|---|
//! | that reads | takes no lock, and reads again if somebody committed meanwhile |
//! | that writes | takes the lock before it reads, and keeps it until it has written |
//! | that asks | has no lock while a question is open; a commit compares what it replaces anyway |

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::{Context, Failure, Status, commit, discover, signals};
use crate::repo::{self, Snapshot};
use crate::txn::{self, Holder, Lock, Moment, Outcome, Recovered, Store, Wait};

/// How long a command waits for another one that is writing, before and after it says so.
const SILENCE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(9);

/// How often files are read again because somebody committed meanwhile.
const ATTEMPTS: usize = 100;

/// What a command is going to do with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read them.
    Read,
    /// Read and change them.
    Write,
}

/// What is known of a command before it opens a file.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    /// Its name, for whoever waits for it.
    pub(crate) command: &'static str,
    /// What it is going to do.
    pub(crate) access: Access,
    /// How long it waits for another command after it said so.
    pub(crate) patience: Wait,
}

impl Default for Task {
    fn default() -> Self {
        Task { command: "read", access: Access::Read, patience: Wait::UpTo(PATIENCE) }
    }
}

/// The lock of a command that is going to write, as long as no question is open. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Claim(Arc<Mutex<Option<Lock>>>);

impl Claim {
    /// Gives the lock back: somebody is asked, or waited for.
    pub(crate) fn release(&self) {
        self.held().take();
    }

    fn held(&self) -> MutexGuard<'_, Option<Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the store around `directory` for what the command is going to do.
pub(crate) fn open(directory: &Path, context: &mut Context) -> Result<Store, Failure> {
    enter(store_around(directory, context)?, context)
}

/// The store around `directory`, not opened for anything.
pub(crate) fn store_around(directory: &Path, context: &Context) -> Result<Store, Failure> {
    Ok(Store::open(&root(&[directory], context))?)
}

/// Opens the store of some files, given by absolute paths, for what the command is going to do with them.
pub(crate) fn open_for(files: &[PathBuf], context: &mut Context) -> Result<Store, Failure> {
    enter(store_of(files, context)?, context)
}

/// The store of some files, not opened for anything.
pub(crate) fn store_of(files: &[PathBuf], context: &Context) -> Result<Store, Failure> {
    let directories: Vec<&Path> = files.iter().map(|file| file.parent().unwrap_or(file)).collect();
    Ok(Store::open(&root(&directories, context))?)
}

fn enter(store: Store, context: &mut Context) -> Result<Store, Failure> {
    match context.task.access {
        Access::Read => recover(&store, context)?,
        Access::Write => {
            let lock = lock(&store, context)?;
            *context.claim.held() = Some(lock);
        }
    }
    Ok(store)
}

/// The lock of a store: the one that is held, or a new one.
pub(crate) fn lock(store: &Store, context: &mut Context) -> Result<Lock, Failure> {
    let held = context.claim.held().take();
    if let Some(lock) = held.filter(|lock| lock.store() == store) {
        return Ok(lock);
    }
    signals::outlive_file_limit();
    let lock = patiently(context, |holder, wait| store.lock(holder, wait))?;
    tell(lock.recovered(), context);
    Ok(lock)
}

/// Finishes or undoes what an interrupted command left.
fn recover(store: &Store, context: &mut Context) -> Result<(), Failure> {
    let recovered = patiently(context, |holder, wait| store.recover(holder, wait))?;
    tell(recovered, context);
    Ok(())
}

/// Does what needs a lock; says so if that takes long because another command holds it.
pub(crate) fn patiently<T>(
    context: &mut Context,
    attempt: impl Fn(&Holder, Wait) -> Result<T, txn::Error>,
) -> Result<T, Failure> {
    let holder = Holder::this_process(context.task.command, &context.now());
    match attempt(&holder, Wait::UpTo(SILENCE)) {
        Err(txn::Error::Locked { holder: Some(other), .. }) => {
            context.note(format!("waiting for {other}"));
        }
        Err(txn::Error::Locked { holder: None, .. }) => {}
        result => return Ok(result?),
    }
    Ok(attempt(&holder, context.task.patience)?)
}

/// The repository around the working directory, all of it as it was at one moment: its root, its store and its files.
pub(crate) fn repository(context: &mut Context) -> Result<(PathBuf, Store, Snapshot), Failure> {
    let root = repo::root_of(&context.directory).to_owned();
    let store = open(&root, context)?;
    let snapshot = steadily(&store, context, |_| Ok(Snapshot::read(&root)?))?;
    Ok((root, store, snapshot))
}

/// A file that was named, relative to the root of the repository.
pub(crate) fn below(root: &Path, file: &Path, context: &Context) -> Result<PathBuf, Failure> {
    let path = context.directory.join(file);
    let path = path.canonicalize().map_err(|error| Failure::io(file, &error))?;
    let inside = path.strip_prefix(root).map(Path::to_owned);
    inside.map_err(|_| Failure::new(format!("{}: is outside of the repository", file.display())))
}

/// Reads files: again if somebody committed meanwhile, so that they are all old or all new.
pub(crate) fn steadily<T>(
    store: &Store,
    context: &mut Context,
    read: impl Fn(&mut Context) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if context.task.access == Access::Write {
        return read(context);
    }
    for _ in 0..ATTEMPTS {
        let before = store.moment()?;
        if !before.is_settled(SystemTime::now()) {
            // Waits for a commit that is under way, and then for the clock.
            recover(store, context)?;
            thread::sleep(Moment::RESOLUTION);
            if before != store.moment()? {
                continue;
            }
        }
        let result = read(context);
        if before == store.moment()? {
            return result;
        }
    }
    Err(Failure {
        status: Status::Drift,
        ..Failure::new("the files kept changing while they were read")
    }
    .hint("run the command again"))
}

fn tell(recovered: Option<Recovered>, context: &mut Context) {
    if let Some(recovered) = recovered {
        context.note(format!("note: {}", said(&recovered)));
    }
}

/// What recovery did, as a person says it.
pub(crate) fn said(recovered: &Recovered) -> String {
    let files = commit::files(recovered.files);
    match recovered.outcome {
        Outcome::RolledForward => format!("finished an interrupted change of {files}"),
        Outcome::RolledBack => format!("undid an interrupted change of {files}"),
    }
}

/// The root of the store around some directories: the repository. Without Git the nearest directory upwards with
/// a `.sops.yaml`, or where a command is at work or was interrupted; else the working directory, or if that has
/// not all of them, the directory that has.
fn root(directories: &[&Path], context: &Context) -> PathBuf {
    let first = directories[0];
    let repository = repo::root_of(first);
    if repository.join(".git").exists() {
        return repository.to_owned();
    }
    let is_root = |directory: &&Path| {
        directory.join(discover::CONFIG).is_file() || Store::is_in_use_at(directory)
    };
    let has_all = |root: &&Path| directories.iter().all(|directory| directory.starts_with(root));
    let configured = first.ancestors().find(is_root);
    let candidates = [configured, Some(context.directory.as_path())];
    if let Some(root) = candidates.into_iter().flatten().find(has_all) {
        return root.to_owned();
    }
    let shared = |one: &Path, other: &Path| -> PathBuf {
        one.components().zip(other.components()).map_while(|(a, b)| (a == b).then_some(a)).collect()
    };
    directories.iter().fold(first.to_owned(), |root, directory| shared(&root, directory))
}
