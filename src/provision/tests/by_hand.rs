//! What is declared where no edit reaches is refused, with what is to be added there.

use super::fixture::{APPS, Files, POSTGRES, Repository, sample};
use super::{Error, Options, Password, six};
use crate::layout::StrategyKind;
use crate::secret::Secret;

/// The sample without roles in the Cluster, but with this at the end of its kustomize file.
fn with_patch(patch: &str) -> Files {
    let mut files = sample();
    let cluster = format!("{POSTGRES}/postgres-cluster.yaml");
    let text = &files[&cluster];
    let start = text.find("  managed:\n").unwrap();
    let end = text.find("  # Scraped").unwrap();
    let text = format!("{}{}", &text[..start], &text[end..]);
    files.insert(cluster, text);
    files.get_mut(&format!("{POSTGRES}/kustomization.yaml")).unwrap().push_str(patch);
    files
}

/// The additions of a refusal: to what, and the text.
fn additions(error: Error) -> Vec<(String, String)> {
    let (Error::ByHand { additions, .. } | Error::ClusterFromChart { additions, .. }) = error
    else {
        panic!("{error}")
    };
    additions.into_iter().map(|addition| (addition.to, addition.text)).collect()
}

const ROLE: &str = "- name: grafana\n  ensure: present\n  login: true\n  superuser: false\n  passwordSecret:\n    \
                    name: postgres-grafana-user";

const INLINE: &str = "patches:\n  - target: {kind: Cluster}\n    patch: |\n      apiVersion: postgresql.cnpg.io/v1\n      \
                      kind: Cluster\n      metadata: {name: postgres-apps}\n      spec:\n        managed:\n          \
                      roles:\n            - {name: miniflux, passwordSecret: {name: postgres-miniflux-user}}\n";

#[test]
fn roles_in_an_inline_patch_are_refused_with_the_entry_until_it_is_there() {
    let repository = Repository::of(with_patch(INLINE));
    let error = repository.provision("grafana").err().unwrap();
    let reason =
        "the roles of the Cluster `postgres-apps` are in an inline patch, which is not edited";
    assert_eq!(error.to_string(), format!("{POSTGRES}/kustomization.yaml: {reason}"));
    let to = "add to `spec.managed.roles` in the patch".to_owned();
    assert_eq!(additions(error), [(to, ROLE.to_owned())]);

    let indented: String = ROLE.lines().map(|line| format!("            {line}\n")).collect();
    let repository = Repository::of(with_patch(&format!("{INLINE}{indented}")));
    let outcome = repository.provision("grafana").unwrap();
    let changed = repository.changed(&outcome);
    let [secret, list, _, databases, app, ks] = six();
    assert_eq!(changed, [secret, list, databases, app, ks], "all but the role");
    repository.apply(&outcome);
    assert!(repository.provision("grafana").unwrap().plan.is_empty());
}

#[test]
fn a_patch_of_operations_is_refused_wherever_it_stands() {
    let operation =
        "- {op: add, path: /spec/managed/roles/-, value: {name: x, passwordSecret: {name: s}}}\n";
    let indented = format!("      {operation}");
    let inline =
        with_patch(&format!("patches:\n  - target: {{kind: Cluster}}\n    patch: |\n{indented}"));
    let mut file = with_patch("patches:\n  - target: {kind: Cluster}\n    path: roles.yaml\n");
    file.insert(format!("{POSTGRES}/roles.yaml"), operation.to_owned());
    let mut old = with_patch(
        "patchesJson6902:\n  - target: {kind: Cluster, name: postgres-apps}\n    path: roles.yaml\n",
    );
    old.insert(format!("{POSTGRES}/roles.yaml"), operation.to_owned());
    let mut flux = with_patch("");
    let ks = flux.get_mut(&format!("{APPS}/shared/postgres/ks.yaml")).unwrap();
    ks.push_str(&format!(
        "  patches:\n    - target: {{kind: Cluster}}\n      patch: |\n        {operation}"
    ));
    for files in [inline, file, old, flux] {
        let error = Repository::of(files).provision("grafana").err().unwrap();
        assert!(error.to_string().contains("are in a JSON patch"), "{error}");
        let [(_, text)] = additions(error).try_into().unwrap();
        let head = "- op: add\n  path: /spec/managed/roles/-\n  value:\n    name: grafana\n";
        assert!(text.starts_with(head), "{text}");
    }
}

