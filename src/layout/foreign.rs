//! Roles, Clusters and Secrets that are declared where no edit reaches: in texts inside of documents, in the values of a
//! chart, by generators.
//!
//! They are found so that a command can say what somebody has to add by hand, instead of declaring the same twice.

use std::path::Path;

use super::role::RoleSite;
use super::{ClusterSite, Layout, Located};
use crate::document::{Document, Kind, NodeId};
use crate::kube::cluster::{Cluster, Role};
use crate::kube::{Object, objects};

/// Where a JSON patch has roles.
const POINTER: &str = "/spec/managed/roles";

/// The API group of Flux' Helm controller.
const HELM: &str = "helm.toolkit.fluxcd.io";

/// Names of the chart that makes a Cluster of its values.
const CLUSTER_CHARTS: [&str; 2] = ["cluster", "cnpg-cluster"];

/// The name of the operator, of its chart and of its image.
const OPERATOR: &str = "cloudnative-pg";

/// Roles in a patch that is a text, or a list of operations.
pub(crate) struct PatchedRoles<'s> {
    /// The file that the patch is in.
    pub(crate) file: &'s Path,
    /// Whether it is a list of operations (RFC 6902), not a part of a Cluster.
    pub(crate) is_json: bool,
    /// Whether its list takes the place of the Cluster's, instead of adding to it.
    pub(crate) is_whole: bool,
    /// The roles.
    pub(crate) roles: Vec<PatchedRole>,
}

/// A role in a patch.
pub(crate) struct PatchedRole {
    /// Its name.
    pub(crate) name: String,
    /// The name of the Secret with its password.
    pub(crate) secret: Option<String>,
}

/// A Cluster that a chart makes.
pub(crate) struct ChartCluster<'s> {
    /// The name of its HelmRelease.
    pub(crate) release: &'s str,
    /// The file of that.
    pub(crate) file: &'s Path,
    /// The Flux Kustomization that applies it.
    pub(crate) applied_by: Option<&'s str>,
    /// The roles in the values.
    pub(crate) roles: Vec<RoleSite<'s>>,
}

impl PatchedRoles<'_> {
    /// Whether a role is in it.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known.name == role)
    }

    /// The Secret of a role that is in it.
    pub(crate) fn secret_of(&self, role: &str) -> Option<&str> {
        self.roles.iter().find(|known| known.name == role)?.secret.as_deref()
    }
}

impl<'s> Layout<'s> {
    /// The roles of a Cluster in a patch that cannot be edited, if there is one.
    pub(crate) fn patched_roles(&self, site: &ClusterSite<'s>) -> Option<PatchedRoles<'s>> {
        let cluster = site.cluster.name();
        let mut files = self.snapshot.manifests_with(&["roles"]);
        files.find_map(|file| {
            let document = self.snapshot.document(file).ok()?;
            if self.listing.is_patch(file) {
                // A part of a Cluster is edited as the Cluster is.
                let root = document.roots().first()?.node;
                let is_list = matches!(document.node(root).kind, Kind::Sequence(_));
                let (roles, is_whole) = roles_of_patch(document, cluster).filter(|_| is_list)?;
                return Some(PatchedRoles { file, is_json: true, is_whole, roles });
            }
            let root = document.roots().first()?.node;
            let mut nodes = document.subtree(root);
            nodes
                .find_map(|node| inline(document, node, cluster))
                .map(|(is_json, (roles, is_whole))| PatchedRoles { file, is_json, is_whole, roles })
        })
    }

    /// The kustomize file with a `secretGenerator` that makes the Secret of this name.
    pub(crate) fn generator_of(&self, secret: &str) -> Option<&'s Path> {
        let mut files = self.listing.files().map(|(_, file)| file);
        files.find(|file| {
            let view = self.listing.view(file);
            view.is_some_and(|view| view.generated_secrets().contains(&secret))
        })
    }

