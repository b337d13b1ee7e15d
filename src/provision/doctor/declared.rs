//! Roles and Databases as they are declared: names, doubles, halves without each other, and too many rights.

use super::{ADOPT, Entry, Examination, Place, Stock, provision};
use crate::layout::{Located, RoleSite};
use crate::provision::names;

/// Names that PostgreSQL or the operator does not take.
pub(super) fn names(exam: &mut Examination<'_, '_>, entry: &Entry<'_>) {
    let role = entry.role.map(|found| (at_role(&found, &["name"]), "role", found.role.name()));
    let database = entry.database.as_ref().and_then(|found| {
        let place = Place::of(found.view.0, &["spec", "name"], found.file);
        Some((place, "database", found.view.database()?))
    });
    for (place, what, name) in role.into_iter().chain(database) {
        let is_reserved = match what {
            "role" => names::is_reserved_role(name),
            _ => names::is_reserved_database(name),
        };
        if is_reserved {
            let message = format!("the name of the {what} `{name}` is reserved");
            exam.error("reserved-name", place, message, format!("give the {what} another name"));
        }
        if name.len() > names::MAX_IDENTIFIER {
            let message = format!("the name of the {what} `{name}` has {} bytes", name.len());
            let hint = format!("PostgreSQL keeps {} bytes: shorten it", names::MAX_IDENTIFIER);
            exam.error("name-too-long", place, message, hint);
        }
    }
}

/// A Database without its owner, a role without its Database, and rights that the other half makes needless.
pub(super) fn halves(exam: &mut Examination<'_, '_>, stock: &Stock<'_>, entry: &Entry<'_>) {
    match (&entry.database, &entry.role) {
        (Some(database), _) if database.view.is_absent() => {}
        (Some(database), None) => owner(exam, stock, database),
        (Some(database), Some(role)) => {
            if role.role.is_absent() {
                let message = format!(
                    "the owner `{}` of a database that stays is being dropped",
                    role.role.name()
                );
                let place = Place::of(database.view.0, &["spec", "owner"], database.file);
                let hint = "remove `ensure: absent`, or drop the database first".to_owned();
                exam.error("owner-without-role", place, message, hint);
            }
            excess(exam, role);
            login(exam, role);
        }
        (None, Some(role)) if role.role.is_absent() => {}
        (None, Some(role)) => lonely(exam, stock, entry, role),
        (None, None) => {}
    }
}

/// The owner of a Database that no role has.
fn owner(
    exam: &mut Examination<'_, '_>,
    stock: &Stock<'_>,
    found: &Located<'_, crate::kube::database::Database<'_>>,
) {
    let name = found.view.database().unwrap_or_default();
    let place = Place::of(found.view.0, &["spec", "owner"], found.file);
    let Some(owner) = found.view.owner() else {
        let message = format!("the database `{name}` has no `owner`");
        return exam.error("owner-without-role", place, message, "add `spec.owner`".to_owned());
    };
    let is_made = owner == stock.site.cluster.bootstrap_owner() || owner == names::SUPERUSER;
    let is_patched =
        || exam.layout.patched_roles(&stock.site).is_some_and(|patch| patch.has(owner));
    if !is_made && !is_patched() {
        let message = format!("the owner `{owner}` of the database `{name}` is declared nowhere");
        let hint = format!("{ADOPT}, or declare the role");
        match stock.site.cluster.is_recovered() {
            true => {
                let message = format!("{message}, unless the Cluster has it from its backup");
                exam.warning("owner-without-role", place, message, hint);
            }
            false => exam.error("owner-without-role", place, message, hint),
        }
    }
}

