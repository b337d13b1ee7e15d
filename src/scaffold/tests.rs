//! Plans for the sample repository and for small ones, without a disk to write on.

use std::path::Path;

use super::*;
use crate::sops::file::EncryptedFile;

/// The recipient of the samples.
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// Not random at all: the plans are looked at, not kept.
struct Fixed;

impl RandomSource for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// The sample repository as it is stored: its Secrets are still plain.
fn nerv() -> Snapshot {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples/nerv");
    Snapshot::take(&root).unwrap()
}

/// A repository of some files; the directory lives as long as the test reads it.
pub(super) fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, Snapshot) {
    let directory = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    (directory, snapshot)
}

fn secret(name: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n")
}

fn rules(rule: &str) -> String {
    format!("creation_rules:\n  - age: {RECIPIENT}\n    {rule}\n")
}

fn plan_for(snapshot: &Snapshot, name: &str, secret: &str, uses: &[Use]) -> Result<Plan, Error> {
    let layout = Layout::infer(snapshot);
    let value = |text: &str| Secret::from(text.to_owned());
    let request = NewSecret {
        app: app(&layout, name)?,
        name: secret.to_owned(),
        kind: recipe::OPAQUE.to_owned(),
        entries: vec![
            ("Z".to_owned(), value("zzz")),
            ("BINARY".to_owned(), Secret::new(vec![0xff, 0])),
            ("A".to_owned(), value("line one\nline two\n")),
            ("EMPTY".to_owned(), value("")),
        ],
        reader: Reader { uses: uses.to_vec(), container: None },
        list_in: ListIn::App,
        recipe: None,
        labels: vec![("app".to_owned(), "true".to_owned())],
        annotations: vec![("example.com/Note".to_owned(), "two\nlines".to_owned())],
        immutable: true,
    };
    let drafted = new_secret(&request, snapshot, &layout, "2031-01-02T03:04:05Z", &mut Fixed)?;
    Ok(drafted.plan)
}

#[track_caller]
fn refusal(snapshot: &Snapshot, app: &str, name: &str, uses: &[Use]) -> String {
    plan_for(snapshot, app, name, uses).err().expect("refused").to_string()
}

fn new_text(plan: &Plan, index: usize) -> &str {
    std::str::from_utf8(plan.changes()[index].new.as_ref().unwrap()).unwrap()
}

