//! The SOPS file format.

pub mod cipher;
pub mod mac;
pub mod plaintext;
pub mod token;
