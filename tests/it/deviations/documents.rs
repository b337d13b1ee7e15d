//! What files say, and how they are written.

use super::{CANARY, given, given_by, quoted_by_sops_alone, shown};
use crate::drop_in::{Stage, with_both};
use crate::reference;

#[test]
fn invalid_regex() {
    with_both(|stage| {
        stage.sandbox.write("a.yaml", format!("a: {CANARY}\n"));
        let outcome = stage.sops(["encrypt", "--encrypted-regex", "(", "a.yaml"]).go();
        if stage.ours {
            assert_eq!(
                outcome.code(1).complains("`encrypted_regex` has an unusable pattern").stdout(),
                ""
            );
        } else {
            outcome.success().prints(&format!("a: {CANARY}\n"));
        }
    });
}

/// By sops 3.13.2, which does not read it: a list with a comment.
const BY_3_13_2: &str = include_str!("../../data/deviations/list-comment-3.13.2.yaml");

#[test]
fn list_comments_in_mac() {
    with_both(|stage| {
        let plain = "l:\n    # note\n    - one\n";
        stage.sandbox.write("a.yaml", BY_3_13_2);
        assert_eq!(stage.sops(["decrypt", "a.yaml"]).go().success().stdout(), plain);
        for version in reference::versions("sops") {
            given_by(version, stage, "a.yaml", plain);
            assert_eq!(stage.sops(["decrypt", "a.yaml"]).go().success().stdout(), plain);
            stage.encrypted("b.yaml", plain);
            let sops = stage.sandbox.run(reference::sops(version));
            assert_eq!(sops.args(["--decrypt", "b.yaml"]).go().success().stdout(), plain);
        }
    });
}

#[test]
fn list_comment_scope() {
    with_both(|stage| {
        let plain = "l:\n    # hide one\n    # hide two\n    - x\n    - \"y\"\n";
        stage.sandbox.write("a.yaml", plain);
        let sops = stage.sandbox.run(reference::current_sops());
        let args = ["-e", "-i", "--encrypted-comment-regex", "hide", "a.yaml"];
        sops.args(args).go().success();
        let outcome = stage.sops(["decrypt", "a.yaml"]).go();
        if stage.ours {
            assert_eq!(outcome.success().stdout(), plain);
        } else {
            outcome.code(51);
        }
    });
}

#[test]
fn negative_zero() {
    with_both(|stage| {
        given(stage, "a.yaml", "a: -0.0\n");
        let plain = stage.sops(["decrypt", "a.yaml"]).go().success().stdout();
        given(stage, "b.yaml", &plain);
        let kind = if stage.ours { "type:float]" } else { "type:int]" };
        assert!(stage.sandbox.read("b.yaml").contains(kind), "{plain}");
    });
}

/// Demands that text which sops prints as YAML that cannot be read, or is read as something else, comes back.
#[track_caller]
fn comes_back_from_ours_alone(json: &str) {
    with_both(|stage| {
        given(stage, "a.json", json);
        let yaml =
            stage.sops(["decrypt", "--output-type", "yaml", "a.json"]).go().success().stdout();
        stage.sandbox.write("b.yaml", &yaml);
        let sops = stage.sandbox.run(reference::current_sops());
        let read = sops.args(["encrypt", "-i", "b.yaml"]).go().status.success();
        let same = read && stage.decrypted("b.yaml") == stage.decrypted("a.json");
        assert_eq!(same, stage.ours, "{yaml}");
    });
}

