//! Binary: the text of the one key `data`, and nothing else.

use super::{Branch, EmitError, Node, Zeroizing};
use crate::document::Value;
use crate::sops::tree::Item;

pub(super) fn emit(branch: &Branch, documents: usize) -> Result<Zeroizing<String>, EmitError> {
    if documents > 1 {
        return Err(EmitError::SeveralDocuments);
    }
    let data = branch.items.iter().find_map(|item| match item {
        Item::Entry(key, value) if key == "data" => Some(value),
        _ => None,
    });
    match data {
        Some(Node::Scalar(Value::Text(text))) => Ok(text.clone()),
        Some(_) => Err(EmitError::DataIsNotText),
        None => Err(EmitError::NoData),
    }
}
