//! The repository as a whole, for rules about files that belong together.

use std::path::Path;

use super::Unchecked;
use super::creation::NAME;
use super::finding::{Confidence, Finding, Hint};
use super::opened::Vault;
use super::rules::Rule;
use crate::document::{Document, NodeId};
use crate::kube::Object;
use crate::layout::{ClusterSite, Layout, RoleSite, SecretSite};
use crate::sops::rules::Config;

/// A `.sops.yaml`.
pub(super) struct Configuration<'r> {
    /// Relative to the root.
    pub(super) path: &'r Path,
    /// Its content.
    pub(super) document: &'r Document,
    /// The mappings of its rules, in order.
    pub(super) rules: Vec<NodeId>,
    /// What they mean.
    pub(super) config: Config,
}

/// What a repository shows about itself.
pub(crate) struct Repository<'r> {
    /// Flux and kustomize objects, Secrets, workloads and how they hang together.
    pub(super) layout: &'r Layout<'r>,
    /// What was found out to be unusable.
    pub(super) unchecked: &'r [Unchecked],
    /// The Secrets.
    pub(super) secrets: Vec<SecretSite<'r>>,
    /// The Clusters, each with the roles that it has and keeps.
    pub(super) clusters: Vec<(ClusterSite<'r>, Vec<RoleSite<'r>>)>,
    /// The values of the Secrets, where they are to be looked at.
    pub(super) vault: Option<&'r Vault>,
}

/// A role and the Secret that it names.
pub(super) struct Credentials<'c, 'r> {
    /// The role.
    pub(super) role: &'c RoleSite<'r>,
    /// The name of its Secret.
    pub(super) name: &'r str,
    /// The Secrets of this name that can be meant; none, or one for each variant.
    pub(super) secrets: Vec<&'c SecretSite<'r>>,
}

impl<'r> Repository<'r> {
    /// Looks at a repository.
    pub(super) fn new(
        layout: &'r Layout<'r>,
        unchecked: &'r [Unchecked],
        vault: Option<&'r Vault>,
    ) -> Self {
        let with_roles = |site: ClusterSite<'r>| {
            let roles = layout.roles(&site).into_iter();
            (site, roles.filter(|found| !found.role.is_absent()).collect())
        };
        let clusters = layout.clusters().into_iter().map(with_roles).collect();
        Repository { layout, unchecked, secrets: layout.secrets(), clusters, vault }
    }

    /// The configurations that can be read, each with its path and its list of rules as they stand there.
    pub(super) fn configurations(&self) -> impl Iterator<Item = Configuration<'r>> {
        let snapshot = self.layout.snapshot();
        let paths = snapshot.paths().filter(|path| path.file_name().is_some_and(|n| n == NAME));
        paths.filter_map(|path| {
            let document = snapshot.document(path).ok()?;
            let config = Config::parse(document, path).ok()?;
            let list = document.lookup(document.roots().first()?.node, "creation_rules")?;
            let rules = document.items(document.target(list)).map(|rule| document.target(rule));
            Some(Configuration { path, document, rules: rules.collect(), config })
        })
    }

    /// The roles that have a password.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Credentials<'_, 'r>> {
        let all = self.clusters.iter();
        let all = all.flat_map(|(cluster, roles)| roles.iter().map(move |role| (cluster, role)));
        all.filter_map(|(cluster, role)| {
            let name = role.role.password_secret()?;
            let secrets = self.secrets.iter().filter(|secret| {
                secret.object.name() == Some(name) && self.layout.is_beside(secret, cluster)
            });
            Some(Credentials { role, name, secrets: secrets.collect() })
        })
    }

    /// A finding that points at some keys or items of a file, the first one being its location.
    pub(super) fn finding(
        &self,
        rule: &dyn Rule,
        (path, document): (&Path, &Document),
        labels: &[NodeId],
        message: String,
        hint: Hint,
    ) -> Finding {
        Finding::at(rule, (path, document), labels, Confidence::High, message, hint)
    }
}

/// The last of these keys of an object, else its `kind`.
pub(super) fn key(object: &Object<'_>, keys: &[&str]) -> NodeId {
    let document = object.document;
    let entry = |keys: &[&str]| {
        let (last, above) = keys.split_last()?;
        Some(document.entry(document.target(object.at(above)?), last)?.0)
    };
    entry(keys).or_else(|| entry(&["kind"])).unwrap_or(object.node)
}
