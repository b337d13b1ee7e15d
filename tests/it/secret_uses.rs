//! `secret new`: a container that gets what was made, in every sample with workloads: what kustomize builds of it, and what
//! the schemas of Kubernetes and app-template say.

use crate::sandbox::{DATA, Outcome, Sandbox};
use crate::tree::Tree;
use crate::{proof, reference};

/// The ways in which a container gets two of three keys as variables, all as variables, and all as files.
const USES: [&str; 7] =
    ["--env", "ONE", "--env", "SECOND=two", "--env-from", "--mount", "/run/secrets/new"];

/// Runs `secret new` for a Secret `new-one` with three keys.
fn secret_new<'a>(sandbox: &'a Sandbox, app: &str, uses: &[&str]) -> Outcome<'a> {
    let keys = ["--generate", "ONE", "--generate", "two", "--generate", "THREE"];
    let args = ["secret", "new", app, "--name", "new-one"];
    sandbox.keywright([&args[..], &keys, uses].concat()).go()
}

/// The samples that have SOPS; `lab` gets it first.
fn sample(name: &str) -> Sandbox {
    match name {
        "nerv" => return Sandbox::nerv(),
        "lab" => {}
        _ => return Sandbox::sample(name),
    }
    let sandbox = Sandbox::sample(name);
    sandbox.keywright(["init", "--yes"]).go().success();
    sandbox.commit_all("init");
    sandbox
}

/// What kustomize makes of a directory.
#[track_caller]
fn built(sandbox: &Sandbox, directory: &str) -> String {
    sandbox.run(reference::kustomize()).args(["build", directory]).go().success().stdout()
}

/// The object of a kind and name in what was built.
#[track_caller]
fn object(built: &str, kind: &str, name: &str) -> Tree {
    let text = |text: &str| Some(Tree::Text(text.to_owned()));
    let all = Tree::of_yaml(built).unwrap().into_iter();
    let mut found = all.filter(|tree| {
        tree.at(&["kind"]).cloned() == text(kind)
            && tree.at(&["metadata", "name"]).cloned() == text(name)
    });
    found.next().unwrap_or_else(|| panic!("no {kind} {name} in\n{built}"))
}

/// Has kubeconform judge what was built, by schemas that know the workloads, and a field that is none.
#[track_caller]
fn assert_valid(sandbox: &Sandbox, built: &str) {
    // The schemas say nothing about what else is there.
    const KNOWN: [&str; 9] = [
        "Secret",
        "HelmRelease",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "StatefulSet",
        "ExternalSecret",
        "OnePasswordItem",
        "Job",
    ];
    let kinds = built.lines().filter_map(|line| line.strip_prefix("kind: "));
    let valid = kinds.filter(|kind| KNOWN.contains(kind)).count();
    let accepted = kubeconform(sandbox, built).success();
    accepted.prints(&format!("Valid: {valid}, Invalid: 0, Errors: 0"));
    let broken = built.replace("readOnly: true", "readonly: true");
    kubeconform(sandbox, &broken).code(1).prints("'readonly' not allowed");
}

fn kubeconform<'a>(sandbox: &'a Sandbox, built: &str) -> Outcome<'a> {
    let location = |folder: &str, group: &str| {
        format!(
            "{DATA}/schemas/{folder}/{{{{.ResourceKind}}}}{group}_{{{{.ResourceAPIVersion}}}}.json"
        )
    };
    let locations =
        [location("workloads", "_{{.Group}}"), location(".", "_{{.Group}}"), location("sops", "")];
    let mut run = sandbox.run(reference::kubeconform());
    run = run.args(["-summary", "-strict", "-ignore-missing-schemas"]);
    for location in &locations {
        run = run.args(["-schema-location", location]);
    }
    run.stdin(built).go()
}

