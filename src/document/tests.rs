//! The law of the room, on real files and on awkward ones.

use std::path::PathBuf;

use super::*;

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes().to_vec()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn top(document: &Document) -> NodeId {
    document.roots()[0].node
}

/// Every YAML file of the test data.
fn data_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => open.push(path),
                Some(extension) if extension == "yaml" => found.push(path),
                _ => {}
            }
        }
    }
    assert!(found.len() > 80, "the test data is missing");
    found
}

#[test]
fn every_scalar_can_be_replaced_by_a_token_and_back() {
    for path in data_files() {
        let before = Document::parse(std::fs::read(&path).unwrap()).unwrap();
        let scalars: Vec<NodeId> = (0..before.nodes.len() as u32)
            .map(NodeId)
            .filter(|id| matches!(before.node(*id).kind, Kind::Scalar(_)))
            .filter(|id| !before.node(*id).is_absent())
            .filter(|id| {
                let parent = before.node(*id).parent;
                parent.is_none_or(|parent| before.entries(parent).all(|(key, _)| key != *id))
            })
            .collect();
        let mut edits = Edits::new(&before);
        for id in &scalars {
            edits.set_text(*id, "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]").unwrap();
        }
        let edited = edits.apply().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(edited.nodes.len(), before.nodes.len());
        let mut back = Edits::new(&edited);
        for id in &scalars {
            let node = before.node(*id);
            let tag =
                node.tag().cloned().filter(|tag| before.source()[tag.clone()].starts_with("!!"));
            let tag = tag.filter(|tag| before.source()[tag.clone()] != *"!!str");
            let span = tag.map_or(node.span.start, |tag| tag.start)..node.span.end;
            let value = before.value(*id).unwrap().unwrap_or(Value::Null);
            back.set_source(*id, before.source()[span].to_owned().into(), value).unwrap();
        }
        let restored = back.apply().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(restored.source(), before.source(), "{}", path.display());
    }
}

#[test]
fn an_entry_appended_to_each_root_changes_nothing_else_and_goes_again() {
    for path in data_files() {
        let before = Document::parse(std::fs::read(&path).unwrap()).unwrap();
        let mappings: Vec<usize> = (0..before.roots().len())
            .filter(|root| matches!(before.node(before.roots()[*root].node).kind, Kind::Mapping(_)))
            .collect();
        let mut edits = Edits::new(&before);
        for root in &mappings {
            let value = Fragment::mapping([
                ("a", Fragment::Value(Value::Bool(true))),
                ("b", Fragment::text("x")),
            ]);
            let indentation = Indentation { step: 4, dash: 4 };
            edits.append_to_root(*root, vec![("appended".into(), value)], indentation).unwrap();
        }
        let edited = match edits.apply() {
            // A block scalar at a bare end would get a line break.
            Err(EditError::Unfaithful { .. }) if !before.source().ends_with('\n') => continue,
            other => other.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        };
        let mut back = Edits::new(&edited);
        for root in mappings {
            let (_, value) = edited.entry(edited.roots()[root].node, "appended").unwrap();
            back.remove_entry(value).unwrap();
        }
        let restored = back.apply().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(restored.source(), before.source(), "{}", path.display());
    }
}

#[test]
fn a_new_item_stands_like_its_siblings() {
    let cases = [
        ("r:\n  - a\n  - b # c\n\n  # tail\n", "r:\n  - a\n  - b # c\n  - new\n\n  # tail\n"),
        ("r:\n- a", "r:\n- a\n- new"),
        ("r: [a, b]\n", "r: [a, b, new]\n"),
        ("r: []\n", "r:\n  - new\n"),
        ("r:   # later\n", "r:   # later\n  - new\n"),
        ("r:\r\n  - a\r\n", "r:\r\n  - a\r\n  - new\r\n"),
        (
            "r:\n  -   a\n  - |\n    text\n\nz: 1\n",
            "r:\n  -   a\n  - |\n    text\n  - new\n\nz: 1\n",
        ),
    ];
    for (before, after) in cases {
        let document = parse(before);
        let list = document.lookup(top(&document), "r").unwrap();
        let mut edits = Edits::new(&document);
        edits.insert_item(list, Placement::Last, Fragment::text("new")).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after);
    }
}

#[test]
fn a_first_item_goes_in_front() {
    let document = parse("r:\n  - a\n  - b\n");
    let list = document.lookup(top(&document), "r").unwrap();
    let mut edits = Edits::new(&document);
    edits.insert_item(list, Placement::First, Fragment::text("new")).unwrap();
    assert_eq!(edits.apply().unwrap().source(), "r:\n  - new\n  - a\n  - b\n");
}

/// The document without these items of its list `r`, by their numbers.
fn without_items(text: &str, items: &[usize]) -> String {
    let document = parse(text);
    let list = document.lookup(top(&document), "r").unwrap();
    let all: Vec<_> = document.items(list).collect();
    let mut edits = Edits::new(&document);
    items.iter().for_each(|item| edits.remove_item_with_heading(all[*item]).unwrap());
    edits.apply().unwrap().source().to_owned()
}

