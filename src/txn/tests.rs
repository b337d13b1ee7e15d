//! Commits on real directories: what they do, and what a test of them needs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

mod draw;
mod faults;
mod order;
mod power;
mod proof;
mod property;
mod readers;
mod refusals;
mod rivals;
mod stops;
mod tree;

/// A fresh directory with a repository at `root`, removed at the end of the test.
struct Sandbox {
    /// Everything of the test.
    directory: PathBuf,
    /// The root of the repository.
    root: PathBuf,
    /// The Git directory where it is elsewhere.
    elsewhere: Option<PathBuf>,
}

/// Where the Git directory of a test is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Layout {
    /// `.git` is a directory.
    Git,
    /// `.git` is a file, as in a linked worktree or a submodule.
    GitFile,
    /// There is none.
    NoGit,
    /// `.git` is a file that names a directory on another file system.
    OtherFileSystem,
}

impl Layout {
    const ALL: [Layout; 4] = [Layout::Git, Layout::GitFile, Layout::NoGit, Layout::OtherFileSystem];
}

impl Sandbox {
    fn new(layout: Layout) -> Self {
        // In memory: thousands of commits sync each file.
        let directory = fresh(Path::new("/dev/shm"));
        let root = directory.join("root");
        fs::create_dir(&root).unwrap();
        let mut elsewhere = None;
        match layout {
            Layout::Git => fs::create_dir(root.join(".git")).unwrap(),
            Layout::NoGit => {}
            Layout::GitFile => {
                fs::create_dir_all(directory.join("main/.git/worktrees/root")).unwrap();
                fs::write(root.join(".git"), "gitdir: ../main/.git/worktrees/root\n").unwrap();
            }
            Layout::OtherFileSystem => {
                let git = fresh(&std::env::temp_dir());
                fs::write(root.join(".git"), format!("gitdir: {}\n", git.display())).unwrap();
                elsewhere = Some(git);
            }
        }
        Sandbox { directory, root, elsewhere }
    }

    fn store(&self) -> Store {
        Store::open(&self.root).unwrap()
    }

    fn lock(&self) -> Lock {
        self.store().lock(&holder(), PATIENCE).unwrap()
    }

    /// Recovers with some patience: a process that another test is just starting has the lock file of this
    /// one open until it becomes another program.
    fn recover(&self) -> Option<Recovered> {
        let lock = self.store().lock(&holder(), PATIENCE).unwrap();
        lock.recovered()
    }

    fn commit(&self, plan: &Plan) -> Result<Committed, Error> {
        self.lock().commit(plan, || false)
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.root.join(path)).unwrap().mode() & 0o7777
    }

    fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Every path below the root but `.git`, with kind, mode and content: what a user would see.
    fn picture(&self) -> Vec<String> {
        let mut picture = Vec::new();
        collect(&self.root, Path::new(""), &mut picture);
        picture.sort();
        picture
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
        self.elsewhere.iter().for_each(|path| drop(fs::remove_dir_all(path)));
    }
}

/// A new directory below `parent`.
fn fresh(parent: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = parent.join(format!("keywright-txn-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir(&path).unwrap();
    fs::canonicalize(path).unwrap()
}

fn collect(root: &Path, below: &Path, picture: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        if path == Path::new(".git") {
            continue;
        }
        let full = root.join(&path);
        let metadata = fs::symlink_metadata(&full).unwrap();
        let name = path.display();
        if metadata.is_dir() {
            picture.push(format!("{name}/"));
            collect(root, &path, picture);
        } else if metadata.is_symlink() {
            picture.push(format!("{name} -> {}", fs::read_link(&full).unwrap().display()));
        } else {
            let content = fs::read_to_string(&full).unwrap();
            picture.push(format!("{name} {:o} {content:?}", metadata.mode() & 0o7777));
        }
    }
}

/// How long a test waits for a lock that a process may have for the moment in which it is started.
const PATIENCE: Wait = Wait::UpTo(Duration::from_secs(5));

/// Recovers as [`Store::recover`] does, but with that patience also where nothing is decided.
fn recover(store: &Store) -> Result<Option<Recovered>, Error> {
    match store.is_at_rest()? {
        true => Ok(None),
        false => store.lock(&holder(), PATIENCE).map(|lock| lock.recovered()),
    }
}

fn holder() -> Holder {
    Holder::this_process("test", "2026-03-01T12:00:00Z")
}

fn change(path: &str, old: Option<&str>, new: Option<&str>) -> Change {
    let content = |text: &str| Content::new(text.as_bytes().to_vec());
    Change { path: path.into(), old: old.map(content), new: new.map(content), plain: false }
}

fn plan(changes: impl IntoIterator<Item = Change>) -> Plan {
    let mut plan = Plan::new();
    changes.into_iter().for_each(|change| plan.push(change).unwrap());
    plan
}

/// The error of a result whose other side need not be printable.
#[track_caller]
fn refusal<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error,
    }
}

/// A change of an ordinary file and one of each other kind.
fn four_changes() -> Plan {
    plan([
        change("app/secret.yaml", Some("old secret"), Some("new secret")),
        change("app/run", Some("old script"), Some("new script")),
        change("app/gone.yaml", Some("doomed"), None),
        change("new/deep/file.yaml", None, Some("created")),
    ])
}

/// The files that `four_changes` expects.
fn prepare_four(sandbox: &Sandbox) {
    sandbox.write("app/secret.yaml", "old secret");
    sandbox.write("app/run", "old script");
    sandbox.write("app/gone.yaml", "doomed");
    sandbox.write("app/other.yaml", "not concerned");
    sandbox.set_mode("app/run", 0o750);
    sandbox.set_mode("app/secret.yaml", 0o640);
}

