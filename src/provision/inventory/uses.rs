//! The places in Secrets that use a role: connections in every spelling, the password under a key of its own, in a
//! longer text, and user and password side by side.
//!
//! ```text
//! DATABASE_URL: postgres://miniflux:…@postgres-apps-rw.apps.svc.cluster.local:5432/miniflux
//! PAPERLESS_DBUSER: paperless        a pair: the user is the role, so the other one is its password
//! PAPERLESS_DBPASS: …
//! KC_DB_URL: jdbc:postgresql://…/keycloak     a connection without credentials: they stand beside it
//! KC_DB_USERNAME: keycloak
//! KC_DB_PASSWORD: …
//! ```

use super::{Content, Entry, Form, Stock, Use, Vault, unlisted};
use crate::connection::{Connection, is_paired, password_beside, user_beside};
use crate::layout::{Pooler, SecretSite};
use crate::provision::rotate::replace::Replacement;
use crate::secret::Secret;

/// Fewest bytes of a password that is recognized by its value alone: a shorter one may well stand for something else.
const RECOGNIZABLE: usize = 8;

/// Gives each entry its uses, and each use that fits none an entry.
pub(super) fn assign<'s>(clusters: &mut [Stock<'s>], poolers: &[Pooler<'_>], vault: &Vault<'s>) {
    for content in &vault.contents {
        let mut known: Vec<&str> = Vec::new();
        for (key, value) in &content.values {
            for found in value.expose_text().map_or_else(Vec::new, Connection::all) {
                if let Some(beside) = connection(clusters, content, key, found, poolers) {
                    known.push(key);
                    known.extend(beside);
                }
            }
        }
        let others = content.values.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        others.for_each(|(key, value)| assign_password(clusters, content, key, value));
    }
}

/// Assigns a connection; the key beside it that has its password, if it is assigned to a role.
fn connection<'s, 'c>(
    clusters: &mut [Stock<'s>],
    content: &'c Content<'s>,
    key: &str,
    mut found: Connection,
    poolers: &[Pooler<'_>],
) -> Option<Option<&'c str>> {
    let beside = match found.password {
        Some(_) => None,
        None => password_beside(&content.values, key),
    };
    let value = |key: Option<&str>| {
        content.values.iter().rev().find(|(known, _)| Some(known.as_str()) == key)
    };
    let user = user_beside(&content.values, key);
    found.complete(value(user).map(|(_, value)| value), value(beside).map(|(_, value)| value));
    let user = found.user()?.to_owned();
    let is_pooled = found.names_one_of(poolers);
    let reaches =
        |stock: &Stock<'_>| found.leads_to(stock.site.cluster.name(), stock.namespace(), poolers);
    let is_of = |entry: &Entry<'_>| {
        let is_database =
            || found.database().is_some() && entry.name.as_deref() == found.database();
        entry.role_name.as_deref() == Some(&user) && (found.is_for_any_host() || is_database())
    };
    let (entry, form): (_, fn(Connection) -> Form) =
        if let Some(index) = clusters.iter().position(reaches) {
            (entry_of(&mut clusters[index], &user, found.database()), Form::Url)
        } else {
            let mut entries = clusters.iter_mut().flat_map(|stock| &mut stock.entries);
            let entry = entries.find(|entry| !is_pooled && is_of(entry))?;
            let form = if found.is_for_any_host() { |_| Form::Password } else { Form::Elsewhere };
            (entry, form)
        };
    let is_equal = found.password.as_ref().and_then(|password| entry.agrees(password));
    match beside {
        Some(password_key) => {
            add(entry, content, key, form(found), None);
            add(entry, content, password_key, Form::Password, is_equal);
        }
        None => add(entry, content, key, form(found), is_equal),
    }
    Some(beside)
}

fn assign_password<'s>(
    clusters: &mut [Stock<'s>],
    content: &Content<'s>,
    key: &str,
    value: &Secret,
) {
    for stock in clusters {
        let is_of_role = |entry: &Entry<'_>| is_own(entry, &content.site);
        if stock.entries.iter().any(is_of_role) {
            continue;
        }
        let cluster = stock.site.cluster.name();
        let roles: Vec<&str> =
            stock.entries.iter().filter_map(|entry| entry.role_name.as_deref()).collect();
        // Two roles may have the same password: the user beside it knows better whose it is.
        let paired = |entry: &Entry<'_>| {
            let name = content.site.object.name();
            let is_copy = entry.secret.as_ref().is_some_and(|own| Some(own.name) == name);
            let role = entry.role_name.as_deref();
            role.is_some_and(|role| is_paired(&content.values, key, role, is_copy, cluster))
        };
        let found = stock.entries.iter().position(paired);
        let holds = |entry: &Entry<'_>| holds(entry, &roles, key, value);
        let (index, is_equal) = match found {
            Some(index) => (index, stock.entries[index].agrees(value)),
            None => match stock.entries.iter().position(holds) {
                Some(index) => (index, Some(true)),
                None => continue,
            },
        };
        return add(&mut stock.entries[index], content, key, Form::Password, is_equal);
    }
}

/// Whether the password of a role is a value, or stands in it as `db rotate` would find it.
fn holds(entry: &Entry<'_>, roles: &[&str], key: &str, value: &Secret) -> bool {
    let own = entry.secret.as_ref().and_then(|secret| secret.password.as_ref()?.clear());
    let (Some(own), Some(role)) = (own, entry.role_name.as_deref()) else { return false };
    if own == value {
        return value.len() >= RECOGNIZABLE;
    }
    let others: Vec<&str> = roles.iter().copied().filter(|other| *other != role).collect();
    let search = Replacement { old: own, new: own, role, others: &others };
    !search.is_ordinary() && !matches!(search.apply(key, value.expose()), Ok(None))
}

impl Entry<'_> {
    /// Whether a password is that of the role's Secret.
    fn agrees(&self, password: &Secret) -> Option<bool> {
        self.secret.as_ref()?.password.as_ref()?.agrees(password)
    }
}

/// Whether a Secret is the role's own.
fn is_own(entry: &Entry<'_>, site: &SecretSite<'_>) -> bool {
    let own = entry.secret.as_ref().and_then(|secret| secret.site);
    own.is_some_and(|own| own.file == site.file && own.object.node == site.object.node)
}

fn add<'s>(
    entry: &mut Entry<'s>,
    content: &Content<'s>,
    key: &str,
    form: Form,
    is_equal: Option<bool>,
) {
    entry.uses.push(Use {
        app: content.app.clone(),
        file: content.site.file,
        key: Some(key.to_owned()),
        object: content.site.object,
        form,
        is_equal,
    });
}

/// The entry of a role and a database; else that of the role; else a new one. Without a database it is the one that is
/// called as the role, as libpq has it.
fn entry_of<'e, 's>(
    stock: &'e mut Stock<'s>,
    role: &str,
    database: Option<&str>,
) -> &'e mut Entry<'s> {
    let of_role = |entry: &Entry<'_>| entry.role_name.as_deref() == Some(role);
    let exact = |entry: &Entry<'_>| of_role(entry) && entry.name.as_deref() == database;
    let found = stock.entries.iter().position(exact);
    let found = found.or_else(|| stock.entries.iter().position(of_role));
    let database = database.unwrap_or(role);
    let index = found.unwrap_or_else(|| {
        let mut entry = Entry::new(Some(role), Some(database));
        entry.declared = unlisted(role, &stock.site);
        stock.entries.push(entry);
        stock.entries.len() - 1
    });
    let entry = &mut stock.entries[index];
    entry.name.get_or_insert_with(|| database.to_owned());
    entry
}
