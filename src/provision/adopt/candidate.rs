//! Databases that are in use and that nothing declares.
//!
//! ```text
//! INIT_POSTGRES_DBNAME, _USER, _PASS, _HOST     what an init container with the image `postgres-init` reads
//! DATABASE_URL: postgres://user:password@…/db   what an app connects by
//! ```

use std::path::Path;

use crate::connection::host_reaches;
use crate::kube::Object;
use crate::kube::workload::{self, Variable};
use crate::layout::{App, Layout, Located, SecretSite};
use crate::provision::inventory::{Content, Declared, Entry, Form, Inventory, Stock};
use crate::provision::names;
use crate::secret::Secret;

/// The image that makes a database before the app starts (`ghcr.io/home-operations/postgres-init` and its like).
const IMAGE: &str = "postgres-init";

/// A database in use.
pub(super) struct Candidate<'i, 's> {
    /// The app that uses it.
    pub(super) app: Option<&'i str>,
    /// The Secret that shows it.
    pub(super) file: &'s Path,
    /// The Cluster, by its place in the inventory.
    pub(super) stock: usize,
    /// The role.
    pub(super) role: String,
    /// The database.
    pub(super) database: String,
    /// The password of the role.
    pub(super) password: &'i Secret,
}

/// All of them: first what URLs show, because that is what apps log in by.
pub(super) fn candidates<'i, 's>(
    layout: &Layout<'s>,
    inventory: &'i Inventory<'s>,
) -> Vec<Candidate<'i, 's>> {
    let mut found = Vec::new();
    for (index, stock) in inventory.clusters.iter().enumerate() {
        found.extend(stock.entries.iter().flat_map(|entry| by_urls(index, entry)));
    }
    found.extend(by_init(layout, inventory));
    found.retain(|one: &Candidate<'_, '_>| {
        !is_declared(layout, &inventory.clusters[one.stock], one)
    });
    found
}

fn by_urls<'i, 's>(stock: usize, entry: &'i Entry<'s>) -> Vec<Candidate<'i, 's>> {
    let is_component = matches!(entry.declared, Declared::Component(_));
    let uses = entry.uses.iter().filter(|_| !is_component);
    uses.filter_map(|found| {
        let Form::Url(url) = &found.form else { return None };
        Some(Candidate {
            app: found.app.as_deref(),
            file: found.file,
            stock,
            role: url.user()?.to_owned(),
            database: url.database()?.to_owned(),
            password: url.password.as_ref()?,
        })
    })
    .collect()
}

/// What the init containers of all apps are told.
fn by_init<'i, 's>(layout: &Layout<'s>, inventory: &'i Inventory<'s>) -> Vec<Candidate<'i, 's>> {
    let mut found = Vec::new();
    for app in layout.apps() {
        for container in init_containers(layout, &app) {
            let environment = Environment {
                container: container.view,
                contents: inventory
                    .vault
                    .contents
                    .iter()
                    .filter(|c| c.app.as_deref() == Some(app.name()))
                    .collect(),
            };
            found.extend(environment.candidates(inventory).unwrap_or_default());
        }
    }
    found
}

/// The containers of an app that make its database before it starts: by their image, or by what they are told.
pub(super) fn init_containers<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
) -> Vec<Located<'s, Object<'s>>> {
    let objects = layout.objects_in(&app.directory).unwrap_or_default().into_iter();
    let containers = objects.flat_map(|found| {
        let all = workload::init_containers(&found.view).into_iter();
        all.map(move |view| Located { view, file: found.file })
    });
    let secrets = layout.secrets_of(app);
    let is_told = |container: &Object<'_>| {
        let names = workload::environments(container);
        let of_secret =
            |site: &&SecretSite<'_>| site.object.name().is_some_and(|n| names.contains(&n));
        workload::variable(container, &variable("DBNAME")).is_some()
            || secrets.iter().filter(of_secret).any(is_for_init)
    };
    let makes = |found: &Located<'_, Object<'_>>| {
        workload::image_of(&found.view).is_some_and(|image| image.starts_with(IMAGE))
            || is_told(&found.view)
    };
    containers.filter(makes).collect()
}

