//! The section `check` of `keywright.yaml`: which rules count, and which findings do not.
//!
//! ```yaml
//! check:
//!   severity:
//!     rule-not-applied: warning             # or error, off
//!   ignore:
//!     - rule: plaintext-secret              # or a list
//!       path: tests/fixtures/               # as in a `.gitignore` at the root
//!       route: stringData.token             # or a list; left out: whatever is concerned
//!       reason: made-up values, for the tests of the chart
//! ```
//!
//! Refused are rules that do not exist, and an ignore without rule, path or reason. One with routes holds a finding back
//! if it names all that the finding is about.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::RULES;
use super::finding::{Finding, Severity};
use crate::document::{Document, Position};
use crate::layout;
use crate::repo::Snapshot;
use crate::settings::{self, Section, nearest};

/// The fields of `check`.
const FIELDS: &[&str] = &["ignore", "severity"];

/// The fields of an ignore.
const IGNORE_FIELDS: &[&str] = &["path", "reason", "route", "rule"];

/// What the items of `ignore` must be.
const WANTED: &str = "a list of mappings with `rule`, `path` and `reason`";

/// What was chosen for the whole repository.
#[derive(Default)]
pub(crate) struct Settings {
    /// Rules with another severity than their own; `None`: off.
    severities: Vec<(&'static str, Option<Severity>)>,
    /// What is held back, in order.
    pub(super) ignores: Vec<Ignore>,
}

/// Findings that are held back.
pub(super) struct Ignore {
    /// Where it stands.
    pub(super) position: Position,
    /// Of which rules.
    pub(super) rules: Vec<String>,
    /// In which files.
    paths: Gitignore,
    /// About which routes; none: all.
    routes: Vec<String>,
}

impl Settings {
    /// The settings in the working tree of a repository; none where it has no such file.
    pub(crate) fn read(root: &Path) -> Result<Settings, layout::Error> {
        let snapshot = Snapshot::of_file(root, Path::new(settings::FILE_NAME));
        match settings::file(&snapshot)? {
            Some(document) => Ok(Settings::parse(document)?),
            None => Ok(Settings::default()),
        }
    }

    /// Reads the file.
    fn parse(document: &Document) -> Result<Settings, settings::Error> {
        let mut chosen = Settings::default();
        let Some(top) = Section::root(document)? else { return Ok(chosen) };
        let Some(check) = top.section("check", FIELDS)? else { return Ok(chosen) };
        let known = rules();
        if let Some(section) = check.section("severity", &known)? {
            let levels = [Some(Severity::Error), Some(Severity::Warning), None];
            for rule in known {
                let level =
                    section.one_of(rule, "`error`, `warning` or `off`", &levels, |level| {
                        level.map_or("off", Severity::name)
                    })?;
                chosen.severities.extend(level.map(|level| (rule, level)));
            }
        }
        let ignores = check.mappings("ignore", WANTED, IGNORE_FIELDS)?;
        chosen.ignores = ignores.iter().map(Ignore::read).collect::<Result<_, _>>()?;
        Ok(chosen)
    }

