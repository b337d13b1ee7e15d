//! Workloads that read a Secret into their environment: they keep the old value until they are restarted.
//!
//! ```text
//! Deployment, StatefulSet, DaemonSet     envFrom, env[].valueFrom.secretKeyRef
//! HelmRelease                            the same anywhere in its values; app-template by controllers
//! ```
//!
//! Jobs read a Secret when they start, and a mounted Secret changes by itself: neither is one of them.

use std::fmt;

use super::{Layout, SecretSite};
use crate::document::{Document, NodeId};
use crate::kube::reloader;
use crate::kube::{Object, objects};

/// Kinds of the group `apps` that keep pods running, as `kubectl` spells them.
const KINDS: [(&str, &str); 3] =
    [("Deployment", "deployment"), ("StatefulSet", "statefulset"), ("DaemonSet", "daemonset")];

/// A workload that has to be restarted. Shown as the command that does it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Restart {
    /// `deployment` and the like.
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl fmt::Display for Restart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.iter().map(|name| format!(" -n {name}")).collect::<String>();
        write!(formatter, "kubectl rollout restart{namespace} {}/{}", self.kind, self.name)
    }
}

impl<'s> Layout<'s> {
    /// The workloads that read one of these Secrets and that nobody restarts when it changes.
    pub(crate) fn restarts(&self, secrets: &[SecretSite<'s>]) -> Vec<Restart> {
        let mut found: Vec<Restart> = Vec::new();
        for secret in secrets {
            let own = self.namespace(secret.object, secret.file).map(|fact| fact.value);
            for restart in self.readers(&secret.object) {
                let fits = match (&restart.namespace, own) {
                    (Some(namespace), Some(own)) => namespace == own,
                    _ => true,
                };
                if fits && !found.contains(&restart) {
                    found.push(restart);
                }
            }
        }
        found
    }

    /// Those that read a Secret of this name, whatever their namespace.
    fn readers(&self, secret: &Object<'_>) -> Vec<Restart> {
        let Some(name) = secret.name() else { return Vec::new() };
        let of_file = |file| {
            let all = self.snapshot.document(file).map(objects).unwrap_or_default();
            let of_object = |object: Object<'_>| {
                let namespace = self.namespace(object, file).map(|fact| fact.value);
                of_object(&object, namespace, secret)
            };
            all.into_iter().flat_map(of_object).collect::<Vec<_>>()
        };
        self.snapshot.manifests_with(&[name]).flat_map(of_file).collect()
    }
}

impl Restart {
    fn new(kind: &str, name: &str, namespace: Option<&str>) -> Restart {
        let namespace = namespace.map(str::to_owned);
        Restart { kind: kind.to_owned(), name: name.to_owned(), namespace }
    }
}

/// What has to be restarted of an object.
fn of_object(object: &Object<'_>, namespace: Option<&str>, secret: &Object<'_>) -> Vec<Restart> {
    if !reads(object.document, object.node, secret.name().unwrap_or_default()) {
        return Vec::new();
    }
    if object.is("helm.toolkit.fluxcd.io", "HelmRelease") {
        return of_release(object, namespace, secret);
    }
    let Some((_, kind)) = KINDS.iter().find(|(kind, _)| object.is("apps", kind)) else {
        return Vec::new();
    };
    let pods = object.at(&["spec", "template", "metadata", "annotations"]);
    let annotations = [object.at(&["metadata", "annotations"]), pods];
    match reloader::restarts(object.document, &annotations, secret) {
        true => Vec::new(),
        false => vec![Restart::new(kind, object.name().unwrap_or_default(), namespace)],
    }
}

/// What has to be restarted of a release. What other charts than app-template do with their values is not known: any
/// annotation counts, and the workload is taken for a Deployment that is called as the release.
fn of_release(object: &Object<'_>, namespace: Option<&str>, secret: &Object<'_>) -> Vec<Restart> {
    let document = object.document;
    let (name, target) =
        (object.name().unwrap_or_default(), object.text(&["spec", "targetNamespace"]));
    let release = match (object.text(&["spec", "releaseName"]), target) {
        (Some(release), _) => release.to_owned(),
        // As helm-controller composes it (`GetReleaseName`).
        (None, Some(target)) => format!("{target}-{name}"),
        (None, None) => name.to_owned(),
    };
    let namespace = target.or(namespace);
    let controllers = controllers(object);
    if controllers.is_empty() {
        let mut nodes = document.subtree(object.node);
        return match nodes.any(|node| reloader::restarts(document, &[Some(node)], secret)) {
            true => Vec::new(),
            false => vec![Restart::new("deployment", &release, namespace)],
        };
    }
    let common = object.at(&["spec", "values", "defaultPodOptions", "annotations"]);
    let of_controller = |(controller, node): &(&str, NodeId)| {
        let at = |keys: &[&str]| document.descend(*node, keys);
        let kind = at(&["type"]).and_then(|kind| document.text(kind)).unwrap_or("deployment");
        let runs = KINDS.iter().any(|(_, known)| *known == kind);
        let annotations = [at(&["annotations"]), at(&["pod", "annotations"]), common];
        let is_stale = reads(document, *node, secret.name().unwrap_or_default())
            && !reloader::restarts(document, &annotations, secret);
        // The only controller of a release is called as the release.
        let name = match controllers.len() {
            1 => release.clone(),
            _ => format!("{release}-{controller}"),
        };
        (runs && is_stale).then(|| Restart::new(kind, &name, namespace))
    };
    controllers.iter().filter_map(of_controller).collect()
}

