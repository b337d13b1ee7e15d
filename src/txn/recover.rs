//! What a dead process left: a decided commit is finished, an undecided one undone.
//!
//! Everything here may itself be interrupted and begun again: each target is looked at anew, and the
//! record goes last.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::journal::{self, Entry, Intent};
use super::{Error, disk, place, replace};

/// What recovery did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Recovered {
    /// In which direction.
    pub outcome: Outcome,
    /// Files of the finished commit, or staged files removed.
    pub files: usize,
}

/// The two ends of an interrupted commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// No file had been replaced; what was prepared is removed.
    RolledBack,
    /// The commit was decided; it is finished.
    RolledForward,
}

/// Finishes or undoes what is left in `state`; the lock is held.
pub(super) fn recover(root: &Path, state: &Path) -> Result<Option<Recovered>, Error> {
    let path = state.join(super::JOURNAL);
    if let Some(bytes) = disk::read(&path)? {
        let entries = journal::decode(&bytes).map_err(damaged(&path))?;
        // Whoever decided may have died before the sync: no rename may be durable without its journal.
        disk::sync_directory(state)?;
        roll_forward(root, state, &entries)?;
        let files = entries.len();
        return Ok(Some(Recovered { outcome: Outcome::RolledForward, files }));
    }
    let files = roll_back(root, state)?;
    Ok((files > 0).then_some(Recovered { outcome: Outcome::RolledBack, files }))
}

/// What [`recover`] would do; nothing is written.
pub(super) fn interrupted(root: &Path, state: &Path) -> Result<Option<Recovered>, Error> {
    let path = state.join(super::JOURNAL);
    if let Some(bytes) = disk::read(&path)? {
        let files = journal::decode(&bytes).map_err(damaged(&path))?.len();
        return Ok(Some(Recovered { outcome: Outcome::RolledForward, files }));
    }
    let mut files = staged_files(state)?.len();
    for staged in read_intent(state)?.beside {
        files += usize::from(disk::look(&root.join(staged))?.is_some());
    }
    Ok((files > 0).then_some(Recovered { outcome: Outcome::RolledBack, files }))
}

/// Removes the journal and all that waits. A damaged record does not say what waits beside targets.
pub(super) fn discard(root: &Path, state: &Path) -> Result<usize, Error> {
    let journal = disk::read(&state.join(super::JOURNAL))?;
    let entries = journal.and_then(|bytes| journal::decode(&bytes).ok()).unwrap_or_default();
    if matches!(read_intent(state), Err(Error::Damaged { .. })) {
        disk::remove(&state.join(super::INTENT))?;
    }
    // The journal first and for good: without what waits it could not be finished any more.
    disk::remove(&state.join(super::JOURNAL))?;
    disk::sync_directory(state)?;
    let mut removed = 0;
    for entry in &entries {
        let staged =
            entry.staged.as_ref().map(|staged| staged.path(state, &root.join(&entry.target)));
        removed += usize::from(staged.map_or(Ok(false), |staged| disk::remove(&staged))?);
    }
    Ok(removed + roll_back(root, state)?)
}

/// Takes back a commit of this process that has not replaced anything yet, decided or not.
pub(super) fn undo(root: &Path, state: &Path) -> Result<(), Error> {
    // The journal must be gone for good before what it refers to goes: a power cut in between would
    // bring it back without its staged files.
    disk::remove(&state.join(super::JOURNAL))?;
    disk::sync_directory(state)?;
    roll_back(root, state).map(drop)
}

/// Removes the journal, durably: if it came back after a power cut, later edits would look like a
/// conflict. The intent goes first, as without a journal it would be taken for something to undo.
pub(super) fn forget(state: &Path) -> Result<(), Error> {
    if disk::remove(&state.join(super::INTENT))? {
        disk::sync_directory(state)?;
    }
    disk::remove(&state.join(super::JOURNAL))?;
    disk::sync_directory(state)
}

