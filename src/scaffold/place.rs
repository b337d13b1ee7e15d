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
use crate::kube::is_subdomain;
use crate::layout::{self, App, Configured, Layout, SecretSite, configuration};
use crate::repo::{Snapshot, is_json};
use crate::sops;

/// Where a new Secret goes.
pub(crate) struct Place {
    /// The new file.
    pub(crate) file: PathBuf,
    /// `metadata.namespace`, where the siblings write it.
    pub(crate) namespace: Option<String>,
    /// The configuration that has a rule for the file.
    pub(super) rules: Configured,
}

/// How a file of a Secret is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pattern {
    /// The same in every app.
    Fixed(String),
    /// The Secret's name between two texts.
    Named(String, String),
}

/// A directory, and the namespace there.
pub(super) struct Where<'w> {
    /// The directory, relative to the root.
    pub(super) directory: &'w Path,
    /// The namespace that was asked for, else that of most others there.
    pub(super) namespace: Option<&'w str>,
}

/// The place of a Secret of this name beside an app; refused where the name is taken.
pub(crate) fn place(
    snapshot: &Snapshot,
    layout: &Layout<'_>,
    app: &App<'_>,
    name: &str,
) -> Result<Place, Error> {
    place_in(snapshot, layout, &Where { directory: &app.directory, namespace: None }, name)
}

/// The place of a Secret of this name in a directory.
pub(super) fn place_in(
    snapshot: &Snapshot,
    layout: &Layout<'_>,
    spot: &Where<'_>,
    name: &str,
) -> Result<Place, Error> {
    check_free(layout, spot, name)?;
    let directory = spot.directory;
    let mut candidates = candidates(layout, directory, name);
    if let Some(namespace) = spot.namespace {
        // Beside one of the same name.
        candidates.extend(self::candidates(layout, directory, &format!("{name}-{namespace}")));
    }
    let best = directory.join(&candidates[0]);
    let Some(rules) = configuration(snapshot, &best)? else {
        return Err(Error::NoConfig { directory: directory.to_owned() });
    };
    let mut free = None;
    for file in candidates.iter().map(|file| directory.join(file)) {
        if snapshot.root().join(&file).symlink_metadata().is_ok() {
            continue;
        }
        let rule = rules.config.rule_for(&file);
        let rule = rule.map_err(|source| refused(&rules, source))?;
        if rule.is_some() {
            let namespace = match spot.namespace {
                Some(namespace) => Some(namespace.to_owned()),
                None => namespace(layout, directory)?,
            };
            return Ok(Place { file, namespace, rules });
        }
        free.get_or_insert(file);
    }
    match free {
        Some(file) => Err(Error::Uncovered { config: rules.file, file }),
        None => Err(Error::FileExists { path: best }),
    }
}

/// A creation rule that cannot be used.
pub(super) fn refused(rules: &Configured, source: sops::rules::Error) -> Error {
    layout::Error::Rules { path: rules.file.clone(), source }.into()
}

/// Whether a Secret can have this name: RFC 1123, and not taken by one beside the app or in its namespace.
pub(crate) fn check_name(layout: &Layout<'_>, app: &App<'_>, name: &str) -> Result<(), Error> {
    check_free(layout, &Where { directory: &app.directory, namespace: None }, name)
}

/// The same for a directory; in a namespace that was asked for, one beside it that is in another does not count.
pub(super) fn check_free(layout: &Layout<'_>, spot: &Where<'_>, name: &str) -> Result<(), Error> {
    if !is_subdomain(name) {
        return Err(Error::SecretName { name: name.to_owned() });
    }
    let inferred = namespace(layout, spot.directory)?;
    let namespace = spot.namespace.or(inferred.as_deref());
    let taken = layout.secrets().into_iter().find(|SecretSite { object, file }| {
        let own = layout.namespace(*object, file).map(|fact| fact.value);
        let same_namespace = namespace.is_some() && own == namespace;
        let elsewhere = spot.namespace.is_some() && own.is_some() && !same_namespace;
        let beside = file.parent() == Some(spot.directory) && !elsewhere;
        object.name() == Some(name) && (same_namespace || beside)
    });
    match taken {
        Some(found) => {
            Err(Error::SecretExists { path: found.file.to_owned(), name: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// What most Secrets beside the app write as their namespace; where there is none, what most other objects
/// write. Left out by most means left out.
pub(super) fn namespace(layout: &Layout<'_>, directory: &Path) -> Result<Option<String>, Error> {
    let objects = layout.objects_in(directory)?;
    let mut objects: Vec<_> = objects.iter().map(|found| found.view).collect();
    // A Kustomization, Flux' or kustomize's, is about the others and not one of them.
    objects.retain(|object| object.kind() != Some("Kustomization"));
    let of = |secrets: bool| {
        let chosen = objects.iter().filter(move |object| object.is("", "Secret") == secrets);
        most_frequent(chosen.map(|object| object.namespace()))
    };
    Ok(of(true).or_else(|| of(false)).flatten().map(str::to_owned))
}

/// The names that the file could have, the best one first; there is at least one.
fn candidates(layout: &Layout<'_>, directory: &Path, name: &str) -> Vec<String> {
    let mut all = layout.secrets();
    // A new one is written in YAML.
    all.retain(|found| !is_json(found.file));
    let beside: Vec<_> =
        all.iter().filter(|found| found.file.parent() == Some(directory)).copied().collect();
    let mut patterns = by_frequency(&beside, 1);
    // A name that one other app gave to one file is not yet a pattern.
    patterns.extend(by_frequency(&all, 2));
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
fn by_frequency(secrets: &[SecretSite<'_>], least: usize) -> Vec<Pattern> {
    let mut counts: BTreeMap<Pattern, usize> = BTreeMap::new();
    for found in secrets {
        if let Some(pattern) = Pattern::of(found.file, found.object.name()) {
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

/// The file of a Secret that gets another name, if it is called after it.
pub(super) fn renamed_file(path: &Path, old: &str, new: &str) -> Option<PathBuf> {
    let pattern = Pattern::of(path, Some(old))?;
    let follows = path.file_name()?.to_str()? == pattern.file(old);
    let file = pattern.file(new);
    (matches!(pattern, Pattern::Named(..)) && follows).then(|| path.with_file_name(file))
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
}
