//! Connections to PostgreSQL as values describe them: whole, in part, or inside of longer texts.
//!
//! ```text
//! postgres://role:password@host:5432/database?…             a URL of libpq
//! postgresql:///database?host=host&user=role&password=…     the same by parameters
//! jdbc:postgresql://host:5432/database?user=…&password=…    a URL of JDBC
//! host=host dbname=database user=role password=…            words of libpq, in one line or in `pg_service.conf`
//! host:5432:database:role:password                          a line of a pgpass file
//! ```
//!
//! What a connection leaves out may stand beside it, under keys of its own. Only what reads is a connection: a wrong
//! `%XX` makes none. What it does not do: write one.

mod beside;
mod host;
mod password;
mod spelling;

pub(crate) use beside::{host_beside, is_paired, password_beside, trimmed, user_beside};
pub(crate) use host::{host_leads_to, host_of, host_reaches};
pub(crate) use password::{agrees, is_hash};
pub(crate) use spelling::{SPELLINGS, Spelling, colons};

use crate::layout::{Form, Pooler};
use crate::secret::Secret;

/// Parameters of a URL that hold a password.
pub(crate) const PARAMETERS: [&[u8]; 3] = [b"password", b"pass", b"pwd"];

/// Parameters of a URL that hold a user.
pub(crate) const USERS: [&[u8]; 2] = [b"user", b"username"];

/// What a URL of JDBC has before its scheme.
const JDBC: &str = "jdbc:";

/// Where a URL without a host leads to: this host, or a socket of its own.
const DEFAULT_HOST: &str = "localhost";

/// What can follow a URL in a text and is no part of it.
const PUNCTUATION: [char; 5] = [',', ';', ')', ']', '}'];

/// A connection, decoded. Holds a password: no `Debug`.
#[derive(Default)]
pub(crate) struct Connection {
    /// The role.
    user: Option<Secret>,
    /// Its password.
    pub(crate) password: Option<Secret>,
    /// The hosts without their ports; none where any host is meant.
    hosts: Vec<String>,
    /// The database; `None` where it is left out, or any is meant.
    database: Option<Secret>,
}

impl Connection {
    /// Every connection that a value describes.
    pub(crate) fn all(value: &str) -> Vec<Connection> {
        // A password that is not encoded as it should be does not end a value that is nothing but a URL.
        let whole = value.trim();
        if whole.matches("://").count() == 1
            && !whole.contains('\n')
            && let Some(found) = of_url(whole)
        {
            return vec![found];
        }
        let mut found: Vec<_> = urls(value).into_iter().filter_map(of_url).collect();
        found.extend(of_words(value));
        found.extend(value.lines().filter_map(of_pgpass));
        found
    }

