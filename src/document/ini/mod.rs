//! INI as SOPS reads it, that is as `gopkg.in/ini.v1` does: sections of `key = value` lines.
//!
//! ```text
//! d = 1                ; the section DEFAULT, always there, without a header
//! # comments go with the key or section below them
//! [section]            ; and with the one beside them
//! key   = value        # a comment from any `#` or `;` on, between quotes, too
//! other : " value "    the delimiter is `=` or `:`; blanks around both sides do not count
//! ticks = `a#b`        nothing counts between backticks or """
//! lines = one \
//!         two          a line that ends with `\` goes on; such a value has no comment
//! -     = x            the key `#1`, counted in each section
//! ```
//!
//! The tree is a mapping of mappings. Sections of one name stay apart. Refused: a key that stands twice in its section,
//! of which SOPS would lose a value; and what the library refuses, namely lines without a delimiter, empty names and
//! quotes that nothing closes.

mod lines;
mod parse;
mod write;

pub(super) use parse::parse;
pub(super) use write::{
    NO_SPELLING, comment_spelled, insertion, reads_back, removal, replacement, root_insertion,
    spelled,
};

#[cfg(test)]
mod tests;
