//! What is in use becomes what is declared.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};

/// Changes a file of the sample.
#[track_caller]
fn replace(files: &mut Files, path: &str, old: &str, new: &str) {
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(old), "{path}: {old}");
    *text = text.replacen(old, new, 1);
}

fn cluster() -> String {
    format!("{POSTGRES}/postgres-cluster.yaml")
}

fn databases() -> String {
    format!("{POSTGRES}/databases.yaml")
}

fn roles() -> String {
    format!("{POSTGRES}/database-roles.yaml")
}

fn app_secret() -> String {
    format!("{APPS}/grafana/app/secret.yaml")
}

fn role_secret(app: &str) -> String {
    format!("{POSTGRES}/postgres-{app}-user-secret.yaml")
}

/// The head of an object of the role with this object's name.
fn head(name: &str) -> String {
    format!(
        "---\napiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: {name}\n  namespace: apps\nspec:\n  \
         cluster:\n    name: postgres-apps\n"
    )
}

const POCKET_ID: &str = "  # --- identity ------------------------------------------------------\n  name: pocket_id\n  login: true\n  \
                         superuser: false\n  passwordSecret:\n    name: postgres-pocket-id-user\n";
const MINIFLUX: &str = "  # --- reading -------------------------------------------------------\n  name: miniflux\n  login: true\n  \
                        superuser: false      # hstore comes from the Database document\n  connectionLimit: 20\n  \
                        passwordSecret: { name: postgres-miniflux-user }\n";
const PAPERLESS: &str = "  # --- documents -----------------------------------------------------\n  name: \"paperless\"\n  login: true\n  \
                         superuser: false\n  comment: >-\n    paperless-ngx, owner asked for createdb\n    while the migration is running\n  \
                         createdb: true\n  passwordSecret:\n    name: postgres-paperless-user\n";

#[test]
fn entries_become_objects_with_all_their_comments() {
    let repository = Repository::of(sample());
    let (changed, remarks) = repository.adopt_roles(&[]).unwrap();
    let listing = format!("{POSTGRES}/kustomization.yaml");
    assert_eq!(changed, [cluster(), roles(), listing.clone()]);
    assert_eq!(remarks, ["DatabaseRole objects need CloudNativePG 1.30 or newer"]);
    let wanted = [
        (head("pocket-id"), POCKET_ID),
        (head("miniflux"), MINIFLUX),
        (head("paperless"), PAPERLESS),
    ];
    let wanted: String = wanted.iter().map(|(head, spec)| format!("{head}{spec}")).collect();
    assert_eq!(repository.text(&roles()), wanted);
    let before = &sample()[&cluster()];
    let (above, rest) = before.split_once("  managed:\n").unwrap();
    let (_, below) = rest.split_once("          name: postgres-paperless-user\n").unwrap();
    assert_eq!(repository.text(&cluster()), format!("{above}{below}"));
    assert!(repository.text(&listing).ends_with("  - databases.yaml\n  - database-roles.yaml\n"));
    let again = repository.adopt_roles(&[]).unwrap();
    assert_eq!(again, (Vec::new(), Vec::new()));
    let declared: Vec<_> = repository.findings();
    assert!(!declared.iter().any(|one| one.starts_with("error")), "{declared:?}");
}

#[test]
fn some_entries_can_be_chosen_and_the_others_stay_to_the_byte() {
    let repository = Repository::of(sample());
    repository.adopt_roles(&["miniflux"]).unwrap();
    assert_eq!(repository.text(&roles()), format!("{}{MINIFLUX}", head("miniflux")));
    let before = &sample()[&cluster()];
    let (above, rest) = before.split_once("      # --- reading").unwrap();
    let (_, below) = rest.split_once("{ name: postgres-miniflux-user }\n\n").unwrap();
    assert_eq!(repository.text(&cluster()), format!("{above}{below}"));
    repository.adopt_roles(&["pocket_id", "paperless"]).unwrap();
    assert!(!repository.text(&cluster()).contains("managed:"));
    let all = repository.text(&roles());
    assert!(
        all.starts_with(&format!("{}{MINIFLUX}", head("miniflux"))),
        "the next ones come behind"
    );
    assert_eq!(all.matches("kind: DatabaseRole").count(), 3);
    let refused = repository.adopt_roles(&["nobody"]).err().unwrap().to_string();
    assert!(refused.contains("there is no role `nobody` in the Cluster; found: "), "{refused}");
}

