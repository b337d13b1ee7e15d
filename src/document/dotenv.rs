//! dotenv as SOPS reads it: one mapping of `KEY=value` lines.
//!
//! ```text
//! # a line whose first byte is `#` is a comment
//! KEY=value            everything behind the first `=`, blanks and quotes included
//! CERT=one\ntwo        the two characters `\n` are a line break; nothing can be escaped
//! ```
//!
//! Lines end with a line feed alone: the carriage return of a CRLF file belongs to the value, for SOPS
//! authenticates it. Keys may stand twice. Refused: a line that is neither empty nor one of the two above, and
//! a new text that has no spelling, because it holds `\n` as two characters.

use std::ops::Range;

use zeroize::Zeroizing;

use super::edit::EditError;
use super::syntax::Piece;
use super::{
    Comment, Document, Fragment, Kind, Layout, Node, NodeId, ParseError, Root, Style, Syntax,
    position_in,
};

/// How SOPS writes a line break in a value.
const BREAK: &str = "\\n";

pub(super) fn parse(source: Zeroizing<String>) -> Result<Document, ParseError> {
    let root = NodeId(0);
    let mut nodes = vec![Node::new(Kind::Mapping(Layout::Block), 0..source.len(), None)];
    let mut comments = Vec::new();
    let mut start = 0;
    for line in source.split('\n') {
        let end = start + line.len();
        if line.starts_with('#') {
            comments.push(Comment { span: start..end, text: start + 1..end, inline: false });
        } else if let Some(length) = line.find('=') {
            let parent = Some((root, &nodes[0]));
            let key = Node::new(Kind::Scalar(Style::Plain), start..start + length, parent);
            let mut value = Node::new(Kind::Scalar(Style::Plain), start + length + 1..end, parent);
            let raw = &line[length + 1..];
            value.decoded = raw.contains(BREAK).then(|| decoded(raw));
            nodes.extend([key, value]);
        } else if !line.is_empty() {
            let reason = "neither a comment nor `KEY=value`".to_owned();
            return Err(ParseError { position: position_in(&source, start), reason });
        }
        start = end + 1;
    }
    Node::close(&mut nodes);
    let roots = vec![Root { node: root, span: 0..source.len(), explicit: false }];
    Ok(Document { syntax: Syntax::Dotenv, source, nodes, roots, comments })
}

/// What SOPS takes the text behind the `=` for.
pub(super) fn decoded(raw: &str) -> Zeroizing<String> {
    Zeroizing::new(raw.replace(BREAK, "\n"))
}

pub(super) fn spelled(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.replace('\n', BREAK))
}

/// The lines of `fragment` behind an entry, or at the start of the file.
pub(super) fn insertion(
    document: &Document,
    mapping: NodeId,
    after: Option<NodeId>,
    fragment: &Fragment,
) -> Result<Piece, EditError> {
    let lines = lines(document, mapping, fragment)?;
    Ok(match after {
        Some(after) => {
            let end = document.node(after).span.end;
            (end..end, Zeroizing::new(format!("\n{}", lines.as_str())))
        }
        None => (0..0, Zeroizing::new(format!("{}\n", lines.as_str()))),
    })
}

/// The lines of `fragment` behind everything else, comments included.
pub(super) fn root_insertion(document: &Document, fragment: &Fragment) -> Result<Piece, EditError> {
    let lines = lines(document, document.roots[0].node, fragment)?;
    let end = document.source.len();
    // A file without a final line break stays one.
    let text = if document.is_bare() {
        format!("\n{}", lines.as_str())
    } else {
        format!("{}\n", lines.as_str())
    };
    Ok((end..end, Zeroizing::new(text)))
}

/// A value in the place of another, or the first lines of a file without entries.
pub(super) fn replacement(
    document: &Document,
    id: NodeId,
    fragment: &Fragment,
) -> Result<Piece, EditError> {
    match document.node(id).kind {
        Kind::Mapping(_) => root_insertion(document, fragment),
        _ => Ok((document.node(id).span.clone(), spelled(text(document, id, fragment)?))),
    }
}

pub(super) fn removal(document: &Document, first: NodeId, value: NodeId) -> Range<usize> {
    document.flat_lines(document.node(first).span.start, document.node(value).span.end)
}

/// `KEY=value` lines, without the last line break.
fn lines(
    document: &Document,
    place: NodeId,
    fragment: &Fragment,
) -> Result<Zeroizing<String>, EditError> {
    let position = document.position_of(place);
    let Fragment::Mapping(entries) = fragment else {
        return Err(EditError::WrongKind { position, expected: "mapping" });
    };
    let mut lines = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if key.contains(['=', '\n']) || key.starts_with('#') {
            let reason = "a dotenv key holds no `=` and no line break, nor begins with `#`";
            return Err(EditError::Unspellable { position, reason });
        }
        let value = text(document, place, value)?;
        lines.push(Zeroizing::new(format!("{key}={}", spelled(value).as_str())));
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    Ok(Zeroizing::new(lines.join("\n")))
}

/// The text of a fragment that is one, and that can be written.
fn text<'f>(
    document: &Document,
    place: NodeId,
    fragment: &'f Fragment,
) -> Result<&'f str, EditError> {
    let position = document.position_of(place);
    let text = fragment.as_text().ok_or(EditError::WrongKind { position, expected: "text" })?;
    if text.contains(BREAK) {
        return Err(EditError::Unspellable { position, reason: NO_BREAK });
    }
    Ok(text)
}

