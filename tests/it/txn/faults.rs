//! A fault in every system call of a commit, from outside: the real program under `strace`.
//!
//! A recording gives the calls of the main thread from the opening of the lock to the end of the process. Each is
//! met by every error and every signal; then `keywright recover` is run without a fault. What is left must be the
//! old files or the new ones, and the exit code must have told which. Each run is a line in
//! `target/proof/faults.log`.
//!
//! That is what happens to one command. Of the others, which are there for other kinds of changes, each call from
//! the first write on meets one error and SIGKILL, or SIGKILL alone.

use super::case::Case;
use super::small::{CANARY, NEW_FILE, small_repository, without_git};
use super::trace::Fault;
use crate::sandbox::Sandbox;

/// Calls that reach the disk or another process: they can fail for want of space, rights or luck.
const REACHING_OUT: &str = "\
    access faccessat faccessat2 fchmod fchown fdatasync flock fsync ftruncate getdents64 mkdir mkdirat \
    newfstatat open openat pread64 read readlink readlinkat rename renameat renameat2 rmdir stat statx \
    unlink unlinkat write";

/// Calls that only change what the process knows. They fail for no reason outside of the program, so a fault in
/// them would be an invention; but a signal can come at any of them.
const INSIDE: &str = "close fcntl getcwd ioctl lseek";

/// Calls for memory, threads, signals and time. How many there are depends on the allocator and on the other
/// threads, so that their numbers are not the same twice; and the moment between two calls that reach out is
/// the same to a signal wherever in between it is. `exit_group` is here because no signal arrives during it.
const UNSTEADY: &str = "\
    brk clock_nanosleep clone clone3 exit_group futex getpid getrandom gettid madvise mmap mprotect \
    mremap munmap nanosleep prctl restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn \
    sched_getaffinity sched_yield set_robust_list sigaltstack tgkill";

const ERRORS: [Fault; 5] = [
    Fault::Error("ENOSPC"),
    Fault::Error("EIO"),
    Fault::Error("EACCES"),
    Fault::Error("EROFS"),
    Fault::Error("EINTR"),
];
const SIGNALS: [Fault; 3] =
    [Fault::Signal("SIGKILL"), Fault::Signal("SIGTERM"), Fault::Signal("SIGINT")];

/// Every call with its faults.
fn points(case: &Case, errors: &[Fault], signals: &[Fault]) -> Vec<(usize, Fault)> {
    let mut points = Vec::new();
    for (index, call) in case.calls.iter().enumerate() {
        let name = call.name.as_str();
        // The kernel's word on processors and signals. It lies on no disk, how much of it there is differs from
        // machine to machine, and to a signal it is the same moment as the next call.
        let of_kernel = |path: &str| path.starts_with("/proc/") || path.starts_with("/sys/");
        if call.path().is_some_and(of_kernel) {
            continue;
        }
        let is_one_of = |names: &str| names.split_whitespace().any(|known| known == name);
        if is_one_of(REACHING_OUT) {
            points.extend(errors.iter().map(|fault| (index, *fault)));
        } else if is_one_of(UNSTEADY) {
            continue;
        } else {
            assert!(is_one_of(INSIDE), "say which faults `{name}` can meet");
        }
        points.extend(signals.iter().map(|fault| (index, *fault)));
    }
    points
}

/// Changed files and plain text: every fault.
#[test]
fn decrypting_two_files_survives_every_fault_at_every_call() {
    let args = &["decrypt", "-i", "a.yaml", "b.yaml"];
    let case = Case::new("decrypt -i", args, b"", &small_repository());
    case.survives(&points(&case, &ERRORS, &SIGNALS));
}

/// A new file, plain text, and no Git: what is made beside the target is recorded before.
#[test]
fn a_new_file_without_git_survives_a_failure_and_a_kill_at_every_call() {
    let case = Case::new("decrypt --output", NEW_FILE, b"", &without_git()).writing();
    case.survives(&points(&case, &ERRORS[1..2], &SIGNALS[..1]));
}

/// A new file and a changed one, encrypted.
#[test]
fn a_new_secret_survives_a_failure_and_a_kill_at_every_call() {
    let args = &["secret", "new", "shop", "--name", "extra", "--set-stdin", "TOKEN"];
    let case = Case::new("secret new", args, CANARY.as_bytes(), &small_repository()).writing();
    case.survives(&points(&case, &ERRORS[1..2], &SIGNALS[..1]));
}

/// Six files, one of them new.
#[test]
fn a_database_survives_a_kill_at_every_call() {
    let args = &["db", "provision", "grafana"];
    let case = Case::new("db provision", args, b"", &Sandbox::nerv()).writing();
    assert_eq!(case.change.old.changed(&case.change.new).len(), 6);
    case.survives(&points(&case, &[], &SIGNALS[..1]));
}