    /// The severity of a rule's findings, if it is not its own; `None` in it: they do not count at all.
    pub(super) fn severity(&self, rule: &str) -> Option<Option<Severity>> {
        self.severities.iter().find(|(known, _)| *known == rule).map(|(_, level)| *level)
    }
}

impl Ignore {
    /// Reads one.
    fn read(section: &Section<'_>) -> Result<Ignore, settings::Error> {
        let filled = |text: &str| !text.trim().is_empty();
        let wanted = "a pattern as in a `.gitignore` at the root, without `!`";
        let path = section.text("path", wanted, &|text| paths(text).is_some())?;
        let reason = section.text("reason", "the reason in words", &filled)?;
        let rules = section.one_or_more("rule", "the id of a rule, or a list of these")?;
        let (Some(path), Some(_), false) = (path, reason, rules.is_empty()) else {
            return Err(section.refused("a mapping with `rule`, `path` and `reason`"));
        };
        if let Some(unknown) = rules.iter().find(|rule| !self::rules().contains(rule)) {
            return Err(section.unusable("rule", &no_such_rule(unknown)));
        }
        let routes = section.one_or_more("route", "the route of a value, or a list of these")?;
        Ok(Ignore {
            position: section.position(),
            rules: rules.into_iter().map(str::to_owned).collect(),
            paths: paths(&path).unwrap_or_else(Gitignore::empty),
            routes: routes.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Whether it holds a finding back.
    pub(super) fn holds(&self, finding: &Finding) -> bool {
        self.rules.iter().any(|rule| rule == finding.rule)
            && self.paths.matched_path_or_any_parents(&finding.path, false).is_ignore()
            && (self.routes.is_empty()
                || finding.places.iter().all(|place| self.routes.contains(&place.name)))
    }
}

/// A pattern as Git reads it; `None` if it is one that matches nothing, such as a comment, or that takes files out.
fn paths(pattern: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(Path::new(""));
    builder.add_line(None, pattern).ok()?;
    builder.build().ok().filter(|paths| paths.num_ignores() == 1)
}

/// The ids of all rules.
pub(super) fn rules() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.id()).collect()
}

/// Says that there is no such rule, and which one may be meant.
pub(super) fn no_such_rule(name: &str) -> String {
    let message = format!("there is no rule `{}`", name.escape_debug());
    match nearest(name, &rules()) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::super::tests::{report, secret};
    use super::*;

    fn parse(text: &str) -> Result<Settings, settings::Error> {
        Settings::parse(&Document::parse(text.as_bytes().to_vec()).unwrap())
    }

    /// Why a file is refused.
    fn refusal(text: &str) -> String {
        match parse(text) {
            Ok(_) => panic!("accepted: {text}"),
            Err(error) => error.to_string(),
        }
    }

    /// What is left of the findings in two Secrets, and how much was held back.
    fn left(settings: &str) -> (Vec<String>, usize) {
        let one = secret("stringData: {a: canary}\n");
        let two = secret("stringData: {a: canary, b: canary}\n");
        let mut report: Report = report(&[("tests/one.yaml", &one), ("tests/two.yaml", &two)]);
        report.suppress(&parse(settings).unwrap(), true);
        let line = |one: &Finding| format!("{} {}", one.severity.name(), one.path.display());
        (report.findings.iter().map(line).collect(), report.held.ignored)
    }

    #[test]
    fn a_rule_is_graded_or_switched_off() {
        let graded =
            |level: &str| left(&format!("check: {{severity: {{plaintext-secret: {level}}}}}"));
        let warnings = ["warning tests/one.yaml", "warning tests/two.yaml"];
        assert_eq!(graded("warning"), (warnings.map(str::to_owned).to_vec(), 0));
        assert_eq!(graded("off"), (Vec::new(), 0));
        assert_eq!(graded("error").0[0], "error tests/one.yaml");
    }

    #[test]
    fn an_ignore_is_about_rules_paths_and_routes() {
        let count =
            |fields: &str| left(&format!("check: {{ignore: [{{{fields}, reason: made up}}]}}")).1;
        assert_eq!(count("rule: plaintext-secret, path: tests/"), 2);
        assert_eq!(count("rule: [rule-not-applied, plaintext-secret], path: '*.yaml'"), 2);
        assert_eq!(count("rule: plaintext-secret, path: /one.yaml"), 0);
        assert_eq!(count("rule: plaintext-secret, path: one.yaml"), 1);
        assert_eq!(count("rule: rule-not-applied, path: tests"), 0);
        // The second Secret has another key, too.
        assert_eq!(count("rule: plaintext-secret, path: tests, route: stringData.a"), 1);
        let both = "rule: plaintext-secret, path: tests, route: [stringData.a, stringData.b]";
        assert_eq!(count(both), 2);
    }

    #[test]
    fn nothing_written_is_nothing_chosen() {
        for text in ["", "check:\n", "check: {}\n", "check: {severity: , ignore: }\n"] {
            let settings = parse(text).unwrap();
            assert!(settings.severities.is_empty() && settings.ignores.is_empty(), "{text}");
        }
    }

    #[test]
    fn an_unknown_field_or_rule_is_refused_with_the_nearest_one() {
        let cases = [
            ("chekc: {}", "1:1: there is no setting `chekc`", Some("check")),
            ("check: {ignores: []}", "1:9: there is no setting `check.ignores`", Some("ignore")),
            (
                "check: {severity: {plaintxt-secret: off}}",
                "1:20: there is no setting `check.severity.plaintxt-secret`",
                Some("plaintext-secret"),
            ),
            (
                "check: {ignore: [{rule: x, paths: y}]}",
                "1:28: there is no setting `check.ignore[0].paths`",
                Some("path"),
            ),
        ];
        for (text, wanted, near) in cases {
            let error = parse(text).err().expect("refused");
            assert_eq!(error.to_string(), wanted);
            let settings::Error::Unknown { nearest, .. } = error else { panic!("{wanted}") };
            assert_eq!(nearest.as_deref(), near, "{text}");
        }
        assert_eq!(
            refusal("check: {ignore: [{rule: plaintxt-secret, path: y, reason: z}]}"),
            "1:25: `check.ignore[0].rule`: there is no rule `plaintxt-secret`; did you mean `plaintext-secret`?"
        );
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_refused_with_its_place() {
        let whole = "`check.ignore[0]` must be a mapping with `rule`, `path` and `reason`";
        let pattern = "a pattern as in a `.gitignore` at the root, without `!`";
        let cases = [
            ("check: [a]", "1:8: `check` must be a mapping".to_owned()),
            ("check: {ignore: {}}", format!("1:17: `check.ignore` must be {WANTED}")),
            ("check: {ignore: [a]}", format!("1:18: `check.ignore` must be {WANTED}")),
            ("check: {ignore: [{}]}", format!("1:18: {whole}")),
            ("check: {ignore: [{rule: plaintext-secret, path: x}]}", format!("1:18: {whole}")),
            ("check: {ignore: [{rule: plaintext-secret, reason: x}]}", format!("1:18: {whole}")),
            ("check: {ignore: [{rule: [], path: x, reason: x}]}", format!("1:18: {whole}")),
            (
                "check: {ignore: [{reason: ' '}]}",
                "1:27: `check.ignore[0].reason` must be the reason in words".to_owned(),
            ),
            (
                "check: {ignore: [{path: '!x'}]}",
                format!("1:25: `check.ignore[0].path` must be {pattern}"),
            ),
            (
                "check: {ignore: [{path: '#x'}]}",
                format!("1:25: `check.ignore[0].path` must be {pattern}"),
            ),
            (
                "check: {severity: {plaintext-secret: info}}",
                "1:38: `check.severity.plaintext-secret` must be `error`, `warning` or `off`"
                    .to_owned(),
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(refusal(text), wanted);
        }
    }
}
