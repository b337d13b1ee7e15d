//! What sops 3.13.3 printed for the same documents, and where it is not followed.

use super::*;
use crate::document::Document;
use crate::sops::tree::Item;

fn tree(text: &str) -> Tree {
    Tree::of(&Document::parse(text.as_bytes().to_vec()).unwrap()).unwrap()
}

#[track_caller]
fn emitted(text: &str, format: Format) -> String {
    emit(&tree(text), format, None).unwrap().to_string()
}

#[track_caller]
fn refused(text: &str, format: Format) -> String {
    emit(&tree(text), format, None).err().unwrap().to_string()
}

const PLAIN: &str = "\
# head
a: {b: [1, [2, {c: x}], {}], d: []} # behind
# foot of a

e: # on key
  - x: |
      one
      two
    z: no
  # between
  - \"\\t\" # beside
  # end
\"yes\": \"1:30\"
? \"a\\nb\"
: <<
n: ~
f: 3.0
t: 2001-1-1
# last
---
b: 2
";

#[test]
fn yaml_is_written_in_blocks_with_its_comments() {
    let wanted = "\
# head
a:
    # behind
    b:
        - 1
        - - 2
          - c: x
        - {}
    d: []
# foot of a
# on key
e:
    - x: |
        one
        two
      z: \"no\"
    # between
    - \"\\t\" # beside
    # end
\"yes\": \"1:30\"
? |-
    a
    b
: !!merge <<
\"n\": null
f: 3
t: 2001-01-01T00:00:00Z
# last
---
b: 2
";
    assert_eq!(emitted(PLAIN, Format::Yaml), wanted);
}

#[test]
fn json_has_the_first_document_without_comments() {
    let wanted = "{
\t\"a\": {
\t\t\"b\": [
\t\t\t1,
\t\t\t[
\t\t\t\t2,
\t\t\t\t{
\t\t\t\t\t\"c\": \"x\"
\t\t\t\t}
\t\t\t],
\t\t\t{}
\t\t],
\t\t\"d\": []
\t},
\t\"e\": [
\t\t{
\t\t\t\"x\": \"one\\ntwo\\n\",
\t\t\t\"z\": \"no\"
\t\t},
\t\t\"\\t\"
\t],
\t\"yes\": \"1:30\",
\t\"a\\nb\": \"\\u003c\\u003c\",
\t\"n\": null,
\t\"f\": 3,
\t\"t\": \"2001-01-01T00:00:00Z\"
}
";
    assert_eq!(emitted(PLAIN, Format::Json), wanted);
}

#[test]
fn dotenv_has_one_line_for_each_value_and_comment() {
    let plain = "# c\nA: \"x\\ny\" # beside\nB: 3.0\nC: 1000000.0\nD: ~\nE: true\n\
                 F: 2001-01-02T03:04:05.25+05:30\nG: -0.0\nH: \"\"\nI: 1 = 2\n# end\n";
    let wanted = "# c\n# beside\nA=x\\ny\nB=3.0\nC=1E+06\nD=<nil>\nE=true\n\
                  F=2001-01-02T03:04:05+05:30\nG=-0.0\nH=\nI=1 = 2\n# end\n";
    assert_eq!(emitted(plain, Format::Dotenv), wanted);
}

#[test]
fn ini_has_aligned_sections() {
    let plain = "\
# lost
default:
  # section
  a: 1
  # of a
  long key: x
s:
  k=v: ' blank '
  q`: a#b
  d: \"l1\\nl2\"
  # one
  # two
  e: ''
  f: 2.0
empty: {}
---
t:
  x: ~
";
    let wanted = "\
;  section
; of a
a        = 1
long key = x

[s]
`k=v`    = \" blank \"
\"\"\"q`\"\"\" = `a#b`
; two
d        = \"\"\"l1
l2\"\"\"
e        = 
f        = 2.0

[empty]

[t]
x = <nil>
";
    assert_eq!(emitted(plain, Format::Ini), wanted);
}

#[test]
fn a_key_that_stands_twice_in_a_section_has_the_last_value_in_the_first_place() {
    let mut tree = tree("s: {a: 1, b: 2}\n");
    if let Item::Entry(_, Node::Branch(section)) = &mut tree.branches[0].items[0] {
        section.items.push(Item::Entry("a".into(), Node::Scalar(Value::Int(3))));
    }
    assert_eq!(*emit(&tree, Format::Ini, None).unwrap(), "[s]\na = 3\nb = 2\n");
    let json = emit(&tree, Format::Json, Some(0)).unwrap();
    assert_eq!(*json, "{\n\"s\": {\n\"a\": 1,\n\"b\": 2,\n\"a\": 3\n}\n}\n");
}

#[test]
fn binary_is_the_text_under_data() {
    assert_eq!(emitted("other: 1\ndata: \"a\\nb\"\n", Format::Binary), "a\nb");
    for (text, wanted) in [
        ("a: 1\n", "no key `data`, which holds the content of a binary file"),
        ("data: 1\n", "`data` is not a string, which the content of a binary file is"),
        ("data: a\n---\nb: 1\n", "several documents, of which a binary file cannot be made"),
        ("", "the file is empty: there is no document to write"),
    ] {
        assert_eq!(refused(text, Format::Binary), wanted);
    }
}

