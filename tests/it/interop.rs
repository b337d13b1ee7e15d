//! Files go both ways between us and the real sops, current and oldest, with equal values and valid MACs;
//! and what we encrypted comes back byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{DATA, Sandbox, files_below};
use crate::{proof, reference};

/// The TEST ONLY recipient of the sample.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// Aliases in encrypted parts are written out, as sops does: here the text changes, the values do not.
const NOT_BYTE_FOR_BYTE: &[&str] = &["anchors.yaml"];

/// sops before 3.10 knows no dates.
const WITHOUT_OLD_SOPS: &[&str] = &["dates.yaml"];

/// Holds infinities, which JSON cannot say.
const WITHOUT_JSON: &[&str] = &["types.yaml"];

/// The plain documents: every Secret of the sample and the awkward ones.
fn plain_documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (folder, ending) in [("awkward", ".yaml"), ("samples/nerv", "secret.yaml")] {
        let folder = PathBuf::from(format!("{DATA}/{folder}"));
        let files = files_below(&folder).into_iter().map(|path| folder.join(path));
        found.extend(
            files.filter(|path| name_of(path).ends_with(ending) && name_of(path) != ".sops.yaml"),
        );
    }
    found.sort();
    assert!(found.len() > 25, "the documents are missing: {found:?}");
    found
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The selection flags that the document's own configuration asks for are tried by `selections`; here
/// everything is encrypted.
fn sandbox_with(path: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write("plain.yaml", fs::read(path).unwrap());
    sandbox
}

/// The values of an encrypted file as sops sees them.
fn values(sandbox: &Sandbox, version: &str, file: &str, name: &str) -> String {
    let format = if WITHOUT_JSON.contains(&name) { "yaml" } else { "json" };
    let run =
        sandbox.run(reference::sops(version)).args(["decrypt", "--output-type", format, file]);
    let outcome = run.go().success();
    assert!(!outcome.stderr().contains("unencrypted comment"), "{name}\n{}", outcome.describe());
    outcome.stdout()
}

#[test]
fn what_we_encrypt_every_sops_decrypts() {
    for path in plain_documents() {
        let name = name_of(&path);
        let sandbox = sandbox_with(&path);
        let ours = sandbox.keywright(["encrypt", "--age", RECIPIENT, "plain.yaml"]).go().success();
        sandbox.write("ours.yaml", ours.stdout_bytes);
        for version in reference::versions("sops") {
            if version.starts_with("3.9.") && WITHOUT_OLD_SOPS.contains(&name.as_str()) {
                continue;
            }
            let sops = sandbox.run(reference::sops(version));
            let theirs = sops.args(["encrypt", "--age", RECIPIENT, "plain.yaml"]).go().success();
            sandbox.write("theirs.yaml", theirs.stdout_bytes);
            let (one, other) = ("ours.yaml", "theirs.yaml");
            let (one, other) =
                (values(&sandbox, version, one, &name), values(&sandbox, version, other, &name));
            assert_same_values(&one, &other, &name);
            proof::record("interop", "our file decrypted by sops", &format!("{version} {name}"));
        }
    }
}

/// Text differs in layout where it is YAML; then lines are compared without what layout may change.
fn assert_same_values(ours: &str, theirs: &str, name: &str) {
    if !WITHOUT_JSON.contains(&name) {
        assert_eq!(ours, theirs, "{name}");
        return;
    }
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|l| !l.starts_with('#')).collect()
    };
    assert_eq!(lines(ours), lines(theirs), "{name}");
}

#[test]
fn what_we_encrypt_comes_back_byte_for_byte() {
    for path in plain_documents() {
        let name = name_of(&path);
        let sandbox = sandbox_with(&path);
        let before = sandbox.read("plain.yaml");
        sandbox.keywright(["encrypt", "-i", "--age", RECIPIENT, "plain.yaml"]).go().success();
        let encrypted = sandbox.read("plain.yaml");
        assert_ne!(encrypted, before, "{name}");
        assert!(!encrypted.contains("TESTonly"), "{name} is not encrypted:\n{encrypted}");
        sandbox.keywright(["decrypt", "-i", "plain.yaml"]).go().success();
        if !NOT_BYTE_FOR_BYTE.contains(&name.as_str()) {
            assert_eq!(sandbox.read("plain.yaml"), before, "{name}");
            proof::record("interop", "restored byte for byte", &name);
        }
    }
}

