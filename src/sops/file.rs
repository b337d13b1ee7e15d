//! Encrypted files: the library's main noun.
//!
//! [`encrypt`] turns a plain document into an encrypted one, [`EncryptedFile`] and [`Unlocked`] turn it
//! back or set values in it. All of them edit: a document goes in, a document comes out, and only tokens,
//! encrypted comments and the `sops` mapping differ.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::cipher::{self, DataKey};
use super::mac::Mac;
use super::metadata::{self, Metadata};
use super::plaintext::{self, Plaintext};
use super::selection::Selection;
use super::spelling;
use super::token::{Kind, Token};
use super::walk::{Leaf, Obstacle, Visit, Was, aad_of, walk};
use crate::document::{
    Document, EditError, Edits, Fragment, Indentation, Kind as NodeKind, NodeId, Placement,
    Position, Route, Style, Value, ValueError,
};
use crate::keys::{self, Identities, Recipient};
use crate::secret::{RandomSource, Secret};

/// Why a file cannot be encrypted, decrypted or changed. Nothing here quotes a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document has a `sops` key already.
    #[error("{0}: already encrypted: there is a `sops` key")]
    AlreadyEncrypted(Position),
    /// An alias stands where the values behind it would have to be encrypted anew, or outside of the
    /// selection for a value inside of it.
    #[error("{0}: an alias connects encrypted and plain values; write the value out")]
    Alias(Position),
    /// The edit is not possible.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// There is nothing to encrypt in.
    #[error("the file is empty: there is no document to encrypt")]
    Empty,
    /// A key that is not a string; SOPS refuses it.
    #[error("{0}: the key is not a string; quote it")]
    Key(Position),
    /// The data key cannot be wrapped or unwrapped.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The MAC cannot be read with the data key.
    #[error("the MAC cannot be decrypted: {0}")]
    MacUnreadable(String),
    /// The values are not those that the MAC was made for.
    #[error("MAC does not match: a value was added, removed or changed by hand")]
    MacMismatch,
    /// There is no MAC.
    #[error("there is no MAC: `sops.mac` is missing or empty")]
    MacMissing,
    /// The `sops` mapping cannot be used.
    #[error(transparent)]
    Metadata(#[from] metadata::Error),
    /// Nobody could read the file.
    #[error("no recipients: nobody could decrypt the file")]
    NoRecipients,
    /// A plain value where the selection wants an encrypted one.
    #[error("{position}: `{route}` is not encrypted, though the file's selection picks it")]
    Plain {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
    },
    /// A root that is a sequence or a scalar.
    #[error("{0}: the document is not a mapping")]
    Root(Position),
    /// Aliases that stand for too many values.
    #[error("{0}: aliases multiply to more than a million values")]
    TooManyAliases(Position),
    /// A value token in a file without `sops` mapping.
    #[error("{position}: `{route}` holds a value token of another file")]
    StrayToken {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
    },
    /// A token that does not decrypt.
    #[error("{position}: `{route}`: {source}")]
    Token {
        /// Where.
        position: Position,
        /// Its address.
        route: Route,
        /// Why.
        source: TokenError,
    },
    /// A scalar that has no value, such as `!!int x`.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// Why a token does not decrypt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its ciphertext does not authenticate, or its fields have wrong lengths.
    #[error(transparent)]
    Cipher(#[from] cipher::Error),
    /// Its bytes are not of its type.
    #[error(transparent)]
    Plaintext(#[from] plaintext::Error),
    /// It is damaged.
    #[error(transparent)]
    Text(#[from] super::token::Error),
}

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
    let key = DataKey::generate(random);
    let mut sealing = Sealing {
        document,
        key: &key,
        random,
        edits: Edits::new(document),
        mac: mac_over(how.mac_only_encrypted),
        mac_only_encrypted: how.mac_only_encrypted,
        sealed: HashSet::new(),
    };
    walk(document, how.selection, &mut |visit| sealing.seal(&visit))
        .map_err(|fault| fault.at(document))?;
    let Sealing { mut edits, mac, random, .. } = sealing;
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
            edits.append_to_root(index, "sops", sops, indentation)?;
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
        let mut opening = Opening {
            document,
            key: &self.key,
            spellings,
            edits: Edits::new(document),
            mac: mac_over(metadata.mac_only_encrypted),
            mac_only_encrypted: metadata.mac_only_encrypted,
        };
        walk(document, &metadata.selection, &mut |visit| opening.open(&visit))
            .map_err(|fault| fault.at(document))?;
        Ok((opening.edits, opening.mac))
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

/// What stops a walk: an obstacle has no place yet.
enum Fault {
    Obstacle(Obstacle),
    Error(Error),
}

impl Fault {
    fn at(self, document: &Document) -> Error {
        match self {
            Fault::Obstacle(Obstacle::Key(id)) => Error::Key(document.position_of(id)),
            Fault::Obstacle(Obstacle::Root(id)) => Error::Root(document.position_of(id)),
            Fault::Obstacle(Obstacle::Aliases(id)) => {
                Error::TooManyAliases(document.position_of(id))
            }
            Fault::Error(error) => error,
        }
    }
}

impl From<Obstacle> for Fault {
    fn from(obstacle: Obstacle) -> Self {
        Fault::Obstacle(obstacle)
    }
}

impl<E: Into<Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Error(error.into())
    }
}

/// Encryption under way.
struct Sealing<'s> {
    document: &'s Document,
    key: &'s DataKey,
    random: &'s mut dyn RandomSource,
    edits: Edits<'s>,
    mac: Mac,
    mac_only_encrypted: bool,
    /// Scalars that became tokens: an alias must not show one of them as plain text.
    sealed: HashSet<NodeId>,
}

