//! Plugins, with one that this package has for its tests.

use super::*;
use crate::terminal::Terminal;

/// What belongs to the kinds of keys of the plugin, as `tests/plugin` describes them: recipient and identity.
const KEYS: [(&str, &str); 5] = [
    ("age1trial1qp2y2565dahxc7gaugvtx", "AGE-PLUGIN-TRIAL-1QP2Y2565DAHXC7GNDZ44J"),
    ("age1trial1q92y2565dahxc7gaa4h8z", "AGE-PLUGIN-TRIAL-1Q92Y2565DAHXC7GNVLWEK"),
    ("age1trial1qf2y2565dahxc7ga7mnnw", "AGE-PLUGIN-TRIAL-1QF2Y2565DAHXC7GN032D6"),
    ("age1trial1qd2y2565dahxc7galxgl2", "AGE-PLUGIN-TRIAL-1QD2Y2565DAHXC7GNWV3P7"),
    ("age1trial1q32y2565dahxc7gac8mjk", "AGE-PLUGIN-TRIAL-1Q32Y2565DAHXC7GNFDZVZ"),
];

/// What the plugin writes to standard error.
const NOISE: &str = "TESTonlyNOISE";

/// The PATH on which the plugin is.
fn path() -> String {
    format!("{}:/usr/bin:/bin", plugin_folder().display())
}

#[test]
fn a_plugin_goes_both_ways() {
    let (sandbox, path) = (Sandbox::new(), path());
    let [(recipient, identity), ..] = KEYS;
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", identity)];
    both_ways("plugin", &sandbox, recipient, &environment);
    sandbox.assert_no_trace_of(NOISE, &[]);
}

#[test]
fn a_plugin_runs_once_for_each_age_file_and_not_where_another_identity_helps() {
    let (sandbox, path) = (Sandbox::new(), path());
    let log = sandbox.path("runs");
    let log = log.to_string_lossy();
    let identities = format!("{} {}", KEYS[0].1, KEYS[1].1);
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", &identities), ("TRIAL_LOG", &log)];
    encrypt_here(&sandbox, "a.yaml", &format!("{},{RECIPIENT}", KEYS[0].0), &environment);
    assert_eq!(sandbox.read("runs"), "--age-plugin=recipient-v1\n");

    let command = format!("echo {IDENTITY}");
    let native = [&environment[..], &[("SOPS_AGE_KEY_CMD", &command)]].concat();
    decrypt(&sandbox, "a.yaml", &native).go().success();
    assert_eq!(sandbox.read("runs"), "--age-plugin=recipient-v1\n");

    decrypt(&sandbox, "a.yaml", &environment).go().success();
    assert_eq!(sandbox.read("runs"), "--age-plugin=recipient-v1\n--age-plugin=identity-v1\n");
}

#[test]
fn a_plugin_asks_for_its_secret_at_the_terminal() {
    let (sandbox, path) = (Sandbox::new(), path());
    let (recipient, identity) = KEYS[1];
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", identity)];
    encrypt_by_sops(&sandbox, "a.yaml", recipient, &environment);
    let mut terminal = Terminal::spawn(&decrypt(&sandbox, "a.yaml", &environment), 80, 24);
    terminal.expect("age-plugin-trial: the trial begins");
    terminal.expect_hidden("age-plugin-trial: PIN of the trial (hidden): ");
    terminal.send_line("TESTonlyPIN");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.ends_with("password: TESTonlyCanary\r\n"), "{shown}");
    sandbox.assert_no_trace_of("TESTonlyPIN", &[]);
}

#[test]
fn a_plugin_lets_somebody_confirm() {
    let (sandbox, path) = (Sandbox::new(), path());
    let (recipient, identity) = KEYS[2];
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", identity)];
    encrypt_here(&sandbox, "a.yaml", recipient, &environment);
    for (keys, code) in [("\r", 0), ("\x1b[B\r", 2)] {
        let mut terminal = Terminal::spawn(&decrypt(&sandbox, "a.yaml", &environment), 80, 24);
        terminal.expect("age-plugin-trial: use the key?");
        terminal.expect("stop");
        terminal.send(keys);
        let (ended, shown) = terminal.finish();
        assert_eq!(ended, code, "{shown}");
    }
}

#[test]
fn a_plugin_asks_for_what_may_be_seen() {
    let (sandbox, path) = (Sandbox::new(), path());
    let (recipient, identity) = KEYS[4];
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", identity)];
    encrypt_here(&sandbox, "a.yaml", recipient, &environment);
    let mut terminal = Terminal::spawn(&decrypt(&sandbox, "a.yaml", &environment), 80, 24);
    terminal.expect("age-plugin-trial: name of the trial");
    terminal.send_line("TESTonlyName");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("TESTonlyName"), "{shown}");
}

#[test]
fn a_plugin_that_fails_speaks_for_itself() {
    let (sandbox, path) = (Sandbox::new(), path());
    let (recipient, identity) = KEYS[3];
    let environment = [("PATH", path.as_str()), ("SOPS_AGE_KEY", identity)];
    encrypt_here(&sandbox, "a.yaml", recipient, &environment);
    decrypt(&sandbox, "a.yaml", &environment)
        .go()
        .code(2)
        .complains("age-plugin-trial: ")
        .complains("couldn't use an identity: the trial ended badly\n")
        .complains("no identity matches, and `age-plugin-trial` failed");
    sandbox.assert_no_trace_of(NOISE, &[]);
}

#[test]
fn a_plugin_that_is_not_installed_is_named() {
    let (sandbox, path) = (Sandbox::new(), path());
    let [(recipient, identity), ..] = KEYS;
    encrypt_here(&sandbox, "a.yaml", recipient, &[("PATH", &path)]);
    decrypt(&sandbox, "a.yaml", &[("SOPS_AGE_KEY", identity)])
        .go()
        .code(2)
        .complains("the program `age-plugin-trial` is not on PATH")
        .complains("hint: install `age-plugin-trial`");
    sandbox.write("b.yaml", PLAIN);
    sandbox
        .keywright(["encrypt", "--age", recipient, "b.yaml"])
        .go()
        .code(2)
        .complains("needs the program `age-plugin-trial`, which is not on PATH")
        .complains("hint: install `age-plugin-trial`");
}
