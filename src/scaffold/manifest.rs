//! The Secret itself: written as people write it, then encrypted.
//!
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: paperless-smtp
//!   namespace: apps
//! type: Opaque
//! stringData:
//!   SMTP_PASSWORD: …
//! data:
//!   KEYSTORE: …   base64, only where a value is not UTF-8
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::place::Place;
use super::{Error, NewSecret};
use crate::document::{Document, EditError, Edits, Fragment, Indentation, Style};
use crate::secret::RandomSource;
use crate::sops::file::{self, Encryption};

/// The plain manifest.
pub(super) fn write(
    request: &NewSecret,
    namespace: Option<&str>,
) -> Result<Document, EditError> {
    let skeleton = Document::parse(b"apiVersion: v1\nkind: Secret\n".to_vec())
        .expect("the beginning of every Secret is a document");
    let mut edits = Edits::new(&skeleton);
    let mut append = |key, value| edits.append_to_root(0, key, value, Indentation::default());
    let name = Some(("name".to_owned(), Fragment::text(&request.name)));
    let namespace = namespace.map(|text| ("namespace".to_owned(), Fragment::text(text)));
    append("metadata", Fragment::Mapping(name.into_iter().chain(namespace).collect()))?;
    append("type", Fragment::text("Opaque"))?;
    for section in ["stringData", "data"] {
        let keys = request.entries.iter().filter(|(_, value)| {
            (section == "stringData") == value.expose_text().is_some()
        });
        let empty: Vec<_> = keys.map(|(key, _)| (key.clone(), Fragment::text(""))).collect();
        if !empty.is_empty() {
            append(section, Fragment::Mapping(empty))?;
        }
    }
    fill(&edits.apply()?, request)
}

/// Gives the keys their values, in the style in which each reads best.
fn fill(skeleton: &Document, request: &NewSecret) -> Result<Document, EditError> {
    let mut edits = Edits::new(skeleton);
    for (key, value) in &request.entries {
        let node = |section| {
            let found = skeleton.descend(skeleton.roots()[0].node, &[section, key]);
            found.expect("the skeleton has every key")
        };
        match value.expose_text() {
            Some(text) => {
                let lines = text.trim_end_matches('\n').contains('\n');
                let style = if lines { Style::Literal } else { Style::Plain };
                edits.set_text_in(node("stringData"), text, Some(style))?;
            }
            None => {
                let encoded = Zeroizing::new(STANDARD.encode(value.expose()));
                edits.set_text_in(node("data"), &encoded, Some(Style::Plain))?;
            }
        }
    }
    edits.apply()
}

/// The manifest as the creation rule wants it. Refused unless exactly the values are hidden: a rule without
/// a selection for Kubernetes would encrypt `kind`, and one for other files nothing.
pub(super) fn encrypt(
    plain: &Document,
    place: &Place,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    let (config, file) = (place.config_path.clone(), place.file.clone());
    let rule = match place.config.rule_for(&file) {
        Ok(Some(rule)) => rule,
        Ok(None) => return Err(Error::Uncovered { config, file }),
        Err(source) => return Err(Error::Config { path: config, source }),
    };
    let how = Encryption {
        recipients: &rule.recipients,
        selection: &rule.selection,
        mac_only_encrypted: rule.mac_only_encrypted,
        indent: place.config.indent(),
        now,
    };
    let encrypted = file::encrypt(plain, &how, random)
        .map_err(|source| Error::Encrypt { path: file.clone(), source })?;

    let text = |document: &Document, keys: &[&str]| {
        let node = document.descend(document.roots()[0].node, keys)?;
        document.text(node).map(|text| Zeroizing::new(text.to_owned()))
    };
    const CLEAR: [(&str, &[&str]); 4] = [
        ("apiVersion", &["apiVersion"]),
        ("kind", &["kind"]),
        ("metadata.name", &["metadata", "name"]),
        ("metadata.namespace", &["metadata", "namespace"]),
    ];
    for (route, keys) in CLEAR {
        if text(plain, keys) != text(&encrypted, keys) {
            return Err(Error::Hidden { config, file, route });
        }
    }
    let root = plain.roots()[0].node;
    for section in ["stringData", "data"] {
        let Some(values) = plain.lookup(root, section) else { continue };
        for (key, value) in plain.entries(values) {
            let key = plain.text(key).unwrap_or_default();
            let before = text(plain, &[section, key]).filter(|text| !text.is_empty());
            if before.is_some() && before == text(&encrypted, &[section, key]) {
                let route = plain.route(value).to_string();
                return Err(Error::LeftPlain { config, file, route });
            }
        }
    }
    Ok(encrypted)
}
