//! What the app has of the database: the URL in its Secret or a copy of the credentials, and `dependsOn`.

use std::path::Path;

use super::found::{Found, text};
use super::remove;
use crate::document::Document;
use crate::kube::flux::FluxKustomization;
use crate::kube::{Object, objects};
use crate::layout::{App, Layout, Located};
use crate::provision::draft::Draft;
use crate::provision::url::DatabaseUrl;
use crate::provision::{Error, Means, Note};
use crate::repo::Snapshot;
use crate::secret::Secret;

/// The keys of a copy that name the role.
const USERS: [&str; 2] = ["username", "user"];

/// Removes it.
pub(super) fn clear<'s>(
    draft: &mut Draft<'s>,
    layout: &Layout<'s>,
    found: &Found<'_, 's>,
    means: &mut Means<'_>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    let Some(app) = &found.app else { return Ok(()) };
    let secrets = layout.secrets_of(app);
    let mut files: Vec<&Path> = secrets.iter().map(|site| site.file).collect();
    files.dedup();
    let mut has_other_url = false;
    for file in files.into_iter().filter(|file| !is_of_role(found, file)) {
        let snapshot = draft.snapshot();
        let Some(opened) = found.open(snapshot, file, means.identities)? else { continue };
        let own = secrets.iter().filter(|site| site.file == file);
        let mut keys = Vec::new();
        for name in own.filter_map(|site| site.object.name()) {
            let values = opened.values(name);
            if is_copy(found, name, &values) {
                remove::document(draft, layout, file, &|document| secret_in(document, name))?;
                continue;
            }
            for (key, value) in &values {
                match url(found, value) {
                    Some(url) if *url.user == found.role_name => keys.push((name, key.clone())),
                    Some(_) => has_other_url = true,
                    None => {}
                }
            }
            note_kept(found, file, &values, notes);
        }
        if !keys.is_empty() {
            draft.replace(file, opened.without(&keys, file, means)?);
        }
    }
    let component = layout.database_component().and_then(|file| file.parent());
    let included = component.filter(|directory| layout.includes(app, directory));
    if let Some(component) = included {
        let (path, component) = (app.file.to_owned(), component.to_owned());
        notes.push(Note::ComponentKept { path, component });
    }
    match has_other_url || included.is_some() {
        true => Ok(()),
        false => independent(draft, layout, found, app),
    }
}

/// Whether a Secret of the app is a copy of the credentials, called as the role's is.
fn is_copy(found: &Found<'_, '_>, name: &str, values: &[(String, Secret)]) -> bool {
    let is_user = |key: &&str| text(values, key) == Some(found.role_name.as_str());
    name == found.secret_name && USERS.iter().any(is_user)
}

fn secret_in<'d>(document: &'d Document, name: &str) -> Option<Object<'d>> {
    let mut all = objects(document).into_iter();
    all.find(|object| object.is("", "Secret") && object.name() == Some(name))
}

/// Names the keys that hold the password by itself. What the app does with them is not known.
fn note_kept(
    found: &Found<'_, '_>,
    file: &Path,
    values: &[(String, Secret)],
    notes: &mut Vec<Note>,
) {
    let holds = |value: &Secret| found.password.as_ref().is_some_and(|known| known == value);
    let held = values.iter().filter(|(_, value)| holds(value));
    let keys: Vec<String> = held.map(|(key, _)| key.clone()).collect();
    if !keys.is_empty() {
        notes.push(Note::KeysKept { path: file.to_owned(), keys });
    }
}

/// Refuses where somebody else connects as the role: in a Secret that is neither the app's nor the role's. Secrets that
/// cannot be opened are not ours to judge.
pub(super) fn refuse_others<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    found: &Found<'_, 's>,
    means: &Means<'_>,
) -> Result<(), Error> {
    let own = found.app.as_ref().map(|app| layout.secrets_of(app)).unwrap_or_default();
    for site in layout.secrets() {
        if is_of_role(found, site.file) || own.iter().any(|own| own.file == site.file) {
            continue;
        }
        let Ok(Some(opened)) = found.open(snapshot, site.file, means.identities) else { continue };
        for (key, value) in opened.values(site.object.name().unwrap_or_default()) {
            if url(found, &value).is_some_and(|url| *url.user == found.role_name) {
                let (path, role) = (site.file.to_owned(), found.role_name.clone());
                return Err(Error::StillUsed { path, key, role });
            }
        }
    }
    Ok(())
}

fn is_of_role(found: &Found<'_, '_>, file: &Path) -> bool {
    found.secret.is_some_and(|secret| secret.file == file)
}

/// A value that is a URL to the Cluster.
fn url(found: &Found<'_, '_>, value: &Secret) -> Option<DatabaseUrl> {
    let url = DatabaseUrl::parse(value.expose_text()?)?;
    let namespace = found.site.namespace.as_ref().map(|namespace| namespace.value);
    url.form(found.site.cluster.name(), namespace).is_some().then_some(url)
}

/// Takes the Kustomization of the Cluster off `dependsOn`.
pub(super) fn independent<'s>(
    draft: &mut Draft<'s>,
    layout: &Layout<'s>,
    found: &Found<'_, 's>,
    app: &App<'s>,
) -> Result<(), Error> {
    let (Some(cluster), Some(own)) = (found.site.applied_by, app.flux) else { return Ok(()) };
    if layout.is_applied_with(app, &cluster) {
        return Ok(());
    }
    let own_namespace = layout.namespace_of_flux(&Located { view: own, file: app.file });
    let namespace = layout.namespace_of_flux(&cluster);
    draft.edit(app.file, |document, edits| {
        let mut all = objects(document).into_iter().filter_map(FluxKustomization::of);
        let Some(flux) = all.find(|flux| flux.name() == own.name()) else { return Ok(()) };
        let list = flux.0.at(&["spec", "dependsOn"]).map(|list| document.target(list));
        let is_cluster = |item: &_| {
            let text = |key: &str| document.text(document.lookup(*item, key)?);
            text("name") == Some(cluster.view.name())
                && text("namespace").or(own_namespace) == namespace
        };
        match list.and_then(|list| document.items(list).find(is_cluster)) {
            Some(item) => edits.remove_whole(item),
            None => Ok(()),
        }
    })
}
