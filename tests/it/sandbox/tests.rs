//! The sandbox itself: what it must not let pass.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// The role password of the sample's `miniflux`, which only encrypted files may hold.
const CANARY: &str = "TESTonly+mini/flux=8r:T@1";

#[test]
fn commands_see_nothing_of_the_callers_environment() {
    let sandbox = Sandbox::new();
    let seen = sandbox.run("env").env("ADDED", "1").go().success().stdout();
    let mut names: Vec<_> = seen.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ADDED", "HOME", "PATH", "TMPDIR"]);
}

#[test]
fn commands_start_in_the_repository_and_get_their_input() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/file", "");
    let shell = sandbox.run("sh").args(["-c", "pwd; cat; ls >&2"]).within("folder").stdin("typed");
    let outcome = shell.go().success().prints("typed").complains("file");
    assert!(outcome.stdout().contains("/work/folder\n"));
}

#[test]
#[should_panic(expected = "--- stderr\nbroken\n\n--- sandbox\n       4  work/there")]
fn a_wrong_exit_code_is_printed_with_both_streams_and_the_files() {
    let sandbox = Sandbox::new();
    sandbox.write("there", "1234");
    sandbox.run("sh").args(["-c", "echo broken >&2; exit 3"]).go().success();
}

#[test]
fn the_sample_is_encrypted_committed_and_readable_with_its_identity() {
    let sandbox = Sandbox::nerv();
    assert_eq!(sandbox.git_status(), "");
    let secret = "nerv/main/cluster/apps/shared/postgres/app/postgres-miniflux-user-secret.yaml";
    assert!(sandbox.read(secret).contains("ENC[AES256_GCM"));
    let decrypt = |sandbox: &Sandbox| {
        let run = sandbox.run(reference::current_sops()).args(["decrypt", secret]).go();
        (run.status.success(), run.stdout())
    };
    assert!(decrypt(&sandbox).1.contains(CANARY));
    sandbox.assert_no_trace_of(CANARY, &[]);
    sandbox.remove_identity();
    assert_eq!(decrypt(&sandbox), (false, String::new()));
}

#[test]
fn a_snapshot_shows_content_modes_times_and_names() {
    let sandbox = Sandbox::new();
    for name in ["content", "mode", "removed", "rewritten", "untouched"] {
        sandbox.write(name, "same");
    }
    let before = sandbox.snapshot();
    before.assert_untouched(&sandbox.snapshot());
    // Coarse clocks of file systems tick a few times per hundredth of a second.
    std::thread::sleep(std::time::Duration::from_millis(20));
    sandbox.write("content", "else");
    sandbox.write("rewritten", "same");
    sandbox.write("added", "");
    fs::set_permissions(sandbox.path("mode"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(sandbox.path("removed")).unwrap();
    let changed = before.changed(&sandbox.snapshot());
    assert_eq!(changed, ["added", "content", "mode", "removed", "rewritten"]);
}

#[test]
fn the_canary_may_be_in_allowed_files_only() {
    let sandbox = Sandbox::new();
    sandbox.write("plain.yaml", CANARY);
    sandbox.assert_no_trace_of(CANARY, &["plain.yaml"]);
}

#[test]
#[should_panic(expected = "the canary is in work/encoded.yaml")]
fn the_canary_is_found_in_base64() {
    let sandbox = Sandbox::new();
    sandbox.write("encoded.yaml", format!("password: {}", STANDARD.encode(CANARY)));
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
#[should_panic(expected = "the canary is in tmp/forgotten")]
fn the_canary_is_found_in_a_forgotten_temporary_file() {
    let sandbox = Sandbox::new();
    let script = format!("echo '{CANARY}' > \"$TMPDIR\"/forgotten");
    sandbox.run("sh").args(["-c", &script]).go().success();
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
#[should_panic(expected = "the canary is in an object of Git")]
fn the_canary_is_found_in_a_blob_that_no_commit_holds() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet"]);
    sandbox.run("git").args(["hash-object", "-w", "--stdin"]).stdin(CANARY).go().success();
    sandbox.assert_no_trace_of(CANARY, &[]);
}

#[test]
#[should_panic(expected = "the canary was printed by")]
fn the_canary_is_found_in_what_the_program_printed() {
    let sandbox = Sandbox::new();
    sandbox.run("sh").remembered().args(["-c", &format!("echo '{CANARY}' >&2")]).go().success();
    sandbox.assert_no_trace_of(CANARY, &[]);
}
