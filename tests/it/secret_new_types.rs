//! `secret new --type`: what each type demands. Keys and certificates are made by the real openssl and ssh-keygen, and both
//! versions of sops read what is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::data::kubeconform;
use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, PAPERLESS, assert_value, built, decrypted};
use crate::terminal::Terminal;

/// A value that no output may show.
const CANARY: &str = "s3cr3tCanary";

fn new<'a>(sandbox: &'a Sandbox, args: &[&str], stdin: &str) -> Outcome<'a> {
    sandbox.keywright([&["secret", "new"], args].concat()).stdin(stdin).go()
}

/// The file of a new Secret beside Grafana.
fn file(name: &str) -> String {
    format!("{GRAFANA}/{name}-secret.yaml")
}

/// A program that makes keys, beside the repository.
#[track_caller]
fn made(sandbox: &Sandbox, program: &str, line: &str) {
    sandbox.run(program).within("../tmp").args(line.split_whitespace()).go().success();
}

/// Private keys as the real openssl writes them: name, and the commands that make `NAME.key`.
const KEYS: [(&str, &[&str]); 10] = [
    ("rsa", &["genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key"]),
    ("pkcs1", &["genrsa -traditional -out pkcs1.key 2048"]),
    // In front of the key stand the parameters of its curve.
    ("sec1", &["ecparam -name prime256v1 -genkey -out sec1.key"]),
    ("p256", &["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key"]),
    (
        "short",
        &[
            "ecparam -name prime256v1 -genkey -out long.key",
            "ec -in long.key -conv_form compressed -out short.key",
        ],
    ),
    ("p384", &["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key"]),
    ("p521", &["ecparam -name secp521r1 -genkey -noout -out p521.key"]),
    ("ed25519", &["genpkey -algorithm ED25519 -out ed25519.key"]),
    ("ed448", &["genpkey -algorithm ED448 -out ed448.key"]),
    (
        "described",
        &[
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:explicit -out described.key",
        ],
    ),
];

/// Those of which it cannot be said whether they belong to a certificate.
const UNCHECKED: [&str; 2] = ["ed448", "described"];

/// Key and certificate of a name.
#[track_caller]
fn pair(sandbox: &Sandbox, name: &str) {
    let (_, commands) = KEYS.iter().find(|(known, _)| *known == name).unwrap();
    commands.iter().for_each(|command| made(sandbox, "openssl", command));
    let line =
        format!("req -x509 -new -key {name}.key -subj /CN={name}.test -days 365 -out {name}.crt");
    made(sandbox, "openssl", &line);
}

/// `secret new grafana --name web --type tls` with these files, as a dry run.
fn tls<'a>(sandbox: &'a Sandbox, certificate: &str, key: &str) -> Outcome<'a> {
    let certificate = format!("tls.crt=../tmp/{certificate}");
    let key = format!("tls.key=../tmp/{key}");
    let args = ["grafana", "--name", "web", "--type", "tls", "--dry-run"];
    new(sandbox, &[&args[..], &["--from-file", &certificate, "--from-file", &key]].concat(), "")
}

#[test]
fn a_certificate_goes_with_its_own_key_alone() {
    const MISMATCH: &str =
        "error: `tls.crt` and `tls.key`: key and certificate do not belong together";
    let sandbox = Sandbox::nerv();
    KEYS.iter().for_each(|(name, _)| pair(&sandbox, name));
    for (one, _) in KEYS {
        for (other, _) in KEYS {
            let outcome = tls(&sandbox, &format!("{one}.crt"), &format!("{other}.key"));
            let unchecked = UNCHECKED.contains(&one) || UNCHECKED.contains(&other);
            let warning = "warning: `tls.crt` and `tls.key`: cannot check whether key and certificate belong together";
            match (unchecked, one == other) {
                (true, _) => drop(outcome.success().complains(warning)),
                (false, true) => assert_eq!(outcome.success().stderr(), "", "{one}"),
                (false, false) => drop(outcome.code(2).complains(MISMATCH)),
            }
        }
    }
    // Of the same algorithm, too.
    for (name, _) in KEYS.iter().filter(|(name, _)| !UNCHECKED.contains(name)) {
        std::fs::rename(
            sandbox.path(&format!("../tmp/{name}.crt")),
            sandbox.path("../tmp/first.crt"),
        )
        .unwrap();
        pair(&sandbox, name);
        tls(&sandbox, "first.crt", &format!("{name}.key")).code(2).complains(MISMATCH);
    }
}

