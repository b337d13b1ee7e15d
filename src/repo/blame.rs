//! When each line of a file was changed last, from Git.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// When a line was changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Changed {
    /// By a commit, at this many seconds since 1970.
    Committed(i64),
    /// It is in no commit yet.
    Uncommitted,
}

/// When the lines of some files of the working tree were changed, relative to `root`, in the order of `paths`; none
/// where Git knows nothing of a file, or there is no Git. Neither whitespace nor the name of a file counts.
pub(crate) fn changes(root: &Path, paths: &[PathBuf]) -> Vec<Vec<Changed>> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let work = || {
        let mut found = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(index) else { return found };
            found.push((index, of_file(root, path).unwrap_or_default()));
        }
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|one| one.join().expect("nothing here panics")).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, changes)| changes).collect()
}

/// Whether the history ends before its beginning: what the oldest commit has may be older than that.
pub(crate) fn is_shallow(root: &Path) -> bool {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["rev-parse", "--is-shallow-repository"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| output.stdout == b"true\n")
}

fn of_file(root: &Path, path: &Path) -> Option<Vec<Changed>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        // A list of revisions to ignore may be set and not be there.
        .args(["-c", "blame.ignoreRevsFile=", "blame"])
        // A driver that decrypts for `git diff` would show other lines, and need a key.
        .args(["--line-porcelain", "--no-textconv", "--root", "-w", "--"])
        .arg(path)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(times(&output.stdout))
}

/// The time of each line: a header `<commit> …`, lines about the commit, and the line itself behind a tab.
fn times(porcelain: &[u8]) -> Vec<Changed> {
    let mut times = Vec::new();
    let (mut is_header, mut committed, mut time) = (true, true, 0);
    for line in porcelain.split(|byte| *byte == b'\n') {
        if is_header {
            committed = line.iter().take_while(|byte| **byte != b' ').any(|byte| *byte != b'0');
            is_header = false;
        } else if line.starts_with(b"\t") {
            times.push(if committed { Changed::Committed(time) } else { Changed::Uncommitted });
            is_header = true;
        } else if let Some(seconds) = line.strip_prefix(b"committer-time ") {
            time =
                std::str::from_utf8(seconds).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(root: &Path, time: u32, args: &[&str]) {
        let date = format!("@{time} +0000");
        let author = ["-c", "user.name=t", "-c", "user.email=t@example.test"];
        let mut command = Command::new("git");
        command.arg("-C").arg(root).args(author).args(args);
        let status = command.env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", "@1 +0000");
        assert!(status.status().unwrap().success(), "{args:?}");
    }

    #[test]
    fn each_line_has_the_time_of_its_last_commit() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let wanted = ["a b.yaml", "none", "b"].map(PathBuf::from);
        let write = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
        write("a b.yaml", "a: 1\nb: 2\n");
        assert_eq!(changes(root, &wanted), [vec![], vec![], vec![]]);
        git(root, 1, &["init", "--quiet"]);
        git(root, 1000, &["add", "."]);
        git(root, 1000, &["commit", "--quiet", "-m", "x"]);
        write("a b.yaml", "  a: 1\nb: 3\n");
        write("b", "x");
        git(root, 2000, &["commit", "--quiet", "-a", "-m", "x"]);
        write("a b.yaml", "  a: 1\nb: 3\n\tc: 4\n");
        let found = changes(root, &wanted);
        let of_lines = [Changed::Committed(1000), Changed::Committed(2000), Changed::Uncommitted];
        assert_eq!(found[0], of_lines);
        assert_eq!(found[1..], [vec![], vec![]]);
        assert_eq!(changes(root, &[]), Vec::<Vec<Changed>>::new());
    }

    #[test]
    fn a_driver_that_shows_other_lines_is_not_asked() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        git(root, 1, &["init", "--quiet"]);
        std::fs::write(root.join("a"), "1\n2\n").unwrap();
        std::fs::write(root.join(".gitattributes"), "a diff=x\n").unwrap();
        git(root, 1, &["config", "diff.x.textconv", "echo one line"]);
        git(root, 7, &["add", "."]);
        git(root, 7, &["commit", "--quiet", "-m", "x"]);
        let found = changes(root, &[PathBuf::from("a")]);
        assert_eq!(found, [[Changed::Committed(7), Changed::Committed(7)]]);
    }
}
