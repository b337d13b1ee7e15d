//! Each sync of a commit, and what a power cut may do without it: that the model sees what it should, and that
//! the commit syncs no more than it must.
//!
//! The columns: the call; the harm without it where names change in order, and where each may be lost by
//! itself; whether somebody's edit after the commit is at stake.

use super::record::Op;
use super::*;

/// Two files replaced: the commit that needs no intent, where new content waits in the state directory.
fn two_changes() -> Plan {
    let both = four_changes();
    plan(both.changes()[..2].iter().map(|change| Change {
        path: change.path.clone(),
        old: change.old.clone(),
        new: change.new.clone(),
        plain: false,
    }))
}

/// `run` without its operation number `left_out`.
fn without(run: &Run, left_out: usize) -> Run {
    let mut record = run.record.clone();
    record.ops.remove(left_out);
    let said = run.said - usize::from(left_out < run.said);
    Run { record, said, promised: run.promised, from: 0 }
}

/// What a cut may do to a run; `-`: nothing.
fn harm(trial: &mut Trial<'_>, run: Run) -> String {
    trial.harm.clear();
    trial.cut(run, "");
    let kinds: Vec<&str> = trial.harm.keys().map(String::as_str).collect();
    if kinds.is_empty() { "-".to_owned() } else { kinds.join(" ") }
}

/// Whether a cut after a run may do something to what is written to a new file after that.
fn harms_an_edit(scenario: &Scenario, run: &Run) -> bool {
    let mut record = run.record.clone();
    let to_secret = |op: &Op| match op {
        Op::Rename { to, inode, .. } if to.name == "secret.yaml" => Some(*inode),
        _ => None,
    };
    let inode = record.ops.iter().find_map(|(op, _)| to_secret(op)).unwrap();
    let bytes = b", edited".to_vec();
    record.ops.push((Op::Write { inode, bytes: bytes.clone() }, "edit".to_owned()));
    let modified = std::time::SystemTime::now();
    record.ops.push((Op::SyncFile { inode, modified }, "sync of the editor".to_owned()));

    let mut expected = scenario.new.clone();
    match expected.get_mut(Path::new("root/app/secret.yaml")) {
        Some(Node::File { content, .. }) => content.extend(bytes),
        _ => panic!("there is such a file"),
    }
    let end = record.ops.len();
    let states = cuts(&record, Promise::Posix, end).into_iter();
    states
        .map(|(disk, _)| Place::with(&disk))
        .any(|place| recover(&place).is_err() || tree::read(&place.0) != expected)
}

/// A line for each sync.
fn page(scenario: &Scenario) -> Vec<String> {
    let run = scenario.commit(0, |_, _| Verdict::Go);
    let [mut ordered, mut posix] =
        [Promise::Ordered, Promise::Posix].map(|promise| Trial::new(scenario, promise, false));
    let mut lines = Vec::new();
    for (number, (_, call)) in run.record.ops.iter().enumerate() {
        let Some(call) = call.strip_prefix("sync ") else { continue };
        let without = || without(&run, number);
        let edit = if harms_an_edit(scenario, &without()) { "Edit" } else { "-" };
        let [ordered, posix] = [&mut ordered, &mut posix].map(|trial| harm(trial, without()));
        let call = call.replace(&std::process::id().to_string(), "PID");
        lines.push(format!("{call} | {ordered} | {posix} | {edit}"));
    }
    lines
}

/// Demands that the syncs of a commit do what a page says. Its first column is the reason for the sync.
#[track_caller]
fn assert_page(scenario: &Scenario, expected: &str) {
    let lines = expected.lines().map(str::trim).filter(|line| !line.is_empty());
    let expected: Vec<String> = lines
        .map(|line| line.split('|').skip(1).map(str::trim).collect::<Vec<_>>().join(" | "))
        .collect();
    let page = page(scenario);
    assert_eq!(page, expected, "now:\n{}", page.join("\n"));
}

