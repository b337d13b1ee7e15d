//! Encrypted files: the library's main noun.
//!
//! [`encrypt`] turns a plain document into an encrypted one, [`EncryptedFile`] and [`Unlocked`] turn it
//! back, change it, or change who can read it. All of them edit: a document goes in, a document comes out,
//! and only tokens, encrypted comments and the `sops` block differ.
//!
//! | wanted | call |
//! |---|---|
//! | the plain text | [`Unlocked::decrypt`] |
//! | a plain text that was edited, encrypted again | [`Unlocked::encrypt_again`] |
//! | other strings in some places | [`Unlocked::set`] |
//! | a new data key | [`Unlocked::rotate`] |
//! | other recipients for the same data key | [`Unlocked::rewrap`] |
//! | values that were added in plain text, encrypted | [`Unlocked::complete`] |
//!
//! A binary file has calls of its own ([`super::binary`]): what is plain there is no document.

use super::cipher::DataKey;
use super::data_key;
pub use super::error::{Error, NotOpened, TokenError};
use super::expand::expand;
use super::group::KeyGroup;
use super::mac::Mac;
use super::metadata::field::{self, Field, Place};
use super::metadata::{self, Metadata, WrappedKey};
use super::open::{Opened, Opening};
use super::plaintext::Plaintext;
use super::rotate::Rotation;
use super::seal::Sealing;
use super::selection::Selection;
use super::stash::Stash;
use super::token::Token;
use super::walk::{Leaf, Obstacle, Was, walk};
use crate::document::{Document, Edits, Fragment, Indentation, NodeId, Placement, Value};
use crate::keys::Identities;
use crate::secret::{RandomSource, Secret};

/// How a file is to be encrypted.
pub struct Encryption<'e> {
    /// Who can read the file. With several groups the data key is split.
    pub groups: &'e [KeyGroup],
    /// How many groups are needed to read the file; 0: all of them.
    pub threshold: usize,
    /// Which values are encrypted.
    pub selection: &'e Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Columns per level of the metadata block in YAML.
    pub indent: usize,
    /// The time, RFC 3339 in UTC with seconds: `2031-01-02T03:04:05Z`.
    pub now: &'e str,
}

impl Encryption<'_> {
    /// The metadata block of a new file, but for the MAC.
    pub(super) fn block(
        &self,
        key: &DataKey,
        random: &mut dyn RandomSource,
    ) -> Result<Field, Error> {
        let groups = data_key::wrap(key, self.groups, self.threshold, random)?;
        let threshold = data_key::stated(self.threshold, self.groups);
        Ok(metadata::new(&groups, threshold, self.selection, self.mac_only_encrypted))
    }
}

/// Encrypts a plain document under a new data key.
pub fn encrypt(
    document: &Document,
    how: &Encryption<'_>,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    let key = DataKey::generate(random);
    let mut block = how.block(&key, random)?;
    let scope = (how.selection, how.mac_only_encrypted);
    let expanded = fit(document, how.selection)?;
    let document = expanded.as_ref().unwrap_or(document);
    let (edits, mac) = seal(document, &key, scope, Stash::default(), random)?;
    metadata::set_mac(&mut block, seal_mac(&key, mac, how.now, random), how.now);
    let indentation = Indentation { step: how.indent, dash: how.indent };
    add_block(edits, document, &|| block.entries_for(document.syntax()), indentation)
}

/// Refuses what cannot be encrypted, and writes out aliases where that has to be.
fn fit(document: &Document, selection: &Selection) -> Result<Option<Document>, Error> {
    let Some(first) = document.roots().first() else { return Err(Error::Empty) };
    if document.node(first.node).is_absent() {
        return Err(Error::Empty);
    }
    for root in 0..document.roots().len() {
        if let Some(place) = field::place(document, root) {
            return Err(Error::AlreadyEncrypted(field::position(document, &place)));
        }
    }
    Ok(expand(document, selection)?)
}

