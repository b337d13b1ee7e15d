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
use crate::document::{Document, NodeId, Syntax, Value};
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

/// The source text behind the token in the place of a node, if there is one that means `value` there.
pub(super) fn read(
    rest: &str,
    key: &DataKey,
    aad: &str,
    (document, id): (&Document, NodeId),
    value: &Value,
) -> Option<Zeroizing<String>> {
    let source = source(rest, key, aad)?;
    let tag = document.tag(id).unwrap_or_default();
    means(document.syntax(), &source, tag, value).then_some(source)
}

/// The source text behind a token, whatever it means.
pub(super) fn source(rest: &str, key: &DataKey, aad: &str) -> Option<Zeroizing<String>> {
    let token = Token::from_compact(rest.trim_end().strip_prefix(MARK)?).ok()?;
    let source = key.decrypt(&token, &spelling_aad(aad)).ok()?;
    Some(Zeroizing::new(source.expose_text()?.to_owned()))
}

/// Whether a source text, put behind a key and a tag, reads back as `value`: in the middle of a file, or at the end
/// of one without a final line break.
fn means(syntax: Syntax, source: &str, tag: &str, value: &Value) -> bool {
    let trials: &[_] = match syntax {
        Syntax::Yaml => &[("k: ", "\n"), ("k: ", "")],
        Syntax::Json => &[("{\"k\":", "}")],
        Syntax::Dotenv => &[("k=", "")],
        Syntax::Ini => &[("k = ", "\n"), ("k = ", "")],
    };
    let tag = if tag.is_empty() { String::new() } else { format!("{tag} ") };
    trials.iter().any(|(before, behind)| {
        let trial = Zeroizing::new(format!("{before}{tag}{source}{behind}"));
        let Ok(document) = Document::parse_as(syntax, trial.as_bytes().to_vec()) else {
            return false;
        };
        let [root] = document.roots() else { return false };
        let top = match syntax {
            Syntax::Ini => document.lookup(root.node, "DEFAULT").unwrap_or(root.node),
            _ => root.node,
        };
        let node = document.lookup(top, "k");
        // Alone, with nothing of its text left over.
        document.entries(top).count() == 1
            && document.entries(root.node).count() == 1
            && node
                .and_then(|node| document.value(node))
                .is_some_and(|read| read.is_ok_and(|read| read == *value))
    })
}

fn spelling_aad(aad: &str) -> String {
    format!("{aad}{MARK}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_means_what_it_is_read_as_in_its_syntax() {
        let float = Value::Float(1.5);
        for syntax in [Syntax::Yaml, Syntax::Json] {
            assert!(means(syntax, "1.50", "", &float));
            assert!(!means(syntax, "1.51", "", &float));
            assert!(!means(syntax, "\"1.50\"", "", &float));
        }
        assert!(means(Syntax::Yaml, "!!float '1.5'", "", &float));
        assert!(!means(Syntax::Json, "+1.50", "", &float));
        let text = Value::text("é/".to_owned());
        assert!(means(Syntax::Json, r#""\u00e9\/""#, "", &text));
        assert!(!means(Syntax::Json, "é/", "", &text));
    }

    #[test]
    fn a_spelling_that_brings_something_along_means_nothing() {
        let one = Value::Int(1);
        for source in ["1,\"k\":1", "1, \"z\": 2", "1}", "1} {\"k\": 1", "[1]", ""] {
            assert!(!means(Syntax::Json, source, "", &one), "{source}");
        }
        for source in ["1\nz: 2", "1\n---\nk: 1", "[1]", ""] {
            assert!(!means(Syntax::Yaml, source, "", &one), "{source}");
        }
    }
}
