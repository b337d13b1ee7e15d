//! `db provision`: everything an app needs for a database, as one plan.
//!
//! Six parts, each of which is left alone if it is there: the role's credentials Secret, its entry in
//! the kustomize file, the managed role, the Database, the URL in the app's own Secret, and `dependsOn`. A
//! password that is in use anywhere is used again. Pure: from a snapshot and its layout to a plan, with the
//! identities, the random source and the time handed in.
//!
//! ```text
//! app grafana ─ role, database `grafana` ─ Secret `postgres-grafana-user` ─ DATABASE_URL in Secret `grafana`
//! ```
//!
//! Refused: reserved and taken names, a missing or ambiguous app, Cluster or Secret, a key that holds
//! something else, a file that cannot be decrypted, a value that would not be encrypted.

mod adopt;
mod app_copy;
mod app_secret;
mod by_hand;
mod component;
mod database;
mod decryption;
mod depends_on;
mod deprovision;
mod doctor;
mod draft;
mod error;
mod inventory;
mod listed;
mod names;
mod objects;
mod opened;
mod password;
mod reload_label;
mod request;
mod role;
mod role_secret;
mod rotate;
mod sealed;
mod siblings;
mod survey;
mod target;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use adopt::{adopt, adopt_roles};
pub(crate) use deprovision::{Deprovisioned, Removal, Step, deprovision};
pub(crate) use doctor::{Finding, Severity, examine, fix};
pub(crate) use error::{Addition, Error};
pub(crate) use inventory::{Declared, Entry, Inventory, OwnSecret, Stock};
pub(crate) use request::{Options, Password, Reclaim, Request, StrategyKind};
pub(crate) use rotate::{Rotated, Rotation, rotate};
pub(crate) use survey::{Survey, Surveyed, settings, survey};

use app_secret::{AppSide, Connection};
use draft::Draft;
use role_secret::RoleSecret;
use target::Target;

use crate::keys::Identities;
use crate::layout::{Fact, Layout, Strategy};
use crate::repo::Snapshot;
use crate::secret::{RandomSource, Secret};
use crate::txn::Plan;

/// What a plan needs from outside.
pub(crate) struct Means<'m> {
    /// Who we are.
    pub(crate) identities: &'m Identities,
    /// Data keys and IVs.
    pub(crate) random: &'m mut dyn RandomSource,
    /// RFC 3339 in UTC with seconds: `2031-01-02T03:04:05Z`.
    pub(crate) now: &'m str,
}

/// What is to be done, and why this way.
pub(crate) struct Outcome {
    /// The changes; empty where everything is there.
    pub(crate) plan: Plan,
    /// What is there, but would be made differently today.
    pub(crate) notes: Vec<Note>,
    /// What was inferred, in the order in which it matters.
    pub(crate) facts: Vec<Shown>,
    /// What must exist outside of the repository, for people.
    pub(crate) wanted: Vec<String>,
}

