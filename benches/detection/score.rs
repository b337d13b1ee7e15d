//! Which findings meet which labels.
//!
//! A finding meets a label of the same file if it points at one of the lines of the label, or if it names it: a rule with
//! one finding for each object points at the first value and names the others, by key or route, in the same YAML
//! document. A planted secret that a finding meets is found. A harmless look-alike that a finding meets counts as one
//! false finding, and so does each finding that meets no label at all.

use std::collections::BTreeMap;

use super::corpus::{Label, Repository};

/// What a tool says about one place.
pub(crate) struct Finding {
    /// Relative to the root of the repository.
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    /// Keys and routes that it names.
    pub(crate) names: Vec<String>,
    /// Whether it is a warning only.
    pub(crate) is_warning: bool,
    /// What it is called.
    pub(crate) rule: String,
}

/// How well a tool did.
#[derive(Default)]
pub(crate) struct Score {
    /// Number of planted secrets.
    pub(crate) planted: usize,
    /// Number of harmless look-alikes.
    pub(crate) harmless: usize,
    /// Number of planted secrets that were found.
    pub(crate) found: usize,
    /// The others, one a line.
    pub(crate) missed: Vec<String>,
    /// The false findings, one a line.
    pub(crate) wrong: Vec<String>,
    /// Found and planted ones by kind.
    pub(crate) kinds: BTreeMap<String, (usize, usize)>,
}

impl Score {
    /// The share of the planted secrets that was found.
    pub(crate) fn recall(&self) -> f64 {
        self.found as f64 / self.planted as f64
    }

    /// The share of what was found in that and the false findings.
    pub(crate) fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.wrong.len()) as f64
    }

    /// Adds what a tool found in one repository.
    pub(crate) fn add(&mut self, repository: &Repository, findings: &[Finding]) {
        let name = repository.name;
        for label in &repository.labels {
            let by = findings.iter().find(|finding| meets(finding, label));
            let shown = format!(
                "{name}/{}:{} {} ({})",
                label.path, label.lines.start, label.route, label.kind
            );
            match (label.is_planted, by) {
                (true, by) => self.count(label, by.is_some(), shown),
                (false, Some(by)) => self.wrong.push(format!("{shown} by {}", by.rule)),
                (false, None) => {}
            }
            self.harmless += usize::from(!label.is_planted);
        }
        for finding in findings {
            if !repository.labels.iter().any(|label| meets(finding, label)) {
                self.wrong
                    .push(format!("{name}/{}:{} by {}", finding.path, finding.line, finding.rule));
            }
        }
    }

    /// Counts a planted secret.
    fn count(&mut self, label: &Label, is_found: bool, shown: String) {
        let kind = if label.kind.starts_with("token of ") { "token" } else { &label.kind };
        let kind = self.kinds.entry(kind.to_owned()).or_default();
        (kind.0, kind.1) = (kind.0 + usize::from(is_found), kind.1 + 1);
        self.planted += 1;
        self.found += usize::from(is_found);
        if !is_found {
            self.missed.push(shown);
        }
    }
}

/// Whether a finding is about what a label is about.
fn meets(finding: &Finding, label: &Label) -> bool {
    let is_named = || finding.names.iter().any(|name| is_route_of(name, &label.route));
    finding.path == label.path
        && (label.lines.contains(&finding.line)
            || label.document.contains(&finding.line) && is_named())
}

/// Whether a name is the end of a route, or the reverse where indentation did not show all of it.
fn is_route_of(name: &str, route: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ends(route, name) || ends(name, route)
}

/// The findings of `keywright check --format json`.
pub(crate) fn keywright(report: &[u8]) -> Vec<Finding> {
    let report: serde_json::Value = serde_json::from_slice(report).expect("a report in JSON");
    let findings = report["findings"].as_array().expect("a list of findings");
    let text =
        |finding: &serde_json::Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let read = |finding: &serde_json::Value| {
        let rule = text(finding, "rule");
        // What is found in a text is about its own line, but for dotenv files.
        let is_of_several = !text(finding, "route").is_empty() || rule == "env-file";
        let message = text(finding, "message");
        let names = message.split('`').skip(1).step_by(2).filter(|_| is_of_several);
        Finding {
            path: text(finding, "path"),
            line: finding["line"].as_u64().expect("a line") as usize,
            names: names.map(plain_route).collect(),
            is_warning: text(finding, "severity") == "warning",
            rule,
        }
    };
    findings.iter().map(read).collect()
}

/// A route without the quotes that keys with dots have in it: labels are not so exact.
fn plain_route(route: &str) -> String {
    route.replace("[\"", ".").replace("\"]", "")
}
