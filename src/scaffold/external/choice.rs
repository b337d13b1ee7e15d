//! What the new reference has in common with its siblings: store, names, item, form, file.
//!
//! A flag decides before any sibling; where neither does, it is the convention of most repositories.

use std::path::{Path, PathBuf};

use super::form::{EXTERNAL_SECRETS, Form, Store};
use super::siblings::{Names, Sibling, Siblings, objects_of};
use super::{Error, Request};
use crate::kube::is_subdomain;
use crate::layout::naming::{self, Sample};
use crate::layout::{Choice, Fact, Layout, Template};
use crate::repo::Snapshot;
use crate::scaffold;

/// The store that was chosen, else the one of most siblings, else the only one that is declared.
pub(super) fn store(
    chosen: Option<&str>,
    siblings: &Siblings<'_>,
    layout: &Layout<'_>,
) -> Result<Fact<Store>, Error> {
    let declared = || {
        let kinds = ["ClusterSecretStore", "SecretStore"].map(|kind| (EXTERNAL_SECRETS, kind));
        let all = objects_of(layout, &kinds).into_iter().filter_map(|(object, file)| {
            let (kind, name) = (object.kind()?.to_owned(), object.name()?.to_owned());
            Some(Fact::new(Store { kind, name }, file))
        });
        all.collect::<Vec<_>>()
    };
    let Some(name) = chosen else {
        let choice = match siblings.vote(Sibling::store) {
            Choice::Missing => Choice::among(declared()),
            choice => choice,
        };
        return match choice {
            Choice::One(store) => Ok(store),
            Choice::Missing => Err(Error::NoStore),
            Choice::Several(stores) => Err(Error::StoreAmbiguous {
                found: stores.iter().map(|store| store.value.to_string()).collect(),
                names: stores.into_iter().map(|store| store.value.name).collect(),
            }),
        };
    };
    let used = siblings.0.iter().filter_map(|one| Some(Fact::new(one.store()?, one.file)));
    let mut known: Vec<_> = used.chain(declared()).collect();
    if known.is_empty() {
        return Err(Error::NoStore);
    }
    match known.iter().position(|store| store.value.name == name) {
        Some(position) => Ok(known.swap_remove(position)),
        // Vaults are declared nowhere.
        None if known.iter().all(|store| store.value.is_vault()) => {
            Ok(Fact::convention(Store::vault(name)))
        }
        None => {
            let mut found: Vec<_> = known.into_iter().map(|store| store.value.name).collect();
            found.sort();
            found.dedup();
            Err(Error::StoreUnknown { name: name.to_owned(), found })
        }
    }
}

/// The name that was chosen, else one like those of other apps.
pub(super) fn secret_name(
    request: &Request<'_>,
    siblings: &Siblings<'_>,
    own: Names<'_>,
) -> Fact<String> {
    if let Some(name) = &request.name {
        return Fact::convention(name.clone());
    }
    // What an app calls a second Secret is no pattern for the first one of another.
    let shown = siblings.template(|sibling| {
        let secret = sibling.secret().filter(|_| !sibling.is_own);
        (sibling.names.map(str::to_owned).into(), secret.into_iter().collect())
    });
    match shown {
        Some((base, template)) => template.map(|template| template.fill(own[base])),
        None => Fact::convention(secrets_of_names(siblings).fill(request.app.name())),
    }
}

/// How siblings name the Secrets that they make after themselves.
fn secrets_of_names(siblings: &Siblings<'_>) -> Template {
    let shown = siblings.template(|sibling| {
        (sibling.name().into_iter().collect(), sibling.secret().into_iter().collect())
    });
    shown.map_or_else(|| Template::new("{app}"), |(_, template)| template.value)
}

/// The name of the reference that makes a Secret.
pub(super) fn own_name(siblings: &Siblings<'_>, secret: &str) -> String {
    let template = secrets_of_names(siblings);
    template.app_in(secret).filter(|name| is_subdomain(name)).unwrap_or(secret).to_owned()
}

/// The item that was chosen, else one called after the app or the reference as those of siblings, else the one that
/// several of them share. `own` are the names of the app and of the reference.
pub(super) fn item(request: &Request<'_>, siblings: &Siblings<'_>, own: &[&str]) -> Fact<String> {
    if let Some(item) = &request.item {
        return Fact::convention(item.clone());
    }
    if let Some((base, template)) =
        siblings.template(|sibling| (sibling.all_names(), sibling.items()))
    {
        return template.map(|template| template.fill(own[base]));
    }
    let shared = siblings.habit(|sibling| sibling.items().into_iter().next());
    let shared = shared.filter(|fact| fact.evidence.len() > 1);
    shared.unwrap_or_else(|| Fact::convention(request.app.name().to_owned()))
}

/// How the values are named: as most siblings do it, as far as that is possible with the keys that were given.
pub(super) fn form(fields: &[String], siblings: &Siblings<'_>) -> Result<Fact<Form>, Error> {
    let Some(form) = siblings.habit(Sibling::form) else {
        return Ok(Fact::convention(Form::Extract));
    };
    match form.value {
        Form::Template if fields.is_empty() => Ok(form.map(|_| Form::Extract)),
        value if value.names_keys() && fields.is_empty() => {
            let file = form.evidence.into_iter().next().unwrap_or_default();
            Err(Error::NoFields { file })
        }
        _ => Ok(form),
    }
}

/// The new file: called as those of siblings, or with the name of the reference in it where that is taken. `own` are
/// the names of the app and of the reference.
pub(super) fn file(
    siblings: &Siblings<'_>,
    (snapshot, directory): (&Snapshot, &Path),
    own: &[&str],
    kind: &str,
) -> Result<Fact<PathBuf>, Error> {
    let usual = format!("{}.yaml", kind.to_lowercase());
    let pattern = siblings.habit(|sibling| {
        let name = sibling.file.file_name()?.to_str()?;
        let found = sibling.all_names().iter().enumerate().find_map(|(base, identifier)| {
            let sample = Sample { identifier, name, file: sibling.file };
            Some((base, naming::infer(&[sample])?.value.as_str().to_owned()))
        });
        Some(found.unwrap_or_else(|| (0, name.to_owned())))
    });
    let pattern = pattern.unwrap_or_else(|| Fact::convention((0, usual.clone())));
    let template = Template::new(pattern.value.1.as_str());
    let name = own.last().copied().unwrap_or_default();
    let second = match template.has_app() {
        true => template.fill(name),
        false => format!("{name}-{}", template.as_str()),
    };
    let candidates = [template.fill(own[pattern.value.0]), second, format!("{name}-{usual}")];
    let mut paths = candidates.iter().map(|file| directory.join(file));
    match paths.find(|path| snapshot.root().join(path).symlink_metadata().is_err()) {
        Some(path) => Ok(pattern.map(|_| path)),
        None => {
            let path = directory.join(&candidates[0]);
            Err(scaffold::Error::FileExists { path }.into())
        }
    }
}
