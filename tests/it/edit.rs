//! `edit` with scripts for editors: what they leave is encrypted, and the plain text is nowhere afterwards.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::reference;
use crate::sandbox::{Run, Sandbox};
use crate::terminal::Terminal;

/// Encrypted for the sample's recipient by its own rule.
const PLAIN: &str = "apiVersion: v1
kind: Secret
metadata:
  name: app
stringData:
  # kept
  PASSWORD: 'TESTonlyOld'
  USER: app
";

const CONFIG: &str = "creation_rules:
  - path_regex: .*\\.yaml$
    encrypted_regex: ^(data|stringData)$
    age: age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf
";

/// A directory with `secret.yaml`, encrypted by the real sops.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    sandbox.write(".sops.yaml", CONFIG);
    sandbox.write("secret.yaml", PLAIN);
    let sops = sandbox.run(reference::current_sops());
    sops.args(["encrypt", "-i", "secret.yaml"]).go().success();
    sandbox
}

/// `keywright edit` with a shell script for an editor, which gets the file as `$0`.
fn edit<'a>(sandbox: &'a Sandbox, file: &str, script: &str) -> Run<'a> {
    sandbox.keywright(["edit", file]).env("EDITOR", format!("sh -c {}", shell_words::quote(script)))
}

/// A file as the real sops decrypts it.
fn decrypted(sandbox: &Sandbox, file: &str) -> String {
    sandbox.run(reference::current_sops()).args(["decrypt", file]).go().success().stdout()
}

