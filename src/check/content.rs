//! The bytes of a file: text that rules can look at, or why not.
//!
//! | bytes | |
//! |---|---|
//! | UTF-8 without NUL | looked at |
//! | UTF-16, larger than the limit, not readable | told |
//! | anything else that is no text, a pointer of Git LFS | told of a manifest, which has to be text; else passed over |

use std::io;
use std::path::Path;

use super::{MOST_BYTES, is_manifest};

/// How UTF-16 begins, in either byte order.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// How the file begins that stands in Git for one that is kept elsewhere
/// (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How much of a file decides whether it is binary, as with Git.
const BINARY_BYTES: usize = 8000;

/// What a file holds.
pub(super) enum Content {
    /// Text.
    Text(String),
    /// Nothing for a rule.
    Passed,
    /// It cannot be looked at, for this reason.
    Unchecked(String),
}

impl Content {
    /// Judges what was read.
    pub(super) fn of(path: &Path, read: io::Result<Vec<u8>>) -> Content {
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return Content::Unchecked(format!("cannot be read: {error}")),
        };
        let of_manifest = |reason: &str| match is_manifest(path) {
            true => Content::Unchecked(reason.to_owned()),
            false => Content::Passed,
        };
        if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
            return Content::Unchecked("encoded as UTF-16; save it as UTF-8".to_owned());
        }
        if bytes.starts_with(LFS) {
            return of_manifest("only its pointer is here; Git LFS has it elsewhere");
        }
        if bytes.len() as u64 > MOST_BYTES {
            let reason = format!("larger than {} MiB", MOST_BYTES >> 20);
            let is_binary = bytes.iter().take(BINARY_BYTES).any(|byte| *byte == 0);
            return if is_binary { of_manifest(&reason) } else { Content::Unchecked(reason) };
        }
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Content::Text(text),
            _ => of_manifest("not text in UTF-8"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of bytes under a name.
    fn judged(name: &str, bytes: &[u8]) -> String {
        match Content::of(Path::new(name), Ok(bytes.to_vec())) {
            Content::Text(_) => "text".to_owned(),
            Content::Passed => "passed".to_owned(),
            Content::Unchecked(reason) => reason,
        }
    }

    #[test]
    fn what_is_no_text_is_passed_over_or_told_of_a_manifest() {
        for bytes in [&b"\x89PNG\0\0"[..], b"a\xff", b"a\0b"] {
            assert_eq!(judged("a.png", bytes), "passed");
            assert_eq!(judged("a.yaml", bytes), "not text in UTF-8");
        }
        assert_eq!(judged("a.txt", "ä\r\n".as_bytes()), "text");
        assert_eq!(judged("a", b""), "text");
    }

    #[test]
    fn a_pointer_is_not_the_file() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
        assert_eq!(judged("a.png", pointer), "passed");
        assert!(judged("a.yaml", pointer).starts_with("only its pointer is here"));
    }

    #[test]
    fn text_in_other_encodings_and_large_text_is_told_whatever_its_name() {
        assert!(judged("a.env", b"\xff\xfeA\0").starts_with("encoded as UTF-16"));
        let mut large = vec![b'#'; MOST_BYTES as usize + 1];
        assert_eq!(judged("a.sql", &large), "larger than 16 MiB");
        large[7] = 0;
        assert_eq!(judged("a.bin", &large), "passed");
        assert_eq!(judged("a.json", &large), "larger than 16 MiB");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let read = Err(io::ErrorKind::PermissionDenied.into());
        let content = Content::of(Path::new("a.env"), read);
        assert!(
            matches!(content, Content::Unchecked(reason) if reason.starts_with("cannot be read: "))
        );
    }
}
