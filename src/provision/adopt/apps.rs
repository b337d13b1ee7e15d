//! Role, Secret and Database for a database that is in use.
//!
//! The same parts as those of `db provision`, with the role, the database and the password that are there. The app
//! connects already, so that its own Secret is left alone.

use std::collections::BTreeSet;

use super::Remark;
use super::candidate::{Candidate, candidates, is_for_init};
use crate::layout::{App, Layout, Strategy};
use crate::provision::draft::Draft;
use crate::provision::inventory::Inventory;
use crate::provision::{
    Error, Means, Options, database, depends_on, password, role, role_secret, target,
};

/// Declares each database that is in use.
pub(super) fn declare<'s>(
    draft: &mut Draft<'s>,
    layout: &Layout<'s>,
    inventory: &Inventory<'s>,
    means: &mut Means<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<(), Error> {
    let found = candidates(layout, inventory);
    let mut done: Vec<&Candidate<'_, '_>> = Vec::new();
    let mut again = BTreeSet::new();
    for one in &found {
        let (path, database) = (one.file.to_owned(), one.database.clone());
        let Some(app) = one.app else {
            remarks.push(Remark::NoApp { path, database });
            continue;
        };
        let same = done.iter().find(|other| {
            (other.stock, &other.role, &other.database) == (one.stock, &one.role, &one.database)
        });
        if let Some(same) = same {
            if same.password != one.password {
                remarks.push(Remark::PasswordsDiffer { path, role: one.role.clone() });
            }
            continue;
        }
        // Names are inferred from what is in the repository, which this plan is not yet.
        let is_near = |other: &&&Candidate<'_, '_>| {
            other.app == one.app || (other.stock, &other.role) == (one.stock, &one.role)
        };
        if done.iter().any(|other| is_near(&other)) {
            again.insert(app.to_owned());
            continue;
        }
        match of_app(draft, layout, inventory, (one, app), means, remarks) {
            Ok(()) => done.push(one),
            Err(Problem::Left(reason)) => {
                remarks.push(Remark::Left { path, database, reason: Box::new(reason) });
            }
            Err(Problem::Failed(error)) => return Err(error),
        }
    }
    remarks.extend(again.into_iter().map(|app| Remark::Again { app }));
    Ok(())
}

/// Why a database is not adopted.
enum Problem {
    /// It does not fit; the others may.
    Left(Error),
    /// Nothing can be written.
    Failed(Error),
}

fn of_app<'s>(
    draft: &mut Draft<'s>,
    layout: &Layout<'s>,
    inventory: &Inventory<'s>,
    (one, app): (&Candidate<'_, 's>, &str),
    means: &mut Means<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<(), Problem> {
    password::check(one.password).map_err(|error| Problem::Left(error.into()))?;
    let options = Options {
        role: Some(one.role.clone()),
        database: Some(one.database.clone()),
        cluster: Some(inventory.clusters[one.stock].cluster()),
        ..Options::default()
    };
    let target = target::find(app, &options, layout).map_err(Problem::Left)?;
    if matches!(target.strategy.value, Strategy::Component(_)) {
        return Err(Problem::Left(Error::ByComponent));
    }
    let named = database::existing(layout, &target).map_err(Problem::Left)?;
    let mut notes = Vec::new();
    let snapshot = draft.snapshot();
    let existing = role_secret::existing(snapshot, layout, &target, means, &mut notes);
    let file = match existing.map_err(Problem::Left)? {
        Some(existing) => existing.file.to_owned(),
        None => {
            let created = role_secret::create(draft, &target, one.password, means);
            created.map_err(Problem::Failed)?.0
        }
    };
    if target.role.is_none() {
        remarks.push(Remark::Exactly { role: one.role.clone() });
    }
    (|| {
        if let Some(lister) = target.place.listed_in
            && !layout.is_listed(&file)
        {
            role_secret::list(draft, &target, lister, &file)?;
        }
        role::write(draft, layout, &target, &mut notes)?;
        database::write(draft, layout, &target, &named)?;
        depends_on::write(draft, layout, &target)
    })()
    .map_err(Problem::Failed)?;
    remarks.extend(init_containers(layout, &target.app, &one.database));
    Ok(())
}

/// The init containers of an app that make its database.
fn init_containers(layout: &Layout<'_>, app: &App<'_>, database: &str) -> Vec<Remark> {
    let secrets = layout.secrets_of(app);
    if !secrets.iter().any(is_for_init) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for located in layout.objects_in(&app.directory).unwrap_or_default() {
        let document = located.view.document;
        let is_image = |id: &crate::document::NodeId| {
            let keys = ["image", "repository"];
            let mut images =
                keys.iter().filter_map(|key| document.text(document.entry(*id, key)?.1));
            images.any(|image| image.rsplit('/').next().is_some_and(|name| name.starts_with(IMAGE)))
        };
        found.extend(document.subtree(located.view.node).filter(is_image).map(|id| {
            Remark::InitContainer {
                path: located.file.to_owned(),
                line: document.position_of(id).line,
                database: database.to_owned(),
            }
        }));
    }
    found
}

/// The image that makes a database before the app starts (`ghcr.io/home-operations/postgres-init` and its like).
const IMAGE: &str = "postgres-init";
