//! What is to be provisioned: the app, its names, and the Cluster.

use super::{Error, names};
use crate::kube::cluster::Role;
use crate::layout::{App, Choice, ClusterSite, Fact, Layout, RoleSecretPlace};

/// An app that is to have a database, and where it goes. Everything in here was inferred and checked.
pub(super) struct Target<'r, 's> {
    /// The app as the user calls it.
    pub(super) name: &'r str,
    /// Role and database in PostgreSQL.
    pub(super) identifier: Fact<String>,
    /// The app.
    pub(super) app: App<'s>,
    /// The Cluster.
    pub(super) site: ClusterSite<'s>,
    /// Where the credentials of roles are.
    pub(super) place: RoleSecretPlace<'s>,
    /// The role, if it is there already.
    pub(super) role: Option<Role<'s>>,
    /// The Secret that holds its password: the one the role names, else the one that is to be made.
    pub(super) secret_name: String,
}

impl<'s> Target<'_, 's> {
    /// The Cluster's name.
    pub(super) fn cluster(&self) -> &'s str {
        self.site.cluster.name()
    }

    /// The Cluster's namespace.
    pub(super) fn namespace(&self) -> Option<&'s str> {
        self.site.namespace.as_ref().map(|namespace| namespace.value)
    }
}

/// Finds app and Cluster, and refuses names that are reserved or taken.
pub(super) fn find<'r, 's>(name: &'r str, layout: &Layout<'s>) -> Result<Target<'r, 's>, Error> {
    names::check_app(name)?;
    let site = only_cluster(layout)?;
    let identifier = identifier(name, &site);
    names::check_identifier(name, &identifier.value)?;
    refuse_bootstrap(&identifier.value, &site)?;
    let app = app_named(name, layout, &site)?;
    refuse_other_ways(layout, &site)?;
    let place = layout.role_secrets(&site);
    let role = site.cluster.roles().find(|role| role.name() == identifier.value);
    let secret_name = match &role {
        Some(role) => own_secret(role, name, &site, &place)?.to_owned(),
        None => place.name.value.fill(name),
    };
    Ok(Target { name, identifier, app, site, place, role, secret_name })
}

fn only_cluster<'s>(layout: &Layout<'s>) -> Result<ClusterSite<'s>, Error> {
    match Choice::among(layout.clusters()) {
        Choice::One(site) => Ok(site),
        Choice::Several(sites) => {
            let paths = sites.iter().map(|site| site.file.to_owned()).collect();
            Err(Error::ClusterAmbiguous { paths })
        }
        Choice::Missing => {
            layout.refuse_unread(|_| true)?;
            let describe = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let found = layout.other_servers().into_iter().map(|server| {
                let (kind, name) = (server.view.kind(), server.view.name());
                (describe(kind), describe(name), server.file.to_owned())
            });
            Err(Error::ClusterMissing { found: found.collect() })
        }
    }
}

/// Hyphens become underscores, unless the roles that are there have hyphens and no underscores.
fn identifier(app: &str, site: &ClusterSite<'_>) -> Fact<String> {
    let have = |sign: char| site.cluster.roles().any(|role| role.name().contains(sign));
    match (have('-'), have('_')) {
        (true, false) => Fact::new(names::identifier(app, true), site.file),
        (false, true) => Fact::new(names::identifier(app, false), site.file),
        _ => Fact::convention(names::identifier(app, false)),
    }
}

fn refuse_bootstrap(identifier: &str, site: &ClusterSite<'_>) -> Result<(), Error> {
    let taken = [site.cluster.bootstrap_owner(), site.cluster.bootstrap_database()];
    match taken.contains(&identifier) {
        true => {
            Err(Error::Bootstrap { path: site.file.to_owned(), identifier: identifier.to_owned() })
        }
        false => Ok(()),
    }
}

/// The app of that name. What applies the Cluster is none: it would wait for itself.
fn app_named<'s>(
    name: &str,
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
) -> Result<App<'s>, Error> {
    let applies_cluster = |app: &App<'s>| match (app.flux, site.applied_by) {
        (Some(_), Some(flux)) => layout.is_applied_with(app, &flux),
        (Some(_), None) => false,
        (None, _) => app.kustomization == site.listed_in,
    };
    Ok(layout.only_app(name, layout.app_named(name), |app| !applies_cluster(app))?)
}

/// Inline roles beside roles that are kept otherwise would be a second way in one repository.
fn refuse_other_ways(layout: &Layout<'_>, site: &ClusterSite<'_>) -> Result<(), Error> {
    let patch = layout.role_patches().iter().find(|p| p.view.name() == site.cluster.name());
    let other = if let Some(patch) = patch {
        Some((patch.file, "a kustomize patch"))
    } else if let Some(role) = layout.database_roles().first() {
        Some((role.file, "`DatabaseRole` objects"))
    } else if site.cluster.role_list().is_none() {
        layout.database_component().map(|file| (file, "a kustomize component"))
    } else {
        None
    };
    match other {
        Some((path, way)) => Err(Error::RolesElsewhere { path: path.to_owned(), way }),
        None => Ok(()),
    }
}

/// The Secret of a role that is there, if the role is the app's.
fn own_secret<'s>(
    role: &Role<'s>,
    app: &str,
    site: &ClusterSite<'s>,
    place: &RoleSecretPlace<'s>,
) -> Result<&'s str, Error> {
    let taken = |reason| Error::RoleTaken {
        path: site.file.to_owned(),
        role: role.name().to_owned(),
        reason,
    };
    if role.is_absent() {
        return Err(taken("it is being dropped (`ensure: absent`)"));
    }
    let secret = role.password_secret().ok_or_else(|| taken("it has no `passwordSecret`"))?;
    match place.name.value.app_in(secret) {
        Some(other) if other != app => Err(taken("its Secret is named after another app")),
        _ => Ok(secret),
    }
}
