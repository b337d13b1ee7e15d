//! New Secrets: encrypted by the creation rule for their path, or not made at all.

use std::path::{Path, PathBuf};

use super::draft::{Draft, written_like};
use super::{Error, Means};
use crate::document::{Document, Fragment};
use crate::layout::{Configured, configuration};
use crate::repo::Snapshot;
use crate::sops::file::{Encryption, encrypt};
use crate::sops::rules;

/// The key whose value must not be left in the clear.
const PASSWORD: [&str; 2] = ["stringData", "password"];

/// A Secret that is to be made.
pub(super) struct NewSecret<'d> {
    /// Where it can be; the first path that a creation rule covers is taken.
    pub(super) paths: Vec<PathBuf>,
    /// What it holds, a password among it.
    pub(super) content: Fragment,
    /// A document whose indentation and line breaks it gets.
    pub(super) like: &'d Document,
    /// Whether it begins with `---`.
    pub(super) with_marker: bool,
}

/// Makes the file; its path and that of the rules.
pub(super) fn create(
    draft: &mut Draft<'_>,
    new: &NewSecret<'_>,
    means: &mut Means<'_>,
) -> Result<(PathBuf, PathBuf), Error> {
    let (path, configured) = place(draft.snapshot(), &new.paths)?;
    let plain = written_like(new.like, &new.content, new.with_marker, path)?;
    let rule = configured.config.rule_for(path).map_err(|error| unusable(&configured, error))?;
    let rule = rule.ok_or_else(|| Error::NoRule { path: path.to_owned() })?;
    let how = Encryption {
        groups: &rule.groups,
        threshold: rule.threshold,
        selection: &rule.selection,
        mac_only_encrypted: rule.mac_only_encrypted,
        indent: configured.config.indent(),
        now: means.now,
    };
    let encrypted = encrypt(&plain, &how, means.random).map_err(Error::sops(path))?;
    check_encrypted(&encrypted, &PASSWORD, path)?;
    draft.create(path, encrypted)?;
    Ok((path.to_owned(), configured.file))
}

/// Refuses a document in which a value that must be secret is in the clear, whatever the rule selects.
pub(super) fn check_encrypted(
    document: &Document,
    keys: &[&str],
    path: &Path,
) -> Result<(), Error> {
    let root = document.roots().first();
    let value = root.and_then(|root| document.descend(root.node, keys));
    let text = value.and_then(|value| document.text(value)).unwrap_or_default();
    match text.starts_with("ENC[") {
        true => Ok(()),
        false => Err(Error::NotSelected { path: path.to_owned(), route: keys.join(".") }),
    }
}

/// The first path that a creation rule covers.
fn place<'p>(snapshot: &Snapshot, paths: &'p [PathBuf]) -> Result<(&'p Path, Configured), Error> {
    for path in paths {
        let Some(configured) = configuration(snapshot, path)? else { continue };
        let rule = configured.config.rule_for(path);
        if rule.map_err(|error| unusable(&configured, error))?.is_some() {
            return Ok((path, configured));
        }
    }
    Err(Error::NoRule { path: paths.first().cloned().unwrap_or_default() })
}

fn unusable(configured: &Configured, source: rules::Error) -> Error {
    Error::Rule { path: configured.file.clone(), source }
}
