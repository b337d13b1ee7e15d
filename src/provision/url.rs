//! Connection URLs: `postgres://user:password@cluster-rw.namespace.svc.cluster.local:5432/database?options`.
//!
//! User, password and database are percent-encoded.

use zeroize::Zeroizing;

use crate::connection::{Spelling, host_of};
pub(super) use crate::layout::{Form, Host};
use crate::make::percent_encode;
use crate::secret::Secret;

/// PostgreSQL's port, which CloudNativePG's Services have.
const PORT: &str = "5432";

/// A URL of PostgreSQL, taken apart and decoded. Holds a password: no `Debug`.
pub(super) struct DatabaseUrl {
    /// `postgres`, `postgresql`, or one of them with a driver (`postgresql+asyncpg`).
    pub(super) scheme: String,
    /// The role.
    pub(super) user: Zeroizing<String>,
    /// Its password.
    pub(super) password: Secret,
    /// The host without its port.
    pub(super) host: String,
    /// Whether a port is given.
    pub(super) with_port: bool,
    /// The database.
    pub(super) database: Zeroizing<String>,
}

impl DatabaseUrl {
    /// Takes a URL apart; `None` for anything else than a complete one.
    pub(super) fn parse(text: &str) -> Option<DatabaseUrl> {
        let (scheme, rest) = text.trim().split_once("://")?;
        if !Form::is_scheme(scheme) {
            return None;
        }
        let (authority, path) = rest.split_once('/')?;
        let (credentials, host) = authority.rsplit_once('@')?;
        let (user, password) = credentials.split_once(':')?;
        let (host, port) = match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        };
        let database = path.split(['?', '#']).next().unwrap_or(path);
        Some(DatabaseUrl {
            scheme: scheme.to_owned(),
            user: decode_text(user)?,
            password: Spelling::Percent.decode(password.as_bytes())?,
            host: host.to_owned(),
            with_port: port.is_some(),
            database: decode_text(database)?,
        })
    }

    /// How it is written, if it leads to the primary of that Cluster.
    pub(super) fn form(&self, cluster: &str, namespace: Option<&str>) -> Option<Form> {
        let host = host_of(&self.host, cluster, "-rw", namespace)?;
        let (scheme, with_port) = (self.scheme.clone(), self.with_port);
        Some(Form { scheme, host, with_port, options: String::new() })
    }
}

impl Form {
    /// The name of the Service. `None` if the namespace is needed and not known.
    pub(super) fn host(&self, cluster: &str, namespace: Option<&str>) -> Option<String> {
        Some(match (&self.host, namespace) {
            (Host::Service, _) => format!("{cluster}-rw"),
            (Host::Namespace, Some(namespace)) => format!("{cluster}-rw.{namespace}"),
            (Host::Svc, Some(namespace)) => format!("{cluster}-rw.{namespace}.svc"),
            (Host::Full(domain), Some(namespace)) => {
                format!("{cluster}-rw.{namespace}.svc.{domain}")
            }
            (_, None) => return None,
        })
    }

    /// Writes a URL. `None` if the namespace is needed and not known.
    pub(super) fn write(
        &self,
        cluster: &str,
        namespace: Option<&str>,
        identifier: &str,
        database: &str,
        password: &Secret,
    ) -> Option<Zeroizing<String>> {
        let host = self.host(cluster, namespace)?;
        let port = if self.with_port { format!(":{PORT}") } else { String::new() };
        // Grown once: a reallocation would leave a copy of the password behind.
        let size = 3 * (password.len() + identifier.len() + database.len())
            + host.len()
            + 64
            + self.options.len();
        let mut url = Zeroizing::new(String::with_capacity(size));
        url.push_str(&self.scheme);
        url.push_str("://");
        percent_encode(identifier.as_bytes(), &mut url);
        url.push(':');
        percent_encode(password.expose(), &mut url);
        url.push('@');
        url.push_str(&host);
        url.push_str(&port);
        url.push('/');
        percent_encode(database.as_bytes(), &mut url);
        url.push_str(&self.options);
        Some(url)
    }
}

/// As libpq decodes: `%XX` in every part, `+` is a plus; `None` for a `%` without two digits.
fn decode_text(text: &str) -> Option<Zeroizing<String>> {
    Spelling::Percent
        .decode(text.as_bytes())?
        .expose_text()
        .map(|text| Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_url_comes_apart_decoded() {
        let url = parse("postgres://mini_flux:a%2B%2f%3d+@pg-rw.apps:5432/m%66?sslmode=require");
        assert_eq!((url.scheme.as_str(), url.user.as_str()), ("postgres", "mini_flux"));
        assert_eq!(url.password.expose(), b"a+/=+");
        assert_eq!((url.host.as_str(), url.with_port), ("pg-rw.apps", true));
        assert_eq!(url.database.as_str(), "mf");
    }

    #[test]
    fn other_texts_are_no_urls_of_postgresql() {
        let texts = [
            "",
            "redis://:x@redis/0",
            "postgres://host/db",
            "postgres://user@host/db",
            "postgres://u:p@host",
            "postgres://u:%zz@host/db",
            "postgres://u:%4@host/db",
            "jdbc:postgresql://u:p@h/d",
        ];
        for text in texts {
            assert!(DatabaseUrl::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_form_of_the_host_is_recognized() {
        let cases = [
            ("pg-rw", Some(Host::Service)),
            ("pg-rw.apps", Some(Host::Namespace)),
            ("pg-rw.apps.svc", Some(Host::Svc)),
            ("pg-rw.apps.svc.home.arpa", Some(Host::Full("home.arpa".into()))),
            ("pg-rw.other.svc", None),
            ("pg-rw.apps.example.com", None),
            ("pg-ro.apps", None),
            ("pg2-rw.apps", None),
        ];
        for (host, wanted) in cases {
            let form = parse(&format!("postgres://u:p@{host}/d")).form("pg", Some("apps"));
            assert_eq!(form.map(|form| form.host), wanted, "{host}");
        }
    }

    #[test]
    fn what_was_written_reads_back() {
        let every: Vec<u8> = (b' '..=b'~').collect();
        let password = Secret::new(every);
        let form = Form::default();
        let text = form.write("pg", Some("db"), "pocket_id", "a-b", &password).unwrap();
        let url = parse(&text);
        assert!(url.password == password && url.form("pg", Some("db")) == Some(form));
        assert_eq!((url.user.as_str(), url.database.as_str()), ("pocket_id", "a-b"));
        assert_eq!(url.host, "pg-rw.db.svc.cluster.local");
    }

    #[test]
    fn a_name_without_its_namespace_is_not_written_where_it_needs_one() {
        let password = Secret::from("x".to_owned());
        assert!(Form::default().write("pg", None, "a", "a", &password).is_none());
        let short = Form {
            scheme: "postgres".into(),
            host: Host::Service,
            with_port: false,
            ..Form::default()
        };
        let text = short.write("pg", None, "a", "a", &password);
        assert_eq!(text.as_deref().map(String::as_str), Some("postgres://a:x@pg-rw/a"));
    }
}
