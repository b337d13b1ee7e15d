//! Flags, words, indexes and the configuration.

use super::{given, shown};
use crate::drop_in::{ALICE, BOB, Stage, with_both};

#[test]
fn set_arrays() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["set", "a.yaml", r#"["a"]"#, "[1, {\"b\": 2}]"]).go();
        outcome.code(if stage.ours { 0 } else { 7 });
        let after = if stage.ours { "a:\n    - 1\n    - b: 2\n" } else { "a: x\n" };
        assert_eq!(shown(stage, "a.yaml"), after);
    });
}

#[test]
fn set_integers() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: 5\n");
        let before = stage.sandbox.read("a.yaml");
        stage.sops(["set", "--idempotent", "a.yaml", r#"["a"]"#, "5"]).go().success();
        assert_eq!(stage.sandbox.read("a.yaml") == before, stage.ours);
        stage.sops(["set", "a.yaml", r#"["b"]"#, "5"]).go().success();
        let integers = stage.sandbox.read("a.yaml").matches("type:int]").count();
        let floats = stage.sandbox.read("a.yaml").matches("type:float]").count();
        assert_eq!((integers, floats), if stage.ours { (2, 0) } else { (0, 2) });
    });
}

#[test]
fn explicit_age() {
    with_both(|stage| {
        let rules = format!("creation_rules:\n  - path_regex: other\n    age: {BOB}\n");
        stage.sandbox.write(".sops.yaml", rules);
        stage.sandbox.write("a.yaml", "a: x\n");
        let outcome = stage.sops(["encrypt", "--age", ALICE, "a.yaml"]).go();
        if stage.ours {
            outcome.success().prints(&format!("recipient: {ALICE}\n"));
        } else {
            outcome.code(1).complains("no matching creation rules found");
        }
    });
}

#[test]
fn rotate_ignore_mac() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\nb: y\n");
        let text = stage.sandbox.read("a.yaml");
        let without_b = text.lines().filter(|line| !line.starts_with("b: "));
        let text: String = without_b.map(|line| format!("{line}\n")).collect();
        stage.sandbox.write("a.yaml", &text);
        stage.sops(["rotate", "a.yaml"]).go().code(51);
        stage.sops(["-r", "--ignore-mac", "a.yaml"]).go().success();
        let outcome = stage.sops(["rotate", "-i", "--ignore-mac", "a.yaml"]).go();
        if stage.ours {
            outcome.success();
            assert_eq!(shown(stage, "a.yaml"), "a: x\n");
        } else {
            outcome.code(1).prints("flag provided but not defined: -ignore-mac");
        }
    });
}

