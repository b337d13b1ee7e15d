//! `check --verify`: what it takes an identity to see, in files that the real sops made.

use std::fs;

use serde_json::Value;

use crate::reference;
use crate::sandbox::{Outcome, Run, Sandbox};

/// The recipient of the identity of the sandbox.
const AGE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// A value that nothing may print.
const CANARY: &str = "hunter2hunter2";

/// All formats of the report.
const FORMATS: [&str; 6] = ["text", "json", "sarif", "github", "gitlab", "junit"];

/// A file of each format, with an encrypted value and one that is plain.
const FILES: [(&str, &str, &str); 4] = [
    ("a.yaml", "password: hunter2hunter2\ncount_unencrypted: 3\n", "count_unencrypted: 3"),
    (
        "a.json",
        "{\n\t\"password\": \"hunter2hunter2 \\u00e9\",\n\t\"count_unencrypted\": 3\n}\n",
        "\"count_unencrypted\": 3",
    ),
    ("a.env", "PASSWORD=hunter2hunter2\nCOUNT_unencrypted=3\n", "COUNT_unencrypted=3"),
    ("a.ini", "[db]\npassword = hunter2hunter2\ncount_unencrypted = 3\n", "count_unencrypted = 3"),
];

/// An empty repository of somebody with the identity.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {AGE}\n"));
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox
}

/// Runs the real sops.
#[track_caller]
fn sops<'s>(sandbox: &'s Sandbox, args: &[&str]) -> Outcome<'s> {
    sandbox.run(reference::current_sops()).args(args).go().success()
}

/// Writes a file, encrypted by the real sops for everybody with the identity.
#[track_caller]
fn encrypted(sandbox: &Sandbox, name: &str, plain: impl AsRef<[u8]>) {
    sandbox.write(name, plain);
    sops(sandbox, &["encrypt", "-i", name]);
}

/// A Secret with these fields, encrypted.
#[track_caller]
fn secret(sandbox: &Sandbox, name: &str, string_data: &str) {
    let plain = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n{string_data}\n"
    );
    let path = format!("{name}.yaml");
    sandbox.write(&path, plain);
    sops(sandbox, &["encrypt", "-i", "--encrypted-regex", "^(data|stringData)$", &path]);
}

/// A run that looks at values.
fn verify<'s>(sandbox: &'s Sandbox, args: &[&str]) -> Run<'s> {
    sandbox.keywright(["check", "--verify"]).args(args)
}

/// What the rules about values find: `severity rule path route`.
fn found(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    const RULES: [&str; 6] = [
        "expired-certificate",
        "mac-mismatch",
        "password-mismatch",
        "shared-password",
        "substitution-hazard",
        "weak-password",
    ];
    let outcome = verify(sandbox, &[&["--format", "json"], args].concat()).go();
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let own = findings.filter(|one| RULES.contains(&one["rule"].as_str().unwrap()));
    own.map(|one| ["severity", "rule", "path", "route"].map(|key| text(one, key)).join(" "))
        .collect()
}

#[test]
fn files_of_every_format_are_sound_until_somebody_edits_them() {
    let sandbox = repository();
    for (name, plain, _) in FILES {
        encrypted(&sandbox, name, plain);
    }
    encrypted(&sandbox, "a.bin", b"\0\xffhunter2hunter2");
    encrypted(&sandbox, "empty.txt", "");
    let stream = "a: x\n---\n# c\nb:\n  - 1.50\n  - ''\n";
    encrypted(&sandbox, "stream.yaml", stream);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    verify(&sandbox, &[]).go().success();
    for (name, _, line) in FILES {
        sandbox.write(name, sandbox.read(name).replace(line, &line.replace('3', "4")));
    }
    let before = "\"lastmodified\": \"2";
    sandbox.write("a.bin", sandbox.read("a.bin").replace(before, "\"lastmodified\": \"1"));
    let mac = |name: &str, route: &str| format!("error mac-mismatch {name} {route}");
    assert_eq!(
        found(&sandbox, &[]),
        [
            mac("a.bin", "sops.mac"),
            mac("a.env", "sops_mac"),
            mac("a.ini", "sops.mac"),
            mac("a.json", "sops.mac"),
            mac("a.yaml", "sops.mac")
        ]
    );
    verify(&sandbox, &["a.env"]).go().code(1);
    assert_eq!(sandbox.keywright(["check"]).go().success().stderr(), "");
}

