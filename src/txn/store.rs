//! A repository as something that is changed in commits: where it is, its lock, its recovery.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::lock::{self, Holder, Wait};
use super::place;
use super::recover::{self, Recovered};
use super::replace::Transaction;
use super::{Error, JOURNAL, LOCK, Moment, Plan, disk};

/// A repository, or a directory without Git, whose files are changed together or not at all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Store {
    /// The root, absolute and without links.
    root: PathBuf,
    /// The state directory, absolute and without links; it exists only while it is needed.
    state: PathBuf,
}

/// The right to change the files of a store, until it is dropped.
///
/// It is taken before the files are read that a plan is made from, and it should not be held while a
/// question is open: a commit compares every file with what its plan expects anyway.
#[must_use = "the lock is free again as soon as this is dropped"]
pub struct Lock {
    /// What is locked.
    store: Store,
    /// The lock itself: closing it frees it.
    file: File,
    /// What was found when the lock was taken.
    recovered: Option<Recovered>,
    /// Whether to leave everything as a killed process would.
    abandoned: bool,
    /// Whether a commit under this lock has begun and is not finished.
    unfinished: bool,
}

/// What a commit has done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Committed {
    /// Files replaced, created or deleted.
    pub files: usize,
}

impl Store {
    /// The store at `root`: the top of a repository, where `.git` is, or any directory without Git.
    /// Nothing is written. A `.git` that names no directory is refused with [`Error::GitDirectory`]:
    /// another process may know the right one and have the lock there.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let missing = || disk::at(root)(io::ErrorKind::NotFound.into());
        let root = disk::real(root)?.ok_or_else(missing)?;
        let state = place::state_directory(&root)?;
        Ok(Store { root, state })
    }

    /// Whether a command is at work in the store without Git at `directory`, or was interrupted there.
    pub fn is_in_use_at(directory: &Path) -> bool {
        place::state_without_git(directory).is_dir()
    }

    /// The root without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where lock, journal and staged files are while there are any.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Whether files may be half old and half new, because a commit is under way or was interrupted.
    /// This takes no lock and writes nothing.
    pub fn is_pending(&self) -> Result<bool, Error> {
        Ok(disk::look(&self.state.join(JOURNAL))?.is_some())
    }

    /// Whether nothing at all is left of any command, and none is at work.
    pub fn is_at_rest(&self) -> Result<bool, Error> {
        Ok(disk::look(&self.state)?.is_none())
    }

    /// What to compare with what it is after files were read without the lock.
    pub fn moment(&self) -> Result<Moment, Error> {
        Moment::of(&self.state)
    }

    /// What [`Store::recover`] would do. A commit that is under way is [`Error::Locked`], not interrupted.
    pub fn interrupted(&self) -> Result<Option<Recovered>, Error> {
        match lock::holder(&self.state)? {
            Some(holder) => Err(Error::Locked { path: self.state.join(LOCK), holder }),
            None => recover::interrupted(&self.root, &self.state),
        }
    }

    /// Gives an interrupted commit up: every file stays as it stands, be it old or new, and what waits to
    /// replace the others is removed. For a commit that cannot be finished, because files were edited
    /// after it was interrupted or its journal is damaged. Returns the number of files that waited.
    pub fn discard(&self, holder: &Holder, wait: Wait) -> Result<usize, Error> {
        if self.is_at_rest()? {
            return Ok(0);
        }
        let lock = self.acquire(holder, wait)?;
        recover::discard(&lock.store.root, &lock.store.state)
    }

    /// Finishes or undoes what an interrupted command left; to be called before files are read. Where
    /// nothing was left, that is one look at a directory that does not exist.
    ///
    /// Only a decided commit has touched files, and only for one does this wait for a lock and fail if
    /// it cannot be finished. Anything less is tidied up if that is possible now: it may belong to a
    /// command that is running, or lie where this user cannot write, and does not matter to readers.
    pub fn recover(&self, holder: &Holder, wait: Wait) -> Result<Option<Recovered>, Error> {
        if self.is_at_rest()? {
            return Ok(None);
        }
        if self.is_pending()? {
            let lock = self.lock(holder, wait).map_err(|error| match error {
                Error::Io { .. } => {
                    Error::Pending { state: self.state.clone(), source: Box::new(error) }
                }
                error => error,
            });
            return Ok(lock?.recovered);
        }
        match self.lock(holder, Wait::Immediately) {
            Ok(lock) => Ok(lock.recovered),
            Err(Error::Io { .. } | Error::Locked { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the lock, then recovers: the files can be read and changed. Without Git this makes the
    /// state directory, which goes with the lock.
    pub fn lock(&self, holder: &Holder, wait: Wait) -> Result<Lock, Error> {
        let mut lock = self.acquire(holder, wait)?;
        lock.recovered = lock.finish()?;
        Ok(lock)
    }

    /// Takes the lock.
    fn acquire(&self, holder: &Holder, wait: Wait) -> Result<Lock, Error> {
        let acquired = lock::acquire(&self.state, wait);
        if acquired.is_err() {
            // Made for nothing, unless somebody else is in it.
            let _ = disk::remove_empty_directory(&self.state);
        }
        let (store, file, recovered) = (self.clone(), acquired?, None);
        let lock = Lock { store, file, recovered, abandoned: false, unfinished: true };
        lock::name_holder(&self.state, &lock.file, holder)?;
        Ok(lock)
    }
}

impl Lock {
    /// What an interrupted command had left when the lock was taken; it has been dealt with.
    pub fn recovered(&self) -> Option<Recovered> {
        self.recovered
    }

    /// Does all of `plan` or nothing of it. An empty plan touches nothing.
    ///
    /// `stop` is asked before each step, as long as it is possible to go back: once it says so, the
    /// commit is undone and [`Error::Stopped`]. After every error but [`Error::Unfinished`] nothing has
    /// changed.
    pub fn commit(&mut self, plan: &Plan, stop: impl Fn() -> bool) -> Result<Committed, Error> {
        if !plan.is_empty() {
            let done = self.begin(plan)?.run(stop);
            if let Err(Error::Unfinished { .. }) = &done
                && self.finish().is_ok()
            {
                // What was in the way did not last.
                return Ok(Committed { files: plan.len() });
            }
            done?;
        }
        Ok(Committed { files: plan.len() })
    }

    /// Prepares to commit `plan` step by step. Nothing of it is written before the first step; a commit
    /// that this lock has left unfinished is finished first.
    ///
    /// Use [`Lock::commit`]; this is for tests that stop between two steps.
    pub fn begin<'run>(&'run mut self, plan: &'run Plan) -> Result<Transaction<'run>, Error> {
        Transaction::prepare(self, plan)
    }

    /// The root without links.
    pub(super) fn root(&self) -> &Path {
        &self.store.root
    }

    /// The state directory.
    pub(super) fn state(&self) -> &Path {
        &self.store.state
    }

    /// The store whose lock this is.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Deals with what an earlier commit has left, if there may be something.
    pub(super) fn finish(&mut self) -> Result<Option<Recovered>, Error> {
        if !self.unfinished {
            return Ok(None);
        }
        let recovered = recover::recover(&self.store.root, &self.store.state)?;
        self.unfinished = false;
        Ok(recovered)
    }

    /// Notes that a commit has begun and is not finished.
    pub(super) fn leave_unfinished(&mut self) {
        self.unfinished = true;
    }

    /// Leaves everything as a killed process would when the lock is dropped.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
    }
}

impl Drop for Lock {
    /// Removes the lock file while it is still locked, and the directory if nothing is left in it.
    /// Where that fails only an empty file or directory stays, which harms nobody.
    fn drop(&mut self) {
        if !self.abandoned {
            let _ = disk::remove(&self.store.state.join(LOCK));
            let _ = disk::remove_empty_directory(&self.store.state);
        }
    }
}
