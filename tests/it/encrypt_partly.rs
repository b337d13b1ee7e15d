//! `encrypt` of a file that is encrypted but for what somebody added by hand: in every format, beside the real sops of
//! both versions, and what is refused.

use crate::reference;
use crate::sandbox::Sandbox;
use crate::verbs::{RECIPIENT, another, refused};

/// What must not be seen.
const CANARY: &str = "TESTonly-added";

/// A directory with the identity, and a rule with these settings for everything.
fn sandbox(settings: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let rule = format!("creation_rules:\n  - path_regex: .\n    age: {RECIPIENT}\n{settings}");
    sandbox.write(".sops.yaml", rule);
    sandbox
}

/// Writes a file and encrypts it by a program; gives what is in it then.
fn encrypted(sandbox: &Sandbox, program: Option<&str>, name: &str, plain: &str) -> String {
    sandbox.write(name, plain);
    match program {
        Some(version) => sandbox.run(reference::sops(version)).args(["-e", "-i", name]).go(),
        None => sandbox.keywright(["encrypt", "-i", name]).go(),
    }
    .success();
    sandbox.read(name)
}

/// Replaces a text, which has to be there, in a file.
#[track_caller]
pub(crate) fn edit(sandbox: &Sandbox, name: &str, from: &str, to: &str) {
    let text = sandbox.read(name);
    assert!(text.contains(from), "{from}\n{text}");
    sandbox.write(name, text.replacen(from, to, 1));
}

/// What every sops prints of a file, which has to be the same: the MAC is right.
pub(crate) fn values(sandbox: &Sandbox, name: &str) -> serde_json::Value {
    let each = reference::versions("sops").into_iter().map(|version| {
        let run = sandbox.run(reference::sops(version));
        let args = ["decrypt", "--output-type", "json", name];
        serde_json::from_str::<serde_json::Value>(&run.args(args).go().success().stdout()).unwrap()
    });
    let all: Vec<_> = each.collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:#?}");
    all[0].clone()
}

/// The lines of one text that another one has not.
fn lost<'t>(before: &'t str, after: &str) -> Vec<&'t str> {
    before.lines().filter(|line| !after.lines().any(|other| other == *line)).collect()
}

/// A plain file, what is added to its encrypted form, and the values that it has then, as JSON.
const ADDED: [(&str, &str, (&str, &str), &str); 4] = [
    (
        "a.yaml",
        "# of the file\na: x # why\nlist:\n  - one\n  - two\nb: 1.50\n",
        ("\nlist:", "\nnew:\n  deep: TESTonly-added\n  number: 7\nlist:"),
        r#"{"a":"x","new":{"deep":"TESTonly-added","number":7},"list":["one","two"],"b":1.5}"#,
    ),
    (
        "a.json",
        "{\n  \"a\": \"x\",\n  \"b\": [true, 2]\n}\n",
        ("\"b\":", "\"new\": \"TESTonly-added\",\n  \"b\":"),
        r#"{"a":"x","new":"TESTonly-added","b":[true,2]}"#,
    ),
    (
        "a.env",
        "# of the file\nA=x\nB=y\n",
        ("\nB=", "\nNEW=TESTonly-added\nB="),
        r#"{"A":"x","NEW":"TESTonly-added","B":"y"}"#,
    ),
    (
        "a.ini",
        "[one]\na=x\n[two]\nb=y\n",
        ("[two]", "new=TESTonly-added\n[two]"),
        r#"{"DEFAULT":{},"one":{"a":"x","new":"TESTonly-added"},"two":{"b":"y"}}"#,
    ),
];

#[test]
fn what_was_added_is_encrypted_in_every_format_and_by_whomever_the_rest_was() {
    let programs = reference::versions("sops").into_iter().map(Some);
    for program in programs.chain([None]) {
        for (name, plain, (from, to), wanted) in ADDED {
            let sandbox = sandbox("");
            encrypted(&sandbox, program, name, plain);
            edit(&sandbox, name, from, to);
            let partly = sandbox.read(name);
            sandbox.keywright(["encrypt", "-i", name]).go().success();
            let after = sandbox.read(name);
            let expected = ["mac", "lastmodified", CANARY, "number: 7"];
            let is_expected = |line: &&str| expected.iter().any(|text| line.contains(text));
            let lost = lost(&partly, &after);
            assert!(lost.iter().all(is_expected), "{program:?} {name}: {lost:#?}");
            let mut values = values(&sandbox, name);
            // A comment of a dotenv file is a value with a name of sops' own there.
            let wanted: serde_json::Value = serde_json::from_str(wanted).unwrap();
            if let Some(values) = values.as_object_mut() {
                values.retain(|key, _| wanted.get(key).is_some());
            }
            assert_eq!(values, wanted, "{program:?} {name}");
            sandbox.assert_no_trace_of(CANARY, &[]);
            let again = sandbox.keywright(["encrypt", "-i", name]).go().success();
            again.complains("already encrypted, nothing to do");
            assert_eq!(sandbox.read(name), after);
        }
    }
}

