//! What is different from sops on purpose: one test for every row of the table in `docs/sops-compatibility.md`,
//! named after the row's id, with `_` for `-`.
//!
//! Each takes the same steps with the real sops and with ours, and shows that both do what the row says.

mod command_line;
mod documents;
mod keys;
mod runs;

use std::collections::BTreeSet;

use crate::drop_in::Stage;
use crate::reference;
use crate::sandbox::Outcome;

/// The page with the table.
const PAGE: &str = include_str!("../../docs/sops-compatibility.md");

/// The files with the tests of the rows.
const TESTS: [&str; 4] = [
    include_str!("deviations/command_line.rs"),
    include_str!("deviations/documents.rs"),
    include_str!("deviations/keys.rs"),
    include_str!("deviations/runs.rs"),
];

/// A secret that no message may quote.
const CANARY: &str = "TESTonlyCanary";

#[test]
fn every_row_has_its_test_and_every_test_its_row() {
    let (_, table) = PAGE.split_once("\n## What is different on purpose\n").unwrap();
    let ids = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let rows: Vec<String> = ids.map(|(id, _)| id.replace('-', "_")).collect();
    let names = TESTS.iter().flat_map(|file| file.split("\n#[test]\nfn ").skip(1));
    let tests = names.map(|test| test.split('(').next().unwrap().to_owned());
    assert_eq!(rows.iter().cloned().collect::<BTreeSet<_>>(), tests.collect());
    assert_eq!(rows.len(), rows.iter().collect::<BTreeSet<_>>().len(), "an id stands twice");
}

/// Writes a file that the real sops has encrypted by the stage's rule, whichever program the stage has.
#[track_caller]
fn given(stage: &Stage, name: &str, plain: impl AsRef<[u8]>) {
    given_by(reference::versions("sops")[0], stage, name, plain);
}

/// The same by one of the versions of sops.
#[track_caller]
fn given_by(version: &str, stage: &Stage, name: &str, plain: impl AsRef<[u8]>) {
    stage.sandbox.write(name, plain);
    let sops = stage.sandbox.run(reference::sops(version));
    sops.args(["--encrypt", "--in-place", name]).go().success();
}

/// What the real sops decrypts a file to.
#[track_caller]
fn shown(stage: &Stage, name: &str) -> String {
    let sops = stage.sandbox.run(reference::current_sops());
    sops.args(["decrypt", name]).go().success().stdout()
}

/// Runs a command line that leads to a message about a secret, and demands that the message of sops has the
/// canary and that nothing of ours has, but for the files in `holding`.
#[track_caller]
fn quoted_by_sops_alone<'a>(stage: &'a Stage, args: &[&str], holding: &[&str]) -> Outcome<'a> {
    if stage.ours {
        let outcome = stage.sandbox.keywright(["sops"]).args(args).go();
        stage.sandbox.assert_no_trace_of(CANARY, holding);
        outcome
    } else {
        stage.sops(args).go().complains(CANARY)
    }
}
