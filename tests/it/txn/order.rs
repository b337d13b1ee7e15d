//! The order of the system calls of a commit: what must be on the disk before what.
//!
//! A power cut cannot be tried here. What can is whether each sync comes between the calls that it has to keep
//! apart. Each rule is looked for in the recorded calls of real commands, and shown to miss what is taken out of
//! them.

use std::path::{Path, PathBuf};

use super::small::{NEW_FILE, small_repository, without_git};
use super::trace::{Call, record};
use crate::proof;
use crate::sandbox::Sandbox;

/// A successful call that changes a file system. Paths are relative to the repository, which itself is the
/// empty path; the state directory is called `state` wherever it is.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Op {
    /// A new file, and whether only its owner may read it.
    Create(PathBuf, bool),
    /// An existing file opened for writing, or shortened.
    Open(PathBuf),
    Write(PathBuf),
    Mode(PathBuf),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    MakeDirectory(PathBuf),
}

use Op::{Create, MakeDirectory, Mode, Open, Remove, Rename, Sync, Write};

const STATE: &str = "state";
const JOURNAL_NEW: &str = "state/journal.new";
const JOURNAL: &str = "state/journal";
const INTENT_NEW: &str = "state/intent.new";
const INTENT: &str = "state/intent";

/// One thing that has to hold of the calls of a commit.
struct Rule {
    says: &'static str,
    holds: fn(&[Op]) -> bool,
    /// Takes away what the rule asks for, from calls that obey it.
    breaks: fn(&mut Vec<Op>),
}

const RULES: [Rule; 11] = [
    Rule {
        says: "there is one decision",
        holds: |ops| ops.iter().filter(|op| **op == decision()).count() == 1,
        breaks: |ops| ops.retain(|op| *op != decision()),
    },
    Rule {
        says: "the new content is synced before the decision",
        holds: |ops| {
            replacements(ops).all(|(_, from, _)| {
                last(ops, &Write(from.to_owned())) < between(ops, 0, decided(ops), from)
            })
        },
        breaks: |ops| remove(ops, |op| matches!(op, Sync(path) if is_staged(path))),
    },
    Rule {
        says: "the journal is synced before it gets its name",
        holds: |ops| {
            let written = last(ops, &Write(JOURNAL_NEW.into()));
            written.is_some() && written < between(ops, 0, decided(ops), Path::new(JOURNAL_NEW))
        },
        breaks: |ops| remove(ops, |op| *op == Sync(JOURNAL_NEW.into())),
    },
    Rule {
        says: "what the decision refers to is in its directory for good before it",
        holds: |ops| {
            let mut made = ops.iter().enumerate().filter_map(|(index, op)| match op {
                Create(path, _) if is_staged(path) => Some((index, path)),
                MakeDirectory(path) if path != Path::new(STATE) => Some((index, path)),
                _ => None,
            });
            made.all(|(index, path)| between(ops, index, decided(ops), parent(path)).is_some())
        },
        breaks: |ops| {
            let decided = decided(ops);
            let staged = last(ops, &Sync("".into())).expect("it is beside its target");
            ops[..decided].iter_mut().for_each(|op| {
                if *op == Sync("".into()) {
                    *op = Sync("elsewhere".into());
                }
            });
            assert!(staged > decided);
        },
    },
    Rule {
        says: "the state directory is there for good before the decision",
        holds: |ops| {
            let synced = |path: &str| between(ops, 0, decided(ops), Path::new(path)).is_some();
            synced(".git") || synced("")
        },
        breaks: |ops| remove(ops, |op| *op == Sync("".into())),
    },
    Rule {
        says: "what is made elsewhere is recorded for good before it is made",
        holds: |ops| {
            let recorded = last(ops, &Rename(INTENT_NEW.into(), INTENT.into()));
            let synced = recorded.and_then(|from| between(ops, from, ops.len(), Path::new(STATE)));
            let written = between(ops, 0, recorded.unwrap_or(0), Path::new(INTENT_NEW));
            let elsewhere = |op: &Op| match op {
                Create(path, _) | MakeDirectory(path) => !path.starts_with(STATE),
                _ => false,
            };
            let made = ops.iter().position(elsewhere);
            made.is_none_or(|made| written.is_some() && synced.is_some_and(|synced| synced < made))
        },
        breaks: |ops| remove(ops, |op| *op == Sync(INTENT_NEW.into())),
    },
    Rule {
        says: "the decision is for good before a target is replaced",
        holds: |ops| {
            let decided = decided(ops);
            let good = between(ops, decided, ops.len(), Path::new(STATE));
            replacements(ops).all(|(index, _, _)| good.is_some_and(|good| good < index))
        },
        breaks: |ops| {
            let decided = decided(ops);
            ops.remove(decided + 1);
        },
    },
    Rule {
        says: "every target is in its directory for good before the journal goes",
        holds: |ops| {
            replacements(ops)
                .all(|(index, _, to)| between(ops, index, forgotten(ops), parent(to)).is_some())
        },
        breaks: |ops| {
            let synced = last(ops, &Sync("".into())).expect("the target is at the root");
            ops.remove(synced);
        },
    },
    Rule {
        says: "a mode that is given to a target is synced before the journal goes",
        holds: |ops| {
            let mut given = ops.iter().enumerate().filter_map(|(index, op)| match op {
                Mode(path) => Some((index, path)),
                _ => None,
            });
            given.all(|(index, path)| between(ops, index, forgotten(ops), path).is_some())
        },
        breaks: |ops| remove(ops, |op| *op == Sync("plain.yaml".into())),
    },
    Rule {
        says: "the journal is gone for good before the lock is free",
        holds: |ops| {
            let free = last(ops, &Remove(format!("{STATE}/lock").into()));
            free.is_some_and(|free| between(ops, forgotten(ops), free, Path::new(STATE)).is_some())
        },
        breaks: |ops| {
            let forgotten = forgotten(ops);
            ops.remove(forgotten + 1);
        },
    },
    Rule {
        says: "nothing is written but private files of our own",
        holds: |ops| {
            let ours = |path: &Path| path.starts_with(STATE) || is_staged(path);
            ops.iter().all(|op| match op {
                Open(path) | Write(path) => ours(path),
                // The probe is empty, and there to see the mode that everybody's files get.
                Create(path, private) => {
                    ours(path) && (*private || path.ends_with("mode") || path.ends_with("lock"))
                }
                _ => true,
            })
        },
        breaks: |ops| ops.push(Write("plain.yaml".into())),
    },
];

