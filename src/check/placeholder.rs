//! What stands for a secret and is none: examples, templates, and words that ask for a value.
//!
//! ```text
//! AKIAIOSFODNN7EXAMPLE   changeme   <password>   ${PASSWORD}   xxxxxxxx   1234567890
//! ```
//!
//! Asked by rules that look at any text, where such things are frequent. What a Secret holds is a value, whatever it says.

/// What marks a placeholder wherever it stands, in lower case.
const MARKS: &[&str] = &[
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "redacted",
    "dummy",
    "xxxx",
    "your-",
    "your_",
    "yourpass",
    "yourtoken",
    "insert-",
    "insert_",
    "replace",
    "todo",
    "fixme",
    "****",
    "...",
    "…",
    "deadbeef",
];

/// What comes from elsewhere or is put in by a program.
const TEMPLATES: &[&str] = &["${", "$(", "{{", "}}", "<", ">", "%s", "%v", "%d", "%q", "{%"];

/// Characters that follow each other in a placeholder that was typed along the keyboard or the alphabet; in a
/// secret of 40 characters that happens once in 10^10.
const LONGEST_RUN: usize = 8;

/// Fewest different characters of a secret that was drawn, if it is long.
const FEWEST_DIFFERENT: usize = 6;

/// Whether a text only stands for a secret.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    is_template(text)
        || MARKS.iter().any(|mark| lower.contains(mark))
        || longest_run(lower.as_bytes()) >= LONGEST_RUN
        || lower.len() >= 2 * FEWEST_DIFFERENT && different(lower.as_bytes()) < FEWEST_DIFFERENT
}

/// Whether a text is filled in by a template engine, a shell or a program.
pub(super) fn is_template(text: &str) -> bool {
    TEMPLATES.iter().any(|mark| text.contains(mark))
}

/// Length of the longest part in which each character is the one before, or its successor.
fn longest_run(text: &[u8]) -> usize {
    let follows = |a: u8, b: u8| b == a || b == a.wrapping_add(1) || (a, b) == (b'9', b'0');
    let runs = text.chunk_by(|a, b| follows(*a, *b));
    runs.map(<[u8]>::len).max().unwrap_or_default()
}

/// Number of different bytes.
fn different(text: &[u8]) -> usize {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_value_is_a_placeholder() {
        for text in [
            "IOSFODNN7EXAMPLE",
            "changeme",
            "<your token>",
            "${TOKEN}",
            "{{ .token }}",
            "abcXXXXXXXXdef",
            "1234567890",
            "abcdefghijkl",
            "0000000000000000",
            "abababababababab",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_was_drawn_or_chosen_is_none() {
        for text in ["q7Gm2xVt9LpR4sKd", "hunter2", "", "a", "12345", "correct horse"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
