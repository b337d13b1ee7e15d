//! Where the roles of a Cluster are declared: in the Cluster, in a patch of it, as `DatabaseRole` objects.

use std::path::Path;

use super::{Choice, ClusterSite, Fact, Identifiers, Layout, Located, StrategyKind, stated};
use crate::document::Document;
use crate::kube::cluster::{Cluster, GROUP, Role};
use crate::kube::{Object, objects};

/// A role and its place.
#[derive(Clone, Copy)]
pub(crate) struct RoleSite<'s> {
    /// What it is to be.
    pub(crate) role: Role<'s>,
    /// Its file, relative to the root.
    pub(crate) file: &'s Path,
}

impl RoleSite<'_> {
    /// Whether it is a `DatabaseRole`: only that says to which Cluster it belongs.
    pub(crate) fn is_object(&self) -> bool {
        self.role.entry.at(&["cluster"]).is_some()
    }
}

/// How apps get their roles.
#[derive(Clone, Copy)]
pub(crate) enum Strategy<'s> {
    /// By entries of `spec.managed.roles`, in the Cluster or in a patch of it.
    ManagedRole(Located<'s, Cluster<'s>>),
    /// By `DatabaseRole` objects.
    DatabaseRole,
    /// By a kustomize component that the app includes, whose file this is.
    Component(&'s Path),
}

/// The entries of a list.
fn entries<'s>(list: Located<'s, Cluster<'s>>) -> impl Iterator<Item = RoleSite<'s>> {
    list.view.roles().map(move |role| RoleSite { role, file: list.file })
}

/// The role of this name in a document, declared for a Cluster in whatever way.
pub(crate) fn role_in<'d>(document: &'d Document, cluster: &str, name: &str) -> Option<Role<'d>> {
    let of_cluster = |object: Object<'d>| -> Vec<Role<'d>> {
        if let Some(found) = Cluster::of(object) {
            return found.roles().filter(|_| found.name() == cluster).collect();
        }
        let is_role = object.is(GROUP, "DatabaseRole")
            && object.text(&["spec", "cluster", "name"]) == Some(cluster);
        if is_role { Role::of_object(object).into_iter().collect() } else { Vec::new() }
    };
    objects(document).into_iter().flat_map(of_cluster).find(|role| role.name() == name)
}

impl Strategy<'_> {
    /// Which one it is.
    pub(crate) fn kind(&self) -> StrategyKind {
        match self {
            Strategy::ManagedRole(_) => StrategyKind::ManagedRole,
            Strategy::DatabaseRole => StrategyKind::DatabaseRole,
            Strategy::Component(_) => StrategyKind::Component,
        }
    }

    /// As flags and settings name it.
    pub(crate) fn name(&self) -> &'static str {
        self.kind().name()
    }
}

impl<'s> Layout<'s> {
    /// The roles of a Cluster that the operator sees: the entries of its list, then objects.
    pub(crate) fn roles(&self, site: &ClusterSite<'s>) -> Vec<RoleSite<'s>> {
        let list = self.role_list(site);
        let is_live = self.replaced_by(site).is_none();
        let managed = entries(list).filter(|_| is_live);
        let objects = self.database_roles_of(site).into_iter().filter_map(|found| {
            let role = Role::of_object(found.view)?;
            Some(RoleSite { role, file: found.file })
        });
        managed.chain(objects).collect()
    }

    /// The `DatabaseRole` objects of a Cluster.
    pub(crate) fn database_roles_of(&self, site: &ClusterSite<'s>) -> Vec<Located<'s, Object<'s>>> {
        let belongs = |found: &&Located<'s, Object<'s>>| {
            found.view.text(&["spec", "cluster", "name"]) == Some(site.cluster.name())
                && site.shares_namespace(self.namespace(found.view, found.file))
        };
        self.database_roles.iter().filter(belongs).copied().collect()
    }

    /// How the next app gets its role: as others do. Objects come before entries, because who has both is on the way
    /// to objects; entries come before a component, because they are of this Cluster for certain.
    pub(crate) fn strategy(&self, site: &ClusterSite<'s>) -> Fact<Strategy<'s>> {
        let objects = self.database_roles_of(site);
        if !objects.is_empty() {
            let files = objects.iter().map(|found| found.file);
            return Fact::seen_in(Strategy::DatabaseRole, files);
        }
        let list = self.role_list(site);
        if list.view.role_list().is_some() {
            return Fact::new(Strategy::ManagedRole(list), list.file);
        }
        match self.database_component() {
            Some(file) => Fact::new(Strategy::Component(file), file),
            None => Fact::convention(Strategy::ManagedRole(list)),
        }
    }

    /// What becomes of the hyphens of an app's name in its role: what a setting says, else what the roles show. Several
    /// where some have hyphens and some underscores.
    pub(crate) fn identifiers(&self, roles: &[RoleSite<'s>]) -> Choice<Fact<Identifiers>> {
        if let Some(chosen) = self.settings.identifiers {
            return Choice::One(stated(chosen));
        }
        let with = |sign: char, meant: Identifiers| {
            // The underscore before a digit is not one of the app's.
            let shows =
                |found: &&RoleSite<'s>| found.role.name().trim_start_matches('_').contains(sign);
            let files: Vec<_> = roles.iter().filter(shows).map(|found| found.file).collect();
            (!files.is_empty()).then(|| Fact::seen_in(meant, files))
        };
        let shown = [with('-', Identifiers::Hyphen), with('_', Identifiers::Underscore)];
        match Choice::among(shown.into_iter().flatten().collect()) {
            Choice::Missing => Choice::One(Fact::convention(Identifiers::Underscore)),
            choice => choice,
        }
    }

    /// What the next entry of `spec.managed.roles` is added to: the last patch that has such a list, as it takes the
    /// place of the Cluster's own; else the Cluster.
    pub(crate) fn role_list(&self, site: &ClusterSite<'s>) -> Located<'s, Cluster<'s>> {
        self.patches_of(site).last().unwrap_or(self.own(site))
    }

    /// Entries of lists that never reach the operator, each with the file of the patch that hides it. These lists have
    /// no merge key: that of a patch takes the place of the Cluster's own and of those of earlier patches.
    pub(crate) fn hidden_roles(&self, site: &ClusterSite<'s>) -> Vec<(RoleSite<'s>, &'s Path)> {
        let mut lists: Vec<_> =
            std::iter::once(self.own(site)).chain(self.patches_of(site)).collect();
        let last = self.replaced_by(site).or_else(|| lists.pop().map(|last| last.file));
        let Some(hides) = last else { return Vec::new() };
        lists.into_iter().flat_map(entries).map(|found| (found, hides)).collect()
    }

    /// The file of a patch that cannot be edited and whose list takes the place of all others.
    fn replaced_by(&self, site: &ClusterSite<'s>) -> Option<&'s Path> {
        self.patched_roles(site).filter(|patch| patch.is_whole).map(|patch| patch.file)
    }

    fn own(&self, site: &ClusterSite<'s>) -> Located<'s, Cluster<'s>> {
        Located { view: site.cluster, file: site.file }
    }

    /// The patches that give a Cluster roles.
    fn patches_of(&self, site: &ClusterSite<'s>) -> impl Iterator<Item = Located<'s, Cluster<'s>>> {
        let name = site.cluster.name();
        self.role_patches.iter().filter(move |patch| patch.view.name() == name).copied()
    }
}
