//! A fault at every single call of a commit, and of the recovery after it: old or new, never a mixture.
//!
//! The first fault is put at every call, in every layout. The second one, in the recovery after a death, is
//! put at every call after every death with the state in the Git directory; for the other layouts, which
//! share nearly all of their calls with it, pairs are drawn. Every run is a line in `target/proof/faults.log`.

use std::cell::Cell;
use std::rc::Rc;

use rustix::io::Errno;

use super::super::disk::Call;
use super::super::disk::watch::{Verdict, during};
use super::draw::Draw;
use super::stops::{changes, old_and_new};
use super::*;

/// What a call may meet.
pub(super) const FAULTS: [(Verdict, &str); 7] = [
    (Verdict::Fail(Errno::NOSPC), "ENOSPC"),
    (Verdict::Fail(Errno::IO), "EIO"),
    (Verdict::Fail(Errno::ACCESS), "EACCES"),
    (Verdict::Fail(Errno::ROFS), "EROFS"),
    (Verdict::Fail(Errno::INTR), "EINTR"),
    (Verdict::Short, "short write"),
    (Verdict::Die, "death"),
];

/// What a call of a recovery meets.
const SECOND_FAULTS: [(Verdict, &str); 3] = [
    (Verdict::Die, "death"),
    (Verdict::Fail(Errno::NOSPC), "ENOSPC"),
    (Verdict::Fail(Errno::IO), "EIO"),
];

/// Pairs of faults drawn for a layout, with plain text and without.
const PAIRS: usize = 300;

/// Runs `work` with a fault at its call number `at`; the result, and whether there was such a call.
pub(super) fn with_fault<T>(at: usize, fault: Verdict, work: impl FnOnce() -> T) -> (T, bool) {
    let (count, reached) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (counted, met) = (count.clone(), reached.clone());
    let listener = move |_: &Call<'_>| {
        let now = counted.replace(counted.get() + 1);
        met.set(met.get() || now == at);
        if now == at { fault } else { Verdict::Go }
    };
    let result = during(listener, work);
    (result, reached.get())
}

/// Whether a line of a picture is a lock that nobody holds. It means nothing, and stays where the lock could
/// not even be tried: then it may be somebody else's.
fn is_free_lock(line: &str) -> bool {
    line == ".keywright/" || line == ".keywright/lock 644 \"\""
}

/// Commits as a command does: lock, commit, let go.
pub(super) fn commit(store: &Store, plan: &Plan) -> Result<Committed, Error> {
    store.lock(&holder(), PATIENCE)?.commit(plan, || false)
}

/// A sandbox with the files of the four changes.
fn prepared(layout: Layout) -> Sandbox {
    let sandbox = Sandbox::new(layout);
    prepare_four(&sandbox);
    sandbox
}

/// The runs of a test by what they left.
#[derive(Default)]
struct Runs {
    old: Vec<String>,
    new: Vec<String>,
}

impl Runs {
    /// Recovers undisturbed and notes what is there then; whether that is the new files.
    #[track_caller]
    fn note(&mut self, sandbox: &Sandbox, ends: &(Vec<String>, Vec<String>), run: &str) -> bool {
        sandbox.recover();
        let picture = sandbox.picture();
        let subject = format!("seam {run}");
        if picture != ends.0 && picture != ends.1 {
            proof::record("faults", "mixed", [subject]);
            panic!("{run}: {picture:#?}");
        }
        assert!(!sandbox.store().state().exists(), "{run}");
        let done = picture == ends.1;
        if done {
            self.new.push(subject)
        } else {
            self.old.push(subject)
        }
        done
    }

    /// Adds the runs to the report.
    #[track_caller]
    fn report(self, at_least: usize) {
        let counts = [self.old.len(), self.new.len()];
        assert!(counts.iter().all(|count| *count >= at_least), "{counts:?}");
        proof::record("faults", "old", self.old);
        proof::record("faults", "new", self.new);
    }
}

#[test]
fn a_fault_at_any_call_leaves_old_or_new() {
    let mut runs = Runs::default();
    for layout in Layout::ALL {
        let ends = old_and_new(layout);
        for (plain, (fault, name)) in [false, true].into_iter().flat_map(|p| FAULTS.map(|f| (p, f)))
        {
            for at in 0.. {
                let sandbox = prepared(layout);
                let (result, reached) = with_fault(at, fault, || {
                    Store::open(&sandbox.root).and_then(|store| commit(&store, &changes(plain)))
                });
                let run = format!("{layout:?}, plain {plain}, {name} at call {at}");
                if !reached {
                    assert!(result.is_ok(), "{run}");
                    break;
                }
                if let (Err(error), true) = (&result, fault != Verdict::Die)
                    && !matches!(error, Error::Unfinished { .. })
                {
                    let left: Vec<String> =
                        sandbox.picture().into_iter().filter(|line| !is_free_lock(line)).collect();
                    assert_eq!(left, ends.0, "{run}: {error}");
                }
                let done = runs.note(&sandbox, &ends, &run);
                assert!(done || result.is_err(), "{run}: said to be done");
            }
        }
    }
    runs.report(1000);
}