#[test]
fn what_the_editor_leaves_is_encrypted_and_the_copy_is_gone() {
    let sandbox = sandbox();
    // The plain text the editor is given is that of `decrypt`.
    let expected = sandbox.keywright(["decrypt", "secret.yaml"]).go().success().stdout();
    sandbox.write("expected", expected);
    let script = "cmp \"$0\" expected && stat -c %a \"$0\" \"$(dirname \"$0\")\" > modes \
                  && printf %s \"$0\" > where && sed -i s/TESTonlyOld/TESTonlyNew/ \"$0\"";
    edit(&sandbox, "secret.yaml", script).go().success();
    assert_eq!(sandbox.read("modes"), "600\n700\n");
    let copy = sandbox.read("where");
    assert!(copy.ends_with("/secret.yaml"), "{copy}");
    assert!(!Path::new(&copy).parent().unwrap().exists(), "{copy} is still there");
    let after = decrypted(&sandbox, "secret.yaml");
    assert!(after.contains("TESTonlyNew") && after.contains("# kept"), "{after}");
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn a_value_that_is_left_alone_keeps_its_ciphertext() {
    let sandbox = sandbox();
    let before = sandbox.read("secret.yaml");
    edit(&sandbox, "secret.yaml", "sed -i s/TESTonlyOld/TESTonlyNew/ \"$0\"").go().success();
    let after = sandbox.read("secret.yaml");
    let changed: Vec<_> = before.lines().zip(after.lines()).filter(|(a, b)| a != b).collect();
    let keys: Vec<_> =
        changed.iter().map(|(line, _)| line.trim().split(':').next().unwrap()).collect();
    // The time may be the same second.
    let keys: Vec<_> = keys.into_iter().filter(|key| *key != "lastmodified").collect();
    assert_eq!(keys, ["PASSWORD", "mac"]);
    assert_eq!(before.lines().count(), after.lines().count());
}

#[test]
fn without_a_change_nothing_is_written() {
    let sandbox = sandbox();
    let before = sandbox.snapshot();
    let outcome = edit(&sandbox, "secret.yaml", "touch \"$0\"").go().success();
    outcome.complains("secret.yaml: unchanged, nothing to do");
    before.assert_untouched(&sandbox.snapshot());
    let sops = sandbox.run(reference::current_sops()).args(["edit", "secret.yaml"]);
    sops.env("EDITOR", "true").go().code(200).complains("File has not changed, exiting.");
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let sandbox = sandbox();
    let before = sandbox.snapshot();
    let script = "echo TESTonlyNew: x >> \"$0\"; exit 3";
    edit(&sandbox, "secret.yaml", script)
        .go()
        .code(2)
        .complains("the editor `sh` failed: exit status: 3");
    before.assert_untouched(&sandbox.snapshot());
    let missing = sandbox.keywright(["edit", "secret.yaml"]).env("EDITOR", "/no/editor -x");
    missing.go().code(2).complains("hint: name your editor");
    let sops = sandbox.run(reference::current_sops()).args(["edit", "secret.yaml"]);
    sops.env("EDITOR", "false").go().code(201);
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn a_script_that_leaves_broken_text_ends_at_once() {
    let sandbox = sandbox();
    let before = sandbox.snapshot();
    let script = "printf 'a: [TESTonlyNew\\nb: 1\\n' > \"$0\"";
    edit(&sandbox, "secret.yaml", script).go().code(2).complains("error: secret.yaml:");
    let script = "printf 'sops: TESTonlyNew\\n' > \"$0\"";
    edit(&sandbox, "secret.yaml", script)
        .go()
        .code(2)
        .complains("already encrypted: there is a `sops` key");
    before.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn a_file_that_changed_meanwhile_is_not_overwritten() {
    let sandbox = sandbox();
    let script = "sed -i s/Old/New/ \"$0\"; echo '# theirs' >> secret.yaml";
    edit(&sandbox, "secret.yaml", script).go().code(3).complains("changed since it was read");
    assert!(sandbox.read("secret.yaml").ends_with("# theirs\n"));
}

#[test]
fn a_file_that_is_not_encrypted_is_not_opened() {
    let sandbox = sandbox();
    sandbox.write("plain.yaml", PLAIN);
    let outcome = edit(&sandbox, "plain.yaml", "touch opened").go().code(2);
    outcome.complains("plain.yaml: not a SOPS file");
    assert!(!sandbox.path("opened").exists());
}

#[test]
fn a_new_file_begins_as_a_secret_and_is_made_by_its_rule() {
    let sandbox = sandbox();
    fs::create_dir_all(sandbox.path("apps/grafana")).unwrap();
    let file = "apps/grafana/secret.yaml";
    edit(&sandbox, file, "true").go().success().complains("unchanged, nothing to do");
    assert!(!sandbox.path(file).exists());
    edit(&sandbox, file, "sed -i 's/key: value/KEY: TESTonlyNew/' \"$0\"").go().success();
    let encrypted = sandbox.read(file);
    assert!(
        encrypted.contains("  name: grafana\n") && encrypted.contains("KEY: ENC["),
        "{encrypted}"
    );
    assert!(decrypted(&sandbox, file).contains("KEY: TESTonlyNew\n"));
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
    sandbox.write(".sops.yaml", "creation_rules: []\n");
    edit(&sandbox, "other.yaml", "touch opened").go().code(2).complains("no creation rule");
    assert!(!sandbox.path("opened").exists());
}

#[test]
fn at_a_terminal_a_refused_file_comes_back_with_the_reason() {
    let sandbox = sandbox();
    let script = "if grep -q keywright \"$0\"; then head -n 1 \"$0\"; sed -i 's/\\[//' \"$0\"; \
                  else sed -i 's/TESTonlyOld/[TESTonlyNew/' \"$0\"; fi";
    let terminal = Terminal::spawn(&edit(&sandbox, "secret.yaml", script), 100, 30);
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("# [keywright] secret.yaml:"), "{shown}");
    let after = decrypted(&sandbox, "secret.yaml");
    assert!(after.contains("PASSWORD: TESTonlyNew\n"), "{after}");
    assert!(!after.contains("[keywright]"), "{after}");
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn at_a_terminal_saving_a_refused_file_again_gives_up() {
    let sandbox = sandbox();
    let before = sandbox.snapshot();
    let script = "sed -i 's/TESTonlyOld/[TESTonlyNew/' \"$0\"";
    let (code, shown) = Terminal::spawn(&edit(&sandbox, "secret.yaml", script), 100, 30).finish();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("error:\x1b[0m secret.yaml:"), "{shown}");
    before.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn an_editor_has_the_terminal_and_its_interrupt_key() {
    let sandbox = sandbox();
    // As an editor does that has a use for Ctrl-C: it goes on.
    let script = "trap 'interrupted=yes' INT; printf 'value? '; read value; printf 'again? '; read value; \
                  test \"$interrupted\" = yes && sed -i \"s/TESTonlyOld/$value/\" \"$0\"";
    let mut terminal = Terminal::spawn(&edit(&sandbox, "secret.yaml", script), 100, 30);
    terminal.expect("value? ");
    terminal.send("\x03");
    terminal.expect("again? ");
    terminal.send_line("typed");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(decrypted(&sandbox, "secret.yaml").contains("PASSWORD: typed\n"));
}

#[test]
fn an_editor_that_ends_by_the_interrupt_key_ends_the_command() {
    let sandbox = sandbox();
    let before = sandbox.snapshot();
    let script = "echo TESTonlyNew >> \"$0\"; printf 'value? '; read value";
    let mut terminal = Terminal::spawn(&edit(&sandbox, "secret.yaml", script), 100, 30);
    terminal.expect("value? ");
    terminal.send("\x03");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 130, "{shown}");
    before.assert_untouched(&sandbox.snapshot());
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

/// Starts a command in a process group of its own, as a job in the background, where no key reaches it.
pub(crate) fn in_background(run: &Run<'_>) -> Child {
    let mut command = run.command();
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits for a file that a script writes.
#[track_caller]
pub(crate) fn wait_for(path: &Path) -> String {
    let start = Instant::now();
    loop {
        let content = fs::read_to_string(path).unwrap_or_default();
        if content.ends_with('\n') {
            return content.trim_end().to_owned();
        }
        assert!(start.elapsed().as_secs() < 20, "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a process alone.
pub(crate) fn send(sandbox: &Sandbox, signal: &str, child: &Child) {
    sandbox.run("kill").args(["-s", signal, &child.id().to_string()]).go().success();
}

#[test]
fn a_signal_removes_the_copy_and_leaves_the_file() {
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1), ("QUIT", 3)] {
        let sandbox = sandbox();
        let before = sandbox.read("secret.yaml");
        // The editor would be done, and the change be good, if it were not for the signal.
        let script = "sed -i s/Old/New/ \"$0\"; trap 'exit 0' TERM INT HUP QUIT; echo \"$0\" > where; \
                      while :; do sleep 0.05; done";
        let mut child = in_background(&edit(&sandbox, "secret.yaml", script));
        let copy = wait_for(&sandbox.path("where"));
        assert!(Path::new(&copy).exists());
        send(&sandbox, signal, &child);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{status}");
        assert!(!Path::new(&copy).parent().unwrap().exists(), "{signal}: {copy} is still there");
        assert_eq!(sandbox.read("secret.yaml"), before);
        sandbox.assert_no_trace_of("TESTonlyNew", &[]);
    }
}

#[test]
fn an_editor_that_does_not_mind_a_signal_cannot_keep_the_copy() {
    let sandbox = sandbox();
    let script = "trap '' TERM; echo $$ > pid; echo \"$0\" > where; sleep 30";
    let mut child = in_background(&edit(&sandbox, "secret.yaml", script));
    let copy = wait_for(&sandbox.path("where"));
    send(&sandbox, "TERM", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(!Path::new(&copy).parent().unwrap().exists(), "{copy} is still there");
    sandbox.run("kill").args(["-s", "KILL", sandbox.read("pid").trim()]).go().success();
}

#[test]
fn without_comments_the_reason_is_told_and_enter_leads_back() {
    let sandbox = sandbox();
    // The rule is not asked: the file exists.
    fs::remove_file(sandbox.path(".sops.yaml")).unwrap();
    sandbox.write("secret.json", "{\"password\": \"TESTonlyOld\"}\n");
    let sops = sandbox.run(reference::current_sops());
    let recipient = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    sops.args(["encrypt", "-i", "--age", recipient, "secret.json"]).go().success();
    let script = "if grep -q Old \"$0\"; then echo '{\"password\": TESTonlyNew' > \"$0\"; \
                  else echo '{\"password\": \"TESTonlyNew\"}' > \"$0\"; fi; echo \"$0\" > where";
    // Given up at the question: as if by any other signal.
    let before = sandbox.read("secret.json");
    let mut terminal = Terminal::spawn(&edit(&sandbox, "secret.json", script), 100, 30);
    terminal.expect("error: secret.json:1:");
    terminal.expect("Press Enter to return to the editor");
    let copy = wait_for(&sandbox.path("where"));
    terminal.send("\x03");
    assert_eq!(terminal.finish().0, 130);
    assert!(!Path::new(&copy).parent().unwrap().exists(), "{copy} is still there");
    assert_eq!(sandbox.read("secret.json"), before);
    // Mended.
    let mut terminal = Terminal::spawn(&edit(&sandbox, "secret.json", script), 100, 30);
    terminal.expect("Press Enter to return to the editor");
    terminal.send_line("");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(decrypted(&sandbox, "secret.json").contains("TESTonlyNew"));
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn a_binary_file_is_edited_byte_for_byte() {
    let sandbox = sandbox();
    sandbox.write(".sops.yaml", CONFIG.replace("\\.yaml$", ""));
    // A new one, of what is no text at all.
    edit(&sandbox, "key.bin", "printf 'TESTonlyNew\\000\\377' > \"$0\"").go().success();
    let sops = || sandbox.run(reference::current_sops()).args(["decrypt", "key.bin"]);
    assert_eq!(sops().go().success().stdout_bytes, b"TESTonlyNew\0\xff");
    edit(&sandbox, "key.bin", "printf more >> \"$0\"").go().success();
    assert_eq!(sops().go().success().stdout_bytes, b"TESTonlyNew\0\xffmore");
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn metadata_that_are_shown_can_be_edited_and_the_changes_count() {
    let sandbox = sandbox();
    let script = "grep -q '^sops:' \"$0\" && sed -i -e s/TESTonlyOld/TESTonlyNew/ \
                  -e 's/^    encrypted_regex: .*/    encrypted_regex: ^PASSWORD$/' \"$0\"";
    let run = sandbox.keywright(["edit", "-s", "secret.yaml"]);
    run.env("EDITOR", format!("sh -c {}", shell_words::quote(script))).go().success();
    let after = sandbox.read("secret.yaml");
    assert!(after.contains("\n    USER: app\n"), "{after}");
    assert!(decrypted(&sandbox, "secret.yaml").contains("TESTonlyNew"));
    sandbox.assert_no_trace_of("TESTonlyNew", &[]);
}

#[test]
fn dotenv_and_ini_are_edited_in_their_own_layout() {
    let sandbox = sandbox();
    for (name, plain) in [
        ("a.env", "# kept\nPASSWORD=TESTonlyOld\nUSER=app\n"),
        ("a.ini", "; kept\n[s]\nPASSWORD: TESTonlyOld\nUSER   =app\n"),
        ("a.json", "{\"PASSWORD\": \"TESTonlyOld\",\n  \"USER\":\"app\"}\n"),
    ] {
        sandbox.write(name, plain);
        let age = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
        sandbox.keywright(["encrypt", "-i", "--age", age, name]).go().success();
        let before = sandbox.read(name);
        edit(&sandbox, name, "sed -i s/TESTonlyOld/TESTonlyNew/ \"$0\"").go().success();
        let after = sandbox.read(name);
        let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
        assert!(changed <= 3 && before.lines().count() == after.lines().count(), "{after}");
        assert!(decrypted(&sandbox, name).contains("TESTonlyNew"));
        let plain = plain.replace("Old", "New");
        assert_eq!(sandbox.keywright(["decrypt", name]).go().success().stdout(), plain);
    }
}

#[test]
fn by_the_name_of_sops_it_ends_with_the_codes_of_sops() {
    let sandbox = sandbox();
    let edit = |editor: &str| sandbox.keywright(["sops", "secret.yaml"]).env("EDITOR", editor);
    edit("true").go().code(200).complains("File has not changed, exiting.");
    edit("false").go().code(201);
    edit("sed -i s/TESTonlyOld/TESTonlyNew/").go().success();
    assert!(decrypted(&sandbox, "secret.yaml").contains("TESTonlyNew"));
    let missing = sandbox.keywright(["sops", "--add-age", "age1x", "missing.yaml"]);
    missing.env("EDITOR", "true").go().code(49);
}
