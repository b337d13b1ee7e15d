//! The `sops` mapping at the end of every document of a file.
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
//! With several key groups, `key_groups` stands in the place of `age`: a list of groups, each with lists of its
//! own. Keys are sorted, as SOPS writes them since 3.13.0; any order is read. SOPS reads the mapping of the
//! first document and repeats it in the others. Fields that are not known here stay in the file, and
//! so do master keys of other kinds than age.
//!
//! `field` knows how the mapping stands in a file, this module what it means.

pub(super) mod field;

use field::Field;

use super::data_key;
use super::group::{Foreign, KeyGroup};
use super::selection::{Selection, SelectionError, Settings};
use crate::document::{Document, Position, Value};
use crate::keys::{self, Recipient};

/// The SOPS version whose format is written; readers only refuse one that is not `X.Y.Z`.
pub const VERSION: &str = "3.13.3";

/// The lists of master keys of other kinds than age, each with the field that names a key.
const FOREIGN: [(&str, &str); 6] = [
    ("pgp", "fp"),
    ("kms", "arn"),
    ("gcp_kms", "resource_id"),
    ("hckms", "key_id"),
    ("azure_kv", "name"),
    ("hc_vault", "key_name"),
];

/// Why a `sops` mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field is missing, or not of its type.
    #[error("{position}: `sops.{field}` is {problem}")]
    Field {
        /// Where the mapping begins.
        position: Position,
        /// Name of the field.
        field: &'static str,
        /// `missing` and the like.
        problem: &'static str,
    },
    /// The flattened lines of a dotenv or INI file do not fit together.
    #[error("{position}: the `sops` lines contradict each other")]
    Flat {
        /// Where they begin.
        position: Position,
    },
    /// Somebody took the mapping out of a file that had it.
    #[error("the `sops` block is gone; without it nobody can decrypt the file")]
    Removed,
    /// Somebody edited the copies of the data key.
    #[error("recipients can be taken out of the `sops` block, but not added or changed there")]
    Copies,
    /// Two blocks, in a syntax that has nothing against a key that stands twice.
    #[error("{position}: a second `sops` block")]
    Second {
        /// Where it begins.
        position: Position,
    },
    /// Two selections, or one that does not compile.
    #[error("{position}: {source}")]
    Selection {
        /// Where the mapping begins.
        position: Position,
        /// What is wrong.
        source: SelectionError,
    },
}

/// What the `sops` mapping of a file says.
pub struct Metadata {
    /// The key groups in order; one, unless the data key is split.
    pub groups: Vec<WrappedGroup>,
    /// How many groups are needed to combine the data key; 0 where the file does not say.
    pub threshold: usize,
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

/// The wrapped copies of a data key, or of one share of it.
pub struct WrappedGroup {
    /// The copies for age recipients.
    pub age: Vec<WrappedKey>,
    /// The master keys of other kinds that have a copy.
    pub foreign: Vec<Foreign>,
}

/// One copy, wrapped for one recipient.
#[derive(Clone)]
pub struct WrappedKey {
    /// The text of the recipient.
    pub recipient: String,
    /// The armored age file.
    pub(super) armored: String,
}

impl WrappedGroup {
    /// What SOPS calls each key: age first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let foreign = self.foreign.iter().map(|key| key.name.as_str());
        self.age.iter().map(|copy| copy.recipient.as_str()).chain(foreign)
    }
}

impl Metadata {
    /// Reads the mapping of the first document; `None` where there is none.
    pub fn read(document: &Document) -> Result<Option<Metadata>, Error> {
        let Some(place) = field::place(document, 0) else { return Ok(None) };
        let block = field::read(document, &place)?;
        Metadata::of(&block, field::position(document, &place)).map(Some)
    }

    pub(super) fn of(block: &Field, position: Position) -> Result<Metadata, Error> {
        let reader = Reader { block, position };
        let version = reader.text("version").ok_or(reader.field("version", "missing"))?;
        if version.trim_start_matches('v').split('.').filter(|part| !part.is_empty()).count() < 3 {
            return Err(reader.field("version", "not of the form `X.Y.Z`"));
        }
        Ok(Metadata {
            groups: reader.groups()?,
            threshold: reader.threshold()?,
            selection: reader.selection()?,
            mac_only_encrypted: reader.text("mac_only_encrypted").as_deref() == Some("true"),
            last_modified: reader.last_modified()?,
            mac: reader.text("mac").filter(|mac| !mac.is_empty()),
            version,
        })
    }

