//! `keywright.yaml`: it overrules inference, flags overrule it, and written by `layout` it changes nothing.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};
use super::{Options, Outcome, Password, six};
use crate::secret::Secret;

fn with_settings(text: &str) -> Files {
    let mut files = sample();
    files.insert("keywright.yaml".to_owned(), text.to_owned());
    files
}

fn fact(outcome: &Outcome, what: &str) -> (String, Vec<String>) {
    let fact = outcome.facts.iter().find(|fact| fact.what == what).unwrap();
    let evidence = fact.evidence.iter().map(|file| file.display().to_string()).collect();
    (fact.value.clone(), evidence)
}

#[test]
fn settings_overrule_what_the_repository_shows() {
    let repository = Repository::of(with_settings(&format!(
        "layout:\n  role_secret:\n    name: pg-{{app}}\n    file: {POSTGRES}/roles/{{app_}}.yaml\n  database:\n    \
         file: {POSTGRES}/db/{{app}}.yaml\n  namespaces: omitted\n  url:\n    key: PG_URL\n    \
         form: postgresql://{{role}}:{{password}}@{{cluster}}-rw.{{namespace}}/{{database}}?sslmode=require\n"
    )));
    let outcome = repository.provision("grafana").unwrap();
    let changed = repository.changed(&outcome);
    let own =
        ["roles/grafana.yaml", "kustomization.yaml", "postgres-cluster.yaml", "db/grafana.yaml"];
    let own = own.map(|name| format!("{POSTGRES}/{name}"));
    assert_eq!(changed[..4], own);
    for (what, value) in [
        ("Secret of a role", "pg-{app}"),
        ("file of a role's Secret", "roles/{app_}.yaml"),
        ("URL key", "PG_URL"),
    ] {
        let wanted = if what.starts_with("file") { "{app_}.yaml" } else { value };
        let (found, evidence) = fact(&outcome, what);
        assert_eq!(
            (found.as_str(), evidence),
            (wanted, vec!["keywright.yaml".to_owned()]),
            "{what}"
        );
    }
    repository.apply(&outcome);
    let secret = repository.plain(&changed[0]);
    assert!(secret.contains("  name: pg-grafana\n  labels:"), "{secret}");
    assert!(!repository.text(&changed[3]).contains("namespace"));
    let list = repository.text(&changed[1]);
    assert!(
        list.contains("- roles/grafana.yaml\n") && list.contains("- db/grafana.yaml\n"),
        "{list}"
    );
    let url = repository.plain(&six()[4]);
    let wanted = "PG_URL: postgresql://grafana:FIXEDpassword0123456789@postgres-apps-rw.apps/grafana?sslmode=require";
    assert!(url.contains(wanted), "{url}");
    assert!(repository.provision("grafana").unwrap().plan.is_empty());
}

#[test]
fn a_flag_goes_before_a_setting() {
    let repository = Repository::of(with_settings(
        "layout: {cluster: postgres-apps, identifiers: hyphen, strategy: database-role, url: {key: PG_URL}}\n",
    ));
    let password = || Password::Generated(Secret::from("x".to_owned()));
    let outcome = repository.request("shared-redis", password()).unwrap();
    assert_eq!(fact(&outcome, "role").0, "shared-redis");
    assert_eq!(
        fact(&outcome, "strategy"),
        ("database-role".to_owned(), vec!["keywright.yaml".to_owned()])
    );
    let options = Options {
        role: Some("redis".to_owned()),
        strategy: Some(crate::layout::StrategyKind::ManagedRole),
        url_key: Some("URL".to_owned()),
        ..Options::default()
    };
    let outcome = repository.with_options("shared-redis", password(), options).unwrap();
    assert_eq!(fact(&outcome, "role").0, "redis");
    assert_eq!(fact(&outcome, "strategy"), ("managed-role".to_owned(), Vec::new()));
    assert_eq!(fact(&outcome, "URL key").0, "URL");
}

#[test]
fn the_cluster_and_the_places_of_apps_can_be_set() {
    let mut files =
        with_settings(&format!("layout: {{cluster: apps/postgres-apps, apps: [{APPS}]}}\n"));
    let second = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: b}\n";
    files.insert("z/second.yaml".to_owned(), second.to_owned());
    let ks = files[&format!("{APPS}/grafana/ks.yaml")].replace("./nerv/main/cluster/apps", "./z");
    files.insert("z/ks.yaml".to_owned(), ks);
    files.insert("z/grafana/app/kustomization.yaml".to_owned(), "resources: []\n".to_owned());
    let (_, changed) = Repository::provisioned(files.clone());
    assert_eq!(changed, six());
    files.insert("keywright.yaml".to_owned(), "layout: {cluster: other}\n".to_owned());
    let refusal = Repository::of(files).refusal("grafana");
    assert_eq!(refusal, "there is no Cluster `other`; found: postgres-apps, b");
}

#[test]
fn a_setting_that_cannot_be_used_is_refused_with_its_place() {
    let refusal = Repository::of(with_settings("layout:\n  url:\n    key: 5\n")).refusal("grafana");
    assert_eq!(refusal, "keywright.yaml:3:10: `layout.url.key` must be a key of a Secret");
}

#[test]
fn what_layout_writes_changes_nothing_and_is_complete() {
    let plain = Repository::of(sample());
    let before = plain.provision("grafana").unwrap();
    let settings = plain.settings();
    let text = settings.as_deref().expect("written");
    assert!(
        text.starts_with("layout:\n  cluster: apps/postgres-apps\n  strategy: managed-role\n"),
        "{text}"
    );
    let with = Repository::of(with_settings(text));
    let after = with.provision("grafana").unwrap();
    assert_eq!(with.changed(&after), plain.changed(&before));
    for (one, other) in before.plan.changes().iter().zip(after.plan.changes()) {
        let is_secret = one.path.to_string_lossy().ends_with("secret.yaml");
        assert!(is_secret || one.new == other.new, "{}", one.path.display());
    }
    assert_eq!(with.settings(), None, "nothing is missing");
}

#[test]
fn an_existing_file_gets_what_it_lacks_and_keeps_the_rest() {
    let text =
        "# ours\nlayout:\n    url:\n        key: PG_URL # as everywhere\n    identifiers: hyphen\n";
    let completed = Repository::of(with_settings(text)).settings().unwrap();
    for line in text.lines() {
        assert!(completed.lines().any(|other| other == line), "{line}\n{completed}");
    }
    assert!(
        completed.contains("        form: postgres://{role}")
            && !completed.contains("DATABASE_URL")
    );
    assert!(completed.contains("    cluster: apps/postgres-apps\n"), "{completed}");
    assert_eq!(Repository::of(with_settings(&completed)).settings(), None);
    let empty = Repository::of(with_settings("# nothing yet\n")).settings().unwrap();
    assert!(
        empty.starts_with("# nothing yet\n") && empty.contains("\nlayout:\n  cluster: "),
        "{empty}"
    );
    assert_eq!(Repository::of(with_settings(&empty)).settings(), None);
}
