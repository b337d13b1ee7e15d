//! `db deprovision`: three runs with a real PostgreSQL between them, after which the repository is what it was.

use crate::decrypted;
use crate::operator::Operator;
use crate::sandbox::Sandbox;
use crate::terminal::Terminal;
use crate::{proof, reference};

const APPS: &str = "nerv/main/cluster/apps";
const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";
const K8S_OPS: &str = "kubernetes/apps/databases/cloudnative-pg/cluster";

/// Runs it with a yes, commits, and gives what it said.
#[track_caller]
fn run(sandbox: &Sandbox, app: &str) -> String {
    let run = sandbox.keywright(["db", "deprovision", app, "--yes"]).go().success();
    sandbox.commit_all("a step");
    run.stdout()
}

/// The three runs, and one that finds nothing.
#[track_caller]
fn run_all(sandbox: &Sandbox, app: &str) {
    for step in ["step 1 of 3", "step 2 of 3", "step 3 of 3", "nothing left"] {
        let said = run_if_changed(sandbox, app);
        assert!(said.contains(step), "{step} expected: {said}");
    }
}

fn run_if_changed(sandbox: &Sandbox, app: &str) -> String {
    let run = sandbox.keywright(["db", "deprovision", app, "--yes"]).go().success();
    if !sandbox.git_status().is_empty() {
        sandbox.commit_all("a step");
    }
    run.stdout()
}

/// The files that differ from a commit.
fn changed_since(sandbox: &Sandbox, commit: &str) -> String {
    sandbox.git(&["diff", "--name-only", commit])
}

fn head(sandbox: &Sandbox) -> String {
    sandbox.git(&["rev-parse", "HEAD"]).trim().to_owned()
}

#[track_caller]
fn builds(sandbox: &Sandbox, directory: &str) {
    let run = sandbox.run(reference::kustomize()).args(["build", directory]);
    run.args(["--load-restrictor", "LoadRestrictionsNone"]).go().success();
}

#[test]
fn three_runs_take_everything_away_and_leave_the_repository_as_it_was() {
    let sandbox = Sandbox::nerv();
    let before = head(&sandbox);
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    let versions = reference::versions("sops");
    let plain = |version: &&str| decrypted::file(&sandbox, version, &secret);
    let original: Vec<String> = versions.iter().map(plain).collect();
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    sandbox.commit_all("a database");
    let operator = Operator::start();
    let reconcile = || operator.reconcile(&sandbox, POSTGRES);
    let databases =
        || operator.postgres.sql("SELECT datname FROM pg_database WHERE datname = 'grafana'");
    let roles = || operator.postgres.sql("SELECT rolname FROM pg_roles WHERE rolname = 'grafana'");
    assert_eq!(reconcile(), Vec::<String>::new());
    assert_eq!((databases().as_str(), roles().as_str()), ("grafana", "grafana"));

    let said = run(&sandbox, "grafana");
    assert!(said.contains("step 1 of 3: the database `grafana` will be dropped\n"), "{said}");
    assert!(said.contains("  kubectl get database -n apps grafana -o jsonpath="), "{said}");
    assert!(said.contains("  keywright db deprovision grafana\nagain\n"), "{said}");
    let changed =
        [&secret, &format!("{APPS}/grafana/ks.yaml"), &format!("{POSTGRES}/databases.yaml")];
    assert_eq!(changed_since(&sandbox, "HEAD~1").lines().collect::<Vec<_>>(), changed);
    assert!(sandbox.read(changed[2]).ends_with("  owner: grafana\n  ensure: absent\n"));
    assert_eq!(reconcile(), Vec::<String>::new());
    assert_eq!((databases().as_str(), roles().as_str()), ("", "grafana"));

    let said = run(&sandbox, "grafana");
    assert!(said.contains("step 2 of 3: the role `grafana` will be dropped\n"), "{said}");
    assert!(said.contains("  kubectl get cluster -n apps postgres-apps -o jsonpath="), "{said}");
    assert_eq!(changed_since(&sandbox, "HEAD~1"), format!("{POSTGRES}/postgres-cluster.yaml\n"));
    assert_eq!(reconcile(), Vec::<String>::new());
    assert_eq!(roles(), "");

    let said = run(&sandbox, "grafana");
    assert!(said.contains("step 3 of 3: nothing is left in the repository\n"), "{said}");
    assert_eq!(changed_since(&sandbox, &before), format!("{secret}\n"));
    let names = ["-    lastmodified: ", "-    mac: "];
    let diff = sandbox.git(&["diff", "--unified=0", &before]);
    let mut gone = diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---"));
    assert!(gone.all(|line| names.iter().any(|name| line.starts_with(name))), "{diff}");
    assert_eq!(versions.iter().map(plain).collect::<Vec<_>>(), original);
    assert_eq!(reconcile(), Vec::<String>::new());
    [POSTGRES, &format!("{APPS}/grafana/app")].iter().for_each(|folder| builds(&sandbox, folder));

    let run = sandbox.keywright(["db", "deprovision", "grafana"]).go().success();
    assert_eq!(run.stdout(), "nothing left of a database of `grafana`\n");
    assert_eq!(sandbox.git_status(), "");
    proof::record(
        "deprovision",
        "PostgreSQL lets go, run by run; the files are as before",
        "grafana",
    );
}

