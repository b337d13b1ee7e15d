//! `decryption` in the Flux Kustomization of the app: without it Flux applies tokens as they are.

use super::draft::Draft;
use super::{Error, Note, Target};
use crate::document::{Fragment, Placement};
use crate::kube::flux::FluxKustomization;
use crate::kube::objects;
use crate::layout::Layout;

/// Adds the block if that was asked for; else says that it is missing.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    let Some(own) = target.app.flux.filter(|_| !layout.is_decrypted(&target.app)) else {
        return Ok(());
    };
    if !target.options.fix_decryption {
        notes.push(Note::NoDecryption { path: target.app.file.to_owned() });
        return Ok(());
    }
    let secret = layout.decryption_secret().value;
    let block = Fragment::mapping([
        ("provider", Fragment::text("sops")),
        ("secretRef", Fragment::mapping([("name", Fragment::text(secret))])),
    ]);
    draft.edit(target.app.file, |document, edits| {
        let mut all = objects(document).into_iter().filter_map(FluxKustomization::of);
        let Some(flux) = all.find(|flux| flux.name() == own.name()) else { return Ok(()) };
        let Some(spec) = flux.0.at(&["spec"]) else { return Ok(()) };
        let spec = document.target(spec);
        let behind = document.entry(spec, "sourceRef").map(|(_, value)| value);
        let placement = behind.map_or(Placement::Last, Placement::After);
        edits.insert_entry(spec, placement, "decryption", block)
    })
}
