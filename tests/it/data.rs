//! The data of the tests agrees with the real programs, so that a later failure is ours and not the data's.

use std::fs;
use std::path::Path;

use crate::sandbox::{DATA, Outcome, Sandbox, files_below};
use crate::{proof, reference};

/// Kinds of the sample that the schemas say nothing about: we neither read nor write them.
const FOREIGN_KINDS: &str = "CiliumNetworkPolicy,ClusterSecretStore,ConfigMap,CronJob,Dragonfly,ExternalSecret,Gateway,\
     GitRepository,HelmRelease,Namespace,OCIRepository,ReplicationDestination,ReplicationSource,\
     ScaledObject,ScheduledBackup,SecurityPolicy";

/// Validates all manifests of the repository by kubeconform; `variant` is a folder of the schemas whose
/// schemas come first, such as `sops` where every Secret must be a SOPS file.
pub(crate) fn kubeconform<'a>(sandbox: &'a Sandbox, variant: &str) -> Outcome<'a> {
    // The core group has no group in its file names. `-strict` would refuse `<<: *anchor` with an override.
    let names = [
        "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}",
        "{{.ResourceKind}}_{{.ResourceAPIVersion}}",
    ];
    let mut run = sandbox.run(reference::kubeconform()).args(["-summary", "-skip", FOREIGN_KINDS]);
    for folder in [variant, "."] {
        for name in names {
            run = run.args(["-schema-location", &format!("{DATA}/schemas/{folder}/{name}.json")]);
        }
    }
    run.args(["-ignore-filename-pattern", r"\.sops\.yaml$", "."]).go()
}

#[test]
fn the_encrypted_sample_is_valid_against_the_schemas() {
    let sandbox = Sandbox::nerv();
    kubeconform(&sandbox, "sops").success().prints("Valid: 30, Invalid: 0, Errors: 0, Skipped: 11");
}

#[test]
fn the_schemas_refuse_a_plain_secret_and_an_unknown_field() {
    let sandbox = Sandbox::nerv();
    let secret = "nerv/main/cluster/apps/grafana/app/secret.yaml";
    sandbox.write(secret, fs::read(format!("{DATA}/samples/nerv/{secret}")).unwrap());
    kubeconform(&sandbox, "sops").code(1).prints("Secret grafana is invalid");

    let databases = "nerv/main/cluster/apps/shared/postgres/app/databases.yaml";
    sandbox.write(databases, sandbox.read(databases).replace("owner: miniflux", "ower: miniflux"));
    kubeconform(&sandbox, ".").code(1).prints("additional properties 'ower' not allowed");
}

#[test]
fn kustomize_builds_every_folder_of_the_encrypted_sample() {
    let sandbox = Sandbox::nerv();
    let mut built = 0;
    for path in files_below(&sandbox.work()) {
        if path.ends_with("kustomization.yaml") {
            let folder = path.parent().expect("the file is in a folder");
            sandbox.run(reference::kustomize()).arg("build").arg(folder).go().success();
            built += 1;
        }
    }
    assert_eq!(built, 10);
}

/// Every golden file with its version of sops: `(version, path below the version's folder)`.
fn golden_files() -> Vec<(String, String)> {
    let root = Path::new(DATA).join("golden");
    let paths = files_below(&root).into_iter().filter(|path| path.extension().is_some());
    let split = |path: &Path| {
        let text = path.to_string_lossy().into_owned();
        let (folder, rest) = text.split_once('/')?;
        Some((folder.strip_prefix("sops-")?.to_owned(), rest.to_owned()))
    };
    paths.filter_map(|path| split(&path)).collect()
}

/// What a version of sops cannot do with a golden file, and why it is right that it cannot.
fn is_known_refusal(reader: &str, file: &str) -> bool {
    // Dates became a type of their own in 3.10.
    reader == "3.9.4" && file == "awkward/dates.yaml"
}

#[test]
fn the_current_sops_reads_the_golden_files() {
    assert_golden_files_are_read_by(reference::versions("sops")[0]);
}

#[test]
fn the_oldest_sops_reads_the_golden_files() {
    assert_golden_files_are_read_by(reference::versions("sops")[1]);
}

fn assert_golden_files_are_read_by(reader: &str) {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let files = golden_files();
    assert!(!files.is_empty());
    for (writer, file) in files {
        let path = format!("{DATA}/golden/sops-{writer}/{file}");
        let run = sandbox.run(reference::sops(reader)).args(["--decrypt", &path]).go();
        let refuses = is_known_refusal(reader, &file);
        assert_eq!(run.status.success(), !refuses, "{}", run.describe());
        let verb = if refuses { "refuses, as known," } else { "reads" };
        proof::record("golden", &format!("sops {reader} {verb} a file by sops {writer}"), &file);
    }
}

#[test]
fn every_source_has_a_golden_file_per_version_or_a_recorded_refusal() {
    let refused = fs::read_to_string(format!("{DATA}/golden/refused")).unwrap();
    let sample = files_below(Path::new(&format!("{DATA}/samples/nerv"))).into_iter();
    let secrets = sample.filter(|path| path.to_string_lossy().ends_with("secret.yaml"));
    let awkward = files_below(Path::new(&format!("{DATA}/awkward"))).into_iter();
    let awkward = awkward.filter(|path| !path.ends_with(".sops.yaml"));
    let sources = secrets.map(|path| Path::new("nerv").join(path));
    let sources: Vec<_> =
        sources.chain(awkward.map(|path| Path::new("awkward").join(path))).collect();

    let golden = golden_files();
    for version in reference::versions("sops") {
        for source in &sources {
            let source = source.to_string_lossy().into_owned();
            let listed = refused.contains(&format!("sops-{version}\t{source}\t"));
            let stored = golden.contains(&(version.to_owned(), source.clone()));
            assert!(listed != stored, "{source} of {version}: run tests/data/golden/make");
        }
    }
}
