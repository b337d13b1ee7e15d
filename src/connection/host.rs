//! Hosts: the Services that the operator makes for a Cluster, however much of their names is written.

use crate::layout::Host;

/// Whether a host is a Service of that Cluster: of the primary, of replicas, or of any instance.
pub(crate) fn host_reaches(host: &str, cluster: &str, namespace: Option<&str>) -> bool {
    ["-rw", "-ro", "-r"].iter().any(|end| host_of(host, cluster, end, namespace).is_some())
}

/// How a host is named, if it is the Service of that Cluster with this end.
pub(crate) fn host_of(
    host: &str,
    cluster: &str,
    end: &str,
    namespace: Option<&str>,
) -> Option<Host> {
    let rest = host.strip_prefix(cluster)?.strip_prefix(end)?;
    if rest.is_empty() {
        return Some(Host::Service);
    }
    let mut labels = rest.strip_prefix('.')?.splitn(3, '.');
    let found = labels.next();
    if namespace.is_some() && found != namespace {
        return None;
    }
    match (labels.next(), labels.next()) {
        (None, _) => Some(Host::Namespace),
        (Some("svc"), None) => Some(Host::Svc),
        (Some("svc"), Some(domain)) => Some(Host::Full(domain.to_owned())),
        (Some(_), _) => None,
    }
}
