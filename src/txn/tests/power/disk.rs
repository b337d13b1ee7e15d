//! A file system in memory, down to the inodes: the start of a record, changed by some of its operations.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use super::super::super::journal;
use super::super::super::mark::Mark;
use super::super::tree::{self, Node, Tree};
use super::record::{Name, Op};

/// The number of an inode, as it was where the record was made.
pub(super) type Inode = u64;

/// Names, and what they lead to. What no name leads to may stay here: nobody can see it. Thousands of copies
/// are made of a disk, hence what they share.
#[derive(Clone)]
pub(super) struct Disk {
    top: Inode,
    things: BTreeMap<Inode, Rc<Thing>>,
    /// The names in each directory.
    names: BTreeMap<Inode, Rc<BTreeMap<OsString, Inode>>>,
}

/// What an inode is, but for the names in a directory.
#[derive(Clone)]
struct Thing {
    node: Node,
    /// When a file was last written, where that is known.
    modified: Option<SystemTime>,
    /// The stamps in a file that is a whole journal.
    stamps: Option<Vec<Mark>>,
}

impl Disk {
    /// What is below `top`.
    pub(super) fn load(top: &Path) -> Disk {
        let inode = fs::symlink_metadata(top).unwrap().ino();
        let mut disk = Disk { top: inode, things: BTreeMap::new(), names: BTreeMap::new() };
        let mut directories = HashMap::from([(PathBuf::new(), inode)]);
        tree::read_with(top, |path, metadata, node| {
            let inode = metadata.ino();
            disk.things.insert(inode, Thing::new(node.clone(), metadata.modified().ok()));
            // What is in a directory is read after it.
            let directory = directories[path.parent().unwrap()];
            disk.link(&Name { directory, name: path.file_name().unwrap().to_owned() }, inode);
            directories.insert(path.to_owned(), inode);
        });
        disk
    }

