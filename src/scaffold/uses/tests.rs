//! What is written into containers of every sort, and what is refused.

use super::*;
use crate::scaffold::tests::repository;

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: r}
spec:
  values:
    controllers:
      web:
        containers:
          app:
            image: {tag: 1}
            env:
              A: b # why
            # kept
            probes: {}
    service: {}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: app # the only one
        image: a
        env:
        - name: A
          value: b
        # kept
        ports: []
      restartPolicy: Always
";

const CRONJOB: &str = "\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: dump
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: app
              image: a
              volumeMounts:
                - name: new
                  mountPath: /data
          volumes:
            - name: new
              emptyDir: {}
";

fn variable(variable: &str, key: &str) -> Use {
    Use::Env { variable: variable.to_owned(), key: key.to_owned() }
}

fn mount(path: &str) -> Use {
    Use::Mount { path: path.to_owned() }
}

fn all() -> Vec<Use> {
    vec![variable("V", "k"), Use::EnvFrom, mount("/s")]
}

/// What becomes of the file with the container; that file itself where nothing is to be done.
fn given_in(
    files: &[(&str, &str)],
    container: Option<&str>,
    uses: &[Use],
) -> Result<String, String> {
    let (_directory, snapshot) = repository(files);
    let layout = Layout::infer(&snapshot);
    let app = crate::scaffold::app(&layout, "x").unwrap();
    let secret = Used { name: "new", namespace: None };
    let reader = Reader { uses: uses.to_vec(), container: container.map(str::to_owned) };
    let added = add(&layout, &app, secret, &reader);
    let (path, edited) = added.map_err(|error| error.to_string())?;
    let before = || snapshot.document(path).unwrap().source().to_owned();
    Ok(edited.map_or_else(before, |edited| edited.source().to_owned()))
}

fn given(text: &str, uses: &[Use]) -> Result<String, String> {
    given_in(&[("x/kustomization.yaml", "resources: [w.yaml]\n"), ("x/w.yaml", text)], None, uses)
}

#[track_caller]
fn assert_given(before: &str, uses: &[Use], after: &str) {
    let found = given(before, uses).unwrap();
    assert_eq!(found, after, "\n{found}");
    assert_eq!(given(after, uses).unwrap(), after, "it is there already");
}

#[test]
fn app_template_gets_variables_and_a_volume_of_its_own() {
    let after = RELEASE
        .replace(
            "              A: b # why\n",
            "              A: b # why\n              V:\n                valueFrom:\n                  secretKeyRef:\n                    name: new\n                    key: k\n            envFrom:\n              - secretRef:\n                  name: new\n",
        )
        .replace(
            "    service: {}\n",
            "    service: {}\n    persistence:\n      new:\n        type: secret\n        name: new\n        advancedMounts:\n          web:\n            app:\n              - path: /s\n                readOnly: true\n",
        );
    assert_given(RELEASE, &all(), &after);
}

#[test]
fn kubernetes_gets_lists_as_its_file_has_them() {
    let after = DEPLOYMENT
        .replace(
            "          value: b\n",
            "          value: b\n        - name: V\n          valueFrom:\n            secretKeyRef:\n              name: new\n              key: k\n        envFrom:\n        - secretRef:\n            name: new\n",
        )
        .replace(
            "        ports: []\n",
            "        ports: []\n        volumeMounts:\n        - name: new\n          mountPath: /s\n          readOnly: true\n",
        )
        .replace(
            "      restartPolicy: Always\n",
            "      restartPolicy: Always\n      volumes:\n      - name: new\n        secret:\n          secretName: new\n",
        );
    assert_given(DEPLOYMENT, &all(), &after);
}

