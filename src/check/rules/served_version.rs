//! `served-version`: an object in a version of its API that current releases do not serve any more.
//!
//! Versions of projects that belong to the wiring of secrets. Patches are not judged: kustomize matches them by kind.

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};
use crate::kube::{Object, objects};

/// Version, the release without it, and what to write instead.
const GONE: &[(&str, &str, &str)] = &[
    // https://github.com/external-secrets/external-secrets/releases/tag/v0.17.0
    ("external-secrets.io/v1beta1", "External Secrets 0.17", "external-secrets.io/v1"),
    // https://fluxcd.io/blog/2025/09/flux-v2.7.0/#upgrade-procedure
    ("source.toolkit.fluxcd.io/v1beta1", "Flux 2.7", "source.toolkit.fluxcd.io/v1"),
    ("kustomize.toolkit.fluxcd.io/v1beta1", "Flux 2.7", "kustomize.toolkit.fluxcd.io/v1"),
    ("helm.toolkit.fluxcd.io/v2beta1", "Flux 2.7", "helm.toolkit.fluxcd.io/v2"),
    ("image.toolkit.fluxcd.io/v1beta1", "Flux 2.7", "image.toolkit.fluxcd.io/v1"),
    (
        "notification.toolkit.fluxcd.io/v1beta1",
        "Flux 2.7",
        "notification.toolkit.fluxcd.io/v1beta3",
    ),
    // https://github.com/fluxcd/flux2/issues/5711
    ("source.toolkit.fluxcd.io/v1beta2", "Flux 2.8", "source.toolkit.fluxcd.io/v1"),
    ("kustomize.toolkit.fluxcd.io/v1beta2", "Flux 2.8", "kustomize.toolkit.fluxcd.io/v1"),
    ("helm.toolkit.fluxcd.io/v2beta2", "Flux 2.8", "helm.toolkit.fluxcd.io/v2"),
    // https://cert-manager.io/docs/releases/upgrading/remove-deprecated-apis/
    ("cert-manager.io/v1alpha2", "cert-manager 1.6", "cert-manager.io/v1"),
    ("cert-manager.io/v1alpha3", "cert-manager 1.6", "cert-manager.io/v1"),
    ("cert-manager.io/v1beta1", "cert-manager 1.6", "cert-manager.io/v1"),
];

/// The rule.
pub(super) struct ServedVersion;

impl Rule for ServedVersion {
    fn id(&self) -> &'static str {
        "served-version"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/served-version.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let snapshot = repository.layout.snapshot();
        for file in snapshot.manifests().filter(|file| !repository.layout.is_patch(file)) {
            let text = snapshot.bytes(file).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
            if !text.is_some_and(speaks) {
                continue;
            }
            for object in snapshot.document(file).map(objects).unwrap_or_default() {
                let Some((version, release, instead)) = gone(&object) else { continue };
                let message = format!("{} is not served since {release}", quoted(version));
                let hint = by_hand(format!("write `apiVersion: {instead}`"));
                let label = key(&object, &["apiVersion"]);
                let place = (file, object.document);
                findings.push(repository.finding(self, place, &[label], message, hint));
            }
        }
    }
}

/// Whether one of the versions stands behind an `apiVersion` in a text. One pass, as there is one for every file.
fn speaks(text: &str) -> bool {
    const KEY: &str = "apiVersion";
    text.match_indices(KEY).any(|(at, _)| {
        let value = text[at + KEY.len()..].trim_start_matches(['"', '\'', ':', ' ']);
        GONE.iter().any(|(version, ..)| value.starts_with(version))
    })
}

/// The row of an object's version.
fn gone(object: &Object<'_>) -> Option<(&'static str, &'static str, &'static str)> {
    let own = object.text(&["apiVersion"])?;
    GONE.iter().find(|(version, ..)| *version == own).copied()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;
    use super::GONE;

    #[test]
    fn a_version_that_is_gone_is_found_with_the_one_to_write() {
        let text = "kind: ExternalSecret\napiVersion: \"external-secrets.io/v1beta1\"\nmetadata: {name: a}\n";
        assert_eq!(
            found("served-version", &[("a.yaml", text)]),
            [
                "warning a.yaml:2:1 apiVersion: `external-secrets.io/v1beta1` is not served since External Secrets 0.17 \
              | write `apiVersion: external-secrets.io/v1`"
            ]
        );
    }

    #[test]
    fn every_row_is_found_and_what_it_recommends_is_not() {
        for (version, _, instead) in GONE {
            let of = |version: &str| format!("{{apiVersion: {version}, kind: A}}\n");
            assert_eq!(found("served-version", &[("a.yaml", &of(version))]).len(), 1, "{version}");
            assert_eq!(found("served-version", &[("a.yaml", &of(instead))]), [""; 0], "{instead}");
        }
    }

    #[test]
    fn patches_texts_and_longer_versions_are_not_found() {
        let gone = "apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\n";
        let files = [("kustomization.yaml", "patches: [{path: p.yaml}]\n"), ("p.yaml", gone)];
        assert_eq!(found("served-version", &files), [""; 0]);
        for text in [
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    apiVersion: external-secrets.io/v1beta1\n",
            "apiVersion: external-secrets.io/v1beta10\nkind: A\n",
        ] {
            assert_eq!(found("served-version", &[("a.yaml", text)]), [""; 0], "{text}");
        }
    }
}
