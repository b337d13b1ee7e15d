//! A recipient more in the rules of a configuration, with everything else left as it is.
//!
//! ```yaml
//! age: age1a            # → age1a,age1b
//! age: >-               # one more line
//!   age1a,
//!   age1b
//! age: [age1a]          # one more item
//! key_groups:           # the same in the only group; several are refused
//!   - age: [age1a]
//! ```
//!
//! An anchor that several rules share is changed once.

use std::collections::HashSet;
use std::path::Path;

use zeroize::Zeroizing;

use super::Error;
use crate::document::{
    Document, EditError, Edits, Fragment, Kind, NodeId, Placement, Style, Value,
};
use crate::layout;
use crate::sops::rules::Config;

/// The configuration with a recipient in every rule; `None` where it is in all of them already.
pub(super) fn add(
    document: &Document,
    path: &Path,
    recipient: &str,
) -> Result<Option<Document>, Error> {
    let refused = |source| layout::Error::Rules { path: path.to_owned(), source };
    let config = Config::parse(document, path).map_err(refused)?;
    let list = document
        .roots()
        .first()
        .and_then(|root| document.lookup(root.node, "creation_rules"))
        .map(|list| document.target(list));
    let rules: Vec<NodeId> = list.map_or_else(Vec::new, |list| document.items(list).collect());
    if rules.is_empty() {
        return Err(Error::NoRules { path: path.to_owned() });
    }
    let mut edits = Edits::new(document);
    let mut done = HashSet::new();
    for (node, rule) in rules.into_iter().zip(config.rules()) {
        let rule = rule.map_err(|error| refused(error.clone()))?;
        let mut known = rule.groups.iter().flat_map(|group| &group.recipients);
        if known.any(|known| known.text() == recipient) {
            continue;
        }
        if rule.groups.len() > 1 {
            let (path, position) = (path.to_owned(), rule.position);
            return Err(Error::Groups { path, position, count: rule.groups.len() });
        }
        let failed = |source| Error::Edit { path: path.to_owned(), source };
        extend(document, document.target(node), recipient, &mut done, &mut edits)
            .map_err(failed)?;
    }
    if edits.is_empty() {
        return Ok(None);
    }
    let edited = edits.apply().map_err(|source| Error::Edit { path: path.to_owned(), source })?;
    Ok(Some(edited))
}

/// Adds a recipient to a rule, or to the group that it has.
fn extend(
    document: &Document,
    rule: NodeId,
    recipient: &str,
    done: &mut HashSet<NodeId>,
    edits: &mut Edits<'_>,
) -> Result<(), EditError> {
    let groups = document.lookup(rule, "key_groups").map(|groups| document.target(groups));
    let group = groups.and_then(|groups| document.items(groups).next());
    let holder = group.map_or(rule, |group| document.target(group));
    let item = || Fragment::text(recipient);
    let Some(age) = document.lookup(holder, "age").map(|age| document.target(age)) else {
        // The holder may be an anchor of several rules.
        if !done.insert(holder) {
            return Ok(());
        }
        // SOPS wants a list in a group.
        let value = if group.is_some() { Fragment::Sequence(vec![item()]) } else { item() };
        return edits.insert_entry(holder, Placement::Last, "age", value);
    };
    if !done.insert(age) {
        return Ok(());
    }
    match document.node(age).kind {
        Kind::Sequence(_) => edits.insert_item(age, Placement::Last, item()),
        _ => match document.text(age).map(str::trim_end).filter(|text| !text.is_empty()) {
            Some(_) if !matches!(document.value(age), Some(Ok(Value::Null))) => {
                append(document, age, recipient, edits)
            }
            _ => edits.replace(age, &item()),
        },
    }
}

/// Appends a recipient to a text of recipients: as a further line where each has a line of its own.
fn append(
    document: &Document,
    age: NodeId,
    recipient: &str,
    edits: &mut Edits<'_>,
) -> Result<(), EditError> {
    let text = document.text(age).unwrap_or_default();
    let bare = text.trim_end().trim_end_matches(',');
    if let Kind::Scalar(style @ (Style::Literal | Style::Folded)) = document.node(age).kind {
        let source = &document.source()[document.node(age).span.clone()];
        let body = source.trim_end().trim_end_matches(',');
        let end = &source[source.trim_end().len()..];
        if let Some(line) = body.rfind('\n').map(|at| &body[at + 1..]) {
            let indentation = &line[..line.len() - line.trim_start().len()];
            let line_break = document.line_break();
            let separator = if style == Style::Folded { " " } else { "\n" };
            let text = format!("{bare},{separator}{recipient}{}", &text[text.trim_end().len()..]);
            let source = format!("{body},{line_break}{indentation}{recipient}{end}");
            return edits.set_source(age, Zeroizing::new(source), Value::text(text));
        }
    }
    let separator = if bare.contains(", ") { ", " } else { "," };
    edits.set_text(age, &format!("{bare}{separator}{recipient}"))
}
