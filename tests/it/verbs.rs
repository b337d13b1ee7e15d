//! The verbs as the built program carries them out: what changes, what stays, what is refused – beside the real
//! sops, wherever it does the same. What is printed is on the pages.

mod files;
mod groups;
mod least_change;
mod set;
mod updatekeys;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::reference;
use crate::sandbox::{Outcome, Run, Sandbox};

/// The TEST ONLY recipient of the sample.
pub(crate) const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// A plain file of every format, with a secret in it.
const PLAIN: [(&str, &str); 5] = [
    ("secret.yaml", "# of the file\nlist:\n  - TESTonly1\n  - 2\nmap: {a: 1.50, b: ''}\n"),
    ("secret.json", "{\"a\": \"TESTonly1\", \"b\": [true, null, 0.1]}"),
    ("secret.env", "# comment\nA=TESTonly1\nB=two\n"),
    ("secret.ini", "[section]\na=TESTonly1\nb=two\n"),
    ("secret.bin", "TESTonly1\u{1}\nbytes"),
];

/// A directory with the identity, where a rule covers everything.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    rule(&sandbox, RECIPIENT);
    sandbox
}

/// Makes a Git repository of it and commits everything.
fn commit(sandbox: &Sandbox) {
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("as it is");
}

/// The rule for everything.
fn rule(sandbox: &Sandbox, recipients: &str) {
    let rule = format!("creation_rules:\n  - path_regex: .\n    age: {recipients}\n");
    sandbox.write(".sops.yaml", rule);
}

/// Writes all [`PLAIN`] files and encrypts them.
fn encrypt_all(sandbox: &Sandbox) {
    PLAIN.iter().for_each(|(name, plain)| sandbox.write(name, plain));
    let names = PLAIN.iter().map(|(name, _)| *name);
    sandbox.keywright(["encrypt", "-i"].into_iter().chain(names)).go().success();
}

/// Writes and encrypts one file.
fn encrypt(sandbox: &Sandbox, name: &str, plain: &str) {
    sandbox.write(name, plain);
    sandbox.keywright(["encrypt", "-i", name]).go().success();
}

/// The current real sops.
fn sops<'s>(sandbox: &'s Sandbox, args: &[&str]) -> Run<'s> {
    sandbox.run(reference::current_sops()).args(args)
}

/// The values of a file as sops prints them, so its MAC is right.
fn values(sandbox: &Sandbox, name: &str) -> String {
    let output = if name.ends_with(".bin") { "binary" } else { "json" };
    sops(sandbox, &["decrypt", "--output-type", output, name]).go().success().stdout()
}

/// What the program decrypts.
fn plain(sandbox: &Sandbox, name: &str) -> String {
    sandbox.keywright(["decrypt", name]).go().success().stdout()
}

/// Another recipient. With `known`, its identity is where sops looks, too.
pub(crate) fn another(sandbox: &Sandbox, known: bool) -> String {
    let made = sandbox.run(reference::age_keygen()).go().success();
    if known {
        let path = sandbox.home().join(".config/sops/age/keys.txt");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&made.stdout_bytes).unwrap();
    }
    let line = made.stdout().lines().find(|line| line.contains("public key")).unwrap().to_owned();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// The value tokens of a file, the MAC among them.
fn tokens(text: &str) -> Vec<&str> {
    let tokens = text.split("ENC[").skip(1);
    tokens.map(|rest| rest.split(']').next().unwrap()).collect()
}

/// Refused, and nothing was touched.
#[track_caller]
pub(crate) fn refused<'s>(sandbox: &'s Sandbox, args: &[&str]) -> Outcome<'s> {
    let before = sandbox.snapshot();
    let outcome = sandbox.keywright(args).go().code(2);
    before.assert_untouched(&sandbox.snapshot());
    outcome
}

/// Makes times of files differ from those of the next write.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}

/// Whether a file is encrypted, by the status of the real sops.
fn is_encrypted(sandbox: &Sandbox, name: &str) -> bool {
    assert!(Path::new(&sandbox.path(name)).is_file(), "{name}");
    sops(sandbox, &["filestatus", name]).go().success().stdout().contains("true")
}

#[test]
fn a_pipe_is_not_changed_in_place() {
    let sandbox = Sandbox::nerv();
    sandbox.run("mkfifo").arg("pipe.yaml").go().success();
    for args in [&["decrypt", "-i", "pipe.yaml"][..], &["sops", "rotate", "-i", "pipe.yaml"]] {
        let code = if args[0] == "sops" { 1 } else { 2 };
        let outcome = sandbox.keywright(args).go().code(code);
        outcome.complains("pipe.yaml: is not a regular file");
    }
}

#[test]
fn a_damaged_file_in_a_directory_is_not_passed_over() {
    let sandbox = Sandbox::nerv();
    let path = "nerv/main/cluster/apps/grafana/app/secret.yaml";
    let whole = sandbox.read(path);
    let conflict = whole.replacen("kind: Secret", "<<<<<<< HEAD\nkind: Secret", 1);
    sandbox.write("nerv/notes.md", "the `sops` block has a `lastmodified`\n");
    for damaged in
        [whole.replace("ENC[", "ENC[x"), whole.replace("    mac: ", "    mac: !"), conflict]
    {
        sandbox.write(path, &damaged);
        let before = sandbox.snapshot();
        sandbox.keywright(["decrypt", "-i", "-r", "nerv"]).go().code(2).complains(path);
        before.assert_untouched(&sandbox.snapshot());
    }
    sandbox.write(path, whole);
    sandbox.keywright(["decrypt", "-i", "-r", "nerv"]).go().success();
}
