//! Age: wraps a data key for recipients and unwraps it with identities.
//!
//! Each recipient gets an age file (<https://age-encryption.org/v1>) of its own, armored, that holds the data key
//! and nothing else; SOPS stores it beside the text of the recipient. What is wrapped are bytes: this
//! module knows neither SOPS files nor where identities are kept, it asks nobody for a passphrase, and it is
//! the only one that calls the `age` crate – whose messages it does not use.
//!
//! A kind of key is one file that gives two implementations of `age`'s traits, each with one method: wrap for
//! recipients, unwrap for identities. `Recipient::parse` and `identity::parse` choose among the kinds. So far there is `x25519`;
//! keys of other kinds are recognized and refused by name.
//!
//! The `age` crate draws its randomness from the operating system by itself, and it does not wipe its write
//! buffer when it wraps.

mod envelope;
mod error;
mod identity;
mod kind;
mod recipient;
mod x25519;

pub use error::{Attempt, Error, Problem, ProblemCause, Reason};
pub use identity::{Identities, NewIdentity};
pub use kind::Kind;
pub use recipient::Recipient;
