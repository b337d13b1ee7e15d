//! References for a new app in small trees: `apps/CATEGORY/APP`, each with its kustomize file.

use crate::layout::Layout;
use crate::scaffold::tests::repository;

use super::*;

/// An ExternalSecret with these lines of `spec` behind the store.
fn external(name: &str, store: &str, rest: &str) -> String {
    format!(
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: {name}\nspec:\n  \
         secretStoreRef:\n    kind: ClusterSecretStore\n    name: {store}\n{rest}"
    )
}

/// One that takes all of an item.
fn extract(name: &str, store: &str, item: &str) -> String {
    external(name, store, &format!("  dataFrom:\n    - extract:\n        key: {item}\n"))
}

/// One that takes fields of an item.
fn property(name: &str, item: &str) -> String {
    let data =
        format!("  data:\n    - secretKey: A\n      remoteRef: {{key: {item}, property: a}}\n");
    external(name, "main", &data)
}

fn item_of(name: &str, path: &str) -> String {
    format!(
        "apiVersion: onepassword.com/v1\nkind: OnePasswordItem\nmetadata: {{name: {name}}}\nspec: {{itemPath: {path}}}\n"
    )
}

/// What a test asks for; the app is `apps/web/new`, but for others.
#[derive(Default)]
struct Wish<'w> {
    name: Option<&'w str>,
    store: Option<&'w str>,
    item: Option<&'w str>,
    fields: &'w [&'w str],
}

/// The outcome, and the text of the new file, in a repository of some files; those named `kustomization.yaml` are made.
fn attempt(files: &[(&str, &str)], wish: &Wish<'_>) -> Result<(Outcome, PathBuf, String), Error> {
    let mut all: Vec<(String, String)> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    all.push(("apps/web/new/deployment.yaml".to_owned(), String::new()));
    let mut lists: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for (path, _) in all.iter().filter(|(path, _)| !path.ends_with("kustomization.yaml")) {
        let (directory, file) = path.rsplit_once('/').unwrap();
        lists.entry(directory.to_owned()).or_default().push(file.to_owned());
    }
    for (directory, files) in lists {
        let path = format!("{directory}/kustomization.yaml");
        if !all.iter().any(|(known, _)| *known == path) {
            all.push((path, format!("resources: [{}]\n", files.join(", "))));
        }
    }
    let all: Vec<_> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (_directory, snapshot) = repository(&all);
    let layout = Layout::infer(&snapshot);
    let text = |text: Option<&str>| text.map(str::to_owned);
    let request = Request {
        app: crate::scaffold::app(&layout, "apps/web/new").unwrap(),
        name: text(wish.name),
        store: text(wish.store),
        item: text(wish.item),
        fields: wish.fields.iter().map(|field| (*field).to_owned()).collect(),
        reader: Reader::default(),
    };
    let outcome = reference(&request, &snapshot, &layout)?;
    let change = &outcome.plan.changes()[0];
    let written = String::from_utf8(change.new.as_deref().unwrap().clone()).unwrap();
    let path = change.path.clone();
    assert_eq!(outcome.plan.len(), 2, "the file and its entry");
    Ok((outcome, path, written))
}

