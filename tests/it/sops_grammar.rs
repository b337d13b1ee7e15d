//! The same command lines to the real sops and to the program: exit codes, and where the help goes.

use std::ffi::OsString;

use crate::sandbox::{Outcome, Run, Sandbox};
use crate::{proof, reference};

/// The TEST ONLY recipient of the samples.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// What the program says of a verb that the grammar understands and nobody carries out yet.
const NOT_WIRED: &str = "not yet wired";

/// `CODE LINE`, tried in a directory with `e.yaml` (encrypted) and `p.yaml` (plain), without `.sops.yaml`; faulty
/// files are called by their fault. `R` in braces is the recipient; words like `NAME=value` in front are the
/// environment.
const SAME: &str = r#"
100
100 -i
100 --verbose
100 --help=false
100 -d
1 --bogus
1 --bogus e.yaml
1 -di e.yaml
1 ---i
1 -=x
1 --=x
1 --output
1 --indent x decrypt e.yaml
1 --indent _1 decrypt e.yaml
1 --indent 09 decrypt e.yaml
1 --indent=1.5 decrypt e.yaml
0 --indent=0x2 decrypt e.yaml
0 --indent 010 decrypt e.yaml
0 --indent 1_0 decrypt e.yaml
4 --indent=-1 decrypt e.yaml
1 --in-place=perhaps e.yaml
1 -d -i --in-place e.yaml
0 --help
0 -h
0 -help
0 -h=true
0 -v -h
0 help
0 h
0 help encrypt
0 h decrypt
0 help encrypt decrypt
0 help help
0 help --help
0 help -h encrypt
0 help publish
3 help nonsense
1 help --bogus
1 --help --bogus
1 --bogus --help
0 -v
0 --version
0 --version encrypt
0 --version --disable-version-check
1 --version --bogus
1 encrypt --version
1 SOPS_DISABLE_VERSION_CHECK=perhaps decrypt e.yaml
1 SOPS_ENABLE_LOCAL_KEYSERVICE=perhaps filestatus e.yaml
128 SOPS_ENABLE_LOCAL_KEYSERVICE=false decrypt e.yaml
25 decrypt changed.yaml
51 decrypt shortened.yaml
4 decrypt --output-type ini e.yaml
4 decrypt --output-type binary e.yaml
3 decrypt --output missing/a.yaml e.yaml
201 EDITOR=false edit e.yaml
128 decrypt --enable-local-keyservice=false e.yaml
0 --enable-local-keyservice=false decrypt e.yaml
0 decrypt --keyservice tcp://127.0.0.1:9 e.yaml
0 decrypt e.yaml
0 -- decrypt e.yaml
0 decrypt -- e.yaml
0 decrypt e.yaml -- -i
0 decrypt e.yaml --bogus
0 decrypt e.yaml p.yaml
0 decrypt -i e.yaml
0 decrypt e.yaml -i
0 decrypt -i -i e.yaml
0 decrypt --in-place=false e.yaml
1 decrypt --bogus e.yaml
1 decrypt -i --in-place e.yaml
1 decrypt -i=perhaps e.yaml
1 decrypt --output
1 decrypt --verbose e.yaml
1 decrypt --age {R} e.yaml
100 decrypt missing.yaml
100 decrypt -
8 decrypt -i
8 decrypt -i --output x e.yaml
0 decrypt --help
0 decrypt e.yaml --help
1 decrypt --help --bogus
1 decrypt --bogus --help
0 decrypt --extract '["a"]' e.yaml
0 decrypt --extract '' e.yaml
91 decrypt --extract a e.yaml
91 decrypt --extract '[a]' e.yaml
91 decrypt --extract '["a' e.yaml
91 decrypt --extract '["a"]x' e.yaml
91 decrypt --extract '["a"] ["b"]' e.yaml
0 decrypt --decryption-order nonsense e.yaml
112 decrypt --decryption-order age,age e.yaml
112 SOPS_DECRYPTION_ORDER=pgp,pgp decrypt e.yaml
0 decrypt --input-type nonsense e.yaml
0 decrypt --output-type YAML e.yaml
0 SOPS_PGP_FP=85D7 decrypt e.yaml
1 SOPS_CONFIG=missing.yaml decrypt e.yaml
0 SOPS_CONFIG=missing.yaml --config '' decrypt e.yaml
8 encrypt
8 encrypt -i
8 encrypt -i --output x p.yaml
8 encrypt --age {R}
0 encrypt --age {R} p.yaml
0 encrypt -a {R} -i p.yaml
0 encrypt p.yaml --age {R}
0 SOPS_AGE_RECIPIENTS={R} encrypt p.yaml
0 SOPS_AGE_RECIPIENTS=nonsense encrypt --age {R} p.yaml
1 encrypt p.yaml
1 --age {R} encrypt p.yaml
0 --encrypted-comment-regex x encrypt --age {R} p.yaml
1 encrypt --encrypted-comment-regex x --age {R} p.yaml
1 encrypt --add-age {R} p.yaml
1 encrypt --pgp 85D7 --age {R} p.yaml
1 SOPS_PGP_FP=85D7 encrypt --age {R} p.yaml
0 encrypt --pgp '' --age {R} p.yaml
1 encrypt --enable-local-keyservice=false --age {R} p.yaml
8 encrypt --age {R} --encrypted-suffix x --encrypted-regex y p.yaml
203 encrypt --age {R} e.yaml
2 encrypt --age {R} malformed.yaml
23 encrypt --age {R} number-for-key.yaml
92 encrypt --age {R} empty.yaml
100 encrypt --age {R} missing.yaml
100 edit
200 edit e.yaml
200 edit e.yaml extra
200 e.yaml
200 -s e.yaml
200 SOPS_PGP_FP=85D7 e.yaml
200 --add-age {R} e.yaml
200 -i e.yaml
49 --add-age {R} missing.yaml
1 edit --in-place e.yaml
1 edit --filename-override x e.yaml
112 edit --decryption-order age,age e.yaml
100 rotate
0 rotate e.yaml
0 rotate -i e.yaml
0 rotate e.yaml extra
0 rotate --rm-age '' e.yaml
0 rotate --add-age {R} e.yaml
8 rotate -i --output x e.yaml
2 rotate missing.yaml
49 rotate --add-age {R} missing.yaml
1 rotate --verbose e.yaml
100 set
100 set e.yaml
100 set e.yaml '["a"]'
100 set e.yaml '["a"]' 1 2
0 set e.yaml '["a"]' -5
0 set e.yaml '["a"]' '"x"'
0 set e.yaml "['a']" '"x"'
0 set --idempotent e.yaml '["a"]' '"one"'
0 set e.yaml '["a"]' '"one"' --idempotent
7 set e.yaml a '"x"'
7 set e.yaml '["a"' '"x"'
7 set e.yaml '[a]' '"x"'
7 set e.yaml '["a"]x' '"x"'
7 set e.yaml '["a"]' nonsense
7 set --value-stdin e.yaml '["a"]'
100 set --value-stdin e.yaml '["a"]' 1
1 set --value-file --value-stdin e.yaml '["a"]'
1 set --value-file e.yaml '["a"]' missing.json
100 unset e.yaml
100 unset e.yaml '["a"]' x
0 unset e.yaml '["a"]'
1 unset e.yaml '["q"]'
0 unset --idempotent e.yaml '["q"]'
7 unset e.yaml a
1 updatekeys e.yaml
1 updatekeys --bogus e.yaml
1 updatekeys --shamir-secret-sharing-threshold 2 e.yaml
100 filestatus
0 filestatus e.yaml
0 filestatus p.yaml
0 filestatus p.yaml extra
1 filestatus missing.yaml
1 filestatus --input-type
1 --config missing.yaml filestatus e.yaml
0 groups
0 groups --help
0 groups help
0 groups help add
0 groups h delete
0 groups add --help
3 groups nonsense
3 groups help nonsense
1 groups --bogus
1 groups --version
1 groups add x
1 groups add -f e.yaml --age {R} x
1 groups add -a {R} -f e.yaml
2 groups add
0 groups add -f e.yaml --age {R}
1 groups delete
1 groups delete x
1 groups delete -1
1 groups delete -f e.yaml 0 1
1 groups delete -f e.yaml 4294967296
2 groups delete 0
1 exec-env e.yaml
1 exec-env e.yaml echo hi
0 exec-env e.yaml 'echo $a'
0 exec-env --pristine e.yaml 'echo $a'
0 exec-env e.yaml 'echo $a' --pristine
0 exec-env e.yaml --help
2 exec-env e.yaml --bogus
7 exec-env e.yaml 'exit 7'
8 exec-env --same-process --background e.yaml true
1 exec-env --input-type json e.yaml true
1 exec-file e.yaml
0 exec-file e.yaml 'cat {}'
0 exec-file --no-fifo --filename n e.yaml 'cat {}'
7 exec-file e.yaml 'exit 7'
1 publish
1 publish e.yaml
0 publish --help
1 keyservice --network nonsense
0 completion
0 completion bash
0 completion zsh
0 completion bash extra
0 completion bash --help
3 completion fish
0 --generate-bash-completion
0 groups --generate-bash-completion
0 decrypt --generate-bash-completion
0 decrypt --in --generate-bash-completion
0 -d e.yaml
0 -d -i e.yaml
0 -d e.yaml -i
8 -d -i -output x e.yaml
100 -d missing.yaml
91 -d --extract a e.yaml
112 -d --decryption-order age,age e.yaml
0 -d --pgp 85D7 e.yaml
0 SOPS_PGP_FP=85D7 -d e.yaml
0 -e --age {R} p.yaml
0 -e --age {R} --encrypted-comment-regex x p.yaml
1 -e p.yaml
1 -e --pgp 85D7 --age {R} p.yaml
0 -r e.yaml
0 -r --ignore-mac e.yaml
100 -r missing.yaml
1 -r --add-kms x e.yaml
49 -r --add-age {R} missing.yaml
0 -d -r e.yaml
0 --set '["a"] "x"' e.yaml
7 --set '["a"]"x"' e.yaml
7 --set 'a] "x"' e.yaml
7 --set '["a"] nonsense' e.yaml
"#;

