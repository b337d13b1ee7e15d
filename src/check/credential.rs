//! What looks like a credential outside of Secrets: a name that says so, and a value that stands for itself.
//!
//! ```text
//! DB_PASSWORD: hunter2hunter2          found
//! existingSecret, passwordSecretRef    name a Secret
//! passwordKey, TOKEN_FILE, tokenUrl    say where it is, or what is around it
//! password: changeme                   a placeholder
//! token: grafana-token                 the name of something
//! ```
//!
//! The last word of a name decides, since what stands before only says whose it is: `adminPassword`,
//! `GF_SECURITY_ADMIN_PASSWORD`, `smtp.password`. A name that goes on (`passwordPolicy`) is about something else.

/// Last words of names whose values are credentials by nature.
const WORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "pass", "pwd", "psk", "token", "secret", "credential"];

/// How such names end, in lower case: few others do, and most texts are full of these.
const ENDINGS: [&str; 10] = ["ord", "swd", "ase", "ass", "pwd", "psk", "ken", "ret", "ial", "key"];

/// Words of [`WORDS`] that others are written together with: `dbpassword`, `bootstraptoken`, `PGPASS`.
const JOINED: [&str; 6] = ["password", "passwd", "passphrase", "pass", "token", "secret"];

/// Words that only end as those do.
const OTHERS: [&str; 4] = ["bypass", "compass", "encompass", "trespass"];

/// Words for what is computed from something and may be seen, wherever they stand in a name.
const COMPUTED: [&str; 4] = ["checksum", "digest", "fingerprint", "hash"];

/// So many of [`WORDS`] are said of passwords, from the first on.
const PASSWORDS: usize = 5;

/// Words that make a key secret when they stand before `key`; alone, a `key` is any key of a mapping or a table.
/// `public`, `partition` and `sort` are not here, nor is `access`: the access key of S3 is a name, its secret is not.
const BEFORE_KEY: [&str; 10] = [
    "api",
    "auth",
    "encryption",
    "license",
    "master",
    "preshared",
    "private",
    "secret",
    "session",
    "signing",
];

/// Words before `secret` that make it a name of one, or a setting about one.
const BEFORE_SECRET: [&str; 6] = ["existing", "pull", "tls", "name", "use", "create"];

/// Values that stand where a real one has to be put, or that say there is none.
const PLACEHOLDERS: [&str; 17] = [
    "admin",
    "changeit",
    "changeme",
    "default",
    "dummy",
    "example",
    "fake",
    "foobar",
    "insert",
    "none",
    "notused",
    "placeholder",
    "redacted",
    "replaceme",
    "test",
    "todo",
    "unused",
];

/// Beginnings of placeholders that go on: `your-token-here`, `changeme123`, `example-secret`.
const BEGINNINGS: [&str; 7] =
    ["changeme", "dummy", "example", "insert", "placeholder", "replace", "your"];

/// Words that names of Secrets, their keys and of methods are made of, without a plural.
const PARTS: [&str; 48] = [
    "account",
    "admin",
    "api",
    "app",
    "auth",
    "backup",
    "basic",
    "cert",
    "client",
    "cluster",
    "code",
    "config",
    "cred",
    "database",
    "default",
    "dev",
    "external",
    "file",
    "for",
    "grafana",
    "http",
    "key",
    "local",
    "main",
    "name",
    "operator",
    "pguser",
    "postgre",
    "postgresql",
    "prod",
    "pull",
    "redi",
    "refresh",
    "registry",
    "release",
    "role",
    "root",
    "server",
    "service",
    "smtp",
    "staging",
    "store",
    "superuser",
    "the",
    "user",
    "value",
    "with",
    "your",
];

/// Least characters of a value: what is shorter protects nothing, or is a number or a flag.
const LEAST: usize = 6;

/// Least digits of a number that could be a credential; ports, sizes and times have fewer.
const LEAST_DIGITS: usize = 8;

