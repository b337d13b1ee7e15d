//! The same layout with other names, places and styles.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample, with};
use super::six;

/// The sample with every path and text run through a replacement.
fn replaced(pairs: &[(&str, &str)]) -> Files {
    let change = |text: &str| pairs.iter().fold(text.to_owned(), |text, (a, b)| text.replace(a, b));
    sample().iter().map(|(path, text)| (change(path), change(text))).collect()
}

#[test]
fn other_folders_and_names_are_followed() {
    let pairs = [
        ("nerv/main/cluster", "kubernetes/prod"),
        ("nerv/.sops.yaml", "kubernetes/.sops.yaml"),
        ("postgres-apps", "pg17"),
        ("-user-secret.yaml", ".role.yaml"),
        ("-user", "-credentials"),
        ("postgres-cluster.yaml", "the-cluster.yml"),
        ("databases.yaml", "dbs.yaml"),
    ];
    let (repository, changed) = Repository::provisioned(replaced(&pairs));
    let postgres = "kubernetes/prod/apps/shared/postgres/app";
    assert_eq!(
        changed,
        [
            &format!("{postgres}/postgres-grafana.role.yaml"),
            &format!("{postgres}/kustomization.yaml"),
            &format!("{postgres}/the-cluster.yml"),
            &format!("{postgres}/dbs.yaml"),
            "kubernetes/prod/apps/grafana/app/secret.yaml",
            "kubernetes/prod/apps/grafana/ks.yaml",
        ]
    );
    let role_secret = repository.plain(&changed[0]);
    assert!(role_secret.contains("name: postgres-grafana-credentials\n"), "{role_secret}");
    assert!(repository.plain(&changed[4]).contains("@pg17-rw.apps.svc.cluster.local:5432/"));
}

#[test]
fn a_cluster_in_a_namespace_of_its_own_is_reached_by_its_full_name() {
    let files = sample().into_iter().map(|(path, text)| {
        let text = match path.contains("shared/postgres") {
            true => text.replace("namespace: apps", "namespace: database"),
            false => text.replace(".apps.svc", ".database.svc"),
        };
        (path, text.replace("targetNamespace: apps", "targetNamespace: workloads"))
    });
    let (repository, changed) = Repository::provisioned(files.collect());
    assert_eq!(changed, six());
    assert!(repository.plain(&six()[0]).contains("  namespace: database\n"));
    let url = "@postgres-apps-rw.database.svc.cluster.local:5432/grafana";
    assert!(repository.plain(&six()[4]).contains(url));
}

#[test]
fn a_service_without_namespace_gets_one_where_it_needs_it() {
    let short = |text: &str| text.replace("-rw.apps.svc.cluster.local:5432", "-rw");
    let files: Files = sample().into_iter().map(|(path, text)| (path, short(&text))).collect();
    let (repository, _) = Repository::provisioned(files.clone());
    assert!(repository.plain(&six()[4]).contains("@postgres-apps-rw/grafana"));

    let mut files = files;
    let ks = format!("{APPS}/grafana/ks.yaml");
    let text = files[&ks].replace("targetNamespace: apps", "targetNamespace: monitoring");
    files.insert(ks, text);
    let (repository, _) = Repository::provisioned(files);
    assert!(repository.plain(&six()[4]).contains("@postgres-apps-rw.apps/grafana"));
}

#[test]
fn the_namespace_is_left_to_flux_where_it_was_left_to_flux() {
    let without = |text: &str| text.replace("\n  namespace: apps\n", "\n");
    let files = sample().into_iter().map(|(path, text)| (path, without(&text)));
    let (repository, _) = Repository::provisioned(files.collect());
    assert!(!repository.plain(&six()[0]).contains("namespace"));
    assert!(!repository.text(&six()[3]).contains("namespace"));
    assert!(repository.plain(&six()[4]).contains("@postgres-apps-rw.apps.svc.cluster.local:5432/"));
}

