//! `keywright check` on the sample, before and after encryption by the real sops.

use serde_json::{Value, json};

use crate::sandbox::{DATA, Sandbox, files_below};

/// A value that nothing may print.
const CANARY: &str = "hunter2hunter2";

/// The sample's Secret of one app, encrypted.
const SECRET: &str = "nerv/main/cluster/apps/grafana/app/secret.yaml";

/// The errors that a run with these arguments finds, as JSON; the sample has warnings of its own.
fn findings(sandbox: &Sandbox, args: &[&str], code: i32) -> Vec<Value> {
    let outcome = sandbox.keywright(["check", "--format", "json"]).args(args).go().code(code);
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    assert_eq!(report["version"], 1);
    let mut found = report["findings"].as_array().unwrap().clone();
    found.retain(|one| one["severity"] == "error");
    found
}

/// A plain Secret.
fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{token: {CANARY}}}\n"
    )
}

#[test]
fn every_secret_of_the_plain_sample_is_found_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/nerv"), "");
    let found = findings(&sandbox, &[], 1);
    let paths: Vec<_> = found.iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect();
    let files = files_below(&sandbox.work()).into_iter();
    let names = files.map(|path| path.to_string_lossy().into_owned());
    let mut expected: Vec<_> = names.filter(|path| path.ends_with("secret.yaml")).collect();
    expected.sort();
    assert_eq!((paths, found.len()), (expected, 8));
    assert!(found.iter().all(|one| one["rule"] == "plaintext-secret"));
}

#[test]
fn the_sample_encrypted_by_sops_has_no_errors_and_needs_no_key() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let before = sandbox.snapshot();
    sandbox.keywright(["check"]).go().success().prints(": 0 errors, 3 warnings");
    assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
}

#[test]
fn a_leak_is_shown_with_place_key_and_command_and_the_command_mends_it() {
    let sandbox = Sandbox::nerv();
    let leak = "nerv/main/cluster/apps/leak-secret.yaml";
    sandbox.write(leak, secret("leak"));
    let outcome = sandbox.keywright(["check", leak]).go().code(1);
    let shown = format!(
        "\
error[plaintext-secret]: Secret `leak` is in plain text: `token`
 --> {leak}:4:14
  |
4 | stringData: {{token: •••}}
  |              ^^^^^
  |
  = hint: keywright encrypt -i {leak}

checked 1 file: 1 error, 0 warnings
"
    );
    assert_eq!((outcome.stdout(), outcome.stderr()), (shown, String::new()));
    sandbox.assert_no_trace_of(CANARY, &[leak]);
    sandbox.keywright(["encrypt", "-i", leak]).go().success();
    sandbox.keywright(["check"]).go().success();
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn json_has_one_object_per_finding_with_a_command_for_the_working_directory() {
    let sandbox = Sandbox::nerv();
    sandbox.write("nerv/main/my secret.yaml", secret("leak"));
    let outcome = sandbox.keywright(["check", "--format", "json", "main/my secret.yaml"]);
    let outcome = outcome.within("nerv").go().code(1);
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    let expected = json!({
        "rule": "plaintext-secret",
        "severity": "error",
        "confidence": "high",
        "path": "nerv/main/my secret.yaml",
        "line": 4,
        "column": 14,
        "route": "stringData.token",
        "message": "Secret `leak` is in plain text: `token`",
        "hint": "keywright encrypt -i 'main/my secret.yaml'",
    });
    assert_eq!(report["findings"], json!([expected]));
    let summary = json!({
        "files": 1, "errors": 1, "warnings": 0, "unchecked": 0,
        "held_back": {"baseline": 0, "ignored": 0},
    });
    assert_eq!(report["summary"], summary);
    sandbox.assert_no_trace_of(CANARY, &["nerv/main/my secret.yaml"]);
}

#[test]
fn a_plain_value_added_to_an_encrypted_file_is_found() {
    let sandbox = Sandbox::nerv();
    let text = sandbox
        .read(SECRET)
        .replace("stringData:\n", &format!("stringData:\n    extra: {CANARY}\n"));
    sandbox.write(SECRET, text);
    let found = findings(&sandbox, &[], 1);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["rule"], &found[0]["route"]),
        (&json!("partially-encrypted"), &json!("stringData.extra"))
    );
    sandbox.assert_no_trace_of(CANARY, &[SECRET]);
}

#[test]
fn a_file_that_its_rule_means_is_found_though_it_is_no_secret() {
    let sandbox = Sandbox::new();
    let rules = sandbox_rule("path_regex: ^private/");
    sandbox.write(".sops.yaml", rules);
    sandbox.write("private/values.yaml", format!("token: {CANARY}\n"));
    sandbox.write("values.yaml", format!("token: {CANARY}\n"));
    let found = findings(&sandbox, &[], 1);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["rule"], &found[0]["path"]),
        (&json!("rule-not-applied"), &json!("private/values.yaml"))
    );
}

/// A configuration with one rule for the sample's recipient.
fn sandbox_rule(fields: &str) -> String {
    let age = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    format!("creation_rules:\n  - age: {age}\n    {fields}\n")
}

#[test]
fn secrets_in_streams_lists_and_json_are_found() {
    let sandbox = Sandbox::new();
    sandbox.write("stream.yaml", format!("a: 1\n---\n{}---\n{}", secret("one"), secret("two")));
    let items: Vec<Value> = ["three", "four"]
        .map(|name| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"a": "aHVudGVyMg=="}}))
        .to_vec();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    sandbox.write("list.json", serde_json::to_string_pretty(&list).unwrap().replace("  ", "\t"));
    let found = findings(&sandbox, &[], 1);
    let routes: Vec<_> = found.iter().map(|one| one["route"].as_str().unwrap()).collect();
    let expected = ["items[0].data.a", "items[1].data.a", "stringData.token", "stringData.token"];
    assert_eq!(routes, expected);
}

