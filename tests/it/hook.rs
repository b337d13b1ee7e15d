//! `keywright git install --hook`: real commits, stopped and let through.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::sandbox::{Outcome, Sandbox};

const HOOK: &str = ".git/hooks/pre-commit";

/// A plain Secret.
const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: leak}\nstringData: {token: TESTonlyLeak}\n";

/// A file that a rule of the sample covers.
const LEAK: &str = "nerv/main/cluster/apps/leak-secret.yaml";

/// Commits as somebody whose PATH has the program.
fn commit<'s>(sandbox: &'s Sandbox, args: &[&str]) -> Outcome<'s> {
    let program = Path::new(env!("CARGO_BIN_EXE_keywright"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().unwrap().display());
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    sandbox.run("git").args(author).args(["commit", "-m", "x"]).args(args).env("PATH", path).go()
}

#[test]
fn a_commit_is_stopped_until_what_it_says_is_done() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["git", "install", "--hook"]).go().success().prints(HOOK);
    assert_eq!(fs::metadata(sandbox.path(HOOK)).unwrap().permissions().mode() & 0o100, 0o100);
    sandbox.write(LEAK, SECRET);
    sandbox.git(&["add", LEAK]);
    let mend = format!("keywright encrypt -i {LEAK}");
    let stopped = commit(&sandbox, &[]).code(1);
    let told = stopped.stdout() + &stopped.stderr();
    for part in [LEAK, "`token`", &mend] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    assert!(!told.contains("TESTonlyLeak"), "{told}");
    sandbox.keywright(["encrypt", "-i", LEAK]).go().success();
    // What is staged counts, and that is still plain.
    commit(&sandbox, &[]).code(1);
    sandbox.git(&["add", LEAK]);
    commit(&sandbox, &[]).success();
}

#[test]
fn what_a_commit_takes_along_is_checked_not_what_is_in_the_index() {
    let sandbox = Sandbox::nerv();
    sandbox.write(LEAK, "a: 1\n");
    sandbox.commit_all("harmless");
    sandbox.keywright(["git", "install", "--hook"]).go().success();
    sandbox.write(LEAK, SECRET);
    commit(&sandbox, &["--all"]).code(1);
    commit(&sandbox, &["--", LEAK]).code(1);
    sandbox.write("README.md", "other\n");
    sandbox.git(&["add", "README.md"]);
    commit(&sandbox, &[]).success();
}

#[test]
fn the_first_commit_is_checked_too() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet"]);
    sandbox.keywright(["git", "install", "--hook"]).go().success();
    sandbox.write("a.yaml", SECRET);
    sandbox.git(&["add", "."]);
    commit(&sandbox, &[]).code(1);
}

#[test]
fn the_same_again_changes_nothing_and_a_dry_run_writes_nothing() {
    let sandbox = Sandbox::nerv();
    let dry = sandbox.keywright(["git", "install", "--hook", "--dry-run"]).go().success();
    dry.prints("keywright check --staged");
    assert!(!sandbox.path(HOOK).exists());
    sandbox.keywright(["git", "install", "--hook"]).go().success();
    let text = sandbox.read(HOOK);
    let again = sandbox.keywright(["git", "install", "--hook"]).go().success();
    again.prints("nothing to do");
    assert_eq!(sandbox.read(HOOK), text);
    fs::set_permissions(sandbox.path(HOOK), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.keywright(["git", "install", "--hook"]).go().success().prints("wrote");
    assert_eq!(fs::metadata(sandbox.path(HOOK)).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(
        crate::sandbox::files_below(&sandbox.path(".git/hooks"))
            .iter()
            .filter(|path| !path.to_string_lossy().ends_with(".sample"))
            .count(),
        1
    );
}

#[test]
fn a_hook_of_somebody_else_stays_and_the_lines_are_told() {
    let sandbox = Sandbox::nerv();
    sandbox.write(HOOK, "#!/bin/sh\nlint\n");
    let refused = sandbox.keywright(["git", "install", "--hook"]).go().code(2);
    refused
        .complains(&format!("error: {HOOK}: is a hook of somebody else"))
        .complains("keywright check --staged");
    assert_eq!(sandbox.read(HOOK), "#!/bin/sh\nlint\n");
    fs::remove_file(sandbox.path(HOOK)).unwrap();
    std::os::unix::fs::symlink("nowhere", sandbox.path(HOOK)).unwrap();
    sandbox.keywright(["git", "install", "--hook"]).go().code(2);
    assert!(sandbox.path(HOOK).is_symlink());
}

#[test]
fn the_directory_is_that_of_git() {
    let sandbox = Sandbox::nerv();
    sandbox.git(&["config", "core.hooksPath", "tools/hooks"]);
    sandbox.keywright(["git", "install", "--hook"]).within("nerv").go().success();
    assert!(sandbox.read("tools/hooks/pre-commit").contains("keywright check --staged"));
    let everybody = sandbox.home().join("hooks");
    sandbox.git(&["config", "core.hooksPath", everybody.to_str().unwrap()]);
    let refused = sandbox.keywright(["git", "install", "--hook"]).go().code(2);
    refused.complains("is for other repositories, too");
    assert!(!everybody.exists());
}

#[test]
fn a_linked_worktree_has_the_hook_of_its_repository() {
    let sandbox = Sandbox::nerv();
    let linked = sandbox.home().join("linked");
    sandbox.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    let run = sandbox.keywright(["-C", linked.to_str().unwrap(), "git", "install", "--hook"]);
    run.go().success();
    assert!(sandbox.path(HOOK).exists());
    fs::write(linked.join("leak.yaml"), SECRET).unwrap();
    let linked = linked.to_str().unwrap();
    sandbox.git(&["-C", linked, "add", "."]);
    let program = Path::new(env!("CARGO_BIN_EXE_keywright")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    let author = ["-C", linked, "-c", "user.name=T", "-c", "user.email=t@example.test"];
    let run = sandbox.run("git").args(author).args(["commit", "-m", "x"]).env("PATH", path);
    let stopped = run.go().code(1);
    assert!((stopped.stdout() + &stopped.stderr()).contains("leak.yaml"));
}

#[test]
fn without_git_there_is_nothing_to_install() {
    let sandbox = Sandbox::new();
    sandbox
        .keywright(["git", "install", "--hook"])
        .go()
        .code(2)
        .complains("is in no Git repository");
}
