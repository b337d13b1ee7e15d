//! `secret set`, `unset` and `edit`: the real sops of both versions reads what they leave, and nothing else changes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, assert_value, built};
use crate::terminal::Terminal;
use crate::verbs::RECIPIENT;

const CANARY: &str = "s3cr3tCanary";
const PASSWORD: &str = "GF_SECURITY_ADMIN_PASSWORD";

/// `keywright secret` with some arguments.
fn secret<'a>(sandbox: &'a Sandbox, args: &[&str], stdin: &[u8]) -> Outcome<'a> {
    sandbox.keywright([&["secret"], args].concat()).stdin(stdin).go()
}

fn grafana() -> String {
    format!("{GRAFANA}/secret.yaml")
}

/// Writes a Secret beside grafana's, lists it, encrypts it by the real sops, and commits.
fn add(sandbox: &Sandbox, name: &str, content: &str) -> String {
    let file = format!("{GRAFANA}/{name}");
    sandbox.write(&file, content);
    let list = format!("{GRAFANA}/kustomization.yaml");
    sandbox.write(&list, format!("{}  - ./{name}\n", sandbox.read(&list)));
    let sops = sandbox.run(reference::current_sops()).args(["--config", "nerv/.sops.yaml"]);
    sops.args(["--encrypt", "--in-place", &file]).go().success();
    sandbox.commit_all("another Secret");
    file
}

