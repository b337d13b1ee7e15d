//! `exec-env` and `exec-file` beside the real sops: same variables, same content, same ends.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use crate::edit::{in_background, send, wait_for};
use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::terminal::Terminal;

/// The TEST ONLY recipient of the sample.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

const PLAIN: &str = "# no variable
TEXT: 'TESTonlyText'
LINES: |
  one
    two $HOME
FLOAT: 1.50
LARGE: 1234567.5
SMALL: 2.5e-5
INT: 0x10
BOOL: True
NOTHING: ~
EMPTY: ''
DATE: 2024-01-01
HOME: mine
PLAIN_unencrypted: x
---
SECOND: document
";

fn sandbox_with(plain: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write("secret.yaml", plain);
    let sops = sandbox.run(reference::current_sops());
    sops.args(["encrypt", "-i", "--age", RECIPIENT, "secret.yaml"]).go().success();
    sandbox
}

/// The same command by us and by sops.
#[track_caller]
fn both<'a>(sandbox: &'a Sandbox, args: &[&str]) -> (Outcome<'a>, Outcome<'a>) {
    let sops = sandbox.run(reference::current_sops()).args(args).go();
    (sandbox.keywright(args).go(), sops)
}

/// Sorted, as the order of variables is nobody's promise.
fn lines(outcome: &Outcome<'_>) -> Vec<String> {
    let mut lines: Vec<_> = outcome.stdout().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_command_has_the_variables_that_sops_gives_it() {
    let sandbox = sandbox_with(PLAIN);
    for args in [
        &["exec-env", "secret.yaml", "env"][..],
        &["exec-env", "--pristine", "secret.yaml", "/usr/bin/env"],
    ] {
        let (ours, theirs) = both(&sandbox, args);
        let ours = ours.success();
        assert_eq!(lines(&ours), lines(&theirs));
        assert!(ours.stdout().contains("LARGE=1.2345675E+06\n"), "{}", ours.describe());
        assert_eq!(args.len() == 3, ours.stdout().contains("TMPDIR="), "{}", ours.describe());
    }
}

#[test]
fn the_end_of_the_command_is_ours() {
    let sandbox = sandbox_with(PLAIN);
    // With a pipe, a command that does not read it may be faster than sops, which then fails to open it.
    for (verb, flags) in [("exec-env", &[][..]), ("exec-file", &["--no-fifo"])] {
        for (command, ours, theirs) in [
            ("exit 0", 0, 0),
            ("exit 7", 7, 7),
            ("no-such-command", 127, 127),
            // As a shell has it; sops has 255 for every signal.
            ("kill -TERM $$", 143, 255),
        ] {
            let args = [&[verb], flags, &["secret.yaml", command]].concat();
            let (one, other) = both(&sandbox, &args);
            one.code(ours);
            other.code(theirs);
        }
        let (one, other) = both(&sandbox, &[verb, "no-such-file.yaml", "touch ran"]);
        assert!(!one.status.success() && !other.status.success());
        let one = sandbox.keywright([verb, "secret.yaml"]).go().code(2);
        one.complains("<COMMAND>");
        assert!(!sandbox.path("ran").exists());
    }
}

#[test]
fn what_is_no_variable_is_refused_as_sops_refuses_it() {
    for (plain, reason) in [
        ("A: x\nB: {c: d}\n", "`B` is a mapping or a list"),
        ("A: [x]\n", "`A` is a mapping or a list"),
        ("A=B: x\n", "the key `A=B` contains `=`"),
        ("A: \"x\\0TESTonlyText\"\n", "`A` contains a NUL character"),
    ] {
        let sandbox = sandbox_with(plain);
        let (ours, theirs) = both(&sandbox, &["exec-env", "secret.yaml", "touch ran"]);
        ours.code(2).complains(reason);
        theirs.code(1);
        assert!(!sandbox.path("ran").exists());
        sandbox.assert_no_trace_of("TESTonlyText", &[]);
    }
}

#[test]
fn standard_input_and_output_are_the_commands() {
    let sandbox = sandbox_with(PLAIN);
    let run = sandbox.keywright(["exec-env", "secret.yaml", "cat; echo told >&2"]).stdin("given\n");
    let outcome = run.go().success();
    assert_eq!((outcome.stdout().as_str(), outcome.stderr().as_str()), ("given\n", "told\n"));
}

#[test]
fn a_command_can_take_our_place() {
    let sandbox = sandbox_with(PLAIN);
    let script = "echo $$ > pid; test \"$TEXT\" = TESTonlyText && exit 9";
    let run = sandbox.keywright(["exec-env", "--same-process", "secret.yaml", script]);
    let mut child = in_background(&run);
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(sandbox.read("pid").trim(), child.id().to_string());
    let args = ["exec-env", "--same-process", "--background", "secret.yaml", "true"];
    let (ours, theirs) = both(&sandbox, &args);
    ours.code(2);
    theirs.code(8);
}

#[test]
fn a_command_left_behind_goes_on_alone() {
    let sandbox = sandbox_with(PLAIN);
    let script = "cat; sleep 0.3; echo done > done";
    let run = sandbox.keywright(["exec-env", "--background", "secret.yaml", script]).stdin("x");
    let outcome = run.go().success().complains("`--background` is deprecated");
    assert_eq!(outcome.stdout(), "");
    assert_eq!(wait_for(&sandbox.path("done")), "done");
}

#[test]
fn another_user_runs_the_command_as_with_sops() {
    let sandbox = sandbox_with(PLAIN);
    let script = "id; id -G; echo $LOGNAME $USER; cat {} | head -n 2";
    for (verb, script) in
        [("exec-env", "id; id -G; echo $LOGNAME $USER $HOME"), ("exec-file", script)]
    {
        // Both refuse where the test does not run as root.
        let args = [verb, "--user", "nobody", "secret.yaml", script];
        let ours = sandbox.keywright(args).go();
        // It makes its file as the user, who cannot enter the sandbox.
        let theirs = sandbox.run(reference::current_sops()).args(args).env("TMPDIR", "/tmp").go();
        assert_eq!(ours.status.success(), theirs.status.success(), "{}", ours.describe());
        assert_eq!(ours.stdout(), theirs.stdout());
        let (ours, theirs) = both(&sandbox, &[verb, "--user", "no-such", "secret.yaml", "true"]);
        ours.code(2).complains("--user: there is no user `no-such`");
        theirs.code(1);
    }
}

#[test]
fn a_file_has_the_plain_text_and_goes_with_the_command() {
    let sandbox = sandbox_with(PLAIN);
    let expected = sandbox.keywright(["decrypt", "secret.yaml"]).go().success().stdout();
    for (args, name, kind) in [
        (&["exec-file"][..], "tmp-file", "fifo 600"),
        (&["exec-file", "--filename", "a b.json"], "a b.json", "fifo 600"),
        (&["exec-file", "--no-fifo"], "tmp-file", "regular file 600"),
        (&["exec-file", "--no-fifo", "--filename", "a.yaml"], "a.yaml", "regular file 600"),
    ] {
        let script = "echo '{}' > where; stat -c '%F %a' '{}' >> where; cat '{}'; exit 3";
        let outcome = sandbox.keywright(args).args(["secret.yaml", script]).go().code(3);
        assert_eq!(outcome.stdout(), expected);
        let told = sandbox.read("where");
        let (path, found) = told.trim_end().split_once('\n').unwrap();
        assert!(path.ends_with(&format!("/{name}")), "{path}");
        assert_eq!(found, kind);
        assert!(!Path::new(path).parent().unwrap().exists(), "{path} is still there");
    }
    let (ours, theirs) =
        both(&sandbox, &["exec-file", "--filename", "../x", "secret.yaml", "true"]);
    ours.code(2).complains("--filename: `../x` is not a plain file name");
    theirs.code(1);
}

#[test]
fn a_fifo_can_be_read_again_or_not_at_all() {
    let sandbox = sandbox_with(PLAIN);
    let twice = "cat {} > one; cat {} > other; cmp one other && test -s one; end=$?; rm one other; exit $end";
    sandbox.keywright(["exec-file", "secret.yaml", twice]).go().success();
    sandbox.keywright(["exec-file", "secret.yaml", "head -c 1 {}; head -c 1 {}"]).go().success();
    sandbox.keywright(["exec-file", "secret.yaml", "true"]).go().success();
    sandbox.assert_no_trace_of("TESTonlyText", &[]);
}

#[test]
fn a_signal_is_the_commands_and_its_end_is_ours() {
    let sandbox = sandbox_with(PLAIN);
    for (verb, signal) in [("exec-env", "TERM"), ("exec-file", "INT"), ("exec-file", "HUP")] {
        let script = "trap 'echo caught > caught; exit 9' TERM INT HUP; echo '{}' > where; \
                      while :; do sleep 0.05; done";
        let mut child = in_background(&sandbox.keywright([verb, "secret.yaml", script]));
        let path = wait_for(&sandbox.path("where"));
        send(&sandbox, signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(9), "{verb} {signal}");
        assert_eq!(wait_for(&sandbox.path("caught")), "caught");
        assert!(verb == "exec-env" || !Path::new(&path).parent().unwrap().exists(), "{path}");
        std::fs::remove_file(sandbox.path("where")).unwrap();
    }
    // One that does not mind ends the command by default, and so us with its code.
    let run = sandbox.keywright(["exec-env", "secret.yaml", "echo x > where; exec sleep 30"]);
    let mut child = in_background(&run);
    wait_for(&sandbox.path("where"));
    send(&sandbox, "TERM", &child);
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(143), None));
}

