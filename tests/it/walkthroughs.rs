//! What people type, line by line.
//!
//! Lines that call `sops` run with the real one first, as in `sops_behaviours`; lines of our own commands run
//! with ours alone.

use std::fs;

use crate::drop_in::{ALICE, BOB, Stage, with_both};
use crate::proof;
use crate::reference;
use crate::sandbox::Sandbox;
use crate::tree::Tree;

fn walkthrough(name: &str, test: impl Fn(&Stage)) {
    with_both(|stage| {
        test(stage);
        let program = if stage.ours { "ours" } else { "sops" };
        proof::record("walkthroughs", &format!("walkthrough with {program}"), name);
    });
}

/// A walkthrough of commands that sops does not have.
fn own_walkthrough(name: &str, test: impl Fn(&Stage)) {
    test(&Stage::new(true));
    proof::record("walkthroughs", "walkthrough with ours", name);
}

/// The lines that differ between two texts, each with the sign that `diff` gives it.
fn changed_lines(before: &str, after: &str) -> Vec<String> {
    let gone = before.lines().filter(|line| !after.lines().any(|other| other == *line));
    let new = after.lines().filter(|line| !before.lines().any(|other| other == *line));
    gone.map(|line| format!("-{line}")).chain(new.map(|line| format!("+{line}"))).collect()
}

/// Demands that nothing but some lines, `mac` and `lastmodified` changed; each of them once.
#[track_caller]
fn assert_least_change(before: &str, after: &str, keys: &[&str]) {
    let changed = changed_lines(before, after);
    let allowed = ["mac", "lastmodified"];
    let about = |line: &String, key: &str| line[1..].trim_start().starts_with(&format!("{key}:"));
    for line in &changed {
        let known = keys.iter().chain(&allowed).any(|key| about(line, key));
        assert!(known, "{line}\n--- all\n{}", changed.join("\n"));
    }
    for key in keys {
        let count = changed.iter().filter(|line| about(line, key)).count();
        assert!((1..=2).contains(&count), "{key}\n--- all\n{}", changed.join("\n"));
    }
}

