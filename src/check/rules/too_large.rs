//! `too-large`: a Secret whose values together are more than 1 MiB, which the API server refuses.
//!
//! What counts are the bytes behind base64 (`MaxSecretSize` of the API server, `ValidateSecret`). A value token shows how
//! long its value is.

use super::super::finding::{Finding, Severity};
use super::super::input::Input;
use super::super::plain;
use super::{Rule, by_hand, quoted};
use crate::document::Document;
use crate::kube::objects;
use crate::kube::secret::{Entry, SecretObject};

/// Most bytes of all values of a Secret.
const MOST: usize = 1 << 20;

/// The rule.
pub(super) struct TooLarge;

impl Rule for TooLarge {
    fn id(&self) -> &'static str {
        "too-large"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/too-large.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        if input.document.source().len() <= MOST {
            return;
        }
        for secret in objects(input.document).into_iter().filter_map(SecretObject::of) {
            let entries = secret.entries();
            let length = |entry: &Entry<'_>| length(input.document, entry);
            let sum: usize = entries.iter().map(length).sum();
            let Some(longest) = entries.iter().max_by_key(|entry| length(entry)) else { continue };
            if sum <= MOST {
                continue;
            }
            let name = quoted(secret.object.name().unwrap_or_default());
            let kib = sum.div_ceil(1 << 10);
            let message = format!("the values of the Secret {name} are {kib} KiB, more than 1 MiB");
            let hint = format!("keep {} elsewhere, or split the Secret", quoted(longest.key));
            findings.push(input.finding(self, &[longest.key_node], message, by_hand(hint)));
        }
    }
}

/// The bytes that a value has in the cluster.
fn length(document: &Document, entry: &Entry<'_>) -> usize {
    let text = document.text(entry.value).unwrap_or_default().trim();
    let inside = text.strip_prefix(plain::TOKEN).and_then(|rest| rest.strip_prefix("data:"));
    let written = match inside.and_then(|rest| rest.split_once(',')) {
        Some((data, _)) => decoded(data),
        None => text.len(),
    };
    if !entry.encoded {
        return written;
    }
    match inside {
        // The padding of what is encrypted is not known.
        Some(_) => written / 4 * 3,
        None => decoded(text),
    }
}

/// The bytes behind base64; line breaks within are few.
fn decoded(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// What the rule finds in a Secret with one short value and one of so many letters.
    fn one(field: &str, value: &str) -> Vec<String> {
        found("too-large", &[("a.yaml", &secret(&format!("{field}:\n  a: YQ==\n  b: {value}\n")))])
    }

    /// So many bytes.
    fn letters(count: usize) -> String {
        "a".repeat(count)
    }

    #[test]
    fn values_beyond_a_mebibyte_are_found_at_the_longest() {
        assert_eq!(
            one("stringData", &letters(1 << 20)),
            [
                "warning a.yaml:6:3 stringData.b: the values of the Secret `s` are 1025 KiB, more than 1 MiB | keep `b` \
              elsewhere, or split the Secret"
            ]
        );
        assert_eq!(one("data", &letters((4 << 20) / 3 + 8)).len(), 1);
    }

    #[test]
    fn base64_and_tokens_count_by_what_they_stand_for() {
        let below = letters((1 << 20) + (1 << 18));
        assert_eq!(one("data", &below), [""; 0]);
        let token = |data: &str| format!("'ENC[AES256_GCM,data:{data},iv:a,tag:a,type:str]'");
        assert_eq!(one("stringData", &token(&below)), [""; 0]);
        assert_eq!(one("data", &token(&letters(3 << 19))), [""; 0]);
        assert_eq!(one("stringData", &token(&letters(3 << 19))).len(), 1);
    }
}