#[test]
fn the_hint_mends_what_was_wanted() {
    let sandbox = repository();
    for (name, plain, line) in FILES {
        encrypted(&sandbox, name, plain);
        sandbox.write(name, sandbox.read(name).replace(line, &line.replace('3', "4")));
        let hint = format!("keywright rotate -i --ignore-mac {name}");
        verify(&sandbox, &[name]).go().code(1).prints(&hint);
        sandbox.keywright(["rotate", "-i", "--ignore-mac", name]).go().success();
        verify(&sandbox, &[name]).go().success();
        sops(&sandbox, &["decrypt", name]);
    }
}

#[test]
fn tokens_that_were_moved_damaged_or_taken_out_are_found() {
    let sandbox = repository();
    let plain = "one: first\ntwo: second\nlist:\n  - third\n";
    for (from, to, route) in [
        ("one: ENC", "three: ENC", "three"),
        ("two: ENC[AES256_GCM,data:", "two: ENC[AES256_GCM,data:AAAA", "two"),
        ("two: ENC", "# two: ENC", "sops.mac"),
        ("    - ENC", "    # - ENC", "sops.mac"),
    ] {
        encrypted(&sandbox, "a.yaml", plain);
        sandbox.write("a.yaml", sandbox.read("a.yaml").replacen(from, to, 1));
        let wanted = format!("error mac-mismatch a.yaml {route}");
        assert_eq!(found(&sandbox, &[]), [wanted], "{from}");
    }
}

#[test]
fn what_sops_and_we_edit_with_the_key_is_sound() {
    let sandbox = repository();
    encrypted(&sandbox, "a.yaml", "password: x\nlist: [a, b]\n");
    sops(&sandbox, &["set", "a.yaml", "[\"list\"][0]", "\"c\""]);
    sandbox.keywright(["set", "a.yaml", "[\"more\"]", "\"y\""]).go().success();
    sops(&sandbox, &["rotate", "-i", "a.yaml"]);
    verify(&sandbox, &[]).go().success();
}

#[test]
fn a_file_that_nobody_here_can_open_is_no_finding_and_ends_with_2() {
    let sandbox = repository();
    encrypted(&sandbox, "mine.yaml", "a: x\n");
    let key = sandbox.run(reference::age_keygen()).go().success().stdout();
    let other = key.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    for name in ["a.yaml", "b.yaml", "c.env"] {
        let plain = if name.ends_with("env") { "A=x\n" } else { "a: x\n" };
        sandbox.write(name, plain);
        sops(&sandbox, &["encrypt", "-i", "--age", other, name]);
    }
    let rules =
        format!("creation_rules:\n  - path_regex: ^mine\n    age: {AGE}\n  - age: {other}\n");
    sandbox.write(".sops.yaml", rules);
    let outcome = verify(&sandbox, &["--format", "json"]).go().code(2);
    let told = format!(
        "error: a.yaml: no identity unwraps the data key: {other}: no identity matches (could not be verified; and 2 \
         more)\nhint: use the identity of one of these recipients, or ask somebody who has one to add yours\n"
    );
    assert_eq!(outcome.stderr(), told);
    let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
    assert_eq!(
        (&report["summary"]["unchecked"], &report["summary"]["errors"]),
        (&3.into(), &0.into())
    );
    verify(&sandbox, &["mine.yaml"]).go().success();
    sandbox.keywright(["check"]).go().success();
}

