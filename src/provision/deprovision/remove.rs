//! Out of the repository: entries, documents, files, and the lists that name them.
//!
//! A file goes with its last document, and a kustomize file with the last thing that is built from it.

use std::path::Path;

use super::found::{self, Found};
use crate::document::{Document, Root};
use crate::kube::cluster::{Cluster, GROUP};
use crate::kube::database::Database;
use crate::kube::kustomization::Kustomization;
use crate::kube::{Object, objects};
use crate::layout::{Layout, RoleSite};
use crate::provision::Error;
use crate::provision::draft::Draft;

/// Keys of a patch that change nothing.
const IDENTITY: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Finds in a document what is to go.
type Pick<'p> = &'p dyn for<'d> Fn(&'d Document) -> Option<Object<'d>>;

/// Removes roles, databases and the Secret of the role.
pub(super) fn everything(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    found: &Found<'_, '_>,
) -> Result<(), Error> {
    let cluster = found.site.cluster.name();
    for site in &found.roles {
        match found::object_name(site) {
            None => entry(draft, layout, found, site)?,
            Some(name) => document(draft, layout, site.file, &|document| {
                objects(document)
                    .into_iter()
                    .find(|object| object.is(GROUP, "DatabaseRole") && object.name() == Some(name))
            })?,
        }
    }
    for database in &found.databases {
        let wanted = database.view.database();
        document(draft, layout, database.file, &|document| {
            let mut all = objects(document).into_iter().filter_map(Database::of);
            let same =
                |one: &Database<'_>| one.database() == wanted && one.cluster() == Some(cluster);
            all.find(same).map(|one| one.0)
        })?;
    }
    match &found.secret {
        Some(secret) => document(draft, layout, secret.file, &|document| {
            objects(document)
                .into_iter()
                .find(|object| object.is("", "Secret") && object.name() == Some(&found.secret_name))
        }),
        None => Ok(()),
    }
}

/// Removes an entry of the managed roles. A patch that is left with nothing to say goes with it.
fn entry(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    found: &Found<'_, '_>,
    site: &RoleSite<'_>,
) -> Result<(), Error> {
    let name = found.site.cluster.name();
    draft.edit(site.file, |document, edits| {
        let list = cluster_in(document, name).and_then(|cluster| cluster.role_list());
        let is_role = |item: &_| {
            let name = document.lookup(document.target(*item), "name");
            name.and_then(|name| document.text(name)) == Some(&found.role_name)
        };
        match list.and_then(|list| document.items(list).find(is_role)) {
            Some(item) => edits.remove_whole(item),
            None => Ok(()),
        }
    })?;
    let says_nothing = |cluster: Cluster<'_>| {
        let document = cluster.0.document;
        let mut keys = document.entries(cluster.0.node).map(|(key, _)| document.text(key));
        keys.all(|key| key.is_some_and(|key| IDENTITY.contains(&key)))
    };
    match cluster_in(draft.document(site.file)?, name).is_some_and(says_nothing) {
        true => document(draft, layout, site.file, &|document| {
            cluster_in(document, name).map(|one| one.0)
        }),
        false => Ok(()),
    }
}

fn cluster_in<'d>(document: &'d Document, name: &str) -> Option<Cluster<'d>> {
    let mut all = objects(document).into_iter().filter_map(Cluster::of);
    all.find(|cluster| cluster.name() == name)
}

/// Removes a document of a file, or the file if it has no other.
pub(super) fn document(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    file: &Path,
    pick: Pick<'_>,
) -> Result<(), Error> {
    let current = draft.document(file)?;
    let Some(object) = pick(current) else { return Ok(()) };
    let root = current.roots().iter().position(|root| root.node == object.node);
    let is_content = |root: &&Root| !current.node(root.node).is_absent();
    match (root, current.roots().iter().filter(is_content).count()) {
        (Some(_), 1) => forget(draft, layout, file),
        (Some(_), _)
            if current.roots().iter().any(|root| current.entry(root.node, "sops").is_some()) =>
        {
            Err(Error::SharedFile { path: file.to_owned() })
        }
        (Some(root), _) => draft.edit(file, |_, edits| edits.remove_root(root)),
        (None, _) => draft.edit(file, |document, edits| match pick(document) {
            Some(object) => edits.remove_whole(object.node),
            None => Ok(()),
        }),
    }
}

/// Removes a file and takes it off the lists.
fn forget(draft: &mut Draft<'_>, layout: &Layout<'_>, file: &Path) -> Result<(), Error> {
    draft.remove(file);
    unlist(draft, layout, file)
}

fn unlist(draft: &mut Draft<'_>, layout: &Layout<'_>, path: &Path) -> Result<(), Error> {
    for lister in layout.listers(path) {
        let directory = lister.parent().unwrap_or(Path::new(""));
        draft.edit(lister, |document, edits| {
            Kustomization::of(document).unlist(directory, path, edits)
        })?;
        // What Flux applies by itself has nobody to be taken off from.
        let is_void = Kustomization::of(draft.document(lister)?).is_void();
        if is_void && !layout.listers(directory).is_empty() {
            draft.remove(lister);
            unlist(draft, layout, directory)?;
        }
    }
    Ok(())
}
