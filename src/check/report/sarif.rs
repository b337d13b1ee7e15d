//! Findings as SARIF 2.1.0, for GitHub's code scanning and for editors: all rules with their pages, and the results.
//!
//! ```json
//! {"ruleId": "plaintext-secret", "ruleIndex": 1, "level": "error", "message": {"text": "Secret `a` is …"},
//!  "locations": [{"physicalLocation": {
//!    "artifactLocation": {"uri": "apps/a.yaml", "uriBaseId": "%SRCROOT%"},
//!    "region": {"startLine": 4, "startColumn": 14}}}],
//!  "partialFingerprints": {"keywright/v1": "plaintext-secret:apps/a.yaml:stringData.token"}}
//! ```
//!
//! There is no snippet in it: the lines of a finding hold values. The standard is
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::super::finding::Finding;
use super::super::rules::Rule;
use super::super::{RULES, Report};
use super::fingerprint::fingerprints;
use super::hint;

/// Where the schema is, as the standard names it.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to; whoever reads the report knows where that is.
const ROOT: &str = "%SRCROOT%";

/// The report as indented JSON.
pub(crate) fn sarif(report: &Report) -> String {
    let rules: Vec<Value> = RULES.iter().map(|rule| descriptor(*rule)).collect();
    let findings = report.findings.iter().zip(fingerprints(&report.findings));
    let results: Vec<Value> = findings.map(|(one, print)| result(one, &print)).collect();
    let driver = json!({
        "name": "keywright",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let whole = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository"}}},
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

/// A rule with its page.
fn descriptor(rule: &dyn Rule) -> Value {
    let page = rule.page();
    let lead = lead(page);
    let short = lead.split_once(". ").map_or(lead.clone(), |(first, _)| format!("{first}."));
    json!({
        "id": rule.id(),
        "shortDescription": {"text": short},
        "fullDescription": {"text": lead},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": rule.severity().name()},
    })
}

/// The first paragraph of a page: what the rule finds.
fn lead(page: &str) -> String {
    let lines = page.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// One finding.
fn result(finding: &Finding, fingerprint: &str) -> Value {
    let index = RULES.iter().position(|rule| rule.id() == finding.rule);
    json!({
        "ruleId": finding.rule,
        // The standard has -1 for a rule that is not in the list.
        "ruleIndex": index.map_or(json!(-1), |index| json!(index)),
        "level": finding.severity.name(),
        "message": {"text": format!("{}\nhint: {}", finding.message, hint(finding))},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.path), "uriBaseId": ROOT},
            "region": {"startLine": finding.position.line, "startColumn": finding.position.column},
        }}],
        "partialFingerprints": {"keywright/v1": fingerprint},
    })
}

/// A path as a relative reference of RFC 3986: its bytes, percent-encoded but for slashes and what is unreserved. So no
/// first component can be taken for a scheme, and no byte is lost.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push((*byte).into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::super::super::tests::{report, secret};
    use super::*;

    /// The only run of a report on some files.
    fn run(files: &[(&str, &str)]) -> Value {
        let text = sarif(&report(files));
        assert!(!text.contains("canary"));
        serde_json::from_str::<Value>(&text).unwrap()["runs"][0].take()
    }

    #[test]
    fn a_result_points_at_its_rule_and_its_place() {
        let text = secret("stringData: {ä: '', token: canary}\n");
        let mut run = run(&[("apps/a b.yaml", &text), (".sops.yaml", "[{age: AGE}]")]);
        let result = run["results"][0].take();
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "plaintext-secret");
        let message =
            "Secret `s` is in plain text: `token`\nhint: keywright encrypt -i 'apps/a b.yaml'";
        let expected = json!({
            "ruleId": "plaintext-secret",
            "ruleIndex": index,
            "level": "error",
            "message": {"text": message},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "apps/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 4, "startColumn": 21},
            }}],
            "partialFingerprints": {
                "keywright/v1": "plaintext-secret:apps/a b.yaml:stringData.token",
            },
        });
        assert_eq!(result, expected);
    }

    #[test]
    fn every_rule_is_described_by_its_page() {
        let run = run(&[]);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), RULES.len());
        for (rule, described) in RULES.iter().zip(rules) {
            assert_eq!(described["id"], rule.id());
            assert_eq!(described["help"]["markdown"], rule.page());
            let [short, full] = ["shortDescription", "fullDescription"]
                .map(|field| described[field]["text"].as_str().unwrap());
            assert!(full.starts_with(short) && short.ends_with('.'), "{short}");
            assert!(!full.contains(['\n', '#']), "{full}");
        }
    }

    #[test]
    fn a_path_is_a_relative_reference() {
        let path = Path::new(OsStr::from_bytes(b"a:b/100% \xff\n#?.yaml"));
        assert_eq!(uri(path), "a%3Ab/100%25%20%FF%0A%23%3F.yaml");
    }
}
