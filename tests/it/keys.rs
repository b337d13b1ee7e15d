//! Keys of every kind against the real sops, age and ssh-keygen: what they wrap is unwrapped here, and the other
//! way round.

mod plugin;
mod protected;
#[cfg(feature = "ssh")]
mod ssh;

use std::path::{Path, PathBuf};

use crate::sandbox::{Run, Sandbox};
use crate::{proof, reference};

/// What is encrypted.
const PLAIN: &str = "password: TESTonlyCanary\n";

/// TEST ONLY: the identity of the samples, and its recipient.
const IDENTITY: &str = "AGE-SECRET-KEY-1K35W25MT9740EHYLS6PR0UJY26XJSA7HQRGNF8KZXJSVELAMARCQJPRX8R";
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// A variable and its value.
type Variable<'a> = (&'a str, &'a str);

/// The run with more variables.
fn with<'a>(run: Run<'a>, environment: &[Variable]) -> Run<'a> {
    environment.iter().fold(run, |run, (name, value)| run.env(name, value))
}

/// What is to be run to decrypt a file with the program under test.
fn decrypt<'a>(sandbox: &'a Sandbox, file: &str, environment: &[Variable]) -> Run<'a> {
    with(sandbox.keywright(["decrypt", file]), environment)
}

/// Encrypts [`PLAIN`] with the real sops.
#[track_caller]
fn encrypt_by_sops(sandbox: &Sandbox, file: &str, recipients: &str, environment: &[Variable]) {
    sandbox.write(file, PLAIN);
    let run = sandbox.run(reference::current_sops());
    let run = run.args(["encrypt", "--in-place", "--age", recipients, file]);
    with(run, environment).go().success();
    assert!(sandbox.read(file).contains("ENC["));
}

/// Encrypts [`PLAIN`] with the program under test.
#[track_caller]
fn encrypt_here(sandbox: &Sandbox, file: &str, recipients: &str, environment: &[Variable]) {
    sandbox.write(file, PLAIN);
    let run = sandbox.keywright(["encrypt", "--in-place", "--age", recipients, file]);
    with(run, environment).go().success();
    assert!(sandbox.read(file).contains("ENC["));
}

/// What the real sops wraps is unwrapped here, and what is wrapped here is unwrapped by the real sops.
#[track_caller]
fn both_ways(kind: &str, sandbox: &Sandbox, recipients: &str, environment: &[Variable]) {
    encrypt_by_sops(sandbox, "theirs.yaml", recipients, environment);
    let outcome = decrypt(sandbox, "theirs.yaml", environment).go().success();
    assert_eq!(outcome.stdout(), PLAIN);

    encrypt_here(sandbox, "ours.yaml", recipients, environment);
    let run = sandbox.run(reference::current_sops()).args(["decrypt", "ours.yaml"]);
    assert_eq!(with(run, environment).go().success().stdout(), PLAIN);
    proof::record("keys", "kinds of keys go both ways between us and sops", kind);
}

/// A key pair of the real age-keygen: the identity file and its recipient.
#[track_caller]
fn generate(sandbox: &Sandbox, flags: &[&str]) -> (String, String) {
    let file = sandbox.run(reference::age_keygen()).args(flags).go().success().stdout();
    let run = sandbox.run(reference::age_keygen()).arg("-y").stdin(&file);
    (file, run.go().success().stdout().trim().to_owned())
}

#[test]
fn native_keys_go_both_ways() {
    for (kind, flags) in [("X25519", &[][..]), ("post-quantum", &["-pq"])] {
        let sandbox = Sandbox::new();
        let (file, recipient) = generate(&sandbox, flags);
        both_ways(kind, &sandbox, &recipient, &[("SOPS_AGE_KEY", &file)]);
    }
}

#[test]
fn a_file_may_have_recipients_of_both_native_kinds() {
    let sandbox = Sandbox::new();
    let (file, recipient) = generate(&sandbox, &["-pq"]);
    let both = format!("{RECIPIENT},{recipient}");
    both_ways("both native kinds", &sandbox, &both, &[("SOPS_AGE_KEY", &file)]);
    both_ways("both native kinds", &sandbox, &both, &[("SOPS_AGE_KEY", IDENTITY)]);
}

#[test]
fn age_opens_what_is_wrapped_for_post_quantum_recipients() {
    let sandbox = Sandbox::new();
    let (file, recipient) = generate(&sandbox, &["-pq"]);
    encrypt_here(&sandbox, "ours.yaml", &recipient, &[]);
    let text = sandbox.read("ours.yaml");
    let begin = text.find("-----BEGIN AGE").unwrap();
    let armor: String = text[begin..]
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .take_while(|line| !line.starts_with("-----END"))
        .chain(["-----END AGE ENCRYPTED FILE-----\n".to_owned()])
        .collect();
    sandbox.write("key.txt", file);
    let run = sandbox.run(reference::age()).args(["--decrypt", "--identity", "key.txt"]);
    assert_eq!(run.stdin(armor).go().success().stdout_bytes.len(), 32);
}

/// A place in the environment is one here as well: without it nothing is unwrapped, with it [`PLAIN`] comes out.
#[track_caller]
fn is_a_place(name: &str, value: &str, recipient: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("keys/mine.txt", format!("{IDENTITY}\r\n"));
    encrypt_here(&sandbox, "a.yaml", recipient, &[]);
    decrypt(&sandbox, "a.yaml", &[]).go().code(2).complains("there is no age identity");
    assert_eq!(decrypt(&sandbox, "a.yaml", &[(name, value)]).go().success().stdout(), PLAIN);
}

