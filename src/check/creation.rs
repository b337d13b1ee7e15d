//! Creation rules as the check sees them: those of the `.sops.yaml` nearest to a file, upwards to the root.
//!
//! A configuration that cannot be used is reported once; files that fall under it are checked without it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::{Read, Unchecked};
use crate::document::Document;
use crate::keys;
use crate::repo::Snapshot;
use crate::sops::regex::GoRegex;
use crate::sops::rules::{Config, Error, Rule};

/// Name of a configuration, as SOPS has it.
pub(super) const NAME: &str = ".sops.yaml";

/// The file that kustomize reads in every directory.
const KUSTOMIZATION: &str = "kustomization.yaml";

/// All configurations that concern some files.
pub(super) struct Configs {
    /// Directory, relative to the root, to its configuration.
    by_directory: BTreeMap<PathBuf, Loaded>,
}

/// A configuration that exists.
struct Loaded {
    /// Relative to the root.
    path: PathBuf,
    /// `None` where it cannot be used.
    config: Option<Config>,
}

/// What the nearest configuration says about a file. Paths are those of configurations, relative to the root.
#[derive(Clone, Copy)]
pub(super) enum Creation<'c> {
    /// There is no configuration.
    NoConfig,
    /// No rule matches the file.
    NoRule(&'c Path),
    /// This rule matches.
    Rule(&'c Path, &'c Rule),
    /// A rule matches that SOPS can use and we cannot: it has other keys than age.
    Foreign,
    /// The configuration, or the rule that matches, is broken.
    Broken(&'c Path),
}

impl Configs {
    /// Reads the configurations in the directories of the files and above, or those of a repository whose files are
    /// `known`. What is broken is added to `unchecked`.
    pub(super) fn read(
        paths: &[&Path],
        read: &Read<'_>,
        known: Option<&Snapshot>,
        unchecked: &mut Vec<Unchecked>,
    ) -> Self {
        let is_configuration = |path: &&Path| path.file_name().is_some_and(|name| name == NAME);
        let is_above = |directory: &&Path| paths.iter().any(|path| path.starts_with(directory));
        let directories: BTreeSet<&Path> = match known {
            Some(known) => {
                let all = known.paths().filter(is_configuration).filter_map(Path::parent);
                all.filter(is_above).collect()
            }
            None => paths.iter().flat_map(|path| path.ancestors().skip(1)).collect(),
        };
        let mut by_directory = BTreeMap::new();
        for directory in directories {
            let path = directory.join(NAME);
            let config = match read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => Err(error.to_string()),
                Ok(bytes) => parse(&path, bytes),
            };
            let config = config.map_err(|reason| unchecked.push(broken(&path, reason))).ok();
            by_directory.insert(directory.to_owned(), Loaded { path, config });
        }
        Configs { by_directory }
    }

    /// What is said about a file. A rule that decides but is broken is added to `unchecked`.
    pub(super) fn about(&self, path: &Path, unchecked: &mut Vec<Unchecked>) -> Creation<'_> {
        let Some(nearest) = self.above(path).next() else { return Creation::NoConfig };
        let (creation, broken) = nearest.about(path);
        unchecked.extend(broken);
        creation
    }

    /// What each configuration says about a file, the nearest first. SOPS itself takes the one that is nearest to the
    /// working directory, so that any of them may have been meant.
    pub(super) fn all_about(&self, path: &Path) -> impl Iterator<Item = Creation<'_>> {
        self.above(path).map(move |loaded| loaded.about(path).0)
    }

    /// The configurations in the directories above a file, the nearest first.
    fn above(&self, path: &Path) -> impl Iterator<Item = &Loaded> {
        path.ancestors().skip(1).filter_map(|above| self.by_directory.get(above))
    }
}

impl Loaded {
    /// What is said about a file, and why the rule that decides is broken.
    fn about(&self, path: &Path) -> (Creation<'_>, Option<Unchecked>) {
        let name = &self.path;
        let Some(config) = &self.config else { return (Creation::Broken(name), None) };
        let creation = match config.rule_for(path) {
            Ok(Some(rule)) if rule.groups.iter().any(|group| !group.foreign.is_empty()) => {
                Creation::Foreign
            }
            Ok(Some(rule)) => Creation::Rule(name, rule),
            Ok(None) => Creation::NoRule(name),
            Err(Error::Recipient { source: keys::Error::UnsupportedRecipient(_), .. }) => {
                Creation::Foreign
            }
            Err(error) => return (Creation::Broken(name), Some(broken(name, error.to_string()))),
        };
        (creation, None)
    }
}

/// Reads one configuration.
fn parse(path: &Path, bytes: Vec<u8>) -> Result<Config, String> {
    let document = Document::parse(bytes).map_err(|error| error.to_string())?;
    Config::parse(&document, path).map_err(|error| error.to_string())
}

fn broken(path: &Path, reason: String) -> Unchecked {
    Unchecked { is_configuration: true, ..Unchecked::file(path, reason) }
}

