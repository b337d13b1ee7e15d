//! The URL in the app's own Secret.
//!
//! An app that connects already is left alone, whether by a URL or by separate keys. So is a key that
//! holds something else: overwriting it could lose the only copy of a secret.

use std::path::Path;

use super::app_copy::{self, AppCopy};
use super::database::Named;
use super::draft::Draft;
use super::opened::{self, Opened};
use super::role_secret::RoleSecret;
use super::sealed::check_encrypted;
use super::url::{DatabaseUrl, Form, Host};
use super::{Error, Means, Note, Target, by_hand};
use crate::layout::{Layout, SecretSite};
use crate::repo::Snapshot;
use crate::secret::Secret;

/// The app's Secret, decrypted.
pub(super) struct AppSecret<'s> {
    /// Its place.
    site: SecretSite<'s>,
    opened: Opened<'s>,
    values: Vec<(String, Secret)>,
    /// How the app gets its credentials now.
    pub(super) connection: Connection,
}

/// How an app gets its credentials.
pub(super) enum Connection {
    /// Not at all.
    None,
    /// By a URL under this key.
    Url(String, DatabaseUrl),
    /// By keys of which one holds the password.
    Keys(Vec<String>),
}

impl<'s> AppSecret<'s> {
    /// The URL by which the app connects.
    pub(super) fn url(&self) -> Option<&DatabaseUrl> {
        match &self.connection {
            Connection::Url(_, url) => Some(url),
            _ => None,
        }
    }

    /// Its file.
    pub(super) fn file(&self) -> &'s Path {
        self.site.file
    }
}

/// Where the app's credentials are or are going to be.
pub(super) enum AppSide<'s> {
    /// In a Secret of the app's that is there.
    Secret(Box<AppSecret<'s>>),
    /// In a Secret of their own that is to be made in the app's namespace.
    Copy(AppCopy),
}

/// Finds the Secret of the app that holds its credentials or is to hold them.
pub(super) fn find<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
    role_secret: Option<&RoleSecret<'_>>,
    means: &Means<'_>,
) -> Result<AppSide<'s>, Error> {
    let (mut found, mut refused) = (Vec::new(), None);
    for site in layout.secrets_of(&target.app) {
        match opened::open(snapshot, site.file, means.identities) {
            Ok(opened) => found.push(read(site, opened, target, role_secret)?),
            // Beside the app's Secret there may be one that holds no secret, such as an empty one.
            Err(error @ Error::NotEncrypted { .. }) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    let connected = |secret: &AppSecret<'_>| !matches!(secret.connection, Connection::None);
    if let Some(connected) = found.iter().position(connected) {
        return Ok(AppSide::Secret(Box::new(found.swap_remove(connected))));
    }
    if let Some(copy) = app_copy::find(layout, target) {
        return Ok(AppSide::Copy(copy));
    }
    if found.is_empty() {
        by_hand::refuse_generated_app(layout, target)?;
        let (app, path) = (target.name.to_owned(), target.app.directory.clone());
        return Err(refused.unwrap_or(Error::SecretMissing { app, path }));
    }
    choose(found, target).map(|chosen| AppSide::Secret(Box::new(chosen)))
}

/// The Secret that was chosen, else the one with the name of the app, else the only one.
fn choose<'s>(
    mut found: Vec<AppSecret<'s>>,
    target: &Target<'_, 's>,
) -> Result<AppSecret<'s>, Error> {
    let names: [&[&str]; 2] = match &target.options.secret {
        Some(name) => [&[name], &[]],
        None => [&[], &[target.name, target.app.name()]],
    };
    let named = |secret: &AppSecret<'_>| {
        let name = secret.site.object.name().unwrap_or_default();
        names.iter().any(|names| names.contains(&name))
    };
    let only = found.len() == 1 && target.options.secret.is_none();
    match found.iter().position(named).or(only.then_some(0)) {
        Some(chosen) => Ok(found.swap_remove(chosen)),
        None if target.options.secret.is_some() => Err(Error::SecretUnknown {
            app: target.name.to_owned(),
            name: target.options.secret.clone().unwrap_or_default(),
            found: found.iter().filter_map(|s| s.site.object.name()).map(str::to_owned).collect(),
        }),
        None => {
            let paths = found.iter().map(|secret| secret.site.file.to_owned()).collect();
            let name =
                |secret: &AppSecret<'_>| secret.site.object.name().unwrap_or_default().to_owned();
            let names = found.iter().map(name).collect();
            Err(Error::SecretAmbiguous { app: target.name.to_owned(), paths, names })
        }
    }
}

