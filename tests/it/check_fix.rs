//! `check --fix`: what it mends and what it leaves, as one change that the real programs take.

use std::fs;

use serde_json::Value;

use crate::encrypt_partly::{edit, values};
use crate::reference;
use crate::sandbox::{DATA, Sandbox};
use crate::terminal::Terminal;
use crate::verbs::{RECIPIENT, another};

/// What must not be seen.
const CANARY: &str = "TESTonly-canary";

/// The findings as `rule path`, and the exit code.
fn check(sandbox: &Sandbox) -> (Vec<String>, i32) {
    let outcome = sandbox.keywright(["check", "--format", "json"]).go();
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let shown = |one: &Value| ["rule", "path"].map(|key| text(one, key)).join(" ");
    let found = report["findings"].as_array().unwrap().iter().map(shown).collect();
    (found, outcome.status.code().unwrap())
}

/// A repository of Flux with a fault of every kind that is mended, committed. Files of its own, and one with a
/// recipient too many.
fn faulty() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let other = another(&sandbox, false);
    sandbox.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - path_regex: secret\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    \
             age: {RECIPIENT}\n  - path_regex: ^config/\n    age: {RECIPIENT}\n  - age: {RECIPIENT}\n"
        ),
    );
    sandbox.write(
        "flux/app.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app\n  \
         namespace: flux-system\nspec:\n  interval: 1h\n  path: ./app\n  prune: true\n  sourceRef:\n    \
         kind: GitRepository\n    name: flux-system\n",
    );
    sandbox.write("app/kustomization.yaml", "resources:\n  - settings.yaml # all\n");
    sandbox.write(
        "app/settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: x}\n",
    );
    sandbox.write("config/partly.yaml", "a: x\nb: y\n");
    sandbox.write("config/drift.yaml", "a: x\n");
    let keys = format!("{RECIPIENT},{other}");
    sandbox.keywright(["encrypt", "-i", "--age", &keys, "config/drift.yaml"]).go().success();
    sandbox.keywright(["encrypt", "-i", "config/partly.yaml"]).go().success();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("encrypted");
    edit(&sandbox, "config/partly.yaml", "b: ", &format!("new: {CANARY} # why\nb: "));
    for (name, more) in [("app/secret.yaml", ""), ("app/other-secret.yaml", "  port: 5432\n")] {
        sandbox.write(
            name,
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s{}}}\nstringData:\n  password: {CANARY}\n{more}",
                more.len()
            ),
        );
    }
    sandbox.write("config/plain.yaml", format!("# of the app\npassword: {CANARY}\n"));
    sandbox.write("config/app.env", format!("DB_PASSWORD={CANARY}\nTZ=UTC\n"));
    sandbox.write("charts/values.sops.yaml", format!("password: {CANARY}\n"));
    sandbox
}

/// The files of [`faulty`] that are changed.
const FAULTY: [&str; 9] = [
    "app/kustomization.yaml",
    "app/other-secret.yaml",
    "app/secret.yaml",
    "charts/values.sops.yaml",
    "config/app.env",
    "config/drift.yaml",
    "config/partly.yaml",
    "config/plain.yaml",
    "flux/app.yaml",
];

#[test]
fn everything_that_is_mended_is_one_change_after_which_nothing_is_found() {
    let sandbox = faulty();
    let (found, code) = check(&sandbox);
    for rule in [
        "plaintext-secret app/secret.yaml",
        "rule-not-applied config/plain.yaml",
        "env-file config/app.env",
        "not-decryptable-name charts/values.sops.yaml",
        "partially-encrypted config/partly.yaml",
        "recipient-drift config/drift.yaml",
    ] {
        assert!(found.iter().any(|one| one == rule), "{rule}: {found:#?}");
    }
    assert_eq!(code, 1);

    let before = sandbox.snapshot();
    let rehearsed = sandbox.keywright(["check", "--fix", "--dry-run"]).go().success();
    before.assert_untouched(&sandbox.snapshot());
    let rehearsed = rehearsed
        .prints("dry run: 9 files would change")
        .prints("+  - secret.yaml")
        .prints("+  decryption:")
        .prints("(plain text, not shown)");
    for file in FAULTY {
        assert!(rehearsed.stdout().contains(&format!("{file}: ")), "{file}");
    }

    let outcome = sandbox.keywright(["check", "--fix"]).go().success();
    outcome.prints("changed 9 files").prints("config/plain.yaml: encrypt").prints("no findings");
    assert_eq!(check(&sandbox), (Vec::new(), 0));
    let mut changed: Vec<_> =
        sandbox.git_status().lines().map(|line| line[3..].to_owned()).collect();
    changed.sort();
    assert_eq!(changed, FAULTY);
    sandbox.assert_no_trace_of(CANARY, &[]);

    for name in ["charts/values.sops.yaml", "config/plain.yaml"] {
        assert_eq!(values(&sandbox, name)["password"], CANARY, "{name}");
    }
    assert_eq!(values(&sandbox, "config/app.env")["DB_PASSWORD"], CANARY);
    assert_eq!(values(&sandbox, "config/partly.yaml")["new"], CANARY);
    assert_eq!(values(&sandbox, "config/drift.yaml")["a"], "x");
    assert_eq!(sandbox.read("config/drift.yaml").matches("recipient:").count(), 1);
    assert_eq!(values(&sandbox, "app/other-secret.yaml")["stringData"]["port"], "5432");
    let list = "resources:\n  - other-secret.yaml\n  - secret.yaml\n  - settings.yaml # all\n";
    assert_eq!(sandbox.read("app/kustomization.yaml"), list);
    sandbox.run(reference::kustomize()).args(["build", "app"]).go().success().prints("name: s0");

    let again = sandbox.snapshot();
    sandbox.keywright(["check", "--fix"]).go().success().prints("nothing to do");
    again.assert_untouched(&sandbox.snapshot());
}

