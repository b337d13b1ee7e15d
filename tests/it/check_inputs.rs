//! What `keywright check` looks at: the index, ranges, the history, standard input, and files of every kind.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// A value that nothing may print.
const CANARY: &str = "hunter2hunter2";

/// A plain Secret.
fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{token: {CANARY}}}\n"
    )
}

/// An empty repository.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox
}

/// The findings: `path: message`.
fn found(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let outcome = sandbox.keywright(["check", "--format", "json"]).args(args).go();
    let report: Value = serde_json::from_str(&outcome.stdout())
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr()));
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| format!("{}: {}", text(one, "path"), text(one, "message"))).collect()
}

const PLAIN: &str = "is in plain text: `token`";

#[test]
fn the_index_is_checked_not_the_working_tree() {
    let sandbox = repository();
    sandbox.write("staged.yaml", secret("staged"));
    sandbox.write("old.yaml", "a: 1\n");
    sandbox.git(&["add", "."]);
    sandbox.write("staged.yaml", "a: 1\n");
    sandbox.write("untracked.yaml", secret("untracked"));
    let only = format!("staged.yaml: Secret `staged` {PLAIN}");
    // Before the first commit, and after it.
    assert_eq!(found(&sandbox, &["--staged"]), [only.as_str()]);
    sandbox.git(&["rm", "--cached", "--quiet", "-f", "staged.yaml"]);
    sandbox.git(&["-c", "user.name=T", "-c", "user.email=t@example.test", "commit", "-qm", "x"]);
    sandbox.keywright(["check", "--staged"]).go().success().prints("checked 0 files");
    sandbox.write("staged.yaml", secret("staged"));
    sandbox.git(&["add", "staged.yaml"]);
    assert_eq!(found(&sandbox, &["--staged"]), [only.as_str()]);
    assert_eq!(found(&sandbox, &["--staged", "staged.yaml"]), [only.as_str()]);
    assert_eq!(found(&sandbox, &["--staged", "elsewhere"]), [""; 0]);
}

#[test]
fn the_creation_rules_of_the_index_count() {
    let sandbox = repository();
    let age = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    let rules = format!("creation_rules:\n  - path_regex: ^private/\n    age: {age}\n");
    sandbox.write(".sops.yaml", &rules);
    sandbox.write("private/values.yaml", format!("token: {CANARY}\n"));
    sandbox.git(&["add", "."]);
    sandbox.write(".sops.yaml", "creation_rules: []\n");
    assert_eq!(found(&sandbox, &["--staged"]).len(), 1);
    sandbox.git(&["add", "."]);
    sandbox.write(".sops.yaml", &rules);
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
}

#[test]
fn staged_files_of_every_kind_and_name_are_handled() {
    let sandbox = repository();
    sandbox.write("gone.yaml", secret("gone"));
    sandbox.write("moved.yaml", "a: 1\n");
    sandbox.commit_all("before");
    sandbox.git(&["rm", "--quiet", "gone.yaml"]);
    sandbox.git(&["mv", "moved.yaml", "here.yaml"]);
    for name in ["a b.yaml", "a\nb.yaml", "ä.yaml"] {
        sandbox.write(name, secret("s"));
    }
    let odd = sandbox.work().join(OsStr::from_bytes(b"\xff.yaml"));
    fs::write(odd, secret("s").replace('\n', "\r\n")).unwrap();
    symlink("a b.yaml", sandbox.path("link.yaml")).unwrap();
    sandbox.write("wide.yaml", b"\xff\xfek\0");
    sandbox.write(
        "pointer.yaml",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    );
    sandbox.write("picture.png", b"\x89PNG\0\0");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let submodule = format!("160000,{},sub", head.trim());
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["update-index", "--add", "--cacheinfo", &submodule]);
    let outcome = sandbox.keywright(["check", "--staged"]).go().code(1);
    outcome
        .prints("4 errors")
        .complains("wide.yaml: encoded as UTF-16; save it as UTF-8")
        .complains("pointer.yaml: only its pointer is here");
}

#[test]
fn a_file_that_is_not_merged_is_told() {
    let sandbox = repository();
    sandbox.write("a.yaml", "a: 1\n");
    sandbox.commit_all("base");
    sandbox.git(&["checkout", "--quiet", "-b", "side"]);
    sandbox.write("a.yaml", "a: 2\n");
    sandbox.commit_all("side");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.write("a.yaml", "a: 3\n");
    sandbox.commit_all("main");
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    sandbox.run("git").args(author).args(["merge", "side"]).go().code(1);
    let outcome = sandbox.keywright(["check", "--staged"]).go().success();
    outcome.complains("a.yaml: is not merged; `git add` it once it is");
}

