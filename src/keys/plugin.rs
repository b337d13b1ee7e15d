//! Keys that other programs handle: `age1NAME1…` and `AGE-PLUGIN-NAME-1…` belong to `age-plugin-NAME`.
//!
//! The program is looked for on PATH when it is needed, and is started once for each age file that it
//! wraps or unwraps; its protocol is <https://c2sp.org/age-plugin>. What it writes to standard error is
//! dropped. What it wants to say goes to whoever is asked, also its errors: they are not part of ours, because
//! nobody knows what a program puts there.

use std::cell::Cell;
use std::sync::Arc;

use age::plugin::{self, IdentityPluginV1, RecipientPluginV1};
use age::{Callbacks as _, DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};

use super::ask::{self, Ask, Callbacks};
use super::pool::Reluctant;
use super::{Error, Kind, Reason, envelope};
use crate::secret::Secret;

pub(super) use plugin::Recipient;

/// The recipient, or `None` if the text is not a valid one.
pub(super) fn recipient(text: &str) -> Option<Recipient> {
    text.parse().ok()
}

/// Wraps a data key.
pub(super) fn wrap(
    data_key: &[u8],
    recipient: &Recipient,
    ask: &Arc<dyn Ask>,
) -> Result<String, Error> {
    let _turn = ask::turn();
    let name = recipient.plugin();
    let text = recipient.to_string();
    let callbacks = callbacks(name, ask);
    let plugin =
        RecipientPluginV1::new(name, std::slice::from_ref(recipient), &[], callbacks.clone())
            .map_err(|_| Error::PluginMissing {
                recipient: text.clone(),
                program: callbacks.program.clone(),
            })?;
    envelope::seal(data_key, &plugin).map_err(|error| {
        if let EncryptError::Plugin(errors) = error {
            tell(&errors, &callbacks);
        }
        Error::Wrap { recipient: text }
    })
}

/// The identities of one plugin, which is given all of them at once.
pub(super) struct Identities {
    name: String,
    identities: Vec<plugin::Identity>,
    ask: Arc<dyn Ask>,
}

/// The identity, or `None` if the text is not a valid one.
pub(super) fn identity(text: &str, ask: &Arc<dyn Ask>) -> Option<Identities> {
    let identity: plugin::Identity = text.parse().ok()?;
    let name = identity.plugin().to_owned();
    Some(Identities { name, identities: vec![identity], ask: ask.clone() })
}

impl Identities {
    /// Takes over the identities of the other one if they belong to the same plugin, or gives them back.
    pub(super) fn join(&mut self, other: Identities) -> Option<Identities> {
        if self.name != other.name {
            return Some(other);
        }
        for identity in other.identities {
            let text = identity.to_string();
            if self.identities.iter().all(|known| known.to_string() != text) {
                self.identities.push(identity);
            }
        }
        None
    }
}

impl Reluctant for Identities {
    fn answers_to(&self, recipient: &str) -> bool {
        Kind::of_recipient(recipient) == Some(Kind::Plugin(self.name.clone()))
    }

    fn open(&self, armored: &str) -> Result<Secret, Reason> {
        let _turn = ask::turn();
        let callbacks = callbacks(&self.name, &self.ask);
        let plugin = IdentityPluginV1::new(&self.name, &self.identities, callbacks.clone())
            .map_err(|_| Reason::PluginMissing(callbacks.program.clone()))?;
        let told = Told { plugin: &plugin, callbacks: &callbacks, failed: Cell::new(false) };
        let opened = envelope::open(armored, std::iter::once(&told as &dyn age::Identity));
        if told.failed.get() {
            Err(Reason::PluginFailed(callbacks.program.clone()))
        } else {
            opened
        }
    }
}

/// A plugin whose errors are told, not returned.
struct Told<'a> {
    plugin: &'a dyn age::Identity,
    callbacks: &'a Callbacks,
    failed: Cell<bool>,
}

impl age::Identity for Told<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let unwrapped = self.plugin.unwrap_stanzas(stanzas);
        if let Some(Err(error)) = &unwrapped {
            self.failed.set(true);
            if let DecryptError::Plugin(errors) = error {
                tell(errors, self.callbacks);
            }
        }
        unwrapped
    }
}

/// What a plugin says about why it failed.
fn tell(errors: &[impl ToString], callbacks: &Callbacks) {
    for error in errors {
        callbacks.display_message(&error.to_string());
    }
}

/// The questions of a plugin.
fn callbacks(name: &str, ask: &Arc<dyn Ask>) -> Callbacks {
    Callbacks { ask: ask.clone(), program: format!("age-plugin-{name}") }
}
