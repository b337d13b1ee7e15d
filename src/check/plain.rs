//! What counts as plain text, and what only looks like it.
//!
//! ```text
//! hunter2                        plain
//! ENC[AES256_GCM,data:…]         a value token: encrypted, or at least not readable
//! (empty, blanks, null)          nothing to protect
//! ${PASSWORD}  ${A}:${B}         substituted by Flux; ${A:=hunter2} is plain, its default is a value
//! op://vault/item/field          resolved by 1Password (https://developer.1password.com/docs/cli/secret-reference-syntax)
//! ref+vault://path#/key          resolved by vals (https://github.com/helmfile/vals)
//! {{ .Values.password }}         filled in by a template engine
//! ```
//!
//! In base64 (`data` of a Secret) the decoded text is judged. It does not know rules or Secrets, and it never
//! hands a value on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::document::{Document, Kind, NodeId, Value};

/// How a value token begins; a file without one is not encrypted.
pub(super) const TOKEN: &str = "ENC[AES256_GCM,";

/// Whether a value holds plain text, in itself or, if it is a collection, anywhere in it. `encoded` says that it
/// is base64; what does not decode is judged as it is.
pub(super) fn is_plain(document: &Document, value: NodeId, encoded: bool) -> bool {
    let value = document.target(value);
    match document.node(value).kind {
        Kind::Scalar(_) => match document.value(value) {
            Some(Ok(Value::Null)) => false,
            _ => document.text(value).is_some_and(|text| is_plain_text(text, encoded)),
        },
        Kind::Mapping(_) => document.entries(value).any(|(_, value)| holds_plain(document, value)),
        Kind::Sequence(_) => document.items(value).any(|item| holds_plain(document, item)),
        Kind::Alias(_) => false,
    }
}

/// As [`is_plain`] within a collection. Aliases in there are not followed: what they stand for is written once,
/// and a document could multiply by them.
fn holds_plain(document: &Document, value: NodeId) -> bool {
    !matches!(document.node(value).kind, Kind::Alias(_)) && is_plain(document, value, false)
}

/// Whether a text is a secret's own text, rather than a token, a reference or nothing.
pub(super) fn is_plain_text(text: &str, encoded: bool) -> bool {
    let stands_for_itself =
        |text: &str| !text.trim().is_empty() && !is_token(text) && !is_reference(text);
    if !encoded {
        return stands_for_itself(text);
    }
    // Line breaks are allowed in the middle of base64, as block scalars have them.
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let decoded = STANDARD.decode(&*digits).map(Zeroizing::new);
    stands_for_itself(text)
        && decoded.map_or(true, |bytes| std::str::from_utf8(&bytes).map_or(true, stands_for_itself))
}

/// Whether a text is a value token, whole or damaged, alone or with the spelling that may follow it behind `~`.
/// Who could read it is another question.
pub(super) fn is_token(text: &str) -> bool {
    let text = text.trim();
    let behind = text.rfind(']').map_or("", |end| &text[end + 1..]);
    text.starts_with(TOKEN)
        && !text.contains(char::is_whitespace)
        && (behind.is_empty() || behind.starts_with('~'))
}

/// Whether a text only says where the value comes from.
fn is_reference(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("op://")
        || text.strip_prefix("ref+").is_some_and(|rest| rest.contains("://"))
        || text.starts_with("{{") && text.ends_with("}}")
        || is_substituted(text)
}

/// Whether a text consists of `${…}` without default values; signs between them, such as `:`, and the scheme of a URL hide
/// nothing.
fn is_substituted(text: &str) -> bool {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'+');
    let url = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let mut rest = url.map_or(text, |(_, rest)| rest);
    let mut found = false;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { return false };
        let variable = &rest[start + 2..start + length];
        if has_value(&rest[..start]) || !is_bare_variable(variable) {
            return false;
        }
        (rest, found) = (&rest[start + length + 1..], true);
    }
    found && !has_value(rest)
}

/// Whether this is `NAME`, possibly with an operator that adds no text: `NAME:=`, `NAME^^`.
fn is_bare_variable(text: &str) -> bool {
    let name = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    name > 0 && !has_value(&text[name..])
}

/// Whether there is anything that could be part of a secret rather than a separator.
fn has_value(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judges the value of `k` in a document.
    fn judge(value: &str, encoded: bool) -> bool {
        let document = Document::parse(format!("k: {value}\n").into_bytes()).unwrap();
        let value = document.lookup(document.roots()[0].node, "k").unwrap();
        is_plain(&document, value, encoded)
    }

    #[test]
    fn values_of_any_style_and_type_are_plain() {
        for value in [
            "hunter2",
            "'hunter2'",
            "\"hunter2\"",
            "|\n  hunter2",
            ">-\n  hunter\n  2",
            "0",
            "false",
            "2031-01-02",
            "changeme",
            "ENC[hunter2]",
            "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]hunter2",
            "ENC[AES256_GCM,data:a hunter2",
            "postgres://app:${PASSWORD}@db",
            "$PASSWORD",
            "${PASSWORD:=hunter2}",
            "${}",
            "${PASSWORD",
            "ref+hunter2",
            "{a: {b: [hunter2]}}",
        ] {
            assert!(judge(value, false), "{value}");
        }
    }

    #[test]
    fn references_tokens_and_empty_values_are_not_plain() {
        for value in [
            "",
            "''",
            "'  '",
            "null",
            "~",
            "{}",
            "[]",
            "{a: '', b: [null]}",
            "${PASSWORD}",
            "'${USER}:${PASSWORD}'",
            "'postgres://${USER}:${PASSWORD}@${HOST}'",
            "'${PASSWORD:=}'",
            "'${PASSWORD^^}'",
            "op://vault/item/field",
            "ref+vault://secret/app#/password",
            "'{{ .Values.password | b64enc }}'",
            "{{ .Values.password }}",
            "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]",
            "|-\n  ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]",
            "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]~QUJD",
            "ENC[AES256_GCM,data:a,iv",
        ] {
            assert!(!judge(value, false), "{value}");
        }
    }

    #[test]
    fn base64_is_judged_by_what_it_stands_for() {
        for value in ["aHVudGVyMg==", "|\n  aHVu\n  dGVyMg==", "/w==", "not base64"] {
            assert!(judge(value, true), "{value}");
        }
        // blanks, `${VAR}`, `op://a/b/c`
        for value in ["''", "Cg==", "JHtWQVJ9", "b3A6Ly9hL2IvYw==", "${VAR}"] {
            assert!(!judge(value, true), "{value}");
        }
    }

    #[test]
    fn an_alias_is_judged_by_its_target() {
        let text = b"a: &a hunter2\nk: *a\nl: [*a]\n".to_vec();
        let document = Document::parse(text).unwrap();
        let root = document.roots()[0].node;
        assert!(is_plain(&document, document.lookup(root, "k").unwrap(), false));
        assert!(!is_plain(&document, document.lookup(root, "l").unwrap(), false));
    }
}
