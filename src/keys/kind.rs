//! The kinds of age keys, told apart by how their text begins.
//!
//! | recipient | identity | kind |
//! |---|---|---|
//! | `age1…` | `AGE-SECRET-KEY-1…` | X25519 |
//! | `age1pq1…` | `AGE-SECRET-KEY-PQ-1…` | post-quantum hybrid |
//! | `age1NAME1…` | `AGE-PLUGIN-NAME-1…` | plugin |
//! | `ssh-…` | `-----BEGIN … PRIVATE KEY-----` | SSH |
//!
//! The data of a recipient never contains the digit 1, so the last one ends its prefix.

use std::fmt;

/// What sort of key a text is, whether or not it is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Native X25519 keys.
    X25519,
    /// Native ML-KEM-768 with X25519, secure against quantum computers as well.
    Hybrid,
    /// Keys that the program `age-plugin-NAME` handles; this is the name.
    Plugin(String),
    /// SSH keys. Recipients have an algorithm such as `ssh-ed25519`, for private keys it is just `ssh`.
    Ssh(String),
    /// Fingerprints of OpenPGP keys, which SOPS knows beside age.
    Pgp,
    /// Age files that are encrypted with a passphrase and contain identities.
    Passphrase,
}

impl Kind {
    /// The kind of a recipient, or `None` if the text is no recipient.
    pub(super) fn of_recipient(text: &str) -> Option<Self> {
        if let Some(data) = text.strip_prefix("age1") {
            return Some(match data.rsplit_once('1') {
                None => Kind::X25519,
                Some(("pq", _)) => Kind::Hybrid,
                Some((name, _)) => Kind::Plugin(name.to_owned()),
            });
        }
        if text.starts_with("ssh-") {
            let algorithm = text.split_whitespace().next().unwrap_or(text);
            return Some(Kind::Ssh(algorithm.to_owned()));
        }
        let is_fingerprint = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_fingerprint.then_some(Kind::Pgp)
    }

    /// Whether data keys can be wrapped and unwrapped with keys of this kind, if they are of a known algorithm.
    pub(super) fn is_usable(&self) -> bool {
        match self {
            Kind::X25519 | Kind::Hybrid | Kind::Plugin(_) => true,
            Kind::Ssh(algorithm) => {
                cfg!(feature = "ssh") && ["ssh-ed25519", "ssh-rsa"].contains(&algorithm.as_str())
            }
            Kind::Pgp | Kind::Passphrase => false,
        }
    }

    /// The kind of the identity that the line `text` is or begins, or `None` if it is none.
    pub(super) fn of_identity(text: &str) -> Option<Self> {
        if let Some(header) = text.strip_prefix("-----BEGIN ") {
            if header.starts_with("AGE ENCRYPTED FILE") {
                return Some(Kind::Passphrase);
            }
            return header.ends_with("PRIVATE KEY-----").then(|| Kind::Ssh("ssh".to_owned()));
        }
        if text.starts_with("age-encryption.org/") {
            return Some(Kind::Passphrase);
        }
        if let Some(plugin) = text.strip_prefix("AGE-PLUGIN-") {
            // Up to the first separator rather than the last: a mistyped identity must not become a name.
            let (name, _) = plugin.split_once("-1")?;
            return Some(Kind::Plugin(name.to_ascii_lowercase()));
        }
        match text.strip_prefix("AGE-SECRET-KEY-")? {
            data if data.starts_with("PQ-1") => Some(Kind::Hybrid),
            data => data.starts_with('1').then_some(Kind::X25519),
        }
    }
}

impl fmt::Display for Kind {
    /// The kind as an adjective: `… recipients are not supported`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::X25519 => f.write_str("X25519"),
            Kind::Hybrid => f.write_str("post-quantum"),
            Kind::Plugin(name) => write!(f, "`age-plugin-{name}`"),
            Kind::Ssh(algorithm) => write!(f, "`{algorithm}`"),
            Kind::Pgp => f.write_str("PGP"),
            Kind::Passphrase => f.write_str("passphrase-protected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_told_apart() {
        let plugin = |name: &str| Some(Kind::Plugin(name.into()));
        let ssh = |algorithm: &str| Some(Kind::Ssh(algorithm.into()));
        let cases = [
            ("age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf", Some(Kind::X25519)),
            ("age1pq1qqqq", Some(Kind::Hybrid)),
            ("age1yubikey1qqqq", plugin("yubikey")),
            ("age1se1pq1qqqq", plugin("se1pq")),
            ("ssh-ed25519 AAAA me@host", ssh("ssh-ed25519")),
            ("ssh-rsa AAAA", ssh("ssh-rsa")),
            ("FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4", Some(Kind::Pgp)),
            ("AGE1QQQQ", None),
            ("arn:aws:kms:x", None),
            ("", None),
        ];
        for (text, kind) in cases {
            assert_eq!(Kind::of_recipient(text), kind, "{text}");
        }
    }

    #[test]
    fn identities_are_told_apart() {
        let cases = [
            ("AGE-SECRET-KEY-1QQQQ", Some(Kind::X25519)),
            ("AGE-SECRET-KEY-PQ-1QQQQ", Some(Kind::Hybrid)),
            ("AGE-PLUGIN-YUBIKEY-1QQQQ", Some(Kind::Plugin("yubikey".into()))),
            ("AGE-PLUGIN-YUBIKEY", None),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", Some(Kind::Ssh("ssh".into()))),
            ("-----BEGIN RSA PRIVATE KEY-----", Some(Kind::Ssh("ssh".into()))),
            ("-----BEGIN CERTIFICATE-----", None),
            ("-----BEGIN AGE ENCRYPTED FILE-----", Some(Kind::Passphrase)),
            ("age-encryption.org/v1", Some(Kind::Passphrase)),
            ("age-secret-key-1qqqq", None),
            ("hunter2", None),
        ];
        for (text, kind) in cases {
            assert_eq!(Kind::of_identity(text), kind, "{text}");
        }
    }
}
