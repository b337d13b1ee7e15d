//! `secret new --external` in the samples that have references: what is written, byte for byte, that kustomize builds
//! it, the schemas of the operators accept it, and nothing else changes.

use crate::sandbox::{DATA, Outcome, Sandbox};
use crate::secret_new::built;
use crate::terminal::Terminal;
use crate::{proof, reference};

const MEALIE: &str = "kubernetes/apps/default/mealie/app";
const N8N: &str = "kubernetes/apps/business/n8n/app";

/// A sample in Git, without an identity: none is needed.
fn sample(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/{name}"), "");
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("the sample");
    sandbox
}

/// `keywright secret new --external` with some arguments.
fn external<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "new", "--external"], args].concat()).go()
}

/// Asserts that the new file and the list are all that changed, and that the schema of the operator accepts the file.
#[track_caller]
fn assert_accepted(sandbox: &Sandbox, directory: &str, file: &str) {
    let path = format!("{directory}/{file}");
    let status = format!(" M {directory}/kustomization.yaml\n?? {path}\n");
    assert_eq!(sandbox.git_status(), status);
    let schema = format!(
        "{DATA}/schemas/{{{{.ResourceKind}}}}_{{{{.Group}}}}_{{{{.ResourceAPIVersion}}}}.json"
    );
    let run = sandbox.run(reference::kubeconform()).args(["-strict", "-summary"]);
    let run = run.args(["-schema-location", &schema]).arg(&path);
    run.go().success().prints("Valid: 1, Invalid: 0, Errors: 0, Skipped: 0");
    proof::record("secret new --external", "kustomize builds it, the schemas accept it", &path);
}

#[test]
fn a_reference_beside_the_app_as_its_nearest_sibling_has_it() {
    let sandbox = sample("home-ops");
    let before = built(&sandbox, MEALIE);
    let untouched = sandbox.snapshot();
    let told = "outside of the repository there must be:\n  in the ClusterSecretStore `akeyless-secret-store`: the item \
                `mealie`, each field of which becomes a key of the Secret\nthe app can use the Secret `mealie-secret` then\n";
    let dry = external(&sandbox, &["mealie", "--dry-run"]).success();
    dry.prints("+  - ./externalsecret.yaml").prints("dry run: 2 files would change\n").prints(told);
    untouched.assert_untouched(&sandbox.snapshot());

    let done = external(&sandbox, &["mealie", "-v"]).success().prints(told);
    let sibling = "kubernetes/apps/default/authentik/app/externalsecret.yaml";
    let done = done.complains(&format!("item: mealie (from {sibling})\n"));
    done.complains(&format!(
        "note: {sibling}: External Secrets 0.17 and later do not serve `v1beta1`"
    ));
    let wanted = "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: mealie\nspec:\n  \
                  secretStoreRef:\n    kind: ClusterSecretStore\n    name: akeyless-secret-store\n  target:\n    name: \
                  mealie-secret\n  dataFrom:\n    - extract:\n        key: mealie\n";
    assert_eq!(sandbox.read(&format!("{MEALIE}/externalsecret.yaml")), wanted);
    let list = sandbox.read(&format!("{MEALIE}/kustomization.yaml"));
    assert!(
        list.contains("resources:\n  - ./externalsecret.yaml\n  - ./helmrelease.yaml\n"),
        "{list}"
    );
    assert_accepted(&sandbox, MEALIE, "externalsecret.yaml");
    let after = built(&sandbox, MEALIE);
    let added = after.split("---\n").find(|one| one.contains("kind: ExternalSecret\n")).unwrap();
    assert!(added.contains("  target:\n    name: mealie-secret\n"), "{added}");
    assert_eq!(after.len(), before.len() + added.len() + "---\n".len());

    let untouched = sandbox.snapshot();
    external(&sandbox, &["mealie"])
        .code(2)
        .complains("app/externalsecret.yaml: Secret `mealie-secret` exists already, made by the ExternalSecret here\n")
        .complains("hint: choose another name with `--name`");
    untouched.assert_untouched(&sandbox.snapshot());
    let second =
        external(&sandbox, &["mealie", "--name", "mealie-smtp-secret", "--dry-run"]).success();
    second
        .prints(&format!("+++ {MEALIE}/mealie-smtp-externalsecret.yaml (new)"))
        .prints("+  name: mealie-smtp\n");
}

