//! `secret new --recipe`: what it writes down makes nothing new, and makes everything anew when that is asked for.

use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, assert_value};
use crate::verbs::RECIPIENT;
use crate::{decrypted, reference};

const CANARY: &str = "s3cr3tCanary";

fn keywright<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret"], args].concat()).go()
}

/// `secret new grafana --name oidc --recipe` with more arguments; a value is at standard input.
fn new_oidc<'a>(sandbox: &'a Sandbox, more: &[&str]) -> Outcome<'a> {
    let args = ["secret", "new", "grafana", "--name", "oidc", "--recipe"];
    sandbox.keywright([&args, more].concat()).stdin(CANARY).go()
}

const OIDC: &str = "secrets:
  oidc:
    app: grafana
    keys:
      URL: {template: 'https://{CLIENT}:{SESSION|url}@id.test'}
      SESSION: {generate: 'alnum:40'}
      HASH: {derive: bcrypt(SESSION)}
      CLIENT: {given: true}
      CA: {given: true}
";

#[test]
fn what_was_recorded_makes_nothing_new_until_it_is_rotated() {
    let sandbox = Sandbox::nerv();
    sandbox.write("../tmp/ca", "s3cr3tFile\n");
    let args = [
        "--template=URL=https://{CLIENT}:{SESSION|url}@id.test",
        "--generate=SESSION",
        "--derive=HASH=bcrypt(SESSION)",
        "--set-stdin=CLIENT",
        "--from-file=CA=../tmp/ca",
    ];
    let untouched = sandbox.snapshot();
    let dry = new_oidc(&sandbox, &[&args[..], &["--dry-run"]].concat()).success();
    dry.prints("keywright.yaml (new)").prints("+      CLIENT: {given: true}");
    untouched.assert_untouched(&sandbox.snapshot());

    new_oidc(&sandbox, &args).success();
    assert_eq!(sandbox.read("keywright.yaml"), OIDC);
    let file = format!("{GRAFANA}/oidc-secret.yaml");
    let status = format!(" M {GRAFANA}/kustomization.yaml\n?? keywright.yaml\n?? {file}\n");
    assert_eq!(sandbox.git_status(), status);
    assert_value(&sandbox, &file, &["stringData", "CLIENT"], CANARY);
    let value = |key: &str| decrypted::current(&sandbox, &file, key);
    let session = value("SESSION");
    for secret in [CANARY, &session, &value("HASH")] {
        sandbox.assert_no_trace_of(secret, &[]);
    }
    std::fs::remove_file(sandbox.path("../tmp/ca")).unwrap();
    sandbox.assert_no_trace_of("s3cr3tFile", &[]);

    sandbox.commit_all("made");
    let run = keywright(&sandbox, &["ensure", "oidc"]).success().prints("nothing to do");
    assert_eq!(run.stderr(), "");
    keywright(&sandbox, &["ensure", "--check"]).success();
    assert_eq!(sandbox.git_status(), "");

    keywright(&sandbox, &["rotate", "oidc"]).success().prints("oidc: URL, SESSION, HASH");
    assert_eq!(sandbox.git_status(), format!(" M {file}\n"));
    assert_ne!(value("SESSION"), session);
    let url = format!("https://{CANARY}:{}@id.test", value("SESSION"));
    assert_value(&sandbox, &file, &["stringData", "URL"], &url);
    assert_value(&sandbox, &file, &["stringData", "CLIENT"], CANARY);
    sandbox.run(reference::kustomize()).args(["build", GRAFANA]).go().success();
}

