//! Secrets for GitOps repositories.

pub mod document;
pub mod secret;
pub mod sops;
