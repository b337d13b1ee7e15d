//! `db provision` in each of the samples, as their READMEs say, with a real PostgreSQL behind it.

use crate::data::kubeconform;
use crate::decrypted::current as value;
use crate::operator::Operator;
use crate::sandbox::Sandbox;
use crate::{proof, reference};

/// Where the Cluster of `nerv` is.
const NERV: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// Where the Cluster of `k8s-ops` is.
const K8S_OPS: &str = "kubernetes/apps/databases/cloudnative-pg/cluster";

/// The lines that a command added to the files that were there; none was removed.
#[track_caller]
fn added(sandbox: &Sandbox) -> Vec<String> {
    let diff = sandbox.git(&["diff", "--unified=0"]);
    let of = |sign: char| {
        let lines = diff.lines().filter(move |line| line.starts_with(sign));
        lines.filter(|line| !line.starts_with("+++") && !line.starts_with("---"))
    };
    assert_eq!(of('-').collect::<Vec<_>>(), Vec::<&str>::new());
    of('+').map(|line| line[1..].to_owned()).collect()
}

#[test]
fn an_app_in_another_namespace_gets_a_copy_of_its_own() {
    let sandbox = Sandbox::sample("k8s-ops");
    let run = sandbox.keywright(["db", "provision", "n8n"]).go().success();
    assert_eq!(run.stderr(), "");
    let role_secret = format!("{K8S_OPS}/roles/n8n-pguser-secret.sops.yaml");
    let copy = "kubernetes/apps/business/n8n/app/n8n-pguser-secret.sops.yaml";
    let status = sandbox.git_status();
    let wanted = [
        " M kubernetes/apps/business/n8n/app/kustomization.yaml".to_owned(),
        " M kubernetes/apps/business/n8n/ks.yaml".to_owned(),
        format!(" M {K8S_OPS}/cluster.yaml"),
        format!(" M {K8S_OPS}/databases.yaml"),
        format!(" M {K8S_OPS}/roles/kustomization.yaml"),
        format!("?? {copy}"),
        format!("?? {role_secret}"),
    ];
    assert_eq!(status.lines().collect::<Vec<_>>(), wanted);
    let wanted = "  - n8n-pguser-secret.sops.yaml\n  dependsOn:\n    - name: cloudnative-pg-cluster\n    - name: n8n\n      \
                  ensure: present\n      login: true\n      superuser: false\n      passwordSecret:\n        name: n8n-pguser-secret\n\
                  ---\napiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata:\n  name: n8n\nspec:\n  cluster:\n    \
                  name: postgres\n  name: n8n\n  owner: n8n\n  - n8n-pguser-secret.sops.yaml";
    assert_eq!(added(&sandbox).join("\n"), wanted);

    let password = value(&sandbox, &role_secret, "password");
    let url =
        format!("postgresql://n8n:{password}@postgres-rw.databases.svc.cluster.local:5432/n8n");
    for (key, wanted) in [
        ("username", "n8n"),
        ("user", "n8n"),
        ("password", password.as_str()),
        ("dbname", "n8n"),
        ("host", "postgres-rw.databases.svc.cluster.local"),
        ("port", "5432"),
        ("uri", url.as_str()),
    ] {
        assert_eq!(value(&sandbox, copy, key), wanted, "{key}");
    }
    for folder in [K8S_OPS, "kubernetes/apps/business/n8n/app"] {
        let build = [folder, "--load-restrictor", "LoadRestrictionsNone"];
        sandbox.run(reference::kustomize()).arg("build").args(build).go().success();
    }
    kubeconform(&sandbox, "sops").success().prints("Invalid: 0, Errors: 0");
    let operator = Operator::start();
    assert_eq!(operator.reconcile(&sandbox, K8S_OPS), Vec::<String>::new());
    assert_eq!(operator.login(&url).as_deref(), Ok("n8n|n8n"));
    proof::record("provision", "PostgreSQL lets the app in by its URL", "k8s-ops n8n");

    sandbox.keywright(["db", "provision", "n8n"]).go().success().prints("nothing to do");
}

#[test]
fn a_missing_decryption_is_told_and_can_be_added() {
    let sandbox = Sandbox::sample("k8s-ops");
    let ks = "clusters/infra/apps/observability/grafana/ks.yaml";
    let run = sandbox.keywright(["db", "provision", "grafana"]).go().success();
    run.complains(&format!("{ks}: has no `decryption`"));
    assert!(!sandbox.read(ks).contains("decryption"));
    sandbox.keywright(["db", "provision", "grafana", "--fix-decryption"]).go().success();
    let block = "    name: k8s-ops\n  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n  wait: false\n";
    assert!(sandbox.read(ks).contains(block), "{}", sandbox.read(ks));
    let run = sandbox.keywright(["db", "provision", "grafana"]).go().success();
    assert_eq!(run.stderr(), "");
}

