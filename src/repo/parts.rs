//! The same work for many items, on all processors.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Most threads: beyond that, reading files is what takes the time.
const MOST_THREADS: usize = 8;

/// Does some work for each item; each processor collects in a part of its own. In no order.
pub(crate) fn parts<T: Sync, P: Default + Send>(
    items: &[T],
    work: impl Fn(&T, &mut P) + Sync,
) -> Vec<P> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut part = P::default();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(item, &mut part);
        }
        part
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    thread::scope(|scope| {
        // This thread is one of them, so that a single item needs no other.
        let others = threads.min(items.len()).saturating_sub(1);
        let workers: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        for worker in workers {
            match worker.join() {
                Ok(part) => parts.push(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    })
}
