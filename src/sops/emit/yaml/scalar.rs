//! How one scalar is written: plain if it reads back as what it is, else in the first style that can hold it.
//!
//! | text | written |
//! |---|---|
//! | several lines | `\|` and the lines; `"…"` if a line ends with a blank |
//! | `true`, `1e3`, `0x1F`, `yes`, `1:30`, nothing at all | `"…"` |
//! | tabs, what cannot be printed, everything above U+FFFF | `"…"` |
//! | ` x`, `#x`, `a: b`, `- x` | `'…'` |
//! | `<<` | `!!merge <<` |

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::super::{Output, number};
use super::pen::{Pen, is_break};
use crate::document::{Style, Value, plain_is_text};

/// A scalar in the style that it is written in.
pub(super) struct Scalar<'t> {
    text: Text<'t>,
    style: Style,
}

enum Text<'t> {
    Borrowed(&'t str),
    Made(Zeroizing<String>),
}

impl<'t> Scalar<'t> {
    pub(super) fn of(value: &'t Value) -> Self {
        let made = match value {
            Value::Text(text) => return Scalar::of_text(text),
            Value::Null => "null".to_owned(),
            Value::Bool(bool) => bool.to_string(),
            Value::Int(int) => int.to_string(),
            Value::Float(float) => number::yaml(*float),
            Value::Time(time) => time.clone(),
        };
        Scalar { text: Text::Made(Zeroizing::new(made)), style: Style::Plain }
    }

    pub(super) fn of_text(text: &'t str) -> Self {
        Scalar { text: Text::Borrowed(text), style: style_of(text) }
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> usize {
        self.text().len()
    }

    /// Whether it takes several lines, however it is written.
    pub(super) fn has_breaks(&self) -> bool {
        self.text().contains(is_break)
    }

    /// Writes it inside of a collection in the column `outer`, further lines in `column`. A block scalar takes
    /// the comments that are to stand behind it into its header.
    pub(super) fn write(&self, pen: &mut Pen, outer: usize, column: usize, behind: &mut Vec<&str>) {
        let text = self.text();
        match self.style {
            Style::Plain if self.is_merge_key() => {
                pen.word("!!merge");
                pen.word(text);
            }
            Style::Plain => pen.word(text),
            Style::SingleQuoted => {
                pen.word("'");
                pen.lines(&Zeroizing::new(text.replace('\'', "''")), column);
                pen.mark("'");
            }
            Style::DoubleQuoted => pen.word(&double_quoted(text)),
            Style::Literal | Style::Folded => {
                pen.word(&header(text, column - outer));
                if behind.is_empty() {
                    pen.end_header();
                } else {
                    // On one line, all of them: the next line is content.
                    let comments = Zeroizing::new(behind.join(" #"));
                    pen.comment(&[&comments], column);
                    behind.clear();
                }
                pen.block(text, column);
            }
        }
    }

    fn text(&self) -> &str {
        match &self.text {
            Text::Borrowed(text) => text,
            Text::Made(text) => text,
        }
    }

    /// Untagged, `<<` is a merge key to Go's library, as a value too.
    fn is_merge_key(&self) -> bool {
        self.text() == "<<"
    }
}

/// The first style in the library's order that holds the text.
fn style_of(text: &str) -> Style {
    if text.contains('\n') {
        // Where blanks are to be counted for the indentation, a tab is an error: the library prints such a
        // block, fails to read it, and sops writes null.
        let block = text.chars().all(is_in_block)
            && !has_blank_before_break(text)
            && !text.starts_with('\t');
        return if block { Style::Literal } else { Style::DoubleQuoted };
    }
    let typed = !plain_is_text(text) || is_word_of_1_1(text) || is_base_60(text);
    if typed || !text.chars().all(is_printable) || has_blank_at_break(text) {
        Style::DoubleQuoted
    } else if needs_quotes(text) {
        Style::SingleQuoted
    } else {
        Style::Plain
    }
}

fn is_in_block(character: char) -> bool {
    character == '\t' || is_printable(character)
}

/// Without escape. Line feeds are no obstacle by themselves, and characters above U+FFFF need one.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && character != '\u{feff}'
}

/// A blank at the end of a line, the last one included.
fn has_blank_before_break(text: &str) -> bool {
    text.split(is_break).any(|line| line.ends_with(' '))
}

/// Blanks on either side of a break other than a line feed would be folded away between single quotes.
fn has_blank_at_break(text: &str) -> bool {
    let mut lines = text.split(is_break).peekable();
    let mut first = true;
    while let Some(line) = lines.next() {
        let begins = !std::mem::take(&mut first) && line.starts_with(' ');
        if begins || lines.peek().is_some() && line.ends_with(' ') {
            return true;
        }
    }
    false
}

/// Whether the text, which no reader takes for another type, is no plain scalar by its characters.
fn needs_quotes(text: &str) -> bool {
    let indicator = text.starts_with([
        '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
    ]);
    let before_blank = |text: &str| text.is_empty() || text.starts_with([' ', '\t']);
    indicator
        || text.strip_prefix(['-', '?', ':']).is_some_and(before_blank)
        || text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.match_indices(':').any(|(at, _)| before_blank(&text[at + 1..]))
        || text.contains(" #")
        || text.contains(is_break)
}

/// The words that are booleans in YAML 1.1 and text to Go's library.
fn is_word_of_1_1(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let sixty = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [b'0'..=b'5', ones] => ones.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|digit: char| digit.is_ascii_digit())
        && digits(first)
        && whole.contains(':')
        && parts.all(sixty)
        && digits(fraction)
}

/// `|`, how deep the lines stand if their own blanks would hide it, and what becomes of the breaks at the end.
fn header(text: &str, indentation: usize) -> String {
    let mut header = "|".to_owned();
    if text.starts_with(' ') || text.starts_with(is_break) {
        write!(header, "{indentation}").expect("writing to a string cannot fail");
    }
    let body = text.trim_end_matches(is_break);
    match text[body.len()..].chars().count() {
        0 => header.push('-'),
        1 if !body.is_empty() => {}
        _ => header.push('+'),
    }
    header
}

fn double_quoted(text: &str) -> Zeroizing<String> {
    // The library looks for a byte order mark at the text's beginning wherever it is in it.
    let all = text.starts_with('\u{feff}');
    let mut out = Output::new();
    out.push('"');
    for character in text.chars() {
        let raw =
            is_printable(character) && !is_break(character) && !matches!(character, '"' | '\\');
        if raw && !all {
            out.push(character);
        } else {
            escape(&mut out, character);
        }
    }
    out.push('"');
    out.0
}

fn escape(out: &mut Output, character: char) {
    let letter = match character {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        other => {
            let code = u32::from(other);
            match code {
                0..=0xff => write!(out, "\\x{code:02X}"),
                0x100..=0xffff => write!(out, "\\u{code:04X}"),
                _ => write!(out, "\\U{code:08X}"),
            }
            .expect("writing to memory cannot fail");
            return;
        }
    };
    out.push('\\');
    out.push(letter);
}
