//! The files that a kustomize file names, in whatever list.
//!
//! ```yaml
//! resources: [cluster.yaml, roles]             # `crds`, `generators`, `patchesStrategicMerge`, … likewise
//! patches: [{path: patch.yaml}]                # `patchesJson6902`, `replacements` likewise
//! secretGenerator: [{name: a, files: [key=file], envs: [.env]}]
//! ```
//!
//! Left out is what is no path in the repository: URLs, texts of patches, and what somebody fills in first.

use super::Kustomization;
use crate::document::NodeId;

/// Lists of files or directories.
const LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];

/// Lists whose items name a file under `path`.
const WITH_PATH: [&str; 3] = ["patches", "patchesJson6902", "replacements"];

/// Lists whose items name files that something is made of.
const GENERATORS: [&str; 2] = ["secretGenerator", "configMapGenerator"];

/// A file or directory that a kustomize file names.
#[derive(Clone, Copy)]
pub(crate) struct Named<'d> {
    /// The list that it stands in, such as `resources`.
    pub(crate) list: &'static str,
    /// The scalar.
    pub(crate) node: NodeId,
    /// The path as it is written, without the key of a generator before it.
    pub(crate) path: &'d str,
}

impl Named<'_> {
    /// Whether it may be a directory, which then needs a kustomize file of its own.
    pub(crate) fn may_be_directory(&self) -> bool {
        matches!(
            self.list,
            "resources" | "bases" | "components" | "generators" | "transformers" | "validators"
        )
    }
}

impl<'d> Kustomization<'d> {
    /// The files and directories that it names.
    pub(crate) fn named(&self) -> Vec<Named<'d>> {
        let document = self.document;
        let mut found = Vec::new();
        for list in LISTS {
            let entries = self.strings(list).into_iter();
            found.extend(entries.map(|(node, path)| Named { list, node, path }));
        }
        for list in WITH_PATH {
            for item in self.items(list) {
                found.extend(self.named_by(list, document.lookup(item, "path")));
            }
        }
        for list in GENERATORS {
            for item in self.items(list) {
                found.extend(self.named_by(list, document.lookup(item, "env")));
                let lists = ["files", "envs"].into_iter();
                let lists = lists.filter_map(|key| document.lookup(item, key));
                let nodes = lists.flat_map(|files| document.items(document.target(files)));
                found.extend(nodes.filter_map(|node| self.named_by(list, Some(node))));
            }
        }
        found.retain(|named| is_local(named.path));
        found
    }

    /// The items of a list.
    pub(super) fn items(&self, key: &str) -> Vec<NodeId> {
        let list = self.field(key).map(|list| self.document.target(list));
        list.map_or_else(Vec::new, |list| self.document.items(list).collect())
    }

    /// What a scalar names, without the key that a generator has before a file.
    fn named_by(&self, list: &'static str, node: Option<NodeId>) -> Option<Named<'d>> {
        let node = node?;
        let text = self.document.text(node)?;
        let path = match GENERATORS.contains(&list) {
            true => text.split_once('=').map_or(text, |(_, path)| path),
            false => text,
        };
        Some(Named { list, node, path })
    }
}

/// Whether an entry is a path: not a URL in one of the spellings of kustomize
/// (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/>), not the text of a patch, and
/// without a variable of somebody else's.
fn is_local(entry: &str) -> bool {
    const ELSEWHERE: [&str; 9] = ["://", "//", "?", "::", "git@", "${", "{{", "$(", "\n"];
    let hosts = ["github.com/", "gh:"];
    !entry.is_empty()
        && !ELSEWHERE.iter().any(|sign| entry.contains(sign))
        && !hosts.iter().any(|host| entry.starts_with(host))
        && !entry.ends_with(".git")
        // The text of a patch in flow style, on one line.
        && !entry.contains(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    #[test]
    fn files_of_every_list_are_named_and_nothing_else() {
        let text = "resources: [a, ./b.yaml, https://x.test/c.yaml, github.com/o/r, '${D}.yaml']\n\
                    components: [../c]\npatches: [{path: p.yaml}, {patch: 'x: y'}]\n\
                    patchesStrategicMerge:\n- s.yaml\n- |-\n  kind: X\n  a: b\n\
                    secretGenerator:\n- {name: s, files: [k=f.json, g], envs: [.env], literals: [a=b]}\n\
                    images: [{name: i}]\n";
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let named = Kustomization::of(&document).named();
        let paths: Vec<_> = named.iter().map(|one| one.path).collect();
        assert_eq!(paths, ["a", "./b.yaml", "../c", "s.yaml", "p.yaml", "f.json", "g", ".env"]);
        assert!(named[0].may_be_directory() && !named[4].may_be_directory());
    }
}
