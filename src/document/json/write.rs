//! New content as JSON.

use zeroize::Zeroizing;

use crate::document::{Fragment, Value, yaml};

/// How new content is laid out: as the file around it is.
pub(super) struct Writer<'w> {
    pub(super) out: Zeroizing<String>,
    /// What a level of collections adds to the indentation.
    pub(super) step: &'w str,
    /// Between a key and its value.
    pub(super) colon: &'w str,
    /// Between two children on one line.
    pub(super) comma: &'w str,
}

impl Writer<'_> {
    /// The children of a collection without its brackets. `line` is the line break and the indentation that
    /// each of them stands behind; without it they stand on one line.
    pub(super) fn children(&mut self, fragment: &Fragment, line: Option<&str>) {
        match fragment {
            Fragment::Mapping(entries) => {
                for (position, (key, value)) in entries.iter().enumerate() {
                    self.separate(position, line);
                    self.out.push_str(&quoted(key));
                    self.entry(value, line);
                }
            }
            Fragment::Sequence(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.separate(position, line);
                    self.value(item, line);
                }
            }
            _ => {}
        }
    }

    /// What follows a key.
    fn entry(&mut self, value: &Fragment, line: Option<&str>) {
        if let Fragment::Copied { source, .. } = value {
            self.out.push_str(self.colon.trim_end());
            return self.out.push_str(source);
        }
        self.out.push_str(self.colon);
        self.value(value, line);
    }

    /// A value that begins on a line with this break and indentation.
    pub(super) fn value(&mut self, fragment: &Fragment, line: Option<&str>) {
        let (open, close, empty) = match fragment {
            Fragment::Mapping(entries) => ('{', '}', entries.is_empty()),
            Fragment::Sequence(items) => ('[', ']', items.is_empty()),
            // Only what stands behind a key is copied.
            Fragment::Copied { content, .. } => return self.value(content, line),
            _ => return self.out.push_str(&scalar(fragment)),
        };
        let line = line.filter(|_| !empty);
        let inner = line.map(|line| format!("{line}{}", self.step));
        self.out.push(open);
        self.out.push_str(inner.as_deref().unwrap_or_default());
        self.children(fragment, inner.as_deref());
        self.out.push_str(line.unwrap_or_default());
        self.out.push(close);
    }

    fn separate(&mut self, position: usize, line: Option<&str>) {
        match line {
            _ if position == 0 => {}
            Some(line) => {
                self.out.push(',');
                self.out.push_str(line);
            }
            None => self.out.push_str(self.comma),
        }
    }
}

/// A scalar; nothing for collections.
fn scalar(fragment: &Fragment) -> Zeroizing<String> {
    match fragment {
        Fragment::Text(text) => quoted(text),
        Fragment::Quoted(text) | Fragment::Literal(text) => quoted(text),
        Fragment::Verbatim(source) => spell_typed(&yaml::plain_value(source)),
        Fragment::Value(value) => spell_typed(value),
        Fragment::Copied { .. } | Fragment::Mapping(_) | Fragment::Sequence(_) => {
            Zeroizing::default()
        }
    }
}

/// A text between quotes, with no more escapes than needed: those of RFC 8259, section 7, and U+2028 and U+2029,
/// which end a line in JavaScript.
pub(in crate::document) fn quoted(text: &str) -> Zeroizing<String> {
    // Reserved up front: a growing buffer would leave copies of a secret behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 6 + 2));
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value of any type. A time becomes text, for want of the type. Infinities and NaN cannot be written: what
/// Rust calls them is no JSON, so that the edit is refused.
pub(in crate::document) fn spell_typed(value: &Value) -> Zeroizing<String> {
    Zeroizing::new(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Time(text) => return quoted(text),
        Value::Text(text) => return quoted(text),
        Value::Float(float) => spell_float(*float),
    })
}

/// As Go prints it, and with it SOPS: an integral float as an integer, for JSON has one kind of number, and SOPS before
/// 3.13.2 took all of them for floats.
fn spell_float(float: f64) -> String {
    // The limits are those of Go's `encoding/json`, which has them from JavaScript.
    if float != 0.0 && !(1e-6..1e21).contains(&float.abs()) {
        let text = format!("{float:e}");
        return if float.abs() < 1.0 { text } else { text.replace('e', "e+") };
    }
    let text = float.to_string();
    if let Some((_, decimals)) = text.split_once('.') {
        // Of two texts that are equally near Rust takes the greater one and Go the even one.
        let even = format!("{float:.*}", decimals.len());
        return if even.parse() == Ok(float) { even } else { text };
    }
    // Without its sign it would be another number.
    if text == "-0" { "-0.0".to_owned() } else { text }
}
