//! Two commands at once: who waits, for how long, and what is compared again after a question.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use keywright::txn::{Holder, Lock, Store, Wait};

use crate::sandbox::Sandbox;
use crate::terminal::Terminal;

const SECRET: &str = "nerv/main/cluster/apps/grafana/app/secret.yaml";
const OTHER: &str = "nerv/main/cluster/apps/paperless/app/secret.yaml";

/// Takes the lock of the sandbox as another program would.
fn hold(sandbox: &Sandbox) -> Lock {
    let holder = Holder::this_process("a test", "2026-01-02T03:04:05Z");
    let store = Store::open(&sandbox.work()).unwrap();
    store.lock(&holder, Wait::UpTo(Duration::from_secs(5))).unwrap()
}

/// Waits until `done`, and fails after a minute.
#[track_caller]
fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An identity file that is a named pipe: whoever reads it waits until it is filled.
fn slow_identity(sandbox: &Sandbox) -> std::path::PathBuf {
    let pipe = sandbox.home().join("slow-identity");
    sandbox.run("mkfifo").arg(&pipe).go().success();
    pipe
}

fn fill(pipe: &Path, sandbox: &Sandbox) {
    let identity = fs::read(sandbox.home().join(".config/sops/age/keys.txt")).unwrap();
    fs::OpenOptions::new().write(true).open(pipe).unwrap().write_all(&identity).unwrap();
}

#[test]
fn a_writer_has_the_lock_from_before_it_reads() {
    let sandbox = Sandbox::nerv();
    let pipe = slow_identity(&sandbox);
    let slow = sandbox.keywright(["db", "provision", "grafana"]).env("SOPS_AGE_KEY_FILE", &pipe);
    let slow = slow.command();
    thread::scope(|scope| {
        let slow = scope.spawn(move || {
            let mut slow = slow;
            slow.output().unwrap()
        });
        until(|| sandbox.path(".git/keywright/lock").exists());
        let before = sandbox.snapshot();
        // What reads does not wait.
        let reader = sandbox.keywright(["decrypt", SECRET]).go().success();
        assert!(!reader.stderr().contains("waiting"), "{}", reader.stderr());
        sandbox.keywright(["check"]).go().success();
        // What writes waits, and gives up.
        let start = Instant::now();
        let late = sandbox.keywright(["decrypt", "-i", OTHER]).go().code(3);
        assert!(start.elapsed() >= Duration::from_secs(9), "{:?}", start.elapsed());
        late.complains("waiting for `db provision`").complains("held by `db provision` (process ");
        assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());

        fill(&pipe, &sandbox);
        let slow = slow.join().unwrap();
        assert!(slow.status.success(), "{}", String::from_utf8_lossy(&slow.stderr));
    });
    sandbox.keywright(["decrypt", "-i", OTHER]).go().success();
}

#[test]
fn called_as_sops_a_command_waits_until_the_lock_is_free() {
    let sandbox = Sandbox::nerv();
    let sops = sandbox.path("sops");
    symlink(env!("CARGO_BIN_EXE_keywright"), &sops).unwrap();
    let lock = hold(&sandbox);
    let command = sandbox.run(&sops).args(["decrypt", "-i", SECRET]).command();
    thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let mut command = command;
            let start = Instant::now();
            (command.output().unwrap(), start.elapsed())
        });
        // Longer than a native command would wait.
        thread::sleep(Duration::from_secs(12));
        assert!(!waiting.is_finished());
        drop(lock);
        let (output, time) = waiting.join().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && time >= Duration::from_secs(12), "{said}");
        assert!(said.contains("waiting for `a test` (process "), "{said}");
    });
}

#[test]
fn nobody_waits_for_a_question() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "provision", "grafana"]);
    let mut terminal = Terminal::spawn(&run, 100, 40);
    terminal.expect("Write these changes?");
    assert!(!sandbox.path(".git/keywright").exists(), "no lock while a question is open");
    let start = Instant::now();
    sandbox.keywright(["decrypt", "-i", OTHER]).go().success();
    assert!(start.elapsed() < Duration::from_secs(5));
    terminal.send("y");
    assert_eq!(terminal.finish().0, 0);
    assert!(sandbox.read(SECRET).contains("sops:"));
    sandbox.keywright(["db", "provision", "grafana"]).go().success().prints("nothing to do");
}

#[test]
fn what_changed_during_a_question_is_not_overwritten() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "provision", "grafana"]);
    let mut terminal = Terminal::spawn(&run, 100, 40);
    terminal.expect("Write these changes?");
    sandbox.keywright(["rotate", "-i", SECRET]).go().success();
    let before = sandbox.snapshot();
    terminal.send("y");
    assert_eq!(terminal.finish().0, 3);
    assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
}

#[test]
fn nobody_waits_for_an_editor() {
    let sandbox = Sandbox::nerv();
    let (started, go_on) = (sandbox.home().join("started"), sandbox.home().join("go-on"));
    sandbox.run("mkfifo").arg(&go_on).go().success();
    let script = format!(
        "sh -c 'touch {} && cat {} && sed -i s/admin/root/ \"$0\"'",
        started.display(),
        go_on.display()
    );
    let command = sandbox.keywright(["edit", SECRET]).env("EDITOR", script).command();
    thread::scope(|scope| {
        let editing = scope.spawn(move || {
            let mut command = command;
            command.output().unwrap()
        });
        until(|| started.exists());
        assert!(!sandbox.path(".git/keywright").exists());
        sandbox.keywright(["decrypt", "-i", OTHER]).go().success();
        fs::write(&go_on, "").unwrap();
        let edited = editing.join().unwrap();
        assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    });
    sandbox.keywright(["decrypt", SECRET]).go().success().prints("root");
}

/// Decrypts in place while the identity is a pipe, looks where the state directory is, and lets it finish.
#[track_caller]
fn state_during(sandbox: &Sandbox, directory: &str, file: &str, state: &str) {
    let pipe = slow_identity(sandbox);
    let run = sandbox.keywright(["decrypt", "-i", file]).env("SOPS_AGE_KEY_FILE", &pipe);
    let command = run.within(directory).command();
    thread::scope(|scope| {
        let slow = scope.spawn(move || {
            let mut command = command;
            command.output().unwrap()
        });
        until(|| sandbox.path(state).join("lock").exists());
        fill(&pipe, sandbox);
        let slow = slow.join().unwrap();
        assert!(slow.status.success(), "{}", String::from_utf8_lossy(&slow.stderr));
    });
    assert!(!sandbox.path(state).exists(), "{state} is removed at the end");
    fs::remove_file(pipe).unwrap();
}

#[test]
fn without_git_the_lock_is_where_the_configuration_is_else_in_the_working_directory() {
    let sandbox = Sandbox::nerv();
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    state_during(&sandbox, "", SECRET, "nerv/.keywright");
    let inner = Path::new(OTHER).parent().unwrap().to_str().unwrap();
    state_during(&sandbox, inner, "secret.yaml", "nerv/.keywright");

    let sandbox = Sandbox::nerv();
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    fs::remove_file(sandbox.path("nerv/.sops.yaml")).unwrap();
    state_during(&sandbox, "", SECRET, ".keywright");
    // From elsewhere: the directory of the file.
    let absolute = sandbox.path(OTHER);
    let state = format!("{inner}/.keywright");
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    state_during(&sandbox, "elsewhere", absolute.to_str().unwrap(), &state);
}
