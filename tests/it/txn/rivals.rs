//! Commands at the same time in one repository: each change arrives whole, and no edit of somebody else is lost.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keywright::txn::{Holder, Store, Wait};

use super::files::leftovers;
use super::trace::KEYWRIGHT;
use crate::sandbox::{Outcome, Sandbox};
use crate::{proof, reference};

const APPS: &str = "nerv/main/cluster/apps";
const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// Apps without a database, made after grafana. They sort between others, so that lists grow in their middle.
const NAMES: [&str; 8] = ["asuka", "kaworu", "misato", "naoko", "ritsuko", "shinji", "toji", "yui"];

/// The files in which all eight databases are listed.
const SHARED: [&str; 3] = ["databases.yaml", "kustomization.yaml", "postgres-cluster.yaml"];

/// The sample with eight apps more.
fn eight_apps() -> Sandbox {
    let sandbox = Sandbox::nerv();
    let mut listing = sandbox.read(&format!("{APPS}/kustomization.yaml"));
    for name in NAMES {
        for file in ["ks.yaml", "app/helmrelease.yaml", "app/kustomization.yaml"] {
            let text = sandbox.read(&format!("{APPS}/grafana/{file}"));
            sandbox.write(&format!("{APPS}/{name}/{file}"), text.replace("grafana", name));
        }
        let secret = format!("{APPS}/{name}/app/secret.yaml");
        sandbox.write(
            &secret,
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: apps\n\
                 type: Opaque\nstringData:\n  TOKEN: TESTonly{name}\n"
            ),
        );
        sandbox.keywright(["encrypt", "-i", &secret]).go().success();
        listing += &format!("  - {name}/ks.yaml\n");
    }
    sandbox.write(&format!("{APPS}/kustomization.yaml"), listing);
    sandbox.commit_all("eight apps");
    sandbox
}

/// Provisions one app, again and again while others are in the way. Returns how often.
fn provision(work: &Path, environment: &[(&str, &Path)], app: &str) -> usize {
    let start = Instant::now();
    for attempt in 1.. {
        let mut command = std::process::Command::new(KEYWRIGHT);
        command.args(["db", "provision", app]).current_dir(work).env_clear();
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => return attempt,
            // Somebody else has the lock, or a file is not what it was: nothing is changed, try again.
            Some(3) => {}
            // An edit between two renames: it is kept, and the change waits for a decision. Given up, what is
            // there of it is completed by the next attempt.
            Some(2) if told.contains("is not finished") || told.contains("edited after") => {
                let mut discard = std::process::Command::new(KEYWRIGHT);
                discard.args(["recover", "--discard"]).current_dir(work).env_clear();
                assert!(discard.status().unwrap().success());
            }
            code => panic!("{app}: {code:?} {told}"),
        }
        assert!(start.elapsed().as_secs() < 50, "{app} never has its turn: {told}");
    }
    unreachable!("the loop ends by returning")
}

/// Provisions all eight at once. Returns how many attempts it took.
fn provision_all(sandbox: &Sandbox) -> usize {
    let (work, home) = (sandbox.work(), sandbox.home());
    let attempts = AtomicUsize::new(0);
    thread::scope(|scope| {
        for app in NAMES {
            let (work, home, attempts) = (&work, &home, &attempts);
            scope.spawn(move || {
                let needed = provision(work, &[("HOME", home)], app);
                attempts.fetch_add(needed, Ordering::Relaxed);
            });
        }
    });
    attempts.into_inner()
}

