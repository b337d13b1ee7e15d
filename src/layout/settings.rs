//! The section `layout` of `keywright.yaml`: what is to be otherwise than inference would have it.
//!
//! ```yaml
//! layout:
//!   apps: [kubernetes/apps]                # directories below which apps are looked for
//!   cluster: databases/postgres            # [NAMESPACE/]NAME
//!   strategy: managed-role                 # or database-role, component
//!   role_secret:
//!     name: postgres-{app}-user
//!     file: databases/roles/postgres-{app}-user-secret.yaml
//!   database: {file: databases/databases.yaml}
//!   database_role: {file: databases/roles.yaml}
//!   identifiers: underscore                # or hyphen
//!   namespaces: omitted                    # or written, in what is made beside the Cluster
//!   url:
//!     key: DATABASE_URL
//!     form: postgresql://{role}:{password}@{cluster}-rw.{namespace}.svc.cluster.local:5432/{database}
//! ```
//!
//! Every field may be left out. Paths are relative to the root; `{app}` is the name of the app, `{app_}` the same
//! with underscores.

use std::path::{Component, Path, PathBuf};

use super::{Fact, Form, Template};
use crate::document::Document;
use crate::repo::Snapshot;
use crate::settings::{self, FILE_NAME, Section};

/// The fields of `layout`.
const FIELDS: &[&str] = &[
    "apps",
    "cluster",
    "database",
    "database_role",
    "identifiers",
    "namespaces",
    "role_secret",
    "strategy",
    "url",
];

/// What was chosen for the whole repository; everything else is inferred.
#[derive(Default)]
pub(crate) struct Settings {
    /// Directories below which apps are looked for; none: everywhere.
    pub(crate) apps: Vec<PathBuf>,
    /// The Cluster, as `NAME` or `NAMESPACE/NAME`.
    pub(crate) cluster: Option<String>,
    /// How roles are declared.
    pub(crate) strategy: Option<StrategyKind>,
    /// Names of the Secrets of roles.
    pub(crate) role_secret_name: Option<Template>,
    /// Paths of their files.
    pub(crate) role_secret_file: Option<Template>,
    /// Where Databases are: one file of all, or one for each app.
    pub(crate) database_file: Option<Template>,
    /// Where `DatabaseRole` objects are, likewise.
    pub(crate) database_role_file: Option<Template>,
    /// How the name of an app becomes that of its role.
    pub(crate) identifiers: Option<Identifiers>,
    /// Whether new objects beside the Cluster name their namespace.
    pub(crate) with_namespace: Option<bool>,
    /// The key of the URL in an app's Secret.
    pub(crate) url_key: Option<String>,
    /// How the URL is written.
    pub(crate) url_form: Option<Form>,
}

/// How a role can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrategyKind {
    /// As an entry of the Cluster's managed roles.
    ManagedRole,
    /// As a `DatabaseRole` object, which CloudNativePG knows from 1.30 on.
    DatabaseRole,
    /// By a kustomize component.
    Component,
}

impl StrategyKind {
    /// As flags and settings name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            StrategyKind::ManagedRole => "managed-role",
            StrategyKind::DatabaseRole => "database-role",
            StrategyKind::Component => "component",
        }
    }
}

/// What becomes of the hyphens of an app's name in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identifiers {
    /// They become underscores, so that nobody has to quote the name.
    Underscore,
    /// They stay.
    Hyphen,
}

impl Identifiers {
    /// As settings name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Identifiers::Underscore => "underscore",
            Identifiers::Hyphen => "hyphen",
        }
    }
}

/// As settings name it whether new objects name their namespace.
pub(crate) fn namespaces(written: bool) -> &'static str {
    if written { "written" } else { "omitted" }
}

/// A fact that the file states.
pub(crate) fn stated<T>(value: T) -> Fact<T> {
    Fact::new(value, Path::new(FILE_NAME))
}

impl Settings {
    /// The settings of a repository; all of them open where it has no such file.
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Settings, super::Error> {
        match settings::file(snapshot)? {
            Some(document) => Ok(Settings::parse(document)?),
            None => Ok(Settings::default()),
        }
    }

