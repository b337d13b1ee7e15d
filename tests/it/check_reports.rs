//! `keywright check --format …`: each report from real runs, and what `--strict` and `--explain` do.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::{Value, json};

use crate::db_status::conforms;
use crate::reference;
use crate::sandbox::{DATA, Outcome, Sandbox};
use crate::terminal::Terminal;

/// A value that nothing may print.
const CANARY: &str = "hunter2hunter2";

/// All formats.
const FORMATS: [&str; 6] = ["text", "json", "sarif", "github", "gitlab", "junit"];

/// Names that one or the other format has to escape. The last but one is no UTF-8.
const NAMES: [&[u8]; 7] = [
    b"a b, c: 100%.yaml",
    b"c:d#e?.yaml",
    b"it's \"<&>\".yaml",
    b"line\nbreak\t.yaml",
    b"-n.yaml",
    b"bytes-\xff.yaml",
    b"red-\x1b[31m.yaml",
];

/// The plain sample, whose eight Secrets are all that is to be found.
fn plain_sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/nerv"), "");
    sandbox
}

/// A Secret of two documents and an awkward key in files of awkward names.
fn awkward() -> Sandbox {
    let sandbox = Sandbox::new();
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: 'a,%0A]]>'}}\nstringData:\n  ? \"a\\n::error::b\"\n  : {CANARY}\n"
    );
    for name in NAMES {
        let path = sandbox.work().join(OsStr::from_bytes(name));
        fs::write(path, format!("{secret}---\n{secret}")).unwrap();
    }
    sandbox
}

/// A run in a format that finds errors and has nothing to complain about.
#[track_caller]
fn run<'s>(sandbox: &'s Sandbox, format: &str) -> Outcome<'s> {
    let outcome = sandbox.keywright(["check", "--format", format]).go().code(1);
    assert_eq!(outcome.stderr(), "");
    outcome
}

/// The same as JSON.
#[track_caller]
fn object(sandbox: &Sandbox, format: &str) -> Value {
    serde_json::from_str(&run(sandbox, format).stdout()).unwrap()
}

/// Validates a report by the schema of SARIF, and gives its only run.
#[track_caller]
fn sarif_run(mut report: Value) -> Value {
    sarif_validation(&report).success();
    report["runs"][0].take()
}

/// What kubeconform says about a report.
fn sarif_validation(report: &Value) -> Outcome<'static> {
    // The outcome holds its sandbox for the message of a failure.
    let sandbox: &'static Sandbox = Box::leak(Box::new(Sandbox::new()));
    let resource = json!({"apiVersion": "v1", "kind": "Sarif", "report": report});
    sandbox.write("report.json", resource.to_string());
    let schemas =
        format!("{DATA}/schemas/reports/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json");
    let args = ["-schema-location", &schemas, "report.json"];
    sandbox.run(reference::kubeconform()).args(args).go()
}

#[test]
fn sarif_of_the_sample_is_valid_and_names_every_finding_with_its_rule() {
    let run = sarif_run(object(&plain_sample(), "sarif"));
    let results = run["results"].as_array().unwrap();
    let is_plain = |result: &&Value| result["ruleId"] == "plaintext-secret";
    assert_eq!(results.iter().filter(is_plain).count(), 8);
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(result["ruleId"], rule["id"]);
        assert_eq!(result["level"], rule["defaultConfiguration"]["level"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let print = result["partialFingerprints"]["keywright/v1"].as_str().unwrap();
        let id = result["ruleId"].as_str().unwrap();
        assert!(print.starts_with(&format!("{id}:{uri}:")), "{print}");
        assert!(place["region"]["startLine"].as_u64() > Some(1), "{place}");
    }
}

/// A directory in which nothing is found.
fn quiet() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "a: 1\n");
    sandbox
}

#[test]
fn sarif_without_findings_is_valid_and_its_validation_means_something() {
    let sandbox = quiet();
    let outcome = sandbox.keywright(["check", "--format", "sarif"]).go().success();
    let mut report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    assert_eq!(report["runs"][0]["results"], json!([]));
    sarif_validation(&report).success();
    report["runs"][0]["results"] = json!([{"message": {"text": "x"}, "level": "bad"}]);
    sarif_validation(&report).code(1).prints("value must be one of");
}

