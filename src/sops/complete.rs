//! Values that somebody added to an encrypted file in plain text, encrypted in their places.
//!
//! ```text
//! stringData:                        stringData:
//!   user: ENC[…]                       user: ENC[…]       # as it was
//!   token: invented          ──►       token: ENC[…]
//! sops: {mac: …}  # over `user`      sops: {mac: …}       # over both
//! ```
//!
//! Without those values the file has to be what its MAC says. Refused is one in which a plain value stands in the place
//! of a token, or something else that the MAC covers was edited: a new MAC would vouch for that.

use super::cipher::DataKey;
use super::error::{Error, Fault};
use super::expand::expand;
use super::file::{Unlocked, seal_mac, with_block};
use super::mac::Mac;
use super::metadata;
use super::open::{is_item, value};
use super::plaintext::Plaintext;
use super::seal::Sealing;
use super::stash::Stash;
use super::token::Kind;
use super::walk::{Leaf, Visit, Was, walk};
use crate::document::{Document, NodeId};
use crate::secret::RandomSource;

/// A completion under way.
struct Completion<'d, 's> {
    document: &'d Document,
    key: &'s DataKey,
    /// What is covered of the file as it was encrypted.
    before: Mac,
    mac_only_encrypted: bool,
    /// What is plain, and what is covered from now on.
    sealing: Sealing<'d, 's>,
}

impl Unlocked<'_> {
    /// The file with all values encrypted that its selection picks, plain ones added by hand among them. Every token
    /// keeps its bytes.
    pub fn complete(&self, now: &str, random: &mut dyn RandomSource) -> Result<Document, Error> {
        let metadata = self.metadata();
        let (selection, only) = (&metadata.selection, metadata.mac_only_encrypted);
        let expanded = expand(self.file.document, selection)?;
        let document = expanded.as_ref().unwrap_or(self.file.document);
        let mut completion = Completion {
            document,
            key: &self.key,
            before: Mac::over(only),
            mac_only_encrypted: only,
            sealing: Sealing::new(document, &self.key, random, only, Stash::default()),
        };
        walk(document, selection, &mut |visit| completion.take(&visit))
            .map_err(|fault| fault.at(document))?;
        let (edits, mac) = completion.sealing.finish();
        // Where the selection became wider it picks values that the MAC has covered all along.
        self.verify(&completion.before).or_else(|error| self.verify(&mac).map_err(|_| error))?;
        let mut block = self.file.block.copy();
        metadata::set_mac(&mut block, seal_mac(&self.key, mac, now, random), now);
        with_block(edits, document, &block)
    }
}

impl Completion<'_, '_> {
    /// Takes one leaf.
    fn take(&mut self, visit: &Visit<'_>) -> Result<Was, Fault> {
        let document = self.document;
        let id = match visit.leaf {
            Leaf::Comment(_) => return self.sealing.seal(visit),
            Leaf::Value(id) | Leaf::Aliased(id, _) => id,
        };
        if visit.selected
            && let Leaf::Value(_) = visit.leaf
            && let Some(text) = document.text(id).filter(|text| text.starts_with("ENC["))
        {
            return self.take_token(id, text, visit.aad);
        }
        if !visit.selected
            && !self.mac_only_encrypted
            && let Some(plaintext) =
                Plaintext::of(&document.value(id).expect("leaves are scalars")?)
        {
            self.before.add(&plaintext);
        }
        self.sealing.seal(visit)
    }

    /// A token stays as it is; both MACs cover what it holds.
    fn take_token(&mut self, id: NodeId, text: &str, aad: &str) -> Result<Was, Fault> {
        let opened = value((self.document, id), self.key, text, aad)?;
        if opened.token.kind() == Kind::Comment && is_item(self.document, id) {
            return Ok(Was::Comment);
        }
        let plaintext = Plaintext::of(&opened.value).expect("no token holds null");
        self.before.add(&plaintext);
        self.sealing.cover(&plaintext);
        Ok(Was::Value)
    }
}
