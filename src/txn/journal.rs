//! The two records of a commit in the state directory, as bytes.
//!
//! - `intent` lists what a commit makes outside of the state directory before it is decided: what
//!   going back has to remove. It is written only where there is such a thing.
//! - `journal` lists what a decided commit does: what going on has to finish.
//!
//! Both are a header, fields and a checksum, each closed by a NUL byte, the one byte no path contains:
//! any path is written as it is (`tr '\0' '\n' < journal` shows them).
//!
//! ```text
//! keywright-journal 1 ␀
//! apps/grafana/secret.sops.yaml ␀ sha256:9f86… ␀ sha256:2c26… ␀ 644 ␀ state:staged-0 ␀
//! apps/grafana/old.yaml ␀ sha256:60ac… ␀ absent ␀ 0 ␀ - ␀
//! sha256 of all bytes before, hexadecimal ␀
//! ```
//!
//! The fields of an entry: target, relative to the root; its old and its new [`Mark`]; its mode, octal;
//! where the new content is staged. No content is ever written into a record.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::mark::{self, Mark};

/// First field of a journal. The number changes whenever an older program would misread it.
const JOURNAL: &str = "keywright-journal 1";

/// First field of an intent.
const INTENT: &str = "keywright-intent 1";

/// What going back has to remove.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Intent {
    /// Directories to be made, outermost first, relative to the root.
    pub(super) directories: Vec<PathBuf>,
    /// Files to be staged beside their targets, relative to the root.
    pub(super) beside: Vec<PathBuf>,
}

/// One file of a decided commit.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// The file, relative to the root, without links.
    pub(super) target: PathBuf,
    /// What it was.
    pub(super) old: Mark,
    /// What it is going to be.
    pub(super) new: Mark,
    /// Mode bits of the new file.
    pub(super) mode: u32,
    /// The new content; `None`: the file is deleted.
    pub(super) staged: Option<Staged>,
}

impl Entry {
    /// Whether the new content is plain text, which is known by its stamp alone. It stays private until it is
    /// in its place.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.new, Mark::Stamp { .. })
    }
}

/// Where new content waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Staged {
    /// A file of this name in the state directory.
    State(String),
    /// A file of this name in the directory of the target: the state directory is on another file
    /// system, from which a file cannot be renamed.
    Beside(String),
}

impl Staged {
    /// The staged file, given the state directory and the target as a path from the working directory.
    pub(super) fn path(&self, state: &Path, target: &Path) -> PathBuf {
        match self {
            Staged::State(name) => state.join(name),
            Staged::Beside(name) => target.with_file_name(name),
        }
    }

    /// Reads what [`Staged::text`] wrote.
    fn parse(text: &str) -> Option<Self> {
        let (place, name) = text.split_once(':')?;
        // A staged file is removed and renamed: it must not be a way to any other place.
        if Path::new(name).file_name() != Some(OsStr::new(name)) {
            return None;
        }
        match place {
            "state" => Some(Staged::State(name.to_owned())),
            "beside" => Some(Staged::Beside(name.to_owned())),
            _ => None,
        }
    }

    /// As written in a journal.
    fn text(&self) -> String {
        match self {
            Staged::State(name) => format!("state:{name}"),
            Staged::Beside(name) => format!("beside:{name}"),
        }
    }
}

/// Why a record cannot be used; the message of [`super::Error::Damaged`].
pub(super) type Reason = &'static str;

impl Intent {
    /// Whether there is nothing to record.
    pub(super) fn is_empty(&self) -> bool {
        self.directories.is_empty() && self.beside.is_empty()
    }

    /// The record as bytes: the directories, an empty field, the staged files.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut record = Record::new(INTENT);
        self.directories.iter().for_each(|path| record.path(path));
        record.text("");
        self.beside.iter().for_each(|path| record.path(path));
        record.seal()
    }

    /// Reads what [`Intent::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let fields = unseal(INTENT, bytes)?;
        let middle = fields.iter().position(|f| f.is_empty()).ok_or("a field is missing")?;
        let paths = |fields: &[&[u8]]| -> Result<Vec<PathBuf>, Reason> {
            fields.iter().map(|field| path(field)).collect()
        };
        Ok(Intent { directories: paths(&fields[..middle])?, beside: paths(&fields[middle + 1..])? })
    }
}

/// The journal of `entries` as bytes.
pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut record = Record::new(JOURNAL);
    for entry in entries {
        record.path(&entry.target);
        record.text(&entry.old.text());
        record.text(&entry.new.text());
        record.text(&format!("{:o}", entry.mode));
        record.text(&entry.staged.as_ref().map_or("-".to_owned(), Staged::text));
    }
    record.seal()
}

/// Reads what [`encode`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Entry>, Reason> {
    let fields = unseal(JOURNAL, bytes)?;
    let (entries, rest) = fields.as_chunks::<5>();
    if !rest.is_empty() {
        return Err("a field is missing");
    }
    entries.iter().map(entry).collect()
}

