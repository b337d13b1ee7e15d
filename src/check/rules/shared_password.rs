//! `shared-password`: a credential that things have in common which have nothing to do with each other.
//!
//! ```text
//! grafana/ADMIN_PASSWORD   miniflux/ADMIN_PASSWORD     found: whoever has one has both
//! redis/REDIS_PASSWORD     paperless/REDIS_PASSWORD    one account, spelled by both of its sides
//! db/app-pguser            shop/app-pguser             a copy
//! pg/password of a role    shop/DB_PASS                has to be the same
//! ```
//!
//! Two places belong together if their keys or the names of their Secrets have a word in common that is not said of any
//! credential. Values are compared in memory; neither they nor anything made of them is told.

use std::collections::BTreeSet;

use super::super::credential;
use super::super::finding::{Confidence, Finding, Severity};
use super::super::opened::{Entry, Vault};
use super::super::repository::Repository;
use super::weak_password::{is_guessed, literal};
use super::{MOST_NAMED, Rule, by_hand, quoted};
use crate::layout::SecretSite;

/// Words that are said of any credential.
const GENERAL: &[&str] = &[
    "access",
    "admin",
    "api",
    "app",
    "apps",
    "auth",
    "client",
    "cluster",
    "config",
    "credential",
    "credentials",
    "database",
    "db",
    "default",
    "encryption",
    "env",
    "key",
    "main",
    "master",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "pg",
    "pguser",
    "postgres",
    "postgresql",
    "private",
    "pwd",
    "role",
    "root",
    "secret",
    "secrets",
    "server",
    "service",
    "session",
    "signing",
    "sql",
    "super",
    "superuser",
    "token",
    "user",
    "username",
    "values",
];

/// A credential in its place.
struct Place<'p, 'r> {
    /// Its Secret.
    site: &'p SecretSite<'r>,
    /// Its key and value.
    entry: Entry<'r>,
    /// What it is about.
    words: BTreeSet<String>,
    /// Whether it is the password of a role of a Cluster.
    is_of_role: bool,
}

/// The rule.
pub(super) struct SharedPassword;

impl Rule for SharedPassword {
    fn id(&self) -> &'static str {
        "shared-password"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/shared-password.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let Some(vault) = repository.vault else { return };
        let mut places = places(repository, vault);
        // Stable, so that equal ones stay in the order of their files.
        places.sort_by(|one, other| one.entry.value.expose().cmp(other.entry.value.expose()));
        for equal in places.chunk_by(|one, other| one.entry.value == other.entry.value) {
            if let Some((first, message)) = told(equal) {
                let place = (first.site.file, first.site.object.document);
                let hint =
                    by_hand("give each its own, with `keywright secret set NAME --generate KEY`");
                let labels = [first.entry.label];
                findings.push(Finding::at(self, place, &labels, Confidence::Medium, message, hint));
            }
        }
    }
}

/// Every credential that is not weak, which `weak-password` tells, in the order of the files.
fn places<'p, 'r>(repository: &'p Repository<'r>, vault: &Vault) -> Vec<Place<'p, 'r>> {
    let own: BTreeSet<_> = repository
        .credentials()
        .flat_map(|one| one.secrets)
        .map(|site| (site.file, site.object.node))
        .collect();
    let mut places = Vec::new();
    for site in &repository.secrets {
        let entries = vault.entries(site).into_iter();
        let is_credential = |entry: &Entry<'_>| {
            credential::is_named_so(entry.key) && literal(entry).is_some_and(|it| !is_guessed(it))
        };
        places.extend(entries.filter(is_credential).map(|entry| Place {
            site,
            words: words(site, &entry),
            is_of_role: entry.key == "password" && own.contains(&(site.file, site.object.node)),
            entry,
        }));
    }
    places
}

/// What a credential is about: its Secret as a whole, and the words of both names.
fn words(site: &SecretSite<'_>, entry: &Entry<'_>) -> BTreeSet<String> {
    let name = site.object.name().unwrap_or_default();
    let words = credential::words(entry.key).into_iter().chain(credential::words(name));
    let words = words.filter(|word| word.len() > 1 && !GENERAL.contains(&word.as_str()));
    words.chain([format!("Secret {name}")]).collect()
}

