//! What refers to a Secret by its name.
//!
//! ```text
//! secretRef, secretKeyRef, …Secret: {name: NAME}       envFrom, env, CloudNativePG, image pulls
//! {kind: Secret, name: NAME}, {type: secret, name: …}  valuesFrom, patches, persistence of app-template
//! secretName: NAME, …existingSecret: NAME              volumes, ingresses, values of charts
//! envFrom: [{secret: NAME}]                            app-template
//! secret.reloader.stakater.com/reload: "A,NAME"        Reloader
//! ```
//!
//! Whatever else says the name below a key that speaks of secrets is unclear: it may be a value that only looks the
//! same.

use crate::document::{Component, Document, NodeId};
use crate::kube::Object;
use crate::kube::secret::is_reference;

/// The annotation of Reloader that names Secrets.
const RELOADER: &str = "secret.reloader.stakater.com/reload";

/// What a text is that holds the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The name of the Secret.
    Name,
    /// Names with commas between them.
    Names,
    /// Something that is not understood.
    Unclear,
}

/// The texts of an object that refer to a Secret of this name. `same` tells whether the object is in the Secret's
/// namespace, as far as that is known.
pub(super) fn references(
    object: &Object<'_>,
    (name, namespace): (&str, Option<&str>),
    same: Option<bool>,
) -> Vec<(NodeId, Meaning)> {
    let document = object.document;
    let mut found = Vec::new();
    for node in document.subtree(object.node) {
        // An alias stands for what is written elsewhere.
        if document.target(node) != node || is_key(document, node) {
            continue;
        }
        let Some(text) = document.text(node) else { continue };
        let Some(mut meaning) = meaning(object, node, text, name) else { continue };
        let beside =
            document.node(node).parent.and_then(|parent| document.lookup(parent, "namespace"));
        let same = match (beside.and_then(|node| document.text(node)), namespace) {
            (Some(written), Some(namespace)) => Some(written == namespace),
            _ => same,
        };
        match same {
            Some(true) => {}
            Some(false) => continue,
            None => meaning = Meaning::Unclear,
        }
        found.push((node, meaning));
    }
    found
}

/// `Names` with one of them replaced.
pub(super) fn replaced(text: &str, old: &str, new: &str) -> String {
    let names = text.split(',').map(|part| match part.trim() == old {
        true => part.replace(old, new),
        false => part.to_owned(),
    });
    names.collect::<Vec<_>>().join(",")
}

fn is_key(document: &Document, node: NodeId) -> bool {
    let parent = document.node(node).parent;
    parent.is_some_and(|parent| document.entries(parent).any(|(key, _)| key == node))
}

fn meaning(object: &Object<'_>, node: NodeId, text: &str, name: &str) -> Option<Meaning> {
    let document = object.document;
    let route = document.route(node).0;
    let keys: Vec<&str> = route
        .iter()
        .filter_map(|component| match component {
            Component::Key(key) => Some(key.as_str()),
            Component::Index(_) => None,
        })
        .collect();
    let (key, above) = match &keys[..] {
        [.., above, key] => (*key, *above),
        [key] => (*key, ""),
        [] => return None,
    };
    if key == RELOADER && text.split(',').any(|part| part.trim() == name) {
        return Some(Meaning::Names);
    }
    if text != name {
        // A patch, or the configuration of a program.
        let speaks = text.contains('\n') && text.to_ascii_lowercase().contains("secret");
        return (speaks && holds_word(text, name)).then_some(Meaning::Unclear);
    }
    let beside = |key: &str| {
        let mapping = document.node(node).parent?;
        document.text(document.lookup(mapping, key)?)
    };
    // A key of a Secret may be called as the Secret is.
    if ["key", "secretKey", "property"].contains(&key) {
        return None;
    }
    let makes_it = is_reference(object) || object.kind() == Some("Certificate");
    let lower = above.to_ascii_lowercase();
    let is_name = key == "name"
        && (beside("kind") == Some("Secret")
            || beside("type") == Some("secret")
            || ["secret", "secretref", "secretkeyref", "secrets"]
                .iter()
                .any(|ending| lower.ends_with(ending)))
        || key == "secretName"
        || ["existingSecret", "existingSecretName", "ExistingSecret", "ExistingSecretName"]
            .iter()
            .any(|ending| key.ends_with(ending))
        || key == "secret" && above == "envFrom"
        || key == "resourceNames" && is_for_secrets(document, node);
    let speaks = keys.iter().any(|key| key.to_ascii_lowercase().contains("secret"));
    match (is_name && !makes_it, speaks || is_name) {
        (true, _) => Some(Meaning::Name),
        (false, true) => Some(Meaning::Unclear),
        (false, false) => None,
    }
}

