//! Which files a call takes, where results go, and that several files are changed together or not at all.

use super::*;

#[test]
fn a_directory_gives_the_files_that_are_meant() {
    let sandbox = sandbox();
    let rules = format!(
        "creation_rules:\n  - path_regex: ^apps/\n    encrypted_regex: ^data$\n    age: {RECIPIENT}\n  - age: {RECIPIENT}\n"
    );
    sandbox.write(".sops.yaml", &rules);
    sandbox.write(".gitignore", "ignored.yaml\n");
    let secret = "apiVersion: v1\nkind: Secret\ndata: {a: TESTonly}\n";
    let meant = ["apps/a/secret.yaml", "apps/b.yml", "apps/picture.png", "secret.yaml"];
    let not_meant = [
        ("apps/.sops.yaml", rules.as_str()),
        ("apps/a/kustomization.yaml", "data: {a: b}\n"),
        ("apps/a/ignored.yaml", secret),
        ("apps/a/empty.yaml", "kind: ConfigMap\n"),
        // The rule is for all files of the folder, and this one is for everybody.
        ("apps/a/config.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {a: public}\n"),
        ("apps/broken.yaml", "a: [\n"),
        // The rule for everything else has no `path_regex`: bytes are not meant by it.
        ("picture.png", "bytes"),
        (
            "release.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {existingSecret: name}\n",
        ),
        ("settings.yaml", "a: b\n"),
    ];
    meant.iter().for_each(|name| sandbox.write(name, secret));
    not_meant.iter().for_each(|(name, content)| sandbox.write(name, content));
    std::os::unix::fs::symlink("b.yml", sandbox.path("apps/link.yml")).unwrap();
    commit(&sandbox);
    settle();
    let before = sandbox.snapshot();
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    assert_eq!(before.changed(&sandbox.snapshot()), meant);
    meant.iter().for_each(|name| assert!(is_encrypted(&sandbox, name), "{name}"));

    // The way back takes what is encrypted, and `rotate` the same.
    settle();
    let encrypted = sandbox.snapshot();
    sandbox.keywright(["rotate", "-i", "-r", "apps"]).go().success();
    assert_eq!(encrypted.changed(&sandbox.snapshot()), meant[..3]);
    sandbox.keywright(["decrypt", "-i", "-r", "."]).go().success();
    sandbox.git(&["diff", "--exit-code"]);
}

#[test]
fn a_file_that_was_committed_encrypted_is_meant_without_a_path() {
    let sandbox = sandbox();
    sandbox.write(".sops.yaml", format!("creation_rules:\n  - age: {RECIPIENT}\n"));
    encrypt(&sandbox, "known.bin", "TESTonly");
    sandbox.write("unknown.bin", "TESTonly");
    commit(&sandbox);
    sandbox.keywright(["decrypt", "-i", "-r", "."]).go().success();
    sandbox.keywright(["encrypt", "-i", "-r", "."]).go().success();
    assert_eq!(sandbox.git_status(), "");
    assert_eq!(sandbox.read("unknown.bin"), "TESTonly");
}

#[test]
fn one_bad_file_and_none_is_changed() {
    let sandbox = sandbox();
    for index in 0..5 {
        sandbox.write(&format!("{index}.yaml"), "a: TESTonlyPlain\n");
    }
    sandbox.write("3.yaml", "a: TESTonlyPlain\nb: [\n");
    let names: Vec<String> = (0..5).map(|index| format!("{index}.yaml")).collect();
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    refused(&sandbox, &[&["encrypt", "-i"], &files[..]].concat()).complains("3.yaml:2:");
    sandbox.assert_no_trace_of("TESTonlyPlain", &files);

    sandbox.write("3.yaml", "a: TESTonlyPlain\n");
    sandbox.keywright(["encrypt", "-i"].iter().chain(&files)).go().success();
    sandbox.assert_no_trace_of("TESTonlyPlain", &[]);
    let intact = sandbox.read("3.yaml");
    sandbox.write("3.yaml", intact.replacen("data:", "data:AAAA", 1));
    for verb in ["decrypt", "rotate"] {
        refused(&sandbox, &[&[verb, "-i"], &files[..]].concat()).complains("3.yaml:1:4");
    }
    sandbox.assert_no_trace_of("TESTonlyPlain", &[]);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let sandbox = sandbox();
    for (name, content) in PLAIN {
        let encrypt = ["encrypt", "--filename-override", name];
        let encrypted = sandbox.keywright(encrypt).stdin(content).go().success().stdout_bytes;
        sandbox.write(name, &encrypted);
        assert!(values(&sandbox, name).contains("TESTonly1"), "{name}");
        let decrypt = ["decrypt", "--filename-override", name];
        let again = sandbox.keywright(decrypt).stdin(&encrypted).go().success();
        assert_eq!(again.stdout(), content);
        let rotate = ["rotate", "--filename-override", name];
        let rotated = sandbox.keywright(rotate).stdin(&encrypted).go().success();
        assert_eq!(sandbox.read(name).into_bytes(), encrypted, "nothing was written");
        sandbox.write(name, rotated.stdout_bytes);
        assert!(values(&sandbox, name).contains("TESTonly1"), "{name}");
    }
}

