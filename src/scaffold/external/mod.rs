//! `secret new APP --external`: an object that refers to an item of an external store, as its siblings do.
//!
//! ```text
//! secret new mealie --external
//!   + apps/default/mealie/app/externalsecret.yaml   the ExternalSecret, which makes `mealie-secret`
//!   ~ apps/default/mealie/app/kustomization.yaml    - ./externalsecret.yaml
//! there must be: the item `mealie` in the ClusterSecretStore `akeyless`
//! ```
//!
//! An `ExternalSecret` of External Secrets or a `OnePasswordItem` of 1Password's operator: store, names, item, form and
//! layout are those of most siblings, the nearest before others. What is refused: a repository without either, stores
//! that are used equally often, keys that the siblings name and nobody gave, a name that is taken. A version that is
//! not served any more is not copied. No value is read or written, and nothing here asks or prints.

mod choice;
mod form;
mod manifest;
mod siblings;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::form::{EXTERNAL_SECRETS, Store};
use self::manifest::Reference;
use self::siblings::{Sibling, Siblings, names, objects_of};
use super::existing::inventory;
use super::place::{self, check_name};
use super::uses::{self, Used};
use super::{Reader, Use, listing, push_edited, push_uses};
use crate::layout::{App, Fact, Layout};
use crate::repo::Snapshot;
use crate::txn::Plan;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Nothing shows an external store.
    #[error(
        "there is no ExternalSecret, OnePasswordItem, ClusterSecretStore or SecretStore in this repository"
    )]
    NoStore,
    /// Nothing shows the store of this name.
    #[error("there is no store `{name}`; found: {}", found.join(", "))]
    StoreUnknown {
        /// The name.
        name: String,
        /// The names of those that there are.
        found: Vec<String>,
    },
    /// Several stores are used equally often.
    #[error("the values can be in several stores: {}", found.join(", "))]
    StoreAmbiguous {
        /// Each with its kind.
        found: Vec<String>,
        /// Their names.
        names: Vec<String>,
    },
    /// Siblings say which keys the Secret gets, so this one has to.
    #[error("{}: the references here name each key of the Secret, and none is given", file.display())]
    NoFields {
        /// A sibling that does.
        file: PathBuf,
    },
    /// Another reference makes a Secret of this name.
    #[error("{}: Secret `{name}` exists already, made by the {by} here", file.display())]
    Made {
        /// Where that is.
        file: PathBuf,
        /// Its kind.
        by: String,
        /// The name of the Secret.
        name: String,
    },
    /// Another reference is called as the new one would be.
    #[error("{}: {kind} `{name}` exists already", file.display())]
    Taken {
        /// Where it is.
        file: PathBuf,
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The same as for a Secret with values.
    #[error(transparent)]
    New(#[from] super::Error),
}

/// What is asked for.
pub(crate) struct Request<'s> {
    /// The app that is to use the Secret.
    pub(crate) app: App<'s>,
    /// The name of the Secret, if not as siblings name theirs.
    pub(crate) name: Option<String>,
    /// The name of the store, if not the one of most siblings.
    pub(crate) store: Option<String>,
    /// The item in the store, if not as siblings name theirs.
    pub(crate) item: Option<String>,
    /// The keys that the app reads.
    pub(crate) fields: Vec<String>,
    /// Who gets the Secret.
    pub(crate) reader: Reader,
}

/// What is to be done, and told.
pub(crate) struct Outcome {
    /// The new file and its entry.
    pub(crate) plan: Plan,
    /// What was inferred.
    pub(crate) facts: Vec<(&'static str, Fact<String>)>,
    /// What somebody should know.
    pub(crate) notes: Vec<String>,
    /// What must exist outside of the repository.
    pub(crate) wanted: Vec<String>,
    /// The name of the Secret that will be there then.
    pub(crate) secret: String,
}

/// The changes that make the reference: the new file, and its entry in the kustomization.
pub(crate) fn reference<'s>(
    request: &Request<'s>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
) -> Result<Outcome, Error> {
    let app = &request.app;
    let mut siblings = Siblings::of(layout, app);
    let notes = unserved(&siblings).into_iter().collect();
    let store = choice::store(request.store.as_deref(), &siblings, layout)?;
    siblings.keep(&store.value);

    let [flux, directory] = names(app.flux.map(|flux| flux.name()), &app.directory);
    let secret = choice::secret_name(request, &siblings, [flux, directory]);
    let name = choice::own_name(&siblings, &secret.value);
    check_free(app, layout, &secret.value, (&name, &store.value))?;
    let own = [flux, directory, &name];
    let item = choice::item(request, &siblings, &own);
    let form = choice::form(&request.fields, &siblings)?;
    let place = (snapshot, app.directory.as_path());
    let file = choice::file(&siblings, place, &own, store.value.reference().1)?;
    let reference = Reference {
        namespace: namespace(&siblings, layout, app)?,
        name,
        secret: secret.value.clone(),
        store: store.value.clone(),
        item: item.value.clone(),
        form: form.value,
        fields: request.fields.clone(),
    };

    let mut plan = plan(&reference, &siblings, &file.value, (snapshot, app))?;
    let used = Used { name: &reference.secret, namespace: reference.namespace.as_deref() };
    check_uses(&request.reader.uses, &request.fields)?;
    push_uses(&mut plan, used, &request.reader, (app, layout))?;
    let wanted = wanted(&reference, &siblings, layout, app);
    let facts = vec![
        ("store", store.map(|store| store.to_string())),
        ("Secret", secret),
        ("item", item),
        ("values", form.map(|form| form.to_string())),
        ("file", file.map(|file| file.display().to_string())),
    ];
    Ok(Outcome { plan, facts, notes, wanted, secret: reference.secret })
}

