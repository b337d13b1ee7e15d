//! `db rotate`: every secret with the old password gets the new one, nothing else changes, and PostgreSQL agrees.

use crate::decrypted::{self, current as value};
use crate::operator::Operator;
use crate::sandbox::Sandbox;
use crate::verbs::another;
use crate::{proof, reference};

const APPS: &str = "nerv/main/cluster/apps";
const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// The password of `miniflux` in the sample.
const OLD: &str = "TESTonly+mini/flux=8r:T@1";

/// How a URL has to spell it.
const ENCODED: &str = "TESTonly%2Bmini%2Fflux%3D8r%3AT%401";

/// The TEST ONLY recipient of the sample.
const RECIPIENT: &str = crate::verbs::RECIPIENT;

fn role_secret(app: &str) -> String {
    format!("{POSTGRES}/postgres-{app}-user-secret.yaml")
}

fn app_secret(app: &str) -> String {
    format!("{APPS}/{app}/app/secret.yaml")
}

fn rotate(sandbox: &Sandbox, app: &str) -> String {
    let run = sandbox.keywright(["db", "rotate", app]).go().success();
    run.stdout()
}

/// The lines that went, but for tokens of the MAC and the time.
fn removed(sandbox: &Sandbox) -> Vec<String> {
    let diff = sandbox.git(&["diff", "--unified=0"]);
    let lines = diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---"));
    let lines = lines.map(|line| line[1..].trim().split("ENC[").next().unwrap().to_owned());
    lines.filter(|line| line != "mac: " && !line.starts_with("lastmodified")).collect()
}

#[test]
fn two_files_change_and_nothing_else_in_them() {
    for (app, key, own) in [
        ("miniflux", "DATABASE_URL: ", "stringData.password"),
        ("pocket-id", "DB_CONNECTION_STRING: ", "stringData.password"),
        ("paperless", "PAPERLESS_DBPASS: ", "data.password"),
    ] {
        let sandbox = Sandbox::nerv();
        let files = [app_secret(app), role_secret(app)];
        let versions = reference::versions("sops");
        let before = files.each_ref().map(|file| decrypted::file(&sandbox, versions[0], file));
        let said = rotate(&sandbox, app);
        assert!(said.contains(&format!("  {}: stringData.{}\n", files[0], &key[..key.len() - 2])));
        assert!(said.contains(&format!("  {}: {own}\n", files[1])), "{said}");
        assert!(said.contains("changed 2 files") && !said.contains("restart"), "{said}");
        let status = files.each_ref().map(|file| format!(" M {file}\n")).concat();
        assert_eq!(sandbox.git_status(), status);
        assert_eq!(removed(&sandbox), [key, "password: "]);
        for version in versions {
            let after = files.each_ref().map(|file| decrypted::file(&sandbox, version, file));
            for (before, after) in before.iter().zip(&after) {
                let differ = before.lines().zip(after.lines()).filter(|(one, other)| one != other);
                // sops 3.9 prints another indentation than it reads; the values are what counts.
                let differ = differ.filter(|(one, other)| one.trim() != other.trim());
                assert_eq!(differ.count(), 1, "{before}\n{after}");
            }
            proof::record("rotate", &format!("sops {version} decrypts, MAC valid"), app);
        }
        let first = value(&sandbox, &files[0], &key[..key.len() - 2]);
        rotate(&sandbox, app);
        let second = value(&sandbox, &files[0], &key[..key.len() - 2]);
        assert_ne!(first, second);
        assert_eq!(first.len(), second.len());
    }
}

#[test]
fn postgresql_lets_in_the_new_password_and_not_the_old_one() {
    let operator = Operator::start();
    let sandbox = Sandbox::nerv();
    assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
    let url = || value(&sandbox, &app_secret("miniflux"), "DATABASE_URL");
    let old = url();
    assert!(old.contains(ENCODED) && operator.login(&old).is_ok());
    let given = "n/e+w p@ss:1%2f&?#=";
    let run = sandbox.keywright(["db", "rotate", "miniflux", "--password-stdin"]).stdin(given);
    run.go().success();
    assert_eq!(operator.reconcile(&sandbox, POSTGRES), Vec::<String>::new());
    assert_eq!(operator.login(&url()).as_deref(), Ok("miniflux|miniflux"));
    assert!(operator.login(&old).is_err(), "the old password is of no use");
    assert!(url().ends_with("/miniflux?sslmode=require"));
    assert_eq!(url().replace("n%2Fe%2Bw%20p%40ss%3A1%252f%26%3F%23%3D", ENCODED), old);
    sandbox.assert_no_trace_of(given, &[]);
    sandbox.assert_no_trace_of(OLD, &[]);
    proof::record("rotate", "PostgreSQL takes the new password, not the old one", "miniflux");
}

