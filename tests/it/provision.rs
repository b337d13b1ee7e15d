//! `db provision` on the sample repository, with what the real programs say about the result.

use crate::data::kubeconform;
use crate::decrypted::value;
use crate::operator::Operator;
use crate::sandbox::Sandbox;
use crate::terminal::Terminal;
use crate::{proof, reference};

const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";
const GRAFANA: &str = "nerv/main/cluster/apps/grafana";

/// What a provision of grafana changes, as `git status --short` prints it.
const SIX: [&str; 6] = [
    " M nerv/main/cluster/apps/grafana/app/secret.yaml",
    " M nerv/main/cluster/apps/grafana/ks.yaml",
    " M nerv/main/cluster/apps/shared/postgres/app/databases.yaml",
    " M nerv/main/cluster/apps/shared/postgres/app/kustomization.yaml",
    " M nerv/main/cluster/apps/shared/postgres/app/postgres-cluster.yaml",
    "?? nerv/main/cluster/apps/shared/postgres/app/postgres-grafana-user-secret.yaml",
];

fn role_secret() -> String {
    format!("{POSTGRES}/postgres-grafana-user-secret.yaml")
}

fn app_secret() -> String {
    format!("{GRAFANA}/app/secret.yaml")
}

#[test]
fn provisioning_changes_six_files_and_no_other_line() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "provision", "grafana"]).go().success();
    let run = run.prints("changed 6 files");
    assert_eq!(run.stderr(), "", "{}", run.describe());
    assert_eq!(sandbox.git_status().lines().collect::<Vec<_>>(), SIX);
    let diff = sandbox.git(&["diff", "--unified=0"]);
    let is_change = |line: &&str| line.starts_with('-') && !line.starts_with("---");
    let removed: Vec<_> = diff.lines().filter(is_change).collect();
    let names = ["-    lastmodified: ", "-    mac: "];
    assert!((1..=2).contains(&removed.len()), "{diff}");
    assert!(removed.iter().all(|line| names.iter().any(|name| line.starts_with(name))), "{diff}");
    assert!(
        sandbox
            .read(&format!("{GRAFANA}/ks.yaml"))
            .ends_with("  timeout: 5m\n  dependsOn:\n    - name: shared-postgres\n")
    );
}

#[test]
fn a_second_run_finds_nothing_to_do_and_touches_nothing() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    let before = sandbox.snapshot();
    for app in ["grafana", "miniflux"] {
        let run = sandbox.keywright(["db", "provision", app]).go().success();
        assert_eq!((run.stdout().as_str(), run.stderr().as_str()), ("nothing to do\n", ""));
    }
    before.assert_untouched(&sandbox.snapshot());
    let run = sandbox.keywright(["db", "provision", "pocket-id"]).go().success();
    let run = run.prints("nothing to do").complains("has no label `cnpg.io/reload`");
    run.complains("is not of the type `kubernetes.io/basic-auth`");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "provision", "grafana", "--dry-run", "-v"]).go().success();
    let run = run
        .prints("+  - postgres-grafana-user-secret.yaml")
        .prints("+      - name: grafana")
        .prints("+kind: Database")
        .prints("+    - name: shared-postgres")
        .prints("+  password: ENC[")
        .prints("dry run: 6 files would change")
        .complains("Secret of a role: postgres-{app}-user (from nerv/main/")
        .complains("URL key: DATABASE_URL (by convention)");
    assert!(!run.stdout().contains("postgres://"), "{}", run.describe());
    before.assert_untouched(&sandbox.snapshot());
    assert_eq!(sandbox.git_status(), "");
}

#[test]
fn both_versions_of_sops_read_what_was_written() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    for version in reference::versions("sops") {
        assert_eq!(value(&sandbox, version, &role_secret(), "username"), "grafana");
        let password = value(&sandbox, version, &role_secret(), "password");
        assert_eq!(password.len(), 40);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let host = "postgres-apps-rw.apps.svc.cluster.local:5432";
        let url = value(&sandbox, version, &app_secret(), "DATABASE_URL");
        assert_eq!(url, format!("postgres://grafana:{password}@{host}/grafana"));
        let admin = value(&sandbox, version, &app_secret(), "GF_SECURITY_ADMIN_PASSWORD");
        assert_eq!(admin, "TESTonlyGrafanaAdmin4d");
        for file in [role_secret(), app_secret()] {
            let fact = format!("sops {version} decrypts, MAC valid");
            proof::record("provision", &fact, &file);
        }
    }
}

#[test]
fn the_password_is_in_no_output_and_no_file() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "provision", "grafana", "-v", "--dry-run"]).go().success();
    sandbox.keywright(["db", "provision", "grafana", "-v"]).go().success();
    sandbox.commit_all("a database");
    let version = reference::versions("sops")[0];
    let password = value(&sandbox, version, &role_secret(), "password");
    assert_eq!(password.len(), 40);
    sandbox.assert_no_trace_of(&password, &[]);
}

