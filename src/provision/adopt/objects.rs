//! `DatabaseRole` objects in the place of the entries of `spec.managed.roles`.
//!
//! The operator does not apply an object while the Cluster has an entry for the role
//! (`databaserole_controller.go`), so that both change in one commit: there is no moment without the role. Every
//! attribute is carried over with its comments; what cannot be carried is refused rather than lost.

use std::ops::Range;

use super::Remark;
use super::carry::{self, Carried};
use crate::document::{Document, Fragment, NodeId};
use crate::kube::cluster::{Cluster, Role};
use crate::kube::{self, Object};
use crate::layout::{ClusterSite, Layout, Located, RoleSecretPlace, RoleSite};
use crate::provision::Error;
use crate::provision::draft::Draft;
use crate::provision::objects::{self, Place};
use crate::provision::{role, target};

/// An entry that goes, and what becomes of it.
struct Moving<'s> {
    role: Role<'s>,
    /// The name of the object; `None` where there is one already that says the same.
    object: Option<String>,
    carried: Carried,
}

/// Replaces the entries of these roles; all, where none is named.
pub(super) fn replace<'s>(
    draft: &mut Draft<'s>,
    chosen: &[String],
    layout: &Layout<'s>,
    remarks: &mut Vec<Remark>,
) -> Result<(), Error> {
    let sites = layout.clusters();
    refuse_unknown(chosen, &sites, layout)?;
    for site in &sites {
        let list = layout.role_list(site);
        let live = layout.roles(site);
        let is_live = |role: &Role<'_>| {
            let is_it = |found: &RoleSite<'_>| {
                found.file == list.file && found.role.entry.node == role.entry.node
            };
            live.iter().any(is_it)
        };
        let siblings = layout.database_roles_of(site);
        let place = role::place(layout, site);
        let named = layout.role_secrets(site);
        let mut moving: Vec<Moving<'s>> = Vec::new();
        // An entry that a patch hides would come to life as an object.
        for role in list.view.roles().filter(is_live) {
            let name = role.name();
            if !chosen.is_empty() && !chosen.iter().any(|chosen| chosen == name) {
                continue;
            }
            if role.is_absent() {
                let (path, role) = (list.file.to_owned(), name.to_owned());
                remarks.push(Remark::Dropping { path, role });
                continue;
            }
            let carried = carried(draft, &list, role, (site, &place))?;
            let object = match same(&siblings, role)? {
                true => None,
                false => Some(object_name(&siblings, &moving, role, &named)?),
            };
            moving.push(Moving { role, object, carried });
        }
        if moving.is_empty() {
            continue;
        }
        remarks.push(Remark::NewOperator);
        remove(draft, &list, list.file != site.file, &moving)?;
        for one in moving {
            if let Some(object) = one.object {
                objects::add(
                    draft,
                    layout,
                    site,
                    &place,
                    "DatabaseRole",
                    &object,
                    one.carried.spec,
                )?;
            }
        }
    }
    Ok(())
}

/// Refuses a role that is neither an entry nor an object, and one of no Cluster at all.
fn refuse_unknown(
    chosen: &[String],
    sites: &[ClusterSite<'_>],
    layout: &Layout<'_>,
) -> Result<(), Error> {
    let roles = sites.iter().flat_map(|site| layout.roles(site));
    let found: Vec<String> = roles.map(|found| found.role.name().to_owned()).collect();
    if chosen.is_empty() {
        return Ok(());
    }
    let Some(site) = sites.first() else { return target::cluster(None, layout).map(drop) };
    match chosen.iter().find(|role| !found.contains(role)) {
        Some(role) => {
            let (path, role) = (site.file.to_owned(), role.clone());
            Err(Error::RoleUnknown { path, role, found })
        }
        None => Ok(()),
    }
}

fn carried<'s>(
    draft: &Draft<'s>,
    list: &Located<'s, Cluster<'s>>,
    role: Role<'s>,
    (site, place): (&ClusterSite<'s>, &Place<'s>),
) -> Result<Carried, Error> {
    let document = place.document(draft)?;
    let how = carry::Target {
        cluster: site.cluster.name(),
        step: document.indentation().step,
        line_break: document.line_break(),
    };
    carry::carry(role, &how).map_err(|reason| Error::NotCarried {
        path: list.file.to_owned(),
        role: role.name().to_owned(),
        reason,
    })
}

/// Whether there is an object that says the same as the entry. One that says something else has never been applied;
/// which of them is right, nobody can tell.
fn same(siblings: &[Located<'_, Object<'_>>], role: Role<'_>) -> Result<bool, Error> {
    let is_it = |found: &&Located<'_, Object<'_>>| {
        Role::of_object(found.view).is_some_and(|other| other.name() == role.name())
    };
    let Some(found) = siblings.iter().find(is_it) else { return Ok(false) };
    let other = Role::of_object(found.view).expect("found by its name above");
    match carry::say_the_same(role, other) {
        true => Ok(true),
        false => Err(Error::RoleTaken {
            path: found.file.to_owned(),
            role: role.name().to_owned(),
            reason: "its DatabaseRole has other attributes than its entry",
        }),
    }
}

