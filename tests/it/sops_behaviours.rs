//! The behaviours that sops promises by its own functional tests, those that need no cloud.
//!
//! Each test has the name of the one in `functional-tests/` of <https://github.com/getsops/sops>, so that
//! both can be compared; what it does is said anew, and as a rule more is demanded: that the real sops
//! decrypts the result to the right values. PGP keys are age keys here. Each runs with the real sops first.

use crate::drop_in::{ALICE, BOB, CAROL, Stage, with_both};
use crate::proof;
use crate::reference;
use crate::tree::Tree;

/// The rules that some names ask for; everything else is for Alice.
fn rules() -> String {
    format!(
        "creation_rules:\n\
         - path_regex: two-groups\n  key_groups: [{{age: [{ALICE}]}}, {{age: [{BOB}]}}]\n\
         - path_regex: missing-key\n  key_groups: [{{age: [{ALICE}]}}, {{age: [{CAROL}]}}]\n\
         - path_regex: no-groups\n\
         - path_regex: zero-groups\n  key_groups: []\n\
         - path_regex: empty-group\n  key_groups: [{{}}]\n\
         - age: {ALICE}\n"
    )
}

/// Runs a behaviour with both programs.
fn behaviour(name: &str, test: impl Fn(&Stage)) {
    with_both(|stage| {
        stage.sandbox.write(".sops.yaml", rules());
        test(stage);
        let program = if stage.ours { "ours" } else { "sops" };
        proof::record("behaviours", &format!("behaviour of sops shown by {program}"), name);
    });
}

/// Demands that a stored file has metadata, and tokens at some routes.
#[track_caller]
fn assert_tokens(stored: &Tree, routes: &[&[&str]]) {
    assert!(stored.at(&["sops", "mac"]).is_some_and(Tree::is_token), "{stored:?}");
    for route in routes {
        assert!(stored.at(route).is_some_and(Tree::is_token), "{route:?} of {stored:?}");
    }
}

/// Demands what the real sops decrypts a file to.
#[track_caller]
fn assert_values(stage: &Stage, name: &str, json: &str) {
    assert_eq!(stage.decrypted(name), Tree::of_json(json), "{name}");
}