#[test]
fn no_panics() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\nl: [y]\n");
        for (ours, args) in [
            (7, &["set", "a.yaml", "", "1"][..]),
            (91, &["decrypt", "--extract", "[]", "a.yaml"]),
            (1, &["groups", "delete", "--file", "a.yaml", "9"]),
            (1, &["decrypt", "--extract", r#"["a"]["b"]"#, "a.yaml"]),
            (1, &["set", "a.yaml", r#"["l"]["b"]"#, "1"]),
        ] {
            let outcome = stage.sops(args).go().code(if stage.ours { ours } else { 2 });
            let told = outcome.stderr();
            assert_eq!(told.contains("goroutine"), !stage.ours, "{told}");
            assert!(!stage.ours || !told.is_empty() && !told.contains("panicked"), "{told}");
        }
    });
}

#[test]
fn config_from_file() {
    with_both(|stage| {
        std::fs::remove_file(stage.sandbox.path(".sops.yaml")).unwrap();
        let rules = |recipient| format!("creation_rules:\n  - age: {recipient}\n");
        stage.sandbox.write("apps/.sops.yaml", rules(ALICE));
        stage.sandbox.write("apps/grafana/a.yaml", "a: x\n");
        stage.sops(["encrypt", "grafana/a.yaml"]).within("apps").go().success().prints(ALICE);
        let outcome = stage.sops(["encrypt", "apps/grafana/a.yaml"]).go();
        if stage.ours {
            outcome.success().prints(ALICE);
        } else {
            outcome.code(1).complains("config file not found");
        }
        stage.sandbox.write(".sops.yaml", rules(BOB));
        let outcome = stage.sops(["encrypt", "apps/grafana/a.yaml"]).go().success().prints(BOB);
        let told = outcome.stderr();
        assert_eq!(stage.ours, told.contains("/apps/.sops.yaml"), "{told}");
        assert_eq!(!stage.ours, told.is_empty(), "{told}");
    });
}

#[test]
fn flags_after_switches() {
    with_both(|stage| {
        // Both words are indexes as well as names of files.
        for name in [r#"["a"]"#, r#"["b"]"#] {
            given(stage, "plain.yaml", "a: x\nb: w\n");
            std::fs::rename(stage.sandbox.path("plain.yaml"), stage.sandbox.path(name)).unwrap();
        }
        let types = ["--input-type", "yaml", "--output-type", "yaml"];
        let words = [r#"["a"]"#, "--idempotent", r#"["b"]"#, "\"z\""];
        stage.sops(["set"]).args(types).args(words).go().success();
        let plain =
            |name: &str| stage.sops(["decrypt"]).args(types).arg(name).go().success().stdout();
        let (meant, other) = (plain(r#"["a"]"#), plain(r#"["b"]"#));
        let told = (meant.as_str(), other.as_str());
        let (left, right) = (("a: x\nb: z\n", "a: x\nb: w\n"), ("a: x\nb: w\n", "a: z\nb: w\n"));
        assert_eq!(told, if stage.ours { left } else { right });

        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["decrypt", "-i", "a.yaml", "--output", "b.yaml"]).go();
        outcome.code(if stage.ours { 8 } else { 0 });
        assert_eq!(stage.sandbox.read("a.yaml") == "a: x\n", !stage.ours);
        assert!(!stage.sandbox.path("b.yaml").exists());
    });
}

/// The code and the output of `decrypt --extract`.
fn extracted(stage: &Stage, index: &str) -> (Option<i32>, String) {
    let outcome = stage.sops(["decrypt", "--extract", index, "a.yaml"]).go();
    (outcome.status.code(), outcome.stdout())
}

#[test]
fn index_brackets() {
    with_both(|stage| {
        given(stage, "a.yaml", "'a[0]': one\na: [two]\n");
        let (code, text) = if stage.ours { (0, "one") } else { (91, "") };
        assert_eq!(extracted(stage, r#"["a[0]"]"#), (Some(code), text.to_owned()));
    });
}

#[test]
fn index_quotes() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: one\nab: two\n");
        let (code, text) = if stage.ours { (91, "") } else { (0, "one") };
        assert_eq!(extracted(stage, r#"["ab]"#), (Some(code), text.to_owned()));
    });
}

#[test]
fn index_negative() {
    with_both(|stage| {
        given(stage, "a.yaml", "l:\n    - one\nm:\n    x: z\n");
        let (code, _) = extracted(stage, r#"["l"][-1]"#);
        assert_eq!(code, Some(if stage.ours { 91 } else { 2 }));
        let outcome = stage.sops(["set", "a.yaml", r#"["m"][-1]"#, "1"]).go();
        outcome.code(if stage.ours { 7 } else { 0 });
        assert_eq!(shown(stage, "a.yaml"), "l:\n    - one\nm:\n    x: z\n");
    });
}

#[test]
fn index_kinds() {
    with_both(|stage| {
        given(stage, "a.yaml", "m:\n    x: z\n");
        let (code, text) = if stage.ours { (1, "") } else { (0, "key: x\nvalue: z\n") };
        assert_eq!(extracted(stage, r#"["m"][0]"#), (Some(code), text.to_owned()));
        stage.sops(["set", "a.yaml", r#"["m"][0]"#, "1"]).go().code(code);
        assert_eq!(shown(stage, "a.yaml"), "m:\n    x: z\n");
    });
}

#[test]
fn index_comments() {
    with_both(|stage| {
        given(stage, "a.yaml", "l:\n    # note\n    - one\n");
        assert_eq!(extracted(stage, r#"["l"][1]"#), (Some(0), "one".to_owned()));
        let (code, text) =
            if stage.ours { (1, "") } else { (0, "value: ' note'\ninline: false\n") };
        assert_eq!(extracted(stage, r#"["l"][0]"#), (Some(code), text.to_owned()));
        stage.sops(["unset", "a.yaml", r#"["l"][0]"#]).go().code(code);
        let note = if stage.ours { "    # note\n" } else { "" };
        assert_eq!(shown(stage, "a.yaml"), format!("l:\n{note}    - one\n"));
        given(stage, "a.yaml", "l:\n    # note\n    - one\n");
        stage.sops(["set", "a.yaml", r#"["l"][0]"#, "\"z\""]).go().code(code);
        let first = if stage.ours { "# note" } else { "- z" };
        assert_eq!(shown(stage, "a.yaml"), format!("l:\n    {first}\n    - one\n"));
    });
}

#[test]
fn extra_modes() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        std::fs::remove_file(stage.sandbox.path(".sops.yaml")).unwrap();
        let outcome = stage.sops(["-e", "-d", "a.yaml"]).go();
        if stage.ours {
            assert_eq!(outcome.success().complains("warning: ").stdout(), "a: x\n");
        } else {
            // Encrypting comes first, and has no recipients.
            outcome.code(1).complains("no keys provided");
        }
    });
}

#[test]
fn lost_flags() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["--age", BOB, "decrypt", "a.yaml"]).go().success();
        assert_eq!(outcome.stdout(), "a: x\n");
        assert_eq!(outcome.stderr().contains("`--age` stands before the verb"), stage.ours);
        assert_eq!(outcome.stderr().is_empty(), !stage.ours);
    });
}

#[test]
fn unknown_types() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        for flag in ["--input-type", "--output-type"] {
            let outcome = stage.sops(["decrypt", flag, "yml", "a.yaml"]).go().success();
            assert_eq!(outcome.stdout(), "a: x\n");
            assert_eq!(outcome.stderr().contains("`yml` is no type"), stage.ours);
            assert_eq!(outcome.stderr().is_empty(), !stage.ours);
        }
    });
}

#[test]
fn empty_local_keyservice() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let run = stage.sops(["decrypt", "a.yaml"]).env("SOPS_ENABLE_LOCAL_KEYSERVICE", "");
        run.go().code(if stage.ours { 0 } else { 128 });
    });
}

#[test]
fn updatekeys_no_file() {
    with_both(|stage| {
        std::fs::remove_file(stage.sandbox.path(".sops.yaml")).unwrap();
        let outcome = stage.sops(["updatekeys"]).go();
        if stage.ours {
            outcome.code(100).complains("no file specified");
        } else {
            outcome.code(1).complains("config file not found");
        }
    });
}

#[test]
fn foreign_context() {
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "a: x\n");
        for flag in ["--aws-profile", "--encryption-context"] {
            let outcome = stage.sops(["encrypt", flag, "a:b", "--age", ALICE, "a.yaml"]).go();
            if stage.ours {
                outcome.code(1).complains(&format!("`{flag}`"));
            } else {
                assert_eq!(outcome.success().stderr(), "");
            }
        }
    });
}

#[test]
fn rotate_output_type() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: x\n");
        let outcome = stage.sops(["rotate", "-i", "--output-type", "json", "a.yaml"]).go();
        outcome.code(if stage.ours { 8 } else { 0 });
        assert_eq!(stage.sandbox.read("a.yaml").starts_with('{'), !stage.ours);
    });
}
