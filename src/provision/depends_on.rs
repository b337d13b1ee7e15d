//! `dependsOn` in the Flux Kustomization of the app: first the Cluster, then the app.

use super::draft::Draft;
use super::{Error, Target};
use crate::document::{Fragment, Placement};
use crate::kube::flux::FluxKustomization;
use crate::kube::objects;
use crate::layout::{App, ClusterSite, Layout, Located};

/// Adds the Kustomization of the Cluster to those that the app waits for, unless it is there or is the app's
/// own. An app that has none is applied with others, which cannot wait for it alone.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
) -> Result<(), Error> {
    add(draft, layout, &target.app, &target.site)
}

/// The Flux Kustomization of a Cluster that an app should wait for and does not.
pub(super) fn missing<'s>(
    layout: &Layout<'s>,
    app: &App<'s>,
    site: &ClusterSite<'s>,
) -> Option<&'s str> {
    let (cluster, own) = (site.applied_by?, app.flux?);
    let name = cluster.view.name();
    let waits = own.dependencies().any(|known| known == name);
    (!waits && !layout.is_applied_with(app, &cluster)).then_some(name)
}

/// The same for an app and a Cluster.
pub(super) fn add<'s>(
    draft: &mut Draft<'_>,
    layout: &Layout<'s>,
    app: &App<'s>,
    site: &ClusterSite<'s>,
) -> Result<(), Error> {
    let (Some(cluster), Some(own)) = (site.applied_by, app.flux) else { return Ok(()) };
    let Some(name) = missing(layout, app, site) else { return Ok(()) };
    let mut entry = vec![("name".to_owned(), Fragment::text(name))];
    let own_site = Located { view: own, file: app.file };
    let namespace = layout.namespace_of_flux(&cluster);
    if let Some(namespace) = namespace.filter(|_| namespace != layout.namespace_of_flux(&own_site))
    {
        entry.push(("namespace".to_owned(), Fragment::text(namespace)));
    }
    let entry = Fragment::Mapping(entry);
    draft.edit(app.file, |document, edits| {
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
