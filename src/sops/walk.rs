//! The walk: every value and comment in SOPS' order, with its AAD and whether it is selected.
//!
//! Documents one after the other, entries in file order, depth first. An alias is walked as a copy of
//! what it stands for, a merge key as an ordinary key `<<`: so SOPS sees them. The metadata of each root is
//! left out.

use super::comments::{self, Placement};
use super::selection::{Scope, Selection};
use crate::document::{Document, Kind, NodeId, Syntax, Value};

/// Most leaves that aliases may stand for, in all: a bound for documents that multiply by aliases.
const MOST_ALIASED: usize = 1_000_000;

/// What the walk comes to.
pub(super) enum Leaf {
    /// A scalar in its own place.
    Value(NodeId),
    /// A scalar seen through an alias: the scalar, and the alias that is written.
    Aliased(NodeId, NodeId),
    /// A comment, by index.
    Comment(usize),
}

/// A leaf in its place.
pub(super) struct Visit<'w> {
    pub(super) leaf: Leaf,
    /// The keys that lead to it, each followed by `:`; for a comment those of its container.
    pub(super) aad: &'w str,
    /// Whether the selection picks it.
    pub(super) selected: bool,
}

/// What a leaf turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Was {
    /// A value.
    Value,
    /// A comment: SOPS stores an encrypted comment of a list as an item.
    Comment,
}

/// What stops a walk before any leaf is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A key that is not a string.
    Key(NodeId),
    /// A root that is no mapping.
    Root(NodeId),
    /// Aliases that multiply.
    Aliases(NodeId),
}

/// Walks all roots. The first error of `visit` ends the walk.
pub(super) fn walk<E: From<Obstacle>>(
    document: &Document,
    selection: &Selection,
    visit: &mut dyn FnMut(Visit<'_>) -> Result<Was, E>,
) -> Result<(), E> {
    let placement =
        if document.comments().is_empty() { Placement::new() } else { comments::place(document) };
    let mut walk = Walk {
        document,
        placement,
        scope: Scope::new(selection),
        aad: String::new(),
        alias: None,
        aliased: 0,
        visit,
    };
    for root in document.roots() {
        match document.node(root.node).kind {
            Kind::Mapping(_) => walk.mapping(root.node, true)?,
            _ if document.node(root.node).is_absent() => {}
            _ => return Err(Obstacle::Root(root.node).into()),
        }
    }
    Ok(())
}

struct Walk<'w, E> {
    document: &'w Document,
    placement: Placement,
    scope: Scope<'w>,
    aad: String,
    /// The outermost alias through which the present nodes are seen.
    alias: Option<NodeId>,
    aliased: usize,
    visit: &'w mut dyn FnMut(Visit<'_>) -> Result<Was, E>,
}

impl<E: From<Obstacle>> Walk<'_, E> {
    fn mapping(&mut self, mapping: NodeId, root: bool) -> Result<(), E> {
        let document = self.document;
        self.scope.enter();
        for (key, value) in document.entries(mapping) {
            self.comments(mapping, Some(key))?;
            let text = match document.value(key) {
                Some(Ok(Value::Text(_))) => document.text(key).unwrap_or_default(),
                _ => return Err(Obstacle::Key(key).into()),
            };
            if root && is_metadata(document.syntax(), text) {
                continue;
            }
            let outer = self.aad.len();
            self.aad.push_str(text);
            self.aad.push(':');
            self.scope.key(text);
            self.node(value)?;
            self.aad.truncate(outer);
            self.scope.finish();
        }
        self.comments(mapping, None)?;
        self.scope.leave();
        Ok(())
    }

    fn sequence(&mut self, sequence: NodeId) -> Result<(), E> {
        self.scope.enter();
        for item in self.document.items(sequence) {
            self.comments(sequence, Some(item))?;
            match self.node(item)? {
                Was::Value => self.scope.finish(),
                Was::Comment => {
                    self.scope.comment(self.document.text(item).unwrap_or_default());
                }
            }
        }
        self.comments(sequence, None)?;
        self.scope.leave();
        Ok(())
    }

    fn node(&mut self, id: NodeId) -> Result<Was, E> {
        match self.document.node(id).kind {
            Kind::Mapping(_) => self.mapping(id, false).map(|()| Was::Value),
            Kind::Sequence(_) => self.sequence(id).map(|()| Was::Value),
            Kind::Alias(target) => self.alias(id, target),
            Kind::Scalar(_) => {
                let leaf = match self.alias {
                    Some(alias) => Leaf::Aliased(id, alias),
                    None => Leaf::Value(id),
                };
                let selected = self.scope.is_selected();
                (self.visit)(Visit { leaf, aad: &self.aad, selected })
            }
        }
    }

    fn alias(&mut self, id: NodeId, target: NodeId) -> Result<Was, E> {
        self.aliased += self.document.subtree(target).count();
        if self.aliased > MOST_ALIASED {
            return Err(Obstacle::Aliases(id).into());
        }
        let outer = self.alias;
        self.alias = outer.or(Some(id));
        let was = self.node(target);
        self.alias = outer;
        was
    }

    /// The comments of a container before one of its children, or at its end. Seen through an alias they
    /// are copies, which nothing encrypts.
    fn comments(&mut self, container: NodeId, before: Option<NodeId>) -> Result<(), E> {
        if self.alias.is_some() {
            return Ok(());
        }
        let here = self.placement.remove(&(container, before)).unwrap_or_default();
        let mut selected = false;
        for index in here {
            // Joined ones share the fate of the first.
            if !comments::is_joined(self.document, index) {
                selected = self.scope.comment(&comments::whole(self.document, index));
            }
            let aad = if self.aad.is_empty() { ":" } else { &self.aad };
            (self.visit)(Visit { leaf: Leaf::Comment(index), aad, selected })?;
        }
        Ok(())
    }
}

/// Whether a key of a root belongs to the metadata.
pub(super) fn is_metadata(syntax: Syntax, key: &str) -> bool {
    match syntax {
        Syntax::Dotenv => key.starts_with("sops_"),
        Syntax::Yaml | Syntax::Json | Syntax::Ini => key == "sops",
    }
}

/// The AAD of what stands directly in a collection: the keys that lead to it.
pub(super) fn aad_of(document: &Document, collection: NodeId) -> String {
    let mut keys = Vec::new();
    let mut node = collection;
    while let Some(parent) = document.node(node).parent {
        let key = document.entries(parent).find(|(_, value)| *value == node);
        keys.extend(key.and_then(|(key, _)| document.text(key)));
        node = parent;
    }
    keys.reverse();
    if keys.is_empty() { ":".to_owned() } else { keys.join(":") + ":" }
}
