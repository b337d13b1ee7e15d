//! New content as INI, and the lines that an edit takes.

use std::ops::Range;

use zeroize::Zeroizing;

use super::lines::{self, MARKERS, TICK, TRIPLE, line_from};
use crate::document::edit::EditError;
use crate::document::syntax::Piece;
use crate::document::{Document, Fragment, Kind, NodeId, Style};

/// Why a text cannot be a value.
pub(in crate::document) const NO_SPELLING: &str = "INI has no quotes that hold this text";
const NO_KEY: &str = "INI has no quotes that hold this key";
const NO_SECTION: &str = "an INI section has a name of one line";
/// The library counts from such a key on instead of taking its name.
const COUNTED: &str = "-";

/// A text in `style` if that is quotes and can hold it, else as the library would write it; where it could not read
/// that back, in other quotes.
pub(in crate::document) fn spelled(text: &str, style: Style) -> (Style, Zeroizing<String>) {
    let favourite = match text {
        _ if text.contains(['\n', '`']) => TRIPLE,
        _ if text.contains(MARKERS) => TICK,
        _ if text.trim() != text => "\"",
        _ => "",
    };
    let own = match style {
        Style::SingleQuoted => "'",
        Style::DoubleQuoted => "\"",
        _ => favourite,
    };
    let spelling = |quote: &str| Zeroizing::new(format!("{quote}{text}{quote}"));
    let quotes = [own, favourite, "", "\"", TICK, TRIPLE, "'"];
    let quote = quotes.into_iter().find(|quote| reads_back_before("\n", &spelling(quote), text));
    // What nothing can hold is refused when it is to be written.
    let quote = quote.unwrap_or_default();
    let style = match quote {
        "'" => Style::SingleQuoted,
        "\"" => Style::DoubleQuoted,
        _ => Style::Plain,
    };
    (style, spelling(quote))
}

/// Whether a spelling, alone behind a delimiter, is read as this text: in the middle of a file, or at the end of one
/// without a final line break.
pub(in crate::document) fn reads_back(spelling: &str, text: &str) -> bool {
    ["\n", ""].into_iter().any(|end| reads_back_before(end, spelling, text))
}

fn reads_back_before(end: &str, spelling: &str, text: &str) -> bool {
    let line = Zeroizing::new(format!("{spelling}{end}"));
    lines::value(&line, 0).is_ok_and(|value| {
        let read = value.decoded.as_ref().map_or(&line[value.span.clone()], |text| text.as_str());
        value.comment.is_none()
            && read == text
            && value.next == line.len()
            && value.span.end == spelling.len()
    })
}

/// A text in the form that a comment can have: every line but the first has its own marker. `None` for several lines
/// beside something.
pub(in crate::document) fn comment_spelled(
    document: &Document,
    index: usize,
    text: &str,
) -> Option<Zeroizing<String>> {
    let comment = &document.comments[index];
    let marker = document.source[comment.span.clone()].chars().next()?;
    let mut lines = text.trim_end().split('\n');
    let mut fitting = Zeroizing::new(String::with_capacity(text.len() * 3));
    fitting.push_str(lines.next()?.trim_start_matches([marker, ' ']));
    for line in lines.map(str::trim_start).filter(|line| !line.is_empty()) {
        fitting.push_str(if line.starts_with(MARKERS) { "\n" } else { "\n; " });
        fitting.push_str(line);
    }
    (!comment.inline || !fitting.contains('\n')).then_some(fitting)
}

/// A section behind another one, or an entry in a section.
pub(in crate::document) fn insertion(
    document: &Document,
    mapping: NodeId,
    after: Option<NodeId>,
    fragment: &Fragment,
) -> Result<Piece, EditError> {
    let line_break = document.line_break();
    if document.node(mapping).parent.is_none() {
        // In front of DEFAULT there is nothing.
        let after = after.ok_or_else(|| wrong(document, mapping, "section"))?;
        return sections(document, document.next_line(after), fragment);
    }
    let lines = entries(document, mapping, fragment)?;
    Ok(match after {
        Some(after) => {
            let at = document.line_end(document.node(after).span.end);
            (at..at, Zeroizing::new(format!("{line_break}{}", lines.as_str())))
        }
        None => {
            let at = document.section_start(mapping);
            (at..at, Zeroizing::new(format!("{}{line_break}", lines.as_str())))
        }
    })
}