#[test]
fn list_block_scalars() {
    comes_back_from_ours_alone(r#"{"l": ["  x\ny"]}"#);
}

#[test]
fn tab_blocks() {
    comes_back_from_ours_alone(r#"{"a": "\tx\ny\n"}"#);
}

/// Demands that sops encrypts a file and reads it back as `lost`, and that we refuse it with a code and a place.
#[track_caller]
fn refused_by_ours(name: &str, plain: &[u8], lost: &str, code: i32, place: &str) {
    with_both(|stage| {
        stage.sandbox.write(name, plain);
        let outcome = stage.sops(["encrypt", "-i", name]).go();
        if stage.ours {
            outcome.code(code).complains(&format!("{name}:{place}: "));
            assert_eq!(std::fs::read(stage.sandbox.path(name)).unwrap(), plain);
        } else {
            outcome.success();
            assert_eq!(shown(stage, name), lost);
        }
    });
}

#[test]
fn duplicate_keys() {
    let lost = "a: 1\n---\na: 2\na: 3\n";
    refused_by_ours("a.yaml", b"a: 1\n---\na: 2\na: 3\n", lost, 2, "4:1");
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "a: 1\na: 2\n");
        stage.sops(["encrypt", "a.yaml"]).go().code(2);
    });
}

#[test]
fn yaml_line_breaks() {
    for line_break in ["\u{2028}", "\u{2029}", "\u{85}"] {
        let comment = format!("a: 1 # note{line_break}b: 2\n");
        refused_by_ours("a.yaml", comment.as_bytes(), "# note\na: 1\nb: 2\n", 2, "1:12");
    }
}

#[test]
fn empty_yaml() {
    with_both(|stage| {
        for (plain, theirs) in [("---\n", 0), ("# note\n", 2)] {
            stage.sandbox.write("a.yaml", plain);
            let outcome = stage.sops(["encrypt", "a.yaml"]).go();
            outcome.code(if stage.ours { 92 } else { theirs });
        }
    });
}

#[test]
fn json_faults() {
    let x = "{\n\t\"a\": \"x\"\n}\n";
    let replaced = "{\n\t\"a\": \"x\u{fffd}y\"\n}\n";
    for (plain, lost, place) in [
        (&b"{\"a\": \"x\"} , \"b\": 1}"[..], x, "1:12"),
        (b"{\"a\": \"x\"}{\"b\": 1}", x, "1:11"),
        (b"{\"a\": \"x\", \"b\": [1, 2", x, "1:22"),
        (b"{\"a\": \"x\", \"b\"", x, "1:15"),
        (b"{\"a\": \"x\\ud800y\"}", replaced, "1:9"),
        (b"{\"a\": \"x\xffy\"}", replaced, "1:9"),
    ] {
        refused_by_ours("a.json", plain, lost, 2, place);
    }
}

#[test]
fn ini_repeated_keys() {
    refused_by_ours("a.ini", b"[s]\nk = 1\nk = 2\n", "[s]\nk = 2\n", 2, "3:1");
}

#[test]
fn misfit_tags() {
    refused_by_ours("a.yaml", b"a: 1\n---\nb: !!int x\n", "a: 1\n---\nb: null\n", 23, "3:10");
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "a: !!int x\n");
        stage.sops(["encrypt", "a.yaml"]).go().code(if stage.ours { 23 } else { 2 });
    });
}

#[test]
fn binary_values() {
    refused_by_ours("a.yaml", b"a: !!binary //4=\n", "a: !!binary //4=\n", 23, "1:13");
    with_both(|stage| {
        given(stage, "a.bin", b"\xff\xfe");
        let outcome = stage.sops(["decrypt", "--output-type", "yaml", "a.bin"]).go();
        if stage.ours {
            assert_eq!(outcome.code(4).complains("no text").stdout(), "");
        } else {
            assert_eq!(outcome.success().stdout(), "data: !!binary //4=\n");
        }
    });
}

#[test]
fn ini_lists() {
    with_both(|stage| {
        given(stage, "a.yaml", "s:\n    l: [1, {x: z}]\n");
        let outcome = stage.sops(["decrypt", "--output-type", "ini", "a.yaml"]).go();
        if stage.ours {
            assert_eq!(outcome.code(4).complains("INI cannot hold").stdout(), "");
        } else {
            assert_eq!(outcome.success().stdout(), "[s]\nl = [1 [{x z}]]\n");
        }
    });
}

