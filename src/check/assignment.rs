//! Names that are given values, in one line of whatever kind of text.
//!
//! ```text
//! password: hunter2            "password": "hunter2"         - {name: PASSWORD, value: hunter2}
//! PASSWORD=hunter2 run         password = "hunter2"          'password' => 'hunter2'
//! run --password=hunter2       run --password hunter2        --from-literal=password=hunter2
//! curl -H 'X-Api-Key: hunter2' https://…
//! ```
//!
//! It knows no language: what stands before a sign and looks like a name is one, and what follows is its value. Whoever
//! asks judges both. A value without quotes that has blanks in it is prose, unless a blank ends it as in a shell.

use std::ops::Range;
use std::path::Path;

use super::credential::is_named_so;

/// Files of settings, scripts and descriptions of infrastructure, by what their names end with.
const SETTINGS: &[&str] = &[
    "bash",
    "cfg",
    "conf",
    "envrc",
    "fish",
    "hcl",
    "ini",
    "json",
    "json5",
    "npmrc",
    "php",
    "properties",
    "py",
    "rb",
    "sh",
    "tf",
    "tfvars",
    "toml",
    "yaml",
    "yml",
    "zsh",
];

/// Files without an ending that are prose.
const PROSE: &[&str] = &["authors", "changelog", "codeowners", "license", "notice", "readme"];

/// Longest line that a person writes.
const LONGEST_LINE: usize = 512;

/// A name and the value that it is given.
pub(super) struct Assignment<'l> {
    /// Without quotes.
    pub(super) name: &'l str,
    /// Where the value is in the line or text, without quotes.
    pub(super) value: Range<usize>,
}

/// Whether a file holds settings or commands, written by people.
pub(super) fn is_of_settings(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    let is_settings = match name.rsplit_once('.') {
        Some((_, end)) => SETTINGS.contains(&end),
        None => !PROSE.contains(&name.as_str()),
    };
    let is_made = name.contains(".min.") || name.contains("lock.") || name.contains("-lock");
    is_settings && !name.starts_with(".env.") && !is_made
}

/// What the names of a text are given that say that it is a credential; so are the variables of containers, with `name` and
/// `value` on one line or on two.
pub(super) fn credentials(text: &str) -> Vec<Assignment<'_>> {
    let is_name = |name: &str| matches!(name, "name" | "value") || is_named_so(name);
    let (mut found, mut at, mut above) = (Vec::new(), 0, None);
    for line in text.split_inclusive('\n') {
        let (mut variable, mut here) = (above.take(), None);
        let line_of_person = if line.len() <= LONGEST_LINE { line.trim_end() } else { "" };
        for assignment in assignments(line_of_person, is_name) {
            let value = at + assignment.value.start..at + assignment.value.end;
            let name = match assignment.name {
                "name" => {
                    (variable, here) = (Some(&text[value.clone()]), Some(&text[value]));
                    continue;
                }
                "value" => variable.filter(|name| is_named_so(name)),
                name => Some(name),
            };
            found.extend(name.map(|name| Assignment { name, value }));
        }
        above = here;
        at += line.len();
    }
    found
}

/// All of a line whose names are of interest, in order. Few lines have one, so that names are asked about before
/// anything is done with a value.
fn assignments<'l>(
    line: &'l str,
    is_name: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Assignment<'l>> {
    let signs = line.match_indices(['=', ':', ' ']).map(|(at, _)| at);
    signs.filter_map(move |at| {
        let (name, is_flag) = name_before(line, at)?;
        let is_sign = line.as_bytes()[at] != b' ';
        (is_sign || is_flag).then_some(())?;
        is_name(name).then(|| assigned(line, name, at)).flatten()
    })
}

