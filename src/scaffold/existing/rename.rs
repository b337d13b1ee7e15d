//! A Secret under another name, and everything of the repository that refers to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::opened::{edited, secret_at};
use super::reference::{Meaning, references, replaced};
use super::{Changed, Error, Means, Note, Target};
use crate::document::{Document, EditError, Edits, NodeId, Position};
use crate::kube::kustomization::{Kustomization, is_kustomization, joined};
use crate::kube::{Object, objects};
use crate::layout::{Layout, configuration};
use crate::scaffold::{Where, check_free, renamed_file};
use crate::sops::file::EncryptedFile;
use crate::txn::{Change, Plan};

/// The changes that rename a Secret: its file, which is called after it or not, the list that names the file, and
/// every reference. Those that are not understood become notes.
pub(crate) fn rename<'s>(
    target: &Target<'s>,
    name: &str,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Changed, Error> {
    let renaming = Renaming::of(target, name, layout)?;
    let snapshot = layout.snapshot();
    let mut plan = Plan::new();
    let mut notes: Vec<Note> = renaming.keeps.clone().into_iter().collect();
    let listers: BTreeSet<&Path> = match &renaming.file {
        Some(_) => layout.listers(target.file()).into_iter().collect(),
        None => BTreeSet::new(),
    };
    for path in layout.manifests() {
        let speaks = snapshot.bytes(path).is_ok_and(|bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| text.contains(target.name()))
        });
        if !(speaks || listers.contains(path)) || snapshot.document(path).is_err() {
            continue;
        }
        let found = renaming.found(snapshot.document(path)?, path);
        let is_own = path == target.file();
        let changes = found.iter().any(|(_, meaning)| *meaning != Meaning::Unclear);
        notes.extend(renaming.notes(snapshot.document(path)?, path, &found));
        if !(is_own || changes || listers.contains(path)) {
            continue;
        }
        let new =
            edited(snapshot, path, means, |document, edits| renaming.edit(document, path, edits))?;
        // No digest of a Secret in plain text may reach the journal.
        let plain = is_plain_secret(snapshot.document(path)?);
        match renaming.file.as_ref().filter(|_| is_own) {
            Some(file) => {
                plan.push(Change { plain, ..snapshot.change(path, None)? })?;
                plan.push(Change { plain, ..snapshot.change(file, Some(&new))? })?;
            }
            None => plan.push(Change { plain, ..snapshot.change(path, Some(&new))? })?,
        }
    }
    Ok(Changed { plan, notes, ..Changed::default() })
}

/// Whether a file has a Secret and is not encrypted.
fn is_plain_secret(document: &Document) -> bool {
    let encrypted = EncryptedFile::open(document).is_ok_and(|file| file.is_some());
    !encrypted && objects(document).iter().any(|object| object.is("", "Secret"))
}

/// What is renamed.
struct Renaming<'r, 's> {
    target: &'r Target<'s>,
    layout: &'r Layout<'s>,
    name: &'r str,
    namespace: Option<&'s str>,
    /// Whether the repository has another Secret of the old name.
    has_twin: bool,
    /// The new file, where that is called after the Secret.
    file: Option<PathBuf>,
    /// Why it is not.
    keeps: Option<Note>,
}

impl<'r, 's> Renaming<'r, 's> {
    fn of(target: &'r Target<'s>, name: &'r str, layout: &'r Layout<'s>) -> Result<Self, Error> {
        let namespace = layout.namespace(target.site.object, target.file());
        let namespace = namespace.map(|fact| fact.value);
        let path = target.file();
        let directory = path.parent().unwrap_or(Path::new(""));
        check_free(layout, &Where { directory, namespace }, name)?;
        let called =
            |site: &crate::layout::SecretSite<'_>| site.object.name() == Some(target.name());
        let has_twin = layout.secrets().iter().filter(|site| called(site)).count() > 1;
        let mut renaming =
            Renaming { target, layout, name, namespace, has_twin, file: None, keeps: None };
        let is_alone = objects(target.site.object.document).len() == 1;
        let file = renamed_file(path, target.name(), name).filter(|_| is_alone);
        if let Some(file) = file.filter(|file| !layout.snapshot().contains(file)) {
            // Whoever reads the file by its rule now has to do so then.
            match renaming.rule(path)? == renaming.rule(&file)? {
                true => renaming.file = Some(file),
                false => {
                    let path = path.to_owned();
                    renaming.keeps = Some(Note::KeepsFile { path, uncovered: file });
                }
            }
        }
        Ok(renaming)
    }