#[test]
fn a_chain_begins_with_the_certificate_of_the_key() {
    let sandbox = Sandbox::nerv();
    pair(&sandbox, "p256");
    pair(&sandbox, "rsa");
    let read = |name: &str| sandbox.read(&format!("../tmp/{name}.crt"));
    let (own, authority) = (read("p256"), read("rsa"));
    sandbox.write("../tmp/chain", format!("subject=CN = p256.test\n{own}\n{authority}"));
    sandbox.write("../tmp/reversed", format!("{authority}{own}"));
    tls(&sandbox, "chain", "p256.key").success();
    tls(&sandbox, "reversed", "p256.key")
        .code(2)
        .complains("do not belong together")
        .complains("hint: the certificate of the key has to be the first one in the file");
}

#[test]
fn a_certificate_that_has_ended_is_written_with_a_warning() {
    let sandbox = Sandbox::nerv();
    pair(&sandbox, "p256");
    sandbox.write("../tmp/index", "");
    sandbox.write("../tmp/serial", "01\n");
    sandbox.write(
        "../tmp/ca.conf",
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=p\n\
         unique_subject=no\n[p]\ncommonName=supplied\n",
    );
    made(&sandbox, "openssl", "req -new -key p256.key -subj /CN=a.test -out a.csr");
    for (start, end, wanted) in [
        (
            "20200101000000Z",
            "20210101000000Z",
            "`tls.crt`: the certificate ended at 2021-01-01T00:00:00Z",
        ),
        (
            "22200101000000Z",
            "22210101000000Z",
            "`tls.crt`: the certificate is not valid before 2220-01-01T00:00:00Z",
        ),
    ] {
        let line = format!(
            "ca -batch -config ca.conf -selfsign -keyfile p256.key -in a.csr -startdate {start} -enddate {end} -notext \
             -out a.crt"
        );
        made(&sandbox, "openssl", &line);
        tls(&sandbox, "a.crt", "p256.key").success().complains(&format!("warning: {wanted}\n"));
    }
    made(&sandbox, "openssl", "req -x509 -new -key p256.key -subj /CN=a.test -days 29 -out a.crt");
    tls(&sandbox, "a.crt", "p256.key")
        .success()
        .complains("warning: `tls.crt`: the certificate ends at ")
        .complains(", in less than 30 days\n");
}

#[test]
fn what_servers_cannot_read_is_refused_and_not_shown() {
    let sandbox = Sandbox::nerv();
    pair(&sandbox, "rsa");
    made(&sandbox, "openssl", "pkcs8 -topk8 -in rsa.key -passout pass:x -out new.key");
    made(&sandbox, "openssl", "rsa -aes128 -traditional -in rsa.key -passout pass:x -out old.key");
    made(&sandbox, "openssl", "pkey -in rsa.key -pubout -out rsa.pub");
    sandbox.write("../tmp/cut.crt", &sandbox.read("../tmp/rsa.crt")[..600]);
    let untouched = sandbox.snapshot();
    let protected = "`tls.key`: the private key is behind a passphrase";
    let no_key = "`tls.key`: there is no private key in PEM that can be read";
    let no_certificate = "`tls.crt`: there is no certificate in PEM that can be read";
    for (certificate, key, wanted) in [
        ("rsa.crt", "new.key", protected),
        ("rsa.crt", "old.key", protected),
        ("rsa.crt", "rsa.pub", no_key),
        ("rsa.crt", "rsa.crt", no_key),
        ("rsa.key", "rsa.key", no_certificate),
        ("cut.crt", "rsa.key", no_certificate),
    ] {
        tls(&sandbox, certificate, key).code(2).complains(wanted);
    }
    untouched.assert_untouched(&sandbox.snapshot());
    let key = sandbox.read("../tmp/rsa.key");
    for name in ["rsa.key", "new.key", "old.key"] {
        std::fs::remove_file(sandbox.path(&format!("../tmp/{name}"))).unwrap();
    }
    sandbox.assert_no_trace_of(key.lines().nth(3).unwrap(), &[]);
}

