//! Every format of the table: tokens made at run time, so that none stands here.

use base64::Engine as _;

use super::super::super::tests::found;
use super::checksum::{Check, completed};
use super::format::{FORMATS, Format};

/// What the rule finds in one file.
fn one(text: &str) -> Vec<String> {
    found("known-token", &[("a.txt", text)])
}

/// Letters and digits in no order.
struct Noise(u64);

impl Noise {
    /// The next of some characters (xorshift).
    fn pick(&mut self, of: &[u8]) -> char {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        char::from(of[(self.0 % of.len() as u64) as usize])
    }

    /// A text for a pattern of the table: of alternatives the first, of optional parts none, of lengths the
    /// shortest. `add` lengthens the last class.
    fn text(&mut self, pattern: &str, add: usize) -> String {
        let pattern = first_alternatives(pattern);
        let mut text = String::new();
        let mut rest = pattern.as_str();
        while let Some(first) = rest.chars().next() {
            let (class, after) = match first {
                '[' => {
                    let end = rest.find(']').unwrap();
                    (members(&rest[1..end]), &rest[end + 1..])
                }
                '\\' => (rest.as_bytes()[1..2].to_vec(), &rest[2..]),
                _ => (rest.as_bytes()[..1].to_vec(), &rest[1..]),
            };
            let (least, after) = repetition(after);
            let is_last = !after.contains('[');
            let count = if is_last && class.len() > 1 { least + add } else { least };
            text.extend((0..count).map(|_| self.pick(&class)));
            rest = after;
        }
        text
    }
}

/// A pattern without groups: `(?:a|b)` is `a`, `(?:a)?` is nothing.
fn first_alternatives(pattern: &str) -> String {
    let Some((before, group)) = pattern.split_once("(?:") else { return pattern.to_owned() };
    let (group, after) = group.split_once(')').unwrap();
    let (first, after) = match after.strip_prefix('?') {
        Some(after) => ("", after),
        None => (group.split('|').next().unwrap(), after),
    };
    format!("{before}{first}{}", first_alternatives(after))
}

/// The smallest count that a pattern goes on with, and what follows it.
fn repetition(pattern: &str) -> (usize, &str) {
    if let Some(after) = pattern.strip_prefix('?') {
        return (0, after);
    }
    let Some((counts, after)) = pattern.strip_prefix('{').and_then(|rest| rest.split_once('}'))
    else {
        return (1, pattern);
    };
    (counts.split(',').next().unwrap().parse().unwrap(), after)
}

/// The characters of a class.
fn members(class: &str) -> Vec<u8> {
    let class = class.replace(r"\w", "0-9A-Za-z_");
    let bytes = class.as_bytes();
    let mut members = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_range = bytes.get(at + 1) == Some(&b'-') && at + 2 < bytes.len();
        if is_range {
            members.extend(bytes[at]..=bytes[at + 2]);
        } else {
            members.push(bytes[at]);
        }
        at += if is_range { 3 } else { 1 };
    }
    members
}

/// A token of a format with a right checksum, and where its prefix ends.
fn token(format: &Format, prefix: &str, add: usize) -> (String, usize) {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15 ^ prefix.len() as u64);
    let before = format.before.map(|before| noise.text(before, 0)).unwrap_or_default();
    let rest = before.len() + prefix.len();
    let text = format!("{before}{prefix}{}", noise.text(format.rest, add));
    (completed(format.check, &text, rest), rest)
}

