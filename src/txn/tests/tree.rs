//! A directory tree as a value: everything of it that a user could miss.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// What has a name in a tree. Names are paths from the top of the tree.
pub(super) type Tree = BTreeMap<PathBuf, Node>;

/// One of its things.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Node {
    Directory { mode: u32 },
    File { mode: u32, owner: (u32, u32), content: Vec<u8> },
    Link(PathBuf),
}

/// The tree below `top`, and what the system says about each of its things.
pub(super) fn read_with(top: &Path, mut each: impl FnMut(&Path, &fs::Metadata, &Node)) -> Tree {
    let (mut tree, mut todo) = (Tree::new(), vec![PathBuf::new()]);
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(top.join(&directory)).unwrap() {
            let path = directory.join(entry.unwrap().file_name());
            let full = top.join(&path);
            let found = fs::symlink_metadata(&full).unwrap();
            let mode = found.mode() & 0o7777;
            let node = if found.is_dir() {
                todo.push(path.clone());
                Node::Directory { mode }
            } else if found.is_symlink() {
                Node::Link(fs::read_link(&full).unwrap())
            } else {
                let owner = (found.uid(), found.gid());
                Node::File { mode, owner, content: fs::read(&full).unwrap() }
            };
            each(&path, &found, &node);
            tree.insert(path, node);
        }
    }
    tree
}

/// The tree below `top`.
pub(super) fn read(top: &Path) -> Tree {
    read_with(top, |_, _, _| {})
}

/// Makes `tree` below `top`, where nothing is in its way.
pub(super) fn build(tree: &Tree, top: &Path) {
    // In the order of paths a directory comes before what is in it.
    for (path, node) in tree {
        let full = top.join(path);
        let mode = match node {
            Node::Link(to) => {
                symlink(to, &full).unwrap();
                continue;
            }
            Node::Directory { mode } => {
                fs::create_dir(&full).unwrap();
                mode
            }
            Node::File { mode, owner, content } => {
                fs::write(&full, content).unwrap();
                let made = fs::symlink_metadata(&full).unwrap();
                if *owner != (made.uid(), made.gid()) {
                    chown(&full, Some(owner.0), Some(owner.1)).unwrap();
                }
                mode
            }
        };
        fs::set_permissions(&full, fs::Permissions::from_mode(*mode)).unwrap();
    }
}

/// Where two trees differ, one line for each path; empty: nowhere.
pub(super) fn difference(expected: &Tree, actual: &Tree) -> String {
    let paths: std::collections::BTreeSet<_> = expected.keys().chain(actual.keys()).collect();
    let lines = paths.into_iter().filter_map(|path| {
        let (one, other) = (expected.get(path), actual.get(path));
        (one != other).then(|| format!("\n  {path:?}: {one:?} was expected, there is {other:?}"))
    });
    lines.collect()
}
