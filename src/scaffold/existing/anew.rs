//! Adding without reading: a file that nobody here can open, made anew under a new data key.
//!
//! The MAC covers every value and is encrypted with the data key, so that one value alone cannot be replaced. All of
//! them can: then nothing of the old data key is needed, and the file is what a new one would be, in the old one's
//! words. It is refused where anything else in the file is encrypted.

use std::path::PathBuf;

use super::{Error, Means, Note, Target, entry};
use crate::document::Document;
use crate::layout::configuration;
use crate::repo::Snapshot;
use crate::scaffold::{self, manifest};
use crate::secret::Secret;
use crate::sops;
use crate::sops::bare::{bare, tokens};

/// The file with these values for the recipients of its creation rule; `reason` is why it is not opened.
pub(super) fn make(
    target: &Target<'_>,
    values: &[(String, Secret)],
    snapshot: &Snapshot,
    means: &mut Means<'_>,
    reason: sops::file::Error,
) -> Result<(Document, Note), Error> {
    let (path, position) = (target.file(), target.position);
    let sops = Error::sops(path);
    let (mut plain, comments) = bare(target.site.object.document).map_err(&sops)?;
    let (keys, others) = lost(&plain, position, values);
    if !keys.is_empty() || !others.is_empty() {
        let source = Box::new(reason);
        return Err(Error::Locked { path: path.to_owned(), keys, others, source });
    }
    let Some(rules) = configuration(snapshot, path)? else {
        let directory = path.parent().map(PathBuf::from).unwrap_or_default();
        return Err(scaffold::Error::NoConfig { directory }.into());
    };
    for (key, value) in values {
        plain = entry::set(&plain, position, (key, value), path)?;
    }
    let new = manifest::encrypt(&plain, (path, &rules), means.now, means.random)?;
    Ok((new, Note::MadeAnew { path: path.to_owned(), config: rules.file, comments }))
}

/// What is encrypted and would be lost: keys of the Secret, and other places of the file.
fn lost(
    plain: &Document,
    position: usize,
    values: &[(String, Secret)],
) -> (Vec<String>, Vec<String>) {
    let (mut keys, mut others) = (Vec::new(), Vec::new());
    let entries = super::opened::secret_at(plain, position).entries();
    for token in tokens(plain) {
        match entries.iter().find(|entry| entry.value == token) {
            Some(found) if values.iter().any(|(key, _)| key == found.key) => {}
            Some(found) => keys.push(found.key.to_owned()),
            None => others.push(plain.route(token).to_string()),
        }
    }
    (keys, others)
}
