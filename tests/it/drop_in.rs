//! The same test against two programs: first the real sops, which proves the test, then ours by the name of
//! `sops`.
//!
//! ```text
//! ROOT/home/bin/sops                   the program, a symbolic link; the first folder of PATH
//! ROOT/home/.config/sops/age/keys.txt  the identities of Alice and Bob, not Carol's
//! ```

use std::fs;
use std::os::unix::fs::symlink;

use crate::reference;
use crate::sandbox::{Run, Sandbox};
use crate::tree::Tree;

/// TEST ONLY: the recipient of the sample, whose identity every sandbox can have.
pub(crate) const ALICE: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// TEST ONLY: a second recipient.
pub(crate) const BOB: &str = "age1dvjsya7haa0nhvk34n4yn0z0ff5l9e5qn8f5eq4gyk6df67zj94q6vs0qk";

/// TEST ONLY: protects nothing.
pub(crate) const BOBS_IDENTITY: &str =
    "AGE-SECRET-KEY-1REE8CGNR3H3UMFTXY2WH7KSGD3NFWNPFGGNWFAUAT57NT35C0P9QNT25EN";

/// TEST ONLY: a recipient whose identity no test has.
pub(crate) const CAROL: &str = "age1jtltnu3r92v4gdmsnujge33tpl42hstd4pcrsugj0nseyzv88fcqzxdfav";

/// A sandbox with one of the two programs as `sops`.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    /// Whether it is ours; exit codes and messages are the same, layout is not.
    pub(crate) ours: bool,
}

/// Runs a test with the real sops, then with our program.
pub(crate) fn with_both(test: impl Fn(&Stage)) {
    [false, true].into_iter().for_each(|ours| test(&Stage::new(ours)));
}

impl Stage {
    /// A fresh sandbox with Alice's and Bob's identities and one creation rule for both formats of keys.
    pub(crate) fn new(ours: bool) -> Stage {
        let sandbox = Sandbox::new();
        sandbox.install_identity();
        let keys = sandbox.home().join(".config/sops/age/keys.txt");
        let alice = fs::read_to_string(&keys).unwrap();
        fs::write(&keys, format!("{alice}{BOBS_IDENTITY}\n")).unwrap();
        let program = match ours {
            true => env!("CARGO_BIN_EXE_keywright").into(),
            false => reference::current_sops(),
        };
        fs::create_dir(sandbox.home().join("bin")).unwrap();
        symlink(program, sandbox.home().join("bin/sops")).unwrap();
        sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
        Stage { sandbox, ours }
    }

    /// `sops` with some arguments.
    pub(crate) fn sops<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> Run<'_> {
        self.sandbox.run(self.sandbox.home().join("bin/sops")).args(args)
    }

    /// A line of shell in which `sops` is the program.
    pub(crate) fn shell(&self, line: &str) -> Run<'_> {
        let path = format!("{}:/usr/bin:/bin", self.sandbox.home().join("bin").display());
        self.sandbox.run("/bin/sh").env("PATH", path).args(["-c", line])
    }

    /// Writes a file and lets the program encrypt it in place.
    #[track_caller]
    pub(crate) fn encrypted(&self, name: &str, plain: impl AsRef<[u8]>) {
        self.sandbox.write(name, plain);
        self.sops(["encrypt", "-i", name]).go().success();
    }

    /// An encrypted file of the sandbox as it stands there.
    #[track_caller]
    pub(crate) fn stored(&self, name: &str) -> Tree {
        let text = self.sandbox.read(name);
        if name.ends_with(".json") {
            return Tree::of_json(&text);
        }
        Tree::of_yaml(&text).unwrap().remove(0)
    }

    /// What the real sops decrypts a file of the sandbox to, whichever program wrote it.
    #[track_caller]
    pub(crate) fn decrypted(&self, name: &str) -> Tree {
        let sops = self.sandbox.run(reference::current_sops());
        let run = sops.args(["decrypt", "--output-type", "json", name]).go().success();
        assert!(run.stderr().is_empty(), "{}", run.describe());
        Tree::of_json(&run.stdout())
    }
}
