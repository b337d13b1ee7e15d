use super::*;
use crate::sops::selection::Selection;
use crate::sops::walk::{Leaf, Obstacle, Was, walk};

/// Documents, and their comments with the path of what holds them, in the order of the tree. Each was read by
/// SOPS 3.13.3 with a `sops` mapping at its end.
const FAMILIES: &[(&str, &str)] = &[
    // Blank lines make a comment one below.
    ("a:\n  b:\n    c: 1\n  # x\nd: 2\n", "x a:b:"),
    ("a:\n  b:\n    c: 1\n  # x\n\nd: 2\n", "x a:"),
    ("a:\n  b:\n    c: 1\n\n  # x\nd: 2\n", "x a:b:"),
    ("a:\n  b: 1\n# 0\n\n# above\nc: 2\n", "0 :, above :"),
    ("a:\n  b: 1\n    # 4\n\n\n  # 2\n\nc: 2\n", "2 a:, 4 a:"),
    // Dashes.
    ("a:\n  - 1\n  - !!str   #tight\nb: 1\n", "tight :"),
    ("a:\n    k:\n      - # c\n  #odd\nb: 1\n", "c a:, odd :"),
    (
        "k1:\n  k2:\n    - w\n    -\n      - ~\n    #c\n    - 1\n  # x\nk3: 1\n",
        "c k1:k2:, x k1:k2:",
    ),
    ("a: # list\n  - 1\n", "list :"),
    ("a: # map\n  - b: 1\n", "map :"),
    ("a:\n  - # dash\n    # next\n    b: 1\n  - c: 1\n", "dash a:, next a:"),
    ("a:\n  # above\n  - # dash\n    - # inner\n      b: 1\n", "above a:, dash a:, inner a:"),
    ("a:\n- 1\n  # 2\n# 0\n\nb: 1\n", "2 a:, 0 a:"),
    ("a:\n  # stem\n  - b: 1\n    # end\n  # next\n  - 2\n", "stem a:, end a:, next a:"),
    // Brackets.
    (
        "a: [ # open\n  1, # one\n  # two\n  2 # last\n  # end\n] # behind\n",
        "behind a:, one a:, two a:, last a:, end a:, open a:",
    ),
    (
        "a: { # open\n  b: 1, # one\n  c: 2\n  # end\n  } # behind\n",
        "behind a:, one a:, end a:, open a:",
    ),
    ("a:\n  - [1] # list\n  - {b: 1} # map\n", "list a:, map a:"),
    ("a: [] # empty\n", "empty a:"),
    ("a: [b: 1, c: 2] # pairs\n", "pairs a:"),
    // Scalars of many lines.
    ("a: | # header\n  x\n\n# below\n\nb: 1\n", "header :, below :"),
    ("a: 'x\n  y' # beside\n# below\n\nb: 1\n", "beside :, below :"),
    ("a: x\n  y\n# below\n\nb: 1\n", "below :"),
    // Keys.
    ("? a # key\n# value\n: b # beside\n", "key :, value :, beside :"),
    ("&x a: &y # anchor\n  b: 1\n", "anchor a:"),
    ("a:\n  # null\n\n  # above\nb: 1\n", "null :, above :"),
    // Documents.
    ("# head\n\n# above\na: 1\n# end\n", "head :, above :, end :"),
    ("# head\n---\n# above\na: 1\n--- # mark\nb: 1\n# end\n", "head :, above :, mark :, end :"),
    ("a: 1\n... # end\n# between\n---\nb: 1\n", "end :, between :"),
    ("a: 1\n---\n# empty\n---\nb: 1\n# end\n", "empty :, end :"),
    // Each line break of two characters counts as a blank line.
    ("a:\r\n  b: 1\r\n  # x\r\nc: 1\r\n", "x a:"),
    ("a: 1\r\n# below\r\n# too\r\nc: 1\r\n", "below :, too :"),
    // Columns below a block.
    ("a:\n  b:\n    c: 1\n    # 4\n  # 2\n# 0\nd: 2\n", "4 a:b:, 2 a:, 0 :"),
    ("a:\n  b:\n    c: 1\n      # 6\n   # 3\n # 1\nd: 2\n", "6 a:b:, 3 :, 1 :"),
    ("a:\n  b:\n    c: 1\n# 0\n    # 4\n  # 2\nd: 2\n", "0 a:b:, 4 a:b:, 2 a:"),
    ("a:\n  - 1\n  # 2\n# 0\nb: 1\n", "2 a:, 0 :"),
    ("a:\n- 1\n# 0\nb: 1\n", "0 :"),
    (
        "a:\n  - x: 1\n    # 4\n  # 2\n  - y: 2\n    # 4b\n  # 2b\n# 0\nb: 1\n",
        "4 a:, 2 a:, 4b a:, 2b :, 0 :",
    ),
    ("a:\n  b:\n    - x\n  # between\n# 0\nc: 1\n", "between a:b:, 0 :"),
    ("a:\n  - b:\n      c: 1\n  -\n      # x\n      d: 1\n", "x a:"),
    ("a:\n  b: 1\n---\n  # c\nx: 1\n", "c :"),
    // Above and beside entries.
    ("#h1\n---\n#h3\na: 1\n", "h1 :, h3 :"),
    ("a:\n  # only\nb: 1\n", "only :"),
    ("a: # key\n  # in\n  b: 1\n", "key :, in a:"),
    ("a: 1 # i\n     # more\nb: 2\n", "i :, more :"),
    ("a: {\n  # f\n  x: 1, # i\n  # e\n}\n", "f a:, i a:, e a:"),
    ("a: [1] # behind\n", "behind a:"),
    ("a: | # header\n  x\nb: 1\n", "header :"),
    ("a:\n  - # dash\n    x: 1\n", "dash a:"),
    ("a:\n  - # none\nb: 1\n", "none :"),
    ("a: 1\n---\n# head\nb: 1\n", "head :"),
    ("a: 1\n--- # mark\n# head\nb: 1\n", "mark :, head :"),
    ("a: 1\n---\n# empty\n", "empty :"),
    ("a: 1\n--- # empty\n---\nb: 1\n", "empty :"),
    ("a:\n  - # none\n  - x\n", "none a:"),
    ("a:\n  - # none\n", "none :"),
];

