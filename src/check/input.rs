//! One file as the rules see it: the document, what its own metadata selects, and the creation rule it falls under.

use std::borrow::Cow;
use std::path::Path;

use super::Unchecked;
use super::creation::{Configs, Creation};
use super::finding::{Confidence, Finding, Hint};
use super::plain;
use super::rules;
use super::rules::literal_credential::may_have_one;
use super::rules::not_decryptable_name::MARK;
use crate::document::{Document, NodeId};
use crate::kube::objects;
use crate::kube::secret::{Entry, SecretObject, is_mentioned};
use crate::repo::Snapshot;
use crate::sops::file::plain_leaves;
use crate::sops::rules::Rule;
use crate::sops::selection::{Selection, SelectionError, Settings};

/// A file, parsed.
pub(crate) struct Input<'i> {
    /// Relative to the root.
    pub(super) path: &'i Path,
    /// Its content.
    pub(super) document: &'i Document,
    /// The selection in its own metadata; `None` for a file that is not encrypted.
    pub(super) own: Option<Cow<'i, Selection>>,
    /// What `.sops.yaml` says about it.
    pub(super) creation: Creation<'i>,
    /// All of the configurations.
    configs: &'i Configs,
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

/// What a first look at a file's text says.
pub(super) enum Look<'l> {
    /// No rule could find anything in it.
    Passed,
    /// It cannot be looked at.
    Unchecked(Unchecked),
    /// It is to be looked at by the rules.
    Document(Document),
    /// The same, where the repository has it already.
    Known(&'l Document),
}

/// Looks whether a file is worth parsing, which few are, and parses it, if it is not `known`.
pub(super) fn look<'l>(
    path: &Path,
    text: String,
    creation: Creation<'_>,
    known: Option<&'l Snapshot>,
) -> Look<'l> {
    let promises_secrets = || path.to_string_lossy().contains(MARK) || creation.is_specific();
    if !is_mentioned(&text)
        && !text.contains(plain::TOKEN)
        && !promises_secrets()
        && !may_have_one(&text)
    {
        return Look::Passed;
    }
    // Only asked for where a file does not parse; many templates do.
    let is_template = text.contains("{{") || text.contains("{%");
    let look = match known.and_then(|known| known.parsed(path)) {
        Some(document) => document.map(Look::Known).map_err(Clone::clone),
        None => Document::parse(text.into_bytes()).map(Look::Document),
    };
    match look {
        Ok(look) => look,
        Err(_) if is_template => Look::Passed,
        Err(error) => Look::Unchecked(Unchecked::file(path, error.to_string())),
    }
}

impl<'i> Input<'i> {
    /// Reads what the rules need; fails where the file's own selection cannot be used.
    pub(super) fn new(
        path: &'i Path,
        document: &'i Document,
        creation: Creation<'i>,
        configs: &'i Configs,
    ) -> Result<Self, SelectionError> {
        let own = own_selection(document, creation)?;
        let plain_secrets = objects(document)
            .into_iter()
            .filter_map(SecretObject::of)
            .filter(|secret| !secret.is_filled_in_cluster())
            .filter_map(PlainSecret::of)
            .collect();
        Ok(Input { path, document, own, creation, configs, plain_secrets })
    }

    /// The place of the rule that the encrypted file does not agree with; `None` where it agrees with its rule in the
    /// nearest configuration or in one further up, and where one of these is for other keys than ours, or broken.
    pub(super) fn disagreement(
        &self,
        agrees: impl Fn(&Rule) -> bool,
    ) -> Option<(String, &'i Rule)> {
        let Creation::Rule(config, rule) = self.creation else { return None };
        let is_fine = |creation| match creation {
            Creation::Rule(_, rule) => agrees(rule),
            Creation::Foreign | Creation::Broken(_) => true,
            Creation::NoConfig | Creation::NoRule(_) => false,
        };
        let is_alone = !self.configs.all_about(self.path).any(is_fine);
        is_alone.then(|| (format!("{}:{}", config.display(), rule.position.line), rule))
    }

    /// The configuration nearest to the file, if no rule of it, or of one further up, matches the file.
    pub(super) fn uncovered_by(&self) -> Option<&'i Path> {
        let Creation::NoRule(config) = self.creation else { return None };
        let is_none = |creation| matches!(creation, Creation::NoRule(_));
        self.configs.all_about(self.path).all(is_none).then_some(config)
    }

    /// The key `sops` of the first document.
    pub(super) fn metadata_key(&self) -> Option<NodeId> {
        let root = self.document.roots().first()?;
        self.document.entry(root.node, "sops").map(|(key, _)| key)
    }

    /// The values that a selection picks and that are plain, each once and in file order. A damaged token is none.
    pub(super) fn plain_leaves(&self, selection: &Selection) -> Vec<NodeId> {
        let mut leaves = plain_leaves(self.document, selection);
        leaves.retain(|leaf| !self.document.text(*leaf).is_some_and(plain::is_token));
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    }

    /// Whether a line holds a plain value that is to be encrypted, and that the rules about documents tell.
    pub(super) fn tells(&self, line: usize) -> bool {
        let holds = |value: NodeId| {
            let span = &self.document.node(value).span;
            // A block ends with its line break.
            let last = span.end.saturating_sub(1).max(span.start);
            let line_of = |offset| self.document.position(offset).line;
            (line_of(span.start)..=line_of(last)).contains(&line)
        };
        match &self.own {
            Some(selection) => self.plain_leaves(selection).into_iter().any(holds),
            None => {
                let entries = self.plain_secrets.iter().flat_map(|secret| &secret.entries);
                entries.map(|entry| self.document.target(entry.value)).any(holds)
            }
        }
    }

    /// What names a value, as [`label`] says.
    pub(super) fn label(&self, value: NodeId) -> NodeId {
        label(self.document, value)
    }

    /// A finding that points at some keys or items, the first one being its location. Severity and confidence
    /// are the usual ones.
    pub(super) fn finding(
        &self,
        rule: &dyn rules::Rule,
        labels: &[NodeId],
        message: String,
        hint: Hint,
    ) -> Finding {
        let place = (self.path, self.document);
        Finding::at(rule, place, labels, Confidence::High, message, hint)
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

/// What names a value: its key, or the value itself where it is an item.
pub(super) fn label(document: &Document, value: NodeId) -> NodeId {
    let parent = document.node(value).parent;
    let entry = parent
        .and_then(|parent| document.entries(parent).find(|(_, candidate)| *candidate == value));
    entry.map_or(value, |(key, _)| key)
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
