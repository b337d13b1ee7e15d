//! Apps with several databases, with other names than their own, and beside their `ks.yaml`.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};
use super::{Options, Password, six};
use crate::secret::Secret;

fn password() -> Password {
    Password::Generated(Secret::from("FIXEDpassword0123456789".to_owned()))
}

fn database(name: &str) -> Options {
    Options { database: Some(name.to_owned()), ..Options::default() }
}

#[test]
fn an_app_gets_a_second_database_with_a_url_of_its_own() {
    let (repository, _) = Repository::provisioned(sample());
    let second = || Options { url_key: Some("REPORTS_URL".to_owned()), ..database("reports_db") };
    let outcome = repository.with_options("grafana", password(), second()).unwrap();
    let databases = format!("{POSTGRES}/databases.yaml");
    let secret = format!("{APPS}/grafana/app/secret.yaml");
    assert_eq!(repository.changed(&outcome), [databases.as_str(), secret.as_str()]);
    repository.apply(&outcome);
    let added = "metadata:\n  name: reports-db\n  namespace: apps\nspec:\n  cluster:\n    name: postgres-apps\n  \
                 name: reports_db\n  owner: grafana\n";
    assert!(repository.text(&databases).ends_with(added));
    let plain = repository.plain(&secret);
    for (key, name) in [("DATABASE_URL", "grafana"), ("REPORTS_URL", "reports_db")] {
        let url = format!(
            "{key}: postgres://grafana:FIXEDpassword0123456789@postgres-apps-rw.apps.svc.cluster.local:5432/{name}\n"
        );
        assert!(plain.contains(&url), "{plain}");
    }
    for options in [second(), Options::default(), database("grafana"), database("reports_db")] {
        let again = repository.with_options("grafana", password(), options).unwrap();
        assert!(again.plan.is_empty(), "{:?}", repository.changed(&again));
    }
    // Without a key of its own it would take the place of the first one.
    let taken = repository.with_options("grafana", password(), database("third")).err().unwrap();
    let reason = "`DATABASE_URL` is the URL of another database of the app";
    assert_eq!(taken.to_string(), format!("{secret}: {reason}"));
}

#[test]
fn a_database_of_another_name_is_found_again_without_being_named() {
    let repository = Repository::of(sample());
    let outcome = repository.with_options("grafana", password(), database("boards")).unwrap();
    assert_eq!(repository.changed(&outcome), six());
    repository.apply(&outcome);
    assert!(repository.text(&six()[3]).ends_with("  name: boards\n  owner: grafana\n"));
    for options in [Options::default(), database("boards")] {
        let again = repository.with_options("grafana", password(), options).unwrap();
        assert!(again.plan.is_empty() && again.notes.is_empty(), "{:?}", again.notes);
    }
}

#[test]
fn manifests_beside_their_ks_yaml_are_an_app() {
    let mut files = Files::new();
    for (path, text) in sample() {
        let text = text.replace("cluster/apps/grafana/app", "cluster/apps/grafana");
        files.insert(path.replace("/grafana/app/", "/grafana/"), text);
    }
    let (repository, changed) = Repository::provisioned(files);
    assert_eq!(changed[..4], six()[..4]);
    let own = ["secret.yaml", "ks.yaml"].map(|name| format!("{APPS}/grafana/{name}"));
    assert_eq!(changed[4..], own);
    assert!(repository.text(&own[1]).ends_with("  dependsOn:\n    - name: shared-postgres\n"));
}