/// `SOPS-CODE OUR-CODE LINE`: different on purpose.
const DIFFERENT: &str = r#"
0 1 groups delete -f e.yaml 0
1 0 rotate --ignore-mac e.yaml
7 0 set e.yaml --idempotent '["a"]' '"x"'
2 0 exec-env e.yaml --pristine true
2 0 exec-file e.yaml --no-fifo true
0 8 decrypt -i e.yaml --output x
1 1 decrypt e.yaml --output
2 7 set e.yaml '' '"x"'
2 7 set e.yaml '[]' '"x"'
2 91 decrypt --extract '[]' e.yaml
0 7 set e.yaml '["a]' '"x"'
0 7 set e.yaml '[-1]' '"x"'
91 1 decrypt --extract '["a[0]"]' e.yaml
6 1 encrypt --encryption-context nonsense --age {R} p.yaml
0 1 encrypt --aws-profile x --age {R} p.yaml
0 1 rotate --rm-pgp 85D7 e.yaml
1 1 publish --bogus
1 1 keyservice --bogus
1 100 updatekeys
128 0 SOPS_ENABLE_LOCAL_KEYSERVICE= decrypt e.yaml
"#;

/// Splits like a shell and adds arguments and variables.
fn asked<'a>(run: Run<'a>, line: &str) -> Run<'a> {
    let words = shell_words::split(&line.replace("{R}", RECIPIENT)).unwrap();
    let mut run = run.env("SOPS_DISABLE_VERSION_CHECK", "1").env("EDITOR", "true");
    let mut words = words.into_iter().peekable();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        if !name.starts_with("SOPS_") && name != "EDITOR" {
            break;
        }
        run = run.env(name, OsString::from(value));
        words.next();
    }
    run.args(words)
}