#[test]
fn a_second_fault_at_any_call_of_the_recovery_leaves_old_or_new() {
    let mut runs = Runs::default();
    let ends = old_and_new(Layout::Git);
    for plain in [false, true] {
        for death in deaths(Layout::Git, plain) {
            for second in SECOND_FAULTS {
                let mut at = 0;
                while twice(&mut runs, &ends, (Layout::Git, plain), death, (at, second)) {
                    at += 1;
                }
            }
        }
    }
    for layout in [Layout::GitFile, Layout::NoGit, Layout::OtherFileSystem] {
        let ends = old_and_new(layout);
        for plain in [false, true] {
            let deaths = deaths(layout, plain);
            let mut drawn = std::collections::HashSet::new();
            let mut draw = Draw::new(0, 0);
            while drawn.len() < PAIRS {
                let (death, second) = (draw.one(&deaths), draw.one(&SECOND_FAULTS));
                let at = draw.below(60);
                if drawn.insert((death, at, second.1)) {
                    twice(&mut runs, &ends, (layout, plain), death, (at, second));
                }
            }
        }
    }
    runs.report(500);
}

/// The calls at which a death leaves something else than a death at the call before.
fn deaths(layout: Layout, plain: bool) -> Vec<usize> {
    let changed = Rc::new(std::cell::RefCell::new(Vec::new()));
    let heard = changed.clone();
    let sandbox = prepared(layout);
    let listener = move |call: &Call<'_>| {
        let harmless = matches!(
            call,
            Call::Look(_) | Call::Lock(_) | Call::SyncFile(_) | Call::SyncDirectory(_)
        );
        heard.borrow_mut().push(!harmless);
        Verdict::Go
    };
    during(listener, || {
        let store = Store::open(&sandbox.root).unwrap();
        commit(&store, &changes(plain)).unwrap();
    });
    let changed = changed.take();
    (1..=changed.len()).filter(|at| changed[at - 1]).collect()
}

/// Lets a commit die at its call number `death`, and a call of the recovery after it meet `second`; whether
/// there was such a call.
fn twice(
    runs: &mut Runs,
    ends: &(Vec<String>, Vec<String>),
    (layout, plain): (Layout, bool),
    death: usize,
    (at, (fault, name)): (usize, (Verdict, &str)),
) -> bool {
    let sandbox = prepared(layout);
    let store = sandbox.store();
    let (before, _) = with_fault(death, Verdict::Die, || {
        Store::open(&sandbox.root).and_then(|s| commit(&s, &changes(plain)))
    });
    let (result, reached) = with_fault(at, fault, || recover(&store));
    if reached {
        let run = format!(
            "{layout:?}, plain {plain}, death at call {death}, {name} at call {at} of recovery"
        );
        let done = runs.note(&sandbox, ends, &run);
        assert!(done || before.is_err(), "{run}: said to be done");
        let forward = matches!(result, Ok(Some(Recovered { outcome: Outcome::RolledForward, .. })));
        assert!(done || !forward, "{run}: recovery said it had gone on");
    }
    reached
}

#[test]
fn a_commit_asked_to_stop_before_any_step_is_undone_until_the_first_rename() {
    let mut runs = Runs::default();
    for (layout, plain) in Layout::ALL.into_iter().flat_map(|l| [(l, false), (l, true)]) {
        let ends = old_and_new(layout);
        for step in 0.. {
            let sandbox = prepared(layout);
            let asked = Cell::new(0);
            let stop = || asked.replace(asked.get() + 1) == step;
            let result = sandbox.lock().commit(&changes(plain), stop);
            let run = format!("{layout:?}, plain {plain}, stop before step {step}");
            // Nothing is left to recovery: the files are old at once, or new.
            let picture = sandbox.picture();
            let done = runs.note(&sandbox, &ends, &run);
            assert_eq!(picture, *if done { &ends.1 } else { &ends.0 }, "{run}");
            match result {
                Err(Error::Stopped) => assert!(!done, "{run}"),
                result => {
                    assert!(result.is_ok() && done, "{run}");
                    // The steps up to the first rename: as many as could still be stopped.
                    assert_eq!(
                        (step, asked.get()),
                        if plain { (12, 12) } else { (15, 15) },
                        "{run}"
                    );
                    break;
                }
            }
        }
    }
    runs.report(8);
}
