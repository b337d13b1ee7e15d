//! `private-key`: a private key in plain text, in any text.
//!
//! ```text
//! AGE-SECRET-KEY-1…                      age, its checksum verified; also AGE-SECRET-KEY-PQ-1…
//! -----BEGIN … PRIVATE KEY-----          PEM (RFC 7468), OpenSSH, PGP
//! PuTTY-User-Key-File-3: …               PuTTY
//! LS0tLS1CRUdJTi…                        PEM in base64, as in a kubeconfig
//! {"kty": "EC", …, "d": "…"}             JSON Web Key (RFC 7517)
//! ```
//!
//! A key that is protected with a passphrase is a warning: it is as safe as its passphrase. A header without a key behind
//! it, as documentation has them, is none.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::super::finding::{Confidence, Finding, Severity};
use super::super::placeholder::is_placeholder;
use super::super::text::Text;
use super::{Rule, by_hand};
use crate::keys;

/// How age identities begin.
const AGE: &str = "AGE-SECRET-KEY-";

/// How PEM headers begin.
const PEM: &str = "-----BEGIN ";

/// How PuTTY files begin.
const PUTTY: &str = "PuTTY-User-Key-File-";

/// How [`PEM`] with a label behind it begins in base64.
const PEM_IN_BASE64: &str = "LS0tLS1CRUdJTiB";

/// What each JSON Web Key has.
const JWK: &str = "\"kty\"";

/// Fewest characters of base64 in a key: those of an Ed25519 key in PKCS 8, which are 64, without padding.
const FEWEST_DIGITS: usize = 60;

/// The same for PuTTY, which keeps nothing but the 32 bytes and their length.
const FEWEST_DIGITS_OF_PUTTY: usize = 48;

/// Fewest characters of the private number of a JSON Web Key: that of 256 bits has 43.
const FEWEST_DIGITS_OF_JWK: usize = 40;

/// Fewest different characters in the middle half of a key, of at least 30; drawn ones have 20 and more.
const FEWEST_DIFFERENT: usize = 8;

/// Most bytes of a key; one of 16,384 bits has 13 KiB.
const LONGEST: usize = 32 << 10;

/// How a file of OpenSSH begins whose cipher is `none`, in base64: `openssh-key-v1`, a zero, 4, `none`.
const OPENSSH_PLAIN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbm";

/// The rule.
pub(super) struct PrivateKey;

/// A key in a text.
struct Key {
    /// Where it begins.
    span: Range<usize>,
    /// What it is, with an article.
    what: String,
    /// Whether a passphrase protects it.
    is_protected: bool,
}

/// Reads the key that a text begins with.
type Reader = fn(&str) -> Option<Key>;

impl Rule for PrivateKey {
    fn id(&self) -> &'static str {
        "private-key"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/private-key.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        let readers: [(&str, Reader); 4] =
            [(AGE, age), (PEM, pem), (PUTTY, putty), (PEM_IN_BASE64, pem_in_base64)];
        for (mark, read) in readers {
            let mut told = 0;
            for (at, _) in text.text.match_indices(mark) {
                let read = |from| read(within(&text.text[from..]));
                let Some(key) = (at >= told).then_some(at).and_then(read) else { continue };
                let span = at + key.span.start..at + key.span.end;
                told = span.end;
                findings.push(self.finding(text, span, &key));
            }
        }
        for (at, _) in text.text.match_indices(JWK) {
            if let Some(key) = jwk(text.text, at) {
                findings.push(self.finding(text, key.span.clone(), &key));
            }
        }
    }
}

