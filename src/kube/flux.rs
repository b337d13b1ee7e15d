//! The Flux `Kustomization`: which directory is applied, in which namespace, after what.
//!
//! Not to be taken for kustomize's file of the same kind, see [`super::kustomization`].

use std::path::PathBuf;

use super::kustomization::joined;
use super::{Object, objects};
use crate::document::{Document, EditError, Edits, Fragment, Placement};

/// The API group of Flux' kustomize-controller.
pub(crate) const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// The label or annotation by which an object asks to be left as it is by `postBuild`, if it says `disabled`.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Whether `postBuild` of a Kustomization would write something else in the place of a text: `${…}` or `$$`.
pub(crate) fn replaces(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"${" || pair == b"$$")
}

/// Whether `postBuild` leaves an object as it is.
pub(crate) fn is_left_alone(object: &Object<'_>) -> bool {
    ["labels", "annotations"]
        .iter()
        .any(|field| object.text(&["metadata", field, SUBSTITUTE]) == Some("disabled"))
}

/// A `kustomize.toolkit.fluxcd.io` Kustomization.
#[derive(Clone, Copy)]
pub(crate) struct FluxKustomization<'d>(pub(crate) Object<'d>);

impl<'d> FluxKustomization<'d> {
    /// The object as a Flux Kustomization, if it is one with a name.
    pub(crate) fn of(object: Object<'d>) -> Option<Self> {
        let fits = object.is(GROUP, "Kustomization") && object.name().is_some();
        fits.then_some(FluxKustomization(object))
    }

    /// `metadata.name`
    pub(crate) fn name(&self) -> &'d str {
        self.0.name().expect("made only of objects with a name")
    }

    /// The directory that it applies, relative to the root of the source; `None` where the path leads
    /// out of it. The root itself is the empty path.
    /// A variable in it stands for its default: what substitutes it is not known here.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let path = with_defaults(self.0.text(&["spec", "path"]).unwrap_or(""));
        joined(&PathBuf::new(), path.trim_start_matches('/'))
    }

    /// The namespace into which it puts everything.
    pub(crate) fn target_namespace(&self) -> Option<&'d str> {
        self.0.text(&["spec", "targetNamespace"])
    }

    /// Whether it gives other names to everything.
    pub(crate) fn renames(&self) -> bool {
        ["namePrefix", "nameSuffix"].iter().any(|key| self.0.text(&["spec", key]).is_some())
    }

    /// The name of the Secret with the key of decryption; `None` where it does not decrypt.
    pub(crate) fn decryption(&self) -> Option<&'d str> {
        let decryption = self.0.at(&["spec", "decryption"])?;
        let name = self.0.document.descend(decryption, &["secretRef", "name"]);
        Some(name.and_then(|name| self.0.document.text(name)).unwrap_or_default())
    }

    /// The components that it adds, relative to its path.
    pub(crate) fn components(&self) -> Vec<&'d str> {
        let document = self.0.document;
        let list = self.0.at(&["spec", "components"]).map(|list| document.target(list));
        list.map_or_else(Vec::new, |list| {
            document.items(list).filter_map(|item| document.text(item)).collect()
        })
    }

    /// A variable of `postBuild.substitute`.
    pub(crate) fn variable(&self, name: &str) -> Option<&'d str> {
        self.0.text(&["spec", "postBuild", "substitute", name])
    }

    /// The values of all variables of `postBuild.substitute`.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let document = self.0.document;
        let values: Vec<_> = self
            .0
            .at(&["spec", "postBuild", "substitute"])
            .map_or_else(Vec::new, |all| document.entries(document.target(all)).collect());
        values.into_iter().filter_map(|(_, value)| document.text(value))
    }

    /// Whether it replaces variables in what it applies.
    pub(crate) fn substitutes(&self) -> bool {
        let post = self.0.at(&["spec", "postBuild"]);
        post.is_some_and(|post| self.0.document.entries(self.0.document.target(post)).count() > 0)
    }

    /// Whether it takes variables from ConfigMaps and Secrets as well.
    pub(crate) fn substitutes_from(&self) -> bool {
        self.0.at(&["spec", "postBuild", "substituteFrom"]).is_some()
    }

    /// Whether it is ready only when what it applies is healthy, by itself or by checks of its own.
    pub(crate) fn checks_health(&self) -> bool {
        let has = |key: &str| self.0.at(&["spec", key]).is_some();
        self.0.text(&["spec", "wait"]) == Some("true")
            || has("healthChecks")
            || has("healthCheckExprs")
    }

    /// Names of the Kustomizations that it waits for, whatever their namespace.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let document = self.0.document;
        let items = self
            .0
            .at(&["spec", "dependsOn"])
            .map(|list| document.items(document.target(list)).collect::<Vec<_>>());
        let names = items.into_iter().flatten();
        names.filter_map(move |item| document.text(document.lookup(item, "name")?))
    }

    /// Whether it waits until one of this name is ready, and the namespace in which it says that one is. An expression of
    /// its own for that does not count.
    pub(crate) fn waits_for(&self, name: &str) -> Option<Option<&'d str>> {
        let document = self.0.document;
        let list = document.target(self.0.at(&["spec", "dependsOn"])?);
        let text = |item, key: &str| document.text(document.lookup(item, key)?);
        let mut items = document.items(list);
        let found = items.find(|item| {
            text(*item, "name") == Some(name) && document.lookup(*item, "readyExpr").is_none()
        })?;
        Some(text(found, "namespace"))
    }
}

