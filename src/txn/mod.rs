//! Several files replaced together or not at all: the only code that writes repository files.
//!
//! A command makes a [`Plan`]: for each file the content it must still have and the one it is to get.
//! Under the [`Lock`] of a [`Store`] the plan is committed.
//!
//! ```
//! use keywright::txn::{Change, Content, Holder, Plan, Store, Wait};
//! # let directory = std::env::temp_dir().join(format!("keywright-txn-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory).unwrap();
//! let store = Store::open(&directory)?;
//! let holder = Holder::this_process("secret new", "2026-03-01T12:00:00Z");
//! let mut lock = store.lock(&holder, Wait::Immediately)?;
//! let new = Content::new(b"kind: Secret\n".to_vec());
//! let mut plan = Plan::new();
//! plan.push(Change { path: "app/secret.yaml".into(), old: None, new: Some(new), plain: false })?;
//! assert_eq!(lock.commit(&plan, || false)?.files, 1);
//! # drop(lock);
//! # std::fs::remove_dir_all(&directory).unwrap();
//! # Ok::<(), keywright::txn::Error>(())
//! ```
//!
//! # What is promised
//!
//! 1. **Atomic over files.** After an error, a kill or a power cut at any point the next command leaves all
//!    files old or all files new, by itself ([`Store::lock`], [`Store::recover`]). Programs that do not
//!    ask, an editor or `git`, can see a mixture between the first and the last rename.
//! 2. **Durable.** When [`Lock::commit`] returns, the change survives a power cut.
//! 3. **Isolated.** Two commits never mix. A command that writes takes the lock before it reads; waiting is
//!    bounded and the error names the holder. The lock of a dead process is free. A reader takes none: it
//!    compares the [`Moment`] before with the one after.
//! 4. **Never over somebody's edit.** A file that is not what the plan expects stops the commit:
//!    [`Error::FileChanged`], nothing changed. The last look is immediately before each rename; no
//!    file system offers to compare and rename in one, so an edit within these microseconds is lost.
//! 5. **Faithful.** The mode stays, and the owner where the system allows it; a new file gets the
//!    ordinary mode. A symbolic link stays and the file behind it changes. Files that are not in the
//!    plan are not opened. Extended attributes and access control lists are not carried over.
//! 6. **Nothing in the clear** but the staged files of a plan whose result is plain text: readable for
//!    the owner only until they are in their place, removed by recovery if the commit was not decided. The
//!    records hold no content and no digest of plain text ([`Change::plain`]).
//! 7. **In its place.** Lock, records and staged files lie in `keywright/` in the Git directory, so
//!    that a crash leaves nothing in `git status`. Without Git, or where that is another file system than
//!    the root, lock and records lie in `.keywright/` at the root, and new content waits beside its target
//!    as `.keywright-PID-N`; so it does for a target on a file system of its own. All of it exists only
//!    while it is needed. Other users can see whether a journal is there, and nothing else: what one
//!    user left, the same user (or root) recovers.
//!
//! Refused: files outside of the root by `..` or by links, everything but regular files, files with a
//! second hard link, write-protected files, two changes that mean one file. Hard links are refused because
//! there is no good way: a new file under one name leaves the old content under the other, and writing in
//! place is not all or nothing.
//!
//! # The order, and why
//!
//! | step | stopped after it, there is | because |
//! |---|---|---|
//! | lock | nothing | plans of two commands must not be verified against each other's start |
//! | intent, if needed | a record | what is made outside of the state directory must be findable before it exists |
//! | directories, staged files, each synced | leftovers | all that can fail for want of space, quota or rights fails here, where going back is removing |
//! | sync of their directories | leftovers | the decision must not be durable before what it refers to |
//! | verify | leftovers | as late as possible, but before anything counts |
//! | journal, synced, under another name | leftovers | a torn record has no name that counts |
//! | **decide**: rename it, sync the directory | a decided commit | one rename is atomic, so the commit is |
//! | final modes, synced; of plain text only after its rename | a decided commit | no target is seen with a wrong mode, but plain text is never readable for others under a name that may still go |
//! | confirm | a decided commit | the syncs took time; until the first rename the decision is still taken back |
//! | rename each, delete last | a mixture, with a journal that tells old from new | from here on recovery can only go on: the old content is gone |
//! | sync of the targets' directories | all new | before the journal goes the renames must be durable |
//! | intent, then journal removed, synced | all new | a journal that comes back would take later edits for a conflict |
//!
//! An error up to the first rename is undone at once, and so is a request to stop. After an error that comes
//! later the commit is tried to be finished at once, as recovery would do it.
//!
//! Recovery with a journal goes on, after it has made durable what a dead process may have left unsynced: the
//! journal's name, modes, directories. What is new already is skipped, what is old is replaced. A target
//! that is neither was edited after the crash. Then nothing at all is touched and [`Error::Edited`]
//! names the file, at every start, until somebody decides: give the file its old or its new content
//! back, or give the rest of the change up ([`Store::discard`]). Without a journal recovery goes
//! back, and no target has been touched. A record that does not match its checksum cannot come from a
//! crash, as it was synced before it got its name: [`Error::Damaged`], nothing is touched.
//!
//! # Limits
//!
//! It takes a file system whose renames are atomic in a crash and whose `fsync` is honest: ext4, XFS,
//! btrfs, APFS and their like. A hostile process that may write in the repository is not defended
//! against: it could swap a directory for a link between two calls.

