//! One key as a variable: `env`.
//!
//! ```text
//! env:                     env:
//!   VARIABLE:                - name: VARIABLE
//!     valueFrom: …             valueFrom: …
//! ```
//!
//! app-template takes both, Kubernetes the list.

use super::{Error, Target};
use crate::document::{Document, Fragment, Kind, Placement};
use crate::kube::container::Frame;
use crate::kube::workload::{self, Variable};

/// Whether a text can be the name of a variable, as `IsEnvVarName` of the API server decides: `[-._a-zA-Z][-._a-zA-Z0-9]*`,
/// not `.`, and not beginning with `..`. Newer ones take more; programs do not.
pub(crate) fn is_variable(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty()
        && text.bytes().all(allowed)
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text != "."
        && !text.starts_with("..")
}

/// The document with the variable; `None` where it is there.
pub(super) fn add(
    target: &Target<'_>,
    variable: &str,
    key: &str,
) -> Result<Option<Document>, Error> {
    let view = target.container.view;
    if let Some(node) = workload::variable_node(&view, variable) {
        let same = Some(Variable::Secret(target.secret, key));
        if workload::variable(&view, variable) == same {
            return Ok(None);
        }
        return Err(Error::VariableTaken {
            path: target.file.to_owned(),
            position: view.document.position_of(node),
            container: target.container.to_string(),
            variable: variable.to_owned(),
            key: key.to_owned(),
        });
    }
    let reference =
        Fragment::mapping([("name", Fragment::text(target.secret)), ("key", Fragment::text(key))]);
    let value = Fragment::mapping([("secretKeyRef", reference)]);
    let found = target.own_field("env")?;
    let is_list = match found.map(|env| view.document.node(env).kind) {
        Some(Kind::Sequence(_)) => true,
        Some(Kind::Mapping(_)) => false,
        _ => matches!(target.container.frame, Frame::Pod(_)),
    };
    let name = Fragment::text(variable);
    let item = match is_list {
        true => Fragment::mapping([("name", name), ("valueFrom", value)]),
        false => Fragment::mapping([("valueFrom", value)]),
    };
    target.edited(|edits| match (found, is_list) {
        (Some(env), true) => edits.insert_item(env, Placement::Last, item),
        (Some(env), false) => edits.insert_entry(env, Placement::Last, variable, item),
        (None, is_list) => {
            let all = match is_list {
                true => Fragment::Sequence(vec![item]),
                false => Fragment::Mapping(vec![(variable.to_owned(), item)]),
            };
            edits.insert_entry(view.node, target.behind(&["image"]), "env", all)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_what_kubernetes_takes() {
        for name in ["A", "_a", "a.b-C", "-", ".a", "A1"] {
            assert!(is_variable(name), "{name}");
        }
        for name in ["", "1A", "A B", "A=", ".", "..", "..a", "Ä", "$A"] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
