//! `db list` and `db status`: what they show with an identity and without one.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::terminal::Terminal;

const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// The report of `db status` for programs.
fn status(sandbox: &Sandbox) -> Vec<Value> {
    let run = sandbox.keywright(["db", "status", "--format", "json"]).go().success();
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(report["version"], 1);
    conforms(&report, "db-status");
    report["databases"].as_array().unwrap().clone()
}

/// Checks the fields of a report against the schema that is shipped: all that it demands, and none that it lacks.
pub(crate) fn conforms(report: &Value, name: &str) {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schemas");
    let path = format!("{schemas}/{name}.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    check(report, &schema, &schema);
}

/// As much of JSON Schema as ours uses.
fn check(value: &Value, schema: &Value, root: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        return check(value, root.pointer(pointer).unwrap(), root);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let kind = if value.is_null() { &choices[1] } else { &choices[0] };
        return check(value, kind, root);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{value} is none of {words:?}");
    }
    if !schema["const"].is_null() {
        assert_eq!(value, &schema["const"]);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(wanted) => assert_eq!(kind, wanted, "{value}"),
        Value::Array(wanted) => assert!(wanted.iter().any(|one| one == kind), "{value}"),
        _ => {}
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], root);
    }
    if let Some(fields) = value.as_object() {
        let properties = schema["properties"].as_object().unwrap();
        let names: BTreeSet<_> = properties.keys().collect();
        assert_eq!(fields.keys().collect::<BTreeSet<_>>(), names);
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        assert_eq!(required.len(), names.len());
        fields.iter().for_each(|(name, field)| check(field, &properties[name], root));
    }
}

#[test]
fn the_list_needs_no_identity() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["db", "list"]).go().success();
    assert_eq!(
        run.stdout(),
        "APP        DATABASE   ROLE       CLUSTER\n\
         miniflux   miniflux   miniflux   apps/postgres-apps\n\
         paperless  paperless  paperless  apps/postgres-apps\n\
         pocket-id  pocket_id  pocket_id  apps/postgres-apps\n"
    );
    let run = sandbox.keywright(["db", "list", "--format", "json"]).go().success();
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    let wanted = serde_json::json!({
        "app": "pocket-id", "database": "pocket_id", "role": "pocket_id",
        "cluster": "postgres-apps", "namespace": "apps",
    });
    assert_eq!((&report["version"], &report["databases"][2]), (&Value::from(1), &wanted));
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn the_status_shows_both_sides_and_compares_the_passwords() {
    let sandbox = Sandbox::nerv();
    let databases = status(&sandbox);
    let keys: Vec<_> =
        databases.iter().map(|one| one["uses"][0]["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["DATABASE_URL", "PAPERLESS_DBPASS", "DB_CONNECTION_STRING"]);
    assert!(databases.iter().all(|one| one["passwords"] == "equal"), "{databases:#?}");
    let miniflux = &databases[0];
    assert_eq!(miniflux["owner"], "miniflux");
    assert_eq!(miniflux["declared"]["as"], "managed-role");
    assert_eq!(miniflux["declared"]["path"], format!("{POSTGRES}/postgres-cluster.yaml"));
    assert_eq!(miniflux["path"], format!("{POSTGRES}/databases.yaml"));
    let secret = &miniflux["secret"];
    assert_eq!(secret["path"], format!("{POSTGRES}/postgres-miniflux-user-secret.yaml"));
    assert_eq!(
        (&secret["type"], &secret["reload"]),
        (&"kubernetes.io/basic-auth".into(), &true.into())
    );
    let secret = &databases[2]["secret"];
    assert_eq!((&secret["type"], &secret["reload"]), (&"Opaque".into(), &false.into()));
}

#[test]
fn a_password_that_was_changed_on_one_side_shows() {
    let sandbox = Sandbox::nerv();
    let app = "nerv/main/cluster/apps";
    let changes = [
        (format!("{POSTGRES}/postgres-miniflux-user-secret.yaml"), r#"["stringData"]["password"]"#),
        (format!("{app}/paperless/app/secret.yaml"), r#"["stringData"]["PAPERLESS_DBPASS"]"#),
    ];
    for (file, index) in &changes {
        let run = sandbox.keywright(["set", "--value-stdin", file, index]);
        run.stdin("\"canary-of-another-day\"").go().success();
    }
    let passwords: Vec<_> = status(&sandbox).iter().map(|one| one["passwords"].clone()).collect();
    assert_eq!(passwords, ["differ", "differ", "equal"]);
    sandbox.keywright(["db", "status"]).go().success();
    sandbox.assert_no_trace_of("canary-of-another-day", &[]);
    sandbox.assert_no_trace_of("TESTonlyPaperless2cN4", &[]);
}

#[test]
fn without_an_identity_the_status_says_what_it_does_not_know() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let databases = status(&sandbox);
    assert!(
        databases
            .iter()
            .all(|one| one["passwords"] == "unknown" && one["uses"] == Value::Array(vec![]))
    );
    let run = sandbox.keywright(["db", "status", "miniflux"]).go().success();
    let run = run.prints("miniflux").complains("is left out: there is no age identity");
    assert!(!run.stdout().contains("paperless"), "{}", run.describe());
}

#[test]
fn an_app_is_found_as_provisioning_finds_it() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "status", "grafana"]).go().success();
    run.prints("the app `grafana` has no database");
    let run = sandbox.keywright(["db", "status", "miniflix"]).go().code(2);
    run.complains("there is no app `miniflix`").complains("hint: did you mean `miniflux`?");
    sandbox.keywright(["db", "provision", "grafana"]).go().success();
    let run = sandbox.keywright(["db", "status", "grafana"]).go().success();
    run.prints("grafana DATABASE_URL").prints("equal");
}

#[test]
fn at_a_narrow_terminal_each_database_has_a_paragraph() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["db", "status"]);
    let (code, shown) = Terminal::spawn(&run, 80, 60).finish();
    assert_eq!(code, 0);
    assert!(
        shown.contains("  secret     postgres-miniflux-user, kubernetes.io/basic-auth, reload, "),
        "{shown}"
    );
    assert!(!shown.contains("USED BY"), "{shown}");
    let (_, shown) = Terminal::spawn(&run, 250, 60).finish();
    assert!(shown.contains("USED BY"), "{shown}");
}

#[test]
fn a_repository_without_a_cluster_has_no_databases() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "kind: ConfigMap\n");
    for verb in ["list", "status"] {
        sandbox
            .keywright(["db", verb])
            .go()
            .success()
            .prints("there is no `postgresql.cnpg.io` Cluster");
        let run = sandbox.keywright(["db", verb, "--format", "json"]).go().success();
        let report: Value = serde_json::from_str(&run.stdout()).unwrap();
        assert_eq!(report["databases"], Value::Array(Vec::new()));
    }
}
