//! The check: rules look at files and return findings.
//!
//! [`run`] is given paths and a way to read them, and needs no key. It opens no file itself, prints nothing and
//! decides no exit code. A file is read once, looked at by all rules, and forgotten, so that memory does not
//! grow with the repository; several threads share the files.
//!
//! ```text
//! paths ──read──► worth parsing? ──► Input (document, own selection, creation rule) ──rules──► findings
//! ```
//!
//! Adding a rule takes its file in `rules/`, a line in the registry there, and its test.
//!
//! What it does not look at: files that are no manifests by name (templates such as `.j2` and `.tmpl` and
//! `.example` files among them), and values that only refer to a secret; see [`plain`].

mod creation;
mod finding;
mod frame;
mod input;
mod plain;
pub(crate) mod report;
mod rules;

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use creation::Configs;
pub(crate) use finding::{Finding, Severity, shell_word};
use input::{Input, Look};
use rules::RULES;

use crate::document::Position;

/// Most bytes of one file that are looked at. A Kubernetes object has 1.5 MiB at most, so that a larger
/// file is a stream of many, or none.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// Most threads: beyond that, reading files is what takes the time.
const MOST_THREADS: usize = 8;

/// Reads a file relative to the root; a file larger than [`MOST_BYTES`] may be cut off anywhere beyond.
pub(crate) type Read<'r> = dyn Fn(&Path) -> io::Result<Vec<u8>> + Sync + 'r;

/// What a check found.
#[derive(Default)]
pub(crate) struct Report {
    /// By path, place and rule.
    pub(crate) findings: Vec<Finding>,
    /// What could not be looked at, in order.
    pub(crate) unchecked: Vec<Unchecked>,
    /// Number of files that were looked at.
    pub(crate) files: usize,
}

/// A file that could not be looked at, or a configuration that could not be used.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Unchecked {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    /// Why, with line and column before it if it is about a place; nothing from the file but keys.
    pub(crate) reason: String,
    /// Whether it is a `.sops.yaml`, without which nothing can be said about the files below it.
    pub(crate) is_configuration: bool,
}

/// Whether a file is a manifest by its name.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// Checks the manifests among `paths`, which are relative to the root of the repository.
pub(crate) fn run(paths: &[PathBuf], read: &Read<'_>) -> Report {
    let manifests: Vec<&Path> =
        paths.iter().map(PathBuf::as_path).filter(|path| is_manifest(path)).collect();
    let mut report = Report::default();
    let configs = Configs::read(&manifests, read, &mut report.unchecked);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut report = Report::default();
        while let Some(path) = manifests.get(next.fetch_add(1, Ordering::Relaxed)) {
            report.files += 1;
            check_file(path, read, &configs, &mut report);
        }
        report
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(part) => report.add(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    report.findings.sort_by(|a, b| order(a).cmp(&order(b)));
    report.unchecked.sort();
    // A broken rule is met once for each of its files.
    report.unchecked.dedup();
    report
}

impl Report {
    /// Number of findings of a severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Takes over what another thread found.
    fn add(&mut self, part: Report) {
        self.findings.extend(part.findings);
        self.unchecked.extend(part.unchecked);
        self.files += part.files;
    }
}

/// What findings are sorted by.
fn order(finding: &Finding) -> (&Path, Position, &str) {
    (&finding.path, finding.position, finding.rule)
}

/// Reads one file and hands it to the rules.
fn check_file(path: &Path, read: &Read<'_>, configs: &Configs, report: &mut Report) {
    let creation = configs.about(path, &mut report.unchecked);
    let document = match input::look(path, read(path), creation) {
        Look::Passed => return,
        Look::Unchecked(unchecked) => return report.unchecked.push(unchecked),
        Look::Document(document) => document,
    };
    match Input::new(path, &document, creation) {
        Ok(input) => RULES.iter().for_each(|rule| rule.check(&input, &mut report.findings)),
        Err(error) => report.unchecked.push(Unchecked {
            path: path.to_owned(),
            reason: format!("its `sops` mapping cannot be used: {error}"),
            is_configuration: false,
        }),
    }
}

#[cfg(test)]
mod tests;
