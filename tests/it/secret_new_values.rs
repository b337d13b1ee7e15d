//! `secret new`: values from standard input, named pipes, dotenv files and the command line; labels; and the report.

use serde_json::{Value, json};

use crate::data::kubeconform;
use crate::db_status::conforms;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::{GRAFANA, assert_value, built};
use crate::terminal::Terminal;

/// A value that no output may show.
const CANARY: &str = "s3cr3tCanary";

const FILE: &str = "nerv/main/cluster/apps/grafana/app/x-secret.yaml";

/// `secret new grafana --name x` with more arguments.
fn new<'a>(sandbox: &'a Sandbox, args: &[&str], stdin: &str) -> Outcome<'a> {
    let args = [&["secret", "new", "grafana", "--name", "x"], args].concat();
    sandbox.keywright(args).stdin(stdin).go()
}

#[track_caller]
fn assert_values(sandbox: &Sandbox, wanted: &[(&str, &str)]) {
    for (key, value) in wanted {
        assert_value(sandbox, FILE, &["stringData", key], value);
    }
    let text = sandbox.read(FILE);
    let places: Vec<_> = wanted.iter().map(|(key, _)| text.find(&format!("  {key}:"))).collect();
    assert!(
        places.is_sorted() && places[0].is_some(),
        "not in the order of the command line\n{text}"
    );
}

