//! A fault at every single call of a commit, and of the recovery after it: old or new, never a mixture.

use std::cell::Cell;
use std::rc::Rc;

use rustix::io::Errno;

use super::super::disk::Call;
use super::super::disk::watch::{Verdict, during};
use super::stops::{changes, old_and_new};
use super::*;

/// What a call may meet.
const FAULTS: [Verdict; 7] = [
    Verdict::Fail(Errno::NOSPC),
    Verdict::Fail(Errno::IO),
    Verdict::Fail(Errno::ACCESS),
    Verdict::Fail(Errno::ROFS),
    Verdict::Fail(Errno::INTR),
    Verdict::Short,
    Verdict::Die,
];

/// Runs `work` with a fault at its call number `at`; the result, and whether there was such a call.
fn with_fault<T>(at: usize, fault: Verdict, work: impl FnOnce() -> T) -> (T, bool) {
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
fn commit(store: &Store, plan: &Plan) -> Result<Committed, Error> {
    store.lock(&holder(), Wait::Immediately)?.commit(plan, || false)
}

#[test]
fn a_fault_at_any_call_leaves_old_or_new() {
    let mut outcomes = [0, 0];
    for layout in Layout::ALL {
        let (old, new) = old_and_new(layout);
        for (plain, fault) in [false, true].into_iter().flat_map(|p| FAULTS.map(|f| (p, f))) {
            for at in 0.. {
                let sandbox = Sandbox::new(layout);
                prepare_four(&sandbox);
                let (result, reached) = with_fault(at, fault, || {
                    Store::open(&sandbox.root).and_then(|store| commit(&store, &changes(plain)))
                });
                let context = format!("{layout:?}, plain {plain}, {fault:?} at call {at}");
                if !reached {
                    assert!(result.is_ok(), "{context}");
                    break;
                }
                if let (Err(error), true) = (&result, fault != Verdict::Die)
                    && !matches!(error, Error::Unfinished { .. })
                {
                    let left: Vec<String> =
                        sandbox.picture().into_iter().filter(|line| !is_free_lock(line)).collect();
                    assert_eq!(left, old, "{context}: {error}");
                }
                sandbox.recover();
                let done = sandbox.picture() == new;
                assert!(done || sandbox.picture() == old, "{context}: {:#?}", sandbox.picture());
                assert!(done || result.is_err(), "{context}: said to be done");
                assert!(!sandbox.store().state().exists(), "{context}");
                outcomes[usize::from(done)] += 1;
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 1000), "{outcomes:?}");
}
