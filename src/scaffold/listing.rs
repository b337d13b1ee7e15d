//! The entry of a new file in `resources` of a kustomize file.
//!
//! A sorted list stays sorted; else the entry goes behind the last one for a file of the same kind, a
//! Secret. It begins with `./` where most entries do.

use std::path::Path;

use super::Error;
use crate::document::{Document, EditError, Edits, Fragment, Indentation, NodeId, Placement};
use crate::kube::objects;
use crate::repo::Snapshot;

/// The kustomize file with the entry; `None` where it has it already.
pub(super) fn add(
    snapshot: &Snapshot,
    kustomization: &Path,
    file: &Path,
) -> Result<Option<Document>, Error> {
    let directory = kustomization.parent().unwrap_or(Path::new(""));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_secret = |entry: &str| {
        let document = snapshot.document(&directory.join(entry));
        document.is_ok_and(|document| objects(document).iter().any(|o| o.is("", "Secret")))
    };
    insert(snapshot.document(kustomization)?, &name, is_secret)
        .map_err(|source| Error::Edit { path: kustomization.to_owned(), source })
}

fn insert(
    document: &Document,
    file: &str,
    is_like: impl Fn(&str) -> bool,
) -> Result<Option<Document>, EditError> {
    let mut edits = Edits::new(document);
    let entries = || Fragment::Sequence(vec![Fragment::text(file)]);
    let Some(root) = document.roots().first() else {
        edits.append_root(&Fragment::mapping([("resources", entries())]))?;
        return edits.apply().map(Some);
    };
    let Some(list) = document.lookup(root.node, "resources") else {
        edits.append_to_root(0, "resources", entries(), Indentation::default())?;
        return edits.apply().map(Some);
    };
    let list = document.target(list);
    let entries: Vec<(NodeId, &str)> =
        document.items(list).map(|item| (item, document.text(item).unwrap_or_default())).collect();
    let bare = |entry: &'_ str| entry.strip_prefix("./").unwrap_or(entry).to_owned();
    if entries.iter().any(|(_, entry)| bare(entry) == file) {
        return Ok(None);
    }
    let local = entries.iter().filter(|(_, entry)| !entry.starts_with("../"));
    let dotted = local.clone().filter(|(_, entry)| entry.starts_with("./")).count();
    let prefix = if dotted * 2 > local.count() { "./" } else { "" };

    let sorted = entries.is_sorted_by_key(|(_, entry)| bare(entry));
    let after = if sorted {
        entries.iter().rfind(|(_, entry)| bare(entry).as_str() < file)
    } else {
        entries.iter().rfind(|(_, entry)| is_like(&bare(entry))).or(entries.last())
    };
    let placement = match after {
        Some((item, _)) => Placement::After(*item),
        None => Placement::First,
    };
    edits.insert_item(list, placement, Fragment::text(format!("{prefix}{file}")))?;
    edits.apply().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(before: &str, file: &str) -> Option<String> {
        let document = Document::parse(before.as_bytes().to_vec()).unwrap();
        let is_like = |entry: &str| entry.ends_with("-secret.yaml");
        insert(&document, file, is_like).unwrap().map(|after| after.source().to_owned())
    }

    #[test]
    fn a_sorted_list_stays_sorted() {
        let before = "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n";
        assert_eq!(
            listed(before, "c.yaml").unwrap(),
            "resources:\n  - ./b.yaml\n  - ./c.yaml\n  # why\n  - ./d.yaml\n"
        );
        assert_eq!(
            listed(before, "a.yaml").unwrap(),
            "resources:\n  - ./a.yaml\n  - ./b.yaml\n  # why\n  - ./d.yaml\n"
        );
        assert_eq!(
            listed(before, "e.yaml").unwrap(),
            "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n  - ./e.yaml\n"
        );
    }

    #[test]
    fn in_another_order_the_entry_follows_its_like() {
        let before = "resources:\n- z-secret.yaml\n- b-secret.yaml # last\n\n- cluster.yaml\n";
        assert_eq!(
            listed(before, "c-secret.yaml").unwrap(),
            "resources:\n- z-secret.yaml\n- b-secret.yaml # last\n- c-secret.yaml\n\n- cluster.yaml\n"
        );
        assert_eq!(
            listed("resources: [z.yaml, a.yaml]\n", "c.yaml").unwrap(),
            "resources: [z.yaml, a.yaml, c.yaml]\n"
        );
    }

    #[test]
    fn a_list_that_is_missing_or_empty_is_made() {
        assert_eq!(listed("", "a.yaml").unwrap(), "---\nresources:\n  - a.yaml\n");
        assert_eq!(
            listed("kind: Kustomization\n", "a.yaml").unwrap(),
            "kind: Kustomization\nresources:\n  - a.yaml\n"
        );
        assert_eq!(listed("resources: []\n", "a.yaml").unwrap(), "resources:\n  - a.yaml\n");
    }

    #[test]
    fn what_is_listed_already_stays_as_it_is() {
        assert_eq!(listed("resources:\n  - ./a.yaml\n", "a.yaml"), None);
    }
}
