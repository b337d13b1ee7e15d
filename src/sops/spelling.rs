//! The way back to the author's spelling.
//!
//! A token wears the style of the value that it replaces, and that alone restores most values byte for
//! byte. Where it does not – `0755`, `1.50`, an escape that nobody needs, lines that were folded, an alias –
//! the token is followed by `~` and the encrypted source text:
//!
//! ```text
//! mode: ENC[AES256_GCM,data:…,iv:…,tag:…,type:int]~kPHx3…
//! ```
//!
//! SOPS ignores what follows the `]` of a token. The spelling is encrypted under the data key with the
//! token's AAD and `~`, so that it tells no more than a length; it counts only if it authenticates and
//! still means the value of the token. A program that does not know it drops it: then the value is spelled
//! the common way.

use zeroize::Zeroizing;

use super::cipher::DataKey;
use super::plaintext::Plaintext;
use super::token::Token;
use crate::document::{Document, Value};
use crate::secret::RandomSource;

/// Separates a token from its spelling.
const MARK: char = '~';

/// What to write behind a token for a source text.
pub(super) fn write(
    source: &str,
    key: &DataKey,
    aad: &str,
    random: &mut dyn RandomSource,
) -> String {
    let token = key.encrypt(&Plaintext::text(source), &spelling_aad(aad), random);
    format!("{MARK}{}", token.compact())
}

/// The source text behind a token, if there is one that means `value` under the tag that stands there.
pub(super) fn read(
    rest: &str,
    key: &DataKey,
    aad: &str,
    tag: Option<&str>,
    value: &Value,
) -> Option<Zeroizing<String>> {
    let source = source(rest, key, aad)?;
    means(&source, tag.unwrap_or_default(), value).then_some(source)
}

/// The source text behind a token, whatever it means.
pub(super) fn source(rest: &str, key: &DataKey, aad: &str) -> Option<Zeroizing<String>> {
    let token = Token::from_compact(rest.trim_end().strip_prefix(MARK)?).ok()?;
    let source = key.decrypt(&token, &spelling_aad(aad)).ok()?;
    Some(Zeroizing::new(source.expose_text()?.to_owned()))
}

/// Whether a source text, put behind a key and a tag, reads back as `value`: in the middle of a file, or at the end
/// of one without a final line break.
fn means(source: &str, tag: &str, value: &Value) -> bool {
    ["\n", ""].into_iter().any(|end| {
        let trial = Zeroizing::new(format!("k: {tag} {source}{end}"));
        let Ok(document) = Document::parse(trial.as_bytes().to_vec()) else { return false };
        let [root] = document.roots() else { return false };
        let node = document.lookup(root.node, "k");
        document.entries(root.node).count() == 1
            && node
                .and_then(|node| document.value(node))
                .is_some_and(|read| read.is_ok_and(|read| read == *value))
    })
}

fn spelling_aad(aad: &str) -> String {
    format!("{aad}{MARK}")
}
