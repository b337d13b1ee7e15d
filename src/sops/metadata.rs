//! The `sops` mapping at the top of every document of a file.
//!
//! ```yaml
//! sops:
//!     age:
//!         - enc: |
//!             -----BEGIN AGE ENCRYPTED FILE-----
//!             …
//!           recipient: age1…
//!     encrypted_regex: ^(data|stringData)$
//!     lastmodified: "2031-01-02T03:04:05Z"
//!     mac: ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]
//!     version: 3.13.3
//! ```
//!
//! Keys are sorted, as SOPS writes them since 3.13.0; any order is read. SOPS reads the mapping of the
//! first document and repeats it in the others. Fields that are not known here stay in the file.

use super::selection::{Selection, SelectionError, Settings};
use crate::document::{Document, Fragment, NodeId, Position, Value};
use crate::keys::Recipient;

/// The SOPS version whose format is written; readers only refuse one that is not `X.Y.Z`.
pub const VERSION: &str = "3.13.3";

/// Kinds of master keys besides age that a file may have; each is a list in the mapping.
const FOREIGN: [&str; 6] = ["pgp", "kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"];

/// Why a `sops` mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field is missing, or not of its type.
    #[error("{position}: `sops.{field}` is {problem}")]
    Field {
        /// Where the mapping or the field begins.
        position: Position,
        /// Name of the field.
        field: &'static str,
        /// `missing` and the like.
        problem: &'static str,
    },
    /// Two selections, or one that does not compile.
    #[error("{position}: {source}")]
    Selection {
        /// Where the mapping begins.
        position: Position,
        /// What is wrong.
        source: SelectionError,
    },
    /// The data key is split over several groups of master keys.
    #[error("{position}: the data key is split over several key groups, which is not supported")]
    KeyGroups {
        /// Where the groups begin.
        position: Position,
    },
    /// Only master keys of other kinds than age can unwrap the data key.
    #[error("{position}: the data key is wrapped for `{kind}` alone, which is not supported")]
    Foreign {
        /// Where the list begins.
        position: Position,
        /// Its name.
        kind: &'static str,
    },
}

/// What the `sops` mapping of a file says.
pub struct Metadata {
    /// Recipient texts in order.
    pub recipients: Vec<String>,
    /// The data key, wrapped for each recipient: armored age files.
    pub(super) wrapped: Vec<String>,
    /// Which values are encrypted.
    pub selection: Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// RFC 3339 without a fraction of the second: the AAD of the MAC.
    pub last_modified: String,
    /// The value token of the MAC; `None` where the file has none.
    pub(super) mac: Option<String>,
    /// The version of the program that encrypted the file.
    pub version: String,
}

impl Metadata {
    /// Reads the mapping of the first document; `None` where there is none.
    pub fn read(document: &Document) -> Result<Option<Metadata>, Error> {
        let Some(sops) = mapping(document, 0) else { return Ok(None) };
        let reader = Reader { document, sops };
        let selection = reader.selection()?;
        let (recipients, wrapped) = reader.age()?;
        let version = reader.text("version").ok_or(reader.missing("version"))?;
        if version.trim_start_matches('v').split('.').filter(|part| !part.is_empty()).count() < 3 {
            return Err(reader.field("version", "not of the form `X.Y.Z`"));
        }
        Ok(Some(Metadata {
            recipients,
            wrapped,
            selection,
            mac_only_encrypted: reader.text("mac_only_encrypted").as_deref() == Some("true"),
            last_modified: reader.last_modified()?,
            mac: reader.text("mac").filter(|mac| !mac.is_empty()),
            version,
        }))
    }
}

/// The `sops` mapping of a root.
pub(super) fn mapping(document: &Document, root: usize) -> Option<NodeId> {
    let top = document.roots().get(root)?.node;
    document.entry(top, "sops").map(|(_, value)| value)
}

