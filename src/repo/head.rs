//! What the last commit has of some files.

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::objects::answer;

/// The content that each file has in `HEAD`, in the order of `paths`, which are relative to `root`. `None` where
/// a file is not there – or there is no commit, no repository, or no Git.
pub(crate) fn committed(root: &Path, paths: &[&Path]) -> Vec<Option<Vec<u8>>> {
    read(root, paths).unwrap_or_else(|| paths.iter().map(|_| None).collect())
}

fn read(root: &Path, paths: &[&Path]) -> Option<Vec<Option<Vec<u8>>>> {
    let mut git = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut requests = Vec::new();
    for path in paths {
        // A line break in a name would end the request; such a file counts as new.
        let name = path.as_os_str().as_encoded_bytes();
        let name = if name.contains(&b'\n') { b"" } else { name };
        requests.extend([b"HEAD:./", name, b"\n"].concat());
    }
    let mut input = git.stdin.take()?;
    // Git answers while it is asked: one thread for both could wait for itself.
    let asking = thread::spawn(move || input.write_all(&requests));
    let mut answers = BufReader::new(git.stdout.take()?);
    let found = paths.iter().map(|_| answer(&mut answers, u64::MAX)).collect::<Option<Vec<_>>>();
    let _ = asking.join();
    let _ = git.wait();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(root: &Path, args: &[&str]) {
        let author = ["-c", "user.name=t", "-c", "user.email=t@example.test"];
        let status = Command::new("git").arg("-C").arg(root).args(author).args(args).status();
        assert!(status.unwrap().success(), "{args:?}");
    }

    #[test]
    fn files_are_as_the_last_commit_has_them() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let wanted = ["a b.yaml", "missing.yaml", "sub", "sub/c.yaml"].map(Path::new);
        assert!(committed(root, &wanted).iter().all(Option::is_none));
        git(root, &["init", "--quiet"]);
        assert!(committed(root, &wanted).iter().all(Option::is_none));
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("a b.yaml"), "old\n\nmissing\n").unwrap();
        std::fs::write(root.join("sub/c.yaml"), "").unwrap();
        git(root, &["add", "."]);
        git(root, &["commit", "--quiet", "-m", "x"]);
        std::fs::write(root.join("a b.yaml"), "new\n").unwrap();
        let found = committed(root, &wanted);
        assert_eq!(found[0].as_deref(), Some(&b"old\n\nmissing\n"[..]));
        assert_eq!(found[1..], [None, None, Some(Vec::new())]);
        let below = committed(&root.join("sub"), &[Path::new("c.yaml")]);
        assert_eq!(below, [Some(Vec::new())]);
    }
}