/// The name of a variable of the image.
fn variable(key: &str) -> String {
    format!("INIT_POSTGRES_{key}")
}

/// The variables of a container, with the Secrets that some are from.
struct Environment<'i, 's> {
    container: Object<'s>,
    /// Those of the app.
    contents: Vec<&'i Content<'s>>,
}

impl<'i, 's> Environment<'i, 's> {
    /// The databases that the container makes, if it works on one of the Clusters. The image takes several names with
    /// blanks between them; a comma is read as a blank, as no name has one.
    fn candidates(&self, inventory: &'i Inventory<'s>) -> Option<Vec<Candidate<'i, 's>>> {
        let (role, databases, host) =
            (self.text("USER")?, self.text("DBNAME")?, self.text("HOST")?);
        let (content, key) = self.place("PASS")?;
        let (_, password) = content.values.iter().rev().find(|(known, _)| *known == key)?;
        let reaches =
            |stock: &Stock<'_>| host_reaches(&host, stock.site.cluster.name(), stock.namespace());
        let stock = inventory.clusters.iter().position(reaches)?;
        let names = databases.split(|c: char| c.is_whitespace() || c == ',');
        let candidate = |database: &str| Candidate {
            app: content.app.as_deref(),
            file: content.site.file,
            stock,
            role: role.clone(),
            database: database.to_owned(),
            password,
        };
        Some(names.filter(|name| !name.is_empty()).map(candidate).collect())
    }

    /// The text of a variable, wherever it is from.
    fn text(&self, key: &str) -> Option<String> {
        if let Some(Variable::Text(text)) = workload::variable(&self.container, &variable(key)) {
            return Some(text.trim().to_owned());
        }
        let (content, key) = self.place(key)?;
        content.trimmed(&key).map(str::to_owned)
    }

    /// The Secret and the key that a variable is from. What the container names itself wins.
    fn place(&self, key: &str) -> Option<(&'i Content<'s>, String)> {
        let named = |name: &str| {
            let is_it = |content: &&&Content<'_>| content.site.object.name() == Some(name);
            self.contents.iter().find(is_it).copied()
        };
        let name = variable(key);
        match workload::variable(&self.container, &name) {
            Some(Variable::Secret(secret, key)) => Some((named(secret)?, key.to_owned())),
            Some(Variable::Text(_)) => None,
            None => {
                let all = workload::environments(&self.container).into_iter().rev();
                let found =
                    all.filter_map(named).find(|content| content.trimmed(&name).is_some())?;
                Some((found, name))
            }
        }
    }
}

/// Whether role and database are declared, or made by the operator.
fn is_declared(layout: &Layout<'_>, stock: &Stock<'_>, one: &Candidate<'_, '_>) -> bool {
    let roles = layout.roles(&stock.site);
    let has_role = roles.iter().any(|found| found.role.name() == one.role)
        || layout.patched_roles(&stock.site).is_some_and(|patch| patch.has(&one.role))
        || [stock.site.cluster.bootstrap_owner(), names::SUPERUSER].contains(&one.role.as_str());
    let databases = layout.databases(&stock.site);
    let has_database = databases.iter().any(|found| found.view.database() == Some(&one.database))
        || stock.site.cluster.bootstrap_database() == one.database
        || names::is_reserved_database(&one.database);
    has_role && has_database
}

/// The keys of an init container in a Secret, whoever can read the values.
fn is_for_init(site: &SecretSite<'_>) -> bool {
    let secret = crate::kube::secret::SecretObject::of(site.object);
    secret.is_some_and(|secret| {
        secret.entries().iter().any(|entry| entry.key == "INIT_POSTGRES_DBNAME")
    })
}