#[test]
fn a_fingerprint_stays_where_lines_and_values_change() {
    let prints = |sandbox: &Sandbox| {
        let sarif = sarif_run(object(sandbox, "sarif"));
        let results = sarif["results"].as_array().unwrap().iter();
        let sarif: Vec<_> = results.map(|one| one["partialFingerprints"].clone()).collect();
        let gitlab = object(sandbox, "gitlab");
        let issues = gitlab.as_array().unwrap().iter();
        (sarif, issues.map(|one| one["fingerprint"].clone()).collect::<Vec<_>>())
    };
    let sandbox = Sandbox::new();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  token: one\n";
    sandbox.write("a.yaml", secret);
    let before = prints(&sandbox);
    assert_eq!(before.1, ["plaintext-secret:a.yaml:stringData.token"]);
    sandbox.write("a.yaml", format!("# moved\n\n{}", secret.replace("one", CANARY)));
    assert_eq!(prints(&sandbox), before);
    sandbox.assert_no_trace_of(CANARY, &["a.yaml"]);
}

#[test]
fn json_conforms_to_its_schema() {
    for sandbox in [plain_sample(), awkward()] {
        conforms(&object(&sandbox, "json"), "check");
    }
}

#[test]
fn sarif_escapes_every_name() {
    let run = sarif_run(object(&awkward(), "sarif"));
    let results = run["results"].as_array().unwrap();
    let uris: Vec<_> = results
        .iter()
        .map(|one| {
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap()
        })
        .collect();
    let expected = [
        "-n.yaml",
        "a%20b%2C%20c%3A%20100%25.yaml",
        "bytes-%FF.yaml",
        "c%3Ad%23e%3F.yaml",
        "it%27s%20%22%3C%26%3E%22.yaml",
        "line%0Abreak%09.yaml",
        "red-%1B%5B31m.yaml",
    ];
    // Two documents each.
    assert_eq!(uris, expected.iter().flat_map(|uri| [*uri; 2]).collect::<Vec<_>>());
}

#[test]
fn annotations_are_one_command_a_line_whatever_the_names() {
    let sandbox = awkward();
    let shown = run(&sandbox, "github").stdout();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 15, "{shown}");
    assert_eq!(lines[14], "checked 7 files: 14 errors, 0 warnings");
    for line in &lines[..14] {
        let (command, message) = line.strip_prefix("::error ").unwrap().split_once("::").unwrap();
        let names: Vec<_> =
            command.split(',').map(|part| part.split_once('=').unwrap().0).collect();
        assert_eq!(names, ["file", "line", "col", "title"], "{line}");
        assert!(message.starts_with("Secret `a,%250A]]>` is in plain text: "), "{line}");
        assert!(message.contains("%0Ahint: "), "{line}");
    }
    assert!(lines[2].starts_with("::error file=a b%2C c%3A 100%25.yaml,line=5,col=5,title="));
    assert!(lines[10].starts_with("::error file=line%0Abreak\u{fffd}.yaml,"), "{shown}");
}

#[test]
fn issues_of_gitlab_have_its_fields_and_fingerprints_of_their_own() {
    for (sandbox, number) in [(awkward(), 14)] {
        let issues = object(&sandbox, "gitlab");
        let issues = issues.as_array().unwrap();
        let prints: BTreeSet<_> =
            issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        assert_eq!((issues.len(), prints.len()), (number, number));
        for issue in issues {
            assert!(issue["description"].as_str().unwrap().contains("is in plain text"));
            assert_eq!(
                (&issue["check_name"], &issue["severity"]),
                (&json!("plaintext-secret"), &json!("major"))
            );
            assert!(issue["location"]["path"].is_string());
            assert!(issue["location"]["lines"]["begin"].as_u64() > Some(1));
        }
    }
}

#[test]
fn tests_of_junit_are_counted_and_no_name_leaves_its_attribute() {
    for (sandbox, number) in [(awkward(), 14)] {
        let shown = run(&sandbox, "junit").stdout();
        let counts =
            format!("tests=\"{number}\" failures=\"{number}\" errors=\"0\" skipped=\"0\">\n");
        assert!(shown.contains(&counts), "{shown}");
        for element in ["<testcase ", "<failure type=\"error\" ", "</failure>", "</testcase>"] {
            assert_eq!(shown.matches(element).count(), number, "{shown}");
        }
        // Three lines for each, three before and two behind; quotes are those of attributes.
        assert_eq!(shown.lines().count(), 3 * number + 5, "{shown}");
        for line in shown.lines().filter(|line| line.contains("<testcase ")) {
            assert_eq!(line.matches('"').count(), 4, "{line}");
        }
        assert!(!shown.contains("]]>") && !shown.contains(|c: char| c.is_control() && c != '\n'));
    }
    let sandbox = quiet();
    let outcome = sandbox.keywright(["check", "--format", "junit"]).go().success();
    outcome.prints("tests=\"1\" failures=\"0\"").prints("name=\"no findings\"/>");
}

