//! A commit, step by step.
//!
//! [`Transaction::step`] takes one step at a time, so that everything between two steps can be
//! examined; [`super::Lock::commit`] takes them all. Dropping a transaction of which no file has been
//! replaced undoes it.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::journal::{self, Entry, Intent, Staged};
use super::mark::Mark;
use super::place::{self, Target};
use super::{Change, Error, Lock, Plan, disk, recover};

/// One step of a commit; numbers count changes in the order of the plan.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Record what is going to be made outside of the state directory; left out if there is nothing.
    Intend,
    /// Make a directory, relative to the root.
    MakeDirectory(PathBuf),
    /// Write and sync the new content of a change, readable for the owner only.
    Stage(usize),
    /// Sync the directories that staged files and new directories were made in.
    SyncStaged,
    /// Compare every target with what the plan expects.
    Verify,
    /// Write and sync the journal under a name that does not count.
    WriteJournal,
    /// Give the journal the name that counts, and sync it: from here on, recovery goes on instead of
    /// back.
    Decide,
    /// Give new content its final mode: where it waits, or once it is in its place if it is plain text.
    Release(usize),
    /// Look once more whether a target was touched since it was verified.
    Confirm,
    /// Rename the staged file over its target, or delete the target.
    Replace(usize),
    /// Sync the directories of all targets.
    SyncTargets,
    /// Remove the journal and whatever is left.
    Forget,
}

/// How far a transaction has come, as far as giving up is concerned.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Progress {
    /// No target was touched: going back is possible.
    Reversible,
    /// Targets were touched: only going on is possible, now or by recovery.
    Irreversible,
    /// There is nothing left to do or to undo.
    Over,
}

/// A commit on its way. Made by [`Lock::begin`].
#[must_use = "a transaction that is dropped before its last step is undone"]
pub struct Transaction<'run> {
    /// The lock under which everything happens.
    lock: &'run mut Lock,
    /// One for each change of the plan.
    items: Vec<Item<'run>>,
    /// What has to be recorded before it is made.
    intent: Intent,
    /// Mode of new files.
    ordinary_mode: u32,
    /// What is left to do.
    steps: VecDeque<Step>,
    /// What a drop means.
    progress: Progress,
}

/// A change on its way.
struct Item<'run> {
    /// What is wanted.
    change: &'run Change,
    /// Where.
    target: Target,
    /// Where the new content waits; `None`: a deletion.
    staged: Option<Staged>,
    /// The staged file, once it is written.
    new: Mark,
    /// The target as it was verified, by its metadata.
    seen: Mark,
}

impl<'run> Transaction<'run> {
    /// Finds out what has to be done. Nothing is written, and what cannot be done is refused: targets
    /// outside of the root, of the wrong kind or not writable, and two changes that mean one file.
    pub(super) fn prepare(lock: &'run mut Lock, plan: &'run Plan) -> Result<Self, Error> {
        // The journal of an unfinished commit must not be replaced.
        lock.finish()?;
        let mut items = Vec::with_capacity(plan.len());
        for change in plan {
            let target = place::resolve(lock.root(), lock.state(), &change.path)?;
            let staged = match &change.new {
                Some(_) => Some(staged(lock, &target, items.len())?),
                None => None,
            };
            items.push(Item { change, target, staged, new: Mark::Absent, seen: Mark::Absent });
        }
        refuse_overlap(&items)?;
        let intent = intent(lock, &items)?;
        let steps = steps(&items, &intent);
        Ok(Transaction {
            lock,
            items,
            intent,
            ordinary_mode: 0,
            steps,
            progress: Progress::Reversible,
        })
    }

