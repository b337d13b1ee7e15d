//! `non-string-value`: a value of an encrypted Secret that is no string, which the API server refuses.
//!
//! SOPS keeps the type of a value, so that a number in plain text is a number again when Flux has decrypted it. `null`
//! arrives as an empty string and a date as text; both work. Observed with kustomize-controller 1.7.3: "expected string",
//! and nothing of the Kustomization is applied.

use super::super::finding::{Finding, Severity};
use super::super::input::Input;
use super::{Rule, listed, quoted, run};
use crate::document::{Document, Kind, NodeId, Value};
use crate::kube::objects;
use crate::kube::secret::SecretObject;
use crate::sops::token::{self, Token};

/// The rule.
pub(super) struct NonStringValue;

impl Rule for NonStringValue {
    fn id(&self) -> &'static str {
        "non-string-value"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/non-string-value.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let document = input.document;
        for secret in objects(document).into_iter().filter_map(SecretObject::of) {
            if !secret.is_encrypted() {
                continue;
            }
            let mut entries = secret.entries();
            entries.retain(|entry| !is_string(document, entry.value));
            if entries.is_empty() {
                continue;
            }
            let keys = listed(entries.iter().map(|entry| entry.key));
            let name = quoted(secret.object.name().unwrap_or_default());
            let message = format!("Secret {name} has values that are no strings: {keys}");
            let labels: Vec<_> = entries.iter().map(|entry| entry.key_node).collect();
            // In an editor the values are in plain text, and can be put in quotes.
            findings.push(input.finding(self, &labels, message, run("keywright edit")));
        }
    }
}

/// Whether a value is a string once it is decrypted, or becomes one.
fn is_string(document: &Document, value: NodeId) -> bool {
    if !matches!(document.node(document.target(value)).kind, Kind::Scalar(_)) {
        return false;
    }
    let token = document.text(value).and_then(|text| Token::parse(text).ok());
    if let Some((token, _)) = token {
        use token::Kind::{Bool, Float, Int};
        return !matches!(token.kind(), Bool | Float | Int);
    }
    !matches!(document.value(value), Some(Ok(Value::Bool(_) | Value::Int(_) | Value::Float(_))))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// What the rule finds in an encrypted Secret; `TYPE:x` stands for a token.
    fn one(fields: &str) -> Vec<String> {
        let token = "'ENC[AES256_GCM,data:YQ==,iv:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=,tag:h0cBYz4qcExJJc+t3xp9xg==,type:";
        let mut fields = fields.to_owned();
        for kind in ["str", "int", "float", "bool", "comment"] {
            fields = fields.replace(&format!("TYPE:{kind}"), &format!("{token}{kind}]'"));
        }
        found("non-string-value", &[("a.yaml", &secret(&fields))])
    }

    /// The metadata of an encrypted file.
    const SOPS: &str = "sops: {lastmodified: x, mac: x, unencrypted_suffix: _plain}\n";

    #[test]
    fn numbers_and_booleans_are_found_plain_and_encrypted() {
        let fields = "stringData:\n  a: TYPE:str\n  b: TYPE:int\n  c_plain: 8080\n  d: TYPE:bool\n  e: TYPE:float\n";
        assert_eq!(
            one(&format!("{fields}{SOPS}")),
            [
                "warning a.yaml:6:3 stringData.b: Secret `s` has values that are no strings: `b`, `c_plain`, `d`, `e` | \
              keywright edit a.yaml"
            ]
        );
    }

    #[test]
    fn a_collection_is_found() {
        assert_eq!(one(&format!("stringData: {{a: {{b: TYPE:str}}}}\n{SOPS}")).len(), 1);
    }

    #[test]
    fn strings_nothing_dates_and_other_files_are_not_found() {
        let fields =
            "stringData: {a: TYPE:str, b: '', c: null, d: '1', e: 2031-01-02, f: '${PORT}'}\n";
        assert_eq!(one(&format!("{fields}{SOPS}")), [""; 0]);
        assert_eq!(one("stringData: {a: 1}\n"), [""; 0]);
    }
}