/// A text with `${NAME:=default}` and `${NAME:-default}` replaced by the default.
fn with_defaults(text: &str) -> String {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let inside = part.split_once('}');
        let default = inside.and_then(|(variable, rest)| {
            let (_, default) = variable.split_once(":=").or_else(|| variable.split_once(":-"))?;
            Some((default, rest))
        });
        match default {
            Some((default, rest)) => filled.extend([default, rest]),
            None => filled.extend(["${", part]),
        }
    }
    filled
}

/// Lets the Kustomization of this name decrypt what it applies, with the identity in a Secret beside it. Nothing is
/// changed where it does so already.
pub(crate) fn add_decryption(
    document: &Document,
    name: &str,
    secret: &str,
    edits: &mut Edits<'_>,
) -> Result<(), EditError> {
    let mut all = objects(document).into_iter().filter_map(FluxKustomization::of);
    let found = all.find(|flux| flux.name() == name && flux.decryption().is_none());
    let Some(spec) = found.and_then(|flux| flux.0.at(&["spec"])) else { return Ok(()) };
    let spec = document.target(spec);
    let behind = document.entry(spec, "sourceRef").map(|(_, value)| value);
    let block = Fragment::mapping([
        ("provider", Fragment::text("sops")),
        ("secretRef", Fragment::mapping([("name", Fragment::text(secret))])),
    ]);
    let placement = behind.map_or(Placement::Last, Placement::After);
    edits.insert_entry(spec, placement, "decryption", block)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn paths_are_relative_to_the_root_of_the_source() {
        let cases = [
            ("./clusters/apps", Some("clusters/apps")),
            ("/clusters/apps/", Some("clusters/apps")),
            ("clusters/../apps", Some("apps")),
            ("./", Some("")),
            ("../elsewhere", None),
            ("./db/app-${MODE:=false}/x${Y}", Some("db/app-false/x${Y}")),
            ("${A:-a}/${B}", Some("a/${B}")),
        ];
        for (path, wanted) in cases {
            let text = format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {{name: a}}\nspec: {{path: '{path}'}}\n"
            );
            let document = Document::parse(text.into_bytes()).unwrap();
            let flux = FluxKustomization::of(objects(&document)[0]).unwrap();
            assert_eq!(flux.directory().as_deref(), wanted.map(Path::new), "{path}");
        }
    }
}
