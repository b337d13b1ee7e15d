//! The rules of the doctor, each by one fault in the sample, and the repair of what is safe.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};

/// The sample without what the doctor finds in it: watched Secrets of the right type, and no right too many.
fn sound() -> Files {
    let mut files = sample();
    let label = "  labels:\n    cnpg.io/reload: \"true\"\ntype: kubernetes.io/basic-auth\n";
    for app in ["pocket-id", "paperless"] {
        let path = format!("{POSTGRES}/postgres-{app}-user-secret.yaml");
        replace(&mut files, &path, "type: Opaque\n", label);
    }
    replace(&mut files, &cluster(), "        createdb: true\n", "");
    files
}

fn cluster() -> String {
    format!("{POSTGRES}/postgres-cluster.yaml")
}

fn databases() -> String {
    format!("{POSTGRES}/databases.yaml")
}

fn role_secret(app: &str) -> String {
    format!("{POSTGRES}/postgres-{app}-user-secret.yaml")
}

fn app_secret(app: &str) -> String {
    format!("{APPS}/{app}/app/secret.yaml")
}

#[track_caller]
fn replace(files: &mut Files, path: &str, old: &str, new: &str) {
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(old), "{path}: {old}");
    *text = text.replacen(old, new, 1);
}

/// What is found if that text in that file is another one.
#[track_caller]
fn found(path: &str, old: &str, new: &str) -> Vec<String> {
    let mut files = sound();
    replace(&mut files, path, old, new);
    Repository::of(files).findings()
}

/// A `DatabaseRole` behind the Databases.
fn with_object(role: &str) -> Vec<String> {
    with_objects(&["x"], role)
}

/// Objects of these names for one role, behind the Databases.
fn with_objects(names: &[&str], role: &str) -> Vec<String> {
    let object = |name: &&str| {
        format!(
            "---\napiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {{name: {name}, namespace: apps}}\n\
             spec: {{cluster: {{name: postgres-apps}}, name: {role}, login: true, disablePassword: true}}\n"
        )
    };
    let last = "drop this one\n";
    let objects: String = names.iter().map(object).collect();
    found(&databases(), last, &format!("{last}{objects}"))
}

#[test]
fn a_sound_repository_has_no_findings() {
    assert_eq!(Repository::of(sound()).findings(), Vec::<String>::new());
    let empty = Files::from([(
        "age-test-identity.txt".to_owned(),
        sample()["age-test-identity.txt"].clone(),
    )]);
    assert_eq!(Repository::of(empty).findings(), Vec::<String>::new());
}

#[test]
fn the_sample_has_its_known_ones() {
    let rules: Vec<_> = Repository::of(sample()).findings();
    let rules: Vec<_> = rules.iter().map(|one| one.split(':').next().unwrap()).collect();
    let secret = ["warning reload-label", "note secret-type"];
    assert_eq!(rules, [&["warning excess-privilege"], &secret[..], &secret[..]].concat());
}

#[test]
fn an_owner_that_may_have_come_with_a_backup_is_a_warning() {
    let mut files = sound();
    let text = files[&databases()].replace("  owner: pocket_id\n", "  owner: old\n");
    files.insert(databases(), text);
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let recovery = "spec:\n  bootstrap: {recovery: {source: old}}\n";
    let text = files[&cluster].replacen("spec:\n", recovery, 1);
    assert_ne!(text, files[&cluster]);
    files.insert(cluster, text);
    let found = Repository::of(files).findings();
    let wanted = "warning owner-without-role: the owner `old` of the database `pocket_id` is declared nowhere, unless the Cluster has it from its backup";
    assert!(found.iter().any(|one| one == wanted), "{found:?}");
}