#[test]
fn every_policy_and_every_derivation_is_recorded_so_that_it_is_made_again() {
    let sandbox = Sandbox::nerv();
    let made = [
        ("alnum", "alnum:24,exclude=0O1lI,prefix=a,,b"),
        ("ascii", "ascii:32,exclude='\"`,,"),
        ("pin", "pin:8"),
        ("hex", "hex:32"),
        ("base64", "base64:32,prefix=base64:"),
        ("base64url", "base64url:32"),
        ("uuid", "uuid"),
        ("words", "words:6"),
        ("age", "age"),
        ("ed25519", "ed25519"),
        ("ssh", "ssh-ed25519"),
        ("wireguard", "wireguard"),
        ("tls.crt", "self-signed:cn=web.test,days=30,san=10.0.0.1"),
    ];
    let derived = [
        ("d1", "bcrypt(hex, cost=4, prefix=2b)"),
        ("d2", "argon2id(alnum, m=64, t=1, p=1)"),
        ("d3", "scrypt(alnum, ln=4)"),
        ("d4", "scram-sha-256(alnum)"),
        ("d5", "htpasswd(\"it's, me\", alnum, cost=4)"),
        ("d6", "htpasswd(uuid, alnum, cost=4)"),
        ("d7", "sha512-crypt(alnum, rounds=1000)"),
        ("d8", "sha256-crypt(alnum)"),
        ("d9", "base64(ascii)"),
        ("d10", "hex(ascii)"),
        ("d11", "url(ascii)"),
        ("d12", "public(tls.key)"),
        ("d13", "recipient(age)"),
    ];
    let generate = made.map(|(key, policy)| format!("--generate={key}={policy}"));
    let derive = derived.map(|(key, derivation)| format!("--derive={key}={derivation}"));
    let args: Vec<&str> = generate.iter().chain(&derive).map(String::as_str).collect();
    new_oidc(&sandbox, &args).success();
    sandbox.commit_all("made");
    let run = keywright(&sandbox, &["ensure", "oidc"]).success().prints("nothing to do");
    assert_eq!(run.stderr(), "");
    let keys: Vec<&str> = made.iter().chain(&derived).map(|(key, _)| *key).collect();
    let file = format!("{GRAFANA}/oidc-secret.yaml");
    let values = || keys.iter().map(|key| decrypted::current(&sandbox, &file, key));
    let before: Vec<String> = values().collect();
    keywright(&sandbox, &["rotate", "oidc"]).success();
    let same = before.into_iter().zip(values()).filter(|(before, after)| before == after);
    assert_eq!(same.count(), 0);
}

#[test]
fn a_secret_of_given_values_is_recorded_when_that_is_asked_for() {
    let sandbox = Sandbox::nerv();
    new_oidc(&sandbox, &["--set-stdin", "TOKEN"]).success();
    let recipe = "secrets:\n  oidc:\n    app: grafana\n    keys:\n      TOKEN: {given: true}\n";
    assert_eq!(sandbox.read("keywright.yaml"), recipe);
    sandbox.commit_all("made");
    keywright(&sandbox, &["ensure", "oidc"]).success().prints("nothing to do");
    keywright(&sandbox, &["rotate", "oidc"])
        .code(2)
        .complains("nothing in the recipe of `oidc` is generated");
    // Without the flag nothing is recorded.
    keywright(&sandbox, &["new", "grafana", "--name", "other", "--generate", "K"]).success();
    assert_eq!(sandbox.read("keywright.yaml"), recipe);
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn a_recipe_that_is_there_and_a_file_that_cannot_be_read_are_refused() {
    let sandbox = Sandbox::nerv();
    let refused = |settings: &str| {
        sandbox.write("keywright.yaml", settings);
        let untouched = sandbox.snapshot();
        // It is refused before the file with the value is looked at.
        let outcome = new_oidc(&sandbox, &["--from-file", "K=nowhere"]).code(2);
        untouched.assert_untouched(&sandbox.snapshot());
        outcome
    };
    refused("# mine\nsecrets:\n  oidc: {keys: {K: {given: true}}}\n")
        .complains("keywright.yaml:3:3: there is a recipe for `oidc` already")
        .complains("hint: make what it says with `keywright secret ensure oidc`");
    refused("secrets: {a: {keys: {K: {}}}}\n").complains("keywright.yaml:1:");
    refused("secrets: [\n").complains("keywright.yaml:");
}

/// A repository with the same Secret in the namespaces `one` and `two`, and with an app `three` that has none.
fn namespaces() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let rule = "encrypted_regex: ^(data|stringData)$";
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - {rule}\n    age: {RECIPIENT}\n"));
    for name in ["one", "two", "three"] {
        let list = format!("namespace: {name}\nresources: []\n");
        sandbox.write(&format!("{name}/registry/kustomization.yaml"), list);
    }
    sandbox.write("two/kustomization.yaml", "resources: [registry]\n");
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    for app in ["one/registry", "two/registry"] {
        let args = ["new", app, "--name", "token", "--generate", "TOKEN"];
        keywright(&sandbox, &args).success();
    }
    sandbox.git(&["add", "--all"]);
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
    let run = sandbox.run("git").args(author).args(["commit", "--quiet", "--message", "old"]);
    run.env("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z").go().success();
    sandbox
}