#[test]
fn what_was_committed_in_plain_text_is_told_and_what_was_not_is_not() {
    let sandbox = faulty();
    let outcome = sandbox.keywright(["check", "--fix", "app"]).go().success();
    assert!(!outcome.stderr().contains("the history of Git"), "{}", outcome.describe());
    sandbox.git(&["checkout", "--quiet", "app"]);
    sandbox.git(&["add", "config", "charts"]);
    sandbox.commit_all("by mistake");
    let outcome = sandbox.keywright(["check", "--fix"]).go().success();
    let outcome = outcome.complains("the history of Git keeps them");
    for file in ["config/partly.yaml", "config/plain.yaml", "charts/values.sops.yaml"] {
        assert!(outcome.stderr().contains(&format!("\n  {file}\n")), "{}", outcome.describe());
    }
    assert!(!outcome.stderr().contains("drift"), "{}", outcome.describe());
}

#[test]
fn without_an_identity_what_is_plain_is_encrypted_and_the_rest_is_told() {
    let sandbox = faulty();
    sandbox.remove_identity();
    let outcome = sandbox.keywright(["check", "--fix"]).go().code(1);
    outcome
        .complains("left: config/partly.yaml: there is no age identity")
        .complains("left: config/drift.yaml: there is no age identity")
        .complains("left: app/other-secret.yaml: there is no age identity")
        .prints("partially-encrypted")
        .prints("hint: keywright encrypt -i config/partly.yaml")
        .prints("2 errors, 1 warning");
    let (found, code) = check(&sandbox);
    assert_eq!(code, 1);
    assert_eq!(
        found,
        [
            "non-string-value app/other-secret.yaml",
            "recipient-drift config/drift.yaml",
            "partially-encrypted config/partly.yaml",
        ]
    );
}

#[test]
fn edits_by_hand_and_what_is_to_be_replaced_elsewhere_are_left() {
    let sandbox = faulty();
    sandbox.keywright(["check", "--fix"]).go().success();
    sandbox.commit_all("mended");
    // A plain value that the MAC covers, a value in the place of a token, and a URL that was seen.
    edit(&sandbox, "app/secret.yaml", "name: s0", "name: t0");
    edit(&sandbox, "app/kustomization.yaml", "  - secret.yaml\n", "");
    let line = sandbox.read("config/partly.yaml").lines().next().unwrap().to_owned();
    edit(&sandbox, "config/partly.yaml", &line, &format!("a: {CANARY}"));
    let password = ["Vr7", "hK2", "qLx9", "Tz4"].concat();
    sandbox.write("notes.md", format!("postgres://app:{password}@db.apps.svc/app\n"));
    let files = ["app/secret.yaml", "config/partly.yaml", "notes.md"];
    let contents = files.map(|file| sandbox.read(file));
    let outcome = sandbox.keywright(["check", "--fix"]).go().code(1);
    outcome
        .prints("app/kustomization.yaml: list `secret.yaml`")
        .prints("error[hand-edited]")
        .prints("error[credential-url]")
        .complains("left: config/partly.yaml:1:4: `a` is in plain text");
    assert_eq!(files.map(|file| sandbox.read(file)), contents);
    assert_eq!(
        check(&sandbox).0,
        [
            "hand-edited app/secret.yaml",
            "partially-encrypted config/partly.yaml",
            "credential-url notes.md",
        ]
    );
}

