//! The law of the room over generated dotenv and INI files.

use proptest::prelude::*;

use super::*;

/// Lines of dotenv; the index of a line makes its key another one.
const DOTENV: &[&str] = &[
    "K$=v",
    "K$ = \"x\" # y",
    "# c",
    "",
    "K$=",
    "K$=a\\nb\\\\n",
    "K=twice",
    "=v",
    "#",
    "K$=\u{e4}=b",
];

/// Lines of INI, likewise; some are several.
const INI: &[&str] = &[
    "k$ = v",
    "k$=\"q\"",
    "k$ : 'q' ; beside",
    "  k$ = `t#` # behind",
    "k$ = \"\"\"one\n two\"\"\" ; c",
    "k$ = one \\\n  two",
    "k$ =",
    "k$ = ; c",
    "`k=$`junk = v",
    "- = v",
    "# c",
    "  ; c",
    "",
    "[s]",
    "[s$] ; c",
    "[a] # [b$]",
];

/// A file of either kind: lines that end in one way or the other, the last one perhaps not at all.
fn file() -> impl Strategy<Value = (Syntax, String)> {
    let text = |lines: &'static [&'static str], carriage: bool| {
        let lines = proptest::collection::vec(proptest::sample::select(lines), 0..12);
        (lines, any::<bool>(), any::<bool>()).prop_map(move |(lines, bare, crlf)| {
            let numbered = lines.iter().enumerate();
            let mut text: String = numbered
                .map(|(index, line)| format!("{}\n", line.replace('$', &index.to_string())))
                .collect();
            if bare {
                text.pop();
            }
            if crlf && carriage { text.replace('\n', "\r\n") } else { text }
        })
    };
    prop_oneof![
        text(DOTENV, false).prop_map(|text| (Syntax::Dotenv, text)),
        text(INI, true).prop_map(|text| (Syntax::Ini, text)),
    ]
}

fn parsed((syntax, text): &(Syntax, String)) -> Document {
    Document::parse_as(*syntax, text.as_bytes().to_vec())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// All values that are texts.
fn values(document: &Document) -> Vec<NodeId> {
    let nodes = (0..document.nodes.len() as u32).map(NodeId);
    let entries = nodes.flat_map(|node| document.entries(node).collect::<Vec<_>>());
    let values = entries.map(|(_, value)| value);
    values.filter(|value| document.text(*value).is_some()).collect()
}

/// The mappings that hold texts.
fn holders(document: &Document) -> Vec<NodeId> {
    let depth = if document.syntax == Syntax::Ini { 1 } else { 0 };
    let nodes = (0..document.nodes.len() as u32).map(NodeId);
    let mappings = nodes.filter(|id| matches!(document.node(*id).kind, Kind::Mapping(_)));
    mappings.filter(|id| document.node(*id).depth == depth).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edit_changes_no_byte(file in file()) {
        let document = parsed(&file);
        let same = Edits::new(&document).apply().unwrap();
        prop_assert_eq!(same.source(), file.1);
    }

    #[test]
    fn one_value_changes_one_range(
        file in file(), pick in any::<prop::sample::Index>(), new in "[a-z#;=:`'\" \\\\\n\t\u{e4}]{0,12}",
    ) {
        let document = parsed(&file);
        let values = values(&document);
        prop_assume!(!values.is_empty());
        let id = values[pick.index(values.len())];
        let mut edits = Edits::new(&document);
        match edits.set_text(id, &new) {
            Ok(()) => {}
            Err(EditError::Unspellable { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        // A quote in a comment behind it may be taken for the end of a new value; then the edit is refused.
        let Ok(edited) = edits.apply() else {
            prop_assert!(file.0 == Syntax::Ini && new.contains(['`', '"', '\\', '\n', '#', ';']), "{:?}", new);
            return Ok(());
        };
        prop_assert_eq!(edited.text(id), Some(new.as_str()));
        let span = &document.node(id).span;
        prop_assert!(edited.source().starts_with(&file.1[..span.start]));
        prop_assert!(edited.source().ends_with(&file.1[span.end..]));
    }

    #[test]
    fn an_entry_goes_in_and_out_again(
        file in file(), pick in any::<prop::sample::Index>(), first in any::<bool>(),
    ) {
        let document = parsed(&file);
        let holders = holders(&document);
        let holder = holders[pick.index(holders.len())];
        let mut edits = Edits::new(&document);
        let placement = if first { Placement::First } else { Placement::Last };
        edits.insert_entry(holder, placement, "inserted", Fragment::text("x")).unwrap();
        let Ok(edited) = edits.apply() else {
            // A value that goes on over an empty line, or over the end of the file, would go on over the new one.
            prop_assert!(file.1.contains("\\\n") || file.1.contains("\\\r\n"), "{}", file.1);
            return Ok(());
        };
        let (_, inserted) = edited.entry(holder, "inserted").unwrap();
        let mut back = Edits::new(&edited);
        back.remove_entry(inserted).unwrap();
        let restored = back.apply().unwrap();
        prop_assert_eq!(restored.source(), file.1);
    }

    #[test]
    fn a_block_goes_in_and_out_again(file in file()) {
        let document = parsed(&file);
        let text = || Fragment::text("one\\two");
        let entries = match file.0 {
            Syntax::Ini => vec![("sops".to_owned(), Fragment::mapping([("a", text()), ("b", text())]))],
            _ => vec![("sops_a".to_owned(), text()), ("sops_b".to_owned(), text())],
        };
        let mut edits = Edits::new(&document);
        edits.append_to_root(0, entries, Indentation::default()).unwrap();
        let edited = edits.apply().unwrap();
        let mut back = Edits::new(&edited);
        for (key, value) in edited.entries(NodeId(0)) {
            if edited.text(key).unwrap().starts_with("sops") {
                back.remove_entry(value).unwrap();
            }
        }
        let restored = back.apply().unwrap();
        prop_assert_eq!(restored.source(), file.1);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[-a=:#;`'\"\\\\\\[\\] \t\r\n\u{feff}\u{a0}\u{85}]{0,60}") {
        for syntax in [Syntax::Dotenv, Syntax::Ini] {
            let Ok(document) = Document::parse_as(syntax, text.clone().into_bytes()) else { continue };
            prop_assert_eq!(document.source(), text.as_str());
            for id in (0..document.nodes.len() as u32).map(NodeId) {
                let _ = (document.value(id), document.route(id).to_string(), document.position_of(id));
            }
            for id in values(&document) {
                let mut edits = Edits::new(&document);
                edits.set_text(id, "ENC[AES256_GCM,data:x+/=,iv:y=,tag:z==,type:str]~kP/+=").unwrap();
                prop_assert!(edits.apply().is_ok() || text.contains(['`', '"', '\\']), "{:?}", text);
            }
        }
    }
}
