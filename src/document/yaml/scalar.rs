//! How a text is spelled as a scalar, in each of the five styles.
//!
//! [`spell`] writes a text in one style or says that this style cannot hold it. It never guesses: the
//! result is parsed again with the whole document, and a text that does not come back is refused.

use zeroize::Zeroizing;

use super::resolve::plain_is_safe;
use crate::document::{Style, Value};

/// Where a scalar is going to stand, as far as its spelling depends on it.
#[derive(Clone, Copy)]
pub(in crate::document) struct Spelling<'c> {
    /// Inside of brackets, where `,` and `]` end a plain scalar.
    pub in_flow: bool,
    /// Whether a comment follows on the line, so that no block can begin here.
    pub followed: bool,
    /// The header of the block scalar that is replaced, such as `|-  # why`; kept where it fits.
    pub header: Option<&'c str>,
    /// Column of a block scalar's lines, from 0.
    pub indent: usize,
    /// The file's line break.
    pub line_break: &'c str,
}

/// Spells `text` in a style, or `None` where the style cannot hold it.
pub(in crate::document) fn spell(
    text: &str,
    style: Style,
    context: Spelling<'_>,
) -> Option<Zeroizing<String>> {
    match style {
        Style::Plain => {
            plain_is_safe(text, context.in_flow).then(|| Zeroizing::new(text.to_owned()))
        }
        Style::SingleQuoted => single_quoted(text),
        Style::DoubleQuoted => Some(double_quoted(text)),
        Style::Literal | Style::Folded if context.in_flow || context.followed => None,
        Style::Literal | Style::Folded => block(text, style, context),
    }
}

/// The plain scalar for a value that is no text; texts are spelled by [`spell`].
pub(in crate::document) fn spell_typed(value: &Value) -> Zeroizing<String> {
    Zeroizing::new(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Time(text) => text.clone(),
        Value::Text(text) => text.to_string(),
        Value::Float(float) if float.is_nan() => ".nan".to_owned(),
        Value::Float(float) if float.is_infinite() => {
            if *float > 0.0 { ".inf" } else { "-.inf" }.to_owned()
        }
        // A float stays one: SOPS prints `1`, and then takes it for an integer.
        Value::Float(float) if float.fract() == 0.0 => format!("{float}.0"),
        Value::Float(float) => float.to_string(),
    })
}

/// The column of a block scalar's lines: what its first line with content has in front beyond the
/// blanks that belong to the value. `raw` is the scalar from its header on. `None` without content.
pub(in crate::document) fn indentation_of_block(raw: &str, text: &str) -> Option<usize> {
    let written = raw.lines().skip(1).find(|line| !line.trim().is_empty())?;
    let read = text.lines().find(|line| !line.trim().is_empty())?;
    leading_spaces(written).checked_sub(leading_spaces(read))
}

fn single_quoted(text: &str) -> Option<Zeroizing<String>> {
    let fits = !text.contains(|c: char| needs_escape(c) || c == '\n' || c == '\t');
    fits.then(|| Zeroizing::new(format!("'{}'", text.replace('\'', "''"))))
}

fn double_quoted(text: &str) -> Zeroizing<String> {
    // Reserved up front: a growing buffer would leave copies of a secret behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 10 + 2));
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            c if needs_escape(c) && (c as u32) < 0x100 => {
                out.push_str(&format!("\\x{:02X}", c as u32));
            }
            c if needs_escape(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that are not printable by YAML 1.2 section 5.1, or end a line in YAML 1.1.
fn needs_escape(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

fn block(text: &str, style: Style, context: Spelling<'_>) -> Option<Zeroizing<String>> {
    let blank_first =
        text.lines().find(|line| !line.is_empty()).is_none_or(|line| line.starts_with(' '));
    let indicator = context
        .header
        .is_some_and(|header| indicators(header).contains(|c: char| c.is_ascii_digit()));
    let only_breaks = text.chars().all(|c| c == '\n');
    let unfit = text.contains(|c: char| needs_escape(c) || c == '\r')
        || (blank_first && !only_breaks && !indicator);
    let body = text.trim_end_matches('\n');
    // Folding is the writer's taste: a text of several lines has no one folded form.
    let folded_lines = style == Style::Folded && (body.contains('\n') || body.starts_with(' '));
    if unfit || folded_lines {
        return None;
    }
    let chomping = match text.len() - body.len() {
        0 => Chomping::Strip,
        1 if !body.is_empty() => Chomping::Clip,
        _ => Chomping::Keep,
    };
    let mut out = Zeroizing::new(String::with_capacity(
        text.len() + (text.matches('\n').count() + 2) * (context.indent + 2) + 64,
    ));
    out.push_str(&header(style, chomping, text.is_empty(), context.header));
    let lines = if chomping == Chomping::Strip { text } else { &text[..text.len() - 1] };
    if !text.is_empty() {
        for line in lines.split('\n') {
            out.push_str(context.line_break);
            if !line.is_empty() {
                out.extend(std::iter::repeat_n(' ', context.indent));
                out.push_str(line);
            }
        }
    }
    Some(out)
}

/// The header that a text needs, in the words of the one that is there.
fn header(style: Style, chomping: Chomping, empty: bool, existing: Option<&str>) -> String {
    let symbol = if style == Style::Literal { '|' } else { '>' };
    let wanted = match chomping {
        Chomping::Strip => "-",
        Chomping::Clip => "",
        Chomping::Keep => "+",
    };
    let Some(existing) = existing else { return format!("{symbol}{wanted}") };
    let old = indicators(existing);
    let rest = &existing[old.len()..];
    let present = old.trim_matches(|c: char| c.is_ascii_digit() || c == '|' || c == '>');
    // `+` keeps one line break as well as several.
    let same_style = old.starts_with(symbol);
    if same_style && (empty || present == wanted || present == "+" && chomping == Chomping::Clip) {
        return existing.to_owned();
    }
    let digit: String = old.chars().filter(char::is_ascii_digit).collect();
    format!("{symbol}{digit}{wanted}{rest}")
}

/// The indicators of a header: `|2-` of `|2-  # why`.
fn indicators(header: &str) -> &str {
    &header[..header.find([' ', '\t', '#']).unwrap_or(header.len())]
}

fn leading_spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
