//! Which app a database is for.
//!
//! The app that uses it, if that is known. Else an app whose name stands in the name of the role's Secret, is that of
//! the Database, or becomes that of the role; it must be there, and must not be what applies the Cluster.

use super::{Entry, Stock};
use crate::layout::{App, Choice, Layout, Template};
use crate::provision::target;

/// Names the apps, and puts the entries in order.
pub(super) fn name<'s>(stock: &mut Stock<'s>, layout: &Layout<'s>) {
    let template = layout.role_secrets(&stock.site).name.value;
    let applies_cluster = |app: &App<'s>| target::applies_cluster(layout, app, &stock.site);
    let named = |name: &str| match layout.app_named(name) {
        Choice::One(app) if !applies_cluster(&app) => Some(app.name().to_owned()),
        _ => None,
    };
    for entry in &mut stock.entries {
        if entry.app.is_none() {
            let users = entry.uses.iter().filter_map(|found| found.app.clone());
            let user = { users }.find(|user| named(user).is_some());
            entry.app = user.or_else(|| candidates(entry, &template).iter().find_map(|n| named(n)));
        }
    }
    // Entries without an app come last.
    stock.entries.sort_by(|one, other| {
        let key = |entry: &Entry<'s>| {
            (entry.app.is_none(), entry.app.clone(), entry.name.clone(), entry.role_name.clone())
        };
        key(one).cmp(&key(other))
    });
}

/// Names that the app may have, the likeliest first.
fn candidates(entry: &Entry<'_>, template: &Template) -> Vec<String> {
    let in_secret = entry.secret.as_ref().and_then(|secret| template.app_in(secret.name));
    let object = entry.database.and_then(|found| found.view.0.name());
    let hyphened = entry.role_name.as_ref().map(|role| role.replace('_', "-"));
    let known = [in_secret, object].into_iter().flatten().map(str::to_owned);
    known.chain(hyphened).chain(entry.role_name.clone()).filter(|name| !name.is_empty()).collect()
}
