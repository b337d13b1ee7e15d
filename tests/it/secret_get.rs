//! `secret get`: byte for byte into a pipe, and on a terminal only as long as somebody looks.

use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::secret_new::GRAFANA;
use crate::terminal::Terminal;

const PASSWORD: &str = "GF_SECURITY_ADMIN_PASSWORD";
const VALUE: &str = "TESTonlyGrafanaAdmin4d";

/// To the alternate screen, and the last that is done there.
const SCREEN: [&str; 2] = ["\x1b[?1049h\x1b[H\x1b[J", "\x1b[H\x1b[J\x1b[?1049l"];

fn get<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    sandbox.keywright([&["secret", "get"], args].concat()).go()
}

/// Gives grafana another value by standard input.
fn set(sandbox: &Sandbox, key: &str, value: &[u8]) {
    let run = sandbox.keywright(["secret", "set", "grafana", key]);
    run.stdin(value).go().success();
}

#[test]
fn exactly_the_bytes_are_printed() {
    let sandbox = Sandbox::nerv();
    assert_eq!(get(&sandbox, &["grafana", PASSWORD]).success().stdout_bytes, VALUE.as_bytes());
    assert_eq!(get(&sandbox, &["apps/grafana", PASSWORD]).success().stdout(), VALUE);
    let binary: Vec<u8> = (0..=255).cycle().take(5000).collect();
    for value in [&binary[..], b"a\nb\n", b"\n\n", b"a\r\n\r\nb", " ä ".as_bytes()] {
        set(&sandbox, "K", value);
        assert_eq!(get(&sandbox, &["grafana", "K"]).success().stdout_bytes, value);
    }
    assert_eq!(get(&sandbox, &["pocket-id", "MAXMIND_LICENSE_KEY"]).success().stdout_bytes, b"");
}

#[test]
fn what_the_real_sops_wrote_is_read_whatever_its_version() {
    let sandbox = Sandbox::nerv();
    for version in reference::versions("sops") {
        let file = format!("{GRAFANA}/other-{version}.yaml");
        let name = format!("other-{}", version.replace('.', "-"));
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ndata: {{A: 'YQ ='}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}-2}}\ndata: {{B: AP8=}}\nstringData: {{C: c, B: wins}}\n"
        );
        sandbox.write(&file, text.replace("YQ =", "YQ=="));
        let sops = sandbox.run(reference::sops(version)).args(["--config", "nerv/.sops.yaml"]);
        sops.args(["--encrypt", "--in-place", &file]).go().success();
        assert_eq!(get(&sandbox, &[&name, "A"]).success().stdout(), "a");
        assert_eq!(get(&sandbox, &[&format!("{name}-2"), "B"]).success().stdout(), "wins");
    }
}

#[test]
fn what_is_not_there_or_not_encrypted_is_refused() {
    let sandbox = Sandbox::nerv();
    let plain =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {A: TESTonlyA}\n";
    sandbox.write(&format!("{GRAFANA}/plain.yaml"), plain);
    let store =
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: stored}\n";
    sandbox.write(&format!("{GRAFANA}/stored.yaml"), store);
    sandbox.write(
        "nerv/main/cluster/apps/broken.yaml",
        "kind: Secret\nmetadata:\n  name: lost\n a: [",
    );
    let cases: [(&[&str], &str, &str); 8] = [
        (&["grafana", "K"], "Secret `grafana` has no key `K`; found: GF_SECURITY_ADMIN_USER", ""),
        (
            &["graphana", PASSWORD],
            "there is no app and no Secret `graphana`",
            "did you mean `grafana`?",
        ),
        (&["zzz", "K"], "there is no app and no Secret `zzz`", "keywright secret list"),
        (&["db/grafana", PASSWORD], "there is no app and no Secret `db/grafana`", ""),
        (&["plain", "A"], "Secret `plain` is not encrypted", "keywright encrypt -i"),
        (&["stored", "A"], "it is made by ExternalSecret `stored` in", "change it there"),
        (&["lost", "A"], "broken.yaml:4:", ""),
        (&["grafana"], "the following required arguments were not provided", ""),
    ];
    for (args, complaint, hint) in cases {
        get(&sandbox, args).code(2).complains(complaint).complains(hint);
    }
    sandbox.assert_no_trace_of("TESTonlyA", &[&format!("{GRAFANA}/plain.yaml")]);
    sandbox.remove_identity();
    let refused = get(&sandbox, &["grafana", PASSWORD]).code(2).complains("SOPS_AGE_KEY_FILE");
    assert_eq!(refused.stdout(), "");
}

