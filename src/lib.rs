//! Secrets for GitOps repositories: SOPS files with age keys, CloudNativePG databases in one transaction,
//! and a check that no secret is in plain text.
//!
//! This is the library below the `keywright` program. Which part for which need:
//!
//! | need | here |
//! |---|---|
//! | change a YAML file without touching the rest of it | [`document`] |
//! | encrypt a file, decrypt it, set a value in it | [`sops::file`] |
//! | find the creation rule of a file | [`sops::rules`] |
//! | wrap and unwrap data keys, read age identities | [`keys`] |
//! | replace several files, all or none | [`txn`] |
//! | hold a secret in memory | [`secret`] |
//!
//! ```
//! use keywright::document::Document;
//! use keywright::keys::Identities;
//! use keywright::sops::KeyGroup;
//! use keywright::sops::file::{EncryptedFile, Encryption, encrypt};
//! use keywright::sops::selection::Selection;
//! # struct Fixed;
//! # impl keywright::secret::RandomSource for Fixed {
//! #     fn fill(&mut self, bytes: &mut [u8]) { bytes.fill(7) }
//! # }
//! # let mut random = Fixed; // a real one asks the operating system
//!
//! let identity = Identities::generate();
//! let plain = Document::parse(b"password: 's3cret'  # rotate monthly\n".to_vec())?;
//! let how = Encryption {
//!     groups: &[KeyGroup::of(vec![identity.recipient])],
//!     threshold: 0,
//!     selection: &Selection::default(),
//!     mac_only_encrypted: false,
//!     indent: 4,
//!     now: "2031-01-02T03:04:05Z",
//! };
//! let encrypted = encrypt(&plain, &how, &mut random)?;
//! assert!(encrypted.source().starts_with("password: 'ENC[AES256_GCM,data:"));
//!
//! let mut identities = Identities::new();
//! identities.add(identity.text.expose(), "the example");
//! let file = EncryptedFile::open(&encrypted)?.expect("it has metadata");
//! let again = file.unlock(&identities)?.decrypt()?;
//! assert_eq!(again.source(), plain.source());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Promises
//!
//! What is not edited keeps its bytes. Files of one change are all old or all new, after any error or kill.
//! Plain text does not reach errors, logs, journals or `Debug`; types that hold it are wiped.
//!
//! # Boundaries
//!
//! Nothing here defends against a process that runs as the same user, or that may write to the repository
//! while it is read. As with SOPS, keys, lengths and empty values are readable, and the MAC covers values
//! alone.

pub mod cli;
pub mod document;
pub mod keys;
pub mod secret;
pub mod sops;
pub mod txn;

mod check;
mod connection;
mod kube;
mod layout;
mod make;
mod provision;
mod repo;
mod scaffold;
mod settings;
