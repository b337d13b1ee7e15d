//! One file, there and back by both programs.

use super::sample::{Format, Sample};
use crate::drop_in::ALICE;
use crate::reference;
use crate::sandbox::{Outcome, Sandbox};
use crate::tree::{Tree, yaml_comments};

/// How a verdict begins when sops itself does not take the file: a fault of the generator.
pub(super) const REFUSED: &str = "sops refuses";

/// What came of a file.
pub(super) enum Verdict {
    Agree,
    /// sops cannot decrypt what it encrypted itself; both can what we did.
    LostBySops,
    /// They differ, and how.
    Differ(String),
}

/// A sandbox to try files in.
pub(super) struct Trial {
    sandbox: Sandbox,
}

impl Trial {
    pub(super) fn new() -> Trial {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        Trial { sandbox }
    }

    /// Tries everything that the head of `differential` promises.
    pub(super) fn run(&self, sample: &Sample) -> Verdict {
        self.compare(sample).unwrap_or_else(Verdict::Differ)
    }

    fn compare(&self, sample: &Sample) -> Result<Verdict, String> {
        let plain = sample.bytes();
        let theirs = self.sops(sample, "encrypt", &plain).map_err(|e| format!("{REFUSED}: {e}"))?;
        let of_theirs = self.sops(sample, "decrypt", &theirs);
        let ours = self.keywright(sample, "encrypt", &plain)?;
        let back = self.keywright(sample, "decrypt", &ours)?;
        if sample.exact && back != plain {
            return Err(differ("our file comes back", &back, &plain));
        }
        same_values(sample.format, "our file comes back", &back, &plain)?;
        let of_ours = self.sops(sample, "decrypt", &ours)?;
        // An encrypted comment that its own program reads in another place stays encrypted.
        let whole = |bytes: &Vec<u8>| !bytes.windows(14).any(|part| part == b",type:comment]");
        if !whole(&of_ours) {
            return Err(differ("sops leaves comments of our file encrypted", &of_ours, &plain));
        }
        // The indentation that sops states for a block in a list is not the one it has: `list-block-scalars`.
        let readable = |bytes: &Vec<u8>| !bytes.windows(4).any(|part| part == b"- |4");
        let of_theirs = of_theirs.ok().filter(whole).filter(readable);
        let Some(of_theirs) = of_theirs else { return Ok(Verdict::LostBySops) };
        same_types(sample, &ours, &theirs)?;
        same_values(sample.format, "sops decrypts our file", &of_ours, &of_theirs)?;
        let opened = self.keywright(sample, "decrypt", &theirs)?;
        same_values(sample.format, "we decrypt the file of sops", &opened, &of_theirs)?;
        if sample.format == Format::Yaml {
            let (written, wanted) = (comments(&plain), comments(&of_theirs));
            // sops loses some comments when it writes a file, others in its own file than in ours; that it opened
            // all it read there is known, for it did not warn. Neither may invent one, and we lose none.
            let (by_sops, by_us) = (comments(&of_ours), comments(&opened));
            if !among(&by_sops, &written) {
                return Err(differ("comments of our file, by sops", &of_ours, &of_theirs));
            }
            if !among(&wanted, &by_us) || !among(&by_us, &written) {
                return Err(differ("comments of the file of sops, by us", &opened, &of_theirs));
            }
        }
        Ok(Verdict::Agree)
    }

    fn sops(&self, sample: &Sample, verb: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        // One thread and no collection of garbage: a start costs half as much.
        let run =
            self.sandbox.run(reference::current_sops()).env("GOMAXPROCS", "1").env("GOGC", "off");
        let run = match verb {
            // The subcommand does not know all of the flags.
            "encrypt" => run.args(["--age", ALICE]).args(&sample.flags).arg("-e"),
            _ => run.arg("-d"),
        };
        let name = self.write(sample, input);
        silent(&format!("sops {verb}"), run.arg(name).go())
    }

    fn keywright(&self, sample: &Sample, verb: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        let run = self.sandbox.run(env!("CARGO_BIN_EXE_keywright")).arg(verb);
        let run = match verb {
            "encrypt" => run.args(["--age", ALICE]).args(&sample.flags),
            _ => run,
        };
        let name = self.write(sample, input);
        silent(&format!("keywright {verb}"), run.arg(name).go())
    }

    fn write(&self, sample: &Sample, input: &[u8]) -> String {
        let name = format!("file.{}", sample.format.ending());
        self.sandbox.write(&name, input);
        name
    }
}

/// The output of a program that neither failed nor warned.
fn silent(what: &str, outcome: Outcome<'_>) -> Result<Vec<u8>, String> {
    match outcome.status.success() && outcome.stderr_bytes.is_empty() {
        true => Ok(outcome.stdout_bytes),
        false => Err(format!("{what}: {}: {}", outcome.status, outcome.stderr())),
    }
}

/// The types of the tokens in order, without the MACs, of which an empty document has one with sops only;
/// and the number of comments, because each program has its places for them.
fn types(encrypted: &[u8]) -> (Vec<String>, usize) {
    let text = String::from_utf8_lossy(encrypted);
    let mut names = Vec::new();
    let mut before = "";
    for part in text.split("ENC[AES256_GCM,") {
        let is_mac = before.trim_end_matches([' ', ':', '=', '"']).ends_with("mac");
        let name = part.split_once(",type:").and_then(|(_, rest)| rest.split(']').next());
        names.extend(name.filter(|_| !is_mac).map(str::to_owned));
        before = part;
    }
    let (comments, values): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| name == "comment");
    (values, comments.len())
}

fn same_types(sample: &Sample, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    let (one, other) = (types(ours), types(theirs));
    // sops loses some comments, and under a selection it may take one at the end of a document for another's:
    // `trailing-comments`.
    if one.0 == other.0 && (!sample.flags.is_empty() || one.1 >= other.1) {
        return Ok(());
    }
    Err(format!("types of tokens: ours {one:?}, theirs {other:?}"))
}

/// The comments of a YAML file, wherever they stand.
fn comments(bytes: &[u8]) -> Vec<String> {
    let mut all = yaml_comments(&String::from_utf8_lossy(bytes));
    all.sort();
    all
}

/// Whether all of some comments are among others.
fn among(some: &[String], others: &[String]) -> bool {
    let count = |list: &[String], one| list.iter().filter(|other| *other == one).count();
    some.iter().all(|comment| count(some, comment) <= count(others, comment))
}

fn same_values(format: Format, what: &str, one: &[u8], other: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy;
    let equal = match format {
        Format::Yaml => Tree::of_yaml(&text(one))? == Tree::of_yaml(&text(other))?,
        Format::Json => Tree::of_json(&text(one)) == Tree::of_json(&text(other)),
        Format::Ini => ini_lines(&text(one)) == ini_lines(&text(other)),
        _ => one == other,
    };
    if equal { Ok(()) } else { Err(differ(what, one, other)) }
}

/// The lines of an INI file. sops writes those of a comment anew, with a marker and a blank of its own.
fn ini_lines(text: &str) -> Vec<String> {
    let comment = |line: &str| format!("; {}", line.trim_start_matches([';', '#', ' ']));
    let line = |line: &str| match line.trim_end_matches('\r') {
        line if line.starts_with([';', '#']) => comment(line),
        line => line.to_owned(),
    };
    text.lines().map(line).collect()
}

fn differ(what: &str, got: &[u8], wanted: &[u8]) -> String {
    let text = String::from_utf8_lossy;
    format!("{what}\n--- got\n{}\n--- wanted\n{}", text(got), text(wanted))
}
