//! Values as whoever reads them in the cluster gets them: decrypted, and without their base64.
//!
//! ```text
//! data: {password: ENC[…]}          decrypted, then decoded
//! stringData: {password: ENC[…]}    decrypted
//! stringData: {issuer: dex}         as it stands
//! PASSWORD=ENC[…]                   decrypted: of a file without Secrets, such as a dotenv file
//! ```
//!
//! Whatever a rule says about them, it names keys and places. They are wiped when the check is done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::finding::{Confidence, Finding, Hint};
use super::plain;
use super::rules::Rule;
use crate::document::{Document, NodeId};
use crate::kube::objects;
use crate::kube::secret::SecretObject;
use crate::layout::SecretSite;
use crate::secret::Secret;
use crate::sops::file::Error;

/// The decrypted values of a file, each with the byte at which its token begins, in order. A place in the bytes is the same
/// however often the file is parsed.
#[derive(Default)]
pub(super) struct Values(Vec<(usize, Secret)>);

/// The decrypted values of a repository, by file.
#[derive(Default)]
pub(super) struct Vault(pub(super) BTreeMap<PathBuf, Values>);

/// A SOPS file, opened.
pub(crate) struct Opened<'o> {
    /// Relative to the root.
    pub(super) path: &'o Path,
    /// The file as it is: encrypted.
    pub(super) document: &'o Document,
    /// What was decrypted, or what does not verify.
    pub(super) values: Result<Values, Error>,
    /// The time, in seconds since 1970.
    pub(super) now: i64,
}

/// One value.
pub(super) struct Entry<'o> {
    /// Its key.
    pub(super) key: &'o str,
    /// The node of its key.
    pub(super) label: NodeId,
    /// The value; never empty.
    pub(super) value: Secret,
    /// Whether it stands in base64, where nobody replaces anything in it.
    pub(super) encoded: bool,
    /// The Secret that it belongs to.
    pub(super) secret: Option<SecretObject<'o>>,
}

impl Values {
    /// Values by the nodes of their tokens.
    pub(super) fn new(document: &Document, values: Vec<(NodeId, Secret)>) -> Values {
        let place = |(node, value)| (document.node(node).span.start, value);
        let mut values: Vec<_> = values.into_iter().map(place).collect();
        values.sort_by_key(|(at, _)| *at);
        Values(values)
    }

    /// The value in the place of a token.
    fn get(&self, document: &Document, token: NodeId) -> Option<&Secret> {
        let start = document.node(token).span.start;
        let index = self.0.binary_search_by_key(&start, |(at, _)| *at).ok()?;
        Some(&self.0[index].1)
    }
}

impl Vault {
    /// The values of a Secret, as far as they can be read.
    pub(super) fn entries<'s>(&self, site: &SecretSite<'s>) -> Vec<Entry<'s>> {
        let secret = SecretObject::of(site.object);
        secret.map_or_else(Vec::new, |secret| entries(secret, self.0.get(site.file)))
    }
}

impl<'o> Opened<'o> {
    /// The values of the Secrets; of a file without any, those that were encrypted.
    pub(super) fn entries(&self) -> Vec<Entry<'o>> {
        let Ok(values) = &self.values else { return Vec::new() };
        let document = self.document;
        let secrets: Vec<_> = objects(document).into_iter().filter_map(SecretObject::of).collect();
        if !secrets.is_empty() {
            return secrets.into_iter().flat_map(|secret| entries(secret, Some(values))).collect();
        }
        let nodes = document.roots().iter().flat_map(|root| document.subtree(root.node));
        let pairs = nodes.flat_map(|node| document.entries(node).collect::<Vec<_>>());
        let entry = |(label, value)| {
            let value = Secret::new(values.get(document, value)?.expose().to_vec());
            Some(Entry { key: document.text(label)?, label, value, encoded: false, secret: None })
        };
        pairs.filter_map(entry).filter(|entry| !entry.value.is_empty()).collect()
    }

    /// A finding that points at some keys, the first one being its location.
    pub(super) fn finding(
        &self,
        rule: &dyn Rule,
        labels: &[NodeId],
        message: String,
        hint: Hint,
    ) -> Finding {
        let place = (self.path, self.document);
        Finding::at(rule, place, labels, Confidence::High, message, hint)
    }
}

/// The values of a Secret: those that were decrypted, and those that are plain. A controller in the cluster replaces what
/// stands in the Secrets that it fills, so that these have none.
fn entries<'d>(secret: SecretObject<'d>, values: Option<&Values>) -> Vec<Entry<'d>> {
    let document = secret.object.document;
    let found = if secret.is_filled_in_cluster() { Vec::new() } else { secret.entries() };
    let entry = |entry: crate::kube::secret::Entry<'d>| {
        let decrypted = values.and_then(|values| values.get(document, entry.value));
        let text = match decrypted {
            Some(value) => value.expose(),
            None if plain::is_plain(document, entry.value, entry.encoded) => {
                document.text(entry.value)?.as_bytes()
            }
            None => return None,
        };
        let value = if entry.encoded { decoded(text)? } else { Secret::new(text.to_vec()) };
        let (key, label, encoded) = (entry.key, entry.key_node, entry.encoded);
        (!value.is_empty()).then_some(Entry { key, label, value, encoded, secret: Some(secret) })
    };
    found.into_iter().filter_map(entry).collect()
}

/// What base64 stands for; line breaks are allowed in it.
fn decoded(text: &[u8]) -> Option<Secret> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    STANDARD.decode(&*digits).ok().map(Secret::new)
}
