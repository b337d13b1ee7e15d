//! A fault in every system call of a commit, from outside: the real program under `strace`.
//!
//! A recording gives the calls of the main thread from the opening of the lock to the end of the process. Each is
//! met by every error and every signal; then `keywright recover` is run without a fault. What is left must be the
//! old files or the new ones, and the exit code must have told which. Each run is a line in
//! `target/proof/faults.log`.
//!
//! That is what happens to one command. Of the others, which are there for other kinds of changes, each call from
//! the first write on meets one error and SIGKILL, or SIGKILL alone.

use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use super::files::{Change, Files, holds_anywhere, leftovers};
use super::trace::{Call, Fault, KEYWRIGHT, inject, record};
use crate::proof;
use crate::sandbox::{Outcome, Sandbox};

/// Calls that reach the disk or another process: they can fail for want of space, rights or luck.
const REACHING_OUT: &[&str] = &[
    "access",
    "faccessat",
    "faccessat2",
    "fchmod",
    "fchown",
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "getdents64",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "pread64",
    "read",
    "readlink",
    "readlinkat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "stat",
    "statx",
    "unlink",
    "unlinkat",
    "write",
];

/// Calls that only change what the process knows. They fail for no reason outside of the program, so a fault in
/// them would be an invention; but a signal can come at any of them.
const INSIDE: &[&str] = &["close", "fcntl", "getcwd", "ioctl", "lseek"];

/// Calls for memory, threads, signals and time. How many there are depends on the allocator and on the other
/// threads, so that their numbers are not the same twice; and the moment between two calls that reach out is
/// the same to a signal wherever in between it is. `exit_group` is here because no signal arrives during it.
const UNSTEADY: &[&str] = &[
    "brk",
    "clock_nanosleep",
    "clone",
    "clone3",
    "exit_group",
    "futex",
    "getpid",
    "getrandom",
    "gettid",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "nanosleep",
    "prctl",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
    "tgkill",
];

const ERRORS: [Fault; 5] = [
    Fault::Error("ENOSPC"),
    Fault::Error("EIO"),
    Fault::Error("EACCES"),
    Fault::Error("EROFS"),
    Fault::Error("EINTR"),
];
const SIGNALS: [Fault; 3] =
    [Fault::Signal("SIGKILL"), Fault::Signal("SIGTERM"), Fault::Signal("SIGINT")];

/// In every encrypted value of the small repository.
const CANARY: &str = "TESTonlyCanary7f31";

/// A command and the repository it runs in.
struct Case {
    /// How it is called in the record of runs.
    name: &'static str,
    args: &'static [&'static str],
    input: &'static [u8],
    /// The state directory.
    state: &'static str,
    change: Change,
    /// The calls in question.
    calls: Vec<Call>,
}