impl Sealing<'_> {
    fn seal(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let (id, place) = match visit.leaf {
            Leaf::Comment(index) => {
                self.seal_comment(index, visit);
                return Ok(Was::Comment);
            }
            Leaf::Value(id) => (id, id),
            Leaf::Aliased(id, alias) => (id, alias),
        };
        let value = document.value(id).expect("leaves are scalars")?;
        let Some(plaintext) = Plaintext::of(&value) else { return Ok(Was::Value) };
        if visit.selected || !self.mac_only_encrypted {
            self.mac.add(&plaintext);
        }
        if visit.selected && !plaintext.as_bytes().is_empty() {
            // An alias of a collection cannot hold the tokens of its copies.
            if place != id && document.target(place) != id {
                return Err(Error::Alias(document.position_of(place)).into());
            }
            self.seal_value(place, &value, &plaintext, visit.aad)?;
        } else if self.sealed.contains(&id) {
            return Err(Error::Alias(document.position_of(place)).into());
        }
        Ok(Was::Value)
    }

    fn seal_value(
        &mut self,
        place: NodeId,
        value: &Value,
        plaintext: &Plaintext<'_>,
        aad: &str,
    ) -> Result<(), Fault> {
        let document = self.document;
        if let Value::Text(text) = value
            && Token::parse(text).is_ok()
        {
            let (position, route) = (document.position_of(place), document.route(place));
            return Err(Error::StrayToken { position, route }.into());
        }
        let style = match document.node(place).kind {
            NodeKind::Scalar(style) => style,
            _ => Style::Plain,
        };
        let mut token = self.key.encrypt(plaintext, aad, self.random).to_string();
        // The token decides the style in which the value will come back.
        let (style, _) = document.spelled(place, &token, style);
        let common = common_source(document, place, value, style);
        let source = &document.source()[document.source_range(place, &Value::Null)];
        let written = &document.source()[document.source_range(place, value)];
        let source = if matches!(value, Value::Text(_)) { written } else { source };
        if *common != *source {
            token.push_str(&spelling::write(source, self.key, aad, self.random));
        }
        let (_, spelled) = document.spelled(place, &token, style);
        // A block scalar ends with the line break that its header asks for.
        let read = match style {
            Style::Literal | Style::Folded => block_value(&spelled, &token),
            _ => token,
        };
        self.edits.set_source(place, spelled, Value::text(read))?;
        self.sealed.insert(place);
        Ok(())
    }

    fn seal_comment(&mut self, index: usize, visit: &Visit<'_>) {
        let text = self.document.comment_text(&self.document.comments()[index]);
        if visit.selected && !text.is_empty() && Token::parse(text).is_err() {
            let token = self.key.encrypt(&Plaintext::comment(text), visit.aad, self.random);
            self.edits.set_comment(index, &token.to_string());
        }
    }
}

/// Decryption under way.
struct Opening<'d, 'k> {
    document: &'d Document,
    key: &'k DataKey,
    /// Whether spellings behind tokens are heeded.
    spellings: bool,
    edits: Edits<'d>,
    mac: Mac,
    mac_only_encrypted: bool,
}

