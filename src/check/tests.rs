//! What a run over several files promises, and what the tests of the rules stand on.

use std::collections::BTreeMap;

use super::*;
use crate::document::Document;
use crate::keys::{Identities, Recipient};
use crate::repo::Snapshot;
use crate::secret::RandomSource;
use crate::sops::KeyGroup;
use crate::sops::file::{Encryption, encrypt};
use crate::sops::selection::{Selection, Settings};

/// A recipient, for `AGE` in the rules of a test.
const AGE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// A Secret named `s` with these fields; they begin on line 4.
pub(super) fn secret(fields: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{fields}")
}

/// Checks files given by path and content; that of a `.sops.yaml` is its list of rules.
pub(super) fn report(files: &[(&str, &str)]) -> Report {
    check_bytes(&bytes_of(files), None)
}

/// Files by path and bytes, configurations made whole.
fn bytes_of(files: &[(&str, &str)]) -> BTreeMap<PathBuf, Vec<u8>> {
    let content = |(path, text): &(&str, &str)| {
        let rules = format!("creation_rules: {}", text.replace("AGE", AGE));
        let is_configuration = Path::new(path).file_name().is_some_and(|name| name == ".sops.yaml");
        let text = if is_configuration { rules } else { (*text).to_owned() };
        (PathBuf::from(path), text.into_bytes())
    };
    files.iter().map(content).collect()
}

/// Checks files by path and bytes.
fn check_bytes(
    files: &BTreeMap<PathBuf, Vec<u8>>,
    verification: Option<&Verification<'_>>,
) -> Report {
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    let layout = Layout::infer(&snapshot);
    let paths: Vec<PathBuf> = files.keys().cloned().collect();
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    let read = |path: &Path| files.get(path).cloned().ok_or_else(missing);
    let layout = Some(&layout);
    run(&paths, &Means { layout, verification, ..Means::reading(&read) })
}

/// The time at which files are verified: 2031-01-02T03:04:05Z.
const NOW: i64 = 1_925_089_445;

/// Checks files with their values, after those with `.enc.` in their names were encrypted and then changed by `tamper`.
pub(super) fn verified_after(files: &[(&str, &str)], tamper: impl Fn(&str) -> String) -> Report {
    let person = Identities::generate();
    let mut identities = Identities::new();
    identities.add(person.text.expose(), "test");
    let recipient = Recipient::parse(person.recipient.text()).unwrap();
    let groups = [KeyGroup::of(vec![recipient])];
    let mut files = bytes_of(files);
    for (path, bytes) in &mut files {
        if path.to_string_lossy().contains(".enc.") {
            let sealed = sealed(path, std::mem::take(bytes), &groups);
            *bytes = tamper(&sealed).into_bytes();
        }
    }
    check_bytes(&files, Some(&Verification { identities: &identities, now: NOW }))
}

/// A file, encrypted.
fn sealed(path: &Path, bytes: Vec<u8>, groups: &[KeyGroup]) -> String {
    let syntax = crate::sops::Format::of_path(path).syntax();
    let regex = Some("^(data|stringData|[A-Z_]+)$");
    let selection = Selection::new(Settings { encrypted_regex: regex, ..Settings::default() });
    let how = Encryption {
        groups,
        threshold: 0,
        selection: &selection.unwrap(),
        mac_only_encrypted: false,
        indent: 4,
        now: "2031-01-02T03:04:05Z",
    };
    let plain = Document::parse_as(syntax, bytes).unwrap();
    encrypt(&plain, &how, &mut Counter(1)).unwrap().source().to_owned()
}

/// Another byte every time.
pub(super) struct Counter(pub(super) u8);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(7);
            *byte = self.0;
        }
    }
}

/// What one rule finds: `severity path:line:column route: message | hint`.
///
/// Panics if a canary is in any of it.
pub(super) fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    lines(rule, &report(files))
}

/// The same with the values of the files, those with `.enc.` in their names encrypted.
pub(super) fn verified(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let report = verified_after(files, str::to_owned);
    assert!(report.sealed.is_empty() && report.unchecked.is_empty());
    lines(rule, &report)
}

/// The findings of one rule.
pub(super) fn lines(rule: &str, report: &Report) -> Vec<String> {
    let line = |finding: &Finding| {
        let path = &finding.path;
        let line = format!(
            "{} {}:{} {}: {} | {}",
            finding.severity.name(),
            path.display(),
            finding.position,
            finding.route,
            finding.message,
            finding.hint.text(path, Path::new(""))
        );
        assert!(!line.contains("canary") && !finding.frame.text.contains("canary"), "{line}");
        line
    };
    report.findings.iter().filter(|finding| finding.rule == rule).map(line).collect()
}

