//! `layout`: what is inferred of a repository, and the settings that would say the same.
//!
//! Each inference carries the name of the setting that overrules it. Written down, all of them change nothing today;
//! they keep the next app like the others whatever is added meanwhile. The secrets of apps are decrypted in memory
//! to see the keys and the form of their URLs; where that is not possible, these stay open.

use std::path::{Path, PathBuf};

use super::draft::{Draft, written_like};
use super::{Error, database, objects, role, siblings, target};
use crate::document::{Document, EditError, Edits, Fragment, Placement};
use crate::keys::Identities;
use crate::layout::{App, Choice, ClusterSite, Fact, Layout, Strategy, namespaces};
use crate::repo::Snapshot;
use crate::settings::FILE_NAME;
use crate::txn::Plan;

/// What a repository shows.
pub(crate) struct Survey {
    /// The apps by the directories that hold them.
    pub(crate) apps: Vec<Group>,
    /// The Clusters.
    pub(crate) clusters: Vec<Surveyed>,
}

/// Apps beside one another.
pub(crate) struct Group {
    /// What their directories are in, relative to the root.
    pub(crate) directory: PathBuf,
    /// Their names in the order of their files.
    pub(crate) apps: Vec<String>,
}

/// A Cluster, and how its next app is provisioned.
pub(crate) struct Surveyed {
    /// Its file, relative to the root.
    pub(crate) file: PathBuf,
    /// What the settings could say, in the order of a new file.
    pub(crate) settings: Vec<Inferred>,
    /// What could not be inferred, for people.
    pub(crate) open: Vec<String>,
}

/// A setting with the value that is inferred for it.
pub(crate) struct Inferred {
    /// Its keys below `layout`.
    pub(crate) route: &'static [&'static str],
    /// The value.
    pub(crate) fact: Fact<String>,
}

/// Looks at all Clusters, or at the one of this name.
pub(crate) fn survey<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    identities: &Identities,
    cluster: Option<&str>,
) -> Result<Survey, Error> {
    let sites = match cluster.or(layout.settings().cluster.as_deref()) {
        Some(name) => vec![target::cluster(Some(name), layout)?],
        None => layout.clusters(),
    };
    let clusters = sites.iter().map(|site| surveyed(snapshot, layout, identities, site));
    Ok(Survey { apps: groups(layout), clusters: clusters.collect::<Result<_, _>>()? })
}

/// The settings of the one Cluster, as a new file or as what an existing one lacks. Nothing that is written is changed.
pub(crate) fn settings<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    survey: &Survey,
) -> Result<Plan, Error> {
    let [only] = survey.clusters.as_slice() else {
        // Says which ones there are, or what there is instead.
        target::cluster(None, layout)?;
        return Ok(Plan::new());
    };
    let path = Path::new(FILE_NAME);
    let mut draft = Draft::new(snapshot);
    if !snapshot.contains(path) {
        let mut entries = Vec::new();
        only.settings
            .iter()
            .for_each(|setting| add(&mut entries, setting.route, &setting.fact.value));
        let content = Fragment::mapping([("layout", Fragment::Mapping(entries))]);
        let like = snapshot.document(&only.file)?;
        draft.create(path, written_like(like, &content, false, path)?)?;
        return draft.into_plan();
    }
    for setting in &only.settings {
        draft.edit(path, |document, edits| complete(document, edits, setting))?;
    }
    draft.into_plan()
}

fn surveyed<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    identities: &Identities,
    site: &ClusterSite<'s>,
) -> Result<Surveyed, Error> {
    let mut found = Surveyed { file: site.file.to_owned(), settings: Vec::new(), open: Vec::new() };
    found.add(&["cluster"], cluster_name(site));
    let strategy = target::strategy(None, layout, site)?;
    found.add(&["strategy"], strategy.clone().map(|way| way.name().to_owned()));
    if let Strategy::Component(_) = strategy.value {
        // It makes everything else itself.
        return Ok(found);
    }
    let place = layout.role_secrets(site);
    found.add(&["role_secret", "name"], place.name.clone().map(|name| name.as_str().to_owned()));
    if let [file] = place.files.as_slice() {
        let path = |name: &str| place.directory.join(name).display().to_string();
        found.add(&["role_secret", "file"], file.clone().map(|file| path(file.as_str())));
    }
    let databases = database::place(layout, site);
    found.add(&["database", "file"], databases.path());
    if let Strategy::DatabaseRole = strategy.value {
        found.add(&["database_role", "file"], role::place(layout, site).path());
    }
    match layout.identifiers(&layout.roles(site)) {
        Choice::One(sign) => found.add(&["identifiers"], sign.map(|sign| sign.name().to_owned())),
        Choice::Several(signs) => found.open.push(contradiction(&signs)),
        Choice::Missing => {}
    }
    found.add_namespaces(place.with_namespace, &databases);
    found.add_url(siblings::read(snapshot, layout, site, None, identities));
    Ok(found)
}

