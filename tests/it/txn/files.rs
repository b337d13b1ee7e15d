//! What a repository holds after a command, next to what it held before and what it was to hold: old, new or mixed.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sandbox::{Sandbox, files_below};

/// All files of a work tree without Git's own and without the state directory: content and permission bits.
#[derive(Eq, PartialEq)]
pub(super) struct Files(BTreeMap<PathBuf, (Vec<u8>, u32)>);

impl Files {
    /// Reads everything below `root`.
    pub(super) fn of(root: &Path) -> Files {
        let read = |path: PathBuf| {
            let file = root.join(&path);
            let mode = fs::symlink_metadata(&file).unwrap().permissions().mode();
            (path, (fs::read(file).unwrap(), mode & 0o7777))
        };
        let mut files = files_below(root);
        files.retain(|path| !path.starts_with(".git") && !path.starts_with(".keywright"));
        Files(files.into_iter().map(read).collect())
    }

    /// The paths that are not the same in both, in order.
    pub(super) fn changed<'a>(&'a self, other: &'a Files) -> Vec<&'a Path> {
        let mut paths: Vec<_> = self.0.keys().chain(other.0.keys()).map(PathBuf::as_path).collect();
        paths.retain(|path| self.0.get(*path) != other.0.get(*path));
        paths.sort();
        paths.dedup();
        paths
    }

    /// Makes the files below `root` these again, whatever happened to them, and removes the directories in which
    /// there are none.
    pub(super) fn restore(&self, root: &Path) {
        let now = Files::of(root);
        for path in self.changed(&now) {
            let file = root.join(path);
            match self.0.get(path) {
                Some((content, mode)) => {
                    fs::create_dir_all(file.parent().expect("it is below the root")).unwrap();
                    fs::write(&file, content).unwrap();
                    fs::set_permissions(&file, Permissions::from_mode(*mode)).unwrap();
                }
                None => fs::remove_file(&file).unwrap(),
            }
        }
        remove_empty_directories(root);
    }

    /// What is the same in two results that differ in random bytes only: everything but the inside of encrypted
    /// files. Not even their sizes are, as age adds a stanza of random length; but they end alike.
    fn shape(&self) -> impl Iterator<Item = (&Path, &[u8], u32)> {
        self.0.iter().map(|(path, (content, mode))| {
            let encrypted = content.windows(4).any(|part| part == b"ENC[");
            let tail = if encrypted { content.len().saturating_sub(20) } else { 0 };
            (path.as_path(), &content[tail..], *mode)
        })
    }
}

/// The two states of a repository that a command may leave.
pub(super) struct Change {
    /// Before it.
    pub(super) old: Files,
    /// After it, undisturbed.
    pub(super) new: Files,
    /// Whether the command writes the same bytes each time. Where keys and nonces are drawn it does not; then
    /// the same files must be changed, and be the same but for encrypted content.
    pub(super) exact: bool,
}

impl Change {
    /// `old`, `new` or `mixed`.
    pub(super) fn outcome(&self, work: &Path) -> &'static str {
        let now = Files::of(work);
        let is_new = if self.exact {
            now == self.new
        } else {
            self.old.changed(&now) == self.old.changed(&self.new)
                && now.shape().eq(self.new.shape())
        };
        match now == self.old {
            true => "old",
            false if is_new => "new",
            false => "mixed",
        }
    }
}

/// What is in the state directory but the lock, which means nothing when nobody holds it.
pub(super) fn leftovers(state: &Path) -> Vec<String> {
    let entries = fs::read_dir(state).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lock").collect()
}

/// Whether a text is in a file of the sandbox, Git's directory and that of temporary files included.
pub(super) fn holds_anywhere(sandbox: &Sandbox, text: &str) -> Option<PathBuf> {
    let folders = [sandbox.work(), sandbox.work().with_file_name("tmp")];
    let mut files = folders.iter().flat_map(|folder| {
        files_below(folder).into_iter().map(|path| folder.join(path)).collect::<Vec<_>>()
    });
    files.find(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).contains(text))
}

fn remove_empty_directories(root: &Path) {
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with(".git") {
            remove_empty_directories(&path);
            // Where there is something in it, it stays.
            let _ = fs::remove_dir(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_in_one_of_two_files_is_mixed_and_can_be_taken_back() {
        let sandbox = Sandbox::new();
        let work = sandbox.work();
        let set = |one: &str, other: &str| {
            sandbox.write("one", one);
            sandbox.write("folder/other", other);
            Files::of(&work)
        };
        let mut change = Change { old: set("old", "old"), new: set("newer", "newer"), exact: true };
        assert_eq!(change.outcome(&work), "new");
        set("newer", "old");
        assert_eq!(change.outcome(&work), "mixed");
        set("other", "other");
        assert_eq!(change.outcome(&work), "mixed");
        change.exact = false;
        assert_eq!(change.outcome(&work), "mixed");
        change.new = set("newer", "first ENC[] and the same last line of the metadata\n");
        set("newer", "second ENC[] and the same last line of the metadata\n");
        assert_eq!(change.outcome(&work), "new");
        set("newer", "second ENC[] and the same last line of the meta");
        assert_eq!(change.outcome(&work), "mixed");
        sandbox.write("third/file", "");
        change.old.restore(&work);
        assert_eq!(change.outcome(&work), "old");
        assert!(!sandbox.path("third").exists());
        fs::set_permissions(sandbox.path("one"), Permissions::from_mode(0o600)).unwrap();
        assert_eq!(change.outcome(&work), "mixed");
    }
}
