//! Random choices that depend on a seed alone: SplitMix64.

/// A source of choices.
pub(super) struct Draw(u64);

impl Draw {
    /// The choices of the file with this number in the run of this seed.
    pub(super) fn new(seed: u64, file: u64) -> Draw {
        let mut draw = Draw(seed ^ file.wrapping_mul(0xd134_2543_de82_ef95));
        draw.next();
        draw
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit; the limits are small, so its bias does not matter.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 32).expect("32 bits fit") % limit
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Some words with what is special somewhere, on one line; `awkward` for any kind of character, otherwise
    /// only letters, digits and blanks between words.
    pub(super) fn line(&mut self, awkward: bool) -> String {
        const WORDS: &[&str] = &["TESTonly", "s3cret", "x", "42", "true", "null", "of", "the", "é"];
        const AWKWARD: &[&str] = &[
            "#",
            " # ",
            ": ",
            ":",
            "'",
            "\"",
            "\\",
            "\\n",
            "=",
            "%",
            "@",
            "`",
            "{",
            "}",
            "[",
            "]",
            ",",
            "&",
            "*",
            "!",
            "|",
            ">",
            "- ",
            "?",
            "~",
            "\u{e4}",
            "\u{65e5}\u{672c}",
            "\u{1f510}",
            "e\u{301}",
            "\u{a0}",
            "\u{feff}",
            "ENC[",
            "<a>",
            "$(x)",
            "--",
            ";",
            "/",
            "  ",
        ];
        let mut text = String::new();
        for _ in 0..=self.below(4) {
            if awkward && self.percent(50) {
                text += self.one(AWKWARD);
            } else {
                if !text.is_empty() {
                    text.push(' ');
                }
                text += self.one(WORDS);
            }
        }
        text
    }

    /// A text that is long now and then: past the buffers and line widths of every program.
    pub(super) fn text(&mut self, awkward: bool) -> String {
        match self.below(200) {
            0 => "TESTonly ".repeat(8_000),
            1..=9 => String::new(),
            10..=19 => "TESTonly ".repeat(20).trim_end().to_owned(),
            _ => self.line(awkward),
        }
    }
}
