//! `password-mismatch`: a Secret that logs in as a managed role with another password than that of the role's Secret.
//!
//! ```text
//! DATABASE_URL: postgres://shop:…@pg-rw.db:5432/shop    user and host are the role and its Cluster
//! DB_USER: shop    DB_PASS: …                           the user is the role
//! ```
//!
//! Connections are read as `db doctor` reads them, which compares more: workloads, components, databases. Where several
//! Clusters can be meant, such as those of two environments, the password of any of them fits.

use super::super::finding::Finding;
use super::super::opened::{Entry, Vault};
use super::super::repository::Repository;
use super::{Rule, first, quoted};
use crate::connection::{self, Connection};
use crate::document::NodeId;
use crate::layout::{Pooler, SecretSite};
use crate::secret::Secret;

/// The password of a role.
struct Account<'a> {
    /// The Cluster.
    cluster: &'a str,
    /// Its namespace.
    namespace: Option<&'a str>,
    /// What leads to the Clusters of the repository.
    poolers: &'a [Pooler<'a>],
    /// The role.
    role: &'a str,
    /// The Secret of the role.
    site: &'a SecretSite<'a>,
    /// The password in it; `None` where that cannot be read.
    password: Option<Secret>,
}

/// The values of a Secret, by their keys.
struct Values<'v> {
    /// Its place.
    site: &'v SecretSite<'v>,
    /// Keys and values.
    all: Vec<(String, Secret)>,
    /// The nodes of the keys.
    labels: Vec<NodeId>,
}

/// The rule.
pub(super) struct PasswordMismatch;

impl Rule for PasswordMismatch {
    fn id(&self) -> &'static str {
        "password-mismatch"
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/password-mismatch.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let Some(vault) = repository.vault else { return };
        let poolers = repository.layout.poolers();
        let accounts = accounts(repository, vault, &poolers);
        if accounts.is_empty() {
            return;
        }
        for site in &repository.secrets {
            let is_own = |account: &Account<'_>| {
                (account.site.file, account.site.object.node) == (site.file, site.object.node)
            };
            if accounts.iter().any(is_own) {
                continue;
            }
            let values = Values::new(site, vault.entries(site));
            for (index, account) in mismatches(&values, &accounts) {
                let (key, role) = (quoted(&values.all[index].0), quoted(account.role));
                let message = format!("the password in {key} is not that of the role {role}");
                let own = quoted(&account.site.file.to_string_lossy());
                let hint = first(format!("take the password in {own}"), "keywright edit");
                let place = (site.file, site.object.document);
                let labels = [values.labels[index]];
                findings.push(repository.finding(self, place, &labels, message, hint));
            }
        }
    }
}

/// The roles whose Secrets are in the repository.
fn accounts<'a>(
    repository: &'a Repository<'_>,
    vault: &Vault,
    poolers: &'a [Pooler<'_>],
) -> Vec<Account<'a>> {
    let mut accounts = Vec::new();
    for (cluster, roles) in &repository.clusters {
        for role in roles {
            let Some(name) = role.role.password_secret() else { continue };
            let is_meant = |site: &&SecretSite<'_>| {
                site.object.name() == Some(name) && repository.layout.is_beside(site, cluster)
            };
            accounts.extend(repository.secrets.iter().filter(is_meant).map(|site| Account {
                cluster: cluster.cluster.name(),
                namespace: cluster.namespace.as_ref().map(|namespace| namespace.value),
                poolers,
                role: role.role.name(),
                site,
                password: password(vault.entries(site)),
            }));
        }
    }
    accounts
}

/// The password as the operator reads it.
fn password(entries: Vec<Entry<'_>>) -> Option<Secret> {
    let entry = entries.into_iter().rfind(|entry| entry.key == "password")?;
    let trimmed = entry.value.expose().trim_ascii();
    (!trimmed.is_empty()).then(|| Secret::new(trimmed.to_vec()))
}

