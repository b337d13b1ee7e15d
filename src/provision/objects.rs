//! Documents of CloudNativePG that stand beside the Cluster: where the others of their kind are.

use std::path::{Path, PathBuf};

use super::Error;
use super::draft::{Draft, written_like};
use super::listed;
use crate::document::{Document, Fragment};
use crate::kube::Object;
use crate::layout::{ClusterSite, Fact, Layout, Located, ObjectPlace, Template, object_names};

/// Where a new document goes, and what it looks like.
pub(super) struct Place<'s> {
    /// The file.
    pub(super) of: ObjectPlace<'s>,
    /// The file beside the Cluster, for an app that has no directory like those of the others.
    beside: PathBuf,
    /// How documents there are named after their apps.
    pub(super) names: Template,
    /// A document whose indentation and line breaks it has.
    model: Object<'s>,
    /// Whether it names its namespace: as that document does, unless a setting says otherwise.
    pub(super) with_namespace: bool,
}

impl<'s> Place<'s> {
    /// The document by which a new one is indented: its file, if it is not made for it.
    pub(super) fn document<'d>(&self, draft: &'d Draft<'s>) -> Result<&'d Document, Error>
    where
        's: 'd,
    {
        match &self.of {
            ObjectPlace::Behind(file) => draft.document(file.value),
            ObjectPlace::Own { .. } | ObjectPlace::First { .. } => Ok(self.model.document),
        }
    }
}

/// Where the next document goes that belongs to the Cluster as these do; where a setting wants it, if there is one.
pub(super) fn place<'s>(
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
    siblings: &[Located<'s, Object<'s>>],
    first: &str,
    chosen: Option<&Template>,
) -> Place<'s> {
    let model = siblings.last().map_or(site.cluster.0, |last| last.view);
    let with_namespace = layout.settings().with_namespace.unwrap_or(model.namespace().is_some());
    let names = object_names(siblings);
    let (of, beside) =
        (layout.object_place(site, siblings, first, chosen), site.file.with_file_name(first));
    Place { of, beside, names, model, with_namespace }
}

impl Place<'_> {
    /// The path, with `{app}` in it where every app has a file of its own.
    pub(super) fn path(&self) -> Fact<String> {
        match &self.of {
            ObjectPlace::Behind(file) => file.clone().map(|file| file.display().to_string()),
            ObjectPlace::Own { path, .. } => path.clone().map(|path| path.as_str().to_owned()),
            ObjectPlace::First { path, .. } => path.clone().map(|path| path.display().to_string()),
        }
    }
}

/// Adds a document of this kind for an app, after which it is named, or for one of its databases.
pub(super) fn add(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    site: &ClusterSite<'_>,
    place: &Place<'_>,
    kind: &str,
    name: &str,
    spec: Vec<(String, Fragment)>,
) -> Result<(), Error> {
    let content = content(site, kind, &place.names.fill(name), place.with_namespace, spec);
    let (path, listed_in, template) = match &place.of {
        ObjectPlace::Behind(file) => {
            return draft.edit(file.value, |_, edits| edits.append_root(&content));
        }
        ObjectPlace::Own { path: template, listed_in } => {
            let path = PathBuf::from(template.value.fill(name));
            let lister = match listed_in {
                Some(lister) => Some(PathBuf::from(lister.fill(name))),
                None => layout.kustomize_file_above(&path).map(Path::to_owned),
            };
            match lister {
                // The others are listed with their apps, which are elsewhere: nobody would list this one.
                Some(lister) if draft.document(&lister).is_err() => {
                    if draft.document(&place.beside).is_ok() {
                        return draft.edit(&place.beside, |_, edits| edits.append_root(&content));
                    }
                    (place.beside.clone(), site.listed_in.map(Path::to_owned), Template::new(""))
                }
                lister => (path, lister, template.value.clone()),
            }
        }
        // Another one of the same plan has made it.
        ObjectPlace::First { path, .. } if draft.document(&path.value).is_ok() => {
            return draft.edit(&path.value, |_, edits| edits.append_root(&content));
        }
        ObjectPlace::First { path, listed_in } => {
            (path.value.clone(), listed_in.map(Path::to_owned), Template::new(""))
        }
    };
    let document = place.model.document;
    let with_marker = document.roots().iter().any(|root| root.explicit);
    draft.create(&path, written_like(document, &content, with_marker, &path)?)?;
    let Some(kustomize_file) = listed_in else { return Ok(()) };
    let directory = kustomize_file.parent().unwrap_or(Path::new(""));
    let like = |known: &str| {
        directory.join(known).to_str().and_then(|path| template.app_in(path)).is_some()
    };
    listed::list(draft, &kustomize_file, &path, &like)
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
