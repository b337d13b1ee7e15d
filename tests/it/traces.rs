//! No value of a Secret leaves the process while `secret new`, `set`, `ensure` and `rotate` run: `strace` sees what they
//! write and start, and at a question it is looked where a value could be in memory. Nor after a crash.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::decrypted;
use crate::sandbox::{Outcome, Run, Sandbox};
use crate::secret_new::GRAFANA;
use crate::terminal::Terminal;
use crate::txn::trace::{KEYWRIGHT, strace};

const CANARY: &str = "s3cr3tCanaryOfTraces";

/// The calls by which bytes leave a process, other than by `mmap`; a `?` lets `strace` leave out one that it does not know.
const LEAVING: &str = "execve,?execveat,write,writev,pwrite64,pwritev,?pwritev2,sendto,sendmsg,?sendmmsg,\
                       splice,tee,vmsplice,sendfile,copy_file_range,memfd_create,mmap";

/// `keywright` with some arguments under `strace`, which writes down in full what it, its threads and its children give
/// away. The log is below the home directory, so that [`Sandbox::assert_no_trace_of`] looks into it.
fn watched<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Run<'a> {
    let run = strace(sandbox, &log(sandbox)).args(["-f", "-v", "-s", "1048576"]);
    run.arg(format!("--trace={LEAVING}")).arg(KEYWRIGHT).args(args)
}

fn log(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("strace.log")
}

/// The log of a run that wrote encrypted values: all of them passed by.
#[track_caller]
fn assert_watched(sandbox: &Sandbox) {
    let log = fs::read_to_string(log(sandbox)).unwrap();
    let writes = log.lines().filter(|line| line.contains("write(") && line.contains("ENC[AES256"));
    assert!(writes.count() > 0, "no file was written\n{log}");
    assert!(log.contains("execve(\"/"), "no program was started");
    // What `strace` does not show the content of.
    for call in ["splice(", "tee(", "sendfile(", "copy_file_range(", "memfd_create("] {
        assert!(!log.contains(call), "{call}\n{log}");
    }
    let shared = |line: &&str| line.contains("PROT_WRITE") && line.contains("MAP_SHARED");
    assert_eq!(log.lines().find(shared), None);
}

/// `keywright secret` with some arguments, watched to its end; standard input has the canary.
#[track_caller]
fn run<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    let outcome = watched(sandbox, &[&["secret"], args].concat()).stdin(CANARY).go().success();
    assert_watched(sandbox);
    outcome
}

/// The values of a file of grafana, decrypted by the real sops.
fn values(sandbox: &Sandbox, file: &str, keys: &[&str]) -> Vec<String> {
    let file = format!("{GRAFANA}/{file}");
    keys.iter().map(|key| decrypted::current(sandbox, &file, key)).collect()
}

#[track_caller]
fn assert_no_trace(sandbox: &Sandbox, values: &[String]) {
    values.iter().for_each(|value| sandbox.assert_no_trace_of(value, &[]));
}

const RECIPE: &str = "secrets:\n  made:\n    app: grafana\n    keys:\n      A: {generate: 'alnum:40'}\n      \
                      B: {derive: 'bcrypt(A, cost=4)'}\n      C: {template: 'x://{A|url}@y'}\n";

#[test]
fn what_is_given_and_what_is_made_is_written_encrypted_alone() {
    let sandbox = Sandbox::nerv();
    let made =
        ["--set-stdin=K", "--generate=G", "--derive=H=hex(K)", "--template=T={G}:{K}", "--recipe"];
    run(&sandbox, &[&["new", "grafana", "--name", "given"], &made[..]].concat());
    let keys = ["K", "G", "H", "T"];
    let first = values(&sandbox, "given-secret.yaml", &keys);
    assert_eq!(first[0], CANARY);
    assert_no_trace(&sandbox, &first);

    run(&sandbox, &["set", "grafana", "GF_SECURITY_ADMIN_PASSWORD"]);
    assert_no_trace(&sandbox, &values(&sandbox, "secret.yaml", &["GF_SECURITY_ADMIN_PASSWORD"]));

    run(&sandbox, &["rotate", "given"]);
    let second = values(&sandbox, "given-secret.yaml", &keys);
    assert!(first[1] != second[1] && first[0] == second[0]);
    assert_no_trace(&sandbox, &[first, second].concat());

    sandbox.write("keywright.yaml", RECIPE);
    run(&sandbox, &["ensure", "--all"]);
    assert_no_trace(&sandbox, &values(&sandbox, "made-secret.yaml", &["A", "B", "C"]));
}

