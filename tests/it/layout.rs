//! `layout`, `keywright.yaml`, and the questions of `db provision`.

use crate::reference;
use crate::sandbox::Sandbox;
use crate::terminal::Terminal;

const APPS: &str = "nerv/main/cluster/apps";
const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// The schema for editors.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schemas/keywright.schema.json");

#[test]
fn it_shows_what_is_inferred_from_which_files_and_writes_nothing() {
    let sandbox = Sandbox::nerv();
    let before = sandbox.snapshot();
    let run = sandbox.keywright(["layout"]).go().success();
    let run = run
        .prints("apps: 7\n  nerv/main/cluster/apps: grafana, miniflux, paperless, pocket-id\n")
        .prints(&format!("Cluster in {POSTGRES}/postgres-cluster.yaml\n"))
        .prints(&format!(
            "  role_secret.name: postgres-{{app}}-user (from {POSTGRES}/postgres-cluster.yaml)\n"
        ))
        .prints("  url.key: DATABASE_URL (by convention)\n")
        .prints("keywright.yaml with all of it:\n  layout:\n    cluster: apps/postgres-apps\n");
    assert_eq!(run.stderr(), "");
    for secret in ["TESTonly", "miniflux:"] {
        assert!(!run.stdout().contains(secret), "{secret}");
    }
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn without_an_identity_the_urls_stay_open() {
    let sandbox = Sandbox::nerv();
    sandbox.remove_identity();
    let run = sandbox.keywright(["layout"]).go().success();
    let run = run.prints("  url.form: a Secret of an app cannot be decrypted\n");
    assert!(!run.stdout().contains("    url:"), "{}", run.describe());
}

#[test]
fn the_report_for_programs_has_version_1() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["layout", "--format", "json"]).go().success();
    let report: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(report["version"], 1);
    let settings = &report["clusters"][0]["settings"];
    assert_eq!(settings["strategy"]["value"], "managed-role");
    let file = format!("{POSTGRES}/postgres-cluster.yaml");
    assert_eq!(settings["strategy"]["evidence"], serde_json::json!([file]));
    assert_eq!(report["apps"][0]["apps"][0], "grafana");
    assert!(report["content"].as_str().unwrap().starts_with("layout:\n"));
}

#[test]
fn what_it_writes_is_complete_and_leaves_provisioning_as_it_was() {
    let [plain, written] = [Sandbox::nerv(), Sandbox::nerv()];
    written
        .keywright(["layout", "--write"])
        .go()
        .success()
        .prints("changed 1 file\n  keywright.yaml");
    assert_eq!(written.git_status(), "?? keywright.yaml\n");
    let again = written.keywright(["layout", "--write"]).go().success();
    again.prints("nothing to do");
    written.commit_all("settings");
    for sandbox in [&plain, &written] {
        sandbox.keywright(["db", "provision", "grafana"]).go().success();
    }
    assert_eq!(plain.git_status(), written.git_status());
    let names = ["ks.yaml", "app/secret.yaml"].map(|name| format!("{APPS}/grafana/{name}"));
    let others = ["postgres-cluster.yaml", "databases.yaml", "kustomization.yaml"];
    for path in names[..1].iter().cloned().chain(others.map(|name| format!("{POSTGRES}/{name}"))) {
        assert_eq!(plain.read(&path), written.read(&path), "{path}");
    }
    let check = written.keywright(["check"]).go();
    assert_eq!(check.status.code(), plain.keywright(["check"]).go().status.code());
}

#[test]
fn in_the_other_samples_what_it_writes_leaves_provisioning_as_it_was() {
    for (sample, app) in [("k8s-ops", "n8n"), ("home-ops", "mealie")] {
        let sandbox = Sandbox::sample(sample);
        let plan = || {
            let run = sandbox.keywright(["db", "provision", app, "--dry-run"]).go().success();
            // Ciphertext differs each time.
            let text = run.prints(" would change").stdout();
            let lines =
                text.lines().map(|line| line.split("ENC[").next().unwrap_or(line).to_owned());
            lines.collect::<Vec<String>>()
        };
        let without = plan();
        sandbox.keywright(["layout", "--write"]).go().success().prints("changed 1 file");
        assert_eq!(plan(), without, "{sample}");
        let again = sandbox.keywright(["layout", "--write"]).go().success();
        again.prints("nothing to do");
    }
    let lab = Sandbox::sample("lab");
    let run = lab.keywright(["layout"]).go().success();
    run.prints(
        "no keywright.yaml: no `postgresql.cnpg.io/v1` Cluster in this repository; found instead:",
    );
    lab.keywright(["layout", "--write"]).go().code(2).complains("Cluster in this repository");
}

