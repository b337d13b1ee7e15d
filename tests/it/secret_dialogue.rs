//! `secret new` at a terminal: every question, the way back, the way out, and the flags that would have given the same.

use crate::sandbox::Sandbox;
use crate::secret_new::{GRAFANA, assert_value, decrypted};
use crate::terminal::Terminal;

const CTRL_C: &str = "\x03";
const ESCAPE: &str = "\x1b";

/// What leads back where a line is the answer.
const BACK: &str = "<\r";

/// `keywright secret new` at a terminal of the usual size.
fn dialogue<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Terminal<'a> {
    Terminal::spawn(&sandbox.keywright([&["secret", "new"], args].concat()), 80, 40)
}

/// A question by its last words, what is typed there, what leads back, and what is asked then.
type Question = (&'static str, &'static str, &'static str, &'static str);

/// A dialogue with every kind of question.
const QUESTIONS: [Question; 17] = [
    ("> envoy-gateway", "grafa\r", ESCAPE, "> envoy-gateway"),
    ("Name of the Secret: ", "grafana-mail\r", BACK, "> envoy-gateway"),
    ("a registry of images", "\r", ESCAPE, "Name of the Secret"),
    ("environment file): ", "PASSWORD\r", BACK, "Type:"),
    ("read a file", "j\r", ESCAPE, "Key ("),
    ("PASSWORD (hidden): ", "s3cr3tCanary\r", BACK, "Value of PASSWORD:"),
    ("PASSWORD once more: ", "s3cr3tCanary\r", BACK, "the two differ"),
    ("Another key (empty: no more): ", "TOKEN\r", BACK, "Value of PASSWORD:"),
    ("derive it", "\r", ESCAPE, "Another key"),
    ("Policy [alnum:40]: ", "\r", BACK, "Value of TOKEN:"),
    ("Another key (empty: no more): ", "\r", BACK, "Value of TOKEN:"),
    ("  grafana/app", "j\r", ESCAPE, "Another key"),
    ("a volume", "j\r", ESCAPE, "Who reads it:"),
    ("Variable for PASSWORD", "GF_SMTP_PASSWORD\r", BACK, "How:"),
    ("Variable for TOKEN", "-\r", BACK, "How:"),
    ("how the values are made?", "n", ESCAPE, "Who reads it:"),
    ("(immutable)", "\r", ESCAPE, "how the values are made?"),
];

/// Answers the first questions, and waits for the next one.
#[track_caller]
fn at<'a>(sandbox: &'a Sandbox, number: usize) -> Terminal<'a> {
    let mut terminal = dialogue(sandbox, &[]);
    for (question, answer, ..) in &QUESTIONS[..number] {
        expect(&mut terminal, question);
        terminal.send(answer);
    }
    match QUESTIONS.get(number) {
        Some((question, ..)) => expect(&mut terminal, question),
        None => terminal.expect("Write these changes?"),
    }
    terminal
}

#[track_caller]
fn expect(terminal: &mut Terminal<'_>, question: &str) {
    match question.ends_with("(hidden): ") || question.ends_with("once more: ") {
        true => terminal.expect_hidden(question),
        false => terminal.expect(question),
    }
}