#[test]
fn keys_one_by_one_where_siblings_name_them() {
    let sandbox = sample("k8s-ops");
    built(&sandbox, N8N);
    let untouched = sandbox.snapshot();
    external(&sandbox, &["n8n"])
        .code(2)
        .complains(&format!("{N8N}/n8n-secret.sops.yaml: Secret `n8n-secret` exists already"));
    external(&sandbox, &["n8n", "--name", "n8n-smtp"])
        .code(2)
        .complains("odoo/app/externalsecret.yaml: the references here name each key of the Secret, and none is given")
        .complains("hint: name what the app reads with `--field KEY`");
    untouched.assert_untouched(&sandbox.snapshot());

    let fields = ["n8n", "--name", "n8n-smtp", "--field", "SMTP_PASSWORD", "--field", "tls.crt"];
    external(&sandbox, &fields).success().prints(
        "  in the ClusterSecretStore `onepassword-connect`: the item `n8n` with the fields `SMTP_PASSWORD`, `tls.crt`\n\
         the app can use the Secret `n8n-smtp` then\n",
    );
    let wanted = "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: n8n-smtp\nspec:\n  \
                  refreshInterval: 1h\n  secretStoreRef:\n    kind: ClusterSecretStore\n    name: onepassword-connect\n  \
                  target:\n    name: n8n-smtp\n    creationPolicy: Owner\n  data:\n    - secretKey: SMTP_PASSWORD\n      \
                  remoteRef:\n        key: n8n\n        property: SMTP_PASSWORD\n    - secretKey: tls.crt\n      \
                  remoteRef:\n        key: n8n\n        property: tls.crt\n";
    assert_eq!(sandbox.read(&format!("{N8N}/externalsecret.yaml")), wanted);
    assert_accepted(&sandbox, N8N, "externalsecret.yaml");
    assert!(built(&sandbox, N8N).contains("kind: ExternalSecret\n"));
}

#[test]
fn an_item_of_a_vault() {
    let sandbox = sample("lab");
    assert!(!built(&sandbox, "apps/nats").contains("OnePasswordItem"));
    external(&sandbox, &["nats", "--field", "TOKEN"]).success().prints(
        "  in the vault `lab`: the item `nats` with the fields `TOKEN`\nthe app can use the Secret `nats` then\n",
    );
    let wanted = "apiVersion: onepassword.com/v1\nkind: OnePasswordItem\nmetadata:\n  name: nats\nspec:\n  itemPath: \
                  vaults/lab/items/nats\n";
    assert_eq!(sandbox.read("apps/nats/onepassworditem.yaml"), wanted);
    assert_accepted(&sandbox, "apps/nats", "onepassworditem.yaml");
    assert!(built(&sandbox, "apps/nats").contains("itemPath: vaults/lab/items/nats\n"));
    sandbox.keywright(["secret", "list", "nats"]).go().success().prints("OnePasswordItem");
    let other = ["redis", "--store", "work", "--item", "Redis Admin", "--dry-run"];
    external(&sandbox, &other).success().prints("+  itemPath: vaults/work/items/Redis Admin\n");
}

#[test]
fn a_template_of_fields_where_siblings_have_one() {
    let sandbox = sample("home-ops");
    let sibling = "kubernetes/apps/database/cnpg/app/externalsecret.yaml";
    let nearer = "kubernetes/apps/default/authentik/app/externalsecret.yaml";
    sandbox.write(nearer, sandbox.read(sibling).replace("cnpg-secret", "authentik-secret"));
    external(&sandbox, &["mealie", "--field", "A", "--field", "tls.crt"]).success();
    let text = sandbox.read(&format!("{MEALIE}/externalsecret.yaml"));
    let wanted = "  target:\n    name: mealie-secret\n    template:\n      data:\n        A: \"{{ .A }}\"\n        tls.crt: \
                  '{{ index . \"tls.crt\" }}'\n  dataFrom:\n    - extract:\n        key: /database/mealie\n";
    assert!(text.ends_with(wanted), "{text}");
    sandbox.git(&["checkout", "--quiet", nearer]);
    assert_accepted(&sandbox, MEALIE, "externalsecret.yaml");
}