    /// The recipients of all groups, in order.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| &group.age).map(|key| key.recipient.as_str())
    }

    /// The key groups as they would be wrapped for again. Fails for a recipient that is not understood.
    pub fn key_groups(&self) -> Result<Vec<KeyGroup>, keys::Error> {
        let group = |group: &WrappedGroup| {
            let recipients = group.age.iter().map(|copy| Recipient::parse(&copy.recipient));
            let recipients = recipients.collect::<Result<_, _>>()?;
            Ok(KeyGroup { recipients, foreign: group.foreign.clone() })
        };
        self.groups.iter().map(group).collect()
    }

    /// Whether the file is for exactly these groups; the order within a group does not matter.
    pub fn is_for(&self, groups: &[KeyGroup], threshold: usize) -> bool {
        are_for((&self.groups, self.threshold), (groups, threshold))
    }

    /// Whether the file has a MAC; what SOPS takes for a sign that it is encrypted.
    pub fn has_mac(&self) -> bool {
        self.mac.is_some()
    }

    /// The first master key of another kind than age, if there is one.
    pub fn foreign(&self) -> Option<&Foreign> {
        self.groups.iter().flat_map(|group| &group.foreign).next()
    }
}

/// Who can read a file: that part of its metadata alone, for those who look at many files.
pub struct Readers {
    /// The key groups in order.
    pub groups: Vec<WrappedGroup>,
    /// How many groups are needed; 0 where the file does not say.
    pub threshold: usize,
}

impl Readers {
    /// Reads the mapping of the first document; `None` where there is none.
    pub fn read(document: &Document) -> Result<Option<Readers>, Error> {
        let Some(place) = field::place(document, 0) else { return Ok(None) };
        let block = field::read(document, &place)?;
        let reader = Reader { block: &block, position: field::position(document, &place) };
        Ok(Some(Readers { groups: reader.groups()?, threshold: reader.threshold()? }))
    }

    /// As [`Metadata::is_for`].
    pub fn are(&self, groups: &[KeyGroup], threshold: usize) -> bool {
        are_for((&self.groups, self.threshold), (groups, threshold))
    }
}

/// Whether groups, and how many of them are needed, are the same before and after.
fn are_for(before: (&[WrappedGroup], usize), after: (&[KeyGroup], usize)) -> bool {
    let ((olds, needed), (news, threshold)) = (before, after);
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    olds.len() == news.len()
        && (news.len() == 1 || needed == data_key::stated(threshold, news))
        && olds.iter().zip(news).all(|(old, new)| {
            let new = new.names().map(str::to_owned).collect();
            sorted(old.names().map(str::to_owned).collect()) == sorted(new)
        })
}

/// The mapping of a new file.
pub(super) fn new(
    groups: &[Vec<WrappedKey>],
    threshold: usize,
    selection: &Selection,
    mac_only_encrypted: bool,
) -> Field {
    let mut block = Field::Map(Vec::new());
    set_groups(&mut block, groups, threshold);
    block.set("version", Field::text(VERSION));
    set_scope(&mut block, selection, mac_only_encrypted);
    block
}

/// Gives a mapping another selection.
pub(super) fn set_scope(block: &mut Field, selection: &Selection, mac_only_encrypted: bool) {
    let setting = selection.setting();
    for name in Settings::NAMES {
        match setting {
            Some((chosen, text)) if chosen == name => block.set(name, Field::text(text)),
            _ => block.remove(name),
        }
    }
    match mac_only_encrypted {
        true => block.set("mac_only_encrypted", Field::Leaf(Value::Bool(true))),
        false => block.remove("mac_only_encrypted"),
    }
}

/// Gives a mapping its MAC and the time that goes with it.
pub(super) fn set_mac(block: &mut Field, mac: String, last_modified: &str) {
    block.set("lastmodified", Field::text(last_modified));
    block.set("mac", Field::text(mac));
}

/// Gives a mapping other copies of the data key. Keys of other kinds stay where there is one group
/// before and after; they cannot be there otherwise.
pub(super) fn set_groups(block: &mut Field, groups: &[Vec<WrappedKey>], threshold: usize) {
    match (threshold, block.entry("shamir_threshold").and_then(Field::as_text)) {
        (0, _) => block.remove("shamir_threshold"),
        (_, Some(text)) if text == threshold.to_string() => {}
        _ => block.set("shamir_threshold", Field::Leaf(Value::Int(threshold as i64))),
    }
    if let [only] = groups {
        if only.is_empty() {
            block.remove("age");
        } else {
            block.set("age", list(only));
        }
        return block.remove("key_groups");
    }
    block.remove("age");
    let group = |keys: &Vec<WrappedKey>| {
        let empty = || Field::List(Vec::new());
        Field::Map(vec![("age".to_owned(), list(keys)), ("hc_vault".to_owned(), empty())])
    };
    block.set("key_groups", Field::List(groups.iter().map(group).collect()));
}

