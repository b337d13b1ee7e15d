//! The Database document.
//!
//! `databaseReclaimPolicy` is not written unless it was chosen: its default keeps the data when the document is removed.

use super::draft::Draft;
use super::objects::{self, Place};
use super::{Error, Target, by_hand};
use crate::document::{Fragment, Placement};
use crate::kube::cluster::GROUP;
use crate::kube::{self, database::Database};
use crate::layout::{ClusterSite, Layout, Located};

/// The file of the first Database, beside the Cluster.
const DEFAULT_FILE: &str = "databases.yaml";

/// The app's database.
pub(super) struct Named<'s> {
    /// Its name in PostgreSQL: the one that was chosen, else that of the Database that is there, else the role's.
    pub(super) database: String,
    /// The Database, if it is there.
    pub(super) existing: Option<Located<'s, Database<'s>>>,
}

/// Finds the Database of the app: the one with that name, else, where no name was chosen, the one whose object is
/// named after the app. It must belong to the role that is to own it.
pub(super) fn existing<'s>(
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
) -> Result<Named<'s>, Error> {
    let chosen = target.options.database.as_deref();
    let wanted = chosen.unwrap_or(&target.role_name.value);
    let all = layout.databases(&target.site);
    let by_database = all.iter().find(|found| found.view.database() == Some(wanted));
    let by_name = || match chosen {
        Some(_) => None,
        None => {
            let name = place(layout, &target.site).names.fill(target.name);
            all.iter().find(|found| found.view.0.name() == Some(&name))
        }
    };
    let Some(found) = by_database.or_else(by_name).copied() else {
        return Ok(Named { database: wanted.to_owned(), existing: None });
    };
    let database = found.view.database().unwrap_or_default().to_owned();
    let taken = |reason| {
        let (path, database) = (found.file.to_owned(), database.clone());
        Err(Error::DatabaseTaken { path, database, reason })
    };
    if found.view.owner() != Some(owner(target)) {
        return taken("another role owns it");
    }
    if found.view.is_absent() {
        return taken("it is being dropped (`ensure: absent`)");
    }
    Ok(Named { database, existing: Some(found) })
}

/// The role that owns the database.
fn owner<'t>(target: &'t Target<'_, '_>) -> &'t str {
    target.options.owner.as_deref().unwrap_or(&target.role_name.value)
}

/// Adds the Database where the others are. One that is there gets the extensions and schemas that it lacks.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    named: &Named<'_>,
) -> Result<(), Error> {
    if let Some(existing) = &named.existing {
        return complete(draft, target, existing);
    }
    if let Some(set) = layout.database_set(&target.site) {
        return match set.has(&[target.name, &target.role_name.value, &named.database]) {
            true => Ok(()),
            false => Err(by_hand::in_set(&set, target)),
        };
    }
    let place = place(layout, &target.site);
    let subject = subject(draft, layout, target, named, &place);
    objects::add(draft, layout, &target.site, &place, "Database", &subject, spec(target, named))
}

/// After what the Database is called: the app; where another one is called after that, the database, as Kubernetes allows
/// it; else both.
fn subject(
    draft: &Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    named: &Named<'_>,
    place: &Place<'_>,
) -> String {
    let databases = layout.databases(&target.site);
    let planned: Vec<&str> = draft
        .objects()
        .filter(|object| object.is(GROUP, "Database"))
        .filter_map(|object| object.name())
        .collect();
    let is_taken = |subject: &str| {
        let name = place.names.fill(subject);
        let is_known = databases.iter().any(|found| found.view.0.name() == Some(&name));
        is_known || planned.contains(&name.as_str())
    };
    let of_database = named.database.replace('_', "-").to_ascii_lowercase();
    let both = format!("{}-{of_database}", target.name);
    let names =
        [target.name, &of_database, &both].into_iter().filter(|name| kube::is_subdomain(name));
    { names }.find(|name| !is_taken(name)).unwrap_or(target.name).to_owned()
}

fn spec(target: &Target<'_, '_>, named: &Named<'_>) -> Vec<(String, Fragment)> {
    let text = |text: &str| Fragment::text(text);
    let mut spec = vec![
        ("cluster".to_owned(), Fragment::mapping([("name", text(target.cluster()))])),
        ("name".to_owned(), text(&named.database)),
        ("owner".to_owned(), text(owner(target))),
    ];
    if let Some(reclaim) = target.options.reclaim {
        spec.push(("databaseReclaimPolicy".to_owned(), text(reclaim.as_str())));
    }
    for (key, items) in parts(target) {
        if !items.is_empty() {
            let items = items.into_iter().map(|(_, item)| item).collect();
            spec.push((key.to_owned(), Fragment::Sequence(items)));
        }
    }
    spec
}

/// What belongs into the lists of a Database, by the name of each item.
fn parts<'t>(target: &'t Target<'_, '_>) -> [(&'static str, Vec<(&'t str, Fragment)>); 2] {
    let text = |text: &str| Fragment::text(text);
    let schemas = target.options.schemas.iter().map(|name| {
        (name.as_str(), Fragment::mapping([("name", text(name)), ("owner", text(owner(target)))]))
    });
    let extensions = target.options.extensions.iter().map(|name| {
        let present = Fragment::mapping([("name", text(name)), ("ensure", text("present"))]);
        (name.as_str(), present)
    });
    [("schemas", schemas.collect()), ("extensions", extensions.collect())]
}

fn complete(
    draft: &mut Draft<'_>,
    target: &Target<'_, '_>,
    existing: &Located<'_, Database<'_>>,
) -> Result<(), Error> {
    let wanted = existing.view;
    for (key, items) in parts(target) {
        let known: Vec<&str> = wanted.names(key).collect();
        let missing = items.into_iter().filter(|(name, _)| !known.contains(name));
        let missing: Vec<Fragment> = missing.map(|(_, item)| item).collect();
        if missing.is_empty() {
            continue;
        }
        draft.edit(existing.file, |document, edits| {
            let mut all = kube::objects(document).into_iter().filter_map(Database::of);
            let same = |found: &Database<'_>| {
                found.database() == wanted.database() && found.cluster() == wanted.cluster()
            };
            let Some(found) = all.find(same) else { return Ok(()) };
            if let Some(list) = found.0.at(&["spec", key]) {
                let list = document.target(list);
                return missing
                    .into_iter()
                    .try_for_each(|item| edits.insert_item(list, Placement::Last, item));
            }
            let Some(spec) = found.0.at(&["spec"]) else { return Ok(()) };
            let list = Fragment::Sequence(missing);
            edits.insert_entry(document.target(spec), Placement::Last, key, list)
        })?;
    }
    Ok(())
}

/// Where the next Database of a Cluster goes.
pub(super) fn place<'s>(layout: &Layout<'s>, site: &ClusterSite<'s>) -> Place<'s> {
    let siblings: Vec<_> = layout
        .databases(site)
        .iter()
        .map(|found| Located { view: found.view.0, file: found.file })
        .collect();
    let chosen = layout.settings().database_file.as_ref();
    objects::place(layout, site, &siblings, DEFAULT_FILE, chosen)
}