/// Whether a name says that its value is a credential.
pub(super) fn is_named_so(name: &str) -> bool {
    // Few names get further, and most texts have many of them.
    let end = name.len().checked_sub(3).and_then(|at| name.get(at..));
    if !end.is_some_and(|end| ENDINGS.iter().any(|word| end.eq_ignore_ascii_case(word)))
        || name.len() > 128
    {
        return false;
    }
    let mut words = words(name);
    if words.iter().any(|word| COMPUTED.contains(&word.as_str())) {
        return false;
    }
    let Some(last) = words.pop() else { return false };
    let ends_in = |endings: &[&str]| {
        let before = words.last().map(String::as_str);
        before.is_some_and(|before| endings.iter().any(|ending| before.ends_with(ending)))
    };
    if last == "key" {
        let is_of_access = ends_in(&["access"]) && words.iter().any(|word| word == "secret");
        return ends_in(&BEFORE_KEY) || is_of_access;
    }
    if last == "secret" {
        return !ends_in(&BEFORE_SECRET);
    }
    WORDS.contains(&last.as_str()) || is_joined(&last)
}

/// Whether a word consists of several, of which the last one is for a credential.
fn is_joined(word: &str) -> bool {
    let is_before = |words: &[&str], before: &str| words.iter().any(|word| before.ends_with(word));
    let of_key = word.strip_suffix("key").is_some_and(|before| is_before(&BEFORE_KEY, before));
    let of_secret =
        word.strip_suffix("secret").is_some_and(|before| is_before(&BEFORE_SECRET, before));
    of_key || JOINED.iter().any(|end| word.ends_with(end)) && !OTHERS.contains(&word) && !of_secret
}

/// Whether a name says that its value is a password, which a person may have chosen.
pub(super) fn is_password(name: &str) -> bool {
    words(name).last().is_some_and(|last| WORDS[..PASSWORDS].contains(&last.as_str()))
}

/// Whether a value is a literal that could be a credential. What stands in quotes is given without them.
pub(super) fn is_literal(value: &str) -> bool {
    let value = value.trim();
    value.chars().count() >= LEAST
        && !value.contains(char::is_whitespace)
        && !is_reference(value)
        && !is_placeholder(value)
        && (!is_name(value) || is_passphrase(value))
        && !is_plain_number(value)
}

/// Whether a value says where another one is: `${VAR}`, `$(VAR)`, a template, a path, a URL without credentials.
pub(super) fn is_reference(value: &str) -> bool {
    let has_user =
        |rest: &str| rest.split(['/', '?']).next().is_some_and(|host| host.contains('@'));
    value.contains("${")
        || value.contains("$(")
        || value.contains("{{")
        || value.starts_with(['$', '*', '&', '!', '[', '{', '|', '>'])
        || value.starts_with('/') && !is_base64(value)
        || value.starts_with("./")
        || value.starts_with("../")
        || value.starts_with("~/")
        || value.starts_with("ENC[")
        || value.split_once("://").is_some_and(|(_, rest)| !has_user(rest))
        || value.starts_with("ref+")
}

/// Whether a value is base64 rather than words, though it has slashes: those of 18 bytes and more have all kinds of digits.
pub(super) fn is_base64(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    value.len() >= 24
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

/// Whether a value is to be replaced by a real one.
fn is_placeholder(value: &str) -> bool {
    let letters: String =
        value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut characters = value.chars();
    let first = characters.next();
    value.starts_with('<') && value.ends_with('>')
        || characters.all(|c| Some(c) == first)
        || letters.chars().all(|c| c == 'x')
        || PLACEHOLDERS.contains(&letters.as_str())
        || BEGINNINGS.iter().any(|beginning| letters.starts_with(beginning))
        || WORDS.contains(&letters.as_str())
}

/// Whether a value is a name of something rather than random: words of letters with `-`, `_`, `.`, `:`, `/` or `#`
/// between them, such as the name of a Secret, of its key, or of a method.
fn is_name(value: &str) -> bool {
    let words: Vec<&str> = value.split(['-', '_', '.', ':', '/', '#', ',']).collect();
    let is_word = |word: &&str| {
        let rest = word.trim_end_matches(|c: char| c.is_ascii_digit());
        // A word may be numbered, but not much: `v2`, `app1`.
        let letters = rest.chars().skip(1).all(|c| c.is_ascii_lowercase());
        let capitals = rest.chars().all(|c| c.is_ascii_uppercase());
        word.len() - rest.len() <= 2
            && rest.chars().all(|c| c.is_ascii_alphabetic())
            && (letters || capitals)
    };
    // `n8n`, `k3s`, `i18n`: one such word does not make a name something else.
    let is_odd = |word: &&&str| {
        let is_of_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !is_word(word)
            && word.len() <= 4
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(is_of_word)
    };
    let odd = words.iter().filter(is_odd).count();
    let usual = words.iter().filter(|word| is_word(word)).count();
    // A name goes on behind a separator, but for that of a directory.
    let is_whole = !value.ends_with(['-', '_', '.', ':', '#', ',']);
    // What has `_` is no name of an object, and a key of one is not numbered in the middle: `river_59_autumn`.
    let is_number =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_chosen = value.contains('_') && words[..words.len() - 1].iter().any(is_number);
    words.len() > 1 && is_whole && !is_chosen && usual + odd.min(1) == words.len() && usual > 0
        || words.iter().all(|word| matches!(*word, "true" | "false"))
}

/// Whether a name is a passphrase of drawn words (`correct-horse-battery-staple`): at least four of them, none of which
/// names a part of a system, as those in the name of a Secret do.
fn is_passphrase(name: &str) -> bool {
    let separator = |c: char| !c.is_ascii_alphabetic();
    let words: Vec<&str> = name.split(separator).collect();
    let is_drawn = |word: &&str| {
        (3..=9).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase())
            && !PARTS.contains(&word.trim_end_matches('s'))
            && !WORDS.contains(word)
    };
    let mut separators = name.matches(separator);
    let first = separators.next();
    words.len() >= 4 && words.iter().all(is_drawn) && separators.all(|one| Some(one) == first)
}