    /// Does `op` as far as it is about names, modes and owners.
    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Make { at, inode, node } => {
                self.things.insert(*inode, Thing::new(node.clone(), None));
                self.link(at, *inode);
            }
            Op::Rename { from, to, inode } => {
                self.unlink(from);
                self.link(to, *inode);
            }
            Op::Remove { at } => self.unlink(at),
            Op::SetMode { inode, mode: new } => self.change(*inode, |mode, _, _| *mode = *new),
            Op::SetOwner { inode, owner: new } => self.change(*inode, |_, owner, _| *owner = *new),
            Op::Write { .. } | Op::SyncFile { .. } | Op::SyncDirectory { .. } => {}
        }
    }

    /// Puts `new` into a file, and says when it was written.
    pub(super) fn fill(&mut self, inode: Inode, new: &[u8], when: Option<SystemTime>) {
        self.change(inode, |_, _, content| *content = new.to_owned());
        if let Some(thing) = self.things.get_mut(&inode) {
            *thing = Thing::new(thing.node.clone(), when.or(thing.modified));
        }
    }

    /// Makes all this below `top`, which is an empty directory. The files get the times they had; inodes
    /// cannot be chosen, so stamps in a journal get the numbers of the inodes that were made in the place of
    /// those they mean. A stamp of a file that is not there any more gets a number that no file has.
    pub(super) fn build(&self, top: &Path) {
        let visible = self.visible();
        let node = |thing: &Rc<Thing>| thing.node.clone();
        let tree: Tree =
            visible.iter().map(|(path, (_, thing))| (path.clone(), node(thing))).collect();
        tree::build(&tree, top);
        let now = |path: &Path| fs::symlink_metadata(top.join(path)).unwrap().ino();
        let made: HashMap<Inode, Inode> =
            visible.iter().map(|(path, (inode, _))| (*inode, now(path))).collect();
        for (path, (_, thing)) in &visible {
            if let Some(bytes) = thing.journal_for(&made) {
                fs::write(top.join(path), bytes).unwrap();
            }
            if let (Some(time), Node::File { .. }) = (thing.modified, &thing.node) {
                let file = File::options().write(true).open(top.join(path)).unwrap();
                file.set_modified(time).unwrap();
            }
        }
    }

    /// Equal for two file systems of a scenario that no program can tell from each other by what is looked at
    /// here. A stamp in a journal is told by the file that has it, as the numbers of inodes differ between
    /// runs; the other bytes of a journal do not.
    pub(super) fn key(&self) -> u64 {
        let visible = self.visible();
        let mut hasher = DefaultHasher::new();
        for (path, (_, thing)) in &visible {
            path.hash(&mut hasher);
            let Some(stamps) = &thing.stamps else {
                thing.node.hash(&mut hasher);
                continue;
            };
            for stamp in stamps {
                let has = visible.iter().find(|(_, (inode, thing))| thing.has(*inode, stamp));
                has.map(|(path, _)| path).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// The paths of all this, for people.
    pub(super) fn list(&self) -> String {
        let line = |(path, (_, thing)): (PathBuf, (Inode, Rc<Thing>))| match &thing.node {
            Node::File { mode, content, .. } => {
                format!("{path:?} {mode:o} {:?}\n", String::from_utf8_lossy(content))
            }
            node => format!("{path:?} {node:?}\n"),
        };
        self.visible().into_iter().map(line).collect()
    }

    /// What a name leads to.
    fn visible(&self) -> BTreeMap<PathBuf, (Inode, Rc<Thing>)> {
        let mut visible = BTreeMap::new();
        let mut todo = vec![(PathBuf::new(), self.top)];
        while let Some((directory, inode)) = todo.pop() {
            for (name, inode) in self.names.get(&inode).into_iter().flat_map(|names| names.iter()) {
                let (path, thing) = (directory.join(name), self.things[inode].clone());
                if matches!(thing.node, Node::Directory { .. }) {
                    todo.push((path.clone(), *inode));
                }
                visible.insert(path, (*inode, thing));
            }
        }
        visible
    }

    /// Changes mode, owner or content of a file, if there is that file.
    fn change(&mut self, inode: Inode, how: impl FnOnce(&mut u32, &mut (u32, u32), &mut Vec<u8>)) {
        if let Some(thing) = self.things.get_mut(&inode)
            && let Node::File { mode, owner, content } = &mut Rc::make_mut(thing).node
        {
            how(mode, owner, content);
        }
    }

    fn link(&mut self, at: &Name, inode: Inode) {
        Rc::make_mut(self.names.entry(at.directory).or_default()).insert(at.name.clone(), inode);
    }

    fn unlink(&mut self, at: &Name) {
        Rc::make_mut(self.names.entry(at.directory).or_default()).remove(&at.name);
    }
}

impl Thing {
    fn new(node: Node, modified: Option<SystemTime>) -> Rc<Self> {
        let stamps = match &node {
            Node::File { content, .. } => journal::decode(content).ok().map(|entries| {
                let marks = entries.into_iter().flat_map(|entry| [entry.old, entry.new]);
                marks.filter(|mark| matches!(mark, Mark::Stamp { .. })).collect()
            }),
            _ => None,
        };
        Rc::new(Thing { node, modified, stamps })
    }

    /// Whether `stamp` is this file's.
    fn has(&self, this: Inode, stamp: &Mark) -> bool {
        let Mark::Stamp { size, inode, modified: (seconds, nanoseconds) } = stamp else {
            return false;
        };
        let (Node::File { content, .. }, Some(time)) = (&self.node, self.modified) else {
            return false;
        };
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let time = (i64::try_from(since.as_secs()).unwrap(), i64::from(since.subsec_nanos()));
        *inode == this && *size == content.len() as u64 && (*seconds, *nanoseconds) == time
    }

    /// A whole journal with its stamps changed to the inodes of `made`.
    fn journal_for(&self, made: &HashMap<Inode, Inode>) -> Option<Vec<u8>> {
        let (Node::File { content, .. }, Some(_)) = (&self.node, &self.stamps) else { return None };
        let mut entries = journal::decode(content).ok()?;
        for entry in &mut entries {
            for mark in [&mut entry.old, &mut entry.new] {
                if let Mark::Stamp { inode, .. } = mark {
                    *inode = made.get(inode).copied().unwrap_or(u64::MAX - *inode);
                }
            }
        }
        Some(journal::encode(&entries))
    }
}
