//! What is known of a file's values when it is encrypted again.
//!
//! A value that did not change keeps its token to the last letter: its vector, the style it is written in,
//! the spelling behind it. SOPS keeps vectors only, and one for all equal values of a list; here every
//! token is remembered by itself and given back once, in the order of the file.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

use zeroize::Zeroizing;

use super::cipher::IV_BYTES;
use super::plaintext::Plaintext;
use super::token::{Kind, Token};
use crate::document::Style;

/// The tokens of one file under one data key. Holds plain text, wiped when dropped.
#[derive(Default)]
pub(super) struct Stash(HashMap<Key, VecDeque<Known>>);

/// What has to be the same.
#[derive(PartialEq, Eq)]
struct Key {
    aad: String,
    kind: Kind,
    plain: Zeroizing<Vec<u8>>,
}

impl Key {
    fn new(aad: &str, kind: Kind, plain: &[u8]) -> Key {
        // In JSON an integer may have been encrypted as a float: SOPS before 3.13.2 took all numbers for such.
        let kind = if kind == Kind::Int { Kind::Float } else { kind };
        Key { aad: aad.to_owned(), kind, plain: Zeroizing::new(plain.to_vec()) }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.aad, self.plain.as_slice()).hash(state);
    }
}

/// One value as it stood in the encrypted file.
pub(super) struct Known {
    /// How the plain value is spelled.
    pub(super) source: Zeroizing<String>,
    /// The token with what follows it.
    pub(super) text: String,
    /// How the token is written.
    pub(super) style: Style,
    /// Whether it is a comment that stands as an item in its list.
    pub(super) item: bool,
    iv: Option<[u8; IV_BYTES]>,
}

/// What an unchanged value can keep.
pub(super) enum Kept {
    /// Everything.
    All(Known),
    /// The vector: it is spelled otherwise now.
    Vector([u8; IV_BYTES]),
}

impl Known {
    pub(super) fn new(token: &Token, text: &str, style: Style, source: &str) -> Known {
        // A shorter vector, which only others write, is not used again.
        let iv = token.iv().try_into().ok();
        let source = Zeroizing::new(source.to_owned());
        Known { source, text: text.to_owned(), style, item: false, iv }
    }

    /// The comment stands as an item.
    pub(super) fn into_item(self) -> Known {
        Known { item: true, ..self }
    }
}

impl Stash {
    pub(super) fn remember(&mut self, aad: &str, kind: Kind, plain: &[u8], known: Known) {
        let key = Key::new(aad, kind, plain);
        self.0.entry(key).or_default().push_back(known);
    }

    /// What a value with this spelling can keep; each token is given once.
    pub(super) fn take(
        &mut self,
        aad: &str,
        plaintext: &Plaintext<'_>,
        source: &str,
    ) -> Option<Kept> {
        if self.0.is_empty() {
            return None;
        }
        let key = Key::new(aad, plaintext.kind(), plaintext.as_bytes());
        let known = self.0.get_mut(&key)?;
        match known.iter().position(|known| *known.source == *source) {
            Some(index) => known.remove(index).map(Kept::All),
            None => known.pop_front()?.iv.map(Kept::Vector),
        }
    }
}