    /// The names of the Secrets that the kustomize file of a directory makes.
    pub(crate) fn generated_in(&self, directory: &Path) -> Vec<&'s str> {
        let view = self.listing.file_of(directory).and_then(|file| self.listing.view(file));
        view.map_or_else(Vec::new, |view| view.generated_secrets())
    }

    /// The first Cluster that a chart makes.
    pub(crate) fn chart_cluster(&self) -> Option<ChartCluster<'s>> {
        let releases = self.objects_with("HelmRelease");
        releases.into_iter().find_map(|Located { view, file }| {
            let chart = self.chart_of(&view)?;
            let values = view.at(&["spec", "values", "cluster"])?;
            if !CLUSTER_CHARTS.contains(&chart.0) {
                return None;
            }
            let document = view.document;
            let list = document.lookup(values, "roles").map(|list| document.target(list));
            let items = list.into_iter().flat_map(|list| document.items(list));
            let roles = items.map(|item| RoleSite {
                role: Role { entry: Object { document, node: document.target(item) } },
                file,
            });
            Some(ChartCluster {
                release: view.name()?,
                file,
                applied_by: self.applied_by(file).map(|flux| flux.view.name()),
                roles: roles.collect(),
            })
        })
    }

    /// The version of an operator that does not know `DatabaseRole` yet, and the file that shows it. Charts before 0.29
    /// have operators before 1.30 (their `Chart.yaml`), and the definitions of their objects. Nothing is concluded from
    /// a range, nor where these definitions are installed by somebody else.
    pub(crate) fn operator_before_roles(&self) -> Option<(String, &'s Path)> {
        let releases = self.objects_with("HelmRelease").into_iter();
        let charts = releases.filter_map(|found| {
            let (name, version) = self.chart_of(&found.view)?;
            let installs = found.view.text(&["spec", "values", "crds", "create"]) != Some("false");
            (name == OPERATOR && installs).then_some((version?, found.file))
        });
        let mut old = charts.filter(|(version, _)| {
            parts(version).is_some_and(|(major, minor)| major == 0 && minor < 29)
        });
        old.next().map(|(version, file)| (format!("chart {version}"), file))
    }

    /// The name and, where it is exact, the version of the chart of a HelmRelease.
    fn chart_of(&self, release: &Object<'s>) -> Option<(&'s str, Option<&'s str>)> {
        if let Some(name) = release.text(&["spec", "chart", "spec", "chart"]) {
            return Some((name, release.text(&["spec", "chart", "spec", "version"])));
        }
        let wanted = release.text(&["spec", "chartRef", "name"])?;
        let sources = self.objects_with("OCIRepository");
        let source = sources.iter().find(|found| {
            found.view.kind() == Some("OCIRepository") && found.view.name() == Some(wanted)
        })?;
        let name = source.view.text(&["spec", "url"])?.trim_end_matches('/').rsplit('/').next()?;
        Some((name, source.view.text(&["spec", "ref", "tag"])))
    }

    /// The objects of a kind of Flux' Helm controller or of its sources.
    fn objects_with(&self, kind: &str) -> Vec<Located<'s, Object<'s>>> {
        let wanted = [kind];
        let found = self.snapshot.manifests_with(&wanted).flat_map(|file| {
            let all = self.snapshot.document(file).map(objects).unwrap_or_default();
            all.into_iter().map(move |view| Located { view, file })
        });
        let is_kind = |found: &Located<'s, Object<'s>>| {
            found.view.is(HELM, kind) || found.view.is("source.toolkit.fluxcd.io", kind)
        };
        found.filter(is_kind).collect()
    }
}

/// Major and minor number of an exact version: `0.28.1`, `v0.28.1`.
fn parts(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix('v').unwrap_or(version).split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    parts.next()?.split('-').next()?.parse::<u32>().ok()?;
    Some((major, minor))
}

/// Roles of a patch, and whether they are all that the Cluster has then.
type Patched = (Vec<PatchedRole>, bool);

/// The roles of a patch that is a text under the key `patch`, and whether it is a list of operations.
fn inline(document: &Document, mapping: NodeId, cluster: &str) -> Option<(bool, Patched)> {
    let (_, patch) = document.entry(mapping, "patch")?;
    let target = document.descend(mapping, &["target", "name"]);
    let target = target.and_then(|name| document.text(name));
    // Names of targets are patterns; only a plain one of another Cluster is one for sure.
    let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if target.is_some_and(|name| name != cluster && is_plain(name)) {
        return None;
    }
    let text = document.text(patch).filter(|text| text.contains("roles"))?;
    let parsed = Document::parse(text.as_bytes().to_vec()).ok()?;
    let root = parsed.roots().first()?.node;
    let is_json = matches!(parsed.node(root).kind, Kind::Sequence(_));
    Some((is_json, roles_of_patch(&parsed, cluster)?))
}

/// The roles that a patch gives a Cluster; `None` where it does not speak of them.
fn roles_of_patch(patch: &Document, cluster: &str) -> Option<Patched> {
    let root = patch.roots().first()?.node;
    let named = |role: Role<'_>| PatchedRole {
        name: role.name().to_owned(),
        secret: role.password_secret().map(str::to_owned),
    };
    if !matches!(patch.node(root).kind, Kind::Sequence(_)) {
        let found = objects(patch).into_iter().find_map(Cluster::of)?;
        found.role_list()?;
        return (found.name() == cluster).then(|| (found.roles().map(named).collect(), true));
    }
    let mut roles = Vec::new();
    let (mut speaks, mut is_whole) = (false, false);
    for operation in patch.items(root) {
        let path = patch.lookup(operation, "path").and_then(|path| patch.text(path));
        if !path.is_some_and(|path| path.starts_with(POINTER)) {
            continue;
        }
        speaks = true;
        is_whole |= path == Some(POINTER);
        let Some(value) = patch.lookup(operation, "value").map(|value| patch.target(value)) else {
            continue;
        };
        let entries = match patch.node(value).kind {
            Kind::Sequence(_) => patch.items(value).collect(),
            _ => vec![value],
        };
        roles.extend(entries.into_iter().map(|node| {
            named(Role { entry: Object { document: patch, node: patch.target(node) } })
        }));
    }
    speaks.then_some((roles, is_whole))
}
