//! What is to be provisioned: the app, its names, and the Cluster.

use super::request::{Options, StrategyKind};
use super::{Error, component, names};
use crate::layout::{App, Choice, ClusterSite, Fact, Layout, RoleSecretPlace, RoleSite, Strategy};

/// An app that is to have a database, and where it goes. Everything in here was inferred and checked.
pub(super) struct Target<'r, 's> {
    /// The app as the user calls it.
    pub(super) name: &'r str,
    /// What was chosen.
    pub(super) options: &'r Options,
    /// The role in PostgreSQL.
    pub(super) role_name: Fact<String>,
    /// The app.
    pub(super) app: App<'s>,
    /// The Cluster.
    pub(super) site: ClusterSite<'s>,
    /// Where the credentials of roles are.
    pub(super) place: RoleSecretPlace<'s>,
    /// How its role is declared.
    pub(super) strategy: Fact<Strategy<'s>>,
    /// The role, if it is there already.
    pub(super) role: Option<RoleSite<'s>>,
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
pub(super) fn find<'r, 's>(
    name: &'r str,
    options: &'r Options,
    layout: &Layout<'s>,
) -> Result<Target<'r, 's>, Error> {
    names::check_app(name)?;
    let site = cluster(options.cluster.as_deref(), layout)?;
    let roles = layout.roles(&site);
    let role_name = match &options.role {
        Some(role) => Fact::convention(role.clone()),
        None => identifier(name, &roles),
    };
    let database = options.database.as_deref().unwrap_or(&role_name.value);
    names::check(name, &role_name.value, database)?;
    refuse_bootstrap(&role_name.value, database, &site)?;
    let others = options.owner.iter().chain(&options.in_roles);
    others
        .filter(|role| **role != role_name.value)
        .try_for_each(|role| check_known(role, &roles, &site))?;
    let strategy = strategy(options.strategy, layout, &site)?;
    if let Strategy::Component(file) = strategy.value {
        component::refuse_hyphen(name, layout, file)?;
    }
    let app = app_named(name, layout, &site)?;
    let place = layout.role_secrets(&site);
    let role = roles.into_iter().find(|found| found.role.name() == role_name.value);
    let secret_name = match &role {
        Some(found) => own_secret(found, name, &place)?.to_owned(),
        None => place.name.value.fill(name),
    };
    Ok(Target { name, options, role_name, app, site, place, strategy, role, secret_name })
}

/// Refuses a role that nothing makes: the operator would try for ever. PostgreSQL's own begin with `pg_`.
fn check_known(role: &str, roles: &[RoleSite<'_>], site: &ClusterSite<'_>) -> Result<(), Error> {
    let names = || roles.iter().map(|found| found.role.name());
    let is_known = role.starts_with("pg_")
        || role == site.cluster.bootstrap_owner()
        || names().any(|name| name == role);
    match is_known {
        true => Ok(()),
        false => Err(Error::RoleUnknown {
            path: site.file.to_owned(),
            role: role.to_owned(),
            found: names().map(str::to_owned).collect(),
        }),
    }
}

/// How the role is to be declared: as it was chosen, else as others are.
fn strategy<'s>(
    chosen: Option<StrategyKind>,
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
) -> Result<Fact<Strategy<'s>>, Error> {
    Ok(match chosen {
        None => layout.strategy(site),
        Some(StrategyKind::ManagedRole) => {
            Fact::convention(Strategy::ManagedRole(layout.role_list(site)))
        }
        Some(StrategyKind::DatabaseRole) => Fact::convention(Strategy::DatabaseRole),
        Some(StrategyKind::Component) => {
            let component = layout.database_component().ok_or(Error::ComponentMissing)?;
            Fact::new(Strategy::Component(component), component)
        }
    })
}

/// The Cluster of that name, as `NAME` or `NAMESPACE/NAME`; without one, the only Cluster.
pub(super) fn cluster<'s>(
    chosen: Option<&str>,
    layout: &Layout<'s>,
) -> Result<ClusterSite<'s>, Error> {
    let is_chosen = |site: &ClusterSite<'_>| match chosen.map(|name| name.split_once('/')) {
        None => true,
        Some(None) => chosen == Some(site.cluster.name()),
        Some(Some((namespace, name))) => {
            name == site.cluster.name()
                && site.namespace.as_ref().is_some_and(|found| found.value == namespace)
        }
    };
    let mut sites = layout.clusters();
    if let Some(name) = chosen
        && !sites.iter().any(is_chosen)
        && !sites.is_empty()
    {
        let found = sites.iter().map(|site| site.cluster.name().to_owned()).collect();
        return Err(Error::ClusterUnknown { name: name.to_owned(), found });
    }
    sites.retain(is_chosen);
    match Choice::among(sites) {
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
fn identifier(app: &str, roles: &[RoleSite<'_>]) -> Fact<String> {
    let with = |sign: char| {
        roles.iter().filter(move |found| found.role.name().contains(sign)).map(|found| found.file)
    };
    let (hyphened, underscored) = (with('-').count() > 0, with('_').count() > 0);
    match (hyphened, underscored) {
        (true, false) => Fact::seen_in(names::identifier(app, true), with('-')),
        (false, true) => Fact::seen_in(names::identifier(app, false), with('_')),
        _ => Fact::convention(names::identifier(app, false)),
    }
}

fn refuse_bootstrap(role: &str, database: &str, site: &ClusterSite<'_>) -> Result<(), Error> {
    let taken = [site.cluster.bootstrap_owner(), site.cluster.bootstrap_database()];
    match [role, database].into_iter().find(|name| taken.contains(name)) {
        Some(name) => {
            Err(Error::Bootstrap { path: site.file.to_owned(), identifier: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// The app of that name. What applies the Cluster is none: it would wait for itself.
fn app_named<'s>(
    name: &str,
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
) -> Result<App<'s>, Error> {
    let suits = |app: &App<'s>| !applies_cluster(layout, app, site);
    Ok(layout.only_app(name, layout.app_named(name), suits)?)
}

/// Whether an app is what applies the Cluster.
pub(super) fn applies_cluster<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
    site: &ClusterSite<'s>,
) -> bool {
    match (app.flux, site.applied_by) {
        (Some(_), Some(flux)) => layout.is_applied_with(app, &flux),
        (Some(_), None) => false,
        (None, _) => app.kustomization == site.listed_in,
    }
}

/// The Secret of a role that is there, if the role is the app's.
fn own_secret<'s>(
    found: &RoleSite<'s>,
    app: &str,
    place: &RoleSecretPlace<'s>,
) -> Result<&'s str, Error> {
    let role = found.role;
    let taken = |reason| Error::RoleTaken {
        path: found.file.to_owned(),
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
