//! `literal-credential`: a credential in an object that is no Secret: in the values of a HelmRelease, the environment of a
//! container, or a ConfigMap.
//!
//! ```yaml
//! values:
//!   adminPassword: hunter2hunter2            # by its key
//!   env:
//!     - {name: API_TOKEN, value: 0x5f3759df} # by its name
//! ```
//!
//! Elsewhere – in settings of programs, of Terraform, Ansible and Compose, in scripts – a password that somebody made up is
//! a warning; what looks drawn is left to `high-entropy`, and dotenv files to `env-file`.
//!
//! What names and values count, and what is passed over, is told in [`credential`]. One finding per object; its confidence
//! is medium, because nothing but names says that a value is secret. An encrypted file has none: what it leaves plain, its
//! selection leaves plain on purpose.

use std::path::Path;

use super::super::assignment::{self, is_of_settings};
use super::super::credential;
use super::super::finding::{Confidence, Finding, Severity};
use super::super::input::Input;
use super::super::placeholder::is_placeholder;
use super::super::text::Text;
use super::high_entropy::is_drawn;
use super::{MOST_NAMED, Rule, by_hand, listed_routes, quoted};
use crate::check::finding::Hint;
use crate::document::{Document, Kind, NodeId, Value};
use crate::kube::container::is_release;
use crate::kube::{Object, objects};

/// The words of which one stands in each file with an object that is looked at.
const MARKS: [&str; 3] = ["HelmRelease", "ConfigMap", "containers:"];

/// Ends of names of what people make up.
const PASSWORDS: [&str; 6] = ["password", "passwd", "passphrase", "pass", "pwd", "psk"];

/// The kinds with containers, and the group of each.
const WORKLOADS: [(&str, &str); 6] = [
    ("", "Pod"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
];

/// The rule.
pub(super) struct LiteralCredential;

impl Rule for LiteralCredential {
    fn id(&self) -> &'static str {
        "literal-credential"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/literal-credential.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        if input.own.is_some() || !may_have_one(input.document.source()) {
            return;
        }
        for object in objects(input.document) {
            let values =
                scope(&object).map(|scope| credentials(input.document, scope)).unwrap_or_default();
            if values.is_empty() {
                continue;
            }
            let routes = listed_routes(input.document, &values);
            let kind = object.kind().unwrap_or_default();
            let message = format!("a credential in plain text in this {kind}: {routes}");
            let labels: Vec<_> =
                values.iter().take(MOST_NAMED).map(|value| input.label(*value)).collect();
            let what = "move it into a Secret with `keywright secret new`, refer to that, and make a new one where it is used";
            let hint = Hint { first: Some(what.to_owned()), command: None };
            let finding = input.finding(self, &labels, message, hint);
            findings.push(Finding { confidence: Confidence::Medium, ..finding });
        }
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        if !is_of_settings(text.path) || is_of_kubernetes(text.text) {
            return;
        }
        let may_be_words = may_be_words(text.path);
        for found in assignment::credentials(text.text) {
            let value = &text.text[found.value.clone()];
            if is_for_password(found.name) && is_made_up(value, may_be_words) {
                let message = format!("{} is given a password in plain text", quoted(found.name));
                let what = "keep it in an encrypted file, or take it from the environment";
                let hint = by_hand(what);
                let span = found.value.clone();
                let finding = text.finding(self, span, Confidence::Medium, message, hint);
                findings.push(Finding { severity: Severity::Warning, ..finding });
            }
        }
    }
}

/// Whether a text is that of an object of Kubernetes, which has its own names for everything.
fn is_of_kubernetes(text: &str) -> bool {
    let is_field = |line: &str| line.trim_start().trim_start_matches('"').starts_with("apiVersion");
    text.contains("apiVersion") && text.lines().any(is_field)
}

/// Whether a name is for what people make up: nobody makes up a token or a key.
fn is_for_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PASSWORDS.iter().any(|end| name.ends_with(end))
}

