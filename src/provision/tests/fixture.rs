//! Repositories for the tests: a map of plain files, written to a directory with its Secrets encrypted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::inventory::Use;
use super::super::{
    Deprovisioned, Error, Finding, Inventory, Means, Options, Outcome, Password, Removal, Request,
    Rotated, Rotation, adopt, adopt_roles, deprovision, examine, fix, provision, rotate, settings,
    survey,
};
use crate::document::Document;
use crate::keys::Identities;
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::secret::{RandomSource, Secret};
use crate::sops::file::{EncryptedFile, Encryption, encrypt};
use crate::sops::rules::Config;
use crate::txn::Plan;

/// Where the apps of the sample are.
pub(super) const APPS: &str = "nerv/main/cluster/apps";

/// Where the Cluster of the sample is.
pub(super) const POSTGRES: &str = "nerv/main/cluster/apps/shared/postgres/app";

/// Files by their paths.
pub(super) type Files = BTreeMap<String, String>;

/// The sample, in plain text.
pub(super) fn sample() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples/nerv");
    let snapshot = Snapshot::take(&root).unwrap();
    let text = |path: &Path| String::from_utf8(snapshot.bytes(path).unwrap().to_vec()).unwrap();
    snapshot.paths().map(|path| (path.to_str().unwrap().to_owned(), text(path))).collect()
}

/// The sample with one file changed.
pub(super) fn with(path: &str, change: impl Fn(&str) -> String) -> Files {
    let mut files = sample();
    let text = change(&files[path]);
    assert_ne!(files[path], text, "{path} is unchanged");
    files.insert(path.to_owned(), text);
    files
}

/// A repository on disk.
pub(super) struct Repository {
    directory: TempDir,
    identities: Identities,
}

/// Numbers that never repeat; what is random is not what these tests look at.
struct Counter(u64);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 += 1;
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}

const NOW: &str = "2031-02-03T04:05:06Z";

impl Repository {
    /// Writes the files; every Secret is encrypted for the identity of the sample.
    pub(super) fn of(files: Files) -> Repository {
        Repository::with_plain(files, &[])
    }

    /// As [`Repository::of`], but these files stay plain.
    pub(super) fn with_plain(files: Files, plain: &[&str]) -> Repository {
        let mut identities = Identities::new();
        identities.add(files["age-test-identity.txt"].as_bytes(), "test");
        let sample = sample();
        let config = Document::parse(sample["nerv/.sops.yaml"].clone().into_bytes()).unwrap();
        let config = Config::parse(&config, Path::new(".sops.yaml")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let repository = Repository { directory, identities };
        for (path, text) in &files {
            let is_secret = text.contains("kind: Secret\n") || text.contains("kind: Secret\r\n");
            if is_secret && !plain.contains(&path.as_str()) {
                repository.write(path, encrypted(&config, text).as_bytes());
            } else {
                repository.write(path, text.as_bytes());
            }
        }
        repository
    }

    /// Provisions with a password that is easy to find.
    pub(super) fn provision(&self, app: &str) -> Result<Outcome, Error> {
        let password = Secret::from("FIXEDpassword0123456789".to_owned());
        self.request(app, Password::Generated(password))
    }

    /// Provisions with some password.
    pub(super) fn request(&self, app: &str, password: Password) -> Result<Outcome, Error> {
        self.with_options(app, password, Options::default())
    }

    /// Provisions with choices.
    pub(super) fn with_options(
        &self,
        app: &str,
        password: Password,
        options: Options,
    ) -> Result<Outcome, Error> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::read(&snapshot)?;
        let mut random = Counter(7);
        let mut means = Means {
            identities: &self.identities,
            random: &mut random,
            now: "2031-02-04T04:05:06Z",
        };
        let request = Request { app, password: &password, options: &options };
        provision(&request, &snapshot, &layout, &mut means)
    }

