//! The text of one file, whatever kind of file it is, for rules that need no document.

use std::ops::Range;
use std::path::Path;

use super::Before;
use super::finding::{Confidence, Finding, Hint};
use super::frame::Frame;
use super::rules::Rule;
use crate::document::{Position, Route};

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
        let column = self.text[start..span.start].chars().count() + 1;
        Finding {
            rule: rule.id(),
            severity: rule.severity(),
            confidence,
            path: self.path.to_owned(),
            position: Position { line, column },
            lines: line..line + self.text[span].matches('\n').count() + 1,
            route: Route::default(),
            message,
            hint,
            frame: Frame::masked(line, before),
        }
    }
}
