//! New content as YAML: fragments in block and in flow style.

use zeroize::Zeroizing;

use super::scalar::{Spelling, spell, spell_typed};
use crate::document::{Fragment, Style, Value};

/// How a file indents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Indentation {
    /// Columns from a mapping to a mapping inside of it.
    pub step: usize,
    /// Columns from a mapping to the dashes of a sequence inside of it.
    pub dash: usize,
}

impl Default for Indentation {
    fn default() -> Self {
        Indentation { step: 2, dash: 2 }
    }
}

/// Writes a fragment in block style with its first line at `column`, the later lines indented for it.
/// The result has no final line break.
pub(in crate::document) fn write_block(
    fragment: &Fragment,
    column: usize,
    indentation: Indentation,
    line_break: &str,
) -> Zeroizing<String> {
    let mut writer =
        Writer { out: Zeroizing::new(String::with_capacity(4096)), indentation, line_break };
    writer.block(fragment, column);
    writer.out
}

/// Writes a fragment in flow style, on one line.
pub(in crate::document) fn write_flow(fragment: &Fragment) -> Zeroizing<String> {
    let indentation = Indentation::default();
    let mut writer =
        Writer { out: Zeroizing::new(String::with_capacity(4096)), indentation, line_break: "\n" };
    writer.flow(fragment);
    writer.out
}

/// A text in the shortest style that holds it.
pub(in crate::document) fn shortest(
    text: &str,
    context: Spelling<'_>,
) -> (Style, Zeroizing<String>) {
    let several_lines = text.trim_end_matches('\n').contains('\n');
    // Double quotes where nothing has to be escaped in them, as in `"true"` and `"5432"`.
    let calm = !text.contains(|c: char| c == '"' || c == '\\' || c.is_control());
    let order: &[Style] = match (several_lines, calm) {
        (true, _) => &[Style::Literal, Style::DoubleQuoted],
        (false, true) => &[Style::Plain, Style::DoubleQuoted],
        (false, false) => &[Style::Plain, Style::SingleQuoted, Style::DoubleQuoted],
    };
    order
        .iter()
        .find_map(|style| Some((*style, spell(text, *style, context)?)))
        .expect("double quotes hold every text")
}

struct Writer<'w> {
    out: Zeroizing<String>,
    indentation: Indentation,
    line_break: &'w str,
}

impl Writer<'_> {
    fn block(&mut self, fragment: &Fragment, column: usize) {
        match fragment {
            Fragment::Mapping(entries) if !entries.is_empty() => {
                for (position, (key, value)) in entries.iter().enumerate() {
                    if position > 0 {
                        self.line(column);
                    }
                    self.scalar(key, false);
                    self.out.push(':');
                    self.value(value, column);
                }
            }
            Fragment::Sequence(items) if !items.is_empty() => {
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.line(column);
                    }
                    self.out.push_str("- ");
                    self.block(item, column + 2);
                }
            }
            Fragment::Literal(text) => self.literal(text, column),
            Fragment::Text(text) | Fragment::Value(Value::Text(text)) => self.scalar(text, false),
            _ => self.flow(fragment),
        }
    }

    /// What follows `key:`.
    fn value(&mut self, value: &Fragment, column: usize) {
        if let Fragment::Copied { source, .. } = value {
            return self.out.push_str(source);
        }
        let inner = match value {
            Fragment::Mapping(entries) if !entries.is_empty() => column + self.indentation.step,
            Fragment::Sequence(items) if !items.is_empty() => column + self.indentation.dash,
            _ => {
                self.out.push(' ');
                return self.block(value, column);
            }
        };
        self.line(inner);
        self.block(value, inner);
    }

    fn flow(&mut self, fragment: &Fragment) {
        match fragment {
            Fragment::Text(text) => self.scalar(text, true),
            Fragment::Quoted(text) | Fragment::Literal(text) => {
                let quoted = spell(text, Style::DoubleQuoted, flow_context());
                self.out.push_str(&quoted.expect("double quotes hold every text"));
            }
            Fragment::Verbatim(source) => self.out.push_str(source),
            // Only what stands behind a key is copied.
            Fragment::Copied { content, .. } => self.flow(content),
            Fragment::Value(Value::Text(text)) => self.scalar(text, true),
            Fragment::Value(value) => self.out.push_str(&spell_typed(value)),
            Fragment::Mapping(entries) => {
                self.out.push('{');
                for (position, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if position > 0 { ", " } else { "" });
                    self.scalar(key, true);
                    self.out.push_str(": ");
                    self.flow(value);
                }
                self.out.push('}');
            }
            Fragment::Sequence(items) => {
                self.out.push('[');
                for (position, item) in items.iter().enumerate() {
                    self.out.push_str(if position > 0 { ", " } else { "" });
                    self.flow(item);
                }
                self.out.push(']');
            }
        }
    }

    fn scalar(&mut self, text: &str, in_flow: bool) {
        let (_, spelled) = shortest(text, Spelling { in_flow, ..flow_context() });
        self.out.push_str(&spelled);
    }

    /// SOPS puts the lines of a literal at the next multiple of its step.
    fn literal(&mut self, text: &str, column: usize) {
        let step = self.indentation.step;
        let context = Spelling {
            in_flow: false,
            indent: (column / step + 1) * step,
            line_break: self.line_break,
            ..flow_context()
        };
        let spelled = spell(text, Style::Literal, context);
        self.out.push_str(&spelled.unwrap_or_else(|| shortest(text, flow_context()).1));
    }

    fn line(&mut self, column: usize) {
        self.out.push_str(self.line_break);
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

/// A place where only one-line spellings are possible.
fn flow_context() -> Spelling<'static> {
    Spelling { in_flow: true, followed: false, header: None, indent: 0, line_break: "\n" }
}
