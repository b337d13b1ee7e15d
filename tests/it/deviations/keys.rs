//! Keys, recipients and the metadata.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{given, given_by, shown};
use crate::drop_in::{ALICE, BOB, BOBS_IDENTITY, CAROL, Stage, with_both};
use crate::sandbox::DATA;

/// Writes a file encrypted by the real sops, with another line in front of the first one that begins so.
fn given_with(stage: &Stage, before: &str, inserted: &str) {
    given(stage, "a.yaml", "a: x\n");
    let text = stage.sandbox.read("a.yaml");
    let with = text.replacen(&format!("\n{before}"), &format!("\n{inserted}\n{before}"), 1);
    assert_ne!(with, text);
    stage.sandbox.write("a.yaml", with);
}

/// The lines of a file that begin with a word, without their indentation.
fn lines(stage: &Stage, word: &str) -> Vec<String> {
    let text = stage.sandbox.read("a.yaml");
    let lines = text.lines().map(str::trim_start).filter(|line| line.starts_with(word));
    lines.map(str::to_owned).collect()
}

fn rule(stage: &Stage, rule: &str) {
    stage.sandbox.write(".sops.yaml", format!("creation_rules:\n  - {rule}\n"));
}

/// Of nobody.
const FINGERPRINT: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

#[test]
fn foreign_keys() {
    with_both(|stage| {
        let entry = format!(
            "    pgp:\n        - created_at: \"2024-01-01T00:00:00Z\"\n          enc: none\n          \
             fp: {FINGERPRINT}"
        );
        given_with(stage, "    lastmodified: ", &entry);
        stage.sops(["set", "a.yaml", r#"["a"]"#, "\"y\""]).go().success();
        assert!(stage.sandbox.read("a.yaml").contains(&format!("\n{entry}\n")));
        assert_eq!(shown(stage, "a.yaml"), "a: \"y\"\n");
        // Nobody has the key: sops tries to wrap for it, and fails.
        let (rotating, encrypting) = match stage.ours {
            true => ("only age is supported", "`--pgp`"),
            false => (
                "could not encrypt data key with PGP key",
                "could not encrypt data key with PGP key",
            ),
        };
        stage.sops(["rotate", "a.yaml"]).go().code(1).complains(rotating);
        stage.sandbox.write("b.yaml", "a: x\n");
        let args = ["encrypt", "--pgp", FINGERPRINT, "b.yaml"];
        stage.sops(args).go().code(1).complains(encrypting);
    });
}

#[test]
fn group_bad_recipient() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let before = stage.sandbox.read("a.yaml");
        let args = ["groups", "add", "-i", "-f", "a.yaml", "--age", "age1nonsense"];
        let outcome = stage.sops(args).go();
        if stage.ours {
            outcome.code(1).complains("`age1nonsense` is not a valid age recipient");
            assert_eq!(stage.sandbox.read("a.yaml"), before);
        } else {
            outcome.success();
            assert!(stage.sandbox.read("a.yaml").contains("- age: []\n"));
        }
    });
}

#[test]
fn last_group() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["groups", "delete", "-i", "-f", "a.yaml", "0"]).go();
        outcome.code(if stage.ours { 1 } else { 0 });
        let outcome = stage.sops(["decrypt", "a.yaml"]).go();
        assert_eq!(outcome.status.success(), stage.ours, "{}", outcome.describe());
    });
}

#[test]
fn updatekeys_threshold() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let groups =
            format!("key_groups: [{{age: [{ALICE}]}}, {{age: [{BOB}]}}, {{age: [{CAROL}]}}]");
        rule(stage, &format!("{groups}\n    shamir_threshold: 2"));
        stage.sops(["updatekeys", "--yes", "a.yaml"]).go().success();
        let threshold = if stage.ours { "shamir_threshold: 2" } else { "shamir_threshold: 3" };
        assert_eq!(lines(stage, "shamir_threshold: "), [threshold]);
        // Two of the three identities are here.
        stage.sops(["decrypt", "a.yaml"]).go().code(if stage.ours { 0 } else { 128 });
    });
}

