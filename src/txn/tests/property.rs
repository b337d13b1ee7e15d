//! Random plans with random faults against a model: a map of what has a name.
//!
//! A case is a small tree, a plan and what befalls it: a fault at some call of the commit, faults in up to two
//! recoveries, then a recovery undisturbed. The model is the tree with the whole plan done to it. What is there
//! at the end must be that or the tree of the beginning, the former if the commit said so, the latter if the
//! plan had to be refused; and what the plan does not mention is still the same file, not one like it.
//!
//! `KEYWRIGHT_CASES` is the number of cases, `KEYWRIGHT_SEED` draws others, `KEYWRIGHT_CASE` repeats a single
//! one; a failure prints the last two.

mod case;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::disk::watch::Verdict;
use super::draw::Draw;
use super::faults::{FAULTS, commit, with_fault};
use super::tree::{self, Node, Tree};
use super::*;
use case::Case;

/// The seed of a run without `KEYWRIGHT_SEED`: the same everywhere, so that a failure comes with a change.
const SEED: u64 = 20_310_102;

/// The cases of a run without `KEYWRIGHT_CASES`.
const CASES: u64 = 10_000;

/// How cases ended: refused or undone, done, and how many of them had a fault.
#[derive(Default)]
struct Ends {
    old: AtomicU64,
    new: AtomicU64,
    refused: AtomicU64,
    disturbed: AtomicU64,
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

#[test]
fn random_plans_with_random_faults_do_all_or_nothing() {
    let seed = number("KEYWRIGHT_SEED").unwrap_or(SEED);
    let cases = match number("KEYWRIGHT_CASE") {
        Some(case) => case..case + 1,
        None => 0..number("KEYWRIGHT_CASES").unwrap_or(CASES),
    };
    let (next, ends) = (AtomicU64::new(cases.start), Ends::default());
    let work = || {
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases.end {
                break;
            }
            if let Err(reason) = run(&mut Draw::new(seed, case), &ends) {
                next.store(cases.end, Ordering::Relaxed);
                panic!("KEYWRIGHT_SEED={seed} KEYWRIGHT_CASE={case}: {reason}");
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    let [old, new, refused, disturbed] =
        [ends.old, ends.new, ends.refused, ends.disturbed].map(AtomicU64::into_inner);
    if cases.end - cases.start >= CASES {
        // Every kind of end is well represented, so that none is an accident.
        assert!(
            old > 2000 && new > 2000 && refused > 500 && disturbed > 2000,
            "{old} {new} {refused} {disturbed}"
        );
    }
    let subjects = cases.map(|case| format!("case {case} of seed {seed}"));
    proof::record("transactions", "random plan with random faults done or not at all", subjects);
}

/// Tries one case; what was wrong with it.
fn run(draw: &mut Draw, ends: &Ends) -> Result<(), String> {
    // A Git directory elsewhere takes a directory on a slow disk.
    let layout = match draw.below(30) {
        0 => Layout::OtherFileSystem,
        1..9 => Layout::NoGit,
        9..15 => Layout::GitFile,
        _ => Layout::Git,
    };
    let sandbox = Sandbox::new(layout);
    let case = Case::draw(draw, &sandbox.root);
    tree::build(&case.tree, &sandbox.root);
    let before = Seen::at(&sandbox.root);
    let plan = case.plan();

    let (at, (fault, name)) = (draw.below(100), draw.one(&FAULTS));
    let at = if draw.percent(25) { usize::MAX } else { at };
    let (result, reached) = match &plan {
        Ok(plan) => with_fault(at, fault, || {
            Store::open(&sandbox.root).and_then(|store| commit(&store, plan))
        }),
        Err(_) => (Err(Error::Stopped), false),
    };
    let what = || format!("{layout:?}, {name} at call {at} ({reached}), {case:?}");
    for _ in 0..draw.below(3) {
        let (at, (fault, _)) = (draw.below(50), draw.one(&FAULTS));
        drop(with_fault(at, fault, || {
            Store::open(&sandbox.root).and_then(|store| recover(&store))
        }));
    }
    recover(&sandbox.store()).map_err(|error| format!("{error}, {}", what()))?;

    let said = match &result {
        Ok(_) if case.refused => return Err(format!("not refused, {}", what())),
        Err(error) if !reached && !case.refused => return Err(format!("{error}, {}", what())),
        Ok(_) => Some(true),
        Err(Error::Unfinished { .. }) => None,
        Err(_) if reached && fault == Verdict::Die => None,
        Err(_) => Some(false),
    };
    let done =
        judge(&sandbox, &case, &before, said).map_err(|reason| format!("{reason}\n{}", what()))?;
    let end = if done { &ends.new } else { &ends.old };
    end.fetch_add(1, Ordering::Relaxed);
    ends.refused.fetch_add(u64::from(case.refused), Ordering::Relaxed);
    ends.disturbed.fetch_add(u64::from(reached), Ordering::Relaxed);
    Ok(())
}

/// Whether the plan is done, given what the commit said; an error for anything else than all or nothing.
fn judge(
    sandbox: &Sandbox,
    case: &Case,
    before: &Seen,
    said: Option<bool>,
) -> Result<bool, String> {
    let now = Seen::at(&sandbox.root);
    if sandbox.store().state().exists() {
        return Err("the state directory is still there".to_owned());
    }
    let after = case.after(&before.tree);
    let may = |wanted: bool| said.is_none_or(|said| said == wanted);
    // Both ends at once where a plan changes nothing.
    let done = now.tree == after && may(true) && !case.refused;
    if !done && (now.tree != before.tree || !may(false)) {
        return Err(format!(
            "said {said:?}; from the new files:{}\nfrom the old ones:{}",
            tree::difference(&after, &now.tree),
            tree::difference(&before.tree, &now.tree)
        ));
    }
    let same = |path: &Path| now.identities.get(path) == before.identities.get(path);
    let kept = |path: &&PathBuf| !done || !case.touched.contains(*path);
    match before.identities.keys().filter(kept).find(|path| !same(path)) {
        Some(path) => Err(format!("{path:?} is another file")),
        None => Ok(done),
    }
}

/// What is below a root, and which files these are: inode, time and mode of each file and link.
struct Seen {
    tree: Tree,
    identities: BTreeMap<PathBuf, (u64, i64, i64, u32)>,
}

impl Seen {
    fn at(root: &Path) -> Self {
        let mut identities = BTreeMap::new();
        let tree = tree::read_with(root, |path, found, node| {
            if !matches!(node, Node::Directory { .. }) {
                let identity = (found.ino(), found.mtime(), found.mtime_nsec(), found.mode());
                identities.insert(path.to_owned(), identity);
            }
        });
        Seen { tree, identities }
    }
}