#[test]
fn what_a_format_cannot_hold_is_named_without_its_value() {
    for (format, text, wanted) in [
        (
            Format::Dotenv,
            "a: 1\nb: [s3cret]\n",
            "`b` is a mapping or a list, which dotenv cannot hold",
        ),
        (Format::Ini, "a: s3cret\n", "`a` is not a mapping: INI holds sections of keys only"),
        (Format::Ini, "a: {b: [1]}\n", "`b` in `a` is a mapping or a list, which INI cannot hold"),
        (Format::Ini, "'': {a: 1}\n", "an empty name, which INI cannot hold"),
        (Format::Ini, "a: {'': 1}\n", "an empty name, which INI cannot hold"),
        (
            Format::Json,
            "a: {b: [1, .inf]}\n",
            "`a.b[1]` is infinite or not a number, which JSON cannot hold",
        ),
        (Format::Json, "a: .nan\n", "`a` is infinite or not a number, which JSON cannot hold"),
        (Format::Json, "", "the file is empty: there is no document to write"),
        (Format::Dotenv, "", "the file is empty: there is no document to write"),
    ] {
        assert_eq!(refused(text, format), wanted);
    }
}

#[test]
fn columns_per_level_are_those_that_were_asked_for() {
    let tree = tree("a: {b: [{c: 1}]}\n");
    for (indent, wanted) in [
        (Some(2), "a:\n  b:\n    - c: 1\n"),
        (Some(9), "a:\n         b:\n                  - c: 1\n"),
        (Some(0), "a:\n    b:\n        - c: 1\n"),
        (Some(1), "a:\n  b:\n    - c: 1\n"),
        (Some(10), "a:\n  b:\n    - c: 1\n"),
    ] {
        assert_eq!(*emit(&tree, Format::Yaml, indent).unwrap(), wanted);
    }
    assert!(emit(&tree, Format::Json, Some(3)).unwrap().starts_with("{\n   \"a\": {\n      \"b\""));
}

#[test]
fn strings_are_quoted_where_the_library_quotes_them() {
    for (text, wanted) in [
        ("plain", "plain"),
        ("a:b", "a:b"),
        ("-x", "-x"),
        ("=", "="),
        ("é日", "é日"),
        ("", "\"\""),
        ("true", "\"true\""),
        ("off", "\"off\""),
        ("0x1F", "\"0x1F\""),
        ("190:20:30.5", "\"190:20:30.5\""),
        ("1:60", "1:60"),
        ("2001-01-01", "\"2001-01-01\""),
        ("18446744073709551615", "\"18446744073709551615\""),
        (" x", "' x'"),
        ("it's: 1", "'it''s: 1'"),
        ("- x", "'- x'"),
        ("x #y", "'x #y'"),
        ("---x", "'---x'"),
        ("a\tb", "\"a\\tb\""),
        ("\u{1F600}", "\"\\U0001F600\""),
        ("\u{7}\u{85}\u{a0}", "\"\\a\\N\u{a0}\""),
        ("\u{feff}a", "\"\\uFEFF\\x61\""),
        ("a\u{2028}b", "'a\u{2028}    b'"),
        ("a\n", "|\n    a"),
        ("a\n\n", "|+\n    a\n"),
        ("\n", "|4+\n"),
        ("  a\nb", "|4-\n      a\n    b"),
        ("a \nb", "\"a \\nb\""),
        ("<<", "!!merge <<"),
    ] {
        let item = Item::Entry("k".into(), Node::Scalar(Value::text(text.to_owned())));
        let tree = Tree { branches: vec![Branch { items: vec![item] }] };
        assert_eq!(*emit(&tree, Format::Yaml, None).unwrap(), format!("k: {wanted}\n"), "{text:?}");
    }
}

/// The two deviations: sops writes `|4-` and `null` here, which cannot be read back.
#[test]
fn blocks_that_sops_could_not_read_back_are_written_so_that_it_can() {
    for (text, wanted) in [
        ("a: [\"  x\\ny\"]\n", "a:\n    - |2-\n        x\n      y\n"),
        ("a: [{b: \"  x\\ny\"}]\n", "a:\n    - b: |2-\n          x\n        y\n"),
        ("a: \"\\tx\\ny\"\n", "a: \"\\tx\\ny\"\n"),
    ] {
        let written = emitted(text, Format::Yaml);
        assert_eq!(written, wanted);
        assert_eq!(emitted(&written, Format::Json), emitted(text, Format::Json));
    }
}

#[test]
fn keys_that_are_long_or_have_lines_are_written_with_a_question_mark() {
    let longest = "k".repeat(128);
    assert_eq!(emitted(&format!("{longest}: 1\n"), Format::Yaml), format!("{longest}: 1\n"));
    assert_eq!(
        emitted(&format!("? {longest}k\n: [1]\n"), Format::Yaml),
        format!("? {longest}k\n:   - 1\n")
    );
}

#[test]
fn several_comments_beside_a_block_do_not_get_into_its_lines() {
    let mut tree = tree("a: 1 # x\nb: |\n  text\n");
    let comment = |text: &str| {
        let text = Zeroizing::new(text.to_owned());
        Item::Comment(crate::sops::tree::Comment { text, inline: true })
    };
    tree.branches[0].items.splice(2..2, [comment(" y"), comment(" z")]);
    let written = emit(&tree, Format::Yaml, None).unwrap();
    assert_eq!(*written, "a: 1 # x\nb: | # y # z\n    text\n");
}