#[test]
fn several_keys_have_a_line_of_standard_input_each() {
    let sandbox = Sandbox::nerv();
    let args = ["--set-stdin", "B", "--insecure-value", "M=m", "--set-stdin", "A"];
    new(&sandbox, &args, "s3cr3tCanary one\r\ntwo=2\n").success();
    assert_values(&sandbox, &[("B", "s3cr3tCanary one"), ("M", "m"), ("A", "two=2")]);
    // The same flags change them.
    let set = ["secret", "set", "x", "--set-stdin", "A", "--set-stdin", "B"];
    sandbox.keywright(set).stdin("new\ns3cr3tCanary").go().success();
    assert_values(&sandbox, &[("B", "s3cr3tCanary"), ("M", "m"), ("A", "new")]);
    let untouched = sandbox.snapshot();
    for (input, count) in [("", 0), (CANARY, 1), ("a\nb\ns3cr3tCanary\n", 3)] {
        let wanted = format!("2 keys take a line of standard input each, and it has {count}");
        sandbox.keywright(set).stdin(input).go().code(2).complains(&wanted);
        let more = ["secret", "new", "grafana", "--name", "y", "--set-stdin=A", "--set-stdin=B"];
        sandbox.keywright(more).stdin(input).go().code(2).complains(&wanted);
    }
    sandbox
        .keywright(set)
        .stdin("s3cr3tCanary\n\n")
        .go()
        .code(2)
        .complains("the line for `B` is empty");
    untouched.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn at_a_terminal_each_of_several_keys_is_typed_hidden() {
    let sandbox = Sandbox::nerv();
    let args =
        ["secret", "new", "grafana", "--name", "x", "--set-stdin=A", "--set-stdin=B", "--yes"];
    let mut terminal = Terminal::spawn(&sandbox.keywright(args), 80, 40);
    for (question, value) in [
        ("A (hidden): ", "s3cr3tCanary"),
        ("A once more: ", "s3cr3tCanary"),
        ("B (hidden): ", "s3cr3tOther"),
        ("B once more: ", "s3cr3tOther"),
    ] {
        terminal.expect_hidden(question);
        terminal.send_line(value);
    }
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_values(&sandbox, &[("A", "s3cr3tCanary"), ("B", "s3cr3tOther")]);
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
    sandbox.assert_no_trace_of("s3cr3tOther", &[]);
}

#[test]
fn what_would_be_typed_in_the_clear_is_refused_at_a_terminal() {
    let sandbox = Sandbox::nerv();
    for (flag, hint) in
        [("--from-file=A=-", "`--set-stdin KEY`"), ("--from-env-file=-", "`--from-env-file PATH`")]
    {
        let args = ["secret", "new", "grafana", "--name", "x", flag];
        let (code, shown) = Terminal::spawn(&sandbox.keywright(args), 100, 40).finish();
        assert_eq!(code, 2, "{shown}");
        assert!(shown.contains("standard input is a terminal") && shown.contains(hint), "{shown}");
    }
}

#[test]
fn a_dash_is_all_of_standard_input() {
    let sandbox = Sandbox::nerv();
    new(&sandbox, &["--from-file", "A=-"], "one line\n").success();
    assert_values(&sandbox, &[("A", "one line\n")]);
    let set = ["secret", "set", "x", "A", "--from-file", "-"];
    sandbox.keywright(set).stdin("another\n").go().success();
    assert_values(&sandbox, &[("A", "another\n")]);
    let args = ["secret", "new", "grafana", "--name", "y", "--from-env-file", "-"];
    sandbox.keywright(args).stdin("B=1\n# note\n\nC=a=b\n").go().success();
    let file = format!("{GRAFANA}/y-secret.yaml");
    assert_value(&sandbox, &file, &["stringData", "B"], "1");
    assert_value(&sandbox, &file, &["stringData", "C"], "a=b");
    for two in [["--set-stdin=A", "--from-file=B=-"], ["--from-file=A=-", "--from-env-file=-"]] {
        let args = [&["secret", "new", "grafana", "--name", "z"], &two[..]].concat();
        sandbox
            .keywright(args)
            .stdin(CANARY)
            .go()
            .code(2)
            .complains("standard input can be read once");
    }
    let set = ["secret", "set", "x", "--set-stdin=A", "--from-file=B=-"];
    sandbox.keywright(set).stdin(CANARY).go().code(2).complains("standard input can be read once");
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn named_pipes_are_read_once() {
    let sandbox = Sandbox::nerv();
    for pipe in ["../tmp/file", "../tmp/env"] {
        sandbox.run("mkfifo").arg(pipe).go().success();
    }
    let program = env!("CARGO_BIN_EXE_keywright");
    let script = format!(
        "(printf 'in a pipe\\n' > ../tmp/file; printf 'B=b\\n' > ../tmp/env) &\n\
         {program} secret new grafana --name x --from-file A=../tmp/file --from-env-file ../tmp/env && wait"
    );
    sandbox.run("sh").args(["-c", &script]).go().success();
    assert_values(&sandbox, &[("A", "in a pipe\n"), ("B", "b")]);
    let script = format!("{program} secret set x A --from-file <(printf substituted)");
    sandbox.run("bash").args(["-c", &script]).go().success();
    assert_values(&sandbox, &[("A", "substituted")]);
}

#[test]
fn a_dotenv_file_gives_a_key_for_each_line() {
    let sandbox = Sandbox::nerv();
    sandbox.write(
        "../tmp/app.env",
        "# note\nUSER=me\nPASSWORD=\"s3cr3t Canary\" #1\nEMPTY=\nLINES=a\\nb\n",
    );
    let args = [
        "--generate",
        "FIRST",
        "--from-env-file",
        "../tmp/app.env",
        "--template",
        "URL=x://{USER}",
    ];
    new(&sandbox, &args, "").success();
    assert_values(
        &sandbox,
        &[
            ("USER", "me"),
            ("PASSWORD", "\"s3cr3t Canary\" #1"),
            ("EMPTY", ""),
            ("LINES", "a\nb"),
            ("URL", "x://me"),
        ],
    );
    built(&sandbox, GRAFANA);
}

#[test]
fn what_is_no_dotenv_file_or_no_file_is_refused_with_its_path_and_place() {
    let sandbox = Sandbox::nerv();
    for (name, content) in [
        ("line", "A=1\ns3cr3tCanary\n"),
        ("export", "A=1\nexport B=s3cr3tCanary\n"),
        ("crlf", "A=s3cr3tCanary\r\n"),
        ("twice", "A=1\nA=s3cr3tCanary\n"),
        ("none", "# nothing\n"),
        ("latin", "A=\u{0}s3cr3tCanary\n"),
    ] {
        sandbox.write(&format!("../tmp/{name}"), content);
    }
    sandbox.write("../tmp/latin", b"A=1\nB=\xffs3cr3tCanary\n");
    sandbox.write("apps/closed.env", "A=s3cr3tCanary\n");
    let recipient = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    sandbox.keywright(["encrypt", "-i", "--age", recipient, "apps/closed.env"]).go().success();
    let untouched = sandbox.snapshot();
    let cases = [
        ("../tmp/line", "../tmp/line:2:1: neither a comment nor `KEY=value`"),
        ("../tmp/export", "../tmp/export:2:1: a key has letters"),
        ("../tmp/crlf", "../tmp/crlf:1:1: the line ends with a carriage return"),
        ("../tmp/twice", "key `A` is given twice"),
        ("../tmp/none", "a Secret needs at least one key"),
        ("../tmp/latin", "../tmp/latin:2:3: not valid UTF-8"),
        ("apps/closed.env", "apps/closed.env: is encrypted by SOPS"),
        ("../tmp", "../tmp: is a directory"),
        ("../tmp/nowhere", "../tmp/nowhere: no such file or directory"),
    ];
    for (path, complaint) in cases {
        new(&sandbox, &["--from-env-file", path], "").code(2).complains(complaint);
    }
    new(&sandbox, &["--from-env-file", "-"], "s3cr3tCanary\n")
        .code(2)
        .complains("standard input:1:1: neither a comment nor `KEY=value`");
    new(&sandbox, &["--from-file", "A=../tmp"], "").code(2).complains("../tmp: is a directory");
    new(&sandbox, &["--from-file", "A=nowhere"], "").code(2).complains("nowhere: no such file");
    untouched.assert_untouched(&sandbox.snapshot());
    for name in ["line", "export", "crlf", "twice", "latin"] {
        std::fs::remove_file(sandbox.path(&format!("../tmp/{name}"))).unwrap();
    }
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn a_value_of_the_command_line_is_taken_with_a_warning_and_never_shown() {
    let sandbox = Sandbox::nerv();
    let warning = "K: its value is in the history of the shell and was in the list of processes; change it if that matters";
    new(&sandbox, &["--insecure-value", "K=s3cr3tCanary=x"], "")
        .success()
        .complains(&format!("warning: {warning}\n"));
    assert_values(&sandbox, &[("K", "s3cr3tCanary=x")]);
    for value in ["s3cr3tCanary", "a b=s3cr3tCanary"] {
        new(&sandbox, &["--insecure-value", value], "").code(2);
    }
    new(&sandbox, &["--insecure-value", "K=s3cr3tCanary"], "").code(2).complains("exists already");
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn labels_annotations_and_immutable_are_written() {
    let sandbox = Sandbox::nerv();
    let args = [
        "--generate=K",
        "--label=app.kubernetes.io/part-of=grafana",
        "--label=yes=true",
        "--annotation=kustomize.toolkit.fluxcd.io/substitute=disabled",
        "--annotation=Example.com/note=two\nlines: {x} # y\n",
        "--annotation=empty=",
        "--immutable",
    ];
    new(&sandbox, &args, "").success();
    let metadata = |field: &str, key: &str, wanted: &str| {
        assert_value(&sandbox, FILE, &["metadata", field, key], wanted);
    };
    metadata("labels", "app.kubernetes.io/part-of", "grafana");
    metadata("labels", "yes", "true");
    metadata("annotations", "kustomize.toolkit.fluxcd.io/substitute", "disabled");
    metadata("annotations", "Example.com/note", "two\nlines: {x} # y\n");
    metadata("annotations", "empty", "");
    assert!(sandbox.read(FILE).contains("type: Opaque\nimmutable: true\nstringData:\n"));
    let build = built(&sandbox, GRAFANA);
    assert!(build.contains("\"yes\": \"true\"") && build.contains("immutable: true"), "{build}");
    kubeconform(&sandbox, "sops").success().prints("Valid: 31, Invalid: 0, Errors: 0, Skipped: 11");
    sandbox
        .keywright(["secret", "set", "x", "K"])
        .stdin("other")
        .go()
        .code(2)
        .complains("Secret `x` is immutable");
}

#[test]
fn labels_that_the_api_server_refuses_are_refused() {
    let sandbox = Sandbox::nerv();
    let untouched = sandbox.snapshot();
    for (flag, complaint) in [
        ("--label=a", "`--label`: `a` is not `KEY=VALUE`"),
        ("--label=a b=c", "`--label`: `a b` is not a key"),
        ("--label=a=b c", "`--label`: the value of the label `a` is none"),
        ("--annotation=-a=b", "`--annotation`: `-a` is not a key"),
    ] {
        new(&sandbox, &["--set-stdin=K", flag], CANARY).code(2).complains(complaint);
    }
    untouched.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn the_report_has_names_and_no_values() {
    let sandbox = Sandbox::nerv();
    let args = ["--set-stdin=B", "--generate=A=pin:8", "--insecure-value=C=c", "--format=json"];
    let untouched = sandbox.snapshot();
    let report = |more: &[&str]| {
        let outcome = new(&sandbox, &[&args[..], more].concat(), CANARY).success();
        let report: Value = serde_json::from_str(&outcome.stdout()).unwrap();
        conforms(&report, "secret-new");
        report
    };
    let mut wanted = json!({
        "version": 1,
        "dry_run": true,
        "secret": {
            "name": "x", "namespace": "apps", "type": "Opaque", "file": FILE, "keys": ["B", "A", "C"],
        },
        "changes": [
            {"path": FILE, "action": "create"},
            {"path": format!("{GRAFANA}/kustomization.yaml"), "action": "change"},
        ],
        "warnings": [
            "A: `pin:8` has 27 bits of entropy: it can be guessed unless attempts are limited",
            "C: its value is in the history of the shell and was in the list of processes; change it if that matters",
        ],
    });
    assert_eq!(report(&["--dry-run"]), wanted);
    untouched.assert_untouched(&sandbox.snapshot());
    wanted["dry_run"] = false.into();
    assert_eq!(report(&[]), wanted);
    assert_values(&sandbox, &[("B", CANARY), ("C", "c")]);
    let refused = new(&sandbox, &args, CANARY).code(2);
    assert_eq!(refused.stdout(), "");
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
fn at_a_terminal_the_report_is_asked_for_with_the_files_alone() {
    let sandbox = Sandbox::nerv();
    let args = ["secret", "new", "grafana", "--name", "x", "--generate=K", "--format=json"];
    let mut terminal = Terminal::spawn(&sandbox.keywright(args), 200, 40);
    terminal.expect(FILE);
    terminal.expect("Write these files?");
    assert_eq!(sandbox.git_status(), "");
    terminal.send("y");
    terminal.expect("\"dry_run\": false");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("+++"), "{shown}");
}
