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
use crate::kube::cluster::GROUP;
use crate::kube::objects;
use crate::layout::SecretSite;
use crate::provision::connection::Connection;
use crate::provision::rotate::replace::Replacement;
use crate::repo::Snapshot;
use crate::secret::Secret;

/// Fewest bytes of a password that is recognized by its value alone: a shorter one may well stand for something else.
const RECOGNIZABLE: usize = 8;

/// Ends of the keys of a user, upper-case, the longest first.
const USER_KEYS: [&str; 4] = ["USERNAME", "USER", "LOGIN", "ROLE"];

/// Ends of the keys of a password, upper-case.
const PASSWORD_KEYS: [&str; 4] = ["PASSWORD", "PASSWD", "PASS", "PWD"];

/// What a key of a database's user has before its end, unless the host beside it is the Cluster.
const DATABASE_KEYS: [&str; 6] = ["DB", "DATABASE", "PG", "POSTGRES", "POSTGRESQL", "SQL"];

/// Ends of the keys of a connection without its credentials, upper-case.
const URL_KEYS: [&str; 6] = ["JDBCURL", "JDBCURI", "CONNECTIONSTRING", "URL", "URI", "DSN"];

/// A `Pooler`: its Service has its name, and leads to its Cluster.
struct Pooler<'s> {
    name: &'s str,
    cluster: Option<&'s str>,
}

/// Gives each entry its uses, and each use that fits none an entry.
pub(super) fn assign<'s>(clusters: &mut [Stock<'s>], snapshot: &'s Snapshot, vault: &Vault<'s>) {
    let poolers = poolers(snapshot);
    for content in &vault.contents {
        let mut known: Vec<&str> = Vec::new();
        for (key, value) in &content.values {
            for found in value.expose_text().map_or_else(Vec::new, Connection::all) {
                if let Some(beside) = connection(clusters, content, key, found, &poolers) {
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
        None => password_beside(content, key),
    };
    let value = |key: Option<&str>| {
        content.values.iter().rev().find(|(known, _)| Some(known.as_str()) == key)
    };
    let user = user_beside(content, key);
    found.complete(value(user).map(|(_, value)| value), value(beside).map(|(_, value)| value));
    let user = found.user()?.to_owned();
    let pooler = poolers.iter().find(|pooler| found.names_service(pooler.name));
    let reaches = |stock: &Stock<'_>| match pooler {
        Some(pooler) => pooler.cluster == Some(stock.site.cluster.name()),
        None => found.reaches(stock.site.cluster.name(), stock.namespace()),
    };
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
            let entry = entries.find(|entry| pooler.is_none() && is_of(entry))?;
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
        let paired = |entry: &Entry<'_>| is_paired(entry, content, key, cluster);
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

/// The key of the user that stands beside a connection.
fn user_beside<'c>(content: &'c Content<'_>, key: &str) -> Option<&'c str> {
    beside(content, key, &USER_KEYS)
}

/// The key of the password that stands beside a connection.
fn password_beside<'c>(content: &'c Content<'_>, key: &str) -> Option<&'c str> {
    beside(content, key, &PASSWORD_KEYS)
}

/// The key with one of these ends that belongs to that of a connection: one of the same stem, else the only one that
/// speaks of a database or of nothing else.
fn beside<'c>(content: &'c Content<'_>, key: &str, ends: &[&str]) -> Option<&'c str> {
    let own = stem(key, &URL_KEYS);
    let all = || {
        let keys = content.values.iter().map(|(key, _)| key.as_str());
        keys.filter_map(|key| Some((stem(key, ends)?, key)))
    };
    let same = all().find(|(stem, _)| Some(stem) == own.as_ref());
    let is_general = |(stem, _): &(String, &str)| stem.is_empty() || is_of_database(stem);
    let mut general = all().filter(is_general);
    let only = || general.next().filter(|_| general.next().is_none());
    same.or_else(only).map(|(_, key)| key)
}

/// Whether a key is that of a password beside a user that is the role of the entry.
fn is_paired(entry: &Entry<'_>, content: &Content<'_>, key: &str, cluster: &str) -> bool {
    let Some(prefix) = stem(key, &PASSWORD_KEYS) else { return false };
    let role = entry.role_name.as_deref();
    let is_user = |(known, _): &&(String, Secret)| {
        stem(known, &USER_KEYS).as_deref() == Some(&prefix) && content.trimmed(known) == role
    };
    if !content.values.iter().any(|pair| is_user(&pair)) {
        return false;
    }
    let is_host = |(known, value): &(String, Secret)| {
        let host = value.expose_text().unwrap_or_default();
        let service = host.split(['.', ':']).next().unwrap_or_default();
        stem(known, &["HOST"]).as_deref() == Some(&prefix) && is_service(service, cluster)
    };
    let name = content.site.object.name();
    let is_copy = entry.secret.as_ref().is_some_and(|own| Some(own.name) == name);
    is_copy || is_of_database(&prefix) || content.values.iter().any(is_host)
}

/// Whether the stem of a key speaks of a database.
fn is_of_database(stem: &str) -> bool {
    DATABASE_KEYS.iter().any(|word| stem.ends_with(word))
}

/// Whether this is one of the Services of a Cluster: the primary, the replicas, or any of them.
fn is_service(name: &str, cluster: &str) -> bool {
    name.strip_prefix(cluster).is_some_and(|rest| ["-rw", "-ro", "-r"].contains(&rest))
}

/// A key without one of these ends, upper-case and without `_` and `-`.
fn stem(key: &str, ends: &[&str]) -> Option<String> {
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_uppercase();
    ends.iter().find_map(|end| plain.strip_suffix(end).map(str::to_owned))
}

/// The `Pooler`s of the repository.
fn poolers(snapshot: &Snapshot) -> Vec<Pooler<'_>> {
    let mut found = Vec::new();
    for file in snapshot.manifests() {
        let text = snapshot.bytes(file).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if text.is_some_and(|text| text.contains("kind: Pooler"))
            && let Ok(document) = snapshot.document(file)
        {
            let poolers = objects(document).into_iter().filter(|object| object.is(GROUP, "Pooler"));
            found.extend(poolers.filter_map(|object| {
                Some(Pooler {
                    name: object.name()?,
                    cluster: object.text(&["spec", "cluster", "name"]),
                })
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_user_and_password_have_the_same_stem() {
        assert_eq!(stem("PAPERLESS_DBUSER", &USER_KEYS).as_deref(), Some("PAPERLESSDB"));
        assert_eq!(stem("paperless-db-pass", &PASSWORD_KEYS).as_deref(), Some("PAPERLESSDB"));
        assert_eq!(stem("username", &USER_KEYS).as_deref(), Some(""));
        assert_eq!(stem("DATABASE_URL", &USER_KEYS), None);
    }

    #[test]
    fn services_of_a_cluster_end_as_the_operator_names_them() {
        assert!(["pg-rw", "pg-ro", "pg-r"].iter().all(|name| is_service(name, "pg")));
        assert!(!["pg", "pg-any", "pg2-rw"].iter().any(|name| is_service(name, "pg")));
    }
}
