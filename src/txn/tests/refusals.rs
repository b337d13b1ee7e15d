//! What a commit refuses; after each refusal everything is as it was.

use super::*;

/// Commits a plan that must be refused, and asserts that nothing changed.
#[track_caller]
fn refused(sandbox: &Sandbox, plan: &Plan) -> Error {
    let before = sandbox.picture();
    let error = refusal(sandbox.commit(plan));
    assert_eq!(sandbox.picture(), before, "{error}");
    assert!(!sandbox.store().state().exists(), "{error}");
    error
}

/// A change of `path` beside one that would work.
fn with_good(sandbox: &Sandbox, bad: Change) -> Plan {
    sandbox.write("good", "old");
    plan([change("good", Some("old"), Some("new")), bad])
}

#[test]
fn drift_changes_nothing() {
    let cases = [
        change("file", Some("expected"), Some("new")),
        change("file", Some("actual and more"), None),
        change("file", None, Some("new")),
        change("file", Some(""), Some("new")),
        change("absent", Some("expected"), Some("new")),
        change("absent", Some("expected"), None),
    ];
    for layout in Layout::ALL {
        for bad in &cases {
            let sandbox = Sandbox::new(layout);
            sandbox.write("file", "actual");
            let path = bad.path.clone();
            let bad = Change {
                path: path.clone(),
                old: bad.old.clone(),
                new: bad.new.clone(),
                plain: false,
            };
            let error = refused(&sandbox, &with_good(&sandbox, bad));
            assert!(matches!(&error, Error::FileChanged { path: p } if *p == path), "{error}");
        }
    }
}

#[test]
fn an_edit_between_decision_and_first_rename_takes_the_decision_back() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let changes = four_changes();
    let mut lock = sandbox.lock();
    let mut transaction = lock.begin(&changes).unwrap();
    while transaction.step().unwrap() != Some(Step::Decide) {}
    sandbox.write("app/run", "edited");
    let before = sandbox.picture();
    let error = loop {
        if let Err(error) = transaction.step() {
            break error;
        }
    };
    assert!(matches!(&error, Error::FileChanged { path } if path == Path::new("app/run")));
    drop(transaction);
    drop(lock);
    assert!(!sandbox.store().state().exists());
    let without_new: Vec<String> =
        before.into_iter().filter(|line| !line.starts_with("new/")).collect();
    assert_eq!(sandbox.picture(), without_new);
}

#[test]
fn an_edit_between_two_renames_is_kept_and_said() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let changes = four_changes();
    let mut lock = sandbox.lock();
    let mut transaction = lock.begin(&changes).unwrap();
    while transaction.step().unwrap() != Some(Step::Replace(0)) {}
    sandbox.write("app/run", "edited");
    let error = refusal(transaction.step());
    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    drop(transaction);
    drop(lock);
    assert_eq!(sandbox.read("app/run"), "edited");
    assert!(sandbox.store().is_pending().unwrap());
    sandbox.write("app/run", "old script");
    assert_eq!(sandbox.recover().unwrap().outcome, Outcome::RolledForward);
    assert_eq!(sandbox.read("app/run"), "new script");
}

#[test]
fn the_next_commit_under_a_lock_finishes_an_unfinished_one_first() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let changes = four_changes();
    let next = plan([change("app/other.yaml", Some("not concerned"), Some("next"))]);
    let mut lock = sandbox.lock();
    let mut transaction = lock.begin(&changes).unwrap();
    while transaction.step().unwrap() != Some(Step::Replace(0)) {}
    drop(transaction);

    sandbox.write("app/run", "edited");
    assert!(matches!(refusal(lock.commit(&next, || false)), Error::Edited { .. }));
    assert_eq!(sandbox.read("app/other.yaml"), "not concerned");
    sandbox.write("app/run", "old script");
    lock.commit(&next, || false).unwrap();
    assert_eq!(sandbox.read("app/run"), "new script");
    assert_eq!(sandbox.read("app/other.yaml"), "next");
}

