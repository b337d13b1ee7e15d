//! What is to be provisioned: the app, its names, and the Cluster.

use std::path::Path;

use super::request::{Options, StrategyKind};
use super::{Error, by_hand, component, names};
use crate::layout::{
    App, Choice, ClusterSite, Fact, Identifiers, Layout, PatchedRoles, RoleSecretPlace, RoleSite,
    Strategy, stated,
};

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
    /// Roles in a patch that is not edited, where that is where the role would go.
    pub(super) patched: Option<PatchedRoles<'s>>,
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
pub(super) fn find<'r, 's: 'r>(
    name: &'r str,
    options: &'r Options,
    layout: &Layout<'s>,
) -> Result<Target<'r, 's>, Error> {
    let given = name;
    let name = name_of(given, layout);
    names::check_app(name)?;
    options.extensions.iter().try_for_each(|name| names::check_extension(name))?;
    options.schemas.iter().try_for_each(|name| names::check_schema(name))?;
    let site = cluster(options.cluster.as_deref(), layout);
    let site = site.map_err(|error| by_hand::in_chart(error, name, options, layout))?;
    let roles = layout.roles(&site);
    let role_name = match &options.role {
        Some(role) => Fact::convention(role.clone()),
        None => identifier(name, layout, &roles)?,
    };
    let database = options.database.as_deref().unwrap_or(&role_name.value);
    names::check(name, &role_name.value, database)?;
    refuse_bootstrap(&role_name.value, database, &site)?;
    let others = options.owner.iter().chain(&options.in_roles);
    others
        .filter(|role| **role != role_name.value)
        .try_for_each(|role| check_known(role, &roles, layout, &site))?;
    let strategy = strategy(options.strategy, layout, &site)?;
    if let Strategy::Component(file) = strategy.value {
        component::refuse_hyphen(name, layout, file)?;
    }
    let app = app_named(given, layout, &site)?;
    let place = layout.role_secrets(&site);
    let role = roles.into_iter().find(|found| found.role.name() == role_name.value);
    let patched = match (&role, &strategy.value) {
        (None, Strategy::ManagedRole(_)) => layout.patched_roles(&site),
        _ => None,
    };
    let in_patch = patched.as_ref().and_then(|patch| patch.secret_of(&role_name.value));
    let secret_name = match (&role, in_patch) {
        (Some(found), _) => own_secret(found, name, &place)?.to_owned(),
        (None, Some(secret)) => secret.to_owned(),
        (None, None) => place.name.value.fill(name),
    };
    Ok(Target { name, options, role_name, app, site, place, strategy, role, patched, secret_name })
}

/// The name of an app, which may be given by the path of its directory: that of its Flux Kustomization, else of the
/// directory.
pub(super) fn name_of<'r, 's: 'r>(given: &'r str, layout: &Layout<'s>) -> &'r str {
    match layout.app_named(given) {
        Choice::One(app) if given.contains('/') => {
            let directory = || Path::new(given).file_name().and_then(|name| name.to_str());
            app.flux.map(|flux| flux.name()).or_else(directory).unwrap_or(given)
        }
        _ => given,
    }
}

/// Refuses a role that nothing makes: the operator would try for ever. PostgreSQL's own begin with `pg_`.
fn check_known(
    role: &str,
    roles: &[RoleSite<'_>],
    layout: &Layout<'_>,
    site: &ClusterSite<'_>,
) -> Result<(), Error> {
    let names = || roles.iter().map(|found| found.role.name());
    let is_known = role.starts_with("pg_")
        || role == site.cluster.bootstrap_owner()
        || names().any(|name| name == role)
        || layout.patched_roles(site).is_some_and(|patched| patched.has(role));
    match is_known {
        true => Ok(()),
        false => Err(Error::RoleUnknown {
            path: site.file.to_owned(),
            role: role.to_owned(),
            found: names().map(str::to_owned).collect(),
        }),
    }
}

/// How the role is to be declared: as it was chosen for this app or for all, else as others are.
pub(super) fn strategy<'s>(
    chosen: Option<StrategyKind>,
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
) -> Result<Fact<Strategy<'s>>, Error> {
    let setting = layout.settings().strategy;
    if chosen.or(setting) == Some(StrategyKind::DatabaseRole)
        && layout.database_roles_of(site).is_empty()
        && let Some((version, path)) = layout.operator_before_roles()
    {
        return Err(Error::OperatorTooOld { path: path.to_owned(), version });
    }
    let strategy = match chosen.or(setting) {
        None => return Ok(layout.strategy(site)),
        Some(StrategyKind::ManagedRole) => Strategy::ManagedRole(layout.role_list(site)),
        Some(StrategyKind::DatabaseRole) => Strategy::DatabaseRole,
        Some(StrategyKind::Component) => {
            Strategy::Component(layout.database_component().ok_or(Error::ComponentMissing)?)
        }
    };
    Ok(match chosen {
        Some(_) => Fact::convention(strategy),
        None => stated(strategy),
    })
}

