//! The integration tests: the built program and library against real files, Git and the reference programs.
//!
//! One binary, because every further one would link everything again. The list below is the map; a test file
//! is named after what it proves. Run all of it by `./scripts/test`, which installs the reference programs; a
//! missing one fails the tests that need it, with that hint.

// Clippy's allowance for tests covers functions marked as tests only; here, everything is one.
#![allow(clippy::unwrap_used)]

/// What the tests stand on; each file tests itself.
mod postgres;
mod proof;
mod reference;
mod sandbox;
mod terminal;

/// `check`: what it finds, where, and that it shows no value.
mod check;
/// Conversion between formats, and extraction, against the real sops.
mod convert;
/// The data of the tests: sample, schemas, awkward documents and golden files agree with the programs.
mod data;
/// `demo`, in a place of its own.
mod demo;
/// Dotenv and INI against the real sops, both ways.
mod flat;
/// `encrypt` and `decrypt` against the real sops, both ways.
mod interop;
/// JSON: the library against the real sops, both ways.
mod json;
/// The pages of the verbs: each command line, each output.
mod pages;
/// `db provision` against sops, kustomize, the schemas and PostgreSQL.
mod provision;
/// `secret new`: by flags and by dialogue.
mod secret_new;
/// The program starts and answers.
mod smoke;
/// The grammar of sops: the same command lines to sops and to us.
mod sops_grammar;
/// Commits that are stopped half-way.
mod txn;
