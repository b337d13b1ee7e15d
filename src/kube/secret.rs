//! A core/v1 Secret as a reader of the document sees it: its entries with their nodes, in any spelling.
//!
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata: {name: app, annotations: {…}}
//! type: Opaque
//! data: {KEY: dmFsdWU=}        # base64
//! stringData: {KEY: value}     # as it is; wins over `data` in the cluster
//! ```
//!
//! Entries are found through aliases and merge keys. What it does not do: decode, or judge a value.

use std::collections::HashSet;

use super::Object;
use crate::document::{Document, Kind, NodeId};

/// The type of a Secret whose token the control plane fills in
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets>).
pub(crate) const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";

/// Annotations by which a controller fills the Secret that carries them. Those that mark the *source* of a copy
/// (`replication-allowed`, `replicate-to`, `reflection-allowed`, …) are left out on purpose: there the value in
/// the repository is the real one.
const FILLED_BY: &[&str] = &[
    // https://github.com/mittwald/kubernetes-secret-generator: names the keys to generate
    "secret-generator.v1.mittwald.de/autogenerate",
    // the same: `ssh-keypair` and `basic-auth` generate fixed keys
    "secret-generator.v1.mittwald.de/type",
    // https://github.com/mittwald/kubernetes-replicator: `data` is replaced by that of the named Secret; some
    // types need placeholders there to be valid
    "replicator.v1.mittwald.de/replicate-from",
    // https://github.com/emberstack/kubernetes-reflector: likewise
    "reflector.v1.k8s.emberstack.com/reflects",
];

/// API groups whose objects refer to secrets that are kept elsewhere, or hold them encrypted by their own means.
const REFERENCES: &[&str] = &[
    // https://external-secrets.io: ExternalSecret, SecretStore, PushSecret …
    "external-secrets.io",
    "generators.external-secrets.io",
    // https://github.com/bitnami-labs/sealed-secrets: SealedSecret
    "bitnami.com",
    // https://github.com/1Password/onepassword-operator: OnePasswordItem
    "onepassword.com",
    // https://developer.hashicorp.com/vault/docs/deploy/kubernetes/vso: VaultStaticSecret …
    "secrets.hashicorp.com",
    // https://secrets-store-csi-driver.sigs.k8s.io: SecretProviderClass
    "secrets-store.csi.x-k8s.io",
];

/// A Secret of the core group.
#[derive(Clone, Copy)]
pub(crate) struct SecretObject<'d> {
    /// The object itself.
    pub(crate) object: Object<'d>,
}

/// One key of a Secret.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'d> {
    /// The key as text.
    pub(crate) key: &'d str,
    /// The key's node; behind a merge key it stands in the merged mapping.
    pub(crate) key_node: NodeId,
    /// The value's node as written: a scalar, an alias or, against the API, a collection.
    pub(crate) value: NodeId,
    /// Whether it stands under `data` and so is base64.
    pub(crate) encoded: bool,
}

impl<'d> SecretObject<'d> {
    /// The view, if the object is a Secret of the core group in any version.
    pub(crate) fn of(object: Object<'d>) -> Option<Self> {
        object.is("", "Secret").then_some(SecretObject { object })
    }

    /// `type`; the API server takes `Opaque` where it is left out.
    pub(crate) fn kind(&self) -> &'d str {
        self.object.text(&["type"]).unwrap_or("Opaque")
    }

    /// Whether SOPS has encrypted it.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.object.at(&["sops", "mac"]).is_some()
    }

    /// The entries of `data`, then those of `stringData`.
    pub(crate) fn entries(&self) -> Vec<Entry<'d>> {
        let document = self.object.document;
        let mut found = Vec::new();
        for (field, encoded) in [("data", true), ("stringData", false)] {
            let Some(mapping) = self.object.at(&[field]) else { continue };
            for (key_node, value) in visible(document, mapping) {
                if let Some(key) = document.text(key_node) {
                    found.push(Entry { key, key_node, value, encoded });
                }
            }
        }
        found
    }

    /// Whether the object carries this annotation.
    pub(crate) fn is_annotated(&self, name: &str) -> bool {
        self.object.at(&["metadata", "annotations", name]).is_some()
    }

    /// Whether a controller in the cluster fills in the values: a generator, a copier, or the control plane.
    pub(crate) fn is_filled_in_cluster(&self) -> bool {
        self.kind() == SERVICE_ACCOUNT_TOKEN || FILLED_BY.iter().any(|name| self.is_annotated(name))
    }
}

/// Whether the word `Secret` stands in a text, which is so in every file with a Secret and in few others:
/// `ExternalSecret`, `secretRef` and `passwordSecret` are other words.
pub(crate) fn is_mentioned(text: &str) -> bool {
    const WORD: &str = "Secret";
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(WORD).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + WORD.len()..].chars().next())
    })
}

/// Whether an object only refers to secrets, or seals them by other means than SOPS.
pub(crate) fn is_reference(object: &Object<'_>) -> bool {
    let group = object.text(&["apiVersion"]).and_then(|api| Some(api.rsplit_once('/')?.0));
    group.is_some_and(|group| REFERENCES.contains(&group))
}