#[test]
fn a_dry_run_of_writing_shows_the_file_and_writes_nothing() {
    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["layout", "--write", "--dry-run"]).go().success();
    run.prints("+  cluster: apps/postgres-apps").prints("dry run: 1 file would change");
    assert_eq!(sandbox.git_status(), "");
}

#[test]
fn a_setting_that_is_not_known_is_refused_by_every_command_that_needs_it() {
    let sandbox = Sandbox::nerv();
    sandbox.write("keywright.yaml", "layout:\n  clustr: postgres-apps\n");
    for command in [&["layout"][..], &["db", "provision", "grafana"], &["secret", "new", "grafana"]]
    {
        let run = sandbox.keywright(command).go().code(2);
        run.complains("error: keywright.yaml:2:3: there is no setting `layout.clustr`\n")
            .complains("hint: did you mean `cluster`?");
    }
    sandbox.write("keywright.yaml", "layout:\n\tcluster: a\n");
    sandbox.keywright(["layout"]).go().code(2).complains("error: keywright.yaml:2:");
}

/// Every field of a mapping of the schema, with those in it, as `url.key`.
fn fields(schema: &serde_json::Value, route: &str, into: &mut Vec<String>) {
    // Names that are free stand for themselves.
    let free = &schema["additionalProperties"];
    if free["type"] == "string" {
        // Those that are not quite free are ids of rules.
        return into.push(format!("{route}.plaintext-secret"));
    }
    if free.is_object() {
        return fields(free, &format!("{route}.NAME"), into);
    }
    assert_eq!(schema["additionalProperties"], false, "{route}: unknown fields are errors");
    for (name, field) in schema["properties"].as_object().unwrap() {
        let route = if route.is_empty() { name.clone() } else { format!("{route}.{name}") };
        assert!(field["description"].is_string(), "{route}");
        match field["type"].as_str() {
            Some("object") => fields(field, &route, into),
            _ => into.push(route),
        }
    }
}

#[test]
fn the_schema_for_editors_has_the_fields_that_are_read_and_no_others() {
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(SCHEMA).unwrap()).unwrap();
    let mut known = Vec::new();
    fields(&schema, "", &mut known);

    let sandbox = Sandbox::nerv();
    let run = sandbox.keywright(["layout", "--format", "json"]).go().success();
    let report: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    for field in report["clusters"][0]["settings"].as_object().unwrap().keys() {
        assert!(
            known.contains(&format!("layout.{field}")),
            "{field} is written, not in the schema"
        );
    }
    // Every field of the schema is read: a list of lists is no value of any.
    for route in &known {
        let keys: Vec<&str> = route.split('.').collect();
        let braces = "}".repeat(keys.len());
        let open: String = keys.iter().map(|key| format!("{{{key}: ")).collect();
        sandbox.write("keywright.yaml", format!("{open}[[]]{braces}\n"));
        let reader = match keys[0] {
            "secrets" => &["secret", "ensure", "NAME"][..],
            "check" => &["check"],
            _ => &["layout"],
        };
        let run = sandbox.keywright(reader).go().code(2);
        run.complains(&format!("`{route}` must be "));
    }
    assert_eq!(known.len(), 20, "{known:?}");
}

#[test]
fn the_values_of_the_schema_are_those_that_are_read() {
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(SCHEMA).unwrap()).unwrap();
    let sandbox = Sandbox::nerv();
    let layout = &schema["properties"]["layout"]["properties"];
    let severity = &schema["properties"]["check"]["properties"]["severity"];
    for value in severity["additionalProperties"]["enum"].as_array().unwrap() {
        let value = value.as_str().unwrap();
        let text = format!("check: {{severity: {{plaintext-secret: {value}}}}}\n");
        sandbox.write("keywright.yaml", text);
        sandbox.keywright(["check"]).go().success();
    }
    for field in ["strategy", "identifiers", "namespaces"] {
        let values = layout[field]["enum"].as_array().unwrap();
        for value in values {
            sandbox.write(
                "keywright.yaml",
                format!("layout: {{{field}: {}}}\n", value.as_str().unwrap()),
            );
            let run = sandbox.keywright(["layout"]).go();
            // The sample has no component to choose.
            let refused = if value == "component" { 2 } else { 0 };
            run.code(refused);
        }
        sandbox.write("keywright.yaml", format!("layout: {{{field}: another}}\n"));
        let run = sandbox.keywright(["layout"]).go().code(2);
        for value in values {
            run.stderr().find(value.as_str().unwrap()).expect("every value is named");
        }
    }
}