#[test]
fn every_spelling_of_an_entry_is_carried() {
    let cases = [
        // in braces
        (
            "    - {name: a, ensure: present, login: true, inRoles: [b, \"c\"]}\n",
            "  name: a\n  login: true\n  inRoles: [b, \"c\"]\n",
        ),
        // not indented, lists inside
        (
            "    - name: a\n      inRoles:\n      - b\n      # why\n      - c\n      comment: |\n        x\n\n          y\n      ensure: present # here\n",
            "  name: a\n  inRoles:\n  - b\n  # why\n  - c\n  comment: |\n    x\n\n      y\n  # here\n",
        ),
        // a comment on its first line, text over several lines
        (
            "    - ensure: present # first\n      name: 'a' # second\n      # third\n      comment: one\n        two\n",
            "  # first\n  name: 'a' # second\n  # third\n  comment: one\n    two\n",
        ),
    ];
    for (entry, spec) in cases {
        let repository = Repository::of(with_roles(entry));
        repository.adopt_roles(&[]).unwrap();
        assert_eq!(repository.text(&roles()), format!("{}{spec}", head("a")), "{entry}");
    }
}

/// The sample with this list of roles, and nothing else in `managed`.
fn with_roles(list: &str) -> Files {
    let mut files = sample();
    let text = files[&cluster()].clone();
    let (above, rest) = text.split_once("  managed:\n").unwrap();
    let (_, below) = rest.split_once("          name: postgres-paperless-user\n").unwrap();
    files.insert(cluster(), format!("{above}  managed:\n    roles:\n{list}{below}"));
    files
}

#[test]
fn aliases_are_written_out_and_anchors_that_others_use_are_refused() {
    let list =
        "    - name: a\n      inRoles: &groups [x, z]\n    - name: b\n      inRoles: *groups\n";
    let repository = Repository::of(with_roles(list));
    let refused = repository.adopt_roles(&["a"]).expect_err("the alias of `b` would mean nothing");
    assert!(refused.to_string().contains("postgres-cluster.yaml"), "{refused}");
    repository.adopt_roles(&["b"]).unwrap();
    let wanted = format!("{}  name: b\n  inRoles:\n  - x\n  - z\n", head("b"));
    assert_eq!(repository.text(&roles()), wanted);
    repository.adopt_roles(&["a"]).unwrap();
}

#[test]
fn what_would_be_lost_is_refused() {
    let cases = [
        (
            "    - {name: a, # why\n       login: true}\n",
            "a comment belongs to none of its attributes",
        ),
        (
            "    - {name: a, # why\n       login: true}\n    - name: other\n",
            "a comment belongs to none of its attributes",
        ),
        (
            "    - # why\n      name: a\n    - name: other\n",
            "a comment belongs to none of its attributes",
        ),
        ("    - <<: {login: true}\n      name: a\n", "the entry merges another mapping"),
        ("    # of all\n\n    - name: a\n", "a comment belongs to none of its attributes"),
    ];
    for (list, reason) in cases {
        let repository = Repository::of(with_roles(list));
        let refused =
            repository.adopt_roles(&[]).err().unwrap_or_else(|| panic!("{list}")).to_string();
        assert!(refused.ends_with(reason), "{refused}");
    }
}

#[test]
fn a_role_that_is_being_dropped_stays_an_entry() {
    let repository = Repository::of(with_roles("    - name: a\n      ensure: absent\n"));
    let (changed, remarks) = repository.adopt_roles(&[]).unwrap();
    assert!(changed.is_empty());
    assert!(remarks[0].contains("the role `a` is being dropped"), "{remarks:?}");
}