/// Adds the URL under a key that is free.
pub(super) fn write(
    draft: &mut Draft<'_>,
    secret: &AppSecret<'_>,
    key: &str,
    url: &str,
    means: &mut Means<'_>,
) -> Result<(), Error> {
    let path = secret.file();
    if secret.values.iter().any(|(known, value)| known == key && !value.is_empty()) {
        return Err(Error::KeyTaken { path: path.to_owned(), key: key.to_owned() });
    }
    let document = secret.site.object.document;
    if document.roots().first().map(|root| root.node) != Some(secret.site.object.node) {
        return Err(Error::SecretNotFirst { path: path.to_owned() });
    }
    let keys = ["stringData", key];
    let changed = secret.opened.unlocked.set(&[(&keys, url)], means.now, means.random);
    let changed = changed.map_err(Error::sops(path))?;
    check_encrypted(&changed, &keys, path)?;
    draft.replace(path, changed);
    Ok(())
}

/// Names what an app that connects does differently.
pub(super) fn note(
    secret: &AppSecret<'_>,
    named: &Named<'_>,
    role_secret: Option<&RoleSecret<'_>>,
    notes: &mut Vec<Note>,
) {
    let path = secret.file().to_owned();
    match &secret.connection {
        Connection::None => {}
        Connection::Keys(keys) => notes.push(Note::SeparateKeys { path, keys: keys.clone() }),
        Connection::Url(key, url) => {
            if role_secret.is_some_and(|role| !role.fits(&url.password)) {
                notes.push(Note::OtherPassword { path: path.clone(), key: key.clone() });
            }
            if *url.database != named.database {
                notes.push(Note::OtherDatabase { path, key: key.clone() });
            }
        }
    }
}

fn read<'s>(
    site: SecretSite<'s>,
    opened: Opened<'s>,
    target: &Target<'_, 's>,
    role_secret: Option<&RoleSecret<'_>>,
) -> Result<AppSecret<'s>, Error> {
    let values = opened.values(site.object.name().unwrap_or_default());
    let connection = connection(&values, site.file, target, role_secret)?;
    Ok(AppSecret { site, opened, values, connection })
}

fn connection(
    values: &[(String, Secret)],
    file: &Path,
    target: &Target<'_, '_>,
    role_secret: Option<&RoleSecret<'_>>,
) -> Result<Connection, Error> {
    let wanted = target.options.database.as_deref();
    let (mut another, mut needed) = (None, None);
    for (key, value) in values {
        let Some(url) = value.expose_text().and_then(DatabaseUrl::parse) else { continue };
        if url.form(target.cluster(), target.namespace()).is_none() {
            continue;
        }
        if *url.user == target.role_name.value {
            // An app may have several databases, each with a URL of its own.
            if wanted.is_none_or(|database| database == *url.database) {
                return Ok(Connection::Url(key.clone(), url));
            }
            needed.get_or_insert(key);
            continue;
        }
        another.get_or_insert(key);
    }
    if let Some(key) = needed.filter(|_| target.options.url_key.is_none()) {
        return Err(Error::KeyNeeded { path: file.to_owned(), key: key.clone() });
    }
    let holds = |value: &Secret| role_secret.is_some_and(|role| role.password == *value);
    let keys: Vec<String> =
        values.iter().filter(|(_, value)| holds(value)).map(|(key, _)| key.clone()).collect();
    match another {
        _ if !keys.is_empty() => Ok(Connection::Keys(keys)),
        Some(key) => Err(Error::AnotherRole {
            path: file.to_owned(),
            key: key.clone(),
            role: target.role_name.value.clone(),
        }),
        None => Ok(Connection::None),
    }
}

/// The siblings' form; from another namespace the Service alone cannot be reached.
pub(super) fn form(layout: &Layout<'_>, target: &Target<'_, '_>, usual: &Form) -> Form {
    let own = layout.namespace_of(&target.app).map(|namespace| namespace.value.to_owned());
    let far = own.as_deref() != target.namespace();
    let host = match &usual.host {
        Host::Service if far => Host::Namespace,
        host => host.clone(),
    };
    Form { host, ..usual.clone() }
}