#[test]
fn an_item_goes_with_the_comments_right_above_it() {
    let text = "r:\n  # of all\n\n  # a\n  # more\n  - a # x\n\n  # b\n  - b\n  # c\n  - c\ns: 1\n";
    assert_eq!(
        without_items(text, &[0]),
        "r:\n  # of all\n\n  # b\n  - b\n  # c\n  - c\ns: 1\n",
        "one blank line is enough"
    );
    assert_eq!(
        without_items(text, &[1]),
        "r:\n  # of all\n\n  # a\n  # more\n  - a # x\n\n  # c\n  - c\ns: 1\n"
    );
    assert_eq!(
        without_items(text, &[1, 2]),
        "r:\n  # of all\n\n  # a\n  # more\n  - a # x\n\ns: 1\n"
    );
    assert_eq!(without_items("r:\r\n- a\r\n# b\r\n- b", &[1]), "r:\r\n- a");
    assert_eq!(without_items("r: [a, b]\n", &[0]), "r: [b]\n");
}

#[test]
fn a_list_is_emptied_whatever_its_indentation() {
    for (list, rest) in
        [("- a: b\n  - {c: d}\n", ""), ("- a: b\n  - {c: d}", ""), ("- a\n", "x: 1\n")]
    {
        let document = parse(&format!("m:\n  # c\n  r:\n  {list}{rest}"));
        let list = document.descend(top(&document), &["m", "r"]).unwrap();
        let mut edits = Edits::new(&document);
        edits.replace(list, &Fragment::Sequence(Vec::new())).unwrap();
        let after = edits.apply().unwrap();
        assert!(after.source().starts_with("m:\n  # c\n  r: []"), "{}", after.source());
    }
}

#[test]
fn an_edit_that_would_change_a_neighbour_is_refused() {
    // The text of the anchored scalar is also what the alias means; the alias itself is untouched, but a
    // block scalar without a final line break cannot get a line behind it.
    let document = parse("a: |\n  x");
    let mut edits = Edits::new(&document);
    edits
        .append_to_root(0, vec![("b".into(), Fragment::text("y"))], Indentation::default())
        .unwrap();
    assert!(matches!(edits.apply(), Err(EditError::Unfaithful { .. })));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let cases: [(&[u8], &str); 8] = [
        (b"a: b\rc: d\n", "1:5: carriage return without line feed"),
        (b"a: 1\nb: 2\na: 3\n", "3:1: key `a` stands twice"),
        (b"a: \xff\n", "1:4: not valid UTF-8"),
        (b"a:\n\t- b\n", "2:2: "),
        (b"a: \0\n", "1:4: "),
        (b"a: [1\n", ""),
        ("a: x\u{2028}y\n".as_bytes(), "1:5: line break of YAML 1.1"),
        (b"a: *nowhere\n", "1:4: "),
    ];
    for (bytes, wanted) in cases {
        let error = Document::parse(bytes.to_vec()).err().expect("refused").to_string();
        assert!(error.starts_with(wanted), "{error} / {wanted}");
    }
}

#[test]
fn lookup_sees_through_aliases_and_merge_keys() {
    let document =
        parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nname: &n app\nagain: *n\n");
    let root = top(&document);
    assert_eq!(document.text(document.descend(root, &["use", "x"]).unwrap()), Some("1"));
    assert_eq!(document.text(document.descend(root, &["use", "y"]).unwrap()), Some("3"));
    assert_eq!(document.text(document.lookup(root, "again").unwrap()), Some("app"));
}

#[test]
fn merges_that_multiply_are_searched_once_each() {
    let text: String = (1..40)
        .map(|n| format!("m{n}: &m{n} {{<<: [*m{p}, *m{p}, *m{p}]}}\n", p = n - 1))
        .collect();
    let document = parse(&format!("m0: &m0 {{x: 1}}\n{text}"));
    let last = document.lookup(top(&document), "m39").unwrap();
    assert_eq!(document.text(document.lookup(last, "x").unwrap()), Some("1"));
    assert!(document.lookup(last, "y").is_none());
}

#[test]
fn a_document_of_several_is_removed_with_its_marker_and_comments() {
    let cases = [
        ("a: 1\n---\n# of b\nb: 2\n---\nc: 3\n", 0, "---\n# of b\nb: 2\n---\nc: 3\n"),
        ("a: 1\n---\n# of b\nb: 2\n---\nc: 3\n", 1, "a: 1\n---\nc: 3\n"),
        ("a: 1\n--- # of b\nb: 2", 1, "a: 1"),
        ("a: 1\r\n---\r\nb: 2", 1, "a: 1"),
        ("# first\n---\na: 1\n---\nb: 2\n", 0, "# first\n---\nb: 2\n"),
    ];
    for (before, root, after) in cases {
        let document = parse(before);
        let mut edits = Edits::new(&document);
        edits.remove_root(root).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after, "{before}");
    }
    let only = parse("a: 1\n");
    assert!(Edits::new(&only).remove_root(0).is_err());
}

#[test]
fn what_would_be_empty_without_an_entry_goes_with_it() {
    let cases = [
        ("a: 1\nb:\n  c:\n    - d: x\n", &["b", "c"][..], "a: 1\n"),
        ("a: 1\nb:\n  c:\n    - d\n  e: 1\n", &["b", "c"], "a: 1\nb:\n  e: 1\n"),
        ("b:\n  c:\n    - d\n    - e\n", &["b", "c"], "b:\n  c:\n    - e\n"),
        ("a: {b: [{c: d}]}\ne: 1\n", &["a", "b"], "e: 1\n"),
        ("a: {b: [{c: d}], f: 1}\ne: 1\n", &["a", "b"], "a: {f: 1}\ne: 1\n"),
    ];
    for (before, keys, after) in cases {
        let document = parse(before);
        let list = document.descend(top(&document), keys).unwrap();
        let mut edits = Edits::new(&document);
        edits.remove_whole(document.items(list).next().unwrap()).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after, "{before}");
    }
}
