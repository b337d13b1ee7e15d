//! The plan on the sample repository, and on repositories that are made from it.

mod adopt;
mod by_hand;
mod completion;
mod connections;
mod doctor;
mod fixture;
mod hidden_roles;
mod init_containers;
mod names;
mod refusals;
mod removal;
mod rotation;
mod settings;
mod strategies;
mod variations;

use fixture::{APPS, POSTGRES, Repository, sample};

use super::*;

/// The six files of a provision, in the order of the plan.
fn six() -> [String; 6] {
    [
        format!("{POSTGRES}/postgres-grafana-user-secret.yaml"),
        format!("{POSTGRES}/kustomization.yaml"),
        format!("{POSTGRES}/postgres-cluster.yaml"),
        format!("{POSTGRES}/databases.yaml"),
        format!("{APPS}/grafana/app/secret.yaml"),
        format!("{APPS}/grafana/ks.yaml"),
    ]
}

#[test]
fn the_sample_gets_six_changes_and_every_other_byte_stays() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("grafana").unwrap();
    assert_eq!(repository.changed(&outcome), six());
    repository.apply(&outcome);
    let [role_secret, kustomization, cluster, databases, app_secret, ks] = six();
    assert_eq!(
        repository.plain(&role_secret),
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: postgres-grafana-user\n  namespace: apps\n  \
         labels:\n    cnpg.io/reload: \"true\"\ntype: kubernetes.io/basic-auth\nstringData:\n  \
         username: grafana\n  password: FIXEDpassword0123456789\n"
    );
    let inserted = [
        (
            &kustomization,
            "  - postgres-paperless-user-secret.yaml\n",
            "  - postgres-grafana-user-secret.yaml\n",
        ),
        (
            &cluster,
            "          name: postgres-paperless-user\n",
            "      - name: grafana\n        ensure: present\n        login: true\n        \
             superuser: false\n        passwordSecret:\n          name: postgres-grafana-user\n",
        ),
        (
            &databases,
            "  databaseReclaimPolicy: retain # never let a pruned manifest drop this one\n",
            "---\napiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata:\n  name: grafana\n  \
             namespace: apps\nspec:\n  cluster:\n    name: postgres-apps\n  name: grafana\n  \
             owner: grafana\n",
        ),
        (&ks, "  timeout: 5m\n", "  dependsOn:\n    - name: shared-postgres\n"),
    ];
    for (file, anchor, added) in inserted {
        let before = &sample()[file.as_str()];
        assert_eq!(before.matches(anchor).count(), 1, "{anchor}");
        let wanted = before.replace(anchor, &format!("{anchor}{added}"));
        assert_eq!(repository.text(file), wanted, "{file}");
    }
    let before = &sample()[app_secret.as_str()];
    let after = repository.plain(&app_secret);
    let url = after.strip_prefix(before.as_str()).expect("only added to").trim();
    assert_eq!(
        url.trim_start_matches("DATABASE_URL: ").trim_matches('"'),
        "postgres://grafana:FIXEDpassword0123456789@postgres-apps-rw.apps.svc.cluster.local:5432/grafana"
    );
}

#[test]
fn what_is_written_is_encrypted_and_the_password_is_nowhere() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("grafana").unwrap();
    for change in &outcome.plan {
        let new = String::from_utf8(change.new.as_ref().unwrap().to_vec()).unwrap();
        assert!(!new.contains("FIXEDpassword"), "{}", change.path.display());
    }
    for fact in &outcome.facts {
        assert!(!fact.value.contains("FIXEDpassword"), "{}", fact.what);
    }
}

#[test]
fn facts_carry_the_files_that_show_them() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("grafana").unwrap();
    let fact = |what: &str| outcome.facts.iter().find(|fact| fact.what == what).unwrap();
    assert_eq!(fact("Secret of a role").value, "postgres-{app}-user");
    assert_eq!(fact("file of a role's Secret").value, "postgres-{app}-user-secret.yaml");
    assert_eq!(fact("file of a role's Secret").evidence.len(), 3);
    assert_eq!(fact("URL key").value, "DATABASE_URL");
    assert!(fact("URL key").evidence.is_empty(), "siblings differ");
    let form = fact("URL form");
    let siblings = ["miniflux", "pocket-id"].map(|app| format!("{APPS}/{app}/app/secret.yaml"));
    assert_eq!(form.evidence, siblings.map(PathBuf::from));
    assert_eq!(
        form.value,
        "postgres://{role}:{password}@{cluster}-rw.{namespace}.svc.cluster.local:5432/{database}"
    );
}

#[test]
fn an_app_that_has_everything_is_left_alone() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("miniflux").unwrap();
    assert!(outcome.plan.is_empty());
    assert_eq!(outcome.notes, []);
}

#[test]
fn what_would_be_made_differently_today_is_named() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("pocket-id").unwrap();
    assert!(outcome.plan.is_empty());
    let path = PathBuf::from(format!("{POSTGRES}/postgres-pocket-id-user-secret.yaml"));
    let wanted = [Note::NoReloadLabel { path: path.clone() }, Note::OtherType { path }];
    assert_eq!(outcome.notes, wanted);
    for note in &outcome.notes {
        let text = note.to_string();
        assert!(text.contains("postgres-pocket-id-user-secret.yaml: ") && !text.contains("doctor"));
    }
}

#[test]
fn an_app_with_separate_keys_gets_no_url() {
    let repository = Repository::of(sample());
    let outcome = repository.provision("paperless").unwrap();
    assert!(outcome.plan.is_empty());
    let path = PathBuf::from(format!("{APPS}/paperless/app/secret.yaml"));
    let keys = vec!["PAPERLESS_DBPASS".to_owned()];
    assert!(outcome.notes.contains(&Note::SeparateKeys { path, keys }));
}

#[test]
fn a_given_password_is_percent_encoded_in_the_url() {
    let repository = Repository::of(sample());
    let given = Password::Given(Secret::from("p@ss:w/rd%, ü".replace(" ü", "~")));
    let outcome = repository.request("grafana", given).unwrap();
    repository.apply(&outcome);
    let [role_secret, .., app_secret, _] = six();
    assert!(repository.plain(&role_secret).contains("p@ss:w/rd%,~"));
    assert!(repository.plain(&app_secret).contains("://grafana:p%40ss%3Aw%2Frd%25%2C~@"));
}
