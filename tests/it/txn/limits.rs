//! Real limits: no space, no inodes, no right to write, no larger files, long names, many files.
//!
//! Small file systems are mounted in a namespace of the test's own, where every user is root; they are gone with it.
//! What a run left is copied out of it before.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::files::{Change, Files, leftovers};
use super::small::small_repository;
use super::trace::{KEYWRIGHT, record};
use super::{CHANGED, SECRET, stop_after};
use crate::proof;
use crate::sandbox::{Outcome, Run, Sandbox};

const DECRYPT: &[&str] = &["decrypt", "-i", "a.yaml", "b.yaml"];

/// A script in a mount namespace, with the program as `$0`.
pub(super) fn apart<'a>(sandbox: &'a Sandbox, script: &str) -> Run<'a> {
    sandbox.run("unshare").args(["-rm", "bash", "-euc", script, KEYWRIGHT])
}

/// The states before and after [`DECRYPT`].
pub(super) fn decryption(sandbox: &Sandbox) -> Change {
    let old = Files::of(&sandbox.work());
    sandbox.run(KEYWRIGHT).args(DECRYPT).go().success();
    let new = Files::of(&sandbox.work());
    old.restore(&sandbox.work());
    Change { old, new, exact: true }
}

/// Copies the repository to a small file system for each of some levels, runs the command there, and keeps what came
/// of it in `../results/LEVEL/`: `work`, `code`, `told`.
const LEVELS: &str = r#"
    mkdir ../disk ../results
    mount -t tmpfs -o size=4m,nr_inodes=2000 none ../disk
    for level in $LEVELS; do
        cp -a . ../disk/work
        limit "$level"
        code=0
        (cd ../disk/work && "$0" decrypt -i a.yaml b.yaml) 2> ../told || code=$?
        lift
        mkdir "../results/$level"
        mv ../disk/work ../told "../results/$level/"
        echo "$code" > "../results/$level/code"
    done"#;

/// Runs [`DECRYPT`] at each level of a limit. Returns what the refusals named, from low levels to high ones.
#[track_caller]
fn refusals_by_level(limit: &str, levels: &[&str], reason: &str) -> Vec<String> {
    let sandbox = small_repository();
    let change = decryption(&sandbox);
    let script = format!("{limit}\n{LEVELS}");
    apart(&sandbox, &script).env("LEVELS", levels.join(" ")).go().success();
    let mut named = Vec::new();
    for level in levels {
        let result = sandbox.work().with_file_name("results").join(level);
        let read = |name: &str| fs::read_to_string(result.join(name)).unwrap();
        let (code, told) = (read("code"), read("told"));
        let work = result.join("work");
        let outcome = change.outcome(&work);
        proof::record("faults", outcome, &format!("decrypt -i {reason} {level}"));
        assert_eq!(leftovers(&work.join(".git/keywright")), [""; 0], "level {level}: {told}");
        match code.trim() {
            "0" => assert_eq!(outcome, "new", "level {level}: {told}"),
            "2" => {
                assert_eq!(outcome, "old", "level {level}: {told}");
                assert!(told.contains(reason), "level {level}: {told}");
                let path = told.split(": ").nth(1).unwrap_or_default();
                named.push(Path::new(path).file_name().unwrap().to_string_lossy().into_owned());
            }
            code => panic!("level {level}: {code} {told}"),
        }
    }
    assert!(named.len() < levels.len(), "the highest level is enough");
    named
}

#[test]
fn a_full_disk_is_named_and_changes_nothing_wherever_it_is_noticed() {
    // Space is given in pages, usually of 4 KiB; each file takes one.
    let limit = r#"
        limit() {
            free=$(df --output=avail --block-size=1 ../disk | tail -n 1)
            head -c $((free - $1 * $(getconf PAGESIZE))) /dev/zero > ../disk/ballast
        }
        lift() { rm ../disk/ballast; }"#;
    let named = refusals_by_level(limit, &["0", "1", "2", "3", "4", "5"], "o space left on device");
    assert_eq!(named, ["lock", "staged-0", "staged-1", "journal.new"]);
}

#[test]
fn a_disk_without_inodes_is_named_and_changes_nothing_wherever_it_is_noticed() {
    let limit = r#"
        limit() {
            used=$(df --output=iused ../disk | tail -n 1)
            mount -t tmpfs -o "remount,nr_inodes=$((used + $1))" none ../disk
        }
        lift() { mount -t tmpfs -o remount,nr_inodes=2000 none ../disk; }"#;
    let levels = ["0", "1", "2", "3", "4", "5", "6"];
    let named = refusals_by_level(limit, &levels, "o space left on device");
    assert_eq!(named, ["keywright", "lock", "staged-0", "staged-1", "journal.new"]);
}

/// Runs the program on a copy of the repository that was mounted anew without the right to write.
fn read_only<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Outcome<'a> {
    let script = r#"
        mkdir -p ../disk
        mount -t tmpfs none ../disk
        cp -a . ../disk/work
        mount -t tmpfs -o remount,ro none ../disk
        cd ../disk/work
        exec "$0" "$@""#;
    apart(sandbox, script).args(args).go()
}

#[test]
fn a_read_only_disk_is_read_and_not_written() {
    let sandbox = small_repository();
    read_only(&sandbox, &["decrypt", "kept.yaml"]).success().prints("about: kept.yaml");
    let outcome = read_only(&sandbox, DECRYPT).code(2);
    outcome.complains("/disk/work/").complains("ead-only file system");
}

