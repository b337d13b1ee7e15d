//! What the commands after `db provision` do to the same repository, up to the end of the database.
//!
//! Whatever a command does, each line that it has no business with stays, byte for byte and in its place; what is
//! deprovisioned in the end is the repository before everything.

use std::collections::BTreeMap;

use super::build::{APP, Built};
use super::{PASSWORD, Roles};
use crate::proof;
use crate::reference;

/// The password after `db rotate`.
const NEXT_PASSWORD: &str = "TESTonlyNextPassword";

/// Files by their paths.
type Files = BTreeMap<String, String>;

/// Lines that a removal adds on the way.
const ABSENT: [&str; 2] = ["ensure: absent", "databaseRoleReclaimPolicy: delete"];

impl Built<'_> {
    /// `db doctor --fix` before there is a database of the app: it adds lines, and has nothing to do then.
    pub(super) fn doctor(&mut self) {
        let fix = || self.sandbox.keywright(["db", "doctor", "--fix"]).go().success();
        fix();
        let fixed = self.files();
        assert!(self.before.keys().eq(fixed.keys()), "{:?}", fixed.keys());
        for (path, old) in &self.before {
            lines_stay(path, old, &fixed[path]);
        }
        self.builds();
        fix();
        assert_eq!(self.files(), fixed, "fixed again");
        self.before = fixed;
    }

    /// `db rotate`: values of SOPS files change, nothing else.
    pub(super) fn rotate(&self) {
        let old = self.files();
        let rotate = ["db", "rotate", APP, "--password-stdin"];
        self.sandbox.keywright(rotate).stdin(NEXT_PASSWORD).go().success();
        let new = self.files();
        let differs = |(path, text): &(&String, &String)| old.get(*path) != Some(*text);
        let mut changed: Vec<_> = new.iter().filter(differs).map(|(path, _)| path).collect();
        changed.sort();
        let app = format!("{}/{}", self.directory(APP), self.secret_file(APP));
        let mut wanted = vec![&app];
        let role = format!("db/app/{}", self.role_secret_file(APP));
        wanted.push(&role);
        wanted.sort();
        assert_eq!(changed, wanted);
        assert!(old.keys().eq(new.keys()));
        for path in changed {
            let pairs: Vec<_> = old[path].split('\n').zip(new[path].split('\n')).collect();
            assert_eq!(old[path].matches('\n').count(), new[path].matches('\n').count());
            let differ = pairs.iter().filter(|(old, new)| old != new && !is_renewed(old));
            let values: Vec<_> = differ.map(|(_, new)| new).collect();
            assert!(matches!(values[..], [line] if line.contains("ENC[")), "{path}: {values:?}");
        }
        self.secrets_agree(NEXT_PASSWORD);
        self.builds();
        let provision = self.sandbox.keywright(["db", "provision", APP]).go().success();
        assert!(provision.stdout().contains("nothing to do"), "{}", provision.stdout());
        assert_eq!(self.files(), new, "changed again");
        proof::record("layouts", "a password is rotated", &self.number.to_string());
    }

    /// `db deprovision`, run by run, or at once with `--keep-data`: in the end it is the repository of before.
    pub(super) fn deprovision(&self) {
        let provisioned = self.files();
        let keeps = self.number.is_multiple_of(5) && !self.has_component();
        let steps: &[&str] = match (self.has_component(), keeps) {
            (true, _) => &["the component no longer makes credentials"],
            (false, true) => &["nothing is left in the repository; PostgreSQL keeps"],
            (false, false) => &["step 1 of 3", "step 2 of 3", "step 3 of 3"],
        };
        for step in steps {
            let said = self.deprovision_once(keeps);
            assert!(said.contains(step), "{step} expected: {said}");
            self.nothing_else_is_touched(&provisioned);
            self.builds();
        }
        self.is_as_before();
        let said = self.deprovision_once(keeps);
        assert_eq!(said, format!("nothing left of a database of `{APP}`\n"));
        self.is_as_before();
        proof::record("layouts", "a database is deprovisioned", &self.number.to_string());
    }

    fn deprovision_once(&self, keeps: bool) -> String {
        if self.is_committed() {
            self.sandbox.commit_all("a step");
        }
        let run = self.sandbox.keywright(["db", "deprovision", APP, "--yes"]);
        let run = if keeps { run.arg("--keep-data") } else { run };
        let run = run.go().success();
        assert!(!self.is_committed() || !run.stderr().contains("not committed"));
        run.stdout()
    }

    /// Between two steps: what was there before everything is there, and what is there was, but for `absent`.
    fn nothing_else_is_touched(&self, provisioned: &Files) {
        let now = self.files();
        for (path, text) in &now {
            let known = provisioned.get(path);
            let known = known.unwrap_or_else(|| panic!("{path} is new"));
            let is_absent = |line: &&str| ABSENT.contains(&line.trim());
            let own: String = text.split_inclusive('\n').filter(|line| !is_absent(line)).collect();
            lines_stay(path, &own, known);
        }
        for (path, text) in &self.before {
            let now = now.get(path).unwrap_or_else(|| panic!("{path} is gone"));
            lines_stay(path, text, now);
        }
    }

    /// Every clear file has its bytes; the app's Secret decrypts to them, with another MAC alone.
    fn is_as_before(&self) {
        let now = self.files();
        assert!(now.keys().eq(self.before.keys()), "{:?}", now.keys());
        for (path, old) in &self.before {
            if now[path] == *old {
                continue;
            }
            assert!(old.contains("sops:"), "{path} was\n{old}\nand is\n{}", now[path]);
            lines_stay(path, old, &now[path]);
            lines_stay(path, &now[path], old);
            let mut readers = vec![self.sandbox.keywright(["decrypt"])];
            if self.number.is_multiple_of(12) {
                let sops = |version| self.sandbox.run(reference::sops(version)).arg("--decrypt");
                readers.extend(reference::versions("sops").into_iter().map(sops));
            }
            for (index, reader) in readers.into_iter().enumerate() {
                let clear = reader.arg(path).go().success().stdout();
                // The real sops writes its own line breaks and quotes.
                let same = index > 0 || clear == self.plain[path];
                assert!(same, "{path} decrypts to\n{clear}");
            }
        }
    }

    /// What Flux applies can be built, in some of the repositories.
    fn builds(&self) {
        if self.number % 12 < 2 {
            self.built();
        }
    }

    /// Whether each step is committed.
    pub(super) fn is_committed(&self) -> bool {
        self.number % 6 == 1
    }

    /// Whether the password is in this repository.
    pub(super) fn can_rotate(&self) -> bool {
        self.choices.roles != Roles::Component && self.number.is_multiple_of(3)
    }
}

/// The new password is nothing like the one before.
const _: () = assert!(PASSWORD.len() != NEXT_PASSWORD.len());

/// Whether a line of a SOPS file is renewed with every change of a value.
pub(super) fn is_renewed(line: &str) -> bool {
    ["mac: ", "lastmodified: "].iter().any(|key| line.trim_start().starts_with(key))
}

/// Demands that the lines of a text are there in another one, in this order.
#[track_caller]
pub(super) fn lines_stay(path: &str, text: &str, whole: &str) {
    let mut rest = whole.split_inclusive('\n');
    for line in text.split_inclusive('\n') {
        let same = |other: &str| other == line || is_renewed(line) && is_renewed(other);
        assert!(rest.any(same), "{path} lacks the line {line:?}:\n{whole}");
    }
}