/// A section behind everything else.
pub(in crate::document) fn root_insertion(
    document: &Document,
    fragment: &Fragment,
) -> Result<Piece, EditError> {
    sections(document, document.source.len(), fragment)
}

/// A value in the place of another, or the first entries of a section.
pub(in crate::document) fn replacement(
    document: &Document,
    id: NodeId,
    fragment: &Fragment,
) -> Result<Piece, EditError> {
    let node = document.node(id);
    let Kind::Scalar(style) = node.kind else {
        if document.has_children(id) {
            return Err(wrong(document, id, "text"));
        }
        let lines = entries(document, id, fragment)?;
        let at = node.span.start;
        let line_break = document.line_break();
        let text = if document.is_bare() && at == document.source.len() {
            format!("{line_break}{}", lines.as_str())
        } else {
            format!("{}{line_break}", lines.as_str())
        };
        return Ok((at..at, Zeroizing::new(text)));
    };
    let text = fragment.as_text().ok_or_else(|| wrong(document, id, "text"))?;
    Ok((node.span.clone(), spelled_at(document, id, text, style)?))
}

/// The lines of an entry, or of a section with its header and the blank line before it.
pub(in crate::document) fn removal(
    document: &Document,
    first: NodeId,
    value: NodeId,
) -> Range<usize> {
    let key = document.node(first).span.start;
    let mut start = key;
    if matches!(document.node(value).kind, Kind::Mapping(_)) {
        let before = &document.source[..document.line_start(key)];
        let blank = ["\n\r\n", "\n\n"].into_iter().find(|blank| before.ends_with(blank));
        start = match blank {
            Some(blank) => before.len() + 1 - blank.len(),
            None if matches!(before, "\n" | "\r\n") => 0,
            None => key,
        };
    }
    let end = document.last_of(value);
    document.flat_lines(start, end.max(key))
}

/// Places.
impl Document {
    /// Where a value ends, or the last value of a section; in an empty section its header.
    fn last_of(&self, value: NodeId) -> usize {
        let node = self.node(value);
        match node.kind {
            Kind::Mapping(_) if !self.has_children(value) => {
                self.node(NodeId(value.0 - 1)).span.end
            }
            _ => node.span.end,
        }
    }

    /// Where the line behind an entry or a section begins.
    fn next_line(&self, value: NodeId) -> usize {
        line_from(&self.source, self.last_of(value)).end
    }

    /// Where the first entry of a section goes: behind its header.
    fn section_start(&self, section: NodeId) -> usize {
        let header = &self.node(NodeId(section.0 - 1)).span;
        if header.is_empty() { header.end } else { line_from(&self.source, header.end).end }
    }
}