/// The lines that differ from the last commit, without their signs.
fn changed_lines(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let diff = sandbox.git(&["diff", "--unified=0", "--", file]);
    let lines = diff.lines().filter(|line| line.starts_with(['+', '-'])).skip(2);
    lines.map(|line| line[1..].trim().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn only_the_value_the_mac_and_the_time_change() {
    let sandbox = Sandbox::nerv();
    let before = built(&sandbox, GRAFANA);
    let untouched = sandbox.snapshot();
    let dry = secret(&sandbox, &["set", "grafana", PASSWORD, "--dry-run"], CANARY.as_bytes());
    dry.success().prints(&format!("+    {PASSWORD}: ENC[")).prints("1 file would change");
    untouched.assert_untouched(&sandbox.snapshot());

    let line = format!("{CANARY}\n");
    secret(&sandbox, &["set", "grafana", PASSWORD], line.as_bytes()).success();
    assert_eq!(sandbox.git_status(), format!(" M {}\n", grafana()));
    let mut lines = changed_lines(&sandbox, &grafana());
    lines.sort();
    lines.dedup();
    // Within the same second the time is the same.
    lines.retain(|line| line != "lastmodified");
    assert_eq!(lines, [PASSWORD, "mac"]);
    assert_value(&sandbox, &grafana(), &["stringData", PASSWORD], CANARY);
    assert_value(&sandbox, &grafana(), &["stringData", "GF_SECURITY_ADMIN_USER"], "rei");
    assert_eq!(before.lines().count(), built(&sandbox, GRAFANA).lines().count());
    sandbox.assert_no_trace_of(CANARY, &[]);

    // The same value once more is nothing to do.
    sandbox.commit_all("set");
    secret(&sandbox, &["set", "apps/grafana", PASSWORD], CANARY.as_bytes())
        .success()
        .prints("nothing to do");
    assert_eq!(sandbox.git_status(), "");
}

#[test]
fn new_keys_are_appended_and_values_of_every_kind_arrive() {
    let sandbox = Sandbox::nerv();
    let binary: Vec<u8> = (0..=255).collect();
    let lines = "-----BEGIN X-----\n  indented\n\nlast\n";
    sandbox.write("../tmp/binary", &binary);
    sandbox.write("../tmp/lines", lines);
    let args = [
        "set",
        "grafana",
        "--from-file",
        "store.p12=../tmp/binary",
        "--from-file",
        "tls.pem=../tmp/lines",
        "--set-stdin",
        "ODD",
        "--generate",
        "TOKEN=alnum:24",
    ];
    let odd = "p@ss: 'x' # \"y\" {z} ö\t\\";
    secret(&sandbox, &args, odd.as_bytes()).success();
    let file = grafana();
    assert_value(&sandbox, &file, &["data", "store.p12"], &STANDARD.encode(&binary));
    assert_value(&sandbox, &file, &["stringData", "tls.pem"], lines);
    assert_value(&sandbox, &file, &["stringData", "ODD"], odd);
    assert_value(&sandbox, &file, &["stringData", PASSWORD], "TESTonlyGrafanaAdmin4d");
    let text = sandbox.read(&file);
    let places = ["  GF_SECURITY_ADMIN_PASSWORD:", "  tls.pem:", "  ODD:", "  TOKEN:"];
    assert!(places.map(|key| text.find(key).unwrap()).is_sorted(), "{text}");
    built(&sandbox, GRAFANA);

    // Text becomes bytes, and stays where bytes are when it is text again.
    let key = ["set", "grafana", "ODD"];
    secret(&sandbox, &[&key[..], &["--from-file", "../tmp/binary"]].concat(), b"").success();
    assert_value(&sandbox, &file, &["data", "ODD"], &STANDARD.encode(&binary));
    secret(&sandbox, &key, b"text").success();
    assert_value(&sandbox, &file, &["data", "ODD"], &STANDARD.encode("text"));
    let got = secret(&sandbox, &["get", "grafana", "ODD"], b"").success();
    assert_eq!(got.stdout(), "text");
}

#[test]
fn secrets_in_streams_and_lists_are_changed_in_their_place() {
    let sandbox = Sandbox::nerv();
    let stream = "# first\napiVersion: v1\nkind: Secret\nmetadata: {name: one, namespace: apps}\nstringData:\n  A: a1\n---\n\
                  apiVersion: v1\nkind: Secret\nmetadata: {name: two, namespace: apps}\ndata:\n  A: YTI=\n";
    let file = add(&sandbox, "stream-secret.yaml", stream);
    secret(&sandbox, &["set", "two", "A"], b"new").success();
    for version in reference::versions("sops") {
        let sops = sandbox.run(reference::sops(version)).args(["--decrypt", &file]);
        let plain = sops.go().success().stdout();
        assert!(plain.contains("A: a1") && plain.contains("A: bmV3"), "{version}\n{plain}");
        assert!(plain.starts_with("# first"), "{plain}");
    }
    let list = "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata: {name: three, namespace: apps}\n    stringData: {B: b1, C: c1}\n";
    let file = add(&sandbox, "list-secret.yaml", list);
    secret(&sandbox, &["set", "three", "B"], b"new").success();
    let sops = sandbox.run(reference::current_sops()).args(["--decrypt", &file]);
    let plain = sops.go().success().stdout();
    assert!(plain.contains("B: new") && plain.contains("C: c1"), "{plain}");

    // The app has four Secrets now: the key decides, else `--secret`.
    secret(&sandbox, &["set", "grafana", "A"], b"x")
        .code(2)
        .complains("2 Secrets can be meant by `grafana`: `apps/one` in")
        .complains("hint: choose one with `--secret [NAMESPACE/]NAME`");
    secret(&sandbox, &["set", "grafana", "A", "--secret", "apps/one"], b"x").success();
    assert_eq!(secret(&sandbox, &["get", "one", "A"], b"").success().stdout(), "x");
    secret(&sandbox, &["set", "grafana", "A", "--secret", "on"], b"x")
        .code(2)
        .complains("`grafana` has no Secret `on`; found:");
}

#[test]
fn a_key_is_removed_unless_its_type_needs_it() {
    let sandbox = Sandbox::nerv();
    secret(&sandbox, &["unset", "grafana", "GF_SECURITY_ADMIN_USER"], b"").success();
    let plain = sandbox.run(reference::current_sops()).args(["--decrypt", &grafana()]);
    let plain = plain.go().success().stdout();
    assert!(!plain.contains("ADMIN_USER") && plain.contains(PASSWORD), "{plain}");
    built(&sandbox, GRAFANA);
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: apps}\ntype: kubernetes.io/tls\n\
                stringData:\n  tls.crt: a\n  tls.key: b\n  ca.crt: c\n";
    let file = add(&sandbox, "cert-secret.yaml", text);
    let untouched = sandbox.snapshot();
    secret(&sandbox, &["unset", "cert", "tls.key"], b"").code(2).complains(&format!(
        "{file}: a Secret of type `kubernetes.io/tls` needs the key `tls.key`"
    ));
    untouched.assert_untouched(&sandbox.snapshot());
    secret(&sandbox, &["unset", "cert", "ca.crt"], b"").success();
    assert_value(&sandbox, &file, &["stringData", "tls.key"], "b");
}

#[test]
fn what_cannot_be_changed_is_refused_with_the_way_out() {
    let sandbox = Sandbox::nerv();
    let plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {A: a}\n";
    sandbox.write(&format!("{GRAFANA}/plain.yaml"), plain);
    let fixed = "apiVersion: v1\nkind: Secret\nmetadata: {name: fixed, namespace: apps}\nimmutable: true\nstringData: {A: a}\n";
    add(&sandbox, "fixed-secret.yaml", fixed);
    sandbox.write("nerv/main/cluster/apps/broken.yaml", "a: [");
    sandbox.commit_all("all");
    let untouched = sandbox.snapshot();
    let cases: [(&[&str], &str, &str); 12] = [
        (
            &["set", "grafanna", "K"],
            "there is no app and no Secret `grafanna`",
            "did you mean `grafana`?",
        ),
        (
            &["unset", "grafana", "GF_SECURITY_ADMIN_PASWORD"],
            "Secrets `grafana`, `fixed` have no key",
            "did you mean `GF_SECURITY_ADMIN_PASSWORD`?",
        ),
        (&["unset", "miniflux", "K"], "no key `K`; found: ADMIN_USERNAME", ""),
        (
            &["set", "plain", "A"],
            "plain.yaml: Secret `plain` is not encrypted",
            "hint: encrypt it with `keywright encrypt -i",
        ),
        (&["set", "fixed", "A"], "Secret `fixed` is immutable", "keywright secret new"),
        (&["unset", "fixed", "A"], "Secret `fixed` is immutable", "keywright secret new"),
        (&["set", "grafana", "a b"], "a key has letters", ""),
        (&["set", "grafana"], "no key given", "keywright secret set APP KEY"),
        (&["set", "grafana", "K", "--generate", "alnum:8"], "48 bits of entropy", ""),
        (&["set", "grafana", "K", "--from-file", "nowhere"], "nowhere: ", ""),
        (&["set", "grafana", "K", "--from-file", "x", "--generate"], "several flags", ""),
        (&["set", "envoy-gateway", "K"], "has no Secret", "keywright secret new envoy-gateway"),
    ];
    for (args, complaint, hint) in cases {
        secret(&sandbox, args, CANARY.as_bytes()).code(2).complains(complaint).complains(hint);
    }
    secret(&sandbox, &["set", "grafana", PASSWORD], b"")
        .code(2)
        .complains("standard input is empty");
    // With the 25 bytes that are there, 1 MiB is what fits, and no byte more.
    let fits = [CANARY.as_bytes(), &b"x".repeat((1 << 20) - CANARY.len() - 25)].concat();
    secret(&sandbox, &["set", "grafana", "K", "--dry-run"], &fits).success();
    secret(&sandbox, &["set", "grafana", "K"], &[&fits[..], b"x"].concat())
        .code(2)
        .complains("the values have 1048577 bytes together");
    untouched.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn a_value_that_flux_would_replace_is_refused_where_it_does() {
    let sandbox = Sandbox::nerv();
    let value = b"a$${b}";
    secret(&sandbox, &["set", "grafana", "K"], value).success();
    let flux = "nerv/main/cluster/apps/grafana/ks.yaml";
    let text =
        sandbox.read(flux).replace("spec:\n", "spec:\n  postBuild:\n    substitute:\n      A: b\n");
    sandbox.write(flux, text);
    secret(&sandbox, &["set", "grafana", "L"], value)
        .code(2)
        .complains("the value of `L` contains `${` or `$$`, which Flux replaces here")
        .complains("kustomize.toolkit.fluxcd.io/substitute: disabled");
    secret(&sandbox, &["set", "grafana", "L"], b"a$b").success();
}

#[test]
fn without_an_identity_all_values_can_be_replaced_and_nothing_less() {
    let sandbox = Sandbox::nerv();
    let text = "# about it\napiVersion: v1\nkind: Secret\nmetadata:\n  name: one # why\n  namespace: apps\n\nstringData:\n  ONLY: old\n";
    let one = add(&sandbox, "one-secret.yaml", text);
    let identity = std::fs::read(sandbox.home().join(".config/sops/age/keys.txt")).unwrap();
    sandbox.remove_identity();
    let untouched = sandbox.snapshot();
    secret(&sandbox, &["set", "grafana", PASSWORD], CANARY.as_bytes())
        .code(2)
        .complains("no identity decrypts it, and without its data key nothing in it can be replaced alone")
        .complains("with every value in one call the file is made anew: give `GF_SECURITY_ADMIN_USER` as well");
    secret(&sandbox, &["set", "grafana", "NEW"], CANARY.as_bytes())
        .code(2)
        .complains("`GF_SECURITY_ADMIN_USER`");
    secret(&sandbox, &["unset", "grafana", PASSWORD], b"")
        .code(2)
        .complains("no identity decrypts it");
    untouched.assert_untouched(&sandbox.snapshot());

    // The only value of a file, and all values of another one.
    let made = secret(&sandbox, &["set", "one", "ONLY"], CANARY.as_bytes()).success();
    made.complains("it is made anew, with a new data key for the recipients of nerv/.sops.yaml");
    let all = ["set", "grafana", "--set-stdin", "GF_SECURITY_ADMIN_USER", "--generate", PASSWORD];
    secret(&sandbox, &all, CANARY.as_bytes()).success().complains("an encrypted comment is lost");
    sandbox.assert_no_trace_of(CANARY, &[]);
    sandbox.write("../home/.config/sops/age/keys.txt", identity);
    assert_value(&sandbox, &one, &["stringData", "ONLY"], CANARY);
    assert_value(&sandbox, &grafana(), &["stringData", "GF_SECURITY_ADMIN_USER"], CANARY);
    let shown = sandbox.read(&one);
    assert!(shown.starts_with("# about it\n") && shown.contains("name: one # why"), "{shown}");
    assert!(!sandbox.read(&grafana()).contains("#ENC["));
    built(&sandbox, GRAFANA);
    // New ones can be made all the time.
    sandbox.remove_identity();
    secret(&sandbox, &["new", "grafana", "--name", "x", "--generate", "K"], b"").success();
}

#[test]
fn a_file_of_which_something_else_is_encrypted_is_never_made_anew() {
    let sandbox = Sandbox::nerv();
    let stream = "apiVersion: v1\nkind: Secret\nmetadata: {name: one, namespace: apps}\nstringData:\n  A: a1\n---\n\
                  apiVersion: v1\nkind: Secret\nmetadata: {name: two, namespace: apps}\nstringData:\n  B: b1\n";
    add(&sandbox, "stream-secret.yaml", stream);
    sandbox.remove_identity();
    let untouched = sandbox.snapshot();
    secret(&sandbox, &["set", "one", "A"], b"x").code(2).complains("`stringData.B` would be lost");
    untouched.assert_untouched(&sandbox.snapshot());
}

#[test]
fn at_a_terminal_the_value_is_typed_twice_and_the_plan_is_asked_for() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["secret", "set", "grafana", PASSWORD]);
    let mut terminal = Terminal::spawn(&run, 100, 40);
    terminal.expect_hidden(&format!("{PASSWORD} (hidden): "));
    terminal.send_line(CANARY);
    terminal.expect_hidden(&format!("{PASSWORD} once more: "));
    terminal.send_line(CANARY);
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_value(&sandbox, &grafana(), &["stringData", PASSWORD], CANARY);
    sandbox.assert_no_trace_of(CANARY, &[]);

    // A no, and Ctrl-C.
    sandbox.commit_all("set");
    for key in ["n", "\x03"] {
        let run = sandbox.keywright(["secret", "unset", "grafana", PASSWORD]);
        let mut terminal = Terminal::spawn(&run, 100, 40);
        terminal.expect("Write these changes?");
        terminal.send(key);
        let (code, shown) = terminal.finish();
        assert_eq!(code, 130, "{shown}");
        assert_eq!(sandbox.git_status(), "");
    }
}

