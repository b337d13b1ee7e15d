//! `ensure: absent`: what the operator is to drop.

use super::found::{self, Found, ROLE_POLICY};
use crate::document::{Document, EditError, Edits, Fragment, NodeId, Placement};
use crate::kube::cluster::GROUP;
use crate::kube::database::Database;
use crate::kube::objects;
use crate::layout;
use crate::provision::Error;
use crate::provision::draft::Draft;

/// Has the databases dropped.
pub(super) fn databases(draft: &mut Draft<'_>, found: &Found<'_, '_>) -> Result<(), Error> {
    for database in &found.databases {
        let (wanted, cluster) = (database.view.database(), database.view.cluster());
        draft.edit(database.file, |document, edits| {
            let mut all = objects(document).into_iter().filter_map(Database::of);
            let same = |one: &Database<'_>| one.database() == wanted && one.cluster() == cluster;
            match all.find(same).and_then(|one| one.0.at(&["spec"])) {
                Some(spec) => {
                    put(document, edits, document.target(spec), ("ensure", "absent"), "owner")
                }
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Has the role dropped: now, or, as the object of a role cannot say that it is absent, with its object.
pub(super) fn role(draft: &mut Draft<'_>, found: &Found<'_, '_>) -> Result<(), Error> {
    for site in found.roles.iter().filter(|site| !found::is_doomed(site)) {
        let object = found::object_name(site);
        draft.edit(site.file, |document, edits| {
            if let Some(name) = object {
                let mut all = objects(document).into_iter();
                let object =
                    all.find(|one| one.is(GROUP, "DatabaseRole") && one.name() == Some(name));
                return match object.and_then(|object| object.at(&["spec"])) {
                    Some(spec) => {
                        put(document, edits, document.target(spec), (ROLE_POLICY, "delete"), "name")
                    }
                    None => Ok(()),
                };
            }
            // An entry comes before an object of the same name.
            match layout::role_in(document, found.site.cluster.name(), &found.role_name) {
                Some(role) => put(document, edits, role.entry.node, ("ensure", "absent"), "name"),
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Gives a key this text; where it is new, behind another one.
fn put(
    document: &Document,
    edits: &mut Edits<'_>,
    mapping: NodeId,
    (key, text): (&str, &str),
    behind: &str,
) -> Result<(), EditError> {
    if let Some((_, known)) = document.entry(mapping, key) {
        return edits.set_text(known, text);
    }
    let known = document.entry(mapping, behind);
    let place = known.map_or(Placement::Last, |(_, known)| Placement::After(known));
    edits.insert_entry(mapping, place, key, Fragment::text(text))
}
