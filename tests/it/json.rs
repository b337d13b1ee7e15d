//! JSON files go both ways between the library and the real sops, and what the library encrypted comes back byte
//! for byte.

use std::path::Path;

use keywright::document::{Document, Syntax};
use keywright::keys::{Identities, Recipient};
use keywright::secret::RandomSource;
use keywright::sops::KeyGroup;
use keywright::sops::file::{EncryptedFile, Encryption, encrypt};
use keywright::sops::selection::Selection;

use crate::reference;
use crate::sandbox::{DATA, Sandbox};

/// The TEST ONLY recipient of the sample.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// Files that differ in layout and in how their values are spelled.
const FILES: &[&str] = &[
    "{\n\t\"a\": \"x\",\n\t\"b\": [1, 2.5, true, null, \"\", {\"c\": -7}]\n}\n",
    "{\"a\":\"x\",\"b\":{\"c\":[]}}",
    "{ \"a\" : 1.50, \"b\" : 1E5, \"c\" : -0, \"d\" : 1.0, \"e\" : 1e300, \"f\" : 1e-7 }\n",
    "{\r\n  \"a\": \"caf\\u00e9 \\/ \\ud83d\\udd11 <&>\\u2028\",\r\n\r\n  \"b\": \"a\\nb\"\r\n}",
    "{\n    \"i\": 9223372036854775807,\n    \"j\": 12345678901234567890,\n    \"k\": 0.1\n}\n\n",
    "{\"a\": 1, \"a\": 2, \"\": {\"\\u0061\": \"x\", \"a\": \"y\"}}\n",
    // Where Go and Rust take another one of two digits that are equally near.
    "{\"a\": 765111875649130.25, \"b\": 5e-324}\n",
    "{}\n",
    "{\n}",
    "{\"a\": { }}",
];

/// Different bytes each time; they need not be secret here.
struct Counter(u64);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