/// Asserts that nothing but lines was added, and gives these.
#[track_caller]
fn added(before: &str, after: &str) -> Vec<String> {
    let (mut added, mut rest) = (Vec::new(), after.lines());
    for line in before.lines() {
        let gone = || panic!("{line:?} is lost in\n{after}");
        added.extend(std::iter::from_fn(|| match rest.next() {
            Some(next) if next == line => None,
            next => Some(next.unwrap_or_else(gone).to_owned()),
        }));
    }
    added.extend(rest.map(str::to_owned));
    added
}

/// Sample, app and its directory.
const RELEASES: [(&str, &str, &str); 5] = [
    ("nerv", "grafana", "nerv/main/cluster/apps/grafana/app"),
    ("nerv", "paperless", "nerv/main/cluster/apps/paperless/app"),
    ("k8s-ops", "n8n", "kubernetes/apps/business/n8n/app"),
    ("k8s-ops", "odoo", "kubernetes/apps/business/odoo/app"),
    ("home-ops", "mealie", "kubernetes/apps/default/mealie/app"),
];

#[test]
fn releases_of_app_template_get_it_in_every_way() {
    for (name, app, directory) in RELEASES {
        let sandbox = sample(name);
        let file = format!("{directory}/helmrelease.yaml");
        let (before, text) = (built(&sandbox, directory), sandbox.read(&file));
        secret_new(&sandbox, app, &USES).success();
        assert!(added(&text, &sandbox.read(&file)).len() > 15);
        let after = built(&sandbox, directory);
        added(&before, &after);
        let tree = object(&after, "HelmRelease", app);
        let values = tree.at(&["spec", "values"]).unwrap();
        let container = values.at(&["controllers", app, "containers", "app"]).unwrap();
        let reference = ["env", "ONE", "valueFrom", "secretKeyRef"];
        assert_eq!(
            container.at(&reference),
            Tree::of_yaml("{key: ONE, name: new-one}").unwrap().first()
        );
        assert_eq!(
            container.at(&["env", "SECOND", "valueFrom", "secretKeyRef", "key"]),
            Some(&Tree::Text("two".to_owned()))
        );
        let Some(Tree::List(from)) = container.at(&["envFrom"]) else { panic!("{after}") };
        assert_eq!(from.last(), Tree::of_yaml("secretRef: {name: new-one}").unwrap().first());
        let volume = format!(
            "{{advancedMounts: {{{app}: {{app: [{{path: /run/secrets/new, readOnly: true}}]}}}}, name: new-one, type: secret}}"
        );
        assert_eq!(values.at(&["persistence", "new-one"]), Tree::of_yaml(&volume).unwrap().first());
        object(&after, "Secret", "new-one");
        // As Flux replaces it.
        assert_valid(&sandbox, &after.replace("${APP}", app));
        proof::record(
            "uses",
            "kustomize builds it, the schemas accept it",
            &format!("{name}/{app}"),
        );
    }
}

const PLAIN: [(&str, &str, &str); 4] = [
    ("redis", "Deployment", "deployment.yaml"),
    ("nats", "Deployment", "deployment.yaml"),
    ("litellm", "Deployment", "deployment.yaml"),
    ("postgres", "StatefulSet", "statefulset.yaml"),
];

#[test]
fn plain_workloads_get_it_in_every_way() {
    let sandbox = sample("lab");
    for (app, kind, file) in PLAIN {
        let directory = format!("apps/{app}");
        let file = format!("{directory}/{file}");
        let (before, text) = (built(&sandbox, "apps"), sandbox.read(&file));
        secret_new(&sandbox, app, &USES).success();
        assert!(added(&text, &sandbox.read(&file)).len() > 15);
        let after = built(&sandbox, "apps");
        added(&before, &after);
        assert_reads(&after, kind, app, "new-one");
        assert_valid(&sandbox, &built(&sandbox, &directory));
        proof::record("uses", "kustomize builds it, the schemas accept it", &format!("lab/{app}"));
        sandbox.git(&["reset", "--quiet", "--hard"]);
        sandbox.git(&["clean", "--quiet", "--force"]);
    }
}

