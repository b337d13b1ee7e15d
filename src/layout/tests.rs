//! What is seen in small repositories.

use std::path::Path;

use super::*;

/// Runs an assertion on the layout of these files.
fn with_layout(files: &[(&str, &str)], assert: impl FnOnce(&Layout<'_>)) {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    assert(&Layout::infer(&snapshot));
}

/// A Flux Kustomization.
fn flux(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n\
         spec:\n  path: {path}\n{more}"
    )
}

const CLUSTER: &str = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {instances: 1}\n";

#[test]
fn an_app_is_found_by_its_kustomization_and_by_its_directory() {
    let files = [
        ("a/ks.yaml", flux("media-shop", "./apps/shop/app", "")),
        ("b/ks.yaml", flux("blog", "./apps/shop2/blog", "")),
        ("c/ks.yaml", flux("bare", "./apps/bare", "")),
        ("apps/shop/app/kustomization.yaml", "resources: []\n".to_owned()),
        ("apps/shop2/blog/Kustomization", "resources: []\n".to_owned()),
        ("apps/bare/deployment.yaml", "kind: Deployment\n".to_owned()),
        ("d/ks.yaml", flux("empty", "./apps/empty", "")),
        ("lone/inner/kustomization.yaml", "resources: []\n".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    with_layout(&files, |layout| {
        let found = |name: &str| match layout.app_named(name) {
            Choice::One(app) => Some(app.name().to_owned()),
            _ => None,
        };
        assert_eq!(found("media-shop").as_deref(), Some("media-shop"));
        assert_eq!(found("shop").as_deref(), Some("media-shop"), "by directory");
        assert_eq!(found("blog").as_deref(), Some("blog"));
        assert_eq!(found("bare").as_deref(), Some("bare"), "Flux lists everything by itself");
        assert_eq!(found("empty"), None);
        assert_eq!(found("lone/inner").as_deref(), Some("inner"), "without Flux");
        assert_eq!(found("lone"), None);
        assert_eq!(layout.apps().len(), 2, "only what is listed is offered");
    });
}

#[test]
fn directories_that_run_something_are_apps_without_a_kustomization_of_their_own() {
    const RUNS: &str =
        "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: []}}}\n";
    const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n";
    const COMPONENT: &str = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    let all = flux("all", "./apps", "");
    let files = [
        ("ks.yaml", all.as_str()),
        ("apps/kustomization.yaml", "resources: [web, db, cache, map, flux]\n"),
        ("apps/web/kustomization.yaml", "resources: [d.yaml]\n"),
        ("apps/web/d.yaml", RUNS),
        ("apps/db/kustomization.yaml", "resources: [r.yaml]\n"),
        ("apps/db/r.yaml", RELEASE),
        ("apps/map/kustomization.yaml", "resources: [m.yaml]\n"),
        ("apps/map/m.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {containers: x}\n"),
        ("component/kustomization.yaml", COMPONENT),
        ("component/d.yaml", RUNS),
        ("loose/d.yaml", RUNS),
        ("old/apps/web/kustomization.yaml", "resources: [d.yaml]\n"),
        ("old/apps/web/d.yaml", RUNS),
    ];
    with_layout(&files, |layout| {
        let listed = layout.listed_apps();
        let directories: Vec<_> = listed.iter().map(|app| app.directory.as_path()).collect();
        assert_eq!(directories, ["apps/db", "apps/web", "old/apps/web"].map(Path::new));
        // The whole path of one is the end of the other's.
        let Choice::One(web) = layout.app_named("apps/web") else { panic!("it is one") };
        assert_eq!(web.directory, Path::new("apps/web"));
        assert!(matches!(layout.app_named("web"), Choice::Several(_)));
    });
}

#[test]
fn a_name_of_a_kustomization_goes_before_the_name_of_a_directory() {
    let (first, second) = (flux("shop", "./one", ""), flux("other", "./shop/app", ""));
    let files = [
        ("a.yaml", first.as_str()),
        ("b.yaml", second.as_str()),
        ("one/kustomization.yaml", "resources: []\n"),
        ("shop/app/kustomization.yaml", "resources: []\n"),
    ];
    with_layout(&files, |layout| {
        assert!(matches!(layout.app_named("shop"), Choice::One(app) if app.name() == "shop"));
    });
}

#[test]
fn a_cluster_is_applied_through_nested_kustomize_files() {
    let ks = flux("db", "./db", "  targetNamespace: data\n");
    let files = [
        ("ks.yaml", ks.as_str()),
        ("db/kustomization.yaml", "resources:\n  - ./inner/\n"),
        ("db/inner/kustomization.yml", "resources: [../../base/cluster.yaml]\n"),
        ("base/cluster.yaml", CLUSTER),
    ];
    with_layout(&files, |layout| {
        let [site] = layout.clusters().try_into().ok().unwrap();
        assert_eq!(site.listed_in, Some(Path::new("db/inner/kustomization.yml")));
        assert_eq!(site.applied_by.unwrap().view.name(), "db");
        assert_eq!(site.namespace, Some(Fact::new("data", Path::new("ks.yaml"))));
    });
}

#[test]
fn without_kustomize_files_flux_applies_what_is_below_its_path() {
    let ks = flux("db", "./db", "");
    with_layout(&[("ks.yaml", &ks), ("db/deep/cluster.yaml", CLUSTER)], |layout| {
        let [site] = layout.clusters().try_into().ok().unwrap();
        assert_eq!(site.applied_by.unwrap().view.name(), "db");
        assert!(site.namespace.is_none() && site.listed_in.is_none());
    });
}

#[test]
fn the_nearest_source_of_a_namespace_counts() {
    let ks = flux("db", "./db", "  targetNamespace: third\n");
    let named = CLUSTER.replace("{name: pg}", "{name: pg, namespace: first}");
    let cases = [
        (named.as_str(), "namespace: second\nresources: [c.yaml]\n", "first", "db/c.yaml"),
        (CLUSTER, "namespace: second\nresources: [c.yaml]\n", "second", "db/kustomization.yaml"),
        (CLUSTER, "resources: [c.yaml]\n", "third", "ks.yaml"),
    ];
    for (cluster, kustomization, wanted, from) in cases {
        let files = [
            ("ks.yaml", ks.as_str()),
            ("db/kustomization.yaml", kustomization),
            ("db/c.yaml", cluster),
        ];
        with_layout(&files, |layout| {
            let [site] = layout.clusters().try_into().ok().unwrap();
            assert_eq!(site.namespace, Some(Fact::new(wanted, Path::new(from))));
        });
    }
}

#[test]
fn a_patch_of_a_cluster_is_no_cluster() {
    let patch = CLUSTER.replace("{instances: 1}", "{managed: {roles: []}}");
    let files = [
        ("db/kustomization.yaml", "resources: [c.yaml]\npatches: [{path: p.yaml}]\n"),
        ("db/c.yaml", CLUSTER),
        ("db/p.yaml", &patch),
    ];
    with_layout(&files, |layout| {
        assert_eq!(layout.clusters().len(), 1);
        let site = layout.clusters().remove(0);
        assert_eq!(layout.role_list(&site).file, Path::new("db/p.yaml"));
    });
}

#[test]
fn kustomize_files_that_list_each_other_end() {
    let ks = flux("a", "./a", "");
    let files = [
        ("ks.yaml", ks.as_str()),
        ("a/kustomization.yaml", "resources: [../b, secret.yaml]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
        ("a/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"),
    ];
    with_layout(&files, |layout| {
        let [app] = layout.apps().try_into().ok().unwrap();
        assert_eq!(layout.secrets_of(&app).len(), 1);
    });
}

#[test]
fn a_file_that_is_no_document_is_left_out_and_remembered() {
    let files = [("c.yaml", CLUSTER), ("bad.yaml", "apiVersion: postgresql.cnpg.io/v1\n\t- x\n")];
    with_layout(&files, |layout| {
        assert_eq!(layout.clusters().len(), 1);
        assert_eq!(layout.unreadable().len(), 1);
    });
}

#[test]
fn workloads_with_an_image_of_postgresql_are_found() {
    let workload = |kind: &str, image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{c: [{image}]}}\n"
        )
    };
    let cases = [
        (workload("StatefulSet", "{image: 'postgres:16'}"), 1),
        (workload("HelmRelease", "{image: {repository: docker.io/bitnami/postgresql}}"), 1),
        (workload("Deployment", "{image: 'quay.io/postgres/exporter:1'}"), 0),
        (workload("Service", "{image: 'postgres:16'}"), 0),
    ];
    for (text, count) in cases {
        with_layout(&[("x.yaml", &text)], |layout| {
            assert_eq!(layout.other_servers().len(), count, "{text}");
        });
    }
}