#[test]
fn golden_files_of_every_sops_decrypt_to_the_same_values() {
    for version in reference::versions("sops") {
        let folder = PathBuf::from(format!("{DATA}/golden/sops-{version}"));
        let mut read = 0;
        for path in files_below(&folder) {
            let name = name_of(&path);
            let sandbox = sandbox_with(&folder.join(&path));
            let plain = sandbox.keywright(["decrypt", "plain.yaml"]).go().success();
            // Our plain text is encrypted again by sops, and so both are read by the same program.
            sandbox.write("ours.yaml", plain.stdout_bytes);
            let current = reference::versions("sops")[0];
            let sops = sandbox.run(reference::sops(current));
            let again = sops.args(["encrypt", "--age", RECIPIENT, "ours.yaml"]).go().success();
            sandbox.write("again.yaml", again.stdout_bytes);
            let ours = values(&sandbox, current, "again.yaml", &name);
            let theirs = values(&sandbox, current, "plain.yaml", &name);
            assert_same_values(&ours, &theirs, &name);
            proof::record("interop", "golden file decrypted", &format!("{version} {name}"));
            read += 1;
        }
        assert!(read > 25, "golden files of {version} are missing");
    }
}

#[test]
fn the_configuration_decides_as_with_sops() {
    let selections = [
        "encrypted_regex: ^(data|stringData)$",
        "unencrypted_regex: ^(metadata|kind|apiVersion)$",
        "encrypted_suffix: Data",
        "unencrypted_suffix: data",
        "encrypted_comment_regex: hide",
        "unencrypted_comment_regex: show",
        "encrypted_regex: ^stringData$\n    mac_only_encrypted: true",
    ];
    let plain = "# hide this\nkind: Secret\nmetadata:\n  name: x # show\n  # hide\n  labels: {a: b}\n\
                 stringData:\n  a: TESTonly1\n  # show\n  b: TESTonly2\ndata: [1, true, x]\n";
    for selection in selections {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        sandbox.write(
            ".sops.yaml",
            format!("creation_rules:\n  - path_regex: ^a/.*\\.yaml$\n    {selection}\n    age: {RECIPIENT}\n"),
        );
        sandbox.write("a/ours.yaml", plain);
        sandbox.write("a/theirs.yaml", plain);
        sandbox.write("b/other.yaml", plain);
        sandbox.keywright(["encrypt", "-i", "a/ours.yaml"]).go().success();
        let sops = sandbox.run(reference::current_sops());
        sops.args(["encrypt", "-i", "a/theirs.yaml"]).go().success();
        let plain_lines = |file: &str| -> Vec<String> {
            let text = sandbox.read(file);
            let data = text.split("\nsops:").next().unwrap_or_default().replace(": {", ":\n");
            let mut words: Vec<String> = data
                .split(['\n', '{', '}', '[', ']', ','])
                .map(|word| word.trim_start_matches([' ', '-']).trim().replace('"', ""))
                .filter(|word| !word.is_empty() && !word.contains(":str") && !word.contains("iv:"))
                .filter(|word| !word.starts_with('~') && !word.contains("data:"))
                .filter(|word| !word.contains("tag:") && !word.contains("type:"))
                .collect();
            words.sort();
            words
        };
        assert_eq!(plain_lines("a/ours.yaml"), plain_lines("a/theirs.yaml"), "{selection}");
        for version in reference::versions("sops") {
            let ours = values(&sandbox, version, "a/ours.yaml", "");
            assert_eq!(ours, values(&sandbox, version, "a/theirs.yaml", ""), "{selection}");
        }
        sandbox
            .keywright(["encrypt", "-i", "b/other.yaml"])
            .go()
            .code(2)
            .complains("no creation rule");
    }
}

#[test]
fn a_changed_file_is_refused_and_nothing_of_it_is_printed() {
    let sandbox = Sandbox::nerv();
    let path = "nerv/main/cluster/apps/grafana/app/secret.yaml";
    let intact = sandbox.read(path);
    let other_value = intact.replace("type: Opaque", "type: Other");
    let no_mac: String =
        intact.lines().filter(|l| !l.contains("mac:")).map(|l| format!("{l}\n")).collect();
    let moved = intact.replace("GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_NAME");
    for (text, wanted) in [
        (other_value, "MAC does not match"),
        (no_mac, "there is no MAC"),
        (moved, "does not authenticate"),
    ] {
        assert_ne!(text, intact);
        sandbox.write(path, text);
        let outcome =
            sandbox.keywright(["decrypt", path]).go().code(2).complains(wanted).complains(path);
        assert_eq!(outcome.stdout(), "");
    }
    sandbox.assert_no_trace_of("TESTonlyGrafanaAdmin4d", &[]);
}