impl Case {
    /// Runs the command undisturbed, to know its calls and its result.
    fn new(
        name: &'static str,
        args: &'static [&'static str],
        input: &'static [u8],
        sandbox: &Sandbox,
    ) -> Case {
        let state = if sandbox.path(".git").exists() { ".git/keywright" } else { ".keywright" };
        let old = Files::of(&sandbox.work());
        settle(sandbox, state);
        let calls = record(sandbox, args, input);
        let new = Files::of(&sandbox.work());
        assert!(!old.changed(&new).is_empty(), "{name} changes nothing");
        old.restore(&sandbox.work());
        let lock = format!("{state}/lock");
        let locked = |call: &Call| call.name.starts_with("open") && is_at(call, &lock);
        let from = calls.iter().position(locked).expect("the lock is opened");
        let calls = calls[from..].to_vec();
        let change = Change { old, new, exact: args[0] == "decrypt" };
        Case { name, args, input, state, change, calls }
    }

    /// The same from where it begins to write. Until then it holds the lock, reads and computes.
    fn writing(mut self) -> Case {
        let begun = self.first(|call| call.arguments.contains("O_EXCL") && call.worked());
        self.calls.drain(..begun);
        self
    }

    /// A repository in the old state.
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        self.change.old.restore(&sandbox.work());
        if self.state.starts_with(".git") {
            sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
            sandbox.commit_all("old");
        }
        sandbox
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

    /// Every call with its faults.
    fn points(&self, errors: &[Fault], signals: &[Fault]) -> Vec<(usize, Fault)> {
        let mut points = Vec::new();
        for (index, call) in self.calls.iter().enumerate() {
            let name = call.name.as_str();
            if REACHING_OUT.contains(&name) {
                points.extend(errors.iter().map(|fault| (index, *fault)));
            } else if UNSTEADY.contains(&name) {
                continue;
            } else {
                assert!(INSIDE.contains(&name), "say which faults `{name}` can meet");
            }
            points.extend(signals.iter().map(|fault| (index, *fault)));
        }
        points
    }

    /// Tries the points on all processors.
    #[track_caller]
    fn survives(&self, points: &[(usize, Fault)]) {
        let next = AtomicUsize::new(0);
        let wrong = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| {
                    let sandbox = self.sandbox();
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

/// Makes it look as if the last commit were long ago. After a recent one a reader looks twice, and that would be more
/// calls than are recorded.
fn settle(sandbox: &Sandbox, state: &str) {
    let path = sandbox.path(state);
    let directory = fs::File::open(path.parent().expect("it is below the root")).unwrap();
    directory.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
}

/// Two encrypted files, of which the second is nobody else's, and an app of Flux.
pub(super) fn small_repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let recipient = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    sandbox.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - age: {recipient}\n    encrypted_regex: ^(stringData|password)$\n"
        ),
    );
    for name in ["a.yaml", "b.yaml", "kept.yaml"] {
        sandbox.write(name, format!("about: {name}\npassword: {CANARY}\n"));
    }
    sandbox.run(KEYWRIGHT).args(["encrypt", "-i", "a.yaml", "b.yaml", "kept.yaml"]).go().success();
    sandbox.run("chmod").args(["600", "b.yaml"]).go().success();
    sandbox.write(
        "shop/ks.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: shop\n  \
         namespace: flux-system\nspec:\n  targetNamespace: apps\n  path: ./shop/app\n  prune: true\n  \
         sourceRef:\n    kind: GitRepository\n    name: flux-system\n  interval: 30m\n",
    );
    sandbox.write(
        "shop/app/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - config.yaml\n",
    );
    sandbox.write(
        "shop/app/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config\n  namespace: apps\n",
    );
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("old");
    sandbox
}

/// The same files without Git.
pub(super) fn without_git() -> Sandbox {
    let sandbox = small_repository();
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox
}

/// Makes a new file.
pub(super) const NEW_FILE: &[&str] = &["decrypt", "--output", "plain.yaml", "a.yaml"];

/// Changed files and plain text: every fault.
#[test]
fn decrypting_two_files_survives_every_fault_at_every_call() {
    let args = &["decrypt", "-i", "a.yaml", "b.yaml"];
    let case = Case::new("decrypt -i", args, b"", &small_repository());
    case.survives(&case.points(&ERRORS, &SIGNALS));
}

/// A new file, plain text, and no Git: what is made beside the target is recorded before.
#[test]
fn a_new_file_without_git_survives_a_failure_and_a_kill_at_every_call() {
    let case = Case::new("decrypt --output", NEW_FILE, b"", &without_git()).writing();
    case.survives(&case.points(&ERRORS[1..2], &SIGNALS[..1]));
}

/// A new file and a changed one, encrypted.
#[test]
fn a_new_secret_survives_a_failure_and_a_kill_at_every_call() {
    let args = &["secret", "new", "shop", "--name", "extra", "--set-stdin", "TOKEN"];
    let case = Case::new("secret new", args, CANARY.as_bytes(), &small_repository()).writing();
    case.survives(&case.points(&ERRORS[1..2], &SIGNALS[..1]));
}

/// Six files, one of them new.
#[test]
fn a_database_survives_a_kill_at_every_call() {
    let args = &["db", "provision", "grafana"];
    let case = Case::new("db provision", args, b"", &Sandbox::nerv()).writing();
    assert_eq!(case.change.old.changed(&case.change.new).len(), 6);
    case.survives(&case.points(&[], &SIGNALS[..1]));
}