#[test]
fn names_that_disagree_are_found() {
    assert_eq!(
        found(&role_secret("miniflux"), "username: miniflux", "username: somebody"),
        [
            "error username-mismatch: the `username` in the Secret `postgres-miniflux-user` is not `miniflux`"
        ]
    );
    assert_eq!(
        found(&databases(), "  owner: pocket_id\n", "  owner: pocket-id\n"),
        [
            "error owner-without-role: the owner `pocket-id` of the database `pocket_id` is declared nowhere"
        ],
        "its URL shows that it uses that database"
    );
    assert_eq!(
        found(&databases(), "  owner: pocket_id\n", ""),
        ["error owner-without-role: the database `pocket_id` has no `owner`"]
    );
    assert_eq!(
        found(
            &databases(),
            "  name: pocket_id\n  owner: pocket_id\n",
            "  name: app\n  owner: app\n"
        )
        .iter()
        .filter(|one| one.starts_with("error"))
        .count(),
        0,
        "the operator makes that owner"
    );
}

#[test]
fn reserved_names_are_found() {
    let found = found(&databases(), "  name: paperless\n  owner", "  name: postgres\n  owner");
    assert!(
        found.contains(
            &"error reserved-name: the name of the database `postgres` is reserved".to_owned()
        ),
        "{found:?}"
    );
    let long = "x".repeat(64);
    let found = with_object(&long);
    assert_eq!(found, [format!("error name-too-long: the name of the role `{long}` has 64 bytes")]);
    let found = with_object("cnpg_x");
    assert_eq!(found, ["error reserved-name: the name of the role `cnpg_x` is reserved"]);
}

#[test]
fn what_is_declared_twice_is_found() {
    assert_eq!(
        with_object("miniflux"),
        [
            "warning role-twice: this DatabaseRole of `miniflux` is not applied: the Cluster has it, too"
        ]
    );
    assert_eq!(
        with_objects(&["one", "two"], "reports"),
        ["error role-twice: there are two DatabaseRoles of `reports`; one is applied"]
    );
    let again = "      - name: miniflux\n        login: true\n        disablePassword: true\n";
    let last = "          name: postgres-paperless-user\n";
    assert_eq!(
        found(&cluster(), last, &format!("{last}{again}")),
        ["error role-twice: the role `miniflux` is listed twice, which the operator refuses"]
    );
    let mut files = sound();
    let copy = files[&databases()]
        .split("---\n")
        .last()
        .unwrap()
        .replace("  name: paperless\n  namespace", "  name: again\n  namespace");
    files.get_mut(&databases()).unwrap().push_str(&format!("---\n{copy}"));
    assert_eq!(
        Repository::of(files).findings(),
        ["error database-twice: there are two Databases of `paperless`; one is applied"]
    );
}

#[test]
fn halves_without_each_other_are_found() {
    let mut files = sound();
    let text = files[&databases()].clone();
    let (head, _) = text.rsplit_once("---\n").unwrap();
    files.insert(databases(), head.to_owned());
    assert_eq!(
        Repository::of(files).findings(),
        ["warning role-without-database: the role `paperless` has no Database"]
    );
    let mut files = sound();
    let roles = files[&cluster()].clone();
    let (head, rest) = roles.split_once("      # --- documents").unwrap();
    let (_, tail) = rest.split_once("postgres-paperless-user\n").unwrap();
    files.insert(cluster(), format!("{head}{tail}"));
    assert_eq!(
        Repository::of(files).findings(),
        [
            "error owner-without-role: the owner `paperless` of the database `paperless` is declared nowhere",
            "warning secret-unused: no role names the Secret `postgres-paperless-user`",
        ]
    );
    let mut files = sound();
    files.remove(&role_secret("paperless"));
    replace(
        &mut files,
        &format!("{POSTGRES}/kustomization.yaml"),
        "  - postgres-paperless-user-secret.yaml\n",
        "",
    );
    assert_eq!(
        Repository::of(files).findings(),
        ["error secret-missing: the Secret `postgres-paperless-user` is not in the repository"]
    );
}

#[test]
fn a_secret_from_an_external_store_is_not_missing() {
    let mut files = sound();
    files.insert(
        role_secret("paperless"),
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\nspec: {target: {name: postgres-paperless-user}}\n".to_owned(),
    );
    assert_eq!(Repository::of(files).findings(), Vec::<String>::new());
    let mut files = sound();
    files.remove(&role_secret("paperless"));
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    replace(&mut files, &kustomization, "  - postgres-paperless-user-secret.yaml\n", "");
    files
        .get_mut(&kustomization)
        .unwrap()
        .push_str("secretGenerator:\n  - name: postgres-paperless-user\n    envs: [x.env]\n");
    assert_eq!(Repository::of(files).findings(), Vec::<String>::new());
}

