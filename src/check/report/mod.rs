//! Reports: findings as somebody or something reads them, one file per format. They only format.
//!
//! `text` and `json` speak to somebody in a directory of the repository, the others to whoever shows them elsewhere, so
//! that their commands are those of the root.

mod explain;
mod fingerprint;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;
mod text;

use std::path::Path;

pub(crate) use explain::explain;
pub(crate) use github::github;
pub(crate) use gitlab::gitlab;
pub(crate) use json::json;
pub(crate) use junit::junit;
pub(crate) use sarif::sarif;
pub(crate) use text::text;

use super::finding::Finding;

/// What to do about a finding, for somebody at the root of the repository.
fn hint(finding: &Finding) -> String {
    finding.hint.text(&finding.path, Path::new(""))
}
