//! `db doctor`: reports, exit codes and the repair, with what the real programs say about it.

use serde_json::Value;

use crate::data::kubeconform;
use crate::sandbox::Sandbox;
use crate::{proof, reference};

const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";
const MINIFLUX: &str = "nerv/main/cluster/apps/miniflux";

/// The rules of the report for programs, and its counts.
fn report(sandbox: &Sandbox, code: i32) -> (Vec<String>, Value) {
    let run = sandbox.keywright(["db", "doctor", "--format", "json"]).go().code(code);
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(report["version"], 1);
    let findings = report["findings"].as_array().unwrap();
    for finding in findings {
        let fields: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["column", "hint", "line", "message", "path", "rule", "severity"]);
    }
    let rules = findings.iter().map(|one| one["rule"].as_str().unwrap().to_owned());
    (rules.collect(), report["summary"].clone())
}

#[test]
fn warnings_end_with_0_and_errors_with_1() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let (rules, summary) = report(&sandbox, 0);
    let label = ["reload-label", "secret-type"];
    assert_eq!(rules, [&["excess-privilege"], &label[..], &label[..]].concat());
    assert_eq!(summary, serde_json::json!({"errors": 0, "warnings": 3, "notes": 2, "unread": 0}));
    let run =
        sandbox.keywright(["db", "doctor"]).go().success().prints("0 errors, 3 warnings, 2 notes");
    let place =
        format!(" --> {POSTGRES}/postgres-cluster.yaml:59:19\n  = hint: remove `createdb: true`");
    run.prints("warning[excess-privilege]: the role `paperless` has `createdb`").prints(&place);
    before.assert_untouched(&sandbox.snapshot());

    let file = format!("{MINIFLUX}/app/secret.yaml");
    let url = "\"postgres://miniflux:canary-of-today@postgres-apps-rw.apps:5432/miniflux\"";
    let run =
        sandbox.keywright(["set", "--value-stdin", &file, r#"["stringData"]["DATABASE_URL"]"#]);
    run.stdin(url).go().success();
    let (rules, summary) = report(&sandbox, 1);
    assert_eq!((rules[0].as_str(), &summary["errors"]), ("password-differs", &1.into()));
    let run =
        sandbox.keywright(["db", "doctor"]).go().code(1).prints("1 error, 3 warnings, 2 notes");
    run.prints(&format!(": keywright edit {file}\n"));
    let run = sandbox.keywright(["db", "doctor"]).within(MINIFLUX).go().code(1);
    run.prints(": keywright edit app/secret.yaml\n").prints(&format!("--> {file}:"));
    sandbox.assert_no_trace_of("canary-of-today", &[]);
    sandbox.assert_no_trace_of("TESTonly+mini/flux=8r:T@1", &[]);
}

#[test]
fn without_an_identity_the_rest_is_examined() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let (rules, summary) = report(&sandbox, 0);
    assert_eq!(rules.len(), 5);
    assert_eq!(summary["unread"], 8);
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "doctor", "--fix"]).go().success();
    run.prints("nothing to do").prints("left for you").prints("reload-label");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn the_repair_is_one_change_that_the_real_programs_accept() {
    let sandbox = Sandbox::nerv();
    let ks = format!("{MINIFLUX}/ks.yaml");
    let waits = sandbox.read(&ks);
    sandbox.write(&ks, waits.replace("  dependsOn:\n    - name: shared-postgres\n", ""));
    sandbox.commit_all("a fault");
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "doctor", "--fix", "--dry-run"]).go().success();
    run.prints("+        cnpg.io/reload: \"true\"").prints("dry run: 3 files would change");
    before.assert_untouched(&sandbox.snapshot());
    let run = sandbox.keywright(["db", "doctor", "--fix"]).go().success();
    run.prints("changed 3 files").prints("left for you").prints("0 errors, 1 warning");
    assert_eq!(sandbox.read(&ks), waits);
    let diff = sandbox.git(&["diff", "--unified=0"]);
    let removed = diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---"));
    let names = ["-    lastmodified: ", "-    mac: "];
    assert!({ removed }.all(|line| names.iter().any(|name| line.starts_with(name))), "{diff}");
    for app in ["pocket-id", "paperless"] {
        let file = format!("{POSTGRES}/postgres-{app}-user-secret.yaml");
        for version in reference::versions("sops") {
            let run = sandbox.run(reference::sops(version)).args(["--decrypt", &file]);
            run.go().success().prints("cnpg.io/reload: \"true\"");
            proof::record("doctor", &format!("sops {version} decrypts, MAC valid"), &file);
        }
    }
    sandbox.run(reference::kustomize()).args(["build", POSTGRES]).go().success();
    kubeconform(&sandbox, "sops").success();
    let run = sandbox.keywright(["db", "doctor", "--fix"]).go().success();
    run.prints("nothing to do");
    let run = sandbox.keywright(["db", "provision", "pocket-id"]).go().success();
    assert!(!run.stderr().contains("cnpg.io/reload"), "{}", run.describe());
}