#[test]
fn no_format_shows_a_value_or_drives_a_terminal_and_two_runs_are_the_same() {
    let sandbox = awkward();
    for format in FORMATS {
        let outcome = run(&sandbox, format);
        assert!(!outcome.stdout_bytes.contains(&0x1b), "{format}");
        assert!(outcome.stdout().ends_with('\n'), "{format}");
        assert_eq!(run(&sandbox, format).stdout_bytes, outcome.stdout_bytes, "{format}");
    }
    for name in NAMES {
        fs::remove_file(sandbox.work().join(OsStr::from_bytes(name))).unwrap();
    }
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn a_warning_fails_the_check_where_somebody_is_strict() {
    let sandbox = Sandbox::nerv();
    let secret = "nerv/main/cluster/apps/grafana/app/secret.yaml";
    // A selection that leaves a value of a Secret plain is somebody's choice, and told.
    let rule = "creation_rules:\n  - encrypted_regex: ^password$\n    age: age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf\n";
    sandbox.write("nerv/main/cluster/apps/grafana/.sops.yaml", rule);
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: grafana}\nstringData: {password: one, api: two}\n";
    sandbox.write(secret, text);
    let encrypt = sandbox.keywright(["encrypt", "-i", "app/secret.yaml"]);
    encrypt.within("nerv/main/cluster/apps/grafana").go().success();
    let lenient = sandbox.keywright(["check", secret]).go().success();
    lenient.prints("checked 1 file: 0 errors, 1 warning\n");
    for format in FORMATS {
        sandbox.keywright(["check", "--strict", "--format", format, secret]).go().code(1);
    }
    let github = ["check", "--format", "github", secret];
    sandbox.keywright(github).go().success().prints("::warning file=");
    let gitlab = ["check", "--format", "gitlab", secret];
    sandbox.keywright(gitlab).go().success().prints("\"severity\": \"minor\"");
    let junit = ["check", "--format", "junit", secret];
    sandbox.keywright(junit).go().success().prints("failures=\"0\" errors=\"0\" skipped=\"1\"");
    sandbox.keywright(junit).arg("--strict").go().code(1).prints("failures=\"1\"");
}

#[test]
fn a_page_is_plain_text_in_a_pipe_and_fits_a_terminal() {
    let sandbox = Sandbox::new();
    let explain = ["check", "--explain", "plaintext-secret"];
    let outcome = sandbox.keywright(explain).go().success();
    let shown = outcome.stdout();
    assert!(
        shown.starts_with("plaintext-secret\n\nA Kubernetes Secret whose values everybody can")
    );
    assert!(shown.contains("\n\nHow to mend it\n\n`keywright encrypt -i FILE`"), "{shown}");
    assert!(shown.contains("\n    kind: Secret\n") && !shown.contains("```"), "{shown}");
    assert!(!shown.contains('\u{1b}') && shown.lines().all(|line| line.chars().count() <= 100));

    let mut terminal = Terminal::spawn(&sandbox.keywright(explain), 40, 20);
    terminal.expect("\u{1b}[1mWhy\u{1b}[0m");
    let (code, transcript) = terminal.finish();
    let page = anstream::adapter::strip_str(&transcript).to_string();
    let mut prose = page.lines().filter(|line| !line.starts_with("    "));
    assert!(code == 0 && prose.all(|line| line.chars().count() <= 40), "{page}");
}

#[test]
fn an_unknown_rule_is_refused_with_the_nearest_one_and_the_list() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.keywright(["check", "--explain", "plain-secret"]).go().code(2);
    outcome.complains("'plaintext-secret'").complains("password-mismatch, plaintext-secret");
}

#[test]
fn a_page_is_all_that_is_asked_for() {
    let sandbox = Sandbox::new();
    for more in ["--strict", "--format=json", "a.yaml"] {
        let args = ["check", "--explain", "plaintext-secret", more];
        sandbox.keywright(args).go().code(2).complains("cannot be used with");
    }
}