#[test]
fn a_volume_gets_a_name_that_is_free() {
    let after = CRONJOB
        .replace(
            "                  mountPath: /data\n",
            "                  mountPath: /data\n                - name: new-2\n                  mountPath: /s\n                  readOnly: true\n",
        )
        .replace(
            "              emptyDir: {}\n",
            "              emptyDir: {}\n            - name: new-2\n              secret:\n                secretName: new\n",
        );
    assert_given(CRONJOB, &[mount("/s")], &after);
    let claims = "spec:\n  volumeClaimTemplates: [{metadata: {name: new}}]\n";
    let claimed = DEPLOYMENT.replace("Deployment", "StatefulSet").replacen("spec:\n", claims, 1);
    assert!(given(&claimed, &[mount("/s")]).unwrap().contains("      - name: new-2\n"));
}

#[test]
fn lists_and_mappings_stay_what_they_are() {
    let list = RELEASE.replace(
        "              A: b # why\n",
        "              - name: A\n                value: b\n",
    );
    assert_given(
        &list,
        &[variable("V", "k")],
        &list.replace(
            "                value: b\n",
            "                value: b\n              - name: V\n                valueFrom:\n                  secretKeyRef:\n                    name: new\n                    key: k\n",
        ),
    );
    let flow = DEPLOYMENT
        .replace("        - name: A\n          value: b\n", "")
        .replace("env:", "env: [{name: A}]");
    let item = "[{name: A}, {name: V, valueFrom: {secretKeyRef: {name: new, key: k}}}]";
    assert_given(&flow, &[variable("V", "k")], &flow.replace("[{name: A}]", item));
    for vacant in ["env:\n", "env: []\n", "env: # none\n"] {
        let vacant = DEPLOYMENT.replace(
            "        env:\n        - name: A\n          value: b\n",
            &format!("        {vacant}"),
        );
        let after = given(&vacant, &[variable("V", "k")]).unwrap();
        assert!(after.contains("\n        - name: V\n          valueFrom:\n"), "{after}");
    }
}

#[test]
fn what_is_written_in_one_line_stays_in_one_line() {
    let text = |container: &str, pod: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n\
             spec: {{template: {{spec: {{containers: [{{name: c{container}}}]{pod}}}}}}}\n"
        )
    };
    let after = text(
        ", env: [{name: V, valueFrom: {secretKeyRef: {name: new, key: k}}}], envFrom: [{secretRef: {name: new}}], \
         volumeMounts: [{name: new, mountPath: /s, readOnly: true}]",
        ", volumes: [{name: new, secret: {secretName: new}}]",
    );
    assert_given(&text("", ""), &all(), &after);
}

/// Asserts that all lines of a text are in another one in this order, and gives the number of the others.
#[track_caller]
fn added_lines(before: &str, after: &str) -> usize {
    let mut rest = after.split_inclusive('\n');
    for line in before.split_inclusive('\n') {
        assert!(rest.any(|other| other == line), "{line:?} is lost in\n{after}");
    }
    after.lines().count() - before.lines().count()
}

