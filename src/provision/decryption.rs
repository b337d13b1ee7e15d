//! `decryption` in the Flux Kustomization of the app: without it Flux applies tokens as they are.

use super::draft::Draft;
use super::{Error, Note, Target};
use crate::kube::flux;
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
    draft.edit(target.app.file, |document, edits| {
        flux::add_decryption(document, own.name(), &secret, edits)
    })
}