/// The Cluster of that name, as `NAME`, `NAMESPACE/NAME` or the path of its file; without one that of the settings, else
/// the only Cluster.
pub(super) fn cluster<'s>(
    chosen: Option<&str>,
    layout: &Layout<'s>,
) -> Result<ClusterSite<'s>, Error> {
    let chosen = chosen.or(layout.settings().cluster.as_deref());
    let is_chosen = |site: &ClusterSite<'_>| match chosen.map(|name| name.split_once('/')) {
        None => true,
        Some(None) => chosen == Some(site.cluster.name()),
        Some(Some(_)) if chosen.is_some_and(|name| site.file == Path::new(name)) => true,
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
            Err(Error::ClusterAmbiguous { paths, names: distinct_names(&sites) })
        }
        Choice::Missing => {
            layout.refuse_unread(|_| true)?;
            if let Some(chart) = layout.chart_cluster() {
                let (path, release) = (chart.file.to_owned(), chart.release.to_owned());
                return Err(Error::ClusterFromChart { path, release, additions: Vec::new() });
            }
            let describe = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let found = layout.other_servers().into_iter().map(|server| {
                let (kind, name) = (server.view.kind(), server.view.name());
                (describe(kind), describe(name), server.file.to_owned())
            });
            Err(Error::ClusterMissing { found: found.collect() })
        }
    }
}

/// By what each of some Clusters can be chosen: `NAMESPACE/NAME`, or its file where that is not enough.
fn distinct_names(sites: &[ClusterSite<'_>]) -> Vec<String> {
    let full = |site: &ClusterSite<'_>| match &site.namespace {
        Some(namespace) => format!("{}/{}", namespace.value, site.cluster.name()),
        None => site.cluster.name().to_owned(),
    };
    let is_only = |name: &str| sites.iter().filter(|site| full(site) == name).count() == 1;
    let name = |site| match full(site) {
        name if is_only(&name) => name,
        _ => site.file.display().to_string(),
    };
    sites.iter().map(name).collect()
}

/// The role of an app. Where others show both signs, and the app has one of them, the role that is there already.
pub(super) fn identifier<'s>(
    app: &str,
    layout: &Layout<'s>,
    roles: &[RoleSite<'s>],
) -> Result<Fact<String>, Error> {
    let meant = |sign: Identifiers| names::identifier(app, sign == Identifiers::Hyphen);
    let shown = match layout.identifiers(roles) {
        Choice::One(fact) => return Ok(fact.map(meant)),
        Choice::Several(shown) => shown,
        Choice::Missing => Vec::new(),
    };
    let candidates = [Identifiers::Underscore, Identifiers::Hyphen].map(meant);
    if candidates[0] == candidates[1] {
        return Ok(Fact::convention(candidates[0].clone()));
    }
    let there = roles.iter().filter(|found| candidates.contains(&found.role.name().to_owned()));
    match there.collect::<Vec<_>>().as_slice() {
        [only] => Ok(Fact::new(only.role.name().to_owned(), only.file)),
        _ => Err(Error::RoleAmbiguous {
            app: app.to_owned(),
            candidates: candidates.to_vec(),
            paths: Fact::seen_in(
                (),
                shown.iter().flat_map(|fact| &fact.evidence).map(|f| f.as_path()),
            )
            .evidence,
        }),
    }
}

pub(super) fn refuse_bootstrap(
    role: &str,
    database: &str,
    site: &ClusterSite<'_>,
) -> Result<(), Error> {
    let taken = [site.cluster.bootstrap_owner(), site.cluster.bootstrap_database()];
    match [role, database].into_iter().find(|name| taken.contains(name)) {
        Some(name) => {
            Err(Error::Bootstrap { path: site.file.to_owned(), identifier: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// The app of that name. What applies the Cluster is none: it would wait for itself.
pub(super) fn app_named<'s>(
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