/// A name for the object: the app's, as the role's Secret shows it, else the role's as Kubernetes allows it.
fn object_name(
    siblings: &[Located<'_, Object<'_>>],
    moving: &[Moving<'_>],
    role: Role<'_>,
    place: &RoleSecretPlace<'_>,
) -> Result<String, Error> {
    let app = role.password_secret().and_then(|secret| place.name.value.app_in(secret));
    let hyphened = role.name().replace('_', "-").to_ascii_lowercase();
    let is_free = |name: &&str| {
        let taken = siblings.iter().any(|found| found.view.name() == Some(name));
        !taken && !moving.iter().any(|other| other.object.as_deref() == Some(name))
    };
    let names = app.into_iter().chain([hyphened.as_str()]);
    let found = { names }.filter(|name| kube::is_subdomain(name)).find(is_free);
    let unusable = || Error::Unusable { name: role.name().to_owned(), what: "DatabaseRole" };
    found.map(str::to_owned).ok_or_else(unusable)
}

/// Removes the entries, and what is empty then.
fn remove(
    draft: &mut Draft<'_>,
    list: &Located<'_, Cluster<'_>>,
    is_patch: bool,
    moving: &[Moving<'_>],
) -> Result<(), Error> {
    let document = list.view.0.document;
    let items: Vec<NodeId> =
        list.view.role_list().map_or_else(Vec::new, |list| document.items(list).collect());
    let goes = |item: &NodeId| moving.iter().any(|one| one.role.entry.node == *item);
    let gone: Vec<NodeId> = items.iter().copied().filter(goes).collect();
    let aliased = moving.iter().find(|one| !items.contains(&one.role.entry.node));
    if let Some(one) = aliased {
        let (path, role) = (list.file.to_owned(), one.role.name().to_owned());
        return Err(Error::NotCarried { path, role, reason: "the entry is an alias" });
    }
    let carried: Vec<Range<usize>> =
        moving.iter().flat_map(|one| one.carried.comments.iter().cloned()).collect();
    let lost = |reason| {
        let names: Vec<&str> = moving.iter().map(|one| one.role.name()).collect();
        let (path, role) = (list.file.to_owned(), names.join("`, `"));
        Error::NotCarried { path, role, reason }
    };
    if gone.len() == items.len() {
        empty(draft, list, is_patch, &carried)?;
    } else {
        draft.edit(list.file, |_, edits| {
            gone.into_iter().try_for_each(|item| edits.remove_item_with_heading(item))
        })?;
    }
    let left = draft.document(list.file)?.comments().len();
    match document.comments().len() > left + carried.len() {
        true => Err(lost("a comment belongs to none of its attributes")),
        false => Ok(()),
    }
}

/// Removes the whole list: with the mapping around it where that has nothing else, and not where a comment would go
/// that nobody has carried.
fn empty(
    draft: &mut Draft<'_>,
    list: &Located<'_, Cluster<'_>>,
    is_patch: bool,
    carried: &[Range<usize>],
) -> Result<(), Error> {
    let cluster = &list.view.0;
    let document = cluster.document;
    let (Some(managed), Some(roles)) =
        (cluster.at(&["spec", "managed"]), cluster.at(&["spec", "managed", "roles"]))
    else {
        return Ok(());
    };
    let is_clean = |value: NodeId| {
        let range = lines_of(document, value);
        let mut within = document.comments().iter().filter(|one| range.contains(&one.span.start));
        within.all(|comment| carried.contains(&comment.span))
    };
    let is_only = document.entries(managed).count() == 1;
    let others = cluster.at(&["spec"]).map_or(0, |spec| document.entries(spec).count());
    draft.edit(list.file, |_, edits| {
        if is_patch {
            // Without a list of the patch's the Cluster's own would count again.
            edits.replace(roles, &Fragment::Sequence(Vec::new()))
        } else if is_only && others > 1 && is_clean(managed) {
            edits.remove_entry(managed)
        } else if !is_only && is_clean(roles) {
            edits.remove_entry(roles)
        } else {
            edits.replace(roles, &Fragment::Sequence(Vec::new()))
        }
    })
}

/// From behind the key of an entry to the end of its last line.
fn lines_of(document: &Document, value: NodeId) -> Range<usize> {
    let range = document.behind_key(value).unwrap_or(document.node(value).span.clone());
    let rest = document.source()[range.end..].find('\n');
    range.start..rest.map_or(document.source().len(), |length| range.end + length)
}
