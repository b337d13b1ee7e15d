//! Values set and removed, in each syntax.

use super::*;

fn parse(text: &str) -> Document {
    let syntax = match text.chars().next() {
        Some('{') => Syntax::Json,
        _ => Syntax::Yaml,
    };
    Document::parse_as(syntax, text.as_bytes().to_vec()).unwrap()
}

fn route(index: &str) -> Route {
    crate::sops::index::parse(index).unwrap_or_default()
}

fn after(text: &str, index: &str, value: &str) -> String {
    let value = json(value.as_bytes()).unwrap();
    match set(&parse(text), &route(index), value) {
        Ok(document) => document.source().to_owned(),
        Err(error) => error.to_string(),
    }
}

fn without(text: &str, index: &str) -> String {
    match unset(&parse(text), &route(index)) {
        Ok(document) => document.source().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_value_takes_the_place_of_another() {
    for (text, index, value, wanted) in [
        ("a: 'x' # c\n", r#"["a"]"#, r#""y""#, "a: 'y' # c\n"),
        ("a: x # c\n", r#"["a"]"#, "5", "a: 5 # c\n"),
        ("a: x\n", r#"["a"]"#, "2.50", "a: 2.5\n"),
        ("a: x\n", r#"["a"]"#, "3.0", "a: 3.0\n"),
        ("a: 5\n", r#"["a"]"#, r#""5""#, "a: \"5\"\n"),
        ("a: x\nb: 1\n", r#"["a"]"#, "null", "a: null\nb: 1\n"),
        (
            "a: x\nb: 1\n",
            r#"["a"]"#,
            r#"{"c": [1, true]}"#,
            "a:\n  c:\n    - 1\n    - true\nb: 1\n",
        ),
        ("a:\n  c: 1\n  # d\nb: 1\n", r#"["a"]"#, r#""x""#, "a: x\n  # d\nb: 1\n"),
        ("l:\n  # c\n  - x\n  - y\n", r#"["l"][2]"#, r#""z""#, "l:\n  # c\n  - x\n  - z\n"),
        ("{\"a\": 1}", r#"["a"]"#, r#"{"b":"x"}"#, "{\"a\": {\"b\": \"x\"}}"),
    ] {
        assert_eq!(after(text, index, value), wanted, "{text} {index} {value}");
    }
}

#[test]
fn what_is_missing_on_the_way_is_made() {
    for (text, index, value, wanted) in [
        ("a: x\n", r#"["b"]["c"]"#, "1", "a: x\nb:\n  c: 1\n"),
        ("a: x\n", r#"["b"][0]["c"]"#, "1", "a: x\nb:\n  - c: 1\n"),
        ("l:\n- x\n", r#"["l"][7]"#, "1", "l:\n- x\n- 1\n"),
        ("a: x\n", r#"["a"]["b"]"#, "1", "a:\n  b: 1\n"),
        ("a:\n", r#"["a"][0]"#, "1", "a:\n  - 1\n"),
        ("a: {}\n", r#"["a"]["b"]"#, "1", "a:\n  b: 1\n"),
        ("{\n  \"a\": 1\n}\n", r#"["b"]"#, "[]", "{\n  \"a\": 1,\n  \"b\": []\n}\n"),
    ] {
        assert_eq!(after(text, index, value), wanted, "{text} {index} {value}");
    }
}

#[test]
fn what_leads_nowhere_is_refused() {
    for (text, index, wanted) in [
        ("a: {b: 1}\n", r#"["a"][0]"#, "component [0] is a number, but what is there is a mapping"),
        ("a: [1]\n", r#"["a"]["b"]"#, "component ['b'] is a key, but what is there is a list"),
        ("l:\n  # c\n  - x\n", r#"["l"][0]"#, "component [0] is a comment"),
        (
            "a: &a {x: 1}\nb: *a\n",
            r#"["b"]["x"]"#,
            "component ['x'] is an alias of another value; change that one, or write the alias out",
        ),
        ("a: 1\n", "", "the index is empty: it must name a value"),
    ] {
        assert_eq!(after(text, index, "1"), wanted, "{text} {index}");
    }
}

#[test]
fn a_removed_value_leaves_its_neighbours_and_an_empty_collection() {
    for (text, index, wanted) in [
        ("a: 1 # c\nb: 2\n", r#"["a"]"#, "b: 2\n"),
        ("a:\n  b: 1\nc: 2\n", r#"["a"]["b"]"#, "a: {}\nc: 2\n"),
        ("l:\n  - x\n  - y\n", r#"["l"][0]"#, "l:\n  - y\n"),
        ("l:\n  - x\nb: 1\n", r#"["l"][0]"#, "l: []\nb: 1\n"),
        ("l: [x, y]\n", r#"["l"][1]"#, "l: [x]\n"),
        ("{\"a\": 1, \"b\": 2}", r#"["a"]"#, "{\"b\": 2}"),
        ("a: 1\n", r#"["b"]"#, "component ['b'] not found"),
        ("l: [x]\n", r#"["l"][1]"#, "component [1] not found"),
    ] {
        assert_eq!(without(text, index), wanted, "{text} {index}");
    }
}

#[test]
fn a_value_that_is_there_is_recognized_by_type() {
    let document = parse("a: 5\nb: '5'\nc: {d: [1, x]}\n");
    let there = |index: &str, value: &str| {
        is_set(&document, &route(index), &json(value.as_bytes()).unwrap())
    };
    assert!(there(r#"["a"]"#, "5") && there(r#"["b"]"#, r#""5""#));
    assert!(!there(r#"["a"]"#, r#""5""#) && !there(r#"["a"]"#, "5.0") && !there(r#"["b"]"#, "5"));
    assert!(there(r#"["c"]"#, r#"{"d": [1, "x"]}"#) && !there(r#"["c"]"#, r#"{"d": [1]}"#));
    assert!(!there(r#"["z"]"#, "5"));
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "x", "'x'", "{", "[1,]", "1e999", "\"a\" \"b\""] {
        assert!(json(text.as_bytes()).is_err(), "{text}");
    }
}
