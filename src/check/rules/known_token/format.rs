//! The formats of tokens, read from `formats.txt`, and finding them in a text.
//!
//! ```text
//! github-personal  GitHub personal access token  ghp_  [0-9A-Za-z]{36}  base62-crc  https://…
//! ```
//!
//! A text is passed over once for all prefixes, which few texts contain; what follows one is then held
//! against the formats that begin so. The pattern of a format is compiled when its prefix is met for the first time.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::checksum::Check;

/// The table; its head says what the columns are.
pub(super) const TABLE: &str = include_str!("formats.txt");

/// Most letters and digits before a prefix that are looked at, which is more than any format has.
const MOST_BEFORE: usize = 64;

/// All formats.
pub(super) static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let is_row = |line: &&str| !line.is_empty() && !line.starts_with('#');
    TABLE.lines().filter(is_row).map(Format::read).collect()
});

/// All prefixes, to be found at once. Not as a regular expression: that one is compiled for longer texts than most are.
static PREFIXES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let prefixes = FORMATS.iter().flat_map(|format| &format.prefixes);
    let builder = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .match_kind(MatchKind::LeftmostFirst)
        .build(prefixes);
    builder.expect("some prefixes are no large automaton")
});

/// One format of tokens.
pub(super) struct Format {
    /// In kebab case, such as `github-personal`.
    pub(super) id: &'static str,
    /// What people call such a token.
    pub(super) name: &'static str,
    /// What letters and digits before the prefix belong to it, as a pattern; mostly none.
    pub(super) before: Option<&'static str>,
    /// Any of them begins a token.
    pub(super) prefixes: Vec<&'static str>,
    /// What follows, as a pattern.
    pub(super) rest: &'static str,
    /// What can be told offline.
    pub(super) check: Check,
    /// [`Format::before`] and [`Format::rest`], compiled.
    compiled: OnceLock<(Option<Regex>, Regex)>,
}

/// A place that looks like a token.
pub(super) struct Candidate {
    /// What it looks like.
    pub(super) format: &'static Format,
    /// All of it.
    pub(super) span: Range<usize>,
    /// Where its prefix ends.
    pub(super) rest: usize,
}

impl Format {
    /// Reads one line of the table.
    fn read(line: &'static str) -> Self {
        let mut columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
        let mut next = || columns.next().expect("a test reads all lines of the table");
        let (id, name, prefixes, rest, check) = (next(), next(), next(), next(), next());
        let before = prefixes.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (before, prefixes) =
            before.map_or((None, prefixes), |(before, prefixes)| (Some(before), prefixes));
        let prefixes = prefixes.split(',').collect();
        let check = Check::named(check).expect("a test reads all lines of the table");
        Format { id, name, before, prefixes, rest, check, compiled: OnceLock::new() }
    }

    /// The span of a token of this format whose prefix is at a place, and the end of the prefix.
    fn at(&'static self, text: &[u8], place: usize) -> Option<Candidate> {
        let prefix =
            self.prefixes.iter().find(|prefix| text[place..].starts_with(prefix.as_bytes()))?;
        let rest = place + prefix.len();
        let (before, pattern) = self.compiled.get_or_init(|| {
            let before = self.before.map(|before| pattern(&format!("^(?:{before})$")));
            (before, pattern(&format!("^(?:{})", self.rest)))
        });
        let back = text[..place].iter().rev().take(MOST_BEFORE);
        let run = back.take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_begun = match before {
            Some(before) => before.is_match(&text[place - run..place]),
            None => run == 0,
        };
        let start = place - run;
        if !is_begun || text[..start].last() == Some(&b'_') {
            return None;
        }
        let end = rest + pattern.find(&text[rest..])?.end();
        let goes_on = text.get(end).is_some_and(|byte| is_word(*byte));
        (!goes_on).then_some(Candidate { format: self, span: start..end, rest })
    }
}

/// What looks like a token, in order.
pub(super) fn candidates(text: &[u8]) -> impl Iterator<Item = Candidate> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let place = PREFIXES.find(Input::new(text).range(from..))?.start();
            // A longer prefix may begin within a shorter one.
            from = place + 1;
            // Nearly every hit ends here: prefixes are short, and texts are made of words.
            if let Some(found) = FORMATS.iter().find_map(|format| format.at(text, place)) {
                from = found.span.end;
                return Some(found);
            }
        }
    })
}

/// Whether a token could go on with this.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Compiles a pattern of this module for bytes.
fn pattern(text: &str) -> Regex {
    let built = RegexBuilder::new(text).unicode(false).build();
    built.expect("a test compiles all patterns of the table")
}
