//! The places that use a role, however the connection is written.

use super::fixture::{APPS, Repository, sample};

/// What uses the role of miniflux, if its Secret has these lines instead of its URL.
fn uses(lines: &str) -> (Vec<String>, Vec<String>) {
    let mut files = sample();
    let secret = files.get_mut(&format!("{APPS}/miniflux/app/secret.yaml")).unwrap();
    let url = secret.lines().find(|line| line.contains("DATABASE_URL: ")).unwrap().to_owned();
    *secret = secret.replace(&url, lines.trim_end_matches('\n'));
    let repository = Repository::of(files);
    let mut findings = repository.findings();
    findings.retain(|one| ["password-differs", "url-"].iter().any(|rule| one.contains(rule)));
    (repository.uses("miniflux"), findings)
}

const HOST: &str = "postgres-apps-rw.apps.svc";

/// The password of miniflux, raw and in a URL.
const RAW: &str = "TESTonly+mini/flux=8r:T@1";
const ENCODED: &str = "TESTonly%2Bmini%2Fflux%3D8r%3AT%401";

/// Spellings of a connection to a database, with a password as it is and encoded.
fn spellings(database: &str, raw: &str, encoded: &str) -> Vec<String> {
    let pgpass = raw.replace(':', "\\:");
    vec![
        format!("  A: jdbc:postgresql://{HOST}:5432/{database}?user=miniflux&password={encoded}\n"),
        format!("  A: postgresql:///{database}?host={HOST}&user=miniflux&password={encoded}\n"),
        format!("  A: \"host={HOST} dbname={database} user=miniflux password='{raw}'\"\n"),
        format!("  A: '{HOST}:5432:{database}:miniflux:{pgpass}'\n"),
        format!(
            "  A: |\n    DEBUG=1\n    DB=postgres://miniflux:{encoded}@{HOST}/{database}\n    X=y\n"
        ),
        format!(
            "  A: |\n    db:\n      url: \"postgres://miniflux:{encoded}@{HOST}/{database}\"\n"
        ),
    ]
}

#[test]
fn every_spelling_is_compared() {
    for lines in spellings("miniflux", RAW, ENCODED) {
        assert_eq!(uses(&lines), (vec!["A url Some(true)".into()], vec![]), "{lines}");
    }
    for lines in spellings("miniflux", "another1", "another1") {
        let finding = "error password-differs: the password in `A` is not that of the role";
        assert_eq!(
            uses(&lines),
            (vec!["A url Some(false)".into()], vec![finding.into()]),
            "{lines}"
        );
    }
    for lines in spellings("other", RAW, ENCODED) {
        let finding = "warning url-database: `A` leads to the database `other`, declared nowhere";
        assert_eq!(uses(&lines).1, [finding], "{lines}");
    }
    for lines in spellings("miniflux", RAW, ENCODED) {
        let finding = "warning url-host: `A` leads to a host that is no Service of the Cluster";
        assert_eq!(uses(&lines.replace(HOST, "elsewhere")).1, [finding], "{lines}");
    }
}

#[test]
fn credentials_beside_a_url_belong_to_it() {
    let keys = |url: &str, user: &str, password: &str, is: &str| {
        format!(
            "  {url}: jdbc:postgresql://{HOST}/miniflux\n  {user}: miniflux\n  {password}: '{is}'\n"
        )
    };
    for (url, user, password) in [
        ("SPRING_DATASOURCE_URL", "SPRING_DATASOURCE_USERNAME", "SPRING_DATASOURCE_PASSWORD"),
        ("JDBC_URL", "DB_USER", "DB_PASS"),
        ("url", "username", "password"),
    ] {
        let wanted = |equal: &str| {
            vec![format!("{url} url None"), format!("{password} password Some({equal})")]
        };
        assert_eq!(uses(&keys(url, user, password, RAW)), (wanted("true"), vec![]));
        let finding =
            format!("error password-differs: the password in `{password}` is not that of the role");
        let found = uses(&keys(url, user, password, "another1"));
        assert_eq!(found, (wanted("false"), vec![finding]));
    }
    let (found, _) = uses(&keys("A_URL", "MAIL_USER", "MAIL_PASS", "another1"));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_password_in_a_longer_text_is_found_as_rotation_finds_it() {
    let lines = format!("  CONFIG: |\n    [database]\n    secret = \"{RAW}\"\n");
    assert_eq!(uses(&lines).0, ["CONFIG password Some(true)"]);
    assert!(uses(&lines.replace(RAW, "another1")).0.is_empty());
    let any = format!("  PGPASS: '*:*:*:miniflux:{}'\n", RAW.replace(':', "\\:"));
    assert_eq!(uses(&any).0, ["PGPASS password Some(true)"]);
}

#[test]
fn a_pooler_leads_to_its_cluster() {
    let pooler = |cluster: &str| {
        let mut files = sample();
        let object = format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {{name: pool}}\nspec: {{cluster: {{name: {cluster}}}}}\n"
        );
        files.insert("pooler.yaml".to_owned(), object);
        let secret = files.get_mut(&format!("{APPS}/miniflux/app/secret.yaml")).unwrap();
        *secret = secret.replace("@postgres-apps-rw.", "@pool.").replace(ENCODED, "another1");
        Repository::of(files).uses("miniflux")
    };
    assert_eq!(pooler("postgres-apps"), ["DATABASE_URL url Some(false)"]);
    assert!(pooler("another").is_empty());
}