#[test]
fn the_first_steps_by_the_name_of_sops() {
    walkthrough("the_first_steps_by_the_name_of_sops", |stage| {
        stage.sandbox.write("a.yaml", "a:\n    b: old\nnumber: 5\n");
        let program = fs::read_link(stage.sandbox.home().join("bin/sops")).unwrap();
        let line = format!(
            "ln -s '{}' sops && ./sops -e -i a.yaml && ./sops -d a.yaml && \
             ./sops --set '[\"a\"][\"b\"] \"x\"' a.yaml && ./sops filestatus a.yaml",
            program.display()
        );
        let run = stage.shell(&line).go().success();
        assert_eq!(run.stdout(), "a:\n    b: old\nnumber: 5\n{\"encrypted\":true}\n");
        assert_eq!(stage.decrypted("a.yaml"), Tree::of_json(r#"{"a": {"b": "x"}, "number": 5}"#));
        assert!(stage.stored("a.yaml").at(&["a", "b"]).is_some_and(Tree::is_token));
    });
}

#[test]
fn an_edited_value_is_all_that_differs() {
    walkthrough("an_edited_value_is_all_that_differs", |stage| {
        stage.encrypted(
            "a.yaml",
            "# about\nkept: TESTonly\nchanged: old\nlist:\n    - 1\n    - old\n",
        );
        let before = stage.sandbox.read("a.yaml");
        // A stored time of its own, so that the new one differs whatever the clock says.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let edit = "EDITOR='sed -i s/changed:.old/changed:\\ new/' sops a.yaml";
        stage.shell(edit).go().success();
        assert_least_change(&before, &stage.sandbox.read("a.yaml"), &["changed"]);
        let wanted = r#"{"kept": "TESTonly", "changed": "new", "list": [1, "old"]}"#;
        assert_eq!(stage.decrypted("a.yaml"), Tree::of_json(wanted));
        // Nothing changed, nothing written, and an exit code that says so.
        let before = stage.sandbox.snapshot();
        stage.shell("EDITOR=true sops a.yaml").go().code(200);
        assert_eq!(stage.sandbox.snapshot().changed(&before), Vec::<String>::new());
    });
}

#[test]
fn a_folder_there_and_back_is_a_clean_tree() {
    own_walkthrough("a_folder_there_and_back_is_a_clean_tree", |stage| {
        let sandbox = &stage.sandbox;
        sandbox.write("secrets/a.yaml", "# about\na: TESTonly1 # inline\nb: [1, 2.50]\n");
        sandbox.write("secrets/deep/b.json", "{\"a\": \"TESTonly2\",\n  \"b\": 1.50}\n");
        sandbox.write("secrets/deep/c.env", "# about\nA=TESTonly3\n");
        sandbox.keywright(["encrypt", "-i", "secrets/", "--recursive"]).go().success();
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("encrypted");
        sandbox.keywright(["decrypt", "-i", "secrets/", "--recursive"]).go().success();
        assert!(sandbox.read("secrets/a.yaml").contains("TESTonly1"));
        sandbox.keywright(["encrypt", "-i", "secrets/", "--recursive"]).go().success();
        sandbox.git(&["diff", "--exit-code"]);
        assert_eq!(sandbox.git_status(), "");
    });
}

#[test]
fn lists_and_numbers_are_set_and_read() {
    own_walkthrough("lists_and_numbers_are_set_and_read", |stage| {
        stage.encrypted("a.yaml", "a: TESTonly\nlist: []\n");
        let sandbox = &stage.sandbox;
        sandbox.keywright(["set", "a.yaml", r#"["list"]"#, r#"[1, 2.50, "x"]"#]).go().success();
        sandbox.keywright(["set", "a.yaml", r#"["n"]"#, "5"]).go().success();
        let run = sandbox.keywright(["decrypt", "--extract", r#"["n"]"#, "a.yaml"]);
        assert_eq!(run.go().success().stdout().trim_end(), "5");
        let wanted = r#"{"a": "TESTonly", "list": [1, 2.5, "x"], "n": 5}"#;
        assert_eq!(stage.decrypted("a.yaml"), Tree::of_json(wanted));
        // Five is an integer, whatever sops makes of it.
        let stored = sandbox.read("a.yaml");
        let line = stored.lines().find(|line| line.starts_with("\"n\": ")).unwrap();
        assert!(line.contains("type:int]"), "{line}");
    });
}

#[test]
fn commands_get_their_secrets() {
    walkthrough("commands_get_their_secrets", |stage| {
        stage.encrypted("a.env", "KEY=TESTonly value\n");
        stage.encrypted("a.json", r#"{"x": "TESTonly"}"#);
        let run = stage.shell("sops exec-env a.env 'printenv KEY'").go().success();
        assert_eq!(run.stdout(), "TESTonly value\n");
        let run = stage.shell("sops exec-file a.json 'jq -r .x {}'").go().success();
        assert_eq!(run.stdout(), "TESTonly\n");
        if stage.ours {
            let run = stage.sandbox.keywright(["exec-env", "a.env", "printenv KEY"]);
            assert_eq!(run.go().success().stdout(), "TESTonly value\n");
            let run = stage.sandbox.keywright(["exec-file", "a.json", "jq -r .x {}"]);
            assert_eq!(run.go().success().stdout(), "TESTonly\n");
        }
    });
}

/// The recipients of a stored YAML file.
fn recipients(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let text = sandbox.read(name);
    let lines = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("recipient: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_member_leaves_and_another_joins() {
    walkthrough("a_member_leaves_and_another_joins", |stage| {
        let sandbox = &stage.sandbox;
        stage.encrypted("a.yaml", "a: TESTonly1\n");
        stage.encrypted("b.yaml", "b: TESTonly2\n");
        let before = sandbox.read("a.yaml");
        let rotate = ["rotate", "-i", "--add-age", BOB, "--rm-age", ALICE, "a.yaml"];
        let update = ["updatekeys", "-y", "a.yaml", "b.yaml"];
        let native = |args: &[&str]| match stage.ours {
            true => sandbox.keywright(args).go().success(),
            false => stage.sops(args).go().success(),
        };
        native(&rotate);
        assert_eq!(recipients(sandbox, "a.yaml"), [BOB]);
        // A new data key: no token is what it was.
        let line = before.lines().next().unwrap();
        assert!(!sandbox.read("a.yaml").contains(line), "{line}");

        sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
        let before = sandbox.read("b.yaml");
        native(&update);
        for name in ["a.yaml", "b.yaml"] {
            let mut now = recipients(sandbox, name);
            now.sort();
            assert_eq!(now, [ALICE, BOB], "{name}");
        }
        // The same data key: values and MAC stay.
        let kept = before.lines().filter(|line| line.starts_with("b: ") || line.contains("mac: "));
        kept.for_each(|line| assert!(sandbox.read("b.yaml").contains(line), "{line}"));
        assert_eq!(stage.decrypted("a.yaml"), Tree::of_json(r#"{"a": "TESTonly1"}"#));
        assert_eq!(stage.decrypted("b.yaml"), Tree::of_json(r#"{"b": "TESTonly2"}"#));
    });
}

#[test]
fn post_quantum_recipients_work() {
    walkthrough("post_quantum_recipients_work", |stage| {
        let sandbox = &stage.sandbox;
        sandbox.remove_identity();
        sandbox.run(reference::age_keygen()).args(["-pq", "-o", "pq.txt"]).go().success();
        let text = sandbox.read("pq.txt");
        let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
        sandbox.write("pq.yaml", "a: TESTonly\n");
        stage.sops(["encrypt", "-i", "--age", recipient, "pq.yaml"]).go().success();
        let run = stage.shell("SOPS_AGE_KEY_FILE=pq.txt sops decrypt pq.yaml").go().success();
        assert_eq!(run.stdout(), "a: TESTonly\n");
        // The real program reads it, too.
        let sops = sandbox.run(reference::current_sops()).env("SOPS_AGE_KEY_FILE", "pq.txt");
        assert_eq!(sops.args(["decrypt", "pq.yaml"]).go().success().stdout(), "a: TESTonly\n");
        stage.sops(["decrypt", "pq.yaml"]).go().code(128);
    });
}

#[test]
fn a_file_changed_by_hand_is_refused() {
    walkthrough("a_file_changed_by_hand_is_refused", |stage| {
        let sandbox = &stage.sandbox;
        sandbox.write(
            ".sops.yaml",
            format!("creation_rules:\n  - encrypted_regex: secret\n    age: {ALICE}\n"),
        );
        stage.encrypted("broken.yaml", "shown: before\nsecret: TESTonly\n");
        sandbox.write("broken.yaml", sandbox.read("broken.yaml").replace("before", "after"));
        let outcome =
            stage.sops(["decrypt", "broken.yaml"]).go().code(51).complains("MAC mismatch");
        assert_eq!(outcome.stdout(), "");
        if stage.ours {
            let outcome = sandbox.keywright(["decrypt", "broken.yaml"]).go().code(2);
            outcome.complains("broken.yaml: MAC does not match");
        }
        stage.sops(["decrypt", "--ignore-mac", "broken.yaml"]).go().success().prints("after");
    });
}
