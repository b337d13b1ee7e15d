//! SCRAM-SHA-256 verifiers as PostgreSQL stores them, RFC 5802 and RFC 7677.
//!
//! ```text
//! SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>          each but the first in base64
//! ```
//!
//! A server with a verifier can check a password and cannot tell it. SASLprep (RFC 4013) leaves printable ASCII as it is;
//! other passwords are refused before they get here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::{RandomSource, Secret};

/// What PostgreSQL takes (`scram_iterations`).
const ITERATIONS: u32 = 4096;

/// More than this nobody sets, and a verifier may come from anybody who can write to the repository: some seconds.
const MOST_ITERATIONS: u32 = 5_000_000;

/// Length of a salt in bytes (`SCRAM_DEFAULT_SALT_LEN`).
const SALT: usize = 16;

/// How every verifier begins.
const PREFIX: &str = "SCRAM-SHA-256$";

/// The verifier of a password, with a salt of its own.
pub(crate) fn verifier(password: &Secret, random: &mut dyn RandomSource) -> String {
    let mut salt = [0; SALT];
    random.fill(&mut salt);
    of(password.expose(), &salt, ITERATIONS)
}

/// Whether a text begins as verifiers do.
pub(crate) fn is_verifier(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Whether a verifier is that of a password. A text of another form is that of none.
pub(crate) fn verifies(verifier: &str, password: &Secret) -> bool {
    let parts = || {
        let (head, _) = verifier.strip_prefix(PREFIX)?.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let iterations = iterations.parse().ok();
        let iterations = iterations.filter(|count| (1..=MOST_ITERATIONS).contains(count))?;
        Some((iterations, STANDARD.decode(salt).ok()?))
    };
    parts().is_some_and(|(iterations, salt)| {
        Secret::from(of(password.expose(), &salt, iterations)) == Secret::from(verifier.to_owned())
    })
}

fn of(password: &[u8], salt: &[u8], iterations: u32) -> String {
    let salted = salted(password, salt, iterations);
    let stored = Sha256::digest(*keyed(&*salted, &[b"Client Key"]));
    let server = keyed(&*salted, &[b"Server Key"]);
    let [salt, stored, server] = [salt, &stored, &*server].map(|bytes| STANDARD.encode(bytes));
    format!("{PREFIX}{iterations}:{salt}${stored}:{server}")
}

/// `Hi` of RFC 5802: PBKDF2 with one block.
fn salted(password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<[u8; 32]> {
    let mut last = keyed(password, &[salt, &1u32.to_be_bytes()]);
    let mut sum = last.clone();
    for _ in 1..iterations {
        last = keyed(password, &[&*last]);
        sum.iter_mut().zip(&*last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// HMAC-SHA-256 of some parts.
fn keyed(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3: user `user`, password `pencil`. Its server signature is made with the server
    /// key, so this tests the key.
    #[test]
    fn the_example_of_rfc_7677_is_met() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server = keyed(&*salted(b"pencil", &salt, 4096), &[b"Server Key"]);
        let signature = keyed(&*server, &[message.as_bytes()]);
        assert_eq!(STANDARD.encode(*signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_verifier_is_that_of_its_password_alone() {
        struct Fixed;
        impl RandomSource for Fixed {
            fn fill(&mut self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        let password = Secret::from("pencil".to_owned());
        let text = verifier(&password, &mut Fixed);
        assert!(text.starts_with("SCRAM-SHA-256$4096:BwcHBwcHBwcHBwcHBwcHBw==$"), "{text}");
        assert!(verifies(&text, &password));
        assert!(!verifies(&text, &Secret::from("pencils".to_owned())));
        for other in [
            "",
            "pencil",
            "SCRAM-SHA-256$",
            "SCRAM-SHA-256$0:BwcH$a:b",
            "SCRAM-SHA-256$x:BwcH$a:b",
            "SCRAM-SHA-256$4000000000:BwcH$a:b",
        ] {
            assert!(!verifies(other, &password), "{other}");
        }
    }
}
