//! How the library reads one key and one value, byte for byte.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::document::Style;

/// What separates a key from its value.
const DELIMITERS: [char; 2] = ['=', ':'];
/// What begins a comment.
pub(super) const MARKERS: [char; 2] = ['#', ';'];
/// Quotes that span lines and in which nothing counts.
pub(super) const TRIPLE: &str = "\"\"\"";
pub(super) const TICK: &str = "`";

/// A key as it is written.
pub(super) struct Key {
    /// Its name without quotes and blanks; never empty.
    pub(super) name: Range<usize>,
    /// Its bytes, quotes included.
    pub(super) span: Range<usize>,
    /// Behind the delimiter.
    pub(super) end: usize,
}

/// A value as it is written.
pub(super) struct Written {
    /// Its bytes, quotes included; for an empty value the place where it would stand.
    pub(super) span: Range<usize>,
    /// What it means, where that is not the span.
    pub(super) decoded: Option<Zeroizing<String>>,
    pub(super) style: Style,
    /// The comment beside it, marker included.
    pub(super) comment: Option<Range<usize>>,
    /// Where the next line begins.
    pub(super) next: usize,
}

/// The line that a byte stands in from there on, its line break included.
pub(super) fn line_from(source: &str, at: usize) -> Range<usize> {
    at..source[at..].find('\n').map_or(source.len(), |length| at + length + 1)
}

/// A part of a range of the source without the blanks around it.
pub(super) fn trimmed(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let start = range.start + text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// Reads the key of a line that begins with something else than a blank.
pub(super) fn key(source: &str, line: Range<usize>) -> Result<Key, &'static str> {
    let text = &source[line.clone()];
    let quote = match text.as_bytes() {
        // Seven bytes at least, the line break among them: so the library tells the two quotes apart.
        [b'"', ..] if text.len() > 6 && text.starts_with(TRIPLE) => TRIPLE,
        [b'"', ..] => "\"",
        [b'`', ..] => TICK,
        _ => "",
    };
    let open = quote.len();
    let close = text[open..].find(quote).ok_or("a quoted key that nothing closes")? + open;
    let from = close + quote.len();
    let delimiter = text[from..].find(DELIMITERS).ok_or("no section, comment or `key = value`")?;
    let delimiter = from + delimiter;
    let name = if quote.is_empty() { 0..delimiter } else { open..close };
    let name = trimmed(source, line.start + name.start..line.start + name.end);
    if name.is_empty() {
        return Err("a key without a name");
    }
    let span = trimmed(source, line.start..line.start + delimiter);
    Ok(Key { name, span, end: line.start + delimiter + 1 })
}

/// Reads the value behind a delimiter.
pub(super) fn value(source: &str, at: usize) -> Result<Written, &'static str> {
    let line = line_from(source, at);
    let content = source[line.clone()].trim_start();
    if content.is_empty() {
        let blanks = source[line.clone()].trim_start_matches([' ', '\t']).len();
        return Ok(plain(line.end - blanks..line.end - blanks, line.end));
    }
    let start = line.end - content.len();
    // A `"""` that ends the file is no quote.
    if content.len() > TRIPLE.len() && content.starts_with(TRIPLE) {
        return quoted(source, start, line.end, TRIPLE);
    }
    if content.starts_with(TICK) {
        return quoted(source, start, line.end, TICK);
    }
    let span = trimmed(source, start..line.end);
    if source[span.clone()].ends_with('\\') {
        return Ok(continued(source, span, line.end));
    }
    let comment = source[span.clone()].find(MARKERS).map(|length| span.start + length..span.end);
    let end = comment.as_ref().map_or(span.end, |comment| comment.start);
    let mut written = plain(trimmed(source, span.start..end), line.end);
    written.comment = comment;
    let text = &source[written.span.clone()];
    for (quote, style) in [('\'', Style::SingleQuoted), ('"', Style::DoubleQuoted)] {
        // Quotes only if there are no more of them inside.
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            && !inner.contains(quote)
        {
            written.style = style;
            written.decoded = Some(Zeroizing::new(inner.to_owned()));
        }
    }
    Ok(written)
}

fn plain(span: Range<usize>, next: usize) -> Written {
    Written { span, decoded: None, style: Style::Plain, comment: None, next }
}

/// A value in backticks or `"""`: up to the last such quote of its line, else of the first line that has one. What
/// follows there is dropped by the library; here a comment stays one, and the rest goes with the value.
fn quoted(
    source: &str,
    start: usize,
    line_end: usize,
    quote: &str,
) -> Result<Written, &'static str> {
    let open = start + quote.len();
    let mut line = open..line_end;
    let close = loop {
        let found = source[line.clone()].rfind(quote).map(|length| line.start + length);
        // Below the first line a quote with a `\` at the end of its line does not count.
        let goes_on = |close: usize| {
            let rest = source[close + quote.len()..line.end].trim_end_matches(['\r', '\n']);
            line.start != open && rest.trim().ends_with('\\')
        };
        match found {
            Some(close) if !goes_on(close) => break close,
            _ if line.end == source.len() => return Err("a quoted value that nothing closes"),
            _ => line = line_from(source, line.end),
        }
    };
    let behind = close + quote.len()..line.end;
    let comment = source[behind.clone()]
        .find(MARKERS)
        .map(|length| trimmed(source, behind.start + length..behind.end));
    let end = comment.as_ref().map_or(line.end, |comment| comment.start);
    let mut written = plain(trimmed(source, start..end), line.end);
    written.decoded = Some(Zeroizing::new(source[open..close].to_owned()));
    written.comment = comment;
    Ok(written)
}

/// A value whose line ends with `\`. A blank line ends it, and is eaten.
fn continued(source: &str, first: Range<usize>, line_end: usize) -> Written {
    let mut parts = vec![&source[first.start..first.end - 1]];
    let mut span = first;
    let mut next = line_end;
    while next < source.len() {
        let line = line_from(source, next);
        next = line.end;
        let line = trimmed(source, line);
        if line.is_empty() {
            break;
        }
        let text = &source[line.clone()];
        span.end = line.end;
        match text.strip_suffix('\\') {
            Some(part) => parts.push(part),
            None => {
                parts.push(text);
                break;
            }
        }
    }
    let mut written = plain(span, next);
    written.decoded = Some(Zeroizing::new(parts.concat()));
    written
}
