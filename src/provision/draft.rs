//! Files on their way to a plan: each edited any number of times, written once.

use std::path::{Path, PathBuf};

use super::Error;
use crate::document::{Document, EditError, Edits, Fragment};
use crate::kube::{self, Object};
use crate::repo::Snapshot;
use crate::txn::Plan;

/// The files that change, in the order in which they were first touched.
pub(super) struct Draft<'s> {
    snapshot: &'s Snapshot,
    /// Each with its new content; `None`: it goes.
    files: Vec<(PathBuf, Option<Document>)>,
}

impl<'s> Draft<'s> {
    /// No changes.
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        Draft { snapshot, files: Vec::new() }
    }

    /// What the changes are made to.
    pub(super) fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// The file as it is by now.
    pub(super) fn document(&self, path: &Path) -> Result<&Document, Error> {
        match self.files.iter().find(|(known, _)| known == path) {
            Some((_, Some(document))) => Ok(document),
            Some((_, None)) => Err(Error::Removed { path: path.to_owned() }),
            None => Ok(self.snapshot.document(path)?),
        }
    }

    /// Changes a file. An edit that would change anything else is refused.
    pub(super) fn edit(
        &mut self,
        path: &Path,
        edit: impl FnOnce(&Document, &mut Edits<'_>) -> Result<(), EditError>,
    ) -> Result<(), Error> {
        let document = self.document(path)?;
        let mut edits = Edits::new(document);
        edit(document, &mut edits).map_err(Error::edit(path))?;
        if edits.is_empty() {
            return Ok(());
        }
        let edited = edits.apply().map_err(Error::edit(path))?;
        self.replace(path, edited);
        Ok(())
    }

    /// Gives a file this content.
    pub(super) fn replace(&mut self, path: &Path, document: Document) {
        self.put(path, Some(document));
    }

    /// Removes a file.
    pub(super) fn remove(&mut self, path: &Path) {
        self.put(path, None);
    }

    fn put(&mut self, path: &Path, document: Option<Document>) {
        match self.files.iter_mut().find(|(known, _)| known == path) {
            Some((_, known)) => *known = document,
            None => self.files.push((path.to_owned(), document)),
        }
    }

    /// Makes a file; refused if there is one.
    pub(super) fn create(&mut self, path: &Path, document: Document) -> Result<(), Error> {
        if self.snapshot.contains(path) {
            return Err(Error::FileExists { path: path.to_owned() });
        }
        self.replace(path, document);
        Ok(())
    }

    /// The objects in the files that change, as they are by now.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.files.iter().filter_map(|(_, document)| document.as_ref()).flat_map(kube::objects)
    }

    /// Whether nothing changes.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The changes. All contents are encrypted or hold no secrets.
    pub(super) fn into_plan(self) -> Result<Plan, Error> {
        let mut plan = Plan::new();
        for (path, document) in self.files {
            plan.push(self.snapshot.change(&path, document.as_ref())?)?;
        }
        Ok(plan)
    }
}

/// A new file, indented and with the line breaks of another one, with a first `---` or without.
pub(super) fn written_like(
    model: &Document,
    content: &Fragment,
    with_marker: bool,
    path: &Path,
) -> Result<Document, Error> {
    let mut edits = Edits::new(model);
    edits.append_root(content).map_err(Error::edit(path))?;
    let edited = edits.apply().map_err(Error::edit(path))?;
    let line_break = model.line_break();
    let added = edited.source()[model.source().len()..].trim_start_matches(['\r', '\n']);
    let body = added.strip_prefix("---").unwrap_or(added).trim_matches(['\r', '\n']);
    let mut text = String::with_capacity(body.len() + 8);
    if with_marker {
        text.push_str("---");
        text.push_str(line_break);
    }
    text.push_str(body);
    text.push_str(line_break);
    Document::parse(text.into_bytes())
        .map_err(|source| Error::Parse { path: path.to_owned(), source })
}
