//! A value on the screen, and gone again.
//!
//! It is shown on the terminal's alternate screen, a page at a time, so that no line of it scrolls: what has scrolled
//! is out of reach. Whatever ends the showing – Enter, Ctrl-C, a signal – clears the screen first.

use std::fs::File;
use std::io::Write as _;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::cli::prompt::Prompt;
use crate::cli::signals::Watch;
use crate::cli::{Context, Failure};
use crate::secret::Secret;

/// To the alternate screen, and its beginning.
const ENTER: &str = "\x1b[?1049h\x1b[H\x1b[J";

/// From the beginning to the end of the screen. Not `2J`, by which some terminals keep what was there.
const CLEAR: &str = "\x1b[H\x1b[J";

/// Clears it, and goes back.
const LEAVE: &str = "\x1b[H\x1b[J\x1b[?1049l";

/// The size that a terminal is taken to have that does not say: columns, rows.
const USUAL: (usize, usize) = (80, 24);

/// The screen with the value on it.
struct Screen {
    out: std::io::Stdout,
    /// Clears it before the program ends by a signal.
    _watch: Watch,
}

impl Screen {
    fn open() -> std::io::Result<Screen> {
        let terminal = File::open("/dev/tty")?;
        let usual = tcgetattr(&terminal)?;
        let watch = Watch::new(move || {
            let mut out = std::io::stdout();
            let _ = out.write_all(LEAVE.as_bytes()).and_then(|()| out.flush());
            // The question has switched the echo off.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &usual);
        })?;
        Ok(Screen { out: std::io::stdout(), _watch: watch })
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        written.map_err(|error| Failure::new(format!("standard output: {error}")))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that went away shows nothing.
        let _ = self.write(LEAVE);
    }
}

/// Shows a value until Enter is pressed, page by page where it is long.
pub(super) fn show(key: &str, value: &Secret, context: &mut Context) -> Result<(), Failure> {
    let Some(text) = value.expose_text() else {
        let hint = "write it to a file: `keywright secret get … > FILE`";
        return Err(Failure::new(format!("the value of `{key}` is not text")).hint(hint));
    };
    context.flush();
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    let (columns, rows) = size.map_or(USUAL, |size| (size.ws_col.into(), size.ws_row.into()));
    // The last two rows are for the question and for the cursor behind it.
    let pages = pages(text, columns, rows.saturating_sub(2).max(1));
    let prompt = context.prompt();
    let unusable = |error| Failure::new(format!("the terminal cannot be used: {error}"));
    let mut screen = Screen::open().map_err(unusable)?;
    screen.write(ENTER)?;
    for (index, page) in pages.iter().enumerate() {
        screen.write(page)?;
        ask(&prompt, index + 1 == pages.len())?;
        screen.write(CLEAR)?;
    }
    Ok(())
}

fn ask(prompt: &Prompt, last: bool) -> Result<(), Failure> {
    let question = if last { "(Enter: clear)" } else { "(Enter: more)" };
    Ok(prompt.pause(question)?)
}

/// The lines of a text, wrapped as the terminal would, in pages of so many rows; each line with its break.
fn pages(text: &str, columns: usize, rows: usize) -> Vec<Zeroizing<String>> {
    // Large enough from the beginning: what grows leaves copies behind.
    let empty = || Zeroizing::new(String::with_capacity((columns * 4 + 12) * rows));
    let mut pages = vec![empty()];
    let mut used = 0;
    for line in text.split('\n') {
        for row in wrapped(line, columns) {
            if used == rows {
                pages.push(empty());
                used = 0;
            }
            let page = pages.last_mut().expect("there is always a page");
            page.push_str(&row);
            page.push_str("\r\n");
            used += 1;
        }
    }
    pages
}

/// The rows of a line. What is not ASCII is taken for two columns wide; control characters are shown as escapes.
fn wrapped(line: &str, columns: usize) -> Vec<Zeroizing<String>> {
    let empty = || Zeroizing::new(String::with_capacity(columns * 4 + 12));
    let mut rows = vec![empty()];
    let mut used = 0;
    for character in line.chars() {
        let shown = match character {
            c if c.is_control() => Zeroizing::new(c.escape_default().to_string()),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                Zeroizing::new(character.escape_default().to_string())
            }
            c => Zeroizing::new(c.to_string()),
        };
        let width = if shown.is_ascii() { shown.len() } else { 2 };
        if used + width > columns && used > 0 {
            rows.push(empty());
            used = 0;
        }
        rows.last_mut().expect("there is always a row").push_str(&shown);
        used += width;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, columns: usize, rows: usize) -> Vec<String> {
        pages(text, columns, rows).iter().map(|page| page.replace("\r\n", "|")).collect()
    }

    #[test]
    fn a_long_value_is_wrapped_and_cut_into_pages() {
        assert_eq!(shown("s3cr3t", 80, 22), ["s3cr3t|"]);
        assert_eq!(shown("abcdef", 4, 1), ["abcd|", "ef|"]);
        assert_eq!(shown("a\nb\nc", 80, 2), ["a|b|", "c|"]);
        assert_eq!(shown("", 80, 2), ["|"]);
        assert_eq!(shown("äöü", 4, 9), ["äö|ü|"]);
    }

    #[test]
    fn a_value_does_not_drive_the_terminal() {
        assert_eq!(shown("a\x1b[2Jb\rc\u{202e}", 80, 9), ["a\\u{1b}[2Jb\\rc\\u{202e}|"]);
    }
}
