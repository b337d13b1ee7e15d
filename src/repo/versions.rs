//! Which versions of files Git has: what one state has otherwise than another, and everything there ever was.
//!
//! ```text
//! :100644 100644 <object before> <object now> M NUL path NUL      git diff --raw -z
//! :100644 100644 <object before> <object now> R100 NUL path before NUL path NUL
//! ::100644 100644 100644 <one parent> <other> <now> MM NUL path NUL      of a merge
//! ```
//!
//! Files that are gone are left out: nothing is there to be looked at. Links and submodules have no content of their own.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why Git does not say which versions there are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum GitError {
    /// Git is not there, or refuses something.
    #[error("`git {command}`: {reason}")]
    Git {
        /// The command.
        command: String,
        /// What it or the system says.
        reason: String,
    },
    /// A name is none of a commit.
    #[error("`{0}` is no commit of this repository")]
    NoCommit(String),
}

/// A file that is new or otherwise than before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Relative to the root of the repository.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its object; all zeros if that is in the working tree alone.
    pub(crate) now: String,
    /// The object before, under the same name or the one before a move.
    pub(crate) before: Option<String>,
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A symbolic link, or a commit of a submodule.
    Pointer,
    /// Several files, of a merge that is not done.
    Unmerged,
}

/// A content that some commit has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    /// Its object.
    pub(crate) object: String,
    /// The name under which it came.
    pub(crate) path: PathBuf,
    /// The commit that brought it, abbreviated.
    pub(crate) commit: String,
}

/// Two states to be compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The tree or commit before.
    pub(crate) from: String,
    /// The commit.
    pub(crate) to: String,
}

/// What is staged: the index, compared with the last commit if there is one.
pub(crate) fn staged(root: &Path) -> Result<Vec<Difference>, GitError> {
    differences(root, &["diff", "--cached", "--raw", "-z", "--no-abbrev", "-M"])
}

/// What the working tree has otherwise than the last commit; files that Git does not know are left out.
pub(crate) fn in_working_tree(root: &Path) -> Result<Vec<Difference>, GitError> {
    differences(root, &["diff-index", "--raw", "-z", "--no-abbrev", "-M", "HEAD"])
}

/// What the later state of a range has otherwise.
pub(crate) fn in_range(root: &Path, range: &Range) -> Result<Vec<Difference>, GitError> {
    let compared = [range.from.as_str(), range.to.as_str()];
    let flags = ["diff-tree", "-r", "--raw", "-z", "--no-abbrev", "-M"];
    differences(root, &[&flags[..], &compared].concat())
}

/// Reads `A..B`; `A...B`, which begins where the two parted; or `A`, which is what that commit changed. A side that is left
/// out is `HEAD`.
pub(crate) fn range(root: &Path, text: &str) -> Result<Range, GitError> {
    let side = |name: &str| commit(root, if name.is_empty() { "HEAD" } else { name });
    if let Some((from, to)) = text.split_once("...") {
        let (from, to) = (side(from)?, side(to)?);
        let base = line(root, &["merge-base", &from, &to])?;
        return Ok(Range { from: base, to });
    }
    if let Some((from, to)) = text.split_once("..") {
        return Ok(Range { from: side(from)?, to: side(to)? });
    }
    let to = commit(root, text)?;
    let from = match commit(root, &format!("{to}^")) {
        Ok(parent) => parent,
        // The first commit: everything is new.
        Err(GitError::NoCommit(_)) => line(root, &["hash-object", "-t", "tree", "--stdin"])?,
        Err(error) => return Err(error),
    };
    Ok(Range { from, to })
}

/// The full name of a commit.
fn commit(root: &Path, name: &str) -> Result<String, GitError> {
    let missing = || GitError::NoCommit(name.to_owned());
    // A name cannot begin so, but a flag does.
    if name.starts_with('-') {
        return Err(missing());
    }
    let asked = format!("{name}^{{commit}}");
    line(root, &["rev-parse", "--verify", "--quiet", &asked]).map_err(|_| missing())
}

