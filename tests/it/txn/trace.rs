//! The system calls of a run, as `strace` tells them, and faults put into them.
//!
//! A recording names each call by its name and by how many of that name the main thread has made up to then,
//! which is how `strace` is told where to put a fault in. Its lines look like this, with `-y`:
//!
//! ```text
//! openat(AT_FDCWD</tmp/r/work>, "/tmp/r/work/.git/keywright/lock", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3</tmp/…>
//! fsync(4</tmp/r/work/.git/keywright/staged-0>) = 0
//! ```
//!
//! Other threads are not followed. `--seccomp-bpf` would make runs a little faster, but then `strace` 6.1 puts in
//! errors only and no signals.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::CpuSet;

use crate::sandbox::{Outcome, Run, Sandbox};

/// The program under test.
pub(crate) const KEYWRIGHT: &str = env!("CARGO_BIN_EXE_keywright");

/// A system call of the main thread.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its name, for example `openat`.
    pub(super) name: String,
    /// How many calls of this name there have been, itself included.
    pub(super) number: usize,
    /// Its arguments as printed, with the paths of files behind descriptors.
    pub(super) arguments: String,
    /// What it returned as printed.
    pub(super) result: String,
}

impl Call {
    /// The first path it is about, be it given as such or by an open file.
    pub(super) fn path(&self) -> Option<&str> {
        self.paths().first().copied()
    }

    /// The paths it is given; for a call on an open file, the path of that.
    pub(super) fn paths(&self) -> Vec<&str> {
        let quoted: Vec<_> = self.arguments.split('"').skip(1).step_by(2).collect();
        let begins_with_file = self.arguments.starts_with(|first: char| first.is_ascii_digit());
        // What is quoted in the arguments of a call on an open file is content, or empty.
        if !begins_with_file || quoted.first().is_some_and(|path| path.starts_with('/')) {
            return quoted;
        }
        let file = self.arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        file.into_iter().map(|(path, _)| path).collect()
    }

    /// Whether it did what it was asked for.
    pub(super) fn worked(&self) -> bool {
        !self.result.starts_with("-1") && !self.result.starts_with('?')
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.number)
    }
}

/// What is put into a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// The call does nothing and fails with this error.
    Error(&'static str),
    /// This signal arrives as the call begins.
    Signal(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Fault::Error(name) | Fault::Signal(name)) = self;
        f.write_str(name)
    }
}

/// Records what `keywright` with these arguments asks of the system.
pub(super) fn record(sandbox: &Sandbox, args: &[&str], input: &[u8]) -> Vec<Call> {
    let log = sandbox.home().join("recording");
    strace(sandbox, &log).arg(KEYWRIGHT).args(args).stdin(input).go().success();
    parse(&std::fs::read_to_string(&log).unwrap())
}

/// Runs `keywright` with a fault in one call. The call must be the one that was recorded: it bears the same path,
/// in another sandbox of the same depth.
pub(super) fn inject<'a>(
    sandbox: &'a Sandbox,
    args: &[&str],
    input: &[u8],
    call: &Call,
    fault: Fault,
) -> Outcome<'a> {
    let log = sandbox.home().join("injection");
    let what = match fault {
        Fault::Error(error) => format!("error={error}"),
        Fault::Signal(signal) => format!("signal={signal}"),
    };
    let Call { name, number, .. } = call;
    let run = strace(sandbox, &log).arg(format!("--trace={name}"));
    let run = run.arg(format!("--inject={name}:{what}:when={number}"));
    let outcome = run.arg(KEYWRIGHT).args(args).stdin(input).go();
    let text = std::fs::read_to_string(&log).unwrap();
    let met = parse(&text).into_iter().nth(number - 1);
    let met = met.unwrap_or_else(|| panic!("{call} {fault} did not happen"));
    // Below the sandbox, whose name is random; outside of it are standard streams, which are files without a name.
    // Digits may be the process, as in `.keywright-4711-0`.
    let tail = |call: &Call| {
        let below = call.path().and_then(|path| path.split_once("/keywright-"));
        below.map(|(_, path)| path[6..].replace(|c: char| c.is_ascii_digit(), ""))
    };
    let arrived = match fault {
        Fault::Error(_) => met.result.contains("INJECTED"),
        Fault::Signal(signal) => text.contains(signal),
    };
    // A path that a call would have returned is not there if it was killed before.
    let same = tail(&met) == tail(call) || met.path().is_none() && !met.worked();
    assert!(arrived && same, "{call:?} {fault} was met elsewhere: {met:?}");
    outcome
}

/// `strace`, ready to be given a program. On one processor the main thread of the program does all by itself, and
/// makes the same calls in the same order each time.
pub(crate) fn strace<'a>(sandbox: &'a Sandbox, log: &Path) -> Run<'a> {
    let allowed = rustix::thread::sched_getaffinity(None).unwrap();
    let allowed: Vec<_> = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect();
    // Sandboxes of threads that run side by side are on different processors.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let cpu = allowed[NEXT.fetch_add(1, Ordering::Relaxed) % allowed.len()];
    let run = sandbox.run("taskset").args(["-c", &cpu.to_string()]);
    // The program is not dumpable, for its secrets' sake; then only a superuser may read its memory, one of a user
    // namespace included.
    let superuser = rustix::process::geteuid().is_root();
    let run = if superuser { run } else { run.args(["unshare", "-r"]) };
    run.args(["strace", "-q", "-y", "-o"]).arg(log)
}

/// The calls in a log.
fn parse(log: &str) -> Vec<Call> {
    let mut numbers = HashMap::<&str, usize>::new();
    let calls = log.lines().filter_map(|line| {
        let (name, rest) = line.split_once('(')?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            // A signal, or the end of the process.
            return None;
        }
        let (arguments, result) = rest.rsplit_once(" = ").unwrap_or((rest, "?"));
        let number = numbers.entry(name).or_default();
        *number += 1;
        Some(Call {
            name: name.to_owned(),
            number: *number,
            arguments: arguments.trim_end().trim_end_matches(')').to_owned(),
            result: result.to_owned(),
        })
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_calls() {
        let calls = parse(
            "openat(AT_FDCWD</r>, \"/r/a\", O_RDWR|O_CREAT, 0666) = 3</r/a>\n\
             write(3</r/a>, \"x = (1) \\\"y\"..., 9)   = 9\n\
             rename(\"/r/a\", \"/r/b\") = -1 EIO (Input/output error) (INJECTED)\n\
             --- SIGTERM {si_signo=SIGTERM, si_code=SI_KERNEL} ---\n\
             newfstatat(3</r/a>, \"\", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0\n\
             openat(AT_FDCWD</r>, \"/r/c\", O_RDONLY) = ?\n\
             +++ killed by SIGKILL +++\n",
        );
        let shown: Vec<_> = calls
            .iter()
            .map(|call| format!("{call} {:?} {}", call.paths(), call.worked()))
            .collect();
        assert_eq!(
            shown,
            [
                "openat#1 [\"/r/a\"] true",
                "write#1 [\"/r/a\"] true",
                "rename#1 [\"/r/a\", \"/r/b\"] false",
                "newfstatat#1 [\"/r/a\"] true",
                "openat#2 [\"/r/c\"] false",
            ]
        );
        assert_eq!(calls[1].result, "9");
    }
}
