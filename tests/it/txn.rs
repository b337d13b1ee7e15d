//! A commit that is stopped after any of its steps: the next command finds old or new, never a mixture.

/// A command with a fault in it, judged.
mod case;
/// A fault in every system call.
mod faults;
/// Old, new or mixed.
mod files;
/// No space, no rights, long names, many files.
mod limits;
/// Random moments, and protected files.
mod moments;
/// What is on the disk before what.
mod order;
/// Git's directory elsewhere.
mod places;
/// Commands at the same time.
mod rivals;
/// A small repository.
mod small;
/// System calls, recorded and disturbed.
pub(crate) mod trace;

use keywright::txn::{Change, Content, Holder, Plan, Store, Wait};

use crate::proof;
use crate::sandbox::Sandbox;

const CHANGED: &str = "nerv/main/cluster/apps/grafana/ks.yaml";
const REMOVED: &str = "nerv/main/cluster/apps/app-template.yaml";
const ADDED: &str = "nerv/main/cluster/apps/new/thing.yaml";
const SECRET: &str = "nerv/main/cluster/apps/grafana/app/secret.yaml";

/// A changed, a removed and a new file.
fn plan(sandbox: &Sandbox) -> Plan {
    let content = |text: String| Some(Content::new(text.into_bytes()));
    let mut plan = Plan::new();
    for (path, old, new) in [
        (CHANGED, content(sandbox.read(CHANGED)), content("kind: New\n".to_owned())),
        (REMOVED, content(sandbox.read(REMOVED)), None),
        (ADDED, None, content("kind: Added\n".to_owned())),
    ] {
        plan.push(Change { path: path.into(), old, new, plain: false }).unwrap();
    }
    plan
}

/// Runs the first steps of a commit and stops as a kill would; says whether it was stopped before its end.
fn stop_after(steps: usize, sandbox: &Sandbox) -> bool {
    let plan = plan(sandbox);
    let store = Store::open(&sandbox.work()).unwrap();
    let holder = Holder::this_process("a test", "2026-01-02T03:04:05Z");
    let mut lock = store.lock(&holder, Wait::Immediately).unwrap();
    let mut transaction = lock.begin(&plan).unwrap();
    for _ in 0..steps {
        if transaction.step().unwrap().is_none() {
            return false;
        }
    }
    transaction.abandon();
    true
}

#[test]
fn the_next_command_leaves_old_or_new() {
    let (mut outcomes, mut told) = (Vec::new(), 0);
    for steps in 0.. {
        let sandbox = Sandbox::nerv();
        let old = sandbox.snapshot();
        if !stop_after(steps, &sandbox) {
            break;
        }
        let outcome = sandbox.keywright(["decrypt", SECRET]).go().success();
        let changed = sandbox.snapshot().changed(&old);
        if changed.is_empty() {
            outcomes.push("old");
        } else {
            told += usize::from(outcome.stderr().contains("finished an interrupted change"));
            assert_eq!(sandbox.read(CHANGED), "kind: New\n", "after {steps} steps");
            assert_eq!(sandbox.read(ADDED), "kind: Added\n", "after {steps} steps");
            assert!(!sandbox.path(REMOVED).exists(), "after {steps} steps");
            outcomes.push("new");
        }
        // A free lock means nothing; staged content and journals do. A reader does not wait to clean up after a
        // commit that never was, and a process that another test is just starting may hold the lock of this
        // one for a moment: then the next reader does it.
        let left = || {
            let left = std::fs::read_dir(sandbox.path(".git/keywright")).into_iter().flatten();
            left.map(|entry| entry.unwrap().file_name()).filter(|name| name != "lock").count()
        };
        let clean = (0..20).any(|_| {
            left() == 0 || {
                sandbox.keywright(["decrypt", SECRET]).go().success();
                false
            }
        });
        assert!(clean, "after {steps} steps");
        proof::record("transactions", "commit stopped and recovered", &steps.to_string());
    }
    assert!(outcomes.len() > 12, "{outcomes:?}");
    assert!(told > 3, "recovery says what it did");
    // Once decided, never back.
    assert!(outcomes.is_sorted_by_key(|outcome| *outcome == "new"), "{outcomes:?}");
    assert!(outcomes.contains(&"old") && outcomes.contains(&"new"), "{outcomes:?}");
}

#[test]
fn a_command_that_finds_the_lock_taken_names_its_holder() {
    let sandbox = Sandbox::nerv();
    let store = Store::open(&sandbox.work()).unwrap();
    let holder = Holder::this_process("a test", "2026-01-02T03:04:05Z");
    let lock = store.lock(&holder, Wait::Immediately).unwrap();
    let before = sandbox.snapshot();
    let outcome = sandbox.keywright(["decrypt", "-i", SECRET]).go().code(3);
    outcome.complains("a test").complains("2026-01-02T03:04:05Z");
    assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
    drop(lock);
    sandbox.keywright(["decrypt", "-i", SECRET]).go().success();
}
