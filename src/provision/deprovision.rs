//! `db deprovision`: a role and its databases out of PostgreSQL and out of the repository.
//!
//! A role that owns a database cannot be dropped, and the operator works through the files in no order. So it takes
//! three runs, each applied before the next; the files tell which one it is:
//!
//! ```text
//! 1  a Database is present       URL and `dependsOn` go, Database `ensure: absent`
//! 2  the role is present         role `ensure: absent`; a DatabaseRole `databaseRoleReclaimPolicy: delete`
//! 3  entries are there           entries, documents and the Secret go, with the lists that they leave empty
//! ```
//!
//! With everything kept there is one run, after which PostgreSQL has what it had, and Git has nothing of it.
//!
//! Refused: a role that another Secret connects as, a role of another app, and to keep what a policy would drop.

mod absent;
mod app_side;
mod component;
mod found;
mod remove;

use std::path::{Path, PathBuf};

use found::Found;

use super::draft::Draft;
use super::{Error, Means, Note, Options};
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::txn::Plan;

/// A request.
pub(crate) struct Removal<'r> {
    /// The app.
    pub(crate) app: &'r str,
    /// Role and Cluster, where they are not to be inferred.
    pub(crate) options: &'r Options,
    /// Whether role and databases are to stay in PostgreSQL.
    pub(crate) keeps_data: bool,
}

/// Which run it is.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Nothing is left.
    #[default]
    Nothing,
    /// The databases go.
    Databases,
    /// The role goes.
    Role,
    /// What is left in Git goes.
    Files,
    /// Everything goes from Git, and nothing from PostgreSQL.
    Forget,
    /// The app no longer includes its component.
    Component,
}

/// What is to be done.
#[derive(Default)]
pub(crate) struct Deprovisioned {
    /// Which run it is.
    pub(crate) step: Step,
    /// The changes.
    pub(crate) plan: Plan,
    /// What is left alone and might be expected to go.
    pub(crate) notes: Vec<Note>,
    /// The databases that are dropped by this run, or kept.
    pub(crate) databases: Vec<String>,
    /// The role.
    pub(crate) role: String,
    /// Commands that show whether the cluster has done it, and what they show then.
    pub(crate) checks: Vec<Check>,
    /// What stays outside of the repository.
    pub(crate) stays: Vec<String>,
    /// The files of the run before this one: not committed, it cannot have been applied.
    pub(crate) before: Vec<PathBuf>,
}

/// How to see that the cluster has done something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// The command.
    pub(crate) command: String,
    /// What it shows then.
    pub(crate) shows: String,
}

/// Plans the next run.
pub(crate) fn deprovision<'s>(
    request: &Removal<'_>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Deprovisioned, Error> {
    let found = found::find(request.app, request.options, snapshot, layout, means)?;
    let mut draft = Draft::new(snapshot);
    let mut done = Deprovisioned {
        role: found.role_name.clone(),
        databases: found.database_names(),
        ..Deprovisioned::default()
    };
    if let Some(file) = found.component(layout) {
        done.step = Step::Component;
        done.stays = component::leave(&mut draft, layout, &found, file)?;
        done.plan = draft.into_plan()?;
        return Ok(done);
    }
    app_side::clear(&mut draft, layout, &found, means, &mut done.notes)?;
    done.step = step(&found, request.keeps_data, draft.is_empty());
    if matches!(done.step, Step::Databases | Step::Forget) {
        app_side::refuse_others(snapshot, layout, &found, means)?;
    }
    match done.step {
        Step::Databases => absent::databases(&mut draft, &found)?,
        Step::Role => absent::role(&mut draft, &found)?,
        Step::Files => remove::everything(&mut draft, layout, &found)?,
        Step::Forget => {
            found.refuse_drop()?;
            remove::everything(&mut draft, layout, &found)?;
        }
        Step::Nothing | Step::Component => {}
    }
    done.checks = checks(&found, done.step);
    done.before = before(&found, done.step);
    done.plan = draft.into_plan()?;
    Ok(done)
}

/// Which run it is, by what the files say.
fn step(found: &Found<'_, '_>, keeps_data: bool, app_is_clear: bool) -> Step {
    let is_left = !found.roles.is_empty() || !found.databases.is_empty() || found.secret.is_some();
    let is_present = found.databases.iter().any(|database| !database.view.is_absent());
    let role_is_present = found.roles.iter().any(|site| !found::is_doomed(site));
    match (is_left || !app_is_clear, keeps_data) {
        (false, _) => Step::Nothing,
        (true, true) => Step::Forget,
        _ if is_present => Step::Databases,
        // Without a database the app still has to let go of the role first.
        _ if role_is_present && found.databases.is_empty() && !app_is_clear => Step::Databases,
        _ if role_is_present => Step::Role,
        _ => Step::Files,
    }
}

/// How to see that the cluster has done what a run says.
fn checks(found: &Found<'_, '_>, step: Step) -> Vec<Check> {
    let namespace = found.site.namespace.as_ref();
    let namespace = namespace.map_or(String::new(), |namespace| format!(" -n {}", namespace.value));
    match step {
        Step::Databases => {
            let names = found.databases.iter().filter_map(|database| database.view.0.name());
            names
                // Without the generations it may be the answer to what was applied before.
                .map(|name| Check {
                    command: format!(
                        "kubectl get database{namespace} {name} \
                         -o jsonpath='{{.spec.ensure}} {{.status.applied}} {{.metadata.generation}} {{.status.observedGeneration}}'"
                    ),
                    shows: "`absent true` and twice the same number".to_owned(),
                })
                .collect()
        }
        Step::Role => {
            let objects = found.roles.iter().filter_map(|site| found::object_name(site));
            let mut checks: Vec<Check> = objects
                .map(|name| Check {
                    command: format!(
                        "kubectl get databaserole{namespace} {name} \
                         -o jsonpath='{{.spec.databaseRoleReclaimPolicy}}'"
                    ),
                    shows: "`delete`".to_owned(),
                })
                .collect();
            if found.roles.iter().any(|site| found::object_name(site).is_none()) {
                let (cluster, role) = (found.site.cluster.name(), &found.role_name);
                checks.push(Check {
                    command: format!(
                        "kubectl get cluster{namespace} {cluster} -o jsonpath=\
                         '{{.spec.managed.roles[?(@.name==\"{role}\")].ensure}} {{.status.managedRolesStatus.byStatus}}'"
                    ),
                    shows: format!("`absent`, and `{role}` under `reconciled`"),
                });
            }
            checks
        }
        _ => Vec::new(),
    }
}

/// The files that the run before this one changed.
fn before(found: &Found<'_, '_>, step: Step) -> Vec<PathBuf> {
    let files: Vec<&Path> = match step {
        Step::Role => found.databases.iter().map(|database| database.file).collect(),
        Step::Files => found.roles.iter().map(|site| site.file).collect(),
        _ => Vec::new(),
    };
    let mut files: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
    files.dedup();
    files
}