#[test]
fn without_an_identity_the_error_says_where_to_put_one() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let path = "nerv/main/cluster/apps/miniflux/app/secret.yaml";
    let outcome = sandbox.keywright(["decrypt", path]).go().code(2);
    outcome
        .complains("there is no age identity")
        .complains("hint: ")
        .complains("SOPS_AGE_KEY_FILE");
}

#[test]
fn identities_come_from_every_place_of_sops() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let path = "nerv/main/cluster/apps/miniflux/app/secret.yaml";
    let file = format!("{DATA}/samples/nerv/age-test-identity.txt");
    let text = fs::read_to_string(&file).unwrap();
    let key =
        text.lines().find(|line| line.starts_with("AGE-")).expect("the sample has an identity");
    sandbox.write("bad-lines.txt", format!("# mine\nnonsense\r\n\r\n{key}\r\n"));
    for (name, value) in [
        ("SOPS_AGE_KEY", key.to_owned()),
        ("SOPS_AGE_KEY_FILE", file.clone()),
        ("SOPS_AGE_KEY_CMD", format!("cat '{file}'")),
        ("SOPS_AGE_KEY_FILE", "bad-lines.txt".to_owned()),
    ] {
        let run = sandbox.keywright(["decrypt", path]).env(name, value);
        run.go().success().prints("ADMIN_USERNAME: rei");
    }
}

#[test]
fn encrypting_twice_changes_nothing() {
    let sandbox = Sandbox::nerv();
    let path = "nerv/main/cluster/apps/miniflux/app/secret.yaml";
    let before = sandbox.snapshot();
    sandbox.keywright(["encrypt", "-i", path]).go().success().complains("nothing to do");
    assert_eq!(sandbox.snapshot().changed(&before), Vec::<String>::new());
}

#[test]
fn several_files_change_together_or_not_at_all() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write("a.yaml", "a: TESTonly1\n");
    sandbox.write("b.yaml", "- a list\n");
    let args = ["encrypt", "-i", "--age", RECIPIENT, "a.yaml", "b.yaml"];
    sandbox.keywright(args).go().code(2).complains("b.yaml:1:1: the document is not a mapping");
    assert_eq!(sandbox.read("a.yaml"), "a: TESTonly1\n");
}

#[test]
fn bad_input_is_named_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    for (name, content, wanted) in [
        ("twice.yaml", "a: 1\nb: 2\na: 3\n", "twice.yaml:3:1: key `a` stands twice"),
        ("empty.yaml", "", "empty.yaml: the file is empty"),
        ("number.yaml", "1: x\n", "number.yaml:1:1: the key is not a string"),
        ("big.yaml", "a: 18446744073709551615\n", "big.yaml:1:4: integer too large"),
        ("list.json", "[1]\n", "list.json:1:1: the document is not a mapping"),
        (
            "token.yaml",
            "a: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n",
            "token.yaml:1:4: `a` holds a value token of another file",
        ),
    ] {
        sandbox.write(name, content);
        let outcome = sandbox.keywright(["encrypt", "-i", "--age", RECIPIENT, name]).go().code(2);
        outcome.complains(wanted);
        assert_eq!(sandbox.read(name), content);
    }
    sandbox
        .keywright(["encrypt", "-i", "--age", RECIPIENT, "missing.yaml"])
        .go()
        .code(2)
        .complains("missing.yaml");
    sandbox.keywright(["decrypt", "twice.yaml"]).go().code(2).complains("twice.yaml:3:1");
}

#[test]
fn standard_input_is_encrypted_under_the_name_it_is_given() {
    let sandbox = Sandbox::nerv();
    let name = "nerv/main/cluster/apps/new-secret.yaml";
    let plain = "kind: Secret\nstringData: {a: TESTonlyStdin}\n";
    let encrypted = sandbox
        .keywright(["encrypt", "--filename-override", name])
        .stdin(plain)
        .go()
        .success()
        .stdout();
    assert!(!encrypted.contains("TESTonlyStdin") && encrypted.contains("kind: Secret"));
    let decrypted =
        sandbox.keywright(["decrypt", "--filename-override", name]).stdin(encrypted).go();
    assert_eq!(decrypted.success().stdout(), plain);
    sandbox.keywright(["encrypt"]).stdin(plain).go().code(2).complains("--filename-override");
}

