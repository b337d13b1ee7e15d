//! `db adopt`: what the real programs say about it, and a real PostgreSQL.

use crate::data::kubeconform;
use crate::decrypted::value;
use crate::operator::Operator;
use crate::sandbox::Sandbox;
use crate::{proof, reference};

const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";
const GRAFANA: &str = "nerv/main/cluster/apps/grafana/app";

#[test]
fn the_operator_sees_no_difference_between_entries_and_objects() {
    let cases =
        [("nerv", POSTGRES), ("k8s-ops", "kubernetes/apps/databases/cloudnative-pg/cluster")];
    for (sample, directory) in cases {
        let sandbox = if sample == "nerv" { Sandbox::nerv() } else { Sandbox::sample(sample) };
        let roles = "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolconnlimit, rolinherit, \
                     (SELECT array_agg(g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid \
                     WHERE m.member = r.oid) FROM pg_roles r WHERE rolname !~ '^pg_' ORDER BY 1";
        let operator = Operator::start();
        assert_eq!(operator.reconcile(&sandbox, directory), Vec::<String>::new());
        let before = operator.postgres.sql(roles);
        sandbox.keywright(["db", "adopt", "--to", "database-role"]).go().success();
        assert_eq!(sandbox.git_status().lines().count(), 3);
        assert!(!sandbox.git(&["diff"]).contains("\n+  managed"));
        let fresh = Operator::start();
        for operator in [&operator, &fresh] {
            assert_eq!(operator.reconcile(&sandbox, directory), Vec::<String>::new());
            assert_eq!(operator.postgres.sql(roles), before, "{sample}");
        }
        let run = sandbox.keywright(["db", "adopt", "--to", "database-role"]).go().success();
        assert_eq!((run.stdout().as_str(), run.stderr().as_str()), ("nothing to adopt\n", ""));
        sandbox.run(reference::kustomize()).args(["build", directory]).go().success();
        proof::record("adopt", "PostgreSQL gets the same roles from objects", sample);
    }
}

#[test]
fn the_schemas_accept_the_objects() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "adopt", "--to", "database-role"]).go().success();
    kubeconform(&sandbox, "sops").success().prints("Invalid: 0, Errors: 0");
}

#[test]
fn an_app_with_an_init_container_logs_in_as_before() {
    let sandbox = Sandbox::nerv();
    let file = format!("{GRAFANA}/secret.yaml");
    let host = "postgres-apps-rw.apps.svc.cluster.local";
    let keys = [
        ("DBNAME", "boards annex"),
        ("USER", "grafana"),
        ("PASS", "TESTonlyInit9"),
        ("HOST", host),
    ];
    for (key, text) in keys {
        let index = format!(r#"["stringData"]["INIT_POSTGRES_{key}"]"#);
        let run = sandbox.keywright(["set", "--value-stdin", &file, &index]);
        run.stdin(format!("\"{text}\"")).go().success();
    }
    let release = format!("{GRAFANA}/helmrelease.yaml");
    let container = "        initContainers:\n          init-db:\n            image: {repository: r.example.test/postgres-init, tag: '17'}\n            \
                     envFrom: [{secretRef: {name: grafana}}]\n        containers:\n";
    let text = sandbox.read(&release);
    sandbox.write(&release, text.replacen("        containers:\n", container, 1));
    sandbox.commit_all("an init container");
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "adopt", "--dry-run"]).go().success();
    run.prints("+      - name: grafana").prints("dry run: 7 files would change");
    before.assert_untouched(&sandbox.snapshot());
    let run = sandbox.keywright(["db", "adopt"]).go().success();
    let run = run.prints("changed 7 files");
    run.complains("the operator makes the role `grafana` exactly")
        .complains("remove it when the Database `boards` is applied")
        .complains("remove it when the Database `annex` is applied");
    assert!(!sandbox.git_status().contains(GRAFANA), "the app's Secret stays");
    let secret = format!("{POSTGRES}/postgres-grafana-user-secret.yaml");
    for version in reference::versions("sops") {
        assert_eq!(value(&sandbox, version, &secret, "password"), "TESTonlyInit9");
        assert_eq!(value(&sandbox, version, &secret, "username"), "grafana");
        let paperless = format!("{POSTGRES}/postgres-paperless-user-secret.yaml");
        let run = sandbox.run(reference::sops(version)).args(["--decrypt", &paperless]);
        run.go().success().prints("cnpg.io/reload: \"true\"").prints("type: Opaque");
        proof::record("adopt", &format!("sops {version} decrypts, MAC valid"), &secret);
    }
    let operator = Operator::start();
    assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
    for name in ["boards", "annex"] {
        let who = operator.login(&format!("postgres://grafana:TESTonlyInit9@{host}:5432/{name}"));
        assert_eq!(who, Ok(format!("grafana|{name}")));
    }
    kubeconform(&sandbox, "sops").success();
    let run = sandbox.keywright(["db", "adopt"]).go().success();
    assert_eq!((run.stdout().as_str(), run.stderr().as_str()), ("nothing to adopt\n", ""));
    sandbox.assert_no_trace_of("TESTonlyInit9", &[]);
    proof::record("adopt", "PostgreSQL lets the app in as before", "grafana");
}

#[test]
fn without_an_identity_what_cannot_be_completed_is_left() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "adopt"]).go().success().prints("nothing to adopt");
    run.complains("postgres-paperless-user-secret.yaml: is left, because it cannot be decrypted");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn refusals_change_nothing() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "adopt", "--to", "database-role", "nobody"]).go().code(2);
    run.complains(
        "there is no role `nobody` in the Cluster; found: pocket_id, miniflux, paperless",
    );
    sandbox.keywright(["db", "adopt", "miniflux"]).go().code(2);
    before.assert_untouched(&sandbox.snapshot());
}
