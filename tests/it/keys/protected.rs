//! Keys behind a passphrase, which is typed at a terminal.

use std::fs;

use super::*;
use crate::terminal::Terminal;

/// TEST ONLY: the passphrase of all keys here.
pub(super) const PASSPHRASE: &str = "TEST ONLY passphrase";

/// Decrypts a file at a terminal and types the passphrase when asked for that of `origin`.
#[track_caller]
pub(super) fn decrypt_typing(
    sandbox: &Sandbox,
    origin: &str,
    typed: &str,
    environment: &[Variable],
) -> (i32, String) {
    let mut terminal = Terminal::spawn(&decrypt(sandbox, "a.yaml", environment), 200, 24);
    terminal.expect_hidden(&format!("Passphrase of {origin} (hidden): "));
    terminal.send_line(typed);
    terminal.finish()
}

/// Decrypts a file without a terminal.
pub(super) fn decrypt_alone<'a>(sandbox: &'a Sandbox, environment: &[Variable]) -> Run<'a> {
    let run = sandbox.run("setsid").args(["--wait", env!("CARGO_BIN_EXE_keywright")]);
    with(run.args(["decrypt", "a.yaml"]), environment)
}

/// The TEST ONLY identity behind the passphrase, made by the real age at a terminal.
#[track_caller]
fn protect(sandbox: &Sandbox, armor: &[&str]) {
    sandbox.write("keys.txt", format!("# mine\n{IDENTITY}\n"));
    let run = sandbox.run(reference::age()).arg("--passphrase").args(armor);
    let mut terminal = Terminal::spawn(&run.args(["--output", "keys.age", "keys.txt"]), 80, 24);
    terminal.expect_hidden("Enter passphrase");
    terminal.send_line(PASSPHRASE);
    terminal.expect_hidden("Confirm passphrase");
    terminal.send_line(PASSPHRASE);
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    fs::remove_file(sandbox.path("keys.txt")).unwrap();
}

#[test]
fn identity_files_of_age_are_opened_with_their_passphrase() {
    for armor in [&[][..], &["--armor"]] {
        let sandbox = Sandbox::new();
        protect(&sandbox, armor);
        encrypt_by_sops(&sandbox, "a.yaml", RECIPIENT, &[]);
        let environment = [("SOPS_AGE_KEY_FILE", "keys.age")];
        let origin = sandbox.path("keys.age").canonicalize().unwrap();
        let (code, shown) =
            decrypt_typing(&sandbox, &origin.to_string_lossy(), PASSPHRASE, &environment);
        assert_eq!(code, 0, "{shown}");
        assert!(shown.ends_with("password: TESTonlyCanary\r\n"), "{shown}");
        sandbox.assert_no_trace_of(PASSPHRASE, &[]);
        let form = if armor.is_empty() { "binary" } else { "armored" };
        proof::record("keys", "identity files of `age -p` are opened", form);
    }
}

#[test]
fn without_a_terminal_the_file_is_named() {
    let sandbox = Sandbox::new();
    protect(&sandbox, &[]);
    encrypt_here(&sandbox, "a.yaml", RECIPIENT, &[]);
    decrypt_alone(&sandbox, &[("SOPS_AGE_KEY_FILE", "keys.age")])
        .go()
        .code(2)
        .complains("keys.age:1: protected by a passphrase, and none was given")
        .complains("hint: run it at a terminal to be asked for the passphrase");
}
