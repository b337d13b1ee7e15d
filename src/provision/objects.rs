//! Documents of CloudNativePG that stand beside the Cluster: where the others of their kind are.

use std::path::{Path, PathBuf};

use super::Error;
use super::draft::{Draft, written_like};
use crate::document::{Document, Fragment};
use crate::kube::Object;
use crate::kube::kustomization::Kustomization;
use crate::layout::{ClusterSite, Layout, Located, ObjectPlace, Template};

/// Where a new document goes, and what it looks like.
pub(super) struct Place<'s> {
    /// The file.
    pub(super) of: ObjectPlace<'s>,
    /// A document whose indentation and line breaks it has, and that names its namespace or leaves that out.
    model: Object<'s>,
}

impl<'s> Place<'s> {
    /// The document by which a new one is indented: its file, if it is not made for it.
    pub(super) fn document<'d>(&self, draft: &'d Draft<'s>) -> Result<&'d Document, Error>
    where
        's: 'd,
    {
        match &self.of {
            ObjectPlace::Behind(file) => draft.document(file.value),
            ObjectPlace::Own { .. } | ObjectPlace::First(_) => Ok(self.model.document),
        }
    }
}

/// Where the next document goes that belongs to the Cluster as these do.
pub(super) fn place<'s>(
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
    siblings: &[Located<'s, Object<'s>>],
    first: &str,
) -> Place<'s> {
    let model = siblings.last().map_or(site.cluster.0, |last| last.view);
    Place { of: layout.object_place(site, siblings, first), model }
}

/// Adds a document of this kind and name.
pub(super) fn add(
    draft: &mut Draft<'_>,
    site: &ClusterSite<'_>,
    place: &Place<'_>,
    kind: &str,
    name: &str,
    spec: Vec<(String, Fragment)>,
) -> Result<(), Error> {
    let content = content(site, kind, name, place.model.namespace().is_some(), spec);
    let (path, listed_in, template) = match &place.of {
        ObjectPlace::Behind(file) => {
            return draft.edit(file.value, |_, edits| edits.append_root(&content));
        }
        ObjectPlace::Own { path, listed_in } => {
            let lister = listed_in.as_ref().map(|lister| PathBuf::from(lister.fill(name)));
            let lister = lister.filter(|file| draft.document(file).is_ok());
            (PathBuf::from(path.value.fill(name)), lister, path.value.clone())
        }
        // Another one of the same plan has made it.
        ObjectPlace::First(path) if draft.document(path).is_ok() => {
            return draft.edit(path, |_, edits| edits.append_root(&content));
        }
        ObjectPlace::First(path) => {
            (path.clone(), site.listed_in.map(Path::to_owned), Template::new(""))
        }
    };
    let document = place.model.document;
    let with_marker = document.roots().iter().any(|root| root.explicit);
    draft.create(&path, written_like(document, &content, with_marker, &path)?)?;
    list(draft, &path, listed_in.as_deref(), &template)
}

fn list(
    draft: &mut Draft<'_>,
    file: &Path,
    listed_in: Option<&Path>,
    template: &Template,
) -> Result<(), Error> {
    let Some(kustomize_file) = listed_in else { return Ok(()) };
    let directory = kustomize_file.parent().unwrap_or(Path::new(""));
    let Some(entry) = file.strip_prefix(directory).ok().and_then(Path::to_str) else {
        return Ok(());
    };
    let like = |known: &str| {
        directory.join(known).to_str().and_then(|path| template.app_in(path)).is_some()
    };
    draft.edit(kustomize_file, |document, edits| {
        Kustomization::of(document).list(entry, &like, edits)
    })
}

fn content(
    site: &ClusterSite<'_>,
    kind: &str,
    name: &str,
    with_namespace: bool,
    spec: Vec<(String, Fragment)>,
) -> Fragment {
    let text = |text: &str| Fragment::text(text);
    let mut metadata = vec![("name".to_owned(), text(name))];
    if let Some(namespace) = site.namespace.as_ref().filter(|_| with_namespace) {
        metadata.push(("namespace".to_owned(), text(namespace.value)));
    }
    Fragment::mapping([
        ("apiVersion", text("postgresql.cnpg.io/v1")),
        ("kind", text(kind)),
        ("metadata", Fragment::Mapping(metadata)),
        ("spec", Fragment::Mapping(spec)),
    ])
}