#[test]
#[should_panic(expected = "the canary is in home/strace.log")]
fn what_is_printed_is_seen_by_whoever_watches() {
    let sandbox = Sandbox::nerv();
    let get = ["secret", "get", "grafana", "GF_SECURITY_ADMIN_PASSWORD"];
    watched(&sandbox, &get).go().success().prints("TESTonlyGrafanaAdmin4d");
    sandbox.assert_no_trace_of("TESTonlyGrafanaAdmin4d", &[]);
}

/// File systems stamp files with a clock that goes in steps.
fn a_moment_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(1)
}

/// What other programs could find of a process that waits: the arguments and environments of all processes, and the
/// files in memory that are newer than a time. What goes away meanwhile is left out.
fn in_memory(since: SystemTime) -> Vec<(PathBuf, Vec<u8>)> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let processes = processes.filter(|entry| entry.file_name().to_str() != Some(&own));
    let told =
        processes.flat_map(|entry| ["cmdline", "environ"].map(|file| entry.path().join(file)));
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(' ')?.1.split_once(' ')?;
        let in_memory = kind.starts_with("tmpfs ") || kind.starts_with("ramfs ");
        (in_memory && !place.starts_with("/sys")).then(|| PathBuf::from(place))
    });
    let files = mounts.flat_map(|place| newer(&place, since));
    told.chain(files).filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}

/// The files below a directory that were changed after a time.
fn newer(directory: &Path, since: SystemTime) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => found.extend(newer(&entry.path(), since)),
            Ok(metadata)
                if metadata.is_file() && metadata.modified().is_ok_and(|at| at >= since) =>
            {
                found.push(entry.path());
            }
            _ => {}
        }
    }
    found
}

#[track_caller]
fn assert_not_in(found: &[(PathBuf, Vec<u8>)], value: &str) {
    let holds = |bytes: &Vec<u8>| bytes.windows(value.len()).any(|part| part == value.as_bytes());
    let holder = found.iter().find(|(_, bytes)| holds(bytes));
    assert!(holder.is_none(), "a value is in {}", holder.unwrap().0.display());
}

/// Runs a command at a terminal, types the canary where it is asked for, and gives what could be found in memory while
/// the plan was shown.
#[track_caller]
fn at_the_plan(sandbox: &Sandbox, args: &[&str], key: Option<&str>) -> Vec<(PathBuf, Vec<u8>)> {
    let since = a_moment_ago();
    let run = watched(sandbox, &[&["secret"], args].concat());
    let mut terminal = Terminal::spawn(&run, 100, 60);
    for question in
        key.iter().flat_map(|key| [format!("{key} (hidden): "), format!("{key} once more: ")])
    {
        terminal.expect_hidden(&question);
        terminal.send_line(CANARY);
    }
    terminal.expect("Write these changes?");
    let found = in_memory(since);
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert_watched(sandbox);
    found
}

