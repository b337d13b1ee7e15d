//! `high-entropy`: a value that looks drawn, given to a name that says it is a secret.
//!
//! ```text
//! API_TOKEN=q7Gm2xVt9LpR4sKd                 found, in files of settings and in scripts
//! - {name: DB_PASSWORD, value: q7Gm2xVt…}    found, on one line or on two
//! tokenUrl: https://…   secretName: a-b-c    not: the name says that it is no secret, or the value is words
//! image: a@sha256:…     checksum: 0f3b…      not: the name says nothing of a secret
//! ```
//!
//! Which names count is told in [`credential`], which spellings in [`assignment`]; dotenv files are left to `env-file`.
//!
//! A warning: nobody can tell a password from a number of the same look. Values of Secrets, references, UUIDs, digests,
//! ciphertext and certificates are not looked at; nor are lock files and lines that no person wrote.

use super::super::assignment::{self, is_of_settings};
use super::super::credential;
use super::super::finding::{Confidence, Finding, Severity};
use super::super::placeholder::is_placeholder;
use super::super::text::Text;
use super::{Rule, by_hand, quoted};

/// Shortest value: a password of 16 letters and digits has 95 bits, and shorter values are often names or dates.
const SHORTEST: usize = 16;

/// Longest value: longer ones are ciphertext, certificates and signed tokens, whose names say nothing about them.
const LONGEST: usize = 128;

/// Least bits a character, by Shannon over the value's own characters. Of 16 drawn letters and digits 99 in 100 have
/// more than 3.3, of 32 hex digits 99.9 in 100 more than 3.1; words of that length have between 2.8 and 3.8. So
/// entropy alone cannot tell words from keys: [`is_drawn`] asks for digits and for a piece without separators, too.
const LEAST_BITS: f64 = 3.1;

/// The rule.
pub(super) struct HighEntropy;

impl Rule for HighEntropy {
    fn id(&self) -> &'static str {
        "high-entropy"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/high-entropy.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        if !is_of_settings(text.path) || text.text.contains("SealedSecret") {
            return;
        }
        let credentials = assignment::credentials(text.text).into_iter();
        for found in credentials.filter(|found| is_drawn(&text.text[found.value.clone()])) {
            let message =
                format!("{} is given a value that looks like a secret", quoted(found.name));
            let what = "if it is one, keep it in an encrypted Secret, and refer to it here";
            let hint = by_hand(what);
            findings.push(text.finding(self, found.value, Confidence::Medium, message, hint));
        }
    }
}

/// Whether a value looks drawn rather than chosen: a long piece without separators, which names, addresses and UUIDs
/// have not.
pub(super) fn is_drawn(value: &str) -> bool {
    let is_separator = |c: char| "-_./:@".contains(c);
    let longest = value.split(is_separator).map(str::len).max().unwrap_or_default();
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    (SHORTEST..=LONGEST).contains(&value.len())
        && (longest >= SHORTEST || credential::is_base64(value))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && credential::is_literal(value)
        && !is_other(value)
        && !is_placeholder(value)
        && bits(value) >= LEAST_BITS
}

/// Whether a value has the form of something that may be known: a public key, a certificate, a digest, a URL.
fn is_other(value: &str) -> bool {
    const BEGINNINGS: &[&str] = &["age1", "ssh-", "AAAA", "MII", "LS0tLS1", "sha"];
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
        || value.contains("://")
        || value.contains("sha256:")
        || value.contains(['(', '[', '\\'])
}

