//! The `sops` mapping.

use super::selection::Selection;

/// What the `sops` mapping of a file says.
pub struct Metadata {
    /// Recipient texts in order.
    pub recipients: Vec<String>,
    /// Which values are encrypted.
    pub selection: Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
}
