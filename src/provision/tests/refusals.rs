//! What is refused, and in which words.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};
use crate::layout;

/// The refusal in the sample with one file changed.
fn refused_with(path: &str, change: impl Fn(&str) -> String) -> String {
    let mut files = sample();
    let text = change(files.get(path).map_or("", String::as_str));
    assert_ne!(files.get(path), Some(&text), "{path} is unchanged");
    files.insert(path.to_owned(), text);
    Repository::of(files).refusal("grafana")
}

#[test]
fn names_are_refused_before_anything_else() {
    let repository = Repository::of(sample());
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let cases = [
        ("postgres", "`postgres` becomes the role and database `postgres`, which is reserved"),
        ("pg-admin", "`pg-admin` becomes the role `pg_admin`, which is reserved"),
        (
            "streaming-replica",
            "`streaming-replica` becomes the role `streaming_replica`, which is reserved",
        ),
        ("public", "`public` becomes the role `public`, which is reserved"),
        ("template1", "`template1` becomes the database `template1`, which is reserved"),
        ("Grafana", "`Grafana` is not an RFC 1123 name: lower-case letters, digits and `-`"),
        (
            "asuka",
            "there is no app `asuka`; found: grafana, miniflux, paperless, pocket-id, shared-redis, envoy-gateway",
        ),
    ];
    for (app, wanted) in cases {
        assert_eq!(repository.refusal(app), wanted);
    }
    let owner = "`app` is the Cluster's own application database or its owner";
    assert_eq!(repository.refusal("app"), format!("{cluster}: {owner}"));
    let unknown = "there is no app `shared-postgres`";
    assert!(repository.refusal("shared-postgres").starts_with(unknown));
}

#[test]
fn the_nearest_app_is_suggested() {
    let repository = Repository::of(sample());
    let nearest = |app: &str| match repository.provision(app) {
        Err(super::Error::Layout(layout::Error::AppUnknown { nearest, .. })) => nearest,
        _ => panic!("not refused"),
    };
    assert_eq!(nearest("graphana").as_deref(), Some("grafana"));
    assert_eq!(nearest("qqq"), None);
}

#[test]
fn too_long_names_are_refused() {
    let long = ["a".repeat(40), "b".repeat(40)].join(".");
    let wanted = format!("`{long}` becomes an identifier of 81 bytes; PostgreSQL keeps 63");
    assert_eq!(Repository::of(sample()).refusal(&long), wanted);
}

#[test]
fn without_a_cluster_the_server_that_was_found_is_named() {
    let mut files: Files = sample();
    files.retain(|path, _| !path.contains("shared/postgres"));
    let without = "no `postgresql.cnpg.io/v1` Cluster in this repository";
    assert_eq!(Repository::of(files.clone()).refusal("grafana"), without);
    files.insert(
        "apps/postgres/statefulset.yaml".to_owned(),
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  template:\n    spec:\n      \
         containers:\n        - image: docker.io/library/postgres:16\n"
            .to_owned(),
    );
    assert_eq!(
        Repository::of(files).refusal("grafana"),
        format!(
            "{without}; found instead: the StatefulSet `db` in `apps/postgres/statefulset.yaml`"
        )
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_instead_of_what_may_be_in_it() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let refusal = refused_with(&cluster, |text| format!("{text}\t- x\n"));
    assert!(refusal.starts_with(&format!("{cluster}:")), "{refusal}");
    let ks = format!("{APPS}/grafana/ks.yaml");
    let refusal = refused_with(&ks, |text| format!("{text}\t- x\n"));
    assert!(refusal.starts_with(&format!("{ks}:")), "{refusal}");
}

#[test]
fn two_clusters_are_refused_with_their_files() {
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: b}\n";
    assert_eq!(
        refused_with("z/second.yaml", |_| cluster.to_owned()),
        format!(
            "there are 2 `postgresql.cnpg.io` Clusters: `{POSTGRES}/postgres-cluster.yaml`, `z/second.yaml`"
        )
    );
}

#[test]
fn two_apps_of_one_name_are_refused_with_their_files() {
    let ks = sample()[&format!("{APPS}/grafana/ks.yaml")].clone();
    assert_eq!(
        refused_with("z/ks.yaml", |_| ks.clone()),
        format!("there are 2 apps `grafana`: `{APPS}/grafana/ks.yaml`, `z/ks.yaml`")
    );
}

#[test]
fn a_role_that_is_there_for_something_else_is_refused() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let cases = [
        ("- {name: grafana, ensure: absent}", "it is being dropped (`ensure: absent`)"),
        ("- {name: grafana, disablePassword: true}", "it has no `passwordSecret`"),
        (
            "- {name: grafana, passwordSecret: {name: postgres-kibana-user}}",
            "its Secret is named after another app",
        ),
    ];
    for (role, reason) in cases {
        let refusal = refused_with(&cluster, |text| {
            text.replace("    roles:\n", &format!("    roles:\n      {role}\n"))
        });
        let wanted = format!("{cluster}: the role `grafana` is there for something else: {reason}");
        assert_eq!(refusal, wanted);
    }
}

#[test]
fn a_database_that_is_there_for_something_else_is_refused() {
    let databases = format!("{POSTGRES}/databases.yaml");
    let cases = [
        ("  owner: other\n", "another role owns it"),
        ("  owner: grafana\n  ensure: absent\n", "it is being dropped (`ensure: absent`)"),
    ];
    for (spec, reason) in cases {
        let refusal = refused_with(&databases, |text| {
            format!(
                "{text}---\napiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {{name: x}}\n\
                 spec:\n  cluster: {{name: postgres-apps}}\n  name: grafana\n{spec}"
            )
        });
        let head = "the database `grafana` is declared for something else";
        assert_eq!(refusal, format!("{databases}: {head}: {reason}"));
    }
}

