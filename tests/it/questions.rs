//! What the repository leaves open is asked by every verb of `db`, and is an error with the candidates in a script.

use crate::sandbox::Sandbox;
use crate::terminal::Terminal;

const APPS: &str = "nerv/main/cluster/apps";

/// The directory of a second app of the name `miniflux`.
const OTHER: &str = "nerv/other/miniflux/app";

/// The verbs that name an app and write.
const WRITING: [&str; 3] = ["provision", "rotate", "deprovision"];

/// Two Clusters, two apps of one name, and roles with both signs.
fn contradictory() -> Sandbox {
    let sandbox = Sandbox::nerv();
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: second, namespace: data}\n";
    sandbox.write("second/cluster.yaml", cluster);
    for file in ["ks.yaml", "app/kustomization.yaml", "app/helmrelease.yaml"] {
        let from = format!("{APPS}/miniflux/{file}");
        if sandbox.path(&from).exists() {
            let text = sandbox.read(&from).replace(APPS, "nerv/other");
            let text = text.replace("  - ./secret.yaml\n", "").replace("  - secret.yaml\n", "");
            sandbox.write(&format!("nerv/other/miniflux/{file}"), text);
        }
    }
    let postgres = format!("{APPS}/shared/postgres/app/postgres-cluster.yaml");
    let role = "    roles:\n      - name: an-other\n        login: true\n";
    sandbox.write(&postgres, sandbox.read(&postgres).replacen("    roles:\n", role, 1));
    sandbox.commit_all("contradictions");
    sandbox
}

#[test]
fn in_a_script_each_choice_is_a_flag_of_every_verb() {
    let sandbox = contradictory();
    let before = sandbox.snapshot();
    let run = |verb: &str, args: &[&str]| {
        let run = sandbox.keywright(["db", verb]).args(args);
        if WRITING.contains(&verb) { run.arg("--dry-run") } else { run }.go()
    };
    let cluster = ["--cluster", "apps/postgres-apps"];
    let own = format!("{APPS}/miniflux/app");
    for verb in WRITING {
        let refused = run(verb, &["miniflux"]).code(2);
        refused.complains("hint: choose one: --cluster `apps/postgres-apps` or `data/second`");
        let refused = run(verb, &[&["miniflux"], &cluster[..]].concat()).code(2);
        refused.complains(&format!("hint: name it by its directory: `{own}` or `{OTHER}`"));
        let refused = run(verb, &[&["shared-redis"], &cluster[..]].concat()).code(2);
        refused.complains("hint: choose one: --role `shared_redis` or `shared-redis`");
        for path in [own.clone(), format!("./{own}/")] {
            let args = [&[path.as_str()], &cluster[..]].concat();
            run(verb, &args).success();
        }
    }
    let refused = run("status", &["miniflux"]).success();
    refused.prints("miniflux");
    let refused = run("status", &["app"]).code(2);
    refused.complains("hint: name it by its directory: ");
    run("status", &[&own]).success().prints("postgres-miniflux-user");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn at_a_terminal_every_verb_asks() {
    let sandbox = contradictory();
    for (verb, sign) in [
        ("rotate", "the password of the role `miniflux` is in:"),
        ("deprovision", "will be dropped"),
    ] {
        let command = sandbox.keywright(["db", verb, "miniflux"]);
        let mut terminal = Terminal::spawn(&command, 120, 40);
        terminal.expect("Which Cluster?");
        terminal.expect("data/second (second/cluster.yaml)");
        terminal.send("\r");
        terminal.expect("Which app?");
        terminal.send("\r");
        terminal.expect(sign);
        terminal.expect("Write these changes?");
        terminal.send("n");
        let (code, shown) = terminal.finish();
        assert_eq!((code, sandbox.git_status().as_str()), (130, ""), "{shown}");
    }
    let command = sandbox.keywright(["db", "deprovision", "miniflux"]);
    let mut terminal = Terminal::spawn(&command, 120, 60);
    terminal.expect("Which Cluster?");
    terminal.send("\r");
    terminal.expect("Which app?");
    terminal.send("\r");
    terminal.expect("Write these changes?");
    terminal.send("y");
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    let again =
        format!("keywright db deprovision {APPS}/miniflux/app --cluster apps/postgres-apps");
    assert!(shown.contains(&again), "the answers are in the next command: {shown}");

    let mut terminal = Terminal::spawn(&sandbox.keywright(["db", "status", "app"]), 120, 40);
    terminal.expect("Which app?");
    terminal.send("\x03");
    assert_eq!(terminal.finish().0, 130);
}
