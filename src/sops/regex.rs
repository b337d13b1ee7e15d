//! Go's regular expressions: what `path_regex`, `encrypted_regex` and their like mean to SOPS.
//!
//! SOPS compiles them with Go's `regexp` (RE2 syntax). The `regex` crate is its sibling, with the same guarantee of
//! linear time, but a handful of constructs differ in meaning or exist on one side only; taken over unseen they
//! would select other values than SOPS does. So a pattern is translated token by token:
//!
//! ```text
//! \d \w \s \b       ASCII only                        [0-9] … (?-u:\b)
//! \Q…\E             quoted text                       escaped
//! [a&&b] [[x]       no set operations, no nesting     escaped
//! a{  {x}  a{,2}    literal where no repetition       escaped
//! a** a{2}{3} (?x)  refused                           refused
//! \012 \<           octal, literal `<`                escaped
//! ```
//!
//! A pattern Go would refuse is an error here. SOPS ignores that error and lets the pattern match nothing – with
//! `encrypted_regex` every value stays plain – which is the one behaviour not to copy.
//!
//! What this module does not do: captures, and finding where a match is; only whether there is one.

mod escape;
mod translate;

use std::cell::RefCell;
use std::sync::Arc;

use regex::Regex;

use self::translate::{Fault, translate};

/// Why a pattern was refused. Patterns are configuration, not secrets, so the text is part of the error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegexError {
    /// Not in Go's syntax.
    #[error("invalid regex `{pattern}`: {reason} at byte {position}")]
    Syntax {
        /// The whole pattern.
        pattern: String,
        /// What is wrong, in a few words.
        reason: &'static str,
        /// Zero-based byte offset into the pattern at which it is wrong.
        position: usize,
    },
    /// The syntax is fine, but the program would be too big or the groups too deep for the `regex` crate.
    #[error("regex `{pattern}` is too large")]
    TooLarge {
        /// The whole pattern.
        pattern: String,
    },
}

/// A compiled pattern in Go's syntax.
#[derive(Debug, Clone)]
pub struct GoRegex {
    /// The text as it was given.
    pattern: String,
    /// Its translation.
    compiled: Arc<Regex>,
}

thread_local! {
    /// The last pattern that was compiled. That takes longer than all the rest of reading a file, and the files of a
    /// repository mostly have the same one.
    static LAST: RefCell<Option<GoRegex>> = const { RefCell::new(None) };
}

impl GoRegex {
    /// Compiles `pattern`; fails where Go would, and where the pattern is too large for us.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let is_same = |last: &&GoRegex| last.pattern == pattern;
        let last = LAST.with_borrow(|last| last.as_ref().filter(is_same).cloned());
        if let Some(last) = last {
            return Ok(last);
        }
        let compiled = GoRegex::compiled(pattern)?;
        LAST.set(Some(compiled.clone()));
        Ok(compiled)
    }

    /// As [`GoRegex::new`], whatever the last pattern was.
    fn compiled(pattern: &str) -> Result<Self, RegexError> {
        let translated = translate(pattern).map_err(|Fault { reason, position }| {
            RegexError::Syntax { pattern: pattern.to_owned(), reason, position }
        })?;
        match Regex::new(&translated) {
            Ok(compiled) => {
                Ok(GoRegex { pattern: pattern.to_owned(), compiled: Arc::new(compiled) })
            }
            Err(_) => Err(RegexError::TooLarge { pattern: pattern.to_owned() }),
        }
    }

    /// Whether the pattern matches somewhere in `text`; it is not anchored.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }

    /// The pattern as it was given, for the metadata block.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

#[cfg(test)]
mod tests;
