//! Findings as tests in JUnit's XML, which most CI systems show: one that failed for each finding, and one that passed
//! where nothing was found.
//!
//! ```xml
//! <testsuites>
//!   <testsuite name="keywright check" tests="1" failures="1" errors="0" skipped="0">
//!     <testcase classname="plaintext-secret" name="plaintext-secret:apps/a.yaml:stringData.token">
//!       <failure type="error" message="Secret `a` is in plain text: `token`">apps/a.yaml:4:14 …</failure>
//!     </testcase>
//!   </testsuite>
//! </testsuites>
//! ```
//!
//! A finding that does not fail the check is no failed test either, but one that was skipped. Names are fingerprints, by
//! which CI systems tell what is new. It is valid by Jenkins' schema, the strictest one
//! (<https://github.com/jenkinsci/xunit-plugin>, `junit-10.xsd`), so that there is no attribute for the file.

use std::fmt::Write as _;

use super::super::Report;
use super::super::finding::{Finding, Severity};
use super::fingerprint::fingerprints;
use super::hint;

/// The report as an XML document. With `strict`, warnings are failures.
pub(crate) fn junit(report: &Report, strict: bool) -> String {
    let skipped = if strict { 0 } else { report.count(Severity::Warning) };
    let failures = report.findings.len() - skipped;
    let tests = report.findings.len().max(1);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"keywright check\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n"
    );
    for (finding, name) in report.findings.iter().zip(fingerprints(&report.findings)) {
        let element = match finding.severity {
            Severity::Warning if !strict => "skipped",
            _ => "failure",
        };
        text.push_str(&case(finding, &name, element));
    }
    if report.findings.is_empty() {
        text.push_str("    <testcase classname=\"keywright check\" name=\"no findings\"/>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// One finding as a test that did not pass, with the element that says how.
fn case(finding: &Finding, name: &str, element: &str) -> String {
    let (rule, level) = (finding.rule, finding.severity.name());
    let path = finding.path.to_string_lossy();
    let shown =
        format!("{path}:{}: {}\nhint: {}", finding.position, finding.message, hint(finding));
    let (name, message, shown) = (escaped(name), escaped(&finding.message), escaped(&shown));
    let mut case = format!("    <testcase classname=\"{rule}\" name=\"{name}\">\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        case,
        "      <{element} type=\"{level}\" message=\"{message}\">{shown}</{element}>\n    </testcase>"
    );
    case
}

/// A text in an attribute or between tags. XML 1.0 has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // As they are, blanks would be made of them in an attribute.
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    #[test]
    fn a_finding_is_a_failed_test_with_all_names_escaped() {
        let text = secret("stringData: {a<b: canary}\n");
        let files = [("a&\"b\"\n\u{1b}.yaml", &*text), (".sops.yaml", "[{age: AGE}]")];
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
  <testsuite name=\"keywright check\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">
    <testcase classname=\"plaintext-secret\" name=\"plaintext-secret:a&amp;&quot;b&quot;&#10;\u{fffd}.yaml:\
         stringData[&quot;a&lt;b&quot;]\">
      <failure type=\"error\" message=\"Secret `s` is in plain text: `a&lt;b`\">\
         a&amp;&quot;b&quot;&#10;\u{fffd}.yaml:4:14: Secret `s` is in plain text: `a&lt;b`&#10;\
         hint: keywright encrypt -i 'a&amp;&quot;b&quot;&#10;\u{fffd}.yaml'</failure>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(junit(&report(&files), false), expected);
    }

    #[test]
    fn a_warning_is_a_failed_test_only_where_it_counts() {
        let mut report = report(&[("a.yaml", &secret("stringData: {a: canary}\n"))]);
        report.findings[0].severity = Severity::Warning;
        let counts = |text: &str| text.contains("failures=\"1\" errors=\"0\" skipped=\"0\"");
        let (lenient, strict) = (junit(&report, false), junit(&report, true));
        assert_eq!((counts(&lenient), counts(&strict)), (false, true));
        assert!(lenient.contains("<skipped type=\"warning\"") && !lenient.contains("<failure"));
        assert!(strict.contains("<failure type=\"warning\"") && !strict.contains("<skipped"));
    }

    #[test]
    fn nothing_found_is_a_test_that_passed() {
        let text = junit(&report(&[]), false);
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""));
        assert!(text.contains("<testcase classname=\"keywright check\" name=\"no findings\"/>"));
    }
}
