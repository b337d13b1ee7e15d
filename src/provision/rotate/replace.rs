//! The new password in the place of the old one, inside of one value.
//!
//! Where the old one stands decides how the new one is written:
//!
//! ```text
//! OLD                                               the whole value                  as it is
//! postgres://role:OLD@host/db                       the password of a URL            percent-encoded
//! jdbc:postgresql://host/db?user=role&password=OLD  a parameter of one               percent-encoded
//! host:5432:db:role:OLD                             the last field of a pgpass line  `:` and `\` escaped
//! [database] password = "OLD"                       a word of a longer text          as it is, if that is safe
//! ```
//!
//! A password that could be an ordinary word is no evidence by itself: it is replaced only as the whole value of a
//! key that does not speak of something else, and where the role stands beside it. What is another role's stays.
//!
//! Refused: a new password with signs that mean something, in a longer text whose rules are not known.

use zeroize::Zeroizing;

use crate::connection::{
    PARAMETERS, SPELLINGS, Spelling, USERS, colons, is_around_url, is_of_word,
};
use crate::make::percent_encode;
use crate::secret::Secret;

/// Shorter passwords are taken for ordinary words, in bytes.
const SHORT: usize = 8;

/// Parts of keys whose values are no passwords, however equal they are.
const OTHER_THINGS: [&str; 12] = [
    "user", "name", "host", "type", "engine", "provider", "database", "schema", "driver", "role",
    "owner", "mail",
];

/// The new password would not be safe where the old one stands.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::provision) struct Unsafe;

/// What is replaced by what.
pub(in crate::provision) struct Replacement<'p> {
    /// The old password.
    pub(in crate::provision) old: &'p Secret,
    /// The new one.
    pub(in crate::provision) new: &'p Secret,
    /// Whose password it is.
    pub(in crate::provision) role: &'p str,
    /// The other roles: what stands beside one of them is not ours.
    pub(in crate::provision) others: &'p [&'p str],
}

/// Where a password stands.
enum Place {
    /// In a URL or a parameter of one, beside this user if one is named.
    Url(Option<Vec<u8>>),
    /// In a pgpass line, behind this user.
    Pgpass(Vec<u8>),
    /// Between signs that are no part of a word.
    Word,
}

