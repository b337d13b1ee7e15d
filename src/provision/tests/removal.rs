//! What was provisioned is removed again, in three runs or in one, and nothing is left of it.

use super::fixture::*;
use super::strategies::with_patch;
use crate::provision::{Options, Password, Step, StrategyKind};
use crate::secret::Secret;

/// Provisions grafana in a repository and removes it again; the steps, and what differs in the end.
fn there_and_back(files: &Files, options: &Options, keeps_data: bool) -> (Vec<Step>, Vec<String>) {
    let repository = Repository::of(files.clone());
    let before = repository.files();
    let password = Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()));
    let outcome = repository.with_options("grafana", password, options.clone());
    repository.apply(&outcome.unwrap_or_else(|error| panic!("{error}")));
    let mut steps = Vec::new();
    while steps.last() != Some(&Step::Nothing) {
        let run = repository.deprovision("grafana", keeps_data);
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        repository.carry_out(&run.plan);
        steps.push(run.step);
    }
    let after = repository.files();
    let paths = before.keys().chain(after.keys().filter(|path| !before.contains_key(*path)));
    let differ = paths.filter(|path| before.get(*path) != after.get(*path));
    (steps, differ.cloned().collect())
}

const THREE: [Step; 4] = [Step::Databases, Step::Role, Step::Files, Step::Nothing];

/// Repositories that are written otherwise.
fn variants() -> Vec<(&'static str, Files)> {
    let databases = format!("{POSTGRES}/databases.yaml");
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let ks = format!("{APPS}/grafana/ks.yaml");
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    let bare = |text: &str| text.trim_end().to_owned();
    let all = |change: &dyn Fn(&str) -> String| {
        sample().into_iter().map(|(path, text)| (path, change(&text))).collect::<Files>()
    };
    let mut first = sample();
    first.remove(&databases).unwrap();
    let list = first[&kustomization].replace("  - databases.yaml\n", "");
    first.insert(kustomization.clone(), list);
    vec![
        ("as it is", sample()),
        ("a patch", with_patch()),
        ("no database", first),
        ("CRLF", all(&|text| text.replace('\n', "\r\n"))),
        ("no final line break", with(&databases, bare)),
        ("no final line break in a list", with(&kustomization, bare)),
        ("no final line break in ks.yaml", with(&ks, bare)),
        (
            "a list in brackets",
            with(&kustomization, |text| {
                let entries = text.lines().filter_map(|line| line.trim().strip_prefix("- "));
                let entries = entries.collect::<Vec<_>>().join(", ");
                format!("kind: Kustomization\nresources: [{entries}]\n")
            }),
        ),
        (
            "a dependency more",
            with(&ks, |text| format!("{text}  dependsOn:\n    - name: shared-redis\n")),
        ),
        (
            "nothing but data",
            with(&secret, |text| {
                let head = text.split("stringData:").next().unwrap();
                format!("{head}data:\n  A: YQ==\n")
            }),
        ),
    ]
}

#[test]
fn three_runs_give_every_byte_back() {
    for (name, files) in variants() {
        let (steps, differ) = there_and_back(&files, &Options::default(), false);
        assert_eq!(steps, THREE, "{name}");
        assert_eq!(differ, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn one_run_that_keeps_the_data_does_so_as_well() {
    for (name, files) in variants() {
        let (steps, differ) = there_and_back(&files, &Options::default(), true);
        assert_eq!(steps, [Step::Forget, Step::Nothing], "{name}");
        assert_eq!(differ, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn objects_and_databases_of_another_name_go_as_well() {
    let strategy = Some(StrategyKind::DatabaseRole);
    let database = Some("metrics".to_owned());
    for options in [
        Options { strategy, ..Options::default() },
        Options { database, ..Options::default() },
        Options { scram: true, extensions: vec!["pgcrypto".to_owned()], ..Options::default() },
    ] {
        let (steps, differ) = there_and_back(&sample(), &options, false);
        assert_eq!((steps.as_slice(), differ.as_slice()), (&THREE[..], &[][..]), "{options:?}");
    }
}

#[test]
fn a_patch_goes_with_its_last_role() {
    let mut files = with_patch();
    let roles = files.get_mut(&format!("{POSTGRES}/roles.yaml")).unwrap();
    let start = roles.find("      # --- identity").unwrap();
    roles.truncate(start);
    roles.push_str(
        "      - name: miniflux\n        passwordSecret: {name: postgres-miniflux-user}\n",
    );
    let repository = Repository::of(files);
    for _ in 0..3 {
        let run = repository.deprovision("miniflux", false).unwrap();
        repository.carry_out(&run.plan);
    }
    let files = repository.files();
    assert!(!files.contains_key(&format!("{POSTGRES}/roles.yaml")));
    let kustomization = &files[&format!("{POSTGRES}/kustomization.yaml")];
    assert!(!kustomization.contains("patches") && !kustomization.contains("roles.yaml"));
    assert!(!kustomization.contains("miniflux"), "{kustomization}");
}

#[test]
fn a_role_in_both_ways_goes_in_both() {
    let mut files = sample();
    let role = "---\napiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: mini\n  namespace: apps\n\
                spec:\n  cluster:\n    name: postgres-apps\n  name: miniflux\n  passwordSecret:\n    \
                name: postgres-miniflux-user\n";
    files.get_mut(&format!("{POSTGRES}/postgres-cluster.yaml")).unwrap().push_str(role);
    let repository = Repository::of(files);
    let mut steps = Vec::new();
    for _ in 0..3 {
        let run = repository.deprovision("miniflux", false).unwrap();
        repository.carry_out(&run.plan);
        steps.push(run.step);
    }
    assert_eq!(steps, THREE[..3]);
    let cluster = repository.text(&format!("{POSTGRES}/postgres-cluster.yaml"));
    assert!(!cluster.contains("miniflux") && !cluster.contains("DatabaseRole"), "{cluster}");
    assert!(cluster.contains("name: pocket_id") && cluster.contains("name: \"paperless\""));
}

#[test]
fn two_secrets_of_one_file_both_lose_their_url() {
    let secret = format!("{APPS}/miniflux/app/secret.yaml");
    let url = "postgres://miniflux:x@postgres-apps-rw.apps.svc:5432/miniflux";
    let files = with(&secret, |text| {
        let more = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: more\nstringData:\n  KEPT: a\n  URL: {url}\n"
        );
        format!("{text}{more}")
    });
    let repository = Repository::of(files);
    let run = repository.deprovision("miniflux", false).unwrap();
    repository.carry_out(&run.plan);
    let plain = repository.plain(&secret);
    assert!(!plain.contains("postgres://") && plain.contains("KEPT: a"), "{plain}");
}

#[test]
fn the_role_of_another_app_is_refused() {
    let mut files = sample();
    let cluster = files.get_mut(&format!("{POSTGRES}/postgres-cluster.yaml")).unwrap();
    *cluster = cluster.replace("- name: miniflux", "- name: grafana");
    let refused = Repository::of(files).deprovision("grafana", false).err().unwrap().to_string();
    assert!(refused.ends_with("its Secret is named after another app"), "{refused}");
}
