//! Encrypted files: the library's main noun.
//!
//! [`encrypt`] turns a plain document into an encrypted one, [`EncryptedFile`] and [`Unlocked`] turn it
//! back or set values in it. All of them edit: a document goes in, a document comes out, and only tokens,
//! encrypted comments and the `sops` mapping differ.

use super::cipher::DataKey;
pub use super::error::{Error, TokenError};
use super::expand::expand;
use super::mac::Mac;
use super::metadata::{self, Metadata};
use super::open::Opening;
use super::plaintext::Plaintext;
use super::seal::Sealing;
use super::selection::Selection;
use super::token::Token;
use super::walk::{Leaf, Obstacle, Was, walk};
use crate::document::{Document, Edits, Fragment, Indentation, NodeId, Placement, Style, Value};
use crate::keys::{self, Identities, Recipient};
use crate::secret::{RandomSource, Secret};

/// How a file is to be encrypted.
pub struct Encryption<'e> {
    /// Who can read the file.
    pub recipients: &'e [Recipient],
    /// Which values are encrypted.
    pub selection: &'e Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Columns per level of the metadata block.
    pub indent: usize,
    /// The time, RFC 3339 in UTC with seconds: `2031-01-02T03:04:05Z`.
    pub now: &'e str,
}

/// Encrypts a plain document.
pub fn encrypt(
    document: &Document,
    how: &Encryption<'_>,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    refuse_unfit(document, how)?;
    let expanded = expand(document, how.selection)?;
    let document = expanded.as_ref().unwrap_or(document);
    let key = DataKey::generate(random);
    let mut sealing = Sealing::new(
        document,
        &key,
        random,
        mac_over(how.mac_only_encrypted),
        how.mac_only_encrypted,
    );
    walk(document, how.selection, &mut |visit| sealing.seal(&visit))
        .map_err(|fault| fault.at(document))?;
    let (mut edits, mac) = sealing.finish();
    let mac = seal_mac(&key, mac, how.now, random);
    let wrap = |recipient| Ok((recipient, Recipient::wrap(recipient, key.expose())?));
    let wrapped: Vec<(&Recipient, String)> =
        how.recipients.iter().map(wrap).collect::<Result<_, keys::Error>>()?;
    let indentation = Indentation { step: how.indent, dash: how.indent };
    for (index, root) in document.roots().iter().enumerate() {
        // An empty document behind the first needs no mapping: SOPS reads the first alone.
        if !document.node(root.node).is_absent() {
            let sops =
                metadata::write(&wrapped, how.selection, how.mac_only_encrypted, how.now, &mac);
            edits.append_to_root(index, vec![("sops".to_owned(), sops)], indentation)?;
        }
    }
    Ok(edits.apply()?)
}

/// The plain, non-empty values that a selection picks, in order; in a SOPS file those that should have
/// been encrypted. What cannot be walked is left out.
pub fn plain_leaves(document: &Document, selection: &Selection) -> Vec<NodeId> {
    let mut found = Vec::new();
    // An obstacle ends the walk; what was found up to there still counts.
    let _: Result<(), Obstacle> = walk(document, selection, &mut |visit| {
        if let (Leaf::Value(id) | Leaf::Aliased(id, _), true) = (visit.leaf, visit.selected) {
            let null = matches!(document.value(id), Some(Ok(Value::Null)));
            let text = document.text(id).unwrap_or_default();
            if !null && !text.is_empty() && Token::parse(text).is_err() {
                found.push(id);
            }
        }
        Ok(Was::Value)
    });
    found
}

/// A file with metadata.
pub struct EncryptedFile<'d> {
    document: &'d Document,
    metadata: Metadata,
}

impl<'d> EncryptedFile<'d> {
    /// Reads the metadata; `None` for a plain document.
    pub fn open(document: &'d Document) -> Result<Option<Self>, Error> {
        let metadata = Metadata::read(document)?;
        Ok(metadata.map(|metadata| EncryptedFile { document, metadata }))
    }

    /// Recipients, selection, time and version.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Unwraps the data key.
    pub fn unlock(self, identities: &Identities) -> Result<Unlocked<'d>, Error> {
        let Metadata { recipients, wrapped, .. } = &self.metadata;
        let copies: Vec<(&str, &str)> = recipients
            .iter()
            .zip(wrapped)
            .map(|(one, other)| (one.as_str(), other.as_str()))
            .collect();
        let key = DataKey::from_bytes(identities.unwrap(&copies)?.expose())
            .map_err(|error| Error::MacUnreadable(error.to_string()))?;
        Ok(Unlocked { file: self, key })
    }
}

/// An encrypted file with its data key.
pub struct Unlocked<'d> {
    file: EncryptedFile<'d>,
    key: DataKey,
}

