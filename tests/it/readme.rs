//! The README is tried: every command line behind `$ ` in it does what it says, in the order of the page.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::pages::{Stage, commands};
use crate::sandbox::Sandbox;
use crate::verbs::{RECIPIENT, another};

/// What other tests try: `demo` has its own, and whoever reads this has run the others.
const ELSEWHERE: [&str; 3] =
    ["cargo run --release -- demo", "cargo install --path .", "./scripts/test"];

/// Programs that the README calls besides ours, as far as it needs them.
const NEIGHBOURS: [(&str, &str); 3] = [
    ("kubectl", "printf 'kind: Secret\\nmetadata: {name: x}\\nstringData: {a: b}\\n'"),
    ("curl", "test \"$2\" = 'Authorization: TESTonlyKey'"),
    ("grafana-server", "grep -q TESTonlyMail \"$2\""),
];

/// The sample, and the files that the README speaks of.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::nerv();
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - path_regex: ^(apps|config)/\n    age: {RECIPIENT}\n"),
    );
    let secret = "kind: Secret\nmetadata: {name: a}\nstringData: {password: TESTonlyA}\n";
    sandbox.write("apps/grafana/secret.yaml", secret);
    sandbox.write("apps/x/.keep", "");
    sandbox.write("secret.yaml", "stringData: {a: TESTonlyA}\n");
    sandbox.write("config/settings.yaml", "hosts: [a]\nsmtp: {user: u, password: TESTonlyMail}\n");
    sandbox.write("config/app.env", "API_KEY=TESTonlyKey\n");
    sandbox.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
    sandbox.write("app.env", "MAIL_HOST=mail.example.com\n");
    let certificate =
        "req -x509 -newkey ed25519 -nodes -subj /CN=a.test -days 365 -keyout key.pem -out cert.pem";
    sandbox.run("openssl").args(certificate.split(' ')).go().success();
    let recipe = "secrets:\n  grafana-session:\n    app: grafana\n    keys:\n      SESSION_KEY: {generate: 'hex:32'}\n";
    sandbox.write("keywright.yaml", recipe);
    let store =
        "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: main}\n";
    sandbox.write("stores/store.yaml", store);
    sandbox.keywright(["encrypt", "-i", "config/settings.yaml", "config/app.env"]).go().success();
    sandbox
}

#[test]
fn every_command_of_the_readme_works() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let commands = commands(&fs::read_to_string(readme).unwrap());
    let is_elsewhere = |command: &String| ELSEWHERE.contains(&command.trim());
    let (elsewhere, commands): (Vec<_>, Vec<_>) = commands.into_iter().partition(is_elsewhere);
    assert_eq!(elsewhere.len(), ELSEWHERE.len());
    assert!(commands.len() > 30, "{}", commands.len());

    let sandbox = sandbox();
    let other = another(&sandbox, true);
    let stage = Stage::in_sandbox(sandbox);
    for (name, script) in NEIGHBOURS {
        let path = stage.programs().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for command in commands {
        let command = command.replace("age1…", &other);
        let (code, printed) = stage.run(&format!("export EDITOR=true\n{command}"));
        // A recipient that came into the rules and not into the files is found, and rightly so.
        let finds = command.starts_with("keywright check") && code == 1;
        assert!(code == 0 || finds, "{command}\n{printed}");
    }
}
