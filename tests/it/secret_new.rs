//! `secret new` by flags, as in a script. The real sops reads what it wrote, and kustomize builds the app before and
//! after.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::{Outcome, Sandbox};
use crate::{proof, reference};

pub(crate) const PAPERLESS: &str = "nerv/main/cluster/apps/paperless/app";
pub(crate) const GRAFANA: &str = "nerv/main/cluster/apps/grafana/app";

/// A value of a file, decrypted by the real sops of some version.
#[track_caller]
pub(crate) fn decrypted(sandbox: &Sandbox, version: &str, file: &str, route: &[&str]) -> String {
    let route: String = route.iter().map(|key| format!("[{key:?}]")).collect();
    let run = sandbox.run(reference::sops(version)).args(["--decrypt", "--extract", &route, file]);
    let outcome =
        run.env("SOPS_AGE_KEY_FILE", sandbox.home().join(".config/sops/age/keys.txt")).go();
    proof::record(
        "secret new",
        "values are read by both sops",
        &format!("{version} {file} {route}"),
    );
    outcome.success().stdout()
}

/// Asserts that both versions of sops read this value.
#[track_caller]
pub(crate) fn assert_value(sandbox: &Sandbox, file: &str, route: &[&str], wanted: &str) {
    for version in reference::versions("sops") {
        assert_eq!(decrypted(sandbox, version, file, route), wanted, "{version} {route:?}");
    }
}

/// What kustomize makes of an app.
#[track_caller]
pub(crate) fn built(sandbox: &Sandbox, app: &str) -> String {
    sandbox.run(reference::kustomize()).args(["build", app]).go().success().stdout()
}

/// `keywright secret new` with some arguments, in a sandbox with the sample.
fn secret_new<'a>(sandbox: &'a Sandbox, args: &[&str], stdin: &[u8]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "new"], args].concat()).stdin(stdin).go()
}

#[test]
fn a_password_and_the_url_made_from_it() {
    let sandbox = Sandbox::nerv();
    let file = format!("{PAPERLESS}/paperless-smtp-secret.yaml");
    let before = built(&sandbox, PAPERLESS);
    assert!(!before.contains("paperless-smtp"));
    let template = "SMTP_URL=smtp://paperless:{SMTP_PASSWORD|url}@mail.example.com:587";
    let args = [
        "paperless",
        "--name",
        "paperless-smtp",
        "--generate",
        "SMTP_PASSWORD",
        "--template",
        template,
    ];

    let untouched = sandbox.snapshot();
    let dry = secret_new(&sandbox, &[&args[..], &["--dry-run"]].concat(), b"").success();
    dry.prints("  SMTP_PASSWORD: ENC[").prints("+  - ./paperless-smtp-secret.yaml");
    untouched.assert_untouched(&sandbox.snapshot());

    secret_new(&sandbox, &args, b"").success();
    assert_eq!(sandbox.git_status(), format!(" M {PAPERLESS}/kustomization.yaml\n?? {file}\n"));
    let password = decrypted(&sandbox, "3.13.3", &file, &["stringData", "SMTP_PASSWORD"]);
    assert_eq!(password.len(), 40);
    assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
    assert_value(&sandbox, &file, &["stringData", "SMTP_PASSWORD"], &password);
    let url = format!("smtp://paperless:{password}@mail.example.com:587");
    assert_value(&sandbox, &file, &["stringData", "SMTP_URL"], &url);
    assert!(built(&sandbox, PAPERLESS).contains("name: paperless-smtp\n"));
    sandbox.assert_no_trace_of(&password, &[]);
}

