//! `credential-url`: a URL with a password in it, in any text; or what other formats have in its place.
//!
//! ```text
//! postgres://app:…@db/app   found
//! redis://:${PASSWORD}@cache      not: filled in elsewhere
//! https://user:pass@example.com   not: an example
//! db.svc:5432:app:app:…           found: a line of `.pgpass`
//! machine git.svc login me password …     found: `.netrc`
//! ```
//!
//! Not found: what only shows the form – placeholders, templates, the user's name again –, names and addresses that
//! are reserved for examples, and words in place of a password on the machine itself.

use std::ops::Range;

use super::super::credential;
use super::super::finding::{Confidence, Finding};
use super::super::placeholder::{is_placeholder, is_template};
use super::super::text::Text;
use super::{Rule, by_hand};

/// Words that documentation and defaults have for passwords, in lower case.
const WORDS: &[&str] = &[
    "admin",
    "apikey",
    "api_key",
    "bar",
    "foo",
    "guest",
    "key",
    "mypass",
    "mypassword",
    "pass",
    "passw0rd",
    "passwd",
    "password",
    "pswd",
    "pw",
    "pwd",
    "root",
    "s3cr3t",
    "secret",
    "secret123",
    "string",
    "supersecret",
    "test",
    "token",
    "user",
    "username",
    "value",
];

/// Ends of host names that are reserved for examples and tests, RFC 2606.
const EXAMPLE_HOSTS: &[&str] =
    &["example.com", "example.net", "example.org", ".example", ".invalid", ".test"];

/// Fewest characters of a password; what is shorter shows where one would stand.
const SHORTEST: usize = 4;

/// Most bytes of one URL up to its host.
const LONGEST: usize = 2048;

/// What to do.
const WHAT: &str = "keep the password, or all of the URL, in an encrypted Secret, and refer to it here; change a password \
                    that was pushed";

/// Files with a host, a user and a password on a line: their name, what is in their path or text, and how the password is
/// read.
const LINES: [(&str, &str, Reader); 2] =
    [(".pgpass", "pgpass", pgpass), (".netrc", "machine ", netrc)];

/// Reads the password of a line.
type Reader = fn(&str) -> Option<&str>;

/// The rule.
pub(super) struct CredentialUrl;

impl Rule for CredentialUrl {
    fn id(&self) -> &'static str {
        "credential-url"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/credential-url.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        let places = text.text.match_indices("://").filter_map(|(at, _)| credential(text.text, at));
        for (span, scheme) in places.filter(|(span, _)| !text.is_in_value_token(span.start)) {
            let message = format!("a URL with a password in plain text: `{scheme}://…`");
            findings.push(text.finding(self, span, Confidence::High, message, by_hand(WHAT)));
        }
        for (file, mark, read) in LINES {
            if text.path.to_string_lossy().contains(mark) || text.text.contains(mark) {
                self.lines(text, file, read, findings);
            }
        }
    }
}

impl CredentialUrl {
    /// Finds the lines that have a password where files of that name have it.
    fn lines(&self, text: &Text<'_>, file: &str, read: Reader, findings: &mut Vec<Finding>) {
        let mut at = 0;
        for line in text.text.split_inclusive('\n') {
            if let Some(password) = read(line.trim()).filter(|text| credential::is_literal(text)) {
                let start = at + line.rfind(password).unwrap_or_default();
                let span = start..start + password.len();
                let message = format!("a line of `{file}` with a password in plain text");
                findings.push(text.finding(self, span, Confidence::High, message, by_hand(WHAT)));
            }
            at += line.len();
        }
    }
}

/// `host:port:database:user:password` (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).
fn pgpass(line: &str) -> Option<&str> {
    let parts: Vec<&str> = line.splitn(5, ':').collect();
    let [host, port, _, _, password] = parts[..] else { return None };
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || "._-*/".contains(c);
    // A time or an address of hardware has numbers alone.
    let is_host = host.chars().all(is_of_host) && !host.bytes().all(|byte| byte.is_ascii_digit());
    let is_port = port == "*" || !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_host && is_port).then_some(password)
}

/// `machine host login user password password`, on one line.
fn netrc(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let is_entry = words.next() == Some("machine") && words.any(|word| word == "password");
    is_entry.then(|| words.next()).flatten()
}

/// The URL whose `://` is at a place, with its scheme, if it holds a password.
fn credential(text: &str, at: usize) -> Option<(Range<usize>, &str)> {
    let is_of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let length =
        text.as_bytes()[..at].iter().rev().take(32).take_while(|byte| is_of_scheme(byte)).count();
    let scheme = &text[at - length..at];
    let rest = &text.as_bytes()[at + 3..];
    let rest = &rest[..rest.len().min(LONGEST)];
    // What RFC 3986 does not allow in a user or password ends it, and with that the search.
    let user_info = rest.iter().take_while(|byte| is_of_user_info(**byte)).count();
    // A password with `@` in it, which is not allowed, is none the less.
    let end = rest[..user_info].iter().rposition(|byte| *byte == b'@')?;
    let (user, password) = text.get(at + 3..at + 3 + end)?.split_once(':')?;
    let host = text.get(at + 3 + end + 1..)?;
    let host = &host
        [..host.find(|c: char| !c.is_alphanumeric() && !"-._[]".contains(c)).unwrap_or(host.len())];
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins && is_password(user, password, host)).then(|| (at - length..at + 3 + end, scheme))
}

/// Whether a byte may stand in a user, a password or between them and the host.
fn is_of_user_info(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%@".contains(&byte)
}

