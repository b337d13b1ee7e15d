//! A finding: one hit of a rule, as data. It names places and keys, never a value.
//!
//! Reports turn findings into text, JSON and the like; nothing else prints them.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::frame::Frame;
use super::rules::Rule;
use crate::document::{Document, NodeId, Position, Route};

/// How bad a finding is if it is true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Severity {
    /// Fails the check.
    Error,
    /// Is printed, but does not fail the check.
    Warning,
}

impl Severity {
    /// The word in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// How sure a rule is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Confidence {
    /// The document itself says so.
    High,
    /// Something else, such as a pattern meant for other files, could be wrong instead.
    Medium,
}

impl Confidence {
    /// The word in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
        }
    }
}

/// One hit of a rule.
pub(crate) struct Finding {
    /// Id of the rule, such as `plaintext-secret`.
    pub(crate) rule: &'static str,
    /// How bad it is; mostly what the rule says.
    pub(crate) severity: Severity,
    /// How sure it is.
    pub(crate) confidence: Confidence,
    /// The file, relative to the root of the repository.
    pub(crate) path: PathBuf,
    /// Where the first key concerned begins.
    pub(crate) position: Position,
    /// The numbers of the lines that it is about, from that one to the end of the last value.
    pub(crate) lines: Range<usize>,
    /// The address of that key's value below its document.
    pub(crate) route: Route,
    /// The keys and items concerned, all of them; at least one.
    pub(crate) places: Vec<Place>,
    /// What is wrong, with all keys concerned.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Hint,
    /// The lines concerned, values masked.
    pub(crate) frame: Frame,
}

/// A key or an item that a finding is about.
pub(crate) struct Place {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The route of its value; in a text the name that is given a value, and nothing where there is none.
    pub(crate) name: String,
}

impl Finding {
    /// A finding that points at some keys or items of a document, the first one being its location.
    pub(super) fn at(
        rule: &dyn Rule,
        (path, document): (&Path, &Document),
        labels: &[NodeId],
        confidence: Confidence,
        message: String,
        hint: Hint,
    ) -> Finding {
        let first = labels.first().copied().unwrap_or(NodeId(0));
        let position = document.position_of(first);
        let place = |label: &NodeId| Place {
            line: document.position_of(*label).line,
            name: document.route(*label).to_string(),
        };
        let labelled = if labels.is_empty() { &[first] } else { labels };
        Finding {
            rule: rule.id(),
            severity: rule.severity(),
            confidence,
            path: path.to_owned(),
            position,
            lines: position.line..last_line(document, labels).max(position.line) + 1,
            route: document.route(first),
            places: labelled.iter().map(place).collect(),
            message,
            hint,
            frame: Frame::around(document, labels),
        }
    }
}

/// The line on which the last of some keys' values, or of some items, ends.
fn last_line(document: &Document, labels: &[NodeId]) -> usize {
    let end_of = |label: &NodeId| {
        let parent = document.node(*label).parent;
        let entry =
            parent.and_then(|parent| document.entries(parent).find(|(key, _)| key == label));
        let span = &document.node(entry.map_or(*label, |(_, value)| value)).span;
        // A block ends with its line break.
        span.end.saturating_sub(1).max(span.start)
    };
    labels.iter().map(end_of).max().map_or(1, |end| document.position(end).line)
}

/// What to do about a finding. The command is told late, because its path depends on where it will be typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hint {
    /// What no command does, or what has to come before it; a phrase without a capital and a period.
    pub(crate) first: Option<String>,
    /// The command that takes the file's path as its last argument.
    pub(crate) command: Option<&'static str>,
}

impl Hint {
    /// The hint as text, for somebody whose working directory is `base`; both paths are relative to the root.
    pub(crate) fn text(&self, path: &Path, base: &Path) -> String {
        let command = self.command.map(|command| format!("{command} {}", shell_word(path, base)));
        match (&self.first, command) {
            (Some(first), Some(command)) => format!("{first}, then run `{command}`"),
            (Some(only), None) => only.clone(),
            (None, command) => command.unwrap_or_default(),
        }
    }
}

/// A path as one word of a shell command typed in `base`.
pub(crate) fn shell_word(path: &Path, base: &Path) -> String {
    let path = relative(path, base).to_string_lossy().into_owned();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-./+,:@%=".contains(c);
    // A leading dash would be taken for a flag.
    let path = if path.starts_with('-') { format!("./{path}") } else { path };
    if path.chars().all(is_safe) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// `path` as seen from `base`; both are relative to the same directory, without `.` and `..`.
fn relative(path: &Path, base: &Path) -> PathBuf {
    let (mut path, mut base) = (path.components().peekable(), base.components().peekable());
    while path.peek().is_some() && path.peek() == base.peek() {
        path.next();
        base.next();
    }
    base.map(|_| Component::ParentDir).chain(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hint of a command alone.
    const COMMAND: Hint = Hint { first: None, command: Some("do") };

    #[test]
    fn a_command_is_exact_from_where_it_is_typed() {
        let text = |path: &str, base: &str| COMMAND.text(Path::new(path), Path::new(base));
        assert_eq!(text("apps/secret.yaml", ""), "do apps/secret.yaml");
        assert_eq!(text("apps/secret.yaml", "apps"), "do secret.yaml");
        assert_eq!(text("apps/secret.yaml", "infra/dns"), "do ../../apps/secret.yaml");
    }

    #[test]
    fn a_path_is_quoted_where_a_shell_would_read_it_otherwise() {
        let text = |path: &str| COMMAND.text(Path::new(path), Path::new(""));
        assert_eq!(text("my secret.yaml"), "do 'my secret.yaml'");
        assert_eq!(text("it's.yaml"), r"do 'it'\''s.yaml'");
        assert_eq!(text("$(x).yaml"), "do '$(x).yaml'");
        assert_eq!(text("-x.yaml"), "do ./-x.yaml");
        assert_eq!(text("~x.yaml"), "do '~x.yaml'");
    }

    #[test]
    fn what_comes_first_is_said_first() {
        let first = Some("add a rule".to_owned());
        let both = Hint { first: first.clone(), command: Some("do") };
        let path = Path::new("a");
        assert_eq!(both.text(path, Path::new("")), "add a rule, then run `do a`");
        assert_eq!(Hint { first, command: None }.text(path, Path::new("")), "add a rule");
    }
}
