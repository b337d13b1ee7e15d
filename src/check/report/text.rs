//! Findings for people: a code frame each, values masked, and one line at the end.
//!
//! ```text
//! error[plaintext-secret]: Secret `a` is in plain text: `token`
//!  --> apps/a/secret.yaml:4:14
//!   |
//! 4 | stringData: {token: •••}
//!   |              ^^^^^
//!   |
//!   = hint: keywright encrypt -i apps/a/secret.yaml
//!
//! checked 41 files: 1 error, 0 warnings
//! ```

use std::fmt::Write as _;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use anstyle::{AnsiColor, Style};

use super::super::finding::{Finding, Severity};
use super::super::{Held, Report};

/// The style of arrows and bars in a frame, as the crate has it.
const ARROW: Style =
    Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::BrightBlue)));

/// The report with colours, which whoever prints it strips where nobody sees them; for somebody in the directory
/// `base`, relative to the root.
pub(crate) fn text(report: &Report, base: &Path) -> String {
    let renderer = Renderer::styled();
    let mut text = String::new();
    for finding in &report.findings {
        // The crate would count the column in the masked line, so that it is not told the path.
        let rendered = renderer.render(&[group(finding, base)]);
        let (title, frame) = rendered.split_once('\n').unwrap_or((&rendered, ""));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{title}\n{}\n{frame}\n", place(finding));
    }
    let _ = writeln!(text, "{}", summary(report));
    text
}

/// How many files were looked at, what was found, and what does not count.
pub(super) fn summary(report: &Report) -> String {
    let files = counted(report.files, "file");
    let found = if report.findings.is_empty() {
        "no findings".to_owned()
    } else {
        let errors = counted(report.count(Severity::Error), "error");
        format!("{errors}, {}", counted(report.count(Severity::Warning), "warning"))
    };
    format!("checked {files}: {found}{}", held_back(report.held))
}

/// What does not count, if anything: `, 3 held back (2 by the baseline, 1 ignored)`
fn held_back(held: Held) -> String {
    let parts = [(held.baseline, "by the baseline"), (held.ignored, "ignored")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, how)| format!("{number} {how}")).collect();
    match held.baseline + held.ignored {
        0 => String::new(),
        all => format!(", {all} held back ({})", parts.join(", ")),
    }
}

/// `--> path:line:column`, with its arrow above the bars of the frame.
fn place(finding: &Finding) -> String {
    let last_line = finding.frame.line + finding.frame.text.matches('\n').count();
    let margin = " ".repeat(last_line.to_string().len());
    let path = finding.path.to_string_lossy();
    format!("{margin}{ARROW}-->{ARROW:#} {}:{}", normalize_untrusted_str(&path), finding.position)
}

/// One finding, laid out.
fn group<'f>(finding: &'f Finding, base: &Path) -> Group<'f> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let frame = &finding.frame;
    let kind = |at| if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
    let marks = frame.marks.iter().enumerate();
    let snippet = Snippet::source(&frame.text)
        .line_start(frame.line)
        .annotations(marks.map(|(at, mark)| kind(at).span(mark.clone())));
    let hint = normalize_untrusted_str(&finding.hint.text(&finding.path, base));
    level
        .primary_title(&finding.message)
        .id(finding.rule)
        .element(snippet)
        .element(Level::HELP.with_name("hint").message(hint))
}

/// `1 file`, `2 files`
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    /// The report on some files as somebody without colours sees it.
    fn shown(files: &[(&str, &str)]) -> String {
        let text = text(&report(files), Path::new(""));
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_finding_is_a_frame_with_masked_values_and_the_fixing_command() {
        let text = secret(
            "stringData:\n  user: canary # canary\n  note: ''\n  key: |\n    canary\n  z: canary\n",
        );
        let rules = "[{age: AGE}]";
        assert_eq!(
            shown(&[("apps/my secret.yaml", &text), (".sops.yaml", rules)]),
            "\
error[plaintext-secret]: Secret `s` is in plain text: `user`, `key`, `z`
 --> apps/my secret.yaml:5:3
  |
5 |   user: ••• #•••
  |   ^^^^
6 |   note: •••
7 |   key: •••
  |   ---
8 |
9 |   z: •••
  |   -
  |
  = hint: keywright encrypt -i 'apps/my secret.yaml'

checked 2 files: 1 error, 0 warnings
"
        );
    }

    #[test]
    fn the_column_is_that_of_the_file_and_the_arrow_keeps_its_margin() {
        let text =
            format!("{}{}", "#\n".repeat(100), secret("stringData: {a: '', user: canary}\n"));
        let shown = shown(&[("a\u{1b}.yaml", &text)]);
        assert!(
            shown.contains(
                "\n   --> a␛.yaml:104:21\n    |\n104 | stringData: {a: •••, user: •••}\n"
            ),
            "{shown}"
        );
    }

    #[test]
    fn what_was_held_back_is_counted() {
        let held = |baseline, ignored| held_back(Held { baseline, ignored });
        assert_eq!(held(0, 0), "");
        assert_eq!(held(2, 1), ", 3 held back (2 by the baseline, 1 ignored)");
        assert_eq!(held(0, 4), ", 4 held back (4 ignored)");
    }

    #[test]
    fn nothing_found_is_one_line() {
        assert_eq!(shown(&[("a.yaml", "a: 1\n")]), "checked 1 file: no findings\n");
    }
}