#[test]
fn workloads_of_every_kind_get_it_in_every_way() {
    let sandbox = sample("lab");
    let file = "apps/redis/deployment.yaml";
    let text = sandbox.read(file);
    let pod = &text[text.find("  template:\n").unwrap()..];
    let indented: String = pod.lines().map(|line| format!("    {line}\n")).collect();
    let of = |group: &str, kind: &str, spec: &str| {
        format!("apiVersion: {group}/v1\nkind: {kind}\nmetadata:\n  name: redis\nspec:\n{spec}")
    };
    let cases = [
        ("DaemonSet", of("apps", "DaemonSet", pod)),
        ("Job", of("batch", "Job", pod)),
        (
            "CronJob",
            of(
                "batch",
                "CronJob",
                &format!("  schedule: \"@daily\"\n  jobTemplate:\n    spec:\n{indented}"),
            ),
        ),
    ];
    for (kind, text) in cases {
        sandbox.write(file, &text);
        secret_new(&sandbox, "redis", &USES).success();
        assert!(added(&text, &sandbox.read(file)).len() > 15);
        let after = built(&sandbox, "apps/redis");
        assert_reads(&after, kind, "redis", "new-one");
        assert_valid(&sandbox, &after);
        sandbox.git(&["reset", "--quiet", "--hard"]);
        sandbox.git(&["clean", "--quiet", "--force"]);
    }
}

/// Asserts that the first container of a workload that was built has the Secret of this name in every way.
#[track_caller]
fn assert_reads(built: &str, kind: &str, name: &str, secret: &str) {
    let tree = object(built, kind, name);
    let last = |tree: &Tree, keys: &[&str]| match tree.at(keys) {
        Some(Tree::List(items)) => items.last().cloned(),
        _ => panic!("no list at {keys:?} in\n{built}"),
    };
    let wanted = |text: String| Tree::of_yaml(&text).unwrap().first().cloned();
    let template = ["spec", "template", "spec"];
    let job = ["spec", "jobTemplate", "spec", "template", "spec"];
    let pod = tree.at(&template).or(tree.at(&job)).unwrap();
    let Some(Tree::List(containers)) = pod.at(&["containers"]) else { panic!("{built}") };
    let container = &containers[0];
    let variable = format!("{{key: two, name: {secret}}}");
    let second = last(container, &["env"]).unwrap();
    assert_eq!(second.at(&["valueFrom", "secretKeyRef"]).cloned(), wanted(variable));
    assert_eq!(last(container, &["envFrom"]), wanted(format!("secretRef: {{name: {secret}}}")));
    let volume = last(pod, &["volumes"]).unwrap();
    assert_eq!(volume.at(&["secret", "secretName"]).cloned(), wanted(secret.to_owned()));
    let mount = last(container, &["volumeMounts"]).unwrap();
    assert_eq!(mount.at(&["name"]), volume.at(&["name"]));
    assert_eq!(mount.at(&["mountPath"]).cloned(), wanted("/run/secrets/new".to_owned()));
    assert_eq!(mount.at(&["readOnly"]), Some(&Tree::Bool(true)));
    object(built, "Secret", secret);
}