/// The edits that encrypt the values of a plain document, and the MAC of these.
fn seal<'d>(
    document: &'d Document,
    key: &DataKey,
    (selection, only): (&Selection, bool),
    stash: Stash,
    random: &mut dyn RandomSource,
) -> Result<(Edits<'d>, Mac), Error> {
    let mut sealing = Sealing::new(document, key, random, only, stash);
    walk(document, selection, &mut |visit| sealing.seal(&visit))
        .map_err(|fault| fault.at(document))?;
    Ok(sealing.finish())
}

/// Adds a block to every document and applies the edits.
fn add_block(
    mut edits: Edits<'_>,
    document: &Document,
    entries: &dyn Fn() -> Vec<(String, Fragment)>,
    indentation: Indentation,
) -> Result<Document, Error> {
    for (index, root) in document.roots().iter().enumerate() {
        // An empty document behind the first needs no block: SOPS reads the first alone.
        if !document.node(root.node).is_absent() {
            edits.append_to_root(index, entries(), indentation)?;
        }
    }
    Ok(edits.apply()?)
}

/// Brings the blocks of a document up to `block`.
pub(super) fn with_block(
    mut edits: Edits<'_>,
    document: &Document,
    block: &Field,
) -> Result<Document, Error> {
    for root in 0..document.roots().len() {
        if let Some(place) = field::place(document, root) {
            edits.indent_by(indentation_of(document, &place));
            let old = field::read(document, &place)?;
            field::reconcile(&mut edits, document, &place, &old, block)?;
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

/// The values in the form of tokens that a selection does not pick, in order: they stay tokens when the file is
/// decrypted.
pub fn stray_tokens(document: &Document, selection: &Selection) -> Vec<NodeId> {
    let mut found = Vec::new();
    let _: Result<(), Obstacle> = walk(document, selection, &mut |visit| {
        if let (Leaf::Value(id), false) = (visit.leaf, visit.selected) {
            let text = document.text(id).unwrap_or_default();
            found.extend(Token::parse(text).is_ok().then_some(id));
        }
        Ok(Was::Value)
    });
    found
}

/// A file with metadata.
pub struct EncryptedFile<'d> {
    pub(super) document: &'d Document,
    pub(super) block: Field,
    metadata: Metadata,
}

impl<'d> EncryptedFile<'d> {
    /// Reads the metadata; `None` for a plain document.
    pub fn open(document: &'d Document) -> Result<Option<Self>, Error> {
        let Some(place) = field::place(document, 0) else { return Ok(None) };
        field::refuse_second(document, 0)?;
        let block = field::read(document, &place)?;
        let metadata = Metadata::of(&block, field::position(document, &place))?;
        Ok(Some(EncryptedFile { document, block, metadata }))
    }

    /// Recipients, selection, time and version.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Unwraps the data key.
    pub fn unlock(self, identities: &Identities) -> Result<Unlocked<'d>, Error> {
        let key = data_key::unwrap(&self.metadata, identities)?;
        Ok(Unlocked { file: self, key, ignores_mac: false })
    }
}

/// An encrypted file with its data key.
pub struct Unlocked<'d> {
    pub(super) file: EncryptedFile<'d>,
    pub(super) key: DataKey,
    ignores_mac: bool,
}

impl<'d> Unlocked<'d> {
    /// From here on the MAC is not looked at; values must authenticate all the same.
    pub fn ignoring_mac(self) -> Self {
        Unlocked { ignores_mac: true, ..self }
    }

    /// Recipients, selection, time and version.
    pub fn metadata(&self) -> &Metadata {
        &self.file.metadata
    }

    /// The plain document; refused if a value or the MAC does not verify.
    pub fn decrypt(&self) -> Result<Document, Error> {
        self.plain(false).map(|(plain, _)| plain)
    }

    /// The encrypted values, each by the node of its token, in order; refused as by [`Unlocked::decrypt`]. For readers,
    /// who need no document.
    pub(crate) fn values(&self) -> Result<Vec<(NodeId, Secret)>, Error> {
        let (document, metadata) = (self.file.document, &self.file.metadata);
        let mut opening = Opening::of_values(document, &self.key, metadata.mac_only_encrypted);
        walk(document, &metadata.selection, &mut |visit| opening.open(&visit))
            .map_err(|fault| fault.at(document))?;
        let (mac, values) = opening.into_values();
        self.verify(&mac)?;
        Ok(values)
    }

