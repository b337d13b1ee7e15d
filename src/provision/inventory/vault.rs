//! The Secrets of a repository with their values, as far as somebody can read them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::connection;
use crate::keys::Identities;
use crate::layout::{Layout, SecretSite};
use crate::provision::{Error, opened};
use crate::repo::Snapshot;
use crate::secret::Secret;

/// All Secrets.
pub(in crate::provision) struct Vault<'s> {
    /// In the order of the files.
    pub(in crate::provision) contents: Vec<Content<'s>>,
    /// Files that could not be decrypted, and why.
    pub(super) unopened: Vec<(PathBuf, Error)>,
}

/// A Secret.
pub(in crate::provision) struct Content<'s> {
    /// Its place.
    pub(in crate::provision) site: SecretSite<'s>,
    /// The app that it is built with.
    pub(in crate::provision) app: Option<String>,
    /// Keys and values; empty where it cannot be read.
    pub(in crate::provision) values: Vec<(String, Secret)>,
}

impl<'s> Vault<'s> {
    /// Opens every Secret that is encrypted and has a name.
    pub(super) fn open(
        snapshot: &'s Snapshot,
        layout: &Layout<'s>,
        identities: Option<&Identities>,
    ) -> Vault<'s> {
        let apps = apps_by_file(layout);
        let mut vault = Vault { contents: Vec::new(), unopened: Vec::new() };
        for site in layout.secrets() {
            let app = apps.get(site.file).cloned();
            let values = identities.map_or_else(Vec::new, |who| vault.values(snapshot, &site, who));
            vault.contents.push(Content { site, app, values });
        }
        vault
    }

    /// What is known of a Secret.
    pub(in crate::provision) fn content(&self, site: &SecretSite<'s>) -> Option<&Content<'s>> {
        let is_it = |content: &&Content<'s>| {
            content.site.file == site.file && content.site.object.node == site.object.node
        };
        self.contents.iter().find(is_it)
    }

    fn values(
        &mut self,
        snapshot: &'s Snapshot,
        site: &SecretSite<'s>,
        identities: &Identities,
    ) -> Vec<(String, Secret)> {
        match opened::open(snapshot, site.file, identities) {
            Ok(opened) => opened.values(site.object.name().unwrap_or_default()),
            // `check` speaks of that.
            Err(Error::NotEncrypted { .. }) => Vec::new(),
            Err(error) => {
                if self.unopened.last().is_none_or(|(path, _)| path != site.file) {
                    self.unopened.push((site.file.to_owned(), error));
                }
                Vec::new()
            }
        }
    }
}

impl Content<'_> {
    /// A value as the operator reads it: the last one of its key, without blanks at both ends.
    pub(in crate::provision) fn trimmed(&self, key: &str) -> Option<&str> {
        connection::trimmed(&self.values, key)
    }
}

/// The app that each file is built with; the first one where it is built with several.
fn apps_by_file<'s>(layout: &Layout<'s>) -> BTreeMap<&'s Path, String> {
    let mut apps = BTreeMap::new();
    for app in layout.apps() {
        for secret in layout.secrets_of(&app) {
            apps.entry(secret.file).or_insert_with(|| app.name().to_owned());
        }
    }
    apps
}