#[test]
fn data_is_dropped_only_if_somebody_says_so() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let deprovision = ["db", "deprovision", "miniflux"];
    let run = sandbox.keywright(deprovision).go().code(2);
    let run = run.complains("the database `miniflux` will be dropped with all data");
    run.complains("hint: say `--yes`").complains("`--keep-data`");
    let run = sandbox.keywright(deprovision).arg("--dry-run").go().success();
    let run = run.prints("+  ensure: absent").prints("dry run: 3 files would change");
    assert!(!run.stdout().contains("next:"), "{}", run.stdout());
    before.assert_untouched(&sandbox.snapshot());

    let mut terminal = Terminal::spawn(&sandbox.keywright(deprovision), 100, 40);
    terminal.expect("will be dropped with all data");
    terminal.expect("Write these changes?");
    terminal.send("n");
    assert_eq!((terminal.finish().0, sandbox.git_status().as_str()), (130, ""));

    sandbox.keywright(deprovision).arg("--yes").go().success();
    let run = sandbox.keywright(deprovision).args(["--yes", "--dry-run"]).go().success();
    run.complains("databases.yaml: is not committed, so the cluster cannot have done");
    sandbox.commit_all("step 1");
    let run = sandbox.keywright(deprovision).go().code(2);
    run.complains("the role `miniflux` will be dropped, and nobody can be asked here");
}

#[test]
fn the_data_can_be_kept() {
    let sandbox = Sandbox::nerv();
    let before = head(&sandbox);
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    sandbox.commit_all("a database");
    let operator = Operator::start();
    operator.reconcile(&sandbox, POSTGRES);
    let keep = ["db", "deprovision", "grafana", "--keep-data"];
    let run = sandbox.keywright(keep).go().success();
    run.prints("PostgreSQL keeps the role `grafana` and the database `grafana`");
    let changed = changed_since(&sandbox, &before);
    assert_eq!(changed, format!("{APPS}/grafana/app/secret.yaml\n"));
    assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
    assert_eq!(operator.postgres.sql("SELECT 1 FROM pg_database WHERE datname = 'grafana'"), "1");
    sandbox.keywright(keep).go().success().prints("nothing left");

    sandbox.git(&["reset", "--quiet", "--hard", &before]);
    sandbox.keywright(["db", "provision", "grafana", "--reclaim", "delete"]).go().success();
    let run = sandbox.keywright(keep).go().code(2);
    run.complains("databases.yaml: `databaseReclaimPolicy` of `grafana` drops what is to be kept");
}

#[test]
fn an_app_that_was_there_before_goes_the_same_way() {
    let sandbox = Sandbox::nerv();
    let operator = Operator::start();
    operator.reconcile(&sandbox, POSTGRES);
    let first = sandbox.keywright(["db", "deprovision", "paperless", "--yes"]).go().success();
    first.complains("the password in `PAPERLESS_DBPASS` is of no use");
    let ks = sandbox.read(&format!("{APPS}/paperless/ks.yaml"));
    assert!(ks.ends_with("  dependsOn:\n    - name: shared-redis\n"), "{ks}");
    sandbox.commit_all("a step");
    for step in ["step 2 of 3", "step 3 of 3"] {
        assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
        assert!(run(&sandbox, "paperless").contains(step), "{step}");
    }
    builds(&sandbox, POSTGRES);
    assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
    let left =
        "SELECT count(*) FROM pg_roles WHERE rolname IN ('miniflux', 'pocket_id', 'paperless')";
    assert_eq!(operator.postgres.sql(left), "2");
    let text = sandbox.read(&format!("{POSTGRES}/databases.yaml"));
    assert!(!text.contains("paperless") && text.contains("# miniflux wants hstore"), "{text}");
}

#[test]
fn what_was_the_first_leaves_nothing_empty_behind() {
    let sandbox = Sandbox::nerv();
    let databases = format!("{POSTGRES}/databases.yaml");
    let (cluster, list) =
        (format!("{POSTGRES}/postgres-cluster.yaml"), format!("{POSTGRES}/kustomization.yaml"));
    std::fs::remove_file(sandbox.path(&databases)).unwrap();
    let text = sandbox.read(&cluster);
    let (top, rest) = text.split_once("  managed:\n").unwrap();
    let (_, end) = rest.split_once("  # Scraped").unwrap();
    sandbox.write(&cluster, format!("{top}  # Scraped{end}"));
    sandbox.write(&list, sandbox.read(&list).replace("  - databases.yaml\n", ""));
    sandbox.commit_all("a Cluster without roles");
    let before = head(&sandbox);
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    sandbox.commit_all("a database");
    assert!(sandbox.read(&cluster).contains("  managed:\n    roles:\n"));
    run_all(&sandbox, "grafana");
    assert_eq!(changed_since(&sandbox, &before), format!("{APPS}/grafana/app/secret.yaml\n"));
}

