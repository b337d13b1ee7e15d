//! Every key as a file: a volume, and where the container has it.
//!
//! ```text
//! persistence:                    spec:
//!   SECRET:                         containers:
//!     type: secret                    - volumeMounts: [{name: SECRET, mountPath: PATH, readOnly: true}]
//!     name: SECRET                  volumes:
//!     advancedMounts: …               - name: SECRET
//!                                       secret: {secretName: SECRET}
//! ```
//!
//! `advancedMounts` are the mounts of single containers, by controller and container; without them app-template mounts a
//! volume everywhere.

use std::path::{Component, Path};

use super::{Error, Target};
use crate::document::{Document, Fragment, NodeId, Placement, Value};
use crate::kube::container::Frame;

/// The longest name of a volume: an RFC 1123 label.
const LONGEST: usize = 63;

/// Something that the container has mounted.
struct Mounted {
    /// Where.
    path: String,
    /// The node that says so.
    node: NodeId,
    /// Whether it is the Secret.
    is_secret: bool,
}

/// Whether something can be mounted at a path.
pub(crate) fn is_path(text: &str) -> bool {
    let mut components = Path::new(text).components();
    text.starts_with('/')
        && components.all(|component| component != Component::ParentDir)
        && Path::new(text).parent().is_some()
        && !text.contains(|c: char| c == ':' || c.is_control())
}

/// The document with the volume and its mount; `None` where the Secret is mounted there.
pub(super) fn add(target: &Target<'_>, path: &str) -> Result<Option<Document>, Error> {
    let mounted = match target.container.frame {
        Frame::Values(values) => in_values(target, values),
        Frame::Pod(pod) => in_pod(target, pod),
    };
    // What is mounted below would need a directory in the Secret, which is read-only.
    if let Some(other) = mounted.iter().find(|other| Path::new(&other.path).starts_with(path)) {
        if other.is_secret && Path::new(&other.path) == Path::new(path) {
            return Ok(None);
        }
        return Err(Error::PathTaken {
            path: target.file.to_owned(),
            position: target.document().position_of(other.node),
            container: target.container.to_string(),
            mount: other.path.clone(),
        });
    }
    match target.container.frame {
        Frame::Values(values) => add_to_values(target, values, path),
        Frame::Pod(pod) => add_to_pod(target, pod, path),
    }
}

fn add_to_values(
    target: &Target<'_>,
    values: NodeId,
    path: &str,
) -> Result<Option<Document>, Error> {
    let document = target.document();
    let persistence = target.field(values, "persistence")?;
    let taken = |name: &str| {
        let known = persistence.and_then(|persistence| document.lookup(persistence, name));
        known.is_some() || claims(target).iter().any(|(claim, _)| *claim == name)
    };
    let mount = Fragment::mapping([("path", Fragment::text(path)), ("readOnly", yes())]);
    let of_container = (target.container.name.to_owned(), Fragment::Sequence(vec![mount]));
    let of_controller = (target.container.owner.to_owned(), Fragment::Mapping(vec![of_container]));
    let item = Fragment::mapping([
        ("type", Fragment::text("secret")),
        ("name", Fragment::text(target.secret)),
        ("advancedMounts", Fragment::Mapping(vec![of_controller])),
    ]);
    let name = free_name(target.secret, taken);
    target.edited(|edits| match persistence {
        Some(persistence) => edits.insert_entry(persistence, Placement::Last, &name, item),
        None => {
            let items = Fragment::Mapping(vec![(name, item)]);
            edits.insert_entry(values, Placement::Last, "persistence", items)
        }
    })
}

fn add_to_pod(target: &Target<'_>, pod: NodeId, path: &str) -> Result<Option<Document>, Error> {
    let document = target.document();
    let container = target.container.view.node;
    let volumes = target.field(pod, "volumes")?;
    let mounts = target.field(container, "volumeMounts")?;
    let known = |name: &str| {
        let mut all = volumes.into_iter().flat_map(|list| document.items(list));
        all.any(|volume| text(document, volume, &["name"]) == Some(name))
    };
    let taken = |name: &str| known(name) || claims(target).iter().any(|(claim, _)| *claim == name);
    let name = || Fragment::text(free_name(target.secret, taken));
    let secret = Fragment::mapping([("secretName", Fragment::text(target.secret))]);
    let volume = Fragment::mapping([("name", name()), ("secret", secret)]);
    let mount = Fragment::mapping([
        ("name", name()),
        ("mountPath", Fragment::text(path)),
        ("readOnly", yes()),
    ]);
    target.edited(|edits| {
        match mounts {
            Some(mounts) => edits.insert_item(mounts, Placement::Last, mount)?,
            None => {
                let list = Fragment::Sequence(vec![mount]);
                edits.insert_entry(container, Placement::Last, "volumeMounts", list)?;
            }
        }
        match volumes {
            Some(volumes) => edits.insert_item(volumes, Placement::Last, volume),
            None => {
                let list = Fragment::Sequence(vec![volume]);
                edits.insert_entry(pod, Placement::Last, "volumes", list)
            }
        }
    })
}

fn yes() -> Fragment {
    Fragment::Value(Value::Bool(true))
}