/// Every content that a commit of some branch, tag or other reference has, each once, oldest first.
pub(crate) fn every_blob(root: &Path) -> Result<Vec<Blob>, GitError> {
    let mut commits = command(root, &["rev-list", "--all", "--reverse"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed("rev-list", error.to_string()))?;
    let list = commits.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let flags = ["diff-tree", "--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-renames"];
    let mut command = command(root, &[&flags[..], &["--no-abbrev"]].concat());
    let output = command.stdin(list).output();
    let _ = commits.wait();
    let output = output.map_err(|error| failed("diff-tree", error.to_string()))?;
    Ok(blobs(&output.stdout))
}

/// The contents in the output of `git diff-tree --stdin`: a commit, and what it brought.
fn blobs(output: &[u8]) -> Vec<Blob> {
    let mut known = HashSet::new();
    let mut blobs = Vec::new();
    let mut commit = String::new();
    let mut fields = output.split(|byte| *byte == 0);
    while let Some(field) = fields.next() {
        let Some(header) = Header::parse(field) else {
            commit = String::from_utf8_lossy(&field[..field.len().min(9)]).into_owned();
            continue;
        };
        let Some(path) = fields.next() else { break };
        if header.kind == Some(Kind::File) && known.insert(header.now.clone()) {
            blobs.push(Blob { object: header.now, path: path_of(path), commit: commit.clone() });
        }
    }
    blobs
}

/// The files that a command with `--raw -z` names.
fn differences(root: &Path, args: &[&str]) -> Result<Vec<Difference>, GitError> {
    let output = output(root, args)?;
    let mut fields = output.split(|byte| *byte == 0);
    let mut found = Vec::new();
    while let Some(header) = fields.next().and_then(Header::parse) {
        let names =
            if header.is_moved { [fields.next(), fields.next()] } else { [None, fields.next()] };
        let (Some(kind), Some(path)) = (header.kind, names[1]) else { continue };
        let (now, before) = (header.now, header.before);
        found.push(Difference { path: path_of(path), kind, now, before });
    }
    // One that is not merged is named once more for what the working tree has.
    found.sort_by(|a, b| {
        (&a.path, a.kind != Kind::Unmerged).cmp(&(&b.path, b.kind != Kind::Unmerged))
    });
    found.dedup_by(|one, other| one.path == other.path);
    Ok(found)
}

/// What stands before a name.
struct Header {
    /// `None` where nothing is there any more.
    kind: Option<Kind>,
    now: String,
    before: Option<String>,
    /// Whether the name before comes first.
    is_moved: bool,
}

impl Header {
    /// Reads `:MODE MODE OBJECT OBJECT STATUS`, of a merge with more of them.
    fn parse(field: &[u8]) -> Option<Header> {
        let text = std::str::from_utf8(field).ok()?;
        let words: Vec<&str> = text.trim_start_matches(':').split(' ').collect();
        let sides = text.len() - text.trim_start_matches(':').len() + 1;
        if sides < 2 || words.len() != 2 * sides + 1 {
            return None;
        }
        let (mode, now, status) = (words[sides - 1], words[2 * sides - 1], words[2 * sides]);
        let before = words[sides];
        let is_there = before.bytes().any(|digit| digit != b'0');
        let kind = match mode {
            _ if status.starts_with('U') => Some(Kind::Unmerged),
            "000000" => None,
            "120000" | "160000" => Some(Kind::Pointer),
            _ => Some(Kind::File),
        };
        let before = is_there.then(|| before.to_owned());
        let is_moved = status.starts_with(['R', 'C']) && sides == 2;
        Some(Header { kind, now: now.to_owned(), before, is_moved })
    }
}

/// Bytes of Git as a path.
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// A command of Git that changes nothing, not even the index.
fn command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(args).env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null());
    command.stderr(Stdio::null());
    command
}