#[test]
fn an_entry_beside_an_object_that_says_the_same_only_goes() {
    let object = |limit: &str| format!("{}  name: a\n  login: true\n{limit}", head("a"));
    for (limit, is_same) in [("", true), ("  connectionLimit: 5\n", false)] {
        let mut files = with_roles("    - name: a\n      ensure: present\n      login: true\n");
        files.insert(roles(), object(limit));
        let repository = Repository::of(files);
        match repository.adopt_roles(&[]) {
            Ok((changed, _)) => assert_eq!((changed, is_same), (vec![cluster()], true)),
            Err(error) => {
                assert!(!is_same && error.to_string().contains("has other attributes"), "{error}");
            }
        }
    }
}

#[test]
fn comments_around_the_list_stay_with_an_empty_list() {
    let list = "    # for everybody\n    roles:\n    - name: a\n";
    let mut files = with_roles("");
    replace(&mut files, &cluster(), "    roles:\n", list);
    let repository = Repository::of(files);
    repository.adopt_roles(&[]).unwrap();
    assert!(
        repository.text(&cluster()).contains("  managed:\n    # for everybody\n    roles: []\n")
    );
    assert_eq!(repository.adopt_roles(&[]).unwrap(), (Vec::new(), Vec::new()));
}

#[test]
fn an_emptied_list_of_a_patch_stays_because_it_hides_the_clusters_own() {
    let mut files = with_roles("    - name: old\n");
    let patch = |roles: &str| {
        format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: postgres-apps\nspec:\n  instances: 3\n  \
             managed:\n    roles:{roles}"
        )
    };
    files.insert(format!("{POSTGRES}/patch.yaml"), patch("\n      - name: a\n"));
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    files.get_mut(&kustomization).unwrap().push_str("patches:\n  - path: patch.yaml\n");
    let repository = Repository::of(files);
    repository.adopt_roles(&[]).unwrap();
    assert_eq!(repository.text(&format!("{POSTGRES}/patch.yaml")), patch(" []\n"));
    assert!(repository.text(&cluster()).contains("    - name: old\n"));
    assert_eq!(repository.text(&roles()), format!("{}  name: a\n", head("a")));
}

#[test]
fn the_secrets_of_roles_are_completed_and_keep_their_type() {
    let mut files = sample();
    replace(&mut files, &role_secret("pocket-id"), "  username: pocket_id\n", "");
    replace(&mut files, &role_secret("paperless"), "  username: cGFwZXJsZXNz\n", "");
    let repository = Repository::of(files);
    let (changed, remarks) = repository.adopt().unwrap();
    assert_eq!(changed, [role_secret("paperless"), role_secret("pocket-id")]);
    assert_eq!(remarks, Vec::<String>::new());
    for app in ["pocket-id", "paperless"] {
        let path = role_secret(app);
        let label = "  namespace: apps\n  labels:\n    cnpg.io/reload: \"true\"\n";
        let wanted = sample()[&path].replace("  namespace: apps\n", label);
        assert_eq!(repository.plain(&path), wanted);
    }
    assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()));
}

/// The sample with the Secret of grafana in plain text behind its keys.
fn with_keys(keys: &str) -> Files {
    let mut files = sample();
    for app in ["pocket-id", "paperless"] {
        let label = "  namespace: apps\n  labels:\n    cnpg.io/reload: \"true\"\n";
        replace(&mut files, &role_secret(app), "  namespace: apps\n", label);
    }
    files.get_mut(&app_secret()).unwrap().push_str(keys);
    files
}

