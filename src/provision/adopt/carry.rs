//! The text of an entry of `spec.managed.roles` as the `spec` of a `DatabaseRole`: byte for byte, but for indentation.
//!
//! ```text
//! # --- reading ----            spec:
//! - name: miniflux                cluster:
//!   ensure: present                 name: postgres-apps
//!   superuser: false  # why  ⇒    # --- reading ----
//!                                 name: miniflux
//!                                 superuser: false  # why
//! ```
//!
//! `ensure` is left out: an object that is there is present. Comments on it, and those right above the entry, become
//! lines of their own. What is refused: merge keys, aliases beside comments, comments inside of braces – and an anchor
//! that something else refers to, when the entry is removed.

use std::ops::Range;

use crate::document::{Comment, Document, Fragment, Kind, Layout, NodeId, Value};
use crate::kube::cluster::Role;

/// Where an entry is carried to.
pub(super) struct Target<'t> {
    /// The Cluster's name.
    pub(super) cluster: &'t str,
    /// Columns per level.
    pub(super) step: usize,
    /// The line break there.
    pub(super) line_break: &'t str,
}

/// What an entry becomes.
pub(super) struct Carried {
    /// The `spec`.
    pub(super) spec: Vec<(String, Fragment)>,
    /// The comments of the old document that are in it.
    pub(super) comments: Vec<Range<usize>>,
}

/// One attribute on its way.
struct Piece {
    key: String,
    source: String,
    comments: Vec<String>,
    content: Fragment,
}

/// The spec of an object that says the same as an entry; else what cannot be carried.
pub(super) fn carry(role: Role<'_>, target: &Target<'_>) -> Result<Carried, &'static str> {
    let document = role.entry.document;
    let entry = role.entry.node;
    let is_flow = document.node(entry).kind == Kind::Mapping(Layout::Flow);
    let pad = format!("{}{}", target.line_break, " ".repeat(target.step));
    let inner = " ".repeat(target.step);
    let cluster = Fragment::text(target.cluster);
    let mut pieces = vec![Piece {
        key: "cluster".to_owned(),
        source: format!("{pad}{inner}name: {}", plain(target.cluster)?),
        comments: Vec::new(),
        content: Fragment::mapping([("name", cluster)]),
    }];
    let mut seen = Vec::new();
    let heading = document.heading_of(entry);
    append(&mut pieces, document, &heading, &pad, &mut seen);
    let entries: Vec<(NodeId, NodeId)> = document.entries(entry).collect();
    for (position, (key, value)) in entries.iter().enumerate() {
        let name = document.text(*key).ok_or("a key is no text")?;
        if name == "<<" {
            return Err("the entry merges another mapping");
        }
        let next = entries.get(position + 1).map(|(key, _)| *key);
        let range = extent(document, *value, next, is_flow).ok_or("an attribute has no place")?;
        let comments: Vec<&Comment> = within(document, &range);
        if is_flow && !comments.is_empty() {
            return Err("there is a comment inside of the braces");
        }
        if name == "ensure" {
            append(&mut pieces, document, &comments, &pad, &mut seen);
            continue;
        }
        let content = content(document, *value).ok_or("an attribute merges another mapping")?;
        let is_aliased =
            document.subtree(*value).any(|id| matches!(document.node(id).kind, Kind::Alias(_)));
        if is_aliased && !comments.is_empty() {
            return Err("an alias and a comment are in one attribute");
        }
        let source = match is_aliased {
            true => String::new(),
            false => shifted(document, &range, entry, target, is_flow),
        };
        seen.extend(comments.iter().map(|comment| comment.span.clone()));
        let comments = comments.iter().map(|one| document.comment_text(one).to_owned()).collect();
        pieces.push(Piece { key: name.to_owned(), source, comments, content });
    }
    let spec = pieces.into_iter().map(Piece::into_entry).collect();
    Ok(Carried { spec, comments: seen })
}

