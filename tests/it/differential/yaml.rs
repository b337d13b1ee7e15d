//! Random YAML: every way to write a scalar, comments wherever there may be one, nesting, anchors, streams.
//!
//! Only what sops accepts is written, so no top-level lists, keys that are not strings, or integers that do
//! not fit. What sops itself cannot read back is left out as well: text that begins with a blank in a block
//! scalar of a list, for which its emitter writes a wrong indentation.

use super::draw::Draw;
use super::sample::{Format, Frame, Sample};

/// Plain scalars and tagged ones: each way of writing each type, and the texts that only look like them.
const SCALARS: &[&str] = &[
    "true",
    "True",
    "FALSE",
    "~",
    "null",
    "Null",
    "yes",
    "no",
    "on",
    "Off",
    "y",
    "n",
    "nULL",
    "0",
    "42",
    "-42",
    "+12",
    "0755",
    "0o17",
    "0x1F",
    "0X1f",
    "0b101",
    "-0b11",
    "1_000",
    "12345_54321",
    "9223372036854775807",
    "-9223372036854775808",
    "0777_",
    "08",
    "019",
    "-0",
    "1.0",
    "1.50",
    "-0.0",
    "3.14",
    ".5",
    "+.5",
    "5.",
    "1e3",
    "1E3",
    "1e+21",
    "1e-7",
    "123456789.0",
    "1234567890123456789012",
    "1_0.5",
    "1e400",
    ".inf",
    "-.Inf",
    "+.INF",
    ".nan",
    ".NaN",
    "1:30",
    "190:20:30",
    "1.2.3",
    "1,000",
    "0o8",
    "0b12",
    "0x",
    "-",
    "--",
    ".",
    "+",
    "infinity",
    ".1_0",
    "2024-01-02",
    "2001-1-1",
    "2024-01-02T03:04:05Z",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10",
    "2001-12-14T21:59:43",
    "2001-12-14 21:59:43 -5",
    "2024-13-01",
    "plain words",
    "a:b",
    "a#b",
    "-x",
    "?x",
    ":x",
    "C:\\x",
    "a,b",
    "=",
    "x: y",
    "http://x/?a=b#c",
    "!!str 42",
    "!!int \"7\"",
    "!!float 3",
    "!!bool \"true\"",
    "! 3",
    "!env FOO",
    "!!null ''",
    "\u{e4}\u{f6}",
    "\u{65e5}\u{672c}\u{8a9e}",
    "\u{1f510}",
    "TESTonly",
];

/// A file of one to three documents.
pub(super) fn sample(draw: &mut Draw) -> Sample {
    let mut writer = Writer { draw, out: String::new(), serial: 0, aliases: false, lists: 0 };
    let mut parts = Vec::new();
    let documents = [1, 1, 1, 2, 3][writer.draw.below(5)];
    for document in 0..documents {
        if document > 0 || writer.draw.percent(15) {
            let mark =
                writer.draw.one(&["---\n", "---\n", "--- # mark\n", "---\n# after the mark\n"]);
            parts.push(mark.as_bytes().to_vec());
        }
        for _ in 0..1 + writer.draw.below(6) {
            writer.entry(0, 3);
            parts.push(std::mem::take(&mut writer.out).into_bytes());
        }
        writer.comments(0, 30);
        if !writer.out.is_empty() {
            let foot = std::mem::take(&mut writer.out).into_bytes();
            parts.last_mut().expect("a document has entries").extend(foot);
        }
    }
    let exact = !writer.aliases;
    let frame = Frame {
        head: if draw.percent(3) { "\u{feff}" } else { "" },
        crlf: draw.percent(8),
        open_end: draw.percent(15),
        ..Frame::default()
    };
    Sample { format: Format::Yaml, frame, parts, flags: Vec::new(), exact }
}

struct Writer<'d> {
    draw: &'d mut Draw,
    out: String,
    /// Makes keys and anchors unique in the file.
    serial: usize,
    /// Whether there is an alias somewhere.
    aliases: bool,
    /// How many lists are around.
    lists: usize,
}

