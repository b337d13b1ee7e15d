//! Where Git's directory is not in the repository: on another file system, of a linked work tree, of a submodule.
//!
//! The program is killed at each of its renames; then Git is asked what it sees, and the next command puts things
//! right.

use std::fs;

use super::limits::{apart, decryption};
use super::small::small_repository;
use crate::proof;

/// Kills the program at each rename in the current directory, and keeps what came of it in `$RESULTS/NUMBER/`: `kept`
/// of the state directory `$state` and `status` as Git saw it after the kill; `work`, `after` and `left` likewise
/// after the next command.
const KILLS: &str = r#"
    for number in 1 2 3 4 5; do
        result=$RESULTS/$number
        mkdir -p "$result"
        # Git does not know of this mode, but the program must keep it.
        chmod 600 b.yaml
        renames='?rename,?renameat,?renameat2'
        code=0
        strace -q -o "$result/log" --trace="$renames" --inject="$renames:signal=SIGKILL:when=$number" \
            "$0" decrypt -i a.yaml b.yaml || code=$?
        echo "$code" > "$result/code"
        ls -A "$state" > "$result/kept" || true
        git status --short --untracked-files=all > "$result/status"
        "$0" decrypt kept.yaml > "$result/read"
        git status --short --untracked-files=all > "$result/after"
        ls -A "$state" > "$result/left" || true
        cp -a . "$result/work"
        git checkout --quiet .
    done"#;

/// Kills the program in a place that a script makes, enters and tells the state directory of. `undecided` renames
/// come before the one that decides; `seen` begins what Git may see of ours after the kill.
#[track_caller]
fn survives(place: &str, script: &str, undecided: usize, seen: &str) {
    let sandbox = small_repository();
    let change = decryption(&sandbox);
    let results = sandbox.work().with_file_name("results");
    let run = apart(&sandbox, &format!("{script}\n{KILLS}")).env("RESULTS", &results);
    let run = run.go().success();
    let mut outcomes = Vec::new();
    for number in 1..=5 {
        let result = results.join(number.to_string());
        let read = |name: &str| fs::read_to_string(result.join(name)).unwrap();
        let context = format!("rename {number}\n{}\n{}", read("status"), run.describe());
        // The kill comes as the call begins. After the decision there are two; then the command is done.
        let killed = number <= undecided + 3;
        assert_eq!(read("code"), if killed { "137\n" } else { "0\n" }, "{context}");
        assert_eq!(!read("kept").is_empty(), killed, "{context}");
        // Files of the plan can be seen to be changed.
        let known = |line: &str| line.starts_with(" M ") || killed && line.starts_with(seen);
        assert!(read("status").lines().all(known), "{context}");
        let outcome = change.outcome(&result.join("work"));
        assert_eq!(outcome, if number <= undecided + 1 { "old" } else { "new" }, "{context}");
        let expected = if outcome == "old" { "" } else { " M a.yaml\n M b.yaml\n" };
        assert_eq!(read("after"), expected, "{context}");
        assert!(["", "lock\n"].contains(&read("left").as_str()), "{context}");
        proof::record("faults", outcome, &format!("decrypt -i rename#{number} SIGKILL {place}"));
        outcomes.push(outcome);
    }
    assert!(outcomes.contains(&"old") && outcomes.contains(&"new"));
}

const IN_GIT: &str = "state=$(git rev-parse --absolute-git-dir)/keywright";

/// What begins no line.
const NOTHING: &str = "\n";

#[test]
fn a_linked_work_tree_has_its_state_in_the_git_directory() {
    let script = format!("git worktree add --quiet ../linked; cd ../linked; {IN_GIT}");
    survives("linked work tree", &script, 0, NOTHING);
}

#[test]
fn a_submodule_has_its_state_in_the_git_directory() {
    let script = format!(
        "git clone --quiet . ../origin
         git -c protocol.file.allow=always submodule --quiet add \"$PWD/../origin\" sub
         cd sub; {IN_GIT}"
    );
    survives("submodule", &script, 0, NOTHING);
}

/// A file cannot be renamed from one file system to another, so all is in the work tree, where Git sees it while it is
/// there.
#[test]
fn a_git_directory_on_another_file_system_works() {
    let script = "mkdir ../disk; mount -t tmpfs none ../disk
        cp -a .git ../disk/git; rm -r .git; echo 'gitdir: ../disk/git' > .git
        state=.keywright";
    survives("other file system", script, 1, "?? .keywright");
}
