//! `role-secret-mismatch`: the Secret of a managed role in which the operator does not find what it needs.
//!
//! It wants the keys `username` and `password`, and in the first the name of the role. That is compared only where it is
//! readable. The operator does not check the type; one for something else is still a mistake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::finding::{Finding, Hint, Severity};
use super::super::plain;
use super::super::repository::{Credentials, Repository, key};
use super::{Rule, by_hand, listed, quoted, run};
use crate::document::NodeId;
use crate::kube::cluster::CREDENTIALS_TYPE;
use crate::kube::secret::{Entry, SecretObject};

/// The keys that the operator reads.
const KEYS: [&str; 2] = ["username", "password"];

/// The rule.
pub(super) struct RoleSecretMismatch;

impl Rule for RoleSecretMismatch {
    fn id(&self) -> &'static str {
        "role-secret-mismatch"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/role-secret-mismatch.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        for one in repository.credentials() {
            for site in &one.secrets {
                let Some(secret) = SecretObject::of(site.object) else { continue };
                if secret.is_filled_in_cluster() {
                    continue;
                }
                if let Some((label, message, hint)) = mismatch(&secret, &one) {
                    let place = (site.file, site.object.document);
                    findings.push(repository.finding(self, place, &[label], message, hint));
                }
            }
        }
    }
}

/// What is wrong with the Secret of a role, and where.
fn mismatch(
    secret: &SecretObject<'_>,
    one: &Credentials<'_, '_>,
) -> Option<(NodeId, String, Hint)> {
    let (name, role) = (quoted(one.name), one.role.role.name());
    let entries = secret.entries();
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key);
    let missing: Vec<_> = KEYS.into_iter().filter(|key| entry(key).is_none()).collect();
    if !missing.is_empty() {
        let message =
            format!("the Secret {name} of the role {} has no {}", quoted(role), listed(missing));
        let label = key(&secret.object, &["metadata", "name"]);
        return Some((label, message, run("keywright edit")));
    }
    let username = entry("username").filter(|entry| is_another(secret, entry, role));
    if let Some(entry) = username {
        let message =
            format!("the `username` in the Secret {name} is not its role {}", quoted(role));
        return Some((entry.key_node, message, run("keywright edit")));
    }
    let kind = secret.kind();
    (!["Opaque", CREDENTIALS_TYPE].contains(&kind)).then(|| {
        let message = format!(
            "the Secret {name} of the role {} is of the type {}",
            quoted(role),
            quoted(kind)
        );
        let hint = format!("make a new one of the type `{CREDENTIALS_TYPE}`: it cannot be changed");
        (key(&secret.object, &["type"]), message, by_hand(hint))
    })
}

/// Whether a user name is readable and not that of the role. The operator takes blanks off both ends.
fn is_another(secret: &SecretObject<'_>, entry: &Entry<'_>, role: &str) -> bool {
    let document = secret.object.document;
    if !plain::is_plain(document, entry.value, entry.encoded) {
        return false;
    }
    let Some(text) = document.text(entry.value) else { return false };
    match entry.encoded {
        true => STANDARD.decode(text.trim()).is_ok_and(|name| name.trim_ascii() != role.as_bytes()),
        false => !text.contains("${") && text.trim() != role,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in the Secret of the role `shop`.
    fn one(fields: &str) -> Vec<String> {
        let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\n\
                       spec: {managed: {roles: [{name: shop, passwordSecret: {name: s}}]}}\n";
        let secret = super::super::super::tests::secret(fields);
        found("role-secret-mismatch", &[("cluster.yaml", cluster), ("s.yaml", &secret)])
    }

    /// A token.
    const TOKEN: &str = "'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'";

    #[test]
    fn missing_keys_are_found() {
        assert_eq!(
            one(&format!("stringData: {{user: {TOKEN}}}\n")),
            [
                "warning s.yaml:3:12 metadata.name: the Secret `s` of the role `shop` has no `username`, `password` | \
              keywright edit s.yaml"
            ]
        );
    }

    #[test]
    fn a_readable_user_name_of_another_role_is_found_without_being_shown() {
        let found = "stringData.username: the `username` in the Secret `s` is not its role `shop`";
        let lines = one(&format!("stringData: {{username: canary, password: {TOKEN}}}\n"));
        assert_eq!(lines, [format!("warning s.yaml:4:14 {found} | keywright edit s.yaml")]);
        assert_eq!(one(&format!("data: {{username: Y2FuYXJ5, password: {TOKEN}}}\n")).len(), 1);
    }

    #[test]
    fn a_type_for_something_else_is_found() {
        let fields =
            format!("type: kubernetes.io/tls\nstringData: {{username: shop, password: {TOKEN}}}\n");
        let lines = one(&fields);
        assert!(lines.len() == 1 && lines[0].contains("`kubernetes.io/tls`"), "{lines:?}");
    }

    #[test]
    fn what_fits_or_cannot_be_read_is_not_found() {
        for fields in [
            format!("stringData: {{username: {TOKEN}, password: {TOKEN}}}\n"),
            format!("data: {{username: c2hvcAo=, password: {TOKEN}}}\n"),
            format!("data: {{username: {TOKEN}}}\nstringData: {{password: {TOKEN}}}\n"),
            format!("stringData: {{username: '${{ROLE}}', password: {TOKEN}}}\n"),
            "type: kubernetes.io/service-account-token\n".to_owned(),
            format!(
                "type: kubernetes.io/basic-auth\nstringData: {{username: shop, password: {TOKEN}}}\n"
            ),
        ] {
            assert_eq!(one(&fields), [""; 0], "{fields}");
        }
    }
}
