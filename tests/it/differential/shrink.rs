//! From a file that fails to the smallest one that still does.

use super::sample::{Format, Sample};
use super::trial::{Trial, Verdict};

/// How many files are tried; each costs a tenth of a second.
const PATIENCE: usize = 300;

/// Leaves out parts, then lines of parts, then makes halves, as long as the file fails, and by
/// the same step.
pub(super) fn shrink(trial: &Trial, sample: Sample, reason: String) -> (Sample, String) {
    let mut search = Search { trial, best: sample, reason, left: PATIENCE };
    while search.without_parts() || search.without_flags() || search.without_pieces() {}
    (search.best, search.reason)
}

/// Whether two files fail by the same step; the details change with every file.
fn alike(one: &str, other: &str) -> bool {
    let step = |reason: &str| reason.chars().take(24).collect::<String>();
    step(one) == step(other)
}

struct Search<'t> {
    trial: &'t Trial,
    best: Sample,
    reason: String,
    left: usize,
}

impl Search<'_> {
    /// Whether a smaller file fails as well; then it is the best so far.
    fn keep(&mut self, smaller: Sample) -> bool {
        if self.left == 0 || smaller.has_empty_document() {
            return false;
        }
        self.left -= 1;
        match self.trial.run(&smaller) {
            Verdict::Differ(reason) if alike(&reason, &self.reason) => {
                (self.best, self.reason) = (smaller, reason);
                true
            }
            _ => false,
        }
    }

    fn without_parts(&mut self) -> bool {
        let at = |index: &usize| *index < self.best.parts.len() && self.best.parts.len() > 1;
        let Some(index) = Some(0).filter(at) else { return false };
        (index..self.best.parts.len()).any(|index| {
            let mut smaller = self.best.clone();
            smaller.parts.remove(index);
            self.keep(smaller)
        })
    }

    fn without_flags(&mut self) -> bool {
        let mut plainer = self.best.clone();
        plainer.frame.crlf = false;
        plainer.frame.open_end = false;
        let frame = (plainer.frame.crlf, plainer.frame.open_end)
            != (self.best.frame.crlf, self.best.frame.open_end);
        let mut unflagged = self.best.clone();
        let flag = unflagged.flags.pop().is_some();
        (frame && self.keep(plainer)) || (flag && self.keep(unflagged))
    }

    /// Leaves out lines of text; of what has no lines, the first or the second half.
    fn without_pieces(&mut self) -> bool {
        (0..self.best.parts.len()).any(|index| {
            let part = &self.best.parts[index];
            let lines: Vec<Vec<u8>> = match self.best.format {
                Format::Binary => {
                    part.chunks(part.len().div_ceil(2).max(1)).map(<[u8]>::to_vec).collect()
                }
                _ => part.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect(),
            };
            lines.len() > 1
                && (0..lines.len()).any(|line| {
                    let mut smaller = self.best.clone();
                    let kept = lines.iter().enumerate().filter(|(number, _)| *number != line);
                    smaller.parts[index] = kept.flat_map(|(_, bytes)| bytes.clone()).collect();
                    self.keep(smaller)
                })
        })
    }
}