#[test]
fn an_incomplete_secret_is_found() {
    assert_eq!(
        found(&role_secret("pocket-id"), "  username: pocket_id\n", ""),
        ["error secret-keys: the Secret `postgres-pocket-id-user` has no `username`"]
    );
    assert_eq!(
        found(&role_secret("pocket-id"), "  password: ", "  passwort: "),
        ["error secret-keys: the Secret `postgres-pocket-id-user` has no `password`"]
    );
}

#[test]
fn passwords_that_differ_are_found() {
    assert_eq!(
        found(&role_secret("pocket-id"), "password: TEST", "password: BEST"),
        ["error password-differs: the password in `DB_CONNECTION_STRING` is not that of the role"]
    );
    assert_eq!(
        found(&app_secret("paperless"), "PAPERLESS_DBPASS: TEST", "PAPERLESS_DBPASS: BEST"),
        ["error password-differs: the password in `PAPERLESS_DBPASS` is not that of the role"]
    );
}

#[test]
fn urls_that_lead_elsewhere_are_found() {
    let url = "5432/pocket_id";
    assert_eq!(
        found(&app_secret("pocket-id"), url, "5432/other"),
        [
            "warning url-database: `DB_CONNECTION_STRING` leads to the database `other`, declared nowhere"
        ]
    );
    assert_eq!(
        found(&app_secret("pocket-id"), url, "5432/miniflux"),
        [
            "warning url-database: `DB_CONNECTION_STRING` leads to the database `miniflux` of the role `miniflux`"
        ]
    );
    assert_eq!(
        found(&app_secret("pocket-id"), "@postgres-apps-rw.apps", "@postgres-rw.apps"),
        [
            "warning url-host: `DB_CONNECTION_STRING` leads to a host that is no Service of the Cluster"
        ]
    );
    for service in ["postgres-apps-ro.apps", "postgres-apps-r", "pool.apps"] {
        let mut files = sound();
        let host = format!("@{service}");
        replace(
            &mut files,
            &app_secret("pocket-id"),
            "@postgres-apps-rw.apps.svc.cluster.local",
            &host,
        );
        let pooler = "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {name: pool}\nspec: {cluster: {name: postgres-apps}}\n";
        files.insert("pooler.yaml".to_owned(), pooler.to_owned());
        assert_eq!(Repository::of(files).findings(), Vec::<String>::new(), "{service}");
    }
    let found = found(
        &app_secret("grafana"),
        "stringData:\n",
        "stringData:\n  DB: postgres://gra:TESTonlyG@postgres-apps-rw.apps:5432/fana\n",
    );
    assert_eq!(
        found,
        [
            "warning undeclared-role: `DB` connects as the role `gra`, declared nowhere",
            "warning depends-on: `grafana` uses a database and does not wait for `shared-postgres`",
        ]
    );
}

#[test]
fn a_role_that_may_not_log_in_and_one_that_may_too_much_are_found() {
    assert_eq!(
        found(&cluster(), "        login: true\n", ""),
        ["error no-login: the role `pocket_id` has a password and may not log in"]
    );
    assert_eq!(
        found(&cluster(), "        superuser: false\n", "        superuser: true\n"),
        [
            "warning excess-privilege: the role `pocket_id` has `superuser` beside a Database document"
        ]
    );
    let line = "        superuser: false\n";
    assert_eq!(
        found(&cluster(), line, &format!("{line}        createrole: true\n")),
        [
            "warning excess-privilege: the role `pocket_id` has `createrole` beside a Database document"
        ]
    );
}

