//! The text of one file, whatever kind of file it is, for rules that need no document.
//!
//! What they find may be what another rule tells better; [`join`] leaves the better one.

use std::ops::Range;
use std::path::Path;

use super::Before;
use super::finding::{Confidence, Finding, Hint, Place, Severity};
use super::frame::{self, Frame};
use super::rules::Rule;
use crate::document::{Position, Route};

/// Most bytes before a place that are looked at for the beginning of a value token. Values may be longer; but
/// what is that long is no token of a provider either.
const MOST_OF_TOKEN: usize = 4 << 10;

/// A text file.
pub(crate) struct Text<'t> {
    /// Relative to the root.
    pub(super) path: &'t Path,
    /// All of it.
    pub(super) text: &'t str,
    /// The versions before it.
    pub(super) before: &'t Before<'t>,
}

impl Text<'_> {
    /// Whether a place is in a value token, whose base64 may look like anything.
    pub(super) fn is_in_value_token(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[at.saturating_sub(MOST_OF_TOKEN)..at];
        let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let word = &before[start..];
        let last = |part: &[u8]| word.windows(part.len()).rposition(|window| window == part);
        last(b"ENC[").is_some_and(|open| last(b"]").is_none_or(|close| close < open))
    }

    /// A finding that points at some bytes. Its frame shows that line up to the name that is given a value, if there is
    /// one, and a mask: there may be more than one secret on a line.
    pub(super) fn finding(
        &self,
        rule: &dyn Rule,
        span: Range<usize>,
        confidence: Confidence,
        message: String,
        hint: Hint,
    ) -> Finding {
        let start = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[..span.start].matches('\n').count() + 1;
        let before = &self.text[start..span.start];
        let column = before.chars().count() + 1;
        Finding {
            rule: rule.id(),
            severity: rule.severity(),
            confidence,
            path: self.path.to_owned(),
            position: Position { line, column },
            lines: line..line + self.text[span].matches('\n').count() + 1,
            route: Route::default(),
            places: vec![Place { line, name: name(before) }],
            message,
            hint,
            frame: Frame::masked(line, before),
        }
    }
}

/// The name that is given a value behind the beginning of a line, without `export`, a dash and quotes.
fn name(before: &str) -> String {
    let assigned = frame::assigned(before).unwrap_or_default();
    let last = assigned.trim_end_matches(['=', ':']).split_whitespace().last();
    last.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

/// Adds what rules found in a text to what they found in the same file as a document, which begins at `from`: a guess
/// is left out on a line that something certain is about.
pub(super) fn join(findings: &mut Vec<Finding>, from: usize, texts: Vec<Finding>) {
    let (guesses, certain): (Vec<_>, Vec<_>) =
        texts.into_iter().partition(|found| found.severity == Severity::Warning);
    findings.extend(certain);
    let is_told = |line| {
        let mut errors = findings[from..].iter().filter(|found| found.severity == Severity::Error);
        // One about several keys says nothing of the lines between them.
        errors.any(|found| match &found.places[..] {
            [_] => found.lines.contains(&line),
            places => places.iter().any(|place| place.line == line),
        })
    };
    let new: Vec<_> = guesses.into_iter().filter(|guess| !is_told(guess.position.line)).collect();
    findings.extend(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_before_the_sign() {
        for (before, wanted) in [
            ("TOKEN=", "TOKEN"),
            ("  export TOKEN = \"", "TOKEN"),
            ("- \"a-token\": ", "a-token"),
            ("{user: ", ""),
            ("Bearer ", ""),
        ] {
            assert_eq!(name(before), wanted, "{before}");
        }
    }
}