#[test]
fn layout() {
    with_both(|stage| {
        for (name, plain, anew) in [
            (
                "a.yaml",
                "a: 'x' # note\n\nb:    1.50\nc: 100000000000000000000\nl: [ y ]\n",
                "# note\na: x\nb: 1.5\nc: 1e+20\nl:\n    - \"y\"\n",
            ),
            ("a.json", "{\"a\": 1.50,\n \"b\": []}", "{\n\t\"a\": 1.5,\n\t\"b\": []\n}\n"),
            ("a.env", "A=1\n\nB=2", "A=1\nB=2\n"),
            ("a.ini", "a=1\n\n\n[s]\nb=2 ; note\n", "a = 1\n\n[s]\n; note\nb = 2\n"),
        ] {
            stage.encrypted(name, plain);
            let after = stage.sops(["decrypt", name]).go().success().stdout();
            assert_eq!(after, if stage.ours { plain } else { anew });
        }
    });
}

#[test]
fn encrypt_conversion() {
    with_both(|stage| {
        for (plain, kind, name) in [
            ("a_unencrypted: ~\nb: 1\n", "dotenv", "b.env"),
            ("s:\n  a_unencrypted: 1.0\n", "ini", "b.ini"),
        ] {
            stage.sandbox.write("a.yaml", plain);
            let args = ["encrypt", "--output-type", kind, "--output", name, "a.yaml"];
            stage.sops(args).go().success();
            let sops = stage.sandbox.run(reference::current_sops()).args(["decrypt", name]);
            sops.go().code(if stage.ours { 0 } else { 51 });
        }
    });
}

#[test]
fn trailing_comments() {
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "# plain\na:\n  b: 1\n # in between\n");
        let args = ["--unencrypted-comment-regex=plain", "-e", "a.yaml"];
        let encrypted = stage.sops(args).go().success().stdout();
        assert_eq!(encrypted.contains("in between"), stage.ours, "{encrypted}");
    });
}

#[test]
fn further_documents() {
    with_both(|stage| {
        stage.sandbox.write("a.yaml", "a: 1\n---\nb: 2\n");
        let run = stage.sops(["encrypt", "--output-type", "json", "a.yaml"]).go();
        run.code(if stage.ours { 4 } else { 0 });
    });
}

#[test]
fn dotenv_errors() {
    with_both(|stage| {
        for (name, place) in [("a.env", "a.env:2:1: "), ("a.ini", "a.ini:2:1: ")] {
            stage.sandbox.write(name, format!("A=1\n{CANARY}\n"));
            let outcome = quoted_by_sops_alone(stage, &["encrypt", name], &[name]).code(2);
            assert_eq!(outcome.stderr().contains(place), stage.ours, "{}", outcome.describe());
            std::fs::remove_file(stage.sandbox.path(name)).unwrap();
        }
    });
}

/// Writes an encrypted file of which a line is plain.
fn given_with(stage: &Stage, line: impl Fn(&str) -> String) {
    given(stage, "a.yaml", "# note\na: x\n");
    let text = stage.sandbox.read("a.yaml");
    stage.sandbox.write("a.yaml", text.lines().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn quoted_values() {
    with_both(|stage| {
        stage.sandbox.write("a.yaml", format!("a: !!int {CANARY}\n"));
        quoted_by_sops_alone(stage, &["encrypt", "a.yaml"], &["a.yaml"]).code(if stage.ours {
            23
        } else {
            2
        });
        let plain = |line: &str| match line.starts_with("a: ") {
            true => format!("a: {CANARY}"),
            false => line.to_owned(),
        };
        given_with(stage, plain);
        quoted_by_sops_alone(stage, &["decrypt", "a.yaml"], &["a.yaml"]).code(25);
        let plain = |line: &str| match line.starts_with("#ENC[") {
            true => format!("# {CANARY}"),
            false => line.to_owned(),
        };
        given_with(stage, plain);
        quoted_by_sops_alone(stage, &["decrypt", "-i", "a.yaml"], &["a.yaml"]).success();
    });
}
