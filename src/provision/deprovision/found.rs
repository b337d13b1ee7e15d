//! What there is of an app's database, in whatever state.

use std::path::Path;

use crate::keys::Identities;
use crate::kube::database::Database;
use crate::kube::objects;
use crate::layout::{self, App, ClusterSite, Layout, Located, RoleSite, SecretSite};
use crate::provision::opened::{self, Opened};
use crate::provision::{Error, Means, Options, by_hand, names, target};
use crate::repo::Snapshot;
use crate::secret::Secret;

/// The field of a `DatabaseRole` that says what becomes of the role when the object goes.
pub(super) const ROLE_POLICY: &str = "databaseRoleReclaimPolicy";

/// The same of a `Database`.
const DATABASE_POLICY: &str = "databaseReclaimPolicy";

/// What there is. Any of it may be missing.
pub(super) struct Found<'r, 's> {
    /// The app as the user calls it.
    pub(super) name: &'r str,
    /// The Cluster.
    pub(super) site: ClusterSite<'s>,
    /// The role.
    pub(super) role_name: String,
    /// The app; it may have been removed already.
    pub(super) app: Option<App<'s>>,
    /// Where the role is declared: once, or twice on the way from entries to objects.
    pub(super) roles: Vec<RoleSite<'s>>,
    /// The databases that the role owns.
    pub(super) databases: Vec<Located<'s, Database<'s>>>,
    /// The name of the role's Secret, or what it would be called.
    pub(super) secret_name: String,
    /// The role's Secret.
    pub(super) secret: Option<SecretSite<'s>>,
    /// Its password, as the operator reads it.
    pub(super) password: Option<Secret>,
}

/// Finds it. An app of which nothing is there, and that is not there itself, is refused.
pub(super) fn find<'r, 's: 'r>(
    given: &'r str,
    options: &Options,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    means: &Means<'_>,
) -> Result<Found<'r, 's>, Error> {
    let name = target::name_of(given, layout);
    names::check_app(name)?;
    let site = target::cluster(options.cluster.as_deref(), layout)?;
    let mut roles = layout.roles(&site);
    let role_name = match &options.role {
        Some(role) => role.clone(),
        None => target::identifier(name, layout, &roles)?.value,
    };
    names::check(name, &role_name, &role_name)?;
    target::refuse_bootstrap(&role_name, &role_name, &site)?;
    let set_names = [name, role_name.as_str()];
    by_hand::refuse_in_set(
        layout,
        &site,
        if name == role_name { &set_names[..1] } else { &set_names },
    )?;
    let place = layout.role_secrets(&site).name.value;
    roles.retain(|found| found.role.name() == role_name);
    for found in &roles {
        let secret = found.role.password_secret();
        if secret.and_then(|secret| place.app_in(secret)).is_some_and(|other| other != name) {
            let (path, role) = (found.file.to_owned(), role_name);
            let reason = "its Secret is named after another app";
            return Err(Error::RoleTaken { path, role, reason });
        }
    }
    let mut databases = layout.databases(&site);
    databases.retain(|database| {
        let is_named = database.view.database() == Some(role_name.as_str());
        database.view.owner() == Some(&role_name) || is_named && !roles.is_empty()
    });
    let named = roles.iter().find_map(|found| found.role.password_secret());
    let secret_name = named.map_or_else(|| place.fill(name), str::to_owned);
    let (mut secret, mut password) = (None, None);
    for candidate in layout.secrets_named(&[&secret_name], &site) {
        let opened = opened::open(snapshot, candidate.file, means.identities)?;
        let values = opened.values(&secret_name);
        if text(&values, "username") == Some(&role_name) {
            secret = Some(candidate);
            password = text(&values, "password").map(|text| Secret::from(text.to_owned()));
        }
    }
    let app = match target::app_named(given, layout, &site) {
        Ok(app) => Some(app),
        Err(Error::Layout(layout::Error::AppUnknown { .. }))
            if !roles.is_empty() || !databases.is_empty() || secret.is_some() =>
        {
            None
        }
        Err(error) => return Err(error),
    };
    Ok(Found { name, site, role_name, app, roles, databases, secret_name, secret, password })
}

/// A value of a Secret as the operator reads it.
pub(super) fn text<'v>(values: &'v [(String, Secret)], key: &str) -> Option<&'v str> {
    // `stringData` comes last and wins.
    let (_, value) = values.iter().rev().find(|(known, _)| known == key)?;
    value.expose_text().map(str::trim)
}

/// Whether the role is going to be dropped, now or with its object.
pub(super) fn is_doomed(site: &RoleSite<'_>) -> bool {
    site.role.is_absent() || site.role.entry.text(&[ROLE_POLICY]) == Some("delete")
}

/// The name of the `DatabaseRole` that declares a role; `None` for an entry of a list.
pub(super) fn object_name<'s>(site: &RoleSite<'s>) -> Option<&'s str> {
    let entry = site.role.entry;
    let is_spec = |object: &crate::kube::Object<'s>| {
        object.at(&["spec"]).map(|spec| entry.document.target(spec)) == Some(entry.node)
    };
    objects(entry.document).iter().find(|object| is_spec(object)).and_then(|object| object.name())
}

impl<'s> Found<'_, 's> {
    /// The databases' names in PostgreSQL.
    pub(super) fn database_names(&self) -> Vec<String> {
        let names = self.databases.iter().filter_map(|database| database.view.database());
        names.map(str::to_owned).collect()
    }

    /// The component from which the app has its database, if that is where it comes from.
    pub(super) fn component(&self, layout: &Layout<'s>) -> Option<&'s Path> {
        let is_declared = !self.roles.is_empty() || !self.databases.is_empty();
        let component = layout.database_component().filter(|_| !is_declared)?;
        let flux = self.app.as_ref()?.flux?;
        let directory = component.parent().unwrap_or(Path::new(""));
        crate::provision::component::includes(&flux, directory).then_some(component)
    }

    /// Opens a Secret of the app. One that is not encrypted has nothing of ours.
    pub(super) fn open(
        &self,
        snapshot: &'s Snapshot,
        file: &Path,
        identities: &Identities,
    ) -> Result<Option<Opened<'s>>, Error> {
        match opened::open(snapshot, file, identities) {
            Ok(opened) => Ok(Some(opened)),
            Err(Error::NotEncrypted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses to remove a document whose removal would drop what is to be kept.
    pub(super) fn refuse_drop(&self) -> Result<(), Error> {
        let refuse = |path: &Path, name: &str, key| {
            Err(Error::WouldDrop { path: path.to_owned(), name: name.to_owned(), key })
        };
        for database in &self.databases {
            let name = database.view.database().unwrap_or_default();
            if database.view.is_absent() {
                return refuse(database.file, name, "ensure");
            }
            if database.view.0.text(&["spec", DATABASE_POLICY]) == Some("delete") {
                return refuse(database.file, name, DATABASE_POLICY);
            }
        }
        match self.roles.iter().find(|site| is_doomed(site)) {
            Some(site) if site.role.is_absent() => refuse(site.file, &self.role_name, "ensure"),
            Some(site) => refuse(site.file, &self.role_name, ROLE_POLICY),
            None => Ok(()),
        }
    }
}
