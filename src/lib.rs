//! Secrets for GitOps repositories.

pub mod secret;