/// Whether a value is a number that is too short for a credential, a duration or a size.
fn is_plain_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let others = value.len() - digits;
    others <= 2 && digits < LEAST_DIGITS
}

/// The words of a name, in lower case: split at signs, and before capitals that begin a word.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            last.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_end_with_a_word_for_a_credential_are_found() {
        for name in [
            "password",
            "adminPassword",
            "DB_PASSWORD",
            "smtp.pass",
            "api-token",
            "apiKey",
            "API_KEY",
            "apikey",
            "clientSecret",
            "secretKey",
            "AWS_SECRET_ACCESS_KEY",
            "masterKey",
            "encryption_key",
            "encryptionkey",
            "bootstraptoken",
            "dbpassword",
            "PAPERLESS_DBPASS",
            "PresharedKey",
            "wpa-psk",
        ] {
            assert!(is_named_so(name), "{name}");
        }
    }

    #[test]
    fn names_of_places_and_of_other_things_are_not() {
        for name in [
            "existingSecret",
            "secretName",
            "passwordSecretRef",
            "passwordKey",
            "userPasswordKey",
            "TOKEN_FILE",
            "tokenUrl",
            "passwordPolicy",
            "key",
            "publicKey",
            "sortKey",
            "bypass",
            "secrets",
            "imagePullSecret",
            "",
            "tokens",
            "accessKey",
            "tokenTTL",
            "compass",
            "existingsecret",
            "checksum/secret",
            "passwordHashSecret",
        ] {
            assert!(!is_named_so(name), "{name}");
        }
    }

    #[test]
    fn literals_are_values_that_stand_for_themselves() {
        for value in [
            "hunter2hunter2",
            "correcthorse",
            "Tr0ub4dor&3",
            "s3cr3t-v4lue",
            "1234567890",
            "a:b@c3D",
            "http://u:pw9@h",
            "Amberfield.",
            "river_59_autumn",
            "/q7Gm2xVt9LpR4sKdZk3vQ9xL",
            "a1b2-c3d4-e5f6",
            "correct-horse-battery-staple",
        ] {
            assert!(is_literal(value), "{value}");
        }
    }

    #[test]
    fn references_placeholders_names_and_numbers_are_no_literals() {
        for value in [
            "",
            "true",
            "5432",
            "3600s",
            "${VAR}",
            "a${VAR}b",
            "$(VAR)",
            "$VAR",
            "{{ .x }}",
            "op://a/b",
            "/etc/token",
            "./x",
            "https://example.test/token",
            "changeme",
            "CHANGE-ME",
            "<password>",
            "xxxxxxxx",
            "********",
            "your-token-here",
            "password",
            "grafana-admin",
            "app.password",
            "client_secret_basic",
            "X_TOKEN",
            "some words",
            "vault:secret/data",
            "placeholder123",
            "my-release-postgres-password",
            "n8n-basic-auth",
            "postgres-16-owner",
            "correct-horse-battery",
            "a-token-of-four-words",
        ] {
            assert!(!is_literal(value), "{value}");
        }
    }
}
