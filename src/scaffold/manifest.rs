//! The Secret itself: written as people write it, then encrypted.
//!
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: paperless-smtp
//!   namespace: apps
//!   labels: {…}   where there are any, and so with annotations
//! type: Opaque
//! immutable: true   where it is asked for
//! stringData:
//!   SMTP_PASSWORD: …
//! data:
//!   KEYSTORE: …   base64, only where a value is not UTF-8
//! ```

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::place::refused;
use super::{Error, NewSecret};
use crate::document::{Document, EditError, Edits, Fragment, Indentation, Value};
use crate::kube::{Object, objects};
use crate::layout::Configured;
use crate::secret::{RandomSource, Secret};
use crate::sops::file::{self, Encryption};

/// The plain manifest.
pub(super) fn write(
    request: &NewSecret<'_>,
    namespace: Option<&str>,
) -> Result<Document, EditError> {
    let skeleton = Document::parse(b"apiVersion: v1\nkind: Secret\n".to_vec())
        .expect("the beginning of every Secret is a document");
    let mut edits = Edits::new(&skeleton);
    let mut append = |key: &str, value| {
        edits.append_to_root(0, vec![(key.to_owned(), value)], Indentation::default())
    };
    let name = Some(("name".to_owned(), Fragment::text(&request.name)));
    let namespace = namespace.map(|text| ("namespace".to_owned(), Fragment::text(text)));
    let marks = [("labels", &request.labels), ("annotations", &request.annotations)];
    let marks = marks.into_iter().filter(|(_, marks)| !marks.is_empty()).map(|(field, marks)| {
        let texts = marks.iter().map(|(key, value)| (key.clone(), mark(value)));
        (field.to_owned(), Fragment::Mapping(texts.collect()))
    });
    let metadata = name.into_iter().chain(namespace).chain(marks);
    append("metadata", Fragment::Mapping(metadata.collect()))?;
    append("type", Fragment::text(&request.kind))?;
    if request.immutable {
        append("immutable", Fragment::Value(Value::Bool(true)))?;
    }
    for section in ["stringData", "data"] {
        let (text, binary): (Vec<_>, Vec<_>) =
            request.entries.iter().partition(|(_, value)| value.expose_text().is_some());
        let entries = if section == "stringData" { text } else { binary };
        if !entries.is_empty() {
            let written = entries.into_iter().map(|(key, value)| (key.clone(), fragment(value)));
            append(section, Fragment::Mapping(written.collect()))?;
        }
    }
    fill_blocks(&edits.apply()?, request)
}

/// The value of a label or an annotation.
fn mark(value: &str) -> Fragment {
    if is_block(value) { Fragment::Literal(value.to_owned()) } else { Fragment::text(value) }
}

/// Content of a block until its text is there.
pub(super) const BLOCK: &str = "-\n-\n";

/// A value as it reads best: on its line, or as a block of lines, which gets its text by an edit because a
/// fragment of that kind would not be wiped.
fn fragment(value: &Secret) -> Fragment {
    match value.expose_text() {
        Some(text) if is_block(text) => Fragment::Literal(BLOCK.to_owned()),
        Some(text) => Fragment::text(text),
        None => Fragment::text(STANDARD.encode(value.expose())),
    }
}

/// Whether a text has several lines.
pub(super) fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

fn fill_blocks(skeleton: &Document, request: &NewSecret<'_>) -> Result<Document, EditError> {
    let mut edits = Edits::new(skeleton);
    for (key, value) in &request.entries {
        if let Some(text) = value.expose_text().filter(|text| is_block(text)) {
            let node = skeleton.descend(skeleton.roots()[0].node, &["stringData", key]);
            edits.set_text(node.expect("the skeleton has every key"), text)?;
        }
    }
    edits.apply()
}

/// The manifest as the creation rule wants it. Refused unless exactly the values are hidden: a rule without
/// a selection for Kubernetes would encrypt `kind`, and one for other files nothing.
pub(super) fn encrypt(
    plain: &Document,
    (file, rules): (&Path, &Configured),
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    let (config, file) = (rules.file.clone(), file.to_owned());
    let rule = match rules.config.rule_for(&file) {
        Ok(Some(rule)) => rule,
        Ok(None) => return Err(Error::Uncovered { config, file }),
        Err(source) => return Err(refused(rules, source)),
    };
    let how = Encryption {
        groups: &rule.groups,
        threshold: rule.threshold,
        selection: &rule.selection,
        mac_only_encrypted: rule.mac_only_encrypted,
        indent: rules.config.indent(),
        now,
    };
    let encrypted = file::encrypt(plain, &how, random)
        .map_err(|source| Error::Encrypt { path: file.clone(), source })?;
    if let Some(route) = hidden(plain, &encrypted) {
        return Err(Error::Hidden { config, file, route });
    }
    if let Some(route) = left_plain(plain, &encrypted) {
        return Err(Error::LeftPlain { config, file, route });
    }
    Ok(encrypted)
}

/// A field that kustomize and Flux need before anything is decrypted, but would not find.
fn hidden(plain: &Document, encrypted: &Document) -> Option<&'static str> {
    const CLEAR: [(&str, &[&str]); 4] = [
        ("apiVersion", &["apiVersion"]),
        ("kind", &["kind"]),
        ("metadata.name", &["metadata", "name"]),
        ("metadata.namespace", &["metadata", "namespace"]),
    ];
    let (before, after) = (objects(plain), objects(encrypted));
    CLEAR.iter().find_map(|(route, keys)| {
        let text = |all: &[Object<'_>], at: usize| {
            all.get(at).and_then(|object| object.text(keys)).map(str::to_owned)
        };
        let changes = (0..before.len()).any(|at| text(&before, at) != text(&after, at));
        changes.then_some(*route)
    })
}

/// A value that can be read without a key.
fn left_plain(plain: &Document, encrypted: &Document) -> Option<String> {
    for (before, after) in objects(plain).iter().zip(objects(encrypted)) {
        for section in ["stringData", "data"] {
            let values = before.at(&[section]).filter(|_| before.is("", "Secret"));
            let values = values.into_iter().flat_map(|node| plain.entries(plain.target(node)));
            for (key, value) in values {
                let key = plain.text(key).unwrap_or_default();
                let text = before.text(&[section, key]).filter(|text| !text.is_empty());
                if text.is_some() && text == after.text(&[section, key]) {
                    return Some(plain.route(value).to_string());
                }
            }
        }
    }
    None
}