#[test]
fn a_range_has_what_it_brought() {
    let sandbox = repository();
    sandbox.write("old.yaml", secret("old"));
    sandbox.write("moved.yaml", secret("moved") + "# a\n# b\n# c\n");
    sandbox.commit_all("before");
    sandbox.git(&["mv", "moved.yaml", "here.yaml"]);
    // A change elsewhere in the file, and another Secret in it.
    sandbox.write("old.yaml", format!("# head\n{}", secret("old")));
    sandbox.write("grown.yaml", "a: 1\n");
    sandbox.commit_all("harmless");
    assert_eq!(found(&sandbox, &["--range", "HEAD~1..HEAD"]), [""; 0]);
    sandbox.write("old.yaml", secret("old") + "---\n" + &secret("new"));
    sandbox.commit_all("leak");
    let new = format!("old.yaml: Secret `new` {PLAIN}");
    for range in ["HEAD~1..HEAD", "HEAD~1..", "HEAD", "HEAD~2...HEAD"] {
        assert_eq!(found(&sandbox, &["--range", range]), [new.as_str()], "{range}");
    }
    // What is in the working tree does not matter.
    sandbox.write("old.yaml", "a: 1\n");
    assert_eq!(found(&sandbox, &["--range", "HEAD"]), [new.as_str()]);
    assert_eq!(found(&sandbox, &["--range", "HEAD", "here.yaml"]), [""; 0]);
}

#[test]
fn another_value_in_the_place_of_a_plain_one_is_new() {
    let sandbox = repository();
    let block = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  token: |\n    {value}\n"
        )
    };
    sandbox.write("a.yaml", block("first"));
    sandbox.commit_all("before");
    sandbox.write("a.yaml", block(CANARY));
    sandbox.commit_all("another");
    assert_eq!(found(&sandbox, &["--range", "HEAD"]).len(), 1);
}

#[test]
fn the_first_commit_is_a_range_and_what_is_none_is_refused() {
    let sandbox = repository();
    sandbox.write("a.yaml", secret("a"));
    sandbox.commit_all("first");
    assert_eq!(found(&sandbox, &["--range", "HEAD"]).len(), 1);
    for range in ["nowhere", "HEAD..nowhere", "--output=x"] {
        let argument = format!("--range={range}");
        sandbox.keywright(["check", &argument]).go().code(2).complains("is no commit");
    }
}

#[test]
fn the_history_has_every_content_once_with_its_commit() {
    let sandbox = repository();
    sandbox.write("a.yaml", secret("a"));
    sandbox.write("copy.yaml", secret("a"));
    sandbox.commit_all("leak");
    let leak = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write("a.yaml", "a: 1\n");
    fs::remove_file(sandbox.path("copy.yaml")).unwrap();
    sandbox.commit_all("as if nothing had been");
    sandbox.git(&["checkout", "--quiet", "-b", "side"]);
    sandbox.write("b.yaml", secret("b"));
    sandbox.commit_all("on another branch");
    sandbox.git(&["checkout", "--quiet", "main"]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    let all = found(&sandbox, &["--history"]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], format!("a.yaml: Secret `a` {PLAIN} (in commit {})", &leak[..9]));
    assert!(all[1].starts_with("b.yaml: "));
    assert_eq!(found(&sandbox, &["--history", "b.yaml"]), all[1..]);
    sandbox.keywright(["check", "--history"]).go().code(1).prints("replace it wherever it is used");
}

#[test]
fn standard_input_is_judged_as_the_file_that_is_named() {
    let sandbox = repository();
    let run = |name: &str, input: &str| {
        sandbox.keywright(["check", "--stdin-filename", name]).stdin(input).go()
    };
    run("apps/new.yaml", &secret("a")).code(1).prints("--> apps/new.yaml:4:14");
    run("apps/new.txt", &secret("a")).success();
    run("a.yaml", "kind: Secret\na: [").code(2).complains("error: a.yaml:");
    run("../a.yaml", "").code(2).complains("not in the repository");
    assert!(!sandbox.path("apps").exists());
}

#[test]
fn ignored_files_are_checked_if_that_is_wanted() {
    let sandbox = repository();
    sandbox.write(".gitignore", "ignored/\n");
    sandbox.write("ignored/a.yaml", secret("a"));
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    assert_eq!(found(&sandbox, &["--no-ignore"]).len(), 1);
    assert_eq!(found(&sandbox, &["ignored/a.yaml"]).len(), 1);
    assert_eq!(found(&sandbox, &["--no-ignore", "ignored"]).len(), 1);
}

#[test]
fn one_state_is_checked_at_a_time() {
    let sandbox = repository();
    for args in [
        &["--staged", "--history"][..],
        &["--staged", "--range", "HEAD"],
        &["--history", "--stdin-filename", "a"],
        &["--stdin-filename", "a", "b"],
        &["--no-ignore", "--staged"],
    ] {
        sandbox.keywright(["check"]).args(args).go().code(2).complains("cannot be used with");
    }
}

#[test]
fn large_and_unreadable_files_are_told() {
    let sandbox = repository();
    let large = fs::File::create(sandbox.path("large.txt")).unwrap();
    large.set_len(100 << 20).unwrap();
    sandbox.write("dump.sql", "-- a line\n".repeat(2 << 20));
    fs::create_dir(sandbox.path("looping")).unwrap();
    symlink("looping.yaml", sandbox.path("looping.yaml")).unwrap();
    let outcome = sandbox.keywright(["check"]).go().success();
    let outcome = outcome.complains("dump.sql: larger than 16 MiB");
    assert!(!outcome.stderr().contains("large.txt"), "it is binary: {}", outcome.stderr());
    let named = sandbox.keywright(["check", "looping.yaml"]).go().code(2);
    named.complains("looping.yaml: cannot be read");
}