/// Whether an object has the attributes of an entry, and no others.
pub(super) fn say_the_same(entry: Role<'_>, object: Role<'_>) -> bool {
    let attributes = |role: Role<'_>| {
        let document = role.entry.document;
        let mut found: Vec<(String, String)> = Vec::new();
        for (key, value) in document.entries(role.entry.node) {
            let Some(key) = document.text(key) else { continue };
            if !["ensure", "cluster", "databaseRoleReclaimPolicy"].contains(&key) {
                let texts = document.subtree(document.target(value));
                let texts: Vec<_> = texts.map(|id| document.text(id).unwrap_or("\0")).collect();
                found.push((key.to_owned(), texts.join("\u{1}")));
            }
        }
        found.sort();
        found
    };
    attributes(entry) == attributes(object)
}

impl Piece {
    fn into_entry(self) -> (String, Fragment) {
        let Piece { key, source, comments, content } = self;
        match source.is_empty() {
            true => (key, content),
            false => (key, Fragment::Copied { source, comments, content: Box::new(content) }),
        }
    }
}

/// A name that can stand without quotes; those of Clusters can.
fn plain(name: &str) -> Result<&str, &'static str> {
    let is_plain =
        crate::kube::is_subdomain(name) && name.starts_with(|c: char| c.is_ascii_lowercase());
    is_plain.then_some(name).ok_or("the name of the Cluster is not a label of RFC 1035")
}

/// Adds comments as lines of their own behind the last piece.
fn append(
    pieces: &mut [Piece],
    document: &Document,
    comments: &[&Comment],
    pad: &str,
    seen: &mut Vec<Range<usize>>,
) {
    let last = pieces.last_mut().expect("the Cluster stands first");
    for comment in comments {
        last.source.push_str(pad);
        last.source.push_str(&document.source()[comment.span.clone()]);
        last.comments.push(document.comment_text(comment).to_owned());
        seen.push(comment.span.clone());
    }
}

/// What belongs to an attribute: from behind its `:` to its end, with the comment behind it and those up to the next one.
fn extent(
    document: &Document,
    value: NodeId,
    next: Option<NodeId>,
    is_flow: bool,
) -> Option<Range<usize>> {
    let range = document.behind_key(value)?;
    if is_flow {
        return Some(range);
    }
    let source = document.source();
    let end = match next {
        Some(next) => document.node(next).start(),
        None => source[range.end..].find('\n').map_or(source.len(), |at| range.end + at),
    };
    Some(range.start..range.start + source[range.start..end].trim_end().len())
}

fn within<'d>(document: &'d Document, range: &Range<usize>) -> Vec<&'d Comment> {
    document.comments().iter().filter(|one| range.contains(&one.span.start)).collect()
}

/// The text of an attribute, its later lines indented for the new place.
fn shifted(
    document: &Document,
    range: &Range<usize>,
    entry: NodeId,
    target: &Target<'_>,
    is_flow: bool,
) -> String {
    let old = document.column_of(entry);
    // Inside of braces lines may begin anywhere; outside they may not.
    let least = if is_flow { 2 * target.step } else { target.step };
    let mut text = String::new();
    for (position, line) in document.source()[range.clone()].lines().enumerate() {
        if position == 0 {
            text.push_str(line);
            continue;
        }
        text.push_str(target.line_break);
        let bare = line.trim_start_matches(' ');
        if !bare.is_empty() {
            let column = (line.len() - bare.len() + target.step).saturating_sub(old).max(least);
            text.extend(std::iter::repeat_n(' ', column));
            text.push_str(bare);
        }
    }
    text
}

/// What a value says, aliases written out; `None` for what a reader would have to merge.
fn content(document: &Document, node: NodeId) -> Option<Fragment> {
    let node = document.target(node);
    match document.node(node).kind {
        Kind::Mapping(_) => {
            let entries = document.entries(node).map(|(key, value)| {
                let key = document.text(key).filter(|key| *key != "<<")?;
                Some((key.to_owned(), content(document, value)?))
            });
            Some(Fragment::Mapping(entries.collect::<Option<_>>()?))
        }
        Kind::Sequence(_) => {
            let items = document.items(node).map(|item| content(document, item));
            Some(Fragment::Sequence(items.collect::<Option<_>>()?))
        }
        _ => match document.value(node)?.ok()? {
            Value::Text(text) => Some(Fragment::Text(text)),
            value => Some(Fragment::Value(value)),
        },
    }
}
