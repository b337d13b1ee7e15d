//! Where a new Secret goes: its file, its namespace, and the creation rule for it.
//!
//! | the app's Secrets are in | the app has none | the app has some |
//! |---|---|---|
//! | files named after them | `x-secret.yaml` → `NAME-secret.yaml` | same |
//! | files of one name | `secret.yaml` | `NAME-secret.yaml` |
//! | `secret.sops.yaml` | `secret.sops.yaml` | `NAME.sops.yaml` |
//!
//! The files beside the new one are asked first, then those of the other apps, the most frequent pattern
//! first; then come the names of this table. Of these the first counts that a creation rule covers and that
//! is free.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Error;
use super::app::{App, objects_in};
use crate::kube::{Object, objects};
use crate::repo::Snapshot;
use crate::sops::rules::Config;

/// What SOPS calls its configuration.
const CONFIG: &str = ".sops.yaml";

/// Where a new Secret goes.
pub(crate) struct Place {
    /// The new file.
    pub(crate) file: PathBuf,
    /// `metadata.namespace`, where the siblings write it.
    pub(crate) namespace: Option<String>,
    /// The configuration that has a rule for the file.
    pub(super) config_path: PathBuf,
    /// Its content.
    pub(super) config: Config,
}

/// How a file of a Secret is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pattern {
    /// The same in every app.
    Fixed(String),
    /// The Secret's name between two texts.
    Named(String, String),
}

/// The place of a Secret of this name; refused where the name is taken.
pub(crate) fn place(snapshot: &Snapshot, app: &App, name: &str) -> Result<Place, Error> {
    check_name(snapshot, app, name)?;
    let directory = &app.directory;
    let (config_path, config) = nearest_config(snapshot, directory)?;
    let beside = secrets_in(snapshot, directory)?;
    let mut free = None;
    let candidates = candidates(snapshot, &beside, name);
    for file in candidates.iter().map(|file| directory.join(file)) {
        if snapshot.root().join(&file).symlink_metadata().is_ok() {
            continue;
        }
        let rule = config.rule_for(&file);
        let rule = rule.map_err(|source| Error::Config { path: config_path.clone(), source })?;
        if rule.is_some() {
            let namespace = namespace(snapshot, app)?;
            return Ok(Place { file, namespace, config_path, config });
        }
        free.get_or_insert(file);
    }
    match free {
        Some(file) => Err(Error::Uncovered { config: config_path, file }),
        None => Err(Error::FileExists { path: directory.join(&candidates[0]) }),
    }
}

