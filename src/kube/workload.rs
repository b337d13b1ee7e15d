//! Containers in the values of a HelmRelease of the app-template kind (bjw-s):
//! `spec.values.controllers.NAME.containers.NAME`.

use std::fmt;

use super::Object;
use crate::document::{Document, Kind, NodeId};

/// One container. Shown as `CONTROLLER/CONTAINER`.
pub(crate) struct Container<'d> {
    /// The document that it stands in.
    pub(crate) document: &'d Document,
    /// Its mapping.
    pub(crate) node: NodeId,
    controller: &'d str,
    name: &'d str,
}

/// The containers of a HelmRelease; none of any other object. One that is only an alias stands elsewhere
/// and is left out: to edit it would change both.
pub(crate) fn containers<'d>(object: &Object<'d>) -> Vec<Container<'d>> {
    if !object.is("helm.toolkit.fluxcd.io", "HelmRelease") {
        return Vec::new();
    }
    let document = object.document;
    let mappings = move |mapping: NodeId| {
        let named = document.entries(mapping).filter_map(move |(key, value)| {
            matches!(document.node(value).kind, Kind::Mapping(_))
                .then_some((document.text(key)?, value))
        });
        named.collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let controllers = object.at(&["spec", "values", "controllers"]);
    for (controller, node) in controllers.map(mappings).unwrap_or_default() {
        let Some((_, containers)) = document.entry(node, "containers") else { continue };
        let named = mappings(containers).into_iter();
        found.extend(named.map(|(name, node)| Container { document, node, controller, name }));
    }
    found
}

impl Container<'_> {
    /// Whether `envFrom` names this Secret: `secretRef.name`, or the short `secret` of the chart.
    pub(crate) fn reads_secret(&self, name: &str) -> bool {
        let document = self.document;
        let Some(list) = document.lookup(self.node, "envFrom") else { return false };
        document.items(document.target(list)).any(|item| {
            [&["secretRef", "name"][..], &["secret"]].iter().any(|keys| {
                let text = document.descend(item, keys).and_then(|node| document.text(node));
                text == Some(name)
            })
        })
    }
}

impl fmt::Display for Container<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.controller, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::objects;

    const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec:
  values:
    controllers:
      web:
        containers:
          app: &app
            envFrom:
              - secretRef: {name: one}
              - secret: two
              - configMapRef: {name: three}
          again: *app
      worker:
        containers:
          app: {}
      bare:
        enabled: false
";

    #[test]
    fn containers_are_found_but_for_aliases() {
        let document = Document::parse(RELEASE.as_bytes().to_vec()).unwrap();
        let found = containers(&objects(&document)[0]);
        assert_eq!(
            found.iter().map(Container::to_string).collect::<Vec<_>>(),
            ["web/app", "worker/app"]
        );
        assert!(found[0].reads_secret("one") && found[0].reads_secret("two"));
        assert!(!found[0].reads_secret("three") && !found[1].reads_secret("one"));
    }

    #[test]
    fn other_objects_have_none() {
        let text = RELEASE.replace("HelmRelease", "Deployment");
        let document = Document::parse(text.into_bytes()).unwrap();
        assert!(containers(&objects(&document)[0]).is_empty());
    }
}
