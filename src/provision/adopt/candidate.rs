//! Databases that are in use and that nothing declares.
//!
//! ```text
//! INIT_POSTGRES_DBNAME, _USER, _PASS, _HOST     what the image `postgres-init` reads
//! DATABASE_URL: postgres://user:password@…/db   what an app connects by
//! ```

use std::path::Path;

use crate::layout::{Layout, SecretSite};
use crate::provision::inventory::{Content, Declared, Entry, Form, Inventory, Stock};
use crate::provision::names;
use crate::provision::url::host_reaches;
use crate::secret::Secret;

/// A database in use.
pub(super) struct Candidate<'i, 's> {
    /// The app that uses it.
    pub(super) app: Option<&'i str>,
    /// The Secret that shows it.
    pub(super) file: &'s Path,
    /// The Cluster, by its place in the inventory.
    pub(super) stock: usize,
    /// The role.
    pub(super) role: String,
    /// The database.
    pub(super) database: String,
    /// The password of the role.
    pub(super) password: &'i Secret,
}

/// All of them: first what URLs show, because that is what apps log in by.
pub(super) fn candidates<'i, 's>(
    layout: &Layout<'s>,
    inventory: &'i Inventory<'s>,
) -> Vec<Candidate<'i, 's>> {
    let mut found = Vec::new();
    for (index, stock) in inventory.clusters.iter().enumerate() {
        found.extend(stock.entries.iter().flat_map(|entry| by_urls(index, entry)));
        let contents = inventory.vault.contents.iter();
        found.extend(contents.filter_map(|content| by_init(index, stock, content)));
    }
    found.retain(|one: &Candidate<'_, '_>| {
        !is_declared(layout, &inventory.clusters[one.stock], one)
    });
    found
}

fn by_urls<'i, 's>(stock: usize, entry: &'i Entry<'s>) -> Vec<Candidate<'i, 's>> {
    let is_component = matches!(entry.declared, Declared::Component(_));
    let uses = entry.uses.iter().filter(|_| !is_component);
    uses.filter_map(|found| {
        let Form::Url(url) = &found.form else { return None };
        Some(Candidate {
            app: found.app.as_deref(),
            file: found.file,
            stock,
            role: url.user.to_string(),
            database: url.database.to_string(),
            password: &url.password,
        })
    })
    .collect()
}

/// What an init container is told, if it works on this Cluster.
fn by_init<'i, 's>(
    index: usize,
    stock: &Stock<'s>,
    content: &'i Content<'s>,
) -> Option<Candidate<'i, 's>> {
    let value = |key: &str| content.trimmed(&format!("INIT_POSTGRES_{key}"));
    let (role, databases, host) = (value("USER")?, value("DBNAME")?, value("HOST")?);
    let (_, password) = content.values.iter().find(|(key, _)| key == "INIT_POSTGRES_PASS")?;
    if !host_reaches(host, stock.site.cluster.name(), stock.namespace()) {
        return None;
    }
    Some(Candidate {
        app: content.app.as_deref(),
        file: content.site.file,
        stock: index,
        role: role.to_owned(),
        // It takes several names with blanks between them; the further ones are found when the app has a URL to them.
        database: databases.split_whitespace().next()?.to_owned(),
        password,
    })
}

/// Whether role and database are declared, or made by the operator.
fn is_declared(layout: &Layout<'_>, stock: &Stock<'_>, one: &Candidate<'_, '_>) -> bool {
    let roles = layout.roles(&stock.site);
    let has_role = roles.iter().any(|found| found.role.name() == one.role)
        || [stock.site.cluster.bootstrap_owner(), names::SUPERUSER].contains(&one.role.as_str());
    let databases = layout.databases(&stock.site);
    let has_database = databases.iter().any(|found| found.view.database() == Some(&one.database))
        || stock.site.cluster.bootstrap_database() == one.database
        || names::is_reserved_database(&one.database);
    has_role && has_database
}

/// The keys of an init container in a Secret, whoever can read the values.
pub(super) fn is_for_init(site: &SecretSite<'_>) -> bool {
    let secret = crate::kube::secret::SecretObject::of(site.object);
    secret.is_some_and(|secret| {
        secret.entries().iter().any(|entry| entry.key == "INIT_POSTGRES_DBNAME")
    })
}
