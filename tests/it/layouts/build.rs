//! The repository of some choices.
//!
//! ```text
//! .sops.yaml
//! db/ks.yaml             Flux Kustomization `db`
//! db/app/                Cluster `pg`, roles, Databases, credentials of `alpha` and `pocket-id`
//! apps/…/alpha/          an app with a database, and `pocket-id` likewise
//! apps/…/my-dash/        the app that is to get one
//! components/pg/         the component that makes databases, if one does
//! ```

use std::collections::BTreeMap;

use super::{Apps, Choices, Databases, Files, Namespaces, Roles, Url};
use crate::sandbox::Sandbox;
use crate::verbs::RECIPIENT;

/// The app that is provisioned.
pub(super) const APP: &str = "my-dash";

/// The apps that have a database.
const SIBLINGS: [&str; 2] = ["alpha", "pocket-id"];

/// A repository, its Secrets encrypted.
pub(super) struct Built<'s> {
    pub(super) sandbox: &'s Sandbox,
    /// The number of the choices.
    pub(super) number: u64,
    pub(super) choices: Choices,
    /// Paths of all files, with their content before anything was provisioned.
    pub(super) before: BTreeMap<String, String>,
    /// The Secrets before they were encrypted.
    pub(super) plain: BTreeMap<String, String>,
}

impl<'s> Built<'s> {
    /// Makes it.
    pub(super) fn in_sandbox(sandbox: &'s Sandbox, number: u64, choices: Choices) -> Built<'s> {
        let mut built =
            Built { sandbox, number, choices, before: BTreeMap::new(), plain: BTreeMap::new() };
        built.database_side();
        built.app_side();
        built.write();
        built
    }

    /// The namespace of the Cluster.
    pub(super) fn namespace(&self) -> &'static str {
        if self.choices.together { "apps" } else { "data" }
    }

    /// Role and database of an app.
    pub(super) fn identifier(&self, app: &str) -> String {
        if self.choices.hyphens { app.to_owned() } else { app.replace('-', "_") }
    }

    /// The name of a file with a Secret.
    pub(super) fn secret_file(&self, name: &str) -> String {
        match self.choices.files {
            Files::Sops => format!("{name}.sops.yaml"),
            Files::Secret => format!("{name}-secret.yaml"),
            Files::Plain => "secret.yaml".to_owned(),
            Files::Enc => format!("{name}.enc.yaml"),
        }
    }

    /// What objects of an app are called.
    pub(super) fn object_name(&self, app: &str) -> String {
        if self.choices.suffixed { format!("{app}-db") } else { app.to_owned() }
    }

    /// The file with the credentials of an app's role, below `db/app`.
    pub(super) fn role_secret_file(&self, app: &str) -> String {
        match self.choices.files {
            Files::Plain => format!("{app}/secret.yaml"),
            _ => self.secret_file(&format!("pg-{app}")),
        }
    }

    /// The directory of an app's `ks.yaml`.
    pub(super) fn home(&self, app: &str) -> String {
        match self.choices.apps {
            Apps::Grouped => format!("apps/tools/{app}"),
            Apps::Flat | Apps::BesideFlux => format!("apps/{app}"),
        }
    }

    /// The directory of its manifests.
    pub(super) fn directory(&self, app: &str) -> String {
        match self.choices.apps {
            Apps::BesideFlux => self.home(app),
            Apps::Flat | Apps::Grouped => format!("{}/app", self.home(app)),
        }
    }

