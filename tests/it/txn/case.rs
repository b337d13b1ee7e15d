//! A command whose calls are known, run with a fault in one of them, and what must be true afterwards.

use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use super::files::{Change, Files, holds_anywhere, leftovers};
use super::small::CANARY;
use super::trace::{Call, Fault, KEYWRIGHT, inject, record};
use crate::proof;
use crate::sandbox::{Outcome, Sandbox};

/// A command and the repository it runs in.
pub(super) struct Case {
    /// How it is called in the record of runs.
    name: &'static str,
    args: &'static [&'static str],
    input: &'static [u8],
    /// The state directory.
    state: &'static str,
    pub(super) change: Change,
    /// The calls in question.
    pub(super) calls: Vec<Call>,
}

impl Case {
    /// Runs the command undisturbed in a copy of a repository, to know its calls and its result.
    pub(super) fn new(
        name: &'static str,
        args: &'static [&'static str],
        input: &'static [u8],
        original: &Sandbox,
    ) -> Case {
        let state = if original.path(".git").exists() { ".git/keywright" } else { ".keywright" };
        let old = Files::of(&original.work());
        let sandbox = copy(&old, state);
        settle(&sandbox, state);
        let calls = record(&sandbox, args, input);
        let new = Files::of(&sandbox.work());
        assert!(!old.changed(&new).is_empty(), "{name} changes nothing");
        let lock = format!("{state}/lock");
        let locked = |call: &Call| call.name.starts_with("open") && is_at(call, &lock);
        let from = calls.iter().position(locked).expect("the lock is opened");
        let calls = calls[from..].to_vec();
        let change = Change { old, new, exact: args[0] == "decrypt" };
        Case { name, args, input, state, change, calls }
    }

    /// The same from where it begins to write. Until then it holds the lock, reads and computes.
    pub(super) fn writing(mut self) -> Case {
        let begun = self.first(|call| call.arguments.contains("O_EXCL") && call.worked());
        self.calls.drain(..begun);
        self
    }

    /// The index of the first call that satisfies a condition.
    fn first(&self, condition: impl Fn(&Call) -> bool) -> usize {
        self.calls.iter().position(condition).expect("a commit has this call")
    }

    /// Runs it once with a fault; an error says what is wrong with how it went.
    fn run(&self, sandbox: &Sandbox, index: usize, fault: Fault) -> Result<(), String> {
        let call = &self.calls[index];
        settle(sandbox, self.state);
        let outcome = inject(sandbox, self.args, self.input, call, fault);
        let (work, state) = (sandbox.work(), sandbox.path(self.state));
        let direct = self.change.outcome(&work);
        let left = leftovers(&state);
        let recovered = sandbox.run(KEYWRIGHT).args(["recover"]).go();
        let after = self.change.outcome(&work);
        let point = format!("{} {call} {fault}", self.name);
        proof::record("faults", after, &point);

        let killed = outcome.status.signal() == Some(9);
        let told = self.verdict(&outcome, index, fault);
        let mut wrong = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(what.to_owned());
            }
        };
        must(after != "mixed", "the files are a mixture");
        must(
            told.is_some_and(|told| told.after.contains(&after)),
            "the end and the files disagree",
        );
        must(
            told.is_some_and(|told| !told.at_once || direct == after),
            "recovery had to change files",
        );
        must(told.is_some_and(|told| !told.at_once) || left.is_empty(), "something is left");
        must(!outcome.stderr().contains("panicked"), "it panicked");
        must(
            recovered.status.success() && recovered.stdout().lines().count() == 1,
            "recovery failed",
        );
        must(leftovers(&state).is_empty(), "something is left after recovery");
        if after == "old" {
            must(holds_anywhere(sandbox, CANARY).is_none(), "plain text is left");
            let git = sandbox.path(".git").exists();
            must(!git || sandbox.git_status().is_empty(), "Git sees a change");
        }
        self.change.old.restore(&work);
        if state.exists() {
            fs::remove_dir_all(&state).unwrap();
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{point} at {}: {} ({direct}, then {after}; killed: {killed}; left: {left:?})\n{}\n{}\nrecovery: {} {}{}",
            call.path().unwrap_or_default(),
            wrong.join(", "),
            outcome.status,
            outcome.stderr(),
            recovered.status,
            recovered.stdout(),
            recovered.stderr(),
        ))
    }

    /// What the end of a run promises about the files; `None`: it must not end like this.
    fn verdict(&self, outcome: &Outcome<'_>, index: usize, fault: Fault) -> Option<Promise> {
        let journal = format!("{}/journal", self.state);
        let begun = self.first(|call| call.arguments.contains("O_EXCL") && call.worked());
        let decided = self.first(|call| is_rename_to(call, &journal));
        let over = self.first(|call| call.name.starts_with("unlink") && is_at(call, &journal));
        let at_once = |after| Some(Promise { after, at_once: true });
        let signal = matches!(fault, Fault::Signal(_));
        let unfinished =
            "the change has begun but is not finished; the next command will go on with it";
        match (outcome.status.code(), outcome.status.signal()) {
            (_, Some(9)) if fault == Fault::Signal("SIGKILL") => {
                Some(Promise { after: &["old", "new"], at_once: false })
            }
            // A signal cannot stop what is decided, and the program does not call a stopped change done.
            (Some(0), _) => {
                (!signal || index >= decided).then_some(()).and_then(|()| at_once(&["new"]))
            }
            (Some(130), _) if signal && index <= over => at_once(&["old"]),
            (None, Some(_)) if signal && index <= begun => at_once(&["old"]),
            (None, Some(_)) if signal && index >= over => at_once(&["new"]),
            (Some(2), _) if !signal && outcome.stderr().contains(unfinished) => {
                Some(Promise { after: &["new"], at_once: false })
            }
            (Some(2), _) if !signal => at_once(&["old"]),
            _ => None,
        }
    }

    /// Tries the points on all processors.
    #[track_caller]
    pub(super) fn survives(&self, points: &[(usize, Fault)]) {
        let next = AtomicUsize::new(0);
        let wrong = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| {
                    let sandbox = copy(&self.change.old, self.state);
                    while let Some((index, fault)) =
                        points.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        if let Err(problem) = self.run(&sandbox, *index, *fault) {
                            wrong.lock().unwrap().push(problem);
                        }
                    }
                });
            }
        });
        let wrong = wrong.into_inner().unwrap();
        let shown = &wrong[..wrong.len().min(20)];
        assert!(
            wrong.is_empty(),
            "{} of {} points:\n{}",
            wrong.len(),
            points.len(),
            shown.join("\n")
        );
        assert!(points.len() > self.calls.len() / 2, "{} points", points.len());
    }
}

/// What the end of a run promises.
#[derive(Clone, Copy)]
struct Promise {
    /// The outcomes that agree with it.
    after: &'static [&'static str],
    /// Whether recovery must find nothing to do.
    at_once: bool,
}

fn is_at(call: &Call, end: &str) -> bool {
    call.path().is_some_and(|path| path.ends_with(end))
}

fn is_rename_to(call: &Call, end: &str) -> bool {
    call.name.starts_with("rename") && call.paths().last().is_some_and(|path| path.ends_with(end))
}

/// A repository with these files, and with Git if that has the state directory.
fn copy(files: &Files, state: &str) -> Sandbox {
    let sandbox = Sandbox::in_memory();
    sandbox.install_identity();
    files.restore(&sandbox.work());
    if state.starts_with(".git") {
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("old");
    }
    sandbox
}

/// Makes it look as if the last commit were long ago. After a recent one a reader looks twice, and that would be more
/// calls than are recorded.
fn settle(sandbox: &Sandbox, state: &str) {
    let path = sandbox.path(state);
    let directory = fs::File::open(path.parent().expect("it is below the root")).unwrap();
    directory.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
}
