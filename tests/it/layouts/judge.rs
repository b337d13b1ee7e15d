//! What has to be true of a repository in which an app was provisioned.

use std::collections::BTreeMap;

use super::after::lines_stay;
use super::build::{APP, Built};
use super::{Databases, Namespaces, PASSWORD, Roles};
use crate::reference;
use crate::sandbox::files_below;

impl Built<'_> {
    /// Provisions the app, twice, and looks at everything.
    pub(super) fn provision(&self) {
        self.run(APP);
        let after = self.files();
        self.only_what_has_to_changes(&after);
        let again = self.run(APP);
        assert!(again.contains("nothing to do"), "{again}");
        assert_eq!(self.files(), after, "changed again");
        if !self.has_component() {
            self.objects_are_added();
            self.secrets_agree(PASSWORD);
            self.lists_keep_their_style(&after["db/app/kustomization.yaml"]);
        }
    }

    /// Provisions one more app with what `layout` writes, and without: there is no difference.
    pub(super) fn settings_change_nothing(&self) {
        // The second app is made of the first one.
        let (home, other) = (self.home(APP), self.home("zeta"));
        for (path, text) in &self.before {
            if let Some(rest) = path.strip_prefix(&format!("{home}/")) {
                let rest = rest.replace(APP, "zeta");
                self.sandbox.write(&format!("{other}/{rest}"), text.replace(APP, "zeta"));
            }
        }
        let secret = format!("{}/{}", self.directory("zeta"), self.secret_file("zeta"));
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: zeta\nstringData:\n  a: b\n";
        self.sandbox.write(&secret, text);
        self.sandbox.keywright(["encrypt", "-i", &secret]).go().success();
        let plan = |name: &str| {
            let provision = ["db", "provision", "zeta", "--dry-run", "--password-stdin"];
            let run = self.sandbox.keywright(provision).stdin(PASSWORD).go().success();
            // Ciphertext differs each time.
            let text = run.stdout();
            let lines =
                text.lines().map(|line| line.split("ENC[").next().unwrap_or(line).to_owned());
            let lines: Vec<String> = lines.collect();
            assert!(lines.len() > 3, "{name}: {text}");
            lines
        };
        let without = plan("without settings");
        self.sandbox.keywright(["layout", "--write"]).go().success();
        assert_eq!(plan("with settings"), without);
    }

    fn run(&self, app: &str) -> String {
        let provision = ["db", "provision", app, "--password-stdin"];
        self.sandbox.keywright(provision).stdin(PASSWORD).go().success().stdout()
    }

    /// All files by their paths.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let paths = files_below(&self.sandbox.work()).into_iter();
        let paths = paths.filter(|path| !path.starts_with(".git"));
        let paths = paths.map(|path| path.to_string_lossy().into_owned());
        paths.map(|path| (path.clone(), self.sandbox.read(&path))).collect()
    }

    /// The paths that change, in order.
    fn expected(&self) -> Vec<String> {
        let flux = format!("{}/ks.yaml", self.home(APP));
        if self.has_component() {
            return vec![flux];
        }
        let role = match self.choices.roles {
            Roles::Inline => "cluster.yaml",
            Roles::Patch | Roles::Objects => "roles.yaml",
            Roles::Component => unreachable!("returned above"),
        };
        let database = match self.choices.databases {
            Databases::OneFile | Databases::None => "databases.yaml".to_owned(),
            Databases::ManyFiles => format!("databases/{}.yaml", self.object_name(APP)),
            Databases::WithCluster => "cluster.yaml".to_owned(),
        };
        let own = ["kustomization.yaml".to_owned(), role.to_owned(), database];
        let own = own.into_iter().chain([self.role_secret_file(APP)]);
        let mut paths: Vec<String> = own.map(|name| format!("db/app/{name}")).collect();
        paths.push(flux);
        paths.push(format!("{}/{}", self.directory(APP), self.secret_file(APP)));
        paths.sort();
        paths.dedup();
        paths
    }

    fn only_what_has_to_changes(&self, after: &BTreeMap<String, String>) {
        let differs = |(path, text): &(&String, &String)| self.before.get(*path) != Some(*text);
        let changed: Vec<&String> = after.iter().filter(differs).map(|(path, _)| path).collect();
        assert_eq!(changed, self.expected().iter().collect::<Vec<_>>());
        assert!(self.before.keys().all(|path| after.contains_key(path)), "a file is gone");
        for path in changed {
            let (old, new) = (self.before.get(path).map_or("", String::as_str), &after[path]);
            lines_stay(path, old, new);
            let breaks = (new.matches('\n').count(), new.matches("\r\n").count());
            let wanted = if self.choices.crlf { breaks.0 } else { 0 };
            assert_eq!(breaks.1, wanted, "line breaks of {path}");
            let is_new = !self.before.contains_key(path);
            assert!(!is_new || new.starts_with("---") == self.choices.marked, "{path}:\n{new}");
        }
    }

    /// What kustomize builds of the Cluster's side and of the app.
    pub(super) fn built(&self) -> [String; 2] {
        ["db/app".to_owned(), self.directory(APP)].map(|directory| {
            let run = self.sandbox.run(reference::kustomize()).args(["build", &directory]);
            run.go().success().stdout()
        })
    }

    fn objects_are_added(&self) {
        let after = self.built();
        let objects = |text: &str, kind: &str| -> Vec<String> {
            let all = text.split("---\n").filter(|one| one.contains(&format!("\nkind: {kind}\n")));
            all.map(str::to_owned).collect()
        };
        let identifier = self.identifier(APP);
        let is_object = self.choices.roles == Roles::Objects;
        let databases = match self.choices.databases {
            Databases::None => 1,
            _ => 3,
        };
        let kinds = [
            ("Cluster", 1, "  instances: 1".to_owned()),
            ("Database", databases, format!("  owner: {identifier}")),
            ("DatabaseRole", if is_object { 3 } else { 0 }, format!("  name: {identifier}")),
            ("Secret", 3, format!("  name: pg-{APP}")),
        ];
        for (kind, count, line) in kinds {
            let found = objects(&after[0], kind);
            assert_eq!(found.len(), count, "{kind} in {}", after[0]);
            let own: Vec<_> = found.iter().filter(|one| one.lines().any(|l| l == line)).collect();
            assert_eq!(own.len(), usize::from(count > 0), "{line} in {}", after[0]);
            let namespace = format!("\n  namespace: {}\n", self.namespace());
            let is_left = self.choices.namespaces == Namespaces::Flux;
            assert!(own.iter().all(|one| one.contains(&namespace) != is_left), "{own:?}");
            let has_sibling = match kind {
                "Database" => databases > 1,
                _ => kind == "DatabaseRole",
            };
            let name = format!("\n  name: {}\n", self.object_name(APP));
            assert!(!has_sibling || own.iter().all(|one| one.contains(&name)), "{own:?}");
        }
        let roles = objects(&after[0], "Cluster").concat().matches("name: pg-").count();
        assert_eq!(roles, if is_object { 0 } else { 3 }, "{}", after[0]);
        assert_eq!(objects(&after[1], "Secret").len(), 1, "{}", after[1]);
    }

    /// The role's Secret and the URL have the same password. The real sops reads some of them.
    pub(super) fn secrets_agree(&self, password: &str) {
        let app = format!("{}/{}", self.directory(APP), self.secret_file(APP));
        let role = format!("db/app/{}", self.role_secret_file(APP));
        let url = format!("  {}: {}", self.url_key(), self.url(APP, password));
        let username = format!("  username: {}", self.identifier(APP));
        let password = format!("  password: {password}");
        for (file, lines) in [
            (app, vec![url, "  OTHER: TESTonlyOther".to_owned()]),
            (role, vec![username, password]),
        ] {
            let mut readers = vec![self.sandbox.keywright(["decrypt"])];
            if self.number % 12 < super::SHARES {
                let versions = reference::versions("sops").into_iter();
                let sops = |version| self.sandbox.run(reference::sops(version)).arg("--decrypt");
                readers.extend(versions.map(sops));
            }
            for reader in readers {
                let text = reader.arg(&file).go().success().stdout();
                let has = |line: &String| text.lines().any(|l| l.trim() == line.trim());
                assert!(lines.iter().all(has), "not all of {lines:?} in {file}:\n{text}");
            }
        }
    }

    fn lists_keep_their_style(&self, list: &str) {
        let list = list.replace('\r', "");
        let lines = list.lines().skip_while(|line| *line != "resources:").skip(1);
        let lines: Vec<&str> = lines
            .take_while(|line| line.trim_start().starts_with("- ") && !line.contains(": "))
            .collect();
        let prefix = match (self.choices.indented, self.choices.dotted) {
            (true, true) => "  - ./",
            (true, false) => "  - ",
            (false, true) => "- ./",
            (false, false) => "- ",
        };
        assert!(lines.iter().all(|line| line.starts_with(prefix)), "{list}");
        assert_eq!(
            lines.iter().all(|line| line.starts_with("- ./") || line.starts_with("  - ./")),
            self.choices.dotted
        );
        let entries: Vec<&str> = lines.iter().map(|line| &line[prefix.len()..]).collect();
        assert_eq!(entries.is_sorted(), self.choices.sorted, "{list}");
        if !self.choices.sorted {
            let own = self.role_secret_file(APP);
            let sibling = self.role_secret_file("alpha");
            let at = |wanted: &str| entries.iter().position(|entry| *entry == wanted).unwrap();
            assert_eq!(at(&own), at(&sibling) + 1, "behind the last of its sort: {list}");
        }
    }
}
