//! kustomize's `kustomization.yaml`: what is built together, and where a new resource is listed.
//!
//! A list that was sorted stays sorted; in any other list a new entry follows the last one like it. It
//! begins with `./` where most entries do. Position is a matter of style only: neither kustomize nor Flux takes the order for more.

mod files;

use std::path::{Component, Path, PathBuf};

use crate::document::{Document, EditError, Edits, Fragment, NodeId, Placement};

/// The names that kustomize looks for in a directory; it refuses two of them.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The lists that something is built from.
const SOURCES: [&str; 8] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configMapGenerator",
    "secretGenerator",
    "generators",
    "helmCharts",
];

/// Whether a file is kustomize's by its name.
pub(crate) fn is_kustomization(path: &Path) -> bool {
    path.file_name().is_some_and(|name| FILE_NAMES.iter().any(|known| name == *known))
}

/// The path that an entry means in a directory, without `.` and `..`; `None` for a URL and for what leads
/// out of the repository.
pub(crate) fn joined(directory: &Path, entry: &str) -> Option<PathBuf> {
    if entry.contains("://") {
        return None;
    }
    let mut path = directory.to_owned();
    for component in Path::new(entry).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => path.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// A kustomize file.
#[derive(Clone, Copy)]
pub(crate) struct Kustomization<'d> {
    document: &'d Document,
    /// `None` in an empty file, as kustomize takes it.
    top: Option<NodeId>,
}

impl<'d> Kustomization<'d> {
    /// The first document of the file.
    pub(crate) fn of(document: &'d Document) -> Self {
        Kustomization { document, top: document.roots().first().map(|root| root.node) }
    }

    /// Whether others include it as a component.
    pub(crate) fn is_component(&self) -> bool {
        self.field("kind").and_then(|kind| self.document.text(kind)) == Some("Component")
    }

    /// The namespace that it gives to everything in it.
    pub(crate) fn namespace(&self) -> Option<&'d str> {
        self.document.text(self.field("namespace")?)
    }

    /// Whether it gives other names to everything in it.
    pub(crate) fn renames(&self) -> bool {
        let texts = ["namePrefix", "nameSuffix"].map(|key| self.document.text(self.field(key)?));
        texts.into_iter().flatten().any(|text| !text.is_empty())
    }

    /// The entries of `resources` in order.
    pub(crate) fn resources(&self) -> Vec<(NodeId, &'d str)> {
        self.strings("resources")
    }

    /// The entries of `secretGenerator`, which make Secrets of literals and files.
    pub(crate) fn secret_generators(&self) -> Vec<NodeId> {
        self.items("secretGenerator")
    }

    /// The names of the Secrets that it makes.
    pub(crate) fn generated_secrets(&self) -> Vec<&'d str> {
        let document = self.document;
        let name = |item| document.text(document.lookup(item, "name")?);
        self.secret_generators().into_iter().filter_map(name).collect()
    }

    /// The files of `patches`; what they hold is a part of an object, not an object.
    pub(crate) fn patch_files(&self) -> Vec<&'d str> {
        let document = self.document;
        let lists = ["patches", "patchesJson6902"].map(|key| self.field(key));
        let lists = lists.into_iter().flatten().map(|list| document.target(list));
        let paths = lists.flat_map(|list| document.items(list).collect::<Vec<_>>());
        let paths = paths.filter_map(|item| document.text(document.lookup(item, "path")?));
        paths
            .chain(self.strings("patchesStrategicMerge").into_iter().map(|(_, path)| path))
            .collect()
    }

    /// Adds a file to `resources`, unless it is there. `like` says which entries are of its sort.
    pub(crate) fn list(
        &self,
        entry: &str,
        like: &dyn Fn(&str) -> bool,
        edits: &mut Edits<'_>,
    ) -> Result<(), EditError> {
        let resources = self.resources();
        if resources.iter().any(|(_, known)| bare(known) == bare(entry)) {
            return Ok(());
        }
        let prefix = if is_dotted(&resources) { "./" } else { "" };
        let text = Fragment::text(format!("{prefix}{}", bare(entry)));
        match (self.field("resources"), self.top) {
            (Some(list), _) => {
                let placement = placement(&resources, entry, like);
                edits.insert_item(self.document.target(list), placement, text)
            }
            (None, Some(top)) => {
                let items = Fragment::Sequence(vec![text]);
                edits.insert_entry(top, Placement::Last, "resources", items)
            }
            (None, None) => {
                let items = Fragment::Sequence(vec![text]);
                edits.append_root(&Fragment::mapping([("resources", items)]))
            }
        }
    }

    /// The entries of `components` in order.
    pub(crate) fn components(&self) -> Vec<&'d str> {
        self.strings("components").into_iter().map(|(_, entry)| entry).collect()
    }

    /// Whether nothing is built from it, now that its resources are gone: kustomize refuses such a file.
    pub(crate) fn is_void(&self) -> bool {
        let entries = self.top.into_iter().flat_map(|top| self.document.entries(top));
        let keys = entries.filter_map(|(key, value)| {
            let value = self.document.target(value);
            self.document.items(value).next().and(self.document.text(key))
        });
        !keys.into_iter().any(|key| SOURCES.contains(&key))
    }

    /// Takes a file or directory off `resources` and `patches`, given with the directory of this file; a list that
    /// has no other entries goes with it.
    pub(crate) fn unlist(
        &self,
        directory: &Path,
        path: &Path,
        edits: &mut Edits<'_>,
    ) -> Result<(), EditError> {
        let document = self.document;
        let means = |entry: &str| joined(directory, entry).as_deref() == Some(path);
        let mut resources = self.resources().into_iter();
        if let Some((node, _)) = resources.find(|(_, entry)| means(entry)) {
            edits.remove_whole(node)?;
        }
        let patches = self.field("patches").map(|list| document.target(list));
        let mut patches = patches.into_iter().flat_map(|list| document.items(list));
        let is_meant = |item: &NodeId| {
            let path = document.lookup(*item, "path").and_then(|path| document.text(path));
            path.is_some_and(means)
        };
        match patches.find(is_meant) {
            Some(item) => edits.remove_whole(item),
            None => Ok(()),
        }
    }

    fn field(&self, key: &str) -> Option<NodeId> {
        self.document.lookup(self.top?, key)
    }

    fn strings(&self, key: &str) -> Vec<(NodeId, &'d str)> {
        let document = self.document;
        let Some(list) = self.field(key) else { return Vec::new() };
        document
            .items(document.target(list))
            .filter_map(|item| Some((item, document.text(item)?)))
            .collect()
    }
}