#[test]
fn while_a_plan_is_shown_no_value_is_in_files_in_memory_nor_told_of_a_process() {
    let sandbox = Sandbox::nerv();
    sandbox.write("keywright.yaml", RECIPE);
    let keys = ["A", "B", "C"];
    let new = [
        "new",
        "grafana",
        "--name",
        "typed",
        "--set-stdin",
        "K",
        "--template",
        "T=x{K}",
        "--generate",
        "G",
    ];
    let found = at_the_plan(&sandbox, &new, Some("K"));
    let typed = values(&sandbox, "typed-secret.yaml", &["K", "T", "G"]);
    assert_eq!(typed[0], CANARY);
    typed.iter().for_each(|value| assert_not_in(&found, value));
    assert_no_trace(&sandbox, &typed);

    let found = at_the_plan(&sandbox, &["set", "typed", "G"], Some("G"));
    assert_not_in(&found, CANARY);
    assert_no_trace(&sandbox, &typed);

    let found = at_the_plan(&sandbox, &["ensure", "made"], None);
    let first = values(&sandbox, "made-secret.yaml", &keys);
    first.iter().for_each(|value| assert_not_in(&found, value));
    let found = at_the_plan(&sandbox, &["rotate", "made"], None);
    let second = values(&sandbox, "made-secret.yaml", &keys);
    let both = [first, second].concat();
    both.iter().for_each(|value| assert_not_in(&found, value));
    assert_no_trace(&sandbox, &both);
}

#[test]
fn a_file_in_memory_and_an_argument_are_found() {
    let since = a_moment_ago();
    let sandbox = Sandbox::in_memory();
    sandbox.write("x", "TESTonlyInMemory");
    let mut child = sandbox.run("sleep").args(["60"]).env("X", "TESTonlyTold").command();
    let mut child = child.spawn().unwrap();
    let found = in_memory(since);
    let holds =
        |bytes: &[u8], value: &str| bytes.windows(value.len()).any(|part| part == value.as_bytes());
    // Where there is no file system in memory, there is nothing to be found in one.
    let has_memory = sandbox.work().starts_with("/dev/shm");
    assert_eq!(found.iter().any(|(_, bytes)| holds(bytes, "TESTonlyInMemory")), has_memory);
    assert!(found.iter().any(|(_, bytes)| holds(bytes, "TESTonlyTold")));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The core files of a sandbox, where the system writes them into the working directory.
fn cores(sandbox: &Sandbox) -> usize {
    let names = fs::read_dir(sandbox.work()).unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().starts_with("core")).count()
}

#[test]
fn a_crash_behind_a_typed_value_leaves_no_core_file() {
    const UNLIMITED: &str = "ulimit -c unlimited";
    // What a SIGSEGV from outside does is not what a fault does: the standard library takes it, for stack overflows.
    for (signal, number) in [("ABRT", 6), ("ILL", 4)] {
        let sandbox = Sandbox::nerv();
        let script = format!(
            "{UNLIMITED}; exec {KEYWRIGHT} secret new grafana --name x --set-stdin K --template T={{K}}"
        );
        let run = sandbox.run("sh").args(["-c", &script]);
        let mut terminal = Terminal::spawn(&run, 100, 60);
        terminal.expect_hidden("K (hidden): ");
        terminal.send_line(CANARY);
        terminal.expect_hidden("K once more: ");
        terminal.send_line(CANARY);
        terminal.expect("Write these changes?");
        let limits = fs::read_to_string(format!("/proc/{}/limits", terminal.process())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let columns: Vec<&str> = core.split_whitespace().collect();
        assert_eq!(columns[4], "0", "{core}");
        let kill = ["-s", signal, &terminal.process().to_string()];
        sandbox.run("kill").args(kill).go().success();
        let (code, shown) = terminal.finish();
        assert_eq!(code, 128 + number, "{shown}");
        assert_eq!((cores(&sandbox), sandbox.git_status().as_str()), (0, ""));
        sandbox.assert_no_trace_of(CANARY, &[]);
    }
    // Any other program leaves one, at least where it is to be found here.
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let may = rustix::process::getrlimit(rustix::process::Resource::Core).maximum.is_none();
    if pattern.starts_with("core") && may {
        let sandbox = Sandbox::new();
        let script = format!("{UNLIMITED}; kill -s ABRT $$");
        sandbox.run("sh").args(["-c", &script]).go();
        assert_eq!(cores(&sandbox), 1);
    }
}