#[test]
fn an_app_includes_the_component_and_hears_what_must_exist() {
    let sandbox = Sandbox::sample("home-ops");
    let ks = "kubernetes/apps/default/mealie/ks.yaml";
    let run = sandbox.keywright(["db", "provision", "mealie"]).go().success();
    let run = run
        .prints("`/database/cnpg-users`")
        .prints("`mealie_postgres_username`, `mealie_postgres_password`");
    run.prints("`mealie-pguser-secret` (username, password, host, port, dbname, uri)");
    assert_eq!(sandbox.git_status(), format!(" M {ks}\n"));
    let wanted = "    - ../../../../components/cnpg\n    - name: cnpg-cluster\n      namespace: database\n      CNPG_NAME: pgsql-cluster";
    assert_eq!(added(&sandbox).join("\n"), wanted);
    // The one error is a blueprint of authentik, which is no manifest.
    let judged = kubeconform(&sandbox, "child").prints("Invalid: 0, Errors: 1");
    judged.prints("resources/branding.yaml - failed validation: error while parsing");
    for app in ["mealie", "authentik"] {
        let run = sandbox.keywright(["db", "provision", app]).go().success();
        assert_eq!(run.stdout(), "nothing to do\n", "{app}");
    }
    sandbox.keywright(["db", "provision", "my-app"]).go().code(2).complains("has a hyphen");
}

#[test]
fn without_a_cluster_it_is_refused_with_what_was_found() {
    for (sample, app, instead) in [
        ("nerv-platform", "grafana", "no `postgresql.cnpg.io/v1` Cluster in this repository"),
        ("lab", "litellm", "the StatefulSet `postgres` in `apps/postgres/statefulset.yaml`"),
    ] {
        let sandbox = Sandbox::sample(sample);
        let before = sandbox.snapshot();
        sandbox.keywright(["db", "provision", app]).go().code(2).complains(instead);
        before.assert_untouched(&sandbox.snapshot());
    }
}

#[test]
fn postgresql_gets_what_the_options_say() {
    let sandbox = Sandbox::nerv();
    let options = "--extension pgcrypto --schema app --connection-limit 20 --in-role pg_read_all_data --scram";
    let args = ["db", "provision", "grafana"].into_iter().chain(options.split(' '));
    sandbox.keywright(args).go().success();
    let operator = Operator::start();
    assert_eq!(operator.reconcile(&sandbox, NERV), Vec::<String>::new());

    let url = value(&sandbox, "nerv/main/cluster/apps/grafana/app/secret.yaml", "DATABASE_URL");
    assert_eq!(
        operator.login(&url).as_deref(),
        Ok("grafana|grafana"),
        "the clear password fits the verifier"
    );
    let role_secret = format!("{NERV}/postgres-grafana-user-secret.yaml");
    let stored = value(&sandbox, &role_secret, "password");
    let sql = |sql: &str| operator.postgres.sql(sql);
    assert_eq!(sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'grafana'"), stored);
    assert_eq!(sql("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'grafana'"), "20");
    assert_eq!(sql("SELECT pg_has_role('grafana', 'pg_read_all_data', 'member')"), "t");
    let inside = |sql: &str| operator.postgres.run_in("grafana", sql).unwrap();
    assert_eq!(inside("SELECT 1 FROM pg_extension WHERE extname = 'pgcrypto'"), "1");
    let owner = "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'app'";
    assert_eq!(inside(owner), "grafana");

    // What is there is completed, and the other apps get in as before.
    sandbox.keywright(["db", "provision", "miniflux", "--extension", "pgcrypto"]).go().success();
    assert_eq!(operator.reconcile(&sandbox, NERV), Vec::<String>::new());
    let url = value(&sandbox, "nerv/main/cluster/apps/miniflux/app/secret.yaml", "DATABASE_URL");
    assert_eq!(operator.login(&url).as_deref(), Ok("miniflux|miniflux"));
    let extensions = "SELECT count(*) FROM pg_extension WHERE extname IN ('hstore', 'pgcrypto')";
    assert_eq!(operator.postgres.run_in("miniflux", extensions).unwrap(), "2");
}
