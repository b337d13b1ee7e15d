//! The same work for many files, on all processors, with a word about how far it is.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::Context;
use super::context::OsRandom;

/// How long work goes on before anything is said about it.
const SILENCE: Duration = Duration::from_secs(1);

/// How often the word is renewed.
const RENEWAL: Duration = Duration::from_millis(100);

/// Does `work` for every item and gives the results in the order of the items. Each processor has random
/// bytes of its own.
pub(crate) fn each<T: Send, R: Send>(
    items: Vec<T>,
    doing: &str,
    context: &mut Context,
    work: impl Fn(T, &mut OsRandom) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if threads < 2 {
        return items.into_iter().map(|item| work(item, &mut context.random)).collect();
    }
    let total = items.len();
    let queue = Mutex::new(items.into_iter().enumerate());
    let done = AtomicUsize::new(0);
    let worker = &|_ended: mpsc::Sender<()>| {
        let mut random = OsRandom::default();
        let mut results = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, item)) = next else { return results };
            results.push((index, work(item, &mut random)));
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let (ended, end) = mpsc::channel::<()>();
        // A sender is dropped with its thread, also when that panics: the last one ends the report.
        let start = |_| {
            let ended = ended.clone();
            scope.spawn(move || worker(ended))
        };
        let workers: Vec<_> = (0..threads).map(start).collect();
        drop(ended);
        report(&end, doing, &done, total, context);
        workers
            .into_iter()
            .flat_map(|worker| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Says how far the work is, on a terminal and if it takes long, until all workers have ended.
fn report(
    end: &mpsc::Receiver<()>,
    doing: &str,
    done: &AtomicUsize,
    total: usize,
    context: &mut Context,
) {
    let mut wait = SILENCE;
    while end.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
        if context.watched {
            let done = done.load(Ordering::Relaxed);
            let _ = write!(context.err, "\r{doing} {done} of {total} files");
            let _ = context.err.flush();
        }
        wait = RENEWAL;
    }
    if context.watched && wait == RENEWAL {
        // Erases the line.
        let _ = write!(context.err, "\r\x1b[2K");
        let _ = context.err.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut context = Context::apart(std::env::temp_dir(), Vec::new());
        let squares = each((0..1000u64).collect(), "squaring", &mut context, |item, _| item * item);
        assert!(squares.iter().zip(0..).all(|(square, item)| *square == item * item));
        assert!(each(Vec::<u8>::new(), "nothing", &mut context, |item, _| item).is_empty());
    }

    #[test]
    fn every_worker_has_random_bytes_of_its_own() {
        use crate::secret::RandomSource as _;
        let mut context = Context::apart(std::env::temp_dir(), Vec::new());
        let drawn = each(vec![(); 64], "drawing", &mut context, |(), random| {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            bytes
        });
        let distinct: std::collections::HashSet<_> = drawn.iter().collect();
        assert_eq!(distinct.len(), drawn.len());
    }
}
