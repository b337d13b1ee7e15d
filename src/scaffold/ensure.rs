//! `secret ensure` and `secret rotate`: a Secret as its recipe says.
//!
//! ```text
//! not there             the file, its entry in the kustomization, all values
//! there, encrypted      what is missing, or with `rotate` what is to be new; the rest keeps its bytes
//! there, in plain text  values that the recipe could have made stay; the file is encrypted and listed
//! ```
//!
//! Flux Kustomizations that would apply the file without decrypting it get `decryption`: without it Flux would apply
//! tokens. What is there is read with an identity; whether something is missing shows without one.

use std::path::{Path, PathBuf};

use super::existing::{self, Changed, Means, Target};
use super::kind::Warning;
use super::making::{self, Making, Remark};
use super::recipe::Recipe;
use super::{
    Drafted, ListIn, NewSecret, Reader, init, listing, manifest, new_secret, push_edited,
    undecrypted,
};
use crate::layout::{self, Layout, Restart, configuration};
use crate::make::{Entry, EvaluateError, evaluate};
use crate::repo;
use crate::secret::Secret;
use crate::txn::{self, Change, Plan};

/// Why a recipe cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A Secret that is not there, of a recipe that names no app.
    #[error(
        "there is no Secret `{secret}`, and its recipe does not say beside which app it belongs"
    )]
    NoApp {
        /// The Secret.
        secret: String,
    },
    /// The Secret is of another type; the API server takes no change of it.
    #[error("{}: the Secret `{secret}` is of type `{found}`, its recipe says `{wanted}`", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The Secret.
        secret: String,
        /// Its type.
        found: String,
        /// That of the recipe.
        wanted: String,
    },
    /// A Secret to be rotated is not there, or in plain text.
    #[error("there is no encrypted Secret `{secret}`")]
    NotThere {
        /// The Secret.
        secret: String,
    },
    /// The recipe asks for what cannot be made.
    #[error(transparent)]
    Making(#[from] making::Error),
    /// A value cannot be made.
    #[error("`{secret}`: {source}")]
    Evaluate {
        /// The Secret.
        secret: String,
        /// Why not.
        source: EvaluateError,
    },
    /// The Secret that is there cannot be read or changed.
    #[error(transparent)]
    Existing(#[from] existing::Error),
    /// The Secret cannot be made.
    #[error(transparent)]
    New(#[from] super::Error),
    /// A Flux Kustomization cannot be changed.
    #[error(transparent)]
    Flux(#[from] init::Error),
    /// A `.sops.yaml` cannot be used.
    #[error(transparent)]
    Layout(#[from] layout::Error),
    /// A file cannot be read.
    #[error(transparent)]
    Repository(#[from] repo::Error),
    /// The changes make no plan.
    #[error(transparent)]
    Plan(#[from] txn::Error),
}

/// What is to be done.
#[derive(Default)]
pub(crate) struct Ensured {
    /// The changes.
    pub(crate) plan: Plan,
    /// The keys whose values are made.
    pub(crate) made: Vec<String>,
    /// What somebody should know.
    pub(crate) remarks: Vec<Remark>,
    /// What somebody should know about the values of a new Secret.
    pub(crate) warnings: Vec<Warning>,
    /// The file that was in plain text: its values are in the history of Git.
    pub(crate) exposed: Option<PathBuf>,
    /// Workloads that keep the old values until somebody restarts them.
    pub(crate) restarts: Vec<Restart>,
}

/// What a Secret lacks of its recipe, as it shows without an identity.
pub(crate) struct Lack {
    /// Its file, if it is there.
    pub(crate) path: Option<PathBuf>,
    /// What is wrong.
    pub(crate) problem: String,
}

/// Makes what is missing.
pub(crate) fn ensure<'s>(
    recipe: &Recipe,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Ensured, Error> {
    let Some(target) = target(recipe, layout)? else {
        return create(recipe, layout, means);
    };
    check_type(recipe, &target)?;
    if !existing::is_encrypted(&target)? {
        return take(recipe, &target, layout, means);
    }
    // Whoever has no identity can still see that nothing is missing.
    let lacks = !lacks(recipe, layout)?.is_empty();
    let present = match existing::values(&target, means) {
        Err(error) if !lacks && error.is_locked() => return Ok(Ensured::default()),
        present => present?,
    };
    change(recipe, &target, making::ensure(recipe, &present)?, layout, means)
}

/// New values for some keys, or for all that are drawn; `forced` may lose data.
pub(crate) fn rotate<'s>(
    recipe: &Recipe,
    (chosen, forced): (&[String], &[String]),
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Ensured, Error> {
    let missing = || Error::NotThere { secret: recipe.name.clone() };
    let target = target(recipe, layout)?.ok_or_else(missing)?;
    if !existing::is_encrypted(&target)? {
        return Err(missing());
    }
    check_type(recipe, &target)?;
    let present = existing::values(&target, means)?;
    change(recipe, &target, making::rotate(recipe, &present, chosen, forced)?, layout, means)
}

/// What a Secret lacks, without an identity: file, encryption, keys.
pub(crate) fn lacks(recipe: &Recipe, layout: &Layout<'_>) -> Result<Vec<Lack>, Error> {
    let Some(target) = target(recipe, layout)? else {
        let problem = format!("there is no Secret `{}`", recipe.name);
        return Ok(vec![Lack { path: None, problem }]);
    };
    let lack = |problem| Lack { path: Some(target.file().to_owned()), problem };
    let mut found = Vec::new();
    if !existing::is_encrypted(&target)? {
        found.push(lack(format!("the Secret `{}` is not encrypted", recipe.name)));
    }
    let kind = kind(&target);
    if kind != recipe.kind {
        found.push(lack(format!("it is of type `{kind}`, its recipe says `{}`", recipe.kind)));
    }
    let keys = target.keys();
    for one in &recipe.keys {
        for key in [Some(one.key.clone()), one.companion()].into_iter().flatten() {
            if !keys.contains(&key.as_str()) {
                found.push(lack(format!("the key `{key}` is missing")));
            }
        }
    }
    Ok(found)
}

/// The Secret of a recipe: the one of its app, or else the only one of its name.
pub(crate) fn target<'s>(
    recipe: &Recipe,
    layout: &Layout<'s>,
) -> Result<Option<Target<'s>>, Error> {
    let app = recipe.app.as_deref().map(|app| super::app(layout, app)).transpose()?;
    Ok(existing::named(layout, &recipe.name, app.as_ref())?)
}

fn kind<'s>(target: &Target<'s>) -> &'s str {
    target.site.object.text(&["type"]).unwrap_or(super::recipe::OPAQUE)
}

fn check_type(recipe: &Recipe, target: &Target<'_>) -> Result<(), Error> {
    let found = kind(target);
    if found == recipe.kind {
        return Ok(());
    }
    Err(Error::Type {
        path: target.file().to_owned(),
        secret: recipe.name.clone(),
        found: found.to_owned(),
        wanted: recipe.kind.clone(),
    })
}

/// The values of some entries in the order in which they are written.
fn made(
    recipe: &Recipe,
    entries: Vec<(String, Entry)>,
    means: &mut Means<'_>,
) -> Result<Vec<(String, Secret)>, Error> {
    evaluate(entries, means.random, means.now)
        .map_err(|source| Error::Evaluate { secret: recipe.name.clone(), source })
}

/// A Secret that is not there yet.
fn create<'s>(
    recipe: &Recipe,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Ensured, Error> {
    let no_app = || Error::NoApp { secret: recipe.name.clone() };
    let app = super::app(layout, recipe.app.as_deref().ok_or_else(no_app)?)?;
    let Making { entries, made: keys, remarks } = making::ensure(recipe, &[])?;
    let request = NewSecret {
        app,
        name: recipe.name.clone(),
        kind: recipe.kind.clone(),
        entries: made(recipe, entries, means)?,
        reader: Reader::default(),
        list_in: ListIn::App,
        recipe: None,
        labels: Vec::new(),
        annotations: Vec::new(),
        immutable: false,
    };
    let drafted = new_secret(&request, layout.snapshot(), layout, means.now, means.random)?;
    let Drafted { plan, file, warnings, .. } = drafted;
    let plan = decrypted(plan, &file, layout)?;
    Ok(Ensured { plan, made: keys, remarks, warnings, ..Ensured::default() })
}

/// A Secret that is encrypted, with the values that a making makes.
fn change<'s>(
    recipe: &Recipe,
    target: &Target<'s>,
    making: Making,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Ensured, Error> {
    let Making { entries, made: keys, remarks } = making;
    if keys.is_empty() {
        return Ok(Ensured { remarks, ..Ensured::default() });
    }
    let mut values = made(recipe, entries, means)?;
    values.retain(|(key, _)| keys.contains(key));
    let Changed { plan, restarts, .. } = existing::set(target, &values, layout, means)?;
    Ok(Ensured { plan, made: keys, remarks, restarts, ..Ensured::default() })
}

/// A Secret in plain text: encrypted, listed, and with what is missing.
fn take<'s>(
    recipe: &Recipe,
    target: &Target<'s>,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Ensured, Error> {
    let (file, snapshot) = (target.file(), layout.snapshot());
    let present = existing::plain_values(target)?;
    let Making { entries, made: keys, remarks } = making::take(recipe, &present)?;
    let mut values = made(recipe, entries, means)?;
    values.retain(|(key, _)| keys.contains(key));
    let plain = existing::with_values(target, &values, layout)?;
    let no_config = || {
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        super::Error::NoConfig { directory }
    };
    let rules = configuration(snapshot, file)?.ok_or_else(no_config)?;
    let encrypted = manifest::encrypt(&plain, (file, &rules), means.now, means.random)?;
    let mut plan = Plan::new();
    // The old side is in plain text: no digest of it may reach the journal.
    plan.push(Change { plain: true, ..snapshot.change(file, Some(&encrypted))? })?;
    if let Some(path) = layout.kustomize_file_above(file).filter(|_| !layout.is_listed(file)) {
        push_edited(&mut plan, snapshot, path, listing::add(snapshot, path, file)?)?;
    }
    let plan = decrypted(plan, file, layout)?;
    Ok(Ensured { plan, made: keys, remarks, exposed: Some(file.to_owned()), ..Ensured::default() })
}

/// A plan with `decryption` for the Flux Kustomizations that apply a file without it.
fn decrypted(mut plan: Plan, file: &Path, layout: &Layout<'_>) -> Result<Plan, Error> {
    let undecrypted = undecrypted(layout, file).into_iter();
    let undecrypted =
        undecrypted.map(|flux| init::Undecrypted { flux, secrets: vec![file.to_owned()] });
    let fixed = init::fix_decryption(layout.snapshot(), layout, &undecrypted.collect::<Vec<_>>())?;
    plan.merge(fixed)?;
    Ok(plan)
}
