//! Secrets for GitOps repositories.

pub mod document;
pub mod keys;
pub mod secret;
pub mod sops;
pub mod txn;