    /// An edited plain document under the same data key, for the same recipients and with the same
    /// selection. What did not change keeps its bytes; if nothing did, the file comes back as it is.
    ///
    /// Refused if the file does not verify as it is: a new MAC would vouch for somebody's changes.
    pub fn encrypt_again(
        &self,
        plain: &Document,
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        let (before, stash) = self.plain(true)?;
        if before.source() == plain.source() {
            return self.unchanged();
        }
        let metadata = &self.file.metadata;
        let scope = (&metadata.selection, metadata.mac_only_encrypted);
        self.seal_again(plain, scope, stash, self.file.block.copy(), now, random)
    }

    /// A plain document as a creation rule wants it now, under the data key of this file: an earlier version
    /// of it. What did not change keeps its bytes.
    ///
    /// The caller sees to it that nobody can read this version who must not read the new one.
    pub fn encrypt_as(
        &self,
        plain: &Document,
        how: &Encryption<'_>,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        let (before, stash) = self.plain(true)?;
        let metadata = &self.file.metadata;
        let same = metadata.selection == *how.selection
            && metadata.mac_only_encrypted == how.mac_only_encrypted
            && self.file.metadata.is_for(how.groups, how.threshold);
        if same && before.source() == plain.source() {
            return self.unchanged();
        }
        let groups = self.copies_for(how.groups, how.threshold, random)?;
        let threshold = data_key::stated(how.threshold, how.groups);
        let (selection, only) = (how.selection, how.mac_only_encrypted);
        let mut block = self.file.block.copy();
        metadata::set_groups(&mut block, &groups, threshold);
        metadata::set_scope(&mut block, selection, only);
        self.seal_again(plain, (selection, only), stash, block, how.now, random)
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
        let plain = self.decrypt()?;
        let mut edits = Edits::new(&plain);
        for (keys, value) in values {
            set_entry(&mut edits, &plain, keys, value)?;
        }
        self.encrypt_again(&edits.apply()?, now, random)
    }

    /// The file under a new data key, for these groups.
    pub fn rotate(
        &self,
        groups: &[KeyGroup],
        threshold: usize,
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        if let Some(foreign) = self.file.metadata.foreign() {
            return Err(Error::Foreign(foreign.clone()));
        }
        let document = self.file.document;
        let opened = self.opened(false, false)?;
        self.verify(&opened.mac)?;
        let new = DataKey::generate(random);
        let mut block = self.file.block.copy();
        let copies = data_key::wrap(&new, groups, threshold, random)?;
        metadata::set_groups(&mut block, &copies, data_key::stated(threshold, groups));
        metadata::set_mac(&mut block, seal_mac(&new, opened.mac, now, random), now);
        let edits = Edits::new(document);
        let mut rotation = Rotation { document, old: &self.key, new: &new, random, edits };
        walk(document, &self.file.metadata.selection, &mut |visit| rotation.turn(&visit))
            .map_err(|fault| fault.at(document))?;
        with_block(rotation.edits, document, &block)
    }

    /// The file for other groups under the same data key: only copies of it come and go.
    pub fn rewrap(
        &self,
        groups: &[KeyGroup],
        threshold: usize,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        if self.file.metadata.is_for(groups, threshold) {
            return self.unchanged();
        }
        let copies = self.copies_for(groups, threshold, random)?;
        let mut block = self.file.block.copy();
        metadata::set_groups(&mut block, &copies, data_key::stated(threshold, groups));
        if let [only] = groups {
            metadata::retain_foreign(&mut block, &only.foreign);
        }
        with_block(Edits::new(self.file.document), self.file.document, &block)
    }

    fn copies_for(
        &self,
        groups: &[KeyGroup],
        threshold: usize,
        random: &mut dyn RandomSource,
    ) -> Result<Vec<Vec<WrappedKey>>, Error> {
        data_key::rewrap(&self.key, &self.file.metadata.groups, groups, threshold, random)
    }

