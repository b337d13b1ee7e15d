//! `set`, `unset` and `rotate`.

use super::*;
use crate::proof;

/// Everything a change can meet: a comment in a list, empty collections, a scalar, nested ones.
const CONTENT: &str = "\
text: one
list:
  # TESTonly comment
  - first
  - second
map:
  inner:
    leaf: here
empty: {}
";

/// The values after a verb of sops and after the same verb of ours, for the same file.
fn both(name: &str, content: &str, args: &[&str]) -> (String, String) {
    let sandbox = sandbox();
    encrypt(&sandbox, name, content);
    let encrypted = sandbox.read(name);
    let args: Vec<&str> = [&[args[0], name], &args[1..]].concat();
    sops(&sandbox, &args).go().success();
    let theirs = values(&sandbox, name);
    sandbox.write(name, encrypted);
    sandbox.keywright(&args).go().success();
    sandbox.assert_no_trace_of("TESTonly", &[]);
    (values(&sandbox, name), theirs)
}

fn as_json(yaml: &str) -> String {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", yaml);
    values(&sandbox, "a.yaml")
}

#[test]
fn set_does_what_sops_does() {
    let json = as_json(CONTENT);
    for (index, value) in [
        // What is on the way is made.
        (r#"["new"]["map"]["of"]"#, r#""maps""#),
        (r#"["new"][0]"#, r#""list""#),
        (r#"["empty"]["a"]"#, r#""b""#),
        (r#"["map"]["more"]"#, r#"{"a": ["b", ["c"], {"d": null}]}"#),
        // Behind the end it is appended, however far.
        (r#"["list"][7]"#, r#""third""#),
        // Kinds give way to each other.
        (r#"["text"]"#, r#"{"now": "a map"}"#),
        (r#"["list"]"#, r#""now a text""#),
        (r#"["map"]["inner"]"#, "true"),
        (r#"["text"]"#, "1.5"),
        (r#"["text"]"#, r#""""#),
        (r#"["map"]"#, "{}"),
    ] {
        for (name, content) in [("a.yaml", CONTENT), ("a.json", &json)] {
            let (ours, theirs) = both(name, content, &["set", index, value]);
            assert_eq!(ours, theirs, "{name} {index} {value}");
            proof::record("verbs", "set as sops sets", &format!("{name} {index} {value}"));
        }
    }
    // Comments count as items, where there are comments.
    for index in [r#"["list"][1]"#, r#"["list"][2]"#] {
        let (ours, theirs) = both("a.yaml", CONTENT, &["set", index, r#""x""#]);
        assert_eq!(ours, theirs, "{index}");
    }
}

#[test]
fn a_list_can_be_set_though_sops_cannot() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    let args = ["set", "a.yaml", r#"["a"]"#, r#"["x", [], {"y": [1]}]"#];
    sops(&sandbox, &args).go().code(7);
    sandbox.keywright(args).go().success();
    let found = values(&sandbox, "a.yaml").split_whitespace().collect::<String>();
    assert_eq!(found, r#"{"a":["x",[],{"y":[1]}]}"#);
}

#[test]
fn unset_does_what_sops_does() {
    let json = as_json(CONTENT);
    for index in [
        r#"["text"]"#,
        r#"["list"]"#,
        r#"["map"]["inner"]"#,
        r#"["map"]["inner"]["leaf"]"#,
        r#"["empty"]"#,
    ] {
        for (name, content) in [("a.yaml", CONTENT), ("a.json", &json)] {
            let (ours, theirs) = both(name, content, &["unset", index]);
            assert_eq!(ours, theirs, "{name} {index}");
        }
    }
    for index in [r#"["list"][1]"#, r#"["list"][2]"#] {
        let (ours, theirs) = both("a.yaml", CONTENT, &["unset", index]);
        assert_eq!(ours, theirs, "{index}");
    }
    let (ours, theirs) = both("a.json", "{\"a\": [\"only\"]}", &["unset", r#"["a"][0]"#]);
    assert_eq!(ours, theirs);
    let (ours, theirs) = both("a.env", "A=1\nB=2\n", &["unset", r#"["A"]"#]);
    assert_eq!(ours, theirs);
    let (ours, theirs) = both("a.ini", "[s]\na=1\nb=2\n", &["unset", r#"["s"]["a"]"#]);
    assert_eq!(ours, theirs);
}

#[test]
fn only_the_value_and_the_mac_get_new_tokens() {
    let sandbox = sandbox();
    for (name, content) in PLAIN {
        encrypt(&sandbox, name, content);
        if name.ends_with(".bin") {
            continue;
        }
        let before = sandbox.read(name);
        let index = match name {
            "secret.yaml" => r#"["list"][0]"#,
            "secret.json" => r#"["a"]"#,
            "secret.env" => r#"["A"]"#,
            _ => r#"["section"]["a"]"#,
        };
        sandbox.keywright(["set", name, index, r#""TESTonlyNew""#]).go().success();
        let after = sandbox.read(name);
        let (before, after) = (tokens(&before), tokens(&after));
        assert_eq!(before.len(), after.len(), "{name}");
        let changed = before.iter().zip(&after).filter(|(old, new)| old != new).count();
        assert_eq!(changed, 2, "{name}");
        let expected = content.replace("TESTonly1", "TESTonlyNew");
        assert_eq!(plain(&sandbox, name), expected);
        assert!(values(&sandbox, name).contains("TESTonlyNew"), "{name}");
    }
}

#[test]
fn integers_stay_integers() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "port: 80\n");
    sandbox.keywright(["set", "a.yaml", r#"["port"]"#, "5432"]).go().success();
    assert!(sandbox.read("a.yaml").contains("type:int]"), "{}", sandbox.read("a.yaml"));
    assert_eq!(plain(&sandbox, "a.yaml"), "port: 5432\n");
    assert_eq!(
        values(&sandbox, "a.yaml").split_whitespace().collect::<String>(),
        r#"{"port":5432}"#
    );
    // sops makes a float of it.
    sops(&sandbox, &["set", "a.yaml", r#"["port"]"#, "5433"]).go().success();
    assert!(sandbox.read("a.yaml").contains("type:float]"));
}

#[test]
fn flat_files_take_numbers_as_text() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.env", "A=1\n");
    encrypt(&sandbox, "a.ini", "[s]\na=1\n");
    for (value, text) in [("5432", "5432"), (" 1.50 ", "1.50"), ("true", "true")] {
        sandbox.keywright(["set", "a.env", r#"["A"]"#, value]).go().success();
        assert_eq!(plain(&sandbox, "a.env"), format!("A={text}\n"));
        assert!(values(&sandbox, "a.env").contains(&format!("\"{text}\"")));
        sandbox.keywright(["set", "a.ini", r#"["s"]["a"]"#, value]).go().success();
        assert_eq!(plain(&sandbox, "a.ini"), format!("[s]\na={text}\n"));
    }
    for (name, index, value) in [
        ("a.env", r#"["A"]"#, "null"),
        ("a.env", r#"["A"]"#, "[]"),
        ("a.env", r#"["A"]["B"]"#, r#""x""#),
        ("a.ini", r#"["a"]"#, r#""x""#),
        ("a.ini", r#"["s"]"#, r#"{"a": {"b": "c"}}"#),
        ("a.ini", r#"["s"]["a"]["b"]"#, r#""x""#),
    ] {
        refused(&sandbox, &["set", name, index, value]).complains(" and nothing else");
    }
}

#[test]
fn a_binary_file_has_one_value() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.bin", "TESTonly");
    let set = ["set", "--value-stdin", "a.bin", r#"["data"]"#];
    sandbox.keywright(set).stdin(r#""TESTonlyNew\u0001""#).go().success();
    assert_eq!(values(&sandbox, "a.bin"), "TESTonlyNew\u{1}");
    refused(&sandbox, &["set", "a.bin", r#"["other"]"#, r#""x""#]);
    refused(&sandbox, &["set", "a.bin", r#"["data"]"#, "1"]);
    refused(&sandbox, &["unset", "a.bin", r#"["data"]"#]);
}

#[test]
fn idempotent_changes_write_nothing() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: {b: [1, x]}\n");
    settle();
    let before = sandbox.snapshot();
    for args in [
        &["set", "--idempotent", "a.yaml", r#"["a"]"#, r#"{"b": [1, "x"]}"#][..],
        &["set", "--idempotent", "a.yaml", r#"["a"]["b"][0]"#, "1"],
        &["unset", "--idempotent", "a.yaml", r#"["a"]["c"]"#],
        &["unset", "--idempotent", "a.yaml", r#"["a"]["b"][2]"#],
    ] {
        sandbox.keywright(args).go().success().complains("nothing to do");
        before.assert_untouched(&sandbox.snapshot());
    }
    // The same spelling, but another type.
    sandbox
        .keywright(["set", "--idempotent", "a.yaml", r#"["a"]["b"][0]"#, r#""1""#])
        .go()
        .success();
    assert_eq!(before.changed(&sandbox.snapshot()), ["a.yaml"]);
}

#[test]
fn a_value_in_the_place_of_the_index_is_not_repeated() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    refused(&sandbox, &["set", "a.yaml", r#""TESTonlySwapped""#, r#"["a"]"#]).complains("INDEX");
    refused(&sandbox, &["set", "a.yaml", r#"["a"]"#, "TESTonlySwapped"]).complains("JSON");
    sandbox.assert_no_trace_of("TESTonlySwapped", &[]);
}

#[test]
fn rotation_makes_everything_new_but_the_recipients() {
    let sandbox = sandbox();
    encrypt_all(&sandbox);
    // Of no concern to a rotation.
    rule(&sandbox, &another(&sandbox, false));
    let names = PLAIN.map(|(name, _)| name);
    let before = names.map(|name| sandbox.read(name));
    sandbox.keywright(["rotate", "-i"].iter().chain(&names)).go().success();
    for (name, before) in names.iter().zip(&before) {
        let after = sandbox.read(name);
        let (old, new) = (tokens(before), tokens(&after));
        assert_eq!(old.len(), new.len(), "{name}");
        assert!(old.iter().all(|token| !new.contains(token)), "{name}");
        assert!(after.contains(RECIPIENT), "{name}");
    }
    sandbox.assert_no_trace_of("TESTonly1", &[]);
    for (name, content) in PLAIN {
        assert_eq!(plain(&sandbox, name), content);
        assert!(values(&sandbox, name).contains("TESTonly1"));
    }
}

#[test]
fn recipients_come_and_go_by_rotation() {
    let sandbox = sandbox();
    let other = another(&sandbox, false);
    encrypt(&sandbox, "a.yaml", "a: TESTonly\n");
    sandbox.keywright(["rotate", "-i", "--add-age", &other, "a.yaml"]).go().success();
    let both = sandbox.read("a.yaml");
    assert!(both.contains(&other) && both.contains(RECIPIENT));
    refused(&sandbox, &["rotate", "-i", "--rm-age", &format!("{other},{RECIPIENT}"), "a.yaml"])
        .complains("nobody could decrypt");
    sandbox.keywright(["rotate", "-i", "--rm-age", &other, "a.yaml"]).go().success();
    let one = sandbox.read("a.yaml");
    assert!(!one.contains(&other) && one.contains(RECIPIENT));
    assert!(values(&sandbox, "a.yaml").contains("TESTonly"));
}
