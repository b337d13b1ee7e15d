//! INI files as the library reads them, and edits of them.

use super::super::{Document, Edits, Fragment, NodeId, Placement, Style, Syntax};
use super::*;

fn parsed(text: &str) -> Document {
    match Document::parse_as(Syntax::Ini, text.as_bytes().to_vec()) {
        Ok(document) => document,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Every section with its entries: `section{key=value,…}`, DEFAULT only if it has some.
fn tree(text: &str) -> String {
    let document = parsed(text);
    let text = |id| document.text(id).unwrap();
    let section = |(name, section): (NodeId, NodeId)| {
        let entries: Vec<String> = document
            .entries(section)
            .map(|(key, value)| format!("{}={}", text(key), text(value)))
            .collect();
        (text(name) != "DEFAULT" || !entries.is_empty())
            .then(|| format!("{}{{{}}}", text(name), entries.join(",")))
    };
    document.entries(NodeId(0)).filter_map(section).collect::<Vec<_>>().join(" ")
}

fn comments(text: &str) -> Vec<String> {
    let document = parsed(text);
    document.comments().iter().map(|c| document.comment_text(c).to_owned()).collect()
}

fn refusal(text: &str) -> String {
    Document::parse_as(Syntax::Ini, text.as_bytes().to_vec()).err().unwrap().to_string()
}

#[test]
fn sections_and_keys_are_read_as_the_library_does() {
    for (text, wanted) in [
        ("", ""),
        ("\u{feff}a=1\n[s]\r\n b : 2 \r\n", "DEFAULT{a=1} s{b=2}"),
        ("[ s ]\n[s]]x\n[s]\nk=1\n[s]\nk=2", " s {} s]{} s{k=1} s{k=2}"),
        ("[a] # [b]\n", "a] # [b{}"),
        ("[DEFAULT]\nx=1\n", "DEFAULT{x=1}"),
        ("-=a\n- = b\n[s]\n-=c", "DEFAULT{#1=a,#2=b} s{#1=c}"),
        ("`a=b` = 1\n\"c:d\"junk: 2\n\"\"\"e=f\"\"\"=3\n'g'=4", "DEFAULT{a=b=1,c:d=2,e=f=3,'g'=4}"),
        ("a b = c d\nA = 1\na = 2", "DEFAULT{a b=c d,A=1,a=2}"),
    ] {
        assert_eq!(tree(text), wanted, "{text}");
    }
}

#[test]
fn values_are_read_as_the_library_does() {
    for (value, wanted) in [
        ("", ""),
        (" \t x y \t", "x y"),
        ("x;y", "x"),
        ("x # y", "x"),
        ("\" x \"", " x "),
        ("' x '", " x "),
        ("\"a#b\"", "\"a"),
        ("\"a\"b\"", "\"a\"b\""),
        ("\"", "\""),
        ("\"\"", ""),
        ("`a#b`", "a#b"),
        ("`a`b`", "a`b"),
        ("`a` junk", "a"),
        ("`a` ; see `b`", "a` ; see `b"),
        ("\"\"\"a;b\"\"\"", "a;b"),
        ("\"\"\"a\"\"\"\"", "a\""),
        ("\"\"\"one\ntwo\"\"\"", "one\ntwo"),
        ("`one\n  two\r\n` ; c", "one\n  two\r\n"),
        ("`one\ntwo` \\\nthree`", "one\ntwo` \\\nthree"),
        ("one \\\n  two\\\n three ; x", "one twothree ; x"),
        ("one\\\n\ny=2", "one,y=2"),
        ("one\\", "one"),
        ("one\\\n[s]", "one[s]"),
        ("a=b:c", "a=b:c"),
        ("\u{a0}x\u{a0}", "x"),
    ] {
        assert_eq!(tree(&format!("x ={value}\n")), format!("DEFAULT{{x={wanted}}}"), "{value}");
    }
    // At the very end of a file three quotes open nothing.
    assert_eq!(tree("x=\"\"\""), "DEFAULT{x=\"\"\"}");
}

#[test]
fn comments_are_those_of_the_library() {
    for (text, wanted) in [
        ("# a\nx=1 ; b # c\n;; d\n", &["a", "b # c", "d"][..]),
        ("# a\n; b\n#c\n\n# d\n  # e\nx=1", &["a\n; b\n#c", "d", "e"]),
        ("[s]; a\nx=`1` # b\ny=\"\"\"\n\"\"\"; c", &["a", "b", "c"]),
        ("#\n# b\r\n# c  \r\n", &["\n# b\r\n# c"]),
        ("x=a;b", &["b"]),
        ("#", &[""]),
        ("# #a", &["a"]),
        ("#;a", &[";a"]),
    ] {
        assert_eq!(comments(text), wanted, "{text}");
    }
}

#[test]
fn what_the_library_refuses_is_refused_by_its_place_alone() {
    for (text, wanted) in [
        ("a=1\nsecret\n", "2:1: no section, comment or `key = value`"),
        ("[s\n", "1:1: `[` without `]`"),
        ("[]\n", "1:1: a section without a name"),
        ("=1\n", "1:1: a key without a name"),
        ("\" \"=1\n", "1:1: a key without a name"),
        ("\"a=1\n", "1:1: a quoted key that nothing closes"),
        ("  a = `b\n\n", "1:3: a quoted value that nothing closes"),
        ("a = \"\"\"\nb", "1:1: a quoted value that nothing closes"),
        ("[s]\na = 1\nb = 2\na = 3\n", "4:1: key `a` stands twice in its section"),
    ] {
        assert_eq!(refusal(text), wanted, "{text}");
    }
}

#[test]
fn every_text_has_a_spelling_that_is_read_back() {
    for (text, wanted) in [
        ("x", "x"),
        ("", ""),
        (" x", "\" x\""),
        ("a#b", "`a#b`"),
        ("a;`b", "\"\"\"a;`b\"\"\""),
        ("a\nb", "\"\"\"a\nb\"\"\""),
        ("a`b", "\"\"\"a`b\"\"\""),
        ("`a", "\"\"\"`a\"\"\""),
        ("C:\\", "\"C:\\\""),
        ("\"a\"", "`\"a\"`"),
        ("'a'", "\"'a'\""),
        ("\"\"\"\n\"\"\"", "`\"\"\"\n\"\"\"`"),
        (
            "ENC[AES256_GCM,data:x+/=,iv:y=,tag:z==,type:str]~kP/+=",
            "ENC[AES256_GCM,data:x+/=,iv:y=,tag:z==,type:str]~kP/+=",
        ),
    ] {
        let (_, spelling) = spelled(text, Style::Plain);
        assert_eq!(*spelling, wanted);
        assert!(reads_back(&spelling, text), "{text:?}");
    }
    assert_eq!(*spelled("x", Style::DoubleQuoted).1, "\"x\"");
    assert_eq!(*spelled("x", Style::SingleQuoted).1, "'x'");
    let neither = "`\"\"\"\n`\"\"\"\n";
    assert!(!reads_back(&spelled(neither, Style::Plain).1, neither));
}

#[test]
fn a_section_comes_and_goes_without_a_trace() {
    for text in [
        "",
        "\n",
        "\n\n",
        "\r\n",
        "a=1\n",
        "a=1",
        "a=1\n\n",
        "a=1\n\n\n",
        "[s]",
        "[s]\n",
        "# c",
        "# c\n",
        "a=1\r\n",
        "a=1\r\n\r\n",
        "\u{feff}",
        "\u{feff}a=1",
        "a=\"\"\"\n\n\"\"\"",
        "a=b\\\n",
        "a=b\\",
        "a=1\n; end",
        " \n",
        "[s] ; c",
    ] {
        let document = parsed(text);
        let mut edits = Edits::new(&document);
        let content =
            Fragment::mapping([("a", Fragment::text("1")), ("long", Fragment::text("x"))]);
        edits.append_to_root(0, vec![("sops".to_owned(), content)], Default::default()).unwrap();
        let edited = edits.apply().unwrap_or_else(|error| panic!("{error}: {text:?}"));
        assert!(edited.source().starts_with(text));
        let end = if text.ends_with('\n') || text.is_empty() { "\n" } else { "" };
        let lines = format!("[sops]\na    = 1\nlong = x{end}").replace('\n', document.line_break());
        assert!(edited.source().ends_with(&lines), "{:?}", edited.source());
        let (_, section) = edited.entry(NodeId(0), "sops").unwrap();
        let mut back = Edits::new(&edited);
        back.remove_entry(section).unwrap();
        assert_eq!(back.apply().unwrap().source(), text);
    }
}

#[test]
fn a_new_key_stands_like_its_siblings() {
    for (text, wanted) in [
        ("[s]\na=1\n[t]\n", "[s]\na=1\nnew=x\n[t]\n"),
        ("[s]\na : 1 ; c\n\n[t]\n", "[s]\na : 1 ; c\nnew : x\n\n[t]\n"),
        ("[s]\na      = 1\nlonger = 2\n", "[s]\na      = 1\nlonger = 2\nnew    = x\n"),
        ("[s]\nlonger = 1\nb = 2", "[s]\nlonger = 1\nb = 2\nnew = x"),
        ("[s]\r\na=1\r\n", "[s]\r\na=1\r\nnew=x\r\n"),
        ("[s] ; c\n# d\n[t]\n", "[s] ; c\nnew = x\n# d\n[t]\n"),
        ("[s]", "[s]\nnew = x"),
        ("[s]\na=`\n` ; c\n", "[s]\na=`\n` ; c\nnew=x\n"),
    ] {
        let document = parsed(text);
        let section = document.lookup(NodeId(0), "s").unwrap();
        let mut edits = Edits::new(&document);
        edits.insert_entry(section, Placement::Last, "new", Fragment::text("x")).unwrap();
        let edited = edits.apply().unwrap_or_else(|error| panic!("{error}: {text:?}"));
        assert_eq!(edited.source(), wanted);
        let mut back = Edits::new(&edited);
        back.remove_entry(edited.descend(NodeId(0), &["s", "new"]).unwrap()).unwrap();
        assert_eq!(back.apply().unwrap().source(), text);
    }
}

#[test]
fn keys_and_sections_go_where_they_are_wanted() {
    let document = parsed("# c\n[s]\na = 1\n\n[t]\nb = 2\n");
    let (default, s) = (NodeId(2), document.lookup(NodeId(0), "s").unwrap());
    let edited = |edit: &dyn Fn(&mut Edits<'_>)| {
        let mut edits = Edits::new(&document);
        edit(&mut edits);
        edits.apply().unwrap().source().to_owned()
    };
    let text = || Fragment::text("x");
    assert_eq!(
        edited(&|edits| edits.insert_entry(default, Placement::Last, "n", text()).unwrap()),
        "n = x\n# c\n[s]\na = 1\n\n[t]\nb = 2\n"
    );
    assert_eq!(
        edited(&|edits| edits.insert_entry(s, Placement::First, "n:m", text()).unwrap()),
        "# c\n[s]\n`n:m` = x\na = 1\n\n[t]\nb = 2\n"
    );
    let section = || Fragment::mapping([("n", text())]);
    assert_eq!(
        edited(&|edits| edits
            .insert_entry(NodeId(0), Placement::After(s), "u", section())
            .unwrap()),
        "# c\n[s]\na = 1\n\n[u]\nn = x\n\n[t]\nb = 2\n"
    );
    assert_eq!(
        edited(&|edits| edits.insert_entry(NodeId(0), Placement::Last, "u", section()).unwrap()),
        "# c\n[s]\na = 1\n\n[t]\nb = 2\n\n[u]\nn = x\n"
    );
    assert_eq!(edited(&|edits| edits.remove_entry(s).unwrap()), "# c\n\n[t]\nb = 2\n");
}

#[test]
fn what_ini_cannot_hold_is_refused() {
    let document = parsed("[s]\na = 1\n");
    let s = document.lookup(NodeId(0), "s").unwrap();
    let value = document.lookup(s, "a").unwrap();
    let mut edits = Edits::new(&document);
    let error = edits.set_text(value, "`\"\"\"\n`\"\"\"\n").unwrap_err().to_string();
    assert_eq!(error, format!("2:5: {NO_SPELLING}"));
    let mut refused = |mapping, placement, key: &str, value| {
        edits.insert_entry(mapping, placement, key, value).unwrap_err().to_string()
    };
    let last = Placement::Last;
    assert!(refused(s, last, "-", Fragment::text("")).contains("this key"));
    assert!(refused(s, last, "a\nb", Fragment::text("")).contains("this key"));
    assert!(refused(s, last, "a", Fragment::Mapping(Vec::new())).contains("expected a text"));
    assert!(refused(NodeId(0), last, "", Fragment::Mapping(Vec::new())).contains("name"));
    assert!(refused(NodeId(0), last, "k", Fragment::text("")).contains("expected a mapping"));
    assert!(refused(NodeId(0), Placement::First, "k", Fragment::text("")).contains("section"));
}
