//! The page of a rule for the terminal: without the marks of Markdown, its paragraphs as wide as the terminal.
//!
//! ```text
//! plaintext-secret
//!
//! A Kubernetes Secret whose values everybody can read who can read the repository …
//!
//! Before and after
//!
//!     apiVersion: v1
//! ```
//!
//! It knows what the pages of rules are made of: headings, paragraphs, lists, tables and code.

use anstyle::Style;

use super::super::rules::Rule;

/// The style of headings.
const HEADING: Style = Style::new().bold();

/// How far code is set in.
const INDENT: &str = "    ";

/// The page of a rule in lines of at most `columns` characters, code and tables apart; headings styled, which whoever
/// prints it strips where nobody sees it.
pub(crate) fn explain(rule: &dyn Rule, columns: usize) -> String {
    plain(rule.page(), columns)
}

fn plain(page: &str, columns: usize) -> String {
    let mut shown = Vec::new();
    let mut paragraph = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        let is_prose = !is_code && !line.is_empty() && !line.starts_with(['#', '|']);
        if is_prose && !line.starts_with("```") && !line.starts_with("- ") {
            paragraph.extend(line.split_whitespace());
            continue;
        }
        shown.extend(wrapped(&std::mem::take(&mut paragraph), columns));
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code && !line.is_empty() {
            shown.push(format!("{INDENT}{line}"));
        } else if is_prose {
            paragraph.extend(line.split_whitespace());
        } else if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            let heading = heading.trim_start_matches(['#', ' ']);
            shown.push(format!("{HEADING}{heading}{HEADING:#}"));
        } else {
            shown.push(line.to_owned());
        }
    }
    shown.extend(wrapped(&paragraph, columns));
    shown.join("\n") + "\n"
}

/// Words in lines; those of a list item are set in.
fn wrapped(words: &[&str], columns: usize) -> Vec<String> {
    let indent = if words.first() == Some(&"-") { "  " } else { "" };
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{indent}{word}")),
            None => lines.push((*word).to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::super::RULES;
    use super::*;

    /// A page as somebody without colours sees it.
    fn shown(page: &str, columns: usize) -> String {
        anstream::adapter::strip_str(&plain(page, columns)).to_string()
    }

    #[test]
    fn a_page_is_text_as_wide_as_the_terminal_and_code_stays() {
        let page = "# a-rule\n\nOne two\nthree `four`.\n\n- one two three\n- four - five\n  six\n\n## Why\n\n\
                    | a | table that is wide |\n\n```yaml\n# a comment that is wide\n\n- a: 1\n```\n";
        let expected = "a-rule\n\nOne two\nthree\n`four`.\n\n- one two\n  three\n- four -\n  five six\n\nWhy\n\n\
                        | a | table that is wide |\n\n    # a comment that is wide\n\n    - a: 1\n";
        assert_eq!(shown(page, 11), expected);
        assert!(
            shown(page, 80)
                .contains("\n\nOne two three `four`.\n\n- one two three\n- four - five six\n")
        );
    }

    #[test]
    fn nothing_of_a_page_is_lost_but_the_marks() {
        let words = |text: &str| {
            let words = text
                .split_whitespace()
                .filter(|word| !word.starts_with("```") && !word.chars().all(|c| c == '#'));
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        for rule in RULES {
            let shown = anstream::adapter::strip_str(&explain(*rule, 40)).to_string();
            assert_eq!(words(&shown), words(rule.page()), "{}", rule.id());
        }
    }
}
