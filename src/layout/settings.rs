//! `keywright.yaml` at the root of a repository: what is to be otherwise than inference would have it.
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
//! with underscores. An unknown field and a value of another type are refused with their place: a setting
//! that is silently ignored would be worse than none.

use std::path::{Component, Path, PathBuf};

use super::{Fact, Form, Template};
use crate::document::{Document, Kind, NodeId, Position, Value};
use crate::repo::Snapshot;

/// The name of the file, at the root of the repository.
pub(crate) const FILE_NAME: &str = "keywright.yaml";

/// How near a field must be to be suggested, from 0 (nothing in common) to 1.
const NEAR: f32 = 0.6;

/// The sections of the file.
const SECTIONS: &[&str] = &["layout"];

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

/// Why a setting cannot be used. Positions are those in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SettingError {
    /// There is no such field.
    #[error("{position}: there is no setting `{field}`")]
    Unknown {
        /// Where.
        position: Position,
        /// The field with those that it stands in: `layout.url.kee`.
        field: String,
        /// The field with the nearest name, if it is near.
        nearest: Option<String>,
    },
    /// A field has a value that it cannot have.
    #[error("{position}: `{field}` must be {wanted}")]
    Wrong {
        /// Where.
        position: Position,
        /// The field with those that it stands in.
        field: String,
        /// What it must be.
        wanted: &'static str,
    },
}

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
        let path = Path::new(FILE_NAME);
        match snapshot.contains(path) {
            true => Ok(Settings::parse(snapshot.document(path)?)?),
            false => Ok(Settings::default()),
        }
    }

    /// Reads the file.
    pub(crate) fn parse(document: &Document) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        let Some(root) = document.roots().first() else { return Ok(settings) };
        if let Some(second) = document.roots().get(1) {
            let position = document.position_of(second.node);
            return Err(wrong(position, "keywright.yaml", "a single document"));
        }
        let top = Section { document, node: root.node, route: String::new() };
        top.check(SECTIONS)?;
        let Some(layout) = top.section("layout", FIELDS)? else { return Ok(settings) };
        settings.apps = layout.directories("apps")?;
        settings.cluster = layout.text("cluster", "[NAMESPACE/]NAME of a Cluster", &is_name)?;
        settings.strategy = layout.one_of(
            "strategy",
            "`managed-role`, `database-role` or `component`",
            &[StrategyKind::ManagedRole, StrategyKind::DatabaseRole, StrategyKind::Component],
            StrategyKind::name,
        )?;
        settings.identifiers = layout.one_of(
            "identifiers",
            "`underscore` or `hyphen`",
            &[Identifiers::Underscore, Identifiers::Hyphen],
            Identifiers::name,
        )?;
        let written = "`written` or `omitted`";
        settings.with_namespace =
            layout.one_of("namespaces", written, &[true, false], namespaces)?;
        if let Some(secret) = layout.section("role_secret", &["file", "name"])? {
            settings.role_secret_name = secret.template("name", &is_role_secret)?;
            settings.role_secret_file = secret.file("file", true)?;
        }
        if let Some(database) = layout.section("database", &["file"])? {
            settings.database_file = database.file("file", false)?;
        }
        if let Some(role) = layout.section("database_role", &["file"])? {
            settings.database_role_file = role.file("file", false)?;
        }
        if let Some(url) = layout.section("url", &["form", "key"])? {
            settings.url_key = url.text("key", "a key of a Secret", &is_key)?;
            settings.url_form = url.form("form")?;
        }
        Ok(settings)
    }
}

/// A mapping of the file.
struct Section<'d> {
    document: &'d Document,
    node: NodeId,
    /// The fields that it stands in.
    route: String,
}

impl<'d> Section<'d> {
    /// Refuses what is no mapping, and fields that are not known.
    fn check(&self, known: &[&str]) -> Result<(), SettingError> {
        let document = self.document;
        if self.is_open(self.node) {
            return Ok(());
        }
        if !matches!(document.node(document.target(self.node)).kind, Kind::Mapping(_)) {
            let route = if self.route.is_empty() { FILE_NAME } else { &self.route };
            return Err(wrong(document.position_of(self.node), route, "a mapping"));
        }
        for (key, _) in document.entries(document.target(self.node)) {
            let name = document.text(key).unwrap_or_default();
            if !known.contains(&name) {
                let nearest = similar::get_close_matches(name, known, 1, NEAR);
                return Err(SettingError::Unknown {
                    position: document.position_of(key),
                    field: self.field(name),
                    nearest: nearest.first().map(|near| (*near).to_owned()),
                });
            }
        }
        Ok(())
    }

