//! The calls of a small commit on one page: the order that the head of the room argues for.
//!
//! Looking is left out; what is looked at immediately before a rename is shown by other tests. Paths are
//! those from the root, `keywright/` the state directory.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::disk::Call;
use super::super::disk::watch::{Verdict, during};
use super::*;

/// The calls of `work` that change or sync something, a line each.
fn calls_of(sandbox: &Sandbox, work: impl FnOnce()) -> Vec<String> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let (written, root) = (lines.clone(), sandbox.root.clone());
    let state = sandbox.store().state().to_owned();
    let beside = format!(".keywright-{}-", std::process::id());
    let name = move |path: &Path| {
        let below = |top: &Path| path.strip_prefix(top).ok().map(Path::to_owned);
        let name = match below(&state) {
            Some(rest) => Path::new("keywright").join(rest),
            None => Path::new(".").join(below(&root).unwrap()),
        };
        let name = name.components().collect::<PathBuf>().display().to_string();
        name.trim_start_matches("./").replace(&beside, ".keywright-PID-")
    };
    let listener = move |call: &Call<'_>| {
        let line = match call {
            Call::Look(_) => return Verdict::Go,
            Call::Lock(path) => format!("lock {}", name(path)),
            Call::MakeDirectory(path) => format!("make {}/", name(path)),
            Call::Create(path) => format!("make {}", name(path)),
            Call::SetOwner(path) => format!("owner {}", name(path)),
            Call::SetMode(path, mode) => format!("mode {mode:o} {}", name(path)),
            Call::Truncate(path) => format!("empty {}", name(path)),
            Call::Write(path, _) => format!("write {}", name(path)),
            Call::SyncFile(path) => format!("sync {}", name(path)),
            Call::SyncDirectory(path) => format!("sync {}/", name(path)),
            Call::Rename(from, to) => format!("rename {} to {}", name(from), name(to)),
            Call::Remove(path) => format!("remove {}", name(path)),
            Call::RemoveDirectory(path) => format!("remove {}/", name(path)),
        };
        written.borrow_mut().push(line);
        Verdict::Go
    };
    during(listener, work);
    lines.take()
}

/// The calls of a commit that replaces `app/secret.yaml`, from the lock to its release.
fn calls_of_a_commit(layout: Layout, plain: bool) -> Vec<String> {
    let sandbox = Sandbox::new(layout);
    sandbox.write("app/secret.yaml", "old");
    sandbox.set_mode("app/secret.yaml", 0o644);
    let changes = plan([Change { plain, ..change("app/secret.yaml", Some("old"), Some("new")) }]);
    calls_of(&sandbox, || _ = sandbox.commit(&changes).unwrap())
}

/// Demands the calls of a page. Its first column is what they are for.
#[track_caller]
fn assert_calls(layout: Layout, plain: bool, page: &str) {
    let lines = page.lines().filter_map(|line| line.split_once('|'));
    let expected: Vec<&str> = lines.map(|(_, call)| call.trim()).collect();
    assert_eq!(calls_of_a_commit(layout, plain), expected);
}

#[test]
fn a_commit_from_the_state_directory() {
    assert_calls(
        Layout::Git,
        false,
        "
        lock     | make keywright/
                 | make keywright/lock
                 | lock keywright/lock
                 | empty keywright/lock
                 | write keywright/lock
        tidy up  | remove keywright/journal.new
                 | remove keywright/intent.new
                 | remove keywright/mode
        stage    | make keywright/staged-0
                 | write keywright/staged-0
                 | sync keywright/staged-0
                 | sync keywright/
                 | sync .git/
        journal  | make keywright/journal.new
                 | write keywright/journal.new
                 | sync keywright/journal.new
        decide   | rename keywright/journal.new to keywright/journal
                 | sync keywright/
        release  | mode 644 keywright/staged-0
                 | sync keywright/staged-0
        replace  | rename keywright/staged-0 to app/secret.yaml
                 | sync app/
        forget   | remove keywright/intent
                 | remove keywright/journal
                 | sync keywright/
        let go   | remove keywright/lock
                 | remove keywright/
        ",
    );
}

#[test]
fn a_commit_of_plain_text_gives_the_mode_in_its_place() {
    let [before, after] = [false, true].map(|plain| calls_of_a_commit(Layout::Git, plain));
    let at = |calls: &[String], call: &str| calls.iter().position(|line| line == call).unwrap();
    let rename = "rename keywright/staged-0 to app/secret.yaml";
    let [old, new] = [at(&before, rename), at(&after, rename)];
    assert_eq!(before[old - 2..old], ["mode 644 keywright/staged-0", "sync keywright/staged-0"]);
    assert_eq!(after[new + 1..new + 3], ["mode 644 app/secret.yaml", "sync app/secret.yaml"]);
    // All else is the same.
    assert_eq!((&before[..old - 2], &before[old + 1..]), (&after[..new], &after[new + 3..]));
}

#[test]
fn a_commit_without_git_records_what_it_makes_beside_its_targets() {
    assert_calls(
        Layout::NoGit,
        false,
        "
        lock     | make keywright/
                 | make keywright/lock
                 | lock keywright/lock
                 | empty keywright/lock
                 | write keywright/lock
        tidy up  | remove keywright/journal.new
                 | remove keywright/intent.new
                 | remove keywright/mode
        intent   | make keywright/intent.new
                 | write keywright/intent.new
                 | sync keywright/intent.new
                 | rename keywright/intent.new to keywright/intent
                 | sync keywright/
                 | sync ./
        stage    | make app/.keywright-PID-0
                 | write app/.keywright-PID-0
                 | sync app/.keywright-PID-0
                 | sync keywright/
                 | sync ./
                 | sync app/
        journal  | make keywright/journal.new
                 | write keywright/journal.new
                 | sync keywright/journal.new
        decide   | rename keywright/journal.new to keywright/journal
                 | sync keywright/
        release  | mode 644 app/.keywright-PID-0
                 | sync app/.keywright-PID-0
        replace  | rename app/.keywright-PID-0 to app/secret.yaml
                 | sync app/
        forget   | remove keywright/intent
                 | sync keywright/
                 | remove keywright/journal
                 | sync keywright/
        let go   | remove keywright/lock
                 | remove keywright/
        ",
    );
}