/// Whether a value of letters alone is one in this kind of file, rather than a name in a program, a type in a schema or a
/// text that people are shown.
fn may_be_words(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("cfg" | "conf" | "ini" | "properties" | "sh" | "tfvars"))
}

/// Whether a value could be a password that somebody made up.
fn is_made_up(value: &str, may_be_words: bool) -> bool {
    credential::is_literal(value)
        && (may_be_words || value.contains(|c: char| !c.is_alphabetic()))
        && !value.contains(['(', ')', '[', ']', '{', '}', '\\', '<', '>'])
        && !is_placeholder(value)
        && !is_drawn(value)
}

/// Whether a text is worth parsing: it has such an object, and a line with such a name. Nothing is missed but what is
/// written in several lines, or in braces.
pub(in crate::check) fn may_have_one(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark)) && text.lines().any(is_suspect)
}

/// Whether a line gives a credential a value, or is an entry of an environment with such a name.
fn is_suspect(line: &str) -> bool {
    let Some((name, value)) = line.split_once(':') else { return false };
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let name = name.trim().trim_start_matches("- ").trim();
    let value = || value.split(" #").next().unwrap_or_default();
    match name.trim_matches(['"', '\'']) {
        "name" => credential::is_named_so(&unquoted(value())),
        name => credential::is_named_so(name) && credential::is_literal(&unquoted(value())),
    }
}

/// The part of an object in which credentials are looked for.
fn scope(object: &Object<'_>) -> Option<NodeId> {
    if is_release(object) {
        return object.at(&["spec", "values"]);
    }
    if object.is("", "ConfigMap") {
        return object.at(&["data"]);
    }
    let runs = WORKLOADS.iter().any(|(group, kind)| object.is(group, kind));
    runs.then(|| object.at(&["spec"])).flatten()
}

/// The values below a node that are credentials by their key, or by the `name` beside them.
fn credentials(document: &Document, scope: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    for mapping in document.subtree(document.target(scope)) {
        if !matches!(document.node(mapping).kind, Kind::Mapping(_))
            || is_other_object(document, mapping)
        {
            continue;
        }
        let name = document.entry(mapping, "name").and_then(|(_, name)| document.text(name));
        for (key, value) in document.entries(mapping) {
            let is_named = match document.text(key) {
                Some("value") => name.is_some_and(credential::is_named_so),
                Some(key) => credential::is_named_so(key),
                None => false,
            };
            if is_named && is_credential(document, value) {
                found.push(value);
            }
        }
    }
    found
}

/// Whether a value is a text or a number that could be a credential. An alias is found where it stands for.
fn is_credential(document: &Document, value: NodeId) -> bool {
    let is_scalar = matches!(document.node(value).kind, Kind::Scalar(_));
    let is_text = || matches!(document.value(value), Some(Ok(Value::Text(_) | Value::Int(_))));
    is_scalar && is_text() && document.text(value).is_some_and(credential::is_literal)
}

