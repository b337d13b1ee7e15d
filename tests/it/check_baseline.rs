//! What holds findings of `keywright check` back: the baseline, comments and settings.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// A value that nothing may print or write.
const CANARY: &str = "hunter2hunter2";

/// The file of known findings.
const BASELINE: &str = ".keywright-baseline";

/// A plain Secret.
fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData:\n  token: {CANARY}\n"
    )
}

/// A repository with the Secrets `a` and `c` in plain text, known.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.write("a.yaml", secret("a"));
    sandbox.write("apps/c.yaml", secret("c"));
    sandbox.keywright(["check"]).go().code(1).prints("checked 2 files: 2 errors, 0 warnings\n");
    let run = sandbox.keywright(["check", "--update-baseline"]).go().success();
    run.prints("no findings, 2 held back (2 by the baseline)")
        .complains("note: .keywright-baseline has 2 entries now");
    sandbox
}

/// The same, committed.
fn known() -> Sandbox {
    let sandbox = recorded();
    sandbox.commit_all("known");
    sandbox
}

#[test]
fn what_is_known_does_not_count_and_what_is_new_does() {
    let sandbox = recorded();
    let run = sandbox.keywright(["check"]).go().success();
    run.prints("checked 3 files: no findings, 2 held back (2 by the baseline)\n");
    sandbox.write("b.yaml", secret("b"));
    let run = sandbox.keywright(["check", "--format", "json"]).go().code(1);
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["path"], "b.yaml");
    assert_eq!(report["summary"]["errors"], 1);
    assert_eq!(report["summary"]["held_back"], json!({"baseline": 2, "ignored": 0}));
    sandbox.assert_no_trace_of(CANARY, &["a.yaml", "apps/c.yaml", "b.yaml"]);
}

#[test]
fn the_file_has_rule_path_and_route_and_is_the_same_from_everywhere() {
    let sandbox = known();
    let lines = "plaintext-secret\ta.yaml\tstringData.token\nplaintext-secret\tapps/c.yaml\tstringData.token\n";
    let written = sandbox.read(BASELINE);
    assert_eq!(written.split_once('\n').unwrap().1, lines);
    sandbox.keywright(["check", "--update-baseline"]).within("apps").go().success();
    assert_eq!(sandbox.git_status(), "");
    sandbox.keywright(["check", "c.yaml"]).within("apps").go().success();
}

#[test]
fn one_more_value_in_a_known_secret_counts() {
    let sandbox = known();
    sandbox.write("a.yaml", secret("a") + &format!("  zweit: {CANARY}\n"));
    sandbox.keywright(["check"]).go().code(1).prints("`token`, `zweit`");
}

#[test]
fn what_is_mended_is_told_until_the_file_is_written_anew() {
    let sandbox = known();
    sandbox.write("a.yaml", "a: 1\n");
    let told = "note: .keywright-baseline:2: nothing is found any more of `plaintext-secret a.yaml stringData.token`\n\
                hint: keywright check --update-baseline\n";
    let run = sandbox.keywright(["check"]).go().success();
    assert_eq!(run.stderr(), told);
    // Where not everything is checked nobody can know.
    assert_eq!(sandbox.keywright(["check", "apps"]).go().success().stderr(), "");
    sandbox.keywright(["check", "--update-baseline"]).go().success();
    assert!(!sandbox.read(BASELINE).contains("a.yaml"));
    assert_eq!(sandbox.keywright(["check"]).go().success().stderr(), "");
}

#[test]
fn moved_lines_and_windows_line_breaks_do_not_matter() {
    let sandbox = known();
    sandbox.write("a.yaml", format!("# new\n\n---\n{}", secret("a")).replace('\n', "\r\n"));
    sandbox.write(BASELINE, sandbox.read(BASELINE).replace('\n', "\r\n"));
    let run = sandbox.keywright(["check"]).go().success();
    assert_eq!(run.stderr(), "");
}

#[test]
fn the_files_of_two_people_merge_by_lines() {
    let sandbox = known();
    sandbox.write(".gitattributes", format!("{BASELINE} merge=union\n"));
    sandbox.commit_all("attributes");
    for (branch, path) in [("one", "b/one.yaml"), ("two", "b/two.yaml")] {
        sandbox.git(&["checkout", "--quiet", "-b", branch, "main"]);
        sandbox.write(path, secret("new"));
        sandbox.keywright(["check", "--update-baseline"]).go().success();
        sandbox.commit_all(branch);
    }
    let [name, mail] = ["user.name=Test", "user.email=test@example.com"];
    sandbox.git(&["-c", name, "-c", mail, "merge", "--quiet", "-m", "both", "one"]);
    let run = sandbox.keywright(["check"]).go().success();
    assert_eq!(run.prints("4 held back").stderr(), "");
}

#[test]
fn a_file_with_conflicts_is_refused_and_can_be_written_anew() {
    let sandbox = known();
    sandbox.write(BASELINE, format!("<<<<<<< HEAD\n{}", sandbox.read(BASELINE)));
    let run = sandbox.keywright(["check"]).go().code(2);
    run.complains("error: .keywright-baseline:1:1: not a line of rule, path and route")
        .complains("hint: mend it, or write it anew with `keywright check --update-baseline`");
    sandbox.keywright(["check", "--update-baseline"]).go().success();
    assert_eq!(sandbox.git_status(), "");
}

