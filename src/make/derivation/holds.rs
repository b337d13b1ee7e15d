//! Whether a value that is there already is derived from others that are there.

use super::{Derivation, Method, Sources, password_hash, private_key};
use crate::make::scram;
use crate::secret::Secret;

impl Derivation {
    /// Whether a value is derived in this way from these. A salted hash is verified, with whatever costs it has;
    /// anything else is made anew and compared. `None` where nobody can tell: a source is missing or is of no use, or
    /// the costs of the hash are beyond all measure.
    pub(crate) fn holds(&self, derived: &Secret, sources: &Sources<'_>) -> Option<bool> {
        let value = sources(&self.source)?;
        let user = match &self.method {
            Method::Htpasswd { user, .. } => Some(user.name(sources).ok()?),
            _ => None,
        };
        // Hashes and keys are text, and many a file ends with a line break.
        let text = derived.expose_text().map(|text| text.trim_end_matches(['\r', '\n']));
        let hash = |verify: &dyn Fn(&str) -> Option<bool>| text.map_or(Some(false), verify);
        match &self.method {
            Method::Bcrypt { .. } => hash(&|text| password_hash::is_bcrypt(text, value)),
            Method::Htpasswd { .. } => hash(&|text| {
                let Some((found, hash)) = text.split_once(':') else { return Some(false) };
                if Some(found) != user {
                    return Some(false);
                }
                password_hash::is_bcrypt(hash, value)
            }),
            Method::Argon2id { .. } => hash(&|text| password_hash::is_argon2id(text, value)),
            Method::Scrypt { .. } => hash(&|text| password_hash::is_scrypt(text, value)),
            Method::ShaCrypt { variant, .. } => {
                hash(&|text| password_hash::is_sha_crypt(*variant, text, value))
            }
            Method::ScramSha256 => hash(&|text| Some(scram::verifies(text, value))),
            Method::Public => {
                let made = private_key::public(value.expose_text()?)?;
                Some(text.is_some_and(|text| is_same_key(&made, text)))
            }
            Method::Recipient => {
                let made = private_key::recipients(value.expose_text()?)?.join("\n");
                Some(text == Some(made.as_str()))
            }
            Method::Base64 | Method::Hex | Method::Url => {
                self.respell(value).ok().map(|made| made == *derived)
            }
        }
    }
}

/// Whether two public keys are the same, but for the comment behind one of OpenSSH's.
fn is_same_key(made: &str, found: &str) -> bool {
    match made.starts_with("-----BEGIN ") {
        true => made.trim_end() == found,
        false => found.split(' ').take(2).eq(made.split(' ')),
    }
}
