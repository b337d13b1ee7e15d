//! `secret ensure` and `secret rotate`: recipes in the sample that has no SOPS yet, and in one that has.

use std::collections::BTreeMap;

use crate::sandbox::Sandbox;
use crate::{decrypted, proof, reference};

const NATS: &str = "apps/nats/secret.yaml";
const KEYS: [&str; 4] =
    ["NATS_DEFAULT_PASSWORD", "NATS_DEFAULT_BCRYPT", "NATS_ADMIN_PASSWORD", "NATS_ADMIN_BCRYPT"];

/// The recipe that the page shows for NATS.
fn recipe_of_the_page() -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/recipes.md"));
    let page = page.unwrap();
    let (_, rest) =
        page.split_once("```yaml\nsecrets:\n  nats-credentials:\n").expect("it is there");
    let (recipe, _) = rest.split_once("```").unwrap();
    format!("secrets:\n  nats-credentials:\n{recipe}")
}

/// The sample without SOPS, after `init`, with a recipe.
fn lab(recipe: &str) -> Sandbox {
    let sandbox = Sandbox::sample("lab");
    sandbox.keywright(["init", "--yes"]).go().success();
    sandbox.write("keywright.yaml", recipe);
    sandbox.commit_all("init");
    sandbox
}

/// The values of a file, as each real sops decrypts them.
#[track_caller]
fn values(sandbox: &Sandbox) -> BTreeMap<&'static str, String> {
    let mut all = reference::versions("sops").into_iter().map(|version| {
        let value = |key| (key, decrypted::value(sandbox, version, NATS, key));
        KEYS.into_iter().map(value).collect::<BTreeMap<_, _>>()
    });
    let first = all.next().unwrap();
    assert!(all.all(|other| other == first));
    first
}

/// Has `htpasswd` verify a hash.
#[track_caller]
fn verify(sandbox: &Sandbox, values: &BTreeMap<&str, String>, of: &str) {
    let (password, hash) =
        (&values[format!("{of}_PASSWORD").as_str()], &values[format!("{of}_BCRYPT").as_str()]);
    assert!(hash.starts_with("$2a$"), "{of}");
    // It knows the same algorithm by its own letter only.
    let file = std::env::temp_dir().join(format!("{of}-{}", std::process::id()));
    std::fs::write(&file, format!("nats:{}\n", hash.replacen("$2a$", "$2y$", 1))).unwrap();
    let run = sandbox.run("htpasswd").arg("-vi").arg(&file).arg("nats");
    run.stdin(format!("{password}\n")).go().success();
    std::fs::remove_file(file).unwrap();
    proof::record("recipes", "htpasswd verifies the hash", of);
}

