//! What the MAC of an encrypted file covers, as far as that is seen without a key.
//!
//! Nobody writes the same MAC twice: its token has a vector of its own. So two versions of a file that have the same one
//! must have the same under it – the same tokens in the same places, the same plain values, in the same order.
//!
//! ```text
//! a: ENC[…x]   a: ENC[…x]      # a comment        a: ENC[…x]
//! b: 1         b: 2            a: ENC[…x]         c: 1
//! before       edited          the same           the same: keys of plain values are not covered
//! ```
//!
//! Comments and the spelling behind a token are not covered, nor are plain values with `mac_only_encrypted`. A token
//! authenticates the keys that lead to it; below other keys it does not decrypt, whatever the MAC says.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::file::EncryptedFile;
use super::open::is_item;
use super::plaintext::Plaintext;
use super::token::{Kind, Token};
use super::walk::{Leaf, Obstacle, Visit, Was, walk};
use crate::document::{Document, NodeId};

/// The covered values of one version of a file.
pub struct Covered {
    /// The token of the MAC, as text.
    mac: String,
    /// The time that the MAC authenticates.
    last_modified: String,
    /// The values, in the order in which they are hashed.
    values: Vec<Covering>,
    /// Whether a value is plain that should be encrypted: that file does not decrypt anyway.
    is_partial: bool,
}

/// One covered value.
struct Covering {
    /// Where it stands.
    node: NodeId,
    /// What stands there.
    content: Content,
}

/// What the MAC knows of a value.
#[derive(PartialEq, Eq)]
enum Content {
    /// A token without what follows it, and the keys that lead to it.
    Token(String, String),
    /// The bytes of a plain value.
    Plain(Zeroizing<Vec<u8>>),
}

/// How a version was edited by somebody without the key.
#[derive(Debug, PartialEq, Eq)]
pub enum Edited {
    /// These tokens stood below other keys, where alone they decrypt.
    Moved(Vec<NodeId>),
    /// These values are new or others.
    Values(Vec<NodeId>),
    /// Values are gone, or in another order.
    Sequence,
    /// The time of the MAC.
    Time,
}

impl Content {
    /// What tells it from others.
    fn key(&self) -> (&str, &[u8]) {
        match self {
            Content::Token(keys, token) => (keys, token.as_bytes()),
            Content::Plain(bytes) => ("", bytes),
        }
    }
}

impl Covered {
    /// Reads an encrypted document; `None` for one that is plain, has no MAC, or cannot be understood.
    pub fn of(document: &Document) -> Option<Covered> {
        let file = EncryptedFile::open(document).ok()??;
        let metadata = file.metadata();
        let mut covered = Covered {
            mac: metadata.mac.clone()?,
            last_modified: metadata.last_modified.clone(),
            values: Vec::new(),
            is_partial: false,
        };
        let only_encrypted = metadata.mac_only_encrypted;
        let walked: Result<(), Obstacle> = walk(document, &metadata.selection, &mut |visit| {
            Ok(covered.take(document, &visit, only_encrypted))
        });
        walked.is_ok().then_some(covered)
    }

    /// Whether the two have the same MAC.
    pub fn has_mac_of(&self, other: &Covered) -> bool {
        self.mac == other.mac
    }

