//! `namespace-missing`: a Flux Kustomization puts everything into a namespace that nothing creates.
//!
//! Not judged: the namespaces that Kubernetes has by itself, that of Flux, and the one that the Kustomization object is in.
//! One finding per namespace.

use std::collections::BTreeMap;

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};

/// Namespaces that are there before Flux applies anything
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces>).
const INITIAL: [&str; 5] =
    ["default", "kube-system", "kube-public", "kube-node-lease", "flux-system"];

/// The rule.
pub(super) struct NamespaceMissing;

impl Rule for NamespaceMissing {
    fn id(&self) -> &'static str {
        "namespace-missing"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/namespace-missing.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let layout = repository.layout;
        let mut users: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for found in layout.flux() {
            let Some(name) = found.view.target_namespace() else { continue };
            let is_own = layout.namespace_of_flux(found) == Some(name);
            if !is_own && !INITIAL.contains(&name) && !name.contains("${") {
                users.entry(name).or_default().push(found);
            }
        }
        if users.is_empty() {
            return;
        }
        let created = layout.created_namespaces();
        users.retain(|name, _| !created.contains(name));
        for (name, users) in users {
            let first = users[0];
            let (name, user) = (quoted(name), quoted(first.view.name()));
            let others = match users.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("nothing creates the namespace {name} of {user}{others}");
            let hint =
                format!("Flux does not create it: let a kustomize file list a Namespace {name}");
            let place = (first.file, first.view.0.document);
            let label = key(&first.view.0, &["spec", "targetNamespace"]);
            findings.push(repository.finding(self, place, &[label], message, by_hand(hint)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// A Flux Kustomization for `./app`.
    fn flux(name: &str, target: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
             metadata: {{name: {name}, namespace: flux-system}}\n\
             spec:\n  path: ./app\n  targetNamespace: {target}\n{more}"
        )
    }

    /// A Namespace of this name.
    fn namespace(name: &str) -> String {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    }

    /// What the rule finds beside a user of the namespace `shop`.
    fn beside(more: &str, files: &[(&str, &str)]) -> Vec<String> {
        let flux = flux("web", "shop", more);
        let own = ("ks.yaml", flux.as_str());
        found("namespace-missing", &[&[own], files].concat())
    }

    #[test]
    fn a_namespace_that_nothing_creates_is_found_once() {
        let other = flux("api", "shop", "");
        assert_eq!(
            beside("", &[("other.yaml", &other), ("n.yaml", &namespace("other"))]),
            [
                "warning ks.yaml:6:3 spec.targetNamespace: nothing creates the namespace `shop` of `web` and 1 more | \
              Flux does not create it: let a kustomize file list a Namespace `shop`"
            ]
        );
    }

    #[test]
    fn every_way_to_create_it_counts() {
        let named = namespace("shop");
        let unnamed = namespace("not-used");
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\n\
                       spec: {targetNamespace: shop, install: {createNamespace: true}}\n";
        let component = "kind: Component\nresources: [n.yaml]\n";
        let ways: [(&str, &[(&str, &str)]); 5] = [
            ("", &[("n.yaml", &named)]),
            ("", &[("r.yaml", release)]),
            ("", &[("app/n.yaml", &unnamed)]),
            (
                "",
                &[
                    ("shop/kustomization.yaml", "namespace: shop\ncomponents: [../c]\n"),
                    ("c/kustomization.yaml", component),
                    ("c/n.yaml", &unnamed),
                ],
            ),
            (
                "  components: [../c]\n",
                &[("c/kustomization.yaml", component), ("c/n.yaml", &unnamed)],
            ),
        ];
        for (more, files) in ways {
            assert_eq!(beside(more, files), [""; 0], "{files:?}");
        }
    }

    #[test]
    fn namespaces_that_are_there_are_not_found() {
        for target in ["default", "kube-system", "flux-system", "'${NS}'"] {
            let text = flux("web", target, "");
            assert_eq!(found("namespace-missing", &[("ks.yaml", &text)]), [""; 0], "{target}");
        }
        let own = flux("web", "shop", "").replace("namespace: flux-system", "namespace: shop");
        assert_eq!(found("namespace-missing", &[("ks.yaml", &own)]), [""; 0]);
    }
}
