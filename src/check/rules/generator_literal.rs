//! `generator-literal`: a `secretGenerator` of kustomize that makes a Secret of plain text in the repository.
//!
//! ```yaml
//! secretGenerator:
//!   - name: app
//!     literals: [TOKEN=hunter2hunter2]     # found
//!     envs: [app.env]                      # found, if the file is plain and has a value
//!     files: [values.sops.yaml]            # encrypted: Flux decrypts it before it builds
//! ```
//!
//! A file that is not in the repository, or that Git ignores, is none of ours. A `configMapGenerator` makes no Secrets.
//! One finding per generator. A file may be a Secret for other reasons than that it is one, so it is a warning where only
//! `files` are plain.

use std::path::{Path, PathBuf};

use super::super::finding::{Confidence, Finding, Severity};
use super::super::plain;
use super::super::repository::Repository;
use super::{MOST_NAMED, Rule, listed};
use crate::check::finding::Hint;
use crate::document::{Document, NodeId};
use crate::kube::kustomization::{Kustomization, is_kustomization, joined};

/// The rule.
pub(super) struct GeneratorLiteral;

impl Rule for GeneratorLiteral {
    fn id(&self) -> &'static str {
        "generator-literal"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/generator-literal.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let snapshot = repository.layout.snapshot();
        for path in snapshot.paths().filter(|path| is_kustomization(path)) {
            let mentions =
                |bytes: &[u8]| bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes());
            if !snapshot.bytes(path).is_ok_and(mentions) {
                continue;
            }
            let Ok(document) = snapshot.document(path) else { continue };
            for generator in Kustomization::of(document).secret_generators() {
                findings.extend(self.generator(repository, (path, document), generator));
            }
        }
    }
}

/// The field of kustomize.
const MARK: &str = "secretGenerator";

/// What of a generator is plain.
#[derive(Default)]
struct Plain {
    /// The items that say so.
    labels: Vec<NodeId>,
    /// Keys of literals, and names of files.
    names: Vec<String>,
    /// Whether there is more than whole files.
    is_certain: bool,
}

impl GeneratorLiteral {
    /// About one generator, if something of it is plain.
    fn generator(
        &self,
        repository: &Repository<'_>,
        (path, document): (&Path, &Document),
        generator: NodeId,
    ) -> Option<Finding> {
        let mut plain = Plain::default();
        for item in items(document, generator, "literals") {
            let Some((key, value)) = document.text(item).and_then(|text| text.split_once('='))
            else {
                continue;
            };
            if plain::is_plain_text(value.trim_matches(['"', '\'']), false) {
                plain.add(item, key.to_owned(), true);
            }
        }
        for (field, is_env) in [("envs", true), ("env", true), ("files", false)] {
            for item in items(document, generator, field) {
                let Some(file) = document.text(item).and_then(|entry| file_of(path, entry)) else {
                    continue;
                };
                if is_plain_file(repository, &file, is_env) {
                    plain.add(item, file.display().to_string(), is_env);
                }
            }
        }
        if plain.labels.is_empty() {
            return None;
        }
        let name = document.lookup(generator, "name").and_then(|name| document.text(name));
        let names = listed(plain.names.iter().map(String::as_str));
        let of = listed(name);
        let message = format!("the Secret {of} is made of plain text: {names}");
        let what = "make an encrypted Secret with `keywright secret new` instead, or encrypt the files that it is made of";
        let hint = Hint { first: Some(what.to_owned()), command: None };
        plain.labels.truncate(MOST_NAMED);
        let finding = repository.finding(self, (path, document), &plain.labels, message, hint);
        Some(match plain.is_certain {
            true => finding,
            false => {
                let (severity, confidence) = (Severity::Warning, Confidence::Medium);
                Finding { severity, confidence, ..finding }
            }
        })
    }
}

