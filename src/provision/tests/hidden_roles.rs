//! Roles of a list that a patch replaces: the operator never sees them.

use super::fixture::{Files, POSTGRES, Repository, sample};

fn cluster() -> String {
    format!("{POSTGRES}/postgres-cluster.yaml")
}

/// The sample whose kustomize file ends with this; with the patch of the Cluster that it names, which lists a role.
fn patched(ending: &str) -> Files {
    let mut files = sample();
    let patch = format!(
        "{}      - name: pocket_id\n        login: true\n        passwordSecret: {{name: postgres-pocket-id-user}}\n",
        head("")
    );
    // Without being used as a patch it would be another Cluster.
    if ending.contains("patch.yaml") {
        files.insert(format!("{POSTGRES}/patch.yaml"), patch);
    }
    files.get_mut(&format!("{POSTGRES}/kustomization.yaml")).unwrap().push_str(ending);
    files
}

/// The beginning of a patch with roles.
fn head(pad: &str) -> String {
    let lines = [
        "apiVersion: postgresql.cnpg.io/v1",
        "kind: Cluster",
        "metadata: {name: postgres-apps}",
        "spec:",
        "  managed:",
        "    roles:",
    ];
    lines.map(|line| format!("{pad}{line}\n")).concat()
}

/// The errors and warnings about these.
fn about(repository: &Repository, rules: &[&str]) -> Vec<String> {
    let mut found = repository.findings();
    found.retain(|one| rules.iter().any(|rule| one.contains(rule)));
    found
}

#[test]
fn they_are_named_and_count_as_missing() {
    let repository = Repository::of(patched("patches:\n  - path: patch.yaml\n"));
    let hidden = |role: &str| {
        format!(
            "warning role-hidden: this entry of `{role}` is not applied: {POSTGRES}/patch.yaml replaces the list of roles"
        )
    };
    assert_eq!(about(&repository, &["role-hidden"]), [hidden("miniflux"), hidden("paperless")]);
    let missing = about(&repository, &["owner-without-role"]);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.iter().all(|one| one.ends_with("is declared nowhere")), "{missing:?}");
    let repository = Repository::of(patched(""));
    assert_eq!(about(&repository, &["role-hidden", "owner-without-role"]), Vec::<String>::new());
}

#[test]
fn a_patch_that_is_a_text_hides_as_well() {
    let inline = format!("patches:\n  - patch: |\n{}          - name: miniflux\n", head("      "));
    let operations = |path: &str, value: &str| {
        format!(
            "patches:\n  - target: {{kind: Cluster, name: postgres-apps}}\n    patch: |\n      - op: add\n        \
             path: /spec/managed/roles{path}\n        value: {value}\n"
        )
    };
    for (ending, hidden) in [
        (inline, 2),
        (operations("", "[{name: miniflux}]"), 2),
        (operations("/-", "{name: further}"), 0),
    ] {
        let repository = Repository::of(patched(&ending));
        let rules = ["role-hidden", "owner-without-role"];
        assert_eq!(about(&repository, &rules).len(), 2 * hidden, "{ending}");
        let (changed, _) = repository.adopt_roles(&[]).unwrap();
        assert_eq!(
            changed.contains(&cluster()),
            hidden == 0,
            "what is hidden does not come to life"
        );
    }
}
