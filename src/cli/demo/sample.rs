//! The sample repository of the demo, part of the program: the same files as those of the tests.

/// The recipient in the creation rule of the sample, replaced by that of a new identity.
pub(super) const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

macro_rules! files {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../tests/data/samples/nerv/", $path)))),*]
    };
}

/// Paths in the repository and contents.
pub(super) const FILES: &[(&str, &str)] = files! {
    "nerv/.sops.yaml"
    "nerv/main/cluster/apps/app-template.yaml"
    "nerv/main/cluster/apps/grafana/app/helmrelease.yaml"
    "nerv/main/cluster/apps/grafana/app/kustomization.yaml"
    "nerv/main/cluster/apps/grafana/app/secret.yaml"
    "nerv/main/cluster/apps/grafana/ks.yaml"
    "nerv/main/cluster/apps/kustomization.yaml"
    "nerv/main/cluster/apps/miniflux/app/helmrelease.yaml"
    "nerv/main/cluster/apps/miniflux/app/kustomization.yaml"
    "nerv/main/cluster/apps/miniflux/app/secret.yaml"
    "nerv/main/cluster/apps/miniflux/ks.yaml"
    "nerv/main/cluster/apps/namespace.yaml"
    "nerv/main/cluster/apps/paperless/app/helmrelease.yaml"
    "nerv/main/cluster/apps/paperless/app/kustomization.yaml"
    "nerv/main/cluster/apps/paperless/app/secret.yaml"
    "nerv/main/cluster/apps/paperless/ks.yaml"
    "nerv/main/cluster/apps/pocket-id/app/helmrelease.yaml"
    "nerv/main/cluster/apps/pocket-id/app/kustomization.yaml"
    "nerv/main/cluster/apps/pocket-id/app/secret.yaml"
    "nerv/main/cluster/apps/pocket-id/ks.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/databases.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/kustomization.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/postgres-cluster.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/postgres-miniflux-user-secret.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/postgres-paperless-user-secret.yaml"
    "nerv/main/cluster/apps/shared/postgres/app/postgres-pocket-id-user-secret.yaml"
    "nerv/main/cluster/apps/shared/postgres/ks.yaml"
    "nerv/main/cluster/apps/shared/redis/app/helmrelease.yaml"
    "nerv/main/cluster/apps/shared/redis/app/kustomization.yaml"
    "nerv/main/cluster/apps/shared/redis/app/secret.yaml"
    "nerv/main/cluster/apps/shared/redis/ks.yaml"
    "nerv/main/cluster/flux-system/gotk-sync.yaml"
    "nerv/main/cluster/flux-system/kustomization.yaml"
    "nerv/main/cluster/networking-system/envoy-gateway/app/gateways.yaml"
    "nerv/main/cluster/networking-system/envoy-gateway/app/kustomization.yaml"
    "nerv/main/cluster/networking-system/envoy-gateway/ks.yaml"
    "nerv/main/cluster/networking-system/kustomization.yaml"
    "nerv/main/cluster/networking-system/namespace.yaml"
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn the_demo_has_every_file_of_the_sample() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples/nerv");
        let mut found = BTreeSet::new();
        let mut open = vec![root.clone()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.strip_prefix(&root).unwrap().to_owned());
                }
            }
        }
        for apart in ["README.md", "age-test-identity.txt", ".gitignore"] {
            assert!(found.remove(Path::new(apart)), "{apart}");
        }
        assert_eq!(found, FILES.iter().map(|(path, _)| PathBuf::from(path)).collect());
        assert!(FILES.iter().any(|(_, text)| text.contains(RECIPIENT)));
    }
}
