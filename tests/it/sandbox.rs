//! A fresh directory with a scrubbed environment, in which a test runs the program and its neighbours.
//!
//! ```text
//! ROOT/work   the repository; every command starts here
//! ROOT/home   HOME; the identity is where sops looks for it
//! ROOT/tmp    TMPDIR, so that a forgotten temporary file is seen by the canary check
//! ```
//!
//! Commands get these three, a PATH of system directories, and nothing else of the caller's environment: no
//! `SOPS_*`, no `GIT_*`, no `NO_COLOR`. What they print is remembered for [`Sandbox::assert_no_trace_of`].

mod outcome;
mod snapshot;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

pub(crate) use outcome::{Outcome, Run};
pub(crate) use snapshot::{Snapshot, files_below};

use crate::reference;

/// Where commands are looked for: the system's directories, not the caller's, which may hold another sops.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// The data of the tests in this checkout.
pub(crate) const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// A directory of its own for one test, removed when dropped.
pub(crate) struct Sandbox {
    root: TempDir,
    /// What `keywright` has printed so far: the command line and both streams, one after the other.
    printed: RefCell<Vec<(String, Vec<u8>)>>,
}

impl Sandbox {
    /// An empty directory, without Git and without an identity.
    pub(crate) fn new() -> Self {
        Sandbox::below(&std::env::temp_dir())
    }

    /// The same in memory where the system has a place for that: for runs by the thousand, which would wait for a disk.
    pub(crate) fn in_memory() -> Self {
        let memory = fs::canonicalize("/dev/shm").ok();
        let usable =
            memory.filter(|path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok());
        Sandbox::below(&usable.unwrap_or_else(std::env::temp_dir))
    }

    fn below(directory: &Path) -> Self {
        let root = tempfile::Builder::new().prefix("keywright-").tempdir_in(directory).unwrap();
        for folder in ["work", "home", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Sandbox { root, printed: RefCell::default() }
    }

    /// The sample repository `nerv`: its Secrets encrypted in place by the current real sops, committed, with
    /// the identity in place.
    pub(crate) fn nerv() -> Self {
        // Encrypting takes longer than most tests do, so it happens once and every sandbox gets the result.
        static ENCRYPTED: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
        let sandbox = Sandbox::new();
        for (path, content) in ENCRYPTED.get_or_init(encrypted_sample) {
            sandbox.write(&path.to_string_lossy(), content);
        }
        sandbox.install_identity();
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("the sample");
        sandbox
    }

    /// One of the samples whose Secrets are in `*.sops.yaml` files: those encrypted by the current real sops, all of
    /// it committed, with the identity in place where there is one.
    pub(crate) fn sample(name: &str) -> Self {
        let sandbox = Sandbox::new();
        let from = format!("{DATA}/samples/{name}");
        sandbox.copy(&from, "");
        for path in files_below(&sandbox.work()) {
            let file = path.to_string_lossy();
            if file.ends_with(".sops.yaml") && path.file_name() != Some(OsStr::new(".sops.yaml")) {
                let run = sandbox.run(reference::current_sops());
                run.args(["--encrypt", "--in-place"]).arg(&path).go().success();
            }
        }
        let identity = Path::new(&from).join("age-test-identity.txt");
        if identity.exists() {
            let folder = sandbox.home().join(".config/sops/age");
            fs::create_dir_all(&folder).unwrap();
            fs::copy(identity, folder.join("keys.txt")).unwrap();
        }
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox.commit_all("the sample");
        sandbox
    }

    /// The repository, where commands start.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The home directory of the commands.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A path in the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.work().join(relative)
    }

    /// The content of a file of the repository.
    #[track_caller]
    pub(crate) fn read(&self, relative: &str) -> String {
        match fs::read_to_string(self.path(relative)) {
            Ok(text) => text,
            Err(error) => panic!("{relative}: {error}\n{}", self.listing()),
        }
    }