/// What could not be checked: `path: reason`.
fn unchecked(files: &[(&str, &[u8])]) -> Vec<String> {
    let own = |(path, bytes): &(&str, &[u8])| (PathBuf::from(path), bytes.to_vec());
    let report = check_bytes(&files.iter().map(own).collect(), None);
    let line = |one: &Unchecked| format!("{}: {}", one.path.display(), one.reason);
    report.unchecked.iter().map(line).collect()
}

#[test]
fn findings_are_in_order_whichever_thread_found_them() {
    let texts: Vec<(String, String)> = (0..200)
        .map(|number| {
            (
                format!("{number:03}.yaml"),
                secret("stringData: {b: x}\n---\n") + &secret("data: {a: eA==}\n"),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (&**path, &**text)).collect();
    let found = found("plaintext-secret", &files);
    assert_eq!(found.len(), 400);
    assert!(found.is_sorted());
}

#[test]
fn only_manifests_are_documents() {
    let text = secret("stringData: {a: canary}\n");
    for name in ["a.yaml.j2", "a.tmpl", "a.yaml.example", "README.md", "a", "a.yaml.tpl"] {
        let report = report(&[(name, &text)]);
        assert_eq!((report.files, report.findings.len()), (1, 0), "{name}");
    }
    for name in ["a.yaml", "a.yml", "a.json"] {
        assert_eq!(report(&[(name, &text)]).findings.len(), 1, "{name}");
    }
}

#[test]
fn a_secret_that_does_not_parse_is_told_with_its_place() {
    assert_eq!(
        unchecked(&[("a.yaml", b"kind: Secret\na: 1\na: canary\n")]),
        ["a.yaml: 3:1: key `a` stands twice"]
    );
}

#[test]
fn a_file_without_the_word_secret_is_not_parsed() {
    assert_eq!(unchecked(&[("a.yaml", b"kind: ExternalSecret\na: [\n")]), [""; 0]);
}

#[test]
fn a_template_that_does_not_parse_is_passed_over() {
    let template = b"kind: Secret\n{{- if .Values.x }}\na: 1\n{{- end }}\n";
    assert_eq!(unchecked(&[("a.yaml", template)]), [""; 0]);
    assert_eq!(unchecked(&[("b.yaml", b"kind: Secret\n{% if x %}\na: 1\n")]), [""; 0]);
}

#[test]
fn manifests_that_are_no_text_are_told() {
    let large = vec![b'#'; MOST_BYTES as usize + 1];
    assert_eq!(
        unchecked(&[
            ("a.yaml", b"\xff\xfek\0i\0n\0d\0"),
            ("b.yaml", b"kind: Secret\xff"),
            ("c.json", b"\0\0\0"),
            ("d.yaml", &large),
            ("e.png", b"\0\0\0"),
        ]),
        [
            "a.yaml: encoded as UTF-16; save it as UTF-8",
            "b.yaml: not text in UTF-8",
            "c.json: not text in UTF-8",
            "d.yaml: larger than 16 MiB",
        ]
    );
}

#[test]
fn a_broken_configuration_is_told_once_and_secrets_below_it_are_still_found() {
    let text = secret("stringData: {a: canary}\n");
    let files = [(".sops.yaml", "[{path_regex: '('}]"), ("a.yaml", &text), ("b/c.yaml", &text)];
    let report = report(&files);
    assert_eq!(report.findings.len(), 2);
    assert_eq!(report.unchecked.len(), 1);
    assert!(report.unchecked[0].is_configuration);
    assert!(report.unchecked[0].reason.starts_with("1:31: `path_regex`"));
}

#[test]
fn a_file_whose_own_selection_is_broken_is_told() {
    let text = "a: ENC[AES256_GCM,x]\nsops: {lastmodified: x, encrypted_regex: '('}\n";
    let [told] = &unchecked(&[("a.yaml", text.as_bytes())])[..] else { panic!("one is told") };
    assert!(
        told.starts_with("a.yaml: its `sops` mapping cannot be used: `encrypted_regex`"),
        "{told}"
    );
}

#[test]
fn a_file_that_vanishes_is_told() {
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let report = run(&[PathBuf::from("a.yaml")], &Means::reading(&read));
    assert_eq!(report.unchecked.len(), 1);
}
