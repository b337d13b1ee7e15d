//! The `sops` block as data, whatever the file's syntax.
//!
//! In YAML and JSON the block is a mapping. Dotenv and INI have no nesting; there SOPS writes one line for
//! each leaf, its path as the key (`stores/flatten.go`):
//!
//! ```text
//! sops_age__list_0__map_recipient=age1…          # dotenv: behind a prefix
//! [sops]                                         # INI: in a section
//! age__list_0__map_recipient = age1…
//! ```
//!
//! Fields that nobody here knows are read like all others, so that they are still there when a changed
//! block is brought into the file ([`reconcile`]): that touches what differs and nothing else.

use super::Error;
use crate::document::{
    Comment, Document, EditError, Edits, Fragment, Kind, Layout, NodeId, Placement, Position,
    Syntax, Value,
};

/// A value of the block.
pub(in crate::sops) enum Field {
    /// A leaf; text wherever the syntax knows no types.
    Leaf(Value),
    /// Items in order.
    List(Vec<Field>),
    /// Entries in order.
    Map(Vec<(String, Field)>),
}

impl Field {
    pub(in crate::sops) fn text(text: impl Into<String>) -> Field {
        Field::Leaf(Value::text(text.into()))
    }

    /// A leaf as text; an integer, a boolean or a time as SOPS would convert it.
    pub(in crate::sops) fn as_text(&self) -> Option<String> {
        match self {
            Field::Leaf(Value::Text(text)) => Some(text.to_string()),
            Field::Leaf(Value::Time(text)) => Some(text.clone()),
            Field::Leaf(Value::Int(int)) => Some(int.to_string()),
            Field::Leaf(Value::Bool(value)) => Some(value.to_string()),
            Field::Leaf(Value::Float(float)) => Some(float.to_string()),
            _ => None,
        }
    }

    /// The entry of this name; SOPS decodes names without regard to case.
    pub(in crate::sops) fn entry(&self, name: &str) -> Option<&Field> {
        let Field::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, field)| field)
    }

    pub(in crate::sops) fn entry_mut(&mut self, name: &str) -> Option<&mut Field> {
        let Field::Map(entries) = self else { return None };
        entries.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, field)| field)
    }

    /// The same once more.
    pub(in crate::sops) fn copy(&self) -> Field {
        match self {
            Field::Leaf(value) => Field::Leaf(value.copy()),
            Field::List(items) => Field::List(items.iter().map(Field::copy).collect()),
            Field::Map(entries) => {
                Field::Map(entries.iter().map(|(key, field)| (key.clone(), field.copy())).collect())
            }
        }
    }

    /// The items of a list; nothing for other fields.
    pub(in crate::sops) fn items(&self) -> &[Field] {
        match self {
            Field::List(items) => items,
            _ => &[],
        }
    }

    /// Gives an entry of a map another value; a new one stands where the alphabet wants it.
    pub(in crate::sops) fn set(&mut self, name: &str, field: Field) {
        if let Some(entry) = self.entry_mut(name) {
            *entry = field;
            return;
        }
        let Field::Map(entries) = self else { return };
        let at = entries.iter().position(|(key, _)| key.as_str() > name).unwrap_or(entries.len());
        entries.insert(at, (name.to_owned(), field));
    }

    /// Takes an entry out of a map.
    pub(in crate::sops) fn remove(&mut self, name: &str) {
        if let Field::Map(entries) = self {
            entries.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        }
    }

    /// The block as an edit inserts it into a document of this syntax, if it is new there.
    pub(in crate::sops) fn entries_for(&self, syntax: Syntax) -> Vec<(String, Fragment)> {
        match syntax {
            Syntax::Yaml | Syntax::Json => vec![("sops".to_owned(), self.fragment())],
            Syntax::Dotenv => lines_of(PREFIX, self.flat(syntax)),
            Syntax::Ini => {
                vec![("sops".to_owned(), Fragment::Mapping(lines_of("", self.flat(syntax))))]
            }
        }
    }

    fn fragment(&self) -> Fragment {
        match self {
            Field::Leaf(Value::Text(text)) if text.contains('\n') => {
                Fragment::Literal(text.to_string())
            }
            // Unquoted it would be read as a time, which newer versions of SOPS refuse.
            Field::Leaf(Value::Text(text)) if is_time(text) => Fragment::Quoted(text.to_string()),
            Field::Leaf(value) => Fragment::Value(value.copy()),
            Field::List(items) => Fragment::Sequence(items.iter().map(Field::fragment).collect()),
            Field::Map(entries) => Fragment::Mapping(
                entries.iter().map(|(key, field)| (key.clone(), field.fragment())).collect(),
            ),
        }
    }

    /// Path and text of every leaf.
    fn flat(&self, syntax: Syntax) -> Vec<(String, String)> {
        let mut leaves = Vec::new();
        self.flatten(String::new(), &mut leaves);
        if syntax == Syntax::Ini {
            leaves.iter_mut().for_each(|(_, text)| *text = text.replace('\n', "\\n"));
        }
        leaves
    }

    fn flatten(&self, path: String, into: &mut Vec<(String, String)>) {
        match self {
            Field::Leaf(_) => into.extend(self.as_text().map(|text| (path, text))),
            Field::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.flatten(format!("{path}__list_{index}"), into);
                }
            }
            Field::Map(entries) => {
                for (key, field) in entries {
                    let separator = if path.is_empty() { "" } else { "__map_" };
                    field.flatten(format!("{path}{separator}{key}"), into);
                }
            }
        }
    }
}

