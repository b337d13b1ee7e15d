//! Comments that hold findings back.
//!
//! ```yaml
//! stringData:
//!   # keywright: ignore[plaintext-secret] a made-up value, for the tests of the chart
//!   token: hunter2
//!   pin: "1234" # keywright: ignore[plaintext-secret, known-token] the same
//! ```
//!
//! One that stands alone on its line is about the next line that is no comment; one behind something is about its own
//! line. Where a block scalar (`key: |`) begins on that line, it is about all lines of it: no comment can be written in
//! there. The mark is that of the kind of file: `#` in YAML, `<!-- … -->` in Markdown, HTML and XML, none in JSON, and
//! `#`, `//` or `;` elsewhere. In an encrypted file SOPS may have encrypted a comment: `keywright.yaml` is for these.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::finding::Finding;

/// What a comment begins with to be one of these.
const WORD: &str = "keywright:";

/// A comment that is to hold findings back.
pub(super) struct Directive {
    /// The file, relative to the root.
    pub(super) path: PathBuf,
    /// Its line, from 1.
    pub(super) line: usize,
    /// The lines that it is about, its own among them.
    reach: RangeInclusive<usize>,
    /// The rules that it names, as they are written.
    pub(super) rules: Vec<Ignored>,
    /// Whether it says why.
    pub(super) has_reason: bool,
}

/// A rule in a directive.
pub(super) struct Ignored {
    /// What is written.
    pub(super) rule: String,
    /// Whether it has held a finding back.
    pub(super) is_used: bool,
}

impl Directive {
    /// What directives are sorted by.
    pub(super) fn place(&self) -> (&Path, usize) {
        (&self.path, self.line)
    }

    /// Whether it holds a finding back, which it does if it is about one of the lines that the finding names; remembers
    /// that it did.
    pub(super) fn holds(&mut self, finding: &Finding) -> bool {
        let is_near = self.path == finding.path
            && finding.places.iter().any(|place| self.reach.contains(&place.line));
        if !is_near || !self.has_reason {
            return false;
        }
        let named = self.rules.iter_mut().find(|ignored| ignored.rule == finding.rule);
        named.map(|ignored| ignored.is_used = true).is_some()
    }
}

/// All directives of a file, in order.
pub(super) fn all(path: &Path, text: &str) -> Vec<Directive> {
    if !text.contains(WORD) {
        return Vec::new();
    }
    let marks = marks(path);
    let lines: Vec<&str> = text.lines().collect();
    let directive = |(at, line): (usize, &&str)| {
        let comment = Comment::of(line, marks)?;
        let (rules, reason) = ignore(comment.text)?;
        let target = if comment.is_alone { next(&lines, at, marks) } else { at };
        let end = if is_yaml(path) { end_of_block(&lines, target) } else { target };
        Some(Directive {
            path: path.to_owned(),
            line: at + 1,
            reach: at + 1..=end + 1,
            rules,
            has_reason: reason.contains(char::is_alphanumeric),
        })
    };
    lines.iter().enumerate().filter_map(directive).collect()
}

/// What comments begin with in a file.
fn marks(path: &Path) -> &'static [&'static str] {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => &["#"],
        Some("md" | "html" | "xml") => &["<!--"],
        Some("json") => &[],
        _ => &["#", "//", ";"],
    }
}

/// Whether values of several lines are known by their first one.
fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// A comment that begins with the word.
struct Comment<'l> {
    /// What stands behind the word.
    text: &'l str,
    /// Whether only blanks stand before the comment.
    is_alone: bool,
}

impl<'l> Comment<'l> {
    /// That of a line.
    fn of(line: &'l str, marks: &[&str]) -> Option<Comment<'l>> {
        line.match_indices(WORD).find_map(|(at, _)| {
            let before = line[..at].trim_end();
            let before = marks.iter().find_map(|mark| before.strip_suffix(mark))?;
            let is_alone = before.trim_start().is_empty();
            let begins = is_alone || before.ends_with(char::is_whitespace);
            begins.then_some(Comment { text: &line[at + WORD.len()..], is_alone })
        })
    }
}

/// The rules and the reason of `ignore[RULE, …] REASON`; no rules where the brackets are missing.
fn ignore(text: &str) -> Option<(Vec<Ignored>, &str)> {
    let rest = text.trim().strip_prefix("ignore")?;
    if rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let rest = rest.trim_start();
    let Some((rules, reason)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return Some((Vec::new(), rest));
    };
    let rules = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty());
    Some((rules.map(|rule| Ignored { rule: rule.to_owned(), is_used: false }).collect(), reason))
}

/// The next line that is no comment; where there is none, the line itself.
fn next(lines: &[&str], at: usize, marks: &[&str]) -> usize {
    let is_comment = |line: &str| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    (at + 1..lines.len()).find(|next| !is_comment(lines[*next])).unwrap_or(at)
}

