//! Facts and choices: what was inferred, and from where.

use std::path::{Path, PathBuf};

/// Something inferred, with the files that show it; none where it is a convention of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fact<T> {
    /// What was inferred.
    pub(crate) value: T,
    /// The files, relative to the root, each once, in order.
    pub(crate) evidence: Vec<PathBuf>,
}

impl<T> Fact<T> {
    /// A fact that one file shows.
    pub(crate) fn new(value: T, file: &Path) -> Self {
        Fact { value, evidence: vec![file.to_owned()] }
    }

    /// What is done where nothing shows another way.
    pub(crate) fn convention(value: T) -> Self {
        Fact { value, evidence: Vec::new() }
    }

    /// A fact that several files show.
    pub(crate) fn seen_in<'p>(value: T, files: impl IntoIterator<Item = &'p Path>) -> Self {
        let mut evidence: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
        evidence.sort();
        evidence.dedup();
        Fact { value, evidence }
    }

    /// The same evidence for something that follows from the value.
    pub(crate) fn map<U>(self, follow: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: follow(self.value), evidence: self.evidence }
    }
}

/// One of several candidates, or the reason why none was taken.
pub(crate) enum Choice<T> {
    /// There is none.
    Missing,
    /// There is exactly one.
    One(T),
    /// The evidence contradicts itself.
    Several(Vec<T>),
}

impl<T> Choice<T> {
    /// The choice among these.
    pub(crate) fn among(mut candidates: Vec<T>) -> Self {
        match candidates.len() {
            0 => Choice::Missing,
            1 => Choice::One(candidates.remove(0)),
            _ => Choice::Several(candidates),
        }
    }
}
