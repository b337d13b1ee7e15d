//! `dependsOn` in the Flux Kustomization of the app: first the Cluster, then the app.

use super::draft::Draft;
use super::{Error, Target};
use crate::document::{Fragment, Placement};
use crate::kube::flux::FluxKustomization;
use crate::kube::objects;
use crate::layout::{Layout, Located};

/// Adds the Kustomization of the Cluster to those that the app waits for, unless it is there or is the app's
/// own. An app that has none is applied with others, which cannot wait for it alone.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
) -> Result<(), Error> {
    let (Some(cluster), Some(own)) = (target.site.applied_by, target.app.flux) else {
        return Ok(());
    };
    let name = cluster.view.name();
    if layout.is_applied_with(&target.app, &cluster)
        || own.dependencies().any(|known| known == name)
    {
        return Ok(());
    }
    let mut entry = vec![("name".to_owned(), Fragment::text(name))];
    let own_site = Located { view: own, file: target.app.file };
    let namespace = layout.namespace_of_flux(&cluster);
    if let Some(namespace) = namespace.filter(|_| namespace != layout.namespace_of_flux(&own_site))
    {
        entry.push(("namespace".to_owned(), Fragment::text(namespace)));
    }
    let entry = Fragment::Mapping(entry);
    draft.edit(target.app.file, |document, edits| {
        let mut all = objects(document).into_iter().filter_map(FluxKustomization::of);
        let Some(flux) = all.find(|flux| flux.name() == own.name()) else {
            return Ok(());
        };
        if let Some(list) = flux.0.at(&["spec", "dependsOn"]) {
            return edits.insert_item(document.target(list), Placement::Last, entry);
        }
        let Some(spec) = flux.0.at(&["spec"]) else { return Ok(()) };
        let list = Fragment::Sequence(vec![entry]);
        edits.insert_entry(document.target(spec), Placement::Last, "dependsOn", list)
    })
}