    /// Writes a file of the repository, and the folders it needs.
    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a file of the repository has a parent")).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Copies the files below a folder to a folder of the repository; of a sample not the identity, which nobody keeps
    /// in a repository.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let from = Path::new(from);
        let is_kept = |path: &PathBuf| !path.ends_with("age-test-identity.txt");
        for path in files_below(from).into_iter().filter(is_kept) {
            let target = Path::new(to).join(&path);
            self.write(&target.to_string_lossy(), fs::read(from.join(&path)).unwrap());
        }
    }

    /// Puts the TEST ONLY identity of the samples where sops looks for identities.
    pub(crate) fn install_identity(&self) {
        let folder = self.home().join(".config/sops/age");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(format!("{DATA}/samples/nerv/age-test-identity.txt"), folder.join("keys.txt"))
            .unwrap();
    }

    /// Takes the identity away again, as it is in CI.
    pub(crate) fn remove_identity(&self) {
        fs::remove_dir_all(self.home().join(".config")).unwrap();
    }

    /// The program under test with some arguments, ready to be run or added to.
    pub(crate) fn keywright<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run<'_> {
        self.run(env!("CARGO_BIN_EXE_keywright")).remembered().args(args)
    }

    /// Any other program, ready to be given arguments and run.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>) -> Run<'_> {
        Run::new(self, program.as_ref())
    }

    /// The environment of every command.
    fn environment(&self) -> [(OsString, OsString); 3] {
        [
            ("PATH".into(), PATH.into()),
            ("HOME".into(), self.home().into()),
            ("TMPDIR".into(), self.root.path().join("tmp").into()),
        ]
    }

    /// Runs Git in the repository, demands success and gives its output.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.run("git").args(args).go().success().stdout()
    }

    /// Commits everything that is not ignored, by an author of the sandbox's own.
    #[track_caller]
    pub(crate) fn commit_all(&self, message: &str) {
        self.git(&["add", "--all"]);
        let author = ["-c", "user.name=Test", "-c", "user.email=test@example.test"];
        self.git(&[&author[..], &["commit", "--quiet", "--message", message]].concat());
    }

    /// `git status --short` with every untracked file; empty when nothing differs from the commit.
    #[track_caller]
    pub(crate) fn git_status(&self) -> String {
        self.git(&["status", "--short", "--untracked-files=all"])
    }

    /// Every file of the repository without Git's own: content, mode and time of change.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.work())
    }

    /// Asserts that a secret is in nothing the program printed, and in no file of the sandbox (Git's objects
    /// included), but for the files in `allowed`, relative to the repository.
    ///
    /// Looks for the text itself and for its base64 form, which is how Kubernetes would spell it.
    #[track_caller]
    pub(crate) fn assert_no_trace_of(&self, canary: &str, allowed: &[&str]) {
        let spellings = [canary.to_owned(), STANDARD.encode(canary)];
        let holds = |bytes: &[u8]| {
            spellings
                .iter()
                .any(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        };
        for (command, printed) in self.printed.borrow().iter() {
            assert!(!holds(printed), "the canary was printed by {command}");
        }
        let allowed: Vec<_> = allowed.iter().map(|path| Path::new("work").join(path)).collect();
        for path in files_below(self.root.path()) {
            let known = allowed.contains(&path);
            assert!(
                known || !holds(&fs::read(self.root.path().join(&path)).unwrap()),
                "the canary is in {}\n{}",
                path.display(),
                self.listing()
            );
        }
        if self.path(".git").exists() {
            // Objects are compressed on disk; Git prints all of them, also those no commit refers to.
            let all = ["cat-file", "--batch-all-objects", "--batch", "--buffer"];
            let objects = self.run("git").args(all).go().success();
            assert!(!holds(&objects.stdout_bytes), "the canary is in an object of Git");
        }
    }

    /// Every file of the sandbox with its size, for the print of a failure.
    fn listing(&self) -> String {
        let root = self.root.path();
        let files = files_below(root).into_iter().filter(|path| !path.starts_with("work/.git"));
        let sized = files.map(|path| {
            let size = fs::metadata(root.join(&path)).map_or(0, |metadata| metadata.len());
            format!("{size:>8}  {}\n", path.display())
        });
        sized.collect()
    }

    /// Keeps what the program printed for [`Self::assert_no_trace_of`].
    pub(crate) fn remember(&self, command: String, printed: Vec<u8>) {
        self.printed.borrow_mut().push((command, printed));
    }
}

/// The files of the sample, its Secrets encrypted in place by the current real sops.
fn encrypted_sample() -> Vec<(PathBuf, Vec<u8>)> {
    let sandbox = Sandbox::new();
    sandbox.copy(&format!("{DATA}/samples/nerv"), "");
    let encrypt = |path: &PathBuf| {
        let run = sandbox.run(reference::current_sops()).args(["--config", "nerv/.sops.yaml"]);
        run.args(["--encrypt", "--in-place"]).arg(path).go().success();
    };
    let files = files_below(&sandbox.work());
    files.iter().filter(|path| path.to_string_lossy().ends_with("secret.yaml")).for_each(encrypt);
    let content = |path: PathBuf| (path.clone(), fs::read(sandbox.work().join(path)).unwrap());
    files.into_iter().map(content).collect()
}

#[cfg(test)]
mod tests;