impl Opening<'_, '_> {
    fn open(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let (id, place) = match visit.leaf {
            Leaf::Comment(index) => {
                self.open_comment(index, visit);
                return Ok(Was::Comment);
            }
            Leaf::Value(id) => (id, id),
            Leaf::Aliased(id, alias) => (id, alias),
        };
        let value = document.value(id).expect("leaves are scalars")?;
        let Some(plaintext) = Plaintext::of(&value) else { return Ok(Was::Value) };
        if visit.selected && !plaintext.as_bytes().is_empty() {
            return self.open_value(place, visit.aad);
        }
        if visit.selected || !self.mac_only_encrypted {
            self.mac.add(&plaintext);
        }
        Ok(Was::Value)
    }

    fn open_value(&mut self, id: NodeId, aad: &str) -> Result<Was, Fault> {
        let document = self.document;
        let text = match document.value(id).expect("leaves are scalars")? {
            Value::Text(text) if document.target(id) == id => text,
            _ => return Err(plain(document, id)),
        };
        if !text.starts_with("ENC[") {
            return Err(plain(document, id));
        }
        let failed = |source: TokenError| Error::Token {
            position: document.position_of(id),
            route: document.route(id),
            source,
        };
        let (token, rest) = Token::parse(&text).map_err(|error| failed(error.into()))?;
        let secret = self.key.decrypt(&token, aad).map_err(|error| failed(error.into()))?;
        let value =
            plaintext::parse(token.kind(), &secret).map_err(|error| failed(error.into()))?;
        let in_list = document.node(id).parent.is_some_and(|p| document.items(p).next().is_some());
        if token.kind() == Kind::Comment && in_list {
            let text = secret.expose_text().unwrap_or_default();
            self.edits.item_to_comment(id, text)?;
            return Ok(Was::Comment);
        }
        self.mac.add(&Plaintext::of(&value).expect("no token holds null"));
        let NodeKind::Scalar(style) = document.node(id).kind else {
            return Err(plain(document, id));
        };
        let spelling =
            if self.spellings { spelling::read(rest, self.key, aad, &value) } else { None };
        let source = spelling.unwrap_or_else(|| common_source(document, id, &value, style));
        self.edits.set_source(id, source, value)?;
        Ok(Was::Value)
    }

    /// A comment that does not decrypt stays as it is, as with SOPS: nobody lost a value.
    fn open_comment(&mut self, index: usize, visit: &Visit<'_>) {
        let document = self.document;
        let text = document.comment_text(&document.comments()[index]);
        let Ok((token, _)) = Token::parse(text) else { return };
        let elsewhere = super::comments::candidates(document, index);
        let paths = std::iter::once(visit.aad.to_owned())
            .chain(elsewhere.into_iter().map(|collection| aad_of(document, collection)));
        let secret = paths.into_iter().find_map(|aad| self.key.decrypt(&token, &aad).ok());
        let plain = secret.as_ref().and_then(Secret::expose_text);
        if let Some(plain) = plain.filter(|plain| !plain.contains(['\n', '\r'])) {
            self.edits.set_comment(index, plain);
        }
    }
}

/// The source text that a value gets in the place of a token if nothing else is known.
fn common_source(
    document: &Document,
    id: NodeId,
    value: &Value,
    style: Style,
) -> Zeroizing<String> {
    match value {
        Value::Text(text) => document.spelled(id, text, style).1,
        Value::Null => Zeroizing::new("null".to_owned()),
        Value::Bool(value) => Zeroizing::new(value.to_string()),
        Value::Int(value) => Zeroizing::new(value.to_string()),
        Value::Time(text) => Zeroizing::new(text.clone()),
        Value::Float(float) if float.is_nan() => Zeroizing::new(".nan".to_owned()),
        Value::Float(float) if float.is_infinite() => {
            Zeroizing::new(if *float > 0.0 { ".inf" } else { "-.inf" }.to_owned())
        }
        // A float stays one: SOPS prints `1`, and then takes it for an integer.
        Value::Float(float) => {
            let plaintext = Plaintext::of(value).expect("a float has a text");
            let digits = String::from_utf8_lossy(plaintext.as_bytes()).into_owned();
            Zeroizing::new(if float.fract() == 0.0 { digits + ".0" } else { digits })
        }
    }
}

/// What a block scalar of one line reads as: the chomping of its header decides about the line break.
fn block_value(spelled: &str, token: &str) -> String {
    let header = spelled.lines().next().unwrap_or_default();
    let indicators = header.split(['#', ' ']).next().unwrap_or_default();
    if indicators.contains('-') { token.to_owned() } else { format!("{token}\n") }
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

fn plain(document: &Document, id: NodeId) -> Fault {
    let (position, route) = (document.position_of(id), document.route(id));
    Fault::Error(Error::Plain { position, route })
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