    /// The key of URLs.
    pub(super) fn url_key(&self) -> &'static str {
        if self.choices.usual_key { "DATABASE_URL" } else { "PG_DSN" }
    }

    /// The URL of an app.
    pub(super) fn url(&self, app: &str, password: &str) -> String {
        let (identifier, namespace) = (self.identifier(app), self.namespace());
        let (scheme, host) = match self.choices.url {
            Url::Full => ("postgres", format!("{namespace}.svc.cluster.local:5432")),
            Url::Namespace => ("postgresql", namespace.to_owned()),
            Url::Svc => ("postgresql+asyncpg", format!("{namespace}.svc:5432")),
        };
        format!("{scheme}://{identifier}:{password}@pg-rw.{host}/{identifier}")
    }

    /// Whether roles are known to the repository, or to a component alone.
    pub(super) fn has_component(&self) -> bool {
        self.choices.roles == Roles::Component
    }

    fn add(&mut self, path: impl Into<String>, text: &str) {
        let marker = if self.choices.marked { "---\n" } else { "" };
        let text = format!("{marker}{text}");
        let text = if self.choices.crlf { text.replace('\n', "\r\n") } else { text };
        self.before.insert(path.into(), text);
    }

    /// A list below a key of the first level.
    fn list(&self, key: &str, items: &[String]) -> String {
        let indent = if self.choices.indented { "  " } else { "" };
        let lines = items
            .iter()
            .map(|item| format!("{indent}- {}\n", item.replace('\n', &format!("\n{indent}  "))));
        format!("{key}:\n{}", lines.collect::<String>())
    }

    /// A list of resources, sorted or turned round.
    fn resources(&self, entries: &[String]) -> String {
        let prefix = if self.choices.dotted { "./" } else { "" };
        let mut entries: Vec<String> = entries.to_vec();
        entries.sort();
        if !self.choices.sorted {
            entries.reverse();
        }
        let entries: Vec<String> = entries.iter().map(|entry| format!("{prefix}{entry}")).collect();
        self.list("resources", &entries)
    }

    /// A kustomize file; whose objects have the namespace from there, if that is the choice.
    fn kustomization(&mut self, directory: &str, namespace: &str, rest: &str) {
        let head = match self.choices.namespaces {
            Namespaces::Kustomize => format!("namespace: {namespace}\n"),
            Namespaces::Written | Namespaces::Flux => String::new(),
        };
        let head =
            format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{head}");
        self.add(format!("{directory}/kustomization.yaml"), &format!("{head}{rest}"));
    }

    /// A Flux Kustomization.
    fn flux(&mut self, file: &str, name: &str, path: &str, namespace: &str, rest: &str) {
        let target = match self.choices.namespaces {
            Namespaces::Flux => format!("  targetNamespace: {namespace}\n"),
            Namespaces::Written | Namespaces::Kustomize => String::new(),
        };
        let text = format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
             namespace: flux-system\nspec:\n  interval: 1h\n  path: ./{path}\n  prune: true\n{target}  \
             decryption:\n    provider: sops\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n{rest}"
        );
        self.add(file, &text);
    }

    /// `metadata` of an object.
    fn metadata(&self, name: &str, namespace: &str) -> String {
        match self.choices.namespaces {
            Namespaces::Written => format!("metadata:\n  name: {name}\n  namespace: {namespace}\n"),
            Namespaces::Flux | Namespaces::Kustomize => format!("metadata:\n  name: {name}\n"),
        }
    }

    fn secret(&mut self, path: &str, name: &str, namespace: &str, values: &[(&str, &str)]) {
        let values: String =
            values.iter().map(|(key, value)| format!("  {key}: {value}\n")).collect();
        let metadata = self.metadata(name, namespace);
        let text =
            format!("apiVersion: v1\nkind: Secret\n{metadata}type: Opaque\nstringData:\n{values}");
        self.add(path, &text);
    }

    fn database_side(&mut self) {
        let namespace = self.namespace();
        self.flux("db/ks.yaml", "db", "db/app", namespace, "");
        let mut resources = vec!["cluster.yaml".to_owned()];
        let api = "apiVersion: postgresql.cnpg.io/v1";
        let head = format!("{api}\nkind: Cluster\n{}", self.metadata("pg", namespace));
        let managed = self.managed();
        let mut cluster = format!("{head}spec:\n  instances: 1 # for now\n");
        let mut patches = String::new();
        match self.choices.roles {
            Roles::Inline => cluster.push_str(&managed),
            Roles::Patch => {
                self.add("db/app/roles.yaml", &format!("{head}spec:\n{managed}"));
                patches = self.list("patches", &["path: roles.yaml".to_owned()]);
            }
            Roles::Objects => {
                self.objects("db/app/roles.yaml", "DatabaseRole");
                resources.push("roles.yaml".to_owned());
            }
            Roles::Component => {}
        }
        if !self.has_component() {
            for app in SIBLINGS {
                let file = self.role_secret_file(app);
                let values =
                    [("username", self.identifier(app)), ("password", format!("of-{app}"))];
                let values = values.each_ref().map(|(key, value)| (*key, value.as_str()));
                self.secret(&format!("db/app/{file}"), &format!("pg-{app}"), namespace, &values);
                resources.push(file);
            }
            resources.extend(self.database_files(&mut cluster));
        }
        self.add("db/app/cluster.yaml", &cluster);
        let list = self.resources(&resources);
        self.kustomization("db/app", namespace, &format!("{list}{patches}"));
    }

    /// `managed` with the roles of the siblings.
    fn managed(&self) -> String {
        let indent = if self.choices.indented { "      " } else { "    " };
        let roles = SIBLINGS.iter().map(|app| {
            let name = self.identifier(app);
            format!("{indent}- name: {name}\n{indent}  login: true\n{indent}  passwordSecret:\n{indent}    name: pg-{app}\n")
        });
        format!("  managed:\n    # one for each app\n    roles:\n{}", roles.collect::<String>())
    }

    /// Objects of CloudNativePG for the siblings, in a file.
    fn objects(&mut self, file: &str, kind: &str) {
        let all: Vec<String> = SIBLINGS.iter().map(|app| self.object(kind, app)).collect();
        self.add(file, &all.join("---\n"));
    }

    fn object(&self, kind: &str, app: &str) -> String {
        let name = self.identifier(app);
        let metadata = self.metadata(&self.object_name(app), self.namespace());
        let rest = match kind {
            "Database" => format!("owner: {name} # as the app"),
            _ => format!("login: true\n  passwordSecret:\n    name: pg-{app}"),
        };
        format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\n{metadata}spec:\n  cluster:\n    name: pg\n  \
             name: {name}\n  {rest}\n"
        )
    }

    /// Adds the Databases; returns what is to be listed.
    fn database_files(&mut self, cluster: &mut String) -> Vec<String> {
        match self.choices.databases {
            Databases::OneFile => {
                self.objects("db/app/databases.yaml", "Database");
                vec!["databases.yaml".to_owned()]
            }
            Databases::ManyFiles => {
                let files = SIBLINGS.map(|app| format!("databases/{}.yaml", self.object_name(app)));
                for (app, file) in SIBLINGS.iter().zip(&files) {
                    self.add(format!("db/app/{file}"), &self.object("Database", app));
                }
                files.to_vec()
            }
            Databases::WithCluster => {
                for app in SIBLINGS {
                    *cluster = format!("{cluster}---\n{}", self.object("Database", app));
                }
                Vec::new()
            }
            Databases::None => Vec::new(),
        }
    }

    fn app_side(&mut self) {
        if self.has_component() {
            let head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
            let list = self.resources(&["externalsecret.yaml".to_owned()]);
            self.add("components/pg/kustomization.yaml", &format!("{head}{list}"));
            let external = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: ${APP}-pg\nspec:\n  \
                 data:\n    - secretKey: password\n      remoteRef:\n        key: postgres\n        property: ${APP}_password\n";
            self.add("components/pg/externalsecret.yaml", external);
        }
        for app in [SIBLINGS[0], SIBLINGS[1], APP] {
            self.app(app);
        }
    }

    fn app(&mut self, app: &str) {
        let (home, directory) = (self.home(app), self.directory(app));
        let mut spec = String::new();
        let sibling = app != APP;
        if sibling && self.has_component() {
            let depth = "../".repeat(directory.split('/').count());
            spec.push_str(&format!("  components:\n    - {depth}components/pg\n  postBuild:\n    substitute:\n      APP: {app}\n"));
        }
        let waits = [(self.choices.waits, "other"), (sibling, "db")];
        let waits = waits.iter().filter(|(waits, _)| *waits).map(|(_, name)| *name);
        let waits: String = waits.map(|name| format!("    - name: {name}\n")).collect();
        if !waits.is_empty() {
            let waits = if self.choices.indented { waits } else { waits.replace("    -", "  -") };
            spec.push_str(&format!("  dependsOn:\n{waits}"));
        }
        spec.push_str("  timeout: 5m # enough\n");
        self.flux(&format!("{home}/ks.yaml"), app, &directory, "apps", &spec);
        let file = self.secret_file(app);
        let url = self.url(app, &format!("of-{app}"));
        let mut values = vec![("OTHER", "TESTonlyOther")];
        if sibling && !self.has_component() {
            values.push((self.url_key(), &url));
        }
        self.secret(&format!("{directory}/{file}"), app, "apps", &values);
        let list = self.resources(&[file]);
        self.kustomization(&directory, "apps", &list);
    }

    /// Writes the files, and encrypts those with a Secret.
    fn write(&mut self) {
        let pattern = match self.choices.files {
            Files::Sops => r"\.sops\.yaml$",
            Files::Secret => r"-secret\.yaml$",
            Files::Plain => r"(^|/)secret\.yaml$",
            Files::Enc => r"\.enc\.yaml$",
        };
        let rules = format!(
            "creation_rules:\n  - path_regex: {pattern}\n    encrypted_regex: ^(data|stringData)$\n    age: {RECIPIENT}\n"
        );
        self.before.insert(".sops.yaml".to_owned(), rules);
        let mut secrets = Vec::new();
        for (path, text) in &self.before {
            self.sandbox.write(path, text);
            if text.contains("kind: Secret\n") || text.contains("kind: Secret\r\n") {
                secrets.push(path.clone());
            }
        }
        let encrypt = ["encrypt".to_owned(), "-i".to_owned()].into_iter().chain(secrets.clone());
        self.sandbox.keywright(encrypt).go().success();
        for path in secrets {
            let text = self.sandbox.read(&path);
            assert!(text.contains("ENC["), "{path}");
            let plain = self.before.insert(path.clone(), text);
            self.plain.extend(plain.map(|plain| (path, plain)));
        }
    }
}
