//! What a commit and a recovery ask of the disk, call by call, as operations on names and inodes.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use super::super::super::LOCK;
use super::super::super::disk::Call;
use super::super::super::disk::watch::{Verdict, during};
use super::super::tree::Node;
use super::disk::{Disk, Inode};

/// A place for a name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Name {
    pub(super) directory: Inode,
    pub(super) name: OsString,
}

/// Something that was done, and did something: removing what is not there is not among these.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A file or a directory without content.
    Make {
        at: Name,
        inode: Inode,
        node: Node,
    },
    Rename {
        from: Name,
        to: Name,
        inode: Inode,
    },
    Remove {
        at: Name,
    },
    SetMode {
        inode: Inode,
        mode: u32,
    },
    SetOwner {
        inode: Inode,
        owner: (u32, u32),
    },
    Write {
        inode: Inode,
        bytes: Vec<u8>,
    },
    SyncFile {
        inode: Inode,
        modified: SystemTime,
    },
    SyncDirectory {
        inode: Inode,
    },
}

/// A tree, and what was done to it.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) start: Disk,
    /// Each with the call that did it, for people.
    pub(super) ops: Vec<(Op, String)>,
}

/// A record that is being made, by everybody who has a copy of this.
#[derive(Clone)]
pub(super) struct Tape(Rc<RefCell<Writer>>);

struct Writer {
    top: PathBuf,
    record: Record,
    /// The last call, where what it did can be seen only when the next one is heard.
    waiting: Option<(PathBuf, Waiting)>,
}

enum Waiting {
    Make,
    SetOwner,
}

impl Tape {
    /// A record that starts with what is below `top`, with no operation yet.
    pub(super) fn new(top: &Path) -> Tape {
        let record = Record { start: Disk::load(top), ops: Vec::new() };
        Tape(Rc::new(RefCell::new(Writer { top: top.to_owned(), record, waiting: None })))
    }

    /// Records the calls of `work` of which `verdict` lets happen what they are for. It is given the number of
    /// operations before the call.
    pub(super) fn during<T>(
        &self,
        mut verdict: impl FnMut(&Call<'_>, usize) -> Verdict + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        let tape = self.clone();
        let listener = move |call: &Call<'_>| {
            let verdict = verdict(call, tape.len());
            if verdict == Verdict::Go {
                tape.0.borrow_mut().hear(call);
            }
            verdict
        };
        let result = during(listener, work);
        self.0.borrow_mut().settle();
        result
    }

    /// The number of operations so far.
    pub(super) fn len(&self) -> usize {
        let mut writer = self.0.borrow_mut();
        writer.settle();
        writer.record.ops.len()
    }

    /// The record so far.
    pub(super) fn record(&self) -> Record {
        self.0.borrow().record.clone()
    }
}

impl Writer {
    /// Records a call that is about to be made, if it will do something.
    fn hear(&mut self, call: &Call<'_>) {
        self.settle();
        match *call {
            Call::Look(_) | Call::Lock(_) => {}
            // The text in the lock is for people. Nothing is decided by it, and it is never synced: it would
            // only multiply the states.
            Call::Truncate(path) | Call::Write(path, _) if path.ends_with(LOCK) => {}
            Call::MakeDirectory(path) | Call::Create(path) => {
                if look(path).is_none() {
                    self.waiting = Some((path.to_owned(), Waiting::Make));
                }
            }
            Call::SetOwner(path) => self.waiting = Some((path.to_owned(), Waiting::SetOwner)),
            Call::SetMode(path, mode) => {
                self.on(path, "mode", |found| Op::SetMode { inode: found.ino(), mode })
            }
            Call::Truncate(path) => panic!("{}: is not the lock", path.display()),
            Call::Write(path, bytes) => self.on(path, "write", |found| Op::Write {
                inode: found.ino(),
                bytes: bytes.to_owned(),
            }),
            Call::SyncFile(path) => self.on(path, "sync file", |found| Op::SyncFile {
                inode: found.ino(),
                modified: found.modified().unwrap(),
            }),
            Call::SyncDirectory(path) => {
                self.on(path, "sync directory", |found| Op::SyncDirectory { inode: found.ino() });
            }
            Call::Rename(from, to) => {
                let to = name(to);
                self.on(from, "rename", |found| Op::Rename {
                    from: name(from),
                    to,
                    inode: found.ino(),
                });
            }
            Call::Remove(path) => self.on(path, "remove", |_| Op::Remove { at: name(path) }),
            Call::RemoveDirectory(path) => {
                if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()) {
                    self.on(path, "remove directory", |_| Op::Remove { at: name(path) });
                }
            }
        }
    }

    /// Adds an operation on what is at `path`, if there is something.
    fn on(&mut self, path: &Path, verb: &str, op: impl FnOnce(&Metadata) -> Op) {
        let Some(found) = look(path) else { return };
        let path = path.strip_prefix(&self.top).expect("a commit stays in its sandbox");
        self.record.ops.push((op(&found), format!("{verb} {}", path.display())));
    }

    /// Looks what the last call did.
    fn settle(&mut self) {
        match self.waiting.take() {
            None => {}
            Some((path, Waiting::Make)) => self.on(&path, "make", |found| {
                let mode = found.mode() & 0o7777;
                let owner = (found.uid(), found.gid());
                let node = match found.is_dir() {
                    true => Node::Directory { mode },
                    false => Node::File { mode, owner, content: Vec::new() },
                };
                Op::Make { at: name(&path), inode: found.ino(), node }
            }),
            Some((path, Waiting::SetOwner)) => self.on(&path, "owner", |found| Op::SetOwner {
                inode: found.ino(),
                owner: (found.uid(), found.gid()),
            }),
        }
    }
}

fn look(path: &Path) -> Option<Metadata> {
    fs::symlink_metadata(path).ok()
}

/// The name that a path ends in, in its directory.
fn name(path: &Path) -> Name {
    let directory = look(path.parent().unwrap()).unwrap().ino();
    Name { directory, name: path.file_name().unwrap().to_owned() }
}