    /// Takes all steps. `stop` is asked before each, as long as it is possible to go back.
    pub(super) fn run(mut self, stop: impl Fn() -> bool) -> Result<(), Error> {
        loop {
            if self.is_reversible() && stop() {
                return Err(Error::Stopped);
            }
            if self.step()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes the next step and says which it was; `None`: all have been taken.
    ///
    /// After an error the transaction is to be dropped. If no file has been replaced by then, nothing
    /// has changed; otherwise the error is [`Error::Unfinished`], and recovery will go on.
    pub fn step(&mut self) -> Result<Option<Step>, Error> {
        let Some(step) = self.steps.pop_front() else { return Ok(None) };
        match self.take(&step) {
            Ok(()) => Ok(Some(step)),
            Err(error) if self.progress == Progress::Irreversible => {
                Err(Error::Unfinished { source: Box::new(error) })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether dropping this undoes it: no file has been replaced.
    fn is_reversible(&self) -> bool {
        self.progress == Progress::Reversible
    }

    /// Leaves everything as it is, as if the process were killed between two steps: nothing is undone
    /// or tidied, and the lock is free. This is for tests of recovery; a program has no use for it.
    pub fn abandon(mut self) {
        self.progress = Progress::Over;
        self.lock.abandon();
    }

    /// Does what `step` says.
    fn take(&mut self, step: &Step) -> Result<(), Error> {
        let (root, state) = (self.lock.root(), self.lock.state());
        match step {
            Step::Intend => {
                disk::write_private(&state.join(super::INTENT_NEW), &self.intent.encode(), None)?;
                disk::rename(&state.join(super::INTENT_NEW), &state.join(super::INTENT))?;
                sync_state(state)
            }
            Step::MakeDirectory(path) => disk::make_directory(&root.join(path)),
            Step::Stage(number) => self.stage(*number),
            Step::SyncStaged => self.sync_staged(),
            Step::Verify => self.verify(),
            Step::WriteJournal => self.write_journal(),
            Step::Decide => {
                disk::rename(&state.join(super::JOURNAL_NEW), &state.join(super::JOURNAL))?;
                disk::sync_directory(state)
            }
            Step::Release(number) => self.release(*number),
            Step::Confirm => self.items.iter().try_for_each(|item| item.confirm(root)),
            Step::Replace(number) => self.replace(*number),
            Step::SyncTargets => {
                sync_parents(root, self.items.iter().map(|item| item.target.path.as_path()))
            }
            Step::Forget => {
                recover::forget(state)?;
                self.progress = Progress::Over;
                Ok(())
            }
        }
    }

    /// Writes the new content of a change to where it waits.
    fn stage(&mut self, number: usize) -> Result<(), Error> {
        let item = &mut self.items[number];
        let (Some(path), Some(content)) =
            (item.staged_path(self.lock.root(), self.lock.state()), &item.change.new)
        else {
            return Ok(());
        };
        let owner = item.target.present.map(|present| present.owner);
        let metadata = disk::write_private(&path, content, owner)?;
        item.new = match item.change.plain {
            true => Mark::stamp(&metadata),
            false => Mark::of(content),
        };
        Ok(())
    }

    /// Makes durable that the staged files and the new directories exist.
    fn sync_staged(&self) -> Result<(), Error> {
        let (root, state) = (self.lock.root(), self.lock.state());
        sync_state(state)?;
        let made = self.intent.directories.iter().chain(&self.intent.beside);
        sync_parents(root, made.map(PathBuf::as_path))
    }

    /// Compares every target with what the plan expects: what the path means, its mode, its content.
    fn verify(&mut self) -> Result<(), Error> {
        let (root, state) = (self.lock.root(), self.lock.state());
        for item in &mut self.items {
            let changed = || Error::FileChanged { path: item.change.path.clone() };
            let now = place::resolve(root, state, &item.change.path)?;
            if (&now.path, &now.present) != (&item.target.path, &item.target.present) {
                return Err(changed());
            }
            let path = root.join(&now.path);
            // Metadata first: an edit during the comparison then shows in the next look at it.
            item.seen = disk::look(&path)?.as_ref().map_or(Mark::Absent, Mark::stamp);
            let as_expected = match &item.change.old {
                Some(old) => item.seen != Mark::Absent && disk::holds(&path, old)?,
                None => item.seen == Mark::Absent,
            };
            if !as_expected {
                return Err(changed());
            }
        }
        Ok(())
    }

    /// Writes the journal under the name that does not count.
    fn write_journal(&mut self) -> Result<(), Error> {
        let state = self.lock.state();
        if self.items.iter().any(|item| item.target.present.is_none()) {
            self.ordinary_mode = disk::ordinary_mode(&state.join(super::MODE_PROBE))?;
        }
        let entries: Vec<Entry> =
            self.items.iter().map(|item| item.entry(self.ordinary_mode)).collect();
        disk::write_private(&state.join(super::JOURNAL_NEW), &journal::encode(&entries), None)
            .map(drop)
    }

    /// Gives new content the mode under which it will be found.
    fn release(&self, number: usize) -> Result<(), Error> {
        let item = &self.items[number];
        let (root, state) = (self.lock.root(), self.lock.state());
        let path = match item.change.plain {
            true => Some(root.join(&item.target.path)),
            false => item.staged_path(root, state),
        };
        path.map_or(Ok(()), |path| disk::release(&path, item.mode(self.ordinary_mode)))
    }

    /// Replaces or deletes a target that is still as it was verified.
    fn replace(&mut self, number: usize) -> Result<(), Error> {
        let item = &self.items[number];
        let (root, state) = (self.lock.root(), self.lock.state());
        item.confirm(root)?;
        let target = root.join(&item.target.path);
        let (result, source) = match item.staged_path(root, state) {
            Some(staged) => (disk::rename(&staged, &target), staged),
            None => (disk::remove(&target).map(drop), target),
        };
        // A call may fail and yet have worked, on a network file system. Going back is right only if
        // what should have gone is certainly still there.
        if result.is_ok() || !matches!(disk::look(&source), Ok(Some(_))) {
            self.progress = Progress::Irreversible;
        }
        result
    }
}

impl Drop for Transaction<'_> {
    /// Undoes what can be undone. Where that fails nothing is lost: the next start does it.
    fn drop(&mut self) {
        match self.progress {
            Progress::Reversible => {
                let _ = recover::undo(self.lock.root(), self.lock.state());
            }
            Progress::Irreversible => self.lock.leave_unfinished(),
            Progress::Over => {}
        }
    }
}

impl Item<'_> {
    /// The staged file.
    fn staged_path(&self, root: &Path, state: &Path) -> Option<PathBuf> {
        self.staged.as_ref().map(|staged| staged.path(state, &root.join(&self.target.path)))
    }

    /// The mode of the file after the commit.
    fn mode(&self, ordinary: u32) -> u32 {
        self.target.present.map_or(ordinary, |present| present.mode)
    }

    /// Refuses a target that was touched since it was verified.
    fn confirm(&self, root: &Path) -> Result<(), Error> {
        let now = disk::look(&root.join(&self.target.path))?;
        if now.as_ref().map_or(Mark::Absent, Mark::stamp) == self.seen {
            return Ok(());
        }
        Err(Error::FileChanged { path: self.change.path.clone() })
    }

    /// What the journal says about this change.
    fn entry(&self, ordinary_mode: u32) -> Entry {
        Entry {
            target: self.target.path.clone(),
            old: match &self.change.old {
                Some(old) if !self.change.plain => Mark::of(old),
                _ => self.seen.clone(),
            },
            new: self.new.clone(),
            mode: self.mode(ordinary_mode),
            staged: self.staged.clone(),
        }
    }
}

/// Chooses where the new content of a target waits. The names end in no suffix that kustomize, Flux
/// or an editor would take for a manifest.
fn staged(lock: &Lock, target: &Target, number: usize) -> Result<Staged, Error> {
    let directory = target.path.parent().unwrap_or(Path::new(""));
    let existing = target.missing.first().and_then(|missing| missing.parent());
    let directory = lock.root().join(existing.unwrap_or(directory));
    let in_git = !place::is_at_root(lock.state());
    Ok(match in_git && place::same_file_system(lock.state(), &directory)? {
        true => Staged::State(format!("{}{number}", super::STAGED)),
        false => Staged::Beside(format!(".keywright-{}-{number}", std::process::id())),
    })
}

/// Refuses two changes that mean one file, or a file and a directory of the same name.
fn refuse_overlap(items: &[Item<'_>]) -> Result<(), Error> {
    let mut sorted: Vec<&Item<'_>> = items.iter().collect();
    sorted.sort_by(|a, b| a.target.path.cmp(&b.target.path));
    for pair in sorted.windows(2) {
        // Paths are ordered by component: what lies below a path comes right after it.
        if pair[1].target.path.starts_with(&pair[0].target.path) {
            return Err(Error::Overlap { path: pair[1].change.path.clone() });
        }
    }
    Ok(())
}

/// What is going to be made outside of the state directory.
fn intent(lock: &Lock, items: &[Item<'_>]) -> Result<Intent, Error> {
    let mut intent = Intent::default();
    let missing = items.iter().filter(|item| item.staged.is_some()).flat_map(|i| &i.target.missing);
    // Sorted, a directory comes before those in it.
    intent.directories.extend(missing.cloned().collect::<BTreeSet<_>>());
    for item in items {
        let Some(staged @ Staged::Beside(_)) = &item.staged else { continue };
        let path = staged.path(lock.state(), &item.target.path);
        // Going back removes what the intent lists: it must not list what is not ours.
        if disk::look(&lock.root().join(&path))?.is_some() {
            let source = std::io::ErrorKind::AlreadyExists.into();
            return Err(Error::Io { path, source });
        }
        intent.beside.push(path);
    }
    Ok(intent)
}

/// The steps in the order argued at the head of the room.
fn steps(items: &[Item<'_>], intent: &Intent) -> VecDeque<Step> {
    let numbers =
        |written| (0..items.len()).filter(move |number| items[*number].staged.is_some() == written);
    let mut steps = VecDeque::new();
    if !intent.is_empty() {
        steps.push_back(Step::Intend);
    }
    steps.extend(intent.directories.iter().cloned().map(Step::MakeDirectory));
    steps.extend(numbers(true).map(Step::Stage));
    steps.extend([Step::SyncStaged, Step::Verify, Step::WriteJournal, Step::Decide]);
    let is_plain = |number: &usize| items[*number].change.plain;
    steps.extend(numbers(true).filter(|number| !is_plain(number)).map(Step::Release));
    steps.push_back(Step::Confirm);
    for number in numbers(true) {
        steps.push_back(Step::Replace(number));
        steps.extend(is_plain(&number).then_some(Step::Release(number)));
    }
    // Deletions last: who looks in between, an editor or `git`, finds too much rather than too little.
    steps.extend(numbers(false).map(Step::Replace));
    steps.extend([Step::SyncTargets, Step::Forget]);
    steps
}

/// Makes durable what is in the state directory. It may be new itself, hence its parent.
fn sync_state(state: &Path) -> Result<(), Error> {
    disk::sync_directory(state)?;
    state.parent().map_or(Ok(()), disk::sync_directory)
}

/// Syncs the directory of each path, once.
pub(super) fn sync_parents<'a>(
    root: &Path,
    paths: impl Iterator<Item = &'a Path>,
) -> Result<(), Error> {
    let parents: BTreeSet<&Path> = paths.filter_map(Path::parent).collect();
    parents.into_iter().try_for_each(|parent| disk::sync_directory(&root.join(parent)))
}