#[test]
fn a_commit_does_all_of_a_plan_and_leaves_nothing_behind() {
    for layout in Layout::ALL {
        let sandbox = Sandbox::new(layout);
        prepare_four(&sandbox);
        assert_eq!(sandbox.commit(&four_changes()).unwrap(), Committed { files: 4 });

        let ordinary = sandbox.mode("app/other.yaml");
        assert_eq!(
            sandbox.picture(),
            [
                "app/".to_owned(),
                format!("app/other.yaml {ordinary:o} \"not concerned\""),
                "app/run 750 \"new script\"".to_owned(),
                "app/secret.yaml 640 \"new secret\"".to_owned(),
                "new/".to_owned(),
                "new/deep/".to_owned(),
                format!("new/deep/file.yaml {ordinary:o} \"created\""),
            ],
            "{layout:?}"
        );
        assert!(!sandbox.store().state().exists(), "{layout:?}");
        assert_eq!(sandbox.recover(), None);
    }
}

#[test]
fn a_plan_without_changes_touches_nothing() {
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("a", "same");
    let before = fs::metadata(sandbox.root.join("a")).unwrap();
    let directory = fs::metadata(&sandbox.root).unwrap();
    let committed = sandbox.commit(&plan([change("a", Some("same"), Some("same"))])).unwrap();
    let after = fs::metadata(sandbox.root.join("a")).unwrap();
    assert_eq!(committed.files, 0);
    assert_eq!(
        (before.ino(), before.mtime(), before.mtime_nsec(), before.ctime_nsec()),
        (after.ino(), after.mtime(), after.mtime_nsec(), after.ctime_nsec())
    );
    assert_eq!(
        directory.modified().unwrap(),
        fs::metadata(&sandbox.root).unwrap().modified().unwrap()
    );
}

#[test]
fn the_state_directory_is_in_the_git_directory_of_the_same_file_system() {
    let state = |layout| {
        let sandbox = Sandbox::new(layout);
        let state = sandbox.store().state().to_owned();
        state.strip_prefix(&sandbox.directory).unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(state(Layout::Git), "root/.git/keywright");
    assert_eq!(state(Layout::GitFile), "main/.git/worktrees/root/keywright");
    assert_eq!(state(Layout::NoGit), "root/.keywright");
    assert_eq!(state(Layout::OtherFileSystem), "root/.keywright");
}

#[test]
fn a_linked_file_changes_where_it_is_and_the_link_stays() {
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("real/file.yaml", "old");
    symlink("real", sandbox.root.join("directory")).unwrap();
    symlink("directory/file.yaml", sandbox.root.join("link.yaml")).unwrap();
    sandbox.commit(&plan([change("link.yaml", Some("old"), Some("new"))])).unwrap();
    assert_eq!(
        fs::read_link(sandbox.root.join("link.yaml")).unwrap(),
        Path::new("directory/file.yaml")
    );
    assert_eq!(sandbox.read("real/file.yaml"), "new");

    sandbox.commit(&plan([change("directory/other.yaml", None, Some("x"))])).unwrap();
    assert_eq!(sandbox.read("real/other.yaml"), "x");
}

#[test]
fn the_owner_of_a_file_stays_where_the_system_allows_it() {
    let sandbox = Sandbox::new(Layout::Git);
    sandbox.write("file", "old");
    let path = sandbox.root.join("file");
    let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid())).unwrap();
    if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_err() {
        // Not the superuser: a file of one's own stays one's own.
        assert_eq!(owner(&path), owner(&sandbox.root));
    }
    let before = owner(&path);
    sandbox.commit(&plan([change("file", Some("old"), Some("new"))])).unwrap();
    assert_eq!(owner(&path), before);
}

#[test]
fn absolute_paths_and_detours_inside_are_understood() {
    let sandbox = Sandbox::new(Layout::NoGit);
    sandbox.write("a/one", "1");
    sandbox.write("b/two", "2");
    let absolute = sandbox.root.join("a/one");
    let changes = plan([
        change(absolute.to_str().unwrap(), Some("1"), Some("one")),
        change("a/../b/two", Some("2"), Some("two")),
    ]);
    sandbox.commit(&changes).unwrap();
    assert_eq!((sandbox.read("a/one"), sandbox.read("b/two")), ("one".into(), "two".into()));
}

#[test]
fn one_lock_serves_several_commits() {
    let sandbox = Sandbox::new(Layout::Git);
    let mut lock = sandbox.lock();
    lock.commit(&plan([change("a", None, Some("1"))]), || false).unwrap();
    lock.commit(&plan([change("a", Some("1"), Some("2"))]), || false).unwrap();
    assert_eq!(sandbox.read("a"), "2");
    drop(lock);
    assert!(!sandbox.store().state().exists());
}

#[test]
fn a_thousand_files_are_one_commit() {
    let sandbox = Sandbox::new(Layout::Git);
    let names: Vec<String> = (0..1000).map(|n| format!("d{}/f{n}.yaml", n % 37)).collect();
    names.iter().for_each(|name| sandbox.write(name, "old"));
    let changes = plan(names.iter().map(|name| change(name, Some("old"), Some(name))));
    assert_eq!(sandbox.commit(&changes).unwrap().files, 1000);
    names.iter().for_each(|name| assert_eq!(sandbox.read(name), *name));
}