/// Refuses a variable of a key that the Secret does not get. Without fields nobody knows its keys.
fn check_uses(uses: &[Use], fields: &[String]) -> Result<(), super::Error> {
    let named = uses.iter().filter_map(|one| match one {
        Use::Env { key, .. } => Some(key.as_str()),
        _ => None,
    });
    let keys: Vec<&str> = match fields {
        [] => named.collect(),
        fields => fields.iter().map(String::as_str).collect(),
    };
    Ok(uses::check(uses, &keys)?)
}

/// The new file, and its entry.
fn plan(
    reference: &Reference,
    siblings: &Siblings<'_>,
    file: &Path,
    (snapshot, app): (&Snapshot, &App<'_>),
) -> Result<Plan, super::Error> {
    let document = manifest::write(reference, siblings)
        .map_err(|source| super::Error::Edit { path: file.to_owned(), source })?;
    let mut plan = Plan::new();
    plan.push(snapshot.change(file, Some(&document))?)?;
    if let Some(path) = app.kustomization {
        push_edited(&mut plan, snapshot, path, listing::add(snapshot, path, file)?)?;
    }
    Ok(plan)
}

/// `metadata.namespace`, where most siblings write it; else as the objects beside the app have it.
fn namespace(
    siblings: &Siblings<'_>,
    layout: &Layout<'_>,
    app: &App<'_>,
) -> Result<Option<String>, super::Error> {
    let is_written = siblings.habit(|sibling| Some(sibling.object.namespace().is_some()));
    match is_written.map(|fact| fact.value) {
        Some(true) => Ok(layout.namespace_of(app).map(|fact| fact.value.to_owned())),
        Some(false) => Ok(None),
        None => place::namespace(layout, &app.directory),
    }
}

/// A sibling of a version that is not served any more
/// (<https://github.com/external-secrets/external-secrets/releases/tag/v0.17.0>).
fn unserved(siblings: &Siblings<'_>) -> Option<String> {
    let (file, version) = siblings.0.iter().find_map(|sibling| {
        let (group, version) = sibling.object.text(&["apiVersion"])?.split_once('/')?;
        let is_old = version.contains("alpha") || version.contains("beta");
        (group == EXTERNAL_SECRETS && is_old).then_some((sibling.file, version))
    })?;
    Some(format!(
        "{}: External Secrets 0.17 and later do not serve `{version}`; the new one is `v1`, which began with 0.16",
        file.display()
    ))
}

/// Refuses names that are taken beside the app or in its namespace: that of the Secret, and that of the reference to
/// the store.
fn check_free(
    app: &App<'_>,
    layout: &Layout<'_>,
    secret: &str,
    (name, store): (&str, &Store),
) -> Result<(), Error> {
    check_name(layout, app, secret)?;
    let namespace = layout.namespace_of(app).map(|fact| fact.value);
    let is_near = |file: &Path, other: Option<&str>| {
        file.parent() == Some(&app.directory) || namespace.is_some() && other == namespace
    };
    let made = inventory(layout, None).into_iter().find(|one| {
        one.kind != "Secret" && one.name == secret && is_near(&one.path, one.namespace.as_deref())
    });
    if let Some(made) = made {
        let (file, by) = (made.path, made.kind);
        return Err(Error::Made { file, by, name: secret.to_owned() });
    }
    let called = objects_of(layout, &[store.reference()]).into_iter().find(|(object, file)| {
        let other = layout.namespace(*object, file).map(|fact| fact.value);
        object.name() == Some(name) && is_near(file, other)
    });
    match called {
        Some((_, file)) => {
            let (file, kind) = (file.to_owned(), store.reference().1);
            Err(Error::Taken { file, kind, name: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// What must exist before the Secret does.
fn wanted(
    reference: &Reference,
    siblings: &Siblings<'_>,
    layout: &Layout<'_>,
    app: &App<'_>,
) -> Vec<String> {
    let Reference { store, item, form, fields, .. } = reference;
    let quoted = |texts: Vec<String>| {
        texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
    };
    let entries: Vec<String> = fields.iter().filter_map(|key| form.entry(item, key)).collect();
    let what = match (&entries[..], &fields[..]) {
        ([], []) => format!("the item `{item}`, each field of which becomes a key of the Secret"),
        ([], _) => format!("the item `{item}` with the fields {}", quoted(fields.clone())),
        _ => format!("the entries {}", quoted(entries)),
    };
    let mut lines = vec![format!("in the {store}: {what}")];
    let namespace = layout.namespace_of(app).map(|fact| fact.value);
    let is_shared = |sibling: &Sibling<'_>| {
        sibling.is_own
            || namespace.is_some()
                && layout.namespace(sibling.object, sibling.file).map(|fact| fact.value)
                    == namespace
    };
    if store.kind == "SecretStore" && !siblings.0.iter().any(is_shared) {
        lines.push(format!("the {store} in the namespace of the app, where nothing uses it yet"));
    }
    lines
}
