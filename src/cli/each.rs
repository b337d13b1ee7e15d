//! The same work for many files, on all processors, with a word about how far it is.

use std::io;
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
        let seen = context.watched.then_some(&mut context.err as &mut dyn io::Write);
        report(&end, SILENCE, doing, (&done, total), seen);
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

/// Says how far the work is, if it takes longer than `silence`, until all workers have ended.
fn report(
    end: &mpsc::Receiver<()>,
    silence: Duration,
    doing: &str,
    (done, total): (&AtomicUsize, usize),
    seen: Option<&mut dyn io::Write>,
) {
    let Some(seen) = seen else {
        let _ = end.recv();
        return;
    };
    let (mut wait, mut said) = (silence, false);
    while end.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
        // A terminal that is gone is no reason to stop.
        let _ = write!(seen, "\r{doing} {} of {total} files", done.load(Ordering::Relaxed));
        let _ = seen.flush();
        (wait, said) = (RENEWAL, true);
    }
    if said {
        // Erases the line.
        let _ = write!(seen, "\r\x1b[2K");
        let _ = seen.flush();
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
    fn work_that_takes_longer_is_reported_and_the_report_goes_again() {
        let (working, end) = mpsc::channel();
        let done = AtomicUsize::new(3);
        // Ends the work as soon as it is spoken of, so that nobody has to wait.
        struct Terminal(Vec<u8>, Option<mpsc::Sender<()>>);
        impl io::Write for Terminal {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.extend(bytes);
                self.1 = None;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut terminal = Terminal(Vec::new(), Some(working));
        report(&end, Duration::ZERO, "reading", (&done, 7), Some(&mut terminal));
        assert_eq!(String::from_utf8(terminal.0).unwrap(), "\rreading 3 of 7 files\r\x1b[2K");
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
