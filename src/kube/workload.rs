//! Init containers of any workload, and the environment of any container.

use super::Object;
use crate::document::{Kind, NodeId};

/// A variable of a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Variable<'d> {
    /// Its text stands there.
    Text(&'d str),
    /// It is a key of a Secret: name and key.
    Secret(&'d str, &'d str),
}

/// The init containers of an object: lists of Kubernetes (`initContainers: [{name: a}]`), mappings of app-template
/// (`initContainers: {a: {}}`), wherever they are.
pub(crate) fn init_containers<'d>(object: &Object<'d>) -> Vec<Object<'d>> {
    let document = object.document;
    let mut found = Vec::new();
    for node in document.subtree(object.node) {
        let Some((_, all)) = document.entry(node, "initContainers") else { continue };
        let all = document.target(all);
        let nodes: Vec<NodeId> = match document.node(all).kind {
            Kind::Sequence(_) => document.items(all).collect(),
            _ => document.entries(all).map(|(_, value)| value).collect(),
        };
        let views = nodes.into_iter().map(|node| Object { document, node: document.target(node) });
        found.extend(views);
    }
    found
}

/// The last part of the name of a container's image, without its version: `image: registry/name:version`, or
/// `image.repository`.
pub(crate) fn image_of<'d>(container: &Object<'d>) -> Option<&'d str> {
    let image = container.text(&["image", "repository"]).or(container.text(&["image"]))?;
    image.rsplit('/').next()?.split([':', '@']).next()
}

/// The names of the Secrets whose keys are all variables of a container; those that come later win.
pub(crate) fn environments<'d>(container: &Object<'d>) -> Vec<&'d str> {
    let document = container.document;
    let Some(list) = document.lookup(container.node, "envFrom") else { return Vec::new() };
    let name = |item| {
        let all = [&["secretRef", "name"][..], &["secret"]];
        all.iter().find_map(|keys| document.text(document.descend(item, keys)?))
    };
    document.items(document.target(list)).filter_map(name).collect()
}

/// The node of a variable that a container names itself: an item of a list of Kubernetes, or a value in a mapping of
/// app-template.
pub(crate) fn variable_node(container: &Object<'_>, name: &str) -> Option<NodeId> {
    let document = container.document;
    let env = document.target(document.lookup(container.node, "env")?);
    match document.node(env).kind {
        Kind::Sequence(_) => document.items(env).map(|item| document.target(item)).find(|item| {
            document.lookup(*item, "name").and_then(|node| document.text(node)) == Some(name)
        }),
        _ => document.lookup(env, name),
    }
}

/// A variable that a container names itself.
pub(crate) fn variable<'d>(container: &Object<'d>, name: &str) -> Option<Variable<'d>> {
    let document = container.document;
    let value = variable_node(container, name)?;
    let text = |keys: &[&str]| document.descend(value, keys).and_then(|node| document.text(node));
    for reference in [&["valueFrom", "secretKeyRef"][..], &["secretKeyRef"]] {
        let at = |key| text(&[reference, &[key]].concat());
        if let (Some(secret), Some(key)) = (at("name"), at("key")) {
            return Some(Variable::Secret(secret, key));
        }
    }
    document.text(value).or_else(|| text(&["value"])).map(Variable::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    /// The same init container as a list of Kubernetes and as a mapping of app-template.
    const INIT: [&str; 2] = [
        "kind: Deployment\nspec: {template: {spec: {initContainers: [{name: init, image: 'r.test:5000/x/pg-init:16@sha256:0', \
         envFrom: [{configMapRef: {name: c}}, {secretRef: {name: s}}], \
         env: [{name: A, value: x}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}}}\n",
        "kind: HelmRelease\nspec: {values: {controllers: {web: {initContainers: {init: {image: {repository: r.test:5000/x/pg-init, tag: '16'}, \
         envFrom: [{secret: s}], env: {A: x, B: {valueFrom: {secretKeyRef: {name: s, key: k}}}}}}}}}}\n",
    ];

    #[test]
    fn init_containers_are_read_in_both_spellings() {
        for text in INIT {
            let document = Document::parse(text.as_bytes().to_vec()).unwrap();
            let node = document.roots()[0].node;
            let [container] = init_containers(&Object { document: &document, node })[..] else {
                panic!("{text}")
            };
            assert_eq!(image_of(&container), Some("pg-init"));
            assert_eq!(environments(&container), ["s"]);
            assert_eq!(variable(&container, "A"), Some(Variable::Text("x")));
            assert_eq!(variable(&container, "B"), Some(Variable::Secret("s", "k")));
            assert_eq!(variable(&container, "C"), None);
        }
    }
}