#[test]
fn what_needs_nothing_done_is_a_note() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "doctor"]).go().success();
    run.prints("note[secret-type]: the Secret `postgres-pocket-id-user` is of the type `Opaque`");
}

#[test]
fn the_help_has_the_exit_codes_of_the_readme() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, table) = readme.split_once("## Exit codes").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 5);
    let sandbox = Sandbox::new();
    let help = sandbox.keywright(["db", "doctor", "--help"]).go().success().stdout();
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in rows {
        let (code, meaning) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let meaning = meaning.split(';').next().unwrap().replace("`check` or ", "");
        assert!(words.contains(&format!("{code} {meaning}")), "{code} {meaning}: {words}");
    }
}

#[test]
fn what_was_provisioned_is_sound() {
    let sandbox = Sandbox::sample("k8s-ops");
    sandbox.keywright(["db", "provision", "n8n"]).go().success();
    assert_eq!(report(&sandbox, 0).0, ["excess-privilege"]);
    let run = sandbox.keywright(["db", "status", "n8n"]).go().success();
    run.prints("n8n uri").prints("n8n password").prints("equal");
}

#[test]
fn a_dry_run_is_for_the_repair() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "doctor", "--dry-run"]).go().code(2);
    run.complains("`--dry-run` needs `--fix`");
}

#[test]
fn a_file_that_is_no_yaml_is_named_by_all_and_nothing_is_written() {
    let fault = |path: &str, old: &str, new: &str| {
        let sandbox = Sandbox::nerv();
        let text = sandbox.read(path);
        assert!(text.contains(old), "{path}");
        sandbox.write(path, text.replacen(old, new, 1));
        sandbox.commit_all("a fault");
        sandbox
    };
    for (file, old, new, place) in [
        ("postgres-cluster.yaml", "kind: Cluster", "kind: [Cluster", ":6:9"),
        ("databases.yaml", "kind: Database", "kind: [Database", ":5:9"),
        ("postgres-miniflux-user-secret.yaml", "type: k", "type: [k", ":"),
        ("kustomization.yaml", "resources:", "resources: [", ":"),
    ] {
        let path = format!("{POSTGRES}/{file}");
        let sandbox = fault(&path, old, new);
        let place = format!("{path}{place}");
        for verb in ["list", "status"] {
            sandbox.keywright(["db", verb]).go().success().complains(&place);
        }
        let (rules, _) = report(&sandbox, 1);
        assert!(rules.iter().any(|rule| rule == "unreadable"), "{rules:?}");
        assert!(!rules.iter().any(|rule| rule == "secret-missing"), "{rules:?}");
        sandbox.keywright(["db", "doctor"]).go().code(1).prints(&format!("--> {place}"));
        let before = sandbox.snapshot();
        for command in [&["doctor", "--fix"][..], &["adopt"], &["adopt", "--to", "database-role"]] {
            let run = sandbox.keywright([&["db"][..], command].concat()).go().code(2);
            run.complains(&place).complains("hint: mend it first");
        }
        before.assert_untouched(&sandbox.snapshot());
    }
    let chart = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\n{{- if .Values.x }}\n";
    let sandbox = Sandbox::nerv();
    sandbox.write("charts/x/templates/cluster.yaml", chart);
    assert_eq!(report(&sandbox, 0).0.len(), 5, "a template is no manifest");
}