impl Replacement<'_> {
    /// Whether the old password could be an ordinary word: short, or of small letters or digits alone.
    pub(in crate::provision) fn is_ordinary(&self) -> bool {
        let old = self.old.expose();
        old.len() < SHORT
            || old.iter().all(u8::is_ascii_lowercase)
            || old.iter().all(u8::is_ascii_digit)
    }

    /// The value of a key with the new password; `None` where the old one is not in it.
    pub(in crate::provision) fn apply(
        &self,
        key: &str,
        value: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Unsafe> {
        let (start, end, quoted) = core(value);
        if value[start..end] == *self.old.expose() {
            let key = key.to_ascii_lowercase();
            if self.is_ordinary() && OTHER_THINGS.iter().any(|thing| key.contains(thing)) {
                return Ok(None);
            }
            if quoted && !self.is_plain() {
                return Err(Unsafe);
            }
            return Ok(Some(Zeroizing::new(
                [&value[..start], self.new.expose(), &value[end..]].concat(),
            )));
        }
        self.apply_inside(value)
    }

    fn apply_inside(&self, value: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Unsafe> {
        let mut found = Vec::new();
        let (mut at, mut room) = (0, value.len());
        while at < value.len() {
            match self.found_at(value, at) {
                Some((length, spelling, place)) => {
                    let new = self.written(spelling, &place)?;
                    room += new.len();
                    found.push((at..at + length, new));
                    at += length;
                }
                None => at += 1,
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        // Grown once: a reallocation would leave a copy of the value behind.
        let mut changed = Zeroizing::new(Vec::with_capacity(room));
        let mut done = 0;
        for (range, new) in found {
            changed.extend_from_slice(&value[done..range.start]);
            changed.extend_from_slice(new.as_bytes());
            done = range.end;
        }
        changed.extend_from_slice(&value[done..]);
        Ok(Some(changed))
    }

    /// The old password at this place, if it stands there as one: its length, its spelling – raw where nothing
    /// is encoded – and what is around it.
    fn found_at(&self, value: &[u8], at: usize) -> Option<(usize, Spelling, Place)> {
        SPELLINGS.iter().find_map(|spelling| {
            let length = spelling.length_of(self.old.expose(), &value[at..])?;
            let place = place(value, at, at + length)?;
            let is_ours = match &place {
                Place::Word => !self.is_ordinary(),
                Place::Url(None) => !self.is_ordinary(),
                Place::Url(Some(user)) | Place::Pgpass(user) => self.is_user(user),
            };
            is_ours.then_some((length, *spelling, place))
        })
    }

    /// Whether a password beside this user can be ours.
    fn is_user(&self, user: &[u8]) -> bool {
        let says = |name: &str| {
            SPELLINGS.iter().any(|s| s.length_of(name.as_bytes(), user) == Some(user.len()))
        };
        says(self.role) || !self.is_ordinary() && !self.others.iter().any(|other| says(other))
    }

    fn written(&self, spelling: Spelling, place: &Place) -> Result<Zeroizing<String>, Unsafe> {
        let new = self.new.expose();
        let mut text = Zeroizing::new(String::with_capacity(3 * new.len()));
        match (place, spelling) {
            (Place::Url(_), _) | (Place::Word, Spelling::Percent | Spelling::Form) => {
                percent_encode(new, &mut text);
            }
            (Place::Pgpass(_), _) => {
                for sign in self.new.expose_text().ok_or(Unsafe)?.chars() {
                    if matches!(sign, ':' | '\\') {
                        text.push('\\');
                    }
                    text.push(sign);
                }
            }
            (Place::Word, _) if self.is_plain() => {
                text.push_str(self.new.expose_text().ok_or(Unsafe)?);
            }
            (Place::Word, _) => return Err(Unsafe),
        }
        Ok(text)
    }

    /// Whether no reader of the new password could take a sign of it for something else.
    fn is_plain(&self) -> bool {
        self.new.expose().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte))
    }
}

/// The part of a value that is neither blanks nor one pair of quotes around it, and whether there are quotes: in
/// dotenv they belong to the value.
fn core(value: &[u8]) -> (usize, usize, bool) {
    let start = value.len() - value.trim_ascii_start().len();
    let end = start.max(value.trim_ascii_end().len());
    match &value[start..end] {
        [first @ (b'"' | b'\''), .., last] if first == last => (start + 1, end - 1, true),
        _ => (start, end, false),
    }
}

/// What is around the bytes from `start` to `end`; `None` if they are a part of something longer.
fn place(value: &[u8], start: usize, end: usize) -> Option<Place> {
    let (before, after) = (&value[..start], &value[end..]);
    if let Some(user) = user_in_authority(before).filter(|_| after.first() == Some(&b'@')) {
        return Some(Place::Url(Some(user.to_vec())));
    }
    if let Some(token) = parameters(before, after) {
        return Some(Place::Url(user_in_query(token)));
    }
    if let Some(user) = user_in_pgpass(before, after) {
        return Some(Place::Pgpass(user.to_vec()));
    }
    let is_apart = ends_apart(before) && after.first().is_none_or(|byte| !is_of_word(*byte));
    is_apart.then_some(Place::Word)
}

/// The user before the password of a URL: in `scheme://user:`, if that is how the text ends.
fn user_in_authority(before: &[u8]) -> Option<&[u8]> {
    let before = before.strip_suffix(b":")?;
    let from = before.windows(3).rposition(|part| part == b"://")? + 3;
    let user = &before[from..];
    let ends = |byte: &u8| is_around_url(*byte) || b":/@?#".contains(byte);
    (!user.iter().any(ends)).then_some(user)
}

/// The URL around a parameter that holds a password, if `before` ends with the beginning of one.
fn parameters<'v>(before: &'v [u8], after: &'v [u8]) -> Option<[&'v [u8]; 2]> {
    let from = before.iter().rposition(|byte| is_around_url(*byte)).map_or(0, |at| at + 1);
    let token = &before[from..];
    token.windows(3).position(|part| part == b"://")?;
    let name = token.strip_suffix(b"=")?;
    let name = &name[name.iter().rposition(|byte| b"?&;".contains(byte))? + 1..];
    let to = after.iter().position(|byte| is_around_url(*byte)).unwrap_or(after.len());
    let is_whole = after.first().is_none_or(|byte| is_around_url(*byte) || b"&;#".contains(byte));
    let is_password = PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name));
    (is_password && is_whole).then_some([token, &after[..to]])
}

/// The user among the parameters of a URL, on both sides of its password.
fn user_in_query(url: [&[u8]; 2]) -> Option<Vec<u8>> {
    let mut parts = url.into_iter().flat_map(|side| side.split(|byte| b"?&;#".contains(byte)));
    parts.find_map(|part| {
        let equals = part.iter().position(|byte| *byte == b'=')?;
        let is_user = USERS.iter().any(|known| known.eq_ignore_ascii_case(&part[..equals]));
        is_user.then(|| part[equals + 1..].to_vec())
    })
}

/// The user of a pgpass line, `host:port:database:user:password`, of which the password is all that is left.
fn user_in_pgpass<'v>(before: &'v [u8], after: &[u8]) -> Option<&'v [u8]> {
    let line = before.rsplit(|byte| *byte == b'\n').next()?.strip_suffix(b":")?;
    let rest = after.split(|byte| *byte == b'\n').next()?;
    if !rest.trim_ascii().is_empty() || line.windows(2).any(|part| part == b"//") {
        return None;
    }
    match colons(line)[..] {
        [_, _, last] => Some(&line[last + 1..]),
        _ => None,
    }
}

/// Whether a text ends where a word can begin. The letter of an escape (`\n`, `%3A`) belongs to no word.
fn ends_apart(text: &[u8]) -> bool {
    match text {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., last] => !is_of_word(*last),
        [] => true,
    }
}

#[cfg(test)]
mod tests;