#[test]
fn what_no_rule_picks_stays_in_plain_text() {
    let sandbox = Sandbox::new();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: x}\n";
    sandbox.write("a/secret.yaml", secret);
    sandbox.write("a/app.env", format!("PASSWORD={CANARY}\n"));
    sandbox.git(&["init", "--quiet"]);
    // A configuration above the repository is none of the check's, as sops would have it.
    let above = format!("creation_rules: [{{age: {RECIPIENT}}}]\n");
    fs::write(sandbox.work().join("../.sops.yaml"), above).unwrap();
    let before = sandbox.snapshot();
    let fix = || sandbox.keywright(["check", "--fix"]).go().code(1).prints("nothing to do");
    fix().prints("keywright init");
    before.assert_untouched(&sandbox.snapshot());

    // One that would leave the value of the variable, and a key of the Secret.
    let rule = format!("creation_rules: [{{age: {RECIPIENT}, encrypted_regex: ^(data|b)$}}]\n");
    sandbox.write(".sops.yaml", rule);
    let before = sandbox.snapshot();
    fix().prints("select `a`").prints("error[env-file]");
    before.assert_untouched(&sandbox.snapshot());

    sandbox.write(".sops.yaml", "creation_rules: [{path_regex: '('}]\n");
    let before = sandbox.snapshot();
    sandbox.keywright(["check", "--fix"]).go().code(2).complains(".sops.yaml:1:31");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn the_nearest_configuration_decides_as_it_does_for_the_check() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let other = another(&sandbox, true);
    let rule = |age: &str| format!("creation_rules: [{{path_regex: x, age: {age}}}]\n");
    sandbox.write(".sops.yaml", rule(&other));
    sandbox.write("sub/.sops.yaml", rule(RECIPIENT));
    sandbox.write("sub/x.yaml", "a: x\n");
    sandbox.write("x.yaml", "a: x\n");
    sandbox.git(&["init", "--quiet"]);
    sandbox.keywright(["check", "--fix"]).within("sub").go().success();
    assert!(
        sandbox.read("sub/x.yaml").contains(RECIPIENT) && sandbox.read("x.yaml").contains(&other)
    );
    assert_eq!(check(&sandbox), (Vec::new(), 0));
}

#[test]
fn it_is_asked_once_at_a_terminal() {
    let sandbox = faulty();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["check", "--fix"]);
    let mut terminal = Terminal::spawn(&run, 120, 50);
    terminal.expect("Write these changes?");
    terminal.send("n");
    assert_eq!(terminal.finish().0, 130);
    before.assert_untouched(&sandbox.snapshot());
    let mut terminal = Terminal::spawn(&run, 120, 50);
    terminal.expect("Write these changes?");
    terminal.send("y");
    terminal.expect("changed 9 files");
    assert_eq!(terminal.finish().0, 0);
    assert_eq!(check(&sandbox).0, [""; 0]);
    let sandbox = faulty();
    let mut terminal = Terminal::spawn(&sandbox.keywright(["check", "--fix", "--yes"]), 120, 50);
    terminal.expect("changed 9 files");
    assert_eq!(terminal.finish().0, 0);
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn a_file_that_cannot_be_written_is_enough_to_change_none() {
    let sandbox = faulty();
    // Not even root writes to a file of which another name would keep the old content.
    fs::hard_link(sandbox.path("config/plain.yaml"), sandbox.home().join("kept.yaml")).unwrap();
    let before = sandbox.snapshot();
    sandbox.keywright(["check", "--fix"]).go().code(2).complains("config/plain.yaml");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn it_is_refused_for_what_is_not_the_working_tree() {
    let sandbox = faulty();
    let before = sandbox.snapshot();
    for flags in [
        &["--staged"][..],
        &["--range", "HEAD"],
        &["--history"],
        &["--stdin-filename", "a.yaml"],
        &["--no-ignore"],
        &["--format", "json"],
    ] {
        let outcome = sandbox.keywright([&["check", "--fix"], flags].concat()).go().code(2);
        outcome.complains("cannot be used with").complains(flags[0]);
    }
    sandbox.keywright(["check", "--dry-run"]).go().code(2).complains("`--dry-run` needs `--fix`");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn of_the_samples_what_their_pages_say_is_left_but_for_what_is_mended() {
    let mended = ["plaintext-secret", "reload-label", "no-decryption", "not-listed"];
    for name in ["nerv", "k8s-ops", "home-ops", "lab", "nerv-platform"] {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        sandbox.copy(&format!("{DATA}/samples/{name}"), "");
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("the sample");
        let identity = format!("{DATA}/samples/{name}/age-test-identity.txt");
        if fs::exists(&identity).unwrap() {
            let keys = sandbox.home().join(".config/sops/age/keys.txt");
            fs::copy(identity, keys).unwrap();
        }
        if name == "lab" || name == "nerv-platform" {
            sandbox.keywright(["init", "--yes"]).go().success();
        }
        let (found, _) = check(&sandbox);
        let left: Vec<_> = found
            .iter()
            .filter(|one| !mended.iter().any(|rule| one.starts_with(rule)))
            .cloned()
            .collect();
        let code = sandbox.keywright(["check", "--fix"]).go().status.code();
        assert_eq!(check(&sandbox), (left, code.unwrap()), "{name}");
        for file in found.iter().filter_map(|one| one.strip_prefix("plaintext-secret ")) {
            assert!(values(&sandbox, file)["kind"] == "Secret", "{name}: {file}");
        }
        for line in sandbox.git_status().lines().filter(|line| line.ends_with("kustomization.yaml"))
        {
            let folder = line[3..].trim_end_matches("/kustomization.yaml");
            sandbox.run(reference::kustomize()).args(["build", folder]).go().success();
        }
        let again = sandbox.snapshot();
        sandbox.keywright(["check", "--fix"]).go().prints("nothing to do");
        again.assert_untouched(&sandbox.snapshot());
    }
}