#[test]
fn encrypt_json_file() {
    behaviour("encrypt_json_file", |stage| {
        stage.sandbox.write("a.json", "{\n  \"port\": 2,\n  \"name\": \"baz\"\n}");
        let printed = stage.sops(["encrypt", "a.json"]).go().success().stdout();
        assert_tokens(&Tree::of_json(&printed), &[&["port"], &["name"]]);
        stage.sandbox.write("b.json", printed);
        assert_values(stage, "b.json", r#"{"port": 2, "name": "baz"}"#);
    });
}

#[test]
fn encrypt_from_stdin() {
    behaviour("encrypt_from_stdin", |stage| {
        let args = ["encrypt", "--filename-override", "x.yaml", "--output-type", "json"];
        let printed = stage.sops(args).stdin("port: 2\nname: baz\n").go().success().stdout();
        assert_tokens(&Tree::of_json(&printed), &[&["port"], &["name"]]);
        stage.sandbox.write("x.json", printed);
        assert_values(stage, "x.json", r#"{"port": 2, "name": "baz"}"#);
        assert!(!stage.sandbox.path("x.yaml").exists());
    });
}

#[test]
fn test_ini_values_as_strings() {
    behaviour("test_ini_values_as_strings", |stage| {
        let plain = "part:\n  int: 123\n  float: 1.23\n  bool: true\n  date: 2025-01-02\n  \
                     time: 2025-01-02 03:04:05\n  utc_time: 2025-01-02T03:04:05Z\n  text: it is text";
        stage.encrypted("a.yaml", plain);
        let run = stage.sops(["decrypt", "--output-type", "ini", "a.yaml"]).go().success();
        let wanted = "[part]\nint      = 123\nfloat    = 1.23\nbool     = true\n\
                      date     = 2025-01-02T00:00:00Z\ntime     = 2025-01-02T03:04:05Z\n\
                      utc_time = 2025-01-02T03:04:05Z\ntext     = it is text\n";
        assert_eq!(run.stdout(), wanted);
    });
}

#[test]
fn encrypt_yaml_file() {
    behaviour("encrypt_yaml_file", |stage| {
        stage.sandbox.write("a.yaml", "port: 2\nname: baz");
        let printed = stage.sops(["encrypt", "a.yaml"]).go().success().stdout();
        stage.sandbox.write("b.yaml", printed);
        assert_tokens(&stage.stored("b.yaml"), &[&["port"], &["name"]]);
        assert_values(stage, "b.yaml", r#"{"port": 2, "name": "baz"}"#);
    });
}

/// The file that most of the `set` behaviours begin with.
const TWO_AND_BA: &str = r#"{"a": 2, "b": "ba"}"#;

#[test]
fn set_json_file_update() {
    behaviour("set_json_file_update", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        stage.sops(["set", "a.json", r#"["a"]"#, r#"{"aa": "aaa"}"#]).go().success();
        assert_tokens(&stage.stored("a.json"), &[&["a", "aa"], &["b"]]);
        assert_values(stage, "a.json", r#"{"a": {"aa": "aaa"}, "b": "ba"}"#);
    });
}

#[test]
fn set_json_file_update_idempotent_write() {
    behaviour("set_json_file_update_idempotent_write", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        let before = stage.sandbox.read("a.json");
        let args = ["set", "--output-type", "yaml", "a.json", r#"["b"]"#, r#""ba""#];
        stage.sops(args).go().success();
        // Without `--idempotent` the file is written, in the format that was asked for.
        let after = stage.sandbox.read("a.json");
        assert_ne!(after, before);
        assert!(after.starts_with("a: "), "{after}");
        let args = ["decrypt", "--input-type", "yaml", "--output-type", "yaml", "a.json"];
        assert_eq!(stage.sops(args).go().success().stdout(), "a: 2\nb: ba\n");
    });
}

#[test]
fn set_json_file_update_idempotent_nowrite() {
    behaviour("set_json_file_update_idempotent_nowrite", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        let before = stage.sandbox.snapshot();
        let args =
            ["set", "--output-type", "yaml", "--idempotent", "a.json", r#"["b"]"#, r#""ba""#];
        stage.sops(args).go().success();
        assert_eq!(stage.sandbox.snapshot().changed(&before), Vec::<String>::new());
    });
}

#[test]
fn set_json_file_insert() {
    behaviour("set_json_file_insert", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        stage.sops(["set", "a.json", r#"["c"]"#, r#"{"cc": "ccc"}"#]).go().success();
        assert_tokens(&stage.stored("a.json"), &[&["a"], &["c", "cc"]]);
        assert_values(stage, "a.json", r#"{"a": 2, "b": "ba", "c": {"cc": "ccc"}}"#);
    });
}

#[test]
fn set_json_file_insert_with_value_file() {
    behaviour("set_json_file_insert_with_value_file", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        stage.sandbox.write("value.json", r#"{"cc": "ccc"}"#);
        stage.sops(["set", "--value-file", "a.json", r#"["c"]"#, "value.json"]).go().success();
        assert_tokens(&stage.stored("a.json"), &[&["a"], &["c", "cc"]]);
        assert_values(stage, "a.json", r#"{"a": 2, "b": "ba", "c": {"cc": "ccc"}}"#);
    });
}

#[test]
fn set_json_file_insert_with_value_stdin() {
    behaviour("set_json_file_insert_with_value_stdin", |stage| {
        stage.encrypted("a.json", TWO_AND_BA);
        let run = stage.sops(["set", "--value-stdin", "a.json", r#"["c"]"#]);
        run.stdin(r#"{"cc": "ccc"}"#).go().success();
        assert_tokens(&stage.stored("a.json"), &[&["a"], &["c", "cc"]]);
        assert_values(stage, "a.json", r#"{"a": 2, "b": "ba", "c": {"cc": "ccc"}}"#);
    });
}

#[test]
fn set_yaml_file_update() {
    behaviour("set_yaml_file_update", |stage| {
        stage.encrypted("a.yaml", "a: 2\nb: ba");
        stage.sops(["set", "a.yaml", r#"["a"]"#, r#"{"aa": "aaa"}"#]).go().success();
        assert_tokens(&stage.stored("a.yaml"), &[&["a", "aa"], &["b"]]);
        assert_values(stage, "a.yaml", r#"{"a": {"aa": "aaa"}, "b": "ba"}"#);
    });
}

#[test]
fn set_yaml_file_insert() {
    behaviour("set_yaml_file_insert", |stage| {
        stage.encrypted("a.yaml", "a: 2\nb: ba");
        stage.sops(["set", "a.yaml", r#"["c"]"#, r#"{"cc": "ccc"}"#]).go().success();
        assert_tokens(&stage.stored("a.yaml"), &[&["a"], &["c", "cc"]]);
        assert_values(stage, "a.yaml", r#"{"a": 2, "b": "ba", "c": {"cc": "ccc"}}"#);
    });
}

#[test]
fn set_yaml_file_string() {
    behaviour("set_yaml_file_string", |stage| {
        stage.encrypted("a.yaml", "a: 2\nb: ba");
        stage.sops(["set", "a.yaml", r#"["a"]"#, r#""aaa""#]).go().success();
        stage.sops(["decrypt", "-i", "a.yaml"]).go().success();
        assert_eq!(stage.stored("a.yaml"), Tree::of_json(r#"{"a": "aaa", "b": "ba"}"#));
    });
}

#[test]
fn set_yaml_file_string_compat() {
    behaviour("set_yaml_file_string_compat", |stage| {
        stage.sandbox.write("a.yaml", "a: 2\nb: ba");
        stage.sops(["-e", "-i", "a.yaml"]).go().success();
        stage.sops(["--set", r#"["a"] "aaa""#, "-i", "a.yaml"]).go().success();
        stage.sops(["-d", "-i", "a.yaml"]).go().success();
        assert_eq!(stage.stored("a.yaml"), Tree::of_json(r#"{"a": "aaa", "b": "ba"}"#));
    });
}

#[test]
fn test_yaml_time() {
    behaviour("test_yaml_time", |stage| {
        let plain = "a: 2024-01-01\nb: 2006-01-02T15:04:05+07:06";
        stage.encrypted("a.yaml", plain);
        let stored = stage.sandbox.read("a.yaml");
        assert_eq!(stored.matches(",type:time]").count(), 2, "{stored}");
        stage.sops(["decrypt", "-i", "a.yaml"]).go().success();
        let again = stage.sandbox.read("a.yaml");
        let wanted = "a: 2024-01-01T00:00:00Z\nb: 2006-01-02T15:04:05+07:06\n";
        // Our decryption gives back what was written; sops writes the same time in full.
        assert_eq!(again, if stage.ours { plain } else { wanted });
        assert_eq!(Tree::of_yaml(&again), Tree::of_yaml(wanted));
    });
}

/// What `unset` does with a key and with an item, and that it is content if there is nothing to do.
fn unset(stage: &Stage, name: &str) {
    stage.encrypted(name, r#"{"a": 2, "b": "ba", "c": [1, 2]}"#);
    stage.sops(["unset", name, r#"["a"]"#]).go().success();
    assert_eq!(stage.stored(name).at(&["a"]), None);
    assert_values(stage, name, r#"{"b": "ba", "c": [1, 2]}"#);

    let before = stage.sandbox.snapshot();
    stage.sops(["unset", "--idempotent", name, r#"["a"]"#]).go().success();
    assert_eq!(stage.sandbox.snapshot().changed(&before), Vec::<String>::new());
    stage.sops(["unset", name, r#"["a"]"#]).go().code(1);

    stage.sops(["unset", name, r#"["c"][1]"#]).go().success();
    assert_values(stage, name, r#"{"b": "ba", "c": [1]}"#);
    let before = stage.sandbox.snapshot();
    stage.sops(["unset", "--idempotent", name, r#"["c"][1]"#]).go().success();
    assert_eq!(stage.sandbox.snapshot().changed(&before), Vec::<String>::new());
}

#[test]
fn unset_json_file() {
    behaviour("unset_json_file", |stage| unset(stage, "a.json"));
}

#[test]
fn unset_yaml_file() {
    behaviour("unset_yaml_file", |stage| unset(stage, "a.yaml"));
}

#[test]
fn decrypt_file_no_mac() {
    behaviour("decrypt_file_no_mac", |stage| {
        stage.encrypted("a.yaml", "myapp: TESTonly\n");
        let text = stage.sandbox.read("a.yaml");
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("mac: "));
        stage.sandbox.write("b.yaml", lines.map(|line| format!("{line}\n")).collect::<String>());
        let outcome = stage.sops(["decrypt", "b.yaml"]).go().code(51);
        assert_eq!(outcome.stdout(), "");
        let outcome = stage.sops(["decrypt", "--ignore-mac", "b.yaml"]).go().success();
        assert_eq!(outcome.stdout(), "myapp: TESTonly\n");
    });
}

/// A file with comments, and its copy encrypted by the real sops.
const COMMENTS: &str = "# first comment in file\nlorem: ipsum\n# this-is-a-comment\ndolor: sit\n";

#[test]
fn decrypt_from_stdin() {
    behaviour("decrypt_from_stdin", |stage| {
        stage.encrypted("a.yaml", COMMENTS);
        let args = ["decrypt", "--input-type", "yaml", "--output-type", "yaml"];
        let run = stage.sops(args).stdin(stage.sandbox.read("a.yaml")).go().success();
        assert_eq!(run.stdout(), COMMENTS);
    });
}

#[test]
fn encrypt_comments() {
    behaviour("encrypt_comments", |stage| {
        stage.sandbox.write("a.yaml", COMMENTS);
        let printed = stage.sops(["encrypt", "a.yaml"]).go().success().stdout();
        assert!(!printed.contains("first comment") && !printed.contains("this-is"), "{printed}");
        assert_eq!(printed.matches("#ENC[").count(), 2, "{printed}");
    });
}

#[test]
fn encrypt_comments_list() {
    behaviour("encrypt_comments_list", |stage| {
        stage.sandbox.write("a.yaml", "lorem:\n- foo\n#this-is-a-comment\n- bar\n");
        let printed = stage.sops(["encrypt", "a.yaml"]).go().success().stdout();
        assert!(!printed.contains("this-is-a-comment"), "{printed}");
        stage.sandbox.write("b.yaml", printed);
        assert_values(stage, "b.yaml", r#"{"lorem": ["foo", "bar"]}"#);
        let plain = stage.sops(["decrypt", "b.yaml"]).go().success().stdout();
        assert!(plain.contains("#this-is-a-comment"), "{plain}");
    });
}

#[test]
fn decrypt_comments() {
    behaviour("decrypt_comments", |stage| {
        stage.encrypted("a.yaml", COMMENTS);
        assert!(!stage.sandbox.read("a.yaml").contains("comment in file"));
        assert_eq!(stage.sops(["decrypt", "a.yaml"]).go().success().stdout(), COMMENTS);
    });
}

#[test]
fn decrypt_comments_unencrypted_comments() {
    behaviour("decrypt_comments_unencrypted_comments", |stage| {
        stage.encrypted("a.yaml", COMMENTS);
        let text = stage.sandbox.read("a.yaml");
        let mut plain = COMMENTS.lines().filter(|line| line.starts_with('#'));
        let restored = text.lines().map(|line| match line.starts_with("#ENC[") {
            true => plain.next().expect("there are as many comments as before"),
            false => line,
        });
        stage.sandbox.write("b.yaml", restored.map(|l| format!("{l}\n")).collect::<String>());
        assert!(stage.sandbox.read("b.yaml").contains("# first comment in file"));
        assert_eq!(stage.sops(["decrypt", "b.yaml"]).go().success().stdout(), COMMENTS);
    });
}

#[test]
fn roundtrip_shamir() {
    behaviour("roundtrip_shamir", |stage| {
        stage.encrypted("two-groups.yaml", "a: secret");
        let stored = stage.stored("two-groups.yaml");
        assert_eq!(stored.at(&["sops", "shamir_threshold"]), Some(&Tree::Int(2)), "{stored:?}");
        stage.sops(["decrypt", "two-groups.yaml"]).go().success().prints("a: secret");
        assert_values(stage, "two-groups.yaml", r#"{"a": "secret"}"#);
    });
}

#[test]
fn roundtrip_shamir_missing_decryption_key() {
    behaviour("roundtrip_shamir_missing_decryption_key", |stage| {
        stage.encrypted("missing-key.yaml", "a: secret");
        let outcome = stage.sops(["decrypt", "missing-key.yaml"]).go().code(128);
        assert_eq!(outcome.stdout(), "");
        outcome.complains("Group 0: SUCCESS").complains("Group 1: FAILED").complains(CAROL);
    });
}

#[test]
fn test_decrypt_file_multiple_keys() {
    behaviour("test_decrypt_file_multiple_keys", |stage| {
        stage.sandbox.write("a.yaml", "message: hello\n");
        let recipients = format!("{CAROL},{ALICE}");
        let args = ["encrypt", "--age", &recipients, "-i", "a.yaml"];
        stage.sops(args).go().success();
        assert_eq!(stage.sops(["decrypt", "a.yaml"]).go().success().stdout(), "message: hello\n");
    });
}

/// Without a key nothing is encrypted, and the reason is one line.
#[track_caller]
fn no_keys(stage: &Stage, name: &str) {
    stage.sandbox.write(name, "a: secret");
    let outcome = stage.sops(["encrypt", "-i", name]).go().code(1);
    assert_eq!(outcome.stderr(), "Could not generate data key: [empty key group provided]\n");
    assert_eq!(stage.sandbox.read(name), "a: secret");
}

#[test]
fn test_no_keygroups() {
    behaviour("test_no_keygroups", |stage| no_keys(stage, "no-groups.yaml"));
}

#[test]
fn test_zero_keygroups() {
    behaviour("test_zero_keygroups", |stage| no_keys(stage, "zero-groups.yaml"));
}

#[test]
fn test_empty_keygroup() {
    behaviour("test_empty_keygroup", |stage| no_keys(stage, "empty-group.yaml"));
}

#[test]
fn extract_string() {
    behaviour("extract_string", |stage| {
        stage.encrypted("a.yaml", "text: |\n  multi\n  line");
        let args = ["decrypt", "--extract", r#"["text"]"#, "a.yaml"];
        assert_eq!(stage.sops(args).go().success().stdout_bytes, b"multi\nline");
    });
}

#[test]
fn roundtrip_binary() {
    behaviour("roundtrip_binary", |stage| {
        let data = b"\"\"{}these \xff\xfe\x00 are bytes\r\n";
        stage.encrypted("a.binary", data);
        let stored = Tree::of_json(&stage.sandbox.read("a.binary"));
        assert_tokens(&stored, &[&["data"]]);
        assert_eq!(stage.sops(["decrypt", "a.binary"]).go().success().stdout_bytes, data);
        let sops = stage.sandbox.run(reference::current_sops());
        assert_eq!(sops.args(["decrypt", "a.binary"]).go().success().stdout_bytes, data);
    });
}

#[test]
fn output_flag() {
    behaviour("output_flag", |stage| {
        stage.sandbox.write("in.binary", "foo");
        let outcome = stage.sops(["encrypt", "--output", "out.txt", "in.binary"]).go().success();
        assert_eq!(outcome.stdout(), "");
        assert_eq!(stage.sandbox.read("in.binary"), "foo");
        let sops = stage.sandbox.run(reference::current_sops());
        let plain = sops.args(["decrypt", "out.txt"]).go().success().stdout();
        assert_eq!(plain, "foo");
    });
}

/// The file of the behaviours that run commands.
const FOO_AND_BAR: &str = "foo: bar\nbar: |-\n  baz\n  bam\n";

#[test]
fn exec_env() {
    behaviour("exec_env", |stage| {
        stage.encrypted("a.yaml", FOO_AND_BAR);
        let run = stage.sops(["exec-env", "a.yaml", r#"printf '%s|' "$foo" "$bar" "$HOME""#]);
        let wanted = format!("bar|baz\nbam|{}|", stage.sandbox.home().display());
        assert_eq!(run.go().success().stdout(), wanted);
        stage.sops(["exec-env", "a.yaml", "exit 7"]).go().code(7);
    });
}

#[test]
fn exec_file() {
    behaviour("exec_file", |stage| {
        stage.sandbox.write("a.yaml", FOO_AND_BAR);
        stage.sops(["-e", "-i", "a.yaml"]).go().success();
        let run = stage.sops(["exec-file", "--output-type", "json", "a.yaml", "cat {}"]);
        let wanted = "{\n\t\"foo\": \"bar\",\n\t\"bar\": \"baz\\nbam\"\n}\n";
        assert_eq!(run.go().success().stdout(), wanted);
    });
}

#[test]
fn exec_file_filename() {
    behaviour("exec_file_filename", |stage| {
        stage.sandbox.write("a.yaml", FOO_AND_BAR);
        stage.sops(["-e", "-i", "a.yaml"]).go().success();
        let args = ["exec-file", "--no-fifo", "--filename", "foobar", "a.yaml", "echo {}"];
        let printed = stage.sops(args).go().success().stdout();
        assert!(printed.ends_with("/foobar\n"), "{printed}");
        // The plain file is gone when the command is.
        assert!(!std::path::Path::new(printed.trim_end()).exists(), "{printed}");
    });
}

#[test]
fn decrypt_format() {
    behaviour("decrypt_format", |stage| {
        for (name, plain) in [
            ("a.yaml", "foo: bar\n"),
            ("a.json", "{\n\t\"foo\": \"bar\"\n}\n"),
            ("a.env", "foo = bar\n"),
            ("a.ini", "[foo]\nbar = baz\n"),
        ] {
            stage.sandbox.write(name, plain);
            // The real sops writes the file, so that reading is what is tested.
            let sops = stage.sandbox.run(reference::current_sops());
            sops.args(["encrypt", "-i", name]).go().success();
            assert_eq!(stage.sops(["decrypt", name]).go().success().stdout(), plain, "{name}");
        }
        // sops 3.13.0 and 3.13.1 wrote the armor over several lines, in triple quotes.
        let text = stage.sandbox.read("a.ini");
        let line = text.lines().find(|line| line.starts_with("age__list_0__map_enc")).unwrap();
        let (key, armor) = line.split_once(" = ").unwrap();
        let spread = format!("{key} = \"\"\"{}\"\"\"", armor.trim().replace("\\n", "\n"));
        stage.sandbox.write("b.ini", text.replace(line, &spread));
        assert_eq!(stage.sops(["decrypt", "b.ini"]).go().success().stdout(), "[foo]\nbar = baz\n");
    });
}
