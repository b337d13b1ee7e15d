//! `weak-password`: a password that can be guessed.
//!
//! ```text
//! short        fewer than 8 characters, or fewer than 40 bits if each was drawn: 12345678, aaaaaaaaaaaa
//! common       Password1!, changeme
//! a name       that of the user, the Secret, or the key: miniflux, grafana-admin
//! ```
//!
//! Which of these it is, is not told: it would be half of the password, in a log that many read. Estimates are for the
//! password's good, so that what is found is weak. Hashes, references, switches and addresses are no passwords.

use super::super::credential;
use super::super::finding::{Finding, Hint, Severity};
use super::super::opened::{Entry, Opened};
use super::super::placeholder::is_template;
use super::{Rule, by_hand, quoted, run};
use crate::document::Syntax;

/// Fewest characters.
const FEWEST: usize = 8;

/// Fewest bits, as many as 8 drawn letters and digits of one case nearly have.
const FEWEST_BITS: f64 = 40.0;

/// Words that everybody tries first, of 8 letters or more and without what is put behind them: the head of the list of the
/// National Cyber Security Centre (<https://www.ncsc.gov.uk/static-assets/documents/PwnedPasswordsTop100k.txt>), and what
/// charts, images and their guides have by default.
const COMMON: [&str; 45] = [
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "1qaz2wsx3edc",
    "abcd1234",
    "adminadmin",
    "administrator",
    "adminpassword",
    "asdfghjkl",
    "baseball",
    "basketball",
    "change-me",
    "changeit",
    "changeme",
    "charlie1",
    "computer",
    "defaultpassword",
    "football",
    "iloveyou",
    "letmein1",
    "liverpool",
    "michelle",
    "minioadmin",
    "mypassword",
    "mysecretpassword",
    "p@ssw0rd",
    "passw0rd",
    "password",
    "postgres",
    "princess",
    "prom-operator",
    "q1w2e3r4",
    "qwer1234",
    "qwertyuiop",
    "rabbitmq",
    "rootpassword",
    "secretpassword",
    "starwars",
    "sunshine",
    "superman",
    "supersecret",
    "trustno1",
    "welcome1",
    "whatever",
    "zaq12wsx",
];

/// Values that switch something, or say that there is none.
const SWITCHES: [&str; 10] =
    ["disabled", "enabled", "false", "no", "none", "null", "off", "on", "true", "yes"];

/// Last words of keys that hold the name of a user.
const USERS: [&str; 5] = ["email", "login", "name", "user", "username"];

/// The rule.
pub(super) struct WeakPassword;

impl Rule for WeakPassword {
    fn id(&self) -> &'static str {
        "weak-password"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/weak-password.md")
    }

    fn opened(&self, opened: &Opened<'_>, findings: &mut Vec<Finding>) {
        let entries = opened.entries();
        let is_nested = matches!(opened.document.syntax(), Syntax::Yaml | Syntax::Json);
        for entry in &entries {
            let is_password = credential::is_password(entry.key);
            // In the values of a release a `secret` may be the name of one.
            let may_be_name = entry.secret.is_none() && is_nested;
            if !is_password && (may_be_name || !credential::is_named_so(entry.key)) {
                continue;
            }
            let Some(value) = literal(entry) else { continue };
            let is_weak = is_common(value)
                || is_password && is_short(value)
                || names(entry, &entries).iter().any(|name| is_same(value, name));
            if is_weak {
                let key = quoted(entry.key);
                let message = format!("{key} can be guessed: it is short, common, or a name");
                findings.push(opened.finding(self, &[entry.label], message, hint(entry)));
            }
        }
    }
}

/// The command that makes a new one.
fn hint(entry: &Entry<'_>) -> Hint {
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    let name = entry.secret.and_then(|secret| secret.object.name());
    match name.filter(|name| is_word(name) && is_word(entry.key)) {
        Some(name) => by_hand(format!(
            "`keywright secret set {name} --generate {}`; for a database role `keywright db rotate APP`",
            entry.key
        )),
        None => run("keywright edit"),
    }
}

/// The value of an entry, if it stands for itself.
pub(super) fn literal<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    let value = entry.value.expose_text()?.trim();
    let is_switch = SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
    let is_elsewhere = is_template(value) || credential::is_reference(value);
    (!value.is_empty() && !is_switch && !is_elsewhere && !value.contains("://")).then_some(value)
}

/// Whether a password can be guessed, whatever it is for.
pub(super) fn is_guessed(value: &str) -> bool {
    is_short(value) || is_common(value)
}

/// Whether a value can be found by trying everything.
fn is_short(value: &str) -> bool {
    value.chars().count() < FEWEST || bits(value) < FEWEST_BITS
}

/// Bits of a value if all of its characters were drawn from the kinds that it has; one that repeats or continues the one
/// before adds nothing.
fn bits(value: &str) -> f64 {
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    let other = |c: &char| !c.is_ascii_alphanumeric();
    let kinds = [
        (has(char::is_ascii_lowercase), 26),
        (has(char::is_ascii_uppercase), 26),
        (has(char::is_ascii_digit), 10),
        (value.chars().any(|c| other(&c)), 33),
    ];
    let alphabet: u32 = kinds.iter().filter(|(has, _)| *has).map(|(_, size)| size).sum();
    let characters: Vec<char> = value.chars().collect();
    let follows = |pair: &&[char]| {
        let distance = u32::from(pair[1]).abs_diff(u32::from(pair[0]));
        distance > 1
    };
    let drawn = 1 + characters.windows(2).filter(follows).count();
    drawn as f64 * f64::from(alphabet).log2()
}