#[test]
fn every_place_that_sops_knows_is_a_place_here() {
    is_a_place("SOPS_AGE_KEY", &format!("AGE-PLUGIN-NONE-1QQQQ {IDENTITY}"), RECIPIENT);
    is_a_place("SOPS_AGE_KEY_FILE", "keys/mine.txt", RECIPIENT);
    is_a_place("SOPS_AGE_KEY_CMD", &format!("echo '{IDENTITY}'"), RECIPIENT);
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    encrypt_here(&sandbox, "a.yaml", RECIPIENT, &[]);
    assert_eq!(decrypt(&sandbox, "a.yaml", &[]).go().success().stdout(), PLAIN);
}

/// A command that writes down for whom it is asked, then prints what another one does.
fn logged(sandbox: &Sandbox, print: &str) -> String {
    let script = format!("#!/bin/sh\necho \"$SOPS_AGE_RECIPIENT\" >> asked\n{print}\n");
    sandbox.write("print-key", script);
    "sh print-key".to_owned()
}

#[test]
fn a_command_runs_only_if_nothing_else_helps_and_no_longer_than_its_answer_changes() {
    let sandbox = Sandbox::new();
    let (_, third) = generate(&sandbox, &[]);
    let (_, second) = generate(&sandbox, &[]);
    let (_, first) = generate(&sandbox, &[]);
    let command = logged(&sandbox, &format!("echo {IDENTITY}"));
    let variable = ("SOPS_AGE_KEY_CMD", command.as_str());

    encrypt_here(&sandbox, "own.yaml", RECIPIENT, &[variable]);
    decrypt(&sandbox, "own.yaml", &[variable, ("SOPS_AGE_KEY", IDENTITY)]).go().success();
    assert!(!sandbox.path("asked").exists(), "it was run without need");

    encrypt_here(&sandbox, "shared.yaml", &format!("{first},{second},{RECIPIENT}"), &[]);
    decrypt(&sandbox, "shared.yaml", &[variable]).go().success();
    assert_eq!(sandbox.read("asked"), format!("{first}\n"));

    sandbox.write("asked", "");
    encrypt_here(&sandbox, "foreign.yaml", &format!("{first},{second},{third}"), &[]);
    decrypt(&sandbox, "foreign.yaml", &[variable]).go().code(2).complains("no identity matches");
    assert_eq!(sandbox.read("asked"), format!("{first}\n{second}\n"));
}

#[test]
fn a_command_may_know_one_recipient_of_many() {
    let sandbox = Sandbox::new();
    let (_, stranger) = generate(&sandbox, &[]);
    let print = format!("test \"$SOPS_AGE_RECIPIENT\" = {RECIPIENT} && echo {IDENTITY}");
    let command = logged(&sandbox, &print);
    let both = format!("{stranger},{RECIPIENT}");
    both_ways("a command for one recipient", &sandbox, &both, &[("SOPS_AGE_KEY_CMD", &command)]);
}

#[test]
fn what_cannot_be_read_is_told_where_nothing_helps_and_only_there() {
    let sandbox = Sandbox::new();
    sandbox.write("keys.txt", format!("TESTonlyProse\n{IDENTITY}\n"));
    let environment = [
        ("SOPS_AGE_KEY_FILE", "keys.txt"),
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "none"),
        ("SOPS_AGE_KEY_CMD", "false"),
    ];
    encrypt_here(&sandbox, "own.yaml", RECIPIENT, &[]);
    let outcome = decrypt(&sandbox, "own.yaml", &environment).go().success();
    assert_eq!(outcome.stderr(), "", "{}", outcome.describe());

    let (_, stranger) = generate(&sandbox, &[]);
    encrypt_here(&sandbox, "foreign.yaml", &stranger, &[]);
    decrypt(&sandbox, "foreign.yaml", &environment)
        .go()
        .code(2)
        .complains("keys.txt:1: not an age identity")
        .complains("warning: SOPS_AGE_SSH_PRIVATE_KEY_FILE: ")
        .complains("warning: SOPS_AGE_KEY_CMD: `false`: exit status: 1");
    sandbox.assert_no_trace_of("TESTonlyProse", &["keys.txt"]);
}

#[cfg(not(feature = "ssh"))]
#[test]
fn without_its_feature_ssh_is_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", PLAIN);
    sandbox
        .keywright(["encrypt", "--age", "ssh-ed25519 AAAA", "a.yaml"])
        .go()
        .code(2)
        .complains("`ssh-ed25519` recipients are not supported");
    sandbox.write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n");
    encrypt_here(&sandbox, "b.yaml", RECIPIENT, &[]);
    decrypt(&sandbox, "b.yaml", &[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "id")])
        .go()
        .code(2)
        .complains("id:1: `ssh` identities are not supported");
}

#[test]
fn recipients_that_cannot_be_used_are_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", PLAIN);
    for (recipient, told) in [
        ("ssh-dss AAAA", "`ssh-dss` recipients are not supported"),
        ("age1pq1qqqq", "`age1pq1qqqq` is not a valid age recipient"),
        ("age1trial1qqqq", "`age1trial1qqqq` is not a valid age recipient"),
    ] {
        sandbox.keywright(["encrypt", "--age", recipient, "a.yaml"]).go().code(2).complains(told);
    }
}

/// Where a plugin of the tests is.
fn plugin_folder() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_keywright"));
    let folder = program.parent().unwrap().join("examples");
    assert!(
        folder.join("age-plugin-trial").is_file(),
        "run `cargo build --examples`, it makes the plugin of the tests"
    );
    folder
}
