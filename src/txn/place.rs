//! Where a store keeps its state, and which files it may touch: regular ones below the root.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::{Error, disk};

/// Name of the state directory in the Git directory.
const IN_GIT: &str = "keywright";

/// Name of the state directory at a root without Git, or whose Git directory is on another file system.
const AT_ROOT: &str = ".keywright";

/// A file that a commit may replace, create or delete.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Target {
    /// The file, relative to the root, without links or `..`.
    pub(super) path: PathBuf,
    /// What is there; `None`: no file.
    pub(super) present: Option<Present>,
    /// The directories on the way that do not exist, outermost first, relative to the root.
    pub(super) missing: Vec<PathBuf>,
}

/// What a new file takes over from the one it replaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Present {
    /// Permission bits.
    pub(super) mode: u32,
    /// User and group.
    pub(super) owner: (u32, u32),
}

/// The state directory of a root without links; it may not exist.
///
/// `.git` is a directory, or in linked worktrees and submodules a file that names one
/// (<https://git-scm.com/docs/gitrepository-layout>). In it is what `git rev-parse --git-path keywright`
/// prints, but for the environment variables that `git` obeys. Where it is on another file system than
/// the root, it is not used: the journal has to share the fate of the files it is about, in a power cut as
/// well as when a volume is taken away.
pub(super) fn state_directory(root: &Path) -> Result<PathBuf, Error> {
    let dot_git = root.join(".git");
    let git = match disk::look_behind(&dot_git)? {
        None => return Ok(state_without_git(root)),
        Some(metadata) if metadata.is_dir() => dot_git,
        Some(metadata) if metadata.is_file() => named_directory(root, &dot_git)?,
        Some(_) => return Err(Error::GitDirectory { path: dot_git }),
    };
    let git = disk::real(&git)?.ok_or(Error::GitDirectory { path: git })?;
    Ok(if same_file_system(&git, root)? { git.join(IN_GIT) } else { state_without_git(root) })
}

/// The state directory of a root without Git.
pub(super) fn state_without_git(root: &Path) -> PathBuf {
    root.join(AT_ROOT)
}

/// Whether a state directory is one at a root: then new content waits beside its targets.
pub(super) fn is_at_root(state: &Path) -> bool {
    state.file_name() == Some(OsStr::new(AT_ROOT))
}

/// The Git directory that a `.git` file names: `gitdir: PATH`, relative to the file's directory.
fn named_directory(root: &Path, dot_git: &Path) -> Result<PathBuf, Error> {
    let nothing = || Error::GitDirectory { path: dot_git.to_owned() };
    let text = disk::read(dot_git)?.ok_or_else(nothing)?;
    let name = text.strip_prefix(b"gitdir: ").ok_or_else(nothing)?;
    let git = root.join(OsStr::from_bytes(name.trim_ascii_end()));
    match disk::look_behind(&git)? {
        Some(metadata) if metadata.is_dir() => Ok(git),
        _ => Err(nothing()),
    }
}

/// What `given` means as a target: links are followed, everything that is not a writable regular file
/// below `root` is refused. `root` and `state` are without links.
pub(super) fn resolve(root: &Path, state: &Path, given: &Path) -> Result<Target, Error> {
    let real = real_path(&root.join(given), given)?;
    let outside = || Error::OutsideRoot { path: given.to_owned() };
    if real.starts_with(state) {
        return Err(outside());
    }
    let path = real.strip_prefix(root).map_err(|_| outside())?.to_owned();
    let present = match disk::look(&real)? {
        Some(metadata) => Some(regular(&metadata, given)?),
        None => None,
    };
    if present.is_some() {
        writable(&real, Access::WRITE_OK, given)?;
    }
    let mut missing = Vec::new();
    for directory in path.ancestors().skip(1) {
        if disk::look(&root.join(directory))?.is_some() {
            let enter = Access::WRITE_OK | Access::EXEC_OK;
            writable(&root.join(directory), enter, directory)?;
            break;
        }
        missing.insert(0, directory.to_owned());
    }
    Ok(Target { path, present, missing })
}

/// Whether no link has come into the way of a resolved target since.
pub(super) fn is_still_real(target: &Path) -> Result<bool, Error> {
    match real_path(target, target) {
        Ok(real) => Ok(real == target),
        Err(Error::NotRegular { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// `path` without links and `..`; its last components need not exist. `given` is for the error.
fn real_path(path: &Path, given: &Path) -> Result<PathBuf, Error> {
    if let Some(real) = disk::real(path)? {
        return Ok(real);
    }
    if disk::look(path)?.is_some() {
        // Creating the file that a dangling link names would be a guess at what was meant.
        let (path, kind) = (given.to_owned(), "a link to nothing");
        return Err(Error::NotRegular { path, kind });
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::OutsideRoot { path: given.to_owned() });
    };
    Ok(real_path(parent, given)?.join(name))
}

/// Refuses everything but a regular file with one name.
///
/// A file with a second hard link is refused because there is no good way: renaming a new file over
/// one name leaves the old content under the other, and writing in place is not all or nothing.
fn regular(metadata: &Metadata, given: &Path) -> Result<Present, Error> {
    let path = given.to_owned();
    let kind = metadata.file_type();
    if !kind.is_file() {
        let kind = match kind {
            _ if kind.is_dir() => "a directory",
            _ if kind.is_fifo() => "a named pipe",
            _ if kind.is_socket() => "a socket",
            _ => "a device",
        };
        return Err(Error::NotRegular { path, kind });
    }
    if metadata.nlink() > 1 {
        return Err(Error::HardLinked { path });
    }
    Ok(Present { mode: metadata.mode() & 0o7777, owner: (metadata.uid(), metadata.gid()) })
}

/// Refuses what may not be written. A rename would replace a write-protected file all the same, but
/// the protection was meant; and a directory that cannot be written must be known before the decision.
fn writable(path: &Path, access: Access, given: &Path) -> Result<(), Error> {
    disk::allows(path, access).map_err(disk::at(given))
}

/// Whether a file can be renamed from one directory into the other.
pub(super) fn same_file_system(one: &Path, other: &Path) -> Result<bool, Error> {
    Ok(file_system(one)? == file_system(other)?)
}

/// The file system of an existing directory: its device and, where the system tells, its mount. Two
/// mounts of one device refuse renames between them, as do two devices in one mount (subvolumes).
fn file_system(directory: &Path) -> Result<(u64, Option<u64>), Error> {
    let missing = || disk::at(directory)(io::ErrorKind::NotFound.into());
    let device = disk::look_behind(directory)?.ok_or_else(missing)?.dev();
    Ok((device, disk::mount(directory)?))
}
