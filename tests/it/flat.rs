//! Dotenv and INI files: we see what the real sops sees, and both read what the other encrypted.

use std::fs;

use keywright::document::{Document, Kind, NodeId, Syntax};
use keywright::keys::{Identities, Recipient};
use keywright::secret::RandomSource;
use keywright::sops::KeyGroup;
use keywright::sops::file::{EncryptedFile, Encryption, encrypt};
use keywright::sops::selection::Selection;

use crate::reference;
use crate::sandbox::{DATA, Sandbox};

/// The TEST ONLY recipient of the sample.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// Dotenv files that SOPS prints as they are.
const DOTENV: &[&str] = &[
    "",
    "A=1\n",
    "# head\nA=1\n#\n#  spaced \nB = \"two words\" # no comment\n# end\n",
    "A=a\\nb\\\\nc\nB='x'\nC==\nexport D=1\n=no key\nE=\n",
    "A=1\nA=2\nA=1\n",
    "A=1\r\n# c\r\nB=\r\n",
    "\u{feff}A=\u{e4}\u{1f511}\u{a0}\n",
    " #=x\nA_unencrypted=plain\n",
];

/// Dotenv files that SOPS prints otherwise: without empty lines, with a line break at the end.
const DOTENV_LAYOUT: &[&str] = &["\n\n", "A=1\n\nB=2\n\n", "A=1\nB=2", "A=1\n# end"];

/// INI files; SOPS prints all of them anew.
const INI: &[&str] = &[
    "",
    "# only a comment\n",
    "a=1\n",
    "a=1",
    "a : 1\n\n[s]\nb=2 ; beside\n; above\n; both\nc = 3\n[empty]\n[t] # title\nd=\n",
    "# head\n\n  ; second\nd = 1 # beside\n\n# sec\n[s] ; side\nx = \"q\" ; c1\ny = 'z'\n# tail\n",
    "[s]\nk=1\n[s]\nk=2\n[DEFAULT]\nk=3\n",
    "[ s ]\nk=1\n[a] # [b]\nk=2\n[x]]\n",
    "a=`x#y`\nb=\"\"\"x;y\"\"\"\nc=\"x#y\"\nd=x;y\ne=\" x \"\nf='\"'\ng=\"a\"b\"\nh=`a`b`\n",
    "a=\"\"\"one\n two;#`\n\"\"\" # c\nb=`one\n\ntwo`\n",
    "a=one \\\n  two \\\nthree ; x\nb=one\\\n\nc=2\nd=\"x\" \\\n; y\n",
    "`a=b` = 1\n\"c:d\"junk: 2\n\"\"\"e=f\"\"\"=3\n'g'=4\n",
    "a=C:\\dir\\\nb=1\n",
    "\u{feff}a=\u{e4}\u{a0}\r\n; c\r\n; d\r\n[s]\r\nb = 2 \r\n",
    "a=x=y:z\nb:x=y\nA=2\na b c = d e f\n",
    "a_unencrypted=1 # c\nb=2\n[x_unencrypted]\n; c\nc=`3#`\n",
    "a=`x` ; dropped\nb=`` # dropped\nc=\"\"\n",
];

/// INI files that SOPS reads, but does not print so that they can be read again.
const INI_UNPRINTABLE: &[&str] =
    &["-=a\n- = b\n[s]\n-=c\n", "#\n# b\nx = 1\n", "a=\"C:\\\"\nb=1\n"];

/// What both sides refuse.
const REFUSED: [(&str, &[&str]); 2] = [
    ("env", &["A\n", "A=1\r\n\r\n", " # c\n"]),
    ("ini", &["a\n", "[s\n", "[]\n", "=1\n", "\"\"=1\n", "a=`b\n", "a=\"\"\"b\"\"\n", "\"a=1\n"]),
];

/// A generator that gives other bytes every time, and the same ones in every run.
struct Counter(u8);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(7);
            *byte = self.0;
        }
    }
}

fn syntax_of(ending: &str) -> Syntax {
    if ending == "env" { Syntax::Dotenv } else { Syntax::Ini }
}

fn parsed(ending: &str, text: &str) -> Document {
    Document::parse_as(syntax_of(ending), text.as_bytes().to_vec())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The tree as sops prints it as JSON.
fn json(document: &Document) -> String {
    json_of(document, document.roots()[0].node, 1) + "\n"
}

fn json_of(document: &Document, node: NodeId, level: usize) -> String {
    let quoted = |node| {
        let text = serde_json::to_string(document.text(node).unwrap()).unwrap();
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    };
    if !matches!(document.node(node).kind, Kind::Mapping(_)) {
        return quoted(node);
    }
    let entries: Vec<String> = document
        .entries(node)
        .map(|(key, value)| {
            let pad = "\t".repeat(level);
            format!("{pad}{}: {}", quoted(key), json_of(document, value, level + 1))
        })
        .collect();
    match entries.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{\n{}\n{}}}", entries.join(",\n"), "\t".repeat(level - 1)),
    }
}

