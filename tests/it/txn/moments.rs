//! `db provision` killed at random moments, and files and directories that it may not write: all six files or none.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::files::{Change, Files, leftovers};
use super::trace::KEYWRIGHT;
use crate::proof;
use crate::sandbox::{Outcome, Run, Sandbox};

const PROVISION: [&str; 3] = ["db", "provision", "grafana"];
const CLUSTER: &str = "nerv/main/cluster/apps/shared/postgres/app/postgres-cluster.yaml";

/// How often it is killed.
const KILLS: u64 = 200;

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>), for moments that are the same in each run of the tests.
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The two states of the sample, and how long the way from the one to the other takes.
fn provision() -> (Change, Duration) {
    let sandbox = Sandbox::nerv();
    let old = Files::of(&sandbox.work());
    let start = Instant::now();
    sandbox.keywright(PROVISION).go().success();
    let change = Change { old, new: Files::of(&sandbox.work()), exact: false };
    assert_eq!(change.old.changed(&change.new).len(), 6);
    (change, start.elapsed())
}

#[test]
fn a_kill_at_any_moment_leaves_no_half_of_a_database() {
    let (change, time) = provision();
    let next = AtomicU64::new(0);
    let killed = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let sandbox = Sandbox::nerv();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= KILLS {
                        break;
                    }
                    let most = u64::try_from(time.as_micros()).unwrap();
                    let after = Duration::from_micros(random(number) % most);
                    killed.fetch_add(u64::from(kill(&sandbox, after)), Ordering::Relaxed);
                    // Whoever comes next, be it a reader, finds whole databases.
                    let check = sandbox.keywright(["check"]).go();
                    assert!(matches!(check.status.code(), Some(0 | 1)), "{}", check.describe());
                    let outcome = change.outcome(&sandbox.work());
                    assert_ne!(outcome, "mixed", "killed after {after:?}\n{}", check.describe());
                    assert_eq!(leftovers(&sandbox.path(".git/keywright")), [""; 0]);
                    proof::record(
                        "moments",
                        &format!("killed, then {outcome}"),
                        &number.to_string(),
                    );
                    change.old.restore(&sandbox.work());
                }
            });
        }
    });
    let killed = killed.into_inner();
    assert!(killed > KILLS / 2, "only {killed} were killed before they were done");
}

/// Starts the command and kills it after some time; says whether it was still there.
fn kill(sandbox: &Sandbox, after: Duration) -> bool {
    let mut command = sandbox.run(KEYWRIGHT).args(PROVISION).command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}

/// A command as a user to whom permissions mean something: the one who runs the tests, or nobody in the place of root.
fn ordinary<'a>(sandbox: &'a Sandbox, program: &str) -> Run<'a> {
    if !rustix::process::geteuid().is_root() {
        return sandbox.run(program);
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups", program];
    sandbox.run("setpriv").args(user)
}

/// The sample as that user's, with a copy of the program, whose directory may be root's alone.
fn ordinary_sandbox() -> Sandbox {
    let sandbox = Sandbox::nerv();
    let program = sandbox.home().join("keywright");
    std::fs::copy(KEYWRIGHT, program).unwrap();
    if rustix::process::geteuid().is_root() {
        let root = sandbox.work().with_file_name("");
        sandbox.run("chown").args(["-R", "65534:65534"]).arg(root).go().success();
    }
    sandbox
}

#[track_caller]
fn refused<'a>(sandbox: &'a Sandbox, mode: &str, path: &str) -> Outcome<'a> {
    ordinary(sandbox, "chmod").args([mode, path]).go().success();
    let before = sandbox.snapshot();
    let program = sandbox.home().join("keywright");
    let outcome = ordinary(sandbox, &program.to_string_lossy()).args(PROVISION).go().code(2);
    before.assert_untouched(&sandbox.snapshot());
    assert_eq!(leftovers(&sandbox.path(".git/keywright")), [""; 0]);
    outcome
}

#[test]
fn a_protected_file_stops_all_six() {
    let sandbox = ordinary_sandbox();
    refused(&sandbox, "a-w", CLUSTER).complains(CLUSTER).complains("ermission denied");
    // It was only that.
    ordinary(&sandbox, "chmod").args(["u+w", CLUSTER]).go().success();
    let program = sandbox.home().join("keywright");
    ordinary(&sandbox, &program.to_string_lossy()).args(PROVISION).go().success();
}

#[test]
fn a_protected_folder_stops_all_six() {
    let folder = "nerv/main/cluster/apps/grafana";
    refused(&ordinary_sandbox(), "a-w", folder).complains(folder).complains("ermission denied");
}
