//! The SOPS file format.

mod comments;
mod error;
mod expand;
mod open;
mod seal;
mod spelling;
mod walk;

pub mod cipher;
pub mod file;
pub mod mac;
pub mod metadata;
pub mod plaintext;
pub mod regex;
pub mod rules;
pub mod selection;
pub mod token;