    fn field(&self, name: &str) -> String {
        if self.route.is_empty() { name.to_owned() } else { format!("{}.{name}", self.route) }
    }

    /// Whether nothing was written.
    fn is_open(&self, node: NodeId) -> bool {
        matches!(self.document.value(node), Some(Ok(Value::Null)))
    }

    fn section(&self, name: &str, known: &[&str]) -> Result<Option<Section<'d>>, SettingError> {
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(None) };
        let section = Section { document: self.document, node, route: self.field(name) };
        section.check(known)?;
        Ok((!self.is_open(node)).then_some(section))
    }

    /// The value of a field and its place.
    fn value(&self, name: &str, wanted: &'static str) -> Result<Option<&'d str>, SettingError> {
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(None) };
        match self.document.value(node) {
            Some(Ok(Value::Null)) => Ok(None),
            Some(Ok(Value::Text(_))) => Ok(self.document.text(node)),
            _ => Err(self.wrong(name, wanted)),
        }
    }

    fn wrong(&self, name: &str, wanted: &'static str) -> SettingError {
        let node = self.document.lookup(self.node, name).unwrap_or(self.node);
        wrong(self.document.position_of(node), &self.field(name), wanted)
    }

    fn text(
        &self,
        name: &str,
        wanted: &'static str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Result<Option<String>, SettingError> {
        match self.value(name, wanted)? {
            Some(text) if !fits(text) => Err(self.wrong(name, wanted)),
            text => Ok(text.map(str::to_owned)),
        }
    }

    fn one_of<T: Copy>(
        &self,
        name: &str,
        wanted: &'static str,
        values: &[T],
        spelled: fn(T) -> &'static str,
    ) -> Result<Option<T>, SettingError> {
        let Some(text) = self.value(name, wanted)? else { return Ok(None) };
        let found = values.iter().find(|value| spelled(**value) == text);
        found.map_or_else(|| Err(self.wrong(name, wanted)), |value| Ok(Some(*value)))
    }

    fn template(
        &self,
        name: &str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Template>, SettingError> {
        let wanted = "the name of a Secret with `{app}` in it";
        Ok(self.text(name, wanted, fits)?.map(Template::new))
    }

    /// The path of a YAML file; of one for each app if that is `required`.
    fn file(&self, name: &str, required: bool) -> Result<Option<Template>, SettingError> {
        let wanted = match required {
            true => "the path of a `.yaml` file, from the root, with `{app}` in it",
            false => "the path of a `.yaml` file, from the root",
        };
        let fits = |text: &str| {
            let is_yaml = text.ends_with(".yaml") || text.ends_with(".yml");
            is_yaml && is_below(text) && (!required || Template::new(text).has_app())
        };
        Ok(self.text(name, wanted, &fits)?.map(Template::new))
    }

    fn directories(&self, name: &str) -> Result<Vec<PathBuf>, SettingError> {
        let wanted = "a list of directories, from the root";
        let Some(node) = self.document.lookup(self.node, name) else { return Ok(Vec::new()) };
        let list = self.document.target(node);
        if self.is_open(node) {
            return Ok(Vec::new());
        }
        if !matches!(self.document.node(list).kind, Kind::Sequence(_)) {
            return Err(self.wrong(name, wanted));
        }
        let directory = |item: NodeId| {
            let text = self.document.text(item).filter(|text| is_below(text));
            let position = self.document.position_of(item);
            let components = text.map(|text| Path::new(text).components());
            // `./apps/` is `apps`.
            let named = components.map(|all| all.filter(|c| *c != Component::CurDir).collect());
            named.ok_or_else(|| wrong(position, &self.field(name), wanted))
        };
        self.document.items(list).map(directory).collect()
    }

    fn form(&self, name: &str) -> Result<Option<Form>, SettingError> {
        let wanted = "a URL like `postgresql://{role}:{password}@{cluster}-rw.{namespace}.svc:5432/{database}`";
        let Some(text) = self.value(name, wanted)? else { return Ok(None) };
        Form::parse(text).map_or_else(|| Err(self.wrong(name, wanted)), |form| Ok(Some(form)))
    }
}

fn wrong(position: Position, field: &str, wanted: &'static str) -> SettingError {
    SettingError::Wrong { position, field: field.to_owned(), wanted }
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

impl From<SettingError> for super::Error {
    fn from(source: SettingError) -> super::Error {
        super::Error::Setting { path: PathBuf::from(FILE_NAME), source }
    }
}

#[cfg(test)]
mod tests;