/// The wrapped data key of the first recipient.
fn first_copy(stage: &Stage) -> String {
    let text = stage.sandbox.read("a.yaml");
    let (before, _) = text.split_once("-----END").unwrap();
    before.split_once("-----BEGIN").unwrap().1.replace(' ', "")
}

#[test]
fn updatekeys_copies() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let before = first_copy(stage);
        rule(stage, &format!("age: {ALICE},{BOB}"));
        stage.sops(["updatekeys", "--yes", "a.yaml"]).go().success();
        assert_eq!(lines(stage, "recipient: ").len(), 2);
        assert_eq!(first_copy(stage) == before, stage.ours);
    });
}

#[test]
fn rotate_ivs() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\nb: 1\n");
        let ivs = || {
            let tokens = [lines(stage, "a: "), lines(stage, "b: ")].concat();
            let iv = |token: &String| token.split(",iv:").nth(1).unwrap()[..44].to_owned();
            tokens.iter().map(iv).collect::<Vec<_>>()
        };
        let before = ivs();
        stage.sops(["rotate", "-i", "a.yaml"]).go().success();
        let kept = ivs().iter().filter(|iv| before.contains(iv)).count();
        assert_eq!(kept, if stage.ours { 0 } else { 2 });
    });
}

#[test]
fn edit_version() {
    with_both(|stage| {
        given_by("3.9.4", stage, "a.yaml", "a: x\n");
        stage.sops(["set", "a.yaml", r#"["a"]"#, "\"y\""]).go().success();
        assert_eq!(lines(stage, "version: "), ["version: 3.9.4"]);
        let run = stage.sops(["edit", "a.yaml"]).env("EDITOR", "sed -i s/y/z/");
        run.go().success();
        assert_eq!(shown(stage, "a.yaml"), "a: z\n");
        let version = if stage.ours { "version: 3.9.4" } else { "version: 3.13.3" };
        assert_eq!(lines(stage, "version: "), [version]);
    });
}

#[test]
fn metadata_kept() {
    let verbs: [&[&str]; 4] = [
        &["set", "a.yaml", r#"["a"]"#, "\"y\""],
        &["rotate", "-i", "a.yaml"],
        &["updatekeys", "--yes", "a.yaml"],
        &["edit", "a.yaml"],
    ];
    with_both(|stage| {
        for verb in verbs {
            given_with(stage, "    lastmodified: ", "    # note\n    later: field");
            rule(stage, &format!("age: {ALICE},{BOB}"));
            stage.sops(verb).env("EDITOR", "sed -i s/x/z/").go().success();
            let kept = [lines(stage, "# note"), lines(stage, "later: ")].concat();
            let wanted: &[&str] = if stage.ours { &["# note", "later: field"] } else { &[] };
            assert_eq!(kept, wanted, "{verb:?}");
            shown(stage, "a.yaml");
            rule(stage, &format!("age: {ALICE}"));
        }
    });
}

#[test]
fn unquoted_lastmodified() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let [line] = &lines(stage, "lastmodified: ")[..] else { panic!("it is there once") };
        let text = stage.sandbox.read("a.yaml").replace(line, &line.replace('"', ""));
        stage.sandbox.write("a.yaml", text);
        let outcome = stage.sops(["decrypt", "a.yaml"]).go();
        if stage.ours {
            assert_eq!(outcome.success().stdout(), "a: x\n");
        } else {
            outcome.code(1).complains("'lastmodified' expected type 'string'");
        }
    });
}

#[test]
fn identity_lines() {
    with_both(|stage| {
        rule(stage, &format!("age: {BOB}"));
        given(stage, "a.yaml", "a: x\n");
        stage.sandbox.remove_identity();
        stage.sandbox.write("keys.txt", format!("nonsense\n{BOBS_IDENTITY}\n"));
        let run = stage.sops(["decrypt", "a.yaml"]).env("SOPS_AGE_KEY_FILE", "keys.txt");
        run.go().code(if stage.ours { 0 } else { 128 });
    });
}