    /// The role.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_ref()?.expose_text()
    }

    /// The database.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_ref()?.expose_text()
    }

    /// Whether it leads to any host that there is.
    pub(crate) fn is_for_any_host(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether it leads to that Cluster, by its own Services or by a pooler.
    pub(crate) fn leads_to(
        &self,
        cluster: &str,
        namespace: Option<&str>,
        poolers: &[Pooler<'_>],
    ) -> bool {
        self.hosts.iter().any(|host| host_leads_to(host, cluster, namespace, poolers))
    }

    /// Whether it leads to a pooler.
    pub(crate) fn names_one_of(&self, poolers: &[Pooler<'_>]) -> bool {
        self.hosts.iter().any(|host| host::pooler_of(host, poolers).is_some())
    }

    /// Adds user and password that stand beside it, where it has none.
    pub(crate) fn complete(&mut self, user: Option<&Secret>, password: Option<&Secret>) {
        for (own, other) in [(&mut self.user, user), (&mut self.password, password)] {
            if let (None, Some(other)) = (&own, other) {
                let trimmed = other.expose().trim_ascii();
                *own = Some(Secret::new(trimmed.to_vec()));
            }
        }
    }
}

/// The URLs of PostgreSQL in a text, from their scheme on.
fn urls(text: &str) -> Vec<&str> {
    let of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    let starts = text.match_indices("://").map(|(at, _)| {
        let head = text[..at].bytes().rev().take_while(|byte| of_scheme(*byte)).count();
        let start = at - head;
        start - if text[..start].ends_with(JDBC) { JDBC.len() } else { 0 }
    });
    let ends = |byte: u8| is_around_url(byte) || byte == b'\\';
    starts
        .map(|start| {
            let rest = &text[start..];
            let end = rest.bytes().position(ends).unwrap_or(rest.len());
            rest[..end].trim_end_matches(PUNCTUATION)
        })
        .collect()
}

fn of_url(text: &str) -> Option<Connection> {
    let (scheme, rest) = text.split_once("://")?;
    // JDBC reads the parameters as those of a form, and knows no user before the host.
    let (spelling, is_jdbc) = match scheme.strip_prefix(JDBC) {
        Some(_) => (Spelling::Form, true),
        None => (Spelling::Percent, false),
    };
    if !Form::is_scheme(scheme.strip_prefix(JDBC).unwrap_or(scheme)) || rest.is_empty() {
        return None;
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some(_) if is_jdbc => return None,
        Some((credentials, hosts)) => (credentials, hosts),
        None => ("", authority),
    };
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (credentials, None),
    };
    let percent = |text: &str| Spelling::Percent.decode(text.as_bytes());
    let mut found = Connection {
        user: if user.is_empty() { None } else { Some(percent(user)?) },
        password: password.map_or(Some(None), |text| percent(text).map(Some))?,
        hosts: names_of(hosts),
        database: None,
    };
    let (database, query) = path.split_once('?').unwrap_or((path, ""));
    let database = database.split('#').next().unwrap_or_default().trim_end();
    found.set_database(percent(database)?);
    for part in query.split('#').next().unwrap_or_default().split(['&', ';']) {
        if let Some((key, value)) = part.split_once('=') {
            found.set(key, spelling.decode(value.as_bytes())?);
        }
    }
    if found.hosts.is_empty() {
        found.hosts.push(DEFAULT_HOST.to_owned());
    }
    Some(found)
}

/// The names of hosts with commas between them, without their ports.
fn names_of(hosts: &str) -> Vec<String> {
    let names = hosts.split(',').map(|host| host.split(':').next().unwrap_or(host).trim());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

impl Connection {
    fn set_database(&mut self, name: Secret) {
        if !name.is_empty() && name.expose() != b"*" {
            self.database = Some(name);
        }
    }

    /// Takes a parameter, or a word; `false` if it is none that matters here.
    fn set(&mut self, key: &str, value: Secret) -> bool {
        let is_one_of =
            |known: &[&[u8]]| known.iter().any(|known| known.eq_ignore_ascii_case(key.as_bytes()));
        if is_one_of(&PARAMETERS) {
            self.password = Some(value);
        } else if is_one_of(&USERS) {
            self.user = Some(value);
        } else if is_one_of(&[b"host", b"hostaddr"]) {
            self.hosts = value.expose_text().map_or_else(Vec::new, names_of);
        } else if is_one_of(&[b"dbname"]) {
            self.set_database(value);
        } else {
            return false;
        }
        true
    }
}

/// Connections by `key=value`. A key that comes again, or `[`, begins the next one.
fn of_words(text: &str) -> Vec<Connection> {
    let mut found = Vec::new();
    let (mut current, mut seen) = (Connection::default(), Vec::new());
    let mut close = |current: &mut Connection, seen: &mut Vec<String>| {
        let done = std::mem::take(current);
        seen.clear();
        if !done.hosts.is_empty() && done.user.is_some() {
            found.push(done);
        }
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| is_of_word(**byte)).count();
        if length == 0 {
            if bytes[at] == b'[' {
                close(&mut current, &mut seen);
            }
            at += 1;
            continue;
        }
        let key = text[at..at + length].to_ascii_lowercase();
        at += length;
        let Some((value, used)) = word(&bytes[at..]) else { continue };
        let is_again = seen.contains(&key);
        if is_again {
            close(&mut current, &mut seen);
        }
        if let Some(value) = Spelling::Escaped.decode(value).filter(|text| !text.is_empty())
            && current.set(&key, value)
        {
            seen.push(key);
            at += used;
        }
    }
    close(&mut current, &mut seen);
    found
}

/// The value behind a key, which may be quoted, and the length up to its end; `None` where there is no `=`.
fn word(text: &[u8]) -> Option<(&[u8], usize)> {
    let blanks = |text: &[u8]| text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let equals = blanks(text);
    if text.get(equals) != Some(&b'=') {
        return None;
    }
    let start = equals + 1 + blanks(&text[equals + 1..]);
    let quote = text.get(start).copied().filter(|byte| matches!(byte, b'\'' | b'"'));
    let start = start + usize::from(quote.is_some());
    let mut end = start;
    while let Some(byte) = text.get(end) {
        let is_end = match quote {
            Some(quote) => *byte == quote,
            None => is_around_url(*byte),
        };
        if is_end {
            break;
        }
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    let end = end.min(text.len());
    Some((&text[start..end], end))
}

fn of_pgpass(line: &str) -> Option<Connection> {
    let line = line.trim();
    if line.starts_with('#') || line.contains("//") {
        return None;
    }
    let [host, port, database, user] = colons(line.as_bytes())[..] else { return None };
    let text = |from: usize, to: usize| Spelling::Escaped.decode(&line.as_bytes()[from..to]);
    let port = &line[host + 1..port];
    if port != "*" && !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hosts = names_of(&line[..host]);
    let mut found = Connection {
        user: Some(text(database + 1, user)?),
        password: Some(text(user + 1, line.len())?),
        hosts: { hosts }.into_iter().filter(|host| host != "*").collect(),
        database: None,
    };
    found.set_database(text(host + 2 + port.len(), database)?);
    found.user().is_some_and(|user| !user.is_empty() && user != "*").then_some(found)
}

/// Whether a byte can be a part of a word.
pub(crate) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// What cannot stand in a URL, and so is around it.
pub(crate) fn is_around_url(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'<>`".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each connection of a value as `user:password@hosts/database`; `-` for what is left out.
    fn read(value: &str) -> Vec<String> {
        let shown = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let show = |found: &Connection| {
            let password = found.password.as_ref().and_then(Secret::expose_text);
            let (user, hosts) = (shown(found.user()), found.hosts.join(","));
            format!("{user}:{}@{hosts}/{}", shown(password), shown(found.database()))
        };
        Connection::all(value).iter().map(show).collect()
    }

    #[test]
    fn every_spelling_of_a_connection_is_read() {
        for value in [
            "postgres://u:a%20b%2B@pg-rw.db:5432/d?sslmode=require",
            " postgresql+asyncpg://u:a b+@pg-rw.db/d\n",
            "postgresql:///d?host=pg-rw.db&user=u&password=a%20b+",
            "jdbc:postgresql://pg-rw.db:5432/d?user=u&password=a+b%2B",
            "jdbc:postgresql://pg-rw.db/d?sslmode=require&password=a%20b%2B&user=u",
            "host=pg-rw.db port=5432 dbname=d user=u password='a b+'",
            r"user = u password = a\ b+ dbname=d host = pg-rw.db",
            "[one]\nhost=pg-rw.db\nuser=u\npassword=\"a b+\"\ndbname=d\n",
            "DSN=\"host=pg-rw.db user=u password='a b+' dbname=d\"\n",
            "pg-rw.db:5432:d:u:a b+",
        ] {
            assert_eq!(read(value), ["u:a b+@pg-rw.db/d"], "{value}");
        }
    }

    #[test]
    fn connections_inside_of_longer_texts_are_read() {
        let cases = [
            ("A=1\nURL=postgres://u:p@h/d\nB=http://x\n", vec!["u:p@h/d"]),
            (
                "{\"db\":\"postgres://u:p@h/d\", \"x\": [postgres://v:q@h/e]}",
                vec!["u:p@h/d", "v:q@h/e"],
            ),
            ("db:\n  url: 'jdbc:postgresql://h/d?user=u&password=p'\n", vec!["u:p@h/d"]),
            ("{\"env\":\"A=postgres://u:p@h/d\\nB=1\"}", vec!["u:p@h/d"]),
            ("# pass\nh:*:d:u:p\\:q\n*:*:*:v:q\n", vec!["u:p:q@h/d", "v:q@/-"]),
            ("[a]\nhost=h\nuser=u\n[b]\nhost=i\nuser=v\n", vec!["u:-@h/-", "v:-@i/-"]),
        ];
        for (value, wanted) in cases {
            assert_eq!(read(value), wanted, "{value}");
        }
    }

    #[test]
    fn what_is_left_out_is_not_made_up() {
        assert_eq!(read("jdbc:postgresql://a:1,b:2/d"), ["-:-@a,b/d"]);
        assert_eq!(read("postgres://u@h"), ["u:-@h/-"]);
        assert_eq!(read("postgres:///d"), ["-:-@localhost/d"]);
        let mut found = Connection::all("jdbc:postgresql://h/d").remove(0);
        let text = |text: &str| Secret::from(text.to_owned());
        found.complete(Some(&text("u")), Some(&text("p\n")));
        found.complete(Some(&text("v")), None);
        assert_eq!(
            (found.user(), found.password.as_ref().unwrap().expose()),
            (Some("u"), &b"p"[..])
        );
    }

    #[test]
    fn other_texts_are_no_connections() {
        for value in [
            "",
            "redis://:x@redis/0",
            "https://h/postgres://",
            "postgres://u:%zz@h/d",
            "jdbc:postgresql://u:p@h/d",
            "jdbc:mysql://h/d?user=u",
            "host is user",
            "user=u password=p",
            "12:34:56:78:9a:bc",
            "a:b:c:d:e",
            "urn://h:1:d:u:p",
        ] {
            assert!(read(value).is_empty(), "{value}: {:?}", read(value));
        }
    }
}
