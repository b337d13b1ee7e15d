//! A commit stopped after each of its steps, then recovered: old or new, never a mixture.

use super::*;

/// What the files were and what they become: the pictures before and after an undisturbed commit.
pub(super) fn old_and_new(layout: Layout) -> (Vec<String>, Vec<String>) {
    let sandbox = Sandbox::new(layout);
    prepare_four(&sandbox);
    let old = sandbox.picture();
    sandbox.commit(&four_changes()).unwrap();
    (old, sandbox.picture())
}

/// The four changes, with or without being marked as plain text.
pub(super) fn changes(plain: bool) -> Plan {
    plan(four_changes().changes().iter().map(|change| Change {
        path: change.path.clone(),
        old: change.old.clone(),
        new: change.new.clone(),
        plain,
    }))
}

/// Takes at most `count` steps, then stops as a kill would; the steps that were taken.
pub(super) fn stop_after(sandbox: &Sandbox, plan: &Plan, count: usize) -> Vec<Step> {
    let mut lock = sandbox.lock();
    let mut transaction = lock.begin(plan).unwrap();
    let steps = (0..count).map_while(|_| transaction.step().unwrap()).collect();
    transaction.abandon();
    steps
}

#[test]
fn a_commit_stopped_after_any_step_is_old_or_new() {
    for layout in Layout::ALL {
        let (old, new) = old_and_new(layout);
        assert_ne!(old, new);
        for plain in [false, true] {
            let mut outcomes = [0, 0];
            for count in 0.. {
                let sandbox = Sandbox::new(layout);
                prepare_four(&sandbox);
                let steps = stop_after(&sandbox, &changes(plain), count);
                if steps.len() < count {
                    break;
                }
                let decided = steps.contains(&Step::Decide);
                let finished = steps.contains(&Step::Forget);
                assert_eq!(sandbox.store().is_pending().unwrap(), decided && !finished);

                let recovered = sandbox.recover();
                let context = format!("{layout:?}, after {:?}", steps.last());
                assert_eq!(sandbox.picture(), *if decided { &new } else { &old }, "{context}");
                assert!(!sandbox.store().state().exists(), "{context}");
                let staged = steps.iter().filter(|step| matches!(step, Step::Stage(_))).count();
                let expected = match (decided, finished, staged) {
                    (_, true, _) | (false, _, 0) => None,
                    (true, ..) => Some(Recovered { outcome: Outcome::RolledForward, files: 4 }),
                    (false, ..) => Some(Recovered { outcome: Outcome::RolledBack, files: staged }),
                };
                assert_eq!(recovered, expected, "{context}");
                assert_eq!(sandbox.recover(), None, "{context}");
                outcomes[usize::from(decided)] += 1;
            }
            assert!(outcomes[0] >= 8 && outcomes[1] >= 11, "{layout:?}: {outcomes:?}");
        }
    }
}

