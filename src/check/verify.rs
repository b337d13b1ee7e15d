//! What takes an identity: SOPS files are opened, and rules look at their values.
//!
//! ```text
//! Document ──identities──► Opened (values, or what does not verify) ──► rules
//!                └─ nobody can open it: told, never a finding
//! ```
//!
//! Nothing is opened without a [`Verification`]. Where identities are, and whom they ask, is not known here. A manifest
//! in YAML is not parsed again; files of other formats are read here only.

use std::path::{Path, PathBuf};

use super::opened::{Opened, Values};
use super::plain::TOKEN;
use super::rules::RULES;
use super::{Report, Unchecked, is_manifest};
use crate::document::Document;
use crate::keys::Identities;
use crate::sops::Format;
use crate::sops::file::{EncryptedFile, Error, Unlocked};

/// What it takes to verify files.
pub(crate) struct Verification<'v> {
    /// Who opens them.
    pub(crate) identities: &'v Identities,
    /// The time, in seconds since 1970.
    pub(crate) now: i64,
}

/// A file that nobody could open.
pub(crate) struct Sealed {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    /// Why.
    pub(crate) error: Error,
    /// The recipients who could.
    pub(crate) recipients: Vec<String>,
}

impl Verification<'_> {
    /// Verifies a text, if it is a SOPS file in the format that its name tells.
    pub(super) fn text(&self, path: &Path, text: &str, report: &mut Report) {
        let format = Format::of_path(path);
        if !text.contains(TOKEN) || !text.contains("sops") || !text.contains("lastmodified") {
            return;
        }
        match Document::parse_as(format.syntax(), text.as_bytes().to_vec()) {
            Ok(document) => self.document(path, &document, report),
            // Whatever has no format of its own may well speak of these.
            Err(_) if format == Format::Binary => {}
            Err(error) => report.unchecked.push(Unchecked::file(path, error.to_string())),
        }
    }

    /// Verifies a document, if it is a SOPS file. Of manifests, those without a MAC are left to `stray-token`, and those with
    /// plain values in the place of tokens to `partially-encrypted`.
    pub(super) fn document(&self, path: &Path, document: &Document, report: &mut Report) {
        let mut recipients = Vec::new();
        let unlocked = match EncryptedFile::open(document) {
            Ok(Some(file)) if file.metadata().has_mac() || !is_manifest(path) => {
                recipients.extend(file.metadata().recipients().map(str::to_owned));
                file.unlock(self.identities)
            }
            Ok(_) => return,
            Err(error) => Err(error),
        };
        let values = match unlocked.and_then(|unlocked| values(path, document, &unlocked)) {
            Err(Error::Plain { .. }) if is_manifest(path) => return,
            Err(error) if !is_damage(&error) => {
                return report.sealed.push(Sealed { path: path.to_owned(), error, recipients });
            }
            values => values,
        };
        let opened = Opened { path, document, values, now: self.now };
        RULES.iter().for_each(|rule| rule.opened(&opened, &mut report.findings));
        if let Ok(values) = opened.values {
            report.vault.0.insert(path.to_owned(), values);
        }
    }
}

/// The values of a file.
fn values(path: &Path, document: &Document, unlocked: &Unlocked<'_>) -> Result<Values, Error> {
    match Format::of_path(path) {
        // Its one value has no key that would say what it is.
        Format::Binary => unlocked.decrypt_binary().map(|_| Values::default()),
        _ => unlocked.values().map(|values| Values::new(document, values)),
    }
}

/// Whether this is about what the data key vouches for.
fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::MacMismatch
            | Error::MacMissing
            | Error::MacUnreadable(_)
            | Error::Plain { .. }
            | Error::Token { .. }
    )
}
