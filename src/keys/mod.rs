//! Age: wraps a data key for recipients and unwraps it with identities.
//!
//! Each recipient gets an age file (<https://age-encryption.org/v1>) of its own, armored, that holds the data key
//! and nothing else; SOPS stores it beside the text of the recipient. What is wrapped are bytes: this
//! module knows neither SOPS files nor where identities are kept, it asks nobody for a passphrase by itself –
//! whoever is asked is an [`Ask`] –, and it is the only one that calls the `age` crate, whose messages it does
//! not use.
//!
//! A kind of key is one file: `x25519`, `hybrid`, `plugin`, `ssh`. Where the `age` crate does not know the kind, it
//! gives two implementations of its traits, each with one method: wrap for recipients, unwrap for identities.
//! [`Recipient::parse`] and [`Pool::add`] choose among the kinds. `passphrase` opens files with native
//! identities in them. Without the feature `ssh`, SSH keys are recognized and refused by name.
//!
//! | needs | kinds of identities |
//! |---|---|
//! | nothing | X25519, post-quantum, SSH without a passphrase |
//! | an answer | SSH with a passphrase, passphrase-protected files |
//! | a program, perhaps answers | plugins |
//!
//! The `age` crate draws its randomness from the operating system by itself, so do the crates that `hybrid` is
//! made of, and `age` does not wipe its write buffer when it wraps.

mod ask;
mod bech32;
mod envelope;
mod error;
mod hybrid;
mod identity;
mod kind;
mod passphrase;
mod plugin;
mod pool;
mod recipient;
#[cfg(feature = "ssh")]
mod ssh;
mod x25519;

pub use ask::{Ask, Nobody};
pub use error::{Attempt, Error, Problem, ProblemCause, Reason};
pub use identity::{Identities, NewIdentity};
pub use kind::Kind;
pub use pool::Pool;
pub use recipient::Recipient;

/// Whether a text is a native identity, spelled without a mistake.
pub(crate) fn is_identity(text: &str) -> bool {
    x25519::identity(text).is_some() || hybrid::identity(text).is_some()
}
