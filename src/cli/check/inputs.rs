//! What a check looks at, as it was typed: the tree, or one of the states that Git has.
//!
//! | typed | looked at | creation rules | wiring |
//! |---|---|---|---|
//! | nothing, paths | files of the working tree | of the working tree | yes |
//! | `--staged` | what the index has otherwise than the last commit | of the index | no |
//! | `--range` | what the later commit has otherwise; only what is new | of that commit | no |
//! | `--history` | every version of every file | none: today's are not those of then | no |
//! | `--stdin-filename` | standard input | of the working tree | no |
//!
//! With `--verify` values are looked at in each of them but the history, whose files many are for identities of then. Rules
//! that compare Secrets need the wiring.

use std::path::{Component, Path, PathBuf};

use super::super::{Context, Failure, claim, discover};
use super::{history, tree, versions};
use crate::check::{self, Means, Report, Verification};
use crate::repo::Snapshot;
use crate::txn::Store;

/// The arguments that say what to look at.
#[derive(clap::Args, Default)]
pub(super) struct Inputs {
    /// Files and directories to check instead of the whole repository
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Check what is staged, as it would be committed: for a hook
    #[arg(long, group = "state")]
    staged: bool,
    /// Check what `A..B` or `A...B` brought, or the commit `A`: findings that were there before do not count
    #[arg(long, value_name = "A..B", group = "state")]
    range: Option<String>,
    /// Check every version of every file that a branch, a tag or another reference reaches
    #[arg(long, group = "state")]
    history: bool,
    /// Check standard input as if it were this file
    #[arg(long, value_name = "NAME", group = "state", conflicts_with = "paths")]
    stdin_filename: Option<PathBuf>,
    /// Check ignored files, too
    #[arg(long, conflicts_with = "state")]
    pub(super) no_ignore: bool,
    /// Open SOPS files with your identities, and check MACs and values, too; what nobody can open is an error
    #[arg(long, conflicts_with = "history")]
    verify: bool,
}

/// What was checked. Paths are relative to the root of the repository.
#[derive(Default)]
pub(super) struct Chosen {
    /// All files, in order, each once.
    pub(super) paths: Vec<PathBuf>,
    /// Those that were named themselves.
    pub(super) named: Vec<PathBuf>,
}

impl Inputs {
    /// Whether everything that is in the repository now is checked.
    pub(super) fn are_whole(&self) -> bool {
        let is_other_state = self.staged || self.history || self.range.is_some();
        self.paths.is_empty() && self.stdin_filename.is_none() && !is_other_state
    }

    /// Checks what is asked for in the repository of a store.
    pub(super) fn check(
        &self,
        store: &Store,
        context: &mut Context,
    ) -> Result<(Chosen, Report), Failure> {
        let root = store.root();
        let wanted = Wanted::of(&self.paths, root, context)?;
        let identities = if self.verify { Some(discover::identities(context)?) } else { None };
        let now = context.seconds();
        let verification = identities.as_ref().map(|identities| Verification { identities, now });
        let verification = verification.as_ref();
        if let Some(name) = &self.stdin_filename {
            return standard_input(root, name, verification, context);
        }
        if self.staged {
            return versions::staged(root, &wanted, verification);
        }
        if let Some(range) = &self.range {
            return versions::range(root, range, &wanted, verification);
        }
        if self.history {
            return history::all(root, &wanted, context);
        }
        claim::steadily(store, context, |context| {
            tree::check(self, &Snapshot::read(root)?, verification, context)
        })
    }
}

/// Checks standard input as if a file had it, which need not exist.
fn standard_input(
    root: &Path,
    name: &Path,
    verification: Option<&Verification<'_>>,
    context: &mut Context,
) -> Result<(Chosen, Report), Failure> {
    let path = below(root, name, context)?;
    let bytes = context.read_stdin()?;
    let read = |asked: &Path| match asked == path {
        true => Ok(bytes.to_vec()),
        false => tree::read(&root.join(asked)),
    };
    let chosen = Chosen { paths: vec![path.clone()], named: vec![path.clone()] };
    let means = Means { verification, ..Means::reading(&read) };
    let found = check::run(&chosen.paths, &means);
    Ok((chosen, found))
}

/// Which files of another state are looked at.
pub(super) struct Wanted(Vec<PathBuf>);

impl Wanted {
    /// Those that are or lie below one of the arguments, which may be gone by now; all where there are none.
    fn of(arguments: &[PathBuf], root: &Path, context: &Context) -> Result<Wanted, Failure> {
        let paths = arguments.iter().map(|argument| below(root, argument, context));
        Ok(Wanted(paths.collect::<Result<_, _>>()?))
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.0.is_empty() || self.0.iter().any(|above| path.starts_with(above))
    }
}

/// An argument as a path relative to the root. Only its name counts: it need not exist.
fn below(root: &Path, argument: &Path, context: &Context) -> Result<PathBuf, Failure> {
    let mut path = PathBuf::new();
    for part in context.directory.join(argument).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    match path.strip_prefix(root) {
        Ok(below) => Ok(below.to_owned()),
        Err(_) => Err(elsewhere(argument, root)),
    }
}

/// The refusal of a path outside of the repository.
pub(super) fn elsewhere(argument: &Path, root: &Path) -> Failure {
    let (argument, root) = (argument.display(), root.display());
    Failure::new(format!("{argument}: not in the repository `{root}`"))
}