/// Where the block of a root stands.
pub(in crate::sops) enum Place {
    /// A mapping or section of its own.
    Mapping(NodeId),
    /// Among the entries of a dotenv file, behind [`PREFIX`].
    Prefixed(NodeId),
}

/// What the keys of the block begin with in a dotenv file.
pub(in crate::sops) const PREFIX: &str = "sops_";

/// Finds the block of a root; `None` where there is none.
pub(in crate::sops) fn place(document: &Document, root: usize) -> Option<Place> {
    let top = document.roots().get(root)?.node;
    if document.syntax() == Syntax::Dotenv {
        let place = Place::Prefixed(top);
        return lines(document, &place).next().is_some().then_some(place);
    }
    document.entry(top, "sops").map(|(_, value)| Place::Mapping(value))
}

/// Refuses a root with two blocks: nobody could tell which one counts.
pub(in crate::sops) fn refuse_second(document: &Document, root: usize) -> Result<(), Error> {
    let top = document.roots()[root].node;
    let mut blocks = document.entries(top).filter(|(key, _)| document.text(*key) == Some("sops"));
    match blocks.nth(1) {
        Some((key, _)) => Err(Error::Second { position: document.position_of(key) }),
        None => Ok(()),
    }
}

/// Where the block begins.
pub(in crate::sops) fn position(document: &Document, place: &Place) -> Position {
    match place {
        Place::Mapping(node) => document.position_of(*node),
        Place::Prefixed(_) => {
            let first = lines(document, place).next().expect("a place has a line");
            document.position_of(first.1)
        }
    }
}

/// Reads the block.
pub(in crate::sops) fn read(document: &Document, place: &Place) -> Result<Field, Error> {
    match (place, document.syntax()) {
        (Place::Mapping(node), Syntax::Yaml | Syntax::Json) => Ok(nested(document, *node)),
        _ => {
            let position = position(document, place);
            let mut block = Field::Map(Vec::new());
            for (path, node) in lines(document, place) {
                let text = document.text(node).unwrap_or_default();
                // Both are read, whatever the syntax writes: SOPS 3.13.0 wrote real line breaks in INI.
                let leaf = Field::text(text.replace("\\n", "\n"));
                unflatten(&mut block, path, leaf).ok_or(Error::Flat { position })?;
            }
            Ok(block)
        }
    }
}

/// The block of a root as an edit inserts it into another version of the document: as it stands, to the byte.
pub(in crate::sops) fn copied(
    document: &Document,
    place: &Place,
    block: &Field,
) -> Vec<(String, Fragment)> {
    let Place::Mapping(node) = *place else { return block.entries_for(document.syntax()) };
    let mut entries = block.entries_for(document.syntax());
    if let (Some(range), Some((_, content))) = (document.behind_key(node), entries.pop()) {
        let within = |comment: &&Comment| range.contains(&comment.span.start);
        let comments = document.comments().iter().filter(within);
        let comments = comments.map(|comment| document.comment_text(comment).to_owned()).collect();
        let (source, content) = (document.source()[range.clone()].to_owned(), Box::new(content));
        entries.push(("sops".to_owned(), Fragment::Copied { source, comments, content }));
    }
    entries
}