fn file_names(plan: &Plan) -> Vec<String> {
    let paths = plan.changes().iter().map(|change| &change.path);
    paths.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_plan_has_the_file_its_entry_and_the_reference() {
    let snapshot = nerv();
    let plan = plan_for(&snapshot, "paperless", "paperless-smtp", &[Use::EnvFrom]).unwrap();
    assert_eq!(
        file_names(&plan),
        ["paperless-smtp-secret.yaml", "kustomization.yaml", "helmrelease.yaml"]
    );
    let text = new_text(&plan, 0);
    let start = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: paperless-smtp\n  namespace: apps\n  \
                 labels:\n    app: \"true\"\n  annotations:\n    example.com/Note: |-\n      two\n      lines\n\
                 type: Opaque\nimmutable: true\nstringData:\n  Z: ENC[";
    assert!(text.starts_with(start), "{text}");
    assert!(!text.contains("zzz") && !text.contains("line one"));
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    assert!(EncryptedFile::open(&document).unwrap().is_some());
    let keys = |section: &str| {
        let section = document.lookup(document.roots()[0].node, section).unwrap();
        document.entries(section).map(|(key, _)| document.text(key).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(keys("stringData"), ["Z", "A", "EMPTY"]);
    assert_eq!(keys("data"), ["BINARY"]);
    assert!(
        new_text(&plan, 1).contains(
            "  - ./helmrelease.yaml\n  - ./paperless-smtp-secret.yaml\n  - ./secret.yaml\n"
        )
    );
    assert!(new_text(&plan, 2).contains(
        "                  name: paperless\n              - secretRef:\n                  name: paperless-smtp\n            probes:"
    ));
}

#[test]
fn a_list_that_is_not_sorted_gets_the_entry_behind_its_like() {
    let snapshot = nerv();
    let plan = plan_for(&snapshot, "shared-postgres", "postgres-x-user", &[]).unwrap();
    assert_eq!(file_names(&plan), ["postgres-x-user-secret.yaml", "kustomization.yaml"]);
    assert!(
        new_text(&plan, 1).contains(
            "  - postgres-paperless-user-secret.yaml\n  - postgres-x-user-secret.yaml\n\n"
        )
    );
}

#[test]
fn apps_are_found_by_flux_name_by_directory_and_by_more_of_the_path() {
    let snapshot = nerv();
    let layout = Layout::infer(&snapshot);
    let directory = |name: &str| app(&layout, name).unwrap().directory;
    let refusal = |name: &str| app(&layout, name).err().expect("refused").to_string();
    let apps = Path::new("nerv/main/cluster/apps");
    assert_eq!(directory("grafana"), apps.join("grafana/app"));
    assert_eq!(directory("shared-redis"), apps.join("shared/redis/app"));
    assert_eq!(directory("apps"), apps);
    assert_eq!(directory("redis/app"), apps.join("shared/redis/app"));
    assert_eq!(
        refusal("asuka"),
        "there is no app `asuka`; found: grafana, miniflux, paperless, pocket-id, shared-postgres, \
         shared-redis, envoy-gateway"
    );
    let several = refusal("app");
    assert!(several.starts_with("there are 7 apps `app`: `nerv/main"), "{several}");
    let mut names: Vec<String> = layout.apps().iter().map(|app| app.name().to_owned()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "envoy-gateway",
            "grafana",
            "miniflux",
            "paperless",
            "pocket-id",
            "shared-postgres",
            "shared-redis"
        ]
    );
}

#[test]
fn names_that_are_taken_or_impossible_are_refused() {
    let snapshot = nerv();
    assert_eq!(
        refusal(&snapshot, "grafana", "grafana", &[]),
        "nerv/main/cluster/apps/grafana/app/secret.yaml: Secret `grafana` exists already"
    );
    // Another app's, but in the same namespace.
    assert!(refusal(&snapshot, "grafana", "miniflux", &[]).contains("miniflux/app/secret.yaml"));
    assert!(
        refusal(&snapshot, "grafana", "Grafana_x", &[])
            .starts_with("`Grafana_x` is not a name for a Secret")
    );
}

#[test]
fn keys_and_sizes_that_the_api_server_refuses_are_refused() {
    let entry = |key: &str, size: usize| (key.to_owned(), Secret::new(vec![b'x'; size]));
    let refusal = |entries: &[(String, Secret)]| check_entries(entries).unwrap_err().to_string();
    assert_eq!(refusal(&[]), "a Secret needs at least one key");
    assert!(refusal(&[entry("a b", 1)]).starts_with("`a b` is not a key for a Secret"));
    assert_eq!(refusal(&[entry("a", 1), entry("a", 2)]), "key `a` is given twice");
    assert!(check_entries(&[entry("a", MOST_BYTES)]).is_ok());
    assert_eq!(
        refusal(&[entry("a", MOST_BYTES), entry("b", 1)]),
        "the values have 1048577 bytes together, a Secret holds at most 1048576"
    );
}

#[test]
fn the_file_is_called_as_its_siblings_are() {
    let selection = "encrypted_regex: ^(data|stringData)$";
    let everything = rules(selection);
    let dotted = rules(&format!("path_regex: \\.sops\\.yaml$\n    {selection}"));
    let (first, second) = (secret("first"), secret("second"));
    let list = "resources: []\n";
    // Configuration, the files of other Secrets, the name of the new file.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case; 7] = [
        (&everything, &[], "secret.yaml"),
        (&dotted, &[], "secret.sops.yaml"),
        (&everything, &[("a/x/secret.yaml", &first)], "new-secret.yaml"),
        (&everything, &[("a/x/secret.sops.yaml", &first)], "new.sops.yaml"),
        (&everything, &[("a/x/first.yml", &first)], "new.yml"),
        // Two other apps have the same custom; one alone would not count.
        (
            &everything,
            &[("a/y/creds.sops.yaml", &first), ("a/z/creds.sops.yaml", &second)],
            "creds.sops.yaml",
        ),
        (&everything, &[("a/y/creds.sops.yaml", &first)], "secret.yaml"),
    ];
    for (config, siblings, wanted) in cases {
        let mut files = vec![(".sops.yaml", config), ("a/x/kustomization.yaml", list)];
        files.extend(siblings);
        let (_directory, snapshot) = repository(&files);
        let plan = plan_for(&snapshot, "x", "new", &[]).unwrap();
        assert_eq!(file_names(&plan), [wanted, "kustomization.yaml"], "{siblings:?}");
        assert!(!new_text(&plan, 0).contains("namespace"));
    }
}

/// A Flux Kustomization `x` of a directory.
fn flux(directory: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: x}}\n\
         spec: {{path: {directory}}}\n"
    )
}