#[test]
fn a_pair_that_does_not_match_is_told_even_where_the_name_is_taken_or_no_rule_covers_it() {
    let sandbox = Sandbox::nerv();
    pair(&sandbox, "rsa");
    pair(&sandbox, "p256");
    let files = ["--from-file=tls.crt=../tmp/rsa.crt", "--from-file=tls.key=../tmp/p256.key"];
    let args = [&["grafana", "--type", "kubernetes.io/tls"], &files[..]].concat();
    let wanted = "key and certificate do not belong together";
    new(&sandbox, &args, "").code(2).complains(wanted);
    std::fs::remove_file(sandbox.path("nerv/.sops.yaml")).unwrap();
    new(&sandbox, &args, "").code(2).complains(wanted);
}

#[test]
fn each_type_is_written_and_read_by_both_sops() {
    let sandbox = Sandbox::nerv();
    pair(&sandbox, "ed25519");
    made(&sandbox, "ssh-keygen", "-q -t ed25519 -N passphrase -f id");
    let basic = ["grafana", "--name", "basic", "--type", "basic-auth", "--set-stdin=password"];
    new(&sandbox, &basic, CANARY).success();
    let web = ["grafana", "--name", "web", "--type", "kubernetes.io/tls"];
    let files =
        ["--from-file=tls.crt=../tmp/ed25519.crt", "--from-file=tls.key=../tmp/ed25519.key"];
    new(&sandbox, &[&web[..], &files].concat(), "").success();
    let ssh = ["grafana", "--name", "ssh", "--type", "ssh-auth"];
    new(&sandbox, &[&ssh[..], &["--from-file=ssh-privatekey=../tmp/id"]].concat(), "").success();
    let pull = ["grafana", "--name", "pull", "--registry", "ghcr.io", "--username", "me"];
    new(&sandbox, &pull, CANARY).success();
    let other = ["grafana", "--name", "other", "--type", "example.com/Thing", "--generate=a"];
    new(&sandbox, &other, "").success();

    let build = built(&sandbox, GRAFANA);
    for (name, kind) in [
        ("basic", "kubernetes.io/basic-auth"),
        ("web", "kubernetes.io/tls"),
        ("ssh", "kubernetes.io/ssh-auth"),
        ("pull", "kubernetes.io/dockerconfigjson"),
        ("other", "example.com/Thing"),
    ] {
        assert_value(&sandbox, &file(name), &["type"], kind);
        assert!(
            build.contains(&format!("type: {kind}\n"))
                && build.contains(&format!("name: {name}\n"))
        );
    }
    assert_value(&sandbox, &file("basic"), &["stringData", "password"], CANARY);
    for (name, key, from) in [
        ("web", "tls.crt", "ed25519.crt"),
        ("web", "tls.key", "ed25519.key"),
        ("ssh", "ssh-privatekey", "id"),
    ] {
        let wanted = sandbox.read(&format!("../tmp/{from}"));
        assert_value(&sandbox, &file(name), &["stringData", key], &wanted);
    }
    sandbox.assert_no_trace_of(CANARY, &[]);
    assert_valid(&sandbox, &["basic", "web", "ssh", "pull", "other"]);
}