#[test]
fn the_namespace_of_the_kustomize_file_counts() {
    let mut files = sample();
    for (path, text) in &mut files {
        if path.contains("shared/postgres") {
            *text = text
                .replace("\n  namespace: apps\n", "\n")
                .replace("  targetNamespace: apps\n", "");
        }
    }
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let text = files[&kustomization].replace("resources:", "namespace: apps\nresources:");
    files.insert(kustomization, text);
    let (repository, _) = Repository::provisioned(files);
    assert!(repository.plain(&six()[4]).contains("@postgres-apps-rw.apps.svc.cluster.local:5432/"));
}

#[test]
fn the_key_that_all_siblings_use_is_used() {
    let secret = format!("{APPS}/pocket-id/app/secret.yaml");
    let files = with(&secret, |text| text.replace("DB_CONNECTION_STRING", "PG_DSN"));
    let mut files = files;
    let other = format!("{APPS}/miniflux/app/secret.yaml");
    let text =
        files[&other].replace("DATABASE_URL", "PG_DSN").replace("postgres://", "postgresql://");
    files.insert(other, text);
    let text = files[&secret].replace("postgres://", "postgresql://");
    files.insert(secret, text);
    let (repository, _) = Repository::provisioned(files);
    let plain = repository.plain(&six()[4]);
    assert!(plain.contains("PG_DSN: ") && plain.contains("postgresql://grafana:"), "{plain}");
    assert!(!plain.contains("sslmode"), "options are not copied");
}

#[test]
fn roles_in_braces_get_one_in_braces() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let files = with(&cluster, |text| {
        let start = text.find("    roles:\n").unwrap();
        let end = text.find("  # Scraped").unwrap();
        let role = "{name: miniflux, login: true, passwordSecret: {name: postgres-miniflux-user}}";
        format!("{}    roles: [{role}]\n{}", &text[..start], &text[end..])
    });
    let (repository, _) = Repository::provisioned(files);
    let wanted = "postgres-miniflux-user}}, {name: grafana, ensure: present, login: true, \
                  superuser: false, passwordSecret: {name: postgres-grafana-user}}]\n";
    assert!(repository.text(&cluster).contains(wanted));
}

#[test]
fn a_cluster_without_roles_gets_the_first_one() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    for managed in ["", "  managed:\n", "  managed: {}\n", "  managed:\n    roles: []\n"] {
        let files = with(&cluster, |text| {
            let start = text.find("  managed:\n").unwrap();
            let end = text.find("  # Scraped").unwrap();
            format!("{}{managed}{}", &text[..start], &text[end..])
        });
        let (repository, changed) = Repository::provisioned(files);
        assert!(
            repository.text(&cluster).contains("    roles:\n      - name: grafana\n"),
            "{managed}"
        );
        let name = changed[0].rsplit('/').next().unwrap();
        assert_eq!(name, "postgres-grafana-user-secret.yaml");
    }
}

#[test]
fn other_indentation_and_line_breaks_are_kept() {
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let files = with(&cluster, |text| {
        let (before, managed) = text.split_once("    roles:\n").unwrap();
        let (roles, after) = managed.split_once("  # Scraped").unwrap();
        let shallow = roles.replace("\n  ", "\n").replacen("      #", "    #", 1);
        format!("{before}    roles:\n{shallow}  # Scraped{after}")
    });
    let (repository, _) = Repository::provisioned(files);
    assert!(repository.text(&cluster).contains("\n    - name: grafana\n      ensure: present\n"));

    let ks = format!("{APPS}/grafana/ks.yaml");
    let wide = |text: &str| {
        text.replace("  ", "    ").replace("spec:\n", "spec:\n    components:\n    - ./x\n")
    };
    let (repository, _) = Repository::provisioned(with(&ks, wide));
    assert!(repository.text(&ks).ends_with("    dependsOn:\n    - name: shared-postgres\n"));

    let crlf = sample().into_iter().map(|(path, text)| (path, text.replace('\n', "\r\n")));
    let (repository, changed) = Repository::provisioned(crlf.collect());
    for path in changed {
        let text = repository.text(&path);
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{path}");
    }
}

