//! Stakater's Reloader: which workloads it restarts when a Secret changes.
//!
//! ```yaml
//! reloader.stakater.com/auto: "true"                    # on the workload: whatever it reads
//! secret.reloader.stakater.com/reload: "a,b"            # on the workload: these
//! reloader.stakater.com/search: "true"                  # on the workload: those that say
//! reloader.stakater.com/match: "true"                   # on the Secret
//! ```
//!
//! The annotations of a pod template count only where the workload itself has none of them.

use super::Object;
use crate::document::{Document, NodeId};

/// What the annotations have in common.
const MARK: &str = "reloader.stakater.com/";

/// Annotations of a workload for everything that it reads.
const AUTO: [&str; 2] = ["reloader.stakater.com/auto", "secret.reloader.stakater.com/auto"];

/// Annotation of a workload that names Secrets.
const NAMED: &str = "secret.reloader.stakater.com/reload";

/// Annotation of a workload for Secrets that are marked.
const SEARCH: &str = "reloader.stakater.com/search";

/// The mark of such a Secret.
const MATCH: &str = "reloader.stakater.com/match";

/// Annotation of a Secret that is left out.
const IGNORE: &str = "reloader.stakater.com/ignore";

/// Whether a workload is restarted for a Secret, by its annotations: those of the workload, then those of its pods.
pub(crate) fn restarts(
    document: &Document,
    places: &[Option<NodeId>],
    secret: &Object<'_>,
) -> bool {
    let says =
        |annotation: &str| secret.text(&["metadata", "annotations", annotation]) == Some("true");
    let decides = |annotations: &&NodeId| {
        let mut keys = document.entries(document.target(**annotations));
        keys.any(|(key, _)| document.text(key).is_some_and(|key| key.contains(MARK)))
    };
    let Some(annotations) = places.iter().flatten().find(decides) else { return false };
    let text = |key: &str| document.text(document.lookup(*annotations, key)?);
    let name = secret.name().unwrap_or_default();
    let is_named = text(NAMED).is_some_and(|names| names.split(',').any(|n| n.trim() == name));
    let is_found = text(SEARCH) == Some("true") && says(MATCH);
    let is_auto = AUTO.iter().any(|key| text(key) == Some("true"));
    !says(IGNORE) && (is_auto || is_named || is_found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::objects;

    fn verdict(workload: &str, pods: &str, secret: &str) -> bool {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a, annotations: {{{secret}}}}}\n---\n\
             workload: {{{workload}}}\npods: {{{pods}}}\n"
        );
        let document = Document::parse(text.into_bytes()).unwrap();
        let root = document.roots()[1].node;
        let places = ["workload", "pods"].map(|key| document.lookup(root, key));
        restarts(&document, &places, &objects(&document)[0])
    }

    #[test]
    fn each_annotation_counts() {
        assert!(verdict("reloader.stakater.com/auto: 'true'", "", ""));
        assert!(verdict("secret.reloader.stakater.com/auto: 'true'", "", ""));
        assert!(verdict("secret.reloader.stakater.com/reload: 'b, a'", "", ""));
        assert!(!verdict("secret.reloader.stakater.com/reload: 'b,ab'", "", ""));
        let search = "reloader.stakater.com/search: 'true'";
        assert!(verdict(search, "", "reloader.stakater.com/match: 'true'"));
        assert!(!verdict(search, "", ""));
        assert!(!verdict("reloader.stakater.com/auto: 'false'", "", ""));
        assert!(!verdict("configmap.reloader.stakater.com/auto: 'true'", "", ""));
        assert!(!verdict("", "", ""));
    }

    #[test]
    fn annotations_of_pods_count_where_the_workload_has_none() {
        let auto = "reloader.stakater.com/auto: 'true'";
        assert!(verdict("other: x", auto, ""));
        assert!(!verdict("reloader.stakater.com/auto: 'false'", auto, ""));
    }

    #[test]
    fn a_secret_can_be_left_out() {
        let auto = "reloader.stakater.com/auto: 'true'";
        assert!(!verdict(auto, "", "reloader.stakater.com/ignore: 'true'"));
    }
}
