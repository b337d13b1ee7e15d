//! A small repository, and what is done with its Secrets.

use std::path::Path;

use super::*;
use crate::document::Document;
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::secret::Secret;
use crate::sops::file::{Encryption, encrypt};
use crate::sops::rules::Config;

/// A source of bytes that are all different from run to run of the same test: none.
struct Counter(u8);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(31).wrapping_add(7);
            *byte = self.0;
        }
    }
}

const NOW: &str = "2031-01-02T03:04:05Z";

/// A directory with an app of some Secrets, each given without its first lines.
struct Repository {
    directory: tempfile::TempDir,
    identities: Identities,
}

impl Repository {
    fn new(secrets: &[(&str, &str)]) -> Repository {
        let made = Identities::generate();
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            "creation_rules:\n- encrypted_regex: ^(data|stringData)$\n  age: {}\n",
            made.recipient.text()
        );
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".sops.yaml", &config);
        let document = Document::parse(config.into_bytes()).unwrap();
        let config = Config::parse(&document, Path::new(".sops.yaml")).unwrap();
        let mut list = "resources:\n".to_owned();
        for (name, rest) in secrets {
            let plain = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n{rest}");
            let plain = Document::parse(plain.into_bytes()).unwrap();
            let file = format!("web/{name}.yaml");
            let rule = config.rule_for(Path::new(&file)).unwrap().unwrap();
            let how = Encryption {
                groups: &rule.groups,
                threshold: 0,
                selection: &rule.selection,
                mac_only_encrypted: false,
                indent: 2,
                now: NOW,
            };
            write(&file, encrypt(&plain, &how, &mut Counter(1)).unwrap().source());
            list.push_str(&format!("- {name}.yaml\n"));
        }
        write("web/kustomization.yaml", &list);
        let mut identities = Identities::new();
        identities.add(made.text.expose(), "test");
        Repository { directory, identities }
    }

    /// The content of a file after a change.
    fn after(
        &self,
        change: impl FnOnce(&Layout<'_>, &mut Means<'_>) -> Result<Changed, Error>,
    ) -> Result<Vec<(String, Option<String>)>, Error> {
        let snapshot = Snapshot::read(self.directory.path()).unwrap();
        let layout = Layout::read(&snapshot).unwrap();
        let mut random = Counter(9);
        let mut means = Means { identities: &self.identities, random: &mut random, now: NOW };
        let changed = change(&layout, &mut means)?;
        let text = |content: &Vec<u8>| String::from_utf8(content.clone()).unwrap();
        let files = changed.plan.changes().iter().map(|change| {
            let path = change.path.to_string_lossy().into_owned();
            (path, change.new.as_deref().map(text))
        });
        Ok(files.collect())
    }

    /// The plain content of a file after keys were set.
    fn set(&self, name: &str, values: &[(&str, &[u8])]) -> Result<String, Error> {
        let files = self.after(|layout, means| {
            let keys: Vec<&str> = values.iter().map(|(key, _)| *key).collect();
            let target = find_keys(layout, name, &keys, None)?;
            let own =
                |(key, value): &(&str, &[u8])| ((*key).to_owned(), Secret::new(value.to_vec()));
            set(&target, &values.iter().map(own).collect::<Vec<_>>(), layout, means)
        })?;
        let text = files.into_iter().next().and_then(|(_, text)| text).unwrap_or_default();
        Ok(self.decrypted(text))
    }

    fn decrypted(&self, text: String) -> String {
        let document = Document::parse(text.into_bytes()).unwrap();
        let opened = opened::open_document(&document, Path::new("x"), &self.identities).unwrap();
        let plain = opened.expect("it is encrypted").plain;
        let lines = plain.source().lines().skip(3);
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_value_keeps_its_section_its_style_and_its_neighbours() {
    let cases: [(&str, &[u8], &str); 7] = [
        (
            "stringData:\n  # why\n  A: 'a' # old\n  B: b\n",
            b"x y",
            "stringData:\n  # why\n  A: 'x y' # old\n  B: b",
        ),
        ("data:\n  A: YQ==\n", b"new", "data:\n  A: bmV3"),
        ("stringData: {A: a, B: b}\n", b"new", "stringData: {A: new, B: b}"),
        ("stringData:\n  A: |\n    a\n    b\n", b"c\nd\n", "stringData:\n  A: |\n    c\n    d"),
        ("stringData:\n  B: b\n", b"true", "stringData:\n  B: b\n  A: \"true\""),
        ("type: Opaque\n", b"new", "type: Opaque\nstringData:\n  A: new"),
        ("stringData:\n  A: a\n  B: b\n", b"\xff", "stringData:\n  B: b\ndata:\n  A: /w=="),
    ];
    for (before, value, after) in cases {
        let repository = Repository::new(&[("one", before)]);
        let found = repository.set("one", &[("A", value)]).unwrap();
        assert_eq!(found.replace("'true'", "\"true\""), after, "{before}");
    }
}

#[test]
fn a_value_that_belongs_to_others_as_well_is_refused() {
    // Between encrypted and plain parts aliases are written out; within the plain ones they stay.
    let text = "stringData: &all\n  A: a\nother: *all\n";
    let document = Document::parse(
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: one}}\n{text}").into_bytes(),
    );
    let document = document.unwrap();
    let value = Secret::new(b"x".to_vec());
    for key in ["A", "B"] {
        let changed = entry::set(&document, 0, (key, &value), Path::new("one.yaml"));
        match key {
            "A" => assert!(matches!(changed, Err(Error::Shared { .. }))),
            _ => assert!(
                matches!(changed, Err(Error::Shared { .. })),
                "another one gets the key, too"
            ),
        }
    }
    let text = "apiVersion: v1\nkind: Secret\nx: &x old\nstringData:\n  A: *x\n";
    let document = Document::parse(text.as_bytes().to_vec()).unwrap();
    let changed = entry::set(&document, 0, ("A", &value), Path::new("one.yaml")).ok().unwrap();
    assert!(changed.source().ends_with("x: &x old\nstringData:\n  A: x\n"), "{}", changed.source());
}

