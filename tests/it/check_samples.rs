//! `check` in each of the samples, as it is and encrypted, without values and with them: exactly what the README there
//! says, and nothing else.

use std::path::Path;

use serde_json::Value;

use crate::sandbox::{DATA, Sandbox};

/// The recipient of the identity in the sample `nerv`, for samples without `.sops.yaml`.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// The findings of a run with these arguments as `severity rule path route`, in order. Values are looked at with `key`.
fn findings(sandbox: &Sandbox, args: &[&str], key: &str) -> Vec<String> {
    let run = sandbox.keywright(["check", "--format", "json"]).args(args);
    let outcome = run.env("SOPS_AGE_KEY_FILE", key).go();
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    let errors = report["summary"]["errors"].as_u64().unwrap();
    assert_eq!(outcome.status.code(), Some(i32::from(errors > 0)));
    assert_eq!((outcome.stderr(), &report["summary"]["unchecked"]), (String::new(), &0.into()));
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let shown =
        |one: &Value| ["severity", "rule", "path", "route"].map(|key| text(one, key)).join(" ");
    let mut found: Vec<_> = report["findings"].as_array().unwrap().iter().map(shown).collect();
    found.sort();
    found
}

/// What is found in a sample as it is, with `plain` Secrets in plain text, and in the same sample encrypted; there with
/// `values` on top of it, if they are looked at.
#[track_caller]
fn assert_findings(
    name: &str,
    plain: &[&str],
    always: &[&str],
    encrypted: &[&str],
    values: &[&str],
) {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/{name}"), "");
    sandbox.git(&["init", "--quiet"]);
    let sorted = |plain: &[String], rest: &[&str]| {
        let mut all =
            [plain, &rest.iter().map(|&line| line.to_owned()).collect::<Vec<_>>()].concat();
        all.sort();
        all
    };
    let own = format!("{DATA}/samples/{name}/age-test-identity.txt");
    let shared = format!("{DATA}/samples/nerv/age-test-identity.txt");
    let key = if Path::new(&own).exists() { own } else { shared };
    let found = |args: &[&str]| findings(&sandbox, args, &key);
    let plain: Vec<_> = plain.iter().map(|at| format!("error plaintext-secret {at}")).collect();
    assert_eq!(found(&[]), sorted(&plain, always), "{name} as it is");
    if !sandbox.path(".sops.yaml").exists() && name != "nerv" {
        sandbox.keywright(["init", "--yes", "--recipient", RECIPIENT]).go().success();
    }
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    let expected = [always, encrypted].concat();
    assert_eq!(found(&[]), sorted(&[], &expected), "{name} encrypted");
    let expected = [&expected, values].concat();
    assert_eq!(found(&["--verify"]), sorted(&[], &expected), "{name} with its values");
}

#[test]
fn nerv_lacks_labels_and_does_not_wait_for_its_database() {
    let plain = [
        "nerv/main/cluster/apps/grafana/app/secret.yaml stringData.GF_SECURITY_ADMIN_USER",
        "nerv/main/cluster/apps/miniflux/app/secret.yaml stringData.ADMIN_USERNAME",
        "nerv/main/cluster/apps/paperless/app/secret.yaml stringData.PAPERLESS_SECRET_KEY",
        "nerv/main/cluster/apps/pocket-id/app/secret.yaml stringData.ENCRYPTION_KEY",
        "nerv/main/cluster/apps/shared/postgres/app/postgres-miniflux-user-secret.yaml stringData.username",
        "nerv/main/cluster/apps/shared/postgres/app/postgres-paperless-user-secret.yaml data.username",
        "nerv/main/cluster/apps/shared/postgres/app/postgres-pocket-id-user-secret.yaml stringData.username",
        "nerv/main/cluster/apps/shared/redis/app/secret.yaml stringData.REDIS_PASSWORD",
    ];
    let always = [
        "warning reload-label nerv/main/cluster/apps/shared/postgres/app/postgres-paperless-user-secret.yaml \
         metadata.name",
        "warning reload-label nerv/main/cluster/apps/shared/postgres/app/postgres-pocket-id-user-secret.yaml \
         metadata.name",
        "warning weak-dependency nerv/main/cluster/apps/shared/postgres/ks.yaml spec.wait",
    ];
    assert_findings("nerv", &plain, &always, &[], &[]);
}

#[test]
fn k8s_ops_lacks_namespaces_and_a_decryption_and_has_rights_to_spare() {
    let plain = [
        "clusters/infra/apps/observability/grafana/app/grafana-secret.sops.yaml stringData.admin-user",
        "kubernetes/apps/business/n8n/app/n8n-secret.sops.yaml stringData.N8N_ENCRYPTION_KEY",
        "kubernetes/apps/databases/cloudnative-pg/cluster/roles/odoo-pguser-secret.sops.yaml stringData.username",
    ];
    let always = [
        "warning namespace-missing clusters/infra/apps/observability/grafana/ks.yaml spec.targetNamespace",
        "warning namespace-missing kubernetes/apps/business/n8n/ks.yaml spec.targetNamespace",
        "warning excess-privilege kubernetes/apps/databases/cloudnative-pg/cluster/cluster.yaml \
         spec.managed.roles[0].createdb",
    ];
    let encrypted =
        ["error no-decryption clusters/infra/apps/observability/grafana/ks.yaml metadata.name"];
    let values =
        ["warning substitution-hazard kubernetes/apps/business/n8n/app/n8n-secret.sops.yaml \
         stringData.N8N_SMTP_PASS"];
    assert_findings("k8s-ops", &plain, &always, &encrypted, &values);
}

#[test]
fn home_ops_has_an_old_version_and_nothing_else() {
    let plain = [
        "kubernetes/apps/external-secrets/stores/app/akeyless.sops.yaml stringData.accessId",
        "kubernetes/components/common/cluster-secrets.sops.yaml stringData.SECRET_DOMAIN",
    ];
    let always = [
        "warning served-version kubernetes/apps/default/authentik/app/externalsecret.yaml apiVersion",
    ];
    assert_findings("home-ops", &plain, &always, &[], &[]);
}

#[test]
fn the_secret_of_lab_is_not_listed_once_it_is_encrypted() {
    let plain = ["apps/nats/secret.yaml stringData.NATS_DEFAULT_PASSWORD"];
    let encrypted = ["warning not-listed apps/nats/secret.yaml metadata.name"];
    assert_findings("lab", &plain, &[], &encrypted, &[]);
}

#[test]
fn nobody_decrypts_in_nerv_platform() {
    let plain = [
        "infrastructure/kubernetes/releases/cert-manager/cloudflare-token-secret.yaml stringData.api-token",
        "infrastructure/kubernetes/releases/longhorn/backup-secret.yaml stringData.AWS_ENDPOINTS",
        "infrastructure/kubernetes/releases/traefik/dashboard-auth-secret.yaml data.username",
    ];
    let encrypted =
        ["warning no-decryption infrastructure/kubernetes/flux-system/releases.yaml metadata.name"];
    assert_findings("nerv-platform", &plain, &[], &encrypted, &[]);
}
