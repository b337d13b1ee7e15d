//! Several commands at once, and commands that die: threads and real processes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;

/// Tells the child of a test which repository to work in.
const CHILD_ROOT: &str = "KEYWRIGHT_TEST_CHILD_ROOT";

/// Tells the child how many steps to take.
const CHILD_STEPS: &str = "KEYWRIGHT_TEST_CHILD_STEPS";

/// The last line a child prints before it waits to be killed.
const READY: &str = "ready to be killed";

/// Runs [`child`] in a process of its own, until it has taken `steps` and holds the lock.
fn spawn(sandbox: &Sandbox, steps: usize) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "txn::tests::rivals::child", "--nocapture"])
        .env(CHILD_ROOT, &sandbox.root)
        .env(CHILD_STEPS, steps.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let ready = output.lines().any(|line| line.unwrap().contains(READY));
    assert!(ready, "the child ended before it was ready");
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Run by other tests, in a process to be killed; by itself it proves nothing.
#[test]
fn child() {
    let (Ok(root), Ok(steps)) = (std::env::var(CHILD_ROOT), std::env::var(CHILD_STEPS)) else {
        return;
    };
    let store = Store::open(Path::new(&root)).unwrap();
    let holder = Holder::this_process("db provision grafana", "2026-03-01T12:00:00Z");
    let mut lock = store.lock(&holder, Wait::Immediately).unwrap();
    let plan = four_changes();
    let mut transaction = lock.begin(&plan).unwrap();
    for _ in 0..steps.parse().unwrap() {
        transaction.step().unwrap();
    }
    let mut output = std::io::stdout();
    writeln!(output, "{READY}").unwrap();
    output.flush().unwrap();
    // Until the parent kills this process, or is gone itself.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_process_killed_after_any_step_leaves_old_or_new() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let old = sandbox.picture();
    sandbox.commit(&four_changes()).unwrap();
    let new = sandbox.picture();

    for steps in 0..20 {
        let sandbox = Sandbox::new(Layout::Git);
        prepare_four(&sandbox);
        kill(spawn(&sandbox, steps));
        sandbox.recover();
        assert_eq!(sandbox.picture(), *if steps < 10 { &old } else { &new }, "after {steps} steps");
        assert!(!sandbox.store().state().exists());
    }
}

#[test]
fn who_waits_is_told_who_holds_the_lock() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let child = spawn(&sandbox, 15);
    for wait in [Wait::Immediately, Wait::UpTo(Duration::from_millis(30))] {
        let error = refusal(sandbox.store().lock(&holder(), wait));
        let Error::Locked { holder: Some(holder), .. } = &error else { panic!("{error}") };
        assert_eq!((holder.pid, holder.command.as_str()), (child.id(), "db provision grafana"));
        let text = error.to_string();
        let expected = format!(
            "held by `db provision grafana` (process {}, since 2026-03-01T12:00:00Z)",
            child.id()
        );
        assert!(text.ends_with(&expected), "{text}");
    }
    // The commit is half done: a reader must wait for it, too.
    let error = refusal(sandbox.store().recover(&holder(), Wait::Immediately));
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    kill(child);
    assert_eq!(sandbox.recover().unwrap().outcome, Outcome::RolledForward);
}

#[test]
fn a_reader_does_not_wait_for_a_commit_that_is_not_decided() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    let child = spawn(&sandbox, 5);
    assert_eq!(sandbox.store().recover(&holder(), Wait::Immediately).unwrap(), None);
    assert!(sandbox.store().state().join("staged-1").exists());
    kill(child);
    assert_eq!(sandbox.recover(), Some(Recovered { outcome: Outcome::RolledBack, files: 2 }));
}

#[test]
fn the_next_lock_recovers_first() {
    let sandbox = Sandbox::new(Layout::Git);
    prepare_four(&sandbox);
    kill(spawn(&sandbox, 15));
    let lock = sandbox.lock();
    assert_eq!(lock.recovered(), Some(Recovered { outcome: Outcome::RolledForward, files: 4 }));
    assert_eq!(sandbox.read("app/run"), "new script");
}

#[test]
fn threads_that_count_in_a_file_lose_no_count() {
    for layout in [Layout::Git, Layout::NoGit] {
        let sandbox = Sandbox::new(layout);
        sandbox.write("one", "0");
        sandbox.write("two", "0");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| count(&sandbox)));
            }
        });
        assert_eq!((sandbox.read("one"), sandbox.read("two")), ("40".into(), "40".into()));
        assert!(!sandbox.store().state().exists());
    }
}

/// Adds one to both files, which are equal whenever the lock is held.
fn count(sandbox: &Sandbox) {
    let mut lock = sandbox.store().lock(&holder(), Wait::UntilFree).unwrap();
    let old = sandbox.read("one");
    assert_eq!(old, sandbox.read("two"));
    let new = (old.parse::<u32>().unwrap() + 1).to_string();
    let changes = ["one", "two"].map(|path| change(path, Some(&old), Some(&new)));
    lock.commit(&plan(changes), || false).unwrap();
}