/// The files that every line finds.
struct Files {
    sandbox: Sandbox,
    encrypted: Vec<u8>,
}

impl Files {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        sandbox.write("p.yaml", "a: one\nb: two\n");
        let run = sandbox.run(reference::current_sops()).args(["encrypt", "--age", RECIPIENT]);
        let encrypted = run.arg("p.yaml").go().success().stdout_bytes;
        Files { sandbox, encrypted }
    }

    fn lay_out(&self) -> &Sandbox {
        for left in self.sandbox.snapshot().changed(&Sandbox::new().snapshot()) {
            let _ = std::fs::remove_file(self.sandbox.path(&left));
        }
        self.sandbox.write("p.yaml", "a: one\nb: two\n");
        self.sandbox.write("e.yaml", &self.encrypted);
        self.sandbox.write("empty.yaml", "");
        self.sandbox.write("malformed.yaml", "a: [\n");
        self.sandbox.write("number-for-key.yaml", "1: one\n");
        let text = std::str::from_utf8(&self.encrypted).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        self.sandbox.write("shortened.yaml", rest);
        self.sandbox.write("changed.yaml", format!("c: {}\n{rest}", &first[3..]));
        &self.sandbox
    }

    fn sops(&self, line: &str) -> Outcome<'_> {
        asked(self.lay_out().run(reference::current_sops()), line).go()
    }

    fn keywright(&self, line: &str) -> Outcome<'_> {
        asked(self.lay_out().keywright(["sops"]), line).go()
    }
}

fn is_usage(outcome: &Outcome) -> bool {
    outcome.stdout().starts_with("Incorrect Usage") || outcome.stdout().starts_with("Cannot use")
}

fn is_wired(outcome: &Outcome) -> bool {
    !outcome.stderr().contains(NOT_WIRED)
}

