//! Numbers and booleans among the strings of a Secret, in quotes: the API server takes nothing else.
//!
//! ```yaml
//! stringData: {port: 5432, mode: 0644}   ──►   stringData: {port: "5432", mode: "0644"}
//! ```
//!
//! Left alone are those of `data`, where it is base64 that is missing, and collections.

use std::path::Path;

use super::{Error, Means, opened};
use crate::document::{Document, EditError, Edits, Value};
use crate::kube::objects;
use crate::kube::secret::SecretObject;
use crate::repo::Snapshot;
use crate::txn::Plan;

/// Puts them in quotes in all Secrets of a file, as they are spelled.
pub(crate) fn quote(
    snapshot: &Snapshot,
    path: &Path,
    means: &mut Means<'_>,
) -> Result<Plan, Error> {
    let edited = opened::edited(snapshot, path, means, quoted)?;
    let mut plan = Plan::new();
    plan.push(snapshot.change(path, Some(&edited))?)?;
    Ok(plan)
}

fn quoted(document: &Document, edits: &mut Edits<'_>) -> Result<(), EditError> {
    for secret in objects(document).into_iter().filter_map(SecretObject::of) {
        for entry in secret.entries().iter().filter(|entry| !entry.encoded) {
            let value = document.value(entry.value);
            if let Some(Ok(Value::Bool(_) | Value::Int(_) | Value::Float(_))) = value
                && let Some(spelled) = document.text(entry.value)
            {
                edits.set_text(entry.value, spelled)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_no_strings_become_some_as_they_are_spelled() {
        let after = |values: &str| {
            let text = format!("apiVersion: v1\nkind: Secret\n{values}");
            let document = Document::parse(text.into_bytes()).unwrap();
            let mut edits = Edits::new(&document);
            quoted(&document, &mut edits).unwrap();
            edits.apply().unwrap().source().lines().skip(2).collect::<Vec<_>>().join("\n")
        };
        let values = "stringData:\n  port: 5432 # of the server\n  mode: 0644\n  ratio: 1.50\n  on: true\n  a: x\n  b: '1'";
        let quoted = "stringData:\n  port: \"5432\" # of the server\n  mode: \"0644\"\n  ratio: \"1.50\"\n  on: \"true\"\n  a: x\n  b: '1'";
        assert_eq!(after(values), quoted);
        let others = "data: {port: 5432}\nstringData: {none: null, list: [1], at: 2001-01-01}";
        assert_eq!(after(others), others);
    }
}
