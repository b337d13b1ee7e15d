//! Keys that stand beside each other in a Secret: of a connection, its user and its password.
//!
//! ```text
//! KC_DB_URL  KC_DB_USERNAME  KC_DB_PASSWORD     one stem
//! DATABASE_URL  username  password              the only ones that speak of a database, or of nothing else
//! PAPERLESS_DBUSER  PAPERLESS_DBPASS            a pair: the user is the role, so the other one is its password
//! ```

use super::host_reaches;
use crate::secret::Secret;

/// Ends of the keys of a user, upper-case, the longest first.
const USER_KEYS: [&str; 4] = ["USERNAME", "USER", "LOGIN", "ROLE"];

/// Ends of the keys of a password, upper-case.
const PASSWORD_KEYS: [&str; 4] = ["PASSWORD", "PASSWD", "PASS", "PWD"];

/// What a key of a database's user has before its end, unless the host beside it is the Cluster.
const DATABASE_KEYS: [&str; 6] = ["DB", "DATABASE", "PG", "POSTGRES", "POSTGRESQL", "SQL"];

/// Ends of the keys of a connection without its credentials, upper-case.
const URL_KEYS: [&str; 6] = ["JDBCURL", "JDBCURI", "CONNECTIONSTRING", "URL", "URI", "DSN"];

/// The key of the user that stands beside a connection.
pub(crate) fn user_beside<'c>(values: &'c [(String, Secret)], key: &str) -> Option<&'c str> {
    beside(values, key, &USER_KEYS)
}

/// The key of the password that stands beside a connection.
pub(crate) fn password_beside<'c>(values: &'c [(String, Secret)], key: &str) -> Option<&'c str> {
    beside(values, key, &PASSWORD_KEYS)
}

/// The key with one of these ends that belongs to that of a connection: one of the same stem, else the only one that
/// speaks of a database or of nothing else.
fn beside<'c>(values: &'c [(String, Secret)], key: &str, ends: &[&str]) -> Option<&'c str> {
    let own = stem(key, &URL_KEYS);
    let all = || {
        let keys = values.iter().map(|(key, _)| key.as_str());
        keys.filter_map(|key| Some((stem(key, ends)?, key)))
    };
    let same = all().find(|(stem, _)| Some(stem) == own.as_ref());
    let is_general = |(stem, _): &(String, &str)| stem.is_empty() || is_of_database(stem);
    let mut general = all().filter(is_general);
    let only = || general.next().filter(|_| general.next().is_none());
    same.or_else(only).map(|(_, key)| key)
}

/// Whether a key is that of a password beside a user that is this role of a Cluster. In a copy of the role's Secret any
/// pair is, elsewhere it has to speak of a database, or stand beside the Cluster's host.
pub(crate) fn is_paired(
    values: &[(String, Secret)],
    key: &str,
    role: &str,
    is_copy: bool,
    cluster: &str,
) -> bool {
    let Some(prefix) = stem(key, &PASSWORD_KEYS) else { return false };
    let is_user = |(known, _): &(String, Secret)| {
        stem(known, &USER_KEYS).as_deref() == Some(&prefix) && trimmed(values, known) == Some(role)
    };
    if !values.iter().any(is_user) {
        return false;
    }
    let is_host = || {
        host_beside(values, key).is_some_and(|host| {
            host_reaches(host.split(['.', ':']).next().unwrap_or_default(), cluster, None)
        })
    };
    is_copy || is_of_database(&prefix) || is_host()
}

/// The host, with its port if it has one, that stands beside a password.
pub(crate) fn host_beside<'c>(values: &'c [(String, Secret)], key: &str) -> Option<&'c str> {
    let prefix = stem(key, &PASSWORD_KEYS)?;
    let is_host = |known: &str| stem(known, &["HOST"]).as_deref() == Some(&prefix);
    values.iter().find(|(known, _)| is_host(known))?.1.expose_text()
}

/// A value as the operator reads it: the last one of its key, without blanks at both ends.
pub(crate) fn trimmed<'c>(values: &'c [(String, Secret)], key: &str) -> Option<&'c str> {
    let (_, value) = values.iter().rev().find(|(known, _)| known == key)?;
    value.expose_text().map(str::trim)
}

/// Whether the stem of a key speaks of a database.
fn is_of_database(stem: &str) -> bool {
    DATABASE_KEYS.iter().any(|word| stem.ends_with(word))
}

/// A key without one of these ends, upper-case and without `_` and `-`.
fn stem(key: &str, ends: &[&str]) -> Option<String> {
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_uppercase();
    ends.iter().find_map(|end| plain.strip_suffix(end).map(str::to_owned))
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
}