/// Asserts that a dialogue ended as one that was cancelled: nothing written, the terminal in order.
#[track_caller]
fn assert_cancelled(terminal: Terminal<'_>, sandbox: &Sandbox) {
    let (code, shown) = terminal.finish();
    assert_eq!(code, 130, "{shown}");
    let (hidden, visible) = (shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h"));
    assert!(hidden <= visible, "the cursor stays hidden\n{shown}");
    assert!(shown.contains("interrupted, nothing changed"), "{shown}");
    assert_eq!(sandbox.git_status(), "");
    assert!(!sandbox.path(".git/keywright").exists());
}

#[test]
fn ctrl_c_at_any_question_writes_nothing() {
    let sandbox = Sandbox::nerv();
    for number in 0..=QUESTIONS.len() {
        let mut terminal = at(&sandbox, number);
        terminal.send(CTRL_C);
        assert_cancelled(terminal, &sandbox);
    }
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
}

#[test]
fn from_any_question_there_is_a_way_to_the_one_before() {
    let sandbox = Sandbox::nerv();
    for (number, (_, _, back, then)) in QUESTIONS.iter().enumerate() {
        let mut terminal = at(&sandbox, number);
        terminal.send(back);
        terminal.expect(then);
        terminal.send(CTRL_C);
        assert_cancelled(terminal, &sandbox);
    }
    let mut terminal = at(&sandbox, QUESTIONS.len());
    terminal.send(ESCAPE);
    terminal.expect("Anything else");
    terminal.send("\r");
    terminal.expect("Write these changes?");
    terminal.send("n");
    assert_cancelled(terminal, &sandbox);
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
}

#[test]
fn every_source_of_a_value_from_the_app_to_the_commit_and_the_same_by_flags() {
    let sandbox = Sandbox::nerv();
    sandbox.write("../tmp/ca", "certificate");
    sandbox.write("../tmp/app.env", "# of the app\nHOST=mail.example\nPORT=587\n");
    let mut terminal = dialogue(&sandbox, &["grafana"]);
    terminal.expect("Name of the Secret: ");
    terminal.send_line("grafana");
    terminal.expect("exists already");
    terminal.send_line("grafana-smtp");
    terminal.expect("a registry of images");
    terminal.send("\r");

    // A password that is typed: at first too short, then not twice the same.
    terminal.expect("environment file): ");
    terminal.send_line("PASS WORD");
    terminal.expect("letters, digits");
    terminal.send_line("PASSWORD");
    terminal.expect("read a file");
    terminal.send("j\r");
    for (first, second, told) in [
        ("Canary", "Canary", "6 characters are soon guessed. Take it all the same? [y/N]"),
        ("s3cr3t/Canary", "s3cr3t/Canarx", "the two differ"),
        ("s3cr3t/Canary", "s3cr3t/Canary", "Another key"),
    ] {
        terminal.expect_hidden("PASSWORD (hidden): ");
        terminal.send_line(first);
        terminal.expect_hidden("PASSWORD once more: ");
        terminal.send_line(second);
        terminal.expect(told);
        if first == "Canary" {
            terminal.send("n");
        }
    }

    terminal.send_line("TOKEN");
    terminal.expect("derive it");
    terminal.send("\r");
    terminal.expect("Policy [alnum:40]: ");
    terminal.send_line("alnum:4");
    terminal.expect("24 bits of entropy");
    terminal.send_line("alnum:20");
    terminal.expect("Another key");
    terminal.send_line("USER");
    terminal.expect("derive it");
    terminal.send("jj\r");
    terminal.expect("USER: ");
    terminal.send_line("mailer");
    terminal.expect("Another key");
    terminal.send_line("CONFIG");
    terminal.expect("derive it");
    terminal.send("jjj\r");
    terminal.expect_hidden("until a line that is only `.`:");
    terminal.send("[server]\n\tkey = linesCanary\n..\n\n.\n");
    terminal.expect("32 bytes");
    terminal.expect("Another key");
    terminal.send_line("CA");
    terminal.expect("derive it");
    terminal.send("jjjj\r");
    terminal.expect("File: ");
    terminal.send_line("nowhere");
    terminal.expect("nowhere: ");
    terminal.send_line("../tmp/ca");
    terminal.expect("Another key");
    terminal.send_line("../tmp/app.env");
    terminal.expect("Another key");
    terminal.send_line("PORT");
    terminal.expect("`PORT` is there already");
    terminal.send_line("URL");
    terminal.expect("derive it");
    terminal.send("jjjjj\r");
    terminal.expect("PORT): ");
    terminal.send_line("smtp://{PASWORD}");
    terminal.expect("there is no key `PASWORD` yet");
    terminal.send_line("smtp://{USER}:{PASSWORD|url}@{HOST}");
    terminal.expect("Another key");
    terminal.send_line("HASH");
    terminal.expect("derive it");
    terminal.send("jjjjjj\r");
    terminal.expect("Derivation, such as");
    terminal.send_line("bcrypt(PASSWORD, cost=4)");
    terminal.expect("Another key");
    terminal.send("\r");

    terminal.expect("  grafana/app");
    terminal.send("j\r");
    terminal.expect("a volume");
    terminal.send("\r");
    terminal.expect("how the values are made?");
    terminal.send("y");
    for (item, question, answer) in
        [("j", "Label, ", "team=web"), ("jj", "Annotation, ", "a.b/c=d e")]
    {
        terminal.expect("(immutable)");
        terminal.send(&format!("{item}\r"));
        terminal.expect(question);
        terminal.send_line("no mark");
        terminal.expect("is not `KEY=VALUE`");
        terminal.send_line(answer);
    }
    terminal.expect("(immutable)");
    terminal.send("jjjj\r");
    terminal.expect("or none");
    terminal.send("\r");
    terminal.expect("grafana-smtp-secret.yaml (new)");
    terminal.expect("immutable: true");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");

    let file = format!("{GRAFANA}/grafana-smtp-secret.yaml");
    let changed = sandbox.git_status();
    let wanted = [&format!(" M {GRAFANA}/helmrelease.yaml"), " M ", &file, "?? keywright.yaml"];
    assert!(wanted.iter().all(|line| changed.contains(*line)), "{changed}");
    for (key, value) in [
        ("PASSWORD", "s3cr3t/Canary"),
        ("USER", "mailer"),
        ("CONFIG", "[server]\n\tkey = linesCanary\n..\n\n"),
        ("CA", "certificate"),
        ("PORT", "587"),
        ("URL", "smtp://mailer:s3cr3t%2FCanary@mail.example"),
    ] {
        assert_value(&sandbox, &file, &["stringData", key], value);
    }
    let token = decrypted(&sandbox, "3.13.3", &file, &["stringData", "TOKEN"]);
    assert_eq!(token.len(), 20);
    let hidden = ["s3cr3t/Canary", "s3cr3t/Canarx", "s3cr3t%2FCanary", "linesCanary", &token];
    hidden.iter().for_each(|secret| sandbox.assert_no_trace_of(secret, &[]));

    // What it said by flags makes the same Secret in a repository where nobody has made it yet.
    let (_, command) = shown.split_once("the same by flags:\r\n").expect("it says the flags");
    let words = shell_words(&command.replace("\\\r\n", ""));
    let other = Sandbox::nerv();
    other.write("../tmp/ca", "certificate");
    other.write("../tmp/app.env", "HOST=mail.example\nPORT=587\n");
    other.write("FILE", "lines\nCanary\n");
    let run = other.keywright(&words[1..]).stdin(b"s3cr3t/Canary\nmailer\n");
    run.go().success();
    std::fs::remove_file(other.path("FILE")).unwrap();
    assert_eq!(other.git_status(), changed);
    assert_eq!(other.read("keywright.yaml"), sandbox.read("keywright.yaml"));
    let lines = |sandbox: &Sandbox| {
        let text = sandbox.read(&file);
        let keys = text.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
        keys.take_while(|key| key != "sops").filter(|key| !key.contains("ENC")).collect::<Vec<_>>()
    };
    assert_eq!(lines(&other), lines(&sandbox));
}

/// The words of a command line, quotes taken away.
fn shell_words(line: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {line}");
    let printed = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(printed.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn five_thousand_bytes_can_be_typed_and_pasted() {
    let sandbox = Sandbox::nerv();
    let long = "0123456789".repeat(500);
    let args = ["grafana", "--name", "long", "--set-stdin", "LONG", "--yes"];
    let mut terminal = dialogue(&sandbox, &args);
    terminal.expect_hidden("LONG (hidden): ");
    terminal.send_line(&long);
    terminal.expect_hidden("LONG once more: ");
    terminal.send_line(&long);
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_value(&sandbox, &format!("{GRAFANA}/long-secret.yaml"), &["stringData", "LONG"], &long);
    sandbox.assert_no_trace_of(&long[..100], &[]);

    let lines = "line Canary with a tab\tin it\n".repeat(180);
    let mut terminal = dialogue(&sandbox, &["grafana", "--name", "pasted", "--yes"]);
    terminal.expect("a registry of images");
    terminal.send("\r");
    terminal.expect("environment file): ");
    terminal.send_line("LINES");
    terminal.expect("read a file");
    terminal.send("jjj\r");
    terminal.expect_hidden("only `.`:");
    terminal.send(&lines);
    terminal.send(".\n");
    terminal.expect("5220 bytes");
    terminal.expect("Another key");
    terminal.send("\r");
    terminal.expect("  grafana/app");
    terminal.send("\r");
    terminal.expect("(immutable)");
    terminal.send("\r");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let file = format!("{GRAFANA}/pasted-secret.yaml");
    assert_value(&sandbox, &file, &["stringData", "LINES"], &lines);
    sandbox.assert_no_trace_of("line Canary", &[]);
}

#[test]
fn what_does_not_fit_is_told_and_nothing_that_was_typed_is_lost() {
    let sandbox = Sandbox::nerv();
    sandbox.write("../tmp/no.pem", "no certificate");
    let mut terminal = dialogue(&sandbox, &["grafana", "--name", "web"]);
    terminal.expect("a registry of images");
    terminal.send("jj\r");
    for key in ["Key [tls.crt]: ", "Key [tls.key]: "] {
        terminal.expect(key);
        terminal.send("\r");
        terminal.expect("read a file");
        terminal.send("jjjj\r");
        terminal.expect("File: ");
        terminal.send_line("../tmp/no.pem");
    }
    terminal.expect("Another key");
    terminal.send("\r");
    terminal.expect("  grafana/app");
    terminal.send("\r");
    terminal.expect("(immutable)");
    terminal.send("\r");
    terminal.expect("`tls.crt`: there is no certificate in PEM");
    // Back at the keys: the second one gets another value.
    terminal.expect("Another key");
    terminal.send(BACK);
    terminal.expect("Value of tls.key:");
    terminal.send(CTRL_C);
    assert_cancelled(terminal, &sandbox);
}

#[test]
fn a_registry_is_asked_for_host_user_and_password() {
    let sandbox = Sandbox::nerv();
    let mut terminal = dialogue(&sandbox, &["grafana", "--name", "pull"]);
    terminal.expect("a registry of images");
    terminal.send("jjjj\r");
    terminal.expect("Registry, such as ghcr.io: ");
    terminal.send_line("g h");
    terminal.expect("is a host");
    terminal.send_line("ghcr.io");
    terminal.expect("User: ");
    terminal.send_line("me");
    terminal.expect_hidden("Password of me at ghcr.io (hidden): ");
    terminal.send_line("s3cr3tCanary");
    terminal.expect_hidden("once more: ");
    terminal.send_line("s3cr3tCanary");
    terminal.expect("  grafana/app");
    terminal.send("\r");
    terminal.expect("(immutable)");
    terminal.send("\r");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("--registry ghcr.io --username me"), "{shown}");
    let file = format!("{GRAFANA}/pull-secret.yaml");
    let config = decrypted(&sandbox, "3.13.3", &file, &["stringData", ".dockerconfigjson"]);
    assert!(config.contains("ghcr.io") && config.contains("s3cr3tCanary"));
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
}

#[test]
fn a_narrow_terminal_without_colour_shows_the_same() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["secret", "new"]).env("NO_COLOR", "1");
    let mut terminal = Terminal::spawn(&run, 60, 20);
    for (question, answer, ..) in &QUESTIONS {
        expect(&mut terminal, question);
        terminal.send(answer);
    }
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let (dialogue, _) = shown.split_once("+++ ").expect("a plan with a new file");
    let (plain, orders) = without_orders(dialogue);
    assert!(!orders.contains('m'), "an order that colours\n{shown}");
    for line in plain.split(['\r', '\n']) {
        assert!(line.chars().count() <= 60, "{line}");
    }
    sandbox.assert_no_trace_of("s3cr3tCanary", &[]);
}

