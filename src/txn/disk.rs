//! The system calls of a commit, each with its path in the error.
//!
//! Everything in this room that looks at a disk or changes one goes through these functions, and nothing
//! else calls the system: here the order of calls is watched and faults are put in. Each function names
//! every [`Call`] before it makes it. In the program nobody listens, and the naming costs nothing; in tests
//! `watch` does.

#[cfg(test)]
pub(super) mod watch;

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Error;

/// Mode of the state directory: what is in it is nobody else's, but everybody may see whether a journal is
/// there, without which a reader could not know whether it can trust the files.
const STATE_DIRECTORY: u32 = 0o711;

/// Mode of a staged file until it is released.
const PRIVATE_FILE: u32 = 0o600;

/// A call to the system that is about to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Call<'c> {
    /// Something at this path is looked at or read; nothing changes.
    Look(&'c Path),
    /// The lock on this file is tried.
    Lock(&'c Path),
    /// A directory is made.
    MakeDirectory(&'c Path),
    /// A file is made, or found: the lock alone may be there before.
    Create(&'c Path),
    /// A file gets another owner.
    SetOwner(&'c Path),
    /// A file gets another mode.
    SetMode(&'c Path, u32),
    /// All content of a file goes.
    Truncate(&'c Path),
    /// Bytes are added at the end of a file.
    Write(&'c Path, &'c [u8]),
    /// Content and mode of a file are made durable.
    SyncFile(&'c Path),
    /// The names in a directory are made durable.
    SyncDirectory(&'c Path),
    /// A file gets another name, over whatever has it.
    Rename(&'c Path, &'c Path),
    /// The name of a file goes.
    Remove(&'c Path),
    /// A directory goes if it is empty.
    RemoveDirectory(&'c Path),
}

/// Says that a call is about to be made; an error takes its place.
#[cfg(not(test))]
fn about_to(_: Call<'_>) -> io::Result<()> {
    Ok(())
}
#[cfg(test)]
use watch::about_to;

/// Turns an I/O error at `path` into ours.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// What lies at `path` itself, a link not followed; `None`: nothing.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    found(fs::symlink_metadata(path)).map_err(at(path))
}

/// What `path` leads to, links followed; `None`: nothing.
pub(super) fn look_behind(path: &Path) -> Result<Option<Metadata>, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    found(fs::metadata(path)).map_err(at(path))
}

/// `path` absolute and without links; `None`: it does not exist.
pub(super) fn real(path: &Path) -> Result<Option<PathBuf>, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    found(fs::canonicalize(path)).map_err(at(path))
}

/// Fails unless this process may do what `access` says with `path`.
pub(super) fn allows(path: &Path, access: Access) -> io::Result<()> {
    about_to(Call::Look(path))?;
    Ok(rustix::fs::access(path, access)?)
}

/// The mount a directory is in; `None`: a kernel before Linux 5.8.
#[cfg(target_os = "linux")]
pub(super) fn mount(directory: &Path) -> Result<Option<u64>, Error> {
    use rustix::fs::{AtFlags, CWD, StatxFlags};
    about_to(Call::Look(directory)).map_err(at(directory))?;
    let found = rustix::fs::statx(CWD, directory, AtFlags::empty(), StatxFlags::MNT_ID);
    let found = found.map_err(|errno| at(directory)(errno.into()))?;
    Ok((found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id))
}

/// Other systems have no second mount of one device.
#[cfg(not(target_os = "linux"))]
pub(super) fn mount(_: &Path) -> Result<Option<u64>, Error> {
    Ok(None)
}

/// The content of a small file of our own; `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    found(fs::read(path)).map_err(at(path))
}

/// The paths of what is in a directory; none where there is no such directory.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    about_to(Call::Look(directory)).map_err(at(directory))?;
    let Some(entries) = found(fs::read_dir(directory)).map_err(at(directory))? else {
        return Ok(Vec::new());
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(at(directory))).collect()
}

/// Whether the file at `path` holds exactly `expected`. What is read is wiped.
pub(super) fn holds(path: &Path, expected: &[u8]) -> Result<bool, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    // One byte more than expected shows that the file is longer, and the buffer never grows: a
    // reallocation would leave an unwiped copy behind.
    let limit = expected.len() + 1;
    let mut actual = Zeroizing::new(Vec::with_capacity(limit));
    let file = File::open(path).map_err(at(path))?;
    file.take(limit as u64).read_to_end(&mut actual).map_err(at(path))?;
    Ok(*actual == expected)
}

/// SHA-256 of a file, read piece by piece.
pub(super) fn digest(path: &Path) -> Result<[u8; 32], Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    let mut hasher = Sha256::new();
    let mut file = File::open(path).map_err(at(path))?;
    io::copy(&mut file, &mut hasher).map_err(at(path))?;
    Ok(hasher.finalize().into())
}

/// Creates the state directory, or finds it.
pub(super) fn make_state_directory(path: &Path) -> Result<(), Error> {
    make(path, DirBuilder::new().mode(STATE_DIRECTORY))
}

/// Creates a directory with the ordinary mode, or finds it.
pub(super) fn make_directory(path: &Path) -> Result<(), Error> {
    make(path, &DirBuilder::new())
}

fn make(path: &Path, builder: &DirBuilder) -> Result<(), Error> {
    match about_to(Call::MakeDirectory(path)).and_then(|()| builder.create(path)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(at(path)),
    }
}

/// Opens the lock file, which may be there; `None`: its directory is gone.
pub(super) fn open_lock(path: &Path) -> Result<Option<File>, Error> {
    about_to(Call::Create(path)).map_err(at(path))?;
    let mut options = OpenOptions::new();
    found(options.read(true).write(true).create(true).truncate(false).open(path)).map_err(at(path))
}

/// Opens a file to read it; `None`: there is none.
pub(super) fn open(path: &Path) -> Result<Option<File>, Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    found(File::open(path)).map_err(at(path))
}

/// Takes the lock on an open file, and says whether it was free.
pub(super) fn try_lock(path: &Path, file: &File) -> Result<bool, Error> {
    about_to(Call::Lock(path)).map_err(at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(at(path)(source)),
    }
}

/// Puts `content` in the place of what an open file at its beginning holds.
pub(super) fn overwrite(path: &Path, file: &File, content: &[u8]) -> Result<(), Error> {
    about_to(Call::Truncate(path)).map_err(at(path))?;
    file.set_len(0).map_err(at(path))?;
    Pen { path, file }.write_all(content).map_err(at(path))
}

/// Writes a file that must not exist yet, readable for its owner only, and syncs it.
///
/// `owner` is the user and group it should belong to. Only the superuser may give files away; for
/// everybody else the file stays their own, as after any editor that replaces files.
pub(super) fn write_private(
    path: &Path,
    content: &[u8],
    owner: Option<(u32, u32)>,
) -> Result<Metadata, Error> {
    about_to(Call::Create(path)).map_err(at(path))?;
    let mut options = OpenOptions::new();
    let file =
        options.write(true).create_new(true).mode(PRIVATE_FILE).open(path).map_err(at(path))?;
    let ours = file.metadata().map_err(at(path))?;
    if let Some((user, group)) = owner
        && (ours.uid(), ours.gid()) != (user, group)
    {
        about_to(Call::SetOwner(path)).map_err(at(path))?;
        match fchown(&file, Some(user), Some(group)) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                return Err(at(path)(error));
            }
            _ => {}
        }
    }
    Pen { path, file: &file }.write_all(content).map_err(at(path))?;
    about_to(Call::SyncFile(path)).map_err(at(path))?;
    file.sync_all().map_err(at(path))?;
    file.metadata().map_err(at(path))
}

