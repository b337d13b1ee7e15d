//! `updatekeys`: who can read a file follows the rules; nothing else changes.

use super::*;

/// A PGP master key as sops writes it: nothing of ours can use it, so it must be kept as it is.
const PGP: &str = "    pgp:
        - created_at: \"2031-01-02T03:04:05Z\"
          enc: |-
            -----BEGIN PGP MESSAGE-----
            invented
            -----END PGP MESSAGE-----
          fp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4
";

/// The lines that say who stays, comes and goes.
fn difference(printed: &str) -> Vec<String> {
    let told =
        |line: &&str| ["Group ", "+++ ", "--- ", "    age"].iter().any(|s| line.starts_with(s));
    printed.lines().filter(told).map(str::to_owned).collect()
}

#[test]
fn several_files_follow_the_rule_and_the_others_are_not_touched() {
    let sandbox = sandbox();
    encrypt_all(&sandbox);
    let other = another(&sandbox, false);
    rule(&sandbox, &format!("{RECIPIENT},{other}"));
    sandbox.write("dir/plain.txt", "not encrypted");
    encrypt(&sandbox, "dir/new.yaml", "a: b\n");
    sandbox.keywright(["updatekeys", "secret.json"]).go().success();
    settle();
    let before = sandbox.snapshot();
    let texts = PLAIN.map(|(name, _)| sandbox.read(name));
    let outcome = sandbox.keywright(["updatekeys", "-y", "-r", "."]).go().success();
    assert_eq!(outcome.stdout().matches(&format!("+++ {other}")).count(), 4);
    let changed = before.changed(&sandbox.snapshot());
    assert_eq!(changed, ["secret.bin", "secret.env", "secret.ini", "secret.yaml"]);
    for ((name, _), before) in PLAIN.iter().zip(&texts) {
        let after = sandbox.read(name);
        // The data key is the same, and so is every token.
        assert_eq!(tokens(before), tokens(&after), "{name}");
        assert!(after.contains(&other), "{name}");
        assert!(values(&sandbox, name).contains("TESTonly1"));
    }
}

#[test]
fn what_changes_is_told_as_sops_tells_it() {
    let sandbox = sandbox();
    let (one, other) = (another(&sandbox, true), another(&sandbox, true));
    rule(&sandbox, &format!("{RECIPIENT},{one}"));
    encrypt(&sandbox, "a.yaml", "a: b\n");
    let encrypted = sandbox.read("a.yaml");
    rule(&sandbox, &format!("{other},{RECIPIENT}"));
    let theirs = sops(&sandbox, &["updatekeys", "-y", "a.yaml"]).go().success();
    sandbox.write("a.yaml", encrypted);
    let ours = sandbox.keywright(["updatekeys", "-y", "a.yaml"]).go().success();
    let printed = format!("{}{}", theirs.stdout(), theirs.stderr());
    assert_eq!(difference(&ours.stdout()), difference(&printed), "{printed}");
    assert_eq!(difference(&ours.stdout()).len(), 4);
}

#[test]
fn master_keys_of_other_kinds_are_kept_byte_for_byte() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    let text =
        sandbox.read("a.yaml").replace("    lastmodified:", &format!("{PGP}    lastmodified:"));
    sandbox.write("a.yaml", &text);
    let other = another(&sandbox, false);
    let fingerprint = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
    rule(&sandbox, &format!("{RECIPIENT},{other}\n    pgp: {fingerprint}"));
    sandbox.keywright(["updatekeys", "a.yaml"]).go().success();
    let after = sandbox.read("a.yaml");
    assert!(after.contains(PGP) && after.contains(&other), "{after}");
    assert_eq!(values(&sandbox, "a.yaml").split_whitespace().collect::<String>(), r#"{"a":"b"}"#);
}

#[test]
fn a_key_that_cannot_be_wrapped_for_is_refused_before_anything_changes() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    encrypt(&sandbox, "b.yaml", "a: b\n");
    let other = another(&sandbox, false);
    let fingerprint = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
    let rules = format!(
        "creation_rules:\n  - path_regex: a.yaml\n    age: {RECIPIENT},{other}\n  - age: {RECIPIENT}\n    pgp: {fingerprint}\n"
    );
    sandbox.write(".sops.yaml", rules);
    refused(&sandbox, &["updatekeys", "a.yaml", "b.yaml"]).complains(fingerprint);
}

#[test]
fn a_dry_run_and_no_difference_write_nothing() {
    let sandbox = sandbox();
    encrypt(&sandbox, "a.yaml", "a: b\n");
    let same = sandbox.snapshot();
    sandbox.keywright(["updatekeys", "a.yaml"]).go().success().complains("up to date");
    same.assert_untouched(&sandbox.snapshot());
    rule(&sandbox, &another(&sandbox, false));
    let before = sandbox.snapshot();
    let outcome = sandbox.keywright(["updatekeys", "--dry-run", "a.yaml"]).go().success();
    outcome.prints(&format!("--- {RECIPIENT}")).prints("1 file would change");
    before.assert_untouched(&sandbox.snapshot());
}
