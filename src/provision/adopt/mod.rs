//! `db adopt`: what is in use already becomes what is declared, the way it would be declared today.
//!
//! | what | becomes |
//! |---|---|
//! | a role's Secret without the reload label or `username` | a Secret with it; its type is immutable and stays |
//! | the database of an init container (`INIT_POSTGRES_…`), or of a URL that nothing declares | role, Secret and Database |
//! | an entry of `spec.managed.roles`, if that is asked for | a `DatabaseRole` |
//!
//! Passwords stay. Nothing that an app reads is changed. What cannot be adopted is named in a [`Remark`], with the reason. Refused where a file is no YAML:
//! what seems to be missing may be in it.

mod apps;
mod candidate;
mod carry;
mod objects;
mod remark;
mod secrets;

pub(crate) use remark::Remark;

use super::draft::Draft;
use super::inventory::Inventory;
use super::{Error, Means};
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::txn::Plan;

/// What is to be done, and what there is to say about it.
pub(crate) struct Adoption {
    /// The changes; empty where there is nothing to adopt.
    pub(crate) plan: Plan,
    /// What stays, and what to know.
    pub(crate) remarks: Vec<Remark>,
}

/// Plans the adoption of Secrets and databases.
pub(crate) fn adopt<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    inventory: &Inventory<'s>,
    means: &mut Means<'_>,
) -> Result<Adoption, Error> {
    layout.refuse_broken()?;
    let mut draft = Draft::new(snapshot);
    let mut remarks = Vec::new();
    secrets::complete(&mut draft, inventory, means, &mut remarks)?;
    apps::declare(&mut draft, layout, inventory, means, &mut remarks)?;
    Ok(Adoption { plan: draft.into_plan()?, remarks })
}

/// Plans `DatabaseRole` objects in the place of the entries of these roles; of all, where none is named.
pub(crate) fn adopt_roles<'s>(
    roles: &[String],
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
) -> Result<Adoption, Error> {
    layout.refuse_broken()?;
    let mut draft = Draft::new(snapshot);
    let mut remarks = Vec::new();
    objects::replace(&mut draft, roles, layout, &mut remarks)?;
    Ok(Adoption { plan: draft.into_plan()?, remarks })
}