/// Whether a Secret can have this name: RFC 1123, and not taken by one beside the app or in its namespace.
pub(crate) fn check_name(snapshot: &Snapshot, app: &App, name: &str) -> Result<(), Error> {
    if !is_subdomain(name) {
        return Err(Error::SecretName { name: name.to_owned() });
    }
    let namespace = namespace(snapshot, app)?;
    let taken = all_secrets(snapshot).into_iter().find(|(path, secret)| {
        let same_namespace = namespace.is_some() && secret.namespace() == namespace.as_deref();
        secret.name() == Some(name) && (same_namespace || path.parent() == Some(&app.directory))
    });
    match taken {
        Some((path, _)) => {
            Err(Error::SecretExists { path: path.to_owned(), name: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// Labels of letters, digits and inner hyphens, with dots between them (RFC 1123, as Kubernetes reads it).
fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The configuration nearest to a directory, upwards to the root.
fn nearest_config(snapshot: &Snapshot, directory: &Path) -> Result<(PathBuf, Config), Error> {
    let mut paths = directory.ancestors().map(|ancestor| ancestor.join(CONFIG));
    let Some(path) = paths.find(|path| snapshot.contains(path)) else {
        return Err(Error::NoConfig { directory: directory.to_owned() });
    };
    match Config::parse(snapshot.document(&path)?, &path) {
        Ok(config) => Ok((path, config)),
        Err(source) => Err(Error::Config { path, source }),
    }
}

/// What most Secrets beside the app write as their namespace; where there is none, what most other objects
/// write. Left out by most means left out.
fn namespace(snapshot: &Snapshot, app: &App) -> Result<Option<String>, Error> {
    let mut objects = objects_in(snapshot, &app.directory)?;
    // A Kustomization, Flux' or kustomize's, is about the others and not one of them.
    objects.retain(|(_, object)| object.kind() != Some("Kustomization"));
    let of = |secrets: bool| {
        let chosen = objects.iter().filter(move |(_, object)| object.is("", "Secret") == secrets);
        most_frequent(chosen.map(|(_, object)| object.namespace()))
    };
    Ok(of(true).or_else(|| of(false)).flatten().map(str::to_owned))
}

fn secrets_in<'s>(
    snapshot: &'s Snapshot,
    directory: &Path,
) -> Result<Vec<(&'s Path, Object<'s>)>, Error> {
    let mut found = objects_in(snapshot, directory)?;
    found.retain(|(_, object)| object.is("", "Secret"));
    Ok(found)
}

/// Every Secret of the repository that can be read.
fn all_secrets(snapshot: &Snapshot) -> Vec<(&Path, Object<'_>)> {
    let mut found = Vec::new();
    for path in snapshot.manifests() {
        let Ok(document) = snapshot.document(path) else { continue };
        let secrets = objects(document).into_iter().filter(|object| object.is("", "Secret"));
        found.extend(secrets.map(|secret| (path, secret)));
    }
    found
}

/// The names that the file could have, the best one first.
fn candidates(snapshot: &Snapshot, beside: &[(&Path, Object<'_>)], name: &str) -> Vec<String> {
    let mut patterns = by_frequency(beside, 1);
    // A name that one other app gave to one file is not yet a pattern.
    patterns.extend(by_frequency(&all_secrets(snapshot), 2));
    for fixed in ["secret.yaml", "secret.sops.yaml"] {
        patterns.push(Pattern::Fixed(fixed.to_owned()));
    }
    let mut candidates: Vec<String> = Vec::new();
    let mut add = |candidate: String| {
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    };
    let several = !beside.is_empty();
    patterns.iter().filter(|_| !several).for_each(|pattern| add(pattern.file(name)));
    patterns.iter().for_each(|pattern| add(pattern.with_name().file(name)));
    candidates
}

/// The patterns of some files, the most frequent first, and only those that are as frequent as `least`.
fn by_frequency(secrets: &[(&Path, Object<'_>)], least: usize) -> Vec<Pattern> {
    let mut counts: BTreeMap<Pattern, usize> = BTreeMap::new();
    for (path, secret) in secrets {
        if let Some(pattern) = Pattern::of(path, secret.name()) {
            *counts.entry(pattern).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= least).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(pattern, _)| pattern).collect()
}

impl Pattern {
    /// The pattern that a file and the name of the Secret in it are an example of.
    fn of(path: &Path, name: Option<&str>) -> Option<Pattern> {
        let file = path.file_name()?.to_str()?;
        // A Secret named `secret` says nothing about `secret.yaml`.
        let name = name.filter(|name| !["secret", "secrets"].contains(name));
        let around = name.and_then(|name| file.split_once(name));
        Some(match around {
            Some((before, after)) => Pattern::Named(before.to_owned(), after.to_owned()),
            None => Pattern::Fixed(file.to_owned()),
        })
    }

    /// The pattern of the same kind that holds the Secret's name.
    fn with_name(&self) -> Pattern {
        let ending = match self {
            Pattern::Named(..) => return self.clone(),
            Pattern::Fixed(file) if file.ends_with(".sops.yaml") => ".sops.yaml",
            Pattern::Fixed(file) if file.ends_with(".sops.yml") => ".sops.yml",
            Pattern::Fixed(file) if file.ends_with(".yml") => "-secret.yml",
            Pattern::Fixed(_) => "-secret.yaml",
        };
        Pattern::Named(String::new(), ending.to_owned())
    }

    /// The file of a Secret; `x-secret` is written `x-secret.yaml`, not `x-secret-secret.yaml`.
    fn file(&self, name: &str) -> String {
        match self {
            Pattern::Fixed(file) => file.clone(),
            Pattern::Named(before, after) => {
                let name = match after.starts_with("-secret.") {
                    true => name.strip_suffix("-secret").unwrap_or(name),
                    false => name,
                };
                format!("{before}{name}{after}")
            }
        }
    }
}

/// The item that occurs most often, the smallest of them on a tie; `None` without items.
fn most_frequent<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(item, _)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(file: &str, name: &str) -> Pattern {
        Pattern::of(Path::new("a").join(file).as_path(), Some(name)).unwrap()
    }

    #[test]
    fn a_file_that_holds_the_name_is_a_pattern_for_others() {
        let of_roles = pattern("postgres-miniflux-user-secret.yaml", "postgres-miniflux-user");
        assert_eq!(of_roles.file("smtp"), "smtp-secret.yaml");
        assert_eq!(pattern("grafana.sops.yml", "grafana").file("smtp"), "smtp.sops.yml");
        assert_eq!(of_roles.file("smtp-secret"), "smtp-secret.yaml");
        assert_eq!(pattern("secret.yaml", "secret").file("smtp"), "secret.yaml");
    }

    #[test]
    fn a_fixed_name_gets_the_secrets_name_in_its_own_manner() {
        let named = |file| pattern(file, "other").with_name().file("smtp");
        assert_eq!(named("secret.yaml"), "smtp-secret.yaml");
        assert_eq!(named("secret.yml"), "smtp-secret.yml");
        assert_eq!(named("secret.sops.yaml"), "smtp.sops.yaml");
        assert_eq!(named("credentials.yaml"), "smtp-secret.yaml");
    }

    #[test]
    fn names_follow_rfc_1123() {
        for name in ["a", "a-b.c", "0", &"a".repeat(253)] {
            assert!(is_subdomain(name), "{name}");
        }
        for name in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "ä", "a/b", &"a".repeat(254)] {
            assert!(!is_subdomain(name), "{name}");
        }
    }
}
