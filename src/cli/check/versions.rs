//! Files as the index or a commit has them, compared with a commit before.
//!
//! Only what is otherwise there is looked at, and the working tree not at all: a file may be staged in part.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::super::Failure;
use super::inputs::{Chosen, Wanted};
use crate::check::{self, Finding, MOST_BYTES, Means, Report, Unchecked, Verification};
use crate::repo::{self, Difference, Kind, Objects};

/// Checks what would be committed.
pub(super) fn staged(
    root: &Path,
    wanted: &Wanted,
    verification: Option<&Verification<'_>>,
) -> Result<(Chosen, Report), Failure> {
    // The other parent, where a merge is about to be committed.
    let states = (":0:", "MERGE_HEAD:");
    let objects = opened(root)?;
    checked(objects, repo::staged(root)?, wanted, states, verification, |_, _| {})
}

/// Checks what a range brought, without the findings that were there before.
pub(super) fn range(
    root: &Path,
    text: &str,
    wanted: &Wanted,
    verification: Option<&Verification<'_>>,
) -> Result<(Chosen, Report), Failure> {
    let range = repo::range(root, text).map_err(|error| unknown(root, error))?;
    let state = format!("{}:", range.to);
    let objects = opened(root)?;
    checked(objects, repo::in_range(root, &range)?, wanted, (&state, ""), verification, leave_old)
}

/// The objects of a repository. Opened before Git is asked what differs: it takes a moment to start.
fn opened(root: &Path) -> Result<Objects, Failure> {
    Objects::open(root).map_err(|error| Failure::new(format!("`git`: {error}")))
}

/// The refusal of a range, with what to do where the history was left out.
fn unknown(root: &Path, error: repo::GitError) -> Failure {
    let failure = Failure::from(error);
    if repo::is_shallow(root) {
        failure
            .hint("the history is not all here: `git fetch --unshallow`, or `fetch-depth: 0` in CI")
    } else {
        failure
    }
}

/// Checks the files of a state that are otherwise than before; `sift` sees what was found.
fn checked(
    objects: Objects,
    differences: Vec<Difference>,
    wanted: &Wanted,
    (state, parent): (&str, &str),
    verification: Option<&Verification<'_>>,
    sift: impl Fn(&Versions<'_>, &mut Report),
) -> Result<(Chosen, Report), Failure> {
    let mut unmerged = Report::default();
    let mut changed = BTreeMap::new();
    for file in differences.into_iter().filter(|file| wanted.has(&file.path)) {
        match file.kind {
            Kind::File => drop(changed.insert(file.path.clone(), file)),
            Kind::Pointer => {}
            Kind::Unmerged => {
                let reason = "is not merged; `git add` it once it is".to_owned();
                unmerged.unchecked.push(Unchecked::file(&file.path, reason));
            }
        }
    }
    let chosen = Chosen { paths: changed.keys().cloned().collect(), named: Vec::new() };
    if changed.is_empty() {
        return Ok((chosen, unmerged));
    }
    let versions = Versions { objects, changed, state, parent, verification };
    let (read, before) = (|path: &Path| versions.read(path), |path: &Path| versions.before(path));
    let means = Means { read: &read, before: &before, layout: None, verification };
    let mut found = check::run(&chosen.paths, &means);
    sift(&versions, &mut found);
    found.unchecked.extend(unmerged.unchecked);
    Ok((chosen, found))
}

/// The files of a state that are otherwise than before.
struct Versions<'v> {
    objects: Objects,
    changed: BTreeMap<PathBuf, Difference>,
    /// What leads to the other files of the state, before a path.
    state: &'v str,
    /// What leads to the files of another parent, or nothing.
    parent: &'v str,
    /// With what their values are looked at, if they are.
    verification: Option<&'v Verification<'v>>,
}

impl Versions<'_> {
    /// A file of the state.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.changed.get(path) {
            Some(file) => self.objects.read(file.now.as_bytes(), MOST_BYTES),
            None => self.objects.read(&named(self.state, path), MOST_BYTES),
        }
    }

    /// What it was before.
    fn before(&self, path: &Path) -> Vec<Vec<u8>> {
        let before = self.changed.get(path).and_then(|file| file.before.as_deref());
        let before = before.map(|object| object.as_bytes().to_vec());
        let merged = (!self.parent.is_empty()).then(|| named(self.parent, path));
        let names = before.into_iter().chain(merged);
        names.filter_map(|name| self.objects.read(&name, MOST_BYTES).ok()).collect()
    }
}

/// How Git is asked for a file of a state.
fn named(state: &str, path: &Path) -> Vec<u8> {
    [state.as_bytes(), path.as_os_str().as_encoded_bytes()].concat()
}

/// Leaves out the findings that were there before: the content before has the same one, and every line that it is about.
/// So neither a move nor a change elsewhere in the file makes one new.
fn leave_old(versions: &Versions<'_>, found: &mut Report) {
    let paths: HashSet<&PathBuf> = found.findings.iter().map(|finding| &finding.path).collect();
    let before: HashMap<PathBuf, Vec<u8>> = paths
        .into_iter()
        .filter_map(|path| Some((path.clone(), versions.before(path).into_iter().next()?)))
        .collect();
    let read = |path: &Path| match before.get(path) {
        Some(bytes) => Ok(bytes.clone()),
        None => versions.read(path),
    };
    let mut paths: Vec<PathBuf> = before.keys().cloned().collect();
    paths.sort();
    let means = Means { verification: versions.verification, ..Means::reading(&read) };
    let old = check::run(&paths, &means);
    let same = |one: &Finding, other: &Finding| {
        (one.rule, &one.path, &one.route, &one.message)
            == (other.rule, &other.path, &other.route, &other.message)
    };
    found.findings.retain(|finding| {
        let has_lines = || has_lines_of(&before[&finding.path], versions, finding);
        !(old.findings.iter().any(|other| same(other, finding)) && has_lines())
    });
}

/// Whether a content has all lines that a finding is about.
fn has_lines_of(before: &[u8], versions: &Versions<'_>, finding: &Finding) -> bool {
    let known: HashSet<&[u8]> = before.split(|byte| *byte == b'\n').collect();
    let Ok(now) = versions.read(&finding.path) else { return false };
    let lines = now.split(|byte| *byte == b'\n').skip(finding.lines.start - 1);
    lines.take(finding.lines.len()).all(|line| known.contains(line))
}
