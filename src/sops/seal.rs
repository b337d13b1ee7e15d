//! Encryption, leaf by leaf: tokens in the style of the values that they replace.

use std::collections::HashSet;

use super::cipher::DataKey;
use super::comments;
use super::error::{Error, Fault};
use super::mac::Mac;
use super::plaintext::Plaintext;
use super::spelling;
use super::stash::{Kept, Stash};
use super::token::Token;
use super::walk::{Leaf, Visit, Was};
use crate::document::{
    Document, Edits, Kind as NodeKind, NodeId, Style, Value, without_header_comment,
};
use crate::secret::RandomSource;

/// Encryption under way.
pub(super) struct Sealing<'d, 's> {
    document: &'d Document,
    key: &'s DataKey,
    random: &'s mut dyn RandomSource,
    edits: Edits<'d>,
    mac: Mac,
    mac_only_encrypted: bool,
    /// The tokens of values that may not have changed.
    stash: Stash,
    /// Scalars that became tokens: an alias must not show one of them as plain text.
    sealed: HashSet<NodeId>,
}

impl<'d, 's> Sealing<'d, 's> {
    /// Nothing encrypted yet.
    pub(super) fn new(
        document: &'d Document,
        key: &'s DataKey,
        random: &'s mut dyn RandomSource,
        mac_only_encrypted: bool,
        stash: Stash,
    ) -> Self {
        let (edits, sealed) = (Edits::new(document), HashSet::new());
        let mac = Mac::over(mac_only_encrypted);
        Sealing { document, key, random, edits, mac, mac_only_encrypted, stash, sealed }
    }

    /// The edits that encrypt, and the MAC of the plain values.
    pub(super) fn finish(self) -> (Edits<'d>, Mac) {
        (self.edits, self.mac)
    }

    /// Lets the MAC cover a value that is encrypted already.
    pub(super) fn cover(&mut self, plaintext: &Plaintext<'_>) {
        self.mac.add(plaintext);
    }

    /// Takes one leaf.
    pub(super) fn seal(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let (id, place) = match visit.leaf {
            Leaf::Comment(index) => {
                self.seal_comment(index, visit)?;
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
        let source = &document.source()[document.source_range(place, &Value::Null)];
        let written = &document.source()[document.source_range(place, value)];
        let source = if matches!(value, Value::Text(_)) { written } else { source };
        // A comment in the header of a block is encrypted by itself.
        let source = without_header_comment(source, style);
        let token = match self.stash.take(aad, plaintext, &source) {
            Some(Kept::All(known)) => {
                let (_, spelled) = document.spelled(place, &known.text, known.style);
                self.edits.set_source(place, spelled, Value::text(known.text))?;
                self.sealed.insert(place);
                return Ok(());
            }
            Some(Kept::Vector(iv)) => self.key.encrypt_with_iv(plaintext, aad, iv),
            None => self.key.encrypt(plaintext, aad, self.random),
        };
        let mut token = token.to_string();
        // The token decides the style in which the value will come back.
        let (style, _) = document.spelled(place, &token, style);
        let common = without_header_comment(&document.spelled_value(place, value, style), style);
        if *common != *source {
            token.push_str(&spelling::write(&source, self.key, aad, self.random));
        }
        if style.is_block() && !document.is_stripped(place) {
            // The header stays, and with it the line breaks that it asks for: blank lines of a `|+` block decide whose
            // the comments below are.
            let breaks =
                plaintext.as_bytes().iter().rev().take_while(|byte| **byte == b'\n').count();
            token.extend(std::iter::repeat_n('\n', breaks.max(1)));
        }
        let (_, spelled) = document.spelled(place, &token, style);
        self.edits.set_source(place, spelled, Value::text(token))?;
        self.sealed.insert(place);
        Ok(())
    }

    fn seal_comment(&mut self, index: usize, visit: &Visit<'_>) -> Result<(), Fault> {
        let own = self.document.comment_text(&self.document.comments()[index]);
        let text = comments::whole(self.document, index);
        if !visit.selected || text.is_empty() || Token::parse(own).is_ok() {
            return Ok(());
        }
        if comments::is_beside_header(self.document, index) {
            if spelling::source(own, self.key, visit.aad).is_none() {
                let sealed = spelling::write(own, self.key, visit.aad, self.random);
                self.edits.set_comment(index, &sealed);
            }
            return Ok(());
        }
        let plaintext = Plaintext::comment(&text);
        match self.stash.take(visit.aad, &plaintext, &text) {
            Some(Kept::All(known)) if known.item => {
                self.edits.comment_to_item(index, &known.text)?;
            }
            Some(Kept::All(known)) => self.edits.set_comment(index, &known.text),
            _ => {
                let token = self.key.encrypt(&plaintext, visit.aad, self.random);
                self.edits.set_comment(index, &token.to_string());
            }
        }
        Ok(())
    }
}
