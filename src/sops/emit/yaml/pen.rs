//! Where the next character goes: columns, blanks and line breaks, as Go's YAML library counts them.

use zeroize::Zeroizing;

use super::super::Output;

/// Writes pieces and knows what stands before the next one.
pub(super) struct Pen {
    out: Output,
    /// Characters since the last line break.
    column: usize,
    /// Whether the next piece needs no blank before it.
    blank: bool,
    /// Whether the line holds nothing but blanks, and dashes that count as such.
    indentation: bool,
    /// The column of a foot comment that was just written: what follows in this column is parted from it by
    /// an empty line.
    pub(super) end_of_foot: Option<usize>,
}

impl Pen {
    pub(super) fn new() -> Self {
        Pen { out: Output::new(), column: 0, blank: true, indentation: true, end_of_foot: None }
    }

    pub(super) fn finish(self) -> Zeroizing<String> {
        self.out.0
    }

    /// Goes to a column, on this line if that is possible.
    pub(super) fn indent_to(&mut self, column: usize) {
        let passed = self.column > column || self.column == column && !self.blank;
        if !self.indentation || passed {
            self.line_break('\n');
        }
        if self.end_of_foot.take() == Some(column) {
            self.line_break('\n');
        }
        while self.column < column {
            self.put(' ');
        }
        self.blank = true;
    }

    /// A piece with a blank before it, if there is none yet.
    pub(super) fn word(&mut self, text: &str) {
        self.dash(text);
        self.indentation = false;
    }

    /// `-`, `?` or `:` behind which a collection may begin on the same line, as if the dash were a blank.
    pub(super) fn dash(&mut self, indicator: &str) {
        if !self.blank {
            self.put(' ');
        }
        indicator.chars().for_each(|character| self.put(character));
        self.blank = false;
    }

    /// A piece directly behind what is there.
    pub(super) fn mark(&mut self, text: &str) {
        self.blank = true;
        self.word(text);
    }

    /// An opening bracket, behind which no blank is needed.
    pub(super) fn bracket(&mut self, bracket: &str) {
        self.word(bracket);
        self.blank = true;
    }

    /// The lines of a scalar on the present line, the further ones in a column of their own.
    pub(super) fn lines(&mut self, text: &str, column: usize) {
        let mut at_break = false;
        for character in text.chars() {
            if is_break(character) {
                self.line_break(character);
                at_break = true;
            } else {
                // Empty lines get no blanks.
                if std::mem::take(&mut at_break) {
                    self.indent_to(column);
                }
                self.put(character);
                self.indentation = false;
            }
        }
    }

    /// The lines of a block scalar below its header.
    pub(super) fn block(&mut self, text: &str, column: usize) {
        self.blank = true;
        if !text.starts_with(is_break) {
            self.indent_to(column);
        }
        self.lines(text, column);
    }

    /// Ends the header of a block scalar.
    pub(super) fn end_header(&mut self) {
        self.line_break('\n');
    }

    /// Comment lines, with a blank before the first one if it needs one, the further ones in `column`.
    pub(super) fn comment(&mut self, comments: &[&str], column: usize) {
        if !self.blank {
            self.put(' ');
        }
        // A break inside of a comment, which only other formats have, begins another one.
        let lines = comments.iter().flat_map(|comment| comment.split(is_break));
        for (index, line) in lines.enumerate() {
            if index > 0 {
                self.indent_to(column);
            }
            self.put('#');
            line.chars().for_each(|character| self.put(character));
            self.line_break('\n');
        }
        self.blank = true;
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn line_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
        self.indentation = true;
    }
}

/// What Go's library takes for the end of a line.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
