//! `keywright recover`, and what every other command does and says about an interrupted change.

use std::fs;

use keywright::txn::{Change, Content, Holder, Plan, Store, Wait};

use crate::sandbox::Sandbox;

const ONE: &str = "nerv/main/cluster/apps/grafana/ks.yaml";
const TWO: &str = "nerv/main/cluster/apps/paperless/ks.yaml";

/// Steps of the commit after which it is not decided, and after which one of two files is replaced.
const UNDECIDED: usize = 3;
const HALF: usize = 10;

/// A change of two files, stopped after some steps as a kill would.
fn interrupt(sandbox: &Sandbox, steps: usize) {
    let store = Store::open(&sandbox.work()).unwrap();
    let holder = Holder::this_process("a test", "2026-01-02T03:04:05Z");
    let mut lock = store.lock(&holder, Wait::UntilFree).unwrap();
    let mut plan = Plan::new();
    for path in [ONE, TWO] {
        let old = Some(Content::new(sandbox.read(path).into_bytes()));
        let new = Some(Content::new(b"kind: New\n".to_vec()));
        plan.push(Change { path: path.into(), old, new, plain: false }).unwrap();
    }
    let mut transaction = lock.begin(&plan).unwrap();
    for _ in 0..steps {
        transaction.step().unwrap().unwrap();
    }
    transaction.abandon();
    let new = [ONE, TWO].iter().filter(|path| sandbox.read(path) == "kind: New\n").count();
    assert_eq!(new, usize::from(steps == HALF));
}

#[test]
fn it_finishes_what_was_decided_and_undoes_what_was_not() {
    for (steps, verb, past, new) in
        [(HALF, "finish", "finished", true), (UNDECIDED, "undo", "undid", false)]
    {
        let sandbox = Sandbox::nerv();
        interrupt(&sandbox, steps);
        let before = sandbox.snapshot();
        let would = format!("dry run: would {verb} a change of 2 files");
        sandbox.keywright(["recover", "--dry-run"]).go().success().prints(&would);
        assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
        let said = format!("{past} an interrupted change of 2 files");
        sandbox.keywright(["recover"]).go().success().prints(&said);
        assert_eq!(sandbox.read(TWO) == "kind: New\n", new);
        assert_eq!(sandbox.read(ONE) == "kind: New\n", new);
        assert!(!sandbox.path(".git/keywright").exists());
        for args in [&["recover"][..], &["recover", "--dry-run"]] {
            sandbox.keywright(args).go().success().prints("nothing to recover");
        }
        sandbox.keywright(["recover", "--discard"]).go().success().prints("nothing to discard");
    }
}

#[test]
fn every_other_command_recovers_first_and_says_so_in_a_line() {
    for args in [
        &["check"][..],
        &["decrypt", "nerv/main/cluster/apps/grafana/app/secret.yaml"],
        &["db", "provision", "miniflux", "--dry-run"],
        &["secret", "new", "miniflux", "--name", "new", "--generate", "A", "--dry-run"],
        &["encrypt", "-i", "--recursive", "nerv", "--dry-run"],
    ] {
        let sandbox = Sandbox::nerv();
        interrupt(&sandbox, HALF);
        let outcome = sandbox.keywright(args).go();
        outcome.complains("note: finished an interrupted change of 2 files");
        assert_eq!(sandbox.read(TWO), "kind: New\n", "{args:?}");
    }
}

#[test]
fn an_edit_after_the_interruption_is_kept_and_the_ways_out_are_named() {
    let sandbox = Sandbox::nerv();
    let old = sandbox.read(TWO);
    interrupt(&sandbox, HALF);
    sandbox.write(TWO, "edited: by somebody\n");
    for args in [&["recover"][..], &["check"], &["db", "provision", "miniflux"]] {
        let before = sandbox.snapshot();
        let outcome = sandbox.keywright(args).go().code(2);
        let outcome = outcome.complains(&format!("{TWO}: edited after a change of several files"));
        let outcome =
            outcome.complains(&format!("hint: give `{TWO}` the content back that it had, then"));
        outcome.complains("`keywright recover --discard`");
        assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
    }
    // The first way.
    sandbox.write(TWO, old);
    sandbox.keywright(["recover"]).go().success().prints("finished");
    // The second one.
    let sandbox = Sandbox::nerv();
    interrupt(&sandbox, HALF);
    sandbox.write(TWO, "edited: by somebody\n");
    let discard = sandbox.keywright(["recover", "--discard"]).go().success();
    discard.prints("discarded the new content of 1 file");
    assert_eq!(sandbox.read(ONE), "kind: New\n");
    assert_eq!(sandbox.read(TWO), "edited: by somebody\n");
    assert!(!sandbox.path(".git/keywright").exists());
    sandbox.keywright(["check"]).go();
    sandbox.keywright(["recover"]).go().success().prints("nothing to recover");
}

#[test]
fn a_damaged_journal_stops_every_command_until_it_is_given_up() {
    let sandbox = Sandbox::nerv();
    interrupt(&sandbox, HALF);
    fs::write(sandbox.path(".git/keywright/journal"), "rubbish").unwrap();
    for args in [&["recover"][..], &["recover", "--dry-run"], &["check"]] {
        let outcome = sandbox.keywright(args).go().code(2);
        let outcome = outcome.complains("the record of an interrupted change cannot be used");
        outcome.complains("`keywright recover --discard`");
    }
    sandbox.keywright(["recover", "--discard"]).go().success();
    assert!(!sandbox.path(".git/keywright").exists());
    sandbox.keywright(["recover"]).go().success().prints("nothing to recover");
}
