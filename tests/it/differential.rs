//! Random documents, encrypted and decrypted by sops and by us in every combination.
//!
//! For every generated file, with `E` and `D` for sops and `e` and `d` for us:
//!
//! * `D(e(file))` and `D(E(file))` have the same values and comments, and sops warns of nothing;
//! * `d(E(file))` has the values and comments of `D(E(file))`;
//! * `d(e(file))` is the file, byte for byte (where aliases were written out, its values);
//! * `e(file)` and `E(file)` have tokens of the same types in the same order.
//!
//! A *case* is a top-level entry with all that is in it and above it: a YAML entry, a JSON member, a dotenv
//! variable, an INI section; or a whole binary file. One to ten of them are put into a file, because a start
//! of sops costs more than all the rest, and the properties above are demanded of the file. Cases count, the
//! files are about a fifth of that. `KEYWRIGHT_CASES` is their number, `KEYWRIGHT_SEED` draws others; a failure
//! prints the seed and the smallest file that still fails.

mod draw;
mod flat;
mod json;
mod sample;
mod shrink;
mod trial;
mod yaml;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::proof;
use draw::Draw;
use sample::{Format, Sample};
use trial::{Trial, Verdict};

/// The seed of a run without `KEYWRIGHT_SEED`: the same everywhere, so that a failure comes with a change.
const SEED: u64 = 20_310_102;

/// The cases of a run without `KEYWRIGHT_CASES`, per hundred of which the formats get their share.
const CASES: usize = 2_400;

/// Failures that a run collects and makes small.
const REPORTED: usize = 5;

fn number(variable: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{variable} is not a number"))
}

/// Tries files of a format until there were enough cases, on every processor.
#[track_caller]
fn try_format(format: Format, share: usize) {
    let seed = number("KEYWRIGHT_SEED", SEED);
    let wanted = usize::try_from(number("KEYWRIGHT_CASES", CASES as u64)).unwrap() * share / 100;
    let [next, cases, lost] = [(); 3].map(|()| AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    let work = || {
        let trial = Trial::new();
        while cases.load(Ordering::Relaxed) < wanted && failed.lock().unwrap().len() < REPORTED {
            let file = next.fetch_add(1, Ordering::Relaxed);
            let sample = Sample::draw(format, &mut Draw::new(seed, file as u64));
            cases.fetch_add(sample.cases(), Ordering::Relaxed);
            match trial.run(&sample) {
                Verdict::Agree => {}
                Verdict::LostBySops => _ = lost.fetch_add(1, Ordering::Relaxed),
                Verdict::Differ(reason) => failed.lock().unwrap().push((file, sample, reason)),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    let mut report = String::new();
    for (file, sample, reason) in failed.into_inner().unwrap() {
        let trial = Trial::new();
        let (small, reason) = shrink::shrink(&trial, sample, reason);
        let (flags, bytes) = (&small.flags, small.bytes());
        let text = String::from_utf8_lossy(&bytes);
        report += &format!(
            "\n=== file {file}, flags {flags:?}: {reason}\n--- smallest file\n{text}\n--- {text:?}\n"
        );
    }
    assert!(report.is_empty(), "KEYWRIGHT_SEED={seed}{report}");
    let (files, cases, lost) = (next.into_inner(), cases.into_inner(), lost.into_inner());
    assert!(lost * 10 <= files, "sops cannot decrypt {lost} of its own {files} files");
    let subject = format!("{format:?}: {cases} cases in {files} files, seed {seed}");
    proof::record("differential", "format with random documents both ways", &subject);
}

#[test]
fn yaml() {
    try_format(Format::Yaml, 55);
}

#[test]
fn json() {
    try_format(Format::Json, 20);
}

#[test]
fn dotenv() {
    try_format(Format::Dotenv, 12);
}

#[test]
fn ini() {
    try_format(Format::Ini, 11);
}

#[test]
fn binary() {
    try_format(Format::Binary, 2);
}