#[test]
fn kustomize_renames_the_secret_and_what_refers_to_it_together() {
    let sandbox = sample("lab");
    let list = "apps/redis/kustomization.yaml";
    sandbox.write(list, format!("{}namePrefix: a-\nnameSuffix: -z\n", sandbox.read(list)));
    sandbox.commit_all("other names");
    secret_new(&sandbox, "redis", &USES).success();
    assert_reads(&built(&sandbox, "apps"), "Deployment", "a-redis-z", "a-new-one-z");
    // In values it does not.
    let sandbox = sample("k8s-ops");
    let list = "kubernetes/apps/business/n8n/app/kustomization.yaml";
    sandbox.write(list, format!("{}namePrefix: a-\n", sandbox.read(list)));
    sandbox.commit_all("other names");
    let before = sandbox.snapshot();
    let refused = secret_new(&sandbox, "n8n", &USES).code(2);
    refused
        .complains(&format!("{list}: `namePrefix` or `nameSuffix` changes the name"))
        .complains("hint: leave");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn what_is_built_from_a_base_is_found_there_and_refused_where_others_have_it() {
    let sandbox = sample("lab");
    let overlay = "resources: [../../apps/redis]\nnamespace: other\n";
    sandbox.write("overlays/one/kustomization.yaml", overlay);
    sandbox.git(&["rm", "--quiet", "apps/kustomization.yaml"]);
    sandbox.commit_all("an overlay");
    secret_new(&sandbox, "overlays/one", &USES).success();
    assert_reads(&built(&sandbox, "overlays/one"), "Deployment", "redis", "new-one");
    sandbox.git(&["reset", "--quiet", "--hard"]);
    sandbox.git(&["clean", "--quiet", "--force", "-d"]);
    sandbox.write("overlays/two/kustomization.yaml", overlay);
    sandbox.commit_all("another one");
    let before = sandbox.snapshot();
    let refused = secret_new(&sandbox, "overlays/one", &USES).code(2);
    refused
        .complains("apps/redis/deployment.yaml: `redis/redis` is in a file that overlays/two/kustomization.yaml builds, too")
        .complains("hint: leave `--env-from`, `--env` and `--mount` out, and write the reference into a patch of this app");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn what_cannot_be_given_is_refused_and_nothing_is_written() {
    let sandbox = sample("nerv");
    let before = sandbox.snapshot();
    let cases: [(&[&str], &str, &str); 8] = [
        (&["--container", "grafana/app"], "required arguments were not provided", ""),
        (
            &["--env-from", "--container", "x"],
            "there is no container `x`; there is grafana/app",
            "--container",
        ),
        (
            &["--env", "A=FOUR"],
            "has no key `FOUR` for the variable `A`; it has ONE, two, THREE",
            "--env A=KEY",
        ),
        (&["--env", "A="], "write VARIABLE or VARIABLE=KEY", ""),
        (&["--env", "1=ONE"], "`1` is not a variable", ""),
        (
            &["--env", "GF_DATABASE_TYPE=ONE"],
            "helmrelease.yaml:32:33: `grafana/app` has a variable `GF_DATABASE_TYPE` already",
            "--env OTHER=ONE",
        ),
        (
            &["--mount", "/data"],
            "`grafana/app` has something mounted at `/data` already",
            "--mount PATH",
        ),
        (&["--mount", "etc"], "`etc` is not a path to mount at", ""),
    ];
    for (uses, complaint, hint) in cases {
        secret_new(&sandbox, "grafana", uses).code(2).complains(complaint).complains(hint);
    }
    before.assert_untouched(&sandbox.snapshot());

    let sandbox = sample("home-ops");
    let before = sandbox.snapshot();
    let refused = secret_new(&sandbox, "authentik", &["--env-from"]).code(2);
    refused
        .complains(
            "helmrelease.yaml: HelmRelease `authentik` has no `values.controllers.*.containers`",
        )
        .complains("`existingSecret: NAME`");
    before.assert_untouched(&sandbox.snapshot());
}

#[test]
fn a_reference_that_is_there_is_left() {
    let sandbox = sample("nerv");
    let file = "nerv/main/cluster/apps/grafana/app/helmrelease.yaml";
    let text = sandbox
        .read(file)
        .replace("name: grafana\n            probes", "name: new-one\n            probes");
    sandbox.write(file, &text);
    secret_new(&sandbox, "grafana", &["--env-from"]).success().prints("changed 2 files");
    assert_eq!(sandbox.read(file), text);
}