#[test]
fn the_steps_come_in_the_order_that_is_argued() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let steps = stop_after(&sandbox, &four_changes(), usize::MAX);
    let expected = [
        Step::Intend,
        Step::MakeDirectory("new".into()),
        Step::MakeDirectory("new/deep".into()),
        Step::Stage(0),
        Step::Stage(1),
        Step::Stage(3),
        Step::SyncStaged,
        Step::Verify,
        Step::WriteJournal,
        Step::Decide,
        Step::Release(0),
        Step::Release(1),
        Step::Release(3),
        Step::Confirm,
        Step::Replace(0),
        Step::Replace(1),
        Step::Replace(3),
        Step::Replace(2),
        Step::SyncTargets,
        Step::Forget,
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_transaction_dropped_before_its_first_rename_is_undone() {
    for layout in Layout::ALL {
        let (old, _) = old_and_new(layout);
        for count in 0.. {
            let sandbox = Sandbox::new(layout);
            prepare_four(&sandbox);
            let changes = four_changes();
            let mut lock = sandbox.lock();
            let mut transaction = lock.begin(&changes).unwrap();
            let steps: Vec<Step> = (0..count).map_while(|_| transaction.step().unwrap()).collect();
            drop(transaction);
            drop(lock);
            if matches!(steps.last(), Some(Step::Replace(_))) {
                assert!(steps.contains(&Step::Confirm));
                break;
            }
            assert_eq!(sandbox.picture(), old, "{layout:?}, after {:?}", steps.last());
            assert!(!sandbox.store().state().exists());
        }
    }
}

#[test]
fn staged_content_is_private_until_the_commit_is_decided() {
    for layout in [Layout::Git, Layout::NoGit, Layout::OtherFileSystem] {
        let sandbox = Sandbox::new(layout);
        prepare_four(&sandbox);
        let steps = stop_after(&sandbox, &four_changes(), 10);
        assert_eq!(steps.last(), Some(&Step::Decide));

        let state = sandbox.store().state().to_owned();
        assert_eq!(fs::metadata(&state).unwrap().mode() & 0o777, 0o711);
        let journal = fs::metadata(state.join(JOURNAL)).unwrap();
        assert_eq!(journal.mode() & 0o777, 0o600);
        let staged = staged_files(&sandbox);
        assert_eq!(staged.len(), 3, "{layout:?}");
        for path in staged {
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600, "{}", path.display());
            assert_eq!(path.starts_with(&state), layout == Layout::Git, "{}", path.display());
            let name = path.to_str().unwrap();
            assert!(!name.ends_with(".yaml") && !name.ends_with(".yml"));
        }
    }
}

#[test]
fn staged_plain_text_is_private_for_as_long_as_it_exists() {
    for layout in [Layout::Git, Layout::NoGit] {
        let mut seen = 0;
        for count in 0.. {
            let sandbox = Sandbox::new(layout);
            prepare_four(&sandbox);
            let steps = stop_after(&sandbox, &changes(true), count);
            for path in staged_files(&sandbox) {
                let mode = fs::metadata(&path).unwrap().mode() & 0o7777;
                assert_eq!(mode, 0o600, "{} after {:?}", path.display(), steps.last());
                seen += 1;
            }
            if steps.len() < count {
                break;
            }
        }
        assert!(seen > 20, "{seen}");
    }
}

/// What waits in the state directory or beside a target of the four changes.
fn staged_files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let root = &sandbox.root;
    [sandbox.store().state().to_owned(), root.join("app"), root.join("new/deep")]
        .iter()
        .filter_map(|directory| fs::read_dir(directory).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("staged-") || name.starts_with(".keywright-")
        })
        .collect()
}

#[test]
fn the_journal_of_plain_text_holds_no_digest_and_no_content() {
    for plain in [false, true] {
        let sandbox = Sandbox::new(Layout::Git);
        prepare_four(&sandbox);
        stop_after(&sandbox, &changes(plain), 10);
        let journal = fs::read(sandbox.store().state().join(JOURNAL)).unwrap();
        let journal = String::from_utf8(journal).unwrap();
        assert_eq!(journal.contains("sha256:"), !plain);
        assert!(!journal.contains("secret\""));
        for content in ["old secret", "new secret", "doomed", "created"] {
            assert!(!journal.contains(content));
        }
    }
}

#[test]
fn a_torn_journal_is_rolled_back() {
    let (old, _) = old_and_new(Layout::Git);
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    stop_after(&sandbox, &four_changes(), 9);
    let journal = sandbox.store().state().join(JOURNAL_NEW);
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() / 2]).unwrap();
    fs::write(sandbox.store().state().join(INTENT_NEW), "keywr").unwrap();
    assert_eq!(sandbox.recover().unwrap().outcome, Outcome::RolledBack);
    assert_eq!(sandbox.picture(), old);
    assert!(!sandbox.store().state().exists());
}

