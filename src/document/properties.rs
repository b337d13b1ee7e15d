//! The law of the room over generated documents: *no edit, no changed byte; one edit, one changed range*.

use proptest::prelude::*;

use super::*;

/// A generated value, to be written in a generated way.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(&'static str),
    Block(Vec<(bool, Tree)>),
    List(Vec<(bool, Tree)>),
}

/// Spellings of scalars, all styles; a `$` stands for the indentation of a block's lines.
const SCALARS: &[&str] = &[
    "plain",
    "'single ''quoted'''",
    "\"double \\n \\u00e9\"",
    "42",
    "0755",
    "true",
    "~",
    "\"\"",
    "&a anchored",
    "!tag tagged",
    "|\n$line\n$  more\n",
    "|-\n$stripped",
    "|+\n$kept\n\n",
    ">\n$folded\n$text\n",
    "[a, 'b', {c: d}]",
    "{x: 1, y: \"z\"}",
    "[]",
    "{}",
    "plain # inline",
    "several\n$lines",
];

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = proptest::sample::select(SCALARS).prop_map(Tree::Scalar);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let entries = proptest::collection::vec((any::<bool>(), inner), 1..4);
        prop_oneof![entries.clone().prop_map(Tree::Block), entries.prop_map(Tree::List)]
    })
}