#[test]
fn the_configuration_nearest_to_a_file_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    for path in [".sops.yaml", "a/.sops.yaml"] {
        std::fs::create_dir_all(directory.path().join("a/b")).unwrap();
        std::fs::write(directory.path().join(path), "creation_rules: []\n").unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    let found = |path: &str| configuration(&snapshot, Path::new(path)).unwrap().unwrap().file;
    assert_eq!(found("a/b/secret.yaml"), Path::new("a/.sops.yaml"));
    assert_eq!(found("b/secret.yaml"), Path::new(".sops.yaml"));
}

#[test]
fn a_component_that_only_watches_a_server_is_no_database_component() {
    let component = "kind: Component\nresources: [./it.yaml]\n";
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: \"${APP}\"}\n\
                  spec: {metrics: [{external: {metric: {name: postgres_probe}}}]}\n";
    let credentials = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: \"${APP}\"}\n\
                       spec: {data: [{remoteRef: {key: postgres}}]}\n";
    let file = "components/pg/kustomization.yaml";
    with_layout(&[(file, component), ("components/pg/it.yaml", scaler)], |layout| {
        assert_eq!(layout.database_component(), None);
    });
    with_layout(&[(file, component), ("components/pg/it.yaml", credentials)], |layout| {
        assert_eq!(layout.database_component(), Some(Path::new(file)));
    });
}

#[test]
fn of_the_variants_of_a_cluster_the_one_that_flux_applies_counts() {
    let ks = flux("db", "./db/app-${RECOVERS:=false}", "");
    let list = "resources: [./cluster.yaml]\n";
    let mut files = vec![
        ("db/app-false/kustomization.yaml", list),
        ("db/app-false/cluster.yaml", CLUSTER),
        ("db/app-true/kustomization.yaml", list),
        ("db/app-true/cluster.yaml", CLUSTER),
    ];
    let found = |files: &[(&str, &str)]| {
        let mut found = Vec::new();
        with_layout(files, |layout| {
            found.extend(layout.clusters().iter().map(|site| site.file.to_owned()));
        });
        found
    };
    let all = ["db/app-false/cluster.yaml", "db/app-true/cluster.yaml"].map(PathBuf::from);
    assert_eq!(found(&files), all, "nothing applies any of them");
    files.push(("ks.yaml", &ks));
    assert_eq!(found(&files), all[..1]);
}
