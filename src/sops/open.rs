//! Decryption, leaf by leaf.

use zeroize::Zeroizing;

use super::cipher::DataKey;
use super::comments;
use super::error::{Error, Fault, TokenError};
use super::mac::Mac;
use super::plaintext::{self, Plaintext};
use super::spelling;
use super::stash::{Known, Stash};
use super::token::{Kind, Token};
use super::walk::{Leaf, Visit, Was, aad_of};
use crate::document::{
    Document, Edits, Kind as NodeKind, Layout, NodeId, Style, Syntax, Value, without_header_comment,
};
use crate::secret::Secret;

/// Decryption under way.
pub(super) struct Opening<'d, 'k> {
    document: &'d Document,
    key: &'k DataKey,
    /// Whether spellings behind tokens are heeded.
    spellings: bool,
    edits: Edits<'d>,
    mac: Mac,
    mac_only_encrypted: bool,
    /// What was opened, where somebody will want it.
    stash: Option<Stash>,
    /// The values, each by the node of its token, where nothing else is wanted.
    values: Option<Vec<(NodeId, Secret)>>,
    /// The items that are comments, by their list.
    items: Vec<(NodeId, Vec<CommentItem>)>,
}

/// An item that holds a comment, and the text of that.
type CommentItem = (NodeId, Zeroizing<String>);

/// What came of it.
pub(super) struct Opened<'d> {
    /// The edits that decrypt.
    pub(super) edits: Edits<'d>,
    /// The MAC of the plain values.
    pub(super) mac: Mac,
    /// The tokens, if they were asked for.
    pub(super) stash: Stash,
}

impl<'d, 'k> Opening<'d, 'k> {
    /// Nothing decrypted yet.
    pub(super) fn new(
        document: &'d Document,
        key: &'k DataKey,
        spellings: bool,
        mac_only_encrypted: bool,
        stashes: bool,
    ) -> Self {
        let (edits, mac) = (Edits::new(document), Mac::over(mac_only_encrypted));
        let stash = stashes.then(Stash::default);
        Opening {
            document,
            key,
            spellings,
            edits,
            mac,
            mac_only_encrypted,
            stash,
            values: None,
            items: Vec::new(),
        }
    }

    /// Decryption that makes no document: for the values alone.
    pub(super) fn of_values(document: &'d Document, key: &'k DataKey, only: bool) -> Self {
        Opening { values: Some(Vec::new()), ..Opening::new(document, key, false, only, false) }
    }

    /// Everything is opened, and the values are wanted.
    pub(super) fn into_values(self) -> (Mac, Vec<(NodeId, Secret)>) {
        (self.mac, self.values.unwrap_or_default())
    }

