//! `secret rename`: the Secret, its file, the list of that, and whatever refers to it.

use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, assert_value, built};
use crate::terminal::Terminal;

const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

fn rename<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "rename"], args].concat()).go()
}

#[test]
fn a_file_that_is_called_after_its_secret_follows_it() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.read(&format!("{POSTGRES}/postgres-miniflux-user-secret.yaml"));
    let untouched = sandbox.snapshot();
    let args = ["postgres-miniflux-user", "postgres-miniflux-role"];
    let dry = rename(&sandbox, &[&args[..], &["--dry-run"]].concat()).success();
    dry.prints("postgres-miniflux-role-secret.yaml (new)")
        .prints("postgres-miniflux-user-secret.yaml (removed)");
    untouched.assert_untouched(&sandbox.snapshot());
    rename(&sandbox, &args)
        .success()
        .complains("postgres-cluster.yaml:49:33: spec.managed.roles[1].passwordSecret.name refers to the new name");
    let file = format!("{POSTGRES}/postgres-miniflux-role-secret.yaml");
    let status = format!(
        " M {POSTGRES}/kustomization.yaml\n M {POSTGRES}/postgres-cluster.yaml\n \
         D {POSTGRES}/postgres-miniflux-user-secret.yaml\n?? {file}\n"
    );
    assert_eq!(sandbox.git_status(), status);
    assert_value(&sandbox, &file, &["stringData", "password"], "TESTonly+mini/flux=8r:T@1");
    // But for the name, time and MAC the file is what it was.
    let after = sandbox.read(&file);
    let other: Vec<_> =
        before.lines().zip(after.lines()).filter(|(one, other)| one != other).collect();
    assert_eq!(other.len(), 3, "{other:?}");
    assert_eq!(before.lines().count(), after.lines().count());
    let made = built(&sandbox, POSTGRES);
    assert!(!made.contains("postgres-miniflux-user"), "{made}");
    sandbox.keywright(["db", "doctor"]).go();
}

#[test]
fn workloads_of_every_kind_refer_to_the_new_name() {
    let sandbox = Sandbox::nerv();
    let more = format!("{GRAFANA}/more.yaml");
    sandbox.write(
        &more,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: grafana, namespace: apps, annotations: {secret.reloader.stakater.com/reload: 'x,grafana'}}\n\
         spec:\n  template:\n    spec:\n      imagePullSecrets: [{name: grafana}]\n      volumes: [{name: grafana, secret: {secretName: grafana}}]\n\
         \x20     containers:\n        - name: grafana\n          envFrom: [{secretRef: {name: grafana}}]\n          env: [{name: A, valueFrom: {secretKeyRef: {name: grafana, key: A}}}]\n---\n\
         apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: other, namespace: apps}\n\
         spec: {values: {auth: {existingSecret: grafana}, persistence: {a: {type: secret, name: grafana}}, oidc: {clientSecret: grafana}}}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: far, namespace: elsewhere}\n\
         spec: {template: {spec: {containers: [{envFrom: [{secretRef: {name: grafana}}]}]}}}\n",
    );
    sandbox.commit_all("more");
    let outcome = rename(&sandbox, &["grafana", "grafana-admin"]).success();
    assert_eq!(
        sandbox.git_status(),
        format!(" M {GRAFANA}/helmrelease.yaml\n M {more}\n M {GRAFANA}/secret.yaml\n")
    );
    let outcome = outcome.complains("oidc.clientSecret may refer to it and is left as it is");
    assert_eq!(
        outcome.stderr().matches("refers to the new name").count(),
        8,
        "{}",
        outcome.stderr()
    );
    let text = sandbox.read(&more);
    assert_eq!(text.matches("grafana-admin").count(), 7, "{text}");
    assert!(text.contains("reload: 'x,grafana-admin'"), "{text}");
    assert!(
        text.contains("[{envFrom: [{secretRef: {name: grafana}}]}]"),
        "the other namespace\n{text}"
    );
    assert!(sandbox.read(&format!("{GRAFANA}/helmrelease.yaml")).contains("name: grafana-admin\n"));
    assert_value(
        &sandbox,
        &format!("{GRAFANA}/secret.yaml"),
        &["metadata", "name"],
        "grafana-admin",
    );
    assert!(built(&sandbox, GRAFANA).contains("name: grafana-admin"));
}

#[test]
fn a_name_that_is_taken_or_none_and_a_missing_identity_change_nothing() {
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    rename(&sandbox, &["grafana", "miniflux"])
        .code(2)
        .complains("Secret `miniflux` exists already");
    rename(&sandbox, &["grafana", "Grafana"]).code(2).complains("is not a name for a Secret");
    rename(&sandbox, &["nobody", "x"]).code(2).complains("no Secret `nobody`");
    sandbox.remove_identity();
    rename(&sandbox, &["grafana", "x"]).code(2).complains("SOPS_AGE_KEY_FILE");
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn a_file_keeps_its_name_where_its_rule_would_not_cover_the_other() {
    let sandbox = Sandbox::nerv();
    let file = format!("{POSTGRES}/postgres-miniflux-user-secret.yaml");
    let config = sandbox
        .read("nerv/.sops.yaml")
        .replace("  - encrypted", "  - path_regex: -user-secret\n    encrypted");
    sandbox.write("nerv/.sops.yaml", config);
    sandbox.commit_all("a narrow rule");
    rename(&sandbox, &["postgres-miniflux-user", "miniflux-role"])
        .success()
        .complains("keeps its name: no creation rule matches");
    assert_eq!(sandbox.git_status(), format!(" M {POSTGRES}/postgres-cluster.yaml\n M {file}\n"));
    assert_value(&sandbox, &file, &["metadata", "name"], "miniflux-role");
}

#[test]
fn an_encrypted_file_that_refers_to_it_stays_whole() {
    let sandbox = Sandbox::nerv();
    let file = format!("{GRAFANA}/both-secret.yaml");
    sandbox.write(
        &file,
        "apiVersion: v1\nkind: Secret\nmetadata: {name: both, namespace: apps}\nstringData: {A: a}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: apps}\n\
         spec: {template: {spec: {containers: [{name: c, envFrom: [{secretRef: {name: grafana}}]}]}}}\n",
    );
    let sops = sandbox.run(reference::current_sops()).args(["--config", "nerv/.sops.yaml"]);
    sops.args(["--encrypt", "--in-place", "--encrypted-regex", "^stringData$", &file])
        .go()
        .success();
    rename(&sandbox, &["grafana", "grafana-admin"]).success();
    for version in reference::versions("sops") {
        let plain = sandbox.run(reference::sops(version)).args(["--decrypt", &file]).go().success();
        assert!(plain.stdout().contains("name: grafana-admin"), "{}", plain.stdout());
    }
}

#[test]
fn a_no_at_the_terminal_renames_nothing() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["secret", "rename", "grafana", "grafana-admin"]);
    let mut terminal = Terminal::spawn(&run, 100, 50);
    terminal.expect("Write these changes?");
    terminal.send("n");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 130, "{shown}");
    assert_eq!(sandbox.git_status(), "");
}