/// The name that ends before a place, and whether it is a flag: what `--` stands before.
fn name_before(line: &str, at: usize) -> Option<(&str, bool)> {
    let bytes = line.as_bytes();
    let is_blank = bytes[at] == b' ';
    // `name = value` has a blank before the sign; a quote may end the name.
    let before = if is_blank { &line[..at] } else { line[..at].trim_end_matches(' ') };
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    // Annotations have a domain, and the last word decides: `checksum/secret`.
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./".contains(byte);
    let length = before.bytes().rev().take_while(|byte| is_of_name(byte)).count();
    let (around, name) = before.split_at(before.len() - length);
    // What a shell puts in is no name here: `${PASSWORD:+set}`.
    let is_put_in = around.ends_with("${");
    let bare = name.trim_start_matches(['-', '.', '/', '_']);
    let is_begun = bare.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_begun && !is_put_in).then_some((bare, name.starts_with("--")))
}

/// What a name is given whose sign is at a place.
fn assigned<'l>(line: &'l str, name: &'l str, at: usize) -> Option<Assignment<'l>> {
    let sign = line.as_bytes()[at];
    let rest = &line[at + 1..];
    // `=>` and `:=`
    let rest = if sign == b'=' { rest.strip_prefix('>').unwrap_or(rest) } else { rest };
    let rest = if sign == b':' { rest.strip_prefix('=').unwrap_or(rest) } else { rest };
    let value = rest.trim_start_matches(' ');
    let is_spaced = value.len() < rest.len();
    let start = line.len() - value.len();
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let length = value[1..].find(quote)?;
        return Some(Assignment { name, value: start + 1..start + 1 + length });
    }
    let ends = |c: char| matches!(c, '"' | '\'' | ',' | '}' | '`');
    let length = match sign {
        b'=' if !is_spaced => value.find(|c: char| ends(c) || c.is_whitespace() || c == ';'),
        b' ' => value.find(|c: char| ends(c) || c.is_whitespace()),
        _ => value.find(ends),
    };
    let value = &value[..length.unwrap_or(value.len())];
    let value = value.split(" #").next().unwrap_or_default().trim_end();
    let is_prose = value.contains(char::is_whitespace);
    (!value.is_empty() && !is_prose).then(|| Assignment { name, value: start..start + value.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The assignments of a line to names that end in `password`.
    fn found(line: &str) -> Vec<&str> {
        let is_name = |name: &str| name.to_ascii_lowercase().ends_with("password");
        assignments(line, is_name).map(|found| &line[found.value]).collect()
    }

    #[test]
    fn every_spelling_is_read() {
        for line in [
            "  password: hunter2",
            "- password: hunter2 # note",
            "# password: 'hunter2'",
            "\"password\": \"hunter2\",",
            "PASSWORD=hunter2",
            "export DB_PASSWORD=\"hunter2\"",
            "PASSWORD=hunter2 run --now",
            "password = hunter2",
            "db.password=hunter2",
            "password = \"hunter2\" # note",
            "  'password' => 'hunter2',",
            "password := \"hunter2\"",
            "run --password=hunter2 -e 'x'",
            "run --password hunter2 -e 'x'",
            "run --password 'hunter2'",
            "run --from-literal=password=hunter2",
            "run '--from-literal=password=hunter2'",
            "curl -H 'X-Password: hunter2' https://a",
            "10.0.0.1 user=a password=hunter2 port=1",
            "x = {\"a\": 1, \"PASSWORD\": \"hunter2\"}",
            "{user: a, password: hunter2, x: y}",
        ] {
            assert_eq!(found(line), ["hunter2"], "{line}");
        }
    }

    #[test]
    fn prose_and_empty_values_are_none() {
        for line in [
            "password: ask in the channel",
            "the password is hunter2",
            "password",
            "password:",
            "password=",
            "password = a b c",
            "a password hunter2",
            "password: 'open",
            "${password:+hunter2}",
            "",
            "=",
            " : ",
        ] {
            assert_eq!(found(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn several_on_a_line_are_read_in_order() {
        assert_eq!(found("a.password=x1 b.password='x 2' é password: x3"), ["x1", "x 2", "x3"]);
    }
}