/// One entry from its five fields.
fn entry([target, old, new, mode, staged]: &[&[u8]; 5]) -> Result<Entry, Reason> {
    let text = |field| std::str::from_utf8(field).map_err(|_| "a field is not text");
    Ok(Entry {
        target: path(target)?,
        old: Mark::parse(text(old)?).ok_or("a mark is not understood")?,
        new: Mark::parse(text(new)?).ok_or("a mark is not understood")?,
        mode: u32::from_str_radix(text(mode)?, 8).map_err(|_| "a mode is not a number")?,
        staged: match text(staged)? {
            "-" => None,
            staged => Some(Staged::parse(staged).ok_or("a staged file is not understood")?),
        },
    })
}

/// A path that stays below the root, whatever the checksum says.
fn path(field: &[u8]) -> Result<PathBuf, Reason> {
    let path = PathBuf::from(OsStr::from_bytes(field));
    let below = path.components().all(|component| matches!(component, Component::Normal(_)));
    if field.is_empty() || !below {
        return Err("a path leads outside");
    }
    Ok(path)
}

/// A record being written.
struct Record(Vec<u8>);

impl Record {
    /// A record that begins with `header`.
    fn new(header: &str) -> Self {
        let mut record = Record(Vec::new());
        record.text(header);
        record
    }

    /// Adds a field; `text` has no NUL byte.
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    /// Adds a path as it is.
    fn path(&mut self, path: &Path) {
        self.0.extend_from_slice(path.as_os_str().as_bytes());
        self.0.push(0);
    }

    /// The record with its checksum.
    fn seal(mut self) -> Vec<u8> {
        let sum = mark::hex(&Sha256::digest(&self.0));
        self.text(&sum);
        self.0
    }
}

/// The fields between header and checksum, if both are right.
fn unseal<'record>(header: &str, bytes: &'record [u8]) -> Result<Vec<&'record [u8]>, Reason> {
    let mut fields = bytes.strip_suffix(&[0]).ok_or("it is cut off")?.split(|byte| *byte == 0);
    let sum = fields.next_back().ok_or("it is cut off")?;
    let body = &bytes[..bytes.len() - sum.len() - 1];
    if sum != mark::hex(&Sha256::digest(body)).as_bytes() {
        return Err("its checksum does not match");
    }
    if fields.next() != Some(header.as_bytes()) {
        return Err("it is from another version of this program");
    }
    Ok(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry {
                target: PathBuf::from(OsStr::from_bytes(b"a/line\nbreak and \xff")),
                old: Mark::of(b"old"),
                new: Mark::of(b"new"),
                mode: 0o750,
                staged: Some(Staged::State("staged-0".to_owned())),
            },
            Entry {
                target: "b".into(),
                old: Mark::Absent,
                new: Mark::Stamp { size: 3, inode: 17, modified: (-5, 999_999_999) },
                mode: 0o644,
                staged: Some(Staged::Beside(".keywright-1-1".to_owned())),
            },
            Entry {
                target: "c".into(),
                old: Mark::of(b""),
                new: Mark::Absent,
                mode: 0,
                staged: None,
            },
        ]
    }

    #[test]
    fn records_can_be_read_back() {
        assert_eq!(decode(&encode(&entries())).unwrap(), entries());
        for (directories, beside) in [(vec!["a", "a/b"], vec!["a/b/.c"]), (vec![], vec!["x"])] {
            let intent = Intent {
                directories: directories.iter().map(PathBuf::from).collect(),
                beside: beside.iter().map(PathBuf::from).collect(),
            };
            assert_eq!(Intent::decode(&intent.encode()).unwrap(), intent);
        }
    }

    #[test]
    fn a_record_torn_or_changed_anywhere_is_recognised() {
        let whole = encode(&entries());
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "cut at {length}");
        }
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 1;
            assert!(decode(&changed).is_err(), "changed at {position}");
        }
    }

    #[test]
    fn a_record_of_another_version_is_recognised() {
        let other = Record::new("keywright-journal 2").seal();
        assert_eq!(decode(&other), Err("it is from another version of this program"));
        assert_eq!(decode(&Intent::default().encode()).unwrap_err(), decode(&other).unwrap_err());
    }

    #[test]
    fn a_path_to_the_outside_is_refused() {
        for target in ["/etc/passwd", "../x", "a/../../x", ""] {
            let mut outside = entries();
            outside[0].target = target.into();
            assert_eq!(decode(&encode(&outside)), Err("a path leads outside"), "{target}");
        }
        for name in ["../x", "a/b", "..", ""] {
            let mut outside = entries();
            outside[0].staged = Some(Staged::State(name.to_owned()));
            assert_eq!(decode(&encode(&outside)), Err("a staged file is not understood"), "{name}");
        }
    }
}
