//! `keywright demo`: a whole repository in a place of its own, and nothing else touched.

use crate::reference;
use crate::sandbox::Sandbox;

/// A sandbox whose HOME is empty and whose Git has no name.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    assert!(!sandbox.home().join(".gitconfig").exists());
    sandbox
}

#[test]
fn the_demo_provisions_a_database_and_ends_with_what_to_try_next() {
    let sandbox = sandbox();
    let outcome = sandbox.keywright(["demo", "--dir", "demo"]).go().success();
    let outcome = outcome.prints("+      - name: grafana").prints("0 errors, 3 warnings");
    let shown = outcome.stdout();
    assert!(shown.contains("DATABASE_URL: ENC["), "{shown}");
    assert!(!shown.contains("postgres://grafana:"), "{shown}");

    // Committed whole, under a name of its own.
    let log = sandbox.git(&["-C", "demo", "log", "--format=%an: %s"]);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.lines().all(|line| line.starts_with("Keywright Demo: ")), "{log}");
    assert_eq!(sandbox.git(&["-C", "demo", "status", "--short"]), "");

    // The commands that it names work as they are printed.
    let next: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("Next")).collect();
    let commands: Vec<&str> = next
        .iter()
        .map(|line| line.trim())
        .filter(|line| line.contains(" demo/") || line.contains("keywright "))
        .collect();
    assert_eq!(commands.len(), 3, "{next:?}");
    let enter = next.iter().find(|line| line.contains("export ")).expect("how to enter").trim();
    let script = format!("set -e\n{enter}\n{}", commands.join("\n"));
    let outcome = sandbox.run("sh").args(["-c", &script]).go().success();
    outcome.prints("GF_SECURITY_ADMIN_PASSWORD").prints("changed 2 files").prints("nothing to do");
    let folder = "demo/nerv/main/cluster/apps/paperless/app";
    sandbox.run(reference::kustomize()).args(["build", folder]).go().success();
}

#[test]
fn the_demo_touches_nothing_of_the_user() {
    let sandbox = sandbox();
    sandbox.install_identity();
    let before = sandbox.snapshot();
    let run =
        sandbox.keywright(["demo"]).env("SOPS_AGE_KEY", "nonsense").env("GIT_DIR", "/nonexistent");
    let outcome = run.go().success();
    assert_eq!(outcome.stderr(), "");
    assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
    let home = std::fs::read_dir(sandbox.home()).unwrap().count();
    assert_eq!(home, 1, "only the identity that was there");
}

#[test]
fn a_directory_in_use_is_refused() {
    let sandbox = sandbox();
    sandbox.write("demo/mine.txt", "mine");
    let outcome = sandbox.keywright(["demo", "--dir", "demo"]).go().code(2);
    outcome.complains("is not empty").complains("hint: ");
    assert_eq!(sandbox.read("demo/mine.txt"), "mine");
}

#[test]
fn the_demo_works_without_a_home() {
    let sandbox = sandbox();
    sandbox.keywright(["demo", "--dir", "demo"]).env("HOME", "").go().success();
}
