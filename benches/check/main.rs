//! How long `keywright check` takes, and how much memory, beside ripsecrets and gitleaks in one run.
//!
//! ```console
//! $ cargo bench --bench check
//! ```
//!
//! The repository is drawn from `repository.txt` by the same seed every time. The tools take turns, so that what else the
//! machine does hits all of them.

// It is a program for a terminal.
#![allow(clippy::print_stdout)]

#[path = "../detection/corpus/mod.rs"]
#[expect(dead_code, reason = "labels and layouts are for the other benchmark")]
mod corpus;
#[path = "../tools/mod.rs"]
mod tools;

use std::fs;
use std::path::Path;
use std::time::Duration;

use corpus::Draw;
use tools::{Outcome, Tool, git, median};

/// How often each tool is timed.
const ROUNDS: usize = 31;

/// The file that is staged.
const STAGED: &str = "kubernetes/flux/cluster/ks.yaml";

fn main() -> Outcome<()> {
    let repository = corpus::repository("check", include_str!("repository.txt"), &mut Draw::new(1));
    let directory = tempfile::tempdir()?;
    let root = directory.path();
    tools::write(root, &repository.files)?;
    let bytes: usize = repository.files.values().map(String::len).sum();
    println!("{} files, {:.2} MB\n", repository.files.len(), bytes as f64 / 1e6);
    measure("all of it", &tools::tools()?, root)?;

    git(root, &["add", "--all"])?;
    git(root, &["commit", "--quiet", "--message=all"])?;
    fs::write(root.join(STAGED), format!("# changed\n{}", repository.files[STAGED]))?;
    git(root, &["add", "--all"])?;
    measure("one staged file", &for_staged(tools::tools()?), root)
}

/// The tools as they look at what is staged; ripsecrets has no mode for that and is given the file, as by pre-commit.
fn for_staged(mut tools: [Tool; 3]) -> [Tool; 3] {
    let staged: [&[&str]; 3] = [
        &["check", "--staged"],
        &["--strict-ignore", STAGED],
        &["git", "--staged", "--no-banner", "--exit-code=0", "--log-level=error"],
    ];
    for (tool, args) in tools.iter_mut().zip(staged) {
        tool.args = args.iter().copied().map(str::to_owned).collect();
    }
    tools
}

/// Prints a table of what some tools take for a directory.
fn measure(what: &str, tools: &[Tool], root: &Path) -> Outcome<()> {
    // What goes wrong is told here; what is read is in memory from here on.
    for tool in tools {
        tool.report(root)?;
    }
    let mut times = vec![Vec::new(); tools.len()];
    for _ in 0..ROUNDS {
        for (tool, times) in tools.iter().zip(&mut times) {
            times.push(tool.time(root)?);
        }
    }
    println!("| {what} | time | memory |");
    println!("|---|---|---|");
    for (tool, times) in tools.iter().zip(times) {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let memory = tool.memory(root)? as f64 / 1024.0;
        println!("| {} | {:.1} ms | {memory:.1} MiB |", tool.name, milliseconds(median(times)));
    }
    println!();
    Ok(())
}
