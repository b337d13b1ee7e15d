//! JSON: one member a line, strings as Go's encoder writes them – safe inside of HTML. Comments are left out.

use std::fmt::Write as _;

use super::{Branch, EmitError, Node, Output, Zeroizing, number};
use crate::document::{Component, Route, Value};
use crate::sops::tree::{Element, Item};

/// Writes a file.
pub(super) fn emit(branch: &Branch, indent: Option<usize>) -> Result<Zeroizing<String>, EmitError> {
    let mut writer = Writer::lines(indent);
    writer.branch(branch).map_err(NotFinite::finish)?;
    writer.out.push('\n');
    Ok(writer.out.0)
}

/// Writes one value, without a line break behind it.
pub(super) fn emit_value(
    node: &Node,
    indent: Option<usize>,
) -> Result<Zeroizing<String>, EmitError> {
    let mut writer = Writer::lines(indent);
    writer.node(node).map_err(NotFinite::finish)?;
    Ok(writer.out.0)
}

/// Writes one value without any blank or line break.
pub(super) fn emit_compact(node: &Node) -> Result<Zeroizing<String>, EmitError> {
    let mut writer = Writer { out: Output::new(), unit: None, level: 0 };
    writer.node(node).map_err(NotFinite::finish)?;
    Ok(writer.out.0)
}

struct Writer {
    out: Output,
    /// The indentation of one level; `None` for everything on one line.
    unit: Option<String>,
    level: usize,
}

/// The way to a float that has no JSON form, innermost component first.
struct NotFinite(Vec<Component>);

impl NotFinite {
    fn below(mut self, component: Component) -> Self {
        self.0.push(component);
        self
    }

    fn finish(mut self) -> EmitError {
        self.0.reverse();
        EmitError::NotFinite(Route(self.0))
    }
}

impl Writer {
    fn lines(indent: Option<usize>) -> Self {
        let unit = indent.map_or_else(|| "\t".to_owned(), |columns| " ".repeat(columns));
        Writer { out: Output::new(), unit: Some(unit), level: 0 }
    }

    fn node(&mut self, node: &Node) -> Result<(), NotFinite> {
        match node {
            Node::Scalar(value) => self.scalar(value),
            Node::Branch(branch) => self.branch(branch),
            Node::List(list) => self.list(list),
        }
    }

    fn branch(&mut self, branch: &Branch) -> Result<(), NotFinite> {
        let entries = branch.items.iter().filter_map(|item| match item {
            Item::Entry(key, value) => Some((key, value)),
            Item::Comment(_) => None,
        });
        self.collection(['{', '}'], entries, |writer, (key, value)| {
            writer.text(key);
            writer.out.push_str(if writer.unit.is_some() { ": " } else { ":" });
            writer.node(value).map_err(|error| error.below(Component::Key(key.clone())))
        })
    }

    fn list(&mut self, list: &[Element]) -> Result<(), NotFinite> {
        let values = list.iter().filter_map(|element| match element {
            Element::Value(value) => Some(value),
            Element::Comment(_) => None,
        });
        self.collection(['[', ']'], values.enumerate(), |writer, (index, value)| {
            writer.node(value).map_err(|error| error.below(Component::Index(index)))
        })
    }

    fn collection<T>(
        &mut self,
        [open, close]: [char; 2],
        members: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), NotFinite>,
    ) -> Result<(), NotFinite> {
        self.out.push(open);
        self.level += 1;
        let mut any = false;
        for member in members {
            if any {
                self.out.push(',');
            }
            any = true;
            self.new_line();
            write(self, member)?;
        }
        self.level -= 1;
        if any {
            self.new_line();
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self) {
        let Some(unit) = &self.unit else { return };
        self.out.push('\n');
        for _ in 0..self.level {
            self.out.push_str(unit);
        }
    }

    fn scalar(&mut self, value: &Value) -> Result<(), NotFinite> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Int(int) => self.out.push_str(&int.to_string()),
            Value::Float(float) if !float.is_finite() => return Err(NotFinite(Vec::new())),
            Value::Float(float) => self.out.push_str(&number::json(*float)),
            Value::Time(text) => self.text(text),
            Value::Text(text) => self.text(text),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    write!(self.out, "\\u{:04x}", u32::from(character))
                        .expect("writing to memory cannot fail");
                }
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }
}
