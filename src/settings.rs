//! `keywright.yaml` at the root of a repository: its sections, and how they are read.
//!
//! ```yaml
//! layout: {…}     # what is otherwise than inference would have it
//! secrets: {…}    # how the values of Secrets are made
//! check: {…}      # which rules count, and which findings do not
//! ```
//!
//! Each section is read by the room that it is about. An unknown field and a value of another type are refused with
//! their place: a setting that is silently ignored would be worse than none.

use std::path::Path;

use crate::document::{Document, Kind, NodeId, Position, Value};
use crate::repo::{self, Snapshot};

/// The name of the file, at the root of the repository.
pub(crate) const FILE_NAME: &str = "keywright.yaml";

/// The sections of the file.
const SECTIONS: &[&str] = &["check", "layout", "secrets"];

/// How near a field must be to be suggested, from 0 (nothing in common) to 1.
const NEAR: f32 = 0.6;

/// Why a setting cannot be used. Positions are those in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// There is no such field.
    #[error("{position}: there is no setting `{field}`")]
    Unknown {
        /// Where.
        position: Position,
        /// The field with those that it stands in: `layout.url.kee`.
        field: String,
        /// The field with the nearest name, if it is near.
        nearest: Option<String>,
    },
    /// A field has a value that it cannot have.
    #[error("{position}: `{field}` must be {wanted}")]
    Wrong {
        /// Where.
        position: Position,
        /// The field with those that it stands in.
        field: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A field has a value that is none in its own notation.
    #[error("{position}: `{field}`: {problem}")]
    Unusable {
        /// Where.
        position: Position,
        /// The field with those that it stands in.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// The file of a repository, if it has one.
pub(crate) fn file(snapshot: &Snapshot) -> Result<Option<&Document>, repo::Error> {
    let path = Path::new(FILE_NAME);
    snapshot.contains(path).then(|| snapshot.document(path)).transpose()
}

/// A mapping of the file.
pub(crate) struct Section<'d> {
    document: &'d Document,
    node: NodeId,
    /// The fields that it stands in.
    route: String,
}

impl<'d> Section<'d> {
    /// The whole file; `None` where it is empty.
    pub(crate) fn root(document: &'d Document) -> Result<Option<Section<'d>>, Error> {
        let Some(root) = document.roots().first() else { return Ok(None) };
        if let Some(second) = document.roots().get(1) {
            return Err(wrong(document.position_of(second.node), FILE_NAME, "a single document"));
        }
        let top = Section { document, node: root.node, route: String::new() };
        top.check(SECTIONS)?;
        Ok(Some(top))
    }

    /// A mapping in this one, that has some of these fields and no others; `None` where nothing was written.
    pub(crate) fn section(&self, name: &str, known: &[&str]) -> Result<Option<Section<'d>>, Error> {
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(None) };
        let section = Section { document: self.document, node, route: self.field(name) };
        section.check(known)?;
        Ok((!self.is_open(node)).then_some(section))
    }

    /// The mappings in a field whose own names are free, each with some of these fields and no others.
    pub(crate) fn named(
        &self,
        name: &str,
        wanted: &'static str,
        known: &[&str],
    ) -> Result<Vec<(&'d str, Section<'d>)>, Error> {
        let document = self.document;
        let Some(node) = document.lookup(self.node, name) else { return Ok(Vec::new()) };
        if self.is_open(node) {
            return Ok(Vec::new());
        }
        let mapping = document.target(node);
        if !matches!(document.node(mapping).kind, Kind::Mapping(_)) {
            return Err(self.wrong(name, wanted));
        }
        let one = |(key, node): (NodeId, NodeId)| {
            let text = document.text(key).unwrap_or_default();
            let route = format!("{}.{text}", self.field(name));
            let section = Section { document, node, route };
            section.check(known)?;
            Ok((text, section))
        };
        document.entries(mapping).map(one).collect()
    }

    /// The mappings of a list, each with some of these fields and no others.
    pub(crate) fn mappings(
        &self,
        name: &str,
        wanted: &'static str,
        known: &[&str],
    ) -> Result<Vec<Section<'d>>, Error> {
        let document = self.document;
        let one = |(at, node): (usize, NodeId)| {
            if !matches!(document.node(document.target(node)).kind, Kind::Mapping(_)) {
                return Err(wrong(document.position_of(node), &self.field(name), wanted));
            }
            let section = Section { document, node, route: format!("{}[{at}]", self.field(name)) };
            section.check(known)?;
            Ok(section)
        };
        self.items(name, wanted)?.into_iter().enumerate().map(one).collect()
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> Position {
        self.document.position_of(self.node)
    }

    /// Whether a field says `true`; one that is not there says nothing.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(None) };
        match self.document.value(node) {
            Some(Ok(Value::Null)) => Ok(None),
            Some(Ok(Value::Bool(value))) => Ok(Some(value)),
            _ => Err(self.wrong(name, "`true` or `false`")),
        }
    }

    /// The text of a field.
    pub(crate) fn value(&self, name: &str, wanted: &'static str) -> Result<Option<&'d str>, Error> {
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(None) };
        match self.document.value(node) {
            Some(Ok(Value::Null)) => Ok(None),
            Some(Ok(Value::Text(_))) => Ok(self.document.text(node)),
            _ => Err(self.wrong(name, wanted)),
        }
    }

    /// The text of a field, if it fits.
    pub(crate) fn text(
        &self,
        name: &str,
        wanted: &'static str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Result<Option<String>, Error> {
        match self.value(name, wanted)? {
            Some(text) if !fits(text) => Err(self.wrong(name, wanted)),
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// The texts of a list, each of which fits.
    pub(crate) fn texts(
        &self,
        name: &str,
        wanted: &'static str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<&'d str>, Error> {
        let document = self.document;
        let text = |item: NodeId| {
            let text = document.text(item).filter(|text| fits(text));
            text.ok_or_else(|| wrong(document.position_of(item), &self.field(name), wanted))
        };
        self.items(name, wanted)?.into_iter().map(text).collect()
    }

    /// The texts of a list, or a single one in its place.
    pub(crate) fn one_or_more(
        &self,
        name: &str,
        wanted: &'static str,
    ) -> Result<Vec<&'d str>, Error> {
        let document = self.document;
        let node = document.lookup(self.node, name).map(|node| document.target(node));
        match node.map(|node| document.node(node).kind) {
            Some(Kind::Scalar(_)) => Ok(self.value(name, wanted)?.into_iter().collect()),
            _ => self.texts(name, wanted, &|_| true),
        }
    }

    /// One of some values by its name.
    pub(crate) fn one_of<T: Copy>(
        &self,
        name: &str,
        wanted: &'static str,
        values: &[T],
        spelled: fn(T) -> &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.value(name, wanted)? else { return Ok(None) };
        let found = values.iter().find(|value| spelled(**value) == text);
        found.map_or_else(|| Err(self.wrong(name, wanted)), |value| Ok(Some(*value)))
    }

    /// The refusal of a field's value.
    pub(crate) fn wrong(&self, name: &str, wanted: &'static str) -> Error {
        let node = self.document.lookup(self.node, name).unwrap_or(self.node);
        wrong(self.document.position_of(node), &self.field(name), wanted)
    }

    /// The refusal of the whole mapping.
    pub(crate) fn refused(&self, wanted: &'static str) -> Error {
        wrong(self.position(), &self.route, wanted)
    }

    /// The refusal of a field for a reason of its own notation.
    pub(crate) fn unusable(&self, name: &str, problem: &str) -> Error {
        let node = self.document.lookup(self.node, name).unwrap_or(self.node);
        let position = self.document.position_of(node);
        Error::Unusable { position, field: self.field(name), problem: problem.to_owned() }
    }

    /// Refuses what is no mapping, and fields that are not known.
    fn check(&self, known: &[&str]) -> Result<(), Error> {
        let document = self.document;
        if self.is_open(self.node) {
            return Ok(());
        }
        if !matches!(document.node(document.target(self.node)).kind, Kind::Mapping(_)) {
            let route = if self.route.is_empty() { FILE_NAME } else { &self.route };
            return Err(wrong(document.position_of(self.node), route, "a mapping"));
        }
        for (key, _) in document.entries(document.target(self.node)) {
            let name = document.text(key).unwrap_or_default();
            if !known.contains(&name) {
                return Err(Error::Unknown {
                    position: document.position_of(key),
                    field: self.field(name),
                    nearest: nearest(name, known).map(str::to_owned),
                });
            }
        }
        Ok(())
    }

    /// The items of a list; none where nothing was written.
    fn items(&self, name: &str, wanted: &'static str) -> Result<Vec<NodeId>, Error> {
        let document = self.document;
        let Some(node) = document.lookup(self.node, name) else { return Ok(Vec::new()) };
        let list = document.target(node);
        if self.is_open(node) {
            return Ok(Vec::new());
        }
        if !matches!(document.node(list).kind, Kind::Sequence(_)) {
            return Err(self.wrong(name, wanted));
        }
        Ok(document.items(list).collect())
    }

    fn field(&self, name: &str) -> String {
        if self.route.is_empty() { name.to_owned() } else { format!("{}.{name}", self.route) }
    }

    /// Whether nothing was written.
    fn is_open(&self, node: NodeId) -> bool {
        matches!(self.document.value(node), Some(Ok(Value::Null)))
    }
}

/// The known name that is nearest to another one, if it is near.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    similar::get_close_matches(name, known, 1, NEAR).first().copied()
}

fn wrong(position: Position, field: &str, wanted: &'static str) -> Error {
    Error::Wrong { position, field: field.to_owned(), wanted }
}
