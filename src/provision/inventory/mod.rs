//! What a repository has of databases, side by side: Database, role, its Secret, and the places that use it.
//!
//! One [`Entry`] stands for a database and the role that owns it. A role without a Database, and a database that only
//! an app's URL shows, have an entry as well: what is missing on one side is what `db doctor` speaks of. Without
//! identities everything is known but the values of Secrets, and so the places that use a role. A file that cannot
//! be decrypted is left out and remembered; nothing is written.
//!
//! ```text
//! miniflux ─ Database `miniflux` ─ role `miniflux` (managed-role) ─ Secret `postgres-miniflux-user` ─ DATABASE_URL
//! ```

mod apps;
mod references;
mod uses;
mod vault;

use std::path::{Path, PathBuf};

use super::component;
use super::role_secret::RoleSecret;
use super::{Error, names};
use crate::connection::Connection;
use crate::keys::Identities;
use crate::kube::Object;
use crate::kube::cluster::RELOAD_LABEL;
use crate::kube::database::Database;
use crate::kube::secret::SecretObject;
use crate::layout::{ClusterSite, Layout, Located, RoleSite, SecretSite};
use crate::repo::Snapshot;

pub(super) use vault::{Content, Vault};

/// What a repository has.
pub(crate) struct Inventory<'s> {
    /// Every Cluster with what belongs to it.
    pub(crate) clusters: Vec<Stock<'s>>,
    /// The Secrets of the repository.
    pub(super) vault: Vault<'s>,
}

/// A Cluster and what belongs to it.
pub(crate) struct Stock<'s> {
    /// The Cluster.
    pub(crate) site: ClusterSite<'s>,
    /// Ordered by app, database and role.
    pub(crate) entries: Vec<Entry<'s>>,
}

/// A database and its role.
pub(crate) struct Entry<'s> {
    /// The app that it is for, by the name of its Flux Kustomization or of its directory.
    pub(crate) app: Option<String>,
    /// The database in PostgreSQL: the declared one, else the one that a URL shows.
    pub(crate) name: Option<String>,
    /// Its Database, if it is declared.
    pub(crate) database: Option<Located<'s, Database<'s>>>,
    /// The role that owns it, or that the app uses.
    pub(crate) role_name: Option<String>,
    /// The role, if the repository declares it.
    pub(crate) role: Option<RoleSite<'s>>,
    /// Where the role comes from.
    pub(crate) declared: Declared<'s>,
    /// The Secret with the role's password, if the role names one.
    pub(crate) secret: Option<OwnSecret<'s>>,
    /// The places that use the role.
    pub(crate) uses: Vec<Use<'s>>,
}

/// Where a role comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Declared<'s> {
    /// An entry of `spec.managed.roles`, in the Cluster or in a patch of it.
    ManagedRole,
    /// A `DatabaseRole`.
    DatabaseRole,
    /// A kustomize component; its file.
    Component(&'s Path),
    /// The operator makes it by itself.
    Operator,
    /// The repository does not say.
    Nowhere,
}

/// The Secret of a role.
pub(crate) struct OwnSecret<'s> {
    /// The name, as the role has it.
    pub(crate) name: &'s str,
    /// The Secret, if it is in the repository.
    pub(crate) site: Option<SecretSite<'s>>,
    /// Whether its `username` is the role; `None`: it has none, or cannot be read.
    pub(super) is_of_role: Option<bool>,
    /// Its password, if it can be read.
    pub(super) password: Option<RoleSecret<'s>>,
}

/// A place that uses a role.
pub(crate) struct Use<'s> {
    /// The app that the place belongs to.
    pub(crate) app: Option<String>,
    /// The file.
    pub(crate) file: &'s Path,
    /// The key of the Secret there; of a reference the key that is referred to, if it is only one.
    pub(crate) key: Option<String>,
    /// The object there: the Secret with the key, or the workload.
    pub(super) object: Object<'s>,
    /// How the role is used.
    pub(super) form: Form,
    /// Whether the password there is that of the role's Secret; `None` where that cannot be told.
    pub(crate) is_equal: Option<bool>,
}

/// How a place uses a role.
pub(super) enum Form {
    /// By a connection to the Cluster, mostly a URL.
    Url(Connection),
    /// By a connection with role and database of the Cluster, and a host that is none of its Services.
    Elsewhere(Connection),
    /// By the password under a key of its own.
    Password,
    /// A workload reads the Secret of the role itself.
    Reference,
}

impl<'s> Inventory<'s> {
    /// Takes the inventory; without identities no Secret is opened.
    pub(crate) fn take(
        snapshot: &'s Snapshot,
        layout: &Layout<'s>,
        identities: Option<&Identities>,
    ) -> Inventory<'s> {
        let vault = Vault::open(snapshot, layout, identities);
        let clusters = layout.clusters().into_iter();
        let mut clusters: Vec<_> = clusters.map(|site| stock(site, layout, &vault)).collect();
        uses::assign(&mut clusters, &layout.poolers(), &vault);
        for stock in &mut clusters {
            references::assign(stock, layout);
            components(stock, layout);
            apps::name(stock, layout);
        }
        Inventory { clusters, vault }
    }

    /// Files with Secrets that could not be decrypted, and why.
    pub(crate) fn unopened(&self) -> &[(PathBuf, Error)] {
        &self.vault.unopened
    }
}

impl<'s> Stock<'s> {
    /// The Cluster as `--cluster` takes it: `NAMESPACE/NAME`, or the name alone.
    pub(crate) fn cluster(&self) -> String {
        let name = self.site.cluster.name();
        match self.namespace() {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_owned(),
        }
    }

