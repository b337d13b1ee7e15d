//! From a name to a Secret: an app's, or the one that is called so.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Error;
use crate::kube::secret::{SecretObject, is_reference};
use crate::kube::{Object, objects};
use crate::layout::{App, Choice, Layout, SecretSite, nearest};

/// A Secret that was found.
#[derive(Clone, Copy)]
pub(crate) struct Target<'s> {
    /// The Secret, with tokens for values, and its file.
    pub(crate) site: SecretSite<'s>,
    /// Its number among the objects of the file.
    pub(crate) position: usize,
}

/// A Secret that a name can mean, as a person tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its name.
    pub(crate) name: String,
    /// Its namespace, where that is known.
    pub(crate) namespace: Option<String>,
    /// Its file, relative to the root.
    pub(crate) path: PathBuf,
    /// Its number among the objects of the file.
    position: usize,
}

impl fmt::Display for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.iter().map(|name| format!("{name}/")).collect::<String>();
        write!(formatter, "`{namespace}{}` in {}", self.name, self.path.display())
    }
}

impl Candidate {
    /// Itself in the repository.
    pub(crate) fn target<'s>(&self, layout: &Layout<'s>) -> Option<Target<'s>> {
        let all = layout.secrets().into_iter().map(Target::of);
        { all }.find(|target| target.site.file == self.path && target.position == self.position)
    }
}

impl<'s> Target<'s> {
    fn of(site: SecretSite<'s>) -> Self {
        let all = objects(site.object.document);
        let position = all.iter().position(|object| object.node == site.object.node);
        Target { site, position: position.expect("a Secret is one of the objects of its file") }
    }

    /// `metadata.name`
    pub(crate) fn name(&self) -> &'s str {
        self.site.object.name().unwrap_or_default()
    }

    /// Its file, relative to the root.
    pub(crate) fn file(&self) -> &'s Path {
        self.site.file
    }

    /// Its keys, in the order of the file.
    pub(crate) fn keys(&self) -> Vec<&'s str> {
        let entries = SecretObject { object: self.site.object }.entries();
        let mut keys: Vec<&str> = Vec::new();
        for entry in entries {
            if !keys.contains(&entry.key) {
                keys.push(entry.key);
            }
        }
        keys
    }

    /// Itself, as it is told from others.
    fn candidate(&self, layout: &Layout<'s>) -> Candidate {
        let namespace = layout.namespace(self.site.object, self.site.file);
        Candidate {
            name: self.name().to_owned(),
            namespace: namespace.map(|fact| fact.value.to_owned()),
            path: self.site.file.to_owned(),
            position: self.position,
        }
    }

    /// Whether it is called so, with its namespace or without.
    fn is_called(&self, name: &str, layout: &Layout<'s>) -> bool {
        if self.name() == name {
            return true;
        }
        let Some((namespace, name)) = name.split_once('/') else { return false };
        let own = layout.namespace(self.site.object, self.site.file);
        self.name() == name && own.is_some_and(|own| own.value == namespace)
    }
}

/// The Secret that is called so, if there is one. With an app it is the one beside it, else the one in its namespace,
/// which can have no other of the name.
pub(crate) fn named<'s>(
    layout: &Layout<'s>,
    name: &str,
    app: Option<&App<'s>>,
) -> Result<Option<Target<'s>>, Error> {
    let all = layout.secrets().into_iter().map(Target::of);
    let mut called: Vec<_> = all.filter(|one| one.name() == name).collect();
    if let Some(app) = app {
        called = of_app(layout, app, called);
    }
    match called.is_empty() {
        true => {
            layout.broken_with(&format!("name: {name}")).map_or(Ok(None), |error| Err(error.into()))
        }
        false => unambiguous(layout, name, called).map(Some),
    }
}

/// Those that are beside an app; without any, those in its namespace.
fn of_app<'s>(layout: &Layout<'s>, app: &App<'s>, called: Vec<Target<'s>>) -> Vec<Target<'s>> {
    let members = layout.files_of(app);
    let is_beside = |one: &Target<'_>| {
        members.contains(&one.file()) || one.file().parent() == Some(&app.directory)
    };
    let namespace = layout.namespace_of(app).map(|fact| fact.value);
    let shares_namespace = |one: &Target<'s>| {
        let own = layout.namespace(one.site.object, one.file()).map(|fact| fact.value);
        own.is_some() && own == namespace
    };
    let (beside, others): (Vec<_>, Vec<_>) = called.into_iter().partition(is_beside);
    match beside.is_empty() {
        true => others.into_iter().filter(shares_namespace).collect(),
        false => beside,
    }
}

/// The Secret that a name means by itself: the one that is called so, else the app's only one.
pub(crate) fn find<'s>(
    layout: &Layout<'s>,
    name: &str,
    secret: Option<&str>,
) -> Result<Target<'s>, Error> {
    only(layout, name, candidates(layout, name, secret)?)
}