impl Plain {
    fn add(&mut self, label: NodeId, name: String, is_certain: bool) {
        self.labels.push(label);
        self.names.push(name);
        self.is_certain |= is_certain;
    }
}

/// The items of a list of the generator; a text stands for a list of one.
fn items(document: &Document, generator: NodeId, field: &str) -> Vec<NodeId> {
    let Some(list) = document.lookup(generator, field).map(|list| document.target(list)) else {
        return Vec::new();
    };
    if document.text(list).is_some() { vec![list] } else { document.items(list).collect() }
}

/// The file that an entry means: `path`, or `key=path`.
fn file_of(kustomization: &Path, entry: &str) -> Option<PathBuf> {
    let path = entry.split_once('=').map_or(entry, |(_, path)| path);
    joined(kustomization.parent().unwrap_or(Path::new("")), path)
}

/// Whether a file of the repository is in plain text and holds something; of a dotenv file, a variable with a value.
fn is_plain_file(repository: &Repository<'_>, file: &Path, is_env: bool) -> bool {
    let snapshot = repository.layout.snapshot();
    let Some(bytes) = snapshot.contains(file).then(|| snapshot.bytes(file).ok()).flatten() else {
        return false;
    };
    let Ok(text) = std::str::from_utf8(bytes) else { return true };
    let has_value = |line: &str| {
        let (_, value) =
            line.split_once('=').filter(|_| !line.starts_with('#')).unwrap_or_default();
        plain::is_plain_text(value.trim_matches(['"', '\'']), false)
    };
    !text.contains(plain::TOKEN)
        && if is_env {
            text.lines().any(|line| has_value(line.trim()))
        } else {
            plain::is_plain_text(text, false)
        }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in a generator with these fields, beside these files.
    fn one(fields: &str, files: &[(&str, &str)]) -> Vec<String> {
        let text = format!("secretGenerator:\n  - name: app\n    {fields}\n");
        let mut all = vec![("a/kustomization.yaml", text.as_str())];
        all.extend(files);
        found("generator-literal", &all)
    }

    #[test]
    fn literals_are_found_with_all_their_keys() {
        assert_eq!(
            one(
                "literals:\n      - USER=canary\n      - TOKEN='canary'\n      - EMPTY=\n      - R=${R}",
                &[]
            ),
            [
                "error a/kustomization.yaml:4:9 secretGenerator[0].literals[0]: the Secret `app` is made of plain text: \
                 `USER`, `TOKEN` | make an encrypted Secret with `keywright secret new` instead, or encrypt the files \
                 that it is made of"
            ]
        );
    }

    #[test]
    fn files_in_plain_text_are_found() {
        let env = one("envs: [x.env]", &[("a/x.env", "# a=b\nTOKEN=canary\n")]);
        assert!(env[0].starts_with("error ") && env[0].contains("`a/x.env`"), "{env:?}");
        let file = one("files: [config.yaml=../x.yaml]", &[("x.yaml", "a: canary\n")]);
        assert!(file[0].starts_with("warning ") && file[0].contains("`x.yaml`"), "{file:?}");
    }

    #[test]
    fn encrypted_missing_and_empty_files_are_fine() {
        let encrypted = format!("a: {}data:a]\n", "ENC[AES256_GCM,");
        assert_eq!(one("files: [x.yaml]", &[("a/x.yaml", &encrypted)]), [""; 0]);
        assert_eq!(one("envs: [x.env]", &[("a/x.env", "A=\nB=${B}\n")]), [""; 0]);
        assert_eq!(one("files: [x.yaml]\n    envs: [y.env]", &[("a/x.yaml", "\n")]), [""; 0]);
    }

    #[test]
    fn a_config_map_is_no_secret() {
        let text =
            "configMapGenerator:\n  - name: a\n    literals: [A=canary]\n# secretGenerator\n";
        assert_eq!(found("generator-literal", &[("kustomization.yaml", text)]), [""; 0]);
    }
}
