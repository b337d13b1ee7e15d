//! `hand-edited`: files of the real sops, changed with their key and without.

use serde_json::Value;

use crate::reference;
use crate::sandbox::Sandbox;

const AGE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// A file whose name says its format, encrypted by the real sops and committed.
fn repository(name: &str, plain: &str, rule: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {AGE}\n{rule}"));
    sandbox.write(name, plain);
    let sops = sandbox.run(reference::current_sops());
    sops.args(["--encrypt", "--in-place", name]).go().success();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("encrypted");
    sandbox
}

const NAME: &str = "values.yaml";
const PLAIN: &str = "user: anna\npassword: TESTonlyA\nreplicas_unencrypted: 3\nlist:\n    - TESTonlyB\n    - TESTonlyC\n";

fn usual() -> Sandbox {
    repository(NAME, PLAIN, "")
}

/// The messages of the rule.
fn found(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let run = sandbox.keywright(["check", "--format", "json"]).args(args);
    let report: Value = serde_json::from_str(&run.go().stdout()).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|one| one["rule"] == "hand-edited");
    own.map(|one| {
        format!("{}: {}", one["route"].as_str().unwrap(), one["message"].as_str().unwrap())
    })
    .collect()
}

/// An edit of a text.
type Change = Box<dyn Fn(&str) -> String>;

/// Edits a file of the working tree.
fn edit(sandbox: &Sandbox, name: &str, change: impl Fn(&str) -> String) {
    let old = sandbox.read(name);
    let new = change(&old);
    assert_ne!(old, new);
    sandbox.write(name, new);
}

/// Whether the real sops still decrypts the file: what the rule claims to know without a key.
fn decrypts(sandbox: &Sandbox, name: &str) -> bool {
    let run = sandbox.run(reference::current_sops()).args(["--decrypt", name]);
    run.command().output().unwrap().status.success()
}

/// A line of a text.
fn line<'t>(text: &'t str, key: &str) -> &'t str {
    text.lines().find(|line| line.trim_start().starts_with(key)).unwrap()
}

#[test]
fn a_plain_value_changed_by_hand_is_found_in_tree_index_and_range() {
    let sandbox = usual();
    edit(&sandbox, NAME, |text| text.replace("unencrypted: 3", "unencrypted: 4"));
    assert!(!decrypts(&sandbox, NAME));
    let message =
        "replicas_unencrypted: edited by hand, so that the MAC is wrong: `replicas_unencrypted`";
    assert_eq!(found(&sandbox, &[]), [message]);
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
    sandbox.git(&["add", "."]);
    assert_eq!(found(&sandbox, &["--staged"]), [message]);
    sandbox.commit_all("edited");
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    assert_eq!(found(&sandbox, &["--range", "HEAD~1..HEAD"]), [message]);
    assert_eq!(found(&sandbox, &["--range", "HEAD"]), [message]);
}

#[test]
fn the_hint_mends_it() {
    let sandbox = usual();
    edit(&sandbox, NAME, |text| text.replace("unencrypted: 3", "unencrypted: 4"));
    let mend = "keywright rotate -i --ignore-mac values.yaml";
    sandbox.keywright(["check"]).go().code(1).prints(mend);
    sandbox.keywright(["rotate", "-i", "--ignore-mac", NAME]).go().success();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    assert!(decrypts(&sandbox, NAME));
}

#[test]
fn what_really_breaks_the_mac_is_found_and_nothing_else() {
    let swapped = |text: &str, one: &str, other: &str| {
        let (one, other) = (line(text, one).to_owned(), line(text, other).to_owned());
        text.replace(&one, "\u{1}").replace(&other, &one).replace('\u{1}', &other)
    };
    let edits: Vec<(&str, Change)> = vec![
        ("comment", Box::new(|text| format!("# a comment\n{text}"))),
        ("blank lines", Box::new(|text| text.replace("replicas", "\n\nreplicas"))),
        ("quotes", Box::new(|text| text.replace("unencrypted: 3", "unencrypted: '3'"))),
        ("key of a plain value", Box::new(|text| text.replace("replicas_", "number_"))),
        ("an empty value more", Box::new(|text| format!("e: ''\nn: null\n{text}"))),
        ("order of keys", Box::new(move |text| swapped(text, "user:", "password:"))),
        (
            "order of a plain and an encrypted one",
            Box::new(move |text| swapped(text, "password:", "replicas_")),
        ),
        ("value gone", Box::new(|text| text.replace(&format!("{}\n", line(text, "user:")), ""))),
        ("key of a token", Box::new(|text| text.replace("user:", "name:"))),
        (
            "tokens of two keys",
            Box::new(|text| {
                let of = |key| line(text, key).split_once(": ").unwrap().1.to_owned();
                let (user, password) = (of("user:"), of("password:"));
                text.replace(&user, "\u{1}").replace(&password, &user).replace('\u{1}', &password)
            }),
        ),
        ("plain value more", Box::new(|text| format!("more_unencrypted: x\n{text}"))),
        (
            "time",
            Box::new(|text| {
                text.replace(
                    line(text, "lastmodified:"),
                    "    lastmodified: \"2031-01-02T03:04:05Z\"",
                )
            }),
        ),
    ];
    for (what, change) in edits {
        let sandbox = usual();
        edit(&sandbox, NAME, change);
        let is_found = !found(&sandbox, &[]).is_empty();
        assert_eq!(is_found, !decrypts(&sandbox, NAME), "{what}\n{}", sandbox.read(NAME));
    }
}