/// Something that is there and is left alone, although a new one would look different.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Note {
    /// The role has an attribute that was asked for, and maybe another value.
    AttributeKept {
        /// The file of the role.
        path: PathBuf,
        /// The attribute.
        key: &'static str,
    },
    /// The app still includes a component that makes credentials.
    ComponentKept {
        /// The file of the app.
        path: PathBuf,
        /// The directory of the component.
        component: PathBuf,
    },
    /// The app keeps values with the password of a role that goes.
    KeysKept {
        /// The app's Secret.
        path: PathBuf,
        /// The keys with the password.
        keys: Vec<String>,
    },
    /// Flux does not decrypt what it applies of the app.
    NoDecryption {
        /// The file of the app's Flux Kustomization.
        path: PathBuf,
    },
    /// The role may not log in.
    NoLogin {
        /// The Cluster's file.
        path: PathBuf,
    },
    /// The operator does not watch the role's Secret.
    NoReloadLabel {
        /// The file of the Secret.
        path: PathBuf,
    },
    /// The old password stands somewhere in the clear.
    OldPassword {
        /// The file.
        path: PathBuf,
    },
    /// The URL leads to another database.
    OtherDatabase {
        /// The app's Secret.
        path: PathBuf,
        /// The key of the URL.
        key: String,
    },
    /// The URL has another password than the role.
    OtherPassword {
        /// The app's Secret.
        path: PathBuf,
        /// The key of the URL.
        key: String,
    },
    /// The role's Secret is not of the type `kubernetes.io/basic-auth`.
    OtherType {
        /// The file of the Secret.
        path: PathBuf,
    },
    /// The app has the password under a key of its own, and so gets no URL.
    SeparateKeys {
        /// The app's Secret.
        path: PathBuf,
        /// The keys with the password.
        keys: Vec<String>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::AttributeKept { path, key } => {
                write!(formatter, "{}: the role's `{key}` is left as it is", path.display())
            }
            Note::ComponentKept { path, component } => write!(
                formatter,
                "{}: the app includes the component `{}`, which is left",
                path.display(),
                component.display()
            ),
            Note::KeysKept { path, keys } => write!(
                formatter,
                "{}: the password in `{}` is of no use from now on, and is left",
                path.display(),
                keys.join("`, `")
            ),
            Note::NoDecryption { path } => write!(
                formatter,
                "{}: has no `decryption`, so Flux would apply encrypted values as they are; \
                 `--fix-decryption` adds it",
                path.display()
            ),
            Note::NoLogin { path } => {
                write!(formatter, "{}: the role has no `login: true`", path.display())
            }
            Note::NoReloadLabel { path } => write!(
                formatter,
                "{}: has no label `cnpg.io/reload`, a new password would be applied late",
                path.display()
            ),
            Note::OldPassword { path } => write!(
                formatter,
                "{}: has the old password in plain text, and keeps it",
                path.display()
            ),
            Note::OtherDatabase { path, key } => {
                write!(formatter, "{}: `{key}` leads to another database", path.display())
            }
            Note::OtherPassword { path, key } => write!(
                formatter,
                "{}: `{key}` has another password than the role's Secret",
                path.display()
            ),
            Note::OtherType { path } => write!(
                formatter,
                "{}: is not of the type `kubernetes.io/basic-auth`",
                path.display()
            ),
            Note::SeparateKeys { path, keys } => write!(
                formatter,
                "{}: the app has the password in `{}`, so it gets no URL",
                path.display(),
                keys.join("`, `")
            ),
        }
    }
}

/// An inferred fact, to be shown.
pub(crate) struct Shown {
    /// Of what: `cluster`, `URL key`.
    pub(crate) what: &'static str,
    /// What was inferred; never a secret.
    pub(crate) value: String,
    /// The files that show it; none where it is a convention of ours.
    pub(crate) evidence: Vec<PathBuf>,
}

/// Plans what is missing of an app's database.
pub(crate) fn provision<'s>(
    request: &Request<'_>,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    means: &mut Means<'_>,
) -> Result<Outcome, Error> {
    if let Password::Given(password) = request.password {
        password::check(password)?;
    }
    let target = target::find(request.app, request.options, layout)?;
    if let Strategy::Component(file) = target.strategy.value {
        return by_component(file, snapshot, layout, &target);
    }
    let named = database::existing(layout, &target)?;
    let mut notes = Vec::new();
    let role_secret = role_secret::existing(snapshot, layout, &target, means, &mut notes)?;
    let app = app_secret::find(snapshot, layout, &target, role_secret.as_ref(), means)?;
    let password = agreed(request.password, role_secret.as_ref(), &app)?;

    let mut facts = facts(layout, &target);
    let mut draft = Draft::new(snapshot);
    let secret_file = match &role_secret {
        Some(existing) => existing.file.to_owned(),
        None => {
            by_hand::refuse_generators(layout, &target)?;
            let (path, rules) = role_secret::create(&mut draft, &target, password, means)?;
            facts
                .push(Shown::new("creation rules", Fact::new(rules.display().to_string(), &rules)));
            path
        }
    };
    if let Some(lister) = target.place.listed_in
        && !layout.is_listed(&secret_file)
    {
        role_secret::list(&mut draft, &target, lister, &secret_file)?;
    }
    role::write(&mut draft, layout, &target, &mut notes)?;
    database::write(&mut draft, layout, &target, &named)?;
    match &app {
        AppSide::Secret(secret) if !matches!(secret.connection, Connection::None) => {
            app_secret::note(secret, &named, role_secret.as_ref(), &mut notes);
        }
        missing => {
            role_secret.as_ref().map_or(Ok(()), |secret| secret.check(password))?;
            let custom = siblings::of_app(snapshot, layout, &target, means.identities);
            let form = app_secret::form(layout, &target, &custom.form.value);
            let (database, path) = (&named.database, target.site.file);
            let unknown = || Error::NamespaceUnknown { path: path.to_owned() };
            let (cluster, namespace) = (target.cluster(), target.namespace());
            let role = &target.role_name.value;
            let url = form.write(cluster, namespace, role, database, password);
            let url = url.ok_or_else(unknown)?;
            match missing {
                AppSide::Secret(secret) => {
                    app_secret::write(&mut draft, secret, &custom.key.value, &url, means)?;
                    facts.push(Shown::new("URL key", custom.key));
                }
                AppSide::Copy(copy) => {
                    let host = form.host(cluster, namespace).ok_or_else(unknown)?;
                    let (host, url) = (&host, &url);
                    let connection = app_copy::Connection { password, database, host, url };
                    app_copy::write(&mut draft, layout, &target, copy, &connection, means)?;
                    facts.push(Shown::new("Secret of the app", copy.name.clone()));
                }
            }
            facts.push(Shown::new("URL form", custom.form.map(|form| form.to_string())));
        }
    }
    depends_on::write(&mut draft, layout, &target)?;
    decryption::write(&mut draft, layout, &target, &mut notes)?;
    Ok(Outcome { plan: draft.into_plan()?, notes, facts, wanted: Vec::new() })
}