    /// Which creation rule covers a file.
    fn rule(&self, path: &Path) -> Result<Option<Position>, Error> {
        let Some(rules) = configuration(self.layout.snapshot(), path)? else { return Ok(None) };
        let rule = rules.config.rule_for(path);
        let rule = rule.map_err(|source| crate::scaffold::refused(&rules, source))?;
        Ok(rule.map(|rule| rule.position))
    }

    /// The texts of a file that refer to the Secret.
    fn found(&self, document: &Document, path: &Path) -> Vec<(NodeId, Meaning)> {
        let mut all = objects(document);
        if all.is_empty() && is_kustomization(path) {
            let roots = document.roots().iter();
            all.extend(roots.map(|root| Object { document, node: root.node }));
        }
        let name = (self.target.name(), self.namespace);
        let mut found = Vec::new();
        for (position, object) in all.iter().enumerate() {
            if path == self.target.file() && position == self.target.position {
                continue;
            }
            found.extend(references(object, name, self.is_same_namespace(object, path)));
        }
        found
    }

    /// Whether an object is in the namespace of the Secret. What is not known counts as the same, unless there are
    /// several Secrets of the name.
    fn is_same_namespace(&self, object: &Object<'_>, path: &Path) -> Option<bool> {
        let unknown = if self.has_twin { None } else { Some(true) };
        let Some(wanted) = self.namespace else { return unknown };
        // A release, and what Flux applies, may have its workloads elsewhere.
        if object.text(&["spec", "targetNamespace"]) == Some(wanted) {
            return Some(true);
        }
        let written = object.namespace();
        if is_kustomization(path) {
            return unknown;
        }
        match written.map(str::to_owned).or_else(|| self.layout.namespace_at(path)) {
            Some(namespace) => Some(namespace == wanted),
            None => unknown,
        }
    }

    fn notes(&self, document: &Document, path: &Path, found: &[(NodeId, Meaning)]) -> Vec<Note> {
        let note = |(node, meaning): &(NodeId, Meaning)| {
            let (path, position) = (path.to_owned(), document.position_of(*node));
            let route = document.route(*node).to_string();
            match meaning {
                Meaning::Unclear => Note::Unclear { path, position, route },
                _ => Note::Renamed { path, position, route },
            }
        };
        found.iter().map(note).collect()
    }

    /// Everything that changes in one file.
    fn edit(
        &self,
        document: &Document,
        path: &Path,
        edits: &mut Edits<'_>,
    ) -> Result<(), EditError> {
        let old = self.target.name();
        if path == self.target.file() {
            let own = secret_at(document, self.target.position).object.at(&["metadata", "name"]);
            edits.set_text(own.expect("it was found by its name"), self.name)?;
        }
        for (node, meaning) in self.found(document, path) {
            match meaning {
                Meaning::Name => edits.set_text(node, self.name)?,
                Meaning::Names => {
                    let text = document.text(node).unwrap_or_default();
                    edits.set_text(node, &replaced(text, old, self.name))?;
                }
                Meaning::Unclear => {}
            }
        }
        let Some(file) = self.file.as_ref().filter(|_| is_kustomization(path)) else {
            return Ok(());
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        let (was, is) = (self.target.file().file_name(), file.file_name());
        let (was, is) = (was.and_then(|n| n.to_str()), is.and_then(|n| n.to_str()));
        for (node, entry) in Kustomization::of(document).resources() {
            if joined(directory, entry).as_deref() == Some(self.target.file())
                && let (Some(before), Some(is)) = (was.and_then(|was| entry.strip_suffix(was)), is)
            {
                edits.set_text(node, &format!("{before}{is}"))?;
            }
        }
        Ok(())
    }
}