impl Surveyed {
    fn add(&mut self, route: &'static [&'static str], fact: Fact<String>) {
        self.settings.push(Inferred { route, fact });
    }

    /// Secrets and Databases may differ; a setting is for both.
    fn add_namespaces(&mut self, secrets: Fact<bool>, databases: &objects::Place<'_>) {
        if secrets.value == databases.with_namespace {
            self.add(&["namespaces"], secrets.map(|written| namespaces(written).to_owned()));
        } else {
            let reason = "namespaces: the Secrets of roles and the Databases differ";
            self.open.push(reason.to_owned());
        }
    }

    fn add_url(&mut self, custom: siblings::Custom) {
        let (key, form) = (custom.key, custom.form.map(|form| form.to_string()));
        for (route, name, fact) in
            [(&["url", "key"], "url.key", key), (&["url", "form"], "url.form", form)]
        {
            match custom.sealed && fact.evidence.is_empty() {
                true => self.open.push(format!("{name}: a Secret of an app cannot be decrypted")),
                false => self.add(route, fact),
            }
        }
    }
}

fn cluster_name(site: &ClusterSite<'_>) -> Fact<String> {
    let name = site.cluster.name();
    match &site.namespace {
        Some(namespace) => {
            let from = namespace.evidence.iter().map(PathBuf::as_path);
            Fact::seen_in(format!("{}/{name}", namespace.value), from.chain([site.file]))
        }
        None => Fact::new(name.to_owned(), site.file),
    }
}

fn contradiction(signs: &[Fact<crate::layout::Identifiers>]) -> String {
    let files = |fact: &Fact<_>| crate::layout::quoted(&fact.evidence);
    let shown = signs.iter().map(|fact| format!("{} in {}", fact.value.name(), files(fact)));
    format!("identifiers: roles differ: {}", shown.collect::<Vec<_>>().join(", "))
}

/// The apps by what their directories are in.
fn groups(layout: &Layout<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for app in layout.apps() {
        let directory = around(&app);
        let name = app.name().to_owned();
        match groups.iter_mut().find(|group| group.directory == directory) {
            // The Kustomizations of several clusters may have one name.
            Some(group) if group.apps.contains(&name) => {}
            Some(group) => group.apps.push(name),
            None => groups.push(Group { directory, apps: vec![name] }),
        }
    }
    groups.sort_by(|one, other| one.directory.cmp(&other.directory));
    groups
}

/// What holds the app's directory; that is the one of its `ks.yaml`, if it stands right above the manifests.
fn around(app: &App<'_>) -> PathBuf {
    let above = app.directory.parent().unwrap_or(Path::new(""));
    let own = if app.file.parent() == Some(above) { above } else { app.directory.as_path() };
    own.parent().unwrap_or(Path::new("")).to_owned()
}

/// Adds a value at a route of nested mappings.
fn add(entries: &mut Vec<(String, Fragment)>, route: &[&str], value: &str) {
    let [first, rest @ ..] = route else { return };
    match entries.iter_mut().find(|(key, _)| key == first) {
        Some((_, Fragment::Mapping(inner))) => add(inner, rest, value),
        Some(_) => {}
        None => entries.push(((*first).to_owned(), nested(rest, value))),
    }
}

/// A value below some keys.
fn nested(route: &[&str], value: &str) -> Fragment {
    route.iter().rev().fold(Fragment::text(value), |inner, key| Fragment::mapping([(key, inner)]))
}

/// Adds a setting to a file that lacks it.
fn complete(
    document: &Document,
    edits: &mut Edits<'_>,
    setting: &Inferred,
) -> Result<(), EditError> {
    let route: Vec<&str> = ["layout"].iter().chain(setting.route).copied().collect();
    let value = setting.fact.value.as_str();
    let Some(root) = document.roots().first() else {
        return edits.append_root(&nested(&route, value));
    };
    let mut mapping = root.node;
    for (depth, key) in route.iter().enumerate() {
        match document.lookup(mapping, key) {
            Some(inner) => mapping = document.target(inner),
            None => {
                let inner = nested(&route[depth + 1..], value);
                return edits.insert_entry(mapping, Placement::Last, key, inner);
            }
        }
    }
    Ok(())
}