/// A stream: its documents are mappings, its lines end as `crlf` says.
fn stream() -> impl Strategy<Value = String> {
    let entries = proptest::collection::vec((any::<bool>(), tree()), 1..4);
    let documents = proptest::collection::vec(entries, 1..3);
    (documents, any::<bool>(), any::<bool>(), 2usize..5).prop_map(
        |(documents, crlf, bare, step)| {
            let texts: Vec<String> = documents
                .into_iter()
                .map(|entries| {
                    let mut text = String::new();
                    write(&Tree::Block(entries), 0, step, &mut text);
                    text
                })
                .collect();
            let mut text = texts.join("---\n# between\n");
            if bare {
                text.truncate(text.trim_end().len());
            }
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

fn write(tree: &Tree, column: usize, step: usize, text: &mut String) {
    let pad = " ".repeat(column);
    match tree {
        Tree::Scalar(spelling) => {
            let lines = spelling.replace('$', &" ".repeat(column + step));
            text.push_str(&format!(" {}\n", lines.strip_suffix('\n').unwrap_or(&lines)));
        }
        Tree::Block(entries) => {
            for (index, (comment, value)) in entries.iter().enumerate() {
                if *comment {
                    text.push_str(&format!("{pad}# above {index}\n\n"));
                }
                text.push_str(&format!("{pad}key{index}:"));
                below(value, column + step, column, step, text);
            }
        }
        Tree::List(items) => {
            for (comment, value) in items {
                if *comment {
                    text.push_str(&format!("{pad}# item\n"));
                }
                text.push_str(&format!("{pad}-"));
                below(value, column + 2, column, step, text);
            }
        }
    }
}

fn below(value: &Tree, inner: usize, outer: usize, step: usize, text: &mut String) {
    match value {
        Tree::Scalar(_) => write(value, outer, step, text),
        _ => {
            text.push('\n');
            write(value, inner, step, text);
        }
    }
}

fn parse(text: &str) -> Document {
    parse_as(Syntax::Yaml, text)
}

pub(super) fn parse_as(syntax: Syntax, text: &str) -> Document {
    Document::parse_as(syntax, text.as_bytes().to_vec())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is the same at the start and at the end of two texts, without overlapping.
fn common_ends(one: &str, other: &str) -> (usize, usize) {
    let start = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let rest = one.len().min(other.len()) - start;
    let end = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
    (start, end.min(rest))
}

/// The law: no edit, no changed byte.
pub(super) fn unedited_is_unchanged(document: &Document) -> Result<(), TestCaseError> {
    let same = Edits::new(document).apply().unwrap();
    prop_assert_eq!(same.source(), document.source());
    Ok(())
}

/// The law: one scalar that is not a key gets a new text, and nothing else changes. Gives the error of an edit that is
/// refused.
pub(super) fn one_scalar_is_one_range(
    document: &Document,
    pick: prop::sample::Index,
    new: &str,
) -> Result<Result<(), EditError>, TestCaseError> {
    let text = document.source();
    let scalars: Vec<NodeId> = (0..document.nodes.len() as u32)
        .map(NodeId)
        .filter(|id| matches!(document.node(*id).kind, Kind::Scalar(_)))
        .filter(|id| {
            let parent = document.node(*id).parent;
            parent.is_some_and(|parent| document.entries(parent).all(|(key, _)| key != *id))
        })
        .collect();
    prop_assume!(!scalars.is_empty());
    let id = scalars[pick.index(scalars.len())];
    let mut edits = Edits::new(document);
    edits.set_text(id, new).unwrap();
    let edited = match edits.apply() {
        Ok(edited) => edited,
        Err(error) => return Ok(Err(error)),
    };
    prop_assert_eq!(edited.text(id), Some(new));
    let span = &document.node(id).span;
    prop_assert!(edited.source().starts_with(&text[..span.start]));
    prop_assert!(edited.source().ends_with(&text[span.end..]));
    Ok(Ok(()))
}

/// The law: an entry goes into one of the mappings and out again, and nothing is left. Gives the error of an edit that
/// is refused.
pub(super) fn inserted_and_removed_is_unchanged(
    document: &Document,
    mappings: &[NodeId],
    pick: prop::sample::Index,
    first: bool,
) -> Result<Result<(), EditError>, TestCaseError> {
    let text = document.source();
    let mapping = mappings[pick.index(mappings.len())];
    let mut edits = Edits::new(document);
    let value =
        Fragment::mapping([("a", Fragment::text("1")), ("b", Fragment::Value(Value::Bool(true)))]);
    let placement = if first { Placement::First } else { Placement::Last };
    edits.insert_entry(mapping, placement, "inserted", value).unwrap();
    let edited = match edits.apply() {
        Ok(edited) => edited,
        Err(error) => return Ok(Err(error)),
    };
    let (start, end) = common_ends(text, edited.source());
    prop_assert_eq!(start + end, text.len(), "a pure insertion");
    let inserted = edited.lookup(mapping, "inserted").unwrap();
    let mut back = Edits::new(&edited);
    back.remove_entry(inserted).unwrap();
    let restored = back.apply().unwrap();
    prop_assert_eq!(restored.source(), text);
    Ok(Ok(()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_changes_no_byte(text in stream()) {
        unedited_is_unchanged(&parse(&text))?;
    }

    #[test]
    fn one_scalar_changes_one_range(text in stream(), pick in any::<prop::sample::Index>(), new in "[ -~äé🔑\n\t]{0,12}") {
        // A block scalar at the bare end of a file cannot get the line break that a text asks for.
        if let Err(error) = one_scalar_is_one_range(&parse(&text), pick, &new)? {
            prop_assert!(!text.ends_with('\n'), "{error}\n{text}");
        }
    }

    #[test]
    fn an_entry_goes_in_and_out_again(text in stream(), pick in any::<prop::sample::Index>()) {
        let document = parse(&text);
        let mappings: Vec<NodeId> = (0..document.nodes.len() as u32)
            .map(NodeId)
            .filter(|id| document.entries(*id).next().is_some())
            .collect();
        // Refused where a block scalar ends the file without a line break.
        if let Err(error) = inserted_and_removed_is_unchanged(&document, &mappings, pick, false)? {
            prop_assert!(!text.ends_with('\n'), "{error}\n{text}");
        }
    }

    #[test]
    fn a_document_goes_on_and_off_again(text in stream()) {
        let document = parse(&text);
        let mut edits = Edits::new(&document);
        edits.append_root(&Fragment::mapping([("a", Fragment::text("1"))])).unwrap();
        match edits.apply() {
            Ok(longer) => {
                let mut back = Edits::new(&longer);
                back.remove_root(longer.roots().len() - 1).unwrap();
                let restored = back.apply().unwrap();
                prop_assert_eq!(restored.source(), text);
            }
            // Refused where a block scalar ends the file without a line break.
            Err(error) => prop_assert!(!text.ends_with('\n'), "{error}\n{text}"),
        }
    }

    #[test]
    fn without_a_document_the_others_are_as_they_were(one in stream(), two in stream(), first in any::<bool>()) {
        let [one, two] = [one, two].map(|text| format!("{}\n", text.trim_end().replace('\r', "")));
        let (head, tail) = (parse(&one).roots().len(), parse(&two).roots().len());
        let mut document = parse(&format!("---\n{one}---\n{two}"));
        for _ in 0..if first { head } else { tail } {
            let mut edits = Edits::new(&document);
            edits.remove_root(if first { 0 } else { document.roots().len() - 1 }).unwrap();
            document = edits.apply().unwrap();
        }
        let rest = if first { &two } else { &one };
        prop_assert_eq!(document.source(), format!("---\n{rest}"));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[-a:{}\\[\\]&*!|>'\"%#,?\n\t \u{85}\u{2028}\r]{0,40}") {
        read_never_panics(Syntax::Yaml, text.into_bytes())?;
    }
}

/// The law: whatever the bytes, they are read as they are or refused.
pub(super) fn read_never_panics(syntax: Syntax, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    if let Ok(document) = Document::parse_as(syntax, bytes.clone()) {
        prop_assert_eq!(document.source().as_bytes(), bytes);
        for id in (0..document.nodes.len() as u32).map(NodeId) {
            let _ = (document.value(id), document.route(id).to_string(), document.position_of(id));
        }
    }
    Ok(())
}