#[test]
fn nothing_but_new_lines_is_written() {
    let workloads = ["StatefulSet", "DaemonSet"].map(|kind| DEPLOYMENT.replace("Deployment", kind));
    let job = DEPLOYMENT.replace("Deployment", "Job").replace("apps/v1", "batch/v1");
    let mut texts = vec![RELEASE.to_owned(), DEPLOYMENT.to_owned(), CRONJOB.to_owned(), job];
    texts.extend(workloads);
    let bare = texts.iter().map(|text| {
        let lines = text.lines().filter(|line| !line.contains("A: b"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    });
    let bare: Vec<String> = bare.collect();
    texts.extend(bare);
    texts
        .extend(texts.clone().iter().map(|text| format!("# first\n---\n{text}---\nkind: Other\n")));
    texts.extend(texts.clone().iter().map(|text| text.replace('\n', "\r\n")));
    for text in &texts {
        for chosen in 1..8 {
            let uses = all().into_iter().enumerate();
            let uses: Vec<Use> =
                uses.filter(|(bit, _)| chosen & 1 << bit != 0).map(|(_, one)| one).collect();
            let after = given(text, &uses).unwrap();
            assert!(added_lines(text, &after) >= 2 * uses.len(), "{after}");
            assert_eq!(after.contains("\r\n"), text.contains("\r\n"));
            assert_eq!(after.matches('\r').count(), after.matches("\r\n").count());
            assert!(after.matches("\r\n").count() == after.lines().count() || !text.contains('\r'));
            assert_eq!(given(&after, &uses).unwrap(), after);
        }
    }
}

#[test]
fn what_is_there_in_another_spelling_is_there() {
    let cases = [
        (Use::EnvFrom, RELEASE.replace("env:\n", "envFrom: [{secret: new}]\n            env:\n")),
        (variable("A", "k"), RELEASE.replace("A: b", "A: {secretKeyRef: {name: new, key: k}}")),
        (
            mount("/s"),
            RELEASE.replace("service: {}", "persistence: {s: {type: secret, name: new}}"),
        ),
        (
            mount("/s"),
            RELEASE.replace(
                "service: {}",
                "persistence: {a: {type: secret, name: new, globalMounts: [{path: /s/}]}}",
            ),
        ),
    ];
    for (one, text) in cases {
        assert_eq!(given(&text, std::slice::from_ref(&one)).unwrap(), text);
    }
}

#[test]
fn variables_and_paths_that_are_taken_are_refused_with_their_place() {
    let refused = |text: &str, one: Use| given(text, &[one]).unwrap_err();
    assert_eq!(
        refused(RELEASE, variable("A", "k")),
        "x/w.yaml:12:18: `web/app` has a variable `A` already"
    );
    assert_eq!(
        refused(DEPLOYMENT, variable("A", "k")),
        "x/w.yaml:12:11: `web/app` has a variable `A` already"
    );
    let field = DEPLOYMENT.replace("value: b", "valueFrom: {fieldRef: {fieldPath: spec.nodeName}}");
    assert!(refused(&field, variable("A", "k")).contains("has a variable `A` already"));
    let other = RELEASE.replace("A: b", "A: {secretKeyRef: {name: new, key: other}}");
    assert!(refused(&other, variable("A", "k")).contains("has a variable `A` already"));
    assert_eq!(
        refused(CRONJOB, mount("/data")),
        "x/w.yaml:14:19: `dump/app` has something mounted at `/data` already"
    );
    let persistent =
        |items: &str| RELEASE.replace("service: {}", &format!("persistence: {{{items}}}"));
    for items in [
        "s: {type: emptyDir}",
        "a: {type: hostPath, hostPath: /s}",
        "a: {globalMounts: [{path: /s}]}",
        "s: {globalMounts: [{readOnly: true}]}",
        "a: {advancedMounts: {web: {app: [{path: /s}]}}}",
        "a: {globalMounts: [{path: /s/below}]}",
        "a: {type: secret, name: new, globalMounts: [{path: /s, subPath: k}]}",
    ] {
        let refusal = refused(&persistent(items), mount("/s"));
        assert!(refusal.contains("has something mounted at `/s"), "{items}: {refusal}");
    }
    for items in [
        "s: {type: emptyDir, enabled: false}",
        "a: {advancedMounts: {web: {other: [{path: /s}]}}}",
        "a: {globalMounts: [{path: /sister}]}",
        "a: {globalMounts: [{path: /}]}",
    ] {
        assert!(given(&persistent(items), &[mount("/s")]).is_ok(), "{items}");
    }
}

#[test]
fn what_stands_in_two_places_is_refused() {
    let cases = [
        (
            RELEASE.replace("env:\n", "env: &env\n").replace("service: {}", "service: *env"),
            Use::EnvFrom,
            None,
        ),
        (
            RELEASE.replace("env:\n", "env: &env\n").replace("service: {}", "service: *env"),
            variable("V", "k"),
            Some("env"),
        ),
        (
            RELEASE.replace("app:\n", "app: &app\n").replace("service: {}", "service: *app"),
            Use::EnvFrom,
            Some("envFrom"),
        ),
        (
            DEPLOYMENT.replace(
                "        env:\n        - name: A\n          value: b\n",
                "        <<: {env: []}\n",
            ),
            variable("V", "k"),
            Some("env"),
        ),
        (
            DEPLOYMENT.replace("restartPolicy: Always", "volumes: &v [{name: a}]\n      x: *v"),
            mount("/s"),
            Some("volumes"),
        ),
    ];
    for (text, one, field) in cases {
        let found = given(&text, &[one]);
        match field {
            None => assert!(found.is_ok(), "{found:?}"),
            Some(field) => {
                let wanted = format!("`{field}` is shared by an anchor, an alias or a merge key");
                assert!(found.clone().is_err_and(|error| error.ends_with(&wanted)), "{found:?}");
            }
        }
    }
}

#[test]
fn options_of_the_controller_are_not_replaced() {
    let text = RELEASE.replace(
        "        containers:\n",
        "        defaultContainerOptions: {envFrom: [], env: {B: c}}\n        containers:\n",
    );
    assert_eq!(
        given(&text, &[Use::EnvFrom]).unwrap_err(),
        "x/w.yaml:8:44: `web/app` has the `envFrom` of `defaultContainerOptions`, which one of its own would replace"
    );
    assert!(given(&text, &[variable("V", "k")]).is_ok());
}

#[test]
fn of_several_containers_one_has_to_be_chosen() {
    let list = ("x/kustomization.yaml", "resources: [d.yaml, r.yaml]\n");
    let two = format!("{RELEASE}---\n{}", RELEASE.replace("web:", "worker:"));
    let files = [list, ("x/d.yaml", DEPLOYMENT), ("x/r.yaml", two.as_str())];
    let refused = |container: Option<&str>| given_in(&files, container, &[Use::EnvFrom]);
    assert_eq!(
        refused(None).unwrap_err(),
        "several containers can get the Secret: deployment/web/app, r/web/app, worker/app"
    );
    assert_eq!(
        refused(Some("web/app")).unwrap_err(),
        "several containers can get the Secret: deployment/web/app, r/web/app"
    );
    assert_eq!(
        refused(Some("app")).unwrap_err(),
        "there is no container `app`; there is deployment/web/app, r/web/app, worker/app"
    );
    for (name, kind) in [("deployment/web/app", "Deployment"), ("r/web/app", "HelmRelease")] {
        assert!(refused(Some(name)).unwrap().contains(&format!("kind: {kind}\n")));
    }
    let second = refused(Some("worker/app")).unwrap();
    assert!(added_lines(&two, &second) == 3 && second.starts_with(RELEASE), "{second}");
    let (_directory, snapshot) = repository(&files);
    let layout = Layout::infer(&snapshot);
    let app = crate::scaffold::app(&layout, "x").unwrap();
    assert_eq!(
        containers(&layout, &app).unwrap(),
        ["deployment/web/app", "r/web/app", "worker/app"]
    );
}

#[test]
fn without_a_container_it_is_said_what_there_is() {
    let refused = |text: &str| given(text, &[Use::EnvFrom]).unwrap_err();
    assert_eq!(refused("kind: Other\n"), "x: no container here to give the Secret to");
    assert_eq!(
        refused(&RELEASE.replace("controllers:", "elsewhere:")),
        "x/w.yaml: HelmRelease `r` has no `values.controllers.*.containers`: where the name of a Secret goes is up to its \
         chart"
    );
    let patch = [
        ("x/kustomization.yaml", "resources: []\npatches: [{path: w.yaml}]\n"),
        ("x/w.yaml", DEPLOYMENT),
    ];
    assert!(given_in(&patch, None, &[Use::EnvFrom]).unwrap_err().contains("no container here"));
}

#[test]
fn a_base_is_edited_unless_another_app_is_built_from_it() {
    let mut files = vec![
        ("x/kustomization.yaml", "resources: [../base]\n"),
        ("base/kustomization.yaml", "resources: [w.yaml]\n"),
        ("base/w.yaml", DEPLOYMENT),
    ];
    assert!(given_in(&files, None, &[Use::EnvFrom]).is_ok());
    files.push(("kustomization.yaml", "resources: [x]\n"));
    assert!(given_in(&files, None, &[Use::EnvFrom]).is_ok());
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                metadata: {name: f}\nspec: {path: ./base}\n";
    for other in [("y/kustomization.yaml", "resources: [../base]\n"), ("f.yaml", flux)] {
        let files = [&files[..], &[other]].concat();
        assert_eq!(
            given_in(&files, None, &[Use::EnvFrom]).unwrap_err(),
            format!(
                "base/w.yaml: `web/app` is in a file that {} builds, too: to edit it would change both",
                other.0
            )
        );
        // What is the app's alone comes first.
        let release = files.iter().map(|(path, text)| match *path {
            "x/kustomization.yaml" => (*path, "resources: [../base, r.yaml]\n"),
            _ => (*path, *text),
        });
        let release: Vec<_> = release.chain([("x/r.yaml", RELEASE)]).collect();
        let after = given_in(&release, None, &[Use::EnvFrom]).unwrap();
        assert!(after.contains("kind: HelmRelease\n"), "{after}");
    }
}

#[test]
fn a_container_that_would_not_find_the_secret_is_refused() {
    let put = RELEASE.replace("spec:\n", "spec:\n  targetNamespace: far\n");
    let list = "namespace: near\nresources: [w.yaml]\n";
    let refused = |list: &str, text: &str| {
        given_in(&[("x/kustomization.yaml", list), ("x/w.yaml", text)], None, &[Use::EnvFrom])
    };
    assert_eq!(
        refused(list, &put).unwrap_err(),
        "x/w.yaml: `web/app` is in the namespace `far`, the Secret in `near`: it cannot be read there"
    );
    // The kustomize file puts both into one.
    let written = DEPLOYMENT.replace("  name: web\n", "  name: web\n  namespace: far\n");
    assert!(refused(list, &written).is_ok());
    let (_directory, snapshot) =
        repository(&[("x/kustomization.yaml", "resources: [w.yaml]\n"), ("x/w.yaml", &written)]);
    let layout = Layout::infer(&snapshot);
    let app = crate::scaffold::app(&layout, "x").unwrap();
    for (namespace, fits) in [(None, true), (Some("far"), true), (Some("near"), false)] {
        let secret = Used { name: "new", namespace };
        let reader = Reader { uses: vec![Use::EnvFrom], container: None };
        assert_eq!(add(&layout, &app, secret, &reader).is_ok(), fits);
    }
    let renamed = "namePrefix: a-\nresources: [w.yaml]\n";
    assert_eq!(
        refused(renamed, RELEASE).unwrap_err(),
        "x/kustomization.yaml: `namePrefix` or `nameSuffix` changes the name of the Secret, but not in the values of a \
         HelmRelease"
    );
    assert!(refused(renamed, DEPLOYMENT).is_ok());
}

#[test]
fn what_kubernetes_would_refuse_is_refused() {
    let refused = |one: Use| check(&[one], &["a", "b"]).unwrap_err().to_string();
    assert_eq!(
        refused(variable("1A", "a")),
        "`1A` is not a variable: letters, digits, `-`, `_` and `.`, no digit first"
    );
    assert_eq!(
        refused(variable("A", "c")),
        "the new Secret has no key `c` for the variable `A`; it has a, b"
    );
    assert!(refused(mount("etc")).starts_with("`etc` is not a path to mount at"));
    assert!(check(&all(), &["k"]).is_ok());
}
