//! Where a store keeps its state, and which files it may touch: regular ones below the root.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::{Error, disk};

/// Name of the state directory in the Git directory.
const IN_GIT: &str = "keywright";

/// Name of the state directory at a root without Git.
const WITHOUT_GIT: &str = ".keywright";

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
/// (<https://git-scm.com/docs/gitrepository-layout>). The result is what `git rev-parse --git-path
/// keywright` prints, but for the environment variables that `git` obeys.
pub(super) fn state_directory(root: &Path) -> Result<PathBuf, Error> {
    let dot_git = root.join(".git");
    let git = match fs::metadata(&dot_git) {
        Ok(metadata) if metadata.is_dir() => dot_git,
        Ok(metadata) if metadata.is_file() => named_directory(root, &dot_git)?,
        Ok(_) => return Err(Error::GitDirectory { path: dot_git }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(root.join(WITHOUT_GIT));
        }
        Err(error) => return Err(disk::at(&dot_git)(error)),
    };
    Ok(fs::canonicalize(&git).map_err(disk::at(&git))?.join(IN_GIT))
}

/// The Git directory that a `.git` file names: `gitdir: PATH`, relative to the file's directory.
fn named_directory(root: &Path, dot_git: &Path) -> Result<PathBuf, Error> {
    let text = fs::read(dot_git).map_err(disk::at(dot_git))?;
    text.strip_prefix(b"gitdir: ")
        .map(|name| root.join(std::ffi::OsStr::from_bytes(name.trim_ascii_end())))
        .filter(|git| git.is_dir())
        .ok_or_else(|| Error::GitDirectory { path: dot_git.to_owned() })
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
    match fs::canonicalize(path) {
        Ok(real) => return Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(disk::at(given)(error)),
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
    rustix::fs::access(path, access)
        .map_err(|errno| Error::Io { path: given.to_owned(), source: errno.into() })
}

/// Whether a file can be renamed from the state directory into `directory`.
pub(super) fn same_file_system(state: &Path, directory: &Path) -> Result<bool, Error> {
    Ok(file_system(state)? == file_system(directory)?)
}

/// The file system of an existing directory: its device and, where the system tells, its mount. Two
/// mounts of one device refuse renames between them, as do two devices in one mount (subvolumes).
fn file_system(directory: &Path) -> Result<(u64, Option<u64>), Error> {
    let device = fs::metadata(directory).map_err(disk::at(directory))?.dev();
    Ok((device, mount(directory)))
}

/// The mount a directory is in; `None`: a kernel before Linux 5.8.
#[cfg(target_os = "linux")]
fn mount(directory: &Path) -> Option<u64> {
    use rustix::fs::{AtFlags, CWD, StatxFlags};
    let found = rustix::fs::statx(CWD, directory, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
}

/// Other systems have no second mount of one device.
#[cfg(not(target_os = "linux"))]
fn mount(_: &Path) -> Option<u64> {
    None
}