fn decision() -> Op {
    Rename(JOURNAL_NEW.into(), JOURNAL.into())
}

/// Where the commit is decided; the end where it never is, so that nothing comes after it.
fn decided(ops: &[Op]) -> usize {
    last(ops, &decision()).unwrap_or(ops.len())
}

/// Where the journal goes; the beginning where it never does, so that nothing comes before it.
fn forgotten(ops: &[Op]) -> usize {
    last(ops, &Remove(JOURNAL.into())).unwrap_or(0)
}

fn last(ops: &[Op], wanted: &Op) -> Option<usize> {
    ops.iter().rposition(|op| op == wanted)
}

/// Where a path is synced after one call and before another.
fn between(ops: &[Op], from: usize, to: usize, path: &Path) -> Option<usize> {
    let wanted = Sync(path.to_owned());
    (from..to).find(|index| ops[*index] == wanted)
}

/// Renames of staged files: index, staged file, target.
fn replacements(ops: &[Op]) -> impl Iterator<Item = (usize, &Path, &Path)> {
    ops.iter().enumerate().filter_map(|(index, op)| match op {
        Rename(from, to) if is_staged(from) => Some((index, from.as_path(), to.as_path())),
        _ => None,
    })
}

fn is_staged(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.parent() == Some(Path::new(STATE)) && name.starts_with("staged-")
        || name.starts_with(".keywright-")
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("it is below the repository")
}

fn remove(ops: &mut Vec<Op>, unwanted: impl Fn(&Op) -> bool) {
    let before = ops.len();
    ops.retain(|op| !unwanted(op));
    assert!(ops.len() < before, "there is nothing to take away");
}

/// The changes among the calls that worked. Standard streams lie outside of the repository.
fn changes(calls: &[Call], root: &Path) -> Vec<Op> {
    let op = |call: &Call| {
        let relative = |path: &str| {
            let path = Path::new(path).strip_prefix(root).ok()?;
            let below =
                [".git/keywright", ".keywright"].iter().find_map(|s| path.strip_prefix(s).ok());
            Some(below.map_or(path.to_owned(), |below| Path::new(STATE).join(below)))
        };
        let paths = call.paths();
        let path = relative(paths.first()?)?;
        let has = |flag| call.arguments.contains(flag);
        Some(match call.name.as_str() {
            "open" | "openat" if has("O_EXCL") || path.ends_with("lock") => {
                Create(path, has(", 0600"))
            }
            "open" | "openat" if has("O_WRONLY") || has("O_RDWR") => Open(path),
            "ftruncate" | "truncate" => Open(path),
            "write" | "pwrite64" | "writev" => Write(path),
            "chmod" | "fchmod" | "fchmodat" => Mode(path),
            "fsync" | "fdatasync" => Sync(path),
            "rename" | "renameat" | "renameat2" => {
                Rename(path, relative(paths.get(1)?).expect("it is renamed in the repository"))
            }
            "unlink" | "unlinkat" => Remove(path),
            "mkdir" | "mkdirat" => MakeDirectory(path),
            // No commit has a reason for these, and no rule knows them.
            name @ ("link" | "linkat" | "symlink" | "symlinkat" | "mknod" | "mknodat"
            | "copy_file_range" | "sendfile") => panic!("`{name}` in a commit"),
            _ => return None,
        })
    };
    calls.iter().filter(|call| call.worked()).filter_map(op).collect()
}

fn recorded(sandbox: &Sandbox, args: &[&str]) -> Vec<Op> {
    changes(&record(sandbox, args, b"value"), &sandbox.work())
}

#[test]
fn each_command_obeys_the_rules() {
    let secret = ["secret", "new", "shop", "--name", "extra", "--set-stdin", "TOKEN"];
    for (args, files, sandbox) in [
        (&["decrypt", "-i", "a.yaml", "b.yaml"][..], 2, small_repository()),
        (NEW_FILE, 1, without_git()),
        (&secret, 2, small_repository()),
        (&["db", "provision", "grafana"], 6, Sandbox::nerv()),
    ] {
        let ops = recorded(&sandbox, args);
        assert_eq!(replacements(&ops).count(), files, "{args:?}: {ops:#?}");
        for rule in &RULES {
            assert!((rule.holds)(&ops), "{args:?}: {} does not hold of {ops:#?}", rule.says);
            proof::record("order", rule.says, &args.join(" "));
        }
    }
}

#[test]
fn each_rule_misses_what_is_taken_away() {
    let ops = recorded(&without_git(), NEW_FILE);
    for rule in &RULES {
        let mut doctored = ops.clone();
        (rule.breaks)(&mut doctored);
        assert!((rule.holds)(&ops) && !(rule.holds)(&doctored), "{}: {doctored:#?}", rule.says);
    }
}