    /// The Cluster's namespace.
    pub(crate) fn namespace(&self) -> Option<&'s str> {
        self.site.namespace.as_ref().map(|namespace| namespace.value)
    }
}

impl<'s> Entry<'s> {
    fn new(role_name: Option<&str>, name: Option<&str>) -> Entry<'s> {
        Entry {
            app: None,
            name: name.map(str::to_owned),
            database: None,
            role_name: role_name.map(str::to_owned),
            role: None,
            declared: Declared::Nowhere,
            secret: None,
            uses: Vec::new(),
        }
    }

    /// Whether every password that could be compared is that of the role's Secret; `None` where none could.
    pub(crate) fn passwords_are_equal(&self) -> Option<bool> {
        let mut compared = self.uses.iter().filter_map(|found| found.is_equal).peekable();
        compared.peek()?;
        Some(compared.all(|is_equal| is_equal))
    }

    /// Whether this is about an app of that name.
    pub(crate) fn is_of(&self, app: &str) -> bool {
        let users = self.uses.iter().filter_map(|found| found.app.as_deref());
        self.app.as_deref().into_iter().chain(users).any(|name| name == app)
    }
}

impl<'s> OwnSecret<'s> {
    /// `type`, where the Secret is there.
    pub(crate) fn kind(&self) -> Option<&'s str> {
        Some(SecretObject::of(self.site?.object)?.kind())
    }

    /// Whether the operator watches it.
    pub(crate) fn is_watched(&self) -> bool {
        let label = |site: &SecretSite<'_>| site.object.at(&["metadata", "labels", RELOAD_LABEL]);
        self.site.as_ref().and_then(label).is_some()
    }

    /// Whether it has this key, as far as keys are readable.
    pub(super) fn has(&self, key: &str) -> bool {
        let secret = self.site.and_then(|site| SecretObject::of(site.object));
        secret.is_some_and(|secret| secret.entries().iter().any(|entry| entry.key == key))
    }
}

impl Declared<'_> {
    /// The word in reports.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Declared::ManagedRole => "managed-role",
            Declared::DatabaseRole => "database-role",
            Declared::Component(_) => "component",
            Declared::Operator => "operator",
            Declared::Nowhere => "nowhere",
        }
    }
}

impl<'s> Use<'s> {
    /// The word for how the role is used.
    pub(crate) fn form_name(&self) -> &'static str {
        match &self.form {
            Form::Url(_) | Form::Elsewhere(_) => "url",
            Form::Password => "password",
            Form::Reference => "reference",
        }
    }

    /// The connection, whether it leads to the Cluster or not.
    pub(super) fn url(&self) -> Option<&Connection> {
        match &self.form {
            Form::Url(url) | Form::Elsewhere(url) => Some(url),
            _ => None,
        }
    }
}

/// Databases with their owners, then the roles that own none.
fn stock<'s>(site: ClusterSite<'s>, layout: &Layout<'s>, vault: &Vault<'s>) -> Stock<'s> {
    let roles = layout.roles(&site);
    let patched = layout.patched_roles(&site);
    let mut entries: Vec<Entry<'s>> = Vec::new();
    for database in layout.databases(&site) {
        let mut entry = Entry::new(database.view.owner(), database.view.database());
        entry.database = Some(database);
        entries.push(entry);
    }
    for found in &roles {
        let name = found.role.name();
        if !entries.iter().any(|entry| entry.role_name.as_deref() == Some(name)) {
            entries.push(Entry::new(Some(name), None));
        }
    }
    for entry in &mut entries {
        let name = entry.role_name.as_deref().unwrap_or_default();
        // The Cluster wins over an object, and stands first.
        entry.role = roles.iter().find(|found| found.role.name() == name).copied();
        entry.declared = match entry.role {
            Some(found) if found.is_object() => Declared::DatabaseRole,
            Some(_) => Declared::ManagedRole,
            None if patched.as_ref().is_some_and(|patch| patch.has(name)) => Declared::ManagedRole,
            None => unlisted(name, &site),
        };
        entry.secret = entry.role.and_then(|found| own_secret(found, &site, layout, vault));
    }
    Stock { site, entries }
}

/// Where a role comes from that is not declared.
fn unlisted<'s>(role: &str, site: &ClusterSite<'_>) -> Declared<'s> {
    match role == site.cluster.bootstrap_owner() || role == names::SUPERUSER {
        true => Declared::Operator,
        false => Declared::Nowhere,
    }
}

fn own_secret<'s>(
    found: RoleSite<'s>,
    cluster: &ClusterSite<'s>,
    layout: &Layout<'s>,
    vault: &Vault<'s>,
) -> Option<OwnSecret<'s>> {
    let name = found.role.password_secret()?;
    let site = layout.secrets_named(&[name], cluster).into_iter().next();
    let content = site.and_then(|site| vault.content(&site));
    let value = |key| content.and_then(|content| content.trimmed(key));
    let is_of_role = value("username").map(|username| username == found.role.name());
    let password = site.and_then(|site| RoleSecret::new(site.file, value("password")?));
    Some(OwnSecret { name, site, is_of_role, password })
}

/// Adds the apps that have their database by a component.
fn components<'s>(stock: &mut Stock<'s>, layout: &Layout<'s>) {
    for found in component::users(layout, &stock.site) {
        let known = |entry: &Entry<'_>| entry.role_name.as_deref() == Some(found.role);
        if !stock.entries.iter().any(known) {
            let mut entry = Entry::new(Some(found.role), Some(found.role));
            entry.app = Some(found.app.to_owned());
            entry.declared = Declared::Component(found.file);
            stock.entries.push(entry);
        }
    }
}
