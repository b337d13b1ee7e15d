//! `secret list`: what there is and how old it is, without any key.

use serde_json::Value;

use crate::db_status::conforms;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, built};
use crate::verbs::RECIPIENT;

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
        format!("  stored  ExternalSecret, kept elsewhere, {GRAFANA}/more.yaml\n    S1\n    S2\n"),
        format!("  sealed  SealedSecret, {GRAFANA}/more.yaml\n    S3\n"),
        format!("  item  OnePasswordItem, kept elsewhere, {GRAFANA}/more.yaml\n"),
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

/// The keys of a Secret in what kustomize makes, sorted.
fn keys_built(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let text = built(sandbox, GRAFANA);
    let named = |part: &&str| part.contains(&format!("\n  name: {name}-"));
    let secret = text.split("---\n").find(|part| part.contains("kind: Secret") && named(part));
    let (_, data) = secret.unwrap().split_once("data:\n").unwrap();
    let keys = data.lines().take_while(|line| line.starts_with("  "));
    let mut keys: Vec<String> =
        keys.map(|line| line.trim().split(':').next().unwrap().to_owned()).collect();
    keys.sort();
    keys
}

#[test]
fn what_kustomize_generates_is_listed_with_its_keys_and_their_ages() {
    let sandbox = Sandbox::nerv();
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    let file = |name: &str| format!("{GRAFANA}/{name}");
    let (kustomization, env) = (file("kustomization.yaml"), file("a.env"));
    let lines = "# TESTonlyComment\n\n A=TESTonlyA\nB=TESTonlyB\nFROM_OUTSIDE\n";
    let generator = "secretGenerator:\n  - name: env\n    literals: [USER=TESTonlyUser, NONE=]\n    \
                     files: [ca.crt, key=tls.pem]\n    envs:\n      - a.env\n";
    sandbox.write(&kustomization, sandbox.read(&kustomization) + generator);
    sandbox.write(&file("ca.crt"), "TESTonlyCertificate\n");
    sandbox.write(&file("tls.pem"), "");
    sandbox.write(&env, lines);
    commit(&sandbox, 70);
    sandbox.write(&env, lines.replace("TESTonlyB", "TESTonlyNew"));
    let shown = list(&sandbox, &["env"]).success().stdout();
    let wanted = format!(
        "apps/grafana\n  env  Opaque, generated by kustomize, {kustomization}\n    \
         USER          2 months\n    NONE          empty, 2 months\n    ca.crt        2 months\n    \
         key           empty\n    A             2 months\n    B             not committed\n    \
         FROM_OUTSIDE  empty, 2 months\n"
    );
    assert_eq!(shown, wanted);
    let mut keys: Vec<&str> =
        wanted.lines().skip(2).map(|line| line.split_whitespace().next().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, keys_built(&sandbox, "env"));

    // An encrypted file, as Flux decrypts it, and files that are not in the repository.
    let more = "  - {name: other, namespace: n, type: x.test/y, files: [gone, binary], env: b.env, envs: [gone.env]}\n";
    sandbox.write(&kustomization, sandbox.read(&kustomization) + more);
    sandbox.write(&file("b.env"), "C=TESTonlyC\nEMPTY=\n");
    sandbox.write(&file("binary"), "TESTonlyBinary");
    for name in ["b.env", "binary"] {
        let args = ["encrypt", "-i", "--encrypted-regex", ".", "--age", RECIPIENT, &file(name)];
        sandbox.keywright(args).go().success();
    }
    let all = list(&sandbox, &["grafana", "--format", "json"]).success().stdout();
    let all: Value = serde_json::from_str(&all).unwrap();
    conforms(&all, "secret-list");
    let found = all["secrets"].as_array().unwrap().iter().find(|one| one["name"] == "other");
    let found = found.unwrap();
    assert_eq!((&found["kind"], &found["type"]), (&"secretGenerator".into(), &"x.test/y".into()));
    assert_eq!((&found["namespace"], &found["app"]), (&"apps".into(), &"grafana".into()));
    let keys = found["keys"].as_array().unwrap().iter();
    let states: Vec<_> =
        keys.map(|key| [&key["name"], &key["state"]].map(|one| one.as_str().unwrap())).collect();
    let wanted =
        [["gone", "elsewhere"], ["binary", "encrypted"], ["C", "encrypted"], ["EMPTY", "empty"]];
    assert_eq!(states, wanted);
    for value in
        ["TESTonlyUser", "TESTonlyA", "TESTonlyNew", "TESTonlyCertificate", "TESTonlyComment"]
    {
        assert!(!all.to_string().contains(value) && !shown.contains(value), "{value}");
    }
}

#[test]
fn in_a_shallow_clone_ages_are_the_least_they_can_be() {
    let sandbox = Sandbox::nerv();
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    commit(&sandbox, 10);
    assert!(!list(&sandbox, &[]).success().stderr().contains("shallow"));
    sandbox.write("note", "x");
    commit(&sandbox, 3);
    let url = format!("file://{}", sandbox.work().display());
    sandbox.git(&["clone", "--quiet", "--depth", "1", &url, "shallow"]);
    let listed = |args: &[&str]| {
        let run = sandbox.keywright([&["secret", "list", "grafana"], args].concat());
        run.within("shallow").go().success().complains("note: this clone is shallow").stdout()
    };
    assert!(listed(&[]).contains("GF_SECURITY_ADMIN_USER      3 days\n"), "{}", listed(&[]));
    let found: Value = serde_json::from_str(&listed(&["--format", "json"])).unwrap();
    assert_eq!(found["shallow"], true);
    conforms(&found, "secret-list");
}
