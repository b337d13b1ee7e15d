//! Names: of an app in Kubernetes, and of its role and database in PostgreSQL.
//!
//! PostgreSQL and CloudNativePG reserve names, and they compare them after the mapping: the app `pg-admin` would
//! get the role `pg_admin`, which no operator accepts.

use super::Error;
use crate::kube::is_subdomain;

/// Longest identifier of PostgreSQL in bytes (`NAMEDATALEN` is 64); it truncates longer ones.
pub(super) const MAX_IDENTIFIER: usize = 63;

/// Longest label of RFC 1123 in bytes: a Service, which the app will want, has a name of one.
const MAX_LABEL: usize = 63;

/// The role that PostgreSQL begins with.
pub(super) const SUPERUSER: &str = "postgres";

/// Roles that CloudNativePG (`roles.go: IsRoleReserved`) or PostgreSQL (`user.c: CreateRole`) keeps.
const RESERVED_ROLES: [&str; 4] = [SUPERUSER, "streaming_replica", "public", "none"];

/// Beginnings of reserved roles.
const RESERVED_PREFIXES: [&str; 2] = ["pg_", "cnpg_"];

/// Databases that exist in every server.
const RESERVED_DATABASES: [&str; 3] = ["postgres", "template0", "template1"];

/// Refuses an app whose name cannot be a Kubernetes name.
pub(super) fn check_app(app: &str) -> Result<(), Error> {
    if is_subdomain(app) && app.split('.').all(|label| label.len() <= MAX_LABEL) {
        return Ok(());
    }
    Err(Error::InvalidName { app: app.to_owned() })
}

/// The identifier of an app in PostgreSQL: quoting-free unless hyphens are kept.
pub(super) fn identifier(app: &str, keep_hyphens: bool) -> String {
    let kept = |c: char| if c == '.' || c == '-' && !keep_hyphens { '_' } else { c };
    let mapped: String = app.chars().map(kept).collect();
    match mapped.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("_{mapped}"),
        false => mapped,
    }
}

/// Refuses a role or a database that PostgreSQL or the operator keeps, or cannot keep.
pub(super) fn check(app: &str, role: &str, database: &str) -> Result<(), Error> {
    for (name, what) in [(role, "role"), (database, "database")] {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::Unusable { name: name.to_owned(), what });
        }
        if name.len() > MAX_IDENTIFIER {
            return Err(Error::TooLong { app: app.to_owned(), length: name.len() });
        }
    }
    let (identifier, what) = match (is_reserved_role(role), is_reserved_database(database)) {
        (false, false) => return Ok(()),
        (true, true) if role == database => (role, "role and database"),
        (true, _) => (role, "role"),
        (false, true) => (database, "database"),
    };
    Err(Error::Reserved { app: app.to_owned(), identifier: identifier.to_owned(), what })
}

/// Refuses an extension that PostgreSQL would not look for (`extension.c: check_valid_extension_name`). Names of control
/// files have no blanks either.
pub(super) fn check_extension(name: &str) -> Result<(), Error> {
    let is_part = |c: char| !c.is_control() && !c.is_whitespace() && !"/\\\"'".contains(c);
    let is_name = !name.is_empty() && name.len() <= MAX_IDENTIFIER && name.chars().all(is_part);
    match is_name && !name.contains("--") && !name.starts_with('-') && !name.ends_with('-') {
        true => Ok(()),
        false => Err(Error::Unusable { name: name.to_owned(), what: "extension" }),
    }
}

/// Refuses a schema that PostgreSQL would not make (`schemacmds.c: CreateSchemaCommand`).
pub(super) fn check_schema(name: &str) -> Result<(), Error> {
    let is_name = !name.is_empty() && name.len() <= MAX_IDENTIFIER && !name.contains('\0');
    match is_name && !name.starts_with("pg_") {
        true => Ok(()),
        false => Err(Error::Unusable { name: name.to_owned(), what: "schema" }),
    }
}

/// Whether PostgreSQL or the operator keeps a role of this name for itself.
pub(super) fn is_reserved_role(role: &str) -> bool {
    RESERVED_ROLES.contains(&role)
        || RESERVED_PREFIXES.iter().any(|prefix| role.starts_with(prefix))
}

/// Whether every server has a database of this name.
pub(super) fn is_reserved_database(database: &str) -> bool {
    RESERVED_DATABASES.contains(&database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_of_rfc_1123_are_refused() {
        for app in ["", "Grafana", "a_b", "-a", "a-", "a..b", "ä", "a b", &"a".repeat(64)] {
            assert!(matches!(check_app(app), Err(Error::InvalidName { .. })), "{app}");
        }
        for app in ["a", "pocket-id", "a.b", "9gag"] {
            assert!(check_app(app).is_ok(), "{app}");
        }
    }

    #[test]
    fn identifiers_need_no_quotes() {
        for (app, wanted) in [("pocket-id", "pocket_id"), ("a.b-c", "a_b_c"), ("9gag", "_9gag")] {
            assert_eq!(identifier(app, false), wanted);
        }
        assert_eq!(identifier("pocket-id", true), "pocket-id");
    }

    #[test]
    fn reserved_identifiers_are_refused() {
        let cases = [
            ("postgres", "role and database"),
            ("pg_admin", "role"),
            ("cnpg_ui", "role"),
            ("streaming_replica", "role"),
            ("public", "role"),
            ("none", "role"),
            ("template1", "database"),
        ];
        for (identifier, wanted) in cases {
            let refused = check("a", identifier, identifier);
            assert!(
                matches!(refused, Err(Error::Reserved { what, .. }) if what == wanted),
                "{identifier}"
            );
        }
        for identifier in ["pgadmin", "cnpg", "postgres_exporter", &"a".repeat(63)] {
            assert!(check("a", identifier, identifier).is_ok(), "{identifier}");
        }
        let long = "a".repeat(64);
        assert!(matches!(check(&long, &long, &long), Err(Error::TooLong { length: 64, .. })));
    }

    #[test]
    fn extensions_and_schemas_that_postgresql_would_not_take_are_refused() {
        let long = "a".repeat(64);
        for name in ["", "a b", "a\"b", "a--b", "-a", "a-", "../a", "a\n", &long] {
            assert!(check_extension(name).is_err(), "{name}");
        }
        for name in ["pgcrypto", "uuid-ossp", "vchord", "pg_trgm", "pgvector"] {
            assert!(check_extension(name).is_ok(), "{name}");
        }
        for name in ["", "pg_app", "a\0", &long] {
            assert!(check_schema(name).is_err(), "{name}");
        }
        assert!(check_schema("app").is_ok() && check_schema("my app").is_ok());
    }
}