#[test]
fn the_example_configuration_works_once_it_has_recipients() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/.sops.yaml.example");
    let example = fs::read_to_string(example).unwrap();
    let files = [
        ("clusters/home/a/secret.yaml", "kind: Secret\nstringData: {a: TESTonlyA}\n"),
        ("config/app.yaml", "name: app\ntoken_secret: TESTonlyB\n"),
        ("settings/app.json", "{\n  \"name\": \"visible\",\n  \"a\": \"TESTonlyF\"\n}\n"),
        ("public/app.yaml", "a: TESTonlyG\nb_public: visible\n"),
        ("notes/a.yaml", "# secret\na: TESTonlyD\nb: visible\n"),
        ("drafts/a.yaml", "a: TESTonlyH\n# public\nb: visible\n"),
        ("vault/a.yaml", "a: TESTonlyE\n"),
        ("other.yaml", "a: TESTonlyC\nb_unencrypted: visible\n"),
    ];
    for (path, content) in files {
        sandbox.write(path, content);
    }
    sandbox.write(".sops.yaml", &example);
    sandbox.keywright(["encrypt", "-i", "other.yaml"]).go().code(2).complains(".sops.yaml:");

    let own = example.replace("age1-first-recipient", RECIPIENT);
    sandbox.write(".sops.yaml", own.replace("age1-your-own-recipient", RECIPIENT));
    let paths = files.map(|(path, _)| path);
    sandbox.keywright(["encrypt", "-i"].into_iter().chain(paths)).go().success();
    for (path, content) in files {
        let text = sandbox.read(path);
        let mac = if path.ends_with(".json") { "\"mac\": \"ENC[" } else { "\n  mac: ENC[" };
        assert!(!text.contains("TESTonly") && text.contains(mac), "{path}\n{text}");
        assert_eq!(text.contains("visible"), content.contains("visible"), "{path}\n{text}");
        for version in reference::versions("sops") {
            sandbox.run(reference::sops(version)).args(["decrypt", path]).go().success();
        }
        assert_eq!(sandbox.keywright(["decrypt", path]).go().success().stdout(), content);
    }
}

#[test]
fn every_selection_can_be_given_by_a_flag() {
    let plain = "# hide\na_data: TESTonly1\n# show\nb: 2\n";
    for (flag, value) in [
        ("unencrypted-suffix", "_data"),
        ("encrypted-suffix", "_data"),
        ("unencrypted-regex", "^b$"),
        ("encrypted-regex", "^a"),
        ("unencrypted-comment-regex", "show"),
        ("encrypted-comment-regex", "hide"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        sandbox.write("plain.yaml", plain);
        let option = format!("--{flag}={value}");
        let args = ["encrypt", "--age", RECIPIENT, &option, "--mac-only-encrypted", "plain.yaml"];
        let encrypted = sandbox.keywright(args).go().success().stdout();
        assert!(encrypted.contains(&format!("{}: {value}", flag.replace('-', "_"))), "{encrypted}");
        assert!(encrypted.contains("mac_only_encrypted: true"), "{encrypted}");
        sandbox.write("ours.yaml", &encrypted);
        for version in reference::versions("sops") {
            let outcome = sandbox.run(reference::sops(version)).args(["decrypt", "ours.yaml"]).go();
            outcome.success().prints("TESTonly1");
        }
        let both = ["encrypt", "--encrypted-regex=x", &option, "plain.yaml"];
        if flag != "encrypted-regex" {
            sandbox.keywright(both).go().code(2).complains("cannot be used with");
        }
    }
}

#[test]
fn a_result_can_go_to_another_file_by_a_named_configuration() {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write("rules/here.yaml", format!("creation_rules: [{{age: {RECIPIENT}}}]\n"));
    sandbox.write("plain.yaml", "a: TESTonly1\n");
    let args = ["encrypt", "--config", "rules/here.yaml", "--output", "out.yaml", "plain.yaml"];
    assert_eq!(sandbox.keywright(args).go().success().stdout(), "");
    assert_eq!(sandbox.read("plain.yaml"), "a: TESTonly1\n");
    let args = ["decrypt", "--output", "again.yaml", "out.yaml"];
    assert_eq!(sandbox.keywright(args).go().success().stdout(), "");
    assert_eq!(sandbox.read("again.yaml"), "a: TESTonly1\n");
    let run = sandbox.keywright(["encrypt", "plain.yaml"]).env("SOPS_CONFIG", "rules/here.yaml");
    run.go().success().prints("a: ENC[");
    sandbox.keywright(["encrypt", "plain.yaml"]).go().code(2).complains("no `.sops.yaml`");
}
