//! Secrets for GitOps repositories.

pub mod document;
pub mod keys;
mod kube;
mod repo;
pub mod secret;
pub mod sops;
pub mod txn;