#[test]
fn the_database_that_a_url_shows_is_declared_with_its_password() {
    let url = "  DB: postgres://gra_fana:TESTonly%2Bgra@postgres-apps-rw.apps:5432/boards?sslmode=require\n";
    let repository = Repository::of(with_keys(url));
    let before = repository.findings();
    assert!(before.iter().any(|one| one.starts_with("warning undeclared-role")), "{before:?}");
    let (changed, _) = repository.adopt().unwrap();
    assert_eq!(changed.len(), 5, "{changed:?}");
    let secret = repository.plain(&role_secret("grafana"));
    assert!(secret.ends_with("  username: gra_fana\n  password: TESTonly+gra\n"), "{secret}");
    let after = repository.findings();
    assert!(!after.iter().any(|one| one.contains("grafana")), "{after:?}");
    assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()));
}

#[test]
fn a_further_database_of_a_role_gets_a_document_alone() {
    let mut files = with_keys("");
    let secret = format!("{APPS}/pocket-id/app/secret.yaml");
    replace(&mut files, &secret, "5432/pocket_id", "5432/other_one");
    let repository = Repository::of(files);
    let (changed, _) = repository.adopt().unwrap();
    assert_eq!(changed, [databases()]);
    let text = repository.text(&databases());
    assert!(text.contains("  name: other-one\n  namespace: apps\n"), "{text}");
    assert!(text.ends_with("  name: other_one\n  owner: pocket_id\n"), "{text}");
}

#[test]
fn what_cannot_be_adopted_is_left_with_its_reason() {
    let cases = [
        ("pg_grafana", "TESTonlyA1", "which is reserved"),
        ("grafana", "TEST%24%24only", "which Flux replaces"),
        ("grafana", "TEST%C3%A4only", "other than printable ASCII"),
    ];
    for (role, password, reason) in cases {
        let url = format!("  DB: postgres://{role}:{password}@postgres-apps-rw:5432/boards\n");
        let repository = Repository::of(with_keys(&url));
        let (changed, remarks) = repository.adopt().unwrap();
        assert_eq!(changed, Vec::<String>::new());
        assert!(
            remarks[0].contains("the database `boards` is left") && remarks[0].contains(reason),
            "{remarks:?}"
        );
        assert!(!remarks[0].contains("TEST"), "{remarks:?}");
    }
}

#[test]
fn several_databases_of_one_role_come_together() {
    let url = |key: &str, role: &str, name: &str| {
        format!("  {key}: postgres://{role}:TESTonly{key}@postgres-apps-rw:5432/{name}\n")
    };
    let keys = [url("A", "gra", "one"), url("B", "gra", "two"), url("C", "gra", "one")].concat();
    let repository = Repository::of(with_keys(&keys));
    let (changed, remarks) = repository.adopt().unwrap();
    assert_eq!(changed.len(), 5);
    assert!(
        remarks.iter().any(|one| one.contains("another password for the role `gra`")),
        "{remarks:?}"
    );
    assert_eq!(repository.adopt().unwrap().0, Vec::<String>::new());
    let text = repository.text(&databases());
    assert!(
        text.contains("  name: one\n  owner: gra\n")
            && text.contains("  name: two\n  owner: gra\n")
    );
}

#[test]
fn a_further_role_of_an_app_is_left_for_the_next_run_and_named() {
    let url = |role: &str| {
        format!("  {role}: postgres://{role}:TESTonly{role}@postgres-apps-rw/{role}\n")
    };
    let repository = Repository::of(with_keys(&[url("one"), url("two")].concat()));
    let (changed, remarks) = repository.adopt().unwrap();
    assert_eq!(changed.len(), 5);
    let wanted =
        "the database `two` of the app `grafana` is left: run `keywright db adopt` again for it";
    assert!(remarks.iter().any(|one| one == wanted), "{remarks:?}");
}

#[test]
fn the_superuser_and_the_owner_of_the_application_database_are_the_operators() {
    for role in ["postgres", "app"] {
        let url = format!("  DB: postgres://{role}:TESTonlyA1@postgres-apps-rw:5432/{role}\n");
        let repository = Repository::of(with_keys(&url));
        assert_eq!(repository.adopt().unwrap(), (Vec::new(), Vec::new()), "{role}");
    }
}