/// Why a text with `\n` in it cannot be a value.
pub(super) const NO_BREAK: &str = "dotenv would take `\\n` in this text for a line break";

#[cfg(test)]
mod tests {
    use super::super::{Edits, Placement, Value};
    use super::*;

    fn parsed(text: &str) -> Document {
        Document::parse_as(Syntax::Dotenv, text.as_bytes().to_vec()).unwrap()
    }

    fn entries(document: &Document) -> Vec<(&str, &str)> {
        let text = |id| document.text(id).unwrap();
        document.entries(NodeId(0)).map(|(key, value)| (text(key), text(value))).collect()
    }

    #[test]
    fn nothing_is_trimmed_or_unquoted() {
        let document = parsed("A=1\n\nB = \"x\" # y\n=v\nexport C=a=b\r\nA=\n #=\n");
        assert_eq!(
            entries(&document),
            [
                ("A", "1"),
                ("B ", " \"x\" # y"),
                ("", "v"),
                ("export C", "a=b\r"),
                ("A", ""),
                (" #", "")
            ]
        );
        assert!(document.comments().is_empty());
    }

    #[test]
    fn two_characters_are_a_line_break_and_cannot_be_escaped() {
        assert_eq!(entries(&parsed("A=a\\nb\\\\nc")), [("A", "a\nb\\\nc")]);
    }

    #[test]
    fn an_empty_file_is_an_empty_mapping() {
        for text in ["", "\n\n", "# only\n"] {
            assert!(entries(&parsed(text)).is_empty());
        }
    }

    #[test]
    fn a_line_without_a_key_is_refused_by_its_number_alone() {
        for text in ["A=1\nsecret\n", "A=1\r\n\r\nB=2"] {
            let error = Document::parse_as(Syntax::Dotenv, text.as_bytes().to_vec()).err().unwrap();
            assert_eq!(error.to_string(), "2:1: neither a comment nor `KEY=value`");
        }
    }

    #[test]
    fn lines_come_and_go_without_a_trace() {
        for text in ["", "A=1\n", "A=1", "A=1\n# end", "# only\n", "A=1\r\n", "\n", "A=1\n\n"] {
            let document = parsed(text);
            let mut edits = Edits::new(&document);
            let new = |key: &str| (key.to_owned(), Fragment::text("a\nb"));
            edits
                .append_to_root(0, vec![new("sops_a"), new("sops_b")], Default::default())
                .unwrap();
            let edited = edits.apply().unwrap();
            let lines = "sops_a=a\\nb\nsops_b=a\\nb";
            assert!(edited.source().trim_end().ends_with(lines), "{:?}", edited.source());
            assert!(edited.source().starts_with(text));
            let mut back = Edits::new(&edited);
            for (key, value) in edited.entries(NodeId(0)) {
                if edited.text(key).unwrap().starts_with("sops_") {
                    back.remove_entry(value).unwrap();
                }
            }
            assert_eq!(back.apply().unwrap().source(), text);
        }
    }

    #[test]
    fn all_lines_may_go_at_once() {
        for text in ["A=1\nB=2\nC=3", "A=1\nB=2\nC=3\n"] {
            let document = parsed(text);
            let mut edits = Edits::new(&document);
            document.entries(NodeId(0)).for_each(|(_, value)| edits.remove_entry(value).unwrap());
            assert_eq!(edits.apply().unwrap().source(), "");
        }
    }

    #[test]
    fn a_line_is_inserted_where_it_is_wanted() {
        let document = parsed("A=1\nB=2\n# end\n");
        let (_, first) = document.entry(NodeId(0), "A").unwrap();
        for (placement, wanted) in [
            (Placement::First, "N=x\nA=1\nB=2\n# end\n"),
            (Placement::After(first), "A=1\nN=x\nB=2\n# end\n"),
            (Placement::Last, "A=1\nB=2\nN=x\n# end\n"),
        ] {
            let mut edits = Edits::new(&document);
            edits.insert_entry(NodeId(0), placement, "N", Fragment::text("x")).unwrap();
            assert_eq!(edits.apply().unwrap().source(), wanted);
        }
    }

    #[test]
    fn what_has_no_spelling_is_named() {
        let document = parsed("A=1\n");
        let (_, value) = document.entry(NodeId(0), "A").unwrap();
        let mut edits = Edits::new(&document);
        let error = edits.set_text(value, "C:\\new").unwrap_err();
        assert_eq!(error.to_string(), format!("1:3: {NO_BREAK}"));
        let mut insert = |key: &str, value| {
            edits.insert_entry(NodeId(0), Placement::Last, key, value).unwrap_err().to_string()
        };
        assert!(insert("B", Fragment::text("C:\\new")).ends_with(NO_BREAK));
        assert!(insert("a=b", Fragment::text("")).contains("a dotenv key holds"));
        assert!(insert("#a", Fragment::text("")).contains("a dotenv key holds"));
        assert!(insert("a", Fragment::Mapping(Vec::new())).ends_with("expected a text"));
        assert!(insert("a", Fragment::Value(Value::Int(1))).ends_with("expected a text"));
    }
}