/// Finishes a decided commit. All targets are looked at before the first one is touched.
fn roll_forward(root: &Path, state: &Path, entries: &[Entry]) -> Result<(), Error> {
    let done: Vec<bool> =
        entries.iter().map(|entry| is_done(root, state, entry)).collect::<Result<_, _>>()?;
    let waiting =
        entries.iter().zip(&done).filter(|(entry, done)| !**done && entry.staged.is_some());
    waiting.clone().try_for_each(|(entry, _)| make_parents(&root.join(&entry.target)))?;
    // A file renamed into a directory that a power cut takes back would be lost.
    sync_ancestors(root, waiting.map(|(entry, _)| entry.target.as_path()))?;
    for (entry, done) in entries.iter().zip(done) {
        let target = root.join(&entry.target);
        match entry.staged.as_ref().map(|staged| staged.path(state, &target)) {
            // Left behind only where renames are not atomic: a second name of the same file.
            Some(staged) if done => drop(disk::remove(&staged)?),
            Some(staged) => {
                if !entry.is_plain() {
                    disk::release(&staged, entry.mode)?;
                    disk::sync_file(&staged)?;
                }
                disk::rename(&staged, &target)?;
            }
            None => drop(disk::remove(&target)?),
        }
        if entry.staged.is_some() && entry.is_plain() {
            disk::release(&target, entry.mode)?;
            disk::sync_file(&target)?;
        }
    }
    replace::sync_parents(root, entries.iter().map(|entry| entry.target.as_path()))?;
    forget(state)
}

/// Whether the target has its new content. If it has neither the new nor the old one, somebody edited
/// it since, and nothing at all is done: an edit is never overwritten, finishing only the others would
/// leave the mixture that the commit was to prevent, and what is staged may be needed to repair it.
fn is_done(root: &Path, state: &Path, entry: &Entry) -> Result<bool, Error> {
    let target = root.join(&entry.target);
    let waiting = match &entry.staged {
        Some(staged) => disk::look(&staged.path(state, &target))?.is_some(),
        None => true,
    };
    let edited = || Error::Edited { path: entry.target.clone(), state: state.to_owned() };
    if !place::is_still_real(&target)? {
        return Err(edited());
    }
    // The old mark first while something waits: two stamps may be equal but for what waits.
    if waiting && entry.old.matches(&target)? {
        return Ok(false);
    }
    if entry.new.matches(&target)? { Ok(true) } else { Err(edited()) }
}

/// Makes the directories that the commit made and that have been removed since, as `git clean` does.
fn make_parents(target: &Path) -> Result<(), Error> {
    let mut missing = Vec::new();
    for directory in target.ancestors().skip(1) {
        if disk::look(directory)?.is_some() {
            break;
        }
        missing.push(directory);
    }
    missing.iter().rev().try_for_each(|path| disk::make_directory(path))
}

/// Syncs every directory on the way to each target: any of them may have been made again, now or by a recovery
/// that died before it had synced them.
fn sync_ancestors<'a>(root: &Path, targets: impl Iterator<Item = &'a Path>) -> Result<(), Error> {
    let directories: BTreeSet<&Path> =
        targets.flat_map(|target| target.ancestors().skip(1)).collect();
    directories.into_iter().try_for_each(|directory| disk::sync_directory(&root.join(directory)))
}

/// Removes all that an undecided commit has made, and counts the staged files among it.
fn roll_back(root: &Path, state: &Path) -> Result<usize, Error> {
    let intent = read_intent(state)?;
    let mut removed = 0;
    for staged in &intent.beside {
        removed += usize::from(disk::remove(&root.join(staged))?);
    }
    for directory in intent.directories.iter().rev() {
        disk::remove_empty_directory(&root.join(directory))?;
    }
    for staged in staged_files(state)? {
        removed += usize::from(disk::remove(&staged)?);
    }
    for leftover in [super::JOURNAL_NEW, super::INTENT_NEW, super::MODE_PROBE] {
        disk::remove(&state.join(leftover))?;
    }
    if !intent.is_empty() {
        // Only now may the names of what was removed be forgotten.
        let made = intent.beside.iter().chain(&intent.directories);
        replace::sync_parents(root, made.map(PathBuf::as_path))?;
        disk::remove(&state.join(super::INTENT))?;
    }
    Ok(removed)
}

/// What an undecided commit makes outside of the state directory.
fn read_intent(state: &Path) -> Result<Intent, Error> {
    let path = state.join(super::INTENT);
    match disk::read(&path)? {
        Some(bytes) => Intent::decode(&bytes).map_err(damaged(&path)),
        None => Ok(Intent::default()),
    }
}

/// The staged files in the state directory.
fn staged_files(state: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_staged = |path: &PathBuf| {
        let name = path.file_name().unwrap_or(OsStr::new("")).as_bytes();
        name.starts_with(super::STAGED.as_bytes())
    };
    Ok(disk::list(state)?.into_iter().filter(is_staged).collect())
}

/// Names the record that cannot be used.
fn damaged(path: &Path) -> impl FnOnce(journal::Reason) -> Error {
    let path = path.to_owned();
    move |reason| Error::Damaged { path, reason }
}