#[test]
fn a_result_is_written_elsewhere_and_the_source_is_left_alone() {
    let sandbox = sandbox();
    for (name, content) in PLAIN {
        sandbox.write(name, content);
        let out = format!("out-{name}");
        let before = sandbox.snapshot();
        let run = sandbox.keywright(["encrypt", "--output", &out, name]).go().success();
        assert_eq!(run.stdout(), "");
        assert_eq!(before.changed(&sandbox.snapshot()), [out.as_str()]);
        assert!(values(&sandbox, &out).contains("TESTonly1"), "{name}");
    }
}

#[test]
fn conversions_are_those_of_sops() {
    for (from, to) in [
        ("secret.yaml", "json"),
        ("secret.json", "yaml"),
        ("secret.env", "yaml"),
        ("secret.env", "json"),
        ("secret.ini", "json"),
        ("secret.ini", "yaml"),
    ] {
        let sandbox = sandbox();
        let (_, content) = PLAIN.iter().find(|(name, _)| *name == from).unwrap();
        encrypt(&sandbox, from, content);
        let ours = sandbox.keywright(["decrypt", "--output-type", to, from]).go().success();
        let theirs = sops(&sandbox, &["decrypt", "--output-type", to, from]).go().success();
        assert_eq!(ours.stdout(), theirs.stdout(), "{from} as {to}");
        // Encrypted in another format, and read by sops in that one.
        sandbox.write(from, content);
        let converted = sandbox.keywright(["encrypt", "--output-type", to, from]).go().success();
        let name = format!("converted.{to}");
        sandbox.write(&name, converted.stdout_bytes);
        assert!(values(&sandbox, &name).contains("TESTonly1"), "{from} as {to}");
    }
}

#[test]
fn which_configuration_is_used_is_said_once() {
    let sandbox = sandbox();
    sandbox.write("nested/.sops.yaml", "creation_rules: []\n");
    for name in ["nested/a.yaml", "nested/b.yaml"] {
        sandbox.write(name, "a: b\n");
    }
    let outcome = sandbox.keywright(["encrypt", "-i", "-r", "nested"]).go().success();
    assert_eq!(outcome.stderr().matches("note: using").count(), 1, "{}", outcome.stderr());
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let sandbox = sandbox();
    sandbox.write("plain.yaml", "a: TESTonlyPlain\n");
    encrypt(&sandbox, "a.yaml", "a: TESTonlyOther\nb: x\n");
    settle();
    let before = sandbox.snapshot();
    for args in [
        &["encrypt", "-i", "--age", RECIPIENT, "plain.yaml"][..],
        &["decrypt", "-i", "a.yaml"],
        &["rotate", "-i", "a.yaml"],
        &["set", "a.yaml", "[\"b\"]", "\"y\""],
        &["unset", "a.yaml", "[\"b\"]"],
    ] {
        let run = sandbox.keywright(args.iter().chain(&["--dry-run"])).go().success();
        assert!(run.stdout().ends_with("dry run: 1 file would change\n"), "{}", run.describe());
        assert!(!run.stdout().contains("TESTonly"), "{}", run.describe());
        before.assert_untouched(&sandbox.snapshot());
    }
    sandbox.keywright(["encrypt", "--dry-run", "plain.yaml"]).go().code(2).complains("--in-place");
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    for verb in ["publish", "keyservice"] {
        let sandbox = sandbox();
        let refused = sandbox.keywright([verb, "--recursive", "a.yaml"]).go().code(2);
        refused.complains(&format!("`{verb}` is not offered"));
        assert!(!sandbox.keywright(["--help"]).go().success().stdout().contains(verb));
    }
}
