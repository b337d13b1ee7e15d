//! `secret list`: what there is and how old it is, without any key.

use serde_json::Value;

use crate::db_status::conforms;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::GRAFANA;

fn list<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "list"], args].concat()).go()
}

/// Commits everything as if it were so many days ago.
fn commit(sandbox: &Sandbox, days: i64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let time = format!("{} +0000", now.as_secs() as i64 - days * 24 * 60 * 60 - 60);
    sandbox.git(&["add", "--all"]);
    let run = sandbox.run("git").args(["-c", "user.name=T", "-c", "user.email=t@example.test"]);
    let run = run.env("GIT_COMMITTER_DATE", &time).args(["commit", "--quiet", "-m", "x"]);
    run.go().success();
}

#[test]
fn the_tree_has_apps_secrets_and_keys_with_their_ages() {
    let sandbox = Sandbox::nerv();
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    commit(&sandbox, 400);
    let set = |key: &str| {
        let run = sandbox.keywright(["secret", "set", "grafana", key]);
        run.stdin("TESTonlyNew").go().success();
    };
    set("GF_SECURITY_ADMIN_PASSWORD");
    commit(&sandbox, 3);
    set("NEW");
    sandbox.remove_identity();
    let shown = list(&sandbox, &["grafana"]).success().stdout();
    let wanted = format!(
        "apps/grafana\n  grafana  Opaque, encrypted, {GRAFANA}/secret.yaml\n    \
         GF_SECURITY_ADMIN_USER      13 months\n    GF_SECURITY_ADMIN_PASSWORD  3 days\n    \
         NEW                         not committed\n"
    );
    assert_eq!(shown, wanted);
    let all = list(&sandbox, &[]).success().stdout();
    let places: Vec<&str> = all.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        places,
        [
            "apps/grafana",
            "apps/miniflux",
            "apps/paperless",
            "apps/pocket-id",
            "apps/shared-postgres",
            "apps/shared-redis"
        ]
    );
    assert!(all.contains("    MAXMIND_LICENSE_KEY   empty, 13 months\n"), "{all}");
    assert!(
        all.contains("  postgres-miniflux-user  kubernetes.io/basic-auth, encrypted, "),
        "{all}"
    );
    assert_eq!(list(&sandbox, &["postgres-miniflux-user"]).success().stdout().lines().count(), 4);
    assert_eq!(list(&sandbox, &["apps/grafana"]).success().stdout(), wanted);
}

#[test]
fn json_has_the_same_and_fits_its_schema() {
    let sandbox = Sandbox::nerv();
    let text = list(&sandbox, &["--format", "json"]).success().stdout();
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["version"], 1);
    let all = found["secrets"].as_array().unwrap();
    assert_eq!(all.len(), 8);
    let grafana = all.iter().find(|one| one["name"] == "grafana").unwrap();
    assert_eq!(grafana["app"], "grafana");
    assert_eq!((&grafana["namespace"], &grafana["type"]), (&"apps".into(), &"Opaque".into()));
    assert_eq!(grafana["encrypted"], true);
    let key = &grafana["keys"][0];
    assert_eq!(
        (&key["name"], &key["state"]),
        (&"GF_SECURITY_ADMIN_USER".into(), &"encrypted".into())
    );
    let changed = key["changed"].as_str().unwrap();
    assert!(changed.len() == 20 && changed.ends_with('Z'), "{changed}");
    conforms(&found, "secret-list");
}

#[test]
fn plain_secrets_references_and_broken_files_are_told_and_no_git_is_needed() {
    let sandbox = Sandbox::nerv();
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox.remove_identity();
    sandbox.write(
        &format!("{GRAFANA}/more.yaml"),
        "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {A: TESTonlyA}\n---\n\
         apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\n\
         spec: {target: {name: stored}, data: [{secretKey: S1}, {secretKey: S2}]}\n---\n\
         apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: sealed}\nspec: {encryptedData: {S3: Ag}}\n---\n\
         apiVersion: onepassword.com/v1\nkind: OnePasswordItem\nmetadata: {name: item}\n",
    );
    sandbox.write(&format!("{GRAFANA}/broken.yaml"), "kind: Secret\n a: [");
    let outcome = list(&sandbox, &[]).success();
    assert!(outcome.stderr().contains("broken.yaml:"), "{}", outcome.stderr());
    let shown = outcome.stdout();
    for line in [
        format!("  plain  Opaque, not encrypted, {GRAFANA}/more.yaml\n    A\n"),
        format!("  stored  ExternalSecret, {GRAFANA}/more.yaml\n    S1\n    S2\n"),
        format!("  sealed  SealedSecret, {GRAFANA}/more.yaml\n    S3\n"),
        format!("  item  OnePasswordItem, {GRAFANA}/more.yaml\n"),
        "    GF_SECURITY_ADMIN_USER\n".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
    sandbox.assert_no_trace_of("TESTonlyA", &[&format!("{GRAFANA}/more.yaml")]);
}

#[test]
fn names_that_lead_to_nothing_are_told_apart() {
    let sandbox = Sandbox::nerv();
    list(&sandbox, &["envoy-gateway"]).success().prints("the app `envoy-gateway` has no Secrets");
    list(&sandbox, &["grafanna"]).code(2).complains("did you mean `grafana`?");
    let empty = Sandbox::new();
    list(&empty, &[]).success().prints("no Secrets");
}