/// Whether a mapping is in an object inside of the values that names secrets by fields such as `secretKey`.
fn is_other_object(document: &Document, mapping: NodeId) -> bool {
    let mut above = Some(mapping);
    while let Some(node) = above {
        if document.entry(node, "remoteRef").is_some()
            || document.entry(node, "secretKeyRef").is_some()
        {
            return true;
        }
        above = document.node(node).parent.filter(|parent| document.node(*parent).depth > 2);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in an object of this kind with these fields.
    fn one(kind: &str, fields: &str) -> Vec<String> {
        let text = format!("apiVersion: {kind}\nmetadata: {{name: x}}\n{fields}");
        found("literal-credential", &[("a.yaml", &text.replace("CANARY", "canary7canary"))])
    }

    /// A HelmRelease with these values.
    fn release(values: &str) -> Vec<String> {
        one("helm.toolkit.fluxcd.io/v2\nkind: HelmRelease", &format!("spec:\n  values:\n{values}"))
    }

    #[test]
    fn a_credential_in_the_values_of_a_release_is_found() {
        assert_eq!(
            release("    auth:\n      adminPassword: CANARY\n"),
            [
                "error a.yaml:7:7 spec.values.auth.adminPassword: a credential in plain text in this HelmRelease: \
                 `spec.values.auth.adminPassword` | move it into a Secret with `keywright secret new`, refer to that, and \
                 make a new one where it is used"
            ]
        );
    }

    #[test]
    fn a_variable_of_a_container_is_found_by_its_name() {
        let fields = "spec:\n  template:\n    spec:\n      containers:\n        - env:\n            \
                      - name: API_TOKEN\n              value: CANARY\n";
        let found = one("apps/v1\nkind: Deployment", fields);
        assert!(found[0].contains("containers[0].env[0].value"), "{found:?}");
    }

    #[test]
    fn a_config_map_is_looked_at_and_each_object_has_one_finding() {
        let fields = "data:\n  DB_PASSWORD: CANARY\n  API_KEY: CANARY\n  HOST: db\n";
        assert_eq!(one("v1\nkind: ConfigMap", fields).len(), 1);
    }

    #[test]
    fn references_names_and_other_kinds_are_not_found() {
        for values in [
            "    existingSecret: grafana-secret\n",
            "    password: ${PASSWORD}\n",
            "    password: changeme\n",
            "    passwordKey: canary7canary\n",
            "    env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}]\n",
            "    tokenPassword: /run/secrets/token\n",
        ] {
            assert_eq!(release(values), [""; 0], "{values}");
        }
        assert_eq!(
            one("example.test/v1\nkind: Thing", "spec: {}\n# ConfigMap\npassword: CANARY\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_file_with_only_harmless_names_is_not_parsed() {
        assert!(!super::may_have_one(
            "kind: ConfigMap\ndata:\n  host: example\n  secretName: a1b2c3d4e5\n"
        ));
        assert!(super::may_have_one("kind: ConfigMap\ndata:\n  password: a1b2c3d4e5 # note\n"));
    }

    #[test]
    fn a_password_in_settings_and_scripts_is_a_warning() {
        let found = |path: &str, text: &str| {
            found("literal-credential", &[(path, &text.replace("CANARY", "Canary7!"))])
        };
        assert_eq!(
            found("a.tfvars", "x = 1\ndb_password = \"CANARY\"\n"),
            [
                "warning a.tfvars:2:16 : `db_password` is given a password in plain text | keep it in an encrypted file, or \
              take it from the environment"
            ]
        );
        for (path, text) in [
            ("a.ini", "[db]\npassword = CANARY\n"),
            ("a.ini", "10.0.0.1 user=a ansible_ssh_pass=CANARY\n"),
            ("compose.yaml", "environment:\n  POSTGRES_PASSWORD: CANARY\n"),
            ("a.sh", "mysql --password=CANARY -e 'select 1'\n"),
            ("a.ini", "password = correcthorse\n"),
            ("a.py", "D = {\"PASSWORD\": \"CANARY\"}\n"),
            ("a.json", "{\"password\": \"CANARY\"}\n"),
        ] {
            assert_eq!(found(path, text).len(), 1, "{path} {text}");
        }
        for (path, text) in [
            ("a.md", "password = CANARY\n"),
            ("a.json", "{\"password\": \"Kennwort\"}\n"),
            ("a.py", "password = getpass.getpass()\n"),
            ("a.py", "login(password=userpass)\n"),
            ("a.sh", "read -r password\npassword=$1\n"),
            ("a.tf", "password = random_password.app.result\n"),
            ("a.ini", "password = changeme\ntoken = CANARY\n"),
            ("a.yaml", "apiVersion: example.test/v1\nkind: Thing\npassword: CANARY\n"),
        ] {
            assert_eq!(found(path, text), [""; 0], "{path} {text}");
        }
    }
}
