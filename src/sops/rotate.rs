//! The values of a file under another data key, each token in its place and in its clothes.

use super::cipher::DataKey;
use super::error::{Error, Fault, TokenError};
use super::open::comment;
use super::plaintext::Plaintext;
use super::spelling;
use super::token::{Kind, Token};
use super::walk::{Leaf, Visit, Was};
use crate::document::{Document, Edits, NodeId, Value};
use crate::secret::{RandomSource, Secret};

/// A rotation under way. What is not encrypted stays, whether it should be or not: the file was opened
/// before, and that decides.
pub(super) struct Rotation<'d, 'k> {
    pub(super) document: &'d Document,
    pub(super) old: &'k DataKey,
    pub(super) new: &'k DataKey,
    pub(super) random: &'k mut dyn RandomSource,
    pub(super) edits: Edits<'d>,
}

impl Rotation<'_, '_> {
    /// Takes one leaf.
    pub(super) fn turn(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let id = match visit.leaf {
            Leaf::Comment(index) => {
                self.turn_comment(index, visit);
                return Ok(Was::Comment);
            }
            Leaf::Value(id) if visit.selected => id,
            _ => return Ok(Was::Value),
        };
        let Value::Text(text) = document.value(id).expect("leaves are scalars")? else {
            return Ok(Was::Value);
        };
        if text.is_empty() {
            return Ok(Was::Value);
        }
        let failed = |source: TokenError| self.failed(id, source);
        let (token, rest) = Token::parse(&text).map_err(|error| failed(error.into()))?;
        let plain = self.old.decrypt(&token, visit.aad).map_err(|error| failed(error.into()))?;
        let kind = token.kind();
        let mut turned = self.encrypt(&plain, kind, visit.aad);
        if let Some(source) = spelling::source(rest, self.old, visit.aad) {
            turned.push_str(&spelling::write(&source, self.new, visit.aad, self.random));
        }
        // A block keeps the line breaks that its header asks for.
        turned.push_str(&text[text.trim_end_matches('\n').len()..]);
        self.edits.set_text(id, &turned)?;
        Ok(if kind == Kind::Comment { Was::Comment } else { Was::Value })
    }

    fn turn_comment(&mut self, index: usize, visit: &Visit<'_>) {
        let document = self.document;
        let text = document.comment_text(&document.comments()[index]);
        if let Some(plain) = spelling::source(text, self.old, visit.aad) {
            let turned = spelling::write(&plain, self.new, visit.aad, self.random);
            return self.edits.set_comment(index, &turned);
        }
        if let Some((token, plain, aad)) = comment(document, self.old, index, visit.aad) {
            let turned = self.encrypt(&plain, token.kind(), &aad);
            self.edits.set_comment(index, &turned);
        }
    }

    fn encrypt(&mut self, plain: &Secret, kind: Kind, aad: &str) -> String {
        let plaintext = Plaintext::bytes(kind, plain.expose());
        self.new.encrypt(&plaintext, aad, self.random).to_string()
    }

    fn failed(&self, id: NodeId, source: TokenError) -> Error {
        let (position, route) = (self.document.position_of(id), self.document.route(id));
        Error::Token { position, route, source }
    }
}
