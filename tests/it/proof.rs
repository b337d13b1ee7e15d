//! What a run proved, beyond the number of its tests.
//!
//! A test appends a line per proven fact to `target/proof/THEME.log`; `scripts/test` empties that folder
//! before the tests and counts the lines after them, so its report comes from the run itself.

use std::fs::{OpenOptions, create_dir_all};
use std::io::Write;
use std::path::Path;

/// Notes that `fact` was shown for `subject`, for example that a version of sops reads a certain file.
///
/// The report counts the different subjects per fact. A subject is one line, without secrets.
pub(crate) fn record(theme: &str, fact: &str, subject: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proof");
    create_dir_all(&folder).unwrap();
    // One write of a whole line in append mode: tests in parallel do not tear each other's lines.
    // A generated document may be a name; the report counts lines.
    let line = format!("{fact}\t{}\n", subject.escape_debug());
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("{theme}.log")))
        .unwrap();
    log.write_all(line.as_bytes()).unwrap();
}