/// `secret get` at a terminal of some size.
fn at_terminal<'a>(sandbox: &'a Sandbox, args: &[&str], size: (u16, u16)) -> Terminal<'a> {
    let run = sandbox.keywright([&["secret", "get"], args].concat());
    Terminal::spawn(&run, size.0, size.1)
}

/// What a terminal has shown outside of the alternate screen, and what on it.
#[track_caller]
fn screens(shown: &str) -> (String, String) {
    let [enter, leave] = SCREEN;
    let (before, rest) = shown.split_once(enter).expect("the alternate screen is entered");
    let (on_it, after) = rest.rsplit_once(leave).expect("it is cleared and left");
    (format!("{before}{after}"), on_it.to_owned())
}

#[test]
fn a_terminal_gets_nothing_without_being_asked_for() {
    let sandbox = Sandbox::nerv();
    let terminal = at_terminal(&sandbox, &["grafana", PASSWORD], (80, 24));
    let (code, shown) = terminal.finish();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("a value is not printed to a terminal"), "{shown}");
    assert!(shown.contains("--reveal"), "{shown}");
    sandbox.assert_no_trace_of(VALUE, &[]);
}

#[test]
fn a_revealed_value_is_gone_after_enter() {
    let sandbox = Sandbox::nerv();
    let mut terminal = at_terminal(&sandbox, &["grafana", PASSWORD, "--reveal"], (80, 24));
    terminal.expect(SCREEN[0]);
    terminal.expect(VALUE);
    terminal.expect_hidden("(Enter: clear)");
    terminal.send_line("");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let (outside, on_screen) = screens(&shown);
    assert!(on_screen.contains(VALUE) && !outside.contains(VALUE), "{shown}");
}

#[test]
fn ctrl_c_and_signals_clear_it_as_well() {
    let sandbox = Sandbox::nerv();
    let mut terminal = at_terminal(&sandbox, &["grafana", PASSWORD, "--reveal"], (80, 24));
    terminal.expect_hidden("(Enter: clear)");
    terminal.send("\x03");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 130, "{shown}");
    assert!(!screens(&shown).0.contains(VALUE), "{shown}");

    let program = env!("CARGO_BIN_EXE_keywright");
    let script =
        format!("(sleep 2; kill -TERM $$) & exec {program} secret get grafana {PASSWORD} --reveal");
    let mut terminal = Terminal::spawn(&sandbox.run("sh").args(["-c", &script]), 80, 24);
    terminal.expect_hidden("(Enter: clear)");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 128 + 15, "{shown}");
    assert!(!screens(&shown).0.contains(VALUE), "{shown}");
}

#[test]
fn a_value_that_is_larger_than_the_screen_comes_in_pages() {
    let sandbox = Sandbox::nerv();
    let lines: String = (0..25).map(|line| format!("line-{line}-\n")).collect();
    set(&sandbox, "LINES", lines.as_bytes());
    set(&sandbox, "LONG", "0123456789".repeat(100).as_bytes());
    for (key, pages) in [("LINES", 4), ("LONG", 4)] {
        let mut terminal = at_terminal(&sandbox, &["grafana", key, "--reveal"], (40, 10));
        for _ in 1..pages {
            terminal.expect_hidden("(Enter: more)");
            terminal.send_line("");
        }
        terminal.expect_hidden("(Enter: clear)");
        terminal.send_line("");
        let (code, shown) = terminal.finish();
        assert_eq!(code, 0, "{shown}");
        let (outside, on_screen) = screens(&shown);
        assert!(!outside.contains("line-") && !outside.contains("0123456789"), "{shown}");
        // No page has more rows than the screen: nothing scrolls to where it cannot be cleared.
        let all: Vec<&str> = on_screen.split("\x1b[H\x1b[J").collect();
        assert!(all.iter().all(|page| page.matches('\n').count() < 10), "{all:?}");
        assert!(key == "LONG" || on_screen.contains("line-24-"), "{shown}");
    }
}

#[test]
fn a_value_that_is_no_text_is_not_shown() {
    let sandbox = Sandbox::nerv();
    set(&sandbox, "BINARY", &[0, 159, 146, 150]);
    let terminal = at_terminal(&sandbox, &["grafana", "BINARY", "--reveal"], (80, 24));
    let (code, shown) = terminal.finish();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("the value of `BINARY` is not text"), "{shown}");
    assert!(!shown.contains(SCREEN[0]), "{shown}");
}