impl Creation<'_> {
    /// Whether the rule that matches is meant for files like this one, rather than for all: it has a `path_regex`,
    /// and that does not match a `kustomization.yaml` beside the configuration. kustomize could not read that
    /// file encrypted, so a pattern such as `.*\.yaml` only says where Secrets may be.
    pub(super) fn is_specific(&self) -> bool {
        self.regex().is_some_and(|regex| !regex.is_match(KUSTOMIZATION))
    }

    /// As [`Creation::is_specific`] for a file of Kubernetes objects, which kustomize includes: here the pattern
    /// must not match a `kustomization.yaml` beside the file either, as `apps/.*\.yaml` does.
    pub(super) fn is_specific_among_manifests(&self, path: &Path) -> bool {
        let Creation::Rule(config, _) = self else { return false };
        let beside = path.with_file_name(KUSTOMIZATION);
        let base = config.parent().unwrap_or(Path::new(""));
        let subject = beside.strip_prefix(base).unwrap_or(&beside).to_string_lossy();
        self.is_specific() && self.regex().is_some_and(|regex| !regex.is_match(&subject))
    }

    /// The pattern of the rule that matches.
    fn regex(&self) -> Option<&GoRegex> {
        match self {
            Creation::Rule(_, rule) => rule.path_regex.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recipient that is valid.
    const AGE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

    /// What the configurations, given as path and rules, say about a file; and what is broken.
    fn about(configs: &[(&str, &str)], file: &str) -> (String, Vec<String>) {
        let read = |path: &Path| {
            let found = configs.iter().find(|(name, _)| Path::new(name) == path);
            let (_, rules) = found.ok_or(io::ErrorKind::NotFound)?;
            Ok(format!("creation_rules: [{}]", rules.replace("AGE", AGE)).into_bytes())
        };
        let file = Path::new(file);
        let mut unchecked = Vec::new();
        let configs = Configs::read(&[file], &read, None, &mut unchecked);
        let said = match configs.about(file, &mut unchecked) {
            Creation::NoConfig => "no config".to_owned(),
            Creation::NoRule(path) => format!("no rule in {}", path.display()),
            Creation::Rule(path, _) => format!("rule in {}", path.display()),
            Creation::Foreign => "foreign".to_owned(),
            Creation::Broken(path) => format!("broken in {}", path.display()),
        };
        (said, unchecked.into_iter().map(|one| one.reason).collect())
    }

    #[test]
    fn the_nearest_configuration_decides_alone() {
        let configs =
            [(".sops.yaml", "{age: AGE}"), ("a/.sops.yaml", "{path_regex: ^x, age: AGE}")];
        let said = |file| about(&configs, file).0;
        assert_eq!(said("b/y.yaml"), "rule in .sops.yaml");
        assert_eq!(said("a/x.yaml"), "rule in a/.sops.yaml");
        assert_eq!(said("a/b/y.yaml"), "no rule in a/.sops.yaml");
        assert_eq!(about(&configs[1..], "b/y.yaml").0, "no config");
    }

    #[test]
    fn those_further_up_can_be_asked_too() {
        let read = |path: &Path| match path.to_str() {
            Some(".sops.yaml") => Ok(format!("creation_rules: [{{age: {AGE}}}]").into_bytes()),
            Some("a/.sops.yaml") => Ok(b"creation_rules: [{path_regex: x, pgp: AB}]".to_vec()),
            Some("a/b/.sops.yaml") => Ok(b"creation_rules: [".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let file = Path::new("a/b/c/y.yaml");
        let configs = Configs::read(&[file], &read, None, &mut Vec::new());
        let all: Vec<_> = configs.all_about(file).collect();
        assert!(matches!(
            all[..],
            [Creation::Broken(_), Creation::NoRule(_), Creation::Rule(path, _)] if path == NAME
        ));
    }

    #[test]
    fn a_rule_for_other_keys_is_not_broken() {
        for rule in ["{pgp: ABCD}", "{key_groups: [{age: [AGE]}, {kms: [{arn: a}]}]}"] {
            assert_eq!(about(&[(".sops.yaml", rule)], "x.yaml"), ("foreign".into(), vec![]));
        }
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        for (rules, reason) in [
            ("{age: AGE", "1:"),
            ("{path_regex: '('}", "1:31: `path_regex`"),
            ("{age: AGE, encrypted_regex: '(?!x)'}", "1:18: `encrypted_regex`"),
        ] {
            let (said, reasons) = about(&[(".sops.yaml", rules)], "x.yaml");
            assert_eq!(said, "broken in .sops.yaml");
            assert!(reasons.len() == 1 && reasons[0].starts_with(reason), "{reasons:?}");
        }
    }

    #[test]
    fn a_pattern_that_covers_a_kustomization_is_not_specific() {
        let specific = |regex: &str, config: &str, file: &str| {
            let rules = format!("creation_rules: [{{path_regex: '{regex}', age: {AGE}}}]");
            let file = Path::new(file);
            let read = |path: &Path| match path == Path::new(config) {
                true => Ok(rules.clone().into_bytes()),
                false => Err(io::ErrorKind::NotFound.into()),
            };
            let mut unchecked = Vec::new();
            let configs = Configs::read(&[file], &read, None, &mut unchecked);
            let creation = configs.about(file, &mut unchecked);
            (creation.is_specific(), creation.is_specific_among_manifests(file))
        };
        let sops = r"\.sops\.yaml$";
        assert_eq!(specific(sops, ".sops.yaml", "apps/a/x.sops.yaml"), (true, true));
        assert_eq!(specific("^apps/", ".sops.yaml", "apps/a/x.yaml"), (true, false));
        assert_eq!(specific(r".*\.yaml", ".sops.yaml", "apps/a/x.yaml"), (false, false));
        assert_eq!(specific("^a/", "apps/.sops.yaml", "apps/a/x.yaml"), (true, false));
        assert_eq!(specific("^apps/", "apps/.sops.yaml", "apps/a/x.yaml"), (false, false));
    }
}
