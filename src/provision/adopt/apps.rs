//! Role, Secret and Database for a database that is in use.
//!
//! The same parts as those of `db provision`, with the role, the database and the password that are there. The app
//! connects already, so that its own Secret is left alone.

use std::collections::BTreeSet;

use super::Remark;
use super::candidate::{Candidate, candidates, init_containers};
use crate::kube::Object;
use crate::layout::{App, Layout, Located, Strategy};
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
        // Names are inferred from what is in the repository, which this plan is not yet: only a further Database needs
        // none of them.
        let is_same_role =
            |other: &&Candidate<'_, '_>| (other.stock, &other.role) == (one.stock, &one.role);
        let is_same_app = |other: &&Candidate<'_, '_>| other.app == one.app;
        let is_further = done.iter().any(|other| is_same_role(other) && is_same_app(other));
        if !is_further && done.iter().any(|other| is_same_role(other) || is_same_app(other)) {
            again.insert((app.to_owned(), database));
            continue;
        }
        match of_app(draft, layout, inventory, (one, app, is_further), means, remarks) {
            Ok(()) => done.push(one),
            Err(Problem::Left(reason)) => {
                remarks.push(Remark::Left { path, database, reason: Box::new(reason) });
            }
            Err(Problem::Failed(error)) => return Err(error),
        }
    }
    let again = again.into_iter();
    remarks.extend(again.map(|(app, database)| Remark::Again { app, database }));
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
    (one, app, is_further): (&Candidate<'_, 's>, &str, bool),
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
    if is_further {
        database::write(draft, layout, &target, &named).map_err(Problem::Failed)?;
        remarks.extend(init_remarks(layout, &target.app, &one.database));
        return Ok(());
    }
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
    remarks.extend(init_remarks(layout, &target.app, &one.database));
    Ok(())
}

/// The init containers of an app that make its database.
fn init_remarks(layout: &Layout<'_>, app: &App<'_>, database: &str) -> Vec<Remark> {
    let remark = |found: Located<'_, Object<'_>>| Remark::InitContainer {
        path: found.file.to_owned(),
        line: found.view.document.position_of(found.view.node).line,
        database: database.to_owned(),
    };
    init_containers(layout, app).into_iter().map(remark).collect()
}
