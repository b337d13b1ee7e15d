//! INI: a section for each mapping, its equals signs aligned.
//!
//! ```text
//! ; the comment at the head of the section
//! [pilot]
//! name = rei
//! ; the last comment behind `sync`, which SOPS holds for its own
//! sync = 41.3
//! ```
//!
//! Other comments are left out, as are those between sections.

use super::{Branch, EmitError, Node, Output, Zeroizing, as_text};
use crate::document::Value;
use crate::sops::tree::Item;

/// A key with what is written for it.
struct Key<'t> {
    name: &'t str,
    value: &'t Value,
    comment: &'t str,
}

/// Writes the sections of all documents one after the other.
pub(super) fn emit(branches: &[Branch]) -> Result<Zeroizing<String>, EmitError> {
    let entries: Vec<(&str, &Branch)> = branches
        .iter()
        .flat_map(|branch| &branch.items)
        .filter_map(|item| match item {
            Item::Entry(name, Node::Branch(section)) => Some(Ok((name.as_str(), section))),
            Item::Entry(name, _) => Some(Err(EmitError::NotASection(name.clone()))),
            Item::Comment(_) => None,
        })
        .collect::<Result<_, _>>()?;
    let mut out = Output::new();
    for (index, (name, section)) in entries.iter().enumerate() {
        let (comment, keys) = read(name, section)?;
        write_comment(&mut out, comment, |line| line);
        // The keys in front of the first header are the section `DEFAULT`.
        if index > 0 || !name.eq_ignore_ascii_case("DEFAULT") {
            out.push('[');
            out.push_str(name);
            out.push_str("]\n");
        } else if keys.is_empty() {
            continue;
        }
        write_keys(&mut out, &keys);
        if index + 1 < entries.len() {
            out.push('\n');
        }
    }
    Ok(out.0)
}

/// The comment of a section and its keys.
fn read<'t>(name: &str, section: &'t Branch) -> Result<(&'t str, Vec<Key<'t>>), EmitError> {
    let comment = match section.items.first() {
        Some(Item::Comment(comment)) => comment.text.as_str(),
        _ => "",
    };
    let mut keys: Vec<Key<'_>> = Vec::new();
    // The key that comments behind it belong to.
    let mut last = None;
    for item in &section.items {
        match item {
            Item::Comment(comment) => {
                if let Some(last) = last {
                    let key: &mut Key<'_> = &mut keys[last];
                    key.comment = &comment.text;
                }
            }
            Item::Entry(key, Node::Scalar(value)) => {
                let known = keys.iter().position(|other| other.name == key);
                match known {
                    Some(index) => keys[index].value = value,
                    None => keys.push(Key { name: key, value, comment: "" }),
                }
                last = Some(known.unwrap_or(keys.len() - 1));
            }
            Item::Entry(key, _) => {
                return Err(EmitError::Nested { section: name.to_owned(), key: key.clone() });
            }
        }
    }
    if name.is_empty() || keys.iter().any(|key| key.name.is_empty()) {
        return Err(EmitError::EmptyName);
    }
    Ok((comment, keys))
}

fn write_keys(out: &mut Output, keys: &[Key<'_>]) {
    // In bytes, as the library aligns them.
    let width = |key: &Key<'_>| key.name.len() + 2 * quote_of_name(key.name).len();
    let widest = keys.iter().map(width).max().unwrap_or(0);
    for key in keys {
        write_comment(out, key.comment, str::trim);
        let quote = quote_of_name(key.name);
        for part in [quote, key.name, quote] {
            out.push_str(part);
        }
        for _ in width(key)..widest {
            out.push(' ');
        }
        let value = as_text(key.value);
        let quote = quote_of_value(&value);
        for part in [" = ", quote, &value, quote, "\n"] {
            out.push_str(part);
        }
    }
}

/// Writes a comment, if there is one; lines without a marker get `;` and go through `shape`.
fn write_comment(out: &mut Output, comment: &str, shape: fn(&str) -> &str) {
    if comment.is_empty() {
        return;
    }
    for line in comment.split('\n') {
        let (marker, text) = match line.split_at_checked(1) {
            Some((marker @ ("#" | ";"), rest)) => (marker, rest.trim()),
            _ => (";", shape(line)),
        };
        for part in [marker, " ", text, "\n"] {
            out.push_str(part);
        }
    }
}

fn quote_of_name(name: &str) -> &'static str {
    if name.contains(['"', '=', ':']) {
        "`"
    } else if name.contains('`') {
        "\"\"\""
    } else {
        ""
    }
}

fn quote_of_value(value: &str) -> &'static str {
    if value.contains(['\n', '`']) {
        "\"\"\""
    } else if value.contains(['#', ';']) {
        "`"
    } else if value.trim().len() != value.len() {
        "\""
    } else {
        ""
    }
}