/// Removes the blocks of all roots.
pub(in crate::sops) fn remove_all(
    edits: &mut Edits<'_>,
    document: &Document,
) -> Result<(), EditError> {
    for place in (0..document.roots().len()).filter_map(|root| place(document, root)) {
        remove(edits, document, &place)?;
    }
    Ok(())
}

/// Removes the block. A document that holds nothing else becomes an empty mapping, as SOPS prints it.
fn remove(edits: &mut Edits<'_>, document: &Document, place: &Place) -> Result<(), EditError> {
    match place {
        Place::Mapping(node) => {
            let top = document.node(*node).parent.expect("a block stands in a root");
            let only = document.entries(top).count() == 1;
            if only
                && document.node(top).kind == Kind::Mapping(Layout::Block)
                && document.syntax() == Syntax::Yaml
            {
                return edits.replace(top, &Fragment::Mapping(Vec::new()));
            }
            edits.remove_entry(*node)
        }
        Place::Prefixed(_) => {
            lines(document, place).try_for_each(|(_, value)| edits.remove_entry(value))
        }
    }
}

/// Turns the block that stands in a file, `old`, into `new`.
pub(in crate::sops) fn reconcile(
    edits: &mut Edits<'_>,
    document: &Document,
    place: &Place,
    old: &Field,
    new: &Field,
) -> Result<(), EditError> {
    match (place, document.syntax()) {
        (Place::Mapping(node), Syntax::Yaml | Syntax::Json) => {
            let present = document
                .entries(*node)
                .filter_map(|(key, value)| Some((document.text(key)?.to_owned(), value)))
                .collect();
            merge(edits, document, *node, present, old, new)
        }
        (Place::Mapping(top) | Place::Prefixed(top), syntax) => {
            let prefix = if matches!(place, Place::Prefixed(_)) { PREFIX } else { "" };
            let whole = |field: &Field| {
                let leaves = field.flat(syntax).into_iter();
                Field::Map(
                    leaves
                        .map(|(path, text)| (format!("{prefix}{path}"), Field::text(text)))
                        .collect(),
                )
            };
            let present = lines(document, place)
                .map(|(path, node)| (format!("{prefix}{path}"), node))
                .collect();
            merge(edits, document, *top, present, &whole(old), &whole(new))
        }
    }
}

/// The entries of a mapping that belong to the block, brought from `old` to `new`.
fn merge(
    edits: &mut Edits<'_>,
    document: &Document,
    mapping: NodeId,
    present: Vec<(String, NodeId)>,
    old: &Field,
    new: &Field,
) -> Result<(), EditError> {
    let Field::Map(wanted) = new else { return Ok(()) };
    for (name, node) in &present {
        if new.entry(name).is_none() {
            edits.remove_entry(*node)?;
        }
    }
    // What comes before all that stays goes behind the first of it: its place may be about to go.
    let (mut last, mut early) = (None, Vec::new());
    for (name, field) in wanted {
        let found = present.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        match (found, old.entry(name), last) {
            (Some((_, node)), Some(old), _) => {
                change(edits, document, *node, old, field)?;
                let place = Placement::After(*node);
                for (name, field) in early.drain(..) {
                    edits.insert_entry(mapping, place, name, Field::fragment(field))?;
                }
                last = Some(place);
            }
            (_, _, Some(place)) => edits.insert_entry(mapping, place, name, field.fragment())?,
            (_, _, None) => early.push((name, field)),
        }
    }
    Ok(())
}

fn change(
    edits: &mut Edits<'_>,
    document: &Document,
    node: NodeId,
    old: &Field,
    new: &Field,
) -> Result<(), EditError> {
    match (old, new) {
        (Field::Map(_), Field::Map(entries)) if !entries.is_empty() => {
            let present = document
                .entries(node)
                .filter_map(|(key, value)| Some((document.text(key)?.to_owned(), value)))
                .collect();
            merge(edits, document, node, present, old, new)
        }
        (Field::List(olds), Field::List(news)) if continues(olds, news) => {
            let mut last = node;
            for (item, old) in document.items(node).zip(olds) {
                match news.iter().find(|new| is_same_key(old, new)) {
                    Some(new) => {
                        change(edits, document, item, old, new)?;
                        last = item;
                    }
                    None => edits.remove_item(item)?,
                }
            }
            let added = news.iter().filter(|new| !olds.iter().any(|old| is_same_key(old, new)));
            for new in added {
                edits.insert_item(node, Placement::After(last), new.fragment())?;
            }
            Ok(())
        }
        (Field::Leaf(_), Field::Leaf(Value::Text(text))) if old.as_text() != new.as_text() => {
            edits.set_text(node, text)
        }
        (Field::Leaf(_), Field::Leaf(_)) if old.as_text() == new.as_text() => Ok(()),
        _ => edits.replace(node, &new.fragment()),
    }
}

