//! A named pipe that gives the same content to every reader.
//!
//! A pipe that has been read cannot be opened again by its writer: a reader that is not quite done would get
//! the content twice. So as soon as a reader has come, a fresh pipe takes the name, and the reader keeps the
//! old one to itself. Two programs that open the name in the same instant would share one; readers one after
//! the other, and one program that opens it again, do not, because nobody reads anything before the name is
//! renewed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::Folder;
use crate::txn::Content;

/// Makes the FIFO and serves it in the background, until the folder is cleared.
pub(super) fn serve(folder: Arc<Folder>, path: PathBuf, content: Content) -> io::Result<()> {
    make(&folder, &path)?;
    let content = Arc::new(content);
    thread::spawn(move || {
        // Opening waits for a reader; clearing the folder is one, to end the wait.
        while let Ok(mut reader) = OpenOptions::new().write(true).open(&path) {
            if !renew(&folder, &path) {
                break;
            }
            let content = Arc::clone(&content);
            // Apart, as a pipe takes 64 KiB and a reader may open a second one before it goes on.
            // One that goes away early misses nothing that it wants.
            thread::spawn(move || drop(reader.write_all(&content)));
        }
    });
    Ok(())
}

/// Puts a fresh FIFO in the place of the one that has a reader now. `false` once the folder is cleared.
fn renew(folder: &Folder, path: &Path) -> bool {
    let open = folder.lock();
    let mut next = path.as_os_str().to_owned();
    next.push(".next");
    let next = PathBuf::from(next);
    *open && make(folder, &next).and_then(|()| fs::rename(&next, path)).is_ok()
}

#[cfg(not(target_vendor = "apple"))]
fn make(folder: &Folder, path: &Path) -> io::Result<()> {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600))?;
    folder.hand_over(path)
}

/// The safe interface to the system lacks the call here, and POSIX has a program for it.
#[cfg(target_vendor = "apple")]
fn make(folder: &Folder, path: &Path) -> io::Result<()> {
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(path).status()?;
    if !made.success() {
        return Err(io::Error::other("`mkfifo` failed"));
    }
    folder.hand_over(path)
}