/// Sections at the start of a line or at the end of the file, each behind a blank line.
fn sections(document: &Document, at: usize, fragment: &Fragment) -> Result<Piece, EditError> {
    let root = document.roots[0].node;
    let Fragment::Mapping(sections) = fragment else {
        return Err(wrong(document, root, "mapping"));
    };
    let line_break = document.line_break();
    let mut lines: Vec<Zeroizing<String>> = Vec::new();
    for (name, content) in sections {
        if name.is_empty() || name.contains('\n') {
            return Err(unspellable(document, root, NO_SECTION));
        }
        if at > 0 || !lines.is_empty() {
            lines.push(Zeroizing::default());
        }
        if let Fragment::Copied { source, .. } = content {
            lines.push(Zeroizing::new(format!("[{name}]{source}")));
            continue;
        }
        lines.push(Zeroizing::new(format!("[{name}]")));
        if !matches!(content, Fragment::Mapping(entries) if entries.is_empty()) {
            lines.push(entries(document, root, content)?);
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    let text = Zeroizing::new(lines.join(line_break));
    let text = if document.is_bare() && at == document.source.len() {
        format!("{line_break}{}", text.as_str())
    } else {
        format!("{}{line_break}", text.as_str())
    };
    Ok((at..at, Zeroizing::new(text)))
}

/// `key = value` lines without the last line break, aligned as their neighbours in `section` are, or as SOPS does in a
/// new section.
fn entries(
    document: &Document,
    section: NodeId,
    fragment: &Fragment,
) -> Result<Zeroizing<String>, EditError> {
    let Fragment::Mapping(entries) = fragment else {
        return Err(wrong(document, section, "mapping"));
    };
    let mut lines = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = spelled_key(key).ok_or_else(|| unspellable(document, section, NO_KEY))?;
        let value = value.as_text().ok_or_else(|| wrong(document, section, "text"))?;
        lines.push((key, spelled_at(document, section, value, Style::Plain)?));
    }
    let (width, delimiter) = document.alignment(section).unwrap_or_else(|| {
        let longest = lines.iter().map(|(key, _)| key.chars().count()).max();
        (longest.unwrap_or(0), " = ".to_owned())
    });
    let lines: Vec<Zeroizing<String>> = lines
        .iter()
        .map(|(key, value)| Zeroizing::new(format!("{key:width$}{delimiter}{}", value.as_str())))
        .collect();
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    Ok(Zeroizing::new(lines.join(document.line_break())))
}

/// How the entries of a section are written.
impl Document {
    /// To how many columns its keys are filled up, and what then separates them from the values; `None` without
    /// entries.
    fn alignment(&self, section: NodeId) -> Option<(usize, String)> {
        // New sections are written under the root, whose entries say nothing.
        self.node(section).parent?;
        let gap = |(key, value): (NodeId, NodeId)| {
            let gap = self.node(key).span.end..self.node(value).span.start;
            &self.source[gap]
        };
        let keys =
            |entry: (NodeId, NodeId)| self.source[self.node(entry.0).span.clone()].chars().count();
        let before = |gap: &str| gap.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
        let last = self.entries(section).last()?;
        let delimiter = gap(last).trim_matches([' ', '\t']);
        // Something between a quoted key and its delimiter: no model for others.
        if !matches!(delimiter, "=" | ":") {
            return Some((0, " = ".to_owned()));
        }
        let column = keys(last) + before(gap(last));
        let aligned = self.entries(section).all(|entry| keys(entry) + before(gap(entry)) == column);
        let several = self.entries(section).nth(1).is_some();
        let width = if aligned && several && before(gap(last)) > 0 { column - 1 } else { 0 };
        let blanks = if width > 0 { " " } else { &gap(last)[..before(gap(last)).min(1)] };
        let behind = gap(last).trim_start_matches([' ', '\t']);
        Some((width, format!("{blanks}{behind}")))
    }
}

/// A key in the quotes that it needs; `None` if none hold it.
fn spelled_key(name: &str) -> Option<String> {
    let spellings = ["", "`", "\"", "\"\"\""].map(|quote| format!("{quote}{name}{quote}"));
    spellings.into_iter().find(|spelling| {
        let line = format!("{spelling}=");
        let other =
            spelling.starts_with(['[', '#', ';']) || spelling.starts_with(char::is_whitespace);
        !other
            && name != COUNTED
            && !line.contains('\n')
            && lines::key(&line, 0..line.len())
                .is_ok_and(|key| line[key.name] == *name && key.end == line.len())
    })
}

fn spelled_at(
    document: &Document,
    place: NodeId,
    text: &str,
    style: Style,
) -> Result<Zeroizing<String>, EditError> {
    let (_, spelling) = spelled(text, style);
    let fits = reads_back(&spelling, text);
    fits.then_some(spelling).ok_or_else(|| unspellable(document, place, NO_SPELLING))
}

fn wrong(document: &Document, place: NodeId, expected: &'static str) -> EditError {
    EditError::WrongKind { position: document.position_of(place), expected }
}

fn unspellable(document: &Document, place: NodeId, reason: &'static str) -> EditError {
    EditError::Unspellable { position: document.position_of(place), reason }
}