/// Whether a value is a common one, possibly with digits and signs behind it.
fn is_common(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let known = |value: &str| COMMON.contains(&value);
    known(&lower) || known(without_end(&lower))
}

/// A value without the digits and signs at its end.
fn without_end(value: &str) -> &str {
    value.trim_end_matches(|c: char| !c.is_alphabetic())
}

/// Whether a value is a name, possibly with digits and signs behind it.
fn is_same(value: &str, name: &str) -> bool {
    !name.is_empty()
        && (value.eq_ignore_ascii_case(name) || without_end(value).eq_ignore_ascii_case(name))
}

/// The names around a value: of its key, its Secret, and the user beside it.
fn names<'e>(entry: &Entry<'e>, all: &'e [Entry<'_>]) -> Vec<&'e str> {
    let object = entry.secret.map(|secret| secret.object);
    let is_beside = |other: &&Entry<'_>| {
        other.secret.map(|secret| secret.object.node) == object.map(|it| it.node)
    };
    let is_user = |other: &&Entry<'_>| {
        credential::words(other.key).last().is_some_and(|word| USERS.contains(&word.as_str()))
    };
    let users = all.iter().filter(is_beside).filter(is_user);
    let users = users.filter_map(|user| Some(user.value.expose_text()?.trim()));
    let name = object.and_then(|object| object.name()).unwrap_or_default();
    let words = name.split(['-', '.']);
    let namespace = object.and_then(|object| object.namespace()).unwrap_or_default();
    users.chain([entry.key, name, namespace]).chain(words).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{secret, verified};
    use super::*;

    /// What the rule finds in a Secret named `s`.
    fn one(fields: &str) -> Vec<String> {
        verified("weak-password", &[("a.enc.yaml", &secret(fields))])
    }

    /// Whether a value of `password` is found.
    fn is_found(value: &str) -> bool {
        !one(&format!("stringData:\n  password: '{value}'\n")).is_empty()
    }

    #[test]
    fn a_weak_password_is_told_with_a_command_and_without_the_reason() {
        let told = "password: `password` can be guessed: it is short, common, or a name | `keywright secret set s \
                    --generate password`; for a database role `keywright db rotate APP`";
        for value in ["x1y2", "Password1!", "s"] {
            let found = one(&format!("stringData: {{password: {value}}}\n"));
            assert_eq!(found, [format!("warning a.enc.yaml:4:14 stringData.{told}")]);
        }
        assert_eq!(one("data: {password: Y2hhbmdlbWU=}\n").len(), 1);
    }

    #[test]
    fn what_is_short_repeats_or_runs_on_is_weak() {
        for value in [
            "a7#kQ2x",
            "20310102",
            "aaaaaaaaaaaaaaaa",
            "abcdefghijkl",
            "98765432109876",
            "kqzxvwtj",
        ] {
            assert!(is_found(value), "{value}");
        }
    }

    #[test]
    fn what_everybody_tries_is_weak() {
        for value in
            ["changeme", "CHANGEME", "password123456", "prom-operator", "p@ssw0rd!!", "minioadmin"]
        {
            assert!(is_found(value), "{value}");
        }
        assert_eq!(one("stringData: {API_TOKEN: changeme}\n").len(), 1);
    }

    #[test]
    fn names_are_weak() {
        let with = |fields: &str| one(&format!("stringData: {{{fields}}}\n")).len();
        assert_eq!(with("username: miniflux-admin, password: Miniflux-Admin2031!"), 1);
        assert_eq!(with("DB_USER: some.body, DB_PASS: some.body"), 1);
        assert_eq!(with("SESSION_SECRET: session_secret"), 1);
        let named = "apiVersion: v1\nkind: Secret\nmetadata: {name: paperless-secret}\n\
                     stringData: {password: Paperless1}\n";
        assert_eq!(verified("weak-password", &[("a.enc.yaml", named)]).len(), 1);
    }

    #[test]
    fn what_was_drawn_and_what_is_no_password_is_not_found() {
        for value in [
            "q7Gm2xVt",
            "4f1c9a0b7d3e",
            "correct horse battery",
            "TESTonlyRedis5tY1pL",
            "$2a$11$wFINBuS5",
            "SCRAM-SHA-256$4096:c2FsdA==$a:b",
            "${PASSWORD}",
            "https://a.test",
            "/run/x",
            "true",
            "none",
            "",
        ] {
            assert!(!is_found(value), "{value}");
        }
        for key in
            ["username", "PASSWORD_FILE", "port", "host", "passwordPolicy", "bypass", "token"]
        {
            assert_eq!(one(&format!("stringData: {{{key}: x1y2}}\n")), [""; 0], "{key}");
        }
    }

    #[test]
    fn files_without_secrets_are_looked_at_with_more_care() {
        let found =
            verified("weak-password", &[("a.enc.env", "DB_PASSWORD=x1y2\nUSER=changeme\n")]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("a.enc.env:1:1 DB_PASSWORD: ")
                && found[0].ends_with("| keywright edit a.enc.env")
        );
        let values = "data:\n  adminPassword: x1y2\n  secret: changeme\n";
        assert_eq!(verified("weak-password", &[("a.enc.yaml", values)]).len(), 1);
    }

    #[test]
    fn common_values_are_in_order_and_in_lower_case() {
        assert!(COMMON.is_sorted_by(|a, b| a < b));
        assert!(COMMON.iter().all(|word| *word == word.to_lowercase()));
        assert!(COMMON.iter().all(|word| word.chars().count() >= FEWEST));
    }
}