fn parse(text: &str) -> Document {
    Document::parse_as(Syntax::Json, text.as_bytes().to_vec())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn encrypted(text: &str) -> String {
    let how = Encryption {
        groups: &[KeyGroup::of(vec![Recipient::parse(RECIPIENT).unwrap()])],
        threshold: 0,
        selection: &Selection::default(),
        mac_only_encrypted: false,
        indent: 4,
        now: "2031-01-02T03:04:05Z",
    };
    let document = encrypt(&parse(text), &how, &mut Counter(7));
    document.unwrap_or_else(|error| panic!("{error}\n{text}")).source().to_owned()
}

/// The identity of the sample.
fn identities() -> Identities {
    let mut identities = Identities::new();
    let path = Path::new(DATA).join("samples/nerv/age-test-identity.txt");
    identities.add(&std::fs::read(path).unwrap(), "the sample");
    identities
}

fn decrypted(text: &str) -> String {
    let document = parse(text);
    let file = EncryptedFile::open(&document).unwrap().expect("it has metadata");
    let plain = file.unlock(&identities()).unwrap().decrypt();
    plain.unwrap_or_else(|error| panic!("{error}\n{text}")).source().to_owned()
}

/// A file as sops prints it after encrypting it, into `e.json`, and decrypting that.
fn normalized(sandbox: &Sandbox, version: &str, file: &str) -> String {
    let sops = sandbox.run(reference::sops(version));
    let encrypted = sops.args(["encrypt", "--age", RECIPIENT, file]).go().success();
    sandbox.write("e.json", encrypted.stdout_bytes);
    sandbox.run(reference::sops(version)).args(["decrypt", "e.json"]).go().success().stdout()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox
}

#[test]
fn what_we_encrypt_comes_back_byte_for_byte() {
    for text in FILES {
        let encrypted = encrypted(text);
        assert!(
            !encrypted.contains("caf\\u00e9") && !encrypted.contains("caf\u{e9}"),
            "{encrypted}"
        );
        assert_eq!(decrypted(&encrypted), *text);
    }
}

#[test]
fn what_we_encrypt_every_sops_decrypts() {
    let sandbox = sandbox();
    for text in FILES {
        sandbox.write("plain.json", text);
        sandbox.write("ours.json", encrypted(text));
        // The current one: sops before 3.13.2 reads every number as a float.
        let wanted = normalized(&sandbox, reference::versions("sops")[0], "plain.json");
        for version in reference::versions("sops") {
            let sops = sandbox.run(reference::sops(version));
            let plain = sops.args(["decrypt", "ours.json"]).go().success().stdout();
            // Nor did the old one end a file with a line break.
            assert_eq!(plain.trim_end(), wanted.trim_end(), "{version}\n{text}");
        }
    }
}

#[test]
fn what_sops_encrypts_we_decrypt_to_what_sops_prints() {
    let sandbox = sandbox();
    for text in FILES {
        sandbox.write("plain.json", text);
        for version in reference::versions("sops") {
            let wanted = normalized(&sandbox, version, "plain.json");
            // What differs is how we spell: a float stays one, and `<` is no escape.
            let ours = decrypted(&sandbox.read("e.json"));
            sandbox.write("ours.json", &ours);
            let again = normalized(&sandbox, version, "ours.json");
            assert_eq!(again, wanted, "{version}\n{ours}");
            if !ours.contains(".0") && !ours.contains('<') {
                assert_eq!(ours, wanted);
            }
        }
    }
}

#[test]
fn the_layout_of_sops_is_ours_where_there_is_none() {
    let sandbox = sandbox();
    sandbox.write("plain.json", "{}");
    normalized(&sandbox, reference::versions("sops")[0], "plain.json");
    let shape = |text: &str| {
        let lines = text.lines().map(|line| line.split(": ").next().unwrap().to_owned());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(shape(&encrypted("{}\n")), shape(&sandbox.read("e.json")));
}

#[test]
fn encrypted_comments_of_lists_go_as_with_sops() {
    let sandbox = sandbox();
    sandbox.write("a.yaml", "l:\n  # one\n  # two\n  - a\n  # three\n  - b\n  # four\n");
    let sops = sandbox.run(reference::current_sops());
    let args = ["encrypt", "--age", RECIPIENT, "--output-type", "json", "a.yaml"];
    let encrypted = sops.args(args).go().success().stdout();
    assert!(encrypted.contains("type:comment"), "{encrypted}");
    assert_eq!(decrypted(&encrypted), "{\n\t\"l\": [\n\t\t\"a\",\n\t\t\"b\"\n\t]\n}\n");
}

#[test]
fn a_file_that_is_changed_keeps_the_rest_and_is_read_by_sops() {
    let sandbox = sandbox();
    let plain = "{\n  \"a\": 1.50,\n  \"b\": {\"c\": [\"x\", \"y\"], \"d\": {}}\n}\n";
    let document = parse(&encrypted(plain));
    let later = "2031-02-03T04:05:06Z";
    let file = || EncryptedFile::open(&document).unwrap().unwrap().unlock(&identities()).unwrap();
    let sample = || Recipient::parse(RECIPIENT).unwrap();
    let groups = [KeyGroup::of(vec![sample(), Identities::generate().recipient])];

    let edited = parse(&plain.replace("{}", "{\"e\": 2}"));
    let again = file().encrypt_again(&edited, later, &mut Counter(8)).unwrap();
    let old: Vec<&str> = document.source().lines().collect();
    let changed = again.source().lines().filter(|line| !old.contains(line)).count();
    assert_eq!(changed, 3, "the value, the time and the MAC\n{}", again.source());
    let set = file().set(&[(&["b", "d", "e"], "z")], later, &mut Counter(8)).unwrap();
    assert_eq!(decrypted(set.source()), plain.replace("{}", "{\"e\": \"z\"}"));
    let rotated = file().rotate(&groups, 0, later, &mut Counter(9)).unwrap();
    assert_eq!(decrypted(rotated.source()), plain);
    let rewrapped = file().rewrap(&groups, 0, &mut Counter(9)).unwrap();
    assert!(rewrapped.source().matches("\n      {\n").count() == 2, "{}", rewrapped.source());
    assert_eq!(decrypted(rewrapped.source()), plain);
    for changed in [again, set, rotated, rewrapped] {
        sandbox.write("changed.json", changed.source());
        let sops = sandbox.run(reference::current_sops());
        sops.args(["decrypt", "changed.json"]).go().success();
    }
}
