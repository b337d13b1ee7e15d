//! Findings as a Code Quality report of GitLab, a list of objects.
//!
//! ```json
//! [{
//!   "check_name": "plaintext-secret", "severity": "major",
//!   "description": "Secret `a` is in plain text: `token` (hint: keywright encrypt -i apps/a/secret.yaml)",
//!   "fingerprint": "plaintext-secret:apps/a/secret.yaml:stringData.token",
//!   "location": {"path": "apps/a/secret.yaml", "lines": {"begin": 4}}
//! }]
//! ```
//!
//! The fields are those of <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>. GitLab shows
//! the description alone, so that it holds the hint, too.

use serde_json::{Value, json};

use super::super::Report;
use super::super::finding::{Finding, Severity};
use super::fingerprint::fingerprints;
use super::hint;

/// The report as indented JSON.
pub(crate) fn gitlab(report: &Report) -> String {
    let findings = report.findings.iter().zip(fingerprints(&report.findings));
    let issues: Vec<Value> = findings.map(|(one, fingerprint)| issue(one, &fingerprint)).collect();
    format!("{:#}\n", Value::Array(issues))
}

/// One finding.
fn issue(finding: &Finding, fingerprint: &str) -> Value {
    // GitLab knows five degrees; the two above `major` are left to what takes a service down.
    let severity = match finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
    };
    json!({
        "description": format!("{} (hint: {})", finding.message, hint(finding)),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": finding.path.to_string_lossy(),
            "lines": {"begin": finding.position.line},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    #[test]
    fn an_issue_has_the_fields_that_gitlab_reads() {
        let text = secret("stringData: {token: canary}\n");
        let text = gitlab(&report(&[("a.yaml", &text), (".sops.yaml", "[{age: AGE}]")]));
        let expected = json!([{
            "description": "Secret `s` is in plain text: `token` (hint: keywright encrypt -i a.yaml)",
            "check_name": "plaintext-secret",
            "fingerprint": "plaintext-secret:a.yaml:stringData.token",
            "severity": "major",
            "location": {"path": "a.yaml", "lines": {"begin": 4}},
        }]);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn nothing_found_is_an_empty_list() {
        assert_eq!(gitlab(&report(&[])), "[]\n");
    }
}
