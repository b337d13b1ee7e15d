//! Generated and derived values: `secret new` writes them, the real sops decrypts them, and the program that each is for
//! verifies it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::postgres::Postgres;
use crate::sandbox::Sandbox;
use crate::{proof, reference};

/// What `secret new` wrote, read by the real sops.
struct Made {
    sandbox: Sandbox,
    values: BTreeMap<String, String>,
    /// The keys in the order of the file.
    order: Vec<String>,
    /// What the command said beside its result.
    said: String,
}

impl Made {
    /// `secret new` with some flags, in a sandbox with the sample.
    #[track_caller]
    fn by(flags: &[&str], stdin: &str) -> Made {
        let sandbox = Sandbox::nerv();
        let run = sandbox.keywright(["secret", "new", "grafana", "--name", "made"]);
        let outcome = run.args(flags).stdin(stdin).go().success();
        let said = String::from_utf8_lossy(&outcome.stderr_bytes).into_owned();
        let file = "nerv/main/cluster/apps/grafana/app/made-secret.yaml";
        let run = sandbox.run(reference::current_sops());
        let run =
            run.args(["--decrypt", "--output-type", "json", "--extract", "[\"stringData\"]", file]);
        let keys = sandbox.home().join(".config/sops/age/keys.txt");
        let json = run.env("SOPS_AGE_KEY_FILE", keys).go().success().stdout();
        let values: BTreeMap<String, String> = match serde_json::from_str(&json).unwrap() {
            serde_json::Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| (key, value.as_str().unwrap().to_owned()))
                .collect(),
            other => panic!("{other}"),
        };
        let text = sandbox.read(file);
        let lines = text.lines().skip_while(|line| *line != "stringData:").skip(1);
        let lines = lines.take_while(|line| line.starts_with(' '));
        // Two blanks, then a key; the lines of a block are further in.
        let keys = lines.filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
        let keys = keys.filter(|(key, _)| !key.starts_with(' '));
        let order = keys.map(|(key, _)| key.to_owned()).collect();
        for value in values.values() {
            let spelled = value.lines().max_by_key(|line| line.len()).unwrap();
            sandbox.assert_no_trace_of(spelled, &[]);
        }
        Made { sandbox, values, order, said }
    }

    #[track_caller]
    fn value(&self, key: &str) -> &str {
        self.values.get(key).unwrap_or_else(|| panic!("{key} is not among {:?}", self.order))
    }

    /// Runs another program on standard input and demands success.
    #[track_caller]
    fn verify(&self, what: &str, program: &[&str], stdin: &str) -> String {
        let run = self.sandbox.run(program[0]).args(&program[1..]).stdin(stdin);
        let answer = run.go().success().stdout();
        proof::record("make", "values are verified by the program they are for", what);
        answer
    }

    /// Writes a value where a program reads it, outside of the repository; private, as `ssh-keygen` wants it.
    fn file(&self, key: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = format!("../tmp/{key}");
        self.sandbox.write(&path, self.value(key));
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.sandbox.path(&path), private).unwrap();
        path
    }
}

/// How many deviations χ² of some counts lies from what it is when all are drawn alike (Wilson and Hilferty, 1931).
fn deviations(counts: &[usize]) -> f64 {
    let freedom = counts.len() as f64 - 1.0;
    let wanted = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let square = |count: &usize| (*count as f64 - wanted).powi(2) / wanted;
    let chi_squared: f64 = counts.iter().map(square).sum();
    let variance = 2.0 / (9.0 * freedom);
    ((chi_squared / freedom).cbrt() - (1.0 - variance)) / variance.sqrt()
}

#[test]
fn with_the_randomness_of_the_system_every_alphabet_is_drawn_from_uniformly() {
    let ascii: String = ('!'..='~').collect();
    let alnum: String = ascii.chars().filter(char::is_ascii_alphanumeric).collect();
    let drawn = [
        ("alnum:200000", alnum.as_str()),
        ("ascii:200000", &ascii),
        ("pin:200000", "0123456789"),
        ("hex:100000", "0123456789abcdef"),
        ("base64:150000", &format!("{alnum}+/")),
    ];
    let flags = drawn
        .map(|(policy, _)| format!("--generate={}={policy}", policy.split(':').next().unwrap()));
    let made = Made::by(&flags.each_ref().map(String::as_str), "");
    for (policy, alphabet) in drawn {
        let value = made.value(policy.split(':').next().unwrap()).as_bytes();
        assert_eq!(value.len(), 200_000, "{policy}");
        let size = alphabet.len();
        let number = |byte: u8| alphabet.bytes().position(|known| known == byte).unwrap();
        let (mut single, mut pairs) = (vec![0; size], vec![0; size * size]);
        for pair in value.chunks(2) {
            let (first, second) = (number(pair[0]), number(pair[1]));
            single[first] += 1;
            single[second] += 1;
            pairs[first * size + second] += 1;
        }
        // More than seven, up or down, in one of ten tests: an accident of one in 10^10.
        for counts in [single, pairs] {
            assert!(deviations(&counts).abs() < 7.0, "{policy}: {}", deviations(&counts));
        }
    }
}