/// Whether a password is a real one, as far as can be seen.
fn is_password(user: &str, password: &str, host: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let is_shown = password.len() < SHORTEST
        || WORDS.contains(&lower.as_str())
        || password == user
        || is_variable(password)
        || is_placeholder(password)
        || is_template(user);
    let is_practice = is_example_host(host) || is_this_machine(host) && is_word(password);
    !(is_shown || is_practice)
}

/// Whether a text is a variable of a shell or the name of one: `$PASSWORD`, `DB_PASSWORD`, or a piece of code.
fn is_variable(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    text.contains(['$', '(', ')', '\'', '*']) || text.contains(is_name) && text.chars().all(is_name)
}

/// Whether a host is for examples.
fn is_example_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_named = |name: &&str| host.ends_with(*name) || host == name.trim_start_matches('.');
    host.is_empty() || host == "host" || host == "hostname" || EXAMPLE_HOSTS.iter().any(is_named)
}

/// Whether a host is the machine itself.
fn is_this_machine(host: &str) -> bool {
    ["localhost", "127.0.0.1", "0.0.0.0"].contains(&host)
}

/// Whether a password is letters of one case, as a word is.
fn is_word(password: &str) -> bool {
    password.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in one file.
    fn one(path: &str, text: &str) -> Vec<String> {
        found("credential-url", &[(path, text)])
    }

    /// A URL of its parts, so that none stands here.
    fn url(scheme: &str, user: &str, password: &str, host: &str) -> String {
        format!("{scheme}://{user}:{password}@{host}")
    }

    #[test]
    fn a_password_is_found_wherever_the_url_stands() {
        let url = url("postgres", "app", "canary2", "db.svc/app");
        let hint = "keep the password, or all of the URL, in an encrypted Secret, and refer to it here; change a \
                    password that was pushed";
        let expected = |place: &str| {
            format!("error {place} : a URL with a password in plain text: `postgres://…` | {hint}")
        };
        assert_eq!(one("a.yaml", &format!("x: 1\nurl: {url}\n")), [expected("a.yaml:2:6")]);
        assert_eq!(one("a.env", &format!("URL={url}\n")), [expected("a.env:1:5")]);
        assert_eq!(one("a.py", &format!("  connect('{url}')\n")), [expected("a.py:1:12")]);
        assert_eq!(one("a.yaml", &format!("x: 1 # {url}")), [expected("a.yaml:1:8")]);
    }

    #[test]
    fn any_scheme_user_and_spelling_of_a_password_is_found() {
        for url in [
            url("redis", "", "canary2", "cache:6379"),
            url("https", "oauth2", "canary-2", "git.svc/a.git"),
            url("postgresql+asyncpg", "a", "canary%402", "[::1]:5432"),
            url("amqp", "a", "can@ary2", "mq"),
            url("mysql", "root", "Canary2", "localhost"),
            url("ftp", "a", "canary!,;=", "10.0.0.1"),
        ] {
            assert_eq!(one("a", &url).len(), 1, "{url}");
        }
    }

    #[test]
    fn lines_of_password_files_are_found_in_them_and_elsewhere() {
        for (path, text) in [
            (".pgpass", "db.svc:5432:*:app:canary2canary\n"),
            ("a.yaml", "pgpass: |\n  db.svc:*:app:app:canary:2canary\n"),
            (".netrc", "machine git.svc login me password canary2canary\n"),
        ] {
            let found = one(path, text);
            assert!(found.len() == 1 && found[0].contains(": a line of `."), "{path} {found:?}");
        }
        for (path, text) in [
            (".pgpass", "# host:port:database:user:password\ndb.svc:5432:*:app:${PASSWORD}\n"),
            ("a.md", "pgpass: 12:30:15:00:canary2 canary\n"),
            ("a.md", "pgpass\n12:34:56:78:9a:bc:de\n"),
            ("a.md", "the machine needs a password canary2canary\n"),
            (".netrc", "machine git.svc login me password\n"),
        ] {
            assert_eq!(one(path, text), [""; 0], "{path} {text}");
        }
    }

    #[test]
    fn what_only_shows_the_form_is_not_found() {
        for password in [
            "${PASSWORD}",
            "$(PASSWORD)",
            "$PASSWORD",
            "<password>",
            "{{ .password }}",
            "%s",
            "***",
            "password",
            "pass",
            "secret",
            "changeme",
            "DB_PASSWORD",
            "xxxxxxxx",
            "{password}",
            "",
            "pw",
            "app",
            "your-password",
            "[^@]+",
        ] {
            let url = url("postgres", "app", password, "db");
            assert_eq!(one("a.yaml", &format!("url: \"{url}\"\n")), [""; 0], "{url}");
        }
    }

    #[test]
    fn example_hosts_and_words_for_this_machine_are_not_found() {
        for (password, host) in [
            ("canary2", "example.com"),
            ("canary2", "db.example.org/x"),
            ("canary2", "db.test"),
            ("canary2", "host:5432"),
            ("canary", "localhost:5432/x"),
            ("canary", "127.0.0.1"),
        ] {
            assert_eq!(one("a", &url("postgres", "app", password, host)), [""; 0], "{host}");
        }
    }

    #[test]
    fn urls_without_a_password_are_not_found() {
        for text in [
            "https://user@git.svc/a",
            "https://a.svc:8080/x@y",
            "ssh://git@a.svc:22/x",
            "https://a/b?c=d:e@f",
            "://:@",
            "https://a.svc/x:y@z",
            "://",
            "é://a:b",
            "http://a.svc, b: c@d.svc",
        ] {
            assert_eq!(one("a", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_url_in_a_plain_secret_is_told_once() {
        let url = url("postgres", "app", "canary2", "db");
        let text = super::super::super::tests::secret(&format!("stringData:\n  url: {url}\n"));
        assert_eq!(one("a.yaml", &text), [""; 0]);
    }
}
