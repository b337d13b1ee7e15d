//! Typed views over documents: what a Kubernetes object says, in its own words.
//!
//! A view borrows the document and answers with text or nodes, so that whoever found something can also
//! point at it or edit it. Nothing here decides, decrypts or writes.

pub(crate) mod cluster;
pub(crate) mod container;
pub(crate) mod database;
pub(crate) mod flux;
pub(crate) mod kustomization;
pub(crate) mod reloader;
pub(crate) mod secret;
pub(crate) mod workload;

use crate::document::{Document, NodeId};

/// A Kubernetes object: a mapping with `apiVersion` and `kind`.
#[derive(Clone, Copy)]
pub(crate) struct Object<'d> {
    /// The document that it stands in.
    pub(crate) document: &'d Document,
    /// Its top mapping: a root, or an item of a `List`.
    pub(crate) node: NodeId,
}

/// The objects of a document in order; the items of a `List` (any kind that ends so) stand for it.
pub(crate) fn objects(document: &Document) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    for root in document.roots() {
        collect(document, root.node, &mut found);
    }
    found
}

fn collect<'d>(document: &'d Document, node: NodeId, found: &mut Vec<Object<'d>>) {
    let object = Object { document, node };
    let Some(kind) = object.kind() else { return };
    let items = document.lookup(node, "items").filter(|_| kind.ends_with("List"));
    match items {
        Some(items) => {
            for item in document.items(document.target(items)) {
                collect(document, document.target(item), found);
            }
        }
        None if object.text(&["apiVersion"]).is_some() => found.push(object),
        None => {}
    }
}

impl<'d> Object<'d> {
    /// The node below these keys, through aliases and merge keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<NodeId> {
        self.document.descend(self.node, keys)
    }

    /// The text of the scalar below these keys.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<&'d str> {
        self.document.text(self.at(keys)?)
    }

    /// `kind`
    pub(crate) fn kind(&self) -> Option<&'d str> {
        self.text(&["kind"])
    }

    /// `metadata.name`
    pub(crate) fn name(&self) -> Option<&'d str> {
        self.text(&["metadata", "name"])
    }

    /// `metadata.namespace`; often left out, because Flux or kustomize set it.
    pub(crate) fn namespace(&self) -> Option<&'d str> {
        self.text(&["metadata", "namespace"])
    }

    /// Whether this is a `kind` of an API group, in any version; the core group is `""`.
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        let found = self
            .text(&["apiVersion"])
            .map(|api| api.rsplit_once('/').map_or("", |(group, _)| group));
        found == Some(group) && self.kind() == Some(kind)
    }
}

/// Whether a text can be the name of most objects: labels of letters, digits and inner hyphens, with dots
/// between them, at most 253 bytes. As the API server reads RFC 1123, which has a label of at most 63.
pub(crate) fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether a text can be the key of a label, and in lower case that of an annotation: a name, and in front of it, if
/// anything, a subdomain and `/` (`IsQualifiedName` of the API server).
pub(crate) fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// Whether a text can be the value of a label: at most 63 letters, digits, `-`, `_` and `.`, with one of the first two
/// at both ends; or empty (`IsValidLabelValue` of the API server).
pub(crate) fn is_label_value(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && is_end(bytes.first())
        && is_end(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_api_server() {
        let longest = "a".repeat(63);
        for name in ["a", "A-1_b.c", "example.com/Name", &longest, &format!("a.b/{longest}")] {
            assert!(is_qualified_name(name), "{name}");
        }
        for name in ["", "/a", "a/", "A.b/c", "a/b/c", "-a", "a.", "a b", "ä", &"a".repeat(64)] {
            assert!(!is_qualified_name(name), "{name}");
        }
        for value in ["", "true", "v1.2_3-x", &longest] {
            assert!(is_label_value(value), "{value}");
        }
        for value in ["a/b", "a b", "-", ".a", "a_", &"a".repeat(64)] {
            assert!(!is_label_value(value), "{value}");
        }
    }

    #[test]
    fn names_follow_rfc_1123() {
        for name in ["a", "a-b.c", "0", &"a".repeat(253)] {
            assert!(is_subdomain(name), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "ä", "a/b", &"a".repeat(254)] {
            assert!(!is_subdomain(name), "{name}");
        }
    }

    #[test]
    fn objects_of_a_stream_and_of_a_list_are_found() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\nno: object\n---\n\
                    apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n";
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let found = objects(&document);
        assert_eq!(
            found.iter().map(|o| o.kind().unwrap()).collect::<Vec<_>>(),
            ["Secret", "Deployment"]
        );
        assert!(found[0].is("", "Secret") && found[1].is("apps", "Deployment"));
        assert_eq!(found[0].name(), Some("a"));
    }
}
