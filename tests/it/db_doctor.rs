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
    assert_eq!(summary, serde_json::json!({"errors": 0, "warnings": 5, "unread": 0}));
    let run = sandbox.keywright(["db", "doctor"]).go().success().prints("0 errors, 5 warnings");
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
    let run = sandbox.keywright(["db", "doctor"]).go().code(1).prints("1 error, 5 warnings");
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
    run.prints("changed 3 files").prints("left for you").prints("0 errors, 3 warnings");
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
fn the_other_samples_are_sound() {
    for (sample, wanted) in
        [("k8s-ops", &["excess-privilege"][..]), ("home-ops", &[]), ("lab", &[])]
    {
        let sandbox = Sandbox::sample(sample);
        assert_eq!(report(&sandbox, 0).0, wanted, "{sample}");
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