const FILES: [&str; 2] = ["one/registry/secret.yaml", "two/registry/secret.yaml"];

#[test]
fn of_two_secrets_of_one_name_that_beside_the_app_is_meant() {
    let sandbox = namespaces();
    let recipe = |app: &str| {
        let keys = "    keys:\n      TOKEN: {generate: 'alnum:40'}\n      MORE: {generate: uuid}\n";
        sandbox.write("keywright.yaml", format!("secrets:\n  token:\n{app}{keys}"));
        sandbox.commit_all("a recipe");
    };
    recipe("");
    for args in [&["ensure", "token"][..], &["ensure", "--check"], &["rotate", "token"]] {
        keywright(&sandbox, args)
            .code(2)
            .complains("2 Secrets can be meant by `token`: `one/token` in one/registry/secret.yaml")
            .complains("say in the recipe of `token` beside which app it is: `app: DIRECTORY`");
    }
    for (app, file) in ["one/registry", "two/registry"].into_iter().zip(FILES) {
        recipe(&format!("    app: {app}\n"));
        let check = keywright(&sandbox, &["ensure", "--check"]).code(1);
        assert_eq!(check.stdout(), format!("{file}: the key `MORE` is missing\n"));
        keywright(&sandbox, &["ensure", "token"]).success().prints("token: MORE");
        assert_eq!(sandbox.git_status(), format!(" M {file}\n"));
        sandbox.commit_all("ensured");
        // The other one is as old as this one was.
        let rotate = ["rotate", "token", "--older-than", "90d"];
        keywright(&sandbox, &rotate).success().prints("token: TOKEN");
        sandbox.commit_all("rotated");
        keywright(&sandbox, &rotate).success().prints("no generated value is older than 90d");
        keywright(&sandbox, &["rotate", "token"]).success();
        assert_eq!(sandbox.git_status(), format!(" M {file}\n"));
        sandbox.commit_all("rotated");
    }

    recipe("    app: three/registry\n");
    let check = keywright(&sandbox, &["ensure", "--check"]).code(1);
    assert_eq!(check.stdout(), "keywright.yaml: there is no Secret `token`\n");
    keywright(&sandbox, &["ensure", "token"]).success().prints("token: TOKEN, MORE");
    let made = " M three/registry/kustomization.yaml\n?? three/registry/secret.yaml\n";
    assert_eq!(sandbox.git_status(), made);
    keywright(&sandbox, &["ensure", "token"]).success().prints("nothing to do");
}

#[test]
fn an_app_whose_name_is_not_its_own_is_recorded_by_its_directory() {
    let sandbox = namespaces();
    let args = ["new", "two/registry", "--name", "more", "--recipe", "--generate", "K"];
    keywright(&sandbox, &args).success();
    assert!(sandbox.read("keywright.yaml").contains("    app: two/registry\n"));
    sandbox.commit_all("made");
    keywright(&sandbox, &["ensure", "more"]).success().prints("nothing to do");
    keywright(&sandbox, &["rotate", "more"]).success();
    assert_eq!(sandbox.git_status(), " M two/registry/more-secret.yaml\n");
}

#[test]
fn a_secret_that_is_kept_with_others_is_that_of_the_app_in_its_namespace() {
    let sandbox = namespaces();
    let secret = sandbox.read(FILES[0]);
    std::fs::remove_file(sandbox.path(FILES[0])).unwrap();
    sandbox.write("one/registry/kustomization.yaml", "namespace: one\nresources: []\n");
    sandbox.write("secrets/kustomization.yaml", "namespace: one\nresources: [token.yaml]\n");
    sandbox.write("secrets/token.yaml", secret);
    let keys = "    keys:\n      TOKEN: {generate: 'alnum:40'}\n";
    sandbox.write("keywright.yaml", format!("secrets:\n  token:\n    app: one/registry\n{keys}"));
    sandbox.commit_all("moved");
    keywright(&sandbox, &["ensure", "token"]).success().prints("nothing to do");
    keywright(&sandbox, &["rotate", "token"]).success();
    assert_eq!(sandbox.git_status(), " M secrets/token.yaml\n");
}