#[test]
fn random_texts_have_the_lengths_that_openssl_gives_them() {
    let made = Made::by(
        &[
            "--generate=HEX=hex:32",
            "--generate=BASE64=base64:33",
            "--generate=FERNET=base64url:32",
            "--generate=LARAVEL=base64:32,prefix=base64:",
            "--generate=UUID=uuid",
            "--generate=PHRASE=words:6",
            "--generate=TOKEN=alnum:48,prefix=sk-",
            "--generate=ODD=ascii:64,exclude=,,'\"$",
            "--generate=PIN=pin:8",
        ],
        "",
    );
    let order = ["HEX", "BASE64", "FERNET", "LARAVEL", "UUID", "PHRASE", "TOKEN", "ODD", "PIN"];
    assert_eq!(made.order, order);
    let random = |kind, count| made.verify(kind, &["openssl", "rand", kind, count], "");
    assert_eq!(made.value("HEX").len(), random("-hex", "32").trim().len());
    assert_eq!(made.value("BASE64").len(), random("-base64", "33").trim().len());
    assert_eq!(URL_SAFE.decode(made.value("FERNET")).unwrap().len(), 32);
    let laravel = made.value("LARAVEL").strip_prefix("base64:").unwrap();
    assert_eq!(STANDARD.decode(laravel).unwrap().len(), 32);
    assert_eq!(made.value("UUID").as_bytes()[14], b'4');
    assert!(made.value("PHRASE").split('-').count() >= 6);
    assert_eq!(made.value("TOKEN").strip_prefix("sk-").unwrap().len(), 48);
    assert_eq!(made.value("ODD").len(), 64);
    assert!(!made.value("ODD").contains([',', '\'', '"', '$', ' ']));
    assert_eq!(made.value("PIN").len(), 8);
    assert!(made.said.contains("note: PHRASE: `words:6` has 78 bits of entropy"), "{}", made.said);
    let warning = "warning: PIN: `pin:8` has 27 bits of entropy: it can be guessed unless attempts are limited";
    assert!(made.said.contains(warning), "{}", made.said);
}

#[test]
fn openssl_reads_private_keys_and_makes_the_same_public_ones() {
    let made = Made::by(
        &[
            "--generate=ed25519.pem=ed25519",
            "--derive=ed25519.pub=public(ed25519.pem)",
            "--generate=rsa.pem=rsa:2048",
            "--derive=rsa.pub=public(rsa.pem)",
        ],
        "",
    );
    for (name, described) in
        [("ed25519", "ED25519 Private-Key:"), ("rsa", "Private-Key: (2048 bit, 2 primes)")]
    {
        let private = made.value(&format!("{name}.pem"));
        let text = made.verify(name, &["openssl", "pkey", "-noout", "-text", "-check"], private);
        assert!(text.contains(described), "{text}");
        let public = made.verify(name, &["openssl", "pkey", "-pubout"], private);
        assert_eq!(public, made.value(&format!("{name}.pub")));
    }
}