/// Takes out the master keys of other kinds that are not among `wanted`.
pub(super) fn retain_foreign(block: &mut Field, wanted: &[Foreign]) {
    for (kind, field) in FOREIGN {
        let Some(Field::List(items)) = block.entry_mut(kind) else { continue };
        items.retain(|item| {
            let name = name_of(kind, item, field);
            wanted.iter().any(|key| key.kind == kind && key.name == name)
        });
        if items.is_empty() {
            block.remove(kind);
        }
    }
}

fn list(keys: &[WrappedKey]) -> Field {
    let entry = |key: &WrappedKey| {
        Field::Map(vec![
            ("enc".to_owned(), Field::text(&*key.armored)),
            ("recipient".to_owned(), Field::text(&*key.recipient)),
        ])
    };
    Field::List(keys.iter().map(entry).collect())
}

struct Reader<'b> {
    block: &'b Field,
    position: Position,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.block.entry(name)?.as_text()
    }

    fn selection(&self) -> Result<Selection, Error> {
        let text = |name| match self.block.entry(name)? {
            Field::Leaf(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        Selection::new(Settings::read(text))
            .map_err(|source| Error::Selection { position: self.position, source })
    }

    /// The lists of the mapping itself, else `key_groups`.
    fn groups(&self) -> Result<Vec<WrappedGroup>, Error> {
        let top = self.group(self.block)?;
        if !top.age.is_empty() || !top.foreign.is_empty() {
            return Ok(vec![top]);
        }
        let groups = self.block.entry("key_groups").map(Field::items).unwrap_or_default();
        let groups: Vec<_> =
            groups.iter().map(|group| self.group(group)).collect::<Result<_, _>>()?;
        if groups.is_empty() { Err(self.field("age", "missing")) } else { Ok(groups) }
    }

    fn group(&self, holder: &Field) -> Result<WrappedGroup, Error> {
        let age = holder.entry("age").map(Field::items).unwrap_or_default();
        let key = |item: &Field| {
            let text = |name| item.entry(name)?.as_text();
            Some(WrappedKey { recipient: text("recipient")?, armored: text("enc")? })
        };
        let age: Option<Vec<WrappedKey>> = age.iter().map(key).collect();
        let age = age.ok_or(self.field("age", "not a list of `enc` and `recipient`"))?;
        let named = |(kind, field): (&'static str, &str)| {
            let items = holder.entry(kind).map(Field::items).unwrap_or_default().iter();
            items.map(move |item| Foreign { kind, name: name_of(kind, item, field) }).collect()
        };
        let foreign = FOREIGN.into_iter().flat_map::<Vec<_>, _>(named).collect();
        Ok(WrappedGroup { age, foreign })
    }

    fn threshold(&self) -> Result<usize, Error> {
        let Some(text) = self.text("shamir_threshold") else { return Ok(0) };
        text.parse().map_err(|_| self.field("shamir_threshold", "not a number"))
    }

    /// The MAC's AAD is the time as SOPS prints it again: without a fraction. An unquoted time, which
    /// SOPS 3.13 refuses, is read, too.
    fn last_modified(&self) -> Result<String, Error> {
        let field = self.block.entry("lastmodified");
        let field = field.ok_or(self.field("lastmodified", "missing"))?;
        let text = field.as_text().ok_or(self.field("lastmodified", "not a time"))?;
        let seconds = without_fraction(&text);
        let valid = seconds.parse::<jiff::Timestamp>().is_ok() && seconds.contains('T');
        valid.then_some(seconds).ok_or(self.field("lastmodified", "not an RFC 3339 time"))
    }

    fn field(&self, field: &'static str, problem: &'static str) -> Error {
        Error::Field { position: self.position, field, problem }
    }
}

/// What SOPS calls a master key of another kind (`ToString` of its key sources).
fn name_of(kind: &str, item: &Field, field: &str) -> String {
    let text = |name| item.entry(name).and_then(Field::as_text).unwrap_or_default();
    match kind {
        "azure_kv" => format!("{}/keys/{}/{}", text("vault_url"), text("name"), text("version")),
        "hc_vault" => {
            let (address, engine) = (text("vault_address"), text("engine_path"));
            format!("{address}/v1/{engine}/keys/{}", text("key_name"))
        }
        "kms" if !text("role").is_empty() => format!("{}+{}", text("arn"), text("role")),
        _ => text(field),
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
