//! Secrets for GitOps repositories.

pub mod cli;
pub mod document;
pub mod keys;
mod kube;
mod layout;
mod make;
mod provision;
mod repo;
pub mod secret;
pub mod sops;
pub mod txn;
