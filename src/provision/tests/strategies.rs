//! Roles that are declared in other ways than in the Cluster's own file.

use super::fixture::*;
use crate::make::scram;
use crate::provision::{Options, Password, StrategyKind};
use crate::secret::Secret;

/// The roles of the sample as a kustomize patch; the Cluster's own file has none.
pub(super) fn with_patch() -> Files {
    let mut files = sample();
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let (head, rest) = files[&cluster].split_once("  managed:\n").unwrap();
    let (roles, tail) = rest.split_once("  # Scraped by").unwrap();
    let patch = format!(
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: postgres-apps\nspec:\n  managed:\n{}\n",
        roles.trim_end()
    );
    let whole = format!("{head}  # Scraped by{tail}");
    files.insert(cluster, whole);
    files.insert(format!("{POSTGRES}/roles.yaml"), patch);
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    files.get_mut(&kustomization).unwrap().push_str("patches:\n  - path: roles.yaml\n");
    files
}

#[test]
fn a_patch_with_roles_gets_the_next_one() {
    let (repository, changed) = Repository::provisioned(with_patch());
    assert!(changed.contains(&format!("{POSTGRES}/roles.yaml")), "{changed:?}");
    assert!(!changed.contains(&format!("{POSTGRES}/postgres-cluster.yaml")), "{changed:?}");
    let patch = repository.text(&format!("{POSTGRES}/roles.yaml"));
    assert!(patch.ends_with(
        "      - name: grafana\n        ensure: present\n        login: true\n        superuser: false\n        \
         passwordSecret:\n          name: postgres-grafana-user\n"
    ), "{patch}");
}

#[test]
fn roles_as_objects_get_another_object() {
    let mut files = sample();
    let role = "---\napiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: other\n  namespace: apps\n\
                spec:\n  cluster:\n    name: postgres-apps\n  name: other\n  login: true\n  passwordSecret:\n    \
                name: postgres-other-user\n";
    files.insert(format!("{POSTGRES}/roles.yaml"), role.to_owned());
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    files.get_mut(&kustomization).unwrap().push_str("  - roles.yaml\n");
    let (repository, changed) = Repository::provisioned(files);
    assert!(!changed.contains(&format!("{POSTGRES}/postgres-cluster.yaml")), "{changed:?}");
    let roles = repository.text(&format!("{POSTGRES}/roles.yaml"));
    let added = "---\napiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: grafana\n  namespace: apps\n\
                 spec:\n  cluster:\n    name: postgres-apps\n  name: grafana\n  login: true\n  superuser: false\n  \
                 passwordSecret:\n    name: postgres-grafana-user\n";
    assert_eq!(roles, format!("{role}{added}"));
}

fn request(repository: &Repository, options: Options) -> Vec<String> {
    let password = || Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()));
    let outcome = repository.with_options("grafana", password(), options.clone());
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    let changed = repository.changed(&outcome);
    repository.apply(&outcome);
    let again = repository.with_options("grafana", password(), options).unwrap();
    assert!(again.plan.is_empty(), "changed again: {:?}", repository.changed(&again));
    changed
}

#[test]
fn a_strategy_can_be_chosen() {
    let repository = Repository::of(sample());
    let chosen = Options { strategy: Some(StrategyKind::DatabaseRole), ..Options::default() };
    let changed = request(&repository, chosen);
    assert!(changed.contains(&format!("{POSTGRES}/database-roles.yaml")), "{changed:?}");
    assert!(!changed.contains(&format!("{POSTGRES}/postgres-cluster.yaml")), "{changed:?}");
}

#[test]
fn attributes_and_parts_are_written_where_they_belong() {
    let repository = Repository::of(sample());
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let options = Options {
        extensions: texts(&["pgcrypto", "hstore"]),
        schemas: texts(&["app"]),
        connection_limit: Some(20),
        in_roles: texts(&["pg_read_all_data"]),
        ..Options::default()
    };
    request(&repository, options.clone());
    let cluster = repository.text(&format!("{POSTGRES}/postgres-cluster.yaml"));
    assert!(cluster.contains(
        "      - name: grafana\n        ensure: present\n        login: true\n        superuser: false\n        \
         connectionLimit: 20\n        inRoles:\n          - pg_read_all_data\n        passwordSecret:\n"
    ), "{cluster}");
    let databases = repository.text(&format!("{POSTGRES}/databases.yaml"));
    assert!(databases.ends_with(
        "  owner: grafana\n  schemas:\n    - name: app\n      owner: grafana\n  extensions:\n    - name: pgcrypto\n      \
         ensure: present\n    - name: hstore\n      ensure: present\n"
    ), "{databases}");
    let again = |options| {
        let password = Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()));
        let outcome = repository.with_options("grafana", password, options).unwrap();
        assert!(outcome.plan.is_empty());
        outcome.notes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(again(options.clone()).is_empty());
    let notes = again(Options { connection_limit: Some(21), ..options.clone() });
    assert!(notes[0].ends_with("the role's `connectionLimit` is left as it is"), "{notes:?}");
    let notes = again(Options { in_roles: texts(&["pg_monitor"]), ..options });
    assert!(notes[0].ends_with("the role's `inRoles` is left as it is"), "{notes:?}");
}