/// Shannon entropy in bits a byte.
fn bits(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let share = |count: u32| f64::from(count) / value.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| -share(*count) * share(*count).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// A value that looks drawn, in parts so that it does not stand here.
    fn drawn() -> String {
        ["q7Gm2xVt", "9LpR4sKd"].concat()
    }

    /// What the rule finds in one file.
    fn one(path: &str, text: &str) -> Vec<String> {
        found("high-entropy", &[(path, text)])
    }

    #[test]
    fn a_drawn_value_with_a_secret_name_is_a_warning() {
        let found = one("a.ini", &format!("X=1\nAPI_TOKEN={}\n", drawn()));
        assert_eq!(
            found,
            [
                "warning a.ini:2:11 : `API_TOKEN` is given a value that looks like a secret | if it is one, keep it in an \
              encrypted Secret, and refer to it here"
            ]
        );
    }

    #[test]
    fn every_spelling_of_an_assignment_is_found() {
        let value = drawn();
        for (path, text) in [
            ("a.yaml", format!("db:\n  adminPassword: {value}\n")),
            ("a.yaml", format!("  admin_password: \"{value}\" # x\n")),
            ("a.yaml", format!("# password: '{value}'\n")),
            ("a.yaml", format!("- name: DB_PASSWORD\n  value: {value}\n")),
            ("a.yaml", format!("- {{name: DB_PASSWORD, value: \"{value}\"}}\n")),
            ("a.json", format!("{{\n  \"client_secret\": \"{value}\",\n}}\n")),
            ("a.toml", format!("secret_key = \"{value}\"\n")),
            ("a.conf", format!("export SECRET={value}\n")),
        ] {
            assert_eq!(one(path, &text).len(), 1, "{text}");
        }
    }

    #[test]
    fn hex_and_base64_are_found() {
        for value in [
            ["3fa94b07c2e86d15", "90ab37f4e1d8c256"],
            ["Zk3v+Q9/xL2mT7", "bN8sWq1yUe4RdA=="],
            ["Zk3v/Q9/xL2mT7/b", "N8sW/q1yUe4/RdA=="],
        ] {
            assert_eq!(one("a.ini", &format!("TOKEN={}\n", value.concat())).len(), 1);
        }
    }

    #[test]
    fn values_that_are_no_secrets_are_not_found() {
        let digest = format!("sha256:{}", "3fa94b07c2e86d15".repeat(4));
        for value in [
            "authentik-postgres-credentials",
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "${SECRET_TOKEN_OF_THE_APP_1}",
            "https://auth.example.test/realms/a1/token",
            "op://vault/item-number-12345/password",
            "registry.k8s.io/app:v1.2.3-20310102",
            "/run/secrets/token-a1b2c3d4e5f6g7h8",
            "$2a$10$q7Gm2xVt9LpR4sKdq7Gm2xVt9LpR4sKd",
            "ENC[AES256_GCM,data:q7Gm2xVt9LpR4sKd]",
            "ssh-ed25519",
            "age1q7gm2xvt9lpr4skdq7gm2xvt9lpr4skd",
            "correcthorsebatterystaple",
            "12345678901234567890",
            "your-token-q7Gm2xVt9LpR4sKd",
            "q7Gm2xVt",
            digest.as_str(),
        ] {
            assert_eq!(one("a.yaml", &format!("token: {value}\n")), [""; 0], "{value}");
        }
    }

    #[test]
    fn names_that_are_no_secrets_are_not_found() {
        let value = drawn();
        for name in [
            "checksum",
            "id",
            "tokenUrl",
            "secretName",
            "passwordHash",
            "value",
            "image",
            "secretKeyRef",
        ] {
            assert_eq!(one("a.yaml", &format!("{name}: {value}\n")), [""; 0], "{name}");
        }
        assert_eq!(one("a.yaml", &format!("- name: A_NUMBER\n  value: {value}\n")), [""; 0]);
        // The name has to stand on the line before.
        assert_eq!(one("a.yaml", &format!("- name: TOKEN\n  x: y\n  value: {value}\n")), [""; 0]);
    }

    #[test]
    fn files_that_are_no_settings_are_not_looked_at() {
        let text = format!("token: {}\n", drawn());
        for path in [
            "a.md",
            "a.go",
            "package-lock.json",
            "flake.lock.json",
            "a.min.json",
            ".env.example",
            "a.tmpl",
        ] {
            assert_eq!(one(path, &text), [""; 0], "{path}");
        }
        let sealed = format!("kind: SealedSecret\nspec:\n  encryptedData:\n    {text}");
        assert_eq!(one("a.yaml", &sealed), [""; 0]);
        assert_eq!(one("a.json", &format!("{}{text}", "[{},{}],".repeat(100))), [""; 0]);
    }

    #[test]
    fn what_other_rules_tell_is_told_once() {
        let text = secret(&format!("stringData:\n  token: {}\n", drawn()));
        assert_eq!(one("a.yaml", &text), [""; 0]);
        let known = ["dop_v1_", &"3fa94b07c2e86d15".repeat(4)].concat();
        let files = [("a.ini", format!("TOKEN={known}\n"))];
        let files = [(files[0].0, files[0].1.as_str())];
        assert_eq!(found("high-entropy", &files), [""; 0]);
        assert_eq!(found("known-token", &files).len(), 1);
    }
}
