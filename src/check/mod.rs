//! The check: rules look at files and return findings.
//!
//! [`run`] is given paths and a way to read them, and needs no key. It opens no file itself, prints nothing and
//! decides no exit code. A file is read once, looked at by all rules, and forgotten, so that memory does not
//! grow with the repository; several threads share the files.
//!
//! ```text
//! paths ──read──► Text ──► rules about texts                                                     ──► findings
//!                  └─ a manifest, worth parsing? ──► Input (document, own selection, creation rule) ──► …
//! layout ──► Repository ──► rules about files that belong together                                ──► …
//! ```
//!
//! With a [`Verification`] SOPS files are opened, too, and rules look at their values; see [`verify`].
//!
//! Findings stand until [`Report::suppress`] and [`Report::accept`] take out what comments, settings and a baseline hold
//! back, and count it.
//!
//! Adding a rule takes its file in `rules/`, a line in the registry there, and its test.
//!
//! What it does not look at: as manifests, files that are none by name (templates such as `.j2` and `.tmpl` and
//! `.example` files among them), and values that only refer to a secret; see [`plain`].

mod assignment;
mod baseline;
mod checking;
mod content;
mod creation;
mod credential;
mod directive;
mod finding;
mod frame;
mod input;
mod opened;
mod placeholder;
mod plain;
pub(crate) mod report;
mod repository;
mod rules;
mod settings;
mod suppress;
mod text;
mod verify;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use baseline::Baseline;
use checking::Checking;
use directive::Directive;
pub(crate) use finding::{Finding, Hint, Severity, shell_word};
use opened::Vault;
use repository::Repository;
pub(crate) use rules::{RULES, Rule};
pub(crate) use settings::Settings;
pub(crate) use suppress::{Held, Notice};
pub(crate) use verify::{Sealed, Verification};

use crate::document::Position;
use crate::layout::Layout;
use crate::repo;

/// Most bytes of one file that are looked at. A Kubernetes object has 1.5 MiB at most, so that a larger
/// file is a stream of many, or none.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// Reads a file relative to the root; a file larger than [`MOST_BYTES`] may be cut off anywhere beyond.
pub(crate) type Read<'r> = dyn Fn(&Path) -> io::Result<Vec<u8>> + Sync + 'r;

/// The versions that a file had before, one for each parent that has it; none of a file that is new, has not changed, or
/// comes from nowhere.
pub(crate) type Before<'b> = dyn Fn(&Path) -> Vec<Vec<u8>> + Sync + 'b;

/// Where nothing is known of versions before.
pub(crate) const NOTHING_BEFORE: &Before<'static> = &|_| Vec::new();

/// What a check found.
#[derive(Default)]
pub(crate) struct Report {
    /// By path, place and rule.
    pub(crate) findings: Vec<Finding>,
    /// What could not be looked at, in order.
    pub(crate) unchecked: Vec<Unchecked>,
    /// What could not be verified because nobody could open it, by path.
    pub(crate) sealed: Vec<Sealed>,
    /// The values of the files that were opened, until all rules have looked at them.
    vault: Vault,
    /// Whether rules about values were asked.
    is_verified: bool,
    /// Number of files that were looked at.
    pub(crate) files: usize,
    /// Number of findings that were held back; nothing is until somebody asks for it.
    pub(crate) held: Held,
    /// The comments that are to hold findings back, by path and line.
    directives: Vec<Directive>,
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
    /// Whether it is, by the tokens in it, a SOPS file that was to be verified.
    pub(crate) is_unverified: bool,
}

impl Unchecked {
    /// A file that could not be looked at.
    pub(crate) fn file(path: &Path, reason: String) -> Unchecked {
        Unchecked { path: path.to_owned(), reason, is_configuration: false, is_unverified: false }
    }
}

/// Whether a file is a manifest by its name.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// What files are looked at with.
pub(crate) struct Means<'m> {
    /// Reads those that are looked at, and configurations.
    pub(crate) read: &'m Read<'m>,
    /// What they were before.
    pub(crate) before: &'m Before<'m>,
    /// The repository that they belong to, for rules about files that belong together, if these are among them.
    pub(crate) layout: Option<&'m Layout<'m>>,
    /// What opens SOPS files, for rules about values.
    pub(crate) verification: Option<&'m Verification<'m>>,
}

impl<'m> Means<'m> {
    /// No more than what it takes to read files.
    pub(crate) fn reading(read: &'m Read<'m>) -> Self {
        Means { read, before: NOTHING_BEFORE, layout: None, verification: None }
    }
}

/// Checks files, whose paths are relative to the root of the repository and in order.
pub(crate) fn run(paths: &[PathBuf], means: &Means<'_>) -> Report {
    let files: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let mut report = Report::default();
    let checking = Checking::new(&files, means, &mut report.unchecked);
    report.add(on_all(&files, |path, report| checking.file(path, report)));
    report.is_verified = means.verification.is_some();
    let vault = std::mem::take(&mut report.vault);
    if let Some(layout) = means.layout {
        let vault = means.verification.map(|_| &vault);
        let repository = Repository::new(layout, &report.unchecked, vault);
        let part = on_all(RULES, |rule, part| rule.repository(&repository, &mut part.findings));
        report.add(part);
        let is_chosen = |path: &PathBuf| paths.binary_search(path).is_ok();
        report.findings.retain(|finding| is_chosen(&finding.path));
    }
    report.in_order()
}

/// Does some work for each item, on all processors; each of these fills a part of the report.
fn on_all<T: Sync>(items: &[T], work: impl Fn(&T, &mut Report) + Sync) -> Report {
    let mut report = Report::default();
    repo::parts(items, work).into_iter().for_each(|part| report.add(part));
    report
}

impl Report {
    /// Number of findings of a severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The same, sorted.
    pub(crate) fn in_order(mut self) -> Report {
        self.findings.sort_by(|a, b| order(a).cmp(&order(b)));
        self.directives.sort_by(|a, b| a.place().cmp(&b.place()));
        self.unchecked.sort();
        // A broken rule is met once for each of its files.
        self.unchecked.dedup();
        self.sealed.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    /// Whether a rule was asked, so that what it does not find is not there.
    fn was_asked(&self, rule: &str) -> bool {
        let is_it = |known: &&&dyn Rule| known.id() == rule && known.needs_values();
        self.is_verified || !RULES.iter().any(|known| is_it(&known))
    }

    /// Takes over what another thread, or another run, found.
    pub(crate) fn add(&mut self, part: Report) {
        self.findings.extend(part.findings);
        self.unchecked.extend(part.unchecked);
        self.sealed.extend(part.sealed);
        self.vault.0.extend(part.vault.0);
        self.directives.extend(part.directives);
        self.held.ignored += part.held.ignored;
        self.held.baseline += part.held.baseline;
        self.files += part.files;
    }
}

/// What findings are sorted by.
fn order(finding: &Finding) -> (&Path, Position, &str) {
    (&finding.path, finding.position, finding.rule)
}

#[cfg(test)]
mod tests;
