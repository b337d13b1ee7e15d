//! Apps: what a name on the command line means in the repository.
//!
//! An app is the directory that a Flux Kustomization of its name leads to (`spec.path`, from the root of
//! the repository), else a directory of its name with a kustomize file. A name that leads to several is
//! refused rather than guessed. Files that cannot be parsed, such as templates of Helm, say nothing here.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::Error;
use crate::kube::{Object, objects};
use crate::repo::Snapshot;

/// What kustomize calls its file.
const KUSTOMIZE_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct App {
    /// As Flux or the directory calls it.
    pub(crate) name: String,
    /// Where its manifests are, relative to the root of the repository.
    pub(crate) directory: PathBuf,
    /// Its kustomize file; without one, Flux applies every manifest of the directory by itself.
    pub(crate) kustomization: Option<PathBuf>,
}

/// The app of this name.
pub(crate) fn find(snapshot: &Snapshot, name: &str) -> Result<App, Error> {
    let mut found: BTreeSet<PathBuf> = flux_kustomizations(snapshot)
        .filter(|(candidate, _)| candidate == name)
        .map(|(_, directory)| directory)
        .collect();
    if found.is_empty() {
        let files = snapshot.paths().filter(|path| is_kustomize_file(path));
        let directories = files.filter_map(Path::parent);
        found.extend(directories.filter(|path| path.ends_with(name)).map(Path::to_owned));
    }
    let mut found: Vec<PathBuf> = found.into_iter().collect();
    match (found.pop(), found.is_empty()) {
        (Some(directory), true) => Ok(app(snapshot, name.to_owned(), directory)),
        (Some(last), false) => {
            found.push(last);
            Err(Error::SeveralApps { name: name.to_owned(), directories: found })
        }
        (None, _) => Err(Error::NoApp { name: name.to_owned() }),
    }
}

/// What can be offered as an app, by name: every Flux Kustomization that leads to a kustomize file.
pub(crate) fn all(snapshot: &Snapshot) -> Vec<App> {
    let apps = flux_kustomizations(snapshot);
    let apps = apps.map(|(name, directory)| app(snapshot, name, directory));
    let apps: BTreeSet<App> = apps.filter(|app| app.kustomization.is_some()).collect();
    apps.into_iter().collect()
}

/// The objects of the YAML files right in a directory, each with its file.
pub(super) fn objects_in<'s>(
    snapshot: &'s Snapshot,
    directory: &Path,
) -> Result<Vec<(&'s Path, Object<'s>)>, Error> {
    let mut found = Vec::new();
    for path in snapshot.manifests().filter(|path| path.parent() == Some(directory)) {
        found.extend(objects(snapshot.document(path)?).into_iter().map(|object| (path, object)));
    }
    Ok(found)
}

fn app(snapshot: &Snapshot, name: String, directory: PathBuf) -> App {
    let files = KUSTOMIZE_FILES.iter().map(|file| directory.join(file));
    let kustomization = files.into_iter().find(|path| snapshot.contains(path));
    App { name, directory, kustomization }
}

/// Name and directory of each Flux Kustomization whose directory holds something.
fn flux_kustomizations(snapshot: &Snapshot) -> impl Iterator<Item = (String, PathBuf)> {
    let documents = snapshot.manifests().filter_map(|path| snapshot.document(path).ok());
    let objects = documents.flat_map(objects);
    let named = objects
        .filter(|object| object.is("kustomize.toolkit.fluxcd.io", "Kustomization"))
        .filter_map(|object| {
            Some((object.name()?.to_owned(), below_root(object.text(&["spec", "path"])?)?))
        });
    named.filter(|(_, directory)| snapshot.paths().any(|path| path.starts_with(directory)))
}

/// A `spec.path` as a path below the root; `None` where it leads out of it.
fn below_root(path: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => below.push(name),
            Component::ParentDir if !below.pop() => return None,
            Component::ParentDir | Component::CurDir | Component::RootDir => {}
            Component::Prefix(_) => return None,
        }
    }
    Some(below)
}

fn is_kustomize_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| KUSTOMIZE_FILES.iter().any(|file| name == *file))
}
