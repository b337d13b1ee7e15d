//! Hosts: the Services that the operator makes for a Cluster, however much of their names is written.

use crate::layout::{Host, Pooler};

/// Whether a host is a Service of that Cluster: of the primary, of replicas, or of any instance.
pub(crate) fn host_reaches(host: &str, cluster: &str, namespace: Option<&str>) -> bool {
    ["-rw", "-ro", "-r"].iter().any(|end| host_of(host, cluster, end, namespace).is_some())
}

/// The pooler whose Service a host is.
pub(crate) fn pooler_of<'p, 's>(host: &str, poolers: &'p [Pooler<'s>]) -> Option<&'p Pooler<'s>> {
    poolers.iter().find(|pooler| host.split('.').next() == Some(pooler.name))
}

/// Whether a host leads to that Cluster, by its own Services or by a pooler.
pub(crate) fn host_leads_to(
    host: &str,
    cluster: &str,
    namespace: Option<&str>,
    poolers: &[Pooler<'_>],
) -> bool {
    match pooler_of(host, poolers) {
        Some(pooler) => pooler.cluster == Some(cluster),
        None => host_reaches(host, cluster, namespace),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_a_cluster_end_as_the_operator_names_them() {
        assert!(["pg-rw", "pg-ro", "pg-r"].iter().all(|name| host_reaches(name, "pg", None)));
        assert!(!["pg", "pg-any", "pg2-rw"].iter().any(|name| host_reaches(name, "pg", None)));
    }
}
