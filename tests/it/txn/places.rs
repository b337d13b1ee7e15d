//! Where Git's directory is not in the repository: on another file system, of a linked work tree, of a submodule.
//!
//! The program is killed at each of its renames; then Git is asked what it sees, and the next command puts things
//! right.

use std::fs;

use super::limits::{apart, decryption};
use super::{faults::small_repository, proof};

/// Kills the program at each rename in the current directory, and keeps what came of it in `$RESULTS/NUMBER/`: `work`,
/// `status` as Git saw it after the kill, `left` of the state directory after the next command.
const KILLS: &str = r#"
    state=$(git rev-parse --absolute-git-dir)/keywright
    for number in 1 2 3 4; do
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
        ls -A "$state" > "$result/left" 2> "$result/none" || true
        cp -a . "$result/work"
        git checkout --quiet .
    done"#;

/// Kills the program in a place that a script makes and enters.
#[track_caller]
fn survives(place: &str, script: &str) {
    let sandbox = small_repository();
    let change = decryption(&sandbox);
    let results = sandbox.work().with_file_name("results");
    let run = apart(&sandbox, &format!("{script}\n{KILLS}")).env("RESULTS", &results);
    let run = run.go().success();
    let mut outcomes = Vec::new();
    for number in ["1", "2", "3", "4"] {
        let read = |name: &str| fs::read_to_string(results.join(number).join(name)).unwrap();
        let context = format!("rename {number}\n{}\n{}", read("status"), run.describe());
        // The kill comes as the call begins. The fourth is not there: the command is done.
        let code = if number == "4" { "0\n" } else { "137\n" };
        assert_eq!(read("code"), code, "{context}");
        assert_eq!(read("kept").is_empty(), number == "4", "{context}");
        // Files of the plan can be seen to be changed; nothing else can.
        let new = read("status").lines().any(|line| !line.starts_with(" M "));
        assert!(!new, "{context}");
        let outcome = change.outcome(&results.join(number).join("work"));
        let expected = if outcome == "old" { "" } else { " M a.yaml\n M b.yaml\n" };
        assert_eq!(read("after"), expected, "{context}");
        assert!(["", "lock\n"].contains(&read("left").as_str()), "{context}");
        proof::record("faults", outcome, &format!("decrypt -i rename#{number} SIGKILL {place}"));
        outcomes.push(outcome);
    }
    // The first is the journal's.
    assert_eq!(outcomes, ["old", "new", "new", "new"], "{}", run.describe());
}

#[test]
fn a_linked_work_tree_has_its_state_in_the_git_directory() {
    survives("linked work tree", "git worktree add --quiet ../linked; cd ../linked");
}

#[test]
fn a_submodule_has_its_state_in_the_git_directory() {
    let script = "git clone --quiet . ../origin
        git -c protocol.file.allow=always submodule --quiet add \"$PWD/../origin\" sub; cd sub";
    survives("submodule", script);
}

#[test]
fn a_git_directory_on_another_file_system_works() {
    let script = "mkdir ../disk; mount -t tmpfs none ../disk
        cp -a .git ../disk/git; rm -r .git; echo 'gitdir: ../disk/git' > .git";
    survives("other file system", script);
}