/// A second Cluster beside that of the sample.
fn with_second_cluster() -> Sandbox {
    let sandbox = Sandbox::nerv();
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: second, namespace: data}\n";
    sandbox.write("second/cluster.yaml", cluster);
    sandbox.commit_all("a second Cluster");
    sandbox
}

#[test]
fn a_contradiction_is_an_error_with_the_flag_in_a_script() {
    let sandbox = with_second_cluster();
    let run = sandbox.keywright(["db", "provision", "grafana"]).go().code(2);
    run.complains("there are 2 `postgresql.cnpg.io` Clusters")
        .complains("hint: choose one: --cluster `apps/postgres-apps` or `data/second`");
    let chosen = ["db", "provision", "grafana", "--cluster", "apps/postgres-apps"];
    sandbox.keywright(chosen).go().success().prints("changed 6 files");
    let shown = sandbox.keywright(["layout"]).go().success();
    shown.prints("no keywright.yaml: there are 2").prints("Cluster in second/cluster.yaml");
    sandbox
        .keywright(["layout", "--write"])
        .go()
        .code(2)
        .complains("--cluster `apps/postgres-apps`");
    sandbox.keywright(["layout", "--write", "--cluster", "postgres-apps"]).go().success();
    sandbox.keywright(["db", "provision", "shared-redis"]).go().success();
}

#[test]
fn a_contradiction_is_a_question_at_a_terminal() {
    let sandbox = with_second_cluster();
    let [first, second] = ["secret", "oidc-secret"].map(|n| format!("{APPS}/grafana/app/{n}.yaml"));
    sandbox.write(&second, sandbox.read(&first));
    for (file, name) in [(&first, "\"admin\""), (&second, "\"grafana-oidc\"")] {
        sandbox.keywright(["set", file, "[\"metadata\"][\"name\"]", name]).go().success();
    }
    let list = format!("{APPS}/grafana/app/kustomization.yaml");
    sandbox.write(&list, format!("{}  - ./oidc-secret.yaml\n", sandbox.read(&list)));
    sandbox.commit_all("two Secrets");

    let mut terminal = Terminal::spawn(&sandbox.keywright(["db", "provision", "grafana"]), 120, 40);
    terminal.expect("Which Cluster?");
    terminal.expect("data/second (second/cluster.yaml)");
    // Nobody waits for somebody who thinks.
    sandbox.keywright(["db", "provision", "miniflux", "--cluster", "postgres-apps"]).go().success();
    terminal.send("\r");
    terminal.expect("Which Secret gets the URL?");
    terminal.send("\x1b[B\r");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let status = sandbox.git_status();
    assert!(
        status.contains(" M nerv/main/cluster/apps/grafana/app/oidc-secret.yaml\n"),
        "{status}"
    );
    assert!(!status.contains("grafana/app/secret.yaml"), "{status}");

    sandbox.git(&["reset", "--quiet", "--hard"]);
    sandbox.git(&["clean", "--quiet", "--force"]);
    let mut terminal = Terminal::spawn(&sandbox.keywright(["db", "provision", "grafana"]), 120, 40);
    terminal.expect("Which Cluster?");
    terminal.send("\x03");
    let (code, shown) = terminal.finish();
    assert_eq!((code, sandbox.git_status().as_str()), (130, ""), "{shown}");
}

#[test]
fn what_was_provisioned_by_settings_is_read_by_sops_and_built_by_kustomize() {
    let sandbox = Sandbox::nerv();
    sandbox.write(
        "keywright.yaml",
        format!(
            "layout:\n  role_secret:\n    file: {POSTGRES}/roles/{{app_}}-secret.yaml\n  database:\n    \
             file: {POSTGRES}/databases/{{app}}.yaml\n"
        ),
    );
    sandbox.keywright(["db", "provision", "shared-redis"]).go().success();
    let secret = format!("{POSTGRES}/roles/shared_redis-secret.yaml");
    let run = sandbox.keywright(["db", "provision", "shared-redis"]).go().success();
    run.prints("nothing to do");
    for version in reference::versions("sops") {
        let run = sandbox.run(reference::sops(version)).args(["--decrypt", &secret]).go().success();
        run.prints("username: shared_redis");
    }
    let run = sandbox.run(reference::kustomize()).args(["build", POSTGRES]).go().success();
    run.prints("name: postgres-shared-redis-user").prints("owner: shared_redis");
}
