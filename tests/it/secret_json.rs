//! Secrets in JSON files: kustomize takes them, so every verb finds and changes them, and they stay JSON.

use serde_json::Value;

use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, PAPERLESS, assert_value, built};

const FILE: &str = "nerv/main/cluster/apps/grafana/app/oidc.json";

fn secret<'a>(sandbox: &'a Sandbox, args: &[&str], stdin: &str) -> Outcome<'a> {
    sandbox.keywright([&["secret"], args].concat()).stdin(stdin).go()
}

/// The sample with a Secret in JSON, listed and encrypted by the real sops; and JSON that nobody lists.
fn with_json() -> Sandbox {
    let sandbox = Sandbox::nerv();
    let content = r#"{
  "apiVersion": "v1", "kind": "Secret",
  "metadata": {"name": "oidc", "namespace": "apps"},
  "stringData": {
    "CLIENT_ID": "TESTonlyClient",
    "CLIENT_SECRET": "TESTonlySecret"
  }
}
"#;
    sandbox.write(FILE, content);
    let list = format!("{GRAFANA}/kustomization.yaml");
    sandbox.write(&list, format!("{}  - ./oidc.json\n", sandbox.read(&list)));
    sandbox.write(&format!("{GRAFANA}/dashboards/one.json"), "no JSON, and a Secret");
    let sops = sandbox.run(reference::current_sops()).args(["--config", "nerv/.sops.yaml"]);
    sops.args(["--encrypt", "--in-place", FILE]).go().success();
    sandbox.commit_all("a Secret in JSON");
    sandbox
}

/// The file, which must be JSON, and what kustomize makes of it.
fn json(sandbox: &Sandbox) -> Value {
    assert!(built(sandbox, GRAFANA).contains("name: oidc\n"));
    serde_json::from_str(&sandbox.read(FILE)).unwrap()
}

#[test]
fn a_secret_in_json_is_listed_read_and_changed_in_its_place() {
    let sandbox = with_json();
    let listed = secret(&sandbox, &["list", "oidc"], "").success();
    listed.prints(&format!("  oidc  Opaque, encrypted, {FILE}\n    CLIENT_ID      today\n"));
    assert_eq!(secret(&sandbox, &["get", "oidc", "CLIENT_ID"], "").stdout(), "TESTonlyClient");
    let before = json(&sandbox);

    secret(&sandbox, &["set", "grafana", "CLIENT_SECRET"], "TESTonly\"New\"").success();
    assert_value(&sandbox, FILE, &["stringData", "CLIENT_SECRET"], "TESTonly\"New\"");
    let after = json(&sandbox);
    let of = |json: &Value, key: &str| json["stringData"][key].clone();
    assert_eq!(of(&before, "CLIENT_ID"), of(&after, "CLIENT_ID"), "the other one keeps its token");
    assert_eq!(sandbox.git_status(), format!(" M {FILE}\n"));

    let lines = "two\nlines\n";
    sandbox.write("../tmp/lines", lines);
    let more = ["--generate", "TOKEN", "--from-file", "PEM=../tmp/lines", "--secret", "oidc"];
    secret(&sandbox, &[&["set", "grafana"], &more[..]].concat(), "").success();
    assert_value(&sandbox, FILE, &["stringData", "PEM"], lines);
    assert_eq!(secret(&sandbox, &["get", "oidc", "TOKEN"], "").stdout().len(), 40);
    secret(&sandbox, &["unset", "oidc", "CLIENT_ID"], "").success();
    assert!(json(&sandbox)["stringData"].get("CLIENT_ID").is_none());

    let editor = "sed -i s/two/TESTonlyTwo/ \"$0\"";
    let run = sandbox.keywright(["secret", "edit", "oidc"]);
    run.env("EDITOR", format!("sh -c {}", shell_words::quote(editor))).go().success();
    assert_value(&sandbox, FILE, &["stringData", "PEM"], "TESTonlyTwo\nlines\n");
    json(&sandbox);
    assert!(!sandbox.read(FILE).contains("TESTonly"));
}

#[test]
fn a_secret_in_json_is_renamed_copied_and_not_made_twice() {
    let sandbox = with_json();
    secret(&sandbox, &["new", "grafana", "--name", "oidc", "--generate", "K"], "")
        .code(2)
        .complains(&format!("{FILE}: Secret `oidc` exists already"));
    secret(&sandbox, &["copy", "oidc", "--to", "paperless", "--name", "other"], "").success();
    let copy = format!("{PAPERLESS}/other-secret.yaml");
    assert_value(&sandbox, &copy, &["stringData", "CLIENT_ID"], "TESTonlyClient");
    let text = sandbox.read(&copy);
    assert!(text.contains("\nstringData:\n  CLIENT_ID: ENC["), "{text}");
    built(&sandbox, PAPERLESS);
    sandbox.commit_all("copied");

    let path = format!("{GRAFANA}/login.json");
    secret(&sandbox, &["rename", "oidc", "login"], "").success();
    assert_value(&sandbox, &path, &["stringData", "CLIENT_ID"], "TESTonlyClient");
    let renamed: Value = serde_json::from_str(&sandbox.read(&path)).unwrap();
    assert_eq!(renamed["metadata"]["name"], "login");
    assert!(built(&sandbox, GRAFANA).contains("name: login\n"));
}

#[test]
fn a_plain_secret_in_json_is_told_and_taken_by_its_recipe() {
    let sandbox = with_json();
    let run = sandbox.run(reference::current_sops()).args(["--decrypt", "--in-place", FILE]);
    run.go().success();
    secret(&sandbox, &["set", "oidc", "CLIENT_ID"], "x")
        .code(2)
        .complains(&format!("{FILE}: Secret `oidc` is not encrypted"));
    let keys = "{CLIENT_ID: {given: true}, CLIENT_SECRET: {given: true}, TOKEN: {generate: uuid}}";
    sandbox.write("keywright.yaml", format!("secrets:\n  oidc: {{app: grafana, keys: {keys}}}\n"));
    secret(&sandbox, &["ensure", "oidc"], "").success();
    assert_value(&sandbox, FILE, &["stringData", "CLIENT_SECRET"], "TESTonlySecret");
    assert!(json(&sandbox)["stringData"]["TOKEN"].as_str().unwrap().starts_with("ENC["));
    sandbox.commit_all("ensured");
    secret(&sandbox, &["ensure", "oidc"], "").success().prints("nothing to do");
}