#[test]
fn a_patch_of_something_else_is_no_obstacle() {
    let others = [
        INLINE.replace("name: postgres-apps", "name: other"),
        INLINE.replace("{kind: Cluster}", "{kind: Cluster, name: other}"),
        "patches:\n  - patch: '[{op: add, path: /metadata/labels/roles, value: a}]'\n".to_owned(),
    ];
    for patch in others {
        let (_, changed) = Repository::provisioned(with_patch(&patch));
        assert_eq!(changed, six(), "{patch}");
    }
}

/// The sample with a release of the chart in the place of the Cluster.
fn with_chart(release: &str) -> Files {
    let mut files = sample();
    files.remove(&format!("{POSTGRES}/databases.yaml"));
    files.insert(format!("{POSTGRES}/postgres-cluster.yaml"), release.to_owned());
    files
}

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: pg}\nspec:\n  \
                       chart: {spec: {chart: cluster, version: 0.8.x}}\n  values:\n    cluster:\n      roles:\n        \
                       - {name: pocket-id, passwordSecret: {name: role-pocket-id}}\n";

#[test]
fn a_cluster_from_a_chart_is_refused_with_what_its_values_lack() {
    let repository = Repository::of(with_chart(RELEASE));
    let options =
        Options { extensions: Vec::new(), connection_limit: Some(5), ..Options::default() };
    let password = || Password::Generated(Secret::from("x".to_owned()));
    let error = repository.with_options("my-dash", password(), options).err().unwrap();
    let file = format!("{POSTGRES}/postgres-cluster.yaml");
    let reason =
        "the Cluster is made by the chart of the HelmRelease `pg`, whose values are not edited";
    assert_eq!(error.to_string(), format!("{file}: {reason}"));
    let [role, database, secret] = additions(error).try_into().unwrap();
    assert_eq!(role.0, "add to `spec.values.cluster.roles`");
    let wanted = "- name: my-dash\n  ensure: present\n  login: true\n  superuser: false\n  connectionLimit: 5\n  \
                  passwordSecret:\n    name: role-my-dash";
    assert_eq!(role.1, wanted);
    assert_eq!(database.0, "add to `spec.values.databases`");
    assert_eq!(database.1, "- name: my-dash\n  owner: my-dash");
    let command = "keywright secret new shared-postgres --name role-my-dash --template username=my-dash --generate password";
    assert_eq!(secret.1, command);

    let source = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: src}\nspec:\n  \
                  url: oci://ghcr.io/cloudnative-pg/charts/cluster\n  ref: {tag: 0.8.1}\n";
    let by_source = RELEASE.replace(
        "chart: {spec: {chart: cluster, version: 0.8.x}}",
        "chartRef: {kind: OCIRepository, name: src}",
    );
    let refusal = Repository::of(with_chart(&format!("{by_source}{source}"))).refusal("grafana");
    assert!(refusal.contains(reason), "{refusal}");
    let other = RELEASE.replace("chart: cluster", "chart: redis");
    let refusal = Repository::of(with_chart(&other)).refusal("grafana");
    assert_eq!(refusal, "no `postgresql.cnpg.io/v1` Cluster in this repository");
}

#[test]
fn secrets_of_roles_by_a_generator_are_refused_with_its_entry() {
    let mut files = sample();
    files.retain(|path, _| !path.ends_with("-user-secret.yaml"));
    let list = format!("{POSTGRES}/kustomization.yaml");
    let generators = ["miniflux", "pocket-id", "paperless"]
        .map(|app| format!("  - {{name: postgres-{app}-user, envs: [{app}.env]}}\n"));
    let text = "resources:\n  - postgres-cluster.yaml\n  - databases.yaml\nsecretGenerator:\n";
    files.insert(list.clone(), format!("{text}{}", generators.concat()));
    let repository = Repository::of(files);
    let error = repository.provision("grafana").err().unwrap();
    let reason = "the Secrets of roles are made by a `secretGenerator`, which is not edited";
    assert_eq!(error.to_string(), format!("{list}: {reason}"));
    let [(_, entry), (_, file)] = additions(error).try_into().unwrap();
    assert!(
        entry.starts_with("- name: postgres-grafana-user\n  type: kubernetes.io/basic-auth\n"),
        "{entry}"
    );
    assert!(entry.contains("disableNameSuffixHash: true"), "{entry}");
    assert_eq!(file, "username=grafana\npassword=…");
    let refusal = repository.refusal("miniflux");
    let reason = "the Secret `postgres-miniflux-user` is made by a `secretGenerator`, so its password is not known here";
    assert_eq!(refusal, format!("{list}: {reason}"));
}

