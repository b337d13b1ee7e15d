//! A new password in repositories that are made from the sample.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};

const NEW: &str = "NEWpassword0123456789";

/// The sample with the password of `miniflux` replaced wherever it is.
fn with_password(password: &str) -> Files {
    let mut files = sample();
    for text in files.values_mut() {
        *text = text
            .replace("TESTonly+mini/flux=8r:T@1", password)
            .replace("TESTonly%2Bmini%2Fflux%3D8r%3AT%401", password);
    }
    files
}

/// Rotates `miniflux`; the places as `FILE: ROUTE` without the directories.
fn rotated(repository: &Repository) -> Vec<String> {
    let rotated = repository.rotate("miniflux", NEW).unwrap_or_else(|error| panic!("{error}"));
    repository.carry_out(&rotated.plan);
    let name = |place: &str| place.strip_prefix(&format!("{APPS}/")).unwrap().to_owned();
    rotated.places.iter().map(|place| name(&place.to_string())).collect()
}

const OWN: &str = "shared/postgres/app/postgres-miniflux-user-secret.yaml: stringData.password";
const URL: &str = "miniflux/app/secret.yaml: stringData.DATABASE_URL";

#[test]
fn only_the_values_differ_afterwards() {
    let repository = Repository::of(sample());
    assert_eq!(rotated(&repository), [URL, OWN]);
    let wanted = with_password(NEW);
    for file in [
        format!("{APPS}/miniflux/app/secret.yaml"),
        format!("{POSTGRES}/postgres-miniflux-user-secret.yaml"),
    ] {
        assert_eq!(repository.plain(&file), wanted[&file]);
    }
}

#[test]
fn a_password_that_is_a_name_as_well_is_not_replaced_as_a_name() {
    let mut files = with_password("miniflux");
    let secret = files.get_mut(&format!("{APPS}/miniflux/app/secret.yaml")).unwrap();
    secret.push_str("  PG_USER: miniflux\n  PG_PASS: miniflux\n  NOTE: miniflux is good\n");
    let repository = Repository::of(files);
    let places = rotated(&repository);
    assert_eq!(places, [URL, "miniflux/app/secret.yaml: stringData.PG_PASS", OWN]);
    let text = repository.plain(&format!("{APPS}/miniflux/app/secret.yaml"));
    assert!(text.contains(&format!("//miniflux:{NEW}@")) && text.contains("/miniflux?sslmode"));
    let role = repository.plain(&format!("{POSTGRES}/postgres-miniflux-user-secret.yaml"));
    assert!(role.contains("  username: miniflux\n") && role.contains(NEW));
}

#[test]
fn another_role_with_the_same_password_keeps_it() {
    let same = "TESTonlyPocketId0mW6vB3x";
    let repository = Repository::of(with_password(same));
    assert_eq!(rotated(&repository), [URL, OWN]);
    let text = repository.plain(&format!("{APPS}/pocket-id/app/secret.yaml"));
    assert!(text.contains(&format!(":{same}@")));
}

#[test]
fn values_that_are_not_encrypted_stay_and_are_named() {
    let mut files = with_password("SecretOne1x");
    let secret = format!("{APPS}/miniflux/app/secret.yaml");
    let text = files.get_mut(&secret).unwrap();
    *text = text.replace("metadata:\n", "metadata:\n  annotations: {was: SecretOne1x}\n");
    let repository = Repository::of(files);
    let outcome = repository.rotate("miniflux", NEW).unwrap();
    assert_eq!(outcome.places.len(), 2);
    let notes: Vec<String> = outcome.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, [format!("{secret}: has the old password in plain text, and keeps it")]);
    repository.carry_out(&outcome.plan);
    assert!(repository.plain(&secret).contains("{was: SecretOne1x}"));
}

#[test]
fn the_same_password_changes_nothing() {
    let repository = Repository::of(sample());
    let outcome = repository.rotate("miniflux", "TESTonly+mini/flux=8r:T@1").unwrap();
    assert!(outcome.plan.is_empty() && outcome.places.is_empty());
}

#[test]
fn a_password_with_signs_is_not_put_into_a_text_of_unknown_rules() {
    let mut files = with_password("SecretOne1x");
    let secret = format!("{APPS}/miniflux/app/secret.yaml");
    files.get_mut(&secret).unwrap().push_str("  CONFIG: |\n    password = SecretOne1x\n");
    let refused = Repository::of(files).rotate("miniflux", "n\"w 1234").err().unwrap().to_string();
    let wanted = format!("{secret}: `stringData.CONFIG`: the password is a part of a longer value");
    assert!(refused.starts_with(&wanted) && !refused.contains("n\"w"), "{refused}");
}

#[test]
fn a_role_without_a_secret_or_of_another_name_is_refused() {
    let mut files = sample();
    files.remove(&format!("{POSTGRES}/postgres-miniflux-user-secret.yaml")).unwrap();
    let repository = Repository::of(files);
    let refusal = |app: &str| repository.rotate(app, NEW).err().unwrap().to_string();
    assert_eq!(
        refusal("miniflux"),
        "the Secret `postgres-miniflux-user` of the role `miniflux` is not in this repository"
    );
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    assert_eq!(refusal("grafana"), format!("{cluster}: the Cluster has no role `grafana`"));
    assert!(repository.rotate("miniflux", "").is_err(), "no password");
}