#[track_caller]
fn made(files: &[(&str, &str)], wish: &Wish<'_>) -> (Outcome, PathBuf, String) {
    attempt(files, wish).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(files: &[(&str, &str)], wish: &Wish<'_>) -> String {
    attempt(files, wish).err().expect("a refusal").to_string()
}

const ANY: Wish<'_> = Wish { name: None, store: None, item: None, fields: &[] };

#[test]
fn the_nearest_decide_and_where_they_are_even_all() {
    let near = [
        ("apps/web/a/externalsecret.yaml", &*extract("a", "near", "a")),
        ("apps/db/b/externalsecret.yaml", &extract("b", "far", "b")),
        ("apps/db/c/externalsecret.yaml", &extract("c", "far", "c")),
    ];
    let (outcome, ..) = made(&near, &ANY);
    assert_eq!(outcome.facts[0].1.value, "ClusterSecretStore `near`");
    assert_eq!(outcome.facts[0].1.evidence, [PathBuf::from("apps/web/a/externalsecret.yaml")]);
    let tie = extract("d", "far", "d");
    let even = [&near[..], &[("apps/web/d/externalsecret.yaml", &*tie)]].concat();
    assert_eq!(made(&even, &ANY).0.facts[0].1.value, "ClusterSecretStore `far`");
    let chosen = Wish { store: Some("near"), ..ANY };
    assert_eq!(made(&even, &chosen).0.facts[0].1.value, "ClusterSecretStore `near`");
}

#[test]
fn stores_that_are_used_equally_often_are_a_question() {
    let files = [
        ("apps/web/a/externalsecret.yaml", &*extract("a", "one", "a")),
        ("apps/web/b/item.yaml", &item_of("b", "vaults/two/items/b")),
    ];
    assert_eq!(
        refused(&files, &ANY),
        "the values can be in several stores: ClusterSecretStore `one`, vault `two`"
    );
    let vault = made(&files, &Wish { store: Some("two"), ..ANY });
    assert!(vault.2.ends_with("spec:\n  itemPath: vaults/two/items/new\n"), "{}", vault.2);
    let unknown = refused(&files, &Wish { store: Some("three"), ..ANY });
    assert_eq!(unknown, "there is no store `three`; found: one, two");
}

#[test]
fn without_siblings_the_only_store_is_used_and_without_any_it_is_refused() {
    let store =
        "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: only}\n";
    let (outcome, path, text) = made(&[("stores/store.yaml", store)], &ANY);
    assert_eq!(path, Path::new("apps/web/new/externalsecret.yaml"));
    assert_eq!(
        text,
        external(
            "new",
            "only",
            "  target:\n    name: new\n  dataFrom:\n    - extract:\n        key: new\n"
        )
    );
    assert_eq!(
        outcome.wanted,
        [
            "in the ClusterSecretStore `only`: the item `new`, each field of which becomes a key of the Secret"
        ]
    );
    assert!(refused(&[], &ANY).starts_with("there is no ExternalSecret, OnePasswordItem, "));
    let component = [
        ("components/c/kustomization.yaml", "kind: Component\nresources: [externalsecret.yaml]\n"),
        ("components/c/externalsecret.yaml", &*extract("\"${APP}\"", "main", "x")),
    ];
    assert!(refused(&component, &ANY).starts_with("there is no ExternalSecret"));
}

#[test]
fn names_follow_the_app_and_the_reference_follows_the_secret() {
    let one = |name: &str| {
        let target = format!(
            "  target:\n    name: {name}-secret\n  dataFrom:\n    - extract: {{key: /web/{name}}}\n"
        );
        external(name, "main", &target)
    };
    let files = [
        ("apps/web/a/externalsecret.yaml", &*one("a")),
        ("apps/web/b/externalsecret.yaml", &one("\"${APP}\"")),
    ];
    let (outcome, _, text) = made(&files, &ANY);
    assert_eq!(outcome.secret, "new-secret");
    assert!(text.contains("\n  name: new\n"), "{text}");
    assert!(text.contains("    name: new-secret\n") && text.contains("key: /web/new\n"), "{text}");
    let (outcome, _, text) = made(&files, &Wish { name: Some("mail-secret"), ..ANY });
    assert_eq!(outcome.secret, "mail-secret");
    assert!(text.contains("\n  name: mail\n") && text.contains("key: /web/new\n"), "{text}");
    let (_, _, text) = made(&files, &Wish { name: Some("odd"), item: Some("/x"), ..ANY });
    assert!(text.contains("\n  name: odd\n") && text.contains("key: /x\n"), "{text}");
    assert!(refused(&files, &Wish { name: Some("A"), ..ANY }).starts_with("`A` is not a name"));
}

#[test]
fn an_item_can_be_called_after_the_reference_or_be_shared() {
    let named = [("apps/web/a/item.yaml", &*item_of("keys", "vaults/v/items/keys"))];
    let (_, _, text) = made(&named, &Wish { name: Some("mail"), ..ANY });
    assert!(text.contains("vaults/v/items/mail"), "{text}");
    let shared = [
        ("apps/web/a/externalsecret.yaml", &*property("a", "all")),
        ("apps/web/b/externalsecret.yaml", &property("b", "all")),
    ];
    let (outcome, ..) = made(&shared, &Wish { fields: &["K"], ..ANY });
    assert_eq!(
        outcome.wanted,
        ["in the ClusterSecretStore `main`: the item `all` with the fields `K`"]
    );
}

#[test]
fn what_one_sibling_alone_does_gives_way_to_what_several_do() {
    let files = [
        ("apps/web/a/es.yaml", &*extract("a", "main", "a-odd")),
        ("apps/db/b/es.yaml", &extract("b", "main", "/x/b")),
        ("apps/db/c/es.yaml", &extract("c", "main", "/x/c")),
    ];
    assert_eq!(made(&files[..1], &ANY).0.facts[2].1.value, "new-odd");
    assert_eq!(made(&files[..2], &ANY).0.facts[2].1.value, "new-odd");
    assert_eq!(made(&files, &ANY).0.facts[2].1.value, "/x/new");
}

#[test]
fn values_are_named_as_siblings_name_them() {
    let remote = |key: &str, reference: &str| {
        let data = format!("  data:\n    - secretKey: {key}\n      remoteRef: {reference}\n");
        external("a", "main", &data)
    };
    let template = external(
        "a",
        "main",
        "  target:\n    template:\n      engineVersion: v2\n      type: t\n      data: {A: \"{{ .B }}\"}\n  \
         dataFrom:\n    - extract: {key: a}\n    - extract: {key: other}\n",
    );
    let cases = [
        (
            template,
            "  target:\n    template:\n      engineVersion: v2\n      data:\n        K_1: \"{{ .K_1 }}\"\n        \
             tls.crt: '{{ index . \"tls.crt\" }}'\n  dataFrom:\n    - extract:\n        key: new\n",
        ),
        (
            remote("A", "{key: a, property: b}"),
            "  data:\n    - secretKey: K_1\n      remoteRef:\n        key: new\n        property: K_1\n    - secretKey: \
             tls.crt\n      remoteRef:\n        key: new\n        property: tls.crt\n",
        ),
        (
            remote("A", "{key: /x/a/b}"),
            "  data:\n    - secretKey: K_1\n      remoteRef:\n        key: /x/new/K_1\n    - secretKey: tls.crt\n      \
             remoteRef:\n        key: /x/new/tls.crt\n",
        ),
        (
            remote("A", "{key: a-b}"),
            "  data:\n    - secretKey: K_1\n      remoteRef:\n        key: new-k-1\n    - secretKey: tls.crt\n      \
             remoteRef:\n        key: new-tls-crt\n",
        ),
        (
            remote("A", "{key: A}"),
            "  data:\n    - secretKey: K_1\n      remoteRef:\n        key: K_1\n    - secretKey: tls.crt\n      \
             remoteRef:\n        key: tls.crt\n",
        ),
    ];
    for (sibling, wanted) in cases {
        let files = [("apps/web/a/externalsecret.yaml", &*sibling)];
        let (_, _, text) = made(&files, &Wish { fields: &["K_1", "tls.crt"], ..ANY });
        assert_eq!(text, external("new", "main", wanted));
    }
}

#[test]
fn keys_that_siblings_name_have_to_be_given() {
    let named = [("apps/web/a/externalsecret.yaml", &*property("a", "a"))];
    assert_eq!(
        refused(&named, &ANY),
        "apps/web/a/externalsecret.yaml: the references here name each key of the Secret, and none is given"
    );
    let template = external(
        "a",
        "main",
        "  target: {template: {data: {A: b}}}\n  dataFrom: [{extract: {key: a}}]\n",
    );
    let (_, _, text) = made(&[("apps/web/a/externalsecret.yaml", &template)], &ANY);
    assert!(text.ends_with("  dataFrom:\n    - extract:\n        key: new\n"), "{text}");
    assert!(!text.contains("target"), "{text}");
}

#[test]
fn the_text_looks_like_that_of_siblings() {
    let sibling = "---\r\n# yaml-language-server: $schema=https://x/externalsecret_v1beta1.json\r\n\
                   apiVersion: external-secrets.io/v1beta1\r\nkind: ExternalSecret\r\nmetadata:\r\n    namespace: web\r\n    \
                   name: a\r\nspec:\r\n    dataFrom:\r\n    - extract:\r\n          key: a\r\n    target:\r\n        \
                   creationPolicy: Owner\r\n        name: a\r\n        deletionPolicy: Retain\r\n    secretStoreRef:\r\n        \
                   name: main\r\n        kind: ClusterSecretStore\r\n    refreshInterval: 12h\r\n";
    let files = [
        ("apps/web/a/a-external-secret.yaml", sibling),
        ("apps/web/new/kustomization.yaml", "namespace: web\nresources: [deployment.yaml]\n"),
    ];
    let (outcome, path, text) = made(&files, &ANY);
    assert_eq!(path, Path::new("apps/web/new/new-external-secret.yaml"));
    let wanted = sibling.replace("name: a\r", "name: new\r").replace("key: a", "key: new");
    assert_eq!(text, wanted.replace("v1beta1", "v1"));
    assert_eq!(outcome.notes.len(), 1);
    assert!(
        outcome.notes[0].starts_with("apps/web/a/a-external-secret.yaml: External Secrets 0.17")
    );
}

#[test]
fn a_policy_that_makes_no_secret_and_the_metadata_of_a_sibling_are_not_copied() {
    let sibling = external(
        "a",
        "main",
        "  target:\n    name: a\n    creationPolicy: Merge\n    template: {type: t, metadata: {labels: {a: b}}}\n  \
         dataFrom: [{extract: {key: a}}]\n",
    )
    .replace("  name: a\nspec", "  name: a\n  labels: {x: y}\nspec");
    let (_, _, text) = made(&[("apps/web/a/externalsecret.yaml", &sibling)], &ANY);
    let rest = "  target:\n    name: new\n  dataFrom:\n    - extract:\n        key: new\n";
    assert_eq!(text, external("new", "main", rest));
}

#[test]
fn a_second_file_gets_the_name_of_its_reference() {
    let files = [
        ("apps/web/a/es.yaml", &*extract("a", "main", "a")),
        ("apps/web/new/es.yaml", &extract("first", "main", "new")),
    ];
    let (_, path, _) = made(&files, &Wish { name: Some("second"), ..ANY });
    assert_eq!(path, Path::new("apps/web/new/second-es.yaml"));
    assert_eq!(
        refused(&files, &Wish { name: Some("first"), ..ANY }),
        "apps/web/new/es.yaml: Secret `first` exists already, made by the ExternalSecret here"
    );
    let other = [
        ("apps/web/a/es.yaml", &*extract("a", "main", "a")),
        (
            "apps/web/new/es.yaml",
            &external("new", "main", "  target: {name: x}\n  dataFrom: [{extract: {key: new}}]\n"),
        ),
    ];
    assert_eq!(refused(&other, &ANY), "apps/web/new/es.yaml: ExternalSecret `new` exists already");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: new}\n";
    let plain = [("apps/web/new/s.yaml", secret), ("apps/web/a/es.yaml", &extract("a", "m", "a"))];
    assert_eq!(refused(&plain, &ANY), "apps/web/new/s.yaml: Secret `new` exists already");
}

#[test]
fn a_store_of_another_namespace_has_to_be_in_this_one_too() {
    let sibling = extract("a", "team", "a").replace("ClusterSecretStore", "SecretStore");
    let files = |other: &'static str| {
        [
            (
                "apps/db/a/kustomization.yaml".to_owned(),
                format!("namespace: {other}\nresources: [es.yaml]\n"),
            ),
            ("apps/db/a/es.yaml".to_owned(), sibling.clone()),
            (
                "apps/web/new/kustomization.yaml".to_owned(),
                "namespace: web\nresources: [deployment.yaml]\n".to_owned(),
            ),
        ]
    };
    for (other, lines) in [("db", 2), ("web", 1)] {
        let files = files(other);
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert_eq!(made(&files, &ANY).0.wanted.len(), lines, "{other}");
    }
}