    /// Reads the file.
    pub(crate) fn parse(document: &Document) -> Result<Settings, settings::Error> {
        let mut chosen = Settings::default();
        let Some(top) = Section::root(document)? else { return Ok(chosen) };
        let Some(layout) = top.section("layout", FIELDS)? else { return Ok(chosen) };
        chosen.apps = directories(&layout, "apps")?;
        chosen.cluster = layout.text("cluster", "[NAMESPACE/]NAME of a Cluster", &is_name)?;
        chosen.strategy = layout.one_of(
            "strategy",
            "`managed-role`, `database-role` or `component`",
            &[StrategyKind::ManagedRole, StrategyKind::DatabaseRole, StrategyKind::Component],
            StrategyKind::name,
        )?;
        chosen.identifiers = layout.one_of(
            "identifiers",
            "`underscore` or `hyphen`",
            &[Identifiers::Underscore, Identifiers::Hyphen],
            Identifiers::name,
        )?;
        let written = "`written` or `omitted`";
        chosen.with_namespace = layout.one_of("namespaces", written, &[true, false], namespaces)?;
        if let Some(secret) = layout.section("role_secret", &["file", "name"])? {
            chosen.role_secret_name = template(&secret, "name", &is_role_secret)?;
            chosen.role_secret_file = yaml_file(&secret, "file", true)?;
        }
        if let Some(database) = layout.section("database", &["file"])? {
            chosen.database_file = yaml_file(&database, "file", false)?;
        }
        if let Some(role) = layout.section("database_role", &["file"])? {
            chosen.database_role_file = yaml_file(&role, "file", false)?;
        }
        if let Some(url) = layout.section("url", &["form", "key"])? {
            chosen.url_key = url.text("key", "a key of a Secret", &is_key)?;
            chosen.url_form = form(&url, "form")?;
        }
        Ok(chosen)
    }
}

/// The template of a name.
fn template(
    section: &Section<'_>,
    name: &str,
    fits: &dyn Fn(&str) -> bool,
) -> Result<Option<Template>, settings::Error> {
    let wanted = "the name of a Secret with `{app}` in it";
    Ok(section.text(name, wanted, fits)?.map(Template::new))
}

/// The path of a YAML file; of one for each app if that is `required`.
fn yaml_file(
    section: &Section<'_>,
    name: &str,
    required: bool,
) -> Result<Option<Template>, settings::Error> {
    let wanted = match required {
        true => "the path of a `.yaml` file, from the root, with `{app}` in it",
        false => "the path of a `.yaml` file, from the root",
    };
    let fits = |text: &str| {
        let is_yaml = text.ends_with(".yaml") || text.ends_with(".yml");
        is_yaml && is_below(text) && (!required || Template::new(text).has_app())
    };
    Ok(section.text(name, wanted, &fits)?.map(Template::new))
}

fn directories(section: &Section<'_>, name: &str) -> Result<Vec<PathBuf>, settings::Error> {
    let texts = section.texts(name, "a list of directories, from the root", &is_below)?;
    // `./apps/` is `apps`.
    let named =
        |text: &str| Path::new(text).components().filter(|c| *c != Component::CurDir).collect();
    Ok(texts.into_iter().map(named).collect())
}

fn form(section: &Section<'_>, name: &str) -> Result<Option<Form>, settings::Error> {
    let wanted =
        "a URL like `postgresql://{role}:{password}@{cluster}-rw.{namespace}.svc:5432/{database}`";
    let Some(text) = section.value(name, wanted)? else { return Ok(None) };
    Form::parse(text).map_or_else(|| Err(section.wrong(name, wanted)), |form| Ok(Some(form)))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.split('/').all(|part| !part.is_empty())
        && text.matches('/').count() < 2
}

/// Letters, digits, `-`, `_` and `.`, as the API server demands of the keys of a Secret.
fn is_key(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Whether this makes a name of Kubernetes of every app's name; an underscore has no place in one.
fn is_role_secret(text: &str) -> bool {
    text.contains("{app}")
        && crate::kube::is_subdomain(&Template::new(text).fill("a"))
        && !text.contains("{app_}")
}

/// Whether a path stays below the root.
fn is_below(text: &str) -> bool {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !text.is_empty() && Path::new(text).components().all(inside)
}

impl From<settings::Error> for super::Error {
    fn from(source: settings::Error) -> super::Error {
        super::Error::Setting { path: PathBuf::from(FILE_NAME), source }
    }
}

#[cfg(test)]
mod tests;
