//! What the file may say, and what it may not.

use super::*;

fn parse(text: &str) -> Result<Settings, String> {
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    Settings::parse(&document).map_err(|error| error.to_string())
}

/// Why a file is refused.
fn refusal(text: &str) -> String {
    parse(text).err().unwrap_or_else(|| panic!("accepted: {text}"))
}

#[test]
fn every_field_is_read() {
    let settings = parse(
        "layout:\n  apps: [./kubernetes/apps/]\n  cluster: databases/postgres\n  strategy: database-role\n  \
         role_secret:\n    name: pg-{app}\n    file: db/{app_}.sops.yaml\n  database: {file: db/all.yml}\n  \
         database_role: {file: 'db/{app}/role.yaml'}\n  identifiers: hyphen\n  namespaces: omitted\n  url:\n    \
         key: PG_URL\n    form: postgres://{role}:{password}@{cluster}-rw/{database}\n",
    )
    .unwrap();
    assert_eq!(settings.apps, [Path::new("kubernetes/apps")]);
    assert_eq!(settings.cluster.as_deref(), Some("databases/postgres"));
    assert_eq!(settings.strategy, Some(StrategyKind::DatabaseRole));
    let texts = [
        (&settings.role_secret_name, "pg-{app}"),
        (&settings.role_secret_file, "db/{app_}.sops.yaml"),
        (&settings.database_file, "db/all.yml"),
        (&settings.database_role_file, "db/{app}/role.yaml"),
    ];
    for (found, wanted) in texts {
        assert_eq!(found.as_ref().map(Template::as_str), Some(wanted));
    }
    assert_eq!(settings.identifiers, Some(Identifiers::Hyphen));
    assert_eq!(settings.with_namespace, Some(false));
    assert_eq!(settings.url_key.as_deref(), Some("PG_URL"));
    assert_eq!(settings.url_form.map(|form| form.host), Some(super::super::Host::Service));
}

#[test]
fn what_is_left_open_is_inferred() {
    for text in ["", "# nothing\n", "layout:\n", "layout: {}\n", "layout: {url: , cluster: null}\n"]
    {
        let settings = parse(text).unwrap();
        assert!(settings.cluster.is_none() && settings.url_key.is_none(), "{text}");
    }
}

#[test]
fn an_unknown_field_is_refused_with_its_place_and_the_nearest_one() {
    let cases = [
        ("layuot: {}\n", "1:1: there is no setting `layuot`", Some("layout")),
        ("layout:\n  clustr: pg\n", "2:3: there is no setting `layout.clustr`", Some("cluster")),
        ("layout:\n  url: {kee: A}\n", "2:9: there is no setting `layout.url.kee`", Some("key")),
        ("layout: {xyz: 1}\n", "1:10: there is no setting `layout.xyz`", None),
    ];
    for (text, wanted, near) in cases {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let error = Settings::parse(&document).err().expect("refused");
        assert_eq!(error.to_string(), wanted);
        let settings::Error::Unknown { nearest, .. } = error else { panic!("{wanted}") };
        assert_eq!(nearest.as_deref(), near, "{text}");
    }
}

#[test]
fn a_value_that_a_field_cannot_have_is_refused_with_its_place() {
    let cases = [
        ("[a]\n", "1:1: `keywright.yaml` must be a mapping"),
        ("layout: {}\n---\nlayout: {}\n", "3:1: `keywright.yaml` must be a single document"),
        ("layout: pg\n", "1:9: `layout` must be a mapping"),
        ("layout:\n  url: A\n", "2:8: `layout.url` must be a mapping"),
        ("layout: {cluster: 5}\n", "1:19: `layout.cluster` must be [NAMESPACE/]NAME of a Cluster"),
        (
            "layout: {cluster: a/b/c}\n",
            "1:19: `layout.cluster` must be [NAMESPACE/]NAME of a Cluster",
        ),
        (
            "layout: {apps: apps}\n",
            "1:16: `layout.apps` must be a list of directories, from the root",
        ),
        (
            "layout: {apps: [../x]}\n",
            "1:17: `layout.apps` must be a list of directories, from the root",
        ),
        (
            "layout: {strategy: roles}\n",
            "1:20: `layout.strategy` must be `managed-role`, `database-role` or `component`",
        ),
        (
            "layout: {identifiers: _}\n",
            "1:23: `layout.identifiers` must be `underscore` or `hyphen`",
        ),
        (
            "layout: {namespaces: true}\n",
            "1:22: `layout.namespaces` must be `written` or `omitted`",
        ),
        ("layout: {url: {key: a b}}\n", "1:21: `layout.url.key` must be a key of a Secret"),
    ];
    for (text, wanted) in cases {
        assert_eq!(refusal(text), wanted);
    }
    let secret = "must be the name of a Secret with `{app}` in it";
    for name in ["pg", "'{app_}'", "'pg_{app}'", "'Pg-{app}'"] {
        assert!(
            refusal(&format!("layout: {{role_secret: {{name: {name}}}}}\n")).ends_with(secret),
            "{name}"
        );
    }
    for file in ["a/pg.yaml", "'/{app}.yaml'", "'../{app}.yaml'", "'{app}.json'"] {
        let refused = refusal(&format!("layout: {{role_secret: {{file: {file}}}}}\n"));
        assert!(refused.ends_with("from the root, with `{app}` in it"), "{file}");
    }
    assert!(
        refusal("layout: {database: {file: ../x.yaml}}\n").ends_with("`.yaml` file, from the root")
    );
    assert!(
        refusal("layout: {url: {form: 'mysql://x'}}\n")
            .contains("`layout.url.form` must be a URL like")
    );
}
