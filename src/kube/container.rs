//! Containers that can be given something: those of app-template (bjw-s) in a HelmRelease, and those of Kubernetes' own
//! workloads.
//!
//! ```text
//! HelmRelease                          spec.values.controllers.CONTROLLER.containers.CONTAINER
//! Deployment, StatefulSet, DaemonSet   spec.template.spec.containers[].name
//! Job, CronJob                         the same; of a CronJob below spec.jobTemplate
//! ```
//!
//! Init containers are none of them. One that is only an alias stands elsewhere and is left out: to edit it would change
//! both.

use std::fmt;

use super::{Object, objects};
use crate::document::{Document, Kind, NodeId};

/// Group, kind, its name on a command line, and the keys that lead to the pods' `spec`.
const WORKLOADS: [(&str, &str, &str, &[&str]); 5] = [
    ("apps", "Deployment", "deployment", &POD),
    ("apps", "StatefulSet", "statefulset", &POD),
    ("apps", "DaemonSet", "daemonset", &POD),
    ("batch", "Job", "job", &POD),
    ("batch", "CronJob", "cronjob", &["spec", "jobTemplate", "spec", "template", "spec"]),
];

const POD: [&str; 3] = ["spec", "template", "spec"];

/// One container. Shown as `CONTROLLER/CONTAINER` or `WORKLOAD/CONTAINER`.
#[derive(Clone, Copy)]
pub(crate) struct Container<'d> {
    /// The object that it belongs to.
    pub(crate) object: Object<'d>,
    /// Its mapping.
    pub(crate) view: Object<'d>,
    /// Its controller in app-template, or the name of its workload.
    pub(crate) owner: &'d str,
    /// Its own name.
    pub(crate) name: &'d str,
    /// Where its volumes are declared.
    pub(crate) frame: Frame,
    /// The list of volume claims that its workload makes for each pod.
    pub(crate) claims: Option<NodeId>,
    /// The name of the release, or the kind of the workload.
    prefix: &'d str,
}

/// What is around a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    /// The values of app-template.
    Values(NodeId),
    /// The `spec` of pods.
    Pod(NodeId),
}

/// Whether an object is a HelmRelease of Flux.
pub(crate) fn is_release(object: &Object<'_>) -> bool {
    object.is("helm.toolkit.fluxcd.io", "HelmRelease")
}

/// Whether something in a file runs: a workload, or a release that has some.
pub(crate) fn runs(document: &Document) -> bool {
    let is_workload =
        |object: &Object<'_>| WORKLOADS.iter().any(|(group, kind, ..)| object.is(group, kind));
    objects(document).iter().any(|object| is_release(object) || is_workload(object))
}

/// All containers of a file, in order.
pub(crate) fn containers(document: &Document) -> Vec<Container<'_>> {
    let all = objects(document).into_iter();
    all.flat_map(|object| match is_release(&object) {
        true => of_release(object),
        false => of_workload(object),
    })
    .collect()
}

fn of_release(object: Object<'_>) -> Vec<Container<'_>> {
    let document = object.document;
    let mut found = Vec::new();
    let (Some(values), Some(controllers)) =
        (object.at(&["spec", "values"]), object.at(&["spec", "values", "controllers"]))
    else {
        return found;
    };
    for (owner, controller) in mappings(document, controllers) {
        let Some((_, containers)) = document.entry(controller, "containers") else { continue };
        let named = mappings(document, containers).into_iter();
        found.extend(named.map(|(name, node)| Container {
            object,
            view: Object { document, node },
            owner,
            name,
            frame: Frame::Values(document.target(values)),
            claims: document.descend(controller, &["statefulset", "volumeClaimTemplates"]),
            prefix: object.name().unwrap_or_default(),
        }));
    }
    found
}

/// The entries of a mapping that are mappings themselves.
fn mappings(document: &Document, mapping: NodeId) -> Vec<(&str, NodeId)> {
    let named = document.entries(mapping).filter_map(|(key, value)| {
        matches!(document.node(value).kind, Kind::Mapping(_))
            .then_some((document.text(key)?, value))
    });
    named.collect()
}

fn of_workload(object: Object<'_>) -> Vec<Container<'_>> {
    let document = object.document;
    let known = WORKLOADS.iter().find(|(group, kind, ..)| object.is(group, kind));
    let Some((_, _, prefix, keys)) = known else { return Vec::new() };
    let Some(pod) = object.at(keys) else { return Vec::new() };
    let list = document.entry(pod, "containers").map(|(_, list)| list);
    let items = list.into_iter().flat_map(|list| document.items(list));
    let written = items.filter(|item| matches!(document.node(*item).kind, Kind::Mapping(_)));
    let view = |node| Object { document, node };
    written
        .map(|node| Container {
            object,
            view: view(node),
            owner: object.name().unwrap_or_default(),
            name: view(node).text(&["name"]).unwrap_or_default(),
            frame: Frame::Pod(pod),
            claims: object.at(&["spec", "volumeClaimTemplates"]),
            prefix,
        })
        .collect()
}

impl Container<'_> {
    /// With the name of the release or the kind of the workload: `web/web/app`, `cronjob/backup/dump`.
    pub(crate) fn long_name(&self) -> String {
        format!("{}/{self}", self.prefix)
    }
}

impl fmt::Display for Container<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: r}
spec:
  values:
    controllers:
      web:
        initContainers: {init: {}}
        containers:
          app: &app {}
          again: *app
      worker:
        statefulset: {volumeClaimTemplates: [{name: data}]}
        containers:
          app: {}
      bare:
        enabled: false
";

    fn names(text: &str) -> Vec<String> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let found = containers(&document).into_iter();
        found.map(|container| format!("{container} {}", container.long_name())).collect()
    }

    #[test]
    fn containers_of_app_template_are_found_but_for_aliases() {
        assert_eq!(names(RELEASE), ["web/app r/web/app", "worker/app r/worker/app"]);
        let document = Document::parse(RELEASE.as_bytes().to_vec()).unwrap();
        let found = containers(&document);
        assert!(found[0].claims.is_none() && found[1].claims.is_some());
        assert!(names(&RELEASE.replace("helm.toolkit.fluxcd.io/", "example.com/")).is_empty());
    }

    #[test]
    fn containers_of_every_workload_are_found() {
        let pod = "template: {spec: {initContainers: [{name: init}], containers: [&a {name: c}, *a, {name: d}]}}";
        for (group, kind, shown, keys) in WORKLOADS {
            let spec = match keys.len() {
                3 => pod.to_owned(),
                _ => format!("jobTemplate: {{spec: {{{pod}}}}}"),
            };
            let text = format!(
                "apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: &n w}}\nspec: {{{spec}}}\n"
            );
            assert_eq!(names(&text), [format!("w/c {shown}/w/c"), format!("w/d {shown}/w/d")]);
        }
        assert!(names("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c}]}\n").is_empty());
    }

    #[test]
    fn all_objects_of_a_file_are_searched() {
        let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n\
                          spec: {template: {spec: {containers: [{name: c}]}}}\n";
        assert_eq!(
            names(&format!("{RELEASE}---\n{deployment}")),
            ["web/app r/web/app", "worker/app r/worker/app", "d/c deployment/d/c"]
        );
    }
}
