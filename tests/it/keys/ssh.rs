//! SSH keys, of this test's own and of the real ssh-keygen.

use std::fs;

use super::protected::{PASSPHRASE, decrypt_alone, decrypt_typing};
use super::*;
use crate::sandbox::DATA;
use crate::terminal::Terminal;

/// The text of one of the public SSH keys among the data, with its comment.
fn public(name: &str) -> String {
    fs::read_to_string(key(&format!("{name}.pub"))).unwrap().trim().to_owned()
}

/// The path of one of the SSH keys among the data.
fn key(name: &str) -> String {
    format!("{DATA}/keys/{name}")
}

#[test]
fn ssh_keys_go_both_ways() {
    for (kind, recipient, private) in [
        ("ssh-ed25519", "ed25519", "ed25519"),
        ("ssh-rsa, PKCS 1", "rsa", "rsa"),
        ("ssh-rsa, OpenSSH", "rsa", "rsa-openssh"),
    ] {
        let file = key(private);
        let environment = [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", file.as_str())];
        let sandbox = Sandbox::new();
        both_ways(kind, &sandbox, &public(recipient), &environment);
        // The comment is part of what the file says about its recipient.
        assert!(sandbox.read("ours.yaml").contains(&public(recipient)));
    }
}

#[test]
fn keys_of_ssh_keygen_at_their_usual_places_are_found() {
    for algorithm in ["ed25519", "rsa"] {
        let sandbox = Sandbox::new();
        let folder = sandbox.home().join(".ssh");
        fs::create_dir(&folder).unwrap();
        let path = folder.join(format!("id_{algorithm}"));
        let run = sandbox.run("ssh-keygen").args(["-q", "-t", algorithm, "-N", "", "-f"]);
        run.arg(&path).go().success();
        let public = fs::read_to_string(path.with_extension("pub")).unwrap();
        both_ways(&format!("~/.ssh/id_{algorithm}"), &sandbox, public.trim(), &[]);
    }
}

#[test]
fn a_protected_ssh_key_is_opened_with_its_passphrase() {
    let sandbox = Sandbox::new();
    encrypt_by_sops(&sandbox, "a.yaml", &public("ed25519"), &[]);
    let file = key("ed25519-protected");
    let environment = [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", file.as_str())];
    let (code, shown) = decrypt_typing(&sandbox, &file, PASSPHRASE, &environment);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.ends_with("password: TESTonlyCanary\r\n"), "{shown}");

    let (code, shown) = decrypt_typing(&sandbox, &file, "TEST ONLY wrong", &environment);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("ed25519-protected:1: the passphrase is wrong"), "{shown}");
    proof::record("keys", "SSH keys with a passphrase are opened", "ssh-ed25519");
}

#[test]
fn the_passphrase_is_typed_at_the_terminal_even_if_the_document_comes_through_a_pipe() {
    let sandbox = Sandbox::new();
    encrypt_by_sops(&sandbox, "a.yaml", &public("ed25519"), &[]);
    let file = key("ed25519-protected");
    let command = format!(
        "cat a.yaml | '{}' decrypt --filename-override a.yaml",
        env!("CARGO_BIN_EXE_keywright")
    );
    let run = sandbox.run("sh").args(["-c", &command]);
    let run = run.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &file);
    let mut terminal = Terminal::spawn(&run, 200, 24);
    terminal.expect_hidden(&format!("Passphrase of {file} (hidden): "));
    terminal.send_line(PASSPHRASE);
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.ends_with("password: TESTonlyCanary\r\n"), "{shown}");
}

#[test]
fn a_protected_key_that_is_not_meant_asks_nothing() {
    let sandbox = Sandbox::new();
    let folder = sandbox.home().join(".ssh");
    fs::create_dir(&folder).unwrap();
    fs::copy(key("ed25519-protected"), folder.join("id_ed25519")).unwrap();
    let (_, stranger) = generate(&sandbox, &[]);
    for (recipient, code) in [(public("rsa"), 2), (stranger, 2), (RECIPIENT.to_owned(), 0)] {
        encrypt_here(&sandbox, "a.yaml", &recipient, &[]);
        let command = format!("echo {IDENTITY}");
        let run = decrypt(&sandbox, "a.yaml", &[("SOPS_AGE_KEY_CMD", &command)]);
        let (ended, shown) = Terminal::spawn(&run, 200, 24).finish();
        assert_eq!(ended, code, "{shown}");
        assert!(!shown.contains("Passphrase"), "{shown}");
    }
}

#[test]
fn every_place_for_ssh_keys_is_a_place_here() {
    let (file, recipient) = (key("ed25519"), public("ed25519"));
    is_a_place("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &file, &recipient);
    is_a_place("SOPS_AGE_SSH_PRIVATE_KEY_CMD", &format!("cat '{file}'"), &recipient);
}

#[test]
fn without_a_terminal_the_key_is_named() {
    let sandbox = Sandbox::new();
    encrypt_here(&sandbox, "a.yaml", &public("ed25519"), &[]);
    let file = key("ed25519-protected");
    decrypt_alone(&sandbox, &[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &file)])
        .go()
        .code(2)
        .complains("ed25519-protected:1: protected by a passphrase, and none was given")
        .complains("hint: run it at a terminal to be asked for the passphrase");
}

#[test]
fn keys_that_cannot_be_used_are_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", PLAIN);
    let told = "RSA recipients have 2048 to 4096 bits";
    let weak = public("rsa-1024");
    sandbox.keywright(["encrypt", "--age", &weak, "a.yaml"]).go().code(2).complains(told);

    encrypt_here(&sandbox, "b.yaml", &public("rsa"), &[]);
    for (name, told) in [
        ("ecdsa", "`ecdsa-sha2-nistp256` identities are not supported"),
        ("rsa-old-protection", "an SSH key that is protected in an old or unknown way"),
    ] {
        let file = key(name);
        let environment = [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", file.as_str())];
        let told = format!("{name}:1: {told}");
        decrypt(&sandbox, "b.yaml", &environment).go().code(2).complains(&told);
    }
}
