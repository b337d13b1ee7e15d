//! The YAML side of documents.

pub mod resolve;
