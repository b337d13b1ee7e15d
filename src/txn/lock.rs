//! One commit at a time: the lock of a store.
//!
//! The lock is the operating system's (`flock`) on the file `lock` in the state directory. It belongs to
//! the open file, so the system itself releases it when the process ends, however it ends: the lock
//! of a dead process needs no taking over, and nothing is ever decided by the text in the file. That
//! text only tells people who holds it:
//!
//! ```text
//! pid 4711
//! command db provision grafana
//! since 2026-03-01T12:00:00Z
//! ```
//!
//! Limits: the lock binds only those who ask for it, that is this program; on network file systems it
//! is as good as their `flock`. A holder is unnamed for the instant between lock and text.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Error, disk};

/// Pause between two attempts to get a lock that is held.
const PAUSE: Duration = Duration::from_millis(20);

/// More text than this in a lock file is not ours; bytes.
const TEXT_LIMIT: u64 = 4096;

/// Who holds a lock, for the message to whoever waits for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// The command as the user would recognise it, without values.
    pub command: String,
    /// When the command began, RFC 3339.
    pub since: String,
}

impl Holder {
    /// This process, running `command` since `since` (RFC 3339).
    pub fn this_process(command: &str, since: &str) -> Self {
        Holder { pid: std::process::id(), command: one_line(command), since: one_line(since) }
    }

    /// The text of a lock file.
    fn text(&self) -> String {
        let Holder { pid, command, since } = self;
        format!("pid {pid}\ncommand {command}\nsince {since}\n")
    }

    /// Reads the text of a lock file; `None`: nobody wrote it, or not we.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.strip_prefix("pid ")?.parse().ok()?;
        let command = one_line(lines.next()?.strip_prefix("command ")?);
        let since = one_line(lines.next()?.strip_prefix("since ")?);
        Some(Holder { pid, command, since })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (process {}, since {})", self.command, self.pid, self.since)
    }
}

/// What to do while another process holds the lock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// Give up at once.
    Immediately,
    /// Give up after about this time.
    UpTo(Duration),
    /// Until it is free, as `sops` users expect of a command that never knew locks.
    UntilFree,
}

/// Creates `state` if need be, and takes the lock in it; the holder is to be named next.
pub(super) fn acquire(state: &Path, wait: Wait) -> Result<File, Error> {
    let path = state.join(super::LOCK);
    let mut attempts = match wait {
        Wait::Immediately => Some(0),
        // Counting pauses instead of reading a clock keeps the clock where it belongs, with the caller.
        Wait::UpTo(time) => Some(time.as_millis().div_ceil(PAUSE.as_millis())),
        Wait::UntilFree => None,
    };
    loop {
        disk::make_state_directory(state)?;
        // `None`: the former holder removed the directory between the two calls.
        let Some(file) = disk::open_lock(&path)? else { continue };
        if disk::try_lock(&path, &file)? {
            // The former holder removes the file while it holds it; whoever opened it before then
            // holds a lock on a file without a name, which excludes nobody.
            if file.metadata().map_err(disk::at(&path))?.nlink() == 0 {
                continue;
            }
            return Ok(file);
        }
        match &mut attempts {
            Some(0) => return Err(Error::Locked { path, holder: read_holder(file) }),
            Some(left) => *left -= 1,
            None => {}
        }
        thread::sleep(PAUSE);
    }
}

/// Names the holder of the lock on `file`, in the place of whatever a dead process left there.
pub(super) fn name_holder(state: &Path, file: &File, holder: &Holder) -> Result<(), Error> {
    disk::overwrite(&state.join(super::LOCK), file, holder.text().as_bytes())
}

/// Who holds the lock in `state` at the moment; `Some(None)`: somebody who cannot be named.
pub(super) fn holder(state: &Path) -> Result<Option<Option<Holder>>, Error> {
    let path = state.join(super::LOCK);
    let Some(file) = disk::open(&path)? else { return Ok(None) };
    // Free again as soon as the file is closed.
    Ok(if disk::try_lock(&path, &file)? { None } else { Some(read_holder(file)) })
}

/// Who holds the lock on `file`, if that can be read.
fn read_holder(file: File) -> Option<Holder> {
    let mut text = String::new();
    file.take(TEXT_LIMIT).read_to_string(&mut text).ok()?;
    Holder::parse(&text)
}

/// `text` on one line and without control characters: it is shown on other people's terminals.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_can_be_read_back() {
        let holder = Holder::this_process("db provision\ngrafana\x1b[2J", "2026-03-01T12:00:00Z");
        assert_eq!(holder.command, "db provision grafana [2J");
        let state = std::env::temp_dir().join(format!("keywright-holder-{}", std::process::id()));
        let long = Holder { command: "x".repeat(200), ..holder.clone() };
        for holder in [long, holder] {
            let file = acquire(&state, Wait::Immediately).unwrap();
            name_holder(&state, &file, &holder).unwrap();
            let read = read_holder(File::open(state.join("lock")).unwrap());
            assert_eq!(read, Some(holder));
        }
        std::fs::remove_dir_all(&state).unwrap();
    }

    #[test]
    fn foreign_text_names_nobody() {
        assert_eq!(Holder::parse(""), None);
        assert_eq!(Holder::parse("pid x\ncommand a\nsince b\n"), None);
        assert_eq!(Holder::parse("4711\n"), None);
    }
}