impl PrivateKey {
    /// About one key.
    fn finding(&self, text: &Text<'_>, span: Range<usize>, key: &Key) -> Finding {
        let (confidence, protected) = match key.is_protected {
            true => (Confidence::Medium, ", protected with a passphrase"),
            false => (Confidence::High, " in plain text"),
        };
        let message = format!("{}{protected}", key.what);
        let what = "keep it out of the repository, or in an encrypted Secret, and make a new one if it was pushed";
        let hint = by_hand(what);
        let found = text.finding(self, span, confidence, message, hint);
        match key.is_protected {
            true => Finding { severity: Severity::Warning, ..found },
            false => found,
        }
    }
}

/// The first bytes of a text, as many as a key may have.
fn within(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// An age identity.
fn age(text: &str) -> Option<Key> {
    let is_of_key = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    let text = &text[..text.find(|c| !is_of_key(c)).unwrap_or(text.len())];
    let key =
        || Key { span: 0..text.len(), what: "an age identity".to_owned(), is_protected: false };
    keys::is_identity(text).then(key)
}

/// A key in PEM, an OpenSSH key, or a block of PGP.
fn pem(text: &str) -> Option<Key> {
    let (label, rest) = text[PEM.len()..].split_once("-----")?;
    let kind =
        label.strip_suffix("PRIVATE KEY").or_else(|| label.strip_suffix("PRIVATE KEY BLOCK"))?;
    let is_label = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    let body = &rest[..rest.find("-----END ")?];
    let digits = digits(body, FEWEST_DIGITS)?;
    let is_protected = kind == "ENCRYPTED "
        || body.contains("Proc-Type: 4,ENCRYPTED")
        || kind == "OPENSSH " && !digits.starts_with(OPENSSH_PLAIN);
    let what = match kind {
        "OPENSSH " => "a private key of OpenSSH",
        "PGP " => "a private key of PGP",
        _ => "a private key in PEM",
    };
    let span = 0..PEM.len() + label.len() + 5;
    kind.chars().all(is_label).then(|| Key { span, what: what.to_owned(), is_protected })
}

/// A key of PuTTY.
fn putty(text: &str) -> Option<Key> {
    let field = |name: &str| {
        let (_, rest) = text.split_once(name)?;
        rest.split_once('\n')
    };
    let (encryption, _) = field("Encryption: ")?;
    let (_, body) = field("Private-Lines: ")?;
    digits(body.split_once("Private-MAC")?.0, FEWEST_DIGITS_OF_PUTTY)?;
    let is_protected = encryption.trim() != "none";
    Some(Key { span: 0..PUTTY.len(), what: "a private key of PuTTY".to_owned(), is_protected })
}

/// A key in PEM that is in base64 once more, alone or behind certificates.
fn pem_in_base64(text: &str) -> Option<Key> {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/".contains(c);
    let encoded = &text[..text.find(|c| !is_digit(c)).unwrap_or(text.len())];
    // What is left of four digits says less than a byte, or belongs to a text that goes on elsewhere.
    let decoded = Zeroizing::new(STANDARD.decode(&encoded[..encoded.len() / 4 * 4]).ok()?);
    let decoded = Zeroizing::new(String::from_utf8_lossy(&decoded).into_owned());
    let key = decoded.match_indices(PEM).find_map(|(at, _)| pem(&decoded[at..]))?;
    Some(Key { span: 0..encoded.len(), what: format!("{} (in base64)", key.what), ..key })
}

/// The private number of a JSON Web Key, one of whose fields is at a place.
fn jwk(text: &str, at: usize) -> Option<Key> {
    let start = text[..at].rfind('{')?;
    let object = &text[start..at + text[at..].find('}')?];
    let number = |field: &str| {
        let (before, value) = object.split_once(field)?;
        let value = value.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        let is_digit = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let length = value.find(|c| !is_digit(c))?;
        let is_whole = length >= FEWEST_DIGITS_OF_JWK && !is_blank(&value[..length]);
        is_whole.then(|| start + before.len())
    };
    // RFC 7518, 6: `d` of keys with a public half, `k` of those without.
    let at = number("\"d\"").or_else(|| number("\"k\""))?;
    Some(Key { span: at..at + 3, what: "a private JSON Web Key".to_owned(), is_protected: false })
}

/// The base64 of a key, if there is enough of it and nothing else. Line breaks may be written as in a string of a
/// program, lines be indented or quoted, and headers stand before it.
fn digits(body: &str, fewest: usize) -> Option<String> {
    let body = body.replace("\\n", "\n").replace("\\r", "");
    let edges = |c: char| c.is_whitespace() || "\"'`,;+#>|\\".contains(c);
    let mut digits = String::with_capacity(body.len());
    for line in body.lines().map(|line| line.trim_matches(edges)) {
        let is_header = line.contains(": ");
        // RFC 4880, 6.1: the checksum of a PGP block stands on a line of its own.
        let is_checksum = line.starts_with('=') && line.len() == 5;
        if !is_header && !is_checksum {
            digits.push_str(line);
        }
    }
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let is_enough = digits.len() >= fewest && digits.bytes().all(is_digit);
    (is_enough && !is_blank(&digits)).then_some(digits)
}

/// Whether base64 is typed rather than that of a key. A run of equal characters is no sign: keys have zeros.
fn is_blank(digits: &str) -> bool {
    let middle = &digits[digits.len() / 4..digits.len() / 4 * 3];
    middle.bytes().collect::<HashSet<_>>().len() < FEWEST_DIFFERENT
        || digits.len() < 2 * FEWEST_DIGITS && is_placeholder(middle)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};
    use super::*;
    use crate::keys::Identities;

    /// What the rule finds in one file, without the hint.
    fn one(text: &str) -> Vec<String> {
        let lines = found("private-key", &[("a.txt", text)]);
        lines.iter().map(|line| line.split(" | ").next().unwrap().to_owned()).collect()
    }

    /// Base64 of this many characters that looks drawn.
    fn base64(length: usize) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digit = |at: usize| char::from(digits[(at * at * 7 + at * 29 + at / 3) % digits.len()]);
        (0..length).map(digit).collect()
    }

    /// A PEM block.
    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn an_age_identity_is_found_and_a_mistyped_one_is_not() {
        let identity = Identities::generate().text;
        let identity = identity.expose_text().unwrap();
        let found = one(&format!("# key\n{identity}\n"));
        assert_eq!(found, ["error a.txt:2:1 : an age identity in plain text"]);
        assert_eq!(one(&format!("key: \"{identity}\"\n")).len(), 1);
        let last = if identity.ends_with('Q') { 'P' } else { 'Q' };
        let mistyped = format!("{}{last}", &identity[..identity.len() - 1]);
        for text in [mistyped.as_str(), &identity[..40], "AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1…"]
        {
            assert_eq!(one(text), [""; 0]);
        }
    }

    #[test]
    fn keys_in_pem_are_found_however_their_lines_are_written() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let body = base64(128);
            let (first, second) = body.split_at(64);
            for breaks in ["\n", "\r\n", "\n    ", "\\n", "\\n\" +\n  \""] {
                let text = pem(label, &format!("{first}{breaks}{second}"));
                let found = one(&format!("x:\n  {}", text.replace('\n', breaks)));
                assert_eq!(
                    found,
                    ["error a.txt:2:3 : a private key in PEM in plain text"],
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn keys_of_other_programs_are_found_by_name() {
        let openssh = format!("{}{}", OPENSSH_PLAIN, base64(130));
        let found = one(&pem("OPENSSH PRIVATE KEY", &openssh));
        assert_eq!(found, ["error a.txt:1:1 : a private key of OpenSSH in plain text"]);
        let pgp = format!("Comment: x\n\n{}\n=AbCd", base64(130));
        let found = one(&pem("PGP PRIVATE KEY BLOCK", &pgp));
        assert_eq!(found, ["error a.txt:1:1 : a private key of PGP in plain text"]);
        assert_eq!(one(&putty("none")), ["error a.txt:1:1 : a private key of PuTTY in plain text"]);
    }

    #[test]
    fn keys_in_base64_once_more_and_json_web_keys_are_found() {
        let certificate = pem("CERTIFICATE", &base64(128));
        for text in
            [pem("EC PRIVATE KEY", &base64(128)), certificate + &pem("PRIVATE KEY", &base64(64))]
        {
            let found = one(&format!("client-key-data: {}\n", STANDARD.encode(text)));
            assert_eq!(
                found,
                ["error a.txt:1:18 : a private key in PEM (in base64) in plain text"]
            );
        }
        let number = base64(43).replace(['+', '/'], "-");
        for fields in [
            format!("\"kty\": \"EC\", \"x\": \"{number}\",\n \"d\": \"{number}\""),
            format!("\"k\":\"{number}\",\n\"kty\":\"oct\""),
        ] {
            let found = one(&format!("{{\"keys\": [{{{fields}}}]}}"));
            assert!(found[0].ends_with(": a private JSON Web Key in plain text"), "{found:?}");
        }
        for text in [
            STANDARD.encode(pem("PUBLIC KEY", &base64(128))),
            format!("{{\"kty\": \"EC\", \"x\": \"{number}\"}}, {{\"d\": \"{number}\"}}"),
            "{\"kty\": \"RSA\", \"d\": \"...\"}".to_owned(),
            "\"kty\"".to_owned(),
        ] {
            assert_eq!(one(&text), [""; 0], "{text}");
        }
    }

    /// A file of PuTTY with the shortest of keys.
    fn putty(encryption: &str) -> String {
        let digits = base64(48);
        format!(
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: {encryption}\nComment: x\nPublic-Lines: 1\n{digits}\n\
             Private-Lines: 1\n{digits}\nPrivate-MAC: {}\n",
            "0a".repeat(32)
        )
    }

    #[test]
    fn a_protected_key_is_a_warning() {
        let traditional =
            format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{}", base64(128));
        let openssh = format!("{}{}", "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI", base64(130));
        for text in [
            pem("ENCRYPTED PRIVATE KEY", &base64(128)),
            pem("RSA PRIVATE KEY", &traditional),
            pem("OPENSSH PRIVATE KEY", &openssh),
            putty("aes256-cbc"),
        ] {
            let found = one(&text);
            assert!(found.len() == 1 && found[0].starts_with("warning a.txt:1:1 :"), "{found:?}");
            assert!(found[0].ends_with(", protected with a passphrase"), "{found:?}");
        }
    }

    #[test]
    fn headers_without_a_key_and_public_ones_are_not_found() {
        for text in [
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "`-----BEGIN RSA PRIVATE KEY-----` and `-----END RSA PRIVATE KEY-----`".to_owned(),
            pem("PRIVATE KEY", "..."),
            pem("PRIVATE KEY", "<your key>"),
            pem("PRIVATE KEY", "${KEY}"),
            pem("PRIVATE KEY", "{{ .key }}"),
            pem("PRIVATE KEY", &"A".repeat(128)),
            pem("PRIVATE KEY", &base64(40)),
            pem("PUBLIC KEY", &base64(128)),
            pem("CERTIFICATE", &base64(800)),
            pem("AGE ENCRYPTED FILE", &base64(200)),
            pem("PGP MESSAGE", &base64(200)),
            "PuTTY-User-Key-File-3: x\nEncryption: none\n".to_owned(),
        ] {
            assert_eq!(one(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_key_in_a_plain_secret_is_told_once() {
        let key = pem("PRIVATE KEY", &base64(64)).replace('\n', "\n    ");
        let text = secret(&format!("stringData:\n  tls.key: |\n    {key}\n"));
        assert_eq!(found("private-key", &[("a.yaml", &text)]), [""; 0]);
        assert_eq!(found("private-key", &[("a.txt", &text)]).len(), 1);
    }
}