/// The controllers of a release of app-template, by name.
fn controllers<'d>(object: &Object<'d>) -> Vec<(&'d str, NodeId)> {
    let document = object.document;
    let mapping = object.at(&["spec", "values", "controllers"]);
    let entries = mapping.into_iter().flat_map(|node| document.entries(document.target(node)));
    entries.filter_map(|(key, value)| Some((document.text(key)?, document.target(value)))).collect()
}

/// Whether anything below a node takes the environment from a Secret of this name.
fn reads(document: &Document, node: NodeId, name: &str) -> bool {
    let is_name = |node: NodeId| document.text(node) == Some(name);
    let named = |reference: NodeId| document.lookup(reference, "name").is_some_and(is_name);
    document.subtree(node).any(|node| {
        let from = |item: NodeId| {
            document.lookup(item, "secretRef").is_some_and(named)
                || document.lookup(item, "secret").is_some_and(is_name)
        };
        let list = document.entry(node, "envFrom").map(|(_, list)| document.target(list));
        let all = list.is_some_and(|list| document.items(list).any(from));
        all || document.entry(node, "secretKeyRef").is_some_and(|(_, one)| named(one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\n";

    /// What has to be restarted of a document.
    fn restarts(text: &str) -> Vec<String> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let secret = Document::parse(SECRET.as_bytes().to_vec()).unwrap();
        let found = of_object(&objects(&document)[0], Some("apps"), &objects(&secret)[0]);
        found.iter().map(Restart::to_string).collect()
    }

    fn deployment(annotations: &str, container: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: web, annotations: {{{annotations}}}}}\n\
             spec: {{template: {{spec: {{containers: [{{{container}}}]}}}}}}\n"
        )
    }

    #[test]
    fn a_workload_that_reads_the_secret_by_its_environment_is_named() {
        let command = ["kubectl rollout restart -n apps statefulset/web"];
        let from = "envFrom: [{secretRef: {name: app}}]";
        let key = "env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: a}}}]";
        for container in [from, key] {
            assert_eq!(restarts(&deployment("", container)), command);
            let auto = "reloader.stakater.com/auto: 'true'";
            assert!(restarts(&deployment(auto, container)).is_empty());
            assert!(
                restarts(&deployment("", &container.replace("name: app", "name: b"))).is_empty()
            );
        }
        assert!(restarts(&deployment("", "name: app")).is_empty());
    }

    #[test]
    fn controllers_of_app_template_are_named_one_by_one() {
        let release = |controllers: &str| {
            format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: r}}\n\
                 spec: {{values: {{controllers: {{{controllers}}}}}}}\n"
            )
        };
        let reader = "containers: {app: {envFrom: [{secret: app}]}}";
        let only = release(&format!("main: {{{reader}}}"));
        assert_eq!(restarts(&only), ["kubectl rollout restart -n apps deployment/r"]);
        let several = release(&format!(
            "main: {{{reader}}}, set: {{type: statefulset, {reader}}}, job: {{type: cronjob, {reader}}}, \
             no: {{}}, ok: {{annotations: {{reloader.stakater.com/auto: 'true'}}, {reader}}}"
        ));
        let wanted = ["deployment/r-main", "statefulset/r-set"];
        assert_eq!(
            restarts(&several),
            wanted.map(|w| format!("kubectl rollout restart -n apps {w}"))
        );
    }

    #[test]
    fn other_charts_are_taken_for_a_deployment_of_their_release() {
        let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\n\
                    spec: {targetNamespace: web, values: {envFrom: [{secretRef: {name: app}}]}}\n";
        assert_eq!(restarts(text), ["kubectl rollout restart -n web deployment/web-r"]);
        let annotated = text.replace(
            "values: {",
            "values: {podAnnotations: {reloader.stakater.com/auto: 'true'}, ",
        );
        assert!(restarts(&annotated).is_empty());
    }
}
