//! `keywright check`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::claim::{self, Access};
use super::failure::{located, visible};
use super::{Context, Failure, Status};
use crate::check::{self, MOST_BYTES, Report, Severity, report};
use crate::repo::{self, Snapshot};

/// Find secrets in plain text; needs no key
///
/// Looks at the YAML and JSON manifests of the repository that Git does not ignore. Findings go to standard output;
/// a file that cannot be looked at is named on standard error.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright check
  keywright check clusters/main apps/grafana/secret.yaml
  keywright check --format json | jq '.findings[].path'

Exit codes: 0 nothing found, or warnings only; 1 errors found; 2 a `.sops.yaml` or a named file could not be checked.")]
pub(crate) struct CheckArgs {
    /// Files and directories to check instead of the whole repository
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

impl CheckArgs {
    /// As if `check` had been typed.
    pub(crate) fn everything() -> CheckArgs {
        CheckArgs { paths: Vec::new(), format: Format::Text }
    }
}

/// A format of the report.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For people: a code frame for each finding, values masked
    Text,
    /// For programs: one object, version 1
    Json,
}

/// Runs the command.
pub(crate) fn run(args: CheckArgs, context: &mut Context) -> Result<Status, Failure> {
    let directory = context.directory.clone();
    let root = repo::root_of(&directory);
    context.begin("check", Access::Read);
    let store = claim::open(root, context)?;
    let (chosen, found) = claim::steadily(&store, context, |_| {
        let chosen = Chosen::new(&args.paths, &directory, root)?;
        let found = check::run(&chosen.paths, &|path| read(&root.join(path)));
        Ok((chosen, found))
    })?;
    let base = directory.strip_prefix(root).unwrap_or(Path::new(""));
    let shown = match args.format {
        Format::Text => report::text(&found, base),
        Format::Json => report::json(&found, base),
    };
    context.say(shown.trim_end_matches('\n'));
    context.flush();
    Ok(conclude(&found, &chosen, context))
}

/// What is to be checked. Paths are relative to the root of the repository.
struct Chosen {
    /// All files, in order, each once.
    paths: Vec<PathBuf>,
    /// Those that were named themselves.
    named: Vec<PathBuf>,
}

impl Chosen {
    /// The named files, and the files in the named directories; everything where nothing is named. Fails for what
    /// does not exist or lies outside of the repository.
    fn new(arguments: &[PathBuf], directory: &Path, root: &Path) -> Result<Chosen, Failure> {
        let mut chosen = Chosen { paths: Vec::new(), named: Vec::new() };
        let mut directories = Vec::new();
        for argument in arguments {
            let path = resolve(argument, directory)?;
            let Ok(below) = path.strip_prefix(root) else {
                let (argument, root) = (argument.display(), root.display());
                return Err(Failure::new(format!("{argument}: not in the repository `{root}`")));
            };
            let chosen = if path.is_dir() { &mut directories } else { &mut chosen.named };
            chosen.push(below.to_owned());
        }
        if arguments.is_empty() {
            directories.push(PathBuf::new());
        }
        if !directories.is_empty() {
            // Ignore files count from the root down, so that all of it is listed.
            let snapshot = Snapshot::take(root)?;
            let is_chosen = |path: &&Path| {
                check::is_manifest(path)
                    && directories.iter().any(|directory| path.starts_with(directory))
                    // What a link leads to is checked where it stands, if that is in the repository at all.
                    && !root.join(path).is_symlink()
            };
            chosen.paths.extend(snapshot.paths().filter(is_chosen).map(Path::to_owned));
        }
        chosen.paths.extend(chosen.named.iter().cloned());
        chosen.paths.sort();
        chosen.paths.dedup();
        Ok(chosen)
    }
}

/// An argument as an absolute path without `..`, its last part not followed if it is a link.
fn resolve(argument: &Path, directory: &Path) -> Result<PathBuf, Failure> {
    let failure = |error: std::io::Error| Failure::new(format!("{}: {error}", argument.display()));
    let path = directory.join(argument);
    let resolved = match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().map_err(failure)?.join(name),
        // `..` and `/`
        _ => path.canonicalize().map_err(failure)?,
    };
    resolved.symlink_metadata().map_err(failure)?;
    Ok(resolved)
}

/// The bytes of a file, but not many more than the check looks at.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len().min(MOST_BYTES);
    // One byte more than the length, so that the end is seen without growing, which would leave a copy behind.
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Names what could not be checked, and decides how the run ended.
fn conclude(found: &Report, chosen: &Chosen, context: &mut Context) -> Status {
    let mut status = match found.count(Severity::Error) {
        0 => Status::Done,
        _ => Status::Found,
    };
    for unchecked in &found.unchecked {
        let is_fatal = unchecked.is_configuration || chosen.named.contains(&unchecked.path);
        let (word, what) = match (is_fatal, unchecked.is_configuration) {
            (_, true) => ("error", "cannot be used"),
            (true, false) => ("error", "could not be checked"),
            (false, false) => ("warning", "could not be checked"),
        };
        let place = located(&unchecked.path, &unchecked.reason);
        context.note(visible(&format!("{word}: {place} ({what})")));
        if is_fatal {
            status = Status::Refused;
        }
    }
    status
}