#[test]
fn a_container_gets_what_the_reference_makes() {
    let sandbox = sample("home-ops");
    let args = ["mealie", "--field", "SMTP_PASSWORD", "--env", "SMTP_PASSWORD"];
    external(&sandbox, &[&args[..4], &["SMTP_USER"]].concat())
        .code(2)
        .complains("has no key `SMTP_USER` for the variable `SMTP_USER`; it has SMTP_PASSWORD");
    external(&sandbox, &args).success();
    let release = format!("{MEALIE}/helmrelease.yaml");
    let status =
        format!(" M {release}\n M {MEALIE}/kustomization.yaml\n?? {MEALIE}/externalsecret.yaml\n");
    assert_eq!(sandbox.git_status(), status);
    let changed = sandbox.git(&["diff", "--unified=0", "--", &release]);
    let added: Vec<&str> = changed.lines().filter(|l| l.starts_with(['+', '-'])).skip(2).collect();
    let added = added.iter().map(|line| line.trim_start_matches('+').trim()).collect::<Vec<_>>();
    let wanted = [
        "SMTP_PASSWORD:",
        "valueFrom:",
        "secretKeyRef:",
        "name: mealie-secret",
        "key: SMTP_PASSWORD",
    ];
    assert!(added.ends_with(&wanted), "{added:?}");
    built(&sandbox, MEALIE);
}

#[test]
fn what_is_refused_changes_nothing() {
    let nerv = Sandbox::nerv();
    let untouched = nerv.snapshot();
    external(&nerv, &["grafana"])
        .code(2)
        .complains("there is no ExternalSecret, OnePasswordItem, ClusterSecretStore or SecretStore in this repository")
        .complains("hint: make an encrypted Secret instead: `keywright secret new APP`");
    untouched.assert_untouched(&nerv.snapshot());

    let sandbox = sample("home-ops");
    let untouched = sandbox.snapshot();
    let cases: [(&[&str], &str, &str); 8] = [
        (&[], "no app given", "keywright secret new APP"),
        (&["asuka"], "there is no app `asuka`", ""),
        (&["mealie", "--generate", "A"], "`--external` writes no values", "--field KEY"),
        (&["mealie", "--set-stdin", "A"], "`--external` writes no values", "--field KEY"),
        (&["mealie", "--type", "tls"], "`--type` cannot be used with `--external`", "leave it out"),
        (&["mealie", "--field", "A", "--field", "A"], "key `A` is given twice", ""),
        (&["mealie", "--store", "x"], "no store `x`; found: akeyless-secret-store", "--store"),
        (&["mealie", "--name", "X"], "`X` is not a name for a Secret", "--name"),
    ];
    for (args, complaint, hint) in cases {
        external(&sandbox, args).code(2).complains(complaint).complains(hint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn at_a_terminal_what_is_open_is_asked_and_then_the_plan() {
    let sandbox = sample("k8s-ops");
    let sibling = sandbox.read("kubernetes/apps/business/odoo/app/externalsecret.yaml");
    let other = sibling.replace("odoo", "other").replace("onepassword-connect", "vault-two");
    sandbox.write("kubernetes/apps/business/other/app/externalsecret.yaml", other);
    let refused = external(&sandbox, &["n8n", "--name", "n8n-smtp", "--field", "A"]).code(2);
    refused.complains("hint: choose one: --store `onepassword-connect` or `vault-two`");

    let args = ["secret", "new", "n8n", "--external", "--name", "n8n-smtp"];
    let mut terminal = Terminal::spawn(&sandbox.keywright(args), 80, 40);
    terminal.expect("> ClusterSecretStore `onepassword-connect`");
    terminal.send("j");
    terminal.expect("> ClusterSecretStore `vault-two`");
    terminal.send("\r");
    terminal.expect("Key that the app reads: ");
    terminal.send_line("a b");
    terminal.expect("a key has letters");
    terminal.send_line("A");
    terminal.expect("Another key");
    terminal.send_line("");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let text = sandbox.read(&format!("{N8N}/externalsecret.yaml"));
    assert!(text.contains("name: vault-two\n") && text.contains("secretKey: A\n"), "{text}");
}
