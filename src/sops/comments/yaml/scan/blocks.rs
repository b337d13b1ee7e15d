//! Where blocks begin and end: by the column of what stands first on a line.

use super::{Kind, Mark, Scanner, Token, is_end};

impl Scanner<'_> {
    /// Begins a block if something stands further right than the innermost one.
    pub(super) fn roll(&mut self, mark: Mark, token: usize, kind: Kind) {
        if self.flow_level == 0 && self.indent < mark.column as isize {
            self.outer_indents.push(self.indent);
            self.indent = mark.column as isize;
            self.tokens.insert(token, Token { kind, start: mark.at });
        }
    }

    /// Ends the blocks that stand further right than `column`. A block ends above the comments at its column that
    /// were found since `scanned`, or else where the search for them began.
    pub(super) fn unroll(&mut self, column: isize, scanned: usize) {
        if self.flow_level > 0 {
            return;
        }
        // Kept as it may be before the first byte.
        let mut end = scanned as isize - 1;
        while self.indent > column {
            let mut stop = end;
            for comments in self.waiting[self.delivered..].iter().rev() {
                if (comments.end as isize) < stop {
                    break;
                }
                if comments.start.column as isize == self.indent + 1 {
                    end = comments.start.at as isize;
                }
                stop = comments.scanned as isize;
            }
            self.push(Kind::BlockEnd, usize::try_from(end).unwrap_or(0));
            self.indent = self.outer_indents.pop().unwrap_or(-1);
        }
    }

    /// `---`, `...` or a directive.
    pub(super) fn between(&mut self, kind: Kind) {
        self.unroll(-1, self.mark.at);
        self.remove_simple_key();
        self.simple_key_allowed = false;
        self.push(kind, self.mark.at);
        if kind != Kind::Directive {
            return self.step_to(self.mark.at + 3);
        }
        // The comment of a directive is passed over.
        while !is_end(self.peek(0)) {
            self.step();
        }
        if self.peek(0) != 0 {
            self.step();
        }
    }

    pub(super) fn stream_end(&mut self) {
        if self.mark.column > 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.unroll(-1, self.mark.at);
        self.remove_simple_key();
        self.simple_key_allowed = false;
        self.push(Kind::StreamEnd, self.mark.at);
    }
}
