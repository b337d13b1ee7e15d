//! Passwords as the Secret of a role holds them: in clear text, or as one of the two hashes that CloudNativePG forwards.

use crate::make::scram;
use crate::secret::Secret;

/// The two forms that CloudNativePG forwards as they are (`password.go: GetType`), taken more broadly.
pub(crate) fn is_hash(text: &[u8]) -> bool {
    let md5 = text
        .strip_prefix(b"md5")
        .is_some_and(|digits| digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit));
    md5 || text.starts_with(b"SCRAM-SHA-256$")
}

/// Whether a password is the one that a Secret holds; `None` where a hash of MD5 does not tell.
pub(crate) fn agrees(stored: &Secret, password: &Secret) -> Option<bool> {
    match stored.expose_text() {
        Some(text) if scram::is_verifier(text) => Some(scram::verifies(text, password)),
        _ => (!is_hash(stored.expose())).then(|| stored == password),
    }
}