#[test]
fn changes_with_the_key_are_not_found() {
    let sandbox = usual();
    let sops = |args: &[&str]| {
        let run = sandbox.run(reference::current_sops()).args(args);
        run.go().success();
    };
    sops(&["set", NAME, "[\"user\"]", "\"bert\""]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox
        .keywright(["set", "--value-stdin", NAME, "[\"password\"]"])
        .stdin("\"TESTonlyD\"")
        .go()
        .success();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox.keywright(["unset", NAME, "[\"user\"]"]).go().success();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sops(&["rotate", "-i", NAME]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    let editor = "sed -i 's/TESTonlyB/TESTonlyE/'";
    let run = sandbox.run(reference::current_sops()).args(["edit", NAME]).env("EDITOR", editor);
    run.go().success();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
}

#[test]
fn plain_values_are_free_where_the_mac_covers_encrypted_ones_only() {
    let sandbox = repository(NAME, PLAIN, "    mac_only_encrypted: true\n");
    edit(&sandbox, NAME, |text| text.replace("unencrypted: 3", "unencrypted: 4"));
    assert!(decrypts(&sandbox, NAME));
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    edit(&sandbox, NAME, |text| text.replace(&format!("{}\n", line(text, "user:")), ""));
    assert!(!decrypts(&sandbox, NAME));
    assert_eq!(found(&sandbox, &[]).len(), 1);
}

#[test]
fn files_of_other_formats_are_found_too() {
    for (name, plain, from, to) in [
        ("app.env", "A=TESTonlyA\nB_unencrypted=1\n", "unencrypted=1", "unencrypted=2"),
        ("app.ini", "[s]\na = TESTonlyA\nb_unencrypted = 1\n", "= 1", "= 2"),
        ("app.json", "{\"a\": \"TESTonlyA\", \"b_unencrypted\": 1}", "\": 1", "\": 2"),
    ] {
        let sandbox = repository(name, plain, "");
        edit(&sandbox, name, |text| text.replacen(from, to, 1));
        assert!(!decrypts(&sandbox, name), "{name}");
        assert_eq!(found(&sandbox, &[]).len(), 1, "{name}");
    }
}

#[test]
fn a_renamed_file_is_compared_with_what_it_was() {
    let sandbox = usual();
    sandbox.git(&["mv", NAME, "moved.yaml"]);
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
    edit(&sandbox, "moved.yaml", |text| text.replace("unencrypted: 3", "unencrypted: 4"));
    sandbox.git(&["add", "."]);
    assert_eq!(found(&sandbox, &["--staged"]).len(), 1);
}

#[test]
fn a_merge_may_have_either_side_but_no_mixture() {
    let sandbox = usual();
    let set = |value: &str| {
        let run = sandbox.run(reference::current_sops());
        run.args(["set", NAME, "[\"user\"]", value]).go().success();
    };
    sandbox.git(&["checkout", "--quiet", "-b", "side"]);
    set("\"bert\"");
    sandbox.commit_all("side");
    let theirs = sandbox.read(NAME);
    sandbox.git(&["checkout", "--quiet", "main"]);
    set("\"carla\"");
    sandbox.commit_all("main");
    let ours = sandbox.read(NAME);
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    let merge = ["merge", "--quiet", "-s", "ours", "--no-commit", "side"];
    sandbox.git(&[&author[..], &merge].concat());
    for whole in [&theirs, &ours] {
        sandbox.write(NAME, whole);
        sandbox.git(&["add", "."]);
        assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
        assert_eq!(found(&sandbox, &[]), [""; 0]);
    }
    let mixture = theirs.replace(line(&theirs, "user:"), line(&ours, "user:"));
    sandbox.write(NAME, mixture);
    sandbox.git(&["add", "."]);
    assert!(!decrypts(&sandbox, NAME));
    assert_eq!(found(&sandbox, &["--staged"]).len(), 1);
    assert_eq!(found(&sandbox, &[]).len(), 1);
}

#[test]
fn without_git_or_a_commit_nothing_is_compared() {
    let sandbox = usual();
    edit(&sandbox, NAME, |text| text.replace("unencrypted: 3", "unencrypted: 4"));
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox.git(&["init", "--quiet"]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
}
