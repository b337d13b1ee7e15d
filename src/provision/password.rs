//! Passwords that the user gives: those that every party on the way understands alike.
//!
//! CloudNativePG trims a password and takes some for hashes, SASLprep maps or refuses what is not ASCII, and
//! Flux replaces `${…}` and `$$`. Each of these would make the password of the role another one than that
//! of the app. Generated passwords have letters and digits only and need none of this.

use crate::connection::is_hash;
use crate::kube::flux;
use crate::secret::Secret;

/// Why a password cannot be used. Does not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PasswordError {
    /// Nothing was given.
    #[error("the password is empty")]
    Empty,
    /// Control characters or anything beyond ASCII.
    #[error("the password has characters other than printable ASCII")]
    NotPrintable,
    /// CloudNativePG trims both ends.
    #[error("the password begins or ends with a blank")]
    Blank,
    /// The text of an MD5 or SCRAM-SHA-256 hash.
    #[error("the password looks like a hash and would be taken for one")]
    Hash,
    /// `${` or `$$`.
    #[error("the password contains `${{` or `$$`, which Flux replaces")]
    Substituted,
}

/// Refuses a password that somebody on the way would change.
pub(super) fn check(password: &Secret) -> Result<(), PasswordError> {
    let text = password.expose();
    if text.is_empty() {
        return Err(PasswordError::Empty);
    }
    if !text.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Err(PasswordError::NotPrintable);
    }
    if text.starts_with(b" ") || text.ends_with(b" ") {
        return Err(PasswordError::Blank);
    }
    if is_hash(text) {
        return Err(PasswordError::Hash);
    }
    if flux::replaces(text) {
        return Err(PasswordError::Substituted);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_would_be_changed_on_the_way_are_refused() {
        let cases = [
            ("", PasswordError::Empty),
            ("a\tb", PasswordError::NotPrintable),
            ("grün", PasswordError::NotPrintable),
            (" a", PasswordError::Blank),
            ("a ", PasswordError::Blank),
            ("md50123456789abcdef0123456789abcdef", PasswordError::Hash),
            ("SCRAM-SHA-256$4096:c2FsdA==$a:b", PasswordError::Hash),
            ("a${b}", PasswordError::Substituted),
            ("pa$$word", PasswordError::Substituted),
        ];
        for (text, wanted) in cases {
            assert_eq!(check(&Secret::from(text.to_owned())), Err(wanted), "{text:?}");
        }
        for text in ["a", "p$w0rd$", "a b", "md5", "#@:/?%+&"] {
            assert_eq!(check(&Secret::from(text.to_owned())), Ok(()), "{text}");
        }
    }
}