#[test]
fn a_path_without_a_rule_is_refused() {
    let wanted =
        format!("{POSTGRES}/postgres-grafana-user-secret.yaml: no creation rule covers this path");
    let narrow = |text: &str| {
        text.replace("- encrypted_regex", "- path_regex: \\.enc\\.yaml$\n    encrypted_regex")
    };
    assert_eq!(refused_with("nerv/.sops.yaml", narrow), wanted);
    let mut files = sample();
    files.remove("nerv/.sops.yaml");
    assert_eq!(Repository::of(files).refusal("grafana"), wanted);
}

#[test]
fn a_rule_that_would_leave_the_password_in_the_clear_is_refused() {
    let narrow = |text: &str| {
        let lines = text.lines().map(|line| match line.contains("encrypted_regex") {
            true => "  - encrypted_regex: ^data$".to_owned(),
            false => line.to_owned(),
        });
        lines.map(|line| line + "\n").collect()
    };
    assert_eq!(
        refused_with("nerv/.sops.yaml", narrow),
        format!(
            "{POSTGRES}/postgres-grafana-user-secret.yaml: `stringData.password` would not be encrypted"
        )
    );
}

#[test]
fn an_app_without_a_fitting_secret_is_refused() {
    let kustomization = format!("{APPS}/grafana/app/kustomization.yaml");
    let unlisted = refused_with(&kustomization, |text| text.replace("  - ./secret.yaml\n", ""));
    let wanted = format!("{APPS}/grafana/app: the app `grafana` has no Secret for the URL");
    assert_eq!(unlisted, wanted);

    let secret = format!("{APPS}/grafana/app/secret.yaml");
    let plain = Repository::with_plain(sample(), &[&secret]);
    assert_eq!(plain.refusal("grafana"), format!("{secret}: is not encrypted"));

    let behind = refused_with(&secret, |text| format!("kind: None\n---\n{text}"));
    assert_eq!(behind, format!("{secret}: the Secret is not the first document of the file"));
}

#[test]
fn several_secrets_are_refused_unless_one_has_the_name_of_the_app() {
    let mut files = sample();
    let (first, second) =
        (format!("{APPS}/grafana/app/secret.yaml"), format!("{APPS}/grafana/app/b-secret.yaml"));
    files.insert(second.clone(), files[&first].replace("name: grafana", "name: grafana-oidc"));
    let kustomization = format!("{APPS}/grafana/app/kustomization.yaml");
    files.get_mut(&kustomization).unwrap().push_str("  - ./b-secret.yaml\n");
    let outcome = Repository::of(files.clone()).provision("grafana").unwrap();
    assert_eq!(outcome.plan.changes()[4].path.to_str(), Some(first.as_str()));

    let text = files[&first].replace("name: grafana", "name: credentials");
    files.insert(first.clone(), text);
    assert_eq!(
        Repository::of(files).refusal("grafana"),
        format!("the app `grafana` has 2 Secrets: `{first}`, `{second}`")
    );
}

#[test]
fn an_app_of_a_name_that_several_have_is_named_by_its_path() {
    let mut files = sample();
    let ks = files[&format!("{APPS}/grafana/ks.yaml")].replace("./nerv/main/cluster/apps", "./z");
    files.insert("z/ks.yaml".to_owned(), ks);
    files.insert("z/grafana/app/kustomization.yaml".to_owned(), "resources: []\n".to_owned());
    let repository = Repository::of(files);
    assert!(repository.refusal("grafana").starts_with("there are 2 apps `grafana`: "));
    let outcome = repository.provision(&format!("{APPS}/grafana/app")).unwrap();
    assert_eq!(repository.changed(&outcome), super::six());
    let refusal = repository.refusal("z/grafana/app");
    assert_eq!(refusal, "z/grafana/app: the app `grafana` has no Secret for the URL");
}

#[test]
fn roles_with_both_signs_are_refused_where_it_matters() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let role = "    roles:\n      - {name: my-other, passwordSecret: {name: x}}\n";
    let mut files = sample();
    let text = files[&cluster].replace("    roles:\n", role);
    files.insert(cluster.clone(), text);
    let repository = Repository::of(files.clone());
    let wanted = "the role of `shared-redis` may be `shared_redis` or `shared-redis`: there are roles with `-` and \
                  with `_` in";
    assert_eq!(repository.refusal("shared-redis"), format!("{wanted} `{cluster}`"));
    assert!(repository.provision("grafana").is_ok(), "it has neither");
    assert!(repository.provision("pocket-id").unwrap().plan.is_empty(), "its role is there");
    files.insert("keywright.yaml".to_owned(), "layout: {identifiers: underscore}\n".to_owned());
    assert!(Repository::of(files).provision("shared-redis").is_ok());
}

#[test]
fn nothing_is_planned_without_an_identity() {
    let mut files = sample();
    files.insert("age-test-identity.txt".to_owned(), String::new());
    let refusal = Repository::of(files).refusal("grafana");
    assert!(refusal.starts_with(&format!("{APPS}/grafana/app/secret.yaml: ")), "{refusal}");
}

#[test]
fn a_given_password_that_would_be_changed_is_refused() {
    use super::Password;
    use crate::secret::Secret;
    let given = Password::Given(Secret::from(" x".to_owned()));
    let refusal = Repository::of(sample()).request("grafana", given).err().unwrap();
    assert_eq!(refusal.to_string(), "the password begins or ends with a blank");
}
