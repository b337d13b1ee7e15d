//! Secrets for GitOps repositories.

mod check;
pub mod cli;
pub mod document;
pub mod keys;
mod kube;
mod layout;
mod make;
mod provision;
mod repo;
mod scaffold;
pub mod secret;
pub mod sops;
pub mod txn;
