//! Every key as a variable: `envFrom`.

use super::{Error, Target};
use crate::document::{Document, Fragment, Placement};
use crate::kube::workload;

/// The document with the reference; `None` where it is there.
pub(super) fn add(target: &Target<'_>) -> Result<Option<Document>, Error> {
    if workload::environments(&target.container.view).contains(&target.secret) {
        return Ok(None);
    }
    let name = Fragment::mapping([("name", Fragment::text(target.secret))]);
    let item = Fragment::mapping([("secretRef", name)]);
    let list = target.own_field("envFrom")?;
    target.edited(|edits| match list {
        Some(list) => edits.insert_item(list, Placement::Last, item),
        None => {
            // Where people look for it: behind the variables, else behind the image.
            let placement = target.behind(&["env", "image"]);
            let list = Fragment::Sequence(vec![item]);
            edits.insert_entry(target.container.view.node, placement, "envFrom", list)
        }
    })
}
