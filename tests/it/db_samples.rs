//! `db doctor` and `db adopt` in each of the samples: what they find, that a second run has nothing to do, that every
//! directory that Flux applies still builds, and that the apps log in as before.

use std::fs;

use serde_json::Value;

use crate::decrypted::current as value;
use crate::operator::Operator;
use crate::sandbox::{Sandbox, files_below};
use crate::tree::Tree;
use crate::{proof, reference};

const SAMPLES: [&str; 5] = ["nerv", "k8s-ops", "home-ops", "lab", "nerv-platform"];

const NERV_APPS: &str = "nerv/main/cluster/apps";
const K8S_OPS: &str = "kubernetes/apps/databases/cloudnative-pg/cluster";

fn sample(name: &str) -> Sandbox {
    if name == "nerv" { Sandbox::nerv() } else { Sandbox::sample(name) }
}

/// The findings as `severity rule file-name`.
fn findings(sandbox: &Sandbox) -> Vec<String> {
    let run = sandbox.keywright(["db", "doctor", "--format", "json"]).go().success();
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let shown = |one: &Value| {
        let path = text(one, "path");
        let file = path.rsplit('/').next().unwrap();
        format!("{} {} {file}", text(one, "severity"), text(one, "rule"))
    };
    report["findings"].as_array().unwrap().iter().map(shown).collect()
}