impl<'v> Values<'v> {
    /// What can be read of a Secret.
    fn new(site: &'v SecretSite<'v>, entries: Vec<Entry<'_>>) -> Values<'v> {
        let mut values = Values { site, all: Vec::new(), labels: Vec::new() };
        for entry in entries {
            values.all.push((entry.key.to_owned(), entry.value));
            values.labels.push(entry.label);
        }
        values
    }

    /// The value of a key.
    fn get(&self, key: Option<&str>) -> Option<&Secret> {
        let (_, value) = self.all.iter().rev().find(|(known, _)| Some(known.as_str()) == key)?;
        Some(value)
    }
}

/// The values, by index, with another password than that of the role that they log in as.
fn mismatches<'a>(
    values: &Values<'_>,
    accounts: &'a [Account<'a>],
) -> Vec<(usize, &'a Account<'a>)> {
    let mut found: Vec<(usize, &Account<'_>)> = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for (index, (key, value)) in values.all.iter().enumerate() {
        for mut connection in value.expose_text().map_or_else(Vec::new, Connection::all) {
            let beside = match connection.password {
                Some(_) => None,
                None => connection::password_beside(&values.all, key),
            };
            let user = connection::user_beside(&values.all, key);
            connection.complete(values.get(user), values.get(beside));
            let is_meant = |account: &&Account<'_>| {
                connection.user() == Some(account.role)
                    && connection.leads_to(account.cluster, account.namespace, account.poolers)
            };
            let meant: Vec<_> = accounts.iter().filter(is_meant).collect();
            let Some(password) = &connection.password else { continue };
            if !meant.is_empty() {
                known.extend([key.as_str()].into_iter().chain(beside));
            }
            let at = beside.and_then(|beside| values.all.iter().position(|(key, _)| key == beside));
            found.extend(mismatch(&meant, password).map(|account| (at.unwrap_or(index), account)));
        }
    }
    for (index, (key, value)) in values.all.iter().enumerate() {
        if !known.contains(&key.as_str()) {
            let meant: Vec<_> =
                accounts.iter().filter(|account| is_paired(values, key, account)).collect();
            let trimmed = Secret::new(value.expose().trim_ascii().to_vec());
            found.extend(mismatch(&meant, &trimmed).map(|account| (index, account)));
        }
    }
    found.dedup_by_key(|(index, _)| *index);
    found
}

/// The first of the roles that can be meant, if the password is certainly that of none of them.
fn mismatch<'a>(meant: &[&'a Account<'a>], password: &Secret) -> Option<&'a Account<'a>> {
    let differs = |account: &&Account<'_>| {
        let stored = account.password.as_ref();
        stored.and_then(|stored| connection::agrees(stored, password)) == Some(false)
    };
    meant.iter().all(differs).then(|| meant.first().copied()).flatten()
}

