//! Commands that only read: what they see, what they may not do, and the way out of a dead end.

use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use super::stops::{changes, old_and_new, stop_after};
use super::*;

#[test]
fn two_equal_moments_have_no_commit_between_them() {
    for layout in [Layout::Git, Layout::NoGit] {
        let sandbox = Sandbox::new(layout);
        sandbox.write("one", "0");
        sandbox.write("two", "0");
        let over = AtomicBool::new(false);
        let (mut read, mut torn) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for old in 0..400 {
                    let (old, new) = (old.to_string(), (old + 1).to_string());
                    let both = ["one", "two"].map(|path| change(path, Some(&old), Some(&new)));
                    sandbox.commit(&plan(both)).unwrap();
                    if new.ends_with('0') {
                        // Else no moment is ever settled.
                        std::thread::sleep(Duration::from_millis(25));
                    }
                }
                over.store(true, Ordering::SeqCst);
            });
            while !over.load(Ordering::SeqCst) {
                let before = sandbox.store().moment().unwrap();
                let settled = before.is_settled(SystemTime::now());
                let (one, two) = (sandbox.read("one"), sandbox.read("two"));
                if settled && sandbox.store().moment().unwrap() == before {
                    assert_eq!(one, two);
                    read += 1;
                }
                torn += usize::from(one != two);
            }
        });
        assert!(read > 20 && torn > 0, "{layout:?}: {read} read, {torn} torn ones seen");
    }
}

#[test]
fn no_moment_is_settled_while_a_journal_waits() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    stop_after(&sandbox, &four_changes(), 15);
    let later = SystemTime::now() + Duration::from_secs(3600);
    assert!(!sandbox.store().moment().unwrap().is_settled(later));
    sandbox.recover();
    assert!(sandbox.store().moment().unwrap().is_settled(later));
}

#[test]
fn what_was_interrupted_can_be_asked_for_without_a_change() {
    for layout in Layout::ALL {
        for count in 0.. {
            let sandbox = Sandbox::new(layout);
            prepare_four(&sandbox);
            let steps = stop_after(&sandbox, &four_changes(), count);
            let before = sandbox.picture();
            let interrupted = loop {
                match sandbox.store().interrupted() {
                    // As with the patience for a lock.
                    Err(Error::Locked { .. }) => {}
                    result => break result.unwrap(),
                }
            };
            assert_eq!(sandbox.picture(), before);
            assert_eq!(interrupted, sandbox.recover(), "{layout:?} after {:?}", steps.last());
            if steps.len() < count {
                break;
            }
        }
    }
}

#[test]
fn a_commit_under_way_is_not_interrupted() {
    let sandbox = Sandbox::new(Layout::Git);
    let lock = sandbox.lock();
    let error = refusal(sandbox.store().interrupted());
    assert!(matches!(&error, Error::Locked { holder: Some(_), .. }), "{error}");
    drop(lock);
    assert_eq!(sandbox.recover(), None);
}

#[test]
fn what_cannot_be_finished_can_be_given_up() {
    for layout in Layout::ALL {
        let sandbox = Sandbox::new(layout);
        prepare_four(&sandbox);
        let first = |step: &Step| matches!(step, Step::Replace(_));
        let count = all_steps(&sandbox).iter().position(first).unwrap() + 1;
        stop_after(&sandbox, &changes(true), count);
        sandbox.write("app/run", "edited by somebody");
        assert!(matches!(
            refusal(sandbox.store().recover(&holder(), PATIENCE)),
            Error::Edited { .. }
        ));
        assert_eq!(sandbox.store().discard(&holder(), PATIENCE).unwrap(), 2);
        assert_eq!(sandbox.read("app/secret.yaml"), "new secret");
        assert_eq!(sandbox.read("app/run"), "edited by somebody");
        assert_eq!(sandbox.read("app/gone.yaml"), "doomed");
        assert!(!sandbox.root.join("new").exists());
        assert!(!sandbox.store().state().exists());
        assert_eq!(sandbox.recover(), None);
    }
}

/// The steps of a commit of plain text, which is then done.
fn all_steps(like: &Sandbox) -> Vec<Step> {
    let layout =
        if like.store().state().ends_with(".keywright") { Layout::NoGit } else { Layout::Git };
    let sandbox = Sandbox::new(layout);
    prepare_four(&sandbox);
    stop_after(&sandbox, &changes(true), usize::MAX)
}

#[test]
fn a_damaged_record_can_be_given_up() {
    let (old, _) = old_and_new(Layout::Git);
    for (steps, record) in [(10, JOURNAL), (4, INTENT)] {
        let sandbox = Sandbox::new(Layout::Git);
        prepare_four(&sandbox);
        stop_after(&sandbox, &four_changes(), steps);
        fs::write(sandbox.store().state().join(record), "damaged").unwrap();
        sandbox.store().discard(&holder(), PATIENCE).unwrap();
        let picture: Vec<String> =
            sandbox.picture().into_iter().filter(|line| !line.starts_with("new/")).collect();
        assert_eq!(picture, old, "{record}");
        assert!(!sandbox.store().state().exists());
    }
}
