//! Plans as people read them: a coloured, redacted diff.
//!
//! What is shown is what will be on disk, so an encrypted value appears as its token, cut to a few letters;
//! the `sops` mapping is left out. A change between plain and encrypted text is named, not shown.

use std::path::Path;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::failure::visible;
use super::{Context, Failure};
use crate::txn::{Change, Plan};

const ADDED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const REMOVED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const HEADING: Style = Style::new().bold();

/// Shows a plan on standard output.
pub(crate) fn plan(plan: &Plan, root: &Path, context: &mut Context) {
    for change in plan {
        let path = change.path.strip_prefix(root).unwrap_or(&change.path);
        let name = visible(&path.display().to_string());
        let (mark, note) = match (&change.old, &change.new) {
            (None, _) => ("+++", " (new)"),
            (_, None) => ("---", " (removed)"),
            _ => ("---", ""),
        };
        context.say(format!("{HEADING}{mark} {name}{note}{HEADING:#}"));
        for line in diff(change) {
            context.say(line);
        }
        context.say("");
    }
}

/// Asks a yes-or-no question at the terminal; no answer is no.
pub(crate) fn confirm(context: &mut Context, question: &str) -> Result<bool, Failure> {
    context.flush();
    Ok(context.prompt().confirm(question, false)?)
}

fn diff(change: &Change) -> Vec<String> {
    if change.plain {
        return vec!["(plain text, not shown)".to_owned()];
    }
    let (old, new) = (redacted(change.old.as_deref()), redacted(change.new.as_deref()));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(3) {
        if !lines.is_empty() {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let text = visible(change.value().trim_end_matches(['\r', '\n']));
            lines.push(match change.tag() {
                ChangeTag::Insert => format!("{ADDED}+{text}{ADDED:#}"),
                ChangeTag::Delete => format!("{REMOVED}-{text}{REMOVED:#}"),
                ChangeTag::Equal => format!(" {text}"),
            });
        }
    }
    lines
}

/// The text of a file without `sops` mapping, its tokens cut.
fn redacted(content: Option<&Vec<u8>>) -> String {
    let text = String::from_utf8_lossy(content.map(Vec::as_slice).unwrap_or_default());
    let mut shown = String::with_capacity(text.len());
    let mut in_metadata = false;
    for line in text.split_inclusive('\n') {
        let indented = line.starts_with([' ', '\t', '\r', '\n']);
        in_metadata = line.starts_with("sops:") || in_metadata && indented;
        if !in_metadata {
            shown.push_str(&cut_tokens(line));
        }
    }
    shown
}

/// `ENC[AES256_GCM,data:abcdef…,type:str]` as `ENC[abcdef…]`: enough to see that two differ.
fn cut_tokens(line: &str) -> String {
    const PREFIX: &str = "ENC[AES256_GCM,data:";
    let Some(start) = line.find(PREFIX) else { return line.to_owned() };
    let data = &line[start + PREFIX.len()..];
    let letters: String = data.chars().take_while(|c| *c != ',').take(6).collect();
    let end = data.rfind(']').map_or(data.len(), |at| at + 1);
    // A spelling may follow the token.
    let rest = data[end..]
        .trim_start_matches(|c: char| c == '~' || c.is_ascii_alphanumeric() || "+/=".contains(c));
    format!("{}ENC[{letters}…]{rest}", &line[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_cut_and_metadata_is_left_out() {
        let text = "a: 'ENC[AES256_GCM,data:abcdefgh,iv:x,tag:y,type:str]~QUJD' # c\nsops:\n    mac: x\n---\nb: 1\n";
        assert_eq!(redacted(Some(&text.as_bytes().to_vec())), "a: 'ENC[abcdef…]' # c\n---\nb: 1\n");
    }
}