#[test]
fn at_a_terminal_one_of_several_secrets_is_chosen() {
    let sandbox = Sandbox::nerv();
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: second, namespace: apps}}\nstringData: {{{PASSWORD}: x}}\n"
    );
    let file = add(&sandbox, "second-secret.yaml", &text);
    let run = sandbox.keywright(["secret", "set", "grafana", PASSWORD, "--generate", "--yes"]);
    let mut terminal = Terminal::spawn(&run, 120, 40);
    terminal.expect("Which Secret");
    terminal.expect("apps/grafana in");
    terminal.send("j\r");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(sandbox.git_status(), format!(" M {file}\n"));
}

#[test]
fn the_file_of_a_secret_is_edited() {
    let sandbox = Sandbox::nerv();
    let script = "sed -i s/TESTonlyGrafanaAdmin4d/TESTonlyNew/ \"$0\"";
    let editor = format!("sh -c {}", shell_words::quote(script));
    let run = sandbox.keywright(["secret", "edit", "grafana"]).env("EDITOR", editor);
    run.within("nerv").go().success();
    assert_value(&sandbox, &grafana(), &["stringData", PASSWORD], "TESTonlyNew");
    let unchanged = sandbox.keywright(["secret", "edit", "apps/grafana"]).env("EDITOR", "true");
    unchanged.go().success().complains("unchanged, nothing to do");
    sandbox.keywright(["secret", "edit", "nobody"]).go().code(2).complains("no Secret `nobody`");
}

#[test]
fn a_repository_without_git_and_a_rule_for_data_alone_do() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - encrypted_regex: ^data$\n    age: {RECIPIENT}\n"),
    );
    sandbox.write(
        "app/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\ndata:\n  A: YQ==\n",
    );
    sandbox.write("app/kustomization.yaml", "resources: [secret.yaml]\n");
    sandbox.keywright(["encrypt", "-i", "app/secret.yaml"]).go().success();
    secret(&sandbox, &["set", "app", "B"], b"b").success();
    assert_value(&sandbox, "app/secret.yaml", &["data", "B"], "Yg==");
}
