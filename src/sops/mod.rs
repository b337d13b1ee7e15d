//! The SOPS file format.

pub mod cipher;
pub mod mac;
pub mod plaintext;
pub mod regex;
pub mod selection;
pub mod token;
