//! PEM as servers read it: blocks, and between them any other text (RFC 7468, 2).
//!
//! ```text
//! Bag Attributes                    other text
//! -----BEGIN RSA PRIVATE KEY-----   the label
//! Proc-Type: 4,ENCRYPTED            a header of the old form (RFC 1421, 4.6), only in front of protected keys
//! MIIE…                             base64
//! -----END RSA PRIVATE KEY-----
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What stands between two lines of PEM.
pub(super) struct Block<'t> {
    /// What it says that it is, such as `PRIVATE KEY`.
    pub(super) label: &'t str,
    /// Headers and base64.
    body: &'t str,
}

/// The blocks of a text in order, up to one that has no end.
pub(super) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, begun) = rest.split_once("-----BEGIN ")?;
        let (label, begun) = begun.split_once("-----")?;
        let (body, after) = begun.split_once(&format!("-----END {label}-----"))?;
        rest = after;
        Some(Block { label, body })
    })
}

impl Block<'_> {
    /// Whether it is a private key, be it behind a passphrase.
    pub(super) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Whether the PEM itself says that there is a passphrase; OpenSSH's form says it inside.
    pub(super) fn is_protected(&self) -> bool {
        self.label.starts_with("ENCRYPTED ") || self.body.contains("Proc-Type: 4,ENCRYPTED")
    }

    /// The bytes; `None` where there are none, or headers.
    pub(super) fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        decoded(self.body).filter(|bytes| !bytes.is_empty())
    }
}

/// Base64 in lines of any length.
pub(super) fn decoded(lines: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut encoded = Zeroizing::new(String::with_capacity(lines.len()));
    encoded.extend(lines.split_ascii_whitespace());
    STANDARD.decode(encoded.as_str()).ok().map(Zeroizing::new)
}