/// Each comment with the path of its container, in the order of the walk.
fn placed(text: &str) -> String {
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    let mut found = Vec::new();
    let walked: Result<(), Obstacle> = walk(&document, &Selection::default(), &mut |visit| {
        if let Leaf::Comment(index) = visit.leaf {
            let comment = document.comment_text(&document.comments()[index]);
            found.push(format!("{} {}", comment.trim(), visit.aad));
        }
        Ok(Was::Value)
    });
    assert_eq!(walked, Ok(()));
    found.join(", ")
}

#[test]
fn comments_are_where_sops_sees_them() {
    for (text, wanted) in FAMILIES {
        assert_eq!(placed(text), *wanted, "{text}");
    }
}

#[test]
fn a_comment_beside_an_opening_bracket_is_lost_by_sops() {
    for (text, wanted) in [("a: [ # open\n  1]\n", "open"), ("a:\n  - # vacant\n  - 1\n", "")] {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let lost: Vec<_> = attach(&document)
            .1
            .iter()
            .map(|(_, index)| document.comment_text(&document.comments()[*index]).trim())
            .collect();
        assert_eq!(lost.join(" "), wanted, "{text}");
    }
}

/// With the square of their number, this would take minutes.
#[test]
fn a_hundred_thousand_comments_are_placed() {
    let deep: String = (0..200).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    let mut text = deep + &" # x\n".repeat(40_000);
    text.push_str(
        &(0..20_000).map(|n| format!("# above\nk{n}: [1, # in\n2] # beside\n")).collect::<String>(),
    );
    let document = Document::parse(text.into_bytes()).unwrap();
    let placement = place(&document);
    assert_eq!(placement.values().map(Vec::len).sum::<usize>(), document.comments().len());
}

#[test]
fn a_comment_at_the_head_of_a_later_document_is_about_its_first_key() {
    let document = Document::parse(b"a: 1\n---\n# hide\nb: 1\n".to_vec()).unwrap();
    let root = document.roots()[1].node;
    let first = document.entries(root).next().map(|(key, _)| key);
    assert_eq!(place(&document).get(&(root, first)), Some(&vec![0]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None, ..proptest::prelude::ProptestConfig::default()
    })]

    #[test]
    fn every_comment_of_any_document_is_visited_once(text in "[-ab:{}\\[\\]|#\n ]{0,60}") {
        let Ok(document) = Document::parse(text.clone().into_bytes()) else { return Ok(()) };
        let mut seen = Vec::new();
        let walked: Result<(), Obstacle> =
            walk(&document, &Selection::default(), &mut |visit| {
                seen.extend(match visit.leaf {
                    Leaf::Comment(index) => Some(index),
                    _ => None,
                });
                Ok(Was::Value)
            });
        if walked.is_ok() {
            seen.sort_unstable();
            let mapped = document.roots().iter().all(|root| !matches!(document.node(root.node).kind, Kind::Scalar(_) | Kind::Alias(_)));
            let all: Vec<usize> = (0..document.comments().len()).collect();
            proptest::prop_assert!(!mapped || document.roots().is_empty() || seen == all, "{:?} of {text:?}", seen);
        }
    }
}
