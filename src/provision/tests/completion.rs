//! What is missing is completed, with the password that is in use.

use super::fixture::{APPS, POSTGRES, Repository, sample};
use super::{Note, Password, six};
use crate::secret::Secret;

#[test]
fn any_missing_part_comes_back_with_the_same_password() {
    let mut before = sample();
    for missing in six() {
        let repository = Repository::of(sample());
        let original = repository.bytes(&missing);
        let first = Password::Given(Secret::from("first+password".to_owned()));
        let outcome = repository.request("grafana", first).unwrap();
        repository.apply(&outcome);
        let is_secret = missing.ends_with("secret.yaml");
        let complete =
            if is_secret { repository.plain(&missing) } else { repository.text(&missing) };
        match original {
            Some(bytes) => repository.write(&missing, &bytes),
            None => repository.remove(&missing),
        }
        let outcome = repository.provision("grafana").unwrap();
        assert_eq!(repository.changed(&outcome), [missing.as_str()]);
        repository.apply(&outcome);
        let after = if is_secret { repository.plain(&missing) } else { repository.text(&missing) };
        assert_eq!(after, complete, "{missing}");
        before.remove(&missing);
    }
    assert_eq!(before.len() + 5, sample().len(), "five of the six were there");
}

#[test]
fn an_empty_placeholder_for_the_url_is_filled() {
    let mut files = sample();
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    files.get_mut(&secret).unwrap().push_str("  DATABASE_URL: \"\"\n");
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed, six());
    assert!(repository.plain(&secret).contains("postgres://grafana:FIXED"));
}

#[test]
fn a_key_that_holds_something_else_is_not_overwritten() {
    let mut files = sample();
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    files.get_mut(&secret).unwrap().push_str("  DATABASE_URL: sqlite:///data/grafana.db\n");
    assert_eq!(
        Repository::of(files).refusal("grafana"),
        format!("{secret}: `DATABASE_URL` is there and is not a URL to the Cluster")
    );
}

#[test]
fn another_password_is_refused_where_there_is_one() {
    let repository = Repository::of(sample());
    let other = || Password::Given(Secret::from("another".to_owned()));
    assert_eq!(
        repository.request("miniflux", other()).err().unwrap().to_string(),
        format!(
            "{POSTGRES}/postgres-miniflux-user-secret.yaml: there is a password already, and it is another one"
        )
    );
    let same = Password::Given(Secret::from("TESTonly+mini/flux=8r:T@1".to_owned()));
    assert!(repository.request("miniflux", same).unwrap().plan.is_empty());
}

#[test]
fn a_url_with_another_password_or_database_is_named() {
    let mut files = sample();
    let secret = format!("{APPS}/pocket-id/app/secret.yaml");
    let text = files.get_mut(&secret).unwrap();
    *text = text.replace(":TESTonlyPocketId0mW6vB3x@", ":other@").replace(":5432/pocket_id", "/x");
    let outcome = Repository::of(files).provision("pocket-id").unwrap();
    assert!(outcome.plan.is_empty());
    let (path, key) = (secret.into(), "DB_CONNECTION_STRING".to_owned());
    assert!(outcome.notes.contains(&Note::OtherPassword { path, key }));
    assert!(outcome.notes.iter().any(|note| matches!(note, Note::OtherDatabase { .. })));
}

#[test]
fn a_role_secret_that_is_not_listed_is_listed() {
    let mut files = sample();
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let entry = "  - postgres-miniflux-user-secret.yaml\n";
    let text = files.get_mut(&kustomization).unwrap();
    *text = text.replace(entry, "");
    let repository = Repository::of(files);
    let outcome = repository.provision("miniflux").unwrap();
    assert_eq!(repository.changed(&outcome), [kustomization.as_str()]);
    repository.apply(&outcome);
    assert_eq!(repository.text(&kustomization).matches(entry).count(), 1);
}

#[test]
fn a_role_secret_that_another_kustomize_file_lists_is_not_listed_again() {
    let mut files = sample();
    let name = "postgres-miniflux-user-secret.yaml";
    let secret = files.remove(&format!("{POSTGRES}/{name}")).unwrap();
    files.insert(format!("{POSTGRES}/sub/{name}"), secret);
    files.insert(format!("{POSTGRES}/sub/kustomization.yaml"), format!("resources: [{name}]\n"));
    let kustomization = files.get_mut(&format!("{POSTGRES}/kustomization.yaml")).unwrap();
    *kustomization = kustomization.replace(name, "sub");
    assert!(Repository::of(files).provision("miniflux").unwrap().plan.is_empty());
}

#[test]
fn an_app_that_uses_another_role_is_refused() {
    let mut files = sample();
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    let url = "  PG: postgres://canary:x@postgres-apps-rw.apps.svc:5432/d\n";
    files.get_mut(&secret).unwrap().push_str(url);
    let refusal = Repository::of(files).refusal("grafana");
    let wanted = "`PG` connects to the Cluster as another role than `grafana`";
    assert!(refusal.ends_with(wanted) && !refusal.contains("canary"), "{refusal}");
}

#[test]
fn a_role_secret_of_somebody_else_is_refused() {
    let name = format!("{POSTGRES}/postgres-grafana-user-secret.yaml");
    let cases = [
        (
            "stringData:\n  username: other\n  password: x\n",
            "the Secret's `username` is not the role",
        ),
        ("stringData:\n  username: grafana\n", "the Secret has no `password`"),
        ("stringData:\n  password: x\n", "the Secret has no `username`"),
        (
            "stringData:\n  username: grafana\n  password: md50123456789abcdef0123456789abcdef\n",
            "the Secret holds a hash; the password for the URL is not known",
        ),
    ];
    for (data, reason) in cases {
        let mut files = sample();
        let head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: postgres-grafana-user\n";
        files.insert(name.clone(), format!("{head}{data}"));
        assert_eq!(Repository::of(files).refusal("grafana"), format!("{name}: {reason}"));
    }
}
