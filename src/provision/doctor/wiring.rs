//! What kustomize and Flux must know: that a file is there, and that an app waits for its database.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Examination, Place, Repair};
use crate::kube::Object;
use crate::layout::Choice;
use crate::provision::depends_on;

/// Apps that do not wait for what applies the Cluster.
pub(super) fn waiting(exam: &mut Examination<'_, '_>, stock: usize) {
    let (layout, inventory) = (exam.layout, exam.inventory);
    let site = &inventory.clusters[stock].site;
    let entries = inventory.clusters[stock].entries.iter();
    let alive = entries.filter(|entry| !entry.database.is_some_and(|found| found.view.is_absent()));
    let apps: BTreeSet<&str> = alive
        .flat_map(|entry| {
            let users = entry.uses.iter().filter_map(|found| found.app.as_deref());
            users.chain(entry.app.as_deref())
        })
        .collect();
    for name in apps {
        let Choice::One(app) = layout.app_named(name) else { continue };
        let Some(missing) = depends_on::missing(layout, &app, site) else { continue };
        let Some(flux) = app.flux else { continue };
        let place = Place::of(flux.0, &["metadata", "name"], app.file);
        let message = format!("`{name}` uses a database and does not wait for `{missing}`");
        exam.repairable("depends-on", place, message, Repair::Wait(Box::new(app), stock));
    }
}

/// Files of roles and Databases that no kustomize file lists, below a directory where one lists others.
pub(super) fn listing<'s>(exam: &mut Examination<'_, 's>, stock: usize) {
    let (layout, inventory) = (exam.layout, exam.inventory);
    let site = &inventory.clusters[stock].site;
    let mut objects: Vec<(Object<'s>, &'s Path)> = Vec::new();
    objects.extend(layout.databases(site).iter().map(|found| (found.view.0, found.file)));
    objects.extend(layout.database_roles_of(site).iter().map(|found| (found.view, found.file)));
    let secrets = inventory.clusters[stock].entries.iter();
    let secrets = secrets.filter_map(|entry| entry.secret.as_ref()?.site);
    objects.extend(secrets.map(|site| (site.object, site.file)));
    let mut seen = BTreeSet::new();
    for (object, file) in objects {
        if layout.is_listed(file) || !seen.insert(file) {
            continue;
        }
        let Some(lister) = layout.kustomize_file_above(file) else { continue };
        let place = Place::of(object, &["metadata", "name"], file);
        let message = format!("{} does not list this file, so it is not applied", lister.display());
        exam.repairable("not-listed", place, message, Repair::List { lister, file, stock });
    }
}
