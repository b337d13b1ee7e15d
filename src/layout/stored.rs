//! Secrets whose values are in an external store: what External Secrets makes in the cluster.
//!
//! ```text
//! kind: ExternalSecret, metadata.name or spec.target.name → the Secret
//! spec.dataFrom[].extract.key, spec.data[].remoteRef.key  → items of the store
//! ```
//!
//! In a component the names hold `${APP}`, which is the app that includes it.

use std::fmt;
use std::path::Path;

use super::Layout;
use super::secret::EXTERNAL_SECRETS;
use crate::kube::{Object, objects};

/// The variable of a component for the name of the app.
const APP: &str = "${APP}";

/// Where the values of a Secret are. Shown as where that is to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    /// The items.
    items: Vec<String>,
    /// The name of the store.
    store: String,
    /// The file of the reference.
    file: String,
}

impl fmt::Display for Stored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.items.iter().map(|item| format!("`{item}`")).collect();
        let (items, store, file) = (items.join(", "), &self.store, &self.file);
        write!(formatter, "the item {items} of the store `{store}`, by {file}")
    }
}

impl Layout<'_> {
    /// The references of a component, given by its kustomize file, for an app.
    pub(crate) fn stored_by(&self, component: &Path, app: &str) -> Vec<Stored> {
        let members = self.listing.members(component.parent().unwrap_or(Path::new("")));
        self.references()
            .filter(|(_, file)| members.contains(file))
            .map(|(object, file)| of_object(&object, file, app))
            .collect()
    }

    /// The references that make a Secret of this name, for an app.
    pub(crate) fn stored(&self, secret: &str, app: &str) -> Vec<Stored> {
        let makes = |object: &Object<'_>| {
            let target = object.text(&["spec", "target", "name"]).or(object.name());
            target.is_some_and(|name| name.replace(APP, app) == secret)
        };
        self.references()
            .filter(|(object, _)| makes(object))
            .map(|(object, file)| of_object(&object, file, app))
            .collect()
    }

    /// The references to external stores, each with its file.
    pub(super) fn references(&self) -> impl Iterator<Item = (Object<'_>, &Path)> {
        let files = self.snapshot.manifests_with(&["ExternalSecret"]);
        let all = files.flat_map(|file| {
            let found = self.snapshot.document(file).map(objects).unwrap_or_default();
            found.into_iter().map(move |object| (object, file))
        });
        all.filter(|(object, _)| object.is(EXTERNAL_SECRETS, "ExternalSecret"))
    }
}

fn of_object(object: &Object<'_>, file: &Path, app: &str) -> Stored {
    let document = object.document;
    let mut items = Vec::new();
    for (list, holder) in [("dataFrom", "extract"), ("data", "remoteRef")] {
        let list = object.at(&["spec", list]).map(|list| document.target(list));
        for item in list.into_iter().flat_map(|list| document.items(list)) {
            let key = document.descend(item, &[holder, "key"]).and_then(|key| document.text(key));
            let key = key.map(|key| key.replace(APP, app));
            items.extend(key.filter(|key| !items.contains(key)));
        }
    }
    let store = object.text(&["spec", "secretStoreRef", "name"]).unwrap_or_default().to_owned();
    Stored { items, store, file: file.display().to_string() }
}
