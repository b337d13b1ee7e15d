//! A file with what decides how it is encrypted: configuration, command line, and what the last commit has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::failure::located;
use super::file::File;
use super::new_file::Wanted;
use super::sops::Code;
use super::{Context, Failure, discover};
use crate::keys::Ask;
use crate::repo;
use crate::sops::file::Encryption;
use crate::sops::rules::{Config, Rule};
use crate::sops::selection::Selection;

/// A file with what decides about it.
pub(crate) struct Job {
    pub(crate) file: File,
    pub(crate) config: Option<Arc<(PathBuf, Config)>>,
    /// What the last commit has in its place.
    pub(crate) committed: Option<Vec<u8>>,
    /// Whom the plugins of recipients ask.
    pub(crate) ask: Arc<dyn Ask>,
}

impl Job {
    /// The creation rule for the file; `None` if none matches.
    pub(crate) fn rule(&self) -> Result<Option<&Rule>, Failure> {
        match self.config.as_deref() {
            Some((path, config)) => config
                .rule_for(&self.file.path)
                .map_err(|error| Failure::new(located(path, &error))),
            None => Ok(None),
        }
    }

    /// Whether a rule of the file covers a `kustomization.yaml` beside it as well, which kustomize has to read: then its
    /// pattern says where files are, not what they are.
    pub(crate) fn is_broad(&self, rule: &Rule) -> bool {
        let beside = self.file.path.with_file_name("kustomization.yaml");
        let same = |(_, config): &(PathBuf, Config)| {
            config
                .rule_for(&beside)
                .is_ok_and(|found| found.is_some_and(|found| found.position == rule.position))
        };
        self.config.as_deref().is_some_and(same)
    }

    /// How the file is to be encrypted; refused if nobody says for whom.
    pub(crate) fn encryption<'e>(
        &self,
        rule: Option<&'e Rule>,
        wanted: &'e Wanted,
        now: &'e str,
    ) -> Result<Encryption<'e>, Failure> {
        static DEFAULT: LazyLock<Selection> = LazyLock::new(Selection::default);
        let config = self.config.as_deref();
        let groups = wanted.groups.as_deref().or(rule.map(|rule| rule.groups.as_slice()));
        let groups = groups.ok_or_else(|| {
            uncovered(&self.file.name, config).hint("or name the recipients by `--age age1…`")
        })?;
        discover::answer(groups, &self.ask);
        let selection = wanted.selection.as_ref().or(rule.map(|rule| &rule.selection));
        let indent = wanted.indent.or(config.map(|(_, config)| config.indent()));
        Ok(Encryption {
            groups,
            threshold: wanted.threshold.or(rule.map(|rule| rule.threshold)).unwrap_or_default(),
            selection: selection.unwrap_or(&DEFAULT),
            mac_only_encrypted: wanted.mac_only_encrypted
                || rule.is_some_and(|rule| rule.mac_only_encrypted),
            indent: indent.unwrap_or(4),
            now,
        })
    }

    /// Refuses a selection beside another one of the rule; SOPS would have them both count.
    pub(crate) fn refuse_second_selection(&self, wanted: &Wanted) -> Result<(), Failure> {
        let Ok(Some(rule)) = self.rule() else { return Ok(()) };
        let name = |selection: &Selection| selection.setting().map(|(name, _)| name);
        match (wanted.selection.as_ref().and_then(name), name(&rule.selection)) {
            (Some(one), Some(other)) if one != other && rule.selection != Selection::default() => {
                Err(Failure::new(format!(
                    "`{one}` cannot be used beside `{other}` of the creation rule"
                ))
                .code(Code::ConflictingFlags))
            }
            _ => Ok(()),
        }
    }
}

/// Finds configuration and committed version of each file.
pub(crate) fn jobs(
    files: Vec<File>,
    config: Option<&Path>,
    least_change: bool,
    context: &mut Context,
) -> Result<Vec<Job>, Failure> {
    let mut known: HashMap<PathBuf, Arc<(PathBuf, Config)>> = HashMap::new();
    let mut jobs = Vec::new();
    for file in files {
        let path = discover::config_for(context, config, &file.path)?;
        let config = match path {
            None => None,
            Some(path) => match known.get(&path) {
                Some(config) => Some(config.clone()),
                None => {
                    let config = Arc::new((path.clone(), discover::read_config(&path)?));
                    known.insert(path, config.clone());
                    Some(config)
                }
            },
        };
        jobs.push(Job { file, config, committed: None, ask: context.ask() });
    }
    if least_change {
        add_committed(&mut jobs);
    }
    Ok(jobs)
}

/// Reads the committed versions, one call of Git for all files of a repository.
fn add_committed(jobs: &mut [Job]) {
    let Some(first) = jobs.first() else { return };
    let root = repo::root_of(first.file.path.parent().unwrap_or(Path::new("/"))).to_owned();
    if !root.join(".git").exists() {
        return;
    }
    let relative = |job: &Job| job.file.path.strip_prefix(&root).ok().map(Path::to_owned);
    let paths: Vec<PathBuf> = jobs.iter().map(|job| relative(job).unwrap_or_default()).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    for (job, content) in jobs.iter_mut().zip(repo::committed(&root, &paths)) {
        job.committed = content;
    }
}

/// No rule speaks of the file.
pub(crate) fn uncovered(name: &Path, config: Option<&(PathBuf, Config)>) -> Failure {
    match config {
        Some((path, _)) => Failure::new(format!(
            "{}: no creation rule of {} matches it",
            name.display(),
            path.display()
        ))
        .hint("add a rule for it"),
        None => Failure::new(format!(
            "{}: there is no `.sops.yaml` with creation rules",
            name.display()
        ))
        .hint("write one with `keywright init`"),
    }
}
