//! How much of what is planted `keywright check` finds, and how much else, beside ripsecrets and gitleaks.
//!
//! ```console
//! $ cargo bench --bench detection
//! $ cargo bench --bench detection -- --seed 7 --keep /tmp/corpus
//! ```
//!
//! The corpus is drawn from a seed into a temporary directory, or into one that is kept, with a file of its labels. It
//! ends with 1 if recall or precision of keywright is below the bar. `../README.md` says what counts.

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

mod corpus;
mod score;
#[path = "../tools/mod.rs"]
mod tools;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use corpus::Repository;
use score::{Finding, Score};
use tools::{Outcome, Tool, median};

/// Least recall and precision.
const BAR: f64 = 0.98;

/// The seed, if none is given. The tests have others.
const SEED: u64 = 1;

/// How often each tool is timed.
const ROUNDS: usize = 11;

/// Reads the report of a tool.
type Reader = fn(&[u8]) -> Outcome<Vec<Finding>>;

/// How long a tool takes, and how much memory it has.
struct Cost {
    /// For all repositories, the median.
    time: Duration,
    /// The most for any of them.
    kibibytes: u64,
}

fn main() -> Outcome<ExitCode> {
    let mut args = std::env::args().skip(1);
    let (mut seed, mut kept) = (SEED, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seed" => seed = args.next().ok_or("--seed needs a number")?.parse()?,
            "--keep" => kept = Some(PathBuf::from(args.next().ok_or("--keep needs a directory")?)),
            // What `cargo bench` adds.
            "--bench" => {}
            other => return Err(format!("there is no `{other}`").into()),
        }
    }
    let repositories = corpus::repositories(seed);
    let temporary = tempfile::tempdir()?;
    let root = kept.unwrap_or_else(|| temporary.path().to_owned());
    write(&root, &repositories)?;

    let tools = tools::tools()?;
    let read: [Reader; 3] = [|report| Ok(score::keywright(report)), ripsecrets, gitleaks];
    let mut scores = Vec::new();
    let mut errors = Score::default();
    for (tool, read) in tools.iter().zip(read) {
        let mut score = Score::default();
        for repository in &repositories {
            let mut findings = read(&tool.report(&root.join(repository.name))?)?;
            score.add(repository, &findings);
            findings.retain(|finding| !finding.is_warning);
            if tool.name == tools[0].name {
                errors.add(repository, &findings);
            }
        }
        scores.push(score);
    }
    let costs = costs(&tools, &root, &repositories)?;
    let ours = &scores[0];
    print_details(ours);
    println!(
        "seed {seed}: {} planted secrets, {} harmless look-alikes\n",
        ours.planted, ours.harmless
    );
    println!("| tool | found | recall | false | precision | time | memory |");
    println!("|---|---|---|---|---|---|---|");
    for ((tool, score), cost) in tools.iter().zip(&scores).zip(&costs) {
        print_row(tool.name, score, Some(cost));
    }
    print_row("keywright, errors only", &errors, None);
    let is_good = ours.recall() >= BAR && ours.precision() >= BAR;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the repositories below a directory, and `labels.tsv` beside them: path, line, kind, planted or harmless.
fn write(root: &Path, repositories: &[Repository]) -> Outcome<()> {
    let mut labels = String::new();
    for repository in repositories {
        let directory = root.join(repository.name);
        tools::write(&directory, &repository.files)?;
        for label in &repository.labels {
            let what = if label.is_planted { "planted" } else { "harmless" };
            let (path, line, kind) = (&label.path, label.lines.start, &label.kind);
            writeln!(labels, "{}/{path}\t{line}\t{kind}\t{what}", repository.name)?;
        }
    }
    Ok(fs::write(root.join("labels.tsv"), labels)?)
}

/// Times each tool on all repositories, in turn, so that what else the machine does hits all of them.
fn costs(tools: &[Tool], root: &Path, repositories: &[Repository]) -> Outcome<Vec<Cost>> {
    let mut times = vec![Vec::new(); tools.len()];
    for _ in 0..ROUNDS {
        for (tool, times) in tools.iter().zip(&mut times) {
            let mut whole = Duration::ZERO;
            for repository in repositories {
                whole += tool.time(&root.join(repository.name))?;
            }
            times.push(whole);
        }
    }
    let mut costs = Vec::new();
    for (tool, times) in tools.iter().zip(times) {
        let mut kibibytes = 0;
        for repository in repositories {
            kibibytes = kibibytes.max(tool.memory(&root.join(repository.name))?);
        }
        costs.push(Cost { time: median(times), kibibytes });
    }
    Ok(costs)
}

/// Prints what was missed, and what was found though it is harmless.
fn print_details(score: &Score) {
    for (title, lines) in [("missed", &score.missed), ("false", &score.wrong)] {
        for line in lines {
            println!("{title}: {line}");
        }
    }
    println!();
    for (kind, (found, planted)) in &score.kinds {
        println!("{found:5} of {planted:3}  {kind}");
    }
    println!();
}

/// Prints a line of the table.
fn print_row(name: &str, score: &Score, cost: Option<&Cost>) {
    let (time, memory) = cost.map_or_else(Default::default, |cost| {
        let memory = cost.kibibytes as f64 / 1024.0;
        (format!("{} ms", cost.time.as_millis()), format!("{memory:.0} MiB"))
    });
    println!(
        "| {name} | {} | {:.3} | {} | {:.3} | {time} | {memory} |",
        score.found,
        score.recall(),
        score.wrong.len(),
        score.precision()
    );
}

/// The findings of ripsecrets: `./path:line:the line itself`.
fn ripsecrets(report: &[u8]) -> Outcome<Vec<Finding>> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, ':');
        let path = parts.next()?.trim_start_matches("./").to_owned();
        Some(finding(path, parts.next()?.parse().ok()?, "ripsecrets"))
    };
    let text = String::from_utf8_lossy(report);
    // A line without that form belongs to the one above.
    Ok(text.lines().filter_map(read).collect())
}

/// The findings of gitleaks.
fn gitleaks(report: &[u8]) -> Outcome<Vec<Finding>> {
    let report: serde_json::Value = serde_json::from_slice(report)?;
    let findings = report.as_array().ok_or("gitleaks prints a list")?;
    let read = |one: &serde_json::Value| {
        let (path, line) = (one["File"].as_str()?, one["StartLine"].as_u64()?);
        Some(finding(path.to_owned(), line as usize, one["RuleID"].as_str()?))
    };
    findings.iter().map(|one| read(one).ok_or("a finding has a place".into())).collect()
}

/// A finding of another tool, which names no keys.
fn finding(path: String, line: usize, rule: &str) -> Finding {
    Finding { path, line, names: Vec::new(), is_warning: false, rule: rule.to_owned() }
}
