//! Findings as annotations of GitHub, one workflow command a line, and the summary for the log.
//!
//! ```text
//! ::error file=apps/a.yaml,line=4,col=14,title=plaintext-secret::Secret `a` is in plain text: `token`%0Ahint: keywright …
//! checked 41 files: 1 error, 0 warnings
//! ```
//!
//! The escapes are those of <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use std::fmt::Write as _;

use super::super::Report;
use super::super::finding::Finding;
use super::hint;
use super::text::summary;

/// The report as workflow commands.
pub(crate) fn github(report: &Report) -> String {
    let mut text: String = report.findings.iter().map(command).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", summary(report));
    text
}

/// The line of one finding.
fn command(finding: &Finding) -> String {
    let level = finding.severity.name();
    let file = escaped_property(&finding.path.to_string_lossy());
    let (line, column) = (finding.position.line, finding.position.column);
    let message = escaped(&format!("{}\nhint: {}", finding.message, hint(finding)));
    format!("::{level} file={file},line={line},col={column},title={}::{message}\n", finding.rule)
}

/// A text as the message of a command. What else would drive a terminal is shown as `U+FFFD`.
fn escaped(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}

/// A text as the value of a property, which ends at a comma or a colon.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    #[test]
    fn a_finding_is_one_line_whatever_the_name_of_its_file() {
        let text = secret("stringData: {'100%': canary}\n");
        let name = "a,b: 100%\n::error::\u{1b}.yaml";
        let files = [(name, &*text), (".sops.yaml", "[{age: AGE}]")];
        let expected = "::error file=a%2Cb%3A 100%25%0A%3A%3Aerror%3A%3A\u{fffd}.yaml,line=4,col=14,\
                        title=plaintext-secret::Secret `s` is in plain text: `100%25`%0A\
                        hint: keywright encrypt -i 'a,b: 100%25%0A::error::\u{fffd}.yaml'\n\
                        checked 2 files: 1 error, 0 warnings\n";
        assert_eq!(github(&report(&files)), expected);
    }

    #[test]
    fn nothing_found_is_a_line_for_the_log() {
        assert_eq!(github(&report(&[("a.yaml", "a: 1\n")])), "checked 1 file: no findings\n");
    }
}