/// The directories that the Flux Kustomizations of a repository apply and that have a kustomize file.
fn applied(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    for file in files_below(&sandbox.work()) {
        if file.starts_with(".git") || file.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = fs::read_to_string(sandbox.work().join(&file)).unwrap();
        if !text.contains("kustomize.toolkit.fluxcd.io") {
            continue;
        }
        for tree in Tree::of_yaml(&text).unwrap() {
            let Some(Tree::Text(path)) = tree.at(&["spec", "path"]) else { continue };
            let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
            let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
            if names.iter().any(|name| sandbox.path(&path).join(name).exists()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[track_caller]
fn builds(sandbox: &Sandbox, directories: &[String], after: &str) {
    for directory in directories {
        let build = ["build", directory, "--load-restrictor", "LoadRestrictionsNone"];
        sandbox.run(reference::kustomize()).args(build).go().success();
        proof::record("doctor", &format!("kustomize builds after {after}"), directory);
    }
}

#[test]
fn the_doctor_finds_what_the_samples_have_and_nothing_else() {
    let of_nerv = [
        "warning excess-privilege postgres-cluster.yaml",
        "warning reload-label postgres-paperless-user-secret.yaml",
        "note secret-type postgres-paperless-user-secret.yaml",
        "warning reload-label postgres-pocket-id-user-secret.yaml",
        "note secret-type postgres-pocket-id-user-secret.yaml",
    ];
    for name in SAMPLES {
        let wanted = match name {
            "nerv" => &of_nerv[..],
            "k8s-ops" => &["warning excess-privilege cluster.yaml"],
            _ => &[],
        };
        assert_eq!(findings(&sample(name)), wanted, "{name}");
    }
}

#[test]
fn what_changes_a_sample_leaves_it_in_order_and_is_done_once() {
    for name in SAMPLES {
        let commands = [&["doctor", "--fix"][..], &["adopt"], &["adopt", "--to", "database-role"]];
        let changes = match name {
            "nerv" => [true, true, true],
            "k8s-ops" => [false, false, true],
            _ => [false; 3],
        };
        for (command, changes) in commands.into_iter().zip(changes) {
            let sandbox = sample(name);
            let directories = applied(&sandbox);
            assert!(directories.len() > 1, "{name}: {directories:?}");
            builds(&sandbox, &directories, "nothing");
            sandbox.keywright([&["db"][..], command].concat()).go().success();
            assert_eq!(!sandbox.git_status().is_empty(), changes, "{name}: {command:?}");
            builds(&sandbox, &directories, &command.join(" "));
            let before = sandbox.snapshot();
            let again = sandbox.keywright([&["db"][..], command].concat()).go().success();
            let nothing = if command[0] == "adopt" { "nothing to adopt" } else { "nothing to do" };
            again.prints(nothing);
            before.assert_untouched(&sandbox.snapshot());
            let left = findings(&sandbox);
            assert!(!left.iter().any(|one| one.starts_with("error")), "{left:?}");
        }
    }
}

#[test]
fn a_role_that_is_not_there_is_refused_in_every_sample() {
    for (name, reason) in [
        ("nerv", "there is no role `nobody` in the Cluster; found: pocket_id"),
        ("k8s-ops", "there is no role `nobody` in the Cluster; found: odoo, reporting"),
        ("home-ops", "there is no role `nobody` in the Cluster"),
        ("lab", "the StatefulSet `postgres` in `apps/postgres/statefulset.yaml`"),
        ("nerv-platform", "no `postgresql.cnpg.io/v1` Cluster in this repository"),
    ] {
        let sandbox = sample(name);
        let before = sandbox.snapshot();
        let run = sandbox.keywright(["db", "adopt", "--to", "database-role", "nobody"]);
        run.go().code(2).complains(reason);
        before.assert_untouched(&sandbox.snapshot());
    }
}

/// Adopts in both ways; after each, everybody gets in by its URL: at the server that was there before, and at a new one.
#[track_caller]
fn everybody_gets_in(
    sandbox: &Sandbox,
    directory: &str,
    urls: &dyn Fn() -> Vec<(String, &'static str)>,
) {
    let operator = Operator::start();
    let check = |operator: &Operator, when: &str| {
        assert_eq!(operator.reconcile(sandbox, directory), Vec::<String>::new(), "{when}");
        for (url, who) in urls() {
            assert_eq!(operator.login(&url).as_deref(), Ok(who), "{when}");
            proof::record("adopt", &format!("PostgreSQL lets the app in {when}"), who);
        }
    };
    check(&operator, "before");
    let before = urls();
    for command in [&["db", "adopt"][..], &["db", "adopt", "--to", "database-role"]] {
        sandbox.keywright(command).go().success();
        check(&operator, &format!("after {}", command.join(" ")));
        assert_eq!(urls(), before, "what apps read stays");
    }
    check(&Operator::start(), "at a new server");
}

#[test]
fn the_apps_of_nerv_log_in_as_before() {
    let sandbox = Sandbox::nerv();
    let secret = |app: &str| format!("{NERV_APPS}/{app}/app/secret.yaml");
    everybody_gets_in(&sandbox, &format!("{NERV_APPS}/shared/postgres/app"), &|| {
        let paperless = |key: &str| value(&sandbox, &secret("paperless"), key);
        let (user, password) = (paperless("PAPERLESS_DBUSER"), paperless("PAPERLESS_DBPASS"));
        vec![
            (value(&sandbox, &secret("miniflux"), "DATABASE_URL"), "miniflux|miniflux"),
            (value(&sandbox, &secret("pocket-id"), "DB_CONNECTION_STRING"), "pocket_id|pocket_id"),
            (format!("postgres://{user}:{password}@pg/paperless"), "paperless|paperless"),
        ]
    });
}

#[test]
fn the_apps_of_k8s_ops_log_in_as_before() {
    let sandbox = Sandbox::sample("k8s-ops");
    sandbox.keywright(["db", "provision", "n8n"]).go().success();
    sandbox.commit_all("a database");
    everybody_gets_in(&sandbox, K8S_OPS, &|| {
        let copy = "kubernetes/apps/business/n8n/app/n8n-pguser-secret.sops.yaml";
        let odoo = format!("{K8S_OPS}/roles/odoo-pguser-secret.sops.yaml");
        let password = value(&sandbox, &odoo, "password");
        vec![
            (value(&sandbox, copy, "uri"), "n8n|n8n"),
            (format!("postgres://odoo:{password}@pg/odoo"), "odoo|odoo"),
        ]
    });
}
