//! A Secret once more, in another place: decrypted in memory, encrypted by the creation rule of that place.

use std::path::Path;

use zeroize::Zeroizing;

use super::opened::{open, secret_at};
use super::{Changed, Error, Means, Target};
use crate::document::{
    Document, EditError, Edits, Fragment, Kind, NodeId, Placement, Syntax, Value,
};
use crate::layout::{App, Layout};
use crate::scaffold::{Where, listing, manifest, place_in, push_edited};
use crate::txn::Plan;

/// Where a copy goes.
pub(crate) struct Destination<'d, 's> {
    /// Beside this app; else beside the original.
    pub(crate) app: Option<App<'s>>,
    /// Into this namespace; else into that of the place.
    pub(crate) namespace: Option<&'d str>,
    /// Under this name; else under its own.
    pub(crate) name: Option<&'d str>,
}

/// The changes that make a copy: the new file and its entry in the kustomization.
pub(crate) fn copy<'s>(
    target: &Target<'s>,
    destination: Destination<'_, 's>,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Changed, Error> {
    let name = destination.name.unwrap_or(target.name());
    let app = destination.app.unwrap_or_else(|| beside(target, layout));
    if let (Some(wanted), Some(given)) = (destination.namespace, layout.namespace_given(&app))
        && given.value != wanted
    {
        let path = given.evidence.first().map(|path| path.to_path_buf()).unwrap_or_default();
        return Err(Error::OtherNamespace { path, namespace: given.value.to_owned() });
    }
    let snapshot = layout.snapshot();
    let spot = Where { directory: &app.directory, namespace: destination.namespace };
    let place = place_in(snapshot, layout, &spot, name)?;
    let opened = open(target, means.identities)?;
    let file = target.file();
    let alone = alone(&opened.plain, target.position).map_err(Error::edit(file))?;
    let plain = named(&alone, name, place.namespace.as_deref()).map_err(Error::edit(file))?;
    let new = manifest::encrypt(&plain, (&place.file, &place.rules), means.now, means.random)?;

    let mut plan = Plan::new();
    plan.push(snapshot.change(&place.file, Some(&new))?)?;
    if let Some(path) = app.kustomization {
        let listed = listing::add(snapshot, path, &place.file)?;
        push_edited(&mut plan, snapshot, path, listed)?;
    }
    Ok(Changed { plan, ..Changed::default() })
}

/// The place of the original, as if it were an app.
fn beside<'s>(target: &Target<'s>, layout: &Layout<'s>) -> App<'s> {
    let file = target.file();
    let listers = layout.listers(file);
    let flux = layout.applied_by(file);
    App {
        flux: flux.map(|found| found.view),
        file: flux.map_or(file, |found| found.file),
        directory: file.parent().unwrap_or(Path::new("")).to_owned(),
        kustomization: listers.first().copied().or(layout.kustomize_file_above(file)),
    }
}

/// A YAML document that holds nothing but the object of this number: with its comments, unless an alias in an item of a
/// list leads out of it.
fn alone(plain: &Document, position: usize) -> Result<Document, EditError> {
    let node = secret_at(plain, position).object.node;
    let root = plain.root_of(node);
    if plain.roots()[root].node == node && plain.syntax() == Syntax::Yaml {
        return only_root(plain, root);
    }
    if let Some(item) = plain.item_alone(node) {
        return Ok(item);
    }
    let nothing = Document::parse(Vec::new()).expect("a file without content is a document");
    let mut edits = Edits::new(&nothing);
    edits.append_root(&fragment(plain, node))?;
    edits.apply()
}

/// A stream without its other documents.
fn only_root(document: &Document, root: usize) -> Result<Document, EditError> {
    let mut kept = Edits::new(document).apply()?;
    for other in (0..document.roots().len()).rev().filter(|other| *other != root) {
        let mut edits = Edits::new(&kept);
        edits.remove_root(other)?;
        kept = edits.apply()?;
    }
    Ok(kept)
}

/// The object under another name, in another namespace or in none.
fn named(document: &Document, name: &str, namespace: Option<&str>) -> Result<Document, EditError> {
    let object = secret_at(document, 0).object;
    let mut edits = Edits::new(document);
    let at = |key| object.at(&["metadata", key]);
    let own_name = at("name").ok_or_else(|| EditError::Unreadable("no `metadata.name`".into()))?;
    edits.set_text(own_name, name)?;
    match (at("namespace"), namespace) {
        (Some(own), Some(namespace)) => edits.set_text(own, namespace)?,
        (Some(own), None) => edits.remove_entry(own)?,
        (None, Some(namespace)) => {
            let metadata = object.at(&["metadata"]).expect("it has a name");
            let (behind, text) = (Placement::After(own_name), Fragment::text(namespace));
            edits.insert_entry(metadata, behind, "namespace", text)?;
        }
        (None, None) => {}
    }
    edits.apply()
}

/// A subtree, aliases written out.
pub(in crate::scaffold) fn fragment(document: &Document, node: NodeId) -> Fragment {
    let node = document.target(node);
    match document.node(node).kind {
        Kind::Mapping(_) => {
            let entries = document.entries(node).map(|(key, value)| {
                let key = document.text(key).unwrap_or_default().to_owned();
                (key, fragment(document, value))
            });
            Fragment::Mapping(entries.collect())
        }
        Kind::Sequence(_) => {
            Fragment::Sequence(document.items(node).map(|item| fragment(document, item)).collect())
        }
        _ => match document.value(node) {
            Some(Ok(Value::Text(text))) => Fragment::Text(text),
            Some(Ok(value)) => Fragment::Value(value),
            _ => {
                let text = document.text(node).unwrap_or_default().to_owned();
                Fragment::Text(Zeroizing::new(text))
            }
        },
    }
}
