//! The pages of `tests/pages`: what people read to learn a command, and every line of it is tried.
//!
//! A page is Markdown. The lines behind `$ ` in its `console` blocks are run one after the other by a shell, in
//! a Git repository of the page's own that holds what `tests/pages/repository` does, with the TEST ONLY
//! identity in place. Under each stands what it printed, both streams as they come, and a line `? CODE` before
//! that where the exit code is not 0. Blocks in a Markdown comment are run as well, and not seen.
//!
//! What differs from run to run is cut: tokens, wrapped keys, times, and the path of the sandbox. To write the
//! pages anew run the tests with `SNAPSHOTS=overwrite`, and read the difference.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use regex::Regex;
use snapbox::{Assert, Data};

use crate::sandbox::{Sandbox, files_below};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages");

/// One test per page.
macro_rules! pages {
    ($($test:ident: $name:literal,)*) => {
        const NAMES: &[&str] = &[$($name),*];
        $(#[test] fn $test() { try_page($name) })*
    };
}

pages! {
    decrypt: "decrypt.md",
    edit: "edit.md",
    encrypt: "encrypt.md",
    exec_env: "exec-env.md",
    exec_file: "exec-file.md",
    filestatus: "filestatus.md",
    groups: "groups.md",
    rotate: "rotate.md",
    secret: "secret.md",
    set: "set.md",
    sops: "sops.md",
    unset: "unset.md",
    updatekeys: "updatekeys.md",
}

#[test]
fn every_page_is_tried() {
    let files = files_below(Path::new(PAGES)).into_iter();
    let pages: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    assert_eq!(pages, NAMES.iter().map(PathBuf::from).collect::<Vec<_>>());
}

/// Runs the commands of a page and compares what they print with what the page says.
fn try_page(name: &str) {
    let path = Path::new(PAGES).join(name);
    let page = fs::read_to_string(&path).unwrap();
    let stage = Stage::new();
    let mut actual = String::new();
    for part in parts(&page) {
        match part {
            Part::Text(line) => actual.push_str(line),
            Part::Command(lines) => {
                let (code, printed) = stage.run(&command(lines));
                actual.push_str(lines);
                if code != 0 {
                    actual.push_str(&format!("? {code}\n"));
                }
                actual.push_str(&stage.redacted(&printed));
                if !actual.ends_with('\n') {
                    actual.push('\n');
                }
            }
        }
    }
    let assert = Assert::new().action_env("SNAPSHOTS").normalize_paths(false);
    assert.eq(actual, Data::read_from(&path, None).raw());
}

/// Where the commands of a page are run.
pub(crate) struct Stage {
    sandbox: Sandbox,
    token: Regex,
    wrapped: Regex,
    time: Regex,
    log_time: Regex,
}

impl Stage {
    fn new() -> Stage {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        sandbox.copy(&format!("{PAGES}/repository"), "");
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("as it was");
        Stage::in_sandbox(sandbox)
    }

    /// In a sandbox where `keywright` and `git commit` work by name.
    pub(crate) fn in_sandbox(sandbox: Sandbox) -> Stage {
        let programs = sandbox.home().join("bin");
        fs::create_dir(&programs).unwrap();
        for name in ["keywright", "sops"] {
            symlink(env!("CARGO_BIN_EXE_keywright"), programs.join(name)).unwrap();
        }
        for (name, value) in [("user.name", "Test"), ("user.email", "test@example.test")] {
            sandbox.git(&["config", name, value]);
        }
        Stage {
            sandbox,
            token: Regex::new("data:[^,]*,iv:[^,]*,tag:[^,]*,").unwrap(),
            wrapped: Regex::new(r"(-----BEGIN AGE ENCRYPTED FILE-----)[^-]*(-----END)").unwrap(),
            time: Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap(),
            log_time: Regex::new(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d").unwrap(),
        }
    }

    /// Where other programs can be put.
    pub(crate) fn programs(&self) -> PathBuf {
        self.sandbox.home().join("bin")
    }

    /// The exit code of a command line and what it prints.
    pub(crate) fn run(&self, command: &str) -> (i32, String) {
        let script = format!("exec 2>&1\n{command}\n");
        let path = format!("{}:/usr/bin:/bin", self.programs().display());
        let shell = self.sandbox.run("sh").args(["-c", &script]);
        let outcome = shell.env("PATH", path).env("COLUMNS", "100").go();
        (outcome.status.code().expect("an exit code"), outcome.stdout())
    }

    fn redacted(&self, printed: &str) -> String {
        let root = self.sandbox.work();
        let printed = printed.replace(&format!("{}/", root.display()), "");
        let printed = printed.replace(&format!("{}", root.display()), ".");
        let printed = self.token.replace_all(&printed, "data:…,");
        let printed = self.wrapped.replace_all(&printed, "$1…$2");
        let printed = self.log_time.replace_all(&printed, "2031/01/02 03:04:05");
        self.time.replace_all(&printed, "2031-01-02T03:04:05Z").into_owned()
    }
}

/// A piece of a page.
enum Part<'p> {
    /// One line that is not run, with its end.
    Text(&'p str),
    /// The lines of one command; what it printed before is left out.
    Command(&'p str),
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut in_console = false;
    let mut at = 0;
    while at < page.len() {
        let rest = &page[at..];
        let line = rest.split_inclusive('\n').next().expect("there is more");
        if line.starts_with("```") {
            in_console = !in_console && line.trim_end() == "```console";
        }
        if in_console && line.starts_with("$ ") {
            let mut length = line.len();
            while page[at..at + length].ends_with("\\\n") || rest[length..].starts_with("> ") {
                length += rest[length..].split_inclusive('\n').next().map_or(0, str::len);
            }
            parts.push(Part::Command(&rest[..length]));
            at += length;
            continue;
        }
        // Inside of a console block everything else was printed, and its first line opens it.
        if !in_console || line.starts_with("```") {
            parts.push(Part::Text(line));
        }
        at += line.len();
    }
    parts
}

/// What the shell gets: the lines without the prompts.
fn command(lines: &str) -> String {
    let stripped =
        |line: &str| line.strip_prefix(['$', '>']).map_or(line, str::trim_start).to_owned();
    lines.split_inclusive('\n').map(stripped).collect()
}

/// The commands in the `console` blocks of a page, as the shell gets them.
pub(crate) fn commands(page: &str) -> Vec<String> {
    let lines = parts(page).into_iter().filter_map(|part| match part {
        Part::Command(lines) => Some(command(lines)),
        Part::Text(_) => None,
    });
    lines.collect()
}