#[test]
fn a_role_of_which_only_a_verifier_is_kept_gets_a_new_one() {
    let operator = Operator::start();
    let sandbox = Sandbox::nerv();
    sandbox.keywright(["db", "provision", "grafana", "--scram"]).go().success();
    operator.reconcile(&sandbox, POSTGRES);
    let url = || value(&sandbox, &app_secret("grafana"), "DATABASE_URL");
    let old = url();
    rotate(&sandbox, "grafana");
    assert!(value(&sandbox, &role_secret("grafana"), "password").starts_with("SCRAM-SHA-256$"));
    operator.reconcile(&sandbox, POSTGRES);
    assert!(operator.login(&url()).is_ok() && operator.login(&old).is_err());

    let password = url().split([':', '@']).nth(2).unwrap().to_owned();
    sandbox.keywright(["unset", &app_secret("grafana"), r#"["stringData"]["DATABASE_URL"]"#]).go();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "rotate", "grafana"]).go().code(2);
    run.complains("holds a hash")
        .complains("hint: give the present password with `--old-password-stdin`");
    let given = || sandbox.keywright(["db", "rotate", "grafana", "--old-password-stdin"]);
    given().stdin("another").go().code(2).complains("has another password than the one");
    before.assert_untouched(&sandbox.snapshot());
    let run = given().stdin(password).go().code(2);
    run.complains("nobody would know the new password");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn files_of_every_format_get_the_new_password() {
    let sandbox = Sandbox::nerv();
    let jdbc = format!("jdbc:postgresql://pg/d?password={ENCODED}&user=miniflux");
    let pgpass = "pg:5432:miniflux:miniflux:TESTonly+mini/flux=8r\\:T@1";
    let quoted = pgpass.replace('\\', "\\\\");
    let base64 = "VEVTVG9ubHkrbWluaS9mbHV4PThyOlRAMQ==";
    let config =
        format!("  [db]\n  # of the database\n  password = \"{OLD}\"\n  user = \"miniflux\"\n");
    let files = [
        ("config/a.env", format!("# a comment\nOTHER=TESTonlyOther1\nPG=\"{OLD}\"\nURL={jdbc}\n")),
        ("config/a.ini", format!("[db]\npassword = {OLD}\nother = TESTonlyOther1\n")),
        (
            "config/a.json",
            format!("{{\"a\": [\"{OLD}\", \"TESTonlyOther1\"], \"b\": \"{quoted}\"}}\n"),
        ),
        (
            "config/a.yaml",
            format!(
                "# kept\nlist:\n  - TESTonlyOther1\n  - '{OLD}' # kept, too\nconfig: |\n{config}"
            ),
        ),
        ("config/pgpass", format!("# all\n*:*:*:other:TESTonlyOther1\n{pgpass}\n")),
        (
            "config/b.yaml",
            format!(
                "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata:\n      name: a\n    data:\n      a: {base64}\n      b: VEVTVG9ubHlPdGhlcjE=\n"
            ),
        ),
    ];
    let sops = reference::current_sops();
    for (file, text) in &files {
        sandbox.write(file, text);
        let run = sandbox.run(&sops).args(["--age", RECIPIENT, "--encrypt", "--in-place", file]);
        run.go().success();
    }
    sandbox.commit_all("files of other formats");
    let plain = |version: &str, file: &str| decrypted::file(&sandbox, version, file);
    let versions = reference::versions("sops");
    let before: Vec<_> = versions
        .iter()
        .map(|version| files.each_ref().map(|(file, _)| plain(version, file)))
        .collect();
    let said = rotate(&sandbox, "miniflux");
    for place in [
        "config/a.env: PG\n",
        "config/a.env: URL\n",
        "config/a.ini: db.password\n",
        "config/a.json: a[0]\n",
        "config/a.json: b\n",
        "config/a.yaml: list[1]\n",
        "config/a.yaml: config\n",
        "config/pgpass\n",
        "config/b.yaml: items[0].data.a\n",
    ] {
        assert!(said.contains(&format!("  {place}")), "{place} in {said}");
    }
    let new = value(&sandbox, &role_secret("miniflux"), "password");
    for (version, before) in versions.iter().zip(before) {
        for ((file, _), before) in files.iter().zip(before) {
            use base64::Engine as _;
            let encoded = base64::engine::general_purpose::STANDARD.encode(&new);
            let spelled =
                [OLD, ENCODED, "TESTonly+mini/flux=8r\\:T@1", "TESTonly+mini/flux=8r\\\\:T@1"];
            let wanted = spelled.iter().fold(before, |text, old| text.replace(old, &new));
            assert_eq!(plain(version, file), wanted.replace(base64, &encoded), "{version} {file}");
        }
    }
    let gone = removed(&sandbox);
    assert!(!gone.iter().any(|line| line.contains("OTHER") || line.contains("other")), "{gone:?}");
    assert!(
        sandbox.git(&["diff"]).contains("#ENC[") || !gone.iter().any(|line| line.starts_with('#'))
    );
    sandbox.assert_no_trace_of(&new, &[]);
}

#[test]
fn an_encrypted_file_that_cannot_be_read_stops_it() {
    let sandbox = Sandbox::nerv();
    let other = another(&sandbox, false);
    sandbox.write("config/foreign.yaml", "a: TESTonlyForeign1\n");
    sandbox.write("config/foreign.env", "A=TESTonlyForeign1\n");
    for file in ["config/foreign.yaml", "config/foreign.env"] {
        let args = ["--age", &other, "--encrypt", "--in-place", file];
        sandbox.run(reference::current_sops()).args(args).go().success();
    }
    sandbox.write("config/torn.yaml", "a: ENC[AES256_GCM,data:x\nsops: {\n");
    sandbox.write("docs/sops.md", "a token looks like `ENC[AES256_GCM,…]`, see sops\n");
    sandbox.commit_all("files for somebody else");
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "rotate", "miniflux"]).go().code(2);
    let run = run.complains("3 of the encrypted files").complains("config/foreign.yaml: ");
    let run = run.complains("config/foreign.env: ").complains("config/torn.yaml:");
    run.complains("`--skip config/foreign.env`");
    before.assert_untouched(&sandbox.snapshot());
    let args = ["db", "rotate", "miniflux", "--skip", "foreign.yaml", "--skip", "foreign.env"];
    let args = args.iter().chain(&["--skip", "torn.yaml"]);
    let run = sandbox.keywright(args).within("config").go().success();
    run.prints("changed 2 files");
}

#[test]
fn a_password_in_an_external_store_is_refused_or_told() {
    let sandbox = Sandbox::sample("home-ops");
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "rotate", "authentik"]).go().code(2);
    run.complains("is not in this repository, but in the item `/database/cnpg-users`")
        .complains("of the store `akeyless-secret-store`");
    let run = sandbox.keywright(["db", "rotate", "mealie"]).go().code(2);
    run.complains("the Cluster has no role `mealie`");
    before.assert_untouched(&sandbox.snapshot());

    let sandbox = Sandbox::sample("k8s-ops");
    let run = sandbox.keywright(["db", "rotate", "odoo"]).go().success();
    run.prints("change there, too:\n  the item `odoo` of the store `onepassword-connect`");
    let status = sandbox.git_status();
    assert_eq!(status.lines().count(), 1, "{status}");
    assert!(status.contains("roles/odoo-pguser-secret.sops.yaml"), "{status}");
    sandbox.keywright(["db", "rotate", "n8n"]).go().code(2).complains("has no role `n8n`");

    let sandbox = Sandbox::sample("k8s-ops");
    sandbox.keywright(["db", "provision", "n8n"]).go().success();
    sandbox.commit_all("a database");
    let run = sandbox.keywright(["db", "rotate", "n8n"]).go().success();
    let run = run.prints("app/n8n-pguser-secret.sops.yaml: stringData.password");
    let run = run.prints("app/n8n-pguser-secret.sops.yaml: stringData.uri");
    assert!(!run.stdout().contains("change there"), "{}", run.stdout());
}

