//! The master keys that a creation rule names.
//!
//! ```yaml
//! age: age1…,age1…                          # flat: one group
//! key_groups:                               # groups; the flat fields do not count then
//!   - age: [age1…]
//!     merge: [{age: [age1…]}]               # keys of other groups, before its own
//! ```

use std::collections::HashSet;

use super::Error;
use crate::document::{Document, NodeId, Value};
use crate::keys::Recipient;
use crate::sops::group::{Foreign, KeyGroup};

/// The fields for master keys of other kinds than age, with the list of the metadata that each means. The
/// one for Vault has two names, in a rule and in a group.
pub(super) const FOREIGN: [(&str, &str); 7] = [
    ("pgp", "pgp"),
    ("kms", "kms"),
    ("gcp_kms", "gcp_kms"),
    ("hckms", "hckms"),
    ("azure_keyvault", "azure_kv"),
    ("hc_vault_transit_uri", "hc_vault"),
    ("hc_vault", "hc_vault"),
];

/// Most groups inside of groups (`merge`); aliases could nest them without end.
const MOST_MERGES: usize = 64;

/// The groups of `key_groups` if there are any, else one group of the rule's own keys.
pub(super) fn groups(document: &Document, rule: NodeId) -> Result<Vec<KeyGroup>, Error> {
    let reader = Reader { document };
    let listed: Vec<NodeId> = match document.lookup(rule, "key_groups") {
        Some(groups) => document.items(document.target(groups)).collect(),
        None => Vec::new(),
    };
    if listed.is_empty() {
        let mut group = KeyGroup::default();
        reader.keys(rule, &mut group)?;
        return Ok(vec![group]);
    }
    let group = |node: NodeId| {
        let mut group = KeyGroup::default();
        reader.group(document.target(node), 0, &mut group)?;
        let mut seen = HashSet::new();
        group.recipients.retain(|recipient| seen.insert(recipient.text().to_owned()));
        group.foreign.retain(|key| seen.insert(format!("{} {}", key.kind, key.name)));
        Ok(group)
    };
    listed.into_iter().map(group).collect()
}

struct Reader<'d> {
    document: &'d Document,
}

impl Reader<'_> {
    /// A group: first those that it merges, then its own.
    fn group(&self, node: NodeId, depth: usize, group: &mut KeyGroup) -> Result<(), Error> {
        if let Some(merge) = self.document.lookup(node, "merge") {
            if depth > MOST_MERGES {
                return Err(self.field(merge, "merge", "nested less deeply"));
            }
            for inner in self.document.items(self.document.target(merge)) {
                self.group(self.document.target(inner), depth + 1, group)?;
            }
        }
        self.keys(node, group)
    }

    /// The keys of a rule or group itself.
    fn keys(&self, holder: NodeId, group: &mut KeyGroup) -> Result<(), Error> {
        self.age(holder, group)?;
        for (field, kind) in FOREIGN {
            if let Some(node) = self.document.lookup(holder, field) {
                self.foreign(self.document.target(node), field, kind, group)?;
            }
        }
        Ok(())
    }

    fn age(&self, holder: NodeId, group: &mut KeyGroup) -> Result<(), Error> {
        let document = self.document;
        let Some(age) = document.lookup(holder, "age") else { return Ok(()) };
        let age = document.target(age);
        if document.text(age).is_some() {
            return match document.value(age) {
                Some(Ok(Value::Text(text))) => self.listed(age, &text, group),
                Some(Ok(Value::Null)) => Ok(()),
                _ => Err(self.field(age, "age", "text or a list of texts")),
            };
        }
        for item in document.items(age) {
            match document.value(item) {
                Some(Ok(Value::Text(text))) if !text.trim().is_empty() => {
                    self.listed(item, &text, group)?;
                }
                _ => return Err(self.field(item, "age", "a list of texts that are not empty")),
            }
        }
        Ok(())
    }

    fn listed(&self, node: NodeId, text: &str, group: &mut KeyGroup) -> Result<(), Error> {
        for recipient in separated(text) {
            let position = self.document.position_of(node);
            let parsed = Recipient::parse(recipient);
            group.recipients.push(parsed.map_err(|source| Error::Recipient { position, source })?);
        }
        Ok(())
    }

    /// Keys as text with commas, or as a list of texts or of mappings with the parts of a name.
    fn foreign(
        &self,
        node: NodeId,
        field: &'static str,
        kind: &'static str,
        group: &mut KeyGroup,
    ) -> Result<(), Error> {
        let document = self.document;
        let items: Vec<NodeId> = match document.value(node) {
            None => document.items(node).map(|item| document.target(item)).collect(),
            Some(Ok(Value::Null)) => Vec::new(),
            Some(Ok(Value::Text(_))) => vec![node],
            Some(_) => return Err(self.field(node, field, "a text or a list")),
        };
        for item in items {
            let named = |name: String| Foreign { kind, name };
            match document.text(item) {
                Some(text) => group.foreign.extend(separated(text).map(str::to_owned).map(named)),
                None => group.foreign.extend(self.composed(item, kind).map(named)),
            }
        }
        Ok(())
    }

    /// What SOPS calls a key that is given in parts.
    fn composed(&self, node: NodeId, kind: &str) -> Option<String> {
        let text = |name| {
            let found = self.document.lookup(node, name).and_then(|node| self.document.text(node));
            found.filter(|text| !text.is_empty())
        };
        match (kind, text("role")) {
            ("kms", Some(role)) => Some(format!("{}+{role}", text("arn")?)),
            ("kms", None) => text("arn").map(str::to_owned),
            ("azure_kv", _) => {
                let version = text("version").unwrap_or_default();
                Some(format!("{}/keys/{}/{version}", text("vaultUrl")?, text("key")?))
            }
            ("gcp_kms", _) => text("resource_id").map(str::to_owned),
            _ => text("key_id").map(str::to_owned),
        }
    }

    fn field(&self, node: NodeId, field: &'static str, wanted: &'static str) -> Error {
        Error::Field { position: self.document.position_of(node), field, wanted }
    }
}

fn separated(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty())
}