#[test]
fn openssl_verifies_a_certificate_for_each_of_its_names() {
    let made = Made::by(
        &[
            "--derive=tls.pub=public(tls.key)",
            "--generate=tls.crt=self-signed:cn=db.test,days=30,san=*.db.test,san=10.0.0.1,san=fd00::1",
        ],
        "",
    );
    assert_eq!(made.order, ["tls.pub", "tls.crt", "tls.key"]);
    let certificate = made.value("tls.crt");
    let text = made.verify("certificate", &["openssl", "x509", "-noout", "-text"], certificate);
    for wanted in [
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "Issuer: CN = db.test",
        "Subject: CN = db.test",
        "ASN1 OID: prime256v1",
        "CA:FALSE",
        "Digital Signature",
        "TLS Web Server Authentication",
        "DNS:db.test, DNS:*.db.test, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let public = made.verify("certificate", &["openssl", "x509", "-noout", "-pubkey"], certificate);
    let of_key = made.verify("key", &["openssl", "pkey", "-pubout"], made.value("tls.key"));
    assert_eq!((&*public, &*of_key), (made.value("tls.pub"), made.value("tls.pub")));
    let file = made.file("tls.crt");
    let verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", &file];
    for name in [
        &["-verify_hostname", "db.test"],
        &["-verify_hostname", "a.db.test"],
        &["-verify_ip", "fd00::1"],
    ] {
        made.verify(name[1], &[&verify[..], name, &[&file]].concat(), "");
    }
    let other =
        made.sandbox.run("openssl").args(&verify[1..]).args(["-verify_hostname", "x.test", &file]);
    assert_ne!(other.go().status.code(), Some(0));
    // Thirty days, but not one more.
    made.verify("days", &["openssl", "x509", "-noout", "-checkend", "2591000"], certificate);
    let end = made.sandbox.run("openssl").args(["x509", "-noout", "-checkend", "2592100"]);
    assert_ne!(end.stdin(certificate).go().status.code(), Some(0));
}

#[test]
fn ssh_keygen_wg_and_age_keygen_make_the_same_public_keys() {
    let made = Made::by(
        &[
            "--generate=id=ssh-ed25519",
            "--derive=id.pub=public(id)",
            "--generate=wg=wireguard",
            "--derive=wg.pub=public(wg)",
            "--generate=age=age",
            "--derive=age.pub=recipient(age)",
        ],
        "",
    );
    let file = made.file("id");
    let public = made.verify("ssh-keygen", &["ssh-keygen", "-y", "-f", &file], "");
    assert_eq!(public.trim(), made.value("id.pub"));
    let listed = made.verify("ssh-keygen", &["ssh-keygen", "-l", "-f", &file], "");
    assert!(listed.starts_with("256 SHA256:") && listed.trim().ends_with("(ED25519)"), "{listed}");
    let public = made.verify("wg", &["wg", "pubkey"], made.value("wg"));
    assert_eq!(public.trim(), made.value("wg.pub"));
    let age_keygen = reference::age_keygen();
    let recipient =
        made.verify("age-keygen", &[age_keygen.to_str().unwrap(), "-y"], made.value("age"));
    assert_eq!(recipient.trim(), made.value("age.pub"));
}

#[test]
fn htpasswd_verifies_lines_and_hashes_of_every_prefix() {
    let made = Made::by(
        &[
            "--generate=PASSWORD",
            "--derive=users=htpasswd(\"admin\", PASSWORD)",
            "--set-stdin=USER",
            "--derive=other=htpasswd(USER, PASSWORD, cost=5)",
            "--derive=a=bcrypt(PASSWORD, cost=5)",
            "--derive=b=bcrypt(PASSWORD, cost=5, prefix=2b)",
            "--derive=y=bcrypt(PASSWORD, cost=5, prefix=2y)",
            "--template=a.line=x:{a}",
            "--template=b.line=x:{b}",
            "--template=y.line=x:{y}",
        ],
        "somebody",
    );
    assert!(made.value("users").starts_with("admin:$2y$11$"));
    let cases = [
        ("users", "admin"),
        ("other", "somebody"),
        ("a.line", "x"),
        ("b.line", "x"),
        ("y.line", "x"),
    ];
    for (key, user) in cases {
        let file = made.file(key);
        made.verify(key, &["htpasswd", "-vb", &file, user, made.value("PASSWORD")], "");
        let wrong = made.sandbox.run("htpasswd").args(["-vb", &file, user, "wrong"]).go();
        assert_ne!(wrong.status.code(), Some(0), "{key}");
    }
}

#[test]
fn openssl_and_argon2_make_the_same_hashes() {
    let made = Made::by(
        &[
            "--generate=PASSWORD=words:6",
            "--derive=five=sha256-crypt(PASSWORD)",
            "--derive=six=sha512-crypt(PASSWORD, rounds=20000)",
            "--derive=argon1=argon2id(PASSWORD)",
            "--derive=argon2=argon2id(PASSWORD)",
            "--derive=argon3=argon2id(PASSWORD)",
            "--derive=argon4=argon2id(PASSWORD)",
            "--derive=argon5=argon2id(PASSWORD, m=65536, t=3, p=4)",
            "--derive=scrypt=scrypt(PASSWORD, ln=14)",
        ],
        "",
    );
    let password = made.value("PASSWORD");
    for (key, flag) in [("five", "-5"), ("six", "-6")] {
        let hash = made.value(key);
        let salt = &hash[3..hash.rfind('$').unwrap()];
        let again =
            made.verify(key, &["openssl", "passwd", flag, "-salt", salt, "-stdin"], password);
        assert_eq!(again.trim(), hash);
    }
    let argon: Vec<&str> =
        ["argon1", "argon2", "argon3", "argon4", "argon5"].map(|key| made.value(key)).to_vec();
    // The program takes its salt from the command line, which cannot hold a zero byte; one in sixteen salts has some.
    let salt = |hash: &str| STANDARD_NO_PAD.decode(hash.split('$').nth(4).unwrap()).unwrap();
    let hash = argon.iter().find(|hash| !salt(hash).contains(&0)).expect("once in a million times");
    let run = made.sandbox.run("argon2").arg(OsStr::from_bytes(&salt(hash)));
    let run = run.args(["-id", "-t", "3", "-k", "65536", "-p", "4", "-e"]).stdin(password);
    assert_eq!(run.go().success().stdout().trim(), *hash);
    proof::record("make", "values are verified by the program they are for", "argon2id");

    assert!(made.value("scrypt").starts_with("$scrypt$ln=14,r=8,p=1$"));
    let salt = made.value("scrypt").split('$').nth(3).unwrap();
    let salt = STANDARD_NO_PAD.decode(salt).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (pass, salt) = (format!("pass:{password}"), format!("hexsalt:{}", hex(&salt)));
    let options = ["kdf", "-keylen", "32", "-kdfopt", &pass, "-kdfopt", &salt];
    let costs = ["-kdfopt", "n:16384", "-kdfopt", "r:8", "-kdfopt", "p:1", "SCRYPT"];
    let again = made.verify("scrypt", &[&["openssl"], &options[..], &costs].concat(), "");
    let found = made.value("scrypt").split('$').nth(4).unwrap();
    let found = STANDARD_NO_PAD.decode(found).unwrap();
    assert_eq!(again.trim().replace(':', "").to_lowercase(), hex(&found));
}

#[test]
fn postgresql_takes_a_verifier_for_its_password() {
    let flags = [
        "--generate=PASSWORD",
        "--derive=VERIFIER=scram-sha-256(PASSWORD)",
        "--derive=URL=url(PASSWORD)",
    ];
    let made = Made::by(&flags, "");
    let server = Postgres::start();
    server.sql(&format!("CREATE ROLE app LOGIN PASSWORD '{}'", made.value("VERIFIER")));
    let stored = server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'");
    assert_eq!(stored, made.value("VERIFIER"));
    let url = server.url("app", made.value("URL"), "postgres");
    assert_eq!(server.psql(&url, "SELECT current_user").as_deref(), Ok("app"));
    proof::record("make", "values are verified by the program they are for", "scram-sha-256");
}

#[test]
fn derived_values_may_be_derived_from_and_circles_are_refused() {
    let made = Made::by(
        &[
            "--derive=HEADER=base64(LOGIN)",
            "--template=LOGIN=me:{PASSWORD}",
            "--generate=PASSWORD=hex:16",
            "--template=BOTH={PASSWORD|base64} {PASSWORD|hex}",
        ],
        "",
    );
    let password = made.value("PASSWORD");
    assert_eq!(made.order, ["HEADER", "LOGIN", "PASSWORD", "BOTH"]);
    assert_eq!(made.value("HEADER"), STANDARD.encode(format!("me:{password}")));
    assert!(made.value("BOTH").starts_with(&STANDARD.encode(password)));
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    for (flags, complaint) in [
        (
            &["--derive=A=hex(B)", "--template=B={A}"][..],
            "template of `B`, column 1: `A` is made from itself",
        ),
        (
            &["--generate=A", "--derive=B=bcrypt(C)"],
            "derivation of `B`: what it is derived from is none of the keys A",
        ),
        (
            &["--generate=c.crt=self-signed:cn=a.test,days=1", "--generate=c.key"],
            "key `c.key` is given, but the certificate of `c.crt` brings it",
        ),
        (&["--generate=c=self-signed:cn=a.test,days=1"], "give it a key that ends in `.crt`"),
        (
            &["--generate=P=alnum:80", "--derive=H=bcrypt(P)"],
            "`bcrypt` takes 72 bytes at most, the value has 80",
        ),
        (
            &["--generate=P=hex:4"],
            "policy `hex:4`: 32 bits of entropy, at least 64 are needed; take `hex:8` or more",
        ),
    ] {
        let run = sandbox.keywright(["secret", "new", "grafana", "--name", "made"]);
        run.args(flags).go().code(2).complains(complaint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
}