#[test]
fn another_file_is_used_where_it_is_named() {
    let sandbox = known();
    sandbox.keywright(["check", "--baseline", "/dev/null"]).go().code(1);
    let missing = sandbox.keywright(["check", "--baseline", "ci/known"]).go().code(2);
    missing.complains("error: ci/known: no such file or directory");
    std::fs::create_dir(sandbox.path("ci")).unwrap();
    let named = ["check", "--baseline", "ci/known"];
    sandbox.keywright(named).arg("--update-baseline").go().success();
    sandbox.write("a.yaml", "a: 1\n");
    let run = sandbox.keywright(named).go().success();
    run.complains("note: ci/known:2: nothing is found any more of")
        .complains("hint: keywright check --update-baseline --baseline ci/known");
    sandbox.keywright(["check", "--update-baseline", "apps"]).go().code(2);
}

#[test]
fn nothing_is_written_where_a_configuration_is_broken() {
    let sandbox = known();
    let before = sandbox.read(BASELINE);
    sandbox.write(".sops.yaml", "creation_rules: [{path_regex: '('}]\n");
    sandbox.write("b.yaml", secret("b"));
    let run = sandbox.keywright(["check", "--update-baseline"]).go().code(2);
    run.complains("error: .sops.yaml:1:").complains("hint: mend it first; nothing was written");
    assert_eq!(sandbox.read(BASELINE), before);
}

#[test]
fn comments_and_settings_hold_back_with_a_reason_and_the_baseline_has_the_rest() {
    let sandbox = Sandbox::new();
    let ignore = "# keywright: ignore[plaintext-secret] made up";
    sandbox.write("a.yaml", secret("a").replace("  token", &format!("  {ignore}\n  token")));
    sandbox.write("b/x.yaml", secret("b"));
    sandbox.write("c.yaml", secret("c"));
    sandbox.write(
        "keywright.yaml",
        "check:\n  ignore:\n    - {rule: plaintext-secret, path: b/, reason: made up}\n    \
         - {rule: plaintext-secret, path: gone/, reason: made up}\n",
    );
    let run = sandbox.keywright(["check", "--update-baseline"]).go().success();
    run.prints("no findings, 3 held back (1 by the baseline, 2 ignored)")
        .complains("note: keywright.yaml:4:7: the ignore holds nothing back");
    assert_eq!(sandbox.read(BASELINE).lines().count(), 2);
    sandbox.write("a.yaml", sandbox.read("a.yaml").replace(" made up", ""));
    let run = sandbox.keywright(["check", "a.yaml"]).go().code(1);
    run.prints("checked 1 file: 1 error, 0 warnings\n").complains(
        "warning: a.yaml:5: the ignore of `plaintext-secret` gives no reason, so it holds nothing back",
    );
    sandbox.assert_no_trace_of(CANARY, &["a.yaml", "b/x.yaml", "c.yaml"]);
}

#[test]
fn a_setting_that_cannot_be_used_is_refused_with_the_nearest_one() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", secret("a"));
    sandbox.write("keywright.yaml", "check:\n  severity: {plaintxt-secret: off}\n");
    let run = sandbox.keywright(["check"]).go().code(2);
    run.complains(
        "error: keywright.yaml:2:14: there is no setting `check.severity.plaintxt-secret`",
    )
    .complains("hint: did you mean `plaintext-secret`?");
    sandbox.write("keywright.yaml", "check:\n  severity: {plaintext-secret: warning}\n");
    sandbox.keywright(["check"]).go().success().prints("warning[plaintext-secret]");
}

#[test]
fn what_is_held_back_is_so_for_every_input() {
    let sandbox = known();
    let held = "no findings, 1 held back (1 by the baseline)";
    sandbox.write("a.yaml", secret("a") + "  # more\n");
    sandbox.git(&["add", "a.yaml"]);
    sandbox.keywright(["check", "--staged"]).go().success().prints(held);
    sandbox.keywright(["check", "apps"]).go().success().prints(held);
    let name = ["check", "--stdin-filename", "a.yaml"];
    sandbox.keywright(name).stdin(secret("a")).go().success().prints(held);
    sandbox.commit_all("more");
    sandbox.write("a.yaml", secret("a").replace("token", "key"));
    sandbox.commit_all("another key");
    sandbox.keywright(["check", "--range", "HEAD~1..HEAD"]).go().code(1).prints("`key`");
    let ignore = "# keywright: ignore[plaintext-secret] made up";
    sandbox.write("a.yaml", secret("a").replace("  token", &format!("  {ignore}\n  key")));
    sandbox.commit_all("ignored");
    let run = sandbox.keywright(["check", "--range", "HEAD~2..HEAD"]).go().success();
    run.prints("no findings, 1 held back (1 ignored)");
}

#[test]
fn a_comment_is_about_its_own_version() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    let ignored = "# keywright: ignore[plaintext-secret] made up";
    let line = |comment: &str| secret("a").replace(CANARY, &format!("{CANARY} {comment}"));
    sandbox.write("a.yaml", line("# none"));
    sandbox.commit_all("before");
    sandbox.write("a.yaml", line(ignored));
    sandbox.commit_all("ignored");
    let run = sandbox.keywright(["check", "--history"]).go().code(1);
    run.prints("checked 2 files: 1 error, 0 warnings, 1 held back (1 ignored)");
}

#[test]
fn a_baseline_is_written_of_everything_or_not_at_all() {
    let sandbox = known();
    for other in
        [&["--staged"][..], &["--range", "HEAD"], &["--history"], &["apps"], &["--no-ignore"]]
    {
        let run = sandbox.keywright(["check", "--update-baseline"]).args(other).go().code(2);
        run.complains("cannot be used with");
    }
    assert_eq!(sandbox.git_status(), "");
}