#[test]
fn a_value_from_standard_input() {
    let sandbox = Sandbox::nerv();
    let file = format!("{GRAFANA}/grafana-oidc-secret.yaml");
    let args = ["grafana", "--name", "grafana-oidc", "--set-stdin", "CLIENT_SECRET"];
    secret_new(&sandbox, &args, b"s3cr3tCanary").success();
    assert_value(&sandbox, &file, &["stringData", "CLIENT_SECRET"], "s3cr3tCanary");
    assert_value(&sandbox, &file, &["metadata", "namespace"], "apps");
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
    // The same once more: the name is taken.
    let untouched = sandbox.snapshot();
    secret_new(&sandbox, &args, b"s3cr3tCanary")
        .code(2)
        .complains(&format!("{file}: Secret `grafana-oidc` exists already"))
        .complains("hint: choose another name with `--name`");
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn hostile_values_arrive_and_are_encoded_in_a_url() {
    let sandbox = Sandbox::nerv();
    let file = format!("{GRAFANA}/hostile-secret.yaml");
    let value = "p@ss/w:ö %~-._+#?&={}'\"\\ENC[x]\u{2028}";
    let args = [
        "grafana",
        "--name",
        "hostile",
        "--template",
        "URL=x://u:{V|url}@h",
        "--set-stdin",
        "V",
        "--template",
        "BOTH={{{V}}}{URL}",
    ];
    secret_new(&sandbox, &args, value.as_bytes()).success();
    let url =
        "x://u:p%40ss%2Fw%3A%C3%B6%20%25~-._%2B%23%3F%26%3D%7B%7D%27%22%5CENC%5Bx%5D%E2%80%A8@h";
    assert_value(&sandbox, &file, &["stringData", "V"], value);
    assert_value(&sandbox, &file, &["stringData", "URL"], url);
    assert_value(&sandbox, &file, &["stringData", "BOTH"], &format!("{{{value}}}{url}"));
    let text = sandbox.read(&file);
    let places = ["  URL:", "  V:", "  BOTH:"].map(|key| text.find(key).unwrap());
    assert!(places.is_sorted(), "not in the order of the command line\n{text}");
}

#[test]
fn files_go_in_byte_for_byte() {
    let sandbox = Sandbox::nerv();
    let file = format!("{GRAFANA}/files-secret.yaml");
    let binary: Vec<u8> = (0..=255).cycle().take(6000).collect();
    let lines = "-----BEGIN CANARY-----\n  indented\n\nlast  \n";
    sandbox.write("../tmp/binary", &binary);
    sandbox.write("../tmp/lines", lines);
    sandbox.write("../tmp/crlf", "a\r\nb");
    let args = [
        "grafana",
        "--name",
        "files",
        "--from-file",
        "store.p12=../tmp/binary",
        "--from-file",
        "tls.key=../tmp/lines",
        "--from-file",
        "CRLF=../tmp/crlf",
    ];
    secret_new(&sandbox, &args, b"").success();
    assert_value(&sandbox, &file, &["data", "store.p12"], &STANDARD.encode(&binary));
    assert_value(&sandbox, &file, &["stringData", "tls.key"], lines);
    assert_value(&sandbox, &file, &["stringData", "CRLF"], "a\r\nb");
    assert!(built(&sandbox, GRAFANA).contains("store.p12"));
}

#[test]
fn the_release_reads_the_secret_when_asked() {
    let sandbox = Sandbox::nerv();
    let args = ["grafana", "--name", "grafana-smtp", "--generate", "PASSWORD", "--env-from"];
    secret_new(&sandbox, &args, b"").success();
    let changed =
        sandbox.git(&["diff", "--unified=0", "--", &format!("{GRAFANA}/helmrelease.yaml")]);
    let added: Vec<&str> = changed.lines().filter(|l| l.starts_with(['+', '-'])).skip(2).collect();
    assert_eq!(added, ["+              - secretRef:", "+                  name: grafana-smtp"]);
    assert_eq!(sandbox.git_status().lines().count(), 3);
    built(&sandbox, GRAFANA);
}

#[test]
fn another_kustomize_file_lists_it_or_none_does() {
    let sandbox = Sandbox::nerv();
    let above = "nerv/main/cluster/apps/kustomization.yaml";
    let args = ["grafana", "--name", "x", "--generate", "K", "--list-in"];
    // A path is one of the working directory.
    let run = sandbox.keywright(["-C", "nerv/main/cluster/apps/grafana", "secret", "new"]);
    run.args(args).arg("../kustomization.yaml").go().success();
    let changed = sandbox.git(&["diff", "--unified=0", "--", above]);
    assert!(changed.contains("+  - grafana/app/x-secret.yaml\n"), "{changed}");
    assert_eq!(sandbox.git_status(), format!(" M {above}\n?? {GRAFANA}/x-secret.yaml\n"));
    let cluster = "nerv/main/cluster/apps";
    assert!(built(&sandbox, cluster).contains("name: x\n"));
    sandbox.commit_all("listed above");

    let args = ["grafana", "--name", "y", "--generate", "K", "--list-in"];
    secret_new(&sandbox, &[&args[..], &["none"]].concat(), b"").success();
    assert_eq!(sandbox.git_status(), format!("?? {GRAFANA}/y-secret.yaml\n"));
    sandbox.commit_all("listed nowhere");

    let args = ["grafana", "--name", "z", "--generate", "K", "--list-in"];
    let untouched = sandbox.snapshot();
    let other = format!("{PAPERLESS}/kustomization.yaml");
    for (list, complaint) in [
        (other.as_str(), "is no kustomize file of the app or above it; there is `nerv/"),
        ("nowhere.yaml", "nowhere.yaml: "),
        ("/etc/hostname", "is outside of the repository"),
    ] {
        secret_new(&sandbox, &[&args[..], &[list]].concat(), b"").code(2).complains(complaint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn a_kustomization_that_would_apply_tokens_is_told() {
    let args = ["--name", "x", "--generate", "K", "--dry-run"];
    let warning = "`releases` has no `decryption`, so encrypted values would reach the cluster as they are; \
                   `keywright init --fix-decryption` adds it";
    let sandbox = Sandbox::sample("nerv-platform");
    sandbox.keywright(["init", "--yes"]).go().success();
    let report = [&["traefik"], &args[..], &["--format", "json"]].concat();
    secret_new(&sandbox, &report, b"").success().complains(warning).prints(warning);
    sandbox.keywright(["init", "--fix-decryption", "--yes"]).go().success();
    let told = secret_new(&sandbox, &[&["traefik"], &args[..]].concat(), b"").success();
    assert_eq!(told.stderr(), "");
}

#[test]
fn without_a_terminal_a_missing_answer_is_named_with_its_flag() {
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    let cases: [(&[&str], &str, &str); 11] = [
        (&[], "no app given", "keywright secret new APP"),
        (&["grafana"], "no keys given", "--generate KEY"),
        (&["grafana", "--generate", "K"], "Secret `grafana` exists already", "--name"),
        (&["grafana", "--name", "x"], "no keys given", "--generate KEY"),
        (
            &["asuka", "--name", "x", "--generate", "K"],
            "there is no app `asuka`; found: grafana, miniflux",
            "",
        ),
        (
            &["graphana", "--name", "x", "--generate", "K"],
            "there is no app `graphana`; found: grafana, miniflux",
            "hint: did you mean `grafana`?",
        ),
        (&["grafana", "--name", "X", "--generate", "K"], "`X` is not a name", "--name"),
        (&["grafana", "--name", "x", "--from-file", "K=nowhere"], "nowhere: ", ""),
        (
            &["grafana", "--name", "x", "--template", "K={L}"],
            "template of `K`, column 1: there is no key `L`",
            "",
        ),
        (
            &["shared-postgres", "--name", "x", "--generate", "K", "--env-from"],
            "no container here to give the Secret to",
            "leave `--env-from`, `--env` and `--mount` out",
        ),
        (
            &["grafana", "--name", "x", "--generate", "K", "--env-from", "--container", "a/b"],
            "there is no container `a/b`; there is grafana/app",
            "--container CONTROLLER/CONTAINER",
        ),
    ];
    for (args, complaint, hint) in cases {
        secret_new(&sandbox, args, b"").code(2).complains(complaint).complains(hint);
    }
    for (args, complaint) in [
        (["--generate", "K=alnum:8"], "48 bits of entropy"),
        (["--generate", "K=pronounceable"], "unknown policy"),
        (["--set-stdin", "a b"], "a key has letters"),
    ] {
        secret_new(&sandbox, &[&["grafana", "--name", "x"], &args[..]].concat(), b"")
            .code(2)
            .complains(complaint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn a_failure_shows_no_value() {
    let sandbox = Sandbox::nerv();
    let args = ["grafana", "--name", "x", "--set-stdin", "A", "--template", "B={C}"];
    secret_new(&sandbox, &args, b"s3cr3tCanary").code(2);
    let large = [b"s3cr3tCanary".repeat(100_000), b"\n".to_vec()].concat();
    secret_new(&sandbox, &args[..5], &large).code(2).complains("a Secret holds at most 1048576");
    sandbox.write("nerv/.sops.yaml", "creation_rules: [{encrypted_regex: ^data$, age: x}]\n");
    secret_new(&sandbox, &args[..5], b"s3cr3tCanary").code(2);
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
}