#[test]
fn what_is_not_restarted_by_itself_is_named() {
    let sandbox = Sandbox::nerv();
    let release = format!("{APPS}/miniflux/app/helmrelease.yaml");
    let text = sandbox.read(&release).replace("reloader.stakater.com/auto: \"true\"", "a: b");
    sandbox.write(&release, text);
    let run = sandbox.keywright(["db", "rotate", "miniflux", "--dry-run"]).go().success();
    let run = run.prints("dry run: 2 files would change");
    run.prints("\n  kubectl rollout restart -n apps deployment/miniflux\n");
    assert_eq!(sandbox.git_status().lines().count(), 1, "a dry run writes nothing");
}

#[test]
fn an_unencrypted_secret_with_the_password_is_refused_and_a_page_is_named() {
    let sandbox = Sandbox::nerv();
    sandbox.write("docs/runbook.md", format!("The password was {OLD}.\n"));
    let secret = format!("{APPS}/miniflux/app/other.yaml");
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: o}\ndata: {a: VEVTVG9ubHkrbWluaS9mbHV4PThyOlRAMQ==}\n";
    sandbox.write(&secret, text);
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "rotate", "miniflux"]).go().code(2);
    run.complains(&format!("{secret}: is not encrypted"));
    before.assert_untouched(&sandbox.snapshot());
    sandbox.write(&secret, "a: b\n");
    let run = sandbox.keywright(["db", "rotate", "miniflux"]).go().success();
    run.complains("docs/runbook.md: has the old password in plain text, and keeps it");
}
