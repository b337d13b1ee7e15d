//! What a run proved, for the report of `scripts/test`, which counts the different subjects per fact.

use std::fs::{OpenOptions, create_dir_all};
use std::io::Write;
use std::path::Path;

/// Notes that `fact` was shown for each of `subjects`, as the integration tests do: lines of
/// `FACT<tab>SUBJECT`, appended to `target/proof/THEME.log`.
pub(super) fn record(theme: &str, fact: &str, subjects: impl IntoIterator<Item = String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proof");
    create_dir_all(&folder).unwrap();
    let lines: String =
        subjects.into_iter().map(|subject| format!("{fact}\t{subject}\n")).collect();
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("{theme}.log")))
        .unwrap();
    log.write_all(lines.as_bytes()).unwrap();
}