    /// Everything is opened.
    pub(super) fn finish(mut self) -> Result<Opened<'d>, Error> {
        let block = NodeKind::Sequence(Layout::Block);
        for (list, items) in &self.items {
            let all = self.document.items(*list).count() == items.len();
            if all
                && self.document.syntax() == Syntax::Yaml
                && self.document.node(*list).kind == block
            {
                // Without items the lines below the key would say null.
                let texts: Vec<&str> = items.iter().map(|(_, text)| text.as_str()).collect();
                self.edits.items_to_comments(*list, &texts)?;
                continue;
            }
            items.iter().try_for_each(|(item, text)| self.edits.item_to_comment(*item, text))?;
        }
        Ok(Opened { edits: self.edits, mac: self.mac, stash: self.stash.unwrap_or_default() })
    }

    /// Takes one leaf.
    pub(super) fn open(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let (id, place) = match visit.leaf {
            Leaf::Comment(index) => {
                if self.values.is_none() {
                    self.open_comment(index, visit);
                }
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
        let OpenedValue { token, secret, value, rest } =
            self::value((document, id), self.key, &text, aad)?;
        if token.kind() == Kind::Comment && is_item(document, id) {
            let plain = secret.expose_text().unwrap_or_default();
            self.remember(&token, aad, &secret, || {
                Known::new(&token, &text, Style::Plain, plain).into_item()
            });
            let list = document.node(id).parent.expect("an item stands in a list");
            let text = Zeroizing::new(plain.to_owned());
            match self.items.last_mut().filter(|(last, _)| *last == list) {
                Some((_, items)) => items.push((id, text)),
                None => self.items.push((list, vec![(id, text)])),
            }
            return Ok(Was::Comment);
        }
        self.mac.add(&Plaintext::of(&value).expect("no token holds null"));
        if let Some(values) = &mut self.values {
            values.push((id, secret));
            return Ok(Was::Value);
        }
        let NodeKind::Scalar(style) = document.node(id).kind else {
            return Err(plain(document, id));
        };
        let place = (document, id);
        let spelling =
            self.spellings.then(|| spelling::read(rest, self.key, aad, place, &value)).flatten();
        let source = spelling.unwrap_or_else(|| document.spelled_value(id, &value, style));
        self.remember(&token, aad, &secret, || {
            Known::new(&token, &text, style, &without_header_comment(&source, style))
        });
        let value = document.value_spelled(&source, value);
        self.edits.set_source(id, source, value)?;
        Ok(Was::Value)
    }

    /// A comment that does not decrypt stays as it is, as with SOPS: nobody lost a value.
    fn open_comment(&mut self, index: usize, visit: &Visit<'_>) {
        let document = self.document;
        let text = document.comment_text(&document.comments()[index]);
        if comments::is_beside_header(document, index) {
            if let Some(plain) = spelling::source(text, self.key, visit.aad) {
                self.edits.set_comment(index, &plain);
            }
            return;
        }
        let Some((token, secret, aad)) = comment(document, self.key, index, visit.aad) else {
            return;
        };
        let Some(whole) = secret.expose_text() else { return };
        // Those that SOPS took for one with it are encrypted with it and by themselves.
        let opened = |joined: usize| {
            let written = document.comment_text(&document.comments()[joined]);
            let secret =
                comment(document, self.key, joined, visit.aad).map(|(_, secret, _)| secret);
            let plain = secret.as_ref().and_then(Secret::expose_text).unwrap_or(written);
            spelling::source(written, self.key, visit.aad)
                .unwrap_or_else(|| Zeroizing::new(plain.to_owned()))
        };
        let own = comments::own(document, index, whole, &opened);
        if let Some(plain) = document.comment_spelled(index, own) {
            self.remember(&token, &aad, &secret, || Known::new(&token, text, Style::Plain, whole));
            self.edits.set_comment(index, &plain);
        }
    }

    fn remember(
        &mut self,
        token: &Token,
        aad: &str,
        plain: &Secret,
        known: impl FnOnce() -> Known,
    ) {
        if let Some(stash) = &mut self.stash {
            stash.remember(aad, token.kind(), plain.expose(), known());
        }
    }
}

/// An encrypted comment opened in the collection where it stands, or in another one near by, and the AAD that did it.
pub(super) fn comment(
    document: &Document,
    key: &DataKey,
    index: usize,
    aad: &str,
) -> Option<(Token, Secret, String)> {
    let (token, _) = Token::parse(document.comment_text(&document.comments()[index])).ok()?;
    let elsewhere = comments::candidates(document, index);
    let mut paths = std::iter::once(aad.to_owned())
        .chain(elsewhere.into_iter().map(|collection| aad_of(document, collection)));
    let (secret, aad) = paths.find_map(|aad| Some((key.decrypt(&token, &aad).ok()?, aad)))?;
    Some((token, secret, aad))
}

/// A token, opened.
pub(super) struct OpenedValue<'t> {
    pub(super) token: Token,
    /// What it holds, as bytes.
    pub(super) secret: Secret,
    /// The same as a value.
    pub(super) value: Value,
    /// What stands behind it.
    pub(super) rest: &'t str,
}

/// Opens the token that is the text of a value.
pub(super) fn value<'t>(
    (document, id): (&Document, NodeId),
    key: &DataKey,
    text: &'t str,
    aad: &str,
) -> Result<OpenedValue<'t>, Error> {
    let failed = |source: TokenError| Error::Token {
        position: document.position_of(id),
        route: document.route(id),
        source,
    };
    let (token, rest) = Token::parse(text).map_err(|error| failed(error.into()))?;
    let secret = key.decrypt(&token, aad).map_err(|error| failed(error.into()))?;
    let value = plaintext::parse(token.kind(), &secret).map_err(|error| failed(error.into()))?;
    Ok(OpenedValue { token, secret, value, rest })
}

/// Whether a value is an item of a list, where SOPS stores encrypted comments.
pub(super) fn is_item(document: &Document, id: NodeId) -> bool {
    document.node(id).parent.is_some_and(|parent| document.items(parent).next().is_some())
}

fn plain(document: &Document, id: NodeId) -> Fault {
    let (position, route) = (document.position_of(id), document.route(id));
    Fault::Error(Error::Plain { position, route })
}
