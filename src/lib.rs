//! Secrets for GitOps repositories.

pub mod cli;
pub mod document;
pub mod keys;
mod kube;
mod make;
mod layout;
mod provision;
mod repo;
mod scaffold;
pub mod secret;
pub mod sops;
pub mod txn;