/// What a terminal was sent without its orders, and the letters of these.
fn without_orders(shown: &str) -> (String, String) {
    let (mut plain, mut orders) = (String::new(), String::new());
    let mut characters = shown.chars();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => orders.extend(characters.by_ref().skip(1).find(|c| c.is_ascii_alphabetic())),
            other => plain.push(other),
        }
    }
    (plain, orders)
}

#[test]
fn apps_that_only_a_list_builds_are_offered() {
    let sandbox = Sandbox::sample("lab");
    sandbox.keywright(["init", "--yes"]).go().success();
    sandbox.commit_all("keys");
    let mut terminal = dialogue(&sandbox, &["--name", "x", "--generate", "K", "--env-from"]);
    terminal.expect("> apps");
    terminal.expect("  openwebui");
    terminal.send("openw\r");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let app = "apps/openwebui";
    let wanted =
        format!(" M {app}/deployment.yaml\n M {app}/kustomization.yaml\n?? {app}/secret.yaml\n");
    assert_eq!(sandbox.git_status(), wanted);

    let sandbox = Sandbox::sample("nerv-platform");
    let hint = "there is cert-manager, longhorn, metallb, releases, sources, traefik";
    sandbox.keywright(["secret", "new", "--generate", "K"]).go().code(2).complains(hint);
}

