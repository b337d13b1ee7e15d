//! `envFrom` in the app's HelmRelease: every key of the Secret becomes a variable of the container.

use std::path::Path;

use super::{EnvFrom, Error, NewSecret};
use crate::document::{Document, EditError, Edits, Fragment, Placement};
use crate::kube::workload::{self, Container};
use crate::layout::{App, Layout};

/// The containers of the app that can get `envFrom`, as `CONTROLLER/CONTAINER`.
pub(crate) fn containers(layout: &Layout<'_>, app: &App<'_>) -> Result<Vec<String>, Error> {
    Ok(found(layout, app)?.iter().map(|(_, container)| container.to_string()).collect())
}

/// The file of the HelmRelease, and it with the reference; `None` where that is there already.
pub(super) fn add<'s>(
    layout: &Layout<'s>,
    request: &NewSecret<'_>,
) -> Result<(&'s Path, Option<Document>), Error> {
    let app = &request.app;
    let containers = found(layout, app)?;
    let candidates = || containers.iter().map(|(_, container)| container.to_string()).collect();
    let chosen = match (&request.env_from, &containers[..]) {
        (_, []) => return Err(Error::NoContainer { directory: app.directory.clone() }),
        (EnvFrom::Container(name), _) => {
            containers.iter().find(|(_, container)| container.to_string() == *name).ok_or_else(
                || Error::UnknownContainer { name: name.clone(), candidates: candidates() },
            )?
        }
        (_, [only]) => only,
        _ => return Err(Error::SeveralContainers { candidates: candidates() }),
    };
    let (path, container) = chosen;
    let edited = reference(container, &request.name)
        .map_err(|source| Error::Edit { path: path.to_path_buf(), source })?;
    Ok((path, edited))
}

fn found<'s>(layout: &Layout<'s>, app: &App<'_>) -> Result<Vec<(&'s Path, Container<'s>)>, Error> {
    let objects = layout.objects_in(&app.directory)?;
    let containers = objects.iter().flat_map(|found| {
        workload::containers(&found.view).into_iter().map(|container| (found.file, container))
    });
    Ok(containers.collect())
}

fn reference(container: &Container<'_>, secret: &str) -> Result<Option<Document>, EditError> {
    if container.reads_secret(secret) {
        return Ok(None);
    }
    let document = container.document;
    let name = Fragment::mapping([("name", Fragment::text(secret))]);
    let item = Fragment::mapping([("secretRef", name)]);
    let mut edits = Edits::new(document);
    match document.entry(container.node, "envFrom") {
        Some((_, list)) => edits.insert_item(list, Placement::Last, item)?,
        None => {
            // Where people look for it: behind the variables, else behind the image.
            let entries = ["env", "image"].iter();
            let mut neighbours = entries.filter_map(|key| document.entry(container.node, key));
            let placement =
                neighbours.next().map_or(Placement::Last, |(_, value)| Placement::After(value));
            let list = Fragment::Sequence(vec![item]);
            edits.insert_entry(container.node, placement, "envFrom", list)?;
        }
    }
    edits.apply().map(Some)
}