/// What writes to a file, call by call.
struct Pen<'f> {
    path: &'f Path,
    file: &'f File,
}

impl Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        about_to(Call::Write(self.path, bytes))?;
        #[cfg(test)]
        let bytes = watch::shortened(bytes);
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The mode that a file created in the ordinary way gets, 0666 without the umask. The umask can only
/// be asked for by changing it, which would reach other threads; so a file is made and looked at.
pub(super) fn ordinary_mode(probe: &Path) -> Result<u32, Error> {
    remove(probe)?;
    about_to(Call::Create(probe)).map_err(at(probe))?;
    let file = File::create_new(probe).map_err(at(probe))?;
    let mode = file.metadata().map_err(at(probe))?.mode();
    remove(probe)?;
    Ok(mode & 0o7777)
}

/// Gives the file its final mode and syncs it; nothing is done where it has that mode already.
pub(super) fn release(path: &Path, mode: u32) -> Result<(), Error> {
    about_to(Call::Look(path)).map_err(at(path))?;
    // Not by an open file: a mode that is right may forbid to open it.
    if fs::symlink_metadata(path).map_err(at(path))?.mode() & 0o7777 == mode {
        return Ok(());
    }
    let file = File::open(path).map_err(at(path))?;
    about_to(Call::SetMode(path, mode)).map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    about_to(Call::SyncFile(path)).map_err(at(path))?;
    file.sync_all().map_err(at(path))
}

/// Makes content and mode of a file durable that a dead process, or a failed sync, may have left otherwise.
/// One that its mode forbids to open is left to the file system.
pub(super) fn sync_file(path: &Path) -> Result<(), Error> {
    let file = match open(path) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => None,
        opened => opened?,
    };
    let Some(file) = file else { return Ok(()) };
    about_to(Call::SyncFile(path)).map_err(at(path))?;
    file.sync_all().map_err(at(path))
}

/// Moves `from` over `to` in one step of the file system; both lie on one.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    about_to(Call::Rename(from, to)).and_then(|()| fs::rename(from, to)).map_err(at(to))
}

/// Removes a file, and says whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, Error> {
    let removed = about_to(Call::Remove(path)).and_then(|()| fs::remove_file(path));
    found(removed).map(|removed| removed.is_some()).map_err(at(path))
}

/// Removes a directory if it is there and empty.
pub(super) fn remove_empty_directory(path: &Path) -> Result<(), Error> {
    match about_to(Call::RemoveDirectory(path)).and_then(|()| fs::remove_dir(path)) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        result => found(result).map(drop).map_err(at(path)),
    }
}

/// Makes the names in a directory durable; a directory that is gone has none.
pub(super) fn sync_directory(path: &Path) -> Result<(), Error> {
    about_to(Call::SyncDirectory(path)).map_err(at(path))?;
    match found(File::open(path)).map_err(at(path))? {
        Some(directory) => directory.sync_all().map_err(at(path)),
        None => Ok(()),
    }
}

/// A file that is not there is an answer, not an error.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