#[test]
fn a_sops_file_that_cannot_be_read_ends_with_2() {
    let sandbox = repository();
    for (name, damage) in [("a.yaml", "<<<<<<< HEAD\n"), ("a.env", "no assignment\n")] {
        encrypted(&sandbox, name, "A=x\n".replace('=', if name == "a.env" { "=" } else { ": " }));
        verify(&sandbox, &[]).go().success();
        sandbox.write(name, format!("{damage}{}", sandbox.read(name)));
        verify(&sandbox, &[]).go().code(2).complains(&format!("error: {name}:"));
        sandbox.keywright(["check"]).go().success();
        fs::remove_file(sandbox.path(name)).unwrap();
    }
}

#[test]
fn without_any_identity_it_says_for_whom_the_files_are_and_where_identities_go() {
    let sandbox = repository();
    encrypted(&sandbox, "a.yaml", "a: x\n");
    sandbox.remove_identity();
    let outcome = verify(&sandbox, &[]).go().code(2);
    let told = format!(
        "error: a.yaml: there is no age identity to unwrap the data key with: it is for {AGE} (could"
    );
    outcome.complains(&told).complains("hint: point SOPS_AGE_KEY_FILE at your identity file");
    sandbox.keywright(["check"]).go().success();
    fs::remove_file(sandbox.path("a.yaml")).unwrap();
    verify(&sandbox, &[]).go().success();
}

#[test]
fn passwords_that_are_weak_or_shared_are_told_by_place() {
    let sandbox = repository();
    secret(&sandbox, "grafana", "  ADMIN_PASSWORD: q7Gm2xVt9LpR4sKd\n  SMTP_PASS: Password1!");
    secret(&sandbox, "miniflux", "  ADMIN_PASSWORD: q7Gm2xVt9LpR4sKd\n  ADMIN_USER: somebody");
    secret(&sandbox, "redis", "  REDIS_PASSWORD: Zk3vQ9xL2mT7bN8s");
    secret(&sandbox, "paperless", "  REDIS_PASS: Zk3vQ9xL2mT7bN8s\n  password: paperless");
    assert_eq!(
        found(&sandbox, &[]),
        [
            "warning shared-password grafana.yaml stringData.ADMIN_PASSWORD",
            "warning weak-password grafana.yaml stringData.SMTP_PASS",
            "warning weak-password paperless.yaml stringData.password"
        ]
    );
    let outcome = verify(&sandbox, &[]).go().success();
    outcome.prints("has the value of `ADMIN_PASSWORD` in miniflux.yaml").prints(
        "hint: `keywright secret set paperless --generate password`; for a database role `keywright db rotate APP`",
    );
    verify(&sandbox, &["--strict"]).go().code(1);
    // Only Secrets that are looked at are compared.
    assert_eq!(found(&sandbox, &["miniflux.yaml"]), [""; 0]);
}

#[test]
fn certificates_of_openssl_are_told_before_their_end_and_after_it() {
    let sandbox = repository();
    let openssl = |line: &str| {
        sandbox.run("openssl").args(line.split(' ')).go().success();
    };
    let issued = |days: &str| {
        openssl(
            "req -newkey ed25519 -nodes -subj /CN=a.test -keyout ../tmp/key.pem -out ../tmp/request.pem",
        );
        let files = "-in ../tmp/request.pem -signkey ../tmp/key.pem -out certificate.pem";
        openssl(&format!("x509 -req -days {days} {files}"));
        let text = sandbox.read("certificate.pem").trim_end().replace('\n', "\n    ");
        fs::remove_file(sandbox.path("certificate.pem")).unwrap();
        format!("  tls.crt: |\n    {text}")
    };
    secret(&sandbox, "gone", &issued("-1"));
    secret(&sandbox, "near", &issued("13"));
    secret(&sandbox, "far", &issued("15"));
    let told = |severity: &str, name: &str| {
        format!("{severity} expired-certificate {name}.yaml stringData[\"tls.crt\"]")
    };
    assert_eq!(found(&sandbox, &[]), [told("error", "gone"), told("warning", "near")]);
    verify(&sandbox, &["near.yaml"]).go().success().prints("in less than 14 days");
}

