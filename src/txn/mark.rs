//! How a file is recognised after a crash: as the old one, as the new one, or as somebody's edit.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::{Error, disk};

/// What identifies one side of a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    /// There is no file.
    Absent,
    /// SHA-256 of the content. It survives what changes inode numbers: a copied repository, a network
    /// or overlay file system mounted anew.
    Digest([u8; 32]),
    /// What the file system says about a file with plain text. It gives nothing away, and takes a
    /// file for another one where inode numbers do not last – which is refused, not overwritten.
    Stamp {
        /// Bytes.
        size: u64,
        /// Inode number; the device is left out because its number may change with a reboot.
        inode: u64,
        /// Modification time: seconds and nanoseconds since 1970.
        modified: (i64, i64),
    },
}

impl Mark {
    /// The mark of content that may be known by its digest.
    pub(super) fn of(content: &[u8]) -> Self {
        Mark::Digest(Sha256::digest(content).into())
    }

    /// The mark of a file by its metadata.
    pub(super) fn stamp(file: &Metadata) -> Self {
        Mark::Stamp {
            size: file.size(),
            inode: file.ino(),
            modified: (file.mtime(), file.mtime_nsec()),
        }
    }

    /// The modification time of a stamp; `None`: another mark, or a time before 1970.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        let Mark::Stamp { modified: (seconds, nanoseconds), .. } = self else { return None };
        let since = Duration::new((*seconds).try_into().ok()?, (*nanoseconds).try_into().ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    /// Whether `path` is what this mark was made of.
    pub(super) fn matches(&self, path: &Path) -> Result<bool, Error> {
        let Some(metadata) = disk::look(path)? else { return Ok(*self == Mark::Absent) };
        Ok(match self {
            Mark::Absent => false,
            _ if !metadata.is_file() => false,
            Mark::Digest(expected) => disk::digest(path)? == *expected,
            Mark::Stamp { .. } => *self == Mark::stamp(&metadata),
        })
    }

    /// As written in a journal.
    pub(super) fn text(&self) -> String {
        match self {
            Mark::Absent => "absent".to_owned(),
            Mark::Digest(digest) => format!("sha256:{}", hex(digest)),
            Mark::Stamp { size, inode, modified: (seconds, nanoseconds) } => {
                format!("stat:{size}:{inode}:{seconds}:{nanoseconds}")
            }
        }
    }

    /// Reads what [`Mark::text`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "absent" {
            return Some(Mark::Absent);
        }
        if let Some(digits) = text.strip_prefix("sha256:") {
            return unhex(digits).map(Mark::Digest);
        }
        let fields: Vec<&str> = text.strip_prefix("stat:")?.split(':').collect();
        let [size, inode, seconds, nanoseconds] = fields[..] else { return None };
        Some(Mark::Stamp {
            size: size.parse().ok()?,
            inode: inode.parse().ok()?,
            modified: (seconds.parse().ok()?, nanoseconds.parse().ok()?),
        })
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 32 bytes of 64 lower-case hexadecimal digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes: Vec<u8> = pairs
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<_>>()?;
    if !rest.is_empty() { None } else { bytes.try_into().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_can_be_read_back() {
        let stamp = Mark::Stamp { size: u64::MAX, inode: 1, modified: (-1, 2) };
        for mark in [Mark::Absent, Mark::of(b"content"), stamp] {
            assert_eq!(Mark::parse(&mark.text()), Some(mark));
        }
        assert_eq!(Mark::parse("sha256:00"), None);
        assert_eq!(Mark::parse("stat:1:2:3"), None);
        assert_eq!(Mark::parse(""), None);
    }

    #[test]
    fn a_file_is_recognised_by_content_or_by_its_stamp() {
        let path = std::env::temp_dir().join(format!("keywright-mark-{}", std::process::id()));
        assert!(Mark::Absent.matches(&path).unwrap());
        std::fs::write(&path, "one").unwrap();
        let stamp = Mark::stamp(&std::fs::symlink_metadata(&path).unwrap());
        assert!(stamp.matches(&path).unwrap() && Mark::of(b"one").matches(&path).unwrap());
        assert!(!Mark::Absent.matches(&path).unwrap() && !Mark::of(b"two").matches(&path).unwrap());
        std::fs::write(&path, "longer").unwrap();
        assert!(!stamp.matches(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!stamp.matches(&path).unwrap() && !Mark::of(b"one").matches(&path).unwrap());
    }
}
