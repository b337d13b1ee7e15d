//! The SOPS file format.

pub mod cipher;
pub mod file;
pub mod mac;
pub mod metadata;
pub mod plaintext;
pub mod regex;
pub mod rules;
pub mod selection;
pub mod token;
