//! Files of all formats as five versions of sops wrote them are decrypted to what those versions say.
//!
//! `tests/data/formats/make` wrote them: `sops-VERSION/NAME` and, by the same program, `NAME.plain`. Values
//! are compared, not layout, where a format has one that is free: YAML with its comments, JSON with repeated
//! members; dotenv, INI and binary files byte for byte, but for blank lines at the end of INI files.

use std::fs;
use std::path::Path;

use crate::sandbox::{DATA, Run, Sandbox, files_below};
use crate::tree::{Tree, yaml_comments};
use crate::{proof, reference};

/// The versions, oldest first.
const VERSIONS: [&str; 5] = ["3.7.3", "3.9.4", "3.10.2", "3.12.2", "3.13.3"];

/// A sandbox with every identity of the files.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install_identity();
    let path = sandbox.home().join(".config/sops/age/keys.txt");
    let keys = fs::read_to_string(&path).unwrap();
    let more = fs::read_to_string(format!("{DATA}/formats/keys.txt")).unwrap();
    fs::write(path, keys + &more).unwrap();
    sandbox
}

/// The names of the encrypted files of a version.
fn names(version: &str) -> Vec<String> {
    let files = files_below(Path::new(&format!("{DATA}/formats/sops-{version}")));
    let names = files.into_iter().map(|path| path.to_string_lossy().into_owned());
    let names: Vec<_> = names.filter(|name| !name.ends_with(".plain")).collect();
    assert!(names.len() >= 20, "golden files of {version} are missing: {names:?}");
    names
}

/// Decrypts every file of every version with a program, and demands what the version itself said.
fn assert_all_read(who: &str, program: impl Fn(&Sandbox) -> Run<'_>) {
    let sandbox = sandbox();
    let mut faults = String::new();
    for version in VERSIONS {
        for name in names(version) {
            let path = format!("{DATA}/formats/sops-{version}/{name}");
            let run = program(&sandbox).args(["decrypt", &path]);
            let ssh_key = format!("{DATA}/formats/id_ed25519");
            let mut run = run.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", ssh_key);
            if name.starts_with("post-quantum") {
                run = run.env("SOPS_AGE_KEY_FILE", format!("{DATA}/formats/post-quantum.txt"));
            }
            let run = run.go();
            let wanted = fs::read(format!("{path}.plain")).unwrap();
            let file = format!("{version} {name}");
            if !run.status.success() || !run.stderr().is_empty() {
                faults += &format!("{file}: {} {}\n", run.status, run.stderr());
            } else if let Err(fault) = same(&name, &run.stdout_bytes, &wanted) {
                faults += &format!("{file}: {fault}\n");
            } else {
                proof::record("formats", &format!("golden file read by {who}"), &file);
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// Whether two plain files say the same; if not, how they differ.
fn same(name: &str, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (one, other) = (text(ours), text(theirs));
    let equal = if name.ends_with(".json") {
        Tree::of_json(&one) == Tree::of_json(&other)
    } else if name.ends_with(".yaml") {
        Tree::of_yaml(&one)? == Tree::of_yaml(&other)?
            && yaml_comments(&one) == yaml_comments(&other)
    } else if name.ends_with(".ini") {
        // sops 3.7 ended an INI file with a blank line.
        one.trim_end_matches('\n') == other.trim_end_matches('\n')
    } else {
        ours == theirs
    };
    let both = || format!("differs\n--- got\n{one}\n--- wanted\n{other}\n---");
    if equal { Ok(()) } else { Err(both()) }
}

#[test]
fn the_current_sops_reads_what_all_versions_wrote() {
    assert_all_read("sops", |sandbox| sandbox.run(reference::current_sops()));
}

#[test]
fn we_read_what_all_versions_wrote() {
    assert_all_read("us", |sandbox| sandbox.keywright([""; 0]));
}

#[test]
fn the_newest_golden_files_have_every_plain_file() {
    let plain = files_below(Path::new(&format!("{DATA}/formats/plain")));
    let plain: Vec<_> = plain.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let plain: Vec<_> = plain.into_iter().filter(|name| name != ".sops.yaml").collect();
    assert_eq!(names(VERSIONS[4]), plain, "run tests/data/formats/make");
    assert_eq!(VERSIONS[4], reference::versions("sops")[0], "run tests/data/formats/make");
}
