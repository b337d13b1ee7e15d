//! The program and the ones it is compared with: how they are run, timed and measured.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What goes wrong is told and ends the run.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// How gitleaks is asked for what it finds in a directory.
const GITLEAKS: [&str; 7] = [
    "dir",
    ".",
    "--report-format=json",
    "--report-path=-",
    "--no-banner",
    "--exit-code=0",
    "--log-level=error",
];

/// A program and how it looks at the directory that it is started in.
pub(crate) struct Tool {
    /// With its version.
    pub(crate) name: &'static str,
    /// Where it is.
    program: PathBuf,
    /// What it is called with.
    pub(crate) args: Vec<String>,
}

/// All of them, ours first.
pub(crate) fn tools() -> Outcome<[Tool; 3]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !Command::new(root.join("benches/install")).status()?.success() {
        return Err("the programs to compare with are missing".into());
    }
    let installed = root.join("target/reference");
    let tool = |name, program: PathBuf, args: &[&'static str]| Tool {
        name,
        program,
        args: args.iter().copied().map(str::to_owned).collect(),
    };
    Ok([
        tool("keywright", env!("CARGO_BIN_EXE_keywright").into(), &["check", "--format=json"]),
        tool("ripsecrets 0.1.11", installed.join("ripsecrets-0.1.11/bin/ripsecrets"), &["."]),
        tool("gitleaks 8.30.1", installed.join("gitleaks-8.30.1/gitleaks"), &GITLEAKS),
    ])
}

impl Tool {
    /// What it prints about a directory. Its exit code says whether it found something, so that a failure is told by
    /// what it prints to standard error alone.
    pub(crate) fn report(&self, directory: &Path) -> Outcome<Vec<u8>> {
        let output =
            Command::new(&self.program).args(&self.args).current_dir(directory).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        if !told.is_empty() {
            return Err(format!("{} in {}: {told}", self.name, directory.display()).into());
        }
        Ok(output.stdout)
    }

    /// How long it takes, from its start to its end.
    pub(crate) fn time(&self, directory: &Path) -> Outcome<Duration> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        command.status()?;
        Ok(start.elapsed())
    }

    /// The most memory that it has at a time, in KiB: `ru_maxrss`, as GNU time tells it.
    pub(crate) fn memory(&self, directory: &Path) -> Outcome<u64> {
        let mut command = Command::new("/usr/bin/time");
        command.args(["--quiet", "--format=%M"]).arg(&self.program).args(&self.args);
        let output = command.current_dir(directory).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        Ok(told.lines().last().unwrap_or_default().parse()?)
    }
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Writes files below a directory, and makes that a Git repository, which is where a check begins.
pub(crate) fn write(directory: &Path, files: &BTreeMap<String, String>) -> Outcome<()> {
    for (path, content) in files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().ok_or("a file is in a directory")?)?;
        fs::write(path, content)?;
    }
    git(directory, &["init", "--quiet"])
}

/// Runs Git in a directory.
pub(crate) fn git(directory: &Path, args: &[&str]) -> Outcome<()> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"]).args(args);
    match command.current_dir(directory).status()?.success() {
        true => Ok(()),
        false => Err(format!("git {} failed", args.join(" ")).into()),
    }
}
