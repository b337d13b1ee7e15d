//! Where a line of a manifest stands, told from its indentation alone. The parser that is measured has no part in it.

/// The keys that lead to the last line: `stringData.token`, `spec.env[2].value`.
pub(super) fn route(lines: &[String]) -> String {
    let Some((last, before)) = lines.split_last() else { return String::new() };
    let mut parts = vec![key(last)];
    let mut here = Line::of(last);
    let mut index = here.is_item.then_some(0);
    for line in before.iter().rev().take_while(|line| *line != "---") {
        let above = Line::of(line);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match index {
            Some(number) if above.is_item && above.dash == here.dash => index = Some(number + 1),
            Some(number) if above.dash <= here.dash && !above.is_item || above.dash < here.dash => {
                parts.push(format!("[{number}]"));
                (index, here) = (above.is_item.then_some(0), above);
                parts.push(key(line));
            }
            None if above.is_item && above.dash < here.key => {
                // The first key of an item stands beside the others; what is further in is below it.
                if above.key < here.key {
                    parts.push(key(line));
                }
                (index, here) = (Some(0), above);
            }
            None if !above.is_item && above.key < here.key => {
                here = above;
                parts.push(key(line));
            }
            _ => {}
        }
    }
    parts.reverse();
    parts.join(".").replace(".[", "[")
}

/// The first line of the document that the last line is in, from 1.
pub(super) fn start_of_document(lines: &[String]) -> usize {
    lines.iter().rposition(|line| line == "---").map_or(1, |at| at + 2)
}

/// The line behind the last one of the document that a line is in, from 1.
pub(super) fn end_of_document(lines: &[String], line: usize) -> usize {
    let rest = &lines[line..];
    rest.iter().position(|line| line == "---").map_or(lines.len(), |at| line + at) + 1
}

/// The margin of a line.
#[derive(Clone, Copy)]
struct Line {
    /// Whether it begins an item.
    is_item: bool,
    /// Where its dash stands, or its key.
    dash: usize,
    /// Where its key stands.
    key: usize,
}

impl Line {
    /// That of a line.
    fn of(line: &str) -> Self {
        let dash = line.len() - line.trim_start().len();
        let is_item = line.trim_start().starts_with("- ");
        Line { is_item, dash, key: dash + if is_item { 2 } else { 0 } }
    }
}

/// The key of a line, whatever the kind of file.
fn key(line: &str) -> String {
    // A variable of a container in braces is named by its value, like one on two lines.
    if line.trim_start().starts_with("- {") && line.contains(" value:") {
        return "value".to_owned();
    }
    let line = line.trim_start_matches([' ', '#', '-', '{', '"', '\'']);
    let line = line.strip_prefix("export ").unwrap_or(line);
    line.split([':', '=', '"', '\'', ' ']).next().unwrap_or_default().to_owned()
}
