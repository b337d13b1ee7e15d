//! Findings for programs: one JSON object, version 1.
//!
//! ```json
//! {
//!   "version": 1,
//!   "findings": [{
//!     "rule": "plaintext-secret", "severity": "error", "confidence": "high",
//!     "path": "apps/a/secret.yaml", "line": 4, "column": 3, "route": "stringData.token",
//!     "message": "Secret `a` is in plain text: `token`", "hint": "keywright encrypt -i apps/a/secret.yaml"
//!   }],
//!   "summary": {"files": 41, "errors": 1, "warnings": 0, "unchecked": 0,
//!     "held_back": {"baseline": 0, "ignored": 0}}
//! }
//! ```
//!
//! `path` is relative to the root of the repository, `hint` to the working directory; line and column (in
//! characters) count from 1. Fields may be added within a version, but not changed.

use std::path::Path;

use serde_json::{Value, json};

use super::super::Report;
use super::super::finding::{Finding, Severity};

/// The report as indented JSON, for somebody in the directory `base`, relative to the root.
pub(crate) fn json(report: &Report, base: &Path) -> String {
    let findings: Vec<Value> = report.findings.iter().map(|one| finding(one, base)).collect();
    let whole = json!({
        "version": 1,
        "findings": findings,
        "summary": {
            "files": report.files,
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "unchecked": report.unchecked.len() + report.sealed.len(),
            "held_back": {"baseline": report.held.baseline, "ignored": report.held.ignored},
        },
    });
    format!("{whole:#}\n")
}

fn finding(finding: &Finding, base: &Path) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "path": finding.path.to_string_lossy(),
        "line": finding.position.line,
        "column": finding.position.column,
        "route": finding.route.to_string(),
        "message": finding.message,
        "hint": finding.hint.text(&finding.path, base),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    #[test]
    fn the_object_has_exactly_the_fields_of_version_1() {
        let report = report(&[
            ("apps/a.yaml", &secret("stringData: {token: canary}\n")),
            ("b.yaml", "kind: Secret\na: [\n"),
        ]);
        let text = json(&report, Path::new("apps"));
        let expected = json!({
            "version": 1,
            "findings": [{
                "rule": "plaintext-secret",
                "severity": "error",
                "confidence": "high",
                "path": "apps/a.yaml",
                "line": 4,
                "column": 14,
                "route": "stringData.token",
                "message": "Secret `s` is in plain text: `token`",
                "hint": "write a `.sops.yaml` with `keywright init`, then run `keywright encrypt -i a.yaml`",
            }],
            "summary": {
                "files": 2, "errors": 1, "warnings": 0, "unchecked": 1,
                "held_back": {"baseline": 0, "ignored": 0},
            },
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        assert!(!text.contains("canary"));
    }

    #[test]
    fn no_finding_is_an_empty_list() {
        let text = json(&report(&[]), Path::new(""));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["findings"], json!([]));
    }
}
