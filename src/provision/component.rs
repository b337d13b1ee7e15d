//! A database by a component: the app includes a kustomize component, which makes everything from `${APP}`.
//!
//! ```text
//! spec:
//!   components: [../../../../components/cnpg]        relative to spec.path
//!   dependsOn: [{name: cnpg-cluster, namespace: database}]
//!   postBuild: {substitute: {APP: mealie, CNPG_NAME: pgsql-cluster}}
//! ```
//!
//! The credentials come from an external store. What must be there is said, as far as the component's `ExternalSecret`
//! shows it; nothing of it is made here.

use std::path::Path;

use super::draft::Draft;
use super::listed::relative;
use super::{Error, Target, depends_on};
use crate::document::{Document, EditError, Edits, Fragment, NodeId, Placement};
use crate::kube::flux::FluxKustomization;
use crate::kube::kustomization::joined;
use crate::kube::{Object, objects};
use crate::layout::{App, ClusterSite, Layout};

/// The variable with the name of the app.
const APP: &str = "APP";

/// Includes the component, unless it is; what must exist outside of the repository, if it was included now.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    file: &Path,
) -> Result<Vec<String>, Error> {
    let directory = file.parent().unwrap_or(Path::new(""));
    let own = target.app.flux.ok_or_else(|| Error::NoFlux { app: target.name.to_owned() })?;
    let members = layout.component_members(directory);
    let is_included = |flux: &FluxKustomization<'_>| includes(flux, directory);
    if !is_included(&own) {
        let entry = relative(&target.app.directory, directory);
        edit(draft, &target.app, |document, edits, spec| {
            add_item(document, edits, spec, "components", Fragment::text(entry.as_str()))
        })?;
    }
    depends_on::write(draft, layout, target)?;
    let siblings: Vec<_> =
        layout.flux().iter().map(|found| found.view).filter(|flux| is_included(flux)).collect();
    for (name, value) in variables(target, &own, &members, &siblings) {
        edit(draft, &target.app, |document, edits, spec| {
            add_variable(document, edits, spec, &name, &value)
        })?;
    }
    match is_included(&own) {
        true => Ok(Vec::new()),
        false => Ok([items(target.name, &members), made(target.name, &members)].concat()),
    }
}

/// An app that has its database by a component.
pub(super) struct User<'s> {
    /// The name of its Flux Kustomization.
    pub(super) app: &'s str,
    /// Role and database.
    pub(super) role: &'s str,
    /// The file of the component.
    pub(super) file: &'s Path,
}

/// The apps that have their database in this Cluster by a component: where there are several Clusters, those that
/// have its name in a variable.
pub(super) fn users<'s>(layout: &Layout<'s>, site: &ClusterSite<'s>) -> Vec<User<'s>> {
    let Some(file) = layout.database_component() else { return Vec::new() };
    let directory = file.parent().unwrap_or(Path::new(""));
    let is_only = layout.clusters().len() == 1;
    let including = layout.flux().iter().map(|found| found.view);
    including
        .filter(|flux| includes(flux, directory))
        .filter(|flux| is_only || flux.variables().any(|value| value == site.cluster.name()))
        .map(|flux| {
            let role = flux.variable(APP).unwrap_or(flux.name());
            User { app: flux.name(), role, file }
        })
        .collect()
}

/// Whether a Flux Kustomization includes the component of a directory.
pub(super) fn includes(flux: &FluxKustomization<'_>, directory: &Path) -> bool {
    let Some(from) = flux.directory() else { return false };
    flux.components().into_iter().any(|entry| joined(&from, entry).as_deref() == Some(directory))
}

/// Refuses a hyphen where the component makes a Go template of the name: `{{ .my-app_password }}` is a difference.
pub(super) fn refuse_hyphen(app: &str, layout: &Layout<'_>, file: &Path) -> Result<(), Error> {
    let members = layout.component_members(file.parent().unwrap_or(Path::new("")));
    let in_template = |text: &str| {
        text.split("{{")
            .skip(1)
            .any(|rest| rest.split("}}").next().unwrap_or("").contains(".${APP}"))
    };
    match app.contains('-') && members.iter().any(|document| in_template(document.source())) {
        true => Err(Error::ComponentHyphen { app: app.to_owned() }),
        false => Ok(()),
    }
}

/// The variables that the component uses and the app lacks: its own name, and what all siblings set alike.
fn variables(
    target: &Target<'_, '_>,
    own: &FluxKustomization<'_>,
    members: &[&Document],
    siblings: &[FluxKustomization<'_>],
) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for name in members.iter().flat_map(|document| used_variables(document.source())) {
        if own.variable(name).is_some() || found.iter().any(|(known, _)| known == name) {
            continue;
        }
        if name == APP {
            found.push((name.to_owned(), target.name.to_owned()));
            continue;
        }
        let mut values = siblings.iter().map(|flux| flux.variable(name));
        if let Some(Some(first)) = values.next()
            && values.all(|value| value == Some(first))
        {
            found.push((name.to_owned(), first.to_owned()));
        }
    }
    found
}

/// The names in `${NAME}` and `${NAME:=default}`.
pub(super) fn used_variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        (end > 0).then_some(&rest[..end])
    })
}

