//! A directory for plain text that other programs have to read: private, in memory, gone afterwards.
//!
//! ```text
//! /dev/shm/keywright-3f9c41d2a86b07e5/   0700
//!     secret.yaml                        0600
//! ```
//!
//! The first of `$XDG_RUNTIME_DIR`, `/run/user/UID` and `/dev/shm` that lies in memory (tmpfs or ramfs) is
//! taken. Where there is none, as on macOS, it is the temporary directory, and a line says so. A system that
//! swaps may still write memory to its swap space.
//!
//! The directory goes when [`Private`] is dropped, so also on a panic, and before the program ends by a
//! signal; only SIGKILL leaves it. Files are overwritten before they are removed, which is no promise
//! where a file system keeps old blocks.

mod fifo;

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::Context;
use super::signals::Watch;
use crate::secret::RandomSource;
use crate::txn::Content;

/// Whom a directory is for: user and group.
pub(crate) type Owner = (u32, u32);

/// A private directory, until it is dropped.
pub(crate) struct Private {
    folder: Arc<Folder>,
    watch: Watch,
}

/// What the program, its signals and the FIFO share.
struct Folder {
    path: PathBuf,
    /// Somebody else than the present user.
    owner: Option<Owner>,
    /// Whether files may still be made in it.
    open: Mutex<bool>,
}

impl Private {
    /// Makes a directory; for somebody else if there is an owner, which takes root.
    pub(crate) fn new(context: &mut Context, owner: Option<Owner>) -> io::Result<Private> {
        let name = name(&mut context.random);
        let places = places(context.env("XDG_RUNTIME_DIR").map(PathBuf::from));
        for place in places.iter().filter(|place| is_fit(place, owner)) {
            // Full or not writable: the next one may do.
            if let Ok(private) = Private::at(place.join(&name), owner) {
                return Ok(private);
            }
        }
        let place = context.env("TMPDIR").map_or(PathBuf::from("/tmp"), PathBuf::from);
        let private = Private::at(place.join(&name), owner)?;
        if !in_memory(&place) {
            let place = place.display();
            context.note(format!(
                "note: no directory in memory; the plain text is on the disk below {place} meanwhile"
            ));
        }
        Ok(private)
    }

    fn at(path: PathBuf, owner: Option<Owner>) -> io::Result<Private> {
        let folder = Arc::new(Folder { path, owner, open: Mutex::new(true) });
        let cleared = Arc::clone(&folder);
        // Before there is anything: a signal must find its watch.
        let watch = Watch::new(move || cleared.clear())?;
        DirBuilder::new().mode(0o700).create(&folder.path)?;
        let private = Private { folder, watch };
        private.folder.hand_over(&private.folder.path)?;
        Ok(private)
    }

    /// Takes the signals as long as the directory exists.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Where a file of that name lies.
    pub(crate) fn path(&self, name: &OsStr) -> PathBuf {
        self.folder.path.join(name)
    }

    /// Writes a file, a new one or over what is there.
    pub(crate) fn write(&self, name: &OsStr, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(content)?;
        self.folder.hand_over(&path)?;
        Ok(path)
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &OsStr) -> io::Result<Content> {
        let mut file = File::open(self.path(name))?;
        let size = file.metadata()?.len();
        // A vector that grows leaves copies behind; one byte more, to see the end without growing.
        let mut content = Zeroizing::new(Vec::with_capacity(size as usize + 1));
        file.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Makes a FIFO that gives the content to everyone who opens it, one reader after the other.
    pub(crate) fn fifo(&self, name: &OsStr, content: Content) -> io::Result<PathBuf> {
        let path = self.path(name);
        fifo::serve(Arc::clone(&self.folder), path.clone(), content)?;
        Ok(path)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.folder.clear();
    }
}

impl Folder {
    /// Removes everything, once.
    fn clear(&self) {
        let mut open = self.lock();
        if *open {
            *open = false;
            // Kept until the names are gone: else a FIFO could be opened in between, and wait for ever.
            let _readers = wipe(&self.path);
            // Whatever cannot be removed belongs to somebody who may do more than we may.
            let _ = fs::remove_dir_all(&self.path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a file of ours to the owner.
    fn hand_over(&self, path: &Path) -> io::Result<()> {
        self.owner.map_or(Ok(()), |(user, group)| chown(path, Some(user), Some(group)))
    }
}

/// Overwrites the files below a directory, and opens its FIFOs, so that nobody waits for a reader. What fails
/// here is removed anyway.
fn wipe(directory: &Path) -> Vec<File> {
    let mut readers = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() {
            readers.extend(wipe(&path));
        } else if kind.is_fifo() {
            let at_once = OFlags::NONBLOCK.bits() as i32;
            readers.extend(File::options().read(true).custom_flags(at_once).open(&path));
        } else if kind.is_file()
            && let Ok(mut file) = File::options().write(true).open(&path)
        {
            let size = file.metadata().map_or(0, |metadata| metadata.len());
            let _ = io::copy(&mut io::repeat(0).take(size), &mut file);
        }
    }
    readers
}

/// A name nobody can expect.
fn name(random: &mut dyn RandomSource) -> String {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    format!("keywright-{:016x}", u64::from_be_bytes(bytes))
}

/// Where there may be memory, the user's own first.
fn places(runtime: Option<PathBuf>) -> Vec<PathBuf> {
    let own = PathBuf::from(format!("/run/user/{}", geteuid().as_raw()));
    runtime.into_iter().chain([own, PathBuf::from("/dev/shm")]).collect()
}

/// Whether a place lies in memory, and an owner could reach what is in it.
fn is_fit(place: &Path, owner: Option<Owner>) -> bool {
    let reachable = |(user, _)| {
        fs::metadata(place).is_ok_and(|metadata| {
            metadata.uid() == user || metadata.permissions().mode() & 0o001 != 0
        })
    };
    place.is_absolute() && in_memory(place) && owner.is_none_or(reachable)
}

/// Whether a directory is on a tmpfs or ramfs; the numbers are those of statfs(2).
#[cfg(target_os = "linux")]
fn in_memory(path: &Path) -> bool {
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58f6;
    rustix::fs::statfs(path).is_ok_and(|found| [TMPFS, RAMFS].contains(&(found.f_type as u32)))
}

/// Elsewhere nothing is known to lie in memory.
#[cfg(not(target_os = "linux"))]
fn in_memory(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