/// The Secret that has a key.
pub(crate) fn find_key<'s>(
    layout: &Layout<'s>,
    name: &str,
    key: &str,
    secret: Option<&str>,
) -> Result<Target<'s>, Error> {
    let found = candidates(layout, name, secret)?;
    let having: Vec<_> = found.iter().filter(|one| one.keys().contains(&key)).copied().collect();
    if !having.is_empty() {
        return unambiguous(layout, name, having);
    }
    let names: Vec<String> = found.iter().map(|one| format!("`{}`", one.name())).collect();
    let secrets = match &names[..] {
        [only] => format!("Secret {only} has"),
        several => format!("Secrets {} have", several.join(", ")),
    };
    let mut keys: Vec<String> = Vec::new();
    keys.extend(found.iter().flat_map(Target::keys).map(str::to_owned));
    let nearest = nearest(key, &keys);
    Err(Error::KeyUnknown { secrets, key: key.to_owned(), found: keys, nearest })
}

/// The Secret that has some of these keys; if none has one, that which the name means by itself.
pub(crate) fn find_keys<'s>(
    layout: &Layout<'s>,
    name: &str,
    keys: &[&str],
    secret: Option<&str>,
) -> Result<Target<'s>, Error> {
    let found = candidates(layout, name, secret)?;
    let has = |one: &&Target<'_>| one.keys().iter().any(|key| keys.contains(key));
    let having: Vec<_> = found.iter().filter(has).copied().collect();
    match having.is_empty() {
        true => only(layout, name, found),
        false => unambiguous(layout, name, having),
    }
}

/// The one that is called so, else the only one.
fn only<'s>(layout: &Layout<'s>, name: &str, found: Vec<Target<'s>>) -> Result<Target<'s>, Error> {
    let called: Vec<_> = found.iter().filter(|one| one.is_called(name, layout)).copied().collect();
    unambiguous(layout, name, if called.is_empty() { found } else { called })
}

fn unambiguous<'s>(
    layout: &Layout<'s>,
    name: &str,
    found: Vec<Target<'s>>,
) -> Result<Target<'s>, Error> {
    if let [only] = &found[..] {
        return Ok(*only);
    }
    let candidates = found.iter().map(|one| one.candidate(layout)).collect();
    Err(Error::Ambiguous { name: name.to_owned(), candidates })
}

/// The Secrets that a name can mean, at least one: those of the app and those that are called so.
fn candidates<'s>(
    layout: &Layout<'s>,
    name: &str,
    secret: Option<&str>,
) -> Result<Vec<Target<'s>>, Error> {
    let apps = match layout.app_named(name) {
        Choice::One(app) => vec![app],
        Choice::Several(apps) => apps,
        Choice::Missing => Vec::new(),
    };
    let mut found: Vec<Target<'s>> = Vec::new();
    let of_apps = apps.iter().flat_map(|app| layout.secrets_of(app)).map(Target::of);
    let called = layout.secrets().into_iter().map(Target::of);
    for one in of_apps.chain(called.filter(|one| one.is_called(name, layout))) {
        let same =
            |known: &Target<'_>| known.site.file == one.site.file && known.position == one.position;
        if !found.iter().any(same) {
            found.push(one);
        }
    }
    if found.is_empty() {
        return Err(nothing(layout, name, &apps));
    }
    let Some(secret) = secret else { return Ok(found) };
    let chosen: Vec<_> =
        found.iter().filter(|one| one.is_called(secret, layout)).copied().collect();
    if chosen.is_empty() {
        let found = found.iter().map(|one| one.name().to_owned()).collect();
        return Err(Error::SecretUnknown {
            name: name.to_owned(),
            secret: secret.to_owned(),
            found,
        });
    }
    Ok(chosen)
}

/// Why a name leads to no Secret.
fn nothing(layout: &Layout<'_>, name: &str, apps: &[App<'_>]) -> Error {
    // What is missing may stand in a file that cannot be read.
    let base = name.rsplit('/').next().unwrap_or(name);
    if let Some(error) = layout.broken_with(&format!("name: {base}")) {
        return error.into();
    }
    if let Some(by) = maker(layout, name, apps) {
        return Error::Elsewhere { name: name.to_owned(), by };
    }
    if let Some(app) = apps.first() {
        return Error::NoSecret { app: name.to_owned(), directory: app.directory.clone() };
    }
    let mut names: Vec<String> = layout.apps().iter().map(|app| app.name().to_owned()).collect();
    names.extend(layout.secrets().iter().filter_map(|site| Some(site.object.name()?.to_owned())));
    let nearest = nearest(name, &names);
    Error::NameUnknown { name: name.to_owned(), nearest }
}

/// What makes the Secret instead: an object that refers to a store, or a generator.
fn maker(layout: &Layout<'_>, name: &str, apps: &[App<'_>]) -> Option<String> {
    let is_in = |file: &Path| apps.iter().any(|app| file.starts_with(&app.directory));
    let snapshot = layout.snapshot();
    for file in layout.manifests() {
        let Ok(document) = snapshot.document(file) else { continue };
        let makes = |object: &Object<'_>| {
            is_reference(object)
                && (is_in(file)
                    || [object.name(), object.text(&["spec", "target", "name"])]
                        .contains(&Some(name)))
        };
        if let Some(object) = objects(document).into_iter().find(makes) {
            let kind = object.kind().unwrap_or_default();
            let own = object.name().unwrap_or_default();
            return Some(format!("{kind} `{own}` in {}", file.display()));
        }
    }
    layout.is_made_elsewhere(name).then(|| "a `secretGenerator`".to_owned())
}
