//! The places in Secrets that use a role: URLs, the password under a key of its own, and user and password side by side.
//!
//! ```text
//! DATABASE_URL: postgres://miniflux:…@postgres-apps-rw.apps.svc.cluster.local:5432/miniflux
//! PAPERLESS_DBUSER: paperless        a pair: the user is the role, so the other one is its password
//! PAPERLESS_DBPASS: …
//! ```

use super::{Content, Entry, Form, Stock, Use, Vault, unlisted};
use crate::kube::cluster::GROUP;
use crate::kube::objects;
use crate::layout::SecretSite;
use crate::provision::url::DatabaseUrl;
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

/// Gives each entry its uses, and each use that fits none an entry.
pub(super) fn assign<'s>(clusters: &mut [Stock<'s>], snapshot: &Snapshot, vault: &Vault<'s>) {
    let poolers = poolers(snapshot);
    for content in &vault.contents {
        for (key, value) in &content.values {
            match value.expose_text().and_then(DatabaseUrl::parse) {
                Some(url) => assign_url(clusters, content, key, url, &poolers),
                None => assign_password(clusters, content, key, value),
            }
        }
    }
}

fn assign_url<'s>(
    clusters: &mut [Stock<'s>],
    content: &Content<'s>,
    key: &str,
    url: DatabaseUrl,
    poolers: &[String],
) {
    let service = url.host.split('.').next().unwrap_or_default();
    if poolers.iter().any(|pooler| pooler == service) {
        return;
    }
    let reaches = |stock: &&mut Stock<'_>| {
        let namespace = stock.site.namespace.as_ref().map(|found| found.value);
        url.reaches(stock.site.cluster.name(), namespace)
    };
    if let Some(stock) = clusters.iter_mut().find(reaches) {
        let entry = entry_of(stock, &url.user, &url.database);
        return add(entry, content, key, Form::Url(url));
    }
    let is_of = |entry: &&mut Entry<'_>| {
        entry.role_name.as_deref() == Some(&url.user)
            && entry.name.as_deref() == Some(&url.database)
    };
    let mut entries = clusters.iter_mut().flat_map(|stock| &mut stock.entries);
    if let Some(entry) = entries.find(is_of) {
        add(entry, content, key, Form::Elsewhere(url));
    }
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
        let holds = |entry: &Entry<'_>| {
            let own = entry.secret.as_ref().and_then(|secret| secret.password.as_ref()?.clear());
            own == Some(value) && value.len() >= RECOGNIZABLE
        };
        // Two roles may have the same password: the user beside it knows better whose it is.
        let paired = |entry: &Entry<'_>| is_paired(entry, content, key, cluster);
        let found = stock.entries.iter().position(paired);
        if let Some(index) = found.or_else(|| stock.entries.iter().position(holds)) {
            let entry = &mut stock.entries[index];
            let is_equal = entry.agrees(value);
            add(entry, content, key, Form::Password);
            entry.uses.last_mut().expect("just added").is_equal = is_equal;
            return;
        }
    }
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

fn add<'s>(entry: &mut Entry<'s>, content: &Content<'s>, key: &str, form: Form) {
    let is_equal = match &form {
        Form::Url(url) | Form::Elsewhere(url) => entry.agrees(&url.password),
        _ => None,
    };
    entry.uses.push(Use {
        app: content.app.clone(),
        file: content.site.file,
        key: Some(key.to_owned()),
        object: content.site.object,
        form,
        is_equal,
    });
}

/// The entry of a role and a database; else that of the role; else a new one.
fn entry_of<'e, 's>(stock: &'e mut Stock<'s>, role: &str, database: &str) -> &'e mut Entry<'s> {
    let of_role = |entry: &Entry<'_>| entry.role_name.as_deref() == Some(role);
    let exact = |entry: &Entry<'_>| of_role(entry) && entry.name.as_deref() == Some(database);
    let found = stock.entries.iter().position(exact);
    let found = found.or_else(|| stock.entries.iter().position(of_role));
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
    let of_database = DATABASE_KEYS.iter().any(|word| prefix.ends_with(word));
    is_copy || of_database || content.values.iter().any(is_host)
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

/// The names of the `Pooler`s of the repository: each has a Service of its name, which leads to its Cluster.
fn poolers(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for file in snapshot.manifests() {
        let text = snapshot.bytes(file).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if text.is_some_and(|text| text.contains("kind: Pooler"))
            && let Ok(document) = snapshot.document(file)
        {
            let poolers = objects(document).into_iter().filter(|object| object.is(GROUP, "Pooler"));
            found.extend(poolers.filter_map(|object| object.name()).map(str::to_owned));
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
