//! The role: an entry of `spec.managed.roles` in the Cluster or in a patch of it, or a `DatabaseRole`.
//!
//! The attributes of an entry are the operator's defaults but for `login`; they are written because whoever
//! reads the list wants to see them.

use std::path::Path;

use super::draft::Draft;
use super::objects::{self, Place};
use super::{Error, Note, Options, Target, by_hand};
use crate::document::{Document, EditError, Edits, Fragment, Placement, Value};
use crate::kube;
use crate::kube::cluster::Cluster;
use crate::layout::{self, ClusterSite, Layout, RoleSite, Strategy};

/// The file of the first `DatabaseRole`, beside the Cluster.
const DEFAULT_FILE: &str = "database-roles.yaml";

/// Adds the role behind the others, unless it is there.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    if let Some(found) = &target.role {
        if !found.role.may_log_in() {
            notes.push(Note::NoLogin { path: found.file.to_owned() });
        }
        return complete(draft, target, found, notes);
    }
    if let Some(patched) = &target.patched {
        return match patched.has(&target.role_name.value) {
            true => Ok(()),
            false => Err(by_hand::in_patch(patched, target, entry(target))?),
        };
    }
    match &target.strategy.value {
        Strategy::DatabaseRole => add_object(draft, layout, target),
        Strategy::ManagedRole(list) => add_entry(draft, list.file, target),
        // It makes its role itself.
        Strategy::Component(_) => Ok(()),
    }
}

/// Where the next `DatabaseRole` of a Cluster goes.
pub(super) fn place<'s>(layout: &Layout<'s>, site: &ClusterSite<'s>) -> Place<'s> {
    let siblings = layout.database_roles_of(site);
    let chosen = layout.settings().database_role_file.as_ref();
    objects::place(layout, site, &siblings, DEFAULT_FILE, chosen)
}

/// Gives a role that is there the attributes that were asked for and that it lacks. One that it has stays.
fn complete(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    found: &RoleSite<'_>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    for (key, value) in chosen(target.options) {
        if found.role.entry.at(&[key]).is_some() {
            if has(found, target.options, key) {
                continue;
            }
            notes.push(Note::AttributeKept { path: found.file.to_owned(), key });
            continue;
        }
        draft.edit(found.file, |document, edits| {
            match layout::role_in(document, target.cluster(), found.role.name()) {
                Some(role) => edits.insert_entry(role.entry.node, Placement::Last, key, value),
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}

fn add_entry(draft: &mut Draft<'_>, file: &Path, target: &Target<'_, '_>) -> Result<(), Error> {
    draft.edit(file, |document, edits| {
        let mut clusters = kube::objects(document).into_iter().filter_map(Cluster::of);
        match clusters.find(|cluster| cluster.name() == target.cluster()) {
            Some(cluster) => insert(document, edits, cluster, Fragment::Mapping(entry(target))),
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

/// A `DatabaseRole`, which the operator knows from 1.30 on.
fn add_object(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
) -> Result<(), Error> {
    let place = place(layout, &target.site);
    let cluster = Fragment::mapping([("name", Fragment::text(target.cluster()))]);
    let mut spec = vec![("cluster".to_owned(), cluster)];
    // An object that is there is present.
    spec.extend(entry(target).into_iter().filter(|(key, _)| key != "ensure"));
    objects::add(draft, layout, &target.site, &place, "DatabaseRole", target.name, spec)
}

fn entry(target: &Target<'_, '_>) -> Vec<(String, Fragment)> {
    described(&target.role_name.value, &target.secret_name, target.options)
}

/// A role with its Secret and what was chosen.
pub(super) fn described(role: &str, secret: &str, options: &Options) -> Vec<(String, Fragment)> {
    let mut entries = vec![
        ("name", Fragment::text(role)),
        ("ensure", Fragment::text("present")),
        ("login", Fragment::Value(Value::Bool(true))),
        ("superuser", Fragment::Value(Value::Bool(false))),
    ];
    entries.extend(chosen(options));
    let secret = Fragment::text(secret);
    entries.push(("passwordSecret", Fragment::mapping([("name", secret)])));
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Whether an attribute of a role is as it was asked for.
fn has(found: &RoleSite<'_>, options: &Options, key: &str) -> bool {
    let entry = found.role.entry;
    let wanted: Vec<String> = match key {
        "connectionLimit" => options.connection_limit.iter().map(u32::to_string).collect(),
        _ => options.in_roles.clone(),
    };
    let value = entry.at(&[key]).map(|value| entry.document.target(value));
    let items = value.into_iter().flat_map(|list| entry.document.items(list).chain([list]));
    let known: Vec<&str> = items.filter_map(|item| entry.document.text(item)).collect();
    wanted.iter().all(|wanted| known.contains(&wanted.as_str()))
}

/// Attributes that were asked for.
fn chosen(options: &Options) -> Vec<(&'static str, Fragment)> {
    let mut entries = Vec::new();
    if let Some(limit) = options.connection_limit {
        entries.push(("connectionLimit", Fragment::Value(Value::Int(limit.into()))));
    }
    if !options.in_roles.is_empty() {
        let roles = options.in_roles.iter().map(|role| Fragment::text(role.as_str()));
        entries.push(("inRoles", Fragment::Sequence(roles.collect())));
    }
    entries
}
