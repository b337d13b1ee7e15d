//! `secret copy`: the same values in another place, for whom the rule of that place says.

use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, PAPERLESS, assert_value, built};
use crate::verbs::{RECIPIENT, another};

const PASSWORD: &str = "GF_SECURITY_ADMIN_PASSWORD";
const VALUE: &str = "TESTonlyGrafanaAdmin4d";

fn copy<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "copy"], args].concat()).go()
}

#[test]
fn a_copy_is_listed_beside_the_other_app_and_reads_the_same() {
    let sandbox = Sandbox::nerv();
    let file = format!("{PAPERLESS}/grafana-secret.yaml");
    let untouched = sandbox.snapshot();
    // Both are in the namespace `apps`: the copy needs a name of its own.
    copy(&sandbox, &["grafana", "--to", "paperless"])
        .code(2)
        .complains("Secret `grafana` exists already");
    let args = ["grafana", "--to", "paperless", "--name", "paperless-grafana"];
    copy(&sandbox, &[&args[..], &["--dry-run"]].concat())
        .success()
        .prints("+    GF_SECURITY_ADMIN_USER: ENC[");
    untouched.assert_untouched(&sandbox.snapshot());
    copy(&sandbox, &args).success();
    let file = file.replace("grafana-secret", "paperless-grafana-secret");
    assert_eq!(sandbox.git_status(), format!(" M {PAPERLESS}/kustomization.yaml\n?? {file}\n"));
    assert_value(&sandbox, &file, &["stringData", PASSWORD], VALUE);
    assert_value(&sandbox, &file, &["metadata", "name"], "paperless-grafana");
    // Nothing of the original's ciphertext: it is another file with another data key.
    let original = sandbox.read(&format!("{GRAFANA}/secret.yaml"));
    let tokens: Vec<&str> = original.lines().filter(|line| line.contains("ENC[")).collect();
    let text = sandbox.read(&file);
    assert!(
        !tokens.is_empty() && tokens.iter().all(|token| !text.contains(token.trim())),
        "{text}"
    );
    let plain = sandbox.run(reference::current_sops()).args(["--decrypt", &file]).go().success();
    assert!(plain.stdout().contains("# bootstrap admin, OIDC takes over afterwards"));
    assert!(built(&sandbox, PAPERLESS).contains("name: paperless-grafana\n"));
    sandbox.assert_no_trace_of(VALUE, &[]);
}

#[test]
fn the_rule_of_the_new_place_says_who_reads_it() {
    let sandbox = Sandbox::nerv();
    let other = another(&sandbox, false);
    sandbox.write(
        &format!("{PAPERLESS}/.sops.yaml"),
        format!("creation_rules: [{{encrypted_regex: ^stringData$, age: {other}}}]\n"),
    );
    copy(&sandbox, &["grafana", "--to", "paperless", "--name", "x"]).success();
    let text = sandbox.read(&format!("{PAPERLESS}/x-secret.yaml"));
    assert!(text.contains(&other) && !text.contains(RECIPIENT), "{text}");
    sandbox.write(
        &format!("{PAPERLESS}/.sops.yaml"),
        "creation_rules: [{path_regex: nothing, age: x}]\n",
    );
    copy(&sandbox, &["grafana", "--to", "paperless", "--name", "y"])
        .code(2)
        .complains("creation rule");
    sandbox.write(
        &format!("{PAPERLESS}/.sops.yaml"),
        format!("creation_rules: [{{encrypted_regex: ^data$, age: {other}}}]\n"),
    );
    copy(&sandbox, &["grafana", "--to", "paperless", "--name", "y"])
        .code(2)
        .complains("does not encrypt `stringData.GF_SECURITY_ADMIN_USER`");
    sandbox.assert_no_trace_of(VALUE, &[]);
}