/// The mapping to write: `wrapped` holds recipient and armored data key.
pub(super) fn write(
    wrapped: &[(&Recipient, String)],
    selection: &Selection,
    mac_only_encrypted: bool,
    last_modified: &str,
    mac: &str,
) -> Fragment {
    let entry = |(recipient, armored): &(&Recipient, String)| {
        Fragment::mapping([
            ("enc", Fragment::Literal(armored.clone())),
            ("recipient", Fragment::text(recipient.text())),
        ])
    };
    let mut fields = vec![
        ("age", Fragment::Sequence(wrapped.iter().map(entry).collect())),
        ("lastmodified", Fragment::Quoted(last_modified.to_owned())),
        ("mac", Fragment::text(mac)),
        ("version", Fragment::text(VERSION)),
    ];
    fields.extend(selection.setting().map(|(name, text)| (name, Fragment::text(text))));
    if mac_only_encrypted {
        fields.push(("mac_only_encrypted", Fragment::Value(Value::Bool(true))));
    }
    fields.sort_by_key(|(name, _)| *name);
    Fragment::Mapping(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

struct Reader<'d> {
    document: &'d Document,
    sops: NodeId,
}

impl Reader<'_> {
    /// SOPS decodes field names without regard to case.
    fn node(&self, name: &str) -> Option<NodeId> {
        self.document.entries(self.sops).find_map(|(key, value)| {
            let found = self.document.text(key)?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.document.text(self.node(name)?).map(str::to_owned)
    }

    fn selection(&self) -> Result<Selection, Error> {
        let text = |name| self.document.text(self.node(name)?);
        Selection::new(Settings::read(text))
            .map_err(|source| Error::Selection { position: self.position(), source })
    }

    /// Recipients and wrapped data keys of the top-level list, else of the only key group.
    fn age(&self) -> Result<(Vec<String>, Vec<String>), Error> {
        let document = self.document;
        let filled = |node: &NodeId| document.items(*node).next().is_some();
        let mut list = self.node("age").filter(filled);
        let groups: Vec<NodeId> =
            self.node("key_groups").into_iter().flat_map(|node| document.items(node)).collect();
        if list.is_none() && groups.len() > 1 {
            return Err(Error::KeyGroups { position: document.position_of(groups[0]) });
        }
        if let (None, [group]) = (list, groups.as_slice()) {
            list = document.lookup(*group, "age").filter(filled);
        }
        let Some(list) = list else {
            let foreign =
                FOREIGN.into_iter().find_map(|kind| Some((kind, self.node(kind).filter(filled)?)));
            return Err(match foreign {
                Some((kind, node)) => Error::Foreign { position: document.position_of(node), kind },
                None => self.missing("age"),
            });
        };
        let field = |item, name| document.lookup(item, name).and_then(|node| document.text(node));
        let both =
            |item| Some((field(item, "recipient")?.to_owned(), field(item, "enc")?.to_owned()));
        let entries: Option<Vec<(String, String)>> = document.items(list).map(both).collect();
        Ok(entries
            .ok_or(self.field("age", "not a list of `enc` and `recipient`"))?
            .into_iter()
            .unzip())
    }

    /// The MAC's AAD is the time as SOPS prints it again: without a fraction. An unquoted time, which
    /// SOPS 3.13 refuses, is read, too.
    fn last_modified(&self) -> Result<String, Error> {
        let node = self.node("lastmodified").ok_or(self.missing("lastmodified"))?;
        let text = match self.document.value(node) {
            Some(Ok(Value::Time(text))) => text,
            Some(Ok(Value::Text(text))) => text.to_string(),
            _ => return Err(self.field("lastmodified", "not a time")),
        };
        let seconds = without_fraction(&text);
        let valid = seconds.parse::<jiff::Timestamp>().is_ok() && seconds.contains('T');
        valid.then_some(seconds).ok_or(self.field("lastmodified", "not an RFC 3339 time"))
    }

    fn missing(&self, field: &'static str) -> Error {
        self.field(field, "missing")
    }

    fn field(&self, field: &'static str, problem: &'static str) -> Error {
        Error::Field { position: self.position(), field, problem }
    }

    fn position(&self) -> Position {
        self.document.position_of(self.sops)
    }
}

fn without_fraction(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, rest)) => {
            format!("{seconds}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => text.to_owned(),
    }
}
