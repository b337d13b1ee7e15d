//! The integration tests: the built program and library against real files, Git and the reference programs.
//!
//! One binary, because every further one would link everything again. The list below is the map; a test file
//! is named after what it proves. Run all of it by `./scripts/test`, which installs the reference programs; a
//! missing one fails the tests that need it, with that hint.

// Clippy's allowance for tests covers functions marked as tests only; here, everything is one.
#![allow(clippy::unwrap_used)]

/// What the tests stand on; each file tests itself.
mod drop_in;
mod operator;
mod postgres;
mod proof;
mod reference;
mod sandbox;
mod terminal;
mod tree;

/// `check`: what it finds, where, and that it shows no value.
mod check;
/// `check`: what is held back by comments, settings and the baseline.
mod check_baseline;
/// `check --fix`: what it mends, what it leaves, and that the real programs take it.
mod check_fix;
/// `check`: files edited by hand, by real programs and without them.
mod check_hand_edited;
/// `check`: the index, ranges, the history, standard input and files of every kind.
mod check_inputs;
/// `check`: its reports, by their schemas, for files and keys of every name; `--strict` and `--explain`.
mod check_reports;
/// `check` in each of the samples: exactly what their READMEs say.
mod check_samples;
/// `check --verify`: MACs, passwords and certificates in files of the real sops.
mod check_verify;
/// Conversion between formats, and extraction, against the real sops.
mod convert;
/// The data of the tests: sample, schemas, awkward documents and golden files agree with the programs.
mod data;
/// `db` in the samples, with a real PostgreSQL.
mod databases;
/// `db adopt`.
mod db_adopt;
/// `db deprovision`: three runs, and nothing is left.
mod db_deprovision;
/// `db doctor`: findings and repair.
mod db_doctor;
/// `db rotate`: every place of a password, in every format.
mod db_rotate;
/// `db doctor` and `db adopt` in each of the samples.
mod db_samples;
/// `db list` and `db status`.
mod db_status;
/// `demo`, in a place of its own.
mod decrypted;
mod demo;
/// `check`: how much of what is planted it finds, and how much else.
mod detection;
/// What is different from sops on purpose, row by row of the page.
mod deviations;
/// Random documents by both programs, in every combination.
mod differential;
/// `edit`: what the editor gets, what becomes of it, and that nothing is left.
mod edit;
/// `encrypt` of a file that is encrypted but for what somebody added by hand.
mod encrypt_partly;
/// `exec-env` and `exec-file` beside the real sops.
mod exec;
/// Dotenv and INI against the real sops, both ways.
mod flat;
/// Files of all formats by five versions of sops.
mod golden;
/// `git install --hook`: commits that are stopped.
mod hook;
/// `init`: in every sample, at a terminal, and what it refuses.
mod init;
/// `encrypt` and `decrypt` against the real sops, both ways.
mod interop;
/// Two commands at once.
mod isolation;
/// JSON: the library against the real sops, both ways.
mod json;
/// Keys of every kind, identity sources and plugins against the real programs.
mod keys;
/// `layout`, settings, and what is asked where the repository contradicts itself.
mod layout;
/// `db provision` in repositories of every kind.
mod layouts;
/// Generated and derived values: programs of others verify each of them.
mod make;
/// The pages of the verbs: each command line, each output.
mod pages;
/// `db provision` against sops, kustomize, the schemas and PostgreSQL.
mod provision;
/// What `db` asks where the repository contradicts itself.
mod questions;
/// The README: every command line.
mod readme;
mod recipes;
/// `recover`: what it says and does, and the ways out of a dead end.
mod recover;
/// `secret copy`: another place, its rule, its list.
mod secret_copy;
/// `secret new` at a terminal: every question, the way back and the way out.
mod secret_dialogue;
/// `secret new --external`: references in repositories that have others.
mod secret_external;
/// `secret get`: byte for byte, and on a screen.
mod secret_get;
/// Secrets in JSON files, by every verb.
mod secret_json;
/// `secret list`: the tree and its ages.
mod secret_list;
/// `secret new`: by flags and by dialogue.
mod secret_new;
/// `secret new --type`: what each type demands.
mod secret_new_types;
/// `secret new`: where values may come from, labels and the report.
mod secret_new_values;
/// `secret new --recipe`, and which Secret a recipe means.
mod secret_recipe;
/// `secret rename`: with everything that refers to it.
mod secret_rename;
/// `secret set`, `unset` and `edit`, with an identity and without.
mod secret_set;
/// `secret new`: containers that get what was made.
mod secret_uses;
/// The program starts and answers.
mod smoke;
/// What sops promises by its own functional tests.
mod sops_behaviours;
/// The grammar of sops: the same command lines to sops and to us.
mod sops_grammar;
/// Where a value could be seen while a command runs.
mod traces;
/// Commits that are stopped half-way.
mod txn;
/// The verbs beside the real sops: what changes, what stays, what is refused.
mod verbs;
/// What people type, line by line.
mod walkthroughs;
