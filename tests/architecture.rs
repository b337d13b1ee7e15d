//! Who may import whom, who may touch the outside world, and how long a file may be.
//!
//! The package is one crate, so the compiler does not keep its rooms (top-level modules) apart; this test
//! does. It reads the tokens of every file below `src`, also those inside of macros, and looks at paths:
//! `crate::…`, `super::…` that lead to the root, grouped and renamed imports, and inline paths. A room that is
//! new to the tables below is refused until it has a place in them.

// Clippy's allowance for tests covers functions marked as tests only; here, everything is one.
#![allow(clippy::unwrap_used)]

#[path = "architecture/paths.rs"]
mod paths;
#[path = "it/proof.rs"]
mod proof;
#[path = "architecture/rules.rs"]
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{File, findings};

/// No file is longer than this, tests included: a longer one holds more than one idea.
const MOST_LINES: usize = 500;

/// Every Rust file below `src` with its path below `src`, in order.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&root).expect("it is below").to_owned();
                sources.push((below, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

#[test]
fn every_file_keeps_to_its_layer_and_its_permissions() {
    let sources = sources();
    assert!(
        sources.iter().any(|(path, _)| path == Path::new("lib.rs")),
        "the sources are elsewhere"
    );
    let mut all = Vec::new();
    for (path, text) in &sources {
        all.extend(findings(&File::new(path, text)));
        proof::record("architecture", "files keep to their layer", &path.to_string_lossy());
    }
    assert!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let lengths: Vec<_> =
        sources().iter().map(|(path, text)| (text.lines().count(), path.clone())).collect();
    let (longest, path) = lengths.iter().max().expect("there are sources");
    let fact = format!("longest file: src/{} with {longest} lines", path.display());
    proof::record("architecture", &fact, "");
    let too_long: Vec<_> = lengths.iter().filter(|(length, _)| *length > MOST_LINES).collect();
    assert!(too_long.is_empty(), "longer than {MOST_LINES} lines: {too_long:?}");
}