mod disk;
mod journal;
mod lock;
mod mark;
mod moment;
mod place;
mod plan;
mod recover;
mod replace;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use lock::{Holder, Wait};
pub use moment::Moment;
pub use plan::{Change, Content, Plan};
pub use recover::{Outcome, Recovered};
pub use replace::{Step, Transaction};
pub use store::{Committed, Lock, Store};

/// Names in the state directory. The lock: held by the running command.
const LOCK: &str = "lock";
/// The journal of a decided commit.
const JOURNAL: &str = "journal";
/// A journal that does not count yet.
const JOURNAL_NEW: &str = "journal.new";
/// What an undecided commit makes elsewhere.
const INTENT: &str = "intent";
/// An intent that is still being written.
const INTENT_NEW: &str = "intent.new";
/// A file made to see its mode.
const MODE_PROBE: &str = "mode";
/// Beginning of the names of staged files, followed by the number of the change.
const STAGED: &str = "staged-";

/// Why files could not be changed. Paths of targets are as the plan gave them, or relative to the root.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A record of an interrupted commit cannot be used. Nothing was touched.
    #[error("{}: the record of an interrupted change cannot be used: {reason}", path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A decided commit cannot be finished, because a file was edited after the crash. Nothing was
    /// touched.
    #[error(
        "{}: edited after a change of several files was interrupted; the rest of the change waits in `{}`",
        path.display(), state.display()
    )]
    Edited {
        /// The edited file, relative to the root.
        path: PathBuf,
        /// The state directory with journal and staged files.
        state: PathBuf,
    },
    /// A file is not what the plan expects. Nothing was changed.
    #[error("{}: changed since it was read", path.display())]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// `.git` is neither a directory nor a file that names one.
    #[error("{}: names no Git directory", path.display())]
    GitDirectory {
        /// The `.git` in question.
        path: PathBuf,
    },
    /// A file has a second name, under which its old content would stay.
    #[error("{}: has more than one hard link", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
    },
    /// The system refused something.
    #[error("{}: file system error", path.display())]
    Io {
        /// What it was about.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another command holds the lock. Nothing was changed.
    #[error("{}: held by {}", path.display(), holder.as_ref().map_or("another process".to_owned(), ToString::to_string))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it; `None` in the instant before the holder has written its name.
        holder: Option<Holder>,
    },
    /// A target is something else than a file, or will be.
    #[error("{}: is {kind}, not a regular file", path.display())]
    NotRegular {
        /// The target.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A target lies outside of the root, or in the state directory.
    #[error("{}: is outside of the repository", path.display())]
    OutsideRoot {
        /// The target.
        path: PathBuf,
    },
    /// Two changes of a plan mean one file, or one needs as a directory what the other makes a file.
    #[error("{}: changed twice in one plan", path.display())]
    Overlap {
        /// The second of them.
        path: PathBuf,
    },
    /// A commit was interrupted after its first replacement, and this process cannot finish it.
    #[error("{}: a change of several files was interrupted and cannot be finished from here", state.display())]
    Pending {
        /// The state directory with journal and staged files.
        state: PathBuf,
        /// What stops it.
        source: Box<Error>,
    },
    /// The commit was stopped while that was possible. Nothing was changed.
    #[error("stopped before anything was changed")]
    Stopped,
    /// The commit is decided and has begun, but could not be finished. Recovery will go on.
    #[error("the change has begun but is not finished; the next command will go on with it")]
    Unfinished {
        /// What stopped it.
        source: Box<Error>,
    },
}