    /// What `layout` would write to the file with the settings.
    pub(super) fn settings(&self) -> Option<String> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::read(&snapshot).unwrap();
        let survey = survey(&snapshot, &layout, &self.identities, None).unwrap();
        let plan = settings(&snapshot, &layout, &survey).unwrap();
        let change = plan.changes().first()?;
        Some(String::from_utf8(change.new.as_ref().unwrap().to_vec()).unwrap())
    }

    /// Gives a role another password.
    pub(super) fn rotate(&self, app: &str, new: &str) -> Result<Rotated, Error> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let (identities, now) = (&self.identities, "2031-02-05T04:05:06Z");
        let mut means = Means { identities, random: &mut Counter(9), now };
        let new = Secret::from(new.to_owned());
        let (old, options, skipped) = (None, Options::default(), &[]);
        let (new, options) = (&new, &options);
        rotate(&Rotation { app, new, old, options, skipped }, &snapshot, &layout, &mut means)
    }

    /// What the doctor finds: `severity rule: message`, in the order of files and lines.
    pub(super) fn findings(&self) -> Vec<String> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let inventory = Inventory::take(&snapshot, &layout, Some(&self.identities));
        let found = examine(&layout, &inventory);
        let shown =
            |one: &Finding<'_>| format!("{} {}: {}", one.severity.name(), one.rule, one.message);
        found.iter().map(shown).collect()
    }

    /// The places that use a role: `key form equal`.
    pub(super) fn uses(&self, role: &str) -> Vec<String> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let inventory = Inventory::take(&snapshot, &layout, Some(&self.identities));
        let entries = inventory.clusters.iter().flat_map(|stock| &stock.entries);
        let entries = entries.filter(|entry| entry.role_name.as_deref() == Some(role));
        let shown = |found: &Use<'_>| {
            let key = found.key.as_deref().unwrap_or("-");
            format!("{key} {} {:?}", found.form_name(), found.is_equal)
        };
        entries.flat_map(|entry| &entry.uses).map(shown).collect()
    }

    /// Mends what is safe and writes it; the paths that changed, in order.
    pub(super) fn mend(&self) -> Vec<String> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let inventory = Inventory::take(&snapshot, &layout, Some(&self.identities));
        let findings = examine(&layout, &inventory);
        let mut means = Means { identities: &self.identities, random: &mut Counter(9), now: NOW };
        let fixed = fix(findings, &snapshot, &layout, &inventory, &mut means).unwrap();
        self.carry_out(&fixed.plan)
    }

    /// Adopts what is in use and writes it: the paths that changed, and what was said.
    pub(super) fn adopt(&self) -> Result<(Vec<String>, Vec<String>), Error> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let inventory = Inventory::take(&snapshot, &layout, Some(&self.identities));
        let mut means = Means { identities: &self.identities, random: &mut Counter(11), now: NOW };
        let adoption = adopt(&snapshot, &layout, &inventory, &mut means)?;
        let remarks = adoption.remarks.iter().map(ToString::to_string).collect();
        Ok((self.carry_out(&adoption.plan), remarks))
    }

    /// Makes objects of the entries of these roles, and writes that.
    pub(super) fn adopt_roles(&self, roles: &[&str]) -> Result<(Vec<String>, Vec<String>), Error> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let adoption = adopt_roles(&roles, &snapshot, &layout)?;
        let remarks = adoption.remarks.iter().map(ToString::to_string).collect();
        Ok((self.carry_out(&adoption.plan), remarks))
    }

    /// Writes a plan; the paths that changed, in order.
    pub(super) fn carry_out(&self, plan: &Plan) -> Vec<String> {
        let mut paths = Vec::new();
        for change in plan {
            let path = change.path.to_str().unwrap().to_owned();
            assert_eq!(self.bytes(&path).as_deref(), change.old.as_deref().map(Vec::as_slice));
            match &change.new {
                Some(new) => self.write(&path, new),
                None => self.remove(&path),
            }
            paths.push(path);
        }
        paths
    }

    /// Plans the next run of a removal.
    pub(super) fn deprovision(&self, app: &str, keeps_data: bool) -> Result<Deprovisioned, Error> {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let layout = Layout::infer(&snapshot);
        let (identities, now) = (&self.identities, "2031-02-06T04:05:06Z");
        let mut means = Means { identities, random: &mut Counter(11), now };
        let request = Removal { app, options: &Options::default(), keeps_data };
        deprovision(&request, &snapshot, &layout, &mut means)
    }

    /// Every file with its content, that of Secrets decrypted.
    pub(super) fn files(&self) -> Files {
        let snapshot = Snapshot::take(self.directory.path()).unwrap();
        let content = |path: &str| match self.text(path).contains("ENC[") {
            true => self.plain(path),
            false => self.text(path),
        };
        let paths = snapshot.paths().map(|path| path.to_str().unwrap());
        paths.map(|path| (path.to_owned(), content(path))).collect()
    }

    /// Refusal of a request, as text.
    pub(super) fn refusal(&self, app: &str) -> String {
        self.provision(app).err().expect("refused").to_string()
    }

    /// The paths that an outcome changes, in order.
    pub(super) fn changed(&self, outcome: &Outcome) -> Vec<String> {
        let paths = outcome.plan.changes().iter();
        paths.map(|change| change.path.to_str().unwrap().to_owned()).collect()
    }

    /// Writes what was planned.
    pub(super) fn apply(&self, outcome: &Outcome) {
        self.carry_out(&outcome.plan);
    }

    /// Provisions grafana, applies it, and provisions again: there must be nothing to do.
    pub(super) fn provisioned(files: Files) -> (Repository, Vec<String>) {
        let repository = Repository::of(files);
        let outcome = repository.provision("grafana").unwrap_or_else(|error| panic!("{error}"));
        let changed = repository.changed(&outcome);
        repository.apply(&outcome);
        let again = repository.provision("grafana").unwrap_or_else(|error| panic!("{error}"));
        assert!(again.plan.is_empty(), "changed again: {:?}", repository.changed(&again));
        (repository, changed)
    }

    /// Gives a file other bytes.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Removes a file.
    pub(super) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    /// The bytes of a file, if there is one.
    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(path)).ok()
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path).unwrap_or_else(|| panic!("no {path}"))).unwrap()
    }

    /// The decrypted text of a SOPS file.
    pub(super) fn plain(&self, path: &str) -> String {
        let document = Document::parse(self.bytes(path).unwrap()).unwrap();
        let file = EncryptedFile::open(&document).unwrap().expect("encrypted");
        let plain = file.unlock(&self.identities).unwrap().decrypt().unwrap();
        plain.source().to_owned()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }
}

fn encrypted(config: &Config, text: &str) -> String {
    let plain = Document::parse(text.as_bytes().to_vec()).unwrap();
    let rule = config.rule_for(Path::new("secret.yaml")).unwrap().unwrap();
    let how = Encryption {
        groups: &rule.groups,
        threshold: rule.threshold,
        selection: &rule.selection,
        mac_only_encrypted: rule.mac_only_encrypted,
        indent: config.indent(),
        now: NOW,
    };
    encrypt(&plain, &how, &mut Counter(0)).unwrap().source().to_owned()
}
