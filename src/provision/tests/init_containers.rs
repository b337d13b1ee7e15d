//! Databases that init containers make: declared as what they are, if a container is really told of them.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};

const HOST: &str = "postgres-apps-rw.apps.svc.cluster.local";

/// An init container of app-template with that image, in front of the containers.
fn container(image: &str, reads: &str) -> String {
    format!(
        "        initContainers:\n          init-db:\n            image:\n              repository: \
         registry.example.test/{image}\n              tag: 17.6\n{reads}"
    )
}

/// How it reads the Secret of the app.
const READS: &str =
    "            envFrom:\n              - secretRef:\n                  name: grafana\n";

fn release() -> String {
    format!("{APPS}/grafana/app/helmrelease.yaml")
}

fn app_secret() -> String {
    format!("{APPS}/grafana/app/secret.yaml")
}

fn databases() -> String {
    format!("{POSTGRES}/databases.yaml")
}

/// The sample with watched Secrets, so that nothing else is adopted, and with what an init container reads.
fn told(names: &str, host: &str) -> Files {
    let mut files = sample();
    for app in ["pocket-id", "paperless"] {
        let secret = files.get_mut(&format!("{POSTGRES}/postgres-{app}-user-secret.yaml")).unwrap();
        let label = "  namespace: apps\n  labels:\n    cnpg.io/reload: \"true\"\n";
        *secret = secret.replacen("  namespace: apps\n", label, 1);
    }
    files.get_mut(&app_secret()).unwrap().push_str(&format!(
        "  INIT_POSTGRES_DBNAME: {names}\n  INIT_POSTGRES_HOST: {host}\n  INIT_POSTGRES_USER: grafana\n  \
         INIT_POSTGRES_PASS: TESTonlyInit9\n  INIT_POSTGRES_SUPER_PASS: TESTonlySuper9\n"
    ));
    files
}

/// The same with a container in the release.
fn with_container(mut files: Files, container: &str) -> Files {
    let text = files.get_mut(&release()).unwrap();
    *text = text.replacen("        containers:\n", &format!("{container}        containers:\n"), 1);
    files
}

#[test]
fn the_database_is_declared_with_its_password() {
    let files = with_container(told("boards", HOST), &container("postgres-init", READS));
    let lines = files[&release()].lines();
    let line = { lines }.position(|line| line.contains("init-db:")).unwrap() + 2;
    let repository = Repository::of(files);
    let app = repository.text(&app_secret());
    let (changed, remarks) = repository.adopt().unwrap();
    let secret = format!("{POSTGRES}/postgres-grafana-user-secret.yaml");
    let listing = format!("{POSTGRES}/kustomization.yaml");
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    assert_eq!(
        changed,
        [secret.clone(), listing, cluster, databases(), format!("{APPS}/grafana/ks.yaml")]
    );
    assert_eq!(
        remarks,
        [
            "the operator makes the role `grafana` exactly as it is declared: memberships and rights that are not in it are taken away".to_owned(),
            format!("{}:{line}: the init container stays; remove it when the Database `boards` is applied", release()),
        ]
    );
    assert_eq!(repository.text(&app_secret()), app, "what the app reads stays to the byte");
    let secret = repository.plain(&secret);
    assert!(secret.ends_with("  username: grafana\n  password: TESTonlyInit9\n"), "{secret}");
    assert!(repository.text(&databases()).ends_with("  name: boards\n  owner: grafana\n"));
    assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()));
    let found = repository.findings();
    assert!(!found.iter().any(|one| one.contains("grafana") || one.contains("error")), "{found:?}");
}

#[test]
fn several_names_are_several_databases_of_one_owner() {
    for names in ["boards annex grafana", "boards, annex,grafana"] {
        let files = with_container(told(names, HOST), &container("postgres-init", READS));
        let repository = Repository::of(files);
        let (changed, remarks) = repository.adopt().unwrap();
        assert_eq!(changed.len(), 5, "{changed:?}");
        for name in ["boards", "annex", "grafana"] {
            let told = format!("remove it when the Database `{name}` is applied");
            assert!(remarks.iter().any(|one| one.ends_with(&told)), "{remarks:?}");
        }
        let text = repository.text(&databases());
        let added = text.rsplit_once("drop this one\n").unwrap().1;
        let objects = [("grafana", "boards"), ("annex", "annex"), ("grafana-grafana", "grafana")];
        let wanted = objects.map(|(object, name)| {
            format!(
                "---\napiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata:\n  name: {object}\n  namespace: apps\n\
                 spec:\n  cluster:\n    name: postgres-apps\n  name: {name}\n  owner: grafana\n"
            )
        });
        assert_eq!(added, wanted.concat());
        assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()));
    }
}

#[test]
fn what_no_init_container_reads_is_no_database() {
    let other = READS.replace("grafana", "other");
    for container in [
        String::new(),
        container("postgres-init", ""),
        container("postgres-init", &other),
        container("postgres-init", READS).replace("initContainers", "sidecars"),
    ] {
        let repository = Repository::of(with_container(told("boards", HOST), &container));
        assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()), "{container}");
    }
}

#[test]
fn what_the_container_is_told_in_other_ways_counts_as_well() {
    let password = "{valueFrom: {secretKeyRef: {name: grafana, key: INIT_POSTGRES_PASS}}}";
    let env = format!(
        "            env:\n              INIT_POSTGRES_DBNAME: annex\n              INIT_POSTGRES_HOST: {HOST}\n              \
         INIT_POSTGRES_USER: grafana\n              INIT_POSTGRES_PASS: {password}\n"
    );
    let list = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: grafana}\nspec: {template: {spec: {initContainers: [\n  \
                {name: a, image: 'x/make-db:1', envFrom: [{secretRef: {name: grafana}}]}]}}}\n";
    let cases = [
        (with_container(told("boards", HOST), &container("make-db", &env)), "annex"),
        (with_container(told("boards", HOST), &container("make-db", READS)), "boards"),
        {
            let mut files = told("boards", HOST);
            files.insert(format!("{APPS}/grafana/app/deployment.yaml"), list.to_owned());
            (files, "boards")
        },
    ];
    for (files, name) in cases {
        let repository = Repository::of(files);
        assert_eq!(repository.adopt().unwrap().0.len(), 5);
        let text = repository.text(&databases());
        assert!(text.ends_with(&format!("  name: {name}\n  owner: grafana\n")), "{text}");
    }
}

#[test]
fn an_init_container_of_another_server_is_none_of_ours() {
    for host in ["postgres.other.svc", "postgres-apps-rw.elsewhere.svc", "postgres-apps"] {
        let files = with_container(told("boards", host), &container("postgres-init", READS));
        let repository = Repository::of(files);
        assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()), "{host}");
    }
}