#[test]
fn a_given_password_is_in_no_output_and_no_file() {
    let canary = "canary-p@ss:w0rd/x";
    let sandbox = Sandbox::nerv();
    let provision = || sandbox.keywright(["db", "provision", "grafana", "--password-stdin", "-v"]);
    provision().stdin(format!("{canary} \n")).go().code(2).complains("ends with a blank");
    provision().stdin("").go().code(2).complains("the password is empty");
    assert_eq!(sandbox.git_status(), "");
    provision().stdin(format!("{canary}\n")).go().success();
    provision().stdin(format!("{canary}\r\n")).go().success().prints("nothing to do");
    provision().stdin("another").go().code(2).complains("there is a password already");
    let version = reference::versions("sops")[0];
    assert_eq!(value(&sandbox, version, &role_secret(), "password"), canary);
    sandbox.assert_no_trace_of(canary, &[]);
    sandbox.assert_no_trace_of("canary-p%40ss%3Aw0rd%2Fx", &[]);
}

#[test]
fn kustomize_builds_and_the_schemas_accept_the_result() {
    let sandbox = Sandbox::nerv();
    let build = |folder: &str| {
        let run = sandbox.run(reference::kustomize()).args(["build", folder]).go().success();
        run.stdout()
    };
    let folders = [POSTGRES.to_owned(), format!("{GRAFANA}/app")];
    let before = folders.each_ref().map(|folder| build(folder));
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    let after = folders.each_ref().map(|folder| build(folder));
    let objects = |text: &str| text.matches("\nkind: ").count();
    assert_eq!(objects(&after[0]), objects(&before[0]) + 2);
    assert_eq!(objects(&after[1]), objects(&before[1]));
    kubeconform(&sandbox, "sops").success().prints("Valid: 32, Invalid: 0, Errors: 0, Skipped: 11");
    proof::record("provision", "kustomize builds it, the schemas accept it", "grafana");
}

#[test]
fn the_refusals_of_the_sample() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let cases = [
        ("postgres", "`postgres` becomes the role and database `postgres`, which is reserved"),
        ("pg-admin", "`pg-admin` becomes the role `pg_admin`, which is reserved"),
        ("streaming-replica", "the role `streaming_replica`, which is reserved"),
        ("Grafana", "`Grafana` is not an RFC 1123 name"),
        ("asuka", "there is no app `asuka`; found: grafana, miniflux"),
    ];
    for (app, reason) in cases {
        let run = sandbox.keywright(["db", "provision", app]).go().code(2);
        assert_eq!(run.complains(reason).stdout(), "");
    }
    let near = sandbox.keywright(["db", "provision", "graphana"]).go().code(2);
    near.complains("hint: did you mean `grafana`?");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn without_an_identity_nothing_changes() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "provision", "grafana"]).go().code(2);
    run.complains("error: ").complains("hint: point SOPS_AGE_KEY_FILE at your identity file");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn it_works_from_any_folder_of_the_repository() {
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "provision", "grafana"]).within(GRAFANA).go().success();
    assert_eq!(sandbox.git_status().lines().collect::<Vec<_>>(), SIX);
}

#[test]
fn at_a_terminal_the_plan_is_shown_and_asked_for_once() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "provision", "grafana"]);
    let mut terminal = Terminal::spawn(&run, 100, 40);
    terminal.expect("kind: Database");
    terminal.expect("Write these changes?");
    terminal.send("n");
    let (code, shown) = terminal.finish();
    assert_eq!((code, sandbox.git_status().as_str()), (130, ""), "{shown}");

    let mut terminal = Terminal::spawn(&run, 100, 40);
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(sandbox.git_status().lines().collect::<Vec<_>>(), SIX);

    sandbox.git(&["reset", "--quiet", "--hard"]);
    sandbox.git(&["clean", "--quiet", "--force"]);
    let run = sandbox.keywright(["db", "provision", "grafana", "--yes"]);
    let (code, shown) = Terminal::spawn(&run, 100, 40).finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(sandbox.git_status().lines().collect::<Vec<_>>(), SIX);
    assert!(!shown.contains("Write these changes?"));
}

#[test]
fn postgresql_accepts_what_was_provisioned() {
    let operator = Operator::start();
    let postgres = &operator.postgres;
    for (app, password) in [("grafana", None), ("shared-redis", Some("p@ss:w/rd%2f+,;=&?# x"))] {
        let sandbox = Sandbox::nerv();
        let mut run = sandbox.keywright(["db", "provision", app]);
        if let Some(password) = password {
            run = run.arg("--password-stdin").stdin(password);
        }
        run.go().success();
        let identifier = app.replace('-', "_");
        assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());

        let version = reference::versions("sops")[0];
        let secret = match app {
            "grafana" => app_secret(),
            _ => "nerv/main/cluster/apps/shared/redis/app/secret.yaml".to_owned(),
        };
        let url = value(&sandbox, version, &secret, "DATABASE_URL");
        let host = "postgres-apps-rw.apps.svc.cluster.local:5432";
        assert!(url.contains(host), "the host of the Cluster");
        let url = url.replace(host, &postgres.address());
        let who = operator.login(&url);
        assert_eq!(who, Ok(format!("{identifier}|{identifier}")));
        let table =
            postgres.psql(&url, "CREATE SCHEMA mine; CREATE TABLE mine.t (); DROP TABLE mine.t");
        assert_eq!(table, Ok(String::new()), "the owner may create");
        let wrong = postgres.url(&identifier, "wrong", &identifier);
        assert!(postgres.psql(&wrong, "SELECT 1").is_err(), "the password is checked");
        proof::record("provision", "PostgreSQL lets the app in by its URL", app);
    }
}