/// Key and value of each entry of a mapping as a reader sees them: its own, then merged ones whose key is new.
fn visible(document: &Document, mapping: NodeId) -> Vec<(NodeId, NodeId)> {
    let mut found = Vec::new();
    let mut keys = HashSet::new();
    // A mapping that was merged once adds nothing a second time, and merges that multiply stay cheap.
    let mut merged = HashSet::new();
    let mut pending = vec![document.target(mapping)];
    while let Some(next) = pending.pop() {
        if !merged.insert(next) {
            continue;
        }
        for (key, value) in document.entries(next) {
            match document.text(key) {
                Some("<<") => pending.extend(sources(document, value).into_iter().rev()),
                Some(text) if keys.insert(text) => found.push((key, value)),
                _ => {}
            }
        }
    }
    found
}

/// The mappings behind a merge key, the strongest first.
fn sources(document: &Document, value: NodeId) -> Vec<NodeId> {
    let value = document.target(value);
    match document.node(value).kind {
        Kind::Sequence(_) => document.items(value).map(|item| document.target(item)).collect(),
        _ => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::objects;

    /// The document, to be looked at by [`secrets`].
    fn parse(text: &str) -> Document {
        Document::parse(text.as_bytes().to_vec()).unwrap()
    }

    /// The Secrets in it.
    fn secrets(document: &Document) -> Vec<SecretObject<'_>> {
        objects(document).into_iter().filter_map(SecretObject::of).collect()
    }

    /// The entries of the only Secret of a document as `key=text`, base64 ones with `==`.
    fn entries(text: &str) -> Vec<String> {
        let document = parse(text);
        let [secret] = secrets(&document)[..] else { panic!("one Secret is expected") };
        let show = |entry: Entry<'_>| {
            let sign = if entry.encoded { "==" } else { "=" };
            format!("{}{sign}{}", entry.key, document.text(entry.value).unwrap_or("(collection)"))
        };
        secret.entries().into_iter().map(show).collect()
    }

    /// Head of a Secret in block style.
    const HEAD: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";

    #[test]
    fn only_secrets_of_the_core_group_are_secrets() {
        let document = parse(
            "apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: ConfigMap\n---\n\
             apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n---\n\
             apiVersion: example.test/v1\nkind: Secret\n",
        );
        assert_eq!(secrets(&document).len(), 1);
    }

    #[test]
    fn entries_of_both_fields_are_found_in_block_and_flow_style() {
        let block = format!("{HEAD}data:\n  a: YQ==\nstringData:\n  b: |\n    x\n    y\n");
        assert_eq!(entries(&block), ["a==YQ==", "b=x\ny\n"]);
        let flow = r#"{"apiVersion":"v1","kind":"Secret","stringData":{"b":"x","c":{"d":1}}}"#;
        assert_eq!(entries(flow), ["b=x", "c=(collection)"]);
    }

    #[test]
    fn entries_are_found_through_aliases_and_merge_keys() {
        let text = format!(
            "base: &base {{a: old, b: two}}\nother: &other {{b: three, c: four}}\n{HEAD}\
             stringData:\n  <<: [*base, *other]\n  a: new\n"
        );
        assert_eq!(entries(&text), ["a=new", "b=two", "c=four"]);
        assert_eq!(entries(&format!("base: &base {{a: x}}\n{HEAD}data: *base\n")), ["a==x"]);
    }

    #[test]
    fn merges_that_multiply_are_visited_once_each() {
        let mut text = "m0: &m0 {k: v}\n".to_owned();
        for level in 1..60 {
            let below = level - 1;
            text += &format!("m{level}: &m{level} {{<<: [*m{below}, *m{below}]}}\n");
        }
        assert_eq!(entries(&format!("{text}{HEAD}stringData: *m59\n")), ["k=v"]);
    }

    #[test]
    fn the_type_defaults_to_opaque() {
        let document =
            parse("apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: Secret\ntype: a/b\n");
        let kinds: Vec<_> = secrets(&document).iter().map(SecretObject::kind).collect();
        assert_eq!(kinds, ["Opaque", "a/b"]);
    }

    #[test]
    fn the_target_of_a_controller_is_filled_in_cluster_and_its_source_is_not() {
        let filled = |metadata: &str| {
            let document = parse(&format!("apiVersion: v1\nkind: Secret\n{metadata}\n"));
            secrets(&document)[0].is_filled_in_cluster()
        };
        assert!(filled("type: kubernetes.io/service-account-token"));
        for name in FILLED_BY {
            assert!(filled(&format!("metadata: {{annotations: {{{name}: x}}}}")), "{name}");
        }
        for name in [
            "replicator.v1.mittwald.de/replicate-to",
            "replicator.v1.mittwald.de/replication-allowed",
            "reflector.v1.k8s.emberstack.com/reflection-allowed",
        ] {
            assert!(!filled(&format!("metadata: {{annotations: {{{name}: 'true'}}}}")), "{name}");
        }
        assert!(!filled("type: bootstrap.kubernetes.io/token"));
    }

    #[test]
    fn references_are_told_by_their_api_group() {
        let document = parse(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n---\n\
             apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n---\n\
             apiVersion: v1\nkind: ConfigMap\n---\napiVersion: apps/v1\nkind: Deployment\n",
        );
        let told: Vec<_> = objects(&document).iter().map(is_reference).collect();
        assert_eq!(told, [true, true, false, false]);
    }
}