#[test]
fn a_reader_that_cannot_finish_a_change_says_so() {
    let half_way = |steps| {
        let sandbox = Sandbox::nerv();
        let old = sandbox.read(CHANGED);
        stop_after(steps, &sandbox);
        (sandbox.read(CHANGED) != old).then_some(sandbox)
    };
    let sandbox = (0..30).find_map(half_way).expect("a file is replaced");
    for args in [&["decrypt", SECRET][..], &["check"]] {
        let outcome = read_only(&sandbox, args).code(2);
        assert_eq!(outcome.stdout(), "", "{}", outcome.describe());
        outcome
            .complains(".git/keywright")
            .complains("interrupted")
            .complains("ead-only file system");
    }
    let writer = read_only(&sandbox, &["decrypt", "-i", SECRET]).code(2);
    writer.complains(".git/keywright").complains("ead-only file system");
    // Where it can be finished, it is.
    sandbox.keywright(["decrypt", SECRET]).go().success().complains("interrupted change");
}

/// By how many bytes the lengths of records differ: they contain process numbers and times.
const VARYING: u64 = 20;

#[test]
fn a_limit_of_file_sizes_is_an_error_like_any_other() {
    let sandbox = small_repository();
    let change = decryption(&sandbox);
    let calls = record(&sandbox, DECRYPT, b"");
    change.old.restore(&sandbox.work());
    let ours = |path: &str| path.contains("/.git/keywright/");
    let writes = calls.iter().filter(|call| call.name == "write" && call.path().is_some_and(ours));
    let written: BTreeSet<u64> = writes.map(|call| call.result.parse().unwrap()).collect();
    let largest = *written.last().unwrap();
    // One byte less leaves each file short by one; one or half a file are short writes as well.
    let around = |size: &u64| [0, 1, size / 2, size - 1, *size, size + 1, size + 2 * VARYING];
    let limits: BTreeSet<u64> = written.iter().flat_map(around).collect();
    assert!(written.len() > 2 && limits.len() > 10, "{written:?}");
    for limit in limits {
        // The pipe takes the message, which in a file would be cut off as well.
        let script = r#"prlimit --fsize="$LIMIT" -- "$0" decrypt -i a.yaml b.yaml 2>&1 | cat"#;
        let run = sandbox.run("bash").args(["-o", "pipefail", "-c", script, KEYWRIGHT]);
        let run = run.env("LIMIT", limit.to_string()).go();
        let outcome = change.outcome(&sandbox.work());
        proof::record("faults", outcome, &format!("decrypt -i largest file {limit}"));
        assert_eq!(leftovers(&sandbox.path(".git/keywright")), [""; 0], "{}", run.describe());
        if limit > largest + VARYING || limit + VARYING > largest && outcome == "new" {
            assert_eq!(outcome, "new", "{}", run.success().describe());
        } else {
            let run = run.code(2).prints("/.git/keywright/").prints("ile too large");
            assert_eq!(outcome, "old", "{}", run.describe());
        }
        change.old.restore(&sandbox.work());
    }
}

#[test]
fn the_longest_names_work() {
    let sandbox = small_repository();
    let folder = vec!["d".repeat(255); 12].join("/");
    let name = |letter: &str| format!("{folder}/{}.yaml", letter.repeat(250));
    let plain = "about: long\npassword: TESTonlyLong\n";
    sandbox.write(&name("f"), plain);
    sandbox.commit_all("long");
    sandbox.keywright(["encrypt", "-i", &name("f")]).go().success();
    assert!(sandbox.read(&name("f")).contains("ENC["));
    let new = format!("{folder}/{}", "n".repeat(255));
    sandbox.keywright(["decrypt", "--output", &new, &name("f")]).go().success();
    assert_eq!(sandbox.read(&new), plain);
    sandbox.keywright(["decrypt", "-i", &name("f")]).go().success();
    assert_eq!(sandbox.git_status(), format!("?? {new}\n"));
    // One byte more is the system's to refuse.
    let outcome =
        sandbox.keywright(["decrypt", "--output", &"x".repeat(256), "a.yaml"]).go().code(2);
    outcome.complains("ile name too long");
}

#[test]
fn a_thousand_files_are_one_transaction() {
    let sandbox = small_repository();
    for number in 0..1000 {
        let head = "apiVersion: v1\nkind: Secret\nmetadata:\n";
        let text = format!("{head}  name: s{number}\nstringData:\n  password: TESTonly{number}\n");
        sandbox.write(&format!("many/{}/{number}.yaml", number % 7), text);
    }
    sandbox.commit_all("many");
    let old = Files::of(&sandbox.work());
    sandbox.keywright(["encrypt", "-i", "-r", "many"]).go().success();
    assert_eq!(old.changed(&Files::of(&sandbox.work())).len(), 1000);
    let last = sandbox.read("many/5/999.yaml");
    // One that cannot be read stops all of them.
    sandbox.write("many/5/999.yaml", last.replacen("ENC[", "ENC[x", 1));
    let before = sandbox.snapshot();
    sandbox.keywright(["decrypt", "-i", "-r", "many"]).go().code(2).complains("many/5/999.yaml");
    before.assert_untouched(&sandbox.snapshot());
    sandbox.write("many/5/999.yaml", last);
    sandbox.keywright(["decrypt", "-i", "-r", "many"]).go().success();
    assert!(old == Files::of(&sandbox.work()), "{}", sandbox.git_status());
    assert_eq!(leftovers(&sandbox.path(".git/keywright")), [""; 0]);
}