#[test]
fn each_sync_of_a_commit_from_the_state_directory_is_there_for_a_reason() {
    // Without an intent, without new directories: no sync is too many.
    assert_page(
        &Scenario::of(Layout::Git, false, two_changes()),
        "
        staged   | file root/.git/keywright/staged-0    | Mixture | Mixture      | -
        staged   | file root/.git/keywright/staged-1    | Mixture | Mixture Mode | -
        staged   | directory root/.git/keywright        | -       | Refused      | -
        staged   | directory root/.git                  | -       | Mixture      | -
        journal  | file root/.git/keywright/journal.new | Refused | Refused      | -
        decide   | directory root/.git/keywright        | -       | Mixture      | -
        release  | file root/.git/keywright/staged-0    | -       | Mode         | -
        release  | file root/.git/keywright/staged-1    | -       | Mode         | Edit
        targets  | directory root/app                   | -       | Mixture      | -
        forget   | directory root/.git/keywright        | -       | -            | Edit
        ",
    );
}

#[test]
fn each_sync_of_a_commit_that_makes_directories_is_there_for_a_reason() {
    // Without harm: the second sync of `.git`, which is for commits without an intent; `new/deep`, as a rename
    // is taken to be durable with either directory; and the sync between intent and journal.
    assert_page(
        &Scenario::new(Layout::Git, false),
        "
        intent   | file root/.git/keywright/intent.new  | Refused | Refused         | -
        intent   | directory root/.git/keywright        | -       | Leftover        | -
        intent   | directory root/.git                  | -       | Leftover        | -
        staged   | file root/.git/keywright/staged-0    | Mixture | Mixture         | -
        staged   | file root/.git/keywright/staged-1    | Mixture | Mixture Mode    | -
        staged   | file root/.git/keywright/staged-3    | Mixture | Mixture         | -
        staged   | directory root/.git/keywright        | -       | Refused         | -
        staged   | directory root/.git                  | -       | -               | -
        new/     | directory root                       | -       | Mixture Refused | Edit
        deep/    | directory root/new                   | -       | Mixture Refused | Edit
        journal  | file root/.git/keywright/journal.new | Refused | Refused         | -
        decide   | directory root/.git/keywright        | -       | Mixture         | -
        release  | file root/.git/keywright/staged-0    | -       | Mode            | -
        release  | file root/.git/keywright/staged-1    | -       | Mode            | Edit
        release  | file root/.git/keywright/staged-3    | -       | Mode            | Edit
        targets  | directory root/app                   | -       | Mixture         | Edit
        targets  | directory root/new/deep              | -       | -               | -
        forget   | directory root/.git/keywright        | -       | -               | -
        forget   | directory root/.git/keywright        | -       | -               | Edit
        ",
    );
}

#[test]
fn each_sync_of_a_commit_of_plain_text_beside_its_targets_is_there_for_a_reason() {
    // Without harm: what the intent has synced already, and the sync between intent and journal.
    assert_page(
        &Scenario::new(Layout::NoGit, true),
        "
        intent   | file root/.keywright/intent.new       | Refused         | Refused              | -
        intent   | directory root/.keywright             | -               | Leftover             | -
        intent   | directory root                        | -               | Leftover             | -
        staged   | file root/app/.keywright-PID-0        | Mixture Refused | Mixture Refused      | -
        staged   | file root/app/.keywright-PID-1        | Mixture Refused | Mixture Mode Refused | -
        staged   | file root/new/deep/.keywright-PID-3   | Mixture Refused | Mixture Refused      | -
        staged   | directory root/.keywright             | -               | -                    | -
        staged   | directory root                        | -               | -                    | -
        new/     | directory root                        | -               | -                    | -
        staged   | directory root/app                    | -               | Refused              | -
        deep/    | directory root/new                    | -               | Mixture Refused      | Edit
        staged   | directory root/new/deep               | -               | Refused              | -
        journal  | file root/.keywright/journal.new      | Refused         | Refused              | -
        decide   | directory root/.keywright             | -               | Mixture              | -
        release  | file root/app/secret.yaml             | -               | Mode                 | -
        release  | file root/app/run                     | -               | Mode                 | Edit
        release  | file root/new/deep/file.yaml          | -               | Mode                 | Edit
        targets  | directory root/app                    | -               | Mixture              | Edit
        targets  | directory root/new/deep               | -               | Mixture              | Edit
        forget   | directory root/.keywright             | -               | -                    | -
        forget   | directory root/.keywright             | -               | -                    | Edit
        ",
    );
}