/// The last line of the block scalar that begins on a line; the line itself if none does.
fn end_of_block(lines: &[&str], at: usize) -> usize {
    let line = lines[at].find(" #").map_or(lines[at], |comment| &lines[at][..comment]);
    let is_indicator = |c: char| c.is_ascii_digit() || c == '-' || c == '+';
    let head = line.trim_end().trim_end_matches(is_indicator);
    let Some(head) = head.strip_suffix(['|', '>']).filter(|head| head.ends_with([' ', '\t']))
    else {
        return at;
    };
    let indent = indent(head);
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_inside = |line: &str| line.trim().is_empty() || blanks(line) > indent;
    at + lines[at + 1..].iter().take_while(|line| is_inside(line)).count()
}

/// How far the key of a line is indented, or without one its last dash.
fn indent(line: &str) -> usize {
    let mut rest = line.trim_start_matches(' ');
    while let Some(item) =
        rest.strip_prefix("- ").map(str::trim_start).filter(|item| !item.is_empty())
    {
        rest = item;
    }
    line.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The directives of a text: `line-line rule,rule reason?`
    fn read(path: &str, text: &str) -> Vec<String> {
        let line = |directive: &Directive| {
            let rules: Vec<_> = directive.rules.iter().map(|one| one.rule.as_str()).collect();
            let (start, end) = directive.reach.clone().into_inner();
            format!("{start}-{end} {} {}", rules.join(","), directive.has_reason)
        };
        all(Path::new(path), text).iter().map(line).collect()
    }

    #[test]
    fn one_that_stands_alone_is_about_the_next_line_that_is_no_comment() {
        assert_eq!(
            read("a.yaml", "a: 1\n  # keywright: ignore[x] why\n# more\nb: 1\nc: 1\n"),
            ["2-4 x true"]
        );
        assert_eq!(read("a.yaml", "# keywright: ignore[x] why"), ["1-1 x true"]);
    }

    #[test]
    fn one_behind_a_value_is_about_its_own_line() {
        assert_eq!(
            read("a.yaml", "a: 1 #keywright:ignore[x,y ] why\r\nb: 1\r\n"),
            ["1-1 x,y true"]
        );
    }

    #[test]
    fn a_block_scalar_is_covered_from_its_key_on() {
        let key = "# keywright: ignore[x] why\na: |-\n  b\n\n  c\nd: 1\n";
        assert_eq!(read("a.yaml", key), ["1-5 x true"]);
        let own = "a:\n  - b: > # keywright: ignore[x] why\n      c\n    d: 1\n";
        assert_eq!(read("a.yaml", own), ["2-3 x true"]);
        let item = "a:\n# keywright: ignore[x] why\n- |2+\n  b\n- c\n";
        assert_eq!(read("a.yaml", item), ["2-4 x true"]);
        // A pipe of a shell begins no value.
        assert_eq!(read("a.sh", "# keywright: ignore[x] why\na |\n  b\n"), ["1-2 x true"]);
    }

    #[test]
    fn the_mark_is_that_of_the_file() {
        let directive = |mark: &str| format!("{mark} keywright: ignore[x] why\na\n");
        let found = |path| {
            let marks = ["#", "//", ";", "<!--"];
            marks.into_iter().filter(|mark| !read(path, &directive(mark)).is_empty()).collect()
        };
        let cases: [(&str, &[&str]); 5] = [
            ("a.yml", &["#"]),
            ("a.json", &[]),
            ("a.md", &["<!--"]),
            ("a.env", &["#", "//", ";"]),
            ("Dockerfile", &["#", "//", ";"]),
        ];
        for (path, wanted) in cases {
            let marks: Vec<&str> = found(path);
            assert_eq!(marks, wanted, "{path}");
        }
    }

    #[test]
    fn a_reason_and_brackets_are_missed() {
        assert_eq!(read("a.yaml", "# keywright: ignore[x]\na: 1\n"), ["1-2 x false"]);
        assert_eq!(read("a.yaml", "# keywright: ignore[x] -- \na: 1\n"), ["1-2 x false"]);
        assert_eq!(read("a.md", "<!-- keywright: ignore[x] -->\na\n"), ["1-2 x false"]);
        assert_eq!(read("a.yaml", "# keywright: ignore\na: 1\n"), ["1-2  false"]);
        assert_eq!(read("a.yaml", "# keywright: ignore[] why\na: 1\n"), ["1-2  true"]);
        assert_eq!(read("a.yaml", "# keywright: ignore[x why\na: 1\n"), ["1-2  true"]);
    }

    #[test]
    fn other_words_are_no_directives() {
        for text in [
            "image: example/keywright:ignore[x]",
            "a: '#keywright: ignore[x] why'",
            "# keywright: ignored",
            "# see keywright: ignore[x] why",
            "keywright: ignore[x] why",
        ] {
            assert_eq!(read("a.yaml", text), [""; 0], "{text}");
        }
    }
}