/// Asserts that the schema of the API accepts these Secrets, decrypted.
#[track_caller]
fn assert_valid(sandbox: &Sandbox, names: &[&str]) {
    let plain = Sandbox::new();
    for name in names {
        let run = sandbox.run(reference::current_sops()).args(["--decrypt", &file(name)]);
        plain.write(&format!("{name}.yaml"), run.go().success().stdout());
    }
    let wanted = format!("Valid: {}, Invalid: 0, Errors: 0, Skipped: 0", names.len());
    kubeconform(&plain, ".").success().prints(&wanted);
}

#[test]
fn what_a_type_lacks_is_refused_with_the_flag_that_gives_it() {
    let sandbox = Sandbox::nerv();
    made(&sandbox, "ssh-keygen", "-q -t rsa -b 2048 -m PEM -N passphrase -f id");
    let untouched = sandbox.snapshot();
    let cases: [(&[&str], &str, &str); 10] = [
        (
            &["basic-auth", "--set-stdin=user"],
            "needs the key `username` or `password`",
            "--from-file username=PATH",
        ),
        (&["tls", "--set-stdin=tls.crt"], "needs the key `tls.key`", "--from-file tls.key=PATH"),
        (
            &["ssh-auth", "--set-stdin=key"],
            "needs the key `ssh-privatekey`",
            "--from-file ssh-privatekey=PATH",
        ),
        (&["ssh-auth", "--set-stdin=ssh-privatekey"], "`ssh-privatekey`: not a private key", ""),
        (
            &["ssh-auth", "--from-file=ssh-privatekey=../tmp/id.pub"],
            "`ssh-privatekey`: this is the public key",
            "without `.pub`",
        ),
        (
            &["dockerconfigjson", "--set-stdin=.dockerconfigjson"],
            "`.dockerconfigjson`: not a JSON object with an object `auths`",
            "--registry HOST --username USER",
        ),
        (&["dockerconfigjson", "--set-stdin=config"], "needs the key `.dockerconfigjson`", ""),
        (
            &["service-account-token", "--set-stdin=token"],
            "gets its values from the control plane",
            "kubectl create token",
        ),
        (
            &["kubernetes.io/service-account-token", "--set-stdin=token"],
            "in Git would replace them",
            "without data",
        ),
        (&["two words", "--set-stdin=a"], "`two words` is not a type", "--type tls"),
    ];
    for (args, complaint, hint) in cases {
        let args = [&["grafana", "--name", "x", "--type"], args].concat();
        new(&sandbox, &args, CANARY).code(2).complains(complaint).complains(hint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of(CANARY, &[]);
    let key =
        ["grafana", "--name", "x", "--type", "ssh-auth", "--from-file=ssh-privatekey=../tmp/id"];
    new(&sandbox, &key, "").success();
}

#[test]
fn recipes_are_checked_by_the_same_table() {
    let sandbox = Sandbox::nerv();
    let recipe = |kind: &str, keys: &str| {
        let text =
            format!("secrets:\n  web:\n    app: grafana\n    type: {kind}\n    keys: {{{keys}}}\n");
        sandbox.write("keywright.yaml", text);
        sandbox.keywright(["secret", "ensure", "web"]).go()
    };
    recipe("kubernetes.io/tls", "tls.crt: {generate: alnum}").code(2);
    recipe("kubernetes.io/ssh-auth", "key: {generate: ssh-ed25519}")
        .code(2)
        .complains("a Secret of type `kubernetes.io/ssh-auth` needs the key `ssh-privatekey`");
    let pair = "tls.crt: {generate: 'self-signed:cn=a.test,days=9'}";
    recipe("kubernetes.io/tls", pair)
        .success()
        .complains("warning: web: `tls.crt`: the certificate ends at ");
}

/// What both sops read as the credentials of a registry.
#[track_caller]
fn docker_config(sandbox: &Sandbox, name: &str) -> Value {
    let route = ["stringData", ".dockerconfigjson"];
    let text = decrypted(sandbox, "3.13.3", &file(name), &route);
    assert_value(sandbox, &file(name), &route, &text);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn credentials_of_a_registry_are_those_that_kubectl_makes() {
    let sandbox = Sandbox::nerv();
    let password = "p\"ä\\w:d";
    for (name, host, key, stdin) in [
        ("pull", "ghcr.io", "ghcr.io", format!("{password}\n")),
        ("hub", "docker.io", "https://index.docker.io/v1/", password.to_owned()),
    ] {
        let args = ["grafana", "--name", name, "--type", "dockerconfigjson", "--registry", host];
        new(&sandbox, &[&args[..], &["--username", "me"]].concat(), &stdin).success();
        let auth = STANDARD.encode(format!("me:{password}"));
        let wanted =
            json!({"auths": {key: {"username": "me", "password": password, "auth": auth}}});
        assert_eq!(docker_config(&sandbox, name), wanted);
        sandbox.assert_no_trace_of(&auth, &[]);
    }
    sandbox.assert_no_trace_of(password, &[]);
}

#[test]
fn the_password_of_a_registry_is_typed_hidden_at_a_terminal() {
    let sandbox = Sandbox::nerv();
    let args =
        ["secret", "new", "grafana", "--name", "pull", "--registry", "ghcr.io", "--username", "me"];
    let mut terminal = Terminal::spawn(&sandbox.keywright(args).arg("--yes"), 80, 40);
    for question in
        ["Password of me at ghcr.io (hidden): ", "Password of me at ghcr.io once more: "]
    {
        terminal.expect_hidden(question);
        terminal.send_line(CANARY);
    }
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(docker_config(&sandbox, "pull")["auths"]["ghcr.io"]["password"], CANARY);
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn credentials_that_make_no_sense_are_refused() {
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    let both = ["--registry", "ghcr.io", "--username", "me"];
    let cases: [(&[&str], &str); 8] = [
        (&both[..2], "--username <USER>"),
        (&both[2..], "--registry <HOST>"),
        (
            &[&both[..], &["--type", "tls"]].concat(),
            "makes a Secret of type `kubernetes.io/dockerconfigjson`, not",
        ),
        (&[&both[..], &["--generate", "a"]].concat(), "cannot be used with"),
        (&[&both[..], &["--set-stdin", "a"]].concat(), "cannot be used with"),
        (&["--registry", "me:s3cr3tCanary@ghcr.io", "--username", "me"], "`--registry` is a host"),
        (&["--registry", "ghcr.io", "--username", "me:s3cr3tCanary"], "`--username` is a name"),
        (&["--registry", "ghcr.io", "--username", ""], "`--username` is a name"),
    ];
    for (args, complaint) in cases {
        let args = [&["grafana", "--name", "x"], args].concat();
        new(&sandbox, &args, CANARY).code(2).complains(complaint);
    }
    new(&sandbox, &[&["grafana", "--name", "x"], &both[..]].concat(), "\n")
        .code(2)
        .complains("standard input has no password");
    untouched.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn without_a_terminal_the_name_is_that_of_the_app_if_it_is_free() {
    let sandbox = Sandbox::nerv();
    sandbox.write(&format!("{PAPERLESS}/secret.yaml"), "kind: Nothing\n");
    let taken = new(&sandbox, &["grafana", "--generate", "K"], "").code(2);
    taken
        .complains("Secret `grafana` exists already")
        .complains("choose another name with `--name`");
    let free = new(&sandbox, &["envoy-gateway", "--generate", "K", "--format", "json"], "");
    let report: Value = serde_json::from_str(&free.success().stdout()).unwrap();
    assert_eq!(report["secret"]["name"], "envoy-gateway");
}