#[test]
fn what_the_files_own_selection_leaves_plain_stays_and_is_covered_by_the_mac_or_not() {
    for only in ["", "    mac_only_encrypted: true\n"] {
        let sandbox = sandbox(&format!("    encrypted_regex: ^(data|stringData)$\n{only}"));
        let plain = "kind: Secret\nmetadata: {name: s}\nstringData:\n  a: x\n";
        encrypted(&sandbox, None, "s.yaml", plain);
        edit(&sandbox, "s.yaml", "stringData:\n", "stringData:\n  new: TESTonly-added\n");
        // Nor does today's rule matter.
        sandbox.write(".sops.yaml", format!("creation_rules: [{{age: {RECIPIENT}}}]\n"));
        sandbox.keywright(["encrypt", "-i", "s.yaml"]).go().success();
        assert!(sandbox.read("s.yaml").starts_with("kind: Secret\nmetadata: {name: s}\n"));
        assert_eq!(values(&sandbox, "s.yaml")["stringData"]["new"], CANARY);

        edit(&sandbox, "s.yaml", "name: s", "name: t");
        edit(&sandbox, "s.yaml", "stringData:\n", "stringData:\n  more: TESTonly-added\n");
        match only {
            "" => drop(refused(&sandbox, &["encrypt", "-i", "s.yaml"])),
            _ => {
                sandbox.keywright(["encrypt", "-i", "s.yaml"]).go().success();
                assert_eq!(values(&sandbox, "s.yaml")["stringData"]["more"], CANARY);
            }
        }
    }
}

#[test]
fn a_value_in_the_place_of_an_encrypted_one_is_told_and_left() {
    let sandbox = sandbox("");
    let before = encrypted(&sandbox, None, "a.yaml", "a: x\nb: y\n");
    let token = before.lines().next().unwrap();
    edit(&sandbox, "a.yaml", token, "a: TESTonly-added");
    let outcome = refused(&sandbox, &["encrypt", "-i", "a.yaml"]);
    outcome
        .complains("a.yaml:1:4: `a` is in plain text, and the rest is not what the MAC says")
        .complains("`git diff`")
        .complains("keywright rotate -i --ignore-mac a.yaml");
    refused(&sandbox, &["rotate", "-i", "a.yaml"]).complains("keywright encrypt -i a.yaml");
    sandbox.keywright(["rotate", "-i", "--ignore-mac", "a.yaml"]).go().success();
    assert_eq!(values(&sandbox, "a.yaml"), serde_json::json!({"a": CANARY, "b": "y"}));
    assert!(lost(&before, &sandbox.read("a.yaml")).iter().any(|line| line.starts_with("b: ")));
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn an_identity_is_needed_and_one_file_that_cannot_be_is_enough_to_leave_all() {
    let sandbox = sandbox("");
    encrypted(&sandbox, None, "a.yaml", "a: x\n");
    sandbox.write("sub/b.yaml", "a: x\n");
    let other = another(&sandbox, false);
    sandbox.keywright(["encrypt", "-i", "--age", &other, "sub/b.yaml"]).go().success();
    edit(&sandbox, "a.yaml", "sops:", "new: TESTonly-added\nsops:");
    edit(&sandbox, "sub/b.yaml", "sops:", "new: TESTonly-added\nsops:");
    refused(&sandbox, &["encrypt", "-i", "-r", "."]).complains("sub/b.yaml: no identity");
    sandbox.remove_identity();
    refused(&sandbox, &["encrypt", "-i", "a.yaml"]).complains("there is no age identity");
}

#[test]
fn files_of_directories_printed_ones_and_rehearsals() {
    let sandbox = sandbox("    encrypted_regex: ^never$\n");
    let flags = ["encrypt", "-i", "--age", RECIPIENT, "--encrypted-regex", "^a$", "d/a.yaml"];
    sandbox.write("d/a.yaml", "a: {one: x}\n");
    sandbox.keywright(flags).go().success();
    edit(&sandbox, "d/a.yaml", "a: {", "a: {two: TESTonly-added, ");
    let partly = sandbox.read("d/a.yaml");
    sandbox.keywright(["encrypt", "-i", "-r", "--dry-run", "d"]).go().success();
    let printed = sandbox.keywright(["encrypt", "d/a.yaml"]).go().success().stdout();
    assert_eq!(sandbox.read("d/a.yaml"), partly);
    assert_eq!(printed.matches("\"ENC[").count(), 2, "{printed}");
    refused(&sandbox, &["encrypt", "--output-type", "json", "d/a.yaml"])
        .complains("is yaml and stays yaml");
    sandbox.keywright(["encrypt", "-i", "-r", "d"]).go().success();
    assert_eq!(values(&sandbox, "d/a.yaml")["a"]["two"], CANARY);
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn called_as_sops_it_is_encrypted_already() {
    let sandbox = sandbox("");
    encrypted(&sandbox, None, "a.yaml", "a: x\n");
    edit(&sandbox, "a.yaml", "sops:", "new: TESTonly-added\nsops:");
    let args = ["encrypt", "-i", "a.yaml"];
    let before = sandbox.snapshot();
    sandbox.run(reference::current_sops()).args(args).go().code(203);
    sandbox.keywright(["sops"].into_iter().chain(args)).go().code(203).complains("it is encrypted");
    before.assert_untouched(&sandbox.snapshot());
}
