//! The SOPS file format on one page.
//!
//! ```yaml
//! stringData:
//!     password: ENC[AES256_GCM,data:ZPKSOuh7,iv:…,tag:…,type:str]   # a value token
//! sops:                                                             # the metadata
//!     age: [{recipient: age1…, enc: an armored age file with the data key}]
//!     lastmodified: "2031-01-02T03:04:05Z"
//!     mac: ENC[…]
//! ```
//!
//! * **Data key**: 32 random bytes per file, wrapped for each recipient ([`crate::keys`]).
//! * **Value token** ([`token`], [`cipher`]): AES-256-GCM with a 32-byte vector. Its AAD is the keys that lead
//!   to the value, each followed by `:`; positions in lists do not count. Null and `""` stay as they are.
//! * **Types** ([`plaintext`]): a value is encrypted as text of its type; `1.50` is the float 1.5.
//! * **MAC** ([`mac`]): SHA-512 over the plain text of all values in file order, encrypted with `lastmodified`
//!   as AAD. It knows neither keys nor comments.
//! * **Selection** ([`selection`]): which values are encrypted, by keys or comments on the way to them.
//! * **Metadata** ([`metadata`]): repeated in every document of a stream, read from the first.
//! * **Creation rules** ([`rules`]): what `.sops.yaml` says about new files.
//! * **Trees** ([`tree`]): a plain file without its layout, to be written in another format ([`emit`]) or
//!   looked into ([`extract`]).
//!
//! [`mod@file`] and, for files that are no text, [`binary`] put these together. The reference is the `sops` program, 3.9 to 3.13:
//! <https://github.com/getsops/sops>, its `README.rst`, `sops.go`, `stores/` and `aes/cipher.go`.
//!
//! * **Key groups** ([`KeyGroup`], [`shamir`]): a data key may be split, so that several people are needed.
//!
//! What this room refuses: files that only master keys of other kinds than age can open, and to wrap a data
//! key for such keys. Their entries stay in the file.

mod comments;
mod complete;
mod data_key;
mod error;
mod expand;
mod format;
mod group;
mod open;
mod rotate;
mod seal;
mod shown;
mod spelling;
mod stash;
mod walk;

pub mod bare;
pub mod binary;
pub mod change;
pub mod cipher;
pub mod covered;
pub mod emit;
pub mod extract;
pub mod file;
pub mod index;
pub mod mac;
pub mod metadata;
pub mod plaintext;
pub mod regex;
pub mod rules;
pub mod selection;
pub mod shamir;
pub mod token;
pub mod tree;

pub use format::Format;
pub use group::{Foreign, KeyGroup};