/// Whether a key is that of a password beside the name of a role, and no host beside it leads elsewhere.
fn is_paired(values: &Values<'_>, key: &str, account: &Account<'_>) -> bool {
    let is_copy = values.site.object.name() == account.site.object.name();
    let reaches = |host: &str| {
        let name = host.split(':').next().unwrap_or_default();
        connection::host_leads_to(name.trim(), account.cluster, account.namespace, account.poolers)
    };
    connection::is_paired(&values.all, key, account.role, is_copy, account.cluster)
        && connection::host_beside(&values.all, key).is_none_or(reaches)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::verified;

    /// A Cluster `pg` in `db` with the role `shop`.
    const CLUSTER: &str = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg, namespace: db}\n\
                           spec: {managed: {roles: [{name: shop, passwordSecret: {name: pg-shop}}]}}\n";

    /// A Secret with these fields.
    fn named(name: &str, namespace: &str, fields: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\nstringData:\n{fields}\n"
        )
    }

    /// The same with a password of the role `shop` as it stands in YAML.
    fn with_role(password: &str, name: &str, fields: &str) -> Vec<String> {
        let role = named("pg-shop", "db", &format!("  username: shop\n  password: {password}"));
        let app = named(name, "shop", fields);
        let files = [("cluster.yaml", CLUSTER), ("role.enc.yaml", &role), ("shop.enc.yaml", &app)];
        verified("password-mismatch", &files)
    }

    /// What the rule finds in the Secret of an app, where the role has the password `canary+1`.
    fn one(fields: &str) -> Vec<String> {
        with_role("canary+1", "app", fields)
    }

    #[test]
    fn another_password_in_a_url_is_found() {
        let found = one("  URL: postgres://shop:canary2@pg-rw.db.svc:5432/shop");
        assert_eq!(
            found,
            [
                "error shop.enc.yaml:5:3 stringData.URL: the password in `URL` is not that of the role `shop` | take the \
                 password in `role.enc.yaml`, then run `keywright edit shop.enc.yaml`"
            ]
        );
    }

    #[test]
    fn another_password_beside_the_role_is_found_at_its_key() {
        for fields in [
            "  DB_USER: shop\n  DB_PASS: canary2",
            "  KC_DB_URL: jdbc:postgresql://pg-rw.db/shop\n  KC_DB_USERNAME: shop\n  KC_DB_PASSWORD: canary2",
            "  user: shop\n  host: pg-rw.db\n  password: canary2",
            "  DSN: host=pg-rw.db user=shop password=canary2",
        ] {
            let found = one(fields);
            assert!(found.len() == 1 && !found[0].contains("URL"), "{fields}: {found:?}");
        }
        let copy = with_role("canary1", "pg-shop", "  username: shop\n  password: canary2");
        assert_eq!(copy.len(), 1);
    }

    #[test]
    fn the_same_password_in_every_spelling_is_not_found() {
        for fields in [
            "  URL: postgres://shop:canary%2B1@pg-rw.db.svc:5432/shop?sslmode=require",
            "  URL: postgres://shop:canary+1@pg-ro/shop",
            "  DB_USER: shop\n  DB_PASS: 'canary+1 '",
            "  PGPASS: 'pg-rw.db:5432:*:shop:canary+1'",
        ] {
            assert_eq!(one(fields), [""; 0], "{fields}");
        }
    }

    #[test]
    fn who_leads_elsewhere_is_not_compared() {
        for fields in [
            "  URL: postgres://shop:canary2@postgres.other:5432/shop",
            "  URL: postgres://admin:canary2@pg-rw.db:5432/shop",
            "  URL: mysql://shop:canary2@pg-rw.db:5432/shop",
            "  DB_USER: shop\n  DB_PASS: canary2\n  DB_HOST: mariadb.db",
            "  username: shop\n  password: canary2",
            "  ADMIN_USER: shop\n  ADMIN_PASSWORD: canary2",
        ] {
            assert_eq!(one(fields), [""; 0], "{fields}");
        }
    }

    #[test]
    fn a_pooler_leads_to_its_cluster() {
        let role = named("pg-shop", "db", "  username: shop\n  password: canary1");
        let pooler = |cluster: &str| {
            format!(
                "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {{name: pool, namespace: db}}\n\
                 spec: {{cluster: {{name: {cluster}}}}}\n"
            )
        };
        let fields = [
            "  URL: postgres://shop:canary2@pool.db.svc:5432/shop",
            "  DB_USER: shop\n  DB_HOST: pool.db\n  DB_PASS: canary2",
        ];
        for (fields, cluster, count) in [
            (fields[0], "pg", 1),
            (fields[1], "pg", 1),
            (fields[0], "other", 0),
            (fields[1], "other", 0),
        ] {
            let (app, pooler) = (named("app", "shop", fields), pooler(cluster));
            let files = [
                ("cluster.yaml", CLUSTER),
                ("pooler.yaml", &pooler),
                ("role.enc.yaml", &role),
                ("shop.enc.yaml", &app),
            ];
            assert_eq!(verified("password-mismatch", &files).len(), count, "{fields} {cluster}");
        }
    }

    #[test]
    fn hashes_are_compared_as_far_as_they_tell() {
        let url = "  URL: postgres://shop:pencil@pg-rw.db/shop";
        assert_eq!(with_role("md50123456789abcdef0123456789abcdef", "app", url), [""; 0]);
        let parts = [
            "SCRAM-SHA-256$4096:",
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:",
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        ];
        assert_eq!(with_role(&format!("'{}'", parts.concat()), "app", url), [""; 0]);
        let other = url.replace("pencil", "canary");
        assert_eq!(with_role(&format!("'{}'", parts.concat()), "app", &other).len(), 1);
    }

    #[test]
    fn the_password_of_any_cluster_that_can_be_meant_fits() {
        let app = named("app", "shop", "  URL: postgres://shop:canary2@pg-rw.db/shop");
        let role = |password: &str| {
            named("pg-shop", "db", &format!("  username: shop\n  password: {password}"))
        };
        let (one, two) = (role("canary1"), role("canary2"));
        let files = [
            ("a/c.yaml", CLUSTER),
            ("a/r.enc.yaml", &*one),
            ("b/c.yaml", CLUSTER),
            ("b/r.enc.yaml", &two),
            ("s.enc.yaml", &app),
        ];
        assert_eq!(verified("password-mismatch", &files), [""; 0]);
    }
}
