//! The system calls of a commit, each with its path in the error.
//!
//! Everything in this room that changes a disk goes through these functions, and nothing else calls
//! them: here is where the order of calls can be watched and where faults can be put in.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use zeroize::Zeroizing;

use super::Error;

/// Mode of the state directory: staged content and the names in the journal are nobody else's.
const PRIVATE_DIRECTORY: u32 = 0o700;

/// Mode of a staged file until it is released.
const PRIVATE_FILE: u32 = 0o600;

/// Turns an I/O error at `path` into ours.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// What lies at `path` itself, a link not followed; `None`: nothing.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, Error> {
    found(fs::symlink_metadata(path)).map_err(at(path))
}

/// The content of a small file of our own; `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    found(fs::read(path)).map_err(at(path))
}

/// Whether the file at `path` holds exactly `expected`. What is read is wiped.
pub(super) fn holds(path: &Path, expected: &[u8]) -> Result<bool, Error> {
    // One byte more than expected shows that the file is longer, and the buffer never grows: a
    // reallocation would leave an unwiped copy behind.
    let limit = expected.len() + 1;
    let mut actual = Zeroizing::new(Vec::with_capacity(limit));
    let file = File::open(path).map_err(at(path))?;
    file.take(limit as u64).read_to_end(&mut actual).map_err(at(path))?;
    Ok(*actual == expected)
}

/// Creates the state directory, or finds it.
pub(super) fn make_private_directory(path: &Path) -> Result<(), Error> {
    match DirBuilder::new().mode(PRIVATE_DIRECTORY).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(at(path)),
    }
}

/// Creates a directory with the ordinary mode, or finds it.
pub(super) fn make_directory(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(at(path)),
    }
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
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(PRIVATE_FILE).open(path).map_err(at(path))?;
    let ours = file.metadata().map_err(at(path))?;
    if let Some((user, group)) = owner
        && (ours.uid(), ours.gid()) != (user, group)
    {
        match fchown(&file, Some(user), Some(group)) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                return Err(at(path)(error));
            }
            _ => {}
        }
    }
    file.write_all(content).map_err(at(path))?;
    file.sync_all().map_err(at(path))?;
    file.metadata().map_err(at(path))
}

/// The mode that a file created in the ordinary way gets, 0666 without the umask. The umask can only
/// be asked for by changing it, which would reach other threads; so a file is made and looked at.
pub(super) fn ordinary_mode(probe: &Path) -> Result<u32, Error> {
    remove(probe)?;
    let file = File::create_new(probe).map_err(at(probe))?;
    let mode = file.metadata().map_err(at(probe))?.mode();
    remove(probe)?;
    Ok(mode & 0o7777)
}

/// Gives the file its final mode and syncs it; nothing is done where it has that mode already.
pub(super) fn release(path: &Path, mode: u32) -> Result<(), Error> {
    let now = fs::symlink_metadata(path).map_err(at(path))?;
    if now.mode() & 0o7777 == mode {
        return Ok(());
    }
    let file = File::open(path).map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(mode)).map_err(at(path))?;
    file.sync_all().map_err(at(path))
}

/// Moves `from` over `to` in one step of the file system; both lie on one.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(at(to))
}

/// Removes a file, and says whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, Error> {
    found(fs::remove_file(path)).map(|removed| removed.is_some()).map_err(at(path))
}

/// Removes a directory if it is there and empty.
pub(super) fn remove_empty_directory(path: &Path) -> Result<(), Error> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        result => found(result).map(drop).map_err(at(path)),
    }
}

/// Makes the names in a directory durable; a directory that is gone has none.
pub(super) fn sync_directory(path: &Path) -> Result<(), Error> {
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