/// The first of some places with one value and what is wrong with them, if they do not belong together.
fn told<'e, 'p, 'r>(equal: &'e [Place<'p, 'r>]) -> Option<(&'e Place<'p, 'r>, String)> {
    // Whoever logs in as a role has its password.
    let is_of_role = equal.iter().any(|place| place.is_of_role);
    let mut left: Vec<_> = equal.iter().filter(|place| place.is_of_role || !is_of_role).collect();
    let first = *left.first()?;
    let mut known = first.words.clone();
    while let Some(index) = left.iter().position(|place| !place.words.is_disjoint(&known)) {
        known.extend(left.remove(index).words.iter().cloned());
    }
    let name = |place: &&Place<'_, '_>| {
        format!("{} in {}", quoted(place.entry.key), place.site.file.display())
    };
    let named: Vec<_> = left.iter().take(MOST_NAMED).map(name).collect();
    let more = match left.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let key = quoted(first.entry.key);
    let message = format!("{key} has the value of {}{more}", named.join(", "));
    (!left.is_empty()).then_some((first, message))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::verified;

    /// A value that was drawn, and another one.
    const ONE: &str = "q7Gm2xVt9LpR4sKd";
    const OTHER: &str = "Zk3vQ9xL2mT7bN8s";

    /// A Secret of a name with these fields.
    fn named(name: &str, fields: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{{fields}}}\n"
        )
    }

    /// What the rule finds in Secrets given by name and fields, each in a file of its own.
    fn all(secrets: &[(&str, String)]) -> Vec<String> {
        let texts: Vec<_> = secrets
            .iter()
            .enumerate()
            .map(|(at, (name, fields))| (format!("{at}.enc.yaml"), named(name, fields)))
            .collect();
        let files: Vec<_> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        verified("shared-password", &files)
    }

    #[test]
    fn one_value_in_things_apart_is_found_once_with_all_places() {
        let found = all(&[
            ("grafana", format!("GF_SECURITY_ADMIN_PASSWORD: {ONE}")),
            ("miniflux", format!("ADMIN_PASSWORD: {ONE}, SESSION_KEY: {OTHER}")),
            ("paperless", format!("PAPERLESS_SECRET_KEY: {ONE}")),
        ]);
        assert_eq!(
            found,
            [
                "warning 0.enc.yaml:4:14 stringData.GF_SECURITY_ADMIN_PASSWORD: `GF_SECURITY_ADMIN_PASSWORD` has the value \
                 of `ADMIN_PASSWORD` in 1.enc.yaml, `PAPERLESS_SECRET_KEY` in 2.enc.yaml | give each its own, with \
                 `keywright secret set NAME --generate KEY`"
            ]
        );
    }

    #[test]
    fn base64_is_compared_by_what_it_stands_for() {
        let encoded = "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n\
                       data: {password: cTdHbTJ4VnQ5THBSNHNLZA==}\n";
        let plain = named("a", &format!("password: {ONE}"));
        let files = [("a.enc.yaml", plain.as_str()), ("b.enc.yaml", encoded)];
        assert_eq!(verified("shared-password", &files).len(), 1);
    }

    #[test]
    fn places_of_one_thing_are_not_found() {
        let same = |value: &str| value.replace('@', ONE);
        for pair in [
            // A server and its client.
            [("redis", "REDIS_PASSWORD: @"), ("paperless", "PAPERLESS_REDIS_PASSWORD: @")],
            [("rabbitmq", "password: @"), ("shop", "RABBITMQ_PASS: @")],
            // An account of elsewhere.
            [("grafana", "SMTP-PASSWORD: @"), ("miniflux", "smtpPassword: @")],
            // The same Secret in another namespace, or twice in one.
            [("secret", "password: @"), ("secret", "password: @")],
            [("shop-pguser", "password: @"), ("shop-app", "password: @")],
        ] {
            assert_eq!(all(&pair.map(|(name, fields)| (name, same(fields)))), [""; 0], "{pair:?}");
        }
        assert_eq!(all(&[("a", format!("password: {ONE}, API_KEY: {ONE}"))]), [""; 0]);
    }

    #[test]
    fn what_is_no_credential_or_is_weak_is_not_found() {
        for fields in [
            "username: some-body-else",
            "password: changeme",
            "password: '${SECRET_PASSWORD}'",
            "token: 'https://auth.example.test/token'",
            "password: 'true'",
        ] {
            let pair = [("grafana", fields.to_owned()), ("miniflux", fields.to_owned())];
            assert_eq!(all(&pair), [""; 0], "{fields}");
        }
    }

    #[test]
    fn the_password_of_a_role_is_that_of_whoever_logs_in() {
        let roles = |names: &[&str]| {
            let entry =
                |name: &&str| format!("{{name: {name}, passwordSecret: {{name: pg-{name}}}}}");
            let list = names.iter().map(entry).collect::<Vec<_>>().join(", ");
            format!(
                "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: pg}}\n\
                 spec: {{managed: {{roles: [{list}]}}}}\n"
            )
        };
        let password = format!("username: x, password: {ONE}");
        let (one, two) = (named("pg-one", &password), named("pg-two", &password));
        let app = named("shop", &format!("DB_PASS: {ONE}"));
        let cluster = roles(&["one"]);
        let files = [("c.yaml", cluster.as_str()), ("a.enc.yaml", &one), ("b.enc.yaml", &app)];
        assert_eq!(verified("shared-password", &files), [""; 0]);
        let cluster = roles(&["one", "two"]);
        let files = [
            ("c.yaml", cluster.as_str()),
            ("a.enc.yaml", &one),
            ("b.enc.yaml", &two),
            ("d.enc.yaml", &app),
        ];
        let found = verified("shared-password", &files);
        assert!(
            found.len() == 1 && found[0].contains("has the value of `password` in b.enc.yaml |"),
            "{found:?}"
        );
    }
}
