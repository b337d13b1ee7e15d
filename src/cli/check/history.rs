//! Every version of every file that Git can reach.
//!
//! Each content is read once, looked at and forgotten; what is kept are names. Creation rules are not looked for, because
//! today's say nothing about files of then.

use std::io;
use std::path::Path;

use super::super::each::each;
use super::super::{Context, Failure};
use super::inputs::{Chosen, Wanted};
use crate::check::{self, Hint, MOST_BYTES, Means, Report, Settings};
use crate::repo::{self, Blob, Objects};

/// Checks all of them.
pub(super) fn all(
    root: &Path,
    wanted: &Wanted,
    context: &mut Context,
) -> Result<(Chosen, Report), Failure> {
    let mut blobs = repo::every_blob(root)?;
    blobs.retain(|blob| wanted.has(&blob.path));
    let objects = Objects::open(root).map_err(|error| Failure::new(format!("`git`: {error}")))?;
    let mut report = Report::default();
    for part in each(blobs, "checking", context, |blob, _| one(&blob, &objects)) {
        report.add(part);
    }
    if repo::is_shallow(root) {
        context.note("note: the history is not all here; `git fetch --unshallow` fetches the rest");
    }
    Ok((Chosen::default(), report.in_order()))
}

/// Checks one version.
fn one(blob: &Blob, objects: &Objects) -> Report {
    let read = |path: &Path| match path == blob.path {
        true => objects.read(blob.object.as_bytes(), MOST_BYTES),
        false => Err(io::ErrorKind::NotFound.into()),
    };
    let path = std::slice::from_ref(&blob.path);
    let mut report = check::run(path, &Means::reading(&read));
    // A comment is about the version that it stands in.
    report.suppress(&Settings::default(), false);
    for finding in &mut report.findings {
        finding.message += &format!(" (in commit {})", blob.commit);
        // No command takes it out of what others have fetched.
        let replace = "whoever has the history can read it: replace it wherever it is used";
        finding.hint = Hint { first: Some(replace.to_owned()), command: None };
    }
    for unchecked in &mut report.unchecked {
        unchecked.reason += &format!(" (in commit {})", blob.commit);
    }
    report
}
