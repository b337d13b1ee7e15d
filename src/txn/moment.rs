//! Whether somebody committed while files were read, for readers, who take no lock.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::mark::Mark;
use super::{Error, JOURNAL, disk};

/// What the directories of a store look like, to be taken before files are read and compared with what it is
/// afterwards.
///
/// Every commit makes and removes the state directory, or names in it, and thereby changes the time of that
/// directory or of the one it is in. Two equal moments have no commit between them, if the first was settled, or
/// had lasted for [`Moment::RESOLUTION`]: a change within the resolution of the clock would not show.
#[derive(Debug, Eq, PartialEq)]
pub struct Moment {
    /// The directory that the state directory is in, and the state directory; `None`: not there.
    directories: [Option<Mark>; 2],
    /// Whether files may be half old and half new.
    pending: bool,
}

impl Moment {
    /// A file system notes times with this resolution or a better one: the tick of the kernel is 10 ms at most
    /// (`CONFIG_HZ=100`).
    pub const RESOLUTION: Duration = Duration::from_millis(20);

    /// The present one of a state directory.
    pub(super) fn of(state: &Path) -> Result<Self, Error> {
        let stamp = |path| Ok::<_, Error>(disk::look(path)?.as_ref().map(Mark::stamp));
        // The journal last: a commit that is decided after this look changes the directories.
        Ok(Moment {
            directories: [stamp(state.parent().unwrap_or(state))?, stamp(state)?],
            pending: disk::look(&state.join(JOURNAL))?.is_some(),
        })
    }

    /// Whether files can be read now: none is half replaced, and every later commit will show.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let recent = |mark: &Mark| {
            let age = mark.modified().and_then(|then| now.duration_since(then).ok());
            age.is_none_or(|age| age < Self::RESOLUTION)
        };
        !self.pending && !self.directories.iter().flatten().any(recent)
    }
}