#[test]
fn a_file_outside_of_the_root_is_refused() {
    let sandbox = Sandbox::new(Layout::Git);
    let outside = sandbox.directory.join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "old").unwrap();
    symlink(&outside, sandbox.root.join("directory")).unwrap();
    symlink(outside.join("file"), sandbox.root.join("link")).unwrap();
    let absolute = outside.join("file");
    for path in ["../outside/file", "directory/file", "link", absolute.to_str().unwrap()] {
        let error = refused(&sandbox, &with_good(&sandbox, change(path, Some("old"), Some("new"))));
        assert!(
            matches!(&error, Error::OutsideRoot { path: p } if p == Path::new(path)),
            "{error}"
        );
    }
    for path in ["../new", "../outside/new", "directory/new", "missing/../new", "missing/.."] {
        let error = refused(&sandbox, &with_good(&sandbox, change(path, None, Some("new"))));
        assert!(
            matches!(&error, Error::OutsideRoot { path: p } if p == Path::new(path)),
            "{error}"
        );
    }
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "old");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn the_state_directory_is_no_target() {
    let sandbox = Sandbox::new(Layout::NoGit);
    let error = refused(&sandbox, &with_good(&sandbox, change(".keywright/x", None, Some("new"))));
    assert!(matches!(error, Error::OutsideRoot { .. }), "{error}");
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let sandbox = Sandbox::new(Layout::Git);
    fs::create_dir(sandbox.root.join("directory")).unwrap();
    symlink("nowhere", sandbox.root.join("dangling")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(sandbox.root.join("socket")).unwrap();
    for (path, expected) in [
        ("directory", "a directory"),
        ("", "a directory"),
        ("dangling", "a link to nothing"),
        ("dangling/new", "a link to nothing"),
        ("socket", "a socket"),
    ] {
        for old in [Some("old"), None] {
            let bad = plan([change(path, old, Some("new"))]);
            let error = refusal(sandbox.commit(&bad));
            assert!(
                matches!(&error, Error::NotRegular { kind, .. } if *kind == expected),
                "{path}: {error}"
            );
        }
    }
    drop(socket);
    fs::remove_file(sandbox.root.join("socket")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        sandbox.root.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let error = refusal(sandbox.commit(&plan([change("pipe", Some("old"), Some("new"))])));
    assert!(matches!(error, Error::NotRegular { kind: "a named pipe", .. }), "{error}");
}

#[test]
fn a_file_with_two_names_is_refused() {
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("one", "old");
    fs::hard_link(sandbox.root.join("one"), sandbox.root.join("two")).unwrap();
    let error = refused(&sandbox, &with_good(&sandbox, change("one", Some("old"), Some("new"))));
    assert!(matches!(error, Error::HardLinked { .. }), "{error}");
}

#[test]
fn two_ways_to_one_file_are_refused() {
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("a/one", "old");
    symlink("a/one", sandbox.root.join("link")).unwrap();
    for path in ["link", "a/../a/one"] {
        let twice = plan([
            change("a/one", Some("old"), Some("new")),
            change(path, Some("old"), Some("newer")),
        ]);
        let error = refused(&sandbox, &twice);
        assert!(matches!(error, Error::Overlap { .. }), "{error}");
    }
    let nested = plan([
        change("b/c", None, Some("in a directory")),
        change("b.yaml", None, Some("sorts between")),
        change("b", None, Some("a file")),
    ]);
    let error = refused(&sandbox, &nested);
    assert!(matches!(error, Error::Overlap { .. }), "{error}");
}

#[test]
fn a_git_file_that_names_nothing_is_refused() {
    let sandbox = Sandbox::new(Layout::NoGit);
    for text in ["", "gitdir: ../nowhere\n", "something else\n"] {
        fs::write(sandbox.root.join(".git"), text).unwrap();
        let error = refusal(Store::open(&sandbox.root));
        assert!(matches!(error, Error::GitDirectory { .. }), "{text:?}: {error}");
    }
}

#[test]
fn a_foreign_file_in_the_place_of_a_staged_one_is_kept() {
    let sandbox = Sandbox::new(Layout::OtherFileSystem);
    let name = format!(".keywright-{}-1", std::process::id());
    sandbox.write(&name, "not ours");
    let error = refused(&sandbox, &with_good(&sandbox, change("new", None, Some("new"))));
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(sandbox.read(&name), "not ours");
}

#[test]
fn a_write_protected_file_or_directory_is_refused() {
    // The superuser may write everywhere; what is refused then is a file system mounted read-only,
    // which takes privileges to make.
    if rustix::process::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("protected", "old");
    sandbox.set_mode("protected", 0o444);
    let error =
        refused(&sandbox, &with_good(&sandbox, change("protected", Some("old"), Some("new"))));
    assert!(matches!(&error, Error::Io { path, .. } if path == Path::new("protected")), "{error}");
    sandbox.write("directory/file", "old");
    sandbox.set_mode("directory", 0o555);
    let error =
        refused(&sandbox, &with_good(&sandbox, change("directory/file", Some("old"), Some("new"))));
    assert!(matches!(&error, Error::Io { path, .. } if path == Path::new("directory")), "{error}");
    sandbox.set_mode("directory", 0o755);
}
