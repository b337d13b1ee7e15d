//! Which containers an app has, and which of them can read a Secret of it.

use std::path::Path;

use super::{Error, Used};
use crate::kube::container::{self, Container};
use crate::kube::objects;
use crate::layout::{App, Layout};
use crate::scaffold;

/// A container and its place.
pub(super) struct Site<'s> {
    /// The file that it stands in.
    pub(super) file: &'s Path,
    /// The container.
    pub(super) container: Container<'s>,
    /// Its place among all containers of the file.
    pub(super) index: usize,
}

/// The containers of the app that can be given a Secret, as `CONTROLLER/CONTAINER` or `WORKLOAD/CONTAINER`, and with the
/// release or the kind in front where two have the same names.
pub(crate) fn containers<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
) -> Result<Vec<String>, scaffold::Error> {
    let mut sites = sites(layout, app)?;
    sites.retain(|site| layout.shared_with(app, site.file).is_none());
    Ok(labels(&sites))
}

/// The container that was chosen, by its shorter or longer name, else the only one.
pub(super) fn choose<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
    name: Option<&str>,
) -> Result<Site<'s>, Error> {
    let mut sites = sites(layout, app)?;
    if sites.is_empty() {
        return Err(nothing(layout, app)?);
    }
    let candidates = labels(&sites);
    let is_own = |site: &Site<'_>| layout.shared_with(app, site.file).is_none();
    match name {
        Some(name) => sites.retain(|site| site.is_named(name)),
        // One that belongs to others, too, is taken only where there is nothing else: to say so.
        None if sites.iter().any(is_own) => sites.retain(is_own),
        None => {}
    }
    match (sites.len(), name) {
        (1, _) => Ok(sites.swap_remove(0)),
        (0, Some(name)) => Err(Error::UnknownContainer { name: name.to_owned(), candidates }),
        _ => Err(Error::SeveralContainers { candidates: labels(&sites) }),
    }
}

fn labels(sites: &[Site<'_>]) -> Vec<String> {
    let short: Vec<String> = sites.iter().map(|site| site.container.to_string()).collect();
    let is_unique = |label: &String| short.iter().filter(|other| *other == label).count() == 1;
    let label = |(site, label): (&Site<'_>, &String)| match is_unique(label) {
        true => label.clone(),
        false => site.container.long_name(),
    };
    sites.iter().zip(&short).map(label).collect()
}

/// All containers in the app's directory, and those that the app is built from.
fn sites<'s>(layout: &Layout<'s>, app: &App<'s>) -> Result<Vec<Site<'s>>, Error> {
    let mut found = Vec::new();
    for file in files(layout, app) {
        let all = container::containers(layout.snapshot().document(file)?).into_iter();
        found.extend(all.enumerate().map(|(index, container)| Site { file, container, index }));
    }
    Ok(found)
}

/// The files that may hold them. What is in a patch is not a whole object.
fn files<'s>(layout: &Layout<'s>, app: &App<'s>) -> Vec<&'s Path> {
    let beside = |file: &&Path| file.parent() == Some(app.directory.as_path());
    let mut files: Vec<&'s Path> = layout.snapshot().manifests().filter(beside).collect();
    for file in layout.files_of(app) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files.retain(|file| !layout.is_patch(file));
    files
}

/// Why there is no container.
fn nothing<'s>(layout: &Layout<'s>, app: &App<'s>) -> Result<Error, Error> {
    for file in files(layout, app) {
        let all = objects(layout.snapshot().document(file)?);
        if let Some(release) = all.iter().find(|object| container::is_release(object)) {
            let release = release.name().unwrap_or_default().to_owned();
            return Ok(Error::OtherChart { path: file.to_owned(), release });
        }
    }
    Ok(Error::NoContainer { directory: app.directory.clone() })
}

impl<'s> Site<'s> {
    fn is_named(&self, name: &str) -> bool {
        self.container.to_string() == name || self.container.long_name() == name
    }

    /// Refuses a container that belongs to others, too, or that would not find the Secret.
    pub(super) fn refuse(
        &self,
        layout: &Layout<'s>,
        app: &App<'s>,
        secret: Used<'_>,
    ) -> Result<(), Error> {
        let (path, container) = (self.file.to_owned(), self.container.to_string());
        if let Some(other) = layout.shared_with(app, self.file) {
            return Err(Error::OtherApp { path, container, other: other.to_owned() });
        }
        let object = self.container.object;
        if container::is_release(&object)
            && let Some(renamer) = layout.renamer(app)
        {
            return Err(Error::OtherName { path: renamer.to_owned() });
        }
        // What is given from above replaces what is written, in the Secret and in the workload.
        let given = layout.namespace_given(app).map(|given| given.value.to_owned());
        let given = given.or_else(|| layout.namespace_at(&app.directory));
        let written = || layout.namespace(object, self.file).map(|fact| fact.value.to_owned());
        // A release may be put elsewhere than it is.
        let target = object.text(&["spec", "targetNamespace"]).map(str::to_owned);
        let namespace = target.or(given.clone()).or_else(written);
        match (namespace, given.or(secret.namespace.map(str::to_owned))) {
            (Some(namespace), Some(secret)) if namespace != secret => {
                Err(Error::OtherNamespace { path, container, namespace, secret })
            }
            _ => Ok(()),
        }
    }
}