/// A role with a password that has no database.
fn lonely(
    exam: &mut Examination<'_, '_>,
    stock: &Stock<'_>,
    entry: &Entry<'_>,
    found: &RoleSite<'_>,
) {
    let role = found.role;
    // One that shares the rights of others, or uses their databases, is not meant to have one.
    let shares = role.entry.at(&["inRoles"]).is_some();
    let uses_another = entry.uses.iter().filter_map(|place| place.url()).any(|url| {
        stock
            .entries
            .iter()
            .any(|other| other.database.is_some() && other.name.as_deref() == url.database())
    });
    let is_own = role.name() == stock.site.cluster.bootstrap_owner();
    let app = entry.app.as_deref().unwrap_or(role.name());
    let is_in_set =
        exam.layout.database_set(&stock.site).is_some_and(|set| set.has(&[role.name(), app]));
    if role.password_secret().is_none() || shares || uses_another || is_own || is_in_set {
        return;
    }
    if !role.may_log_in() {
        return login(exam, found);
    }
    let message = format!("the role `{}` has no Database", role.name());
    exam.warning("role-without-database", at_role(found, &["name"]), message, provision(entry));
}

fn excess(exam: &mut Examination<'_, '_>, found: &RoleSite<'_>) {
    for attribute in found.role.excess() {
        let name = found.role.name();
        let message = format!("the role `{name}` has `{attribute}` beside a Database document");
        let hint = format!("remove `{attribute}: true` if the app does not need it");
        exam.warning("excess-privilege", at_role(found, &[attribute]), message, hint);
    }
}

fn login(exam: &mut Examination<'_, '_>, found: &RoleSite<'_>) {
    if found.role.password_secret().is_some() && !found.role.may_log_in() {
        let message = format!("the role `{}` has a password and may not log in", found.role.name());
        let hint = "add `login: true` to the role".to_owned();
        exam.error("no-login", at_role(found, &["name"]), message, hint);
    }
}

/// Entries of lists that a patch replaces, unless the role is in the list that counts.
pub(super) fn hidden(exam: &mut Examination<'_, '_>, stock: &Stock<'_>) {
    let live = exam.layout.roles(&stock.site);
    let patched = exam.layout.patched_roles(&stock.site);
    for (found, hides) in exam.layout.hidden_roles(&stock.site) {
        let name = found.role.name();
        let is_live = live.iter().any(|other| other.role.name() == name);
        if is_live || patched.as_ref().is_some_and(|patch| patch.has(name)) {
            continue;
        }
        let hides = hides.display();
        let message =
            format!("this entry of `{name}` is not applied: {hides} replaces the list of roles");
        let hint = format!("move it to {hides}, or remove it");
        exam.warning("role-hidden", at_role(&found, &["name"]), message, hint);
    }
}

/// The same role or database declared twice.
pub(super) fn twice(exam: &mut Examination<'_, '_>, stock: &Stock<'_>) {
    let roles = exam.layout.roles(&stock.site);
    for (index, found) in roles.iter().enumerate() {
        let name = found.role.name();
        let mut before = roles[..index].iter().filter(|other| other.role.name() == name);
        let Some(first) = before.next() else { continue };
        let place = at_role(found, &["name"]);
        match (first.is_object(), found.is_object()) {
            (false, true) => {
                let message = format!(
                    "this DatabaseRole of `{name}` is not applied: the Cluster has it, too"
                );
                let hint = format!("{ADOPT} --to database-role {name}");
                exam.warning("role-twice", place, message, hint);
            }
            (false, false) => {
                let message =
                    format!("the role `{name}` is listed twice, which the operator refuses");
                exam.error("role-twice", place, message, "remove one of the entries".to_owned());
            }
            (true, _) => {
                let message = format!("there are two DatabaseRoles of `{name}`; one is applied");
                exam.error("role-twice", place, message, "remove one of them".to_owned());
            }
        }
    }
    let databases = exam.layout.databases(&stock.site);
    for (index, found) in databases.iter().enumerate() {
        let name = found.view.database();
        if name.is_some() && databases[..index].iter().any(|other| other.view.database() == name) {
            let name = name.unwrap_or_default();
            let place = Place::of(found.view.0, &["spec", "name"], found.file);
            let message = format!("there are two Databases of `{name}`; one is applied");
            exam.error("database-twice", place, message, "remove one of them".to_owned());
        }
    }
}

/// An attribute of a role.
fn at_role<'p>(found: &RoleSite<'p>, keys: &[&str]) -> Place<'p> {
    Place::of(found.role.entry, keys, found.file)
}
