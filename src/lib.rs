//! Secrets for GitOps repositories.

mod check;
pub mod cli;
pub mod document;
pub mod keys;
mod kube;
mod repo;
pub mod secret;
pub mod sops;
pub mod txn;
