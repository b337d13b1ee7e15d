//! The SOPS file format.

pub mod regex;
pub mod selection;
