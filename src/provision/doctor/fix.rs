//! The repair of what is safe, as one plan: nothing that is running has to change for it.

use std::path::Path;

use super::{Finding, Repair, Severity};
use crate::kube::kustomization::Kustomization;
use crate::layout::{ClusterSite, Layout};
use crate::provision::draft::Draft;
use crate::provision::inventory::Inventory;
use crate::provision::{Error, Means, depends_on, reload_label};
use crate::repo::Snapshot;
use crate::txn::Plan;

/// What is mended, and what is not.
pub(crate) struct Fixed<'s> {
    /// The changes; empty where nothing can be mended.
    pub(crate) plan: Plan,
    /// What is left to people.
    pub(crate) left: Vec<Finding<'s>>,
}

/// Plans the repair of the findings. A Secret that cannot be decrypted is left. Refused where a file is no YAML: what
/// is missing may be in it.
pub(crate) fn fix<'s>(
    findings: Vec<Finding<'s>>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    inventory: &Inventory<'s>,
    means: &mut Means<'_>,
) -> Result<Fixed<'s>, Error> {
    layout.refuse_broken()?;
    let mut draft = Draft::new(snapshot);
    let mut left = Vec::new();
    for finding in findings {
        let is_mended = match &finding.repair {
            None => false,
            Some(Repair::Watch(site)) => reload_label::add(&mut draft, site, means)?,
            Some(Repair::Wait(app, stock)) => {
                depends_on::add(&mut draft, layout, app, &inventory.clusters[*stock].site)?;
                true
            }
            Some(Repair::List { lister, file, stock }) => {
                let site = &inventory.clusters[*stock].site;
                list(&mut draft, layout, site, (lister, file))?;
                true
            }
        };
        if !is_mended && finding.severity != Severity::Note {
            left.push(finding);
        }
    }
    Ok(Fixed { plan: draft.into_plan()?, left })
}

/// Lists a file behind those of its sort.
fn list(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    site: &ClusterSite<'_>,
    (lister, file): (&Path, &Path),
) -> Result<(), Error> {
    let directory = lister.parent().unwrap_or(Path::new(""));
    let Some(entry) = file.strip_prefix(directory).ok().and_then(Path::to_str) else {
        return Ok(());
    };
    let place = layout.role_secrets(site);
    let is_secret =
        |known: &str| place.files.iter().any(|template| template.value.app_in(known).is_some());
    let like = |known: &str| is_secret(entry) && is_secret(known);
    draft.edit(lister, |document, edits| Kustomization::of(document).list(entry, &like, edits))
}