#[test]
fn several_kustomizations_of_one_directory_are_one_app() {
    let config = rules("encrypted_regex: ^(data|stringData)$");
    let (here, there) = (flux("./a/x"), flux("./b/x"));
    let mut files = vec![
        (".sops.yaml", config.as_str()),
        ("staging.yaml", &here),
        ("production.yaml", &here),
        ("a/x/kustomization.yaml", "resources: []\n"),
        ("b/x/kustomization.yaml", "resources: []\n"),
    ];
    let (_directory, snapshot) = repository(&files);
    assert!(plan_for(&snapshot, "x", "new", &[]).is_ok());
    files[2].1 = &there;
    let (_directory, snapshot) = repository(&files);
    assert_eq!(
        refusal(&snapshot, "x", "new", &[]),
        "there are 2 apps `x`: `production.yaml`, `staging.yaml`"
    );
}

#[test]
fn without_a_kustomize_file_nothing_is_listed_and_with_an_empty_one_it_is() {
    let config = rules("encrypted_regex: ^(data|stringData)$");
    let ks = flux("x");
    let mut files =
        vec![(".sops.yaml", config.as_str()), ("ks.yaml", &ks), ("x/pod.yaml", "kind: Pod\n")];
    let planned = |files: &[(&str, &str)]| {
        let (_directory, snapshot) = repository(files);
        plan_for(&snapshot, "x", "new", &[]).map(|plan| file_names(&plan))
    };
    assert_eq!(planned(&files).unwrap(), ["secret.yaml"]);
    files.push(("x/kustomization.yaml", ""));
    assert_eq!(planned(&files).unwrap(), ["secret.yaml", "kustomization.yaml"]);
    files[3].1 = "resources: [\n";
    let refusal = planned(&files).unwrap_err().to_string();
    assert!(refusal.starts_with("x/kustomization.yaml:"), "{refusal}");
}

#[test]
fn an_existing_file_is_never_taken() {
    let config = rules("encrypted_regex: ^(data|stringData)$");
    let files = [
        (".sops.yaml", config.as_str()),
        ("x/kustomization.yaml", "resources: []\n"),
        ("x/secret.yaml", "no: Secret\n"),
    ];
    let (directory, snapshot) = repository(&files);
    let plan = plan_for(&snapshot, "x", "new", &[]).unwrap();
    assert_eq!(plan.changes()[0].path, Path::new("x/secret.sops.yaml"));
    for taken in ["secret.sops.yaml", "new-secret.yaml", "new.sops.yaml"] {
        std::fs::write(directory.path().join("x").join(taken), "").unwrap();
    }
    assert_eq!(refusal(&snapshot, "x", "new", &[]), "x/secret.yaml: exists already");
}

#[test]
fn a_rule_that_does_not_fit_is_refused() {
    let app = ("x/kustomization.yaml", "resources: []\n");
    let refused = |config: &str| {
        let (_directory, snapshot) = repository(&[(".sops.yaml", config), app]);
        refusal(&snapshot, "x", "new", &[])
    };
    assert_eq!(
        refused(&rules("path_regex: ^y/")),
        ".sops.yaml: no creation rule matches `x/secret.yaml`"
    );
    assert_eq!(
        refused(&rules("encrypted_regex: ^data$")),
        ".sops.yaml: the creation rule for `x/secret.yaml` does not encrypt `stringData.Z`"
    );
    assert_eq!(
        refused(&rules("encrypted_regex: ^(kind|data|stringData)$")),
        ".sops.yaml: the creation rule for `x/secret.yaml` would encrypt `kind`, which Flux has to read"
    );
    let unusable = refused("creation_rules:\n  - pgp: A\n");
    assert!(unusable.contains("the `pgp` master key `A`"), "{unusable}");
    let (_directory, snapshot) = repository(&[app]);
    assert_eq!(
        refusal(&snapshot, "x", "new", &[]),
        "x: no `.sops.yaml` here or above, so nobody knows who is to read a Secret"
    );
}

#[test]
fn the_nearest_configuration_decides() {
    let (far, near) =
        (rules("encrypted_regex: ^data$"), rules("encrypted_regex: ^(data|stringData)$"));
    let files = [
        (".sops.yaml", far.as_str()),
        ("a/.sops.yaml", &near),
        ("a/x/kustomization.yaml", "resources: []\n"),
    ];
    let (_directory, snapshot) = repository(&files);
    assert!(plan_for(&snapshot, "x", "new", &[]).is_ok());
}

#[test]
fn the_references_are_a_part_of_the_plan() {
    let snapshot = nerv();
    let uses = [Use::Env { variable: "A".to_owned(), key: "A".to_owned() }];
    let plan = plan_for(&snapshot, "paperless", "new", &uses).unwrap();
    assert!(new_text(&plan, 2).contains("              A:\n                valueFrom:\n"));
    let unknown = [Use::Env { variable: "A".to_owned(), key: "B".to_owned() }];
    assert_eq!(
        refusal(&snapshot, "paperless", "new", &unknown),
        "the new Secret has no key `B` for the variable `A`; it has Z, BINARY, A, EMPTY"
    );
}
