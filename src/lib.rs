//! Secrets for GitOps repositories.

pub mod secret;
pub mod txn;
