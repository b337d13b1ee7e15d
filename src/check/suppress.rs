//! Findings that comments and settings hold back, and what is to be told about these.
//!
//! ```text
//! findings ──► severities ──► comments and settings ──► (baseline, see its module) ──► what is reported
//!                             └─ counted                └─ counted
//! ```
//!
//! Nothing is held back in silence: what was is counted, and what holds back nothing is told – a comment without a reason
//! or with a rule that does not exist as a warning, one whose finding is gone as a note.

use std::path::{Path, PathBuf};

use super::Report;
use super::directive::Directive;
use super::settings::{Settings, no_such_rule, rules};
use crate::settings::FILE_NAME;

/// How to write a comment that holds a finding back.
const FORM: &str = "ignore[RULE] REASON";

/// How many findings were held back.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    /// By comments and settings.
    pub(crate) ignored: usize,
    /// By a baseline.
    pub(crate) baseline: usize,
}

/// Something to be told about what is to hold findings back.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Notice {
    /// Whether it cannot work as it was meant to; otherwise it is no longer needed.
    pub(crate) is_warning: bool,
    /// The file, relative to the root.
    pub(crate) path: PathBuf,
    /// Where in it: the line, with a column where there is one.
    pub(crate) place: String,
    /// What.
    pub(crate) message: String,
}

impl Report {
    /// Gives findings the severities that were chosen, and takes out what comments and settings hold back. What holds back
    /// nothing is only told if everything `is_whole`, and its rule was asked: otherwise its finding may be where nobody looked.
    pub(crate) fn suppress(&mut self, settings: &Settings, is_whole: bool) -> Vec<Notice> {
        self.findings.retain_mut(|finding| match settings.severity(finding.rule) {
            Some(None) => false,
            Some(Some(severity)) => {
                finding.severity = severity;
                true
            }
            None => true,
        });
        let all = self.findings.len();
        let mut directives = std::mem::take(&mut self.directives);
        let mut used = vec![false; settings.ignores.len()];
        self.findings.retain(|finding| {
            // All are asked: what is ignored twice makes neither stale.
            let mut is_held = false;
            for directive in &mut directives {
                is_held |= directive.holds(finding);
            }
            for (ignore, used) in settings.ignores.iter().zip(&mut used) {
                let holds = ignore.holds(finding);
                *used |= holds;
                is_held |= holds;
            }
            !is_held
        });
        self.held.ignored += all - self.findings.len();
        let is_whole = |rule: &str| is_whole && self.was_asked(rule);
        let told = directives.iter().flat_map(|one| notices(one, settings, &is_whole));
        let unused = settings.ignores.iter().zip(used);
        let unused =
            unused.filter(|(ignore, used)| !used && ignore.rules.iter().all(|rule| is_whole(rule)));
        let unused = unused.map(|(ignore, _)| Notice {
            is_warning: false,
            path: PathBuf::from(FILE_NAME),
            place: ignore.position.to_string(),
            message: "the ignore holds nothing back".to_owned(),
        });
        told.chain(unused).collect()
    }
}

/// What is to be told about a comment.
fn notices(
    directive: &Directive,
    settings: &Settings,
    is_whole: &impl Fn(&str) -> bool,
) -> Vec<Notice> {
    let path: &Path = &directive.path;
    let notice = |is_warning, message| Notice {
        is_warning,
        path: path.to_owned(),
        place: directive.line.to_string(),
        message,
    };
    if directive.rules.is_empty() {
        return vec![notice(true, format!("the ignore names no rule: write `{FORM}`"))];
    }
    let known = rules();
    let mut told: Vec<Notice> = Vec::new();
    for ignored in &directive.rules {
        let rule = ignored.rule.as_str();
        if !known.contains(&rule) {
            told.push(notice(true, no_such_rule(rule)));
        } else if !directive.has_reason {
            let message =
                format!("the ignore of `{rule}` gives no reason, so it holds nothing back");
            told.push(notice(true, format!("{message}: write `{FORM}`")));
        } else if is_whole(rule) && !ignored.is_used && settings.severity(rule) != Some(None) {
            told.push(notice(false, format!("the ignore of `{rule}` holds nothing back")));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::tests::{report, secret, verified_after};
    use super::*;

    /// What is left of the findings in one file, how much was ignored, and what is told.
    fn held(text: &str, is_whole: bool) -> (usize, usize, Vec<String>) {
        let mut report = report(&[("a.yaml", text)]);
        let notices = report.suppress(&Settings::default(), is_whole);
        let line = |notice: &Notice| {
            let word = if notice.is_warning { "warning" } else { "note" };
            format!("{word}: {}:{}: {}", notice.path.display(), notice.place, notice.message)
        };
        (report.findings.len(), report.held.ignored, notices.iter().map(line).collect())
    }

    /// A Secret with a comment in front of its second key.
    fn commented(comment: &str) -> String {
        secret(&format!("stringData:\n  a: canary\n  {comment}\n  b: |\n    canary\n"))
    }

    #[test]
    fn a_comment_with_a_reason_holds_the_finding_back_at_any_of_its_lines() {
        let ignore = "# keywright: ignore[plaintext-secret] made up";
        assert_eq!(held(&commented(ignore), true), (0, 1, vec![]));
        let behind = secret(&format!("stringData:\n  a: canary {ignore}\n"));
        assert_eq!(held(&behind, true), (0, 1, vec![]));
        let elsewhere = secret(&format!("{ignore}\ntype: Opaque\nstringData:\n  a: canary\n"));
        let told = "note: a.yaml:4: the ignore of `plaintext-secret` holds nothing back";
        assert_eq!(held(&elsewhere, true), (1, 0, vec![told.to_owned()]));
        assert_eq!(held(&elsewhere, false), (1, 0, vec![]));
    }

    #[test]
    fn one_that_cannot_work_leaves_the_finding_and_is_told() {
        let cases = [
            (
                "ignore[plaintext-secret]",
                "the ignore of `plaintext-secret` gives no reason, so it holds nothing back: write \
                 `ignore[RULE] REASON`",
            ),
            ("ignore", "the ignore names no rule: write `ignore[RULE] REASON`"),
            (
                "ignore[plaintext-secrets] made up",
                "there is no rule `plaintext-secrets`; did you mean `plaintext-secret`?",
            ),
            ("ignore[xyz] made up", "there is no rule `xyz`"),
        ];
        for (ignore, wanted) in cases {
            let told = vec![format!("warning: a.yaml:6: {wanted}")];
            assert_eq!(held(&commented(&format!("# keywright: {ignore}")), false), (1, 0, told));
        }
    }

    #[test]
    fn a_comment_about_values_is_not_stale_while_nobody_looks_at_them() {
        let text = secret("# keywright: ignore[weak-password] made up\ntype: Opaque\n");
        assert_eq!(held(&text, true), (0, 0, vec![]));
        let mut report = verified_after(&[("a.yaml", &text)], str::to_owned);
        assert_eq!(report.suppress(&Settings::default(), true).len(), 1);
    }

    #[test]
    fn of_several_rules_each_is_told_by_itself() {
        let ignore = "# keywright: ignore[plaintext-secret, rule-not-applied] made up";
        let told = "note: a.yaml:6: the ignore of `rule-not-applied` holds nothing back";
        assert_eq!(held(&commented(ignore), true), (0, 1, vec![told.to_owned()]));
    }
}