/// Asserts that each of the eight databases is there with all that belongs to it.
#[track_caller]
fn assert_all_there(sandbox: &Sandbox) {
    let read = |name: &str| sandbox.read(&format!("{POSTGRES}/{name}"));
    let [databases, listing, cluster] = SHARED.map(read);
    let decrypted = |file: &str, key: &str| {
        let route = format!(r#"["stringData"]["{key}"]"#);
        let run = sandbox.run(reference::current_sops()).args(["decrypt", "--extract", &route]);
        run.arg(file).go().success().stdout()
    };
    for app in NAMES {
        let once = |text: &str, line: &str| {
            let found = text.lines().filter(|found| found.trim() == line).count();
            assert_eq!(found, 1, "{app}: `{line}` in\n{text}");
        };
        once(&cluster, &format!("- name: {app}"));
        once(&cluster, &format!("name: postgres-{app}-user"));
        once(&databases, &format!("owner: {app}"));
        once(&listing, &format!("- postgres-{app}-user-secret.yaml"));
        let role = format!("{POSTGRES}/postgres-{app}-user-secret.yaml");
        assert_eq!(decrypted(&role, "username"), app);
        let password = decrypted(&role, "password");
        let url = decrypted(&format!("{APPS}/{app}/app/secret.yaml"), "DATABASE_URL");
        assert!(url.starts_with(&format!("postgres://{app}:{password}@")), "{app}");
        once(&sandbox.read(&format!("{APPS}/{app}/ks.yaml")), "- name: shared-postgres");
    }
    let built = sandbox.run(reference::kustomize()).args(["build", POSTGRES]).go().success();
    // Three were there before.
    assert_eq!(built.stdout().matches("kind: Database\n").count(), NAMES.len() + 3);
    sandbox.run(reference::kustomize()).args(["build", APPS]).go().success();
    assert_eq!(leftovers(&sandbox.path(".git/keywright")), [""; 0]);
}

#[test]
fn eight_databases_at_once_are_all_there_in_the_end() {
    let sandbox = eight_apps();
    let attempts = provision_all(&sandbox);
    assert_all_there(&sandbox);
    proof::record("rivals", "databases provisioned at once", &format!("8 in {attempts} attempts"));
}

/// Appends a line, as an editor that looks whether the file is still the one it wrote to. Says whether the edit is
/// certainly there: nobody was committing, and nobody has replaced the file.
///
/// The order of the two looks matters. A commit that overlooks an edit has compared the file before the edit and
/// replaces it after; its journal is there all the while. If there is none after the edit, and the file is the same
/// after that, no commit has both behind it.
fn append(path: &Path, state: &Path, line: &str) -> bool {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(line.as_bytes()).unwrap();
    let quiet = !state.join("journal").exists();
    quiet && fs::metadata(path).unwrap().ino() == file.metadata().unwrap().ino()
}

#[test]
fn no_edit_is_lost_between_eight_databases() {
    let sandbox = eight_apps();
    let state = sandbox.path(".git/keywright");
    let over = AtomicBool::new(false);
    let mut paths: Vec<_> = SHARED.iter().map(|name| format!("{POSTGRES}/{name}")).collect();
    paths.extend(NAMES.map(|app| format!("{APPS}/{app}/ks.yaml")));
    let (work, home) = (sandbox.work(), sandbox.home());
    let (certain, attempts) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut certain = Vec::new();
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let path = &paths[number * 7 % paths.len()];
                let line = format!("# edit {number}\n");
                if append(&work.join(path), &state, &line) {
                    certain.push((path.clone(), line));
                }
                // Long enough for a command to find a quiet moment between two edits of its files.
                thread::sleep(Duration::from_millis(40 + (number as u64 * 37) % 160));
            }
            certain
        });
        let apps = NAMES.map(|app| {
            let (work, home) = (&work, &home);
            scope.spawn(move || provision(work, &[("HOME", home)], app))
        });
        // The writer is stopped even if a provision panics, so that the panic is seen.
        let attempts = apps.map(thread::ScopedJoinHandle::join);
        over.store(true, Ordering::Relaxed);
        let attempts: usize = attempts.into_iter().map(|attempts| attempts.unwrap()).sum();
        (writer.join().unwrap(), attempts)
    });
    assert!(certain.len() > 3, "{} edits", certain.len());
    for (path, line) in &certain {
        assert!(sandbox.read(path).contains(line.as_str()), "{path} has lost `{line}`");
    }
    assert_all_there(&sandbox);
    let edits = certain.len();
    proof::record("rivals", "edits among databases", &format!("{edits} in {attempts} attempts"));
}

#[test]
fn two_in_one_shell_line_are_both_done_or_told() {
    let sandbox = eight_apps();
    let script = r#""$0" db provision asuka & one=$!; "$0" db provision yui & other=$!
        wait $one; one=$?; wait $other; echo "$one $?""#;
    let outcome = sandbox.run("bash").args(["-c", script, KEYWRIGHT]).go().success();
    let codes = outcome.stdout().lines().last().unwrap_or_default().to_owned();
    assert!(["0 0", "0 3", "3 0"].contains(&codes.as_str()), "{}", outcome.describe());
    for app in ["asuka", "yui"] {
        sandbox.keywright(["db", "provision", app]).go().success();
        assert!(sandbox.path(&format!("{POSTGRES}/postgres-{app}-user-secret.yaml")).exists());
    }
    sandbox.run(reference::kustomize()).args(["build", POSTGRES]).go().success();
}

/// Holds the lock of the sandbox for some time, from when the returned handle exists.
fn hold(sandbox: &Sandbox, time: Duration) -> thread::JoinHandle<()> {
    let store = Store::open(&sandbox.work()).unwrap();
    let holder = Holder::this_process("a test", "2026-01-02T03:04:05Z");
    let lock = store.lock(&holder, Wait::Immediately).unwrap();
    thread::spawn(move || {
        thread::sleep(time);
        drop(lock);
    })
}

/// A command behind a holder: how it ended, and after how long.
fn behind<'a>(sandbox: &'a Sandbox, program: &Path, time: Duration) -> (Outcome<'a>, Duration) {
    let secret = format!("{APPS}/asuka/app/secret.yaml");
    let holder = hold(sandbox, time);
    let start = Instant::now();
    let args = ["--set", r#"["stringData"]["TOKEN"] "changed""#, &secret];
    let outcome = match program.file_name().is_some_and(|name| name == "sops") {
        true => sandbox.run(program).args(args).go(),
        false => sandbox
            .run(program)
            .args(["set", &secret, r#"["stringData"]["TOKEN"]"#, r#""changed""#])
            .go(),
    };
    let waited = start.elapsed();
    holder.join().unwrap();
    (outcome, waited)
}

#[test]
fn called_as_sops_it_waits_until_the_lock_is_free() {
    let sandbox = eight_apps();
    let sops = sandbox.home().join("sops");
    symlink(KEYWRIGHT, &sops).unwrap();
    let held = Duration::from_secs(12);
    let (outcome, waited) = behind(&sandbox, &sops, held);
    outcome.success();
    assert!(waited >= held, "{waited:?}");
}

#[test]
fn called_by_its_own_name_it_waits_for_ten_seconds() {
    let sandbox = eight_apps();
    let before = sandbox.snapshot();
    let (outcome, waited) = behind(&sandbox, Path::new(KEYWRIGHT), Duration::from_secs(14));
    outcome.code(3).complains("a test").complains("2026-01-02T03:04:05Z");
    before.assert_untouched(&sandbox.snapshot());
    assert!((9..14).contains(&waited.as_secs()), "{waited:?}");
    let held = Duration::from_secs(2);
    let (outcome, waited) = behind(&sandbox, Path::new(KEYWRIGHT), held);
    outcome.success();
    assert!(waited >= held, "{waited:?}");
}