#[test]
fn plain_values_that_fit_are_kept_encrypted_listed_and_decrypted_by_flux() {
    let sandbox = lab(&recipe_of_the_page());
    let plain = sandbox.read(NATS);
    let check = ["secret", "ensure", "--check"];
    let missing = "apps/nats/secret.yaml: the Secret `nats-credentials` is not encrypted\n";
    assert_eq!(sandbox.keywright(check).go().code(1).stdout(), missing);
    let run = sandbox.keywright(["secret", "ensure", "nats-credentials"]).go().success();
    run.complains("was in plain text, and may be so in the history of Git")
        .complains("`keywright secret rotate nats-credentials`");
    let found = values(&sandbox);
    for key in KEYS {
        let line = format!("  {key}: {}\n", found[key]);
        assert!(plain.contains(&line), "{key}");
    }
    ["NATS_DEFAULT", "NATS_ADMIN"].iter().for_each(|of| verify(&sandbox, &found, of));
    let diff = |file: &str| {
        let diff = sandbox.git(&["diff", "--unified=0", file]);
        let lines = diff.lines().filter(|line| line.starts_with(['+', '-']));
        lines.skip(2).map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(diff("apps/nats/kustomization.yaml"), "+  - secret.yaml\n");
    let block = "+  decryption:\n+    provider: sops\n+    secretRef:\n+      name: sops-age\n";
    assert_eq!(diff("clusters/home/apps.yaml"), block);
    let changed =
        " M apps/nats/kustomization.yaml\n M apps/nats/secret.yaml\n M clusters/home/apps.yaml\n";
    assert_eq!(sandbox.git_status(), changed);
    sandbox.run(reference::kustomize()).args(["build", "apps"]).go().success();

    sandbox.commit_all("recipes");
    sandbox.keywright(check).go().success().prints("every Secret has what its recipe says");
    sandbox.keywright(["secret", "ensure", "--all"]).go().success().prints("nothing to do");
    assert_eq!(sandbox.git_status(), "");
}

#[test]
fn a_password_and_its_hash_change_together() {
    let sandbox = lab(&recipe_of_the_page());
    sandbox.keywright(["secret", "ensure", "--all"]).go().success();
    sandbox.commit_all("recipes");
    let before = values(&sandbox);
    let rotate = ["secret", "rotate", "nats-credentials"];
    sandbox.keywright(rotate).arg("--dry-run").go().success().prints("dry run: 1 file");
    assert_eq!(sandbox.git_status(), "");
    let run = sandbox.keywright(rotate).go().success();
    // Reloader restarts the server; the client has no annotation.
    run.prints("\n  kubectl rollout restart -n lab deployment/openwebui\n");
    let after = values(&sandbox);
    assert!(KEYS.iter().all(|key| before[key] != after[key]));
    ["NATS_DEFAULT", "NATS_ADMIN"].iter().for_each(|of| verify(&sandbox, &after, of));
    after.values().for_each(|value| sandbox.assert_no_trace_of(value, &[]));
    assert_eq!(sandbox.git_status(), format!(" M {NATS}\n"));

    sandbox.commit_all("rotated");
    sandbox.keywright(rotate).args(["--key", "NATS_ADMIN_PASSWORD"]).go().success();
    let one = values(&sandbox);
    let changed: Vec<_> = KEYS.into_iter().filter(|key| one[key] != after[key]).collect();
    assert_eq!(changed, ["NATS_ADMIN_PASSWORD", "NATS_ADMIN_BCRYPT"]);
    verify(&sandbox, &one, "NATS_ADMIN");

    let before = sandbox.snapshot();
    let run = sandbox.keywright(rotate).args(["--key", "NATS_ADMIN_BCRYPT"]).go().code(2);
    run.complains("is made from `NATS_ADMIN_PASSWORD`, and changes with it")
        .complains("hint: name what it is made from: `--key NATS_ADMIN_PASSWORD`");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn only_old_values_are_made_anew_if_that_is_asked_for() {
    let sandbox = lab(&recipe_of_the_page());
    sandbox.keywright(["secret", "ensure", "--all"]).go().success();
    sandbox.git(&["add", "--all"]);
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    let commit = ["commit", "--quiet", "--message", "old", "--date", "2020-01-02T03:04:05Z"];
    let run = sandbox.run("git").args([&author[..], &commit].concat());
    run.env("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z").go().success();
    let before = values(&sandbox);
    let rotate = ["secret", "rotate", "--all", "--older-than"];
    let never = sandbox.keywright(rotate).arg("65535y").go().success();
    never
        .prints("nats-credentials: no generated value is older than 65535y")
        .prints("nothing to do");
    sandbox.keywright(rotate).arg("90d").go().success();
    assert!(KEYS.iter().all(|key| before[key] != values(&sandbox)[key]));
    sandbox.commit_all("rotated");
    sandbox.keywright(rotate).arg("90d").go().success().prints("nothing to do");
}

#[test]
fn what_a_recipe_gains_is_added_and_what_it_loses_is_named() {
    let recipe = recipe_of_the_page();
    let sandbox = lab(&recipe);
    sandbox.keywright(["secret", "ensure", "--all"]).go().success();
    sandbox.commit_all("recipes");
    let before = values(&sandbox);
    let (shorter, _) = recipe.split_once("      NATS_ADMIN_BCRYPT").unwrap();
    let more =
        "      NATS_URL: {template: 'nats://default:{NATS_DEFAULT_PASSWORD|url}@nats:4222'}\n";
    sandbox.write("keywright.yaml", format!("{shorter}{more}"));
    let check = sandbox.keywright(["secret", "ensure", "--check"]).go().code(1);
    check.prints("apps/nats/secret.yaml: the key `NATS_URL` is missing");
    let run = sandbox.keywright(["secret", "ensure", "nats-credentials"]).go().success();
    run.complains("the recipe has no key `NATS_ADMIN_BCRYPT`; it stays");
    assert_eq!(values(&sandbox), before);
    let url = decrypted::current(&sandbox, NATS, "NATS_URL");
    assert_eq!(url, format!("nats://default:{}@nats:4222", before["NATS_DEFAULT_PASSWORD"]));

    // Without an identity: what is missing shows, and cannot be added.
    sandbox.commit_all("a URL");
    sandbox.remove_identity();
    sandbox.keywright(["secret", "ensure", "--all"]).go().success().prints("nothing to do");
    sandbox.keywright(["secret", "ensure", "--check"]).go().success();
    sandbox.write("keywright.yaml", format!("{shorter}{more}      MORE: {{generate: uuid}}\n"));
    sandbox.keywright(["secret", "ensure", "--check"]).go().code(1);
    sandbox
        .keywright(["secret", "ensure", "--all"])
        .go()
        .code(2)
        .complains("there is no age identity");
}

#[test]
fn a_secret_that_is_not_there_is_made_beside_its_app() {
    let sandbox = Sandbox::nerv();
    let recipe = "secrets:\n  grafana-backup:\n    app: grafana\n    keys:\n      RESTIC_PASSWORD: {generate: 'alnum:40'}\n      \
                  TOKEN: {generate: 'hex:16', keep: true}\n      ID: {generate: uuid}\n";
    sandbox.write("keywright.yaml", recipe);
    sandbox.commit_all("a recipe");
    sandbox.keywright(["secret", "ensure", "--all"]).go().success();
    let file = "nerv/main/cluster/apps/grafana/app/grafana-backup-secret.yaml";
    let value = |key: &str| decrypted::current(&sandbox, file, key);
    assert_eq!((value("RESTIC_PASSWORD").len(), value("TOKEN").len()), (40, 32));
    sandbox
        .run(reference::kustomize())
        .args(["build", "nerv/main/cluster/apps/grafana/app"])
        .go()
        .success();
    sandbox.commit_all("made");
    let rotate = ["secret", "rotate", "grafana-backup"];
    let refused = sandbox.keywright(rotate).go().code(2);
    refused
        .complains("`RESTIC_PASSWORD` is not to change: a restic repository stays encrypted")
        .complains("hint: if that is meant: `--force-key RESTIC_PASSWORD`");
    let refused = sandbox.keywright(rotate).args(["--key", "TOKEN"]).go().code(2);
    refused.complains("`TOKEN` is not to change: the recipe says `keep: true`");
    let (restic, token, id) = (value("RESTIC_PASSWORD"), value("TOKEN"), value("ID"));
    sandbox.keywright(rotate).args(["--key", "ID", "--force-key", "TOKEN"]).go().success();
    assert!(value("RESTIC_PASSWORD") == restic && value("TOKEN") != token && value("ID") != id);
}

#[test]
fn secrets_of_one_app_are_made_together_and_those_of_one_file_rotated_together() {
    let sandbox = Sandbox::nerv();
    let one = |name: &str| {
        format!("  {name}:\n    app: grafana\n    keys:\n      A: {{generate: uuid}}\n")
    };
    sandbox.write("keywright.yaml", format!("secrets:\n{}{}", one("first"), one("second")));
    sandbox.commit_all("recipes");
    let run = sandbox.keywright(["secret", "ensure", "--all"]).go().success();
    run.prints("changed 3 files");
    let app = "nerv/main/cluster/apps/grafana/app";
    let list = sandbox.read(&format!("{app}/kustomization.yaml"));
    assert!(list.contains("first-secret.yaml") && list.contains("second-secret.yaml"), "{list}");
    sandbox.run(reference::kustomize()).args(["build", app]).go().success();
    sandbox.keywright(["secret", "ensure", "--all"]).go().success().prints("nothing to do");

    // Both in one file.
    let (first, second) = (format!("{app}/first-secret.yaml"), format!("{app}/second-secret.yaml"));
    for file in [&first, &second] {
        sandbox.keywright(["decrypt", "-i", file]).go().success();
    }
    let both = format!("{}---\n{}", sandbox.read(&first), sandbox.read(&second));
    sandbox.write(&first, both);
    std::fs::remove_file(sandbox.path(&second)).unwrap();
    let list = list.lines().filter(|line| !line.contains("second-secret"));
    sandbox.write(
        &format!("{app}/kustomization.yaml"),
        list.map(|line| format!("{line}\n")).collect::<String>(),
    );
    sandbox.keywright(["encrypt", "-i", &first]).go().success();
    sandbox.commit_all("one file");
    let before = decrypted::file(&sandbox, reference::versions("sops")[0], &first);
    let run = sandbox.keywright(["secret", "rotate", "first", "second"]).go().success();
    run.prints("changed 1 file");
    let after = decrypted::file(&sandbox, reference::versions("sops")[0], &first);
    let values = |text: &str| {
        let lines = text.lines().filter(|line| line.trim_start().starts_with("A: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (before, after) = (values(&before), values(&after));
    assert_eq!((before.len(), after.len()), (2, 2));
    assert!(before.iter().all(|line| !after.contains(line)), "both are new");
}

#[test]
fn what_is_wrong_with_a_recipe_is_said_with_its_place() {
    let sandbox = Sandbox::nerv();
    let ensure = |recipe: &str| {
        sandbox.write("keywright.yaml", recipe);
        sandbox.keywright(["secret", "ensure", "a"]).go().code(2)
    };
    let key = |text: &str| format!("secrets:\n  a:\n    keys:\n      K: {text}\n");
    let cases = [
        ("layout: {}\n".to_owned(), "keywright.yaml: there are no recipes"),
        ("secrets: {b: {keys: {K: {given: true}}}}\n".to_owned(), "there is no recipe for `a`"),
        (key("{given: true}"), "its recipe does not say beside which app it belongs"),
        (key("{generate: 'alnum:3'}"), "keywright.yaml:4:21: `secrets.a.keys.K.generate`: policy"),
        (key("{genrate: 'alnum:30'}"), "hint: did you mean `generate`?"),
        (
            "secrets: {a: {app: nobody, keys: {K: {generate: uuid}}}}\n".to_owned(),
            "there is no app `nobody`",
        ),
        (
            "secrets: {a: {app: grafana, keys: {K: {given: true}}}}\n".to_owned(),
            "`a` has no `K`, which somebody has to give",
        ),
    ];
    for (recipe, wanted) in cases {
        ensure(&recipe).complains(wanted);
    }
    let typed = "secrets: {postgres-miniflux-user: {keys: {username: {given: true}}}}\n";
    sandbox.write("keywright.yaml", typed);
    let run = sandbox.keywright(["secret", "ensure", "postgres-miniflux-user"]).go().code(2);
    run.complains("is of type `kubernetes.io/basic-auth`, its recipe says `Opaque`");
    sandbox
        .keywright(["secret", "rotate", "none"])
        .go()
        .code(2)
        .complains("there is no recipe for `none`");
}
