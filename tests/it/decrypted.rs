//! SOPS files as the real sops decrypts them.

use crate::reference;
use crate::sandbox::Sandbox;

/// A whole file.
#[track_caller]
pub(crate) fn file(sandbox: &Sandbox, version: &str, file: &str) -> String {
    run(sandbox, version, &["--decrypt", file])
}

/// A value of the `stringData` of a Secret.
#[track_caller]
pub(crate) fn value(sandbox: &Sandbox, version: &str, file: &str, key: &str) -> String {
    let extract = format!(r#"["stringData"]["{key}"]"#);
    run(sandbox, version, &["--decrypt", "--extract", &extract, file])
}

/// The same by the current version.
#[track_caller]
pub(crate) fn current(sandbox: &Sandbox, file: &str, key: &str) -> String {
    value(sandbox, reference::versions("sops")[0], file, key)
}

#[track_caller]
fn run(sandbox: &Sandbox, version: &str, args: &[&str]) -> String {
    // A test may have taken the variable for something else.
    let key = sandbox.home().join(".config/sops/age/keys.txt");
    let run = sandbox.run(reference::sops(version)).env("SOPS_AGE_KEY_FILE", key);
    run.args(args).go().success().stdout()
}