#[test]
fn several_values_are_one_change() {
    let repository = Repository::new(&[("one", "stringData:\n  A: a\n")]);
    let found = repository.set("one", &[("A", b"1"), ("C", b"c"), ("B", b"b\nc")]).unwrap();
    assert!(found.starts_with("stringData:\n  A: \"1\"\n  C: c\n  B: |"), "{found}");
    let twice = repository.set("one", &[("A", b"1"), ("A", b"2")]);
    assert!(twice.unwrap_err().to_string().contains("given twice"));
}

#[test]
fn the_key_decides_between_the_secrets_of_an_app() {
    let secrets = [("web", "stringData: {A: a, C: c}\n"), ("two", "stringData: {B: b, C: c}\n")];
    let repository = Repository::new(&secrets);
    assert!(repository.set("web", &[("B", b"x")]).unwrap().contains("B: x"));
    // A new key goes to the one that is called as the name.
    assert!(repository.set("web", &[("D", b"d")]).unwrap().contains("A: a"));
    let error = repository.set("web", &[("C", b"x")]).err().unwrap();
    assert!(matches!(&error, Error::Ambiguous { candidates, .. } if candidates.len() == 2));
    assert!(error.to_string().contains("`web` in web/web.yaml"), "{error}");
}

#[test]
fn a_last_key_takes_its_section_along() {
    let repository = Repository::new(&[(
        "one",
        "type: Opaque\nstringData:\n  A: a\ndata:\n  A: YQ==\n  B: Yg==\n",
    )]);
    let files = repository.after(|layout, means| {
        let target = find_key(layout, "one", "A", None)?;
        unset(&target, "A", layout, means)
    });
    let text = files.unwrap().remove(0).1.unwrap();
    assert_eq!(repository.decrypted(text), "type: Opaque\ndata:\n  B: Yg==");
}

#[test]
fn what_is_not_understood_stays_and_is_told() {
    let repository = Repository::new(&[("one", "stringData: {A: a}\n")]);
    let root = repository.directory.path();
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: one}\n\
                   spec: {values: {existingSecret: one, mySecretThing: one}}\n";
    std::fs::write(root.join("web/release.yaml"), release).unwrap();
    let mut told = Vec::new();
    let files = repository.after(|layout, means| {
        let target = find(layout, "one", None)?;
        let changed = rename(&target, "new", layout, means)?;
        told = changed.notes.iter().map(Note::to_string).collect();
        Ok(changed)
    });
    let names: Vec<_> =
        files.unwrap().into_iter().map(|(path, new)| (path, new.is_some())).collect();
    let wanted = ["web/kustomization.yaml", "web/one.yaml", "web/new.yaml", "web/release.yaml"];
    let all: Vec<&str> = names.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(all.len(), wanted.len());
    assert!(wanted.iter().all(|name| all.contains(name)), "{all:?}");
    assert!(
        told.iter().any(|note| note.contains("existingSecret refers to the new name")),
        "{told:?}"
    );
    assert!(told.iter().any(|note| note.contains("mySecretThing may refer to it")), "{told:?}");
}
