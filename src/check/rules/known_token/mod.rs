//! `known-token`: a token whose text says which provider it opens.
//!
//! Found in any text, comments included. The table of formats is `formats.txt`; reading and matching it is
//! [`format`], and what can be told offline is [`checksum`]. A token whose checksum is wrong is none: nothing is
//! found. Examples and placeholders are passed over.
//!
//! Not found: tokens without a prefix of their own (those of Datadog, for one), and tokens in base64.

mod checksum;
mod format;

use super::super::finding::{Confidence, Finding};
use super::super::placeholder::is_placeholder;
use super::super::text::Text;
use super::{Rule, by_hand, quoted};

/// The rule.
pub(super) struct KnownToken;

impl Rule for KnownToken {
    fn id(&self) -> &'static str {
        "known-token"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../../docs/rules/known-token.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        for candidate in format::candidates(text.text.as_bytes()) {
            let (format, span) = (candidate.format, candidate.span);
            let Some(token) = text.text.get(span.clone()) else { continue };
            let rest = candidate.rest - span.start;
            if !format.check.holds(token, rest)
                || is_placeholder(&token[rest..])
                || text.is_in_value_token(span.start)
            {
                continue;
            }
            let (confidence, checked) = match format.check.is_checksum() {
                true => (Confidence::High, ", and its checksum is right"),
                false => (Confidence::Medium, ""),
            };
            let message = format!("{} in plain text ({}){checked}", format.name, quoted(format.id));
            let what = "revoke it where it was made, and keep the new one in an encrypted Secret";
            let hint = by_hand(what);
            findings.push(text.finding(self, span, confidence, message, hint));
        }
    }
}

#[cfg(test)]
mod tests;