fn ours(plain: &Document) -> Document {
    let how = Encryption {
        groups: &[KeyGroup::of(vec![Recipient::parse(RECIPIENT).unwrap()])],
        threshold: 0,
        selection: &Selection::default(),
        mac_only_encrypted: false,
        indent: 4,
        now: "2031-01-02T03:04:05Z",
    };
    encrypt(plain, &how, &mut Counter(1))
        .unwrap_or_else(|error| panic!("{error}\n{}", plain.source()))
}

fn opened(document: &Document) -> Document {
    let mut identities = Identities::new();
    let identity = fs::read(format!("{DATA}/samples/nerv/age-test-identity.txt")).unwrap();
    identities.add(&identity, "the sample");
    let file = EncryptedFile::open(document).unwrap().expect("it has metadata");
    let file = file.unlock(&identities).unwrap();
    file.decrypt().unwrap_or_else(|error| panic!("{error}\n{}", document.source()))
}

/// What a sops makes of an encrypted text, in its own format and as JSON.
fn decrypted(sandbox: &Sandbox, version: &str, ending: &str, text: &str) -> (String, String) {
    let name = format!("file.{ending}");
    sandbox.write(&name, text);
    let run = || sandbox.run(reference::sops(version)).args(["decrypt"]);
    let json = run().args(["--output-type", "json", &name]).go().success().stdout();
    // Older ones print no line break behind it.
    let json = format!("{}\n", json.trim_end());
    (run().arg(&name).go().stdout(), json)
}

/// A text encrypted by the current sops.
fn theirs(sandbox: &Sandbox, ending: &str, text: &str) -> String {
    let name = format!("plain.{ending}");
    sandbox.write(&name, text);
    let run = sandbox.run(reference::current_sops()).args(["encrypt", "--age", RECIPIENT, &name]);
    run.go().success().stdout()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox
}

/// All files with their endings, and whether sops can print what it read.
fn files() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let of = |ending, files: &'static [&'static str], printable| {
        files.iter().map(move |text| (ending, *text, printable))
    };
    of("env", DOTENV, true)
        .chain(of("env", DOTENV_LAYOUT, true))
        .chain(of("ini", INI, true))
        .chain(of("ini", INI_UNPRINTABLE, false))
}

#[test]
fn both_see_the_same_keys_and_values() {
    let sandbox = sandbox();
    for (ending, text, printable) in files().filter(|(_, _, printable)| *printable) {
        let encrypted = theirs(&sandbox, ending, text);
        let (_, seen) = decrypted(&sandbox, reference::versions("sops")[0], ending, &encrypted);
        assert_eq!(json(&parsed(ending, text)), seen, "{text} {printable}");
    }
}

#[test]
fn what_we_encrypt_every_sops_decrypts_as_its_own_and_we_to_the_byte() {
    let sandbox = sandbox();
    for (ending, text, printable) in files() {
        let plain = parsed(ending, text);
        let encrypted = ours(&plain);
        assert_eq!(opened(&encrypted).source(), text);
        for version in reference::versions("sops") {
            // Since 3.10 sections of one name stay apart.
            if version.starts_with("3.9.") && text.contains("k=1\n[s]\nk=2") {
                continue;
            }
            let (printed, seen) = decrypted(&sandbox, version, ending, encrypted.source());
            assert_eq!(seen, json(&plain), "{version}: {text}\n{}", encrypted.source());
            if !printable || version.starts_with("3.9.") {
                continue;
            }
            let (wanted, _) = decrypted(&sandbox, version, ending, &theirs(&sandbox, ending, text));
            // Comments that sops drops while it encrypts are still there; one beside a header is no token, for the
            // library would take its last bracket for that of the header.
            if !text.contains("dropped") && !text.contains("title") {
                assert_eq!(printed, wanted, "{text}\n{}", encrypted.source());
            }
        }
    }
}

#[test]
fn what_sops_encrypts_we_decrypt_as_it_does() {
    let sandbox = sandbox();
    for (ending, text, _) in files().filter(|(_, _, printable)| *printable) {
        let encrypted = theirs(&sandbox, ending, text);
        let (printed, seen) =
            decrypted(&sandbox, reference::versions("sops")[0], ending, &encrypted);
        let document = opened(&parsed(ending, &encrypted));
        assert_eq!(json(&document), seen, "{text}");
        assert_eq!(document.source(), printed, "{text}");
    }
}

#[test]
fn dotenv_comes_out_as_it_went_in() {
    let sandbox = sandbox();
    for text in DOTENV {
        let encrypted = ours(&parsed("env", text));
        let current = reference::versions("sops")[0];
        assert_eq!(decrypted(&sandbox, current, "env", encrypted.source()).0, *text);
    }
}

#[test]
fn both_refuse_the_same() {
    let sandbox = sandbox();
    for (ending, text) in REFUSED.iter().flat_map(|(e, texts)| texts.iter().map(move |t| (e, t))) {
        let name = format!("plain.{ending}");
        sandbox.write(&name, text);
        let run = sandbox.run(reference::current_sops());
        run.args(["encrypt", "--age", RECIPIENT, &name]).go().code(2);
        let error = Document::parse_as(syntax_of(ending), text.as_bytes().to_vec()).err();
        assert!(error.is_some(), "{text}");
    }
}