/// Whether an item of `resourceNames` stands in a rule about Secrets.
fn is_for_secrets(document: &Document, item: NodeId) -> bool {
    let rule = document.node(item).parent.and_then(|list| document.node(list).parent);
    let resources = rule.and_then(|rule| document.lookup(rule, "resources"));
    let mut resources =
        resources.into_iter().flat_map(|list| document.items(document.target(list)));
    resources.any(|item| document.text(item) == Some("secrets"))
}

/// Whether a text holds a name that is not a part of a longer one.
fn holds_word(text: &str, name: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(joins) && !text[at + name.len()..].starts_with(joins))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes of what refers to `app`, unclear ones with a question mark.
    fn found(text: &str) -> Vec<String> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let object = Object { document: &document, node: document.roots()[0].node };
        let all = references(&object, ("app", Some("apps")), Some(true));
        let shown = |(node, meaning): &(NodeId, Meaning)| {
            let mark = if *meaning == Meaning::Unclear { "?" } else { "" };
            format!("{}{mark}", document.route(*node))
        };
        all.iter().map(shown).collect()
    }

    #[test]
    fn references_of_all_kinds_are_found() {
        let cases = [
            (
                "envFrom: [{secretRef: {name: app}}, {secretRef: {name: other}}]",
                "envFrom[0].secretRef.name",
            ),
            ("valueFrom: {secretKeyRef: {name: app, key: app}}", "valueFrom.secretKeyRef.name"),
            ("volumes: [{name: app, secret: {secretName: app}}]", "volumes[0].secret.secretName"),
            ("sources: [{secret: {name: app}}]", "sources[0].secret.name"),
            ("imagePullSecrets: [{name: app}]", "imagePullSecrets[0].name"),
            (
                "valuesFrom: [{kind: Secret, name: app}, {kind: ConfigMap, name: app}]",
                "valuesFrom[0].name",
            ),
            (
                "persistence: {a: {type: secret, name: app}, b: {type: configMap, name: app}}",
                "persistence.a.name",
            ),
            ("values: {auth: {existingSecret: app}}", "values.auth.existingSecret"),
            ("envFrom: [{secret: app}]", "envFrom[0].secret"),
            ("passwordSecret: {name: app}", "passwordSecret.name"),
            ("rules: [{resources: [secrets], resourceNames: [app]}]", "rules[0].resourceNames[0]"),
            (
                "annotations: {secret.reloader.stakater.com/reload: 'a, app'}",
                "annotations[\"secret.reloader.stakater.com/reload\"]",
            ),
            ("tls: [{secretName: app}]", "tls[0].secretName"),
            (
                "certificateRefs: [{kind: Secret, name: app, namespace: apps}]",
                "certificateRefs[0].name",
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(found(text), [wanted], "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_unclear_and_what_is_no_reference_is_left_out() {
        assert_eq!(found("values: {clientSecret: app}"), ["values.clientSecret?"]);
        assert_eq!(found("patch: |\n  kind: Secret\n  name: app\n"), ["patch?"]);
        assert_eq!(
            found("apiVersion: cert-manager.io/v1\nkind: Certificate\nspec: {secretName: app}"),
            ["spec.secretName?"]
        );
        for text in [
            "metadata: {name: app}",
            "labels: {app: app}",
            "patch: |\n  kind: Secret\n  name: app-2\n",
            "secretRef: {name: app, namespace: other}",
            "rules: [{resources: [pods], resourceNames: [app]}]",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn one_of_several_names_is_replaced() {
        assert_eq!(replaced("a, app,app-2", "app", "new"), "a, new,app-2");
    }
}
