//! Where Git looks for the hooks of a repository.

use std::path::{Component, Path, PathBuf};

use super::root_of;
use super::versions::{GitError, output};

/// A directory of hooks.
pub(crate) struct Hooks {
    /// The directory, which may not exist.
    pub(crate) directory: PathBuf,
    /// Whether it belongs to this repository alone: it lies in the Git directory or in the working tree.
    pub(crate) is_own: bool,
}

/// The directory of hooks around `directory`: `core.hooksPath` if it is set, else `hooks` in the Git directory, which linked
/// worktrees share.
pub(crate) fn hooks(directory: &Path) -> Result<Hooks, GitError> {
    let root = root_of(directory);
    let printed = output(root, &["rev-parse", "--git-common-dir", "--git-path", "hooks"])?;
    let printed = String::from_utf8_lossy(&printed);
    let mut lines = printed.lines().map(|line| root.join(line));
    let (Some(git), Some(directory)) = (lines.next(), lines.next()) else {
        let reason = "no directory of hooks".to_owned();
        return Err(GitError::Git { command: "rev-parse".to_owned(), reason });
    };
    let is_below = |part| matches!(part, Component::Normal(_));
    let in_tree = directory.strip_prefix(root).is_ok_and(|below| below.components().all(is_below));
    let is_own = in_tree || directory.starts_with(&git);
    Ok(Hooks { directory, is_own })
}