/// TEST ONLY: the identity of Alice behind [`PASSPHRASE`], by `age --passphrase --armor`.
const PROTECTED: &str = "\
-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCA2UzlOMGhZY2x3Y2lwbmt6
bFp1RE1BIDE4CnhiQlhWQVp1ZUtQZENDWWE0Yi82cUpvU29uZUxSWFoxTGdjSjVT
QW1SQkkKLS0tIGZVMWJTMlVldVdCQ204Z2lsWDZqNVp2Ry9talUzOXNsTnFTV2Vq
RTM5SzgKEIxBzl/1mke1yvmXsz4yLGGfL6+Yky7pum3HxecdOzcfP5oiDh5MCEb4
zVg9HUAtbJYoNMgX1W5KY3gBXmJZqyW2zuydrI0o4Z+pG+aY4gKzttoVAt6T8jn0
iOz9GdmUBFXdbv1DER+/rBY=
-----END AGE ENCRYPTED FILE-----
";

/// TEST ONLY.
const PASSPHRASE: &str = "TEST ONLY passphrase";

/// An agent that knows the passphrase, and answers whoever asks until the test ends.
fn agent(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    let passphrase: String = PASSPHRASE.bytes().map(|byte| format!("{byte:02x}")).collect();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut answers = stream.try_clone().unwrap();
            let _ = answers.write_all(b"OK\n");
            for request in BufReader::new(stream).lines().map_while(Result::ok) {
                let asked = request.starts_with("GET_PASSPHRASE ");
                let _ = writeln!(answers, "OK {}", if asked { &passphrase } else { "" });
            }
        }
    });
}

#[test]
fn passphrases() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        stage.sandbox.remove_identity();
        stage.sandbox.write("keys.age", PROTECTED);
        let socket = stage.sandbox.home().join("agent");
        agent(&socket);
        // Without a terminal, the agent alone can be asked.
        let sops = stage.sandbox.home().join("bin/sops");
        let run = stage.sandbox.run("setsid").arg("--wait").arg(sops).args(["decrypt", "a.yaml"]);
        let outcome = run.env("SOPS_AGE_KEY_FILE", "keys.age").env("GPG_AGENT_INFO", &socket).go();
        if stage.ours {
            outcome.code(128).complains("protected by a passphrase, and none was given");
        } else {
            assert_eq!(outcome.success().stdout(), "a: x\n");
        }
    });
}

#[test]
fn rsa_size() {
    // A modulus of 8192 bits; that it has two factors is nobody's to see.
    let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let modulus = [&[0][..], &[0xff; 1024]].concat();
    let key = [field(b"ssh-rsa"), field(&[1, 0, 1]), field(&modulus)].concat();
    let large = format!("ssh-rsa {}", STANDARD.encode(key));
    let usual = fs::read_to_string(format!("{DATA}/keys/rsa.pub")).unwrap();
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "a: x\n");
        let encrypt = |recipient: &str| stage.sops(["encrypt", "--age", recipient, "a.yaml"]).go();
        let has_ssh = !stage.ours || cfg!(feature = "ssh");
        encrypt(usual.trim()).code(if has_ssh { 0 } else { 1 });
        encrypt(&large).code(if stage.ours { 1 } else { 0 });
    });
}

#[test]
fn mac_message() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\nb_unencrypted: y\n");
        let text = stage.sandbox.read("a.yaml");
        stage.sandbox.write("a.yaml", text.replace("_unencrypted: \"y\"", "_unencrypted: z"));
        let told = stage.sops(["decrypt", "a.yaml"]).go().code(51).stderr();
        assert!(told.contains("MAC mismatch"), "{told}");
        let hash =
            |word: &str| word.len() >= 128 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hashes = told.split(|c: char| !c.is_alphanumeric()).filter(|word| hash(word)).count();
        assert_eq!(hashes, if stage.ours { 0 } else { 2 }, "{told}");
    });
}
