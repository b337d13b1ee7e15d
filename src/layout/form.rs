//! How connection URLs are written: scheme, name of the Service, port, options.
//!
//! ```text
//! postgresql://{role}:{password}@{cluster}-rw.{namespace}.svc.cluster.local:5432/{database}
//! ```

use std::fmt;

/// What comes before the name of the Service.
const CREDENTIALS: &str = "{role}:{password}@{cluster}-rw";

/// The port of a Cluster's Services.
const PORT: &str = ":5432";

/// How the Service of a Cluster is named: seen from its own namespace, or with more of its full name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    /// `cluster-rw`
    Service,
    /// `cluster-rw.namespace`
    Namespace,
    /// `cluster-rw.namespace.svc`
    Svc,
    /// `cluster-rw.namespace.svc.cluster.local`, with the domain
    Full(String),
}

/// How URLs to a Cluster are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    /// `postgres`, `postgresql`, or one of them with a driver (`postgresql+asyncpg`).
    pub(crate) scheme: String,
    /// The host.
    pub(crate) host: Host,
    /// Whether the port is written.
    pub(crate) with_port: bool,
    /// What follows the database: nothing, or `?` and options. Those of a sibling are its own; only a setting
    /// has some.
    pub(crate) options: String,
}

impl Default for Form {
    /// As CloudNativePG writes it in the Secrets that it makes (`fqdn-uri`). Some clients do not know
    /// `postgres://`.
    fn default() -> Self {
        Form {
            scheme: "postgresql".to_owned(),
            host: Host::Full("cluster.local".to_owned()),
            with_port: true,
            options: String::new(),
        }
    }
}

impl Form {
    /// Whether this is a scheme of PostgreSQL, with a driver or without.
    pub(crate) fn is_scheme(scheme: &str) -> bool {
        matches!(scheme.split('+').next(), Some("postgres" | "postgresql"))
    }

    /// A form with its placeholders, as it is printed; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Form> {
        let (scheme, rest) =
            text.split_once("://").filter(|(scheme, _)| Form::is_scheme(scheme))?;
        let (authority, path) = rest.strip_prefix(CREDENTIALS)?.split_once('/')?;
        let options = path.strip_prefix("{database}")?;
        let is_plain = |c: char| c.is_ascii_graphic() && !"{}#".contains(c);
        if !(options.is_empty() || options.starts_with('?') && options.chars().all(is_plain)) {
            return None;
        }
        let (host, with_port) = match authority.strip_suffix(PORT) {
            Some(host) => (host, true),
            None => (authority, false),
        };
        Some(Form {
            scheme: scheme.to_owned(),
            host: Host::parse(host)?,
            with_port,
            options: options.to_owned(),
        })
    }
}

impl Host {
    /// What follows `{cluster}-rw`.
    fn parse(text: &str) -> Option<Host> {
        let rest = match text.strip_prefix(".{namespace}") {
            None => return text.is_empty().then_some(Host::Service),
            Some(rest) => rest,
        };
        match rest {
            "" => Some(Host::Namespace),
            ".svc" => Some(Host::Svc),
            _ => rest
                .strip_prefix(".svc.")
                .filter(|domain| crate::kube::is_subdomain(domain))
                .map(|domain| Host::Full(domain.to_owned())),
        }
    }
}

impl fmt::Display for Form {
    /// With placeholders for what differs from app to app.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.host {
            Host::Service => String::new(),
            Host::Namespace => ".{namespace}".to_owned(),
            Host::Svc => ".{namespace}.svc".to_owned(),
            Host::Full(domain) => format!(".{{namespace}}.svc.{domain}"),
        };
        let port = if self.with_port { PORT } else { "" };
        let Form { scheme, options, .. } = self;
        write!(formatter, "{scheme}://{CREDENTIALS}{host}{port}/{{database}}{options}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_back_as_it_is_printed() {
        let hosts = ["", ".{namespace}", ".{namespace}.svc", ".{namespace}.svc.home.arpa"];
        for host in hosts {
            for port in ["", ":5432"] {
                for options in ["", "?sslmode=require&a=b"] {
                    let text = format!(
                        "postgresql+asyncpg://{{role}}:{{password}}@{{cluster}}-rw{host}{port}/{{database}}{options}"
                    );
                    let form = Form::parse(&text).unwrap_or_else(|| panic!("{text}"));
                    assert_eq!(form.to_string(), text);
                    assert_eq!(
                        (form.with_port, form.options.as_str()),
                        (!port.is_empty(), options)
                    );
                }
            }
        }
        assert_eq!(Form::parse(&Form::default().to_string()), Some(Form::default()));
    }

    #[test]
    fn other_texts_are_no_forms() {
        let texts = [
            "",
            "mysql://{role}:{password}@{cluster}-rw/{database}",
            "postgres://{role}:{password}@{cluster}-ro/{database}",
            "postgres://{role}:{password}@{cluster}-rw:5433/{database}",
            "postgres://{role}:{password}@{cluster}-rw.apps/{database}",
            "postgres://{role}:secret@{cluster}-rw/{database}",
            "postgres://{role}:{password}@{cluster}-rw/{database}#x",
            "postgres://{role}:{password}@{cluster}-rw/app",
            "postgres://{role}:{password}@{cluster}-rw",
        ];
        for text in texts {
            assert_eq!(Form::parse(text), None, "{text}");
        }
    }
}
