//! One file as the rules see it: the document, what its own metadata selects, and the creation rule it falls under.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use super::creation::Creation;
use super::finding::{Confidence, Finding, Hint};
use super::frame::Frame;
use super::plain;
use super::rules::Rule;
use super::{MOST_BYTES, Unchecked};
use crate::document::{Document, NodeId};
use crate::kube::objects;
use crate::kube::secret::{Entry, SecretObject};
use crate::sops::file::plain_leaves;
use crate::sops::selection::{Selection, SelectionError, Settings};

/// How UTF-16 begins, in either byte order.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// A file, parsed.
pub(super) struct Input<'i> {
    /// Relative to the root.
    pub(super) path: &'i Path,
    /// Its content.
    pub(super) document: &'i Document,
    /// The selection in its own metadata; `None` for a file that is not encrypted.
    pub(super) own: Option<Cow<'i, Selection>>,
    /// What `.sops.yaml` says about it.
    pub(super) creation: Creation<'i>,
    /// The Secrets with values that are plain, unless they are filled in the cluster.
    pub(super) plain_secrets: Vec<PlainSecret<'i>>,
}

/// A Secret with plain values.
pub(super) struct PlainSecret<'i> {
    /// The Secret.
    pub(super) secret: SecretObject<'i>,
    /// Its plain entries as they stand in the file; at least one.
    pub(super) entries: Vec<Entry<'i>>,
}

/// What a first look at a file's bytes says.
pub(super) enum Look {
    /// No rule could find anything in it.
    Passed,
    /// It cannot be looked at.
    Unchecked(Unchecked),
    /// It is to be looked at by the rules.
    Document(Document),
}

/// Looks whether a file is worth parsing, which few are, and parses it.
pub(super) fn look(path: &Path, bytes: io::Result<Vec<u8>>, creation: Creation<'_>) -> Look {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => return unchecked(path, format!("cannot be read: {error}")),
    };
    if bytes.len() as u64 > MOST_BYTES {
        return unchecked(path, format!("larger than {} MiB", MOST_BYTES >> 20));
    }
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return unchecked(path, "encoded as UTF-16; save it as UTF-8".to_owned());
    }
    let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0')) else {
        return unchecked(path, "not text in UTF-8".to_owned());
    };
    if !mentions_secret(text) && !text.contains(plain::TOKEN) && !creation.is_specific() {
        return Look::Passed;
    }
    // Only asked for where a file does not parse; many templates do.
    let is_template = text.contains("{{") || text.contains("{%");
    match Document::parse(bytes) {
        Ok(document) => Look::Document(document),
        Err(_) if is_template => Look::Passed,
        Err(error) => unchecked(path, error.to_string()),
    }
}

/// Whether the word `Secret` stands in a text, which is so in every file with a Secret and in few others:
/// `ExternalSecret`, `secretRef` and `passwordSecret` are other words.
fn mentions_secret(text: &str) -> bool {
    const WORD: &str = "Secret";
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(WORD).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + WORD.len()..].chars().next())
    })
}

fn unchecked(path: &Path, reason: String) -> Look {
    Look::Unchecked(Unchecked { path: path.to_owned(), reason, is_configuration: false })
}

impl<'i> Input<'i> {
    /// Reads what the rules need; fails where the file's own selection cannot be used.
    pub(super) fn new(
        path: &'i Path,
        document: &'i Document,
        creation: Creation<'i>,
    ) -> Result<Self, SelectionError> {
        let own = own_selection(document, creation)?;
        let plain_secrets = objects(document)
            .into_iter()
            .filter_map(SecretObject::of)
            .filter(|secret| !secret.is_filled_in_cluster())
            .filter_map(PlainSecret::of)
            .collect();
        Ok(Input { path, document, own, creation, plain_secrets })
    }

    /// The values that a selection picks and that are plain, each once and in file order. A damaged token is none.
    pub(super) fn plain_leaves(&self, selection: &Selection) -> Vec<NodeId> {
        let mut leaves = plain_leaves(self.document, selection);
        leaves.retain(|leaf| !self.document.text(*leaf).is_some_and(plain::is_token));
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    }

    /// What names a value: its key, or the value itself where it is an item.
    pub(super) fn label(&self, value: NodeId) -> NodeId {
        let parent = self.document.node(value).parent;
        let entry = parent.and_then(|parent| {
            self.document.entries(parent).find(|(_, candidate)| *candidate == value)
        });
        entry.map_or(value, |(key, _)| key)
    }

    /// A finding that points at some keys or items, the first one being its location. Severity and confidence
    /// are the usual ones.
    pub(super) fn finding(
        &self,
        rule: &dyn Rule,
        labels: &[NodeId],
        message: String,
        hint: Hint,
    ) -> Finding {
        let first = labels.first().copied().unwrap_or(NodeId(0));
        Finding {
            rule: rule.id(),
            severity: rule.severity(),
            confidence: Confidence::High,
            path: self.path.to_owned(),
            position: self.document.position_of(first),
            route: self.document.route(first),
            message,
            hint,
            frame: Frame::around(self.document, labels),
        }
    }
}

impl<'i> PlainSecret<'i> {
    /// The Secret, if it has plain values.
    fn of(secret: SecretObject<'i>) -> Option<Self> {
        let document = secret.object.document;
        let mut entries = secret.entries();
        entries.retain(|entry| plain::is_plain(document, entry.value, entry.encoded));
        entries.sort_by_key(|entry| entry.key_node);
        (!entries.is_empty()).then_some(PlainSecret { secret, entries })
    }

    /// The Secret by its name, for a message.
    pub(super) fn title(&self) -> String {
        match self.secret.object.name() {
            Some(name) => format!("Secret `{}`", name.escape_debug()),
            None => "a Secret without a name".to_owned(),
        }
    }
}

/// The selection in the metadata of an encrypted file. Recipients and data key do not matter here, so that files
/// with keys that we cannot use are checked, too.
fn own_selection<'c>(
    document: &Document,
    creation: Creation<'c>,
) -> Result<Option<Cow<'c, Selection>>, SelectionError> {
    let sops = document.roots().first().and_then(|root| document.lookup(root.node, "sops"));
    // A key of that name is not enough: charts and tools have settings called so.
    let Some(sops) = sops.filter(|sops| document.lookup(*sops, "lastmodified").is_some()) else {
        return Ok(None);
    };
    let text = |name| document.lookup(sops, name).and_then(|node| document.text(node));
    let settings = Settings::read(text);
    // Nearly always it is that of the rule. Compiling a pattern takes longer than all the rest of a check.
    if let Creation::Rule(_, rule) = creation
        && let Some((name, setting)) = rule.selection.setting()
        && settings == only(name, setting)
    {
        return Ok(Some(Cow::Borrowed(&rule.selection)));
    }
    Ok(Some(Cow::Owned(Selection::new(settings)?)))
}

/// One setting by its name.
fn only<'s>(name: &str, text: &'s str) -> Settings<'s> {
    let given = |setting| (setting == name).then_some(text);
    Settings::read(given)
}
