//! The law of the room over generated JSON.

use proptest::prelude::*;

use crate::document::properties::{
    inserted_and_removed_is_unchanged, one_scalar_is_one_range, parse_as, read_never_panics,
    unedited_is_unchanged,
};
use crate::document::{Document, Edits, Fragment, Kind, NodeId, Placement, Syntax};

/// Spellings of scalars.
const SCALARS: &[&str] = &[
    "\"plain\"",
    "\"\"",
    r#""caf\u00e9 caf\u00E9""#,
    r#""a\/b \\ \" \b\f\n\r\t""#,
    r#""\ud83d\udd11🔑""#,
    "\"\u{7f}\u{2028}\u{feff}\"",
    "0",
    "-0",
    "1E5",
    "1.0",
    "1.50e-7",
    "-9223372036854775808",
    "12345678901234567890123",
    "true",
    "false",
    "null",
];

/// Blanks as people and programs put them; a `$` stands for the indentation.
const BLANKS: &[&str] = &["", "", " ", "\n$", "\n$", "\n\n$ ", "\t", " \n"];

#[derive(Debug, Clone)]
enum Tree {
    Scalar(&'static str),
    Mapping(Vec<(&'static str, Tree)>),
    Sequence(Vec<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = proptest::sample::select(SCALARS).prop_map(Tree::Scalar);
    leaf.prop_recursive(4, 32, 4, |inner| {
        let keys = proptest::sample::select(vec!["a", "a", "b", "sops", r"\u0061", ""]);
        prop_oneof![
            proptest::collection::vec((keys, inner.clone()), 0..4).prop_map(Tree::Mapping),
            proptest::collection::vec(inner, 0..4).prop_map(Tree::Sequence),
        ]
    })
}

/// Where blanks may stand. Each file has its own; some have others in every place.
#[derive(Debug, Clone)]
struct Style {
    open: &'static str,
    close: &'static str,
    before_comma: &'static str,
    behind_comma: &'static str,
    colon: &'static str,
    empty: &'static str,
    step: &'static str,
}

fn style() -> impl Strategy<Value = Style> {
    let blank = || proptest::sample::select(BLANKS);
    let step = proptest::sample::select(vec!["", " ", "  ", "    ", "\t"]);
    let wild = (blank(), blank(), blank(), blank(), blank(), blank(), step.clone()).prop_map(
        |(open, close, before_comma, behind_comma, colon, empty, step)| Style {
            open,
            close,
            before_comma,
            behind_comma,
            colon,
            empty,
            step,
        },
    );
    let (lines, none) = ("\n$", "");
    let usual = (any::<bool>(), blank(), step).prop_map(move |(minified, empty, step)| {
        let (around, colon) = if minified { (none, none) } else { (lines, " ") };
        let (open, close, behind_comma) = (around, around, around);
        Style { open, close, before_comma: none, behind_comma, colon, empty, step }
    });
    prop_oneof![usual, wild]
}

/// A file whose top is a mapping.
fn file() -> impl Strategy<Value = String> {
    let entries = proptest::collection::vec(("[a-c]", tree()), 0..4);
    let ends = proptest::sample::select(vec!["", "\n", " \n\n"]);
    (entries, style(), ends.clone(), ends, any::<bool>()).prop_map(
        |(entries, style, before, behind, crlf)| {
            let children: Vec<String> =
                entries.iter().map(|(key, value)| entry(key, value, &style, style.step)).collect();
            let text = format!("{before}{}{behind}", collection(['{', '}'], &children, &style, ""));
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

fn write(tree: &Tree, style: &Style, indentation: &str) -> String {
    let inner = format!("{indentation}{}", style.step);
    match tree {
        Tree::Scalar(spelling) => (*spelling).to_owned(),
        Tree::Mapping(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| entry(key, value, style, &inner)).collect();
            collection(['{', '}'], &entries, style, indentation)
        }
        Tree::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, style, &inner)).collect();
            collection(['[', ']'], &items, style, indentation)
        }
    }
}

fn entry(key: &str, value: &Tree, style: &Style, indentation: &str) -> String {
    let colon = style.colon.replace('$', indentation);
    format!("\"{key}\":{colon}{}", write(value, style, indentation))
}

fn collection(
    brackets: [char; 2],
    children: &[String],
    style: &Style,
    indentation: &str,
) -> String {
    let [open, close] = brackets;
    if children.is_empty() {
        return format!("{open}{}{close}", style.empty.replace('$', indentation));
    }
    let inner = format!("{indentation}{}", style.step);
    let between = format!("{},{}", style.before_comma, style.behind_comma);
    let before = style.open.replace('$', &inner);
    let behind = style.close.replace('$', indentation);
    format!("{open}{before}{}{behind}{close}", children.join(&between.replace('$', &inner)))
}

fn collections(document: &Document, wanted: fn(Kind) -> bool) -> Vec<NodeId> {
    let all = (0..document.nodes.len() as u32).map(NodeId);
    all.filter(|id| wanted(document.node(*id).kind)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_changes_no_byte(text in file()) {
        unedited_is_unchanged(&parse_as(Syntax::Json, &text))?;
    }

    #[test]
    fn one_scalar_changes_one_range(
        text in file(),
        pick in any::<prop::sample::Index>(),
        new in "[ -~äé🔑\n\t\u{0}\u{8}\u{c}\r\u{2028}]{0,12}",
    ) {
        let refused = one_scalar_is_one_range(&parse_as(Syntax::Json, &text), pick, &new)?;
        prop_assert_eq!(refused, Ok(()));
    }

    #[test]
    fn an_entry_goes_in_and_out_again(
        text in file(),
        pick in any::<prop::sample::Index>(),
        first in any::<bool>(),
    ) {
        let document = parse_as(Syntax::Json, &text);
        let mappings = collections(&document, |kind| matches!(kind, Kind::Mapping(_)));
        let refused = inserted_and_removed_is_unchanged(&document, &mappings, pick, first)?;
        prop_assert_eq!(refused, Ok(()));
    }

    #[test]
    fn an_item_goes_in_and_out_again(
        text in file(),
        pick in any::<prop::sample::Index>(),
        first in any::<bool>(),
    ) {
        let document = parse_as(Syntax::Json, &text);
        let sequences = collections(&document, |kind| matches!(kind, Kind::Sequence(_)));
        prop_assume!(!sequences.is_empty());
        let sequence = sequences[pick.index(sequences.len())];
        let mut edits = Edits::new(&document);
        let placement = if first { Placement::First } else { Placement::Last };
        edits.insert_item(sequence, placement, Fragment::mapping([("a", Fragment::text("1"))])).unwrap();
        let edited = edits.apply().unwrap();
        let items: Vec<NodeId> = edited.items(sequence).collect();
        let mut back = Edits::new(&edited);
        back.remove_item(if first { items[0] } else { items[items.len() - 1] }).unwrap();
        let restored = back.apply().unwrap();
        prop_assert_eq!(restored.source(), text);
    }

    #[test]
    fn every_entry_can_be_removed(text in file(), pick in any::<prop::sample::Index>()) {
        let document = parse_as(Syntax::Json, &text);
        let values: Vec<NodeId> = collections(&document, |kind| matches!(kind, Kind::Mapping(_)))
            .into_iter()
            .flat_map(|mapping| document.entries(mapping).map(|(_, value)| value).collect::<Vec<_>>())
            .collect();
        prop_assume!(!values.is_empty());
        let mut edits = Edits::new(&document);
        edits.remove_entry(values[pick.index(values.len())]).unwrap();
        prop_assert!(edits.apply().is_ok());
    }

    #[test]
    fn mutated_text_never_panics(
        text in file(),
        at in any::<prop::sample::Index>(),
        length in 0usize..4,
        new in "[\\[\\]{}\",:\\\\u0dD8e.+-]{0,3}",
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..(at + length).min(bytes.len()), new.into_bytes());
        read_never_panics(Syntax::Json, bytes)?;
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\[\\]{}\",:\\\\u0dD8e.+\\-a \t\n\r\u{feff}é]{0,40}") {
        read_never_panics(Syntax::Json, text.into_bytes())?;
    }
}