#[test]
fn a_sorted_list_of_resources_stays_sorted() {
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let files = with(&kustomization, |_| {
        "resources:\n  - databases.yaml\n  - postgres-cluster.yaml\n  - postgres-miniflux-user-secret.yaml\n  \
         - postgres-paperless-user-secret.yaml\n  - postgres-pocket-id-user-secret.yaml\n"
            .to_owned()
    });
    let (repository, _) = Repository::provisioned(files);
    let wanted =
        "  - postgres-cluster.yaml\n  - postgres-grafana-user-secret.yaml\n  - postgres-miniflux";
    assert!(repository.text(&kustomization).contains(wanted));
}

#[test]
fn role_secrets_in_a_folder_of_their_own_stay_there() {
    let mut files = Files::new();
    for (path, text) in sample() {
        let path = match path.contains("-user-secret.yaml") {
            true => path.replace("/postgres-", "/roles/postgres-"),
            false => path,
        };
        files.insert(path, text);
    }
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    files.insert(
        kustomization,
        "resources: [postgres-cluster.yaml, roles, databases.yaml]\n".to_owned(),
    );
    files.insert(
        format!("{POSTGRES}/roles/kustomization.yaml"),
        "resources:\n- postgres-miniflux-user-secret.yaml\n- postgres-paperless-user-secret.yaml\n\
         - postgres-pocket-id-user-secret.yaml\n"
            .to_owned(),
    );
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed[0], format!("{POSTGRES}/roles/postgres-grafana-user-secret.yaml"));
    assert_eq!(changed[1], format!("{POSTGRES}/roles/kustomization.yaml"));
    assert!(
        repository
            .text(&changed[1])
            .starts_with("resources:\n- postgres-grafana-user-secret.yaml\n")
    );
}

/// The documents of `databases.yaml`.
fn documents() -> Vec<String> {
    let databases = &sample()[&format!("{POSTGRES}/databases.yaml")];
    databases.split("---\n").skip(1).map(str::to_owned).collect()
}

#[test]
fn among_several_files_the_fullest_gets_the_database() {
    let mut files = sample();
    let [first, second, third] = documents().try_into().unwrap();
    files.insert(format!("{POSTGRES}/databases.yaml"), format!("{first}---\n{third}"));
    files.insert(format!("{POSTGRES}/more.yaml"), second);
    files.get_mut(&format!("{POSTGRES}/kustomization.yaml")).unwrap().push_str("  - more.yaml\n");
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed, six());
    assert!(repository.text(&changed[3]).ends_with("  owner: grafana\n"));
}

#[test]
fn one_file_for_each_database_is_followed() {
    let mut files = sample();
    files.remove(&format!("{POSTGRES}/databases.yaml"));
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let mut list = files[&kustomization].replace("  - databases.yaml\n", "");
    for (app, document) in ["pocket-id", "miniflux", "paperless"].iter().zip(documents()) {
        files.insert(format!("{POSTGRES}/db/{app}.yaml"), document);
        list.push_str(&format!("  - db/{app}.yaml\n"));
    }
    files.insert(kustomization.clone(), list);
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed.len(), 6);
    let database = format!("{POSTGRES}/db/grafana.yaml");
    assert!(changed.contains(&database), "{changed:?}");
    assert!(
        repository
            .text(&database)
            .starts_with("apiVersion: postgresql.cnpg.io/v1\nkind: Database\n")
    );
    assert!(
        repository.text(&kustomization).ends_with("  - db/paperless.yaml\n  - db/grafana.yaml\n")
    );
}