#[test]
fn the_table_can_be_read_and_names_each_format_once() {
    let mut ids: Vec<_> = FORMATS.iter().map(|format| format.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let mut providers: Vec<_> = ids.iter().map(|id| id.split('-').next().unwrap()).collect();
    providers.dedup();
    assert!(providers.len() >= 60, "{}", providers.len());
    assert!(
        super::format::TABLE.lines().all(|line| {
            line.is_empty() || line.starts_with('#') || line.contains("  https://")
        })
    );
}

#[test]
fn a_token_of_every_format_and_prefix_is_found() {
    for format in FORMATS.iter() {
        for prefix in &format.prefixes {
            let (token, _) = token(format, prefix, 0);
            let found = one(&format!("# was: '{token}'\n"));
            assert_eq!(found.len(), 1, "{} {prefix}", format.id);
            assert!(!found[0].contains(&token), "{}", format.id);
            assert!(found[0].starts_with("error a.txt:1:9 : "), "{found:?}");
        }
    }
}

#[test]
fn a_token_that_is_too_short_is_not_found_as_one_of_its_format() {
    for format in FORMATS.iter() {
        let (token, rest) = token(format, format.prefixes[0], 0);
        let cut = match format.check {
            // What is cut must be no part of a checksum that would be wrong anyway.
            Check::Base62 | Check::Base36 | Check::Grafana => {
                let text = format!("{}{}", &token[..rest], &token[rest + 1..]);
                completed(format.check, &text, rest)
            }
            _ => token[..token.len() - 1].to_owned(),
        };
        let found = one(&cut);
        let is_named = |line: &String| line.contains(&format!("(`{}`)", format.id));
        assert!(!found.iter().any(is_named), "{} {found:?}", format.id);
    }
}

#[test]
fn a_token_of_a_fixed_length_that_goes_on_is_not_found() {
    let fixed = |format: &&Format| !format.rest.contains(',') && !format.rest.contains('?');
    for format in FORMATS.iter().filter(fixed) {
        let (token, _) = token(format, format.prefixes[0], 0);
        for more in ["0", "x", "_", "-"] {
            let found = one(&format!("{token}{more}"));
            assert!(found.is_empty() || more == "-", "{} {found:?}", format.id);
        }
        assert_eq!(one(&format!("x{token}")), [""; 0], "{}", format.id);
    }
}

#[test]
fn a_wrong_checksum_is_not_found_and_a_right_one_is_said() {
    for format in FORMATS.iter() {
        let (token, rest) = token(format, format.prefixes[0], 0);
        if !format.check.is_checksum() {
            assert!(!one(&token)[0].contains("checksum"), "{}", format.id);
            continue;
        }
        assert!(one(&token)[0].contains("its checksum is right"), "{}", format.id);
        for at in [rest, token.len() - 1] {
            let other = if token.as_bytes()[at] == b'1' { "2" } else { "1" };
            let wrong = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(one(&wrong), [""; 0], "{} {at}", format.id);
        }
    }
}

#[test]
fn an_account_that_is_no_number_makes_no_discord_token() {
    let format = FORMATS.iter().find(|format| format.id == "discord-bot").unwrap();
    let (token, _) = token(format, "MT", 0);
    assert_eq!(one(&token.replacen("MT", "MTz", 1)), [""; 0]);
}

#[test]
fn a_web_token_has_a_header_and_claims_of_its_own() {
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let token = |header: &str, claims: &str| {
        format!("a: {}.{}.{}\n", part(header), part(claims), "q7Gm2xVt9L".repeat(4))
    };
    assert_eq!(one(&token(r#"{"alg":"HS256"}"#, r#"{"sub":"robot"}"#)).len(), 1);
    assert_eq!(one(&token(r#"{"kid":"HS256"}"#, r#"{"sub":"robot"}"#)), [""; 0]);
    assert_eq!(one(&token(r#"{"alg":"HS256"}"#, r#"{"name":"John Doe"}"#)), [""; 0]);
}

#[test]
fn examples_and_placeholders_are_not_found() {
    let aws = |rest: &str| format!("key: {}{rest}\n", "AKIA");
    assert_eq!(one(&aws("IOSFODNN7EXAMPLE")), [""; 0]);
    assert_eq!(one(&aws("AAAAAAAAAAAAAAAA")), [""; 0]);
    assert_eq!(one(&aws("ABCDEFGHIJKLMNOP")), [""; 0]);
    assert_eq!(one(&format!("{}{}", "dop_v1_", "0123456789abcdef".repeat(4))), [""; 0]);
    assert_eq!(one(&aws("Q3E6TZ2W7NKV4HDX")).len(), 1);
}

#[test]
fn what_stands_in_a_value_token_is_not_found() {
    let key = ["AKIA", "Q3E6TZ2W7NKV4HDX"].concat();
    assert_eq!(one(&format!("a: ENC[AES256_GCM,data:{key},iv:x]\n")), [""; 0]);
    assert_eq!(one(&format!("a: ENC[AES256_GCM,data:x] # {key}\n")).len(), 1);
}

#[test]
fn several_tokens_on_a_line_have_their_places() {
    let key = ["AKIA", "Q3E6TZ2W7NKV4HDX"].concat();
    let found = one(&format!("é {key} {key}\n"));
    assert!(found[0].contains(" a.txt:1:3 ") && found[1].contains(" a.txt:1:24 "), "{found:?}");
}

#[test]
fn a_token_in_a_plain_secret_is_told_once() {
    let key = ["AKIA", "Q3E6TZ2W7NKV4HDX"].concat();
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    let text = format!("{head}stringData:\n  a: {key}\n  b: |\n    x\n    {key}\n");
    let files = [("a.yaml", text.as_str())];
    assert_eq!(found("known-token", &files), [""; 0]);
    assert_eq!(found("plaintext-secret", &files).len(), 1);
    let beside = format!("# {key}\n{text}");
    assert_eq!(found("known-token", &[("a.yaml", &beside)]).len(), 1);
}
