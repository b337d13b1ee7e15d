//! The managed role: an entry of the Cluster's `spec.managed.roles`.
//!
//! The three attributes are the operator's defaults but for `login`; they are written because whoever
//! reads the list wants to see them.

use super::draft::Draft;
use super::{Error, Note, Target};
use crate::document::{Document, EditError, Edits, Fragment, Placement, Value};
use crate::kube::cluster::Cluster;
use crate::kube::objects;

/// Adds the role at the end of the list, unless it is there.
pub(super) fn write(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    if let Some(role) = &target.role {
        if !role.may_log_in() {
            notes.push(Note::NoLogin { path: target.site.file.to_owned() });
        }
        return Ok(());
    }
    draft.edit(target.site.file, |document, edits| {
        let mut clusters = objects(document).into_iter().filter_map(Cluster::of);
        match clusters.find(|cluster| cluster.name() == target.cluster()) {
            Some(cluster) => insert(document, edits, cluster, role(target)),
            None => Ok(()),
        }
    })
}

fn insert(
    document: &Document,
    edits: &mut Edits<'_>,
    cluster: Cluster<'_>,
    role: Fragment,
) -> Result<(), EditError> {
    if let Some(list) = cluster.role_list() {
        return edits.insert_item(list, Placement::Last, role);
    }
    let roles = Fragment::Sequence(vec![role]);
    if let Some(managed) = cluster.0.at(&["spec", "managed"]) {
        return edits.insert_entry(document.target(managed), Placement::Last, "roles", roles);
    }
    let managed = Fragment::mapping([("roles", roles)]);
    match cluster.0.at(&["spec"]) {
        Some(spec) => {
            edits.insert_entry(document.target(spec), Placement::Last, "managed", managed)
        }
        None => {
            let spec = Fragment::mapping([("managed", managed)]);
            edits.insert_entry(cluster.0.node, Placement::Last, "spec", spec)
        }
    }
}

fn role(target: &Target<'_, '_>) -> Fragment {
    Fragment::mapping([
        ("name", Fragment::text(target.identifier.value.as_str())),
        ("ensure", Fragment::text("present")),
        ("login", Fragment::Value(Value::Bool(true))),
        ("superuser", Fragment::Value(Value::Bool(false))),
        (
            "passwordSecret",
            Fragment::mapping([("name", Fragment::text(target.secret_name.as_str()))]),
        ),
    ])
}