#[test]
fn a_password_that_differs_from_its_role_is_found_and_db_rotate_mends_it() {
    let sandbox = Sandbox::nerv();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    let path = "nerv/main/cluster/apps/miniflux/app/secret.yaml";
    let url = format!(
        "\"postgres://miniflux:{CANARY}@postgres-apps-rw.apps.svc.cluster.local:5432/miniflux\""
    );
    let index = "[\"stringData\"][\"DATABASE_URL\"]";
    sandbox.keywright(["set", "--value-stdin", path, index]).stdin(url).go().success();
    assert_eq!(
        found(&sandbox, &[]),
        [format!("error password-mismatch {path} stringData.DATABASE_URL")]
    );
    sandbox.keywright(["db", "doctor"]).go().code(1).prints("password-differs");
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn the_index_and_ranges_are_verified_as_they_are_there() {
    let sandbox = repository();
    encrypted(&sandbox, "a.yaml", FILES[0].1);
    encrypted(&sandbox, "b.yaml", FILES[0].1);
    sandbox.commit_all("sound");
    let sound = sandbox.read("a.yaml");
    sandbox.write("a.yaml", sound.replace(FILES[0].2, "count_unencrypted: 4"));
    sandbox.git(&["add", "a.yaml"]);
    let edited = sandbox.read("a.yaml");
    sandbox.write("a.yaml", &sound);
    let wanted = ["error mac-mismatch a.yaml sops.mac"];
    assert_eq!(found(&sandbox, &["--staged"]), wanted);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox.write("a.yaml", &edited);
    sandbox.commit_all("edited");
    assert_eq!(found(&sandbox, &["--range", "HEAD"]), wanted);
    // What was wrong before is not new.
    sandbox.write("a.yaml", format!("# more\n{edited}"));
    sandbox.commit_all("a comment");
    assert_eq!(found(&sandbox, &["--range", "HEAD"]), [""; 0]);
    assert_eq!(found(&sandbox, &["a.yaml"]), wanted);
    let input = sandbox.read("a.yaml");
    let run = verify(&sandbox, &["--stdin-filename", "new.yaml"]).stdin(&input).go().code(1);
    run.prints("error[mac-mismatch]").prints(" --> new.yaml:");
    verify(&sandbox, &["--history"]).go().code(2).complains("cannot be used with");
}

#[test]
fn no_report_shows_a_value() {
    let sandbox = repository();
    sandbox.write("apps/kustomization.yaml", "resources: [a.yaml, b.yaml]\n");
    sandbox.write(
        "ks.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n\
         spec: {path: ./apps, decryption: {provider: sops}, postBuild: {substitute: {A: b}}}\n",
    );
    secret(&sandbox, "apps/a", &format!("  PASSWORD: {CANARY}$$\n  user: {CANARY}"));
    secret(&sandbox, "apps/b", &format!("  API_KEY: {CANARY}$$\n  password: b"));
    for (name, plain, line) in FILES {
        encrypted(&sandbox, name, plain);
        sandbox.write(name, sandbox.read(name).replace(line, &line.replace('3', "4")));
    }
    let rules: Vec<_> = found(&sandbox, &[])
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap().to_owned())
        .collect();
    for rule in ["mac-mismatch", "shared-password", "substitution-hazard", "weak-password"] {
        assert!(rules.iter().any(|found| found == rule), "{rule}: {rules:?}");
    }
    for format in FORMATS {
        verify(&sandbox, &["--format", format]).go().code(1);
    }
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn pages_of_the_rules_about_values_are_there() {
    let sandbox = repository();
    for rule in ["mac-mismatch", "substitution-hazard", "shared-password"] {
        sandbox.keywright(["check", "--explain", rule]).go().success().prints("--verify");
    }
}
