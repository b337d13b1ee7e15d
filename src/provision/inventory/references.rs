//! Workloads that read the Secret of a role itself, by `secretKeyRef` or `secretRef`.

use super::{Entry, Form, Stock, Use};
use crate::document::{Document, NodeId};
use crate::kube::Object;
use crate::layout::Layout;

/// Gives each entry its references, app by app: they show who uses a role even to those who cannot decrypt anything.
pub(super) fn assign<'s>(stock: &mut Stock<'s>, layout: &Layout<'s>) {
    for app in layout.apps() {
        for found in layout.objects_in(&app.directory).unwrap_or_default() {
            // What tells where a password comes from is no user of it.
            if found.view.is("", "Secret") || found.view.is(crate::kube::cluster::GROUP, "Cluster")
            {
                continue;
            }
            for (name, key) in referred(&found.view) {
                let is_own = |entry: &&mut Entry<'_>| {
                    entry.secret.as_ref().is_some_and(|secret| secret.name == name)
                };
                let Some(entry) = stock.entries.iter_mut().find(is_own) else { continue };
                let known =
                    |place: &Use<'_>| place.file == found.file && place.key.as_deref() == key;
                if !entry.uses.iter().any(known) {
                    entry.uses.push(Use {
                        app: Some(app.name().to_owned()),
                        file: found.file,
                        key: key.map(str::to_owned),
                        object: found.view,
                        form: Form::Reference,
                        is_equal: None,
                    });
                }
            }
        }
    }
}

/// Names of Secrets that an object refers to, and the key where it is one.
fn referred<'d>(object: &Object<'d>) -> Vec<(&'d str, Option<&'d str>)> {
    let document = object.document;
    let references = |mapping| {
        ["secretKeyRef", "secretRef"].into_iter().filter_map(move |kind| {
            let (_, reference) = document.entry(mapping, kind)?;
            Some((text(document, reference, "name")?, text(document, reference, "key")))
        })
    };
    document.subtree(object.node).flat_map(references).collect()
}

fn text<'d>(document: &'d Document, mapping: NodeId, key: &str) -> Option<&'d str> {
    document.text(document.lookup(mapping, key)?)
}