/// The app includes a component; nothing else is written.
fn by_component<'s>(
    file: &Path,
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
) -> Result<Outcome, Error> {
    let mut draft = Draft::new(snapshot);
    let wanted = component::write(&mut draft, layout, target, file)?;
    // Nothing else is needed of what was inferred.
    let needed = ["app", "Cluster", "namespace", "strategy", "dependsOn"];
    let mut facts = facts(layout, target);
    facts.retain(|fact| needed.contains(&fact.what));
    Ok(Outcome { plan: draft.into_plan()?, notes: Vec::new(), facts, wanted })
}

/// The one password: that of the role's Secret, else that of the app's URL, else the requested one.
fn agreed<'p>(
    requested: &'p Password,
    role_secret: Option<&'p RoleSecret<'_>>,
    app: &'p AppSide<'_>,
) -> Result<&'p Secret, Error> {
    let clear = role_secret.and_then(|secret| Some((secret.clear()?, secret.file)));
    let existing = clear.or(match app {
        AppSide::Secret(secret) => secret.url().map(|url| (&url.password, secret.file())),
        AppSide::Copy(_) => None,
    });
    match (existing, requested) {
        (Some((existing, path)), Password::Given(given)) if existing != given => {
            Err(Error::PasswordExists { path: path.to_owned() })
        }
        (Some((existing, _)), _) => Ok(existing),
        (None, Password::Generated(password) | Password::Given(password)) => Ok(password),
    }
}

impl Shown {
    fn new(what: &'static str, fact: Fact<String>) -> Shown {
        Shown { what, value: fact.value, evidence: fact.evidence }
    }
}

fn facts(layout: &Layout<'_>, target: &Target<'_, '_>) -> Vec<Shown> {
    let site = &target.site;
    let mut facts = vec![
        Shown::new("app", Fact::new(target.app.directory.display().to_string(), target.app.file)),
        Shown::new("Cluster", Fact::new(target.cluster().to_owned(), site.file)),
    ];
    facts.extend(
        site.namespace
            .clone()
            .map(|namespace| Shown::new("namespace", namespace.map(str::to_owned))),
    );
    facts.push(Shown::new("role", target.role_name.clone()));
    facts.push(Shown::new("strategy", target.strategy.clone().map(|way| way.name().to_owned())));
    let name = target.place.name.clone();
    facts.push(Shown::new("Secret of a role", name.map(|name| name.as_str().to_owned())));
    if let [file] = target.place.files.as_slice() {
        let file = file.clone();
        facts.push(Shown::new("file of a role's Secret", file.map(|f| f.as_str().to_owned())));
    }
    facts
        .extend(site.applied_by.map(|flux| {
            Shown::new("dependsOn", Fact::new(flux.view.name().to_owned(), flux.file))
        }));
    facts.push(Shown::new("Databases", database::place(layout, site).path()));
    facts
}