#[test]
fn a_verifier_is_all_that_the_side_of_the_database_gets() {
    let repository = Repository::of(sample());
    request(&repository, Options { scram: true, ..Options::default() });
    let role = repository.plain(&format!("{POSTGRES}/postgres-grafana-user-secret.yaml"));
    let stored = role.split("password: ").nth(1).unwrap().trim().trim_matches('"');
    assert!(
        scram::verifies(stored, &Secret::from("FIXEDpassword0123456789".to_owned())),
        "{stored}"
    );
    let app = repository.plain(&format!("{APPS}/grafana/app/secret.yaml"));
    assert!(app.contains("postgres://grafana:FIXEDpassword0123456789@"), "{app}");
}

#[test]
fn role_database_owner_and_key_can_be_chosen() {
    let repository = Repository::of(sample());
    request(
        &repository,
        Options {
            role: Some("dash".to_owned()),
            database: Some("boards".to_owned()),
            owner: Some("paperless".to_owned()),
            url_key: Some("GF_DATABASE_URL".to_owned()),
            ..Options::default()
        },
    );
    let databases = repository.text(&format!("{POSTGRES}/databases.yaml"));
    assert!(databases.ends_with("  name: boards\n  owner: paperless\n"), "{databases}");
    let app = repository.plain(&format!("{APPS}/grafana/app/secret.yaml"));
    assert!(app.contains("GF_DATABASE_URL: postgres://dash:FIXEDpassword0123456789@"), "{app}");
    assert!(app.contains(":5432/boards"), "{app}");
}

#[test]
fn what_nobody_declares_is_refused() {
    let refusal = |app: &str, options: Options| {
        let password = Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()));
        let refused = Repository::of(sample()).with_options(app, password, options);
        refused.err().expect("refused").to_string()
    };
    let some = |text: &str| Some(text.to_owned());
    let ghost = refusal("grafana", Options { owner: some("ghost"), ..Options::default() });
    assert!(
        ghost.ends_with(
            "there is no role `ghost` in the Cluster; found: pocket_id, miniflux, paperless"
        ),
        "{ghost}"
    );
    let ghost =
        refusal("grafana", Options { in_roles: vec!["ghost".to_owned()], ..Options::default() });
    assert!(ghost.contains("no role `ghost`"), "{ghost}");
    let secret = refusal("grafana", Options { secret: some("nope"), ..Options::default() });
    assert_eq!(secret, "the app `grafana` has no Secret `nope`; found: grafana");
    let cluster = refusal("grafana", Options { cluster: some("nope"), ..Options::default() });
    assert_eq!(cluster, "there is no Cluster `nope`; found: postgres-apps");
    let second = refusal("miniflux", Options { database: some("extra"), ..Options::default() });
    assert!(
        second.ends_with("`DATABASE_URL` is the URL of another database of the app"),
        "{second}"
    );
    let component = refusal(
        "grafana",
        Options { strategy: Some(StrategyKind::Component), ..Options::default() },
    );
    assert!(component.contains("no kustomize component"), "{component}");
}

#[test]
fn an_app_can_have_a_second_database() {
    let repository = Repository::of(sample());
    let password = || Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()));
    let options = Options {
        database: Some("extra".to_owned()),
        url_key: Some("EXTRA_URL".to_owned()),
        ..Options::default()
    };
    let outcome = repository.with_options("miniflux", password(), options.clone());
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    repository.apply(&outcome);
    let app = repository.plain(&format!("{APPS}/miniflux/app/secret.yaml"));
    let url = "EXTRA_URL: postgres://miniflux:TESTonly%2Bmini%2Fflux%3D8r%3AT%401@postgres-apps-rw.apps.svc.cluster.local:5432/extra";
    assert!(app.contains(url), "{app}");
    let databases = repository.text(&format!("{POSTGRES}/databases.yaml"));
    assert!(databases.contains("metadata:\n  name: extra\n"), "{databases}");
    assert!(repository.with_options("miniflux", password(), options).unwrap().plan.is_empty());
}