#[test]
fn what_is_being_dropped_is_no_fault() {
    let absent = "  name: pocket_id\n  owner: pocket_id\n  ensure: absent\n";
    let mut files = sound();
    replace(&mut files, &databases(), "  name: pocket_id\n  owner: pocket_id\n", absent);
    let text = files.get_mut(&app_secret("pocket-id")).unwrap();
    *text = text
        .lines()
        .filter(|line| !line.contains("DB_CONN"))
        .map(|line| format!("{line}\n"))
        .collect();
    replace(
        &mut files,
        &format!("{APPS}/pocket-id/ks.yaml"),
        "  dependsOn:\n    - name: shared-postgres\n",
        "",
    );
    assert_eq!(Repository::of(files.clone()).findings(), Vec::<String>::new());
    replace(&mut files, &cluster(), "ensure: present", "ensure: absent");
    assert_eq!(Repository::of(files).findings(), Vec::<String>::new());
    assert_eq!(
        found(&cluster(), "ensure: present", "ensure: absent"),
        [
            "error owner-without-role: the owner `pocket_id` of a database that stays is being dropped"
        ]
    );
}

#[test]
fn what_is_safe_is_mended_and_every_other_byte_stays() {
    let mut files = sound();
    let listing = format!("{POSTGRES}/kustomization.yaml");
    let ks = format!("{APPS}/pocket-id/ks.yaml");
    let waits = "  dependsOn:\n    - name: shared-postgres\n";
    let original = files.clone();
    let label = "  labels:\n    cnpg.io/reload: \"true\"\n";
    replace(&mut files, &role_secret("miniflux"), label, "  labels: {a: b}\n");
    replace(&mut files, &role_secret("paperless"), label, "");
    replace(&mut files, &listing, "  - postgres-paperless-user-secret.yaml\n", "");
    replace(&mut files, &listing, "  - databases.yaml\n", "");
    replace(&mut files, &ks, waits, "");
    let repository = Repository::of(files.clone());
    let paperless = repository.text(&role_secret("paperless"));
    assert_eq!(
        repository.findings(),
        [
            "warning depends-on: `pocket-id` uses a database and does not wait for `shared-postgres`".to_owned(),
            format!("warning not-listed: {listing} does not list this file, so it is not applied"),
            "warning reload-label: the Secret `postgres-miniflux-user` has no label `cnpg.io/reload`: a new password is applied late".to_owned(),
            format!("warning not-listed: {listing} does not list this file, so it is not applied"),
            "warning reload-label: the Secret `postgres-paperless-user` has no label `cnpg.io/reload`: a new password is applied late".to_owned(),
        ]
    );
    let changed = repository.mend();
    assert_eq!(
        changed,
        [ks.clone(), listing.clone(), role_secret("miniflux"), role_secret("paperless")]
    );
    assert_eq!(repository.findings(), Vec::<String>::new());
    assert_eq!(repository.mend(), Vec::<String>::new(), "there is nothing left to mend");
    for path in [&ks, &listing] {
        assert_eq!(&repository.text(path), &original[path.as_str()]);
    }
    assert_eq!(repository.plain(&role_secret("paperless")), original[&role_secret("paperless")]);
    assert!(
        repository
            .plain(&role_secret("miniflux"))
            .contains("labels: {a: b, cnpg.io/reload: \"true\"}\n")
    );
    let after = repository.text(&role_secret("paperless"));
    let kept = |line: &&str| !line.contains("lastmodified:") && !line.contains("mac:");
    let before: Vec<_> = paperless.lines().filter(kept).collect();
    let after: Vec<_> = after.lines().filter(kept).filter(|line| !label.contains(*line)).collect();
    assert_eq!(before, after, "tokens and recipients stay");
}

#[test]
fn what_is_not_safe_is_left() {
    let mut files = sound();
    replace(&mut files, &app_secret("pocket-id"), "5432/pocket_id", "5432/other");
    let repository = Repository::of(files);
    assert_eq!(repository.mend(), Vec::<String>::new());
    let mut files = sound();
    replace(&mut files, &role_secret("miniflux"), "  labels:\n    cnpg.io/reload: \"true\"\n", "");
    let plain = role_secret("miniflux");
    let repository = Repository::with_plain(files, &[&plain]);
    assert_eq!(repository.mend(), Vec::<String>::new(), "a plain Secret would be shown");
}