#[test]
fn the_interrupt_key_reaches_the_command_once() {
    let sandbox = sandbox_with(PLAIN);
    let script = "trap 'echo one signal' INT; echo ready; sleep 1; sleep 1; exit 4";
    let mut terminal =
        Terminal::spawn(&sandbox.keywright(["exec-env", "secret.yaml", script]), 80, 24);
    terminal.expect("ready");
    terminal.send("\x03");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 4, "{shown}");
    assert_eq!(shown.matches("one signal").count(), 1, "{shown}");
}

#[test]
fn what_is_ignored_stays_ignored_for_the_command() {
    let sandbox = sandbox_with(PLAIN);
    let script = "kill -HUP $$; kill -HUP $PPID; echo survived";
    let run = sandbox.run("nohup").arg(env!("CARGO_BIN_EXE_keywright"));
    run.args(["exec-env", "secret.yaml", script]).go().success().prints("survived");
}

#[test]
fn other_formats_are_known_by_their_names() {
    let json = "{\"b\": 1.50, \"c\": null, \"d\": \"x\\ny\", \"e\": true}";
    for (name, content) in [("a.json", json), ("a.bin", "one\ntwo")] {
        let sandbox = sandbox_with(PLAIN);
        sandbox.write(name, content);
        let sops = sandbox.run(reference::current_sops());
        sops.args(["encrypt", "-i", "--age", RECIPIENT, name]).go().success();
        let (ours, theirs) = both(&sandbox, &["exec-env", "--pristine", name, "/usr/bin/env"]);
        assert_eq!(lines(&ours), lines(&theirs), "{}", ours.describe());
        // sops has a layout of its own for JSON, and the file had that when we read it.
        let (ours, theirs) = both(&sandbox, &["exec-file", name, "cat {}"]);
        assert_eq!(ours.success().stdout_bytes, theirs.stdout_bytes);
    }
}