impl Writer<'_> {
    /// A key with its value and the comments above it, in a mapping that begins at a column.
    fn entry(&mut self, column: usize, depth: usize) {
        self.comments(column, 35);
        self.indent(column);
        self.key_and_value(column, depth);
    }

    fn key_and_value(&mut self, column: usize, depth: usize) {
        self.key();
        self.value(column, depth, false);
    }

    fn key(&mut self) {
        self.serial += 1;
        let number = self.serial;
        let end = self.draw.one(&["", "", "", "_secret", "_clear", "-x.y", "/z", "\u{e9}", " b"]);
        let key = format!("k{number}{end}");
        self.out += &match self.draw.below(12) {
            0 => format!("'{key}: it''s'"),
            1 => format!("\"{key}\\u00e4\\t\""),
            2 => format!("\"{key} # no\" "),
            3 => format!("\u{43a}\u{43b}{key}"),
            4 => format!("{key}:c"),
            _ => key,
        };
        self.out.push(':');
    }

    /// Everything behind a `:` or a `-`, with the end of the line. `listed` is true behind a `-`.
    fn value(&mut self, column: usize, depth: usize, listed: bool) {
        match self.draw.below(if depth == 0 { 10 } else { 15 }) {
            0..=3 => self.scalar(),
            4 => self.single(),
            5 | 6 => self.double(),
            7 => self.block_scalar(column),
            8 => self.tail(),
            9 => self.flow(),
            10 | 11 => self.mapping(column, depth, listed),
            12 | 13 => self.sequence(column, depth),
            _ => self.anchored(column, listed),
        }
    }

    fn scalar(&mut self) {
        let text = self.draw.one(SCALARS);
        // `x: y` is no plain scalar; and a lone `-` or `?` would begin a collection.
        let text = if text.contains(": ") || text == "-" { "TESTonly" } else { text };
        self.out += &format!(" {text}");
        self.tail();
    }

    fn single(&mut self) {
        let text = self.draw.text(true).replace('\'', "''");
        self.out += &format!(" '{}'", text.replace('\u{feff}', ""));
        self.tail();
    }

    fn double(&mut self) {
        let mut text = String::new();
        for character in self.draw.text(true).chars() {
            match character {
                '"' => text += "\\\"",
                '\\' => text += "\\\\",
                '\u{feff}' => text += "\\uFEFF",
                other if self.draw.percent(3) => text += &format!("\\U{:08x}", u32::from(other)),
                other => text.push(other),
            }
        }
        if self.draw.percent(20) {
            let escapes =
                ["\\n", "\\t", "\\0", "\\x41", "\\e", "\\_", "\\a\\L", "\\r\\n", "\\a", "\\N"];
            text += self.draw.one(&escapes);
        }
        self.out += &format!(" \"{text}\"");
        self.tail();
    }

    fn block_scalar(&mut self, column: usize) {
        let header = self.draw.one(&["|", "|-", "|+", ">", ">-", "|2", "|-2"]);
        let indented = header.contains('2');
        let indented = indented && self.lists == 0;
        let header = if indented { header } else { header.trim_matches('2') };
        self.out += &format!(" {header}");
        // A comment behind the header of a folded scalar costs its folds; see the known differences.
        if header.starts_with('|') && self.draw.percent(10) {
            self.out += " # behind the header";
        }
        self.out.push('\n');
        for number in 0..1 + self.draw.below(4) {
            let line = self.draw.one(&[
                "TESTonly text",
                "# not a comment",
                "a: b",
                "ends in a blank ",
                "",
                "  more",
                "\u{e4} \u{1f510}",
                "tab\there",
                "\"quoted\"",
                "--- no mark",
            ]);
            // The first line tells the indentation, unless the header does.
            let line = if number == 0 && !indented { "first" } else { line };
            if !line.is_empty() {
                self.indent(column + 2);
            }
            self.out += line;
            self.out.push('\n');
        }
    }

    fn mapping(&mut self, column: usize, depth: usize, listed: bool) {
        let step = [2, 2, 4, 3][self.draw.below(4)];
        if listed && self.draw.percent(60) {
            self.out.push(' ');
            self.key_and_value(column + 2, depth - 1);
            for _ in 0..self.draw.below(3) {
                self.entry(column + 2, depth - 1);
            }
            return;
        }
        self.tail();
        for _ in 0..1 + self.draw.below(3) {
            self.entry(column + step, depth - 1);
        }
        self.closing_comments(column + step);
    }

    fn sequence(&mut self, column: usize, depth: usize) {
        // The items of a list may stand at the column of its key, but not those of a list in a list.
        let step = [2, 2, 4][self.draw.below(3)];
        self.tail();
        for _ in 0..1 + self.draw.below(4) {
            self.comments(column + step, 35);
            self.indent(column + step);
            self.out.push('-');
            self.lists += 1;
            self.value(column + step, depth - 1, true);
            self.lists -= 1;
        }
        self.closing_comments(column + step);
    }

    fn flow(&mut self) {
        self.out.push(' ');
        self.flow_node(2);
        // sops makes a comment behind empty brackets the only item between them.
        let empty = self.out.ends_with("[]") || self.out.ends_with("{ }");
        if empty { self.out.push('\n') } else { self.tail() }
    }

    fn flow_node(&mut self, depth: usize) {
        match self.draw.below(if depth == 0 { 3 } else { 5 }) {
            0 => self.out += self.draw.one(&["1", "2.50", "true", "~", "word", "0755", "\u{e4}"]),
            1 => self.out += "'it''s, {x}'",
            2 => self.out += "\"a\\tb # c\"",
            3 => {
                self.out.push('[');
                for number in 0..self.draw.below(4) {
                    self.out += if number > 0 { ", " } else { "" };
                    self.flow_node(depth - 1);
                }
                self.out.push(']');
            }
            _ => {
                self.out.push('{');
                for number in 0..self.draw.below(3) {
                    self.out += if number > 0 { ", " } else { " " };
                    self.key();
                    self.out.push(' ');
                    self.flow_node(depth - 1);
                }
                self.out += " }";
            }
        }
    }

    /// A list whose first item is named and whose second is the alias.
    fn anchored(&mut self, column: usize, listed: bool) {
        if listed || self.draw.percent(70) {
            return self.scalar();
        }
        self.aliases = true;
        self.serial += 1;
        let name = format!("a{}", self.serial);
        self.out.push('\n');
        let indent = " ".repeat(column + 2);
        let named = self.draw.one(&["TESTonly", "42", "\"q\"", "{x: 1, y: [a]}", "[1, two]"]);
        self.out += &format!("{indent}- &{name} {named}\n{indent}- *{name}\n");
        if named.starts_with('{') {
            self.out += &format!("{indent}- <<: *{name}\n{indent}  z: 3\n");
        }
    }

    /// Blanks and a comment, perhaps, and the end of the line.
    fn tail(&mut self) {
        let tail = match self.draw.below(10) {
            0 => " # inline TESTonly",
            1 => "   #tight",
            2 => "  ",
            _ => "",
        };
        self.out += tail;
        self.out.push('\n');
    }

    /// Comments and blank lines of their own, in so many of a hundred cases.
    fn comments(&mut self, column: usize, chance: usize) {
        while self.draw.percent(chance) {
            // None is empty: sops makes an item `""` of it in a list.
            let line =
                self.draw.one(&["", "", "# TESTonly", "#tight", "## two", "# a: b", "# 'x'"]);
            let is_odd = self.draw.percent(30);
            if !line.is_empty() {
                let column = if is_odd { self.draw.below(9) } else { column };
                self.indent(column);
            }
            self.out += line;
            self.out.push('\n');
        }
    }

    /// Comments at the end of a block.
    fn closing_comments(&mut self, column: usize) {
        self.comments(column, 25);
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}
