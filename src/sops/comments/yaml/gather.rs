//! Comments between two tokens, in groups: below the token before, or above the one behind.
//!
//! ```text
//! a: 1 # beside `1`
//! # below `1`: it stands right under its line, and a blank line follows
//!
//! # above `b`
//! b:
//!   c: 2
//!   # above `d`, but see `Scanner::unroll`: the mapping may end only behind it
//! # above `d`: in another column, so in a group of its own
//! d: 3
//! ```

use super::scan::{Kind, Line, Mark, Scanner, Waiting, is_blank, is_break, is_end};

/// Go's YAML looks for the next comment in so many characters.
const LOOKAHEAD: usize = 512;

/// Comments that may be one group.
struct Group {
    lines: Vec<Line>,
    scanned: usize,
    token: usize,
    start: Mark,
}

impl Scanner<'_> {
    /// The comment behind a token on its line.
    pub(super) fn gather_beside(&mut self, token: usize) {
        if self.newlines > 0 {
            return;
        }
        let blanks = (0..LOOKAHEAD).take_while(|ahead| is_blank(self.peek(*ahead))).count();
        if blanks == LOOKAHEAD || self.peek(blanks) != b'#' {
            return;
        }
        for _ in 0..blanks {
            self.step();
        }
        let start = self.mark;
        let beside = vec![self.comment()];
        // Neither where it was found nor where it ends is kept.
        self.waiting.push(Waiting { token, start, beside, ..Waiting::default() });
    }

    /// The comments from here to the next token.
    pub(super) fn gather(&mut self, scan_mark: Mark) {
        let owner = match self.tokens.as_slice() {
            [.., before, last] if last.kind == Kind::Comma => before,
            [.., last] => last,
            [] => return,
        };
        let (below_key, token) = (owner.kind == Kind::Colon, owner.start);
        let mut group =
            Group { lines: Vec::new(), scanned: scan_mark.at, token, start: Mark::default() };
        let indent = usize::try_from(self.indent).unwrap_or(0);
        let foot_line = self.foot_line(scan_mark);
        let mut before_blank = self.newlines <= 1;
        let mut behind_blank = false;
        let Mark { mut line, mut column, .. } = self.mark;
        let mut ahead = 0;
        while ahead < LOOKAHEAD {
            let byte = self.peek(ahead);
            column += 1;
            if is_blank(byte) {
                ahead += 1;
                continue;
            }
            let here = self.mark.at + ahead;
            let closes = self.flow_level > 0 && matches!(byte, b']' | b'}');
            if closes || is_end(byte) {
                if closes || !behind_blank {
                    let dedented = group.start.column <= indent;
                    let is_foot = before_blank
                        && (Some(group.start.line) == foot_line && !below_key || dedented);
                    if closes || is_foot {
                        if dedented {
                            group.token = group.start.at;
                        }
                        self.finish_foot(&mut group, here);
                    } else if !group.lines.is_empty() && byte != 0 {
                        group.lines.push(None);
                    }
                }
                if !is_break(byte) {
                    break;
                }
                (before_blank, behind_blank) = (false, true);
                column = 0;
                line += 1;
                ahead += 1;
                continue;
            }
            if column <= indent && column != group.start.column {
                self.finish_foot(&mut group, here);
            }
            if byte != b'#' {
                break;
            }
            if group.lines.is_empty() {
                group.start = Mark { at: here, line, column };
            }
            behind_blank = false;
            while self.mark.at < here {
                self.step();
            }
            group.lines.push(self.comment());
            // The break of this line is not looked at, so that only a second one is a blank line; of two bytes,
            // the second is, so that in such files each comment is followed by a blank line.
            (line, column, ahead) = (self.mark.line, 0, 1);
        }
        if !group.lines.is_empty() {
            let Group { lines, scanned, start, .. } = group;
            let end = (self.mark.at + ahead).saturating_sub(1);
            let head =
                Waiting { scanned, token: start.at, start, end, head: lines, ..Waiting::default() };
            self.waiting.push(head);
        }
    }

    /// A comment beside a key whose value turns out to be a list counts as one above the first item.
    pub(super) fn raise_beside(&mut self) {
        let [.., before, last] = self.tokens.as_slice() else { return };
        let first_dash = before.kind == Kind::SequenceStart && last.kind == Kind::Dash;
        if !first_dash || is_break(self.peek(0)) {
            return;
        }
        let delivered = self.waiting.len() <= self.delivered;
        let Some(comments) =
            self.waiting.last_mut().filter(|last| !delivered && !last.beside.is_empty())
        else {
            return;
        };
        comments.head = std::mem::take(&mut comments.beside);
        if comments.start.line + 1 == self.mark.line {
            comments.token = self.mark.at;
        }
    }

    /// The line on which a comment below the last token must begin. There is none on the first line of a file.
    fn foot_line(&self, scan_mark: Mark) -> Option<usize> {
        if scan_mark.line == 0 {
            return None;
        }
        let behind_content = self.newlines == 0 && self.mark.column > 1;
        Some((self.mark.line + 1 + usize::from(behind_content)).saturating_sub(self.newlines))
    }

    /// Makes a group those below the token before; the next group belongs to nothing yet.
    fn finish_foot(&mut self, group: &mut Group, end: usize) {
        if group.lines.is_empty() {
            return;
        }
        let foot = std::mem::take(&mut group.lines);
        let Group { scanned, token, start, .. } = *group;
        self.waiting.push(Waiting { scanned, token, start, end, foot, ..Waiting::default() });
        (group.scanned, group.token) = (end, end);
    }

    /// Takes the comment that begins here, up to the end of its line.
    fn comment(&mut self) -> Line {
        let known = self.skeleton.comments.binary_search(&self.mark.at).ok();
        while !is_end(self.peek(0)) {
            self.step();
        }
        known
    }
}