#[test]
fn another_namespace_is_written_where_nothing_overrules_it() {
    let sandbox = Sandbox::nerv();
    copy(&sandbox, &["grafana", "--to-namespace", "monitoring"])
        .code(2)
        .complains("nerv/main/cluster/apps/grafana/ks.yaml: what is applied from here gets the namespace `apps`")
        .complains("--to APP");
    let flux = "nerv/main/cluster/apps/grafana/ks.yaml";
    let text = sandbox.read(flux).replace("  targetNamespace: apps\n", "");
    sandbox.write(flux, text);
    copy(&sandbox, &["grafana", "--to-namespace", "monitoring"]).success();
    let file = format!("{GRAFANA}/grafana-secret.yaml");
    assert_value(&sandbox, &file, &["metadata", "namespace"], "monitoring");
    assert_value(&sandbox, &file, &["stringData", PASSWORD], VALUE);
    let made = built(&sandbox, GRAFANA);
    assert!(
        made.contains("namespace: monitoring") && made.matches("kind: Secret").count() == 2,
        "{made}"
    );
    // It is one of two of the name now.
    let get = |name: &str| sandbox.keywright(["secret", "get", name, PASSWORD]).go();
    get("grafana").code(2).complains("`monitoring/grafana` in");
    assert_eq!(get("monitoring/grafana").success().stdout(), VALUE);
    copy(&sandbox, &["apps/grafana", "--to-namespace", "monitoring"])
        .code(2)
        .complains("exists already");
}

#[test]
fn one_of_several_secrets_of_a_file_is_copied_alone() {
    let sandbox = Sandbox::nerv();
    let stream = format!("{GRAFANA}/stream.yaml");
    sandbox.write(
        &stream,
        "apiVersion: v1\nkind: Secret\nmetadata: {name: one, namespace: apps}\nstringData: {A: TESTonlyA}\n---\n\
         # the second\napiVersion: v1\nkind: Secret\nmetadata: {name: two, namespace: apps}\nstringData: {B: TESTonlyB}\n---\n\
         apiVersion: v1\nkind: List\nitems:\n# the third\n- apiVersion: v1\n  kind: Secret # here\n  metadata: {name: three, namespace: apps}\n  stringData:\n    C: TESTonlyC\n    # octal\n    D: '0755'\n",
    );
    let sops = sandbox.run(reference::current_sops()).args(["--config", "nerv/.sops.yaml"]);
    sops.args(["--encrypt", "--in-place", &stream]).go().success();
    for (name, key, value) in [("two", "B", "TESTonlyB"), ("three", "D", "0755")] {
        let new = format!("{name}-copy");
        copy(&sandbox, &[name, "--to", "paperless", "--name", &new]).success();
        let file = format!("{PAPERLESS}/{new}-secret.yaml");
        assert_value(&sandbox, &file, &["stringData", key], value);
        let plain =
            sandbox.run(reference::current_sops()).args(["--decrypt", &file]).go().success();
        assert_eq!(plain.stdout().matches("kind:").count(), 1, "{}", plain.stdout());
        assert!(!plain.stdout().contains("TESTonlyA"));
        let comments: &[&str] =
            if name == "two" { &["# the second"] } else { &["# the third", "# here", "# octal"] };
        comments
            .iter()
            .for_each(|text| assert!(plain.stdout().contains(text), "{}", plain.stdout()));
    }
    built(&sandbox, PAPERLESS);
}

#[test]
fn what_has_no_place_or_no_identity_is_refused() {
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    copy(&sandbox, &["grafana"]).code(2).complains("required");
    copy(&sandbox, &["grafana", "--to", "nobody"]).code(2).complains("there is no app `nobody`");
    copy(&sandbox, &["nobody", "--to", "grafana"]).code(2).complains("no Secret `nobody`");
    copy(&sandbox, &["grafana", "--name", "X"]).code(2).complains("`X` is not a name for a Secret");
    copy(&sandbox, &["shared-postgres", "--to", "grafana"])
        .code(2)
        .complains("3 Secrets can be meant by `shared-postgres`");
    sandbox.remove_identity();
    copy(&sandbox, &["grafana", "--name", "x"]).code(2).complains("SOPS_AGE_KEY_FILE");
    untouched.assert_untouched(&sandbox.snapshot());
}
