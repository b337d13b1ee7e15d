//! A repository that is as small as makes the point, so that it can be run in a thousand times.

use std::fs;

use super::trace::KEYWRIGHT;
use crate::sandbox::Sandbox;

/// In every encrypted value of the small repository.
pub(super) const CANARY: &str = "TESTonlyCanary7f31";

/// Two encrypted files, of which the second is nobody else's, and an app of Flux.
pub(super) fn small_repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let recipient = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    sandbox.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - age: {recipient}\n    encrypted_regex: ^(stringData|password)$\n"
        ),
    );
    for name in ["a.yaml", "b.yaml", "kept.yaml"] {
        sandbox.write(name, format!("about: {name}\npassword: {CANARY}\n"));
    }
    sandbox.run(KEYWRIGHT).args(["encrypt", "-i", "a.yaml", "b.yaml", "kept.yaml"]).go().success();
    sandbox.run("chmod").args(["600", "b.yaml"]).go().success();
    sandbox.write(
        "shop/ks.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: shop\n  \
         namespace: flux-system\nspec:\n  targetNamespace: apps\n  path: ./shop/app\n  prune: true\n  \
         sourceRef:\n    kind: GitRepository\n    name: flux-system\n  interval: 30m\n",
    );
    sandbox.write(
        "shop/app/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - config.yaml\n",
    );
    sandbox.write(
        "shop/app/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config\n  namespace: apps\n",
    );
    sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
    sandbox.commit_all("old");
    sandbox
}

/// The same files without Git.
pub(super) fn without_git() -> Sandbox {
    let sandbox = small_repository();
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    sandbox
}

/// Makes a new file.
pub(super) const NEW_FILE: &[&str] = &["decrypt", "--output", "plain.yaml", "a.yaml"];
