//! An app without the component that gave it its database.

use std::path::Path;

use super::app_side;
use super::found::Found;
use crate::document::{Document, NodeId};
use crate::kube::flux::FluxKustomization;
use crate::kube::kustomization::joined;
use crate::layout::{App, Layout};
use crate::provision::Error;
use crate::provision::component::{edit, items, used_variables};
use crate::provision::draft::Draft;

/// Takes the component off the app, with the variables that nothing else of the app uses; what stays elsewhere.
pub(super) fn leave<'s>(
    draft: &mut Draft<'s>,
    layout: &Layout<'s>,
    found: &Found<'_, 's>,
    file: &Path,
) -> Result<Vec<String>, Error> {
    let Some(app) = &found.app else { return Ok(Vec::new()) };
    let directory = file.parent().unwrap_or(Path::new(""));
    let members = layout.component_members(directory);
    edit(draft, app, |document, edits, spec| {
        let list = document.lookup(spec, "components").map(|list| document.target(list));
        let is_it = |item: &NodeId| {
            let entry = document.text(*item);
            entry.and_then(|entry| joined(&app.directory, entry)).as_deref() == Some(directory)
        };
        match list.and_then(|list| document.items(list).find(is_it)) {
            Some(item) => edits.remove_whole(item),
            None => Ok(()),
        }
    })?;
    app_side::independent(draft, layout, found, app)?;
    for name in unused(draft, app, directory, &members) {
        edit(draft, app, |document, edits, spec| {
            match document.descend(spec, &["postBuild", "substitute", &name]) {
                Some(value) => edits.remove_whole(value),
                None => Ok(()),
            }
        })?;
    }
    Ok(items(found.name, &members))
}

/// The variables of the component that nothing else of the app uses.
fn unused(
    draft: &Draft<'_>,
    app: &App<'_>,
    component: &Path,
    members: &[&Document],
) -> Vec<String> {
    let snapshot = draft.snapshot();
    let others = app.flux.iter().flat_map(FluxKustomization::components);
    let others = others.filter_map(|entry| joined(&app.directory, entry));
    let directories: Vec<_> = others.filter(|directory| directory != component).collect();
    let is_of_app = |file: &&Path| {
        file.starts_with(&app.directory) || directories.iter().any(|other| file.starts_with(other))
    };
    let files: Vec<&Path> = snapshot.paths().filter(is_of_app).collect();
    let uses = |name: &str| {
        files.iter().any(|file| {
            let text = snapshot.bytes(file).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
            text.is_some_and(|text| used_variables(text).any(|used| used == name))
        })
    };
    let mut names: Vec<String> = Vec::new();
    for name in members.iter().flat_map(|document| used_variables(document.source())) {
        let is_set = app.flux.is_some_and(|flux| flux.variable(name).is_some());
        if is_set && !uses(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}
