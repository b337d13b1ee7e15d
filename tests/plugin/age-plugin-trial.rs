//! TEST ONLY: a plugin of age that protects nothing, for the tests of plugins.
//!
//! It speaks <https://c2sp.org/age-plugin>. A recipient `age1trial1…` and the identity `AGE-PLUGIN-TRIAL-1…` with
//! the same data belong together. The first byte of the data says how it behaves when it unwraps:
//!
//! | byte | behaviour |
//! |---|---|
//! | 0 | unwraps |
//! | 1 | asks for the PIN `TESTonlyPIN` |
//! | 2 | lets somebody confirm |
//! | 3 | fails, and says so |
//! | 4 | asks for the name `TESTonlyName`, which may be seen |
//!
//! It writes `TESTonlyNOISE` to standard error whatever it does, and a line to the file that `TRIAL_LOG` names for
//! each time that it runs.
//!
//! ```text
//! -> trial BASE64(data)
//! BASE64(file key XOR SHA-256(data))
//! ```

// It is a program for tests: what cannot go on may panic.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::exit)]

use std::io::{BufRead, Write};

use age_core::primitives::bech32_decode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

/// The PIN of keys of kind 1.
const PIN: &[u8] = b"TESTonlyPIN";

/// A command of either side: its words and its body.
struct Stanza {
    words: Vec<String>,
    body: Vec<u8>,
}

impl Stanza {
    fn is(&self, command: &str) -> bool {
        self.words[0] == command
    }
}

fn main() {
    eprintln!("TESTonlyNOISE");
    let phase = std::env::args().nth(1).unwrap_or_default();
    if let Some(path) = std::env::var_os("TRIAL_LOG") {
        let mut log = std::fs::File::options().append(true).create(true).open(path).unwrap();
        writeln!(log, "{phase}").unwrap();
    }
    match phase.as_str() {
        "--age-plugin=recipient-v1" => wrap(),
        "--age-plugin=identity-v1" => unwrap(),
        _ => std::process::exit(2),
    }
}

/// Wraps each file key for each recipient.
fn wrap() {
    let commands = receive_all();
    let recipients = commands.iter().filter(|command| command.is("add-recipient"));
    let data: Vec<_> = recipients.map(|command| decode(&command.words[1])).collect();
    let file_keys = commands.iter().filter(|command| command.is("wrap-file-key"));
    for (index, file_key) in file_keys.enumerate() {
        for data in &data {
            let stanza = ["recipient-stanza", &index.to_string(), "trial", &BASE64.encode(data)];
            send(&stanza, &mask(data, &file_key.body));
            receive();
        }
    }
    send(&["done"], &[]);
}

/// Unwraps the first stanza that is for one of the identities.
fn unwrap() {
    let commands = receive_all();
    let identities = commands.iter().filter(|command| command.is("add-identity"));
    let data: Vec<_> = identities.map(|command| decode(&command.words[1])).collect();
    let stanzas = commands.iter().filter(|command| command.is("recipient-stanza"));
    for stanza in stanzas.filter(|stanza| stanza.words[2] == "trial") {
        let wanted = BASE64.decode(&stanza.words[3]).unwrap();
        if !data.contains(&wanted) {
            continue;
        }
        if permitted(wanted[0]) {
            send(&["file-key", &stanza.words[1]], &mask(&wanted, &stanza.body));
        } else {
            send(&["error", "identity", "0"], b"the trial ended badly");
        }
        receive();
    }
    send(&["done"], &[]);
}

/// What has to happen before a key is used.
fn permitted(kind: u8) -> bool {
    match kind {
        0 => true,
        1 => {
            send(&["msg"], b"the trial begins");
            receive();
            send(&["request-secret"], b"PIN of the trial");
            receive().body == PIN
        }
        2 => {
            send(&["confirm", &BASE64.encode("go on"), &BASE64.encode("stop")], b"use the key?");
            let answer = receive();
            answer.is("ok") && answer.words.get(1).is_some_and(|word| word == "yes")
        }
        4 => {
            send(&["request-public"], b"name of the trial");
            receive().body == b"TESTonlyName"
        }
        _ => false,
    }
}

/// The same both ways.
fn mask(data: &[u8], file_key: &[u8]) -> Vec<u8> {
    file_key.iter().zip(Sha256::digest(data)).map(|(byte, mask)| byte ^ mask).collect()
}

/// The data of a recipient or an identity.
fn decode(text: &str) -> Vec<u8> {
    bech32_decode(text, drop, |_| Ok(()), |_, bytes| Ok(bytes.collect())).unwrap()
}

/// Commands up to `done`.
fn receive_all() -> Vec<Stanza> {
    std::iter::repeat_with(receive).take_while(|command| !command.is("done")).collect()
}

/// One command or answer: its last body line is the one with less than 64 characters.
fn receive() -> Stanza {
    let mut input = std::io::stdin().lock();
    let mut line = || {
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    };
    let first = line();
    let words = first.strip_prefix("-> ").unwrap().split(' ').map(str::to_owned).collect();
    let mut encoded = String::new();
    loop {
        let part = line();
        encoded.push_str(&part);
        if part.len() < 64 {
            return Stanza { words, body: BASE64.decode(encoded).unwrap() };
        }
    }
}

fn send(words: &[&str], body: &[u8]) {
    let encoded = BASE64.encode(body);
    let mut text = format!("-> {}\n", words.join(" "));
    let mut rest = encoded.as_str();
    while rest.len() >= 64 {
        text.push_str(&rest[..64]);
        text.push('\n');
        rest = &rest[64..];
    }
    text.push_str(rest);
    text.push('\n');
    let mut output = std::io::stdout();
    output.write_all(text.as_bytes()).unwrap();
    output.flush().unwrap();
}