#[test]
fn flags_leave_the_rest_to_be_asked() {
    let sandbox = Sandbox::nerv();
    let mut terminal = dialogue(&sandbox, &["--generate", "K"]);
    terminal.expect("> envoy-gateway");
    terminal.send("grafa\r");
    terminal.expect("Name of the Secret: ");
    terminal.send_line("x");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("keywright secret new grafana --name x --generate K"), "{shown}");

    // Nothing is open: nothing is said of flags, and a no writes nothing.
    let mut terminal = dialogue(&sandbox, &["grafana", "--name", "y", "--generate", "K"]);
    terminal.expect("Write these changes?");
    terminal.send("n");
    let (code, shown) = terminal.finish();
    assert_eq!((code, shown.contains("by flags")), (130, false), "{shown}");
}

#[test]
fn the_terminal_has_its_echo_back_after_ctrl_c_at_a_password() {
    let sandbox = Sandbox::nerv();
    let program = env!("CARGO_BIN_EXE_keywright");
    let script = format!(
        "{program} secret new grafana --name x --set-stdin K; echo \"code $?\"; stty -a | grep -o '[-]*\\becho\\b'"
    );
    let mut terminal = Terminal::spawn(&sandbox.run("sh").args(["-c", &script]), 80, 40);
    terminal.expect_hidden("K (hidden): ");
    terminal.send("\x03");
    terminal.expect("code 130");
    let (_, shown) = terminal.finish();
    assert!(shown.ends_with("\r\necho\r\n"), "{shown}");
}
