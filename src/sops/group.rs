//! Key groups: who can unwrap a data key, or one share of it.
//!
//! Any master key of a group does. A file with one group wraps the data key itself; with several each
//! group gets a share, and a threshold says how many are needed ([`super::shamir`]).

use crate::keys::Recipient;

/// A master key of another kind than age: named, kept, never used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The field of the metadata that lists such keys, such as `pgp`.
    pub kind: &'static str,
    /// What SOPS calls the key: its fingerprint, ARN, resource or URL.
    pub name: String,
}

/// The master keys of a group, as a rule or a command line names them.
#[derive(Default)]
pub struct KeyGroup {
    /// Who can unwrap with an age identity.
    pub recipients: Vec<Recipient>,
    /// Who can with something else.
    pub foreign: Vec<Foreign>,
}

impl KeyGroup {
    /// A group of age recipients.
    pub fn of(recipients: Vec<Recipient>) -> KeyGroup {
        KeyGroup { recipients, foreign: Vec::new() }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty() && self.foreign.is_empty()
    }

    /// What SOPS calls each key, in its order: age first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let foreign = self.foreign.iter().map(|key| key.name.as_str());
        self.recipients.iter().map(Recipient::text).chain(foreign)
    }
}