fn placement(resources: &[(NodeId, &str)], entry: &str, like: &dyn Fn(&str) -> bool) -> Placement {
    let sorted = resources.is_sorted_by(|(_, one), (_, other)| bare(one) <= bare(other));
    let before = |(_, known): &&(NodeId, &str)| match sorted {
        true => bare(known) < bare(entry),
        false => like(bare(known)),
    };
    match resources.iter().rev().find(before) {
        Some((node, _)) => Placement::After(*node),
        None if sorted => Placement::First,
        None => Placement::Last,
    }
}

/// Whether most entries that could begin with `./` do.
fn is_dotted(resources: &[(NodeId, &str)]) -> bool {
    let elsewhere = |entry: &str| entry.starts_with("../") || entry.contains("://");
    let local = resources.iter().filter(|(_, entry)| !elsewhere(entry));
    let dotted = local.clone().filter(|(_, entry)| entry.starts_with("./")).count();
    dotted * 2 > local.count()
}

/// An entry without the `./` that changes nothing.
fn bare(entry: &str) -> &str {
    entry.strip_prefix("./").unwrap_or(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(before: &str, entry: &str) -> String {
        let document = Document::parse(before.as_bytes().to_vec()).unwrap();
        let mut edits = Edits::new(&document);
        let secret = |known: &str| known.ends_with("-secret.yaml");
        Kustomization::of(&document).list(entry, &secret, &mut edits).unwrap();
        edits.apply().unwrap().source().to_owned()
    }

    #[test]
    fn a_sorted_list_stays_sorted() {
        let cases = [
            ("resources:\n  - b\n  - d\n", "c", "resources:\n  - b\n  - c\n  - d\n"),
            ("resources:\n- b\n", "a", "resources:\n- a\n- b\n"),
            ("resources: [a, b]\n", "c", "resources: [a, b, c]\n"),
            (
                "resources:\n  - ./a\n  - ./c # last\n",
                "b",
                "resources:\n  - ./a\n  - ./b\n  - ./c # last\n",
            ),
            (
                "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n",
                "c.yaml",
                "resources:\n  - ./b.yaml\n  - ./c.yaml\n  # why\n  - ./d.yaml\n",
            ),
            (
                "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n",
                "a.yaml",
                "resources:\n  - ./a.yaml\n  - ./b.yaml\n  # why\n  - ./d.yaml\n",
            ),
            (
                "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n",
                "e.yaml",
                "resources:\n  - ./b.yaml\n  # why\n  - ./d.yaml\n  - ./e.yaml\n",
            ),
        ];
        for (before, entry, after) in cases {
            assert_eq!(listed(before, entry), after);
        }
    }

    #[test]
    fn in_any_other_list_the_entry_follows_the_last_one_like_it() {
        assert_eq!(
            listed(
                "resources:\n  - z-secret.yaml\n  - b-secret.yaml\n\n  - a.yaml\n",
                "c-secret.yaml"
            ),
            "resources:\n  - z-secret.yaml\n  - b-secret.yaml\n  - c-secret.yaml\n\n  - a.yaml\n"
        );
        assert_eq!(
            listed("resources:\n- z.yaml\n- a.yaml\n", "c-secret.yaml"),
            "resources:\n- z.yaml\n- a.yaml\n- c-secret.yaml\n"
        );
        assert_eq!(
            listed(
                "resources:\n- z-secret.yaml\n- b-secret.yaml # last\n\n- cluster.yaml\n",
                "c-secret.yaml"
            ),
            "resources:\n- z-secret.yaml\n- b-secret.yaml # last\n- c-secret.yaml\n\n- cluster.yaml\n"
        );
        assert_eq!(
            listed("resources: [z.yaml, a.yaml]\n", "c.yaml"),
            "resources: [z.yaml, a.yaml, c.yaml]\n"
        );
    }

    #[test]
    fn a_file_is_taken_off_every_list_that_has_it() {
        let cases = [
            ("resources:\n  - a.yaml\n  - ./b.yaml\n", "resources:\n  - a.yaml\n", false),
            ("kind: K\nresources: [b.yaml]\n", "kind: K\n", true),
            ("resources: [a, ../x/b.yaml]\n", "resources: [a]\n", false),
            (
                "resources: [a]\npatches:\n  - path: b.yaml\n    target: {kind: K}\n",
                "resources: [a]\n",
                false,
            ),
            ("components: [c]\nresources: [b.yaml]\n", "components: [c]\n", false),
            ("resources: [other/b.yaml]\n", "resources: [other/b.yaml]\n", false),
        ];
        for (before, after, is_void) in cases {
            let document = Document::parse(before.as_bytes().to_vec()).unwrap();
            let mut edits = Edits::new(&document);
            let (directory, path) = (Path::new("x"), Path::new("x/b.yaml"));
            Kustomization::of(&document).unlist(directory, path, &mut edits).unwrap();
            let edited = edits.apply().unwrap();
            assert_eq!(edited.source(), after);
            assert_eq!(Kustomization::of(&edited).is_void(), is_void, "{before}");
        }
    }

    #[test]
    fn an_entry_begins_as_most_others_do() {
        let cases = [
            ("[./a, ./c, ../x, https://example.com/y]", "./d"),
            ("[./a, b, ./c]", "./d"),
            ("[./a, b]", "d"),
            ("[../a, ../b]", "d"),
        ];
        for (list, wanted) in cases {
            let after = listed(&format!("resources: {list}\n"), "d");
            let document = Document::parse(after.into_bytes()).unwrap();
            let resources = Kustomization::of(&document).resources();
            assert!(resources.iter().any(|(_, entry)| *entry == wanted), "{list}");
        }
    }

    #[test]
    fn an_entry_that_is_there_is_not_listed_again() {
        for before in ["resources:\n  - ./a.yaml\n", "resources: [a.yaml]\n"] {
            assert_eq!(listed(before, "a.yaml"), before);
        }
    }

    #[test]
    fn a_file_without_resources_gets_them() {
        assert_eq!(listed("", "a.yaml"), "---\nresources:\n  - a.yaml\n");
        assert_eq!(
            listed("kind: Kustomization\n", "a.yaml"),
            "kind: Kustomization\nresources:\n  - a.yaml\n"
        );
        assert_eq!(listed("namespace: x\n", "a.yaml"), "namespace: x\nresources:\n  - a.yaml\n");
        assert_eq!(listed("resources: []\n", "a.yaml"), "resources:\n  - a.yaml\n");
    }

    #[test]
    fn entries_are_paths_below_the_root() {
        let directory = Path::new("apps/a");
        assert_eq!(joined(directory, "../b/./x.yaml"), Some("apps/b/x.yaml".into()));
        assert_eq!(joined(directory, "https://example.com/x.yaml"), None);
        assert_eq!(joined(directory, "../../../x"), None);
    }
}
