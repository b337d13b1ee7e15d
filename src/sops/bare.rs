//! What remains of an encrypted file for somebody who cannot open it: the plain parts, and where the tokens are.

use super::error::Error;
use super::metadata::field;
use super::token::Token;
use crate::document::{Document, EditError, Edits, NodeId};

/// The document without metadata and without encrypted comments, and how many of these there were. Its tokens stay:
/// see [`tokens`].
pub fn bare(document: &Document) -> Result<(Document, usize), Error> {
    let mut edits = Edits::new(document);
    field::remove_all(&mut edits, document)?;
    let plain = edits.apply()?;
    let is_sealed = |text: &str| Token::parse(text).is_ok();
    let sealed: Vec<_> =
        plain.comments().iter().filter(|comment| is_sealed(plain.comment_text(comment))).collect();
    let source = plain.source();
    let mut text = String::with_capacity(source.len());
    let mut done = 0;
    for comment in &sealed {
        let before = &source[done..comment.span.start];
        let kept = before.trim_end_matches([' ', '\t']);
        text.push_str(kept);
        done = comment.span.end;
        // A comment on a line of its own takes the line along.
        if kept.is_empty() || kept.ends_with('\n') {
            let line_break = ["\r\n", "\n"].iter().find(|end| source[done..].starts_with(**end));
            done += line_break.map_or(0, |end| end.len());
        }
    }
    text.push_str(&source[done..]);
    let parsed = Document::parse_as(plain.syntax(), text.into_bytes());
    let parsed = parsed.map_err(|error| EditError::Unreadable(error.to_string()))?;
    Ok((parsed, sealed.len()))
}

/// The values that are encrypted, in order.
pub fn tokens(document: &Document) -> Vec<NodeId> {
    let all = document.roots().iter().flat_map(|root| document.subtree(root.node));
    let is_token = |node: &NodeId| {
        document.target(*node) == *node
            && document.text(*node).is_some_and(|text| Token::parse(text).is_ok())
    };
    all.filter(is_token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ENC[AES256_GCM,data:c2E=,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]";

    #[test]
    fn metadata_and_encrypted_comments_go_and_the_rest_stays() {
        let text = format!(
            "# plain\na: 1 # why\n#{TOKEN}\nb:\n  c: {TOKEN}   #{TOKEN}\n  #{TOKEN}\n  # stays\n  d: x\nsops:\n  mac: x\n"
        );
        let document = Document::parse(text.into_bytes()).unwrap();
        let (plain, comments) = bare(&document).unwrap();
        let wanted = format!("# plain\na: 1 # why\nb:\n  c: {TOKEN}\n  # stays\n  d: x\n");
        assert_eq!(plain.source(), wanted);
        assert_eq!(comments, 3);
        let found: Vec<_> = tokens(&plain).iter().map(|id| plain.route(*id).to_string()).collect();
        assert_eq!(found, ["b.c"]);
    }
}