    /// Whether a value is plain that should be encrypted.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// What was edited by hand since an earlier version; `None` where nothing shows that.
    pub fn edited_since(&self, before: &Covered) -> Option<Edited> {
        let moved = self.moved_since(before);
        if !moved.is_empty() {
            return Some(Edited::Moved(moved));
        }
        if self.mac != before.mac {
            return None;
        }
        if self.last_modified != before.last_modified {
            return Some(Edited::Time);
        }
        if self.hashed() == before.hashed() {
            return None;
        }
        let mut known: HashMap<_, usize> = HashMap::new();
        before.values.iter().for_each(|value| *known.entry(value.content.key()).or_default() += 1);
        let mut others = Vec::new();
        for value in &self.values {
            match known.get_mut(&value.content.key()).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => others.push(value.node),
            }
        }
        Some(if others.is_empty() { Edited::Sequence } else { Edited::Values(others) })
    }

    /// The tokens that another version has below other keys only.
    fn moved_since(&self, before: &Covered) -> Vec<NodeId> {
        let mut places: HashMap<&str, Vec<&str>> = HashMap::new();
        for value in &before.values {
            if let Content::Token(keys, token) = &value.content {
                places.entry(token).or_default().push(keys);
            }
        }
        let is_moved = |value: &&Covering| match &value.content {
            Content::Token(keys, token) => {
                places.get(token.as_str()).is_some_and(|there| !there.contains(&keys.as_str()))
            }
            Content::Plain(_) => false,
        };
        self.values.iter().filter(is_moved).map(|value| value.node).collect()
    }

    /// The values as they are hashed: between plain ones nobody sees where one ends.
    fn hashed(&self) -> Vec<Content> {
        let mut hashed: Vec<Content> = Vec::new();
        for value in &self.values {
            match (&value.content, hashed.last_mut()) {
                (Content::Plain(more), Some(Content::Plain(bytes))) => {
                    bytes.extend_from_slice(more)
                }
                (Content::Plain(bytes), _) => hashed.push(Content::Plain(bytes.clone())),
                (Content::Token(keys, token), _) => {
                    hashed.push(Content::Token(keys.clone(), token.clone()));
                }
            }
        }
        hashed
    }

    /// Takes one leaf.
    fn take(&mut self, document: &Document, visit: &Visit<'_>, only_encrypted: bool) -> Was {
        let (id, node) = match visit.leaf {
            Leaf::Comment(_) => return Was::Comment,
            Leaf::Value(id) => (id, id),
            Leaf::Aliased(id, alias) => (id, alias),
        };
        let text = document.text(id).unwrap_or_default();
        if visit.selected && text.starts_with("ENC[") {
            let parsed = Token::parse(text);
            if is_item(document, id)
                && matches!(&parsed, Ok((token, _)) if token.kind() == Kind::Comment)
            {
                return Was::Comment;
            }
            let rest = parsed.map_or(0, |(_, rest)| rest.len());
            let token = text[..text.len() - rest].trim_end().to_owned();
            self.values
                .push(Covering { node, content: Content::Token(visit.aad.to_owned(), token) });
            return Was::Value;
        }
        // Null and what has no value: nothing to hash.
        let Some(Ok(value)) = document.value(id) else { return Was::Value };
        let Some(plain) = Plaintext::of(&value).filter(|plain| !plain.as_bytes().is_empty()) else {
            return Was::Value;
        };
        self.is_partial |= visit.selected;
        if visit.selected || !only_encrypted {
            let bytes = Zeroizing::new(plain.as_bytes().to_vec());
            self.values.push(Covering { node, content: Content::Plain(bytes) });
        }
        Was::Value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token, told from others by a letter.
    fn token(letter: char) -> String {
        format!("ENC[AES256_GCM,data:{letter}Q==,iv:YQ==,tag:h0cBYz4qcExJJc+t3xp9xg==,type:str]")
    }

    /// An encrypted file with these fields, a token written as `<x>`, and more metadata.
    fn file(fields: &str, mac: char, more: &str) -> Document {
        let mut text = fields.to_owned();
        for letter in 'A'..='Z' {
            text = text.replace(&format!("<{letter}>"), &token(letter));
        }
        let mac = token(mac);
        let block = format!("sops:\n  lastmodified: '2031-01-02T03:04:05Z'\n  mac: {mac}\n{more}");
        let version = "  version: 3.13.3\n  age: [{recipient: age1x, enc: x}]\n";
        let text = format!("{text}{block}{version}");
        Document::parse(text.clone().into_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// How the fields differ by hand; routes of what is named.
    fn edited(before: &str, now: &str, more: &str) -> String {
        let (before, now) = (file(before, 'M', more), file(now, 'M', more));
        told(&before, &now)
    }

    fn told(before: &Document, now: &Document) -> String {
        let covered = |document| Covered::of(document).expect("it is encrypted");
        let routes = |nodes: &[NodeId]| {
            nodes.iter().map(|node| now.route(*node).to_string()).collect::<Vec<_>>().join(" ")
        };
        match covered(now).edited_since(&covered(before)) {
            None => "nothing".to_owned(),
            Some(Edited::Moved(nodes)) => format!("moved {}", routes(&nodes)),
            Some(Edited::Values(nodes)) => format!("values {}", routes(&nodes)),
            Some(Edited::Sequence) => "sequence".to_owned(),
            Some(Edited::Time) => "time".to_owned(),
        }
    }

    const PLAIN: &str = "a: <A>\nb_unencrypted: 1\nl:\n- <B>\n- <C>\n";

    #[test]
    fn what_the_mac_covers_is_seen() {
        for (from, to, expected) in [
            ("<A>", "<X>", "values a"),
            (": 1", ": 2", "values b_unencrypted"),
            ("- <C>\n", "", "sequence"),
            ("- <B>\n- <C>\n", "- <C>\n- <B>\n", "sequence"),
            ("l:", "x_unencrypted: 7\nl:", "values x_unencrypted"),
            ("a: <A>\nb_unencrypted: 1\n", "b_unencrypted: 1\na: <A>\n", "sequence"),
        ] {
            assert_eq!(edited(PLAIN, &PLAIN.replace(from, to), ""), expected, "{to}");
        }
    }

    #[test]
    fn what_the_mac_does_not_cover_is_no_edit() {
        for (from, to) in [
            ("a:", "# a comment\na:"),
            (": 1", ": '1'"),
            ("b_unencrypted", "c_unencrypted"),
            ("l:", "n_unencrypted: null\ne: ''\nl:"),
            ("- <B>\n- <C>", "  - <B>\n  - '<C>~QUJD'"),
        ] {
            assert_eq!(edited(PLAIN, &PLAIN.replace(from, to), ""), "nothing", "{to}");
        }
    }

    #[test]
    fn a_token_below_another_key_is_moved_even_under_a_new_mac() {
        let moved = PLAIN.replace("a:", "z:");
        assert_eq!(edited(PLAIN, &moved, ""), "moved z");
        assert_eq!(told(&file(PLAIN, 'M', ""), &file(&moved, 'N', "")), "moved z");
        let copied = PLAIN.replace("b_", "z: <A>\nb_");
        assert_eq!(told(&file(PLAIN, 'M', ""), &file(&copied, 'N', "")), "moved z");
    }

    #[test]
    fn another_mac_answers_for_other_values() {
        let now = file(&PLAIN.replace("<A>", "<X>"), 'N', "");
        assert_eq!(told(&file(PLAIN, 'M', ""), &now), "nothing");
    }

    #[test]
    fn plain_values_count_unless_the_mac_is_of_encrypted_ones() {
        let more = "  mac_only_encrypted: true\n";
        assert_eq!(edited(PLAIN, &PLAIN.replace(": 1", ": 2"), more), "nothing");
        assert_eq!(edited(PLAIN, &PLAIN.replace("<A>", "<X>"), more), "values a");
    }

    #[test]
    fn the_time_belongs_to_the_mac() {
        let before = file(PLAIN, 'M', "");
        let text = before.source().replace("03:04:05", "03:04:06");
        assert_eq!(told(&before, &Document::parse(text.into_bytes()).unwrap()), "time");
    }

    #[test]
    fn plain_documents_have_nothing_covered_and_partial_ones_say_so() {
        let plain = Document::parse(b"a: 1\n".to_vec()).unwrap();
        assert!(Covered::of(&plain).is_none());
        assert!(Covered::of(&file("a: 1\n", 'M', "")).unwrap().is_partial());
        assert!(!Covered::of(&file(PLAIN, 'M', "")).unwrap().is_partial());
    }
}