/// A name for a volume, derived from that of the Secret (ASCII), whose dots a volume cannot have.
fn free_name(secret: &str, taken: impl Fn(&str) -> bool) -> String {
    let label = secret.replace('.', "-");
    let cut = |most: usize| label[..label.len().min(most)].trim_end_matches('-');
    let numbered = (2..).map(|number| {
        let ending = format!("-{number}");
        format!("{}{ending}", cut(LONGEST - ending.len()))
    });
    let mut names = std::iter::once(cut(LONGEST).to_owned()).chain(numbered);
    names.find(|name| !taken(name)).expect("there are more numbers than volumes")
}

/// What a container of app-template has mounted: by `persistence`, and by the claims of its controller.
fn in_values(target: &Target<'_>, values: NodeId) -> Vec<Mounted> {
    let document = target.document();
    let (controller, container) = (target.container.owner, target.container.name);
    let mut found = Vec::new();
    let persistence = document.lookup(values, "persistence").map(|node| document.target(node));
    for (key, item) in persistence.into_iter().flat_map(|node| document.entries(node)) {
        let Some(name) = document.text(key) else { continue };
        if text(document, item, &["enabled"]) == Some("false") {
            continue;
        }
        let is_secret = text(document, item, &["type"]) == Some("secret")
            && text(document, item, &["name"]) == Some(target.secret);
        let usual = text(document, item, &["hostPath"]).map_or(format!("/{name}"), str::to_owned);
        let lists = [&["globalMounts"][..], &["advancedMounts", controller, container]];
        // What says nothing about mounts is mounted everywhere.
        let mut fields = ["globalMounts", "advancedMounts"].iter();
        if fields.all(|field| document.lookup(item, field).is_none()) {
            found.push(Mounted { path: usual.clone(), node: key, is_secret });
        }
        found.extend(mounts(document, item, &lists, &usual, is_secret));
    }
    for (name, claim) in claims(target) {
        let lists = [&["globalMounts"][..], &["advancedMounts", container]];
        found.extend(mounts(document, claim, &lists, &format!("/{name}"), false));
    }
    found
}

/// The mounts in some lists of app-template, which are at the usual path where they name none.
fn mounts(
    document: &Document,
    item: NodeId,
    lists: &[&[&str]],
    usual: &str,
    is_secret: bool,
) -> Vec<Mounted> {
    let lists = lists.iter().filter_map(|keys| document.descend(item, keys));
    let all = lists.flat_map(|list| document.items(document.target(list)).collect::<Vec<_>>());
    all.map(|node| {
        let path = text(document, node, &["path"]).unwrap_or(usual).to_owned();
        let whole = document.lookup(node, "subPath").is_none();
        Mounted { path, node, is_secret: is_secret && whole }
    })
    .collect()
}

/// What a container of a pod has mounted.
fn in_pod(target: &Target<'_>, pod: NodeId) -> Vec<Mounted> {
    let document = target.document();
    let items = |mapping: NodeId, field: &str| {
        let list = document.lookup(mapping, field).map(|list| document.target(list));
        list.into_iter().flat_map(|list| document.items(list)).collect::<Vec<_>>()
    };
    let volumes = items(pod, "volumes");
    let is_secret = |name: Option<&str>| {
        volumes.iter().any(|volume| {
            text(document, *volume, &["name"]) == name
                && text(document, *volume, &["secret", "secretName"]) == Some(target.secret)
        })
    };
    let all = items(target.container.view.node, "volumeMounts").into_iter();
    all.filter_map(|node| {
        let path = text(document, node, &["mountPath"])?.to_owned();
        let whole = document.lookup(node, "subPath").is_none();
        let is_secret = whole && is_secret(text(document, node, &["name"]));
        Some(Mounted { path, node, is_secret })
    })
    .collect()
}

/// The claims that the workload makes for each pod, by the names of their volumes.
fn claims<'t>(target: &Target<'t>) -> Vec<(&'t str, NodeId)> {
    let document = target.document();
    let list = target.container.claims.map(|list| document.target(list));
    let all = list.into_iter().flat_map(|list| document.items(list));
    all.filter_map(|claim| {
        let name =
            text(document, claim, &["metadata", "name"]).or(text(document, claim, &["name"]));
        Some((name?, claim))
    })
    .collect()
}

fn text<'d>(document: &'d Document, node: NodeId, keys: &[&str]) -> Option<&'d str> {
    document.text(document.descend(node, keys)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_and_leads_nowhere_else() {
        for path in ["/a", "/etc/app/", "/run/secrets/x.y", "/a b"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "a", "./a", "/", "//", "/a/../b", "/a:b", "/a\nb"] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn a_volume_is_called_like_the_secret_as_far_as_it_can_be() {
        let free = |secret: &str, taken: &[&str]| free_name(secret, |name| taken.contains(&name));
        assert_eq!(free("web-tls", &[]), "web-tls");
        assert_eq!(free("web.tls", &["web-tls", "web-tls-2"]), "web-tls-3");
        let long = format!("{}.{}", "a".repeat(62), "b".repeat(70));
        assert_eq!(free(&long, &[]), "a".repeat(62));
        assert_eq!(free(&long, &[&"a".repeat(62)]), format!("{}-2", "a".repeat(61)));
    }
}