/// What a command prints.
pub(super) fn output(root: &Path, args: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = command(root, args).stderr(Stdio::piped()).output();
    let name = args[0].to_owned();
    let output = output.map_err(|error| failed(&name, error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().next_back().unwrap_or("failed").to_owned();
    Err(failed(&name, last))
}

fn failed(command: &str, reason: String) -> GitError {
    GitError::Git { command: command.to_owned(), reason }
}

/// The one line that a command prints.
fn line(root: &Path, args: &[&str]) -> Result<String, GitError> {
    let output = output(root, args)?;
    Ok(OsStr::from_bytes(&output).to_string_lossy().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(root: &Path, args: &[&str]) {
        let author = ["-c", "user.name=t", "-c", "user.email=t@example.test"];
        let mut command = Command::new("git");
        let status = command.arg("-C").arg(root).args(author).args(args).stdout(Stdio::null());
        assert!(status.status().unwrap().success(), "{args:?}");
    }

    /// A repository without a commit.
    fn repository() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        git(directory.path(), &["init", "--quiet", "--initial-branch", "main"]);
        directory
    }

    fn write(root: &Path, name: &[u8], text: &str) {
        std::fs::write(root.join(OsStr::from_bytes(name)), text).unwrap();
    }

    fn commit_all(root: &Path) {
        git(root, &["add", "--all"]);
        git(root, &["commit", "--quiet", "-m", "x"]);
    }

    fn names(found: &[Difference]) -> Vec<String> {
        let name = |one: &Difference| format!("{} {:?}", one.path.to_string_lossy(), one.kind);
        found.iter().map(name).collect()
    }

    #[test]
    fn staged_files_are_seen_before_the_first_commit_and_after_it_under_any_name() {
        let directory = repository();
        let root = directory.path();
        write(root, b"a b\n\xff", "1\n2\n3\n");
        git(root, &["add", "."]);
        assert_eq!(names(&staged(root).unwrap()), ["a b\n\u{fffd} File"]);
        commit_all(root);
        assert_eq!(staged(root).unwrap(), []);
        std::os::unix::fs::symlink("x", root.join("l")).unwrap();
        std::fs::rename(root.join(OsStr::from_bytes(b"a b\n\xff")), root.join("moved")).unwrap();
        git(root, &["add", "--all"]);
        let found = staged(root).unwrap();
        assert_eq!(names(&found), ["l Pointer", "moved File"]);
        assert_eq!(
            (found[0].before.clone(), found[1].before.clone()),
            (None, Some(found[1].now.clone()))
        );
        git(root, &["rm", "--quiet", "-f", "moved"]);
        assert_eq!(names(&staged(root).unwrap()), ["l Pointer"]);
    }

    #[test]
    fn the_working_tree_is_compared_with_the_last_commit() {
        let directory = repository();
        let root = directory.path();
        write(root, b"a", "1\n");
        assert!(in_working_tree(root).is_err());
        commit_all(root);
        write(root, b"a", "2\n");
        write(root, b"untracked", "2\n");
        assert_eq!(names(&in_working_tree(root).unwrap()), ["a File"]);
    }

    #[test]
    fn a_range_is_two_commits_one_or_since_they_parted() {
        let directory = repository();
        let root = directory.path();
        write(root, b"a", "1\n");
        commit_all(root);
        let files = |text: &str| names(&in_range(root, &range(root, text).unwrap()).unwrap());
        assert_eq!(files("HEAD"), ["a File"]);
        git(root, &["checkout", "--quiet", "-b", "side"]);
        write(root, b"b", "1\n");
        commit_all(root);
        git(root, &["checkout", "--quiet", "main"]);
        write(root, b"c", "1\n");
        commit_all(root);
        assert_eq!(files("main..side"), ["b File"]);
        assert_eq!(files("side.."), ["c File"]);
        assert_eq!(files("main...side"), ["b File"]);
        assert_eq!(files("HEAD~1.."), ["c File"]);
        assert_eq!(files("main"), ["c File"]);
        for text in ["nowhere", "main..nowhere", "--output=x", ""] {
            assert!(matches!(range(root, text), Err(GitError::NoCommit(_))), "{text}");
        }
    }

    #[test]
    fn every_content_comes_once_also_that_of_a_merge_alone() {
        let directory = repository();
        let root = directory.path();
        write(root, b"a", "1\n");
        write(root, b"b", "1\n");
        commit_all(root);
        git(root, &["checkout", "--quiet", "-b", "side"]);
        write(root, b"a", "2\n");
        commit_all(root);
        git(root, &["checkout", "--quiet", "main"]);
        write(root, b"a", "3\n");
        commit_all(root);
        git(root, &["merge", "--quiet", "-s", "ours", "--no-commit", "side"]);
        write(root, b"a", "4\n");
        commit_all(root);
        let found = every_blob(root).unwrap();
        let objects = Objects::open(root).unwrap();
        let mut texts: Vec<Vec<u8>> =
            found.iter().map(|blob| objects.read(blob.object.as_bytes(), 1).unwrap()).collect();
        texts.sort();
        assert_eq!(texts, [b"1\n", b"2\n", b"3\n", b"4\n"]);
        assert!(found.iter().all(|blob| blob.path == Path::new("a") && blob.commit.len() == 9));
    }

    use super::super::Objects;

    #[test]
    fn large_content_is_cut_and_the_next_answer_is_whole() {
        let directory = repository();
        let root = directory.path();
        write(root, b"large file", &"x".repeat(100_000));
        write(root, b"small", "small\n");
        git(root, &["add", "."]);
        let objects = Objects::open(root).unwrap();
        assert_eq!(objects.read(b":large file", 9).unwrap(), b"xxxxxxxxxx");
        assert_eq!(objects.read(b":small", 100).unwrap(), b"small\n");
        for name in [&b":none or other"[..], b":a\nb", b"HEAD:\xff"] {
            let error = objects.read(name, 9).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name:?}");
        }
    }
}