/// Whether a list of master keys becomes another one by taking keys out and adding some at its end.
fn continues(olds: &[Field], news: &[Field]) -> bool {
    let kept = olds.iter().filter(|old| news.iter().any(|new| is_same_key(old, new))).count();
    kept > 0 && news[..kept].iter().all(|new| olds.iter().any(|old| is_same_key(old, new)))
}

/// Whether two items of a list speak of the same recipient.
fn is_same_key(old: &Field, new: &Field) -> bool {
    let recipient = |field: &Field| field.entry("recipient").and_then(Field::as_text);
    recipient(old).is_some() && recipient(old) == recipient(new)
}

/// Path, without the prefix, and value node of each line of a flat block.
fn lines<'d>(
    document: &'d Document,
    place: &Place,
) -> impl Iterator<Item = (&'d str, NodeId)> + use<'d> {
    let (top, prefix) = match place {
        Place::Mapping(node) => (*node, ""),
        Place::Prefixed(node) => (*node, PREFIX),
    };
    let entries: Vec<(NodeId, NodeId)> = document.entries(top).collect();
    entries
        .into_iter()
        .filter_map(move |(key, value)| Some((document.text(key)?.strip_prefix(prefix)?, value)))
}

fn nested(document: &Document, node: NodeId) -> Field {
    let node = document.target(node);
    match document.node(node).kind {
        Kind::Mapping(_) => Field::Map(
            document
                .entries(node)
                .map(|(key, value)| {
                    (document.text(key).unwrap_or_default().to_owned(), nested(document, value))
                })
                .collect(),
        ),
        Kind::Sequence(_) => {
            Field::List(document.items(node).map(|item| nested(document, item)).collect())
        }
        _ => match document.value(node) {
            Some(Ok(value)) => Field::Leaf(value),
            _ => Field::text(document.text(node).unwrap_or_default()),
        },
    }
}

/// Puts a leaf where its path says; `None` where that is no place for it. Indices come in order.
fn unflatten(into: &mut Field, path: &str, leaf: Field) -> Option<()> {
    let end = [path.find("__map_"), path.find("__list_")].into_iter().flatten().min();
    let (name, rest) = path.split_at(end.unwrap_or(path.len()));
    let Field::Map(entries) = into else { return None };
    let index = entries.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
        entries.push((name.to_owned(), empty_for(rest)));
        entries.len() - 1
    });
    descend(&mut entries[index].1, rest, leaf)
}

fn descend(into: &mut Field, path: &str, leaf: Field) -> Option<()> {
    if let Some(path) = path.strip_prefix("__map_") {
        return unflatten(into, path, leaf);
    }
    let Some(path) = path.strip_prefix("__list_") else {
        let vacant = matches!(into, Field::Leaf(Value::Null));
        *into = leaf;
        return vacant.then_some(());
    };
    let digits = path.find("__").unwrap_or(path.len());
    let index: usize = path[..digits].parse().ok()?;
    let Field::List(items) = into else { return None };
    if index == items.len() {
        items.push(empty_for(&path[digits..]));
    }
    descend(items.get_mut(index)?, &path[digits..], leaf)
}

/// What a path that continues like this leads into; a null where it ends.
fn empty_for(rest: &str) -> Field {
    if rest.starts_with("__map_") {
        Field::Map(Vec::new())
    } else if rest.starts_with("__list_") {
        Field::List(Vec::new())
    } else {
        Field::Leaf(Value::Null)
    }
}

fn lines_of(prefix: &str, leaves: Vec<(String, String)>) -> Vec<(String, Fragment)> {
    leaves
        .into_iter()
        .map(|(path, text)| (format!("{prefix}{path}"), Fragment::text(text)))
        .collect()
}

fn is_time(text: &str) -> bool {
    text.contains('T') && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests;
