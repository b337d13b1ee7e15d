//! JSON by example: what is read, what is refused, and how edits look.

use crate::document::edit::EditError;
use crate::document::{
    Document, Edits, Fragment, Indentation, NodeId, Placement, Style, Syntax, Value,
};

fn parse(text: &str) -> Document {
    Document::parse_as(Syntax::Json, text.as_bytes().to_vec())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn top(document: &Document) -> NodeId {
    document.roots()[0].node
}

/// The value of the only entry.
fn value(source: &str) -> Value {
    let document = parse(&format!("{{\"k\": {source}}}"));
    let (_, value) = document.entry(top(&document), "k").unwrap();
    document.value(value).unwrap().unwrap_or_else(|error| panic!("{error}\n{source}"))
}

fn refusal(bytes: &[u8]) -> String {
    match Document::parse_as(Syntax::Json, bytes.to_vec()) {
        Ok(_) => panic!("read: {}", String::from_utf8_lossy(bytes)),
        Err(error) => error.to_string(),
    }
}

/// A text with another entry behind those of the top.
fn appended(text: &str, value: Fragment) -> String {
    let document = parse(text);
    let mut edits = Edits::new(&document);
    edits.append_to_root(0, vec![("new".to_owned(), value)], Indentation::default()).unwrap();
    let edited = edits.apply().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (_, value) = edited.entry(top(&edited), "new").unwrap();
    let mut back = Edits::new(&edited);
    back.remove_entry(value).unwrap();
    assert_eq!(back.apply().unwrap().source(), text, "what was added can be taken away");
    edited.source().to_owned()
}

fn block() -> Fragment {
    let item = Fragment::mapping([("b", Fragment::text("x"))]);
    Fragment::mapping([("a", Fragment::Sequence(vec![item])), ("c", Fragment::Sequence(vec![]))])
}

#[test]
fn every_type_is_read() {
    let cases = [
        ("null", Value::Null),
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("0", Value::Int(0)),
        ("-0", Value::Int(0)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("9223372036854775808", Value::Float(9_223_372_036_854_775_808.0)),
        ("1.0", Value::Float(1.0)),
        ("-0.0", Value::Float(-0.0)),
        ("1E5", Value::Float(1e5)),
        ("1e-999", Value::Float(0.0)),
        (r#""""#, Value::text(String::new())),
        (r#""a\/\"\\\b\f\n\r\t""#, Value::text("a/\"\\\u{8}\u{c}\n\r\t".into())),
        (r#""\u00e9\u00E9é\u0000""#, Value::text("ééé\0".into())),
        (r#""\ud83d\udd11\uD83D\uDD11""#, Value::text("🔑🔑".into())),
        ("\"\u{7f}\u{2028}\"", Value::text("\u{7f}\u{2028}".into())),
    ];
    for (source, expected) in cases {
        assert!(value(source) == expected, "{source}");
    }
}

#[test]
fn bad_input_is_refused_with_its_place_and_without_its_content() {
    let cases: [(&[u8], &str); 32] = [
        (b"", "1:1: empty, but JSON is one value"),
        (b" \n", "2:1: empty, but JSON is one value"),
        (b"\xef\xbb\xbf{}", "1:1: byte order mark, which JSON does not allow"),
        (b"{} x", "1:4: something behind the value"),
        (b"{}{}", "1:3: something behind the value"),
        (b"{\"a\": 1", "1:8: ends in the middle of a value"),
        (b"[1,\n", "2:1: ends in the middle of a value"),
        (b"{\"a\"", "1:5: expected `:`"),
        (b"{\"a\": \"x\\", "1:9: no escape of JSON"),
        (b"{\"a\": \"x", "1:9: ends in the middle of a string"),
        (b"{\"a\": 1,}", "1:9: expected a key in double quotes"),
        (b"[1,]", "1:4: expected a value"),
        (b"[1 2]", "1:4: expected `,` or `]`"),
        (b"{\"a\": 1]", "1:8: expected `,` or `}`"),
        (b"{\"a\" 1}", "1:6: expected `:`"),
        (b"{a: 1}", "1:2: expected a key in double quotes"),
        (b"{\"a\": 1 // c\n}", "1:9: expected `,` or `}`"),
        (b"{\"a\": tru}", "1:7: expected a value"),
        (b"[nullx]", "1:6: expected `,` or `]`"),
        (b"[01]", "1:3: expected `,` or `]`"),
        (b"[+1]", "1:2: expected a value"),
        (b"[.5]", "1:2: expected a value"),
        (b"[1.]", "1:2: expected a value"),
        (b"[1e]", "1:2: expected a value"),
        (b"[-]", "1:2: expected a value"),
        (b"[NaN]", "1:2: expected a value"),
        (b"[\"a\tb\"]", "1:4: control character in a string; escape it"),
        (b"[\"\\q\"]", "1:3: no escape of JSON"),
        (b"[\"\\u12g4\"]", "1:3: `\\u` without four hexadecimal digits"),
        ("[\"é\\ud83dx\"]".as_bytes(), "1:4: half of a surrogate pair"),
        (b"[\"\\ude00\\ud83d\"]", "1:3: half of a surrogate pair"),
        (b"[\"\xff\"]", "1:3: not valid UTF-8"),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(refusal(bytes), wanted, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_number_beyond_every_type_is_read_but_has_no_value() {
    let document = parse("{\"k\": [-1e999]}");
    let list = document.lookup(top(&document), "k").unwrap();
    let item = document.items(list).next().unwrap();
    let error = document.value(item).unwrap().err().unwrap();
    assert_eq!(error.to_string(), "1:8: number out of range");
}

#[test]
fn levels_are_limited_as_in_yaml() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Document::parse(nested(255).into_bytes()).is_ok());
    assert!(Document::parse(nested(256).into_bytes()).is_err());
    parse(&nested(255));
    assert_eq!(refusal(nested(256).as_bytes()), "1:256: more than 255 levels");
    assert_eq!(refusal("[".repeat(100_000).as_bytes()), "1:256: more than 255 levels");
    assert!(refusal("{\"a\":".repeat(100_000).as_bytes()).ends_with("more than 255 levels"));
}

#[test]
fn a_value_of_any_type_may_be_the_top() {
    for (text, expected) in [(" 1 ", Value::Int(1)), ("\"x\"\n", Value::text("x".into()))] {
        let document = parse(text);
        assert!(document.value(top(&document)).unwrap().unwrap() == expected);
    }
    assert_eq!(parse("[1, 2]").items(NodeId(0)).count(), 2);
}

#[test]
fn a_key_that_stands_twice_is_kept_twice() {
    let document = parse(r#"{"a": 1, "\u0061": 2}"#);
    let (_, first) = document.entry(top(&document), "a").unwrap();
    assert!(document.value(first).unwrap().unwrap() == Value::Int(1));
    let mut edits = Edits::new(&document);
    for (_, value) in document.entries(top(&document)) {
        edits.set_text(value, "x").unwrap();
    }
    assert_eq!(edits.apply().unwrap().source(), r#"{"a": "x", "\u0061": "x"}"#);
}

#[test]
fn a_text_has_no_more_escapes_than_it_needs() {
    let text = "a/<>&é🔑\u{7f} \"\\\u{8}\u{c}\n\r\t\u{1}\u{2028}\u{2029}";
    let quoted = super::quoted(text);
    assert_eq!(*quoted, "\"a/<>&é🔑\u{7f} \\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u2028\\u2029\"");
    assert!(value(&quoted) == Value::text(text.to_owned()));
}

#[test]
fn a_float_is_read_back_as_the_same_float() {
    let cases = [
        (1.0, "1"),
        (-0.0, "-0.0"),
        (0.0, "0"),
        (1.5, "1.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e300, "1e+300"),
        (-f64::MAX, "-1.7976931348623157e+308"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (f64::from_bits(1), "5e-324"),
        (123_456_789.125, "123456789.125"),
    ];
    for (float, wanted) in cases {
        let spelled = super::spell_typed(&Value::Float(float));
        assert_eq!(*spelled, wanted);
        assert!(Syntax::Json.returns(&Value::Float(float), &value(&spelled)), "{wanted}");
    }
}

#[test]
fn a_float_that_json_cannot_say_is_refused() {
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let document = parse("{\"a\": 1}");
        let (_, id) = document.entry(top(&document), "a").unwrap();
        let mut edits = Edits::new(&document);
        let source = document.spelled_value(id, &Value::Float(float), Style::Plain);
        edits.set_source(id, source, Value::Float(float)).unwrap();
        let error = edits.apply().err().unwrap();
        assert!(matches!(error, EditError::Unreadable(_)), "{error}");
    }
}

#[test]
fn a_time_becomes_text() {
    let time = || Value::Time("2031-05-06T07:08:09Z".to_owned());
    let text = appended("{}", Fragment::Value(time()));
    assert_eq!(text, "{\n\t\"new\": \"2031-05-06T07:08:09Z\"\n}");
    let document = parse("{\"a\": 1}");
    let (_, id) = document.entry(top(&document), "a").unwrap();
    let mut edits = Edits::new(&document);
    edits.set_source(id, document.spelled_value(id, &time(), Style::Plain), time()).unwrap();
    assert_eq!(edits.apply().unwrap().source(), "{\"a\": \"2031-05-06T07:08:09Z\"}");
}

#[test]
fn a_new_entry_looks_like_its_neighbours() {
    let cases = [
        (
            "{\n  \"a\": 1\n}\n",
            "{\n  \"a\": 1,\n  \"new\": {\n    \"a\": [\n      {\n        \"b\": \"x\"\n      }\n    ],\n    \"c\": []\n  }\n}\n",
        ),
        (
            "{\r\n\t\"a\" : 1,\r\n\r\n\t\"b\" : 2}",
            "{\r\n\t\"a\" : 1,\r\n\r\n\t\"b\" : 2,\r\n\t\"new\" : {\r\n\t\t\"a\" : [\r\n\t\t\t{\r\n\t\t\t\t\"b\" : \"x\"\r\n\t\t\t}\r\n\t\t],\r\n\t\t\"c\" : []\r\n\t}}",
        ),
        (r#"{"a": 1}"#, r#"{"a": 1, "new": {"a": [{"b": "x"}], "c": []}}"#),
        (r#"{"a":1}"#, r#"{"a":1,"new":{"a":[{"b":"x"}],"c":[]}}"#),
        (r#"{ "a":1 , "b":2 }"#, r#"{ "a":1 , "b":2 , "new":{"a":[{"b":"x"}],"c":[]} }"#),
        (
            "{ \"a\": 1\n, \"b\": 2\n}",
            "{ \"a\": 1\n, \"b\": 2\n, \"new\": {\"a\": [{\"b\": \"x\"}], \"c\": []}\n}",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(appended(before, block()), after);
    }
}

#[test]
fn an_empty_file_grows_by_tabs_and_can_shrink_again() {
    let cases = [
        ("{}", "{\n\t\"new\": 1\n}"),
        ("{}\r\n", "{\r\n\t\"new\": 1\r\n}\r\n"),
        ("{\n}\n", "{\n\n\t\"new\": 1\n}\n"),
        ("{ }", "{ \n\t\"new\": 1\n}"),
        ("\n {\n \n }", "\n {\n \n \n\t\"new\": 1\n}"),
    ];
    for (before, after) in cases {
        assert_eq!(appended(before, Fragment::Value(Value::Int(1))), after);
    }
}

#[test]
fn an_empty_collection_grows_in_the_style_of_its_place() {
    let cases = [
        (r#"{"m":{}}"#, r#"{"m":{"new":"x"}}"#),
        (r#"{"m": { }}"#, r#"{"m": { "new": "x" }}"#),
        (r#"{"m": null}"#, r#"{"m": {"new": "x"}}"#),
        ("{\n  \"m\": {}\n}", "{\n  \"m\": {\n    \"new\": \"x\"\n  }\n}"),
        ("{\n  \"m\": null\n}", "{\n  \"m\": {\n    \"new\": \"x\"\n  }\n}"),
        ("{\"m\": {\n}}", "{\"m\": {\n\n\t\"new\": \"x\"\n}}"),
    ];
    for (before, after) in cases {
        let document = parse(before);
        let mapping = document.lookup(top(&document), "m").unwrap();
        let mut edits = Edits::new(&document);
        edits.insert_entry(mapping, Placement::Last, "new", Fragment::text("x")).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after);
    }
}

#[test]
fn a_node_is_replaced_by_anything() {
    let cases = [
        (
            "{\n  \"m\": [\n    1\n  ],\n  \"z\": 0\n}",
            "{\n  \"m\": {\n    \"new\": \"x\"\n  },\n  \"z\": 0\n}",
        ),
        (r#"{"m": "text"}"#, r#"{"m": {"new": "x"}}"#),
    ];
    for (before, after) in cases {
        let document = parse(before);
        let node = document.lookup(top(&document), "m").unwrap();
        let mut edits = Edits::new(&document);
        edits.replace(node, &Fragment::mapping([("new", Fragment::text("x"))])).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after);
    }
}

#[test]
fn items_are_added_and_removed_with_their_commas() {
    let cases = [
        ("[1, 2]", "[0, 1, 2]", "[1, 2, 0]", "[2]", "[1]"),
        ("[1,2]", "[0,1,2]", "[1,2,0]", "[2]", "[1]"),
        ("[\n 1,\n 2\n]", "[\n 0,\n 1,\n 2\n]", "[\n 1,\n 2,\n 0\n]", "[\n 2\n]", "[\n 1\n]"),
    ];
    for (before, first, last, without_first, without_last) in cases {
        let document = parse(before);
        let items: Vec<NodeId> = document.items(top(&document)).collect();
        for (placement, wanted) in
            [(Placement::First, first), (Placement::Last, last), (Placement::After(items[1]), last)]
        {
            let mut edits = Edits::new(&document);
            let item = Fragment::Value(Value::Int(0));
            edits.insert_item(top(&document), placement, item).unwrap();
            assert_eq!(edits.apply().unwrap().source(), wanted);
        }
        for (item, wanted) in [(items[0], without_first), (items[1], without_last)] {
            let mut edits = Edits::new(&document);
            edits.remove_item(item).unwrap();
            assert_eq!(edits.apply().unwrap().source(), wanted);
        }
    }
}

#[test]
fn the_last_entry_of_a_collection_can_go() {
    for (before, after) in [
        (r#"{"a": 1}"#, "{}"),
        (r#"{ "a": 1 }"#, "{ }"),
        ("{\n  \"a\": 1\n}\n", "{}\n"),
        ("{\r\n\r\n  \"a\": 1\r\n}", "{\r\n}"),
    ] {
        let document = parse(before);
        let (_, value) = document.entry(top(&document), "a").unwrap();
        let mut edits = Edits::new(&document);
        edits.remove_entry(value).unwrap();
        assert_eq!(edits.apply().unwrap().source(), after);
    }
}

#[test]
fn items_that_would_become_comments_go() {
    let cases = [
        ("[1, 2, 3, 4]", vec![1], "[1, 3, 4]"),
        ("[1, 2, 3, 4]", vec![0, 1], "[3, 4]"),
        ("[1, 2, 3, 4]", vec![0, 1, 3], "[3]"),
        ("[1, 2, 3, 4]", vec![0, 2, 3], "[2]"),
        ("[1, 2, 3, 4]", vec![0, 1, 2, 3], "[]"),
        ("[\n\t1,\n\t2,\n\t3,\n\t4\n]\n", vec![0, 1, 3], "[\n\t3\n]\n"),
    ];
    for (before, gone, after) in cases {
        let document = parse(before);
        let items: Vec<NodeId> = document.items(top(&document)).collect();
        let mut edits = Edits::new(&document);
        for index in gone {
            edits.item_to_comment(items[index], "text").unwrap();
        }
        assert_eq!(edits.apply().unwrap().source(), after);
    }
}