/// What differs from the expectation; nothing, if all is well.
fn difference(files: &Files, code: &str, line: &str) -> Option<String> {
    let (theirs, ours) = (files.sops(line), files.keywright(line));
    let told =
        |outcome: &Outcome| (outcome.status.code().map(|code| code.to_string()), is_usage(outcome));
    let expected = told(&theirs);
    if expected.0.as_deref() != Some(code) {
        return Some(format!("sops: not {code}\n{}", theirs.describe()));
    }
    // `help` prints something where sops does, and so on.
    let spoken = |outcome: &Outcome| !outcome.stdout_bytes.is_empty();
    let same = if is_wired(&ours) {
        told(&ours) == expected && spoken(&ours) == spoken(&theirs)
    } else {
        !expected.1
    };
    (!same).then(|| format!("{line}: not as sops {expected:?}\n{}", ours.describe()))
}

#[test]
fn command_lines_end_as_with_sops() {
    let files = Files::new();
    let mut wrong = Vec::new();
    for row in SAME.lines().filter(|row| !row.is_empty()) {
        let (code, line) = row.split_once(' ').unwrap_or((row, ""));
        wrong.extend(difference(&files, code, line));
        proof::record("sops grammar", "ends as with sops", line);
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn some_command_lines_end_differently_on_purpose() {
    let files = Files::new();
    for row in DIFFERENT.lines().filter(|row| !row.is_empty()) {
        let mut columns = row.splitn(3, ' ');
        let mut column = || columns.next().expect("a row has three columns");
        let (theirs, ours, line) = (column(), column(), column());
        files.sops(line).code(theirs.parse().unwrap());
        let outcome = files.keywright(line);
        if is_wired(&outcome) {
            outcome.code(ours.parse().unwrap());
        } else {
            // A code of the grammar would have come before.
            assert!(["0", "1"].contains(&ours), "{line}\n{}", outcome.describe());
        }
    }
}

#[test]
fn the_version_is_read_as_that_of_sops() {
    let files = Files::new();
    let version = reference::versions("sops")[0];
    let bare = files.keywright("--version").success().stdout();
    assert_eq!(bare, files.sops("--version").success().stdout());
    assert_eq!(bare, format!("sops {version}\n"));
    let own = env!("CARGO_PKG_VERSION");
    let long = files.sandbox.keywright(["sops", "--version"]).go().success().stdout();
    assert_eq!(long, format!("sops {version} (keywright {own})\n"));
}

#[test]
fn a_link_called_sops_is_enough() {
    let files = Files::new();
    let link = files.sandbox.path("sops");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keywright"), &link).unwrap();
    files.sandbox.run(&link).arg("--version").go().success().prints("sops 3.");
    files.sandbox.run(&link).args(["decrypt", "-di"]).go().code(1).prints("Incorrect Usage");
    // The native grammar has its own.
    files.sandbox.keywright(["decrypt", "-di"]).go().code(2);
}

#[test]
fn the_script_for_bash_asks_the_program() {
    let files = Files::new();
    let link = files.sandbox.path("sops");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keywright"), &link).unwrap();
    let script = r#"
        source <(./sops completion bash)
        complete() { :; }
        ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keywright_sops; echo "${COMPREPLY[*]}"; }
        ask ./sops dec
        ask ./sops decrypt --ign
        ask ./sops groups ''
        ask ./sops decrypt ''
        ask ./sops '$(touch canary)' --ver
    "#;
    let asked = files.sandbox.run("bash").args(["-c", script]).go().success();
    assert_eq!(
        asked.stdout(),
        "decrypt\n--ignore-mac\nadd delete\n\n--version --verbose\n",
        "{}",
        asked.describe()
    );
    assert!(!files.sandbox.path("canary").exists());
}

#[test]
fn the_value_of_set_is_in_no_message() {
    let files = Files::new();
    for line in [
        "set e.yaml '[\"a\"]' canary-9f3 canary-9f3",
        "set e.yaml --bogus=canary-9f3",
        "set --bogus=canary-9f3 e.yaml",
        "set e.yaml canary-9f3 1",
        "--set canary-9f3 e.yaml",
        "-d e.yaml --set=canary-9f3",
    ] {
        let outcome = files.keywright(line);
        let printed = [outcome.stdout(), outcome.stderr()].concat();
        assert!(!printed.contains("canary-9f3"), "{line}\n{}", outcome.describe());
    }
}

#[test]
fn every_code_of_the_page_is_reached_by_both() {
    let page = include_str!("../../docs/sops-compatibility.md");
    let (_, table) =
        page.split_once("\n|---|---|\n").expect("the first table is that of the codes");
    let (table, _) = table.split_once("\n\n").expect("a paragraph follows");
    let codes: Vec<&str> = table
        .lines()
        .map(|row| row.split([' ', '|']).find(|word| !word.is_empty()).unwrap())
        .collect();
    assert!(codes.contains(&"203"), "{codes:?}");
    let reached = |code: &&str| SAME.lines().any(|row| row.split(' ').next() == Some(*code));
    let never: Vec<_> = codes.into_iter().filter(|code| !reached(code)).collect();
    assert!(never.is_empty(), "no command line ends with {never:?}");
}