#[test]
fn roles_as_objects_are_dropped_with_their_object() {
    let sandbox = Sandbox::nerv();
    let before = head(&sandbox);
    sandbox.keywright(["db", "provision", "grafana", "--as", "database-role"]).go().success();
    sandbox.commit_all("a database");
    run(&sandbox, "grafana");
    let said = run(&sandbox, "grafana");
    assert!(said.contains("kubectl get databaserole -n apps grafana -o jsonpath="), "{said}");
    let role = sandbox.read(&format!("{POSTGRES}/database-roles.yaml"));
    assert!(role.contains("databaseRoleReclaimPolicy: delete\n") && !role.contains("ensure"));
    let said = run(&sandbox, "grafana");
    assert!(said.contains("step 3 of 3"), "{said}");
    assert_eq!(changed_since(&sandbox, &before), format!("{APPS}/grafana/app/secret.yaml\n"));
}

#[test]
fn a_copy_of_the_credentials_goes_with_its_listing() {
    let sandbox = Sandbox::sample("k8s-ops");
    let before = head(&sandbox);
    sandbox.keywright(["db", "provision", "n8n"]).go().success();
    sandbox.commit_all("a database");
    run_all(&sandbox, "n8n");
    assert_eq!(changed_since(&sandbox, &before), "");
}

#[test]
fn a_directory_goes_with_its_last_file_and_a_component_keeps_the_dependency() {
    let sandbox = Sandbox::sample("k8s-ops");
    let operator = Operator::start();
    operator.reconcile(&sandbox, K8S_OPS);
    run_all(&sandbox, "odoo");
    let again = sandbox.keywright(["db", "deprovision", "odoo"]).go().success();
    again.complains("the app includes the component `kubernetes/components/cnpg`, which is left");
    assert!(!sandbox.path(&format!("{K8S_OPS}/roles")).join("kustomization.yaml").exists());
    let list = sandbox.read(&format!("{K8S_OPS}/kustomization.yaml"));
    assert!(list.ends_with("resources:\n  - cluster.yaml\n"), "{list}");
    builds(&sandbox, K8S_OPS);
    let cluster = sandbox.read(&format!("{K8S_OPS}/cluster.yaml"));
    assert!(cluster.contains("{name: reporting,") && !cluster.contains("odoo"), "{cluster}");
    let ks = sandbox.read("kubernetes/apps/business/odoo/ks.yaml");
    assert!(ks.contains("  dependsOn:\n    - name: cloudnative-pg-cluster\n"), "{ks}");
}

#[test]
fn an_app_leaves_its_component_and_hears_what_stays() {
    let sandbox = Sandbox::sample("home-ops");
    sandbox.keywright(["db", "provision", "mealie"]).go().success();
    sandbox.commit_all("a database");
    let run = sandbox.keywright(["db", "deprovision", "mealie"]).go().success();
    let run = run.prints("PostgreSQL keeps role and database");
    let run =
        run.prints("the item `/database/cnpg-users` with the fields `mealie_postgres_username`");
    assert!(!run.stdout().contains("the app gets"), "{}", run.stdout());
    assert_eq!(changed_since(&sandbox, "HEAD~1"), "");
    sandbox.keywright(["db", "deprovision", "mealie"]).go().success().prints("nothing left");
}

#[test]
fn the_refusals() {
    let sandbox = Sandbox::nerv();
    let deprovision =
        |app: &str| sandbox.keywright(["db", "deprovision", app, "--yes"]).go().code(2);
    deprovision("postgres").complains("which is reserved");
    deprovision("asuka").complains("there is no app `asuka`");
    let url = "postgres://miniflux:x@postgres-apps-rw.apps.svc:5432/miniflux";
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    let set = ["set", &secret, r#"["stringData"]["OTHER"]"#, &format!("\"{url}\"")];
    sandbox.keywright(set).go().success();
    sandbox.commit_all("another user");
    let before = sandbox.snapshot();
    let run = deprovision("miniflux");
    run.complains(&format!("{secret}: `OTHER` connects as the role `miniflux`, too"));
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn an_app_that_is_gone_already_can_be_cleared_up_after() {
    let sandbox = Sandbox::nerv();
    std::fs::remove_dir_all(sandbox.path(&format!("{APPS}/miniflux"))).unwrap();
    let list = format!("{APPS}/kustomization.yaml");
    sandbox.write(&list, sandbox.read(&list).replace("  - ./miniflux/ks.yaml\n", ""));
    sandbox.commit_all("no miniflux");
    for step in ["step 1 of 3", "step 2 of 3", "step 3 of 3"] {
        let said = run(&sandbox, "miniflux");
        assert!(said.contains(step), "{said}");
    }
    assert!(!sandbox.git(&["ls-files"]).contains("miniflux"));
    sandbox
        .keywright(["db", "deprovision", "miniflux"])
        .go()
        .code(2)
        .complains("no app `miniflux`");
}