#[test]
fn ignored_files_templates_and_examples_are_no_manifests() {
    let sandbox = Sandbox::new();
    for name in ["ignored.yaml", "a.yaml.j2", "b.tmpl", "c.yaml.example"] {
        sandbox.write(name, secret("leak"));
    }
    sandbox.write(
        "chart/templates/secret.yaml",
        format!("{{{{- if .Values.x }}}}\n{}{{{{- end }}}}\n", secret("x")),
    );
    sandbox.write(".gitignore", "ignored.yaml\n");
    sandbox.git(&["init", "--quiet"]);
    sandbox.keywright(["check"]).go().success().prints(": no findings");
    // What somebody names is looked at.
    assert_eq!(findings(&sandbox, &["ignored.yaml"], 1).len(), 1);
}

#[test]
fn only_what_is_named_is_checked_and_paths_are_those_of_the_working_directory() {
    let sandbox = Sandbox::nerv();
    for path in ["a/x.yaml", "b/x.yaml", "b/c/x.yaml"] {
        sandbox.write(path, secret("leak"));
    }
    assert_eq!(findings(&sandbox, &["b"], 1).len(), 2);
    assert_eq!(findings(&sandbox, &["b/c/../x.yaml", "a", "a/x.yaml"], 1).len(), 2);
    assert_eq!(findings(&sandbox, &["-C", "b", "c", "../a/x.yaml"], 1).len(), 2);
    findings(&sandbox, &["nerv"], 0);
}

#[test]
fn what_is_missing_or_elsewhere_is_refused() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["check", "nowhere.yaml"]).go().code(2).complains("error: nowhere.yaml: ");
    let home = sandbox.home();
    sandbox.keywright(["check"]).arg(home).go().code(2).complains("not in the repository");
}

#[test]
fn a_broken_configuration_is_an_error_with_its_place_and_findings_are_still_shown() {
    let sandbox = Sandbox::new();
    sandbox.write(".sops.yaml", sandbox_rule("encrypted_regex: '(?!x)'"));
    sandbox.write("a.yaml", secret("leak"));
    let outcome = sandbox.keywright(["check"]).go().code(2);
    outcome
        .complains("error: .sops.yaml:2:5: `encrypted_regex`")
        .prints("checked 2 files: 1 error");
}

#[test]
fn a_secret_that_does_not_parse_is_told_and_refused_where_it_was_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", format!("kind: Secret\nstringData: {{token: {CANARY}\n"));
    let told = "a.yaml:";
    sandbox.keywright(["check"]).go().success().complains("warning: ").complains(told);
    sandbox.keywright(["check", "a.yaml"]).go().code(2).complains("error: ").complains(told);
    sandbox.assert_no_trace_of(CANARY, &["a.yaml"]);
}

#[test]
fn a_link_is_not_followed_out_of_the_repository() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.home().join("elsewhere.yaml"), secret("leak")).unwrap();
    std::os::unix::fs::symlink(sandbox.home().join("elsewhere.yaml"), sandbox.path("a.yaml"))
        .unwrap();
    sandbox.keywright(["check"]).go().success().prints("checked 0 files");
}

#[test]
fn a_file_for_others_than_its_rule_says_is_found_and_the_command_mends_it() {
    let sandbox = Sandbox::nerv();
    let rules = sandbox.read("nerv/.sops.yaml");
    let more = "age: age1qa5p7sqy3qch3zyksdu8qy7xtfnmr74nvc2u2gre8jhhndmsxqvq030u66,age16c4r";
    sandbox.write("nerv/.sops.yaml", rules.replace("age: age16c4r", more));
    let found = findings(&sandbox, &[], 1);
    assert!(found.len() == 8 && found.iter().all(|one| one["rule"] == "recipient-drift"));
    for one in &found {
        let hint = one["hint"].as_str().unwrap().strip_prefix("keywright ").unwrap().to_owned();
        sandbox.keywright(hint.split(' ')).go().success();
    }
    findings(&sandbox, &[], 0);
}

#[test]
fn an_encrypted_secret_that_lost_its_metadata_is_found() {
    let sandbox = Sandbox::nerv();
    let text = sandbox.read(SECRET);
    let (values, _) = text.split_once("\nsops:").unwrap();
    sandbox.write(SECRET, format!("{values}\n"));
    let found = findings(&sandbox, &[], 1);
    assert_eq!((found.len(), &found[0]["rule"]), (1, &json!("stray-token")));
}

#[test]
fn the_two_commands_of_the_hint_bring_a_selection_up_to_its_rule() {
    let sandbox = Sandbox::nerv();
    sandbox.write("nerv/.sops.yaml", sandbox_rule("encrypted_regex: ^(data|stringData)$"));
    let drifts = |sandbox: &Sandbox| {
        let report = sandbox.keywright(["check", "--format", "json"]).go().success().stdout();
        report.matches("\"rule\": \"selection-drift\"").count()
    };
    assert_eq!(drifts(&sandbox), 8);
    sandbox.keywright(["decrypt", "-i", SECRET]).go().success();
    sandbox.keywright(["encrypt", "-i", SECRET]).go().success();
    assert_eq!(drifts(&sandbox), 7);
}
