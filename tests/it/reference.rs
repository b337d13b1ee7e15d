//! Where the reference programs are: real sops, age, kustomize and kubeconform at pinned versions.
//!
//! `tests/reference/versions` names them, `tests/reference/install` puts them into `target/reference`. A
//! missing program fails the test that asks for it; no test is skipped for it.

use std::path::{Path, PathBuf};

/// The pinned versions, one row `name version source packages…` per program.
const VERSIONS: &str = include_str!("../reference/versions");

/// The pinned versions of a program in the order of the file: the current one first, the oldest last.
pub(crate) fn versions(name: &str) -> Vec<&'static str> {
    let rows = VERSIONS.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| {
        let mut columns = row.split_whitespace();
        (columns.next() == Some(name)).then(|| columns.next().expect("a row has a version"))
    })
    .collect()
}

/// The sops of a pinned version, for example `3.9.4`.
pub(crate) fn sops(version: &str) -> PathBuf {
    installed("sops", version, "sops")
}

/// The current sops, the one that Flux and everybody's machine has.
pub(crate) fn current_sops() -> PathBuf {
    sops(versions("sops")[0])
}

/// The reference implementation of age.
pub(crate) fn age() -> PathBuf {
    installed("age", versions("age")[0], "age")
}

/// The key generator that comes with [`age`].
pub(crate) fn age_keygen() -> PathBuf {
    installed("age", versions("age")[0], "age-keygen")
}

/// The builder of `kustomization.yaml` files.
pub(crate) fn kustomize() -> PathBuf {
    installed("kustomize", versions("kustomize")[0], "kustomize")
}

/// The validator of manifests against JSON Schemas.
pub(crate) fn kubeconform() -> PathBuf {
    installed("kubeconform", versions("kubeconform")[0], "kubeconform")
}

#[track_caller]
fn installed(name: &str, version: &str, program: &str) -> PathBuf {
    let root = std::env::var_os("KEYWRIGHT_REFERENCE").map(PathBuf::from);
    let root =
        root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/reference"));
    let path = root.join(format!("{name}-{version}")).join(program);
    assert!(
        path.is_file(),
        "run ./scripts/test: it installs `{}`, which is missing",
        path.display()
    );
    path
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[track_caller]
    fn answer(program: PathBuf, argument: &str) -> String {
        let output = Command::new(program).arg(argument).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn every_installed_program_is_of_the_pinned_version() {
        for version in versions("sops") {
            let program = sops(version);
            let output =
                Command::new(program).args(["--disable-version-check", "--version"]).output();
            assert!(String::from_utf8(output.unwrap().stdout).unwrap().contains(version));
        }
        assert!(answer(age(), "--version").contains(versions("age")[0]));
        assert!(answer(age_keygen(), "--version").contains(versions("age")[0]));
        assert!(answer(kustomize(), "version").contains(versions("kustomize")[0]));
        // Installed from source it does not know its version; that it answers is all there is to see.
        assert_eq!(answer(kubeconform(), "-v").trim(), "development");
    }

    #[test]
    fn sops_is_pinned_at_the_current_and_the_oldest_version() {
        assert_eq!(versions("sops").len(), 2);
        assert_eq!(current_sops(), sops(versions("sops")[0]));
    }

    #[test]
    #[should_panic(expected = "run ./scripts/test")]
    fn a_missing_program_names_the_script_that_installs_it() {
        installed("sops", "0.0.0", "sops");
    }
}