#[test]
fn an_app_whose_secret_is_generated_is_refused_with_the_key_it_lacks() {
    let mut files = sample();
    let list = format!("{APPS}/grafana/app/kustomization.yaml");
    let text = files[&list].replace("  - ./secret.yaml\n", "");
    files.insert(
        list.clone(),
        format!("{text}secretGenerator:\n  - {{name: grafana, envs: [a.env]}}\n"),
    );
    let error = Repository::of(files).provision("grafana").err().unwrap();
    let reason = "the Secret `grafana` of the app is made by a `secretGenerator`";
    assert_eq!(error.to_string(), format!("{list}: {reason}"));
    let [(to, text)] = additions(error).try_into().unwrap();
    assert!(to.contains("`keywright secret new grafana`"), "{to}");
    assert_eq!(text, "DATABASE_URL=postgresql://…");
}

#[test]
fn an_operator_that_is_too_old_for_role_objects_is_named() {
    let release = |version: &str, values: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: op}}\nspec:\n  \
             chart: {{spec: {{chart: cloudnative-pg, version: {version}}}}}\n  values: {values}\n"
        )
    };
    let refused = |release: String| {
        let mut files = sample();
        files.insert("operator/release.yaml".to_owned(), release);
        let chosen = Options { strategy: Some(StrategyKind::DatabaseRole), ..Options::default() };
        let password = Password::Generated(Secret::from("x".to_owned()));
        Repository::of(files).with_options("grafana", password, chosen).err().map(|e| e.to_string())
    };
    let wanted = "operator/release.yaml: chart 0.28.3 of the operator does not know `DatabaseRole`, which came with 1.30";
    assert_eq!(refused(release("0.28.3", "{}")).as_deref(), Some(wanted));
    for (version, values) in [
        ("0.29.0", "{}"),
        ("1.0.0", "{}"),
        ("0.x", "{}"),
        ("'>=0.20.0'", "{}"),
        ("0.28", "{}"),
        ("0.28.3", "{crds: {create: false}}"),
    ] {
        assert_eq!(refused(release(version, values)), None, "{version} {values}");
    }
}

/// A ResourceSet that makes a Database of each input.
const SET: &str = "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: databases}\nspec:\n  \
                   inputs:\n    - app: miniflux\n    - app: paperless\n      db: papers\n  resources:\n    \
                   - apiVersion: postgresql.cnpg.io/v1\n      kind: Database\n      metadata: {name: << inputs.app >>}\n      \
                   spec: {cluster: {name: postgres-apps}, name: << inputs.db >>, owner: << inputs.app >>}\n";

#[test]
fn databases_of_a_resource_set_are_refused_with_the_input_until_it_is_there() {
    let mut files = sample();
    let databases = format!("{POSTGRES}/databases.yaml");
    files.insert(databases.clone(), SET.to_owned());
    let repository = Repository::of(files.clone());
    let error = repository.provision("grafana").err().unwrap();
    let reason = "the Databases of the Cluster `postgres-apps` are made by the ResourceSet `databases`, whose inputs are not edited";
    assert_eq!(error.to_string(), format!("{databases}: {reason}"));
    let wanted = ("add to `spec.inputs`".to_owned(), "- app: grafana".to_owned());
    assert_eq!(additions(error), [wanted]);
    let lonely = |repository: &Repository| {
        let found = repository.findings().into_iter();
        found.filter(|one| one.contains("role-without-database")).collect::<Vec<_>>()
    };
    let left = ["warning role-without-database: the role `pocket_id` has no Database"];
    assert_eq!(lonely(&repository), left, "the others are inputs");
    let error = repository.deprovision("miniflux", false).err().unwrap();
    assert_eq!(error.to_string(), format!("{databases}: {reason}; take `miniflux` off first"));

    let with_input = SET.replace("  inputs:\n", "  inputs:\n    - app: grafana\n");
    files.insert(databases, with_input);
    let (_, changed) = Repository::provisioned(files);
    let [secret, list, cluster, _, app, ks] = six();
    assert_eq!(changed, [secret, list, cluster, app, ks], "all but the Database");
}