impl Unlocked<'_> {
    /// The plain document; refused if a value or the MAC does not verify.
    pub fn decrypt(&self) -> Result<Document, Error> {
        match self.open_with(true) {
            // A spelling may not fit where the file was indented anew: then the common one does.
            Err(Error::Edit(_)) => self.open_with(false),
            other => other,
        }
    }

    /// Adds or replaces strings in the first document, each by the keys that lead to it
    /// (`["stringData", "DATABASE_URL"]`); missing mappings on the way are made. The value is encrypted where
    /// the file's selection says so. Everything else keeps its bytes, but MAC and time.
    ///
    /// Refused if the file does not verify as it is: a new MAC would vouch for somebody's changes.
    pub fn set(
        &self,
        values: &[(&[&str], &str)],
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        self.decrypt()?;
        let document = self.file.document;
        let mut edits = Edits::new(document);
        for (keys, value) in values {
            let aad: String = keys.iter().map(|key| format!("{key}:")).collect();
            let selected = self.file.metadata.selection.selects(keys.iter().copied());
            let text = if selected && !value.is_empty() {
                self.key.encrypt(&Plaintext::text(value), &aad, random).to_string()
            } else {
                (*value).to_owned()
            };
            set_entry(&mut edits, document, keys, text)?;
        }
        let changed = edits.apply()?;
        self.close(&changed, now, random)
    }

    /// Gives a changed document its new MAC and time.
    fn close(
        &self,
        changed: &Document,
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        let (_, mac) = self.opened(changed, false)?;
        let mac = seal_mac(&self.key, mac, now, random);
        let mut edits = Edits::new(changed);
        for root in 0..changed.roots().len() {
            let Some(sops) = metadata::mapping(changed, root) else { continue };
            for (key, value) in changed.entries(sops) {
                match changed.text(key).unwrap_or_default().to_ascii_lowercase().as_str() {
                    "mac" => edits.set_text(value, &mac)?,
                    "lastmodified" => {
                        let quoted = changed.spelled(value, now, Style::DoubleQuoted).1;
                        edits.set_source(value, quoted, Value::text(now.to_owned()))?;
                    }
                    _ => {}
                }
            }
        }
        Ok(edits.apply()?)
    }

    fn open_with(&self, spellings: bool) -> Result<Document, Error> {
        let document = self.file.document;
        let (mut edits, mac) = self.opened(document, spellings)?;
        self.verify(mac)?;
        for root in 0..document.roots().len() {
            if let Some(sops) = metadata::mapping(document, root) {
                edits.remove_entry(sops)?;
            }
        }
        Ok(edits.apply()?)
    }

    /// The edits that make a document plain, and the MAC of what was found.
    fn opened<'c>(
        &self,
        document: &'c Document,
        spellings: bool,
    ) -> Result<(Edits<'c>, Mac), Error> {
        let metadata = &self.file.metadata;
        let only = metadata.mac_only_encrypted;
        let mut opening = Opening::new(document, &self.key, spellings, mac_over(only), only);
        walk(document, &metadata.selection, &mut |visit| opening.open(&visit))
            .map_err(|fault| fault.at(document))?;
        Ok(opening.finish())
    }

    fn verify(&self, mac: Mac) -> Result<(), Error> {
        let metadata = &self.file.metadata;
        let token = metadata.mac.as_deref().ok_or(Error::MacMissing)?;
        let unreadable = |error: &dyn std::fmt::Display| Error::MacUnreadable(error.to_string());
        let (token, _) = Token::parse(token).map_err(|error| unreadable(&error))?;
        let stored = self.key.decrypt(&token, &metadata.last_modified);
        let stored: Secret = stored.map_err(|error| unreadable(&error))?;
        mac.matches(&stored).then_some(()).ok_or(Error::MacMismatch)
    }
}

/// Sets one entry of the first document, making the mappings that are missing.
fn set_entry(
    edits: &mut Edits<'_>,
    document: &Document,
    keys: &[&str],
    text: String,
) -> Result<(), Error> {
    let mut node = document.roots().first().ok_or(Error::Empty)?.node;
    for (depth, key) in keys.iter().enumerate() {
        if let Some((_, value)) = document.entry(node, key) {
            node = value;
            continue;
        }
        let made = keys[depth + 1..].iter().rev().fold(Fragment::text(text), |inner, key| {
            Fragment::Mapping(vec![((*key).to_owned(), inner)])
        });
        // New entries stand before the `sops` mapping, which ends the document.
        let last =
            document.entries(node).filter(|(key, _)| document.text(*key) != Some("sops")).last();
        let placement = last.map_or(Placement::First, |(_, value)| Placement::After(value));
        return Ok(edits.insert_entry(node, placement, key, made)?);
    }
    Ok(edits.set_text(node, &text)?)
}

fn seal_mac(key: &DataKey, mac: Mac, now: &str, random: &mut dyn RandomSource) -> String {
    let digest = mac.finish();
    let text = digest.expose_text().expect("a MAC is hexadecimal");
    key.encrypt(&Plaintext::text(text), now, random).to_string()
}

fn mac_over(only_encrypted: bool) -> Mac {
    if only_encrypted { Mac::over_encrypted() } else { Mac::over_all() }
}

fn refuse_unfit(document: &Document, how: &Encryption<'_>) -> Result<(), Error> {
    if how.recipients.is_empty() {
        return Err(Error::NoRecipients);
    }
    let Some(first) = document.roots().first() else { return Err(Error::Empty) };
    if document.node(first.node).is_absent() {
        return Err(Error::Empty);
    }
    for root in document.roots() {
        if let Some((key, _)) = document.entry(root.node, "sops") {
            return Err(Error::AlreadyEncrypted(document.position_of(key)));
        }
    }
    Ok(())
}