    /// A plain document encrypted under the data key of this file, and given a block: this file's to the byte,
    /// but for what `block` has otherwise.
    pub(super) fn seal_again(
        &self,
        plain: &Document,
        scope: (&Selection, bool),
        stash: Stash,
        mut block: Field,
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        let before = self.file.document;
        let expanded = fit(plain, scope.0)?;
        let plain = expanded.as_ref().unwrap_or(plain);
        let (edits, mac) = seal(plain, &self.key, scope, stash, random)?;
        let place = field::place(before, 0).expect("a file with metadata has a block");
        let same = plain.syntax() == before.syntax() && plain.starts_at_column_of(before);
        let entries = || match same {
            true => field::copied(before, &place, &self.file.block),
            false => self.file.block.entries_for(plain.syntax()),
        };
        let copied = add_block(edits, plain, &entries, indentation_of(before, &place))?;
        metadata::set_mac(&mut block, seal_mac(&self.key, mac, now, random), now);
        with_block(Edits::new(&copied), &copied, &block)
    }

    /// The plain document, and its tokens if they are wanted.
    fn plain(&self, stashes: bool) -> Result<(Document, Stash), Error> {
        match self.plain_with(true, stashes, false) {
            // A spelling may not fit where the file was indented anew: then the common one does.
            Err(Error::Edit(_)) => self.plain_with(false, stashes, false),
            other => other,
        }
    }

    /// As [`Unlocked::plain`], with the authors' spellings or without, and with the block or without.
    pub(super) fn plain_with(
        &self,
        spellings: bool,
        stashes: bool,
        block: bool,
    ) -> Result<(Document, Stash), Error> {
        let Opened { mut edits, mac, stash } = self.opened(spellings, stashes)?;
        self.verify(&mac)?;
        if !block {
            field::remove_all(&mut edits, self.file.document)?;
        }
        Ok((edits.apply()?, stash))
    }

    fn opened(&self, spellings: bool, stashes: bool) -> Result<Opened<'d>, Error> {
        let (document, metadata) = (self.file.document, &self.file.metadata);
        let only = metadata.mac_only_encrypted;
        let mut opening = Opening::new(document, &self.key, spellings, only, stashes);
        walk(document, &metadata.selection, &mut |visit| opening.open(&visit))
            .map_err(|fault| fault.at(document))?;
        opening.finish()
    }

    pub(super) fn verify(&self, mac: &Mac) -> Result<(), Error> {
        if self.ignores_mac {
            return Ok(());
        }
        let metadata = &self.file.metadata;
        let token = metadata.mac.as_deref().ok_or(Error::MacMissing)?;
        let unreadable = |error: &dyn std::fmt::Display| Error::MacUnreadable(error.to_string());
        let (token, _) = Token::parse(token).map_err(|error| unreadable(&error))?;
        let stored = self.key.decrypt(&token, &metadata.last_modified);
        let stored: Secret = stored.map_err(|error| unreadable(&error))?;
        mac.matches(&stored).then_some(()).ok_or(Error::MacMismatch)
    }

    pub(super) fn unchanged(&self) -> Result<Document, Error> {
        Ok(Edits::new(self.file.document).apply()?)
    }
}

/// How a block is indented.
fn indentation_of(document: &Document, place: &Place) -> Indentation {
    let usual = Indentation { step: 4, dash: 4 };
    match place {
        Place::Mapping(sops) => document.indentation_below(*sops).unwrap_or(usual),
        Place::Prefixed(_) => usual,
    }
}

/// Sets one entry of the first document, making the mappings that are missing.
fn set_entry(
    edits: &mut Edits<'_>,
    document: &Document,
    keys: &[&str],
    text: &str,
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
        return Ok(edits.insert_entry(node, Placement::Last, key, made)?);
    }
    Ok(edits.set_text(node, text)?)
}

pub(super) fn seal_mac(
    key: &DataKey,
    mac: Mac,
    now: &str,
    random: &mut dyn RandomSource,
) -> String {
    let digest = mac.finish();
    let text = digest.expose_text().expect("a MAC is hexadecimal");
    key.encrypt(&Plaintext::text(text), now, random).to_string()
}

#[cfg(test)]
mod tests;
