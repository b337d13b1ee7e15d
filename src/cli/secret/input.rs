//! What is read for values: standard input, files and dotenv files.
//!
//! ```text
//! --set-stdin A                    A is all of it, without the line break that ends a single line
//! --set-stdin A --set-stdin B      A is the first line, B the second one, and there is no third
//! --from-file A=- | PATH           A is all of it, byte for byte; PATH may be a named pipe
//! --from-env-file - | PATH         a key for each `KEY=value` line
//! ```
//!
//! At a terminal a hidden prompt takes the place of standard input. What is refused: lines that are too few or too many, what
//! would be shown while it is typed, and dotenv files that are encrypted or have what is no key.

use std::path::Path;

use super::keys::STDIN;
use crate::cli::failure::located;
use crate::cli::prompt::Prompt;
use crate::cli::{Context, Failure};
use crate::document::{Document, Syntax};
use crate::make::is_key;
use crate::secret::Secret;
use crate::sops::file::EncryptedFile;

/// The values of the keys that take standard input together, in their order.
pub(super) fn values(
    keys: &[&str],
    prompt: Option<&Prompt>,
    context: &mut Context,
) -> Result<Vec<Secret>, Failure> {
    match (prompt, keys) {
        (_, []) => Ok(Vec::new()),
        // Standard input is a terminal: what is typed there must not be shown.
        (Some(prompt), _) => keys.iter().map(|key| Ok(prompt.hidden(key)?)).collect(),
        (None, [_]) => Ok(vec![without_line_break(&context.read_stdin()?)]),
        (None, _) => lines(&context.read_stdin()?, keys.len()),
    }
}

/// `echo` and most programs end a line that is no part of the value. In a text of several lines, such as a
/// private key, the last break belongs to it.
fn without_line_break(bytes: &[u8]) -> Secret {
    let line = bytes.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let single = line.filter(|line| !line.contains(&b'\n'));
    Secret::new(single.unwrap_or(bytes).to_vec())
}

/// As many lines as there are keys.
fn lines(bytes: &[u8], keys: usize) -> Result<Vec<Secret>, Failure> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines: Vec<&[u8]> = match bytes {
        [] => Vec::new(),
        _ => text.split(|byte| *byte == b'\n').collect(),
    };
    if lines.len() != keys {
        let found = lines.len();
        let message = format!("{keys} keys take a line of standard input each, and it has {found}");
        return Err(Failure::new(message)
            .hint("give a line for each, in the order of the command line; take a value of several lines by `--from-file`"));
    }
    let line = |line: &&[u8]| Secret::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    Ok(lines.iter().map(line).collect())
}

/// The content of a file, or of standard input.
pub(super) fn file(path: &Path, context: &mut Context) -> Result<Secret, Failure> {
    bytes(path, "--set-stdin KEY", context).map(Secret::new)
}

/// All entries of a dotenv file, in their order.
pub(super) fn env_file(
    path: &Path,
    context: &mut Context,
) -> Result<Vec<(String, Secret)>, Failure> {
    let bytes = bytes(path, "--from-env-file PATH", context)?;
    let name = if path.as_os_str() == STDIN { Path::new("standard input") } else { path };
    let refused = |problem: &dyn std::fmt::Display| Failure::new(located(name, problem));
    let document = Document::parse_as(Syntax::Dotenv, bytes).map_err(|error| refused(&error))?;
    if !matches!(EncryptedFile::open(&document), Ok(None)) {
        return Err(refused(&"is encrypted by SOPS").hint(
            "give what `keywright decrypt FILE` prints, to standard input, by `--from-env-file -`",
        ));
    }
    let entries = document.roots().iter().flat_map(|root| document.entries(root.node));
    let entry = |(key, value)| {
        let place = |problem: &str| refused(&format!("{}: {problem}", document.position_of(key)));
        let (key, value) = (text(&document, key), text(&document, value));
        if !is_key(key) {
            return Err(place("a key has letters, digits, `-`, `_` and `.`, at most 253"));
        }
        if value.ends_with('\r') {
            return Err(place(
                "the line ends with a carriage return, which would belong to the value",
            )
            .hint("take it away with `tr -d '\\r'`"));
        }
        Ok((key.to_owned(), Secret::from(value.to_owned())))
    };
    entries.map(entry).collect()
}

fn text(document: &Document, node: crate::document::NodeId) -> &str {
    document.text(node).unwrap_or_default()
}

/// The bytes at a path; `instead` is the flag for whoever would type them in the clear.
fn bytes(path: &Path, instead: &str, context: &mut Context) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == STDIN {
        if context.interactive {
            return Err(Failure::new("standard input is a terminal, which would show the value")
                .hint(format!("take it by `{instead}`")));
        }
        return Ok(std::mem::take(&mut *context.read_stdin()?));
    }
    let found = context.directory.join(path);
    if !found.is_file() {
        // Whoever writes into a named pipe may take their time, and others should not wait for that.
        context.claim.release();
    }
    std::fs::read(found).map_err(|error| Failure::io(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_gets_its_line() {
        let given = |bytes: &[u8]| {
            let lines = lines(bytes, 2).map_err(|failure| failure.message)?;
            Ok::<_, String>(lines.iter().map(|line| line.expose().to_vec()).collect::<Vec<_>>())
        };
        for bytes in [&b"a\nb\n"[..], b"a\nb", b"a\r\nb\r\n"] {
            assert_eq!(given(bytes).unwrap(), [b"a", b"b"]);
        }
        assert_eq!(given(b"\n\n").unwrap(), [b"", b""]);
        for (bytes, count) in
            [(&b""[..], 0), (b"hunter2", 1), (b"a\nhunter2\nc", 3), (b"a\nb\n\n", 3)]
        {
            let wanted = format!("2 keys take a line of standard input each, and it has {count}");
            assert_eq!(given(bytes).unwrap_err(), wanted);
        }
    }

    #[test]
    fn a_line_loses_its_break_and_several_lines_keep_it() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"s3cr3t", b"s3cr3t"),
            (b"s3cr3t\n", b"s3cr3t"),
            (b"s3cr3t\r\n", b"s3cr3t"),
            (b"a\nb\n", b"a\nb\n"),
            (b"\n\n", b"\n\n"),
            (b"", b""),
        ];
        for (given, kept) in cases {
            assert_eq!(without_line_break(given).expose(), kept);
        }
    }
}