#[test]
fn the_first_database_gets_a_file_beside_the_cluster() {
    let mut files = sample();
    files.remove(&format!("{POSTGRES}/databases.yaml"));
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let list = files[&kustomization].replace("  - databases.yaml\n", "");
    files.insert(kustomization.clone(), list);
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed.len(), 6);
    assert!(repository.text(&format!("{POSTGRES}/databases.yaml")).starts_with("---\napiVersion"));
    assert!(
        repository
            .text(&kustomization)
            .ends_with("  - postgres-cluster.yaml\n  - databases.yaml\n")
    );
}

#[test]
fn databases_behind_their_cluster_are_edited_in_one_file() {
    let mut files = sample();
    let databases = files.remove(&format!("{POSTGRES}/databases.yaml")).unwrap();
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    files.get_mut(&cluster).unwrap().push_str(&databases);
    let kustomization = format!("{POSTGRES}/kustomization.yaml");
    let list = files[&kustomization].replace("  - databases.yaml\n", "");
    files.insert(kustomization, list);
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed.len(), 5);
    let text = repository.text(&cluster);
    assert!(text.contains("      - name: grafana\n") && text.ends_with("  owner: grafana\n"));
}

#[test]
fn hyphens_are_kept_where_roles_have_them() {
    let files = replaced(&[("pocket_id", "pocket-id"), ("grafana", "my-grafana")]);
    let (repository, changed) = {
        let repository = Repository::of(files);
        let outcome = repository.provision("my-grafana").unwrap();
        repository.apply(&outcome);
        let changed = repository.changed(&outcome);
        (repository, changed)
    };
    assert!(repository.plain(&changed[0]).contains("  username: my-grafana\n"));
    assert!(repository.text(&changed[3]).contains("  owner: my-grafana\n"));
}

#[test]
fn a_kustomization_in_another_namespace_is_named_with_it() {
    let ks = format!("{APPS}/shared/postgres/ks.yaml");
    let files = with(&ks, |text| text.replace("namespace: flux-system", "namespace: infra"));
    let (repository, _) = Repository::provisioned(files);
    let wanted = "  dependsOn:\n    - name: shared-postgres\n      namespace: infra\n";
    assert!(repository.text(&six()[5]).ends_with(wanted));
}

#[test]
fn an_app_without_a_kustomize_file_is_what_is_below_its_path() {
    let mut files = sample();
    files.remove(&format!("{APPS}/grafana/app/kustomization.yaml")).unwrap();
    let (_, changed) = Repository::provisioned(files);
    assert_eq!(changed, six());
}

#[test]
fn an_app_without_a_flux_kustomization_of_its_own_waits_for_nothing() {
    let mut files = Files::new();
    for (path, text) in sample() {
        files.insert(path.replace("/grafana/app/", "/grafana/"), text);
    }
    files.remove(&format!("{APPS}/grafana/ks.yaml")).unwrap();
    let (repository, changed) = Repository::provisioned(files);
    let secret = format!("{APPS}/grafana/secret.yaml");
    assert_eq!(changed[..4], six()[..4]);
    assert_eq!(changed[4..], [secret.as_str()]);
    assert!(repository.plain(&secret).contains("DATABASE_URL: "));
}

#[test]
fn a_database_that_stands_with_another_app_shows_no_place_for_the_next_one() {
    let mut files = sample();
    let text = files.remove(&format!("{POSTGRES}/databases.yaml")).unwrap();
    let document = text.split("---\n").find(|one| one.contains("name: miniflux\n")).unwrap();
    files.insert("other/miniflux/app/database.yaml".to_owned(), document.to_owned());
    let list = "resources: [./database.yaml]\n".to_owned();
    files.insert("other/miniflux/app/kustomization.yaml".to_owned(), list);
    let own = files.get_mut(&format!("{POSTGRES}/kustomization.yaml")).unwrap();
    *own = own.replace("  - databases.yaml\n", "");
    let (repository, changed) = Repository::provisioned(files);
    assert!(changed.contains(&format!("{POSTGRES}/databases.yaml")), "{changed:?}");
    let list = repository.text(&format!("{POSTGRES}/kustomization.yaml"));
    assert!(list.contains("databases.yaml\n"), "{list}");
}