#[test]
fn a_damaged_record_stops_everything_and_touches_nothing() {
    for (steps, record) in [(10, JOURNAL), (4, INTENT)] {
        let sandbox = Sandbox::new(Layout::Git);
        prepare_four(&sandbox);
        stop_after(&sandbox, &four_changes(), steps);
        let record = sandbox.store().state().join(record);
        let mut bytes = fs::read(&record).unwrap();
        bytes[20] ^= 1;
        fs::write(&record, bytes).unwrap();
        let before = sandbox.picture();
        let error = refusal(sandbox.store().recover(&holder(), PATIENCE));
        assert!(matches!(&error, Error::Damaged { path, .. } if *path == record), "{error}");
        assert!(matches!(
            refusal(sandbox.store().lock(&holder(), PATIENCE)),
            Error::Damaged { .. }
        ));
        assert_eq!(sandbox.picture(), before);
        assert!(record.exists());
    }
}

#[test]
fn an_edit_after_the_crash_is_never_overwritten() {
    // Stopped with all renames ahead, and with the first one done.
    for (steps, edited) in [(10, "app/secret.yaml"), (15, "app/run"), (15, "app/secret.yaml")] {
        for plain in [false, true] {
            let sandbox = Sandbox::new(Layout::Git);
            prepare_four(&sandbox);
            stop_after(&sandbox, &changes(plain), steps);
            let crashed = sandbox.read(edited);
            fs::write(sandbox.root.join("saved"), "").unwrap();
            fs::rename(sandbox.root.join(edited), sandbox.root.join("saved")).unwrap();
            sandbox.write(edited, "edited by somebody");
            sandbox.set_mode(edited, 0o600);
            let before = sandbox.picture();

            let error = refusal(sandbox.store().recover(&holder(), PATIENCE));
            assert!(matches!(&error, Error::Edited { path, .. } if path == Path::new(edited)));
            assert_eq!(sandbox.picture(), before);

            // The way out: put back what was there.
            fs::rename(sandbox.root.join("saved"), sandbox.root.join(edited)).unwrap();
            assert_eq!(sandbox.read(edited), crashed);
            assert_eq!(sandbox.recover().unwrap().outcome, Outcome::RolledForward);
            assert_eq!(sandbox.picture(), old_and_new(Layout::Git).1);
        }
    }
}

#[test]
fn a_new_file_taken_back_by_hand_after_the_crash_stops_recovery() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    stop_after(&sandbox, &four_changes(), 15);
    assert_eq!(sandbox.read("app/secret.yaml"), "new secret");
    // As `git checkout` does: its new content is gone, so going on would make a mixture.
    sandbox.write("app/secret.yaml", "old secret");
    let before = sandbox.picture();
    let error = refusal(sandbox.store().recover(&holder(), PATIENCE));
    assert!(
        matches!(&error, Error::Edited { path, .. } if path == Path::new("app/secret.yaml")),
        "{error}"
    );
    assert_eq!(sandbox.picture(), before);
}

#[test]
fn a_link_put_into_the_way_after_the_crash_is_not_followed() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    stop_after(&sandbox, &four_changes(), 10);
    let outside = sandbox.directory.join("outside");
    fs::rename(sandbox.root.join("app"), &outside).unwrap();
    symlink(&outside, sandbox.root.join("app")).unwrap();
    let error = refusal(sandbox.store().recover(&holder(), PATIENCE));
    assert!(matches!(error, Error::Edited { .. }), "{error}");
    assert_eq!(fs::read_to_string(outside.join("secret.yaml")).unwrap(), "old secret");
}

#[test]
fn a_directory_removed_after_the_crash_is_made_again() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    stop_after(&sandbox, &four_changes(), 10);
    fs::remove_dir_all(sandbox.root.join("new")).unwrap();
    assert_eq!(sandbox.recover().unwrap().outcome, Outcome::RolledForward);
    assert_eq!(sandbox.picture(), old_and_new(Layout::Git).1);
}
