//! Blocks in each syntax: read alike, changed where they stand.

use super::*;

const NESTED: &str = "a: x\nsops:\n    age:\n        - enc: |\n            one\n            two\n          recipient: r1\n        - \
                      enc: other\n          recipient: r2\n    lastmodified: \"2031-01-02T03:04:05Z\"\n    mac: m\n    odd:\n        - 1\n        - b: true\n    version: 3.13.3\n";

const DOTENV: &str = "a=x\nsops_age__list_0__map_enc=one\\ntwo\\n\nsops_age__list_0__map_recipient=r1\nsops_age__list_1__map_enc=other\nsops_age__list_1__map_recipient=r2\nsops_lastmodified=2031-01-02T03:04:05Z\nsops_mac=m\nsops_odd__list_0=1\nsops_odd__list_1__map_b=true\nsops_version=3.13.3\n";

const INI: &str = "[a]\nk = x\n\n[sops]\nage__list_0__map_enc       = one\\ntwo\\n\nage__list_0__map_recipient = r1\nage__list_1__map_enc = other\nage__list_1__map_recipient = r2\nlastmodified = 2031-01-02T03:04:05Z\nmac = m\nodd__list_0 = 1\nodd__list_1__map_b = true\nversion = 3.13.3\n";

fn parse(syntax: Syntax, text: &str) -> Document {
    Document::parse_as(syntax, text.as_bytes().to_vec()).unwrap()
}

fn block(document: &Document) -> Field {
    read(document, &place(document, 0).unwrap()).unwrap()
}

fn shown(field: &Field) -> String {
    field.flat(Syntax::Dotenv).iter().map(|(path, text)| format!("{path}={text};")).collect()
}

fn changed(document: &Document, new: &Field) -> String {
    let place = place(document, 0).unwrap();
    let mut edits = Edits::new(document);
    let old = read(document, &place).unwrap();
    reconcile(&mut edits, document, &place, &old, new).unwrap();
    edits.apply().unwrap().source().to_owned()
}

#[test]
fn a_block_is_the_same_in_every_syntax() {
    let json = "{\"a\":\"x\",\"sops\":{\"age\":[{\"enc\":\"one\\ntwo\\n\",\"recipient\":\"r1\"},{\"enc\":\"other\",\
                \"recipient\":\"r2\"}],\"lastmodified\":\"2031-01-02T03:04:05Z\",\"mac\":\"m\",\"odd\":[1,{\"b\":true}],\
                \"version\":\"3.13.3\"}}";
    let wanted = shown(&block(&parse(Syntax::Yaml, NESTED)));
    assert!(wanted.starts_with("age__list_0__map_enc=one\ntwo\n;age__list_0__map_recipient=r1;"));
    assert!(wanted.contains("odd__list_1__map_b=true;"));
    for (syntax, text) in [(Syntax::Json, json), (Syntax::Dotenv, DOTENV), (Syntax::Ini, INI)] {
        assert_eq!(shown(&block(&parse(syntax, text))), wanted, "{syntax:?}");
    }
}

#[test]
fn a_changed_field_changes_its_line_and_no_other() {
    for (syntax, text) in [(Syntax::Yaml, NESTED), (Syntax::Dotenv, DOTENV), (Syntax::Ini, INI)] {
        let document = parse(syntax, text);
        let mut new = block(&document);
        new.set("mac", Field::text("m2"));
        let wanted = text
            .replace("mac: m", "mac: m2")
            .replace("mac=m", "mac=m2")
            .replace("mac = m", "mac = m2");
        assert_eq!(changed(&document, &new), wanted, "{syntax:?}");
    }
}

#[test]
fn recipients_come_and_go_without_touching_the_others() {
    let entry = |name: &str| {
        let entry = |key: &str, text: &str| (key.to_owned(), Field::text(text));
        Field::Map(vec![entry("enc", "c\nd\n"), entry("recipient", name)])
    };
    let document = parse(Syntax::Yaml, NESTED);
    let mut new = block(&document);
    let Some(Field::List(items)) = new.entry_mut("age") else { panic!("a list") };
    items.remove(1);
    items.push(entry("r3"));
    let text = changed(&document, &new);
    assert!(text.starts_with(&NESTED[..NESTED.find("        - enc: other").unwrap()]), "{text}");
    assert!(text.contains("recipient: r3") && !text.contains("r2"), "{text}");
    for (syntax, text) in [(Syntax::Dotenv, DOTENV), (Syntax::Ini, INI)] {
        let document = parse(syntax, text);
        let again = parse(syntax, &changed(&document, &new));
        assert_eq!(shown(&block(&again)), shown(&new), "{syntax:?}");
        assert_eq!(again.source().lines().next(), text.lines().next());
    }
}

#[test]
fn a_new_field_stands_behind_its_neighbour_even_where_the_first_goes() {
    for (syntax, text) in [(Syntax::Yaml, NESTED), (Syntax::Dotenv, DOTENV), (Syntax::Ini, INI)] {
        let document = parse(syntax, text);
        let mut new = block(&document);
        new.remove("age");
        new.set("key_groups", Field::List(vec![Field::Map(vec![("a".into(), Field::text("b"))])]));
        let text = changed(&document, &new);
        let again = parse(syntax, &text);
        let (mut found, mut wanted): (Vec<_>, Vec<_>) =
            (block(&again).flat(syntax), new.flat(syntax));
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn a_copied_block_keeps_its_bytes() {
    let odd = NESTED.replace("mac: m", "mac:   'm'   # why");
    for (syntax, text, plain) in
        [(Syntax::Yaml, odd.as_str(), "a: x\n"), (Syntax::Ini, INI, "[a]\nk = x\n")]
    {
        let document = parse(syntax, text);
        let (place, plain) = (place(&document, 0).unwrap(), parse(syntax, plain));
        let mut edits = Edits::new(&plain);
        let entries = copied(&document, &place, &block(&document));
        edits.append_to_root(0, entries, crate::document::Indentation::default()).unwrap();
        assert_eq!(edits.apply().map(|d| d.source().to_owned()).unwrap(), text, "{syntax:?}");
    }
}

#[test]
fn lines_that_contradict_each_other_are_refused() {
    for lines in [
        "sops_a=1\nsops_a=2\n",
        "sops_a=1\nsops_a__map_b=2\n",
        "sops_a__list_0=1\nsops_a__map_b=2\n",
        "sops_a__list_1=1\n",
        "sops_a__list_x=1\n",
    ] {
        let document = parse(Syntax::Dotenv, lines);
        let place = place(&document, 0).unwrap();
        assert!(matches!(read(&document, &place), Err(Error::Flat { .. })), "{lines}");
    }
}

#[test]
fn two_blocks_are_refused() {
    for (syntax, text) in [
        (Syntax::Json, "{\"sops\": {}, \"a\": 1,\n\"sops\": {}}"),
        (Syntax::Ini, "[sops]\na = 1\n[sops]\nb = 1\n"),
    ] {
        let document = parse(syntax, text);
        let refused = refuse_second(&document, 0).unwrap_err().to_string();
        assert!(refused.ends_with("a second `sops` block"), "{refused}");
    }
    assert!(refuse_second(&parse(Syntax::Json, "{\"sops\": {}}"), 0).is_ok());
}