/// What must be in the external store.
pub(super) fn items(app: &str, members: &[&Document]) -> Vec<String> {
    let mut lines = Vec::new();
    for object in external(members) {
        let named = |text: &str| text.replace("${APP}", app);
        let keys =
            texts_under(&object, "extract", "key").chain(texts_under(&object, "remoteRef", "key"));
        let mut fields: Vec<String> = object
            .at(&["spec", "target", "template", "data"])
            .into_iter()
            .flat_map(|data| fields(object.document, data))
            .map(|field| named(&field))
            .collect();
        fields.extend(texts_under(&object, "remoteRef", "property").map(named));
        // Who has a password by the name of the app has a user by it, too.
        let users: Vec<String> = fields
            .iter()
            .filter_map(|field| {
                field.strip_suffix("_password").map(|name| format!("{name}_username"))
            })
            .filter(|user| !fields.contains(user))
            .collect();
        fields.splice(0..0, users);
        fields.sort_by_key(|field| std::cmp::Reverse(field.ends_with("_username")));
        fields.dedup();
        for key in keys {
            let fields = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>();
            lines.push(format!("the item `{}` with the fields {}", named(key), fields.join(", ")));
        }
    }
    lines
}

/// What the app gets for it: the Secrets.
fn made(app: &str, members: &[&Document]) -> Vec<String> {
    let one = |object: Object<'_>| {
        let name = object.text(&["spec", "target", "name"]).or(object.name()).unwrap_or_default();
        let data = object.at(&["spec", "target", "template", "data"]);
        let keys =
            data.into_iter().flat_map(|data| object.document.entries(object.document.target(data)));
        let keys: Vec<&str> = keys.filter_map(|(key, _)| object.document.text(key)).collect();
        format!("the app gets the Secret `{}` ({})", name.replace("${APP}", app), keys.join(", "))
    };
    external(members).map(one).collect()
}

/// The `ExternalSecret` objects among the members of a component.
fn external<'m>(members: &[&'m Document]) -> impl Iterator<Item = Object<'m>> {
    let all = members.iter().flat_map(|document| objects(document));
    all.filter(|object| object.kind() == Some("ExternalSecret"))
}

/// The names in `{{ .NAME }}` of the values of a mapping.
fn fields(document: &Document, mapping: NodeId) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, value) in document.entries(document.target(mapping)) {
        let text = document.text(value).unwrap_or_default();
        for rest in text.split("{{").skip(1) {
            let inside = rest.split("}}").next().unwrap_or_default().trim();
            let Some(name) = inside.strip_prefix('.') else { continue };
            let name = name.split([' ', '|']).next().unwrap_or_default().to_owned();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// The texts of a key in all mappings of a name.
fn texts_under<'d>(
    object: &Object<'d>,
    mapping: &'static str,
    key: &'static str,
) -> impl Iterator<Item = &'d str> + use<'d> {
    let document = object.document;
    let nodes: Vec<NodeId> = document.subtree(object.node).collect();
    nodes.into_iter().filter_map(move |node| {
        let (_, inner) = document.entry(node, mapping)?;
        document.text(document.lookup(inner, key)?)
    })
}

/// Edits `spec` of the app's Flux Kustomization.
pub(super) fn edit(
    draft: &mut Draft<'_>,
    app: &App<'_>,
    change: impl FnOnce(&Document, &mut Edits<'_>, NodeId) -> Result<(), EditError>,
) -> Result<(), Error> {
    let Some(own) = app.flux else { return Ok(()) };
    draft.edit(app.file, |document, edits| {
        let mut all = objects(document).into_iter().filter_map(FluxKustomization::of);
        let flux = all.find(|flux| flux.name() == own.name());
        match flux.and_then(|flux| flux.0.at(&["spec"])) {
            Some(spec) => change(document, edits, document.target(spec)),
            None => Ok(()),
        }
    })
}

fn add_item(
    document: &Document,
    edits: &mut Edits<'_>,
    spec: NodeId,
    list: &str,
    item: Fragment,
) -> Result<(), EditError> {
    match document.lookup(spec, list) {
        Some(list) => edits.insert_item(document.target(list), Placement::Last, item),
        None => edits.insert_entry(spec, Placement::Last, list, Fragment::Sequence(vec![item])),
    }
}

fn add_variable(
    document: &Document,
    edits: &mut Edits<'_>,
    spec: NodeId,
    name: &str,
    value: &str,
) -> Result<(), EditError> {
    if let Some(known) = document.descend(spec, &["postBuild", "substitute"]) {
        return edits.insert_entry(
            document.target(known),
            Placement::Last,
            name,
            Fragment::text(value),
        );
    }
    let variables = Fragment::mapping([(name, Fragment::text(value))]);
    match document.lookup(spec, "postBuild") {
        Some(post) => {
            edits.insert_entry(document.target(post), Placement::Last, "substitute", variables)
        }
        None => {
            let post = Fragment::mapping([("substitute", variables)]);
            edits.insert_entry(spec, Placement::Last, "postBuild", post)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_with_and_without_a_default() {
        let found: Vec<_> = used_variables("a ${APP}-b ${CNPG_NAME:=x} $${NO ${} ${A-b}").collect();
        assert_eq!(found, ["APP", "CNPG_NAME", "NO", "A"]);
    }
}
